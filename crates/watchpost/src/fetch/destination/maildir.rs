//! A Maildir that loses nothing and gets nothing twice.
//!
//! ```text
//!   write to watchpost-incoming/ACCOUNT/x ─ sync it, that folder, and what was renamed before
//!   journal: intent KEY … FOLDER x NAME ─ fsync       from here on, x missing means: delivered
//!   rename to new/NAME ─ synced with the next batch, or by itself when none follows ─ done KEY
//! ```
//!
//! The folder is ours alone because readers of a Maildir sweep its tmp/. It lies within the Maildir, so that the rename
//! is one on the same file system; a name without a dot is no mail folder to any server. Beside it lies its identity: in
//! another folder of the same name (a disk that is not mounted, a Maildir that was put back) nothing can be concluded
//! from what is missing.

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use data_encoding::{Encoding, Specification};
use uuid::Uuid;
use watchpost_proto::planted::planted;
use watchpost_store::disk::{self, Folder};

use super::text::{LineEnds, Quoting, Spool, SpoolFile};
use super::{Arrived, DeliveryError, Found};
use crate::fetch::crash_point;
use crate::fetch::journal::{Intent, Journal, Place, Record};

/// Files that are synced at the same time: the file system writes its journal once for all that wait for it.
const SYNCED_TOGETHER: usize = 16;
/// From so many files on, one sync of the file system costs less than one of each.
const MANY: usize = 8;
/// Letters of the identity of a folder.
const IDENTITY: usize = 32;

/// An open Maildir.
pub struct Maildir {
    new: Folder,
    incoming: Arc<Folder>,
    /// What tells our folder from every other.
    identity: Arc<str>,
    line_ends: LineEnds,
    host: String,
    base32: Encoding,
    /// What the journal gets to know when the renames of the last batch are durable.
    renamed: Vec<Record>,
}

impl Maildir {
    pub(super) fn open(path: &Path, line_ends: LineEnds, account: &str) -> Result<Self, DeliveryError> {
        let (new, incoming, identity) =
            open_folders(path, account).map_err(|error| DeliveryError::disk(path, &error))?;
        let mut specification = Specification::new();
        specification.symbols.push_str("0123456789abcdefghijklmnopqrstuv");
        let base32 = specification.encoding().expect("thirty-two different characters are an alphabet");
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let legal = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_');
        let host = host.chars().take(64).map(|letter| if legal(letter) { letter } else { '_' }).collect();
        Ok(Self {
            new,
            incoming: Arc::new(incoming),
            identity: identity.into(),
            line_ends,
            host,
            base32,
            renamed: Vec::new(),
        })
    }

    pub(super) fn spool(&self) -> Spool {
        Spool::new(&self.incoming, self.line_ends, Quoting::None)
    }

    fn disk(&self, error: &io::Error) -> DeliveryError {
        DeliveryError::disk(self.incoming.path(), error)
    }

    pub(super) fn arrived(&self, arrived: &mut Arrived) -> Result<(), DeliveryError> {
        arrived.spool.spill().map_err(|error| self.disk(&error))
    }

    /// Completes deliveries whose messages are still there; one that is not was renamed.
    pub(super) fn recover(&self, intents: &[Intent]) -> Result<Vec<Found>, DeliveryError> {
        let found: io::Result<Vec<Found>> = intents.iter().map(|intent| self.complete(&intent.place)).collect();
        let found = found.map_err(|error| self.disk(&error))?;
        // Those too that were renamed by a process that was killed before it could sync.
        if !planted("fetch.recovers-without-sync") {
            self.sync().map_err(|error| self.disk(&error))?;
        }
        Ok(found)
    }

    fn complete(&self, place: &Place) -> io::Result<Found> {
        let Place::Maildir { folder, temporary, name } = place else { return Ok(Found::InDoubt) };
        let (Some(temporary), Some(name)) = (plain(temporary), plain(name)) else { return Ok(Found::InDoubt) };
        if folder.as_ref() != self.identity.as_ref() {
            return Ok(Found::InDoubt);
        }
        match self.incoming.rename(temporary.as_bytes(), &self.new, name.as_bytes()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            // Where rename is link and unlink, a crash may have come between the two.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => self.incoming.unlink(temporary.as_bytes())?,
            renamed => renamed?,
        }
        Ok(Found::Delivered)
    }

    pub(super) fn sweep(&self) -> Result<(), DeliveryError> {
        super::sweep(&self.incoming).map_err(|error| self.disk(&error))
    }

    /// Brings a batch to its place. Says how many messages of the one before are durable there now. `done`: what the
    /// journal gets to know when these are.
    pub(super) fn commit(
        &mut self,
        batch: Vec<Arrived>,
        done: Vec<Record>,
        journal: &mut Journal,
    ) -> Result<usize, DeliveryError> {
        let settled = self.renamed.len();
        let (mut files, mut intents) = (Vec::with_capacity(batch.len()), Vec::with_capacity(batch.len()));
        let first = Uuid::now_v7();
        for (place, Arrived { key, prints, spool }) in (0..).zip(batch) {
            let name = self.name(following(first, place), &spool);
            let file = spool.into_file().map_err(|error| self.disk(&error))?;
            let place = Place::Maildir { folder: Arc::clone(&self.identity), temporary: file.name.clone(), name };
            intents.push(Record::Intent(Intent { key, prints, place }));
            files.push(file);
        }
        self.sync_all(&files).map_err(|error| self.disk(&error))?;
        if settled > 0 {
            crash_point("fetch.crash-before-done");
            journal.append(&std::mem::take(&mut self.renamed))?;
        }
        crash_point("fetch.crash-before-intent");
        // From the intent on, only a rename may take a file away, whatever fails meanwhile: the next start completes it.
        let kept = !planted("fetch.removes-what-it-intended");
        for file in &mut files {
            file.kept = kept;
        }
        journal.intend(&intents)?;
        crash_point("fetch.crash-behind-intent");
        for (file, intent) in files.iter_mut().zip(&intents) {
            let Record::Intent(Intent { place: Place::Maildir { name, .. }, .. }) = intent else { continue };
            let renamed = self.incoming.rename(file.name.as_bytes(), &self.new, name.as_bytes());
            renamed.map_err(|error| self.disk(&error))?;
            file.kept = true;
            crash_point("fetch.crash-amid-renames");
        }
        self.renamed = done;
        Ok(settled)
    }

    /// Makes durable what was renamed last. Says how many messages that are.
    pub(super) fn settle(&mut self, journal: &mut Journal) -> Result<usize, DeliveryError> {
        let settled = self.renamed.len();
        if settled > 0 {
            if !planted("fetch.renames-without-sync") {
                self.sync().map_err(|error| self.disk(&error))?;
            }
            crash_point("fetch.crash-before-done");
            journal.append(&std::mem::take(&mut self.renamed))?;
        }
        Ok(settled)
    }

    /// Makes durable the octets and the names of all files, and the names of the batch before: of many with one sync of
    /// their file system, where that is known to do so and to tell of errors; else side by side, and a few too.
    fn sync_all(&self, files: &[SpoolFile]) -> io::Result<()> {
        let renamed = !(self.renamed.is_empty() || planted("fetch.renames-without-sync"));
        let folders: &[&Folder] = if renamed { &[&self.new, &self.incoming] } else { &[&self.incoming] };
        if files.len() >= MANY && disk::sync_together(files.iter().map(|file| &file.out), folders)? {
            return Ok(());
        }
        sync_each(files)?;
        folders.iter().try_for_each(|folder| folder.sync())
    }

    fn sync(&self) -> io::Result<()> {
        self.new.sync()?;
        self.incoming.sync()
    }

    /// A name as our own store gives it: the unique-id of the message is in it, and so are its sizes.
    fn name(&self, uuid: Uuid, spool: &Spool) -> String {
        let seconds = uuid.get_timestamp().map_or(0, |timestamp| timestamp.to_unix().0);
        let sizes = spool.sizes();
        let mut name = String::with_capacity(128);
        // A string takes whatever is written to it.
        let _ = write!(name, "{seconds}.W");
        self.base32.encode_append(uuid.as_bytes(), &mut name);
        let _ = write!(name, ".{},S={},W={}", self.host, spool.octets(), sizes.stored);
        if let Some(octets) = sizes.surrogate {
            let _ = write!(name, ",U={octets}");
        }
        name
    }
}

/// The so many-th behind a UUID, of the same millisecond and random beginning (RFC 9562 §6.2, method 2): to ask the
/// system for random numbers costs more than all the rest of a name.
fn following(first: Uuid, place: u64) -> Uuid {
    /// What is not random in the second half: the variant.
    const VARIANT: u64 = 0b11 << 62;
    let (start, random) = first.as_u64_pair();
    Uuid::from_u64_pair(start, (random & VARIANT) | (random.wrapping_add(place) & !VARIANT))
}

/// The folders of a Maildir, the one that is ours, and its identity. All of it is durable.
fn open_folders(path: &Path, account: &str) -> io::Result<(Folder, Folder, String)> {
    let mark = format!("{account}.id");
    let ours = path.join("watchpost-incoming");
    let known = fs::read_to_string(ours.join(&mark)).ok().filter(|text| is_identity(text));
    // An identity that is there says that the way to it was durable when it was made.
    let root = if known.is_some() { Folder::open_existing(path)? } else { Folder::make_durably(path)? };
    for name in ["cur", "tmp"] {
        root.make_beneath_unsynced(name.as_bytes())?;
    }
    let (new, ours) = (root.make_beneath_unsynced(b"new")?, root.make_beneath_unsynced(b"watchpost-incoming")?);
    let incoming = ours.make_beneath_unsynced(account.as_bytes())?;
    root.sync()?;
    let identity = match known {
        Some(identity) => {
            // Whoever wrote it may have been killed before it was durable.
            ours.append(mark.as_bytes())?.sync()?;
            identity
        }
        None => identify(&ours, mark.as_bytes())?,
    };
    ours.sync()?;
    Ok((new, incoming, identity))
}

/// Gives our folder an identity that no other has. Its name is durable once the folder is synced.
fn identify(ours: &Folder, mark: &[u8]) -> io::Result<String> {
    match ours.unlink(mark) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let identity = Uuid::now_v7().simple().to_string();
    let mut file = ours.create(mark)?;
    file.write(identity.as_bytes())?;
    file.sync()?;
    Ok(identity)
}

/// Whether it is one, and whole.
fn is_identity(text: &str) -> bool {
    text.len() == IDENTITY && text.bytes().all(|octet| octet.is_ascii_hexdigit())
}

fn sync_each(files: &[SpoolFile]) -> io::Result<()> {
    if files.len() >= MANY {
        for file in files {
            file.out.begin_sync();
        }
    }
    let share = files.len().div_ceil(SYNCED_TOGETHER).max(1);
    let sync = |files: &[SpoolFile]| files.iter().try_for_each(|file| file.out.sync());
    std::thread::scope(|scope| {
        let syncing: Vec<_> = files.chunks(share).map(|files| scope.spawn(move || sync(files))).collect();
        syncing.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|_| Err(io::ErrorKind::Other.into())))
    })
}

/// A name that stays in its folder.
fn plain(name: &str) -> Option<&str> {
    (!name.is_empty() && !name.contains('/') && !name.starts_with('.')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_that_follow_are_of_version_7_in_order_and_all_different() {
        let last = Uuid::from_u64_pair(0x0123_4567_89ab_7cde, u64::MAX >> 2 | 0b10 << 62);
        for first in [Uuid::now_v7(), last] {
            let all: std::collections::BTreeSet<Uuid> = (0..300).map(|place| following(first, place)).collect();
            assert!(
                all.len() == 300
                    && all.iter().all(|uuid| uuid.get_version_num() == 7 && uuid.get_variant() == first.get_variant())
            );
        }
    }
}
