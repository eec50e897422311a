//! Processes that end by SIGKILL in the midst of their work, and what the next one finds.
//!
//! A child delivers, retrieves, removes and writes indexes, and says each promise on its standard output as it gives
//! it. It ends itself behind a given change of the file system, or is ended while it works.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use uuid::Uuid;
use watchpost_proto::planted::{plant, planted};
use watchpost_proto::{Outcome, UniqueId};
use watchpost_store::conformance::{open, read, received, unique_ids, user};
use watchpost_store::maildir::MaildirStore;
use watchpost_store::{Delivery, Maildrop, Store, kill_after};

use super::model::Random;
use super::{names, store_at};

/// Where a child finds its Maildirs.
const ROOT: &str = "WATCHPOST_TEST_ROOT";
/// What a child does, and the first number of its messages.
const SEED: &str = "WATCHPOST_TEST_SEED";
/// Behind which change of the file system a child ends itself; none: its parent does it.
const CHANGES: &str = "WATCHPOST_TEST_CHANGES";

/// A fault that the parent has planted, and the child shall have too.
const FAULT: &str = "WATCHPOST_TEST_FAULT";
/// What a kill can show, unlike a lost cache.
const RECORDS_BEHIND_NAMES: &str = "store.records-behind-names";

/// Every message says which one it is.
fn body(number: usize) -> Vec<u8> {
    let lines = match number % 7 {
        // This one outgrows memory before its recipients are known.
        3 => 30_000,
        other => other * 40,
    };
    format!("Subject: {number}\n\n{}", ".a line\n".repeat(lines)).into_bytes()
}

fn number_of(body: &[u8]) -> usize {
    let line = body.split(|octet| *octet == b'\n').next().unwrap();
    std::str::from_utf8(line).unwrap().strip_prefix("Subject: ").unwrap().parse().unwrap()
}

/// In a child: works until it is killed.
pub async fn play_the_child() -> bool {
    let variable = |name: &str| std::env::var(name).ok();
    let (Some(root), Some(seed)) = (variable(ROOT), variable(SEED)) else { return false };
    plant(variable(FAULT).as_deref());
    let seed: u64 = seed.parse().unwrap();
    // The test's own name may stand in this line.
    say("");
    let store = store_at(Path::new(&root));
    if let Some(changes) = variable(CHANGES) {
        kill_after(changes.parse().unwrap());
    }
    let mut random = Random::new(seed);
    let mut number = usize::try_from(seed).unwrap() * 1000;
    loop {
        for _ in 0..=random.below(3) {
            number += 1;
            deliver(&store, number).await;
        }
        if random.below(3) == 0 {
            import(&store, [number + 1, number + 2]).await;
            number += 2;
        }
        session(&store, &mut random).await;
        store.finish_housekeeping().await;
    }
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").unwrap();
    out.flush().unwrap();
}

async fn deliver(store: &MaildirStore, number: usize) {
    say(&format!("delivers {number}"));
    let mut delivery = store.deliver().await.unwrap();
    for chunk in body(number).chunks(100_000) {
        delivery.write(chunk).await.unwrap();
    }
    let id = delivery.commit(&[user("alice")]).await.remove(0).unwrap();
    say(&format!("delivered {number} {id}"));
}

/// The unique-id that a message has brought along.
fn imported_id(number: usize) -> String {
    format!("UID{number}-1370527311")
}

async fn import(store: &MaildirStore, numbers: [usize; 2]) {
    let store = store.clone();
    let work = move || {
        let mut import = store.import(&user("alice")).unwrap();
        for number in numbers {
            say(&format!("imports {number}"));
            let id = UniqueId::new(imported_id(number)).unwrap();
            import.put_with_unique_id(Uuid::now_v7(), &body(number), &id).unwrap();
        }
        import.finish().unwrap();
        let done = numbers.map(|number| format!("delivered {number} {}", imported_id(number)));
        say(&done.join("\n"));
    };
    tokio::task::spawn_blocking(work).await.unwrap();
}

async fn session(store: &MaildirStore, random: &mut Random) {
    let maildrop = open(store, &user("alice")).await;
    let mut outcome = Outcome::default();
    for index in 0..maildrop.listing().len() {
        match random.below(6) {
            0 | 1 => outcome.removed.push(index),
            2 | 3 => {
                read(&maildrop, index).await;
                outcome.seen.push(index);
            }
            _ => {}
        }
    }
    if random.below(5) == 0 {
        return;
    }
    for index in &outcome.removed {
        say(&format!("removes {}", maildrop.listing().unique_id(*index)));
    }
    let removed: Vec<String> =
        outcome.removed.iter().map(|index| format!("removed {}", maildrop.listing().unique_id(*index))).collect();
    maildrop.update(outcome).await.unwrap();
    say(&removed.join("\n"));
}

/// What is known of a message when its process has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Promised {
    There(usize),
    /// Its removal was under way.
    Either(usize),
    Gone,
}

/// P-181, P-193: as `planted.rs` runs it.
pub async fn killed_processes_keep_their_promises() {
    kill_processes("every_planted_fault_is_caught", 90).await;
}

/// How many processes die in one Maildir: a larger one takes longer to judge, and shows no more.
const KILLS_PER_MAILDIR: usize = 30;

/// Kills so many processes one after the other, and judges the Maildir after each. `test` is the name of the test that
/// calls this, and [`play_the_child`] first.
pub async fn kill_processes(test: &str, kills: usize) {
    let mut root = tempfile::TempDir::new().unwrap();
    let mut random = Random::new(193);
    let mut promised: BTreeMap<String, Promised> = BTreeMap::new();
    let (mut deepest, mut acknowledged) = (0, 0);
    for kill in 1..=kills {
        if kill % KILLS_PER_MAILDIR == 0 {
            root = tempfile::TempDir::new().unwrap();
            promised.clear();
        }
        // Every fifth is killed from outside, in the midst of whatever it does.
        let changes = (kill % 5 != 0).then(|| kill % 45 + random.below(8));
        deepest = deepest.max(changes.unwrap_or(0));
        put_foreign(root.path(), kill, &mut promised).await;
        let lines = run_child(test, root.path(), kill, changes, random.below(24));
        let numbers = |what| lines.iter().filter_map(move |line| line.strip_prefix(what)?.parse().ok());
        let begun = Begun { delivered: numbers("delivers ").collect(), imported: numbers("imports ").collect() };
        acknowledged += lines.iter().filter(|line| line.starts_with("delivered ")).count();
        for line in &lines {
            learn(line, &mut promised);
        }
        judge(root.path(), &begun, &mut promised, &format!("kill {kill}, {changes:?} changes, {lines:?}")).await;
    }
    assert!(deepest > 20 && acknowledged > kills, "the children worked: {acknowledged} deliveries");
}

/// A message of another server, without sizes in its name: it gives the index something to say.
async fn put_foreign(root: &Path, kill: usize, promised: &mut BTreeMap<String, Promised>) {
    let store = store_at(root);
    drop(open(&store, &user("alice")).await);
    let number = kill * 1000;
    let maildir = root.join("alice@example.org/Maildir");
    fs::write(maildir.join(format!("new/1700{number:06}.M1P1.host")), body(number)).unwrap();
    let maildrop = open(&store, &user("alice")).await;
    for id in unique_ids(maildrop.listing()) {
        promised.entry(id).or_insert(Promised::There(number));
    }
    drop(maildrop);
    store.finish_housekeeping().await;
}

fn run_child(test: &str, root: &Path, kill: usize, changes: Option<usize>, lines_max: usize) -> Vec<String> {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).env(ROOT, root).env(SEED, kill.to_string());
    if let Some(changes) = changes {
        command.env(CHANGES, changes.to_string());
    }
    if planted(RECORDS_BEHIND_NAMES) {
        command.env(FAULT, RECORDS_BEHIND_NAMES);
    }
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok) {
        lines.push(line);
        if changes.is_none() && lines.len() == lines_max + 6 {
            child.kill().unwrap();
        }
    }
    let ended = child.wait().unwrap();
    let signal = std::os::unix::process::ExitStatusExt::signal(&ended);
    assert_eq!(signal, Some(9), "the child ends by SIGKILL alone: {lines:?}");
    lines
}

fn learn(line: &str, promised: &mut BTreeMap<String, Promised>) {
    let words: Vec<&str> = line.split(' ').collect();
    match words[..] {
        ["delivered", number, id] => {
            let new = promised.insert(id.to_owned(), Promised::There(number.parse().unwrap()));
            assert_eq!(new, None, "no unique-id comes twice (P-182)");
        }
        ["removes", id] => {
            let Some(Promised::There(number)) = promised.get(id) else { panic!("{id} was not there") };
            promised.insert(id.to_owned(), Promised::Either(*number));
        }
        ["removed", id] => {
            promised.insert(id.to_owned(), Promised::Gone);
        }
        _ => {}
    }
}

/// What a child has begun, whether or not it could say more.
struct Begun {
    delivered: Vec<usize>,
    imported: Vec<usize>,
}

async fn judge(root: &Path, begun: &Begun, promised: &mut BTreeMap<String, Promised>, context: &str) {
    let store = store_at(root);
    let maildrop = open(&store, &user("alice")).await;
    let ids = unique_ids(maildrop.listing());
    for (id, promise) in promised.iter() {
        let there = ids.iter().filter(|there| *there == id).count();
        match promise {
            Promised::There(_) => assert_eq!(there, 1, "{id} was acknowledged and is not there: {context}"),
            Promised::Either(_) => assert!(there <= 1, "{id} is there twice: {context}"),
            Promised::Gone => assert_eq!(there, 0, "{id} was removed and is back: {context}"),
        }
    }
    for (index, id) in ids.iter().enumerate() {
        let (octets, stored) = read(&maildrop, index).await;
        let number = number_of(&stored);
        assert!(stored == body(number), "message {number} is not whole: {context}");
        assert_eq!(octets.0, received(&stored).len() as u64, "P-162: {context}");
        assert_eq!(maildrop.listing().octets(index), octets, "P-162: {context}");
        match promised.get(id) {
            Some(Promised::There(known) | Promised::Either(known)) => assert_eq!(*known, number, "P-181: {context}"),
            Some(Promised::Gone) => unreachable!("it would have been found above"),
            // It was never acknowledged, and its sender will send it again.
            None if *id == imported_id(number) => assert!(begun.imported.contains(&number), "P-181: {context}"),
            None => assert!(begun.delivered.contains(&number), "{id} is nobody's: {context}"),
        }
    }
    promised.retain(|id, promise| *promise == Promised::Gone || ids.contains(id));
    for (index, id) in ids.into_iter().enumerate() {
        let number = number_of(&read(&maildrop, index).await.1);
        promised.insert(id, Promised::There(number));
    }
    drop(maildrop);
    store.finish_housekeeping().await;
    let spooled = names(root).into_iter().filter(|name| name.starts_with(".incoming")).count();
    assert_eq!(spooled, 0, "a start clears the spool: {context}");
}
