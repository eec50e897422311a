//! DC: a password that a device or a guide ships, or that is made of the name.

use super::{Case, Finding, Kinds, Rule, RuleId};
use crate::ground::{Fact, FactName, Ground};
use crate::verdict::{Confidence, Severity};

pub(super) const RULE: Rule = Rule {
    id: RuleId::DC,
    version: 1,
    severity: Severity::Medium,
    techniques: &["T1078.001", "T1110.001"],
    hears: Kinds::REFUSED,
    judge,
};

fn judge(case: &Case<'_>) -> Option<Finding> {
    let guess = case.guess()?;
    guess.facts.filter(|facts| facts.default)?;
    let evidence = case.source().map(|source| source.evidence(Some(guess.mark))).unwrap_or_default();
    let finding = case.of_source().sure(Confidence::High).because([Fact::name(FactName::Account, guess.name)]);
    Some(finding.surely([Ground::NeverFromThisNet, Ground::RepeatsNotCounted]).citing(evidence))
}
