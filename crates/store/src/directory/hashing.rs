//! Password hashes take turns: a bounded number at the same time, off the threads that serve clients, and those who
//! look like guessers behind those who do not.
//!
//! ```text
//!   check(suspicion) ──► waiting, bounded ──► at most `at_once` threads
//!                          least suspicious first; among equals the newest and the oldest by turns, so that a crowd
//!                          holds up neither who came after it nor who came before
//!                          every eighth turn the oldest of all, so that nobody waits for ever
//! ```
//!
//! A flood of guesses fills the line with suspicious ones: when it is full, the most suspicious that has waited longest
//! is turned away, and never somebody of whom nothing bad is known while a guesser waits.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use watchpost_proto::Password;
use watchpost_proto::planted::planted;

#[cfg(feature = "planted")]
use super::secret::Kind;
use super::secret::{Memory, Secret, Verdict};

/// Checks that wait at the same time, at the most. At the dearest usual cost that is half a minute of one core.
const WAITING_MAX: usize = 1024;
/// Who has not had a turn after this long is told to come back.
const PATIENCE: Duration = Duration::from_secs(20);
/// Of so many turns one goes to the oldest.
const OLDEST_EVERY: u64 = 8;

/// How much somebody looks like a guesser: zero for those of whom nothing bad is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Suspicion(pub(super) u8);

impl Suspicion {
    /// For what nobody waits for: only when nothing else is to be done.
    pub(super) const IDLE: Self = Self(u8::MAX);
}

/// A password and what it may prove.
pub(super) struct Check {
    pub(super) password: Password,
    /// What the account keeps; none when there is no such account, or when it was verified already.
    pub(super) own: Option<Arc<Secret>>,
    /// What is verified besides when the password is wrong, so that every refusal costs the same (S-021).
    pub(super) decoys: Vec<Arc<Secret>>,
}

/// There are too many checks for this one to be done in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords wait to be verified")]
pub(super) struct Crowded;

/// Where password hashes are verified.
pub(super) struct Hashing {
    line: Arc<Mutex<Line>>,
    patience: Duration,
}

struct Line {
    at_once: usize,
    running: usize,
    arrived: u64,
    turns: u64,
    waiting: BTreeMap<Turn, Waiting>,
    /// How many of each kind were verified, for tests that count instead of measuring time.
    #[cfg(feature = "planted")]
    verified: BTreeMap<Kind, u64>,
}

/// The order of the line.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    suspicion: Suspicion,
    arrived: Reverse<u64>,
}

struct Waiting {
    check: Check,
    answer: oneshot::Sender<Verdict>,
}

impl Hashing {
    /// So many at the same time.
    pub(super) fn new(at_once: NonZeroUsize) -> Self {
        let line = Line {
            at_once: at_once.get(),
            running: 0,
            arrived: 0,
            turns: 0,
            waiting: BTreeMap::new(),
            #[cfg(feature = "planted")]
            verified: BTreeMap::new(),
        };
        Self { line: Arc::new(Mutex::new(line)), patience: PATIENCE }
    }

    /// So many at the same time from now on.
    pub(super) fn set_at_once(&self, at_once: NonZeroUsize) {
        locked(&self.line).at_once = at_once.get();
    }

    /// Waits for a turn, and for what comes of it. Dropping the future gives the turn up.
    pub(super) async fn check(&self, suspicion: Suspicion, check: Check) -> Result<Verdict, Crowded> {
        let (answer, verdict) = oneshot::channel();
        if locked(&self.line).enter(suspicion, Waiting { check, answer }) {
            let line = Arc::clone(&self.line);
            tokio::task::spawn_blocking(move || work(&line));
        }
        match tokio::time::timeout(self.patience, verdict).await {
            Ok(Ok(verdict)) => Ok(verdict),
            Ok(Err(_)) | Err(_) => Err(Crowded),
        }
    }

    /// How many secrets of each kind were verified.
    #[cfg(feature = "planted")]
    pub(super) fn verified(&self) -> BTreeMap<Kind, u64> {
        locked(&self.line).verified.clone()
    }
}

impl Line {
    /// Takes a place. `true`: a thread is free, and counted as running from now on.
    fn enter(&mut self, suspicion: Suspicion, waiting: Waiting) -> bool {
        let suspicion = if planted("store.guessers-wait-among-all") { Suspicion(0) } else { suspicion };
        self.arrived += 1;
        self.waiting.insert(Turn { suspicion, arrived: Reverse(self.arrived) }, waiting);
        if self.waiting.len() > WAITING_MAX {
            self.waiting.pop_last();
        }
        let free = self.running < self.at_once;
        if free {
            self.running += 1;
        }
        free
    }

    /// Whose turn it is. `None`: nobody waits, and the thread that asked is free.
    fn next(&mut self) -> Option<Waiting> {
        while self.running <= self.at_once {
            self.turns += 1;
            let waiting = match self.turns {
                turn if turn.is_multiple_of(OLDEST_EVERY) => self.oldest(),
                turn if turn.is_multiple_of(2) => self.oldest_of_the_first(),
                _ => None,
            };
            let Some(waiting) = waiting.or_else(|| Some(self.waiting.pop_first()?.1)) else { break };
            // Who has left needs no hash.
            if !waiting.answer.is_closed() {
                return Some(waiting);
            }
        }
        self.running -= 1;
        None
    }

    /// Among the least suspicious, who has waited longest.
    fn oldest_of_the_first(&mut self) -> Option<Waiting> {
        let suspicion = self.waiting.keys().next()?.suspicion;
        let end = Turn { suspicion, arrived: Reverse(0) };
        let oldest = *self.waiting.range(..=end).next_back()?.0;
        self.waiting.remove(&oldest)
    }

    fn oldest(&mut self) -> Option<Waiting> {
        let urgent = self.waiting.keys().filter(|turn| turn.suspicion < Suspicion::IDLE);
        let oldest = *urgent.max_by_key(|turn| turn.arrived)?;
        self.waiting.remove(&oldest)
    }
}

/// Works until nobody waits.
fn work(line: &Mutex<Line>) {
    let thread = Thread(line);
    let mut memory = Memory::default();
    while let Some(Waiting { check, answer }) = thread.next() {
        let verdict = check.verdict(&mut memory, |secret| count(line, secret));
        // Who has left meanwhile is not told.
        let _ = answer.send(verdict);
    }
}

/// A thread that is counted as running. A panic must not take its place away for ever.
struct Thread<'a>(&'a Mutex<Line>);

impl Thread<'_> {
    fn next(&self) -> Option<Waiting> {
        locked(self.0).next()
    }
}

impl Drop for Thread<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            locked(self.0).running -= 1;
        }
    }
}

impl Check {
    fn verdict(&self, memory: &mut Memory, count: impl Fn(&Secret)) -> Verdict {
        if let Some(own) = &self.own {
            count(own);
            if own.verify(&self.password, memory) == Verdict::Right {
                return Verdict::Right;
            }
        }
        for decoy in &self.decoys {
            count(decoy);
            // It proves nothing, whatever it says.
            let _ = decoy.verify(&self.password, memory);
        }
        Verdict::Wrong
    }
}

#[cfg(feature = "planted")]
fn count(line: &Mutex<Line>, secret: &Secret) {
    if let Some(kind) = secret.kind() {
        *locked(line).verified.entry(kind).or_default() += 1;
    }
}

#[cfg(not(feature = "planted"))]
const fn count(_: &Mutex<Line>, _: &Secret) {}

fn locked(line: &Mutex<Line>) -> MutexGuard<'_, Line> {
    // Nothing of ours can panic while it is held.
    line.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Hashing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Hashing(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line with these in it, in this order, and the receivers that keep them from having left.
    fn line(suspicions: &[u8]) -> (Line, Vec<oneshot::Receiver<Verdict>>) {
        let hashing = Hashing::new(NonZeroUsize::MIN);
        let mut line = Arc::into_inner(hashing.line).unwrap().into_inner().unwrap();
        let mut receivers = Vec::new();
        for (name, suspicion) in suspicions.iter().enumerate() {
            receivers.push(enter(&mut line, *suspicion, name));
        }
        (line, receivers)
    }

    fn enter(line: &mut Line, suspicion: u8, name: usize) -> oneshot::Receiver<Verdict> {
        let (answer, receiver) = oneshot::channel();
        let check = Check { password: Password::new(name.to_string()), own: None, decoys: Vec::new() };
        line.enter(Suspicion(suspicion), Waiting { check, answer });
        receiver
    }

    fn name(waiting: &Waiting) -> usize {
        std::str::from_utf8(waiting.check.password.expose()).unwrap().parse().unwrap()
    }

    fn order(line: &mut Line) -> Vec<usize> {
        std::iter::from_fn(|| line.next()).map(|waiting| name(&waiting)).collect()
    }

    #[test]
    fn who_is_not_suspicious_goes_first_and_the_newest_of_equals() {
        let (mut line, _receivers) = line(&[9, 0, 3, 0, 255, 3]);
        assert_eq!(order(&mut line), [3, 1, 5, 2, 0, 4]);
        assert_eq!(line.running, 0, "the thread is free again");
    }

    #[test]
    fn a_fresh_login_overtakes_a_crowd_of_guessers() {
        let (mut line, mut receivers) = line(&[8; 64]);
        receivers.push(enter(&mut line, 0, 64));
        assert_eq!(name(&line.next().unwrap()), 64);
    }

    #[test]
    fn a_crowd_holds_up_neither_who_came_before_nor_who_comes_after() {
        let (mut line, mut receivers) = line(&[0; 65]);
        let first = [name(&line.next().unwrap()), name(&line.next().unwrap())];
        assert_eq!(first, [64, 0], "the newest, then the oldest");
        receivers.push(enter(&mut line, 0, 99));
        assert_eq!(name(&line.next().unwrap()), 99);
    }

    #[test]
    fn nobody_waits_for_ever() {
        let (mut line, mut receivers) = line(&[200]);
        let mut turns = 1;
        while {
            receivers.push(enter(&mut line, 0, turns));
            name(&line.next().unwrap()) != 0
        } {
            turns += 1;
        }
        assert!(turns <= usize::try_from(OLDEST_EVERY).unwrap(), "{turns} others went first");
    }

    #[test]
    fn what_nobody_waits_for_never_takes_a_turn_from_others() {
        let (mut line, mut receivers) = line(&[255]);
        for turn in 1..100 {
            receivers.push(enter(&mut line, 100, turn));
            assert_eq!(name(&line.next().unwrap()), turn);
        }
    }

    #[test]
    fn a_full_line_turns_the_most_suspicious_away() {
        let (mut line, mut receivers) = line(&[]);
        for place in 0..WAITING_MAX {
            receivers.push(enter(&mut line, if place < 2 { 9 } else { 5 }, place));
        }
        receivers.push(enter(&mut line, 0, 5000));
        receivers.push(enter(&mut line, 9, 6000));
        assert_eq!(line.waiting.len(), WAITING_MAX);
        let mut turned_away = Vec::new();
        for (place, receiver) in receivers.iter_mut().enumerate() {
            if receiver.try_recv() == Err(oneshot::error::TryRecvError::Closed) {
                turned_away.push(place);
            }
        }
        assert_eq!(turned_away, [0, 1], "the oldest of the most suspicious");
        assert_eq!(name(&line.next().unwrap()), 5000);
    }

    #[test]
    fn who_has_left_needs_no_hash() {
        let (mut line, mut receivers) = line(&[0, 0, 0]);
        receivers.remove(1);
        assert_eq!(order(&mut line), [2, 0]);
    }

    #[tokio::test]
    async fn no_more_are_verified_at_a_time_than_allowed() {
        let hashing = Hashing::new(NonZeroUsize::new(2).unwrap());
        let check = || Check {
            password: Password::new("x"),
            own: Secret::parse("{PLAIN}x").ok().map(Arc::new),
            decoys: Vec::new(),
        };
        for _ in 0..50 {
            assert_eq!(hashing.check(Suspicion(0), check()).await, Ok(Verdict::Right));
        }
        let mut line = locked(&hashing.line);
        line.running = 0;
        let mut begin = || line.enter(Suspicion(0), Waiting { check: check(), answer: oneshot::channel().0 });
        assert_eq!([begin(), begin(), begin(), begin()], [true, true, false, false]);
    }

    #[tokio::test]
    async fn who_waits_too_long_is_told_to_come_back() {
        let hashing = Hashing { patience: Duration::from_millis(1), ..Hashing::new(NonZeroUsize::MIN) };
        locked(&hashing.line).running = 1;
        let check = Check { password: Password::new("x"), own: None, decoys: Vec::new() };
        assert_eq!(hashing.check(Suspicion(0), check).await, Err(Crowded));
    }
}
