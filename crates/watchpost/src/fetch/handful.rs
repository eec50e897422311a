//! What the session hands to the keeper at once: messages or pieces of them, in one buffer that comes back to be filled
//! again. To wake another thread for each message would cost more than to store it.

use super::plan::Doubt;

/// Octets that go to the keeper at once.
pub const HANDFUL: usize = 64 * 1024;

/// What the session brings.
pub enum Brought {
    /// A message begins.
    Begin {
        /// Its place in the listing.
        index: usize,
        /// Its unique-id; empty if it has none.
        id: String,
        /// What LIST announced.
        listed: u64,
        /// Why it may have been delivered already.
        doubt: Doubt,
    },
    /// Its next octets: so many of those that the handful has.
    Octets(usize),
    /// It is whole.
    End {
        /// Whether the server will send more.
        more: bool,
    },
    /// It will never be whole.
    GivenUp,
    /// It is one that was delivered under another unique-id: its header and size say so.
    Same {
        /// Its place in the listing.
        index: usize,
        /// Its unique-id.
        id: String,
        /// What the journal knew it by.
        old: Box<str>,
    },
    /// The server does not give it.
    Failed {
        /// Its unique-id.
        id: String,
    },
}

/// Things in the order in which they came.
#[derive(Default)]
pub struct Handful {
    /// Octets of all messages, one behind the other.
    pub octets: Vec<u8>,
    brought: Vec<Brought>,
    /// How many of the octets are accounted for.
    named: usize,
}

impl Handful {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.brought.is_empty() && self.octets.is_empty()
    }

    /// Adds something, behind the octets that came before it.
    pub fn add(&mut self, brought: Brought) {
        self.name_octets();
        self.brought.push(brought);
    }

    /// How many octets came since this was last asked, or something was added.
    pub fn name_octets(&mut self) -> usize {
        let new = self.octets.len() - self.named;
        match self.brought.last_mut() {
            _ if new == 0 => {}
            // However they are cut: a message of many small pieces must not take more room than one of few.
            Some(Brought::Octets(octets)) => *octets += new,
            _ => self.brought.push(Brought::Octets(new)),
        }
        self.named = self.octets.len();
        new
    }

    /// Gives out everything, with the octets where there are any, and is empty again.
    pub fn empty<E>(&mut self, mut take: impl FnMut(Brought, &[u8]) -> Result<(), E>) -> Result<(), E> {
        self.name_octets();
        let mut start = 0;
        let taken = self.brought.drain(..).try_for_each(|brought| {
            let length = if let Brought::Octets(length) = &brought { *length } else { 0 };
            let octets = &self.octets[start..start + length];
            start += length;
            take(brought, octets)
        });
        self.octets.clear();
        self.named = 0;
        taken
    }
}
