//! Message files: opened without following links, and only if they are regular (S-047).

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::time::{Duration, SystemTime};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, ResolveFlags, Statx, StatxFlags, openat, openat2, statx};
use watchpost_proto::planted::planted;
use watchpost_proto::{Sizer, Sizes};

use super::fnv::fnv;
use crate::disk::Folder;

/// How much is read at a time.
pub(super) const PIECE: usize = 64 * 1024;

/// What tells a file from what lay under the same name before: never zero, and the same after a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp(u64);

impl Stamp {
    /// As a plain number.
    pub(super) fn number(self) -> u64 {
        self.0
    }

    /// From a plain number; zero is none.
    pub(super) fn from_number(number: u64) -> Option<Self> {
        (number != 0).then_some(Self(number))
    }
}

/// What a file system says of a file, without looking into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) octets: u64,
    pub(super) modified: Modified,
    /// When it last got a name, a link or octets. Nobody can set this time.
    pub(super) changed: Modified,
    pub(super) inode: Inode,
    pub(super) kind: Kind,
    /// The Unix user who owns it.
    pub(super) owner: u32,
}

/// When a file or folder last changed, in nanoseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Modified(pub(super) i128);

/// Which file it is, whatever it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Inode {
    device: (u32, u32),
    number: u64,
}

/// Whether a message can be in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Regular,
    Link,
    Other,
}

impl Kind {
    pub(super) fn of(kind: FileType) -> Self {
        match kind {
            FileType::RegularFile => Self::Regular,
            FileType::Symlink => Self::Link,
            _ => Self::Other,
        }
    }

    /// Whether the file may be listed and opened.
    pub(super) fn is_message(self) -> bool {
        self == Self::Regular || (self == Self::Link && planted("store.follows-links"))
    }
}

impl Facts {
    /// Of a name within a folder; a link is not followed.
    pub(super) fn of(folder: &Folder, name: &[u8]) -> io::Result<Self> {
        let flags = if planted("store.follows-links") { AtFlags::empty() } else { AtFlags::SYMLINK_NOFOLLOW };
        Ok(Self::from(statx(folder, name, flags, StatxFlags::BASIC_STATS)?))
    }

    /// Of an open file or folder.
    pub(super) fn of_open(file: impl AsFd) -> io::Result<Self> {
        Ok(Self::from(statx(file, "", AtFlags::EMPTY_PATH, StatxFlags::BASIC_STATS)?))
    }

    /// When the message came: its file is written once, and a new name leaves this time alone.
    pub(super) fn arrived(&self) -> SystemTime {
        let nanoseconds = u64::try_from(self.modified.0).unwrap_or(0);
        SystemTime::UNIX_EPOCH + Duration::from_nanos(nanoseconds)
    }

    /// What tells this state of the file from others. Not the device: some get another number with every boot.
    pub(super) fn stamp(&self) -> Stamp {
        let mut facts = [0; 32];
        facts[..8].copy_from_slice(&self.octets.to_le_bytes());
        facts[8..24].copy_from_slice(&self.modified.0.to_le_bytes());
        facts[24..].copy_from_slice(&self.inode.number.to_le_bytes());
        Stamp(fnv(&facts) | 1)
    }
}

impl From<Statx> for Facts {
    fn from(found: Statx) -> Self {
        let at =
            |seconds: i64, nanoseconds: u32| Modified(i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds));
        Self {
            octets: found.stx_size,
            modified: at(found.stx_mtime.tv_sec, found.stx_mtime.tv_nsec),
            changed: at(found.stx_ctime.tv_sec, found.stx_ctime.tv_nsec),
            inode: Inode { device: (found.stx_dev_major, found.stx_dev_minor), number: found.stx_ino },
            kind: Kind::of(FileType::from_raw_mode(found.stx_mode.into())),
            owner: found.stx_uid,
        }
    }
}

/// An open message file.
#[derive(Debug)]
pub(super) struct MessageFile {
    pub(super) file: File,
    pub(super) facts: Facts,
}

impl MessageFile {
    /// Opens a message. What is no regular file is an error of kind `InvalidData`.
    pub(super) fn open(folder: &Folder, name: &[u8]) -> io::Result<Self> {
        Self::check(openat(folder, name, Self::flags(), Mode::empty())?)
    }

    /// Opens a message whose way from the Maildir is in memory; anything else fails, so that the caller never waits
    /// for a disk.
    pub(super) fn open_cached(maildir: &Folder, subfolder: &[u8], name: &[u8]) -> io::Result<Self> {
        let mut resolve = ResolveFlags::CACHED | ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        if !planted("store.follows-links") {
            resolve |= ResolveFlags::NO_SYMLINKS;
        }
        let path = [subfolder, b"/", name].concat();
        Self::check(openat2(maildir, path, Self::flags(), Mode::empty(), resolve)?)
    }

    fn flags() -> OFlags {
        // A FIFO must not make anyone wait for its writer.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
        if planted("store.follows-links") { flags } else { flags | OFlags::NOFOLLOW }
    }

    fn check(file: OwnedFd) -> io::Result<Self> {
        let facts = Facts::of_open(&file)?;
        if !facts.kind.is_message() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "not a regular file"));
        }
        Ok(Self { file: File::from(file), facts })
    }
}

/// Counts a file as RETR will send it (P-162), up to the length it had when it was opened.
pub(super) fn count(file: &File, length: u64) -> io::Result<Sizes> {
    count_with(file, length, &mut vec![0; PIECE])
}

/// The same, with memory for one piece that is used again for the next file.
pub(super) fn count_with(file: &File, length: u64, piece: &mut [u8]) -> io::Result<Sizes> {
    let mut counter = Sizer::default();
    let mut position = 0;
    while position < length {
        let octets = file.read_at(piece, position)?;
        if octets == 0 {
            break;
        }
        counter.push(&piece[..octets]);
        position += octets as u64;
    }
    Ok(counter.finish())
}
