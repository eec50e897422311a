//! Maildirs: one message, one file.
//!
//! ```text
//! Maildir/
//! ├── tmp/               deliveries under way
//! ├── new/               delivered, not yet listed by anyone
//! ├── cur/               listed; flags behind the `:` of the name
//! ├── .watchpost.lock    carries the lock of the session
//! ├── .watchpost.uidl    unique-ids that messages had on another server
//! └── .watchpost.index   sizes and order that the names do not tell; can be lost at any time
//! ```
//!
//! Names say almost everything: when a message came, its unique-id, its sizes. What they do not say is counted once,
//! kept in memory and written to the index behind the session's back. Other software may deliver, rename and remove
//! meanwhile.

mod cache;
mod delivery;
mod draft;
mod earlier;
mod file;
mod fnv;
mod folders;
mod housekeeping;
mod import;
mod imported;
mod index;
mod listing;
mod lock;
mod name;
mod path;
mod reader;
mod scan;
mod session;
mod snapshot;
mod survey;
mod update;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use rustix::io::Errno;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use uuid::Uuid;
use watchpost_proto::{Listing, Outcome, UniqueId};

use self::cache::Cache;
use self::draft::Draft;
use self::folders::Folders;
use self::housekeeping::{Chore, Housekeeping};
use self::listing::Listed;
use self::lock::{Lock, LockTable, NotLocked};
use self::name::NameMaker;
use self::session::Session;
use self::survey::Sweep;
use crate::disk::Folder;
use crate::{Cause, DeliverError, Maildrop, Message, OpenError, ReadError, Store, UpdateError, User};

pub use delivery::MaildirDelivery;
pub use import::{Import, ImportError, Put};
pub use path::{Homeless, MaildirPath, NotAMaildirPath};
pub use reader::Reader;

/// How many messages the listings kept in memory have in all, unless told otherwise.
const CACHED_MESSAGES_MAX: usize = 1_000_000;

/// A Maildir with so many messages of unknown size waits for its turn to be counted, so that a hundred of them do not
/// keep everybody else from the disk and from the threads.
const COUNTED_AT_ONCE: usize = 256;

/// How many Maildirs that are slow to count are counted at a time.
const COUNTINGS_MAX: usize = 2;

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
    countings: Semaphore,
    housekeeping: Housekeeping,
}

impl MaildirStore {
    /// The Maildirs at this path; `host` becomes part of the names of what is delivered.
    pub fn new(path: MaildirPath, host: &str) -> Self {
        Self::with_cached_messages(path, host, CACHED_MESSAGES_MAX)
    }

    /// Like [`MaildirStore::new`], with another bound for the listings kept in memory.
    pub fn with_cached_messages(path: MaildirPath, host: &str, messages_max: usize) -> Self {
        let spool = path.root().unwrap_or(Path::new(SPOOL)).to_owned();
        if let Err(error) = housekeeping::clear_spool(&spool) {
            tracing::debug!(%error, "cannot look through the spool");
        }
        let shared = Shared {
            path,
            names: NameMaker::new(host),
            locks: LockTable::default(),
            cache: Mutex::new(Cache::new(messages_max)),
            spool,
            countings: Semaphore::new(COUNTINGS_MAX),
            housekeeping: Housekeeping::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Waits until the indexes are written that sessions have left to be written: before the process ends, say.
    pub async fn finish_housekeeping(&self) {
        self.shared.housekeeping.finish().await;
    }

    /// Removes what was given up in the tmp/ of this Maildir 36 hours before `now`, and says how many files that were.
    /// Opening it does so twice a day. Blocks.
    pub fn sweep(&self, user: &User, now: SystemTime) -> Result<usize, OpenError> {
        let path = self.shared.path.of(user).map_err(|error| OpenError::Damaged(error.into()))?;
        let folders = Folders::make(&path).map_err(unopened)?;
        housekeeping::sweep(&folders.tmp, now).map_err(unopened)
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
        let opened = spawn_blocking(move || shared.open(&path, begun)).await;
        let session = match opened.map_err(|error| OpenError::Unavailable(error.into()))?? {
            Opened::Session(session) => session,
            Opened::Uncounted(uncounted) => {
                let _turn = self.shared.countings.acquire().await;
                let counted = spawn_blocking(move || uncounted.count()).await;
                counted.map_err(|error| OpenError::Unavailable(error.into()))??
            }
        };
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
    Not(Option<(Arc<Folder>, Lock)>),
}

/// How far a maildrop is opened.
enum Opened {
    Session(Session),
    Uncounted(Box<Uncounted>),
}

/// A locked Maildir with many messages whose sizes nobody knows.
struct Uncounted {
    shared: Arc<Shared>,
    folders: Arc<Folders>,
    lock: Lock,
    draft: Draft,
    sweep: Sweep,
}

impl Uncounted {
    fn count(self: Box<Self>) -> Result<Session, OpenError> {
        let listed = Arc::new(self.draft.finish(&self.folders).map_err(unopened)?);
        self.shared.cache().keep(self.folders.root.path(), &listed);
        // What was slow to count must not be lost if the session ends by a crash.
        let slow = listed.snapshot.len() >= COUNTED_AT_ONCE && listed.snapshot.is_unsaved();
        let unsaved = slow.then(|| Arc::clone(&listed.snapshot));
        if self.sweep == Sweep::Due || slow {
            let chore = Chore { root: Arc::clone(&self.folders.root), unsaved, sweep: self.sweep };
            housekeeping::put_off(&self.shared, chore);
        }
        Ok(Session::new(self.shared, Arc::clone(&self.folders.root), Arc::clone(&listed.snapshot), self.lock))
    }
}

impl Shared {
    /// Most clients come again before anything has changed: a handful of system calls, and none that could wait for a
    /// disk, on the thread that serves the session.
    fn open_at_once(self: &Arc<Self>, path: &Path) -> Result<AtOnce, OpenError> {
        let Some(listed) = self.cache().find(path) else { return Ok(AtOnce::Not(None)) };
        let Ok(root) = Folder::open_cached(path).map(Arc::new) else { return Ok(AtOnce::Not(None)) };
        let lock = match self.locks.lock(&root) {
            Ok(lock) => lock,
            Err(NotLocked::InUse) => return Err(OpenError::InUse),
            Err(NotLocked::Failed(_)) => return Ok(AtOnce::Not(None)),
        };
        if listed.is_current_at_once(&root) {
            return Ok(AtOnce::Open(Session::new(Arc::clone(self), root, Arc::clone(&listed.snapshot), lock)));
        }
        Ok(AtOnce::Not(Some((root, lock))))
    }

    fn open(self: Arc<Self>, path: &Path, begun: Option<(Arc<Folder>, Lock)>) -> Result<Opened, OpenError> {
        let (root, lock) = if let Some(begun) = begun {
            begun
        } else {
            let root = Arc::new(Folder::make(path).map_err(unopened)?);
            let lock = self.locks.lock(&root).map_err(|error| match error {
                NotLocked::InUse => OpenError::InUse,
                NotLocked::Failed(error) => unopened(error),
            })?;
            (root, lock)
        };
        let folders = Arc::new(Folders::within(root).map_err(unopened)?);
        let earlier = self.cache().find(path);
        if let Some(current) = self.current(earlier.as_ref(), &folders).map_err(unopened)? {
            return Ok(Opened::Session(Session::new(
                self,
                Arc::clone(&folders.root),
                Arc::clone(&current.snapshot),
                lock,
            )));
        }
        let (draft, sweep) = survey::take(&folders, &self.names, earlier).map_err(unopened)?;
        let slow = draft.uncounted() >= COUNTED_AT_ONCE;
        let uncounted = Box::new(Uncounted { shared: self, folders, lock, draft, sweep });
        if slow { Ok(Opened::Uncounted(uncounted)) } else { uncounted.count().map(Opened::Session) }
    }

    /// The listing in memory, if the Maildir still is as it was then.
    fn current(&self, earlier: Option<&Arc<Listed>>, folders: &Folders) -> io::Result<Option<Arc<Listed>>> {
        let Some(earlier) = earlier else { return Ok(None) };
        if !earlier.is_current(folders)? {
            return Ok(None);
        }
        if !earlier.snapshot.is_corrected() {
            return Ok(Some(Arc::clone(earlier)));
        }
        let corrected = Arc::new(earlier.corrected()?);
        self.cache().keep(folders.root.path(), &corrected);
        Ok(Some(corrected))
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
        let updated = spawn_blocking(move || update::update(&self.session, &outcome)).await;
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
