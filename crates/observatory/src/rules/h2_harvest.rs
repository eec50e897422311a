//! H2: everything taken at once, by a stranger.

use watchpost_proto::planted::planted;

use super::{Case, Finding, Happening, Rule, RuleId};
use crate::ground::{Fact, FactName, Ground, Value};
use crate::sketch::whole;
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
        /// So many times what the account retrieves in a day as a rule, all of a day's sessions together.
        factor: f32 = 10.0, in 1.5..=10_000.0;
        /// But no less than so many octets in that day: ten times little is little.
        factor_octets: u64 = 5_000_000, in 1.0..=1e15;
        /// The rule is known from so many days on which the account retrieved mail.
        factor_days: u32 = 5, in 1.0..=8.0;
    }
}

pub(super) const RULE: Rule =
    Rule { id: RuleId::H2, version: 2, severity: Severity::High, techniques: &["T1114.002", "T1020"], judge };

/// How many times the usual amount the account has retrieved today, if that is too many.
fn times_usual(case: &Case<'_>) -> Option<u64> {
    if !matches!(case.happening, Happening::Answered(_)) || planted("observatory.daily-mean-ignored") {
        return None;
    }
    let limits = &case.thresholds.h2;
    let volume = case.habit?.volume;
    let today = volume.today(case.now).saturating_add(case.session.retrieved.octets);
    let usual = volume.usual(case.now, limits.factor_days)?.max(1.0);
    let times = today as f64 / usual;
    #[expect(clippy::cast_possible_truncation, reason = "shown, not reckoned with")]
    (today >= limits.factor_octets && times >= f64::from(limits.factor)).then(|| whole(times as f32))
}

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
    let times = times_usual(case);
    if !all && times.is_none() {
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
    grounds.extend(times.map(Ground::ManyTimesUsual));
    // A new program at home is most likely a new program.
    let (severity, sure) = if before.trusted {
        (Severity::Medium, Confidence::Low)
    } else {
        (Severity::High, if before.tool { Confidence::Low } else { Confidence::Medium })
    };
    let finding = Finding::new(Subject::Account(name.to_owned())).sure(sure).severe(severity).because(facts);
    Some(finding.surely(grounds).citing(case.session.reading.iter().copied()))
}
