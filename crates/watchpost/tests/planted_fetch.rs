//! Faults planted in retrieval, and the check that catches each. Alone in its process: the switch is global.
#![allow(clippy::unwrap_used, reason = "a test may fail here")]
#![allow(dead_code, reason = "the checks use a part of what is here")]
#![allow(clippy::print_stdout, reason = "the count is what this test reports")]

#[path = "fetch/checks.rs"]
mod checks;
#[path = "fetch/house.rs"]
mod house;
#[path = "fetch/server.rs"]
mod server;
mod support;

use std::panic::{catch_unwind, set_hook, take_hook};

use watchpost_proto::planted::plant;

/// The fault, and the check that must fail while it is there.
const FAULTS: [(&str, fn()); 3] = [
    ("fetch.believes-a-reused-unique-id", checks::a_unique_id_that_comes_back_with_another_message_loses_nothing),
    ("fetch.delivers-what-it-knows", checks::messages_that_share_a_unique_id_are_all_fetched_once),
    ("fetch.removes-before-it-is-durable", checks::nothing_is_marked_before_it_is_durable),
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
    println!("fetch: {} planted, {} caught", FAULTS.len(), caught.len());
    assert_eq!(caught, FAULTS.map(|(fault, _)| fault));
}
