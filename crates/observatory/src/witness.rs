//! Makes events of a session while it goes on, and bounds them.
//!
//! The first [`FIRST`] commands are told one by one, with their replies; then those alone that a rule may want (odd
//! ones, refused ones), [`NOTABLE`] at most; and when the session has ended, its [`LAST`] ones. All this happens before
//! events leave the session, so that a live rule sees exactly what the journal stores, and a replay equals the live
//! run.

use std::collections::VecDeque;
use std::time::SystemTime;

use watchpost_proto::planted::planted;
use watchpost_proto::pop3::server::{Heard, Oddities, Replied, Status, Told};

use crate::event::{Answered, ConnectionId, Event, EventKind, MessageFacts, SessionSummary, Spoken};
use crate::foreign::recognise;
use crate::untrusted::Untrusted;

/// Commands of a session that are told one by one.
pub const FIRST: u64 = 192;
/// Commands and other events that are told beyond these because a rule may want them.
pub const NOTABLE: u32 = 256;
/// Events of a session that looks for new mail and finds none.
const USUAL: usize = 14;
/// Commands that are told at the end, whatever they are.
pub const LAST: usize = 64;

/// Watches one session. Holds the last 64 commands and what was not yet taken, never more.
#[derive(Debug)]
pub struct Witness {
    connection: ConnectionId,
    events: Vec<Event>,
    is_urgent: bool,
    /// Lines the client said.
    said: u64,
    /// Events beyond the first commands that were told because they are notable.
    notable: u32,
    /// A command beyond the first ones whose reply has not come.
    open: Option<Exchange>,
    last: VecDeque<Exchange>,
    dropped: u64,
    message: Option<(u32, bool)>,
}

/// A line and its reply.
#[derive(Debug)]
struct Exchange {
    said: Event,
    answered: Option<Event>,
}

impl Exchange {
    fn is_notable(&self) -> bool {
        let odd = matches!(&self.said.kind, EventKind::Command(spoken) if spoken.oddities != Oddities::default());
        let refused = self
            .answered
            .as_ref()
            .is_some_and(|event| matches!(&event.kind, EventKind::Reply(answered) if answered.status == Status::Err));
        odd || refused
    }
}

impl Witness {
    /// Watches the session on this connection.
    pub fn new(connection: ConnectionId) -> Self {
        Self {
            connection,
            events: Vec::new(),
            is_urgent: false,
            said: 0,
            notable: 0,
            open: None,
            last: VecDeque::new(),
            dropped: 0,
            message: None,
        }
    }

    /// Something happened that is neither a command nor a reply.
    pub fn saw(&mut self, kind: EventKind, at: SystemTime) {
        self.is_urgent |= kind.is_urgent();
        if self.said > FIRST && self.is_full() {
            return;
        }
        self.push(kind, at);
    }

    /// What the session told, all of it at this time.
    pub fn told(&mut self, told: impl IntoIterator<Item = Told>, at: SystemTime) {
        told.into_iter().for_each(|told| self.tell(told, at));
    }

    /// What the session told at this time.
    pub fn tell(&mut self, told: Told, at: SystemTime) {
        match told {
            Told::Opening(octets) => {
                if let Some(language) = recognise(&octets) {
                    self.saw(EventKind::Foreign { language, octets: Untrusted::new(octets) }, at);
                }
            }
            Told::Heard(heard) => self.heard(heard, at),
            Told::Answered(replied) => self.answered(replied, at),
            Told::Noticed(notice) => self.saw(EventKind::Notice(notice), at),
        }
    }

    /// The message that the next reply sends: how long ago it arrived, in seconds, and whether its header speaks of
    /// what thieves look for.
    pub fn sends(&mut self, age_seconds: u32, is_sensitive: bool) {
        self.message = Some((age_seconds, is_sensitive));
    }

    /// Whether what was seen should not wait for company: a refused login, something odd, the end.
    pub fn is_urgent(&self) -> bool {
        self.is_urgent
    }

    /// Whether anything waits to be taken.
    pub fn has_events(&self) -> bool {
        !self.events.is_empty()
    }

    /// Takes what was seen since this was last called.
    pub fn take(&mut self) -> Vec<Event> {
        self.is_urgent = false;
        std::mem::take(&mut self.events)
    }

    /// The session is over: takes what is left, the last commands and this summary, in which the number of commands
    /// that were left out is set.
    pub fn end(mut self, mut summary: SessionSummary, at: SystemTime) -> Vec<Event> {
        self.close_exchange();
        for exchange in std::mem::take(&mut self.last) {
            self.events.push(exchange.said);
            self.events.extend(exchange.answered);
        }
        summary.commands_dropped = self.dropped;
        self.push(EventKind::Closed(Box::new(summary)), at);
        self.events
    }

    fn heard(&mut self, heard: Heard, at: SystemTime) {
        self.said += 1;
        let hidden = roughly(heard.hidden);
        let spoken = Spoken {
            state: heard.state,
            verb: heard.verb,
            text: Untrusted::line(heard.text),
            hidden,
            octets: heard.octets - heard.hidden + hidden,
            line_end: heard.line_end,
            letters: heard.letters,
            pipelined: heard.pipelined,
            oddities: heard.oddities,
        };
        self.is_urgent |= spoken.oddities != Oddities::default();
        let said = self.event(EventKind::Command(spoken), at);
        self.close_exchange();
        if self.said <= FIRST {
            self.events.push(said);
        } else {
            self.open = Some(Exchange { said, answered: None });
        }
    }

    fn answered(&mut self, replied: Replied, at: SystemTime) {
        let facts = self.message.take();
        let message = replied.message.zip(facts).map(|(number, (age_seconds, sensitive))| MessageFacts {
            number: u32::try_from(number.index() + 1).unwrap_or(u32::MAX),
            age_seconds,
            sensitive,
        });
        let Replied { status, error, code, octets, .. } = replied;
        let event = self.event(EventKind::Reply(Answered { status, error, code, octets, message }), at);
        match &mut self.open {
            None if self.said <= FIRST => self.events.push(event),
            None => {}
            Some(exchange) => {
                exchange.answered = Some(event);
                self.close_exchange();
            }
        }
    }

    /// A command beyond the first ones is complete, with its reply or without.
    fn close_exchange(&mut self) {
        let Some(exchange) = self.open.take() else { return };
        if exchange.is_notable() && !self.is_full() {
            self.notable += 1;
            self.events.push(exchange.said);
            self.events.extend(exchange.answered);
            return;
        }
        if self.last.len() >= LAST && !planted("observatory.keeps-every-command") {
            self.last.pop_front();
            self.dropped += 1;
        }
        self.last.push_back(exchange);
    }

    /// Whether as many events as may be were told beyond the first commands.
    fn is_full(&self) -> bool {
        self.notable >= NOTABLE
    }

    fn push(&mut self, kind: EventKind, at: SystemTime) {
        if self.said > FIRST {
            self.notable += 1;
        }
        let event = self.event(kind, at);
        if self.events.is_empty() {
            // Most sessions are short, and what comes when they end comes alone.
            self.events.reserve_exact(if matches!(event.kind, EventKind::Closed(_)) { 1 } else { USUAL });
        }
        self.events.push(event);
    }

    fn event(&self, kind: EventKind, at: SystemTime) -> Event {
        Event { at, connection: self.connection, kind }
    }
}

/// How long something hidden is, no more exactly than the facts of a password say it: the upper end of a range.
fn roughly(hidden: u32) -> u32 {
    match hidden {
        0 => 0,
        1..=5 => 5,
        6..=8 => 8,
        9..=11 => 11,
        12..=15 => 15,
        longer => longer.next_multiple_of(16),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_of_a_password_is_not_told() {
        // S-061
        assert_eq!(
            [0, 1, 5, 6, 8, 9, 11, 12, 15, 16, 17, 2606].map(roughly),
            [0, 5, 5, 8, 8, 11, 11, 15, 15, 16, 32, 2608]
        );
    }
}
