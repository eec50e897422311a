//! Servers that mean harm, or know no better: what they say is bounded, escaped and pointed out.

use crate::tool::{Liar, talk};

#[test]
fn escape_sequences_reach_no_terminal() {
    // S-044
    let server = Liar::scripted(
        "+OK \u{1b}]0;owned\u{7}\u{1b}[2J\u{202e}ready\u{9b}1m\r\n",
        &[
            ("RETR", "+OK\r\nSubject: \u{1b}[31mred\r\n\u{1b}c\r\n.\r\n"),
            ("CAPA", "+OK\r\nX\u{1b}[1mY Z\r\n.\r\n"),
            ("QUIT", "+OK\r\n"),
        ],
    );
    let said = talk(&[&server.port()], "RETR 1\nCAPA\nQUIT\n");
    said.has(&[
        "\\u{1b}]0;owned\\u{7}\\u{1b}[2J\\u{202e}ready\\u{9b}1m",
        "! There are control characters",
        "\\u{1b}[31mred",
    ]);
    said.never("\u{1b}").never("\u{7}").never("\u{202e}").never("\u{9b}");
    assert_eq!(said.code, Some(0), "{said}");
}

#[test]
fn a_line_without_end_is_not_read_to_its_end() {
    // S-045
    let server = Liar::start(|visitor| {
        visitor.say("+OK ready\r\n+OK ");
        let much = vec![b'x'; 65536];
        while visitor.pour(&much) {}
    });
    let said = talk(&[&server.port()], "NOOP\n");
    assert_eq!(said.code, Some(74), "{said}");
    assert!(said.err.contains("has no end") || said.out.contains("Nobody asked"), "{said}");
    assert!(said.out.len() < 20_000, "{} octets shown", said.out.len());
    server.heard();
}

#[test]
fn a_reply_of_endless_lines_is_not_read_to_its_end() {
    // S-045
    let server = Liar::start(|visitor| {
        visitor.say("+OK ready\r\n");
        visitor.line();
        visitor.say("+OK\r\n");
        let lines = b"1 100\r\n".repeat(9000);
        while visitor.pour(&lines) {}
    });
    let said = talk(&[&server.port()], "LIST\n");
    assert_eq!(said.code, Some(74), "{said}");
    assert!(said.err.contains("has no end"), "{said}");
    assert!(said.out.len() < 20_000, "{} octets shown", said.out.len());
    server.heard();
}

#[test]
fn a_silent_server_is_waited_for_and_left() {
    let server = Liar::start(|visitor| {
        visitor.say("+OK ready\r\n");
        visitor.line();
        visitor.say("+OK nearly");
        visitor.rest();
    });
    let said = talk(&[&server.port(), "--timeout", "1"], "NOOP\nQUIT\n");
    assert_eq!(said.code, Some(74), "{said}");
    said.has(&["S: +OK nearly", "! The line above has no end."]);
    assert!(said.err.contains("said nothing for a second"), "{said}");
    assert_eq!(server.heard(), "NOOP\r\n");
}

#[test]
fn replies_that_no_rfc_allows_are_pointed_out() {
    let server = Liar::scripted(
        "+OK hi\n",
        &[
            ("STAT", "+OK 4 300\r\n"),
            ("LIST", "+OK\r\n1 100\r\n2 120\r\nmany\r\n.\r\n"),
            ("UIDL", "+OK\r\n1 same\r\n2 same\r\n3 a b\x7f\r\n.\r\n"),
            ("RETR", "+OK 120 octets\r\nA: b\r\n\r\n..dot\r\nbare\n.\r\n"),
            ("CAPA", "+OK\r\nSASL PLAIN\r\nXYZZY\r\n.\r\n"),
            ("NOOP", "hello\r\n"),
            ("DELE", "-ERR [MAGIC/7] no\r\n"),
            ("QUIT", "+OK\r\n"),
        ],
    );
    let said = talk(&[&server.port()], "CAPA\nSTAT\nLIST\nUIDL\nRETR 2\nNOOP\nDELE 1\nQUIT\n");
    assert_eq!(said.code, Some(0), "{said}");
    said.has(&[
        "! This line ends with a lone LF.",
        "! The greeting has no timestamp, so APOP is impossible.",
        "! PLAIN or LOGIN is offered in clear text",
        "! XYZZY is in no RFC",
        "4 messages of 300 octets together.",
        "! One line is no message-number with a size.",
        "! STAT counted 4, this listing 3",
        "! STAT said 300 octets together",
        "! One unique-id comes twice.",
        "! 120 octets were announced, and 19 came.",
        "One line of the content begins with a dot",
        "! One line ends with a lone LF; it must be CRLF.",
        "! This is no reply",
        "! The response code MAGIC/7 is in no RFC",
    ]);
    server.heard();
}

#[test]
fn what_nobody_asked_for_is_shown_before_anything_else_is_sent() {
    let server = Liar::start(|visitor| {
        visitor.say("+OK ready\r\n-ERR idle for too long\r\n");
    });
    let said = talk(&[&server.port()], "NOOP\nNOOP\n");
    said.has(&["S: +OK ready", "S: -ERR idle for too long"]);
    assert_eq!(said.code, Some(74), "{said}");
    assert!(said.err.contains("closed the connection"), "{said}");
    assert_eq!(server.heard(), "");
}

#[test]
fn a_server_that_does_not_prove_itself_is_left() {
    // C-045
    let server = Liar::scripted(
        "+OK ready\r\n",
        &[("CAPA", "+OK\r\nSASL SCRAM-SHA-256\r\n.\r\n"), ("AUTH", "+OK welcome\r\n"), ("RETR", "+OK\r\n.\r\n")],
    );
    let state = tempfile::tempdir().unwrap();
    let password = state.path().join("password");
    std::fs::write(&password, "tanstaafl\n").unwrap();
    let said = talk(
        &[&server.port(), "--allow-clear", "--password-file", password.to_str().unwrap()],
        "login mrose\nRETR 1\n",
    );
    assert_eq!(said.code, Some(65), "{said}");
    assert!(said.err.contains("without proving"), "{said}");
    said.never("tanstaafl").has(&["SCRAM-SHA-256 is the best", "AUTH SCRAM-SHA-256 ••••••", "n,,n=mrose,r="]);
    assert!(!server.heard().contains("RETR"));
}
