//! Texts that come again and again, each once.
//!
//! Numbers are given in memory and written with the rows that use them, in one transaction: a transaction that fails
//! leaves no row with a number that nobody can read.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _, params};

/// Octets of a text in the dictionary at the most; longer ones stand where they occur.
pub(super) const TEXT_MAX: usize = 128;
/// Texts remembered in memory; beyond it the memory begins anew, and the file is asked.
const REMEMBERED: usize = 1 << 15;

/// Comes before a name that was tried, so that it is a word of its own and can go when its last session goes.
pub(super) const NAME: u8 = 1;

/// A name that was tried, as the dictionary has it.
pub(super) fn name_word(name: &[u8]) -> Vec<u8> {
    let mut word = vec![NAME];
    word.extend_from_slice(&name[..name.len().min(TEXT_MAX - 1)]);
    word
}

/// The writer's side: gives numbers, and notes the day of use, so that what nobody uses any more can go.
#[derive(Debug, Default)]
pub(super) struct Dictionary {
    known: HashMap<Box<[u8]>, (i64, i64)>,
    next: i64,
    fresh: Vec<(i64, Box<[u8]>, i64)>,
    used: Vec<(i64, i64)>,
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
        let known = match self.known.get(text) {
            Some(known) => Some(*known),
            None => find(connection, text).ok()?,
        };
        let (id, seen) = known.unwrap_or((self.next, day));
        if known.is_none() {
            self.fresh.push((id, text.into(), day));
            self.next += 1;
        } else if seen < day {
            self.used.push((id, day));
        }
        if known.is_none() || seen < day || !self.known.contains_key(text) {
            self.known.insert(text.into(), (id, seen.max(day)));
        }
        Some(id)
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
        let fresh = self.fresh.iter().map(|(id, text, day)| (text.clone(), (*id, *day)));
        self.known = fresh.collect();
    }
}

fn find(connection: &Connection, text: &[u8]) -> rusqlite::Result<Option<(i64, i64)>> {
    let mut find = connection.prepare_cached("SELECT id, day FROM word WHERE text = ?1")?;
    find.query_row([text], |row| Ok((row.get(0)?, row.get(1)?))).optional()
}
