//! E1: names tried to learn which of them exist.

use super::{Case, Finding, Happening, Kinds, Rule, RuleId};
use crate::ground::{Fact, FactName, Ground};
use crate::score::TriedKind;
use crate::verdict::{Confidence, Severity};

crate::dial::dials! {
    /// Thresholds of rule E1.
    pub struct E1 {
        /// So many names that do not exist, from one source within an hour.
        names: u32 = 8, in 2.0..=32.0;
        /// And no more guesses on each than this: who tries more is after the password.
        guesses_per_name: f32 = 1.2, in 1.0..=100.0;
        /// So many names said with USER and left without PASS, within ten minutes.
        names_left: u32 = 5, in 2.0..=16.0;
    }
}

pub(super) const RULE: Rule = Rule {
    id: RuleId::E1,
    version: 1,
    severity: Severity::Medium,
    techniques: &["T1589.002"],
    hears: Kinds::REFUSED.or(Kinds::SAID).or(Kinds::CLOSED),
    judge,
};

fn judge(case: &Case<'_>) -> Option<Finding> {
    match case.happening {
        Happening::Refused(_) => guessed(case),
        Happening::Said { .. } | Happening::Closed(_) => left(case),
        _ => None,
    }
}

fn guessed(case: &Case<'_>) -> Option<Finding> {
    case.guess().filter(|guess| guess.kind == TriedKind::Unknown)?;
    let limits = &case.thresholds.e1;
    let source = case.source()?;
    let lately = |at: u32| case.now.saturating_sub(at) <= 3600;
    let unknown = source.accounts.iter().filter(|tried| tried.kind == TriedKind::Unknown && lately(tried.last));
    let (names, guesses) =
        unknown.fold((0_u32, 0_u32), |(names, guesses), tried| (names + 1, guesses + u32::from(tried.guesses)));
    if names < limits.names || guesses as f32 > limits.guesses_per_name * names as f32 {
        return None;
    }
    let finding = case.of_source().sure(Confidence::High).citing(source.evidence(None));
    Some(
        finding
            .because([Fact::count(FactName::Accounts, names)])
            .surely([Ground::NamesDoNotExist(u64::from(names)), Ground::OwnersNotCounted]),
    )
}

fn left(case: &Case<'_>) -> Option<Finding> {
    let source = case.source()?;
    source.named.iter().last().filter(|last| last.sequence <= case.sequence && last.at == case.now)?;
    let lately = source.named.iter().filter(|named| case.now.saturating_sub(named.at) <= 600);
    let evidence: Vec<_> = lately.map(|named| named.sequence).collect();
    if evidence.len() < case.thresholds.e1.names_left as usize || case.anyone_home() {
        return None;
    }
    let facts = [Fact::count(FactName::Accounts, evidence.len() as u64)];
    let finding = case.of_source().sure(Confidence::High).because(facts);
    Some(finding.surely([Ground::NoMailCommand, Ground::NobodyFromThisNet]).citing(evidence))
}
