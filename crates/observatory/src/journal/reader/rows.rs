//! Rows to sessions, verdicts, and the few columns that a report counts.

use std::net::IpAddr;
use std::rc::Rc;

use rusqlite::{OptionalExtension as _, Params, Row as SqlRow, params};
use smallvec::SmallVec;

use super::{NoJournal, Reader, Session, Span, StoredVerdict};
use crate::event::{ConnectionId, Port, Sequence};
use crate::journal::codec::Micros;
use crate::journal::db_values::{address_of, end_of, state_of};
use crate::journal::octets::{Input, ascended};
use crate::journal::row::{EXISTS, Row, SessionEnd};

pub(super) const SESSION_COLUMNS: &str = "first, connection, start, source, port, listener, account, ending, state,
    severity, tls, ja4, p3f, octets_in, octets_out, duration, commands, retrieved, ok, failed, guesses, unrecorded,
    coarse, events";

const VERDICT_COLUMNS: &str = "id, at, sequence, rule, severity, subject, source, account, campaign, episode,
    evidence, detail";

/// What a report counts of a session.
#[derive(Clone, Debug)]
pub struct Counted {
    /// Its first event.
    pub first: Sequence,
    /// When it began.
    pub start: Micros,
    /// Where it came from.
    pub source: Option<IpAddr>,
    /// How it ended.
    pub end: SessionEnd,
    /// The worst of its verdicts.
    pub severity: Option<u8>,
    /// The version of TLS.
    pub tls: Option<Rc<str>>,
    /// The fingerprint of its ClientHello.
    pub ja4: Option<Rc<str>>,
    /// Who logged in.
    pub account: Option<Rc<str>>,
    /// Numbers of the names that were tried: equal numbers are equal names.
    pub names: Vec<u64>,
    /// Commands it gave.
    pub commands: u64,
    /// Logins that succeeded.
    pub ok: u64,
    /// Logins that failed.
    pub failed: u64,
    /// New guesses.
    pub guesses: u64,
    /// Octets received and sent.
    pub octets: u64,
}

impl Reader {
    pub(super) fn rows(&self, query: &str, values: impl Params) -> Result<Vec<Session>, NoJournal> {
        let mut query = self.file.prepare_cached(query)?;
        let mut rows = query.query(values)?;
        let mut sessions = Vec::new();
        while let Some(row) = rows.next()? {
            sessions.push(self.session_of(row)?);
        }
        Ok(sessions)
    }

    pub(super) fn session_of(&self, row: &SqlRow<'_>) -> rusqlite::Result<Session> {
        let number = |column| row.get::<_, i64>(column).map(i64::cast_unsigned);
        let word = |column| -> rusqlite::Result<Option<String>> {
            let id: Option<i64> = row.get(column)?;
            Ok(id.and_then(|id| self.word(id)).map(|word| word.to_string()))
        };
        let connection: [u8; 16] = row.get(1)?;
        let source = address_of(row.get_ref(3)?.as_blob()?);
        let port: u16 = row.get(4)?;
        let session = Row {
            first: Sequence(number(0)?),
            connection: ConnectionId(u128::from_be_bytes(connection)),
            start: Micros(row.get(2)?),
            peer: source.map(|source| (source, port).into()),
            local: word(5)?.as_deref().and_then(listener_of),
            account: word(6)?,
            end: end_of(row.get(7)?),
            state: state_of(row.get(8)?),
            severity: row.get(9)?,
            tls: word(10)?.map(Into::into),
            ja4: word(11)?,
            p3f: word(12)?,
            octets_in: number(13)?,
            octets_out: number(14)?,
            duration: number(15)?.saturating_mul(1000),
            commands: number(16)?,
            retrieved: number(17)?,
            ok: number(18)?,
            failed: number(19)?,
            guesses: number(20)?,
            unrecorded: number(21)?,
            names: SmallVec::new(),
        };
        Ok(Session { row: session, is_coarse: row.get(22)?, events: row.get(23)? })
    }

    /// Calls `each` with every session that began in a span, in the order in which they did.
    pub fn count(&self, span: Span, mut each: impl FnMut(Counted)) -> Result<(), NoJournal> {
        let (low, high) = self.range(span)?;
        let query = "SELECT first, start, source, ending, severity, tls, ja4, account, names, commands, ok, failed,
            guesses, octets_in + octets_out FROM session
            WHERE first BETWEEN ?1 AND ?2 AND start >= ?3 AND start < ?4 ORDER BY first";
        let mut query = self.file.prepare_cached(query)?;
        let mut rows = query.query(params![low, high, span.since.0, span.until.0])?;
        while let Some(row) = rows.next()? {
            let number = |column| row.get::<_, i64>(column).map(i64::cast_unsigned);
            let word = |column| -> rusqlite::Result<Option<Rc<str>>> {
                Ok(row.get::<_, Option<i64>>(column)?.and_then(|id| self.word(id)))
            };
            let mut names = Vec::new();
            if let Some(octets) = row.get_ref(8)?.as_blob_or_null()? {
                let mut input = Input::new(octets);
                while let Ok(name) = input.number() {
                    names.push(name);
                }
            }
            each(Counted {
                first: Sequence(number(0)?),
                start: Micros(row.get(1)?),
                source: address_of(row.get_ref(2)?.as_blob()?),
                end: end_of(row.get(3)?),
                severity: row.get(4)?,
                tls: word(5)?,
                ja4: word(6)?,
                account: word(7)?,
                names,
                commands: number(9)?,
                ok: number(10)?,
                failed: number(11)?,
                guesses: number(12)?,
                octets: number(13)?,
            });
        }
        Ok(())
    }

    /// The name behind a number that [`Counted::names`] gives.
    pub fn name(&self, number: u64) -> Option<Rc<str>> {
        self.word(number.cast_signed())
    }

    /// How many of these names, by the numbers that [`Counted::names`] gives, were those of accounts when they were
    /// tried last.
    pub fn accounts_among(&self, names: impl IntoIterator<Item = u64>) -> Result<u64, NoJournal> {
        let query = "SELECT outcome FROM attempt WHERE name = ?1 ORDER BY first DESC LIMIT 1";
        let mut query = self.file.prepare_cached(query)?;
        // In the order of the table: neighbours share their pages, and a spray has hundreds of thousands of names.
        let mut names: Vec<i64> = names.into_iter().map(u64::cast_signed).collect();
        names.sort_unstable();
        let mut accounts = 0;
        for name in names {
            let outcome: Option<i64> = query.query_row([name], |row| row.get(0)).optional()?;
            accounts += u64::from(outcome.is_some_and(|outcome| outcome & EXISTS != 0));
        }
        Ok(accounts)
    }

    /// The verdicts of a span, in their order.
    pub fn verdicts(&self, span: Span) -> Result<Vec<StoredVerdict>, NoJournal> {
        self.stored_verdicts("at >= ?1 AND at < ?2", params![span.since.0, span.until.0])
    }

    /// The verdicts of a session.
    pub fn verdicts_of_session(&self, first: Sequence) -> Result<Vec<StoredVerdict>, NoJournal> {
        self.stored_verdicts("id IN (SELECT verdict FROM verdict_session WHERE session = ?1)", [first.0.cast_signed()])
    }

    /// The sessions that a verdict rests on, the first ones.
    pub fn sessions_of_verdict(&self, id: i64, limit: u32) -> Result<Vec<Session>, NoJournal> {
        let query = format!(
            "SELECT {SESSION_COLUMNS} FROM session WHERE first IN
                (SELECT session FROM verdict_session WHERE verdict = ?1) ORDER BY first LIMIT ?2"
        );
        self.rows(&query, params![id, limit])
    }

    /// The verdicts of a campaign.
    pub fn verdicts_of_campaign(&self, campaign: &str) -> Result<Vec<StoredVerdict>, NoJournal> {
        self.stored_verdicts("campaign = ?1", [campaign])
    }

    /// The verdicts that speak of an account.
    pub fn verdicts_of_account(&self, account: &str, span: Span) -> Result<Vec<StoredVerdict>, NoJournal> {
        let Some(number) = self.number(account)? else { return Ok(Vec::new()) };
        self.stored_verdicts("account = ?1 AND at >= ?2 AND at < ?3", params![number, span.since.0, span.until.0])
    }

    /// The verdicts behind an id, in their order: for whoever follows.
    pub fn verdicts_after(&self, id: i64) -> Result<Vec<StoredVerdict>, NoJournal> {
        self.stored_verdicts("id > ?1", [id])
    }

    fn stored_verdicts(&self, condition: &str, values: impl Params) -> Result<Vec<StoredVerdict>, NoJournal> {
        let query = format!("SELECT {VERDICT_COLUMNS} FROM verdict WHERE {condition} ORDER BY id");
        let mut query = self.file.prepare_cached(&query)?;
        let mut rows = query.query(values)?;
        let mut verdicts = Vec::new();
        while let Some(row) = rows.next()? {
            let evidence = ascended(row.get_ref(10)?.as_blob()?)?;
            let word = |column| -> rusqlite::Result<Option<Rc<str>>> {
                Ok(row.get::<_, Option<i64>>(column)?.and_then(|id| self.word(id)))
            };
            verdicts.push(StoredVerdict {
                id: row.get(0)?,
                at: Micros(row.get(1)?),
                sequence: Sequence(row.get::<_, i64>(2)?.cast_unsigned()),
                rule: word(3)?.map(|word| word.to_string()).unwrap_or_default(),
                severity: row.get(4)?,
                subject: row.get(5)?,
                source: row.get_ref(6)?.as_blob_or_null()?.and_then(address_of),
                account: word(7)?.map(|word| word.to_string()),
                campaign: row.get(8)?,
                episode: row.get::<_, i64>(9)?.cast_unsigned(),
                evidence: evidence.into_iter().map(Sequence).collect(),
                detail: row.get(11)?,
            });
        }
        Ok(verdicts)
    }
}

/// `pop3s 192.0.2.1:995`, as the writer writes it.
fn listener_of(text: &str) -> Option<(std::net::SocketAddr, Port)> {
    let (protocol, local) = text.split_once(' ')?;
    let port = if protocol == "pop3s" { Port::Pop3s } else { Port::Pop3 };
    Some((local.parse().ok()?, port))
}
