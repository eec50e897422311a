//! A Maildir that loses nothing and gets nothing twice.
//!
//! ```text
//!   write to watchpost-incoming/ACCOUNT/x ─ fsync ─ fsync that folder
//!   journal: intent KEY … FOLDER x NAME ─ fsync       from here on, x missing means: delivered
//!   rename to new/NAME ─ fsync new/ and the folder
//! ```
//!
//! The folder is ours alone because readers of a Maildir sweep its tmp/. It lies within the Maildir, so that the rename
//! is one on the same file system; a name without a dot is no mail folder to any server. Beside it lies its identity: in
//! another folder of the same name (a disk that is not mounted, a Maildir that was put back) nothing can be concluded
//! from what is missing.

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
    identity: String,
    line_ends: LineEnds,
    host: String,
    base32: Encoding,
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
        Ok(Self { new, incoming: Arc::new(incoming), identity, line_ends, host, base32 })
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
        if *folder != self.identity {
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

    pub(super) fn commit(&self, batch: Vec<Arrived>, journal: &mut Journal) -> Result<(), DeliveryError> {
        let mut files = Vec::with_capacity(batch.len());
        let mut intents = Vec::with_capacity(batch.len());
        for Arrived { key, prints, spool } in batch {
            let name = self.name(&spool);
            let file = spool.into_file().map_err(|error| self.disk(&error))?;
            let (folder, temporary) = (self.identity.clone(), file.name.clone());
            let place = Place::Maildir { folder, temporary, name: name.clone() };
            intents.push(Record::Intent(Intent { key, prints, place }));
            files.push((file, name));
        }
        sync_all(&files).and_then(|()| self.incoming.sync()).map_err(|error| self.disk(&error))?;
        crash_point("fetch.crash-before-intent");
        // From the intent on, only a rename may take a file away, whatever fails meanwhile: the next start completes it.
        let kept = !planted("fetch.removes-what-it-intended");
        for (file, _) in &mut files {
            file.kept = kept;
        }
        journal.intend(&intents)?;
        crash_point("fetch.crash-behind-intent");
        for (file, name) in &mut files {
            let renamed = self.incoming.rename(file.name.as_bytes(), &self.new, name.as_bytes());
            renamed.map_err(|error| self.disk(&error))?;
            file.kept = true;
            crash_point("fetch.crash-amid-renames");
        }
        if planted("fetch.renames-without-sync") {
            return Ok(());
        }
        self.sync().map_err(|error| self.disk(&error))
    }

    fn sync(&self) -> io::Result<()> {
        self.new.sync()?;
        self.incoming.sync()
    }

    /// A name as our own store gives it: the unique-id of the message is in it, and so are its sizes.
    fn name(&self, spool: &Spool) -> String {
        let uuid = Uuid::now_v7();
        let seconds = uuid.get_timestamp().map_or(0, |timestamp| timestamp.to_unix().0);
        let sizes = spool.sizes();
        let surrogate = sizes.surrogate.map(|octets| format!(",U={octets}")).unwrap_or_default();
        let (uuid, host) = (self.base32.encode(uuid.as_bytes()), &self.host);
        format!("{seconds}.W{uuid}.{host},S={},W={}{surrogate}", spool.octets(), sizes.stored)
    }
}

/// The folders of a Maildir, the one that is ours, and its identity. All of it is durable.
fn open_folders(path: &Path, account: &str) -> io::Result<(Folder, Folder, String)> {
    let mark = format!("{account}.id");
    let ours = path.join("watchpost-incoming");
    let known = fs::read_to_string(ours.join(&mark)).ok().filter(|text| is_identity(text));
    // An identity that is there says that the way to it was durable when it was made.
    let root = if known.is_some() { Folder::open_existing(path)? } else { Folder::make_durably(path)? };
    for name in ["cur", "tmp"] {
        root.make_beneath(name.as_bytes())?;
    }
    let (new, ours) = (root.make_beneath(b"new")?, root.make_beneath(b"watchpost-incoming")?);
    let incoming = ours.make_beneath(account.as_bytes())?;
    let identity = match known {
        Some(identity) => {
            // Whoever wrote it may have been killed before it was durable.
            ours.append(mark.as_bytes())?.sync()?;
            identity
        }
        None => identify(&ours, mark.as_bytes())?,
    };
    for folder in [&ours, &root] {
        folder.sync()?;
    }
    Ok((new, incoming, identity))
}

/// Gives our folder an identity that no other has.
fn identify(ours: &Folder, mark: &[u8]) -> io::Result<String> {
    match ours.unlink(mark) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let identity = Uuid::now_v7().simple().to_string();
    let mut file = ours.create(mark)?;
    file.write(identity.as_bytes())?;
    file.sync()?;
    ours.sync()?;
    Ok(identity)
}

/// Whether it is one, and whole.
fn is_identity(text: &str) -> bool {
    text.len() == IDENTITY && text.bytes().all(|octet| octet.is_ascii_hexdigit())
}

/// Makes the octets of all files durable: many with one sync of their file system, where that is known to do so and to
/// tell of errors; else side by side, and there too for a few.
fn sync_all(files: &[(SpoolFile, String)]) -> io::Result<()> {
    if files.len() >= MANY && disk::sync_together(files.iter().map(|(file, _)| &file.out))? {
        return Ok(());
    }
    sync_each(files)
}

fn sync_each(files: &[(SpoolFile, String)]) -> io::Result<()> {
    let share = files.len().div_ceil(SYNCED_TOGETHER).max(1);
    let sync = |files: &[(SpoolFile, String)]| files.iter().try_for_each(|(file, _)| file.out.sync());
    std::thread::scope(|scope| {
        let syncing: Vec<_> = files.chunks(share).map(|files| scope.spawn(move || sync(files))).collect();
        syncing.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|_| Err(io::ErrorKind::Other.into())))
    })
}

/// A name that stays in its folder.
fn plain(name: &str) -> Option<&str> {
    (!name.is_empty() && !name.contains('/') && !name.starts_with('.')).then_some(name)
}
