//! What takes minutes about logins: what the clock tells a stranger, and what a storm of guesses does to the others.

#![allow(clippy::print_stdout, reason = "the figures are what these tests report")]

use std::fmt::Write as _;
use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use watchpost_proto::{Credentials, Password};
use watchpost_store::{Directory, Login, PasswdFile};

use crate::support::{PROGRAM, Running};

/// Both are "right": the default cost of `doveadm`, and that of Watchpost.
const SHA512: &str = "{SHA512-CRYPT}$6$saltstring$sWxm9GdnWvq354Rrr3cJ49bnU42uWlCgjcwLSQEwSw4oss4XrvyKNtQ0I48ftPb9O6s9ikPaKTH42CwjipwvU.";
const ARGON2ID: &str =
    "{ARGON2ID}$argon2id$v=19$m=19456,t=2,p=1$tnFftBIXES+nRyHVYg7rSw$ysquaRhaigliVf/lEfDm0bymJTzQEPTljtnejIRgVIM";

/// Passwords tried on each name.
const TRIES: usize = 1000;

/// S-021: whoever measures 1000 refusals of each name cannot tell which exist.
#[test]
fn the_clock_does_not_tell_who_exists() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("passwd");
    let cheap = "{ARGON2ID}$argon2id$v=19$m=1024,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$\
                 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    fs::write(&path, format!("plain:{{PLAIN}}right\nsha:{SHA512}\nargon:{cheap}\nlocked:!\n")).unwrap();
    let directory = PasswdFile::open(&path, "example.org").unwrap();
    let names = ["nobody", "plain", "sha", "argon", "locked", "no/body"];
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); names.len()];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for number in 0..TRIES {
        // By turns, so that whatever else the machine does falls upon all alike.
        for (name, times) in names.iter().zip(&mut times) {
            let password = Password::new(format!("wrong {number}"));
            let credentials = Credentials::Password { name: name.as_bytes().to_vec(), password, acting_as: None };
            let login = Login { credentials: &credentials, from: IpAddr::V4(Ipv4Addr::LOCALHOST), failures: 0 };
            let began = Instant::now();
            assert!(runtime.block_on(directory.authenticate(login)).is_err());
            times.push(began.elapsed());
        }
    }
    let nobody = &times[0];
    for (name, times) in names.iter().zip(&times).skip(1) {
        let share = share_of_slower(times, nobody);
        println!("{name}: slower than nobody in {:.1} % of all pairs", share * 100.0);
        assert!((0.45..=0.55).contains(&share), "{name} can be told from nobody: {share}");
    }
}

/// Of all pairs of one time of each, in which share the first is longer: a half where nothing tells them apart.
fn share_of_slower(one: &[Duration], other: &[Duration]) -> f64 {
    let pairs = one.iter().flat_map(|one| other.iter().map(move |other| one.cmp(other)));
    let halves: u64 = pairs.map(|order| 1 + i64::from(order as i8)).map(i64::unsigned_abs).sum();
    let count = u32::try_from(one.len() * other.len()).unwrap();
    f64::from(u32::try_from(halves).unwrap()) / 2.0 / f64::from(count)
}

/// Good logins, each of another account, alone and then beside 64 connections that guess from the same address.
fn storm(stored: &str, rate: u32, least: f64, quiet: bool) {
    let seconds = 20;
    let dir = tempfile::tempdir().unwrap();
    let (mut accounts, mut users) = (String::new(), String::new());
    for number in 0..2 * rate * seconds + 100 {
        let _ = writeln!(accounts, "u{number}:{stored}");
        let _ = writeln!(users, "u{number}:right");
    }
    fs::write(dir.path().join("passwd"), accounts).unwrap();
    fs::write(dir.path().join("users"), users).unwrap();
    let config = dir.path().join("watchpost.toml");
    fs::write(
        &config,
        "domain = \"example.org\"\ndata_dir = \".\"\n\n[[listener]]\nprotocol = \"pop3\"\naddress = \"127.0.0.1:0\"\n\
         plaintext_login = \"loopback\"\n\n[directory]\nkind = \"passwd-file\"\npath = \"passwd\"\n\n\
         [limits]\nconnections_per_address = 1000\n",
    )
    .unwrap();
    let running = Running::start(Command::new(PROGRAM).arg("serve").arg("--config").arg(&config));
    let log = running.logged("listening");
    let address = log.split("address=").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    let mut bench = Command::new(PROGRAM);
    bench.args(["bench", "storm", &address, "--tls", "none", "--json", "--users"]).arg(dir.path().join("users"));
    bench.args(["--rate", &rate.to_string(), "--duration", &seconds.to_string()]);
    let output = bench.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let result: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{said}"));
    let p99 = |phase: &str| result[phase]["latency_ms"]["p99"].as_f64().unwrap();
    let (ratio, calm, stormy) = (result["ratio"].as_f64().unwrap(), p99("calm"), p99("storm"));
    let refusals = result["storm"]["refusals_per_second"].as_f64().unwrap();
    println!("{rate}/s: good logins served {ratio:.3}, p99 {calm:.1} -> {stormy:.1} ms, {refusals:.1} refusals/s");
    assert!(ratio >= least, "good logins are not served: {result}");
    // Beside other programs only the share of those served says something of ours.
    assert!(!quiet || stormy < (3.0 * calm).max(100.0), "good logins wait: {result}");
    assert!(refusals > 1.0, "there was no storm: {result}");
}

#[test]
fn a_storm_of_guesses_leaves_good_logins_alone() {
    // S-024: by turns, since each wants the whole machine
    let load = fs::read_to_string("/proc/loadavg").unwrap();
    let quiet = load.split(' ').next().unwrap().parse::<f64>().unwrap() < 0.5;
    storm("{PLAIN}right", 50, 0.98, quiet);
    storm(SHA512, 50, 0.98, quiet);
    // A third of what one core can hash.
    storm(ARGON2ID, 10, 0.95, quiet);
}
