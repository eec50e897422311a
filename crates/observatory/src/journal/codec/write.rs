//! Events to octets.

use std::net::{IpAddr, SocketAddr};

use data_encoding::HEXLOWER;
use watchpost_proto::planted::planted;

use super::words::{
    self, ACCOUNT_CHANGES, CODES, ENDINGS, ENDS, FOREIGNS, LENGTHS, LETTERS, OUTCOMES, PASSWORD_ACCOUNTS, PORTS,
    STATES, STATUSES, code,
};
use super::{Encoder, JA3_OCTETS, Micros, Number, kind};
use crate::event::{
    Answered, EventKind, Hello, Letters, LoginAttempt, LoginMechanism, PasswordFacts, Sequence, SessionSummary, Spoken,
    SpokenEnd, TlsFacts,
};
use crate::journal::octets::{put_number, put_octets, put_signed};
use crate::untrusted::Untrusted;

impl Encoder {
    /// Appends an event. Sequences ascend.
    pub fn push(&mut self, sequence: Sequence, at: Micros, event: &EventKind, number: &mut Number<'_>) {
        if planted("journal.codec-drops-an-event") && matches!(event, EventKind::Notice(_)) {
            return;
        }
        put_number(&mut self.octets, sequence.0.saturating_sub(self.sequence.0));
        put_signed(&mut self.octets, at.0.wrapping_sub(self.at.0));
        (self.sequence, self.at) = (sequence, at);
        match event {
            EventKind::Started => self.octets.push(kind::STARTED),
            EventKind::Lost { count } => {
                self.octets.push(kind::LOST);
                put_number(&mut self.octets, *count);
            }
            EventKind::AccountChanged { account, change } => {
                self.octets.extend([kind::ACCOUNT_CHANGED, code(&ACCOUNT_CHANGES, change)]);
                put_octets(&mut self.octets, account.as_bytes());
            }
            EventKind::Opened { peer, local, port } => {
                self.octets.push(kind::OPENED);
                self.octets.push(code(&PORTS, port));
                self.endpoint(*peer);
                self.endpoint(*local);
            }
            EventKind::Hello(hello) => self.hello(hello, number),
            EventKind::Tls(facts) => {
                self.octets.push(kind::TLS);
                self.tls(facts, number);
            }
            EventKind::TlsFailed(failure) => {
                self.octets.push(kind::TLS_FAILED);
                words::put_failure(&mut self.octets, *failure);
            }
            EventKind::Command(spoken) => self.command(spoken),
            EventKind::Reply(answered) => self.reply(answered),
            EventKind::Login(login) => self.login(login, number),
            EventKind::PreviousPassword { account } => {
                self.octets.push(kind::PREVIOUS_PASSWORD);
                put_octets(&mut self.octets, account.as_bytes());
            }
            EventKind::Foreign { language, octets } => {
                self.octets.push(kind::FOREIGN);
                self.octets.push(code(&FOREIGNS, language));
                put_octets(&mut self.octets, octets.as_octets());
            }
            EventKind::Notice(notice) => {
                self.octets.push(kind::NOTICE);
                words::put_notice(&mut self.octets, *notice);
            }
            EventKind::Closed(summary) => self.closed(summary, number),
        }
        self.told.hear(event);
    }

    fn endpoint(&mut self, endpoint: SocketAddr) {
        let (version, zone) = match endpoint {
            SocketAddr::V4(_) => (4, (0, 0)),
            SocketAddr::V6(six) if (six.flowinfo(), six.scope_id()) == (0, 0) => (6, (0, 0)),
            SocketAddr::V6(six) => (7, (six.flowinfo(), six.scope_id())),
        };
        self.octets.push(version);
        match endpoint.ip() {
            IpAddr::V4(address) => self.octets.extend(address.octets()),
            IpAddr::V6(address) => self.octets.extend(address.octets()),
        }
        self.octets.extend(endpoint.port().to_be_bytes());
        if version == 7 {
            put_number(&mut self.octets, u64::from(zone.0));
            put_number(&mut self.octets, u64::from(zone.1));
        }
    }

    /// A text that will come again: its number, or zero and the text.
    fn word(&mut self, text: &str, number: &mut Number<'_>) {
        if let Some(number) = number(text) {
            put_number(&mut self.octets, number);
        } else {
            self.octets.push(0);
            put_octets(&mut self.octets, text.as_bytes());
        }
    }

    /// What a peer chose is a word where it is plain text, and written out otherwise.
    fn chosen(&mut self, chosen: Option<&Untrusted>, number: &mut Number<'_>) {
        let Some(chosen) = chosen else { return };
        let octets = chosen.as_octets();
        let plain = octets.iter().all(u8::is_ascii_graphic).then(|| str::from_utf8(octets).ok()).flatten();
        if let Some(number) = plain.and_then(number) {
            put_number(&mut self.octets, number);
        } else {
            self.octets.push(0);
            put_octets(&mut self.octets, octets);
        }
    }

    fn hello(&mut self, hello: &Hello, number: &mut Number<'_>) {
        let ja3 = digest(&hello.ja3);
        let has = [hello.server_name.is_some(), hello.alpn.is_some(), ja3.is_some()];
        self.octets.extend([kind::HELLO, flags(&has)]);
        put_number(&mut self.octets, u64::from(hello.version));
        self.chosen(hello.server_name.as_ref(), number);
        self.chosen(hello.alpn.as_ref(), number);
        // Clients that shuffle their extensions have another one each time: it would fill the dictionary.
        match ja3 {
            Some(octets) => self.octets.extend(octets),
            None => self.word(&hello.ja3, number),
        }
        self.word(&hello.ja4, number);
    }

    fn tls(&mut self, facts: &TlsFacts, number: &mut Number<'_>) {
        self.octets.push(flags(&[facts.server_name.is_some(), facts.alpn.is_some(), facts.resumed]));
        self.word(&facts.version, number);
        self.word(&facts.suite, number);
        self.chosen(facts.server_name.as_ref(), number);
        self.chosen(facts.alpn.as_ref(), number);
    }

    /// `CAPA` in capitals that ends as it should takes three octets.
    fn command(&mut self, spoken: &Spoken) {
        let Spoken { state, verb, text, hidden, octets, line_end, letters, pipelined, oddities } = spoken;
        let text = text.as_octets();
        let word = verb.map_or(&b""[..], |verb| verb.word().as_bytes());
        let begins = !word.is_empty() && *letters == Letters::Upper && text.starts_with(word);
        let rest = if begins { &text[word.len()..] } else { text };
        let usual = natural_octets(text.len(), *hidden, *line_end) == Some(*octets);
        self.octets.push(kind::COMMAND);
        self.octets.push(words::verb_code(*verb) | code(&STATES, state) << 5 | u8::from(*pipelined) << 7);
        let has = [begins, !rest.is_empty(), *hidden > 0, usual];
        let oddities_follow = u8::from(oddities.0 != 0) << 4;
        // Three kinds of letters and three of ends are nine numbers: they share what is left of the octet.
        let style = code(&ENDS, line_end) * 3 + code(&LETTERS, letters);
        self.octets.push(flags(&has) | oddities_follow);
        self.octets.push(style);
        if !rest.is_empty() {
            put_octets(&mut self.octets, rest);
        }
        if *hidden > 0 {
            put_number(&mut self.octets, u64::from(*hidden));
        }
        if !usual {
            put_number(&mut self.octets, u64::from(*octets));
        }
        if oddities.0 != 0 {
            put_number(&mut self.octets, u64::from(oddities.0));
        }
    }

    fn reply(&mut self, answered: &Answered) {
        let Answered { status, error, code: response, octets, message } = answered;
        let has =
            [error.is_some(), response.is_some(), message.is_some(), message.is_some_and(|facts| facts.sensitive)];
        self.octets.extend([kind::REPLY, code(&STATUSES, status) << 4 | flags(&has)]);
        if let Some(error) = error {
            put_number(&mut self.octets, u64::from(*error));
        }
        if let Some(response) = response {
            self.octets.push(code(&CODES, response));
        }
        put_number(&mut self.octets, *octets);
        if let Some(facts) = message {
            put_number(&mut self.octets, u64::from(facts.number));
            put_number(&mut self.octets, u64::from(facts.age_seconds));
        }
    }

    fn login(&mut self, login: &LoginAttempt, number: &mut Number<'_>) {
        let LoginAttempt { name, account, mechanism, outcome, password } = login;
        let name = name.as_octets();
        // `alice` in `alice@example.org`: the rest is enough.
        let begins = account.as_ref().is_some_and(|account| account.as_bytes().starts_with(name));
        let has = [account.is_some(), begins, password.is_some()];
        self.octets.extend([kind::LOGIN, code(&OUTCOMES, outcome) << 4 | flags(&has)]);
        match mechanism {
            LoginMechanism::User => self.octets.push(0),
            LoginMechanism::Apop => self.octets.push(1),
            LoginMechanism::Sasl(mechanism) => {
                self.octets.push(2);
                self.word(mechanism.name(), number);
            }
        }
        put_octets(&mut self.octets, name);
        if let Some(account) = account {
            let skipped = if begins { name.len() } else { 0 };
            put_octets(&mut self.octets, &account.as_bytes()[skipped..]);
        }
        if let Some(facts) = password {
            self.password(facts);
        }
    }

    fn password(&mut self, facts: &PasswordFacts) {
        self.octets.extend(facts.tag.to_be_bytes());
        self.octets.push(code(&LENGTHS, &facts.length) << 5 | facts.classes & 0x1f);
        let many = code(&PASSWORD_ACCOUNTS, &facts.password_accounts) << 4;
        self.octets.push(many | flags(&[facts.repeat, facts.common, facts.default]));
        self.octets.extend([facts.source_passwords, facts.source_accounts]);
    }

    fn closed(&mut self, summary: &SessionSummary, number: &mut Number<'_>) {
        let ends = self.told.opened.is_some_and(|(peer, local, _)| (peer, local) == (summary.peer, summary.local));
        let tls = self.told.tls.as_deref() == summary.tls.as_ref();
        let user = self.told.account.as_deref() == summary.user.as_ref().map(String::as_bytes);
        let has = [ends, tls, user, summary.tls.is_some(), summary.user.is_some(), summary.state.is_some()];
        let more = [summary.first_octet.is_some(), summary.notice.is_some()];
        self.octets.extend([kind::CLOSED, flags(&has) | flags(&more) << 6, code(&ENDINGS, &summary.ending)]);
        if !ends {
            self.endpoint(summary.peer);
            self.endpoint(summary.local);
        }
        if let Some(facts) = summary.tls.as_ref().filter(|_| !tls) {
            self.tls(facts, number);
        }
        if let Some(user) = summary.user.as_ref().filter(|_| !user) {
            put_octets(&mut self.octets, user.as_bytes());
        }
        if let Some(state) = summary.state {
            self.octets.push(code(&STATES, &state));
        }
        let tally = &summary.tally;
        let counts = [
            tally.commands,
            tally.errors,
            u64::from(tally.failed_logins),
            tally.retrieved,
            tally.retrieved_octets,
            tally.topped,
            tally.removed as u64,
            u64::from(summary.messages),
            u64::from(summary.removed_unread),
            summary.commands_dropped,
            summary.octets_in,
            summary.octets_out,
        ];
        for count in counts {
            put_number(&mut self.octets, count);
        }
        let times = [Some(summary.duration), summary.first_octet];
        for time in times.into_iter().flatten() {
            put_number(&mut self.octets, time.as_secs());
            put_number(&mut self.octets, u64::from(time.subsec_nanos()));
        }
        if let Some(notice) = summary.notice {
            words::put_notice(&mut self.octets, notice);
        }
    }
}

/// The octets that these digits stand for, if they are the digits of an MD5 sum.
fn digest(digits: &str) -> Option<[u8; JA3_OCTETS]> {
    let mut octets = [0; JA3_OCTETS];
    let is_digest = digits.len() == 2 * JA3_OCTETS && HEXLOWER.decode_mut(digits.as_bytes(), &mut octets).is_ok();
    is_digest.then_some(octets)
}

/// Eight truths in an octet, the first in the lowest bit.
fn flags(truths: &[bool]) -> u8 {
    truths.iter().rev().fold(0, |octet, truth| octet << 1 | u8::from(*truth))
}

/// Octets of a line that has what is shown of it, what is hidden, and its end.
pub(super) fn natural_octets(text: usize, hidden: u32, line_end: SpokenEnd) -> Option<u32> {
    let end = match line_end {
        SpokenEnd::CrLf => 2,
        SpokenEnd::Lf => 1,
        SpokenEnd::None => 0,
    };
    u32::try_from(text).ok()?.checked_add(hidden)?.checked_add(end)
}
