//! What a session said, octet by octet, as far as it may be kept: in memory first, in a file only when a rule or an
//! operator asks for it.
//!
//! ```text
//!  session ──Track──► Recording ──► Shelf (ended lately, bounded) ──a verdict names it──► file, for its owner alone
//!  plain: lines without secrets     └──nobody asks──► wiped
//!  wire: as it crossed the wire, and the keys that open it (only where the operator wants keys)
//! ```
//!
//! A track is cut at its end alone, never inside: a gap would make everything behind it unreadable.

mod document;
mod shelf;
mod track;

pub use document::NotARecording;
pub use shelf::{Shelf, ShelfTerms};
pub use track::{Budget, Cut, Track};

use std::net::SocketAddr;

use zeroize::Zeroizing;

use crate::event::ConnectionId;

/// One session, as far as it was recorded.
#[derive(Debug)]
pub struct Recording {
    /// Which.
    pub connection: ConnectionId,
    /// Who connected.
    pub peer: SocketAddr,
    /// Where.
    pub local: SocketAddr,
    /// When, in nanoseconds since 1970.
    pub accepted: u64,
    /// When it ended, likewise; of one that goes on, until when this tells of it.
    pub ended: u64,
    /// Whether it went on when this was written: then it may have logged in since, or be over.
    pub is_open: bool,
    /// Lines and replies, without TLS and without secrets.
    pub plain: Track,
    /// What crossed the wire; empty where keys are not kept.
    pub wire: Track,
    /// Lines of a key log (RFC 9850).
    pub keys: Zeroizing<Vec<u8>>,
}
