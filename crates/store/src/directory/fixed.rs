//! Users who stand in memory, for tests and demonstrations.

use std::collections::HashMap;

use watchpost_proto::{Credentials, Password};

use super::secret::same;
use super::{AccountState, NotAUserName, User, UserName, let_in};
use crate::{AuthError, Directory, Login};

/// A directory whose clear passwords stand in memory.
#[derive(Debug, Default)]
pub struct StaticDirectory {
    default_domain: String,
    accounts: HashMap<UserName, (Password, AccountState)>,
}

impl StaticDirectory {
    /// An empty one.
    pub fn new(default_domain: &str) -> Self {
        Self { default_domain: default_domain.to_owned(), ..Self::default() }
    }

    /// Adds a user, or replaces one.
    pub fn add(&mut self, name: &str, password: &str, state: AccountState) -> Result<User, NotAUserName> {
        let name = UserName::parse(name.as_bytes(), &self.default_domain)?;
        self.accounts.insert(name.clone(), (Password::new(password), state));
        Ok(User::new(name))
    }
}

impl Directory for StaticDirectory {
    async fn authenticate(&self, login: Login<'_>) -> Result<User, AuthError> {
        let name = UserName::parse(login.credentials.name(), &self.default_domain).ok();
        let account = name.and_then(|name| self.accounts.get_key_value(&name));
        let kept = account.map_or(b"".as_slice(), |(_, (password, _))| password.expose());
        let (right, acting_as) = match login.credentials {
            Credentials::Password { password, acting_as, .. } => (same(password.expose(), kept), acting_as.as_deref()),
            Credentials::Apop { timestamp, digest, .. } => (digest.proves(timestamp, kept), None),
        };
        match account {
            Some((name, (_, AccountState::Enabled))) if right => {
                let_in(User::new(name.clone()), acting_as, &self.default_domain)
            }
            Some((name, (_, AccountState::Disabled))) if right => Err(AuthError::Disabled { account: name.clone() }),
            account => Err(AuthError::Refused { account: account.map(|(name, _)| name.clone()) }),
        }
    }
}
