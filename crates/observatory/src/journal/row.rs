//! A session as a row: what is looked for stands in columns.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use smallvec::SmallVec;
use watchpost_proto::pop3::State;

use crate::event::{ConnectionId, Ending, EventKind, LoginAttempt, LoginOutcome, Port, Sequence};

use super::codec::Micros;
use super::dictionary::TEXT_MAX;

/// Names of one session that can be looked for; a session with more of them is an attack whatever they are.
const NAMES_MAX: usize = 16;

/// How a session ended, as far as the journal knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SessionEnd {
    /// It goes on.
    Open,
    /// As the server says.
    Ended(Ending),
    /// Nobody knows: the server stopped at once, or the event was lost.
    Unknown,
}

impl SessionEnd {
    /// As it stands in lists.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Ended(ending) => ending.word(),
            Self::Unknown => "unknown",
        }
    }
}

/// A name that was tried, and the best that came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tried {
    pub(super) name: SmallVec<[u8; 36]>,
    pub(super) outcome: i64,
}

/// Values of `attempt.outcome`, the better the higher; bit 4 says that there is such an account.
pub(super) const REFUSED: i64 = 0;
pub(super) const RIGHT_BUT: i64 = 1;
pub(super) const ACCEPTED: i64 = 2;
pub(super) const EXISTS: i64 = 16;

/// What the columns of a session say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The sequence of its first event.
    pub first: Sequence,
    /// Its name.
    pub connection: ConnectionId,
    /// When it began.
    pub start: Micros,
    /// Who connected; `None`: nobody heard.
    pub peer: Option<SocketAddr>,
    /// Where, and what is spoken there.
    pub local: Option<(SocketAddr, Port)>,
    /// Who logged in.
    pub account: Option<String>,
    /// How it ended.
    pub end: SessionEnd,
    /// How far it came.
    pub state: Option<State>,
    /// The worst of its verdicts, from 0 to 4.
    pub severity: Option<u8>,
    /// The version of TLS.
    pub tls: Option<Cow<'static, str>>,
    /// The fingerprint of its ClientHello.
    pub ja4: Option<String>,
    /// The fingerprint of what it said.
    pub p3f: Option<String>,
    /// Octets received.
    pub octets_in: u64,
    /// Octets sent.
    pub octets_out: u64,
    /// How long it took, in microseconds.
    pub duration: u64,
    /// Commands it gave.
    pub commands: u64,
    /// Messages it retrieved whole.
    pub retrieved: u64,
    /// Logins that succeeded.
    pub ok: u64,
    /// Logins that failed.
    pub failed: u64,
    /// Those of them that were new guesses, no repetitions.
    pub guesses: u64,
    /// Events that were not recorded, because there were too many.
    pub unrecorded: u64,
    pub(super) names: SmallVec<[Tried; 1]>,
}

impl Row {
    pub(super) fn new(first: Sequence, connection: ConnectionId, start: Micros) -> Self {
        Self {
            first,
            connection,
            start,
            peer: None,
            local: None,
            account: None,
            end: SessionEnd::Open,
            state: None,
            severity: None,
            tls: None,
            ja4: None,
            p3f: None,
            octets_in: 0,
            octets_out: 0,
            duration: 0,
            commands: 0,
            retrieved: 0,
            ok: 0,
            failed: 0,
            guesses: 0,
            unrecorded: 0,
            names: SmallVec::new(),
        }
    }

    /// The address that connected. An IPv4 address that came in through an IPv6 socket is an IPv4 address.
    pub fn source(&self) -> Option<IpAddr> {
        self.peer.map(|peer| peer.ip().to_canonical())
    }

    /// Takes what an event tells.
    pub(super) fn hear(&mut self, at: Micros, event: &EventKind) {
        self.duration = u64::try_from(at.0.saturating_sub(self.start.0)).unwrap_or(0).max(self.duration);
        match event {
            EventKind::Opened { peer, local, port } => {
                self.peer = Some(*peer);
                self.local = Some((*local, *port));
            }
            EventKind::Hello(hello) if !hello.ja4.is_empty() => self.ja4 = Some(hello.ja4.clone()),
            EventKind::Tls(facts) => self.tls = Some(facts.version.clone()),
            EventKind::Command(spoken) => {
                self.commands += 1;
                self.octets_in += u64::from(spoken.octets);
                self.state = Some(spoken.state);
            }
            EventKind::Reply(answered) => self.octets_out += answered.octets,
            EventKind::Login(login) => self.login(login),
            EventKind::Closed(summary) => {
                self.peer = Some(summary.peer);
                self.local = self.local.or(Some((summary.local, Port::Pop3)));
                self.end = SessionEnd::Ended(summary.ending);
                self.state = summary.state;
                self.account.clone_from(&summary.user);
                self.tls = summary.tls.as_ref().map(|facts| facts.version.clone());
                (self.octets_in, self.octets_out) = (summary.octets_in, summary.octets_out);
                self.duration = u64::try_from(summary.duration.as_micros()).unwrap_or(u64::MAX);
                self.commands = summary.tally.commands;
                self.retrieved = summary.tally.retrieved;
                // Both are counted where a login is an event; the sum is the floor where events were lost.
                self.failed = self.failed.max(u64::from(summary.tally.failed_logins));
                self.ok = self.ok.max(u64::from(summary.user.is_some()));
            }
            _ => {}
        }
    }

    fn login(&mut self, login: &LoginAttempt) {
        let outcome = match login.outcome {
            LoginOutcome::Accepted => ACCEPTED,
            LoginOutcome::Refused => REFUSED,
            _ => RIGHT_BUT,
        };
        if outcome == ACCEPTED {
            self.ok += 1;
            self.account.clone_from(&login.account);
        } else {
            self.failed += 1;
        }
        let guess = login.outcome == LoginOutcome::Refused && login.password.is_some_and(|facts| !facts.repeat);
        self.guesses += u64::from(guess);
        let name = login.account.as_ref().map_or(login.name.as_octets(), |account| account.as_bytes());
        let name = &name[..name.len().min(TEXT_MAX)];
        let outcome = outcome | if login.account.is_some() { EXISTS } else { 0 };
        let has_room = self.names.len() < NAMES_MAX;
        match self.names.iter_mut().find(|tried| tried.name[..] == *name) {
            Some(tried) => tried.outcome = tried.outcome.max(outcome),
            None if has_room && !name.is_empty() => {
                self.names.push(Tried { name: SmallVec::from_slice(name), outcome });
            }
            None => {}
        }
    }
}
