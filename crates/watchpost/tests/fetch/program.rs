//! The real program, against the real server, over TLS.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::house::{messages_of, messages_of_mbox};
use crate::support::{Demo, PROGRAM, corpus, messages_of as corpus_messages};

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
    let everything = said(&fetch(folder.path(), &[])) + &said(&fetch(folder.path(), &["check"]));
    assert!(!everything.contains(password), "S-029");
}
