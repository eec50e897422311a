//! What is told of a session while it goes on, and when it has ended.

use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use watchpost_proto::pop3::State;
use watchpost_proto::pop3::server::{Notice, Tally};

use crate::untrusted::Untrusted;

/// Names a connection in logs and journal: unique for ever, and ascending with time (UUIDv7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConnectionId(pub u128);

impl fmt::Display for ConnectionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:032x}", self.0)
    }
}

/// Something that happened.
#[derive(Debug)]
pub struct Event {
    /// When, by the wall clock.
    pub at: SystemTime,
    /// On which connection.
    pub connection: ConnectionId,
    /// What.
    pub kind: EventKind,
}

/// What happened.
#[derive(Debug)]
pub enum EventKind {
    /// Somebody connected.
    Opened {
        /// Who, as the socket says.
        peer: SocketAddr,
        /// Where.
        local: SocketAddr,
    },
    /// TLS was established.
    Tls(TlsFacts),
    /// The protocol noticed something that is no reply.
    Notice(Notice),
    /// A login failed.
    LoginFailed {
        /// The name that was offered. Never the password, nor anything made from it.
        name: Untrusted,
    },
    /// The session is over.
    Closed(Box<SessionSummary>),
}

/// What TLS agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFacts {
    /// `TLSv1.3`, say.
    pub version: String,
    /// `TLS13_AES_256_GCM_SHA384`, say.
    pub suite: String,
    /// The name the client asked for.
    pub server_name: Option<Untrusted>,
    /// The ALPN protocol both agreed on.
    pub alpn: Option<Untrusted>,
    /// The ClientHello as it came: what fingerprints are made from.
    pub client_hello: Vec<u8>,
}

/// A session in one line.
#[derive(Debug)]
pub struct SessionSummary {
    /// Who connected.
    pub peer: SocketAddr,
    /// Where.
    pub local: SocketAddr,
    /// What protected it, if anything did.
    pub tls: Option<TlsFacts>,
    /// Who logged in.
    pub user: Option<String>,
    /// How far it came; `None` when it ended before the greeting.
    pub state: Option<State>,
    /// What it did.
    pub tally: Tally,
    /// Octets received, as they crossed the wire.
    pub octets_in: u64,
    /// Octets sent, as they crossed the wire.
    pub octets_out: u64,
    /// From the connection to its end.
    pub duration: Duration,
    /// How it ended.
    pub ending: Ending,
    /// What was last noticed of it, if anything was.
    pub notice: Option<Notice>,
}

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ending {
    /// QUIT was answered.
    Quit,
    /// The server closed it: a limit was met.
    Limit,
    /// The server closed it without a word: what came was no POP3, or an attack.
    Dropped,
    /// The client closed it without QUIT: nothing was removed.
    PeerClosed,
    /// The connection broke, or the client took nothing for too long.
    Broken,
    /// The client said nothing for too long.
    Timeout,
    /// The TLS handshake did not succeed.
    HandshakeFailed,
    /// A message could not be read to its end.
    ReadFailed,
    /// The server was stopping.
    Shutdown,
    /// Too many connections.
    Refused,
}

impl Ending {
    /// As it stands in logs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Quit => "quit",
            Self::Limit => "limit",
            Self::Dropped => "dropped",
            Self::PeerClosed => "peer-closed",
            Self::Broken => "broken",
            Self::Timeout => "timeout",
            Self::HandshakeFailed => "handshake-failed",
            Self::ReadFailed => "read-failed",
            Self::Shutdown => "shutdown",
            Self::Refused => "refused",
        }
    }
}

/// Where events go. Recording never waits and never fails: mail does not wait for the observatory.
pub trait EventSink: Send + Sync + 'static {
    /// Takes an event.
    fn record(&self, event: Event);
}
