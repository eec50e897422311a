//! What is shown of a session: a transcript for people, or JSON Lines for programs.

use std::io::{self, Write};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use watchpost_observatory::Untrusted;
use watchpost_proto::pop3::State;

use crate::clock::{Clock, SystemClock};
use crate::paragraph::{COLUMNS_MIN, hanging};

/// Characters of a line that are shown.
const SHOWN_MAX: usize = 512;

/// Why something is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// What a line means.
    Meaning,
    /// Something that no RFC has, or that one should know.
    Oddity,
    /// What could be done next.
    Next,
}

impl Kind {
    const fn mark(self) -> &'static str {
        match self {
            Self::Meaning => "   │ ",
            Self::Oddity => "   ! ",
            Self::Next => "   → ",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Meaning => "meaning",
            Self::Oddity => "oddity",
            Self::Next => "next",
        }
    }

    const fn colour(self) -> &'static str {
        match self {
            Self::Meaning => "2",
            Self::Oddity => "33",
            Self::Next => "36",
        }
    }
}

/// How to show it.
pub(super) struct Output {
    pub(super) json: bool,
    pub(super) colour: bool,
    pub(super) times: bool,
    /// Whether replies of many lines are shown whole.
    pub(super) full: bool,
    pub(super) columns: usize,
    /// The line that was typed stands on the screen already.
    pub(super) echoed: bool,
    fold: u64,
    shown: u64,
    folded: (u64, u64),
}

impl Output {
    pub(super) fn new(json: bool, colour: bool, times: bool, full: bool, columns: usize) -> Self {
        let columns = columns.max(COLUMNS_MIN);
        Self { json, colour, times, full, columns, echoed: false, fold: 0, shown: 0, folded: (0, 0) }
    }

    /// A reader that has gone away is no error of ours.
    fn line(text: &str) {
        let mut out = io::stdout().lock();
        let _ = writeln!(out, "{text}").and_then(|()| out.flush());
    }

    fn painted(&self, colour: &str, text: &str) -> String {
        if self.colour { format!("\u{1b}[{colour}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// An event for programs.
    pub(super) fn event(&self, name: &str, mut facts: Value) {
        facts["event"] = name.into();
        if self.times {
            let now = Timestamp::try_from(SystemClock.wall()).unwrap_or_default();
            facts["time"] = now.to_string().into();
        }
        Self::line(&facts.to_string());
    }

    /// In which state the session is from here on; `protection` in words.
    pub(super) fn band(&self, state: State, is_tls: bool, protection: &str) {
        let name = state_name(state);
        if self.json {
            return self.event("state", json!({ "state": name, "tls": is_tls }));
        }
        let label = format!("━━ {name} ━━ {protection} ");
        let rule = "━".repeat(self.columns.saturating_sub(unicode_width::UnicodeWidthStr::width(label.as_str())));
        let colour = match state {
            State::Authorization => "1;33",
            State::Transaction => "1;32",
            State::Update => "1;35",
        };
        Self::line(&self.painted(colour, &format!("{label}{rule}")));
    }

    /// A line of the client, as it may be shown.
    pub(super) fn client(&self, shown: &str) {
        let shown = Untrusted::new(shown).as_line(SHOWN_MAX);
        if self.json {
            self.event("client", json!({ "line": shown }));
        } else if !self.echoed {
            Self::line(&format!("{}{shown}", self.painted("1;36", "C: ")));
        }
    }

    /// The first line of a reply, and how long it took.
    pub(super) fn server(&self, line: &[u8], took: Duration) {
        let shown = Untrusted::new(line).as_line(SHOWN_MAX);
        if self.json {
            let mut facts = json!({ "line": shown, "ok": line.starts_with(b"+OK") });
            if self.times {
                facts["milliseconds"] = (took.as_micros() as f64 / 1000.0).into();
            }
            return self.event("server", facts);
        }
        let took =
            if self.times { self.painted("2", &format!("  [{} ms]", milliseconds(took))) } else { String::new() };
        let colour = if line.starts_with(b"-") { "1;31" } else { "1;32" };
        Self::line(&format!("{}{shown}{took}", self.painted(colour, "S: ")));
    }

    /// A reply of many lines begins, of which so many are shown.
    pub(super) fn begin(&mut self, fold: u64) {
        self.fold = fold;
        self.shown = 0;
        self.folded = (0, 0);
    }

    /// The next line of it; returns whether it was shown.
    pub(super) fn content(&mut self, line: &[u8]) -> bool {
        if self.shown >= self.fold && !self.full {
            self.folded.0 += 1;
            self.folded.1 += line.len() as u64;
            return false;
        }
        self.shown += 1;
        let shown = Untrusted::new(line).as_line(SHOWN_MAX);
        if self.json {
            self.event("content", json!({ "line": shown }));
        } else {
            Self::line(&format!("{}{shown}", self.painted("1;32", "S: ")));
        }
        true
    }

    /// How many lines and octets were not shown.
    pub(super) fn folded(&self) -> Option<(u64, u64)> {
        Some(self.folded).filter(|(lines, _)| *lines > 0)
    }

    /// Something that is said about a line. `source`: where it is written.
    pub(super) fn note(&self, kind: Kind, text: &str, source: Option<&str>) {
        if self.json {
            let mut facts = json!({ "kind": kind.name(), "text": text });
            if let Some(source) = source {
                facts["source"] = source.into();
            }
            return self.event("note", facts);
        }
        let text = source.map_or_else(|| text.to_owned(), |source| format!("{text} ({source})"));
        // Later lines have the mark as well, so that what was said by the server is told from what is said of it.
        let mark = kind.mark();
        for (place, line) in hanging("     ", &text, self.columns).iter().enumerate() {
            let mark = if place > 0 && kind != Kind::Meaning { "     " } else { mark };
            let rest = line.get(5..).unwrap_or_default();
            Self::line(self.painted(kind.colour(), &format!("{mark}{rest}")).trim_end());
        }
    }

    /// Something longer, in lines of its own.
    pub(super) fn page(&self, text: &str) {
        if self.json {
            self.event("page", json!({ "text": text }));
        } else {
            Self::line(text);
        }
    }

    /// A comment of a script.
    pub(super) fn comment(&self, text: &str) {
        if self.json {
            self.event("comment", json!({ "text": text }));
        } else {
            Self::line(&self.painted("2", &format!("# {text}")));
        }
    }
}

fn milliseconds(took: Duration) -> String {
    let tenths = took.as_micros() / 100;
    if tenths >= 1000 { (tenths / 10).to_string() } else { format!("{}.{}", tenths / 10, tenths % 10) }
}

pub(super) const fn state_name(state: State) -> &'static str {
    match state {
        State::Authorization => "AUTHORIZATION",
        State::Transaction => "TRANSACTION",
        State::Update => "UPDATE",
    }
}
