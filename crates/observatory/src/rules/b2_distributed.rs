//! B2: many networks guess at one account. It is never locked: that would be the attack's success.

use super::{Case, Finding, Kinds, Rule, RuleId};
use crate::ground::{Fact, FactName, Ground};
use crate::sketch::whole;
use crate::verdict::{Confidence, Severity, Subject};

crate::dial::dials! {
    /// Thresholds of rule B2.
    pub struct B2 {
        /// So many guesses within a day. Repeats of one wrong password do not count, so an owner who travels with an old
        /// one stays below.
        guesses: f32 = 20.0, in 1.0..=10_000.0;
        /// From so many networks within a day: no owner is in so many places.
        nets: u32 = 8, in 1.0..=64.0;
    }
}

pub(super) const RULE: Rule = Rule {
    id: RuleId::B2,
    version: 1,
    severity: Severity::High,
    techniques: &["T1110.001", "T1583.005", "T1584.005"],
    hears: Kinds::REFUSED,
    judge,
};

fn judge(case: &Case<'_>) -> Option<Finding> {
    let name = case.guess()?.account?;
    let account = case.account()?;
    let limits = &case.thresholds.b2;
    let (guesses, nets) = (account.guesses(case.now), account.nets(case.now));
    if guesses < limits.guesses || nets < limits.nets as usize {
        return None;
    }
    let facts = [
        Fact::name(FactName::Account, name),
        Fact::count(FactName::Guesses, whole(guesses)),
        Fact::count(FactName::Nets, nets as u64),
    ];
    let grounds = [Ground::ManyNets(nets as u64), Ground::RepeatsNotCounted, Ground::OwnersNotCounted];
    let finding = Finding::new(Subject::Account(name.to_owned())).sure(Confidence::High).because(facts);
    Some(finding.surely(grounds).citing(account.within_a_day(case.now).map(|guessed| guessed.sequence)))
}
