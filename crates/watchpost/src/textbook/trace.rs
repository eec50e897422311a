//! A session as a file for Wireshark: three phases, decrypted, each step with its meaning.

use std::io::{self, Read as _, Write};
use std::sync::{Arc, Mutex, PoisonError};

use data_encoding::HEXLOWER;
use rustls::KeyLog;
use watchpost_observatory::pcapng::{self, Conversation, Finish, Piece, Section, Side};
use watchpost_proto::catalogue::explain;

use super::shaking::{Hands, Shake};
use super::stage::Stage;
use super::visit::Octets;

const MILLISECOND: u64 = 1_000_000;
/// What the recordings have: from an answer to the next line, and from a line to its answer.
const PACE: u64 = 40 * MILLISECOND;
const ANSWER: u64 = MILLISECOND;
/// What decrypts TLS 1.3 (RFC 9850 §2.1); rustls tells more.
const LABELS: [&str; 4] = [
    "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
    "SERVER_HANDSHAKE_TRAFFIC_SECRET",
    "CLIENT_TRAFFIC_SECRET_0",
    "SERVER_TRAFFIC_SECRET_0",
];

/// The key log of one session.
#[derive(Default)]
struct Keys(Mutex<String>);

impl std::fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Keys(…)")
    }
}

impl KeyLog for Keys {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let line = format!("{label} {} {}\n", HEXLOWER.encode(client_random), HEXLOWER.encode(secret));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_str(&line);
    }

    fn will_log(&self, label: &str) -> bool {
        LABELS.contains(&label)
    }
}

/// Writes what both said, in TLS, as a file.
pub(super) fn write(output: impl Write, heard: &[Octets]) -> io::Result<()> {
    let keys = Arc::new(Keys::default());
    let mut hands = Hands::new(Shake::Mailer, Arc::clone(&keys) as Arc<dyn KeyLog>);
    let client = "198.51.100.7:50007".parse().expect("an address");
    let server = "192.0.2.1:995".parse().expect("an address");
    let mut conversation = Conversation::new(client, server, Stage::begin_nanoseconds());
    conversation.opening = vec!["Phase 1: the TCP connection (RFC 9293 §3.5)".to_owned()];
    let mut now = conversation.accepted;
    let mut push = |after: u64, from, octets: Vec<u8>, comment: Option<String>| {
        now += after;
        if !octets.is_empty() {
            conversation.pieces.push(Piece { at: now, from, octets, comments: comment.into_iter().collect() });
        }
        now
    };
    let hello = "Phase 2: the TLS handshake. The ClientHello names the server (RFC 8446 §2, RFC 6066 §3)";
    push(PACE, Side::Client, asks(&mut hands)?, Some(hello.to_owned()));
    push(ANSWER, Side::Server, hands.answers(), Some("ServerHello; behind it all is encrypted".to_owned()));
    push(ANSWER, Side::Client, asks(&mut hands)?, Some("The client has checked the certificate".to_owned()));
    push(0, Side::Server, hands.answers(), Some("A ticket for the next connection (RFC 8446 §4.6.1)".to_owned()));
    let mut is_first = true;
    for part in heard {
        match part {
            Octets::Client(octets) => {
                hands.client.writer().write_all(octets)?;
                push(PACE, Side::Client, asks(&mut hands)?, meaning(octets));
                // The server's end takes what came.
                hands.server.reader().read(&mut vec![0; octets.len()])?;
            }
            Octets::Server(octets) => {
                let greeting = "Phase 3: the POP3 session. The server speaks first (RFC 1939 §3)";
                let mut comment = std::mem::take(&mut is_first).then(|| greeting.to_owned());
                for piece in pieces(octets) {
                    hands.server.writer().write_all(piece)?;
                    push(ANSWER, Side::Server, hands.answers(), comment.take());
                    hands.client.reader().read(&mut vec![0; piece.len()])?;
                }
            }
        }
    }
    hands.server.send_close_notify();
    let end = "close_notify: nothing was cut off at the end (RFC 8446 §6.1)";
    let finished = push(ANSWER, Side::Server, hands.answers(), Some(end.to_owned()));
    conversation.finished = finished + ANSWER;
    conversation.finish = Finish::Closed(Side::Server);
    let secrets = keys.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    conversation.secrets = secrets.into_bytes().into();
    let section = Section {
        application: concat!("watchpost ", env!("CARGO_PKG_VERSION")),
        comment: "A session of the textbook. It holds the keys of this session, and a password that opens nothing.",
        interface: "octets as a server's socket has them; the TCP headers around them are reconstructed",
    };
    pcapng::write(output, section, &[conversation]).map(|_| ())
}

fn asks(hands: &mut Hands) -> io::Result<Vec<u8>> {
    let (octets, taken) = hands.asks();
    taken.map_err(|_| io::Error::other("the handshake of the textbook fails"))?;
    Ok(octets)
}

/// What a command is for.
fn meaning(line: &[u8]) -> Option<String> {
    let line = String::from_utf8_lossy(line);
    let word = line.split_whitespace().next()?;
    let lesson = *explain::find(word).first()?;
    Some(format!("{} ({})", lesson.summary.english.trim_end_matches('.'), lesson.source))
}

/// The status line of RETR and TOP leaves before the message, as the server sends it: readers then know how much of what
/// follows is the message.
fn pieces(octets: &[u8]) -> Vec<&[u8]> {
    let end = octets.windows(2).position(|pair| pair == b"\r\n").map_or(octets.len(), |place| place + 2);
    let (status, rest) = octets.split_at(end);
    match rest {
        [] => vec![status],
        rest => vec![status, rest],
    }
}
