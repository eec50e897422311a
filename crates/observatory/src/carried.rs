//! What outlives a restart: where owners are at home, what is usual for them, and bans.
//!
//! A [`Classifier`] notes what changes of it; the journal keeps it in rows, written together with the events that
//! changed it, and gives it back at the next start.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasherDefault;

use serde::{Deserialize, Serialize};
use watchpost_proto::planted::planted;

use crate::account::Account;
use crate::answers::Ban;
use crate::classify::Classifier;
use crate::event::AccountChange;
use crate::sketch::Seconds;
use crate::table::KeyedHasher;
use crate::trust::Home;
use crate::volume::Volume;

/// What outlives a restart. It is of use under the same [`HashKey`](crate::HashKey) alone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Carried {
    /// Where owners are at home.
    pub homes: Vec<Home>,
    /// Bans, over or not: the next one is longer.
    pub bans: Vec<Ban>,
    /// What is usual for accounts.
    #[serde(default)]
    pub habits: Vec<Habit>,
    /// Programs that owners use.
    #[serde(default)]
    pub tools: Vec<UsedTool>,
}

/// What is usual for an account.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Habit {
    /// The account, canonical.
    pub account: String,
    /// Sessions in which the owner removed mail, all of it retrieved.
    pub removals: u16,
    /// What it retrieves in a day.
    pub volume: Volume,
}

/// A program that an owner used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsedTool {
    /// A number that stands for it.
    pub tool: u64,
    /// When last, in seconds since 1970.
    pub last: u32,
}

/// What changed of [`Carried`].
#[derive(Clone, Debug, PartialEq)]
pub enum Learned {
    /// All of it, whatever was kept before.
    Everything(Carried),
    /// Some of it.
    Some(Changes),
}

/// What changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// All homes of an account, none where it has none any more.
    pub homes: BTreeMap<String, Vec<Home>>,
    /// What is usual for an account; `None`: it is gone.
    pub habits: BTreeMap<String, Option<Habit>>,
    /// Programs that owners used.
    pub tools: Vec<UsedTool>,
    /// New bans.
    pub bans: Vec<Ban>,
}

/// What changed since it was last asked for. Each is noted once, however often it changes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unkept {
    /// Accounts whose homes are others, by mark.
    homes: Noted<String>,
    habits: Noted<String>,
    tools: Noted<Seconds>,
    bans: Vec<Ban>,
    /// Nobody asked for long: everything may have changed.
    everything: bool,
    must_be_kept: bool,
}

/// By mark. Marks are made under a key: nobody can make them collide.
type Noted<T> = HashMap<u64, T, BuildHasherDefault<KeyedHasher>>;

/// Changes of one kind that are remembered one by one.
const CHANGES_MAX: usize = 2048;

impl Unkept {
    pub(crate) fn home(&mut self, account: u64, name: &str) {
        Self::note(&mut self.homes, &mut self.everything, account, || name.to_owned());
    }

    /// Its owner is at home in fewer places: a crash must not bring them back.
    pub(crate) fn less_home(&mut self, account: u64, name: &str) {
        self.must_be_kept = true;
        self.home(account, name);
    }

    pub(crate) fn habit(&mut self, account: u64, name: &str) {
        Self::note(&mut self.habits, &mut self.everything, account, || name.to_owned());
    }

    pub(crate) fn tool(&mut self, tool: u64, last: Seconds) {
        if let Some(known) = Self::note(&mut self.tools, &mut self.everything, tool, || last) {
            *known = last;
        }
    }

    pub(crate) fn ban(&mut self, ban: Ban) {
        // A ban that is not kept would be over with the process.
        self.must_be_kept = true;
        self.everything |= self.bans.len() >= CHANGES_MAX;
        if !self.everything {
            self.bans.push(ban);
        }
    }

    fn note<'a, T>(
        noted: &'a mut Noted<T>,
        everything: &mut bool,
        mark: u64,
        change: impl FnOnce() -> T,
    ) -> Option<&'a mut T> {
        *everything |= noted.len() >= CHANGES_MAX;
        (!*everything).then(|| noted.entry(mark).or_insert_with(change))
    }

    fn is_empty(&self) -> bool {
        let nothing = self.homes.is_empty() && self.habits.is_empty();
        !self.everything && nothing && self.tools.is_empty() && self.bans.is_empty()
    }
}

impl Classifier {
    /// What outlives a restart.
    pub fn carried(&self) -> Carried {
        let sources = self.sources.iter().filter(|(_, offender)| offender.bans > 0);
        let sources = sources.map(|(network, offender)| (*network, offender.banned_until, offender.bans));
        let nets = self.nets.iter().filter(|(_, net)| net.bans > 0);
        let nets = nets.map(|(network, net)| (*network, net.banned_until, net.bans));
        let enforced = self.settings.enforces();
        let ban = |(network, until, times)| Ban {
            network,
            since: 0,
            until,
            times,
            keyhole: false,
            exported: false,
            enforced,
        };
        Carried {
            homes: self.trust.homes(),
            bans: sources.chain(nets).map(ban).collect(),
            habits: self.habits.iter().map(|(_, habit)| habit.clone()).collect(),
            tools: self.tools.iter().map(|(tool, last)| UsedTool { tool: *tool, last: *last }).collect(),
        }
    }

    /// Takes back what [`Classifier::carried`] gave.
    pub fn restore(&mut self, carried: &Carried) {
        self.restore_owners(carried);
        for ban in &carried.bans {
            if ban.network == ban.network.net() {
                let (net, _) = self.nets.entry(ban.network, Default::default);
                (net.banned_until, net.bans) = (ban.until, ban.times);
            } else {
                let (offender, _) = self.sources.entry(ban.network, Default::default);
                (offender.banned_until, offender.bans) = (ban.until, ban.times);
            }
        }
    }

    fn restore_owners(&mut self, carried: &Carried) {
        if planted("observatory.trust-not-restored") {
            return;
        }
        for home in &carried.homes {
            let mark = self.account_mark(&home.account);
            self.trust.restore(mark, home);
            self.restore_tool(UsedTool { tool: home.tool, last: home.last });
        }
        carried.tools.iter().for_each(|used| self.restore_tool(*used));
        for habit in &carried.habits {
            let mark = self.account_mark(&habit.account);
            self.restore_habit(mark, habit.clone());
        }
    }

    fn restore_tool(&mut self, used: UsedTool) {
        let (last, _) = self.tools.entry(used.tool, Default::default);
        *last = (*last).max(used.last);
    }

    fn restore_habit(&mut self, mark: u64, habit: Habit) {
        let (known, _) = self.habits.entry(mark, || habit.clone());
        *known = habit;
    }

    /// A replay comes to where the server began with this: what is no longer in the journal of owners, it knows from
    /// here. Bans stay as the replay made them, for its numbers may be others.
    pub fn begin_with(&mut self, carried: &Carried) {
        let bans = self.carried().bans;
        self.forget_everything();
        self.restore(&Carried { bans, ..carried.clone() });
    }

    /// What changed of it since this was last asked; `None`: nothing did.
    pub fn learned(&mut self) -> Option<Learned> {
        if self.unkept.is_empty() {
            return None;
        }
        let Unkept { homes, habits, tools, bans, everything, .. } = std::mem::take(&mut self.unkept);
        if everything {
            return Some(Learned::Everything(self.carried()));
        }
        let homes = homes.into_iter().map(|(mark, name)| {
            let homes = self.trust.homes_of(mark, &name);
            (name, homes)
        });
        let habits = habits.into_iter().map(|(mark, name)| {
            let habit = self.habits.peek(&mark).filter(|habit| habit.account == name).cloned();
            (name, habit)
        });
        let mut tools: Vec<_> = tools.into_iter().map(|(tool, last)| UsedTool { tool, last }).collect();
        tools.sort_by_key(|used| used.tool);
        Some(Learned::Some(Changes { homes: homes.collect(), habits: habits.collect(), tools, bans }))
    }

    /// Whether something changed of it that a crash must not undo: a ban, or the trust of an account.
    pub fn must_be_kept(&self) -> bool {
        self.unkept.must_be_kept
    }

    /// An account is another than it was. Who knew the old password is at home nowhere, and who is kept out neither.
    pub(crate) fn account_changed(&mut self, account: &str, change: AccountChange) {
        if change == AccountChange::Enabled || planted("observatory.password-change-keeps-trust") {
            return;
        }
        let mark = self.account_mark(account);
        self.trust.forget(mark);
        self.unkept.less_home(mark, account);
        if change == AccountChange::Removed {
            // Somebody else may get the name.
            self.habits.remove(&mark);
            self.unkept.habit(mark, account);
            if let Some(account) = self.accounts.get_mut(&mark) {
                *account = Account::default();
            }
        }
    }

    /// What is usual for an account, to be changed.
    pub(crate) fn habit(&mut self, mark: u64, name: &str) -> &mut Habit {
        self.unkept.habit(mark, name);
        let fresh = || Habit { account: name.to_owned(), removals: 0, volume: Volume::default() };
        let (habit, gone) = self.habits.entry(mark, fresh);
        if let Some((mark, gone)) = gone {
            self.unkept.habit(mark, &gone.account);
        }
        habit
    }

    /// Octets that habits take.
    pub(crate) fn octets_of_habits(&self) -> usize {
        let names: usize = self.habits.iter().map(|(_, habit)| habit.account.capacity()).sum();
        self.habits.octets() + names
    }
}

impl Carried {
    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What was known before a moment, of which no event may be left: homes that were first seen before it, as if they
    /// had last been seen then.
    #[must_use]
    pub fn known_before(mut self, moment: Seconds) -> Self {
        self.homes.retain(|home| home.first < moment);
        for home in &mut self.homes {
            home.last = home.last.min(moment);
        }
        Self { homes: self.homes, ..Self::default() }
    }
}
