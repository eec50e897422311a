//! What went over a connection, below TLS, and the keys that open it: enough for a file that Wireshark reads.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::SystemTime;

use data_encoding::HEXLOWER;
use watchpost_observatory::pcapng::{Conversation, Finish, Piece, Side};
use zeroize::Zeroizing;

use crate::clock::{Clock, SystemClock};

/// Octets that are kept. Only the end may be missing: nothing behind a gap can be decrypted.
const KEPT_MAX: usize = 128 * 1024 * 1024;

/// Secrets that open the records of TLS 1.3 and 1.2 (RFC 9850 §2); others are of no use to a reader.
const LABELS: [&str; 5] = [
    "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
    "SERVER_HANDSHAKE_TRAFFIC_SECRET",
    "CLIENT_TRAFFIC_SECRET_0",
    "SERVER_TRAFFIC_SECRET_0",
    "CLIENT_RANDOM",
];

/// A recording of one connection. Clones share it.
#[derive(Clone)]
pub struct Tape(Arc<Mutex<Reel>>);

struct Reel {
    begun: u64,
    pieces: Vec<Piece>,
    /// Where replies begin that hold a message.
    messages: Vec<usize>,
    octets: usize,
    keys: Zeroizing<Vec<u8>>,
}

impl Default for Tape {
    fn default() -> Self {
        let reel = Reel {
            begun: nanoseconds(),
            pieces: Vec::new(),
            messages: Vec::new(),
            octets: 0,
            keys: Zeroizing::default(),
        };
        Self(Arc::new(Mutex::new(reel)))
    }
}

/// Shows nothing: there are keys in it.
impl fmt::Debug for Tape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Tape")
    }
}

fn nanoseconds() -> u64 {
    let since = SystemClock.wall().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

impl Tape {
    fn reel(&self) -> MutexGuard<'_, Reel> {
        self.0.lock().expect("nobody panics while he holds it")
    }

    /// The connection stands.
    pub(super) fn begin(&self) {
        self.reel().begun = nanoseconds();
    }

    pub(super) fn keep(&self, from: Side, octets: &[u8]) {
        let mut reel = self.reel();
        reel.octets = reel.octets.saturating_add(octets.len());
        if octets.is_empty() || reel.octets > KEPT_MAX {
            return;
        }
        reel.pieces.push(Piece { at: nanoseconds(), from, octets: octets.to_vec(), comments: Vec::new() });
    }

    /// The next reply holds a message, if it is no refusal.
    pub fn message_follows(&self) {
        let mut reel = self.reel();
        let next = reel.pieces.len();
        reel.messages.push(next);
    }

    /// Tells readers something at the packet with which this side last spoke.
    pub fn remark(&self, from: Side, text: &str) {
        let mut reel = self.reel();
        if let Some(piece) = reel.pieces.iter_mut().rev().find(|piece| piece.from == from) {
            piece.comments.push(text.to_owned());
        }
    }

    /// Everything, as a conversation between these two.
    pub fn conversation(&self, client: SocketAddr, server: SocketAddr, finish: Finish) -> Conversation {
        let reel = self.reel();
        let mut conversation = Conversation::new(client, server, reel.begun);
        conversation.here = Side::Client;
        conversation.pieces.clone_from(&reel.pieces);
        conversation.finish = finish;
        conversation.finished = nanoseconds();
        conversation.secrets.clone_from(&reel.keys);
        conversation.part_replies(&reel.messages);
        conversation
    }
}

impl rustls::KeyLog for Tape {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let secret = Zeroizing::new(HEXLOWER.encode(secret));
        let line = format!("{label} {} {}\n", HEXLOWER.encode(client_random), secret.as_str());
        self.reel().keys.extend_from_slice(Zeroizing::new(line).as_bytes());
    }

    fn will_log(&self, label: &str) -> bool {
        LABELS.contains(&label)
    }
}
