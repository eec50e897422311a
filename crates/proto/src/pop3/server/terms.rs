//! The terms on which a session is held: its limits, and what protects it.

use std::time::Duration;

/// How much a client may ask of one session. Each limit has a test that meets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets of a command line, its end counted: 255 at least (RFC 2449 §4).
    pub line_octets: usize,
    /// Octets of a line that carries SASL data, its end counted: 16 KiB decoded at least (P-096).
    pub sasl_octets: usize,
    /// Without a command for this long the session ends: 600 s at least (RFC 1939 §3).
    pub idle_time: Duration,
    /// From the greeting to a login (S-045).
    pub login_time: Duration,
    /// Bad commands in a row before login (P-008).
    pub bad_commands_before_login: u32,
    /// Bad commands in a row after login (P-008).
    pub bad_commands_after_login: u32,
    /// Failed logins (S-024).
    pub failed_logins: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            line_octets: 255,
            sasl_octets: 24 * 1024,
            idle_time: Duration::from_mins(10),
            login_time: Duration::from_mins(3),
            bad_commands_before_login: 10,
            bad_commands_after_login: 20,
            failed_logins: 3,
        }
    }
}

/// Where real clients, or old mail, part from the standards. Each has a name, a switch and a test.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quirks {
    /// Hand-typed sessions and scripts since the first telnet end their lines with LF alone (P-027).
    pub bare_line_feed: BareLineFeed,
    /// What a client without UTF8 mode gets of a message with UTF-8 in its header (P-201).
    pub without_utf8: WithoutUtf8,
    /// A command that RFC 1725 took out of the protocol (P-177).
    pub last: Last,
}

/// What LAST is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Last {
    /// An unknown command.
    #[default]
    Unknown,
    /// The highest message-number that was retrieved in this session (RFC 1460 §5).
    Answered,
}

/// What a lone LF in a command is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BareLineFeed {
    /// The end of a line.
    #[default]
    EndsLine,
    /// An invalid character: behind a proxy nobody may disagree on where lines end (S-042).
    Refused,
}

/// What a client gets of a message with UTF-8 in its header when it has not said UTF8 (RFC 6856 §2.1, §5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WithoutUtf8 {
    /// Its surrogate (RFC 6858).
    #[default]
    Surrogate,
    /// `-ERR [UTF8]`.
    Refusal,
}

/// What protects the octets of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Nothing.
    Clear {
        /// Whether TLS can begin here.
        stls: Stls,
        /// Whether a password may cross it (P-075).
        login: ClearLogin,
    },
    /// TLS, from the first octet or since STLS.
    Tls,
}

/// Whether STLS can be offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stls {
    /// There is a certificate.
    Available,
    /// There is none (E-43).
    Unavailable,
}

/// Whether a password may be sent in clear text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClearLogin {
    /// The default (P-075).
    Refused,
    /// The operator allows it from where this client comes.
    Allowed,
}
