//! Where sessions leave their events.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError};

use watchpost_proto::planted::planted;

use crate::event::{Event, EventSink};

use super::bell::Bell;

/// What comes to the writer.
pub(super) enum Message {
    /// Something happened. Boxed, or each place in the queue would be as large.
    Event(Box<Event>),
    /// Several things happened on one connection.
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
    /// A batch goes in as long as the queue is not full, so that one larger than the queue is not lost for ever; no
    /// more than this one batch stands above the bound.
    fn send(&self, message: Message, count: usize) -> Result<(), Message> {
        let is_full = self.waiting.fetch_add(count, Ordering::Relaxed) >= self.most;
        let is_full = is_full && !planted("journal.queue-is-not-bounded");
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
        let (TrySendError::Full(message) | TrySendError::Disconnected(message)) = error;
        Err(message)
    }

    /// Takes an event, or gives it back: it is lost then, and counted.
    pub fn offer(&self, event: Event) -> Result<(), Event> {
        self.send(Message::Event(Box::new(event)), 1).map_err(|message| match message {
            Message::Event(event) => *event,
            _ => unreachable!("what comes back is what was sent"),
        })
    }

    /// The same with events of one connection.
    pub fn offer_all(&self, events: Vec<Event>) -> Result<(), Vec<Event>> {
        let count = events.len();
        if count == 0 {
            return Ok(());
        }
        self.send(Message::Events(events), count).map_err(|message| match message {
            Message::Events(events) => events,
            _ => unreachable!("what comes back is what was sent"),
        })
    }
}

impl EventSink for JournalSink {
    fn record(&self, event: Event) {
        // What is lost is counted.
        let _ = self.offer(event);
    }

    fn record_all(&self, events: Vec<Event>) {
        let _ = self.offer_all(events);
    }
}
