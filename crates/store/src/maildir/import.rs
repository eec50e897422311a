//! Many messages into one Maildir: durable in groups, because one sync per message is slow.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;

use uuid::Uuid;
use watchpost_proto::planted::planted;
use watchpost_proto::{Sizer, UniqueId};

use super::delivery::TemporaryFile;
use super::folders::Folders;
use super::imported::RecordFile;
use super::name::Identity;
use super::scan::each_name;
use super::{Shared, name};
use crate::{Cause, User};

/// How many messages become durable together.
const GROUP: usize = 256;

/// What became of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It will be durable when [`Import::finish`] has returned.
    Taken,
    /// An earlier import has put it there.
    AlreadyThere,
}

/// Messages could not be put into a Maildir. Those of finished groups are there; the others are not.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file system would not.
    #[error("cannot import messages: {0}")]
    Failed(#[source] Cause),
    /// Another import gives unique-ids to messages of this Maildir at this moment.
    #[error("cannot import unique-ids: another import of this maildrop is under way")]
    Busy,
    /// Another message of this maildrop has the unique-id, or had it once (P-182, P-183); or the message has another.
    #[error("cannot import unique-id {0:?}: it is taken")]
    Taken(UniqueId),
}

/// Messages on their way into one Maildir. Every method blocks. Ended by [`Import::finish`]; dropping it gives up
/// the last group.
#[derive(Debug)]
pub struct Import {
    shared: Arc<Shared>,
    folders: Folders,
    /// The messages that are there, or will be: by the unique-ids they have or would have without any record.
    held: HashSet<UniqueId>,
    /// None until the first unique-id is imported.
    records: Option<RecordFile>,
    group: Vec<(TemporaryFile, Vec<u8>)>,
}

impl Import {
    pub(super) fn begin(shared: Arc<Shared>, user: &User) -> Result<Self, ImportError> {
        let path = shared.path.of(user).map_err(|error| ImportError::Failed(error.into()))?;
        let folders = Folders::make(&path)?;
        let mut held = HashSet::new();
        for folder in [&folders.new, &folders.cur] {
            each_name(folder, |name| {
                held.insert(Identity::of(name).unique_id());
            })?;
        }
        Ok(Self { shared, folders, held, records: None, group: Vec::with_capacity(GROUP) })
    }

    /// Takes one message under a UUIDv7 of the caller's choice: the same one again after an interruption.
    pub fn put(&mut self, uuid: Uuid, message: &[u8]) -> Result<Put, ImportError> {
        if self.held.contains(&name::unique_id_of(uuid)) {
            return Ok(Put::AlreadyThere);
        }
        self.take(uuid, message)
    }

    /// Takes one message that clients know by a unique-id of another server (P-181), which no other message of the
    /// maildrop may have, or have had.
    pub fn put_with_unique_id(&mut self, uuid: Uuid, message: &[u8], id: &UniqueId) -> Result<Put, ImportError> {
        let native = name::unique_id_of(uuid);
        if self.held.contains(&native) {
            return Ok(Put::AlreadyThere);
        }
        self.note(&native, id)?;
        self.take(uuid, message)
    }

    /// Gives a message that lies in the Maildir already the unique-id by which clients know it from the server that had
    /// the Maildir before. `name` is the name of its file, with or without flags. Sessions that are open, and clients
    /// that have asked this server for unique-ids before, know it by another one.
    pub fn adopt(&mut self, name: &[u8], id: &UniqueId) -> Result<(), ImportError> {
        self.note(&Identity::of(name).unique_id(), id)
    }

    /// Makes durable what is not so yet.
    pub fn finish(mut self) -> Result<(), ImportError> {
        self.finish_group()?;
        // Listings in memory may rest on the records as they were.
        if self.records.is_some() {
            self.folders.new.touch()?;
        }
        Ok(())
    }

    fn note(&mut self, native: &UniqueId, id: &UniqueId) -> Result<(), ImportError> {
        if self.records.is_none() {
            let records = RecordFile::open(&self.folders, &self.shared.names).map_err(|error| match error.kind() {
                io::ErrorKind::WouldBlock => ImportError::Busy,
                _ => error.into(),
            })?;
            self.records = Some(records);
        }
        let records = self.records.as_mut().expect("it has just been opened where it was not");
        // A message that has a record shows no native unique-id: that one is free for nobody all the same.
        let others = id != native && self.held.contains(id);
        if others && !planted("store.gives-a-unique-id-twice") {
            return Err(ImportError::Taken(id.clone()));
        }
        records.note(native, id).map_err(|_| ImportError::Taken(id.clone()))
    }

    fn take(&mut self, uuid: Uuid, message: &[u8]) -> Result<Put, ImportError> {
        let base = self.shared.names.base(uuid, message.len() as u64, Sizer::of(message));
        let mut file = TemporaryFile::within(&self.folders, &self.shared.names)?;
        file.file.write(message)?;
        self.held.insert(name::unique_id_of(uuid));
        self.group.push((file, base));
        if self.group.len() == GROUP {
            self.finish_group()?;
        }
        Ok(Put::Taken)
    }

    /// First the octets, then the unique-ids, then the names: no session may see a message without them.
    fn finish_group(&mut self) -> io::Result<()> {
        for (file, _) in &self.group {
            file.file.sync()?;
        }
        if !planted("store.records-behind-names") {
            self.sync_records()?;
        }
        if !self.group.is_empty() {
            for (mut file, base) in self.group.drain(..) {
                file.rename(&self.folders.new, &base)?;
            }
            self.folders.new.sync()?;
            self.folders.tmp.sync()?;
        }
        self.sync_records()
    }

    fn sync_records(&mut self) -> io::Result<()> {
        self.records.as_mut().map_or(Ok(()), RecordFile::sync)
    }
}

impl From<io::Error> for ImportError {
    fn from(error: io::Error) -> Self {
        Self::Failed(error.into())
    }
}
