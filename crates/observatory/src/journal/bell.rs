//! Wakes the writer, as seldom as can be: a thread that is woken for each event costs the sessions more than all that
//! it then does.
//!
//! ```text
//!   quiet ──ring──► rung: the writer wakes, works, and sleeps on while more comes ──► quiet
//!         ──call──► called: it wakes at once, whatever it does
//! ```

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

const QUIET: u8 = 0;
const RUNG: u8 = 1;
const CALLED: u8 = 2;

/// Hangs beside a queue: rung behind each message, it wakes the other end once.
#[derive(Debug, Default)]
pub(super) struct Bell {
    state: AtomicU8,
    door: Mutex<()>,
    sleeper: Condvar,
}

impl Bell {
    /// Something came. While the writer knows, this is one look at an octet.
    pub(super) fn ring(&self) {
        if self.state.load(Ordering::SeqCst) == QUIET
            && self.state.compare_exchange(QUIET, RUNG, Ordering::SeqCst, Ordering::SeqCst).is_ok()
        {
            self.wake();
        }
    }

    /// Somebody waits for an answer.
    pub(super) fn call(&self) {
        self.state.store(CALLED, Ordering::SeqCst);
        self.wake();
    }

    fn wake(&self) {
        // Whoever is about to sleep has the door until he sleeps: he is not missed.
        drop(self.door());
        self.sleeper.notify_one();
    }

    /// Sleeps until something came, or for so long; then sleeps on while more comes, unless somebody calls. What comes
    /// from now on rings again.
    pub(super) fn wait(&self, patience: Duration, gathering: Duration) {
        self.sleep(patience, QUIET);
        if self.state.load(Ordering::SeqCst) == RUNG {
            self.sleep(gathering, RUNG);
        }
        // Before the queue is looked at: what comes behind that look rings.
        self.state.store(QUIET, Ordering::SeqCst);
    }

    /// Sleeps while the state is no further than this, and no longer than so long.
    fn sleep(&self, time: Duration, furthest: u8) {
        let asleep = |(): &mut ()| self.state.load(Ordering::SeqCst) <= furthest;
        drop(self.sleeper.wait_timeout_while(self.door(), time, asleep));
    }

    fn door(&self) -> MutexGuard<'_, ()> {
        self.door.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
