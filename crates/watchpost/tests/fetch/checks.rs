//! Checks that a planted fault must break.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use watchpost::connect::ConnectError;
use watchpost::fetch::fingerprint::Fingerprinter;
use watchpost::fetch::journal::{Intent, Journal, Place, Record};
use watchpost::fetch::login::LoginError;
use watchpost::fetch::session::SessionError;

use crate::house::{House, messages_of_mbox};
use crate::server::Server;
use crate::world::{World, endless_settings, nothing_in_the_clear, said};

const MAIL: [(&str, &[u8]); 2] = [("one", b"Subject: 1\r\n\r\n"), ("two", b"Subject: 2\r\n\r\n")];

pub fn a_unique_id_that_comes_back_with_another_message_loses_nothing() {
    // C-034, C-070
    let server = Server::start(&MAIL);
    let house = House::new(server.port, "leave = \"never\"");
    house.fetch_well();
    let other: &[u8] = b"Subject: 9\r\n\r\n";
    server.state.lock().unwrap().mail = vec![("two".into(), other.to_vec())];
    assert_eq!(house.fetch_well().report.delivered, 1);
    assert!(house.messages().contains(&other.to_vec()));
    assert!(server.ids().is_empty());
}

pub fn messages_that_share_a_unique_id_are_all_fetched_once() {
    // C-034
    let server = Server::start(&[("x", b"A: 1\r\n\r\n"), ("x", b"A: 2\r\n\r\n"), ("y", b"A: 3\r\n\r\n")]);
    let house = House::new(server.port, "");
    assert_eq!(house.fetch_well().report.delivered, 3);
    let report = house.fetch_well().report;
    assert_eq!((report.delivered, report.known), (0, 2));
    server.state.lock().unwrap().mail.push(("x".into(), b"A: 4\r\n\r\n".to_vec()));
    assert_eq!(house.fetch_well().report.delivered, 1);
    assert_eq!(house.messages().len(), 4);
}

pub fn nothing_is_marked_before_it_is_durable() {
    // C-060
    let server = Server::start(&MAIL);
    let house = House::new(server.port, "to = \"pipe:exit 75\"\nleave = \"never\"");
    assert_eq!(house.fetch_well().report.failed.len(), 2);
    assert_eq!(server.heard_verb("DELE"), 0);
    assert_eq!(server.ids(), ["one", "two"]);
}

pub fn srv_records_are_followed_in_their_order() {
    // C-003, C-004: the priority decides, not the order of the answer; TLS from the first octet comes before STLS.
    let world = World::new();
    let second = world.door(1, "second.example.test", |_| {});
    let first = world.door(2, "first.example.test", |_| {});
    let stls = world.door(3, "stls.example.test", |manners| manners.implicit = false);
    world.names.srv("_pop3._tcp.example.test", 0, stls.address.port(), "stls.example.test");
    world.names.srv("_pop3s._tcp.example.test", 20, world.pop3s(), "second.example.test");
    world.names.srv("_pop3s._tcp.example.test", 10, world.pop3s(), "first.example.test");
    let (output, told) = world.told(&[]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!((told["server"].as_str(), told["by"].as_str()), (Some("first.example.test"), Some("srv")));
    assert_eq!(told["user"], "alice@example.test");
    let logins = |door: &crate::doors::Door| door.heard().iter().filter(|line| line.contains("PASS")).count();
    assert_eq!((logins(&first), logins(&second), logins(&stls)), (1, 0, 0));
    nothing_in_the_clear(&stls);
    // The first does not answer: the second does.
    drop(first);
    let (output, told) = world.told(&[]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(told["server"], "second.example.test");
}

pub fn a_service_that_is_not_offered_is_not_looked_for() {
    // C-003: "." as target, and a server that would answer all the same.
    let world = World::new();
    let door = world.door(1, "pop.example.test", |_| {});
    world.names.srv("_pop3s._tcp.example.test", 0, 0, ".");
    world.names.srv("_pop3._tcp.example.test", 0, 0, ".");
    let (output, told) = world.told(&[]);
    assert_eq!(output.status.code(), Some(69), "{}", said(&output));
    assert!(told["error"].as_str().unwrap().contains("offers no POP3"), "{told}");
    assert!(door.heard().is_empty());
}

pub fn a_host_of_another_gets_no_password_unasked() {
    // C-004: DNS may have been forged, and its certificate is good for its own name.
    let world = World::new();
    let door = world.door(1, "pop.host.test", |_| {});
    world.names.srv("_pop3s._tcp.example.test", 0, world.pop3s(), "pop.host.test");
    let (output, told) = world.told(&[]);
    assert_eq!(output.status.code(), Some(77), "{}", said(&output));
    assert!(told["error"].as_str().unwrap().contains("pop.host.test"), "{told}");
    assert_eq!(door.heard(), ["tls CAPA", "tls QUIT"]);
    let (output, told) = world.told(&["--yes", "--dry-run"]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!((&told["vouched"], &told["messages"]), (&false.into(), &3.into()));
}

pub fn the_whole_address_is_the_first_user_name() {
    // C-005
    let world = World::new();
    let door = world.door(1, "pop.example.test", |manners| manners.users = vec!["alice"]);
    let (output, told) = world.told(&[]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(told["user"], "alice");
    let users: Vec<String> = door.heard().into_iter().filter(|line| line.contains("USER")).collect();
    assert_eq!(users, ["tls USER alice@example.test", "tls USER alice"]);
}

pub fn settings_that_never_end_are_left() {
    let world = World::new();
    let _door = world.door(1, "pop.example.test", |_| {});
    let _web = endless_settings(&world);
    let (output, told) = world.told(&[]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(told["steps"].to_string().contains("length limit exceeded"), "{told}");
}

pub fn what_came_is_stored_so_that_nothing_is_lost() {
    // C-072: into a Maildir, an mbox and a command, by default: LF where each stood for CRLF, else octet for octet.
    let odd: &[u8] = b"A: 1\r\n\r\nFrom a bare\nfeed\r\nand \r return\r\r\n>From me\r\n";
    let server = Server::start(&[("odd", odd), ("even", b"B: 2\r\n\r\nx\r\n")]);
    let maildir = House::new(server.port, "");
    maildir.fetch_well();
    let stored = |entry: std::io::Result<std::fs::DirEntry>| std::fs::read(entry.unwrap().path()).unwrap();
    let mut files: Vec<Vec<u8>> = std::fs::read_dir(maildir.path("md/new")).unwrap().map(stored).collect();
    files.sort();
    assert_eq!(files, [odd.to_vec(), b"B: 2\n\nx\n".to_vec()]);
    let pipe = House::new(server.port, "to = \"pipe:cat >> {dir}/all\"");
    pipe.fetch_well();
    assert_eq!(std::fs::read(pipe.path("all")).unwrap(), [odd, b"B: 2\n\nx\n"].concat());
    let mbox = House::new(server.port, "to = \"mbox:{dir}/mb\"");
    mbox.fetch_well();
    let text = std::fs::read(mbox.path("mb")).unwrap();
    let quoted: &[u8] = b"\nA: 1\r\n\r\n>From a bare\nfeed\r\nand \r return\r\r\n>>From me\r\n\nFrom MAILER-DAEMON ";
    assert!(text.windows(quoted.len()).any(|part| part == quoted), "{:?}", String::from_utf8_lossy(&text));
    assert!(text.ends_with(b"\nB: 2\n\nx\n\n"));
}

pub fn a_message_that_needs_utf8_mode_is_fetched_in_another_session() {
    // C-051, C-052, RFC 6856 §5: without TLS it is not asked for until a message needs it.
    let server = Server::start(&MAIL);
    server.manners(|manners| {
        manners.needs_utf8 = Some("two");
        manners.capabilities = vec!["PIPELINING", "UIDL", "USER", "UTF8"];
    });
    let house = House::new(server.port, "leave = \"never\"");
    let report = house.fetch_well().report;
    assert_eq!((report.delivered, report.failed.len(), report.removed), (2, 0, 2), "{report:?}");
    let heard = server.heard();
    let second = heard.iter().rposition(|line| line == "CAPA").unwrap();
    assert!(second > 0 && !heard[..second].contains(&"UTF8".to_owned()), "{heard:?}");
    assert_eq!(heard[second + 1], "UTF8", "before the login (RFC 6856 §2)");
    assert!(server.ids().is_empty());
}

pub fn a_server_that_shows_its_mail_in_portions_is_asked_until_there_is_no_more() {
    // C-070, C-066: 250 messages to a session, and those that were fetched are hidden; a second between two logins.
    let server = Server::start(&[]);
    let id = |number: usize| format!("GmailId{number}");
    server.state.lock().unwrap().mail =
        (0..600).map(|number| (id(number), format!("A: {number}\r\n\r\n").into_bytes())).collect();
    server.manners(|manners| {
        manners.portion = Some(250);
        manners.capabilities = vec!["USER", "UIDL", "TOP", "LOGIN-DELAY 1", "EXPIRE NEVER"];
    });
    let mut house = House::new(server.port, "");
    let once = house.fetch_well().report;
    assert_eq!((once.delivered, once.more, server.state.lock().unwrap().sessions), (250, true, 1));
    house.drain = true;
    let rest = house.fetch_well().report;
    assert_eq!((rest.delivered, rest.removed, house.messages().len()), (350, 0, 600), "{rest:?}");
    let begun = std::mem::take(&mut server.state.lock().unwrap().begun);
    for two in begun[1..].windows(2) {
        assert!(two[1] - two[0] >= Duration::from_secs(1), "LOGIN-DELAY is a floor");
    }
    assert!(begun.len() >= 3);
    // What has vanished is no error, and does not come again.
    assert_eq!(house.fetch_well().report.delivered, 0);
}

pub fn a_server_that_speaks_drop_by_drop_is_left() {
    // C-010: an octet before each deadline is not enough.
    let house = House::new(dripping_server(), "reply_time = \"1s\"\nsession_time = \"5s\"");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let fetcher = house.fetcher();
    let fetching = async { tokio::time::timeout(Duration::from_secs(20), fetcher.one(&house.account)).await };
    let outcome = runtime.block_on(fetching);
    let outcome = outcome.expect("it must not be waited for");
    assert!(is_too_slow(outcome.error.as_ref()), "{:?}", outcome.error);
}

/// Answers as a server does, one octet at a time.
fn dripping_server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut writer = stream.try_clone().unwrap();
            let _ = writer.write_all(b"+OK ready\r\n");
            let (_never, pause) = std::sync::mpsc::channel::<()>();
            let _ = (&stream).read(&mut [0; 100]);
            let _ = writer.write_all(b"+OK\r\n");
            while writer.write_all(b"X").is_ok() {
                // Nobody says anything: that is a pause.
                let _ = pause.recv_timeout(Duration::from_millis(100));
            }
        }
    });
    port
}

fn is_too_slow(error: Option<&SessionError>) -> bool {
    matches!(
        error,
        Some(
            SessionError::Connect(ConnectError::TooSlow)
                | SessionError::Login(LoginError::Connect(ConnectError::TooSlow))
        )
    )
}

pub fn a_destination_that_fails_half_way_loses_nothing() {
    // C-060, C-061: the intents are durable, and no rename works.
    let server = Server::start(&MAIL);
    let house = House::new(server.port, "leave = \"never\"");
    let new = house.path("md/new");
    let folder = new.clone();
    server.state.lock().unwrap().before_retr = Some(Box::new(move || std::fs::remove_dir(folder).unwrap()));
    let outcome = house.fetch();
    assert!(matches!(outcome.error, Some(SessionError::Delivery(_))), "{:?}", outcome.error);
    assert!(!new.exists() && server.ids() == ["one", "two"]);
    house.fetch_well();
    assert_eq!(house.messages(), [MAIL[0].1.to_vec(), MAIL[1].1.to_vec()]);
    assert!(server.ids().is_empty());
}

const THREE: [(&str, &[u8]); 3] = [
    ("one", b"Subject: 1\r\n\r\n.dot\r\n..\r\n.\r\nFrom me\r\n"),
    ("two", b"Subject: 2\r\n\r\n"),
    ("three", b"Subject: 3\r\n\r\nlast\r\n"),
];

fn all_three() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = THREE.iter().map(|(_, octets)| octets.to_vec()).collect();
    all.sort();
    all
}

pub fn mail_is_removed_only_when_quit_says_so_and_never_fetched_again_meanwhile() {
    // C-060, C-062
    let server = Server::start(&THREE);
    let house = House::new(server.port, "leave = \"never\"");
    server.manners(|manners| manners.keeps = true);
    let outcome = house.fetch();
    assert!(matches!(outcome.error, Some(SessionError::Refused("QUIT", _))), "{:?}", outcome.error);
    assert_eq!((outcome.report.delivered, outcome.report.removed), (3, 0));
    server.manners(|manners| manners.keeps = false);
    let report = house.fetch_well().report;
    assert_eq!((report.delivered, report.removed), (0, 3));
    assert_eq!(house.messages(), all_three());
    assert!(server.ids().is_empty());
}

pub fn a_server_that_says_removed_and_keeps_is_found_out_and_nothing_arrives_twice() {
    // C-062
    let server = Server::start(&THREE);
    let house = House::new(server.port, "leave = \"never\"");
    server.manners(|manners| manners.lies = true);
    assert_eq!(house.fetch_well().report.removed, 3);
    let report = house.fetch_well().report;
    assert_eq!((report.returned, report.delivered, report.known), (3, 0, 3));
    assert_eq!(house.messages(), all_three());
}

pub fn new_unique_ids_for_everything_bring_nothing_again() {
    // C-061: a migration; known by header and size without a RETR, and by the whole where TOP is missing.
    for (top, listed) in [(true, None), (false, None), (true, Some(7))] {
        let server = Server::start(&THREE);
        let house = House::new(server.port, "");
        house.fetch_well();
        {
            let mut state = server.state.lock().unwrap();
            state.mail.iter_mut().for_each(|(id, _)| *id = format!("new-{id}"));
            state.mail.push(("fresh".into(), b"Subject: 4\r\n\r\n".to_vec()));
            state.heard.clear();
            state.manners.listed = listed;
        }
        if !top {
            server.manners(|manners| manners.capabilities = vec!["PIPELINING", "UIDL", "USER"]);
        }
        let report = house.fetch_well().report;
        assert_eq!((report.delivered, report.known), (1, 3), "{top} {listed:?}");
        if listed.is_none() {
            assert_eq!(server.heard_verb("RETR"), 1);
        }
        assert_eq!(house.fetch_well().report.delivered, 0);
        assert_eq!(house.messages().len(), 4);
    }
}

pub fn one_message_that_cannot_be_read_blocks_no_other_and_is_given_up_in_the_end() {
    // C-071
    let server = Server::start(&THREE);
    server.manners(|manners| manners.refuses = Some("two"));
    let house = House::new(server.port, "leave = \"never\"");
    for _ in 0..3 {
        let report = house.fetch_well().report;
        assert_eq!(report.failed.iter().map(|failed| failed.id.as_str()).collect::<Vec<_>>(), ["two"]);
    }
    assert_eq!(house.messages().len(), 2);
    server.heard();
    let report = house.fetch_well().report;
    assert_eq!((report.given_up.as_slice(), server.heard_verb("RETR")), (["two".to_owned()].as_slice(), 0));
    assert_eq!(server.ids(), ["two"], "it is left where it is");
}

pub fn sizes_that_list_announces_wrongly_hinder_nothing_and_are_told_once() {
    // C-031, RFC 6856 §2.1: too small, too large, larger than any message may be.
    let actual: Vec<u64> = THREE.iter().map(|(_, octets)| octets.len() as u64).collect();
    for listed in [0, 1, 7, 100_000, 1 << 39, usize::MAX >> 1] {
        let server = Server::start(&THREE);
        server.manners(|manners| manners.listed = Some(listed));
        for more in ["", "to = \"mbox:{dir}/mb\"", "to = \"pipe:cat >> {dir}/all\""] {
            let house = House::new(server.port, more);
            let report = house.fetch_well().report;
            let what = format!("{listed} {more}: {report:?}");
            assert_eq!((report.delivered, report.failed.len(), report.missized.count), (3, 0, 3), "{what}");
            let told: Vec<(&str, u64)> =
                report.missized.named.iter().map(|other| (other.id.as_str(), other.octets)).collect();
            assert_eq!(told, [("one", actual[0]), ("two", actual[1]), ("three", actual[2])], "{what}");
            let announced = (listed as u64).min((1 << 40) - 2);
            assert!(report.missized.named.iter().all(|other| other.listed == announced), "{what}");
            let found = if more.contains("mbox") { messages_of_mbox(&house.path("mb")) } else { house.messages() };
            assert!(more.contains("pipe") || found == all_three(), "{what}");
            // Once: what is there is not fetched again, and not told again.
            let again = house.fetch_well().report;
            assert_eq!((again.delivered, again.missized.count), (0, 0), "{listed} {more}");
        }
    }
    let server = Server::start(&THREE);
    assert_eq!(House::new(server.port, "").fetch_well().report.missized.count, 0, "what is right is not told");
}

pub fn a_doubt_is_named_until_somebody_was_told() {
    // C-061: a run that finds it out may be killed before it says a word.
    let server = Server::start(&THREE);
    let house = House::new(server.port, "to = \"pipe:cat >> {dir}/all\"");
    let mut journal = Journal::open(&house.path("state"), "a", 0).unwrap();
    let prints = Fingerprinter::default().finish(0);
    journal.intend(&[Record::Intent(Intent { key: "two".into(), prints, place: Place::Elsewhere })]).unwrap();
    drop(journal);
    let first = house.fetch_and_tell_nobody().report;
    assert_eq!((first.delivered, first.in_doubt), (3, vec!["two".to_owned()]));
    // It was delivered again meanwhile, and still nobody knows.
    let second = house.fetch().report;
    assert_eq!((second.delivered, second.in_doubt), (0, vec!["two".to_owned()]));
    assert!(house.fetch().report.in_doubt.is_empty(), "whoever was told need not hear it again");
}
