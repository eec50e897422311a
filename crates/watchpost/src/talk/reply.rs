//! One command: what it is for, what comes back, and what that means.

use std::collections::HashSet;
use std::time::Duration;

use watchpost_observatory::Untrusted;
use watchpost_observatory::pcapng::Side;
use watchpost_proto::catalogue::explain::Kind as Of;
use watchpost_proto::planted::planted;
use watchpost_proto::pop3::State;
use watchpost_proto::pop3::client::Capabilities;
use zeroize::Zeroizing;

use super::conversation::{Conversation, Stop};
use super::meaning::trimmed;
use super::output::Kind;
use super::typed::Typed;
use super::wire::Lost;
use crate::clock::{Clock, SystemClock};

/// Octets of one reply that are read.
const REPLY_MAX: u64 = 64 * 1024 * 1024;
/// Lines of one reply that are read.
const LINES_MAX: u64 = 2_000_000;
/// How long a server is waited for to close behind QUIT.
const FAREWELL: Duration = Duration::from_secs(2);
/// How many times longer than an answer a whole reply may take.
const PATIENCE: u32 = 10;
/// Capabilities, languages and unique-ids that are remembered of one reply.
const REMEMBERED_MAX: usize = 100_000;
const CAPABILITIES_MAX: usize = 256;
/// Lines of a reply that are shown, unless it was asked for whole; and of one whose every line has its meaning.
const FOLD: u64 = 12;
const FOLD_LATE: u64 = 64;
/// Octets of a unique-id at the most (RFC 1939 §7).
const UNIQUE_ID_MAX: usize = 70;

/// What the lines of a reply add up to.
#[derive(Default)]
pub(super) struct Tally {
    lines: u64,
    /// Without the dots of dot-stuffing, line ends as they came.
    octets: u64,
    wire: u64,
    stuffed: u64,
    bare: u64,
    /// Sizes of a listing together.
    sum: u64,
    /// Lines of a listing that cannot be read.
    unread: u64,
    ids: HashSet<Vec<u8>>,
    doubles: u64,
    unfit: u64,
    kept: Vec<String>,
}

/// A command that was sent, for those who explain its reply.
struct Sent {
    verb: String,
    words: Vec<String>,
}

impl Sent {
    /// Whether `+OK` is followed by lines (RFC 1939 §3; RFC 2449 §5; RFC 5034 §4; RFC 6856 §3).
    fn has_lines(&self) -> bool {
        match self.verb.as_str() {
            "CAPA" | "RETR" | "TOP" => true,
            "LIST" | "UIDL" | "LANG" | "AUTH" => self.words.is_empty(),
            _ => false,
        }
    }

    fn number(&self) -> Option<u64> {
        self.words.first()?.parse().ok()
    }
}

impl Conversation<'_> {
    /// Says one line, and shows everything that comes back.
    pub(super) async fn say(&mut self, typed: &Typed) -> Result<(), Stop> {
        let in_exchange = self.known.moment.exchange;
        let shown = if planted("talk.password-shown") { typed.line.as_str() } else { typed.shown.as_str() };
        self.output.client(shown);
        self.output.echoed = false;
        let verb = if in_exchange { "AUTH".to_owned() } else { typed.verb() };
        if !in_exchange {
            let octets = typed.line.len();
            self.notes(|explainer, known| explainer.of_command(&verb, octets, known));
        }
        if let Some(aside) = self.aside.take() {
            self.output.note(Kind::Meaning, &aside, None);
        }
        let mut octets = Zeroizing::new(Vec::with_capacity(typed.line.len() + 2));
        octets.extend_from_slice(typed.line.as_bytes());
        octets.extend_from_slice(b"\r\n");
        let words = match verb.as_str() {
            "PASS" | "APOP" => Vec::new(),
            // An answer to a challenge belongs to an AUTH that named its mechanism.
            _ if in_exchange => vec![String::new()],
            _ => typed.arguments().into_iter().map(str::to_owned).collect(),
        };
        let meaning = self.explainer.summed_up(Of::Command, &verb);
        let meaning = meaning.map(|note| format!(" — {} ({})", note.text, note.source.unwrap_or_default()));
        let remark = format!("C: {}{}", Untrusted::new(typed.shown.as_str()), meaning.unwrap_or_default());
        self.exchange(&octets, &Sent { verb, words }, &remark).await
    }

    async fn exchange(&mut self, octets: &[u8], sent: &Sent, remark: &str) -> Result<(), Stop> {
        let started = SystemClock.now();
        self.wire.send(octets).await?;
        self.remark(Side::Client, remark);
        if let (Some(record), "RETR" | "TOP") = (&self.record, sent.verb.as_str()) {
            record.message_follows();
        }
        if sent.verb == "QUIT" && self.known.state == State::Transaction {
            self.known.state = State::Update;
            self.band();
        }
        let line = self.first_line().await?;
        self.known.beyond_ascii |= matches!(sent.verb.as_str(), "LANG" | "UTF8");
        self.hear(&line, SystemClock.now() - started);
        let text = trimmed(&line);
        if text.starts_with(b"+OK") {
            self.granted(text.get(4..).unwrap_or_default(), sent).await
        } else if text.starts_with(b"-ERR") {
            self.refused(text.get(5..).unwrap_or_default(), sent)
        } else if text.starts_with(b"+") {
            self.known.moment.exchange = sent.verb == "AUTH";
            let challenge = text.get(2..).unwrap_or_default();
            self.notes(|explainer, _| explainer.of_challenge(challenge));
            Ok(())
        } else {
            Ok(())
        }
    }

    fn refused(&mut self, text: &[u8], sent: &Sent) -> Result<(), Stop> {
        self.notes(|explainer, known| explainer.of_refusal(text, known));
        self.known.moment = super::typed::Moment::default();
        if sent.verb == "CAPA" {
            self.known.capabilities = Some(Capabilities::default());
        }
        if sent.verb == "QUIT" && self.known.state == State::Update {
            self.say_note(Kind::Oddity, "conversation-update-failed", &[]);
        }
        if sent.verb == "QUIT" { Err(Stop::Over) } else { Ok(()) }
    }

    async fn granted(&mut self, text: &[u8], sent: &Sent) -> Result<(), Stop> {
        self.known.moment = super::typed::Moment::default();
        self.known.moment.after_user = sent.verb == "USER";
        if sent.has_lines() {
            let limit = Duration::from_secs(self.arguments.timeout.into()) * PATIENCE;
            let content = tokio::time::timeout(limit, self.content(sent)).await;
            let tally = content.map_err(|_| Stop::Lost(Lost::Endless))??;
            self.add_up(&tally, text, sent);
            return Ok(());
        }
        match sent.verb.as_str() {
            "STLS" => {
                self.say_note(Kind::Meaning, "conversation-ok-stls", &[]);
                self.start_tls(Vec::new()).await?;
                self.band();
                self.say_note(Kind::Oddity, "conversation-ask-again", &[]);
            }
            "PASS" | "APOP" | "AUTH" => {
                self.say_note(Kind::Meaning, "conversation-ok-login", &[]);
                self.known.state = State::Transaction;
                // What a server can do may differ after login (RFC 2449 §5).
                self.band();
            }
            "QUIT" => return self.take_leave().await,
            _ => self.assent(text, sent),
        }
        Ok(())
    }

    /// What `+OK` to a command of one line says.
    fn assent(&mut self, text: &[u8], sent: &Sent) {
        let numbers = numbers(text);
        let number = sent.number().unwrap_or(0);
        match (sent.verb.as_str(), numbers) {
            ("USER", _) => self.say_note(Kind::Meaning, "conversation-ok-user", &[]),
            ("STAT", Some((count, octets))) => {
                self.known.stat = Some((count, octets));
                let variables = [("messages", count.into()), ("octets", octets.into())];
                self.say_note(Kind::Meaning, "conversation-ok-stat", &variables);
            }
            ("LIST", Some((number, octets))) => {
                self.known.remember(number, octets);
                let variables = [("number", number.into()), ("octets", octets.into())];
                self.say_note(Kind::Meaning, "conversation-ok-list-one", &variables);
            }
            ("STAT" | "LIST", None) => self.say_note(Kind::Oddity, "conversation-odd-numbers", &[]),
            ("UIDL", _) => {
                let mut tally = Tally::default();
                tally.unique_id(text);
                self.say_note(Kind::Meaning, "conversation-ok-uidl-one", &[("number", number.into())]);
                self.odd_ids(&tally);
            }
            ("DELE", _) => {
                self.known.marked.insert(number);
                self.say_note(Kind::Meaning, "conversation-ok-dele", &[("number", number.into())]);
            }
            ("RSET", _) => {
                self.known.marked.clear();
                self.say_note(Kind::Meaning, "conversation-ok-rset", &[]);
            }
            _ => self.notes(|explainer, _| explainer.taught(Of::Reply, "+OK")),
        }
    }

    /// After QUIT the server closes (RFC 1939 §4, §6).
    async fn take_leave(&mut self) -> Result<(), Stop> {
        let removed = self.known.marked.len();
        self.farewell = true;
        match self.known.state {
            State::Update if removed > 0 => {
                self.say_note(Kind::Meaning, "conversation-ok-quit-removed", &[("messages", removed.into())]);
            }
            _ => self.say_note(Kind::Meaning, "conversation-ok-quit", &[]),
        }
        match tokio::time::timeout(FAREWELL, self.wire.piece()).await {
            Ok(Err(Lost::Closed(rest))) if rest.is_empty() => {}
            Ok(Err(Lost::Broken(_))) => {}
            Ok(Err(Lost::Interrupted)) => return Err(Lost::Interrupted.into()),
            _ => self.say_note(Kind::Oddity, "conversation-odd-after-quit", &[]),
        }
        Err(Stop::Over)
    }

    /// The lines behind the first, to the lone dot.
    async fn content(&mut self, sent: &Sent) -> Result<Tally, Stop> {
        let mut tally = Tally::default();
        let mut begins = true;
        let fold = if matches!(sent.verb.as_str(), "CAPA" | "LANG" | "AUTH") { FOLD_LATE } else { FOLD };
        self.output.begin(fold);
        if sent.verb == "CAPA" {
            self.known.capabilities = Some(Capabilities::default());
        }
        if sent.verb == "LIST" {
            self.known.listed.clear();
        }
        loop {
            let piece = self.wire.piece().await?;
            let text = trimmed(&piece.octets);
            tally.wire += piece.octets.len() as u64;
            if tally.wire > REPLY_MAX || tally.lines > LINES_MAX {
                return Err(Lost::Endless.into());
            }
            if begins && piece.ends && text == b"." {
                return Ok(tally);
            }
            tally.count(&piece.octets, begins, piece.ends);
            if begins {
                let unstuffed = text.strip_prefix(b".").unwrap_or(text);
                let (shown, _) = self.secrets.without(text);
                let was_shown = self.output.content(&shown);
                self.take_in(unstuffed, sent, &mut tally, was_shown);
            }
            begins = piece.ends;
        }
    }

    /// What a line of a reply says.
    fn take_in(&mut self, line: &[u8], sent: &Sent, tally: &mut Tally, was_shown: bool) {
        let text = String::from_utf8_lossy(line);
        match sent.verb.as_str() {
            "CAPA" => {
                if tally.kept.len() < CAPABILITIES_MAX {
                    tally.kept.push(text.clone().into_owned());
                }
                if was_shown {
                    self.notes(|explainer, known| explainer.of_capability(&text, known));
                }
            }
            "LIST" => match numbers(line) {
                Some((number, octets)) => {
                    tally.sum = tally.sum.saturating_add(octets);
                    self.known.remember(number, octets);
                }
                None => tally.unread += 1,
            },
            "UIDL" => tally.unique_id(line),
            "LANG" => {
                if let Some(tag) = text.split(' ').next().filter(|_| self.known.languages.len() < CAPABILITIES_MAX) {
                    self.known.languages.push(tag.to_owned());
                }
            }
            _ => {}
        }
    }

    /// What the lines say together, and what does not add up.
    fn add_up(&mut self, tally: &Tally, text: &[u8], sent: &Sent) {
        if let Some((lines, octets)) = self.output.folded() {
            self.say_note(Kind::Meaning, "conversation-folded", &[("lines", lines.into()), ("octets", octets.into())]);
        }
        match sent.verb.as_str() {
            "CAPA" => self.known.capabilities = Some(tally.kept.iter().cloned().collect()),
            "LIST" => self.listed(tally),
            "UIDL" => {
                self.say_note(Kind::Meaning, "conversation-ok-uidl", &[("messages", tally.lines.into())]);
                self.odd_ids(tally);
                self.odd_count(tally.lines);
            }
            "RETR" => self.retrieved(tally, text, sent),
            _ => self.say_note(Kind::Meaning, "conversation-ok-lines", &[("lines", tally.lines.into())]),
        }
        if tally.stuffed > 0 {
            self.say_note(Kind::Meaning, "conversation-stuffed", &[("lines", tally.stuffed.into())]);
        }
        if tally.bare > 0 {
            self.say_note(Kind::Oddity, "conversation-odd-bare", &[("lines", tally.bare.into())]);
        }
    }

    fn listed(&mut self, tally: &Tally) {
        let variables = [("messages", tally.lines.into()), ("octets", tally.sum.into())];
        self.say_note(Kind::Meaning, "conversation-ok-list", &variables);
        if tally.unread > 0 {
            self.say_note(Kind::Oddity, "conversation-odd-listing", &[("lines", tally.unread.into())]);
        }
        self.odd_count(tally.lines);
        if let Some((_, octets)) = self.known.stat.filter(|(_, octets)| *octets != tally.sum)
            && self.known.marked.is_empty()
        {
            let variables = [("stat", octets.into()), ("list", tally.sum.into())];
            self.say_note(Kind::Oddity, "conversation-odd-sum", &variables);
        }
    }

    /// STAT and listings count the same messages (RFC 1939 §5), unless some were marked in between.
    fn odd_count(&self, count: u64) {
        if let Some((stat, _)) = self.known.stat.filter(|(stat, _)| *stat != count)
            && self.known.marked.is_empty()
        {
            self.say_note(Kind::Oddity, "conversation-odd-count", &[("stat", stat.into()), ("list", count.into())]);
        }
    }

    fn odd_ids(&self, tally: &Tally) {
        if tally.doubles > 0 {
            self.say_note(Kind::Oddity, "conversation-odd-double-id", &[("messages", tally.doubles.into())]);
        }
        if tally.unfit > 0 {
            self.say_note(Kind::Oddity, "conversation-odd-id", &[("messages", tally.unfit.into())]);
        }
    }

    fn retrieved(&mut self, tally: &Tally, text: &[u8], sent: &Sent) {
        let variables = [("lines", tally.lines.into()), ("octets", tally.octets.into())];
        self.say_note(Kind::Meaning, "conversation-ok-retr", &variables);
        let said =
            text.split(|octet| *octet == b' ').next().and_then(|word| std::str::from_utf8(word).ok()?.parse().ok());
        let listed = sent.number().and_then(|number| self.known.listed.get(&number).copied());
        let differs = |announced: &u64| *announced != tally.octets;
        if let Some(announced) = [listed, said].into_iter().flatten().find(differs) {
            let variables = [("announced", announced.into()), ("octets", tally.octets.into())];
            self.say_note(Kind::Oddity, "conversation-odd-size", &variables);
        }
    }
}

impl Tally {
    fn count(&mut self, octets: &[u8], begins: bool, ends: bool) {
        let stuffed = begins && octets.starts_with(b".");
        self.lines += u64::from(begins);
        self.stuffed += u64::from(stuffed);
        self.octets += octets.len() as u64 - u64::from(stuffed);
        self.bare += u64::from(ends && !octets.ends_with(b"\r\n"));
    }

    /// A line of UIDL, or what stands behind `+OK` (RFC 1939 §7).
    fn unique_id(&mut self, line: &[u8]) {
        let id = line.split(|octet| *octet == b' ').nth(1).unwrap_or_default();
        if id.is_empty() || id.len() > UNIQUE_ID_MAX || !id.iter().all(u8::is_ascii_graphic) {
            self.unfit += 1;
        }
        if self.ids.len() < REMEMBERED_MAX && !self.ids.insert(id.get(..UNIQUE_ID_MAX).unwrap_or(id).to_vec()) {
            self.doubles += 1;
        }
    }
}

/// Two numbers, one space between them, and nothing else that would not have a space before it (RFC 1939 §5).
fn numbers(text: &[u8]) -> Option<(u64, u64)> {
    let text = std::str::from_utf8(text).ok()?;
    let mut words = text.split(' ');
    let mut number = || {
        let word = words.next().filter(|word| word.bytes().all(|octet| octet.is_ascii_digit()))?;
        word.parse().ok()
    };
    Some((number()?, number()?))
}
