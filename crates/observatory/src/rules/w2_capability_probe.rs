//! W2: a look at what is offered. HELP and NOOP before login are no POP3, and surveys send them.

use super::{Case, Finding, Happening, Kinds, Rule, RuleId};
use crate::ground::{Fact, FactName, Ground};
use crate::verdict::{Confidence, Severity};

pub(super) const RULE: Rule = Rule {
    id: RuleId::W2,
    version: 1,
    severity: Severity::Info,
    techniques: &["T1595.002", "T1592.002"],
    hears: Kinds::CLOSED,
    judge,
};

fn judge(case: &Case<'_>) -> Option<Finding> {
    let Happening::Closed(summary) = case.happening else { return None };
    let shape = &case.session.shape;
    let looks = shape.only(b"CTNHAQ8G") && !shape.only(b"Q");
    if !looks
        || case.session.exploited
        || case.session.foreign.is_some()
        || summary.user.is_some()
        || case.session.mechanisms.len() > 0
        || summary.tally.failed_logins > 0
    {
        return None;
    }
    let survey = shape.said(b'H') || shape.said(b'N');
    let (sure, ground) =
        if survey { (Confidence::Certain, Ground::NoMailCommand) } else { (Confidence::Medium, Ground::NeverGuessed) };
    let finding = case.of_source().sure(sure).surely([ground]).citing([case.session.opened]);
    Some(finding.because([Fact::name(FactName::Tool, &case.tool())]))
}
