//! Captures: what tshark reads in them, what they must not hold, and who may have them (S-029, S-061).
#![allow(clippy::unwrap_used, reason = "a test may fail here")]

#[path = "pcap/checks.rs"]
mod checks;
#[path = "privacy/search.rs"]
mod search;
#[path = "pcap/site.rs"]
mod site;
mod support;

#[test]
fn every_kind_of_session_is_read_by_wireshark() {
    checks::every_kind_of_session_is_read_by_wireshark();
}

#[test]
fn what_is_redacted_never_got_in() {
    checks::what_is_redacted_never_got_in();
}

#[test]
fn sessions_of_owners_are_not_kept() {
    checks::sessions_of_owners_are_not_kept();
}

#[test]
fn a_verdict_asks_for_the_session_it_cites() {
    checks::a_verdict_asks_for_the_session_it_cites();
}

#[test]
fn keys_are_taken_by_those_alone_who_may_and_it_is_written_down() {
    checks::keys_are_taken_by_those_alone_who_may_and_it_is_written_down();
}

#[test]
fn what_was_not_recorded_is_made_from_the_journal() {
    checks::what_was_not_recorded_is_made_from_the_journal();
}

#[test]
fn sessions_of_tls_1_2_are_not_resumed_while_keys_are_kept() {
    checks::sessions_of_tls_1_2_are_not_resumed_while_keys_are_kept();
}

#[test]
fn recordings_go_when_they_are_old_or_too_much() {
    checks::recordings_go_when_they_are_old_or_too_much();
}

#[test]
fn mail_goes_on_while_recordings_find_no_room() {
    checks::mail_goes_on_while_recordings_find_no_room();
}

#[test]
fn sessions_that_go_on_are_written_as_far_as_they_have_come() {
    checks::sessions_that_go_on_are_written_as_far_as_they_have_come();
}
