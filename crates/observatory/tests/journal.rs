//! The journal: what it keeps, what it survives, what it gives up.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod checks;
mod support;

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use support::{CLOCKS, Desk, Visit, begin, files, judgement, midnight, no_judge, said, until};
use watchpost_observatory::journal::{Filter, Micros, Reader, Said, SessionEnd, Span, Terms, Trouble};
use watchpost_observatory::{Ending, Event, EventKind, EventSink, Sequence};

#[test]
fn a_session_is_kept_whole() {
    // S-060
    checks::a_session_is_kept_whole();
}

#[test]
fn what_the_queue_cannot_take_is_counted() {
    checks::what_the_queue_cannot_take_is_counted();
}

#[test]
fn the_writer_wakes_for_what_comes() {
    checks::the_writer_wakes_for_what_comes();
}

#[test]
fn sessions_stand_on_their_day() {
    checks::sessions_stand_on_their_day();
}

#[test]
fn exactly_what_is_older_than_thirty_days_goes() {
    checks::exactly_what_is_older_than_thirty_days_goes();
}

#[test]
fn a_replay_says_what_was_said() {
    checks::a_replay_says_what_was_said();
}

#[test]
fn what_a_peer_chose_is_exported_harmlessly() {
    // S-044
    checks::what_a_peer_chose_is_exported_harmlessly();
}

#[test]
fn only_its_owner_can_read_it() {
    // S-061
    let desk = Desk::new();
    desk.record(Visit::new(1, midnight()).events());
    desk.flush();
    for file in files(desk.folder.path(), "journal.sqlite") {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
    }
}

#[test]
fn a_session_that_goes_on_can_be_read_and_a_stop_leaves_it_unknown() {
    let mut desk = Desk::new();
    let visit = Visit::new(1, midnight());
    desk.record(visit.begin());
    desk.flush();
    let open = Filter { open: true, ..Filter::default() };
    let found = desk.reader().sessions(&open).unwrap();
    assert_eq!((found.len(), found[0].row.end), (1, SessionEnd::Open));
    assert_eq!(desk.reader().events(&found[0]).unwrap().len(), visit.begin().len());
    desk.reopen();
    desk.flush();
    assert_eq!(desk.reader().sessions(&open).unwrap().len(), 0);
    assert_eq!(desk.reader().sessions(&Filter::default()).unwrap()[0].row.end, SessionEnd::Unknown);
}

#[test]
fn what_is_found_out_after_the_end_belongs_to_its_session() {
    let desk = Desk::new();
    let visit = Visit::new(1, midnight());
    desk.record(visit.events());
    let late = EventKind::PreviousPassword { account: "alice@example.org".to_owned() };
    desk.record([Event {
        at: midnight() + Duration::from_secs(9),
        connection: visit.connection(),
        kind: late.clone(),
    }]);
    desk.flush();
    let reader = desk.reader();
    let sessions = reader.sessions(&Filter::default()).unwrap();
    assert_eq!(sessions.len(), 1);
    assert_eq!(reader.events(&sessions[0]).unwrap().last().unwrap().kind, late);
}

#[test]
fn sessions_that_share_a_row_are_found_one_by_one() {
    checks::mentions::sessions_that_share_a_row_are_found_one_by_one();
}

#[test]
fn a_row_is_there_as_long_as_its_sessions() {
    // S-060
    checks::mentions::a_row_is_there_as_long_as_its_sessions();
}

#[test]
fn sessions_are_found_by_what_is_asked_for() {
    let folder = tempfile::TempDir::new().unwrap();
    let terms = Terms::new(folder.path().join("journal.sqlite"));
    let judge = Box::new(|sequence, event: &Event| match &event.kind {
        EventKind::Login(login) if login.name.as_octets() == b"fax" => said(judgement("P1", 3, vec![sequence])),
        _ => Said::default(),
    });
    let (journal, _troubles) = begin(terms.clone(), CLOCKS, judge);
    let sink = journal.sink();
    let hour = |hours| midnight() + Duration::from_hours(hours);
    let visits = [
        Visit::new(1, hour(1)).from("203.0.113.9"),
        Visit::new(2, hour(5)).from("203.0.113.200").named("fax"),
        Visit::new(3, hour(30)).from("2001:db8::1").owner().over_tls(),
    ];
    visits.iter().flat_map(Visit::events).for_each(|event| sink.record(event));
    journal.flush();
    let reader = Reader::open(&terms.path).unwrap();
    let ask = |filter: Filter| {
        let found = reader.sessions(&filter).unwrap();
        found.iter().map(|session| session.row.connection.0 & 0xff).collect::<Vec<_>>()
    };
    let network = |text: &str, prefix| Filter { network: Some((text.parse().unwrap(), prefix)), ..Filter::default() };
    assert_eq!(ask(Filter::default()), [3, 2, 1]);
    assert_eq!(ask(Filter { limit: 1, ..Filter::default() }), [3]);
    assert_eq!(ask(network("203.0.113.0", 24)), [2, 1]);
    assert_eq!(ask(network("203.0.113.9", 32)), [1]);
    assert_eq!(ask(network("2001:db8::", 32)), [3]);
    assert_eq!(ask(Filter { names: vec!["alice@example.org".to_owned()], ..Filter::default() }), [3, 1]);
    assert_eq!(ask(Filter { names: vec!["nobody".to_owned()], ..Filter::default() }), [0; 0]);
    assert_eq!(ask(Filter { rule: Some("P1".to_owned()), ..Filter::default() }), [2]);
    assert_eq!(ask(Filter { rule: Some("Z9".to_owned()), ..Filter::default() }), [0; 0]);
    assert_eq!(ask(Filter { severity: Some(3), ..Filter::default() }), [2]);
    assert_eq!(ask(Filter { ending: Some("quit".to_owned()), ..Filter::default() }), [0; 0]);
    assert_eq!(ask(Filter { ending: Some("peer-closed".to_owned()), ..Filter::default() }), [3, 2, 1]);
    let span = Span { since: Micros::of(hour(2)), until: Micros::of(hour(30)) };
    assert_eq!(ask(Filter { span, ..Filter::default() }), [2]);
    // By the beginning of its name.
    let name = visits[1].connection().to_string();
    assert_eq!(reader.find(&name[..16]).unwrap().unwrap()[0].row.connection, visits[1].connection());
    assert_eq!(reader.find(&name).unwrap().unwrap().len(), 1);
    assert!(reader.find("01").unwrap().is_none() && reader.find("not a name").unwrap().is_none());
    // And its verdict says what it rests on.
    let verdicts = reader.verdicts_of_campaign("c-7f3a").unwrap();
    assert_eq!((verdicts[0].rule.as_str(), verdicts[0].severity, verdicts[0].evidence.len()), ("P1", 3, 1));
    let session = reader.sessions_of_verdict(verdicts[0].id, 9).unwrap().remove(0);
    let cited = reader.events(&session).unwrap().into_iter().find(|entry| entry.sequence == verdicts[0].evidence[0]);
    assert!(matches!(cited.unwrap().kind, EventKind::Login(_)));
}

#[test]
fn a_session_of_too_many_events_is_cut_and_says_so() {
    let desk = Desk::new();
    let visit = Visit::new(1, midnight());
    let mut events = visit.begin();
    let noise = events.remove(1);
    events.extend(std::iter::repeat_n(noise, 5000));
    let said = events.len() as u64;
    desk.record(events);
    desk.record(visit.events().pop());
    desk.flush();
    let reader = desk.reader();
    let session = reader.sessions(&Filter::default()).unwrap().remove(0);
    let kept = reader.events(&session).unwrap();
    assert_eq!(session.row.unrecorded + kept.len() as u64, said + 1);
    assert!(kept.len() <= 2049 && session.row.unrecorded > 0);
    assert!(matches!(kept.last().unwrap().kind, EventKind::Closed(_)));
}

#[test]
fn another_programs_file_is_set_aside_and_never_lost() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("journal.sqlite");
    let foreign = rusqlite::Connection::open(&path).unwrap();
    foreign.execute_batch("CREATE TABLE treasure (gold TEXT); INSERT INTO treasure VALUES ('all of it')").unwrap();
    drop(foreign);
    survives_and_sets_aside(&path);
    let aside = files(folder.path(), "journal.sqlite.damaged-").remove(0);
    let gold = rusqlite::Connection::open(aside).unwrap();
    let gold: String = gold.query_row("SELECT gold FROM treasure", [], |row| row.get(0)).unwrap();
    assert_eq!(gold, "all of it");
}

#[test]
fn a_damaged_file_is_set_aside_and_a_new_one_begun() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("journal.sqlite");
    fs::write(&path, b"this was a journal once, before the disk failed, and a long one at that").unwrap();
    let before = fs::read(&path).unwrap();
    survives_and_sets_aside(&path);
    assert_eq!(fs::read(files(folder.path(), "journal.sqlite.damaged-").remove(0)).unwrap(), before);
}

fn survives_and_sets_aside(path: &std::path::Path) {
    let (journal, troubles) = begin(Terms::new(path), CLOCKS, no_judge());
    let sink = journal.sink();
    Visit::new(1, midnight()).events().into_iter().for_each(|event| sink.record(event));
    journal.flush();
    assert!(matches!(troubles.try_recv().unwrap(), Trouble::SetAside { .. }));
    assert!(troubles.try_recv().is_err(), "one message is enough");
    assert_eq!(Reader::open(path).unwrap().sessions(&Filter::default()).unwrap().len(), 1);
}

#[test]
fn damage_that_shows_while_writing_costs_no_new_event() {
    let mut desk = Desk::new();
    for number in 0..2000 {
        desk.record(Visit::new(number, midnight()).named(&format!("name{number}")).events());
    }
    desk.close();
    // Everything behind the first page is noise.
    let mut octets = fs::read(desk.path()).unwrap();
    for (index, octet) in octets.iter_mut().enumerate().skip(4096) {
        *octet = u8::try_from(index * 131 % 251).unwrap();
    }
    fs::write(desk.path(), &octets).unwrap();
    let (journal, troubles) = begin(Terms::new(desk.path()), CLOCKS, no_judge());
    let sink = journal.sink();
    let mut number = 5000;
    until(|| {
        number += 1;
        Visit::new(number, midnight()).events().into_iter().for_each(|event| sink.record(event));
        journal.flush();
        matches!(troubles.try_recv(), Ok(Trouble::SetAside { .. }))
    });
    Visit::new(9999, midnight()).events().into_iter().for_each(|event| sink.record(event));
    journal.flush();
    let sessions = Reader::open(&desk.path()).unwrap().sessions(&Filter::default()).unwrap();
    assert!(sessions.iter().any(|session| session.row.connection == Visit::new(9999, midnight()).connection()));
    let aside = files(desk.folder.path(), "journal.sqlite.damaged-");
    assert_eq!(fs::read(&aside[0]).unwrap().len(), octets.len());
}

#[test]
fn a_file_that_cannot_be_written_costs_events_and_no_more() {
    // The folder is not there: as good as a disk that takes nothing.
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("later/journal.sqlite");
    let (journal, troubles) = begin(Terms::new(&path), CLOCKS, no_judge());
    let sink = journal.sink();
    for number in 0..5000 {
        Visit::new(number, midnight()).events().into_iter().for_each(|event| sink.record(event));
        if number % 1000 == 0 {
            journal.flush();
        }
    }
    journal.flush();
    assert!(matches!(troubles.recv().unwrap(), Trouble::CannotWrite { .. }));
    assert!(troubles.try_recv().is_err(), "it is said once");
    fs::create_dir(folder.path().join("later")).unwrap();
    journal.flush();
    assert!(matches!(troubles.recv().unwrap(), Trouble::WritesAgain { lost } if lost > 0));
    Visit::new(9999, midnight()).events().into_iter().for_each(|event| sink.record(event));
    journal.flush();
    let reader = Reader::open(&path).unwrap();
    let kept = reader.sessions(&Filter::default()).unwrap();
    let kept = kept.iter().map(|session| reader.events(session).unwrap().len() as u64).sum::<u64>();
    let events = reader.server_events(Span::ALL).unwrap();
    let lost: u64 = events.iter().map(|entry| if let EventKind::Lost { count } = entry.kind { count } else { 0 }).sum();
    assert_eq!(lost + kept, 5001 * Visit::new(1, midnight()).events().len() as u64);
    assert!(lost > 0 && kept > 0);
}

#[test]
fn a_full_disk_costs_what_does_not_fit_into_memory_and_the_gap_is_told() {
    let folder = tempfile::TempDir::new().unwrap();
    let mount = ["-t", "tmpfs", "-o", "size=1m", "watchpost-test"];
    if !std::process::Command::new("mount").args(mount).arg(folder.path()).status().is_ok_and(|done| done.success()) {
        eprintln!("skipped: only root may mount a small disk");
        return;
    }
    let path = folder.path().join("journal.sqlite");
    let (journal, troubles) = begin(Terms::new(&path), CLOCKS, no_judge());
    journal.flush();
    let ballast = folder.path().join("ballast");
    let mut file = fs::File::create(&ballast).unwrap();
    let chunks: [&[u8]; 2] = [&[7; 4096], &[7; 1]];
    for chunk in chunks {
        while file.write_all(chunk).is_ok() {}
    }
    drop(file);
    let sink = journal.sink();
    for number in 0..6000 {
        sink.record_all(Visit::new(number, midnight()).events());
        if number % 1000 == 0 {
            journal.flush();
        }
    }
    journal.flush();
    assert!(matches!(troubles.recv().unwrap(), Trouble::CannotWrite { .. }));
    assert!(troubles.try_recv().is_err(), "it is said once");
    fs::remove_file(&ballast).unwrap();
    let larger = ["-o", "remount,size=32m"];
    assert!(std::process::Command::new("mount").args(larger).arg(folder.path()).status().unwrap().success());
    journal.flush();
    assert!(matches!(troubles.recv().unwrap(), Trouble::WritesAgain { lost } if lost > 0));
    drop(journal);
    let reader = Reader::open(&path).unwrap();
    let kept = reader.sessions(&Filter::default()).unwrap();
    let kept = kept.iter().map(|session| reader.events(session).unwrap().len() as u64).sum::<u64>();
    let events = reader.server_events(Span::ALL).unwrap();
    let lost: u64 = events.iter().map(|entry| if let EventKind::Lost { count } = entry.kind { count } else { 0 }).sum();
    assert_eq!(lost + kept, 6000 * Visit::new(1, midnight()).events().len() as u64);
    assert!(lost > 0 && kept > 0);
    drop(reader);
    let _ = std::process::Command::new("umount").arg("--lazy").arg(folder.path()).status();
}

#[test]
fn whoever_locks_the_file_delays_it_and_costs_nothing() {
    let desk = Desk::new();
    desk.record(Visit::new(1, midnight()).events());
    desk.flush();
    let other = rusqlite::Connection::open(desk.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    desk.record(Visit::new(2, midnight()).events());
    desk.flush();
    assert!(matches!(desk.troubles.try_recv(), Ok(Trouble::CannotWrite { .. })));
    other.execute_batch("ROLLBACK").unwrap();
    desk.flush();
    assert_eq!(desk.troubles.try_recv(), Ok(Trouble::WritesAgain { lost: 0 }));
    assert_eq!(desk.reader().sessions(&Filter::default()).unwrap().len(), 2);
}

#[test]
fn beyond_its_size_the_oldest_go_first() {
    let mut desk = Desk::with(|terms| terms.octets_max = 400_000);
    for number in 0..3000_u64 {
        let at = midnight() + Duration::from_mins(number);
        desk.record(Visit::new(number, at).named(&format!("name-of-some-length-{number}")).events());
        if number % 500 == 0 {
            desk.flush();
        }
    }
    desk.flush();
    let used = || {
        let file = rusqlite::Connection::open(desk.path()).unwrap();
        let number = |name: &str| file.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
        (number("page_count") - number("freelist_count")) * number("page_size")
    };
    until(|| used() <= 400_000);
    let kept = desk.reader().sessions(&Filter::default()).unwrap();
    let newest = kept.first().map(|session| session.row.connection.0 & 0xffff);
    assert_eq!(newest, Some(2999));
    let ascending = kept.windows(2).all(|pair| pair[0].row.start > pair[1].row.start);
    assert!(ascending && kept.len() > 500, "{} kept", kept.len());
    desk.close();
}

#[test]
fn a_client_that_looks_different_each_time_does_not_fill_the_dictionary() {
    let desk = Desk::new();
    let ja3 = |number: u64| format!("{number:032x}");
    let shuffled = |number: u64| {
        let mut events = Visit::new(number, midnight()).over_tls().events();
        for event in &mut events {
            if let EventKind::Hello(hello) = &mut event.kind {
                hello.ja3 = ja3(number);
            }
        }
        events
    };
    desk.record((0..50).flat_map(shuffled));
    desk.flush();
    let file = rusqlite::Connection::open(desk.path()).unwrap();
    let words: u32 = file.query_row("SELECT count(*) FROM word", [], |row| row.get(0)).unwrap();
    assert!(words < 12, "{words} words");
    let reader = desk.reader();
    let told = reader.sessions(&Filter::default()).unwrap().into_iter().flat_map(|session| {
        let events = reader.events(&session).unwrap();
        events
            .into_iter()
            .filter_map(|entry| if let EventKind::Hello(hello) = entry.kind { Some(hello.ja3) } else { None })
    });
    assert_eq!(told.collect::<Vec<_>>(), (0..50).rev().map(ja3).collect::<Vec<_>>());
}

#[test]
fn a_session_is_found_by_its_name_though_the_clock_was_set() {
    let desk = Desk::new();
    let minute = |minute: u64| midnight() + Duration::from_secs(60 * minute);
    // Every minute somebody comes; in the end the clock is set back, and somebody comes again.
    let visits: Vec<Visit> =
        (0..30).chain([20, 21]).zip(1..).map(|(at, number)| Visit::new(number, minute(at))).collect();
    desk.record(visits.iter().flat_map(Visit::events));
    desk.flush();
    let reader = desk.reader();
    for visit in &visits {
        let found = reader.find(&visit.connection().to_string()).unwrap().unwrap();
        assert_eq!(found.iter().map(|session| session.row.connection).collect::<Vec<_>>(), [visit.connection()]);
    }
    let nobody = Visit::new(99, minute(25)).connection().to_string();
    assert!(reader.find(&nobody).unwrap().unwrap().is_empty());
}

#[test]
fn addresses_become_networks_when_their_time_is_over() {
    fn after_31_days() -> std::time::SystemTime {
        midnight() + Duration::from_hours(24 * 31 + 1)
    }
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("journal.sqlite");
    let judge = || -> watchpost_observatory::journal::Judge {
        Box::new(|sequence, event: &Event| match event.kind {
            EventKind::Login(_) => said(judgement("B1", 3, vec![sequence])),
            _ => Said::default(),
        })
    };
    let (journal, _troubles) = begin(Terms::new(&path), CLOCKS, judge());
    let sink = journal.sink();
    for event in Visit::new(1, midnight()).over_tls().events() {
        sink.record(event);
    }
    journal.flush();
    drop(journal);
    let terms = Terms { sessions: Duration::from_hours(24 * 90), ..Terms::new(&path) };
    let clocks = watchpost_observatory::journal::Clocks { wall: after_31_days, ..CLOCKS };
    let (journal, _troubles) = begin(terms, clocks, no_judge());
    let session = || Reader::open(&path).unwrap().sessions(&Filter::default()).unwrap().remove(0);
    until(|| session().is_coarse);
    drop(journal);
    let reader = Reader::open(&path).unwrap();
    assert_eq!(session().row.source(), Some("203.0.113.0".parse().unwrap()));
    let from = |address: &str| {
        let filter = Filter { network: Some((address.parse().unwrap(), 32)), ..Filter::default() };
        reader.sessions(&filter).unwrap().len()
    };
    assert_eq!((from("203.0.113.9"), from("203.0.113.0")), (0, 1));
    let said = format!("{:?}", reader.events(&session()).unwrap());
    assert!(!said.contains("203.0.113.9") && said.contains("203.0.113.0"), "{said}");
    let verdict = reader.verdicts(Span::ALL).unwrap().remove(0);
    assert_eq!((verdict.source, verdict.subject.as_str()), (Some("203.0.113.0".parse().unwrap()), "203.0.113.0"));
    assert!(!String::from_utf8(verdict.detail).unwrap().contains("203.0.113.9"));
}

/// The child of the next test: records until it is killed.
#[test]
fn child_that_is_killed() {
    let Ok(path) = std::env::var("WATCHPOST_TEST_JOURNAL") else { return };
    let (journal, _troubles) = begin(Terms::new(path), CLOCKS, no_judge());
    let sink = journal.sink();
    for number in 0.. {
        Visit::new(number, midnight()).events().into_iter().for_each(|event| sink.record(event));
        if number % 16 == 0 {
            journal.flush();
        }
    }
}

#[test]
fn what_was_written_survives_kill_9() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("journal.sqlite");
    let mut kept = 0;
    let mut sequences = Sequence(0);
    for _ in 0..3 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["child_that_is_killed", "--exact", "--nocapture"])
            .env("WATCHPOST_TEST_JOURNAL", &path)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let sessions = || Reader::open(&path).and_then(|reader| reader.sessions(&Filter::default()));
        until(|| sessions().is_ok_and(|found| found.len() >= kept + 50));
        child.kill().unwrap();
        child.wait().unwrap();
        let found = sessions().unwrap();
        assert!(found.len() >= kept + 50);
        kept = found.len();
        // No sequence is given twice: later sessions stand behind all earlier ones.
        assert!(found[0].row.first > sequences);
        sequences = found[0].row.first;
        let file = rusqlite::Connection::open(&path).unwrap();
        let check: String = file.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(check, "ok");
    }
    let reader = Reader::open(&path).unwrap();
    let started = reader.server_events(Span::ALL).unwrap();
    assert_eq!(started.iter().filter(|entry| entry.kind == EventKind::Started).count(), 3);
    for session in reader.sessions(&Filter::default()).unwrap() {
        let events = reader.events(&session).unwrap();
        assert!(session.row.end == SessionEnd::Ended(Ending::PeerClosed) || !events.is_empty());
    }
}

#[test]
fn there_is_a_clear_word_for_what_cannot_be_read() {
    use watchpost_observatory::journal::NoJournal;
    let folder = tempfile::TempDir::new().unwrap();
    assert!(matches!(Reader::open(&folder.path().join("none")), Err(NoJournal::Missing)));
    let text = folder.path().join("text");
    fs::write(&text, "no database at all, but long enough to be looked at by anybody who reads").unwrap();
    assert!(matches!(Reader::open(&text), Err(NoJournal::Foreign)));
}
