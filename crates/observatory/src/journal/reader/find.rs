//! Looking for sessions.

use rusqlite::types::Value;
use rusqlite::{OptionalExtension as _, ToSql, params, params_from_iter};

use super::rows::SESSION_COLUMNS;
use super::{Filter, NoJournal, Reader, Session, Span, bounds};
use crate::event::{ConnectionId, Sequence};
use crate::journal::codec::Micros;
use crate::journal::db_values::Address;
use crate::journal::mentions;

/// More days than a journal keeps sessions.
const DAYS_MAX: i64 = 1000;

/// A query as it grows.
#[derive(Default)]
struct Conditions {
    text: Vec<String>,
    values: Vec<Value>,
}

impl Conditions {
    fn add(&mut self, text: &str, values: impl IntoIterator<Item = Value>) {
        self.text.push(text.to_owned());
        self.values.extend(values);
    }

    /// One of these sessions, which may be many: as JSON they are one value.
    fn among(&mut self, sessions: impl IntoIterator<Item = i64>) {
        let sessions: Vec<String> = sessions.into_iter().map(|first| first.to_string()).collect();
        self.add("first IN (SELECT value FROM json_each(?))", [format!("[{}]", sessions.join(",")).into()]);
    }
}

impl Reader {
    /// The sessions that a filter lets through, the latest first.
    pub fn sessions(&self, filter: &Filter) -> Result<Vec<Session>, NoJournal> {
        let Some(conditions) = self.conditions(filter)? else { return Ok(Vec::new()) };
        let limit = i64::try_from(filter.limit).unwrap_or(-1);
        let query = format!(
            "SELECT {SESSION_COLUMNS} FROM session WHERE {} ORDER BY first DESC LIMIT {limit}",
            conditions.text.join(" AND ")
        );
        self.rows(&query, params_from_iter(conditions.values.iter()))
    }

    /// `None`: a text stands nowhere in the journal, so no session has it.
    fn conditions(&self, filter: &Filter) -> Result<Option<Conditions>, NoJournal> {
        let Filter { span, network, names, rule, severity, ending, open, limit: _ } = filter;
        let (low, high) = self.range(*span)?;
        let mut conditions = Conditions::default();
        // Few sessions come from one network, so its index is better than the order of sequences.
        let first = if network.is_some() || !names.is_empty() { "+first" } else { "first" };
        conditions.add(&format!("{first} BETWEEN ? AND ?"), [low.into(), high.into()]);
        conditions.add("start >= ? AND start < ?", [span.since.0.into(), span.until.0.into()]);
        if let Some((address, prefix)) = network {
            let (low, high) = network_bounds(*address, *prefix);
            let length = i64::try_from(low.len()).unwrap_or(16);
            conditions.add("source BETWEEN ? AND ?", [Value::Blob(low.clone()), Value::Blob(high.clone())]);
            conditions.add("length(source) = ?", [length.into()]);
            if self.shares_rows {
                conditions.among(self.visits(*span, (low, high))?);
            } else if let Some(days) = self.days(*span, "session")? {
                conditions.add(&format!("day IN ({days})"), []);
            }
        }
        if !names.is_empty() {
            conditions.among(self.attempts(names, *span)?.into_iter().map(|attempt| attempt.first.0.cast_signed()));
        }
        if let Some(rule) = rule {
            let Some(number) = self.number(rule)? else { return Ok(None) };
            conditions.add("first IN (SELECT session FROM verdict_session WHERE verdict IN (SELECT id FROM verdict WHERE rule = ?))", [number.into()]);
        }
        if let Some(severity) = severity {
            conditions.add("severity >= ?", [i64::from(*severity).into()]);
        }
        if let Some(word) = ending {
            let Some(value) = ending_value(word) else { return Ok(None) };
            conditions.add("ending IS ?", [value]);
        }
        if *open {
            conditions.add("ending IS NULL", []);
        }
        Ok(Some(conditions))
    }

    /// The sessions of a span that came from between these addresses.
    fn visits(&self, span: Span, (low, high): (Vec<u8>, Vec<u8>)) -> Result<Vec<i64>, NoJournal> {
        let range = self.range(span)?;
        let days = self.days(span, "visit")?.map(|days| format!("day IN ({days}) AND ")).unwrap_or_default();
        let query = format!(
            "SELECT first, more FROM visit WHERE {days} source BETWEEN ?1 AND ?2 AND length(source) = ?3
                AND first BETWEEN ?4 AND ?5"
        );
        let mut query = self.file.prepare_cached(&query)?;
        let length = i64::try_from(low.len()).unwrap_or(16);
        let mut rows = query.query(params![low, high, length, range.0.saturating_sub(mentions::SPAN), range.1])?;
        let mut sessions = Vec::new();
        while let Some(row) = rows.next()? {
            sessions.extend(mentions::sessions(row.get(0)?, row.get_ref(1)?.as_blob_or_null()?, range)?);
        }
        Ok(sessions)
    }

    /// The days of a span that a table has rows of, whose index begins with the day. `None`: too many to name.
    fn days(&self, span: Span, table: &str) -> Result<Option<String>, NoJournal> {
        let query =
            format!("SELECT coalesce((SELECT min(day) FROM {table}), 0), coalesce((SELECT max(day) FROM {table}), 0)");
        let (first, last): (i64, i64) =
            self.file.prepare_cached(&query)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let (first, last) = (first.max(span.since.day()), last.min(span.until.day()));
        if last.saturating_sub(first) > DAYS_MAX {
            return Ok(None);
        }
        let days: Vec<String> = (first..=last).map(|day| day.to_string()).collect();
        Ok(Some(days.join(", ")))
    }

    /// The sessions whose name begins so: 8 to 32 hexadecimal digits. `None`: that is no beginning of a name.
    pub fn find(&self, prefix: &str) -> Result<Option<Vec<Session>>, NoJournal> {
        let Some((low, high)) = bounds(prefix) else { return Ok(None) };
        // The name begins with the milliseconds of its making; a minute is more than any clock is off meanwhile.
        let moment = |name: u128| i64::try_from(name >> 80).unwrap_or(i64::MAX).saturating_mul(1000);
        let span = Span {
            since: Micros((moment(low.0) - 60_000_000).max(0)),
            until: Micros(moment(high.0).saturating_add(60_000_000)),
        };
        let (first, last) = self.range(span)?;
        let (since, until) = (self.first_since(span.since, first, last)?, self.first_since(span.until, first, last)?);
        let mut found = self.named(since, until, (low, high))?;
        if found.is_empty() && (since, until) != (first, last) {
            // A clock that was set leaves sessions where no search by time finds them.
            found = self.named(first, last, (low, high))?;
        }
        Ok(Some(found))
    }

    /// Sessions whose names lie between these.
    fn named(&self, first: i64, last: i64, names: (ConnectionId, ConnectionId)) -> Result<Vec<Session>, NoJournal> {
        let query = format!(
            "SELECT {SESSION_COLUMNS} FROM session WHERE first BETWEEN ? AND ? AND connection BETWEEN ? AND ? LIMIT 17"
        );
        let values = [
            Value::Integer(first),
            Value::Integer(last),
            Value::Blob(names.0.0.to_be_bytes().to_vec()),
            Value::Blob(names.1.0.to_be_bytes().to_vec()),
        ];
        self.rows(&query, params_from_iter(values.iter().map(|value| value as &dyn ToSql)))
    }

    /// Where the sessions begin that began at this moment or later, between two sequences: an hour may have many, and
    /// they stand there in the order of time, but for clocks that were set.
    fn first_since(&self, moment: Micros, first: i64, last: i64) -> Result<i64, NoJournal> {
        let query = "SELECT first, start FROM session WHERE first BETWEEN ?1 AND ?2 ORDER BY first LIMIT 1";
        let mut query = self.file.prepare_cached(query)?;
        let (mut low, mut high) = (first, last);
        while low < high {
            let middle = low + (high - low) / 2;
            let next = query.query_row([middle, high], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)));
            match next.optional()? {
                Some((place, start)) if start < moment.0 => low = place.saturating_add(1),
                _ => high = middle,
            }
        }
        Ok(low)
    }

    /// The next sessions of a span behind a sequence, in the order in which they began.
    pub fn sessions_after(&self, first: Sequence, span: Span, limit: u64) -> Result<Vec<Session>, NoJournal> {
        let (low, high) = if span.since == Span::ALL.since { (0, i64::MAX) } else { (self.range(span)?.0, i64::MAX) };
        let query = format!(
            "SELECT {SESSION_COLUMNS} FROM session WHERE first > ? AND first BETWEEN ? AND ?
                AND start >= ? AND start < ? ORDER BY first LIMIT ?"
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let values = [first.0.cast_signed(), low, high, span.since.0, span.until.0, limit];
        self.rows(&query, values)
    }

    /// The session that begins at this sequence.
    pub fn session(&self, first: Sequence) -> Result<Option<Session>, NoJournal> {
        let query = format!("SELECT {SESSION_COLUMNS} FROM session WHERE first = ?");
        Ok(self.rows(&query, [first.0.cast_signed()])?.pop())
    }
}

/// The words of endings, and what the column holds for them.
fn ending_value(word: &str) -> Option<Value> {
    if word == "open" {
        return Some(Value::Null);
    }
    let known = crate::journal::codec::words::ENDINGS;
    let place = known.iter().position(|ending| ending.word() == word);
    match place {
        Some(place) => i64::try_from(place).ok().map(Value::Integer),
        None => (word == "unknown").then_some(Value::Integer(99)),
    }
}

/// The first and the last address of a network, as octets.
fn network_bounds(address: std::net::IpAddr, prefix: u8) -> (Vec<u8>, Vec<u8>) {
    let mut low = Address::of(address).octets().to_vec();
    let mut high = low.clone();
    for (index, (low, high)) in low.iter_mut().zip(&mut high).enumerate() {
        let fixed = usize::from(prefix).saturating_sub(index * 8).min(8);
        let free = u8::try_from(0xff_u16 >> fixed).unwrap_or(0);
        *low &= !free;
        *high |= free;
    }
    (low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_a_range() {
        let bounds = |text: &str, prefix| network_bounds(text.parse().expect("an address"), prefix);
        assert_eq!(bounds("192.0.2.77", 24), (vec![192, 0, 2, 0], vec![192, 0, 2, 255]));
        assert_eq!(bounds("192.0.2.77", 32), (vec![192, 0, 2, 77], vec![192, 0, 2, 77]));
        assert_eq!(bounds("192.0.2.77", 26), (vec![192, 0, 2, 64], vec![192, 0, 2, 127]));
        assert_eq!(bounds("0.0.0.0", 0), (vec![0; 4], vec![255; 4]));
    }
}
