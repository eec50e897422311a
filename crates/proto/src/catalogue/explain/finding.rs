//! From what somebody typed to what was meant.

use super::{Kind, Lesson, all};
use crate::catalogue::ErrorRow;

/// Every lesson that `asked` may mean: a word in any case and with or without hyphens, a response code in brackets,
/// an error by its id, its name, its text in either language or a part of it, even as the line `-ERR [CODE] text`.
pub fn find(asked: &str) -> Vec<Lesson> {
    let asked = asked.trim();
    let exact: Vec<Lesson> = all().filter(|lesson| is_named(lesson, asked)).collect();
    if !exact.is_empty() {
        return exact;
    }
    let text = key(text_of(asked));
    // Two or three letters of a text say nothing; two Japanese characters may be a word.
    if text.len() < 4 {
        return Vec::new();
    }
    all().filter(|lesson| lesson.error().is_some_and(|row| says(row, &text) || is_situation(lesson, &text))).collect()
}

fn is_named(lesson: &Lesson, asked: &str) -> bool {
    let bracketed = asked.starts_with('[') && asked.ends_with(']');
    if bracketed && lesson.kind != Kind::ResponseCode {
        return false;
    }
    let asked = key(asked);
    let error = lesson.error();
    key(lesson.word) == asked
        || lesson.aliases.iter().any(|alias| key(alias) == asked)
        || error.is_some_and(|row| key(row.name) == asked || is_number_of(row, &asked))
}

/// `E1` means `E-01`.
fn is_number_of(row: &ErrorRow, asked: &str) -> bool {
    let number = asked.strip_prefix('e').and_then(|digits| digits.parse::<u8>().ok());
    number.is_some() && number == row.id.get(2..).and_then(|digits| digits.parse().ok())
}

/// Letters and digits alone, in lower case: `SYS/TEMP`, `sys temp` and `[SYS/TEMP]` are one word. A word without any,
/// such as `+`, stays as it is.
fn key(word: &str) -> String {
    let letters: String = word.chars().filter(|letter| letter.is_alphanumeric()).collect();
    if letters.is_empty() { word.to_owned() } else { letters.to_lowercase() }
}

/// What a person reads in a line of a server: without `-ERR` and without the code.
fn text_of(line: &str) -> &str {
    let text = line.strip_prefix("-ERR").unwrap_or(line).trim_start();
    match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((_, text)) => text,
        None => text,
    }
}

/// Whether this is the row's text, with any number in it, or a part of it.
fn says(row: &ErrorRow, asked: &str) -> bool {
    [row.english, row.japanese].into_iter().any(|template| {
        let parts: Vec<String> = template.split("{}").map(key).collect();
        let whole = parts.iter().all(|part| asked.contains(part.as_str()));
        whole || parts.iter().any(|part| part.contains(asked))
    })
}

fn is_situation(lesson: &Lesson, asked: &str) -> bool {
    [lesson.summary.english, lesson.summary.japanese].into_iter().any(|situation| key(situation).contains(asked))
}
