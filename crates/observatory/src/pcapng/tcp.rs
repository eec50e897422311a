//! TCP as it must have been: the handshake, segments, acknowledgements and the end, made from what was said.

use std::io;
use std::net::SocketAddr;

use aws_lc_rs::digest::{SHA256, digest};

use super::frame::{Flags, Segment, frame, of_one_family, segment_octets};
use super::{Conversation, Finish, Side};

/// The least time between two packets of a conversation.
const GAP: u64 = 1_000;
/// Octets after which the other side acknowledges, whether it has something to say or not.
const UNACKNOWLEDGED_MAX: u32 = 64 * 1024;

/// A packet of a file.
pub(super) struct Packet {
    /// Nanoseconds since 1970.
    pub(super) at: u64,
    pub(super) is_inbound: bool,
    pub(super) frame: Vec<u8>,
    pub(super) comments: Vec<String>,
}

/// The packets of a conversation, by time.
pub(super) fn packets(conversation: &Conversation) -> io::Result<Vec<Packet>> {
    let (client, server) = of_one_family(conversation.client, conversation.server);
    let isn = |side: Side| initial(client, server, conversation.accepted, side);
    let mut wire = Wire {
        client,
        server,
        here: conversation.here,
        // What the handshake needs lies before the moment at which the connection was there.
        clock: conversation.accepted.saturating_sub(3 * GAP),
        ends: [End::new(isn(Side::Client)), End::new(isn(Side::Server))],
        packets: Vec::new(),
    };
    wire.handshake(&conversation.opening)?;
    let mut pieces = conversation.pieces.iter().peekable();
    while let Some(piece) = pieces.next() {
        wire.say(piece.from, piece.at, &piece.octets, &piece.comments)?;
        let is_answered = pieces.peek().is_some_and(|next| next.from != piece.from && !next.octets.is_empty());
        if !is_answered {
            wire.acknowledge(piece.from.other())?;
        }
    }
    wire.finish(conversation.finish, conversation.finished, &conversation.closing)?;
    Ok(wire.packets)
}

/// The first sequence number: another one for every connection, so that a port that is used again is a new stream.
fn initial(client: SocketAddr, server: SocketAddr, accepted: u64, side: Side) -> u32 {
    let hash = digest(&SHA256, format!("{client} {server} {accepted} {side:?}").as_bytes());
    let octets: [u8; 4] = hash.as_ref().first_chunk().copied().unwrap_or_default();
    u32::from_be_bytes(octets)
}

/// One end of a connection.
struct End {
    /// The next octet that it sends.
    next: u32,
    /// The next octet that it has told the other side to expect.
    acknowledged: u32,
}

impl End {
    const fn new(isn: u32) -> Self {
        Self { next: isn, acknowledged: 0 }
    }
}

struct Wire {
    client: SocketAddr,
    server: SocketAddr,
    here: Side,
    clock: u64,
    ends: [End; 2],
    packets: Vec<Packet>,
}

impl Wire {
    fn handshake(&mut self, comments: &[String]) -> io::Result<()> {
        self.send(Side::Client, 0, Flags::Syn, b"", comments)?;
        self.send(Side::Server, 0, Flags::Syn, b"", &[])?;
        self.send(Side::Client, 0, Flags::None, b"", &[])
    }

    /// Octets, in as many segments as they need.
    fn say(&mut self, from: Side, at: u64, octets: &[u8], comments: &[String]) -> io::Result<()> {
        if octets.is_empty() {
            self.remark(comments);
            return Ok(());
        }
        let size = usize::from(segment_octets(self.client));
        let count = octets.len().div_ceil(size);
        for (number, segment) in octets.chunks(size).enumerate() {
            let flags = if number + 1 == count { Flags::Push } else { Flags::None };
            self.send(from, at, flags, segment, if number == 0 { comments } else { &[] })?;
            let unacknowledged = self.end(from).next.wrapping_sub(self.end(from.other()).acknowledged);
            if unacknowledged >= UNACKNOWLEDGED_MAX {
                self.acknowledge(from.other())?;
            }
        }
        Ok(())
    }

    /// Says what has come, unless that was said.
    fn acknowledge(&mut self, side: Side) -> io::Result<()> {
        if self.end(side).acknowledged == self.end(side.other()).next {
            return Ok(());
        }
        self.send(side, 0, Flags::None, b"", &[])
    }

    fn finish(&mut self, finish: Finish, at: u64, comments: &[String]) -> io::Result<()> {
        match finish {
            Finish::Unseen => {
                self.remark(comments);
                Ok(())
            }
            Finish::Reset(side) => self.send(side, at, Flags::Reset, b"", comments),
            Finish::Closed(side) => {
                self.send(side, at, Flags::Finish, b"", comments)?;
                self.send(side.other(), at, Flags::Finish, b"", &[])?;
                self.send(side, at, Flags::None, b"", &[])
            }
        }
    }

    /// A packet of no octets that acknowledges nothing new would look like a loss: its comments go to the one before.
    fn remark(&mut self, comments: &[String]) {
        if let Some(last) = self.packets.last_mut() {
            last.comments.extend_from_slice(comments);
        }
    }

    fn send(&mut self, from: Side, at: u64, flags: Flags, octets: &[u8], comments: &[String]) -> io::Result<()> {
        self.clock = at.max(self.clock + GAP);
        let (source, destination) = match from {
            Side::Client => (self.client, self.server),
            Side::Server => (self.server, self.client),
        };
        let is_first = flags == Flags::Syn && from == Side::Client;
        let acknowledged = self.end(from.other()).next;
        let segment =
            Segment { sequence: self.end(from).next, acknowledged: (!is_first).then_some(acknowledged), flags };
        let frame = frame(source, destination, segment, octets)?;
        let taken = u32::try_from(octets.len()).map_err(io::Error::other)?;
        let end = self.end_mut(from);
        end.acknowledged = acknowledged;
        // SYN and FIN take a number as an octet does (RFC 9293 §3.4).
        end.next = end.next.wrapping_add(taken + u32::from(matches!(flags, Flags::Syn | Flags::Finish)));
        let is_inbound = from != self.here;
        self.packets.push(Packet { at: self.clock, is_inbound, frame, comments: comments.to_vec() });
        Ok(())
    }

    fn end(&self, side: Side) -> &End {
        &self.ends[side as usize]
    }

    fn end_mut(&mut self, side: Side) -> &mut End {
        &mut self.ends[side as usize]
    }
}
