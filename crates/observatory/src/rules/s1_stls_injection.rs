//! S1: commands slipped in behind STLS, to be obeyed inside TLS.

use watchpost_proto::pop3::server::Notice;

use super::{Case, Finding, Happening, Kinds, Rule, RuleId};
use crate::ground::{Fact, FactName, Ground};
use crate::verdict::{Confidence, Severity};

pub(super) const RULE: Rule =
    Rule { id: RuleId::S1, version: 1, severity: Severity::High, techniques: &["T1557"], hears: Kinds::NOTICED, judge };

fn judge(case: &Case<'_>) -> Option<Finding> {
    // A ClientHello that came too early is impatience, and another notice.
    let Happening::Noticed(Notice::ClearTextBehindStls { octets }) = case.happening else { return None };
    let finding = case.of_source().sure(Confidence::Certain).citing([case.session.opened]);
    Some(finding.because([Fact::count(FactName::Octets, octets as u64)]).surely([Ground::KnownOctets]))
}
