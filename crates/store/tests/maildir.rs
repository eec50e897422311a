//! Maildirs as other software leaves them, and what happens to them while a session is open.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod checks;

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::sync::Arc;

use checks::{Fixture, mode, removing};
use proptest::prelude::*;
use rustix::fs::{CWD, Mode, mkfifoat};
use tokio::io::AsyncReadExt;
use watchpost_proto::{OctetCounter, Octets, Outcome, Sizes};
use watchpost_store::conformance::{deliver, hostile_messages, open, read, received, unique_ids, user};
use watchpost_store::maildir::{MaildirPath, MaildirStore, Put};
use watchpost_store::{Delivery, Maildrop, OpenError, ReadError, Store};

/// A name as each delivery agent writes it, in the order of arrival, and the size it claims.
const FOREIGN: &[(&str, &str)] = &[
    ("Courier", "1700000001.M500P77V0000000000000801I00000000001C0042_0.mx.example.org,S=30"),
    ("Postfix", "1700000002.V801I2c0M12345.mx.example.org"),
    ("Exim", "1700000003.H12P4711.mx.example.org,S=30"),
    ("Dovecot", "1700000004.M1P2.mx.example.org,S=30,W=32"),
    ("maildrop", "1700000005.M123456P789Q0.mx.example.org"),
    ("qmail", "1700000006.4711.mx"),
    ("a hand", "hello"),
];

macro_rules! check {
    ($($name:ident),* $(,)?) => {
        $(#[tokio::test] async fn $name() { checks::$name().await; })*
    };
}

check!(
    every_removal_is_followed_by_a_sync_of_its_folder,
    a_delivery_is_durable_in_the_right_order,
    a_session_without_quit_removes_nothing,
    a_wrong_size_in_a_name_is_believed_once_only,
    links_are_neither_listed_nor_followed,
    a_maildrop_has_one_session_at_a_time,
    flags_and_folders_change_no_unique_id,
    a_removal_that_fails_is_told,
);

#[tokio::test]
async fn names_of_all_delivery_agents_are_read_in_the_order_of_arrival() {
    // P-067, P-162, P-180
    let fixture = Fixture::new();
    let message = b"Subject: foreign\n\none\ntwo\nthr"; // 30 octets, 36 on the wire
    for (at, (_, name)) in FOREIGN.iter().enumerate() {
        let (folder, flags) = if at % 2 == 0 { ("cur", ":2,S") } else { ("new", "") };
        fixture.put(&format!("{folder}/{name}{flags}"), message);
    }
    let maildrop = fixture.open().await;
    let listing = maildrop.listing();
    assert_eq!(listing.len(), FOREIGN.len());
    for (at, (agent, name)) in FOREIGN.iter().enumerate() {
        let claimed = name.contains(",W=");
        let truth = OctetCounter::of(message);
        assert_eq!(listing.octets(at), if claimed { Octets(32) } else { truth }, "{agent}");
        assert_eq!(listing.unique_id(at).len(), 32, "{agent}");
        assert_eq!(read(&maildrop, at).await, (truth, message.to_vec()), "{agent}");
    }
    let ids = unique_ids(listing);
    drop(maildrop);
    assert_eq!(unique_ids(open(&fixture.restarted(), &fixture.alice).await.listing()), ids);
}

#[tokio::test]
async fn a_lost_memory_changes_no_unique_id_no_order_and_no_size() {
    // P-181, P-182
    let fixture = Fixture::new();
    for message in hostile_messages() {
        deliver(&fixture.store, &fixture.alice, &message).await;
    }
    for (_, name) in FOREIGN {
        fixture.put(&format!("new/{name}"), b"Subject: foreign\n\n");
    }
    let known = Arc::clone(fixture.open().await.listing());
    for store in [fixture.restarted(), MaildirStore::with_cached_messages(path_of(&fixture), "other", 0)] {
        for _ in 0..2 {
            let maildrop = open(&store, &fixture.alice).await;
            assert_eq!(unique_ids(maildrop.listing()), unique_ids(&known));
            assert!((0..known.len()).all(|index| known.octets(index) == maildrop.listing().octets(index)));
        }
    }
}

fn path_of(fixture: &Fixture) -> MaildirPath {
    MaildirPath::parse(&format!("{}/{{user}}/Maildir", fixture.root.path().display())).unwrap()
}

#[tokio::test]
async fn a_maildrop_nobody_has_touched_is_not_read_again() {
    let fixture = Fixture::new();
    fixture.put("cur/1700000000.M1P1.host", b"Subject: one\n\n");
    let young = Arc::clone(fixture.open().await.listing());
    fixture.settle();
    let first = Arc::clone(fixture.open().await.listing());
    assert!(!Arc::ptr_eq(&young, &first), "a folder changed just now may change again unseen");
    let second = Arc::clone(fixture.open().await.listing());
    assert!(Arc::ptr_eq(&first, &second), "an unchanged Maildir is listed from memory");
    fixture.put("new/1700000001.M1P1.host", b"Subject: two\n\n");
    assert_eq!(fixture.open().await.listing().len(), 2);
}

#[tokio::test]
async fn retrieved_messages_are_flagged_and_moved() {
    // P-166
    let fixture = Fixture::new();
    fixture.put("new/1700000000.M1P1.host,S=14", b"Subject: one\n\n");
    fixture.put("cur/1700000001.M1P1.host:2,FT", b"Subject: two\n\n");
    fixture.put("cur/1700000002.M1P1.host:1,odd", b"Subject: three\n\n");
    fixture.put("new/1700000003.M1P1.host", b"Subject: four\n\n");
    let before = fixture.unique_ids().await;
    let outcome = Outcome { removed: vec![], seen: vec![0, 1, 2] };
    fixture.open().await.update(outcome).await.unwrap();
    assert_eq!(fixture.names("new"), ["1700000003.M1P1.host"]);
    let cur = ["1700000000.M1P1.host,S=14:2,S", "1700000001.M1P1.host:2,FST", "1700000002.M1P1.host:1,odd"];
    assert_eq!(fixture.names("cur"), cur);
    assert_eq!(fixture.unique_ids().await, before);
}

#[tokio::test]
async fn a_flag_never_takes_the_place_of_another_message() {
    let fixture = Fixture::new();
    fixture.put("new/1700000000.M1P1.host", b"Subject: one\n\n");
    let maildrop = fixture.open().await;
    fixture.put("cur/1700000000.M1P1.host:2,S", b"Subject: another\n\n");
    maildrop.update(Outcome { removed: vec![], seen: vec![0] }).await.unwrap();
    assert_eq!(fs::read(fixture.path("cur/1700000000.M1P1.host:2,S")).unwrap(), b"Subject: another\n\n");
    assert_eq!(fs::read(fixture.path("new/1700000000.M1P1.host")).unwrap(), b"Subject: one\n\n");
}

#[tokio::test]
async fn a_message_keeps_its_number_when_others_change_its_flags() {
    // P-066
    let fixture = Fixture::new();
    for number in 0..4 {
        fixture.put(&format!("new/170000000{number}.M1P1.host"), format!("Subject: {number}\n\n").as_bytes());
    }
    let maildrop = fixture.open().await;
    for number in 0..3 {
        let name = format!("170000000{number}.M1P1.host");
        fs::rename(fixture.path(&format!("new/{name}")), fixture.path(&format!("cur/{name}:2,F"))).unwrap();
    }
    for number in 0..4 {
        assert_eq!(read(&maildrop, number).await.1, format!("Subject: {number}\n\n").as_bytes());
    }
    // And once more, behind the back of what the session has learned.
    fs::rename(fixture.path("cur/1700000001.M1P1.host:2,F"), fixture.path("cur/1700000001.M1P1.host:2,FR")).unwrap();
    assert_eq!(read(&maildrop, 1).await.1, b"Subject: 1\n\n");
    fs::rename(fixture.path("cur/1700000002.M1P1.host:2,F"), fixture.path("new/1700000002.M1P1.host")).unwrap();
    maildrop.update(Outcome { removed: vec![0, 2], seen: vec![1] }).await.unwrap();
    assert_eq!(fixture.names("new"), ["1700000003.M1P1.host"]);
    assert_eq!(fixture.names("cur"), ["1700000001.M1P1.host:2,FRS"]);
}

#[tokio::test]
async fn a_message_removed_by_others_is_gone_and_counts_as_removed() {
    // P-176, P-190
    let fixture = Fixture::new();
    for number in 0..3 {
        fixture.put(&format!("cur/170000000{number}.M1P1.host"), b"Subject: x\n\n");
    }
    let maildrop = fixture.open().await;
    fs::remove_file(fixture.path("cur/1700000001.M1P1.host")).unwrap();
    assert!(matches!(maildrop.read(1).await, Err(ReadError::Gone)));
    assert!(matches!(maildrop.read(3).await, Err(ReadError::Gone)));
    assert_eq!(read(&maildrop, 2).await.1, b"Subject: x\n\n");
    maildrop.update(removing(&[0, 1])).await.unwrap();
    assert_eq!(fixture.names("cur"), ["1700000002.M1P1.host"]);
}

#[tokio::test]
async fn a_message_that_is_gone_is_looked_for_once_until_something_changes() {
    // P-176: a client may ask for it as often as it likes.
    let fixture = Fixture::new();
    for number in 0..2 {
        fixture.put(&format!("cur/170000000{number}.M1P1.host"), b"Subject: x\n\n");
    }
    let maildrop = fixture.open().await;
    let long_ago = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_hours(400_000);
    let set_back = || fs::File::open(fixture.path("cur")).unwrap().set_modified(long_ago).unwrap();
    let rename = |flags| fs::rename(fixture.path("cur/1700000001.M1P1.host"), fixture.path(flags)).unwrap();
    fs::remove_file(fixture.path("cur/1700000000.M1P1.host")).unwrap();
    fixture.settle();
    set_back();
    assert!(matches!(maildrop.read(0).await, Err(ReadError::Gone)));
    // Behind the back of the folder's time: who looks at that alone cannot know.
    rename("cur/1700000001.M1P1.host:2,F");
    set_back();
    assert!(matches!(maildrop.read(1).await, Err(ReadError::Gone)), "nothing has changed: nobody looks");
    fixture.settle();
    assert_eq!(read(&maildrop, 1).await.1, b"Subject: x\n\n");
    maildrop.update(removing(&[0, 1])).await.unwrap();
    assert!(fixture.names("cur").is_empty());
}

#[tokio::test]
async fn what_is_no_regular_file_is_no_message() {
    // S-047
    let fixture = Fixture::new();
    fixture.put("cur/1700000000.M1P1.host", b"Subject: one\n\n");
    fixture.put("cur/.hidden", b"Subject: hidden\n\n");
    fs::create_dir(fixture.path("cur/1700000001.M1P1.host")).unwrap();
    mkfifoat(CWD, fixture.path("new/1700000002.M1P1.host"), Mode::RUSR | Mode::WUSR).unwrap();
    let _socket = UnixListener::bind(fixture.path("new/s")).unwrap();
    let maildrop = fixture.open().await;
    assert_eq!(maildrop.listing().len(), 1);
    // A FIFO in the place of a message keeps nobody waiting.
    let replaced = fixture.path("cur/1700000000.M1P1.host");
    fs::remove_file(&replaced).unwrap();
    mkfifoat(CWD, &replaced, Mode::RUSR | Mode::WUSR).unwrap();
    assert!(matches!(maildrop.read(0).await, Err(ReadError::Damaged(_))));
    fs::remove_file(&replaced).unwrap();
    fs::create_dir(&replaced).unwrap();
    assert!(matches!(maildrop.read(0).await, Err(ReadError::Damaged(_))));
}

#[tokio::test]
async fn a_maildir_that_is_a_link_is_not_opened() {
    // S-047
    let fixture = Fixture::new();
    let elsewhere = fixture.root.path().join("elsewhere");
    fs::rename(fixture.path(""), &elsewhere).unwrap();
    symlink(&elsewhere, fixture.root.path().join("alice@example.org/Maildir")).unwrap();
    assert!(matches!(fixture.store.open(&fixture.alice).await, Err(OpenError::Damaged(_))));
    let bob = user("bob");
    drop(open(&fixture.store, &bob).await);
    let new = fixture.root.path().join("bob@example.org/Maildir/new");
    fs::remove_dir(&new).unwrap();
    symlink(elsewhere.join("new"), &new).unwrap();
    assert!(matches!(fixture.store.open(&bob).await, Err(OpenError::Damaged(_))));
}

#[tokio::test]
async fn what_is_made_is_for_its_owner_alone() {
    // S-047
    let fixture = Fixture::new();
    let bob = user("bob");
    deliver(&fixture.store, &bob, b"Subject: one\n\n").await;
    drop(open(&fixture.store, &bob).await);
    let maildir = fixture.root.path().join("bob@example.org/Maildir");
    for folder in ["", "tmp", "new", "cur", ".."] {
        assert_eq!(mode(&maildir.join(folder)), 0o700, "{folder}");
    }
    assert_eq!(mode(&maildir.join(".watchpost.lock")), 0o600);
    assert_eq!(mode(&maildir.join("new").join(&checks::names(&maildir.join("new"))[0])), 0o600);
}

#[tokio::test]
async fn two_files_of_one_name_are_two_messages_and_two_names_of_one_file_are_one() {
    // P-181, P-182, P-183
    let fixture = Fixture::new();
    fixture.put("cur/1700000000.M1P1.host:2,S", b"Subject: first\n\n");
    fixture.put("new/1700000000.M1P1.host", b"Subject: second\n\n");
    fixture.put("cur/1700000000.M1P1.host,S=16:2,", b"Subject: third\n\n");
    fixture.put("cur/1700000009.M1P1.host", b"Subject: one file\n\n");
    fs::hard_link(fixture.path("cur/1700000009.M1P1.host"), fixture.path("new/1700000009.M1P1.host")).unwrap();
    let maildrop = fixture.open().await;
    let ids = unique_ids(maildrop.listing());
    assert_eq!(ids.len(), 4);
    assert_eq!(ids[0], alone(b"Subject: first\n\n").await, "the one in cur/ keeps the unique-id");
    let mut distinct = ids.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), 4);
    let mut stored = Vec::new();
    for index in 0..3 {
        stored.push(read(&maildrop, index).await.1);
    }
    drop(maildrop);
    let restarted = fixture.restarted();
    assert_eq!(unique_ids(open(&restarted, &fixture.alice).await.listing()), ids);
    // The unique-id of the first is never given to another.
    open(&restarted, &fixture.alice).await.update(removing(&[0])).await.unwrap();
    let maildrop = open(&fixture.restarted(), &fixture.alice).await;
    let mut left = unique_ids(maildrop.listing());
    let mut expected = ids[1..].to_vec();
    left.sort();
    expected.sort();
    assert_eq!(left, expected);
    for index in 0..2 {
        let at = ids.iter().position(|id| id == maildrop.listing().unique_id(index)).unwrap();
        assert_eq!(read(&maildrop, index).await.1, stored[at], "a unique-id stays with its message");
    }
}

/// The unique-id of this name where there is only one such message.
async fn alone(message: &[u8]) -> String {
    let fixture = Fixture::new();
    fixture.put("cur/1700000000.M1P1.host:2,S", message);
    fixture.unique_ids().await.remove(0)
}

#[tokio::test]
async fn a_message_longer_than_memory_is_streamed_octet_for_octet() {
    // P-162, P-163, P-165
    let fixture = Fixture::new();
    let message = b"Subject: long\n\n.dots\nand 8-bit \xff\r\nbare\rCR\0NUL".repeat(50_000);
    for length in [65_535, 65_536, 65_537, 131_072, message.len()] {
        fixture.put("new/1700000000.M1P1.host", &message[..length]);
        let maildrop = fixture.open().await;
        assert_eq!(maildrop.listing().octets(0), Octets(received(&message[..length]).len() as u64));
        let mut opened = maildrop.read(0).await.unwrap();
        assert_eq!(opened.sizes.stored, maildrop.listing().octets(0));
        // A client that takes little at a time.
        let (mut stored, mut piece) = (Vec::new(), [0; 1_000]);
        while let octets @ 1.. = opened.body.read(&mut piece).await.unwrap() {
            stored.extend_from_slice(&piece[..octets]);
        }
        assert!(stored == message[..length]);
        maildrop.update(removing(&[0])).await.unwrap();
    }
}

#[tokio::test]
async fn a_delivery_given_up_leaves_no_file() {
    let fixture = Fixture::new();
    for length in [10, 1 << 20] {
        let mut delivery = fixture.store.deliver().await.unwrap();
        delivery.write(&vec![b'x'; length]).await.unwrap();
        drop(delivery);
        let mut delivery = fixture.store.deliver().await.unwrap();
        delivery.write(&vec![b'x'; length]).await.unwrap();
        assert!(delivery.commit(&[]).await.is_empty());
    }
    assert_eq!(checks::names(fixture.root.path()), ["alice@example.org"]);
    deliver(&fixture.store, &fixture.alice, &vec![b'x'; 1 << 20]).await;
    assert_eq!(checks::names(fixture.root.path()), ["alice@example.org"]);
    assert!(fixture.names("tmp").is_empty());
}

#[tokio::test]
async fn one_recipient_without_a_maildrop_keeps_the_others_from_nothing() {
    // RFC 2033 §4.2
    let fixture = Fixture::new();
    fs::write(fixture.root.path().join("bob@example.org"), b"a file in the place of a folder").unwrap();
    for users in [["bob", "alice", "carol"], ["alice", "bob", "carol"], ["carol", "alice", "bob"]] {
        let users = users.map(user);
        let mut delivery = fixture.store.deliver().await.unwrap();
        delivery.write(b"Subject: one\n\n").await.unwrap();
        let results = delivery.commit(&users).await;
        for (user, result) in users.iter().zip(results) {
            assert_eq!(result.is_ok(), user.name.local() != "bob");
        }
    }
    assert_eq!(fixture.names("new").len(), 3);
    assert!(fixture.names("tmp").is_empty());
}

#[tokio::test]
async fn the_same_delivery_twice_is_one_message() {
    let fixture = Fixture::new();
    let uuid = uuid::Uuid::now_v7();
    let mut ids = Vec::new();
    for round in 0..3 {
        let store = fixture.restarted();
        let mut delivery = store.deliver_as(uuid);
        delivery.write(b"Subject: one\n\n").await.unwrap();
        ids.push(delivery.commit(std::slice::from_ref(&fixture.alice)).await.remove(0).unwrap());
        let maildrop = open(&store, &fixture.alice).await;
        assert_eq!(unique_ids(maildrop.listing()), [ids[0].to_string()], "round {round}");
        maildrop.update(Outcome { removed: vec![], seen: vec![0] }).await.unwrap();
    }
    assert_eq!(fixture.names("new").len() + fixture.names("cur").len(), 1);
    // Once for somebody who is named twice.
    let mut delivery = fixture.store.deliver().await.unwrap();
    delivery.write(b"Subject: two\n\n").await.unwrap();
    let results = delivery.commit(&[fixture.alice.clone(), fixture.alice.clone()]).await;
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(fixture.open().await.listing().len(), 2);
}

#[tokio::test]
async fn an_import_can_be_interrupted_and_resumed() {
    let fixture = Fixture::new();
    let messages: Vec<_> = (0..600).map(|number| (uuid::Uuid::now_v7(), format!("Subject: {number}\n\n"))).collect();
    let mut import = fixture.store.import(&fixture.alice).unwrap();
    for (uuid, message) in &messages[..300] {
        assert_eq!(import.put(*uuid, message.as_bytes()).unwrap(), Put::Taken);
    }
    drop(import);
    assert!(fixture.names("tmp").is_empty(), "what is given up leaves nothing");
    let durable = fixture.names("new").len();
    assert_eq!(durable, 256, "finished groups stay");
    let mut import = fixture.store.import(&fixture.alice).unwrap();
    let again =
        messages.iter().filter(|(uuid, message)| import.put(*uuid, message.as_bytes()).unwrap() == Put::AlreadyThere);
    assert_eq!(again.count(), durable);
    import.finish().unwrap();
    let maildrop = fixture.open().await;
    assert_eq!(maildrop.listing().len(), 600);
    assert_eq!(read(&maildrop, 599).await.1, b"Subject: 599\n\n");
}

#[tokio::test]
async fn a_size_counted_once_is_counted_again_when_the_file_is_another() {
    let fixture = Fixture::new();
    fixture.put("cur/1700000000.M1P1.host", b"one\n");
    assert_eq!(fixture.open().await.listing().octets(0), Octets(5));
    fs::remove_file(fixture.path("cur/1700000000.M1P1.host")).unwrap();
    fixture.put("cur/1700000000.M1P1.host", b"one\ntwo\n");
    assert_eq!(fixture.open().await.listing().octets(0), Octets(10));
}

#[tokio::test]
async fn a_size_a_session_has_counted_outlives_other_mail_and_flags() {
    // P-162
    let fixture = Fixture::new();
    for number in 0..200 {
        fixture.put(&format!("cur/17000000{number:02}.M1P{number}.host,W=7:2,"), b"Subject: x\n\n");
    }
    let maildrop = fixture.open().await;
    for index in (0..200).step_by(3) {
        read(&maildrop, index).await;
    }
    let ids = unique_ids(maildrop.listing());
    drop(maildrop);
    fixture.put("new/1800000000.M1P1.host", b"Subject: late\n\n");
    let maildrop = fixture.open().await;
    let listed = unique_ids(maildrop.listing());
    for (index, id) in ids.iter().enumerate() {
        let at = listed.iter().position(|listed| listed == id).unwrap();
        let truth = if index % 3 == 0 { Octets(14) } else { Octets(7) };
        assert_eq!(maildrop.listing().octets(at), truth);
    }
}

#[tokio::test]
async fn a_user_without_a_home_is_told_apart_from_trouble_that_passes() {
    let store = MaildirStore::new(MaildirPath::parse("{home}/Maildir").unwrap(), "host");
    assert!(matches!(store.open(&user("alice")).await, Err(OpenError::Damaged(_))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_maildir_is_listed_alike_by_everyone(
        files in proptest::collection::vec(
            ("[0-9]{0,4}[.][A-Z][0-9]{1,3}[.]h(,S=[0-9]{1,3})?(:2,[FRST]{0,3})?", any::<bool>(), "[a.\r\n]{0,20}"), 0..12),
    ) {
        // P-067, P-162, P-181, P-183
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let fixture = Fixture::new();
        for (name, new, message) in &files {
            fixture.put(&format!("{}/{name}", if *new { "new" } else { "cur" }), message.as_bytes());
        }
        let written = fixture.names("new").into_iter().filter(|name| !name.starts_with('.')).count()
            + fixture.names("cur").into_iter().filter(|name| !name.starts_with('.')).count();
        runtime.block_on(async {
            let maildrop = fixture.open().await;
            let listing = Arc::clone(maildrop.listing());
            assert_eq!(listing.len(), written);
            for index in 0..listing.len() {
                let (octets, stored) = read(&maildrop, index).await;
                assert_eq!((octets, octets), (listing.octets(index), Octets(received(&stored).len() as u64)));
            }
            drop(maildrop);
            let mut distinct = unique_ids(&listing);
            assert_eq!(unique_ids(open(&fixture.restarted(), &fixture.alice).await.listing()), distinct);
            distinct.sort();
            distinct.dedup();
            assert_eq!(distinct.len(), written);
        });
    }
}

#[tokio::test]
async fn a_message_with_utf8_in_its_header_has_two_sizes_wherever_it_came_from() {
    // P-201, P-203, L-021
    let fixture = Fixture::new();
    let message = "Subject: é\n\nbody é\n".as_bytes();
    deliver(&fixture.store, &fixture.alice, message).await;
    fixture.put("new/1700000000.M1P1.host,W=24", message);
    let both = Sizes { stored: Octets(24), surrogate: Some(Octets(38)) };
    let maildrop = fixture.open().await;
    assert_eq!(maildrop.listing().sizes(1), both, "the name of what we deliver says both");
    assert_eq!(maildrop.listing().sizes(0), Octets(24).into(), "another one's name is believed until it was read");
    assert_eq!(maildrop.read(0).await.unwrap().sizes, both);
    drop(maildrop);
    assert_eq!(fixture.open().await.listing().sizes(0), both);
}
