//! A driver without sockets: a session, a maildrop in memory, and time that stands still until a test moves it.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test may fail here")]

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use watchpost_proto::catalogue::Refusal;
use watchpost_proto::pop3::server::{Action, Channel, Limits, Notice, Quirks, Session, Told};
use watchpost_proto::{Credentials, Listing, Outcome, Progress, Sizer, Timestamp, UniqueId};

pub const NAME: &str = "mrose";
pub const PASSWORD: &str = "tanstaaf";

pub struct Driver {
    pub session: Session,
    pub mail: Vec<Vec<u8>>,
    /// Messages that cannot be read: their places.
    pub unreadable: HashSet<usize>,
    /// How many stored octets are handed over at once.
    pub chunk: usize,
    pub now: Instant,
    pub output: Vec<u8>,
    pub notices: Vec<Notice>,
    /// What a session with a witness told.
    pub told: Vec<Told>,
    pub outcome: Option<Outcome>,
    pub update_fails: bool,
    pub tls_asked: bool,
    pub closed: bool,
    /// The longest the output ever was before it was written.
    pub output_max: usize,
}

impl Driver {
    pub fn new(channel: Channel, mail: &[&[u8]]) -> Self {
        Self::with_limits(Limits::default(), channel, mail)
    }

    pub fn with_limits(limits: Limits, channel: Channel, mail: &[&[u8]]) -> Self {
        let now = Instant::now();
        Self {
            session: Session::new(limits, channel, now),
            mail: mail.iter().map(|message| message.to_vec()).collect(),
            unreadable: HashSet::new(),
            chunk: usize::MAX,
            now,
            output: Vec::new(),
            notices: Vec::new(),
            told: Vec::new(),
            outcome: None,
            update_fails: false,
            tls_asked: false,
            closed: false,
            output_max: 0,
        }
    }

    pub fn with_quirks(self, quirks: Quirks) -> Self {
        Self { session: self.session.with_quirks(quirks), ..self }
    }

    pub fn with_witness(self) -> Self {
        Self { session: self.session.with_witness(), ..self }
    }

    pub fn with_apop(self, timestamp: Timestamp) -> Self {
        Self { session: self.session.with_apop(timestamp), ..self }
    }

    pub fn logged_in(mail: &[&[u8]]) -> Self {
        let mut driver = Self::new(Channel::Tls, mail);
        let answer = driver.say(format!("USER {NAME}\r\nPASS {PASSWORD}\r\n").as_bytes());
        assert!(answer.contains("+OK maildrop has"), "{answer}");
        driver
    }

    /// Hands input over and returns everything that was written in answer.
    pub fn hear(&mut self, input: &[u8]) -> Vec<u8> {
        self.session.receive(input, self.now);
        let mut written = Vec::new();
        let mut output = Vec::new();
        while let Some(action) = self.session.poll(&mut output) {
            self.output_max = self.output_max.max(output.len());
            self.told.extend(self.session.told());
            self.act(action, &mut output, &mut written);
        }
        self.told.extend(self.session.told());
        written.append(&mut output);
        written
    }

    /// The connection is over: everything that was told.
    pub fn told(mut self) -> Vec<Told> {
        self.session.tell_to_the_end();
        self.told.extend(self.session.told());
        self.told
    }

    pub fn say(&mut self, input: &[u8]) -> String {
        String::from_utf8_lossy(&self.hear(input)).into_owned()
    }

    pub fn wait(&mut self, time: Duration) {
        self.now += time;
        self.session.handle_timeout(self.now);
        let late = self.hear(b"");
        assert_eq!(late, b"", "a timeout writes no line");
    }

    fn act(&mut self, action: Action, output: &mut Vec<u8>, written: &mut Vec<u8>) {
        match action {
            Action::Flush => written.append(output),
            Action::StartTls => {
                self.tls_asked = true;
                self.session.tls_established(self.now);
            }
            Action::Login(credentials) => {
                let right = credentials.name() == NAME.as_bytes()
                    && match &credentials {
                        Credentials::Password { password, .. } => password.expose() == PASSWORD.as_bytes(),
                        Credentials::Apop { timestamp, digest, .. } => digest.proves(timestamp, PASSWORD.as_bytes()),
                    };
                let result = if right { Ok(self.listing()) } else { Err(Refusal::AuthenticationFailed) };
                self.session.login_result(result, output);
            }
            Action::ReadMessage { index } => self.read(index, output),
            Action::Update(outcome) => {
                let removed = outcome.removed.len();
                self.outcome = Some(outcome);
                let result = if self.update_fails { Err(Refusal::SomeNotRemoved) } else { Ok(removed) };
                self.session.update_result(result, output);
            }
            Action::Notice(notice) => self.notices.push(notice),
            Action::Close => self.closed = true,
        }
    }

    fn read(&mut self, index: usize, output: &mut Vec<u8>) {
        if self.unreadable.contains(&index) {
            self.session.message_refused(Refusal::MessageUnreadable, output);
            return;
        }
        if self.session.message_opened(Sizer::of(&self.mail[index]), output) == Progress::Enough {
            return;
        }
        for chunk in self.mail[index].chunks(self.chunk.max(1)) {
            if self.session.message_chunk(chunk, output) == Progress::Enough {
                break;
            }
        }
        self.session.message_end(output);
    }

    fn listing(&self) -> Arc<Listing> {
        let mut listing = Listing::with_capacity(self.mail.len());
        for (place, message) in self.mail.iter().enumerate() {
            listing.push(Sizer::of(message), &UniqueId::new(format!("uid{place}")).unwrap()).unwrap();
        }
        Arc::new(listing)
    }
}

/// Takes one leading dot from each line and the terminator from the end; `None` if there is none (RFC 1939 §3).
pub fn unstuff(wire: &[u8]) -> Option<Vec<u8>> {
    let mut message = Vec::new();
    let mut rest = wire;
    loop {
        let end = rest.windows(2).position(|pair| pair == b"\r\n")?;
        let line = &rest[..end];
        rest = &rest[end + 2..];
        if line == b"." {
            return rest.is_empty().then_some(message);
        }
        message.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
        message.extend_from_slice(b"\r\n");
    }
}
