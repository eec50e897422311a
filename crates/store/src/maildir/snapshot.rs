//! A Maildir as it was when it was listed: shared by the cache and the session, 25 octets a message beside its
//! unique-id and its name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use watchpost_proto::planted::planted;
use watchpost_proto::{Listing, ListingFull, Sizes, UniqueId};

use super::file::{Inode, Stamp};
use super::name::claimed;

/// Which folder of the Maildir a message lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Subfolder {
    /// `cur/`: somebody has listed it. Stands first: of two files with one name, this one keeps the unique-id.
    Cur,
    /// `new/`: nobody has.
    New,
}

impl Subfolder {
    /// As it is called within the Maildir.
    pub(super) const fn name(self) -> &'static [u8] {
        match self {
            Self::Cur => b"cur",
            Self::New => b"new",
        }
    }
}

/// Where a message lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) subfolder: Subfolder,
    pub(super) name: Vec<u8>,
}

/// All messages of a Maildir, in the order of their message numbers.
#[derive(Debug, Default)]
pub(super) struct Snapshot {
    listing: Arc<Listing>,
    names: Vec<u8>,
    /// Where each name ends in `names`.
    ends: Vec<u32>,
    subfolders: Vec<Subfolder>,
    /// Which file each size was counted from; zero where nobody has counted.
    stamps: Vec<AtomicU64>,
    /// Sizes that the listing has wrong, found out when the messages were read.
    corrections: Mutex<BTreeMap<usize, Sizes>>,
    saved: Mutex<Saved>,
}

/// What each record of an index begins with.
pub(super) type Checksum = [u8; 16];

/// What makes sure that the file of an index is the one we know, to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct IndexFile {
    pub(super) inode: Inode,
    pub(super) length: u64,
    pub(super) last: Checksum,
    pub(super) records: u64,
}

/// How far the index has followed.
#[derive(Clone, Debug, Default)]
pub(super) struct Saved {
    /// The index, as it was when it was last read or written.
    pub(super) file: Option<IndexFile>,
    /// The messages before this index stand in it.
    pub(super) listed: usize,
    /// Of those, the ones whose size is another than it says.
    recounted: BTreeSet<usize>,
    /// Messages that this session has removed, ascending.
    pub(super) gone: Vec<usize>,
}

impl Saved {
    /// The index holds the first so many messages.
    pub(super) fn of(file: IndexFile, listed: usize) -> Self {
        Self { file: Some(file), listed, ..Self::default() }
    }

    /// What the index lacks of a listing with so many messages, ascending.
    pub(super) fn news(&self, messages: usize) -> Vec<usize> {
        let recounted = self.recounted.iter().copied().filter(|index| *index < self.listed);
        recounted.chain(self.listed..messages).filter(|index| !self.is_gone(*index)).collect()
    }

    /// Whether this session has removed the message.
    pub(super) fn is_gone(&self, index: usize) -> bool {
        self.gone.binary_search(&index).is_ok()
    }

    /// The same for a later listing, given the place that each of its messages had in this one.
    pub(super) fn renumbered(&self, places: &[Option<u32>]) -> Self {
        let earlier = |index: usize| places[index].map(|place| place as usize);
        let listed = (0..places.len()).filter(|index| earlier(*index).is_some_and(|place| place < self.listed)).count();
        let recounted = (0..places.len())
            .filter(|_| !self.recounted.is_empty())
            .filter(|index| earlier(*index).is_some_and(|place| self.recounted.contains(&place)))
            .collect();
        Self { file: self.file.clone(), listed, recounted, gone: Vec::new() }
    }
}

/// A size, and what it was counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) sizes: Sizes,
    /// Nothing, while it is only what the name claims.
    pub(super) counted: Option<Stamp>,
}

impl Snapshot {
    /// How many messages there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// What sessions see.
    pub(super) fn listing(&self) -> &Arc<Listing> {
        &self.listing
    }

    /// Where the message lay when the snapshot was taken.
    pub(super) fn place(&self, index: usize) -> (Subfolder, &[u8]) {
        let start = if index == 0 { 0 } else { self.ends[index - 1] as usize };
        (self.subfolders[index], &self.names[start..self.ends[index] as usize])
    }

    /// All file names by number.
    pub(super) fn names(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).map(|index| self.place(index).1)
    }

    /// The best that is known of the message's size.
    pub(super) fn size(&self, index: usize) -> Size {
        let corrected = self.corrections().get(&index).copied();
        let counted = Stamp::from_number(self.stamps[index].load(Ordering::Acquire));
        Size { sizes: corrected.unwrap_or_else(|| self.listing.sizes(index)), counted }
    }

    /// Keeps what a message was counted to have, for later sessions: this one's listing is fixed (RFC 1939 §4).
    pub(super) fn counted(&self, index: usize, sizes: Sizes, stamp: Stamp) {
        if planted("store.believes-wrong-w") {
            return;
        }
        let known = self.size(index);
        if known == (Size { sizes, counted: Some(stamp) }) {
            return;
        }
        let mut corrections = self.corrections();
        if sizes == self.listing.sizes(index) {
            corrections.remove(&index);
        } else {
            corrections.insert(index, sizes);
        }
        drop(corrections);
        self.stamps[index].store(stamp.number(), Ordering::Release);
        if claimed(self.place(index).1) != Some(sizes) {
            self.saved().recounted.insert(index);
        }
    }

    /// How far the index has followed.
    pub(super) fn saved(&self) -> MutexGuard<'_, Saved> {
        // Whatever a panic could leave here costs an index, which is written anew.
        self.saved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the index lacks something of this listing.
    pub(super) fn is_unsaved(&self) -> bool {
        let saved = self.saved();
        (saved.listed < self.len() || !saved.recounted.is_empty()) && !saved.news(self.len()).is_empty()
    }

    /// Whether a session has found a size that the listing has wrong.
    pub(super) fn is_corrected(&self) -> bool {
        !self.corrections().is_empty()
    }

    /// The same messages with the sizes that are known by now.
    pub(super) fn corrected(&self) -> Result<Self, ListingFull> {
        let mut listing = Listing::with_capacity(self.len());
        for index in 0..self.len() {
            let id = UniqueId::new(self.listing.unique_id(index)).expect("it comes from a listing");
            listing.push(self.size(index).sizes, &id)?;
        }
        let stamps = self.stamps.iter().map(|stamp| AtomicU64::new(stamp.load(Ordering::Acquire))).collect();
        let (names, ends, subfolders) = (self.names.clone(), self.ends.clone(), self.subfolders.clone());
        let saved = Mutex::new(self.saved().clone());
        Ok(Self { listing: Arc::new(listing), names, ends, subfolders, stamps, corrections: Mutex::default(), saved })
    }

    fn corrections(&self) -> MutexGuard<'_, BTreeMap<usize, Sizes>> {
        // One insertion or removal: nothing can be half-done.
        self.corrections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A snapshot in the making.
#[derive(Debug)]
pub(super) struct SnapshotBuilder {
    snapshot: Snapshot,
    listing: Listing,
}

impl SnapshotBuilder {
    /// With room for `count` messages whose names have `octets` in all.
    pub(super) fn with_capacity(count: usize, octets: usize) -> Self {
        let snapshot = Snapshot {
            names: Vec::with_capacity(octets),
            ends: Vec::with_capacity(count),
            subfolders: Vec::with_capacity(count),
            stamps: Vec::with_capacity(count),
            ..Snapshot::default()
        };
        Self { snapshot, listing: Listing::with_capacity(count) }
    }

    /// Adds the next message.
    pub(super) fn push(
        &mut self,
        subfolder: Subfolder,
        name: &[u8],
        size: Size,
        id: &UniqueId,
    ) -> Result<(), ListingFull> {
        let end = u32::try_from(self.snapshot.names.len() + name.len()).map_err(|_| ListingFull)?;
        self.listing.push(size.sizes, id)?;
        self.snapshot.names.extend_from_slice(name);
        self.snapshot.ends.push(end);
        self.snapshot.subfolders.push(subfolder);
        self.snapshot.stamps.push(AtomicU64::new(size.counted.map_or(0, Stamp::number)));
        Ok(())
    }

    /// The finished snapshot, and what the index holds of it.
    pub(super) fn finish(self, saved: Saved) -> Snapshot {
        Snapshot { listing: Arc::new(self.listing), saved: Mutex::new(saved), ..self.snapshot }
    }
}

#[cfg(test)]
mod tests {
    use watchpost_proto::Octets;

    use super::*;

    #[test]
    fn a_message_costs_less_than_forty_octets_beside_its_names() {
        let mut builder = SnapshotBuilder::with_capacity(0, 0);
        for number in 0..10_000 {
            let id = UniqueId::new(format!("{number:032}")).unwrap();
            let size = Size { sizes: Octets(number).into(), counted: None };
            builder.push(Subfolder::New, format!("{number:010}.M1P1.host").as_bytes(), size, &id).unwrap();
        }
        let snapshot = builder.finish(Saved::default());
        let place = size_of::<u32>() + size_of::<Subfolder>() + size_of::<AtomicU64>();
        let listed = size_of::<Octets>() + size_of::<u32>();
        assert_eq!(place + listed, 25);
        assert_eq!(snapshot.place(9_999), (Subfolder::New, b"0000009999.M1P1.host".as_slice()));
        assert_eq!(snapshot.names().map(<[u8]>::len).sum::<usize>(), snapshot.names.len());
    }
}
