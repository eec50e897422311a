//! A session as a page of a textbook: who said what, when, in which state, and what it means.

use std::time::Duration;

use watchpost_observatory::journal::export::foreign_word;
use watchpost_observatory::journal::{Entry, Session};
use watchpost_observatory::{
    Answered, EventKind, Foreign, Hello, Letters, LoginAttempt, LoginOutcome, PasswordFacts, PasswordLength, Port,
    Sequence, SessionSummary, Spoken, SpokenEnd, Status, TlsFacts, TlsFailure,
};
use watchpost_proto::catalogue::Language as ProtocolLanguage;
use watchpost_proto::catalogue::explain;
use watchpost_proto::pop3::server::Notice;
use watchpost_proto::pop3::{Greeting, State};

use crate::i18n::{Language, Texts, Value, counted};

/// Who did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Server,
    /// What neither said: what was found, or how it ended.
    Note,
}

impl Side {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
            Self::Note => "note",
        }
    }
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) sequence: Sequence,
    /// Since the connection.
    pub(crate) since: Duration,
    pub(crate) side: Side,
    /// What was said, harmless.
    pub(crate) said: String,
    /// What it means.
    pub(crate) meaning: String,
    /// In which state, as RFC 1939 names it; before the greeting there is none.
    pub(crate) state: Option<State>,
}

/// All steps of a session.
pub(crate) struct Timeline {
    pub(crate) steps: Vec<Step>,
    /// What a normal client would have done otherwise.
    pub(crate) normal: Vec<String>,
}

struct Telling<'a> {
    texts: &'a Texts,
    guesses: usize,
    state: Option<State>,
    seen: Seen,
}

/// What was seen of a client that honest clients do, or do not.
#[derive(Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is something seen")]
struct Seen {
    tls: bool,
    server_name: bool,
    failed: usize,
    passwords: Vec<u16>,
    line_feeds: bool,
    early: bool,
    unknown: bool,
    foreign: bool,
    quit: bool,
    said: bool,
}

pub(crate) fn timeline(session: &Session, events: &[Entry], texts: &Texts) -> Timeline {
    let mut telling = Telling { texts, guesses: 0, state: None, seen: Seen::default() };
    let mut steps = Vec::new();
    for entry in events {
        let micros = u64::try_from(entry.at.0.saturating_sub(session.row.start.0)).unwrap_or(0);
        let Some((side, said, meaning)) = telling.tell(&entry.kind) else { continue };
        let since = Duration::from_micros(micros);
        steps.push(Step { sequence: entry.sequence, since, side, said, meaning, state: telling.state });
        if Telling::greets_after(&entry.kind, session) {
            let (said, meaning) = telling.greeting();
            steps.push(Step {
                sequence: entry.sequence,
                since,
                side: Side::Server,
                said,
                meaning,
                state: telling.state,
            });
        }
    }
    let normal = telling.normal(session);
    Timeline { steps, normal }
}

type Told = (Side, String, String);

impl Telling<'_> {
    fn text(&self, id: &str) -> String {
        self.texts.text(id)
    }

    fn format(&self, id: &str, variables: &[(&str, Value<'_>)]) -> String {
        self.texts.format(id, variables)
    }

    /// What the textbook says of a word, in a sentence.
    fn lesson(&self, word: &str) -> String {
        let language = match self.texts.language() {
            Language::English => ProtocolLanguage::English,
            Language::Japanese => ProtocolLanguage::Japanese,
        };
        explain::find(word).first().map(|lesson| lesson.summary.text(language).to_owned()).unwrap_or_default()
    }

    fn tell(&mut self, kind: &EventKind) -> Option<Told> {
        Some(match kind {
            EventKind::Opened { port, .. } => {
                let id = if *port == Port::Pop3s { "talk-step-opened-pop3s" } else { "talk-step-opened-pop3" };
                (Side::Client, self.text("talk-step-opened"), self.text(id))
            }
            EventKind::Hello(hello) => self.hello(hello),
            EventKind::Tls(facts) => self.tls(facts),
            EventKind::TlsFailed(failure) => self.tls_failed(*failure),
            EventKind::Command(spoken) => self.command(spoken),
            EventKind::Reply(answered) => self.reply(answered),
            EventKind::Login(login) => self.login(login),
            EventKind::PreviousPassword { .. } => {
                (Side::Note, self.text("talk-step-previous"), self.text("talk-step-previous-means"))
            }
            EventKind::Foreign { language, octets } => {
                self.seen.foreign = true;
                if *language == Foreign::ClearPop3 {
                    return Some((Side::Client, octets.to_string(), self.text("talk-step-clear-pop3")));
                }
                let language = ("language", foreign_word(*language).into());
                (Side::Client, octets.to_string(), self.format("talk-step-foreign", &[language]))
            }
            EventKind::Notice(notice) => (Side::Note, self.text("talk-step-notice"), self.notice(*notice)),
            EventKind::Closed(summary) => self.closed(summary),
            EventKind::Started | EventKind::Lost { .. } | EventKind::AccountChanged { .. } => return None,
        })
    }

    /// Whether the server greets now: at once, or when TLS stands where the port begins with it. No event tells of the
    /// greeting; whoever came further than the connection has got it.
    fn greets_after(kind: &EventKind, session: &Session) -> bool {
        let on_pop3s = session.row.local.is_some_and(|(_, port)| port == Port::Pop3s);
        let now = match kind {
            EventKind::Opened { .. } => !on_pop3s,
            EventKind::Tls(_) => on_pop3s,
            _ => false,
        };
        now && session.row.state.is_some()
    }

    /// The server's first line (RFC 1939 §4), in the language that every session begins in.
    fn greeting(&mut self) -> (String, String) {
        self.state = Some(State::Authorization);
        let mut line = Vec::new();
        Greeting::Ready.write(&mut line);
        (String::from_utf8_lossy(&line).trim_end().to_owned(), self.lesson("greeting"))
    }

    fn hello(&mut self, hello: &Hello) -> Told {
        self.seen.server_name = hello.server_name.is_some();
        let said = match &hello.server_name {
            Some(name) => self.format("talk-step-hello-name", &[("name", name.to_string().into())]),
            None => self.text("talk-step-hello"),
        };
        let id = if hello.server_name.is_some() { "talk-step-hello-means" } else { "talk-step-hello-nameless" };
        (Side::Client, said, self.text(id))
    }

    fn tls(&mut self, facts: &TlsFacts) -> Told {
        self.seen.tls = true;
        let said = format!("{} {}", facts.version, facts.suite);
        let id = if facts.resumed { "talk-step-tls-resumed" } else { "talk-step-tls" };
        (Side::Server, said, self.text(id))
    }

    fn tls_failed(&self, failure: TlsFailure) -> Told {
        let meaning = match failure {
            TlsFailure::PeerAlert(alert) => self.format("talk-step-tls-alert", &[("alert", alert.into())]),
            TlsFailure::Version => self.text("talk-step-tls-version"),
            TlsFailure::NothingInCommon => self.text("talk-step-tls-nothing"),
            TlsFailure::Alpn => self.text("talk-step-tls-alpn"),
            TlsFailure::NotTls => self.text("talk-step-tls-not"),
            TlsFailure::Closed => self.text("talk-step-tls-closed"),
            TlsFailure::Timeout => self.text("talk-step-tls-timeout"),
            TlsFailure::Other => self.text("talk-step-tls-other"),
        };
        (Side::Note, self.text("talk-step-tls-failed"), meaning)
    }

    fn command(&mut self, spoken: &Spoken) -> Told {
        self.state = Some(spoken.state);
        let seen = &mut self.seen;
        seen.said = true;
        seen.line_feeds |= spoken.line_end == SpokenEnd::Lf;
        seen.early |= spoken.pipelined;
        seen.unknown |= spoken.verb.is_none();
        seen.quit |= spoken.verb == Some(watchpost_proto::pop3::Verb::Quit);
        let mut said = spoken.text.to_string();
        if spoken.hidden > 0 {
            if !said.ends_with(' ') && !said.is_empty() {
                said.push(' ');
            }
            said.push_str("••••••");
        }
        let meaning = match spoken.verb {
            Some(verb) => self.lesson(verb.word()),
            None if spoken.letters == Letters::Mixed && spoken.text.as_octets().is_empty() => {
                self.text("talk-step-data")
            }
            None => self.text("talk-step-unknown"),
        };
        (Side::Client, said, meaning)
    }

    fn reply(&self, answered: &Answered) -> Told {
        let mut said = match answered.status {
            Status::Ok => "+OK".to_owned(),
            Status::Err => "-ERR".to_owned(),
            Status::Challenge => "+".to_owned(),
        };
        if let Some(code) = answered.code {
            said = format!("{said} [{}]", code.word());
        }
        let meaning = match (answered.error, answered.message) {
            (Some(error), _) => self.lesson(&format!("E-{error}")),
            (None, Some(message)) => {
                let variables = [("number", message.number.into()), ("octets", answered.octets.into())];
                self.format("talk-step-message", &variables)
            }
            (None, None) if answered.octets > 512 => {
                self.format("talk-step-octets", &[("octets", answered.octets.into())])
            }
            (None, None) => String::new(),
        };
        (Side::Server, said, meaning)
    }

    fn login(&mut self, login: &LoginAttempt) -> Told {
        let outcome = match login.outcome {
            LoginOutcome::Accepted => "talk-step-login-accepted",
            LoginOutcome::Refused => "talk-step-login-refused",
            LoginOutcome::Disabled => "talk-step-login-disabled",
            LoginOutcome::NotAuthorizedAs => "talk-step-login-as-another",
            LoginOutcome::InUse => "talk-step-login-in-use",
            LoginOutcome::Unavailable => "talk-step-login-unavailable",
        };
        if login.outcome == LoginOutcome::Accepted {
            self.state = Some(State::Transaction);
            return (Side::Note, self.text("talk-step-login"), self.text(outcome));
        }
        self.guesses += 1;
        self.seen.failed += 1;
        let said = self.format("talk-step-guess", &[("number", self.guesses.into())]);
        let mut meaning = self.text(outcome);
        let exists = if login.account.is_some() { "talk-step-account-known" } else { "talk-step-account-unknown" };
        let parts = [Some(self.text(exists)), login.password.map(|facts| self.password(facts))];
        let separator = self.text("talk-step-separator");
        for part in parts.into_iter().flatten() {
            meaning = format!("{meaning}{separator}{part}");
        }
        if let Some(facts) = login.password
            && !self.seen.passwords.contains(&facts.tag)
        {
            self.seen.passwords.push(facts.tag);
        }
        (Side::Note, said, meaning)
    }

    /// What may be known of a password, in words.
    fn password(&self, facts: PasswordFacts) -> String {
        let length = match facts.length {
            PasswordLength::Empty => "0",
            PasswordLength::To5 => "1–5",
            PasswordLength::To8 => "6–8",
            PasswordLength::To11 => "9–11",
            PasswordLength::To15 => "12–15",
            PasswordLength::Longer => "16+",
        };
        let mut parts = vec![self.format("talk-step-password", &[("length", length.into())])];
        let marks = [
            (facts.common, "talk-step-password-common"),
            (facts.default, "talk-step-password-default"),
            (facts.repeat, "talk-step-password-repeat"),
        ];
        parts.extend(marks.iter().filter(|(is, _)| *is).map(|(_, id)| self.text(id)));
        parts.join(&self.text("talk-step-separator"))
    }

    fn notice(&self, notice: Notice) -> String {
        match notice {
            Notice::ClearTextBehindStls { octets } => {
                self.format("talk-notice-behind-stls", &[("octets", counted(octets as u64))])
            }
            Notice::HelloBehindStls => self.text("talk-notice-hello-behind-stls"),
            Notice::ForeignProtocol(_) => self.text("talk-notice-foreign"),
            Notice::LineTooLong => self.text("talk-notice-line-too-long"),
            Notice::TooManyBadCommands => self.text("talk-notice-bad-commands"),
            Notice::TooManyFailedLogins => self.text("talk-notice-failed-logins"),
            Notice::IdleTimeout => self.text("talk-notice-idle"),
            Notice::LoginTimeout => self.text("talk-notice-login-timeout"),
        }
    }

    fn closed(&self, summary: &SessionSummary) -> Told {
        let word = summary.ending.word();
        (Side::Note, self.text("talk-step-closed"), self.text(&format!("talk-ending-{word}")))
    }

    /// What a normal client would have done otherwise.
    fn normal(&self, session: &Session) -> Vec<String> {
        let seen = &self.seen;
        let on_pop3s = session.row.local.is_some_and(|(_, port)| port == Port::Pop3s);
        let habits = [
            (seen.foreign, "talk-normal-foreign"),
            (seen.tls && !seen.server_name, "talk-normal-server-name"),
            (!seen.tls && !on_pop3s && seen.failed > 0, "talk-normal-tls"),
            (seen.passwords.len() > 2, "talk-normal-passwords"),
            (seen.line_feeds, "talk-normal-line-end"),
            (seen.unknown, "talk-normal-commands"),
            (seen.said && !seen.quit, "talk-normal-quit"),
            (!seen.said && !seen.foreign, "talk-normal-silent"),
        ];
        habits.iter().filter(|(is, _)| *is).map(|(_, id)| self.text(id)).collect()
    }
}

/// The state as RFC 1939 writes it.
pub(crate) fn state_word(state: Option<State>) -> &'static str {
    match state {
        None => "CONNECTION",
        Some(State::Authorization) => "AUTHORIZATION",
        Some(State::Transaction) => "TRANSACTION",
        Some(State::Update) => "UPDATE",
    }
}

/// `0.061`, `41.2`: seconds, as fine as they matter.
pub(crate) fn seconds(time: Duration) -> String {
    if time < Duration::from_secs(100) {
        format!("{:.3}", time.as_secs_f64())
    } else {
        format!("{:.1}", time.as_secs_f64())
    }
}
