//! Who the users are, and what proves it.

mod fixed;
mod hash;
mod name;
mod sqlite;
mod verified;

use std::path::PathBuf;
use std::time::SystemTime;

pub use fixed::StaticDirectory;
pub use hash::{HashCost, NotAHashCost};
pub use name::{NotAUserName, UserName};
pub use sqlite::SqliteDirectory;

use crate::{AuthError, Cause};

/// Who owns a maildrop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The canonical name.
    pub name: UserName,
    /// The folder of a user who has one.
    pub home: Option<PathBuf>,
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
    /// When it was added.
    pub created: SystemTime,
    /// When its password or its state was last set.
    pub changed: SystemTime,
}

/// Lets a user in who is wanted to act as nobody else: there is no right yet to act as another (P-104).
fn let_in(user: User, acting_as: Option<&[u8]>, default_domain: &str) -> Result<User, AuthError> {
    match acting_as.map(|other| UserName::parse(other, default_domain)) {
        None => Ok(user),
        Some(Ok(other)) if other == user.name => Ok(user),
        Some(_) => Err(AuthError::NotAuthorizedAs),
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
    /// The accounts cannot be read or written.
    #[error("cannot use the accounts: {0}")]
    Storage(#[source] Cause),
}
