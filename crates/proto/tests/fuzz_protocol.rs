//! Fuzz targets: whatever octets come, the protocol keeps its laws and never panics (S-046).
//!
//! Under `cargo test` each runs for a second on random input; `BOLERO_RANDOM_TEST_TIME_MS` gives it longer.
#![allow(clippy::unwrap_used, reason = "a test may fail here")]

mod checks;
mod driver;

use driver::{Driver, unstuff};
use watchpost_proto::pop3::server::Channel;
use watchpost_proto::{DotStuffer, Extent, Line, LineBuffer, LineEnd, OctetCounter, Sizer};

/// Words in which the rare becomes frequent.
const WORDS: [&[u8]; 32] = [
    b"\r\n",
    b"\n",
    b"\r",
    b".",
    b"..",
    b"\0",
    b" ",
    b"USER mrose\r\n",
    b"PASS tanstaaf\r\n",
    b"AUTH PLAIN",
    b"AUTH LOGIN\r\n",
    b"AG1yb3NlAHRhbnN0YWFm\r\n",
    b"=",
    b"*\r\n",
    b"STLS\r\n",
    b"CAPA\r\n",
    b"UTF8\r\n",
    b"LANG ja\r\n",
    b"LIST\r\n",
    b"RETR 1\r\n",
    b"TOP 2 1\r\n",
    b"DELE 1\r\n",
    b"UIDL\r\n",
    b"RSET\r\n",
    b"QUIT\r\n",
    b"Subject: ",
    "é".as_bytes(),
    b"From: a <b@c>, ",
    b"\"",
    b";",
    b":",
    b"4294967297",
];

/// Every octet below 64 stands for a word, every other for itself.
fn spelled(seed: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    for octet in seed {
        match WORDS.get(usize::from(*octet)) {
            Some(word) => text.extend_from_slice(word),
            None => text.push(*octet),
        }
    }
    text
}

const MAIL: [&[u8]; 2] = [b"Subject: \xc3\xa9\n\n.one\ntwo", b"B: 2\r\n\r\n.\r\nthree\r\nfour\r\n"];

#[test]
fn line() {
    // P-022, P-027: lines are bounded, and their octets are what came.
    bolero::check!().for_each(|seed: &[u8]| {
        let input = spelled(seed);
        for line_end in [LineEnd::Strict, LineEnd::Lenient] {
            let mut buffer = LineBuffer::new(line_end);
            for chunk in input.chunks(1 + input.len() / 7) {
                buffer.extend(chunk);
                while let Some(line) = buffer.next_line(|_| 20) {
                    if let Line::Complete(line) = line {
                        assert!(line.len() < 20 && (line_end == LineEnd::Strict || !line.contains(&b'\n')));
                    }
                }
                assert!(buffer.waiting().len() <= 20.max(chunk.len()));
            }
        }
    });
}

#[test]
fn command() {
    // P-033, P-220: every line is one status line, and nothing of the client's comes back.
    bolero::check!().for_each(|seed: &[u8]| {
        let mut driver = Driver::new(Channel::Tls, &MAIL);
        driver.chunk = 1 + seed.len() % 5;
        driver.hear(&spelled(seed));
        if let Some(outcome) = driver.outcome {
            assert!(outcome.removed.iter().all(|index| *index < MAIL.len()));
        }
    });
}

#[test]
fn sasl() {
    // P-095, P-222: an exchange ends, whatever the client says.
    bolero::check!().for_each(|seed: &[u8]| {
        let mut driver = Driver::new(Channel::Tls, &[]);
        let said: Vec<u8> = spelled(seed).into_iter().filter(|octet| !matches!(octet, b'\r' | b'\n')).collect();
        let start: &[u8] = if seed.len().is_multiple_of(2) { b"AUTH PLAIN\r\n" } else { b"AUTH LOGIN\r\n" };
        let heard = driver.say(&[start, &said, b"\r\n*\r\n"].concat());
        for line in heard.lines() {
            assert!(["+OK", "-ERR", "+ "].iter().any(|status| line.starts_with(status)), "{line}");
        }
    });
}

#[test]
fn dot_stuffing() {
    // P-041 … P-046, P-162
    bolero::check!().for_each(|seed: &[u8]| {
        let message = spelled(seed);
        let mut stuffer = DotStuffer::new(Extent::Whole);
        let mut wire = Vec::new();
        for chunk in message.chunks(1 + seed.len() % 9) {
            stuffer.push(chunk, &mut wire);
        }
        stuffer.finish(&mut wire);
        let received = unstuff(&wire).expect("one terminator, at the end");
        assert_eq!(received, checks::canonical(&message));
        assert_eq!(received.len() as u64, OctetCounter::of(&message).0);
    });
}

#[test]
fn surrogate() {
    // P-201, P-203, P-204, P-206: what is listed is sent, and its header is ASCII.
    bolero::check!().for_each(|seed: &[u8]| {
        let message = spelled(seed);
        let sizes = Sizer::of(&message);
        let mut driver = Driver::logged_in(&[&message]);
        driver.chunk = 1 + seed.len() % 9;
        let reply = driver.hear(b"RETR 1\r\n");
        let first_line = reply.windows(2).position(|pair| pair == b"\r\n").unwrap() + 2;
        let received = unstuff(&reply[first_line..]).expect("one terminator, at the end");
        assert_eq!(received.len() as u64, sizes.surrogate.unwrap_or(sizes.stored).0);
        if sizes.surrogate.is_some() {
            let end = received.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(received.len());
            assert!(received[..end].is_ascii() || received.starts_with(b"\r\n"));
        }
    });
}
