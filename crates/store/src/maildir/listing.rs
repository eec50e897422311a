//! From the files of a Maildir to numbered messages.

use std::collections::HashSet;
use std::io;
use std::time::SystemTime;

use rustix::fs::{Mode, OFlags, RawDir, fstatfs, openat};
use watchpost_proto::{Octets, Sizes, UniqueId};

use super::file::{Facts, Inode, Kind, MessageFile, Modified, count};
use super::folders::Folders;
use super::name::{self, Claim, Identity, NameMaker};
use super::snapshot::{KnownSizes, Size, Snapshot, SnapshotBuilder, Subfolder};
use crate::disk::Folder;

/// Time stamps of folders are this coarse at worst: a younger one may stand for two states.
const SETTLED_NANOSECONDS: i128 = 2_000_000_000;

/// How often a Maildir is read again because somebody changed it meanwhile.
const ATTEMPTS: usize = 3;

/// A snapshot, and the state of the folders it was taken in.
#[derive(Debug, Default)]
pub(super) struct Listed {
    pub(super) snapshot: std::sync::Arc<Snapshot>,
    /// None when the folders had changed too lately to tell a later change from this one.
    settled: Option<Fingerprint>,
    /// Whether the file system is one that says from memory what it has in memory.
    local: bool,
}

/// What changes whenever a name in new/ or cur/ does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fingerprint {
    new: (Inode, Modified),
    cur: (Inode, Modified),
}

impl Fingerprint {
    fn of(folders: &Folders) -> io::Result<Self> {
        let of = |folder: &Folder| Facts::of_open(folder).map(|facts| (facts.inode, facts.modified));
        Ok(Self { new: of(&folders.new)?, cur: of(&folders.cur)? })
    }

    /// The same of a Maildir whose folders nobody has opened.
    fn beneath(maildir: &Folder) -> io::Result<Self> {
        let of = |subfolder: Subfolder| Facts::of(maildir, subfolder.name()).map(|facts| (facts.inode, facts.modified));
        Ok(Self { new: of(Subfolder::New)?, cur: of(Subfolder::Cur)? })
    }

    /// Whether every later change will be seen.
    fn is_settled(&self, now: SystemTime) -> bool {
        let now = now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_nanos());
        let newest = self.new.1.0.max(self.cur.1.0);
        i128::try_from(now).is_ok_and(|now| now - newest > SETTLED_NANOSECONDS)
    }
}

impl Listed {
    /// Whether the Maildir still has the names it had then.
    pub(super) fn is_current(&self, folders: &Folders) -> io::Result<bool> {
        let Some(settled) = self.settled else { return Ok(false) };
        Ok(settled == Fingerprint::of(folders)?)
    }

    /// Whether the Maildir still has the names it had then and nothing is to be corrected, asked without waiting for a
    /// disk or a network.
    pub(super) fn is_current_at_once(&self, maildir: &Folder) -> bool {
        let Some(settled) = self.settled.filter(|_| self.local && !self.snapshot.is_corrected()) else { return false };
        Fingerprint::beneath(maildir).is_ok_and(|now| now == settled)
    }

    /// The same with the sizes that sessions have counted since.
    pub(super) fn corrected(&self) -> io::Result<Self> {
        let snapshot = self.snapshot.corrected().map_err(io::Error::other)?;
        Ok(Self { snapshot: std::sync::Arc::new(snapshot), settled: self.settled, local: self.local })
    }

    /// Reads new/ and cur/ and numbers what is there.
    pub(super) fn take(folders: &Folders, names: &NameMaker, earlier: Option<&Snapshot>) -> io::Result<Self> {
        let now = SystemTime::now();
        let mut before = Fingerprint::of(folders)?;
        let mut found = Found::scan(folders)?;
        for _ in 1..ATTEMPTS {
            // A message that changes its flags while its folder is read may be missed.
            let after = Fingerprint::of(folders)?;
            if before == after {
                break;
            }
            before = after;
            found = Found::scan(folders)?;
        }
        let snapshot = found.number(folders, names, earlier)?;
        let settled = before.is_settled(now).then_some(before);
        Ok(Self { snapshot: std::sync::Arc::new(snapshot), settled, local: is_local(&folders.root) })
    }
}

/// Whether a file system answers from memory what it has in memory. A network may have to be asked all the same.
fn is_local(folder: &Folder) -> bool {
    /// ext4, XFS, Btrfs, tmpfs, ZFS, F2FS, overlayfs and bcachefs, as statfs(2) numbers them.
    const LOCAL: [u32; 8] =
        [0xEF53, 0x5846_5342, 0x9123_683E, 0x0102_1994, 0x2FC1_2FC1, 0xF2F5_2010, 0x794C_7630, 0xCA45_1A4E];
    fstatfs(folder).is_ok_and(|found| u32::try_from(found.f_type).is_ok_and(|kind| LOCAL.contains(&kind)))
}

/// Calls `take` with every name in a folder that may be a message, until the folder ends.
pub(super) fn each_name(folder: &Folder, mut take: impl FnMut(&[u8])) -> io::Result<()> {
    // Opened anew: the position of a folder belongs to whoever opened it.
    let open = openat(folder, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let mut buffer: Vec<u8> = Vec::with_capacity(super::file::PIECE);
    let mut entries = RawDir::new(open, buffer.spare_capacity_mut());
    while let Some(entry) = entries.next() {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name.starts_with(b".") {
            continue;
        }
        let kind = match entry.file_type() {
            rustix::fs::FileType::Unknown => match Facts::of(folder, name) {
                Ok(facts) => facts.kind,
                Err(_) => continue,
            },
            known => Kind::of(known),
        };
        if kind.is_message() {
            take(name);
        }
    }
    Ok(())
}

/// A file that may be a message, before it has a number.
#[derive(Clone, Copy, Debug)]
struct File {
    start: usize,
    length: usize,
    subfolder: Subfolder,
    /// When it came (P-067).
    seconds: u64,
}

/// All files of a Maildir, in no order.
#[derive(Debug, Default)]
struct Found {
    files: Vec<File>,
    names: Vec<u8>,
}

impl Found {
    fn scan(folders: &Folders) -> io::Result<Self> {
        let mut found = Self::default();
        // In this order: a message that moves from new/ to cur/ meanwhile is found twice, not never.
        for subfolder in [Subfolder::New, Subfolder::Cur] {
            each_name(folders.subfolder(subfolder), |name| {
                found.files.push(File { start: found.names.len(), length: name.len(), subfolder, seconds: 0 });
                found.names.extend_from_slice(name);
            })?;
        }
        Ok(found)
    }

    fn name(&self, file: &File) -> &[u8] {
        &self.names[file.start..file.start + file.length]
    }

    /// Order, sizes and unique-ids. Whatever vanishes meanwhile is left out.
    fn number(mut self, folders: &Folders, maker: &NameMaker, earlier: Option<&Snapshot>) -> io::Result<Snapshot> {
        let mut files = std::mem::take(&mut self.files);
        files.retain_mut(|file| match self.arrival(folders, file) {
            Some(seconds) => {
                file.seconds = seconds;
                true
            }
            None => false,
        });
        self.sort(&mut files);
        self.one_entry_per_file(folders, &mut files);
        let twins = self.set_twins_apart(folders, maker, &mut files);
        let known = earlier.map(Snapshot::known_sizes);
        let mut builder = SnapshotBuilder::with_capacity(files.len(), self.names.len());
        for file in &files {
            let name = self.name(file);
            let Some(size) = size(folders.subfolder(file.subfolder), name, known.as_ref()) else { continue };
            let id =
                if twins.contains(&file.start) { twin_unique_id(file, name) } else { Identity::of(name).unique_id() };
            builder.push(file.subfolder, name, size, &id).map_err(io::Error::other)?;
        }
        Ok(builder.finish())
    }

    /// P-067: by arrival, then by name.
    fn sort(&self, files: &mut [File]) {
        files.sort_unstable_by_key(|file| {
            let name = self.name(file);
            (file.seconds, name::stem(name), name::base(name), file.subfolder, name)
        });
    }

    /// When the message came: by its name, else by its file; nothing if it has vanished.
    fn arrival(&self, folders: &Folders, file: &File) -> Option<u64> {
        let name = self.name(file);
        name::seconds(name).or_else(|| {
            let facts = Facts::of(folders.subfolder(file.subfolder), name).ok()?;
            Some(u64::try_from(facts.modified.0 / 1_000_000_000).unwrap_or(0))
        })
    }

    /// One file can be found under two names while its flags or its folder change.
    fn one_entry_per_file(&self, folders: &Folders, files: &mut Vec<File>) {
        let same = |one: &File, other: &File| name::base(self.name(one)) == name::base(self.name(other));
        if !files.windows(2).any(|pair| same(&pair[0], &pair[1])) {
            return;
        }
        let mut kept: Vec<File> = Vec::with_capacity(files.len());
        let mut inodes: Vec<Inode> = Vec::new();
        for group in files.chunk_by(same) {
            inodes.clear();
            for file in group {
                let inode = || Facts::of(folders.subfolder(file.subfolder), self.name(file)).map(|facts| facts.inode);
                match if group.len() == 1 { None } else { Some(inode()) } {
                    None => kept.push(*file),
                    Some(Ok(inode)) if !inodes.contains(&inode) => {
                        inodes.push(inode);
                        kept.push(*file);
                    }
                    Some(_) => {}
                }
            }
        }
        *files = kept;
    }

    /// Gives every message whose unique-id another one has a name with one of its own (P-183). Only a name outlives
    /// both this process and the other copy: a unique-id derived from there being two would change, or be used again,
    /// when one of them is removed (P-181, P-182). What cannot be renamed is returned, by where its name starts.
    fn set_twins_apart(&mut self, folders: &Folders, maker: &NameMaker, files: &mut [File]) -> HashSet<usize> {
        let mut identities = HashSet::with_capacity(files.len());
        let twins: Vec<usize> =
            (0..files.len()).filter(|at| !identities.insert(Identity::of(self.name(&files[*at])))).collect();
        drop(identities);
        let mut left = HashSet::new();
        for at in &twins {
            let file = &mut files[*at];
            let name = self.name(file).to_vec();
            let apart = maker.apart(&name, file.seconds);
            let folder = folders.subfolder(file.subfolder);
            match folder.rename(&name, folder, &apart).and_then(|()| folder.sync()) {
                Ok(()) => {
                    (file.start, file.length) = (self.names.len(), apart.len());
                    self.names.extend_from_slice(&apart);
                }
                Err(error) => {
                    tracing::debug!(%error, "cannot rename a message whose unique-id another one has");
                    left.insert(file.start);
                }
            }
        }
        if !twins.is_empty() {
            self.sort(files);
        }
        left
    }
}

/// The unique-id of a message that could not be set apart from another one with the same.
fn twin_unique_id(file: &File, name: &[u8]) -> UniqueId {
    let subfolder: &[u8] = match file.subfolder {
        Subfolder::Cur => b"cur/",
        Subfolder::New => b"new/",
    };
    name::hashed(&[subfolder, name].concat())
}

/// What LIST will say, or nothing if the file has vanished or is none. Never fails for what cannot be read.
fn size(folder: &Folder, name: &[u8], known: Option<&KnownSizes<'_>>) -> Option<Size> {
    let claimed = name::claim(name, Claim::Wire)
        .map(|stored| Sizes { stored: Octets(stored), surrogate: name::claim(name, Claim::Surrogate).map(Octets) });
    let known = known.and_then(|known| known.of(name::base(name)));
    match (known, claimed) {
        (Some(known), Some(claimed)) if known.sizes == claimed => return Some(known),
        (None, Some(sizes)) => return Some(Size { sizes, counted: None }),
        _ => {}
    }
    let facts = match Facts::of(folder, name) {
        Ok(facts) => facts,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(_) => return Some(uncounted(name, claimed, 0)),
    };
    if !facts.kind.is_message() {
        return None;
    }
    if let Some(known) = known.filter(|known| known.counted == Some(facts.stamp())) {
        return Some(known);
    }
    if let Some(sizes) = claimed {
        return Some(Size { sizes, counted: None });
    }
    let file = MessageFile::open(folder, name);
    let counted = file.and_then(|open| Ok(Size { sizes: count(&open.file)?, counted: Some(open.facts.stamp()) }));
    match counted {
        Ok(size) => Some(size),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(_) => Some(uncounted(name, None, facts.octets)),
    }
}

fn uncounted(name: &[u8], claimed: Option<Sizes>, stored: u64) -> Size {
    let sizes = claimed.unwrap_or_else(|| Octets(name::claim(name, Claim::Stored).unwrap_or(stored)).into());
    Size { sizes, counted: None }
}
