//! W3: another protocol than POP3. Once is a mistake or a label; several in a row are a scanner.

use super::{Case, Finding, Happening, Kinds, Rule, RuleId};
use crate::event::Foreign;
use crate::ground::{Fact, FactName, Ground};
use crate::sketch::Seconds;
use crate::verdict::{Confidence, Severity};

crate::dial::dials! {
    /// Thresholds of rule W3.
    pub struct W3 {
        /// So many different protocols within ten minutes: no mail program speaks three.
        protocols: u32 = 3, in 1.0..=16.0;
        /// So many probes within an hour: a client that is set up wrongly sends one kind, and people notice.
        probes: u32 = 10, in 1.0..=16.0;
    }
}

pub(super) const RULE: Rule = Rule {
    id: RuleId::W3,
    version: 1,
    severity: Severity::Info,
    techniques: &["T1595.001", "T1595.002"],
    hears: Kinds::FOREIGN,
    judge,
};

fn judge(case: &Case<'_>) -> Option<Finding> {
    let Happening::Foreign(foreign) = case.happening else { return None };
    let seen = case.source().map(|source| &source.foreign);
    let within = |seconds: Seconds| {
        let recent = seen.into_iter().flat_map(|seen| seen.iter());
        recent.filter(move |(_, at)| case.now.saturating_sub(*at) <= seconds).map(|(foreign, _)| *foreign)
    };
    let mut kinds: Vec<Foreign> = within(600).filter(|kind| !is_mistake(*kind)).collect();
    kinds.sort_unstable_by_key(|kind| *kind as u8);
    kinds.dedup();
    let probes = within(3600).filter(|kind| !is_mistake(*kind)).count();
    let limits = &case.thresholds.w3;
    let scans = kinds.len() >= limits.protocols as usize || probes >= limits.probes as usize;
    let (severity, sure) = match (scans, is_mistake(foreign)) {
        (true, _) => (Severity::Low, Confidence::Certain),
        (false, true) => (Severity::Info, Confidence::Low),
        (false, false) => (Severity::Info, Confidence::High),
    };
    let facts = [
        Fact::name(FactName::Protocol, name(foreign)),
        Fact::count(FactName::Protocols, kinds.len().max(1) as u64),
        Fact::count(FactName::Times, probes.max(1) as u64),
    ];
    let finding = case.of_source().sure(sure).severe(severity).because(facts);
    let evidence = case.source().map(|source| source.evidence(None)).unwrap_or_default();
    Some(if is_mistake(foreign) { finding } else { finding.surely([Ground::NoMailProgram]).citing(evidence) })
}

/// Whether a mail program that is set up wrongly does this: TLS where clear text begins, or the other way round.
pub(crate) const fn is_mistake(foreign: Foreign) -> bool {
    matches!(foreign, Foreign::Tls | Foreign::ClearPop3)
}

/// The protocol's name.
pub(crate) const fn name(foreign: Foreign) -> &'static str {
    match foreign {
        Foreign::Http => "HTTP",
        Foreign::Tls => "TLS",
        Foreign::Smtp => "SMTP",
        Foreign::Imap => "IMAP",
        Foreign::Ssh => "SSH",
        Foreign::Rdp => "RDP",
        Foreign::Socks => "SOCKS",
        Foreign::Smb => "SMB",
        Foreign::Sip => "SIP",
        Foreign::JsonRpc => "JSON-RPC",
        Foreign::ClearPop3 => "POP3",
        Foreign::Text => "text",
        Foreign::Binary => "binary",
    }
}
