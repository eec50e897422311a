//! Maildirs: one message, one file.
//!
//! ```text
//! Maildir/
//! ├── tmp/               deliveries under way
//! ├── new/               delivered, not yet listed by anyone
//! ├── cur/               listed; flags behind the `:` of the name
//! └── .watchpost.lock    carries the lock of the session
//! ```
//!
//! Names say almost everything: when a message came, its unique-id, its sizes. What they do not say is counted once
//! and kept in memory, and can be lost at any time. Other software may deliver, rename and remove meanwhile.

mod cache;
mod delivery;
mod file;
mod folders;
mod import;
mod listing;
mod lock;
mod name;
mod path;
mod reader;
mod session;
mod snapshot;
mod update;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::io::Errno;
use uuid::Uuid;
use watchpost_proto::{Listing, Outcome, UniqueId};

use self::cache::Cache;
use self::folders::Folders;
use self::listing::Listed;
use self::lock::{Lock, LockTable, NotLocked};
use self::name::NameMaker;
use self::session::Session;
use crate::disk::Folder;
use crate::{Cause, DeliverError, Maildrop, Message, OpenError, ReadError, Store, UpdateError, User};

pub use delivery::MaildirDelivery;
pub use import::{Import, ImportError, Put};
pub use path::{Homeless, MaildirPath, NotAMaildirPath};
pub use reader::Reader;

/// How many messages the listings kept in memory have in all, unless told otherwise.
const CACHED_MESSAGES_MAX: usize = 1_000_000;

/// Messages that outgrow memory while they come in lie here where the template names no folder above all Maildirs.
const SPOOL: &str = "/var/tmp";

/// A store of Maildirs. Clones share its locks and its memory.
#[derive(Clone, Debug)]
pub struct MaildirStore {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    path: MaildirPath,
    names: NameMaker,
    locks: LockTable,
    cache: Mutex<Cache>,
    spool: PathBuf,
}

impl MaildirStore {
    /// The Maildirs at this path; `host` becomes part of the names of what is delivered.
    pub fn new(path: MaildirPath, host: &str) -> Self {
        Self::with_cached_messages(path, host, CACHED_MESSAGES_MAX)
    }

    /// Like [`MaildirStore::new`], with another bound for the listings kept in memory.
    pub fn with_cached_messages(path: MaildirPath, host: &str, messages_max: usize) -> Self {
        let spool = path.root().unwrap_or(Path::new(SPOOL)).to_owned();
        let cache = Mutex::new(Cache::new(messages_max));
        let shared = Shared { path, names: NameMaker::new(host), locks: LockTable::default(), cache, spool };
        Self { shared: Arc::new(shared) }
    }

    /// Begins a delivery that can be repeated: whoever holds a message of this UUID already does not get it twice.
    pub fn deliver_as(&self, uuid: Uuid) -> MaildirDelivery {
        MaildirDelivery::new(Arc::clone(&self.shared), uuid, delivery::Repeats::Expected)
    }

    /// Begins to put many messages into one Maildir. Blocks.
    pub fn import(&self, user: &User) -> Result<Import, ImportError> {
        Import::begin(Arc::clone(&self.shared), user)
    }
}

impl Store for MaildirStore {
    type Maildrop = MaildirMaildrop;
    type Delivery = MaildirDelivery;

    async fn open(&self, user: &User) -> Result<MaildirMaildrop, OpenError> {
        let path = self.shared.path.of(user).map_err(|error| OpenError::Damaged(error.into()))?;
        let begun = match self.shared.open_at_once(&path)? {
            AtOnce::Open(session) => return Ok(MaildirMaildrop { session: Arc::new(session) }),
            AtOnce::Not(begun) => begun,
        };
        let shared = Arc::clone(&self.shared);
        // If nobody waits for it any more, the session is dropped where it was made, and its lock with it.
        let opened = tokio::task::spawn_blocking(move || shared.open(&path, begun)).await;
        let session = opened.map_err(|error| OpenError::Unavailable(error.into()))??;
        Ok(MaildirMaildrop { session: Arc::new(session) })
    }

    async fn deliver(&self) -> Result<MaildirDelivery, DeliverError> {
        Ok(MaildirDelivery::new(Arc::clone(&self.shared), name::fresh(), delivery::Repeats::Impossible))
    }
}

/// What came of opening a Maildir without waiting.
enum AtOnce {
    /// It has not changed since it was listed.
    Open(Session),
    /// There is more to do, by somebody who may wait; this much is done.
    Not(Option<(Folder, Lock)>),
}

impl Shared {
    /// Most clients come again before anything has changed: a handful of system calls, and none that could wait for a
    /// disk, on the thread that serves the session.
    fn open_at_once(&self, path: &Path) -> Result<AtOnce, OpenError> {
        let Some(listed) = self.cache().find(path) else { return Ok(AtOnce::Not(None)) };
        let Ok(root) = Folder::open_cached(path) else { return Ok(AtOnce::Not(None)) };
        let lock = match self.locks.lock(&root) {
            Ok(lock) => lock,
            Err(NotLocked::InUse) => return Err(OpenError::InUse),
            Err(NotLocked::Failed(_)) => return Ok(AtOnce::Not(None)),
        };
        if listed.is_current_at_once(&root) {
            return Ok(AtOnce::Open(Session::new(root, Arc::clone(&listed.snapshot), lock)));
        }
        Ok(AtOnce::Not(Some((root, lock))))
    }

    fn open(&self, path: &Path, begun: Option<(Folder, Lock)>) -> Result<Session, OpenError> {
        let (root, lock) = match begun {
            Some(begun) => begun,
            None => {
                let root = Folder::make(path).map_err(unopened)?;
                let lock = self.locks.lock(&root).map_err(|error| match error {
                    NotLocked::InUse => OpenError::InUse,
                    NotLocked::Failed(error) => unopened(error),
                })?;
                (root, lock)
            }
        };
        let folders = Folders::within(root).map_err(unopened)?;
        let listed = self.list(&folders).map_err(unopened)?;
        Ok(Session::new(folders.root, Arc::clone(&listed.snapshot), lock))
    }

    fn list(&self, folders: &Folders) -> io::Result<Arc<Listed>> {
        let path = folders.root.path();
        let earlier = self.cache().find(path);
        let listed = match earlier {
            Some(earlier) if earlier.is_current(folders)? => {
                if !earlier.snapshot.is_corrected() {
                    return Ok(earlier);
                }
                earlier.corrected()?
            }
            Some(earlier) => Listed::take(folders, &self.names, Some(&earlier.snapshot))?,
            None => Listed::take(folders, &self.names, None)?,
        };
        let listed = Arc::new(listed);
        self.cache().keep(path, &listed);
        Ok(listed)
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        // A panic in between could at worst leave a Maildir to be listed anew.
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One opened Maildir.
#[derive(Debug)]
pub struct MaildirMaildrop {
    session: Arc<Session>,
}

impl Maildrop for MaildirMaildrop {
    type Reader = Reader;

    fn listing(&self) -> &Arc<Listing> {
        self.session.snapshot.listing()
    }

    async fn read(&self, index: usize) -> Result<Message<Reader>, ReadError> {
        reader::read(&self.session, index).await
    }

    async fn update(self, outcome: Outcome) -> Result<(), UpdateError> {
        if update::is_done(&self.session, &outcome) {
            return Ok(());
        }
        let updated = tokio::task::spawn_blocking(move || update::update(&self.session, &outcome)).await;
        updated.map_err(|error| UpdateError::Incomplete(error.into()))?
    }
}

/// A unique-id as a delivery into a Maildir would get it.
pub(crate) fn native_unique_id() -> UniqueId {
    name::unique_id_of(name::fresh())
}

/// Whether trying again is pointless as long as nobody mends the file system.
fn is_lasting(error: &io::Error) -> bool {
    let lasting = [Errno::ACCESS, Errno::PERM, Errno::LOOP, Errno::NOTDIR, Errno::ISDIR, Errno::ROFS, Errno::NXIO];
    let lasting = lasting.iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()));
    lasting || matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput)
}

fn unopened(error: io::Error) -> OpenError {
    if is_lasting(&error) { OpenError::Damaged(error.into()) } else { OpenError::Unavailable(error.into()) }
}

fn undelivered(error: io::Error) -> DeliverError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => DeliverError::Full(error.into()),
        _ => DeliverError::Unavailable(error.into()),
    }
}

fn unavailable(error: impl Into<Cause>) -> DeliverError {
    DeliverError::Unavailable(error.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_apart_from_other_trouble() {
        for full in [Errno::NOSPC, Errno::DQUOT] {
            assert!(matches!(undelivered(full.into()), DeliverError::Full(_)));
        }
        assert!(matches!(undelivered(Errno::IO.into()), DeliverError::Unavailable(_)));
        assert!(matches!(unopened(Errno::IO.into()), OpenError::Unavailable(_)));
        assert!(matches!(unopened(Errno::ACCESS.into()), OpenError::Damaged(_)));
    }
}
