//! Faults planted in this crate, and the check that catches each. Alone in its process: the switch is global.
#![allow(clippy::print_stdout, reason = "the count is what this test reports")]

mod simulator;

use std::panic::{catch_unwind, set_hook, take_hook};

use simulator::checks;
use watchpost_proto::planted::plant;

/// The fault, and the check that must fail while it is there.
const FAULTS: [(&str, fn()); 7] = [
    ("observatory.b1-never-fires", checks::a_guesser_is_seen),
    ("observatory.repeats-are-guesses", checks::an_old_password_is_no_guess),
    ("observatory.trust-ignored", checks::owners_at_home_are_trusted),
    ("observatory.evidence-is-empty", checks::verdicts_cite_their_evidence),
    ("observatory.success-forgives-everything", checks::an_account_of_his_own_washes_nobody_clean),
    ("observatory.gate-refuses-owners", checks::a_tool_of_owners_is_not_refused),
    ("observatory.lists-ignored", checks::lists_come_first),
];

#[test]
fn every_planted_fault_is_caught() {
    let hook = take_hook();
    set_hook(Box::new(|_| {}));
    let caught: Vec<&str> = FAULTS
        .iter()
        .filter(|(fault, check)| {
            plant(None);
            let sound = catch_unwind(check).is_ok();
            plant(Some(fault));
            let broken = catch_unwind(check).is_err();
            plant(None);
            sound && broken
        })
        .map(|(fault, _)| *fault)
        .collect();
    set_hook(hook);
    println!("observatory: {} planted, {} caught", FAULTS.len(), caught.len());
    assert_eq!(caught, FAULTS.map(|(fault, _)| fault));
}
