//! What a crash may leave of a file system: everything synced, and any part of the rest, in any order.
//!
//! A rename is one step, durable once both folders are synced. A new name, a second name and the loss of a name are
//! durable once their folder is. Octets are durable once their file is synced; before that they may be whole, half
//! there, zeros, or missing.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use watchpost_store::Operation;

/// How many states of one moment are all looked at; of more, some.
const EXHAUSTIVE_MAX: usize = 1024;

/// How many are looked at by chance then.
const SAMPLED: usize = 40;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Node {
    Folder,
    File(usize),
}

/// A file system: names, and what files hold.
#[derive(Clone, Debug, Default, Hash)]
pub struct Tree {
    names: BTreeMap<PathBuf, Node>,
    files: Vec<Vec<u8>>,
}

#[derive(Clone, Debug)]
enum Change {
    /// Names that appear and vanish in one step.
    Names(Vec<(PathBuf, Option<Node>)>),
    Octets {
        file: usize,
        position: usize,
        octets: Vec<u8>,
    },
    /// A file gets shorter.
    Length {
        file: usize,
        length: usize,
    },
}

/// What became of one change that was not durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Lost,
    Whole,
    Half,
    Zeros,
}

impl Change {
    fn fates(&self) -> &'static [Fate] {
        match self {
            Self::Names(_) | Self::Length { .. } => &[Fate::Lost, Fate::Whole],
            Self::Octets { .. } => &[Fate::Lost, Fate::Whole, Fate::Half, Fate::Zeros],
        }
    }

    fn apply(&self, tree: &mut Tree, fate: Fate) {
        match self {
            _ if fate == Fate::Lost => {}
            Self::Names(names) => {
                for (name, node) in names {
                    match node {
                        Some(node) => tree.names.insert(name.clone(), *node),
                        None => tree.names.remove(name),
                    };
                }
            }
            Self::Length { file, length } => tree.files[*file].truncate(*length),
            Self::Octets { file, position, octets } => {
                let there = if fate == Fate::Half { octets.len() / 2 } else { octets.len() };
                let content = &mut tree.files[*file];
                content.resize(content.len().max(position + there), 0);
                if fate != Fate::Zeros {
                    content[*position..position + there].copy_from_slice(&octets[..there]);
                }
            }
        }
    }
}

impl Tree {
    /// What lies beneath `root` now.
    pub fn of(root: &Path) -> Self {
        let mut tree = Self::default();
        tree.read(root, root);
        tree
    }

    fn read(&mut self, root: &Path, folder: &Path) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_owned();
            if path.is_dir() {
                self.names.insert(name, Node::Folder);
                self.read(root, &path);
            } else {
                self.names.insert(name, Node::File(self.files.len()));
                self.files.push(fs::read(&path).unwrap());
            }
        }
    }

    /// Puts all of it beneath `root`. What lies in a folder that is lost, is lost.
    pub fn write(&self, root: &Path) {
        let mut written: HashMap<usize, PathBuf> = HashMap::new();
        for (name, node) in &self.names {
            let path = root.join(name);
            if !path.parent().unwrap().is_dir() {
                continue;
            }
            match node {
                Node::Folder => fs::create_dir(&path).unwrap(),
                Node::File(file) => {
                    if let Some(first) = written.get(file) {
                        fs::hard_link(first, &path).unwrap();
                    } else {
                        fs::write(&path, &self.files[*file]).unwrap();
                        written.insert(*file, path);
                    }
                }
            }
        }
    }
}

/// What was done to a file system, and when it became durable.
pub struct History {
    start: Tree,
    /// By the number of operations before each.
    changes: Vec<(usize, Change)>,
    /// When each folder was synced.
    folders: HashMap<PathBuf, Vec<usize>>,
    files: HashMap<usize, Vec<usize>>,
    operations: usize,
}

impl History {
    /// Of these operations beneath `root`, after everything in `start` had become durable.
    pub fn of(root: &Path, start: Tree, operations: &[Operation]) -> Self {
        let mut live = start.names.clone();
        let (changes, folders, files) = (Vec::new(), HashMap::new(), HashMap::new());
        let mut history = Self { start, changes, folders, files, operations: operations.len() };
        for (at, operation) in operations.iter().enumerate() {
            history.add(root, &mut live, at, operation);
        }
        history
    }

    fn add(&mut self, root: &Path, live: &mut BTreeMap<PathBuf, Node>, at: usize, operation: &Operation) {
        let within = |path: &Path| path.strip_prefix(root).unwrap().to_owned();
        let file = |live: &BTreeMap<PathBuf, Node>, path: &Path| match live.get(&within(path)) {
            Some(Node::File(file)) => *file,
            other => panic!("{operation:?} is about {other:?}"),
        };
        let names = match operation {
            Operation::MakeFolder { path } => vec![(within(path), Some(Node::Folder))],
            Operation::CreateFile { path } => {
                self.start.files.push(Vec::new());
                vec![(within(path), Some(Node::File(self.start.files.len() - 1)))]
            }
            Operation::Rename { from, to } => {
                vec![(within(from), None), (within(to), Some(Node::File(file(live, from))))]
            }
            Operation::Link { from, to } => vec![(within(to), Some(Node::File(file(live, from))))],
            Operation::Unlink { path } => vec![(within(path), None)],
            Operation::WriteFile { path, position, octets } => {
                let position = usize::try_from(*position).unwrap();
                let change = Change::Octets { file: file(live, path), position, octets: octets.clone() };
                self.changes.push((at, change));
                return;
            }
            Operation::CutFile { path, length } => {
                let length = usize::try_from(*length).unwrap();
                self.changes.push((at, Change::Length { file: file(live, path), length }));
                return;
            }
            Operation::SyncFile { path } => {
                self.files.entry(file(live, path)).or_default().push(at);
                return;
            }
            Operation::SyncFolder { path } => {
                self.folders.entry(within(path)).or_default().push(at);
                return;
            }
        };
        let change = Change::Names(names);
        let mut tree = Tree { names: std::mem::take(live), files: Vec::new() };
        change.apply(&mut tree, Fate::Whole);
        *live = tree.names;
        self.changes.push((at, change));
    }

    /// How many moments there are: before the first operation, behind each.
    pub fn moments(&self) -> std::ops::RangeInclusive<usize> {
        0..=self.operations
    }

    /// What a killed process leaves behind the first `moment` operations: the machine goes on, and nothing is lost.
    #[allow(dead_code, reason = "not every test kills before the power goes")]
    pub fn as_done(&self, moment: usize) -> Tree {
        let mut tree = self.start.clone();
        for (_, change) in self.changes.iter().filter(|(at, _)| *at < moment) {
            change.apply(&mut tree, Fate::Whole);
        }
        tree
    }

    /// What a crash may leave behind the first `moment` operations, each state once.
    pub fn states(&self, moment: usize, random: &mut Random) -> Vec<Tree> {
        let changes: Vec<&(usize, Change)> = self.changes.iter().filter(|(at, _)| *at < moment).collect();
        let open: Vec<usize> = (0..changes.len())
            .filter(|index| !self.is_durable(&changes[*index].1, changes[*index].0, moment))
            .collect();
        let choices = |index: &usize| changes[*index].1.fates().len();
        let all = open.iter().try_fold(1_usize, |product, index| product.checked_mul(choices(index)));
        let mut seen = BTreeSet::new();
        let mut states = Vec::new();
        for plan in plans(&open.iter().map(choices).collect::<Vec<_>>(), all, random) {
            let mut tree = self.start.clone();
            for (index, (_, change)) in changes.iter().enumerate() {
                let place = open.binary_search(&index);
                change.apply(&mut tree, place.map_or(Fate::Whole, |place| change.fates()[plan[place]]));
            }
            let mut hasher = DefaultHasher::new();
            tree.hash(&mut hasher);
            if seen.insert(hasher.finish()) {
                states.push(tree);
            }
        }
        states
    }

    fn is_durable(&self, change: &Change, at: usize, moment: usize) -> bool {
        let synced =
            |times: Option<&Vec<usize>>| times.is_some_and(|times| times.iter().any(|t| (at..moment).contains(t)));
        match change {
            Change::Names(names) => names.iter().all(|(name, _)| synced(self.folders.get(name.parent().unwrap()))),
            Change::Octets { file, .. } | Change::Length { file, .. } => synced(self.files.get(file)),
        }
    }
}

/// One fate for each change that is open: all combinations, or those that are likely to hurt and some by chance.
fn plans(choices: &[usize], all: Option<usize>, random: &mut Random) -> Vec<Vec<usize>> {
    if let Some(all) = all.filter(|all| *all <= EXHAUSTIVE_MAX) {
        let digits = |mut number: usize| {
            let digit = |choices: &usize| {
                let digit = number % choices;
                number /= choices;
                digit
            };
            choices.iter().map(digit).collect()
        };
        return (0..all).map(digits).collect();
    }
    let mut plans = vec![vec![0; choices.len()], vec![1; choices.len()]];
    for index in 0..choices.len().min(SAMPLED) {
        let index = if choices.len() > SAMPLED { random.below(choices.len()) } else { index };
        for (others, one) in [(0, 1), (1, 0)] {
            let mut plan = vec![others; choices.len()];
            plan[index] = one;
            plans.push(plan);
        }
    }
    plans.extend((0..SAMPLED).map(|_| choices.iter().map(|choices| random.below(*choices)).collect()));
    plans
}

/// Chance that can be repeated (xorshift).
#[derive(Debug)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 11) % bound as u64).unwrap()
    }
}
