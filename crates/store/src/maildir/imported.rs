//! Unique-ids that messages had on another server (P-181), in a file that is not the index: it must outlive the index.
//!
//! ```text
//! watchpost uidl 1
//! 5b1f0c6a2d9e4f37 06dk7gks0hs7hbh4q4pk9tq2lo UID42-1370527311
//! └ checksum       └ what it would have here  └ what clients know
//! ```
//!
//! The file only grows. A record is synced before its message gets a name, so no session ever sees the message under
//! another unique-id; and it stays when the message is gone, for no unique-id is used twice (P-182). A line that a crash
//! has torn is no record. Of two records for one message, or for one unique-id, the first holds.

use std::collections::{HashMap, HashSet};
use std::io::{self, Read};
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use watchpost_proto::UniqueId;
use watchpost_proto::planted::planted;

use super::delivery::TemporaryFile;
use super::file::{Facts, MessageFile, Stamp};
use super::fnv::fnv;
use super::folders::Folders;
use super::name::{Identity, NameMaker};
use crate::disk::OutFile;

const FILE: &[u8] = b".watchpost.uidl";

const HEADER: &[u8] = b"watchpost uidl 1\n";

/// Ten million records; more is not what we have written.
const OCTETS_MAX: u64 = 1 << 30;

/// What the file says, as far as it has been looked at.
#[derive(Debug)]
pub(super) enum Imported {
    /// There is none.
    Nothing,
    /// It is as it was when an earlier listing was taken.
    AsBefore(Arc<Remembered>),
    /// It was read.
    Read(Records),
}

/// What a listing keeps of the file: whether it may say something of a message that comes later.
#[derive(Debug)]
pub(super) struct Remembered {
    stamp: Stamp,
    /// Hashes of all unique-ids in it, ascending.
    hashes: Vec<u64>,
}

impl Remembered {
    /// Whether the file may name this unique-id.
    pub(super) fn may_name(&self, id: &UniqueId) -> bool {
        self.hashes.binary_search(&fnv(id.as_str().as_bytes())).is_ok()
    }
}

impl Imported {
    /// Reads the file, unless it is the one that is remembered. A damaged or newer one is an error, for to do without
    /// it would change unique-ids.
    pub(super) fn of(folders: &Folders, remembered: Option<&Arc<Remembered>>) -> io::Result<Self> {
        let facts = match Facts::of(&folders.root, FILE) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::Nothing),
            facts => facts?,
        };
        match remembered {
            Some(remembered) if remembered.stamp == facts.stamp() => Ok(Self::AsBefore(Arc::clone(remembered))),
            _ => {
                let open = MessageFile::open(&folders.root, FILE)?;
                Ok(Self::Read(Records::read(&open.file, open.facts.stamp())?))
            }
        }
    }

    /// Whether the records are at hand.
    pub(super) fn is_read(&self) -> bool {
        matches!(self, Self::Read(_))
    }

    /// The unique-id of a message that would have `native` here; nothing where the records are not at hand.
    pub(super) fn unique_id(&self, native: impl FnOnce() -> UniqueId) -> Option<UniqueId> {
        let Self::Read(records) = self else { return None };
        let native = native();
        Some(records.ids.get(&native).cloned().unwrap_or(native))
    }

    /// Whether the unique-id that this message would have belongs to an imported one.
    pub(super) fn has_given_to_another(&self, identity: Identity<'_>) -> bool {
        let Self::Read(records) = self else { return false };
        if records.given.is_empty() {
            return false;
        }
        let native = identity.unique_id();
        records.given.contains(&native) && !records.ids.contains_key(&native)
    }

    /// What the listing shall remember.
    pub(super) fn remembered(&self) -> Option<Arc<Remembered>> {
        match self {
            Self::Nothing => None,
            Self::AsBefore(remembered) => Some(Arc::clone(remembered)),
            Self::Read(records) => {
                let ids = records.ids.keys().chain(&records.given);
                let mut hashes: Vec<u64> = ids.map(|id| fnv(id.as_str().as_bytes())).collect();
                hashes.sort_unstable();
                Some(Arc::new(Remembered { stamp: records.stamp, hashes }))
            }
        }
    }
}

/// All records of the file.
#[derive(Debug)]
pub(super) struct Records {
    stamp: Stamp,
    /// By the unique-id that the message would have here.
    ids: HashMap<UniqueId, UniqueId>,
    given: HashSet<UniqueId>,
}

impl Records {
    fn read(mut file: &std::fs::File, stamp: Stamp) -> io::Result<Self> {
        let mut text = Vec::new();
        let octets = file.by_ref().take(OCTETS_MAX + 1).read_to_end(&mut text)?;
        let lines = text.strip_prefix(HEADER).filter(|_| octets as u64 <= OCTETS_MAX);
        let lines = lines.ok_or_else(|| {
            let problem = ".watchpost.uidl is damaged, or written by a newer version: its unique-ids would be lost";
            io::Error::new(io::ErrorKind::InvalidData, problem)
        })?;
        let mut records = Self { stamp, ids: HashMap::new(), given: HashSet::new() };
        for (native, imported) in lines.split(|octet| *octet == b'\n').filter_map(record) {
            records.insert(native, imported);
        }
        Ok(records)
    }

    fn insert(&mut self, native: UniqueId, imported: UniqueId) {
        if !self.ids.contains_key(&native) && !self.given.contains(&imported) {
            self.given.insert(imported.clone());
            self.ids.insert(native, imported);
        }
    }
}

/// The two unique-ids of a line that is whole.
fn record(line: &[u8]) -> Option<(UniqueId, UniqueId)> {
    let line = std::str::from_utf8(line).ok()?;
    let (sum, pair) = line.split_once(' ')?;
    if sum != checksum(pair) && !planted("store.believes-a-torn-record") {
        return None;
    }
    let (native, imported) = pair.split_once(' ')?;
    Some((UniqueId::new(native).ok()?, UniqueId::new(imported).ok()?))
}

fn checksum(pair: &str) -> String {
    HEXLOWER.encode(&digest(&SHA256, pair.as_bytes()).as_ref()[..8])
}

/// Why a unique-id cannot be given to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Taken;

/// The file while unique-ids are imported. Another import of the same Maildir has to wait.
#[derive(Debug)]
pub(super) struct RecordFile {
    file: OutFile,
    records: Records,
    /// Lines that are not in the file yet.
    pending: Vec<u8>,
}

impl RecordFile {
    /// Opens the file, and makes it where there is none. `WouldBlock`: another import has it.
    pub(super) fn open(folders: &Folders, names: &NameMaker) -> io::Result<Self> {
        let file = match folders.root.append(FILE) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                make(folders, names)?;
                folders.root.append(FILE)?
            }
            opened => opened?,
        };
        file.lock()?;
        // Whoever had the lock before may have written since the file was opened.
        let file = file.at_its_end()?;
        let records = Records::read(file.file(), Facts::of_open(file.file())?.stamp())?;
        Ok(Self { file, records, pending: Vec::new() })
    }

    /// Notes that clients know the message by this unique-id. The same again is no news.
    pub(super) fn note(&mut self, native: &UniqueId, imported: &UniqueId) -> Result<(), Taken> {
        match self.records.ids.get(native) {
            Some(known) if known == imported => return Ok(()),
            Some(_) => return Err(Taken),
            None if self.records.given.contains(imported) && !planted("store.gives-a-unique-id-twice") => {
                return Err(Taken);
            }
            None => {}
        }
        let pair = format!("{native} {imported}");
        self.pending.extend_from_slice(format!("{} {pair}\n", checksum(&pair)).as_bytes());
        self.records.insert(native.clone(), imported.clone());
        Ok(())
    }

    /// Makes durable what was noted.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        // Behind a line that a crash has torn, or a write that failed half-way, the first record would be lost.
        let lines = [b"\n".as_slice(), &self.pending].concat();
        self.file.write(&lines)?;
        self.file.sync()?;
        self.pending.clear();
        Ok(())
    }
}

/// An empty file, durable before it has its name.
fn make(folders: &Folders, names: &NameMaker) -> io::Result<()> {
    let mut file = TemporaryFile::within(folders, names)?;
    file.file.write(HEADER)?;
    file.file.sync()?;
    match file.appear(&folders.root, FILE) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
        Ok(()) => folders.root.sync(),
    }
}
