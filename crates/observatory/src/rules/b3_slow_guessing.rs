//! B3: few guesses an hour, for hours: below every counter of minutes.

use super::{Case, Finding, Kinds, Rule, RuleId};
use crate::ground::{Fact, FactName, Ground};
use crate::sketch::whole;
use crate::verdict::{Confidence, Severity};

crate::dial::dials! {
    /// Thresholds of rule B3.
    pub struct B3 {
        /// So many guesses where nobody is at home, half of them forgotten each day.
        guesses: f32 = 12.0, in 1.0..=10_000.0;
    }
}

pub(super) const RULE: Rule = Rule {
    id: RuleId::B3,
    version: 1,
    severity: Severity::Medium,
    techniques: &["T1110.001"],
    hears: Kinds::REFUSED,
    judge,
};

fn judge(case: &Case<'_>) -> Option<Finding> {
    case.guess()?;
    let source = case.source()?;
    let guesses = source.guesses(case.now, case.ladder);
    if guesses < case.thresholds.b3.guesses {
        return None;
    }
    let facts = [
        Fact::count(FactName::Guesses, whole(guesses)),
        Fact::count(FactName::Accounts, source.accounts.len() as u64),
        Fact::seconds(FactName::Time, case.now.saturating_sub(source.guesses_since)),
    ];
    let finding = case.of_source().sure(Confidence::High).because(facts).citing(source.evidence(None));
    Some(finding.surely([Ground::RepeatsNotCounted, Ground::OwnersNotCounted]))
}
