//! What is told of a login that was tried: never the password, and no name that may be one.

use std::net::IpAddr;
use std::time::SystemTime;

use watchpost_observatory::{
    Guess, LoginAttempt, LoginMechanism, LoginOutcome, PasswordFacts, PasswordTables, Untrusted,
};
use watchpost_proto::Credentials;
use watchpost_proto::planted::planted;
use watchpost_proto::pop3::server::{Session, may_be_a_password};

/// A login that was tried, and what came of it.
pub(crate) struct Attempt<'a> {
    pub(crate) credentials: &'a Credentials,
    /// The account it names, canonical; `None` when there is none, or none is known.
    pub(crate) account: Option<String>,
    pub(crate) outcome: LoginOutcome,
}

impl Attempt<'_> {
    /// As it is told.
    pub(crate) fn told(self, session: &Session, facts: Option<PasswordFacts>) -> LoginAttempt {
        let name = self.credentials.name();
        // Somebody whose login has failed types the password where the name belongs (S-061).
        let may_be_secret = self.account.is_none() && session.tally().failed_logins > 0 && may_be_a_password(name);
        let may_be_secret = may_be_secret && !planted("server.name-that-may-be-a-password");
        LoginAttempt {
            name: Untrusted::new(if may_be_secret { b"" } else { name }),
            account: self.account,
            mechanism: mechanism(self.credentials, session),
            outcome: self.outcome,
            password: facts,
        }
    }

    /// What may be known of the password, if it was wrong and there was one.
    pub(crate) fn facts(&self, tables: &PasswordTables, source: IpAddr, at: SystemTime) -> Option<PasswordFacts> {
        let Credentials::Password { name, password, .. } = self.credentials else { return None };
        if self.outcome != LoginOutcome::Refused && !planted("server.facts-of-right-passwords") {
            return None;
        }
        let name = self.account.as_ref().map_or(name.as_slice(), |account| account.as_bytes());
        Some(tables.facts(Guess { source, name, password: password.expose() }, at))
    }
}

fn mechanism(credentials: &Credentials, session: &Session) -> LoginMechanism {
    match (credentials, session.mechanism()) {
        (Credentials::Apop { .. }, _) => LoginMechanism::Apop,
        (Credentials::Password { .. }, None) => LoginMechanism::User,
        (Credentials::Password { .. }, Some(mechanism)) => LoginMechanism::Sasl(mechanism),
    }
}
