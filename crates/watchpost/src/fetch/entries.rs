//! What is known of the messages that were fetched: some forty-five octets for each beside its unique-id, since a maildrop
//! may have a million of them.

use std::collections::HashMap;

use super::fingerprint::{Fingerprint, Print};
use super::journal::{Entry, Fate};
use super::table::{Pages, Table, Texts};

/// Octets alone, so that nothing is lost between them.
#[derive(Clone, Copy, Debug)]
struct Slot {
    header: Print,
    whole: Print,
    /// What LIST announced; what is larger than a terabyte is all the same, and is compared octet for octet then.
    listed: [u8; 5],
    state: State,
    key: [u8; 4],
    /// Since 1970.
    seconds: [u8; 4],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Listed,
    Deleted,
    Gone,
    /// The same three, of messages that another program fetched.
    ListedUnseen,
    DeletedUnseen,
    GoneUnseen,
    /// Nothing is known any more.
    Forgotten,
}

impl State {
    fn of(entry: &Entry) -> Self {
        match (entry.fate, entry.prints) {
            (Fate::Listed, Some(_)) => Self::Listed,
            (Fate::Deleted, Some(_)) => Self::Deleted,
            (Fate::Gone(_), Some(_)) => Self::Gone,
            (Fate::Listed, None) => Self::ListedUnseen,
            (Fate::Deleted, None) => Self::DeletedUnseen,
            (Fate::Gone(_), None) => Self::GoneUnseen,
        }
    }
}

/// Entries by their keys.
#[derive(Clone, Debug, Default)]
pub struct Entries {
    slots: Pages<Slot>,
    keys: Texts,
    table: Table,
    /// Since when those are gone that are.
    gone: HashMap<u32, u64>,
    forgotten: usize,
}

impl Entries {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.slots.len() - self.forgotten
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What is known by this key.
    pub fn get(&self, key: &str) -> Option<Entry> {
        self.find(key).map(|index| self.entry(index))
    }

    /// Whether anything is known by this key.
    pub fn contains_key(&self, key: &str) -> bool {
        self.find(key).is_some()
    }

    /// Writes down what is known by this key now.
    pub fn insert(&mut self, key: &str, entry: &Entry) {
        if let Some(index) = self.find(key) {
            self.slots[index] = self.slot(index, entry, self.slots[index].key);
            return;
        }
        if self.table.is_full() {
            self.make_room(self.slots.len() / 2);
        }
        // More than four gigabytes of keys: no honest server needs them, and what is left out is fetched again.
        let Some(place) = self.keys.add(key) else { return };
        let index = self.slots.len();
        let slot = self.slot(index, entry, place.to_le_bytes());
        self.slots.push(slot);
        self.table.add(key, index);
    }

    /// Forgets what is known by this key.
    pub fn remove(&mut self, key: &str) {
        if let Some(index) = self.find(key) {
            self.slots[index].state = State::Forgotten;
            self.forgotten += 1;
        }
    }

    /// Something became of the message on the server.
    pub fn change(&mut self, key: &str, fate: Fate) {
        if let Some(index) = self.find(key) {
            let entry = Entry { fate, ..self.entry(index) };
            self.slots[index] = self.slot(index, &entry, self.slots[index].key);
        }
    }

    /// All of them, in no order that means anything.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Entry)> {
        self.iter_from(0).map(|(_, key, entry)| (key, entry))
    }

    /// Those from a place on, each with its place: a walk may be interrupted by changes.
    pub fn iter_from(&self, place: usize) -> impl Iterator<Item = (usize, &str, Entry)> {
        let known = |index: &usize| self.slots[*index].state != State::Forgotten;
        (place..self.slots.len()).filter(known).map(|index| (index, self.key(index), self.entry(index)))
    }

    /// Forgets those that need not be kept.
    pub fn retain(&mut self, keep: impl Fn(&str, &Entry) -> bool) {
        if self.iter().any(|(key, entry)| !keep(key, &entry)) {
            self.rebuild(keep, 0);
        }
    }

    /// So many more will come: room for them is made at once, and no more than that.
    pub fn expect(&mut self, more: usize) {
        if !self.table.has_room_for(more) {
            self.make_room(more);
        }
    }

    /// Room for at least so many more, and without those that were forgotten.
    fn make_room(&mut self, more: usize) {
        if self.forgotten > 0 {
            self.rebuild(|_, _| true, more);
            return;
        }
        // The old table goes before the new one comes.
        self.table = Table::default();
        self.table = Table::of(self.slots.len() + more);
        for index in 0..self.slots.len() {
            self.table.add(key_at(&self.keys, &self.slots[index]), index);
        }
    }

    /// Everything anew.
    fn rebuild(&mut self, keep: impl Fn(&str, &Entry) -> bool, more: usize) {
        let mut anew = Self { table: Table::of(self.len() + more), ..Self::default() };
        self.iter().filter(|(key, entry)| keep(key, entry)).for_each(|(key, entry)| anew.insert(key, &entry));
        *self = anew;
    }

    fn find(&self, key: &str) -> Option<usize> {
        let is = |index: usize| self.slots[index].state != State::Forgotten && self.key(index) == key;
        self.table.find(key, is)
    }

    fn key(&self, index: usize) -> &str {
        key_at(&self.keys, &self.slots[index])
    }

    fn slot(&mut self, index: usize, entry: &Entry, key: [u8; 4]) -> Slot {
        let index = u32::try_from(index).unwrap_or_default();
        match entry.fate {
            Fate::Gone(since) => drop(self.gone.insert(index, since)),
            Fate::Listed | Fate::Deleted => drop(self.gone.remove(&index)),
        }
        let prints = entry.prints.unwrap_or(Fingerprint { header: Print::NONE, whole: Print::NONE, listed: 0 });
        let mut listed = [0; 5];
        listed.copy_from_slice(&prints.listed.min((1 << 40) - 1).to_le_bytes()[..5]);
        let seconds = u32::try_from(entry.seconds).unwrap_or(u32::MAX).to_le_bytes();
        Slot { header: prints.header, whole: prints.whole, listed, state: State::of(entry), key, seconds }
    }

    fn entry(&self, index: usize) -> Entry {
        let slot = &self.slots[index];
        let since = || u32::try_from(index).ok().and_then(|index| self.gone.get(&index).copied()).unwrap_or_default();
        let mut listed = [0; 8];
        listed[..slot.listed.len()].copy_from_slice(&slot.listed);
        let listed = u64::from_le_bytes(listed);
        let prints = Fingerprint { header: slot.header, whole: slot.whole, listed };
        let (prints, fate) = match slot.state {
            State::Listed => (Some(prints), Fate::Listed),
            State::Deleted => (Some(prints), Fate::Deleted),
            State::Gone => (Some(prints), Fate::Gone(since())),
            State::ListedUnseen | State::Forgotten => (None, Fate::Listed),
            State::DeletedUnseen => (None, Fate::Deleted),
            State::GoneUnseen => (None, Fate::Gone(since())),
        };
        Entry { prints, seconds: u64::from(u32::from_le_bytes(slot.seconds)), fate }
    }
}

fn key_at<'a>(keys: &'a Texts, slot: &Slot) -> &'a str {
    keys.at(u32::from_le_bytes(slot.key)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::super::fingerprint::Fingerprinter;
    use super::*;

    fn entry(number: u64) -> Entry {
        let mut prints = Fingerprinter::default();
        prints.push(&number.to_le_bytes());
        let fate = [Fate::Listed, Fate::Deleted, Fate::Gone(number)][usize::try_from(number % 3).unwrap()];
        let prints = (!number.is_multiple_of(5)).then(|| prints.finish(number << 20));
        Entry { prints, seconds: number, fate }
    }

    proptest! {
        #[test]
        fn it_is_a_map(deeds in prop::collection::vec((0_u8..4, 0_u16..40, 0_u64..1000), 0..400)) {
            let (mut ours, mut map) = (Entries::default(), HashMap::<String, Entry>::new());
            for (deed, key, number) in deeds {
                let key = format!("key-{key}");
                match deed {
                    0 | 1 => {
                        ours.insert(&key, &entry(number));
                        map.insert(key, entry(number));
                    }
                    2 => {
                        ours.remove(&key);
                        map.remove(&key);
                    }
                    _ => {
                        ours.change(&key, Fate::Gone(number));
                        map.entry(key).and_modify(|entry| entry.fate = Fate::Gone(number));
                    }
                }
            }
            ours.retain(|_, entry| entry.seconds % 7 != 0);
            map.retain(|_, entry| entry.seconds % 7 != 0);
            prop_assert_eq!(ours.len(), map.len());
            for key in (0..40).map(|key| format!("key-{key}")) {
                prop_assert_eq!(ours.get(&key), map.get(&key).copied());
            }
            let all: HashMap<String, Entry> = ours.iter().map(|(key, entry)| (key.to_owned(), entry)).collect();
            prop_assert_eq!(all, map);
        }
    }

    #[test]
    fn a_message_costs_less_than_forty_eight_octets_beside_its_key() {
        // G5: with what the listing needs, at most 100 for each message of a maildrop.
        let mut entries = Entries::default();
        for number in 0..200_000 {
            entries.insert(&format!("{number:016}"), &entry(1));
        }
        assert_eq!(size_of::<Slot>(), 38);
        let each = (entries.slots.octets() + entries.keys.octets() + entries.table.octets()) / 200_000;
        assert!(each - 16 < 48, "{each}");
    }
}
