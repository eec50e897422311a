//! What STAT, LIST and UIDL say, put together and checked (C-030): a number of bytes per message, not of objects.

use std::collections::HashSet;

use watchpost_proto::{MessageNumber, Octets};

use super::table::{Table, Texts};

/// The server contradicts itself: a number twice, or one above the count of STAT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server's listings contradict each other (RFC 1939 §5)")]
pub struct Contradiction;

/// No size.
const UNSIZED: [u8; 5] = [u8::MAX; 5];

/// The messages of a maildrop as one session sees them: nine octets for each, and its unique-id.
#[derive(Debug, Default)]
pub struct Listing {
    /// A terabyte and more is all the same: no message may be so large.
    octets: Vec<[u8; 5]>,
    /// Where in `ids` a unique-id begins.
    places: Vec<u32>,
    ids: Texts,
}

impl Listing {
    /// Of so many messages, nothing else known yet.
    pub fn of(count: usize) -> Self {
        Self { octets: vec![UNSIZED; count], places: vec![Texts::NOWHERE; count], ids: Texts::default() }
    }

    /// How many messages there are.
    pub fn len(&self) -> usize {
        self.octets.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }

    /// A line of LIST.
    pub fn size(&mut self, number: MessageNumber, octets: Octets) -> Result<(), Contradiction> {
        let place = self.octets.get_mut(number.index()).filter(|place| **place == UNSIZED).ok_or(Contradiction)?;
        place.copy_from_slice(&octets.0.min((1 << 40) - 2).to_le_bytes()[..5]);
        Ok(())
    }

    /// A line of UIDL.
    pub fn unique_id(&mut self, number: MessageNumber, id: &str) -> Result<(), Contradiction> {
        let index = number.index();
        let place = self.places.get_mut(index).filter(|place| **place == Texts::NOWHERE).ok_or(Contradiction)?;
        *place = self.ids.add(id).ok_or(Contradiction)?;
        Ok(())
    }

    /// What LIST says of a message.
    pub fn octets(&self, index: usize) -> Option<u64> {
        let packed = self.octets[index];
        let mut octets = [0; 8];
        octets[..packed.len()].copy_from_slice(&packed);
        (packed != UNSIZED).then(|| u64::from_le_bytes(octets))
    }

    /// What UIDL says of a message.
    pub fn id(&self, index: usize) -> Option<&str> {
        self.ids.at(self.places[index])
    }

    /// All unique-ids, to be found.
    pub fn ids(&self) -> Ids<'_> {
        let mut ids = Ids { listing: self, table: Table::of(self.len()), shared: HashSet::new() };
        for (index, id) in (0..self.len()).filter_map(|index| Some((index, self.id(index)?))) {
            match ids.find(id) {
                Some(first) => drop(ids.shared.insert(first)),
                None => ids.table.add(id, index),
            }
        }
        ids
    }
}

/// The unique-ids of a listing.
pub struct Ids<'a> {
    listing: &'a Listing,
    table: Table,
    /// The first messages with unique-ids that others have too.
    shared: HashSet<usize>,
}

impl Ids<'_> {
    fn find(&self, id: &str) -> Option<usize> {
        self.table.find(id, |index| self.listing.id(index) == Some(id))
    }

    /// Whether a message has this unique-id.
    pub fn contains(&self, id: &str) -> bool {
        self.find(id).is_some()
    }

    /// Whether several messages have this unique-id.
    pub fn is_shared(&self, id: &str) -> bool {
        !self.shared.is_empty() && self.find(id).is_some_and(|first| self.shared.contains(&first))
    }
}
