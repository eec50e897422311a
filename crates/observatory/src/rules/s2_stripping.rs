//! S2: TLS taken away from somebody who always used it.

use watchpost_proto::pop3::Verb;

use super::{Case, Finding, Happening, Kinds, Rule, RuleId};
use crate::event::{Sequence, TlsFailure};
use crate::fingerprint::says;
use crate::ground::{Fact, FactName, Ground};
use crate::verdict::{Confidence, Severity, Subject};

crate::dial::dials! {
    /// Thresholds of rule S2.
    pub struct S2 {
        /// So many logins inside TLS from the network before, and none outside.
        logins_inside_tls: u32 = 10, in 1.0..=10_000.0;
        /// So many complaints of one network about our certificate within a day.
        complaints: u32 = 3, in 1.0..=8.0;
        /// So many networks that complain within an hour: then it is our certificate, and no attack.
        complaining_nets: u32 = 3, in 2.0..=16.0;
    }
}

pub(super) const RULE: Rule = Rule {
    id: RuleId::S2,
    version: 1,
    severity: Severity::High,
    techniques: &["T1557", "T1562.010"],
    hears: Kinds::SAID.or(Kinds::HANDSHAKE_FAILED),
    judge,
};

fn judge(case: &Case<'_>) -> Option<Finding> {
    match case.happening {
        Happening::Said { spoken, .. } if !case.session.tls => {
            let logs_in = matches!(spoken.verb, Some(Verb::User | Verb::Pass));
            (logs_in || says(spoken, b"AUTH PLAIN") || says(spoken, b"AUTH LOGIN")).then(|| stripped(case))?
        }
        Happening::HandshakeFailed(TlsFailure::PeerAlert(alert @ (42 | 46 | 48))) => complained(case, alert),
        Happening::HandshakeFailed(TlsFailure::Version) => stripped(case),
        _ => None,
    }
}

fn stripped(case: &Case<'_>) -> Option<Finding> {
    let inside = case.logins_inside_tls_alone()?;
    if inside < case.thresholds.s2.logins_inside_tls || !case.anyone_home() {
        return None;
    }
    let finding = Finding::new(Subject::Net(case.session.net)).sure(Confidence::Medium);
    let facts = [Fact::name(FactName::Net, &case.session.net.to_string()), Fact::count(FactName::Times, inside)];
    Some(finding.because(facts).surely([Ground::UsedTlsBefore(inside.into())]).citing([case.session.opened]))
}

fn complained(case: &Case<'_>, alert: u8) -> Option<Finding> {
    let limits = &case.thresholds.s2;
    let complaints = case.visits().into_iter().flat_map(|visits| visits.complaints.iter());
    let lately = complaints.filter(|(_, at)| case.now.saturating_sub(*at) <= 86_400);
    let evidence: Vec<Sequence> = lately.map(|(sequence, _)| *sequence).collect();
    let nets = case.complaining_nets();
    if nets >= limits.complaining_nets as usize {
        let facts = [Fact::count(FactName::Nets, nets as u64), Fact::count(FactName::Alert, alert)];
        let everyone = Finding::new(Subject::Everyone).sure(Confidence::High).severe(Severity::Medium);
        return Some(everyone.because(facts).citing(evidence));
    }
    if !case.anyone_home() || evidence.len() < limits.complaints as usize {
        return None;
    }
    let facts = [
        Fact::name(FactName::Net, &case.session.net.to_string()),
        Fact::count(FactName::Times, evidence.len() as u64),
        Fact::count(FactName::Alert, alert),
    ];
    let finding = Finding::new(Subject::Net(case.session.net)).sure(Confidence::Medium).because(facts);
    Some(finding.surely([Ground::UsedTlsBefore(case.logins_inside_tls().into()), Ground::OneNetAlone]).citing(evidence))
}
