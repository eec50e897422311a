//! Checks of the witness and of password facts: `witness.rs` runs them, and shows with planted faults that they can
//! fail.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use watchpost_observatory::{
    BootKey, ConnectionId, Ending, Event, EventKind, Guess, InstallationKey, Letters, Oddities, PasswordTables,
    SessionSummary, SpokenEnd, Status, Witness,
};
use watchpost_proto::pop3::server::{Heard, Replied, Tally, Text, Told};
use watchpost_proto::pop3::{State, Verb};

pub fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000 + seconds)
}

pub fn noop(oddities: Oddities) -> Told {
    Told::Heard(Heard {
        proof: None,
        state: State::Transaction,
        verb: Some(Verb::Noop),
        text: Text::from_slice(b"NOOP"),
        hidden: 0,
        octets: 6,
        line_end: SpokenEnd::CrLf,
        letters: Letters::Upper,
        pipelined: false,
        oddities,
    })
}

pub fn replied(status: Status) -> Told {
    Told::Answered(Replied { status, error: None, code: None, octets: 5, message: None })
}

pub fn summary() -> SessionSummary {
    let address = "127.0.0.1:110".parse().expect("an address");
    SessionSummary {
        peer: address,
        local: address,
        tls: None,
        user: None,
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

/// All events of a session that says this so often.
pub fn session(count: u64, said: impl Fn(u64) -> Vec<Told>) -> Vec<Event> {
    let mut witness = Witness::new(ConnectionId(7));
    let mut events = Vec::new();
    for number in 0..count {
        witness.told(said(number), at(number));
        events.append(&mut witness.take());
    }
    events.extend(witness.end(summary(), at(count)));
    events
}

pub fn commands(events: &[Event]) -> Vec<SystemTime> {
    events.iter().filter(|event| matches!(event.kind, EventKind::Command(_))).map(|event| event.at).collect()
}

pub fn dropped(events: &[Event]) -> u64 {
    match events.last().map(|event| &event.kind) {
        Some(EventKind::Closed(summary)) => summary.commands_dropped,
        other => panic!("{other:?}"),
    }
}

/// A million commands leave the first 192 and the last 64, whatever lies between.
pub fn bounds_hold_for_a_million_commands() {
    // S-060, S-061
    const COUNT: u64 = 1_000_000;
    let events = session(COUNT, |_| vec![noop(Oddities::default()), replied(Status::Ok)]);
    assert_eq!(events.len(), 2 * (192 + 64) + 1);
    assert_eq!(dropped(&events), COUNT - 192 - 64);
    let times = commands(&events);
    assert_eq!((times[0], times[191], times[192], times[255]), (at(0), at(191), at(COUNT - 64), at(COUNT - 1)));
    let odd = session(COUNT, |_| vec![noop(Oddities::NUL), replied(Status::Err)]);
    assert_eq!(commands(&odd).len(), 192 + 256 + 64, "odd ones have a bound too");
    assert_eq!(dropped(&odd), COUNT - 192 - 256 - 64);
}

/// A device that retries its old password is told from a guesser.
pub fn a_stale_retry_is_no_guess() {
    // S-062
    let tables = PasswordTables::new(&BootKey::new([1; 32]), &InstallationKey::new([2; 32]));
    let source = "192.0.2.1".parse().expect("an address");
    let tried = |password: &[u8]| tables.facts(Guess { source, name: b"alice", password }, at(0));
    assert!(!tried(b"one").repeat);
    assert!(tried(b"one").repeat);
    assert_eq!(tried(b"two").source_passwords, 2);
}
