//! A connection that was let in, and how it learns that the server stops.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::watch;
use watchpost_observatory::ConnectionId;

use crate::config::Listener;
use crate::server::gate::Permit;

/// How the server stops. Sessions watch it where they wait for their client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// Not at all.
    Not,
    /// No new connections; sessions may finish.
    Draining,
    /// Sessions close without a line (P-014).
    Now,
}

impl Stop {
    /// Waits until it has come so far, or until nobody is left who could say so.
    pub(super) async fn reached(stop: &mut watch::Receiver<Self>, so_far: Self) {
        let _ = stop.wait_for(|stop| *stop >= so_far).await;
    }
}

/// A connection that was accepted.
pub(super) struct Connection {
    pub(super) id: ConnectionId,
    pub(super) peer: SocketAddr,
    pub(super) local: SocketAddr,
    pub(super) listener: Arc<Listener>,
    pub(super) stop: watch::Receiver<Stop>,
    pub(super) _permit: Permit,
}
