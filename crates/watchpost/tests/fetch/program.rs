//! The real program, against the real server, over TLS.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::house::{House, messages_of, messages_of_mbox};
use crate::server::Server;
use crate::support::{Demo, PATIENCE, PROGRAM, Running, corpus, messages_of as corpus_messages};

fn fetch(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(["fetch", "--lang", "en", "--config"]).arg(folder.join("fetch.toml")).args(arguments);
    command.env("XDG_STATE_HOME", folder.join("state")).output().unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn lines(output: &Output) -> Vec<Value> {
    output.stdout.split(|octet| *octet == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
}

/// C-008: pins by choice, and the first key that was seen; another one ends the session.
fn the_key_of_the_server_is_what_counts(folder: &tempfile::TempDir, pop3s: &str, password: &str) {
    let other = Demo::start(&folder.path().join("other"), &[]);
    let pin = lines(&fetch(folder.path(), &["check", "one", "--json"]))[0]["pin"].as_str().unwrap().to_owned();
    let other_pop3s = other.facts["pop3s"].as_str().unwrap();
    let text = fs::read_to_string(folder.path().join("fetch.toml")).unwrap();
    let account = |name: &str, server: &str, trust: &str| {
        format!(
            "\n[[fetch]]\nname = \"{name}\"\nserver = \"{server}\"\nuser = \"alice\"\ntrust = \"{trust}\"\n\
             password = \"command:echo {password}\"\nto = \"maildir:{}/pinned\"\n",
            folder.path().display()
        )
    };
    let pins = format!("pins:sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=,{pin}");
    let more = account("pinned", pop3s, &pins)
        + &account("impostor", other_pop3s, &pins)
        + &account("first", pop3s, "first-use");
    fs::write(folder.path().join("fetch.toml"), text.clone() + &more).unwrap();
    for (name, code) in [("pinned", 0), ("impostor", 69), ("first", 0), ("first", 0)] {
        let output = fetch(folder.path(), &[name]);
        assert_eq!(output.status.code(), Some(code), "{name}: {}", said(&output));
    }
    // The same account, and behind its name another server.
    fs::write(folder.path().join("fetch.toml"), text + &account("first", other_pop3s, "first-use")).unwrap();
    let moved = fetch(folder.path(), &["first"]);
    assert_eq!(moved.status.code(), Some(69), "{}", said(&moved));
}

#[test]
fn again_and_again_until_it_is_told_to_stop() {
    // C-066: SIGTERM is no failure.
    let server = Server::start(&[("one", b"A: 1\r\n\r\n")]);
    let house = House::new(server.port, "");
    let mut command = Command::new(PROGRAM);
    command.args(["fetch", "--every", "1s", "--json", "--config"]).arg(house.path("watchpost.toml"));
    let mut running = Running::start(command.env("XDG_STATE_HOME", house.path("xdg")));
    let end = std::time::Instant::now() + PATIENCE;
    while server.state.lock().unwrap().sessions < 3 {
        assert!(std::time::Instant::now() < end, "it does not come again");
        std::thread::yield_now();
    }
    running.signal("-TERM");
    assert!(running.wait().success());
    assert_eq!(house.messages().len(), 1);
}

#[test]
fn real_mail_comes_over_both_kinds_of_tls_octet_for_octet_and_once() {
    // C-001, C-007, C-072, S-005
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(&folder.path().join("demo"), &["--mail", corpus().to_str().unwrap()]);
    let fact = |name: &str| demo.facts[name].as_str().unwrap().to_owned();
    let (pop3s, pop3, certificate) = (fact("pop3s"), fact("pop3"), fact("certificate"));
    let password = demo.facts["accounts"]["alice"].as_str().unwrap();
    let place = folder.path().display();
    let text = format!(
        "[[fetch]]\nname = \"one\"\nserver = \"{pop3s}\"\nuser = \"alice\"\npassword = \"command:echo {password}\"\n\
         to = \"maildir:{place}/md\"\ntrust = \"file:{certificate}\"\n\n\
         [[fetch]]\nname = \"two\"\nserver = \"{pop3}\"\nuser = \"alice\"\npassword = \"command:echo {password}\"\n\
         to = \"mbox:{place}/mb\"\ntls = \"stls\"\ntrust = \"first-use\"\nauth = \"plain\"\n\n\
         [[fetch]]\nname = \"wrong\"\nserver = \"{pop3s}\"\nuser = \"alice\"\npassword = \"command:echo wrong\"\n\
         to = \"maildir:{place}/none\"\ntrust = \"first-use\"\n\n\
         [[fetch]]\nname = \"doubtful\"\nserver = \"{pop3s}\"\nuser = \"alice\"\npassword = \"command:echo {password}\"\n\
         to = \"maildir:{place}/none\"\n"
    );
    fs::write(folder.path().join("fetch.toml"), text).unwrap();
    let mut expected = corpus_messages(&corpus());
    expected.sort();
    for (name, messages) in [("one", 300), ("two", 300), ("one", 0), ("two", 0)] {
        let output = fetch(folder.path(), &[name, "--json"]);
        assert!(output.status.success(), "{}", said(&output));
        assert_eq!(lines(&output)[0]["delivered"], messages);
    }
    assert!(messages_of(&folder.path().join("md")) == expected);
    assert!(messages_of_mbox(&folder.path().join("mb")) == expected);
    let wrong = fetch(folder.path(), &["wrong"]);
    assert_eq!(wrong.status.code(), Some(77), "{}", said(&wrong));
    assert!(said(&wrong).contains("Check `user` and `password`"), "{}", said(&wrong));
    // C-008: a certificate that nobody vouches for ends the session before a password is said.
    let doubtful = fetch(folder.path(), &["doubtful"]);
    assert_eq!(doubtful.status.code(), Some(69), "{}", said(&doubtful));
    let look = fetch(folder.path(), &["check", "one", "--json"]);
    let look = &lines(&look)[0];
    assert_eq!((&look["listed"], &look["new"], &look["ok"]), (&300.into(), &0.into(), &true.into()));
    let status = fetch(folder.path(), &["status", "one"]);
    assert!(said(&status).contains("300 messages of the server are known"), "{}", said(&status));
    let unknown = fetch(folder.path(), &["three"]);
    assert_eq!(unknown.status.code(), Some(67));
    the_key_of_the_server_is_what_counts(&folder, &pop3s, password);
    let everything = said(&fetch(folder.path(), &[])) + &said(&fetch(folder.path(), &["check"]));
    assert!(!everything.contains(password), "S-029");
}
