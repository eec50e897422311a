//! Octets to a server and back, as they are: cut into lines, bounded, and never corrected.

use std::time::Duration;

use tokio::signal::unix::Signal;

use crate::connect::{ConnectError, Link};

/// Octets of a line that are kept together. The first line of a reply has 512 (RFC 2449 §4); a line of a message any
/// number, and comes in pieces.
pub(super) const LINE_MAX: usize = 64 * 1024;

/// Why nothing more comes.
#[derive(Debug)]
pub(super) enum Lost {
    /// The server has closed the connection, after these octets of an unfinished line.
    Closed(Vec<u8>),
    /// Nothing came in time, after these octets of an unfinished line.
    Silent(Vec<u8>),
    /// A reply that has no end.
    Endless,
    /// Reading or writing failed.
    Broken(String),
    /// Somebody pressed Ctrl-C.
    Interrupted,
}

/// A line, or as much of it as is kept together.
#[derive(Debug)]
pub(super) struct Piece {
    /// With the line end, if this is the end.
    pub(super) octets: Vec<u8>,
    /// Whether the line ends here.
    pub(super) ends: bool,
}

/// A connection, and what has come over it without having been looked at.
pub(super) struct Wire {
    link: Option<Link>,
    buffer: Vec<u8>,
    /// Octets of the buffer that were given out.
    used: usize,
    timeout: Duration,
    interrupt: Signal,
}

impl Wire {
    pub(super) fn new(link: Link, timeout: Duration, interrupt: Signal) -> Self {
        Self { link: Some(link), buffer: Vec::new(), used: 0, timeout, interrupt }
    }

    /// The connection. `None` once it was closed.
    pub(super) fn link(&self) -> Option<&Link> {
        self.link.as_ref()
    }

    /// Gives the connection away for a handshake, with what has come already.
    pub(super) fn take(&mut self) -> Option<(Link, Vec<u8>)> {
        Some((self.link.take()?, self.rest()))
    }

    /// What has come and was not given out.
    fn rest(&mut self) -> Vec<u8> {
        let used = std::mem::take(&mut self.used);
        std::mem::take(&mut self.buffer).split_off(used)
    }

    pub(super) fn put_back(&mut self, link: Link) {
        self.link = Some(link);
    }

    pub(super) fn close(&mut self) {
        self.link = None;
        self.rest();
    }

    pub(super) async fn send(&mut self, octets: &[u8]) -> Result<(), Lost> {
        let Some(link) = &mut self.link else { return Err(Lost::Closed(Vec::new())) };
        tokio::select! {
            written = link.write(octets) => written.map_err(|error| lost(error, Vec::new())),
            _ = self.interrupt.recv() => Err(Lost::Interrupted),
        }
    }

    /// Waits for more octets; what came before is in the buffer.
    async fn more(&mut self) -> Result<(), Lost> {
        let Some(link) = &mut self.link else { return Err(Lost::Closed(Vec::new())) };
        let read = tokio::select! {
            read = link.read_within(self.timeout, &mut self.buffer) => read,
            _ = self.interrupt.recv() => return Err(Lost::Interrupted),
        };
        match read {
            Ok(0) => Err(Lost::Closed(self.rest())),
            Ok(_) => Ok(()),
            Err(error) => Err(lost(error, self.rest())),
        }
    }

    /// The next line, or its next [`LINE_MAX`] octets.
    pub(super) async fn piece(&mut self) -> Result<Piece, Lost> {
        let mut looked_at = 0;
        loop {
            let waiting = &self.buffer[self.used..];
            let feed = memchr::memchr(b'\n', &waiting[looked_at..]);
            let end = feed.map(|feed| looked_at + feed + 1).filter(|end| *end <= LINE_MAX);
            if end.is_some() || waiting.len() >= LINE_MAX {
                let octets = waiting[..end.unwrap_or(LINE_MAX)].to_vec();
                self.used += octets.len();
                return Ok(Piece { octets, ends: end.is_some() });
            }
            looked_at = waiting.len();
            self.buffer.drain(..std::mem::take(&mut self.used));
            self.more().await?;
        }
    }

    /// What has come without having been asked for.
    pub(super) async fn uncalled_for(&mut self) -> Result<Vec<u8>, Lost> {
        while let Some(link) = &mut self.link {
            if self.buffer.len() - self.used >= LINE_MAX {
                return Err(Lost::Endless);
            }
            match link.read_within(Duration::ZERO, &mut self.buffer).await {
                Ok(0) if self.buffer.len() == self.used => return Err(Lost::Closed(Vec::new())),
                Ok(0) | Err(ConnectError::Deadline) => break,
                Ok(_) => {}
                Err(error) => return Err(lost(error, self.rest())),
            }
        }
        Ok(self.rest())
    }
}

fn lost(error: ConnectError, behind: Vec<u8>) -> Lost {
    match error {
        ConnectError::Deadline => Lost::Silent(behind),
        ConnectError::Closed => Lost::Closed(behind),
        error => Lost::Broken(error.to_string()),
    }
}
