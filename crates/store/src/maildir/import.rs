//! Many messages into one Maildir: durable in groups, because one sync per message is slow.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;

use uuid::Uuid;
use watchpost_proto::{Sizer, UniqueId};

use super::delivery::TemporaryFile;
use super::folders::Folders;
use super::listing::each_name;
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
#[error("cannot import messages: {0}")]
pub struct ImportError(#[source] Cause);

/// Messages on their way into one Maildir. Every method blocks. Ended by [`Import::finish`]; dropping it gives up
/// the last group.
#[derive(Debug)]
pub struct Import {
    shared: Arc<Shared>,
    folders: Folders,
    held: HashSet<UniqueId>,
    group: Vec<(TemporaryFile, Vec<u8>)>,
}

impl Import {
    pub(super) fn begin(shared: Arc<Shared>, user: &User) -> Result<Self, ImportError> {
        let path = shared.path.of(user).map_err(|error| ImportError(error.into()))?;
        let folders = Folders::make(&path)?;
        let mut held = HashSet::new();
        for folder in [&folders.new, &folders.cur] {
            each_name(folder, |name| {
                held.insert(name::Identity::of(name).unique_id());
            })?;
        }
        Ok(Self { shared, folders, held, group: Vec::with_capacity(GROUP) })
    }

    /// Takes one message under a UUIDv7 of the caller's choice: the same one again after an interruption.
    pub fn put(&mut self, uuid: Uuid, message: &[u8]) -> Result<Put, ImportError> {
        if !self.held.insert(name::unique_id_of(uuid)) {
            return Ok(Put::AlreadyThere);
        }
        let base = self.shared.names.base(uuid, message.len() as u64, Sizer::of(message));
        let mut file = TemporaryFile::within(&self.folders, &self.shared.names)?;
        file.file.write(message)?;
        self.group.push((file, base));
        if self.group.len() == GROUP {
            self.finish_group()?;
        }
        Ok(Put::Taken)
    }

    /// Makes durable what is not so yet.
    pub fn finish(mut self) -> Result<(), ImportError> {
        Ok(self.finish_group()?)
    }

    fn finish_group(&mut self) -> io::Result<()> {
        for (file, _) in &self.group {
            file.file.sync()?;
        }
        for (mut file, base) in self.group.drain(..) {
            file.rename(&self.folders.new, &base)?;
        }
        self.folders.new.sync()
    }
}

impl From<io::Error> for ImportError {
    fn from(error: io::Error) -> Self {
        Self(error.into())
    }
}
