//! Counting in little room: distinct things, likeness of sets, regularity, and what fades with time.
//!
//! Only sums, products and square roots are used, which every machine computes alike: a replay elsewhere gives the
//! same verdicts.

use crate::table::mixed;

/// Seconds since 1970.
pub(crate) type Seconds = u32;
/// Milliseconds since 1970.
pub(crate) type Milliseconds = u64;

/// What is left of `value` after so long, if half of it goes in each half-life.
#[expect(clippy::cast_possible_truncation, reason = "the value had 24 bits before")]
pub(crate) fn faded(value: f32, elapsed: Seconds, half_life: Seconds) -> f32 {
    if elapsed == 0 || value == 0.0 {
        return value;
    }
    let half_life = half_life.max(1);
    let halvings = elapsed / half_life;
    if halvings > 60 {
        return 0.0;
    }
    // 2^-x for x in 0..1 as the exponential series of -x ln 2, exact to nine digits.
    let part = -f64::from(elapsed % half_life) / f64::from(half_life) * std::f64::consts::LN_2;
    let mut term = 1.0;
    let mut sum = 1.0;
    for step in 1..=10 {
        term *= part / f64::from(step);
        sum += term;
    }
    (f64::from(value) * sum / (1_u64 << halvings) as f64) as f32
}

/// The whole number next to one that is not negative.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "shown, not reckoned with")]
pub(crate) fn whole(number: f32) -> u64 {
    number.max(0.0).round() as u64
}

/// A number that fades.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Fading {
    value: f32,
    at: Seconds,
}

impl Fading {
    pub(crate) fn add(&mut self, weight: f32, now: Seconds, half_life: Seconds) -> f32 {
        self.value = self.now(now, half_life) + weight;
        self.at = self.at.max(now);
        self.value
    }

    pub(crate) fn now(self, now: Seconds, half_life: Seconds) -> f32 {
        faded(self.value, now.saturating_sub(self.at), half_life)
    }
}

/// Registers of the sketch: 256, for a standard error of 6.5 %.
const REGISTERS: usize = 256;
/// Up to here the count is exact.
const EXACT: usize = 32;

/// How many different things there were: exact for a few, HyperLogLog for many.
#[derive(Clone, Debug)]
pub(crate) enum Distinct {
    Few(Vec<u64>),
    Many(Box<[u8; REGISTERS]>),
}

impl Default for Distinct {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl Distinct {
    pub(crate) fn insert(&mut self, mark: u64) {
        match self {
            Self::Few(marks) if marks.contains(&mark) => {}
            Self::Few(marks) if marks.len() < EXACT => marks.push(mark),
            Self::Few(marks) => {
                let mut registers = Box::new([0; REGISTERS]);
                marks.iter().chain([&mark]).for_each(|mark| note(&mut registers, *mark));
                *self = Self::Many(registers);
            }
            Self::Many(registers) => note(registers, mark),
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        match other {
            Self::Few(marks) => marks.iter().for_each(|mark| self.insert(*mark)),
            Self::Many(theirs) => {
                let mut registers = theirs.clone();
                match self {
                    Self::Few(marks) => marks.iter().for_each(|mark| note(&mut registers, *mark)),
                    Self::Many(ours) => {
                        registers.iter_mut().zip(ours.iter()).for_each(|(one, other)| *one = (*one).max(*other));
                    }
                }
                *self = Self::Many(registers);
            }
        }
    }

    pub(crate) fn count(&self) -> u64 {
        match self {
            Self::Few(marks) => marks.len() as u64,
            Self::Many(registers) => estimate(registers),
        }
    }

    pub(crate) fn octets(&self) -> usize {
        match self {
            Self::Few(marks) => marks.capacity() * 8,
            Self::Many(_) => REGISTERS,
        }
    }
}

fn note(registers: &mut [u8; REGISTERS], mark: u64) {
    let hash = mixed(mark);
    let register = &mut registers[(hash >> 56) as usize];
    let rank = ((hash << 8) | 0x80).leading_zeros() + 1;
    *register = (*register).max(u8::try_from(rank).unwrap_or(u8::MAX));
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an estimate is positive and small")]
fn estimate(registers: &[u8; REGISTERS]) -> u64 {
    let m = REGISTERS as f64;
    let sum: f64 = registers.iter().map(|register| 1.0 / (1_u64 << register) as f64).sum();
    let raw = 0.7213 / (1.0 + 1.079 / m) * m * m / sum;
    let empty = registers.iter().map(|register| usize::from(*register == 0)).sum::<usize>();
    let count = if raw <= 2.5 * m && empty > 0 { m * logarithm(m / empty as f64) } else { raw };
    (count + 0.5) as u64
}

/// The natural logarithm of a number from 1 on.
fn logarithm(number: f64) -> f64 {
    let (mut rest, mut doublings) = (number, 0.0);
    while rest > 1.5 {
        rest /= 2.0;
        doublings += 1.0;
    }
    let ratio = (rest - 1.0) / (rest + 1.0);
    let (mut power, mut sum) = (ratio, 0.0);
    for step in 0..12 {
        sum += power / f64::from(2 * step + 1);
        power *= ratio * ratio;
    }
    2.0 * sum + doublings * std::f64::consts::LN_2
}

/// Places of a [`MinHash`].
const PLACES: usize = 32;

/// A sample of a set that tells how alike two sets are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MinHash([u32; PLACES]);

impl Default for MinHash {
    fn default() -> Self {
        Self([u32::MAX; PLACES])
    }
}

impl MinHash {
    #[expect(clippy::cast_possible_truncation, reason = "half of the bits are as good as all")]
    pub(crate) fn insert(&mut self, mark: u64) {
        for (place, least) in (1_u64..).zip(&mut self.0) {
            *least = (*least).min(mixed(mark ^ place.wrapping_mul(0x9e37_79b9_7f4a_7c15)) as u32);
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(one, other)| *one = (*one).min(other));
    }

    /// About the share of things that are in both, of those that are in either (Jaccard).
    pub(crate) fn likeness(&self, other: &Self) -> f32 {
        let same = self.0.iter().zip(other.0).filter(|(one, other)| **one == *other && *other != u32::MAX).count();
        same as f32 / PLACES as f32
    }
}

/// A gap so many times longer or shorter than the mean begins another rhythm.
const PACE: f32 = 8.0;

/// How regularly something comes (Welford's mean and variance of the gaps).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Rhythm {
    last: Milliseconds,
    times: u32,
    /// In seconds.
    mean: f32,
    squares: f32,
}

impl Rhythm {
    /// It came again. What comes within `together` of the last time counts as one time.
    pub(crate) fn beat(&mut self, now: Milliseconds, together: Milliseconds) {
        let gap = now.saturating_sub(self.last);
        if self.times > 0 && gap <= together {
            return;
        }
        self.last = now;
        let gap = gap as f32 / 1000.0;
        // After a night, or a change of pace, the rhythm is another one.
        let other = self.times > 1 && (gap > self.mean * PACE || gap < self.mean / PACE);
        if other {
            *self = Self { last: now, times: 1, ..Self::default() };
            return;
        }
        self.times = self.times.saturating_add(1);
        if self.times == 1 {
            return;
        }
        let off = gap - self.mean;
        self.mean += off / (self.times - 1) as f32;
        self.squares += off * (gap - self.mean);
    }

    pub(crate) const fn times(self) -> u32 {
        self.times
    }

    /// The mean gap in seconds.
    pub(crate) const fn mean(self) -> f32 {
        self.mean
    }

    /// The standard deviation of the gaps divided by their mean; large while nothing is known.
    pub(crate) fn variation(self) -> f32 {
        if self.times < 3 || self.mean <= 0.0 {
            return f32::INFINITY;
        }
        (self.squares / (self.times - 1) as f32).max(0.0).sqrt() / self.mean
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_goes_in_each_half_life() {
        assert!((faded(40.0, 3600, 3600) - 20.0).abs() < 1e-4);
        assert!((faded(40.0, 1800, 3600) - 28.284_27).abs() < 1e-3);
        assert!((faded(40.0, 5 * 3600, 3600) - 1.25).abs() < 1e-4);
        assert!(faded(1e9, 61 * 3600, 3600) < 1e-9);
    }

    #[test]
    fn distinct_things_are_counted_exactly_when_few_and_nearly_when_many() {
        let mut distinct = Distinct::default();
        for number in 0..100_000_u64 {
            distinct.insert(mixed(number % 20));
        }
        assert_eq!(distinct.count(), 20);
        for (count, off) in [(33_u64, 4), (100, 12), (1_000, 200), (100_000, 20_000)] {
            let mut distinct = Distinct::default();
            (0..count).for_each(|number| distinct.insert(mixed(number ^ 0xabcd)));
            assert!(distinct.count().abs_diff(count) <= off, "{} for {count}", distinct.count());
        }
    }

    #[test]
    fn likeness_is_the_share_in_common() {
        let set = |from: u64, to: u64| {
            let mut set = MinHash::default();
            (from..to).for_each(|number| set.insert(mixed(number)));
            set
        };
        assert!(set(0, 100).likeness(&set(0, 100)) > 0.99);
        assert!(set(0, 100).likeness(&set(1000, 1100)) < 0.1);
        assert!(set(0, 100).likeness(&set(20, 100)) > 0.5);
    }

    #[test]
    fn a_clock_is_told_from_a_person() {
        let mut clock = Rhythm::default();
        (0..30).for_each(|beat| clock.beat(1_000_000 + beat * 300_000 + beat % 3 * 1000, 1));
        assert!(clock.variation() < 0.15 && (clock.mean() - 300.0).abs() < 2.0);
        let mut person = Rhythm::default();
        for beat in [10, 12, 400, 410, 5_000, 5_003, 9_000] {
            person.beat(beat * 1000, 1);
        }
        assert!(person.variation() > 1.0);
        // Ten seconds, late by a third of one now and then: whole seconds would make it 9, 10 and 11.
        let mut busy = Rhythm::default();
        (0..40).for_each(|beat| busy.beat(1_000_950 + beat * 10_000 + beat % 4 * 90, 1));
        assert!(busy.variation() < 0.03, "{}", busy.variation());
    }
}
