//! A bounded queue between sessions and the observatory: sessions never wait, and what is lost is counted.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use watchpost_proto::planted::planted;

use crate::event::{ConnectionId, Event, EventKind, EventSink};

/// A queue of at most so many events. When it is full new ones are lost and counted: [`EventKind::Lost`] says so
/// once there is room again, behind what was kept.
pub fn queue(capacity: usize) -> (Inlet, Outlet) {
    let shared = Arc::new(Shared { capacity, state: Mutex::default(), came: Condvar::new() });
    (Inlet(Arc::clone(&shared)), Outlet(shared))
}

/// Where events go in. Dropping it ends the queue.
#[derive(Debug)]
pub struct Inlet(Arc<Shared>);

/// Where events come out.
#[derive(Debug)]
pub struct Outlet(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    capacity: usize,
    state: Mutex<State>,
    came: Condvar,
}

#[derive(Debug, Default)]
struct State {
    events: VecDeque<Event>,
    lost: u64,
    /// Somebody sleeps until something comes: waking costs a system call, so it is done for sleepers alone.
    sleeping: bool,
    ended: bool,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics, and a torn queue would still be a queue.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, events: impl ExactSizeIterator<Item = Event>) {
        let mut state = self.state();
        let room = self.capacity.saturating_sub(state.events.len());
        if !planted("observatory.losses-not-counted") {
            state.lost += events.len().saturating_sub(room) as u64;
        }
        state.events.extend(events.take(room));
        let sleeping = std::mem::take(&mut state.sleeping);
        drop(state);
        if sleeping {
            self.came.notify_one();
        }
    }
}

impl EventSink for Inlet {
    fn record(&self, event: Event) {
        self.0.put(std::iter::once(event));
    }

    fn record_all(&self, events: Vec<Event>) {
        if !events.is_empty() {
            self.0.put(events.into_iter());
        }
    }
}

impl Drop for Inlet {
    fn drop(&mut self) {
        self.0.state().ended = true;
        self.0.came.notify_one();
    }
}

impl Outlet {
    /// Everything that has come, in order; waits so long for it, and for the first only. Empty when nothing came,
    /// `None` when nothing will come any more.
    pub fn take(&mut self, patience: Duration) -> Option<Vec<Event>> {
        let sleeps = |state: &mut State| {
            state.sleeping = state.events.is_empty() && state.lost == 0 && !state.ended;
            state.sleeping
        };
        let waited = self.0.came.wait_timeout_while(self.0.state(), patience, sleeps);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.sleeping = false;
        let ended = state.ended;
        let mut events = Vec::from(std::mem::take(&mut state.events));
        let lost = std::mem::take(&mut state.lost);
        if events.is_empty() && lost == 0 && ended {
            return None;
        }
        if lost > 0 {
            let at = events.last().map_or(std::time::UNIX_EPOCH, |event| event.at);
            events.push(Event { at, connection: ConnectionId(0), kind: EventKind::Lost { count: lost } });
        }
        Some(events)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    fn event(number: u64) -> Event {
        Event { at: UNIX_EPOCH + Duration::from_secs(number), connection: ConnectionId(7), kind: EventKind::Started }
    }

    #[test]
    fn what_does_not_fit_is_lost_counted_and_said_once() {
        // S-060
        let (inlet, mut outlet) = queue(3);
        inlet.record_all((0..2).map(event).collect());
        inlet.record_all((2..5).map(event).collect());
        inlet.record(event(5));
        let taken = outlet.take(Duration::ZERO).unwrap();
        assert_eq!(taken[..3], [event(0), event(1), event(2)]);
        assert_eq!(taken[3].kind, EventKind::Lost { count: 3 });
        assert_eq!(taken[3].at, taken[2].at);
        assert_eq!(taken.len(), 4);
        inlet.record(event(6));
        assert_eq!(outlet.take(Duration::ZERO), Some(vec![event(6)]));
        assert_eq!(outlet.take(Duration::ZERO), Some(vec![]));
        inlet.record(event(7));
        drop(inlet);
        assert_eq!(outlet.take(Duration::from_secs(3600)), Some(vec![event(7)]));
        assert_eq!(outlet.take(Duration::from_secs(3600)), None);
    }

    #[test]
    fn a_sleeper_is_woken() {
        let (inlet, mut outlet) = queue(10_000);
        let taker = std::thread::spawn(move || {
            let mut count = 0;
            while let Some(events) = outlet.take(Duration::from_secs(3600)) {
                count += events.len();
            }
            count
        });
        for number in 0..1000 {
            inlet.record(event(number));
        }
        drop(inlet);
        assert_eq!(taker.join().unwrap(), 1000);
    }
}
