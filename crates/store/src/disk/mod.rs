//! The only room that changes a file system where a crash must lose nothing: here, and in retrieval.
//!
//! Every name is taken relative to an open folder, no link is followed, and what is created belongs to its owner
//! alone (S-047). Under the feature `planted` each change that succeeded can be recorded in order, so that a test can
//! judge which of them a crash would have kept, and a test can end the process behind any of them.

#[cfg(feature = "planted")]
mod record;

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use rustix::fs::{
    self, AtFlags, CWD, FlockOperation, Mode, OFlags, RenameFlags, ResolveFlags, Timespec, Timestamps, UTIME_NOW,
};
use rustix::io::Errno;
use watchpost_proto::planted::planted;

#[cfg(feature = "planted")]
pub use record::{Operation, Recording, kill_after};

/// Tells the recordings of tests what has been done; nothing in a release.
macro_rules! note {
    ($operation:expr) => {
        #[cfg(feature = "planted")]
        record::note(&$operation);
    };
}

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
const OWNER_ALONE: Mode = Mode::RUSR.union(Mode::WUSR);

/// An open folder.
#[derive(Debug)]
pub struct Folder {
    fd: OwnedFd,
    path: PathBuf,
}

impl Folder {
    /// Opens a folder that is none by way of a link.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let fd = fs::openat(CWD, path, FOLDER | OFlags::NOFOLLOW, Mode::empty())?;
        Ok(Self { fd, path: path.to_owned() })
    }

    /// Opens a folder whose way is in memory; anything else fails, so that the caller never waits for a disk.
    pub(crate) fn open_cached(path: &Path) -> io::Result<Self> {
        let fd = fs::openat2(CWD, path, FOLDER | OFlags::NOFOLLOW, Mode::empty(), ResolveFlags::CACHED)?;
        Ok(Self { fd, path: path.to_owned() })
    }

    /// Opens a folder that is there already; the operator may have links on the way to it.
    pub fn open_existing(path: &Path) -> io::Result<Self> {
        let fd = fs::openat(CWD, path, FOLDER, Mode::empty())?;
        Ok(Self { fd, path: path.to_owned() })
    }

    /// Opens a folder and makes what is missing of the way to it, durably.
    pub fn make(path: &Path) -> io::Result<Self> {
        match Self::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
                parent(path)?.make_beneath(name.as_encoded_bytes())
            }
            opened => opened,
        }
    }

    /// The same, with the operator's links on the way. What is missing of the way is made, and all names on it are
    /// synced: a process that was killed may have made some of them and not come so far.
    pub fn make_durably(path: &Path) -> io::Result<Self> {
        let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let folder = Self::make_unsynced(&path)?;
        folder.sync_way()?;
        Ok(folder)
    }

    fn make_unsynced(path: &Path) -> io::Result<Self> {
        match Self::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.as_encoded_bytes();
                let above = match Self::open_existing(above(path)?) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Self::make_unsynced(above(path)?),
                    opened => opened,
                }?;
                above.make_beneath_unsynced(name)
            }
            opened => opened,
        }
    }

    /// Makes the names of all folders on the way here durable: with one sync of the file system, where that does it.
    fn sync_way(&self) -> io::Result<()> {
        let path = &self.path;
        let above =
            path.ancestors().skip(1).map(|above| if above.as_os_str().is_empty() { Path::new(".") } else { above });
        let device = sync_whole(&self.fd, 0)?.then(|| fs::fstat(&self.fd).map(|facts| facts.st_dev)).transpose()?;
        for (distance, above) in above.enumerate() {
            let synced = Self::open_existing(above).and_then(|above| {
                if device.is_some() && fs::fstat(&above.fd).ok().map(|facts| facts.st_dev) == device {
                    above.note_synced();
                    return Ok(());
                }
                above.sync()
            });
            match synced {
                Err(error) if distance == 0 => return Err(error),
                // Folders that we may not read were made by somebody else.
                _ => {}
            }
        }
        Ok(())
    }

    /// Opens a folder within this one and makes it if it is missing, durably.
    pub fn make_beneath(&self, name: &[u8]) -> io::Result<Self> {
        let (folder, is_new) = self.opened_or_made(name)?;
        if is_new {
            self.sync()?;
        }
        Ok(folder)
    }

    /// The same; it is durable once this one is synced.
    pub fn make_beneath_unsynced(&self, name: &[u8]) -> io::Result<Self> {
        self.opened_or_made(name).map(|(folder, _)| folder)
    }

    fn opened_or_made(&self, name: &[u8]) -> io::Result<(Self, bool)> {
        match self.open_beneath(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            opened => return opened.map(|folder| (folder, false)),
        }
        match fs::mkdirat(&self.fd, name, Mode::RWXU) {
            // Somebody else was faster.
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        note!(Operation::MakeFolder { path: self.path_of(name) });
        Ok((self.open_beneath(name)?, true))
    }

    fn open_beneath(&self, name: &[u8]) -> io::Result<Self> {
        let fd = fs::openat(&self.fd, name, FOLDER | OFlags::NOFOLLOW, Mode::empty())?;
        Ok(Self { fd, path: self.path_of(name) })
    }

    /// Where the folder was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn path_of(&self, name: &[u8]) -> PathBuf {
        use std::os::unix::ffi::OsStrExt;
        self.path.join(std::ffi::OsStr::from_bytes(name))
    }

    /// Creates a file that must not exist yet, for its owner alone.
    pub fn create(&self, name: &[u8]) -> io::Result<OutFile> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = File::from(fs::openat(&self.fd, name, flags, OWNER_ALONE)?);
        note!(Operation::CreateFile { path: self.path_of(name) });
        Ok(self.out_file(file, name, 0))
    }

    /// Opens a file that exists already, to write behind its end. Nothing but a regular file will do.
    pub fn append(&self, name: &[u8]) -> io::Result<OutFile> {
        let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(fs::openat(&self.fd, name, flags, Mode::empty())?);
        let facts = file.metadata()?;
        if !facts.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "not a regular file"));
        }
        Ok(self.out_file(file, name, facts.len()))
    }

    #[cfg_attr(not(feature = "planted"), expect(unused_variables, clippy::unused_self, reason = "for recordings"))]
    fn out_file(&self, file: File, name: &[u8], length: u64) -> OutFile {
        OutFile {
            file,
            #[cfg(feature = "planted")]
            path: self.path_of(name),
            length,
        }
    }

    /// Opens a file for reading and writing, and creates it for its owner alone if it is missing.
    pub fn open_or_create(&self, name: &[u8]) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        Ok(File::from(fs::openat(&self.fd, name, flags, OWNER_ALONE)?))
    }

    /// Gives a file another name, here or in another folder. Never takes the place of an existing file.
    pub fn rename(&self, from: &[u8], target: &Self, to: &[u8]) -> io::Result<()> {
        match fs::renameat_with(&self.fd, from, &target.fd, to, RenameFlags::NOREPLACE) {
            // Network file systems know no such rename: link refuses an existing name as well.
            Err(Errno::INVAL | Errno::NOSYS) => {
                self.link(from, target, to)?;
                return self.unlink(from);
            }
            renamed => renamed?,
        }
        note!(Operation::Rename { from: self.path_of(from), to: target.path_of(to) });
        Ok(())
    }

    /// Gives a file another name, here or in another folder. A file that had it is gone then.
    pub fn replace(&self, from: &[u8], target: &Self, to: &[u8]) -> io::Result<()> {
        fs::renameat(&self.fd, from, &target.fd, to)?;
        note!(Operation::Rename { from: self.path_of(from), to: target.path_of(to) });
        Ok(())
    }

    /// Gives a file a second name. Never takes the place of an existing file.
    pub(crate) fn link(&self, from: &[u8], target: &Self, to: &[u8]) -> io::Result<()> {
        fs::linkat(&self.fd, from, &target.fd, to, AtFlags::empty())?;
        note!(Operation::Link { from: self.path_of(from), to: target.path_of(to) });
        Ok(())
    }

    /// Removes a file.
    pub fn unlink(&self, name: &[u8]) -> io::Result<()> {
        fs::unlinkat(&self.fd, name, AtFlags::empty())?;
        note!(Operation::Unlink { path: self.path_of(name) });
        Ok(())
    }

    /// Sets the folder's time to now, so that whoever knows it by its time looks again.
    pub(crate) fn touch(&self) -> io::Result<()> {
        let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
        Ok(fs::futimens(&self.fd, &Timestamps { last_access: now, last_modification: now })?)
    }

    /// Makes durable what was created, renamed and removed in this folder.
    pub fn sync(&self) -> io::Result<()> {
        if planted("store.skipped-folder-fsync") {
            return Ok(());
        }
        fs::fsync(&self.fd)?;
        self.note_synced();
        Ok(())
    }

    /// The file system was synced as a whole, and this folder with it.
    #[cfg_attr(not(feature = "planted"), expect(clippy::unused_self, reason = "recordings name the folder"))]
    fn note_synced(&self) {
        if !planted("store.skipped-folder-fsync") {
            note!(Operation::SyncFolder { path: self.path.clone() });
        }
    }
}

impl AsFd for Folder {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// A file that is written, from its end on.
#[derive(Debug)]
pub struct OutFile {
    file: File,
    /// Recordings name the file by it.
    #[cfg(feature = "planted")]
    path: PathBuf,
    length: u64,
}

impl OutFile {
    /// Appends to the file.
    pub fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        self.file.write_all_at(octets, self.length)?;
        note!(Operation::WriteFile { path: self.path.clone(), position: self.length, octets: octets.to_vec() });
        self.length += octets.len() as u64;
        Ok(())
    }

    /// Takes away what stands behind its first octets.
    pub fn cut(&mut self, length: u64) -> io::Result<()> {
        self.file.set_len(length)?;
        note!(Operation::CutFile { path: self.path.clone(), length });
        self.length = length;
        Ok(())
    }

    /// The same, to write behind the end that it has by now.
    pub(crate) fn at_its_end(mut self) -> io::Result<Self> {
        self.look_again()?;
        Ok(self)
    }

    /// Somebody else may have written since: what follows goes behind the end that the file has by now.
    pub fn look_again(&mut self) -> io::Result<()> {
        self.length = self.file.metadata()?.len();
        Ok(())
    }

    /// How many octets the file has.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The file, to be read.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Makes the file's octets durable; its name is so only when its folder is synced too.
    pub fn sync(&self) -> io::Result<()> {
        if planted("store.skipped-file-fsync") {
            return Ok(());
        }
        self.file.sync_all()?;
        note!(Operation::SyncFile { path: self.path.clone() });
        Ok(())
    }

    /// Lets the disk begin with the file's octets, so that a sync that follows finds less to do.
    pub fn begin_sync(&self) {
        // Pages that are not written yet stay: Linux begins to write them. Whether it does, the sync will see to.
        let _ = fs::fadvise(&self.file, 0, None, fs::Advice::DontNeed);
    }

    /// Shows other processes that this file is in use, until it is closed. `WouldBlock`: it is in use already.
    pub(crate) fn lock(&self) -> io::Result<()> {
        Ok(fs::flock(&self.file, FlockOperation::NonBlockingLockExclusive)?)
    }
}

/// Makes the octets of all files and the names in these folders durable with one sync of the file system that they
/// share: it costs little more than one of a single file. `false`: nothing was done, since this file system or kernel is
/// not known to sync everything then and to tell of errors, or since it would wait for much that others have written.
pub fn sync_together<'a>(files: impl Iterator<Item = &'a OutFile> + Clone, folders: &[&Folder]) -> io::Result<bool> {
    let Some(first) = files.clone().next() else { return Ok(false) };
    if !sync_whole(&first.file, files.clone().map(|file| file.length).sum())? {
        return Ok(false);
    }
    #[cfg(feature = "planted")]
    if !planted("store.skipped-file-fsync") {
        for file in files {
            note!(Operation::SyncFile { path: file.path.clone() });
        }
    }
    for folder in folders {
        folder.note_synced();
    }
    Ok(true)
}

/// Syncs the file system that a file is on, if that makes everything durable and waits for little but the `own` octets.
fn sync_whole(file: impl AsFd, own: u64) -> io::Result<bool> {
    if !syncs_whole(&file) || others_wait(own) {
        return Ok(false);
    }
    fs::syncfs(file)?;
    Ok(true)
}

/// FUSE and network file systems promise less of syncfs than of fsync; before Linux 5.8 it kept quiet about errors.
fn syncs_whole(file: impl AsFd) -> bool {
    /// ext2 to ext4, XFS, Btrfs, F2FS, tmpfs: `linux/magic.h`.
    const KNOWN: [i64; 5] = [0xEF53, 0x5846_5342, 0x9123_683E, 0xF2F5_2010, 0x0102_1994];
    static TELLS_ERRORS: LazyLock<bool> = LazyLock::new(|| {
        let release = rustix::system::uname().release().to_string_lossy().into_owned();
        let mut numbers = release.split(['.', '-']).map_while(|number| number.parse::<u32>().ok());
        (numbers.next(), numbers.next()) >= (Some(5), Some(8))
    });
    *TELLS_ERRORS && fs::fstatfs(file).is_ok_and(|facts| KNOWN.contains(&facts.f_type))
}

/// Whether much that is not ours waits for some disk. Then each of our files is synced by itself: a sync of the whole
/// file system would take as long as somebody else's copy of a film.
fn others_wait(own: u64) -> bool {
    /// A third of a second of a slow disk.
    const MUCH: u64 = 32 << 20;
    let told = std::fs::read_to_string("/proc/meminfo");
    told.is_ok_and(|told| unwritten(&told) > own.saturating_add(MUCH))
}

/// Octets that wait for disks or are on their way there, as `/proc/meminfo` tells (proc_meminfo(5)).
fn unwritten(told: &str) -> u64 {
    let kilobytes = |line: &str| line.split_ascii_whitespace().nth(1)?.parse::<u64>().ok();
    let waiting = told.lines().filter(|line| line.starts_with("Dirty:") || line.starts_with("Writeback:"));
    waiting.filter_map(kilobytes).fold(0, u64::saturating_add).saturating_mul(1024)
}

/// Creates a file for its owner alone, if it is missing, in a folder that may be reached by links.
pub(crate) fn make_private_file(path: &Path) -> io::Result<()> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    parent(path)?.open_or_create(name.as_encoded_bytes()).map(drop)
}

/// What holds `path`.
fn above(path: &Path) -> io::Result<&Path> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => Ok(parent),
        Some(_) => Ok(Path::new(".")),
        None => Err(io::ErrorKind::InvalidInput.into()),
    }
}

/// The folder that holds `path`, made if it is missing. The operator may have links on the way to it.
fn parent(path: &Path) -> io::Result<Folder> {
    let parent = above(path)?;
    match Folder::open_existing(parent) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Folder::make(parent),
        opened => opened,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_for_disks_is_what_the_kernel_says() {
        let told = "MemFree: 7 kB\nDirty:               12 kB\nWriteback:            30 kB\nWritebackTmp:   99 kB\n";
        assert_eq!(unwritten(told), 42 * 1024);
        assert_eq!(unwritten("Dirty: many\nWriteback:\n"), 0);
        assert_eq!(unwritten("Dirty: 18446744073709551615 kB\nWriteback: 9 kB\n"), u64::MAX);
    }
}
