//! Recordings of sessions, from the end of a session to a file: kept for a minute, written when a rule or an operator
//! asks, encrypted where a key is given, removed when they are old or too much.
//!
//! ```text
//! sessions ──Recording──► bounded queue ──► keeper (one thread): shelf ──► data_dir/captures/ID.capture[.age]
//!    └──what goes on──► ongoing ─────────────────────────────────┤ ────► data_dir/captures/ID.open[.age]
//! journal's judge ──names of sessions──► bounded queue ──────────┤
//! watchpost pcap ──data_dir/captures/ID.wanted───────────────────┘ looked for once a second
//! ```

mod folder;
mod ongoing;

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use watchpost_observatory::capture::{Budget, Recording, Shelf, ShelfTerms};
use watchpost_observatory::journal::Clocks;
use watchpost_observatory::{ConnectionId, Severity, Verdict};
use watchpost_proto::planted::planted;

use crate::clock::{Clock as _, SystemClock};
use crate::config::{Capture, CaptureMode, Config};

use folder::Folder;
pub use folder::{Heard, Unreadable, exists, folder, is_whole, read, request};
use ongoing::AllOngoing;
pub use ongoing::Ongoing;

/// Recordings and names that may wait for the keeper. More are lost, and counted.
const QUEUE: usize = 4096;
/// Recordings that wait before the keeper is woken for them: a thread that wakes for each costs more than the session
/// that it is about.
const COMPANY: usize = 256;
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
    Forgotten(ConnectionId),
}

/// What waits for the keeper.
#[derive(Default)]
struct Waiting {
    messages: VecDeque<Message>,
    lost: u64,
    /// The keeper must not wait for more.
    is_due: bool,
    has_ended: bool,
}

/// Where sessions and verdicts leave what concerns recordings. Never waits for the keeper.
#[derive(Clone, Debug)]
pub struct Captures(Arc<Shared>);

struct Shared {
    terms: Capture,
    clocks: Clocks,
    budget: Arc<Budget>,
    ongoing: AllOngoing,
    waiting: Mutex<Waiting>,
    bell: Condvar,
}

/// What was said is nobody's business in a log.
impl std::fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Shared").field("terms", &self.terms).finish_non_exhaustive()
    }
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

    /// A session begins.
    pub fn begun(&self, ongoing: &Arc<Ongoing>) {
        self.0.ongoing.enter(ongoing);
    }

    /// Of a session that goes on nothing may be kept any more.
    pub fn forgotten(&self, ongoing: &Ongoing) {
        self.left(ongoing.connection);
        if ongoing.forget() && !planted("capture.keeps-what-was-asked-for") {
            self.send(Message::Forgotten(ongoing.connection), Ring::Now);
        }
    }

    /// A session does not go on.
    pub fn left(&self, connection: ConnectionId) {
        self.0.ongoing.leave(connection);
    }

    /// A session is over.
    pub fn ended(&self, recording: Recording) {
        self.send(Message::Ended(Box::new(recording)), Ring::InCompany);
    }

    /// A rule has spoken.
    pub fn judged(&self, verdict: &Verdict) {
        if verdict.severity >= ASKS && !verdict.connections.is_empty() {
            self.send(Message::Wanted(verdict.connections.clone()), Ring::Now);
        }
    }

    fn send(&self, message: Message, ring: Ring) {
        let mut waiting = self.waiting();
        if waiting.messages.len() >= QUEUE {
            waiting.lost += 1;
            return;
        }
        waiting.messages.push_back(message);
        let is_enough = waiting.messages.len() >= COMPANY || self.0.budget.held() > shelf_octets(&self.0.terms);
        let was_due = waiting.is_due;
        waiting.is_due |= ring == Ring::Now || is_enough;
        let is_news = waiting.is_due && !was_due;
        drop(waiting);
        if is_news {
            self.0.bell.notify_one();
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When the keeper must know.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ring {
    Now,
    InCompany,
}

/// What all tracks may hold before the oldest ended ones go: half, so that new ones find room.
fn shelf_octets(terms: &Capture) -> usize {
    terms.memory_max / 2
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
        let terms = config.capture.clone();
        let folder = Folder::open(&config.data_dir, &terms)?;
        let clocks = Clocks { wall: || SystemClock.wall(), now: || SystemClock.now() };
        let shelf = ShelfTerms { wait: WAIT, octets_max: shelf_octets(&terms), wanted_max: WANTED_MAX };
        let captures = Captures(Arc::new(Shared {
            budget: Budget::new(terms.memory_max),
            terms,
            clocks,
            ongoing: AllOngoing::default(),
            waiting: Mutex::default(),
            bell: Condvar::new(),
        }));
        let work = Work {
            captures: captures.clone(),
            folder,
            shelf: Shelf::new(shelf),
            looked: (clocks.now)(),
            tended: None,
            unwritten: 0,
        };
        let thread = std::thread::Builder::new().name("captures".to_owned()).spawn(move || work.run())?;
        Ok(Some(Self { captures, thread: Some(thread) }))
    }

    /// Where sessions and verdicts go.
    pub fn captures(&self) -> Captures {
        self.captures.clone()
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        {
            let mut waiting = self.captures.waiting();
            waiting.has_ended = true;
            waiting.is_due = true;
        }
        self.captures.0.bell.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Work {
    captures: Captures,
    folder: Folder,
    shelf: Shelf,
    looked: Instant,
    tended: Option<Instant>,
    /// Recordings that could not be written since the last one that could.
    unwritten: u64,
}

impl Work {
    fn run(mut self) {
        let mut has_ended = false;
        while !has_ended {
            let messages;
            (messages, has_ended) = self.wait();
            for message in messages {
                match message {
                    Message::Ended(recording) => self.ended(*recording),
                    Message::Wanted(connections) => self.wanted(&connections),
                    Message::Forgotten(connection) => {
                        self.shelf.unwant(connection);
                        self.folder.forget_open(connection);
                    }
                }
            }
            let now = (self.captures.0.clocks.now)();
            if now.duration_since(self.looked) >= LOOK {
                self.looked = now;
                self.look(now);
            }
        }
        self.take_requests();
    }

    /// Waits for something to do, or until it is time to look; what there is to do, and whether that is the end.
    fn wait(&self) -> (VecDeque<Message>, bool) {
        let mut waiting = self.captures.waiting();
        if !waiting.is_due {
            let waited = self.captures.0.bell.wait_timeout(waiting, LOOK);
            waiting = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        waiting.is_due = waiting.has_ended;
        (std::mem::take(&mut waiting.messages), waiting.has_ended)
    }

    fn ended(&mut self, recording: Recording) {
        let now = (self.captures.0.clocks.now)();
        if let Some(recording) = self.shelf.ended(recording, now, self.captures.budget()) {
            self.write(&recording);
        }
    }

    fn wanted(&mut self, connections: &[ConnectionId]) {
        for connection in connections {
            if self.folder.has(*connection) {
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
        let lost = std::mem::take(&mut self.captures.waiting().lost);
        if lost > 0 {
            tracing::warn!(lost, "recordings of sessions came too fast and were lost");
        }
        if self.tended.is_none_or(|tended| now.duration_since(tended) >= TEND) {
            self.tended = Some(now);
            self.folder.tend(0, (self.captures.0.clocks.wall)());
        }
    }

    /// A person asks: of a session that goes on too, as far as it has come.
    fn take_requests(&mut self) {
        for request in self.folder.take_requests() {
            if let Some(connection) = request.connection {
                self.wanted(&[connection]);
                self.write_so_far(connection);
            }
            request.answered();
        }
    }

    fn write_so_far(&mut self, connection: ConnectionId) {
        let Some(ongoing) = self.captures.0.ongoing.find(connection) else { return };
        let since = (self.captures.0.clocks.wall)().duration_since(std::time::SystemTime::UNIX_EPOCH);
        let now = u64::try_from(since.unwrap_or_default().as_nanos()).unwrap_or(u64::MAX);
        if let Some(recording) = ongoing.so_far(now) {
            self.write(&recording);
        }
    }

    /// Mail does not depend on it: what cannot be written is counted, said once, and told of by the journal.
    fn write(&mut self, recording: &Recording) {
        let now = (self.captures.0.clocks.wall)();
        if let Err(error) = self.folder.write(recording, now) {
            if self.unwritten == 0 {
                let folder = self.folder.path().display();
                tracing::error!(%error, %folder, "recordings of sessions cannot be written, mail goes on without them");
            }
            self.unwritten += 1;
        } else if self.unwritten > 0 {
            let lost = std::mem::take(&mut self.unwritten);
            tracing::info!(lost, "recordings of sessions are written again");
        }
    }
}
