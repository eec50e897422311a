//! A server of its own for attackers: the real program, with strangers on loopback.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::Command;

use crate::support::{PROGRAM, Running, client};

/// A running server and where everything is.
pub struct Premises {
    dir: tempfile::TempDir,
    running: Running,
    addresses: [SocketAddr; 2],
}

/// Messages in the maildrops that intruders want: enough for every rule that counts them.
pub const MESSAGES: usize = 60;

/// The right password of an account: of no account but its own.
pub fn password_of(account: &str) -> String {
    format!("right-{account}-4711")
}

/// A wrong password; of each number another one.
pub fn wrong(number: usize) -> String {
    format!("wrong-{number}-secret")
}

/// The address of a stranger: each number is a network of its own.
pub fn source(network: u16) -> Ipv4Addr {
    let [high, low] = (0x4000 + network).to_be_bytes();
    Ipv4Addr::new(127, high, low, 9)
}

/// Where the owner of an account is at home, in a network that belongs to the stranger of the same number.
pub fn home(network: u16) -> Ipv4Addr {
    let [high, low] = (0x2000 + network).to_be_bytes();
    Ipv4Addr::new(127, high, low, 7)
}

/// Whether a message of a maildrop speaks of what thieves look for.
pub fn is_sensitive(number: usize) -> bool {
    number.is_multiple_of(3)
}

fn message(number: usize) -> String {
    let subject = if is_sensitive(number) { "Reset your password" } else { "Minutes of the meeting" };
    format!("From: a@example.net\r\nTo: b@example.org\r\nSubject: {subject}\r\n\r\nThis is number {number}.\r\n")
}

impl Premises {
    /// With these accounts, and messages in their maildrops. `limits` are lines of the configuration.
    pub fn open(accounts: &[(String, usize)], limits: &str) -> Self {
        Self::with_fault(None, accounts, limits)
    }

    /// With a fault planted in the server. Without accounts there is the one that `init` made.
    pub fn with_fault(fault: Option<&str>, accounts: &[(String, usize)], limits: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut init = Command::new(PROGRAM);
        init.args(["--lang", "en", "init", "--domain", "example.org", "--user", "postmaster", "--password-stdin"]);
        client(init.arg("--dir").arg(dir.path()), password_of("postmaster").as_bytes());
        let config = dir.path().join("watchpost.toml");
        let others = if accounts.is_empty() { "" } else { "[directory]\nkind = \"passwd-file\"\npath = \"passwd\"\n" };
        fs::write(&config, configuration(others, limits)).unwrap();
        let names = ["localhost", "127.0.0.1"].map(str::to_owned);
        let made = watchpost::certificate::self_signed(&names, std::time::SystemTime::now()).unwrap();
        fs::write(dir.path().join("cert.pem"), made.certificate).unwrap();
        fs::write(dir.path().join("key.pem"), made.key).unwrap();
        let lines = accounts.iter().map(|(name, _)| format!("{name}:{{PLAIN}}{}::::::\n", password_of(name)));
        crate::process::private_file(&dir.path().join("passwd"), &lines.collect::<String>());
        for (account, messages) in accounts {
            let folder = dir.path().join(format!("mail/{account}@example.org/Maildir"));
            for part in ["cur", "new", "tmp"] {
                fs::create_dir_all(folder.join(part)).unwrap();
            }
            for number in 1..=*messages {
                let name = format!("new/{}.M{number}P1.test", 1_700_000_000 + number);
                fs::write(folder.join(name), message(number)).unwrap();
            }
        }
        let mut serve = Command::new(PROGRAM);
        serve.envs(fault.map(|fault| ("WATCHPOST_PLANTED_FAULT", fault)));
        let running = Running::start(serve.args(["serve", "--config"]).arg(&config));
        let log = running.logged_times("listening", 2);
        let addresses: Vec<SocketAddr> = log.lines().filter(|line| line.contains("listening")).map(address).collect();
        Self { dir, running, addresses: addresses.try_into().expect("POP3 and POP3S") }
    }

    pub fn pop3(&self) -> SocketAddr {
        self.addresses[0]
    }

    pub fn pop3s(&self) -> SocketAddr {
        self.addresses[1]
    }

    /// Where the server's own certificate is.
    pub fn certificate(&self) -> String {
        self.dir.path().join("cert.pem").to_str().expect("a path in ASCII").to_owned()
    }

    pub fn folder(&self) -> &std::path::Path {
        self.dir.path()
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

    /// Gives the account that `init` made a new password, while the server runs.
    pub fn change_password(&self, password: &str) {
        let mut passwd = Command::new(PROGRAM);
        passwd.args(["user", "--config"]).arg(self.config()).args(["passwd", "postmaster", "--password-stdin"]);
        client(&mut passwd, password.as_bytes());
    }

    /// Ends the server in order, so that the journal has everything.
    pub fn close(&mut self) {
        self.running.signal("-TERM");
        assert!(self.running.wait().success(), "{}", self.running.log());
    }
}

fn address(line: &str) -> SocketAddr {
    let address = line.split("address=").nth(1).expect("an address");
    address.split(' ').next().expect("an address").parse().expect("an address")
}

/// Answers are observed: what rules say of a whole visit is asked here, not how soon a visitor is sent away.
fn configuration(directory: &str, limits: &str) -> String {
    format!(
        "domain = \"example.org\"\ndata_dir = \".\"\n\n\
         [[listener]]\nprotocol = \"pop3\"\naddress = \"127.0.0.1:0\"\nplaintext_login = \"loopback\"\n\n\
         [[listener]]\nprotocol = \"pop3s\"\naddress = \"127.0.0.1:0\"\n\n\
         [tls]\ncertificate = \"cert.pem\"\nkey = \"key.pem\"\n\n\
         {directory}\n\
         [limits]\nfailed_login_delay = \"0s\"\n{limits}\n\
         [observatory]\npublic_networks = [\"127.0.0.0/8\"]\nanswers = \"observe\"\n"
    )
}
