//! A server with two accounts, and every place where it and its commands say what happened.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::{PROGRAM, Running, client};

/// The right passwords of carol and dave.
pub const CAROL: &str = "Right-Carol-Password-7731";
pub const DAVE: &str = "Right-Dave-Password-8842";

pub struct Site {
    dir: tempfile::TempDir,
    running: Running,
    pub pop3: SocketAddr,
    pub pop3s: SocketAddr,
}

impl Site {
    pub fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut init = Command::new(PROGRAM);
        init.args(["init", "--domain", "example.org", "--user", "carol", "--password-stdin", "--dir"]);
        client(init.arg(dir.path()), format!("{CAROL}\n").as_bytes());
        let config = dir.path().join("watchpost.toml");
        fs::write(&config, CONFIGURATION).unwrap();
        let mut add = Command::new(PROGRAM);
        client(add.args(["user", "add", "dave", "--password-stdin", "--config"]).arg(&config), format!("{DAVE}\n").as_bytes());
        let running = Running::start(Command::new(PROGRAM).args(["serve", "--config"]).arg(&config));
        let log = running.logged_times("listening", 2);
        let addresses: Vec<SocketAddr> = log.lines().filter(|line| line.contains("listening")).map(address).collect();
        Self { dir, running, pop3: addresses[0], pop3s: addresses[1] }
    }

    pub fn close(&mut self) {
        self.running.signal("-TERM");
        assert!(self.running.wait().success(), "{}", self.running.log());
    }

    pub fn log(&self) -> String {
        self.running.log()
    }

    /// What the commands say and what the files hold, each with its name.
    pub fn places(&self, when: &str) -> Vec<(String, Vec<u8>)> {
        let mut places = Vec::new();
        let mut ask = |arguments: &[&str]| {
            let mut command = Command::new(PROGRAM);
            command.args(["--lang", "en"]).args(arguments).arg("--config").arg(self.dir.path().join("watchpost.toml"));
            let output = command.output().unwrap();
            let said = [&output.stdout[..], &output.stderr[..]].concat();
            assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&said));
            places.push((format!("watchpost {} ({when})", arguments.join(" ")), said));
            output.stdout
        };
        for arguments in [&["report"][..], &["report", "--json"], &["sessions", "--limit", "500"], &["sessions", "export"]] {
            ask(arguments);
        }
        for whom in ["carol", "dave", "127.0.0.1"] {
            ask(&["privacy", "report", whom]);
        }
        for account in ["carol", "dave"] {
            ask(&["account", account]);
        }
        let listed = ask(&["sessions", "--json", "--limit", "500"]);
        let listed = String::from_utf8(listed).unwrap();
        for id in listed.lines().filter_map(id_of) {
            ask(&["session", &id, "--explain"]);
            ask(&["session", &id, "--json"]);
            ask(&["session", &id, "--diagram", "mermaid"]);
        }
        for file in files(self.dir.path()) {
            let octets = fs::read(&file).unwrap();
            places.push((format!("{} ({when})", file.display()), octets));
        }
        places
    }
}

fn id_of(line: &str) -> Option<String> {
    let document: Value = serde_json::from_str(line).ok()?;
    ["id", "session", "connection"].iter().find_map(|key| Some(document[*key].as_str()?.to_owned()))
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else if path.is_file() {
            all.push(path);
        }
    }
    all
}

fn address(line: &str) -> SocketAddr {
    let address = line.split("address=").nth(1).expect("an address");
    address.split(' ').next().expect("an address").parse().expect("an address")
}

const CONFIGURATION: &str = r#"
domain = "example.org"
data_dir = "."

[[listener]]
protocol = "pop3"
address = "127.0.0.1:0"
plaintext_login = "loopback"

[[listener]]
protocol = "pop3s"
address = "127.0.0.1:0"

[tls]
certificate = "cert.pem"
key = "key.pem"

[limits]
failed_login_delay = "0s"

[log]
level = "debug"
"#;
