//! Whole sessions with Watchpost and with Dovecot, over plain, STLS and TLS.

use std::fs;

use serde_json::Value;

use crate::dovecot::DOVECOT;
use crate::peer::{Peer, Running};
use crate::support::Demo;
use crate::tool::{Said, talk, talk_with};

const SESSION: &str = "# A whole session\n< +OK\nCAPA\n< +OK\nSTAT\n< -ERR\nlogin alice\n< +OK\nSTAT\n< +OK 14 \nLIST\n\
    < +OK\nUIDL 2\n< +OK 2 \nRETR 1\n< +OK\nTOP 2 0\n< +OK\nDELE 3\n< +OK\nRSET\n< +OK\nQUIT\n< +OK\n";

fn demo() -> (tempfile::TempDir, Demo) {
    let dir = tempfile::tempdir().unwrap();
    let demo = Demo::start(dir.path(), &[]);
    (dir, demo)
}

fn session(demo: &Demo, arguments: &[&str], language: &str) -> Said {
    let (password, certificate) = (demo.password(), demo.text("certificate"));
    let arguments = [arguments, &["--no-times", "--ca", &certificate, "--lang", language]].concat();
    let said = talk_with(&arguments, SESSION, &[("WATCHPOST_PASSWORD", &password)]);
    assert_eq!(said.code, Some(0), "{said}");
    said.never(&password);
    said
}

#[test]
fn a_session_with_watchpost_is_explained_over_tls_and_stls_in_both_languages() {
    let (_dir, demo) = demo();
    let (pop3, pop3s) = (demo.pop3().to_string(), demo.pop3s().to_string());
    let over_tls = session(&demo, &[&pop3s, "--tls"], "en");
    over_tls.has(&[
        "The certificate is believed",
        "━━ AUTHORIZATION ━━ inside TLS",
        "S: +OK Watchpost ready",
        "# A whole session",
        "! STAT is not valid in the AUTHORIZATION state.",
        "E-02: ",
        "PLAIN is the best of the ways",
        "C: AUTH PLAIN ••••••",
        "NUL alice NUL ••••••",
        "━━ TRANSACTION ━━ inside TLS",
        "14 messages of ",
        "→ LIST · TOP 1 0 · RETR 1 · DELE 1 · QUIT",
        "more lines of",
        "octets came in",
        "Message 3 is marked, and still there.",
        "━━ UPDATE ━━",
    ]);
    assert_eq!(session(&demo, &[&pop3s, "--tls"], "en").out, over_tls.out, "a transcript can be put into a document");
    let upgraded = session(&demo, &[&pop3, "--stls"], "en");
    upgraded.has(&[
        "━━ AUTHORIZATION ━━ in clear text",
        "C: STLS",
        "X25519MLKEM768",
        "━━ AUTHORIZATION ━━ inside TLS",
        "ask for CAPA",
        "C: CAPA",
        "━━ TRANSACTION ━━ inside TLS",
    ]);
    let japanese = session(&demo, &[&pop3s, "--tls"], "ja");
    japanese.has(&[
        "証明書は信頼できます",
        "━━ AUTHORIZATION ━━ TLS で保護",
        "! STAT は AUTHORIZATION 状態では使用できません",
        "14 通のメッセージ",
    ]);
    demo.stop();
}

#[test]
fn a_program_gets_every_line_with_its_meaning_and_an_exit_code() {
    let (_dir, demo) = demo();
    let pop3 = demo.pop3().to_string();
    let said = talk(&[&pop3, "--json", "--no-times"], "NOOP\n< +OK\nXYZZY\n< -ERR\nQUIT\n");
    assert_eq!(said.code, Some(65), "an expectation was not met: {said}");
    assert!(said.err.contains("Line 2 of the script expected \"+OK\""), "{said}");
    let events: Vec<Value> = said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let has =
        |name: &str, key: &str, value: Value| events.iter().any(|event| event["event"] == name && event[key] == value);
    assert!(has("client", "line", "XYZZY".into()) && has("state", "state", "AUTHORIZATION".into()));
    assert!(has("server", "ok", false.into()) && has("expectation", "met", true.into()));
    assert!(has("note", "kind", "oddity".into()) && has("note", "source", "RFC 1939 §3".into()));
    assert!(has("closed", "unmet", 1.into()));
    assert!(events.iter().all(|event| event.get("time").is_none() && event.get("milliseconds").is_none()));
    demo.stop();
}

/// Dovecot with every mechanism that talks without a certificate of the client, and two messages.
pub fn dovecot() -> Running {
    let (name, text) = DOVECOT.files[0];
    let text = text.replace("plain login", "plain login apop cram-md5 scram-sha-1 scram-sha-256");
    let text: &'static str = Box::leak(text.into_boxed_str());
    let files: &'static [(&str, &str)] = Box::leak(Box::new([(name, text)]));
    let running = Running::start(&Peer { files, ..DOVECOT });
    for (name, body) in [("1.a", "one\n"), ("2.b", ".two\n")] {
        fs::write(running.folder().join("Maildir/new").join(name), format!("Subject: {name}\n\n{body}")).unwrap();
    }
    running
}

pub fn with_dovecot(running: &Running, port: u16, arguments: &[&str], script: &str) -> Said {
    let folder = running.folder();
    let (password, certificate) = (folder.join("password"), folder.join("certificate.pem"));
    let host = format!("127.0.0.1:{port}");
    let own = [
        host.as_str(),
        "--no-times",
        "--ca",
        certificate.to_str().unwrap(),
        "--password-file",
        password.to_str().unwrap(),
    ];
    let said = talk(&[&own, arguments].concat(), script);
    assert_eq!(said.code, Some(0), "{said}");
    said.never("wonder of wonders");
    said
}

#[test]
fn every_way_to_log_in_at_dovecot_is_shown_and_explained() {
    // C-040, C-045
    let running = dovecot();
    let script = |login: &str| format!("{login}\n< +OK\nSTAT\n< +OK 2 \nQUIT\n< +OK\n");
    let band = "━━ TRANSACTION ━━ inside TLS";
    for (login, parts) in [
        (
            "login mrose",
            &["SCRAM-SHA-256 is the best", "y,,n=mrose,r=", "S: + ", "p=••••••", band, "The server has proved"][..],
        ),
        ("login mrose plain", &["C: AUTH PLAIN ••••••", "NUL mrose NUL ••••••", band]),
        ("login mrose login", &["C: AUTH LOGIN", "In plain text: Username:", "In plain text: Password:", band]),
        ("login mrose cram-md5", &["C: AUTH CRAM-MD5", "mrose ••••••", band]),
        ("login mrose user", &["C: USER mrose", "The name is taken down", "C: PASS ••••••", band]),
        ("login mrose apop", &["carries the timestamp <", "C: APOP mrose ••••••", band]),
        ("USER mrose\nPASS", &["C: PASS ••••••", band]),
    ] {
        with_dovecot(&running, running.pop3s, &["--tls"], &script(login)).has(parts);
    }
}

#[test]
fn a_session_with_dovecot_over_plain_and_stls() {
    let running = dovecot();
    let session =
        "USER mrose\n< +OK\nPASS ${password}\n< +OK\nSTAT\n< +OK 2 \nLIST\nUIDL\nRETR 2\n< +OK\nQUIT\n< +OK\n";
    let plain = with_dovecot(&running, running.pop3, &["--allow-clear"], session);
    plain.has(&["in clear text", "C: PASS ••••••", "━━ TRANSACTION ━━ in clear text", "begins with a dot"]);
    let stls = with_dovecot(&running, running.pop3, &["--stls"], session);
    stls.has(&["C: STLS", "The certificate is believed", "━━ TRANSACTION ━━ inside TLS", "begins with a dot"]);
}
