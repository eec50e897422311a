//! `watchpost talk`, with servers that are ours, that are not, and that mean harm; by script and on a terminal.
#![allow(clippy::unwrap_used, reason = "a test may fail here")]

mod certificates;
mod checks;
mod command;
#[path = "../peers/dovecot.rs"]
mod dovecot;
mod hostile;
#[path = "../peers/peer.rs"]
#[allow(dead_code, reason = "conform needs the rest of it")]
mod peer;
mod peers;
mod record;
#[path = "../support/mod.rs"]
mod support;
mod terminal;
mod tool;

#[test]
fn no_secret_is_shown_by_a_script() {
    checks::no_secret_is_shown_by_a_script();
}

#[test]
fn no_secret_goes_out_in_clear_text_unasked() {
    checks::no_secret_goes_out_in_clear_text_unasked();
}

#[test]
fn a_certificate_that_is_not_believed_ends_the_session() {
    checks::a_certificate_that_is_not_believed_ends_the_session();
}

#[test]
fn what_comes_behind_stls_is_never_believed() {
    checks::what_comes_behind_stls_is_never_believed();
}

#[test]
fn a_terminal_never_shows_a_password_and_history_never_holds_one() {
    checks::a_terminal_never_shows_a_password_and_history_never_holds_one();
}
