//! What outlives a restart, in the rows of the journal.

use std::path::Path;
use std::sync::OnceLock;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use watchpost_observatory::journal::{Clocks, Filter, Journal, Reader, Span, Terms, Trouble, judge_with, tell};
use watchpost_observatory::{
    AccountChange, Answer, Carried, Classifier, Event, EventKind, EventSink, HashKey, LoginVisitor, Settings,
};

use crate::support::{CLOCKS, Visit, begin, midnight};

pub const ALICE: &str = "alice@example.org";
const HOME: &str = "192.0.2.7";
const GUESSER: &str = "203.0.113.9";

pub fn classifier() -> Classifier {
    Classifier::new(Settings { domain: "example.org".to_owned(), ..Settings::default() }, &HashKey::new([7; 16]))
}

/// A journal that goes on where the one before stopped.
pub fn run(path: &Path) -> (Journal, Receiver<Trouble>) {
    let mut classifier = classifier();
    classifier.restore(&kept(path));
    begin(Terms::new(path), CLOCKS, judge_with(classifier))
}

pub fn kept(path: &Path) -> Carried {
    if path.exists() { Reader::open(path).unwrap().carried().unwrap() } else { Carried::default() }
}

/// Alice at home, then somebody elsewhere who guesses until he is banned.
pub fn visits() -> Vec<Event> {
    let owner = Visit::new(1, midnight()).from(HOME).over_tls().owner();
    let guesses = (2..30).map(|number| Visit::new(number, midnight()).from(GUESSER));
    [owner].into_iter().chain(guesses).flat_map(|visit| visit.events()).collect()
}

fn answer(classifier: &Classifier, from: &str) -> Answer {
    let visitor = LoginVisitor { address: from.parse().unwrap(), account: Some(ALICE), fingerprint: None };
    classifier.answer(visitor, midnight()).answer
}

/// The next run knows what the last one learned, without its having ended in order.
pub fn trust_and_bans_outlive_the_process() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("journal.sqlite");
    let (journal, _troubles) = run(&path);
    journal.sink().record_all(visits());
    journal.flush();
    // The file as a process leaves it that is killed now.
    let crashed = folder.path().join("crashed.sqlite");
    for end in ["", "-wal"] {
        let from = folder.path().join(format!("journal.sqlite{end}"));
        std::fs::copy(from, folder.path().join(format!("crashed.sqlite{end}"))).unwrap();
    }
    let mut live = classifier();
    Reader::open(&path)
        .unwrap()
        .replay(|sequence, event| {
            live.observe(sequence, event);
        })
        .unwrap();
    for path in [&path, &crashed] {
        let carried = kept(path);
        assert_eq!(carried.homes, live.carried().homes);
        assert_eq!(carried.tools, live.carried().tools);
        let until: Vec<_> = carried.bans.iter().map(|ban| (ban.network, ban.until, ban.times)).collect();
        assert_eq!(
            until,
            live.carried().bans.iter().map(|ban| (ban.network, ban.until, ban.times)).collect::<Vec<_>>()
        );
        assert!(carried.homes.len() == 1 && carried.bans[0].since > 0 && carried.bans[0].enforced);
        let mut next = classifier();
        next.restore(&carried);
        assert!(matches!(answer(&next, GUESSER), Answer::Ban { .. }));
        assert_eq!(next.carried().homes, live.carried().homes);
    }
}

/// What a crash must not undo does not wait for the time when open sessions are written: here that time never comes.
pub fn a_ban_is_kept_with_the_sessions_that_led_to_it() {
    fn always() -> Instant {
        static NOW: OnceLock<Instant> = OnceLock::new();
        *NOW.get_or_init(Instant::now)
    }
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("journal.sqlite");
    let clocks = Clocks { now: always, ..CLOCKS };
    let (journal, _troubles) = begin(Terms::new(&path), clocks, judge_with(classifier()));
    // That it began is written at once too.
    journal.flush();
    let others = (100..1400).map(|number| Visit::new(number, midnight()).from("192.0.2.7").owner());
    journal.sink().record_all(visits().into_iter().chain(others.flat_map(|visit| visit.events())).collect());
    let end = Instant::now() + Duration::from_mins(1);
    let written = || Reader::open(&path).is_ok_and(|reader| !reader.sessions(&Filter::default()).unwrap().is_empty());
    while !written() {
        assert!(Instant::now() < end, "so many sessions are written at once");
        std::thread::yield_now();
    }
    assert!(kept(&path).bans.iter().any(|ban| ban.network.to_string().starts_with(GUESSER)));
}

/// Word that a command leaves ends trust, in a running server and in the next one, and is heard once.
pub fn a_changed_password_ends_trust() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("journal.sqlite");
    let (journal, _troubles) = run(&path);
    journal.sink().record_all(visits());
    journal.flush();
    assert_eq!(kept(&path).homes.len(), 1);
    drop(journal);
    tell(&path, ALICE, AccountChange::Password, midnight()).unwrap();
    for _ in 0..2 {
        let (journal, _troubles) = run(&path);
        journal.flush();
        assert!(kept(&path).homes.is_empty());
        assert_eq!(changes(&path), [(ALICE.to_owned(), AccountChange::Password)]);
    }
}

pub fn changes(path: &Path) -> Vec<(String, AccountChange)> {
    let events = Reader::open(path).unwrap().server_events(Span::ALL).unwrap();
    let changes = events.into_iter().filter_map(|entry| match entry.kind {
        EventKind::AccountChanged { account, change } => Some((account, change)),
        _ => None,
    });
    changes.collect()
}

/// A rule that stands elsewhere in the settings fires elsewhere.
pub fn thresholds_are_obeyed() {
    let fired = |guesses: f32| {
        let mut settings = Settings { domain: "example.org".to_owned(), ..Settings::default() };
        settings.rules.b1.share = guesses;
        let mut classifier = Classifier::new(settings, &HashKey::new([7; 16]));
        let mut fired = None;
        for (number, event) in (1..).zip(visits()) {
            let found = classifier.observe(watchpost_observatory::Sequence(number), &event);
            if found.verdicts.iter().any(|verdict| verdict.rule == watchpost_observatory::RuleId::B1) {
                fired.get_or_insert(number);
            }
        }
        fired.unwrap()
    };
    assert!(fired(4.0) < fired(10.0) && fired(10.0) < fired(20.0));
}
