//! Messages on their way in: written, synced, and only then given a name in new/ (RFC 2033 §4.2).

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use rustix::io::Errno;
use uuid::Uuid;
use watchpost_proto::{Sizer, UniqueId};

use super::file::{MessageFile, PIECE};
use super::folders::Folders;
use super::name::{self, NameMaker};
use super::scan::each_name;
use super::{Shared, unavailable, undelivered};
use crate::disk::{Folder, OutFile};
use crate::{Cause, DeliverError, Delivery, User};

/// A message of this size or less waits in memory until its recipients are known.
const MEMORY_MAX: usize = 256 * 1024;

/// How the names of messages begin that have outgrown memory and have no recipient yet.
pub(super) const SPOOLED: &[u8] = b".incoming.";

/// Whether a Maildir may hold the message already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeats {
    /// The UUID is fresh.
    Impossible,
    /// The UUID was given: look first.
    Expected,
}

/// One message on its way into Maildirs. Dropping it leaves nothing behind.
#[derive(Debug)]
pub struct MaildirDelivery {
    shared: Arc<Shared>,
    uuid: Uuid,
    repeats: Repeats,
    /// None after a write that failed or was given up: what is stored then, nobody knows.
    incoming: Option<Incoming>,
}

impl MaildirDelivery {
    pub(super) fn new(shared: Arc<Shared>, uuid: Uuid, repeats: Repeats) -> Self {
        Self { shared, uuid, repeats, incoming: Some(Incoming::default()) }
    }
}

impl Delivery for MaildirDelivery {
    async fn write(&mut self, chunk: &[u8]) -> Result<(), DeliverError> {
        let incoming = self.incoming.as_mut().ok_or_else(given_up)?;
        incoming.take(chunk);
        if incoming.memory.len() <= MEMORY_MAX {
            return Ok(());
        }
        let mut incoming = self.incoming.take().ok_or_else(given_up)?;
        let shared = Arc::clone(&self.shared);
        let spilled = tokio::task::spawn_blocking(move || incoming.spill(&shared).map(|()| incoming)).await;
        self.incoming = Some(spilled.map_err(unavailable)?.map_err(undelivered)?);
        Ok(())
    }

    async fn commit(mut self, recipients: &[User]) -> Vec<Result<UniqueId, DeliverError>> {
        let Some(incoming) = self.incoming.take() else {
            return recipients.iter().map(|_| Err(given_up())).collect();
        };
        let users = recipients.to_vec();
        let committed = tokio::task::spawn_blocking(move || self.commit_blocking(incoming, &users)).await;
        committed.unwrap_or_else(|_| recipients.iter().map(|_| Err(given_up())).collect())
    }
}

impl MaildirDelivery {
    fn commit_blocking(&self, mut incoming: Incoming, users: &[User]) -> Vec<Result<UniqueId, DeliverError>> {
        if let Err(error) = incoming.close(&self.shared) {
            let again = || io::Error::new(error.kind(), error.to_string());
            return users.iter().map(|_| Err(undelivered(again()))).collect();
        }
        let base = self.shared.names.base(self.uuid, incoming.stored, incoming.counter.clone().finish());
        let placed = users.iter().map(|user| {
            let path = self.shared.path.of(user).map_err(unavailable)?;
            self.place(&mut incoming, &path, &base).map_err(undelivered)?;
            Ok(name::unique_id_of(self.uuid))
        });
        placed.collect()
    }

    /// Puts the message into one Maildir, durably.
    fn place(&self, incoming: &mut Incoming, path: &Path, base: &[u8]) -> io::Result<()> {
        let folders = Folders::make(path)?;
        if self.repeats == Repeats::Expected && holds(&folders, self.uuid)? {
            return Ok(());
        }
        match incoming.hand_over(&folders, &self.shared.names, base) {
            // The same recipient twice.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            placed => placed?,
        }
        folders.new.sync()
    }
}

/// What has arrived of a message.
#[derive(Debug, Default)]
struct Incoming {
    /// Octets that no file has yet.
    memory: Vec<u8>,
    /// Complete once it is closed and `memory` is empty.
    file: Option<TemporaryFile>,
    stored: u64,
    counter: Sizer,
}

impl Incoming {
    fn take(&mut self, chunk: &[u8]) {
        self.memory.extend_from_slice(chunk);
        self.stored += chunk.len() as u64;
        self.counter.push(chunk);
    }

    /// Moves the octets in memory to a file outside of all Maildirs: whose they are is not known yet.
    fn spill(&mut self, shared: &Shared) -> io::Result<()> {
        if self.file.is_none() {
            let name = [SPOOLED, shared.names.stem(name::fresh()).as_bytes()].concat();
            let folder = Arc::new(Folder::make(&shared.spool)?);
            let spool = TemporaryFile::create(folder, name)?;
            if let Err(error) = spool.file.lock() {
                tracing::debug!(%error, "cannot show that a message is on its way");
            }
            self.file = Some(spool);
        }
        let file = self.file.as_mut().expect("it has just been made where it was missing");
        file.file.write(&self.memory)?;
        self.memory.clear();
        Ok(())
    }

    /// Nothing follows: what was spilled becomes durable.
    fn close(&mut self, shared: &Shared) -> io::Result<()> {
        if self.file.is_some() {
            self.spill(shared)?;
        }
        self.file.as_ref().map_or(Ok(()), |file| file.file.sync())
    }

    /// Gives the message a name in new/: by link where it can, by copying where it must.
    fn hand_over(&mut self, folders: &Folders, names: &NameMaker, base: &[u8]) -> io::Result<()> {
        if self.file.is_none() {
            let mut file = TemporaryFile::within(folders, names)?;
            file.file.write(&self.memory)?;
            file.file.sync()?;
            self.file = Some(file);
        }
        let file = self.file.as_mut().expect("it has just been made where it was missing");
        match file.folder.link(&file.name, &folders.new, base) {
            Err(error) if wants_a_copy(&error) => file.copy(folders, names)?.appear(&folders.new, base),
            linked => linked,
        }
    }
}

/// Another file system, one without links, or too many links.
fn wants_a_copy(error: &io::Error) -> bool {
    [Errno::XDEV, Errno::PERM, Errno::MLINK, Errno::OPNOTSUPP]
        .iter()
        .any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

/// A file that goes when nobody has renamed it.
#[derive(Debug)]
pub(super) struct TemporaryFile {
    folder: Arc<Folder>,
    name: Vec<u8>,
    pub(super) file: OutFile,
    renamed: bool,
}

impl TemporaryFile {
    fn create(folder: Arc<Folder>, name: Vec<u8>) -> io::Result<Self> {
        let file = folder.create(&name)?;
        Ok(Self { folder, name, file, renamed: false })
    }

    /// In the tmp/ of a Maildir, under a name that nobody has used: not even an attempt before a crash.
    pub(super) fn within(folders: &Folders, names: &NameMaker) -> io::Result<Self> {
        Self::create(Arc::clone(&folders.tmp), names.stem(name::fresh()).into_bytes())
    }

    /// Gives it a name in another folder, which is durable when that folder is synced. A second name is, where a rename
    /// would ask for two folders to be synced.
    pub(super) fn appear(&mut self, folder: &Folder, name: &[u8]) -> io::Result<()> {
        match self.folder.link(&self.name, folder, name) {
            Err(error) if wants_a_copy(&error) => {
                self.rename(folder, name)?;
                self.folder.sync()
            }
            linked => linked,
        }
    }

    /// Moves it to another folder; durable when both folders are synced.
    pub(super) fn rename(&mut self, folder: &Folder, name: &[u8]) -> io::Result<()> {
        self.folder.rename(&self.name, folder, name)?;
        self.renamed = true;
        Ok(())
    }

    /// Moves it to where another file may be, which is gone then.
    pub(super) fn replace(&mut self, folder: &Folder, name: &[u8]) -> io::Result<()> {
        self.folder.replace(&self.name, folder, name)?;
        self.renamed = true;
        Ok(())
    }

    /// The same octets, durable, in the tmp/ of another Maildir.
    fn copy(&self, folders: &Folders, names: &NameMaker) -> io::Result<Self> {
        let mut from: File = MessageFile::open(&self.folder, &self.name)?.file;
        let mut copy = Self::within(folders, names)?;
        let mut piece = vec![0; PIECE];
        loop {
            match from.read(&mut piece)? {
                0 => break,
                octets => copy.file.write(&piece[..octets])?,
            }
        }
        copy.file.sync()?;
        Ok(copy)
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        if !self.renamed
            && let Err(error) = self.folder.unlink(&self.name)
        {
            tracing::debug!(%error, "cannot remove a temporary file");
        }
    }
}

/// Whether a message of this UUID lies in the Maildir, whatever its host, sizes and flags.
fn holds(folders: &Folders, uuid: Uuid) -> io::Result<bool> {
    let prefix = name::own_prefix(uuid);
    let mut found = false;
    // In this order: it may be on its way from new/ to cur/.
    for folder in [&folders.new, &folders.cur] {
        each_name(folder, |name| found |= name.starts_with(prefix.as_bytes()))?;
    }
    Ok(found)
}

fn given_up() -> DeliverError {
    DeliverError::Unavailable(Cause::from("a write failed or was given up"))
}
