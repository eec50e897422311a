//! What a server can do wrong under load. A fast wrong answer is worth nothing.

use watchpost_observatory::Untrusted;
use watchpost_proto::pop3::client::{Negative, Refused, Violation};

use crate::connect::ConnectError;

/// Why something does not count as done.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// No connection, or none any longer; or the server broke the protocol.
    #[error(transparent)]
    Connection(#[from] ConnectError),
    /// `-ERR` to what should have been granted.
    #[error("{0} was refused: {1}")]
    Refused(&'static str, Untrusted),
    /// RFC 1939 §5: LIST and RETR must speak of the same message.
    #[error("message {number}: LIST says {listed} octets, RETR gave {came}")]
    Size {
        /// Which message.
        number: usize,
        /// Octets that LIST promised.
        listed: u64,
        /// Octets that came.
        came: u64,
    },
    /// RFC 1939 §5: the drop listing is the sum of the scan listings.
    #[error("STAT says {stat} octets, LIST adds up to {list}")]
    Sum {
        /// Octets of STAT.
        stat: u64,
        /// Octets of all lines of LIST.
        list: u64,
    },
    /// All three must count the same messages.
    #[error("STAT counts {stat} messages, LIST {list}, UIDL {uidl}")]
    Count {
        /// Of STAT.
        stat: u64,
        /// Lines of LIST.
        list: u64,
        /// Lines of UIDL.
        uidl: u64,
    },
    /// Message-numbers must be 1, 2, 3 and so on (RFC 1939 §4).
    #[error("the numbers of a listing are not 1, 2, 3 and so on")]
    Numbers,
    /// With `--verify`: what a maildrop holds must stay the same.
    #[error("the maildrop of {0} holds other messages than it did before")]
    Digest(Untrusted),
    /// A wrong password opened a maildrop.
    #[error("a wrong password was accepted")]
    WrongPassword,
    /// Commands in flight need the server's word (RFC 2449 §6.6).
    #[error("the server does not announce PIPELINING: use --in-flight 1")]
    NoPipelining,
    /// A login that was due was not served in time.
    #[error("a login was not served in time")]
    Late,
}

impl Fault {
    /// One word for the table and for programs.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Connection(ConnectError::Deadline | ConnectError::TooSlow) => "deadline",
            // A server that hangs up in the middle of things is unwell, but what it said was right.
            Self::Connection(ConnectError::Violation(Violation::Truncated)) => "connection",
            Self::Connection(ConnectError::Violation(_)) => "protocol",
            Self::Connection(_) => "connection",
            Self::Refused(..) => "refused",
            Self::Size { .. } => "size",
            Self::Sum { .. } => "sum",
            Self::Count { .. } => "count",
            Self::Numbers => "numbers",
            Self::Digest(_) => "digest",
            Self::WrongPassword => "wrong-password",
            Self::NoPipelining => "no-pipelining",
            Self::Late => "late",
        }
    }

    pub(super) fn refused(command: &'static str, negative: &Negative<'_>) -> Self {
        Self::Refused(command, Untrusted::new(negative.text))
    }
}

impl From<Refused> for Fault {
    fn from(refused: Refused) -> Self {
        Self::Connection(refused.into())
    }
}

impl From<Violation> for Fault {
    fn from(violation: Violation) -> Self {
        Self::Connection(violation.into())
    }
}
