//! The file: its tables, and how it is opened, or set aside when it is none of ours.
//!
//! Ten million sessions fit into three gigabytes, so rows hold numbers: texts stand once in `word`, a session's events
//! are one blob, and there are few indices. What belongs to an hour lies between the sequences that `hour` names, so
//! that a time needs no index of its own.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use rusqlite_migration::{M, Migrations};

use super::codec::Micros;
use super::learned::SECOND;
use super::mentions::FIFTH;

/// `WPJL`: how SQLite knows our journals from other files.
const APPLICATION: i32 = 0x5750_4a4c;
/// How long one waits for another who has the file.
const BUSY: Duration = Duration::from_secs(2);

/// Pages in SQLite's log before they go into the file, 16 MiB: pages of indices change with every batch, and go once.
const CHECKPOINT_PAGES: i64 = 4096;

const FIRST: &str = "
    CREATE TABLE meta (key TEXT PRIMARY KEY NOT NULL, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE word (id INTEGER PRIMARY KEY, text BLOB NOT NULL UNIQUE, day INTEGER NOT NULL) STRICT;
    CREATE TABLE session (
        first INTEGER PRIMARY KEY,
        connection BLOB NOT NULL,
        start INTEGER NOT NULL,
        day INTEGER NOT NULL,
        source BLOB NOT NULL,
        port INTEGER NOT NULL,
        listener INTEGER,
        account INTEGER,
        names BLOB,
        ending INTEGER,
        state INTEGER,
        severity INTEGER,
        tls INTEGER,
        ja4 INTEGER,
        p3f INTEGER,
        octets_in INTEGER NOT NULL,
        octets_out INTEGER NOT NULL,
        duration INTEGER NOT NULL,
        commands INTEGER NOT NULL,
        retrieved INTEGER NOT NULL,
        ok INTEGER NOT NULL,
        failed INTEGER NOT NULL,
        guesses INTEGER NOT NULL,
        unrecorded INTEGER NOT NULL,
        coarse INTEGER NOT NULL,
        events BLOB NOT NULL
    ) STRICT;
    CREATE INDEX session_source ON session (source);
    CREATE INDEX session_open ON session (first) WHERE ending IS NULL;
    CREATE TABLE attempt (
        name INTEGER NOT NULL,
        first INTEGER NOT NULL,
        outcome INTEGER NOT NULL,
        PRIMARY KEY (name, first)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE server_event (
        sequence INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        day INTEGER NOT NULL,
        connection BLOB,
        event BLOB NOT NULL
    ) STRICT;
    CREATE INDEX server_event_connection ON server_event (connection) WHERE connection IS NOT NULL;
    CREATE TABLE verdict (
        id INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        day INTEGER NOT NULL,
        sequence INTEGER NOT NULL,
        rule INTEGER NOT NULL,
        severity INTEGER NOT NULL,
        subject TEXT NOT NULL,
        source BLOB,
        account INTEGER,
        campaign TEXT,
        episode INTEGER NOT NULL,
        coarse INTEGER NOT NULL,
        evidence BLOB NOT NULL,
        detail BLOB NOT NULL,
        UNIQUE (episode, rule)
    ) STRICT;
    CREATE INDEX verdict_at ON verdict (at);
    CREATE TABLE verdict_session (
        session INTEGER NOT NULL,
        verdict INTEGER NOT NULL,
        PRIMARY KEY (session, verdict)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX verdict_session_verdict ON verdict_session (verdict);
    CREATE INDEX verdict_campaign ON verdict (campaign) WHERE campaign IS NOT NULL;
    CREATE INDEX verdict_account ON verdict (account) WHERE account IS NOT NULL;
    CREATE TABLE hour (
        hour INTEGER PRIMARY KEY,
        low INTEGER NOT NULL,
        high INTEGER NOT NULL,
        sessions INTEGER NOT NULL,
        ok INTEGER NOT NULL,
        failed INTEGER NOT NULL,
        guesses INTEGER NOT NULL,
        octets_in INTEGER NOT NULL,
        octets_out INTEGER NOT NULL,
        lost INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE hour_rule (
        hour INTEGER NOT NULL,
        rule INTEGER NOT NULL,
        severity INTEGER NOT NULL,
        verdicts INTEGER NOT NULL,
        PRIMARY KEY (hour, rule, severity)
    ) STRICT, WITHOUT ROWID;";

/// Who took TLS keys out.
const THIRD: &str = "
    CREATE TABLE key_export (
        at INTEGER NOT NULL,
        uid INTEGER NOT NULL,
        sessions INTEGER NOT NULL,
        secrets INTEGER NOT NULL,
        file TEXT NOT NULL
    ) STRICT;
    CREATE INDEX key_export_at ON key_export (at);";

/// The fourth version: sources by day. New rows come into the pages of today, which are in memory, and what is old goes
/// page by page; who looks for a source says on which days.
const FOURTH: &str = "
    DROP INDEX session_source;
    CREATE INDEX session_day_source ON session (day, source);";

/// As many as there are migrations.
const VERSION: i64 = 5;

fn migrations() -> Migrations<'static> {
    Migrations::new(vec![M::up(FIRST), M::up(SECOND), M::up(THIRD), M::up(FOURTH), M::up(FIFTH)])
}

/// Why a journal cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(super) enum OpenError {
    /// It is something else, or damaged: to be set aside.
    #[error("{0}")]
    NotOurs(String),
    /// It may work later.
    #[error("{0}")]
    Trouble(String),
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        if is_damage(&error) { Self::NotOurs(error.to_string()) } else { Self::Trouble(error.to_string()) }
    }
}

/// Whether the file itself is at fault.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt))
}

/// Opens the file to write it, for its owner alone; makes it when it is missing.
pub(super) fn open(path: &Path) -> Result<Connection, OpenError> {
    let made = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path);
    made.map_err(|error| OpenError::Trouble(format!("{}: {error}", path.display())))?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    let application: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables > 0 && application != APPLICATION {
        return Err(OpenError::NotOurs("it is another program's database".to_owned()));
    }
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version > VERSION {
        return Err(OpenError::NotOurs("a newer Watchpost wrote it".to_owned()));
    }
    // Before the first table, or it has no effect.
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    connection.pragma_update(None, "application_id", APPLICATION)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // The log is synced at checkpoints: a crash of the machine may cost the last moments, never the file.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "cache_size", -16_384)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    connection.set_prepared_statement_cache_capacity(64);
    // A statement stays as it was prepared, whatever values come.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    migrations().to_latest(&mut connection).map_err(|error| match error {
        rusqlite_migration::Error::RusqliteError { err, .. } => OpenError::from(err),
        other => OpenError::NotOurs(other.to_string()),
    })?;
    Ok(connection)
}

/// Opens the file to read it, while a server may be writing.
pub(super) fn open_to_read(path: &Path) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "cache_size", -65_536)?;
    connection.pragma_update(None, "mmap_size", 1_i64 << 32)?;
    connection.set_prepared_statement_cache_capacity(64);
    let application: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if application == APPLICATION { Ok(connection) } else { Err(rusqlite::Error::InvalidQuery) }
}

/// Renames the file, with what SQLite keeps beside it, so that nothing in it is lost. Says where it lies now.
pub(super) fn set_aside(path: &Path, now: Micros) -> io::Result<PathBuf> {
    let seconds = now.0.div_euclid(1_000_000);
    let target = (0..1000)
        .map(|copy| beside(path, &format!(".damaged-{}", seconds + copy)))
        .find(|target| !target.exists())
        .ok_or_else(|| io::Error::from(io::ErrorKind::AlreadyExists))?;
    fs::rename(path, &target)?;
    for end in ["-wal", "-shm"] {
        match fs::rename(beside(path, end), beside(&target, end)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(target)
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}
