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
    timeout: Duration,
    interrupt: Signal,
}

impl Wire {
    pub(super) fn new(link: Link, timeout: Duration, interrupt: Signal) -> Self {
        Self { link: Some(link), buffer: Vec::new(), timeout, interrupt }
    }

    /// The connection. `None` once it was closed.
    pub(super) fn link(&self) -> Option<&Link> {
        self.link.as_ref()
    }

    /// Gives the connection away for a handshake, with what has come already.
    pub(super) fn take(&mut self) -> Option<(Link, Vec<u8>)> {
        Some((self.link.take()?, std::mem::take(&mut self.buffer)))
    }

    pub(super) fn put_back(&mut self, link: Link) {
        self.link = Some(link);
    }

    pub(super) fn close(&mut self) {
        self.link = None;
        self.buffer.clear();
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
            Ok(0) => Err(Lost::Closed(std::mem::take(&mut self.buffer))),
            Ok(_) => Ok(()),
            Err(error) => Err(lost(error, std::mem::take(&mut self.buffer))),
        }
    }

    /// The next line, or its next [`LINE_MAX`] octets.
    pub(super) async fn piece(&mut self) -> Result<Piece, Lost> {
        let mut looked_at = 0;
        loop {
            let feed = self.buffer[looked_at..].iter().position(|octet| *octet == b'\n');
            let end = feed.map(|feed| looked_at + feed + 1).filter(|end| *end <= LINE_MAX);
            if end.is_some() || self.buffer.len() >= LINE_MAX {
                let rest = self.buffer.split_off(end.unwrap_or(LINE_MAX));
                return Ok(Piece { octets: std::mem::replace(&mut self.buffer, rest), ends: end.is_some() });
            }
            looked_at = self.buffer.len();
            self.more().await?;
        }
    }

    /// What has come without having been asked for; `Err` if the server has closed.
    pub(super) async fn uncalled_for(&mut self) -> Result<Vec<u8>, Lost> {
        if let Some(link) = &mut self.link {
            while self.buffer.len() < LINE_MAX {
                match link.read_within(Duration::ZERO, &mut self.buffer).await {
                    Ok(0) => return Err(Lost::Closed(std::mem::take(&mut self.buffer))),
                    Ok(_) => {}
                    Err(ConnectError::Deadline) => break,
                    Err(error) => return Err(lost(error, std::mem::take(&mut self.buffer))),
                }
            }
        }
        Ok(std::mem::take(&mut self.buffer))
    }
}

fn lost(error: ConnectError, behind: Vec<u8>) -> Lost {
    match error {
        ConnectError::Deadline => Lost::Silent(behind),
        ConnectError::Closed => Lost::Closed(behind),
        error => Lost::Broken(error.to_string()),
    }
}
