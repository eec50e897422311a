//! What is kept of one session's octets while it goes on. Without a recorder nothing is, and nothing costs.

use std::fmt::{self, Write as _};
use std::io::IoSlice;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

use rustls::KeyLog;
use watchpost_observatory::ConnectionId;
use watchpost_observatory::capture::{Recording, Track};
use watchpost_observatory::pcapng::Side;
use watchpost_proto::planted::planted;
use watchpost_proto::pop3::server::{Heard, SpokenEnd, Told};
use zeroize::{Zeroize as _, Zeroizing};

use crate::captures::{Captures, Ongoing};
use crate::config::CaptureMode;

/// Stands for what may be secret, however long it is.
const HIDDEN: &[u8] = b"******";
/// Octets of key log lines at the most: five lines, with room for longer secrets than any that are known.
const KEYS_MAX: usize = 4096;

/// Tells the time of octets: one look at civil time when the session begins, and then a clock that never goes back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stopwatch {
    began: Instant,
    wall: u64,
    now: fn() -> Instant,
}

impl Stopwatch {
    /// Nanoseconds since 1970.
    pub(super) fn at(&self) -> u64 {
        let since = (self.now)().saturating_duration_since(self.began);
        self.wall.saturating_add(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
    }
}

/// What crosses the wire, shared between the tap that fills it and the recorder that may close it.
#[derive(Clone, Debug)]
pub(super) struct WireTrack(Arc<Wire>);

#[derive(Debug)]
struct Wire {
    track: Mutex<Track>,
    watch: Stopwatch,
}

impl WireTrack {
    /// These octets passed.
    pub(super) fn passed(&self, from: Side, octets: &[u8]) {
        if !octets.is_empty() {
            locked(&self.0.track).push(self.0.watch.at(), from, octets);
        }
    }

    /// So many octets of these left at once.
    pub(super) fn left(&self, pieces: &[IoSlice<'_>], count: usize) {
        let mut octets = Vec::with_capacity(count);
        for piece in pieces {
            let room = count - octets.len();
            octets.extend_from_slice(&piece[..piece.len().min(room)]);
        }
        self.passed(Side::Server, &octets);
        octets.zeroize();
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The keys of one TLS session as lines of a key log (RFC 9850): those that open it, and no others.
pub(super) struct SessionKeys {
    lines: Mutex<Zeroizing<Vec<u8>>>,
}

impl SessionKeys {
    fn new() -> Self {
        Self { lines: Mutex::new(Zeroizing::new(Vec::with_capacity(KEYS_MAX))) }
    }

    fn take(&self) -> Zeroizing<Vec<u8>> {
        std::mem::take(&mut *locked(&self.lines))
    }
}

impl KeyLog for SessionKeys {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let mut line = Zeroizing::new(String::with_capacity(256));
        let _ = write!(line, "{label} ");
        for octet in client_random {
            let _ = write!(line, "{octet:02x}");
        }
        line.push(' ');
        for octet in secret {
            let _ = write!(line, "{octet:02x}");
        }
        line.push('\n');
        let mut lines = locked(&self.lines);
        // Within the room it was made with, so that no copy is left behind. Taken, there is none.
        if lines.len() + line.len() <= lines.capacity() {
            lines.extend_from_slice(line.as_bytes());
        }
    }

    /// Neither what an application exports nor early data is needed to read a session.
    fn will_log(&self, label: &str) -> bool {
        matches!(
            label,
            "CLIENT_RANDOM"
                | "CLIENT_HANDSHAKE_TRAFFIC_SECRET"
                | "SERVER_HANDSHAKE_TRAFFIC_SECRET"
                | "CLIENT_TRAFFIC_SECRET_0"
                | "SERVER_TRAFFIC_SECRET_0"
        )
    }
}

impl fmt::Debug for SessionKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SessionKeys")
    }
}

/// Records one session. Dropped without an end, it leaves nothing.
pub(super) struct Recorder {
    captures: Captures,
    ongoing: Arc<Ongoing>,
    watch: Stopwatch,
    wire: Option<WireTrack>,
    keys: Option<Arc<SessionKeys>>,
    /// Octets of the output that stand in the track already.
    output: usize,
    /// What the client began with, until it is known whether it was a line.
    opening: Option<Vec<u8>>,
}

/// Whether anything may be kept of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keeps {
    Everything,
    Nothing,
}

impl Recorder {
    /// Begins.
    pub(super) fn new(
        captures: &Captures,
        connection: ConnectionId,
        ends: (SocketAddr, SocketAddr),
        accepted: SystemTime,
    ) -> Self {
        let nanoseconds = |at: SystemTime| {
            let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
        };
        let clocks = captures.clocks();
        let watch = Stopwatch { began: (clocks.now)(), wall: nanoseconds((clocks.wall)()), now: clocks.now };
        let track = || Track::new(captures.budget(), captures.session_max());
        let keeps_wire = captures.mode() == CaptureMode::Full;
        let ongoing = Arc::new(Ongoing::new(connection, ends, nanoseconds(accepted), track()));
        captures.begun(&ongoing);
        Self {
            ongoing,
            watch,
            wire: keeps_wire.then(|| WireTrack(Arc::new(Wire { track: Mutex::new(track()), watch }))),
            keys: keeps_wire.then(|| Arc::new(SessionKeys::new())),
            captures: captures.clone(),
            output: 0,
            opening: None,
        }
    }

    /// Where the tap leaves what crosses the wire, if it shall.
    pub(super) fn wire(&self) -> Option<WireTrack> {
        self.wire.clone()
    }

    /// Where TLS leaves its keys, if it shall.
    pub(super) fn keys(&self) -> Option<Arc<SessionKeys>> {
        self.keys.clone()
    }

    /// Whether a reply that opens a message must leave on its own: Wireshark shows the message as one only then.
    pub(super) fn cuts_wire(&self) -> bool {
        self.wire.is_some()
    }

    /// What the session has told of what the client said.
    pub(super) fn told(&mut self, told: &Told) {
        match told {
            Told::Opening(octets) => self.opening = Some(octets.clone()),
            Told::Heard(heard) => {
                self.opening = None;
                self.heard(heard);
            }
            Told::Answered(_) | Told::Noticed(_) => {}
        }
    }

    /// A line as it may be kept: what the journal may have of it, and one and the same mark for what it may not.
    fn heard(&self, heard: &Heard) {
        let line_end: &[u8] = match heard.line_end {
            SpokenEnd::Lf => b"\n",
            SpokenEnd::CrLf | SpokenEnd::None => b"\r\n",
        };
        let (space, hidden): (&[u8], &[u8]) = match heard.text.last() {
            _ if heard.hidden == 0 => (b"", b""),
            None | Some(b' ') => (b"", HIDDEN),
            Some(_) => (b" ", HIDDEN),
        };
        let length = if planted("capture.tells-the-length") { usize::try_from(heard.hidden).unwrap_or(0) } else { 0 };
        let length = "*".repeat(length);
        let parts = [heard.text.as_slice(), space, hidden, length.as_bytes(), line_end];
        self.ongoing.plain().push_parts(self.watch.at(), Side::Client, &parts);
    }

    /// The client began with octets that are no line and no TLS.
    pub(super) fn opened_with(&mut self, octets: &[u8]) {
        self.ongoing.plain().push(self.watch.at(), Side::Client, octets);
    }

    /// What stands in the output and is not recorded yet.
    pub(super) fn replied(&mut self, output: &[u8]) {
        let new = output.get(self.output..).unwrap_or_default();
        if !new.is_empty() {
            self.ongoing.plain().push(self.watch.at(), Side::Server, new);
        }
        self.output = output.len();
    }

    /// The output has left.
    pub(super) fn output_left(&mut self) {
        self.output = 0;
    }

    /// Somebody has given the right password: what an owner does is nobody else's, and neither is the password.
    pub(super) fn authenticated(&mut self) -> Keeps {
        if self.captures.includes_authenticated() || planted("capture.keeps-authenticated") {
            return Keeps::Everything;
        }
        self.captures.forgotten(&self.ongoing);
        if let Some(wire) = &self.wire {
            locked(&wire.0.track).close();
        }
        if let Some(keys) = &self.keys {
            drop(keys.take());
        }
        Keeps::Nothing
    }

    /// The session is over.
    pub(super) fn end(mut self) {
        let at = self.watch.at();
        let mut plain = self.ongoing.plain();
        if let Some(opening) = self.opening.take() {
            plain.push(at, Side::Client, &opening);
        }
        let nothing = || Track::new(self.captures.budget(), 0);
        let plain = std::mem::replace(&mut *plain, nothing());
        let wire =
            self.wire.as_ref().map_or_else(nothing, |wire| std::mem::replace(&mut *locked(&wire.0.track), nothing()));
        let recording = Recording {
            connection: self.ongoing.connection,
            peer: self.ongoing.peer,
            local: self.ongoing.local,
            accepted: self.ongoing.accepted,
            ended: at,
            is_open: false,
            plain,
            wire,
            keys: self.keys.as_ref().map(|keys| keys.take()).unwrap_or_default(),
        };
        self.captures.ended(recording);
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.captures.left(self.ongoing.connection);
    }
}

impl Drop for SessionKeys {
    fn drop(&mut self) {
        locked(&self.lines).zeroize();
    }
}
