//! What one session holds of a Maildir: its lock, its numbers, and where the messages have gone meanwhile.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::SystemTime;

#[cfg(feature = "planted")]
use watchpost_proto::planted::planted;

use super::folders::Folders;
use super::housekeeping::{Chore, put_off};
use super::listing::{Fingerprint, while_it_changes};
use super::lock::Lock;
use super::scan::each_name;
use super::snapshot::{Place, Snapshot, Subfolder};
use super::survey::Sweep;
use super::{Shared, name};
use crate::disk::Folder;

/// An opened Maildir. Dropping it removes nothing (RFC 1939 §6; P-012).
#[derive(Debug)]
pub(super) struct Session {
    shared: Arc<Shared>,
    pub(super) root: Arc<Folder>,
    /// Opened when they are needed: most sessions look into nothing.
    folders: OnceLock<Arc<Folders>>,
    pub(super) snapshot: Arc<Snapshot>,
    /// Messages whose flags or folder somebody else has changed since the listing.
    moved: Mutex<Option<Box<Moved>>>,
    /// Dropped last.
    _lock: Lock,
}

/// Where messages have gone, and how the Maildir was when that was found out.
#[derive(Debug)]
struct Moved {
    places: HashMap<usize, Place>,
    state: Fingerprint,
}

impl Session {
    pub(super) fn new(shared: Arc<Shared>, root: Arc<Folder>, snapshot: Arc<Snapshot>, lock: Lock) -> Self {
        Self { shared, root, folders: OnceLock::new(), snapshot, moved: Mutex::default(), _lock: lock }
    }

    /// The folders of the Maildir. Blocks when nobody has asked for them before.
    pub(super) fn folders(&self) -> io::Result<&Arc<Folders>> {
        if let Some(folders) = self.folders.get() {
            return Ok(folders);
        }
        let folders = Arc::new(Folders::within(Arc::clone(&self.root))?);
        Ok(self.folders.get_or_init(|| folders))
    }

    /// Notes which messages UPDATE has removed: the index needs nothing of them.
    pub(super) fn removed(&self, mut indexes: Vec<usize>) {
        indexes.sort_unstable();
        self.snapshot.saved().gone = indexes;
    }

    /// Where the message lies, as far as this session knows.
    pub(super) fn place(&self, index: usize) -> Place {
        if let Some(place) = self.moved().as_ref().and_then(|moved| moved.places.get(&index)) {
            return place.clone();
        }
        let (subfolder, name) = self.snapshot.place(index);
        Place { subfolder, name: name.to_vec() }
    }

    /// Reads new/ and cur/ again and notes every message that has another name now: a message is known by its base.
    pub(super) fn look_again(&self) -> io::Result<()> {
        let indexes: HashMap<&[u8], usize> = self.snapshot.names().map(name::base).zip(0..).collect();
        let mut places = HashMap::new();
        let folders = self.folders()?;
        let state = while_it_changes(folders, || {
            for subfolder in [Subfolder::New, Subfolder::Cur] {
                each_name(folders.subfolder(subfolder), |name| {
                    if let Some(index) = indexes.get(name::base(name))
                        && self.snapshot.place(*index) != (subfolder, name)
                    {
                        places.insert(*index, Place { subfolder, name: name.to_vec() });
                    }
                })?;
            }
            Ok(())
        })?;
        *self.moved() = Some(Box::new(Moved { places, state }));
        Ok(())
    }

    /// The same, unless nothing has changed since the last time: a client may ask for a message that is gone as often as
    /// it likes.
    pub(super) fn look_again_if_changed(&self) -> io::Result<()> {
        let known = self.moved().as_ref().map(|moved| moved.state);
        let now = Fingerprint::of(self.folders()?)?;
        if known == Some(now) && now.is_settled(SystemTime::now()) { Ok(()) } else { self.look_again() }
    }

    fn moved(&self) -> MutexGuard<'_, Option<Box<Moved>>> {
        // Whatever a panic could leave here is looked up again.
        self.moved.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        #[cfg(feature = "planted")]
        if planted("store.removes-without-quit") && self.snapshot.len() > 0 {
            let place = self.place(0);
            drop(self.folders().and_then(|folders| folders.subfolder(place.subfolder).unlink(&place.name)));
        }
        if self.snapshot.is_unsaved() {
            let (root, snapshot) = (Arc::clone(&self.root), Arc::clone(&self.snapshot));
            put_off(&self.shared, Chore { root, unsaved: Some(snapshot), sweep: Sweep::NotYet });
        }
    }
}
