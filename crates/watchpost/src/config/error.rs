//! What is wrong with a configuration: where, what, and what to do about it.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use serde::Serialize;

/// A configuration as it was read.
#[derive(Debug)]
pub(super) struct Source {
    /// Which file it came from, as the operator named it.
    pub(super) path: PathBuf,
    /// What stands in it.
    pub(super) text: String,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The server does not start.
    Error,
    /// The server starts, and somebody should look.
    Warning,
}

/// Where something stands; both count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The character in the line.
    pub column: usize,
}

/// One thing that is wrong with a configuration.
#[derive(Clone, Debug)]
pub struct ConfigError {
    source: Arc<Source>,
    severity: Severity,
    span: Option<Range<usize>>,
    message: String,
    help: String,
}

/// One thing that is wrong, for programs: `check-config --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which file.
    pub file: String,
    /// `error` or `warning`.
    pub severity: Severity,
    /// The line, counted from 1; absent where the file as a whole is meant.
    pub line: Option<usize>,
    /// The character in the line, counted from 1.
    pub column: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}

impl ConfigError {
    /// A span outside the text, or across half a character, is drawn in to what can be shown.
    pub(super) fn new(
        source: &Arc<Source>,
        severity: Severity,
        span: Option<Range<usize>>,
        message: &str,
        help: &str,
    ) -> Self {
        let text = &source.text;
        let span = span.map(|span| {
            let start = last_line_end(text).min(text.floor_char_boundary(span.start));
            start..text.ceil_char_boundary(span.end.min(text.len()).max(start))
        });
        Self { source: Arc::clone(source), severity, span, message: harmless(message), help: harmless(help) }
    }

    /// Something that is wrong with another file that the configuration names: the octets at `span` of its text, from
    /// which whatever is secret has been taken.
    pub fn in_file(
        (path, text): (&Path, &str),
        severity: Severity,
        span: Range<usize>,
        message: &str,
        help: &str,
    ) -> Self {
        let source = Arc::new(Source { path: path.to_owned(), text: text.to_owned() });
        Self::new(&source, severity, Some(span), message, help)
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// What is wrong.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do; may be empty where the message says it.
    pub fn help(&self) -> &str {
        &self.help
    }

    /// Where it stands; `None` where the file as a whole is meant.
    pub fn place(&self) -> Option<Place> {
        let start = self.span.as_ref()?.start;
        let before = &self.source.text[..start];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = 1 + before.bytes().filter(|&octet| octet == b'\n').count();
        Some(Place { line, column: 1 + before[line_start..].chars().count() })
    }

    /// The octets of the file that are meant.
    pub fn span(&self) -> Option<Range<usize>> {
        self.span.clone()
    }

    /// As compilers show it: the place, the line, what is wrong and what to do.
    pub fn plain(&self) -> String {
        self.render(&Renderer::plain())
    }

    /// The same, for a terminal that shows colours.
    pub fn coloured(&self) -> String {
        self.render(&Renderer::styled())
    }

    fn render(&self, renderer: &Renderer) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let path = harmless(&self.source.path.to_string_lossy());
        let help = (!self.help.is_empty()).then(|| Level::HELP.message(self.help.as_str()));
        let Some(span) = self.span.clone() else {
            let title = format!("{path}: {}", self.message);
            return renderer.render(&[level.primary_title(title).elements(help)]);
        };
        let snippet =
            Snippet::source(visible(&self.source.text)).path(path).annotation(AnnotationKind::Primary.span(span));
        renderer.render(&[level.primary_title(self.message.as_str()).element(snippet).elements(help)])
    }

    /// The same for programs.
    pub fn finding(&self) -> Finding {
        let place = self.place();
        Finding {
            file: self.source.path.to_string_lossy().into_owned(),
            severity: self.severity,
            line: place.map(|place| place.line),
            column: place.map(|place| place.column),
            message: self.message.clone(),
            help: self.help.clone(),
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&harmless(&self.source.path.to_string_lossy()))?;
        if let Some(Place { line, column }) = self.place() {
            write!(formatter, ":{line}:{column}")?;
        }
        write!(formatter, ": {}", self.message)
    }
}

impl std::error::Error for ConfigError {}

/// Everything that is wrong with a configuration, in the order of the file. Never empty.
#[derive(Clone, Debug)]
pub struct ConfigErrors(Vec<ConfigError>);

impl ConfigErrors {
    /// `None` if nothing is wrong.
    pub(super) fn new(mut errors: Vec<ConfigError>) -> Option<Self> {
        errors.sort_by_key(|error| error.span.as_ref().map_or(usize::MAX, |span| span.start));
        (!errors.is_empty()).then_some(Self(errors))
    }

    /// A file that cannot even be read.
    pub(super) fn of_file(path: &Path, message: &str, help: &str) -> Self {
        let source = Arc::new(Source { path: path.to_owned(), text: String::new() });
        Self(vec![ConfigError::new(&source, Severity::Error, None, message, help)])
    }

    /// One by one.
    pub fn iter(&self) -> std::slice::Iter<'_, ConfigError> {
        self.0.iter()
    }

    /// As compilers show them, with an empty line between.
    pub fn plain(&self) -> String {
        self.0.iter().map(ConfigError::plain).collect::<Vec<_>>().join("\n\n")
    }

    /// The same, for a terminal that shows colours.
    pub fn coloured(&self) -> String {
        self.0.iter().map(ConfigError::coloured).collect::<Vec<_>>().join("\n\n")
    }

    /// For programs: `check-config --json`.
    pub fn findings(&self) -> Vec<Finding> {
        self.0.iter().map(ConfigError::finding).collect()
    }

    /// One JSON object: `valid` is false, `findings` says why. [`Config::to_json`](super::Config::to_json) is its
    /// counterpart.
    pub fn to_json(&self) -> String {
        serde_json::json!({ "valid": false, "findings": self.findings() }).to_string()
    }
}

impl<'a> IntoIterator for &'a ConfigErrors {
    type Item = &'a ConfigError;
    type IntoIter = std::slice::Iter<'a, ConfigError>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.plain())
    }
}

impl std::error::Error for ConfigErrors {}

impl From<ConfigError> for ConfigErrors {
    fn from(error: ConfigError) -> Self {
        Self(vec![error])
    }
}

/// Where the last line ends that has something to show: behind the last line end there is nothing to point at.
fn last_line_end(text: &str) -> usize {
    let line = text.strip_suffix('\n').map(|text| text.strip_suffix('\r').unwrap_or(text));
    line.unwrap_or(text).len()
}

/// A word of the file within a message: escaped, cut to a length that fits a line.
pub(super) fn quoted(text: &str) -> String {
    const CHARACTERS_MAX: usize = 60;
    let cut: String = text.chars().take(CHARACTERS_MAX).collect();
    let more = if cut.len() < text.len() { "…" } else { "" };
    format!("`{}{more}`", harmless(&cut))
}

/// Text without anything that a terminal would obey or that hides itself.
fn harmless(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for character in text.chars() {
        if is_visible(character) {
            result.push(character);
        } else {
            result.extend(character.escape_debug());
        }
    }
    result
}

/// The source with a stand-in of the same length for whatever is not visible, so that places stay what they are.
/// Tabs and line ends stay; C0 controls have pictures of their own in the renderer.
fn visible(text: &str) -> String {
    let stand_in = |character: char| match character.len_utf8() {
        1 => character,
        2 => '¿',
        3 => char::REPLACEMENT_CHARACTER,
        _ => '🚫',
    };
    text.chars().map(|character| if is_visible(character) { character } else { stand_in(character) }).collect()
}

/// Whether a terminal shows the character and does nothing else.
fn is_visible(character: char) -> bool {
    match character {
        ' '..='~' => true,
        _ if character.is_ascii() => false,
        // In front of a letter, so that a combining mark counts as what it is there.
        _ => !format!("a{character}").escape_debug().any(|escaped| escaped == '\\'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str, span: Range<usize>) -> ConfigError {
        let source = Arc::new(Source { path: "w\u{1b}.toml".into(), text: text.into() });
        ConfigError::new(&source, Severity::Error, Some(span), "wrong \u{1b}[31m", "do \u{202e}better")
    }

    #[test]
    fn nothing_a_terminal_would_obey_comes_out() {
        let error = error("a = 1\nb = '\u{1b}[2J\u{85}\u{9b}\u{202e}\u{e0001}\u{7f}か\u{3099}'\r\n", 6..7);
        for text in [error.plain(), error.to_string(), error.message().to_owned(), error.help().to_owned()] {
            let wrong = |character: char| character != '\n' && !is_visible(character);
            assert!(!text.contains(wrong), "{text:?}");
        }
        assert!(error.plain().contains("か\u{3099}"), "a combining mark is text");
    }

    #[test]
    fn a_place_counts_characters_from_one() {
        assert_eq!(error("ä = 1\nüü = 2", 7..11).place(), Some(Place { line: 2, column: 1 }));
        assert_eq!(error("ä = 1\nüü = 2", 14..15).place(), Some(Place { line: 2, column: 6 }));
        assert_eq!(error("", 0..0).place(), Some(Place { line: 1, column: 1 }));
        assert_eq!(error("ä", 1..900).span(), Some(0..2));
        assert_eq!(error("a\r\n", 3..3).place(), Some(Place { line: 1, column: 2 }));
    }

    #[test]
    fn colour_comes_only_when_asked_for() {
        assert!(!error("a", 0..1).plain().contains('\u{1b}'));
        assert!(error("a", 0..1).coloured().contains('\u{1b}'));
    }
}
