//! What a session knows of its maildrop: sizes and unique-ids, in the order of the message numbers.

use std::fmt;

use crate::types::{MessageNumber, Octets, Sizes, UniqueId};

/// All messages of a maildrop as one session sees them (RFC 1939 §4): fixed at login, shared, never changed.
///
/// Sizes stand in one array and unique-ids in another, twelve octets a message beside the ids themselves,
/// so that a maildrop of a million messages is one megabyte, not a million small allocations.
#[derive(Clone, Default)]
pub struct Listing {
    octets: Vec<Octets>,
    /// Where each unique-id ends in `ids`.
    ends: Vec<u32>,
    ids: String,
    total: Octets,
    /// The few messages that have a surrogate, ascending, and how large it is.
    surrogates: Vec<(u32, Octets)>,
}

/// The listing would hold more messages, or longer unique-ids, than message numbers can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a maildrop can list at most 4294967294 messages")]
pub struct ListingFull;

impl Listing {
    /// An empty one with room for `count` messages.
    pub fn with_capacity(count: usize) -> Self {
        Self { octets: Vec::with_capacity(count), ends: Vec::with_capacity(count), ..Self::default() }
    }

    /// Adds the next message. Message numbers follow the order of these calls.
    pub fn push(&mut self, sizes: impl Into<Sizes>, id: &UniqueId) -> Result<(), ListingFull> {
        let Sizes { stored, surrogate } = sizes.into();
        MessageNumber::from_index(self.octets.len()).ok_or(ListingFull)?;
        let end = u32::try_from(self.ids.len() + id.as_str().len()).map_err(|_| ListingFull)?;
        self.ids.push_str(id.as_str());
        self.ends.push(end);
        if let Some(surrogate) = surrogate {
            let index = u32::try_from(self.octets.len()).map_err(|_| ListingFull)?;
            self.surrogates.push((index, surrogate));
        }
        self.octets.push(stored);
        self.total += stored;
        Ok(())
    }

    /// How many messages there are.
    pub fn len(&self) -> usize {
        self.octets.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }

    /// The sizes of the message at `index`.
    ///
    /// # Panics
    /// When there is no such message.
    pub fn sizes(&self, index: usize) -> Sizes {
        let place = self.surrogates.binary_search_by_key(&index, |(index, _)| *index as usize);
        Sizes { stored: self.octets[index], surrogate: place.ok().map(|place| self.surrogates[place].1) }
    }

    /// The size of the message at `index` as it is stored.
    ///
    /// # Panics
    /// When there is no such message.
    pub fn octets(&self, index: usize) -> Octets {
        self.octets[index]
    }

    /// The unique-id of the message at `index`, as UIDL shows it.
    ///
    /// # Panics
    /// When there is no such message.
    pub fn unique_id(&self, index: usize) -> &str {
        let start = if index == 0 { 0 } else { self.ends[index - 1] as usize };
        &self.ids[start..self.ends[index] as usize]
    }

    /// The sum of the sizes of all messages as they are stored.
    pub fn total(&self) -> Octets {
        self.total
    }
}

impl fmt::Debug for Listing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Listing")
            .field("messages", &self.len())
            .field("octets", &self.total)
            .finish_non_exhaustive()
    }
}

/// What a session leaves behind when it ends with QUIT (RFC 1939 §6): indexes into its [`Listing`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Messages marked as deleted, ascending.
    pub removed: Vec<usize>,
    /// Messages retrieved whole and kept, ascending (P-166).
    pub seen: Vec<usize>,
}
