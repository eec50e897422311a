//! C1: stolen pairs of name and password: each account once, each with its own password.

use super::{Case, Finding, Kinds, Rule, RuleId};
use crate::ground::{Fact, FactName, Ground};
use crate::verdict::{Confidence, Severity};

use super::p1_spraying::guessed_within_an_hour;

crate::dial::dials! {
    /// Thresholds of rule C1.
    pub struct C1 {
        /// So many accounts from one source within an hour. Owners who are at home, and whoever mistyped and then came
        /// in, do not count: else an office on Monday morning looks like this.
        accounts: u32 = 8, in 2.0..=16.0;
        /// With so many different passwords for each account.
        passwords_per_account: f32 = 0.8, in 0.0..=1.0;
        /// And no more guesses on each than this.
        guesses_per_account: f32 = 2.0, in 1.0..=100.0;
    }
}

pub(super) const RULE: Rule = Rule {
    id: RuleId::C1,
    version: 1,
    severity: Severity::High,
    techniques: &["T1110.004"],
    hears: Kinds::REFUSED,
    judge,
};

/// The count of a source's passwords says no more than "so many or more".
const COUNTED: u8 = 16;

fn judge(case: &Case<'_>) -> Option<Finding> {
    let limits = &case.thresholds.c1;
    let passwords = case.guess()?.facts?.source_passwords;
    let (accounts, guesses) = guessed_within_an_hour(case);
    let many = passwords >= COUNTED || f32::from(passwords) >= limits.passwords_per_account * accounts as f32;
    if accounts < limits.accounts || !many || guesses as f32 > limits.guesses_per_account * accounts as f32 {
        return None;
    }
    let facts = [
        Fact::count(FactName::Accounts, accounts),
        Fact::count(FactName::Passwords, passwords),
        Fact::count(FactName::Guesses, guesses),
    ];
    let finding = case.of_source().sure(Confidence::High).because(facts);
    let evidence = case.source().map(|source| source.evidence(None)).unwrap_or_default();
    Some(finding.surely([Ground::OwnersNotCounted, Ground::DifferentPasswords(passwords.into())]).citing(evidence))
}
