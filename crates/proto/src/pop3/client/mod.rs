//! The client half of a session: commands out, replies in.
//!
//! The driver calls [`Session::submit`], writes [`Session::output`], and hands what it read to [`Session::input`] until
//! that asks for more. It keeps the buffer and the clock; octets of messages are slices of its own buffer. Commands may
//! be submitted before earlier ones are answered once the server has announced PIPELINING (RFC 2449 §6.6).
//!
//! A whole client in thirty lines, over any blocking stream; `examples/first_message.rs` has one for tokio:
//!
//! ```
//! use std::io::{Read, Write};
//! use watchpost_proto::pop3::client::{Channel, Command, Event, Limits, Session};
//!
//! /// Hands every event of a session to `hear`, which answers with what to say next.
//! fn drive<S: Read + Write>(
//!     mut stream: S,
//!     channel: Channel,
//!     mut hear: impl FnMut(&Event<'_>) -> Option<Command>,
//! ) -> Result<(), Box<dyn std::error::Error>> {
//!     let mut session = Session::new(Limits::default(), channel);
//!     let (mut buffer, mut start) = (Vec::new(), 0);
//!     loop {
//!         let step = session.input(&buffer[start..])?;
//!         start += step.used;
//!         let silent = step.used == 0 && step.event.is_none();
//!         if let Some(command) = step.event.as_ref().and_then(&mut hear) {
//!             session.submit(&command)?;
//!         }
//!         let written = stream.write(session.output())?;
//!         session.wrote(written);
//!         if silent {
//!             buffer.drain(..start);
//!             start = 0;
//!             let mut piece = [0; 65536];
//!             match stream.read(&mut piece)? {
//!                 0 => return Ok(session.end_of_input()?),
//!                 read => buffer.extend_from_slice(&piece[..read]),
//!             }
//!         }
//!     }
//! }
//! # struct Peer { said: &'static [u8], heard: std::rc::Rc<std::cell::RefCell<Vec<u8>>> }
//! # impl Read for Peer { fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> { self.said.read(into) } }
//! # impl Write for Peer {
//! #     fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> { self.heard.borrow_mut().write(octets) }
//! #     fn flush(&mut self) -> std::io::Result<()> { Ok(()) }
//! # }
//! # let heard = std::rc::Rc::default();
//! # let stream = Peer { said: b"+OK ready\r\n+OK bye\r\n", heard: std::rc::Rc::clone(&heard) };
//! drive(stream, Channel::Tls, |event| match event {
//!     Event::Greeting(Ok(_)) => Some(Command::Quit),
//!     _ => None,
//! })?;
//! # assert_eq!(*heard.borrow(), b"QUIT\r\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod command;
mod reply;

use std::collections::VecDeque;

use memchr::memmem;
use zeroize::{Zeroize, Zeroizing};

pub use self::command::{Command, Refused};
pub use self::reply::{Answer, Negative, Violation};

use self::command::{Expected, Outgoing, Waiting};
use self::reply::Status;
use crate::apop::Timestamp;
use crate::pop3::State;
use crate::sasl::Initiator;
use crate::types::{MessageNumber, Octets};
use crate::undot::{DotUnstuffer, Unstuffed};

/// How much a server may ask of us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets of a line, its end counted: more than the 512 that the RFC allows (C-022).
    pub line_octets: usize,
    /// Lines of one listing.
    pub listing_lines: u32,
    /// Octets of one message.
    pub message_octets: u64,
    /// Commands that may wait for their replies; 1 means that nothing is pipelined.
    pub window: usize,
    /// Octets of messages that may be on their way, as far as their sizes were announced. One message is always
    /// allowed, whatever its size.
    pub window_octets: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            line_octets: 4096,
            listing_lines: 2_000_000,
            message_octets: 1 << 36,
            window: 1024,
            window_octets: 8 << 20,
        }
    }
}

/// What protects the octets of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Nothing, and no password crosses it (C-002).
    Clear,
    /// Nothing, and somebody has said that passwords may cross it.
    ClearForPasswords,
    /// TLS, from the first octet or since STLS.
    Tls,
}

/// Which command a reply answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

/// What the server said. Slices point into the driver's buffer.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// The first line of the session.
    Greeting(Result<&'a [u8], Negative<'a>>),
    /// The reply to a command is complete.
    Done(Ticket, Result<Answer<'a>, Negative<'a>>),
    /// A line of LIST.
    Listing(Ticket, MessageNumber, Octets),
    /// A line of UIDL.
    UniqueId(Ticket, MessageNumber, &'a str),
    /// A line of CAPA; also in [`Session::capabilities`].
    Capability(Ticket, &'a [u8]),
    /// RETR or TOP was granted; its message follows.
    MessageBegins(Ticket, &'a [u8]),
    /// Octets of a message, without stuffing.
    Message(Ticket, &'a [u8]),
    /// The server is ready for the handshake: begin TLS, then [`Session::tls_established`].
    StartTls(Ticket),
}

/// How much of the input is used up, and what it said.
#[derive(Debug, PartialEq, Eq)]
pub struct Step<'a> {
    /// Octets the driver can drop.
    pub used: usize,
    /// `None` with nothing used up: more input is needed.
    pub event: Option<Event<'a>>,
}

/// What the server can do (RFC 2449 §6), as it said on this channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities(Vec<String>);

impl FromIterator<String> for Capabilities {
    /// Of lines that were read without a session.
    fn from_iter<I: IntoIterator<Item = String>>(lines: I) -> Self {
        Self(lines.into_iter().collect())
    }
}

impl Capabilities {
    /// Whether a line begins with this tag.
    pub fn has(&self, tag: &str) -> bool {
        self.arguments(tag).is_some()
    }

    /// What follows the tag in its line.
    pub fn arguments(&self, tag: &str) -> Option<&str> {
        self.0.iter().find_map(|line| {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            word.eq_ignore_ascii_case(tag).then_some(rest)
        })
    }

    /// The lines as they came.
    pub fn lines(&self) -> &[String] {
        &self.0
    }
}

/// What the next input belongs to.
enum Reading {
    Greeting,
    FirstLine,
    Lines { left: u32 },
    Message { unstuffer: DotUnstuffer, octets: u64 },
    Tls,
    Nothing,
}

/// One session, from the greeting to its end.
pub struct Session {
    limits: Limits,
    channel: Channel,
    state: State,
    reading: Reading,
    waiting: VecDeque<Waiting>,
    /// Octets that the replies to `waiting` were announced to have.
    announced: u64,
    timestamp: Option<Timestamp>,
    output: Zeroizing<Vec<u8>>,
    capabilities: Capabilities,
    next_ticket: u64,
}

impl Session {
    /// A session over this channel, before its greeting.
    pub fn new(limits: Limits, channel: Channel) -> Self {
        Self {
            limits,
            channel,
            state: State::Authorization,
            reading: Reading::Greeting,
            waiting: VecDeque::new(),
            announced: 0,
            timestamp: None,
            output: Zeroizing::default(),
            capabilities: Capabilities::default(),
            next_ticket: 0,
        }
    }

    /// Queues a command, or says why not; then nothing of it has left.
    pub fn submit(&mut self, command: &Command) -> Result<Ticket, Refused> {
        self.submit_announced(command, Octets(0))
    }

    /// Queues RETR of a message that LIST has announced with so many octets: the window counts them (C-067).
    pub fn submit_announced(&mut self, command: &Command, announced: Octets) -> Result<Ticket, Refused> {
        let alone = matches!(command, Command::Stls | Command::Utf8);
        // Whatever stood behind STLS would be sent in clear text (S-001).
        self.may_follow(alone || (matches!(command, Command::Pass(_)) && self.channel != Channel::Tls))?;
        if !self.waiting.is_empty() && self.announced.saturating_add(announced.0) > self.limits.window_octets {
            return Err(Refused::WindowFull);
        }
        if !command.verb().is_valid_in(self.expected_state())
            || (matches!(command, Command::Stls) && self.channel == Channel::Tls)
        {
            return Err(Refused::WrongState);
        }
        if command.reveals_password() && self.channel == Channel::Clear {
            return Err(Refused::ClearTextPassword);
        }
        let before_tls = self.channel == Channel::Clear && self.capabilities.has("STLS");
        let unannounced = match command {
            Command::Utf8 => before_tls || !self.capabilities.has("UTF8"),
            // RFC 6856 §2.2: "USER" is an argument of the capability.
            command if command.is_beyond_ascii() => {
                let arguments = self.capabilities.arguments("UTF8").unwrap_or_default();
                !arguments.split(' ').any(|argument| argument.eq_ignore_ascii_case("USER"))
            }
            _ => false,
        };
        if unannounced {
            return Err(Refused::NotAnnounced);
        }
        let outgoing = command.encode(self.timestamp.as_ref())?;
        Ok(self.enqueue(outgoing, announced))
    }

    /// Queues AUTH (RFC 5034 §4) and goes through the whole exchange; the reply to it is one event.
    ///
    /// An initial response needs a server that announces SASL (RFC 5034 §3; C-041). The rounds are lock-step: nothing
    /// else may wait (C-053).
    pub fn authenticate(&mut self, initiator: Initiator) -> Result<Ticket, Refused> {
        self.may_follow(true)?;
        if self.state != State::Authorization {
            return Err(Refused::WrongState);
        }
        if self.channel == Channel::Clear {
            return Err(Refused::ClearTextPassword);
        }
        if initiator.initial().is_some() && !self.capabilities.has("SASL") {
            return Err(Refused::NotAnnounced);
        }
        let outgoing = command::auth(initiator)?;
        Ok(self.enqueue(outgoing, Octets(0)))
    }

    /// Whether a command may follow those that wait: behind them, or only `alone`.
    fn may_follow(&self, alone: bool) -> Result<(), Refused> {
        if matches!(self.reading, Reading::Greeting | Reading::Tls | Reading::Nothing) {
            return Err(Refused::Busy);
        }
        if self.waiting.len() >= self.limits.window {
            return Err(Refused::WindowFull);
        }
        let Some(last) = self.waiting.back() else { return Ok(()) };
        let blocks = matches!(last.expected, Expected::Tls | Expected::Exchange(_) | Expected::Farewell);
        if alone || blocks || !self.capabilities.has("PIPELINING") { Err(Refused::Busy) } else { Ok(()) }
    }

    fn enqueue(&mut self, outgoing: Outgoing, announced: Octets) -> Ticket {
        append(&mut self.output, &outgoing.line);
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        self.announced = self.announced.saturating_add(announced.0);
        self.waiting.push_back(Waiting { ticket, expected: outgoing.expected, announced });
        ticket
    }

    /// The reply to the oldest command is complete.
    fn answered(&mut self) {
        let waiting = self.waiting.pop_front().expect("a reply answers a command");
        self.announced = self.announced.saturating_sub(waiting.announced.0);
    }

    /// The state in which a command sent now will arrive if all goes well.
    fn expected_state(&self) -> State {
        if self.state != State::Authorization {
            return self.state;
        }
        let login = |waiting: &Waiting| matches!(waiting.expected, Expected::Login);
        if self.waiting.iter().any(login) { State::Transaction } else { self.state }
    }

    /// What must be written.
    pub fn output(&self) -> &[u8] {
        &self.output
    }

    /// That many octets of the output were written. They may have held a password.
    pub fn wrote(&mut self, octets: usize) {
        let left = self.output.len() - octets;
        self.output.copy_within(octets.., 0);
        self.output[left..].zeroize();
        self.output.truncate(left);
    }

    /// What the server says next.
    pub fn input<'a>(&mut self, input: &'a [u8]) -> Result<Step<'a>, Violation> {
        if let Reading::Message { .. } = self.reading {
            return self.message(input);
        }
        if input.is_empty() {
            return Ok(Step { used: 0, event: None });
        }
        match self.reading {
            Reading::Tls => return Err(Violation::ClearTextBehindStls),
            Reading::Nothing => return Err(Violation::Unsolicited),
            Reading::FirstLine if self.waiting.is_empty() => return Err(Violation::Unsolicited),
            _ => {}
        }
        let Some(end) = memmem::find(input, b"\r\n") else {
            let too_long = input.len() >= self.limits.line_octets;
            return if too_long { Err(Violation::LineTooLong) } else { Ok(Step { used: 0, event: None }) };
        };
        if end + 2 > self.limits.line_octets {
            return Err(Violation::LineTooLong);
        }
        let (line, rest) = (&input[..end], &input[end + 2..]);
        let event = match self.reading {
            Reading::Lines { left } => self.listing_line(line, left)?,
            Reading::Greeting => self.greeting(line)?,
            _ => self.first_line(line, rest)?,
        };
        Ok(Step { used: end + 2, event })
    }

    /// The server has closed the connection. Only behind QUIT, or between replies, nothing is missing.
    pub fn end_of_input(&self) -> Result<(), Violation> {
        let whole = self.waiting.is_empty() && matches!(self.reading, Reading::FirstLine | Reading::Nothing);
        if whole { Ok(()) } else { Err(Violation::Truncated) }
    }

    /// TLS is up. Whatever the server said before it is forgotten (S-005); CAPA must be asked again.
    ///
    /// `behind`: octets the driver had read behind the reply to STLS. There must be none (S-004).
    pub fn tls_established(&mut self, behind: &[u8]) -> Result<(), Violation> {
        assert!(matches!(self.reading, Reading::Tls), "TLS begins behind the reply to STLS");
        if !behind.is_empty() {
            return Err(Violation::ClearTextBehindStls);
        }
        self.channel = Channel::Tls;
        self.capabilities = Capabilities::default();
        self.timestamp = None;
        self.reading = Reading::FirstLine;
        Ok(())
    }

    /// What the server has announced on this channel since it was last asked.
    pub fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// How much the server may ask of us.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Whether the greeting offers APOP (RFC 1939 §7), on this channel.
    pub fn offers_apop(&self) -> bool {
        self.timestamp.is_some()
    }

    /// The state as far as the server has confirmed it.
    pub fn state(&self) -> State {
        self.state
    }

    /// How many commands wait for their replies.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    fn greeting<'a>(&mut self, line: &'a [u8]) -> Result<Option<Event<'a>>, Violation> {
        let (greeting, reading) = match Status::parse(line)? {
            Status::Ok(text) => {
                self.timestamp = Timestamp::in_greeting(text);
                (Ok(text), Reading::FirstLine)
            }
            Status::Err(negative) => (Err(negative), Reading::Nothing),
            Status::Challenge(_) => return Err(Violation::NotAReply),
        };
        self.reading = reading;
        Ok(Some(Event::Greeting(greeting)))
    }

    fn first_line<'a>(&mut self, line: &'a [u8], rest: &[u8]) -> Result<Option<Event<'a>>, Violation> {
        let status = Status::parse(line)?;
        let Waiting { ticket, expected, .. } = self.waiting.front_mut().ok_or(Violation::Unsolicited)?;
        let ticket = *ticket;
        let text = match (status, &mut *expected) {
            (Status::Ok(text), _) => text,
            (Status::Err(negative), expected) => {
                if matches!(expected, Expected::Farewell) {
                    self.reading = Reading::Nothing;
                }
                self.answered();
                return Ok(Some(Event::Done(ticket, Err(negative))));
            }
            (Status::Challenge(challenge), Expected::Exchange(exchange)) => {
                let answer = exchange.answer(challenge).ok_or(Violation::NotVerified)?;
                append(&mut self.output, &answer);
                return Ok(None);
            }
            (Status::Challenge(_), _) => return Err(Violation::NotAReply),
        };
        let answer = match expected {
            Expected::Line => Answer::Text(text),
            Expected::DropListing => {
                let (count, octets) = reply::drop_listing(text)?;
                Answer::DropListing { count, octets }
            }
            Expected::Listing => {
                let (number, octets) = reply::listing(text)?;
                Answer::Listing(number, octets)
            }
            Expected::UniqueId => {
                let (number, id) = reply::unique_id(text)?;
                Answer::UniqueId(number, id)
            }
            Expected::Exchange(exchange) if !exchange.initiator.is_satisfied() => return Err(Violation::NotVerified),
            Expected::Login | Expected::Exchange(_) => {
                self.state = State::Transaction;
                Answer::Text(text)
            }
            Expected::Farewell => {
                self.reading = Reading::Nothing;
                Answer::Text(text)
            }
            _ => return self.begin(ticket, text, rest),
        };
        self.answered();
        Ok(Some(Event::Done(ticket, Ok(answer))))
    }

    /// The first line of a reply of which more follows.
    fn begin<'a>(&mut self, ticket: Ticket, text: &'a [u8], rest: &[u8]) -> Result<Option<Event<'a>>, Violation> {
        match self.waiting.front().map(|waiting| &waiting.expected) {
            Some(Expected::Message) => {
                self.reading = Reading::Message { unstuffer: DotUnstuffer::default(), octets: 0 };
                Ok(Some(Event::MessageBegins(ticket, text)))
            }
            Some(Expected::Tls) => {
                if !rest.is_empty() {
                    return Err(Violation::ClearTextBehindStls);
                }
                self.answered();
                self.reading = Reading::Tls;
                Ok(Some(Event::StartTls(ticket)))
            }
            Some(Expected::Capabilities) => {
                self.capabilities = Capabilities::default();
                self.reading = Reading::Lines { left: self.limits.listing_lines };
                Ok(None)
            }
            _ => {
                self.reading = Reading::Lines { left: self.limits.listing_lines };
                Ok(None)
            }
        }
    }

    fn listing_line<'a>(&mut self, line: &'a [u8], left: u32) -> Result<Option<Event<'a>>, Violation> {
        let Waiting { ticket, expected, .. } = self.waiting.front().expect("a listing answers a command");
        let ticket = *ticket;
        if line == b"." {
            self.reading = Reading::FirstLine;
            self.answered();
            return Ok(Some(Event::Done(ticket, Ok(Answer::Text(b"")))));
        }
        self.reading = Reading::Lines { left: left.checked_sub(1).ok_or(Violation::ListingTooLong)? };
        let line = line.strip_prefix(b".").unwrap_or(line);
        Ok(Some(match expected {
            Expected::Listings => {
                let (number, octets) = reply::listing(line)?;
                Event::Listing(ticket, number, octets)
            }
            Expected::UniqueIds => {
                let (number, id) = reply::unique_id(line)?;
                Event::UniqueId(ticket, number, id)
            }
            _ => {
                self.capabilities.0.push(String::from_utf8_lossy(line).into_owned());
                Event::Capability(ticket, line)
            }
        }))
    }

    fn message<'a>(&mut self, input: &'a [u8]) -> Result<Step<'a>, Violation> {
        let Reading::Message { unstuffer, octets } = &mut self.reading else { unreachable!("a message is read") };
        let (used, piece) = unstuffer.next(input);
        let ticket = self.waiting.front().expect("a message answers a command").ticket;
        let event = match piece {
            None => None,
            Some(Unstuffed::Octets(piece)) => {
                *octets = octets.saturating_add(piece.len() as u64);
                if *octets > self.limits.message_octets {
                    return Err(Violation::MessageTooLong);
                }
                Some(Event::Message(ticket, piece))
            }
            Some(Unstuffed::End) => {
                self.reading = Reading::FirstLine;
                self.answered();
                Some(Event::Done(ticket, Ok(Answer::Text(b""))))
            }
        };
        Ok(Step { used, event })
    }
}

/// Appends without leaving a copy of a password behind where the buffer was.
fn append(output: &mut Zeroizing<Vec<u8>>, octets: &[u8]) {
    if output.len() + octets.len() > output.capacity() {
        let mut larger = Zeroizing::new(Vec::with_capacity((output.len() + octets.len()) * 2));
        larger.extend_from_slice(output);
        *output = larger;
    }
    output.extend_from_slice(octets);
}
