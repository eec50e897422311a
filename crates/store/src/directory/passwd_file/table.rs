//! What stands in the file, taken apart, and how to see that it has changed.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use zeroize::Zeroizing;

use super::super::secret::{Kind, Secret};
use super::super::verifier::Decoys;
use super::super::{Account, AccountState, User, UserName};
use super::line::{Line, covered};
use super::networks::Networks;
use super::{PasswdFinding, PasswdTrouble};

/// No such file is larger: some hundred thousand accounts.
const OCTETS_MAX: u64 = 64 << 20;
/// A change within this time of another may not show in the file's clocks, whose ticks are up to 10 ms long.
const SETTLES: Duration = Duration::from_millis(50);

/// Everything that stands in the file.
pub(super) struct Table {
    pub(super) entries: HashMap<UserName, Entry>,
    pub(super) findings: Vec<PasswdFinding>,
    pub(super) decoys: Decoys,
    /// The text of the file with its secrets covered, if something is wrong with it; else nothing.
    pub(super) covered: String,
    stamp: Stamp,
    settled: bool,
}

/// What one line says of its user.
pub(super) struct Entry {
    /// Counted from 1.
    pub(super) line: usize,
    pub(super) secret: Option<Arc<Secret>>,
    pub(super) state: AccountState,
    pub(super) home: Option<PathBuf>,
    pub(super) maildir: Option<PathBuf>,
    pub(super) networks: Option<Networks>,
}

/// What tells one state of a file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    file: (u64, u64),
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        Ok(Self::new(&path.metadata()?))
    }

    fn new(metadata: &std::fs::Metadata) -> Self {
        Self {
            file: (metadata.dev(), metadata.ino()),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// Whether it is so long unchanged that the next change will show.
    fn is_settled(&self) -> bool {
        let (seconds, nanoseconds) = self.changed;
        let (Ok(seconds), Ok(nanoseconds)) = (u64::try_from(seconds), u32::try_from(nanoseconds)) else { return true };
        let changed = SystemTime::UNIX_EPOCH + Duration::new(seconds, nanoseconds);
        // A clock that is behind the file's would never see it settled.
        SystemTime::now().duration_since(changed).map_or(true, |since| since > SETTLES)
    }
}

impl Entry {
    pub(super) fn user(&self, name: &UserName) -> User {
        User { name: name.clone(), home: self.home.clone(), maildir: self.maildir.clone() }
    }

    pub(super) fn account(&self, name: &UserName) -> Account {
        Account {
            name: name.clone(),
            state: self.state,
            scheme: self.secret.as_ref().map(|secret| secret.scheme()),
            home: self.home.clone(),
            maildir: self.maildir.clone(),
            created: None,
            changed: None,
        }
    }
}

impl Table {
    /// Reads the whole file.
    pub(super) fn read(path: &Path, default_domain: &str) -> io::Result<Self> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::other("it is no file"));
        }
        let stamp = Stamp::new(&metadata);
        let settled = stamp.is_settled();
        let mut octets = Zeroizing::new(Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0)));
        if file.take(OCTETS_MAX + 1).read_to_end(&mut octets)? as u64 > OCTETS_MAX {
            return Err(io::Error::other("it is larger than 64 MiB"));
        }
        let text = Zeroizing::new(String::from_utf8_lossy(&octets).into_owned());
        let mut table = Self {
            entries: HashMap::new(),
            findings: Vec::new(),
            decoys: Decoys::default(),
            covered: String::new(),
            stamp,
            settled,
        };
        table.take(&text, default_domain);
        table.decoys = Decoys::new(table.kinds());
        if !table.findings.is_empty() {
            table.covered = covered(&text);
        }
        Ok(table)
    }

    /// Whether the file is still as it was when this was read, as far as a stamp can tell.
    pub(super) fn is_of(&self, stamp: Stamp) -> bool {
        self.settled && self.stamp == stamp
    }

    fn take(&mut self, text: &str, default_domain: &str) {
        let mut start = 0;
        for (number, line) in (1..).zip(text.split_inclusive('\n')) {
            let content = line.trim_end_matches(['\n', '\r']);
            if !(content.trim().is_empty() || content.starts_with('#')) {
                self.take_line(number, start, content, default_domain);
            }
            start += line.len();
        }
    }

    fn take_line(&mut self, number: usize, start: usize, content: &str, default_domain: &str) {
        let mut found = |span: Range<usize>, trouble| {
            let column = 1 + content[..span.start].chars().count();
            let span = start + span.start..start + span.end;
            self.findings.push(PasswdFinding { line: number, column, span, trouble });
        };
        let line = match Line::parse(content, default_domain) {
            Ok(line) => line,
            Err((span, trouble)) => return found(span, trouble),
        };
        if let Some(first) = self.entries.get(&line.name) {
            return found(line.name_span, PasswdTrouble::Twice { first: first.line });
        }
        if let Some(span) = line.without_password {
            found(span, PasswdTrouble::NoPassword);
        }
        let Line { name, secret, state, home, maildir, networks, .. } = line;
        let secret = secret.map(Arc::new);
        self.entries.insert(name, Entry { line: number, secret, state, home, maildir, networks });
    }

    /// Which kinds of hashes there are, the most common first.
    fn kinds(&self) -> Vec<Kind> {
        let mut counts: HashMap<Kind, usize> = HashMap::new();
        for kind in self.entries.values().filter_map(|entry| entry.secret.as_ref()?.kind()) {
            *counts.entry(kind).or_default() += 1;
        }
        let mut kinds: Vec<(Kind, usize)> = counts.into_iter().collect();
        kinds.sort_by_key(|&(kind, count)| (std::cmp::Reverse(count), kind));
        kinds.into_iter().map(|(kind, _)| kind).collect()
    }
}
