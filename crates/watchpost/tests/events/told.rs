//! Sessions in clear text.

use watchpost_observatory::{
    Ending, EventKind, Foreign, LoginAttempt, LoginMechanism, LoginOutcome, Oddities, PasswordAccounts, PasswordLength,
    Port, SpokenEnd, Status,
};
use watchpost_proto::Mechanism;
use watchpost_proto::pop3::server::Notice;
use watchpost_proto::pop3::{ResponseCode, State, Verb};

use crate::support::Typist;
use crate::watched::{ALICE, PREVIOUS, Watched, Witnessing, summary};

/// Events in short, one line each.
fn short(events: &[EventKind]) -> Vec<String> {
    events
        .iter()
        .map(|event| match event {
            EventKind::Opened { .. } => "opened".to_owned(),
            EventKind::Command(spoken) => format!("C {} [{}]", spoken.text, spoken.hidden),
            EventKind::Reply(answered) => format!("S {:?}", answered.status),
            EventKind::Login(attempt) => format!("login {} {:?}", attempt.name, attempt.outcome),
            EventKind::Closed(summary) => format!("closed {:?}", summary.ending),
            other => format!("{other:?}"),
        })
        .collect()
}

fn logins(events: &[EventKind]) -> Vec<&LoginAttempt> {
    let mut logins = Vec::new();
    for event in events {
        if let EventKind::Login(attempt) = event {
            logins.push(attempt.as_ref());
        }
    }
    logins
}

#[test]
fn a_session_is_told_from_its_beginning_to_its_end() {
    // S-060, S-061, S-029
    let server = Watched::start(Witnessing::On);
    let mut typist = Typist::connect(server.pop3);
    typist.ok("user Alice");
    typist.say("PASS wrong-1");
    typist.send(b"USER alice\n");
    typist.line();
    typist.ok(&format!("PASS {ALICE}"));
    typist.lines("RETR 1");
    typist.ok("DELE 1");
    typist.ok("DELE 3");
    typist.ok("QUIT");
    typist.rest();
    let events = server.session();
    assert_eq!(
        short(&events),
        [
            "opened",
            "C user Alice [0]",
            "S Ok",
            "C PASS [8]",
            "login Alice Refused",
            "S Err",
            "C USER alice [0]",
            "S Ok",
            "C PASS [15]",
            "login alice Accepted",
            "S Ok",
            "C RETR 1 [0]",
            "S Ok",
            "C DELE 1 [0]",
            "S Ok",
            "C DELE 3 [0]",
            "S Ok",
            "C QUIT [0]",
            "S Ok",
            "closed Quit",
        ]
    );
    let EventKind::Opened { port: Port::Pop3, local, .. } = events[0] else { panic!("{:?}", events[0]) };
    assert_eq!(local, server.pop3);
    let EventKind::Command(spoken) = &events[6] else { panic!() };
    assert_eq!((spoken.verb, spoken.line_end, spoken.state), (Some(Verb::User), SpokenEnd::Lf, State::Authorization));
    let EventKind::Reply(refused) = &events[5] else { panic!() };
    assert_eq!((refused.status, refused.error, refused.code), (Status::Err, Some(11), Some(ResponseCode::Auth)));
    let EventKind::Reply(retrieved) = &events[12] else { panic!() };
    assert_eq!(retrieved.octets, b"+OK 32 octets\r\nSubject: Lunch\r\n\r\n..dot\r\nWhere?\r\n.\r\n".len() as u64);
    let message = retrieved.message.unwrap();
    assert!(message.number == 1 && !message.sensitive && message.age_seconds < 60, "{message:?}");
    let summary = summary(&events);
    assert_eq!((summary.messages, summary.removed_unread, summary.tally.removed), (3, 1, 2));
    assert_eq!((summary.user.as_deref(), summary.ending), (Some("alice@example.org"), Ending::Quit));
    assert!(summary.first_octet.unwrap() <= summary.duration && summary.commands_dropped == 0);
}

#[test]
pub fn wrong_passwords_become_facts_and_right_ones_do_not() {
    // S-061, S-062, §4.3
    let server = Watched::start(Witnessing::On);
    for password in ["123456", "123456", "alice123", ALICE] {
        let mut typist = Typist::connect(server.pop3);
        typist.ok("USER alice");
        typist.say(&format!("PASS {password}"));
        drop(typist);
    }
    let mut sessions = Vec::new();
    while sessions.len() < 4 {
        let events = server.session();
        sessions.extend(logins(&events).into_iter().cloned());
    }
    sessions.sort_by_key(|login| {
        (login.outcome == LoginOutcome::Accepted, login.password.map(|facts| facts.source_passwords))
    });
    let facts: Vec<_> = sessions.iter().map(|login| login.password).collect();
    let (first, last) = (facts[0].unwrap(), facts[2].unwrap());
    assert!(first.common && !first.default && first.length == PasswordLength::To8 && first.classes == 4);
    assert!(facts[..2].iter().flatten().any(|facts| facts.repeat), "the same password again is a stale retry");
    assert_eq!(facts[0].unwrap().tag, facts[1].unwrap().tag);
    assert!(last.default && !last.repeat && last.source_passwords == 2);
    assert_eq!(last.password_accounts, PasswordAccounts::One);
    assert_eq!(facts[3], None, "nothing is ever kept of a right password");
    assert_eq!(sessions[3].account.as_deref(), Some("alice@example.org"));
}

#[test]
fn sasl_data_is_never_told() {
    // S-029, S-061
    let server = Watched::start(Witnessing::On);
    let mut typist = Typist::connect(server.pop3);
    typist.say("AUTH PLAIN AGFsaWNlAHNlY3JldA==");
    typist.send(b"AUTH PLAIN\r\n");
    assert_eq!(typist.line(), "+ \r\n");
    typist.say("AGFsaWNlAHNlY3JldA==");
    typist.send(b"AUTH NTLM\r\n");
    typist.line();
    typist.say("TlRMTVNTUAABAAAAB4IIAAAAAAAAAAAAAAAAAAAAAAA=");
    typist.say("hunter2");
    drop(typist);
    let events = server.session();
    assert_eq!(
        short(&events),
        [
            "opened",
            "C AUTH PLAIN [32]",
            "login alice Refused",
            "S Err",
            "C AUTH PLAIN [0]",
            "S Challenge",
            "C  [32]",
            "login alice Refused",
            "S Err",
            "C AUTH NTLM [0]",
            "S Err",
            "C TlRMTVNTUAAB [32]",
            "S Err",
            "C  [8]",
            "S Err",
            "closed PeerClosed",
        ]
    );
    assert!(logins(&events).iter().all(|login| login.mechanism == LoginMechanism::Sasl(Mechanism::Plain)));
}

#[test]
pub fn a_password_in_the_place_of_a_name_is_hidden() {
    // S-061, §4.3
    let server = Watched::start(Witnessing::On);
    let mut typist = Typist::connect(server.pop3);
    typist.ok("USER alice");
    typist.say("PASS wrong");
    typist.ok("USER Tr0ub4dor&3");
    typist.say("PASS x");
    drop(typist);
    let events = server.session();
    assert!(!format!("{events:?}").contains("Tr0ub4dor"), "{events:?}");
    assert_eq!(short(&events)[6], "C USER [11]");
    assert_eq!(logins(&events)[1].name.as_octets(), b"");
}

#[test]
fn other_protocols_and_oddities_are_told() {
    // S-016, S-062
    let server = Watched::start(Witnessing::On);
    let say = |octets: &[u8]| {
        let mut typist = Typist::connect(server.pop3);
        typist.send(octets);
        typist.finish();
        typist.rest();
        server.session()
    };
    for (octets, foreign) in [
        (&b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"[..], Foreign::Http),
        (b"\x16\x03\x01\x02\x00", Foreign::Tls),
        (b"EHLO x\r\n", Foreign::Smtp),
        (b"\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x03\x00\x00\x00", Foreign::Rdp),
        (b"\x05\x01\x00", Foreign::Socks),
        (b"SSH-2.0-Go\r\n", Foreign::Ssh),
        (b"a1 LOGIN alice sesame\r\n", Foreign::Imap),
    ] {
        let events = say(octets);
        let told =
            events.iter().any(|event| matches!(event, EventKind::Foreign { language, .. } if *language == foreign));
        assert!(told, "{foreign:?}: {events:?}");
        assert!(!format!("{events:?}").contains("sesame"));
    }
    let events = say(&[b"USER ".as_slice(), &[b'A'; 3000], b"\r\nUIDL -1\r\n"].concat());
    let odd: Vec<Oddities> = events
        .iter()
        .filter_map(|event| match event {
            EventKind::Command(spoken) => Some(spoken.oddities),
            _ => None,
        })
        .collect();
    assert_eq!(odd, [Oddities::LONG.and(Oddities::VERY_LONG).and(Oddities::REPEATED), Oddities::NUMBER]);
    assert!(events.contains(&EventKind::Notice(Notice::LineTooLong)));
    let events = say(b"STLS\r\nUSER alice\r\nPASS sesame\r\n");
    assert!(events.contains(&EventKind::Notice(Notice::ClearTextBehindStls { octets: 25 })), "{events:?}");
    assert!(!format!("{events:?}").contains("sesame"));
}

#[test]
fn a_refused_login_is_told_while_the_session_goes_on() {
    // Logs that are written at the end miss who keeps the connection open.
    let server = Watched::start(Witnessing::On);
    let mut typist = Typist::connect(server.pop3);
    typist.ok("USER alice");
    typist.say("PASS wrong");
    let events = server.collector.until(|events| events.iter().any(|event| matches!(event.kind, EventKind::Login(_))));
    assert!(!events.iter().any(|event| matches!(event.kind, EventKind::Closed(_))));
    typist.ok("CAPA");
    server.collector.until(|events| {
        events.iter().any(|event| matches!(&event.kind, EventKind::Command(spoken) if spoken.verb == Some(Verb::Capa)))
    });
}

#[test]
fn a_password_that_was_right_once_is_told_after_its_reply() {
    // S-062, O1
    let server = Watched::start(Witnessing::On);
    for (password, told) in [(PREVIOUS, 1), ("wrong", 0)] {
        let mut typist = Typist::connect(server.pop3);
        typist.ok("USER alice");
        typist.say(&format!("PASS {password}"));
        typist.ok("QUIT");
        typist.rest();
        let events = server.session();
        let previous = EventKind::PreviousPassword { account: "alice@example.org".to_owned() };
        assert_eq!(events.iter().filter(|event| **event == previous).count(), told, "{events:?}");
        assert_eq!(logins(&events)[0].account.as_deref(), Some("alice@example.org"));
        assert!(matches!(events.last(), Some(EventKind::Closed(_))));
        let place = |wanted: fn(&EventKind) -> bool| events.iter().position(wanted);
        let reply =
            events.iter().position(|event| matches!(event, EventKind::Reply(reply) if reply.status == Status::Err));
        assert!(
            place(|event| matches!(event, EventKind::PreviousPassword { .. })).is_none_or(|found| Some(found) > reply)
        );
        assert!(!format!("{events:?}").contains(PREVIOUS));
    }
}

#[test]
fn a_proof_of_another_session_is_marked_and_not_told() {
    // S-061, S-062
    let server = Watched::start(Witnessing::On);
    let digest = "c4c9334bac560ecc979e58001b3e22fb";
    let message = "biwsbj1hbGljZSxyPWZ5a28rZDJsYmJGZ09OUnY5cWt4ZGF3TA==";
    let replayed = || {
        let mut typist = Typist::connect(server.pop3);
        typist.say(&format!("APOP alice {digest}"));
        typist.say(&format!("APOP alice {digest}"));
        typist.say(&format!("AUTH SCRAM-SHA-256 {message}"));
        typist.ok("QUIT");
        typist.rest();
        let events = server.session();
        let text = format!("{events:?}");
        assert!(!text.contains(digest) && !text.contains(message), "{text}");
        let spoken = events.iter().filter_map(|event| match event {
            EventKind::Command(spoken) => Some(spoken.oddities.has(Oddities::REPLAYED)),
            _ => None,
        });
        spoken.collect::<Vec<_>>()
    };
    assert_eq!(replayed(), [false, false, false, false]);
    assert_eq!(replayed(), [true, true, true, false]);
}
