//! The server: listening sockets, TLS, and the driver of the POP3 session.

mod accept;
pub(crate) mod attempt;
mod connection;
mod gate;
mod listen;
mod pop3;
mod recorder;
mod report;
mod tap;
pub(crate) mod tarpit;
mod tls;
mod workers;

pub use connection::{ConnectionIds, Stop};
pub use gate::Gate;
pub use listen::{Bound, ListenError, listen};
pub use tls::server_config;
pub use workers::{Workers, workers};
