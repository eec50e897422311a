//! Real SIGKILLs: a sample of what `./check --long` does by the thousand.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod checks;

use checks::kill::{kill_processes, play_the_child};

#[tokio::test]
async fn a_killed_process_keeps_every_promise_it_gave() {
    // P-193
    if !play_the_child().await {
        kill_processes("a_killed_process_keeps_every_promise_it_gave", 60).await;
    }
}
