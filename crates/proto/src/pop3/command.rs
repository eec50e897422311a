//! What a client says: one line, one command.

use crate::apop::ApopDigest;
use crate::catalogue::Refusal;
use crate::credentials::{Password, prepared};
use crate::pop3::State;
use crate::sasl::Mechanism;
use crate::types::{MessageNumber, decimal};
use zeroize::Zeroizing;

macro_rules! verbs {
    ($($verb:ident $word:literal $($state:ident)*;)*) => {
        /// The first word of a command.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Verb {
            $(#[doc = $word] $verb,)*
        }

        impl Verb {
            /// Every verb this server obeys.
            pub const ALL: &[Self] = &[$(Self::$verb,)*];

            /// As it stands in the line.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$verb => $word,)* }
            }

            /// Whether Table A allows it there (P-006).
            pub const fn is_valid_in(self, state: State) -> bool {
                match self { $(Self::$verb => matches!(state, $(State::$state)|*),)* }
            }
        }
    };
}

verbs! {
    Apop "APOP" Authorization;
    Auth "AUTH" Authorization;
    Capa "CAPA" Authorization Transaction;
    Dele "DELE" Transaction;
    Lang "LANG" Authorization Transaction;
    Last "LAST" Transaction;
    List "LIST" Transaction;
    Noop "NOOP" Transaction;
    Pass "PASS" Authorization;
    Quit "QUIT" Authorization Transaction;
    Retr "RETR" Transaction;
    Rset "RSET" Transaction;
    Stat "STAT" Transaction;
    Stls "STLS" Authorization;
    Top "TOP" Transaction;
    Uidl "UIDL" Transaction;
    User "USER" Authorization;
    Utf8 "UTF8" Authorization;
}

impl Verb {
    /// Keywords match in any case (P-020).
    fn of(word: &[u8]) -> Option<Self> {
        const PACKED: [u32; Verb::ALL.len()] = {
            let mut packed = [0; Verb::ALL.len()];
            let mut place = 0;
            while place < packed.len() {
                packed[place] = packed_word(Verb::ALL[place].word().as_bytes());
                place += 1;
            }
            packed
        };
        let is_short = (1..=4).contains(&word.len());
        let word = is_short.then(|| packed_word(word))?;
        PACKED.iter().position(|packed| *packed == word).map(|place| Self::ALL[place])
    }

    /// The verb that a line begins with. The line may have its end still.
    pub(crate) fn beginning(line: &[u8]) -> Option<Self> {
        let end = line.iter().position(|octet| matches!(octet, b' ' | b'\r' | b'\n')).unwrap_or(line.len());
        Self::of(&line[..end])
    }
}

/// A word of four octets at the most, in capitals, as one number: all keywords are compared at once. What is missing
/// to four is no octet that stands in capitals.
const fn packed_word(word: &[u8]) -> u32 {
    assert!(word.len() <= 4, "no keyword is longer (RFC 1939 §3)");
    let mut packed = [b'a'; 4];
    let mut place = 0;
    while place < word.len() {
        packed[place] = word[place].to_ascii_uppercase();
        place += 1;
    }
    u32::from_be_bytes(packed)
}

/// A well-formed command. Its `Debug` is safe to log: a password in it stays silent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// RFC 1939 §7.
    Apop {
        /// Who.
        name: Vec<u8>,
        /// The proof; `None` when it is no digest.
        digest: Option<ApopDigest>,
    },
    /// RFC 5034 §4; alone it asks for a list of mechanisms (P-100).
    Auth(Option<AuthStart>),
    /// RFC 2449 §5.
    Capa,
    /// RFC 1939 §5.
    Dele(MessageNumber),
    /// RFC 6856 §3; without a range: which languages there are.
    Lang(Option<Vec<u8>>),
    /// RFC 1460 §5; obsolete, and off unless switched on.
    Last,
    /// RFC 1939 §5; without a number: all.
    List(Option<MessageNumber>),
    /// RFC 1939 §5.
    Noop,
    /// RFC 1939 §7.
    Pass(Password),
    /// RFC 1939 §4 and §6.
    Quit,
    /// RFC 1939 §5.
    Retr(MessageNumber),
    /// RFC 1939 §5.
    Rset,
    /// RFC 1939 §5.
    Stat,
    /// RFC 2595 §4.
    Stls,
    /// RFC 1939 §7.
    Top {
        /// Which message.
        number: MessageNumber,
        /// How many lines of its body; saturates (P-172).
        lines: u64,
    },
    /// RFC 1939 §7; without a number: all.
    Uidl(Option<MessageNumber>),
    /// RFC 1939 §7.
    User(Vec<u8>),
    /// RFC 6856 §2.
    Utf8,
}

/// How a SASL exchange begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthStart {
    /// `None`: no mechanism of ours.
    pub mechanism: Option<Mechanism>,
    /// The initial response, still encoded. May hold a password.
    pub initial: Option<Password>,
}

/// A line as far as it could be understood: the verb, if it is one, and the command or why it is none.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) verb: Option<Verb>,
    pub(crate) command: Result<Command, Refusal>,
}

impl Command {
    /// The mechanism of an AUTH that begins an exchange.
    pub(crate) fn mechanism(&self) -> Option<Mechanism> {
        match self {
            Self::Auth(Some(start)) => start.mechanism,
            _ => None,
        }
    }

    /// Reads one line, without its end (RFC 1939 §3; P-020 … P-031).
    pub(crate) fn parse(line: &[u8]) -> Parsed {
        let end = line.iter().position(|octet| *octet == b' ').unwrap_or(line.len());
        let verb = Verb::of(&line[..end]);
        // Before any lookup: NUL, other controls and DEL are in no command (P-028).
        if line.iter().any(u8::is_ascii_control) {
            return Parsed { verb, command: Err(Refusal::InvalidCharacter) };
        }
        let Some(found) = verb else { return Parsed { verb, command: Err(Refusal::UnknownCommand) } };
        let command = match found {
            // Everything behind the first space is the password (P-026).
            Verb::Pass => password(line.get(end + 1..).unwrap_or_default()),
            _ => arguments(found, &line[end..]),
        };
        Parsed { verb, command }
    }
}

fn arguments(verb: Verb, text: &[u8]) -> Result<Command, Refusal> {
    let mut words = Words { text };
    let command = match verb {
        Verb::Apop => Command::Apop { name: words.name()?, digest: ApopDigest::parse(words.required()?) },
        Verb::Auth => Command::Auth(words.next().map(|mechanism| AuthStart {
            mechanism: Mechanism::of(mechanism),
            initial: words.next().map(Password::new),
        })),
        Verb::Capa => Command::Capa,
        Verb::Dele => Command::Dele(words.number()?),
        Verb::Lang => Command::Lang(words.next().map(<[u8]>::to_vec)),
        Verb::Last => Command::Last,
        Verb::List => Command::List(words.optional_number()?),
        Verb::Noop => Command::Noop,
        Verb::Pass => unreachable!("the argument of PASS is not cut into words"),
        Verb::Quit => Command::Quit,
        Verb::Retr => Command::Retr(words.number()?),
        Verb::Rset => Command::Rset,
        Verb::Stat => Command::Stat,
        Verb::Stls => Command::Stls,
        Verb::Top => Command::Top { number: words.number()?, lines: words.lines()? },
        Verb::Uidl => Command::Uidl(words.optional_number()?),
        Verb::User => Command::User(words.name()?),
        Verb::Utf8 => Command::Utf8,
    };
    // Surplus arguments are an error (P-031).
    if words.next().is_some() { Err(Refusal::UnexpectedArgument) } else { Ok(command) }
}

fn password(octets: &[u8]) -> Result<Command, Refusal> {
    if octets.is_empty() {
        return Err(Refusal::MissingArgument);
    }
    identity(octets).map(|octets| Command::Pass(Password::new(octets.as_slice())))
}

/// A name or password: `UTF8 USER` is announced, so beyond ASCII it must be UTF-8 that can be prepared (P-029, P-207).
fn identity(octets: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    prepared(octets).ok_or(Refusal::InvalidEncoding)
}

/// Words between any number of spaces (P-025).
struct Words<'a> {
    text: &'a [u8],
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let start = self.text.iter().position(|octet| *octet != b' ')?;
        let text = &self.text[start..];
        let end = text.iter().position(|octet| *octet == b' ').unwrap_or(text.len());
        self.text = &text[end..];
        Some(&text[..end])
    }
}

impl<'a> Words<'a> {
    fn number(&mut self) -> Result<MessageNumber, Refusal> {
        self.optional_number()?.ok_or(Refusal::MissingArgument)
    }

    fn optional_number(&mut self) -> Result<Option<MessageNumber>, Refusal> {
        self.next().map(|word| MessageNumber::parse(word).ok_or(Refusal::InvalidMessageNumber)).transpose()
    }

    fn required(&mut self) -> Result<&'a [u8], Refusal> {
        self.next().ok_or(Refusal::MissingArgument)
    }

    fn lines(&mut self) -> Result<u64, Refusal> {
        decimal(self.required()?).ok_or(Refusal::InvalidLineCount)
    }

    fn name(&mut self) -> Result<Vec<u8>, Refusal> {
        identity(self.required()?).map(|name| name.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(line: &str) -> Refusal {
        Command::parse(line.as_bytes()).command.expect_err(line)
    }

    fn command(line: &str) -> Command {
        Command::parse(line.as_bytes()).command.expect(line)
    }

    #[test]
    fn keywords_match_in_any_case_and_between_any_spaces() {
        // P-020, P-025
        let number = MessageNumber::parse(b"2").unwrap();
        assert_eq!(command("rEtR   2  "), Command::Retr(number));
        assert_eq!(command("TOP 2 0"), Command::Top { number, lines: 0 });
        assert_eq!(command("stat "), Command::Stat);
    }

    #[test]
    fn every_space_of_a_password_counts() {
        // P-026
        assert_eq!(command("PASS  a  b "), Command::Pass(Password::new(" a  b ")));
        assert_eq!(command("pass  "), Command::Pass(Password::new(" ")));
        assert_eq!(refusal("PASS "), Refusal::MissingArgument);
        assert_eq!(refusal("PASS"), Refusal::MissingArgument);
    }

    #[test]
    fn surplus_and_missing_arguments_are_errors() {
        // P-031
        for line in ["STAT 1", "NOOP x", "QUIT now", "RETR 1 2", "TOP 1 2 3", "CAPA x", "STLS x", "USER a b"] {
            assert_eq!(refusal(line), Refusal::UnexpectedArgument, "{line}");
        }
        for line in ["RETR", "DELE ", "TOP", "TOP 1", "USER", "USER  "] {
            assert_eq!(refusal(line), Refusal::MissingArgument, "{line}");
        }
    }

    #[test]
    fn controls_and_foreign_octets_are_refused_before_any_lookup() {
        // P-028, P-029
        for line in ["RETR 1\0", "RE\rTR 1", "STAT\t", "\u{7f}", "PASS a\u{1}b"] {
            assert_eq!(refusal(line), Refusal::InvalidCharacter, "{line:?}");
        }
        assert_eq!(command("USER ゆき"), Command::User("ゆき".as_bytes().to_vec()));
        for line in [&b"USER \xe3\x82"[..], b"PASS \xff", "USER a\u{202e}b".as_bytes()] {
            assert_eq!(Command::parse(line).command, Err(Refusal::InvalidEncoding), "{line:?}");
        }
        assert_eq!(refusal("ゆき"), Refusal::UnknownCommand);
        assert_eq!(refusal(""), Refusal::UnknownCommand);
    }

    #[test]
    fn a_line_count_may_be_larger_than_any_message() {
        // P-172
        for lines in ["99999999", "2147483647", "99999999999999999999999999"] {
            assert!(matches!(command(&format!("TOP 1 {lines}")), Command::Top { lines, .. } if lines >= 99_999_999));
        }
        for lines in ["-1", "+1", "x", "1.5"] {
            assert_eq!(refusal(&format!("TOP 1 {lines}")), Refusal::InvalidLineCount);
        }
    }

    #[test]
    fn the_debug_form_of_a_command_shows_no_password() {
        // S-029
        assert!(!format!("{:?}", Command::parse(b"PASS sesame")).contains("sesame"));
    }

    #[test]
    fn verbs_are_valid_where_table_a_says() {
        // P-006
        for verb in Verb::ALL {
            let row = crate::catalogue::TABLE_A.iter().find(|row| row.command == verb.word()).expect("a row");
            for state in [State::Authorization, State::Transaction, State::Update] {
                assert_eq!(verb.is_valid_in(state), row.states.contains(&state), "{verb:?} in {state:?}");
            }
        }
    }
}
