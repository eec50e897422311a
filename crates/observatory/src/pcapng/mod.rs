//! Files that Wireshark opens (draft-ietf-opsawg-pcapng), from what a socket saw: octets, times and directions.
//!
//! ```text
//! Section Header      who wrote it, and what is in it
//! Interface           LINKTYPE_RAW: IPv4 or IPv6 by the first nibble; nanoseconds
//! for each session, before its first packet:
//!   Decryption Secrets  key log of TLS (RFC 9850); behind the ServerHello it would be too late
//! for each packet, all sessions by time:
//!   Enhanced Packet     the frame, in or out, comments
//! ```
//!
//! An application has no TCP headers: they are made here ([`Conversation`]), with every checksum, so that analysers find
//! nothing to complain about. What is made is said to be made, in the interface's description.

mod block;
mod frame;
mod records;
mod tcp;

use std::io::{self, Write};
use std::net::SocketAddr;

use zeroize::Zeroizing;

use block::Blocks;

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Whoever connected.
    Client,
    /// Whoever was connected to.
    Server,
}

impl Side {
    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// Octets that one side sent at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// When, in nanoseconds since 1970.
    pub at: u64,
    /// Who.
    pub from: Side,
    /// What; when it is empty, the packet before has its comments.
    pub octets: Vec<u8>,
    /// What readers are told at its first packet, one comment each.
    pub comments: Vec<String>,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Finish {
    /// It goes on, or nobody saw its end.
    #[default]
    Unseen,
    /// This side said first that it has no more to say (FIN).
    Closed(Side),
    /// This side broke it off (RST).
    Reset(Side),
}

/// One TCP connection, as far as an application knows it.
#[derive(Clone, Debug)]
pub struct Conversation {
    /// Who connected.
    pub client: SocketAddr,
    /// To whom.
    pub server: SocketAddr,
    /// Which of them wrote this down: its packets go out, the other's come in.
    pub here: Side,
    /// When it was accepted, in nanoseconds since 1970.
    pub accepted: u64,
    /// What readers are told at its first packet.
    pub opening: Vec<String>,
    /// What was said, by time.
    pub pieces: Vec<Piece>,
    /// How it ended.
    pub finish: Finish,
    /// When it ended, in nanoseconds since 1970.
    pub finished: u64,
    /// What readers are told at the packet that ends it.
    pub closing: Vec<String>,
    /// Lines of a key log (RFC 9850), each with its end; empty: none.
    pub secrets: Zeroizing<Vec<u8>>,
}

impl Conversation {
    /// One in which nothing was said yet.
    pub fn new(client: SocketAddr, server: SocketAddr, accepted: u64) -> Self {
        Self {
            client,
            server,
            here: Side::Server,
            accepted,
            opening: Vec::new(),
            pieces: Vec::new(),
            finish: Finish::default(),
            finished: accepted,
            closing: Vec::new(),
            secrets: Zeroizing::default(),
        }
    }

    /// Lets the first line of these replies stand alone, so that readers show the message behind it as one: of those
    /// whose first octets the server sent in this piece, or in the next of its pieces.
    ///
    /// Where they are sealed, `secrets` must open them; what they do not open is left as it is.
    pub fn part_replies(&mut self, openings: &[usize]) {
        records::part_replies(&mut self.pieces, openings, &self.secrets);
    }
}

/// What stands above the packets of a file.
#[derive(Clone, Copy, Debug)]
pub struct Section<'a> {
    /// The program that writes it: `watchpost 0.1.0`.
    pub application: &'a str,
    /// What somebody who gets the file should know first.
    pub comment: &'a str,
    /// How the frames came about.
    pub interface: &'a str,
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Conversations.
    pub sessions: usize,
    /// Packets.
    pub packets: usize,
    /// Blocks of secrets.
    pub secrets: usize,
}

/// Writes a file: all conversations, their packets by time.
pub fn write(output: impl Write, section: Section<'_>, conversations: &[Conversation]) -> io::Result<Written> {
    let mut packets = Vec::new();
    for (number, conversation) in conversations.iter().enumerate() {
        packets.extend(tcp::packets(conversation)?.into_iter().map(|packet| (number, packet)));
    }
    // A stable order: packets of one conversation stay as they were made.
    packets.sort_by_key(|(_, packet)| packet.at);
    let mut blocks = Blocks::begin(output, section)?;
    let mut begun = vec![false; conversations.len()];
    let mut written = Written { sessions: conversations.len(), packets: packets.len(), secrets: 0 };
    for (number, packet) in &packets {
        if !std::mem::replace(&mut begun[*number], true) && !conversations[*number].secrets.is_empty() {
            blocks.secrets(&conversations[*number].secrets)?;
            written.secrets += 1;
        }
        blocks.packet(packet)?;
    }
    blocks.end()?;
    Ok(written)
}
