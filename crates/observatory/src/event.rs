//! What is told of a session while it goes on, and when it has ended.
//!
//! Everything a rule may use stands here: a verdict is a function of events, and the journal keeps events, so that a
//! verdict can be made again years later. No event holds a password, nor anything a password could be found from.

use std::borrow::Cow;
use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use watchpost_proto::Mechanism;
pub use watchpost_proto::pop3::server::{Letters, Oddities, SpokenEnd, Status};
use watchpost_proto::pop3::server::{Notice, Tally};
use watchpost_proto::pop3::{ResponseCode, State, Verb};

use crate::untrusted::Untrusted;

/// Names a connection in logs and journal: unique for ever, and ascending with time (UUIDv7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u128);

impl fmt::Display for ConnectionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:032x}", self.0)
    }
}

/// The place of an event among all events of a journal: what verdicts cite. Ascending in the order in which the
/// observatory took them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sequence(pub u64);

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When, by the wall clock.
    pub at: SystemTime,
    /// On which connection; zero for what concerns the whole server.
    pub connection: ConnectionId,
    /// What.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum EventKind {
    /// The observatory began: what rules remember of passwords is empty from here on.
    Started,
    /// Events were lost because the queue was full or the disk took none, or the file is a new one because the old
    /// one was damaged.
    Lost {
        /// How many.
        count: u64,
    },
    /// Somebody who may changed an account: what was learned to trust of it is forgotten.
    AccountChanged {
        /// The canonical name.
        account: String,
        /// How.
        change: AccountChange,
    },
    /// Somebody connected.
    Opened {
        /// Who, as the socket says.
        peer: SocketAddr,
        /// Where.
        local: SocketAddr,
        /// What is spoken there.
        port: Port,
    },
    /// A ClientHello came, whatever became of it. Boxed, as all that is large and seldom: a session has many events.
    Hello(Box<Hello>),
    /// TLS was established.
    Tls(Box<TlsFacts>),
    /// TLS was not established.
    TlsFailed(TlsFailure),
    /// The client said something.
    Command(Spoken),
    /// The server answered.
    Reply(Answered),
    /// A login was tried.
    Login(Box<LoginAttempt>),
    /// The password of a refused login was right until the owner changed it (rule O1). Found after the reply.
    PreviousPassword {
        /// The canonical name.
        account: String,
    },
    /// The first octets of something that is no POP3.
    Foreign {
        /// What it looks like.
        language: Foreign,
        /// Its first octets, 64 at most.
        octets: Untrusted,
    },
    /// The protocol noticed something that is no reply.
    Notice(Notice),
    /// The session is over.
    Closed(Box<SessionSummary>),
}

impl EventKind {
    /// Whether a rule may have to hear of it at once.
    pub fn is_urgent(&self) -> bool {
        match self {
            Self::Login(attempt) => attempt.outcome != LoginOutcome::Accepted,
            Self::TlsFailed(_)
            | Self::Foreign { .. }
            | Self::Notice(_)
            | Self::PreviousPassword { .. }
            | Self::AccountChanged { .. } => true,
            _ => false,
        }
    }
}

/// What was done with an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AccountChange {
    /// It has a new password.
    Password,
    /// Nobody can log in.
    Disabled,
    /// Its owner can log in again.
    Enabled,
    /// It is gone.
    Removed,
}

/// What is spoken on a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Port {
    /// POP3, with STLS where there is a certificate.
    Pop3,
    /// POP3 inside TLS.
    Pop3s,
}

/// What a ClientHello told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hello {
    /// The highest version it offers: 0x0304 is TLS 1.3.
    pub version: u16,
    /// The name it asks for.
    pub server_name: Option<Untrusted>,
    /// The protocols it offers (ALPN), joined by commas.
    pub alpn: Option<Untrusted>,
    /// Its JA3 fingerprint, 32 hexadecimal digits; empty when it could not be read.
    pub ja3: String,
    /// Its JA4 fingerprint, `t13d1516h2_8daaf6152771_b0da82dd1658` say; empty when it could not be read.
    pub ja4: String,
}

/// What TLS agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFacts {
    /// `TLSv1.3`, say.
    pub version: Cow<'static, str>,
    /// `TLS13_AES_256_GCM_SHA384`, say.
    pub suite: Cow<'static, str>,
    /// The name the client asked for.
    pub server_name: Option<Untrusted>,
    /// The ALPN protocol both agreed on.
    pub alpn: Option<Untrusted>,
    /// Whether an earlier session was resumed.
    pub resumed: bool,
}

/// Why TLS was not established.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TlsFailure {
    /// The client sent this alert: 42 bad certificate, 48 unknown CA, say (RFC 8446 §6.2).
    PeerAlert(u8),
    /// We have no version in common.
    Version,
    /// We have no cipher suite, group or signature in common.
    NothingInCommon,
    /// It offers only other protocols than POP3 (ALPN).
    Alpn,
    /// What came is no TLS.
    NotTls,
    /// The client went away.
    Closed,
    /// It took too long.
    Timeout,
    /// Something else.
    Other,
}

/// What a client said: one line, without its secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spoken {
    /// The state it was said in.
    pub state: State,
    /// The command, if it is one of ours.
    pub verb: Option<Verb>,
    /// The line without its end. Whatever may be a secret in it is absent: the argument of PASS, the digest of APOP,
    /// SASL data, and lines that may be passwords typed in the wrong place. 128 octets at most.
    pub text: Untrusted,
    /// Octets of the line that were left out of `text` because they may be secret: roughly, so that the length of a
    /// password is known no better than [`PasswordLength`] tells it.
    pub hidden: u32,
    /// Octets of the whole line, its end counted, as roughly as `hidden` is known.
    pub octets: u32,
    /// How the line ended.
    pub line_end: SpokenEnd,
    /// How the command was written.
    pub letters: Letters,
    /// Whether it came before the reply to the command before it was sent.
    pub pipelined: bool,
    /// What the line has that no honest line has (rule X1), found in the whole line, hidden octets too where that
    /// tells nothing of them.
    pub oddities: Oddities,
}

/// What the server answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered {
    /// Whether it was `+OK`, `-ERR` or a challenge.
    pub status: Status,
    /// The row of the table of errors, `31` for E-31, say.
    pub error: Option<u16>,
    /// The response code.
    pub code: Option<ResponseCode>,
    /// Octets of the whole reply as they left, dot-stuffing counted.
    pub octets: u64,
    /// What RETR or TOP sent of which message.
    pub message: Option<MessageFacts>,
}

/// A message that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MessageFacts {
    /// Its number.
    pub number: u32,
    /// How old it was: from its arrival to the reply, in seconds.
    pub age_seconds: u32,
    /// Whether its header speaks of resets, codes, invoices or banks (rule H4).
    pub sensitive: bool,
}

/// A login that was tried.
#[derive(Clone, Debug, PartialEq)]
pub struct LoginAttempt {
    /// The name that was offered. A name that may be a password typed in the wrong place is absent (empty).
    pub name: Untrusted,
    /// The account it names, canonical; `None` when there is none.
    pub account: Option<String>,
    /// How.
    pub mechanism: LoginMechanism,
    /// What came of it.
    pub outcome: LoginOutcome,
    /// What may be known of the password; `None` where there was none, and for accounts let in.
    pub password: Option<PasswordFacts>,
}

/// How somebody proves who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LoginMechanism {
    /// USER and PASS.
    User,
    /// APOP.
    Apop,
    /// AUTH.
    Sasl(Mechanism),
}

/// What came of a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LoginOutcome {
    /// The maildrop was opened.
    Accepted,
    /// Wrong name or password.
    Refused,
    /// The password was right, but the account is disabled.
    Disabled,
    /// The password was right, but the client wanted to act as somebody else.
    NotAuthorizedAs,
    /// The password was right, but another session has the maildrop.
    InUse,
    /// The password was right, or could not be verified, and something of ours failed.
    Unavailable,
}

/// What may be stored about a wrong password: facts made in memory with a key that dies with the process, and the
/// shape. Rules use these facts alone, so a replay equals the live run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PasswordFacts {
    /// Sixteen bits of an HMAC under a key of the day: tells "same" from "different" in a timeline, and no more.
    pub tag: u16,
    /// Its length, roughly.
    pub length: PasswordLength,
    /// Which kinds of characters it has: bit 0 lower case, 1 upper case, 2 digits, 3 others in ASCII, 4 beyond ASCII.
    pub classes: u8,
    /// Whether this source has tried this password on this account within a day: a stale retry, no guess.
    pub repeat: bool,
    /// How many different passwords this source has tried within a day, this one counted; 16 means 16 or more.
    pub source_passwords: u8,
    /// How many different names this source has tried within a day, this one counted; 16 means 16 or more.
    pub source_accounts: u8,
    /// How many names this password was tried on within a day from anywhere, this one counted.
    pub password_accounts: PasswordAccounts,
    /// Whether it is among the most common passwords.
    pub common: bool,
    /// Whether it is what devices and guides ship for this name, or made of the name itself.
    pub default: bool,
}

/// The length of a password, roughly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PasswordLength {
    /// None at all.
    Empty,
    /// 1 to 5 octets.
    To5,
    /// 6 to 8.
    To8,
    /// 9 to 11.
    To11,
    /// 12 to 15.
    To15,
    /// 16 or more.
    Longer,
}

/// How many names a password was tried on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PasswordAccounts {
    /// One.
    One,
    /// Two to nine.
    TwoOrMore,
    /// Ten or more.
    TenOrMore,
}

/// What somebody spoke instead of POP3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Foreign {
    /// HTTP, any version.
    Http,
    /// A TLS record on a port that begins in clear text.
    Tls,
    /// EHLO, HELO, MAIL.
    Smtp,
    /// A tagged IMAP command.
    Imap,
    /// An SSH banner.
    Ssh,
    /// Remote desktop.
    Rdp,
    /// SOCKS 4 or 5.
    Socks,
    /// Windows file sharing.
    Smb,
    /// SIP.
    Sip,
    /// JSON-RPC.
    JsonRpc,
    /// A command of POP3 in clear text where TLS must begin: a client that is set up wrongly.
    ClearPop3,
    /// Text that is none of these.
    Text,
    /// Octets that are none of these.
    Binary,
}

/// A session in one line.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionSummary {
    /// Who connected.
    pub peer: SocketAddr,
    /// Where.
    pub local: SocketAddr,
    /// What protected it, if anything did.
    pub tls: Option<TlsFacts>,
    /// Who logged in.
    pub user: Option<String>,
    /// How far it came; `None` when it ended before the greeting.
    pub state: Option<State>,
    /// What it did.
    pub tally: Tally,
    /// Messages in the maildrop when it was opened.
    pub messages: u32,
    /// Messages that QUIT removed though nobody had retrieved them in this session.
    pub removed_unread: u32,
    /// Commands beyond what was recorded one by one.
    pub commands_dropped: u64,
    /// Octets received, as they crossed the wire.
    pub octets_in: u64,
    /// Octets sent, as they crossed the wire.
    pub octets_out: u64,
    /// From the connection to its end.
    pub duration: Duration,
    /// From the connection to the client's first octet.
    pub first_octet: Option<Duration>,
    /// How it ended.
    pub ending: Ending,
    /// What was last noticed of it, if anything was.
    pub notice: Option<Notice>,
}

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ending {
    /// QUIT was answered.
    Quit,
    /// The server closed it: a limit was met.
    Limit,
    /// The server closed it without a word: what came was no POP3, or an attack.
    Dropped,
    /// The client closed it without QUIT: nothing was removed.
    PeerClosed,
    /// The connection broke, or the client took nothing for too long.
    Broken,
    /// The client said nothing for too long.
    Timeout,
    /// The TLS handshake did not succeed.
    HandshakeFailed,
    /// A message could not be read to its end.
    ReadFailed,
    /// The server was stopping.
    Shutdown,
    /// Too many connections.
    Refused,
}

impl Ending {
    /// As it stands in logs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Quit => "quit",
            Self::Limit => "limit",
            Self::Dropped => "dropped",
            Self::PeerClosed => "peer-closed",
            Self::Broken => "broken",
            Self::Timeout => "timeout",
            Self::HandshakeFailed => "handshake-failed",
            Self::ReadFailed => "read-failed",
            Self::Shutdown => "shutdown",
            Self::Refused => "refused",
        }
    }
}

/// Where events go. Recording never waits and never fails: mail does not wait for the observatory.
pub trait EventSink: Send + Sync + 'static {
    /// Takes an event.
    fn record(&self, event: Event);

    /// Takes events of one connection, in their order: cheaper than one by one.
    fn record_all(&self, events: Vec<Event>) {
        for event in events {
            self.record(event);
        }
    }
}
