//! Runs the real program against a peer, and keeps what it found where git does not look.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::peer::{Delivery, NAME, Peer, Running};

const PROGRAM: &str = env!("CARGO_BIN_EXE_watchpost");
/// The name of a transport for `--tls`.
const TRANSPORTS: [&str; 3] = ["none", "stls", "implicit"];
/// Of one run, in seconds; the other transports run beside it.
const SECONDS_MAX: &str = "175";
/// Of one answer, in seconds.
const ANSWER_SECONDS: &str = "3";
/// Checks that ran, passed or not: far more than what needs no account.
const RAN_MIN: u64 = 50;

/// Examines one server over each transport at once, a server for each.
pub fn over_every_transport(peer: &Peer) {
    std::thread::scope(|scope| {
        for tls in TRANSPORTS {
            scope.spawn(move || examine(peer, tls));
        }
    });
}

fn examine(peer: &Peer, tls: &str) {
    let running = Running::start(peer);
    let port = if tls == "implicit" { running.pop3s } else { running.pop3 };
    let (folder, host) = (running.folder(), format!("127.0.0.1:{port}"));
    let mut command = Command::new("timeout");
    command.args(["--kill-after=5", SECONDS_MAX, PROGRAM, "conform", &host, "--tls", tls, "--json", "--lang", "en"]);
    command.args(["--user", NAME, "--allow-delete", "--timeout", ANSWER_SECONDS, "--password-file"]);
    command.arg(folder.join("password")).arg("--certificate").arg(folder.join("certificate.pem"));
    match peer.delivery {
        Delivery::Maildir => command.arg("--deliver-maildir").arg(folder.join("Maildir")),
        Delivery::Command(words) => command.arg("--deliver-command").arg(running.fill_in(words)),
    };
    let output = command.stdin(Stdio::null()).output().unwrap();
    drop(running);
    let code = output.status.code();
    assert!(matches!(code, Some(0 | 65)), "{} {tls}: conform did not run to its end: {code:?}", peer.name);
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/conform");
    fs::create_dir_all(&results).unwrap();
    fs::write(results.join(format!("{}-{tls}.json", peer.name)), &output.stdout).unwrap();
    let ran = ran(&output.stdout);
    assert!(ran >= RAN_MIN, "{} {tls}: no more than {ran} checks ran", peer.name);
    eprintln!("{} {tls}: {ran} checks ran", peer.name);
}

/// How many checks were not skipped.
fn ran(octets: &[u8]) -> u64 {
    let json: Value = serde_json::from_slice(octets).expect("conform says JSON");
    let checks = json["checks"].as_array().unwrap().len() as u64;
    let ran = json["passed"].as_u64().unwrap() + json["failed"].as_u64().unwrap();
    assert_eq!(ran + json["skipped"].as_u64().unwrap(), checks);
    ran
}
