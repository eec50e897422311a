//! A Maildir as it was when it was listed: shared by the cache and the session, 25 octets a message beside its
//! unique-id and its name.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use watchpost_proto::planted::planted;
use watchpost_proto::{Listing, ListingFull, Sizes, UniqueId};

use super::file::Stamp;
use super::name;

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
        let mut corrections = self.corrections();
        if sizes == self.listing.sizes(index) {
            corrections.remove(&index);
        } else {
            corrections.insert(index, sizes);
        }
        drop(corrections);
        self.stamps[index].store(stamp.number(), Ordering::Release);
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
        Ok(Self { listing: Arc::new(listing), names, ends, subfolders, stamps, corrections: Mutex::default() })
    }

    /// What is known of sizes, to be asked by base names.
    pub(super) fn known_sizes(&self) -> KnownSizes<'_> {
        let mut counted: Vec<u32> = (0_u32..)
            .zip(&self.stamps)
            .filter(|(_, stamp)| stamp.load(Ordering::Acquire) != 0)
            .map(|(index, _)| index)
            .collect();
        counted.sort_unstable_by_key(|index| self.base(*index));
        KnownSizes { snapshot: self, counted }
    }

    fn base(&self, index: u32) -> &[u8] {
        name::base(self.place(index as usize).1)
    }

    fn corrections(&self) -> MutexGuard<'_, BTreeMap<usize, Sizes>> {
        // One insertion or removal: nothing can be half-done.
        self.corrections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The counted sizes of an earlier snapshot.
#[derive(Debug)]
pub(super) struct KnownSizes<'a> {
    snapshot: &'a Snapshot,
    /// Messages that were counted, by base name.
    counted: Vec<u32>,
}

impl KnownSizes<'_> {
    /// What the message of this base name was counted to have.
    pub(super) fn of(&self, base: &[u8]) -> Option<Size> {
        let at = self.counted.binary_search_by_key(&base, |index| self.snapshot.base(*index)).ok()?;
        Some(self.snapshot.size(self.counted[at] as usize))
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

    /// The finished snapshot.
    pub(super) fn finish(self) -> Snapshot {
        Snapshot { listing: Arc::new(self.listing), ..self.snapshot }
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
        let snapshot = builder.finish();
        let place = size_of::<u32>() + size_of::<Subfolder>() + size_of::<AtomicU64>();
        let listed = size_of::<Octets>() + size_of::<u32>();
        assert_eq!(place + listed, 25);
        assert_eq!(snapshot.place(9_999), (Subfolder::New, b"0000009999.M1P1.host".as_slice()));
        assert_eq!(snapshot.names().map(<[u8]>::len).sum::<usize>(), snapshot.names.len());
    }
}
