//! One visitor of a recording: what it says goes through a session as a client's octets do.

use std::net::IpAddr;
use std::time::Duration;

use watchpost_observatory::{
    ConnectionId, Ending, EventKind, LoginOutcome, Port, SessionSummary, TlsFacts, TlsFailure, Untrusted, Witness,
    is_sensitive, read_hello, recognise_before_tls,
};
use watchpost_proto::catalogue::Refusal;
use watchpost_proto::pop3::State;
use watchpost_proto::pop3::server::{Action, Channel, ClearLogin, Limits, Notice, Session, Stls, opening};
use watchpost_proto::{Credentials, Listing, Progress, Sizer, Timestamp};

use super::shaking::{Shake, shake};
use super::stage::{ACCOUNTS, Account, DOMAIN, Stage};
use crate::server::attempt::Attempt;
use crate::server::tarpit;

/// From a line to its answer.
const ANSWER: Duration = Duration::from_millis(1);
/// How long a failed login waits at first: the default of the configuration.
const FAILED: Duration = Duration::from_secs(2);
/// The middle of what chance adds to that.
const CHANCE: u8 = 128;

/// Octets of one side, as they crossed the wire inside TLS or without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Octets {
    Client(Vec<u8>),
    Server(Vec<u8>),
}

/// A visitor, from the connection to its end.
pub(super) struct Visit<'s> {
    stage: &'s mut Stage,
    session: Session,
    witness: Witness,
    summary: SessionSummary,
    started: Duration,
    /// Between hearing an answer and saying the next line.
    pace: Duration,
    doubted: Option<&'static str>,
    closed: bool,
    /// What both said.
    pub(super) heard: Vec<Octets>,
}

impl<'s> Visit<'s> {
    /// Comes to port 110. `login` says whether passwords are taken there without TLS.
    pub(super) fn pop3(stage: &'s mut Stage, from: impl Into<IpAddr>, login: ClearLogin) -> Self {
        let mut visit = Self::new(stage, from.into(), Port::Pop3, Channel::Clear { stls: Stls::Available, login });
        visit.greet();
        visit
    }

    /// Comes to port 110 of a server that takes APOP.
    pub(super) fn apop(stage: &'s mut Stage, from: impl Into<IpAddr>, timestamp: Timestamp) -> Self {
        let channel = Channel::Clear { stls: Stls::Unavailable, login: ClearLogin::Allowed };
        let mut visit = Self::new(stage, from.into(), Port::Pop3, channel);
        visit.session =
            Session::new(Limits::default(), channel, visit.stage.moment()).with_witness().with_apop(timestamp);
        visit.greet();
        visit
    }

    /// Comes to port 995, and shakes hands.
    pub(super) fn pop3s(stage: &'s mut Stage, from: impl Into<IpAddr>, hello: Shake) -> Self {
        let mut visit = Self::new(stage, from.into(), Port::Pop3s, Channel::Tls);
        visit.shake(hello);
        if !visit.closed {
            visit.greet();
        }
        visit
    }

    /// Comes to port 995 and says this where TLS must begin.
    pub(super) fn no_tls(stage: &'s mut Stage, from: impl Into<IpAddr>, octets: &[u8]) -> Self {
        let mut visit = Self::new(stage, from.into(), Port::Pop3s, Channel::Tls);
        visit.stage.wait(visit.pace);
        let octets = opening(octets);
        if let Some(language) = recognise_before_tls(&octets) {
            visit.saw(EventKind::Foreign { language, octets: Untrusted::new(octets) });
        }
        visit.saw(EventKind::TlsFailed(TlsFailure::NotTls));
        visit.over(Ending::HandshakeFailed);
        visit
    }

    fn new(stage: &'s mut Stage, from: IpAddr, port: Port, channel: Channel) -> Self {
        let number = if port == Port::Pop3s { 995 } else { 110 };
        let (peer, local, id) = stage.arrival(from, number);
        let session = Session::new(Limits::default(), channel, stage.moment()).with_witness();
        let started = stage.elapsed();
        let summary = SessionSummary {
            peer,
            local,
            tls: None,
            user: None,
            state: None,
            tally: *session.tally(),
            messages: 0,
            removed_unread: 0,
            commands_dropped: 0,
            octets_in: 0,
            octets_out: 0,
            duration: Duration::ZERO,
            first_octet: None,
            ending: Ending::PeerClosed,
            notice: None,
        };
        let witness = Witness::new(ConnectionId(id));
        let pace = Duration::from_millis(40);
        let mut visit =
            Self { stage, session, witness, summary, started, pace, doubted: None, closed: false, heard: Vec::new() };
        visit.saw(EventKind::Opened { peer, local, port });
        visit
    }

    /// Takes its time before each line.
    pub(super) fn at_pace(mut self, milliseconds: u64) -> Self {
        self.pace = Duration::from_millis(milliseconds);
        self
    }

    fn greet(&mut self) {
        let mut output = Vec::new();
        self.session.greeting().write(&mut output);
        self.stage.wait(ANSWER);
        self.summary.state = self.session.state().or(self.summary.state);
        self.answer(output);
    }

    fn saw(&mut self, kind: EventKind) {
        self.witness.saw(kind, self.stage.wall());
    }

    fn answer(&mut self, octets: Vec<u8>) {
        self.summary.octets_out += octets.len() as u64;
        if !octets.is_empty() {
            self.heard.push(Octets::Server(octets));
        }
    }

    /// The handshake; as it fails or succeeds in truth.
    pub(super) fn shake(&mut self, hello: Shake) {
        self.stage.wait(self.pace);
        let shaken = shake(hello);
        self.summary.first_octet.get_or_insert(self.stage.since(self.started));
        if let Some(hello) = read_hello(&shaken.hello) {
            self.saw(EventKind::Hello(Box::new(hello)));
        }
        self.stage.wait(ANSWER * 2);
        match shaken.result {
            Ok(facts) => self.shaken(facts),
            Err(failure) => {
                self.saw(EventKind::TlsFailed(failure));
                self.over(Ending::HandshakeFailed);
            }
        }
    }

    fn shaken(&mut self, facts: TlsFacts) {
        self.saw(EventKind::Tls(Box::new(facts.clone())));
        self.summary.tls = Some(facts);
    }

    /// Says a line, and hears the answer.
    pub(super) fn say(&mut self, line: &str) -> String {
        self.send(format!("{line}\r\n").as_bytes())
    }

    /// Logs in, or tries to.
    pub(super) fn log_in(&mut self, name: &str, password: &str) -> bool {
        self.say(&format!("USER {name}"));
        self.say(&format!("PASS {password}")).starts_with("+OK")
    }

    /// Says octets as they are, and hears the answer.
    pub(super) fn send(&mut self, octets: &[u8]) -> String {
        if self.closed {
            return String::new();
        }
        self.stage.wait(self.pace);
        self.summary.first_octet.get_or_insert(self.stage.since(self.started));
        self.summary.octets_in += octets.len() as u64;
        self.heard.push(Octets::Client(octets.to_vec()));
        let now = self.stage.moment();
        self.session.receive(octets, now);
        self.stage.wait(ANSWER);
        self.turn()
    }

    fn turn(&mut self) -> String {
        let (mut output, mut written) = (Vec::new(), Vec::new());
        while let Some(action) = self.session.poll(&mut output) {
            self.hear();
            self.act(action, &mut output, &mut written);
            if self.closed {
                break;
            }
        }
        self.hear();
        written.append(&mut output);
        let said = String::from_utf8_lossy(&written).into_owned();
        self.answer(written);
        if let Some(account) = self.doubted.take() {
            self.saw(EventKind::PreviousPassword { account: address(account) });
        }
        let events = self.witness.take();
        self.stage.record(events);
        said
    }

    fn hear(&mut self) {
        self.summary.state = self.session.state().or(self.summary.state);
        let told = self.session.told();
        self.witness.told(told, self.stage.wall());
    }

    fn act(&mut self, action: Action, output: &mut Vec<u8>, written: &mut Vec<u8>) {
        match action {
            Action::Flush => written.append(output),
            Action::StartTls => {
                written.append(output);
                self.shake(Shake::Mailer);
                if self.summary.tls.is_some() {
                    self.session.tls_established(self.stage.moment());
                }
            }
            Action::Login(credentials) => {
                let result = self.login(&credentials);
                if result.is_err() {
                    let failed = self.session.tally().failed_logins;
                    self.stage.wait(tarpit::delay(FAILED, failed, CHANCE));
                }
                self.session.login_result(result, output);
            }
            Action::ReadMessage { index } => self.read(index, output),
            Action::Update(outcome) => {
                for place in outcome.removed.iter().rev() {
                    self.stage.letters.remove(*place);
                }
                self.session.update_result(Ok(outcome.removed.len()), output);
            }
            Action::Notice(notice) => {
                self.summary.notice = Some(notice);
                self.summary.ending = ending(notice).unwrap_or(self.summary.ending);
            }
            Action::Close => {
                written.append(output);
                let quit = self.summary.notice.is_none_or(|notice| ending(notice).is_none());
                self.over(if quit { Ending::Quit } else { self.summary.ending });
            }
        }
    }

    fn login(&mut self, credentials: &Credentials) -> Result<std::sync::Arc<Listing>, Refusal> {
        let name = String::from_utf8_lossy(credentials.name()).to_lowercase();
        let local = name.strip_suffix(&format!("@{DOMAIN}")).unwrap_or(&name);
        let account = ACCOUNTS.iter().find(|account| account.name == local);
        let right = account.is_some_and(|account| proves(credentials, account.password));
        let outcome = if right { LoginOutcome::Accepted } else { LoginOutcome::Refused };
        let attempt = Attempt { credentials, account: account.map(|account| address(account.name)), outcome };
        let at = self.stage.wall();
        let facts = attempt.facts(&self.stage.passwords, self.summary.peer.ip(), at);
        let attempt = attempt.told(&self.session, facts);
        self.saw(EventKind::Login(Box::new(attempt)));
        if !right {
            let is_old = |account: &&Account| account.previous.is_some_and(|previous| proves(credentials, previous));
            self.doubted = account.filter(is_old).map(|account| account.name);
            return Err(Refusal::AuthenticationFailed);
        }
        self.summary.user = account.map(|account| address(account.name));
        self.summary.messages = u32::try_from(self.stage.letters.len()).unwrap_or(u32::MAX);
        Ok(self.stage.listing())
    }

    fn read(&mut self, index: usize, output: &mut Vec<u8>) {
        let letter = self.stage.letters[index].clone();
        if self.session.message_opened(Sizer::of(&letter.octets), output) == Progress::More {
            let age = u32::try_from(letter.age.as_secs()).unwrap_or(u32::MAX);
            self.witness.sends(age, is_sensitive(&letter.octets));
            // All of it is there at once: whether more is wanted does not matter.
            self.session.message_chunk(&letter.octets, output);
            self.session.message_end(output);
        }
    }

    /// Goes away, if it is still there, and leaves what it said.
    pub(super) fn hang_up(mut self) -> Vec<Octets> {
        if !self.closed {
            self.stage.wait(self.pace);
            self.over(Ending::PeerClosed);
        }
        self.finish()
    }

    /// Says QUIT.
    pub(super) fn quit(mut self) -> Vec<Octets> {
        self.say("QUIT");
        self.finish()
    }

    fn over(&mut self, ending: Ending) {
        self.summary.ending = ending;
        self.closed = true;
    }

    fn finish(self) -> Vec<Octets> {
        let Self { stage, mut session, mut witness, mut summary, started, heard, .. } = self;
        let at = stage.wall();
        session.tell_to_the_end();
        witness.told(session.told(), at);
        summary.tally = *session.tally();
        summary.removed_unread = if summary.tally.removed > 0 { session.removed_unread() } else { 0 };
        summary.duration = stage.since(started);
        summary.state =
            if summary.state == Some(State::Update) { summary.state } else { session.state().or(summary.state) };
        stage.record(witness.end(summary, at));
        heard
    }
}

fn address(name: &str) -> String {
    format!("{name}@{DOMAIN}")
}

fn proves(credentials: &Credentials, right: &str) -> bool {
    match credentials {
        Credentials::Password { password, .. } => password.expose() == right.as_bytes(),
        Credentials::Apop { timestamp, digest, .. } => digest.proves(timestamp, right.as_bytes()),
    }
}

const fn ending(notice: Notice) -> Option<Ending> {
    match notice {
        Notice::TooManyBadCommands | Notice::TooManyFailedLogins => Some(Ending::Limit),
        Notice::IdleTimeout | Notice::LoginTimeout => Some(Ending::Timeout),
        Notice::ClearTextBehindStls { .. } | Notice::HelloBehindStls | Notice::ForeignProtocol(_) => {
            Some(Ending::Dropped)
        }
        Notice::LineTooLong => None,
    }
}
