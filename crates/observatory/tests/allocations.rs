//! What it costs to watch and judge a login, counted where a clock would say another figure each time: allocations are
//! the same on every machine, and one thread makes what another one drops. One test: planted faults are of the whole
//! process.
#![allow(clippy::print_stdout, reason = "the counts are what this test reports")]

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use allocation_counter::measure;
use watchpost_observatory::journal::{Encoder, Micros};
use watchpost_observatory::{
    Classifier, ConnectionId, Ending, Event, EventKind, HashKey, LoginAttempt, LoginMechanism, LoginOutcome, Port,
    Sequence, SessionSummary, Settings, Untrusted, Witness,
};
use watchpost_proto::planted::plant;
use watchpost_proto::pop3::server::{Action, Channel, Limits, Session, Tally};

/// Allocations of the session's thread beyond those of a session that nobody watches.
const WATCH_MAX: u64 = 9;
/// Of the classifier.
const JUDGE_MAX: u64 = 2;
/// Of the encoder.
const ENCODE_MAX: u64 = 1;
const ACCOUNT: &str = "alice@example.org";
/// What a client says that looks for new mail.
const VISIT: [&str; 5] = ["CAPA\r\n", "USER alice@example.org\r\n", "PASS tiger\r\n", "STAT\r\n", "QUIT\r\n"];

fn summary() -> SessionSummary {
    let address = "192.0.2.7:40000".parse().expect("an address");
    SessionSummary {
        peer: address,
        local: address,
        tls: None,
        user: Some(ACCOUNT.to_owned()),
        state: None,
        tally: Tally::default(),
        messages: 0,
        removed_unread: 0,
        commands_dropped: 0,
        octets_in: 0,
        octets_out: 0,
        duration: Duration::ZERO,
        first_octet: None,
        ending: Ending::Quit,
        notice: None,
    }
}

fn attempt() -> EventKind {
    EventKind::Login(Box::new(LoginAttempt {
        name: Untrusted::new(ACCOUNT),
        account: Some(ACCOUNT.to_owned()),
        mechanism: LoginMechanism::User,
        outcome: LoginOutcome::Accepted,
        password: None,
    }))
}

/// A session, and what is told of it if somebody watches.
fn visit(witness: Option<Witness>, at: SystemTime) -> Vec<Event> {
    let now = Instant::now();
    let mut session = Session::new(Limits::default(), Channel::Tls, now);
    let mut witness = witness;
    if let Some(witness) = &mut witness {
        session = session.with_witness();
        let peer = summary().peer;
        witness.saw(EventKind::Opened { peer, local: peer, port: Port::Pop3s }, at);
    }
    let mut output = Vec::new();
    for line in VISIT {
        session.receive(line.as_bytes(), now);
        while let Some(action) = session.poll(&mut output) {
            match action {
                Action::Login(_) => {
                    if let Some(witness) = &mut witness {
                        witness.saw(attempt(), at);
                    }
                    session.login_result(Ok(Arc::default()), &mut output);
                }
                Action::Update(_) => session.update_result(Ok(0), &mut output),
                Action::Close => break,
                _ => {}
            }
        }
        output.clear();
    }
    // As the server does it: what a session tells is taken with much else.
    witness.map_or_else(Vec::new, |mut witness| {
        witness.told(session.told(), at);
        witness.end(summary(), at)
    })
}

/// Allocations of each part of the way: the session's thread, then the journal's.
#[derive(Debug)]
struct Counted {
    watch: u64,
    judge: u64,
    encode: u64,
}

fn counted() -> Counted {
    let mut classifier = Classifier::new(Settings::default(), &HashKey::new([3; 16]));
    let mut sequence = 0;
    let mut judge = |events: &[Event]| {
        for event in events {
            sequence += 1;
            let findings = classifier.observe(Sequence(sequence), event);
            assert!(findings.verdicts.is_empty(), "an owner's login is no matter of rules: {findings:?}");
        }
    };
    let at = |day: u64| SystemTime::UNIX_EPOCH + Duration::from_hours(24 * (20_000 + day));
    let witness_of = |day: u128| Some(Witness::new(ConnectionId(day)));
    // The owner is at home, and all tables have their places.
    (0..3_u8).for_each(|day| judge(&visit(witness_of(day.into()), at(day.into()))));
    let alone = measure(|| drop(visit(None, at(3)))).count_total;
    let mut events = Vec::new();
    let watched = measure(|| events = visit(witness_of(3), at(3))).count_total;
    let judged = measure(|| judge(&events)).count_total;
    let encoded = measure(|| {
        let mut encoder = Encoder::new(Sequence(1), Micros::of(at(3)));
        for (sequence, event) in (1..).zip(&events) {
            encoder.push(Sequence(sequence), Micros::of(event.at), &event.kind, &mut |_| Some(1));
        }
    });
    Counted { watch: watched - alone, judge: judged, encode: encoded.count_total }
}

#[test]
fn an_owners_login_costs_few_allocations() {
    let costs = counted();
    println!("allocations of an owner's login: {costs:?}");
    assert!(costs.watch <= WATCH_MAX, "to watch it: {costs:?}");
    assert!(costs.judge <= JUDGE_MAX, "to judge it: {costs:?}");
    assert!(costs.encode <= ENCODE_MAX, "to encode it: {costs:?}");
    plant(Some("observatory.texts-are-copied"));
    let planted = counted();
    plant(None);
    assert!(planted.watch > WATCH_MAX, "a text that is copied once more is not counted: {planted:?}");
}
