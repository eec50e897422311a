//! Users who stand in memory, for tests and demonstrations.

use std::collections::HashMap;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use watchpost_proto::{Credentials, Password};

use super::{AccountState, NotAUserName, User, UserName, let_in};
use crate::{AuthError, Directory};

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
        Ok(User { name, home: None })
    }
}

impl Directory for StaticDirectory {
    async fn authenticate(&self, credentials: &Credentials) -> Result<User, AuthError> {
        let name = UserName::parse(credentials.name(), &self.default_domain).ok();
        let account = name.and_then(|name| self.accounts.get_key_value(&name));
        let kept = account.map_or(b"".as_slice(), |(_, (password, _))| password.expose());
        let (right, acting_as) = match credentials {
            Credentials::Password { password, acting_as, .. } => (same(password.expose(), kept), acting_as.as_deref()),
            Credentials::Apop { timestamp, digest, .. } => (digest.proves(timestamp, kept), None),
        };
        match account {
            Some((name, (_, AccountState::Enabled))) if right => {
                let_in(User { name: name.clone(), home: None }, acting_as, &self.default_domain)
            }
            Some((_, (_, AccountState::Disabled))) if right => Err(AuthError::Disabled),
            _ => Err(AuthError::Refused),
        }
    }
}

/// Compares digests, which have one length whatever the passwords have (S-023).
fn same(one: &[u8], other: &[u8]) -> bool {
    verify_slices_are_equal(digest(&SHA256, one).as_ref(), digest(&SHA256, other).as_ref()).is_ok()
}
