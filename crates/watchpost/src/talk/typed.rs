//! A line that somebody typed: what of it is secret, and what may be shown.

use std::ops::Range;

use watchpost_proto::catalogue::TABLE_A;
use zeroize::Zeroizing;

use crate::fetch::login::Method;

/// What stands for a secret, whatever its length.
pub(super) const MASK: &str = "••••••";
/// Commands of `talk` itself, which no server gets to see.
pub(super) const OURS: [&str; 6] = ["login", "explain", "full", "tls", "raw", "help"];

/// What the conversation says of the next line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Moment {
    /// The server waits for a line of a SASL exchange: whatever is typed is an answer to it (RFC 5034 §4).
    pub(super) exchange: bool,
    /// USER was accepted: what is typed next may be the password, even without PASS before it.
    pub(super) after_user: bool,
}

/// A line to send.
pub(super) struct Typed {
    /// Without a line end.
    pub(super) line: Zeroizing<String>,
    /// As it may be shown.
    pub(super) shown: String,
    /// Whether it gives something away to whoever reads along.
    pub(super) is_secret: bool,
}

impl Typed {
    pub(super) fn new(line: &str, moment: Moment) -> Self {
        let secret = secret_part(line, moment);
        let shown = secret.clone().map_or_else(|| line.to_owned(), |secret| masked(line, secret));
        Self { line: Zeroizing::new(line.to_owned()), shown, is_secret: secret.is_some() }
    }

    /// The first word, in capitals.
    pub(super) fn verb(&self) -> String {
        verb(&self.line)
    }

    /// The words behind the first.
    pub(super) fn arguments(&self) -> Vec<&str> {
        self.line.split_ascii_whitespace().skip(1).collect()
    }
}

/// The first word, in capitals: commands are the same in any case (RFC 1939 §3).
pub(super) fn verb(line: &str) -> String {
    line.split_ascii_whitespace().next().unwrap_or_default().to_ascii_uppercase()
}

pub(super) fn is_command(verb: &str) -> bool {
    TABLE_A.iter().any(|row| row.command == verb)
}

/// Where in the line something secret stands.
pub(super) fn secret_part(line: &str, moment: Moment) -> Option<Range<usize>> {
    let whole = || Some(0..line.len()).filter(|range| !range.is_empty());
    if moment.exchange {
        return whole().filter(|_| line.trim() != "*");
    }
    let start = line.len() - line.trim_start().len();
    let first = line[start..].split_ascii_whitespace().next()?;
    let behind_words = |count| behind(line, count);
    match first.to_ascii_uppercase().as_str() {
        "PASS" => behind_words(1),
        "APOP" | "AUTH" => behind_words(2),
        "RAW" => {
            let rest = behind_words(1)?;
            let inner = secret_part(&line[rest.clone()], moment)?;
            Some(rest.start + inner.start..rest.start + inner.end)
        }
        "LOGIN" => {
            // A method is no secret; whatever else stands there may be a password.
            let rest = behind_words(2)?;
            let is_method = Method::WORDS.iter().any(|(word, _)| line[rest.clone()].trim().eq_ignore_ascii_case(word));
            (!is_method).then_some(rest)
        }
        verb if is_command(verb) || OURS.iter().any(|ours| ours.eq_ignore_ascii_case(verb)) => None,
        _ => whole().filter(|_| moment.after_user),
    }
}

/// What stands behind so many words and one space: a password may itself begin with spaces (RFC 1939 §7).
fn behind(line: &str, words: usize) -> Option<Range<usize>> {
    let mut place = 0;
    for _ in 0..words {
        let rest = &line[place..];
        let word = rest.len() - rest.trim_start().len();
        let end = rest[word..].find(|letter: char| letter.is_ascii_whitespace())?;
        place += word + end;
    }
    let start = place + 1;
    (start < line.len()).then_some(start..line.len())
}

fn masked(line: &str, secret: Range<usize>) -> String {
    format!("{}{MASK}{}", &line[..secret.start], &line[secret.end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str) -> String {
        Typed::new(line, Moment::default()).shown
    }

    #[test]
    fn what_is_secret_in_a_line_is_never_shown() {
        // S-029
        assert_eq!(shown("PASS sesame"), "PASS ••••••");
        assert_eq!(shown(" pass two  words "), " pass ••••••");
        assert_eq!(shown("PASS\tsesame"), "PASS\t••••••");
        assert_eq!(shown("raw PASS sesame"), "raw PASS ••••••");
        assert_eq!(shown("RAW  raw pass sesame"), "RAW  raw pass ••••••");
        assert_eq!(shown("APOP mrose c4c9334bac560ecc979e58001b3e22fb"), "APOP mrose ••••••");
        assert_eq!(shown("auth plain AGFsaWNlAHNlc2FtZQ=="), "auth plain ••••••");
        assert_eq!(shown("login alice sesame"), "login alice ••••••");
        for open in ["PASS", "PASS ", "AUTH", "AUTH PLAIN", "login alice scram-sha-256", "USER alice", "RETR 1", "x y"]
        {
            assert_eq!(shown(open), open);
            assert!(!Typed::new(open, Moment::default()).is_secret);
        }
    }

    #[test]
    fn a_line_of_an_exchange_and_a_forgotten_pass_are_secret_as_a_whole() {
        // S-029
        let exchange = Moment { exchange: true, ..Moment::default() };
        assert_eq!(Typed::new("c2VzYW1l", exchange).shown, MASK);
        assert_eq!(Typed::new("*", exchange).shown, "*");
        assert_eq!(Typed::new("", exchange).shown, "");
        let after_user = Moment { after_user: true, ..Moment::default() };
        assert_eq!(Typed::new("sesame", after_user).shown, MASK);
        assert_eq!(Typed::new("PAS sesame", after_user).shown, MASK);
        assert_eq!(Typed::new("QUIT", after_user).shown, "QUIT");
        assert_eq!(Typed::new("help", after_user).shown, "help");
    }
}
