//! Finds things by their names without keeping objects: five octets for each in a table, the things themselves packed
//! into pages, so that nothing is copied and nothing is kept in reserve while they become many.

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
        Self { places: vec![NONE; count * 5 / 4 + 8], used: 0, hasher: RandomState::new() }
    }

    /// Whether another thing needs a larger table.
    pub fn is_full(&self) -> bool {
        self.used * 5 >= self.places.len() * 4
    }

    /// Whether so many more things have room.
    pub fn has_room_for(&self, more: usize) -> bool {
        (self.used + more) * 5 <= self.places.len() * 4
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
        let size = self.places.len();
        // The upper half of the product: as even as the remainder, and no division.
        let product = u128::from(self.hasher.hash_one(name)) * size as u128;
        let start = usize::try_from(product >> 64).unwrap_or_default();
        (start..size).chain(0..start)
    }
}

/// Things one behind the other.
#[derive(Clone, Debug)]
pub struct Pages<T> {
    pages: Vec<Vec<T>>,
}

impl<T> Default for Pages<T> {
    fn default() -> Self {
        Self { pages: Vec::new() }
    }
}

impl<T> Pages<T> {
    const PAGE: usize = 1024;

    /// How many there are.
    pub fn len(&self) -> usize {
        self.pages.last().map_or(0, |last| (self.pages.len() - 1) * Self::PAGE + last.len())
    }

    /// Adds one.
    pub fn push(&mut self, thing: T) {
        match self.pages.last_mut() {
            Some(page) if page.len() < Self::PAGE => page.push(thing),
            _ => {
                let mut page = Vec::with_capacity(Self::PAGE);
                page.push(thing);
                self.pages.push(page);
            }
        }
    }
}

impl<T> std::ops::Index<usize> for Pages<T> {
    type Output = T;

    fn index(&self, index: usize) -> &T {
        &self.pages[index / Self::PAGE][index % Self::PAGE]
    }
}

impl<T> std::ops::IndexMut<usize> for Pages<T> {
    fn index_mut(&mut self, index: usize) -> &mut T {
        &mut self.pages[index / Self::PAGE][index % Self::PAGE]
    }
}

/// Texts one behind the other, each ended by what none holds.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    pages: Vec<Vec<u8>>,
}

impl Texts {
    /// Behind each text.
    const END: u8 = b'\n';
    const PAGE: usize = 1 << 16;
    /// No text has this place: it would stand behind four gigabytes of others.
    pub const NOWHERE: u32 = u32::MAX;

    /// Adds a text; its place. `None`: there are too many already.
    pub fn add(&mut self, text: &str) -> Option<u32> {
        let needed = text.len() + 1;
        if self.pages.last().is_none_or(|page| page.len() + needed > Self::PAGE) {
            self.pages.push(Vec::with_capacity(needed.max(Self::PAGE)));
        }
        let number = self.pages.len() - 1;
        let page = self.pages.last_mut()?;
        let place = u32::try_from(number * Self::PAGE + page.len()).ok().filter(|place| *place != Self::NOWHERE)?;
        page.extend_from_slice(text.as_bytes());
        page.push(Self::END);
        Some(place)
    }

    /// The text at a place.
    pub fn at(&self, place: u32) -> Option<&str> {
        let place = place as usize;
        let rest = self.pages.get(place / Self::PAGE)?.get(place % Self::PAGE..)?;
        let end = memchr::memchr(Self::END, rest)?;
        std::str::from_utf8(&rest[..end]).ok()
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

#[cfg(test)]
impl<T> Pages<T> {
    /// How much memory they take.
    pub fn octets(&self) -> usize {
        self.pages.iter().map(|page| page.capacity() * size_of::<T>()).sum()
    }
}

#[cfg(test)]
impl Texts {
    /// How much memory they take.
    pub fn octets(&self) -> usize {
        self.pages.iter().map(Vec::capacity).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_found_again() {
        let (mut texts, mut numbers, mut table) = (Texts::default(), Pages::default(), Table::of(9000));
        let long = "x".repeat(3 * Texts::PAGE);
        let text = |number: usize| if number == 7 { long.clone() } else { format!("text {number}") };
        for number in 0..9000 {
            numbers.push(texts.add(&text(number)).unwrap());
            table.add(&text(number), number);
        }
        assert!(table.is_full() == (9000 * 5 >= (9000 * 5 / 4 + 8) * 4) && numbers.len() == 9000);
        for number in 0..9000 {
            assert_eq!(texts.at(numbers[number]), Some(text(number).as_str()));
            let is = |index: usize| texts.at(numbers[index]) == Some(text(number).as_str());
            assert_eq!(table.find(&text(number), is), Some(number));
        }
        assert_eq!(table.find("another", |_| false), None);
        assert_eq!(texts.at(Texts::NOWHERE), None);
    }
}
