//! What the client says, and what it refuses to say before an octet of it is sent.

use data_encoding::BASE64;
use zeroize::Zeroizing;

use crate::credentials::Password;
use crate::pop3::Verb;
use crate::types::MessageNumber;

/// The longest command line, its CRLF counted (RFC 2449 §4).
const LINE_MAX: usize = 255;

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
    /// AUTH PLAIN (RFC 4616; RFC 5034 §4), in one step if its line fits, else in two.
    Plain {
        /// Who.
        name: String,
        /// The proof.
        password: Password,
    },
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
    /// As many commands as allowed wait for their replies.
    #[error("too many commands wait for their replies")]
    WindowFull,
    /// A password would cross the network in clear text (C-002).
    #[error("a password would cross the network in clear text")]
    ClearTextPassword,
    /// An argument holds CR, LF, NUL or another control, is empty, or is too long (S-040).
    #[error("an argument is empty, too long, or holds a control character")]
    InvalidArgument,
}

/// What answers a command.
#[derive(Clone, Debug)]
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
    /// AUTH: the response that waits for an empty challenge.
    Challenge(Option<Zeroizing<Vec<u8>>>),
    Farewell,
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
            Self::Plain { .. } => Verb::Auth,
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
        matches!(self, Self::User(_) | Self::Pass(_) | Self::Plain { .. })
    }

    pub(super) fn encode(&self) -> Result<Outgoing, Refused> {
        let word = self.verb().word();
        let (argument, expected) = match self {
            Self::Capa => (None, Expected::Capabilities),
            Self::Stls => (None, Expected::Tls),
            Self::User(name) => (Some(sayable(name.as_bytes())?.to_vec()), Expected::Line),
            Self::Pass(password) => (Some(sayable(password.expose())?.to_vec()), Expected::Login),
            Self::Plain { name, password } => return plain(name, password),
            Self::Stat => (None, Expected::DropListing),
            Self::List(None) => (None, Expected::Listings),
            Self::Uidl(None) => (None, Expected::UniqueIds),
            Self::List(Some(number)) => (Some(number.to_string().into()), Expected::Listing),
            Self::Uidl(Some(number)) => (Some(number.to_string().into()), Expected::UniqueId),
            Self::Retr(number) => (Some(number.to_string().into()), Expected::Message),
            Self::Top(number, lines) => (Some(format!("{number} {lines}").into()), Expected::Message),
            Self::Dele(number) => (Some(number.to_string().into()), Expected::Line),
            Self::Noop | Self::Rset => (None, Expected::Line),
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

/// RFC 5034 §4: the initial response goes with AUTH only if the line stays within 255 octets.
fn plain(name: &str, password: &Password) -> Result<Outgoing, Refused> {
    let (name, password) = (sayable(name.as_bytes())?, sayable(password.expose())?);
    let mut message = Zeroizing::new(Vec::with_capacity(name.len() + password.len() + 2));
    message.push(0);
    message.extend_from_slice(name);
    message.push(0);
    message.extend_from_slice(password);
    let encoded = Zeroizing::new(BASE64.encode(&message));
    let mut response = Zeroizing::new(Vec::with_capacity(encoded.len() + 2));
    response.extend_from_slice(encoded.as_bytes());
    response.extend_from_slice(b"\r\n");
    let mut line = Zeroizing::new(Vec::with_capacity(LINE_MAX + 1));
    line.extend_from_slice(b"AUTH PLAIN");
    if line.len() + 1 + response.len() > LINE_MAX {
        line.extend_from_slice(b"\r\n");
        return Ok(Outgoing { line, expected: Expected::Challenge(Some(response)) });
    }
    line.push(b' ');
    line.extend_from_slice(&response);
    Ok(Outgoing { line, expected: Expected::Challenge(None) })
}
