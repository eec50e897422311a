//! The client half of a session: commands out, replies in.
//!
//! The driver calls [`Session::submit`], writes [`Session::output`], and hands what it read to [`Session::input`] until
//! that asks for more. It keeps the buffer and the clock; octets of messages are slices of its own buffer. Commands may
//! be submitted before earlier ones are answered once the server has announced PIPELINING (RFC 2449 §6.6).

mod command;
mod reply;

use std::collections::VecDeque;

use memchr::memmem;
use zeroize::{Zeroize, Zeroizing};

pub use self::command::{Command, Refused};
pub use self::reply::{Answer, Negative, Violation};

use self::command::Expected;
use self::reply::Status;
use crate::pop3::State;
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
    /// Commands that may wait for their replies.
    pub window: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { line_octets: 4096, listing_lines: 2_000_000, message_octets: 1 << 36, window: 1024 }
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
    waiting: VecDeque<(Ticket, Expected)>,
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
            output: Zeroizing::default(),
            capabilities: Capabilities::default(),
            next_ticket: 0,
        }
    }

    /// Queues a command, or says why not; then nothing of it has left.
    pub fn submit(&mut self, command: &Command) -> Result<Ticket, Refused> {
        if matches!(self.reading, Reading::Greeting | Reading::Tls | Reading::Nothing) {
            return Err(Refused::Busy);
        }
        if let Some((_, last)) = self.waiting.back() {
            let alone = matches!(last, Expected::Tls | Expected::Challenge(_) | Expected::Farewell);
            // Whatever stood behind STLS would be sent in clear text (S-001).
            if alone || matches!(command, Command::Stls) || !self.capabilities.has("PIPELINING") {
                return Err(Refused::Busy);
            }
        }
        if self.waiting.len() >= self.limits.window {
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
        let outgoing = command.encode()?;
        append(&mut self.output, &outgoing.line);
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        self.waiting.push_back((ticket, outgoing.expected));
        Ok(ticket)
    }

    /// The state in which a command sent now will arrive if all goes well.
    fn expected_state(&self) -> State {
        let login = |(_, expected): &(Ticket, Expected)| matches!(expected, Expected::Login);
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
        self.reading = Reading::FirstLine;
        Ok(())
    }

    /// What the server has announced on this channel since it was last asked.
    pub fn capabilities(&self) -> &Capabilities {
        &self.capabilities
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
            Status::Ok(text) => (Ok(text), Reading::FirstLine),
            Status::Err(negative) => (Err(negative), Reading::Nothing),
            Status::Challenge => return Err(Violation::NotAReply),
        };
        self.reading = reading;
        Ok(Some(Event::Greeting(greeting)))
    }

    fn first_line<'a>(&mut self, line: &'a [u8], rest: &[u8]) -> Result<Option<Event<'a>>, Violation> {
        let status = Status::parse(line)?;
        let (ticket, expected) = self.waiting.front_mut().ok_or(Violation::Unsolicited)?;
        let ticket = *ticket;
        let text = match (status, &mut *expected) {
            (Status::Ok(text), _) => text,
            (Status::Err(negative), expected) => {
                if matches!(expected, Expected::Farewell) {
                    self.reading = Reading::Nothing;
                }
                self.waiting.pop_front();
                return Ok(Some(Event::Done(ticket, Err(negative))));
            }
            (Status::Challenge, Expected::Challenge(response)) => {
                // A second challenge is answered by giving up: PLAIN has one response (RFC 5034 §4).
                let response = response.take().unwrap_or_else(|| Zeroizing::new(b"*\r\n".to_vec()));
                append(&mut self.output, &response);
                return Ok(None);
            }
            (Status::Challenge, _) => return Err(Violation::NotAReply),
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
            Expected::Login | Expected::Challenge(_) => {
                self.state = State::Transaction;
                Answer::Text(text)
            }
            Expected::Farewell => {
                self.reading = Reading::Nothing;
                Answer::Text(text)
            }
            _ => return self.begin(ticket, text, rest),
        };
        self.waiting.pop_front();
        Ok(Some(Event::Done(ticket, Ok(answer))))
    }

    /// The first line of a reply of which more follows.
    fn begin<'a>(&mut self, ticket: Ticket, text: &'a [u8], rest: &[u8]) -> Result<Option<Event<'a>>, Violation> {
        match self.waiting.front() {
            Some((_, Expected::Message)) => {
                self.reading = Reading::Message { unstuffer: DotUnstuffer::default(), octets: 0 };
                Ok(Some(Event::MessageBegins(ticket, text)))
            }
            Some((_, Expected::Tls)) => {
                if !rest.is_empty() {
                    return Err(Violation::ClearTextBehindStls);
                }
                self.waiting.pop_front();
                self.reading = Reading::Tls;
                Ok(Some(Event::StartTls(ticket)))
            }
            Some((_, Expected::Capabilities)) => {
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
        let (ticket, expected) = self.waiting.front().expect("a listing answers a command");
        let ticket = *ticket;
        if line == b"." {
            self.reading = Reading::FirstLine;
            self.waiting.pop_front();
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
        let (ticket, _) = *self.waiting.front().as_ref().expect("a message answers a command");
        let event = match piece {
            None => None,
            Some(Unstuffed::Octets(piece)) => {
                *octets = octets.saturating_add(piece.len() as u64);
                if *octets > self.limits.message_octets {
                    return Err(Violation::MessageTooLong);
                }
                Some(Event::Message(*ticket, piece))
            }
            Some(Unstuffed::End) => {
                let ticket = *ticket;
                self.reading = Reading::FirstLine;
                self.waiting.pop_front();
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
