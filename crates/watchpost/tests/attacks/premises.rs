//! A server of its own for attackers: the real program, with strangers on loopback.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::Command;

use crate::support::{PROGRAM, Running, client};

/// A running server and where everything is.
pub struct Premises {
    pub dir: tempfile::TempDir,
    pub running: Running,
    pub pop3: SocketAddr,
    pub pop3s: SocketAddr,
}

/// The right password of an account: of no account but its own.
pub fn password_of(account: &str) -> String {
    format!("right-{account}-4711")
}

/// A wrong password; of each number another one.
pub fn wrong(number: usize) -> String {
    format!("wrong-{number}-secret")
}

/// The address of a visitor: each in its own network.
pub fn source(network: u16) -> Ipv4Addr {
    let [high, low] = (0x4000 + network).to_be_bytes();
    Ipv4Addr::new(127, high, low, 9)
}

impl Premises {
    pub fn open(accounts: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut init = Command::new(PROGRAM);
        init.args(["--lang", "en", "init", "--domain", "example.org", "--user", "postmaster", "--password-stdin"]);
        client(init.arg("--dir").arg(dir.path()), b"postmaster's own\n");
        let config = dir.path().join("watchpost.toml");
        fs::write(&config, configuration()).unwrap();
        for account in accounts {
            let mut add = Command::new(PROGRAM);
            add.args(["user", "add", account, "--password-stdin", "--config"]).arg(&config);
            client(&mut add, format!("{}\n", password_of(account)).as_bytes());
        }
        let running = Running::start(Command::new(PROGRAM).args(["serve", "--config"]).arg(&config));
        let log = running.logged_times("listening", 2);
        let mut bound = log.lines().filter(|line| line.contains("listening")).map(|line| {
            let address = line.split("address=").nth(1).expect("an address");
            address.split(' ').next().expect("an address").parse().expect("an address")
        });
        let (pop3, pop3s) = (bound.next().expect("POP3"), bound.next().expect("POP3S"));
        drop(bound);
        Self { dir, running, pop3, pop3s }
    }

    pub fn config(&self) -> PathBuf {
        self.dir.path().join("watchpost.toml")
    }

    /// A file that tools read.
    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.dir.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().expect("a path in ASCII").to_owned()
    }
}

fn configuration() -> &'static str {
    "domain = \"example.org\"\ndata_dir = \".\"\n\n\
     [[listener]]\nprotocol = \"pop3\"\naddress = \"127.0.0.1:0\"\nplaintext_login = \"loopback\"\n\n\
     [[listener]]\nprotocol = \"pop3s\"\naddress = \"127.0.0.1:0\"\n\n\
     [tls]\ncertificate = \"cert.pem\"\nkey = \"key.pem\"\n"
}
