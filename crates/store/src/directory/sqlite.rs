//! Accounts in one SQLite file.
//!
//! ```text
//! account   name TEXT PRIMARY KEY     local@domain, canonical
//!           hash TEXT                 PHC string
//!           disabled INTEGER          0 or 1
//!           created, changed          seconds since 1970, UTC
//!           previous_hash TEXT        what the last change of the password replaced
//!           previous_until INTEGER    when that is forgotten
//! ```

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, params};
use rusqlite_migration::{M, Migrations};
use watchpost_proto::Password;
use watchpost_proto::planted::planted;

use super::secret::{Kind, Secret};
use super::verifier::{Decoys, Record, Verifier};
use super::{Account, AccountError, AccountState, HashCost, User, UserName};
use crate::{AuthError, Cause, Directory, Login, disk};

const SCHEMA: &str = "
    CREATE TABLE account (
        name TEXT PRIMARY KEY NOT NULL,
        hash TEXT NOT NULL,
        disabled INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
        created INTEGER NOT NULL DEFAULT (unixepoch()),
        changed INTEGER NOT NULL DEFAULT (unixepoch())
    ) STRICT, WITHOUT ROWID;";

const PREVIOUS: &str = "
    ALTER TABLE account ADD COLUMN previous_hash TEXT;
    ALTER TABLE account ADD COLUMN previous_until INTEGER;";

/// How long a writer waits for another one.
const BUSY: Duration = Duration::from_secs(5);
/// How long a login waits, on a thread that serves others too, where the file system has no WAL.
const BUSY_SERVING: Duration = Duration::from_millis(50);
/// How long the hash before the last change is kept, so that somebody who still tries that password is told from a
/// guesser: 90 days.
const PREVIOUS_SECONDS: i64 = 90 * 24 * 60 * 60;

/// Accounts in one SQLite file. Its own methods block; [`Directory::authenticate`] does not.
pub struct SqliteDirectory {
    accounts: Arc<Accounts>,
    cost: HashCost,
    decoys: Decoys,
    verifier: Verifier,
}

struct Accounts {
    connection: Mutex<Connection>,
    /// For looking names up: what an operator does with the other one keeps no login waiting.
    serving: Mutex<Connection>,
}

impl SqliteDirectory {
    /// Opens the accounts, for their owner alone, and makes the file if it is missing.
    pub fn open(path: &Path, default_domain: &str, cost: HashCost) -> Result<Self, AccountError> {
        disk::make_private_file(path).map_err(storage)?;
        let connection = connect(path).map_err(AccountError::Storage)?;
        let decoys = Decoys::new(kinds(&connection, &cost).map_err(storage)?);
        let serving = Connection::open(path).map_err(storage)?;
        serving.busy_timeout(BUSY_SERVING).map_err(storage)?;
        let accounts = Accounts { connection: Mutex::new(connection), serving: Mutex::new(serving) };
        let verifier = Verifier::new(default_domain).map_err(AccountError::Storage)?;
        Ok(Self { accounts: Arc::new(accounts), cost, decoys, verifier })
    }

    /// Verifies this many passwords at the same time, instead of as many as there are cores.
    #[must_use]
    pub fn with_password_checks(self, at_once: NonZeroUsize) -> Self {
        self.verifier.set_at_once(at_once);
        self
    }

    /// Adds an account.
    pub fn add(&self, name: &str, password: &Password) -> Result<UserName, AccountError> {
        let name = self.name(name)?;
        let hash = self.cost.hash(password).map_err(AccountError::Storage)?;
        let added = self.execute("INSERT INTO account (name, hash) VALUES (?1, ?2)", params![name.as_str(), hash]);
        match added {
            Err(rusqlite::Error::SqliteFailure(error, _)) if error.code == ErrorCode::ConstraintViolation => {
                Err(AccountError::AlreadyExists)
            }
            Err(error) => Err(storage(error)),
            Ok(_) => Ok(name),
        }
    }

    /// Gives an account another password.
    pub fn set_password(&self, name: &str, password: &Password) -> Result<(), AccountError> {
        let name = self.name(name)?;
        let hash = self.cost.hash(password).map_err(AccountError::Storage)?;
        // What was there before is kept for a while: who still tries it is no guesser.
        let statement = "UPDATE account SET previous_hash = hash, previous_until = unixepoch() + ?3,
            hash = ?2, changed = unixepoch() WHERE name = ?1";
        one(self.execute(statement, params![name.as_str(), hash, PREVIOUS_SECONDS]))
    }

    /// Enables or disables an account.
    pub fn set_state(&self, name: &str, state: AccountState) -> Result<(), AccountError> {
        let name = self.name(name)?;
        let statement = "UPDATE account SET disabled = ?2, changed = unixepoch() WHERE name = ?1";
        one(self.execute(statement, params![name.as_str(), state == AccountState::Disabled]))
    }

    /// Removes an account. Its maildrop stays.
    pub fn remove(&self, name: &str) -> Result<(), AccountError> {
        let name = self.name(name)?;
        one(self.execute("DELETE FROM account WHERE name = ?1", params![name.as_str()]))
    }

    /// All accounts by name.
    pub fn list(&self) -> Result<Vec<Account>, AccountError> {
        let connection = self.accounts.connection();
        let statement = "SELECT name, disabled, created, changed, hash FROM account ORDER BY name";
        let mut statement = connection.prepare_cached(statement).map_err(storage)?;
        let accounts = statement.query_map([], account).map_err(storage)?;
        accounts.collect::<Result<_, _>>().map_err(storage)
    }

    /// One account.
    pub fn account(&self, name: &str) -> Result<Account, AccountError> {
        let name = self.name(name)?;
        let connection = self.accounts.connection();
        let statement = "SELECT name, disabled, created, changed, hash FROM account WHERE name = ?1";
        let found = connection.query_row(statement, [name.as_str()], account).optional();
        found.map_err(storage)?.ok_or(AccountError::Unknown)
    }

    fn name(&self, name: &str) -> Result<UserName, AccountError> {
        Ok(UserName::parse(name.as_bytes(), self.verifier.default_domain())?)
    }

    fn execute(&self, statement: &str, values: impl rusqlite::Params) -> rusqlite::Result<usize> {
        self.accounts.connection().execute(statement, values)
    }
}

impl Directory for SqliteDirectory {
    async fn authenticate(&self, login: Login<'_>) -> Result<User, AuthError> {
        let name = self.verifier.name(login.credentials);
        // A name that cannot be one is looked up all the same, as nobody's (S-021).
        // On this thread: it takes some microseconds, and in WAL mode a reader waits for no writer.
        let kept = lookup(&self.accounts.serving(), name.as_ref().map_or("", UserName::as_str)).map_err(unavailable)?;
        let found = match (name, kept) {
            (Some(name), Some((hash, state))) => {
                let secret = Secret::parse(&hash).map_err(unavailable)?;
                Some(Record { user: User::new(name), state, secret: Some(Arc::new(secret)) })
            }
            _ => None,
        };
        self.verifier.verify(login, found, &self.decoys).await
    }

    fn failed_from(&self, from: IpAddr) -> u32 {
        self.verifier.failed_from(from)
    }

    async fn was_previous(&self, account: &UserName, password: &Password) -> bool {
        let (accounts, account) = (Arc::clone(&self.accounts), account.clone());
        let kept = tokio::task::spawn_blocking(move || accounts.previous(account.as_str())).await;
        let Ok(Ok(Some(hash))) = kept else { return false };
        let Ok(secret) = Secret::parse(&hash) else { return false };
        self.verifier.verify_at_leisure(Arc::new(secret), password).await
    }
}

impl SqliteDirectory {
    /// How many hashes of each kind were verified, the kind in words: for tests that count instead of measuring time.
    #[cfg(feature = "planted")]
    pub fn verifications(&self) -> Vec<(String, u64)> {
        self.verifier.verifications()
    }
}

impl fmt::Debug for SqliteDirectory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SqliteDirectory").finish_non_exhaustive()
    }
}

impl Accounts {
    fn connection(&self) -> MutexGuard<'_, Connection> {
        // A connection has no state of ours that a panic could leave half-made.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serving(&self) -> MutexGuard<'_, Connection> {
        self.serving.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The hash that the last change replaced, unless that was too long ago.
    fn previous(&self, name: &str) -> rusqlite::Result<Option<String>> {
        let connection = self.connection();
        let statement = "SELECT previous_hash FROM account WHERE name = ?1 AND (previous_until > unixepoch() OR ?2)";
        let mut statement = connection.prepare_cached(statement)?;
        let for_ever = planted("store.previous-password-is-known-for-ever");
        Ok(statement.query_row(params![name, for_ever], |row| row.get(0)).optional()?.flatten())
    }
}

fn lookup(connection: &Connection, name: &str) -> rusqlite::Result<Option<(String, AccountState)>> {
    let mut statement = connection.prepare_cached("SELECT hash, disabled FROM account WHERE name = ?1")?;
    statement.query_row([name], |row| Ok((row.get(0)?, state(row, 1)?))).optional()
}

/// Which kinds of hashes there are: ours, then the others, the most common first.
fn kinds(connection: &Connection, cost: &HashCost) -> rusqlite::Result<Vec<Kind>> {
    let mut statement = connection.prepare("SELECT hash FROM account")?;
    let mut counts: HashMap<Kind, u64> = HashMap::new();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let kept = Secret::parse(row.get_ref(0)?.as_str()?);
        if let Some(kind) = kept.ok().and_then(|secret| secret.kind()) {
            *counts.entry(kind).or_default() += 1;
        }
    }
    let mut kinds: Vec<(Kind, u64)> = counts.into_iter().collect();
    kinds.sort_by_key(|&(kind, count)| (std::cmp::Reverse(count), kind));
    Ok(std::iter::once(cost.kind()).chain(kinds.into_iter().map(|(kind, _)| kind)).collect())
}

fn connect(path: &Path) -> Result<Connection, Cause> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    Migrations::new(vec![M::up(SCHEMA), M::up(PREVIOUS)]).to_latest(&mut connection)?;
    let forget = "UPDATE account SET previous_hash = NULL, previous_until = NULL WHERE previous_until <= unixepoch()";
    connection.execute(forget, [])?;
    Ok(connection)
}

fn account(row: &Row<'_>) -> rusqlite::Result<Account> {
    let name: String = row.get(0)?;
    // Canonical names have their domain: the default one is not asked for.
    let name = UserName::parse(name.as_bytes(), "")
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, error.into()))?;
    let scheme = Secret::parse(row.get_ref(4)?.as_str()?).ok().map(|secret| secret.scheme());
    let (created, changed) = (Some(time(row, 2)?), Some(time(row, 3)?));
    Ok(Account { name, state: state(row, 1)?, scheme, home: None, maildir: None, created, changed })
}

fn state(row: &Row<'_>, column: usize) -> rusqlite::Result<AccountState> {
    Ok(if row.get(column)? { AccountState::Disabled } else { AccountState::Enabled })
}

fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<SystemTime> {
    let seconds: i64 = row.get(column)?;
    Ok(SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

fn one(changed: rusqlite::Result<usize>) -> Result<(), AccountError> {
    match changed.map_err(storage)? {
        0 => Err(AccountError::Unknown),
        _ => Ok(()),
    }
}

fn storage(error: impl Into<Cause>) -> AccountError {
    AccountError::Storage(error.into())
}

fn unavailable(error: impl Into<Cause>) -> AuthError {
    AuthError::Unavailable(error.into())
}
