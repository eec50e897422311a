//! Tables that cannot outgrow their places: the entry that was used least lately makes room.

use std::cell::Cell;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};

/// The key all hashing is done under, so that nobody who does not know it can choose what collides with what.
///
/// A replay that shall give the same verdicts takes the same key.
#[derive(Clone, Debug)]
pub struct HashKey {
    seed: u64,
    /// Where hashes for tables begin.
    begun: u64,
}

impl HashKey {
    /// Takes 16 octets that are secret.
    pub fn new(key: [u8; 16]) -> Self {
        let halves =
            key.chunks_exact(8).map(|half| half.iter().fold(0, |number, octet| number << 8 | u64::from(*octet)));
        let begun = halves.clone().fold(!0_u64, |begun, half| mixed(begun.wrapping_add(half)) ^ half);
        Self { seed: halves.fold(0, |seed, half| mixed(seed ^ half).wrapping_add(half)), begun }
    }

    /// One that nobody knows, and no replay has.
    pub(crate) fn any() -> Self {
        let random = RandomState::new();
        let halves = [random.hash_one(0_u8), random.hash_one(1_u8)].map(u64::to_be_bytes);
        let mut key = [0; 16];
        key.copy_from_slice(halves.as_flattened());
        Self::new(key)
    }

    /// A number that stands for these octets: FNV-1a under the key, then mixed. It is our own so that a journal gives
    /// the same verdicts under the next compiler too.
    pub fn mark(&self, octets: &[u8]) -> u64 {
        self.mark_of(octets.iter().copied())
    }

    /// [`HashKey::mark`] of octets that stand nowhere together.
    pub(crate) fn mark_of(&self, octets: impl Iterator<Item = u8>) -> u64 {
        let begun = 0xcbf2_9ce4_8422_2325 ^ self.seed;
        mixed(octets.fold(begun, |hash, octet| (hash ^ u64::from(octet)).wrapping_mul(0x100_0000_01b3)))
    }
}

impl BuildHasher for HashKey {
    type Hasher = KeyedHasher;

    fn build_hasher(&self) -> KeyedHasher {
        KeyedHasher(self.begun)
    }
}

/// Hashes keys of a few octets: addresses, marks, names of connections. SipHash costs ten times as much, and every
/// event looks into tables a dozen times. Whoever does not know where it begins cannot choose what collides: each step
/// is a bijection that depends on all that came before, and nothing that depends on a hash is ever shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyedHasher(u64);

impl Hasher for KeyedHasher {
    fn write(&mut self, octets: &[u8]) {
        let (eights, rest) = octets.as_chunks::<8>();
        for eight in eights {
            self.write_u64(u64::from_be_bytes(*eight));
        }
        if !rest.is_empty() {
            self.write_u64(rest.iter().fold(1, |number, octet| number << 8 | u64::from(*octet)));
        }
    }

    fn write_u8(&mut self, number: u8) {
        self.write_u64(number.into());
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(number.into());
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = mixed(self.0.rotate_left(23) ^ number);
    }

    fn write_u128(&mut self, number: u128) {
        #[expect(clippy::cast_possible_truncation, reason = "the other half follows")]
        self.write_u64(number as u64);
        self.write_u64((number >> 64) as u64);
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn finish(&self) -> u64 {
        mixed(self.0)
    }
}

/// Spreads a number over all its bits (the finish of SplitMix64).
pub(crate) const fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// No place.
const NOWHERE: u32 = u32::MAX;

#[derive(Clone, Debug)]
struct Place<K, V> {
    key: K,
    value: V,
    newer: u32,
    older: u32,
}

/// A map of at most so many entries. Which entry makes room depends on the order of use alone.
#[derive(Clone, Debug)]
pub(crate) struct Table<K, V> {
    index: HashMap<K, u32, HashKey>,
    places: Vec<Place<K, V>>,
    free: Vec<u32>,
    newest: u32,
    oldest: u32,
    most: usize,
    /// Where the key asked for last stands: events of one session come together, and ask for the same again and again.
    asked: Cell<u32>,
}

impl<K: Copy + Eq + Hash, V> Table<K, V> {
    pub(crate) fn new(most: usize, key: &HashKey) -> Self {
        Self {
            index: HashMap::with_hasher(key.clone()),
            places: Vec::new(),
            free: Vec::new(),
            newest: NOWHERE,
            oldest: NOWHERE,
            most: most.max(1),
            asked: Cell::new(NOWHERE),
        }
    }

    /// Octets the table itself has taken, without what its values point to.
    pub(crate) fn octets(&self) -> usize {
        self.places.capacity() * size_of::<Place<K, V>>()
            + self.index.capacity() * (size_of::<(K, u32)>() + 1) * 8 / 7
            + self.free.capacity() * 4
    }

    /// Where the key stands.
    fn find(&self, key: &K) -> Option<u32> {
        let asked = self.asked.get();
        if self.places.get(asked as usize).is_some_and(|place| place.key == *key) {
            return Some(asked);
        }
        let place = *self.index.get(key)?;
        self.asked.set(place);
        Some(place)
    }

    /// Looks without counting as use.
    pub(crate) fn peek(&self, key: &K) -> Option<&V> {
        self.find(key).map(|place| &self.places[place as usize].value)
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let place = self.find(key)?;
        self.touch(place);
        Some(&mut self.places[place as usize].value)
    }

    /// The entry, made where there is none; and what made room for it.
    pub(crate) fn entry(&mut self, key: K, fresh: impl FnOnce() -> V) -> (&mut V, Option<(K, V)>) {
        if let Some(place) = self.find(&key) {
            self.touch(place);
            return (&mut self.places[place as usize].value, None);
        }
        let fresh = Place { key, value: fresh(), newer: NOWHERE, older: NOWHERE };
        let (place, gone) = if let Some(place) = self.free.pop() {
            self.places[place as usize] = fresh;
            (place, None)
        } else if self.places.len() < self.most {
            self.places.push(fresh);
            (u32::try_from(self.places.len() - 1).expect("tables have fewer than 2^32 places"), None)
        } else {
            let place = self.oldest;
            self.unlink(place);
            let gone = std::mem::replace(&mut self.places[place as usize], fresh);
            self.index.remove(&gone.key);
            (place, Some((gone.key, gone.value)))
        };
        self.index.insert(key, place);
        self.asked.set(place);
        self.link(place);
        (&mut self.places[place as usize].value, gone)
    }

    /// Takes an entry out. Its place is used again.
    pub(crate) fn remove(&mut self, key: &K) -> Option<V>
    where
        V: Default,
    {
        let place = self.index.remove(key)?;
        // A free place keeps its key.
        self.asked.set(NOWHERE);
        self.unlink(place);
        self.free.push(place);
        Some(std::mem::take(&mut self.places[place as usize].value))
    }

    /// Every entry, the one used least lately first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        let mut next = self.oldest;
        std::iter::from_fn(move || {
            let place = self.places.get(next as usize)?;
            next = place.newer;
            Some((&place.key, &place.value))
        })
    }

    fn touch(&mut self, place: u32) {
        if self.newest != place {
            self.unlink(place);
            self.link(place);
        }
    }

    fn unlink(&mut self, place: u32) {
        let Place { newer, older, .. } = self.places[place as usize];
        match self.places.get_mut(newer as usize) {
            Some(place) => place.older = older,
            None => self.newest = older,
        }
        match self.places.get_mut(older as usize) {
            Some(place) => place.newer = newer,
            None => self.oldest = newer,
        }
    }

    fn link(&mut self, place: u32) {
        let older = self.newest;
        self.places[place as usize].older = older;
        self.places[place as usize].newer = NOWHERE;
        match self.places.get_mut(older as usize) {
            Some(older) => older.newer = place,
            None => self.oldest = place,
        }
        self.newest = place;
    }
}

/// A short list of at most `N`: the oldest makes room.
#[derive(Clone, Debug)]
pub(crate) struct Few<T, const N: usize>(Vec<T>);

impl<T, const N: usize> Default for Few<T, N> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T, const N: usize> Few<T, N> {
    pub(crate) fn push(&mut self, one: T) {
        if self.0.len() >= N {
            self.0.remove(0);
        }
        self.0.push(one);
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> std::slice::IterMut<'_, T> {
        self.0.iter_mut()
    }

    pub(crate) fn retain(&mut self, keep: impl FnMut(&T) -> bool) {
        self.0.retain(keep);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Octets it has taken beside itself.
    pub(crate) fn octets(&self) -> usize {
        self.0.capacity() * size_of::<T>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entry_used_least_lately_makes_room() {
        let mut table: Table<u32, u32> = Table::new(3, &HashKey::new([7; 16]));
        for number in 1..=3 {
            assert_eq!(table.entry(number, || number).1, None);
        }
        table.get_mut(&1);
        assert_eq!(table.peek(&2), Some(&2));
        assert_eq!(table.entry(4, || 4).1, Some((2, 2)));
        assert_eq!(table.remove(&3), Some(3));
        assert_eq!(table.entry(5, || 5).1, None);
        assert_eq!(table.entry(6, || 6).1, Some((1, 1)));
        assert_eq!(table.iter().map(|(key, _)| *key).collect::<Vec<_>>(), [4, 5, 6]);
        // What was asked for last is found at once, and not when it is gone.
        assert_eq!(table.peek(&6), Some(&6));
        assert_eq!(table.remove(&6), Some(6));
        assert_eq!(table.peek(&6), None);
        assert_eq!(table.entry(7, || 7).0, &mut 7);
        assert_eq!((table.peek(&6), table.peek(&7), table.peek(&4)), (None, Some(&7), Some(&4)));
    }

    #[test]
    fn marks_depend_on_the_key_and_on_nothing_else() {
        let key = HashKey::new([1; 16]);
        assert_eq!(key.mark(b"alice"), HashKey::new([1; 16]).mark(b"alice"));
        assert_ne!(key.mark(b"alice"), key.mark(b"alicf"));
        assert_ne!(key.mark(b"alice"), HashKey::new([2; 16]).mark(b"alice"));
    }
}
