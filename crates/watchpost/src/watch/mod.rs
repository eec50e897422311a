//! The commands that read the journal, while a server may be writing it or when none runs.
//!
//! ```text
//! report     what happened: one sentence, then who, what, and what to do
//! sessions   which sessions; `sessions export` for other programs
//! session    one of them, step by step, as text, JSON or a diagram
//! account    who tried to enter an account
//! campaign   many addresses, one tool
//! rules      what rules there are, and what they would have said
//! pcap       sessions as a file for Wireshark
//! privacy    what is held about somebody
//! ```

pub mod account;
pub mod campaign;
pub mod export;
pub mod pcap;
pub mod privacy;
pub mod report;
pub mod rules;
pub mod session;
pub mod sessions;

mod csv;
pub(crate) mod diagram;
mod html;
mod page;
pub(crate) mod timeline;
pub(crate) mod words;

use std::path::Path;

use watchpost_observatory::Untrusted;
use watchpost_observatory::journal::{NoJournal, Reader, Span, StoredVerdict};

use crate::cli::ExitCode;
use crate::config::Config;
use crate::console::{Failure, Talk};
use crate::known::Lookup;
use crate::times::{NotAMoment, Reckoning};

/// What every reading command needs.
pub struct Desk<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// How to talk.
    pub talk: &'a Talk,
    /// What time it is, and where.
    pub reckoning: Reckoning,
    /// Columns of the terminal.
    pub columns: usize,
}

impl Desk<'_> {
    fn reader(&self) -> Result<Reader, Failure> {
        let path = &self.config.observatory.journal;
        Reader::open(path).map_err(|error| self.unreadable(path, &error))
    }

    /// What the operator's lists and databases know.
    fn lookup(&self) -> Result<Lookup, Failure> {
        Lookup::read(&self.config.observatory).map_err(|(path, error)| {
            let variables = [("path", path.display().to_string().into()), ("cause", error.to_string().into())];
            Failure::new(ExitCode::NoInput, self.talk.texts.format("error-lists", &variables))
        })
    }

    fn unreadable(&self, path: &Path, error: &NoJournal) -> Failure {
        let (id, code) = match error {
            NoJournal::Missing => ("error-no-journal", ExitCode::NoInput),
            NoJournal::Foreign => ("error-foreign-journal", ExitCode::DataError),
            NoJournal::Damaged(_) => ("error-damaged-journal", ExitCode::DataError),
            NoJournal::Unreadable(_) | NoJournal::Failed(_) => ("error-unreadable-journal", ExitCode::IoError),
        };
        let config = self.config.path().display().to_string();
        let path = path.display().to_string();
        let cause = error.to_string();
        let variables = [("path", path.into()), ("config", config.into()), ("cause", cause.into())];
        Failure::new(code, self.talk.texts.format(id, &variables))
    }

    /// What reading came to.
    fn read<T>(&self, result: Result<T, NoJournal>) -> Result<T, Failure> {
        result.map_err(|error| self.unreadable(&self.config.observatory.journal, &error))
    }

    /// From when to when. Without an end, until now.
    fn span(&self, since: Option<&str>, until: Option<&str>) -> Result<Span, Failure> {
        let moment = |text: &str| {
            self.reckoning.moment(text).map_err(|NotAMoment(text)| {
                let text = shown(&text);
                Failure::new(ExitCode::Usage, self.talk.texts.format("error-no-moment", &[("text", text.into())]))
            })
        };
        let since = since.map(moment).transpose()?.unwrap_or(Span::ALL.since);
        let until = until.map(moment).transpose()?.unwrap_or(Span::ALL.until);
        if since >= until {
            let variables =
                [("since", self.reckoning.whole(since).into()), ("until", self.reckoning.whole(until).into())];
            return Err(Failure::new(ExitCode::Usage, self.talk.texts.format("error-empty-span", &variables)));
        }
        Ok(Span { since, until })
    }

    fn text(&self, id: &str) -> String {
        self.talk.texts.text(id)
    }

    /// The names that somebody may mean by a name: as typed, and whole.
    fn names(&self, name: &str) -> Vec<String> {
        let mut names = vec![name.to_owned()];
        let lower = name.to_lowercase();
        let whole = if lower.contains('@') { lower } else { format!("{lower}@{}", self.config.domain.as_str()) };
        if whole != name {
            names.push(whole);
        }
        names
    }

    /// A command that reads the same journal, as it can be pasted.
    fn command(&self, command: &str) -> String {
        let path = self.config.path();
        let found_anyway = ["./watchpost.toml", "watchpost.toml", "/etc/watchpost/watchpost.toml"];
        if found_anyway.iter().any(|found| path == Path::new(found)) {
            return format!("watchpost {command}");
        }
        format!("watchpost {command} --config {}", quoted(&path.display().to_string()))
    }

    /// How bad, in a word.
    fn severity(&self, severity: u8) -> String {
        self.text(severity_id(severity))
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |character: char| character.is_alphanumeric() || "/._-+:@%,=".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// The texts of severities.
fn severity_id(severity: u8) -> &'static str {
    match severity {
        0 => "talk-severity-info",
        1 => "talk-severity-low",
        2 => "talk-severity-medium",
        3 => "talk-severity-high",
        _ => "talk-severity-critical",
    }
}

/// The word of a severity for programs.
fn severity_word(severity: u8) -> &'static str {
    ["info", "low", "medium", "high"].get(usize::from(severity)).copied().unwrap_or("critical")
}

/// What somebody typed, harmless.
fn shown(text: &str) -> String {
    Untrusted::new(text.as_bytes()).to_string()
}

/// Verdicts for programs.
fn verdict_json(verdict: &StoredVerdict) -> serde_json::Value {
    let detail: serde_json::Value = serde_json::from_slice(&verdict.detail).unwrap_or(serde_json::Value::Null);
    serde_json::json!({
        "id": format!("{}-{}", verdict.rule, verdict.episode),
        "at": watchpost_observatory::journal::export::timestamp(verdict.at),
        "rule": verdict.rule,
        "severity": severity_word(verdict.severity),
        "subject": shown(&verdict.subject),
        "source": verdict.source,
        "account": verdict.account.as_deref().map(shown),
        "campaign": verdict.campaign,
        "evidence": verdict.evidence.iter().map(|sequence| sequence.0).collect::<Vec<_>>(),
        "detail": detail,
    })
}
