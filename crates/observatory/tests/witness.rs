//! How sessions become events: all of them at first, the notable ones later, the last ones at the end.
#![allow(clippy::unwrap_used, reason = "a test may fail here")]
#![allow(clippy::print_stdout, reason = "the count of planted faults is what a test reports")]

mod watching;

use std::panic::catch_unwind;
use std::process::Command;

use proptest::prelude::*;
use watchpost_observatory::{
    ConnectionId, Event, EventKind, Foreign, LoginAttempt, LoginMechanism, LoginOutcome, Oddities, Status, Untrusted,
    Witness,
};
use watchpost_proto::planted::plant;
use watchpost_proto::pop3::server::{Notice, Told};

use watching::{at, commands, dropped, noop, replied, session, summary};

#[test]
fn bounds_hold_for_a_million_commands() {
    watching::bounds_hold_for_a_million_commands();
}

#[test]
fn a_stale_retry_is_no_guess() {
    watching::a_stale_retry_is_no_guess();
}

#[test]
fn what_is_notable_is_told_when_it_happens() {
    // S-060: beyond the first commands too
    let mut witness = Witness::new(ConnectionId(7));
    for number in 0..300 {
        witness.told(vec![noop(Oddities::default()), replied(Status::Ok)], at(number));
    }
    witness.take();
    witness.told(vec![noop(Oddities::default()), replied(Status::Err)], at(300));
    witness.told(vec![noop(Oddities::NUMBER), replied(Status::Ok)], at(301));
    assert!(witness.is_urgent());
    assert_eq!(commands(&witness.take()), [at(300), at(301)]);
    assert!(!witness.is_urgent() && !witness.has_events());
    witness.told(vec![noop(Oddities::default()), replied(Status::Ok)], at(302));
    assert!(!witness.has_events());
    let last = witness.end(summary(), at(303));
    assert_eq!((commands(&last).len(), dropped(&last)), (64, 300 - 192 + 1 - 64));
    assert_eq!(commands(&last).last(), Some(&at(302)));
}

#[test]
fn other_events_are_told_in_their_place_and_have_a_bound() {
    let refused = || {
        let (name, mechanism) = (Untrusted::new("x"), LoginMechanism::User);
        let outcome = LoginOutcome::Refused;
        EventKind::Login(Box::new(LoginAttempt { name, account: None, mechanism, outcome, password: None }))
    };
    let mut witness = Witness::new(ConnectionId(7));
    let mut count = 0;
    for number in 0..100_000 {
        witness.told(vec![noop(Oddities::default())], at(number));
        witness.saw(refused(), at(number));
        witness.told(vec![Told::Noticed(Notice::LineTooLong), replied(Status::Ok)], at(number));
        let events = witness.take();
        if number == 0 {
            let kinds: Vec<_> = events.iter().map(|event| std::mem::discriminant(&event.kind)).collect();
            assert_eq!(kinds[1], std::mem::discriminant(&refused()));
            assert_eq!(events[2].kind, EventKind::Notice(Notice::LineTooLong));
        }
        count += events.len();
    }
    assert!(count <= 192 * 4 + 256, "{count}");
}

#[test]
fn an_opening_is_told_if_it_is_another_protocol() {
    // S-016, S-062
    let mut witness = Witness::new(ConnectionId(7));
    witness.told(vec![Told::Opening(b"GET / HTTP/1.1".to_vec()), Told::Opening(b"HELP".to_vec())], at(0));
    let foreign = EventKind::Foreign { language: Foreign::Http, octets: Untrusted::new("GET / HTTP/1.1") };
    assert_eq!(witness.take(), [Event { at: at(0), connection: ConnectionId(7), kind: foreign }]);
}

proptest! {
    #[test]
    fn taking_often_or_once_gives_the_same_events(
        said in prop::collection::vec((any::<bool>(), any::<bool>()), 0..600),
        take in prop::collection::vec(any::<bool>(), 1..20),
    ) {
        // What the live rules see is what the journal stores.
        let told = |(odd, refused): (bool, bool)| {
            let oddities = if odd { Oddities::NUL } else { Oddities::default() };
            vec![noop(oddities), replied(if refused { Status::Err } else { Status::Ok })]
        };
        let count = said.len() as u64;
        let once = {
            let mut witness = Witness::new(ConnectionId(7));
            said.iter().enumerate().for_each(|(number, said)| witness.told(told(*said), at(number as u64)));
            witness.end(summary(), at(count))
        };
        let mut witness = Witness::new(ConnectionId(7));
        let mut often = Vec::new();
        for (number, (said, take)) in said.iter().zip(take.iter().cycle()).enumerate() {
            witness.told(told(*said), at(number as u64));
            if *take {
                often.append(&mut witness.take());
            }
        }
        often.extend(witness.end(summary(), at(count)));
        prop_assert_eq!(&once, &often);
        prop_assert_eq!(dropped(&once) + commands(&once).len() as u64, count, "each is told or counted");
    }
}

#[test]
fn each_command_and_its_reply_stay_together() {
    let events = session(1000, |number| {
        let oddities = if number % 7 == 0 { Oddities::NUL } else { Oddities::default() };
        vec![noop(oddities), replied(Status::Ok)]
    });
    let (_, told) = events.split_last().unwrap();
    for pair in told.chunks(2) {
        assert!(matches!(&pair[0].kind, EventKind::Command(_)) && matches!(&pair[1].kind, EventKind::Reply(_)));
        assert_eq!(pair[0].at, pair[1].at);
    }
}

/// The fault, and the check that must fail while it is there.
const FAULTS: [(&str, fn()); 2] = [
    ("observatory.keeps-every-command", watching::bounds_hold_for_a_million_commands),
    ("observatory.stale-retry-is-a-guess", watching::a_stale_retry_is_no_guess),
];

/// Faults are planted in a process of their own: the switch is global.
#[test]
fn planted_faults_are_caught() {
    if let Ok(fault) = std::env::var("WATCHPOST_PLANTED_FAULT") {
        let (_, check) = FAULTS.iter().find(|(name, _)| *name == fault).unwrap();
        plant(Some(&fault));
        assert!(catch_unwind(check).is_err(), "{fault} is not caught");
        return;
    }
    for (fault, check) in FAULTS {
        check();
        let mut alone = Command::new(std::env::current_exe().unwrap());
        let status =
            alone.args(["planted_faults_are_caught", "--exact"]).env("WATCHPOST_PLANTED_FAULT", fault).output();
        assert!(status.unwrap().status.success(), "{fault} is not caught");
    }
    println!("observatory: {} planted, {} caught", FAULTS.len(), FAULTS.len());
}
