//! What can go wrong while mail is looked for and read.

use std::io;
use std::path::{Path, PathBuf};

use crate::i18n::Texts;

/// Why mail cannot be read. Each names the file, so that someone can do something about it.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The folder to look in does not exist.
    #[error("cannot find folder {}", .path.display())]
    Missing {
        /// The folder.
        path: PathBuf,
    },
    /// What should be a folder is something else.
    #[error("cannot look for mail in {}: it is not a folder", .path.display())]
    NotAFolder {
        /// What was named.
        path: PathBuf,
    },
    /// The operating system refuses to read a file or folder.
    #[error("cannot read {}: {cause}", .path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        cause: io::Error,
    },
    /// A file named `.mbox` that is none.
    #[error("cannot read {} as mbox: its first line does not begin with \"From \"", .path.display())]
    NotAnMbox {
        /// The file.
        path: PathBuf,
    },
    /// A file is no longer what it was when it was found.
    #[error("cannot read {}: it has changed since it was found", .path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
}

impl ImportError {
    pub(super) fn unreadable(path: &Path, cause: io::Error) -> Self {
        Self::Unreadable { path: path.to_owned(), cause }
    }

    /// For the person at the terminal: which file it is, and what to do.
    pub fn in_words(&self, texts: &Texts) -> String {
        let about = |id, variable: &str, path: &Path| texts.format(id, &[(variable, shown(path).into())]);
        match self {
            Self::Missing { path } => about("error-folder-missing", "dir", path),
            Self::NotAFolder { path } => about("error-not-a-folder", "dir", path),
            Self::NotAnMbox { path } => about("error-import-not-mbox", "path", path),
            Self::Changed { path } => about("error-import-changed", "path", path),
            Self::Unreadable { path, cause } => {
                let variables = [("path", shown(path).into()), ("cause", cause.to_string().into())];
                texts.format("error-import-unreadable", &variables)
            }
        }
    }
}

/// A path for a terminal: whoever named the file must not move the cursor.
pub(super) fn shown(path: &Path) -> String {
    let mut text = String::new();
    for character in path.to_string_lossy().chars() {
        if character.is_control() {
            text.extend(character.escape_default());
        } else {
            text.push(character);
        }
    }
    text
}
