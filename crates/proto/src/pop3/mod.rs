//! The Post Office Protocol, version 3 (RFC 1939).

pub mod client;
mod command;
mod reply;
pub mod server;

pub use command::{AuthStart, Command, Verb};
pub use reply::{Capability, Greeting, Reply, ResponseCode};

/// The states of a session (RFC 1939 §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// The client has not said who it is (RFC 1939 §4).
    Authorization,
    /// The maildrop is open (RFC 1939 §5).
    Transaction,
    /// The client has said QUIT and marked messages are being removed (RFC 1939 §6).
    Update,
}
