//! The only room that asks the machine what time it is.

use std::time::{Instant, SystemTime};

/// Two kinds of time: one to wait by, one to write down.
pub trait Clock: Send + Sync + 'static {
    /// For waiting: never goes back.
    fn now(&self) -> Instant;
    /// For writing down: civil time.
    fn wall(&self) -> SystemTime;

    /// Civil time in whole seconds since 1970.
    fn seconds(&self) -> u64 {
        self.wall().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }
}

/// The machine's own clock. Under a paused tokio clock, `now` stands still too.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }
}
