//! From what was written to what is meant: every value is checked once, here and in the files of its type.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Domain;
use super::error::{ConfigError, Severity, Source, quoted};
use super::folder::{self, Trouble, shown};
use super::places::Places;
use super::words::unknown_word;

/// What is needed to complain about a key, and the complaints so far.
pub(super) struct Check<'a> {
    pub(super) source: &'a Arc<Source>,
    pub(super) places: &'a Places,
    /// Keys about which enough was said.
    pub(super) excused: &'a BTreeSet<String>,
    /// Relative paths begin here.
    pub(super) folder: &'a Path,
    /// What `{data_dir}` stands for; `None` until it is known.
    pub(super) data_dir: Option<PathBuf>,
    pub(super) errors: Vec<ConfigError>,
}

impl Check<'_> {
    /// Complains about the value of a key, or the table where it should stand.
    pub(super) fn refuse(&mut self, key: &str, message: &str, help: &str) {
        self.errors.push(ConfigError::new(self.source, Severity::Error, self.places.of(key), message, help));
    }

    /// Complains that a key is not there, unless it was refused already.
    pub(super) fn missing(&mut self, key: &str, message: &str, help: &str) {
        if !self.excused.contains(key) {
            self.refuse(key, message, help);
        }
    }

    /// What was written for a key that has no default; else a complaint.
    pub(super) fn required<'v>(&mut self, key: &str, written: Option<&'v String>, help: &str) -> Option<&'v str> {
        if written.is_none() {
            let name = key.rsplit_once('.').map_or(key, |(_, name)| name);
            self.missing(key, &format!("{} is missing", quoted(name)), help);
        }
        written.map(String::as_str)
    }

    /// One of some words; the first is the default.
    pub(super) fn word<T: Copy>(&mut self, key: &str, written: Option<&str>, words: &[(&'static str, T)]) -> T {
        let (_, default) = words[0];
        let Some(written) = written else { return default };
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == written) {
            return *value;
        }
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let (message, help) = unknown_word(key, written, &known);
        self.refuse(key, &message, &help);
        default
    }

    /// The absolute path that was meant: `{data_dir}` expanded, relative to the file's folder. `None`: it was refused, or
    /// `{data_dir}` was, of which enough was said.
    pub(super) fn path(&mut self, key: &str, written: &str) -> Option<PathBuf> {
        if let Some(what) = not_a_path(written) {
            self.refuse(key, &format!("{} {what}", quoted(written)), "write a path without control characters");
            return None;
        }
        let path = match written.strip_prefix("{data_dir}") {
            Some(rest) if !rest.is_empty() && !rest.starts_with('/') => {
                self.refuse(
                    key,
                    "a slash is missing behind `{data_dir}`",
                    "write {data_dir}/ and the rest of the path",
                );
                return None;
            }
            Some(rest) => format!("{}{rest}", self.data_dir.as_ref()?.display()),
            None => written.to_owned(),
        };
        if path.contains("{data_dir}") {
            self.refuse(key, "`{data_dir}` does not begin the path", "it is a whole path: nothing can stand before it");
            return None;
        }
        // Taken apart and put together, so that `.` and doubled slashes are gone.
        Some(self.folder.join(path).components().collect())
    }

    /// A path without variables but `{data_dir}`.
    pub(super) fn plain_path(&mut self, key: &str, written: &str) -> Option<PathBuf> {
        let path = self.path(key, written)?;
        if written.strip_prefix("{data_dir}").unwrap_or(written).contains(['{', '}']) {
            let message = format!("{} has a variable that is not known here", quoted(written));
            self.refuse(key, &message, "write the path itself; only `{data_dir}` may stand at its beginning");
            return None;
        }
        Some(path)
    }

    /// Complains about a folder.
    pub(super) fn refuse_folder(&mut self, key: &str, trouble: &Trouble) {
        self.refuse(key, &trouble.message, &trouble.help);
    }

    /// `domain`.
    pub(super) fn domain(&mut self, written: Option<&String>) -> Option<Domain> {
        let written = self.required("domain", written, "write your mail domain: domain = \"example.org\"")?;
        let domain = Domain::parse(written);
        if let Err(reason) = domain {
            let message = format!("{} is no domain name: {reason}", quoted(written));
            let help = if written.is_ascii() {
                "write what stands behind the @ in your users' addresses: domain = \"example.org\""
            } else {
                "write its ASCII form, which begins with xn--"
            };
            self.refuse("domain", &message, help);
        }
        domain.ok()
    }

    /// `data_dir`: it exists, and we can write into it.
    pub(super) fn data_dir(&mut self, written: Option<&String>) -> Option<PathBuf> {
        const KEY: &str = "data_dir";
        let help = "write where Watchpost may keep its data: data_dir = \"/var/lib/watchpost\"";
        let written = self.required(KEY, written, help)?;
        if written.contains("{data_dir}") {
            self.refuse(KEY, "`data_dir` cannot stand within itself", help);
            return None;
        }
        let path = self.path(KEY, written)?;
        if path.to_string_lossy().contains(['{', '}']) {
            let message = format!("{} has a brace in its name", shown(&path));
            self.refuse(KEY, &message, "choose a folder without: in paths, braces stand for variables");
            return None;
        }
        if let Err(trouble) = folder::usable(&path) {
            self.refuse_folder(KEY, &trouble);
            return None;
        }
        Some(path)
    }

    /// A database may be new, its folder may not: SQLite keeps its log and its index beside the file.
    pub(super) fn file_to_write(&mut self, key: &str, path: &Path, help: &str) {
        let folder = path.parent().unwrap_or(path);
        if path.is_dir() {
            self.refuse(key, &format!("{} is a folder", shown(path)), help);
        } else if Some(folder) != self.data_dir.as_deref()
            && let Err(trouble) = folder::usable(folder)
        {
            self.refuse_folder(key, &trouble);
        }
    }
}

/// Why the text cannot be a path.
fn not_a_path(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        Some("is no path: it is empty")
    } else if text.contains(char::is_control) {
        Some("is no path: it has a control character")
    } else {
        None
    }
}
