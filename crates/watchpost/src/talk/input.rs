//! Where lines come from: a terminal with an editor, or a script.

use std::borrow::Cow;
use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use rustyline::completion::Completer;
use rustyline::config::{BellStyle, ColorMode, CompletionType};
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter};
use rustyline::history::{FileHistory, History};
use rustyline::validate::Validator;
use rustyline::{Config, Context, Editor, Helper};
use unicode_width::UnicodeWidthStr;
use watchpost_proto::catalogue::Language as ProtocolLanguage;
use watchpost_proto::catalogue::explain::{self, Kind};
use watchpost_proto::planted::planted;
use zeroize::Zeroizing;

use super::known::Known;
use super::script::{Script, Step};
use super::typed::{secret_part, verb};
use crate::console::Surroundings;
use crate::i18n::{Language, Texts};

/// Lines that are remembered.
const HISTORY_MAX: usize = 1000;

/// What was typed, or stands in the script.
pub(super) enum Heard {
    /// A line to act on.
    Line(Zeroizing<String>),
    /// What the last reply should begin with.
    Expect(String, u64),
    /// Something for readers.
    Comment(String),
    /// Ctrl-C at the prompt.
    Interrupted,
    /// Ctrl-D, or the end of the script.
    End,
}

/// Where lines come from.
pub(super) enum Input {
    /// A person.
    Terminal(Box<Terminal>),
    /// A file, or a program.
    Script(Script),
}

/// The editor, and where its history is kept.
pub(super) struct Terminal {
    editor: Editor<Assistant, FileHistory>,
    history: Option<PathBuf>,
    _silence: Silence,
}

/// While it lives the terminal does not echo by itself: what is typed ahead, before the editor hides it, may be a
/// password.
struct Silence(Termios);

impl Silence {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Now, &silent)?;
        Ok(Self(before))
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}

impl Input {
    pub(super) fn terminal(surroundings: &Surroundings, colour: bool) -> io::Result<Self> {
        let config = Config::builder()
            .max_history_size(HISTORY_MAX)
            .and_then(|builder| builder.history_ignore_dups(true))
            .map_err(io::Error::other)?
            .auto_add_history(false)
            .bell_style(BellStyle::None)
            .completion_type(CompletionType::List)
            // Secrets are hidden by the highlighter, which must work without colours too.
            .color_mode(ColorMode::Forced)
            .build();
        let mut editor = Editor::with_config(config).map_err(io::Error::other)?;
        editor.set_helper(Some(Assistant { known: Known::default(), language: ProtocolLanguage::English, colour }));
        let history = history_file(surroundings);
        if let Some(path) = &history {
            // A first session has none.
            let _ = editor.load_history(path);
        }
        Ok(Self::Terminal(Box::new(Terminal { editor, history, _silence: Silence::begin()? })))
    }

    pub(super) fn is_terminal(&self) -> bool {
        matches!(self, Self::Terminal(_))
    }

    /// Columns of the terminal now.
    pub(super) fn columns(&mut self) -> Option<usize> {
        match self {
            Self::Terminal(terminal) => terminal.editor.dimensions().map(|(columns, _)| columns.into()),
            Self::Script(_) => None,
        }
    }

    /// The next line.
    pub(super) fn next(&mut self, known: &Known, texts: &Texts) -> io::Result<Heard> {
        match self {
            Self::Terminal(terminal) => terminal.next(known, texts),
            Self::Script(script) => Ok(match script.next()? {
                Step::Say(line) => Heard::Line(line),
                Step::Expect(expected, number) => Heard::Expect(expected, number),
                Step::Comment(text) => Heard::Comment(text),
                Step::End => Heard::End,
            }),
        }
    }

    /// Asks a person, who must spell the consent out.
    pub(super) fn confirms(&mut self, question: &str) -> bool {
        let Self::Terminal(terminal) = self else { return false };
        if let Some(assistant) = terminal.editor.helper_mut() {
            assistant.known = Known::default();
        }
        terminal.editor.readline(question).is_ok_and(|answer| answer.trim().eq_ignore_ascii_case("yes"))
    }
}

impl Terminal {
    fn next(&mut self, known: &Known, texts: &Texts) -> io::Result<Heard> {
        if let Some(assistant) = self.editor.helper_mut() {
            assistant.known = known.clone();
            assistant.language = match texts.language() {
                Language::English => ProtocolLanguage::English,
                Language::Japanese => ProtocolLanguage::Japanese,
            };
        }
        match self.editor.readline("C: ") {
            Ok(line) => {
                let line = Zeroizing::new(line);
                if secret_part(&line, known.moment).is_none() || planted("talk.password-in-history") {
                    self.remember(&line);
                }
                Ok(Heard::Line(line))
            }
            Err(ReadlineError::Interrupted) => Ok(Heard::Interrupted),
            Err(ReadlineError::Eof) => Ok(Heard::End),
            Err(ReadlineError::Io(error)) => Err(error),
            Err(error) => Err(io::Error::other(error)),
        }
    }

    /// Written down at once: a session may end in any way.
    fn remember(&mut self, line: &str) {
        let added = self.editor.add_history_entry(line.trim_end()).unwrap_or(false);
        if let Some(path) = self.history.as_ref().filter(|_| added) {
            let folder = path.parent().map(|folder| fs::DirBuilder::new().recursive(true).mode(0o700).create(folder));
            // Without a history there is still a session.
            if let Some(Ok(())) = folder {
                let _ = self.editor.history_mut().append(path);
            }
        }
    }
}

/// Where the state of a user's programs is (XDG Base Directory Specification).
fn history_file(surroundings: &Surroundings) -> Option<PathBuf> {
    let folder = |name: &str| (surroundings.variable)(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = folder("XDG_STATE_HOME").or_else(|| Some(folder("HOME")?.join(".local/state")))?;
    Some(state.join("watchpost/talk-history"))
}

/// What helps while a line is typed.
struct Assistant {
    known: Known,
    language: ProtocolLanguage,
    colour: bool,
}

impl Completer for Assistant {
    type Candidate = String;

    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        let words: Vec<&'static str> = explain::all().map(|lesson| lesson.word).collect();
        Ok(self.known.completions(&line[..pos], &words))
    }
}

/// Shown behind what is typed, and never put in.
struct Told(String);

impl Hint for Told {
    fn display(&self) -> &str {
        &self.0
    }

    fn completion(&self) -> Option<&str> {
        None
    }
}

impl Hinter for Assistant {
    type Hint = Told;

    /// What a command takes and what it is for, until something is typed behind it.
    fn hint(&self, line: &str, pos: usize, _: &Context<'_>) -> Option<Told> {
        let typed = line.trim_start();
        if self.known.moment.exchange || pos < line.len() || typed.is_empty() || typed.trim_end().contains(' ') {
            return None;
        }
        let command = verb(line);
        let lesson = explain::all().find(|lesson| lesson.kind == Kind::Command && lesson.word == command)?;
        let takes = lesson.takes().filter(|takes| takes.english != "nothing");
        let takes = takes.map(|takes| takes.text(self.language)).unwrap_or_default();
        let space = if line.ends_with(' ') { "" } else { " " };
        let summary = lesson.summary.text(self.language);
        Some(Told(if takes.is_empty() {
            format!("{space}— {summary}")
        } else {
            format!("{space}{takes} — {summary}")
        }))
    }
}

impl Highlighter for Assistant {
    /// Secrets are stars while they are typed.
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        match secret_part(line, self.known.moment) {
            Some(secret) if !planted("talk.password-echoed") => {
                let stars = "*".repeat(line[secret.clone()].width());
                Cow::Owned(format!("{}{stars}{}", &line[..secret.start], &line[secret.end..]))
            }
            _ => Cow::Borrowed(line),
        }
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        if self.colour { Cow::Owned(format!("\u{1b}[1;36m{prompt}\u{1b}[0m")) } else { Cow::Borrowed(prompt) }
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        if self.colour { Cow::Owned(format!("\u{1b}[2m{hint}\u{1b}[0m")) } else { Cow::Borrowed(hint) }
    }

    /// Every key draws the line again: the next character may be the first of a secret.
    fn highlight_char(&self, _: &str, _: usize, _: CmdKind) -> bool {
        true
    }
}

impl Validator for Assistant {}
impl Helper for Assistant {}
