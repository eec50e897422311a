//! A server that records, visitors who come to it, and tshark, which judges what `watchpost pcap` makes of them.
#![allow(dead_code, reason = "each test program uses its part")]

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Instant;

use serde_json::{Value, json};

use crate::support::{PATIENCE, PROGRAM, Running, client, with_fault};

/// The right password of carol.
pub const CAROL: &str = "Right-Carol-Password-7731";
/// A wrong one.
pub const WRONG: &str = "Wrong-Carol-Sesame-4410";

pub struct Site {
    pub dir: tempfile::TempDir,
    running: Running,
    pub pop3: SocketAddr,
    pub pop3s: SocketAddr,
    pub pop3s_v6: SocketAddr,
}

/// What a visitor does: a port, how TLS comes in, and lines.
pub struct Visit<'a> {
    pub to: SocketAddr,
    pub tls: &'a str,
    pub lines: &'a [&'a str],
    pub times: usize,
    pub at_once: usize,
    pub version: &'a str,
}

impl<'a> Visit<'a> {
    pub fn new(to: SocketAddr, tls: &'a str, lines: &'a [&'a str]) -> Self {
        Self { to, tls, lines, times: 1, at_once: 1, version: "" }
    }
}

impl Site {
    /// With this table in its configuration.
    pub fn open(capture: &str) -> Self {
        Self::open_on(capture, |_| {})
    }

    /// The same, with its folder of recordings made ready before it begins.
    pub fn open_on(capture: &str, make_ready: impl FnOnce(&Path)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut init = Command::new(PROGRAM);
        init.args(["init", "--domain", "example.org", "--user", "carol", "--password-stdin", "--dir"]);
        client(init.arg(dir.path()), format!("{CAROL}\n").as_bytes());
        let config = dir.path().join("watchpost.toml");
        fs::write(&config, format!("{CONFIGURATION}\n[capture]\n{capture}\n")).unwrap();
        make_ready(&dir.path().join("captures"));
        let mut serve = Command::new(PROGRAM);
        with_fault(&mut serve);
        let running = Running::start(serve.args(["serve", "--config"]).arg(&config));
        let log = running.logged_times("listening", 3);
        let addresses: Vec<SocketAddr> = log.lines().filter(|line| line.contains("listening")).map(address).collect();
        Self { dir, running, pop3: addresses[0], pop3s: addresses[1], pop3s_v6: addresses[2] }
    }

    /// A message for carol.
    pub fn deliver(&self, message: &[u8]) {
        let maildir = self.dir.path().join("mail/carol@example.org/Maildir");
        for folder in ["tmp", "new", "cur"] {
            fs::create_dir_all(maildir.join(folder)).unwrap();
        }
        fs::write(maildir.join("new/1700000000.M1P1.host"), message).unwrap();
    }

    /// Somebody comes, says lines one by one, each after the reply to the one before, and leaves. What TLS was like.
    #[allow(clippy::unused_self, reason = "who visits must have opened the site")]
    pub fn visit(&self, visit: &Visit<'_>) -> String {
        let plan = json!({
            "host": visit.to.ip().to_string(),
            "port": visit.to.port(),
            "tls": visit.tls,
            "lines": visit.lines,
            "times": visit.times,
            "at_once": visit.at_once,
            "version": visit.version,
        });
        let output = client(Command::new("python3").args(["-c", VISITOR, &plan.to_string()]), b"");
        String::from_utf8(output).unwrap()
    }

    /// Waits until the journal has so many sessions that are over, and gives their names, the first first.
    pub fn sessions(&self, count: usize) -> Vec<Value> {
        let end = Instant::now() + PATIENCE;
        loop {
            let output = self.ask(&["sessions", "--json", "--limit", "500"]);
            let lines = String::from_utf8(output.stdout).unwrap();
            let mut sessions: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            sessions.retain(|session| session["ending"] != "open");
            if sessions.len() >= count {
                sessions.reverse();
                return sessions;
            }
            assert!(Instant::now() < end, "{} of {count} sessions:\n{}", sessions.len(), self.running.log());
        }
    }

    /// Waits until the journal knows of a session that goes on, and gives its name.
    pub fn going_on(&self) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let output = self.ask(&["sessions", "--json", "--open"]);
            let lines = String::from_utf8(output.stdout).unwrap();
            if let Some(line) = lines.lines().next() {
                let session: Value = serde_json::from_str(line).unwrap();
                return session["id"].as_str().unwrap().to_owned();
            }
            assert!(Instant::now() < end, "no session goes on:\n{}", self.running.log());
            std::thread::yield_now();
        }
    }

    /// Waits until these words are in the log.
    pub fn logged(&self, words: &str) -> String {
        self.running.logged(words)
    }

    pub fn log(&self) -> String {
        self.running.log()
    }

    pub fn ask(&self, arguments: &[&str]) -> Output {
        self.ask_in("en", arguments)
    }

    pub fn ask_in(&self, language: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(PROGRAM);
        command.args(["--lang", language]).args(arguments).arg("--config").arg(self.dir.path().join("watchpost.toml"));
        command.output().unwrap()
    }

    /// Makes a file of sessions, and says what it says of it.
    pub fn pcap(&self, name: &str, arguments: &[&str]) -> (PathBuf, Value) {
        let path = self.dir.path().join(name);
        let file = path.to_str().unwrap();
        let output = self.ask(&[&["pcap", "--json", "-o", file][..], arguments].concat());
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        (path, serde_json::from_slice(&output.stdout).unwrap())
    }

    /// The files of recordings.
    pub fn captures(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.dir.path().join("captures")).into_iter().flatten();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    /// Waits until the names of the recordings are so.
    pub fn wait_until_captures(&self, is_so: impl Fn(&[String]) -> bool) {
        let end = Instant::now() + PATIENCE;
        loop {
            let captures = self.captures();
            let mut names: Vec<String> =
                captures.iter().map(|file| file.file_name().unwrap().to_string_lossy().into_owned()).collect();
            names.sort();
            if is_so(&names) {
                return;
            }
            assert!(Instant::now() < end, "{names:?}\n{}", self.running.log());
            std::thread::yield_now();
        }
    }

    /// Waits until there are so many files of recordings.
    pub fn wait_for_captures(&self, count: usize) -> Vec<PathBuf> {
        let end = Instant::now() + PATIENCE;
        loop {
            let mut captures = self.captures();
            captures
                .retain(|file| file.extension().is_some_and(|end| end != "part" && end != "wanted" && end != "taken"));
            if captures.len() >= count {
                return captures;
            }
            assert!(Instant::now() < end, "{} of {count} recordings:\n{}", captures.len(), self.running.log());
            std::thread::yield_now();
        }
    }

    pub fn close(&mut self) -> String {
        self.running.signal("-TERM");
        assert!(self.running.wait().success(), "{}", self.running.log());
        self.running.log()
    }
}

fn address(line: &str) -> SocketAddr {
    let address = line.split("address=").nth(1).expect("an address");
    address.split(' ').next().expect("an address").parse().expect("an address")
}

/// One line for each packet that passes the filter: these fields, separated by bars.
pub fn tshark(file: &Path, filter: &str, fields: &[&str]) -> Vec<String> {
    let mut command = Command::new("tshark");
    command.args(["-n", "-2", "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", "-r"]).arg(file);
    command.args(["-Y", filter, "-T", "fields", "-E", "separator=|"]);
    for field in fields {
        command.args(["-e", field]);
    }
    let output = command.output().expect("tshark: apt-get install tshark");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// Nothing is malformed, lost, out of order or wrongly summed.
pub fn is_flawless(file: &Path) {
    let trouble = "tcp.analysis.flags || _ws.malformed || tcp.checksum.status == 0 || ip.checksum.status == 0";
    let found = tshark(file, trouble, &["frame.number", "_ws.col.Info", "_ws.expert.message"]);
    assert!(found.is_empty(), "{found:#?}");
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

[[listener]]
protocol = "pop3s"
address = "[::1]:0"

[tls]
certificate = "cert.pem"
key = "key.pem"

[observatory]
public_networks = ["127.0.0.0/8"]

[limits]
failed_login_delay = "0s"
"#;

const VISITOR: &str = r#"
import json, socket, ssl, sys, threading
plan = json.loads(sys.argv[1])
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
if plan["version"]:
    context.maximum_version = ssl.TLSVersion[plan["version"]]
sessions = []

def line(reader):
    text = reader.readline()
    return text

def reply(reader, command):
    text = line(reader)
    word = command.split(" ")[0].upper()
    lines = word in ("RETR", "TOP", "CAPA") or (word in ("LIST", "UIDL") and " " not in command)
    while lines and text.startswith(b"+OK"):
        more = line(reader)
        if more in (b".\r\n", b""):
            break
    return text

def visit(barrier):
    connection = socket.create_connection((plan["host"], plan["port"]), 60)
    if plan["tls"] == "implicit":
        connection = context.wrap_socket(connection, session=sessions[-1] if sessions else None)
    reader = connection.makefile("rb")
    line(reader)
    if plan["tls"] == "stls":
        connection.sendall(b"STLS\r\n")
        line(reader)
        connection = context.wrap_socket(connection, session=sessions[-1] if sessions else None)
        reader = connection.makefile("rb")
    for command in plan["lines"]:
        if barrier:
            barrier.wait(60)
        connection.sendall(command.encode() + b"\r\n")
        if not reply(reader, command):
            break
    if isinstance(connection, ssl.SSLSocket):
        print(connection.version(), "resumed" if connection.session_reused else "full")
        sessions.append(connection.session)
    reader.close()
    connection.close()

for _ in range(plan["times"]):
    if plan["at_once"] == 1:
        visit(None)
        continue
    barrier = threading.Barrier(plan["at_once"])
    threads = [threading.Thread(target=visit, args=(barrier,)) for _ in range(plan["at_once"])]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
"#;
