//! The small tables: `[directory]`, `[compatibility]` and `[log]`.

use std::path::PathBuf;

use watchpost_proto::pop3::server::Quirks;

use super::check::Check;
use super::folder::{self, shown};
use super::raw::{RawCompatibility, RawDirectory, RawLog};
use super::{Directory, DirectoryKind, Log, LogFormat, LogLevel};

impl Check<'_> {
    /// `[directory]`
    pub(super) fn directory(&mut self, raw: &RawDirectory) -> Option<Directory> {
        let kind = self.word("directory.kind", raw.kind.as_deref(), &DirectoryKind::WORDS);
        let path = match kind {
            DirectoryKind::Sqlite => self.accounts_of_our_own(raw),
            DirectoryKind::PasswdFile => self.accounts_of_others(raw),
        };
        Some(Directory { kind, path: path? })
    }

    /// The file may be new, its folder may not.
    fn accounts_of_our_own(&mut self, raw: &RawDirectory) -> Option<PathBuf> {
        const KEY: &str = "directory.path";
        let path = self.plain_path(KEY, raw.path.as_deref().unwrap_or("{data_dir}/accounts.sqlite"))?;
        self.file_to_write(KEY, &path, "write the path of the file: path = \"{data_dir}/accounts.sqlite\"");
        Some(path)
    }

    /// The file is there, and we can read it. What stands in it is its reader's to judge.
    fn accounts_of_others(&mut self, raw: &RawDirectory) -> Option<PathBuf> {
        const KEY: &str = "directory.path";
        let help = "write where the file is: path = \"/etc/dovecot/users\"";
        let written = self.required(KEY, raw.path.as_ref(), help)?;
        let path = self.plain_path(KEY, written)?;
        if path.is_dir() {
            self.refuse(KEY, &format!("{} is a folder", shown(&path)), help);
        } else if let Err(error) = std::fs::File::open(&path) {
            self.refuse_folder(KEY, &folder::file_trouble(&path, &error));
        }
        Some(path)
    }

    /// `[compatibility]`
    pub(super) fn quirks(&mut self, raw: &RawCompatibility) -> Quirks {
        Quirks {
            bare_line_feed: self.word(
                "compatibility.bare_line_feed",
                raw.bare_line_feed.as_deref(),
                &super::BARE_LINE_FEED,
            ),
            without_utf8: self.word("compatibility.without_utf8", raw.without_utf8.as_deref(), &super::WITHOUT_UTF8),
            last: self.word("compatibility.last", raw.last.as_deref(), &super::LAST),
        }
    }

    /// `[log]`
    pub(super) fn log(&mut self, raw: &RawLog) -> Log {
        Log {
            format: self.word("log.format", raw.format.as_deref(), &LogFormat::WORDS),
            level: self.word("log.level", raw.level.as_deref(), &LogLevel::WORDS),
        }
    }
}
