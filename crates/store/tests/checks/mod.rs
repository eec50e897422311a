//! What several test programs check: here once, so that a planted fault meets the very test that shall catch it.

#![allow(dead_code, reason = "no test program uses all of it")]
#![allow(unused_imports, reason = "no test program uses all of it")]

mod accounts;

pub mod crash;
pub mod kept;
pub mod kill;
pub mod large;
pub mod model;
pub mod worlds;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;
use watchpost_proto::{Octets, Outcome};
use watchpost_store::conformance::{deliver, open, read, received, unique_ids, user};
use watchpost_store::maildir::{MaildirPath, MaildirStore};
use watchpost_store::{Delivery, Maildrop, OpenError, Operation, ReadError, Recording, Store, UpdateError, User};

pub use accounts::*;

/// A Maildir of its own for one test.
pub struct Fixture {
    pub root: TempDir,
    pub store: MaildirStore,
    pub alice: User,
}

impl Fixture {
    pub fn new() -> Self {
        let root = TempDir::new().unwrap();
        let store = store_at(root.path());
        let fixture = Self { root, store, alice: user("alice") };
        for folder in ["tmp", "new", "cur"] {
            fs::create_dir_all(fixture.path(folder)).unwrap();
        }
        fixture
    }

    /// A store that knows nothing yet, as after a restart.
    pub fn restarted(&self) -> MaildirStore {
        store_at(self.root.path())
    }

    pub fn path(&self, within: &str) -> PathBuf {
        self.root.path().join("alice@example.org/Maildir").join(within)
    }

    pub fn put(&self, within: &str, message: &[u8]) {
        fs::write(self.path(within), message).unwrap();
    }

    /// All names in a folder, sorted.
    pub fn names(&self, folder: &str) -> Vec<String> {
        names(&self.path(folder))
    }

    /// Sets the clocks of new/ and cur/ back, so that the listing can be kept.
    pub fn settle(&self) {
        for folder in ["new", "cur"] {
            let long_ago = SystemTime::now() - Duration::from_mins(1);
            fs::File::open(self.path(folder)).unwrap().set_modified(long_ago).unwrap();
        }
    }

    pub async fn open(&self) -> <MaildirStore as Store>::Maildrop {
        open(&self.store, &self.alice).await
    }

    pub async fn unique_ids(&self) -> Vec<String> {
        unique_ids(self.open().await.listing())
    }
}

pub fn store_at(root: &Path) -> MaildirStore {
    let path = MaildirPath::parse(&format!("{}/{{user}}/Maildir", root.display())).unwrap();
    MaildirStore::new(path, "mail.example.org")
}

pub fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = entries.collect();
    names.sort();
    names
}

pub fn removing(removed: &[usize]) -> Outcome {
    Outcome { removed: removed.to_vec(), seen: Vec::new() }
}

/// P-191: what was removed is durable when UPDATE says so.
pub async fn every_removal_is_followed_by_a_sync_of_its_folder() {
    let fixture = Fixture::new();
    for number in 0..6 {
        let folder = if number % 2 == 0 { "new" } else { "cur" };
        fixture.put(&format!("{folder}/170000000{number}.M1P1.host"), b"Subject: x\n\n");
    }
    let maildrop = fixture.open().await;
    let recording = Recording::start(fixture.root.path());
    maildrop.update(Outcome { removed: vec![0, 1, 2], seen: vec![3, 4] }).await.unwrap();
    let operations = recording.finish();
    let unlinked = operations.iter().filter(|operation| matches!(operation, Operation::Unlink { .. })).count();
    assert_eq!(unlinked, 3);
    assert!(unsynced_names(&operations).is_empty(), "not durable: {operations:?}");
}

/// Folders whose unlinked names a crash could bring back. Renames for flags may be lost.
fn unsynced_names(operations: &[Operation]) -> Vec<PathBuf> {
    let mut unsynced: Vec<PathBuf> = Vec::new();
    for operation in operations {
        match operation {
            Operation::Unlink { path } => unsynced.push(path.parent().unwrap().to_owned()),
            Operation::SyncFolder { path } => unsynced.retain(|folder| folder != path),
            _ => {}
        }
    }
    unsynced
}

/// RFC 2033 §4.2: a message has its octets before it has its name, and both before the delivery says so.
pub async fn a_delivery_is_durable_in_the_right_order() {
    let small = b"Subject: small\n\n".to_vec();
    let large = vec![b'x'; 1 << 20];
    for (message, users) in [(&small, 1), (&small, 3), (&large, 1), (&large, 3)] {
        let fixture = Fixture::new();
        let users: Vec<User> = ["alice", "bob", "carol"].iter().take(users).map(|name| user(name)).collect();
        let recording = Recording::start(fixture.root.path());
        let mut delivery = fixture.store.deliver().await.unwrap();
        for chunk in message.chunks(10_000) {
            delivery.write(chunk).await.unwrap();
        }
        assert!(delivery.commit(&users).await.iter().all(Result::is_ok));
        let operations = recording.finish();
        assert_eq!(delivered(&operations), users.len(), "{operations:?}");
    }
}

/// Counts messages that got a name in new/, and checks that they were durable before and after.
fn delivered(operations: &[Operation]) -> usize {
    let mut named = 0;
    for (at, operation) in operations.iter().enumerate() {
        let (Operation::Rename { from, to } | Operation::Link { from, to }) = operation else { continue };
        let folder = to.parent().unwrap();
        assert!(folder.ends_with("new"), "a delivery names nothing outside of new/");
        let last_write =
            operations.iter().rposition(|other| matches!(other, Operation::WriteFile { path, .. } if path == from));
        let synced = operations.iter().position(|other| matches!(other, Operation::SyncFile { path } if path == from));
        assert!(
            last_write < synced && synced < Some(at),
            "the octets were not durable when {} got its name",
            to.display()
        );
        let folder_synced =
            operations[at..].iter().any(|other| matches!(other, Operation::SyncFolder { path } if path == folder));
        assert!(folder_synced, "the name {} was never made durable", to.display());
        named += 1;
    }
    named
}

/// RFC 1939 §6; P-012
pub async fn a_session_without_quit_removes_nothing() {
    let fixture = Fixture::new();
    fixture.put("new/1700000000.M1P1.host", b"Subject: one\n\n");
    fixture.put("cur/1700000001.M1P1.host:2,S", b"Subject: two\n\n");
    let maildrop = fixture.open().await;
    read(&maildrop, 0).await;
    drop(maildrop);
    assert_eq!(fixture.names("new"), ["1700000000.M1P1.host"]);
    assert_eq!(fixture.names("cur"), ["1700000001.M1P1.host:2,S"]);
}

/// P-162: a foreign size is believed until the message has been read once.
pub async fn a_wrong_size_in_a_name_is_believed_once_only() {
    for length in [10, 200_000] {
        let fixture = Fixture::new();
        let message = [b"Subject: x\n\n".as_slice(), &vec![b'\n'; length]].concat();
        let truth = Octets(received(&message).len() as u64);
        fixture.put("cur/1700000000.M1P1.host,S=5,W=7:2,", &message);
        fixture.settle();
        let maildrop = fixture.open().await;
        assert_eq!(maildrop.listing().octets(0), Octets(7));
        let (octets, stored) = read(&maildrop, 0).await;
        assert_eq!((octets, stored == message), (truth, true), "RETR tells the truth in the same session");
        assert_eq!(maildrop.listing().octets(0), Octets(7), "a listing never changes");
        drop(maildrop);
        let maildrop = fixture.open().await;
        assert_eq!(maildrop.listing().octets(0), truth, "later sessions list the truth");
        drop(maildrop);
        fs::rename(
            fixture.path("cur/1700000000.M1P1.host,S=5,W=7:2,"),
            fixture.path("cur/1700000000.M1P1.host,S=5,W=7:2,F"),
        )
        .unwrap();
        assert_eq!(fixture.open().await.listing().octets(0), truth, "flags do not bring the wrong size back");
    }
}

/// S-047
pub async fn links_are_neither_listed_nor_followed() {
    let fixture = Fixture::new();
    let secret = fixture.root.path().join("secret");
    fs::write(&secret, b"a secret").unwrap();
    fixture.put("cur/1700000000.M1P1.host", b"Subject: one\n\n");
    symlink(&secret, fixture.path("cur/1700000001.M1P1.host")).unwrap();
    symlink(&secret, fixture.path("new/1700000002.M1P1.host")).unwrap();
    let maildrop = fixture.open().await;
    assert_eq!(maildrop.listing().len(), 1, "a link is no message");
    fs::remove_file(fixture.path("cur/1700000000.M1P1.host")).unwrap();
    symlink(&secret, fixture.path("cur/1700000000.M1P1.host")).unwrap();
    let read = maildrop.read(0).await;
    assert!(matches!(read, Err(ReadError::Damaged(_))), "a link in the place of a message is not followed");
}

/// P-061, P-064
pub async fn a_maildrop_has_one_session_at_a_time() {
    let fixture = Fixture::new();
    let maildrop = fixture.open().await;
    assert!(matches!(fixture.store.open(&fixture.alice).await, Err(OpenError::InUse)));
    // Another store has another table: the kernel refuses.
    assert!(matches!(fixture.restarted().open(&fixture.alice).await, Err(OpenError::InUse)));
    drop(maildrop);
    drop(open(&fixture.restarted(), &fixture.alice).await);
    drop(fixture.open().await);
}

/// P-181
pub async fn flags_and_folders_change_no_unique_id() {
    let fixture = Fixture::new();
    fixture.put("new/1700000000.M1P1.host,S=9", b"Subject:\n");
    deliver(&fixture.store, &fixture.alice, b"Subject: ours\n\n").await;
    let before = fixture.unique_ids().await;
    for name in fixture.names("new") {
        fs::rename(fixture.path(&format!("new/{name}")), fixture.path(&format!("cur/{name}:2,RS"))).unwrap();
    }
    assert_eq!(fixture.unique_ids().await, before);
    assert_eq!(unique_ids(open(&fixture.restarted(), &fixture.alice).await.listing()), before);
}

/// P-190, P-191: what cannot be removed is said; what can be is removed all the same.
pub async fn a_removal_that_fails_is_told() {
    let fixture = Fixture::new();
    for number in 0..3 {
        fixture.put(&format!("cur/170000000{number}.M1P1.host"), b"Subject: x\n\n");
    }
    // A folder in the place of a message cannot be unlinked, not even by root.
    let replace = |name: &str| {
        fs::remove_file(fixture.path(name)).unwrap();
        fs::create_dir(fixture.path(name)).unwrap();
    };
    let maildrop = fixture.open().await;
    replace("cur/1700000000.M1P1.host");
    let updated = maildrop.update(removing(&[0, 1])).await;
    assert!(matches!(updated, Err(UpdateError::Incomplete(_))), "{updated:?}");
    assert_eq!(fixture.names("cur"), ["1700000000.M1P1.host", "1700000002.M1P1.host"]);
    let maildrop = fixture.open().await;
    replace("cur/1700000002.M1P1.host");
    let updated = maildrop.update(removing(&[0])).await;
    assert!(matches!(updated, Err(UpdateError::Impossible(_))), "{updated:?}");
}

/// The permission bits of a file.
pub fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}
