//! What outlives a restart: rows of the journal, from a run to the next, through crashes, damage and retention.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod checks;
mod support;

use std::time::{Duration, Instant};

use checks::learned::{ALICE, changes, classifier, kept, run, visits};
use support::{CLOCKS, Visit, begin, midnight};
use watchpost_observatory::journal::{Filter, Reader, Terms, Trouble, judge_with, tell};
use watchpost_observatory::{AccountChange, EventKind, EventSink};

#[test]
fn trust_and_bans_outlive_the_process() {
    checks::learned::trust_and_bans_outlive_the_process();
}

#[test]
fn a_ban_is_kept_with_the_sessions_that_led_to_it() {
    checks::learned::a_ban_is_kept_with_the_sessions_that_led_to_it();
}

#[test]
fn a_changed_password_ends_trust() {
    checks::learned::a_changed_password_ends_trust();
}

#[test]
fn thresholds_are_obeyed() {
    checks::learned::thresholds_are_obeyed();
}

#[test]
fn word_of_a_changed_account_reaches_a_running_journal() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("journal.sqlite");
    let (journal, _troubles) = run(&path);
    journal.sink().record_all(visits());
    journal.flush();
    for change in [AccountChange::Disabled, AccountChange::Enabled, AccountChange::Removed] {
        tell(&path, ALICE, change, midnight()).unwrap();
    }
    let end = Instant::now() + Duration::from_mins(1);
    while changes(&path).len() < 3 {
        assert!(Instant::now() < end, "{:?}", changes(&path));
        std::thread::yield_now();
    }
    let heard: Vec<_> = changes(&path).into_iter().map(|(_, change)| change).collect();
    assert_eq!(heard, [AccountChange::Disabled, AccountChange::Enabled, AccountChange::Removed]);
    journal.flush();
    assert!(kept(&path).homes.is_empty() && kept(&path).habits.is_empty());
    // Where no server ever ran, nobody is told, and nothing is made.
    let nowhere = folder.path().join("none.sqlite");
    tell(&nowhere, ALICE, AccountChange::Password, midnight()).unwrap();
    assert!(!nowhere.exists());
}

/// Retention takes the sessions that trust was learned from; the trust stays, and a replay knows it where the server
/// began with it.
#[test]
fn a_replay_from_a_start_knows_what_the_server_knew() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("journal.sqlite");
    let (journal, _troubles) = run(&path);
    let old = midnight() - Duration::from_hours(5 * 24);
    journal.sink().record_all(Visit::new(1, old).from("192.0.2.7").owner().events());
    journal.flush();
    drop(journal);
    let mut next = classifier();
    next.restore(&kept(&path));
    let terms = Terms { sessions: Duration::from_hours(48), ..Terms::new(&path) };
    let (journal, _troubles) = begin(terms, CLOCKS, judge_with(next));
    let end = Instant::now() + Duration::from_mins(1);
    let reader = Reader::open(&path).unwrap();
    while !reader.sessions(&Filter::default()).unwrap().is_empty() {
        assert!(Instant::now() < end, "retention took nothing");
        std::thread::yield_now();
    }
    journal.flush();
    assert_eq!(kept(&path).homes.len(), 1, "trust outlives the session");
    let mut again = classifier();
    reader
        .replay(|sequence, event| {
            again.observe(sequence, event);
            if event.kind == EventKind::Started
                && let Some(carried) = reader.carried_at(sequence).unwrap()
            {
                again.begin_with(&carried);
            }
        })
        .unwrap();
    assert_eq!(again.carried().homes, kept(&path).homes);
}

/// What was known long ago goes: nobody is at home where he was not in ninety days, and no address outlives its time.
#[test]
fn retention_takes_old_trust_and_old_bans() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("journal.sqlite");
    let (journal, _troubles) = run(&path);
    journal.sink().record_all(visits());
    journal.flush();
    let file = rusqlite::Connection::open(&path).unwrap();
    let seconds = i64::try_from(midnight().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()).unwrap();
    let days = |days: i64| seconds - days * 86_400;
    let old = "INSERT INTO trust SELECT account, ?1, first, ?2, times, inside_tls, tool FROM trust LIMIT 1";
    file.execute(old, rusqlite::params!["10.0.0.0/24", days(91)]).unwrap();
    file.execute(old, rusqlite::params!["10.0.1.0/24", days(89)]).unwrap();
    let ban = "INSERT INTO ban VALUES (?1, 1, ?2, 1, 0, 0, 1)";
    file.execute(ban, rusqlite::params!["198.51.100.1", days(31)]).unwrap();
    file.execute(ban, rusqlite::params!["198.51.100.2", days(29)]).unwrap();
    // It looks once a day, and when it begins.
    drop((file, journal));
    let (_journal, _troubles) = run(&path);
    let end = Instant::now() + Duration::from_mins(1);
    while kept(&path).homes.len() > 2 || kept(&path).bans.len() > 2 {
        assert!(Instant::now() < end, "{:?}", kept(&path));
        std::thread::yield_now();
    }
    let carried = kept(&path);
    assert!(carried.homes.iter().any(|home| home.net.to_string() == "10.0.1.0/24"));
    assert!(carried.bans.iter().any(|ban| ban.network.to_string().starts_with("198.51.100.2")));
    assert_eq!((carried.homes.len(), carried.bans.len()), (2, 2));
}

/// A file that is damaged is set aside with its rows; the new one has them from memory.
#[test]
fn a_new_file_gets_what_the_old_one_knew() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("journal.sqlite");
    let (journal, troubles) = run(&path);
    journal.sink().record_all(visits());
    journal.flush();
    drop(journal);
    drop(troubles);
    let mut next = classifier();
    next.restore(&kept(&path));
    std::fs::write(
        &path,
        b"this is no database, and it is longer than a header of one hundred octets, which SQLite reads first",
    )
    .unwrap();
    let (journal, troubles) = begin(Terms::new(&path), CLOCKS, judge_with(next));
    journal.flush();
    assert!(matches!(troubles.try_recv(), Ok(Trouble::SetAside { .. })));
    assert_eq!((kept(&path).homes.len(), kept(&path).bans.len()), (1, 1));
}

/// What cannot be written waits, however long it takes.
#[test]
fn what_is_learned_while_nothing_can_be_written_is_kept_later() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("later/journal.sqlite");
    let (journal, _troubles) = run(&path);
    journal.sink().record_all(visits());
    for number in 100..5000 {
        journal.sink().record_all(Visit::new(number, midnight()).from("198.51.100.7").named("fax").events());
    }
    journal.flush();
    std::fs::create_dir(folder.path().join("later")).unwrap();
    journal.flush();
    assert_eq!(kept(&path).homes.len(), 1);
    assert!(kept(&path).bans.iter().any(|ban| ban.network.to_string().starts_with("203.0.113.9")));
}

/// A file that an older version wrote gets its new tables, and keeps what it has.
#[test]
fn an_older_file_is_read_and_grows() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("journal.sqlite");
    let (journal, _troubles) = run(&path);
    journal.sink().record_all(visits());
    journal.flush();
    drop(journal);
    let file = rusqlite::Connection::open(&path).unwrap();
    let older =
        "DROP TABLE trust; DROP TABLE habit; DROP TABLE tool; DROP TABLE ban; DROP TABLE start; DROP TABLE told;
        DROP TABLE key_export; DROP TABLE visit; ALTER TABLE attempt DROP COLUMN more;
        CREATE INDEX session_source ON session (source); PRAGMA user_version = 1;";
    file.execute_batch(older).unwrap();
    drop(file);
    assert!(kept(&path).is_empty());
    let (journal, troubles) = run(&path);
    journal.flush();
    assert!(troubles.try_recv().is_err());
    assert_eq!(Reader::open(&path).unwrap().sessions(&Filter::default()).unwrap().len(), 29);
}
