//! T1: guesses from Tor, from rented servers, or from a survey of the internet. A label.

use super::{Case, Finding, Happening, Kinds, Rule, RuleId};
use crate::ground::{Fact, FactName, Ground};
use crate::verdict::{Confidence, Severity};

pub(super) const RULE: Rule = Rule {
    id: RuleId::T1,
    version: 1,
    severity: Severity::Info,
    techniques: &["T1090.003"],
    hears: Kinds::REFUSED.or(Kinds::CLOSED),
    judge,
};

fn judge(case: &Case<'_>) -> Option<Finding> {
    let ends = match case.happening {
        Happening::Refused(_) if case.guess().is_some() => false,
        Happening::Closed(_) if case.entered().is_none() => true,
        _ => return None,
    };
    let origin = case.origin().filter(|origin| origin.scanner.is_some() || (origin.is_anonymous() && !ends))?;
    let organization = origin.organization.as_deref();
    let word = match (&origin.scanner, origin.tor) {
        (Some(scanner), _) => scanner,
        (None, true) => "Tor",
        (None, false) => organization.unwrap_or("hosting"),
    };
    let finding = case.of_source().sure(Confidence::Certain).surely([Ground::OperatorsList]);
    let country = origin.country.iter().map(|country| Fact::name(FactName::Country, country));
    Some(finding.because([Fact::name(FactName::Origin, word)]).because(country).citing([case.session.opened]))
}
