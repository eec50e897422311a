//! Another mail server: LMTP (RFC 2033) or SMTP (RFC 5321), on this machine or in a network that is trusted.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use watchpost_observatory::Untrusted;
use watchpost_proto::{DotStuffer, Extent};

use super::text::{LineEnds, Quoting, Spool};
use super::{DeliveryError, PATIENCE};

/// Octets of a line of a reply (RFC 5321 §4.5.3.1.5 allows 512).
const LINE_MAX: u64 = 4096;
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
    spool: PathBuf,
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

impl Connection {
    pub(super) fn new(relay: Relay, spool: &Path) -> Self {
        Self { relay, spool: spool.to_owned(), session: None }
    }

    pub(super) fn spool(&self) -> Spool {
        Spool::new(&self.spool, LineEnds::Crlf, Quoting::None)
    }

    /// Hands one message over. A connection that broke since the last message is made anew.
    pub(super) fn send(&mut self, spool: Spool) -> Result<(), DeliveryError> {
        let broken = |relay: &Relay, error: &io::Error| DeliveryError::Unavailable(format!("{relay}: {error}"));
        let relay = self.relay.clone();
        let alive =
            |mut session: Session| session.ask("RSET").is_ok_and(|answer| answer.code == 250).then_some(session);
        let mut session = match self.session.take().and_then(alive) {
            Some(session) => session,
            None => Session::open(&relay).map_err(|error| broken(&relay, &error))?,
        };
        let sent = session.transaction(&relay, spool);
        match sent {
            Ok(Ok(())) => {
                self.session = Some(session);
                Ok(())
            }
            Ok(Err(answer)) => {
                self.session = Some(session);
                let text = format!("{relay}: {} {}", answer.code, answer.text);
                if answer.code / 100 == 5 {
                    Err(DeliveryError::Refused(text))
                } else {
                    Err(DeliveryError::Unavailable(text))
                }
            }
            Err(error) => Err(broken(&relay, &error)),
        }
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

    /// One message. `Ok(Err(…))`: the server said no, and the connection is good for the next.
    fn transaction(&mut self, relay: &Relay, spool: Spool) -> io::Result<Result<(), Answer>> {
        for line in [format!("MAIL FROM:<{}>", relay.sender), format!("RCPT TO:<{}>", relay.recipient)] {
            let answer = self.ask(&line)?;
            if answer.code / 100 != 2 {
                return Ok(Err(answer));
            }
        }
        let answer = self.ask("DATA")?;
        if answer.code != 354 {
            return Ok(Err(answer));
        }
        // Only CRLF ends lines, and dots are stuffed anew (C-073).
        let mut stuffer = DotStuffer::new(Extent::Whole);
        let mut wire = Vec::new();
        spool.read(|piece| {
            wire.clear();
            stuffer.push(piece, &mut wire);
            self.writer.write_all(&wire)
        })?;
        wire.clear();
        stuffer.finish(&mut wire);
        self.writer.write_all(&wire)?;
        self.writer.flush()?;
        // One recipient, so LMTP has one reply as well.
        let answer = self.answer()?;
        Ok(if answer.code / 100 == 2 { Ok(()) } else { Err(answer) })
    }
}

fn expect(answer: &Answer, code: u16) -> io::Result<()> {
    if answer.code == code {
        return Ok(());
    }
    Err(io::Error::other(format!("{} {}", answer.code, answer.text)))
}
