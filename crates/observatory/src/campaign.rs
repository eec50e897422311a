//! Campaigns: many sources that guess with one tool. Each alone is harmless; together they are one visitor.

use crate::event::Sequence;
use crate::fingerprint::Fingerprint;
use crate::score::Recent;
use crate::sketch::{Distinct, Fading, MinHash, Seconds};
use crate::table::{Few, HashKey, Table};

/// Half of a campaign's guesses are forgotten in a day.
const DAY: Seconds = 86_400;
/// Campaigns of different tools with so much of their user names in common are one.
const ALIKE: f32 = 0.5;
/// Fewer names than these say nothing of likeness.
const NAMES: u64 = 16;

/// Guesses of one fingerprint.
#[derive(Clone, Debug, Default)]
pub(crate) struct Campaign {
    pub(crate) fingerprint: Fingerprint,
    /// The name of the campaign this one is part of; its own at first.
    pub(crate) name: String,
    guesses: Fading,
    pub(crate) sources: Distinct,
    pub(crate) nets: Distinct,
    pub(crate) names: Distinct,
    sample: MinHash,
    pub(crate) recent: Few<Recent, 16>,
    pub(crate) first: Seconds,
    pub(crate) last: Seconds,
    /// Rule D1 saw it: refused while it is hot.
    pub(crate) seen: bool,
    total: u64,
    merged: Option<u64>,
}

/// A guess, as campaigns see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Try {
    pub(crate) source: u64,
    pub(crate) net: u64,
    pub(crate) name: u64,
    pub(crate) sequence: Sequence,
    pub(crate) now: Seconds,
}

impl Campaign {
    /// Guesses within a day: all of the first day, and what is left of them when half are forgotten each day.
    pub(crate) fn guesses(&self, now: Seconds) -> f32 {
        let young = now.saturating_sub(self.first) <= DAY;
        if young { self.total as f32 } else { self.guesses.now(now, DAY) }
    }

    /// Guesses in all.
    pub(crate) const fn total(&self) -> u64 {
        self.total
    }

    /// Whether it was seen, and goes on.
    pub(crate) const fn is_hot(&self, now: Seconds) -> bool {
        self.seen && now.saturating_sub(self.last) <= DAY
    }

    fn add(&mut self, one: Try) {
        self.guesses.add(1.0, one.now, DAY);
        self.total += 1;
        self.sources.insert(one.source);
        self.nets.insert(one.net);
        self.names.insert(one.name);
        self.sample.insert(one.name);
        self.recent.push(Recent { sequence: one.sequence, account: 0, at: one.now });
        self.last = self.last.max(one.now);
    }

    fn octets(&self) -> usize {
        let counts = self.sources.octets() + self.nets.octets() + self.names.octets() + self.recent.octets();
        counts + self.fingerprint.ja4.capacity() + self.fingerprint.script.capacity() + self.name.capacity()
    }
}

/// All campaigns, by the mark of their fingerprint.
#[derive(Clone, Debug)]
pub(crate) struct Campaigns(Table<u64, Campaign>);

impl Campaigns {
    pub(crate) fn new(most: usize, key: &HashKey) -> Self {
        Self(Table::new(most, key))
    }

    /// The campaign that this fingerprint is part of.
    pub(crate) fn find(&self, mark: u64) -> Option<&Campaign> {
        let campaign = self.0.peek(&mark)?;
        campaign.merged.and_then(|into| self.0.peek(&into)).or(Some(campaign))
    }

    /// A guess that was neither a repeat nor the owner's.
    pub(crate) fn guess(&mut self, mark: u64, fingerprint: &Fingerprint, one: Try) {
        let fresh = || Campaign {
            fingerprint: fingerprint.clone(),
            name: fingerprint.campaign(),
            first: one.now,
            ..Campaign::default()
        };
        let (campaign, _) = self.0.entry(mark, fresh);
        let long_ago = one.now.saturating_sub(campaign.last) > 7 * DAY;
        if long_ago && campaign.total > 0 {
            *campaign = fresh();
        }
        campaign.add(one);
        let (total, merged) = (campaign.total, campaign.merged);
        if let Some(into) = merged.and_then(|into| self.0.get_mut(&into)) {
            into.add(one);
        } else if total.is_power_of_two() && total >= NAMES {
            self.join(mark);
        }
    }

    /// Joins the campaign to an older one whose user names are alike: one list, two tools.
    fn join(&mut self, mark: u64) {
        let Some(mine) = self.0.peek(&mark).filter(|mine| mine.names.count() >= NAMES).cloned() else { return };
        let alike = |other: &&Campaign| other.names.count() >= NAMES && other.sample.likeness(&mine.sample) > ALIKE;
        let older =
            self.0.iter().filter(|(other, campaign)| **other != mark && campaign.merged.is_none() && alike(campaign));
        let Some(into) = older.min_by_key(|(_, campaign)| campaign.first).map(|(other, _)| *other) else { return };
        if let Some(campaign) = self.0.get_mut(&into) {
            campaign.guesses.add(mine.guesses(mine.last), campaign.last.max(mine.last), DAY);
            campaign.total += mine.total;
            campaign.sources.merge(&mine.sources);
            campaign.nets.merge(&mine.nets);
            campaign.names.merge(&mine.names);
            campaign.sample.merge(&mine.sample);
            campaign.last = campaign.last.max(mine.last);
            mine.recent.iter().for_each(|recent| campaign.recent.push(*recent));
        }
        if let Some(campaign) = self.0.get_mut(&mark) {
            campaign.merged = Some(into);
        }
    }

    /// A client with this fingerprint tried again, refused or not: the campaign goes on.
    pub(crate) fn renew(&mut self, mark: u64, now: Seconds) {
        let into = self.0.peek(&mark).and_then(|campaign| campaign.merged).unwrap_or(mark);
        if let Some(campaign) = self.0.get_mut(&into).filter(|campaign| campaign.is_hot(now)) {
            campaign.last = campaign.last.max(now);
        }
    }

    /// Rule D1 saw it.
    pub(crate) fn see(&mut self, mark: u64) {
        let into = self.0.peek(&mark).and_then(|campaign| campaign.merged).unwrap_or(mark);
        if let Some(campaign) = self.0.get_mut(&into) {
            campaign.seen = true;
        }
    }

    pub(crate) fn octets(&self) -> usize {
        self.0.octets() + self.0.iter().map(|(_, campaign)| campaign.octets()).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::mixed;

    fn fingerprint(script: &str) -> Fingerprint {
        Fingerprint { ja4: String::new(), script: script.to_owned() }
    }

    fn one(source: u64, name: u64, now: Seconds) -> Try {
        Try {
            source: mixed(source),
            net: mixed(source / 4),
            name: mixed(name),
            sequence: Sequence(u64::from(now)),
            now,
        }
    }

    #[test]
    fn tools_that_work_off_one_list_are_one_campaign() {
        let mut campaigns = Campaigns::new(16, &HashKey::new([1; 16]));
        for number in 0..40_u32 {
            let now = 1_000 + number;
            campaigns.guess(1, &fingerprint("U.P"), one(u64::from(number), u64::from(number), now));
            campaigns.guess(2, &fingerprint("C.A"), one(u64::from(number) + 100, u64::from(number), now));
            campaigns.guess(3, &fingerprint("A"), one(u64::from(number) + 200, u64::from(number) + 1_000, now));
        }
        let name = |mark: u64| campaigns.find(mark).expect("a campaign").name.clone();
        assert_eq!(name(1), name(2));
        assert_ne!(name(1), name(3));
        let both = campaigns.find(2).expect("a campaign");
        assert!(both.sources.count() >= 70 && both.total() == 80, "{} {}", both.sources.count(), both.total());
    }

    #[test]
    fn a_campaign_is_hot_for_a_day_after_each_try() {
        let mut campaigns = Campaigns::new(16, &HashKey::new([1; 16]));
        campaigns.guess(1, &fingerprint("U.P"), one(1, 1, 1_000));
        assert!(!campaigns.find(1).is_some_and(|campaign| campaign.is_hot(1_000)));
        campaigns.see(1);
        campaigns.renew(1, 1_000 + DAY);
        let hot = |now| campaigns.find(1).is_some_and(|campaign| campaign.is_hot(now));
        assert!(hot(1_000 + 2 * DAY) && !hot(1_001 + 2 * DAY));
    }
}
