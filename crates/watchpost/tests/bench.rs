//! `watchpost bench`: every mode against Watchpost itself, and against servers that lie.

#![allow(clippy::unwrap_used, reason = "a test may fail here")]

mod liar;
mod support;

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use liar::{Lie, bench, found, messages_that_change_are_errors, sizes_that_differ_are_errors};
use serde_json::Value;
use support::Demo;

struct Site {
    demo: Demo,
    dir: tempfile::TempDir,
}

impl Site {
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let demo = Demo::start(&dir.path().join("demo"), &[]);
        let accounts = demo.facts["accounts"].as_object().unwrap();
        let lines = accounts.iter().map(|(name, password)| format!("{name}:{}\n", password.as_str().unwrap()));
        fs::write(dir.path().join("users"), lines.collect::<String>()).unwrap();
        Self { demo, dir }
    }

    fn users(&self) -> String {
        self.dir.path().join("users").display().to_string()
    }

    /// Runs bench on both accounts; there must be no error.
    fn bench(&self, mode: &str, address: SocketAddr, arguments: &[&str]) -> Value {
        let users = self.users();
        let mut all = vec!["--users", &users];
        all.extend(arguments);
        let (json, code, said) = bench(mode, address, "no password is read", &all);
        assert!(!said.contains(&self.demo.password()), "S-029");
        assert_eq!((json["errors"].as_u64(), code), (Some(0), 0), "{said}");
        json
    }

    fn plain(&self, mode: &str, arguments: &[&str]) -> Value {
        let mut all = vec!["--tls", "none"];
        all.extend(arguments);
        self.bench(mode, self.demo.pop3(), &all)
    }
}

#[test]
fn every_mode_runs_against_our_own_server_without_an_error() {
    let site = Site::start();
    let (messages, octets) = (site.demo.facts["messages"].as_u64().unwrap(), site.demo.facts["octets"].as_u64());

    let logins = site.plain("logins", &["--connections", "2", "--count", "10"]);
    assert_eq!((logins["sessions"].as_u64(), logins["messages"].as_u64()), (Some(10), Some(0)));
    for share in ["p50", "p90", "p99", "max"] {
        assert!(logins["latency_ms"][share].as_f64().unwrap() > 0.0, "{logins}");
    }
    assert!(logins["sessions_per_second"].as_f64().unwrap() > 0.0 && logins["offered"].is_null());
    assert_eq!(logins["asked"]["mode"], "logins");

    // Alice has the mail; bob may have some too.
    let drain = site.plain("drain", &["--verify"]);
    assert_eq!(drain["sessions"], 2);
    assert!(drain["messages"].as_u64().unwrap() >= messages && drain["octets"].as_u64() >= octets);
    // One after the other: of two at once the one with the empty maildrop would be asked more often.
    let more = ["--verify", "--in-flight", "8", "--connections", "1", "--count", "4"];
    let again = site.plain("drain", &more);
    assert_eq!(again["messages"].as_u64().unwrap(), 2 * drain["messages"].as_u64().unwrap());
    assert_eq!(again["digest"], drain["digest"], "nothing was deleted, and pipelining changes nothing");

    let big = site.plain("big", &["--count", "3"]);
    assert_eq!((big["sessions"].as_u64(), big["messages"].as_u64()), (Some(3), Some(0)));

    let idle = site.plain("idle", &["--connections", "2", "--duration", "1"]);
    assert_eq!((idle["held"].as_u64(), idle["sessions"].as_u64()), (Some(2), Some(2)));
    let before = site.plain("idle", &["--before-login", "--connections", "20", "--duration", "1"]);
    assert_eq!(before["held"], 20);

    let storm = site.plain("storm", &["--rate", "5", "--duration", "1", "--attackers", "4", "--tries", "1"]);
    assert_eq!((storm["calm"]["offered"].as_u64(), storm["storm"]["offered"].as_u64()), (Some(5), Some(5)));
    assert_eq!(storm["calm"]["refusals"], 0);
    assert!(storm["storm"]["refusals"].as_u64().unwrap() > 0 && storm["ratio"].as_f64().is_some(), "{storm}");
}

#[test]
fn logins_on_schedule_and_tls_in_both_ways() {
    let site = Site::start();
    let due = site.plain("logins", &["--rate", "20", "--duration", "1"]);
    assert_eq!((due["offered"].as_u64(), due["sessions"].as_u64()), (Some(20), Some(20)));
    let certificate = site.demo.text("certificate");
    for (tls, address) in [("stls", site.demo.pop3()), ("implicit", site.demo.pop3s())] {
        let json = site.bench("drain", address, &["--tls", tls, "--certificate", &certificate, "--in-flight", "4"]);
        assert_eq!((json["sessions"].as_u64(), json["asked"]["tls"].as_str()), (Some(2), Some(tls)));
    }
}

#[test]
fn sizes_of_list_and_retr_are_compared() {
    sizes_that_differ_are_errors();
}

#[test]
fn maildrops_are_compared_with_what_they_were() {
    messages_that_change_are_errors();
}

#[test]
fn every_other_lie_is_an_error_too() {
    let kinds = |kinds: &[&str]| (kinds.iter().map(|kind| (*kind).to_owned()).collect::<Vec<_>>(), 65);
    assert_eq!(found(Lie::Sum, "big", &[]), kinds(&["sum"]));
    assert_eq!(found(Lie::Count, "big", &[]), kinds(&["count"]));
    assert_eq!(found(Lie::Numbers, "big", &[]), kinds(&["numbers"]));
    assert_eq!(found(Lie::Pipelining, "drain", &["--in-flight", "2"]), kinds(&["no-pipelining"]));
    assert_eq!(found(Lie::Pipelining, "drain", &["--in-flight", "1"]), (vec![], 0));
    assert_eq!(found(Lie::Silence, "logins", &["--connections", "1", "--count", "3"]), kinds(&["connection"]));
    let storm = ["--rate", "2", "--duration", "1", "--attackers", "2", "--tries", "1"];
    assert_eq!(found(Lie::None, "storm", &storm), (vec![], 0));
    assert_eq!(found(Lie::Password, "storm", &storm), kinds(&["wrong-password"]));
}

#[test]
fn a_wrong_password_of_ours_ends_a_run_that_is_hopeless() {
    let (json, code, _) = bench("logins", liar::serve(Lie::None), "a lie", &["--tls", "none", "--user", "alice"]);
    assert_eq!((json["sessions"].as_u64(), code), (Some(0), 65));
    let errors = json["errors"].as_u64().unwrap();
    assert!((100..120).contains(&errors), "{errors}: it gave up, long before the ten seconds were over");
    assert_eq!(json["faults"][0]["kind"], "refused");
}

#[test]
fn load_is_for_this_machine_unless_somebody_says_that_the_server_is_theirs() {
    // 192.0.2.0/24 is for documentation (RFC 5737): nothing answers there, and nothing must be asked.
    let elsewhere: SocketAddr = "192.0.2.1:110".parse().unwrap();
    let (_, code, said) = bench("logins", elsewhere, "secret", &["--tls", "none", "--user", "alice"]);
    assert_eq!(code, 64);
    assert!(said.contains("--i-own-this-server"), "{said}");
}

#[test]
fn what_cannot_be_run_is_said_with_what_to_do() {
    let address = liar::serve(Lie::None);
    let numbered = ["--tls", "none", "--user", "alice", "--accounts", "3"];
    let (_, code, said) = bench("logins", address, "secret", &numbered);
    assert!(code == 64 && said.contains("%n"), "{said}");
    let dir = tempfile::tempdir().unwrap();
    let users = dir.path().join("users");
    fs::write(&users, "# a comment\n\nalice:with:colons\nbob\n").unwrap();
    let named = |path: &Path| path.display().to_string();
    let (_, code, said) = bench("logins", address, "secret", &["--tls", "none", "--users", &named(&users)]);
    assert!(code == 65 && said.contains("line 4"), "{said}");
    let (_, code, said) = bench("logins", address, "secret", &["--tls", "none", "--users", &named(&users.join("no"))]);
    assert!(code == 66, "{said}");
}

#[test]
fn clients_that_fetch_are_compared_over_a_path_with_a_round_trip() {
    // G1, G5: the instrument itself; its figures come from release builds.
    let dir = tempfile::tempdir().unwrap();
    let json = dir.path().join("figures.json");
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bench/fetch");
    let mut command = Command::new(program);
    command.args(["--only", "rtt,listed", "--servers", "watchpost", "--clients", "watchpost", "--messages", "20"]);
    command.args(["--reps", "1", "--rtt", "40", "--watchpost", env!("CARGO_BIN_EXE_watchpost")]);
    let said = command.arg("--memory").arg(dir.path()).arg("--json").arg(&json).output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    let found: Value = serde_json::from_slice(&fs::read(&json).unwrap_or_else(|_| panic!("{said}"))).unwrap();
    assert_eq!(found["errors"], serde_json::json!([]), "{said}");
    let runs = found["runs"].as_array().unwrap();
    let over = |tls: bool| runs.iter().find(|run| run["trial"] == "rtt" && run["tls"] == tls).unwrap();
    for tls in [false, true] {
        // Handshake, greeting, CAPA, USER, PASS, listings, messages, QUIT: eight times there and back at the least.
        assert!(over(tls)["wall"].as_f64().unwrap() > 0.3 && over(tls)["messages"] == 20, "{said}");
    }
    let listed: Vec<&Value> = runs.iter().filter(|run| run["trial"] == "listed").map(|run| &run["case"]).collect();
    assert_eq!(listed, ["all", "known"], "{said}");
    assert!(found["path"][0].as_f64().unwrap() >= 39.0, "the path delays: {said}");
}
