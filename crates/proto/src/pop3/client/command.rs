//! What the client says, and what it refuses to say before an octet of it is sent.

use data_encoding::BASE64;
use zeroize::Zeroizing;

use crate::apop::{ApopDigest, Timestamp};
use crate::credentials::Password;
use crate::pop3::Verb;
use crate::sasl::Initiator;
use crate::types::{MessageNumber, Octets};

/// The longest command line, its CRLF counted (RFC 2449 §4).
const LINE_MAX: usize = 255;
/// More challenges than any mechanism here has.
const CHALLENGES_MAX: u8 = 6;

/// A command to send. Its `Debug` shows no password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// RFC 2449 §5.
    Capa,
    /// RFC 2595 §4.
    Stls,
    /// RFC 1939 §7.
    User(String),
    /// RFC 1939 §7.
    Pass(Password),
    /// RFC 1939 §7, with the timestamp of the greeting. Only for who asks for it (RFC 6151 §2; S-026).
    Apop {
        /// Who.
        name: String,
        /// The shared secret.
        password: Password,
    },
    /// RFC 6856 §2; only where it is announced.
    Utf8,
    /// RFC 1939 §5.
    Stat,
    /// RFC 1939 §5; without a number: all.
    List(Option<MessageNumber>),
    /// RFC 1939 §7; without a number: all.
    Uidl(Option<MessageNumber>),
    /// RFC 1939 §5.
    Retr(MessageNumber),
    /// RFC 1939 §7.
    Top(MessageNumber, u64),
    /// RFC 1939 §5.
    Dele(MessageNumber),
    /// RFC 1939 §5.
    Noop,
    /// RFC 1939 §5.
    Rset,
    /// RFC 1939 §4 and §6.
    Quit,
}

/// Why a command was not sent. Nothing of it has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Table A does not allow it now (RFC 1939 §3).
    #[error("the command is not valid in this state")]
    WrongState,
    /// An earlier command must be answered first: STLS, AUTH or QUIT, or any if the server cannot pipeline.
    #[error("an earlier command must be answered first")]
    Busy,
    /// As many commands as allowed wait for their replies, or replies of as many octets.
    #[error("too many commands wait for their replies")]
    WindowFull,
    /// A password would cross the network in clear text (C-002).
    #[error("a password would cross the network in clear text")]
    ClearTextPassword,
    /// The server has not announced what the command needs.
    #[error("the server has not announced what the command needs")]
    NotAnnounced,
    /// An argument holds CR, LF, NUL or another control, is empty, or is too long (S-040).
    #[error("an argument is empty, too long, or holds a control character")]
    InvalidArgument,
}

/// What answers a command.
#[derive(Debug)]
pub(super) enum Expected {
    Line,
    DropListing,
    Listing,
    UniqueId,
    Capabilities,
    Listings,
    UniqueIds,
    Message,
    Tls,
    Login,
    Exchange(Box<Exchange>),
    Farewell,
}

/// An exchange of SASL under way.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) initiator: Initiator,
    /// What waits for an empty challenge.
    pub(super) initial: Option<Zeroizing<Vec<u8>>>,
    /// Challenges that will still be answered.
    pub(super) left: u8,
}

/// A command that waits for its reply.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) ticket: super::Ticket,
    pub(super) expected: Expected,
    /// How long the reply will be, as far as the server has said.
    pub(super) announced: Octets,
}

/// A command as it goes out.
pub(super) struct Outgoing {
    pub(super) line: Zeroizing<Vec<u8>>,
    pub(super) expected: Expected,
}

impl Command {
    pub(super) const fn verb(&self) -> Verb {
        match self {
            Self::Capa => Verb::Capa,
            Self::Stls => Verb::Stls,
            Self::User(_) => Verb::User,
            Self::Pass(_) => Verb::Pass,
            Self::Apop { .. } => Verb::Apop,
            Self::Utf8 => Verb::Utf8,
            Self::Stat => Verb::Stat,
            Self::List(_) => Verb::List,
            Self::Uidl(_) => Verb::Uidl,
            Self::Retr(_) => Verb::Retr,
            Self::Top(..) => Verb::Top,
            Self::Dele(_) => Verb::Dele,
            Self::Noop => Verb::Noop,
            Self::Rset => Verb::Rset,
            Self::Quit => Verb::Quit,
        }
    }

    /// Whether it gives a password away to whoever listens.
    pub(super) const fn reveals_password(&self) -> bool {
        matches!(self, Self::User(_) | Self::Pass(_) | Self::Apop { .. })
    }

    /// Whether a name or a password needs `UTF8 USER` (RFC 6856 §2.2; C-051).
    pub(super) fn is_beyond_ascii(&self) -> bool {
        match self {
            Self::Pass(password) => !password.expose().is_ascii(),
            Self::User(name) | Self::Apop { name, .. } => !name.is_ascii(),
            _ => false,
        }
    }

    /// As it goes out. `timestamp`: of the greeting.
    pub(super) fn encode(&self, timestamp: Option<&Timestamp>) -> Result<Outgoing, Refused> {
        let word = self.verb().word();
        let (argument, expected) = match self {
            Self::Capa => (None, Expected::Capabilities),
            Self::Stls => (None, Expected::Tls),
            Self::User(name) => (Some(sayable(name.as_bytes())?.to_vec()), Expected::Line),
            Self::Pass(password) => (Some(sayable(password.expose())?.to_vec()), Expected::Login),
            Self::Apop { name, password } => {
                let digest = ApopDigest::of(timestamp.ok_or(Refused::NotAnnounced)?, sayable(password.expose())?);
                let name = sayable(name.as_bytes())?;
                (Some([name, b" ", digest.digits()].concat()), Expected::Login)
            }
            Self::Stat => (None, Expected::DropListing),
            Self::List(None) => (None, Expected::Listings),
            Self::Uidl(None) => (None, Expected::UniqueIds),
            Self::List(Some(number)) => (Some(number.to_string().into()), Expected::Listing),
            Self::Uidl(Some(number)) => (Some(number.to_string().into()), Expected::UniqueId),
            Self::Retr(number) => (Some(number.to_string().into()), Expected::Message),
            Self::Top(number, lines) => (Some(format!("{number} {lines}").into()), Expected::Message),
            Self::Dele(number) => (Some(number.to_string().into()), Expected::Line),
            Self::Noop | Self::Rset | Self::Utf8 => (None, Expected::Line),
            Self::Quit => (None, Expected::Farewell),
        };
        let argument = argument.map(Zeroizing::new);
        // Sized before anything secret goes in: a buffer that grows leaves copies behind.
        let mut line = Zeroizing::new(Vec::with_capacity(LINE_MAX + 1));
        line.extend_from_slice(word.as_bytes());
        if let Some(argument) = &argument {
            line.push(b' ');
            line.extend_from_slice(argument);
        }
        line.extend_from_slice(b"\r\n");
        if line.len() > LINE_MAX { Err(Refused::InvalidArgument) } else { Ok(Outgoing { line, expected }) }
    }
}

/// What may stand in a line: at least one octet, and no CR, LF, NUL or other control (S-040).
fn sayable(argument: &[u8]) -> Result<&[u8], Refused> {
    let fits = !argument.is_empty() && argument.len() < LINE_MAX && !argument.iter().any(u8::is_ascii_control);
    if fits { Ok(argument) } else { Err(Refused::InvalidArgument) }
}

/// AUTH (RFC 5034 §4): the initial response goes along only if the line stays within 255 octets (C-042).
pub(super) fn auth(initiator: Initiator) -> Result<Outgoing, Refused> {
    if !initiator.is_sayable() {
        return Err(Refused::InvalidArgument);
    }
    let initial = initiator.initial().map(|initial| response(&initial));
    let mut line = Zeroizing::new(Vec::with_capacity(LINE_MAX + 1));
    line.extend_from_slice(b"AUTH ");
    line.extend_from_slice(initiator.mechanism().as_bytes());
    let initial = match initial {
        Some(initial) if line.len() + 1 + initial.len() <= LINE_MAX => {
            line.push(b' ');
            // A response of no octets is written `=` here, and as an empty line in the second step.
            line.extend_from_slice(if initial.as_slice() == b"\r\n" { b"=\r\n" } else { initial.as_slice() });
            None
        }
        initial => {
            line.extend_from_slice(b"\r\n");
            initial
        }
    };
    let exchange = Exchange { initiator, initial, left: CHALLENGES_MAX };
    Ok(Outgoing { line, expected: Expected::Exchange(Box::new(exchange)) })
}

/// A response as its line. Sized before anything secret goes in: a buffer that grows leaves copies behind.
fn response(octets: &[u8]) -> Zeroizing<Vec<u8>> {
    let length = BASE64.encode_len(octets.len());
    let mut line = Zeroizing::new(vec![0; length + 2]);
    BASE64.encode_mut(octets, &mut line[..length]);
    line[length..].copy_from_slice(b"\r\n");
    line
}

impl Exchange {
    /// The line that answers a challenge: `*` where there is no answer to it (C-044). `None`: the server asks on and on.
    pub(super) fn answer(&mut self, challenge: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        self.left = self.left.checked_sub(1)?;
        if let Some(initial) = self.initial.take() {
            return Some(initial);
        }
        let answer = BASE64.decode(challenge).ok().and_then(|challenge| self.initiator.respond(&challenge).ok());
        Some(answer.map_or_else(|| Zeroizing::new(b"*\r\n".to_vec()), |answer| response(&answer)))
    }
}
