//! A1: mechanisms of AUTH that are not offered, one after another.

use super::{Case, Finding, Happening, Kinds, Rule, RuleId};
use crate::ground::{Fact, FactName, Ground};
use crate::verdict::{Confidence, Severity};

crate::dial::dials! {
    /// Thresholds of rule A1.
    pub struct A1 {
        /// So many in a session: clients that ignore CAPA try one or two.
        mechanisms: u32 = 3, in 1.0..=8.0;
    }
}

pub(super) const RULE: Rule = Rule {
    id: RuleId::A1,
    version: 1,
    severity: Severity::Info,
    techniques: &["T1595.002"],
    hears: Kinds::SAID,
    judge,
};

fn judge(case: &Case<'_>) -> Option<Finding> {
    let Happening::Said { .. } = case.happening else { return None };
    let tried = &case.session.mechanisms;
    let (_, last) = tried.iter().last()?;
    if *last != case.sequence || tried.len() < case.thresholds.a1.mechanisms as usize {
        return None;
    }
    let finding = case.of_source().sure(Confidence::High).citing(tried.iter().map(|(_, sequence)| *sequence));
    let facts = [Fact::count(FactName::Mechanisms, tried.len() as u64)];
    Some(finding.because(facts).surely([Ground::NoMailCommand]))
}
