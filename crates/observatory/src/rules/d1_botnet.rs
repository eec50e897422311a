//! D1: many sources, one tool, few guesses each: a botnet that stays below every counter of addresses.

use super::{Case, Finding, Kinds, Rule, RuleId};
use crate::ground::{Fact, FactName, Ground};
use crate::verdict::{Confidence, Severity, Subject};

crate::dial::dials! {
    /// Thresholds of rule D1.
    pub struct D1 {
        /// So many sources.
        sources: u32 = 10, in 2.0..=1_000_000.0;
        /// So many guesses within a day. Repeats and owners' mistakes do not count, so a common
        /// mail program does not glue its users together.
        guesses: f32 = 50.0, in 1.0..=1_000_000.0;
        /// And no more guesses from each source: who makes more is seen alone.
        guesses_per_source: f32 = 15.0, in 1.0..=10_000.0;
    }
}

pub(super) const RULE: Rule = Rule {
    id: RuleId::D1,
    version: 1,
    severity: Severity::High,
    techniques: &["T1110", "T1583.005", "T1090.003"],
    hears: Kinds::REFUSED,
    judge,
};

fn judge(case: &Case<'_>) -> Option<Finding> {
    case.guess()?;
    let campaign = case.campaign()?;
    let limits = &case.thresholds.d1;
    let guesses = campaign.guesses(case.now);
    if guesses < limits.guesses {
        return None;
    }
    let sources = campaign.sources.count();
    let few_each = campaign.total() as f32 <= limits.guesses_per_source * sources as f32;
    if sources < u64::from(limits.sources) || !few_each {
        return None;
    }
    let facts = [
        Fact::name(FactName::Campaign, &campaign.name),
        Fact::count(FactName::Sources, sources),
        Fact::count(FactName::Nets, campaign.nets.count()),
        Fact::count(FactName::Guesses, campaign.total()),
        Fact::count(FactName::Accounts, campaign.names.count()),
        Fact::name(FactName::Tool, &campaign.fingerprint.to_string()),
        Fact::seconds(FactName::Time, case.now.saturating_sub(campaign.first)),
    ];
    let mut grounds = vec![Ground::SameTool, Ground::RepeatsNotCounted, Ground::OwnersNotCounted];
    if !case.owners_use_tool() {
        grounds.push(Ground::NoOwnerUsesThisTool);
    }
    let sure = if case.owners_use_tool() { Confidence::Medium } else { Confidence::High };
    let finding = Finding::new(Subject::Campaign(campaign.name.clone())).sure(sure).because(facts).surely(grounds);
    Some(finding.citing(campaign.recent.iter().map(|recent| recent.sequence)))
}
