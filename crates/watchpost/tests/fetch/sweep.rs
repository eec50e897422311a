//! Misdeeds at every octet: a server that stops, closes, babbles or floods wherever a session may be. The session ends
//! within its time, nothing is written where nothing belongs, and the next session makes everything good.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use watchpost::connect::Deadlines;

use crate::house::House;
use crate::server::{After, Server};
use crate::support::PATIENCE;

/// The second unique-id and the third would like to be paths.
const MAIL: [(&str, &[u8]); 3] = [
    ("one", b"A: 1\r\n\r\n.x\r\n"),
    ("../../../outside", b"B: 2\r\n\r\n"),
    ("/tmp/watchpost-outside/%2e%2e/x", b"C: 3\r\n\r\nFrom me\r\n"),
];
/// What a server does behind its last good octet.
const MISDEEDS: [After; 6] =
    [After::Close, After::Silence, After::Garbage, After::EndlessLine, After::EndlessLines, After::Drip];
/// Deadlines of a session that is to fail.
const SHORT: Duration = Duration::from_millis(400);
/// Sessions side by side: most of them wait.
const WORKERS: usize = 8;

/// Every octet, `step` at a time; each misdeed begins at another one. Returns how many sessions were spoilt.
pub fn misdeeds_at_every_octet(step: usize) -> usize {
    let length = {
        let server = Server::start(&MAIL);
        House::new(server.port, "leave = \"never\"").fetch_well();
        server.sent()
    };
    assert!(length > 200, "a whole session: {length}");
    let places =
        (0..length).flat_map(|octets| MISDEEDS.iter().enumerate().map(move |(number, after)| (octets, number, *after)));
    let places: Vec<(usize, After)> = places
        .filter(|(octets, number, _)| (octets + number) % step == 0)
        .map(|(octets, _, after)| (octets, after))
        .collect();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                let server = Server::start(&MAIL);
                while let Some((octets, after)) = places.get(next.fetch_add(1, Ordering::Relaxed)) {
                    spoilt_and_made_good(&server, *octets, *after);
                }
            });
        }
    });
    places.len()
}

fn spoilt_and_made_good(server: &Server, octets: usize, after: After) {
    let what = format!("{after:?} behind {octets} octets");
    {
        let mut state = server.state.lock().unwrap();
        state.mail = MAIL.iter().map(|(id, octets)| ((*id).to_owned(), octets.to_vec())).collect();
        (state.manners.octets, state.manners.after) = (Some(octets), after);
    }
    let outer = tempfile::tempdir().unwrap();
    let folder = tempfile::tempdir_in(outer.path()).unwrap();
    let mut house = House::within(folder, server.port, "leave = \"never\"\nmessage_octets = 1000");
    let normal = (house.account.deadlines, house.account.session_time);
    house.account.deadlines = Deadlines { reply: SHORT, ..Deadlines::default() };
    house.account.session_time = SHORT;
    let start = Instant::now();
    let outcome = house.fetch();
    // A session and, where pipelining was to blame, a second one; the rest is a slow machine.
    assert!(start.elapsed() < PATIENCE, "{what}: {:?}", start.elapsed());
    let (left, here) = (server.ids(), house.messages().len());
    assert!(outcome.error.is_some() || here == MAIL.len(), "{what}: {:?}", outcome.report);
    assert!(left.len() == MAIL.len() || here == MAIL.len(), "{what}: removed before it was here: {left:?}, {here}");
    (house.account.deadlines, house.account.session_time) = normal;
    server.manners(|manners| manners.octets = None);
    // Messages that a flood was taken for may have been counted as failures; not often enough to be given up.
    house.fetch_well();
    let mut expected: Vec<Vec<u8>> = MAIL.iter().map(|(_, octets)| octets.to_vec()).collect();
    expected.sort();
    // What babble looked like a whole message is one: nobody can know better.
    let found: Vec<Vec<u8>> = house.messages().into_iter().filter(|message| expected.contains(message)).collect();
    assert_eq!(found, expected, "{what}");
    assert!(server.ids().is_empty(), "{what}");
    assert_eq!(names(outer.path()).len(), 1, "{what}: nothing beside the house");
    let inside: BTreeSet<String> = names(&house.path(""));
    assert_eq!(inside, ["md", "state", "watchpost.toml"].map(str::to_owned).into(), "{what}");
    let folders = names(&house.path("md"));
    assert_eq!(folders, ["cur", "new", "tmp", "watchpost-incoming"].map(str::to_owned).into(), "{what}");
    assert!(!Path::new("/tmp/watchpost-outside").exists(), "{what}");
}

fn names(folder: &Path) -> BTreeSet<String> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn whatever_a_server_does_at_whatever_octet_the_session_ends_and_the_next_makes_it_good() {
    // C-010, C-022, C-029, C-060, C-061: some octets here, every one in `./check --long`.
    assert!(misdeeds_at_every_octet(14) > 100);
}

/// What a server says to STLS, and what it does then.
const TRICKS: [(&[u8], After); 10] = [
    (b"-ERR no\r\n", After::Close),
    (b"-ERR no\r\n", After::Silence),
    (b"+OK begin\r\n+OK you are logged in\r\n+OK\r\n", After::Silence),
    (b"+OK begin\r\n+OK CAPA\r\nUSER\r\n.\r\n", After::Close),
    (b"+OK begin\r\n", After::Close),
    (b"+OK begin\r\n", After::Silence),
    (b"+OK begin\r\n", After::Garbage),
    (b"+OK begin\r\n", After::EndlessLine),
    (b"+OK begin\r\n\x15\x03\x01\x00\x02\x02\x28", After::Silence),
    (b"+OK begin\r\n\x16\x03\x03\x40\x00", After::EndlessLines),
];

/// Octets of a server's half of the session that STLS begins in.
const IN_CLEAR: [&[u8]; 2] = [b"+OK ready\r\n", b"+OK begin TLS\r\n"];

/// Runs one session by STLS with a server that says `greeting`, then `answer` to STLS, and does `after`. Returns all it
/// was told.
fn told(greeting: &[u8], answer: &[u8], after: After) -> Vec<u8> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = Mutex::new(Vec::new());
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // The last connection wakes this thread.
            while let Ok((stream, _)) = listener.accept() {
                if done.load(Ordering::SeqCst) {
                    return;
                }
                stream.set_read_timeout(Some(PATIENCE)).unwrap();
                let mut writer = stream.try_clone().unwrap();
                let mut reader = BufReader::new(stream);
                let mut line = Vec::new();
                let _ = writer.write_all(greeting);
                let greeted = greeting.ends_with(b"\n");
                if greeted && reader.read_until(b'\n', &mut line).is_ok_and(|octets| octets > 0) {
                    heard.lock().unwrap().extend_from_slice(&line);
                    let _ = writer.write_all(answer);
                }
                crate::server::misbehave(&mut writer, after);
                let mut rest = Vec::new();
                let _ = reader.read_to_end(&mut rest);
                heard.lock().unwrap().extend_from_slice(&rest);
            }
        });
        let folder = tempfile::tempdir().unwrap();
        let mut house = House::within(folder, port, "tls = \"stls\"");
        house.account.deadlines = Deadlines { reply: SHORT, handshake: SHORT, ..Deadlines::default() };
        let start = Instant::now();
        let outcome = house.fetch();
        assert!(start.elapsed() < PATIENCE && outcome.error.is_some(), "{after:?}: {:?}", outcome.report);
        assert!(house.messages().is_empty());
        done.store(true, Ordering::SeqCst);
        drop(std::net::TcpStream::connect(("127.0.0.1", port)));
    });
    heard.into_inner().unwrap()
}

#[track_caller]
fn says_no_secret(heard: &[u8], what: &str) {
    let behind = heard.strip_prefix(b"STLS\r\n").unwrap_or_else(|| {
        assert!(b"STLS\r\n".starts_with(heard), "{what}: {:?}", String::from_utf8_lossy(heard));
        b""
    });
    // A ClientHello, or an alert, or nothing at all.
    assert!(matches!(behind.first(), None | Some(0x16 | 0x15)), "{what}: {:?}", String::from_utf8_lossy(behind));
    for word in ["USER", "PASS", "AUTH", "alice", "secret", "c2VjcmV0", "QUIT"] {
        let found = behind.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()));
        assert!(!found, "{what}: {word} has left in the clear");
    }
}

#[test]
fn no_trick_at_stls_makes_us_say_anything_in_the_clear() {
    // C-002, C-003, S-002, S-006
    for (answer, after) in TRICKS {
        let what = format!("{:?} {after:?}", String::from_utf8_lossy(answer));
        says_no_secret(&told(b"+OK ready\r\n", answer, after), &what);
    }
    // And wherever the clear part of the session may break.
    let [greeting, answer] = IN_CLEAR;
    for octets in 0..greeting.len() + answer.len() {
        let (greeting, answer) = match octets.checked_sub(greeting.len()) {
            None => (&greeting[..octets], &b""[..]),
            Some(rest) => (greeting, &answer[..rest]),
        };
        for after in [After::Close, After::Garbage, After::EndlessLine] {
            says_no_secret(&told(greeting, answer, after), &format!("{after:?} behind {octets} octets"));
        }
    }
}
