//! What is to be written next: rows, and the sums of hours.

use rusqlite::{CachedStatement, Connection, OptionalExtension as _, TransactionBehavior, params};
use watchpost_proto::planted::planted;

use crate::event::{ConnectionId, Event, EventKind, Sequence};

use super::codec::{Encoder, Micros};
use super::db_values::{Address, end_value, state_value};
use super::dictionary::{Dictionary, name_word};
use super::learned;
use super::mentions::{Mentioning, Mentions};
use super::octets::{ascending, put_number};
use super::open_session::OpenSession;
use super::row::{Row, SessionEnd};
use super::verdict::Judgement;

/// Rows of each kind that wait while nothing can be written. Older ones are given up, and counted.
const WAITING_MAX: usize = 4096;
/// Sessions whose room is kept: as many as are written at once under load.
const SPARE_MAX: usize = 1024;
/// Sequences are reserved in advance, so that none is given twice after a crash.
const RESERVED: u64 = 1 << 16;

/// What is written of open sessions.
pub(super) enum Open<'a> {
    /// All that changed, and with them what was learned.
    Sessions(Vec<&'a mut OpenSession>),
    /// Nothing, this time.
    NotNow,
}

/// What is to be written next.
#[derive(Default)]
pub(super) struct Pending {
    #[allow(clippy::vec_box, reason = "they come boxed, and moving half a kilobyte each costs more than the box")]
    pub(super) over: Vec<Box<OpenSession>>,
    /// Sessions that are written: the next ones get their room.
    #[allow(clippy::vec_box, reason = "as above")]
    spare: Vec<Box<OpenSession>>,
    server: Vec<ServerEvent>,
    verdicts: Vec<Verdict>,
    raised: Vec<(i64, u8)>,
    /// Few: what is written at once began within an hour, or long ago.
    hours: Vec<HourSum>,
    /// What outlives a restart.
    pub(super) learned: learned::Waiting,
}

struct ServerEvent {
    sequence: u64,
    at: i64,
    day: i64,
    connection: Option<[u8; 16]>,
    octets: Vec<u8>,
}

struct Verdict {
    entry_sequence: u64,
    at: i64,
    day: i64,
    hour: i64,
    session: Option<i64>,
    judgement: Judgement,
}

impl Verdict {
    /// One story is one row; each session that it rests on is noted.
    fn write(&self, file: &Connection, words: &mut Dictionary) -> rusqlite::Result<()> {
        let Self { entry_sequence, at, day, hour, session, judgement } = self;
        let Judgement { rule, severity, subject, source, account, campaign, episode, evidence, detail } = judgement;
        let rule = words.number(file, rule.as_bytes(), *day);
        let account = account.as_ref().and_then(|name| words.number(file, name.as_bytes(), *day));
        let evidence: Vec<u64> = evidence.iter().map(|sequence| sequence.0).collect();
        let episode = episode.cast_signed();
        let known: Option<i64> = file
            .prepare_cached("SELECT id FROM verdict WHERE episode = ?1 AND rule = ?2")?
            .query_row(params![episode, rule], |row| row.get(0))
            .optional()?;
        let id = if let Some(id) = known {
            let update = "UPDATE verdict SET at = ?2, day = ?3, sequence = ?4, severity = ?5, subject = ?6,
                    evidence = ?7, detail = ?8, coarse = 0, campaign = ?9 WHERE id = ?1";
            let sequence = signed(*entry_sequence);
            let evidence = ascending(&evidence);
            file.prepare_cached(update)?
                .execute(params![id, at, day, sequence, severity, subject, evidence, detail, campaign])?;
            id
        } else {
            let sum = "INSERT INTO hour_rule VALUES (?1, ?2, ?3, 1)
                    ON CONFLICT DO UPDATE SET verdicts = verdicts + 1";
            file.prepare_cached(sum)?.execute(params![hour, rule, severity])?;
            let add = "INSERT INTO verdict (at, day, sequence, rule, severity, subject, source, account, campaign,
                    episode, coarse, evidence, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, ?11, ?12)";
            file.prepare_cached(add)?.insert(params![
                at,
                day,
                signed(*entry_sequence),
                rule,
                severity,
                subject,
                source.map(Address::of),
                account,
                campaign,
                episode,
                ascending(&evidence),
                detail,
            ])?
        };
        if let Some(session) = session {
            file.prepare_cached("INSERT OR IGNORE INTO verdict_session VALUES (?1, ?2)")?.execute([*session, id])?;
        }
        Ok(())
    }
}

struct HourSum {
    hour: i64,
    range: Option<(i64, i64)>,
    counts: [u64; 7],
}

/// Where a session's numbers stand in `HourSum::counts`.
const LOST: usize = 6;

impl Pending {
    pub(super) fn is_empty(&self) -> bool {
        let rows = self.over.is_empty() && self.server.is_empty() && self.verdicts.is_empty();
        rows && self.raised.is_empty() && !self.learned.is_urgent()
    }

    /// Rows that wait.
    pub(super) fn len(&self) -> usize {
        self.over.len() + self.server.len() + self.verdicts.len()
    }

    /// An event that belongs to no open session.
    pub(super) fn server_event(&mut self, sequence: Sequence, event: &Event) {
        let at = Micros::of(event.at);
        let mut encoder = Encoder::new(sequence, at);
        encoder.push(sequence, at, &event.kind, &mut |_| None);
        let connection = (event.connection.0 != 0).then(|| event.connection.0.to_be_bytes());
        if let EventKind::Lost { count } = event.kind {
            self.hour(at.hour()).counts[LOST] += count;
        }
        let (at, day) = (at.0, at.day());
        let octets = encoder.octets().to_vec();
        self.server.push(ServerEvent { sequence: sequence.0, at, day, connection, octets });
    }

    pub(super) fn verdict(&mut self, sequence: Sequence, at: Micros, session: Option<i64>, judgement: Judgement) {
        let (at, day, hour) = (at.0, at.day(), at.hour());
        self.verdicts.push(Verdict { entry_sequence: sequence.0, at, day, hour, session, judgement });
    }

    /// A verdict came when its session was written already.
    pub(super) fn raise(&mut self, first: i64, severity: u8) {
        self.raised.push((first, severity));
    }

    /// A session that begins.
    pub(super) fn session(&mut self, first: Sequence, connection: ConnectionId, start: Micros) -> Box<OpenSession> {
        let Some(mut session) = self.spare.pop() else {
            return Box::new(OpenSession::new(first, connection, start));
        };
        session.renew(first, connection, start);
        session
    }

    /// The sum of an hour, mostly the last one.
    fn hour(&mut self, hour: i64) -> &mut HourSum {
        let known = self.hours.iter().rposition(|sum| sum.hour == hour);
        let place = known.unwrap_or_else(|| {
            self.hours.push(HourSum { hour, range: None, counts: [0; 7] });
            self.hours.len() - 1
        });
        &mut self.hours[place]
    }

    /// A session got its row: its hour spans it.
    pub(super) fn begun(&mut self, row: &Row) {
        let hour = self.hour(row.start.hour());
        let first = signed(row.first.0);
        let (low, high) = hour.range.unwrap_or((first, first));
        hour.range = Some((low.min(first), high.max(first)));
    }

    /// A session is over: its numbers are added to its hour.
    pub(super) fn ended(&mut self, session: Box<OpenSession>) {
        let row = &session.row;
        let hour = self.hour(row.start.hour());
        let numbers = [1, row.ok, row.failed, row.guesses, row.octets_in, row.octets_out];
        hour.counts.iter_mut().zip(numbers).for_each(|(count, number)| *count += number);
        self.over.push(session);
    }

    /// Writes everything, and the open sessions that changed, in one transaction.
    pub(super) fn write(
        &mut self,
        connection: &mut Connection,
        words: &mut Dictionary,
        open: &mut Open<'_>,
        next: u64,
    ) -> rusqlite::Result<()> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let file = &*transaction;
        reserve(file, next)?;
        let mut sessions = Sessions::new(file, words)?;
        for session in &self.over {
            sessions.write(session)?;
        }
        if let Open::Sessions(open) = &open {
            for session in open {
                sessions.write(session)?;
            }
            self.learned.write(file)?;
        }
        sessions.finish()?;
        self.write_verdicts(file, words)?;
        self.write_server_events(file)?;
        self.write_hours(file)?;
        words.write(file)?;
        transaction.commit()?;
        words.written();
        self.clear();
        if let Open::Sessions(open) = open {
            for session in open.iter_mut() {
                (session.dirty, session.stored) = (false, true);
            }
            self.learned = learned::Waiting::default();
        }
        Ok(())
    }

    /// Everything is written; room that was taken is kept.
    fn clear(&mut self) {
        let room = SPARE_MAX.saturating_sub(self.spare.len());
        self.spare.extend(self.over.drain(..).filter(|session| session.is_of_usual_size()).take(room));
        self.server.clear();
        self.verdicts.clear();
        self.raised.clear();
        self.hours.clear();
    }

    fn write_server_events(&self, file: &Connection) -> rusqlite::Result<()> {
        let mut add = file.prepare_cached("INSERT INTO server_event VALUES (?1, ?2, ?3, ?4, ?5)")?;
        for event in &self.server {
            let sequence = signed(event.sequence);
            add.execute(params![sequence, event.at, event.day, event.connection.as_ref(), event.octets])?;
        }
        Ok(())
    }

    fn write_verdicts(&self, file: &Connection, words: &mut Dictionary) -> rusqlite::Result<()> {
        for verdict in &self.verdicts {
            verdict.write(file, words)?;
        }
        let mut raise =
            file.prepare_cached("UPDATE session SET severity = max(coalesce(severity, 0), ?2) WHERE first = ?1")?;
        for (first, severity) in &self.raised {
            raise.execute(params![first, severity])?;
        }
        Ok(())
    }

    fn write_hours(&self, file: &Connection) -> rusqlite::Result<()> {
        let mut add = file.prepare_cached(
            "INSERT INTO hour VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (hour) DO UPDATE SET
                low = min(low, excluded.low), high = max(high, excluded.high),
                sessions = sessions + excluded.sessions, ok = ok + excluded.ok, failed = failed + excluded.failed,
                guesses = guesses + excluded.guesses, octets_in = octets_in + excluded.octets_in,
                octets_out = octets_out + excluded.octets_out, lost = lost + excluded.lost",
        )?;
        for sum in &self.hours {
            // Without a session, an hour spans nothing.
            let (low, high) = sum.range.unwrap_or((i64::MAX, 0));
            let [sessions, ok, failed, guesses, octets_in, octets_out, lost] = sum.counts.map(signed);
            add.execute([sum.hour, low, high, sessions, ok, failed, guesses, octets_in, octets_out, lost])?;
        }
        Ok(())
    }

    /// Nothing can be written: what is too much is given up. Says how many events that were.
    pub(super) fn trim(&mut self) -> u64 {
        let mut lost = 0;
        let excess = |length: usize| length.saturating_sub(WAITING_MAX);
        for session in self.over.drain(..excess(self.over.len())) {
            lost += session.events();
        }
        lost += self.server.drain(..excess(self.server.len())).count() as u64;
        self.verdicts.drain(..excess(self.verdicts.len()));
        self.raised.drain(..excess(self.raised.len()));
        lost
    }

    /// How many events wait.
    pub(super) fn events(&self) -> u64 {
        self.over.iter().map(|session| session.events()).sum::<u64>() + self.server.len() as u64
    }
}

fn reserve(file: &Connection, next: u64) -> rusqlite::Result<()> {
    let reserved = signed(next.saturating_add(RESERVED));
    file.prepare_cached(
        "INSERT INTO meta VALUES ('sequences reserved', ?1) ON CONFLICT DO UPDATE SET value = ?1
            WHERE value < ?1 - 32768",
    )?
    .execute([reserved])?;
    Ok(())
}

/// The first sequence that nobody can have seen.
pub(super) fn first_free_sequence(file: &Connection) -> rusqlite::Result<u64> {
    let reserved: Option<i64> =
        file.query_row("SELECT max(value) FROM meta WHERE key = 'sequences reserved'", [], |row| row.get(0))?;
    Ok(reserved.map_or(1, i64::cast_unsigned))
}

/// Numbers of a session's row, in the order of its columns; four of octets stand behind them.
const NUMBERS: usize = 21;
/// Its columns, numbers first. `?1` to `?21` are [`NUMBERS`].
const SESSION: &str =
    "INTO session (first, start, day, port, listener, account, ending, state, severity, tls, ja4, p3f,
    octets_in, octets_out, duration, commands, retrieved, ok, failed, guesses, unrecorded,
    connection, source, names, events, coarse)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21,
    ?22, ?23, ?24, ?25, 0)";

/// A statement that writes one row after the other. SQLite keeps what was bound, and most numbers of a session are those
/// of the one before: only the others are bound again.
struct Rows<'a> {
    statement: CachedStatement<'a>,
    /// Where nothing is bound, and in a statement that comes from the cache nothing is, SQLite takes NULL.
    bound: [Option<i64>; NUMBERS],
}

impl<'a> Rows<'a> {
    fn of(file: &'a Connection, verb: &str) -> rusqlite::Result<Self> {
        let statement = file.prepare_cached(&format!("{verb} {SESSION}"))?;
        Ok(Self { statement, bound: [None; NUMBERS] })
    }

    /// Says how many rows that changed.
    fn write(&mut self, numbers: &[Option<i64>; NUMBERS], octets: [Option<&[u8]>; 4]) -> rusqlite::Result<usize> {
        for ((place, number), bound) in (1..).zip(numbers).zip(&mut self.bound) {
            if bound != number {
                self.statement.raw_bind_parameter(place, number)?;
                *bound = *number;
            }
        }
        for (place, octets) in (NUMBERS + 1..).zip(octets) {
            self.statement.raw_bind_parameter(place, octets)?;
        }
        self.statement.raw_execute()
    }
}

/// Writes sessions with statements that are prepared once for all of them.
struct Sessions<'a> {
    file: &'a Connection,
    words: &'a mut Dictionary,
    add: Rows<'a>,
    /// Takes the place of what an earlier flush wrote. SQLite keeps a journal of the statement then, which costs a third
    /// of it: it is done only where there is something to replace.
    replace: Rows<'a>,
    mentions: Mentions,
    /// Numbers of names, for one session after the other.
    names: Vec<u8>,
}

impl<'a> Sessions<'a> {
    fn new(file: &'a Connection, words: &'a mut Dictionary) -> rusqlite::Result<Self> {
        let (add, replace) = (Rows::of(file, "INSERT OR IGNORE")?, Rows::of(file, "INSERT OR REPLACE")?);
        Ok(Self { file, words, add, replace, mentions: Mentions::default(), names: Vec::new() })
    }

    fn write(&mut self, session: &OpenSession) -> rusqlite::Result<()> {
        let Self { file, words, mentions, names, .. } = self;
        let row = &session.row;
        let day = row.start.day();
        let first = signed(row.first.0);
        let local = row.local.and_then(|local| words.listener(file, local, day));
        let mut word = |text: Option<&str>| words.number(file, text?.as_bytes(), day);
        let (account, tls) = (word(row.account.as_deref()), word(row.tls.as_deref()));
        let (ja4, p3f) = (word(row.ja4.as_deref()), word(row.p3f.as_deref()));
        let mentioning = Mentioning { first, is_apart: session.stored || !session.is_over() };
        names.clear();
        for tried in &row.names {
            if let Some(name) = words.number(file, &name_word(&tried.name), day) {
                mentions.name(name, tried.outcome, mentioning);
                put_number(names, name.cast_unsigned());
            }
        }
        let stored_day = if planted("journal.day-is-off-by-one") { day - 1 } else { day };
        let source = row.source();
        if let Some(source) = source {
            mentions.source(stored_day, source, mentioning);
        }
        let source = source.map(Address::of);
        let count = |number: u64| Some(signed(number));
        let numbers = [
            Some(first),
            Some(row.start.0),
            Some(stored_day),
            Some(row.peer.map_or(0, |peer| peer.port().into())),
            local,
            account,
            end_value(row.end),
            row.state.map(state_value),
            row.severity.map(i64::from),
            tls,
            ja4,
            p3f,
            count(row.octets_in),
            count(row.octets_out),
            count(row.duration / 1000),
            count(row.commands),
            count(row.retrieved),
            count(row.ok),
            count(row.failed),
            count(row.guesses),
            count(row.unrecorded),
        ];
        let connection = row.connection.0.to_be_bytes();
        let octets = [
            Some(&connection[..]),
            Some(source.as_ref().map_or(&b""[..], Address::octets)),
            (!names.is_empty()).then_some(&names[..]),
            Some(session.blob()),
        ];
        if session.stored || self.add.write(&numbers, octets)? == 0 {
            self.replace.write(&numbers, octets)?;
        }
        debug_assert!(row.end == SessionEnd::Open || session.is_over());
        Ok(())
    }

    /// Writes what they mention.
    fn finish(self) -> rusqlite::Result<()> {
        self.mentions.write(self.file)
    }
}

/// SQLite has no larger numbers.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
