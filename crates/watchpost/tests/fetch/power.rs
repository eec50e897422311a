//! Power cuts, by the model that the store is judged by: every operation on files is recorded, and replayed with those
//! lost, torn or reordered that nothing had made durable. Whatever a crash leaves, the next run with the same server
//! brings every message exactly once.

#[path = "../../../store/tests/checks/model.rs"]
mod model;

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use watchpost::fetch::journal::{Journal, Record};
use watchpost_store::{Operation, Recording};

use self::model::{History, Random, Tree};
use crate::house::{House, messages_of, messages_of_mbox};
use crate::server::Server;

type Mail = Vec<(String, Vec<u8>)>;

/// A destination that promises exactly once.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Keys of the account's table, and what follows it.
    pub more: &'static str,
    place: &'static str,
    /// Whether mail goes from the server.
    pub goes: bool,
}

pub const MAILDIR_KEPT: Kind = Kind { more: "to = \"maildir:{dir}/md\"", place: "md", goes: false };
pub const MAILDIR: Kind = Kind { more: "to = \"maildir:{dir}/md\"\nleave = \"never\"", place: "md", goes: true };
pub const MBOX_KEPT: Kind = Kind { more: "to = \"mbox:{dir}/mb\"", place: "mb", goes: false };
pub const MBOX: Kind = Kind { more: "to = \"mbox:{dir}/mb\"\nleave = \"never\"", place: "mb", goes: true };
pub const OWN_KEPT: Kind =
    Kind { more: "to = \"account:alice@example.org\"", place: "mail/alice@example.org/Maildir", goes: false };
pub const OWN: Kind = Kind {
    more: "to = \"account:alice@example.org\"\nleave = \"never\"",
    place: "mail/alice@example.org/Maildir",
    goes: true,
};

/// What was there before the run that is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Past {
    /// Nothing, not even folders.
    None,
    /// Two messages, fetched; a journal of so many lines that it is written anew.
    Long,
}

/// How much is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    pub seed: u64,
    /// Messages that the run fetches.
    pub messages: usize,
    /// States of one moment; all of them where there are no more.
    pub states: usize,
    /// Kills before the power goes, each with a recovery that is judged like the run itself: at moments of chance, and
    /// wherever a message has just come to its place.
    pub kills: usize,
    /// States of one moment of a recovery.
    pub states_of_recovery: usize,
}

impl Effort {
    pub const SMALL: Self = Self { seed: 61, messages: 2, states: 8, kills: 1, states_of_recovery: 1 };
}

/// What was looked at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    pub moments: usize,
    pub crashes: usize,
    /// Crashes of which no other has left the same files and the same mail: each of these is judged.
    pub distinct: usize,
}

impl std::ops::AddAssign for Figures {
    fn add_assign(&mut self, other: Self) {
        self.moments += other.moments;
        self.crashes += other.crashes;
        self.distinct += other.distinct;
    }
}

/// A folder in memory where there is such a thing: a thousand states are a thousand folders.
fn scratch() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() };
    made.or_else(|_| TempDir::new()).unwrap()
}

fn message(number: usize) -> (String, Vec<u8>) {
    let body = ".a line\r\nFrom me\r\nlone \n end\r\n".repeat(number % 4);
    (format!("id{number}"), format!("Subject: {number}\r\n\r\n{body}").into_bytes())
}

/// A run, operation by operation.
struct Life {
    root: TempDir,
    start: Tree,
    operations: Vec<Operation>,
    /// The mail of the server: from the beginning, and from the moments on at which it changed.
    mail: Vec<(usize, Mail)>,
}

impl Life {
    /// Fetches from `server` to a folder where `start` is.
    fn record(server: &Server, kind: Kind, root: TempDir, mail: Mail) -> Self {
        let house = House::within(root, server.port, &with_password(kind));
        let start = Tree::of(house.folder.path());
        let recording = Arc::new(Recording::start(house.folder.path()));
        let clock = Arc::clone(&recording);
        {
            let mut state = server.state.lock().unwrap();
            (state.mail, state.updates) = (mail.clone(), Vec::new());
            state.clock = Some(Box::new(move || clock.len()));
        }
        let outcome = house.fetch();
        assert!(outcome.error.is_none() && outcome.report.complete, "{:?} {:?}", outcome.error, outcome.report);
        let updates = {
            let mut state = server.state.lock().unwrap();
            state.clock = None;
            std::mem::take(&mut state.updates)
        };
        let operations = Arc::into_inner(recording).expect("the server's clock is gone").finish();
        let mail = std::iter::once((0, mail)).chain(updates).collect();
        Self { root: house.folder, start, operations, mail }
    }

    /// What the server may have at this moment: the client waits for the reply to QUIT while it changes.
    fn mail_at(&self, moment: usize) -> Vec<&Mail> {
        let before = self.mail.iter().rfind(|(at, _)| *at < moment || *at == 0);
        let now = self.mail.iter().filter(|(at, _)| *at == moment && *at > 0);
        before.into_iter().chain(now).map(|(_, mail)| mail).collect()
    }

    fn history(&self) -> History {
        History::of(self.root.path(), self.start.clone(), &self.operations)
    }
}

/// No shell is started for the password: there are thousands of runs.
fn with_password(kind: Kind) -> String {
    format!("password = \"variable:SECRET\"\n{}", kind.more)
}

/// The world of a check: one server, and all mail that ever was.
struct World {
    server: Server,
    kind: Kind,
    expected: Vec<Vec<u8>>,
    /// What was judged already: the next run is a function of the files and the mail.
    judged: Mutex<HashSet<u64>>,
}

impl World {
    /// The next run finds this on the disk and that on the server, and nothing is missing or there twice afterwards.
    /// Returns whether it had to be looked at.
    fn judge(&self, state: &Tree, mail: &Mail, context: &dyn Fn() -> String) -> bool {
        let mut hasher = DefaultHasher::new();
        (state, mail).hash(&mut hasher);
        let judged = {
            let mut judged = self.judged.lock().unwrap();
            if !judged.insert(hasher.finish()) {
                return false;
            }
            judged.len()
        };
        let root = scratch();
        state.write(root.path());
        let house = House::within(root, self.server.port, &with_password(self.kind));
        self.server.state.lock().unwrap().mail.clone_from(mail);
        // What is right after one run is hardly wrong after two: every fourth is asked again.
        let runs = if judged.is_multiple_of(4) { 2 } else { 1 };
        for run in ["the next run", "the run after that"].into_iter().take(runs) {
            let outcome = house.fetch();
            let report = &outcome.report;
            assert!(outcome.error.is_none() && report.complete, "{run}: {:?} {report:?}: {}", outcome.error, context());
            assert_eq!(report.in_doubt, Vec::<String>::new(), "{run}: nothing is in doubt: {}", context());
            let place = house.path(self.kind.place);
            let found = if self.kind.place == "mb" { messages_of_mbox(&place) } else { messages_of(&place) };
            let (lost, twice) = differences(&self.expected, &found);
            assert!(lost == 0 && twice == 0, "{run}: {lost} lost, {twice} too many: {}", context());
            assert_eq!(self.server.state.lock().unwrap().mail.is_empty(), self.kind.goes, "{run}: {}", context());
            if self.kind.place != "mb" {
                let incoming = house.path(self.kind.place).join("watchpost-incoming/a");
                assert_eq!(std::fs::read_dir(incoming).unwrap().count(), 0, "{run}: {}", context());
            }
        }
        true
    }

    /// Every crash of a life from a moment on.
    fn judge_life(&self, life: &Life, first: usize, states_max: usize, random: &mut Random) -> Figures {
        let history = life.history();
        let mut figures = Figures::default();
        for moment in history.moments().skip(first) {
            figures.moments += 1;
            let mut states = history.states(moment, random);
            while states.len() > states_max {
                let dropped = random.below(states.len());
                states.swap_remove(dropped);
            }
            for state in &states {
                for mail in life.mail_at(moment) {
                    let context = || format!("{:?} cut behind {:#?}", self.kind, last_of(&life.operations[..moment]));
                    figures.distinct += usize::from(self.judge(state, mail, &context));
                    figures.crashes += 1;
                }
            }
        }
        figures
    }

    /// A process is killed at `moment`, the next one cleans up, and the power goes while it does or afterwards.
    fn judge_recovery(&self, life: &Life, moment: usize, effort: &Effort, random: &mut Random) -> Figures {
        let root = scratch();
        life.history().as_done(moment).write(root.path());
        let mail = life.mail_at(moment).pop().expect("a server has some mail or none").clone();
        let mut second = Life::record(&self.server, self.kind, root, mail);
        let moved = |operation: &Operation| moved(operation, life.root.path(), second.root.path());
        let before: Vec<Operation> = life.operations[..moment].iter().map(moved).collect();
        second.operations.splice(0..0, before);
        second.start = life.start.clone();
        for (at, _) in second.mail.iter_mut().skip(1) {
            *at += moment;
        }
        self.judge_life(&second, moment, effort.states_of_recovery, random)
    }
}

/// How many are missing, and how many are there that should not be.
fn differences(expected: &[Vec<u8>], found: &[Vec<u8>]) -> (usize, usize) {
    let mut rest: Vec<&Vec<u8>> = found.iter().collect();
    let mut lost = 0;
    for message in expected {
        match rest.iter().position(|other| *other == message) {
            Some(place) => drop(rest.swap_remove(place)),
            None => lost += 1,
        }
    }
    (lost, rest.len())
}

fn comes_to_its_place(operation: &Operation) -> bool {
    match operation {
        Operation::Rename { to, .. } => to.parent().is_some_and(|folder| folder.ends_with("new")),
        Operation::WriteFile { path, .. } => path.ends_with("mb"),
        _ => false,
    }
}

/// The last few operations, without their octets.
fn last_of(operations: &[Operation]) -> Vec<String> {
    let text = |operation: &Operation| format!("{operation:?}").chars().take(160).collect();
    operations[operations.len().saturating_sub(4)..].iter().map(text).collect()
}

/// The same operation in another folder.
fn moved(operation: &Operation, from: &Path, to: &Path) -> Operation {
    let there = |path: &PathBuf| to.join(path.strip_prefix(from).unwrap());
    match operation {
        Operation::MakeFolder { path } => Operation::MakeFolder { path: there(path) },
        Operation::CreateFile { path } => Operation::CreateFile { path: there(path) },
        Operation::WriteFile { path, position, octets } => {
            Operation::WriteFile { path: there(path), position: *position, octets: octets.clone() }
        }
        Operation::CutFile { path, length } => Operation::CutFile { path: there(path), length: *length },
        Operation::SyncFile { path } => Operation::SyncFile { path: there(path) },
        Operation::Rename { from, to } => Operation::Rename { from: there(from), to: there(to) },
        Operation::Link { from, to } => Operation::Link { from: there(from), to: there(to) },
        Operation::Unlink { path } => Operation::Unlink { path: there(path) },
        Operation::SyncFolder { path } => Operation::SyncFolder { path: there(path) },
    }
}

/// C-060, C-061, C-062: a run that fetches, cut off at every operation; and runs that were killed, whose recovery is.
pub fn no_power_cut_loses_or_repeats(kind: Kind, past: Past, effort: &Effort) -> Figures {
    let server = Server::start(&[]);
    let root = scratch();
    let known = if past == Past::None { 0 } else { 2 };
    let all: Mail = (0..known + effort.messages).map(message).collect();
    let mut expected: Vec<Vec<u8>> = all.iter().map(|(_, octets)| crate::support::canonical(octets)).collect();
    let root = if past == Past::Long { lived(&server, kind, root, &all[..known]) } else { root };
    let there = if kind.goes { all[known..].to_vec() } else { all };
    let life = Life::record(&server, kind, root, there);
    expected.sort();
    let world = World { server, kind, expected, judged: Mutex::default() };
    let mut random = Random::new(effort.seed);
    let mut figures = world.judge_life(&life, 0, effort.states, &mut random);
    let mut kills: Vec<usize> = (0..effort.kills).map(|_| random.below(life.operations.len() + 1)).collect();
    kills.extend((1..=life.operations.len()).filter(|moment| comes_to_its_place(&life.operations[moment - 1])));
    for moment in kills {
        figures += world.judge_recovery(&life, moment, effort, &mut random);
    }
    figures
}

/// Has fetched `mail`, and a journal that the next run writes anew.
fn lived(server: &Server, kind: Kind, root: TempDir, mail: &[(String, Vec<u8>)]) -> TempDir {
    let house = House::within(root, server.port, &with_password(kind));
    server.state.lock().unwrap().mail = mail.to_vec();
    house.fetch_well();
    let mut journal = Journal::open(&house.path("state"), "a", 0).unwrap();
    journal.append(&vec![Record::Settled; 1100]).unwrap();
    journal.sync().unwrap();
    house.folder
}

/// As `planted_fetch.rs` needs them: a loss or a repetition anywhere makes them fail.
#[allow(dead_code, reason = "planted_fetch.rs calls them")]
pub mod small {
    use super::{Effort, MAILDIR, MAILDIR_KEPT, MBOX, Past, no_power_cut_loses_or_repeats};

    const EFFORT: Effort = Effort { kills: 0, ..Effort::SMALL };

    pub fn maildir() {
        no_power_cut_loses_or_repeats(MAILDIR, Past::None, &EFFORT);
    }

    pub fn maildir_kept() {
        no_power_cut_loses_or_repeats(MAILDIR_KEPT, Past::None, &EFFORT);
    }

    pub fn mbox() {
        no_power_cut_loses_or_repeats(MBOX, Past::Long, &EFFORT);
    }
}
