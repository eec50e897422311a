//! What may be told of a line: everything but secrets, and what may be one typed in the wrong place (S-029, S-061).
//!
//! When in doubt it is hidden: what a journal never had cannot leak from it.

use crate::credentials::Password;
use crate::planted::planted;
use crate::pop3::Verb;
use crate::pop3::server::told::{TEXT_OCTETS, Text};

/// Octets of an opening that are told at the most.
const OPENING_OCTETS: usize = 64;

/// What was said before a line, as far as it makes a secret likely in the line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mood {
    /// Somebody is logging in: USER, PASS, APOP or AUTH was said, and has not succeeded.
    pub(super) logging_in: bool,
    /// One of these was refused.
    pub(super) refused: bool,
    /// The line before was AUTH NTLM or AUTH RPA.
    pub(super) after_microsoft: bool,
}

/// How a line falls into what may be told, what separates, and what may be secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parts {
    /// Octets from the beginning that may be told.
    pub(super) told: usize,
    /// Where the octets begin that may be secret: the length of the line when there are none.
    pub(super) secret: usize,
}

impl Parts {
    const fn open(line: &[u8]) -> Self {
        Self { told: line.len(), secret: line.len() }
    }

    /// Tells the first octets, and hides what stands behind the space after them.
    fn up_to(line: &[u8], told: usize) -> Self {
        let space = usize::from(line.get(told) == Some(&b' '));
        Self { told, secret: told + space }
    }

    /// What may be told.
    pub(super) fn text(self, line: &[u8]) -> Text {
        Text::from_slice(&line[..self.told.min(line.len()).min(TEXT_OCTETS)])
    }
}

/// What may be told of a line that is no SASL data.
pub(super) fn parts(line: &[u8], verb: Option<Verb>, mood: Mood) -> Parts {
    match verb {
        Some(Verb::Pass) => Parts::up_to(line, 4),
        Some(Verb::Auth) => auth(line),
        Some(Verb::Apop) => Parts::up_to(line, end_of_words(line, 2)),
        Some(Verb::User) => user(line, mood),
        Some(_) => Parts::open(line),
        None if mood.logging_in && !planted("proto.tells-what-follows-user") => {
            Parts::up_to(line, end_of_ntlm_start(line, 0))
        }
        None => unknown(line),
    }
}

/// Octets of a proof at the most: a first message of SCRAM has a name and a nonce in it.
const PROOF_OCTETS: usize = 512;

/// What stands in the line that no honest client says twice: the digest of APOP, or the first message of SCRAM.
pub(super) fn proof(line: &[u8], verb: Option<Verb>) -> Option<Password> {
    let words = || line.split(|octet| *octet == b' ').filter(|word| !word.is_empty());
    let proof = match verb {
        Some(Verb::Apop) => words().next_back().filter(|word| is_digest(word))?,
        Some(Verb::Auth) => {
            words().nth(1).filter(|mechanism| mechanism.to_ascii_uppercase().starts_with(b"SCRAM-"))?;
            words().nth(2).filter(|message| message.len() > 8 && message.len() <= PROOF_OCTETS)?
        }
        _ => return None,
    };
    Some(Password::new(proof))
}

/// Thirty-two hexadecimal digits (RFC 1939 §7).
fn is_digest(word: &[u8]) -> bool {
    word.len() == 32 && word.iter().all(u8::is_ascii_hexdigit)
}

/// A second word behind a name is a password typed in the same line; a name may be one typed in the wrong field.
fn user(line: &[u8], mood: Mood) -> Parts {
    let end = end_of_words(line, 2);
    let name = line.get(5..end).unwrap_or_default().trim_ascii();
    if mood.refused && may_be_a_password(name) { Parts::up_to(line, 4) } else { Parts::up_to(line, end) }
}

/// The mechanism may be told if it is one: `AUTH sesame` is what a client of another protocol says.
fn auth(line: &[u8]) -> Parts {
    let end = end_of_words(line, 2);
    let mechanism = line.get(5..end).unwrap_or_default().trim_ascii();
    if !is_mechanism(mechanism) {
        return Parts::up_to(line, 4);
    }
    let data = end + line[end..].iter().take_while(|octet| **octet == b' ').count();
    let told = end_of_ntlm_start(line, data);
    if told > data { Parts { told, secret: told } } else { Parts::up_to(line, end) }
}

/// Words behind which secrets stand in other protocols, and in this one when it is mistyped.
const SECRETIVE: [&[u8]; 11] = [
    b"pass",
    b"pwd",
    b"auth",
    b"apop",
    b"login",
    b"secret",
    b"token",
    b"cookie",
    b"credential",
    b"\"params\"",
    b"sasl",
];

fn unknown(line: &[u8]) -> Parts {
    let word = end_of_words(line, 1);
    // Keywords typed with a Japanese keyboard may be a password's.
    if std::str::from_utf8(&line[..word]).is_ok_and(|word| !word.is_ascii()) {
        return Parts::up_to(line, word);
    }
    let ends = SECRETIVE.iter().filter_map(|secretive| {
        let start = line.windows(secretive.len()).position(|window| window.eq_ignore_ascii_case(secretive))?;
        Some(start + secretive.len())
    });
    ends.min().map_or(Parts::open(line), |end| Parts::up_to(line, end))
}

/// What may be told of the first octets of a connection that are no command: one line of text, or the beginning of a
/// binary protocol up to where its credentials may stand.
pub fn opening(octets: &[u8]) -> Vec<u8> {
    let octets = &octets[..octets.len().min(OPENING_OCTETS)];
    let shown = match octets {
        // The session ends as soon as it has seen these two.
        [0x16, 0x03, ..] => &octets[..2],
        // LDAP: a bind request has the password behind the name.
        [0x30, ..] => &octets[..octets.len().min(7)],
        // MQTT: name and password stand in the first packet.
        [0x10, ..] => &octets[..octets.len().min(12)],
        _ if is_binary(octets) => &octets[..unknown(octets).told],
        _ => {
            let line = octets.split(|octet| matches!(octet, b'\r' | b'\n')).next().unwrap_or_default();
            let parts = parts(line, Verb::beginning(line), Mood::default());
            &line[..parts.told.min(line.len())]
        }
    };
    shown.to_vec()
}

/// Controls that no text begins with.
fn is_binary(octets: &[u8]) -> bool {
    octets.iter().take(8).any(|octet| matches!(octet, 0..=8 | 14..=31 | 127))
}

/// Whether this name looks like a password typed in the wrong field: three kinds of characters, and no address.
/// Asked only after a failed login, and of names that no account has.
pub fn may_be_a_password(name: &[u8]) -> bool {
    let has = |kind: fn(&u8) -> bool| usize::from(name.iter().any(kind));
    let plain = |octet: &u8| octet.is_ascii_alphanumeric() || b"@._-+".contains(octet) || *octet >= 0x80;
    let kinds = has(u8::is_ascii_lowercase)
        + has(u8::is_ascii_uppercase)
        + has(u8::is_ascii_digit)
        + usize::from(!name.iter().all(plain) || (name.contains(&b'@') && !is_address(name)));
    kinds >= 3 || (kinds >= 2 && !name.iter().all(plain))
}

/// `local@domain.tld`, letters in the last label.
fn is_address(name: &[u8]) -> bool {
    let mut halves = name.split(|octet| *octet == b'@');
    let (Some(local), Some(domain), None) = (halves.next(), halves.next(), halves.next()) else { return false };
    let labels: Vec<&[u8]> = domain.split(|octet| *octet == b'.').collect();
    !local.is_empty()
        && labels.len() > 1
        && labels
            .iter()
            .all(|label| !label.is_empty() && label.iter().all(|octet| octet.is_ascii_alphanumeric() || *octet == b'-'))
        && labels.last().is_some_and(|label| label.iter().all(u8::is_ascii_alphabetic) && label.len() > 1)
}

/// Mechanisms that clients and tools ask for; all others may be something else.
const MECHANISMS: [&[u8]; 22] = [
    b"PLAIN",
    b"LOGIN",
    b"CRAM-MD5",
    b"DIGEST-MD5",
    b"NTLM",
    b"MSN",
    b"RPA",
    b"GSSAPI",
    b"GSS-SPNEGO",
    b"SPNEGO",
    b"KERBEROS_V4",
    b"KERBEROS_V5",
    b"XOAUTH2",
    b"OAUTHBEARER",
    b"EXTERNAL",
    b"ANONYMOUS",
    b"OTP",
    b"SKEY",
    b"SECURID",
    b"SRP",
    b"X-TOKEN",
    b"XOAUTH",
];

fn is_mechanism(word: &[u8]) -> bool {
    MECHANISMS.iter().any(|mechanism| word.eq_ignore_ascii_case(mechanism))
        || word.get(..9).is_some_and(|start| start.eq_ignore_ascii_case(b"SCRAM-SHA") && word.len() <= 19)
}

/// Whether this line begins NTLM or RPA, whose empty and truncated messages were exploits.
pub(super) fn is_microsoft(line: &[u8]) -> bool {
    let mechanism = line.get(5..end_of_words(line, 2)).unwrap_or_default().trim_ascii();
    mechanism.eq_ignore_ascii_case(b"NTLM") || mechanism.eq_ignore_ascii_case(b"RPA")
}

/// An NTLM message of type 1 holds no secret: its first nine octets name it, and may be told.
fn end_of_ntlm_start(line: &[u8], from: usize) -> usize {
    if line[from..].starts_with(b"TlRMTVNTUAAB") { from + 12 } else { from }
}

/// Where the word of this number ends, counted from one; words stand between spaces.
fn end_of_words(line: &[u8], count: usize) -> usize {
    let mut end = 0;
    for _ in 0..count {
        end += line[end..].iter().take_while(|octet| **octet == b' ').count();
        end += line[end..].iter().take_while(|octet| **octet != b' ').count();
    }
    end
}
