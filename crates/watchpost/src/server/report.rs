//! What a session reports of itself: events for the observatory while it goes on, a summary at its end.

use std::time::{Duration, Instant, SystemTime};

use watchpost_observatory::{
    ConnectionId, Event, EventKind, EventSink, Oddities, PasswordTables, SessionSummary, Witness, is_sensitive,
};
use watchpost_proto::pop3::server::{Heard, Session, Told};

use crate::clock::Clock;
use crate::house::House;
use crate::server::recorder::Recorder;

/// How long events wait for company before they leave a session that goes on. Refused logins and oddities do not wait.
const COMPANY: Duration = Duration::from_secs(1);

/// The reporter of one session.
pub(super) struct Report<'a> {
    connection: ConnectionId,
    events: &'a dyn EventSink,
    clock: &'a dyn Clock,
    /// `None`: nobody wants more than the summary.
    witness: Option<Witness>,
    /// What was offered before, by anybody.
    passwords: Option<&'a PasswordTables>,
    /// When the events that wait must leave.
    due: Option<Instant>,
}

/// What proves an identity once, and another session has offered already, is marked before it is told.
fn note_replay(mut told: Told, tables: Option<&PasswordTables>, session: ConnectionId, at: SystemTime) -> Told {
    if let (Some(tables), Told::Heard(Heard { proof: Some(proof), oddities, .. })) = (tables, &mut told)
        && tables.is_replayed(proof.expose(), session, at)
    {
        *oddities = oddities.and(Oddities::REPLAYED);
    }
    told
}

impl<'a> Report<'a> {
    pub(super) fn new<S, D>(house: &'a House<S, D>, connection: ConnectionId) -> Self {
        Self {
            connection,
            events: house.events.as_ref(),
            clock: house.clock.as_ref(),
            witness: house.watch.is_some().then(|| Witness::new(connection)),
            passwords: house.watch.as_ref().map(|watch| &watch.passwords),
            due: None,
        }
    }

    /// Whether more is wanted than the summary.
    pub(super) fn is_witnessed(&self) -> bool {
        self.witness.is_some()
    }

    /// Something happened now.
    pub(super) fn saw(&mut self, kind: EventKind) {
        self.saw_at(kind, self.clock.wall());
    }

    /// Something happened then.
    pub(super) fn saw_at(&mut self, kind: EventKind, at: SystemTime) {
        if let Some(witness) = &mut self.witness {
            witness.saw(kind, at);
        }
    }

    /// Takes what the session has told.
    pub(super) fn hear(&mut self, session: &mut Session, mut recorder: Option<&mut Recorder>) {
        if let Some(witness) = &mut self.witness
            && session.has_told()
        {
            let at = self.clock.wall();
            let (tables, connection) = (self.passwords, self.connection);
            let told = session.told().map(|told| {
                if let Some(recorder) = &mut recorder {
                    recorder.told(&told);
                }
                note_replay(told, tables, connection, at)
            });
            witness.told(told, at);
        }
    }

    /// The next reply sends a message that arrived then and begins so.
    pub(super) fn sends(&mut self, arrived: SystemTime, beginning: &[u8]) {
        if let Some(witness) = &mut self.witness {
            let age = self.clock.wall().duration_since(arrived).unwrap_or_default();
            witness.sends(u32::try_from(age.as_secs()).unwrap_or(u32::MAX), is_sensitive(beginning));
        }
    }

    /// Before waiting for the client: sends what must not wait, and says until when the rest may.
    pub(super) fn before_waiting(&mut self) -> Option<Instant> {
        let witness = self.witness.as_ref().filter(|witness| witness.has_events())?;
        if witness.is_urgent() {
            self.send();
            return None;
        }
        Some(*self.due.get_or_insert_with(|| self.clock.now() + COMPANY))
    }

    /// Sends what waits. Also before the connection is closed: who sees the end and comes again, to another core, must
    /// find that this session's login is known.
    pub(super) fn send(&mut self) {
        self.due = None;
        if let Some(witness) = self.witness.as_mut().filter(|witness| witness.has_events()) {
            self.events.record_all(witness.take());
        }
    }

    /// The session is over.
    pub(super) fn end(self, session: &mut Session, mut recorder: Option<&mut Recorder>, summary: SessionSummary) {
        let at = self.clock.wall();
        if let Some(mut witness) = self.witness {
            let (tables, connection) = (self.passwords, self.connection);
            let told = session.told_at_the_end().map(|told| {
                if let Some(recorder) = &mut recorder {
                    recorder.told(&told);
                }
                note_replay(told, tables, connection, at)
            });
            witness.told(told, at);
            self.events.record_all(witness.end(summary, at));
        } else {
            let kind = EventKind::Closed(Box::new(summary));
            self.events.record(Event { at, connection: self.connection, kind });
        }
    }
}
