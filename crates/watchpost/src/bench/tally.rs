//! What is counted while a run goes on: work done, latencies, faults. All of it in bounded memory.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;
use indicatif::ProgressBar;
use watchpost_observatory::Untrusted;
use watchpost_proto::planted::planted;

use crate::bench::fault::Fault;

/// The longest latency that is told from longer ones: an hour.
const LATENCY_MAX: u64 = 3_600_000_000;
/// Faults of one kind whose text is kept.
const TEXTS_MAX: usize = 3;

/// Faults without one session that ended well, after which a run is given up.
const HOPELESS: u64 = 100;

/// Latencies in microseconds, to three digits.
#[derive(Clone, Debug)]
pub(super) struct Latencies(Histogram<u64>);

impl Default for Latencies {
    fn default() -> Self {
        Self(Histogram::new_with_bounds(1, LATENCY_MAX, 3).expect("these bounds are in order"))
    }
}

impl Latencies {
    pub(super) fn record(&mut self, latency: Duration) {
        let microseconds = u64::try_from(latency.as_micros()).unwrap_or(LATENCY_MAX);
        self.0.saturating_record(microseconds.clamp(1, LATENCY_MAX));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The latency that this share of all did not exceed.
    pub(super) fn quantile(&self, share: f64) -> Duration {
        Duration::from_micros(self.0.value_at_quantile(share))
    }

    pub(super) fn max(&self) -> Duration {
        Duration::from_micros(self.0.max())
    }
}

/// Faults of one kind.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults {
    pub(super) count: u64,
    /// What the first of them said.
    pub(super) first: Vec<String>,
}

/// What a phase came to.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    /// Sessions that ended well, QUIT included.
    pub(super) sessions: u64,
    /// Messages that came whole.
    pub(super) messages: u64,
    /// Octets of these messages, as RFC 1939 §11 counts them.
    pub(super) octets: u64,
    /// Wrong passwords that were refused.
    pub(super) refusals: u64,
    /// Of whole sessions.
    pub(super) latency: Latencies,
    /// From the command RETR to the last octet of its message.
    pub(super) message_latency: Latencies,
    pub(super) faults: BTreeMap<&'static str, Faults>,
    /// The digest of each maildrop by the place of its account.
    digests: BTreeMap<usize, [u8; 32]>,
}

impl Counts {
    /// How many faults there were.
    pub(super) fn errors(&self) -> u64 {
        self.faults.values().map(|faults| faults.count).sum()
    }

    /// One digest for all maildrops that were read.
    pub(super) fn digest(&self) -> Option<String> {
        let mut all = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
        for digest in self.digests.values() {
            all.update(digest);
        }
        let all = all.finish();
        (!self.digests.is_empty()).then(|| hex(all.as_ref()))
    }
}

fn hex(octets: &[u8]) -> String {
    octets.iter().flat_map(|octet| [octet >> 4, octet & 15]).filter_map(|d| char::from_digit(d.into(), 16)).collect()
}

/// Where all sessions of a phase write down what they have done.
#[derive(Debug)]
pub(super) struct Tally {
    counts: Mutex<Counts>,
    bar: ProgressBar,
}

impl Tally {
    pub(super) fn new(bar: ProgressBar) -> Self {
        Self { counts: Mutex::default(), bar }
    }

    fn with<T>(&self, change: impl FnOnce(&mut Counts) -> T) -> T {
        change(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A session that ended well.
    pub(super) fn session(&self, latency: Duration) {
        self.with(|counts| {
            counts.sessions += 1;
            counts.latency.record(latency);
        });
        self.bar.inc(1);
    }

    /// A session that was due this long ago and is given up. Its latency counts, or percentiles would flatter.
    pub(super) fn late(&self, latency: Duration) {
        self.with(|counts| counts.latency.record(latency));
        self.fault(&Fault::Late);
    }

    /// A message that came whole.
    pub(super) fn message(&self, octets: u64, latency: Duration) {
        self.with(|counts| {
            counts.messages += 1;
            counts.octets += octets;
            counts.message_latency.record(latency);
        });
    }

    /// A wrong password that was refused.
    pub(super) fn refusal(&self) {
        self.with(|counts| counts.refusals += 1);
    }

    /// Something that does not count as done.
    pub(super) fn fault(&self, fault: &Fault) {
        self.with(|counts| {
            let faults = counts.faults.entry(fault.kind()).or_default();
            faults.count += 1;
            if faults.first.len() < TEXTS_MAX {
                faults.first.push(fault.to_string());
            }
        });
    }

    /// What the maildrop of the account at this place held. Another digest than before is a fault.
    pub(super) fn digest(&self, place: usize, name: &str, digest: [u8; 32]) {
        let before = self.with(|counts| *counts.digests.entry(place).or_insert(digest));
        if before != digest && !planted("bench.digest-not-compared") {
            self.fault(&Fault::Digest(Untrusted::new(name)));
        }
    }

    /// Whether so much failed, and nothing else happened, that going on is no use.
    pub(super) fn is_hopeless(&self) -> bool {
        self.with(|counts| counts.sessions == 0 && counts.errors() >= HOPELESS)
    }

    /// Nothing more will come: the progress bar goes away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// Everything so far.
    pub(super) fn counts(&self) -> Counts {
        self.with(|counts| counts.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_maildrop_that_changes_is_a_fault_and_faults_of_a_kind_keep_a_few_texts() {
        let tally = Tally::new(ProgressBar::hidden());
        tally.digest(0, "alice", [1; 32]);
        tally.digest(0, "alice", [1; 32]);
        assert_eq!(tally.counts().errors(), 0);
        for _ in 0..10 {
            tally.digest(0, "alice", [2; 32]);
        }
        let counts = tally.counts();
        assert_eq!(counts.errors(), 10);
        assert_eq!(counts.faults["digest"].first.len(), TEXTS_MAX);
        assert_eq!(counts.digest().map(|digest| digest.len()), Some(64));
    }

    #[test]
    fn latencies_are_told_apart_to_three_digits() {
        let mut latencies = Latencies::default();
        for milliseconds in 1..=1000 {
            latencies.record(Duration::from_millis(milliseconds));
        }
        let p99 = latencies.quantile(0.99).as_secs_f64();
        assert!((p99 - 0.99).abs() < 0.002, "{p99}");
        latencies.record(Duration::from_secs(100_000));
        assert!(latencies.max() >= Duration::from_secs(3599), "what is longer counts as the longest");
    }
}
