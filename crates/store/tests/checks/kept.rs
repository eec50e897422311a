//! What a Maildir keeps beside its messages: the index, imported unique-ids, and what crashes have left.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::time::{Duration, SystemTime};

use uuid::Uuid;
use watchpost_proto::{Octets, UniqueId};
use watchpost_store::conformance::{deliver, machine, open, read, unique_ids};
use watchpost_store::maildir::{ImportError, MaildirStore, Put};
use watchpost_store::{Delivery, Maildrop, Store};

use super::worlds::Maildirs;
use super::{Fixture, names, removing, store_at};

pub const INDEX: &str = ".watchpost.index";
pub const RECORDS: &str = ".watchpost.uidl";

impl Fixture {
    /// One session without QUIT, and the index written behind it.
    pub async fn listed(&self, store: &MaildirStore) -> Vec<String> {
        let ids = unique_ids(open(store, &self.alice).await.listing());
        store.finish_housekeeping().await;
        ids
    }

    pub async fn sizes(&self, store: &MaildirStore) -> Vec<u64> {
        let maildrop = open(store, &self.alice).await;
        let sizes = (0..maildrop.listing().len()).map(|index| maildrop.listing().octets(index).0).collect();
        drop(maildrop);
        store.finish_housekeeping().await;
        sizes
    }

    /// Puts other octets into a file so that nothing but reading it can tell.
    pub fn change_unseen(&self, within: &str, message: &[u8]) {
        let file = fs::File::options().write(true).open(self.path(within)).unwrap();
        let modified = file.metadata().unwrap().modified().unwrap();
        assert_eq!(file.metadata().unwrap().len(), message.len() as u64);
        std::os::unix::fs::FileExt::write_all_at(&file, message, 0).unwrap();
        file.set_modified(modified).unwrap();
    }
}

/// P-224: what was counted once is not counted again after a restart, but for another file it is.
pub async fn an_index_is_believed_for_the_very_file_only() {
    let fixture = Fixture::new();
    for number in 0..4 {
        fixture.put(&format!("cur/170000000{number}.M1P1.host:2,"), b"one\ntwo\n");
    }
    fixture.put("cur/1700000004.M1P1.host,S=8,W=99:2,", b"one\ntwo\n");
    let maildrop = fixture.open().await;
    read(&maildrop, 4).await;
    drop(maildrop);
    fixture.store.finish_housekeeping().await;
    // The same inode, length and time: only who reads it can know.
    fixture.change_unseen("cur/1700000000.M1P1.host:2,", b"one two\n");
    // Another length, another time, another inode.
    fixture.put("cur/1700000001.M1P1.host:2,", b"one\ntwo\nthree\n");
    fs::File::open(fixture.path("cur/1700000002.M1P1.host:2,")).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
    fs::write(fixture.path("tmp/x"), b"a\nb\nc\nd\n").unwrap();
    let modified = fs::metadata(fixture.path("cur/1700000003.M1P1.host:2,")).unwrap().modified().unwrap();
    fs::File::open(fixture.path("tmp/x")).unwrap().set_modified(modified).unwrap();
    fs::rename(fixture.path("tmp/x"), fixture.path("cur/1700000003.M1P1.host:2,")).unwrap();
    assert_eq!(fixture.sizes(&fixture.restarted()).await, [10, 17, 10, 12, 10]);
    fs::remove_file(fixture.path(INDEX)).unwrap();
    assert_eq!(fixture.sizes(&fixture.restarted()).await, [9, 17, 10, 12, 99], "without an index, files are read");
}

/// A torn or altered index is read up to there, and the rest counted again.
pub async fn an_index_is_believed_up_to_where_it_is_torn() {
    let fixture = Fixture::new();
    let mut lengths = Vec::new();
    for number in 0..3 {
        fixture.put(&format!("cur/170000000{number}.M1P1.host:2,"), b"one\ntwo\n");
        fixture.listed(&fixture.store).await;
        lengths.push(fs::metadata(fixture.path(INDEX)).unwrap().len());
    }
    assert!(lengths[0] < lengths[1] && lengths[1] < lengths[2], "an index grows by what is new");
    let whole = fs::read(fixture.path(INDEX)).unwrap();
    for number in 0..3 {
        fixture.change_unseen(&format!("cur/170000000{number}.M1P1.host:2,"), b"one two\n");
    }
    let listed = async |index: &[u8]| {
        fs::write(fixture.path(INDEX), index).unwrap();
        fixture.sizes(&fixture.restarted()).await
    };
    assert_eq!(listed(&whole).await, [10, 10, 10]);
    for cut in 0..whole.len() {
        let kept = lengths.iter().filter(|length| **length <= cut as u64).count();
        let expected: Vec<u64> = (0..3).map(|index| if index < kept { 10 } else { 9 }).collect();
        assert_eq!(listed(&whole[..cut]).await, expected, "cut to {cut}");
        let mut altered = whole.clone();
        altered[cut] ^= 0x10;
        assert_eq!(listed(&altered).await, expected, "altered at {cut}");
    }
    let newer = [b"watchpost-idx-2\n".as_slice(), &whole[16..]].concat();
    assert_eq!(listed(&newer).await, [9, 9, 9], "an index of another version is none");
    let doubled = [whole.as_slice(), &whole[16..]].concat();
    assert_eq!(listed(&doubled).await, [10, 10, 10]);
}

/// P-067: once listed, a message keeps its place, whatever its name says, over restarts.
pub async fn messages_keep_their_order_once_they_are_listed() {
    let fixture = Fixture::new();
    for number in [3, 5, 7] {
        fixture.put(&format!("new/170000000{number}.M1P1.host,S=5,W=6"), b"five\n");
    }
    let mut ids = fixture.listed(&fixture.store).await;
    for number in [4, 9, 1] {
        fixture.put(&format!("new/170000000{number}.M1P1.host,S=5,W=6"), b"five\n");
    }
    let later = fixture.listed(&fixture.store).await;
    assert_eq!(later[..3], ids, "in memory");
    let restarted = fixture.restarted();
    assert_eq!(fixture.listed(&restarted).await, later, "after a restart");
    fixture.put("cur/1600000000.M1P1.host", b"five\n");
    ids = fixture.listed(&restarted).await;
    assert_eq!(ids[..6], later, "and what comes later comes last");
    assert_eq!(fixture.listed(&fixture.restarted()).await, ids);
    fs::remove_file(fixture.path(INDEX)).unwrap();
    let mut lost = fixture.listed(&fixture.restarted()).await;
    assert_ne!(lost, ids, "without the index, the names say the order");
    lost.sort();
    ids.sort();
    assert_eq!(lost, ids, "but no unique-id is another (P-182)");
}

/// P-067, P-181, P-182, P-183: any order of what can happen.
pub async fn a_maildir_does_what_its_model_does() {
    let run = tokio::task::spawn_blocking(|| machine::run(1, 64, Maildirs::new));
    assert!(run.await.is_ok(), "the model says otherwise");
}

pub fn id(text: &str) -> UniqueId {
    UniqueId::new(text).unwrap()
}

/// P-180, P-181: what an import says of a unique-id holds, whatever happens to names, indexes and processes.
pub async fn an_imported_unique_id_stays() {
    let fixture = Fixture::new();
    let mut import = fixture.store.import(&fixture.alice).unwrap();
    let longest = "~".repeat(70);
    let texts = ["UID1-1370527311", "!", &longest];
    let uuids = texts.map(|_| Uuid::now_v7());
    for (text, uuid) in texts.iter().zip(uuids) {
        assert_eq!(import.put_with_unique_id(uuid, text.as_bytes(), &id(text)).unwrap(), Put::Taken);
    }
    import.finish().unwrap();
    assert_eq!(fixture.listed(&fixture.store).await, texts);
    let native = deliver(&fixture.store, &fixture.alice, b"Subject: late\n\n").await;
    let all = [&texts[..], &[native.as_str()]].concat();
    assert_eq!(fixture.listed(&fixture.store).await, all, "with what memory knows");
    for name in fixture.names("new") {
        fs::rename(fixture.path(&format!("new/{name}")), fixture.path(&format!("cur/{name},X=1:2,S"))).unwrap();
    }
    fs::remove_file(fixture.path(INDEX)).unwrap();
    assert_eq!(fixture.listed(&fixture.restarted()).await, all, "without memory and index");
    let mut again = fixture.restarted().import(&fixture.alice).unwrap();
    assert_eq!(again.put_with_unique_id(uuids[0], b"x", &id(texts[0])).unwrap(), Put::AlreadyThere);
    again.finish().unwrap();
    assert_eq!(fixture.listed(&fixture.restarted()).await, all);
}

/// P-182, P-183: no unique-id is given twice, not even when its message is gone.
pub async fn an_imported_unique_id_is_never_given_twice() {
    let fixture = Fixture::new();
    let native = deliver(&fixture.store, &fixture.alice, b"Subject: native\n\n").await;
    let mut import = fixture.store.import(&fixture.alice).unwrap();
    import.put_with_unique_id(Uuid::now_v7(), b"one", &id("A")).unwrap();
    let twice = import.put_with_unique_id(Uuid::now_v7(), b"two", &id("A"));
    assert!(matches!(twice, Err(ImportError::Taken(taken)) if taken == id("A")));
    let taken = import.put_with_unique_id(Uuid::now_v7(), b"two", &native);
    assert!(matches!(taken, Err(ImportError::Taken(_))), "another message has it here");
    let busy = fixture.restarted().import(&fixture.alice).unwrap().adopt(b"1.x.y", &id("B"));
    assert!(matches!(busy, Err(ImportError::Busy)), "one import at a time");
    import.finish().unwrap();
    assert_eq!(fixture.listed(&fixture.store).await.len(), 2);
    fixture.open().await.update(removing(&[0, 1])).await.unwrap();
    let store = fixture.restarted();
    let mut import = store.import(&fixture.alice).unwrap();
    let again = import.put_with_unique_id(Uuid::now_v7(), b"two", &id("A"));
    assert!(matches!(again, Err(ImportError::Taken(_))), "its message is gone, and it is not free (P-182)");
    import.put_with_unique_id(Uuid::now_v7(), b"two", &id("a")).unwrap();
    import.finish().unwrap();
    assert_eq!(fixture.listed(&store).await, ["a"]);
}

/// A record that a crash has torn is none, and hides none that follow.
pub async fn a_torn_record_is_no_record() {
    let fixture = Fixture::new();
    fixture.put("new/1700000000.M1P1.host", b"one\n");
    fixture.put("new/1700000001.M1P1.host", b"two\n");
    let natives = fixture.listed(&fixture.store).await;
    let mut import = fixture.store.import(&fixture.alice).unwrap();
    import.adopt(b"1700000000.M1P1.host", &id("UID1-1370527311")).unwrap();
    import.finish().unwrap();
    let whole = fs::read(fixture.path(RECORDS)).unwrap();
    let first = whole.iter().position(|octet| *octet == b'\n').unwrap() + 1;
    for cut in first..whole.len() - 1 {
        fs::write(fixture.path(RECORDS), &whole[..cut]).unwrap();
        assert_eq!(fixture.listed(&fixture.restarted()).await, natives, "cut to {cut}");
        let store = fixture.restarted();
        let mut import = store.import(&fixture.alice).unwrap();
        import.adopt(b"1700000001.M1P1.host:2,S", &id("UID2-1370527311")).unwrap();
        import.finish().unwrap();
        let ids = [natives[0].as_str(), "UID2-1370527311"];
        assert_eq!(fixture.listed(&fixture.restarted()).await, ids, "behind a tear at {cut}");
    }
    let zeros = [&whole[..], &[0; 40]].concat();
    fs::write(fixture.path(RECORDS), zeros).unwrap();
    assert_eq!(fixture.listed(&fixture.restarted()).await, ["UID1-1370527311", natives[1].as_str()]);
}

/// What was given up 36 hours ago goes, whoever it was; what is at work stays, and so does what a link points at.
pub async fn what_was_given_up_is_removed() {
    let fixture = Fixture::new();
    drop(fixture.open().await);
    let secret = fixture.root.path().join("secret");
    fs::write(&secret, b"a secret").unwrap();
    fixture.put("tmp/1700000000.M1P1.host", b"half a mess");
    fixture.put("tmp/.hidden", b"x");
    symlink(&secret, fixture.path("tmp/link")).unwrap();
    fs::create_dir(fixture.path("tmp/folder")).unwrap();
    let hours = |hours| SystemTime::now() + Duration::from_hours(hours);
    assert_eq!(fixture.store.sweep(&fixture.alice, hours(35)).unwrap(), 0);
    assert_eq!(fixture.names("tmp").len(), 4);
    assert_eq!(fixture.store.sweep(&fixture.alice, hours(37)).unwrap(), 3);
    assert_eq!(fixture.names("tmp"), ["folder"]);
    assert_eq!(fs::read(&secret).unwrap(), b"a secret");
}

/// A message that never got its recipients goes when the store starts again; one that is being received stays.
pub async fn an_abandoned_spool_file_is_removed_at_the_start() {
    let fixture = Fixture::new();
    let message = vec![b'x'; 1 << 20];
    let mut delivery = fixture.store.deliver().await.unwrap();
    delivery.write(&message).await.unwrap();
    let spooled = |root: &std::path::Path| -> Vec<String> {
        names(root).into_iter().filter(|name| name.starts_with(".incoming")).collect()
    };
    let root = fixture.root.path();
    let live = spooled(root);
    assert_eq!(live.len(), 1);
    // What a killed process leaves is the same without its lock.
    let dead = live[0].replace("mail.example.org", "host");
    fs::write(root.join(&dead), b"abandoned").unwrap();
    fs::write(root.join(".incoming.of-somebody-else"), b"x").unwrap();
    let other = store_at(root);
    assert_eq!(spooled(root), [live[0].as_str(), ".incoming.of-somebody-else"]);
    let results = delivery.commit(std::slice::from_ref(&fixture.alice)).await;
    assert!(results[0].is_ok());
    assert_eq!(open(&other, &fixture.alice).await.listing().octets(0), Octets((1 << 20) + 2));
    assert_eq!(spooled(root), [".incoming.of-somebody-else"]);
}

/// The inode of the index: another one is another file.
pub fn index_inode(fixture: &Fixture) -> u64 {
    fs::metadata(fixture.path(INDEX)).unwrap().ino()
}
