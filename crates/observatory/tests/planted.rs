//! Faults planted in this crate, and the check that catches each. Alone in its process: the switch is global.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::print_stdout, reason = "the count is what this test reports")]

mod checks;
mod simulator;
mod support;

use std::panic::{catch_unwind, set_hook, take_hook};

use simulator::checks as scenarios;
use watchpost_proto::planted::plant;

/// The fault, and the check that must fail while it is there.
const FAULTS: &[(&str, fn())] = &[
    ("journal.loss-is-not-counted", checks::what_the_queue_cannot_take_is_counted),
    ("journal.codec-drops-an-event", checks::every_event_comes_back_as_it_was),
    ("journal.day-is-off-by-one", checks::sessions_stand_on_their_day),
    ("journal.retention-takes-a-day-too-many", checks::exactly_what_is_older_than_thirty_days_goes),
    ("journal.export-shows-a-raw-escape", checks::what_a_peer_chose_is_exported_harmlessly),
    ("journal.evidence-is-cut", checks::a_replay_says_what_was_said),
    ("journal.mentions-are-lost", checks::mentions::sessions_that_share_a_row_are_found_one_by_one),
    ("journal.row-goes-with-its-first-session", checks::mentions::a_row_is_there_as_long_as_its_sessions),
    ("journal.bell-is-not-rung", checks::the_writer_wakes_for_what_comes),
    ("journal.queue-is-not-bounded", checks::what_the_queue_cannot_take_is_counted),
    ("journal.bans-and-trust-not-kept", checks::learned::trust_and_bans_outlive_the_process),
    ("journal.a-ban-can-wait", checks::learned::a_ban_is_kept_with_the_sessions_that_led_to_it),
    ("journal.password-change-not-told", checks::learned::a_changed_password_ends_trust),
    ("observatory.trust-not-restored", checks::learned::trust_and_bans_outlive_the_process),
    ("observatory.password-change-keeps-trust", checks::learned::a_changed_password_ends_trust),
    ("observatory.thresholds-ignored", checks::learned::thresholds_are_obeyed),
    ("observatory.daily-mean-ignored", scenarios::much_more_than_usual_is_seen),
    ("observatory.b1-never-fires", scenarios::a_guesser_is_seen),
    ("observatory.repeats-are-guesses", scenarios::an_old_password_is_no_guess),
    ("observatory.trust-ignored", scenarios::owners_at_home_are_trusted),
    ("observatory.evidence-is-empty", scenarios::verdicts_cite_their_evidence),
    ("observatory.success-forgives-everything", scenarios::an_account_of_his_own_washes_nobody_clean),
    ("observatory.gate-refuses-owners", scenarios::a_tool_of_owners_is_not_refused),
    ("capture.drops-inside", checks::capture::a_recording_is_cut_at_its_end_alone),
    ("observatory.lists-ignored", scenarios::lists_come_first),
];

#[test]
fn every_planted_fault_is_caught() {
    for (fault, check) in FAULTS {
        assert!(catch_unwind(check).is_ok(), "the check of {fault} fails without any fault");
    }
    let hook = take_hook();
    set_hook(Box::new(|_| {}));
    let mut caught = Vec::new();
    for (fault, check) in FAULTS {
        plant(Some(fault));
        if catch_unwind(check).is_err() {
            caught.push(*fault);
        }
        plant(None);
    }
    set_hook(hook);
    println!("observatory: {} planted, {} caught", FAULTS.len(), caught.len());
    assert_eq!(caught, FAULTS.iter().map(|(fault, _)| *fault).collect::<Vec<_>>());
}
