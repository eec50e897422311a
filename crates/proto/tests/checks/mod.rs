//! Checks that `laws.rs` runs and that `planted.rs` shows to fail when the thing is broken.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test may fail here")]

pub mod told;

use watchpost_proto::OctetCounter;
use watchpost_proto::pop3::server::{Channel, ClearLogin, Notice, Stls};

use super::driver::{Driver, unstuff};

pub const CLEAR: Channel = Channel::Clear { stls: Stls::Available, login: ClearLogin::Allowed };

const DOTTED: &[u8] = b".first\n\n.\n..\n.x\nlast.\n.";

/// What a message is on the wire, written down naively: the reference for the real thing.
pub fn canonical(message: &[u8]) -> Vec<u8> {
    let mut wire = Vec::new();
    let mut octets = message.iter().copied().peekable();
    while let Some(octet) = octets.next() {
        match octet {
            b'\r' => {
                octets.next_if_eq(&b'\n');
                wire.extend_from_slice(b"\r\n");
            }
            b'\n' => wire.extend_from_slice(b"\r\n"),
            0 => wire.push(0x80),
            octet => wire.push(octet),
        }
    }
    if !wire.is_empty() && !wire.ends_with(b"\r\n") {
        wire.extend_from_slice(b"\r\n");
    }
    wire
}

fn body(reply: &[u8]) -> &[u8] {
    let end = reply.windows(2).position(|pair| pair == b"\r\n").expect("a first line");
    &reply[end + 2..]
}

pub fn leading_dots_survive() {
    let mut driver = Driver::logged_in(&[DOTTED]);
    let reply = driver.hear(b"RETR 1\r\n");
    assert_eq!(unstuff(body(&reply)), Some(canonical(DOTTED)));
}

pub fn listed_sizes_are_delivered_sizes() {
    for message in [DOTTED, b"", b"\n", b"no end", b"a\r\rb\n\r", b"nul\0\n", b"A: only header\n"] {
        let listed = OctetCounter::of(message).0;
        let mut driver = Driver::logged_in(&[message]);
        assert_eq!(driver.say(b"LIST 1\r\n"), format!("+OK 1 {listed}\r\n"));
        let reply = driver.hear(b"RETR 1\r\n");
        assert_eq!(unstuff(body(&reply)).expect("a terminator").len() as u64, listed, "{message:?}");
    }
}

pub fn deleted_messages_do_not_answer() {
    let mut driver = Driver::logged_in(&[b"a\n", b"b\n"]);
    assert_eq!(driver.say(b"DELE 1\r\n"), "+OK marked as deleted\r\n");
    for command in ["RETR 1", "TOP 1 0", "LIST 1", "UIDL 1", "DELE 1"] {
        let answer = driver.say(format!("{command}\r\n").as_bytes());
        assert_eq!(answer, "-ERR Message 1 is marked as deleted\r\n", "{command}");
    }
}

pub fn exactly_the_marked_messages_are_removed() {
    let mut driver = Driver::logged_in(&[b"a\n".as_slice(); 200]);
    driver.say(b"DELE 1\r\nDELE 64\r\nDELE 65\r\nDELE 200\r\nRETR 2\r\nQUIT\r\n");
    let outcome = driver.outcome.expect("QUIT enters UPDATE");
    assert_eq!((outcome.removed, outcome.seen), (vec![0, 63, 64, 199], vec![1]));
}

pub fn what_comes_behind_stls_ends_the_connection() {
    let mut driver = Driver::new(CLEAR, &[]);
    assert_eq!(driver.say(b"STLS\r\nUSER evil\r\nPA"), "");
    assert_eq!(driver.notices, [Notice::ClearTextBehindStls { octets: 13 }]);
    assert!(driver.closed && !driver.tls_asked);
}

pub fn one_reply_per_command() {
    let mut driver = Driver::logged_in(&[b"a\n", b"b\n"]);
    let answer = driver.say(b"STAT\r\nNOOP\r\nBOGUS\r\nDELE 9\r\nDELE 1\r\nSTAT\r\nRSET\r\n");
    let first_words: Vec<&str> = answer.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(first_words, ["+OK", "+OK", "-ERR", "-ERR", "+OK", "+OK", "+OK"]);
}

pub fn surrogates_are_as_long_as_they_are_listed() {
    let mut driver = Driver::logged_in(&["Subject: é\nX-Y: é\n\nbody\n".as_bytes()]);
    let listed = driver.say(b"LIST 1\r\n");
    let reply = driver.hear(b"RETR 1\r\n");
    let received = unstuff(body(&reply)).expect("a terminator");
    assert_eq!(listed, format!("+OK 1 {}\r\n", received.len()));
    assert!(received.is_ascii());
}

pub fn a_name_counts_for_the_next_command_alone() {
    let mut driver = Driver::new(Channel::Tls, &[]);
    let answer = driver.say(b"USER mrose\r\nCAPA x\r\nUSER mrose\r\nCAPA\r\nPASS tanstaaf\r\n");
    assert!(answer.ends_with("-ERR Send USER first\r\n"), "{answer}");
}
