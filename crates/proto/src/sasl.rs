//! SASL as POP3 carries it (RFC 4422, RFC 5034).
//!
//! Here is the server's half of PLAIN and LOGIN; [`Initiator`] is the client's half of every mechanism, and [`scram`] has
//! both halves of SCRAM.

mod initiator;
pub mod scram;

use data_encoding::BASE64;
use zeroize::Zeroizing;

pub use self::initiator::{Abort, Initiator, LoginStep};

use crate::catalogue::Refusal;
use crate::credentials::{Credentials, Password, prepared};

/// Octets of a name or password in PLAIN that must be accepted, and are at the most (RFC 4616 §2).
const PART_MAX: usize = 255;

/// A mechanism this server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mechanism {
    /// RFC 4616.
    Plain,
    /// Never standardised; old clients know nothing else.
    Login,
}

impl Mechanism {
    /// Every one of them, best first.
    pub const ALL: &[Self] = &[Self::Plain, Self::Login];

    /// Its registered name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
        }
    }

    /// Names match in any case (RFC 5034 §5).
    pub(crate) fn of(word: &[u8]) -> Option<Self> {
        Self::ALL.iter().copied().find(|mechanism| word.eq_ignore_ascii_case(mechanism.name().as_bytes()))
    }
}

/// What the server says next in an exchange.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// `+ ` and this, as base64.
    Challenge(&'static str),
    /// The client has said everything.
    Offered(Credentials),
    /// It is over.
    Refused(Refusal),
}

/// An exchange that waits for the client's next line.
#[derive(Debug)]
pub(crate) enum Exchange {
    Plain,
    LoginName,
    LoginPassword { name: Vec<u8> },
}

impl Exchange {
    /// Begins. `initial` is what stood behind the mechanism, still encoded; `=` stands for present but empty (P-092).
    pub(crate) fn begin(mechanism: Mechanism, initial: Option<&[u8]>) -> (Option<Self>, Turn) {
        match (mechanism, initial) {
            (Mechanism::Plain, None) => (Some(Self::Plain), Turn::Challenge("")),
            (Mechanism::Plain, Some(b"=")) => (None, plain(&[])),
            (Mechanism::Plain, Some(encoded)) => Self::Plain.hear(encoded),
            (Mechanism::Login, None) => (Some(Self::LoginName), Turn::Challenge("Username:")),
            // The server speaks first in LOGIN (P-093).
            (Mechanism::Login, Some(_)) => (None, Turn::Refused(Refusal::InitialResponseNotAllowed)),
        }
    }

    /// Takes the client's next line: base64, nothing at all, or `*`.
    pub(crate) fn hear(self, line: &[u8]) -> (Option<Self>, Turn) {
        if line == b"*" {
            return (None, Turn::Refused(Refusal::AuthenticationCancelled));
        }
        let Some(response) = decode(line) else {
            return (None, Turn::Refused(Refusal::InvalidBase64));
        };
        match self {
            Self::Plain => (None, plain(&response)),
            Self::LoginName if is_part(&response) => match prepared(&response) {
                Some(name) => (Some(Self::LoginPassword { name: name.to_vec() }), Turn::Challenge("Password:")),
                None => (None, Turn::Refused(Refusal::MalformedAuthentication)),
            },
            Self::LoginPassword { name } if is_part(&response) => (None, offered(b"", &name, &response)),
            Self::LoginName | Self::LoginPassword { .. } => (None, Turn::Refused(Refusal::MalformedAuthentication)),
        }
    }
}

/// Strict: no foreign character, no white space, padding at the very end alone (P-095).
fn decode(line: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let text = line.split(|octet| *octet == b'=').next().unwrap_or(line);
    let padding_is_last = line[text.len()..].iter().all(|octet| *octet == b'=') && line.len() - text.len() <= 2;
    BASE64.decode(line).ok().filter(|_| padding_is_last).map(Zeroizing::new)
}

/// `[authzid] NUL authcid NUL passwd` (RFC 4616 §2; P-102).
fn plain(message: &[u8]) -> Turn {
    let parts: Vec<&[u8]> = message.split(|octet| *octet == 0).collect();
    let [acting_as, name, password] = parts.as_slice() else {
        return Turn::Refused(Refusal::MalformedAuthentication);
    };
    if !(is_part(name) && is_part(password) && (acting_as.is_empty() || is_part(acting_as))) {
        return Turn::Refused(Refusal::MalformedAuthentication);
    }
    offered(acting_as, name, password)
}

/// What was said, prepared (P-103).
fn offered(acting_as: &[u8], name: &[u8], password: &[u8]) -> Turn {
    let (Some(acting_as), Some(name), Some(password)) = (prepared(acting_as), prepared(name), prepared(password))
    else {
        return Turn::Refused(Refusal::MalformedAuthentication);
    };
    Turn::Offered(Credentials::Password {
        name: name.to_vec(),
        password: Password::new(password.as_slice()),
        acting_as: (!acting_as.is_empty()).then(|| acting_as.to_vec()),
    })
}

fn is_part(octets: &[u8]) -> bool {
    (1..=PART_MAX).contains(&octets.len()) && std::str::from_utf8(octets).is_ok() && !octets.contains(&0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(turn: Turn) -> (Vec<u8>, Vec<u8>, Option<Vec<u8>>) {
        match turn {
            Turn::Offered(Credentials::Password { name, password, acting_as }) => {
                (name, password.expose().to_vec(), acting_as)
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn plain_takes_three_parts_of_up_to_255_octets() {
        // P-102, P-096
        assert_eq!(heard(plain(b"\0tim\0tanstaaf")), (b"tim".to_vec(), b"tanstaaf".to_vec(), None));
        let long = [&[b'a'; 255][..], &[0], &[b'b'; 255], &[0], &[b'c'; 255]].concat();
        assert_eq!(heard(plain(&long)).2, Some(vec![b'a'; 255]));
        for wrong in [&b""[..], b"\0", b"\0\0", b"\0tim\0", b"\0\0x", b"tim\0x", b"\0a\0b\0c", b"\0\xff\0x"] {
            assert_eq!(plain(wrong), Turn::Refused(Refusal::MalformedAuthentication), "{wrong:?}");
        }
        assert!(matches!(plain(&[&[0][..], &[b'a'; 256], &[0, b'x']].concat()), Turn::Refused(_)));
    }

    #[test]
    fn base64_is_strict() {
        // P-095
        for wrong in ["=AAA", "AAA=BBB", "AAAA=", "A", "AA", "AAA", "AA==AA==", "AA AA", "AA\tA", "AAA-", "====", "Ã"]
        {
            let (rest, turn) = Exchange::Plain.hear(wrong.as_bytes());
            assert!(rest.is_none());
            assert_eq!(turn, Turn::Refused(Refusal::InvalidBase64), "{wrong}");
        }
    }

    #[test]
    fn an_empty_line_is_a_response_of_no_octets() {
        // P-092, P-099
        assert_eq!(Exchange::Plain.hear(b"").1, Turn::Refused(Refusal::MalformedAuthentication));
        assert_eq!(Exchange::begin(Mechanism::Plain, Some(b"=")).1, Turn::Refused(Refusal::MalformedAuthentication));
        assert_eq!(Exchange::begin(Mechanism::Plain, None).1, Turn::Challenge(""));
    }
}
