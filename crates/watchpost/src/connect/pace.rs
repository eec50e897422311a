//! How slowly a server may speak: an octet before each deadline would keep us for ever (C-010).

use std::time::{Duration, Instant};

use watchpost_proto::planted::planted;

use super::ConnectError;
use crate::clock::{Clock, SystemClock};

/// Octets a second of a reply that has begun to come. A modem of the last century had twenty times as many.
const OCTETS_PER_SECOND: u64 = 50;

/// Counts what comes of one reply while we wait for it; what we do meanwhile is not waiting.
#[derive(Debug, Default)]
pub(super) struct Pace {
    waited: Duration,
    octets: u64,
}

impl Pace {
    /// When a wait begins.
    pub(super) fn now() -> Instant {
        SystemClock.now()
    }

    /// A reply is complete: the next one has its own time.
    pub(super) fn rest(&mut self) {
        *self = Self::default();
    }

    /// So many octets have come since then. Whoever has waited for as long as a deadline wants something to show for it.
    pub(super) fn came(&mut self, octets: usize, since: Instant, deadline: Duration) -> Result<(), ConnectError> {
        self.octets = self.octets.saturating_add(octets as u64);
        self.waited += Self::now().saturating_duration_since(since);
        if self.waited < deadline {
            return Ok(());
        }
        let expected = self.waited.as_secs().saturating_mul(OCTETS_PER_SECOND);
        let slow = self.octets < expected && !planted("fetch.waits-for-drops");
        self.rest();
        if slow { Err(ConnectError::TooSlow) } else { Ok(()) }
    }
}
