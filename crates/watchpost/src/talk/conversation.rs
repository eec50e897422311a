//! The session itself: connects, says what is typed, and shows what comes back, each line with its meaning.

use std::time::{Duration, SystemTime};

use serde_json::json;
use watchpost_observatory::Untrusted;
use watchpost_observatory::pcapng::Side;
use watchpost_proto::Timestamp;
use watchpost_proto::planted::planted;
use watchpost_proto::pop3::State;

use super::chain::Summary;
use super::input::{Heard, Input};
use super::known::Known;
use super::meaning::{Explainer, Note, trimmed};
use super::output::{Kind, Output};
use super::record::Record;
use super::script::PASSWORD;
use super::secrets::Secrets;
use super::typed::{MASK, Typed};
use super::wire::{Lost, Wire};
use crate::cli::{ExitCode, TalkArgs};
use crate::clock::{Clock, SystemClock};
use crate::connect::{ConnectError, Connector, Link, Security, Trust};
use crate::console::{Failure, Talk};
use crate::i18n::Value;
use crate::paragraph::COLUMNS_MIN;

/// Lines that nobody asked for which are shown.
const UNASKED_MAX: usize = 8;

/// Why the session is over.
pub(super) enum Stop {
    /// As it should be.
    Over,
    /// The connection is gone.
    Lost(Lost),
    /// Something else; the text is for people.
    Failed(Failure),
}

impl From<Lost> for Stop {
    fn from(lost: Lost) -> Self {
        Self::Lost(lost)
    }
}

/// One session and everything it needs.
pub(super) struct Conversation<'a> {
    pub(super) talk: &'a Talk,
    pub(super) arguments: &'a TalkArgs,
    pub(super) connector: Connector,
    pub(super) trust: Trust,
    pub(super) wire: Wire,
    pub(super) known: Known,
    pub(super) output: Output,
    pub(super) explainer: Explainer<'a>,
    pub(super) secrets: Secrets,
    pub(super) input: Input,
    /// Somebody has said that secrets may go out in clear text.
    pub(super) clear_allowed: bool,
    /// What was expected and did not come.
    pub(super) unmet: u32,
    /// The first line of the last reply.
    pub(super) last: Vec<u8>,
    /// What TLS has agreed on.
    pub(super) summary: Option<Summary>,
    /// What the next line says beside what can be seen of it.
    pub(super) aside: Option<String>,
    pub(super) record: Option<Record>,
    /// QUIT was answered.
    pub(super) farewell: bool,
}

/// What a conversation begins with.
pub(super) struct Beginning<'a> {
    pub(super) talk: &'a Talk,
    pub(super) arguments: &'a TalkArgs,
    pub(super) connector: Connector,
    pub(super) trust: Trust,
    pub(super) output: Output,
    pub(super) secrets: Secrets,
    pub(super) input: Input,
    pub(super) record: Option<Record>,
}

impl<'a> Conversation<'a> {
    /// Connects, and goes on until somebody ends it.
    pub(super) async fn hold(beginning: Beginning<'a>) -> Result<(), Failure> {
        let Beginning { talk, arguments, connector, trust, output, secrets, input, mut record } = beginning;
        let interrupt = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())
            .map_err(|error| Failure::new(ExitCode::OsError, error.to_string()))?;
        let link = connector.dial().await.map_err(|error| unavailable(talk, &error))?;
        if let Some(record) = &mut record {
            let is_tls = connector.target().security == Security::Tls;
            record.between(&link, if is_tls { super::POP3S } else { super::POP3 });
        }
        let wire = Wire::new(link, Duration::from_secs(arguments.timeout.into()), interrupt);
        let explainer = Explainer::new(&talk.texts);
        let mut conversation = Self {
            talk,
            arguments,
            connector,
            trust,
            wire,
            known: Known::default(),
            output,
            explainer,
            secrets,
            input,
            clear_allowed: arguments.allow_clear,
            unmet: 0,
            last: Vec::new(),
            summary: None,
            aside: None,
            record,
            farewell: false,
        };
        let stop = match conversation.begin().await {
            Ok(()) => conversation.go_on().await,
            Err(stop) => stop,
        };
        conversation.conclude(stop)
    }

    async fn begin(&mut self) -> Result<(), Stop> {
        self.connected();
        if self.connector.target().security == Security::Tls {
            self.start_tls(Vec::new()).await?;
        }
        self.band();
        self.greeting().await?;
        if self.arguments.stls {
            self.say(&Typed::new("STLS", self.known.moment)).await?;
            if !self.known.tls {
                return Err(self.failed(ExitCode::Unavailable, "error-talk-no-stls"));
            }
        } else {
            self.propose();
        }
        Ok(())
    }

    fn connected(&self) {
        let target = self.connector.target();
        let peer = self.wire.link().and_then(Link::peer).map(|peer| peer.to_string()).unwrap_or_default();
        if self.output.json {
            self.output.event("connected", json!({ "host": target.host, "port": target.port, "address": peer }));
        } else {
            let variables = [("host", target.host.as_str().into()), ("address", peer.into())];
            self.note(&self.explainer.meaning("conversation-connected", &variables, None));
        }
    }

    /// What was typed, one line after the other.
    async fn go_on(&mut self) -> Stop {
        loop {
            let heard = self.input.next(&self.known, &self.talk.texts);
            self.output.columns = self.input.columns().unwrap_or(self.output.columns).max(COLUMNS_MIN);
            let step = match heard {
                Ok(Heard::Line(line)) => self.line(&line).await,
                Ok(Heard::Expect(expected, number)) => {
                    self.expect(&expected, number);
                    Ok(())
                }
                Ok(Heard::Comment(text)) => {
                    self.output.comment(&text);
                    Ok(())
                }
                Ok(Heard::Interrupted) => {
                    self.say_note(Kind::Meaning, "conversation-interrupted", &[]);
                    Ok(())
                }
                Ok(Heard::End) => self.leave(),
                Err(error) => Err(Stop::Failed(Failure::new(ExitCode::IoError, error.to_string()))),
            };
            if let Err(stop) = step {
                return stop;
            }
        }
    }

    /// Without QUIT nothing is removed (RFC 1939 §6).
    fn leave(&mut self) -> Result<(), Stop> {
        let marked = self.known.marked.len();
        if self.known.state == State::Transaction && marked > 0 {
            self.say_note(Kind::Oddity, "conversation-left-marked", &[("messages", marked.into())]);
        } else {
            self.say_note(Kind::Meaning, "conversation-left", &[]);
        }
        self.wire.close();
        Err(Stop::Over)
    }

    async fn line(&mut self, line: &str) -> Result<(), Stop> {
        if line.trim().is_empty() && !self.known.moment.exchange {
            return Ok(());
        }
        let mut typed = Typed::new(line, self.known.moment);
        let mut echoed = self.input.is_terminal();
        if !self.known.moment.exchange {
            if self.ours(&typed).await? {
                return Ok(());
            }
            if let Some(rest) = raw(line) {
                typed = Typed::new(rest, self.known.moment);
                echoed = false;
            } else if typed.verb() == "PASS" && typed.arguments().is_empty() {
                typed = Typed::new(&format!("PASS {PASSWORD}"), self.known.moment);
                echoed = false;
            }
        }
        if typed.is_secret && !self.may_be_said()? {
            return Ok(());
        }
        let Some(typed) = self.filled_in(typed)? else { return Ok(()) };
        self.unasked().await?;
        self.output.echoed = echoed;
        self.say(&typed).await?;
        self.propose();
        Ok(())
    }

    /// Puts the password in where the line has its place. `None`: there is none after all.
    fn filled_in(&mut self, typed: Typed) -> Result<Option<Typed>, Stop> {
        if !typed.line.contains(PASSWORD) {
            if typed.is_secret
                && let Some(secret) = typed.line.split_once(' ').map(|(_, secret)| secret.to_owned())
            {
                self.secrets.remember(secret.as_bytes());
            }
            return Ok(Some(typed));
        }
        if !typed.is_secret && !self.may_be_said()? {
            return Ok(None);
        }
        let password = match self.secrets.password(self.talk) {
            Ok(password) => password,
            Err(failure) if self.input.is_terminal() => {
                self.output.note(Kind::Oddity, &failure.text, None);
                return Ok(None);
            }
            Err(failure) => return Err(Stop::Failed(failure)),
        };
        let Ok(password) = std::str::from_utf8(password.expose()) else {
            return Err(self.failed(ExitCode::DataError, "error-talk-password"));
        };
        let line = zeroize::Zeroizing::new(typed.line.replace(PASSWORD, password));
        let shown = typed.shown.replace(PASSWORD, MASK);
        Ok(Some(Typed { line, shown, is_secret: true }))
    }

    /// Whether a secret may go out now: inside TLS, or if somebody says so (RFC 8314 §3).
    pub(super) fn may_be_said(&mut self) -> Result<bool, Stop> {
        if self.known.tls || self.clear_allowed || planted("talk.secret-in-clear-unasked") {
            return Ok(true);
        }
        let is_loopback = self.wire.link().is_some_and(Link::is_loopback);
        let why = if is_loopback { "conversation-clear-loopback" } else { "conversation-clear-network" };
        if !self.input.is_terminal() {
            return Err(self.failed(ExitCode::NoPermission, "error-talk-clear"));
        }
        self.say_note(Kind::Oddity, why, &[]);
        self.clear_allowed = self.input.confirms(&self.talk.texts.text("conversation-confirm"));
        if !self.clear_allowed {
            self.say_note(Kind::Meaning, "conversation-not-sent", &[]);
        }
        Ok(self.clear_allowed)
    }

    /// Shows what came while nobody asked.
    async fn unasked(&mut self) -> Result<(), Stop> {
        let came = self.wire.uncalled_for().await?;
        for line in came.split_inclusive(|octet| *octet == b'\n').take(UNASKED_MAX) {
            self.hear(line, Duration::ZERO);
            self.say_note(Kind::Oddity, "conversation-odd-unasked", &[]);
        }
        Ok(())
    }

    /// Does what `talk` itself is asked for. Returns whether it was.
    async fn ours(&mut self, typed: &Typed) -> Result<bool, Stop> {
        let words = typed.arguments();
        match typed.verb().as_str() {
            "HELP" => self.output.page(&self.talk.texts.text("conversation-help")),
            "FULL" => {
                self.output.full = !self.output.full;
                let id = if self.output.full { "conversation-full-on" } else { "conversation-full-off" };
                self.say_note(Kind::Meaning, id, &[]);
            }
            "TLS" => self.tell_of_tls(),
            "EXPLAIN" => {
                let page = crate::explain::page(self.talk, self.output.columns, self.output.colour, &words.join(" "));
                match page {
                    Ok(page) => self.output.page(&page),
                    Err(failure) => self.output.note(Kind::Oddity, &failure.text, None),
                }
            }
            "LOGIN" => {
                let name = words.first().map(|name| (*name).to_owned());
                let method = words.get(1).map(|method| (*method).to_owned());
                self.log_in(name, method).await?;
                self.propose();
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn expect(&mut self, expected: &str, number: u64) {
        let met = self.last.starts_with(expected.as_bytes());
        if self.output.json {
            self.output.event("expectation", json!({ "line": number, "expected": expected, "met": met }));
        }
        if !met {
            self.unmet += 1;
            let came = Untrusted::new(trimmed(&self.last)).to_string();
            let variables = [("line", number.into()), ("expected", expected.into()), ("came", came.into())];
            self.talk.say(&self.talk.texts.format("error-talk-unmet", &variables));
        }
    }

    /// Begins TLS on the connection. `behind`: what has come in clear text behind the reply to STLS.
    pub(super) async fn start_tls(&mut self, behind: Vec<u8>) -> Result<(), Stop> {
        let Some((link, read)) = self.wire.take() else { return Err(Lost::Closed(Vec::new()).into()) };
        let came = behind.len() + read.len();
        if came > 0 && !planted("talk.reads-on-behind-stls") {
            // Somebody on the path may have put it there, to be taken for what the server says under TLS.
            self.say_note(Kind::Oddity, "conversation-injected", &[("octets", came.into())]);
            return Err(self.failed(ExitCode::DataError, "error-talk-injected"));
        }
        let link =
            self.connector.handshake(link).await.map_err(|error| Stop::Failed(unavailable(self.talk, &error)))?;
        let now: SystemTime = SystemClock.wall();
        self.summary = Summary::of(&link, &self.connector, &self.trust, now);
        self.wire.put_back(link);
        self.known.tls = true;
        self.known.forget();
        self.tell_of_tls();
        let troubled = self.summary.as_ref().is_some_and(|summary| !summary.troubles.is_empty());
        if !troubled || planted("talk.certificate-unasked") {
            return Ok(());
        }
        if self.arguments.insecure {
            self.say_note(Kind::Oddity, "conversation-insecure", &[]);
            return Ok(());
        }
        if self.input.is_terminal() && self.input.confirms(&self.talk.texts.text("conversation-confirm-certificate")) {
            return Ok(());
        }
        Err(self.failed(ExitCode::Unavailable, "error-talk-certificate"))
    }

    pub(super) fn failed(&self, code: ExitCode, id: &str) -> Stop {
        Stop::Failed(Failure::new(code, self.talk.texts.text(id)))
    }

    /// The state, in a line of its own, and what it is.
    pub(super) fn band(&mut self) {
        let id = if self.known.tls { "conversation-protected" } else { "conversation-unprotected" };
        self.output.band(self.known.state, self.known.tls, &self.talk.texts.text(id));
        for note in self.explainer.of_state(self.known.state) {
            self.note(&note);
        }
    }

    async fn greeting(&mut self) -> Result<(), Stop> {
        let started = SystemClock.now();
        let line = self.first_line().await?;
        let text = trimmed(&line);
        if let Some(rest) = text.strip_prefix(b"+OK") {
            self.known.timestamp = Timestamp::in_greeting(rest);
        }
        self.hear(&line, SystemClock.now() - started);
        if text.starts_with(b"-ERR") {
            let refusal = text.get(5..).unwrap_or_default();
            self.notes(|explainer, known| explainer.of_refusal(refusal, known));
            return Err(self.failed(ExitCode::Unavailable, "error-talk-turned-away"));
        }
        self.notes(Explainer::of_greeting);
        Ok(())
    }

    /// The next line, which must have an end.
    pub(super) async fn first_line(&mut self) -> Result<Vec<u8>, Stop> {
        let piece = self.wire.piece().await?;
        if piece.ends { Ok(piece.octets) } else { Err(Lost::Endless.into()) }
    }

    /// Shows the first line of a reply, and what is odd about its form. Secrets that it repeats are not shown.
    pub(super) fn hear(&mut self, line: &[u8], took: Duration) {
        let (shown, repeated) = self.secrets.without(trimmed(line));
        self.output.server(&shown, took);
        self.remark(Side::Server, &format!("S: {}", Untrusted::new(shown.as_slice())));
        self.last = shown;
        if repeated {
            self.say_note(Kind::Oddity, "conversation-odd-repeated", &[]);
        }
        self.notes(|explainer, known| explainer.of_form(line, known));
    }

    /// Tells readers of the recording something.
    pub(super) fn remark(&self, from: Side, text: &str) {
        if let Some(record) = &self.record {
            record.remark(from, text);
        }
    }

    pub(super) fn note(&self, note: &Note) {
        self.output.note(note.kind, &note.text, note.source);
    }

    pub(super) fn notes(&mut self, make: impl FnOnce(&mut Explainer<'a>, &Known) -> Vec<Note>) {
        for note in make(&mut self.explainer, &self.known) {
            self.note(&note);
        }
    }

    pub(super) fn say_note(&self, kind: Kind, id: &str, variables: &[(&str, Value<'_>)]) {
        self.output.note(kind, &self.talk.texts.format(id, variables), None);
    }

    fn propose(&self) {
        let next = self.known.next();
        if !next.is_empty() {
            self.output.note(Kind::Next, &next.join(" · "), None);
        }
    }

    fn conclude(mut self, stop: Stop) -> Result<(), Failure> {
        self.wire.close();
        let ended_by = match &stop {
            Stop::Lost(Lost::Closed(_)) => Side::Server,
            // Behind QUIT it is the server that closes (RFC 1939 §4, §6).
            Stop::Over if self.farewell => Side::Server,
            _ => Side::Client,
        };
        if let Some(record) = self.record.take() {
            let path = record.path().to_owned();
            let written = record.write(ended_by).map_err(|error| super::unrecorded(&path, &error, self.talk))?;
            let variables = [("packets", written.packets.into()), ("path", path.display().to_string().into())];
            self.say_note(Kind::Meaning, "conversation-recorded", &variables);
        }
        let (code, text) = match stop {
            Stop::Over => (ExitCode::Ok, String::new()),
            Stop::Lost(lost) => (ExitCode::IoError, self.loss(&lost)),
            Stop::Failed(failure) => (failure.code, failure.text),
        };
        if self.output.json {
            self.output.event("closed", json!({ "unmet": self.unmet }));
        }
        match code {
            ExitCode::Ok if self.unmet > 0 => Err(Failure::new(ExitCode::DataError, "")),
            ExitCode::Ok => Ok(()),
            code => Err(Failure::new(code, text)),
        }
    }

    /// What happened to the connection, in words.
    fn loss(&mut self, lost: &Lost) -> String {
        let texts = &self.talk.texts;
        if let Lost::Closed(rest) | Lost::Silent(rest) = lost
            && !rest.is_empty()
        {
            let (shown, _) = self.secrets.without(rest.get(..512).unwrap_or(rest));
            self.output.server(&shown, Duration::ZERO);
            self.output.note(Kind::Oddity, &texts.text("conversation-odd-unfinished"), None);
        }
        match lost {
            Lost::Closed(_) => texts.text("error-talk-closed"),
            Lost::Silent(_) => texts.format("error-talk-silent", &[("seconds", self.arguments.timeout.into())]),
            Lost::Endless => texts.text("error-talk-endless"),
            Lost::Broken(cause) => texts.format("error-talk-broken", &[("cause", cause.as_str().into())]),
            Lost::Interrupted => texts.text("error-talk-interrupted"),
        }
    }
}

/// What stands behind `raw`.
fn raw(line: &str) -> Option<&str> {
    let start = line.trim_start();
    let (word, rest) = start.split_once(' ').unwrap_or((start, ""));
    word.eq_ignore_ascii_case("raw").then_some(rest)
}

fn unavailable(talk: &Talk, error: &ConnectError) -> Failure {
    let text = talk.texts.format("error-conform-connect", &[("cause", error.to_string().into())]);
    Failure::new(ExitCode::Unavailable, text)
}
