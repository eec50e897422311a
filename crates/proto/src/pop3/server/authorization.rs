//! The AUTHORIZATION state (RFC 1939 §4): who is there?

use crate::catalogue::Refusal;
use crate::credentials::{Credentials, Password};
use crate::pop3::server::{Channel, Step, Stls, capabilities, may_send_passwords};
use crate::pop3::{Command, Reply, State};

/// What the client has said of itself so far.
#[derive(Default)]
pub(super) struct Authorization {
    /// From USER, for the PASS that follows directly.
    name: Option<Vec<u8>>,
}

impl Authorization {
    pub(super) fn command(&mut self, command: Command, channel: Channel) -> Step {
        // Whatever comes next, the name counts for this command alone (P-070, P-071).
        let name = self.name.take();
        match command {
            Command::Capa => Self::capa(channel),
            Command::Pass(password) => Self::pass(name, password, channel),
            Command::Quit => Self::quit(),
            Command::Stls => Self::stls(channel),
            Command::User(name) => self.user(name, channel),
            _ => unreachable!("Table A allows no other command before login"),
        }
    }

    /// A line that was no command stands between USER and PASS all the same (P-070).
    pub(super) fn forget_name(&mut self) {
        self.name = None;
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
            Some(name) => Step::Login(Credentials::Password { name, password }),
            None => Step::Stay(Reply::Err(Refusal::UserFirst)),
        }
    }

    /// RFC 1939 §4: no UPDATE state from here (P-013).
    fn quit() -> Step {
        Step::Close(Reply::Ok("bye"))
    }

    /// RFC 2595 §4.
    fn stls(channel: Channel) -> Step {
        match channel {
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
        Step::Stay(Reply::Ok("send PASS"))
    }
}
