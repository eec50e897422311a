//! What is remembered of a session while it goes on.

use watchpost_proto::pop3::Verb;

use crate::address::Network;
use crate::event::{Answered, Foreign, Port, Sequence, Spoken, Status};
use crate::fingerprint::{Class, Fingerprint, Shape, Tool, says};
use crate::table::Few;
use crate::trust::Before;

/// A name that was said with USER and has not met its PASS.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named {
    pub(crate) mark: u32,
    pub(crate) sequence: Sequence,
}

/// What a session retrieved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Retrieved {
    /// RETR.
    pub(crate) whole: u32,
    /// Their octets.
    pub(crate) octets: u64,
    /// RETR of messages about codes, resets, invoices.
    pub(crate) sensitive: u32,
    /// TOP.
    pub(crate) tops: u32,
    /// TOP with 20 lines of the body or less.
    pub(crate) headers: u32,
    /// The youngest of them when it was retrieved, in seconds.
    pub(crate) youngest: Option<u32>,
}

/// An open session.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Session {
    pub(crate) source: Network,
    pub(crate) net: Network,
    pub(crate) opened: Sequence,
    pub(crate) tls: bool,
    pub(crate) names_server: bool,
    pub(crate) ja4: String,
    /// The mark of that, where there is one.
    pub(crate) ja4_mark: Option<u64>,
    pub(crate) shape: Shape,
    pub(crate) named: Option<Named>,
    /// The mark of its fingerprint, from its first login on.
    pub(crate) fingerprint: Option<u64>,
    /// The mark of the account it entered, and its name.
    pub(crate) account: Option<(u64, String)>,
    /// What was known before it entered.
    pub(crate) before: Before,
    pub(crate) guesses: u16,
    pub(crate) repeats: u16,
    pub(crate) mistyped: u16,
    pub(crate) foreign: Option<Foreign>,
    pub(crate) exploited: bool,
    pub(crate) doubted: bool,
    pub(crate) mechanisms: Few<(u32, Sequence), 8>,
    pub(crate) ntlm: Option<Sequence>,
    /// The client began the NTLM exchange with its first message.
    pub(crate) ntlm_began: bool,
    /// The last command was AUTH NTLM or AUTH RPA.
    pub(crate) after_ntlm: bool,
    pub(crate) retrieved: Retrieved,
    pub(crate) removing: Few<Sequence, 8>,
    pub(crate) reading: Few<Sequence, 8>,
    last_verb: Option<Verb>,
    last_is_short_top: bool,
}

impl Session {
    pub(crate) fn new(source: Network, port: Port, opened: Sequence) -> Self {
        Self {
            source,
            net: source.net(),
            opened,
            tls: port == Port::Pop3s,
            names_server: false,
            ja4: String::new(),
            ja4_mark: None,
            shape: Shape::default(),
            named: None,
            fingerprint: None,
            account: None,
            before: Before::default(),
            guesses: 0,
            repeats: 0,
            mistyped: 0,
            foreign: None,
            exploited: false,
            doubted: false,
            mechanisms: Few::default(),
            ntlm: None,
            ntlm_began: false,
            after_ntlm: false,
            retrieved: Retrieved::default(),
            removing: Few::default(),
            reading: Few::default(),
            last_verb: None,
            last_is_short_top: false,
        }
    }

    /// The client said something.
    pub(crate) fn hear(&mut self, spoken: &Spoken, sequence: Sequence, milliseconds: u64) {
        self.shape.hear(spoken, milliseconds);
        self.ntlm_began |= self.ntlm.is_some() && spoken.text.as_octets().starts_with(b"TlRMTVNTUAAB");
        self.after_ntlm = false;
        self.last_verb = spoken.verb;
        self.last_is_short_top = false;
        match spoken.verb {
            Some(Verb::Top) => self.last_is_short_top = lines_of_top(spoken) <= 20,
            Some(Verb::Dele) => self.removing.push(sequence),
            _ => {}
        }
        let ntlm = spoken.verb == Some(Verb::Auth) && says(spoken, b"AUTH NTLM");
        if ntlm || (spoken.verb == Some(Verb::Auth) && says(spoken, b"AUTH RPA")) {
            self.after_ntlm = true;
            if ntlm {
                self.ntlm.get_or_insert(sequence);
                self.ntlm_began |= spoken.text.as_octets().windows(12).any(|octets| octets == b"TlRMTVNTUAAB");
            }
        }
    }

    /// The server answered.
    pub(crate) fn answer(&mut self, answered: &Answered, sequence: Sequence) {
        let (Some(message), Status::Ok) = (answered.message, answered.status) else { return };
        let retrieved = &mut self.retrieved;
        if self.last_verb == Some(Verb::Top) {
            retrieved.tops += 1;
            retrieved.headers += u32::from(self.last_is_short_top);
        } else {
            retrieved.whole += 1;
            retrieved.octets += answered.octets;
            retrieved.sensitive += u32::from(message.sensitive);
            let youngest = retrieved.youngest.get_or_insert(message.age_seconds);
            *youngest = (*youngest).min(message.age_seconds);
        }
        self.reading.push(sequence);
    }

    /// Whether what was said last is what another protocol begins with: its octets are no lines of ours. Octets of no
    /// protocol that is known may still be an attack.
    pub(crate) fn speaks_something_else(&self) -> bool {
        let known = self.foreign.is_some_and(|foreign| !matches!(foreign, Foreign::Binary | Foreign::Text));
        known && self.shape.commands() == 1
    }

    /// Who the client is, as far as it has shown.
    pub(crate) fn who(&self) -> Fingerprint {
        Fingerprint { ja4: self.ja4.clone(), script: self.shape.script() }
    }

    /// What the client looks like.
    pub(crate) fn tool(&self) -> Option<Tool> {
        let one_guess = !self.shape.quit() && self.shape.commands() == 2 && self.guesses > 0;
        if self.ntlm.is_some() && self.account.is_none() {
            return Some(Tool::Nmap);
        }
        self.shape.tool().or(one_guess.then_some(Tool::OneGuess))
    }

    /// What sort of visitor it was.
    pub(crate) fn class(&self) -> Class {
        if self.exploited {
            return Class::Exploiter;
        }
        if self.foreign.is_some() {
            return Class::WrongProtocol;
        }
        if self.account.is_some() {
            return match self.tool() {
                _ if self.doubted => Class::Intruder,
                Some(Tool::Curl | Tool::Fetchmail | Tool::Mpop | Tool::Poplib) => Class::Fetcher,
                _ => Class::MailApp,
            };
        }
        match () {
            () if self.guesses > 0 => Class::Guesser,
            () if self.repeats > 0 => Class::StaleDevice,
            () if self.mistyped > 0 => Class::Mistyped,
            () if self.shape.only(b"Q") => Class::Silent,
            () if self.shape.said(b'H') || self.shape.said(b'N') => Class::Scanner,
            () if self.shape.only(b"CTQ") && self.tls && self.names_server => Class::Autoconfig,
            () if self.shape.only(b"CTQA8G") => Class::Probe,
            () => Class::Other,
        }
    }

    pub(crate) fn octets(&self) -> usize {
        let lists = self.mechanisms.octets() + self.removing.octets() + self.reading.octets();
        self.ja4.capacity() + lists + self.account.as_ref().map_or(0, |(_, name)| name.capacity())
    }
}

fn lines_of_top(spoken: &Spoken) -> u64 {
    let text = String::from_utf8_lossy(spoken.text.as_octets());
    text.split_ascii_whitespace().nth(2).and_then(|lines| lines.parse().ok()).unwrap_or(u64::MAX)
}

/// A place that nobody uses.
impl Default for Session {
    fn default() -> Self {
        let nowhere = std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED);
        Self::new(Network::source(nowhere), Port::Pop3, Sequence(0))
    }
}
