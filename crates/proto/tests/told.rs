//! What a session tells whoever watches: the same for every cutting, no secret ever, every line and every reply.
#![allow(clippy::unwrap_used, reason = "a test may fail here")]

mod checks;
mod driver;

use checks::told::{PLACES, SECRET, answered, clear, heard, shown, told};
use driver::Driver;
use proptest::prelude::*;
use watchpost_proto::pop3::server::{
    Channel, ForeignProtocol, Heard, Letters, Notice, Oddities, SpokenEnd, Status, Told, may_be_a_password, opening,
};
use watchpost_proto::pop3::{ResponseCode, State, Verb};

const MAIL: [&[u8]; 2] = [b"A: 1\n\n.one\ntwo", b"B: 2\r\n\r\n.\r\nthree\r\nfour\r\n"];

#[test]
fn no_secret_is_told() {
    checks::told::no_secret_is_told();
}

#[test]
fn honest_clients_are_never_odd() {
    checks::told::honest_clients_are_never_odd();
}

fn conversation() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        Just("USER mrose\r\n".to_owned()),
        Just("PASS tanstaaf\r\n".to_owned()),
        Just("PASS wrong\n".to_owned()),
        Just("AUTH PLAIN\r\n".to_owned()),
        Just("AUTH LOGIN\r\n".to_owned()),
        Just("AUTH NTLM\r\n".to_owned()),
        Just("AG1yb3NlAHRhbnN0YWFm\r\n".to_owned()),
        Just("LIST\r\n".to_owned()),
        Just("RETR 1\r\n".to_owned()),
        Just("TOP 2 1\n".to_owned()),
        Just("DELE 1\r\n".to_owned()),
        Just("CAPA\r\n".to_owned()),
        Just("QUIT\r\n".to_owned()),
        Just("\r\n".to_owned()),
        Just("GET / HTTP/1.1\r\n".to_owned()),
        Just("\u{16}\u{3}\u{1}\0\u{5}".to_owned()),
        Just(format!("{}\r\n", "x".repeat(300))),
        Just(format!("PASS {}\r\n", "y".repeat(9000))),
        Just(format!("AUTH PLAIN {}\r\n", "z".repeat(30_000))),
        Just(format!("{}\n", "w".repeat(70_000))),
        "[ -~\r\n\0é]{0,40}",
        "[ -~]{0,20}\r\n",
    ];
    prop::collection::vec(line, 0..20).prop_map(|lines| lines.concat().into_bytes())
}

/// What is told, but for what was pipelined: that depends on when input comes.
fn timeless(told: Vec<Told>) -> Vec<Told> {
    let still = |told| match told {
        Told::Heard(heard) => Told::Heard(Heard { pipelined: false, ..heard }),
        other => other,
    };
    told.into_iter().map(still).collect()
}

proptest! {
    #[test]
    fn any_cutting_of_the_input_tells_the_same(
        input in conversation(),
        cuts in prop::collection::vec(prop_oneof![1_usize..7, 1_usize..3000], 1..9),
        channel in prop_oneof![Just(Channel::Tls), Just(checks::CLEAR)],
    ) {
        // S-060
        let mut whole = Driver::new(channel, &MAIL).with_witness();
        whole.hear(&input);
        let mut cut = Driver::new(channel, &MAIL).with_witness();
        cut.chunk = 3;
        let (mut rest, mut sizes) = (input.as_slice(), cuts.iter().cycle());
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(*sizes.next().unwrap()));
            cut.hear(now);
            rest = later;
        }
        let (cut, whole) = (timeless(cut.told()), timeless(whole.told()));
        for (cut, whole) in cut.iter().zip(&whole) {
            prop_assert_eq!(cut, whole);
        }
        prop_assert_eq!(cut.len(), whole.len());
    }

    #[test]
    fn watching_changes_no_octet(input in conversation(), channel in prop_oneof![Just(Channel::Tls), Just(checks::CLEAR)]) {
        // S-060
        let mut alone = Driver::new(channel, &MAIL);
        let mut watched = Driver::new(channel, &MAIL).with_witness();
        prop_assert_eq!(alone.hear(&input), watched.hear(&input));
        prop_assert_eq!((alone.closed, alone.outcome, alone.notices), (watched.closed, watched.outcome, watched.notices));
    }

    #[test]
    fn every_command_has_its_reply_and_all_octets_are_counted(input in conversation()) {
        // S-060
        let mut driver = Driver::new(Channel::Tls, &MAIL).with_witness();
        let written = driver.hear(&input).len() as u64;
        let told = driver.told();
        let counted: u64 = answered(&told).iter().map(|replied| replied.octets).sum();
        prop_assert_eq!(counted, written);
        let mut open = 0;
        for told in &told {
            match told {
                Told::Heard(_) => {
                    prop_assert_eq!(open, 0, "a line comes after the reply to the one before");
                    open = 1;
                }
                Told::Answered(_) => open -= 1,
                _ => {}
            }
            prop_assert!((0..=1).contains(&open));
        }
        for heard in heard(&told) {
            prop_assert!(heard.text.len() <= 128);
            prop_assert!(heard.text.len() + heard.hidden as usize <= heard.octets as usize);
        }
    }

    #[test]
    fn no_password_is_told_wherever_it_is_typed(
        password in "[!-~]{2}Qz[!-~]{6,30}",
        place in prop::sample::select(PLACES.as_slice()),
        before in prop::collection::vec(prop::sample::select(PLACES.as_slice()), 0..3),
        cut in 1_usize..40,
    ) {
        // S-029, S-061: any five octets of it would be too much
        prop_assume!(may_be_a_password(format!("{password}&1aA").as_bytes()));
        let input = before.concat().replace("{}", "other") + &place.replace("{}", &password);
        let mut driver = Driver::new(Channel::Tls, &[]).with_witness();
        for piece in input.as_bytes().chunks(cut) {
            driver.hear(piece);
        }
        let shown = shown(&driver.told());
        for part in password.as_bytes().windows(5) {
            let part = std::str::from_utf8(part).unwrap();
            prop_assert!(!shown.contains(part), "{} in {}", part, shown);
        }
    }

    #[test]
    fn no_octets_make_the_watch_panic(input in prop::collection::vec(any::<u8>(), 0..3000), cut in 1_usize..500) {
        // S-046
        let mut driver = clear();
        for piece in input.chunks(cut) {
            driver.hear(piece);
        }
        driver.told();
        opening(&input);
        may_be_a_password(&input);
    }
}

#[test]
fn lines_are_told_as_they_were_said() {
    // S-060
    let told = told(b"uSER alice\nPASS x\r\nUSER mrose\r\nPASS tanstaaf\r\nxtnd Y\r\nDELE 0\r\n");
    let heard = heard(&told);
    let expected = [
        (State::Authorization, Some(Verb::User), "uSER alice", 0, 11, SpokenEnd::Lf, Letters::Mixed),
        (State::Authorization, Some(Verb::Pass), "PASS", 1, 8, SpokenEnd::CrLf, Letters::Upper),
        (State::Authorization, Some(Verb::User), "USER mrose", 0, 12, SpokenEnd::CrLf, Letters::Upper),
        (State::Authorization, Some(Verb::Pass), "PASS", 8, 15, SpokenEnd::CrLf, Letters::Upper),
        (State::Transaction, None, "xtnd Y", 0, 8, SpokenEnd::CrLf, Letters::Lower),
        (State::Transaction, Some(Verb::Dele), "DELE 0", 0, 8, SpokenEnd::CrLf, Letters::Upper),
    ];
    let found: Vec<_> = heard
        .iter()
        .map(|heard| {
            let text = std::str::from_utf8(&heard.text).unwrap();
            (heard.state, heard.verb, text, heard.hidden, heard.octets, heard.line_end, heard.letters)
        })
        .collect();
    assert_eq!(found, expected);
    assert_eq!(heard.iter().map(|heard| heard.pipelined).collect::<Vec<_>>(), [false, true, true, true, true, true]);
    assert_eq!(heard[5].oddities, Oddities::NUMBER);
    let replies: Vec<_> = answered(&told).iter().map(|replied| (replied.status, replied.code, replied.error)).collect();
    assert_eq!(replies[1], (Status::Err, Some(ResponseCode::Auth), Some(11)));
    assert_eq!(replies[3], (Status::Ok, None, None));
}

#[test]
fn only_what_came_before_the_reply_is_pipelined() {
    let mut driver = Driver::new(Channel::Tls, &MAIL).with_witness();
    driver.hear(b"USER mrose\r\n");
    driver.hear(b"PASS tanstaaf\r\nSTAT\r\nLI");
    driver.hear(b"ST\r\n");
    driver.hear(b"NOOP\r\n");
    let told = driver.told();
    let pipelined: Vec<bool> = heard(&told).iter().map(|heard| heard.pipelined).collect();
    assert_eq!(pipelined, [false, false, true, true, false]);
}

#[test]
fn a_message_that_was_sent_is_named_and_counted() {
    let mut driver = Driver::logged_in(&MAIL);
    driver = driver.with_witness();
    let wire = driver.hear(b"RETR 1\r\nTOP 2 1\r\nRETR 9\r\n");
    let told = driver.told();
    let replies = answered(&told);
    assert_eq!(replies.iter().map(|replied| replied.octets).sum::<u64>(), wire.len() as u64);
    let numbers: Vec<_> = replies.iter().map(|replied| replied.message.map(|number| number.index() + 1)).collect();
    assert_eq!(numbers, [Some(1), Some(2), None]);
}

#[test]
fn a_line_that_is_too_long_is_told_once_and_whole() {
    // S-062: an exploit is as long as it is, however it was cut
    let line = [b"USER ".as_slice(), &[b'A'; 2700], &[0x90; 32], b"\r\n"].concat();
    let input = [line.as_slice(), b"NOOP\r\n"].concat();
    for cut in [1, 100, 255, 10_000] {
        let mut driver = clear();
        for piece in input.chunks(cut) {
            driver.hear(piece);
        }
        let told = driver.told();
        let heard = heard(&told);
        assert_eq!(heard.len(), 2, "{cut}");
        assert_eq!((heard[0].octets as usize, heard[0].text.len()), (line.len(), 128));
        assert_eq!((heard[0].verb, heard[0].line_end), (Some(Verb::User), SpokenEnd::None));
        for oddity in [Oddities::VERY_LONG, Oddities::REPEATED, Oddities::NOP_RUN] {
            assert!(heard[0].oddities.has(oddity), "{heard:?}");
        }
        assert_eq!(told[0], Told::Heard(heard[0].clone()), "the line, the notice, the reply");
        assert_eq!(told[1], Told::Noticed(Notice::LineTooLong));
        assert!(matches!(told[2], Told::Answered(_)));
    }
}

#[test]
fn a_line_without_an_end_is_told_before_it_takes_memory() {
    // S-045
    let mut driver = clear();
    for _ in 0..1000 {
        driver.hear(&[b'B'; 1000]);
    }
    let told = std::mem::take(&mut driver.told);
    assert_eq!(heard(&told).len(), 1, "told when there was enough of it");
    assert_eq!(heard(&told)[0].octets, 64 * 1024);
    assert_eq!(heard(&driver.told()).len(), 0);
}

#[test]
fn first_octets_of_other_protocols_are_told_without_credentials() {
    // S-016, S-061
    let opened = |input: &[u8]| {
        let mut driver = clear();
        driver.hear(input);
        driver.told().into_iter().find_map(|told| match told {
            Told::Opening(octets) => Some(octets),
            _ => None,
        })
    };
    let cases: [(&[u8], Option<&[u8]>); 9] = [
        (b"GET /x HTTP/1.1\r\nAuthorization: Basic QWxh\r\n\r\n", Some(b"GET /x HTTP/1.1")),
        (b"\x16\x03\x01\x02\x00\x01\x00", Some(b"\x16\x03")),
        (b"\x03\x00\x00\x13\x0e\xe0\x00\x00", Some(b"\x03\x00\x00\x13\x0e\xe0\x00\x00")),
        (b"a1 LOGIN alice sesame\r\n", Some(b"a1 LOGIN")),
        (b"\x30\x1d\x02\x01\x01\x60\x18\x02\x01\x03\x04\x0acn=x\x80\x06sesame", Some(b"\x30\x1d\x02\x01\x01\x60\x18")),
        (b"\x10\x20\0\x04MQTT\x04\xc2\0\x3c\0\x05alice\0\x06sesame", Some(b"\x10\x20\0\x04MQTT\x04\xc2\0\x3c")),
        (b"USER alice\r\nPASS sesame\r\n", None),
        (b"\r\nUSER alice\r\n", None),
        (b"", None),
    ];
    for (input, expected) in cases {
        assert_eq!(opened(input).as_deref(), expected, "{:?}", String::from_utf8_lossy(input));
    }
    assert_eq!(opened(&[0; 200]).unwrap().len(), 64);
    let mut driver = clear();
    driver.hear(b"\x16\x03\x01\x02\x00");
    let notice = Told::Noticed(Notice::ForeignProtocol(ForeignProtocol::Tls));
    assert_eq!(driver.told(), [Told::Opening(b"\x16\x03".to_vec()), notice]);
}

#[test]
fn names_that_look_like_passwords_are_told_apart() {
    // S-061
    for password in ["Tr0ub4dor&3", "P@ssw0rd1", "hunter2!", "Summer2026", "xK9#", "correct-Horse7"] {
        assert!(may_be_a_password(password.as_bytes()), "{password}");
    }
    for name in ["alice", "alice@example.org", "alice.smith", "a.b-c_d", "Alice", "bob99", "ゆき@example.org", ""] {
        assert!(!may_be_a_password(name.as_bytes()), "{name}");
    }
    let named = |input: &str| shown(&told(input.as_bytes()));
    assert!(named("USER Summer2026\r\n").contains("Summer2026"), "nothing has failed yet");
    assert!(!named(&format!("USER a\r\nPASS b\r\nUSER {SECRET}A1\r\n")).contains(SECRET));
}
