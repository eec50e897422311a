//! Faults planted in retrieval, and the check that catches each. Alone in its process: the switch is global.
#![allow(clippy::unwrap_used, reason = "a test may fail here")]
#![allow(dead_code, reason = "the checks use a part of what is here")]
#![allow(clippy::print_stdout, reason = "the count is what this test reports")]

#[path = "fetch/checks.rs"]
mod checks;
#[path = "fetch/doors.rs"]
mod doors;
#[path = "fetch/house.rs"]
mod house;
#[path = "fetch/kill.rs"]
mod kill;
#[path = "fetch/kill_relays.rs"]
mod kill_relays;
#[path = "fetch/names.rs"]
mod names;
#[path = "fetch/pki.rs"]
mod pki;
#[path = "fetch/power.rs"]
mod power;
#[path = "fetch/server.rs"]
mod server;
mod support;
#[path = "fetch/world.rs"]
mod world;

use std::collections::HashMap;
use std::panic::{catch_unwind, set_hook, take_hook};

use watchpost_proto::planted::plant;

/// The fault, and the check that must fail while it is there.
const FAULTS: [(&str, fn()); 34] = [
    ("fetch.believes-a-reused-unique-id", checks::a_unique_id_that_comes_back_with_another_message_loses_nothing),
    ("fetch.delivers-what-it-knows", checks::messages_that_share_a_unique_id_are_all_fetched_once),
    ("fetch.removes-before-it-is-durable", checks::nothing_is_marked_before_it_is_durable),
    ("fetch.converts-what-it-cannot", checks::what_came_is_stored_so_that_nothing_is_lost),
    ("fetch.ignores-login-delay", checks::a_server_that_shows_its_mail_in_portions_is_asked_until_there_is_no_more),
    ("fetch.waits-for-drops", checks::a_server_that_speaks_drop_by_drop_is_left),
    ("fetch.ignores-srv-priority", checks::srv_records_are_followed_in_their_order),
    ("fetch.ignores-a-service-that-is-not-offered", checks::a_service_that_is_not_offered_is_not_looked_for),
    ("fetch.uses-a-host-of-another-unasked", checks::a_host_of_another_gets_no_password_unasked),
    ("fetch.tries-the-local-part-first", checks::the_whole_address_is_the_first_user_name),
    ("fetch.believes-its-intents", kill::small::nothing_is_lost),
    ("fetch.forgets-its-intents", kill::small::nothing_comes_twice),
    ("fetch.intent-not-written", kill::small::nothing_comes_twice),
    ("fetch.believes-its-intents", kill::small::nothing_is_lost_in_an_mbox),
    ("fetch.forgets-its-intents", kill::small::nothing_comes_twice_to_a_maildir),
    ("fetch.believes-its-intents", kill_relays::small::nothing_is_lost),
    ("fetch.forgets-its-intents", kill_relays::small::what_comes_twice_is_named),
    ("fetch.names-what-is-doubtful-only-once", checks::a_doubt_is_named_until_somebody_was_told),
    ("fetch.believes-its-intents", power::small::maildir),
    ("fetch.believes-its-intents", power::small::mbox),
    ("fetch.intent-not-written", power::small::maildir_kept),
    ("fetch.intent-not-synced", power::small::maildir_kept),
    ("fetch.forgets-its-intents", power::small::maildir_kept),
    ("fetch.renames-without-sync", power::small::maildir),
    ("fetch.written-without-sync", power::small::mbox),
    ("fetch.recovers-without-sync", power::small::maildir),
    ("fetch.recovers-without-sync", power::small::mbox),
    ("store.skipped-folder-fsync", power::small::maildir),
    ("store.skipped-file-fsync", power::small::maildir),
    (
        "fetch.believes-in-removal-without-ok",
        checks::mail_is_removed_only_when_quit_says_so_and_never_fetched_again_meanwhile,
    ),
    ("fetch.ignores-new-unique-ids", checks::new_unique_ids_for_everything_bring_nothing_again),
    ("fetch.keeps-quiet-about-wrong-sizes", checks::sizes_that_list_announces_wrongly_hinder_nothing_and_are_told_once),
    ("fetch.never-gives-up", checks::one_message_that_cannot_be_read_blocks_no_other_and_is_given_up_in_the_end),
    ("fetch.removes-what-it-intended", checks::a_destination_that_fails_half_way_loses_nothing),
];

#[test]
fn every_planted_fault_is_caught() {
    let hook = take_hook();
    set_hook(Box::new(|_| {}));
    let mut sound: HashMap<usize, bool> = HashMap::new();
    let caught: Vec<&str> = FAULTS
        .iter()
        .filter(|(fault, check)| {
            let plant = |fault| {
                plant(fault);
                support::plant(fault);
            };
            plant(None);
            // Once for each check: some take a while.
            let sound = sound.entry(*check as usize).or_insert_with(|| catch_unwind(check).is_ok());
            plant(Some(fault));
            support::plant(Some(fault));
            let broken = catch_unwind(check).is_err();
            plant(None);
            support::plant(None);
            println!("{fault}: {}", if *sound && broken { "caught" } else { "MISSED" });
            *sound && broken
        })
        .map(|(fault, _)| *fault)
        .collect();
    set_hook(hook);
    println!("fetch: {} planted, {} caught", FAULTS.len(), caught.len());
    assert_eq!(caught, FAULTS.map(|(fault, _)| fault));
}
