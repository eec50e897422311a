//! Who failed lately: how often a name was tried in vain from an address. It decides who goes first, never who may log
//! in, and an address alone decides nothing: an office shares one, and so do an attacker and his victims (S-024).

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::hashing::Suspicion;

/// Pairs of one generation; two are kept.
const GENERATION: usize = 8192;
/// How long a generation lasts.
const LASTS: Duration = Duration::from_mins(15);

/// Counts of failures, by name and address, under a key of this process.
pub(super) struct Failures {
    key: RandomState,
    lasts: Duration,
    generations: Mutex<Generations>,
}

struct Generations {
    began: Instant,
    young: HashMap<u64, u8>,
    elder: HashMap<u64, u8>,
}

impl Failures {
    pub(super) fn new() -> Self {
        let generations = Generations { began: Instant::now(), young: HashMap::new(), elder: HashMap::new() };
        Self { key: RandomState::new(), lasts: LASTS, generations: Mutex::new(generations) }
    }

    /// How much a login looks like a guess: what failed on its connection weighs more than what failed elsewhere.
    pub(super) fn suspicion(&self, name: &[u8], from: IpAddr, on_this_connection: u32) -> Suspicion {
        let here = u8::try_from(on_this_connection.min(15)).unwrap_or(15);
        let before = self.with(|generations| generations.count(self.pair(name, from))).min(7);
        Suspicion(here * 8 + before)
    }

    /// It failed again.
    pub(super) fn failed(&self, name: &[u8], from: IpAddr) {
        let pair = self.pair(name, from);
        self.with(|generations| {
            let count = generations.count(pair).saturating_add(1);
            if generations.young.len() >= GENERATION || generations.began.elapsed() >= self.lasts {
                generations.elder = std::mem::take(&mut generations.young);
                generations.began = Instant::now();
            }
            generations.young.insert(pair, count);
        });
    }

    /// It succeeded: a typo is forgotten.
    pub(super) fn succeeded(&self, name: &[u8], from: IpAddr) {
        let pair = self.pair(name, from);
        self.with(|generations| {
            generations.young.remove(&pair);
            generations.elder.remove(&pair);
        });
    }

    fn pair(&self, name: &[u8], from: IpAddr) -> u64 {
        self.key.hash_one((name, source(from)))
    }

    fn with<T>(&self, work: impl FnOnce(&mut Generations) -> T) -> T {
        work(&mut self.generations.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Generations {
    fn count(&self, pair: u64) -> u8 {
        let counts = [self.young.get(&pair), self.elder.get(&pair)];
        counts.into_iter().flatten().copied().max().unwrap_or(0)
    }
}

/// One subscriber of IPv6 has a /64 at least: his addresses are one.
fn source(from: IpAddr) -> IpAddr {
    match from.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        address @ IpAddr::V4(_) => address,
    }
}

impl fmt::Debug for Failures {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Failures(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_pair_is_suspicious_and_neither_its_name_nor_its_address_alone() {
        // S-024
        let failures = Failures::new();
        let (here, there) = (address("192.0.2.1"), address("192.0.2.2"));
        for _ in 0..3 {
            failures.failed(b"alice", here);
        }
        assert_eq!(failures.suspicion(b"alice", here, 0), Suspicion(3));
        assert_eq!(failures.suspicion(b"bob", here, 0), Suspicion(0));
        assert_eq!(failures.suspicion(b"alice", there, 0), Suspicion(0));
        assert!(failures.suspicion(b"bob", here, 1) > failures.suspicion(b"alice", here, 0));
        failures.succeeded(b"alice", here);
        assert_eq!(failures.suspicion(b"alice", here, 0), Suspicion(0));
    }

    #[test]
    fn what_is_kept_is_bounded_and_ends() {
        let mut failures = Failures::new();
        let here = address("2001:db8::1");
        for number in 0..5 * GENERATION {
            failures.failed(number.to_string().as_bytes(), here);
        }
        let kept = failures.with(|generations| generations.young.len() + generations.elder.len());
        assert!(kept <= 2 * GENERATION, "{kept}");
        failures.failed(b"alice", here);
        assert_eq!(failures.suspicion(b"alice", address("2001:db8::2"), 0), Suspicion(1), "one /64 is one source");
        failures.lasts = Duration::ZERO;
        for other in ["bob", "carol"] {
            failures.failed(other.as_bytes(), here);
        }
        assert_eq!(failures.suspicion(b"alice", here, 0), Suspicion(0));
    }

    #[test]
    fn no_count_of_failures_is_beyond_what_is_urgent() {
        let failures = Failures::new();
        assert!(failures.suspicion(b"alice", address("192.0.2.1"), u32::MAX) < Suspicion::IDLE);
    }
}
