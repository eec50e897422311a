//! M1: a monitor: regular as a clock, and it reads no mail.

use super::{Case, Finding, Happening, Rule, RuleId};
use crate::ground::{Fact, FactName, Ground};
use crate::sketch::{Seconds, whole};
use crate::verdict::{Confidence, Severity};

crate::dial::dials! {
    /// Thresholds of rule M1.
    pub struct M1 {
        /// So many visits one after another that tried no wrong password and read no mail.
        sessions: u32 = 20, in 2.0..=10_000.0;
        /// And the intervals between them vary by no more than this (standard deviation over mean).
        variation: f32 = 0.15, in 0.01..=10.0;
        /// And no shorter than this in seconds: no monitor asks more often.
        interval: Seconds = 10, in 1.0..=86_400.0;
    }
}

pub(super) const RULE: Rule = Rule { id: RuleId::M1, version: 2, severity: Severity::Info, techniques: &[], judge };

fn judge(case: &Case<'_>) -> Option<Finding> {
    let Happening::Closed(_) = case.happening else { return None };
    let visits = case.visits?;
    let limits = &case.thresholds.m1;
    let variation = visits.rhythm.variation();
    if visits.quiet.min(visits.rhythm.times()) < limits.sessions
        || variation > limits.variation
        || visits.rhythm.mean() < limits.interval as f32
    {
        return None;
    }
    let facts = [
        Fact::count(FactName::Sessions, visits.rhythm.times()),
        Fact::seconds(FactName::Interval, whole(visits.rhythm.mean())),
    ];
    let percent = whole(variation * 100.0);
    let finding = case.of_source().sure(Confidence::High).because(facts);
    Some(finding.surely([Ground::MachineTiming(percent), Ground::NeverGuessed]).citing(visits.recent))
}
