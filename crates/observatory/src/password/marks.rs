//! Sets of things seen within a day, in tables of a fixed size.

use super::WINDOW_SECONDS;

/// Things that were seen: their hashes, and when last. When it is full, the one seen longest ago goes.
#[derive(Default)]
pub(super) struct Marks(Vec<Mark>);

#[derive(Clone, Copy)]
struct Mark {
    hash: u64,
    last: u32,
}

impl Mark {
    /// A clock that was set back makes nothing old.
    const fn is_fresh(self, now: u32) -> bool {
        now.saturating_sub(self.last) < WINDOW_SECONDS
    }
}

impl Marks {
    /// Marks it as seen now, among `limit` things at most. Whether it had been seen within a day.
    pub(super) fn mark(&mut self, hash: u64, now: u32, limit: usize) -> bool {
        if let Some(mark) = self.0.iter_mut().find(|mark| mark.hash == hash) {
            let fresh = mark.is_fresh(now);
            mark.last = now;
            return fresh;
        }
        let new = Mark { hash, last: now };
        if self.0.len() < limit {
            self.0.push(new);
        } else if let Some(oldest) = self.0.iter_mut().min_by_key(|mark| mark.last) {
            *oldest = new;
        }
        false
    }

    /// How many things were seen within a day.
    pub(super) fn count(&self, now: u32) -> usize {
        self.0.iter().filter(|mark| mark.is_fresh(now)).count()
    }
}

/// A table of so many entries and never more, found by hashes that only this process can compute.
pub(super) struct Table<V> {
    buckets: Vec<Vec<Slot<V>>>,
}

struct Slot<V> {
    hash: u64,
    last: u32,
    /// How often it was asked for.
    visits: u32,
    value: V,
}

/// Entries among which one makes room for a new one.
const WAYS: usize = 8;

impl<V: Default> Table<V> {
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self { buckets: (0..capacity.div_ceil(WAYS)).map(|_| Vec::new()).collect() }
    }

    /// The entry of this hash, new if need be. What makes room is an entry that was not asked for within a day, else
    /// the one that was asked for least, else the oldest: addresses that are used once push each other out, and nobody
    /// who comes back.
    pub(super) fn entry(&mut self, hash: u64, now: u32) -> &mut V {
        let count = self.buckets.len() as u64;
        let place = usize::try_from(hash % count).expect("it is less than a length");
        let bucket = &mut self.buckets[place];
        let slot = match bucket.iter().position(|slot| slot.hash == hash) {
            Some(found) => found,
            None if bucket.len() < WAYS => {
                bucket.push(Slot { hash, last: now, visits: 0, value: V::default() });
                bucket.len() - 1
            }
            None => {
                let rank = |slot: &Slot<V>| (now.saturating_sub(slot.last) < WINDOW_SECONDS, slot.visits, slot.last);
                let least = (0..WAYS).min_by_key(|place| rank(&bucket[*place])).expect("a bucket has room");
                bucket[least] = Slot { hash, last: now, visits: 0, value: V::default() };
                least
            }
        };
        let slot = &mut bucket[slot];
        slot.last = now;
        slot.visits = slot.visits.saturating_add(1);
        &mut slot.value
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.buckets.iter().map(Vec::len).sum()
    }
}
