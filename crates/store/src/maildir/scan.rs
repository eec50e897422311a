//! The files of a Maildir, before they have numbers.

use std::io;
use std::ops::ControlFlow;

use rustix::fs::{FileType, Mode, OFlags, RawDir, openat};

use super::file::{Facts, Kind, PIECE};
use super::folders::Folders;
use super::snapshot::Subfolder;
use crate::disk::Folder;

/// Calls `take` with every name in a folder, and what the folder says of it, until the folder ends or `take` wants
/// no more.
pub(super) fn each_entry(folder: &Folder, mut take: impl FnMut(&[u8], FileType) -> ControlFlow<()>) -> io::Result<()> {
    // Opened anew: the position of a folder belongs to whoever opened it.
    let open = openat(folder, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let mut buffer: Vec<u8> = Vec::with_capacity(PIECE);
    let mut entries = RawDir::new(open, buffer.spare_capacity_mut());
    while let Some(entry) = entries.next() {
        let entry = entry?;
        if take(entry.file_name().to_bytes(), entry.file_type()).is_break() {
            break;
        }
    }
    Ok(())
}

/// Calls `take` with every name in a folder that may be a message.
pub(super) fn each_name(folder: &Folder, mut take: impl FnMut(&[u8])) -> io::Result<()> {
    each_entry(folder, |name, kind| {
        if !name.starts_with(b".") && is_message(folder, name, kind) {
            take(name);
        }
        ControlFlow::Continue(())
    })
}

fn is_message(folder: &Folder, name: &[u8], kind: FileType) -> bool {
    match kind {
        // Some file systems do not say.
        FileType::Unknown => Facts::of(folder, name).is_ok_and(|facts| facts.kind.is_message()),
        known => Kind::of(known).is_message(),
    }
}

/// A file that may be a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct File {
    /// Where its name begins among all names.
    pub(super) start: usize,
    length: usize,
    pub(super) subfolder: Subfolder,
    /// When it came (P-067).
    pub(super) seconds: u64,
    /// Its place in an earlier listing.
    pub(super) known: Option<u32>,
}

/// All files of a Maildir, in no order.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) files: Vec<File>,
    names: Vec<u8>,
}

impl Found {
    /// Reads new/ and cur/.
    pub(super) fn scan(folders: &Folders) -> io::Result<Self> {
        let mut found = Self::default();
        // In this order: a message that moves from new/ to cur/ meanwhile is found twice, not never.
        for subfolder in [Subfolder::New, Subfolder::Cur] {
            each_name(folders.subfolder(subfolder), |name| {
                let (start, length) = found.add(name);
                found.files.push(File { start, length, subfolder, seconds: 0, known: None });
            })?;
        }
        Ok(found)
    }

    fn add(&mut self, name: &[u8]) -> (usize, usize) {
        let start = self.names.len();
        self.names.extend_from_slice(name);
        (start, name.len())
    }

    /// The name of a file.
    pub(super) fn name(&self, file: &File) -> &[u8] {
        &self.names[file.start..file.start + file.length]
    }

    /// Gives a file another name.
    pub(super) fn rename(&mut self, file: &mut File, name: &[u8]) {
        (file.start, file.length) = self.add(name);
    }

    /// How many octets all names have.
    pub(super) fn names_length(&self) -> usize {
        self.names.len()
    }
}
