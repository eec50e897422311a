//! What all sessions of a run share, and when a run ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::bench::accounts::Accounts;
use crate::bench::fault::Fault;
use crate::bench::tally::Tally;
use crate::bench::visit::Reading;
use crate::clock::{Clock, SystemClock};
use crate::connect::Connector;

/// How long a connection that failed is mourned, so that a server which is down is not hammered.
const PAUSE: Duration = Duration::from_millis(100);

/// What all sessions of a run share.
pub(super) struct Course {
    pub(super) connector: Arc<Connector>,
    pub(super) accounts: Accounts,
    /// Sessions open at the same time.
    pub(super) connections: usize,
    pub(super) reading: Reading,
    pub(super) tally: Tally,
    /// Sessions that may still begin.
    left: AtomicU64,
    until: Instant,
}

impl Course {
    pub(super) fn new(
        connector: Arc<Connector>,
        accounts: Accounts,
        connections: usize,
        reading: Reading,
        tally: Tally,
    ) -> Self {
        let until = SystemClock.now();
        Self { connector, accounts, connections, reading, tally, left: AtomicU64::new(0), until }
    }

    /// Ends after so many sessions, or after this time: whatever comes first.
    #[must_use]
    pub(super) fn ending(self, sessions: u64, time: Duration) -> Self {
        Self { left: AtomicU64::new(sessions), until: SystemClock.now() + time, ..self }
    }

    /// Whether one more session may begin, which then is counted as begun.
    pub(super) fn another(&self) -> bool {
        if SystemClock.now() >= self.until || self.tally.is_hopeless() {
            return false;
        }
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }

    /// Writes a fault down, and waits a little before whatever comes next.
    pub(super) async fn failed(&self, fault: &Fault) {
        self.tally.fault(fault);
        if matches!(fault, Fault::Connection(_)) {
            tokio::time::sleep(PAUSE).await;
        }
    }
}
