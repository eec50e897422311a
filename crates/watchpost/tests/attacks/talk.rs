//! One hand-made connection: says exactly what it is told to, from an address of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};

use crate::relay::connect_from;

/// A connection in clear text.
pub struct Talk {
    stream: BufReader<TcpStream>,
}

impl Talk {
    /// Connects and says nothing; the greeting is not taken.
    pub fn open(source: Ipv4Addr, server: SocketAddr) -> Self {
        Self { stream: BufReader::new(connect_from(source, server)) }
    }

    /// Connects and takes the greeting.
    pub fn greeted(source: Ipv4Addr, server: SocketAddr) -> Self {
        let mut talk = Self::open(source, server);
        let greeting = talk.line();
        assert!(greeting.starts_with("+OK"), "{source}: {greeting:?}");
        talk
    }

    /// Sends octets. The server may have closed: that is its answer.
    pub fn send(&mut self, octets: &[u8]) {
        let _ = self.stream.get_mut().write_all(octets);
    }

    /// The next line; empty at the end.
    pub fn line(&mut self) -> String {
        let mut line = Vec::new();
        // A reset is an end too.
        let _ = self.stream.read_until(b'\n', &mut line);
        String::from_utf8_lossy(&line).into_owned()
    }

    /// Says a line and takes one line of the answer.
    pub fn say(&mut self, line: &str) -> String {
        self.send(format!("{line}\r\n").as_bytes());
        self.line()
    }

    /// Says a line and takes all lines of the answer; how many stood behind the first.
    pub fn ask(&mut self, line: &str) -> usize {
        let first = self.say(line);
        if !first.starts_with("+OK") {
            return 0;
        }
        std::iter::repeat_with(|| self.line()).take_while(|line| !matches!(line.as_str(), "" | ".\r\n")).count()
    }

    /// USER and PASS. Whether that opened the maildrop.
    pub fn log_in(&mut self, name: &str, password: &str) -> bool {
        self.say(&format!("USER {name}"));
        self.say(&format!("PASS {password}")).starts_with("+OK")
    }

    /// Says QUIT and waits for the end.
    pub fn quit(mut self) {
        self.say("QUIT");
        self.rest();
    }

    /// Hangs up without a word, and waits until the server has seen it.
    pub fn hang_up(self) {
        let _ = self.stream.get_ref().shutdown(Shutdown::Write);
        self.rest();
    }

    /// Listens until the server closes.
    pub fn rest(mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        let _ = self.stream.read_to_end(&mut rest);
        rest
    }
}
