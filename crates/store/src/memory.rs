//! Maildrops in memory: the reference every other store is measured by, and what tests use.

use std::collections::{HashMap, HashSet};
use std::io::Cursor;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use watchpost_proto::{Listing, Outcome, Sizer, Sizes, UniqueId};

use crate::maildir::native_unique_id;
use crate::{DeliverError, Delivery, Maildrop, Message, OpenError, ReadError, Store, UpdateError, User, UserName};

/// Maildrops that end with the process. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    shelves: Arc<Mutex<Shelves>>,
}

#[derive(Debug, Default)]
struct Shelves {
    maildrops: HashMap<UserName, Vec<Stored>>,
    locked: HashSet<UserName>,
}

#[derive(Clone, Debug)]
struct Stored {
    id: UniqueId,
    sizes: Sizes,
    arrived: SystemTime,
    body: Arc<[u8]>,
}

impl MemoryStore {
    /// One without any message.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts messages into a maildrop, in this order.
    pub fn fill(&self, user: &User, messages: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Vec<UniqueId> {
        messages.into_iter().map(|message| self.put(user, message.as_ref().into())).collect()
    }

    fn put(&self, user: &User, body: Arc<[u8]>) -> UniqueId {
        let id = native_unique_id();
        let stored = Stored { id: id.clone(), sizes: Sizer::of(&body), arrived: SystemTime::now(), body };
        self.shelves().maildrops.entry(user.name.clone()).or_default().push(stored);
        id
    }

    fn shelves(&self) -> MutexGuard<'_, Shelves> {
        // No method leaves the shelves half-changed.
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    type Maildrop = MemoryMaildrop;
    type Delivery = MemoryDelivery;

    async fn open(&self, user: &User) -> Result<MemoryMaildrop, OpenError> {
        let mut shelves = self.shelves();
        let messages = shelves.maildrops.get(&user.name).cloned().unwrap_or_default();
        let mut listing = Listing::with_capacity(messages.len());
        for message in &messages {
            listing.push(message.sizes, &message.id).map_err(|error| OpenError::Damaged(error.into()))?;
        }
        if !shelves.locked.insert(user.name.clone()) {
            return Err(OpenError::InUse);
        }
        drop(shelves);
        Ok(MemoryMaildrop { store: self.clone(), name: user.name.clone(), listing: Arc::new(listing), messages })
    }

    async fn deliver(&self) -> Result<MemoryDelivery, DeliverError> {
        Ok(MemoryDelivery { store: self.clone(), body: Vec::new() })
    }
}

/// One opened maildrop of a [`MemoryStore`].
#[derive(Debug)]
pub struct MemoryMaildrop {
    store: MemoryStore,
    name: UserName,
    listing: Arc<Listing>,
    messages: Vec<Stored>,
}

impl Maildrop for MemoryMaildrop {
    type Reader = Cursor<Arc<[u8]>>;

    fn listing(&self) -> &Arc<Listing> {
        &self.listing
    }

    async fn read(&self, index: usize) -> Result<Message<Self::Reader>, ReadError> {
        let message = self.messages.get(index).ok_or(ReadError::Gone)?;
        let kept = self.store.shelves().maildrops.get(&self.name).is_some_and(|messages| holds(messages, &message.id));
        if !kept {
            return Err(ReadError::Gone);
        }
        let Stored { sizes, arrived, .. } = *message;
        Ok(Message { sizes, arrived, body: Cursor::new(Arc::clone(&message.body)) })
    }

    async fn update(self, outcome: Outcome) -> Result<(), UpdateError> {
        let removed: HashSet<&UniqueId> =
            outcome.removed.iter().filter_map(|index| self.messages.get(*index)).map(|message| &message.id).collect();
        if let Some(messages) = self.store.shelves().maildrops.get_mut(&self.name) {
            messages.retain(|message| !removed.contains(&message.id));
        }
        Ok(())
    }
}

impl Drop for MemoryMaildrop {
    fn drop(&mut self) {
        self.store.shelves().locked.remove(&self.name);
    }
}

fn holds(messages: &[Stored], id: &UniqueId) -> bool {
    messages.iter().any(|message| message.id == *id)
}

/// A message on its way into a [`MemoryStore`].
#[derive(Debug)]
pub struct MemoryDelivery {
    store: MemoryStore,
    body: Vec<u8>,
}

impl Delivery for MemoryDelivery {
    async fn write(&mut self, chunk: &[u8]) -> Result<(), DeliverError> {
        self.body.extend_from_slice(chunk);
        Ok(())
    }

    async fn commit(self, recipients: &[User]) -> Vec<Result<UniqueId, DeliverError>> {
        let body: Arc<[u8]> = self.body.into();
        recipients.iter().map(|user| Ok(self.store.put(user, Arc::clone(&body)))).collect()
    }
}
