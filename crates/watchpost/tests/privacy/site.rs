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
    /// With a fault that is planted in the server, if any.
    pub fn open(fault: Option<&str>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut init = Command::new(PROGRAM);
        init.args(["init", "--domain", "example.org", "--user", "carol", "--password-stdin", "--dir"]);
        client(init.arg(dir.path()), format!("{CAROL}\n").as_bytes());
        let config = dir.path().join("watchpost.toml");
        fs::write(&config, CONFIGURATION).unwrap();
        let mut add = Command::new(PROGRAM);
        client(
            add.args(["user", "add", "dave", "--password-stdin", "--config"]).arg(&config),
            format!("{DAVE}\n").as_bytes(),
        );
        let mut serve = Command::new(PROGRAM);
        serve.envs(fault.map(|fault| ("WATCHPOST_PLANTED_FAULT", fault)));
        let running = Running::start(serve.args(["serve", "--config"]).arg(&config));
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

    fn ask(&self, arguments: &[&str]) -> (String, Vec<u8>) {
        let mut command = Command::new(PROGRAM);
        command.args(["--lang", "en"]).args(arguments).arg("--config").arg(self.dir.path().join("watchpost.toml"));
        let output = command.output().unwrap();
        let said = [&output.stdout[..], &output.stderr[..]].concat();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&said));
        (format!("watchpost {}", arguments.join(" ")), said)
    }

    /// Sessions and verdicts as other programs take them.
    pub fn exported(&self) -> (String, Vec<u8>) {
        self.ask(&["sessions", "export"])
    }

    /// What every command says of what happened.
    pub fn said(&self) -> Vec<(String, Vec<u8>)> {
        let mut said = vec![self.exported()];
        for arguments in [&["report"][..], &["report", "--json"], &["sessions", "--limit", "500"]] {
            said.push(self.ask(arguments));
        }
        for whom in ["carol", "dave", "127.0.0.1"] {
            said.push(self.ask(&["privacy", "report", whom]));
        }
        for account in ["carol", "dave"] {
            said.push(self.ask(&["account", account]));
        }
        let listed = self.ask(&["sessions", "--json", "--limit", "500"]);
        let ids: Vec<String> = String::from_utf8_lossy(&listed.1).lines().filter_map(id_of).collect();
        assert!(ids.len() > 40, "sessions are listed by name: {}", String::from_utf8_lossy(&listed.1));
        said.push(listed);
        for id in ids {
            said.push(self.ask(&["session", &id, "--explain"]));
            said.push(self.ask(&["session", &id, "--json"]));
        }
        said
    }

    /// What the files hold.
    pub fn files(&self, when: &str) -> Vec<(String, Vec<u8>)> {
        let read = |file: PathBuf| (format!("{} ({when})", file.display()), fs::read(&file).unwrap());
        files(self.dir.path()).into_iter().map(read).collect()
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
