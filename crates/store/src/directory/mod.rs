//! Who the users are, and what proves it.
//!
//! ```text
//!   SqliteDirectory ─┐                     ┌─ verified: right lately, no second hash
//!   PasswdFile ──────┼─► record ─► verifier┼─ failures: who looks like a guesser
//!   StaticDirectory  │                     └─ hashing: bounded, off the threads that serve, guessers last
//!   AnyDirectory: one of the first two
//! ```

mod any;
mod crypt;
mod failures;
mod fixed;
mod hash;
mod hashing;
mod name;
mod passwd_file;
mod secret;
mod sqlite;
mod verified;
mod verifier;

use std::path::PathBuf;
use std::time::SystemTime;

pub use any::AnyDirectory;
pub use fixed::StaticDirectory;
pub use hash::{HashCost, NotAHashCost};
pub use name::{NotAUserName, UserName};
pub use passwd_file::{PasswdFile, PasswdFinding, PasswdTrouble};
pub use sqlite::SqliteDirectory;

use crate::{AuthError, Cause};

/// Who owns a maildrop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The canonical name.
    pub name: UserName,
    /// The folder of a user who has one.
    pub home: Option<PathBuf>,
    /// The Maildir of a user who has one elsewhere than where the store would look.
    pub maildir: Option<PathBuf>,
}

impl User {
    /// A user whose maildrop is where everybody's is.
    pub const fn new(name: UserName) -> Self {
        Self { name, home: None, maildir: None }
    }
}

/// Whether an account may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountState {
    /// The right password opens its maildrop.
    Enabled,
    /// Not even the right password opens its maildrop.
    Disabled,
}

/// What the operator sees of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The canonical name.
    pub name: UserName,
    /// Whether it may be used.
    pub state: AccountState,
    /// How its password is kept, `ARGON2ID` say; `None`: no password opens it.
    pub scheme: Option<&'static str>,
    /// The folder of a user who has one.
    pub home: Option<PathBuf>,
    /// The Maildir of a user who has one elsewhere than where the store would look.
    pub maildir: Option<PathBuf>,
    /// When it was added, where that is known.
    pub created: Option<SystemTime>,
    /// When its password or its state was last set, where that is known.
    pub changed: Option<SystemTime>,
}

impl Account {
    /// Whose maildrop it is.
    pub fn user(&self) -> User {
        User { name: self.name.clone(), home: self.home.clone(), maildir: self.maildir.clone() }
    }
}

/// Lets a user in who is wanted to act as nobody else: there is no right yet to act as another (P-104).
fn let_in(user: User, acting_as: Option<&[u8]>, default_domain: &str) -> Result<User, AuthError> {
    match acting_as.map(|other| UserName::parse(other, default_domain)) {
        None => Ok(user),
        Some(Ok(other)) if other == user.name => Ok(user),
        Some(_) => Err(AuthError::NotAuthorizedAs { account: user.name }),
    }
}

/// Why an operator's wish concerning an account cannot be met.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// There is such an account.
    #[error("account exists already")]
    AlreadyExists,
    /// There is no such account.
    #[error("there is no such account")]
    Unknown,
    /// The name cannot be one.
    #[error(transparent)]
    NotAName(#[from] NotAUserName),
    /// The accounts are tended by something else: they can be read here, not changed.
    #[error("the accounts are kept in a file that is changed elsewhere")]
    ReadOnly,
    /// The accounts cannot be read or written.
    #[error("cannot use the accounts: {0}")]
    Storage(#[source] Cause),
}
