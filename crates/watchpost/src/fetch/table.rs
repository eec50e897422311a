//! Finds things by their names without keeping objects: four octets for each in a table, the things themselves packed.

use std::hash::{BuildHasher, RandomState};

/// An empty place.
const NONE: u32 = u32::MAX;

/// Where in a list things stand, by the hash of their names. Servers choose the names, so the hash is keyed.
#[derive(Clone, Debug, Default)]
pub struct Table {
    places: Vec<u32>,
    used: usize,
    hasher: RandomState,
}

impl Table {
    /// With room for so many things.
    pub fn of(count: usize) -> Self {
        Self { places: vec![NONE; (count * 5 / 4 + 8).next_power_of_two()], used: 0, hasher: RandomState::new() }
    }

    /// Whether another thing needs a larger table.
    pub fn is_full(&self) -> bool {
        self.used * 5 >= self.places.len() * 4
    }

    /// The thing with this name. `is`: whether the one at this place in the list has it.
    pub fn find(&self, name: &str, is: impl Fn(usize) -> bool) -> Option<usize> {
        if self.places.is_empty() {
            return None;
        }
        self.walk(name).map(|place| self.places[place]).take_while(|found| *found != NONE).find_map(|found| {
            let index = found as usize;
            is(index).then_some(index)
        })
    }

    /// Adds a thing that is not there yet. There must be room.
    pub fn add(&mut self, name: &str, index: usize) {
        let index = u32::try_from(index).expect("nobody has so many messages");
        let place = self.walk(name).find(|place| self.places[*place] == NONE);
        self.places[place.expect("there is room")] = index;
        self.used += 1;
    }

    fn walk(&self, name: &str) -> impl Iterator<Item = usize> + use<> {
        let mask = self.places.len() - 1;
        let start = usize::try_from(self.hasher.hash_one(name) & (mask as u64)).unwrap_or_default();
        (0..=mask).map(move |step| (start + step) & mask)
    }
}

/// Room for one more. Doubling would leave half of it unused.
pub fn reserve<T>(list: &mut Vec<T>, more: usize) {
    if list.capacity() - list.len() < more {
        list.reserve_exact((list.len() / 16).max(more).max(64));
    }
}

#[cfg(test)]
impl Table {
    /// How much memory it takes.
    pub fn octets(&self) -> usize {
        self.places.capacity() * size_of::<u32>()
    }
}
