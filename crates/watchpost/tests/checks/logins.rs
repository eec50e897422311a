//! Logins against a server whose accounts stand in a file.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::{PROGRAM, Running, Typist, planted_fault};

/// "x", at a fifth of the usual cost.
pub const SHA512_OF_X: &str = "{SHA512-CRYPT}$6$rounds=1000$VYgwJ.FyG0Py9kO0$\
     BV9GOiC3QdK3ok2pK2SmRiECCbNlOy8scSPSwnMua9uf6W.lehUX1ml3NwQ4WFy4uvnbdX8A6qKfH.33Ql1uL/";

/// A server with POP3 in the clear for loopback, and its accounts in a file.
pub struct Site {
    pub dir: tempfile::TempDir,
}

impl Site {
    pub fn new(accounts: &str, limits: &str) -> Self {
        let site = Self { dir: tempfile::tempdir().unwrap() };
        site.accounts(accounts);
        let config = format!(
            "domain = \"example.org\"\ndata_dir = \".\"\n\n[[listener]]\nprotocol = \"pop3\"\n\
             address = \"127.0.0.1:0\"\nplaintext_login = \"loopback\"\n\n[directory]\nkind = \"passwd-file\"\n\
             path = \"passwd\"\n\n[limits]\n{limits}\n"
        );
        fs::write(site.config(), config).unwrap();
        site
    }

    pub fn config(&self) -> PathBuf {
        self.dir.path().join("watchpost.toml")
    }

    pub fn accounts(&self, accounts: &str) {
        let path = self.dir.path().join("passwd");
        fs::write(&path, accounts).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    }

    pub fn serve(&self) -> (Running, SocketAddr) {
        let mut command = Command::new(PROGRAM);
        command.arg("serve").arg("--config").arg(self.config());
        if let Some(fault) = planted_fault() {
            command.env("WATCHPOST_PLANTED_FAULT", fault);
        }
        let running = Running::start(&mut command);
        let log = running.logged("listening");
        let line = log.lines().find(|line| line.contains("listening")).unwrap();
        let address = line.split("address=").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        (running, address)
    }
}

/// S-024, S-025: the answer to a wrong password comes late, in its order, and nobody else waits for it.
pub fn a_failed_login_waits_and_nothing_else_does() {
    let site = Site::new("alice:{PLAIN}right\nbob:{PLAIN}right\n", "failed_login_delay = \"500ms\"");
    let (_running, address) = site.serve();
    let mut typist = Typist::connect(address);
    let asked = Instant::now();
    typist.send(b"USER alice\r\nPASS wrong\r\nNOOP\r\nUSER alice\r\nPASS right\r\nSTAT\r\nQUIT\r\n");
    typist.line();
    let mut other = Typist::connect(address);
    other.ok("USER bob");
    other.ok("PASS right");
    let others_login = asked.elapsed();
    assert_eq!(typist.line(), "-ERR [AUTH] Authentication failed\r\n");
    let waited = asked.elapsed();
    let rest = String::from_utf8(typist.rest()).unwrap();
    let replies: Vec<&str> = rest.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(replies, ["-ERR", "+OK", "+OK", "+OK", "+OK"], "each command has its reply, in order:\n{rest}");
    assert!(waited >= Duration::from_millis(400), "{waited:?}");
    assert!(others_login < waited, "another session waited too: {others_login:?}");
}
