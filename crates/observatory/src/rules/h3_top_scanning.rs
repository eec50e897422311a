//! H3: the headers of everything, and next to no message: somebody looks for something.

use super::{Case, Finding, Happening, Kinds, Rule, RuleId};
use crate::ground::{Fact, FactName, Ground};
use crate::verdict::{Confidence, Severity, Subject};

crate::dial::dials! {
    /// Thresholds of rule H3.
    pub struct H3 {
        /// So many TOP with few lines in a session.
        headers: u32 = 50, in 1.0..=1_000_000.0;
        /// And no more RETR than so many of them (of 1).
        retrieved: f32 = 0.1, in 0.0..=1.0;
    }
}

pub(super) const RULE: Rule = Rule {
    id: RuleId::H3,
    version: 1,
    severity: Severity::High,
    techniques: &["T1114.002"],
    hears: Kinds::ANSWERED.or(Kinds::CLOSED),
    judge,
};

fn judge(case: &Case<'_>) -> Option<Finding> {
    if !matches!(case.happening, Happening::Answered(_) | Happening::Closed(_)) || case.at_home() {
        return None;
    }
    let name = case.entered()?;
    let retrieved = case.session.retrieved;
    let limits = &case.thresholds.h3;
    if retrieved.headers < limits.headers || retrieved.whole as f32 > limits.retrieved * retrieved.headers as f32 {
        return None;
    }
    let facts = [
        Fact::name(FactName::Account, name),
        Fact::count(FactName::Topped, retrieved.headers),
        Fact::count(FactName::Messages, retrieved.whole),
        Fact::name(FactName::Net, &case.session.net.to_string()),
    ];
    let finding = Finding::new(Subject::Account(name.to_owned())).sure(Confidence::Medium).because(facts);
    Some(finding.surely([Ground::NeverFromThisNet]).citing(case.session.reading.iter().copied()))
}
