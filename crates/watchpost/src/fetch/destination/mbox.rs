//! One file of messages (mboxrd) that loses nothing and gets nothing twice: the journal says where each begins and how
//! long it is before it is written, so that after a crash the file is cut back to its last whole message.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::FlockOperation;
use watchpost_proto::planted::planted;

use super::text::{LineEnds, Quoting, Spool};
use super::{Arrived, DeliveryError, Found};
use crate::fetch::crash_point;
use crate::fetch::fingerprint::Fingerprinter;
use crate::fetch::journal::{Intent, Journal, Place, Record, sync_folder};

/// How often a lock that somebody else holds is asked for.
const LOCK_TRIES: u32 = 100;
/// How long to wait in between.
const LOCK_PAUSE: Duration = Duration::from_millis(300);

/// An open mbox.
pub struct Mbox {
    path: PathBuf,
    line_ends: LineEnds,
    spool: PathBuf,
    /// Where the file was cut after a crash: nothing behind it was delivered.
    cut: Option<u64>,
}

/// The lock that other programs respect: a file beside the mbox, and a lock on the mbox itself.
struct Locked {
    file: File,
    beside: PathBuf,
}

impl Drop for Locked {
    fn drop(&mut self) {
        // Closing alone would not do: a child that is being started at this moment may have the file as well.
        let _ = rustix::fs::flock(&self.file, FlockOperation::Unlock);
        // Whoever waits for it will see.
        let _ = fs::remove_file(&self.beside);
    }
}

impl Mbox {
    pub(super) fn open(path: &Path, line_ends: LineEnds, spool: &Path) -> Result<Self, DeliveryError> {
        let opened = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
        opened
            .and_then(|_| {
                sync_folder(path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new(".")))
            })
            .map_err(|error| DeliveryError::disk(path, &error))?;
        Ok(Self { path: path.to_owned(), line_ends, spool: spool.to_owned(), cut: None })
    }

    pub(super) fn spool(&self) -> Spool {
        Spool::new(&self.spool, self.line_ends, Quoting::FromLines)
    }

    fn disk(&self, error: &io::Error) -> DeliveryError {
        DeliveryError::disk(&self.path, error)
    }

    fn lock(&self) -> Result<Locked, DeliveryError> {
        let file = OpenOptions::new().read(true).write(true).open(&self.path).map_err(|error| self.disk(&error))?;
        let mut beside = self.path.clone().into_os_string();
        beside.push(".lock");
        let beside = PathBuf::from(beside);
        for _ in 0..LOCK_TRIES {
            match take(&beside) {
                Ok(()) => {
                    let locked = Locked { file, beside };
                    rustix::fs::flock(&locked.file, FlockOperation::LockExclusive)
                        .map_err(|error| self.disk(&error.into()))?;
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
        Err(DeliveryError::Unavailable(format!("{} is there: another program holds the mbox", beside.display())))
    }

    pub(super) fn recover(&mut self, intent: &Intent, offset: u64, octets: u64) -> Result<Found, DeliveryError> {
        if self.cut.is_some_and(|cut| offset >= cut) {
            return Ok(Found::Nothing);
        }
        let mut locked = self.lock()?;
        let found = self.compare(&mut locked.file, intent, offset, octets).map_err(|error| self.disk(&error))?;
        if found == Found::Nothing {
            locked.file.set_len(offset).and_then(|()| locked.file.sync_all()).map_err(|error| self.disk(&error))?;
            self.cut = Some(offset);
        }
        Ok(found)
    }

    fn compare(&self, file: &mut File, intent: &Intent, offset: u64, octets: u64) -> io::Result<Found> {
        let length = file.metadata()?.len();
        if length < offset {
            // Somebody has written the file anew since.
            return Ok(Found::InDoubt);
        }
        if length < offset + octets {
            return Ok(Found::Nothing);
        }
        file.seek(SeekFrom::Start(offset))?;
        let mut text = Vec::new();
        file.take(octets).read_to_end(&mut text)?;
        let mut prints = Fingerprinter::default();
        let whole = stored_message(&text).is_some_and(|stored| {
            on_the_wire(stored, self.line_ends, &mut prints);
            prints.finish(0).whole == intent.prints.whole
        });
        match (whole, length == offset + octets) {
            (true, _) => Ok(Found::Delivered),
            // Octets that a crash has left, and nothing behind them.
            (false, true) => Ok(Found::Nothing),
            (false, false) if text.starts_with(b"From ") && text.ends_with(b"\n\n") => Ok(Found::Delivered),
            (false, false) => Ok(Found::InDoubt),
        }
    }

    pub(super) fn commit(&self, batch: Vec<Arrived>, journal: &mut Journal, seconds: u64) -> Result<(), DeliveryError> {
        let mut locked = self.lock()?;
        let disk = |error| self.disk(&error);
        let mut offset = locked.file.seek(SeekFrom::End(0)).map_err(disk)?;
        let (end, from) = (self.line_ends.text(), from_line(seconds, self.line_ends));
        let mut intents = Vec::with_capacity(batch.len());
        for arrived in &batch {
            let octets = (from.len() + end.len()) as u64 + arrived.spool.octets();
            let (key, prints) = (arrived.key.clone(), arrived.prints);
            intents.push(Record::Intent(Intent { key, prints, place: Place::Mbox { offset, octets } }));
            offset += octets;
        }
        crash_point("fetch.crash-before-intent");
        journal.append(&intents)?;
        journal.sync()?;
        crash_point("fetch.crash-behind-intent");
        let mut writer = BufWriter::new(&mut locked.file);
        let written = batch.into_iter().try_for_each(|arrived| {
            writer.write_all(from.as_bytes())?;
            arrived.spool.read(|piece| writer.write_all(piece))?;
            if planted("fetch.crash-amid-renames") {
                writer.flush()?;
                crash_point("fetch.crash-amid-renames");
            }
            writer.write_all(end.as_bytes())
        });
        written.and_then(|()| writer.flush()).map_err(disk)?;
        drop(writer);
        locked.file.sync_all().map_err(disk)
    }
}

/// Makes the lock, with our number in it from its first moment: a crash never leaves one that says nothing.
fn take(lock: &Path) -> io::Result<()> {
    let pid = std::process::id();
    let mut ours = lock.to_owned().into_os_string();
    ours.push(format!(".{pid}"));
    fs::write(&ours, pid.to_string())?;
    let linked = fs::hard_link(&ours, lock);
    fs::remove_file(&ours)?;
    linked
}

/// Whether the process whose number is in a lock exists no longer.
fn is_left_behind(lock: &Path) -> bool {
    let holder = fs::read_to_string(lock).ok().and_then(|text| text.trim().parse().ok());
    let holder = holder.and_then(rustix::process::Pid::from_raw);
    holder.is_some_and(|pid| rustix::process::test_kill_process(pid) == Err(rustix::io::Errno::SRCH))
}

/// The line that begins a message; who sent it is in its header.
fn from_line(seconds: u64, line_ends: LineEnds) -> String {
    let seconds = i64::try_from(seconds).unwrap_or_default();
    let date = jiff::Timestamp::from_second(seconds).unwrap_or_default().strftime("%a %b %e %H:%M:%S %Y");
    format!("From MAILER-DAEMON {date}{}", line_ends.text())
}

/// What stands between the `From ` line and the empty line.
fn stored_message(text: &[u8]) -> Option<&[u8]> {
    let start = text.strip_prefix(b"From ")?;
    let line = start.iter().position(|octet| *octet == b'\n')? + 1;
    let message = &start[line..];
    message.strip_suffix(b"\r\n").or_else(|| message.strip_suffix(b"\n"))
}

/// Undoes quoting and line ends: what came over the wire, unless that had lone line feeds.
fn on_the_wire(stored: &[u8], line_ends: LineEnds, prints: &mut Fingerprinter) {
    let line_ends = match line_ends {
        LineEnds::Exact if stored.contains(&b'\r') => LineEnds::Crlf,
        LineEnds::Exact => LineEnds::Lf,
        written => written,
    };
    for line in stored.split_inclusive(|octet| *octet == b'\n') {
        let unquoted = line.iter().position(|octet| *octet != b'>').unwrap_or(line.len());
        let line = if unquoted > 0 && line[unquoted..].starts_with(b"From ") { &line[1..] } else { line };
        match (line.strip_suffix(b"\n"), line_ends) {
            (Some(text), LineEnds::Lf) => {
                prints.push(text);
                prints.push(b"\r\n");
            }
            _ => prints.push(line),
        }
    }
}
