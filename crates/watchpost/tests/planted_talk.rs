//! Faults planted in `talk`, and the check that catches each. Each run starts the program with its fault.
#![allow(clippy::unwrap_used, reason = "a test may fail here")]
#![allow(dead_code, reason = "the checks use a part of what is here")]
#![allow(clippy::print_stdout, reason = "the count is what this test reports")]

#[path = "talk/checks.rs"]
mod checks;
mod support;
#[path = "talk/tool.rs"]
mod tool;

use std::panic::{catch_unwind, set_hook, take_hook};

/// The fault, and the check that must fail while it is there.
const FAULTS: [(&str, fn()); 6] = [
    ("talk.password-shown", checks::no_secret_is_shown_by_a_script),
    ("talk.secret-in-clear-unasked", checks::no_secret_goes_out_in_clear_text_unasked),
    ("talk.certificate-unasked", checks::a_certificate_that_is_not_believed_ends_the_session),
    ("talk.reads-on-behind-stls", checks::what_comes_behind_stls_is_never_believed),
    ("talk.password-echoed", checks::a_terminal_never_shows_a_password_and_history_never_holds_one),
    ("talk.password-in-history", checks::a_terminal_never_shows_a_password_and_history_never_holds_one),
];

#[test]
fn every_planted_fault_is_caught() {
    let hook = take_hook();
    set_hook(Box::new(|_| {}));
    let caught: Vec<&str> = FAULTS
        .iter()
        .filter(|(fault, check)| {
            support::plant(None);
            let sound = catch_unwind(check).is_ok();
            support::plant(Some(fault));
            let broken = catch_unwind(check).is_err();
            support::plant(None);
            sound && broken
        })
        .map(|(fault, _)| *fault)
        .collect();
    set_hook(hook);
    println!("talk: {} planted, {} caught", FAULTS.len(), caught.len());
    assert_eq!(caught, FAULTS.map(|(fault, _)| fault));
}
