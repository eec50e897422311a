//! The index, imported unique-ids, and what is left behind.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod checks;

use std::fs;
use std::os::unix::fs::symlink;

use checks::kept::{INDEX, RECORDS, id, index_inode};
use checks::{Fixture, mode, removing};
use rustix::fs::{CWD, Mode, mkfifoat};
use watchpost_store::conformance::{deliver, open, read, unique_ids};
use watchpost_store::{Maildrop, OpenError, Store};

macro_rules! check {
    ($($name:ident),* $(,)?) => {
        $(#[tokio::test] async fn $name() { checks::kept::$name().await; })*
    };
}

check!(
    an_index_is_believed_for_the_very_file_only,
    an_index_is_believed_up_to_where_it_is_torn,
    messages_keep_their_order_once_they_are_listed,
    an_imported_unique_id_stays,
    an_imported_unique_id_is_never_given_twice,
    a_torn_record_is_no_record,
    what_was_given_up_is_removed,
    an_abandoned_spool_file_is_removed_at_the_start,
);

#[tokio::test]
async fn an_index_says_nothing_of_messages_that_say_it_themselves_or_are_gone() {
    let fixture = Fixture::new();
    for _ in 0..3 {
        deliver(&fixture.store, &fixture.alice, b"Subject: x\n\n").await;
    }
    fixture.open().await.update(removing(&[0, 1, 2])).await.unwrap();
    fixture.store.finish_housekeeping().await;
    assert!(!fixture.path(INDEX).exists(), "what is fetched and deleted costs no index");
    deliver(&fixture.store, &fixture.alice, b"Subject: x\n\n").await;
    fixture.listed(&fixture.store).await;
    let length = fs::metadata(fixture.path(INDEX)).unwrap().len();
    assert_eq!(length, 16 + 20 + 9, "a message with its sizes in its name costs nine octets");
    assert_eq!(mode(&fixture.path(INDEX)), 0o600);
    let maildrop = fixture.open().await;
    read(&maildrop, 0).await;
    drop(maildrop);
    fixture.listed(&fixture.restarted()).await;
    assert_eq!(fs::metadata(fixture.path(INDEX)).unwrap().len(), length, "nothing is said twice");
    assert!(fixture.names("tmp").is_empty());
}

#[tokio::test]
async fn an_index_grows_at_its_end_and_is_written_anew_when_most_of_it_is_dead() {
    let fixture = Fixture::new();
    let mut inodes = Vec::new();
    for round in 0..16 {
        for number in 0..100 {
            fixture.put(&format!("new/17000{round:02}{number:03}.M1P1.host"), b"x\n");
        }
        let listed = fixture.listed(&fixture.store).await.len();
        inodes.push(index_inode(&fixture));
        let all: Vec<usize> = (0..listed).collect();
        fixture.open().await.update(removing(&all)).await.unwrap();
        assert!(fs::metadata(fixture.path(INDEX)).unwrap().len() < 1400 * 25 + 1000);
    }
    let first = inodes[0];
    assert!(inodes[1..10].iter().all(|inode| *inode == first), "what is new is appended");
    assert!(inodes.iter().any(|inode| *inode != first), "dead records do not stay for ever");
    fixture.put("new/1800000000.M1P1.host", b"x\n");
    assert_eq!(fixture.listed(&fixture.restarted()).await.len(), 1);
}

#[tokio::test]
async fn two_processes_that_write_one_index_in_turns_lose_nothing_of_it() {
    let fixture = Fixture::new();
    let stores = [fixture.restarted(), fixture.restarted()];
    let mut ids = Vec::new();
    for round in 0..6 {
        // Each is older than the one before by its name.
        fixture.put(&format!("new/{}.M1P1.host", 1_700_000_000 - round), b"one\ntwo\n");
        let listed = fixture.listed(&stores[round % 2]).await;
        assert_eq!(listed.len(), round + 1);
        ids = listed;
    }
    for number in 0..6 {
        let name = format!("new/{}.M1P1.host", 1_700_000_000 - number);
        fixture.change_unseen(&name, b"one two\n");
    }
    let store = fixture.restarted();
    assert_eq!(fixture.sizes(&store).await, [10; 6], "nothing is counted again");
    assert_eq!(fixture.listed(&store).await, ids);
}

#[tokio::test]
async fn what_is_no_index_is_never_followed_and_hurts_nobody() {
    // S-047
    let fixture = Fixture::new();
    let elsewhere = fixture.root.path().join("elsewhere");
    fs::write(&elsewhere, b"watchpost-idx-1\n").unwrap();
    fixture.put("new/1700000000.M1P1.host", b"x\n");
    symlink(&elsewhere, fixture.path(INDEX)).unwrap();
    assert_eq!(fixture.listed(&fixture.restarted()).await.len(), 1);
    assert_eq!(fs::read(&elsewhere).unwrap(), b"watchpost-idx-1\n", "a link is replaced, not written through");
    fs::remove_file(fixture.path(INDEX)).unwrap();
    fs::create_dir(fixture.path(INDEX)).unwrap();
    assert_eq!(fixture.listed(&fixture.restarted()).await.len(), 1);
    fs::remove_dir(fixture.path(INDEX)).unwrap();
    mkfifoat(CWD, fixture.path(INDEX), Mode::RUSR | Mode::WUSR).unwrap();
    assert_eq!(fixture.listed(&fixture.restarted()).await.len(), 1);
    assert!(fixture.names("tmp").is_empty());
}

#[tokio::test]
async fn damaged_records_close_the_maildrop_instead_of_changing_unique_ids() {
    // P-181
    let fixture = Fixture::new();
    fixture.put("new/1700000000.M1P1.host", b"x\n");
    for damaged in [b"".as_slice(), b"watchpost uidl 2\n", b"watchpost uidl", &[0; 60]] {
        fs::write(fixture.path(RECORDS), damaged).unwrap();
        assert!(matches!(fixture.restarted().open(&fixture.alice).await, Err(OpenError::Damaged(_))));
        assert!(fixture.store.import(&fixture.alice).unwrap().adopt(b"1.x", &id("A")).is_err());
    }
    fs::remove_file(fixture.path(RECORDS)).unwrap();
    symlink("/dev/zero", fixture.path(RECORDS)).unwrap();
    assert!(matches!(fixture.restarted().open(&fixture.alice).await, Err(OpenError::Damaged(_))));
}

#[tokio::test]
async fn a_maildir_of_another_server_keeps_its_unique_ids() {
    // P-181: files that lie there already, one that comes later, and a listing in memory that knew no better.
    let fixture = Fixture::new();
    for number in 0..3 {
        fixture.put(&format!("cur/170000000{number}.M1P1.host,S=2:2,S"), b"x\n");
    }
    fixture.settle();
    let native = fixture.listed(&fixture.store).await;
    let mut import = fixture.store.import(&fixture.alice).unwrap();
    import.adopt(b"1700000001.M1P1.host,S=2", &id("UID2")).unwrap();
    import.adopt(b"1700000002.M1P1.host,S=2:2,S", &id("UID3")).unwrap();
    import.adopt(b"1700000003.M1P1.host,S=2", &id("UID4")).unwrap();
    import.finish().unwrap();
    assert_eq!(fixture.listed(&fixture.store).await, [native[0].as_str(), "UID2", "UID3"]);
    fixture.put("new/1700000003.M1P1.host,S=2", b"y\n");
    let ids = [native[0].as_str(), "UID2", "UID3", "UID4"];
    assert_eq!(fixture.listed(&fixture.store).await, ids, "a record may come before its message");
    assert_eq!(fixture.listed(&fixture.restarted()).await, ids);
}

#[tokio::test]
async fn a_file_whose_own_unique_id_was_given_to_another_gets_one_of_its_own() {
    // P-183
    let fixture = Fixture::new();
    fixture.put("cur/1700000000.M1P1.host:2,S", b"x\n");
    let theirs = fixture.listed(&fixture.store).await.remove(0);
    fixture.open().await.update(removing(&[0])).await.unwrap();
    let mut import = fixture.store.import(&fixture.alice).unwrap();
    import.put_with_unique_id(uuid::Uuid::now_v7(), b"imported", &id(&theirs)).unwrap();
    import.finish().unwrap();
    fixture.listed(&fixture.store).await;
    fixture.put("cur/1700000000.M1P1.host:2,S", b"restored\n");
    let ids = fixture.listed(&fixture.store).await;
    assert_eq!((ids.len(), ids.iter().filter(|id| **id == theirs).count()), (2, 1));
    let store = fixture.restarted();
    assert_eq!(fixture.listed(&store).await.iter().filter(|id| **id == theirs).count(), 1);
    let maildrop = open(&store, &fixture.alice).await;
    let at = unique_ids(maildrop.listing()).iter().position(|id| *id == theirs).unwrap();
    assert_eq!(read(&maildrop, at).await.1, b"imported");
}

#[tokio::test]
async fn many_messages_without_sizes_are_counted_by_several_threads_and_in_turns() {
    // P-162, P-181
    let fixture = Fixture::new();
    for number in 0..600 {
        fixture.put(&format!("cur/1700000{number:03}.M1P1.host"), &b"x\n".repeat(number));
    }
    let expected: Vec<u64> = (0..600).map(|number| number * 3).collect();
    assert_eq!(fixture.sizes(&fixture.store).await, expected);
    // A session that nobody waits for any more while it is counted lets go of its lock.
    let restarted = fixture.restarted();
    let given_up = tokio::spawn({
        let (store, alice) = (restarted.clone(), fixture.alice.clone());
        async move { drop(store.open(&alice).await) }
    });
    given_up.abort();
    drop(given_up.await);
    loop {
        match restarted.open(&fixture.alice).await {
            Err(OpenError::InUse) => tokio::task::yield_now().await,
            opened => {
                assert_eq!(opened.unwrap().listing().len(), 600);
                return;
            }
        }
    }
}
