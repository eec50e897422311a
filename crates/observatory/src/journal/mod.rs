//! What happened, kept: one SQLite file that a server writes and every command reads.
//!
//! ```text
//!  sessions ──Event──► JournalSink ──bounded queue──► Writer (one thread)
//!                      never waits, rings once          gives each event its Sequence
//!                      counts what it loses             asks the judge for verdicts
//!                                                       one transaction for many rows
//!  report, sessions, export ──read-only──► journal.sqlite ◄── retention, in small steps
//! ```
//!
//! Sequence and verdict are given in the same thread and order, so that a verdict is a function of the journal: asked
//! again with the same events, the judge says the same. What could not be written is counted, and the count is an
//! event of its own ([`EventKind::Lost`](crate::EventKind::Lost)): a gap is never silent.

mod audit;
mod bell;
mod codec;
mod db;
mod db_values;
mod dictionary;
pub mod export;
mod learned;
mod mentions;
mod octets;
mod open_session;
mod pending;
mod reader;
mod retention;
mod row;
mod sink;
mod verdict;
mod writer;

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

pub use audit::KeyExport;
pub use codec::{Encoder, Entry, Micros, Number, Text, decode};
pub use learned::{Untold, judge_heard, judge_with, tell};
pub use octets::Damaged;
pub use reader::{Attempt, Counted, Filter, Hour, NoJournal, Reader, Session, Span, StoredVerdict};
pub use retention::coarse;
pub use row::{Row, SessionEnd};
pub use sink::JournalSink;
pub use verdict::{Judge, Judgement, Judging, Said};
pub use writer::{Journal, Report};

/// How a journal is kept.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The file.
    pub path: PathBuf,
    /// How long sessions are kept.
    pub sessions: Duration,
    /// How long whole addresses are kept; afterwards a /24 or /48 remains of them.
    pub addresses: Duration,
    /// How long verdicts and hourly sums are kept.
    pub sums: Duration,
    /// How large the file may be, in octets. Beyond it the oldest days go first.
    pub octets_max: u64,
    /// Events that may wait for the writer. More are lost, and counted.
    pub queue: usize,
}

impl Terms {
    /// The defaults, for a file.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        const DAY: Duration = Duration::from_hours(24);
        Self {
            path: path.into(),
            sessions: 30 * DAY,
            addresses: 30 * DAY,
            sums: 400 * DAY,
            octets_max: 2 << 30,
            queue: 1 << 16,
        }
    }
}

/// The clocks of whoever keeps the journal.
#[derive(Clone, Copy, Debug)]
pub struct Clocks {
    /// Civil time.
    pub wall: fn() -> SystemTime,
    /// For waiting.
    pub now: fn() -> Instant,
}

/// What the operator should hear of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The file is no journal of ours, or damaged. It was renamed, and a new one begun.
    SetAside {
        /// What is wrong with it.
        why: String,
        /// Where it lies now.
        to: PathBuf,
    },
    /// Nothing can be written. Mail goes on; what happens meanwhile is counted, and lost.
    CannotWrite {
        /// Why.
        why: String,
    },
    /// It can be written again.
    WritesAgain {
        /// Events that were lost meanwhile.
        lost: u64,
    },
}

impl fmt::Display for Trouble {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SetAside { why, to } => {
                write!(formatter, "the journal was set aside as {}, and a new one begun: {why}", to.display())
            }
            Self::CannotWrite { why } => {
                write!(formatter, "the journal cannot be written, mail goes on without it: {why}")
            }
            Self::WritesAgain { lost } => write!(formatter, "the journal is written again; {lost} events were lost"),
        }
    }
}
