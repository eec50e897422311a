//! The folder of recordings: written so that nobody else reads them, bounded in age and in octets, the oldest first.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use watchpost_observatory::ConnectionId;
use watchpost_observatory::capture::{NotARecording, Recording};
use watchpost_proto::planted::planted;
use zeroize::Zeroizing;

/// The folder in `data_dir`.
const FOLDER: &str = "captures";
/// The ends of names: of sessions that are over, in clear and encrypted, and of those that went on when somebody asked.
const WHOLE: [&str; 2] = ["capture", "capture.age"];
const OPEN: [&str; 2] = ["open", "open.age"];
/// What is being written.
const PART: &str = "part";
/// What somebody asks for, and what was heard of that.
const WANTED: &str = "wanted";
const TAKEN: &str = "taken";

/// Where recordings lie, and how long.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    recipient: Option<age::x25519::Recipient>,
    retention: Duration,
    disk_max: u64,
    /// Octets of all files when they were last counted, and of those that were written since.
    held: u64,
}

impl Folder {
    /// Makes it, where it is not there. What a dead server left half written goes.
    pub(super) fn open(data_dir: &Path, terms: &crate::config::Capture) -> io::Result<Self> {
        let path = folder(data_dir);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&path)?;
        for file in files(&path).iter().filter(|file| file.name.ends_with(PART)) {
            let _ = fs::remove_file(&file.path);
        }
        let recipient = terms.recipient.as_ref().map(|key| key.parse()).transpose().map_err(io::Error::other)?;
        let held = files(&path).iter().map(|file| file.octets).sum();
        Ok(Self { path, recipient, retention: terms.retention, disk_max: terms.disk_max, held })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the recording of a session that is over lies here.
    pub(super) fn has(&self, connection: ConnectionId) -> bool {
        WHOLE.iter().any(|end| path(&self.path, connection, end).exists())
    }

    /// Writes a recording. That of a session that is over takes the place of what was written while it went on.
    pub(super) fn write(&mut self, recording: &Recording, now: SystemTime) -> io::Result<()> {
        let document = recording.to_document();
        let [clear, encrypted] = if recording.is_open { OPEN } else { WHOLE };
        let (octets, end) = match &self.recipient {
            Some(recipient) => {
                let octets = age::encrypt(recipient, &document).map_err(io::Error::other)?;
                (Zeroizing::new(octets), encrypted)
            }
            None => (document, clear),
        };
        let size = octets.len() as u64;
        self.make_room(size, now)?;
        let part = path(&self.path, recording.connection, PART);
        let written =
            write_part(&part, &octets).and_then(|()| fs::rename(&part, path(&self.path, recording.connection, end)));
        if written.is_err() {
            // Half a recording is of no use, and takes room where there is none.
            let _ = fs::remove_file(&part);
        } else {
            self.held = self.held.saturating_add(size);
        }
        if !recording.is_open {
            self.forget_open(recording.connection);
        }
        written
    }

    /// Removes what was written of a session while it went on.
    pub(super) fn forget_open(&self, connection: ConnectionId) {
        for end in OPEN {
            let _ = fs::remove_file(path(&self.path, connection, end));
        }
    }

    /// Sees to it that so many octets more are not too many.
    fn make_room(&mut self, octets: u64, now: SystemTime) -> io::Result<()> {
        if octets > self.disk_max {
            return Err(io::Error::other("a recording is larger than capture.disk_max"));
        }
        if self.held.saturating_add(octets) > self.disk_max {
            self.tend(octets, now);
        }
        Ok(())
    }

    /// Removes what is too old, then the oldest of what is too much, where so many octets are about to come.
    pub(super) fn tend(&mut self, coming: u64, now: SystemTime) {
        let mut files = files(&self.path);
        files.sort_by_key(|file| file.modified);
        self.held = files.iter().map(|file| file.octets).sum();
        for file in files {
            let age = now.duration_since(file.modified).unwrap_or_default();
            let is_old = age >= self.retention && !planted("capture.never-too-old");
            let is_too_much = self.held.saturating_add(coming) > self.disk_max && !planted("capture.never-too-much");
            if (is_old || is_too_much) && fs::remove_file(&file.path).is_ok() {
                self.held -= file.octets;
            }
        }
    }

    /// Takes what is asked for: whoever may write into our folder may ask. First all are told that they were heard.
    pub(super) fn take_requests(&self) -> Vec<Request> {
        let asked = files(&self.path).into_iter().filter(|file| file.name.ends_with(WANTED));
        asked
            .filter_map(|file| {
                let taken = file.path.with_extension(TAKEN);
                fs::rename(&file.path, &taken).ok().map(|()| Request { connection: file.connection(), taken })
            })
            .collect()
    }
}

/// Somebody waits for a recording.
pub(super) struct Request {
    pub(super) connection: Option<ConnectionId>,
    taken: PathBuf,
}

impl Request {
    /// There is a file, or will be none.
    pub(super) fn answered(self) {
        let _ = fs::remove_file(self.taken);
    }
}

fn write_part(part: &Path, octets: &[u8]) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(part)?;
    io::Write::write_all(&mut file, octets)
}

/// Where recordings lie.
pub fn folder(data_dir: &Path) -> PathBuf {
    data_dir.join(FOLDER)
}

fn path(folder: &Path, connection: ConnectionId, end: &str) -> PathBuf {
    folder.join(format!("{connection}.{end}"))
}

struct File {
    path: PathBuf,
    name: String,
    modified: SystemTime,
    octets: u64,
}

impl File {
    fn connection(&self) -> Option<ConnectionId> {
        let name = self.name.split('.').next()?;
        (name.len() == 32).then(|| u128::from_str_radix(name, 16).ok().map(ConnectionId)).flatten()
    }
}

fn files(folder: &Path) -> Vec<File> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(metadata) = entry.metadata() else { continue };
        let (Ok(modified), true) = (metadata.modified(), metadata.is_file()) else { continue };
        let name = entry.file_name().to_string_lossy().into_owned();
        files.push(File { path: entry.path(), name, modified, octets: metadata.len() });
    }
    files
}

/// Why a recording cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The file cannot be read.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It is encrypted, and nobody has given the key.
    #[error("it is encrypted")]
    Locked,
    /// It does not open with this key.
    #[error("{0}")]
    Key(String),
    /// It is damaged.
    #[error("{0}")]
    Damaged(#[from] NotARecording),
}

/// Reads the recording of a session, if there is one.
pub fn read(
    data_dir: &Path,
    connection: ConnectionId,
    identities: &[age::x25519::Identity],
) -> Result<Option<Recording>, Unreadable> {
    let folder = folder(data_dir);
    let open = |end: &str| match fs::read(path(&folder, connection, end)) {
        Ok(octets) => Ok(Some(Zeroizing::new(octets))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    };
    for [clear, encrypted] in [WHOLE, OPEN] {
        if let Some(clear) = open(clear)? {
            return Ok(Some(Recording::from_document(&clear)?));
        }
        if let Some(encrypted) = open(encrypted)? {
            return Ok(Some(Recording::from_document(&decrypted(&encrypted, identities)?)?));
        }
    }
    Ok(None)
}

fn decrypted(encrypted: &[u8], identities: &[age::x25519::Identity]) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
    if identities.is_empty() {
        return Err(Unreadable::Locked);
    }
    let key = |error: &dyn std::fmt::Display| Unreadable::Key(error.to_string());
    let decryptor = age::Decryptor::new_buffered(encrypted).map_err(|error| key(&error))?;
    let identities = identities.iter().map(|identity| identity as &dyn age::Identity);
    let mut clear = Zeroizing::new(Vec::with_capacity(encrypted.len()));
    let mut reader = decryptor.decrypt(identities).map_err(|error| key(&error))?;
    io::Read::read_to_end(&mut reader, &mut clear)?;
    Ok(clear)
}

/// Whether there is a file of this session, as a whole or as far as it had come when somebody asked.
pub fn exists(data_dir: &Path, connection: ConnectionId) -> bool {
    let folder = folder(data_dir);
    [WHOLE, OPEN].as_flattened().iter().any(|end| path(&folder, connection, end).exists())
}

/// Whether there is a file of this session as a whole.
pub fn is_whole(data_dir: &Path, connection: ConnectionId) -> bool {
    let folder = folder(data_dir);
    WHOLE.iter().any(|end| path(&folder, connection, end).exists())
}

/// Asks a running server for sessions, and waits for their files: `patience` is called again and again, with whether
/// the server has heard, until it says `false`.
pub fn request(
    data_dir: &Path,
    connections: &[ConnectionId],
    mut patience: impl FnMut(Heard) -> bool,
) -> io::Result<()> {
    let folder = folder(data_dir);
    let mut asked = Vec::new();
    for connection in connections {
        let request = path(&folder, *connection, WANTED);
        fs::OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&request)?;
        asked.push(request);
    }
    while asked.iter().any(|request| request.exists()) && patience(Heard::NotYet) {}
    // Nobody has taken them: no server runs, or it keeps nothing.
    for request in &asked {
        let _ = fs::remove_file(request);
    }
    while asked.iter().any(|request| request.with_extension(TAKEN).exists()) && patience(Heard::Yes) {}
    Ok(())
}

/// Whether a server has heard what it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Nobody has answered.
    NotYet,
    /// It is writing.
    Yes,
}

#[cfg(test)]
mod tests;
