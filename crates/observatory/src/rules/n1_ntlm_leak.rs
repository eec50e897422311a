//! N1: NTLM asked for the names of machines that its second message tells.

use super::{Case, Finding, Happening, Kinds, Rule, RuleId};
use crate::ground::{Fact, FactName, Ground};
use crate::verdict::{Confidence, Severity};

pub(super) const RULE: Rule = Rule {
    id: RuleId::N1,
    version: 1,
    severity: Severity::Low,
    techniques: &["T1592.002", "T1590"],
    hears: Kinds::CLOSED,
    judge,
};

fn judge(case: &Case<'_>) -> Option<Finding> {
    let Happening::Closed(summary) = case.happening else { return None };
    let began = case.session.ntlm?;
    // A mail program with "secure password authentication" ticked goes on to another login.
    if summary.user.is_some() || summary.tally.failed_logins > 0 {
        return None;
    }
    let sure = if case.session.ntlm_began { Confidence::High } else { Confidence::Medium };
    let finding = case.of_source().sure(sure).citing([case.session.opened, began]);
    Some(finding.because([Fact::name(FactName::Tool, &case.tool())]).surely([Ground::NeverGuessed]))
}
