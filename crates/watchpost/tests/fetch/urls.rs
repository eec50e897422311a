//! `pop://…` on the command line (RFC 2384).

use std::fs;
use std::process::{Command, Output, Stdio};

use crate::doors::PASSWORD;
use crate::house::messages_of;
use crate::server::Server;
use crate::support::PROGRAM;
use crate::world::{World, said};

const MAIL: [(&str, &[u8]); 2] = [("one", b"A: 1\r\n\r\n"), ("two", b"B: 2\r\n\r\n")];

fn fetch(folder: &std::path::Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.arg("fetch").args(arguments).env("HOME", folder).env_remove("XDG_CONFIG_HOME").env_remove("XDG_STATE_HOME");
    command.env("LC_ALL", "C").current_dir(folder).stdin(Stdio::null()).output().unwrap()
}

#[test]
fn a_url_is_an_account_with_a_journal_of_its_own() {
    // C-011
    let server = Server::start(&MAIL);
    let folder = tempfile::tempdir().unwrap();
    let url = format!("pop://alice@127.0.0.1:{}", server.port);
    let asked = ["--tls", "none", "--password", "command:echo secret", "--to", "maildir:md"];
    for delivered in [2, 0] {
        let output = fetch(folder.path(), &[&[url.as_str(), "--json"], &asked[..]].concat());
        assert!(output.status.success(), "{}", said(&output));
        let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(told["delivered"], delivered);
    }
    assert_eq!(messages_of(&folder.path().join("md")).len(), 2);
    let look = fetch(folder.path(), &["check", &url, "--tls", "none", "--password", "command:echo secret", "--json"]);
    let told: serde_json::Value = serde_json::from_slice(&look.stdout).unwrap_or_else(|_| panic!("{}", said(&look)));
    assert_eq!((&told["listed"], &told["to"]), (&2.into(), &serde_json::Value::Null));
    let nowhere = fetch(folder.path(), &[&url, "--tls", "none", "--password", "command:echo secret"]);
    assert_eq!(nowhere.status.code(), Some(64), "{}", said(&nowhere));
}

#[test]
fn a_password_that_is_kept_goes_to_no_other_server() {
    // C-011: the same user elsewhere, or on another port, is somebody else.
    let (ours, other) = (Server::start(&MAIL), Server::start(&MAIL));
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "[[fetch]]\nname = \"ours\"\nserver = \"127.0.0.1:{}\"\nuser = \"alice\"\ntls = \"none\"\n\
         password = \"command:echo secret\"\nto = \"maildir:md\"\n",
        ours.port
    );
    fs::write(folder.path().join("watchpost.toml"), text).unwrap();
    let url = |port: u16| format!("pop://alice@127.0.0.1:{port}");
    let known = fetch(folder.path(), &[&url(ours.port), "--json"]);
    assert!(known.status.success(), "{}", said(&known));
    let told: serde_json::Value = serde_json::from_slice(&known.stdout).unwrap();
    assert_eq!((told["account"].as_str(), &told["delivered"]), (Some("ours"), &2.into()));
    for arguments in [vec!["check"], vec![]] {
        let url = url(other.port);
        let arguments = [arguments, vec![url.as_str(), "--tls", "none"]].concat();
        let more = if arguments.contains(&"check") { vec![] } else { vec!["--to", "maildir:md"] };
        let foreign = fetch(folder.path(), &[arguments, more].concat());
        assert_eq!(foreign.status.code(), Some(77), "{}", said(&foreign));
    }
    assert_eq!(other.state.lock().unwrap().sessions, 0, "nothing was even said");
    let stls = fetch(folder.path(), &["check", &url(ours.port), "--tls", "stls"]);
    assert_eq!(stls.status.code(), Some(77), "another protection is another account: {}", said(&stls));
}

#[test]
fn a_mechanism_that_is_named_is_not_replaced() {
    // C-011: APOP where the greeting has no timestamp, a mechanism that the server has not, one that it has.
    let server = Server::start(&MAIL);
    let folder = tempfile::tempdir().unwrap();
    let check = |auth: &str| {
        let url = format!("pop://alice;AUTH={auth}@127.0.0.1:{}", server.port);
        fetch(folder.path(), &["check", &url, "--tls", "none", "--password", "command:echo secret", "--json"])
    };
    for auth in ["+APOP", "SCRAM-SHA-256", "PLAIN"] {
        let output = check(auth);
        assert!(!output.status.success(), "{auth}: {}", said(&output));
        let heard = server.heard();
        let ways = heard.iter().filter(|line| line.starts_with("USER") || line.starts_with("PASS"));
        assert_eq!(ways.count(), 0, "{auth}: {heard:?}");
    }
    let any = check("*");
    assert!(any.status.success(), "{}", said(&any));
    for (url, words) in [
        ("pop://alice;AUTH=NTLM@h", "NTLM"),
        ("pop://alice:sesame@h", "--password"),
        ("pop3://alice@h", "pop://user@host"),
        ("pop://h", "names no user"),
        ("pop://alice@h/x", "host:port"),
    ] {
        let output = fetch(folder.path(), &["check", url]);
        assert_eq!(output.status.code(), Some(64), "{url}: {}", said(&output));
        assert!(said(&output).contains(words) && !said(&output).contains("sesame"), "{url}: {}", said(&output));
    }
}

#[test]
fn the_certificates_of_the_system_are_what_the_environment_says() {
    // C-006, C-008: SSL_CERT_FILE, as OpenSSL and curl have it; another authority is not believed.
    let world = World::new();
    let mut manners = crate::doors::Manners::new(world.pki.server(&["localhost"]));
    manners.users = vec!["alice"];
    let door = crate::doors::Door::start(std::net::TcpListener::bind("127.0.0.1:0").unwrap(), manners);
    let url = format!("pop://alice@localhost:{}", door.address.port());
    let password = format!("command:echo {PASSWORD}");
    let check = |file: &str| {
        let mut command = world.command();
        command.env("SSL_CERT_FILE", world.folder.path().join(file));
        command.args(["fetch", "check", &url, "--tls", "implicit", "--password", &password]).output().unwrap()
    };
    let known = check("ca.pem");
    assert!(known.status.success(), "{}", said(&known));
    fs::write(world.folder.path().join("other.pem"), crate::pki::Pki::new().pem()).unwrap();
    let logins = door.heard().len();
    let unknown = check("other.pem");
    assert_eq!(unknown.status.code(), Some(69), "{}", said(&unknown));
    let missing = check("missing.pem");
    assert_eq!(missing.status.code(), Some(78), "{}", said(&missing));
    assert_eq!(door.heard().len(), logins, "not a word to a server that nobody vouches for");
}
