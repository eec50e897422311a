//! B1: many passwords on one account, from one source.

use watchpost_proto::planted::planted;

use super::{Case, Finding, Kinds, Rule, RuleId};
use crate::ground::{Fact, FactName, Ground};
use crate::verdict::{Confidence, Severity};

crate::dial::dials! {
    /// Thresholds of rule B1.
    pub struct B1 {
        /// The account's share of the source's fast score: five or six guesses in minutes. A person hunting for his own
        /// password where he is at home weighs a quarter of a stranger, and stays below.
        share: f32 = 10.0, in 1.0..=10_000.0;
    }
}

pub(super) const RULE: Rule = Rule {
    id: RuleId::B1,
    version: 1,
    severity: Severity::Medium,
    techniques: &["T1110.001"],
    hears: Kinds::REFUSED,
    judge,
};

fn judge(case: &Case<'_>) -> Option<Finding> {
    if planted("observatory.b1-never-fires") {
        return None;
    }
    let guess = case.guess()?;
    let source = case.source()?;
    let tried = source.accounts.iter().find(|tried| tried.mark == guess.mark)?;
    if tried.fast <= case.thresholds.b1.share {
        return None;
    }
    let evidence: Vec<_> = source.recent.iter().filter(|recent| recent.account == guess.mark).collect();
    let first = evidence.iter().map(|recent| recent.at).min().unwrap_or(case.now);
    let guesses = u64::from(tried.guesses);
    let facts = [
        Fact::name(FactName::Account, guess.name),
        Fact::count(FactName::Guesses, guesses),
        Fact::seconds(FactName::Time, case.now.saturating_sub(first)),
    ];
    let grounds = [Ground::DifferentPasswords(guesses), Ground::RepeatsNotCounted, Ground::NeverFromThisNet];
    let sure = if guesses >= 10 { Confidence::Certain } else { Confidence::High };
    let finding = case.of_source().sure(sure).because(facts).surely(grounds);
    Some(finding.citing(evidence.iter().map(|recent| recent.sequence)))
}
