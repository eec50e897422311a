//! Another mail server: LMTP (RFC 2033) or SMTP (RFC 5321), on this machine or in a network that is trusted.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;

use watchpost_observatory::Untrusted;
use watchpost_proto::{DotStuffer, Extent};
use watchpost_store::disk::Folder;

use super::text::{LineEnds, Quoting, Spool};
use super::{DeliveryError, PATIENCE};
use crate::descriptors;

/// Octets of a line of a reply (RFC 5321 §4.5.3.1.5 allows 512).
const LINE_MAX: u64 = 4096;
/// RFC 5321 §4.2.3: the server closes the connection.
const CLOSING: u16 = 421;
/// Lines of a reply.
const LINES_MAX: usize = 100;

/// Which protocol is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// RFC 2033: a reply for each recipient.
    Lmtp,
    /// RFC 5321: one reply for all.
    Smtp,
}

/// Where the server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RelayAddress {
    /// A host and its port.
    Tcp(String, u16),
    /// A socket of this machine.
    Unix(PathBuf),
}

/// A server, and for whom the mail is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relay {
    /// Which protocol is spoken.
    pub protocol: Protocol,
    /// Where the server is.
    pub address: RelayAddress,
    /// The envelope's sender; empty, so that nobody gets a bounce of mail that came long ago.
    pub sender: String,
    /// The envelope's recipient.
    pub recipient: String,
}

impl fmt::Display for Relay {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.protocol {
            Protocol::Lmtp => "lmtp",
            Protocol::Smtp => "smtp",
        };
        match &self.address {
            RelayAddress::Tcp(host, port) => write!(formatter, "{scheme}:{host}:{port}"),
            RelayAddress::Unix(path) => write!(formatter, "{scheme}:{}", path.display()),
        }
    }
}

/// A connection, kept from message to message.
pub struct Connection {
    relay: Relay,
    spool: Arc<Folder>,
    session: Option<Session>,
}

struct Session {
    reader: BufReader<Box<dyn Read + Send>>,
    writer: Box<dyn Write + Send>,
}

/// What the server said.
struct Answer {
    code: u16,
    text: String,
}

/// How far a message came.
enum Sent {
    /// The server has it.
    Taken,
    /// The server does not want it: what it said to its octets.
    Refused(Answer),
    /// The server said no before it had seen any of it.
    NotAsked(Answer),
    /// The connection broke before the end of the message was sent: nobody has it.
    BrokenBefore(io::Error),
    /// The connection broke behind that: the server may have it.
    BrokenBehind(io::Error),
}

impl Connection {
    pub(super) fn new(relay: Relay, spool: &Arc<Folder>) -> Self {
        Self { relay, spool: Arc::clone(spool), session: None }
    }

    pub(super) fn spool(&self) -> Spool {
        Spool::new(&self.spool, LineEnds::Crlf, Quoting::None)
    }

    /// Hands one message over. A connection that broke since the last message is made anew. What is said of the sender
    /// or the recipient counts against no message: only what is said behind its last octet does.
    pub(super) fn send(&mut self, spool: Spool) -> Result<(), DeliveryError> {
        let relay = self.relay.clone();
        let alive =
            |mut session: Session| session.ask("RSET").is_ok_and(|answer| answer.code == 250).then_some(session);
        let mut session = match self.session.take().and_then(alive) {
            Some(session) => session,
            None => Session::open(&relay).map_err(|error| not_there(&relay, &error))?,
        };
        let said = |answer: &Answer| format!("{relay}: {} {}", answer.code, answer.text);
        let (result, code) = match session.transaction(&relay, spool) {
            Sent::Taken => (Ok(()), 250),
            Sent::Refused(answer) if answer.code / 100 == 5 => {
                (Err(DeliveryError::Refused(said(&answer))), answer.code)
            }
            Sent::NotAsked(answer) if answer.code / 100 == 5 => {
                (Err(DeliveryError::Unwelcome(said(&answer))), answer.code)
            }
            Sent::Refused(answer) | Sent::NotAsked(answer) => (Err(DeliveryError::Later(said(&answer))), answer.code),
            Sent::BrokenBefore(error) => (Err(DeliveryError::Later(format!("{relay}: {error}"))), CLOSING),
            Sent::BrokenBehind(error) => (Err(DeliveryError::InDoubt(format!("{relay}: {error}"))), CLOSING),
        };
        // RFC 5321 §3.8: behind 421 nothing comes any more.
        self.session = (code != CLOSING).then_some(session);
        result
    }
}

impl Session {
    fn open(relay: &Relay) -> io::Result<Self> {
        let (reader, writer): (Box<dyn Read + Send>, Box<dyn Write + Send>) = match &relay.address {
            RelayAddress::Tcp(host, port) => {
                let mut last = io::Error::from(io::ErrorKind::NotFound);
                let connect = |address| TcpStream::connect_timeout(&address, PATIENCE / 10);
                let stream = (host.as_str(), *port)
                    .to_socket_addrs()?
                    .find_map(|address| connect(address).map_err(|error| last = error).ok());
                let Some(stream) = stream else { return Err(last) };
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                stream.set_write_timeout(Some(PATIENCE))?;
                (Box::new(stream.try_clone()?), Box::new(stream))
            }
            RelayAddress::Unix(path) => {
                let stream = UnixStream::connect(path)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                stream.set_write_timeout(Some(PATIENCE))?;
                (Box::new(stream.try_clone()?), Box::new(stream))
            }
        };
        let mut session = Self { reader: BufReader::new(reader), writer };
        expect(&session.answer()?, 220)?;
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let hello = match relay.protocol {
            Protocol::Lmtp => format!("LHLO {host}"),
            Protocol::Smtp => format!("EHLO {host}"),
        };
        expect(&session.ask(&hello)?, 250)?;
        Ok(session)
    }

    fn ask(&mut self, line: &str) -> io::Result<Answer> {
        self.writer.write_all(format!("{line}\r\n").as_bytes())?;
        self.writer.flush()?;
        self.answer()
    }

    /// RFC 5321 §4.2.1; bounded in every direction.
    fn answer(&mut self) -> io::Result<Answer> {
        let malformed = || io::Error::new(io::ErrorKind::InvalidData, "the answer is not one of RFC 5321");
        for _ in 0..LINES_MAX {
            let mut line = Vec::new();
            (&mut self.reader).take(LINE_MAX).read_until(b'\n', &mut line)?;
            if line.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let code = line.get(..3).and_then(|code| std::str::from_utf8(code).ok()).and_then(|code| code.parse().ok());
            let (Some(code), true) = (code, line.ends_with(b"\n")) else { return Err(malformed()) };
            if line.get(3) != Some(&b'-') {
                let text = Untrusted::new(line[3..].trim_ascii()).to_string();
                return Ok(Answer { code, text });
            }
        }
        Err(malformed())
    }

    /// One message.
    fn transaction(&mut self, relay: &Relay, spool: Spool) -> Sent {
        let envelope = [
            (format!("MAIL FROM:<{}>", relay.sender), 2),
            (format!("RCPT TO:<{}>", relay.recipient), 2),
            ("DATA".to_owned(), 3),
        ];
        for (line, class) in envelope {
            match self.ask(&line) {
                Ok(answer) if answer.code / 100 == class => {}
                Ok(answer) => return Sent::NotAsked(answer),
                Err(error) => return Sent::BrokenBefore(error),
            }
        }
        // Only CRLF ends lines, and dots are stuffed anew (C-073).
        let mut stuffer = DotStuffer::new(Extent::Whole);
        let mut wire = Vec::new();
        let body = spool.read(|piece| {
            wire.clear();
            stuffer.push(piece, &mut wire);
            self.writer.write_all(&wire)
        });
        if let Err(error) = body {
            return Sent::BrokenBefore(error);
        }
        wire.clear();
        stuffer.finish(&mut wire);
        // One recipient, so LMTP has one reply as well.
        let answer = self.writer.write_all(&wire).and_then(|()| self.writer.flush()).and_then(|()| self.answer());
        match answer {
            Ok(answer) if answer.code / 100 == 2 => Sent::Taken,
            Ok(answer) => Sent::Refused(answer),
            Err(error) => Sent::BrokenBehind(error),
        }
    }
}

/// A server that is not there, or lets nobody in, may later.
fn not_there(relay: &Relay, error: &io::Error) -> DeliveryError {
    let text = format!("{relay}: {error}");
    if descriptors::are_missing(error) { DeliveryError::NoDescriptors(text) } else { DeliveryError::Away(text) }
}

fn expect(answer: &Answer, code: u16) -> io::Result<()> {
    if answer.code == code {
        return Ok(());
    }
    Err(io::Error::other(format!("{} {}", answer.code, answer.text)))
}
