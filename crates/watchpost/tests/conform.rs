//! `watchpost conform` against a server with one slip at a time, against the same server with none, and against
//! Watchpost itself.

#![allow(clippy::unwrap_used, reason = "a test may fail here")]

mod slips;
mod support;

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use slips::{NAME, PASSWORD, Server, Tls};
use support::{Demo, PROGRAM};

/// Slips that show in the clear, each with the requirement that finds it; the numbers are those of the list of slips.
const IN_THE_CLEAR: &[(&str, &str)] = &[
    ("2", "P-190"),
    ("3a", "P-030"),
    ("3b", "P-030"),
    ("3c", "P-030"),
    ("4", "P-041"),
    ("4b", "P-042"),
    ("5a", "P-170"),
    ("5b", "P-171"),
    ("5c", "P-171"),
    ("6a", "P-066"),
    ("6b", "P-167"),
    ("6c", "P-066"),
    ("7", "P-163"),
    ("8a", "P-200"),
    ("8b", "P-208"),
    ("9", "S-029"),
    ("9", "P-033"),
    ("10", "P-075"),
    ("11", "P-096"),
    ("12a", "P-091"),
    ("12b", "P-092"),
    ("13", "S-007"),
    ("13", "P-150"),
    ("15", "P-100"),
    ("17", "P-008"),
    ("20", "P-007"),
    ("21a", "P-026"),
    ("21b", "P-027"),
    ("21c", "P-169"),
    ("22", "P-045"),
    ("22", "P-162"),
    ("23a", "P-134"),
    ("23b", "P-134"),
    ("23c", "P-141"),
    ("24", "P-182"),
    ("25", "P-061"),
    ("27", "P-188"),
    ("28", "P-023"),
    ("28", "P-033"),
    ("28", "S-044"),
    ("29", "P-061"),
    ("30", "P-191"),
    ("31", "P-240"),
    ("32", "P-047"),
    ("34a", "P-161"),
    ("34b", "P-161"),
];
/// Slips that need STLS to show.
const WITH_STLS: &[(&str, &str)] = &[("1", "S-001"), ("1", "S-002"), ("33", "P-150")];

/// Runs conform with a password on its standard input; its JSON and its exit code.
fn conform(password: &str, arguments: &[&str]) -> (Value, i32) {
    let mut command = Command::new(PROGRAM);
    command.args(["conform", "--lang", "en", "--json", "--password-stdin"]).args(arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), format!("{password}\n").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!said.contains(password), "S-029");
    let json = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{arguments:?}: {said}"));
    (json, output.status.code().unwrap())
}

fn of_result(json: &Value, result: &str) -> Vec<String> {
    let checks = json["checks"].as_array().unwrap().iter().filter(|check| check["result"] == result);
    checks.map(ToString::to_string).collect()
}

fn with_slip(slip: &'static str, tls: Tls, arguments: &[&str]) -> (Value, i32) {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), slip, tls);
    let (address, certificate) = (server.address.to_string(), server.certificate.display().to_string());
    let maildir = server.maildir().display().to_string();
    let always =
        [&address, "--user", NAME, "--certificate", &certificate, "--deliver-maildir", &maildir, "--allow-delete"];
    conform(PASSWORD, &[&always, arguments].concat())
}

fn passes(json: &Value, code: i32, least: u64) {
    assert_eq!(of_result(json, "failed"), Vec::<String>::new());
    assert_eq!((json["failed"].as_u64(), code), (Some(0), 0));
    assert!(
        json["passed"].as_u64().unwrap() >= least,
        "{} passed; skipped: {:#?}",
        json["passed"],
        of_result(json, "skipped")
    );
}

#[test]
fn a_server_without_slips_passes_over_every_transport() {
    for (tls, name, least) in [(Tls::ByStls, "none", 75), (Tls::ByStls, "stls", 85), (Tls::AtOnce, "implicit", 75)] {
        let (json, code) = with_slip("", tls, &["--tls", name]);
        passes(&json, code, least);
        let found = if name == "stls" { WITH_STLS } else { &[] };
        for (_, id) in if name == "none" { IN_THE_CLEAR } else { found } {
            let asked = of_result(&json, "passed");
            assert!(
                asked.iter().any(|check| check.contains(id)),
                "{id} finds a slip, and passes without: it was asked"
            );
        }
        for skipped in of_result(&json, "skipped") {
            assert!(skipped.contains("\"reason\":\""), "{skipped}");
        }
    }
}

#[test]
fn every_slip_is_found_by_its_requirement() {
    for (slip, id) in IN_THE_CLEAR {
        fails(slip, id, &["--tls", "none"]);
    }
    for (slip, id) in WITH_STLS {
        fails(slip, id, &["--tls", "stls"]);
    }
    // These servers end idle sessions at once, where others take ten minutes.
    for (slip, id) in [("14", "P-010"), ("36", "P-009")] {
        fails(slip, id, &["--tls", "none", "--wait-idle"]);
    }
}

fn fails(slip: &'static str, id: &str, arguments: &[&str]) {
    let (json, code) = with_slip(slip, Tls::ByStls, &[arguments, &["--only", id, "--timeout", "3"]].concat());
    let failed = of_result(&json, "failed");
    assert!(!failed.is_empty() && failed.iter().all(|check| check.contains(id)), "slip {slip} passes {id}: {json:#}");
    assert_eq!(code, 65, "slip {slip}");
    eprintln!("slip {slip} is found by {id}");
}

#[test]
fn without_an_account_what_needs_one_is_skipped_and_not_counted() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), "", Tls::ByStls);
    let output = Command::new(PROGRAM)
        .args(["conform", &server.address.to_string(), "--tls", "none", "--lang", "en"])
        .output()
        .unwrap();
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{table}");
    assert!(table.contains("no account was given (--user)") && table.contains("skipped (not counted)"), "{table}");
    assert!(!table.contains('\x1b'), "no colour where no terminal is");
    let nowhere = Command::new(PROGRAM).args(["conform", "127.0.0.1:1", "--tls", "none"]).output().unwrap();
    assert_eq!(nowhere.status.code(), Some(69));
    let unknown = Command::new(PROGRAM).args(["conform", "127.0.0.1", "--tls", "none", "--only", "P-999"]).output();
    assert_eq!(unknown.unwrap().status.code(), Some(64));
    // S-040: a line end in a name would be a command of its own.
    let password = dir.path().join("password");
    std::fs::write(&password, "x\n").unwrap();
    let said = Command::new(PROGRAM)
        .args(["conform", "127.0.0.1:1", "--tls", "none", "--user", "a\r\nDELE 1", "--password-file"])
        .arg(password)
        .output();
    assert_eq!(said.unwrap().status.code(), Some(64));
}

#[test]
fn a_certificate_that_nobody_knows_is_refused() {
    // C-008: no --insecure, no connection
    let dir = tempfile::tempdir().unwrap();
    let (server, other) = (Server::start(dir.path(), "", Tls::AtOnce), tempfile::tempdir().unwrap());
    let stranger = Server::start(other.path(), "", Tls::AtOnce);
    let run = |trust: &[&str]| {
        let address = server.address.to_string();
        let output = Command::new(PROGRAM).args(["conform", &address, "--only", "P-002"]).args(trust).output().unwrap();
        output.status.code().unwrap()
    };
    assert_eq!(run(&["--certificate", &stranger.certificate.display().to_string()]), 69);
    assert_eq!(run(&["--certificate", &server.certificate.display().to_string()]), 0);
    assert_eq!(run(&["--insecure"]), 0);
}

/// The Maildir of the demo's first account.
fn maildir_of(demo: &Demo) -> String {
    let mut waiting = vec![Path::new(&demo.text("dir")).to_owned()];
    while let Some(folder) = waiting.pop() {
        if folder.join("new").is_dir() && folder.join("cur").is_dir() && folder.to_string_lossy().contains("alice") {
            return folder.display().to_string();
        }
        let below = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        waiting.extend(below.filter(|path| path.is_dir()));
    }
    panic!("the demo has no Maildir for alice");
}

#[test]
fn watchpost_itself_passes_whole() {
    let dir = tempfile::tempdir().unwrap();
    let demo = Demo::start(dir.path(), &[]);
    let (maildir, certificate) = (maildir_of(&demo), demo.text("certificate"));
    for (address, tls, least) in [(demo.pop3(), "none", 70), (demo.pop3(), "stls", 80), (demo.pop3s(), "implicit", 70)]
    {
        let address = address.to_string();
        let arguments = [&address, "--tls", tls, "--user", "alice", "--certificate", &certificate];
        let arguments =
            [&arguments[..], &["--deliver-maildir", &maildir, "--allow-delete", "--timeout", "30"]].concat();
        let (json, code) = conform(&demo.password(), &arguments);
        eprintln!("{tls}: {} passed, {} skipped", json["passed"], json["skipped"]);
        passes(&json, code, least);
    }
}
