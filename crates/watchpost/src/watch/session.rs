//! `watchpost session ID`: one session, step by step.

use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr as _;
use watchpost_observatory::Port;
use watchpost_observatory::journal::export::timestamp;
use watchpost_observatory::journal::{Reader, Session, StoredVerdict};

use super::timeline::{Side, Step, Timeline, seconds, state_word, timeline};
use super::{Desk, diagram, page, shown, verdict_json, words};
use crate::cli::{DiagramChoice, ExitCode, SessionArgs};
use crate::console::Failure;
use crate::i18n::counted;

/// Steps shown of a long session, unless everything is asked for: the first ones, then the last.
const FIRST: usize = 40;
const LAST: usize = 16;

/// Everything there is to show.
pub(crate) struct Page {
    pub(crate) session: Session,
    pub(crate) timeline: Timeline,
    pub(crate) verdicts: Vec<StoredVerdict>,
    /// What lists and databases know of the client's address.
    pub(crate) origin: Option<String>,
}

/// Shows the session that was asked for.
pub fn run(arguments: &SessionArgs, desk: &Desk<'_>) -> Result<(), Failure> {
    let reader = desk.reader()?;
    let session = find(&arguments.id, &reader, desk)?;
    let events = desk.read(reader.events(&session))?;
    let verdicts = desk.read(reader.verdicts_of_session(session.row.first))?;
    let timeline = timeline(&session, &events, &desk.talk.texts);
    let lookup = desk.lookup()?;
    let origin = session.row.source().and_then(|source| lookup.word(source));
    let page = Page { session, timeline, verdicts, origin };
    let text = match (arguments.json, arguments.diagram) {
        (true, _) => as_json(&page).to_string(),
        (false, Some(DiagramChoice::Svg)) => diagram::svg(&page, desk),
        (false, Some(DiagramChoice::Mermaid)) => diagram::mermaid(&page),
        (false, Some(DiagramChoice::Txt)) => as_text(&page, Depth::Whole, desk),
        (false, None) if arguments.explain => as_text(&page, Depth::Explained, desk),
        (false, None) => as_text(&page, Depth::Short, desk),
    };
    desk.talk.print(&text);
    Ok(())
}

pub(super) fn find(id: &str, reader: &Reader, desk: &Desk<'_>) -> Result<Session, Failure> {
    let refuse = |text: &str, count: usize| {
        let variables = [("id", shown(id).into()), ("count", count.into())];
        Failure::new(ExitCode::DataError, desk.talk.texts.format(text, &variables))
    };
    let Some(mut found) = desk.read(reader.find(&id.to_lowercase().replace('-', "")))? else {
        return Err(refuse("error-no-session-name", 0));
    };
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(refuse("error-no-session", 0)),
        count => Err(refuse("error-many-sessions", count)),
    }
}

/// How much is said.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// The first and the last steps.
    Short,
    /// All of them, without explanations.
    Whole,
    /// All of them, each explained.
    Explained,
}

/// Who spoke with whom, and how.
pub(crate) fn heading(page: &Page, desk: &Desk<'_>) -> String {
    let session = &page.session;
    let row = &session.row;
    let peer = match (row.source(), row.peer) {
        (Some(source), _) if session.is_coarse => format!("{source}/{}", if source.is_ipv4() { 24 } else { 48 }),
        (_, Some(peer)) => peer.to_string(),
        _ => "?".to_owned(),
    };
    let local = row.local.map_or_else(|| "?".to_owned(), |(local, _)| local.to_string());
    let protocol = if row.local.is_some_and(|(_, port)| port == Port::Pop3s) { "POP3S" } else { "POP3" };
    let mut parts = vec![format!("{peer} → {local}"), protocol.to_owned()];
    parts.extend(row.tls.as_ref().map(|version| version.replace("TLSv", "TLS ")));
    parts.extend(row.ja4.as_ref().map(|ja4| format!("ja4 {}", shown(ja4))));
    parts.push(format!("{} s", seconds(std::time::Duration::from_micros(row.duration))));
    let origin = page.origin.as_ref().map(|origin| format!("  {origin}")).unwrap_or_default();
    format!("{}\n{}  {}{origin}", parts.join("  "), desk.reckoning.whole(row.start), row.connection)
}

fn as_text(page: &Page, depth: Depth, desk: &Desk<'_>) -> String {
    let mut lines = vec![heading(page, desk), String::new()];
    let steps = &page.timeline.steps;
    let hides = depth == Depth::Short && steps.len() > FIRST + LAST + 1;
    let mut columns = Columns::new(steps, desk.columns);
    if depth == Depth::Whole {
        columns.meaning = None;
    }
    lines.push(columns.heading(desk));
    let mut state = None;
    for (place, step) in steps.iter().enumerate() {
        if hides && place == FIRST {
            let more = ("count", (steps.len() - FIRST - LAST).into());
            lines.push(desk.talk.texts.format("talk-session-more", &[more]));
        }
        if hides && (FIRST..steps.len() - LAST).contains(&place) {
            continue;
        }
        if state != Some(step.state) {
            state = Some(step.state);
            lines.push(columns.band(state_word(step.state)));
        }
        let meaning = if depth == Depth::Whole { "" } else { step.meaning.as_str() };
        lines.extend(columns.lines(step, meaning));
    }
    if page.session.row.unrecorded > 0 {
        let count = ("count", counted(page.session.row.unrecorded));
        lines.push(desk.talk.texts.format("talk-session-unrecorded", &[count]));
    }
    lines.extend(conclusions(page, depth, desk));
    lines.join("\n")
}

/// Verdicts, what is usual, what to do next.
fn conclusions(page: &Page, depth: Depth, desk: &Desk<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    let hanging = |lines: &mut Vec<String>, text: &str| {
        for (place, line) in page::wrapped(text, desk.columns.saturating_sub(4)).into_iter().enumerate() {
            lines.push(format!("{}{line}", if place == 0 { "  • " } else { "    " }));
        }
    };
    if !page.verdicts.is_empty() {
        lines.extend([String::new(), desk.text("talk-session-verdicts")]);
        for verdict in &page.verdicts {
            let severity = desk.severity(verdict.severity);
            hanging(&mut lines, &format!("{severity}: {}", words::sentence(verdict, desk)));
            for line in words::no_false_alarm(verdict, desk).iter().flat_map(|why| page::wrapped(why, desk.columns - 4))
            {
                lines.push(format!("    {line}"));
            }
        }
    }
    if depth == Depth::Explained && !page.timeline.normal.is_empty() {
        lines.extend([String::new(), desk.text("talk-session-normal")]);
        page.timeline.normal.iter().for_each(|text| hanging(&mut lines, text));
    }
    if depth == Depth::Short {
        let id = &page.session.row.connection.to_string()[..16];
        let commands = [format!("session {id} --explain"), format!("session {id} --diagram svg")];
        let [explain, draw] = commands.map(|command| desk.command(&command));
        lines.extend([String::new(), format!("→ {explain}"), format!("  {draw} > session.svg")]);
    }
    lines
}

/// Widths of the columns.
struct Columns {
    time: usize,
    said: usize,
    meaning: Option<usize>,
    all: usize,
}

impl Columns {
    fn new(steps: &[Step], all: usize) -> Self {
        let time = steps.last().map_or(5, |step| seconds(step.since).len()).max(5);
        let widest = steps.iter().map(|step| step.said.width()).max().unwrap_or(0) + 5;
        let said = widest.clamp(20, 36).min(all.saturating_sub(time + 3));
        // Client and server stand side by side, half overlapping: an arrow shows the direction.
        let rest = all.saturating_sub(time + 2 * said / 2 + said / 2 + 4);
        Self { time, said, meaning: (rest >= 24).then_some(rest), all }
    }

    /// How wide client and server are together.
    fn both(&self) -> usize {
        self.said + self.said / 2
    }

    fn heading(&self, desk: &Desk<'_>) -> String {
        let (client, server) = (desk.text("talk-session-client"), desk.text("talk-session-server"));
        let both = page::padded(&client, self.both().saturating_sub(server.width()));
        let time = page::padded(&desk.text("talk-session-time"), self.time);
        let meaning = if self.meaning.is_some() { desk.text("talk-session-meaning") } else { String::new() };
        format!("{time}  {both}{server}  {meaning}").trim_end().to_owned()
    }

    fn band(&self, state: &str) -> String {
        let dashes = "─".repeat(self.both().saturating_sub(state.len() + 4));
        format!("{}  ── {state} {dashes}", " ".repeat(self.time))
    }

    fn lines(&self, step: &Step, meaning: &str) -> Vec<String> {
        let both = self.both();
        let said = page::cut(&step.said, both.saturating_sub(6));
        let dashes = "─".repeat(both.saturating_sub(said.width() + 6));
        let spoken = match step.side {
            Side::Client => format!("── {said} {dashes}─▶"),
            Side::Server => format!("◀─{dashes} {said} ──"),
            Side::Note => page::padded(&format!("   {said}"), both),
        };
        let time = format!("{:>width$}", seconds(step.since), width = self.time);
        let first = format!("{time}  {spoken}");
        match self.meaning {
            None if meaning.is_empty() => vec![first.trim_end().to_owned()],
            None => {
                let indent = " ".repeat(self.time + 5);
                let width = self.all.saturating_sub(indent.len());
                let meaning = page::wrapped(meaning, width).into_iter().map(|line| format!("{indent}{line}"));
                std::iter::once(first.trim_end().to_owned()).chain(meaning).collect()
            }
            Some(width) => {
                let mut meaning = page::wrapped(meaning, width).into_iter();
                let first =
                    format!("{}  {}", page::padded(&first, self.time + 2 + both), meaning.next().unwrap_or_default());
                let indent = " ".repeat(self.time + both + 4);
                let rest = meaning.map(|line| format!("{indent}{line}"));
                std::iter::once(first.trim_end().to_owned()).chain(rest).collect()
            }
        }
    }
}

/// The columns of a session, for programs.
pub(crate) fn row_json(session: &Session) -> Value {
    let row = &session.row;
    json!({
        "id": row.connection.to_string(),
        "sequence": row.first.0,
        "start": timestamp(row.start),
        "address": row.source(),
        "address_is_network": session.is_coarse,
        "port": row.peer.map(|peer| peer.port()),
        "listener": row.local.map(|(local, _)| local.to_string()),
        "protocol": row.local.map(|(_, port)| if port == Port::Pop3s { "pop3s" } else { "pop3" }),
        "account": row.account.as_deref().map(shown),
        "ending": row.end.word(),
        "state": row.state.map(|state| state_word(Some(state))),
        "severity": row.severity.map(super::severity_word),
        "tls": row.tls,
        "ja4": row.ja4.as_deref().map(shown),
        "p3f": row.p3f.as_deref().map(shown),
        "octets_in": row.octets_in,
        "octets_out": row.octets_out,
        "milliseconds": row.duration / 1000,
        "commands": row.commands,
        "retrieved": row.retrieved,
        "logins": row.ok,
        "failed_logins": row.failed,
        "guesses": row.guesses,
        "unrecorded": row.unrecorded,
    })
}

fn as_json(page: &Page) -> Value {
    let steps = page.timeline.steps.iter().map(|step| {
        json!({
            "sequence": step.sequence.0,
            "milliseconds": u64::try_from(step.since.as_millis()).unwrap_or(u64::MAX),
            "side": step.side.word(),
            "said": step.said,
            "meaning": step.meaning,
            "state": step.state.map(|state| state_word(Some(state))),
        })
    });
    let mut document = row_json(&page.session);
    document["steps"] = steps.collect();
    document["origin"] = page.origin.as_deref().into();
    document["verdicts"] = page.verdicts.iter().map(verdict_json).collect();
    document["normal"] = page.timeline.normal.iter().map(String::as_str).collect();
    document
}
