//! Keeps what a session tells of itself until the driver takes it: lines, replies and notices in their order.
//!
//! However the input was cut, what is told is the same, but for what was pipelined. A line that is too long is told
//! when its end, or the end of the session, has come; what happened behind it waits so long.

use zeroize::Zeroizing;

use crate::line::Piece;
use crate::planted::planted;
use crate::pop3::server::Notice;
use crate::pop3::server::discretion::{self, Mood, Parts, opening};
use crate::pop3::server::oddities;
use crate::pop3::server::told::{Heard, Letters, Oddities, Replied, SpokenEnd, Status, Text, Told};
use crate::pop3::{Reply, State, Verb};
use crate::types::MessageNumber;

/// Octets kept of a line that is too long: enough to see what it is about.
const LONG_KEPT: usize = 8 * 1024;
/// Octets that are counted of a line that does not end.
const LONG_COUNTED: u32 = 64 * 1024;
/// Lines, replies and notices of a session that looks for new mail and finds none.
const TOLD_USUALLY: usize = 12;
/// Octets looked at before it is decided what the client speaks.
const OPENING_OCTETS: usize = 64;

/// What has been told and not yet taken, and what must be known to tell more.
#[derive(Debug, Default)]
pub(super) struct Watch {
    told: Vec<Told>,
    /// What happened behind a line whose end has not come.
    behind: Vec<Told>,
    mood: Mood,
    is_logged_in: bool,
    opening: Opening,
    long: Option<LongLine>,
    /// The beginning of that line, until it has been answered.
    cut: Option<Heard>,
    answer: Option<Replied>,
    /// Octets that ended the line that was cut last.
    end: usize,
    pipelined: bool,
}

/// The first octets of a connection, until it is known what they are.
#[derive(Debug)]
enum Opening {
    Coming(Zeroizing<Vec<u8>>),
    Known,
}

impl Default for Opening {
    fn default() -> Self {
        Self::Coming(Zeroizing::default())
    }
}

#[derive(Debug, Default)]
struct LongLine {
    start: Zeroizing<Vec<u8>>,
    octets: u32,
    ended: bool,
    /// It has been told, because there was enough of it; its end has not come.
    is_told: bool,
    /// What was known when it was refused; until then it is not told.
    place: Option<Place>,
}

/// Where a line that is too long was said.
#[derive(Clone, Copy, Debug)]
struct Place {
    state: State,
    is_sasl: bool,
    pipelined: bool,
}

impl LongLine {
    fn push(&mut self, octets: &[u8]) {
        let room = LONG_KEPT - self.start.len();
        self.start.extend_from_slice(&octets[..octets.len().min(room)]);
        self.octets = self.octets.saturating_add(u32::try_from(octets.len()).unwrap_or(u32::MAX)).min(LONG_COUNTED);
    }

    fn heard(&self, place: Place, mood: Mood) -> Heard {
        let line = self.start.strip_suffix(b"\r\n").or_else(|| self.start.strip_suffix(b"\n")).unwrap_or(&self.start);
        let octets = usize::try_from(self.octets).unwrap_or(usize::MAX);
        let said = if place.is_sasl { Said::Sasl(Oddities::default()) } else { Said::Command(line, mood) };
        let heard = said.heard(place.state, octets, SpokenEnd::None, place.pipelined);
        // SASL data is excused within its limit alone.
        let oddities = heard.oddities.and(oddities::of_length(octets));
        Heard { oddities, ..heard }
    }
}

/// A line as it is told: a command, or SASL data of which nothing is told but its length.
enum Said<'a> {
    Command(&'a [u8], Mood),
    Sasl(Oddities),
}

impl Said<'_> {
    fn heard(&self, state: State, octets: usize, line_end: SpokenEnd, pipelined: bool) -> Heard {
        let count = |octets: usize| u32::try_from(octets).unwrap_or(u32::MAX);
        let end = match line_end {
            SpokenEnd::CrLf => 2,
            SpokenEnd::Lf => 1,
            SpokenEnd::None => 0,
        };
        match self {
            Self::Command(line, mood) => {
                let verb = Verb::beginning(line);
                let parts = discretion::parts(line, verb, *mood);
                let word = line.split(|octet| *octet == b' ').next().unwrap_or_default();
                Heard {
                    state,
                    verb,
                    text: parts.text(line),
                    hidden: count(octets.saturating_sub(end).saturating_sub(parts.secret)),
                    octets: count(octets),
                    line_end,
                    letters: if parts.told == 0 { Letters::Mixed } else { Letters::of(word) },
                    pipelined,
                    oddities: command_oddities(line, octets, verb, parts, *mood),
                    proof: discretion::proof(line, verb),
                }
            }
            Self::Sasl(oddities) => Heard {
                state,
                verb: None,
                text: Text::new(),
                hidden: count(octets.saturating_sub(end)),
                octets: count(octets),
                line_end,
                letters: Letters::Mixed,
                pipelined,
                oddities: *oddities,
                proof: None,
            },
        }
    }
}

/// Rule X1 leaves AUTH within its limit alone, but for messages of no octets in two mechanisms of Microsoft's.
fn command_oddities(line: &[u8], octets: usize, verb: Option<Verb>, parts: Parts, mood: Mood) -> Oddities {
    let is_empty = match verb {
        Some(Verb::Auth) => discretion::is_microsoft(line) && line.ends_with(b" ="),
        None => mood.after_microsoft && matches!(line, b"" | b"="),
        Some(_) => false,
    };
    let empty = if is_empty { Oddities::EMPTY_SASL } else { Oddities::default() };
    match verb {
        Some(Verb::Auth) if !planted("proto.auth-lines-are-odd") => empty,
        _ => empty.and(oddities::of_line(line, octets, verb, parts)),
    }
}

impl Watch {
    /// What came over the wire, before it is cut into lines.
    pub(super) fn received(&mut self, input: &[u8]) {
        let Opening::Coming(octets) = &mut self.opening else { return };
        let room = OPENING_OCTETS - octets.len();
        let seen = &input[..input.len().min(room)];
        let line = seen.iter().position(|octet| *octet == b'\n').map_or(seen, |end| &seen[..=end]);
        let is_known = line.len() == room || line.ends_with(b"\n");
        if is_known && octets.is_empty() {
            self.opening = Opening::Known;
            self.opens_with(line);
            return;
        }
        // No copy is left behind by growing.
        octets.reserve_exact(room);
        octets.extend_from_slice(line);
        if is_known {
            self.opening_is_known();
        }
    }

    fn opening_is_known(&mut self) {
        if let Opening::Coming(octets) = std::mem::replace(&mut self.opening, Opening::Known) {
            self.opens_with(&octets);
        }
    }

    fn opens_with(&mut self, octets: &[u8]) {
        if Verb::beginning(octets).is_none() {
            let opening = opening(octets);
            if !opening.is_empty() {
                self.tell(Told::Opening(opening));
            }
        }
    }

    /// How the line buffer cut its input.
    pub(super) fn piece(&mut self, piece: Piece<'_>) {
        match piece {
            Piece::Whole { end } => self.end = end,
            Piece::Lost { octets, ended } => {
                let long = self.long.get_or_insert_with(LongLine::default);
                long.ended = ended;
                if long.is_told {
                    self.long.take_if(|long| long.ended);
                    return;
                }
                long.push(octets);
                if long.place.is_some() && (ended || long.octets == LONG_COUNTED) {
                    self.tell_long();
                }
            }
        }
    }

    /// A whole line that is a command, or should be one.
    pub(super) fn command(&mut self, line: &[u8], state: State) {
        self.is_in(state);
        let said = Said::Command(line, self.mood);
        let heard = said.heard(state, line.len() + self.end, self.line_end(), self.pipelined);
        self.remember(&heard, line);
        self.tell(Told::Heard(heard));
    }

    /// A whole line of SASL data: never odd (rule X1).
    pub(super) fn sasl(&mut self, line: &[u8]) {
        let said = Said::Sasl(Oddities::default());
        let mut heard = said.heard(State::Authorization, line.len() + self.end, self.line_end(), self.pipelined);
        if planted("proto.tells-sasl-data") {
            heard.text = line.into();
        }
        self.tell(Told::Heard(heard));
    }

    /// The line that is coming is longer than allowed. `waiting` is what the line buffer still has of it.
    pub(super) fn too_long(&mut self, waiting: &[u8], state: State, limit: usize, is_sasl: bool) {
        self.is_in(state);
        let place = Place { state, is_sasl, pipelined: self.pipelined };
        let long = self.long.get_or_insert_with(LongLine::default);
        long.place = Some(place);
        // What has come of it by now depends on how the input was cut; what its limit holds does not.
        let mut cut = LongLine::default();
        let seen = if long.ended { &long.start } else { waiting };
        cut.push(&seen[..limit.min(seen.len())]);
        cut.octets = u32::try_from(limit).unwrap_or(u32::MAX);
        let heard = cut.heard(place, self.mood);
        self.remember(&heard, b"");
        self.cut = Some(heard);
    }

    /// The line that was too long has been answered. When the session is closed by it, nothing more is told of it
    /// than its limit holds, however much of it has come.
    pub(super) fn too_long_answered(&mut self, closed: bool) {
        let Some(cut) = self.cut.take() else { return };
        if closed {
            self.long = None;
            self.told.push(Told::Heard(cut));
            self.told.append(&mut self.behind);
        } else if self.long.as_ref().is_some_and(|long| long.ended) {
            self.tell_long();
        }
    }

    fn tell_long(&mut self) {
        let Some(long) = self.long.take() else { return };
        if let Some(place) = long.place {
            let heard = long.heard(place, self.mood);
            self.told.push(Told::Heard(heard));
            if !long.ended {
                self.long = Some(LongLine { is_told: true, ..LongLine::default() });
            }
        }
        self.told.append(&mut self.behind);
    }

    /// A reply was written so far; more of it may follow.
    pub(super) fn answering(&mut self, reply: &Reply, octets: usize) {
        let status = match reply {
            Reply::Err(_) => Status::Err,
            Reply::Challenge(_) => Status::Challenge,
            _ => Status::Ok,
        };
        let row = match reply {
            Reply::Err(refusal) => Some(refusal.row()),
            _ => None,
        };
        self.answer = Some(Replied {
            status,
            error: row.and_then(|row| row.id.get(2..)?.parse().ok()),
            code: row.and_then(|row| row.code),
            octets: octets as u64,
            message: None,
        });
    }

    /// More of the reply was written.
    pub(super) fn answered_more(&mut self, octets: usize) {
        if let Some(answer) = &mut self.answer {
            answer.octets += octets as u64;
        }
    }

    /// The reply is complete. `waiting` says whether the client has said more already.
    pub(super) fn answered(&mut self, message: Option<MessageNumber>, waiting: bool) {
        self.pipelined = waiting;
        let Some(answer) = self.answer.take() else { return };
        if answer.status == Status::Err && self.mood.logging_in {
            self.mood.refused = true;
        }
        self.tell(Told::Answered(Replied { message, ..answer }));
    }

    /// Something was noticed.
    pub(super) fn noticed(&mut self, notice: Notice) {
        if matches!(notice, Notice::ForeignProtocol(_)) {
            self.opening_is_known();
        }
        self.tell(Told::Noticed(notice));
    }

    /// How much was told.
    pub(super) const fn count(&self) -> usize {
        self.told.len()
    }

    /// Whether something was told that is odd, or may be a proof that somebody else has offered before.
    pub(super) fn is_notable(&self) -> bool {
        self.told.iter().any(Told::is_notable)
    }

    /// Takes what was told. A session that waits for its client keeps no room for more.
    pub(super) fn take(&mut self) -> Vec<Told> {
        std::mem::take(&mut self.told)
    }

    /// Nothing more will come: tells what waits for its end.
    pub(super) fn end(&mut self) {
        self.opening_is_known();
        self.tell_long();
    }

    fn tell(&mut self, told: Told) {
        if self.long.as_ref().is_some_and(|long| long.place.is_some()) {
            self.behind.push(told);
            return;
        }
        if self.told.capacity() == 0 {
            self.told.reserve_exact(TOLD_USUALLY);
        }
        self.told.push(told);
    }

    /// Once the login has succeeded, nobody is logging in until somebody tries again.
    fn is_in(&mut self, state: State) {
        if state == State::Transaction && !self.is_logged_in {
            self.is_logged_in = true;
            self.mood = Mood::default();
        }
    }

    fn remember(&mut self, heard: &Heard, line: &[u8]) {
        let logs_in = matches!(heard.verb, Some(Verb::User | Verb::Pass | Verb::Apop | Verb::Auth));
        self.mood.logging_in |= logs_in;
        self.mood.after_microsoft = heard.verb == Some(Verb::Auth) && discretion::is_microsoft(line);
    }

    const fn line_end(&self) -> SpokenEnd {
        if self.end == 2 { SpokenEnd::CrLf } else { SpokenEnd::Lf }
    }
}
