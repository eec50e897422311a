//! P1: one password, or a few, on many accounts: from one source, or from anywhere.

use super::{Case, Finding, Guess, Rule, RuleId};
use crate::event::PasswordAccounts;
use crate::ground::{Fact, FactName, Ground};
use crate::score::TriedKind;
use crate::verdict::{Confidence, Severity, Subject};

crate::dial::dials! {
    /// Thresholds of rule P1.
    pub struct P1 {
        /// So many accounts from one source within an hour, each of them guessed where nobody is at home.
        accounts: u32 = 8, in 2.0..=16.0;
        /// With no more passwords than two, or than one for so many accounts.
        accounts_per_password: u32 = 4, in 1.0..=16.0;
        /// One password from anywhere fires when so much of it (of 1) came from where nobody is at home: after a
        /// migration many owners try the same first password, at home.
        strange: f32 = 0.6, in 0.0..=1.0;
    }
}

pub(super) const RULE: Rule =
    Rule { id: RuleId::P1, version: 2, severity: Severity::High, techniques: &["T1110.003"], judge };

/// The facts of a password count no further.
const COUNTED: u32 = 16;

fn judge(case: &Case<'_>) -> Option<Finding> {
    let guess = case.guess()?;
    from_one_source(case, guess).or_else(|| from_anywhere(case, guess))
}

/// Accounts that the source guessed at within an hour, where nobody is at home, and guesses on them.
pub(super) fn guessed_within_an_hour(case: &Case<'_>) -> (u32, u32) {
    let tried = case.source.map_or(&[][..], |source| &source.accounts);
    let lately = tried.iter().filter(|tried| case.now.saturating_sub(tried.last) <= 3600);
    let strange = lately.filter(|tried| tried.kind != TriedKind::Trusted);
    strange.fold((0, 0), |(accounts, guesses), tried| (accounts + 1, guesses + u32::from(tried.guesses)))
}

fn from_one_source(case: &Case<'_>, guess: Guess<'_>) -> Option<Finding> {
    let limits = &case.thresholds.p1;
    let passwords = u32::from(guess.facts?.source_passwords);
    let (accounts, guesses) = guessed_within_an_hour(case);
    // Sixteen stands for sixteen or more: those are not few.
    let few = passwords < COUNTED && passwords <= (accounts / limits.accounts_per_password.max(1)).max(2);
    if accounts < limits.accounts || !few {
        return None;
    }
    let facts = [
        Fact::count(FactName::Accounts, accounts),
        Fact::count(FactName::Passwords, passwords),
        Fact::count(FactName::Guesses, guesses),
    ];
    let finding = case.of_source().sure(Confidence::High).because(facts);
    let evidence = case.source.map(|source| source.evidence(None)).unwrap_or_default();
    Some(finding.surely([Ground::OwnersNotCounted, Ground::RepeatsNotCounted]).citing(evidence))
}

fn from_anywhere(case: &Case<'_>, guess: Guess<'_>) -> Option<Finding> {
    guess.facts.filter(|facts| facts.password_accounts == PasswordAccounts::TenOrMore)?;
    let lately = case.shared.iter().filter(|shared| case.now.saturating_sub(shared.at) <= 86_400);
    let strange = lately.clone().filter(|shared| shared.strange).count();
    let all = lately.clone().count();
    if all == 0 || (strange as f32) < case.thresholds.p1.strange * all as f32 {
        return None;
    }
    let finding = Finding::new(Subject::Everyone).sure(Confidence::High);
    let facts = [
        Fact::count(FactName::Accounts, 10_u64.max(strange as u64)),
        Fact::count(FactName::Passwords, 1_u64),
        Fact::count(FactName::Guesses, strange as u64),
    ];
    let evidence = lately.filter(|shared| shared.strange).map(|shared| shared.sequence);
    Some(finding.because(facts).surely([Ground::OwnersNotCounted, Ground::RepeatsNotCounted]).citing(evidence))
}
