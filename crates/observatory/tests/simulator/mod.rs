//! A simulator of visitors on a simulated clock: plans become events, answers are obeyed, verdicts are kept.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "the numbers of simulations are small"
)]

pub mod checks;
pub mod lines;
pub mod own;
pub mod published;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use watchpost_observatory::{
    Answered, Ban, Classifier, ConnectionId, Ending, Event, EventKind, Findings, Foreign, HashKey, Hello, LoginAttempt,
    LoginMechanism, LoginOutcome, LoginVisitor, MessageFacts, PasswordAccounts, PasswordFacts, PasswordLength, Port,
    RuleId, Sequence, SessionSummary, Settings, Status, TlsFacts, TlsFailure, Untrusted, Verdict, Visitor,
};
use watchpost_proto::pop3::State;
use watchpost_proto::pop3::server::{Notice, Tally};

use lines::spoken;

pub const MINUTE: f64 = 60.0;
pub const HOUR: f64 = 3_600.0;
pub const DAY: f64 = 86_400.0;

/// When every simulation begins, in seconds since 1970.
pub const BEGIN: f64 = 1_790_000_000.0;

/// Random numbers from a seed.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let number = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        number ^ (number >> 31)
    }

    /// A number from 0 up to this, without it.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// From 0 to 1.
    pub fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Up to so much earlier or later.
    pub fn about(&mut self, value: f64, off: f64) -> f64 {
        value + (self.share() * 2.0 - 1.0) * off
    }
}

/// A password: the owner's, or one of many wrong ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Password {
    Right,
    Wrong(u32),
}

/// How a client speaks.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    pub ja4: &'static str,
    pub before: &'static [&'static str],
    pub quits: bool,
}

pub const MAIL_APP: Program = Program { ja4: "t13d1516h2_8daaf6152771_b0da82dd1658", before: &["CAPA"], quits: true };
pub const OTHER_APP: Program = Program { ja4: "t13d4907h2_0d8feac7bc37_7395dae3b2f3", before: &["CAPA"], quits: true };
pub const BOT: Program = Program { ja4: "t13i1810h0_85036bcba153_b26ce05bbdd6", before: &[], quits: false };
pub const SCRIPT: Program = Program { ja4: "t13i3010h0_1d37bd780c83_882d495ac381", before: &["NOOP"], quits: false };

/// What a visitor does.
#[derive(Clone, Debug)]
pub enum Doing {
    /// Logs in, and does this if let in.
    Login { name: String, password: Password, then: After },
    /// Says these lines.
    Says(Vec<Vec<u8>>),
    /// Speaks something else.
    Speaks(Foreign),
    /// Slips commands in behind STLS.
    InjectsBehindStls,
    /// Its TLS fails.
    FailsTls(TlsFailure),
    /// Says nothing for so long.
    Silent(f64),
}

/// What a session does after its login.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct After {
    pub messages: u32,
    pub tops: u32,
    pub retrieves: u32,
    pub octets_each: u64,
    pub sensitive: bool,
    pub age_seconds: u32,
    pub removes: u32,
    pub removes_unread: u32,
}

#[derive(Clone, Debug)]
pub struct Visit {
    /// Seconds after [`BEGIN`]; before it is the past, in which owners learned to be trusted.
    pub at: f64,
    pub from: IpAddr,
    pub program: Program,
    pub doing: Doing,
    /// An owner: must never be refused.
    pub honest: bool,
}

pub fn ip(a: u8, b: u8, c: u8, d: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(a, b, c, d))
}

pub fn owner(at: f64, from: IpAddr, name: &str, password: Password) -> Visit {
    let doing = Doing::Login { name: name.to_owned(), password, then: After::default() };
    Visit { at, from, program: MAIL_APP, doing, honest: true }
}

pub fn stranger(at: f64, from: IpAddr, name: &str, password: Password) -> Visit {
    Visit { program: BOT, honest: false, ..owner(at, from, name, password) }
}

pub fn visit(at: f64, from: IpAddr, doing: Doing) -> Visit {
    Visit { at, from, program: BOT, doing, honest: false }
}

/// A day before, the owner logged in from there.
pub fn home(from: IpAddr, name: &str) -> Visit {
    owner(-DAY, from, name, Password::Right)
}

/// Accounts `u0`, `u1`, … exist, and so do alice and bob.
pub fn exists(name: &str) -> Option<String> {
    let local = name.split('@').next().unwrap_or(name).to_ascii_lowercase();
    let numbered = local.strip_prefix('u').is_some_and(|number| number.parse::<u32>().is_ok());
    (numbered || local == "alice" || local == "bob").then(|| format!("{local}@example.org"))
}

/// What the server remembers of wrong passwords.
#[derive(Default)]
struct Passwords {
    pairs: HashMap<(IpAddr, String, u32), f64>,
    by_source: HashMap<IpAddr, Vec<(f64, u32, String)>>,
    by_password: HashMap<u32, HashMap<String, f64>>,
}

impl Passwords {
    fn facts(&mut self, at: f64, from: IpAddr, name: &str, password: u32) -> PasswordFacts {
        let key = (from, name.to_owned(), password);
        let repeat = self.pairs.insert(key, at).is_some_and(|before| at - before <= DAY);
        let tried = self.by_source.entry(from).or_default();
        if !repeat {
            tried.retain(|(before, ..)| at - before <= DAY);
            tried.push((at, password, name.to_owned()));
        }
        let passwords: HashSet<u32> = tried.iter().map(|(_, password, _)| *password).collect();
        let accounts: HashSet<&str> = tried.iter().map(|(_, _, name)| name.as_str()).collect();
        let capped = |count: usize| u8::try_from(count.min(16)).expect("16 at most");
        let (source_passwords, source_accounts) = (capped(passwords.len()), capped(accounts.len()));
        let met = self.by_password.entry(password).or_default();
        met.insert(name.to_owned(), at);
        let met = met.values().filter(|before| at - **before <= DAY).count();
        let tag = name
            .bytes()
            .fold(password.wrapping_mul(0x9e37_79b9), |tag, octet| (tag ^ u32::from(octet)).wrapping_mul(0x0100_0193));
        PasswordFacts {
            tag: (tag >> 16) as u16,
            length: PasswordLength::To8,
            classes: 5,
            repeat,
            source_passwords,
            source_accounts,
            password_accounts: match met {
                0 | 1 => PasswordAccounts::One,
                2..=9 => PasswordAccounts::TwoOrMore,
                _ => PasswordAccounts::TenOrMore,
            },
            common: false,
            default: password == DEFAULT_PASSWORD,
        }
    }
}

/// The wrong password that devices ship.
pub const DEFAULT_PASSWORD: u32 = 1_000_000;

/// What a simulation showed.
#[derive(Default)]
pub struct Report {
    pub verdicts: Vec<(f64, Verdict)>,
    pub bans: Vec<(f64, Ban)>,
    pub sessions: Vec<Visitor>,
    pub honest: u32,
    pub honest_refused: u32,
    pub strange: u32,
    pub strange_refused: u32,
    pub strange_entered: u32,
}

impl Report {
    /// When the rule fired first, in seconds.
    pub fn first(&self, rule: RuleId) -> Option<f64> {
        self.verdicts.iter().find(|(_, verdict)| verdict.rule == rule).map(|(at, _)| *at)
    }

    pub fn last(&self, rule: RuleId) -> Option<&Verdict> {
        self.verdicts.iter().rev().find(|(_, verdict)| verdict.rule == rule).map(|(_, verdict)| verdict)
    }

    /// The rules that fired, with when.
    pub fn rules(&self) -> BTreeMap<RuleId, f64> {
        let mut rules = BTreeMap::new();
        self.verdicts.iter().for_each(|(at, verdict)| {
            rules.entry(verdict.rule).or_insert(*at);
        });
        rules
    }
}

pub struct World {
    pub classifier: Classifier,
    pub events: Vec<(Sequence, Event)>,
    pub keep_events: bool,
    pub report: Report,
    passwords: Passwords,
    sequence: u64,
    connection: u128,
    /// Attackers show names of their own: what was offered, per visit.
    now: f64,
}

pub fn settings() -> Settings {
    Settings { domain: "example.org".to_owned(), ..Settings::default() }
}

pub fn key() -> HashKey {
    HashKey::new(*b"a key for tests.")
}

pub fn moment(at: f64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(((BEGIN + at) * 1_000.0) as u64)
}

impl World {
    pub fn new(settings: Settings) -> Self {
        Self {
            classifier: Classifier::new(settings, &key()),
            events: Vec::new(),
            keep_events: false,
            report: Report::default(),
            passwords: Passwords::default(),
            sequence: 0,
            connection: 0,
            now: 0.0,
        }
    }

    /// Tells the classifier what happened.
    pub fn tell(&mut self, connection: ConnectionId, kind: EventKind) -> Findings {
        self.sequence += 1;
        let event = Event { at: moment(self.now), connection, kind };
        let findings = self.classifier.observe(Sequence(self.sequence), &event);
        if self.keep_events {
            self.events.push((Sequence(self.sequence), event));
        }
        // What the past showed is not of this simulation.
        if self.now >= 0.0 {
            self.report.verdicts.extend(findings.verdicts.iter().map(|verdict| (self.now, verdict.clone())));
            self.report.bans.extend(findings.bans.iter().map(|ban| (self.now, ban.clone())));
            self.report.sessions.extend(findings.session.clone());
        }
        findings
    }

    pub fn run(&mut self, mut visits: Vec<Visit>) {
        visits.sort_by(|one, other| one.at.total_cmp(&other.at));
        for visit in visits {
            self.make(&visit);
        }
    }

    pub fn make(&mut self, visit: &Visit) {
        self.now = visit.at;
        self.connection += 1;
        let connection = ConnectionId(self.connection << 64 | self.connection);
        let peer = SocketAddr::new(visit.from, 40_000);
        let local = SocketAddr::new(ip(203, 0, 113, 1), 995);
        let clear = matches!(visit.doing, Doing::InjectsBehindStls | Doing::Speaks(_));
        let port = if clear { Port::Pop3 } else { Port::Pop3s };
        self.tell(connection, EventKind::Opened { peer, local, port });
        let mut summary = begun(visit, peer, local);
        match &visit.doing {
            Doing::Login { name, password, then } => {
                self.shake_hands(connection, visit.program);
                self.log_in(connection, visit, (name, *password), *then, &mut summary);
            }
            Doing::Says(said) => {
                self.shake_hands(connection, visit.program);
                for line in said {
                    self.tell(connection, EventKind::Command(spoken(line, State::Authorization)));
                    summary.tally.commands += 1;
                }
            }
            Doing::Speaks(language) => {
                let octets = Untrusted::new(b"?".as_slice());
                self.tell(connection, EventKind::Foreign { language: *language, octets });
            }
            Doing::InjectsBehindStls => {
                self.tell(connection, EventKind::Command(spoken(b"STLS\r\n", State::Authorization)));
                self.tell(connection, EventKind::Notice(Notice::ClearTextBehindStls { octets: 11 }));
                summary.ending = Ending::Dropped;
            }
            Doing::FailsTls(failure) => {
                self.tell(connection, EventKind::TlsFailed(*failure));
                summary.ending = Ending::HandshakeFailed;
            }
            Doing::Silent(seconds) => {
                self.now += seconds;
                summary.duration = Duration::from_secs_f64(*seconds);
                summary.first_octet = None;
                summary.ending = Ending::Timeout;
            }
        }
        self.tell(connection, EventKind::Closed(Box::new(summary)));
    }

    fn shake_hands(&mut self, connection: ConnectionId, program: Program) {
        let hello = Hello {
            version: 0x0304,
            server_name: program.quits.then(|| Untrusted::new(b"mail.example.org".as_slice())),
            ja4: program.ja4.to_owned(),
            ..Hello::default()
        };
        self.tell(connection, EventKind::Hello(Box::new(hello)));
        let tls = TlsFacts {
            version: "TLSv1.3".into(),
            suite: "TLS13_AES_128_GCM_SHA256".into(),
            server_name: None,
            alpn: None,
            resumed: false,
        };
        self.tell(connection, EventKind::Tls(Box::new(tls)));
    }

    fn log_in(
        &mut self,
        connection: ConnectionId,
        visit: &Visit,
        (name, password): (&str, Password),
        then: After,
        summary: &mut SessionSummary,
    ) {
        for line in visit.program.before {
            self.tell(connection, EventKind::Command(spoken(format!("{line}\r\n").as_bytes(), State::Authorization)));
        }
        for line in [format!("USER {name}\r\n"), "PASS x\r\n".to_owned()] {
            self.tell(connection, EventKind::Command(spoken(line.as_bytes(), State::Authorization)));
        }
        summary.tally.commands += 2;
        let account = exists(name);
        let right = account.is_some() && password == Password::Right;
        let fingerprint = self.classifier.fingerprint(connection);
        let asks = LoginVisitor { address: visit.from, account: account.as_deref(), fingerprint: fingerprint.as_ref() };
        let decision = self.classifier.answer(asks, moment(self.now));
        let refused = decision.enforced && decision.answer.refuses();
        let counted = visit.at >= 0.0;
        match (visit.honest, refused) {
            _ if !counted => {}
            (true, refused) => {
                self.report.honest += 1;
                self.report.honest_refused += u32::from(refused);
            }
            (false, refused) => {
                self.report.strange += 1;
                self.report.strange_refused += u32::from(refused);
                self.report.strange_entered += u32::from(right && !refused);
            }
        }
        if refused {
            return;
        }
        let facts = match password {
            Password::Wrong(password) => Some(self.passwords.facts(self.now, visit.from, name, password)),
            Password::Right => None,
        };
        let outcome = if right { LoginOutcome::Accepted } else { LoginOutcome::Refused };
        let name = Untrusted::new(name.as_bytes());
        let attempt =
            LoginAttempt { name, account: account.clone(), mechanism: LoginMechanism::User, outcome, password: facts };
        self.tell(connection, EventKind::Login(Box::new(attempt)));
        if right {
            summary.user = account;
            self.read_mail(connection, then, summary);
        } else {
            summary.tally.failed_logins += 1;
        }
        if visit.program.quits {
            let state = if right { State::Transaction } else { State::Authorization };
            self.tell(connection, EventKind::Command(spoken(b"QUIT\r\n", state)));
        }
    }

    fn read_mail(&mut self, connection: ConnectionId, then: After, summary: &mut SessionSummary) {
        let sent = |number: u32, octets: u64, sensitive: bool, age_seconds: u32| Answered {
            status: Status::Ok,
            error: None,
            code: None,
            octets,
            message: Some(MessageFacts { number, age_seconds, sensitive }),
        };
        summary.messages = then.messages;
        summary.removed_unread = then.removes_unread;
        summary.tally.removed = then.removes as usize;
        summary.tally.retrieved = then.retrieves.into();
        for number in 1..=then.tops {
            let line = format!("TOP {number} 0\r\n");
            self.tell(connection, EventKind::Command(spoken(line.as_bytes(), State::Transaction)));
            self.tell(connection, EventKind::Reply(sent(number, 500, false, then.age_seconds)));
        }
        for number in 1..=then.retrieves {
            let line = format!("RETR {number}\r\n");
            self.tell(connection, EventKind::Command(spoken(line.as_bytes(), State::Transaction)));
            self.tell(connection, EventKind::Reply(sent(number, then.octets_each, then.sensitive, then.age_seconds)));
        }
        for number in 1..=then.removes {
            let line = format!("DELE {number}\r\n");
            self.tell(connection, EventKind::Command(spoken(line.as_bytes(), State::Transaction)));
        }
    }
}

/// The summary of a session that has done nothing.
fn begun(visit: &Visit, peer: SocketAddr, local: SocketAddr) -> SessionSummary {
    SessionSummary {
        peer,
        local,
        tls: None,
        user: None,
        state: Some(State::Authorization),
        tally: Tally::default(),
        messages: 0,
        removed_unread: 0,
        commands_dropped: 0,
        octets_in: 0,
        octets_out: 0,
        duration: Duration::from_secs(1),
        first_octet: Some(Duration::from_millis(10)),
        ending: if visit.program.quits { Ending::Quit } else { Ending::PeerClosed },
        notice: None,
    }
}
