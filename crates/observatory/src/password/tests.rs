use super::*;
use crate::event::PasswordLength;
use std::time::Duration;

fn tables() -> PasswordTables {
    PasswordTables::new(&BootKey::new([1; 32]), &InstallationKey::new([2; 32]))
}

/// A moment so many seconds after the first of a day.
fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(20_000 * 86_400 + seconds)
}

fn here() -> IpAddr {
    "192.0.2.1".parse().unwrap()
}

fn tried(tables: &PasswordTables, source: &str, name: &str, password: &str, seconds: u64) -> PasswordFacts {
    let source = source.parse().unwrap();
    tables.facts(Guess { source, name: name.as_bytes(), password: password.as_bytes() }, at(seconds))
}

#[test]
fn the_same_wrong_password_is_a_stale_retry_for_a_day() {
    // S-062: a device with an old password is no guesser
    let tables = tables();
    let retry = |seconds| tried(&tables, "192.0.2.1", "alice", "summer-24", seconds).repeat;
    assert!(!retry(0));
    assert!(retry(300));
    assert!(retry(300 + 86_399), "each retry counts anew");
    assert!(!retry(300 + 86_399 + 86_400));
    assert!(!tried(&tables, "192.0.2.2", "alice", "summer-24", 301).repeat, "another source");
    assert!(!tried(&tables, "192.0.2.1", "bob", "summer-24", 301).repeat, "another account");
    assert!(tried(&tables, "::ffff:192.0.2.1", "ALICE", "summer-24", 86_500).repeat, "another spelling");
}

#[test]
fn a_network_of_ipv6_is_one_source() {
    let tables = tables();
    assert!(!tried(&tables, "2001:db8:0:1::1", "alice", "x", 0).repeat);
    assert!(tried(&tables, "2001:db8:0:1:ffff::2", "alice", "x", 1).repeat);
    assert!(!tried(&tables, "2001:db8:0:2::1", "alice", "x", 2).repeat);
}

#[test]
fn counts_are_capped_and_forget_after_a_day() {
    let tables = tables();
    for number in 0..40_u64 {
        let facts = tried(&tables, "192.0.2.1", "alice", &format!("guess {number}"), number);
        assert_eq!(u64::from(facts.source_passwords), (number + 1).min(16));
        assert_eq!(facts.source_accounts, 1);
        assert_eq!(facts.password_accounts, PasswordAccounts::One);
    }
    let last = tried(&tables, "192.0.2.1", "alice", "guess 1000", 86_390);
    assert_eq!(last.source_passwords, 16, "the newest sixteen are kept");
    let later = tried(&tables, "192.0.2.1", "alice", "guess 1001", 86_390 + 60);
    assert_eq!(later.source_passwords, 2, "yesterday's are forgotten");
}

#[test]
fn one_password_on_many_names_is_seen_over_all_sources() {
    let tables = tables();
    for number in 0..20 {
        let source = format!("198.51.100.{number}");
        let facts = tried(&tables, &source, &format!("user{number}"), "Winter2026", number);
        let expected = match number {
            0 => PasswordAccounts::One,
            1..9 => PasswordAccounts::TwoOrMore,
            _ => PasswordAccounts::TenOrMore,
        };
        assert_eq!(facts.password_accounts, expected, "{number}");
        assert_eq!((facts.source_passwords, facts.source_accounts, facts.repeat), (1, 1, false));
    }
    let names = (0..20).map(|number| tried(&tables, "203.0.113.1", &format!("u{number}"), &format!("p{number}"), 0));
    assert_eq!(names.last().unwrap().source_accounts, 16);
}

#[test]
fn tables_never_grow_and_only_passers_by_are_pushed_out() {
    // Constant memory, whoever tries whatever.
    let tables = tables();
    for seconds in 0..5 {
        tried(&tables, "192.0.2.1", "alice", "summer-24", seconds);
    }
    for number in 0..100_000_u32 {
        let source = IpAddr::V4((0x0a00_0000 + number).into());
        let password = number.to_string();
        tables.facts(Guess { source, name: b"alice", password: password.as_bytes() }, at(10));
    }
    let inner = tables.tables.lock().unwrap();
    assert!(inner.sources.len() <= SOURCES && inner.sources.len() > SOURCES / 2);
    assert!(inner.passwords.len() <= PASSWORDS);
    drop(inner);
    assert!(tried(&tables, "192.0.2.1", "alice", "summer-24", 20).repeat);
    let mut pairs = Marks::default();
    for number in 0..1000 {
        pairs.mark(number, 0, PAIRS);
    }
    assert_eq!(pairs.count(0), PAIRS);
}

#[test]
fn tags_tell_same_from_different_within_a_day_and_change_with_it() {
    // §4.3: the key of the day rotates
    let tables = tables();
    let tag = |name, password, seconds| tried(&tables, "192.0.2.1", name, password, seconds).tag;
    let tuesday = tag("alice", "one", 0);
    assert_eq!(tuesday, tag("alice", "one", 86_399));
    assert_ne!(tuesday, tag("alice", "two", 1));
    assert_ne!(tuesday, tag("bob", "one", 1));
    assert_ne!(tuesday, tag("alice", "one", 86_400));
    let again = PasswordTables::new(&BootKey::new([9; 32]), &InstallationKey::new([2; 32]));
    assert_eq!(tuesday, tried(&again, "192.0.2.9", "alice", "one", 5).tag, "a restart keeps them");
    let elsewhere = PasswordTables::new(&BootKey::new([1; 32]), &InstallationKey::new([3; 32]));
    assert_ne!(tuesday, tried(&elsewhere, "192.0.2.1", "alice", "one", 0).tag);
}

#[test]
fn the_shape_is_rough() {
    let tables = tables();
    let facts = |password: &str| tried(&tables, "192.0.2.1", "x", password, 0);
    for (password, length, classes) in [
        ("", PasswordLength::Empty, 0),
        ("abcde", PasswordLength::To5, 1),
        ("Abc123", PasswordLength::To8, 7),
        ("abc def 1", PasswordLength::To11, 13),
        ("twelve octets", PasswordLength::To15, 9),
        ("合言葉は秘密", PasswordLength::Longer, 16),
    ] {
        let facts = facts(password);
        assert_eq!((facts.length, facts.classes), (length, classes), "{password}");
    }
    assert!(facts("123456").common && !facts("zq-81-kk").common);
    assert!(tables.facts(Guess { source: here(), name: b"Scan", password: b"scan123" }, at(0)).default);
}

#[test]
fn a_clock_that_is_set_back_breaks_nothing() {
    let tables = tables();
    assert!(!tried(&tables, "192.0.2.1", "alice", "x", 5000).repeat);
    assert!(tried(&tables, "192.0.2.1", "alice", "x", 0).repeat);
}

#[test]
fn a_proof_that_another_session_offered_is_a_replay_for_a_day() {
    // S-062
    let tables = tables();
    let offered =
        |proof: &str, session, seconds| tables.is_replayed(proof.as_bytes(), ConnectionId(session), at(seconds));
    assert!(!offered("c4c9334bac560ecc979e58001b3e22fb", 1, 0));
    assert!(!offered("c4c9334bac560ecc979e58001b3e22fb", 1, 1), "a client that tries again in its session");
    assert!(offered("c4c9334bac560ecc979e58001b3e22fb", 2, 60));
    assert!(!offered("d4c9334bac560ecc979e58001b3e22fb", 3, 61));
    assert!(!offered("c4c9334bac560ecc979e58001b3e22fb", 4, 60 + 86_400), "a day later it is forgotten");
    assert!(offered("c4c9334bac560ecc979e58001b3e22fb", 5, 61 + 86_400));
}
