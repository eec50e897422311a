//! The real program, real mail, real clients: what went in comes out, to the octet.

#![allow(clippy::unwrap_used, reason = "a test may fail here")]

mod checks;
mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use support::{Demo, Typist, canonical, client, corpus, messages_of};

/// Every message as poplib received it, and what it was told of them.
fn with_poplib(transport: &str, demo: &Demo, expected: &[Vec<u8>]) -> Vec<String> {
    let address = if transport == "pop3s" { demo.pop3s() } else { demo.pop3() };
    let folder = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/poplib_all.py");
    let mut command = Command::new("python3");
    command.arg(script).args([transport, &address.ip().to_string(), &address.port().to_string(), "alice"]);
    let printed = client(command.arg(folder.path()), format!("{}\n", demo.password()).as_bytes());
    let facts: serde_json::Value = serde_json::from_slice(&printed).unwrap();
    let octets: usize = expected.iter().map(Vec::len).sum();
    for key in ["octets", "received", "listed"] {
        assert_eq!(facts[key], octets, "{key} over {transport}");
    }
    same_files(folder.path(), expected, transport);
    facts["uids"].as_array().unwrap().iter().map(|uid| uid.as_str().unwrap().to_owned()).collect()
}

/// Every message as curl received it.
fn with_curl(transport: &str, demo: &Demo, expected: &[Vec<u8>]) {
    let folder = tempfile::tempdir().unwrap();
    let (scheme, address) = if transport == "pop3s" { ("pop3s", demo.pop3s()) } else { ("pop3", demo.pop3()) };
    let mut command = Command::new("curl");
    // The password goes into a file that only curl's own process names.
    let config = folder.path().join("curlrc");
    fs::write(&config, format!("user = \"alice:{}\"\n", demo.password())).unwrap();
    command.args(["--silent", "--show-error", "--fail", "--insecure", "--config"]).arg(&config);
    if transport == "stls" {
        command.arg("--ssl-reqd");
    }
    command.arg(format!("{scheme}://{address}/[1-{}]", expected.len()));
    client(command.arg("--output").arg(format!("{}/#1", folder.path().display())), b"");
    same_files(folder.path(), expected, transport);
}

fn same_files(folder: &Path, expected: &[Vec<u8>], transport: &str) {
    for (number, expected) in (1..).zip(expected) {
        let received = fs::read(folder.join(number.to_string())).unwrap();
        assert!(received == *expected, "message {number} over {transport} is not the octets that went in");
    }
}

/// Every message as `openssl s_client` received it.
fn with_openssl(transport: &str, demo: &Demo, expected: &[Vec<u8>]) {
    let mut command = Command::new("openssl");
    let address = if transport == "pop3s" { demo.pop3s() } else { demo.pop3() };
    command.args(["s_client", "-quiet", "-crlf", "-connect", &address.to_string()]);
    if transport == "stls" {
        command.args(["-starttls", "pop3"]);
    }
    let mut commands = format!("USER alice\nPASS {}\n", demo.password());
    commands.extend((1..=expected.len()).map(|number| format!("RETR {number}\n")));
    commands.push_str("QUIT\n");
    let heard = client(&mut command, commands.as_bytes());
    let mut wire = Vec::new();
    for message in expected {
        wire.extend_from_slice(format!("+OK {} octets\r\n", message.len()).as_bytes());
        for line in message.split_inclusive(|octet| *octet == b'\n') {
            if line.starts_with(b".") {
                wire.push(b'.');
            }
            wire.extend_from_slice(line);
        }
        wire.extend_from_slice(b".\r\n");
    }
    wire.extend_from_slice(b"+OK bye\r\n");
    let start = heard.windows(17).position(|window| window == b"+OK maildrop has ").expect("a login");
    let body = &heard[start..];
    let first_line = body.iter().position(|octet| *octet == b'\n').unwrap() + 1;
    assert!(body[first_line..] == wire, "{transport}: not the octets that went in");
}

#[test]
fn three_hundred_real_mails_come_out_to_the_octet() {
    // P-162, P-165, P-161, P-160, P-174, P-181, P-041 … P-047
    let expected = messages_of(&corpus());
    assert_eq!(expected.len(), 300);
    let dir = tempfile::tempdir().unwrap();
    let demo = Demo::start(dir.path(), &["--mail", corpus().to_str().unwrap()]);
    assert_eq!(demo.facts["messages"], 300);
    let uids = with_poplib("plain", &demo, &expected);
    for transport in ["stls", "pop3s"] {
        assert_eq!(with_poplib(transport, &demo, &expected), uids, "unique-ids over {transport}");
        with_openssl(transport, &demo, &expected);
    }
    for transport in ["plain", "stls", "pop3s"] {
        with_curl(transport, &demo, &expected);
    }
    let log = demo.stop();
    assert!(!log.contains("ERROR"), "{log}");
}

#[test]
fn the_demos_own_mail_comes_out_to_the_octet() {
    // P-041 … P-047: Japanese, attachments, leading dots, long lines, no final line end
    let expected: Vec<Vec<u8>> = watchpost::import::samples().iter().map(|(_, octets)| canonical(octets)).collect();
    assert!(expected.len() >= 12);
    let dir = tempfile::tempdir().unwrap();
    let demo = Demo::start(dir.path(), &[]);
    for transport in ["plain", "stls", "pop3s"] {
        with_poplib(transport, &demo, &expected);
    }
}

#[test]
fn quit_removes_exactly_the_marked_messages_and_nothing_else_ever_does() {
    checks::quit_removes_exactly_the_marked_messages_and_nothing_else_ever_does();
}

#[test]
fn a_maildrop_has_one_session_at_a_time() {
    checks::a_maildrop_has_one_session_at_a_time();
}

#[test]
fn what_comes_behind_stls_in_the_clear_is_never_obeyed() {
    checks::what_comes_behind_stls_in_the_clear_is_never_obeyed();
}

#[test]
fn a_client_that_half_closes_gets_all_its_answers() {
    // P-015, P-034
    let dir = tempfile::tempdir().unwrap();
    let demo = Demo::start(dir.path(), &[]);
    let mut typist = Typist::logged_in(&demo);
    typist.send(b"NOOP\r\nDELE 1\r\nQUIT\r\nDELE 2");
    typist.stream().shutdown(std::net::Shutdown::Write).unwrap();
    let heard = String::from_utf8(typist.rest()).unwrap();
    assert_eq!(heard, "+OK nothing done\r\n+OK marked as deleted\r\n+OK bye, marked messages removed\r\n");
}

#[test]
fn alpn_is_pop3_or_nothing() {
    // S-012
    let dir = tempfile::tempdir().unwrap();
    let demo = Demo::start(dir.path(), &[]);
    let handshake = |arguments: &[&str]| {
        let address = demo.pop3s().to_string();
        let mut command = Command::new("openssl");
        command.args(["s_client", "-connect", &address]).args(arguments).stdin(std::process::Stdio::null());
        let output = command.output().unwrap();
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    assert!(handshake(&["-alpn", "pop3"]).contains("ALPN protocol: pop3"));
    assert!(handshake(&[]).contains("TLSv1.3"));
    assert!(handshake(&["-tls1_2"]).contains("TLSv1.2"));
    assert!(handshake(&["-alpn", "h2"]).contains("no application protocol"));
    assert!(handshake(&["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"]).contains("SSL alert number"));
}

#[test]
fn no_password_reaches_the_log() {
    checks::no_password_reaches_the_log();
}

#[test]
fn nobody_comes_uninvited() {
    checks::nobody_comes_uninvited();
}
