//! A connection that was let in, and how it learns that the server stops.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;

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

/// Names for connections: UUIDv7 (RFC 9562 §5.7), told apart within a millisecond by a counter and among servers by a
/// random number.
#[derive(Debug)]
pub struct ConnectionIds {
    counter: AtomicU32,
    process: u64,
}

impl ConnectionIds {
    /// Those of this process; `random` is not those of any other.
    pub fn new(random: u64) -> Self {
        Self { counter: AtomicU32::new(0), process: random }
    }

    /// The next one.
    pub fn next(&self, now: SystemTime) -> ConnectionId {
        let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let milliseconds = since.as_millis() & ((1 << 48) - 1);
        let count = u128::from(self.counter.fetch_add(1, Ordering::Relaxed));
        let (first, last) = (count >> 20, count & ((1 << 20) - 1));
        let process = u128::from(self.process) & ((1 << 42) - 1);
        ConnectionId(milliseconds << 80 | 7 << 76 | first << 64 | 0b10 << 62 | last << 42 | process)
    }
}

/// A connection that was accepted.
pub(super) struct Connection {
    pub(super) id: ConnectionId,
    pub(super) accepted: SystemTime,
    pub(super) peer: SocketAddr,
    pub(super) local: SocketAddr,
    pub(super) listener: Arc<Listener>,
    pub(super) stop: watch::Receiver<Stop>,
    pub(super) _permit: Permit,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn names_of_connections_are_uuids_that_ascend() {
        let ids = ConnectionIds::new(u64::MAX);
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_123);
        let first = ids.next(now);
        let uuid = uuid::Uuid::from_u128(first.0);
        assert_eq!((uuid.get_version_num(), uuid.get_variant()), (7, uuid::Variant::RFC4122));
        assert_eq!(uuid.get_timestamp().unwrap().to_unix(), (1_700_000_000, 123_000_000));
        let second = ids.next(now);
        let third = ids.next(now + Duration::from_millis(1));
        assert!(first.0 < second.0 && second.0 < third.0);
        assert_ne!(ConnectionIds::new(1).next(now), ConnectionIds::new(2).next(now));
    }
}
