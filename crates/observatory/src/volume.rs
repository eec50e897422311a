//! How much an account retrieves in a day, so that much more is noticed.

use serde::{Deserialize, Serialize};

use crate::sketch::Seconds;

const DAY: Seconds = 86_400;
/// A day weighs no less than this in the mean: what was usual months ago is forgotten.
const DAYS_REMEMBERED: u16 = 8;
/// Mail that waited longer than this is not awaited any more.
const DAYS_AWAY: u32 = 30;

/// What an account retrieves in a day: the mean over days on which it retrieved anything, in which recent days weigh
/// more (EWMA), and today's sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Volume {
    /// The last day on which it retrieved anything, in days since 1970.
    pub day: u32,
    /// Octets on that day.
    pub today: u64,
    /// The mean of the days before, in octets.
    pub mean: f64,
    /// How many days that were, at the most as many as weigh.
    pub days: u16,
}

impl Volume {
    /// It retrieved so much.
    pub(crate) fn add(&mut self, octets: u64, now: Seconds) {
        if octets == 0 {
            return;
        }
        let day = now / DAY;
        if day > self.day {
            if self.today > 0 {
                self.days = self.days.saturating_add(1).min(DAYS_REMEMBERED);
                self.mean += (self.today as f64 - self.mean) / f64::from(self.days);
            }
            (self.day, self.today) = (day, 0);
        }
        self.today = self.today.saturating_add(octets);
    }

    /// Octets retrieved on the day of this moment so far.
    pub(crate) const fn today(&self, now: Seconds) -> u64 {
        if now / DAY == self.day { self.today } else { 0 }
    }

    /// What it retrieves in a day as a rule: as much more as it stayed away longer, for mail has waited meanwhile.
    /// `None`: fewer days are known than that.
    pub(crate) fn usual(&self, now: Seconds, days: u32) -> Option<f64> {
        let mut known = *self;
        let away = (now / DAY).saturating_sub(self.day).clamp(1, DAYS_AWAY);
        if now / DAY > self.day {
            // Today's sum becomes a day of the mean.
            known.add(1, now);
        }
        (u32::from(known.days) >= days).then(|| known.mean * f64::from(away))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_is_of_days_before_today_and_recent_days_weigh_more() {
        let mut volume = Volume::default();
        for day in 0..4 {
            volume.add(600, day * DAY + 10);
            volume.add(400, day * DAY + 20);
        }
        assert_eq!((volume.today(3 * DAY + 30), volume.days), (1000, 3));
        assert_eq!(volume.usual(3 * DAY + 30, 3), Some(1000.0));
        assert_eq!(volume.usual(3 * DAY + 30, 4), None);
        assert_eq!(volume.usual(4 * DAY, 4), Some(1000.0), "yesterday is a day of the mean");
        for day in 4..30 {
            volume.add(3000, day * DAY);
        }
        let usual = volume.usual(30 * DAY, 8).expect("it is known");
        assert!((2800.0..=3000.0).contains(&usual), "{usual}");
    }

    #[test]
    fn who_was_away_finds_more_and_a_clock_that_goes_back_makes_no_new_day() {
        let mut volume = Volume::default();
        (0..6).for_each(|day| volume.add(1000, day * DAY));
        assert_eq!(volume.usual(15 * DAY, 5), Some(10_000.0));
        volume.add(1000, 2 * DAY);
        assert_eq!((volume.day, volume.today), (5, 2000));
    }
}
