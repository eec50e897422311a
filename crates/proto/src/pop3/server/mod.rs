//! The server half of a session: octets and moments in, actions out.
//!
//! The driver calls [`Session::receive`] with what it read, then [`Session::poll`] until that says `None`, writes
//! the output, and reads again. [`Action::Login`], [`Action::ReadMessage`] and [`Action::Update`] are questions: no
//! further command is looked at until the driver has answered, so replies keep their order (RFC 2449 §6.6; P-220).

mod action;
mod authorization;
mod terms;
mod transaction;
mod update;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use crate::apop::Timestamp;
use crate::catalogue::{Assent, Language, Refusal};
use crate::credentials::Credentials;
use crate::dot::{DotStuffer, Progress};
use crate::line::{Line, LineBuffer, LineEnd};
use crate::listing::{Listing, Outcome};
use crate::mime::{HeaderGate, Headers, Through};
use crate::planted::planted;
use crate::pop3::command::Parsed;
use crate::pop3::{Capability, Command, Greeting, Reply, ResponseCode, State, Verb};
use crate::sasl::Mechanism;
use crate::types::{Extent, MessageNumber, Octets, Sizes};

use authorization::Authorization;
use transaction::{Multiline, Transaction};

pub use action::{Action, ForeignProtocol, Notice, Tally};
pub use terms::{BareLineFeed, Channel, ClearLogin, Last, Limits, Quirks, Stls, WithoutUtf8};

/// Output beyond this is written before anything else is looked at (P-223). Four TLS records.
pub const OUTPUT_OCTETS: usize = 64 * 1024;

/// What a state makes of a command: exactly one reply, or exactly one question whose answer is the reply.
enum Step {
    /// Answer and stay.
    Stay(Reply),
    /// Answer with a line per message and stay.
    List(Multiline),
    /// Verify, and enter TRANSACTION if all is well.
    Login(Credentials),
    /// Send a message and stay.
    Retrieve(MessageNumber, Extent),
    /// Answer in this language from now on.
    Speak(Language),
    /// Answer, and go on inside TLS.
    StartTls,
    /// Enter UPDATE.
    Update(Outcome),
    /// Answer and close.
    Close(Reply),
}

enum SessionState {
    Authorization(Authorization),
    Transaction(Transaction),
    Update,
    Closed,
}

/// A question whose answer is awaited.
enum Asking {
    Nothing,
    Login,
    Tls,
    Message(Retrieval),
    Update,
}

struct Retrieval {
    number: MessageNumber,
    extent: Extent,
    /// Present while a surrogate may have to take the place of the header.
    gate: Option<HeaderGate>,
    stuffer: DotStuffer,
    octets: Octets,
}

/// One session, from the greeting to its end.
pub struct Session {
    limits: Limits,
    quirks: Quirks,
    channel: Channel,
    timestamp: Option<Timestamp>,
    language: Language,
    lines: LineBuffer,
    state: SessionState,
    asking: Asking,
    multiline: Option<Multiline>,
    actions: VecDeque<Action>,
    tally: Tally,
    bad_commands: u32,
    login_deadline: Instant,
    /// When the client last said or took something.
    active: Instant,
}

impl Session {
    /// A session whose greeting is the driver's to send.
    pub fn new(limits: Limits, channel: Channel, now: Instant) -> Self {
        Self {
            login_deadline: now + limits.login_time,
            limits,
            quirks: Quirks::default(),
            channel,
            timestamp: None,
            language: Language::default(),
            lines: LineBuffer::new(LineEnd::Lenient),
            state: SessionState::Authorization(Authorization::new(Headers::default())),
            asking: Asking::Nothing,
            multiline: None,
            actions: VecDeque::new(),
            tally: Tally::default(),
            bad_commands: 0,
            active: now,
        }
    }

    /// Bears with these quirks instead of the usual ones. Before anything is received.
    #[must_use]
    pub fn with_quirks(mut self, quirks: Quirks) -> Self {
        self.quirks = quirks;
        self.lines = LineBuffer::new(match quirks.bare_line_feed {
            BareLineFeed::EndsLine => LineEnd::Lenient,
            BareLineFeed::Refused => LineEnd::Strict,
        });
        self.state = SessionState::Authorization(Authorization::new(self.first_headers()));
        self
    }

    /// How messages with UTF-8 in their header go out until the client says UTF8.
    const fn first_headers(&self) -> Headers {
        match self.quirks.without_utf8 {
            WithoutUtf8::Surrogate => Headers::Surrogates,
            WithoutUtf8::Refusal => Headers::Refused,
        }
    }

    /// Takes APOP too, over this timestamp, which stands in the greeting.
    #[must_use]
    pub fn with_apop(mut self, timestamp: Timestamp) -> Self {
        self.timestamp = Some(timestamp);
        self
    }

    /// The line that the driver sends first.
    pub fn greeting(&self) -> Greeting {
        self.timestamp.clone().map_or(Greeting::Ready, Greeting::ReadyForApop)
    }

    /// What the client sent.
    pub fn receive(&mut self, input: &[u8], now: Instant) {
        self.lines.extend(input);
        // A command resets the timer; an octet does not (P-009, S-045).
        if input.contains(&b'\n') {
            self.active = now;
        }
    }

    /// What the client took: a reply that is still draining is activity (P-011).
    pub fn output_progressed(&mut self, now: Instant) {
        self.active = now;
    }

    /// When [`Session::handle_timeout`] must be called unless something happens before.
    pub fn deadline(&self) -> Instant {
        let idle = self.active + self.limits.idle_time;
        match self.state {
            SessionState::Authorization(_) => idle.min(self.login_deadline),
            _ => idle,
        }
    }

    /// The deadline may have passed: if so the session ends without a line, and removes nothing (P-010).
    pub fn handle_timeout(&mut self, now: Instant) {
        if now < self.deadline() || matches!(self.state, SessionState::Closed) {
            return;
        }
        let before_login = matches!(self.state, SessionState::Authorization(_)) && now >= self.login_deadline;
        self.drop_connection(if before_login { Notice::LoginTimeout } else { Notice::IdleTimeout });
    }

    /// The next thing to do. Replies are appended to `output`. `None`: write it, then read, or wait.
    pub fn poll(&mut self, output: &mut Vec<u8>) -> Option<Action> {
        loop {
            if let Some(action) = self.actions.pop_front() {
                return Some(action);
            }
            if output.len() >= OUTPUT_OCTETS {
                return Some(Action::Flush);
            }
            if let (Some(multiline), SessionState::Transaction(transaction)) = (&mut self.multiline, &self.state) {
                if transaction.list(multiline, output) == Progress::Enough {
                    self.multiline = None;
                }
                continue;
            }
            if !matches!(self.asking, Asking::Nothing) || matches!(self.state, SessionState::Closed) {
                return None;
            }
            if self.speaks_tls() {
                self.drop_connection(Notice::ForeignProtocol(ForeignProtocol::Tls));
                continue;
            }
            self.next_command(output)?;
        }
    }

    /// The state the session is in; `None` once it is closed.
    pub fn state(&self) -> Option<State> {
        match self.state {
            SessionState::Authorization(_) => Some(State::Authorization),
            SessionState::Transaction(_) => Some(State::Transaction),
            SessionState::Update => Some(State::Update),
            SessionState::Closed => None,
        }
    }

    /// What happened so far.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Answers [`Action::Login`].
    pub fn login_result(&mut self, result: Result<Arc<Listing>, Refusal>, output: &mut Vec<u8>) {
        assert!(matches!(self.asking, Asking::Login), "a login result answers Action::Login");
        self.asking = Asking::Nothing;
        match result {
            Ok(listing) => {
                let SessionState::Authorization(authorization) = &self.state else {
                    unreachable!("a login happens in AUTHORIZATION")
                };
                let transaction = Transaction::new(listing, authorization.headers());
                let (count, octets) = transaction.drop_listing();
                self.state = SessionState::Transaction(transaction);
                self.reply(&Reply::MaildropReady { count, octets }, output);
            }
            Err(refusal) if refusal.row().code == Some(ResponseCode::Auth) => self.login_failed(refusal, output),
            Err(refusal) => self.reply(&Reply::Err(refusal), output),
        }
    }

    fn login_failed(&mut self, refusal: Refusal, output: &mut Vec<u8>) {
        self.tally.failed_logins += 1;
        let last = self.tally.failed_logins >= self.limits.failed_logins;
        self.reply(&Reply::Err(refusal), output);
        if last {
            self.actions.push_back(Action::Notice(Notice::TooManyFailedLogins));
            self.close();
        }
    }

    /// Answers [`Action::StartTls`]: everything the client said before is forgotten, what it did is not (P-153).
    pub fn tls_established(&mut self, now: Instant) {
        assert!(matches!(self.asking, Asking::Tls), "TLS was asked for");
        self.asking = Asking::Nothing;
        self.channel = Channel::Tls;
        self.lines.clear();
        self.language = Language::default();
        self.state = SessionState::Authorization(Authorization::new(self.first_headers()));
        self.active = now;
    }

    /// Answers [`Action::ReadMessage`]: the message is open, and this long. `Enough`: nothing of it is wanted after all.
    pub fn message_opened(&mut self, sizes: Sizes, output: &mut Vec<u8>) -> Progress {
        if self.headers() == Headers::Refused && sizes.surrogate.is_some() {
            // Nobody had looked into its header before.
            self.message_refused(Refusal::MessageRequiresUtf8, output);
            return Progress::Enough;
        }
        let Asking::Message(retrieval) = &mut self.asking else { unreachable!("RETR or TOP asked for a message") };
        // It was counted: without a surrogate nothing has to be held back.
        retrieval.gate.take_if(|_| sizes.surrogate.is_none());
        let headers = if retrieval.gate.is_some() { Headers::Surrogates } else { Headers::AsStored };
        let octets = sizes.of(headers);
        retrieval.octets = octets;
        let reply = match retrieval.extent {
            Extent::Whole => Reply::Octets(octets),
            Extent::Top { .. } => Reply::Ok(Assent::TopFollows),
        };
        self.reply(&reply, output);
        Progress::More
    }

    /// Answers [`Action::ReadMessage`]: the message cannot be had.
    pub fn message_refused(&mut self, refuse: impl FnOnce(MessageNumber) -> Refusal, output: &mut Vec<u8>) {
        let Asking::Message(retrieval) = std::mem::replace(&mut self.asking, Asking::Nothing) else {
            unreachable!("RETR or TOP asked for a message")
        };
        let refusal = refuse(retrieval.number);
        // Asking again and again for what is gone is a loop of the client's (P-176).
        if matches!(refusal, Refusal::MessageGone(_)) {
            self.bad_command(refusal, output);
        } else {
            self.reply(&Reply::Err(refusal), output);
        }
    }

    /// The next stored octets of the message. `Enough`: no more are needed.
    pub fn message_chunk(&mut self, chunk: &[u8], output: &mut Vec<u8>) -> Progress {
        let Asking::Message(retrieval) = &mut self.asking else { unreachable!("a message was opened") };
        let Some(gate) = &mut retrieval.gate else { return retrieval.stuffer.push(chunk, output) };
        let Through { header, chunk } = gate.push(chunk);
        let enough = header.is_some_and(|header| retrieval.stuffer.push(&header, output) == Progress::Enough);
        if enough { Progress::Enough } else { retrieval.stuffer.push(chunk, output) }
    }

    /// The message is complete.
    pub fn message_end(&mut self, output: &mut Vec<u8>) {
        let Asking::Message(mut retrieval) = std::mem::replace(&mut self.asking, Asking::Nothing) else {
            unreachable!("a message was opened")
        };
        if let Some(header) = retrieval.gate.as_mut().and_then(HeaderGate::finish) {
            retrieval.stuffer.push(&header, output);
        }
        retrieval.stuffer.finish(output);
        let SessionState::Transaction(transaction) = &mut self.state else {
            unreachable!("messages are read in TRANSACTION")
        };
        match retrieval.extent {
            Extent::Whole => {
                transaction.retrieved(retrieval.number);
                self.tally.retrieved += 1;
                self.tally.retrieved_octets = self.tally.retrieved_octets.saturating_add(retrieval.octets.0);
            }
            Extent::Top { .. } => self.tally.topped += 1,
        }
    }

    /// The rest of an opened message cannot be read. The client must not take the stump for the whole: no
    /// terminator, no error line in the data, only the end of the connection (P-049).
    pub fn message_failed(&mut self) {
        self.asking = Asking::Nothing;
        self.close();
    }

    /// Answers [`Action::Update`]. The reply to QUIT follows its deed (P-191).
    pub fn update_result(&mut self, result: Result<usize, Refusal>, output: &mut Vec<u8>) {
        assert!(matches!(self.asking, Asking::Update), "an update result answers Action::Update");
        self.asking = Asking::Nothing;
        match result {
            Ok(removed) => {
                self.tally.removed = removed;
                self.reply(&update::done(removed), output);
            }
            Err(refusal) => self.reply(&Reply::Err(refusal), output),
        }
        self.close();
    }

    fn next_command(&mut self, output: &mut Vec<u8>) -> Option<()> {
        if let SessionState::Authorization(authorization) = &mut self.state
            && authorization.is_exchanging()
        {
            let step = match self.lines.next_line(|_| self.limits.sasl_octets)? {
                Line::Complete(line) => authorization.sasl_line(line),
                Line::TooLong { .. } => authorization.sasl_too_long(),
            };
            self.take(step, output);
            return Some(());
        }
        let first = self.tally.commands == 0;
        let limits = &self.limits;
        // The initial response of AUTH may make its line longer than others (P-097).
        let limit = |line: &[u8]| if is_auth(line) { limits.sasl_octets } else { limits.line_octets };
        let parsed = match self.lines.next_line(limit)? {
            Line::Complete(line) if first && self.channel != Channel::Tls && is_http(line) => {
                self.drop_connection(Notice::ForeignProtocol(ForeignProtocol::Http));
                return Some(());
            }
            Line::Complete(line) => Command::parse(line),
            Line::TooLong { limit } => {
                self.actions.push_back(Action::Notice(Notice::LineTooLong));
                let is_auth = limit > self.limits.line_octets;
                let refusal = if is_auth { Refusal::AuthenticationTooLong } else { Refusal::LineTooLong };
                Parsed { verb: None, command: Err(refusal) }
            }
        };
        self.tally.commands += 1;
        match self.allowed(parsed) {
            Ok(command) => {
                let step = match &mut self.state {
                    SessionState::Authorization(authorization) => {
                        authorization.command(command, self.channel, self.timestamp.as_ref())
                    }
                    SessionState::Transaction(transaction) => transaction.command(&command, self.channel),
                    SessionState::Update | SessionState::Closed => unreachable!("no command is looked at after QUIT"),
                };
                self.take(step, output);
            }
            Err(refusal) => {
                if let SessionState::Authorization(authorization) = &mut self.state {
                    authorization.forget_name();
                }
                self.bad_command(refusal, output);
            }
        }
        Some(())
    }

    /// Table A first, then the arguments: `RETR x` before login is refused for being before login (P-006).
    fn allowed(&self, parsed: Parsed) -> Result<Command, Refusal> {
        let state = self.state().expect("no command is looked at after the end");
        match parsed.verb {
            Some(Verb::Last) if self.quirks.last == Last::Unknown => Err(Refusal::UnknownCommand),
            Some(verb) if verb.is_valid_in(state) || parsed.command == Err(Refusal::InvalidCharacter) => parsed.command,
            Some(_) if state == State::Authorization => Err(Refusal::NotBeforeLogin),
            Some(_) => Err(Refusal::NotAfterLogin),
            None => parsed.command,
        }
    }

    fn take(&mut self, step: Step, output: &mut Vec<u8>) {
        match step {
            Step::Stay(Reply::Err(refusal)) => self.bad_command(refusal, output),
            Step::Stay(reply) => self.reply(&reply, output),
            Step::List(multiline) => {
                self.reply(&Reply::Ok(multiline.title()), output);
                self.multiline = Some(multiline);
            }
            Step::Login(credentials) => self.ask(Asking::Login, Action::Login(credentials)),
            Step::Retrieve(number, extent) => {
                let gate = (self.headers() == Headers::Surrogates).then(HeaderGate::default);
                let stuffer = DotStuffer::new(extent);
                let retrieval = Retrieval { number, extent, gate, stuffer, octets: Octets(0) };
                self.ask(Asking::Message(retrieval), Action::ReadMessage { index: number.index() });
            }
            Step::Speak(language) => {
                self.language = language;
                self.reply(&Reply::LanguageChanged(language), output);
            }
            Step::StartTls => self.start_tls(output),
            Step::Update(outcome) => {
                self.state = SessionState::Update;
                self.ask(Asking::Update, Action::Update(outcome));
            }
            Step::Close(reply) => {
                self.reply(&reply, output);
                self.close();
            }
        }
    }

    /// What a client, or someone on the path, sent behind STLS must not count as sent under TLS (S-001).
    fn start_tls(&mut self, output: &mut Vec<u8>) {
        if planted("proto.obeys-what-came-behind-stls") {
            self.reply(&Reply::Ok(Assent::BeginTls), output);
            return;
        }
        match self.lines.waiting() {
            [] => {
                self.reply(&Reply::Ok(Assent::BeginTls), output);
                self.ask(Asking::Tls, Action::StartTls);
            }
            [0x16, ..] => self.drop_connection(Notice::HelloBehindStls),
            behind => {
                let octets = behind.len();
                self.drop_connection(Notice::ClearTextBehindStls { octets });
            }
        }
    }

    /// A TLS record instead of a command: content type 22, version 3.x (S-016).
    fn speaks_tls(&self) -> bool {
        self.tally.commands == 0 && self.channel != Channel::Tls && self.lines.waiting().starts_with(&[0x16, 0x03])
    }

    fn headers(&self) -> Headers {
        match &self.state {
            SessionState::Transaction(transaction) => transaction.headers(),
            _ => Headers::default(),
        }
    }

    fn bad_command(&mut self, refusal: Refusal, output: &mut Vec<u8>) {
        self.bad_commands += 1;
        let limit = match self.state {
            SessionState::Authorization(_) => self.limits.bad_commands_before_login,
            _ => self.limits.bad_commands_after_login,
        };
        if self.bad_commands < limit {
            self.reply(&Reply::Err(refusal), output);
        } else {
            self.actions.push_back(Action::Notice(Notice::TooManyBadCommands));
            self.reply(&Reply::Err(Refusal::TooManyBadCommands), output);
            self.close();
        }
    }

    fn reply(&mut self, reply: &Reply, output: &mut Vec<u8>) {
        if reply.is_positive() {
            self.bad_commands = 0;
        } else {
            self.tally.errors += 1;
        }
        reply.write(self.language, output);
    }

    fn ask(&mut self, asking: Asking, action: Action) {
        self.asking = asking;
        self.actions.push_back(action);
    }

    /// Ends the session without a word.
    fn drop_connection(&mut self, notice: Notice) {
        self.actions.push_back(Action::Notice(notice));
        self.close();
    }

    /// Commands that wait behind the end are never looked at (P-194).
    fn close(&mut self) {
        self.state = SessionState::Closed;
        self.multiline = None;
        self.lines.clear();
        self.actions.push_back(Action::Close);
    }
}

fn is_auth(line: &[u8]) -> bool {
    line.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"AUTH "))
}

/// RFC 9112 §3: a method, a target, and the version at the end.
fn is_http(line: &[u8]) -> bool {
    line.len() > 9 && line[..line.len() - 3].ends_with(b" HTTP/") && line[0].is_ascii_uppercase()
}

/// What CAPA lists. All of it but STLS stays true after login (P-131).
fn capabilities(state: State, channel: Channel) -> Vec<Capability> {
    let mut capabilities = vec![Capability::Top, Capability::Uidl];
    if may_send_passwords(channel) {
        capabilities.push(Capability::User);
        capabilities.push(Capability::Sasl(mechanisms(channel)));
    }
    capabilities.extend([
        Capability::RespCodes,
        Capability::AuthRespCode,
        Capability::Pipelining,
        Capability::Utf8,
        Capability::Lang,
        Capability::ExpireNever,
        Capability::Implementation,
    ]);
    if state == State::Authorization && matches!(channel, Channel::Clear { stls: Stls::Available, .. }) {
        capabilities.push(Capability::Stls);
    }
    capabilities
}

/// The mechanisms that would be accepted now (P-133). LOGIN is for old clients, and for TLS alone (P-120).
fn mechanisms(channel: Channel) -> &'static [Mechanism] {
    match channel {
        Channel::Tls => Mechanism::ALL,
        Channel::Clear { login: ClearLogin::Allowed, .. } => &[Mechanism::Plain],
        Channel::Clear { login: ClearLogin::Refused, .. } => &[],
    }
}

/// RFC 6856 §3: lists the languages, or changes to the one that fits. The old one stays when none does (P-209).
fn lang(range: Option<&[u8]>) -> Step {
    match range.map(Language::lookup) {
        None => Step::Stay(Reply::Languages),
        Some(Some(language)) => Step::Speak(language),
        Some(None) => Step::Stay(Reply::Err(Refusal::LanguageNotSupported)),
    }
}

fn may_send_passwords(channel: Channel) -> bool {
    matches!(channel, Channel::Tls | Channel::Clear { login: ClearLogin::Allowed, .. })
}
