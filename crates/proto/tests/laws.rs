//! Laws of the server session: what holds for every mail, every cutting, every client.

mod checks;
mod driver;

use std::time::Duration;

use driver::{Driver, unstuff};
use proptest::prelude::*;
use watchpost_proto::pop3::server::{Channel, Limits, Notice, OUTPUT_OCTETS};
use watchpost_proto::{DotStuffer, Extent, OctetCounter};

/// Octets in which everything that matters to lines is frequent.
fn message() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(
        prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'.'), Just(0), Just(b'a'), Just(0xe3), any::<u8>()],
        0..200,
    )
}

fn conversation() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        Just("USER mrose\r\n".to_owned()),
        Just("PASS tanstaaf\r\n".to_owned()),
        Just("STAT\r\n".to_owned()),
        Just("LIST\r\n".to_owned()),
        Just("UIDL\r\n".to_owned()),
        Just("RETR 1\r\n".to_owned()),
        Just("TOP 2 1\n".to_owned()),
        Just("DELE 1\r\n".to_owned()),
        Just("RSET\r\n".to_owned()),
        Just("CAPA\r\n".to_owned()),
        Just("QUIT\r\n".to_owned()),
        Just(format!("{}\r\n", "x".repeat(300))),
        "[ -~\r\n\0]{0,40}",
        "[ -~]{0,20}\r\n",
    ];
    prop::collection::vec(line, 0..20).prop_map(|lines| lines.concat().into_bytes())
}

const MAIL: [&[u8]; 2] = [b"A: 1\n\n.one\ntwo", b"B: 2\r\n\r\n.\r\nthree\r\nfour\r\n"];

proptest! {
    #[test]
    fn unstuffing_what_was_stuffed_gives_the_message_and_its_size(message in message(), cut in 1_usize..9) {
        // P-043, P-044, P-045, P-046, P-162
        let mut stuffer = DotStuffer::new(Extent::Whole);
        let (mut wire, mut counter) = (Vec::new(), OctetCounter::default());
        for chunk in message.chunks(cut) {
            // A fresh buffer each: the position is state, never read back from the output.
            let mut piece = Vec::new();
            stuffer.push(chunk, &mut piece);
            counter.push(chunk);
            wire.append(&mut piece);
        }
        stuffer.finish(&mut wire);
        let received = unstuff(&wire).expect("a terminator at the end and nowhere else");
        prop_assert_eq!(received.len() as u64, counter.finish().0);
        prop_assert_eq!(received, checks::canonical(&message));
    }

    #[test]
    fn any_cutting_of_the_input_gives_the_same_output(input in conversation(), cuts in prop::collection::vec(1_usize..7, 1..9)) {
        // P-220
        let mut whole = Driver::new(Channel::Tls, &MAIL);
        let expected = whole.hear(&input);
        let mut cut = Driver::new(Channel::Tls, &MAIL);
        cut.chunk = 3;
        let (mut heard, mut rest, mut sizes) = (Vec::new(), input.as_slice(), cuts.iter().cycle());
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(*sizes.next().unwrap()));
            heard.extend(cut.hear(now));
            rest = later;
        }
        prop_assert_eq!(String::from_utf8_lossy(&heard), String::from_utf8_lossy(&expected));
        prop_assert_eq!(cut.closed, whole.closed);
        prop_assert_eq!(cut.outcome, whole.outcome);
    }

    #[test]
    fn nothing_is_removed_without_quit_and_only_what_was_marked(input in conversation()) {
        // P-012, P-190
        let mut driver = Driver::new(Channel::Tls, &MAIL);
        let answer = String::from_utf8_lossy(&driver.hear(&input)).into_owned();
        if let Some(outcome) = driver.outcome {
            prop_assert!(driver.closed && answer.contains("+OK bye"));
            prop_assert!(outcome.removed.iter().all(|index| *index < MAIL.len() && !outcome.seen.contains(index)));
            prop_assert!(outcome.removed.is_empty() || answer.contains("+OK marked as deleted"));
        }
    }

    #[test]
    fn nothing_a_client_sends_panics_or_comes_back(input in prop::collection::vec(any::<u8>(), 0..2000)) {
        // P-033, S-046
        let mut driver = Driver::new(Channel::Tls, &MAIL);
        for line in String::from_utf8_lossy(&driver.hear(&input)).lines() {
            let plain = line.len() <= 510 && line.bytes().all(|octet| (b' '..=b'~').contains(&octet));
            prop_assert!(plain);
        }
    }
}

#[test]
fn every_command_of_a_pipeline_has_exactly_one_reply() {
    // P-220
    checks::one_reply_per_command();
}

#[test]
fn deleted_messages_do_not_answer() {
    // P-167
    checks::deleted_messages_do_not_answer();
}

#[test]
fn leading_dots_survive() {
    // P-041, P-042
    checks::leading_dots_survive();
}

#[test]
fn listed_sizes_are_delivered_sizes() {
    // P-162
    checks::listed_sizes_are_delivered_sizes();
}

#[test]
fn what_comes_behind_stls_ends_the_connection() {
    // S-001, S-002, S-003
    checks::what_comes_behind_stls_ends_the_connection();
}

#[test]
fn surrogates_are_as_long_as_they_are_listed() {
    // P-203
    checks::surrogates_are_as_long_as_they_are_listed();
}

#[test]
fn a_name_counts_for_the_next_command_alone() {
    // P-070
    checks::a_name_counts_for_the_next_command_alone();
}

#[test]
fn exactly_the_marked_messages_are_removed() {
    // P-190
    checks::exactly_the_marked_messages_are_removed();
}

#[test]
fn a_client_hello_behind_stls_is_refused_but_no_injection() {
    let mut driver = Driver::new(checks::CLEAR, &[]);
    assert_eq!(driver.hear(b"STLS\r\n\x16\x03\x01"), b"");
    assert_eq!(driver.notices, [Notice::HelloBehindStls]);
    assert!(driver.closed);
}

#[test]
fn tls_on_the_plain_port_closes_at_once() {
    // S-016
    let mut driver = Driver::new(checks::CLEAR, &[]);
    assert_eq!(driver.hear(b"\x16"), b"");
    assert!(!driver.closed);
    assert_eq!(driver.hear(b"\x03\x01\x02\x00\x01\x00"), b"");
    assert!(driver.closed);
}

#[test]
fn an_idle_session_ends_after_ten_minutes_and_a_command_resets_them() {
    // P-009, P-010, P-242
    let mut driver = Driver::logged_in(&MAIL);
    driver.say(b"DELE 1\r\n");
    driver.wait(Duration::from_secs(599));
    assert_eq!(driver.say(b"NOOP\r\n"), "+OK nothing done\r\n");
    driver.wait(Duration::from_secs(599));
    assert!(!driver.closed);
    driver.wait(Duration::from_secs(1));
    assert!(driver.closed);
    assert_eq!(driver.notices, [Notice::IdleTimeout]);
    assert_eq!(driver.outcome, None, "P-012");
}

#[test]
fn one_octet_a_second_does_not_keep_a_session_before_login_open() {
    // S-045
    let mut driver = Driver::new(Channel::Tls, &[]);
    for _ in 0..180 {
        assert!(!driver.closed);
        driver.hear(b"A");
        driver.wait(Duration::from_secs(1));
    }
    assert!(driver.closed);
    assert_eq!(driver.notices, [Notice::LoginTimeout]);
}

#[test]
fn a_draining_reply_is_activity() {
    // P-011
    let mut driver = Driver::logged_in(&MAIL);
    driver.now += Duration::from_secs(500);
    driver.session.output_progressed(driver.now);
    driver.wait(Duration::from_secs(599));
    assert!(!driver.closed);
}

#[test]
fn a_command_without_line_end_is_never_executed() {
    // P-034
    let mut driver = Driver::logged_in(&MAIL);
    assert_eq!(driver.say(b"DELE 1"), "");
    assert_eq!(driver.say(b"2\r\n"), "-ERR No such message, only 2 in maildrop\r\n");
}

#[test]
fn long_listings_go_out_in_bounded_pieces() {
    // P-223, P-224
    let mail: Vec<&[u8]> = vec![b"x\n"; 50_000];
    let mut driver = Driver::logged_in(&mail);
    let listing = driver.say(b"LIST\r\nUIDL\r\n");
    assert_eq!(listing.lines().count(), 2 * 50_002);
    assert!(driver.output_max < OUTPUT_OCTETS + 512, "{}", driver.output_max);
}

#[test]
fn an_unreadable_message_blocks_nothing() {
    // P-007, E-53
    let mut driver = Driver::logged_in(&MAIL);
    driver.unreadable.insert(0);
    assert_eq!(driver.say(b"RETR 1\r\n"), "-ERR [SYS/TEMP] Cannot read message 1, try again later\r\n");
    assert!(driver.say(b"RETR 2\r\n").starts_with("+OK 24 octets\r\n"));
}

#[test]
fn a_failed_update_is_told_and_ends_the_session() {
    // P-191, P-192
    let mut driver = Driver::logged_in(&MAIL);
    driver.update_fails = true;
    let answer = driver.say(b"DELE 1\r\nQUIT\r\n");
    assert_eq!(answer, "+OK marked as deleted\r\n-ERR [SYS/TEMP] Some deleted messages were not removed\r\n");
    assert!(driver.closed);
}

#[test]
fn twenty_bad_commands_in_a_row_end_a_session_after_login() {
    // P-008
    let mut driver = Driver::logged_in(&MAIL);
    for _ in 0..19 {
        assert_eq!(driver.say(b"XYZ\r\n"), "-ERR Unknown command\r\n");
    }
    assert_eq!(driver.say(b"NOOP\r\n"), "+OK nothing done\r\n");
    let answer = driver.say("XYZ\r\n".repeat(25).as_bytes());
    assert_eq!(answer.lines().count(), 20);
    assert!(answer.ends_with("-ERR Too many invalid commands, closing connection\r\n") && driver.closed);
}

#[test]
fn retrieved_messages_are_seen_and_topped_ones_are_not() {
    // P-166
    let mut driver = Driver::logged_in(&MAIL);
    driver.say(b"RETR 1\r\nTOP 2 0\r\nQUIT\r\n");
    let outcome = driver.outcome.unwrap();
    assert_eq!((outcome.removed, outcome.seen), (vec![], vec![0]));
}

#[test]
fn sasl_data_may_be_long_and_not_longer_than_the_cap() {
    // P-096, P-097: 16 KiB decoded, in one step and in two; beyond the cap one error, and the tail is no command.
    let long = "A".repeat(4 * 16 * 1024 / 3 / 4 * 4);
    let mut driver = Driver::new(Channel::Tls, &[]);
    assert_eq!(driver.say(format!("AUTH PLAIN {long}\r\n").as_bytes()), "-ERR Malformed authentication data\r\n");
    assert_eq!(
        driver.say(format!("AUTH PLAIN\r\n{long}\r\n").as_bytes()),
        "+ \r\n-ERR Malformed authentication data\r\n"
    );
    let longer = "A".repeat(30_000);
    let too_long = "-ERR Authentication data too long\r\n";
    assert_eq!(driver.say(format!("AUTH PLAIN {longer}QUIT\r\n").as_bytes()), too_long);
    assert_eq!(driver.say(format!("AUTH PLAIN\r\n{longer}QUIT\r\n").as_bytes()), format!("+ \r\n{too_long}"));
    assert_eq!(driver.say(format!("{}\r\n", "A".repeat(300)).as_bytes()), "-ERR Command line too long\r\n");
    assert!(!driver.closed);
}

#[test]
fn limits_are_the_documented_ones() {
    // P-008, P-009, P-021, S-024, S-045
    let limits = Limits::default();
    assert_eq!((limits.line_octets, limits.failed_logins), (255, 3));
    assert_eq!((limits.bad_commands_before_login, limits.bad_commands_after_login), (10, 20));
    assert_eq!((limits.idle_time, limits.login_time), (Duration::from_mins(10), Duration::from_mins(3)));
}
