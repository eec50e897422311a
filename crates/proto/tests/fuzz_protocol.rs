//! Fuzz targets: whatever octets come, the protocol keeps its laws and never panics (S-046).
//!
//! Under `cargo test` each runs for a second on random input; `BOLERO_RANDOM_TEST_TIME_MS` gives it longer.
#![allow(clippy::unwrap_used, reason = "a test may fail here")]

mod checks;
mod driver;

use driver::{Driver, unstuff};
use watchpost_proto::pop3::client;
use watchpost_proto::pop3::server::Channel;
use watchpost_proto::sasl::Initiator;
use watchpost_proto::{DotStuffer, Extent, Line, LineBuffer, LineEnd, MessageNumber, OctetCounter, Password, Sizer};

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

#[test]
fn client() {
    // S-046, C-020 … C-030: whatever a server says, the client neither panics nor keeps what is above its limits, and
    // where the wire is cut changes nothing.
    bolero::check!().for_each(|seed: &[u8]| {
        let replies: [&[u8]; 12] = [
            b"+OK\r\n",
            b"-ERR [SYS/TEMP] no\r\n",
            b"+ \r\n",
            b".\r\n",
            b"1 200\r\n",
            b"2 abc\r\n",
            b"+OK 2 320\r\n",
            b"..\r\n",
            b"PIPELINING\r\n",
            b"SASL PLAIN SCRAM-SHA-256\r\n",
            b"\r\n",
            b"\0",
        ];
        let mut wire = b"+OK <a@b>\r\n".to_vec();
        for octet in seed {
            match replies.get(usize::from(*octet >> 2)) {
                Some(reply) => wire.extend_from_slice(reply),
                None => wire.push(*octet),
            }
        }
        let whole = client_hears(&wire, seed, wire.len());
        assert_eq!(client_hears(&wire, seed, 1), whole);
        assert_eq!(client_hears(&wire, seed, 7), whole);
    });
}

/// What a client says and hears of it, its commands chosen by `seed`.
fn client_hears(wire: &[u8], seed: &[u8], cut: usize) -> (Vec<u8>, Vec<String>, Vec<u8>) {
    let limits = client::Limits { line_octets: 40, listing_lines: 3, message_octets: 50, window: 4, window_octets: 90 };
    let mut session = client::Session::new(limits, client::Channel::ClearForPasswords);
    let number = MessageNumber::from_index(0).unwrap();
    let (mut buffer, mut said, mut heard, mut message) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut choices = seed.iter();
    for piece in wire.chunks(cut.max(1)) {
        buffer.extend_from_slice(piece);
        loop {
            let step = match session.input(&buffer) {
                Ok(step) => step,
                // Behind STLS the first octet ends it, in the same read or the next (S-004).
                Err(client::Violation::ClearTextBehindStls) => return (said, heard, message),
                Err(violation) => {
                    heard.push(format!("{violation:?}"));
                    // How much came of a message that is given up depends on the cuts.
                    return (said, heard, Vec::new());
                }
            };
            let used = step.used;
            match step.event {
                None if used == 0 => break,
                None => {}
                Some(client::Event::Message(_, octets)) => message.extend_from_slice(octets),
                Some(client::Event::StartTls(_)) => return (said, heard, message),
                Some(event) => {
                    let answers = matches!(event, client::Event::Greeting(_) | client::Event::Done(..));
                    heard.push(format!("{event:?}"));
                    if answers {
                        let command = match choices.next().map_or(0, |octet| octet % 10) {
                            0 => client::Command::Capa,
                            1 => client::Command::Stls,
                            2 => client::Command::User("tim".into()),
                            3 => client::Command::Pass(Password::new("x")),
                            4 => client::Command::Stat,
                            5 => client::Command::List(None),
                            6 => client::Command::Uidl(None),
                            7 => client::Command::Retr(number),
                            8 => client::Command::Apop { name: "tim".into(), password: Password::new("x") },
                            _ => client::Command::Quit,
                        };
                        let login = Initiator::Plain { name: "tim".into(), password: Password::new("x") };
                        heard.push(format!("{:?}", session.submit(&command)));
                        heard.push(format!("{:?}", session.authenticate(login)));
                    }
                }
            }
            said.extend_from_slice(session.output());
            session.wrote(session.output().len());
            buffer.drain(..used);
        }
        assert!(buffer.len() <= 40 + piece.len());
    }
    (said, heard, message)
}
