//! What was fetched from one account: a file that only grows, line by line, each with its checksum.
//!
//! ```text
//! 5d41402a account alice@mail.example.org:995
//! 9f86d081 intent UID LISTED HEADER WHOLE maildir FOLDER TEMPORARY FINAL    durable before the deed
//! 3c9909af done UID LISTED HEADER WHOLE SECONDS                        may be lost: the deed shows
//! 1f40fc92 deleted UID SECONDS                                         QUIT was answered with +OK
//! ```
//!
//! A crash leaves an unfinished line at the end at most: it is cut off, and what a killed process had not synced is
//! synced by the next one before it relies on it. Lines that are damaged elsewhere are left out,
//! and what stands behind them is kept. The file is written anew when it has grown to twice what it says.

mod lines;

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::FlockOperation;
use watchpost_proto::planted::planted;
use watchpost_store::disk::{Folder, OutFile};

use self::lines::{add_line, parse};
use super::entries::Entries;
use super::fingerprint::{Fingerprint, Print};

/// A journal with fewer lines than this is never written anew.
const LINES_MIN: usize = 1000;
/// Octets that are read or written at once.
const PIECE: usize = 64 * 1024;
/// How long a message that is no longer listed is remembered, in seconds: a server that hides it may show it again.
const REMEMBERED_SECONDS: u64 = 90 * 24 * 3600;

/// Where a message goes, as far as a crash must be able to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A file that is renamed.
    Maildir {
        /// Which folder of ours: on a disk that is not mounted today, nothing is missing because it was renamed.
        folder: Arc<str>,
        /// Its name in that folder.
        temporary: String,
        /// Its name in `new`.
        name: String,
    },
    /// A part of a file.
    Mbox {
        /// Where it begins.
        offset: u64,
        /// How long it is.
        octets: u64,
        /// What it is known by as it stands there.
        stored: Print,
        /// Where the first message begins that was written together with it.
        start: u64,
        /// What stands before that: otherwise somebody has written the file anew.
        before: Print,
    },
    /// Handed to somebody else: nobody can tell later whether it was.
    Elsewhere,
}

/// A line of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// Whose journal it is.
    Account(String),
    /// A message is about to be delivered.
    Intent(Intent),
    /// It was delivered.
    Done {
        /// Which.
        key: String,
        /// What is known of it. `None`: another program fetched it.
        prints: Option<Fingerprint>,
        /// When, in seconds since 1970.
        seconds: u64,
    },
    /// The server has confirmed its removal.
    Deleted {
        /// Which.
        key: String,
        /// When.
        seconds: u64,
    },
    /// The server no longer lists it.
    Gone {
        /// Which.
        key: String,
        /// Since when.
        seconds: u64,
    },
    /// Nothing is known of it any more.
    Forgotten {
        /// Which.
        key: String,
    },
    /// It could not be fetched or delivered, for the so many-th time.
    Failed {
        /// Which.
        key: String,
        /// How often.
        times: u32,
    },
    /// It may have been delivered without our knowledge, and nobody was told yet.
    Doubtful {
        /// Which.
        key: String,
    },
    /// Somebody was told of all that is doubtful.
    Told,
    /// The server announces PIPELINING and cannot do it.
    NoPipelining,
    /// The key of the certificate that the server showed first.
    Pin(String),
    /// Half of the known messages are missing: what is new is compared with them until a session was complete.
    Renaming,
    /// A session was complete.
    Settled,
}

/// A message that is about to be delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// Which.
    pub key: String,
    /// What it is known by.
    pub prints: Fingerprint,
    /// Where it goes.
    pub place: Place,
}

/// What is known of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// `None`: another program fetched it.
    pub prints: Option<Fingerprint>,
    /// When it was delivered, in seconds since 1970.
    pub seconds: u64,
    /// What became of it on the server.
    pub fate: Fate,
}

/// What became of a delivered message on the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is there.
    Listed,
    /// The server has said that it removed it.
    Deleted,
    /// It was not listed any more.
    Gone(u64),
}

/// What the lines amount to.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// By unique-id; of unique-ids that several messages share, by that and the hash of the message.
    pub entries: Entries,
    /// How often a message has failed.
    pub failures: HashMap<Box<str>, u32>,
    /// Deliveries of which the end was not written when the journal was read.
    pub open: VecDeque<Intent>,
    /// What may have been delivered twice, and nobody was told of.
    pub doubtful: Vec<String>,
    /// Whether PIPELINING was found not to work.
    pub no_pipelining: bool,
    /// The key that the server showed first.
    pub pin: Option<String>,
    /// Whose journal it is.
    pub account: Option<String>,
    /// Whether the server may be giving new unique-ids to everything.
    pub renaming: bool,
}

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Somebody else fetches from the account right now.
    #[error("another fetch of this account is running")]
    InUse,
    /// The disk refuses.
    #[error("cannot use {}: {}", .0.display(), .1)]
    Io(PathBuf, io::Error),
}

/// An open journal. Nobody else has it.
#[derive(Debug)]
pub struct Journal {
    folder: Folder,
    path: PathBuf,
    file: OutFile,
    lock: File,
    seen: Seen,
    lines: usize,
}

impl Drop for Journal {
    fn drop(&mut self) {
        // Closing alone would not do: a child that is being started at this moment may have the file as well.
        let _ = rustix::fs::flock(&self.lock, FlockOperation::Unlock);
    }
}

impl Journal {
    /// Opens the journal of an account, and makes it if it is not there.
    pub fn open(folder: &Path, account: &str, now: u64) -> Result<Self, JournalError> {
        let path = path_of(folder, account);
        let named = |error| JournalError::Io(path.clone(), error);
        // A journal that is there says that the way to it was durable when it was made.
        let open = if path.exists() { Folder::open_existing } else { Folder::make_durably };
        let folder = open(folder).map_err(named)?;
        let lock = folder.open_or_create(format!("{account}.lock").as_bytes()).map_err(named)?;
        if rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Err(JournalError::InUse);
        }
        let (seen, lines, whole) = read_file(&path, true).map_err(named)?;
        let file = ready(&folder, &path, whole as u64).map_err(named)?;
        let mut journal = Self { folder, path, file, lock, seen, lines };
        journal.shorten(now)?;
        Ok(journal)
    }

    /// What a journal says, without opening it for work: for reports.
    pub fn peek(folder: &Path, account: &str) -> Result<Seen, JournalError> {
        let path = path_of(folder, account);
        read_file(&path, true).map(|(seen, ..)| seen).map_err(|error| JournalError::Io(path, error))
    }

    /// What it says of the server and the account, and nothing about messages: what a session begins with.
    pub fn glance(folder: &Path, account: &str) -> Result<Seen, JournalError> {
        let path = path_of(folder, account);
        read_file(&path, false).map(|(seen, ..)| seen).map_err(|error| JournalError::Io(path, error))
    }

    /// What it says.
    pub fn seen(&self) -> &Seen {
        &self.seen
    }

    /// So many messages that it does not know may be delivered: it makes room for them.
    pub fn expect(&mut self, messages: usize) {
        self.seen.entries.expect(messages);
    }

    /// Writes down durably what is about to be delivered.
    pub fn intend(&mut self, intents: &[Record]) -> Result<(), JournalError> {
        if planted("fetch.intent-not-written") {
            return Ok(());
        }
        self.append(intents)?;
        if planted("fetch.intent-not-synced") {
            return Ok(());
        }
        self.sync()
    }

    /// Adds lines. They are durable after [`Journal::sync`].
    pub fn append(&mut self, records: &[Record]) -> Result<(), JournalError> {
        let mut text = String::new();
        for record in records {
            self.lines += 1;
            add_line(record, &mut text);
            // Only the next start asks what was begun.
            if !matches!(record, Record::Intent(_)) {
                self.seen.apply(record);
            }
        }
        self.file.write(text.as_bytes()).map_err(|error| self.named(error))
    }

    /// Makes everything durable that was added.
    pub fn sync(&self) -> Result<(), JournalError> {
        self.file.sync().map_err(|error| self.named(error))
    }

    /// Forgets what was gone for long, and writes the file anew if it says little with many lines.
    fn shorten(&mut self, now: u64) -> Result<(), JournalError> {
        let old = |fate: Fate| matches!(fate, Fate::Gone(since) if since + REMEMBERED_SECONDS < now);
        self.seen.entries.retain(|_, entry| !old(entry.fate));
        let needed =
            self.seen.entries.len() + self.seen.failures.len() + self.seen.open.len() + self.seen.doubtful.len();
        if self.lines < LINES_MIN.max(needed * 2) {
            return Ok(());
        }
        self.file = self.replace().map_err(|error| self.named(error))?;
        self.lines = needed;
        Ok(())
    }

    fn replace(&self) -> io::Result<OutFile> {
        let part = self.path.with_extension("part");
        match self.folder.unlink(name_of(&part)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = self.folder.create(name_of(&part))?;
        let mut text = String::new();
        for record in self.seen.records() {
            add_line(&record, &mut text);
            if text.len() >= PIECE {
                file.write(text.as_bytes())?;
                text.clear();
            }
        }
        file.write(text.as_bytes())?;
        file.sync()?;
        self.folder.replace(name_of(&part), &self.folder, name_of(&self.path))?;
        self.folder.sync()?;
        self.folder.append(name_of(&self.path))
    }

    fn named(&self, error: io::Error) -> JournalError {
        JournalError::Io(self.path.clone(), error)
    }
}

fn path_of(folder: &Path, account: &str) -> PathBuf {
    folder.join(format!("{account}.journal"))
}

fn name_of(path: &Path) -> &[u8] {
    path.file_name().unwrap_or_default().as_encoded_bytes()
}

/// The file, for us alone, with the lines that are whole; all of it is durable.
fn ready(folder: &Folder, path: &Path, whole: u64) -> io::Result<OutFile> {
    let mut file = match folder.append(name_of(path)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => folder.create(name_of(path))?,
        opened => opened?,
    };
    if file.length() > whole {
        file.cut(whole)?;
    }
    file.sync()?;
    folder.sync()?;
    Ok(file)
}

impl Seen {
    fn apply(&mut self, record: &Record) {
        match record {
            Record::Account(account) => self.account = Some(account.clone()),
            Record::Intent(intent) => self.open.push_back(intent.clone()),
            Record::Done { key, prints, seconds } => {
                self.close(key);
                self.failures.remove(key.as_str());
                let entry = Entry { prints: *prints, seconds: *seconds, fate: Fate::Listed };
                self.entries.insert(key, &entry);
            }
            Record::Deleted { key, .. } => self.entries.change(key, Fate::Deleted),
            Record::Gone { key, seconds } => self.entries.change(key, Fate::Gone(*seconds)),
            Record::Forgotten { key } => {
                self.close(key);
                self.entries.remove(key);
                self.failures.remove(key.as_str());
            }
            Record::Failed { key, times } => {
                self.close(key);
                self.failures.insert(key.as_str().into(), *times);
            }
            Record::Doubtful { key } if self.doubtful.contains(key) => {}
            Record::Doubtful { key } => self.doubtful.push(key.clone()),
            Record::Told => self.doubtful.clear(),
            Record::NoPipelining => self.no_pipelining = true,
            Record::Pin(pin) => self.pin = Some(pin.clone()),
            Record::Renaming => self.renaming = true,
            Record::Settled => self.renaming = false,
        }
    }

    /// Most often the oldest is done first. Only messages that share a unique-id or have none can be begun twice.
    fn close(&mut self, key: &str) {
        if let Some(place) = self.open.iter().position(|intent| intent.key == key) {
            self.open.remove(place);
            if key.contains(' ') {
                self.close(key);
            }
        }
    }

    /// The fewest records that say the same.
    fn records(&self) -> impl Iterator<Item = Record> {
        let settings = self.account.clone().map(Record::Account).into_iter();
        let settings = settings.chain(self.no_pipelining.then_some(Record::NoPipelining));
        let settings = settings.chain(self.renaming.then_some(Record::Renaming));
        let settings = settings.chain(self.pin.clone().map(Record::Pin));
        let entries = self.entries.iter().flat_map(|(key, entry)| {
            let done = Record::Done { key: key.to_string(), prints: entry.prints, seconds: entry.seconds };
            let fate = match entry.fate {
                Fate::Listed => None,
                Fate::Deleted => Some(Record::Deleted { key: key.to_string(), seconds: entry.seconds }),
                Fate::Gone(seconds) => Some(Record::Gone { key: key.to_string(), seconds }),
            };
            [Some(done), fate].into_iter().flatten()
        });
        let failures = self.failures.iter().map(|(key, times)| Record::Failed { key: key.to_string(), times: *times });
        let open = self.open.iter().cloned().map(Record::Intent);
        let doubtful = self.doubtful.iter().map(|key| Record::Doubtful { key: key.clone() });
        settings.chain(entries).chain(failures).chain(open).chain(doubtful)
    }
}

/// What the file says; `messages`: also of messages.
fn read_file(path: &Path, messages: bool) -> io::Result<(Seen, usize, usize)> {
    match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok((Seen::default(), 0, 0)),
        opened => read(BufReader::with_capacity(PIECE, opened?), messages),
    }
}

/// What the text says, how many lines it has, and where the last whole line ends.
fn read(mut text: impl BufRead, messages: bool) -> io::Result<(Seen, usize, usize)> {
    let (mut seen, mut lines, mut whole) = (Seen::default(), 0, 0);
    let mut piece = Vec::new();
    while text.read_until(b'\n', &mut piece)? > 0 && piece.ends_with(b"\n") {
        lines += 1;
        whole += piece.len();
        let line = std::str::from_utf8(&piece).ok().filter(|line| messages || !is_about_a_message(line));
        if let Some(record) = line.and_then(parse) {
            seen.apply(&record);
        }
        piece.clear();
    }
    Ok((seen, lines, whole))
}

/// Whether a line, if it is whole, speaks of one message.
fn is_about_a_message(line: &str) -> bool {
    let word = line.split(' ').nth(1).unwrap_or_default();
    matches!(word, "intent" | "done" | "imported" | "deleted" | "gone" | "forgotten" | "failed" | "doubtful")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::fingerprint::Fingerprinter;
    use super::lines::line;
    use super::*;

    fn prints(text: &str) -> Fingerprint {
        let mut prints = Fingerprinter::default();
        prints.push(text.as_bytes());
        prints.finish(text.len() as u64)
    }

    fn done(key: &str) -> Record {
        Record::Done { key: key.into(), prints: Some(prints(key)), seconds: 7 }
    }

    fn intent(key: &str, place: Place) -> Record {
        Record::Intent(Intent { key: key.into(), prints: prints(key), place })
    }

    #[test]
    fn every_record_is_read_as_it_was_written() {
        let maildir = Place::Maildir { folder: "f".into(), temporary: "a b%".into(), name: "1.W2.host,S=3".into() };
        let (stored, before) = (prints("stored").whole, prints("before").whole);
        for record in [
            Record::Account("alice@h:995".into()),
            intent("u", maildir),
            intent("u v", Place::Mbox { offset: 1, octets: u64::MAX, stored, start: 0, before }),
            intent("%41", Place::Elsewhere),
            done("ü"),
            Record::Done { key: "x".into(), prints: None, seconds: 0 },
            Record::Deleted { key: "x".into(), seconds: 9 },
            Record::Gone { key: "x".into(), seconds: 9 },
            Record::Forgotten { key: "x".into() },
            Record::Failed { key: "x".into(), times: 3 },
            Record::NoPipelining,
            Record::Pin("sha256/x".into()),
            Record::Renaming,
            Record::Settled,
            Record::Doubtful { key: "u v".into() },
            Record::Told,
        ] {
            let written = line(&record);
            assert_eq!(parse(&written), Some(record), "{written}");
            for place in 0..written.len() - 1 {
                let mut damaged = written.clone().into_bytes();
                damaged[place] ^= 1;
                assert_eq!(String::from_utf8(damaged).ok().as_deref().and_then(parse), None);
            }
        }
    }

    #[test]
    fn wherever_a_crash_cuts_the_file_what_stands_before_holds() {
        // C-061: the last line is whole, or it was never there.
        let records =
            [intent("a", Place::Elsewhere), done("a"), done("b"), Record::Deleted { key: "a".into(), seconds: 8 }];
        let lines: Vec<String> = records.iter().map(line).collect();
        let text = lines.concat().into_bytes();
        for cut in 0..=text.len() {
            let (seen, count, whole) = read(&text[..cut], true).unwrap();
            assert_eq!(whole, lines[..count].concat().len());
            assert!(cut - whole < lines.get(count).map_or(1, String::len));
            assert_eq!(seen.entries.contains_key("b"), count >= 3);
            assert_eq!(seen.open.len(), usize::from(count == 1));
        }
    }

    #[test]
    fn a_journal_goes_on_behind_a_torn_line_and_stays_short() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(folder.path(), "a", 0).unwrap();
        assert!(matches!(Journal::open(folder.path(), "a", 0), Err(JournalError::InUse)));
        for round in 0..600 {
            journal.append(&[done(&format!("u{round}")), Record::Forgotten { key: format!("u{round}") }]).unwrap();
        }
        journal.append(&[done("kept"), Record::Gone { key: "kept".into(), seconds: 1 }]).unwrap();
        drop(journal);
        let path = folder.path().join("a.journal");
        let before = fs::read(&path).unwrap();
        fs::write(&path, [&before[..], b"0000 torn"].concat()).unwrap();
        let mut journal = Journal::open(folder.path(), "a", 100).unwrap();
        assert!(fs::metadata(&path).unwrap().len() < 300, "written anew");
        journal.append(&[done("later")]).unwrap();
        drop(journal);
        let journal = Journal::open(folder.path(), "a", 100).unwrap();
        assert_eq!(journal.seen().entries.len(), 2);
        assert_eq!(journal.seen().entries.get("kept").unwrap().fate, Fate::Gone(1));
        drop(journal);
        let later = Journal::open(folder.path(), "a", 2 + REMEMBERED_SECONDS).unwrap();
        assert_eq!(later.seen().entries.len(), 1, "forgotten after three months");
    }
}
