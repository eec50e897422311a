//! O1: the password that was right until its owner changed it, from where the owner is not: it has leaked.

use super::{Case, Finding, Happening, Kinds, Rule, RuleId};
use crate::ground::{Fact, FactName, Ground};
use crate::verdict::{Confidence, Severity, Subject};

pub(super) const RULE: Rule = Rule {
    id: RuleId::O1,
    version: 1,
    severity: Severity::High,
    techniques: &["T1078"],
    hears: Kinds::OLD_PASSWORD,
    judge,
};

fn judge(case: &Case<'_>) -> Option<Finding> {
    let Happening::OldPassword(name) = case.happening else { return None };
    // At home it is the owner's forgotten device, and rule M2.
    if case.at_home() || case.anyone_home() {
        return None;
    }
    let facts = [Fact::name(FactName::Account, name), Fact::name(FactName::Net, &case.session.net.to_string())];
    let finding = Finding::new(Subject::Account(name.to_owned())).sure(Confidence::High).because(facts);
    Some(finding.surely([Ground::WasRight, Ground::NeverFromThisNet]).citing([case.session.opened]))
}
