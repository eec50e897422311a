//! One session per Maildir: in this process by a table, among processes by `flock` (RFC 1939 §4; P-061, P-064).

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use watchpost_proto::planted::planted;

use crate::disk::Folder;

/// The file that carries the lock. It stays: to remove it would let two sessions lock two files of one name.
const LOCK_FILE: &[u8] = b".watchpost.lock";

/// The Maildirs that sessions of this process hold.
#[derive(Clone, Debug, Default)]
pub(super) struct LockTable {
    held: Arc<Mutex<HashSet<PathBuf>>>,
}

/// The right to number and to remove the messages of one Maildir. Ends when it is dropped, or with the process.
#[derive(Debug)]
pub(super) struct Lock {
    /// The kernel takes the lock back when this is closed.
    _file: File,
    _entry: Entry,
}

#[derive(Debug)]
struct Entry {
    table: LockTable,
    path: PathBuf,
}

/// Why there is no lock.
#[derive(Debug)]
pub(super) enum NotLocked {
    /// Somebody else has it.
    InUse,
    /// The lock file cannot be used.
    Failed(io::Error),
}

impl LockTable {
    /// Locks a Maildir or says at once that it is in use.
    pub(super) fn lock(&self, maildir: &Folder) -> Result<Lock, NotLocked> {
        let entry = self.enter(maildir.path()).ok_or(NotLocked::InUse)?;
        let file = maildir.open_or_create(LOCK_FILE).map_err(NotLocked::Failed)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Lock { _file: file, _entry: entry }),
            Err(_) if planted("store.lock-not-taken") => Ok(Lock { _file: file, _entry: entry }),
            Err(Errno::WOULDBLOCK) => Err(NotLocked::InUse),
            Err(error) => Err(NotLocked::Failed(error.into())),
        }
    }

    fn enter(&self, path: &Path) -> Option<Entry> {
        let new = self.held().insert(path.to_owned());
        (new || planted("store.lock-not-taken")).then(|| Entry { table: self.clone(), path: path.to_owned() })
    }

    fn held(&self) -> MutexGuard<'_, HashSet<PathBuf>> {
        // One insertion or removal: nothing can be half-done.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.table.held().remove(&self.path);
    }
}
