//! What every session shares: wiring in one place, nothing global.

use std::sync::Arc;

use arc_swap::ArcSwap;
use watchpost_observatory::{EventSink, PasswordTables};
use watchpost_proto::pop3::server::Quirks;

use crate::captures::Captures;
use crate::clock::Clock;
use crate::config::Limits;
use crate::server::{ConnectionIds, Gate};

/// What every session shares.
pub struct House<S, D> {
    /// Where maildrops live.
    pub store: S,
    /// Who may enter.
    pub directory: D,
    /// Where events go.
    pub events: Box<dyn EventSink>,
    /// What is needed to tell more of a session than its summary; `None`: nobody wants to know.
    pub watch: Option<Watch>,
    /// Where recordings of sessions go; `None`: nothing is recorded.
    pub captures: Option<Captures>,
    /// What time it is.
    pub clock: Box<dyn Clock>,
    /// Who is inside.
    pub gate: Gate,
    /// What connections are called.
    pub connections: ConnectionIds,
    /// What a reload replaces. A session keeps what it began with.
    pub live: ArcSwap<Live>,
}

/// What SIGHUP replaces under running sessions.
pub struct Live {
    /// How much is allowed.
    pub limits: Limits,
    /// What is borne with.
    pub quirks: Quirks,
    /// The certificate and what goes with it; `None`: no TLS here.
    pub tls: Option<Arc<rustls::ServerConfig>>,
}

/// What all sessions share while they are watched.
pub struct Watch {
    /// The wrong passwords of the last day, as keyed hashes.
    pub passwords: PasswordTables,
}
