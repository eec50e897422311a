//! What a session wants its driver to do, and what it noticed.

use crate::credentials::Credentials;
use crate::listing::Outcome;

/// What the driver must do next. The order of actions is the order in which they must happen.
#[derive(Debug, PartialEq, Eq)]
pub enum Action {
    /// Write the output, then poll again.
    Flush,
    /// Write the output, begin TLS, then [`Session::tls_established`](super::Session::tls_established).
    StartTls,
    /// Verify, lock and list, then [`Session::login_result`](super::Session::login_result).
    Login(Credentials),
    /// Open the message, then [`Session::message_opened`](super::Session::message_opened) or [`Session::message_refused`](super::Session::message_refused).
    ReadMessage {
        /// Its place in the listing.
        index: usize,
    },
    /// Remove and flag messages durably, then [`Session::update_result`](super::Session::update_result).
    Update(Outcome),
    /// Tell the observatory.
    Notice(Notice),
    /// Write the output and close. No call is allowed afterwards.
    Close,
}

/// Something worth knowing that is no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Octets came behind STLS in clear text: somebody tries to be obeyed inside TLS (S-001).
    ClearTextBehindStls {
        /// How many, as far as they had arrived.
        octets: usize,
    },
    /// A ClientHello came behind STLS without waiting for its `+OK`. Refused, but no injection.
    HelloBehindStls,
    /// The client does not speak POP3 (S-016).
    ForeignProtocol(ForeignProtocol),
    /// A line was longer than the limit (P-022).
    LineTooLong,
    /// Too many bad commands in a row (P-008).
    TooManyBadCommands,
    /// Too many failed logins (S-024).
    TooManyFailedLogins,
    /// No command for too long (P-010).
    IdleTimeout,
    /// No login for too long (S-045).
    LoginTimeout,
}

/// What a client spoke instead of POP3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ForeignProtocol {
    /// A TLS record on a port that begins in clear text.
    Tls,
    /// An HTTP request line.
    Http,
}

/// What a session did so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Lines that were answered as commands.
    pub commands: u64,
    /// Replies that began with `-ERR`.
    pub errors: u64,
    /// Logins that failed.
    pub failed_logins: u32,
    /// Messages sent whole.
    pub retrieved: u64,
    /// Octets of messages sent whole, as LIST counts them.
    pub retrieved_octets: u64,
    /// Messages of which the top was sent.
    pub topped: u64,
    /// Messages removed by QUIT.
    pub removed: usize,
}
