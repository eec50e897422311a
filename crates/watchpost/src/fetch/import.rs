//! Accounts and memory of fetchmail, getmail6 and mpop: the accounts are printed as tables to look at, and what was
//! fetched is written into journals, so that the first run brings none of it again. Nothing of theirs is changed.

mod fetchmail;
mod getmail;
mod mpop;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::journal::{Journal, Record};
use crate::cli::{ExitCode, FetchImportArgs, ForeignFetcher};
use crate::clock::{Clock, SystemClock};
use crate::console::{Failure, Talk};

/// No file of this kind is larger.
const OCTETS_MAX: u64 = 256 << 20;

/// An account of another program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Foreign {
    name: String,
    host: String,
    port: Option<u16>,
    user: String,
    tls: Tls,
    /// As our configuration writes it; without one, the password stands in their file.
    password: Option<String>,
    /// As our configuration writes it.
    to: Option<String>,
    recipient: Option<String>,
    leave: String,
    auth: Option<String>,
    trust: Option<String>,
    /// What could not be taken over, in their words.
    notes: Vec<String>,
    /// What was fetched.
    ids: Vec<String>,
}

/// What protects the connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Tls {
    #[default]
    Implicit,
    Stls,
    None,
}

impl Foreign {
    fn port(&self) -> u16 {
        self.port.unwrap_or(if self.tls == Tls::Implicit { 995 } else { 110 })
    }

    /// As a table of our configuration. `rc`: where the password may stand.
    fn table(&self, rc: &Path) -> String {
        let string = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let mut table = String::from("[[fetch]]\n");
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let _ = writeln!(table, "name = {}", string(&self.name));
        let _ = writeln!(table, "server = {}", string(&format!("{host}:{}", self.port())));
        let _ = writeln!(table, "user = {}", string(&self.user));
        if let Some(password) = &self.password {
            let _ = writeln!(table, "password = {}", string(password));
        } else {
            let rc = one_line(&rc.display().to_string());
            let _ = writeln!(table, "# The password may stand in {rc}: put it into a file that only you can read.");
            table.push_str("password = \"prompt\"   # or \"file:/path/to/it\"\n");
        }
        if let Some(to) = &self.to {
            let _ = writeln!(table, "to = {}", string(to));
        } else {
            table.push_str("# Where the mail goes could not be taken over:\n# to = \"maildir:/home/you/Maildir\"\n");
        }
        if let Some(recipient) = &self.recipient {
            let _ = writeln!(table, "recipient = {}", string(recipient));
        }
        let _ = writeln!(table, "leave = {}", string(&self.leave));
        let tls = match self.tls {
            Tls::Implicit => "implicit",
            Tls::Stls => "stls",
            Tls::None => "none",
        };
        let _ = writeln!(table, "tls = \"{tls}\"");
        for (key, value) in [("auth", &self.auth), ("trust", &self.trust)] {
            if let Some(value) = value {
                let _ = writeln!(table, "{key} = {}", string(value));
            }
        }
        for note in &self.notes {
            let _ = writeln!(table, "# not taken over: {}", one_line(note));
        }
        table
    }
}

fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// Runs the command. `folder`: where our journals are.
/// `config`: the configuration that the tables belong into.
pub(super) fn run(
    arguments: &FetchImportArgs,
    (home, config): (&Path, &Path),
    folder: &Path,
    talk: &Talk,
) -> Result<(), Failure> {
    let text = read(&arguments.rc, talk)?;
    let state = arguments.state.as_deref();
    let (program, mut accounts) = match arguments.program {
        ForeignFetcher::Fetchmail => ("fetchmail", fetchmail::accounts(&text)),
        ForeignFetcher::Getmail => ("getmail", getmail::accounts(&text, home)),
        ForeignFetcher::Mpop => ("mpop", mpop::accounts(&text, home)),
    };
    if accounts.is_empty() {
        let variables = [
            ("path", arguments.rc.display().to_string().into()),
            ("cause", format!("no POP3 account of {program} in it").into()),
        ];
        return Err(Failure::new(ExitCode::DataError, talk.texts.format("error-fetch-import", &variables)));
    }
    name_all(&mut accounts);
    for account in &mut accounts {
        let files = match arguments.program {
            ForeignFetcher::Fetchmail => fetchmail::state(&text, state, home),
            ForeignFetcher::Getmail => getmail::state(account, state, &arguments.rc),
            ForeignFetcher::Mpop => mpop::state(&text, account, state, home),
        };
        for file in files.iter().filter(|file| file.is_file()) {
            let remembered = read(file, talk)?;
            account.ids.extend(match arguments.program {
                ForeignFetcher::Fetchmail => fetchmail::ids(&remembered, account),
                ForeignFetcher::Getmail => getmail::ids(&remembered),
                ForeignFetcher::Mpop => mpop::ids(&remembered, account),
            });
        }
        remember(account, folder).map_err(|error| super::say::failure(&account.name, &error.into(), talk))?;
    }
    let tables: Vec<String> = accounts.iter().map(|account| account.table(&arguments.rc)).collect();
    talk.print(tables.join("\n").trim_end());
    for account in &accounts {
        let variables = [
            ("account", account.name.as_str().into()),
            ("messages", account.ids.len().into()),
            ("program", program.into()),
        ];
        talk.say(talk.texts.format("talk-fetch-imported", &variables).trim_end());
    }
    let variables = [("path", config.display().to_string().into())];
    talk.say(&talk.texts.format("talk-fetch-imported-next", &variables));
    Ok(())
}

/// Writes down what was fetched.
fn remember(account: &Foreign, folder: &Path) -> Result<(), super::journal::JournalError> {
    let seconds = SystemClock.seconds();
    let mut journal = Journal::open(folder, &account.name, seconds)?;
    let mut records = vec![Record::Account(format!("{}@{}:{}", account.user, account.host, account.port()))];
    let known = |id: &&String| !journal.seen().entries.contains_key(id.as_str());
    let done = |id: &String| Record::Done { key: id.clone(), prints: None, seconds };
    records.extend(account.ids.iter().filter(known).map(done));
    journal.append(&records)?;
    journal.sync()
}

/// Names that our configuration takes, each of its own.
fn name_all(accounts: &mut [Foreign]) {
    let mut names: Vec<String> = Vec::new();
    for account in accounts {
        let wanted = if account.name.is_empty() { &account.user } else { &account.name };
        let letter = |letter: char| {
            let letter = letter.to_ascii_lowercase();
            if letter.is_ascii_alphanumeric() || "._-".contains(letter) { letter } else { '-' }
        };
        let base: String = wanted.chars().map(letter).take(36).collect();
        let base = base.trim_start_matches(['.', '-']);
        let base = if base.is_empty() { "account" } else { base };
        let mut name = base.to_owned();
        let mut next = 2;
        while names.contains(&name) {
            name = format!("{base}-{next}");
            next += 1;
        }
        names.push(name.clone());
        account.name = name;
    }
}

/// Their files hold bytes of any kind; what matters in them is ASCII.
fn read(path: &Path, talk: &Talk) -> Result<String, Failure> {
    let octets = fs::metadata(path).and_then(|metadata| {
        if metadata.len() > OCTETS_MAX { Err(std::io::ErrorKind::FileTooLarge.into()) } else { fs::read(path) }
    });
    let octets = octets.map_err(|error| {
        let variables = [("path", path.display().to_string().into()), ("cause", error.to_string().into())];
        Failure::new(ExitCode::NoInput, talk.texts.format("error-fetch-import", &variables))
    })?;
    Ok(String::from_utf8_lossy(&octets).into_owned())
}

/// `~/` at the beginning of a path.
pub(super) fn in_home(path: &str, home: &Path) -> PathBuf {
    path.strip_prefix("~/").map_or_else(|| PathBuf::from(path), |rest| home.join(rest))
}
