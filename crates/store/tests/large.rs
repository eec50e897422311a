//! A large maildrop: a sample of what `./check --long` does with a million messages. Alone in its process.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod checks;

use checks::large::{Names, a_large_maildrop_is_listed_without_reading_it};

#[tokio::test]
async fn large_maildrops_are_listed_without_reading_them() {
    // P-224
    a_large_maildrop_is_listed_without_reading_it(20_000, Names::WithoutSizes).await;
    a_large_maildrop_is_listed_without_reading_it(20_000, Names::WithSizes).await;
}
