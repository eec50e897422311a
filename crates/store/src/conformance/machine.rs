//! A store beside a plain model of it: any order of deliveries, sessions, restarts and other software's doings.
//!
//! What fails is shrunk to the shortest run of steps that still fails.

use std::collections::{BTreeSet, HashMap};

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use watchpost_proto::Outcome;

use super::{deliver, hostile_messages, read, received, user};
use crate::{Maildrop, OpenError, ReadError, Store, User};

/// How many steps one run has at most.
const STEPS_MAX: usize = 40;

/// What the machine runs in: a store, and who else is there.
#[expect(async_fn_in_trait, reason = "the machine alone calls it, on one thread")]
pub trait World {
    /// The store under test.
    type Store: Store;

    /// The store as it is now.
    fn store(&self) -> &Self::Store;

    /// Ends the store and starts another one in its place, with the same maildrops.
    async fn restart(&mut self);

    /// Lets other software do something to a maildrop: `kind` says what, if the world knows anything of the sort.
    async fn disturb(&mut self, user: &User, kind: usize) -> Disturbance;
}

/// What other software has done to a maildrop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disturbance {
    /// Nothing that a session may notice.
    Unseen,
    /// The message of this unique-id is gone.
    Removed(String),
    /// There is a message more.
    Added(Vec<u8>),
    /// The next start need not know the order in which messages were listed.
    OrderLost,
}

/// One step. Users are 0 and 1; other numbers are taken modulo what there is.
#[derive(Clone, Debug)]
enum Step {
    Deliver(usize, usize),
    Open(usize),
    Read(usize, usize),
    Mark(usize, usize),
    Unmark(usize),
    Quit(usize),
    Drop(usize),
    Disturb(usize, usize),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let (user, any) = (0..2_usize, 0..1000_usize);
    prop_oneof![
        4 => (user.clone(), any.clone()).prop_map(|(user, body)| Step::Deliver(user, body)),
        4 => user.clone().prop_map(Step::Open),
        3 => (user.clone(), any.clone()).prop_map(|(user, number)| Step::Read(user, number)),
        3 => (user.clone(), any.clone()).prop_map(|(user, number)| Step::Mark(user, number)),
        1 => user.clone().prop_map(Step::Unmark),
        3 => user.clone().prop_map(Step::Quit),
        2 => user.clone().prop_map(Step::Drop),
        3 => (user, any).prop_map(|(user, kind)| Step::Disturb(user, kind)),
        1 => Just(Step::Restart),
    ]
}

/// Runs so many lives of a world, each a fresh one from `factory`; the same ones for the same seed.
///
/// # Panics
/// When the store and the model disagree: the message holds the shortest run of steps that shows it.
pub fn run<W: World>(seed: u8, cases: u32, factory: impl Fn() -> W) {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 4096, ..Config::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be had");
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let failed =
        TestRunner::new_with_rng(config, random).run(&proptest::collection::vec(step(), 1..STEPS_MAX), |steps| {
            runtime.block_on(async {
                let mut life = Life::new(factory());
                for step in steps {
                    life.take(step).await;
                }
                life.end().await;
            });
            Ok(())
        });
    if let Err(failed) = failed {
        panic!("{failed}");
    }
}

/// What the model knows of a message.
#[derive(Clone, Debug)]
struct Known {
    /// None until it was listed, where the store did not say at once.
    id: Option<String>,
    body: Vec<u8>,
    listed: bool,
}

/// What the model knows of a maildrop.
struct Modelled {
    user: User,
    /// Listed messages in their order, then the others as they came.
    messages: Vec<Known>,
    /// Every unique-id there ever was.
    used: HashMap<String, Vec<u8>>,
    /// Whether a session since the last start has shown the store the order.
    in_memory: bool,
    order_lost: bool,
    order_unknown: bool,
}

struct Opened<M> {
    maildrop: M,
    messages: Vec<(String, Vec<u8>)>,
    marked: BTreeSet<usize>,
    seen: BTreeSet<usize>,
    /// Removed by others.
    gone: BTreeSet<String>,
}

struct Life<W: World> {
    world: W,
    users: [Modelled; 2],
    sessions: [Option<Opened<<W::Store as Store>::Maildrop>>; 2],
    bodies: Vec<Vec<u8>>,
    delivered: usize,
}

impl<W: World> Life<W> {
    fn new(world: W) -> Self {
        let users = ["alice", "bob"].map(|name| Modelled {
            user: user(name),
            messages: Vec::new(),
            used: HashMap::new(),
            in_memory: false,
            order_lost: false,
            order_unknown: false,
        });
        let bodies = hostile_messages().into_iter().filter(|body| body.len() < 1000).collect();
        Self { world, users, sessions: [None, None], bodies, delivered: 0 }
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Deliver(user, body) => self.deliver(user, body).await,
            Step::Open(user) if self.sessions[user].is_some() => {
                let second = self.world.store().open(&self.users[user].user).await;
                assert!(matches!(second, Err(OpenError::InUse)), "a second session is refused (P-061)");
            }
            Step::Open(user) => self.open(user).await,
            Step::Read(user, number) => self.read(user, number).await,
            Step::Mark(user, number) => {
                if let Some(session) = &mut self.sessions[user]
                    && !session.messages.is_empty()
                {
                    session.marked.insert(number % session.messages.len());
                }
            }
            Step::Unmark(user) => {
                if let Some(session) = &mut self.sessions[user] {
                    session.marked.clear();
                }
            }
            Step::Quit(user) => self.quit(user).await,
            Step::Drop(user) => self.sessions[user] = None,
            Step::Disturb(user, kind) => self.disturb(user, kind).await,
            Step::Restart => {
                self.sessions = [None, None];
                self.world.restart().await;
                for user in &mut self.users {
                    user.order_unknown |= user.order_lost;
                    user.in_memory = false;
                }
            }
        }
    }

    /// Whatever happened, the maildrops can be opened and hold what they must.
    async fn end(&mut self) {
        self.take(Step::Restart).await;
        for user in 0..2 {
            self.open(user).await;
            for number in 0..self.users[user].messages.len() {
                self.read(user, number).await;
            }
        }
    }

    async fn deliver(&mut self, user: usize, body: usize) {
        self.delivered += 1;
        // Some are alike, most are not.
        let body = match body % 4 {
            0 => self.bodies[body % self.bodies.len()].clone(),
            _ => format!("Subject: {}\n\n{}", self.delivered, "line\n".repeat(body % 7)).into_bytes(),
        };
        let id = deliver(self.world.store(), &self.users[user].user, &body).await.to_string();
        let model = &mut self.users[user];
        assert!(!model.used.contains_key(&id), "no unique-id comes twice (P-182)");
        model.used.insert(id.clone(), body.clone());
        model.messages.push(Known { id: Some(id), body, listed: false });
    }

    async fn open(&mut self, user: usize) {
        let model = &mut self.users[user];
        let maildrop = super::open(self.world.store(), &model.user).await;
        let listing = maildrop.listing();
        let mut found = Vec::new();
        for index in 0..listing.len() {
            let id = listing.unique_id(index).to_owned();
            let (octets, body) = read(&maildrop, index).await;
            assert_eq!(octets.0, received(&body).len() as u64, "a size is what is received (P-162)");
            assert_eq!(listing.octets(index), octets, "LIST and RETR say the same (P-162)");
            found.push((id, body));
        }
        model.meet(&found);
        let (marked, seen, gone) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        self.sessions[user] = Some(Opened { maildrop, messages: found, marked, seen, gone });
    }

    async fn read(&mut self, user: usize, number: usize) {
        let Some(session) = &mut self.sessions[user] else { return };
        if session.messages.is_empty() {
            return;
        }
        let index = number % session.messages.len();
        let (id, body) = &session.messages[index];
        if session.gone.contains(id) {
            let read = session.maildrop.read(index).await;
            assert!(matches!(read, Err(ReadError::Gone)), "what others have removed is gone (P-176)");
        } else {
            assert!(read(&session.maildrop, index).await.1 == *body, "a number keeps its message (P-066)");
            session.seen.insert(index);
        }
    }

    async fn quit(&mut self, user: usize) {
        let Some(session) = self.sessions[user].take() else { return };
        let seen = session.seen.difference(&session.marked).copied().collect();
        let outcome = Outcome { removed: session.marked.iter().copied().collect(), seen };
        session.maildrop.update(outcome).await.expect("nothing hinders the removal");
        let removed: BTreeSet<&String> = session.marked.iter().map(|index| &session.messages[*index].0).collect();
        let kept = |message: &Known| message.id.as_ref().is_none_or(|id| !removed.contains(id));
        self.users[user].messages.retain(kept);
    }

    async fn disturb(&mut self, user: usize, kind: usize) {
        let model = &mut self.users[user];
        match self.world.disturb(&model.user, kind).await {
            Disturbance::Unseen => {}
            Disturbance::OrderLost if model.in_memory => model.order_lost = true,
            Disturbance::OrderLost => model.order_unknown = true,
            Disturbance::Added(body) => model.messages.push(Known { id: None, body, listed: false }),
            Disturbance::Removed(id) => {
                model.messages.retain(|message| message.id.as_ref() != Some(&id));
                if let Some(session) = &mut self.sessions[user] {
                    session.gone.insert(id);
                }
            }
        }
    }
}

impl Modelled {
    /// Compares what was listed with what must be, and learns the unique-ids and the order of what is new.
    fn meet(&mut self, found: &[(String, Vec<u8>)]) {
        assert_eq!(found.len(), self.messages.len(), "everything that is there is listed, and nothing else");
        let mut expected = std::mem::take(&mut self.messages);
        let before: Vec<String> = expected.iter().filter(|one| one.listed).filter_map(|one| one.id.clone()).collect();
        let arrived: Vec<String> = expected.iter().filter(|one| !one.listed).filter_map(|one| one.id.clone()).collect();
        for (id, body) in found {
            let known = expected.iter().position(|one| one.id.as_ref() == Some(id));
            let new = || expected.iter().position(|one| one.id.is_none() && one.body == *body);
            let place = known.or_else(new).unwrap_or_else(|| panic!("{id} is nobody's (P-181)"));
            let message = expected.swap_remove(place);
            assert!(message.body == *body, "a unique-id stays with its message (P-181)");
            let same = self.used.insert(id.clone(), body.clone()).is_none_or(|earlier| earlier == *body);
            assert!(same && (message.id.is_some() || !before.contains(id)), "no unique-id comes twice (P-182)");
            self.messages.push(Known { id: Some(id.clone()), listed: true, ..message });
        }
        let ids: Vec<&String> = found.iter().map(|(id, _)| id).collect();
        if !self.order_unknown {
            assert!(ids.iter().take(before.len()).copied().eq(&before), "what was listed keeps its order (P-067)");
            let came: Vec<&&String> = ids.iter().filter(|id| arrived.contains(id)).collect();
            assert!(came.into_iter().copied().eq(&arrived), "what is new comes in the order of its arrival (P-067)");
        }
        (self.order_unknown, self.order_lost) = (false, self.order_lost && !self.order_unknown);
        self.in_memory = true;
    }
}
