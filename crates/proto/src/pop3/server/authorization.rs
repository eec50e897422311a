//! The AUTHORIZATION state (RFC 1939 §4): who is there?

use crate::apop::{ApopDigest, Timestamp};
use crate::catalogue::{Assent, Refusal};
use crate::credentials::{Credentials, Password};
use crate::mime::Headers;
use crate::planted::planted;
use crate::pop3::server::{Channel, Step, Stls, capabilities, lang, may_send_passwords, mechanisms};
use crate::pop3::{AuthStart, Command, Reply, State};
use crate::sasl::{Exchange, Turn};

/// What the client has said of itself so far.
pub(super) struct Authorization {
    /// From USER, for the PASS that follows directly.
    name: Option<Vec<u8>>,
    /// A SASL exchange that waits for the client's next line.
    exchange: Option<Exchange>,
    /// What the client can take.
    headers: Headers,
}

impl Authorization {
    /// Nothing has been said yet; `headers` holds until UTF8 is.
    pub(super) const fn new(headers: Headers) -> Self {
        Self { name: None, exchange: None, headers }
    }

    pub(super) fn command(&mut self, command: Command, channel: Channel, timestamp: Option<&Timestamp>) -> Step {
        // Whatever comes next, the name counts for this command alone (P-070, P-071).
        let name = if planted("proto.name-outlives-its-command") { self.name.clone() } else { self.name.take() };
        match command {
            Command::Apop { name, digest } => Self::apop(name, digest, timestamp),
            Command::Auth(None) => Step::Stay(Reply::Mechanisms(mechanisms(channel))),
            Command::Auth(Some(start)) => self.auth(&start, channel),
            Command::Capa => Self::capa(channel),
            Command::Lang(range) => lang(range.as_deref()),
            Command::Pass(password) => Self::pass(name, password, channel),
            Command::Quit => Self::quit(),
            Command::Stls => self.stls(channel),
            Command::User(name) => self.user(name, channel),
            Command::Utf8 => self.utf8(),
            _ => unreachable!("Table A allows no other command before login"),
        }
    }

    /// How messages with UTF-8 in their header shall go out.
    pub(super) fn headers(&self) -> Headers {
        self.headers
    }

    /// Whether the next line is SASL data, whatever it reads (P-222).
    pub(super) fn is_exchanging(&self) -> bool {
        self.exchange.is_some()
    }

    /// The next line of a SASL exchange.
    pub(super) fn sasl_line(&mut self, line: &[u8]) -> Step {
        let exchange = self.exchange.take().expect("an exchange is going on");
        let (exchange, turn) = exchange.hear(line);
        self.exchange = exchange;
        step(turn)
    }

    /// The next line of a SASL exchange was too long.
    pub(super) fn sasl_too_long(&mut self) -> Step {
        self.exchange = None;
        Step::Stay(Reply::Err(Refusal::AuthenticationTooLong))
    }

    /// A line that was no command stands between USER and PASS all the same (P-070).
    pub(super) fn forget_name(&mut self) {
        self.name = None;
    }

    /// RFC 1939 §7. Off unless the greeting offered it (P-080).
    fn apop(name: Vec<u8>, digest: Option<ApopDigest>, timestamp: Option<&Timestamp>) -> Step {
        match (timestamp, digest) {
            (None, _) => Step::Stay(Reply::Err(Refusal::ApopNotAvailable)),
            (Some(_), None) => Step::Stay(Reply::Err(Refusal::InvalidApopArguments)),
            (Some(timestamp), Some(digest)) => {
                Step::Login(Credentials::Apop { name, timestamp: timestamp.clone(), digest })
            }
        }
    }

    /// RFC 5034 §4.
    fn auth(&mut self, start: &AuthStart, channel: Channel) -> Step {
        let Some(mechanism) = start.mechanism else {
            return Step::Stay(Reply::Err(Refusal::UnsupportedMechanism));
        };
        if !mechanisms(channel).contains(&mechanism) {
            return Step::Stay(Reply::Err(Refusal::EncryptionRequired));
        }
        let (exchange, turn) = Exchange::begin(mechanism, start.initial.as_ref().map(Password::expose));
        self.exchange = exchange;
        step(turn)
    }

    /// RFC 2449 §5.
    fn capa(channel: Channel) -> Step {
        Step::Stay(Reply::Capabilities(capabilities(State::Authorization, channel)))
    }

    /// RFC 1939 §7. Without TLS nothing is checked, so right and wrong look the same (P-076).
    fn pass(name: Option<Vec<u8>>, password: Password, channel: Channel) -> Step {
        if !may_send_passwords(channel) {
            return Step::Stay(Reply::Err(Refusal::EncryptionRequired));
        }
        match name {
            Some(name) => Step::Login(Credentials::Password { name, password, acting_as: None }),
            None => Step::Stay(Reply::Err(Refusal::UserFirst)),
        }
    }

    /// RFC 1939 §4: no UPDATE state from here (P-013).
    fn quit() -> Step {
        Step::Close(Reply::Ok(Assent::Bye))
    }

    /// RFC 2595 §4.
    fn stls(&self, channel: Channel) -> Step {
        match channel {
            Channel::Clear { .. } if self.headers == Headers::AsStored => {
                Step::Stay(Reply::Err(Refusal::StlsAfterUtf8))
            }
            Channel::Clear { stls: Stls::Available, .. } => Step::StartTls,
            Channel::Clear { stls: Stls::Unavailable, .. } => Step::Stay(Reply::Err(Refusal::TlsNotAvailable)),
            Channel::Tls => Step::Stay(Reply::Err(Refusal::TlsAlreadyActive)),
        }
    }

    /// RFC 1939 §7. The same answer whether the user exists or not (P-072).
    fn user(&mut self, name: Vec<u8>, channel: Channel) -> Step {
        if !may_send_passwords(channel) {
            return Step::Stay(Reply::Err(Refusal::UseTlsBeforeLogin));
        }
        self.name = Some(name);
        Step::Stay(Reply::Ok(Assent::SendPass))
    }

    /// RFC 6856 §2. May be said again (P-200).
    fn utf8(&mut self) -> Step {
        self.headers = Headers::AsStored;
        Step::Stay(Reply::Ok(Assent::Utf8))
    }
}

fn step(turn: Turn) -> Step {
    match turn {
        Turn::Challenge(text) => Step::Stay(Reply::Challenge(text)),
        Turn::Offered(credentials) => Step::Login(credentials),
        Turn::Refused(refusal) => Step::Stay(Reply::Err(refusal)),
    }
}
