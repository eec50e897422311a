//! All events again, in the order in which they were taken.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::rows::SESSION_COLUMNS;
use super::{NoJournal, Reader, Span};
use crate::event::{ConnectionId, Event, Sequence};
use crate::journal::codec::Entry;

/// An event that waits until all before it were told.
struct Waiting {
    sequence: Sequence,
    event: Event,
}

impl Waiting {
    fn new(connection: ConnectionId, entry: Entry) -> Reverse<Self> {
        let Entry { sequence, at, kind } = entry;
        Reverse(Self { sequence, event: Event { at: at.time(), connection, kind } })
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.sequence == other.sequence
    }
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.sequence.cmp(&other.sequence)
    }
}

impl Reader {
    /// Calls `each` with every event of the journal, in the order of sequences: whoever judges them anew hears what the
    /// judge heard then. Holds the events of sessions that overlap, no more.
    pub fn replay(&self, mut each: impl FnMut(Sequence, &Event)) -> Result<(), NoJournal> {
        let mut waiting: BinaryHeap<Reverse<Waiting>> = BinaryHeap::new();
        for entry in self.server_events(Span::ALL)? {
            waiting.push(Waiting::new(ConnectionId(0), entry));
        }
        let query = format!("SELECT {SESSION_COLUMNS} FROM session ORDER BY first");
        let mut query = self.file.prepare_cached(&query)?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let session = self.session_of(row)?;
            tell(&mut waiting, &mut each, |waiting| waiting.sequence < session.row.first);
            let connection = session.row.connection;
            let entries = self.events(&session)?;
            waiting.extend(entries.into_iter().map(|entry| Waiting::new(connection, entry)));
        }
        tell(&mut waiting, &mut each, |_| true);
        Ok(())
    }
}

fn tell(
    waiting: &mut BinaryHeap<Reverse<Waiting>>,
    each: &mut impl FnMut(Sequence, &Event),
    is_due: impl Fn(&Waiting) -> bool,
) {
    while waiting.peek().is_some_and(|Reverse(next)| is_due(next)) {
        let Some(Reverse(next)) = waiting.pop() else { return };
        each(next.sequence, &next.event);
    }
}
