//! One file of messages (mboxrd) that loses nothing and gets nothing twice: the journal says where each begins and how
//! long it is before it is written, so that after a crash the file is cut back to its last whole message.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use rustix::fs::FlockOperation;
use watchpost_proto::planted::planted;
use watchpost_store::disk::{Folder, OutFile};

use super::text::{LineEnds, Quoting, Spool};
use super::{Arrived, DeliveryError, Found};
use crate::fetch::crash_point;
use crate::fetch::fingerprint::Print;
use crate::fetch::journal::{Intent, Journal, Place, Record};

/// How often a lock that somebody else holds is asked for.
const LOCK_TRIES: u32 = 100;
/// How long to wait in between.
const LOCK_PAUSE: Duration = Duration::from_millis(300);
/// Octets that are read or written at once.
const PIECE: usize = 256 * 1024;
/// Octets before a batch that say whether somebody has written the file anew.
const BEFORE: u64 = 1024;
/// Octets of the longest `From ` line that we write.
const FROM_LINE_MAX: usize = 64;

/// An open mbox.
pub struct Mbox {
    folder: Folder,
    path: PathBuf,
    line_ends: LineEnds,
    spool: Arc<Folder>,
}

/// The lock that other programs respect: a file beside the mbox, and a lock on the mbox itself.
struct Locked {
    out: OutFile,
    beside: PathBuf,
}

impl Drop for Locked {
    fn drop(&mut self) {
        // Closing alone would not do: a child that is being started at this moment may have the file as well.
        let _ = rustix::fs::flock(self.out.file(), FlockOperation::Unlock);
        // Whoever waits for it will see.
        let _ = fs::remove_file(&self.beside);
    }
}

/// Where a message was to be, and what it is known by there.
#[derive(Clone, Copy)]
struct Written {
    offset: u64,
    octets: u64,
    stored: Print,
}

impl Mbox {
    pub(super) fn open(path: &Path, line_ends: LineEnds, spool: &Arc<Folder>) -> Result<Self, DeliveryError> {
        // The operator may have put a link here.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let folder = open_or_create(&path).map_err(|error| DeliveryError::disk(&path, &error))?;
        sweep_locks(&path);
        Ok(Self { folder, path, line_ends, spool: Arc::clone(spool) })
    }

    pub(super) fn spool(&self) -> Spool {
        Spool::new(&self.spool, self.line_ends, Quoting::FromLines)
    }

    fn disk(&self, error: &io::Error) -> DeliveryError {
        DeliveryError::disk(&self.path, error)
    }

    fn lock(&self) -> Result<Locked, DeliveryError> {
        let out = self.folder.append(name_of(&self.path)).map_err(|error| self.disk(&error))?;
        let beside = lock_of(&self.path);
        for _ in 0..LOCK_TRIES {
            match take(&beside) {
                Ok(()) => {
                    let mut locked = Locked { out, beside };
                    rustix::fs::flock(locked.out.file(), FlockOperation::LockExclusive)
                        .map_err(|error| self.disk(&error.into()))?;
                    locked.out.look_again().map_err(|error| self.disk(&error))?;
                    return Ok(locked);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    if is_left_behind(&beside) {
                        // Who made it has ended; if somebody else is faster, the next try finds theirs.
                        let _ = fs::remove_file(&beside);
                    } else {
                        std::thread::sleep(LOCK_PAUSE);
                    }
                }
                Err(error) => return Err(self.disk(&error)),
            }
        }
        Err(DeliveryError::Away(format!("{} is there: another program holds the mbox", beside.display())))
    }

    /// What became of the batch that was being written: each message is there and durable from here on, or the file
    /// ends before the first that is not. Nothing is cut away that may be somebody else's.
    pub(super) fn recover(&self, intents: &[Intent]) -> Result<Vec<Found>, DeliveryError> {
        let mut locked = self.lock()?;
        let found = self.examine(&locked.out, intents).map_err(|error| self.disk(&error))?;
        let cut = intents.iter().zip(&found).find(|(_, found)| **found == Found::Nothing);
        if let Some((Intent { place: Place::Mbox { offset, .. }, .. }, _)) = cut
            && *offset < locked.out.length()
        {
            locked.out.cut(*offset).map_err(|error| self.disk(&error))?;
        }
        // What a killed process has written is durable before anybody relies on it.
        if !planted("fetch.recovers-without-sync") {
            locked.out.sync().map_err(|error| self.disk(&error))?;
        }
        Ok(found)
    }

    fn examine(&self, file: &OutFile, intents: &[Intent]) -> io::Result<Vec<Found>> {
        let ends = intents.iter().map(|intent| match &intent.place {
            Place::Mbox { offset, octets, .. } => offset.saturating_add(*octets),
            _ => 0,
        });
        let end = ends.max().unwrap_or_default();
        // What became of those behind the first that is not whole.
        let mut broken = None;
        let mut found = Vec::with_capacity(intents.len());
        for intent in intents {
            let Place::Mbox { offset, octets, stored, start, before } = intent.place else {
                found.push(Found::InDoubt);
                continue;
            };
            let written = Written { offset, octets, stored };
            found.push(match broken {
                Some(Found::Nothing) => Found::Nothing,
                _ if file.length() < start || print_before(file, start)? != before => Found::InDoubt,
                _ if self.is_whole(file, written)? => Found::Delivered,
                _ => {
                    let ours = file.length() <= end && !has_foreign_mail(file, offset, intents)?;
                    let found = if ours { Found::Nothing } else { Found::InDoubt };
                    *broken.insert(found)
                }
            });
        }
        Ok(found)
    }

    /// Whether a message stands there octet for octet.
    fn is_whole(&self, file: &OutFile, written: Written) -> io::Result<bool> {
        let Written { offset, octets, stored } = written;
        if file.length() < offset.saturating_add(octets) {
            return Ok(false);
        }
        let mut line = [0; FROM_LINE_MAX];
        let length = file.file().read_at(&mut line, offset)?;
        let Some(line_end) = line[..length].iter().position(|octet| *octet == b'\n') else { return Ok(false) };
        let (begin, end) = (line_end as u64 + 1, self.line_ends.text().as_bytes());
        let Some(message) = octets.checked_sub(begin + end.len() as u64) else { return Ok(false) };
        if !line.starts_with(b"From ") || print_of(file, offset + begin, message)? != stored {
            return Ok(false);
        }
        let mut last = [0; 2];
        file.file().read_exact_at(&mut last[..end.len()], offset + begin + message)?;
        Ok(last[..end.len()] == *end)
    }

    pub(super) fn commit(&self, batch: Vec<Arrived>, journal: &mut Journal, seconds: u64) -> Result<(), DeliveryError> {
        let mut locked = self.lock()?;
        let start = locked.out.length();
        let before = print_before(&locked.out, start).map_err(|error| self.disk(&error))?;
        let (end, from) = (self.line_ends.text(), from_line(seconds, self.line_ends));
        let mut offset = start;
        let mut intents = Vec::with_capacity(batch.len());
        for arrived in &batch {
            let octets = (from.len() + end.len()) as u64 + arrived.spool.octets();
            let (key, prints, stored) = (arrived.key.clone(), arrived.prints, arrived.spool.stored());
            let place = Place::Mbox { offset, octets, stored, start, before };
            intents.push(Record::Intent(Intent { key, prints, place }));
            offset += octets;
        }
        crash_point("fetch.crash-before-intent");
        journal.intend(&intents)?;
        crash_point("fetch.crash-behind-intent");
        let written = write(batch, &mut locked.out, &from, end)
            .and_then(|()| if planted("fetch.written-without-sync") { Ok(()) } else { locked.out.sync() });
        written.map_err(|error| {
            // A half message would be in everybody's way until the next start; there is nothing to lose behind `start`.
            let _ = locked.out.cut(start);
            self.disk(&error)
        })
    }
}

/// The folder of an mbox, with the file in it, durably.
fn open_or_create(path: &Path) -> io::Result<Folder> {
    let parent = path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
    let folder = Folder::open_existing(parent)?;
    match folder.append(name_of(path)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => drop(folder.create(name_of(path))?),
        opened => drop(opened?),
    }
    folder.sync()?;
    Ok(folder)
}

fn name_of(path: &Path) -> &[u8] {
    path.file_name().unwrap_or_default().as_encoded_bytes()
}

/// All of a batch, in few writes.
fn write(batch: Vec<Arrived>, out: &mut OutFile, from: &str, end: &str) -> io::Result<()> {
    let mut gathered = Vec::new();
    for arrived in batch {
        gathered.extend_from_slice(from.as_bytes());
        arrived.spool.read(|piece| {
            gathered.extend_from_slice(piece);
            if gathered.len() >= PIECE {
                out.write(&gathered)?;
                gathered.clear();
            }
            Ok(())
        })?;
        if planted("fetch.crash-amid-renames") {
            out.write(&gathered)?;
            crash_point("fetch.crash-amid-renames");
        }
        gathered.extend_from_slice(end.as_bytes());
    }
    out.write(&gathered)
}

/// What octets of a file are known by.
fn print_of(file: &OutFile, mut offset: u64, mut octets: u64) -> io::Result<Print> {
    let mut context = Context::new(&SHA256);
    let mut piece = vec![0; PIECE.min(usize::try_from(octets).unwrap_or(PIECE))];
    while octets > 0 {
        let wanted = piece.len().min(usize::try_from(octets).unwrap_or(PIECE));
        file.file().read_exact_at(&mut piece[..wanted], offset)?;
        context.update(&piece[..wanted]);
        offset += wanted as u64;
        octets -= wanted as u64;
    }
    Ok(Print::of(context))
}

/// What the octets before a place are known by.
fn print_before(file: &OutFile, offset: u64) -> io::Result<Print> {
    let octets = offset.min(BEFORE);
    print_of(file, offset - octets, octets)
}

/// Whether somebody else's message begins behind a place: what looks like a `From ` line and is none of ours.
fn has_foreign_mail(file: &OutFile, offset: u64, intents: &[Intent]) -> io::Result<bool> {
    let ours =
        |at: u64| intents.iter().any(|intent| matches!(intent.place, Place::Mbox { offset, .. } if offset == at));
    let mut at = offset;
    let mut piece = vec![0; PIECE];
    while at < file.length() {
        let read = file.file().read_at(&mut piece, at)?;
        let text = &piece[..read];
        for place in 0..read {
            if text[place..].starts_with(b"From ") && !ours(at + place as u64) && is_from_line(&text[place..]) {
                return Ok(true);
            }
        }
        if read < piece.len() {
            break;
        }
        // A line may stand across the border of two pieces.
        at += (read - FROM_LINE_MAX * 4) as u64;
    }
    Ok(false)
}

/// `From`, an address, and a day of the week.
fn is_from_line(text: &[u8]) -> bool {
    let line = text.split(|octet| *octet == b'\n').next().unwrap_or_default();
    let mut words = line.split(|octet| *octet == b' ').filter(|word| !word.is_empty());
    let day = words.nth(2).unwrap_or_default();
    [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"].iter().any(|name| day == *name)
}

/// The lock that other programs look for.
fn lock_of(mbox: &Path) -> PathBuf {
    let mut lock = mbox.to_owned().into_os_string();
    lock.push(".lock");
    lock.into()
}

/// Makes the lock, with our number in it from its first moment: a crash never leaves one that says nothing.
fn take(lock: &Path) -> io::Result<()> {
    let pid = std::process::id();
    let mut ours = lock.to_owned().into_os_string();
    ours.push(format!(".{pid}"));
    let ours = PathBuf::from(ours);
    // What has our number already was left behind, and a link is nothing that we follow.
    let _ = fs::remove_file(&ours);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(&ours)?;
    // Other programs read the number alone.
    let written = file.write_all(format!("{pid}\n{}\n{}\n", boot(), host()).as_bytes());
    crash_point("fetch.crash-amid-lock");
    let linked = written.and_then(|()| fs::hard_link(&ours, lock));
    fs::remove_file(&ours)?;
    linked
}

/// Removes what [`take`] has left of itself where it was killed. Only what has the number of a process that is gone.
fn sweep_locks(mbox: &Path) {
    let lock = lock_of(mbox);
    let (Some(folder), Some(name)) = (lock.parent(), lock.file_name()) else { return };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    // A folder that cannot be read keeps what is in it: it is in nobody's way.
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let found = entry.file_name();
        let found = found.as_encoded_bytes();
        let number = found.strip_prefix(name.as_encoded_bytes()).and_then(|rest| rest.strip_prefix(b"."));
        let number = number.and_then(|number| std::str::from_utf8(number).ok()?.parse().ok());
        if number.is_some_and(|number| is_over(number, &fs::read_to_string(entry.path()).unwrap_or_default())) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// What tells this start of the machine from every other.
fn boot() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

/// What tells this machine from others that may have the same folder.
fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Whether the process whose number is in a lock exists no longer.
fn is_left_behind(lock: &Path) -> bool {
    let text = fs::read_to_string(lock).unwrap_or_default();
    let holder = text.lines().next().and_then(|line| line.trim().parse().ok());
    holder.is_some_and(|holder| is_over(holder, &text))
}

/// Whether a process has ended, or the machine was started since it wrote this. Of another machine we know nothing.
fn is_over(number: i32, text: &str) -> bool {
    let mut lines = text.lines().map(str::trim).skip(1);
    let (written, there) = (lines.next(), lines.next());
    if there.is_some_and(|there| there != host()) {
        return false;
    }
    let before = written.is_some_and(|written| !written.is_empty() && !boot().is_empty() && written != boot());
    let holder = Some(number).filter(|number| *number > 0).and_then(rustix::process::Pid::from_raw);
    before || holder.is_some_and(|holder| rustix::process::test_kill_process(holder) == Err(rustix::io::Errno::SRCH))
}

/// The line that begins a message; who sent it is in its header.
fn from_line(seconds: u64, line_ends: LineEnds) -> String {
    let seconds = i64::try_from(seconds).unwrap_or_default();
    let date = jiff::Timestamp::from_second(seconds).unwrap_or_default().strftime("%a %b %e %H:%M:%S %Y");
    format!("From MAILER-DAEMON {date}{}", line_ends.text())
}
