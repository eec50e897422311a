//! What an earlier look at a Maildir knew: the order of its messages and what was counted.
//!
//! It comes from memory, or from the index where memory has nothing. Messages are found by the stems of their names.

use std::sync::Arc;

use watchpost_proto::UniqueId;

use super::fnv::fnv;
use super::index::Index;
use super::listing::Listed;
use super::name;
use super::snapshot::{Saved, Size};

/// An earlier listing, to be asked by stems.
#[derive(Debug)]
pub(super) struct Earlier {
    source: Source,
    /// The hash of each stem, ascending, and the place of the message.
    places: Vec<(u64, u32)>,
}

#[derive(Debug)]
enum Source {
    Memory(Arc<Listed>),
    Index(Index),
    Nothing,
}

impl Earlier {
    /// Nothing is known.
    pub(super) fn nothing() -> Self {
        Self { source: Source::Nothing, places: Vec::new() }
    }

    /// From a listing in memory.
    pub(super) fn listed(listed: Arc<Listed>) -> Self {
        let stems = listed.snapshot.names().map(|name| fnv(name::stem(name)));
        let places = sorted(stems.zip(0..).collect());
        Self { source: Source::Memory(listed), places }
    }

    /// From the index of the Maildir.
    pub(super) fn index(index: Index) -> Self {
        let places = sorted(index.stems().zip(0..).collect());
        Self { source: Source::Index(index), places }
    }

    /// The place that the message of this stem had.
    pub(super) fn place(&self, stem: &[u8]) -> Option<u32> {
        let stem = fnv(stem);
        let at = self.places.partition_point(|(known, _)| *known < stem);
        self.places.get(at).filter(|(known, _)| *known == stem).map(|(_, place)| *place)
    }

    /// What was counted of the message at this place.
    pub(super) fn size(&self, place: u32) -> Option<Size> {
        let size = match &self.source {
            Source::Memory(listed) => listed.snapshot.size(place as usize),
            Source::Index(index) => return index.size(place),
            Source::Nothing => return None,
        };
        size.counted.is_some().then_some(size)
    }

    /// The unique-id that a session has seen. The index knows none: to lose it must change nothing (P-182).
    pub(super) fn unique_id(&self, place: u32) -> Option<UniqueId> {
        let Source::Memory(listed) = &self.source else { return None };
        let id = listed.snapshot.listing().unique_id(place as usize);
        Some(UniqueId::new(id).expect("it comes from a listing"))
    }

    /// What the index holds of a new listing, given the place that each of its messages had before.
    pub(super) fn saved(&self, places: &[Option<u32>]) -> Saved {
        match &self.source {
            Source::Memory(listed) => listed.snapshot.saved().renumbered(places),
            Source::Index(index) => {
                let listed = places.iter().filter(|place| place.is_some()).count();
                Saved::of(index.file().clone(), listed)
            }
            Source::Nothing => Saved::default(),
        }
    }
}

fn sorted(mut places: Vec<(u64, u32)>) -> Vec<(u64, u32)> {
    places.sort_unstable();
    places
}
