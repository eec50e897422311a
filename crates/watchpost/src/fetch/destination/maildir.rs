//! A Maildir that loses nothing and gets nothing twice.
//!
//! ```text
//!   write to watchpost-incoming/ACCOUNT/x ─ fsync ─ fsync that folder
//!   journal: intent KEY … x NAME ─ fsync              from here on, x missing means: delivered
//!   rename to new/NAME ─ fsync new/ and the folder
//! ```
//!
//! The folder is ours alone because readers of a Maildir sweep its tmp/. It lies within the Maildir, so that the rename
//! is one on the same file system; a name without a dot is no mail folder to any server.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use data_encoding::{Encoding, Specification};
use uuid::Uuid;

use super::text::{LineEnds, Quoting, Spool, SpoolFile};
use super::{Arrived, DeliveryError, Found};
use crate::fetch::crash_point;
use crate::fetch::journal::{Intent, Journal, Place, Record, sync_folder};

/// Files that are synced at the same time: the file system writes its journal once for all that wait for it.
const SYNCED_TOGETHER: usize = 16;
/// From so many files on, one sync of the file system costs less than one of each.
const MANY: usize = 8;

/// An open Maildir.
pub struct Maildir {
    new: PathBuf,
    incoming: PathBuf,
    line_ends: LineEnds,
    host: String,
    base32: Encoding,
}

impl Maildir {
    pub(super) fn open(path: &Path, line_ends: LineEnds, account: &str) -> Result<Self, DeliveryError> {
        let incoming = path.join("watchpost-incoming").join(account);
        let create = |folder: &Path| fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
        let made = ["cur", "new", "tmp"].iter().try_for_each(|name| create(&path.join(name)));
        made.and_then(|()| create(&incoming))
            .and_then(|()| sync_folder(path))
            .map_err(|error| DeliveryError::disk(path, &error))?;
        let mut specification = Specification::new();
        specification.symbols.push_str("0123456789abcdefghijklmnopqrstuv");
        let base32 = specification.encoding().expect("thirty-two different characters are an alphabet");
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let legal = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_');
        let host = host.chars().take(64).map(|letter| if legal(letter) { letter } else { '_' }).collect();
        Ok(Self { new: path.join("new"), incoming, line_ends, host, base32 })
    }

    pub(super) fn spool(&self) -> Spool {
        Spool::new(&self.incoming, self.line_ends, Quoting::None)
    }

    pub(super) fn arrived(&self, arrived: &mut Arrived) -> Result<(), DeliveryError> {
        arrived.spool.spill().map_err(|error| DeliveryError::disk(&self.incoming, &error))
    }

    /// Completes a delivery whose message is still there; one that is not was renamed.
    pub(super) fn recover(&self, temporary: &str, name: &str) -> Result<Found, DeliveryError> {
        let (Some(temporary), Some(name)) = (plain(temporary), plain(name)) else { return Ok(Found::Nothing) };
        match fs::rename(self.incoming.join(temporary), self.new.join(name)) {
            Ok(()) => self.sync().map_err(|error| DeliveryError::disk(&self.new, &error))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(DeliveryError::disk(&self.new, &error)),
        }
        Ok(Found::Delivered)
    }

    pub(super) fn sweep(&self) -> Result<(), DeliveryError> {
        let swept = fs::read_dir(&self.incoming).and_then(|entries| {
            for entry in entries {
                fs::remove_file(entry?.path())?;
            }
            Ok(())
        });
        swept.map_err(|error| DeliveryError::disk(&self.incoming, &error))
    }

    pub(super) fn commit(&self, batch: Vec<Arrived>, journal: &mut Journal) -> Result<(), DeliveryError> {
        let disk = |error| DeliveryError::disk(&self.incoming, &error);
        let mut files = Vec::with_capacity(batch.len());
        let mut intents = Vec::with_capacity(batch.len());
        for Arrived { key, prints, spool } in batch {
            let name = self.name(&spool);
            let file = spool.into_file().map_err(disk)?;
            let temporary = file.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let place = Place::Maildir { temporary, name: name.clone() };
            intents.push(Record::Intent(Intent { key, prints, place }));
            files.push((file, name));
        }
        sync_all(&files).map_err(disk)?;
        sync_folder(&self.incoming).map_err(disk)?;
        crash_point("fetch.crash-before-intent");
        journal.append(&intents)?;
        journal.sync()?;
        crash_point("fetch.crash-behind-intent");
        for (file, name) in &mut files {
            // From the intent on, only a rename may take the file away: until then it waits for the next start.
            file.kept = true;
            fs::rename(&file.path, self.new.join(name)).map_err(disk)?;
            crash_point("fetch.crash-amid-renames");
        }
        self.sync().map_err(disk)
    }

    fn sync(&self) -> io::Result<()> {
        sync_folder(&self.new)?;
        sync_folder(&self.incoming)
    }

    /// A name as our own store gives it: the unique-id of the message is in it, and so are its sizes.
    fn name(&self, spool: &Spool) -> String {
        let uuid = Uuid::now_v7();
        let seconds = uuid.get_timestamp().map_or(0, |timestamp| timestamp.to_unix().0);
        let sizes = spool.sizes();
        let surrogate = sizes.surrogate.map(|octets| format!(",U={octets}")).unwrap_or_default();
        let (uuid, host) = (self.base32.encode(uuid.as_bytes()), &self.host);
        format!("{seconds}.W{uuid}.{host},S={},W={}{surrogate}", spool.octets(), sizes.stored)
    }
}

/// Makes the octets of all files durable: many with one sync of their file system, where that is known to do so and to
/// tell of errors; else side by side, and there too for a few.
fn sync_all(files: &[(SpoolFile, String)]) -> io::Result<()> {
    match files.first() {
        Some((first, _)) if files.len() >= MANY && syncs_whole(&first.file) => Ok(rustix::fs::syncfs(&first.file)?),
        _ => sync_each(files),
    }
}

fn sync_each(files: &[(SpoolFile, String)]) -> io::Result<()> {
    let share = files.len().div_ceil(SYNCED_TOGETHER).max(1);
    let sync = |files: &[(SpoolFile, String)]| files.iter().try_for_each(|(file, _)| file.file.sync_all());
    std::thread::scope(|scope| {
        let syncing: Vec<_> = files.chunks(share).map(|files| scope.spawn(move || sync(files))).collect();
        syncing.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|_| Err(io::ErrorKind::Other.into())))
    })
}

/// Whether syncfs may take the place of fsync: FUSE and network file systems promise less of it, and before Linux 5.8
/// it kept quiet about errors.
fn syncs_whole(file: &File) -> bool {
    /// ext2 to ext4, XFS, Btrfs, F2FS, tmpfs: <linux/magic.h>.
    const KNOWN: [u64; 5] = [0xEF53, 0x5846_5342, 0x9123_683E, 0xF2F5_2010, 0x0102_1994];
    static TELLS_ERRORS: LazyLock<bool> = LazyLock::new(|| {
        let release = rustix::system::uname().release().to_string_lossy().into_owned();
        let mut numbers = release.split(['.', '-']).map_while(|number| number.parse::<u32>().ok());
        (numbers.next(), numbers.next()) >= (Some(5), Some(8))
    });
    *TELLS_ERRORS && rustix::fs::fstatfs(file).is_ok_and(|facts| KNOWN.contains(&(facts.f_type as u64)))
}

/// A name that stays in its folder.
fn plain(name: &str) -> Option<&str> {
    (!name.is_empty() && !name.contains('/') && !name.starts_with('.')).then_some(name)
}
