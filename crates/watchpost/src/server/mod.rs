//! The server: listening sockets, TLS, and the driver of the POP3 session.

mod accept;
mod gate;
mod listen;
mod pop3;
mod tap;
mod tls;

pub use accept::{Stop, serve};
pub use gate::Gate;
pub use listen::{Bound, ListenError, listen};
pub use tls::server_config;
