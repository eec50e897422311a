//! A recording as it lies in a file: one JSON object, octets as base64.

use std::net::SocketAddr;

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

use crate::event::ConnectionId;
use crate::pcapng::Side;

use super::{Budget, Recording, Track};

/// The only version there is.
const VERSION: u32 = 1;

/// What is no recording.
#[derive(Debug, thiserror::Error)]
pub enum NotARecording {
    /// It is not what we write.
    #[error("{0}")]
    Malformed(#[from] serde_json::Error),
    /// It is that of a later program.
    #[error("version {0} is not known here")]
    Version(u32),
    /// A value is none.
    #[error("a value in it is damaged")]
    Damaged,
}

#[derive(Serialize, Deserialize)]
struct Document {
    version: u32,
    connection: String,
    peer: SocketAddr,
    local: SocketAddr,
    accepted: u64,
    ended: u64,
    /// Not in the files of earlier programs, which knew of ended sessions alone.
    #[serde(default)]
    is_open: bool,
    plain: Pieces,
    wire: Pieces,
    keys: String,
}

impl Drop for Document {
    fn drop(&mut self) {
        self.keys.zeroize();
        for (_, _, octets) in self.plain.pieces.iter_mut().chain(&mut self.wire.pieces) {
            octets.zeroize();
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Pieces {
    is_cut: bool,
    pieces: Vec<(u64, char, String)>,
}

impl Pieces {
    fn of(track: &Track) -> Self {
        let pieces = track.cuts().map(|(cut, octets)| {
            let from = if cut.from == Side::Client { 'c' } else { 's' };
            (cut.at, from, BASE64.encode(octets))
        });
        Self { is_cut: track.is_cut(), pieces: pieces.collect() }
    }

    fn track(&self) -> Result<Track, NotARecording> {
        let budget = Budget::new(usize::MAX >> 1);
        let mut track = Track::new(&budget, usize::MAX >> 1);
        for (at, from, octets) in &self.pieces {
            let octets = Zeroizing::new(BASE64.decode(octets.as_bytes()).map_err(|_| NotARecording::Damaged)?);
            track.push(*at, if *from == 'c' { Side::Client } else { Side::Server }, &octets);
        }
        if self.is_cut {
            track.cut();
        }
        Ok(track)
    }
}

impl Recording {
    /// As it lies in a file. Keys and octets are in it: it is wiped when it is dropped.
    pub fn to_document(&self) -> Zeroizing<Vec<u8>> {
        let document = Document {
            version: VERSION,
            connection: self.connection.to_string(),
            peer: self.peer,
            local: self.local,
            accepted: self.accepted,
            ended: self.ended,
            is_open: self.is_open,
            plain: Pieces::of(&self.plain),
            wire: Pieces::of(&self.wire),
            keys: BASE64.encode(&self.keys),
        };
        // Room enough from the beginning: a vector that grows leaves its octets behind.
        let pieces = document.plain.pieces.iter().chain(&document.wire.pieces);
        let room = pieces.map(|(_, _, octets)| octets.len() + 48).sum::<usize>() + document.keys.len() + 1024;
        let mut octets = Zeroizing::new(Vec::with_capacity(room));
        // Numbers and texts, which JSON always holds.
        let written = serde_json::to_writer(&mut *octets, &document);
        debug_assert!(written.is_ok());
        octets
    }

    /// Reads a file.
    pub fn from_document(document: &[u8]) -> Result<Self, NotARecording> {
        let document: Document = serde_json::from_slice(document)?;
        if document.version != VERSION {
            return Err(NotARecording::Version(document.version));
        }
        let connection = u128::from_str_radix(&document.connection, 16).map_err(|_| NotARecording::Damaged)?;
        let keys = BASE64.decode(document.keys.as_bytes()).map_err(|_| NotARecording::Damaged)?;
        Ok(Self {
            connection: ConnectionId(connection),
            peer: document.peer,
            local: document.local,
            accepted: document.accepted,
            ended: document.ended,
            is_open: document.is_open,
            plain: document.plain.track()?,
            wire: document.wire.track()?,
            keys: Zeroizing::new(keys),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_is_read_as_it_was_written() {
        let budget = Budget::new(1 << 20);
        let mut plain = Track::new(&budget, 1 << 10);
        plain.push(5, Side::Server, b"+OK\r\n");
        plain.push(7, Side::Client, &[0xff; 2000]);
        let recording = Recording {
            connection: ConnectionId(u128::MAX / 3),
            peer: "[2001:db8::1]:4000".parse().expect("an address"),
            local: "192.0.2.1:995".parse().expect("an address"),
            accepted: 3,
            ended: u64::MAX,
            is_open: true,
            plain,
            wire: Track::new(&budget, 0),
            keys: Zeroizing::new(b"CLIENT_RANDOM 00 00\n".to_vec()),
        };
        let document = recording.to_document();
        let read = Recording::from_document(&document).expect("a recording");
        assert_eq!(read.to_document(), document);
        assert_eq!((read.connection, read.keys.as_slice()), (recording.connection, recording.keys.as_slice()));
        assert!(read.plain.is_cut() && !read.wire.is_cut() && read.is_open);
        let earlier = String::from_utf8_lossy(&document).replace("\"is_open\":true,", "");
        assert!(!Recording::from_document(earlier.as_bytes()).expect("a recording").is_open);
        let other = String::from_utf8_lossy(&document).replace("\"version\":1", "\"version\":2");
        assert!(matches!(Recording::from_document(other.as_bytes()), Err(NotARecording::Version(2))));
        assert!(matches!(Recording::from_document(b"{}"), Err(NotARecording::Malformed(_))));
    }
}
