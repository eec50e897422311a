//! The tables of the catalogue, and what the textbook of the program says of each word, as chapters.

use watchpost_proto::catalogue::explain::{self, Kind, Lesson, line_of};
use watchpost_proto::catalogue::{Assent, End, Language as ProtocolLanguage, TABLE_A, TABLE_B};
use watchpost_proto::planted::planted;
use watchpost_proto::pop3::State;

use super::markdown::{Tongue, code, listing, plain, table};

/// Which page has the words of a kind.
const fn page(kind: Kind) -> &'static str {
    match kind {
        Kind::Command | Kind::Capability => "commands.md",
        Kind::Reply | Kind::ResponseCode => "replies.md",
        Kind::Error => "errors.md",
        Kind::State => "states.md",
        Kind::Word => "glossary.md",
    }
}

/// The name of a word's place on its page.
pub(super) fn anchor(lesson: &Lesson) -> String {
    let kind = match lesson.kind {
        Kind::Command => "command",
        Kind::Capability => "capability",
        Kind::Reply => "reply",
        Kind::ResponseCode => "code",
        Kind::Error => "error",
        Kind::State => "state",
        Kind::Word => "word",
    };
    let word = lesson.word.to_lowercase().replace("+ok", "ok").replace("-err", "err").replace('+', "challenge");
    let word: String = word.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
    format!("{kind}-{}", word.trim_matches('-'))
}

/// A link to where the word is explained.
fn link(word: &str) -> String {
    match explain::all().find(|lesson| lesson.word == word) {
        Some(lesson) => format!("[{}]({}#{})", plain(word), page(lesson.kind), anchor(&lesson)),
        None => plain(word),
    }
}

fn state_words(states: &[State]) -> String {
    let name = |state: &State| match state {
        State::Authorization => "AUTHORIZATION",
        State::Transaction => "TRANSACTION",
        State::Update => "UPDATE",
    };
    states.iter().map(name).collect::<Vec<_>>().join(", ")
}

const fn connection(end: End, tongue: Tongue) -> &'static str {
    match end {
        End::Continues => tongue.say("stays open", "継続"),
        End::Closes => tongue.say("is closed", "切断"),
        End::ClosesAtLimit => tongue.say("is closed when a limit is met", "上限に達すると切断"),
    }
}

/// All lessons of a kind, one after another.
pub(super) fn lessons(kind: Kind, tongue: Tongue) -> String {
    explain::all().filter(|lesson| lesson.kind == kind).map(|lesson| of_lesson(&lesson, tongue)).collect()
}

fn of_lesson(lesson: &Lesson, tongue: Tongue) -> String {
    let language = tongue.protocol();
    let name = lesson.error().map(|row| format!(" {}", row.name)).unwrap_or_default();
    let mut text = format!("### {}{name} {{#{}}}\n\n", plain(lesson.word), anchor(lesson));
    let gap = tongue.say(" ", "");
    let sentence = lesson.summary.text(language);
    let stop = if sentence.ends_with(['.', '。', '?']) { "" } else { tongue.say(".", "。") };
    text.push_str(&format!("{}{stop}{gap}{}\n\n", plain(sentence), plain(lesson.text.text(language))));
    let mut fact = |english, japanese, fact: String| {
        text.push_str(&format!("- {}{fact}\n", tongue.label(english, japanese)));
    };
    if let Some(row) = lesson.error() {
        fact("The line", "応答", code(&line_of(row, ProtocolLanguage::English)));
        fact("In Japanese", "日本語", code(&line_of(row, ProtocolLanguage::Japanese)));
        fact("The connection", "接続", connection(row.end, tongue).to_owned());
    }
    fact("State", "状態", state_words(lesson.states));
    if let Some(takes) = lesson.takes() {
        fact("Takes", "引数", plain(takes.text(language)));
    }
    if let Some(answers) = lesson.answers() {
        fact("Answers", "応答", plain(answers.text(language)));
    }
    let errors: Vec<String> = lesson.errors().map(|row| link(row.id)).collect();
    if !errors.is_empty() {
        fact("Errors with it", "このコードを持つエラー", errors.join(", "));
    }
    fact("Written in", "典拠", plain(lesson.source));
    let also: Vec<String> = lesson.see_also.iter().map(|word| link(word)).collect();
    fact("See also", "関連", also.join(", "));
    text.push_str(&format!("\n{}\n", listing(&lesson.example())));
    text
}

/// Table A in short.
pub(super) fn commands(tongue: Tongue) -> String {
    let headings = match tongue.say("en", "ja") {
        "en" => ["Command", "State", "What it is for", "Written in"],
        _ => ["コマンド", "状態", "目的", "典拠"],
    };
    table(
        &headings,
        TABLE_A.iter().map(|row| {
            let line = format!("{} {}", row.command, row.arguments.split(',').next().unwrap_or_default());
            let states = state_words(row.states);
            let purpose = explain::Said { english: row.english, japanese: row.japanese }.text(tongue.protocol());
            let anchor = format!("#command-{}", row.command.to_lowercase());
            vec![format!("[{}]({anchor})", code(line.trim())), states, plain(purpose), plain(row.source)]
        }),
    )
}

/// Words of a kind, each with its sentence.
pub(super) fn contents(kind: Kind, headings: [&str; 2], tongue: Tongue) -> String {
    let lessons = explain::all().filter(|lesson| lesson.kind == kind);
    let row = |lesson: Lesson| {
        let word = format!("[{}](#{})", code(lesson.word), anchor(&lesson));
        vec![word, plain(lesson.summary.text(tongue.protocol()))]
    };
    table(&headings, lessons.map(row))
}

/// What follows `+OK`.
pub(super) fn assents() -> String {
    let text = |assent: Assent, language| code(&format!("+OK {}", assent.text(language)));
    let row = |assent: &Assent| ProtocolLanguage::ALL.iter().map(|language| text(*assent, *language)).collect();
    table(&["English", "日本語"], Assent::ALL.iter().map(row))
}

/// Table B in short.
pub(super) fn errors(tongue: Tongue) -> String {
    let headings = match tongue.say("en", "ja") {
        "en" => ["No.", "When", "The line", "The connection"],
        _ => ["番号", "状況", "応答", "接続"],
    };
    table(
        &headings,
        TABLE_B.iter().filter(|row| !(row.id == "E-61" && planted("textbook.an-error-is-left-out"))).map(|row| {
            let lesson = explain::all().find(|lesson| lesson.word == row.id);
            let when = lesson.map_or(row.situation, |lesson| lesson.summary.text(tongue.protocol()));
            let id = format!("[{}](#error-{})", row.id, row.id.to_lowercase());
            vec![id, plain(when), code(&line_of(row, tongue.protocol())), connection(row.end, tongue).to_owned()]
        }),
    )
}
