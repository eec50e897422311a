//! Checks that `e2e.rs` runs and that `planted.rs` shows to fail when the thing is broken.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test may fail here")]

pub mod logins;
pub mod textbook;

use std::fs;
use std::process::Command;

use super::support::{Demo, PROGRAM, Typist};

pub fn quit_removes_exactly_the_marked_messages_and_nothing_else_ever_does() {
    // P-012, P-066, P-181, P-182, P-190; a second demo continues the first
    let dir = tempfile::tempdir().unwrap();
    let demo = Demo::start(dir.path(), &[]);
    let mut first = Typist::logged_in(&demo);
    let before = first.lines("UIDL");
    first.ok("DELE 1");
    first.ok("DELE 2");
    drop(first);
    let mut second = retry_login(&demo);
    assert_eq!(second.lines("UIDL"), before, "a session without QUIT removes nothing");
    second.ok("DELE 2");
    second.ok("DELE 5");
    assert_eq!(second.ok("QUIT"), "+OK bye, marked messages removed\r\n");
    assert_eq!(second.rest(), b"");
    let (password, certificate) = (demo.password(), fs::read(dir.path().join("cert.pem")).unwrap());
    demo.stop();

    let demo = Demo::start(dir.path(), &[]);
    assert_eq!(demo.password(), password, "the same passwords");
    assert_eq!(fs::read(dir.path().join("cert.pem")).unwrap(), certificate, "the same certificate");
    let mut third = Typist::logged_in(&demo);
    let uids = |lines: &[String]| -> Vec<String> {
        lines.iter().map(|line| line.split(' ').nth(1).unwrap().to_owned()).collect()
    };
    let mut kept = uids(&before);
    kept.remove(4);
    kept.remove(1);
    assert_eq!(
        uids(&third.lines("UIDL")),
        kept,
        "the same unique-ids, nothing imported twice, deleted mail stays deleted"
    );
}

pub fn what_comes_behind_stls_in_the_clear_is_never_obeyed() {
    // S-001, S-002, S-016
    let dir = tempfile::tempdir().unwrap();
    let demo = Demo::start(dir.path(), &[]);
    for octets in [b"STLS\r\nNOOP\r\n".as_slice(), b"STLS\r\nUSER alice\r\nPASS x\r\n"] {
        let mut intruder = Typist::connect(demo.pop3());
        intruder.send(octets);
        assert_eq!(String::from_utf8_lossy(&intruder.rest()), "", "no reply, not even to STLS");
    }
    let mut later = Typist::connect(demo.pop3());
    later.ok("STLS");
    later.send(b"CAPA\r\n");
    assert_eq!(later.rest(), b"", "no alert either");
    for greeting in [b"\x16\x03\x01\x02\x00".as_slice(), b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"] {
        let mut stranger = Typist::connect(demo.pop3());
        stranger.send(greeting);
        assert_eq!(stranger.rest(), b"");
    }
    let log = demo.stop();
    for notice in ["ClearTextBehindStls", "ForeignProtocol(Tls)", "ForeignProtocol(Http)"] {
        assert!(log.contains(notice), "{notice}:\n{log}");
    }
}

pub fn no_password_reaches_the_log() {
    // S-029
    let dir = tempfile::tempdir().unwrap();
    let demo = Demo::start(dir.path(), &[]);
    let mut typist = Typist::connect(demo.pop3());
    typist.ok("USER alice");
    typist.say("PASS open-sesame-73");
    typist.say("open-sesame-74");
    typist.ok("USER alice");
    typist.ok(&format!("PASS {}", demo.password()));
    typist.ok("QUIT");
    typist.rest();
    let password = demo.password();
    demo.running.logged("session ended");
    let log = demo.stop();
    assert!(!log.contains("open-sesame") && !log.contains(&password), "{log}");
    let line = log.lines().find(|line| line.contains("session ended")).unwrap();
    for field in ["peer=127.0.0.1", "user=\"alice@example.org\"", "failed_logins=1", "ending=\"quit\""] {
        assert!(line.contains(field), "{field} in {line}");
    }
}

pub fn a_maildrop_has_one_session_at_a_time() {
    // P-061, P-063
    let dir = tempfile::tempdir().unwrap();
    let demo = Demo::start(dir.path(), &[]);
    let mut holder = Typist::logged_in(&demo);
    let mut other = Typist::connect(demo.pop3());
    other.ok("USER alice");
    let reply = other.say(&format!("PASS {}", demo.password()));
    assert_eq!(reply, "-ERR [IN-USE] Maildrop is locked by another session, please wait\r\n");
    other.ok("USER alice");
    assert_eq!(other.say("PASS wrong"), "-ERR [AUTH] Authentication failed\r\n");
    holder.ok("QUIT");
    holder.rest();
    other.ok("USER alice");
    other.ok(&format!("PASS {}", demo.password()));
}

/// The lock of a session that was cut off is free within a second (P-064): until then IN-USE.
fn retry_login(demo: &Demo) -> Typist {
    for _ in 0..1000 {
        let mut typist = Typist::connect(demo.pop3());
        typist.ok("USER alice");
        let reply = typist.say(&format!("PASS {}", demo.password()));
        if reply.starts_with("+OK") {
            return typist;
        }
        assert!(reply.starts_with("-ERR [IN-USE]"), "{reply}");
    }
    panic!("the lock of a session that is gone is never freed");
}

pub fn nobody_comes_uninvited() {
    // A demo with --no-visitors; `visitors.rs` shows one with them.
    let dir = tempfile::tempdir().unwrap();
    let demo = Demo::start(dir.path(), &[]);
    assert_eq!(demo.facts["visitors"], serde_json::Value::Null);
    let config = demo.text("config");
    // Only now is it ready for a signal.
    demo.running.logged_times("listening", 2);
    let log = demo.stop();
    assert!(!log.contains("session ended"), "{log}");
    assert!(!dir.path().join("mail/carol@example.org").exists());
    let sessions = Command::new(PROGRAM).args(["sessions", "--json", "--config", &config]).output().unwrap();
    assert!(sessions.status.success() && sessions.stdout.is_empty(), "{sessions:?}");
}
