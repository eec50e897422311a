//! What the operator reads: structured lines on standard error, one for each session.

use std::cell::RefCell;
use std::io::{self, BufWriter, Stderr};

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

thread_local! {
    /// Lines that this thread holds back; dropped, they are written. What standard error does not take is lost, as any
    /// line would be.
    static HELD: RefCell<Option<BufWriter<Stderr>>> = const { RefCell::new(None) };
}

/// Holds back what this thread logs, until it lets go: a thread that has many lines to write writes them at once.
pub fn hold() {
    HELD.with_borrow_mut(|held| {
        held.get_or_insert_with(|| BufWriter::with_capacity(HELD_OCTETS, io::stderr()));
    });
}

/// Writes what was held back, in its order.
pub fn let_go() {
    HELD.take();
}

/// Standard error, for a line at a time.
struct Lines;

impl io::Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        // A thread that is ending holds nothing back any more.
        let held = HELD.try_with(|held| held.borrow_mut().as_mut().map(|held| held.write(line)));
        held.ok().flatten().unwrap_or_else(|| io::stderr().write(line))
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
