//! What only another process can show: a lock that dies with its holder, and what permissions forbid.
//!
//! Root ignores permissions, so those tests run themselves again in a child of an unprivileged user.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod checks;

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

use checks::{Fixture, removing, store_at};
use watchpost_proto::Octets;
use watchpost_store::conformance::{deliver, open, read, user};
use watchpost_store::{Maildrop, OpenError, ReadError, Store, UpdateError};

/// Where a child finds its Maildir.
const ROOT: &str = "WATCHPOST_TEST_ROOT";

/// `nobody`, wherever that is.
const UNPRIVILEGED: u32 = 65_534;

/// Held while a program is copied or started: a child that is just being forked has the copy open for writing, and
/// what is open for writing cannot be started.
static STARTING: Mutex<()> = Mutex::new(());

/// In a child: the folder its parent names.
fn root_of_child() -> Option<PathBuf> {
    std::env::var_os(ROOT).map(PathBuf::from)
}

/// This very program, to play the child's part of one test.
fn child(program: &Path, test: &str, root: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(["--exact", test, "--nocapture"]).env(ROOT, root).current_dir(root);
    command
}

fn start(command: &mut Command) -> Child {
    let _starting = STARTING.lock().unwrap();
    command.spawn().unwrap()
}

#[tokio::test]
async fn a_killed_session_frees_its_maildrop_and_removes_nothing() {
    // P-012, P-064
    if let Some(root) = root_of_child() {
        return hold_the_lock(&root).await;
    }
    let fixture = Fixture::new();
    deliver(&fixture.store, &fixture.alice, b"Subject: one\n\n").await;
    let mut holder = child(
        &std::env::current_exe().unwrap(),
        "a_killed_session_frees_its_maildrop_and_removes_nothing",
        fixture.root.path(),
    );
    holder.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut holder = start(&mut holder);
    let said = BufReader::new(holder.stdout.take().unwrap()).lines();
    assert!(said.map_while(Result::ok).any(|line| line.contains("the lock is held")), "the child has its session");
    assert!(matches!(fixture.store.open(&fixture.alice).await, Err(OpenError::InUse)));
    holder.kill().unwrap();
    holder.wait().unwrap();
    assert_eq!(fixture.open().await.listing().len(), 1);
}

#[allow(clippy::print_stdout, reason = "the parent waits for this line")]
async fn hold_the_lock(root: &Path) {
    let store = store_at(root);
    let maildrop = open(&store, &user("alice")).await;
    read(&maildrop, 0).await;
    println!("\nthe lock is held");
    // Until the parent kills this process.
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    drop(maildrop);
}

/// Files take no octet more, as on a full disk; what is written to a pipe is no file.
const FULL_DISK: &str = r#"trap '' XFSZ; ulimit -f 0; exec "$0" "$@""#;

#[tokio::test]
async fn a_full_disk_loses_no_mail_and_fails_no_session() {
    // P-190, P-224; RFC 2033 §4.2
    if let Some(root) = root_of_child() {
        return meet_a_full_disk(&root).await;
    }
    let fixture = Fixture::new();
    for number in 0..3 {
        fixture.put(&format!("new/170000000{number}.M1P1.host"), b"Subject: x\n\n");
    }
    let mut command = Command::new("sh");
    command.args(["-c", FULL_DISK]).arg(std::env::current_exe().unwrap());
    command.args(["--exact", "a_full_disk_loses_no_mail_and_fails_no_session", "--nocapture"]);
    command.env(ROOT, fixture.root.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = start(&mut command).wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(fixture.names("new").is_empty() && fixture.names("tmp").is_empty());
    assert_eq!(fixture.names("cur"), ["1700000001.M1P1.host:2,S", "1700000002.M1P1.host:2,S"]);
    assert!(fs::read(fixture.path(".watchpost.index")).is_err());
}

async fn meet_a_full_disk(root: &Path) {
    use watchpost_store::Delivery;
    let store = store_at(root);
    for length in [10, 1 << 20] {
        let mut delivery = store.deliver().await.unwrap();
        if delivery.write(&vec![b'x'; length]).await.is_ok() {
            assert!(delivery.commit(&[user("alice")]).await[0].is_err(), "nothing is acknowledged that is not there");
        }
    }
    let mut import = store.import(&user("alice")).unwrap();
    let id = watchpost_proto::UniqueId::new("UID1").unwrap();
    assert!(import.put_with_unique_id(uuid::Uuid::now_v7(), b"x", &id).is_err());
    drop(import);
    for removed in [&[][..], &[0]] {
        let maildrop = open(&store, &user("alice")).await;
        assert_eq!(read(&maildrop, 0).await.1, b"Subject: x\n\n");
        let seen = (removed.len()..maildrop.listing().len()).collect();
        maildrop.update(watchpost_proto::Outcome { removed: removed.to_vec(), seen }).await.unwrap();
        store.finish_housekeeping().await;
    }
}

/// What an IMAP server does: it takes everything out of new/, and changes flags again and again.
const IMAP_SERVER: &str = r#"
    cd "$0" || exit 1
    for flags in '' S FS F RS; do
        for name in new/* cur/*; do
            base=${name#*/}
            [ -e "$name" ] && mv "$name" "cur/${base%%:*}:2,$flags"
        done
    done
"#;

#[tokio::test]
async fn another_process_may_change_flags_and_folders_at_any_time() {
    // P-066, P-165, P-190
    let fixture = Fixture::new();
    for number in 0..60 {
        deliver(&fixture.store, &fixture.alice, format!("Subject: {number}\n\n").as_bytes()).await;
    }
    let maildrop = fixture.open().await;
    let mut imap = Command::new("sh");
    let mut imap = start(imap.args(["-c", IMAP_SERVER]).arg(fixture.path("")));
    let mut rounds = 0;
    while imap.try_wait().unwrap().is_none() || rounds == 0 {
        for number in 0..60 {
            assert_eq!(read(&maildrop, number).await.1, format!("Subject: {number}\n\n").as_bytes());
        }
        rounds += 1;
    }
    let all: Vec<usize> = (0..60).filter(|number| number % 2 == 0).collect();
    maildrop.update(removing(&all)).await.unwrap();
    assert!(fixture.names("new").is_empty());
    assert_eq!(fixture.names("cur").len(), 30);
    assert_eq!(fixture.open().await.listing().len(), 30);
}

#[tokio::test]
async fn permissions_are_met_as_an_unprivileged_user() {
    if let Some(root) = root_of_child() {
        return meet_permissions(&root).await;
    }
    let fixture = Fixture::new();
    let root = fixture.root.path();
    // The build folder may be closed to others: the program comes along.
    let program = root.join("program");
    let starting = STARTING.lock().unwrap();
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    drop(starting);
    let mut command = child(&program, "permissions_are_met_as_an_unprivileged_user", root);
    if rustix::process::geteuid().is_root() {
        give_away(root);
        command.uid(UNPRIVILEGED).gid(UNPRIVILEGED);
    }
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = start(&mut command).wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&output.stderr));
}

fn give_away(path: &Path) {
    chown(path, Some(UNPRIVILEGED), Some(UNPRIVILEGED)).unwrap();
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            give_away(&entry.unwrap().path());
        }
    }
}

/// P-224
async fn an_index_that_cannot_be_written_hurts_nobody(root: &Path, maildir: &Path) {
    let store = store_at(root);
    store.finish_housekeeping().await;
    fs::write(maildir.join("cur/1700000000.M1P1.host"), b"Subject: x\n\n").unwrap();
    drop(fs::remove_file(maildir.join(".watchpost.index")));
    for closed in ["", "tmp"] {
        allow(&maildir.join(closed), 0o500);
        let maildrop = open(&store, &user("alice")).await;
        assert_eq!(read(&maildrop, 0).await.1, b"Subject: x\n\n");
        maildrop.update(watchpost_proto::Outcome { removed: vec![], seen: vec![0] }).await.unwrap();
        store.finish_housekeeping().await;
        assert!(!maildir.join(".watchpost.index").exists());
        allow(&maildir.join(closed), 0o700);
    }
    assert!(checks::names(&maildir.join("tmp")).is_empty(), "an index that cannot be put in its place leaves nothing");
    open(&store, &user("alice")).await.update(removing(&[0])).await.unwrap();
    store.finish_housekeeping().await;
}

async fn meet_permissions(root: &Path) {
    assert!(!rustix::process::geteuid().is_root());
    let store = store_at(root);
    let maildir = root.join("alice@example.org/Maildir");
    an_unreadable_message_is_listed_all_the_same(&store, &maildir).await;
    removals_that_permissions_forbid_are_told(&store, &maildir).await;
    an_index_that_cannot_be_written_hurts_nobody(root, &maildir).await;
    a_closed_maildir_is_damaged_and_takes_nothing(&store, &maildir).await;
}

fn allow(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

async fn an_unreadable_message_is_listed_all_the_same<S: Store>(store: &S, maildir: &Path) {
    let names = ["1700000000.M1P1.host", "1700000001.M1P1.host,S=77", "1700000002.M1P1.host,S=77,W=88"];
    for name in names {
        fs::write(maildir.join("cur").join(name), b"Subject: closed\n\n").unwrap();
        allow(&maildir.join("cur").join(name), 0o000);
    }
    fs::write(maildir.join("cur/1700000003.M1P1.host"), b"Subject: open\n\n").unwrap();
    let maildrop = open(store, &user("alice")).await;
    let sizes: Vec<_> = (0..4).map(|index| maildrop.listing().octets(index)).collect();
    assert_eq!(sizes, [Octets(17), Octets(77), Octets(88), Octets(17)]);
    for index in 0..3 {
        assert!(matches!(maildrop.read(index).await, Err(ReadError::Damaged(_))));
    }
    assert_eq!(read(&maildrop, 3).await.1, b"Subject: open\n\n");
    drop(maildrop);
    allow(&maildir.join("cur").join(names[0]), 0o600);
    let maildrop = open(store, &user("alice")).await;
    assert_eq!(maildrop.listing().octets(0), Octets(19), "once it can be read, it is counted");
    maildrop.update(removing(&[0, 1, 2, 3])).await.unwrap();
}

/// P-191
async fn removals_that_permissions_forbid_are_told<S: Store>(store: &S, maildir: &Path) {
    for name in ["cur/1700000000.M1P1.host", "new/1700000001.M1P1.host", "cur/1700000002.M1P1.host"] {
        fs::write(maildir.join(name), b"Subject: x\n\n").unwrap();
    }
    let cur = maildir.join("cur");
    let maildrop = open(store, &user("alice")).await;
    allow(&cur, 0o500);
    let updated = maildrop.update(removing(&[0, 1, 2])).await;
    assert!(matches!(updated, Err(UpdateError::Incomplete(_))), "{updated:?}");
    assert!(checks::names(&maildir.join("new")).is_empty(), "one failure does not keep the others");
    assert_eq!(checks::names(&cur).len(), 2);
    let updated = open(store, &user("alice")).await.update(removing(&[0, 1])).await;
    assert!(matches!(updated, Err(UpdateError::Impossible(_))), "{updated:?}");
    allow(&cur, 0o700);
    open(store, &user("alice")).await.update(removing(&[0, 1])).await.unwrap();
}

async fn a_closed_maildir_is_damaged_and_takes_nothing<S: Store>(store: &S, maildir: &Path) {
    use watchpost_store::{DeliverError, Delivery};
    allow(maildir, 0o000);
    assert!(matches!(store.open(&user("alice")).await, Err(OpenError::Damaged(_))));
    let mut delivery = store.deliver().await.unwrap();
    delivery.write(b"Subject: x\n\n").await.unwrap();
    let results = delivery.commit(&[user("alice"), user("bob")]).await;
    assert!(matches!(&results[..], [Err(DeliverError::Unavailable(_)), Ok(_)]));
    allow(maildir, 0o700);
}
