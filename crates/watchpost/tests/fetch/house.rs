//! Where a test fetches to: a folder with a configuration, journals and a destination.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use watchpost::clock::SystemClock;
use watchpost::config::FetchConfig;
use watchpost::fetch::account::Account;
use watchpost::fetch::progress::Board;
use watchpost::fetch::run::{Fetcher, Outcome};
use watchpost::fetch::secret::Finder;

pub struct House {
    pub folder: tempfile::TempDir,
    pub account: Account,
    pub drain: bool,
}

impl House {
    /// An account at a port of this machine, without TLS; `more`: further keys of its table.
    pub fn new(port: u16, more: &str) -> Self {
        Self::within(tempfile::tempdir().unwrap(), port, more)
    }

    /// The same, in a folder where something may be already.
    pub fn within(folder: tempfile::TempDir, port: u16, more: &str) -> Self {
        let to = if more.contains("to = ") {
            String::new()
        } else {
            format!("to = \"maildir:{}\"\n", folder.path().join("md").display())
        };
        let password = if more.contains("password = ") { "" } else { "password = \"command:echo secret\"\n" };
        // Accounts of our own are where the server's data are.
        let data = if more.contains("account:") { "data_dir = \"{dir}\"\n" } else { "" };
        let tls = if more.contains("tls = ") { "" } else { "tls = \"none\"\n" };
        let user = if more.contains("user = ") { "" } else { "user = \"alice\"\n" };
        let text =
            format!("{data}[[fetch]]\nname = \"a\"\nserver = \"127.0.0.1:{port}\"\n{tls}{user}{password}{to}{more}\n");
        let text = text.replace("{dir}", folder.path().to_str().unwrap());
        let path = folder.path().join("watchpost.toml");
        fs::write(&path, text).unwrap();
        let account = FetchConfig::load(&path).unwrap_or_else(|errors| panic!("{errors}")).accounts.remove(0);
        Self { folder, account, drain: false }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn fetcher(&self) -> Arc<Fetcher> {
        Arc::new(Fetcher {
            folder: self.path("state"),
            finder: Finder { variable: |_| Some("secret".to_owned()), may_ask: false, question: String::new() },
            clock: Arc::new(SystemClock),
            board: Board::hidden(),
            drain: self.drain,
        })
    }

    pub fn fetch(&self) -> Outcome {
        let outcome = self.fetch_and_tell_nobody();
        self.fetcher().told(&outcome);
        outcome
    }

    /// As a run does that is killed before it says a word.
    pub fn fetch_and_tell_nobody(&self) -> Outcome {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(self.fetcher().all(std::slice::from_ref(&self.account), |_| {})).remove(0)
    }

    /// Fetches, and nothing may be wrong.
    #[track_caller]
    pub fn fetch_well(&self) -> Outcome {
        let outcome = self.fetch();
        assert!(outcome.error.is_none() && outcome.report.complete, "{:?} {:?}", outcome.error, outcome.report);
        outcome
    }

    /// The messages in the Maildir, sorted, line ends as on the wire.
    pub fn messages(&self) -> Vec<Vec<u8>> {
        messages_of(&self.path("md"))
    }
}

pub fn messages_of(maildir: &Path) -> Vec<Vec<u8>> {
    let Ok(entries) = fs::read_dir(maildir.join("new")) else { return Vec::new() };
    let mut messages: Vec<Vec<u8>> =
        entries.map(|entry| crate::support::canonical(&fs::read(entry.unwrap().path()).unwrap())).collect();
    messages.sort();
    messages
}

/// The messages of an mbox, sorted, unquoted, line ends as on the wire.
pub fn messages_of_mbox(mbox: &Path) -> Vec<Vec<u8>> {
    let text = fs::read(mbox).unwrap_or_default();
    let mut messages: Vec<Vec<u8>> = Vec::new();
    for line in text.split_inclusive(|octet| *octet == b'\n') {
        if line.starts_with(b"From ") {
            messages.push(Vec::new());
            continue;
        }
        let quotes = line.iter().take_while(|octet| **octet == b'>').count();
        let line = if quotes > 0 && line[quotes..].starts_with(b"From ") { &line[1..] } else { line };
        messages.last_mut().expect("an mbox begins with a From line").extend_from_slice(line);
    }
    for message in &mut messages {
        assert_eq!(message.pop(), Some(b'\n'), "an empty line ends a message");
    }
    let mut messages: Vec<Vec<u8>> = messages.iter().map(|message| crate::support::canonical(message)).collect();
    messages.sort();
    messages
}
