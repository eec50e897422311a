//! What must never happen. `planted_talk.rs` plants a fault for each.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::Demo;
use crate::tool::{Liar, talk, talk_with};

#[path = "screen.rs"]
pub mod screen;

use screen::Screen;

/// S-029: neither typed, nor from a file, nor from the environment, nor repeated by the server.
pub fn no_secret_is_shown_by_a_script() {
    let server = Liar::scripted(
        "+OK ready\r\n",
        &[
            ("USER", "+OK\r\n"),
            ("PASS", "-ERR no, tanstaafl is wrong\r\n"),
            ("AUTH", "-ERR no\r\n"),
            ("QUIT", "+OK\r\n"),
        ],
    );
    let script = "USER mrose\nPASS tanstaafl\nAUTH PLAIN AG1yb3NlAHRhbnN0YWFmbA==\nUSER mrose\ntanstaafl\nQUIT\n";
    let said = talk(&[&server.port(), "--allow-clear"], script);
    said.never("tanstaafl").never("AG1yb3NlAHRhbnN0YWFmbA").has(&["C: PASS ••••••", "S: -ERR no, •••••• is wrong"]);
    assert_eq!(said.code, Some(0), "{said}");
    let heard = server.heard();
    assert!(heard.contains("PASS tanstaafl\r\nAUTH PLAIN AG1yb3NlAHRhbnN0YWFmbA==\r\n"), "{heard}");
    let server = Liar::scripted("+OK ready\r\n", &[("USER", "+OK\r\n"), ("PASS", "+OK\r\n"), ("QUIT", "+OK\r\n")]);
    let script = "USER mrose\nPASS ${password}\nQUIT\n";
    let said = talk_with(&[&server.port(), "--allow-clear", "--json"], script, &[("WATCHPOST_PASSWORD", "tanstaafl")]);
    said.never("tanstaafl").has(&["PASS ••••••"]);
    assert!(server.heard().contains("PASS tanstaafl\r\n"));
}

/// S-040, C-002: a script stops before the line, whichever way the secret would go.
pub fn no_secret_goes_out_in_clear_text_unasked() {
    for line in ["PASS tanstaafl", "AUTH PLAIN AG1yb3NlAHRhbnN0YWFmbA==", "login mrose user", "raw PASS tanstaafl"] {
        let replies =
            &[("USER", "+OK\r\n"), ("CAPA", "+OK\r\nUSER\r\n.\r\n"), ("PASS", "+OK\r\n"), ("AUTH", "+OK\r\n")];
        let server = Liar::scripted("+OK ready\r\n", replies);
        let variables = [("WATCHPOST_PASSWORD", "tanstaafl")];
        let said = talk_with(&[&server.port()], &format!("{line}\nQUIT\n"), &variables);
        let heard = server.heard();
        assert!(!heard.contains("PASS") && !heard.contains("AUTH"), "{line}: {heard}\n{said}");
        assert_eq!(said.code, Some(77), "{said}");
        assert!(said.err.contains("--allow-clear"), "{said}");
    }
}

/// S-010: nothing is said behind a handshake that is not believed.
pub fn a_certificate_that_is_not_believed_ends_the_session() {
    let dir = tempfile::tempdir().unwrap();
    let demo = Demo::start(dir.path(), &[]);
    let pop3s = demo.pop3s().to_string();
    let said = talk(&[&pop3s, "--tls", "--no-times"], "CAPA\nQUIT\n");
    assert_eq!(said.code, Some(69), "{said}");
    said.has(&["Certificate 1: CN=localhost", "! The certificate has signed itself"]).never("C: CAPA").never("S: +OK");
    let said = talk(&[&pop3s, "--tls", "--insecure"], "< +OK\nQUIT\n< +OK\n");
    assert_eq!(said.code, Some(0), "{said}");
    said.has(&["has signed itself", "as --insecure says", "S: +OK Watchpost ready"]);
    let said = talk(&[&pop3s, "--tls", "--ca", &demo.text("certificate")], "QUIT\n");
    assert_eq!(said.code, Some(0), "{said}");
    said.has(&["The certificate is believed", "C: QUIT"]);
    demo.stop();
}

/// S-004
pub fn what_comes_behind_stls_is_never_believed() {
    let server = Liar::scripted("+OK ready\r\n", &[("STLS", "+OK begin\r\n+OK maildrop is yours\r\n")]);
    let said = talk(&[&server.port(), "--insecure"], "STLS\nCAPA\n");
    assert_eq!(said.code, Some(65), "{said}");
    said.has(&["23 octets came in clear text behind the reply to STLS"]).never("S: +OK maildrop");
    assert_eq!(server.heard(), "STLS\r\n", "neither a handshake nor a command");
}

/// S-029, on a terminal: while it is typed, when it is asked for, and afterwards.
pub fn a_terminal_never_shows_a_password_and_history_never_holds_one() {
    let server = Liar::scripted(
        "+OK ready\r\n",
        &[("USER", "+OK\r\n"), ("PASS", "-ERR [AUTH] no\r\n"), ("AUTH", "-ERR no\r\n"), ("NOOP", "-ERR no\r\n")],
    );
    let screen = Screen::start(100, &[&server.port(), "--allow-clear"]);
    screen.shows("→ CAPA");
    screen.types("USER mrose");
    screen.shows("C: USER mrose");
    screen.enter();
    screen.shows("→ PASS");
    screen.types("PASS tanstaafl");
    // The stars alone do not say that all of it has arrived: the last of them does.
    screen.shows("C: PASS *********");
    screen.enter();
    screen.shows("S: -ERR [AUTH] no");
    screen.types("PASS");
    screen.enter();
    screen.shows("Password (not shown):");
    screen.types("sesame-open");
    screen.enter();
    screen.shows("C: PASS ••••••");
    screen.types("auth plain AG1yb3NlAHRhbnN0YWFmbA==");
    screen.enter();
    screen.shows("C: auth plain ****");
    screen.types("NOOP");
    screen.enter();
    screen.shows("C: NOOP");
    screen.ends_with("C:");
    screen.key("C-d");
    screen.shows("without QUIT");
    let everything = screen.everything();
    let history = screen.history();
    let text = fs::read_to_string(&history).unwrap();
    for secret in ["tanstaafl", "sesame-open", "AG1yb3Nl"] {
        assert!(!everything.contains(secret), "{everything}");
        assert!(!text.contains(secret), "{text}");
    }
    assert!(text.contains("USER mrose\n") && text.contains("NOOP\n"), "{text}");
    assert_eq!(fs::metadata(&history).unwrap().permissions().mode() & 0o777, 0o600);
    let heard = server.heard();
    assert!(heard.contains("PASS tanstaafl\r\nPASS sesame-open\r\n"), "{heard}");
}
