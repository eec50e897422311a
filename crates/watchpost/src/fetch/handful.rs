//! What the session hands to the keeper at once: messages or pieces of them, in one buffer that comes back to be filled
//! again. To wake another thread for each message would cost more than to store it.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::plan::Doubt;

/// Octets that go to the keeper at once.
const OCTETS: usize = 64 * 1024;
/// Things that go to the keeper at once: of messages of a few octets, sixty-four kilobytes would be thousands.
const THINGS: usize = 512;

/// What the session brings.
pub enum Brought {
    /// A message begins.
    Begin {
        /// Its place in the listing.
        index: usize,
        /// Why it may have been delivered already.
        doubt: Doubt,
    },
    /// Its next octets: so many of those that the handful has.
    Octets(usize),
    /// It is whole.
    End {
        /// Whether the server will send more.
        more: bool,
    },
    /// It will never be whole.
    GivenUp,
    /// It is one that was delivered under another unique-id: its header and size say so.
    Same {
        /// Its place in the listing.
        index: usize,
        /// What the journal knew it by.
        old: Box<str>,
    },
    /// The server does not give it.
    Failed {
        /// Its place in the listing.
        index: usize,
    },
}

/// Things in the order in which they came.
#[derive(Default)]
pub struct Handful {
    /// Octets of all messages, one behind the other.
    pub octets: Vec<u8>,
    brought: Vec<Brought>,
    /// How many of the octets are accounted for.
    named: usize,
}

impl Handful {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.brought.is_empty() && self.octets.is_empty()
    }

    /// Whether it is time to hand it over.
    pub fn is_full(&self) -> bool {
        self.octets.len() >= OCTETS || self.brought.len() >= THINGS
    }

    /// Adds something, behind the octets that came before it.
    pub fn add(&mut self, brought: Brought) {
        self.name_octets();
        self.brought.push(brought);
    }

    /// How many octets came since this was last asked, or something was added.
    pub fn name_octets(&mut self) -> usize {
        let new = self.octets.len() - self.named;
        match self.brought.last_mut() {
            _ if new == 0 => {}
            // However they are cut: a message of many small pieces must not take more room than one of few.
            Some(Brought::Octets(octets)) => *octets += new,
            _ => self.brought.push(Brought::Octets(new)),
        }
        self.named = self.octets.len();
        new
    }

    /// Gives out everything, with the octets where there are any, and is empty again.
    pub fn empty<E>(&mut self, mut take: impl FnMut(Brought, &[u8]) -> Result<(), E>) -> Result<(), E> {
        self.name_octets();
        let mut start = 0;
        let taken = self.brought.drain(..).try_for_each(|brought| {
            let length = if let Brought::Octets(length) = &brought { *length } else { 0 };
            let octets = &self.octets[start..start + length];
            start += length;
            take(brought, octets)
        });
        self.octets.clear();
        self.named = 0;
        taken
    }
}

/// Handfuls that wait for the keeper: half a MiB, and at most three times that.
const WAITING_MAX: usize = 8;

/// The way of handfuls to the keeper and back. Its ends live on different threads: one must not block, the other does
/// nothing else, and a channel of the runtime would wake the first one for each timer of the second.
pub fn way() -> (Giver, Taker) {
    let way = Arc::new(Way::default());
    (Giver(Arc::clone(&way)), Taker(way))
}

#[derive(Default)]
struct Way {
    state: Mutex<State>,
    brought: Condvar,
    taken: Notify,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Handful>,
    emptied: Vec<Handful>,
    /// The keeper sleeps, and wants to be woken.
    sleeps: bool,
    /// The session waits for a place.
    is_full: bool,
    /// One of the ends is gone.
    is_over: bool,
}

impl Way {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self) {
        self.state().is_over = true;
        self.brought.notify_one();
        self.taken.notify_one();
    }
}

/// The session's end. When it is dropped, nothing follows.
pub struct Giver(Arc<Way>);

/// The keeper has ended: it takes nothing any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended;

impl Giver {
    /// Gives a handful away and gets an empty one for it; waits while too many wait already.
    pub async fn give(&self, hand: Handful) -> Result<Handful, Ended> {
        loop {
            {
                let mut state = self.0.state();
                if state.is_over {
                    return Err(Ended);
                }
                if state.waiting.len() < WAITING_MAX {
                    state.waiting.push_back(hand);
                    if std::mem::take(&mut state.sleeps) {
                        self.0.brought.notify_one();
                    }
                    return Ok(state.emptied.pop().unwrap_or_default());
                }
                state.is_full = true;
            }
            self.0.taken.notified().await;
        }
    }
}

impl Drop for Giver {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// The keeper's end.
pub struct Taker(Arc<Way>);

/// What there is for the keeper.
pub enum Taken {
    /// The next handful.
    Handful(Handful),
    /// None within the time.
    Nothing,
    /// Nothing follows.
    End,
}

impl Taker {
    /// Takes the next handful; `patience`: how long to wait for it, if not for ever.
    pub fn take(&self, patience: Option<Duration>) -> Taken {
        let mut state = self.0.state();
        let mut may_wait = true;
        loop {
            if let Some(hand) = state.waiting.pop_front() {
                if std::mem::take(&mut state.is_full) {
                    self.0.taken.notify_one();
                }
                return Taken::Handful(hand);
            }
            if state.is_over {
                return Taken::End;
            }
            if !may_wait || patience == Some(Duration::ZERO) {
                return Taken::Nothing;
            }
            state.sleeps = true;
            state = match patience {
                None => self.0.brought.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(patience) => {
                    let (state, waited) =
                        self.0.brought.wait_timeout(state, patience).unwrap_or_else(PoisonError::into_inner);
                    may_wait = !waited.timed_out();
                    state
                }
            };
            state.sleeps = false;
        }
    }

    /// Gives back an emptied handful.
    pub fn give_back(&self, hand: Handful) {
        self.0.state().emptied.push(hand);
    }
}

impl Drop for Taker {
    fn drop(&mut self) {
        self.0.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hand(octet: u8) -> Handful {
        Handful { octets: vec![octet], ..Handful::default() }
    }

    fn octet(taken: &Taken) -> Option<u8> {
        if let Taken::Handful(hand) = taken { hand.octets.first().copied() } else { None }
    }

    #[tokio::test]
    async fn handfuls_come_in_order_and_the_session_waits_while_too_many_wait() {
        let (giver, taker) = way();
        let taking = tokio::task::spawn_blocking(move || {
            let mut came = Vec::new();
            while let Taken::Handful(hand) = taker.take(None) {
                came.extend_from_slice(&hand.octets);
                assert!(taker.0.state().waiting.len() <= WAITING_MAX);
                taker.give_back(Handful::default());
            }
            came
        });
        for number in 0..100 {
            giver.give(hand(number)).await.unwrap();
        }
        drop(giver);
        assert_eq!(taking.await.unwrap(), (0..100).collect::<Vec<u8>>(), "what was given before the end is taken");
    }

    #[tokio::test]
    async fn neither_end_waits_for_one_that_is_gone() {
        let (giver, taker) = way();
        for number in 0..WAITING_MAX {
            giver.give(hand(u8::try_from(number).unwrap())).await.unwrap();
        }
        assert_eq!(octet(&taker.take(Some(Duration::ZERO))), Some(0));
        giver.give(hand(9)).await.unwrap();
        let waiting = tokio::spawn(async move { giver.give(hand(10)).await.map(|_| ()) });
        while !taker.0.state().is_full {
            tokio::task::yield_now().await;
        }
        drop(taker);
        assert_eq!(waiting.await.unwrap(), Err(Ended));
        let (giver, taker) = way();
        assert!(matches!(taker.take(Some(Duration::ZERO)), Taken::Nothing));
        assert!(matches!(taker.take(Some(Duration::from_millis(1))), Taken::Nothing));
        drop(giver);
        assert!(matches!(taker.take(None), Taken::End));
    }
}
