//! A session's events as one blob, and back.
//!
//! ```text
//! blob    version (1)  event …
//! event   distance of its sequence   distance of its time in µs (signed)   kind   what the kind holds
//! ```
//!
//! Distances are counted from the event before; the first counts from the row's sequence and start. What an earlier
//! event of the session told already (who connected, what TLS agreed on, who logged in) is not told again, and texts
//! that come again and again (fingerprints, suites, server names) are numbers of the journal's dictionary. Octets of
//! older versions stay readable: kinds and flags are only ever added.

mod read;
pub(super) mod words;
mod write;

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use smallvec::SmallVec;

use crate::event::{EventKind, Port, Sequence, TlsFacts};

pub use self::read::decode;
pub use super::octets::Damaged;

/// The version that is written.
const VERSION: u8 = 1;

/// Most sessions need no more room.
const USUAL_OCTETS: usize = 256;
/// Room that is kept for the next session.
const USUAL_OCTETS_MAX: usize = 1024;

/// Octets of a JA3 fingerprint, which is an MD5 sum.
const JA3_OCTETS: usize = 16;

/// Kinds of events, as written. Never reuse one.
mod kind {
    pub(super) const STARTED: u8 = 0;
    pub(super) const LOST: u8 = 1;
    pub(super) const PASSWORD_CHANGED: u8 = 2;
    pub(super) const OPENED: u8 = 3;
    pub(super) const HELLO: u8 = 4;
    pub(super) const TLS: u8 = 5;
    pub(super) const TLS_FAILED: u8 = 6;
    pub(super) const COMMAND: u8 = 7;
    pub(super) const REPLY: u8 = 8;
    pub(super) const LOGIN: u8 = 9;
    pub(super) const PREVIOUS_PASSWORD: u8 = 10;
    pub(super) const FOREIGN: u8 = 11;
    pub(super) const NOTICE: u8 = 12;
    pub(super) const CLOSED: u8 = 13;
    pub(super) const ACCOUNT_CHANGED: u8 = 14;
}

/// Microseconds since 1970, UTC: the finest time that the journal keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Micros(pub i64);

impl Micros {
    /// The time, without what is finer; what lies before 1970 is 1970.
    pub fn of(time: SystemTime) -> Self {
        let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }

    /// As the standard library has it.
    pub fn time(self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_micros(self.0.max(0).cast_unsigned())
    }

    /// Days since 1970, UTC.
    pub fn day(self) -> i64 {
        self.0.div_euclid(86_400_000_000)
    }

    /// Hours since 1970, UTC.
    pub fn hour(self) -> i64 {
        self.0.div_euclid(3_600_000_000)
    }
}

/// An event at its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its place among all events of the journal.
    pub sequence: Sequence,
    /// When.
    pub at: Micros,
    /// What.
    pub kind: EventKind,
}

/// What earlier events of a session told.
#[derive(Clone, Debug, Default)]
struct Told {
    opened: Option<(SocketAddr, SocketAddr, Port)>,
    tls: Option<Box<TlsFacts>>,
    /// The octets of its name: most names stand here without room of their own.
    account: Option<SmallVec<[u8; 36]>>,
}

impl Told {
    fn hear(&mut self, kind: &EventKind) {
        match kind {
            EventKind::Opened { peer, local, port } => self.opened = Some((*peer, *local, *port)),
            EventKind::Tls(facts) => self.tls = Some(facts.clone()),
            EventKind::Login(login) => {
                if let Some(account) = &login.account {
                    self.account = Some(SmallVec::from_slice(account.as_bytes()));
                }
            }
            _ => {}
        }
    }
}

/// Writes a session's events, one after the other.
#[derive(Clone, Debug)]
pub struct Encoder {
    octets: Vec<u8>,
    sequence: Sequence,
    at: Micros,
    told: Told,
}

/// Gives a text its number in the dictionary; `None`: it is written out.
pub type Number<'a> = dyn FnMut(&str) -> Option<u64> + 'a;
/// Gives the text of a number.
pub type Text<'a> = dyn FnMut(u64) -> Option<String> + 'a;

impl Encoder {
    /// Begins a blob whose row says where and when it begins.
    pub fn new(first: Sequence, start: Micros) -> Self {
        let mut octets = Vec::with_capacity(USUAL_OCTETS);
        octets.push(VERSION);
        Self { octets, sequence: first, at: start, told: Told::default() }
    }

    /// Begins another blob in the room of this one.
    pub(super) fn renew(&mut self, first: Sequence, start: Micros) {
        self.octets.clear();
        self.octets.push(VERSION);
        (self.sequence, self.at, self.told) = (first, start, Told::default());
    }

    /// Whether its octets have no more room than those of most sessions.
    pub(super) fn is_of_usual_size(&self) -> bool {
        self.octets.capacity() <= USUAL_OCTETS_MAX
    }

    /// Octets so far.
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }
}
