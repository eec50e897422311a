//! The configuration: one file, read once into checked types. Whoever holds a [`Config`] need not ask again.
//!
//! ```text
//!   text ──reading──► what was written (raw) ──check──► Config ──effective──► text
//!     └── places of the keys ──► ConfigError: line, column, what is wrong, what to do
//! ```
//!
//! The comments of what was written (`Raw…`) are the reference page, `docs/config.md`.

mod capture;
mod changes;
mod check;
pub(crate) mod dials;
mod domain;
mod duration;
mod effective;
mod error;
mod fetch;
mod folder;
mod limits;
mod listener;
mod maildir_path;
mod network;
mod observatory;
mod places;
mod raw;
mod reading;
mod reference;
mod size;
mod tables;
mod tls_identity;
mod words;

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use watchpost_proto::pop3::server::{BareLineFeed, Last, Quirks, WithoutUtf8};

use self::check::Check;
use self::error::Source;
use self::folder::{file_trouble, uid};
use self::listener::TlsTable;
use self::places::Places;
use self::reading::Reading;

use crate::fetch::account::Account;

pub use self::capture::{Capture, CaptureMode};
pub use self::domain::{Domain, NotADomain};
pub(crate) use self::duration::parse_duration;
pub use self::effective::template;
pub use self::error::{ConfigError, ConfigErrors, Finding, Place, Severity};
pub use self::limits::Limits;
pub use self::listener::{Listener, ListenerProtocol};
pub use self::network::{Network, NotANetwork, PlaintextLogin};
pub use self::observatory::{Answers, Observatory, Record};
pub use self::reference::{COMPLETE_EXAMPLE, reference};
pub use self::tls_identity::{TlsFile, TlsIdentity, TlsIdentityError};

/// No file of this kind is larger.
const OCTETS_MAX: usize = 1 << 20;

/// A configuration, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file this came from, as the operator named it.
    pub path: PathBuf,
    /// The mail domain: a bare user name is in it (P-068).
    pub domain: Domain,
    /// Where Watchpost keeps its data. It exists, and we can write into it.
    pub data_dir: PathBuf,
    /// Where to listen: one at least.
    pub listeners: Vec<Listener>,
    /// Certificate and key. There is one if a listener needs it.
    pub tls: Option<TlsIdentity>,
    /// Where the accounts are.
    pub directory: Directory,
    /// Where the mail is.
    pub store: Store,
    /// The journal, and what is known of addresses.
    pub observatory: Observatory,
    /// What is kept of the octets of sessions.
    pub capture: Capture,
    /// How much a client, or all of them together, may take.
    pub limits: Limits,
    /// Where real clients, or old mail, part from the standards.
    pub quirks: Quirks,
    /// What the server writes about its own work.
    pub log: Log,
    /// Accounts at other servers.
    pub fetch: Vec<Account>,
    source: Arc<Source>,
    places: Places,
}

/// Where the accounts are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directory {
    /// What holds them.
    pub kind: DirectoryKind,
    /// The file. Only that of SQLite may not exist yet.
    pub path: PathBuf,
}

/// What holds accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DirectoryKind {
    /// A file of SQLite, tended with `watchpost user`.
    Sqlite,
    /// A file as Dovecot has it, tended by something else.
    PasswdFile,
}

impl DirectoryKind {
    /// The default first.
    const WORDS: [(&'static str, Self); 2] = [("sqlite", Self::Sqlite), ("passwd-file", Self::PasswdFile)];
}

/// Where the mail is: Maildirs, the only kind there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    /// An absolute path with `{user}`, `{local}` or `{domain}` in it, or one that begins with `{home}`.
    pub path: String,
}

/// The default first.
const BARE_LINE_FEED: [(&str, BareLineFeed); 2] =
    [("accept", BareLineFeed::EndsLine), ("refuse", BareLineFeed::Refused)];

/// The default first.
const WITHOUT_UTF8: [(&str, WithoutUtf8); 2] =
    [("surrogate", WithoutUtf8::Surrogate), ("refuse", WithoutUtf8::Refusal)];

/// The default first.
const LAST: [(&str, Last); 2] = [("refuse", Last::Unknown), ("answer", Last::Answered)];

/// As the file names a value.
fn word_of<T: PartialEq>(words: &[(&'static str, T)], value: &T) -> &'static str {
    words.iter().find(|(_, known)| known == value).map_or("?", |(word, _)| word)
}

/// What the server writes about its own work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Log {
    /// For whom.
    pub format: LogFormat,
    /// The least important line.
    pub level: LogLevel,
}

/// For whom log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

impl LogFormat {
    /// The default first.
    const WORDS: [(&'static str, Self); 2] = [("text", Self::Text), ("json", Self::Json)];

    /// As the file names it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
        }
    }
}

/// How important a log line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Something failed.
    Error,
    /// Somebody should look.
    Warn,
    /// What an operator acts upon.
    Info,
    /// Every step.
    Debug,
}

impl LogLevel {
    /// The default first.
    const WORDS: [(&'static str, Self); 4] =
        [("info", Self::Info), ("error", Self::Error), ("warn", Self::Warn), ("debug", Self::Debug)];

    /// As the file names it, and as filters of log lines do.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

/// A key that the server may have to complain about when it puts the configuration to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigKey {
    /// `data_dir`
    DataDir,
    /// `address` of a listener, counted from zero.
    ListenerAddress(usize),
    /// `tls.certificate`
    TlsCertificate,
    /// `tls.key`
    TlsKey,
    /// `directory.path`
    DirectoryPath,
    /// `store.path`
    StorePath,
}

impl fmt::Display for ConfigKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DataDir => formatter.write_str("data_dir"),
            Self::ListenerAddress(index) => write!(formatter, "listener[{index}].address"),
            Self::TlsCertificate => formatter.write_str("tls.certificate"),
            Self::TlsKey => formatter.write_str("tls.key"),
            Self::DirectoryPath => formatter.write_str("directory.path"),
            Self::StorePath => formatter.write_str("store.path"),
        }
    }
}

impl Config {
    /// Reads and checks a file.
    pub fn load(path: &Path) -> Result<Self, ConfigErrors> {
        Self::from_text(read(path)?, path)
    }

    /// Checks the text of a file that is, or will be, at `origin`: relative paths begin in its folder.
    pub fn from_text(text: String, origin: &Path) -> Result<Self, ConfigErrors> {
        if text.len() > OCTETS_MAX {
            let help = "keep the file below 1 MiB: that is a thousand times what it needs";
            return Err(ConfigErrors::of_file(origin, "the file is too large", help));
        }
        let Some(folder) = folder_of(origin) else {
            let help = "move the file into a folder whose whole path is UTF-8";
            return Err(ConfigErrors::of_file(origin, "the path of its folder is not UTF-8", help));
        };
        let source = Arc::new(Source { path: origin.to_owned(), text });
        match Reading::new(&source) {
            Ok(reading) => Self::from_reading(reading, &folder),
            Err(errors) => Err(ConfigErrors::new(errors).expect("a text that cannot be read has an error")),
        }
    }

    fn from_reading(reading: Reading, folder: &Path) -> Result<Self, ConfigErrors> {
        let Reading { source, raw, places, errors, excused } = reading;
        let mut check = Check { source: &source, places: &places, excused: &excused, folder, data_dir: None, errors };
        let domain = check.domain(raw.domain.as_ref());
        check.data_dir = check.data_dir(raw.data_dir.as_ref());
        let tls_table = if raw.tls.is_some() || excused.contains("tls") { TlsTable::Present } else { TlsTable::Absent };
        let listeners = Listener::all(&mut check, raw.listener.as_ref(), tls_table);
        let tls = raw.tls.as_ref().map(|raw| TlsIdentity::checked(&mut check, raw));
        let directory = check.directory(&raw.directory.unwrap_or_default());
        let store = Store::new(&mut check, &raw.store.unwrap_or_default());
        let observatory = Observatory::new(&mut check, &raw.observatory.unwrap_or_default());
        let record = observatory.as_ref().map(|observatory| observatory.record);
        let capture = Capture::new(&mut check, &raw.capture.unwrap_or_default(), record);
        let limits = Limits::new(&mut check, &raw.limits.unwrap_or_default());
        let quirks = check.quirks(&raw.compatibility.unwrap_or_default());
        let log = check.log(&raw.log.unwrap_or_default());
        let fetch = check.fetch(raw.fetch.as_ref(), store.as_ref(), domain.as_ref());
        let Check { data_dir, errors, .. } = check;
        if let Some(errors) = ConfigErrors::new(errors) {
            return Err(errors);
        }
        let refused = "whatever is refused has an error";
        Ok(Self {
            path: source.path.clone(),
            domain: domain.expect(refused),
            data_dir: data_dir.expect(refused),
            listeners,
            tls: tls.map(|tls| tls.expect(refused)),
            directory: directory.expect(refused),
            store: store.expect(refused),
            observatory: observatory.expect(refused),
            capture,
            limits,
            quirks,
            log,
            fetch,
            source,
            places,
        })
    }

    /// What somebody should look at, though the server runs: a certificate that has expired or does not hold yet, and
    /// tables of the observatory that are larger than usual.
    pub fn warnings(&self, now: SystemTime) -> Vec<ConfigError> {
        let certificate = self.tls.as_ref().and_then(|identity| identity.warning(now));
        let certificate = certificate.map(|warning| (ConfigKey::TlsCertificate.to_string(), warning));
        let memory = dials::warning_of_memory(&self.observatory.settings);
        let memory = memory.map(|warning| ("observatory.capacity".to_owned(), warning));
        let error = |(key, (message, help)): (String, (String, &str))| {
            ConfigError::new(&self.source, Severity::Warning, self.places.of(&key), &message, help)
        };
        certificate.into_iter().chain(memory).map(error).collect()
    }

    /// The file it was read from.
    pub fn path(&self) -> &Path {
        &self.source.path
    }

    /// One JSON object: `valid` is true, `findings` holds the warnings, `effective` every key and its value.
    pub fn to_json(&self, warnings: &[ConfigError]) -> String {
        let findings: Vec<Finding> = warnings.iter().map(ConfigError::finding).collect();
        let effective: serde_json::Value = toml::from_str(&self.effective()).expect("the effective file is TOML");
        serde_json::json!({ "valid": true, "findings": findings, "effective": effective }).to_string()
    }

    /// A complaint at the place of a key, for what only shows when the configuration is put to use: a port that is taken.
    pub fn refuse(&self, key: ConfigKey, message: &str, help: &str) -> ConfigError {
        ConfigError::new(&self.source, Severity::Error, self.places.of(&key.to_string()), message, help)
    }
}

/// What `watchpost fetch` needs of a file: it may hold nothing else.
#[derive(Clone, Debug)]
pub struct FetchConfig {
    /// The accounts.
    pub accounts: Vec<Account>,
    /// Where Watchpost keeps its data, if the file says so.
    pub data_dir: Option<PathBuf>,
}

impl FetchConfig {
    /// Loads the accounts of a file, whatever else is in it.
    pub fn load(path: &Path) -> Result<Self, ConfigErrors> {
        Self::of_text(path, read(path)?)
    }

    /// The same of a text that is, or will be, in this file.
    pub fn of_text(path: &Path, text: String) -> Result<Self, ConfigErrors> {
        let Some(folder) = folder_of(path) else {
            let help = "move the file into a folder whose whole path is UTF-8";
            return Err(ConfigErrors::of_file(path, "the path of its folder is not UTF-8", help));
        };
        let source = Arc::new(Source { path: path.to_owned(), text });
        let reading = Reading::new(&source);
        let Reading { source, raw, places, errors, excused } =
            reading.map_err(|errors| ConfigErrors::new(errors).expect("a text that cannot be read has an error"))?;
        let mut check =
            Check { source: &source, places: &places, excused: &excused, folder: &folder, data_dir: None, errors };
        check.data_dir = raw.data_dir.as_ref().and_then(|written| check.data_dir(Some(written)));
        let domain = raw.domain.as_ref().and_then(|written| check.domain(Some(written)));
        let store = check.data_dir.is_some().then(|| raw.store.unwrap_or_default());
        let store = store.and_then(|raw| Store::new(&mut check, &raw));
        let accounts = check.fetch(raw.fetch.as_ref(), store.as_ref(), domain.as_ref());
        let Check { data_dir, errors, .. } = check;
        match ConfigErrors::new(errors) {
            Some(errors) => Err(errors),
            None => Ok(Self { accounts, data_dir }),
        }
    }
}

/// The text of a file.
fn read(path: &Path) -> Result<String, ConfigErrors> {
    let mut octets = Vec::new();
    let limit = u64::try_from(OCTETS_MAX).expect("a u64 holds a usize on every platform this is built for") + 1;
    if let Err(error) = File::open(path).and_then(|file| file.take(limit).read_to_end(&mut octets)) {
        let mut help = file_trouble(path, &error).help;
        if error.kind() == std::io::ErrorKind::NotFound {
            "`watchpost init` writes one, --config names another".clone_into(&mut help);
        }
        return Err(ConfigErrors::of_file(path, &format!("we (uid {}) cannot read it: {error}", uid()), &help));
    }
    if octets.len() > OCTETS_MAX {
        let help = "keep the file below 1 MiB: that is a thousand times what it needs";
        return Err(ConfigErrors::of_file(path, "the file is too large", help));
    }
    String::from_utf8(octets).map_err(|error| {
        let start = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
        let source = Arc::new(Source { path: path.to_owned(), text });
        let help = "store the file as UTF-8: your editor can do that";
        ConfigError::new(&source, Severity::Error, Some(start..start + 1), "this is not UTF-8", help).into()
    })
}

/// The folder of the file, absolute. `None`: its name is not UTF-8, and could not be written into a file.
fn folder_of(origin: &Path) -> Option<PathBuf> {
    let absolute = std::path::absolute(origin).ok()?;
    let folder = absolute.parent().unwrap_or(&absolute);
    folder.to_str().map(|_| folder.to_owned())
}
