//! What a journal says, while a server may be writing it.

mod find;
mod replay;
mod rows;

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;
use std::path::Path;
use std::rc::Rc;

use rusqlite::{Connection, ErrorCode};

use crate::carried::Carried;
use crate::event::{ConnectionId, Sequence};
use crate::trust::Home;

use super::codec::{Damaged, Entry, Micros, decode};
use super::db;
use super::dictionary::{NAME, name_word};
use super::learned;
use super::mentions;
use super::row::Row;

pub use self::rows::Counted;

/// From when (inclusive) to when (exclusive).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first moment.
    pub since: Micros,
    /// The first moment after it.
    pub until: Micros,
}

impl Span {
    /// All times.
    pub const ALL: Self = Self { since: Micros(0), until: Micros(i64::MAX) };

    /// Whether it holds a moment.
    pub fn holds(self, at: Micros) -> bool {
        self.since <= at && at < self.until
    }
}

/// Which sessions are looked for. What is absent is not asked for.
#[derive(Clone, Debug)]
pub struct Filter {
    /// When they began.
    pub span: Span,
    /// The network they came from: an address and its prefix length.
    pub network: Option<(IpAddr, u8)>,
    /// One of these names was tried, or let in.
    pub names: Vec<String>,
    /// The rule that said something of them.
    pub rule: Option<String>,
    /// How bad their worst verdict is at least.
    pub severity: Option<u8>,
    /// How they ended, as `SessionEnd::word` says it.
    pub ending: Option<String>,
    /// Those that go on.
    pub open: bool,
    /// How many, the latest first.
    pub limit: u64,
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            span: Span::ALL,
            network: None,
            names: Vec::new(),
            rule: None,
            severity: None,
            ending: None,
            open: false,
            limit: u64::MAX,
        }
    }
}

/// A session as it stands in the journal.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its columns.
    pub row: Row,
    /// Whether its address is no longer whole.
    pub is_coarse: bool,
    events: Vec<u8>,
}

/// A verdict as it stands in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredVerdict {
    /// Its number.
    pub id: i64,
    /// When.
    pub at: Micros,
    /// The event that made it.
    pub sequence: Sequence,
    /// The rule.
    pub rule: String,
    /// How bad it is, from 0 to 4.
    pub severity: u8,
    /// Of whom or what it speaks.
    pub subject: String,
    /// The source.
    pub source: Option<IpAddr>,
    /// The account.
    pub account: Option<String>,
    /// The campaign.
    pub campaign: Option<String>,
    /// The number of its story: with the rule, its name.
    pub episode: u64,
    /// What it rests on.
    pub evidence: Vec<Sequence>,
    /// What the rules keep for themselves.
    pub detail: Vec<u8>,
}

/// The sums of an hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hour {
    /// Hours since 1970, UTC.
    pub hour: i64,
    /// Sessions that began in it.
    pub sessions: u64,
    /// Logins that succeeded.
    pub ok: u64,
    /// Logins that failed.
    pub failed: u64,
    /// New guesses.
    pub guesses: u64,
    /// Octets received.
    pub octets_in: u64,
    /// Octets sent.
    pub octets_out: u64,
    /// Events that were lost.
    pub lost: u64,
}

/// That a name was tried in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The session.
    pub first: Sequence,
    /// Whether it was let in.
    pub accepted: bool,
    /// Whether there is such an account.
    pub exists: bool,
}

/// Why there is nothing to read.
#[derive(Debug, thiserror::Error)]
pub enum NoJournal {
    /// The file does not exist: no server has written it.
    #[error("there is no journal")]
    Missing,
    /// It cannot be opened.
    #[error("the journal cannot be opened: {0}")]
    Unreadable(String),
    /// It is no journal.
    #[error("it is no journal of Watchpost")]
    Foreign,
    /// It cannot be read to its end.
    #[error("the journal cannot be read: {0}")]
    Failed(#[from] rusqlite::Error),
    /// A blob is damaged.
    #[error(transparent)]
    Damaged(#[from] Damaged),
}

impl From<rusqlite::types::FromSqlError> for NoJournal {
    fn from(error: rusqlite::types::FromSqlError) -> Self {
        Self::Failed(error.into())
    }
}

/// Reads a journal.
pub struct Reader {
    file: Connection,
    /// Whether sessions share rows of `attempt` and `visit`; older versions wrote one for each.
    shares_rows: bool,
    words: RefCell<HashMap<i64, Rc<str>>>,
}

impl Reader {
    /// Opens a journal.
    pub fn open(path: &Path) -> Result<Self, NoJournal> {
        if !path.exists() {
            return Err(NoJournal::Missing);
        }
        let file = db::open_to_read(path).map_err(|error| match error {
            rusqlite::Error::InvalidQuery => NoJournal::Foreign,
            error if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => NoJournal::Foreign,
            error => NoJournal::Unreadable(error.to_string()),
        })?;
        let version: i64 = file.pragma_query_value(None, "user_version", |row| row.get(0))?;
        Ok(Self { file, shares_rows: version >= mentions::SHARED_SINCE, words: RefCell::default() })
    }

    pub(super) fn file(&self) -> &Connection {
        &self.file
    }

    /// The events of a session, and what was found out when it was over.
    pub fn events(&self, session: &Session) -> Result<Vec<Entry>, NoJournal> {
        let Session { row, events, .. } = session;
        let mut text = |id: u64| self.word(id.cast_signed()).map(|word| word.to_string());
        let mut entries = decode(row.first, row.start, events, &mut text)?;
        let mut late =
            self.file.prepare_cached("SELECT sequence, at, event FROM server_event WHERE connection = ?1")?;
        let mut rows = late.query([&row.connection.0.to_be_bytes()[..]])?;
        while let Some(row) = rows.next()? {
            entries.extend(self.server_entry(row.get(0)?, row.get(1)?, row.get_ref(2)?.as_blob()?)?);
        }
        Ok(entries)
    }

    /// What concerned the whole server: that it began, what was lost, which passwords were changed.
    pub fn server_events(&self, span: Span) -> Result<Vec<Entry>, NoJournal> {
        let query = "SELECT sequence, at, event FROM server_event
            WHERE connection IS NULL AND at >= ?1 AND at < ?2 ORDER BY sequence";
        let mut query = self.file.prepare_cached(query)?;
        let mut rows = query.query([span.since.0, span.until.0])?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next()? {
            entries.extend(self.server_entry(row.get(0)?, row.get(1)?, row.get_ref(2)?.as_blob()?)?);
        }
        Ok(entries)
    }

    fn server_entry(&self, sequence: i64, at: i64, event: &[u8]) -> Result<Vec<Entry>, NoJournal> {
        let mut text = |id: u64| self.word(id.cast_signed()).map(|word| word.to_string());
        Ok(decode(Sequence(sequence.cast_unsigned()), Micros(at), event, &mut text)?)
    }

    /// What outlives a restart: where owners are at home, what is usual for them, and bans.
    pub fn carried(&self) -> Result<Carried, NoJournal> {
        Ok(learned::carried(&self.file)?)
    }

    /// What the server knew when it began, at this event; `None` where that is not known any more.
    pub fn carried_at(&self, started: Sequence) -> Result<Option<Carried>, NoJournal> {
        Ok(learned::carried_at(&self.file, started)?)
    }

    /// Where the owner of an account is at home, by its canonical name.
    pub fn homes(&self, account: &str) -> Result<Vec<Home>, NoJournal> {
        if !learned::is_kept(&self.file)? {
            return Ok(Vec::new());
        }
        Ok(learned::homes(&self.file, "account = ?1", account)?)
    }

    /// The sums of the hours that a span touches.
    pub fn hours(&self, span: Span) -> Result<Vec<Hour>, NoJournal> {
        let query = "SELECT hour, sessions, ok, failed, guesses, octets_in, octets_out, lost FROM hour
            WHERE hour BETWEEN ?1 AND ?2 ORDER BY hour";
        let mut query = self.file.prepare_cached(query)?;
        let hours = query.query_map([span.since.hour(), Micros(span.until.0.saturating_sub(1)).hour()], |row| {
            let number = |column| row.get::<_, i64>(column).map(i64::cast_unsigned);
            Ok(Hour {
                hour: row.get(0)?,
                sessions: number(1)?,
                ok: number(2)?,
                failed: number(3)?,
                guesses: number(4)?,
                octets_in: number(5)?,
                octets_out: number(6)?,
                lost: number(7)?,
            })
        })?;
        Ok(hours.collect::<rusqlite::Result<_>>()?)
    }

    /// When the first session that is still there began, and the last.
    pub fn extent(&self) -> Result<Option<(Micros, Micros)>, NoJournal> {
        let moment = |order: &str| -> rusqlite::Result<Option<i64>> {
            let query = format!("SELECT start FROM session ORDER BY first {order} LIMIT 1");
            let mut query = self.file.prepare_cached(&query)?;
            let mut rows = query.query([])?;
            rows.next()?.map(|row| row.get(0)).transpose()
        };
        Ok(moment("ASC")?.zip(moment("DESC")?).map(|(first, last)| (Micros(first), Micros(last))))
    }

    /// The sessions in which these names were tried.
    pub fn attempts(&self, names: &[String], span: Span) -> Result<Vec<Attempt>, NoJournal> {
        let (low, high) = self.range(span)?;
        let query = format!(
            "SELECT outcome, first, {} FROM attempt WHERE name = ?1 AND first BETWEEN ?2 AND ?3",
            if self.shares_rows { "more" } else { "NULL" }
        );
        let mut query = self.file.prepare_cached(&query)?;
        let mut attempts = Vec::new();
        for name in names {
            let Some(id) = self.name_number(name)? else { continue };
            let mut rows = query.query([id, low.saturating_sub(mentions::SPAN), high])?;
            while let Some(row) = rows.next()? {
                let outcome: i64 = row.get(0)?;
                let accepted = outcome & 0x0f == super::row::ACCEPTED;
                let exists = outcome & super::row::EXISTS != 0;
                let sessions = mentions::sessions(row.get(1)?, row.get_ref(2)?.as_blob_or_null()?, (low, high))?;
                let firsts = sessions.into_iter().map(|first| Sequence(first.cast_unsigned()));
                attempts.extend(firsts.map(|first| Attempt { first, accepted, exists }));
            }
        }
        attempts.sort_by_key(|attempt| attempt.first);
        attempts.dedup_by_key(|attempt| attempt.first);
        Ok(attempts)
    }

    /// The text of a number.
    fn word(&self, id: i64) -> Option<Rc<str>> {
        if let Some(word) = self.words.borrow().get(&id) {
            return Some(Rc::clone(word));
        }
        let mut query = self.file.prepare_cached("SELECT text FROM word WHERE id = ?1").ok()?;
        let mut text: Vec<u8> = query.query_row([id], |row| row.get(0)).ok()?;
        if text.first() == Some(&NAME) {
            text.remove(0);
        }
        let word: Rc<str> = match String::from_utf8(text) {
            Ok(text) => text.into(),
            // A name that is no UTF-8 is shown as what it is; no other text is anything else.
            Err(error) => crate::Untrusted::new(error.into_bytes()).to_string().into(),
        };
        let mut words = self.words.borrow_mut();
        if words.len() > 1 << 17 {
            words.clear();
        }
        words.insert(id, Rc::clone(&word));
        Some(word)
    }

    fn number(&self, text: &str) -> Result<Option<i64>, NoJournal> {
        self.number_of(text.as_bytes())
    }

    /// The number of a name that was tried.
    fn name_number(&self, name: &str) -> Result<Option<i64>, NoJournal> {
        self.number_of(&name_word(name.as_bytes()))
    }

    fn number_of(&self, text: &[u8]) -> Result<Option<i64>, NoJournal> {
        let mut query = self.file.prepare_cached("SELECT id FROM word WHERE text = ?1")?;
        let mut rows = query.query([text])?;
        Ok(rows.next()?.map(|row| row.get(0)).transpose()?)
    }

    /// The sequences between which sessions of a span begin.
    fn range(&self, span: Span) -> Result<(i64, i64), NoJournal> {
        if span == Span::ALL {
            return Ok((0, i64::MAX));
        }
        let query = "SELECT coalesce(min(low), 1), coalesce(max(high), 0) FROM hour WHERE hour BETWEEN ?1 AND ?2";
        let mut query = self.file.prepare_cached(query)?;
        let until = Micros(span.until.0.saturating_sub(1));
        Ok(query.query_row([span.since.hour(), until.hour()], |row| Ok((row.get(0)?, row.get(1)?)))?)
    }
}

/// The name of a session as people type it: the beginning of its hexadecimal digits is enough, when eight or more.
fn bounds(prefix: &str) -> Option<(ConnectionId, ConnectionId)> {
    let digits = prefix.len();
    if !(8..=32).contains(&digits) || !prefix.bytes().all(|octet| octet.is_ascii_hexdigit()) {
        return None;
    }
    let free = u32::try_from(4 * (32 - digits)).ok()?;
    let low = u128::from_str_radix(prefix, 16).ok()?.checked_shl(free)?;
    Some((ConnectionId(low), ConnectionId(low | ((1_u128 << free) - 1))))
}
