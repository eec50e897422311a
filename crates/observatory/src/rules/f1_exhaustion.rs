//! F1: connections that are held, or opened by the dozen, to wear us out.

use super::{Case, Finding, Happening, Kinds, Rule, RuleId};
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

pub(super) const RULE: Rule = Rule {
    id: RuleId::F1,
    version: 1,
    severity: Severity::Medium,
    techniques: &["T1499.001", "T1499.002"],
    hears: Kinds::OPENED.or(Kinds::HANDSHAKE_DONE).or(Kinds::HANDSHAKE_FAILED).or(Kinds::CLOSED),
    judge,
};

fn judge(case: &Case<'_>) -> Option<Finding> {
    let visits = case.visits()?;
    let limits = &case.thresholds.f1;
    let ended = || visits.silent.iter().filter(|(_, at)| case.now.saturating_sub(*at) <= 600);
    let (sessions, least) = match case.happening {
        Happening::Opened => (visits.silent_for(limits.silent_time, case.now), limits.silent),
        Happening::Closed(_) if ended().all(|(sequence, _)| *sequence != case.sequence) => return None,
        Happening::Closed(_) => (ended().count(), limits.ended_silent),
        Happening::HandshakeDone | Happening::HandshakeFailed(_) => {
            (visits.handshakes(case.now) as usize, limits.handshakes)
        }
        _ => return None,
    };
    // Thirty silent phones behind one address are a household, and its mail matters more.
    if sessions < least as usize || case.anyone_home() {
        return None;
    }
    let facts = [Fact::count(FactName::Sessions, sessions as u64)];
    let finding = case.of_source().sure(Confidence::Medium).because(facts).surely([Ground::NobodyFromThisNet]);
    Some(match case.happening {
        Happening::Closed(_) => finding.citing(ended().map(|(sequence, _)| *sequence)),
        _ => finding.citing(visits.recent),
    })
}
