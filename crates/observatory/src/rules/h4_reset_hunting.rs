//! H4: a stranger looks for codes and resets: the maildrop is the key to other doors.

use super::{Case, Finding, Happening, Kinds, Rule, RuleId};
use crate::ground::{Fact, FactName, Ground};
use crate::sketch::Seconds;
use crate::verdict::{Confidence, Severity, Subject};

crate::dial::dials! {
    /// Thresholds of rule H4.
    pub struct H4 {
        /// So many TOP before the first RETR, and then RETR of nothing but such messages.
        looked_at: u32 = 5, in 1.0..=10_000.0;
        /// So many visits one after another, none more than half a minute after the last.
        polls: u32 = 3, in 1.0..=10_000.0;
        /// And then a message no older than this is retrieved, in seconds.
        age: Seconds = 120, in 1.0..=86_400.0;
    }
}

pub(super) const RULE: Rule = Rule {
    id: RuleId::H4,
    version: 1,
    severity: Severity::Critical,
    techniques: &["T1114.002", "T1111"],
    hears: Kinds::ANSWERED,
    judge,
};

fn judge(case: &Case<'_>) -> Option<Finding> {
    let Happening::Answered(answered) = case.happening else { return None };
    // Who waits for his own code is at home, or was in this network before.
    if answered.message.is_none() || case.at_home() || case.session.before.net {
        return None;
    }
    let name = case.entered()?;
    let limits = &case.thresholds.h4;
    let retrieved = case.session.retrieved;
    let hunts = retrieved.tops >= limits.looked_at && retrieved.whole > 0 && retrieved.sensitive == retrieved.whole;
    let quick = case.account().map_or(0, |account| account.polls.2);
    let young = retrieved.youngest.filter(|age| *age <= limits.age);
    let waits = u32::from(quick) >= limits.polls && young.is_some();
    if !hunts && !waits {
        return None;
    }
    let facts = [
        Fact::name(FactName::Account, name),
        Fact::count(FactName::Messages, retrieved.sensitive.max(1)),
        Fact::count(FactName::Topped, retrieved.tops),
        Fact::seconds(FactName::Age, retrieved.youngest.unwrap_or(0)),
        Fact::name(FactName::Net, &case.session.net.to_string()),
    ];
    let sure = if hunts && waits { Confidence::High } else { Confidence::Medium };
    let finding = Finding::new(Subject::Account(name.to_owned())).sure(sure).because(facts);
    Some(finding.surely([Ground::NeverFromThisNet]).citing(case.session.reading.iter().copied()))
}
