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

/// As much of what the session told is put down at once, when it need not be sooner: code that is gone from the
/// processor's cache with every command costs more than what it does.
const TOLD_AT_ONCE: usize = 64;

/// Commands of a session that looks for new mail and finds none, and their replies.
const MOMENTS_USUALLY: usize = 10;

/// The reporter of one session.
pub(super) struct Report<'a> {
    connection: ConnectionId,
    events: &'a dyn EventSink,
    clock: &'a dyn Clock,
    /// `None`: nobody wants more than the summary.
    witness: Option<Witness>,
    /// What was offered before, by anybody.
    passwords: Option<&'a PasswordTables>,
    /// When the session told what it has told and nobody has taken.
    moments: Vec<Moment>,
    /// What was seen meanwhile.
    seen: Vec<Seen>,
    /// When the events that wait must leave.
    due: Option<Instant>,
}

/// When something was told.
#[derive(Clone, Copy, Debug)]
struct Moment {
    /// How much had been told then.
    so_far: usize,
    at: SystemTime,
}

/// Something that is neither a command nor a reply.
#[derive(Debug)]
struct Seen {
    /// How much had been told before.
    behind: usize,
    at: SystemTime,
    kind: EventKind,
}

/// What proves an identity once, and another session has offered already, is marked before it is told.
fn note_replay(told: &mut Told, tables: Option<&PasswordTables>, session: ConnectionId, at: SystemTime) {
    if let (Some(tables), Told::Heard(Heard { proof: Some(proof), oddities, .. })) = (tables, told)
        && tables.is_replayed(proof.expose(), session, at)
    {
        *oddities = oddities.and(Oddities::REPLAYED);
    }
}

impl<'a> Report<'a> {
    pub(super) fn new<S, D>(house: &'a House<S, D>, connection: ConnectionId) -> Self {
        Self {
            connection,
            events: house.events.as_ref(),
            clock: house.clock.as_ref(),
            witness: house.watch.is_some().then(|| Witness::new(connection)),
            passwords: house.watch.as_ref().map(|watch| &watch.passwords),
            moments: Vec::new(),
            seen: Vec::new(),
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
        let Some(witness) = &mut self.witness else { return };
        match self.moments.last() {
            None => witness.saw(kind, at),
            Some(Moment { so_far, .. }) => self.seen.push(Seen { behind: *so_far, at, kind }),
        }
    }

    /// Notes when the session told what it has told now. It is taken when it must be known, or with much else.
    pub(super) fn hear(&mut self, session: &mut Session, recorder: Option<&mut Recorder>) {
        let so_far = session.told_so_far();
        if so_far == self.moments.last().map_or(0, |moment| moment.so_far) {
            return;
        }
        if self.moments.capacity() == 0 {
            self.moments.reserve_exact(MOMENTS_USUALLY);
        }
        self.moments.push(Moment { so_far, at: self.clock.wall() });
        if recorder.is_some() || so_far >= TOLD_AT_ONCE {
            self.catch_up(session, recorder);
        }
    }

    /// Takes what the session has told, and what was seen meanwhile, in their order.
    fn catch_up(&mut self, session: &mut Session, mut recorder: Option<&mut Recorder>) {
        let Some(witness) = &mut self.witness else { return };
        let (tables, connection) = (self.passwords, self.connection);
        let mut moments = self.moments.drain(..);
        let mut seen = self.seen.drain(..).peekable();
        let Some(mut moment) = moments.next() else { return };
        for (place, mut told) in session.told().into_iter().enumerate() {
            while let Some(Seen { at, kind, .. }) = seen.next_if(|seen| seen.behind <= place) {
                witness.saw(kind, at);
            }
            while moment.so_far <= place
                && let Some(next) = moments.next()
            {
                moment = next;
            }
            if let Some(recorder) = &mut recorder {
                recorder.told(&told);
            }
            note_replay(&mut told, tables, connection, moment.at);
            witness.tell(told, moment.at);
        }
        seen.for_each(|Seen { at, kind, .. }| witness.saw(kind, at));
    }

    /// The next reply sends a message that arrived then and begins so.
    pub(super) fn sends(&mut self, session: &mut Session, arrived: SystemTime, beginning: &[u8]) {
        self.catch_up(session, None);
        if let Some(witness) = &mut self.witness {
            let age = self.clock.wall().duration_since(arrived).unwrap_or_default();
            witness.sends(u32::try_from(age.as_secs()).unwrap_or(u32::MAX), is_sensitive(beginning));
        }
    }

    /// Before waiting for the client: sends what must not wait, and says until when the rest may.
    pub(super) fn before_waiting(&mut self, session: &mut Session) -> Option<Instant> {
        if session.tells_something_notable() || self.seen.iter().any(|seen| seen.kind.is_urgent()) {
            self.catch_up(session, None);
        }
        let witness = self.witness.as_ref()?;
        if witness.is_urgent() {
            self.send(session);
            return None;
        }
        if !witness.has_events() && self.moments.is_empty() {
            return None;
        }
        Some(*self.due.get_or_insert_with(|| self.clock.now() + COMPANY))
    }

    /// Sends what waits. Also before the connection is closed: who sees the end and comes again, to another core, must
    /// find that this session's login is known.
    pub(super) fn send(&mut self, session: &mut Session) {
        self.due = None;
        self.catch_up(session, None);
        if let Some(witness) = self.witness.as_mut().filter(|witness| witness.has_events()) {
            self.events.record_all(witness.take());
        }
    }

    /// The session is over.
    pub(super) fn end(mut self, session: &mut Session, recorder: Option<&mut Recorder>, summary: SessionSummary) {
        let at = self.clock.wall();
        session.tell_to_the_end();
        self.hear(session, recorder);
        self.catch_up(session, None);
        if let Some(witness) = self.witness {
            self.events.record_all(witness.end(summary, at));
        } else {
            let kind = EventKind::Closed(Box::new(summary));
            self.events.record(Event { at, connection: self.connection, kind });
        }
    }
}
