//! Faults planted on purpose: each must be caught by the test that stands beside it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::print_stdout, reason = "the count is what this test reports")]

mod checks;

use std::collections::BTreeSet;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::pin::Pin;

use watchpost_proto::planted::plant;

struct Fault {
    name: &'static str,
    /// The test that catches it, and where it is an ordinary test too.
    caught_by: &'static str,
    check: fn() -> Pin<Box<dyn Future<Output = ()>>>,
}

macro_rules! fault {
    ($name:literal, $($check:ident)::+) => {
        Fault { name: $name, caught_by: stringify!($($check)::+), check: || Box::pin(checks::$($check)::+()) }
    };
}

const FAULTS: &[Fault] = &[
    fault!("store.skipped-folder-fsync", every_removal_is_followed_by_a_sync_of_its_folder),
    fault!("store.skipped-file-fsync", a_delivery_is_durable_in_the_right_order),
    fault!("store.skipped-folder-fsync", crash::deliveries_survive_any_crash),
    fault!("store.skipped-file-fsync", crash::deliveries_survive_any_crash),
    fault!("store.answers-before-removals-are-durable", crash::updates_survive_any_crash),
    fault!("store.forgets-the-other-folder", crash::updates_survive_any_crash),
    fault!("store.records-behind-names", crash::imports_survive_any_crash),
    fault!("store.records-behind-names", kill::killed_processes_keep_their_promises),
    fault!("store.believes-a-stale-index", kept::an_index_is_believed_for_the_very_file_only),
    fault!("store.believes-a-torn-index", kept::an_index_is_believed_up_to_where_it_is_torn),
    fault!("store.forgets-the-order", kept::a_maildir_does_what_its_model_does),
    fault!("store.gives-a-unique-id-twice", kept::an_imported_unique_id_is_never_given_twice),
    fault!("store.believes-a-torn-record", kept::a_torn_record_is_no_record),
    fault!("store.leaves-tmp", kept::what_was_given_up_is_removed),
    fault!("store.leaves-the-spool", kept::an_abandoned_spool_file_is_removed_at_the_start),
    fault!("store.removes-without-quit", a_session_without_quit_removes_nothing),
    fault!("store.believes-wrong-w", a_wrong_size_in_a_name_is_believed_once_only),
    fault!("store.follows-links", links_are_neither_listed_nor_followed),
    fault!("store.lock-not-taken", a_maildrop_has_one_session_at_a_time),
    fault!("store.uid-changes-with-flags", flags_and_folders_change_no_unique_id),
    fault!("store.hides-failed-removals", a_removal_that_fails_is_told),
    fault!("store.accepts-any-password", only_the_right_password_lets_in),
    fault!("store.old-password-still-opens", a_password_that_was_right_is_worthless_once_it_is_changed),
    fault!("store.unknown-user-is-fast", every_refusal_costs_the_same),
    fault!("store.clear-password-is-refused-fast", every_refusal_costs_the_same),
    fault!("store.passwd-file-is-read-once", a_changed_file_is_read_again),
    fault!("store.guessers-wait-among-all", a_fresh_login_does_not_wait_behind_guessers),
    fault!("store.previous-password-is-known-for-ever", the_previous_password_is_known_for_a_while),
];

fn passes(fault: &Fault) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    catch_unwind(AssertUnwindSafe(|| runtime.block_on((fault.check)()))).is_ok()
}

#[test]
fn every_planted_fault_is_caught() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if runtime.block_on(checks::kill::play_the_child()) {
        return;
    }
    assert_eq!(in_the_source(), FAULTS.iter().map(|fault| fault.name.to_owned()).collect(), "every fault has its test");
    let (mut caught, mut passed) = (0, BTreeSet::new());
    for fault in FAULTS {
        assert!(!passed.insert(fault.caught_by) || passes(fault), "{} fails without any fault", fault.caught_by);
        let loud = panic::take_hook();
        panic::set_hook(Box::new(|_| {}));
        plant(Some(fault.name));
        let missed = passes(fault);
        plant(None);
        panic::set_hook(loud);
        assert!(!missed, "{} is not caught by {}", fault.name, fault.caught_by);
        caught += 1;
    }
    println!("store: {} planted, {caught} caught", FAULTS.len());
}

/// The names of all switches in this crate.
fn in_the_source() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(path).unwrap();
            let switches = text.split("planted(\"").skip(1).filter_map(|rest| rest.split_once('"'));
            names.extend(switches.map(|(name, _)| name.to_owned()));
        }
    }
    names
}
