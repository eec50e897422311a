//! What can go wrong on the way to a server, and with it.

use std::io;
use std::net::SocketAddr;

use watchpost_observatory::Untrusted;
use watchpost_proto::pop3::ResponseCode;
use watchpost_proto::pop3::client::{Refused, Violation};

/// Why there is no connection, or no longer.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The name has no address.
    #[error("{0} has no address: {1}")]
    Resolve(String, io::Error),
    /// The proxy refuses, or cannot be understood.
    #[error("the proxy: {0}")]
    Proxy(String),
    /// No address answers.
    #[error("cannot connect to {0}: {1}")]
    Connect(SocketAddr, io::Error),
    /// The handshake failed.
    #[error("TLS cannot begin: {0}")]
    Handshake(io::Error),
    /// The certificates to trust cannot be used.
    #[error("certificates to trust: {0}")]
    Trust(String),
    /// The certificate of the server is not believed.
    #[error("the certificate of the server: {0}")]
    Certificate(Box<rustls::Error>),
    /// Too long without an octet.
    #[error("no answer in time")]
    Deadline,
    /// An octet now and then, and never a whole reply.
    #[error("the server speaks too slowly to be waited for")]
    TooSlow,
    /// The server broke the protocol.
    #[error(transparent)]
    Violation(#[from] Violation),
    /// We must not say that now.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The server said no.
    #[error("the server refuses: {text}")]
    Negative {
        /// What its response code means, if it had one that is known.
        meaning: Option<ResponseCode>,
        /// What it said.
        text: Untrusted,
    },
    /// The server has closed the connection.
    #[error("the server has closed the connection")]
    Closed,
    /// Reading or writing failed.
    #[error("the connection broke: {0}")]
    Broken(#[from] io::Error),
}
