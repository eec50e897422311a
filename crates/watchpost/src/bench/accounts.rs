//! Whose maildrops are used, and that no two sessions use one at the same time: a maildrop is locked (RFC 1939 §4).

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use watchpost_proto::Password;
use zeroize::Zeroizing;

use crate::cli::{BenchArgs, ExitCode};
use crate::console::{Failure, Talk};
use crate::password;

/// Accounts of one run at the most.
const ACCOUNTS_MAX: usize = 100_000;

/// A name and the password that belongs to it.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) password: Password,
}

/// All accounts of a run; each is held by one session at a time.
#[derive(Clone, Debug)]
pub(super) struct Accounts {
    all: Arc<Vec<Account>>,
    free: Arc<Mutex<VecDeque<usize>>>,
    turns: Arc<Semaphore>,
}

/// An account that nobody else uses. Dropping it gives it back, behind those that have waited longer.
#[derive(Debug)]
pub(super) struct Held {
    accounts: Accounts,
    index: usize,
    _turn: OwnedSemaphorePermit,
}

impl Accounts {
    fn new(all: Vec<Account>) -> Self {
        let (free, turns) = ((0..all.len()).collect(), Semaphore::new(all.len()));
        Self { all: Arc::new(all), free: Arc::new(Mutex::new(free)), turns: Arc::new(turns) }
    }

    /// The accounts that the command line names. Only reading a password from standard input can wait.
    pub(super) fn named(arguments: &BenchArgs, talk: &Talk) -> Result<Self, Failure> {
        let accounts = match (&arguments.users, &arguments.user) {
            (Some(path), _) => from_file(path, talk)?,
            (None, Some(pattern)) => from_pattern(pattern, arguments, talk)?,
            (None, None) => Vec::new(),
        };
        let says_more = |octets: &[u8]| octets.is_empty() || octets.iter().any(u8::is_ascii_control);
        if accounts.iter().any(|account| says_more(account.name.as_bytes()) || says_more(account.password.expose())) {
            // A line end in it would be a command of its own (S-040).
            return Err(Failure::new(ExitCode::Usage, talk.texts.text("error-conform-control")));
        }
        Ok(Self::new(accounts))
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// One of them by its place.
    pub(super) fn at(&self, place: usize) -> &Account {
        &self.all[place % self.all.len()]
    }

    /// Waits for an account that nobody uses, and takes it; `None`: there is none at all.
    pub(super) async fn take(&self) -> Option<Held> {
        let turn = Arc::clone(&self.turns).acquire_owned().await.ok()?;
        let index = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop_front()?;
        Some(Held { accounts: self.clone(), index, _turn: turn })
    }
}

impl Held {
    /// The account.
    pub(super) fn account(&self) -> &Account {
        &self.accounts.all[self.index]
    }

    /// Its place among all.
    pub(super) fn index(&self) -> usize {
        self.index
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // Before the permit: whoever gets it finds an account.
        self.accounts.free.lock().unwrap_or_else(PoisonError::into_inner).push_back(self.index);
    }
}

/// Lines of `name:password`; what is behind further colons belongs to the password.
fn from_file(path: &Path, talk: &Talk) -> Result<Vec<Account>, Failure> {
    let unreadable = |error: io::Error| Failure::new(ExitCode::NoInput, format!("{}: {error}", path.display()));
    let mut file = BufReader::new(File::open(path).map_err(unreadable)?);
    let mut accounts = Vec::new();
    let mut line = Zeroizing::new(String::with_capacity(1024));
    for number in 1_u64.. {
        line.clear();
        if file.read_line(&mut line).map_err(unreadable)? == 0 || accounts.len() >= ACCOUNTS_MAX {
            break;
        }
        let text = line.trim_end_matches(['\r', '\n']);
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let Some((name, password)) = text.split_once(':') else {
            let variables = [("file", path.display().to_string().into()), ("line", number.into())];
            return Err(Failure::new(ExitCode::DataError, talk.texts.format("error-bench-users", &variables)));
        };
        accounts.push(Account { name: name.to_owned(), password: Password::new(password.as_bytes()) });
    }
    Ok(accounts)
}

/// One account, or as many as asked for where `%n` stands for their number.
fn from_pattern(pattern: &str, arguments: &BenchArgs, talk: &Talk) -> Result<Vec<Account>, Failure> {
    let unreadable = |error: io::Error| Failure::new(ExitCode::NoInput, error.to_string());
    let password = match &arguments.password_file {
        Some(path) => {
            let mut line = Zeroizing::new(String::with_capacity(1024));
            BufReader::new(File::open(path).map_err(unreadable)?).read_line(&mut line).map_err(unreadable)?;
            Password::new(line.trim_end_matches(['\r', '\n']).as_bytes())
        }
        None if arguments.password_stdin => password::from_standard_input().map_err(unreadable)?,
        None => return Err(Failure::new(ExitCode::Usage, talk.texts.text("error-conform-password"))),
    };
    let numbered = pattern.contains("%n");
    if numbered != (arguments.accounts > 1) && !(numbered && arguments.accounts == 1) {
        return Err(Failure::new(ExitCode::Usage, talk.texts.text("error-bench-pattern")));
    }
    let named = |number: u32| Account { name: pattern.replace("%n", &number.to_string()), password: password.clone() };
    Ok((1..=arguments.accounts).map(named).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_account_is_held_by_one_session_and_comes_back_behind_the_others() {
        let account = |name: &str| Account { name: name.into(), password: Password::new("secret") };
        let accounts = Accounts::new(vec![account("a"), account("b")]);
        let first = accounts.take().await.unwrap();
        let second = accounts.take().await.unwrap();
        assert_eq!((first.account().name.as_str(), second.account().name.as_str()), ("a", "b"));
        drop(second);
        drop(first);
        let next = accounts.take().await.unwrap();
        assert_eq!((next.index(), next.account().name.as_str()), (1, "b"), "what came back first");
    }
}
