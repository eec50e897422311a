//! Faults planted in this crate, and the check that catches each. Alone in its process: the switch is global.
#![allow(clippy::print_stdout, reason = "the count is what this test reports")]

mod checks;
mod driver;

use std::panic::{catch_unwind, set_hook, take_hook};

use watchpost_proto::planted::plant;

/// The fault, and the check of `laws.rs` that must fail while it is there.
const FAULTS: [(&str, fn()); 10] = [
    ("proto.dot-not-stuffed", checks::leading_dots_survive),
    ("proto.size-without-last-line-end", checks::listed_sizes_are_delivered_sizes),
    ("proto.deleted-messages-answer", checks::deleted_messages_do_not_answer),
    ("proto.removes-one-too-few", checks::exactly_the_marked_messages_are_removed),
    ("proto.lists-the-stored-size-of-a-surrogate", checks::surrogates_are_as_long_as_they_are_listed),
    ("proto.name-outlives-its-command", checks::a_name_counts_for_the_next_command_alone),
    ("proto.obeys-what-came-behind-stls", checks::what_comes_behind_stls_ends_the_connection),
    ("proto.tells-sasl-data", checks::told::no_secret_is_told),
    ("proto.tells-what-follows-user", checks::told::no_secret_is_told),
    ("proto.auth-lines-are-odd", checks::told::honest_clients_are_never_odd),
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
    println!("proto: {} planted, {} caught", FAULTS.len(), caught.len());
    assert_eq!(caught, FAULTS.map(|(fault, _)| fault));
}
