//! The directory that the configuration chose.

use std::net::IpAddr;
use std::num::NonZeroUsize;

use watchpost_proto::Password;

use super::{Account, AccountError, AccountState, PasswdFile, SqliteDirectory, User, UserName};
use crate::{AuthError, Directory, Login};

/// One of the directories that serve. Their own methods block.
#[derive(Debug)]
pub enum AnyDirectory {
    /// Accounts in one SQLite file, tended by `watchpost user`.
    Sqlite(SqliteDirectory),
    /// Accounts in a file that something else tends.
    PasswdFile(PasswdFile),
}

impl AnyDirectory {
    /// Verifies this many passwords at the same time, instead of as many as there are cores.
    #[must_use]
    pub fn with_password_checks(self, at_once: NonZeroUsize) -> Self {
        match self {
            Self::Sqlite(directory) => Self::Sqlite(directory.with_password_checks(at_once)),
            Self::PasswdFile(directory) => Self::PasswdFile(directory.with_password_checks(at_once)),
        }
    }

    /// All accounts by name.
    pub fn list(&self) -> Result<Vec<Account>, AccountError> {
        match self {
            Self::Sqlite(directory) => directory.list(),
            Self::PasswdFile(directory) => directory.list(),
        }
    }

    /// One account.
    pub fn account(&self, name: &str) -> Result<Account, AccountError> {
        match self {
            Self::Sqlite(directory) => directory.account(name),
            Self::PasswdFile(directory) => directory.account(name),
        }
    }

    /// Adds an account.
    pub fn add(&self, name: &str, password: &Password) -> Result<UserName, AccountError> {
        self.writable()?.add(name, password)
    }

    /// Gives an account another password.
    pub fn set_password(&self, name: &str, password: &Password) -> Result<(), AccountError> {
        self.writable()?.set_password(name, password)
    }

    /// Enables or disables an account.
    pub fn set_state(&self, name: &str, state: AccountState) -> Result<(), AccountError> {
        self.writable()?.set_state(name, state)
    }

    /// Removes an account. Its maildrop stays.
    pub fn remove(&self, name: &str) -> Result<(), AccountError> {
        self.writable()?.remove(name)
    }

    /// The directory that can be changed here; else it says that this one cannot.
    pub fn writable(&self) -> Result<&SqliteDirectory, AccountError> {
        match self {
            Self::Sqlite(directory) => Ok(directory),
            Self::PasswdFile(_) => Err(AccountError::ReadOnly),
        }
    }
}

impl Directory for AnyDirectory {
    async fn authenticate(&self, login: Login<'_>) -> Result<User, AuthError> {
        match self {
            Self::Sqlite(directory) => directory.authenticate(login).await,
            Self::PasswdFile(directory) => directory.authenticate(login).await,
        }
    }

    fn failed_from(&self, from: IpAddr) -> u32 {
        match self {
            Self::Sqlite(directory) => directory.failed_from(from),
            Self::PasswdFile(directory) => directory.failed_from(from),
        }
    }

    async fn was_previous(&self, account: &UserName, password: &Password) -> bool {
        match self {
            Self::Sqlite(directory) => directory.was_previous(account, password).await,
            Self::PasswdFile(directory) => directory.was_previous(account, password).await,
        }
    }
}
