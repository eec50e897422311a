//! A server without sockets, on which visitors of the textbook are recorded: the session, the witness, the rules and
//! the journal are the program's own; only the clock is a play's, so that every recording is the same.

use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use watchpost_observatory::journal::{Clocks, Journal, JournalSink, Reader, Said, Terms};
use watchpost_observatory::{
    BootKey, Classifier, Event, EventSink, HashKey, InstallationKey, Origin, PasswordTables, Settings,
};
use watchpost_proto::{Listing, Sizer, UniqueId};

use crate::clock::{Clock as _, SystemClock};

/// The domain of the textbook (RFC 2606).
pub(super) const DOMAIN: &str = "example.org";
/// When every recording begins: eight o'clock of a Monday, in UTC.
const BEGIN: Duration = Duration::from_secs(1_772_438_400);
/// No recording is longer.
const END: Duration = Duration::from_hours(24 * 8);
/// Where visitors arrive.
const SERVER: [u8; 4] = [192, 0, 2, 1];

/// Somebody who has a maildrop here. The textbook prints these passwords: they open nothing but its recordings.
#[derive(Clone, Copy)]
pub(super) struct Account {
    pub(super) name: &'static str,
    pub(super) password: &'static str,
    pub(super) previous: Option<&'static str>,
}

/// The first is the one of RFC 1939.
pub(super) const ACCOUNTS: [Account; 4] = [
    Account { name: "mrose", password: "tanstaaf", previous: None },
    Account { name: "alice", password: "correct horse", previous: Some("blue monday") },
    Account { name: "bob", password: "battery staple", previous: None },
    Account { name: "carol", password: "seven of nine", previous: None },
];

/// A message, and how old it is when a visitor comes.
#[derive(Clone)]
pub(super) struct Letter {
    pub(super) octets: Vec<u8>,
    pub(super) age: Duration,
}

/// What a recording is made on.
pub(super) struct Stage {
    path: PathBuf,
    journal: Journal,
    pub(super) sink: JournalSink,
    pub(super) passwords: PasswordTables,
    pub(super) letters: Vec<Letter>,
    /// Since [`BEGIN`].
    now: Duration,
    origin: Instant,
    connections: u64,
}

impl Stage {
    /// Begins a recording, in a file that is removed at its end.
    pub(super) fn begin(path: &Path, letters: Vec<Letter>) -> io::Result<Self> {
        remove(path)?;
        let settings = Settings { domain: DOMAIN.to_owned(), ..Settings::default() };
        let mut classifier =
            Classifier::new(settings, &HashKey::new(*b"of the textbook.")).with_origins(Box::new(origin));
        let clocks = Clocks { wall: || SystemTime::UNIX_EPOCH + BEGIN + END, now: || SystemClock.now() };
        let judge = Box::new(move |sequence, event: &Event| Said::from(&classifier.observe(sequence, event)));
        // Trouble shows itself: what was not written cannot be read.
        let journal = Journal::begin(Terms::new(path), clocks, judge, Box::new(|_| {}))?;
        let key = [7; 32];
        Ok(Self {
            path: path.to_owned(),
            sink: journal.sink(),
            journal,
            passwords: PasswordTables::new(&BootKey::new(key), &InstallationKey::new(key)),
            letters,
            now: Duration::ZERO,
            origin: SystemClock.now(),
            connections: 0,
        })
    }

    /// What was recorded.
    pub(super) fn read(&self) -> io::Result<Reader> {
        self.journal.flush();
        Reader::open(&self.path).map_err(|error| io::Error::other(error.to_string()))
    }

    /// Ends the recording.
    pub(super) fn end(self) -> io::Result<()> {
        let path = self.path.clone();
        drop(self);
        remove(&path)
    }

    /// Time goes by.
    pub(super) fn wait(&mut self, time: Duration) {
        self.now += time;
    }

    /// Nothing of what went on may be lost: the journal takes a bounded number of events at once.
    pub(super) fn record(&self, events: Vec<Event>) {
        self.sink.record_all(events);
        self.journal.flush();
    }

    /// When the recording began, in nanoseconds since 1970.
    pub(super) const fn begin_nanoseconds() -> u64 {
        BEGIN.as_secs() * 1_000_000_000
    }

    pub(super) fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + BEGIN + self.now
    }

    pub(super) fn moment(&self) -> Instant {
        self.origin + self.now
    }

    pub(super) fn since(&self, start: Duration) -> Duration {
        self.now.saturating_sub(start)
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.now
    }

    /// Where somebody comes from, where they arrive, and what the connection is called.
    pub(super) fn arrival(&mut self, from: IpAddr, port: u16) -> (SocketAddr, SocketAddr, u128) {
        self.connections += 1;
        let milliseconds = (BEGIN + self.now).as_millis();
        let id = milliseconds << 80 | 7 << 76 | 2 << 62 | u128::from(self.connections);
        let client = u16::try_from(50_000 + self.connections * 7 % 10_000).unwrap_or(50_000);
        (SocketAddr::new(from, client), SocketAddr::new(SERVER.into(), port), id)
    }

    pub(super) fn listing(&self) -> Arc<Listing> {
        let mut listing = Listing::with_capacity(self.letters.len());
        for (place, letter) in self.letters.iter().enumerate() {
            let id = UniqueId::new(format!("{:08x}", 0x4f3a_0000 + place * 0x1d)).expect("such a name is one");
            listing.push(Sizer::of(&letter.octets), &id).expect("a textbook has few letters");
        }
        Arc::new(listing)
    }
}

/// What the textbook's operator has on his lists.
fn origin(address: IpAddr) -> Option<Origin> {
    (address == IpAddr::from([198, 51, 100, 66])).then(|| Origin { tor: true, ..Origin::default() })
}

/// Removes the file of a journal, and what SQLite keeps beside it.
fn remove(path: &Path) -> io::Result<()> {
    for ending in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        match fs::remove_file(name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
