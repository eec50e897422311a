//! Hostile mail and hostile clients: a broken message blocks nothing, and a client that misbehaves harms itself alone.

#![allow(clippy::unwrap_used, reason = "a test may fail here")]

mod support;

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::time::Instant;

use support::{Demo, PATIENCE, Typist, canonical};

/// A demo whose bob has this mail, delivered by a foreign hand.
struct Bob {
    demo: Demo,
    dir: tempfile::TempDir,
}

impl Bob {
    fn with(mail: &[&[u8]]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let bob = Self { demo: Demo::start(dir.path(), &[]), dir };
        for folder in ["tmp", "new", "cur"] {
            fs::create_dir_all(bob.maildir().join(folder)).unwrap();
        }
        for (place, message) in mail.iter().enumerate() {
            fs::write(bob.file(place), message).unwrap();
        }
        bob
    }

    fn maildir(&self) -> PathBuf {
        self.dir.path().join("mail/bob@example.org/Maildir")
    }

    fn file(&self, place: usize) -> PathBuf {
        self.maildir().join(format!("new/{}.M{place}P1.example", 1_700_000_000 + place))
    }

    fn login(&self) -> Typist {
        let mut typist = Typist::connect(self.demo.pop3());
        typist.ok("USER bob");
        typist.ok(&format!("PASS {}", self.demo.facts["accounts"]["bob"].as_str().unwrap()));
        typist
    }

    /// Memory of the server, in KiB.
    fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.demo.running.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

#[test]
fn hostile_mail_comes_out_to_the_octet_and_as_long_as_it_was_listed() {
    // P-040 … P-047, P-050, P-162, P-165, P-240
    let endless = vec![b'x'; 1 << 20];
    let mut wide = b"Subject: wide\n\n".to_vec();
    wide.extend(std::iter::repeat_n(b'.', 1 << 20));
    let mail: Vec<&[u8]> = vec![
        b".first octet is a dot\n\n.\n..\n.x\n",
        b".\n",
        b".",
        b"",
        b"\n",
        b"Subject: header only\n",
        b"Subject: no final line end\n\nend",
        b"Subject: bare CR\n\na\rb\r\rc\r",
        b"Subject: bare LF\r\n\na\nb\r\n",
        b"Subject: NUL\n\na\0b\0\n\0",
        b"Subject: 8-bit legacy caf\xe9\n\nna\xefve\n",
        &endless,
        &wide,
    ];
    let bob = Bob::with(&mail);
    let mut typist = bob.login();
    let listed = typist.lines("LIST");
    assert_eq!(listed.len(), mail.len());
    for (place, message) in mail.iter().enumerate() {
        let expected = canonical(message);
        assert_eq!(listed[place], format!("{} {}", place + 1, expected.len()));
        let received = typist.message(&format!("RETR {}", place + 1)).expect("a terminator");
        assert!(received == expected, "message {} is not what lies there", place + 1);
        assert!(typist.message(&format!("TOP {} 99999999", place + 1)) == Some(received), "P-171");
    }
    typist.ok("QUIT");
}

#[test]
fn a_message_removed_by_other_means_keeps_its_number_and_blocks_nothing() {
    // P-066, P-176, E-52
    let bob = Bob::with(&[b"one\n", b"two\n", b"three\n"]);
    let mut typist = bob.login();
    fs::remove_file(bob.file(1)).unwrap();
    assert_eq!(typist.say("RETR 2"), "-ERR Message 2 is no longer available\r\n");
    assert_eq!(typist.message("RETR 3"), Some(b"three\r\n".to_vec()));
    assert_eq!(typist.ok("LIST 2"), "+OK 2 5\r\n");
    // Another program has seen it: the same message under another name.
    fs::rename(bob.file(0), bob.maildir().join("cur/1700000000.M0P1.example:2,S")).unwrap();
    assert_eq!(typist.message("RETR 1"), Some(b"one\r\n".to_vec()));
    typist.ok("DELE 1");
    typist.ok("DELE 2");
    assert_eq!(typist.ok("QUIT"), "+OK bye, marked messages removed\r\n");
    typist.rest();
    assert_eq!(bob.login().ok("STAT"), "+OK 1 7\r\n");
}

#[test]
fn a_message_that_breaks_off_is_never_passed_off_as_whole() {
    // P-049
    let line = b"0123456789012345678901234567890123456789012345678901234567890123456789\n";
    let large = line.repeat((64 << 20) / line.len());
    let bob = Bob::with(&[&large]);
    let mut typist = bob.login();
    assert!(typist.ok("RETR 1").ends_with(" octets\r\n"));
    fs::File::options().write(true).open(bob.file(0)).unwrap().set_len(1 << 20).unwrap();
    let rest = typist.rest();
    assert!(rest.len() < large.len() && !rest.ends_with(b"\r\n.\r\n"), "a stump must not look like a message");
    bob.demo.running.logged("ending=\"read-failed\"");
}

#[test]
fn links_and_pipes_in_a_maildir_are_no_messages() {
    // S-047
    let bob = Bob::with(&[b"real\n"]);
    std::os::unix::fs::symlink("/etc/passwd", bob.maildir().join("new/1700000009.M9P1.example")).unwrap();
    fs::create_dir(bob.maildir().join("cur/1700000008.M8P1.example")).unwrap();
    assert_eq!(bob.login().ok("STAT"), "+OK 1 6\r\n");
}

#[test]
fn a_client_that_never_reads_neither_grows_memory_nor_delays_others() {
    // P-223
    let large = b"Subject: large\n\n0123456789012345678901234567890123456789\n".repeat(2000);
    let bob = Bob::with(&[&large]);
    let mut greedy = bob.login();
    greedy.ok("NOOP");
    let before = bob.memory();
    greedy.stream().set_nonblocking(true).unwrap();
    let commands = b"RETR 1\r\n".repeat(100_000);
    let mut sent = 0;
    let end = Instant::now() + PATIENCE;
    // Until the server has stopped reading for good: a thousand refusals in a row.
    let mut refusals = 0;
    while sent < commands.len() && refusals < 1000 && Instant::now() < end {
        match greedy.stream().write(&commands[sent..]) {
            Ok(count) => {
                sent += count;
                refusals = 0;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                refusals += 1;
                let mut other = Typist::connect(bob.demo.pop3());
                other.ok("QUIT");
            }
            Err(error) => panic!("{error}"),
        }
    }
    let grown = bob.memory().saturating_sub(before);
    assert!(grown < 16 * 1024, "{grown} KiB for a client that takes nothing");
    let mut alice = Typist::logged_in(&bob.demo);
    assert!(alice.message("RETR 1").is_some());
}

#[test]
fn other_protocols_on_the_plain_port_do_no_harm() {
    // S-016, P-007, P-022
    let bob = Bob::with(&[]);
    let mut ssh = Typist::connect(bob.demo.pop3());
    assert_eq!(ssh.say("SSH-2.0-OpenSSH_9.6"), "-ERR Unknown command\r\n");
    assert_eq!(ssh.say("EHLO example.org"), "-ERR Unknown command\r\n");
    assert_eq!(ssh.say(&format!("{}QUIT", "A".repeat(300))), "-ERR Command line too long\r\n");
    assert_eq!(ssh.say("PROXY TCP4 192.0.2.1 192.0.2.2 1 2"), "-ERR Unknown command\r\n");
    ssh.ok("QUIT");
    assert_eq!(ssh.rest(), b"");
}
