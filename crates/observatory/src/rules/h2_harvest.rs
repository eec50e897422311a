//! H2: everything taken at once, by a stranger.

use super::{Case, Finding, Happening, Kinds, Rule, RuleId};
use crate::ground::{Fact, FactName, Ground, Value};
use crate::verdict::{Confidence, Severity, Subject};

crate::dial::dials! {
    /// Thresholds of rule H2.
    pub struct H2 {
        /// A maildrop of fewer messages is read whole by anybody.
        messages: u32 = 50, in 1.0..=1_000_000.0;
        /// The share (of 1) of a maildrop that is everything.
        share: f32 = 0.9, in 0.01..=1.0;
        /// So many octets in one session, whatever the share.
        octets: u64 = 50_000_000, in 1.0..=1e15;
    }
}

pub(super) const RULE: Rule = Rule { id: RuleId::H2, version: 1, severity: Severity::High, techniques: &["T1114.002", "T1020"], hears: Kinds::ANSWERED.or(Kinds::CLOSED), judge };

fn judge(case: &Case<'_>) -> Option<Finding> {
    let name = case.entered()?;
    let before = case.session.before;
    // Of an account that never was seen before, every program is new.
    if !before.history || (before.trusted && before.tool) {
        return None;
    }
    let limits = &case.thresholds.h2;
    let retrieved = case.session.retrieved;
    let all = match case.happening {
        Happening::Closed(summary) => {
            summary.messages >= limits.messages && retrieved.whole as f32 >= limits.share * summary.messages as f32
        }
        Happening::Answered(answered) => answered.message.is_some() && retrieved.octets >= limits.octets,
        _ => false,
    };
    if !all {
        return None;
    }
    let facts = [
        Fact::name(FactName::Account, name),
        Fact::count(FactName::Messages, retrieved.whole),
        Fact { name: FactName::Octets, value: Value::Octets(retrieved.octets) },
        Fact::name(FactName::Net, &case.session.net.to_string()),
    ];
    let mut grounds = Vec::new();
    grounds.extend((!before.trusted).then_some(Ground::NeverFromThisNet));
    grounds.extend((!before.tool).then_some(Ground::NewTool));
    // A new program at home is most likely a new program.
    let (severity, sure) = if before.trusted {
        (Severity::Medium, Confidence::Low)
    } else {
        (Severity::High, if before.tool { Confidence::Low } else { Confidence::Medium })
    };
    let finding = Finding::new(Subject::Account(name.to_owned())).sure(sure).severe(severity).because(facts);
    Some(finding.surely(grounds).citing(case.session.reading.iter().copied()))
}
