//! Accounts in a file as Dovecot has it, which something else tends (its passwd-file):
//!
//! ```text
//! # user:password:uid:gid:(gecos):home:(shell):extra fields, separated by spaces
//! alice:{ARGON2ID}$argon2id$v=19$m=65536,t=3,p=1$c29tZXNhbHQ$…:::::
//! bob@example.net:{SHA512-CRYPT}$6$salt$…:1000:1000::/home/bob::userdb_mail=maildir:~/Maildir
//! carol:{PLAIN}secret::::::nologin
//! ```
//!
//! The file is read again when it has changed: one `stat` per login. A line that cannot be used refuses its account and
//! nobody else's. `allow_nets=` and `nologin` are heeded; what else restricts an account refuses it. Uid, gid, gecos and shell are passed over: one Unix user owns all maildrops.

mod line;
mod mail;
mod networks;
mod table;

use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::Mutex;
use watchpost_proto::planted::planted;

use super::verifier::{Record, Verifier};
use super::{Account, AccountError, NotAUserName, User, UserName};
use crate::{AuthError, Directory, Login};

use table::{Stamp, Table};

/// Troubles that are logged one by one when the file is read.
const LOGGED_MAX: usize = 20;

/// Accounts in a file that something else tends. Its own methods block; [`Directory::authenticate`] does not.
pub struct PasswdFile {
    path: PathBuf,
    table: RwLock<Arc<Table>>,
    /// Held while the file is read again, so that one login reads it and the others wait.
    reading: Mutex<()>,
    verifier: Verifier,
}

/// Something in the file that its owner should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswdFinding {
    /// The line, counted from 1.
    pub line: usize,
    /// The character in the line, counted from 1.
    pub column: usize,
    /// The octets of the file that are meant.
    pub span: Range<usize>,
    /// What it is about.
    pub trouble: PasswdTrouble,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswdTrouble {
    /// Not UTF-8.
    #[error("the line is not UTF-8")]
    NotUtf8,
    /// No colon: it names no password.
    #[error("the line has no colon: it is user:password:uid:gid:gecos:home:shell:extra")]
    NoColon,
    /// The name cannot be one.
    #[error("this cannot be a user name: {0}")]
    Name(NotAUserName),
    /// The same user stands further up.
    #[error("this user stands in line {first} already")]
    Twice {
        /// Where.
        first: usize,
    },
    /// The password cannot be verified.
    #[error("{0}")]
    Password(String),
    /// There is no password.
    #[error("there is no password: nobody can log in")]
    NoPassword,
    /// Something restricts or redirects the account in a way that is not known here.
    #[error("`{0}` changes who may log in, or where to, and is not known here")]
    Restriction(String),
    /// The networks from which alone the account may log in cannot be read.
    #[error("this is not a network, or networks with commas between")]
    Networks,
    /// The home is no absolute path.
    #[error("the home is not an absolute path")]
    Home,
    /// The mail cannot be found.
    #[error("{0}")]
    Mail(String),
}

impl PasswdTrouble {
    /// Whether somebody who should be able to log in is refused because of it.
    pub const fn refuses(&self) -> bool {
        !matches!(self, Self::NoPassword)
    }

    /// What to do about it.
    pub const fn help(&self) -> &'static str {
        match self {
            Self::NotUtf8 => "store the file as UTF-8",
            Self::NoColon => "write the missing fields, or # in front of a comment",
            Self::Name(_) => "write alice, or alice@example.org, as it is typed at login",
            Self::Twice { .. } => "remove one of the two: the first one counts",
            Self::Password(_) => {
                "write {PLAIN}, {SHA512-CRYPT}, {SHA256-CRYPT}, {ARGON2ID} or {ARGON2I} and what belongs to it; \
                 `doveadm pw -s SHA512-CRYPT` makes one"
            }
            Self::NoPassword => "write a password, or ! where nobody is meant to log in",
            Self::Restriction(_) => "remove it if the account may be served without; until then it is refused",
            Self::Networks => "write allow_nets=10.0.0.0/8,2001:db8::/32; names and `local` are not known here",
            Self::Home => "write a path that begins with /",
            Self::Mail(_) => {
                "write userdb_mail=maildir: and a path that begins with / or ~/; %u, %n, %d and %h are known"
            }
        }
    }
}

impl PasswdFile {
    /// Reads the file. A bare name in it is in the default domain (P-068).
    pub fn open(path: &Path, default_domain: &str) -> Result<Self, AccountError> {
        let table = Table::read(path, default_domain).map_err(|error| AccountError::Storage(error.into()))?;
        log(path, &table.findings);
        Ok(Self {
            path: path.to_owned(),
            table: RwLock::new(Arc::new(table)),
            reading: Mutex::new(()),
            verifier: Verifier::new(default_domain).map_err(AccountError::Storage)?,
        })
    }

    /// What is wrong in a file, and its text with every password and hash covered.
    pub fn inspect(path: &Path, default_domain: &str) -> std::io::Result<(Vec<PasswdFinding>, String)> {
        let table = Table::read(path, default_domain)?;
        Ok((table.findings, table.covered))
    }

    /// Verifies this many passwords at the same time, instead of as many as there are cores.
    #[must_use]
    pub fn with_password_checks(self, at_once: NonZeroUsize) -> Self {
        self.verifier.set_at_once(at_once);
        self
    }

    /// What is wrong in the file.
    pub fn findings(&self) -> Vec<PasswdFinding> {
        self.table().findings.clone()
    }

    /// All accounts by name.
    pub fn list(&self) -> Result<Vec<Account>, AccountError> {
        let table = self.table();
        let mut accounts: Vec<Account> = table.entries.iter().map(|(name, entry)| entry.account(name)).collect();
        accounts.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(accounts)
    }

    /// One account.
    pub fn account(&self, name: &str) -> Result<Account, AccountError> {
        let name = UserName::parse(name.as_bytes(), self.verifier.default_domain())?;
        let table = self.table();
        let entry = table.entries.get(&name).ok_or(AccountError::Unknown)?;
        Ok(entry.account(&name))
    }

    /// How many hashes of each kind were verified, the kind in words: for tests that count instead of measuring time.
    #[cfg(feature = "planted")]
    pub fn verifications(&self) -> Vec<(String, u64)> {
        self.verifier.verifications()
    }

    fn table(&self) -> Arc<Table> {
        Arc::clone(&self.table.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What stands in the file now. A file that cannot be read lets nobody in, not even those who stood in it.
    async fn current(&self) -> Result<Arc<Table>, AuthError> {
        if let Some(table) = self.unchanged()? {
            return Ok(table);
        }
        let _reading = self.reading.lock().await;
        // Whoever held it before has read it, most likely.
        if let Some(table) = self.unchanged()? {
            return Ok(table);
        }
        let (path, domain) = (self.path.clone(), self.verifier.default_domain().to_owned());
        let read = tokio::task::spawn_blocking(move || Table::read(&path, &domain)).await;
        let table = Arc::new(read.map_err(unavailable)?.map_err(|error| self.unreadable(&error))?);
        let mut kept = self.table.write().unwrap_or_else(PoisonError::into_inner);
        if kept.findings != table.findings {
            log(&self.path, &table.findings);
        }
        kept.clone_from(&table);
        Ok(table)
    }

    /// What was read last, if the file is still the same.
    fn unchanged(&self) -> Result<Option<Arc<Table>>, AuthError> {
        let table = self.table();
        if planted("store.passwd-file-is-read-once") {
            return Ok(Some(table));
        }
        let stamp = Stamp::of(&self.path).map_err(|error| self.unreadable(&error))?;
        Ok(table.is_of(stamp).then_some(table))
    }

    fn unreadable(&self, error: &std::io::Error) -> AuthError {
        unavailable(format!("{}: {error}", self.path.display()))
    }
}

impl Directory for PasswdFile {
    async fn authenticate(&self, login: Login<'_>) -> Result<User, AuthError> {
        let table = self.current().await?;
        let name = self.verifier.name(login.credentials);
        let found = name.and_then(|name| {
            let entry = table.entries.get(&name)?;
            // Elsewhere not even the right password is right, and nobody there is told why (S-020).
            let allowed = entry.networks.as_ref().is_none_or(|networks| networks.allow(login.from));
            let secret = entry.secret.clone().filter(|_| allowed);
            Some(Record { user: entry.user(&name), state: entry.state, secret })
        });
        self.verifier.verify(login, found, &table.decoys).await
    }

    fn failed_from(&self, from: IpAddr) -> u32 {
        self.verifier.failed_from(from)
    }
}

impl fmt::Debug for PasswdFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PasswdFile").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Tells the operator what is wrong, once for each state of the file.
fn log(path: &Path, findings: &[PasswdFinding]) {
    let file = path.display();
    for finding in findings.iter().take(LOGGED_MAX) {
        let (line, help) = (finding.line, finding.trouble.help());
        tracing::warn!(%file, line, help, "an account is not served: {}", finding.trouble);
    }
    if findings.len() > LOGGED_MAX {
        let more = findings.len() - LOGGED_MAX;
        tracing::warn!(%file, more, "more accounts are not served; `watchpost check-config` names them all");
    }
}

fn unavailable(error: impl Into<crate::Cause>) -> AuthError {
    AuthError::Unavailable(error.into())
}
