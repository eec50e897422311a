//! From what was recorded of a session, or what the journal knows of it, to a conversation that explains itself.

use std::net::SocketAddr;

use watchpost_observatory::capture::{Recording, Track};
use watchpost_observatory::journal::{Entry, Micros, Session, SessionEnd, StoredVerdict};
use watchpost_observatory::pcapng::{Conversation, Finish, Piece, Side};
use watchpost_observatory::{Ending, EventKind, Port};

use super::super::timeline::{Step, state_word};
use super::super::{Desk, words};
use super::journal::pieces_of_journal;

/// Ports at which Wireshark knows POP3 without being told.
const POP3: u16 = 110;
const POP3S: u16 = 995;

/// Everything that is known of a session.
pub(super) struct Known {
    pub(super) session: Session,
    pub(super) events: Vec<Entry>,
    pub(super) steps: Vec<Step>,
    pub(super) verdicts: Vec<StoredVerdict>,
    pub(super) recording: Option<Recording>,
}

/// Where the packets of a conversation come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// What crossed the wire, with the keys that open it.
    Wire,
    /// Lines and replies without secrets.
    Plain,
    /// The journal: the words of replies are not known.
    Journal,
}

/// Whether keys shall be in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keys {
    Without,
    With,
}

impl Known {
    /// What its packets can be made of.
    pub(super) fn source(&self, keys: Keys) -> Source {
        match &self.recording {
            Some(recording) if keys == Keys::With && !recording.wire.is_empty() => Source::Wire,
            Some(recording) if !recording.plain.is_empty() => Source::Plain,
            _ => Source::Journal,
        }
    }

    /// Whether it went on when it was last heard of.
    pub(super) fn is_open(&self) -> bool {
        self.session.row.end == SessionEnd::Open || self.recording.as_ref().is_some_and(|recording| recording.is_open)
    }

    /// Whether somebody tried the password of an account that exists.
    pub(super) fn tried(&self) -> impl Iterator<Item = &str> {
        self.events.iter().filter_map(|entry| match &entry.kind {
            EventKind::Login(login) => login.account.as_deref(),
            _ => None,
        })
    }

    /// The conversation; `None`: the journal does not know between whom it was.
    pub(super) fn conversation(&self, keys: Keys, desk: &Desk<'_>) -> Option<Conversation> {
        let source = self.source(keys);
        let row = &self.session.row;
        let (listened, port) = row.local?;
        let (peer, local, accepted) = match &self.recording {
            Some(recording) => (recording.peer, recording.local, recording.accepted),
            None => (row.peer?, listened, nanoseconds(row.start)),
        };
        let known_port = if source == Source::Wire && port == Port::Pop3s { POP3S } else { POP3 };
        let mut conversation = Conversation::new(peer, SocketAddr::new(local.ip(), known_port), accepted);
        conversation.pieces = match (source, &self.recording) {
            (Source::Wire, Some(recording)) => pieces(&recording.wire),
            (Source::Plain, Some(recording)) => pieces(&recording.plain),
            _ => pieces_of_journal(&self.events),
        };
        if let (Source::Wire, Some(recording)) = (source, &self.recording) {
            conversation.secrets.clone_from(&recording.keys);
        }
        let ended = row.start.0.saturating_add(i64::try_from(row.duration).unwrap_or(i64::MAX));
        conversation.finished =
            self.recording.as_ref().map_or_else(|| nanoseconds(Micros(ended)), |recording| recording.ended);
        let is_whole = self.recording.as_ref().is_none_or(|recording| !recording.is_open);
        conversation.finish = if is_whole { finish(row.end) } else { Finish::Unseen };
        self.explain(&mut conversation, source, local.port(), desk);
        if source != Source::Wire {
            hide_stls(&mut conversation.pieces);
        }
        Some(conversation)
    }

    /// Puts what there is to say at the packets that show it.
    fn explain(&self, conversation: &mut Conversation, source: Source, port: u16, desk: &Desk<'_>) {
        let places = Places::new(source, &conversation.pieces).of(&self.events);
        let mut telling = Telling { desk, has_begun: false, is_inside: false };
        let pieces = conversation.pieces.len();
        let mut comments: Vec<Vec<String>> = vec![Vec::new(); pieces];
        let mut closing = Vec::new();
        let put = |place: Place,
                   text: String,
                   comments: &mut Vec<Vec<String>>,
                   opening: &mut Vec<String>,
                   closing: &mut Vec<String>| {
            match place {
                Place::Opening => opening.push(text),
                Place::At(piece) if piece < pieces => comments[piece].push(text),
                Place::At(_) | Place::Closing => closing.push(text),
            }
        };
        for step in &self.steps {
            let Some(entry) = self.events.iter().position(|entry| entry.sequence == step.sequence) else { continue };
            let place = places[entry];
            if let Some(text) = telling.step(step, &self.events[entry].kind, source) {
                put(place, text, &mut comments, &mut conversation.opening, &mut closing);
            }
        }
        if port != conversation.server.port() {
            let variables = [("from", port.into()), ("to", conversation.server.port().into())];
            conversation.opening.push(desk.talk.texts.format("talk-pcap-port", &variables));
        }
        if source == Source::Journal {
            conversation.opening.push(desk.text("talk-pcap-from-journal"));
        }
        let is_cut = self.recording.as_ref().is_some_and(|recording| match source {
            Source::Wire => recording.wire.is_cut(),
            Source::Plain => recording.plain.is_cut(),
            Source::Journal => false,
        });
        if is_cut {
            closing.push(desk.text("talk-pcap-cut"));
        }
        if self.is_open() {
            closing.push(desk.text("talk-pcap-open"));
        }
        for verdict in &self.verdicts {
            let text = verdict_text(verdict, desk);
            let entry = self.events.iter().rposition(|entry| verdict.evidence.contains(&entry.sequence));
            let place = entry.map_or(Place::Closing, |entry| places[entry]);
            put(place, text, &mut comments, &mut conversation.opening, &mut closing);
        }
        for (piece, comments) in conversation.pieces.iter_mut().zip(comments) {
            piece.comments = comments;
        }
        conversation.closing = closing;
    }
}

/// Which rule, how bad, which technique, and why.
fn verdict_text(verdict: &StoredVerdict, desk: &Desk<'_>) -> String {
    let detail = words::detail(verdict);
    let techniques: Vec<&str> =
        detail["techniques"].as_array().into_iter().flatten().filter_map(|technique| technique.as_str()).collect();
    let techniques = if techniques.is_empty() { "–".to_owned() } else { techniques.join(", ") };
    let variables = [
        ("rule", verdict.rule.as_str().into()),
        ("severity", desk.severity(verdict.severity).into()),
        ("techniques", techniques.into()),
        ("sentence", words::sentence(verdict, desk).into()),
    ];
    desk.talk.texts.format("talk-pcap-verdict", &variables)
}

pub(super) fn nanoseconds(at: Micros) -> u64 {
    at.0.max(0).cast_unsigned().saturating_mul(1000)
}

fn pieces(track: &Track) -> Vec<Piece> {
    let piece = |(cut, octets): (watchpost_observatory::capture::Cut, &[u8])| Piece {
        at: cut.at,
        from: cut.from,
        octets: octets.to_vec(),
        comments: Vec::new(),
    };
    track.cuts().map(piece).collect()
}

/// Who ended the connection.
fn finish(end: SessionEnd) -> Finish {
    match end {
        SessionEnd::Open | SessionEnd::Unknown => Finish::Unseen,
        SessionEnd::Ended(Ending::PeerClosed) => Finish::Closed(Side::Client),
        SessionEnd::Ended(Ending::Broken) => Finish::Reset(Side::Client),
        SessionEnd::Ended(_) => Finish::Closed(Side::Server),
    }
}

/// Behind `+OK ` to STLS, Wireshark takes everything for TLS. What follows here is what was inside: a bare `+OK` leaves it
/// readable.
fn hide_stls(pieces: &mut [Piece]) {
    let mut is_asked = false;
    for piece in pieces {
        match piece.from {
            Side::Client => is_asked = piece.octets.trim_ascii_end().eq_ignore_ascii_case(b"STLS"),
            Side::Server if is_asked && piece.octets.starts_with(b"+OK ") => {
                piece.octets = b"+OK\r\n".to_vec();
                is_asked = false;
            }
            Side::Server => is_asked = false,
        }
    }
}

/// Where a comment goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// At the first packet.
    Opening,
    /// At the first packet of this piece.
    At(usize),
    /// At the packet that ends it.
    Closing,
}

/// Finds the pieces that show events.
struct Places<'a> {
    source: Source,
    pieces: &'a [Piece],
    /// The next piece of the client that no command was found in.
    client: usize,
    /// Octets that the server had said when the next reply begins.
    server: u64,
    last: Place,
}

impl<'a> Places<'a> {
    fn new(source: Source, pieces: &'a [Piece]) -> Self {
        let mut greeting = pieces.iter().filter(|piece| piece.from == Side::Server);
        let line = |octets: &[u8]| octets.iter().position(|octet| *octet == b'\n').map_or(octets.len(), |end| end + 1);
        let server = greeting.next().map_or(0, |piece| line(&piece.octets) as u64);
        Self { source, pieces, client: 0, server, last: Place::Opening }
    }

    fn of(mut self, events: &[Entry]) -> Vec<Place> {
        events
            .iter()
            .map(|entry| {
                let place = if self.source == Source::Wire { self.on_wire(entry) } else { self.in_plain(entry) };
                self.last = place;
                place
            })
            .collect()
    }

    /// By time: on the wire nobody sees lines.
    fn on_wire(&self, entry: &Entry) -> Place {
        // The journal's times are cut to microseconds.
        let (early, late) = (nanoseconds(entry.at), nanoseconds(entry.at).saturating_add(1_000));
        let first = |from| self.pieces.iter().position(|piece| piece.from == from && piece.at >= early);
        let last = |from| self.pieces.iter().rposition(|piece| piece.from == from && piece.at <= late);
        let place = match &entry.kind {
            EventKind::Opened { .. } => return Place::Opening,
            EventKind::Closed(_) => return Place::Closing,
            EventKind::Hello(_) | EventKind::Foreign { .. } => first(Side::Client),
            EventKind::Reply(_) => first(Side::Server),
            EventKind::Tls(_) => last(Side::Server),
            EventKind::Command(_) => last(Side::Client),
            _ => return self.last,
        };
        place.map_or(self.last, Place::At)
    }

    /// Commands by their order, replies by their octets.
    fn in_plain(&mut self, entry: &Entry) -> Place {
        match &entry.kind {
            EventKind::Opened { .. } => Place::Opening,
            EventKind::Closed(_) => Place::Closing,
            EventKind::Command(spoken) => {
                let text = spoken.text.as_octets();
                let is_it = |piece: &&(usize, &Piece)| piece.1.from == Side::Client && piece.1.octets.starts_with(text);
                let mut rest = self.pieces.iter().enumerate().skip(self.client);
                let Some((found, _)) = rest.by_ref().find(|piece| is_it(&piece)) else { return self.last };
                self.client = found + 1;
                Place::At(found)
            }
            EventKind::Reply(answered) => {
                let begins = self.server;
                self.server = begins.saturating_add(answered.octets);
                if self.source == Source::Journal {
                    return self.next_of(Side::Server);
                }
                let mut said = 0;
                let server = self.pieces.iter().enumerate().filter(|(_, piece)| piece.from == Side::Server);
                for (number, piece) in server {
                    said += piece.octets.len() as u64;
                    if said > begins {
                        return Place::At(number);
                    }
                }
                Place::Closing
            }
            EventKind::Hello(_) | EventKind::Tls(_) | EventKind::TlsFailed(_) | EventKind::Foreign { .. } => {
                let late = nanoseconds(entry.at);
                let next = self.pieces.iter().position(|piece| piece.at >= late);
                next.map_or(Place::Closing, Place::At)
            }
            _ => self.last,
        }
    }

    /// The next piece of this side behind the last place.
    fn next_of(&self, from: Side) -> Place {
        let Place::At(last) = self.last else { return self.last };
        let mut behind = self.pieces.iter().enumerate().skip(last + 1);
        behind.find(|(_, piece)| piece.from == from).map_or(self.last, |(number, _)| Place::At(number))
    }
}

/// Says what steps mean, each phase with its number when it begins.
struct Telling<'a> {
    desk: &'a Desk<'a>,
    has_begun: bool,
    is_inside: bool,
}

impl Telling<'_> {
    fn step(&mut self, step: &Step, kind: &EventKind, source: Source) -> Option<String> {
        let variables = |text: &str| {
            [
                ("said", step.said.clone().into()),
                ("meaning", text.to_owned().into()),
                ("state", state_word(step.state).into()),
            ]
        };
        let id = match kind {
            EventKind::Opened { .. } => "talk-pcap-tcp",
            EventKind::Hello(_) | EventKind::TlsFailed(_) => "talk-pcap-tls",
            EventKind::Tls(_) => {
                self.is_inside = true;
                // From here on it is another conversation inside.
                self.has_begun = false;
                if source == Source::Wire { "talk-pcap-tls" } else { "talk-pcap-tls-inside" }
            }
            _ if step.meaning.is_empty() => return None,
            EventKind::Command(_) | EventKind::Reply(_) if !std::mem::replace(&mut self.has_begun, true) => {
                "talk-pcap-pop3"
            }
            EventKind::Command(_) | EventKind::Reply(_) => "talk-pcap-step",
            _ => "talk-pcap-note",
        };
        Some(self.desk.talk.texts.format(id, &variables(&step.meaning)))
    }
}
