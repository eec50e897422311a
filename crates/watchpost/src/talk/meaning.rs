//! What lines mean, from the lessons of the catalogue, and what is odd about them.

use std::collections::HashSet;

use data_encoding::BASE64;
use watchpost_observatory::Untrusted;
use watchpost_proto::catalogue::explain::{self, Kind as Of, Lesson};
use watchpost_proto::catalogue::{Language as ProtocolLanguage, TABLE_B};
use watchpost_proto::pop3::{ResponseCode, State};

use super::known::Known;
use super::output::{Kind, state_name};
use crate::i18n::{Language, Texts, Value};

/// Octets of a command line at the most, its CRLF counted (RFC 2449 §4).
const COMMAND_MAX: usize = 255;
/// Octets of the first line of a reply at the most, its CRLF counted (RFC 2449 §4).
const REPLY_MAX: usize = 512;

/// Something to say about a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Note {
    pub(super) kind: Kind,
    pub(super) text: String,
    pub(super) source: Option<&'static str>,
}

/// Explains; the second time in fewer words.
pub(super) struct Explainer<'a> {
    texts: &'a Texts,
    language: ProtocolLanguage,
    told: HashSet<(Of, &'static str)>,
}

impl<'a> Explainer<'a> {
    pub(super) fn new(texts: &'a Texts) -> Self {
        let language = match texts.language() {
            Language::English => ProtocolLanguage::English,
            Language::Japanese => ProtocolLanguage::Japanese,
        };
        Self { texts, language, told: HashSet::new() }
    }

    pub(super) fn meaning(&self, id: &str, variables: &[(&str, Value<'_>)], source: Option<&'static str>) -> Note {
        Note { kind: Kind::Meaning, text: self.texts.format(id, variables), source }
    }

    pub(super) fn oddity(&self, id: &str, variables: &[(&str, Value<'_>)], source: Option<&'static str>) -> Note {
        Note { kind: Kind::Oddity, text: self.texts.format(id, variables), source }
    }

    fn lesson(kind: Of, word: &str) -> Option<Lesson> {
        explain::all().find(|lesson| lesson.kind == kind && lesson.word == word)
    }

    /// The sentence of a lesson, and once also what the textbook says beside it.
    pub(super) fn taught(&mut self, kind: Of, word: &str) -> Vec<Note> {
        let Some(lesson) = Self::lesson(kind, word) else { return Vec::new() };
        let says = |said: explain::Said, source| Note {
            kind: Kind::Meaning,
            text: said.text(self.language).to_owned(),
            source,
        };
        let mut notes = vec![says(lesson.summary, Some(lesson.source))];
        if self.told.insert((kind, lesson.word)) {
            notes.push(says(lesson.text, None));
        }
        notes
    }

    /// The sentence alone.
    pub(super) fn summed_up(&self, kind: Of, word: &str) -> Option<Note> {
        let lesson = Self::lesson(kind, word)?;
        let text = format!("{}: {}", lesson.word, lesson.summary.text(self.language));
        Some(Note { kind: Kind::Meaning, text, source: Some(lesson.source) })
    }

    /// What a command is for, and whether it makes sense now.
    pub(super) fn of_command(&mut self, verb: &str, octets: usize, known: &Known) -> Vec<Note> {
        let mut notes = self.taught(Of::Command, verb);
        match Self::lesson(Of::Command, verb) {
            None => notes.push(self.oddity("conversation-odd-command", &[], Some("RFC 1939 §3"))),
            Some(lesson) if !lesson.states.contains(&known.state) => {
                let state = ("state", state_name(known.state).into());
                notes.push(self.oddity("conversation-odd-state", &[("verb", verb.into()), state], Some("RFC 1939 §3")));
            }
            Some(_) if verb == "STLS" && known.tls => {
                notes.push(self.oddity("conversation-odd-second-stls", &[], Some("RFC 2595 §4")));
            }
            Some(lesson) => {
                let row = watchpost_proto::catalogue::TABLE_A.iter().find(|row| row.command == lesson.word);
                if let Some(tag) = row.and_then(|row| row.advertised_by)
                    && known.announces(tag) == Some(false)
                {
                    let tag = ("tag", tag.into());
                    notes.push(self.oddity(
                        "conversation-odd-unannounced",
                        &[("verb", verb.into()), tag],
                        Some("RFC 2449 §5"),
                    ));
                }
            }
        }
        if octets + 2 > COMMAND_MAX {
            notes.push(self.oddity(
                "conversation-odd-long-command",
                &[("octets", (octets + 2).into())],
                Some("RFC 2449 §4"),
            ));
        }
        notes
    }

    /// What is odd about the form of a reply's first line, which comes with its line end.
    pub(super) fn of_form(&self, line: &[u8], known: &Known) -> Vec<Note> {
        let mut notes = Vec::new();
        if line.len() > REPLY_MAX {
            notes.push(self.oddity(
                "conversation-odd-long-reply",
                &[("octets", line.len().into())],
                Some("RFC 2449 §4"),
            ));
        }
        if !line.ends_with(b"\r\n") {
            notes.push(self.oddity("conversation-odd-line-end", &[], Some("RFC 1939 §3")));
        }
        let text = trimmed(line);
        if is_status(text, b"+OK") || is_status(text, b"-ERR") || is_status(text, b"+") {
            if text.iter().any(u8::is_ascii_control) {
                notes.push(self.oddity("conversation-odd-control", &[], Some("RFC 1939 §3")));
            } else if !text.is_ascii() && !known.beyond_ascii {
                notes.push(self.oddity("conversation-odd-beyond-ascii", &[], Some("RFC 1939 §3; RFC 6856 §3.1")));
            }
        } else {
            notes.push(self.oddity("conversation-odd-status", &[], Some("RFC 1939 §3")));
        }
        notes
    }

    /// What the greeting offers, and what it does not.
    pub(super) fn of_greeting(&mut self, known: &Known) -> Vec<Note> {
        let mut notes = self.taught(Of::Reply, "greeting");
        notes.push(match &known.timestamp {
            Some(stamp) => {
                let stamp = Untrusted::new(stamp.as_str()).to_string();
                self.meaning("conversation-apop-offered", &[("timestamp", stamp.into())], Some("RFC 1939 §7"))
            }
            None => self.oddity("conversation-apop-impossible", &[], Some("RFC 1939 §7")),
        });
        if !known.tls {
            notes.push(self.oddity("conversation-clear", &[], Some("RFC 2595 §4; RFC 8314 §3")));
        }
        notes
    }

    /// Why a server says no: its response code, and its text where that is one that we know.
    pub(super) fn of_refusal(&mut self, text: &[u8], known: &Known) -> Vec<Note> {
        let mut notes = Vec::new();
        let code = text.strip_prefix(b"[").and_then(|rest| rest.split(|octet| *octet == b']').next());
        let code = code.and_then(|code| std::str::from_utf8(code).ok());
        match code.map(|code| (code, ResponseCode::of(code))) {
            Some((_, Some(meaning))) => {
                notes.extend(self.taught(Of::ResponseCode, meaning.word()));
                if known.announces("RESP-CODES") == Some(false) {
                    notes.push(self.oddity("conversation-odd-unannounced-code", &[], Some("RFC 2449 §6.4")));
                }
            }
            Some((code, None)) => {
                let code = Untrusted::new(code).to_string();
                notes.push(self.oddity("conversation-odd-code", &[("code", code.into())], Some("RFC 2449 §8")));
            }
            None => {
                notes.extend(self.taught(Of::Reply, "-ERR"));
                notes.push(self.meaning("conversation-no-code", &[], None));
            }
        }
        let said = spoken(text);
        let known_text = |row: &&watchpost_proto::catalogue::ErrorRow| {
            [row.english, row.japanese].iter().any(|text| spoken(text.replace("{}", "0").as_bytes()) == said)
        };
        if let Some(row) = TABLE_B.iter().find(known_text)
            && let Some(note) = self.summed_up(Of::Error, row.id)
        {
            notes.push(note);
        }
        notes
    }

    /// A challenge of an exchange, and what it says.
    pub(super) fn of_challenge(&mut self, text: &[u8]) -> Vec<Note> {
        let mut notes = self.taught(Of::Reply, "+");
        match BASE64.decode(text) {
            Ok(decoded) if decoded.is_empty() => notes.push(self.meaning("conversation-challenge-empty", &[], None)),
            Ok(decoded) => {
                let decoded = Untrusted::new(decoded).as_line(REPLY_MAX);
                notes.push(self.meaning("conversation-challenge", &[("decoded", decoded.into())], None));
            }
            Err(_) => notes.push(self.oddity("conversation-odd-base64", &[], Some("RFC 5034 §4"))),
        }
        notes
    }

    /// A line of CAPA.
    pub(super) fn of_capability(&self, line: &str, known: &Known) -> Vec<Note> {
        let tag = line.split(' ').next().unwrap_or_default().to_ascii_uppercase();
        let mut notes = Vec::new();
        if let Some(note) = self.summed_up(Of::Capability, &tag) {
            notes.push(note);
        } else {
            let tag = ("tag", Untrusted::new(tag.as_str()).to_string().into());
            notes.push(self.oddity("conversation-odd-capability", &[tag], None));
        }
        let plain = |word: &str| word.eq_ignore_ascii_case("PLAIN") || word.eq_ignore_ascii_case("LOGIN");
        if known.tls && tag == "STLS" {
            notes.push(self.oddity("conversation-odd-stls-offered", &[], Some("RFC 2595 §4")));
        }
        if !known.tls && tag == "SASL" && line.split(' ').any(plain) {
            notes.push(self.oddity("conversation-odd-clear-sasl", &[], Some("RFC 8314 §3")));
        }
        notes
    }

    /// In which state the session is.
    pub(super) fn of_state(&mut self, state: State) -> Vec<Note> {
        self.taught(Of::State, state_name(state))
    }
}

/// A line without its end.
pub(super) fn trimmed(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn is_status(line: &[u8], status: &[u8]) -> bool {
    line.strip_prefix(status).is_some_and(|rest| rest.is_empty() || rest[0] == b' ')
}

/// A text as it is compared: letters alone, no code in front of it, whatever number stands in it.
fn spoken(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let text = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((_, text)) => text,
        None => &text,
    };
    text.chars().filter(|letter| letter.is_alphabetic()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(notes: &[Note]) -> Vec<Kind> {
        notes.iter().map(|note| note.kind).collect()
    }

    #[test]
    fn replies_that_no_rfc_allows_are_pointed_out() {
        let texts = Texts::new(Language::English);
        let explainer = Explainer::new(&texts);
        let mut known = Known::default();
        assert!(explainer.of_form(b"+OK\r\n", &known).is_empty());
        assert!(explainer.of_form(b"-ERR [AUTH] no\r\n", &known).is_empty());
        assert_eq!(explainer.of_form("+OK はい\r\n".as_bytes(), &known).len(), 1);
        known.beyond_ascii = true;
        assert!(explainer.of_form("+OK はい\r\n".as_bytes(), &known).is_empty(), "LANG was said");
        let said =
            |line: &[u8]| explainer.of_form(line, &known).iter().map(|note| note.text.clone()).collect::<String>();
        assert!(said(b"+OK\n").contains("CRLF"), "{}", said(b"+OK\n"));
        assert!(said(b"+ok\r\n").contains("capitals"), "{}", said(b"+ok\r\n"));
        assert!(said(b"+OKAY\r\n").contains("capitals"));
        assert!(said(b"+OK \x1b[2J\r\n").contains("control"));
        let long = [b"+OK ".as_slice(), &[b'x'; 507], b"\r\n"].concat();
        assert!(said(&long).contains("513"), "{}", said(&long));
        assert!(explainer.of_form(&long[1..], &known).len() == 1, "512 octets are allowed, a missing plus sign is not");
    }

    #[test]
    fn a_refusal_is_explained_by_its_code_and_by_a_text_that_is_ours() {
        let texts = Texts::new(Language::English);
        let mut explainer = Explainer::new(&texts);
        let known = Known::default();
        let notes = explainer.of_refusal(b"[IN-USE] Maildrop is locked by another session, please wait", &known);
        assert!(notes.iter().any(|note| note.text.starts_with("E-31: ")), "{notes:?}");
        assert!(notes[0].text.contains("in use"), "{notes:?}");
        let notes = explainer.of_refusal(b"[MAGIC] no", &known);
        assert_eq!(kinds(&notes), [Kind::Oddity]);
        let notes = explainer.of_refusal(b"go away", &known);
        assert!(notes.iter().all(|note| note.kind == Kind::Meaning && !note.text.starts_with("E-")), "{notes:?}");
    }

    #[test]
    fn the_second_time_takes_fewer_words() {
        let texts = Texts::new(Language::Japanese);
        let mut explainer = Explainer::new(&texts);
        let known = Known { tls: true, ..Known::default() };
        let first = explainer.of_command("CAPA", 4, &known);
        let second = explainer.of_command("CAPA", 4, &known);
        assert!(first.len() == 2 && second.len() == 1 && first[0] == second[0], "{first:?}");
        assert!(!first[0].text.is_ascii());
        let notes = explainer.of_command("STAT", 4, &known);
        assert_eq!(notes.last().map(|note| note.kind), Some(Kind::Oddity), "not in AUTHORIZATION");
    }
}
