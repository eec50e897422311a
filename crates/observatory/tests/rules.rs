//! Every rule: it fires and cites the right events, and what it is known to be confused with does not fire it.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "the numbers of simulations are small"
)]

mod simulator;

use simulator::checks::{played, row};
use simulator::published::{QUIET, Row};
use simulator::{
    After, BOT, DAY, DEFAULT_PASSWORD, Dice, Doing, MAIL_APP, OTHER_APP, Password, Visit, World, home, ip, owner,
    settings, stranger, visit,
};
use watchpost_observatory::RuleId::{self, *};
use watchpost_observatory::{
    Confidence, ConnectionId, EventKind, FactName, Origin, Port, Severity, Subject, TlsFailure, Value, Verdict,
};
use watchpost_proto::catalogue::Language;
use watchpost_proto::pop3::server::Notice;

/// What sort of event a verdict must cite.
fn kind(event: &EventKind) -> &'static str {
    match event {
        EventKind::Opened { .. } => "opened",
        EventKind::Login(_) => "login",
        EventKind::Command(_) => "command",
        EventKind::Reply(_) => "reply",
        EventKind::Closed(_) => "closed",
        EventKind::Foreign { .. } => "foreign",
        EventKind::Notice(_) => "notice",
        EventKind::TlsFailed(_) => "tls-failed",
        EventKind::Tls(_) => "tls",
        EventKind::PreviousPassword { .. } => "previous-password",
        _ => "other",
    }
}

/// The rule, what fires it, the events it cites, and what does not fire it.
struct Case {
    rule: RuleId,
    fires: &'static str,
    cites: &'static str,
    spares: &'static str,
}

const fn case(rule: RuleId, fires: &'static str, cites: &'static str, spares: &'static str) -> Case {
    Case { rule, fires, cites, spares }
}

const CASES: &[Case] = &[
    case(W1, "uptime monitor", "closed", "fetcher"),
    case(W2, "survey", "closed", "Outlook with SPA"),
    case(W3, "12 wrong protocols", "foreign", "fetcher"),
    case(N1, "nmap", "command", "Outlook with SPA"),
    case(A1, "mechanisms of AUTH", "command", "Outlook with SPA"),
    case(E1, "8 names that do not exist", "login", "new office"),
    case(DC, "default passwords", "login", "an owner's default password at home"),
    case(B1, "mailcow", "login", "human: 12 different guesses"),
    case(B2, "takeover", "login", "phone with an old password in 60 nets"),
    case(B3, "hub #1160", "login", "office NAT"),
    case(P1, "spray from", "login", "migration"),
    case(C1, "stuffing from", "login", "new office"),
    case(D1, "hub #283", "login", "phone with an old password in 60 nets"),
    case(S1, "STLS injection", "notice", "a ClientHello too early"),
    case(S2, "one net complains", "tls-failed", "a stranger's TLS fails"),
    case(X1, "exploit", "command", "honest lines"),
    case(F1, "connections held", "closed", "30 idle phones"),
    case(T1, "guesses from Tor", "login", "an owner in Tor"),
    case(H1, "takeover", "login", "human: 6 different typos"),
    case(H2, "a stranger comes in, takes all", "reply", "owners leave no copy"),
    case(H3, "headers by the dozen", "reply", "headers at home"),
    case(H4, "a stranger comes in and looks", "reply", "codes at home"),
    case(H5, "a stranger comes in, takes all", "command", "owners leave no copy"),
    case(M1, "uptime monitor", "closed", "fetcher"),
    case(M2, "phone, old password", "login", "human: 8 guesses"),
    case(O1, "old password from elsewhere", "previous-password", "old password at home"),
];

/// Rows that only this file has.
const HERE: &[Row] = &[
    Row { name: "default passwords", plan: default_passwords, ..QUIET },
    Row { name: "an owner's default password at home", plan: default_at_home, ..QUIET },
    Row { name: "migration", plan: migration, ..QUIET },
    Row { name: "a stranger's TLS fails", plan: strange_tls, ..QUIET },
    Row { name: "honest lines", plan: honest_lines, ..QUIET },
    Row { name: "headers by the dozen", plan: headers_abroad, ..QUIET },
    Row { name: "headers at home", plan: headers_at_home, ..QUIET },
    Row { name: "codes at home", plan: codes_at_home, ..QUIET },
    Row { name: "guesses from Tor", plan: default_passwords, ..QUIET },
    Row { name: "an owner in Tor", plan: owner_in_tor, ..QUIET },
];

const HOME: (u8, u8, u8, u8) = (198, 51, 100, 7);

fn at_home() -> std::net::IpAddr {
    ip(HOME.0, HOME.1, HOME.2, HOME.3)
}

fn default_passwords(_: &mut Dice) -> Vec<Visit> {
    let scan = |(number, name): (u32, &str)| {
        stranger(f64::from(number), ip(203, 0, 113, 9), name, Password::Wrong(DEFAULT_PASSWORD))
    };
    (0..).zip(["scan", "fax", "admin"]).map(scan).collect()
}

fn default_at_home(_: &mut Dice) -> Vec<Visit> {
    vec![home(at_home(), "alice"), owner(0.0, at_home(), "alice", Password::Wrong(DEFAULT_PASSWORD))]
}

/// Everybody tries the first password that all were given, and it is another by now.
fn migration(_: &mut Dice) -> Vec<Visit> {
    let mut visits = Vec::new();
    for user in 0..30_u8 {
        let name = format!("u{user}");
        let from = ip(100, 20 + user / 3, 5, 5);
        visits.extend([home(from, &name), owner(f64::from(user) * 20.0, from, &name, Password::Wrong(77))]);
    }
    visits
}

fn strange_tls(_: &mut Dice) -> Vec<Visit> {
    (0..5)
        .map(|number| visit(f64::from(number), ip(203, 0, 113, 9), Doing::FailsTls(TlsFailure::PeerAlert(48))))
        .collect()
}

/// Names in UTF-8, a legacy `user%domain`, a long passphrase, an address with a plus.
fn honest_lines(_: &mut Dice) -> Vec<Visit> {
    let passphrase = format!("PASS {}\r\n", "correct horse battery staple ".repeat(6));
    let lines = [
        "USER ゆき\r\n",
        "USER john%nice.example\r\n",
        &passphrase,
        "USER a+b@example.org\r\n",
        "CAPA\r\n",
        "NOOP\r\n",
    ];
    let said = lines.iter().map(|line| line.as_bytes().to_vec()).collect();
    vec![visit(0.0, ip(192, 0, 2, 9), Doing::Says(said))]
}

fn reads(from: std::net::IpAddr, then: After) -> Vec<Visit> {
    let doing = Doing::Login { name: "alice".to_owned(), password: Password::Right, then };
    vec![home(at_home(), "alice"), Visit { at: 0.0, from, program: MAIL_APP, doing, honest: true }]
}

const HEADERS: After = After {
    messages: 60,
    tops: 60,
    retrieves: 1,
    octets_each: 2_000,
    sensitive: true,
    age_seconds: 40,
    removes: 0,
    removes_unread: 0,
};

fn headers_abroad(_: &mut Dice) -> Vec<Visit> {
    reads(ip(203, 0, 113, 9), After { sensitive: false, age_seconds: 90_000, ..HEADERS })
}

fn headers_at_home(_: &mut Dice) -> Vec<Visit> {
    reads(at_home(), HEADERS)
}

fn codes_at_home(_: &mut Dice) -> Vec<Visit> {
    reads(at_home(), After { tops: 12, ..HEADERS })
}

fn owner_in_tor(_: &mut Dice) -> Vec<Visit> {
    let from = ip(203, 0, 113, 9);
    vec![home(from, "alice"), owner(0.0, from, "alice", Password::Wrong(4)), owner(9.0, from, "alice", Password::Right)]
}

/// The world after a row, or after what no row can say.
fn world_after(name: &str) -> World {
    let mut world = World::new(settings());
    world.keep_events = true;
    match name {
        "a ClientHello too early" => {
            let connection = ConnectionId(1);
            let peer = std::net::SocketAddr::new(ip(203, 0, 113, 9), 4_000);
            world.tell(connection, EventKind::Opened { peer, local: peer, port: Port::Pop3 });
            world.tell(connection, EventKind::Notice(Notice::HelloBehindStls));
        }
        "old password from elsewhere" | "old password at home" => {
            let from = if name.ends_with("home") { at_home() } else { ip(203, 0, 113, 9) };
            world.make(&home(at_home(), "alice"));
            world.make(&stranger(1.0, ip(203, 0, 113, 8), "bob", Password::Wrong(1)));
            let connection = ConnectionId(77);
            let peer = std::net::SocketAddr::new(from, 4_000);
            world.tell(connection, EventKind::Opened { peer, local: peer, port: Port::Pop3s });
            world.tell(connection, EventKind::PreviousPassword { account: "alice@example.org".to_owned() });
        }
        name if name.contains("Tor") => {
            let tor = |address: std::net::IpAddr| {
                Some(Origin { tor: address == ip(203, 0, 113, 9), country: Some("NL".to_owned()), ..Origin::default() })
            };
            world.classifier = world.classifier.with_origins(Box::new(tor));
            let row = HERE.iter().find(|row| row.name == name).expect("a row of this name");
            world.run((row.plan)(&mut Dice::new(1)));
        }
        name => match HERE.iter().find(|row| row.name == name) {
            Some(row) => world.run((row.plan)(&mut Dice::new(1))),
            None => return played(row(name), 1),
        },
    }
    world
}

#[test]
fn every_rule_fires_on_its_evidence() {
    for id in RuleId::ALL {
        assert_eq!(CASES.iter().filter(|case| case.rule == *id).count(), 1, "{id} has its case");
    }
    for case in CASES {
        let world = world_after(case.fires);
        let verdict = world.report.last(case.rule).unwrap_or_else(|| {
            panic!("{} does not fire on {}: {:?}", case.rule, case.fires, world.report.rules());
        });
        let cited: Vec<&str> = world
            .events
            .iter()
            .filter(|(sequence, _)| verdict.evidence.contains(sequence))
            .map(|(_, event)| kind(&event.kind))
            .collect();
        assert_eq!(cited.len(), verdict.evidence.len(), "{}", case.rule);
        assert!(cited.contains(&case.cites), "{} cites {cited:?}", case.rule);
        assert_eq!(verdict.techniques, case.rule.rule().techniques);
    }
}

#[test]
fn what_a_rule_is_confused_with_does_not_fire_it() {
    for case in CASES {
        let world = world_after(case.spares);
        let fired = world.report.last(case.rule);
        assert!(fired.is_none(), "{} fires on {}: {fired:?}", case.rule, case.spares);
    }
}

#[test]
fn every_verdict_speaks_both_languages() {
    for case in CASES {
        let world = world_after(case.fires);
        for (_, verdict) in &world.report.verdicts {
            for language in [Language::English, Language::Japanese] {
                let sentence = verdict.sentence(language);
                let broken = ['{', '}', '[', ']', '–'].iter().any(|mark| sentence.contains(*mark));
                assert!(!sentence.is_empty() && !broken, "{}: {sentence}", verdict.rule);
            }
            assert!(verdict.sentence(Language::English).len() > 10, "{verdict:?}");
            assert!(
                verdict.not_a_false_alarm.is_empty() == verdict.why_not_a_false_alarm(Language::Japanese).is_empty()
            );
        }
    }
}

/// What a person reads, written down once.
#[test]
fn a_verdict_says_what_happened_and_why_it_is_no_false_alarm() {
    let world = world_after("mailcow");
    let verdict =
        world.report.verdicts.iter().map(|(_, verdict)| verdict).find(|verdict| verdict.rule == B1).expect("B1");
    assert_eq!(verdict.sentence(Language::English), "tried 4 passwords on info in 0 s");
    assert_eq!(verdict.sentence(Language::Japanese), "info に、0 秒の間に 4 個のパスワードを試しました");
    assert_eq!(
        verdict.why_not_a_false_alarm(Language::English),
        "4 different passwords; the same wrong password again was not counted; the owner is not at home in this network"
    );
}

fn last(name: &str, rule: RuleId) -> Verdict {
    world_after(name).report.last(rule).expect("the rule fires").clone()
}

#[test]
fn mistakes_of_owners_are_told_from_attacks() {
    let tls = last("TLS on port 110", W3);
    assert_eq!((tls.severity, tls.confidence), (Severity::Info, Confidence::Low));
    let latin = last("Latin-1", X1);
    assert_eq!(latin.severity, Severity::Low);
    let phone = last("an owner's new phone", H2);
    assert_eq!((phone.severity, phone.confidence), (Severity::Medium, Confidence::Low));
    let expired = last("our certificate expired", S2);
    assert_eq!((expired.subject, expired.severity), (Subject::Everyone, Severity::Medium));
}

/// S-062: a network that always used TLS and now does not, and one that offers only what is too old.
#[test]
fn tls_that_is_taken_away_is_seen() {
    let mut habit: Vec<Visit> =
        (1..13).map(|day| owner(-f64::from(day) * DAY, at_home(), "alice", Password::Right)).collect();
    for doing in [Doing::FailsTls(TlsFailure::Version), Doing::Says(Vec::new())] {
        let mut world = World::new(settings());
        world.run(habit.clone());
        world.make(&visit(0.0, at_home(), doing.clone()));
        let old = matches!(doing, Doing::FailsTls(_));
        assert_eq!(world.report.first(S2).is_some(), old);
        let connection = ConnectionId(9);
        let peer = std::net::SocketAddr::new(at_home(), 4_000);
        world.tell(connection, EventKind::Opened { peer, local: peer, port: Port::Pop3 });
        let user = simulator::lines::spoken(b"USER alice\r\n", watchpost_proto::pop3::State::Authorization);
        world.tell(connection, EventKind::Command(user));
        assert!(world.report.first(S2).is_some());
    }
    habit.truncate(3);
    let mut world = World::new(settings());
    world.run(habit);
    world.make(&visit(0.0, at_home(), Doing::FailsTls(TlsFailure::Version)));
    assert!(world.report.first(S2).is_none(), "three logins are no habit");
}

/// S-062: user-list walking in a pipeline, on one connection.
#[test]
fn guesses_in_a_pipeline_are_guesses() {
    let mut world = World::new(settings());
    let lines = (0..12).flat_map(|number| [format!("USER n{number}\r\n"), "CAPA\r\n".to_owned()]);
    world.make(&visit(0.0, ip(203, 0, 113, 9), Doing::Says(lines.map(String::into_bytes).collect())));
    assert!(world.report.first(E1).is_some());
}

#[test]
fn a_stranger_who_polls_for_a_code_is_seen() {
    let then = After { messages: 3, retrieves: 1, octets_each: 900, age_seconds: 20, ..After::default() };
    let doing = Doing::Login { name: "alice".to_owned(), password: Password::Right, then };
    let mut world = World::new(settings());
    world.make(&home(at_home(), "alice"));
    // Guesses before keep the network strange, so each visit is one by a stranger.
    world.run(
        (0..5)
            .map(|number| {
                stranger(f64::from(number), ip(100, number as u8 + 20, 1, 1), "alice", Password::Wrong(number))
            })
            .collect(),
    );
    let poll = |number: u32| Visit {
        at: 100.0 + f64::from(number) * 20.0,
        from: ip(203, 0, 113, 9),
        program: OTHER_APP,
        doing: doing.clone(),
        honest: false,
    };
    world.run((0..6).map(poll).collect());
    assert!(world.report.first(H4).is_some_and(|at| at <= 180.0), "{:?}", world.report.rules());
}

#[test]
fn sessions_are_labelled() {
    use watchpost_observatory::{Class, Tool};
    for (name, class) in [
        ("uptime monitor", Class::Monitor),
        ("survey", Class::Scanner),
        ("phone, old password", Class::StaleDevice),
        ("mailcow", Class::Guesser),
        ("exploit", Class::Exploiter),
        ("12 wrong protocols", Class::WrongProtocol),
        ("human: 6 different typos", Class::MailApp),
        ("a stranger comes in and looks", Class::Intruder),
    ] {
        let world = world_after(name);
        assert!(world.report.sessions.iter().any(|session| session.class == class), "{name}: {class:?}");
    }
    let sessions = world_after("mailcow").report.sessions;
    assert_eq!(sessions[0].tool, Some(Tool::OneGuess));
    assert_eq!(sessions[0].p3f, "U.P|crlf|upper|pl0|q0|g0|n1");
    let sessions = world_after("hub #283").report.sessions;
    assert!(sessions.iter().any(|session| session.campaign.is_some()));
}

#[test]
fn a_campaign_names_what_it_is() {
    let verdict = last("hub #283", D1);
    let Subject::Campaign(name) = &verdict.subject else { panic!("{:?}", verdict.subject) };
    assert!(name.starts_with("c-"));
    let fact = |name: FactName| verdict.reason.iter().find(|fact| fact.name == name).map(|fact| &fact.value);
    assert!(matches!(fact(FactName::Sources), Some(Value::Count(10..=200))), "{:?}", verdict.reason);
    assert!(verdict.sentence(Language::English).contains(BOT.ja4));
}

#[test]
fn much_more_than_usual_is_seen() {
    simulator::checks::much_more_than_usual_is_seen();
}
