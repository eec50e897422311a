//! What STAT, LIST and UIDL say, put together and checked (C-030): a number of bytes per message, not of objects.

use std::collections::HashMap;

use watchpost_proto::{MessageNumber, Octets};

/// The server contradicts itself: a number twice, or one above the count of STAT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server's listings contradict each other (RFC 1939 §5)")]
pub struct Contradiction;

/// No size, no unique-id.
const NONE: u32 = u32::MAX;

/// The messages of a maildrop as one session sees them.
#[derive(Debug, Default)]
pub struct Listing {
    octets: Vec<Option<u64>>,
    /// Where in `ids` a unique-id begins, and how long it is.
    places: Vec<(u32, u16)>,
    ids: String,
}

impl Listing {
    /// Of so many messages, nothing else known yet.
    pub fn of(count: usize) -> Self {
        Self { octets: vec![None; count], places: vec![(NONE, 0); count], ids: String::new() }
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
        let place = self.octets.get_mut(number.index()).ok_or(Contradiction)?;
        if place.replace(octets.0).is_some() { Err(Contradiction) } else { Ok(()) }
    }

    /// A line of UIDL.
    pub fn unique_id(&mut self, number: MessageNumber, id: &str) -> Result<(), Contradiction> {
        let start = u32::try_from(self.ids.len()).ok().filter(|start| *start != NONE).ok_or(Contradiction)?;
        let length = u16::try_from(id.len()).map_err(|_| Contradiction)?;
        let place = self.places.get_mut(number.index()).ok_or(Contradiction)?;
        if place.0 != NONE {
            return Err(Contradiction);
        }
        *place = (start, length);
        self.ids.push_str(id);
        Ok(())
    }

    /// What LIST says of a message.
    pub fn octets(&self, index: usize) -> Option<u64> {
        self.octets[index]
    }

    /// What UIDL says of a message.
    pub fn id(&self, index: usize) -> Option<&str> {
        let (start, length) = self.places[index];
        (start != NONE).then(|| &self.ids[start as usize..start as usize + usize::from(length)])
    }

    /// All unique-ids, and how many messages have each.
    pub fn ids(&self) -> HashMap<&str, u32> {
        let mut counts = HashMap::with_capacity(self.len());
        for id in (0..self.len()).filter_map(|index| self.id(index)) {
            *counts.entry(id).or_insert(0) += 1;
        }
        counts
    }
}
