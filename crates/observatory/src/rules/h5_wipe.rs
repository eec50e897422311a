//! H5: a stranger empties the maildrop.

use super::{Case, Finding, Happening, Rule, RuleId};
use crate::event::Ending;
use crate::ground::{Fact, FactName, Ground};
use crate::verdict::{Confidence, Severity, Subject};

crate::dial::dials! {
    /// Thresholds of rule H5.
    pub struct H5 {
        /// So many messages removed that nobody had retrieved, or so many in a maildrop of which nearly all is removed.
        messages: u32 = 20, in 1.0..=1_000_000.0;
        /// The share (of 1) that is nearly all.
        share: f32 = 0.9, in 0.01..=1.0;
        /// Sessions in which the owner removed what he had retrieved: then it is a habit.
        habit: u16 = 2, in 1.0..=10_000.0;
    }
}

pub(super) const RULE: Rule =
    Rule { id: RuleId::H5, version: 1, severity: Severity::Critical, techniques: &["T1070.008", "T1485"], judge };

fn judge(case: &Case<'_>) -> Option<Finding> {
    let Happening::Closed(summary) = case.happening else { return None };
    if summary.ending != Ending::Quit || case.at_home() {
        return None;
    }
    let name = case.entered()?;
    let limits = &case.thresholds.h5;
    let (removed, unread) = (summary.tally.removed as u64, summary.removed_unread);
    let nearly_all = summary.messages >= limits.messages && removed as f32 >= limits.share * summary.messages as f32;
    let habit = case.habit.is_some_and(|habit| habit.removals >= limits.habit);
    let ground = match () {
        () if unread >= limits.messages => Ground::NobodyRead,
        () if nearly_all && unread > 0 => Ground::NobodyRead,
        // Programs that leave no copy remove all they have retrieved; of a new account no habit is known.
        () if nearly_all && !habit && case.session.before.history => Ground::NoHabit,
        () => return None,
    };
    let facts = [
        Fact::name(FactName::Account, name),
        Fact::count(FactName::Messages, removed),
        Fact::count(FactName::Unread, unread),
        Fact::name(FactName::Net, &case.session.net.to_string()),
    ];
    let (severity, sure) = match ground {
        Ground::NobodyRead => (Severity::Critical, Confidence::High),
        _ => (Severity::High, Confidence::Low),
    };
    let finding = Finding::new(Subject::Account(name.to_owned())).sure(sure).severe(severity).because(facts);
    Some(finding.surely([ground, Ground::NeverFromThisNet]).citing(case.session.removing.iter().copied()))
}
