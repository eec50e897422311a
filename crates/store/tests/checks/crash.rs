//! Stories of a Maildir, and what must be true wherever a crash ends them.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use uuid::Uuid;
use watchpost_proto::{Outcome, UniqueId};
use watchpost_store::conformance::{open, read, received, unique_ids, user};
use watchpost_store::maildir::MaildirStore;
use watchpost_store::{Delivery, Maildrop, Operation, Recording, Store, User};

use super::model::{History, Random, Tree};
use super::store_at;

const SEED: u64 = 20_261_127;

/// A folder in memory where there is such a thing: a thousand states are a thousand folders.
pub fn scratch() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() };
    made.or_else(|_| TempDir::new()).unwrap()
}

/// One message of a story. The numbers count operations.
#[derive(Clone, Debug)]
pub struct Promise {
    pub user: User,
    pub id: String,
    pub body: Vec<u8>,
    /// From here on it must be there.
    pub acknowledged: Option<usize>,
    /// From here on it may be gone.
    pub marked: Option<usize>,
    /// From here on it must be gone.
    pub removed: Option<usize>,
}

/// A store that lives through something, and what it has promised.
pub struct Story {
    root: TempDir,
    pub store: MaildirStore,
    recording: Recording,
    start: Tree,
    pub promises: Vec<Promise>,
}

impl Story {
    /// Begins where `before` ends: all of that is durable.
    pub async fn after<Out>(before: impl AsyncFnOnce(&MaildirStore, &Path) -> Out) -> (Self, Out) {
        let root = scratch();
        let store = store_at(root.path());
        let out = before(&store, root.path()).await;
        store.finish_housekeeping().await;
        let start = Tree::of(root.path());
        let recording = Recording::start(root.path());
        (Self { root, store, recording, start, promises: Vec::new() }, out)
    }

    /// What was there before, and must stay.
    pub async fn keep_what_is_there(&mut self, user: &User) {
        let maildrop = open(&self.store, user).await;
        for (index, id) in unique_ids(maildrop.listing()).into_iter().enumerate() {
            let body = read(&maildrop, index).await.1;
            let user = user.clone();
            self.promises.push(Promise { user, id, body, acknowledged: Some(0), marked: None, removed: None });
        }
    }

    pub async fn deliver(&mut self, users: &[&str], body: &[u8]) {
        let users: Vec<User> = users.iter().map(|name| user(name)).collect();
        let mut delivery = self.store.deliver().await.unwrap();
        for chunk in body.chunks(100_000) {
            delivery.write(chunk).await.unwrap();
        }
        let results = delivery.commit(&users).await;
        let acknowledged = Some(self.recording.len());
        for (user, result) in users.into_iter().zip(results) {
            let (id, body) = (result.unwrap().to_string(), body.to_vec());
            self.promises.push(Promise { user, id, body, acknowledged, marked: None, removed: None });
        }
    }

    /// A session with QUIT that removes and retrieves messages by their bodies.
    pub async fn session(&mut self, name: &str, removed: &[&[u8]], seen: &[&[u8]]) {
        let user = user(name);
        let maildrop = open(&self.store, &user).await;
        let mut outcome = Outcome::default();
        for index in 0..maildrop.listing().len() {
            let body = read(&maildrop, index).await.1;
            if removed.contains(&&*body) {
                outcome.removed.push(index);
            } else if seen.contains(&&*body) {
                outcome.seen.push(index);
            }
        }
        assert_eq!(outcome.removed.len(), removed.len());
        let ids = outcome.removed.iter().map(|index| maildrop.listing().unique_id(*index).to_owned());
        let ids: Vec<String> = ids.collect();
        let marked = self.recording.len();
        maildrop.update(outcome).await.unwrap();
        let done = self.recording.len();
        for promise in self.promises.iter_mut().filter(|promise| promise.user == user && ids.contains(&promise.id)) {
            (promise.marked, promise.removed) = (Some(marked), Some(done));
        }
        self.store.finish_housekeeping().await;
    }

    /// What happened so far, as a test may want to look at it.
    pub fn operations(&self) -> usize {
        self.recording.len()
    }

    /// Ends the story in every way a crash can, and judges what the next start finds.
    pub async fn judge(self, afterwards: impl AsyncFn(&MaildirStore)) -> usize {
        let operations = self.recording.finish();
        let history = History::of(self.root.path(), self.start, &operations);
        let mut random = Random::new(SEED);
        let mut judged = 0;
        for moment in history.moments() {
            for state in history.states(moment, &mut random) {
                let root = scratch();
                state.write(root.path());
                let context = || format!("a crash behind {:?}", describe(&operations[..moment]));
                judge_state(root.path(), &self.promises, moment, &context).await;
                afterwards(&store_at(root.path())).await;
                judged += 1;
            }
        }
        judged
    }
}

/// The last few operations, without their octets.
fn describe(operations: &[Operation]) -> Vec<String> {
    let text = |operation: &Operation| format!("{operation:?}").chars().take(200).collect();
    operations[operations.len().saturating_sub(3)..].iter().map(text).collect()
}

async fn judge_state(root: &Path, promises: &[Promise], moment: usize, context: &impl Fn() -> String) {
    let store = store_at(root);
    let mut users: Vec<&User> = promises.iter().map(|promise| &promise.user).collect();
    users.dedup();
    for user in users {
        let maildrop = open(&store, user).await;
        let ids = unique_ids(maildrop.listing());
        for promise in promises.iter().filter(|promise| promise.user == *user) {
            let since = |from: Option<usize>| from.is_some_and(|from| from <= moment);
            let there = ids.iter().filter(|id| **id == promise.id).count();
            let (id, context) = (&promise.id, context());
            if since(promise.acknowledged) && promise.marked.is_none_or(|marked| marked >= moment) {
                assert_eq!(there, 1, "{id} was acknowledged and is not there after {context}");
            }
            if since(promise.removed) {
                assert_eq!(there, 0, "{id} was removed and is back after {context}");
            }
        }
        for (index, id) in ids.iter().enumerate() {
            let promise = promises.iter().find(|promise| promise.user == *user && promise.id == *id);
            let promise = promise.unwrap_or_else(|| panic!("{id} is nobody's after {}", context()));
            let (octets, body) = read(&maildrop, index).await;
            assert!(body == promise.body, "{id} is not whole after {}", context());
            assert_eq!(octets.0, received(&body).len() as u64, "the size of {id} after {}", context());
            assert_eq!(maildrop.listing().octets(index), octets, "the listed size of {id} after {}", context());
        }
        drop(maildrop);
        store.finish_housekeeping().await;
        let again = unique_ids(open(&store_at(root), user).await.listing());
        assert_eq!(again, ids, "a second start lists the same after {}", context());
    }
}

async fn nothing(_: &MaildirStore) {}

fn message(number: usize) -> Vec<u8> {
    format!("Subject: {number}\n\n{}", "line\n".repeat(number)).into_bytes()
}

/// RFC 2033 §4.2; P-061: what was acknowledged is whole, what was not is whole or not there.
pub async fn deliveries_survive_any_crash() {
    for users in [&["alice"][..], &["alice", "bob", "carol"]] {
        // The first delivery of all makes the Maildirs as well.
        let (mut story, ()) = Story::after(async |_, _| ()).await;
        story.deliver(users, &message(1)).await;
        story.deliver(users, &message(2)).await;
        assert!(story.judge(nothing).await > 20);
    }
    let (mut story, ()) = Story::after(async |_, _| ()).await;
    story.deliver(&["alice", "bob"], &b"a spilled message\n".repeat(16_000)).await;
    assert!(story.judge(nothing).await > 20);
}

/// P-191, P-193: what was removed stays away, what was not marked stays, and no unique-id changes.
pub async fn updates_survive_any_crash() {
    let (mut story, ()) = Story::after(async |_, root| {
        let maildir = root.join("alice@example.org/Maildir");
        for folder in ["tmp", "new", "cur"] {
            fs::create_dir_all(maildir.join(folder)).unwrap();
        }
        for number in 0..6 {
            let folder = if number < 4 { "new" } else { "cur" };
            // Without sizes: the index is written too.
            fs::write(maildir.join(folder).join(format!("170000000{number}.M1P1.host")), message(number)).unwrap();
        }
    })
    .await;
    story.keep_what_is_there(&user("alice")).await;
    let [zero, one, two, three, four, five] = [0, 1, 2, 3, 4, 5].map(message);
    // Messages move from new/ to cur/, unsynced; one of those is removed from cur/ by the next session.
    story.session("alice", &[&two], &[&zero, &one, &four]).await;
    story.session("alice", &[&zero, &five], &[&three]).await;
    story.deliver(&["alice"], &message(7)).await;
    story.session("alice", &[&three, &message(7)], &[]).await;
    assert!(story.judge(nothing).await > 100);
}

/// P-181, P-183: a message that is set apart from another one of its name keeps its new unique-id, whatever happens.
pub async fn twins_survive_any_crash() {
    let (mut story, ()) = Story::after(async |_, root| {
        let maildir = root.join("alice@example.org/Maildir");
        for folder in ["tmp", "new", "cur"] {
            fs::create_dir_all(maildir.join(folder)).unwrap();
        }
        fs::write(maildir.join("cur/1700000000.M1P1.host:2,S"), message(1)).unwrap();
        fs::write(maildir.join("new/1700000000.M1P1.host"), message(2)).unwrap();
    })
    .await;
    story.keep_what_is_there(&user("alice")).await;
    // A rename and a sync; the index may have been begun since.
    let renamed = 2;
    assert!(story.operations() >= renamed);
    // Before they have been listed, neither has a unique-id that anybody knows.
    for promise in &mut story.promises {
        promise.acknowledged = Some(renamed);
    }
    story.session("alice", &[&message(1)], &[&message(2)]).await;
    judge_from(story, renamed).await;
}

/// Like [`Story::judge`], from a moment on that the story calls its beginning.
async fn judge_from(story: Story, first: usize) {
    let operations = story.recording.finish();
    let history = History::of(story.root.path(), story.start, &operations);
    let mut random = Random::new(SEED);
    for moment in history.moments().skip(first) {
        for state in history.states(moment, &mut random) {
            let root = scratch();
            state.write(root.path());
            judge_state(root.path(), &story.promises, moment, &|| format!("{:?}", describe(&operations[..moment])))
                .await;
        }
    }
}

/// P-181, P-183: an imported message is never seen under another unique-id than its own, and what was interrupted can
/// be resumed without a double and without a loss.
pub async fn imports_survive_any_crash() {
    let messages: Vec<(Uuid, Vec<u8>, UniqueId)> = (0..4)
        .map(|number| (Uuid::now_v7(), message(number), UniqueId::new(format!("UID{number}-1370527311")).unwrap()))
        .collect();
    let import = |store: &MaildirStore| {
        let mut import = store.import(&user("alice")).unwrap();
        for (uuid, body, id) in &messages {
            import.put_with_unique_id(*uuid, body, id).unwrap();
        }
        import.finish().unwrap();
    };
    let (mut story, ()) = Story::after(async |store, _| drop(open(store, &user("alice")).await)).await;
    import(&story.store);
    let acknowledged = Some(story.operations());
    for (_, body, id) in &messages {
        let (user, id, body) = (user("alice"), id.to_string(), body.clone());
        story.promises.push(Promise { user, id, body, acknowledged, marked: None, removed: None });
    }
    story.session("alice", &[&message(1)], &[&message(2)]).await;
    let removed = story.promises[1].removed;
    let judged = story
        .judge(async |store| {
            import(store);
            let ids = unique_ids(open(store, &user("alice")).await.listing());
            let expected: Vec<&str> = messages.iter().map(|(_, _, id)| id.as_str()).collect();
            let mut sorted = ids.clone();
            sorted.sort();
            assert!(sorted == expected, "a resumed import is complete: {ids:?}");
        })
        .await;
    assert!(removed.is_some() && judged > 40);
}

/// A longer life by chance: deliveries and sessions, again and again.
pub async fn a_long_life_survives_any_crash(seed: u64, steps: usize) {
    let mut random = Random::new(seed);
    let (mut story, ()) = Story::after(async |_, _| ()).await;
    let (mut number, mut there): (usize, Vec<Vec<u8>>) = (0, Vec::new());
    for _ in 0..steps {
        if there.len() < 2 || random.below(2) == 0 {
            number += 1;
            story.deliver(&["alice"], &message(number)).await;
            there.push(message(number));
        } else {
            let removed: Vec<Vec<u8>> = there.extract_if(.., |_| random.below(3) == 0).collect();
            let removed: Vec<&[u8]> = removed.iter().map(Vec::as_slice).collect();
            let retrieved: Vec<&[u8]> = there.iter().filter(|_| random.below(2) == 0).map(Vec::as_slice).collect();
            story.session("alice", &removed, &retrieved).await;
        }
    }
    assert!(story.judge(nothing).await > steps);
}
