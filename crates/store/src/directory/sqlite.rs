//! Accounts in one SQLite file.
//!
//! ```text
//! account   name TEXT PRIMARY KEY   local@domain, canonical
//!           hash TEXT               PHC string
//!           disabled INTEGER        0 or 1
//!           created, changed        seconds since 1970, UTC
//! ```

use std::fmt;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::available_parallelism;
use std::time::{Duration, SystemTime};

use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, params};
use rusqlite_migration::{M, Migrations};
use tokio::sync::Semaphore;
use watchpost_proto::planted::planted;
use watchpost_proto::{Credentials, Password};

use super::hash::{Verdict, verify};
use super::verified::Verified;
use super::{Account, AccountError, AccountState, HashCost, User, UserName, let_in};
use crate::{AuthError, Cause, Directory, disk};

const SCHEMA: &str = "
    CREATE TABLE account (
        name TEXT PRIMARY KEY NOT NULL,
        hash TEXT NOT NULL,
        disabled INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
        created INTEGER NOT NULL DEFAULT (unixepoch()),
        changed INTEGER NOT NULL DEFAULT (unixepoch())
    ) STRICT, WITHOUT ROWID;";

/// How long a writer waits for another one.
const BUSY: Duration = Duration::from_secs(5);

/// Accounts in one SQLite file. Its own methods block; [`Directory::authenticate`] does not.
#[derive(Debug)]
pub struct SqliteDirectory {
    accounts: Arc<Accounts>,
    /// A password hash is memory and a core: no more at a time than there are cores.
    hashing: Arc<Semaphore>,
}

struct Accounts {
    connection: Mutex<Connection>,
    default_domain: String,
    cost: HashCost,
    /// What is verified where there is no account, so that it takes as long (S-021).
    nobody: String,
    verified: Verified,
}

impl SqliteDirectory {
    /// Opens the accounts, for their owner alone, and makes the file if it is missing.
    pub fn open(path: &Path, default_domain: &str, cost: HashCost) -> Result<Self, AccountError> {
        disk::make_private_file(path).map_err(storage)?;
        let connection = connect(path).map_err(AccountError::Storage)?;
        let nobody = cost.hash(&Password::new("")).map_err(AccountError::Storage)?;
        let default_domain = default_domain.to_owned();
        let verified = Verified::new().map_err(AccountError::Storage)?;
        let accounts = Accounts { connection: Mutex::new(connection), default_domain, cost, nobody, verified };
        let cores = available_parallelism().map_or(1, Into::into);
        Ok(Self { accounts: Arc::new(accounts), hashing: Arc::new(Semaphore::new(cores)) })
    }

    /// Verifies this many passwords at the same time, instead of as many as there are cores.
    #[must_use]
    pub fn with_password_checks(self, at_once: NonZeroUsize) -> Self {
        Self { hashing: Arc::new(Semaphore::new(at_once.get())), ..self }
    }

    /// Adds an account.
    pub fn add(&self, name: &str, password: &Password) -> Result<UserName, AccountError> {
        let name = self.name(name)?;
        let hash = self.accounts.cost.hash(password).map_err(AccountError::Storage)?;
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
        let hash = self.accounts.cost.hash(password).map_err(AccountError::Storage)?;
        let statement = "UPDATE account SET hash = ?2, changed = unixepoch() WHERE name = ?1";
        one(self.execute(statement, params![name.as_str(), hash]))
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
        let statement = "SELECT name, disabled, created, changed FROM account ORDER BY name";
        let mut statement = connection.prepare_cached(statement).map_err(storage)?;
        let accounts = statement.query_map([], account).map_err(storage)?;
        accounts.collect::<Result<_, _>>().map_err(storage)
    }

    /// One account.
    pub fn account(&self, name: &str) -> Result<Account, AccountError> {
        let name = self.name(name)?;
        let connection = self.accounts.connection();
        let statement = "SELECT name, disabled, created, changed FROM account WHERE name = ?1";
        let found = connection.query_row(statement, [name.as_str()], account).optional();
        found.map_err(storage)?.ok_or(AccountError::Unknown)
    }

    fn name(&self, name: &str) -> Result<UserName, AccountError> {
        Ok(UserName::parse(name.as_bytes(), &self.accounts.default_domain)?)
    }

    fn execute(&self, statement: &str, values: impl rusqlite::Params) -> rusqlite::Result<usize> {
        self.accounts.connection().execute(statement, values)
    }
}

impl Directory for SqliteDirectory {
    async fn authenticate(&self, credentials: &Credentials) -> Result<User, AuthError> {
        // Who was right lately waits for nobody's hash.
        let (accounts, asked) = (Arc::clone(&self.accounts), credentials.clone());
        let lately = tokio::task::spawn_blocking(move || accounts.right_lately(&asked));
        if let Some(known) = lately.await.map_err(unavailable)?? {
            return known;
        }
        let turn = Arc::clone(&self.hashing).acquire_owned().await.map_err(unavailable)?;
        let accounts = Arc::clone(&self.accounts);
        let credentials = credentials.clone();
        let verified = tokio::task::spawn_blocking(move || {
            let verified = accounts.authenticate(&credentials);
            // Held here, not outside: a client that hangs up must not let one more in before the core is free.
            drop(turn);
            verified
        });
        verified.await.map_err(unavailable)?
    }
}

impl Accounts {
    fn connection(&self) -> MutexGuard<'_, Connection> {
        // A connection has no state of ours that a panic could leave half-made.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the right password leads to, if it was verified lately; `None`: it must be verified.
    fn right_lately(&self, credentials: &Credentials) -> Result<Option<Result<User, AuthError>>, AuthError> {
        let Credentials::Password { name, password, acting_as } = credentials else { return Ok(None) };
        let name = UserName::parse(name, &self.default_domain).ok();
        let kept = self.lookup(name.as_ref().map_or("", UserName::as_str)).map_err(unavailable)?;
        let (Some(name), Some((hash, state))) = (name, kept) else { return Ok(None) };
        let known = self.verified.knows(&self.verified.proof(&name, password, &hash));
        Ok(known.then(|| self.right(name, state, acting_as.as_deref())))
    }

    /// What the right password leads to.
    fn right(&self, name: UserName, state: AccountState, acting_as: Option<&[u8]>) -> Result<User, AuthError> {
        match state {
            AccountState::Enabled => let_in(User { name, home: None }, acting_as, &self.default_domain),
            AccountState::Disabled => Err(AuthError::Disabled),
        }
    }

    /// Every way through here asks the database once and verifies one hash (S-020, S-021).
    fn authenticate(&self, credentials: &Credentials) -> Result<User, AuthError> {
        // Hashes of passwords prove no digest: APOP needs secrets of its own, and meets the same refusal (S-027).
        let nothing = Password::new("");
        let (name, password, acting_as) = match credentials {
            Credentials::Password { name, password, acting_as } => (name, password, acting_as.as_deref()),
            Credentials::Apop { name, .. } => (name, &nothing, None),
        };
        let name = UserName::parse(name, &self.default_domain).ok();
        let kept = self.lookup(name.as_ref().map_or("", UserName::as_str)).map_err(unavailable)?;
        if kept.is_none() && planted("store.unknown-user-is-fast") {
            return Err(AuthError::Refused);
        }
        let hash = kept.as_ref().map_or(self.nobody.as_str(), |(hash, _)| hash);
        let verdict = verify(password, hash).map_err(AuthError::Unavailable)?;
        match (verdict, name, kept) {
            (Verdict::Right, Some(name), Some((hash, state))) => {
                self.verified.keep(self.verified.proof(&name, password, &hash));
                self.right(name, state, acting_as)
            }
            _ => Err(AuthError::Refused),
        }
    }

    fn lookup(&self, name: &str) -> rusqlite::Result<Option<(String, AccountState)>> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached("SELECT hash, disabled FROM account WHERE name = ?1")?;
        statement.query_row([name], |row| Ok((row.get(0)?, state(row, 1)?))).optional()
    }
}

impl fmt::Debug for Accounts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A hash is a secret too, even nobody's.
        formatter.debug_struct("Accounts").field("default_domain", &self.default_domain).finish_non_exhaustive()
    }
}

fn connect(path: &Path) -> Result<Connection, Cause> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    Migrations::new(vec![M::up(SCHEMA)]).to_latest(&mut connection)?;
    Ok(connection)
}

fn account(row: &Row<'_>) -> rusqlite::Result<Account> {
    let name: String = row.get(0)?;
    // Canonical names have their domain: the default one is not asked for.
    let name = UserName::parse(name.as_bytes(), "")
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, error.into()))?;
    Ok(Account { name, state: state(row, 1)?, created: time(row, 2)?, changed: time(row, 3)? })
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
