//! What the generated pages are written with.

use watchpost_proto::catalogue::Language as ProtocolLanguage;
use watchpost_proto::catalogue::explain::Said;

use crate::i18n::Language;

/// A language of the textbook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tongue(pub(super) Language);

impl Tongue {
    pub(super) const fn protocol(self) -> ProtocolLanguage {
        match self.0 {
            Language::English => ProtocolLanguage::English,
            Language::Japanese => ProtocolLanguage::Japanese,
        }
    }

    /// A text of it.
    pub(super) const fn say(self, english: &'static str, japanese: &'static str) -> &'static str {
        Said { english, japanese }.text(self.protocol())
    }

    /// The folder of its book.
    pub(super) const fn folder(self) -> &'static str {
        self.protocol().tag()
    }

    /// A label before a fact.
    pub(super) fn label(self, english: &'static str, japanese: &'static str) -> String {
        let (text, colon) = (self.say(english, japanese), self.say(":", ":"));
        format!("**{text}{colon}** ")
    }
}

/// The text as Markdown shows it.
pub(super) fn plain(text: &str) -> String {
    let mut safe = String::new();
    for character in text.chars() {
        if "\\`*_[]<>|#&~$".contains(character) {
            safe.push('\\');
        }
        safe.push(character);
    }
    safe
}

/// The text as code. In a table a bar ends the cell, even in code.
pub(super) fn code(text: &str) -> String {
    format!("`{}`", text.replace('`', "'").replace('|', "\\|"))
}

/// The text as HTML shows it.
pub(super) fn html(text: &str) -> String {
    let mut safe = String::new();
    for character in text.chars() {
        match character {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '"' => safe.push_str("&quot;"),
            // mdBook looks for its own directives before anything else.
            '{' => safe.push_str("&#123;"),
            character => safe.push(character),
        }
    }
    safe
}

/// Rows under headings.
pub(super) fn table(headings: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut text = line(headings.iter().map(|heading| (*heading).to_owned()).collect());
    text.push_str(&line(headings.iter().map(|_| "---".to_owned()).collect()));
    rows.into_iter().for_each(|row| text.push_str(&line(row)));
    text
}

/// Lines as they stand.
pub(super) fn listing<T: AsRef<str>>(lines: &[T]) -> String {
    let lines: Vec<&str> = lines.iter().map(|line| line.as_ref().trim_end()).collect();
    format!("```text\n{}\n```\n", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_text_holds_is_no_markup() {
        assert_eq!(plain("a*b_<c>|"), "a\\*b\\_\\<c\\>\\|");
        assert_eq!(code("a|b`"), "`a\\|b'`");
        assert_eq!(html("<b>&{{#include x}}"), "&lt;b&gt;&amp;&#123;&#123;#include x}}");
    }
}
