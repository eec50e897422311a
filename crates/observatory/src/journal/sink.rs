//! Where sessions leave their events.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError};

use watchpost_proto::planted::planted;

use crate::event::{Event, EventSink};

/// What comes to the writer.
pub(super) enum Message {
    /// Something happened.
    Event(Event),
    /// Write down what there is, then answer.
    Flush(SyncSender<()>),
    /// No more events will come.
    Stop,
}

/// Takes events for the journal. Never waits: when the writer is too slow, events are lost, and counted.
#[derive(Clone, Debug)]
pub struct JournalSink {
    pub(super) queue: SyncSender<Message>,
    pub(super) lost: Arc<AtomicU64>,
}

impl EventSink for JournalSink {
    fn record(&self, event: Event) {
        match self.queue.try_send(Message::Event(event)) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) if planted("journal.loss-is-not-counted") => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.lost.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}
