//! Listings of Maildirs, and whether they still hold.

use std::io;
use std::sync::Arc;
use std::time::SystemTime;

use super::file::{Facts, Inode, Modified};
use super::folders::Folders;
use super::imported::Remembered;
use super::snapshot::{Snapshot, Subfolder};
use crate::disk::Folder;

/// Time stamps of folders are this coarse at worst: a younger one may stand for two states.
const SETTLED_NANOSECONDS: i128 = 2_000_000_000;

/// How often a Maildir is read again because somebody changed it meanwhile.
const ATTEMPTS: usize = 3;

/// A snapshot, and the state of the folders it was taken in.
#[derive(Debug, Default)]
pub(super) struct Listed {
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) state: State,
}

/// What a listing rests on, beside the files.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    /// None when the folders had changed too lately to tell a later change from this one.
    pub(super) settled: Option<Fingerprint>,
    /// Whether the file system is one that says from memory what it has in memory.
    pub(super) local: bool,
    /// The file of imported unique-ids, if there was one.
    pub(super) imported: Option<Arc<Remembered>>,
    /// When tmp/ was looked through.
    pub(super) swept: Option<SystemTime>,
}

/// What changes whenever a name in new/ or cur/ does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fingerprint {
    new: (Inode, Modified),
    cur: (Inode, Modified),
}

impl Fingerprint {
    /// As the folders are now.
    pub(super) fn of(folders: &Folders) -> io::Result<Self> {
        let of = |folder: &Folder| Facts::of_open(folder).map(|facts| (facts.inode, facts.modified));
        Ok(Self { new: of(&folders.new)?, cur: of(&folders.cur)? })
    }

    /// The same of a Maildir whose folders nobody has opened.
    fn beneath(maildir: &Folder) -> io::Result<Self> {
        let of = |subfolder: Subfolder| Facts::of(maildir, subfolder.name()).map(|facts| (facts.inode, facts.modified));
        Ok(Self { new: of(Subfolder::New)?, cur: of(Subfolder::Cur)? })
    }

    /// Whether every later change will be seen.
    pub(super) fn is_settled(&self, now: SystemTime) -> bool {
        let now = now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_nanos());
        let newest = self.new.1.0.max(self.cur.1.0);
        i128::try_from(now).is_ok_and(|now| now - newest > SETTLED_NANOSECONDS)
    }
}

impl Listed {
    /// Whether the Maildir still has the names it had then.
    pub(super) fn is_current(&self, folders: &Folders) -> io::Result<bool> {
        let Some(settled) = self.state.settled else { return Ok(false) };
        Ok(settled == Fingerprint::of(folders)?)
    }

    /// Whether the Maildir still has the names it had then and nothing is to be corrected, asked without waiting for a
    /// disk or a network.
    pub(super) fn is_current_at_once(&self, maildir: &Folder) -> bool {
        let settled = self.state.settled.filter(|_| self.state.local && !self.snapshot.is_corrected());
        settled.is_some_and(|settled| Fingerprint::beneath(maildir).is_ok_and(|now| now == settled))
    }

    /// The same with the sizes that sessions have counted since.
    pub(super) fn corrected(&self) -> io::Result<Self> {
        let snapshot = self.snapshot.corrected().map_err(io::Error::other)?;
        Ok(Self { snapshot: Arc::new(snapshot), state: self.state.clone() })
    }
}

/// Reads a Maildir once, and again if it has changed meanwhile: a message that changes its flags while its folder is
/// read may be missed. Returns the state before the last time.
pub(super) fn while_it_changes(folders: &Folders, mut read: impl FnMut() -> io::Result<()>) -> io::Result<Fingerprint> {
    let mut before = Fingerprint::of(folders)?;
    read()?;
    for _ in 1..ATTEMPTS {
        let after = Fingerprint::of(folders)?;
        if before == after {
            break;
        }
        before = after;
        read()?;
    }
    Ok(before)
}
