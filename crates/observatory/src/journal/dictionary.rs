//! Texts that come again and again, each once.
//!
//! Numbers are given in memory and written with the rows that use them, in one transaction: a transaction that fails
//! leaves no row with a number that nobody can read.

use std::collections::HashMap;
use std::net::SocketAddr;

use rusqlite::{Connection, OptionalExtension as _, params};
use smallvec::SmallVec;

use crate::event::Port;
use crate::table::HashKey;

/// Octets of a text in the dictionary at the most; longer ones stand where they occur.
pub(super) const TEXT_MAX: usize = 128;
/// Texts remembered in memory; beyond it the memory begins anew, and the file is asked.
const REMEMBERED: usize = 1 << 15;

/// Places where clients come in, remembered as texts.
const LISTENERS: usize = 16;

/// Comes before a name that was tried, so that it is a word of its own and can go when its last session goes.
pub(super) const NAME: u8 = 1;

/// A name that was tried, as the dictionary has it.
pub(super) fn name_word(name: &[u8]) -> SmallVec<[u8; 64]> {
    let mut word = SmallVec::from_slice(&[NAME]);
    word.extend_from_slice(&name[..name.len().min(TEXT_MAX - 1)]);
    word
}

/// The writer's side: gives numbers, and notes the day of use, so that what nobody uses any more can go.
#[derive(Debug)]
pub(super) struct Dictionary {
    /// Strangers choose the texts: the key is another one in each process.
    known: HashMap<Box<[u8]>, (i64, i64), HashKey>,
    next: i64,
    fresh: Vec<(i64, Box<[u8]>, i64)>,
    used: Vec<(i64, i64)>,
    /// The texts of our own addresses.
    listeners: Vec<(Listener, Box<[u8]>)>,
}

/// An address of ours, and what is spoken there.
type Listener = (SocketAddr, Port);

impl Default for Dictionary {
    fn default() -> Self {
        let known = HashMap::with_hasher(HashKey::any());
        Self { known, next: 0, fresh: Vec::new(), used: Vec::new(), listeners: Vec::new() }
    }
}

impl Dictionary {
    /// The dictionary of a file.
    pub(super) fn of(connection: &Connection) -> rusqlite::Result<Self> {
        let next = connection.query_row("SELECT coalesce(max(id), 0) + 1 FROM word", [], |row| row.get(0))?;
        Ok(Self { next, ..Self::default() })
    }

    /// The number of a text, as it is in use on this day. `None`: too long, or the file cannot be read.
    pub(super) fn number(&mut self, connection: &Connection, text: &[u8], day: i64) -> Option<i64> {
        if text.len() > TEXT_MAX {
            return None;
        }
        if let Some((id, seen)) = self.known.get_mut(text) {
            if *seen < day {
                *seen = day;
                self.used.push((*id, day));
            }
            return Some(*id);
        }
        let stored = find(connection, text).ok()?;
        let (id, seen) = stored.unwrap_or((self.next, day));
        if stored.is_none() {
            self.fresh.push((id, text.into(), day));
            self.next += 1;
        } else if seen < day {
            self.used.push((id, day));
        }
        self.known.insert(text.into(), (id, seen.max(day)));
        Some(id)
    }

    /// The number of a place where clients come in.
    pub(super) fn listener(&mut self, connection: &Connection, local: (SocketAddr, Port), day: i64) -> Option<i64> {
        if let Some(place) = self.listeners.iter().position(|(known, _)| *known == local) {
            let text = std::mem::take(&mut self.listeners[place].1);
            let number = self.number(connection, &text, day);
            self.listeners[place].1 = text;
            return number;
        }
        let protocol = if local.1 == Port::Pop3s { "pop3s" } else { "pop3" };
        let text = format!("{protocol} {}", local.0).into_bytes().into_boxed_slice();
        let number = self.number(connection, &text, day);
        if self.listeners.len() < LISTENERS {
            self.listeners.push((local, text));
        }
        number
    }

    /// Writes what is new, within the transaction of the rows that use it.
    pub(super) fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        let mut add = connection.prepare_cached("INSERT INTO word (id, text, day) VALUES (?1, ?2, ?3)")?;
        for (id, text, day) in &self.fresh {
            add.execute(params![id, text, day])?;
        }
        let mut touch = connection.prepare_cached("UPDATE word SET day = ?2 WHERE id = ?1 AND day < ?2")?;
        for (id, day) in &self.used {
            touch.execute([id, day])?;
        }
        Ok(())
    }

    /// The transaction was committed.
    pub(super) fn written(&mut self) {
        self.fresh.clear();
        self.used.clear();
        if self.known.len() >= REMEMBERED {
            self.known.clear();
        }
    }

    /// Whether something is to be written.
    pub(super) fn has_news(&self) -> bool {
        !(self.fresh.is_empty() && self.used.is_empty())
    }

    /// Words were removed from the file.
    pub(super) fn forget(&mut self) {
        self.known.clear();
        self.known.extend(self.fresh.iter().map(|(id, text, day)| (text.clone(), (*id, *day))));
    }
}

fn find(connection: &Connection, text: &[u8]) -> rusqlite::Result<Option<(i64, i64)>> {
    let mut find = connection.prepare_cached("SELECT id, day FROM word WHERE text = ?1")?;
    find.query_row([text], |row| Ok((row.get(0)?, row.get(1)?))).optional()
}
