//! What the operator reads: structured lines on standard error, one for each session.

use std::cell::RefCell;
use std::io::{self, Write as _};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;
use watchpost_observatory::{Event, EventKind, EventSink, SessionSummary};
use watchpost_proto::pop3::State;

use crate::config::{Log, LogFormat};

/// Begins to log, in colours where a terminal wants them. The first call in a process counts.
pub fn start(log: Log, colour: bool) {
    let builder = tracing_subscriber::fmt()
        .with_writer(|| Lines)
        .with_env_filter(EnvFilter::new(log.level.word()))
        .with_span_events(FmtSpan::NONE)
        .with_target(false)
        .with_ansi(colour);
    // A second start, in a test say, keeps the first.
    let _ = match log.format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
}

/// Octets of lines that are held back at the most.
const HELD_OCTETS: usize = 64 * 1024;

/// Lines that this thread holds back.
#[derive(Default)]
struct Held(Option<Vec<u8>>);

impl Held {
    /// Takes a line, if lines are held back.
    fn takes(&mut self, line: &[u8]) -> bool {
        let Some(lines) = &mut self.0 else { return false };
        lines.extend_from_slice(line);
        if lines.len() >= HELD_OCTETS {
            self.let_go();
            self.0 = Some(Vec::new());
        }
        true
    }

    /// What standard error does not take is lost, as any line would be.
    fn let_go(&mut self) {
        if let Some(lines) = self.0.take() {
            let _ = io::stderr().write_all(&lines);
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.let_go();
    }
}

thread_local! {
    static HELD: RefCell<Held> = RefCell::default();
}

/// Holds back what this thread logs, until it lets go: a thread that has many lines to write writes them at once.
pub fn hold() {
    HELD.with_borrow_mut(|held| {
        held.0.get_or_insert_default();
    });
}

/// Writes what was held back, in its order.
pub fn let_go() {
    HELD.with_borrow_mut(Held::let_go);
}

/// Standard error, for a line at a time.
struct Lines;

impl io::Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        // A thread that is ending holds nothing back any more.
        let is_held = HELD.try_with(|held| held.borrow_mut().takes(line)).unwrap_or(false);
        if is_held { Ok(line.len()) } else { io::stderr().write(line) }
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Writes one line for each session that has ended.
#[derive(Clone, Copy, Debug, Default)]
pub struct SessionLog;

impl SessionLog {
    /// Writes the line of a session that has ended; other events have none.
    pub fn record_borrowed(&self, event: &Event) {
        if let EventKind::Closed(summary) = &event.kind {
            line(&event.connection.to_string(), summary);
        }
    }
}

impl EventSink for SessionLog {
    fn record(&self, event: Event) {
        self.record_borrowed(&event);
    }
}

fn line(connection: &str, summary: &SessionSummary) {
    let SessionSummary { tls, tally, .. } = summary;
    tracing::info!(
        connection,
        peer = %summary.peer.ip(),
        peer_port = summary.peer.port(),
        local = %summary.local,
        tls = tls.as_ref().map(|tls| tls.version.as_ref()),
        suite = tls.as_ref().map(|tls| tls.suite.as_ref()),
        server_name = tls.as_ref().and_then(|tls| tls.server_name.as_ref()).map(tracing::field::display),
        user = summary.user.as_deref(),
        state = summary.state.map(word),
        commands = tally.commands,
        errors = tally.errors,
        failed_logins = tally.failed_logins,
        retrieved = tally.retrieved,
        retrieved_octets = tally.retrieved_octets,
        topped = tally.topped,
        removed = tally.removed,
        octets_in = summary.octets_in,
        octets_out = summary.octets_out,
        milliseconds = u64::try_from(summary.duration.as_millis()).unwrap_or(u64::MAX),
        ending = summary.ending.word(),
        notice = summary.notice.map(tracing::field::debug),
        "session ended"
    );
}

const fn word(state: State) -> &'static str {
    match state {
        State::Authorization => "authorization",
        State::Transaction => "transaction",
        State::Update => "update",
    }
}
