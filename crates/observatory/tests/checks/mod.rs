//! What several test programs check: here once, so that a planted fault meets the very test that shall catch it.

#![allow(dead_code, reason = "no test program uses all of it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

pub mod capture;
pub mod learned;
pub mod mentions;

use std::collections::HashMap;
use std::sync::mpsc::channel;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use watchpost_observatory::journal::export::{Known, Observer, session_document};
use watchpost_observatory::journal::{Encoder, Entry, Filter, Micros, Reader, Said, Span, Terms, decode};
use watchpost_observatory::{Event, EventKind, EventSink, Sequence};

use crate::support::{CLOCKS, DAY, Desk, Visit, any, begin, midnight, no_judge, third_login_judge, until};

pub fn every_event_comes_back_as_it_was() {
    let kinds = proptest::collection::vec((any::kind(), 0..1000_u64, -1_000_000..1_000_000_i64), 1..12);
    let config = Config { failure_persistence: None, ..Config::with_cases(400) };
    let outcome = TestRunner::new(config).run(&kinds, |kinds| {
        let (mut words, mut texts) = (HashMap::new(), Vec::new());
        let mut encoder = Encoder::new(Sequence(5), Micros(1_000));
        let (mut sequence, mut at) = (Sequence(5), Micros(1_000));
        let mut entries = Vec::new();
        for (kind, gap, distance) in kinds {
            (sequence, at) = (Sequence(sequence.0 + gap), Micros(at.0 + distance));
            let mut number = |text: &str| {
                Some(*words.entry(text.to_owned()).or_insert_with(|| {
                    texts.push(text.to_owned());
                    texts.len() as u64
                }))
            };
            encoder.push(sequence, at, &kind, &mut number);
            entries.push(Entry { sequence, at, kind });
        }
        let mut text = |number: u64| texts.get(usize::try_from(number).ok()?.checked_sub(1)?).cloned();
        prop_assert_eq!(decode(Sequence(5), Micros(1_000), encoder.octets(), &mut text), Ok(entries));
        Ok(())
    });
    outcome.unwrap();
}

pub fn what_the_queue_cannot_take_is_counted() {
    // The writer is stuck in the judge until we have said everything.
    let folder = tempfile::TempDir::new().unwrap();
    let mut terms = Terms::new(folder.path().join("journal.sqlite"));
    terms.queue = 8;
    let (go, wait) = channel::<()>();
    let judge = Box::new(move |_, _: &Event| {
        let _ = wait.recv();
        Said::default()
    });
    let (journal, _troubles) = begin(terms.clone(), CLOCKS, judge);
    let sink = journal.sink();
    let said = 40;
    // A batch counts as all of its events: what waits is bounded by events, not by batches.
    let mut given_back = 0;
    for number in 0..said / 2 {
        let mut events = Visit::new(number, midnight()).events();
        events.truncate(2);
        match sink.offer(events.clone()) {
            Ok(()) => {}
            // The log has to tell of them without the journal.
            Err(lost) => {
                assert_eq!(lost, events);
                given_back += 2;
            }
        }
    }
    drop(go);
    journal.flush();
    drop(journal);
    let reader = Reader::open(&terms.path).unwrap();
    let events = reader.server_events(Span::ALL).unwrap();
    let lost: u64 = events.iter().map(|entry| if let EventKind::Lost { count } = entry.kind { count } else { 0 }).sum();
    let kept = 2 * reader.sessions(&Filter::default()).unwrap().len() as u64;
    assert!(lost >= said - 12, "{lost} lost");
    assert_eq!((lost, lost + kept), (given_back, said));
}

/// A rule hears of a visitor at once, not when the writer looks around next.
pub fn the_writer_wakes_for_what_comes() {
    let folder = tempfile::TempDir::new().unwrap();
    let (hear, heard) = channel::<()>();
    let judge = Box::new(move |_, event: &Event| {
        if matches!(event.kind, EventKind::Opened { .. }) {
            let _ = hear.send(());
        }
        Said::default()
    });
    let (journal, _troubles) = begin(Terms::new(folder.path().join("journal.sqlite")), CLOCKS, judge);
    let sink = journal.sink();
    let waits = [0, 1].map(|number| {
        let begun = std::time::Instant::now();
        sink.record(Visit::new(number, midnight()).begin().swap_remove(0));
        heard.recv().unwrap();
        begun.elapsed()
    });
    // The first may come when the writer looks around anyway; then it sleeps for a second, unless the bell rings.
    assert!(waits[1] < Duration::from_millis(900), "{waits:?}");
}

pub fn a_session_is_kept_whole() {
    let desk = Desk::new();
    let visit = Visit::new(1, midnight()).over_tls();
    desk.record(visit.events());
    desk.flush();
    let reader = desk.reader();
    let session = reader.sessions(&Filter::default()).unwrap().remove(0);
    let kinds: Vec<EventKind> = reader.events(&session).unwrap().into_iter().map(|entry| entry.kind).collect();
    let said: Vec<EventKind> = visit.events().into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds, said);
    assert_eq!(session.row.tls.as_deref(), Some("TLSv1.3"));
    assert_eq!((session.row.ok, session.row.failed, session.row.guesses), (0, 1, 1));
}

pub fn sessions_stand_on_their_day() {
    let desk = Desk::new();
    let days = [0_u32, 1, 2].map(|day| midnight() + day * DAY);
    for (number, day) in (0..).zip(days) {
        desk.record(Visit::new(number, day).events());
        desk.record(Visit::new(100 + number, day + DAY - Duration::from_secs(1)).events());
    }
    desk.flush();
    let file = rusqlite::Connection::open(desk.path()).unwrap();
    let query = "SELECT count(*) FROM session WHERE day = start / 86400000000";
    assert_eq!(file.query_row(query, [], |row| row.get::<_, i64>(0)).unwrap(), 6);
    let reader = desk.reader();
    for day in days {
        let span = Span { since: Micros::of(day), until: Micros::of(day + DAY) };
        let found = reader.sessions(&Filter { span, ..Filter::default() }).unwrap();
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|session| span.holds(session.row.start)));
    }
}

/// The clock of a journal that is thirty days and an hour older than the oldest session.
pub fn exactly_what_is_older_than_thirty_days_goes() {
    fn later() -> std::time::SystemTime {
        // Day 1 is thirty days ago, day 0 thirty-one.
        midnight() + 31 * DAY + Duration::from_hours(1)
    }
    let desk = Desk::new();
    let days: Vec<_> = (0..4_u32).map(|day| midnight() + day * DAY).collect();
    for (number, day) in (0..).zip(&days) {
        desk.record(Visit::new(number, *day).named(&format!("guess{number}")).events());
    }
    desk.flush();
    let path = desk.path();
    let Desk { folder, journal, .. } = desk;
    drop(journal);
    let (journal, _troubles) =
        begin(Terms::new(&path), watchpost_observatory::journal::Clocks { wall: later, ..CLOCKS }, no_judge());
    let left = || {
        let sessions = Reader::open(&path).unwrap().sessions(&Filter::default()).unwrap();
        sessions.iter().map(|session| session.row.start.day() - Micros::of(midnight()).day()).collect::<Vec<_>>()
    };
    until(|| left().len() < 4);
    drop(journal);
    assert_eq!(left(), [3, 2, 1]);
    let reader = Reader::open(&path).unwrap();
    // A name that was tried goes with the session.
    assert!(reader.attempts(&["guess0".to_owned()], Span::ALL).unwrap().is_empty());
    assert_eq!(reader.attempts(&["guess1".to_owned()], Span::ALL).unwrap().len(), 1);
    let file = rusqlite::Connection::open(&path).unwrap();
    let word = |text: &str| {
        let query = "SELECT count(*) FROM word WHERE text = ?1";
        file.query_row(query, [format!("\u{1}{text}").as_bytes()], |row| row.get::<_, i64>(0)).unwrap()
    };
    assert_eq!((word("guess0"), word("guess1")), (0, 1));
    drop(folder);
}

pub fn a_replay_says_what_was_said() {
    let folder = tempfile::TempDir::new().unwrap();
    let terms = Terms::new(folder.path().join("journal.sqlite"));
    let (journal, _troubles) = begin(terms.clone(), CLOCKS, third_login_judge());
    let sink = journal.sink();
    // Three sessions, interleaved: sequences of one are not a range.
    let visits: Vec<_> = (0..7).map(|number| Visit::new(number, midnight()).events()).collect();
    for step in 0..visits[0].len() {
        for events in &visits {
            sink.record(events[step].clone());
        }
    }
    journal.flush();
    drop(journal);
    let reader = Reader::open(&terms.path).unwrap();
    let stored = reader.verdicts(Span::ALL).unwrap();
    assert_eq!(stored.len(), 2);
    let (mut judge, mut again) = (third_login_judge(), Vec::new());
    reader
        .replay(|sequence, event| {
            let said = judge.judge(sequence, event).judgements;
            again.extend(said.into_iter().map(|said| (sequence, Micros::of(event.at), said.evidence)));
        })
        .unwrap();
    let stored: Vec<_> = stored.into_iter().map(|row| (row.sequence, row.at, row.evidence)).collect();
    assert_eq!(again, stored);
}

pub fn what_a_peer_chose_is_exported_harmlessly() {
    let desk = Desk::new();
    let hostile = "\u{1b}[31m\u{202e}x\u{0}";
    desk.record(Visit::new(1, midnight()).named(hostile).over_tls().events());
    desk.flush();
    let reader = desk.reader();
    let session = reader.sessions(&Filter::default()).unwrap().remove(0);
    let events = reader.events(&session).unwrap();
    let observer = Observer { hostname: "mx1".to_owned(), version: "0.1.0".to_owned() };
    let document = session_document(&session, &events, &[], &Known::default(), &observer);
    assert_eq!(document["event"]["kind"], "event");
    assert_eq!(document["tls"]["version"], "1.3");
    assert_eq!(document["watchpost"]["auth"][0]["user"], "\\u{1b}[31m\\u{202e}x\\u{0}");
    assert!(document["watchpost"]["commands"].as_array().unwrap().len() <= 256);
    let mut waiting = vec![document];
    while let Some(value) = waiting.pop() {
        match value {
            serde_json::Value::String(text) => {
                assert!(
                    !text.contains(|character: char| character.is_control() || character == '\u{202e}'),
                    "{text:?}"
                );
            }
            serde_json::Value::Array(values) => waiting.extend(values),
            serde_json::Value::Object(values) => waiting.extend(values.into_iter().map(|(_, value)| value)),
            _ => {}
        }
    }
}
