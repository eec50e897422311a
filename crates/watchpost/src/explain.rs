//! `watchpost explain WORD`: the textbook of `watchpost-proto`, on a page as wide as the terminal.

use std::io::{self, IsTerminal};

use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;
use watchpost_proto::catalogue::explain::{self, Kind, Lesson, line_of};
use watchpost_proto::catalogue::{End, Language as ProtocolLanguage};
use watchpost_proto::pop3::State;

use crate::cli::{ExitCode, ExplainArgs};
use crate::console::{Failure, Surroundings, Talk};
use crate::i18n::Language;
use crate::paragraph::{COLUMNS_MIN, hanging, padded};
use crate::textbook;

/// Columns of a terminal that does not say how many it has.
const COLUMNS: usize = 80;
/// How alike a word must be to be what was meant.
const ALIKE: f64 = 0.7;
/// How many words are proposed at the most.
const PROPOSALS: usize = 3;

/// Explains the word that was asked for, or lists all words.
pub fn run(arguments: &ExplainArgs, talk: &Talk, surroundings: &Surroundings) -> Result<(), Failure> {
    if let Some(folder) = &arguments.book {
        return textbook::write(folder).map_err(|error| {
            let variables = [("path", folder.display().to_string().into()), ("cause", error.to_string().into())];
            Failure::new(ExitCode::CannotCreate, talk.texts.format("error-book", &variables))
        });
    }
    let page = Page::new(talk, surroundings);
    let asked: Vec<&str> = arguments.word.iter().chain(&arguments.rest).map(String::as_str).collect();
    let asked = asked.join(" ");
    if asked.trim().is_empty() {
        let lessons: Vec<Lesson> = explain::all().collect();
        talk.print(&if arguments.json { page.contents_json(&lessons) } else { page.contents(&lessons) });
        return Ok(());
    }
    let lessons = explain::find(&asked);
    if lessons.is_empty() {
        return Err(Failure::new(ExitCode::DataError, unknown(&asked, talk)));
    }
    if arguments.json {
        let lessons: Vec<Value> = lessons.iter().map(|lesson| page.lesson_json(lesson)).collect();
        talk.print(&Value::Array(lessons).to_string());
    } else {
        let lessons: Vec<String> = lessons.iter().map(|lesson| page.lesson(lesson)).collect();
        talk.print(&lessons.join("\n\n"));
    }
    Ok(())
}

/// The pages of a word, or all words, for a terminal of so many columns.
pub(crate) fn page(talk: &Talk, columns: usize, bold: bool, asked: &str) -> Result<String, Failure> {
    let page = Page { talk, language: language(talk), columns: columns.max(COLUMNS_MIN), bold };
    if asked.is_empty() {
        return Ok(page.contents(&explain::all().collect::<Vec<_>>()));
    }
    let lessons: Vec<String> = explain::find(asked).iter().map(|lesson| page.lesson(lesson)).collect();
    if lessons.is_empty() {
        return Err(Failure::new(ExitCode::DataError, unknown(asked, talk)));
    }
    Ok(lessons.join("\n\n"))
}

fn language(talk: &Talk) -> ProtocolLanguage {
    match talk.texts.language() {
        Language::English => ProtocolLanguage::English,
        Language::Japanese => ProtocolLanguage::Japanese,
    }
}

/// What to say of a word that stands nowhere.
fn unknown(asked: &str, talk: &Talk) -> String {
    let lower = asked.to_lowercase();
    let alike = |word: &str| strsim::jaro_winkler(&lower, &word.to_lowercase());
    let mut near: Vec<(f64, &str)> = Vec::new();
    for lesson in explain::all() {
        let names = lesson.aliases.iter().copied().chain(lesson.error().map(|row| row.name)).chain([lesson.word]);
        let score = names.map(alike).fold(0.0, f64::max);
        if score >= ALIKE && !near.iter().any(|(_, word)| *word == lesson.word) {
            near.push((score, lesson.word));
        }
    }
    near.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let words: Vec<&str> = near.into_iter().take(PROPOSALS).map(|(_, word)| word).collect();
    let asked = ("word", asked.into());
    if words.is_empty() {
        talk.texts.format("error-explain-unknown", &[asked])
    } else {
        talk.texts.format("error-explain-similar", &[asked, ("similar", words.join(", ").into())])
    }
}

/// How to write on this terminal.
struct Page<'a> {
    talk: &'a Talk,
    language: ProtocolLanguage,
    columns: usize,
    bold: bool,
}

impl<'a> Page<'a> {
    fn new(talk: &'a Talk, surroundings: &Surroundings) -> Self {
        let columns = (surroundings.variable)("COLUMNS").and_then(|columns| columns.trim().parse().ok());
        Self {
            talk,
            language: language(talk),
            columns: columns.unwrap_or(COLUMNS).max(COLUMNS_MIN),
            bold: io::stdout().is_terminal() && (surroundings.variable)("NO_COLOR").is_none(),
        }
    }

    fn text(&self, id: &str) -> String {
        self.talk.texts.text(id)
    }

    fn heading(&self, text: &str) -> String {
        if self.bold { format!("\u{1b}[1m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn kind(&self, kind: Kind) -> String {
        self.text(match kind {
            Kind::Command => "talk-explain-kind-command",
            Kind::Reply => "talk-explain-kind-reply",
            Kind::Error => "talk-explain-kind-error",
            Kind::ResponseCode => "talk-explain-kind-response-code",
            Kind::State => "talk-explain-kind-state",
            Kind::Capability => "talk-explain-kind-capability",
            Kind::Word => "talk-explain-kind-word",
        })
    }

    fn connection(&self, end: End) -> String {
        self.text(match end {
            End::Continues => "talk-explain-end-continues",
            End::Closes => "talk-explain-end-closes",
            End::ClosesAtLimit => "talk-explain-end-limit",
        })
    }

    /// Every word, by kind, with its sentence.
    fn contents(&self, lessons: &[Lesson]) -> String {
        let width = lessons.iter().map(|lesson| lesson.word.width()).max().unwrap_or(0);
        let mut parts = Vec::new();
        for kind in Kind::ALL {
            let mut lines = vec![self.heading(&self.kind(*kind))];
            for lesson in lessons.iter().filter(|lesson| lesson.kind == *kind) {
                let label = format!("  {}", padded(lesson.word, width + 2));
                lines.extend(hanging(&label, lesson.summary.text(self.language), self.columns));
            }
            parts.push(lines.join("\n"));
        }
        parts.push(self.text("talk-explain-contents-next"));
        parts.join("\n\n")
    }

    fn contents_json(&self, lessons: &[Lesson]) -> String {
        let entry = |lesson: &Lesson| {
            let summary = lesson.summary.text(self.language);
            json!({ "word": lesson.word, "kind": lesson.kind.name(), "summary": summary })
        };
        Value::Array(lessons.iter().map(entry).collect()).to_string()
    }

    /// One explanation, as a page of a textbook.
    fn lesson(&self, lesson: &Lesson) -> String {
        let name = lesson.error().map(|row| format!(" {}", row.name)).unwrap_or_default();
        let mut lines = vec![self.heading(&format!("{}{name} ({})", lesson.word, self.kind(lesson.kind)))];
        for text in [lesson.summary, lesson.text] {
            lines.extend(hanging("  ", text.text(self.language), self.columns));
            lines.push(String::new());
        }
        let facts = self.facts(lesson);
        let width = facts.iter().map(|(label, _)| label.width()).max().unwrap_or(0);
        for (label, text) in &facts {
            lines.extend(hanging(&format!("  {}", padded(label, width + 2)), text, self.columns));
        }
        lines.extend([String::new(), format!("  {}", self.heading(&self.text("talk-explain-label-example")))]);
        lines.extend(lesson.example().iter().map(|line| format!("    {}", line.trim_end())));
        lines.join("\n")
    }

    fn facts(&self, lesson: &Lesson) -> Vec<(String, String)> {
        let mut facts = Vec::new();
        let mut fact = |id: &str, text: String| facts.push((self.text(id), text));
        if let Some(row) = lesson.error() {
            fact("talk-explain-label-line", line_of(row, ProtocolLanguage::English));
            fact("talk-explain-label-line-ja", line_of(row, ProtocolLanguage::Japanese));
            fact("talk-explain-label-connection", self.connection(row.end));
        }
        fact("talk-explain-label-states", states(lesson).join(", "));
        if let Some(text) = lesson.takes() {
            fact("talk-explain-label-takes", text.text(self.language).to_owned());
        }
        if let Some(text) = lesson.answers() {
            fact("talk-explain-label-answers", text.text(self.language).to_owned());
        }
        let errors: Vec<&str> = lesson.errors().map(|row| row.id).collect();
        if !errors.is_empty() {
            fact("talk-explain-label-errors", errors.join(", "));
        }
        fact("talk-explain-label-source", lesson.source.to_owned());
        fact("talk-explain-label-see-also", lesson.see_also.join(", "));
        facts
    }

    fn lesson_json(&self, lesson: &Lesson) -> Value {
        let row = lesson.error();
        let said = |text: Option<explain::Said>| text.map(|text| text.text(self.language));
        let end = |end| match end {
            End::Continues => "continues",
            End::Closes => "closes",
            End::ClosesAtLimit => "closes-at-limit",
        };
        json!({
            "word": lesson.word,
            "kind": lesson.kind.name(),
            "aliases": lesson.aliases,
            "name": row.map(|row| row.name),
            "code": row.and_then(|row| row.code).map(watchpost_proto::pop3::ResponseCode::word),
            "line": row.map(|row| line_of(row, self.language)),
            "connection": row.map(|row| end(row.end)),
            "summary": lesson.summary.text(self.language),
            "text": lesson.text.text(self.language),
            "states": states(lesson),
            "takes": said(lesson.takes()),
            "answers": said(lesson.answers()),
            "errors": lesson.errors().map(|row| row.id).collect::<Vec<_>>(),
            "example": lesson.example(),
            "source": lesson.source,
            "see_also": lesson.see_also,
        })
    }
}

fn states(lesson: &Lesson) -> Vec<&'static str> {
    let name = |state: &State| match state {
        State::Authorization => "AUTHORIZATION",
        State::Transaction => "TRANSACTION",
        State::Update => "UPDATE",
    };
    lesson.states.iter().map(name).collect()
}
