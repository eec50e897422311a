//! Which sessions mention a name, or come from a source: one row for all of a batch that do.
//!
//! ```text
//! attempt   name   first   outcome   more      the sessions in which the name was tried, with this outcome
//! visit     day    source  first     more      the sessions that came from there on that day
//! ```
//!
//! `first` is the session's own, and `more` holds those of later sessions, each as its distance to the one before; NULL
//! where there are none. Under load hundreds of sessions share a row, and a session costs no row of its own.

use std::net::IpAddr;

use rusqlite::{Connection, OptionalExtension as _, params};
use watchpost_proto::planted::planted;

use super::db_values::{Address, address_of};
use super::octets::{Damaged, ascended, ascending};
use super::retention::coarse;

/// Sequences from the first session of a row to its last one at the most: who looks for a range begins so much earlier.
pub(super) const SPAN: i64 = 1 << 16;

/// The version of the file in which sessions share rows.
pub(super) const SHARED_SINCE: i64 = 5;

/// The fifth version of the file.
pub(super) const FIFTH: &str = "
    ALTER TABLE attempt ADD COLUMN more BLOB;
    CREATE TABLE visit (
        day INTEGER NOT NULL,
        source BLOB NOT NULL,
        first INTEGER NOT NULL,
        more BLOB,
        PRIMARY KEY (day, source, first)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO visit SELECT day, source, first, NULL FROM session WHERE length(source) > 0;
    DROP INDEX session_day_source;";

/// What sessions of a batch mention, before it is written.
#[derive(Debug, Default)]
pub(super) struct Mentions {
    names: Vec<(Attempt, i64)>,
    sources: Vec<(Visit, i64)>,
}

/// The session that mentions something.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mentioning {
    /// Its first sequence.
    pub(super) first: i64,
    /// Whether it was written before, or will be again.
    pub(super) is_apart: bool,
}

impl Mentioning {
    fn apart(self) -> Option<i64> {
        self.is_apart.then_some(self.first)
    }
}

/// A name that was tried, by its number, and what came of it. A session that stands apart shares its row with no other:
/// it is written again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Attempt {
    name: i64,
    outcome: i64,
    apart: Option<i64>,
}

/// A day, and who came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Visit {
    day: i64,
    source: IpAddr,
    apart: Option<i64>,
}

impl Mentions {
    /// A session tried a name.
    pub(super) fn name(&mut self, name: i64, outcome: i64, session: Mentioning) {
        self.names.push((Attempt { name, outcome, apart: session.apart() }, session.first));
    }

    /// A session came from there.
    pub(super) fn source(&mut self, day: i64, source: IpAddr, session: Mentioning) {
        self.sources.push((Visit { day, source, apart: session.apart() }, session.first));
    }

    /// Writes all of it. What was there under the same session, from when it was open, is replaced.
    pub(super) fn write(mut self, file: &Connection) -> rusqlite::Result<()> {
        let mut add = file.prepare_cached("INSERT OR REPLACE INTO attempt VALUES (?1, ?2, ?3, ?4)")?;
        for (key, sessions) in rows(&mut self.names) {
            add.execute(params![key.name, sessions[0], key.outcome, more(&sessions)])?;
        }
        let mut add = file.prepare_cached("INSERT OR REPLACE INTO visit VALUES (?1, ?2, ?3, ?4)")?;
        for (key, sessions) in rows(&mut self.sources) {
            add.execute(params![key.day, Address::of(key.source), sessions[0], more(&sessions)])?;
        }
        Ok(())
    }
}

/// Puts together what mentions the same: sessions of a row, ascending, at least one.
fn rows<K: Ord + Copy>(mentions: &mut [(K, i64)]) -> Vec<(K, Vec<i64>)> {
    mentions.sort_unstable();
    let mut rows: Vec<(K, Vec<i64>)> = Vec::new();
    for (key, first) in mentions {
        match rows.last_mut().filter(|(known, row)| known == key && *first - row[0] < SPAN) {
            Some((_, row)) => row.push(*first),
            None => rows.push((*key, vec![*first])),
        }
    }
    rows
}

/// What a row holds of its sessions behind the first.
fn more(sessions: &[i64]) -> Option<Vec<u8>> {
    if sessions.len() < 2 || planted("journal.mentions-are-lost") {
        return None;
    }
    let distances: Vec<u64> = sessions[1..].iter().map(|session| (session - sessions[0]).cast_unsigned()).collect();
    Some(ascending(&distances))
}

/// The sessions of a row that lie in a range, ascending.
pub(super) fn sessions(first: i64, more: Option<&[u8]>, (low, high): (i64, i64)) -> Result<Vec<i64>, Damaged> {
    let mut sessions = vec![first];
    for distance in ascended(more.unwrap_or_default())? {
        let distance = i64::try_from(distance).map_err(|_| Damaged)?;
        sessions.push(first.checked_add(distance).ok_or(Damaged)?);
    }
    sessions.retain(|session| (low..=high).contains(session));
    Ok(sessions)
}

/// A session goes, the oldest of those that mention this name: the next one that is still there heads their row.
pub(super) fn forget_name(file: &Connection, name: i64, first: i64) -> rusqlite::Result<()> {
    let remove = "DELETE FROM attempt WHERE name = ?1 AND first = ?2 RETURNING outcome, more";
    let removed: Option<(i64, Option<Vec<u8>>)> =
        file.prepare_cached(remove)?.query_row([name, first], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((outcome, more)) = removed else { return Ok(()) };
    if let Some((next, more)) = behind(file, first, more.as_deref())? {
        file.prepare_cached("INSERT INTO attempt VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![name, next, outcome, more])?;
    }
    Ok(())
}

/// The same of its source, which may be less exact by now.
pub(super) fn forget_source(file: &Connection, day: i64, source: &[u8], first: i64) -> rusqlite::Result<()> {
    let remove = "DELETE FROM visit WHERE day = ?1 AND source IN (?2, ?3) AND first = ?4 RETURNING source, more";
    let rough = rough(source);
    let removed: Option<(Vec<u8>, Option<Vec<u8>>)> = file
        .prepare_cached(remove)?
        .query_row(params![day, source, rough, first], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((source, more)) = removed else { return Ok(()) };
    if let Some((next, more)) = behind(file, first, more.as_deref())? {
        file.prepare_cached("INSERT INTO visit VALUES (?1, ?2, ?3, ?4)")?.execute(params![day, source, next, more])?;
    }
    Ok(())
}

/// The time of a session's address is over. Those that share its row are of the same day, and follow.
pub(super) fn coarsen(file: &Connection, day: i64, source: &[u8], first: i64) -> rusqlite::Result<()> {
    file.prepare_cached("UPDATE visit SET source = ?3 WHERE day = ?1 AND source = ?2 AND first = ?4")?
        .execute(params![day, source, rough(source), first])?;
    Ok(())
}

/// What remains of an address.
fn rough(source: &[u8]) -> Option<Address> {
    address_of(source).map(|address| Address::of(coarse(address)))
}

/// Of the sessions behind the first one of a row, the first that is there, and the others.
fn behind(file: &Connection, first: i64, octets: Option<&[u8]>) -> rusqlite::Result<Option<(i64, Option<Vec<u8>>)>> {
    let mut is_there = file.prepare_cached("SELECT 1 FROM session WHERE first = ?1")?;
    if planted("journal.row-goes-with-its-first-session") {
        return Ok(None);
    }
    // What cannot be read names nobody.
    let others = sessions(first, octets, (first + 1, i64::MAX)).unwrap_or_default();
    for (place, session) in others.iter().enumerate() {
        if is_there.exists([session])? {
            return Ok(Some((*session, more(&others[place..]))));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_that_mention_the_same_share_a_row() {
        let mut mentions = vec![('b', 7), ('a', 900), ('a', 5), ('a', 905), ('b', 7 + SPAN), ('b', 6 + SPAN)];
        let rows = rows(&mut mentions);
        let read = |range| {
            let read = |(key, row): &(char, Vec<i64>)| (*key, sessions(row[0], more(row).as_deref(), range).unwrap());
            rows.iter().map(read).collect::<Vec<_>>()
        };
        let all = [('a', vec![5, 900, 905]), ('b', vec![7, 6 + SPAN]), ('b', vec![7 + SPAN])];
        assert_eq!(read((0, i64::MAX)), all);
        assert_eq!(read((6, 900)), [('a', vec![900]), ('b', vec![7]), ('b', vec![])]);
        assert_eq!(sessions(5, Some(&[0x80]), (0, 9)), Err(Damaged));
        assert_eq!(sessions(5, Some(&[0xff; 9]), (0, 9)), Err(Damaged));
    }
}
