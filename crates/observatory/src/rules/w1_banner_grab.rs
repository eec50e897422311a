//! W1: a look at the greeting.

use super::{Case, Finding, Happening, Kinds, Rule, RuleId};
use crate::event::Ending;
use crate::ground::{Fact, FactName, Ground};
use crate::verdict::{Confidence, Severity};

pub(super) const RULE: Rule = Rule {
    id: RuleId::W1,
    version: 1,
    severity: Severity::Info,
    techniques: &["T1595.001", "T1595.002"],
    hears: Kinds::CLOSED,
    judge,
};

fn judge(case: &Case<'_>) -> Option<Finding> {
    let Happening::Closed(summary) = case.happening else { return None };
    let silent = case.session.shape.only(b"Q") && case.session.foreign.is_none() && summary.user.is_none();
    if !silent || matches!(summary.ending, Ending::Refused | Ending::Shutdown) {
        return None;
    }
    let sessions = case.visits().map_or(1, |visits| visits.rhythm.times());
    let finding = case.of_source().sure(Confidence::Certain).citing([case.session.opened]);
    Some(finding.because([Fact::count(FactName::Sessions, sessions)]).surely([Ground::NeverGuessed]))
}
