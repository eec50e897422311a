//! The visitors of `watchpost demo`: they come, are named, harm nobody, and leave.
#![allow(clippy::unwrap_used, reason = "a test may fail here")]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use support::{PROGRAM, Running, Typist};

/// What every play must show. Whether the monitor is seen to be regular (M1) is a matter of how busy the machine is.
const RULES: [&str; 15] = ["B1", "C1", "D1", "DC", "E1", "H1", "H2", "M2", "N1", "P1", "S1", "W1", "W2", "W3", "X1"];

fn json(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
}

/// What a command says that the demo recommends.
fn follow(command: &str) -> String {
    let mut words = command.split(' ');
    assert_eq!(words.next(), Some("watchpost"));
    let output = Command::new(PROGRAM).args(["--lang", "en"]).args(words).output().unwrap();
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn mail_of(dir: &Path, account: &str) -> BTreeSet<String> {
    let maildir = dir.join(format!("mail/{account}@example.org/Maildir"));
    let of = |part: &str| fs::read_dir(maildir.join(part)).into_iter().flatten();
    of("new").chain(of("cur")).map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn visitors_come_are_named_and_leave() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new(PROGRAM);
    command.args(["demo", "--json", "--lang", "en", "--pop3", "127.0.0.1:0", "--pop3s", "127.0.0.1:0", "--dir"]);
    let mut running = Running::start(command.arg(dir.path()));
    let mut lines = BufReader::new(running.child.stdout.take().unwrap()).lines();
    let facts = json(&lines.next().unwrap().unwrap());
    let visitors = &facts["visitors"];
    assert_eq!((visitors["account"].as_str(), visitors["seconds_max"].as_u64()), (Some("carol"), Some(90)));
    assert_eq!(facts["accounts"].as_object().unwrap().keys().collect::<Vec<_>>(), ["alice", "bob"]);
    let before = (mail_of(dir.path(), "alice"), mail_of(dir.path(), "bob"));
    assert_eq!(before.0.len(), 14);

    // They leave by themselves.
    let left = json(&lines.next().unwrap().unwrap());
    assert_eq!(left["visitors"], "left");
    let connections = left["connections"].as_u64().unwrap();
    assert!((100..=400).contains(&connections), "{left}");
    assert_eq!((mail_of(dir.path(), "alice"), mail_of(dir.path(), "bob")), before, "nobody touched this mail");
    assert_eq!(mail_of(dir.path(), "carol").len(), 60);

    // Whoever owns the demo is not shut out by what was done to the account.
    let mut typist = Typist::connect(facts["pop3"].as_str().unwrap().parse().unwrap());
    typist.ok("USER alice");
    typist.ok(&format!("PASS {}", facts["accounts"]["alice"].as_str().unwrap()));
    typist.ok("QUIT");

    running.signal("-TERM");
    assert!(running.wait().success(), "{}", running.log());
    let recommended: Vec<&str> = left["try"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    assert_eq!(recommended.len(), 3);
    let [report, sessions] = [follow(recommended[0]), follow(recommended[1])];
    assert!(report.contains("carol"), "{report}");
    assert!(!sessions.is_empty());
    let config = facts["config"].as_str().unwrap();
    let exported = follow(&format!("watchpost sessions export --config {config}"));
    let documents: Vec<Value> = exported.lines().map(json).collect();
    let rules: BTreeSet<&str> = documents.iter().filter_map(|document| document["rule"]["id"].as_str()).collect();
    let missing: Vec<_> = RULES.iter().filter(|rule| !rules.contains(**rule)).collect();
    assert!(missing.is_empty(), "{missing:?} did not fire, but {rules:?}");
    let from_elsewhere = documents.iter().filter_map(|document| document["source"]["ip"].as_str()).filter(|ip| {
        let IpAddr::V4(ip) = ip.split('/').next().unwrap().parse().unwrap() else { return true };
        let is_visitors = ip.octets()[0] == 127 && (64..128).contains(&ip.octets()[1]);
        !is_visitors && ip != Ipv4Addr::LOCALHOST
    });
    assert_eq!(from_elsewhere.count(), 0, "visitors come from their own networks");
    let worst = documents.iter().find(|document| document["watchpost"]["rules"].to_string().contains("S1")).unwrap();
    let id = worst["event"]["id"].as_str().unwrap();
    assert!(!recommended[2].contains(" ID "), "it can be pasted: {}", recommended[2]);
    assert!(!follow(recommended[2]).is_empty());
    let explained = follow(&format!("watchpost session {id} --explain --config {config}"));
    assert!(explained.contains("STLS"), "{explained}");
}
