//! What takes minutes: `./check --long`.
#![allow(clippy::unwrap_used, reason = "a test may fail here")]

mod long_logins;
mod support;

use std::fs;
use std::io::{BufRead, Write};

use support::{Demo, Typist};

const GIBIBYTE: u64 = 1 << 30;

/// Memory of the server, in KiB.
fn memory(demo: &Demo) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", demo.running.child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// A message whose file is mostly a hole, sent to a client that counts.
fn retrieve(octets: u64) {
    let dir = tempfile::tempdir().unwrap();
    let demo = Demo::start(dir.path(), &[]);
    let new = dir.path().join("mail/bob@example.org/Maildir/new");
    for folder in ["tmp", "new", "cur"] {
        fs::create_dir_all(new.with_file_name(folder)).unwrap();
    }
    let head = b"Subject: a hole\n\n";
    let mut file = fs::File::create(new.join("1700000000.M1P1.example")).unwrap();
    file.write_all(head).unwrap();
    file.set_len(octets).unwrap();
    // Two line ends grow by one octet each, and the last line gets one of two.
    let expected = octets + 4;
    let mut typist = Typist::connect(demo.pop3());
    typist.ok("USER bob");
    typist.ok(&format!("PASS {}", demo.facts["accounts"]["bob"].as_str().unwrap()));
    assert_eq!(typist.ok("LIST 1"), format!("+OK 1 {expected}\r\n"));
    let before = memory(&demo);
    assert_eq!(typist.ok("RETR 1"), format!("+OK {expected} octets\r\n"));
    let reader = typist.reader();
    let mut received = 0;
    while received < expected {
        let available = reader.fill_buf().unwrap().len();
        assert!(available > 0, "the connection ended after {received} octets");
        let taken = available.min(usize::try_from(expected - received).unwrap_or(usize::MAX));
        reader.consume(taken);
        received += taken as u64;
    }
    assert_eq!(typist.line(), ".\r\n");
    let grown = memory(&demo) - before;
    assert!(grown < 16 * 1024, "{grown} KiB for a message of {octets} octets");
    typist.ok("QUIT");
}

#[test]
fn a_message_of_one_gibibyte_costs_constant_memory() {
    // P-225
    retrieve(GIBIBYTE);
}

#[test]
fn a_message_of_five_gibibytes_is_listed_and_streamed() {
    // P-163, P-225
    retrieve(5 * GIBIBYTE);
}
