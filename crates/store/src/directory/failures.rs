//! Who failed lately: how often a name was tried in vain from an address, and how often anything was from there. It
//! decides who goes first, never who may log in. What failed from an address makes its refusals wait longer, and puts
//! nobody behind others: an office shares one, and so do an attacker and his victims (S-024).

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::hashing::Suspicion;

/// Counts of one generation; two are kept.
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

    /// How much a login looks like a guess: what failed on its connection weighs more than what failed elsewhere under
    /// this name from this address. What else failed from there does not count: guesses that wait since before the first
    /// of them failed would go before everybody who comes later.
    pub(super) fn suspicion(&self, name: &[u8], from: IpAddr, on_this_connection: u32) -> Suspicion {
        let here = u8::try_from(on_this_connection.min(6)).unwrap_or(6);
        let pair = self.pair(name, from);
        let pair = self.with(|generations| generations.count(pair));
        Suspicion(here * 8 + pair.min(7))
    }

    /// How much has failed from there: 0 to 3.
    pub(super) fn from(&self, from: IpAddr) -> u32 {
        let address = self.address(from);
        step(self.with(|generations| generations.count(address))).into()
    }

    /// It failed again.
    pub(super) fn failed(&self, name: &[u8], from: IpAddr) {
        let counted = [self.pair(name, from), self.address(from)];
        self.with(|generations| {
            if generations.young.len() + 1 >= GENERATION || generations.began.elapsed() >= self.lasts {
                generations.elder = std::mem::take(&mut generations.young);
                generations.began = Instant::now();
            }
            let counts = counted.map(|counted| generations.count(counted).saturating_add(1));
            generations.young.extend(counted.into_iter().zip(counts));
        });
    }

    /// It succeeded: a typo is forgotten. What else failed from there is not, or an intruder with an account of his own
    /// could wash himself clean.
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

    fn address(&self, from: IpAddr) -> u64 {
        self.key.hash_one(source(from))
    }

    fn with<T>(&self, work: impl FnOnce(&mut Generations) -> T) -> T {
        work(&mut self.generations.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Few failures are typos; many are somebody's work.
const fn step(failures: u8) -> u8 {
    match failures {
        0..8 => 0,
        8..32 => 1,
        32..128 => 2,
        128.. => 3,
    }
}

impl Generations {
    /// What was long ago counts half.
    fn count(&self, counted: u64) -> u8 {
        let elder = || self.elder.get(&counted).map_or(0, |count| count / 2);
        self.young.get(&counted).copied().unwrap_or_else(elder)
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
        let suspicion = |name: &[u8], from, before| failures.suspicion(name, from, before);
        assert!(suspicion(b"alice", here, 0) > Suspicion(0));
        assert_eq!(suspicion(b"bob", here, 0), Suspicion(0));
        assert_eq!(suspicion(b"alice", there, 0), Suspicion(0));
        assert!(suspicion(b"bob", here, 1) > suspicion(b"alice", here, 0));
        failures.succeeded(b"alice", here);
        assert_eq!(suspicion(b"alice", here, 0), Suspicion(0));
    }

    #[test]
    fn an_address_with_many_failures_waits_longer_and_behind_nobody() {
        // S-024
        let failures = Failures::new();
        let (here, there) = (address("192.0.2.1"), address("::ffff:192.0.2.2"));
        for number in 0..200 {
            failures.failed(format!("guess{number}").as_bytes(), here);
        }
        failures.failed(b"bob", there);
        assert_eq!((failures.from(here), failures.from(there)), (3, 0));
        assert_eq!(failures.suspicion(b"alice", here, 0), failures.suspicion(b"alice", there, 0));
        assert!(failures.suspicion(b"alice", here, 0) < failures.suspicion(b"bob", there, 0));
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
        let neighbour = failures.suspicion(b"alice", address("2001:db8::2"), 0);
        assert_eq!(neighbour, failures.suspicion(b"alice", here, 0), "one /64 is one source");
        assert!(neighbour > failures.suspicion(b"alice", address("2001:db8:0:1::1"), 0));
        failures.lasts = Duration::ZERO;
        for other in ["bob", "carol"] {
            failures.failed(other.as_bytes(), here);
        }
        assert_eq!(failures.suspicion(b"alice", here, 0), failures.suspicion(b"somebody", here, 0));
        for other in 0..8 {
            failures.failed(other.to_string().as_bytes(), here);
        }
        assert_eq!(failures.suspicion(b"alice", here, 0), Suspicion(0), "the address is forgiven in time");
    }

    #[test]
    fn no_count_of_failures_is_beyond_what_is_urgent() {
        let failures = Failures::new();
        assert!(failures.suspicion(b"alice", address("192.0.2.1"), u32::MAX) < Suspicion::IDLE);
    }
}
