//! The textbook: what every command, reply, error, response code, state, capability and word means, in both languages.
//!
//! A [`Lesson`] stands for each, next to Tables A and B, from which those of commands and errors take what is already
//! written there. [`find`] is for people, who write `e31`, `[IN-USE]`, `scan listing` or a whole line of a server.

mod capabilities;
mod commands_after_login;
mod commands_before_login;
mod errors_first;
mod errors_login;
mod errors_mail;
mod finding;
mod replies;
mod words;

pub use finding::find;

use crate::catalogue::{CommandRow, ErrorRow, Language, TABLE_A, TABLE_B};
use crate::pop3::{ResponseCode, State};

/// A text in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    /// In English.
    pub english: &'static str,
    /// In Japanese.
    pub japanese: &'static str,
}

impl Said {
    /// The text in one of them.
    pub const fn text(self, language: Language) -> &'static str {
        match language {
            Language::English => self.english,
            Language::Japanese => self.japanese,
        }
    }
}

/// What sort of word is explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A row of Table A.
    Command,
    /// A form that replies take.
    Reply,
    /// A row of Table B.
    Error,
    /// What stands in brackets behind `-ERR`.
    ResponseCode,
    /// A state of a session.
    State,
    /// A line of CAPA.
    Capability,
    /// Any other word.
    Word,
}

impl Kind {
    /// All of them, in the order of a table of contents.
    pub const ALL: &[Self] =
        &[Self::Command, Self::Reply, Self::State, Self::Capability, Self::ResponseCode, Self::Error, Self::Word];

    /// Its name for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Reply => "reply",
            Self::Error => "error",
            Self::ResponseCode => "response-code",
            Self::State => "state",
            Self::Capability => "capability",
            Self::Word => "word",
        }
    }
}

/// Where an example begins: a test plays each of them against a session, save those that are [`Scene::Told`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scene {
    /// Before login, inside TLS.
    Tls,
    /// Before login, in clear text, with STLS on offer.
    Clear,
    /// Before login, in clear text, on a server without a certificate.
    NoTls,
    /// Before login, on a server that takes APOP.
    Apop,
    /// After login, with two messages.
    LoggedIn,
    /// After login, and the messages cannot be read.
    Unreadable,
    /// After login, and the messages cannot be removed.
    UpdateFails,
    /// On a server in a condition of its own.
    Told,
}

/// One explanation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lesson {
    /// What sort of word it is.
    pub kind: Kind,
    /// The word.
    pub word: &'static str,
    /// What else it is called.
    pub aliases: &'static [&'static str],
    /// In which states it is valid, or met.
    pub states: &'static [State],
    /// Where it is written.
    pub source: &'static str,
    /// One sentence; for an error its situation.
    pub summary: Said,
    /// A few sentences: what it is for, what is checked, what can go wrong, and what to do then.
    pub text: Said,
    /// How the example begins.
    pub scene: Scene,
    /// The example, as RFCs write it. [`Lesson::example`] makes it complete.
    pub dialogue: &'static str,
    /// Words to read next.
    pub see_also: &'static [&'static str],
}

/// What a lesson of a command adds to its row of Table A.
struct CommandLesson {
    command: &'static str,
    aliases: &'static [&'static str],
    /// In Japanese, as `answers`: the row has the English.
    takes: &'static str,
    answers: &'static str,
    text: Said,
    scene: Scene,
    dialogue: &'static str,
    see_also: &'static [&'static str],
}

/// What a lesson of an error adds to its row of Table B. The last line of its dialogue is the row's own.
struct ErrorLesson {
    id: &'static str,
    states: &'static [State],
    source: &'static str,
    /// In Japanese: the row has the English.
    situation: &'static str,
    text: Said,
    scene: Scene,
    dialogue: &'static str,
    see_also: &'static [&'static str],
}

fn command_lessons() -> impl Iterator<Item = &'static CommandLesson> {
    commands_before_login::BEFORE_LOGIN.iter().chain(commands_after_login::AFTER_LOGIN)
}

fn error_lessons() -> impl Iterator<Item = &'static ErrorLesson> {
    errors_first::FIRST.iter().chain(errors_login::LOGIN).chain(errors_mail::MAIL)
}

/// Every lesson, by kind.
pub fn all() -> impl Iterator<Item = Lesson> {
    let commands = command_lessons().filter_map(|lesson| Some(of_command(lesson, command_row(lesson.command)?)));
    let errors = error_lessons().filter_map(|lesson| Some(of_error(lesson, error_row(lesson.id)?)));
    let others = replies::REPLIES.iter().chain(capabilities::CAPABILITIES).chain(words::WORDS).copied();
    commands.chain(others).chain(errors)
}

fn command_row(command: &str) -> Option<&'static CommandRow> {
    TABLE_A.iter().find(|row| row.command == command)
}

fn error_row(id: &str) -> Option<&'static ErrorRow> {
    TABLE_B.iter().find(|row| row.id == id)
}

fn of_command(lesson: &CommandLesson, row: &CommandRow) -> Lesson {
    Lesson {
        kind: Kind::Command,
        word: lesson.command,
        aliases: lesson.aliases,
        states: row.states,
        source: row.source,
        summary: Said { english: row.english, japanese: row.japanese },
        text: lesson.text,
        scene: lesson.scene,
        dialogue: lesson.dialogue,
        see_also: lesson.see_also,
    }
}

fn of_error(lesson: &ErrorLesson, row: &ErrorRow) -> Lesson {
    Lesson {
        kind: Kind::Error,
        word: lesson.id,
        aliases: &[],
        states: lesson.states,
        source: lesson.source,
        summary: Said { english: row.situation, japanese: lesson.situation },
        text: lesson.text,
        scene: lesson.scene,
        dialogue: lesson.dialogue,
        see_also: lesson.see_also,
    }
}

impl Lesson {
    /// What the command takes; `None` if this is no command.
    pub fn takes(&self) -> Option<Said> {
        let (lesson, row) = self.command()?;
        let english = if row.arguments.is_empty() { "nothing" } else { row.arguments };
        Some(Said { english, japanese: lesson.takes })
    }

    /// What the command answers; `None` if this is no command.
    pub fn answers(&self) -> Option<Said> {
        let (lesson, row) = self.command()?;
        Some(Said { english: row.responses, japanese: lesson.answers })
    }

    /// The error's row of Table B; `None` if this is no error.
    pub fn error(&self) -> Option<&'static ErrorRow> {
        error_row(self.word).filter(|_| self.kind == Kind::Error)
    }

    /// The errors that carry the response code; none if this is no response code.
    pub fn errors(&self) -> impl Iterator<Item = &'static ErrorRow> {
        let code = (self.kind == Kind::ResponseCode).then_some(self.word);
        TABLE_B.iter().filter(move |row| code.is_some() && row.code.map(ResponseCode::word) == code)
    }

    /// The example, line by line: `C:` is the client, `S:` the server, `S: …` stands for lines left out.
    pub fn example(&self) -> Vec<String> {
        // Lines that are sent in one go look like any others to a reader.
        let lines = self.dialogue.lines().map(|line| line.replacen("C> ", "C: ", 1));
        let error = self.error().map(|row| format!("S: {}", line_of(row, Language::English)));
        lines.chain(error).collect()
    }

    fn command(&self) -> Option<(&'static CommandLesson, &'static CommandRow)> {
        let lesson = command_lessons().find(|lesson| self.kind == Kind::Command && lesson.command == self.word)?;
        Some((lesson, command_row(self.word)?))
    }
}

/// The line that a client gets for this error, with a number put in where the text has one.
pub fn line_of(row: &ErrorRow, language: Language) -> String {
    let code = row.code.map(|code| format!("[{}] ", code.word())).unwrap_or_default();
    let text = Said { english: row.english, japanese: row.japanese }.text(language);
    let number = match row.id {
        "E-33" => "30",
        "E-49" => "2",
        _ => "1",
    };
    format!("-ERR {code}{}", text.replace("{}", number))
}

#[cfg(test)]
mod tests;
