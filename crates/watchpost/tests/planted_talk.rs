//! Faults planted in `talk`, and the check that catches each. Each run starts the program with its fault.
#![allow(clippy::unwrap_used, reason = "a test may fail here")]
#![allow(dead_code, reason = "the checks use a part of what is here")]

#[path = "talk/checks.rs"]
mod checks;
mod support;
#[path = "talk/tool.rs"]
mod tool;

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
    support::every_fault_is_caught("talk", &FAULTS);
}
