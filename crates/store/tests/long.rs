//! What takes minutes: `./check --long`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod checks;

use std::sync::Mutex;

use checks::crash::a_long_life_survives_any_crash;
use checks::kill::{kill_processes, play_the_child};
use checks::large::{Names, a_large_maildrop_is_listed_without_reading_it};
use checks::worlds::Maildirs;
use watchpost_store::conformance::machine;

/// One at a time: the memory of the process is measured.
static ALONE: Mutex<()> = Mutex::new(());

fn alone<Out>(test: impl Future<Output = Out>) -> Out {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(test)
}

#[test]
fn two_thousand_killed_processes_keep_every_promise_they_gave() {
    // P-193
    alone(async {
        if !play_the_child().await {
            kill_processes("two_thousand_killed_processes_keep_every_promise_they_gave", 2_000).await;
        }
    });
}

#[test]
fn a_million_messages_are_listed_in_bounded_memory() {
    // P-224
    alone(async {
        a_large_maildrop_is_listed_without_reading_it(200_000, Names::WithoutSizes).await;
        a_large_maildrop_is_listed_without_reading_it(1_000_000, Names::WithSizes).await;
    });
}

#[test]
fn many_long_lives_survive_any_crash() {
    // P-193
    alone(async {
        for seed in 100..140 {
            a_long_life_survives_any_crash(seed, 14).await;
        }
    });
}

#[test]
fn a_maildir_does_what_its_model_does_for_thousands_of_lives() {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    machine::run(1, 5_000, Maildirs::new);
}
