//! Events and journals for tests.

#![allow(dead_code, reason = "no test program uses all of it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

pub mod any;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant, SystemTime};

use tempfile::TempDir;
use watchpost_observatory::journal::{Clocks, Journal, Judge, Judgement, Reader, Said, Terms, Trouble};
use watchpost_observatory::{
    Answered, ConnectionId, Ending, Event, EventKind, EventSink, Hello, Letters, LoginAttempt, LoginMechanism,
    LoginOutcome, Oddities, PasswordAccounts, PasswordFacts, PasswordLength, Port, SessionSummary, Spoken, SpokenEnd,
    Status, TlsFacts, Untrusted,
};
use watchpost_proto::pop3::server::Tally;
use watchpost_proto::pop3::{State, Verb};

/// Midnight of a day of 2026, so that hours and days are round.
pub fn midnight() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(494_520)
}

/// The first hour of that day: nothing is old yet.
fn first_hour() -> SystemTime {
    midnight() + Duration::from_hours(1)
}

pub const DAY: Duration = Duration::from_hours(24);

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_mins(1);

/// Waits until it is so.
pub fn until(mut done: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < end, "it never happened");
        std::thread::yield_now();
    }
}

pub const CLOCKS: Clocks = Clocks { wall: first_hour, now: Instant::now };

/// A folder with a journal in it.
pub struct Desk {
    pub folder: TempDir,
    pub troubles: Receiver<Trouble>,
    pub journal: Option<Journal>,
}

impl Desk {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut Terms)) -> Self {
        let folder = TempDir::new().unwrap();
        let mut terms = Terms::new(folder.path().join("journal.sqlite"));
        change(&mut terms);
        let (journal, troubles) = begin(terms, CLOCKS, no_judge());
        Self { folder, troubles, journal: Some(journal) }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("journal.sqlite")
    }

    pub fn record(&self, events: impl IntoIterator<Item = Event>) {
        let sink = self.journal.as_ref().unwrap().sink();
        events.into_iter().for_each(|event| sink.record(event));
    }

    pub fn flush(&self) {
        self.journal.as_ref().unwrap().flush();
    }

    /// Ends the journal in order.
    pub fn close(&mut self) {
        self.journal = None;
    }

    pub fn reader(&self) -> Reader {
        Reader::open(&self.path()).unwrap()
    }

    /// Begins again on the same file.
    pub fn reopen(&mut self) {
        self.close();
        let (journal, troubles) = begin(Terms::new(self.path()), CLOCKS, no_judge());
        (self.journal, self.troubles) = (Some(journal), troubles);
    }
}

pub fn begin(terms: Terms, clocks: Clocks, judge: Judge) -> (Journal, Receiver<Trouble>) {
    let (say, troubles) = channel();
    let journal = Journal::begin(
        terms,
        clocks,
        judge,
        Box::new(move |trouble| {
            let _ = say.send(trouble);
        }),
    );
    (journal.unwrap(), troubles)
}

pub fn no_judge() -> Judge {
    Box::new(|_, _: &Event| Said::default())
}

/// A rule of the tests: every third refused login of a source, with those three as its evidence.
pub fn third_login_judge() -> Judge {
    let mut refused = Vec::new();
    Box::new(move |sequence, event: &Event| {
        let EventKind::Login(login) = &event.kind else { return Said::default() };
        if login.outcome != LoginOutcome::Refused {
            return Said::default();
        }
        refused.push(sequence);
        if refused.len() < 3 {
            return Said::default();
        }
        said(judgement("B1", 3, std::mem::take(&mut refused)))
    })
}

pub fn said(judgement: Judgement) -> Said {
    Said { judgements: vec![judgement], ..Said::default() }
}

pub fn judgement(rule: &str, severity: u8, evidence: Vec<watchpost_observatory::Sequence>) -> Judgement {
    Judgement {
        rule: rule.to_owned(),
        severity,
        subject: "203.0.113.9".to_owned(),
        source: Some("203.0.113.9".parse().unwrap()),
        account: Some("alice@example.org".to_owned()),
        campaign: Some("c-7f3a".to_owned()),
        episode: evidence.first().map_or(0, |sequence| sequence.0),
        evidence,
        detail: b"{\"source\":\"203.0.113.9\"}".to_vec(),
    }
}

/// One visit: who, when, what they try.
#[derive(Clone)]
pub struct Visit {
    pub number: u64,
    pub at: SystemTime,
    pub peer: SocketAddr,
    pub tls: bool,
    pub name: String,
    pub account: Option<String>,
    pub outcome: LoginOutcome,
}

impl Visit {
    pub fn new(number: u64, at: SystemTime) -> Self {
        Self {
            number,
            at,
            peer: "203.0.113.9:51514".parse().unwrap(),
            tls: false,
            name: "alice".to_owned(),
            account: Some("alice@example.org".to_owned()),
            outcome: LoginOutcome::Refused,
        }
    }

    pub fn from(mut self, address: &str) -> Self {
        self.peer = SocketAddr::new(address.parse().unwrap(), 51514);
        self
    }

    pub fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self.account = None;
        self
    }

    pub fn owner(mut self) -> Self {
        self.outcome = LoginOutcome::Accepted;
        self
    }

    pub fn over_tls(mut self) -> Self {
        self.tls = true;
        self
    }

    pub fn connection(&self) -> ConnectionId {
        let milliseconds = self.at.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
        ConnectionId(milliseconds << 80 | 7 << 76 | 2 << 62 | u128::from(self.number))
    }

    /// Its events, its end included.
    pub fn events(&self) -> Vec<Event> {
        let mut events = self.begin();
        let mut milliseconds = 400;
        let mut later = |kind| {
            milliseconds += 1;
            self.event(milliseconds, kind)
        };
        events.push(later(EventKind::Closed(Box::new(self.summary()))));
        events
    }

    fn event(&self, milliseconds: u64, kind: EventKind) -> Event {
        Event { at: self.at + Duration::from_millis(milliseconds), connection: self.connection(), kind }
    }

    /// Its events so far: it goes on.
    pub fn begin(&self) -> Vec<Event> {
        let local = if self.tls { "198.51.100.1:995" } else { "198.51.100.1:110" };
        let port = if self.tls { Port::Pop3s } else { Port::Pop3 };
        let mut kinds = vec![EventKind::Opened { peer: self.peer, local: local.parse().unwrap(), port }];
        if self.tls {
            kinds.push(EventKind::Hello(Box::new(hello())));
            kinds.push(EventKind::Tls(Box::new(tls_facts())));
        }
        kinds.push(command(Verb::Capa, "CAPA", 0));
        kinds.push(reply(Status::Ok, None, 96));
        kinds.push(command(Verb::User, &format!("USER {}", self.name), 0));
        kinds.push(reply(Status::Ok, None, 5));
        kinds.push(command(Verb::Pass, "PASS ", 8));
        kinds.push(EventKind::Login(Box::new(self.login())));
        let accepted = self.outcome == LoginOutcome::Accepted;
        kinds.push(if accepted { reply(Status::Ok, None, 30) } else { reply(Status::Err, Some(31), 46) });
        (0..).zip(kinds).map(|(step, kind)| self.event(step * 30, kind)).collect()
    }

    fn login(&self) -> LoginAttempt {
        let accepted = self.outcome == LoginOutcome::Accepted;
        LoginAttempt {
            name: Untrusted::new(self.name.as_bytes()),
            account: self.account.clone(),
            mechanism: LoginMechanism::User,
            outcome: self.outcome,
            password: (!accepted).then(password_facts),
        }
    }

    pub fn summary(&self) -> SessionSummary {
        let accepted = self.outcome == LoginOutcome::Accepted;
        SessionSummary {
            peer: self.peer,
            local: if self.tls { "198.51.100.1:995" } else { "198.51.100.1:110" }.parse().unwrap(),
            tls: self.tls.then(tls_facts),
            user: self.account.clone().filter(|_| accepted),
            state: Some(if accepted { State::Transaction } else { State::Authorization }),
            tally: Tally { commands: 3, errors: 1, failed_logins: u32::from(!accepted), ..Tally::default() },
            messages: 0,
            removed_unread: 0,
            commands_dropped: 0,
            octets_in: 612,
            octets_out: 1210,
            duration: Duration::from_millis(401),
            first_octet: Some(Duration::from_millis(61)),
            ending: Ending::PeerClosed,
            notice: None,
        }
    }
}

pub fn command(verb: Verb, text: &str, hidden: u32) -> EventKind {
    EventKind::Command(Spoken {
        state: State::Authorization,
        verb: Some(verb),
        text: Untrusted::new(text.as_bytes()),
        hidden,
        octets: u32::try_from(text.len()).unwrap() + hidden + 2,
        line_end: SpokenEnd::CrLf,
        letters: Letters::Upper,
        pipelined: false,
        oddities: Oddities::default(),
    })
}

pub fn reply(status: Status, error: Option<u16>, octets: u64) -> EventKind {
    let code = error.map(|_| watchpost_proto::pop3::ResponseCode::Auth);
    EventKind::Reply(Answered { status, error, code, octets, message: None })
}

pub fn hello() -> Hello {
    Hello {
        version: 0x0304,
        server_name: None,
        alpn: None,
        ja3: "8a9d0f3e8a9d0f3e8a9d0f3e8a9d0f3e".to_owned(),
        ja4: "t13i1810h0_85036bcba153_d41ae481755e".to_owned(),
    }
}

pub fn tls_facts() -> TlsFacts {
    TlsFacts {
        version: "TLSv1.3".into(),
        suite: "TLS13_AES_256_GCM_SHA384".into(),
        server_name: None,
        alpn: None,
        resumed: false,
    }
}

pub fn password_facts() -> PasswordFacts {
    PasswordFacts {
        tag: 0x9f02,
        length: PasswordLength::To8,
        classes: 5,
        repeat: false,
        source_passwords: 14,
        source_accounts: 1,
        password_accounts: PasswordAccounts::One,
        common: true,
        default: false,
    }
}

/// All files of a folder whose names begin so.
pub fn files(folder: &Path, begin: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> =
        entries.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(begin)).collect();
    found.sort();
    found
}
