//! What is known of the session so far: where it stands, and what the server has said of itself and of its mail.

use std::collections::{BTreeMap, BTreeSet};

use watchpost_proto::Timestamp;
use watchpost_proto::catalogue::TABLE_A;
use watchpost_proto::pop3::State;
use watchpost_proto::pop3::client::Capabilities;

use super::typed::{Moment, OURS};
use crate::fetch::login::Method;

/// Lines of a listing that are remembered.
const LISTED_MAX: usize = 100_000;
/// Numbers that completion proposes.
const PROPOSED_MAX: usize = 100;

/// What is known of the session.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) state: State,
    pub(super) tls: bool,
    /// What CAPA said on this channel. `None`: not asked yet; empty: it was refused.
    pub(super) capabilities: Option<Capabilities>,
    /// Of the greeting (RFC 1939 §7).
    pub(super) timestamp: Option<Timestamp>,
    /// What STAT said: messages and octets.
    pub(super) stat: Option<(u64, u64)>,
    /// What LIST said of each message.
    pub(super) listed: BTreeMap<u64, u64>,
    /// What DELE has marked.
    pub(super) marked: BTreeSet<u64>,
    /// Languages that LANG has listed.
    pub(super) languages: Vec<String>,
    /// UTF8 or LANG was said: replies may go beyond ASCII (RFC 6856 §2.1, §3.1).
    pub(super) beyond_ascii: bool,
    pub(super) moment: Moment,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            state: State::Authorization,
            tls: false,
            capabilities: None,
            timestamp: None,
            stat: None,
            listed: BTreeMap::new(),
            marked: BTreeSet::new(),
            languages: Vec::new(),
            beyond_ascii: false,
            moment: Moment::default(),
        }
    }
}

impl Known {
    /// Whatever was said before TLS is forgotten (RFC 2595 §4).
    pub(super) fn forget(&mut self) {
        *self = Self { tls: self.tls, ..Self::default() };
    }

    pub(super) fn remember(&mut self, number: u64, octets: u64) {
        if self.listed.len() < LISTED_MAX {
            self.listed.insert(number, octets);
        }
    }

    /// Whether the server announces this. `None`: it was not asked.
    pub(super) fn announces(&self, tag: &str) -> Option<bool> {
        self.capabilities.as_ref().map(|capabilities| capabilities.has(tag))
    }

    /// The commands that the server may accept now, in the order of Table A.
    pub(super) fn allowed(&self) -> Vec<&'static str> {
        let allowed = TABLE_A.iter().filter(|row| {
            let offered = row.advertised_by.is_none_or(|tag| self.announces(tag).unwrap_or(true));
            let fits = match row.command {
                "STLS" => !self.tls,
                "APOP" => self.timestamp.is_some(),
                "PASS" => self.moment.after_user,
                // Obsolete, or no business of people.
                "LAST" | "XCLIENT" => false,
                _ => true,
            };
            row.states.contains(&self.state) && offered && fits
        });
        allowed.map(|row| row.command).collect()
    }

    /// What a person would do next.
    pub(super) fn next(&self) -> Vec<String> {
        if self.moment.exchange {
            return vec!["*".into()];
        }
        let words: &[&str] = match self.state {
            State::Update => &[],
            State::Authorization if self.moment.after_user => &["PASS", "QUIT"],
            State::Authorization if !self.tls && self.announces("STLS") != Some(false) => {
                &["CAPA", "STLS", "login NAME", "QUIT"]
            }
            State::Authorization => &["CAPA", "login NAME", "USER NAME", "QUIT"],
            State::Transaction if !self.marked.is_empty() => &["RSET", "LIST", "QUIT"],
            State::Transaction if self.stat.is_none() && self.listed.is_empty() => &["STAT", "LIST", "UIDL", "QUIT"],
            State::Transaction if self.count() == Some(0) => &["NOOP", "QUIT"],
            State::Transaction => &["LIST", "TOP # 0", "RETR #", "DELE #", "QUIT"],
        };
        let known = |word: &&&str| **word != "CAPA" || self.capabilities.is_none();
        let first = self.first_unmarked().map_or_else(|| "1".to_owned(), |number| number.to_string());
        words.iter().filter(known).map(|word| word.replace('#', &first)).collect()
    }

    fn first_unmarked(&self) -> Option<u64> {
        self.numbers().find(|number| !self.marked.contains(number))
    }

    fn count(&self) -> Option<u64> {
        self.stat.map(|(count, _)| count)
    }

    fn numbers(&self) -> Box<dyn Iterator<Item = u64> + '_> {
        if self.listed.is_empty() {
            Box::new(1..=self.count().unwrap_or(0))
        } else {
            Box::new(self.listed.keys().copied())
        }
    }

    /// What may follow what was typed so far: where the word to complete begins, and the words.
    pub(super) fn completions(&self, line: &str, words_explained: &[&'static str]) -> (usize, Vec<String>) {
        let start = line.rfind(' ').map_or(0, |space| space + 1);
        let words: Vec<String> = line[..start].split_ascii_whitespace().map(str::to_ascii_uppercase).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let candidates: Vec<String> = if self.moment.exchange {
            vec!["*".into()]
        } else {
            match words.as_slice() {
                [] => self.allowed().iter().chain(&OURS).map(|word| (*word).to_owned()).collect(),
                ["EXPLAIN"] => words_explained.iter().map(|word| (*word).to_owned()).collect(),
                ["LOGIN", _] => Method::WORDS.iter().map(|(word, _)| (*word).to_owned()).collect(),
                ["AUTH"] => self.mechanisms(),
                ["LANG"] => self.languages.clone(),
                ["TOP", _] => vec!["0".into(), "10".into()],
                ["RETR" | "TOP" | "DELE" | "LIST" | "UIDL"] => {
                    let unmarked = self.numbers().filter(|number| !self.marked.contains(number));
                    unmarked.take(PROPOSED_MAX).map(|number| number.to_string()).collect()
                }
                _ => Vec::new(),
            }
        };
        let typed = line[start..].to_ascii_uppercase();
        let begins = |word: &String| word.to_ascii_uppercase().starts_with(&typed);
        let mut fitting: Vec<String> = candidates.into_iter().filter(begins).collect();
        if let ([word], []) = (fitting.as_mut_slice(), words.as_slice())
            && wants_more(word)
        {
            word.push(' ');
        }
        (start, fitting)
    }

    fn mechanisms(&self) -> Vec<String> {
        let sasl = self.capabilities.as_ref().and_then(|capabilities| capabilities.arguments("SASL"));
        sasl.unwrap_or_default().split_ascii_whitespace().map(str::to_owned).collect()
    }
}

/// Whether a command is nothing without what follows it. PASS alone is: then the password is asked for, and not shown.
fn wants_more(word: &str) -> bool {
    let row = TABLE_A.iter().find(|row| row.command == word);
    match row {
        Some(row) => word != "PASS" && !row.arguments.is_empty() && !row.arguments.starts_with('['),
        None => ["login", "raw", "explain"].contains(&word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(known: &Known, line: &str) -> Vec<String> {
        known.completions(line, &["RETR", "RSET"]).1
    }

    #[test]
    fn only_what_is_allowed_now_is_proposed() {
        let mut known = Known::default();
        assert_eq!(completed(&known, "s"), ["STLS"], "STAT is for the TRANSACTION state");
        assert!(completed(&known, "PA").is_empty(), "PASS follows USER");
        assert!(completed(&known, "ap").is_empty(), "the greeting had no timestamp");
        known.moment.after_user = true;
        assert_eq!(completed(&known, "pa"), ["PASS"]);
        assert_eq!(completed(&known, "us"), ["USER "], "a name must follow");
        assert_eq!(completed(&known, "lo"), ["login "]);
        known.tls = true;
        known.capabilities = Some(["UIDL".to_owned(), "SASL PLAIN SCRAM-SHA-256".to_owned()].into_iter().collect());
        assert!(completed(&known, "STL").is_empty(), "TLS is there already");
        assert_eq!(completed(&known, "AUTH s"), ["SCRAM-SHA-256"]);
        known.state = State::Transaction;
        assert_eq!(completed(&known, "s"), ["STAT"]);
        assert!(completed(&known, "TO").is_empty(), "CAPA did not list TOP");
    }

    #[test]
    fn numbers_are_those_of_messages_that_are_not_marked() {
        let mut known = Known { state: State::Transaction, stat: Some((3, 30)), ..Known::default() };
        assert_eq!(completed(&known, "RETR "), ["1", "2", "3"]);
        for number in [1, 2, 12] {
            known.remember(number, 10);
        }
        known.marked.insert(2);
        assert_eq!(completed(&known, "dele "), ["1", "12"]);
        assert_eq!(completed(&known, "TOP 1"), ["1", "12"]);
        assert_eq!(completed(&known, "TOP 1 "), ["0", "10"]);
        assert_eq!(known.completions("explain r", &["RETR", "STAT"]), (8, vec!["RETR".to_owned()]));
    }

    #[test]
    fn what_was_said_before_tls_is_forgotten() {
        // S-005
        let mut known = Known { capabilities: Some(Capabilities::default()), tls: true, ..Known::default() };
        known.moment.after_user = true;
        known.forget();
        assert!(known.capabilities.is_none() && known.tls && !known.moment.after_user);
    }
}
