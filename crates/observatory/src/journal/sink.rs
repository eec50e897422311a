//! Where sessions leave their events.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError};

use watchpost_proto::planted::planted;

use crate::event::{Event, EventSink};

use super::bell::Bell;

/// What comes to the writer.
pub(super) enum Message {
    /// Something happened on one connection.
    Events(Vec<Event>),
    /// Write down what there is, then answer.
    Flush(SyncSender<()>),
    /// No more events will come.
    Stop,
}

/// Takes events for the journal. Never waits: when the writer is too slow, events are lost, and counted.
#[derive(Clone, Debug)]
pub struct JournalSink {
    pub(super) queue: SyncSender<Message>,
    pub(super) bell: Arc<Bell>,
    /// Events in the queue: a message may bring many.
    pub(super) waiting: Arc<AtomicUsize>,
    /// As many of them make it full.
    pub(super) most: usize,
    pub(super) lost: Arc<AtomicU64>,
}

impl JournalSink {
    /// Takes events of one connection, or gives them back: they are lost then, and counted. A batch goes in as long as the
    /// queue is not full, so that one larger than the queue is not lost for ever; no more than this one batch stands
    /// above the bound.
    pub fn offer(&self, events: Vec<Event>) -> Result<(), Vec<Event>> {
        let count = events.len();
        if count == 0 {
            return Ok(());
        }
        let is_full = self.waiting.fetch_add(count, Ordering::Relaxed) >= self.most;
        let is_full = is_full && !planted("journal.queue-is-not-bounded");
        let message = Message::Events(events);
        let sent = if is_full { Err(TrySendError::Full(message)) } else { self.queue.try_send(message) };
        let Err(error) = sent else {
            if !planted("journal.bell-is-not-rung") {
                self.bell.ring();
            }
            return Ok(());
        };
        self.waiting.fetch_sub(count, Ordering::Relaxed);
        let is_hidden = matches!(error, TrySendError::Full(_)) && planted("journal.loss-is-not-counted");
        if !is_hidden {
            self.lost.fetch_add(count as u64, Ordering::Relaxed);
        }
        match error {
            TrySendError::Full(Message::Events(events)) | TrySendError::Disconnected(Message::Events(events)) => {
                Err(events)
            }
            _ => unreachable!("what comes back is what was sent"),
        }
    }
}

impl EventSink for JournalSink {
    fn record(&self, event: Event) {
        self.record_all(vec![event]);
    }

    fn record_all(&self, events: Vec<Event>) {
        // What is lost is counted.
        let _ = self.offer(events);
    }
}
