//! `p3f`: what a client is known by from the way it speaks POP3, where no TLS fingerprint exists.

use std::fmt;

use serde::{Deserialize, Serialize};
use watchpost_proto::pop3::Verb;

use crate::event::{Letters, Spoken, SpokenEnd};

/// Commands of a session that its shape keeps.
const WORDS: usize = 8;
/// Octets of a script at the most: the commands, dots between them, and three words.
const SCRIPT_MAX: usize = 2 * WORDS - 1 + "|mixed|mixed|pl0".len();

/// How a client speaks, written down without memory of its own: it is asked at each login.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Script {
    octets: [u8; SCRIPT_MAX],
    length: usize,
}

impl Script {
    fn push(&mut self, text: &[u8]) {
        let end = self.length + text.len();
        self.octets[self.length..end].copy_from_slice(text);
        self.length = end;
    }

    pub(crate) fn as_octets(&self) -> &[u8] {
        &self.octets[..self.length]
    }

    fn into_text(self, room: usize) -> String {
        let mut text = String::with_capacity(self.length + room);
        text.push_str(str::from_utf8(self.as_octets()).expect("letters, dots and words of ASCII"));
        text
    }
}

/// How a client writes: kept while it speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    words: [u8; WORDS],
    count: u8,
    /// Commands in all.
    commands: u32,
    line_ends: u8,
    letters: u8,
    pipelined: bool,
    quit: bool,
    logins: u16,
    gaps: u32,
    gaps_milliseconds: u64,
    last_milliseconds: u64,
    words_seen: u32,
    /// The last line was AUTH, or SASL data behind it.
    in_auth: bool,
}

/// The letter that stands for a command.
fn letter(spoken: &Spoken) -> u8 {
    match spoken.verb {
        Some(Verb::Apop) => b'O',
        Some(Verb::Auth) => b'A',
        Some(Verb::Capa) => b'C',
        Some(Verb::Dele) => b'D',
        Some(Verb::Lang) => b'G',
        Some(Verb::Last) => b'B',
        Some(Verb::List) => b'L',
        Some(Verb::Noop) => b'N',
        Some(Verb::Pass) => b'P',
        Some(Verb::Quit) => b'Q',
        Some(Verb::Retr) => b'R',
        Some(Verb::Rset) => b'Z',
        Some(Verb::Stat) => b'S',
        Some(Verb::Stls) => b'T',
        Some(Verb::Top) => b'V',
        Some(Verb::Uidl) => b'I',
        Some(Verb::User) => b'U',
        Some(Verb::Utf8) => b'8',
        None if says(spoken, b"HELP") => b'H',
        None if says(spoken, b"XTND") => b'E',
        None => b'X',
    }
}

/// Whether the line begins with this word.
pub(crate) fn says(spoken: &Spoken, word: &[u8]) -> bool {
    let octets = spoken.text.as_octets();
    octets.len() >= word.len()
        && octets[..word.len()].eq_ignore_ascii_case(word)
        && octets.get(word.len()).is_none_or(|octet| !octet.is_ascii_alphanumeric())
}

/// Each letter has a bit of its own; `8` stands before `A`.
const fn bit(letter: u8) -> u32 {
    if letter == b'8' { 1 } else { 2 << (letter.wrapping_sub(b'A') % 31) }
}

impl Shape {
    /// The client said something, so many milliseconds after 1970.
    pub fn hear(&mut self, spoken: &Spoken, milliseconds: u64) {
        // SASL data are no words: how many lines a mechanism takes says nothing of who speaks.
        if self.in_auth && spoken.verb.is_none() && spoken.text.as_octets().is_empty() {
            self.pause(milliseconds);
            return;
        }
        let letter = letter(spoken);
        self.in_auth = letter == b'A';
        if let Some(place) = self.words.get_mut(usize::from(self.count)) {
            *place = letter;
            self.count += 1;
        }
        self.words_seen |= bit(letter);
        self.commands = self.commands.saturating_add(1);
        self.line_ends |= match spoken.line_end {
            SpokenEnd::CrLf => 1,
            SpokenEnd::Lf => 2,
            SpokenEnd::None => 4,
        };
        self.letters |= match spoken.letters {
            Letters::Upper => 1,
            Letters::Lower => 2,
            Letters::Mixed => 4,
        };
        self.pipelined |= spoken.pipelined;
        self.quit |= letter == b'Q';
        if matches!(letter, b'P' | b'A' | b'O') {
            self.logins = self.logins.saturating_add(1);
        }
        self.pause(milliseconds);
    }

    fn pause(&mut self, milliseconds: u64) {
        if self.last_milliseconds > 0 {
            self.gaps += 1;
            self.gaps_milliseconds += milliseconds.saturating_sub(self.last_milliseconds);
        }
        self.last_milliseconds = milliseconds;
    }

    /// Whether it said nothing but these (letters as in the text).
    pub(crate) fn only(&self, letters: &[u8]) -> bool {
        self.words_seen & !letters.iter().fold(0, |bits, letter| bits | bit(*letter)) == 0
    }

    /// Whether it said this.
    pub(crate) fn said(&self, letter: u8) -> bool {
        self.words_seen & bit(letter) != 0
    }

    /// How many commands it said.
    pub(crate) const fn commands(&self) -> u32 {
        self.commands
    }

    /// Whether it said QUIT.
    pub(crate) const fn quit(&self) -> bool {
        self.quit
    }

    fn words(&self) -> &[u8] {
        &self.words[..usize::from(self.count)]
    }

    /// How it speaks, as far as a login: `C.U.P|crlf|upper|pl0`. Known before the reply to a login, it does not
    /// depend on what the reply is.
    pub fn script(&self) -> String {
        self.script_so_far().into_text(0)
    }

    pub(crate) fn script_so_far(&self) -> Script {
        let end = self.words().iter().position(|word| matches!(word, b'P' | b'A' | b'O')).map_or(WORDS, |at| at + 1);
        self.written(&self.words()[..end.min(self.words().len())])
    }

    fn written(&self, words: &[u8]) -> Script {
        let mut script = Script { octets: [0; SCRIPT_MAX], length: 0 };
        for (at, word) in words.iter().enumerate() {
            script.push(if at > 0 { b"." } else { b"" });
            script.push(&[*word]);
        }
        script.push(match self.line_ends {
            0 | 1 => b"|crlf",
            2 => b"|lf",
            _ => b"|mixed",
        });
        script.push(match self.letters {
            1 => b"|upper",
            2 => b"|lower",
            _ => b"|mixed",
        });
        script.push(if self.pipelined { b"|pl1" } else { b"|pl0" });
        script
    }

    /// All of it: `U.P.U.P|crlf|upper|pl0|q0|g1|n14`: the first eight commands, line ends, letters, pipelining, QUIT,
    /// how fast it speaks, how many logins it tried.
    pub fn p3f(&self) -> String {
        let mut text = self.written(self.words()).into_text("|q0|g0|n65535".len());
        text.push_str(if self.quit { "|q1|g" } else { "|q0|g" });
        text.push(char::from(b'0' + self.gap()));
        text.push_str("|n");
        match u8::try_from(self.logins) {
            Ok(few @ 0..10) => text.push(char::from(b'0' + few)),
            _ => text.push_str(&self.logins.to_string()),
        }
        text
    }

    /// The mean gap between commands: 0 below 20 ms, 1 below 300 ms, 2 below 2 s, 3 from there on.
    fn gap(&self) -> u8 {
        match self.gaps_milliseconds.checked_div(u64::from(self.gaps)) {
            None | Some(0..20) => 0,
            Some(20..300) => 1,
            Some(300..2_000) => 2,
            Some(_) => 3,
        }
    }

    /// What the client is, where its shape is its own.
    pub fn tool(&self) -> Option<Tool> {
        let words = self.words();
        let upper = self.letters == 1 && self.line_ends == 1;
        match words {
            [b'H', b'N' | b'T', ..] => Some(Tool::Zgrab),
            // Several guesses on one connection, none of them with QUIT.
            [b'U', b'P', b'U', b'P', ..] | [b'A', b'A', ..] if upper && !self.quit && self.logins > 1 => {
                Some(Tool::Hydra)
            }
            [b'C', b'U', b'P', ..] | [b'C', b'A', ..] if self.quit && self.ends_like_curl() => Some(Tool::Curl),
            [b'C', .., b'S', b'B', _] | [b'C', .., b'S', b'B'] => Some(Tool::Fetchmail),
            [b'C', .., b'S', b'I', b'L'] | [b'C', .., b'S', b'I', b'L', _] if upper => Some(Tool::Mpop),
            [b'U', b'P', b'Q'] | [b'U', b'P', b'S' | b'L' | b'I', ..] if upper && self.quit => Some(Tool::Poplib),
            [b'C', b'Q'] | [b'C'] if upper => Some(Tool::CapabilityProbe),
            _ => None,
        }
    }

    /// curl asks for one thing after the login, and goes.
    fn ends_like_curl(&self) -> bool {
        let after = self.words().iter().rposition(|word| matches!(word, b'P' | b'A'));
        let after = after.map_or(&[][..], |at| &self.words()[at + 1..]);
        matches!(after, [b'L' | b'R' | b'I' | b'S' | b'V', b'Q'])
    }
}

/// Who a client is, to rules: its TLS fingerprint and its script as far as the login.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Fingerprint {
    /// JA4 of its ClientHello; empty in clear text.
    pub ja4: String,
    /// [`Shape::script`].
    pub script: String,
}

impl Fingerprint {
    /// A short name that does not change: `c-7f3a91`.
    pub fn campaign(&self) -> String {
        let octets = self.ja4.bytes().chain(*b"|").chain(self.script.bytes());
        let hash = octets
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, octet| (hash ^ u64::from(octet)).wrapping_mul(0x100_0000_01b3));
        format!("c-{:06x}", crate::table::mixed(hash) >> 40)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}|{}", if self.ja4.is_empty() { "-" } else { &self.ja4 }, self.script)
    }
}

/// A client that is known by its shape. Others may imitate it: a name, no proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tool {
    /// CAPA and nothing else: nmap, account set-up of mail programs, monitors.
    CapabilityProbe,
    /// curl.
    Curl,
    /// fetchmail.
    Fetchmail,
    /// THC-Hydra, or a guesser that writes as it does.
    Hydra,
    /// mpop.
    Mpop,
    /// Metasploit's scanner of logins, ncrack, Medusa: one guess on each connection, no QUIT.
    OneGuess,
    /// nmap's scripts.
    Nmap,
    /// Python's poplib, and getmail, which is made with it.
    Poplib,
    /// zgrab, with which the internet is surveyed.
    Zgrab,
}

impl Tool {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CapabilityProbe => "CAPA",
            Self::Curl => "curl",
            Self::Fetchmail => "fetchmail",
            Self::Hydra => "THC-Hydra",
            Self::Mpop => "mpop",
            Self::OneGuess => "Metasploit / ncrack / Medusa",
            Self::Nmap => "nmap",
            Self::Poplib => "Python poplib / getmail",
            Self::Zgrab => "zgrab",
        }
    }
}

/// What sort of visitor a session was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// It said nothing: port scan, load balancer, health check.
    Silent,
    /// It looked at what we offer and went.
    Probe,
    /// A mail program setting an account up: it named the server, looked at CAPA and went.
    Autoconfig,
    /// A survey of the internet: no mail program says what it said.
    Scanner,
    /// A monitor: regular, and it reads no mail.
    Monitor,
    /// A mail program.
    MailApp,
    /// A program that fetches mail without a person.
    Fetcher,
    /// A device with an old password.
    StaleDevice,
    /// An owner who mistyped.
    Mistyped,
    /// It guessed.
    Guesser,
    /// It spoke something else; it may be a mail program that is set up wrongly.
    WrongProtocol,
    /// It tried to break something.
    Exploiter,
    /// It came in, and a rule doubts that it was the owner.
    Intruder,
    /// None of these.
    Other,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Untrusted;
    use crate::event::Oddities;
    use watchpost_proto::pop3::State;

    fn shape(lines: &[&str]) -> Shape {
        let mut shape = Shape::default();
        for (line, milliseconds) in lines.iter().zip((1_000..).step_by(100)) {
            let word = line.split(' ').next().expect("a word");
            let verb = Verb::ALL.iter().copied().find(|verb| verb.word().eq_ignore_ascii_case(word));
            let spoken = Spoken {
                state: State::Authorization,
                verb,
                text: Untrusted::new(line.as_bytes()),
                hidden: 0,
                octets: 0,
                line_end: SpokenEnd::CrLf,
                letters: if line.starts_with(char::is_uppercase) { Letters::Upper } else { Letters::Lower },
                pipelined: false,
                oddities: Oddities::default(),
            };
            shape.hear(&spoken, milliseconds);
        }
        shape
    }

    #[test]
    fn a_script_reaches_as_far_as_the_login_and_p3f_to_the_end() {
        let guesser = shape(&["USER a", "PASS", "USER b", "PASS"]);
        assert_eq!(guesser.script(), "U.P|crlf|upper|pl0");
        assert_eq!(guesser.p3f(), "U.P.U.P|crlf|upper|pl0|q0|g1|n2");
        assert_eq!(shape(&["capa", "auth plain", "quit"]).script(), "C.A|crlf|lower|pl0");
        assert_eq!(shape(&["AUTH LOGIN", "", "", "QUIT"]).p3f(), "A.Q|crlf|upper|pl0|q1|g1|n1");
    }

    #[test]
    fn tools_are_known_by_their_shape() {
        for (lines, tool) in [
            (&["HELP", "NOOP", "STLS", "QUIT"][..], Some(Tool::Zgrab)),
            (&["USER a", "PASS", "USER a", "PASS"], Some(Tool::Hydra)),
            // Where SASL PLAIN is offered; the empty lines stand for its data, which nobody is told.
            (&["AUTH PLAIN", "", "AUTH PLAIN", "", "AUTH PLAIN", ""], Some(Tool::Hydra)),
            (&["CAPA", "AUTH PLAIN", "", "RETR 1", "QUIT"], Some(Tool::Curl)),
            (&["CAPA", "AUTH PLAIN", "RETR 1", "QUIT"], Some(Tool::Curl)),
            (&["CAPA", "USER a", "PASS", "STAT", "LAST", "LIST"], Some(Tool::Fetchmail)),
            (&["CAPA", "USER a", "PASS", "STAT", "UIDL", "LIST"], Some(Tool::Mpop)),
            (&["USER a", "PASS", "STAT", "QUIT"], Some(Tool::Poplib)),
            (&["USER a", "PASS", "NOOP"], None),
        ] {
            assert_eq!(shape(lines).tool(), tool, "{lines:?}");
        }
    }

    #[test]
    fn a_word_that_is_none_of_ours_is_taken_for_no_other() {
        let unknown = shape(&["CAPA", "XYZZY"]);
        assert!(unknown.said(b'X') && !unknown.said(b'8') && !unknown.only(b"CTNHAQ8G"));
        assert!(shape(&["CAPA", "UTF8"]).only(b"C8"));
    }

    #[test]
    fn a_campaign_keeps_its_name() {
        let fingerprint = Fingerprint { ja4: String::new(), script: "U.P|crlf|upper|pl0".to_owned() };
        assert_eq!(fingerprint.campaign(), fingerprint.clone().campaign());
        assert_eq!(fingerprint.campaign().len(), 8);
        assert_eq!(fingerprint.to_string(), "-|U.P|crlf|upper|pl0");
    }
}
