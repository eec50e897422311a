//! T1: guesses from Tor, from rented servers, or from a survey of the internet. A label.

use super::{Case, Finding, Happening, Rule, RuleId};
use crate::ground::{Fact, FactName, Ground};
use crate::verdict::{Confidence, Severity};

pub(super) const RULE: Rule =
    Rule { id: RuleId::T1, version: 1, severity: Severity::Info, techniques: &["T1090.003"], judge };

fn judge(case: &Case<'_>) -> Option<Finding> {
    let origin = case.origin.filter(|origin| origin.is_anonymous() || origin.scanner.is_some())?;
    let labels = match case.happening {
        Happening::Refused(_) => case.guess().is_some(),
        Happening::Closed(_) => case.entered().is_none() && origin.scanner.is_some(),
        _ => false,
    };
    let organization = origin.organization.as_deref();
    let word = match (&origin.scanner, origin.tor) {
        (Some(scanner), _) => scanner,
        (None, true) => "Tor",
        (None, false) => organization.unwrap_or("hosting"),
    };
    let finding = case.of_source().sure(Confidence::Certain).surely([Ground::OperatorsList]);
    let country = origin.country.iter().map(|country| Fact::name(FactName::Country, country));
    labels.then(|| finding.because([Fact::name(FactName::Origin, word)]).because(country).citing([case.session.opened]))
}
