//! Files for our eyes only: keys, configurations, lists. Written whole or not at all.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, chown};
use std::path::{Path, PathBuf};

use crate::cli::ExitCode;
use crate::console::{Failure, Talk};

/// Writes a file for our eyes only, whole or not at all.
pub fn write_private(path: &Path, text: &str) -> Result<(), (PathBuf, io::Error)> {
    let part = path.with_extension("part");
    let write = || {
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
        io::Write::write_all(&mut file, text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&part, path)
    };
    write().map_err(|error| (path.to_owned(), error))
}

/// Replaces a file that is there, whole or not at all: owner and permissions stay, and so does a link to it.
pub fn replace(path: &Path, text: &str) -> Result<(), (PathBuf, io::Error)> {
    let write = || {
        let path = path.canonicalize()?;
        let metadata = fs::metadata(&path)?;
        let part = path.with_extension("part");
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
        io::Write::write_all(&mut file, text.as_bytes())?;
        file.set_permissions(metadata.permissions())?;
        let made = file.metadata()?;
        if (made.uid(), made.gid()) != (metadata.uid(), metadata.gid()) {
            chown(&part, Some(metadata.uid()), Some(metadata.gid()))?;
        }
        file.sync_all()?;
        fs::rename(&part, &path)
    };
    write().map_err(|error| (path.to_owned(), error))
}

/// Which file cannot be written, and why, in words.
pub fn cannot_write(talk: &Talk, (path, error): (PathBuf, io::Error)) -> Failure {
    let variables = [("path", path.display().to_string().into()), ("cause", error.to_string().into())];
    Failure::new(ExitCode::CannotCreate, talk.texts.format("error-file-unwritable", &variables))
}
