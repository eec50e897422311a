//! What the journal knows of a session, as if it had been recorded: lines without secrets, and replies of which it knows
//! how they began.

use watchpost_observatory::journal::Entry;
use watchpost_observatory::pcapng::{Piece, Side};
use watchpost_observatory::{Answered, EventKind, Port, Spoken, SpokenEnd, Status};
use watchpost_proto::pop3::Greeting;

use super::story::nanoseconds;

/// The pieces, by time.
pub(super) fn pieces_of_journal(events: &[Entry]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut is_on_clear_port = false;
    let mut has_greeted = false;
    for entry in events {
        let at = nanoseconds(entry.at);
        let mut say = |from, octets| pieces.push(Piece { at, from, octets, comments: Vec::new() });
        match &entry.kind {
            EventKind::Opened { port, .. } => is_on_clear_port = *port == Port::Pop3,
            EventKind::Foreign { octets, .. } => say(Side::Client, octets.as_octets().to_vec()),
            EventKind::Command(spoken) => say(Side::Client, line(spoken)),
            EventKind::Reply(answered) => say(Side::Server, reply(answered)),
            _ => {}
        }
        let greets = match &entry.kind {
            EventKind::Opened { .. } => is_on_clear_port,
            EventKind::Tls(_) => !is_on_clear_port,
            _ => false,
        };
        if greets && !std::mem::replace(&mut has_greeted, true) {
            let mut octets = Vec::new();
            Greeting::Ready.write(&mut octets);
            pieces.push(Piece { at, from: Side::Server, octets, comments: Vec::new() });
        }
    }
    pieces
}

fn line(spoken: &Spoken) -> Vec<u8> {
    let mut line = spoken.text.as_octets().to_vec();
    if spoken.hidden > 0 {
        if !line.is_empty() && !line.ends_with(b" ") {
            line.push(b' ');
        }
        line.extend_from_slice(b"******");
    }
    line.extend_from_slice(if spoken.line_end == SpokenEnd::Lf { b"\n" } else { b"\r\n" });
    line
}

/// How it began. A reply of many lines, or one that says how many octets follow, would promise what is not there.
fn reply(answered: &Answered) -> Vec<u8> {
    let status = match answered.status {
        Status::Ok => "+OK",
        Status::Err => "-ERR",
        Status::Challenge => "+ ",
    };
    let code = answered.code.map(|code| format!(" [{}]", code.word())).unwrap_or_default();
    format!("{status}{code}\r\n").into_bytes()
}
