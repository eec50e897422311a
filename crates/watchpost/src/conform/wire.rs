//! One connection as the checks see it: octets out, lines in, nothing corrected on the way.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use watchpost_proto::{DotUnstuffer, Unstuffed};

use crate::conform::stop::Stop;
use crate::connect::{ConnectError, Link};

/// Octets of one line that are looked at: a reply has 512 at the most, a line of a message any number.
const LINE_MAX: usize = 8 * 1024 * 1024;
/// Octets of one multi-line reply that are looked at.
const BLOCK_MAX: usize = 32 * 1024 * 1024;

/// A connection to the server under test.
pub(super) struct Wire {
    link: Link,
    buffer: Vec<u8>,
    /// Commands sent in the whole run: it is bounded.
    commands: Arc<AtomicU32>,
    commands_max: u32,
}

/// The first line of a reply, as it came, its end included.
#[derive(Clone, Debug)]
pub(super) struct Reply(pub(super) Vec<u8>);

impl Reply {
    pub(super) fn is_ok(&self) -> bool {
        self.0.starts_with(b"+OK")
    }

    pub(super) fn is_error(&self) -> bool {
        self.0.starts_with(b"-ERR")
    }

    /// What follows the status, without the line end.
    pub(super) fn text(&self) -> &[u8] {
        let line = self.0.strip_suffix(b"\r\n").unwrap_or(&self.0);
        line.iter().position(|octet| *octet == b' ').map_or(b"", |space| &line[space + 1..])
    }

    pub(super) fn words(&self) -> Vec<String> {
        String::from_utf8_lossy(self.text()).split(' ').map(str::to_owned).collect()
    }

    /// What stands between brackets in front of the text (RFC 2449 §8).
    pub(super) fn code(&self) -> Option<String> {
        let inside = self.text().strip_prefix(b"[")?;
        let end = inside.iter().position(|octet| *octet == b']')?;
        Some(String::from_utf8_lossy(&inside[..end]).to_uppercase())
    }

    pub(super) fn has_code(&self, code: &str) -> bool {
        self.code().is_some_and(|found| found == code || found.starts_with(&format!("{code}/")))
    }
}

/// A multi-line reply behind its first line.
#[derive(Clone, Debug, Default)]
pub(super) struct Block {
    /// As it came, the terminator included.
    pub(super) raw: Vec<u8>,
    /// Without stuffing and terminator.
    pub(super) octets: Vec<u8>,
}

impl Block {
    pub(super) fn lines(&self) -> Vec<String> {
        let text = self.octets.strip_suffix(b"\r\n").unwrap_or(&self.octets);
        if text.is_empty() && self.octets.is_empty() {
            return Vec::new();
        }
        String::from_utf8_lossy(text).split("\r\n").map(str::to_owned).collect()
    }
}

impl Wire {
    pub(super) fn new(link: Link, behind: Vec<u8>, commands: Arc<AtomicU32>, commands_max: u32) -> Self {
        Self { link, buffer: behind, commands, commands_max }
    }

    pub(super) fn link(&self) -> &Link {
        &self.link
    }

    /// Gives the link away for a handshake. What had arrived already is lost, on purpose: it is clear text.
    pub(super) fn into_link(self) -> (Link, Vec<u8>) {
        (self.link, self.buffer)
    }

    pub(super) async fn send(&mut self, octets: &[u8]) -> Result<(), Stop> {
        let lines = u32::try_from(octets.split(|octet| *octet == b'\n').count() - 1).unwrap_or(u32::MAX);
        if self.commands.fetch_add(lines, Ordering::Relaxed) > self.commands_max {
            return Err(Stop::Skipped("the run has sent as many commands as it may".into()));
        }
        self.link.write(octets).await.map_err(lost)
    }

    /// The next line, its CRLF included.
    pub(super) async fn line(&mut self) -> Result<Vec<u8>, Stop> {
        let mut looked_at = 0;
        loop {
            if let Some(feed) = self.buffer[looked_at..].iter().position(|octet| *octet == b'\n') {
                let rest = self.buffer.split_off(looked_at + feed + 1);
                return Ok(std::mem::replace(&mut self.buffer, rest));
            }
            looked_at = self.buffer.len();
            if looked_at > LINE_MAX {
                return Err(Stop::failed("a line that ends", "a line without end"));
            }
            if self.link.read(&mut self.buffer).await.map_err(lost)? == 0 {
                return Err(Stop::came("a reply line that ends with CRLF", &self.buffer, "the connection closed"));
            }
        }
    }

    /// The first line of the next reply: `+OK` or `-ERR`, or `+ ` in an exchange.
    pub(super) async fn reply(&mut self) -> Result<Reply, Stop> {
        let line = self.line().await?;
        let status = line.starts_with(b"+OK") || line.starts_with(b"-ERR") || line.starts_with(b"+");
        if status && line.ends_with(b"\r\n") {
            return Ok(Reply(line));
        }
        Err(Stop::came("a line that begins with +OK or -ERR and ends with CRLF", &line, ""))
    }

    /// Sends one command line and takes its reply.
    pub(super) async fn ask(&mut self, command: &str) -> Result<Reply, Stop> {
        self.ask_octets(format!("{command}\r\n").as_bytes()).await
    }

    pub(super) async fn ask_octets(&mut self, octets: &[u8]) -> Result<Reply, Stop> {
        self.send(octets).await?;
        self.reply().await
    }

    /// Sends a command that must succeed.
    pub(super) async fn ok(&mut self, command: &str) -> Result<Reply, Stop> {
        let reply = self.ask(command).await?;
        let verb = command.split(' ').next().unwrap_or_default();
        if reply.is_ok() { Ok(reply) } else { Err(Stop::came(&format!("+OK to {verb}"), &reply.0, "")) }
    }

    /// Sends a command that must be refused.
    pub(super) async fn refused(&mut self, command: &str) -> Result<Reply, Stop> {
        self.refused_octets(format!("{command}\r\n").as_bytes()).await
    }

    pub(super) async fn refused_octets(&mut self, octets: &[u8]) -> Result<Reply, Stop> {
        let reply = self.ask_octets(octets).await?;
        if reply.is_error() {
            return Ok(reply);
        }
        let said = watchpost_observatory::Untrusted::new(octets.trim_ascii_end());
        Err(Stop::came(&format!("-ERR to \"{said}\""), &reply.0, ""))
    }

    /// Everything behind a first line, up to the line with the lone dot.
    pub(super) async fn block(&mut self) -> Result<Block, Stop> {
        let (mut block, mut unstuffer, mut at) = (Block::default(), DotUnstuffer::default(), 0);
        loop {
            let (used, piece) = unstuffer.next(&self.buffer[at..]);
            at += used;
            match piece {
                Some(Unstuffed::Octets(octets)) => block.octets.extend_from_slice(octets),
                Some(Unstuffed::End) => {
                    let rest = self.buffer.split_off(at);
                    block.raw = std::mem::replace(&mut self.buffer, rest);
                    return Ok(block);
                }
                None if at > BLOCK_MAX => return Err(Stop::failed("a reply of bearable length", "no end of it")),
                None => match self.link.read(&mut self.buffer).await {
                    Ok(0) => return Err(Stop::failed("a line with a lone dot", "the connection closed before it")),
                    Ok(_) => {}
                    Err(ConnectError::Deadline) => {
                        return Err(Stop::failed("a line with a lone dot at the end", "nothing more came"));
                    }
                    Err(error) => return Err(lost(error)),
                },
            }
        }
    }

    /// Sends a command whose reply has many lines, and takes them.
    pub(super) async fn listing(&mut self, command: &str) -> Result<Block, Stop> {
        self.ok(command).await?;
        self.block().await
    }

    /// Waits for the server to close, and returns what it said until then.
    pub(super) async fn rest(&mut self) -> Result<Vec<u8>, Stop> {
        loop {
            match self.link.read(&mut self.buffer).await {
                Ok(0) => break,
                Ok(_) if self.buffer.len() > BLOCK_MAX => break,
                Ok(_) => {}
                Err(ConnectError::Deadline) => {
                    return Err(Stop::came("the connection closed", &self.buffer, "it stays open"));
                }
                // A reset ends it too.
                Err(_) => break,
            }
        }
        Ok(std::mem::take(&mut self.buffer))
    }

    /// Whether anything comes that nobody asked for, within this time.
    pub(super) async fn unasked(&mut self, time: Duration) -> Result<Vec<u8>, Stop> {
        if self.buffer.is_empty() {
            match self.link.read_within(time, &mut self.buffer).await {
                Ok(_) | Err(ConnectError::Deadline) => {}
                Err(error) => return Err(lost(error)),
            }
        }
        Ok(std::mem::take(&mut self.buffer))
    }

    /// Waits this long for octets or the end: `None` when neither came, else what came before the end.
    pub(super) async fn outcome_within(&mut self, time: Duration) -> Option<Vec<u8>> {
        match self.link.read_within(time, &mut self.buffer).await {
            Err(ConnectError::Deadline) => None,
            _ => Some(std::mem::take(&mut self.buffer)),
        }
    }

    /// Waits for an end that is one: with close_notify, if TLS is active (RFC 8314 §3.4).
    pub(super) async fn ends_cleanly(&mut self) -> Result<(), Stop> {
        match self.link.read(&mut self.buffer).await {
            Ok(0) => Ok(()),
            Ok(_) => Err(Stop::came("nothing more", &self.buffer, "")),
            Err(error) => Err(Stop::failed("close_notify, then the end", &error.to_string())),
        }
    }

    /// What comes first: a line, or the end. Nothing at all counts as a line that says so.
    pub(super) async fn rest_or_line(&mut self) -> Vec<u8> {
        match self.link.read(&mut self.buffer).await {
            Err(ConnectError::Deadline) => b"(an open connection)".to_vec(),
            _ => std::mem::take(&mut self.buffer),
        }
    }

    pub(super) async fn shut_down(&mut self) -> Result<(), Stop> {
        self.link.shut_down().await.map_err(lost)
    }

    /// QUIT, and the end: the maildrop is free for the next check.
    pub(super) async fn quit(mut self) -> Result<(), Stop> {
        self.ok("QUIT").await?;
        self.rest().await.map(drop)
    }
}

fn lost(error: ConnectError) -> Stop {
    match error {
        ConnectError::Deadline => Stop::failed("a reply", "no answer in time"),
        error => Stop::failed("a reply", &error.to_string()),
    }
}
