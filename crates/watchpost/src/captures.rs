//! Recordings of sessions, from the end of a session to a file: kept for a minute, written when a rule or an operator
//! asks, encrypted where a key is given, removed when they are old.
//!
//! ```text
//! sessions ──Recording──► bounded queue ──► keeper (one thread): shelf ──► data_dir/captures/ID.capture[.age]
//! journal's judge ──names of sessions──────►                      ▲
//! watchpost pcap ──data_dir/captures/ID.wanted────────────────────┘ looked for once a second
//! ```

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use watchpost_observatory::capture::{Budget, NotARecording, Recording, Shelf, ShelfTerms};
use watchpost_observatory::journal::Clocks;
use watchpost_observatory::{ConnectionId, Severity, Verdict};
use zeroize::Zeroizing;

use crate::clock::{Clock as _, SystemClock};
use crate::config::{Capture, CaptureMode, Config};

/// The folder in `data_dir`.
const FOLDER: &str = "captures";
/// The ends of names.
const CLEAR: &str = "capture";
const ENCRYPTED: &str = "capture.age";
const WANTED: &str = "wanted";
const TAKEN: &str = "taken";
/// Recordings and names that may wait for the keeper. More are lost, and counted.
const QUEUE: usize = 4096;
/// How long an ended session is remembered that nobody has asked for: a verdict comes within a second, a person within
/// a minute.
const WAIT: Duration = Duration::from_mins(1);
/// Sessions that may be asked for before they have ended.
const WANTED_MAX: usize = 4096;
/// How often requests are looked for, and old recordings forgotten.
const LOOK: Duration = Duration::from_secs(1);
/// How often the folder is tended.
const TEND: Duration = Duration::from_mins(1);
/// Verdicts as bad as this ask for the sessions they cite.
const ASKS: Severity = Severity::Medium;

/// What comes to the keeper.
enum Message {
    Ended(Box<Recording>),
    Wanted(Vec<ConnectionId>),
    Stop,
}

/// Where sessions and verdicts leave what concerns recordings. Never waits.
#[derive(Clone, Debug)]
pub struct Captures(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    terms: Capture,
    clocks: Clocks,
    budget: Arc<Budget>,
    queue: SyncSender<Message>,
    lost: AtomicU64,
}

impl Captures {
    /// What is kept.
    pub fn mode(&self) -> CaptureMode {
        self.0.terms.mode
    }

    /// Octets of a track at the most.
    pub fn session_max(&self) -> usize {
        self.0.terms.session_max
    }

    /// Whether sessions with a successful login are kept.
    pub fn includes_authenticated(&self) -> bool {
        self.0.terms.include_authenticated
    }

    /// What all tracks together may hold.
    pub fn budget(&self) -> &Arc<Budget> {
        &self.0.budget
    }

    /// How recorders tell the time.
    pub fn clocks(&self) -> Clocks {
        self.0.clocks
    }

    /// A session is over.
    pub fn ended(&self, recording: Recording) {
        self.send(Message::Ended(Box::new(recording)));
    }

    /// A rule has spoken.
    pub fn judged(&self, verdict: &Verdict) {
        if verdict.severity >= ASKS && !verdict.connections.is_empty() {
            self.send(Message::Wanted(verdict.connections.clone()));
        }
    }

    fn send(&self, message: Message) {
        if self.0.queue.try_send(message).is_err() {
            self.0.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The keeper. Dropped, it writes what was asked for, forgets the rest, and ends.
#[derive(Debug)]
pub struct Keeper {
    captures: Captures,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Begins to keep recordings as this configuration wants it. `None`: it wants none.
    pub fn begin(config: &Config) -> io::Result<Option<Self>> {
        if config.capture.mode < CaptureMode::Redacted {
            return Ok(None);
        }
        let folder = folder(&config.data_dir);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        let (queue, messages) = sync_channel(QUEUE);
        let clocks = Clocks { wall: || SystemClock.wall(), now: || SystemClock.now() };
        let terms = config.capture.clone();
        let recipient = terms.recipient.as_ref().map(|key| key.parse()).transpose().map_err(io::Error::other)?;
        let budget = Budget::new(terms.memory_max);
        let shelf_terms = ShelfTerms { wait: WAIT, octets_max: terms.memory_max / 2, wanted_max: WANTED_MAX };
        let captures = Captures(Arc::new(Shared { terms, clocks, budget, queue, lost: AtomicU64::new(0) }));
        let now = (clocks.now)();
        let work = Work {
            captures: captures.clone(),
            folder,
            recipient,
            shelf: Shelf::new(shelf_terms),
            looked: now,
            tended: None,
            is_troubled: false,
        };
        let thread = std::thread::Builder::new().name("captures".to_owned()).spawn(move || work.run(&messages))?;
        Ok(Some(Self { captures, thread: Some(thread) }))
    }

    /// Where sessions and verdicts go.
    pub fn captures(&self) -> Captures {
        self.captures.clone()
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let _ = self.captures.0.queue.send(Message::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Work {
    captures: Captures,
    folder: PathBuf,
    recipient: Option<age::x25519::Recipient>,
    shelf: Shelf,
    looked: Instant,
    tended: Option<Instant>,
    is_troubled: bool,
}

impl Work {
    fn run(mut self, messages: &Receiver<Message>) {
        loop {
            match messages.recv_timeout(LOOK) {
                Ok(Message::Ended(recording)) => self.ended(*recording),
                Ok(Message::Wanted(connections)) => self.wanted(&connections),
                Err(RecvTimeoutError::Timeout) => {}
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => break,
            }
            let now = (self.captures.0.clocks.now)();
            if now.duration_since(self.looked) >= LOOK {
                self.looked = now;
                self.look(now);
            }
        }
        self.take_requests();
    }

    fn ended(&mut self, recording: Recording) {
        let now = (self.captures.0.clocks.now)();
        if let Some(recording) = self.shelf.ended(recording, now, self.captures.budget()) {
            self.write(&recording);
        }
    }

    fn wanted(&mut self, connections: &[ConnectionId]) {
        for connection in connections {
            if [CLEAR, ENCRYPTED].iter().any(|end| path(&self.folder, *connection, end).exists()) {
                continue;
            }
            if let Some(recording) = self.shelf.want(*connection) {
                self.write(&recording);
            }
        }
    }

    fn look(&mut self, now: Instant) {
        self.take_requests();
        self.shelf.forget(now);
        let lost = self.captures.0.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            tracing::warn!(lost, "recordings of sessions came too fast and were lost");
        }
        if self.tended.is_none_or(|tended| now.duration_since(tended) >= TEND) {
            self.tended = Some(now);
            self.tend();
        }
    }

    /// Whoever may write into our folder may ask for sessions. First all are told that they were heard.
    fn take_requests(&mut self) {
        let requests = files(&self.folder).into_iter().filter(|file| file.name.ends_with(WANTED));
        let taken: Vec<(PathBuf, Option<ConnectionId>)> = requests
            .filter_map(|file| {
                let taken = file.path.with_extension(TAKEN);
                fs::rename(&file.path, &taken).ok().map(|()| (taken, file.connection()))
            })
            .collect();
        for (taken, connection) in taken {
            self.wanted(connection.as_slice());
            // Only now: there is a file, or will be none before the session ends.
            let _ = fs::remove_file(&taken);
        }
    }

    fn write(&mut self, recording: &Recording) {
        if let Err(error) = self.try_write(recording) {
            if !std::mem::replace(&mut self.is_troubled, true) {
                tracing::error!(%error, folder = %self.folder.display(), "recordings of sessions cannot be written");
            }
        } else if std::mem::take(&mut self.is_troubled) {
            tracing::info!("recordings of sessions are written again");
        }
    }

    fn try_write(&self, recording: &Recording) -> io::Result<()> {
        let document = recording.to_document();
        let (octets, end) = match &self.recipient {
            Some(recipient) => {
                let encrypted = age::encrypt(recipient, &document).map_err(io::Error::other)?;
                (Zeroizing::new(encrypted), ENCRYPTED)
            }
            None => (document, CLEAR),
        };
        let target = path(&self.folder, recording.connection, end);
        let part = path(&self.folder, recording.connection, "part");
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
        io::Write::write_all(&mut file, &octets)?;
        fs::rename(part, target)
    }

    /// Removes what is too old, then the oldest of what is too much.
    fn tend(&self) {
        let terms = &self.captures.0.terms;
        let now = (self.captures.0.clocks.wall)();
        let mut files = files(&self.folder);
        files.sort_by_key(|file| std::cmp::Reverse(file.modified));
        let mut held = 0;
        for file in files {
            held += file.octets;
            let age = now.duration_since(file.modified).unwrap_or_default();
            if age >= terms.retention || held > terms.disk_max {
                let _ = fs::remove_file(&file.path);
            }
        }
    }
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
    if let Some(clear) = open(CLEAR)? {
        return Ok(Some(Recording::from_document(&clear)?));
    }
    let Some(encrypted) = open(ENCRYPTED)? else { return Ok(None) };
    if identities.is_empty() {
        return Err(Unreadable::Locked);
    }
    let key = |error: &dyn std::fmt::Display| Unreadable::Key(error.to_string());
    let decryptor = age::Decryptor::new_buffered(encrypted.as_slice()).map_err(|error| key(&error))?;
    let identities = identities.iter().map(|identity| identity as &dyn age::Identity);
    let mut clear = Zeroizing::new(Vec::with_capacity(encrypted.len()));
    let mut reader = decryptor.decrypt(identities).map_err(|error| key(&error))?;
    io::Read::read_to_end(&mut reader, &mut clear)?;
    Ok(Some(Recording::from_document(&clear)?))
}

/// Whether there is a file of this session.
pub fn exists(data_dir: &Path, connection: ConnectionId) -> bool {
    let folder = folder(data_dir);
    [CLEAR, ENCRYPTED].iter().any(|end| path(&folder, connection, end).exists())
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
