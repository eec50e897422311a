//! A session while it goes on: its row and its blob grow with its events.

use crate::event::{ConnectionId, EventKind, Sequence};

use super::codec::{Encoder, Micros, Number};
use super::row::{Row, SessionEnd};

/// Events of one session at the most; its end is always one more. A driver records 256 commands one by one.
pub(super) const EVENTS_MAX: u32 = 2048;
/// Octets of a blob at the most, but for its end.
pub(super) const BLOB_MAX: usize = 48 << 10;

/// A session whose end is still to come, or has just come.
#[derive(Clone, Debug)]
pub(super) struct OpenSession {
    pub(super) row: Row,
    encoder: Encoder,
    events: u32,
    /// When it was last heard of.
    pub(super) heard: Micros,
    /// Whether the file knows less than this.
    pub(super) dirty: bool,
    /// Whether the file has a row of it.
    pub(super) stored: bool,
}

impl OpenSession {
    pub(super) fn new(first: Sequence, connection: ConnectionId, start: Micros) -> Self {
        let (row, encoder) = (Row::new(first, connection, start), Encoder::new(first, start));
        Self { row, encoder, events: 0, heard: start, dirty: false, stored: false }
    }

    /// Becomes another session, in the room of this one.
    pub(super) fn renew(&mut self, first: Sequence, connection: ConnectionId, start: Micros) {
        self.row = Row::new(first, connection, start);
        self.encoder.renew(first, start);
        (self.events, self.heard, self.dirty, self.stored) = (0, start, false, false);
    }

    /// Whether its room is worth keeping: that of a long session would lie idle.
    pub(super) fn is_of_usual_size(&self) -> bool {
        self.encoder.is_of_usual_size()
    }

    /// Takes an event, or counts it when there are too many. Whether it was taken: what is not kept must not be judged
    /// either, or a verdict would rest on what nobody can read again.
    pub(super) fn take(&mut self, sequence: Sequence, at: Micros, event: &EventKind, number: &mut Number<'_>) -> bool {
        self.heard = at;
        self.dirty = true;
        let is_end = matches!(event, EventKind::Closed(_));
        if !is_end && (self.events >= EVENTS_MAX || self.encoder.octets().len() >= BLOB_MAX) {
            self.row.unrecorded += 1;
            return false;
        }
        self.events += 1;
        self.row.hear(at, event);
        self.encoder.push(sequence, at, event, number);
        true
    }

    pub(super) fn is_over(&self) -> bool {
        self.row.end != SessionEnd::Open
    }

    pub(super) fn blob(&self) -> &[u8] {
        self.encoder.octets()
    }

    /// How many events the file would lose with this session.
    pub(super) fn events(&self) -> u64 {
        u64::from(self.events)
    }
}
