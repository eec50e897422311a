//! The journal of a running server: how the configuration wants it kept, and who hears of trouble with it.

use watchpost_observatory::journal::{Clocks, Journal, JournalSink, Terms, Trouble};
use watchpost_observatory::{Event, EventSink};

use crate::clock::{Clock as _, SystemClock};
use crate::config::Config;
use crate::log::SessionLog;

/// Begins to keep the journal of this configuration.
pub fn begin(config: &Config) -> std::io::Result<Journal> {
    let observatory = &config.observatory;
    let terms = Terms {
        sessions: observatory.retention,
        octets_max: observatory.journal_max,
        ..Terms::new(&observatory.journal)
    };
    let clocks = Clocks { wall: || SystemClock.wall(), now: || SystemClock.now() };
    Journal::begin(terms, clocks, Box::new(|_, _| Vec::new()), Box::new(report))
}

/// Trouble of the journal is the operator's, and none of the mail's.
#[allow(clippy::needless_pass_by_value, reason = "the journal gives it away")]
fn report(trouble: Trouble) {
    match trouble {
        Trouble::WritesAgain { .. } => tracing::warn!("{trouble}"),
        Trouble::SetAside { .. } | Trouble::CannotWrite { .. } => tracing::error!("{trouble}"),
    }
}

/// Every event goes to the log, where people see the end of each session, and to the journal.
#[derive(Debug)]
pub struct LogAndJournal {
    /// The journal's end of it.
    pub journal: JournalSink,
}

impl EventSink for LogAndJournal {
    fn record(&self, event: Event) {
        SessionLog.record_borrowed(&event);
        self.journal.record(event);
    }
}
