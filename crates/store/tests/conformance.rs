//! Every store obeys the same laws.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod checks;

use std::sync::Mutex;

use checks::worlds::{Maildirs, Memory};
use tempfile::TempDir;
use watchpost_store::conformance::{self, machine};
use watchpost_store::maildir::{MaildirPath, MaildirStore};
use watchpost_store::memory::MemoryStore;

#[tokio::test]
async fn the_store_in_memory_obeys_the_laws() {
    conformance::run(MemoryStore::new).await;
}

#[tokio::test]
async fn the_store_of_maildirs_obeys_the_laws() {
    let roots = Mutex::new(Vec::<TempDir>::new());
    conformance::run(|| {
        let root = TempDir::new().unwrap();
        let path = MaildirPath::parse(&format!("{}/{{user}}/Maildir", root.path().display())).unwrap();
        roots.lock().unwrap().push(root);
        MaildirStore::new(path, "mail.example.org")
    })
    .await;
}

#[test]
fn the_store_in_memory_does_what_its_model_does() {
    machine::run(1, 128, Memory::default);
}

#[test]
fn the_store_of_maildirs_does_what_its_model_does() {
    // P-061, P-065, P-066, P-067, P-162, P-176, P-181, P-182, P-183
    machine::run(1, 128, Maildirs::new);
}
