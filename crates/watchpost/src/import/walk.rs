//! Looks for messages under a folder, in an order that is the same on every machine.

use std::ffi::OsStr;
use std::fs::{self, FileType};
use std::io::{self, BufReader};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::error::ImportError;
use super::mbox;
use super::source::{self, Source};

/// What was found under a folder.
#[derive(Debug, Default)]
pub struct Sources {
    /// The messages: those of a Maildir by time of arrival, then files by name, then the folders in it by name.
    pub messages: Vec<Source>,
    /// How many files are no mail by name, or are hidden.
    pub ignored: usize,
    /// How many symbolic links there are. None is followed: what it leads to in the folder is found without it, what
    /// it leads to elsewhere was not asked for.
    pub links: usize,
}

/// Every message under `folder`: `.eml` files, Maildirs and `.mbox` files, to any depth.
///
/// Hidden files and folders are left alone, those of Maildir++ (`.Sent`, `.Trash`) too: who wants them names them.
pub fn sources(folder: &Path) -> Result<Sources, ImportError> {
    let metadata = fs::metadata(folder).map_err(|cause| match cause.kind() {
        io::ErrorKind::NotFound => ImportError::Missing { path: folder.to_owned() },
        _ => ImportError::unreadable(folder, cause),
    })?;
    if !metadata.is_dir() {
        return Err(ImportError::NotAFolder { path: folder.to_owned() });
    }
    let mut found = Sources::default();
    // Folders wait here instead of on the stack, so that depth costs nothing.
    let mut waiting = vec![PathBuf::new()];
    while let Some(relative) = waiting.pop() {
        let mut folders = found.look_into(folder, &relative)?;
        folders.reverse();
        waiting.append(&mut folders);
    }
    Ok(found)
}

impl Sources {
    /// Takes in the files of one folder; returns the folders in it.
    fn look_into(&mut self, root: &Path, relative: &Path) -> Result<Vec<PathBuf>, ImportError> {
        let mut folders = Vec::new();
        let entries = entries(&root.join(relative))?;
        let has = |name: &str| entries.iter().any(|entry| entry.kind.is_dir() && entry.name.as_os_str() == name);
        let is_maildir = has("cur") && has("new");
        if is_maildir {
            self.take_maildir(root, relative)?;
        }
        for entry in entries {
            let inside = relative.join(&entry.name);
            let is_done = is_maildir && ["cur", "new", "tmp"].iter().any(|name| entry.name.as_os_str() == *name);
            if entry.kind.is_symlink() {
                self.links += 1;
            } else if entry.is_hidden() {
                self.ignored += 1;
            } else if entry.kind.is_dir() {
                folders.extend((!is_done).then_some(inside));
            } else {
                self.take_file(root, &inside, &entry)?;
            }
        }
        Ok(folders)
    }

    fn take_file(&mut self, root: &Path, relative: &Path, entry: &Entry) -> Result<(), ImportError> {
        let path = root.join(relative);
        let suffix = Path::new(&entry.name).extension().map(OsStr::to_ascii_lowercase).unwrap_or_default();
        if entry.kind.is_file() && suffix == "eml" {
            self.messages.push(Source::eml(&path, relative));
        } else if entry.kind.is_file() && suffix == "mbox" {
            let file = BufReader::with_capacity(64 * 1024, source::open(&path)?);
            let ranges = mbox::cut(file).map_err(|cause| ImportError::unreadable(&path, cause))?;
            let ranges = ranges.ok_or_else(|| ImportError::NotAnMbox { path: path.clone() })?;
            self.messages.extend(Source::mbox(&path, relative, ranges));
        } else {
            self.ignored += 1;
        }
        Ok(())
    }

    fn take_maildir(&mut self, root: &Path, relative: &Path) -> Result<(), ImportError> {
        let mut messages = Vec::new();
        for folder in ["cur", "new"] {
            let inside = relative.join(folder);
            for entry in entries(&root.join(&inside))? {
                if entry.kind.is_symlink() {
                    self.links += 1;
                } else if entry.kind.is_file() && !entry.is_hidden() {
                    messages.push((entry.arrival(), inside.join(&entry.name), entry));
                } else {
                    self.ignored += 1;
                }
            }
        }
        messages.sort_by(|one, other| (&one.0, &one.2.name).cmp(&(&other.0, &other.2.name)));
        self.messages.extend(messages.iter().map(|(_, inside, _)| Source::maildir(&root.join(inside), inside)));
        Ok(())
    }
}

/// Something in a folder.
struct Entry {
    name: std::ffi::OsString,
    kind: FileType,
}

impl Entry {
    fn is_hidden(&self) -> bool {
        self.name.as_bytes().starts_with(b".")
    }

    /// The seconds that begin the name of a message in a Maildir; without them it sorts behind the others.
    fn arrival(&self) -> u128 {
        let name = self.name.to_string_lossy();
        let digits = name.find(|character: char| !character.is_ascii_digit()).unwrap_or(name.len());
        name[..digits].parse().unwrap_or(u128::MAX)
    }
}

/// What is in a folder, by name, octet by octet: no locale changes the order.
fn entries(folder: &Path) -> Result<Vec<Entry>, ImportError> {
    let unreadable = |cause| ImportError::unreadable(folder, cause);
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        entries.push(Entry { name: entry.file_name(), kind: entry.file_type().map_err(unreadable)? });
    }
    entries.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(entries)
}
