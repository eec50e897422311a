//! What is old goes, in small steps between the writer's rows.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};
use watchpost_proto::planted::planted;

use crate::event::{EventKind, Sequence};

use super::Terms;
use super::codec::{Encoder, Entry, Micros, decode};
use super::db_values::{Address, address_of};
use super::learned;
use super::mentions::{self, forget_name, forget_source};
use super::octets::Input;

/// Rows of one step: some milliseconds of work.
const STEP: i64 = 2000;
/// Rows that go at once when the file is too large, and how often in one step: no more goes than must.
const PORTION: i64 = 100;
const PORTIONS: usize = 20;
/// Free pages given back to the disk in one step.
const PAGES: i64 = 512;

/// What remains of an address when its time is over: a /24, or a /48.
pub fn coarse(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => Ipv4Addr::from_bits(address.to_bits() & !0xff).into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !(u128::MAX >> 48)).into(),
    }
}

/// Knows how far it came.
#[derive(Debug)]
pub(super) struct Retention {
    sessions: i64,
    addresses: i64,
    sums: i64,
    octets_max: i64,
    coarsened: i64,
    words: i64,
    words_done_on: Option<i64>,
    /// The day on which nothing was left to do: until the next one only the file's size is looked at.
    done_on: Option<i64>,
}

impl Retention {
    pub(super) fn new(terms: &Terms) -> Self {
        Self {
            sessions: days(terms.sessions),
            addresses: days(terms.addresses),
            sums: days(terms.sums),
            octets_max: i64::try_from(terms.octets_max).unwrap_or(i64::MAX),
            coarsened: 0,
            words: 0,
            words_done_on: None,
            done_on: None,
        }
    }

    /// Does a little of what is to be done. Says whether words were removed.
    pub(super) fn step(&mut self, file: &mut Connection, now: Micros) -> rusqlite::Result<bool> {
        let today = now.day();
        let sessions =
            if planted("journal.retention-takes-a-day-too-many") { self.sessions - 1 } else { self.sessions };
        let before = today - sessions;
        let too_large = used_octets(file)? > self.octets_max;
        let too_old = oldest_day(file)?.is_some_and(|day| day < before);
        if self.done_on == Some(today) && !too_large && !too_old {
            return Ok(false);
        }
        let changes = file.total_changes();
        let transaction = file.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut words_removed = remove_sessions(&transaction, Oldest::Before(before))?;
        for _ in 0..PORTIONS {
            if used_octets(&transaction)? <= self.octets_max {
                break;
            }
            words_removed |= remove_sessions(&transaction, Oldest::Some)?;
        }
        self.coarsen(&transaction, today - self.addresses)?;
        coarsen_verdicts(&transaction, today - self.addresses)?;
        remove_sums(&transaction, today - self.sums)?;
        learned::forget(&transaction, today, self.addresses, self.sessions)?;
        words_removed |= self.remove_words(&transaction, today)?;
        transaction.commit()?;
        let free = number(file, "PRAGMA freelist_count")?;
        if free > 0 {
            file.execute_batch(&format!("PRAGMA incremental_vacuum({PAGES})"))?;
        }
        let idle = free == 0 && file.total_changes() == changes && self.words_done_on == Some(today);
        self.done_on = idle.then_some(today);
        Ok(words_removed)
    }

    /// Sessions that are kept longer than their addresses.
    fn coarsen(&mut self, file: &Connection, before: i64) -> rusqlite::Result<()> {
        if self.addresses >= self.sessions {
            return Ok(());
        }
        let query = "SELECT first, start, day, source, events FROM session WHERE first > ?1 AND day < ?2 AND coarse = 0
            ORDER BY first LIMIT ?3";
        let mut rows = file.prepare_cached(query)?;
        let found: Vec<Exact> = rows
            .query_map(params![self.coarsened, before, STEP / 4], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
            })?
            .collect::<rusqlite::Result<_>>()?;
        let mut update =
            file.prepare_cached("UPDATE session SET coarse = 1, source = ?2, port = 0, events = ?3 WHERE first = ?1")?;
        for (first, start, day, source, events) in found {
            mentions::coarsen(file, day, &source, first)?;
            let source = address_of(&source).map(|address| Address::of(coarse(address)));
            let octets = source.as_ref().map_or(&b""[..], Address::octets);
            update.execute(params![first, octets, coarse_events(file, first, start, &events)])?;
            self.coarsened = first;
        }
        Ok(())
    }

    /// Texts that no row names any more: user names among them, which must not outlive their sessions. Once a day.
    fn remove_words(&mut self, file: &Connection, today: i64) -> rusqlite::Result<bool> {
        if self.words_done_on == Some(today) {
            return Ok(false);
        }
        let before = oldest_day(file)?.unwrap_or(today).min(today);
        let upto = self.words + STEP;
        let removed = file
            .prepare_cached(
                "DELETE FROM word WHERE id > ?1 AND id <= ?2 AND day < ?3
                    AND id NOT IN (SELECT rule FROM verdict WHERE rule IS NOT NULL)
                    AND id NOT IN (SELECT account FROM verdict WHERE account IS NOT NULL)
                    AND id NOT IN (SELECT rule FROM hour_rule WHERE rule IS NOT NULL)",
            )?
            .execute([self.words, upto, before])?;
        let last: i64 = file.query_row("SELECT coalesce(max(id), 0) FROM word", [], |row| row.get(0))?;
        if upto >= last {
            (self.words, self.words_done_on) = (0, Some(today));
        } else {
            self.words = upto;
        }
        Ok(removed > 0)
    }
}

fn days(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs().div_ceil(86_400)).unwrap_or(i64::MAX)
}

fn used_octets(file: &Connection) -> rusqlite::Result<i64> {
    let pages = number(file, "PRAGMA page_count")? - number(file, "PRAGMA freelist_count")?;
    Ok(pages * number(file, "PRAGMA page_size")?)
}

/// Asked every second, so it is prepared once.
fn number(file: &Connection, query: &str) -> rusqlite::Result<i64> {
    file.prepare_cached(query)?.query_row([], |row| row.get(0))
}

/// The day of the oldest session.
fn oldest_day(file: &Connection) -> rusqlite::Result<Option<i64>> {
    let mut oldest = file.prepare_cached("SELECT day FROM session ORDER BY first LIMIT 1")?;
    oldest.query_row([], |row| row.get(0)).optional()
}

/// First sequence, start, day, source and events of a session whose address is still exact.
type Exact = (i64, i64, i64, Vec<u8>, Vec<u8>);

/// First sequence, day, source and names of a session that may go.
type Old = (i64, i64, Vec<u8>, Option<Vec<u8>>);

/// Which sessions go.
#[derive(Clone, Copy)]
enum Oldest {
    /// Those that began before this day.
    Before(i64),
    /// Some of them, whenever that was.
    Some,
}

/// Removes the oldest sessions, and with them the names that nobody else tried. Says whether there were such names.
fn remove_sessions(file: &Connection, which: Oldest) -> rusqlite::Result<bool> {
    let (limit, before) = match which {
        Oldest::Before(day) => (STEP, day),
        Oldest::Some => (PORTION, i64::MAX),
    };
    let mut oldest = file.prepare_cached("SELECT first, day, source, names FROM session ORDER BY first LIMIT ?1")?;
    let rows: Vec<Old> = oldest
        .query_map([limit], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut remove = file.prepare_cached("DELETE FROM session WHERE first = ?1")?;
    let mut unlink = file.prepare_cached("DELETE FROM verdict_session WHERE session = ?1")?;
    let mut orphan =
        file.prepare_cached("DELETE FROM word WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM attempt WHERE name = ?1)")?;
    let mut words_removed = false;
    for (first, day, source, names) in rows {
        if day >= before {
            continue;
        }
        let names = names.unwrap_or_default();
        let mut input = Input::new(&names);
        while let Ok(name) = input.number() {
            forget_name(file, name.cast_signed(), first)?;
            words_removed |= orphan.execute([name.cast_signed()])? > 0;
        }
        forget_source(file, day, &source, first)?;
        unlink.execute([first])?;
        remove.execute([first])?;
    }
    Ok(words_removed)
}

/// The blob with no whole address of the peer in it. What cannot be read is not kept.
fn coarse_events(file: &Connection, first: i64, start: i64, events: &[u8]) -> Vec<u8> {
    let mut text = |id: u64| {
        let query = file.prepare_cached("SELECT text FROM word WHERE id = ?1");
        let text: Vec<u8> = query.and_then(|mut query| query.query_row([id.cast_signed()], |row| row.get(0))).ok()?;
        String::from_utf8(text).ok()
    };
    let (first, start) = (Sequence(first.cast_unsigned()), Micros(start));
    let entries = decode(first, start, events, &mut text).unwrap_or_default();
    let mut number = |text: &str| {
        let query = file.prepare_cached("SELECT id FROM word WHERE text = ?1");
        let id: i64 = query.and_then(|mut query| query.query_row([text.as_bytes()], |row| row.get(0))).ok()?;
        Some(id.cast_unsigned())
    };
    let mut encoder = Encoder::new(first, start);
    for Entry { sequence, at, mut kind } in entries {
        match &mut kind {
            EventKind::Opened { peer, .. } => *peer = coarse_peer(*peer),
            EventKind::Closed(summary) => summary.peer = coarse_peer(summary.peer),
            _ => {}
        }
        encoder.push(sequence, at, &kind, &mut number);
    }
    encoder.octets().to_vec()
}

fn coarse_peer(peer: SocketAddr) -> SocketAddr {
    SocketAddr::new(coarse(peer.ip()), 0)
}

/// Number, source, subject and detail of a verdict.
type Told = (i64, Option<Vec<u8>>, String, Vec<u8>);

fn coarsen_verdicts(file: &Connection, before: i64) -> rusqlite::Result<()> {
    let query = "SELECT id, source, subject, detail FROM verdict WHERE day < ?1 AND coarse = 0 LIMIT ?2";
    let mut rows = file.prepare_cached(query)?;
    let found: Vec<Told> = rows
        .query_map([before, STEP / 4], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut update =
        file.prepare_cached("UPDATE verdict SET coarse = 1, source = ?2, subject = ?3, detail = ?4 WHERE id = ?1")?;
    for (id, source, subject, detail) in found {
        let Some(address) = source.as_deref().and_then(address_of) else {
            update.execute(params![id, source, subject, detail])?;
            continue;
        };
        let (whole, rest) = (address.to_string(), coarse(address));
        let subject = subject.replace(&whole, &rest.to_string());
        let detail = match String::from_utf8(detail) {
            Ok(text) => text.replace(&whole, &rest.to_string()).into_bytes(),
            Err(_) => Vec::new(),
        };
        update.execute(params![id, Address::of(rest), subject, detail])?;
    }
    Ok(())
}

fn remove_sums(file: &Connection, before: i64) -> rusqlite::Result<()> {
    for (table, is_old) in [
        ("verdict", "day"),
        ("server_event", "day"),
        ("hour", "hour / 24"),
        ("hour_rule", "hour / 24"),
        ("key_export", "at / 86400000000"),
    ] {
        file.prepare_cached(&format!("DELETE FROM {table} WHERE {is_old} < ?1"))?.execute([before])?;
    }
    Ok(())
}
