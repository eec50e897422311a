//! H1: somebody came in from a new network, right after wrong guesses at the account.

use super::{Case, Finding, Happening, Kinds, Rule, RuleId};
use crate::event::Sequence;
use crate::ground::{Fact, FactName, Ground};
use crate::verdict::{Confidence, Severity, Subject};

crate::dial::dials! {
    /// Thresholds of rule H1.
    pub struct H1 {
        /// So many guesses on the account within a day before. An owner who travels and mistypes thrice is told, too.
        guesses: u32 = 3, in 1.0..=10_000.0;
    }
}

pub(super) const RULE: Rule =
    Rule { id: RuleId::H1, version: 1, severity: Severity::High, techniques: &["T1078"], hears: Kinds::ENTERED, judge };

fn judge(case: &Case<'_>) -> Option<Finding> {
    let Happening::Entered(entered) = case.happening else { return None };
    let before = case.session.before;
    let evidence: Vec<Sequence> = case.account()?.within_a_day(case.now).map(|guessed| guessed.sequence).collect();
    let guesses = evidence.len();
    if before.net || guesses < case.thresholds.h1.guesses as usize {
        return None;
    }
    let facts = [
        Fact::name(FactName::Account, entered.account),
        Fact::count(FactName::Guesses, guesses as u64),
        Fact::name(FactName::Net, &case.session.net.to_string()),
    ];
    let grounds = [Ground::GuessesBefore(guesses as u64), Ground::NeverFromThisNet, Ground::OwnersNotCounted];
    let (severity, sure) = match (entered.flagged, before.history) {
        (true, _) => (Severity::Critical, Confidence::High),
        (false, true) => (Severity::High, Confidence::Medium),
        // Of an account that never was seen before, every network is new.
        (false, false) => (Severity::Medium, Confidence::Low),
    };
    let finding = Finding::new(Subject::Account(entered.account.to_owned())).sure(sure).severe(severity);
    Some(finding.because(facts).surely(grounds).citing(evidence))
}
