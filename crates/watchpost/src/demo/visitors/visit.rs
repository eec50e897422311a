//! One connection of a visitor, who may say what no client may say.

use crate::connect::{ConnectError, Link};

/// Octets of an answer that a visitor listens to. The demo's answers are far shorter.
const ANSWER_MAX: usize = 1 << 20;

/// A connection, and what was heard and not yet looked at.
pub(super) struct Visit {
    link: Link,
    heard: Vec<u8>,
}

impl Visit {
    pub(super) const fn new(link: Link) -> Self {
        Self { link, heard: Vec::new() }
    }

    /// The connection alone. What was heard is forgotten.
    pub(super) fn into_link(self) -> Link {
        self.link
    }

    /// Sends octets as they are.
    pub(super) async fn send(&mut self, octets: impl AsRef<[u8]>) -> Result<(), ConnectError> {
        self.link.write(octets.as_ref()).await
    }

    /// The next line, its end counted.
    pub(super) async fn line(&mut self) -> Result<Vec<u8>, ConnectError> {
        loop {
            if let Some(end) = self.heard.iter().position(|octet| *octet == b'\n') {
                return Ok(self.heard.drain(..=end).collect());
            }
            if self.heard.len() > ANSWER_MAX || self.link.read(&mut self.heard).await? == 0 {
                return Err(ConnectError::Closed);
            }
        }
    }

    /// Says a line and takes the first line of the answer.
    pub(super) async fn say(&mut self, line: &str) -> Result<Vec<u8>, ConnectError> {
        self.send(format!("{line}\r\n")).await?;
        self.line().await
    }

    /// Says a line and takes an answer of many lines; of a refusal the one line. How many lines it had.
    pub(super) async fn ask(&mut self, line: &str) -> Result<usize, ConnectError> {
        let mut octets = self.say(line).await?;
        let mut lines = 1;
        if octets.starts_with(b"+OK") {
            while octets != b".\r\n" {
                octets = self.line().await?;
                lines += 1;
            }
        }
        Ok(lines)
    }

    /// Logs in with USER and PASS. Whether that succeeded.
    pub(super) async fn log_in(&mut self, name: &str, password: &str) -> Result<bool, ConnectError> {
        self.say(&format!("USER {name}")).await?;
        Ok(self.say(&format!("PASS {password}")).await?.starts_with(b"+OK"))
    }

    /// Listens until the server closes.
    pub(super) async fn listen(mut self) {
        while self.line().await.is_ok() {}
    }
}
