//! Crashes, by a model: every operation on files is recorded, and replayed with unsynced ones lost, torn or reordered.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod checks;

use checks::crash;

#[tokio::test]
async fn deliveries_survive_any_crash() {
    crash::deliveries_survive_any_crash().await;
}

#[tokio::test]
async fn updates_survive_any_crash() {
    crash::updates_survive_any_crash().await;
}

#[tokio::test]
async fn twins_survive_any_crash() {
    crash::twins_survive_any_crash().await;
}

#[tokio::test]
async fn imports_survive_any_crash() {
    crash::imports_survive_any_crash().await;
}

#[tokio::test]
async fn long_lives_survive_any_crash() {
    // P-193
    for seed in 0..4 {
        crash::a_long_life_survives_any_crash(seed, 10).await;
    }
}
