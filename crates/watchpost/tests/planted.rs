//! Faults planted in the program, and the check that catches each. Each run starts the program with its fault.
#![allow(clippy::unwrap_used, reason = "a test may fail here")]

#[path = "pcap/checks.rs"]
mod captures;
mod checks;
mod liar;
#[path = "privacy/search.rs"]
mod search;
#[path = "pcap/site.rs"]
mod site;
mod support;

/// The fault, and the check of `e2e.rs`, `logins.rs`, `bench.rs`, `pcap.rs` or `textbook.rs` that must fail while it is
/// there.
const FAULTS: [(&str, fn()); 18] = [
    ("server.password-in-the-log", checks::no_password_reaches_the_log),
    ("log.lines-are-held-for-ever", checks::no_password_reaches_the_log),
    (
        "server.quit-answered-before-its-deed",
        checks::quit_removes_exactly_the_marked_messages_and_nothing_else_ever_does,
    ),
    ("server.reads-on-in-clear-after-stls", checks::what_comes_behind_stls_in_the_clear_is_never_obeyed),
    ("server.failed-login-does-not-wait", checks::logins::a_failed_login_waits_and_nothing_else_does),
    ("demo.imports-again", checks::quit_removes_exactly_the_marked_messages_and_nothing_else_ever_does),
    ("demo.visitors-come-uninvited", checks::nobody_comes_uninvited),
    ("bench.sizes-not-compared", liar::sizes_that_differ_are_errors),
    ("bench.digest-not-compared", liar::messages_that_change_are_errors),
    ("textbook.an-error-is-left-out", checks::textbook::the_program_writes_the_textbook_as_it_stands),
    ("textbook.evidence-is-not-marked", checks::textbook::the_program_writes_the_textbook_as_it_stands),
    ("capture.tells-the-length", captures::what_is_redacted_never_got_in),
    ("proto.tells-what-follows-user", captures::what_is_redacted_never_got_in),
    ("capture.keeps-authenticated", captures::sessions_of_owners_are_not_kept),
    ("capture.never-too-old", captures::recordings_go_when_they_are_old_or_too_much),
    ("capture.never-too-much", captures::recordings_go_when_they_are_old_or_too_much),
    ("capture.keeps-what-was-asked-for", captures::sessions_that_go_on_are_written_as_far_as_they_have_come),
    ("capture.resumes-tls-1.2", captures::sessions_of_tls_1_2_are_not_resumed_while_keys_are_kept),
];

#[test]
fn every_planted_fault_is_caught() {
    support::every_fault_is_caught("watchpost", &FAULTS);
}
