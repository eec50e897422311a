//! Who took TLS keys out of captures, and when: written by the command that does it, shown in reports.

use std::path::Path;

use rusqlite::params;

use super::codec::Micros;
use super::db;
use super::reader::{NoJournal, Reader, Span};

/// Keys were written into a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyExport {
    /// When.
    pub at: Micros,
    /// By which user of the machine.
    pub uid: u32,
    /// Sessions in the file.
    pub sessions: u64,
    /// Sessions of these whose keys are in it.
    pub secrets: u64,
    /// The file, as it was named.
    pub file: String,
}

impl KeyExport {
    /// Writes it down. Whoever cannot must not take the keys.
    pub fn record(&self, journal: &Path) -> Result<(), NoJournal> {
        let file = db::open(journal).map_err(|error| NoJournal::Unreadable(error.to_string()))?;
        file.execute(
            "INSERT INTO key_export (at, uid, sessions, secrets, file) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![self.at.0, self.uid, self.sessions.cast_signed(), self.secrets.cast_signed(), self.file],
        )?;
        Ok(())
    }
}

impl Reader {
    /// Who took keys out in this time.
    pub fn key_exports(&self, span: Span) -> Result<Vec<KeyExport>, NoJournal> {
        // A journal that no server of this version has opened has no such table.
        let query = "SELECT count(*) FROM sqlite_schema WHERE name = 'key_export'";
        if self.file().query_row(query, [], |row| row.get::<_, i64>(0))? == 0 {
            return Ok(Vec::new());
        }
        let query = "SELECT at, uid, sessions, secrets, file FROM key_export WHERE at >= ?1 AND at < ?2 ORDER BY at";
        let mut query = self.file().prepare_cached(query)?;
        let rows = query.query_map([span.since.0, span.until.0], |row| {
            let number = |column| row.get::<_, i64>(column).map(i64::cast_unsigned);
            let (at, uid, file) = (Micros(row.get(0)?), row.get(1)?, row.get(4)?);
            Ok(KeyExport { at, uid, sessions: number(2)?, secrets: number(3)?, file })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}
