//! F1: connections that are held, or opened by the dozen, to wear us out.

use super::{Case, Finding, Happening, Rule, RuleId};
use crate::event::Sequence;
use crate::ground::{Fact, FactName, Ground};
use crate::sketch::Seconds;
use crate::verdict::{Confidence, Severity};

crate::dial::dials! {
    /// Thresholds of rule F1.
    pub struct F1 {
        /// So many connections at once from a source that have said nothing for `silent_time`.
        silent: u32 = 5, in 2.0..=16.0;
        /// Mobile networks make anybody wait; half a minute without a line is long.
        silent_time: Seconds = 30, in 1.0..=3_600.0;
        /// So many connections of a source that ended in silence within ten minutes.
        ended_silent: u32 = 5, in 1.0..=8.0;
        /// So many TLS handshakes within a minute without one login.
        handshakes: u32 = 20, in 1.0..=10_000.0;
    }
}

pub(super) const RULE: Rule =
    Rule { id: RuleId::F1, version: 1, severity: Severity::Medium, techniques: &["T1499.001", "T1499.002"], judge };

fn judge(case: &Case<'_>) -> Option<Finding> {
    // Thirty silent phones behind one address are a household, and its mail matters more.
    if case.anyone_home() {
        return None;
    }
    let visits = case.visits?;
    let limits = &case.thresholds.f1;
    let held = visits.silent_for(limits.silent_time, case.now);
    let ended = visits.silent.iter().filter(|(_, at)| case.now.saturating_sub(*at) <= 600);
    let ended: Vec<Sequence> = ended.map(|(sequence, _)| *sequence).collect();
    let (sessions, evidence) = match case.happening {
        Happening::Opened if held >= limits.silent as usize => (held, visits.recent.to_vec()),
        Happening::Closed(_) if ended.len() >= limits.ended_silent as usize && ended.contains(&case.sequence) => {
            (ended.len(), ended)
        }
        Happening::HandshakeDone | Happening::HandshakeFailed(_)
            if visits.handshakes(case.now) >= limits.handshakes =>
        {
            (visits.handshakes(case.now) as usize, visits.recent.to_vec())
        }
        _ => return None,
    };
    let finding = case.of_source().sure(Confidence::Medium).citing(evidence);
    let facts = [Fact::count(FactName::Sessions, sessions as u64)];
    Some(finding.because(facts).surely([Ground::NobodyFromThisNet]))
}
