//! What the server answers: exactly one reply to each command, in the words of the catalogue.

use std::borrow::Cow;
use std::io::Write;

use data_encoding::BASE64;

use crate::apop::Timestamp;
use crate::catalogue::{Assent, Language, Refusal};
use crate::sasl::Mechanism;
use crate::types::{MessageNumber, Octets};

/// The longest first line of a reply, its CRLF counted (RFC 2449 §4; P-023).
pub(crate) const FIRST_LINE_MAX: usize = 512;

/// A bracketed code in front of the text of `-ERR` (RFC 2449 §8, RFC 3206 §4, RFC 6856 §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResponseCode {
    /// The credentials are at fault.
    Auth,
    /// The maildrop is locked.
    InUse,
    /// The last login was too recent.
    LoginDelay,
    /// The system will do again later.
    SysTemp,
    /// The system needs its administrator.
    SysPerm,
    /// The message needs UTF8 mode.
    Utf8,
}

impl ResponseCode {
    /// Every one of them.
    pub const ALL: &[Self] = &[Self::Auth, Self::InUse, Self::LoginDelay, Self::SysTemp, Self::SysPerm, Self::Utf8];

    /// What stands between brackets, in any case; lower levels that are not known are left away, so that
    /// `SYS/TEMP/DISK` acts as `SYS/TEMP` (RFC 2449 §8; C-023).
    pub fn of(word: &str) -> Option<Self> {
        let begins = |code: &Self| {
            let known = code.word();
            word.get(..known.len()).is_some_and(|start| start.eq_ignore_ascii_case(known))
                && matches!(word.as_bytes().get(known.len()), None | Some(b'/' | b' '))
        };
        Self::ALL.iter().copied().find(begins)
    }

    /// As it stands between the brackets.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Auth => "AUTH",
            Self::InUse => "IN-USE",
            Self::LoginDelay => "LOGIN-DELAY",
            Self::SysTemp => "SYS/TEMP",
            Self::SysPerm => "SYS/PERM",
            Self::Utf8 => "UTF8",
        }
    }
}

/// A line of CAPA (RFC 2449 §6). Tags stand alone: some clients compare the whole line (P-132).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Capability {
    /// RFC 2449 §6.1.
    Top,
    /// RFC 2449 §6.8.
    Uidl,
    /// USER and PASS would be accepted now (RFC 2449 §6.2).
    User,
    /// The mechanisms that would be accepted now (RFC 5034 §3).
    Sasl(&'static [Mechanism]),
    /// RFC 2449 §6.4.
    RespCodes,
    /// RFC 3206 §6.
    AuthRespCode,
    /// RFC 2449 §6.6.
    Pipelining,
    /// RFC 2595 §4.
    Stls,
    /// Messages with UTF-8 in their header, and UTF-8 names and passwords (RFC 6856 §2).
    Utf8,
    /// RFC 6856 §3.
    Lang,
    /// Nothing is removed but by DELE and QUIT (RFC 2449 §6.7).
    ExpireNever,
    /// RFC 2449 §6.9; without a version (P-139).
    Implementation,
}

impl Capability {
    /// Its line, without CRLF.
    pub fn line(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Top => "TOP",
            Self::Uidl => "UIDL",
            Self::User => "USER",
            Self::Sasl(mechanisms) => {
                let names = mechanisms.iter().map(|mechanism| mechanism.name());
                return ["SASL"].into_iter().chain(names).collect::<Vec<_>>().join(" ").into();
            }
            Self::RespCodes => "RESP-CODES",
            Self::AuthRespCode => "AUTH-RESP-CODE",
            Self::Pipelining => "PIPELINING",
            Self::Stls => "STLS",
            Self::ExpireNever => "EXPIRE NEVER",
            Self::Utf8 => "UTF8 USER",
            Self::Lang => "LANG",
            Self::Implementation => "IMPLEMENTATION Watchpost",
        })
    }
}

/// The first line of a session (RFC 1939 §4). A `<` in it offers APOP, so there is none unless it does (P-003).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Greeting {
    /// The server is ready.
    Ready,
    /// The server is ready, and takes APOP.
    ReadyForApop(Timestamp),
    /// The server takes no session now (P-004).
    Refused(Refusal),
}

impl Greeting {
    /// Appends its line.
    pub fn write(&self, output: &mut Vec<u8>) {
        let language = Language::default();
        match self {
            Self::Ready => Reply::Ok(Assent::Ready).write(language, output),
            Self::ReadyForApop(timestamp) => {
                line(output, format_args!("+OK {} {}", Assent::Ready.text(language), timestamp.as_str()));
            }
            Self::Refused(refusal) => Reply::Err(*refusal).write(language, output),
        }
    }
}

/// One complete answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// `+OK` and a text.
    Ok(Assent),
    /// `-ERR`, a code if the row has one, and its text.
    Err(Refusal),
    /// The maildrop is open (RFC 1939 §4).
    MaildropReady {
        /// How many messages it holds.
        count: usize,
        /// Their sizes together.
        octets: Octets,
    },
    /// The drop listing of STAT (RFC 1939 §5).
    DropListing {
        /// How many messages are not marked as deleted.
        count: usize,
        /// Their sizes together.
        octets: Octets,
    },
    /// The highest message-number that was retrieved, or zero (RFC 1460 §5).
    Last(usize),
    /// One scan listing (RFC 1939 §5).
    ScanListing(MessageNumber, Octets),
    /// One unique-id listing (RFC 1939 §7).
    UniqueIdListing(MessageNumber, String),
    /// The first line of RETR: some clients read the number (P-164).
    Octets(Octets),
    /// The first line of TOP. It says nothing more: Wireshark takes whatever stands there for the size of what follows.
    TopFollows,
    /// A line per capability, ended by a lone dot (RFC 2449 §5).
    Capabilities(Vec<Capability>),
    /// A line per mechanism, ended by a lone dot: what `AUTH` alone asks for (P-100).
    Mechanisms(&'static [Mechanism]),
    /// A line per language, ended by a lone dot (RFC 6856 §3.2).
    Languages,
    /// The language is this one now (RFC 6856 §3.2).
    LanguageChanged(Language),
    /// `+ ` and base64: the client's turn in a SASL exchange (RFC 5034 §4; P-091).
    Challenge(&'static str),
}

impl Reply {
    /// Whether it begins with `+OK`.
    pub fn is_positive(&self) -> bool {
        !matches!(self, Self::Err(_) | Self::Challenge(_))
    }

    /// Appends it as it goes over the wire.
    pub fn write(&self, language: Language, output: &mut Vec<u8>) {
        match self {
            Self::Ok(assent) => line(output, format_args!("+OK {}", assent.text(language))),
            Self::Err(refusal) => error(*refusal, language, output),
            Self::MaildropReady { count, octets } => {
                let messages = if *count == 1 { "message" } else { "messages" };
                let text = match language {
                    Language::English => format!("maildrop has {count} {messages} ({octets} octets)"),
                    Language::Japanese => {
                        format!("メールボックスには {count} 通、{octets} オクテットのメッセージがあります。")
                    }
                };
                line(output, format_args!("+OK {text}"));
            }
            Self::DropListing { count, octets } => line(output, format_args!("+OK {count} {octets}")),
            Self::Last(number) => line(output, format_args!("+OK {number}")),
            Self::ScanListing(number, octets) => line(output, format_args!("+OK {number} {octets}")),
            Self::UniqueIdListing(number, id) => line(output, format_args!("+OK {number} {id}")),
            Self::Octets(octets) => line(output, format_args!("+OK {octets} octets")),
            Self::TopFollows => line(output, format_args!("+OK")),
            Self::Capabilities(capabilities) => {
                let lines = capabilities.iter().map(|capability| capability.line());
                multiline(Assent::Capabilities, lines, language, output);
            }
            Self::Mechanisms(mechanisms) => {
                multiline(Assent::Mechanisms, mechanisms.iter().map(|mechanism| mechanism.name()), language, output);
            }
            Self::Languages => {
                let lines = Language::ALL.iter().map(|language| format!("{} {}", language.tag(), language.own_name()));
                multiline(Assent::Languages, lines, language, output);
            }
            Self::LanguageChanged(new) => {
                line(output, format_args!("+OK {} {}", new.tag(), Assent::LanguageChanged.text(*new)));
            }
            Self::Challenge(text) => line(output, format_args!("+ {}", BASE64.encode(text.as_bytes()))),
        }
    }
}

fn multiline<L: std::fmt::Display>(
    title: Assent,
    lines: impl Iterator<Item = L>,
    language: Language,
    output: &mut Vec<u8>,
) {
    Reply::Ok(title).write(language, output);
    lines.for_each(|text| line(output, format_args!("{text}")));
    line(output, format_args!("."));
}

pub(crate) fn line(output: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    output.write_fmt(text).expect("a Vec takes any octets");
    output.extend_from_slice(b"\r\n");
}

fn error(refusal: Refusal, language: Language, output: &mut Vec<u8>) {
    let code = refusal.row().code.map(|code| format!("[{}] ", code.word())).unwrap_or_default();
    let mut text = refusal.text(language);
    text.truncate(text.floor_char_boundary(FIRST_LINE_MAX - "-ERR ".len() - code.len() - "\r\n".len()));
    line(output, format_args!("-ERR {code}{text}"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::TABLE_B;

    fn written(reply: &Reply, language: Language) -> String {
        let mut output = Vec::new();
        reply.write(language, &mut output);
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn errors_are_one_line_of_at_most_512_octets_in_both_languages() {
        // P-023, P-032, P-141
        let number = MessageNumber::from_index(u32::MAX as usize - 2).unwrap();
        let refusals = [
            Refusal::AuthenticationFailed,
            Refusal::MaildropInUse,
            Refusal::NoSuchMessage(usize::MAX),
            Refusal::MessageUnreadable(number),
            Refusal::LoginTooSoon(u32::MAX),
        ];
        for (refusal, language) in
            refusals.into_iter().flat_map(|refusal| [(refusal, Language::English), (refusal, Language::Japanese)])
        {
            let text = written(&Reply::Err(refusal), language);
            assert!(text.starts_with("-ERR ") && text.ends_with("\r\n") && text.len() <= FIRST_LINE_MAX, "{text}");
            assert_eq!(text.matches("\r\n").count(), 1);
            assert!(!text.contains("{}"), "{text}");
        }
        assert_eq!(
            written(&Reply::Err(Refusal::MaildropInUse), Language::English),
            "-ERR [IN-USE] Maildrop is locked by another session, please wait\r\n"
        );
        assert_eq!(
            written(&Reply::Err(Refusal::NoSuchMessage(3)), Language::Japanese),
            "-ERR 該当するメッセージはありません。メッセージは全部で 3 通です。\r\n"
        );
    }

    #[test]
    fn response_codes_are_understood_in_any_case_and_by_their_known_levels() {
        // C-023
        let of = ResponseCode::of;
        assert_eq!(of("sys/temp/DISK"), Some(ResponseCode::SysTemp));
        assert_eq!(of("In-Use"), Some(ResponseCode::InUse));
        assert_eq!((of("AUTHX"), of("SYS"), of(""), of("é")), (None, None, None, None));
        assert!(ResponseCode::ALL.iter().all(|code| of(code.word()) == Some(*code)));
    }

    #[test]
    fn table_b_is_whole_and_fits_into_lines() {
        // P-023: the longest number has twenty digits.
        assert_eq!(TABLE_B.len(), 61);
        for (place, row) in TABLE_B.iter().enumerate() {
            assert_eq!(row.id, format!("E-{:02}", place + 1));
            for text in [row.english, row.japanese] {
                assert!(!text.is_empty() && !text.starts_with('[') && text.len() + 45 <= FIRST_LINE_MAX, "{text}");
                assert!(!text.contains(['\r', '\n', '\0']));
            }
            assert_eq!(row.english.contains("{}"), row.japanese.contains("{}"), "{}", row.id);
        }
    }

    #[test]
    fn english_texts_of_lasting_errors_do_not_read_as_busy() {
        // P-241
        for row in TABLE_B {
            let transient =
                matches!(row.code, Some(ResponseCode::InUse | ResponseCode::LoginDelay | ResponseCode::SysTemp));
            let text = row.english;
            let busy = text.to_lowercase().contains("lock")
                || text.contains("wait")
                || (text.contains("service") && text.contains("unavailable"));
            assert!(transient || !busy, "{}: {text}", row.id);
        }
    }

    #[test]
    fn the_greeting_offers_no_apop() {
        // P-002, P-003, P-139
        let mut output = Vec::new();
        Greeting::Ready.write(&mut output);
        assert_eq!(output, b"+OK Watchpost ready\r\n");
    }
}
