//! Where recordings wait: those of sessions that ended lately, in case a rule or an operator asks for them.

use std::collections::{HashSet, VecDeque};
use std::time::{Duration, Instant};

use crate::event::ConnectionId;

use super::{Budget, Recording};

/// How long recordings wait, and how much of them.
#[derive(Clone, Copy, Debug)]
pub struct ShelfTerms {
    /// How long an ended session is remembered that nobody asked for.
    pub wait: Duration,
    /// Octets that all tracks may hold before the oldest ended ones go.
    pub octets_max: usize,
    /// Sessions that may be asked for before they have ended.
    pub wanted_max: usize,
}

/// Recordings that nobody asked for yet, and sessions that were asked for and have not ended.
#[derive(Debug)]
pub struct Shelf {
    terms: ShelfTerms,
    ended: VecDeque<(Instant, Recording)>,
    wanted: HashSet<ConnectionId>,
    order: VecDeque<ConnectionId>,
}

impl Shelf {
    /// An empty one.
    pub fn new(terms: ShelfTerms) -> Self {
        Self { terms, ended: VecDeque::new(), wanted: HashSet::new(), order: VecDeque::new() }
    }

    /// A session is over. It is given back if somebody has asked for it.
    pub fn ended(&mut self, recording: Recording, now: Instant, budget: &Budget) -> Option<Recording> {
        if self.wanted.contains(&recording.connection) {
            self.unwant(recording.connection);
            return Some(recording);
        }
        self.ended.push_back((now, recording));
        while budget.held() > self.terms.octets_max && self.ended.len() > 1 {
            self.ended.pop_front();
        }
        None
    }

    /// Somebody asks for a session. `None`: it has not ended, or is forgotten.
    pub fn want(&mut self, connection: ConnectionId) -> Option<Recording> {
        if let Some(place) = self.ended.iter().position(|(_, recording)| recording.connection == connection) {
            return self.ended.remove(place).map(|(_, recording)| recording);
        }
        if self.wanted.insert(connection) {
            self.order.push_back(connection);
        }
        while self.order.len() > self.terms.wanted_max {
            let oldest = self.order.pop_front();
            oldest.map(|oldest| self.wanted.remove(&oldest));
        }
        None
    }

    /// A session that somebody asked for will not come.
    pub fn unwant(&mut self, connection: ConnectionId) {
        self.wanted.remove(&connection);
        self.order.retain(|wanted| *wanted != connection);
    }

    /// Forgets what has waited long enough.
    pub fn forget(&mut self, now: Instant) {
        while self.ended.front().is_some_and(|(since, _)| now.duration_since(*since) >= self.terms.wait) {
            self.ended.pop_front();
        }
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.ended.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.ended.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Track;
    use super::*;
    use crate::pcapng::Side;
    use std::sync::Arc;

    const TERMS: ShelfTerms = ShelfTerms { wait: Duration::from_mins(1), octets_max: 3000, wanted_max: 2 };

    fn recording(number: u128, budget: &Arc<Budget>) -> Recording {
        let mut plain = Track::new(budget, 4096);
        plain.push(1, Side::Client, &[0; 300]);
        let address = "127.0.0.1:1".parse().expect("an address");
        Recording {
            connection: ConnectionId(number),
            peer: address,
            local: address,
            accepted: 0,
            ended: 0,
            is_open: false,
            plain,
            wire: Track::new(budget, 0),
            keys: zeroize::Zeroizing::default(),
        }
    }

    #[test]
    fn whoever_is_asked_for_is_given_whether_before_or_after_the_end() {
        let (budget, now) = (Budget::new(1 << 20), Instant::now());
        let mut shelf = Shelf::new(TERMS);
        assert!(shelf.ended(recording(1, &budget), now, &budget).is_none());
        assert!(shelf.want(ConnectionId(1)).is_some());
        assert!(shelf.want(ConnectionId(2)).is_none());
        assert!(shelf.ended(recording(2, &budget), now, &budget).is_some());
        assert!(shelf.is_empty());
        assert_eq!(budget.held(), 0);
        shelf.want(ConnectionId(3));
        shelf.unwant(ConnectionId(3));
        assert!(shelf.ended(recording(3, &budget), now, &budget).is_none(), "nobody asks any more");
    }

    #[test]
    fn whoever_was_given_leaves_the_list_of_those_asked_for() {
        let (budget, now) = (Budget::new(1 << 20), Instant::now());
        let mut shelf = Shelf::new(TERMS);
        for number in 0..100 {
            shelf.want(ConnectionId(number));
            assert!(shelf.ended(recording(number, &budget), now, &budget).is_some());
        }
        assert_eq!((shelf.wanted.len(), shelf.order.len()), (0, 0));
    }

    #[test]
    fn what_waits_is_bounded_in_time_and_in_octets() {
        let (budget, now) = (Budget::new(1 << 20), Instant::now());
        let mut shelf = Shelf::new(TERMS);
        for number in 0..20 {
            shelf.ended(recording(number, &budget), now, &budget);
            assert!(budget.held() <= TERMS.octets_max);
        }
        assert!(shelf.want(ConnectionId(19)).is_some());
        assert!(!shelf.is_empty());
        shelf.forget(now + Duration::from_secs(59));
        assert!(!shelf.is_empty());
        shelf.forget(now + Duration::from_mins(1));
        assert_eq!((shelf.len(), budget.held()), (0, 0));
        for number in 100..200 {
            shelf.want(ConnectionId(number));
        }
        assert_eq!((shelf.wanted.len(), shelf.order.len()), (2, 2));
    }
}
