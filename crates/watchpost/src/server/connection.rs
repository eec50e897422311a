//! A connection that was let in, and how it learns that the server stops.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
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
/// random number. The first sixteen digits are one connection's alone, so that people need no more of them.
#[derive(Debug)]
pub struct ConnectionIds {
    /// Milliseconds since 1970, and twelve bits that count within one. More connections than that in a millisecond
    /// borrow from the next one (RFC 9562 §6.2, method 1).
    last: AtomicU64,
    process: u64,
}

/// A clock that was set back by more than this is believed: names of long ago would hide where they belong.
const BELIEVED: u64 = 30_000 << 12;

impl ConnectionIds {
    /// Those of this process; `random` is not those of any other.
    pub fn new(random: u64) -> Self {
        Self { last: AtomicU64::new(0), process: random }
    }

    /// The next one.
    pub fn next(&self, now: SystemTime) -> ConnectionId {
        let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let now = u64::try_from(since.as_millis() & ((1 << 48) - 1)).expect("48 bits fit") << 12;
        let next = |last: u64| if now > last || last - now > BELIEVED { now } else { last + 1 };
        let last = self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(next(last)));
        let name = u128::from(last.map_or(now, next));
        let process = u128::from(self.process) & ((1 << 62) - 1);
        ConnectionId(name >> 12 << 80 | 7 << 76 | (name & 0xfff) << 64 | 0b10 << 62 | process)
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
        let many: Vec<u128> = (0..10_000).map(|_| ids.next(now).0 >> 64).collect();
        assert!(many.is_sorted_by(|one, next| one < next), "sixteen digits are enough");
        let back = now - Duration::from_hours(1);
        assert_eq!(ids.next(back).0 >> 80, 1_700_000_000_123 - 3_600_000, "a clock that was set back is believed");
        assert_ne!(ConnectionIds::new(1).next(now), ConnectionIds::new(2).next(now));
    }
}
