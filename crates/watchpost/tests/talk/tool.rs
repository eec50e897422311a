//! Runs `watchpost talk`, and servers of a few lines for it to talk with.
#![allow(dead_code, reason = "the planted faults need a part of it")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread::JoinHandle;

use crate::support::{PATIENCE, PROGRAM, with_fault};

/// What a run has said.
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Said {
    /// Asserts that each of these stands on standard output, in this order.
    pub fn has(&self, parts: &[&str]) -> &Self {
        let mut rest = self.out.as_str();
        for part in parts {
            let place = rest.find(part).unwrap_or_else(|| panic!("no {part:?} where it should be in:\n{self}"));
            rest = &rest[place + part.len()..];
        }
        self
    }

    pub fn never(&self, secret: &str) -> &Self {
        assert!(!self.out.contains(secret) && !self.err.contains(secret), "{secret:?} is shown:\n{self}");
        self
    }
}

impl std::fmt::Display for Said {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "code {:?}\n{}\n--- stderr ---\n{}", self.code, self.out, self.err)
    }
}

/// The program as it is run here: in English, its state in a folder of its own, bounded.
pub fn command(arguments: &[&str], state: &Path) -> Command {
    let mut command = Command::new("timeout");
    command.args(["--kill-after=5", "60", PROGRAM, "talk"]).args(arguments);
    command.env("XDG_STATE_HOME", state).env_remove("LC_ALL").env("LANG", "C.UTF-8").env_remove("WATCHPOST_PASSWORD");
    // So wide that no line of ours is broken.
    command.env("COLUMNS", "2000");
    with_fault(&mut command);
    command
}

/// Runs a script from standard input.
pub fn talk(arguments: &[&str], script: &str) -> Said {
    talk_with(arguments, script, &[])
}

/// The same with these variables in the environment.
pub fn talk_with(arguments: &[&str], script: &str, variables: &[(&str, &str)]) -> Said {
    let state = tempfile::tempdir().unwrap();
    let mut command = command(arguments, state.path());
    command.envs(variables.iter().copied());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A program that ends early does not read all of it.
    let _ = child.stdin.take().unwrap().write_all(script.as_bytes());
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    let text = |octets: Vec<u8>| String::from_utf8(octets).unwrap();
    Said { code: status.code(), out: text(stdout), err: text(stderr) }
}

/// A server for one connection, and everything that it was told.
pub struct Liar {
    pub address: SocketAddr,
    thread: JoinHandle<Vec<u8>>,
}

impl Liar {
    /// Plays this with the first visitor.
    pub fn start(play: impl FnOnce(&mut Visitor) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let thread = std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            stream.set_write_timeout(Some(PATIENCE)).unwrap();
            let mut visitor = Visitor { stream: BufReader::new(stream), heard: Vec::new() };
            play(&mut visitor);
            visitor.heard
        });
        Self { address, thread }
    }

    /// A greeting, then a reply to each command, until the visitor goes.
    pub fn scripted(greeting: &'static str, replies: &'static [(&'static str, &'static str)]) -> Self {
        Self::start(move |visitor| {
            visitor.say(greeting);
            while let Some(line) = visitor.line() {
                let reply = replies.iter().find(|(command, _)| line.trim_end().starts_with(command));
                visitor.say(reply.map_or("-ERR what?\r\n", |(_, reply)| *reply));
                if line.starts_with("QUIT") {
                    return;
                }
            }
        })
    }

    pub fn port(&self) -> String {
        self.address.to_string()
    }

    /// Everything that it was told.
    pub fn heard(self) -> String {
        String::from_utf8_lossy(&self.thread.join().unwrap()).into_owned()
    }
}

/// Whoever has connected.
pub struct Visitor {
    stream: BufReader<TcpStream>,
    heard: Vec<u8>,
}

impl Visitor {
    /// Who does not listen is none of ours.
    pub fn say(&mut self, text: &str) {
        let _ = self.stream.get_mut().write_all(text.as_bytes());
    }

    /// The same; `false` once nobody listens.
    pub fn pour(&mut self, octets: &[u8]) -> bool {
        self.stream.get_mut().write_all(octets).is_ok()
    }

    pub fn line(&mut self) -> Option<String> {
        let mut line = Vec::new();
        let read = self.stream.read_until(b'\n', &mut line).unwrap_or(0);
        self.heard.extend_from_slice(&line);
        (read > 0).then(|| String::from_utf8_lossy(&line).into_owned())
    }

    /// Whatever still comes, until the visitor goes.
    pub fn rest(&mut self) {
        let mut rest = Vec::new();
        let _ = self.stream.read_to_end(&mut rest);
        self.heard.extend_from_slice(&rest);
    }

    pub fn stream(&mut self) -> &mut TcpStream {
        self.stream.get_mut()
    }
}
