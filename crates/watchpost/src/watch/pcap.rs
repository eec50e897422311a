//! `watchpost pcap`: sessions as a file for Wireshark, explained packet by packet.
//!
//! Without keys, and without secrets, unless somebody says so twice: then it is written down who took them.

mod journal;
mod story;

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::{self, BufRead as _, BufWriter, IsTerminal as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use age::x25519::Identity;
use rustix::process::getuid;
use watchpost_observatory::journal::{Filter, KeyExport, Micros, Reader, Session, SessionEnd};
use watchpost_observatory::pcapng::{self, Section, Written};
use zeroize::Zeroizing;

use super::timeline::timeline;
use super::{Desk, session, sessions, shown};
use crate::captures::{self, Heard, Unreadable};
use crate::cli::{ExitCode, PcapArgs};
use crate::clock::{Clock as _, SystemClock};
use crate::config::CaptureMode;
use crate::console::Failure;

use story::{Keys, Known, Source};

/// How long a running server gets to hear that somebody asks, and then to write what it still remembers.
const PATIENCE: Duration = Duration::from_secs(3);
const WRITING: Duration = Duration::from_mins(1);
/// How often it is looked whether it has.
const LOOK: Duration = Duration::from_millis(50);
/// Standard output.
const STDOUT: &str = "-";

/// Writes the file.
pub fn run(arguments: &PcapArgs, desk: &Desk<'_>) -> Result<(), Failure> {
    if desk.config.capture.mode == CaptureMode::Off {
        let variables = [("config", desk.config.path().display().to_string().into())];
        return Err(Failure::new(ExitCode::Config, desk.talk.texts.format("error-pcap-off", &variables)));
    }
    let keys = if arguments.with_keys { Keys::With } else { Keys::Without };
    let identities = identities(arguments.identity.as_deref(), desk)?;
    let reader = desk.reader()?;
    let sessions = chosen(arguments, &reader, desk)?;
    if sessions.is_empty() {
        return Err(Failure::new(ExitCode::NoInput, desk.text("error-pcap-no-sessions")));
    }
    remember(&sessions, desk);
    let mut known = Vec::new();
    for session in sessions {
        known.push(known_of(session, &reader, &identities, desk)?);
    }
    let with_keys = known.iter().filter(|known| known.source(keys) == Source::Wire).count();
    if keys == Keys::With {
        if with_keys == 0 {
            let go_on = known.iter().filter(|known| known.is_open()).count();
            let variables = [("open", go_on.into())];
            return Err(Failure::new(ExitCode::NoInput, desk.talk.texts.format("error-pcap-no-keys", &variables)));
        }
        confirm(arguments, &known, with_keys, desk)?;
        audit(arguments, known.len(), with_keys, desk)?;
    }
    let conversations: Vec<_> = known.iter().filter_map(|known| known.conversation(keys, desk)).collect();
    let counts = |source| known.iter().filter(|known| known.source(keys) == source).count();
    let sources = [counts(Source::Wire), counts(Source::Plain), counts(Source::Journal)];
    let section = section(keys, sources, desk);
    let interface = desk.text("talk-pcap-interface");
    let application = concat!("watchpost ", env!("CARGO_PKG_VERSION"));
    let section = Section { application, comment: &section, interface: &interface };
    let open = known.iter().filter(|known| known.is_open()).count();
    let written = write(&arguments.output, section, &conversations).map_err(|error| {
        let variables = [("path", arguments.output.display().to_string().into()), ("cause", error.to_string().into())];
        Failure::new(ExitCode::CannotCreate, desk.talk.texts.format("error-file-unwritable", &variables))
    })?;
    tell(arguments, written, sources, open, desk);
    Ok(())
}

/// The sessions that were asked for, the first one first.
fn chosen(arguments: &PcapArgs, reader: &Reader, desk: &Desk<'_>) -> Result<Vec<Session>, Failure> {
    if let Some(id) = &arguments.id {
        return Ok(vec![session::find(id, reader, desk)?]);
    }
    let filter: Filter = sessions::filter(&arguments.which, desk)?;
    let mut sessions = desk.read(reader.sessions(&filter))?;
    if sessions.len() as u64 == filter.limit {
        desk.talk.say(&desk.talk.texts.format("talk-sessions-more", &[("count", filter.limit.into())]));
    }
    sessions.reverse();
    Ok(sessions)
}

/// Asks a running server for what it still remembers of sessions that ended a moment ago, and for what was said so far
/// in those that go on.
fn remember(sessions: &[Session], desk: &Desk<'_>) {
    if desk.config.capture.mode < CaptureMode::Redacted {
        return;
    }
    let data_dir = &desk.config.data_dir;
    let now = desk.reckoning.now();
    let is_late = |session: &Session| {
        let ended = session.row.start.0.saturating_add(i64::try_from(session.row.duration).unwrap_or(0));
        session.row.end == SessionEnd::Open || now.0.saturating_sub(ended) < 90_000_000
    };
    let late = sessions.iter().filter(|session| is_late(session)).map(|session| session.row.connection);
    let asked: Vec<_> = late.filter(|connection| !captures::is_whole(data_dir, *connection)).collect();
    let begun: Instant = SystemClock.now();
    let patience = |heard: Heard| {
        std::thread::sleep(LOOK);
        SystemClock.now() < begun + if heard == Heard::Yes { WRITING } else { PATIENCE }
    };
    // Nothing is lost if it cannot be asked: the journal tells the rest.
    let _ = captures::request(data_dir, &asked, patience);
}

fn known_of(session: Session, reader: &Reader, identities: &[Identity], desk: &Desk<'_>) -> Result<Known, Failure> {
    let events = desk.read(reader.events(&session))?;
    let verdicts = desk.read(reader.verdicts_of_session(session.row.first))?;
    let steps = timeline(&session, &events, &desk.talk.texts).steps;
    let connection = session.row.connection;
    let recording = captures::read(&desk.config.data_dir, connection, identities).map_err(|error| {
        let (id, code) = match &error {
            Unreadable::Locked => ("error-pcap-locked", ExitCode::NoPermission),
            Unreadable::Key(_) => ("error-pcap-key", ExitCode::NoPermission),
            Unreadable::Io(_) => ("error-pcap-unreadable", ExitCode::IoError),
            Unreadable::Damaged(_) => ("error-pcap-unreadable", ExitCode::DataError),
        };
        let variables = [("id", connection.to_string().into()), ("cause", error.to_string().into())];
        Failure::new(code, desk.talk.texts.format(id, &variables))
    })?;
    Ok(Known { session, events, steps, verdicts, recording })
}

/// The secret halves of age keys in a file, as `age-keygen` writes it.
fn identities(file: Option<&Path>, desk: &Desk<'_>) -> Result<Vec<Identity>, Failure> {
    let Some(path) = file else { return Ok(Vec::new()) };
    let refuse = |cause: String| {
        let variables = [("path", path.display().to_string().into()), ("cause", cause.into())];
        Failure::new(ExitCode::NoInput, desk.talk.texts.format("error-pcap-identity", &variables))
    };
    let text = Zeroizing::new(std::fs::read_to_string(path).map_err(|error| refuse(error.to_string()))?);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let parse = |line: &str| line.parse::<Identity>().map_err(|reason| refuse(reason.to_owned()));
    let identities: Vec<Identity> = lines.map(parse).collect::<Result<_, _>>()?;
    if identities.is_empty() { Err(refuse("AGE-SECRET-KEY-1 …?".to_owned())) } else { Ok(identities) }
}

/// Says what will be in the file, and asks whether somebody really wants it.
fn confirm(arguments: &PcapArgs, known: &[Known], with_keys: usize, desk: &Desk<'_>) -> Result<(), Failure> {
    let accounts: BTreeSet<&str> = known.iter().flat_map(Known::tried).collect();
    let variables = [("sessions", with_keys.into()), ("accounts", accounts.len().into())];
    desk.talk.say(&desk.talk.texts.format("talk-pcap-warning", &variables));
    if arguments.yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::new(ExitCode::Usage, desk.text("error-pcap-unasked")));
    }
    let _ = write!(io::stderr().lock(), "{} ", desk.text("talk-pcap-confirm"));
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    let is_yes = matches!(answer.trim().to_lowercase().as_str(), "y" | "yes" | "はい");
    if read.is_ok() && is_yes {
        return Ok(());
    }
    Err(Failure::new(ExitCode::NoPermission, desk.text("error-pcap-declined")))
}

/// Who cannot be written down does not get the keys.
fn audit(arguments: &PcapArgs, sessions: usize, secrets: usize, desk: &Desk<'_>) -> Result<(), Failure> {
    let export = KeyExport {
        at: Micros::of(SystemClock.wall()),
        uid: getuid().as_raw(),
        sessions: sessions as u64,
        secrets: secrets as u64,
        file: shown(&arguments.output.to_string_lossy()),
    };
    export.record(&desk.config.observatory.journal).map_err(|error| {
        let variables = [("cause", error.to_string().into())];
        Failure::new(ExitCode::NoPermission, desk.talk.texts.format("error-pcap-audit", &variables))
    })
}

/// What stands above the packets.
fn section(keys: Keys, [wire, plain, journal]: [usize; 3], desk: &Desk<'_>) -> String {
    let variables = [
        ("at", desk.reckoning.whole(desk.reckoning.now()).into()),
        ("wire", wire.into()),
        ("plain", plain.into()),
        ("journal", journal.into()),
    ];
    let first = if keys == Keys::With { "talk-pcap-section-keys" } else { "talk-pcap-section" };
    let mut parts = vec![desk.talk.texts.format(first, &variables)];
    if plain > 0 {
        parts.push(desk.talk.texts.format("talk-pcap-section-plain", &variables));
    }
    if journal > 0 {
        parts.push(desk.talk.texts.format("talk-pcap-section-journal", &variables));
    }
    parts.join("\n")
}

fn write(path: &Path, section: Section<'_>, conversations: &[pcapng::Conversation]) -> io::Result<Written> {
    if path == Path::new(STDOUT) {
        return pcapng::write(io::stdout().lock(), section, conversations);
    }
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    pcapng::write(BufWriter::new(file), section, conversations)
}

/// What was written, and what to do with it.
fn tell(arguments: &PcapArgs, written: Written, [wire, plain, journal]: [usize; 3], open: usize, desk: &Desk<'_>) {
    let file = shown(&arguments.output.to_string_lossy());
    if arguments.json {
        let line = serde_json::json!({
            "file": file,
            "sessions": written.sessions,
            "packets": written.packets,
            "decryption_blocks": written.secrets,
            "from_wire": wire,
            "from_recording": plain,
            "from_journal": journal,
            "open": open,
        });
        let line = line.to_string();
        // The file itself may be on standard output.
        if arguments.output == Path::new(STDOUT) {
            desk.talk.say(&line);
        } else {
            desk.talk.print(&line);
        }
        return;
    }
    let variables = [
        ("sessions", written.sessions.into()),
        ("packets", written.packets.into()),
        ("secrets", written.secrets.into()),
        ("journal", journal.into()),
        ("open", open.into()),
        ("file", file.into()),
    ];
    desk.talk.say(&desk.talk.texts.format("talk-pcap-wrote", &variables));
    if open > 0 {
        desk.talk.say(&desk.talk.texts.format("talk-pcap-go-on", &variables));
    }
    if journal > 0 && desk.config.capture.mode < CaptureMode::Redacted {
        desk.talk.say(&desk.talk.texts.format("talk-pcap-hint", &variables));
    }
    if written.secrets > 0 {
        desk.talk.say(&desk.talk.texts.format("talk-pcap-tip", &variables));
    }
}
