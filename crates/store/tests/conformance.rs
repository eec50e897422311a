//! Every store obeys the same laws.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Mutex;

use tempfile::TempDir;
use watchpost_store::conformance;
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
