//! What a person sees and types.

use crate::checks::screen::Screen;
use crate::support::Demo;
use crate::tool::Liar;

#[test]
fn what_is_allowed_now_is_completed_and_hinted_at() {
    let server = Liar::scripted(
        "+OK ready\r\n",
        &[("STAT", "-ERR no\r\n"), ("CAPA", "+OK\r\nUIDL\r\n.\r\n"), ("QUIT", "+OK\r\n")],
    );
    let screen = Screen::start(80, &[&server.port()]);
    screen.shows("→ CAPA · STLS");
    screen.types("ca");
    screen.key("Tab");
    screen.shows("C: CAPA");
    screen.enter();
    screen.shows("UIDL: ");
    screen.types("USER");
    screen.shows("C: USER name — Names the user; PASS follows.");
    screen.key("C-c");
    screen.shows("Nothing was sent. QUIT ends");
    // STAT is for the TRANSACTION state: there is nothing to complete.
    screen.types("sta");
    screen.key("Tab");
    screen.types("t");
    screen.enter();
    screen.shows("C: stat");
    screen.shows("not valid in the AUTHORIZATION state");
    screen.types("help");
    screen.enter();
    screen.shows("login NAME [METHOD]");
    screen.ends_with("C:");
    screen.key("Up");
    screen.ends_with("C: help");
    screen.key("C-u");
    screen.types("QUIT");
    screen.enter();
    screen.shows("says goodbye");
    assert_eq!(server.heard(), "CAPA\r\nstat\r\nQUIT\r\n");
}

#[test]
fn a_secret_in_clear_text_needs_a_spelled_out_yes() {
    // C-002
    let server = Liar::scripted("+OK ready\r\n", &[("USER", "+OK\r\n"), ("PASS", "-ERR [AUTH] no\r\n")]);
    let screen = Screen::start(100, &[&server.port()]);
    screen.shows("→ CAPA");
    screen.types("USER mrose");
    screen.enter();
    screen.shows("→ PASS");
    screen.types("PASS one-secret");
    screen.enter();
    screen.shows("The server is this very");
    screen.ends_with("Type yes to send it:");
    screen.types("y");
    screen.enter();
    screen.shows("Nothing was sent.");
    screen.types("PASS two-secret");
    screen.enter();
    screen.ends_with("Type yes to send it:");
    screen.types("yes");
    screen.enter();
    screen.shows("S: -ERR [AUTH] no");
    screen.ends_with("C:");
    screen.key("C-d");
    screen.shows("without QUIT");
    assert_eq!(server.heard(), "USER mrose\r\nPASS two-secret\r\n");
}

#[test]
fn a_certificate_that_is_not_believed_needs_a_spelled_out_yes() {
    // S-010
    let dir = tempfile::tempdir().unwrap();
    let demo = Demo::start(dir.path(), &[]);
    let pop3s = demo.pop3s().to_string();
    for (answer, then) in [("no", "the session ends before anything"), ("yes", "S: +OK Watchpost ready")] {
        let screen = Screen::start(100, &[&pop3s, "--tls"]);
        screen.shows("has signed itself");
        screen.ends_with("Type yes to go on:");
        screen.types(answer);
        screen.enter();
        let everything = screen.shows(then);
        assert_eq!(everything.contains("S: +OK"), answer == "yes", "{everything}");
    }
    demo.stop();
}

#[test]
fn what_is_typed_ahead_is_not_echoed() {
    // S-029
    let (go, may_go) = std::sync::mpsc::channel();
    let server = Liar::start(move |visitor| {
        visitor.say("+OK ready\r\n");
        visitor.line();
        may_go.recv().unwrap();
        visitor.say("+OK\r\n");
        visitor.line();
        visitor.say("-ERR [AUTH] no\r\n");
        visitor.rest();
    });
    let screen = Screen::start(80, &[&server.port(), "--allow-clear"]);
    screen.shows("→ CAPA");
    screen.types("USER mrose");
    screen.enter();
    screen.shows("Names the user");
    screen.types("PASS tanstaafl");
    screen.enter();
    go.send(()).unwrap();
    let everything = screen.shows("S: -ERR [AUTH] no");
    assert!(!everything.contains("tanstaafl"), "{everything}");
    screen.ends_with("C:");
    screen.key("C-d");
    screen.shows("without QUIT");
    assert_eq!(server.heard(), "USER mrose\r\nPASS tanstaafl\r\n");
}

#[test]
fn ctrl_c_ends_a_wait_without_quit() {
    let server = Liar::start(|visitor| {
        visitor.say("+OK ready\r\n");
        visitor.line();
        visitor.rest();
    });
    let screen = Screen::start(80, &[&server.port()]);
    screen.shows("→ CAPA");
    screen.types("NOOP");
    screen.enter();
    screen.shows("not valid in the AUTHORIZATION state");
    screen.key("C-c");
    screen.shows("Interrupted. The connection is closed, without QUIT");
    assert_eq!(server.heard(), "NOOP\r\n");
}

#[test]
fn numbers_of_messages_are_completed_after_list_and_marks_are_lost_without_quit() {
    let dir = tempfile::tempdir().unwrap();
    let demo = Demo::start(dir.path(), &[]);
    let (pop3s, certificate, password) = (demo.pop3s().to_string(), demo.text("certificate"), demo.password());
    for (columns, language, left) in
        [(80, "en", "the marked message stays"), (120, "ja", "印の付いた 1 通のメッセージは残ります")]
    {
        let screen = Screen::start(columns, &[&pop3s, "--tls", "--ca", &certificate, "--lang", language]);
        screen.shows("→ CAPA");
        screen.types("login alice user");
        screen.enter();
        screen.shows(if language == "en" {
            "Password (not shown):"
        } else {
            "パスワード (表示されません)"
        });
        screen.types(&password);
        screen.enter();
        screen.shows("→ STAT");
        screen.types("LIST");
        screen.enter();
        screen.shows("S: 12 ");
        screen.types("DELE 1");
        // 1, 10, 11, 12, 13 and 14: a list, and nothing to put in.
        screen.key("Tab");
        screen.key("Tab");
        screen.shows("10  11  12  13  14");
        screen.types("4");
        screen.enter();
        screen.shows(if language == "en" { "Message 14 is marked" } else { "メッセージ 14 に印" });
        screen.ends_with("C:");
        screen.key("C-d");
        let everything = screen.shows(left);
        assert!(!everything.contains(&password), "{everything}");
        let columns = usize::from(columns);
        for line in everything.lines() {
            assert!(unicode_width::UnicodeWidthStr::width(line) <= columns, "{line}");
        }
    }
    demo.stop();
}
