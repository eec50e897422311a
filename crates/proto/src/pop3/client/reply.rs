//! What the server answers, as far as a client can rely on it.

use crate::pop3::ResponseCode;
use crate::types::{MessageNumber, Octets, decimal};

/// Why the server cannot be understood, or must not be: the connection is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// Neither `+OK` nor `-ERR`, nor `+ ` where a challenge may come (C-020).
    #[error("the server sent a line that is no reply (RFC 1939 §3)")]
    NotAReply,
    /// A line above the limit (C-022).
    #[error("the server sent a line above the limit")]
    LineTooLong,
    /// A listing with more lines than the limit.
    #[error("the server sent a listing above the limit")]
    ListingTooLong,
    /// A message above the limit (C-029).
    #[error("the server sent a message above the limit")]
    MessageTooLong,
    /// Numbers that are none, or more or fewer words than there should be.
    #[error("the server sent a listing that cannot be read (RFC 1939 §5)")]
    MalformedListing,
    /// A reply that no command asked for.
    #[error("the server sent a reply that nobody asked for (RFC 1939 §3)")]
    Unsolicited,
    /// Octets behind the `+OK` of STLS, before the handshake (S-004).
    #[error("octets came in clear text behind the reply to STLS (RFC 2595 §4)")]
    ClearTextBehindStls,
    /// `+OK` to AUTH from a server that has not proved what its mechanism makes it prove, or too many challenges (C-045).
    #[error("the server has not proved that it knows the password (RFC 5802 §5)")]
    NotVerified,
    /// The connection ended inside a reply (C-029).
    #[error("the connection ended before the reply was complete")]
    Truncated,
}

/// What a positive reply says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer<'a> {
    /// A text for people.
    Text(&'a [u8]),
    /// STAT (RFC 1939 §5).
    DropListing {
        /// How many messages.
        count: u64,
        /// Their sizes together.
        octets: Octets,
    },
    /// LIST with a number (RFC 1939 §5).
    Listing(MessageNumber, Octets),
    /// UIDL with a number (RFC 1939 §7).
    UniqueId(MessageNumber, &'a str),
}

/// What a negative reply says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Negative<'a> {
    /// What stood between the brackets, if anything did (RFC 2449 §8).
    pub code: Option<&'a str>,
    /// What that means, if the code is known.
    pub meaning: Option<ResponseCode>,
    /// A text for people. What came before TLS is not to be shown as trusted (S-008).
    pub text: &'a [u8],
}

/// The first line of a reply.
#[derive(Clone, Copy)]
pub(super) enum Status<'a> {
    Ok(&'a [u8]),
    Err(Negative<'a>),
    Challenge(&'a [u8]),
}

impl<'a> Status<'a> {
    /// RFC 1939 §3; a missing text or space is forgiven (C-021).
    pub(super) fn parse(line: &'a [u8]) -> Result<Self, Violation> {
        if let Some(text) = behind(line, b"+OK") {
            return Ok(Self::Ok(text));
        }
        if let Some(text) = behind(line, b"-ERR") {
            return Ok(Self::Err(negative(text)));
        }
        behind(line, b"+").map(Self::Challenge).ok_or(Violation::NotAReply)
    }
}

fn behind<'a>(line: &'a [u8], status: &[u8]) -> Option<&'a [u8]> {
    match line.strip_prefix(status)? {
        [] => Some(b""),
        [b' ', text @ ..] => Some(text),
        _ => None,
    }
}

fn negative(text: &[u8]) -> Negative<'_> {
    let end = text.iter().position(|octet| *octet == b']');
    let code = end.filter(|_| text.starts_with(b"[")).and_then(|end| std::str::from_utf8(&text[1..end]).ok());
    match (code, end) {
        (Some(code), Some(end)) => {
            Negative { code: Some(code), meaning: ResponseCode::of(code), text: text[end + 1..].trim_ascii_start() }
        }
        _ => Negative { code: None, meaning: None, text },
    }
}

/// Words, however many spaces are between them (C-030).
fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|octet| *octet == b' ').filter(|word| !word.is_empty())
}

/// `nn mm`, and whatever follows (RFC 1939 §5).
pub(super) fn drop_listing(text: &[u8]) -> Result<(u64, Octets), Violation> {
    let mut words = words(text);
    let mut number = || words.next().and_then(decimal).ok_or(Violation::MalformedListing);
    Ok((number()?, Octets(number()?)))
}

/// `n mm`, and whatever follows (RFC 1939 §5).
pub(super) fn listing(text: &[u8]) -> Result<(MessageNumber, Octets), Violation> {
    let mut words = words(text);
    let number = words.next().and_then(MessageNumber::parse).ok_or(Violation::MalformedListing)?;
    let octets = words.next().and_then(decimal).ok_or(Violation::MalformedListing)?;
    Ok((number, Octets(octets)))
}

/// `n uid`, and whatever follows (RFC 1939 §7). Longer than 70 octets is tolerated in full (C-032).
pub(super) fn unique_id(text: &[u8]) -> Result<(MessageNumber, &str), Violation> {
    let mut words = words(text);
    let number = words.next().and_then(MessageNumber::parse).ok_or(Violation::MalformedListing)?;
    let id = words.next().filter(|id| id.iter().all(u8::is_ascii_graphic)).ok_or(Violation::MalformedListing)?;
    Ok((number, std::str::from_utf8(id).map_err(|_| Violation::MalformedListing)?))
}
