//! M2: a device with an old password: the same one again and again. No guess, and never banned for it.

use super::{Case, Finding, Happening, Rule, RuleId};
use crate::ground::{Fact, FactName, Ground};
use crate::score::TriedKind;
use crate::sketch::{Seconds, whole};
use crate::verdict::{Confidence, Severity};

crate::dial::dials! {
    /// Thresholds of rule M2.
    pub struct M2 {
        /// So many repeats with a steady interval: certain.
        repeats: u32 = 5, in 2.0..=10_000.0;
        /// What a steady interval is (standard deviation over mean).
        variation: f32 = 0.5, in 0.01..=10.0;
        /// So many repeats at once, or one after so long: already likely.
        repeats_at_once: u32 = 3, in 1.0..=10_000.0;
        /// A person who tries the same password again does so within this time.
        later: Seconds = 240, in 1.0..=86_400.0;
    }
}

pub(super) const RULE: Rule = Rule { id: RuleId::M2, version: 2, severity: Severity::Info, techniques: &[], judge };

fn judge(case: &Case<'_>) -> Option<Finding> {
    let Happening::Refused(guess) = case.happening else { return None };
    let pair = case.pair.filter(|_| guess.repeat && guess.kind != TriedKind::Unknown)?;
    let limits = &case.thresholds.m2;
    let steady = pair.repeats >= limits.repeats && pair.rhythm.variation() <= limits.variation;
    let later = pair.rhythm.times() >= 2 && pair.rhythm.mean() >= limits.later as f32;
    if !steady && !later && pair.repeats < limits.repeats_at_once {
        return None;
    }
    let facts = [
        Fact::name(FactName::Account, guess.name),
        Fact::count(FactName::Times, pair.repeats),
        Fact::seconds(FactName::Interval, whole(pair.rhythm.mean())),
        Fact::name(FactName::Tool, &case.tool()),
    ];
    let sure = match (steady, guess.kind) {
        (true, TriedKind::Trusted) => Confidence::Certain,
        (true, _) => Confidence::High,
        (false, _) => Confidence::Medium,
    };
    let evidence = pair.recent.into_iter().filter(|sequence| sequence.0 > 0);
    Some(case.of_source().sure(sure).because(facts).surely([Ground::SamePassword]).citing(evidence))
}
