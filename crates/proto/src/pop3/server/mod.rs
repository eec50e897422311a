//! The server half of a session: octets and moments in, actions out.
//!
//! The driver calls [`Session::receive`] with what it read, then [`Session::poll`] until that says `None`, writes
//! the output, and reads again. [`Action::Login`], [`Action::ReadMessage`] and [`Action::Update`] are questions: no
//! further command is looked at until the driver has answered, so replies keep their order (RFC 2449 §6.6; P-220).

mod action;
mod authorization;
mod discretion;
mod oddities;
mod offer;
mod retrieval;
mod terms;
mod told;
mod transaction;
mod update;
mod watch;
mod witness;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use crate::apop::Timestamp;
use crate::catalogue::{Assent, Language, Refusal};
use crate::credentials::Credentials;
use crate::dot::Progress;
use crate::line::{Line, LineBuffer, LineEnd, Piece};
use crate::listing::{Listing, Outcome};
use crate::mime::Headers;
use crate::planted::planted;
use crate::pop3::command::Parsed;
use crate::pop3::{Command, Greeting, Reply, ResponseCode, State, Verb};
use crate::sasl::Mechanism;
use crate::types::{Extent, MessageNumber, Sizes};

use authorization::Authorization;
use offer::{capabilities, lang, may_send_passwords, mechanisms};
use retrieval::Retrieval;
use transaction::{Multiline, Transaction};
use watch::Watch;

pub use action::{Action, ForeignProtocol, Notice, Tally};
pub use discretion::{may_be_a_password, opening};
pub use terms::{BareLineFeed, Channel, ClearLogin, Last, Limits, Quirks, Stls, WithoutUtf8};
pub use told::{Heard, Letters, Oddities, Replied, SpokenEnd, Status, TEXT_OCTETS, Text, Told};

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
    /// Enter UPDATE. So many of the marked messages have not been retrieved.
    Update(Outcome, u32),
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
    /// Marked messages that had not been retrieved, once QUIT was said.
    removed_unread: u32,
    /// Of the AUTH that was said last, if PASS or APOP was not said after it.
    mechanism: Option<Mechanism>,
    /// Whoever watches; boxed, because most of a server's sessions say little.
    watch: Option<Box<Watch>>,
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
            removed_unread: 0,
            mechanism: None,
            watch: None,
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
        if let Some(watch) = &mut self.watch {
            watch.received(input);
        }
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
                let before = output.len();
                let progress = transaction.list(multiline, output);
                self.answered_more(output.len() - before);
                if progress == Progress::Enough {
                    self.multiline = None;
                    self.answered(None);
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

    /// The mechanism of AUTH that the last [`Action::Login`] came from; `None`: it was PASS or APOP.
    pub fn mechanism(&self) -> Option<Mechanism> {
        self.mechanism
    }

    /// Messages that QUIT removes, or removed, though they were not retrieved in this session.
    pub fn removed_unread(&self) -> u32 {
        self.removed_unread
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
            self.notice(Notice::TooManyFailedLogins);
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
        let octets = retrieval.counted(sizes);
        let reply = match retrieval.extent {
            Extent::Whole => Reply::Octets(octets),
            Extent::Top { .. } => Reply::TopFollows,
        };
        self.begin_reply(&reply, output);
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
        let before = output.len();
        let progress = retrieval.push(chunk, output);
        self.answered_more(output.len() - before);
        progress
    }

    /// The message is complete.
    pub fn message_end(&mut self, output: &mut Vec<u8>) {
        let Asking::Message(mut retrieval) = std::mem::replace(&mut self.asking, Asking::Nothing) else {
            unreachable!("a message was opened")
        };
        let before = output.len();
        retrieval.finish(output);
        self.answered_more(output.len() - before);
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
        self.answered(Some(retrieval.number));
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
        if let SessionState::Authorization(authorization) = &self.state
            && authorization.is_exchanging()
        {
            return self.next_sasl_line(output);
        }
        let state = self.state().expect("no command is looked at after the end");
        let first = self.tally.commands == 0;
        let (limits, watch) = (&self.limits, &mut self.watch);
        // The initial response of AUTH may make its line longer than others (P-097).
        let limit = |line: &[u8]| if is_auth(line) { limits.sasl_octets } else { limits.line_octets };
        let line =
            self.lines.next_line_watched(limit, |piece| watch.iter_mut().for_each(|watch| watch.piece(piece)))?;
        let parsed = match line {
            Line::Complete(line) if first && self.channel != Channel::Tls && is_http(line) => {
                self.drop_connection(Notice::ForeignProtocol(ForeignProtocol::Http));
                return Some(());
            }
            Line::Complete(line) => {
                self.watch.iter_mut().for_each(|watch| watch.command(line, state));
                Command::parse(line)
            }
            Line::TooLong { limit } => {
                self.watch_too_long(state, limit);
                self.notice(Notice::LineTooLong);
                let is_auth = limit > self.limits.line_octets;
                let refusal = if is_auth { Refusal::AuthenticationTooLong } else { Refusal::LineTooLong };
                Parsed { verb: None, command: Err(refusal) }
            }
        };
        self.tally.commands += 1;
        self.obey(parsed, output);
        self.watch_too_long_answered();
        Some(())
    }

    fn next_sasl_line(&mut self, output: &mut Vec<u8>) -> Option<()> {
        let watch = &mut self.watch;
        let told = |piece: Piece<'_>| watch.iter_mut().for_each(|watch| watch.piece(piece));
        let line = self.lines.next_line_watched(|_| self.limits.sasl_octets, told)?;
        let SessionState::Authorization(authorization) = &mut self.state else {
            unreachable!("SASL data is sent in AUTHORIZATION")
        };
        let step = match line {
            Line::Complete(line) => {
                self.watch.iter_mut().for_each(|watch| watch.sasl(line));
                authorization.sasl_line(line)
            }
            Line::TooLong { .. } => {
                let step = authorization.sasl_too_long();
                self.watch_sasl_too_long();
                step
            }
        };
        self.take(step, output);
        self.watch_too_long_answered();
        Some(())
    }

    fn obey(&mut self, parsed: Parsed, output: &mut Vec<u8>) {
        match self.allowed(parsed) {
            Ok(command) => {
                let step = match &mut self.state {
                    SessionState::Authorization(authorization) => {
                        self.mechanism = command.mechanism();
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
                self.begin_reply(&Reply::Ok(multiline.title()), output);
                self.multiline = Some(multiline);
            }
            Step::Login(credentials) => self.ask(Asking::Login, Action::Login(credentials)),
            Step::Retrieve(number, extent) => {
                let retrieval = Retrieval::new(number, extent, self.headers());
                self.ask(Asking::Message(retrieval), Action::ReadMessage { index: number.index() });
            }
            Step::Speak(language) => {
                self.language = language;
                self.reply(&Reply::LanguageChanged(language), output);
            }
            Step::StartTls => self.start_tls(output),
            Step::Update(outcome, removed_unread) => {
                self.removed_unread = removed_unread;
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
            self.notice(Notice::TooManyBadCommands);
            self.reply(&Reply::Err(Refusal::TooManyBadCommands), output);
            self.close();
        }
    }

    /// A reply that is complete with these words.
    fn reply(&mut self, reply: &Reply, output: &mut Vec<u8>) {
        self.begin_reply(reply, output);
        self.answered(None);
    }

    /// The first words of a reply.
    fn begin_reply(&mut self, reply: &Reply, output: &mut Vec<u8>) {
        if reply.is_positive() {
            self.bad_commands = 0;
        } else {
            self.tally.errors += 1;
        }
        let before = output.len();
        reply.write(self.language, output);
        self.watch.iter_mut().for_each(|watch| watch.answering(reply, output.len() - before));
    }

    fn ask(&mut self, asking: Asking, action: Action) {
        self.asking = asking;
        self.actions.push_back(action);
    }

    /// Ends the session without a word.
    fn drop_connection(&mut self, notice: Notice) {
        self.notice(notice);
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
