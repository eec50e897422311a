//! Which messages to fetch, to look at, to remove: a function of what the server lists, what was seen, and what is wanted.

use std::collections::{HashMap, HashSet, VecDeque};

use watchpost_proto::planted::planted;

use super::fingerprint::Print;
use super::journal::{Entry, Fate, Seen};
use super::listing::{Ids, Listing};

/// How long mail stays on the server once it was delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// Until it was delivered.
    Never,
    /// For ever.
    Forever,
    /// So many days.
    Days(u32),
    /// As long as it is among the so many newest.
    Newest(u32),
}

/// What is wanted of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How long mail stays on the server.
    pub leave: Leave,
    /// Larger messages are left alone.
    pub octets_max: Option<u64>,
    /// Messages of one session.
    pub session_messages: Option<u32>,
    /// Octets of one session.
    pub session_octets: Option<u64>,
    /// Whether headers decide: every new message is looked at first.
    pub by_header: bool,
}

/// A message that fails this often is left alone and reported (C-071).
pub const FAILURES_MAX: u32 = 3;

/// Why a message may have been delivered already, though its unique-id does not say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// It cannot: it is new.
    None,
    /// Its unique-id was delivered, but with another size, or the server has said that it was removed.
    Changed,
    /// Several messages have this unique-id (C-034).
    Shared,
    /// The server may have given new unique-ids to all (a migration).
    Renamed,
    /// The server has no unique-ids.
    Nameless,
}

/// What to do with one message, by its place in the listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// TOP: its header decides.
    Look(u32, Doubt),
    /// RETR.
    Fetch(u32, Doubt),
    /// DELE: it was delivered, and its time has come.
    Remove(u32),
}

impl Step {
    /// The same with the message that is so many places behind.
    fn following(self, places: u32) -> Self {
        match self {
            Self::Look(number, doubt) => Self::Look(number + places, doubt),
            Self::Fetch(number, doubt) => Self::Fetch(number + places, doubt),
            Self::Remove(number) => Self::Remove(number + places),
        }
    }
}

/// Steps, those of a kind with messages in a row as one: most maildrops need a few such runs, whatever their size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Steps(VecDeque<Run>);

/// A step, and how many messages it is for: this one and those behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    step: Step,
    messages: u32,
}

impl Steps {
    /// The next one.
    pub fn front(&self) -> Option<Step> {
        self.0.front().map(|run| run.step)
    }

    /// Takes the next one.
    pub fn pop_front(&mut self) -> Option<Step> {
        let run = self.0.front_mut()?;
        let step = run.step;
        *run = Run { step: step.following(1), messages: run.messages - 1 };
        if run.messages == 0 {
            self.0.pop_front();
        }
        Some(step)
    }

    /// Adds one that comes next.
    pub fn push_front(&mut self, step: Step) {
        self.0.push_front(Run { step, messages: 1 });
    }

    /// Adds one that comes last.
    pub fn push(&mut self, step: Step) {
        match self.0.back_mut() {
            Some(run) if run.messages < u32::MAX && run.step.following(run.messages) == step => run.messages += 1,
            _ => self.0.push_back(Run { step, messages: 1 }),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Gives all of them up.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = Step> {
        self.0.iter().flat_map(|run| (0..run.messages).map(|places| run.step.following(places)))
    }
}

/// What to do, and what is left alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// In the order of the listing.
    pub steps: Steps,
    /// Larger than wanted.
    pub too_large: Vec<usize>,
    /// Failed too often.
    pub given_up: Vec<usize>,
    /// Without a unique-id, in a maildrop whose mail is to stay.
    pub nameless: usize,
    /// For a later session.
    pub postponed: usize,
    /// Delivered by us, said to be removed, and listed again.
    pub returned: usize,
}

/// Delivered messages that the server does not list: candidates for new unique-ids.
#[derive(Clone, Debug, Default)]
pub struct Orphans {
    /// By the size that LIST gave and the header, and by the whole message.
    pub by_header: HashMap<(u64, Print), Box<str>>,
    /// By everything that RETR gave.
    pub by_whole: HashMap<Print, Box<str>>,
    sizes: HashSet<u64>,
    /// Whether so many are missing that the server may have renamed all.
    suspected: bool,
}

impl Orphans {
    /// Half of what the server should list is missing: that is no daily business.
    pub fn of(seen: &Seen, ids: &Ids<'_>) -> Self {
        let mut orphans = Self::default();
        let (mut expected, mut missing) = (0_usize, 0_usize);
        for (key, entry) in seen.entries.iter() {
            let id = key.split(' ').next().unwrap_or(key);
            let listed = ids.contains(id);
            expected += usize::from(entry.fate == Fate::Listed);
            missing += usize::from(entry.fate == Fate::Listed && !listed);
            if let (false, Some(prints)) = (listed, entry.prints) {
                orphans.by_header.insert((prints.listed, prints.header), key.into());
                orphans.by_whole.insert(prints.whole, key.into());
                orphans.sizes.insert(prints.listed);
            }
        }
        let all_gone = seen.entries.iter().any(|(_, entry)| matches!(entry.fate, Fate::Gone(_)));
        orphans.suspected = seen.renaming || (missing > 0 && missing * 2 >= expected) || (expected == 0 && all_gone);
        orphans
    }

    /// Whether messages with unknown unique-ids are compared with these.
    pub fn suspected(&self) -> bool {
        self.suspected && !self.by_whole.is_empty() && !planted("fetch.ignores-new-unique-ids")
    }
}

/// Decides about every message. `now`: seconds since 1970.
pub fn plan(listing: &Listing, seen: &Seen, orphans: &Orphans, policy: &Policy, now: u64) -> Plan {
    let ids = listing.ids();
    let mut plan = Plan::default();
    let mut budget = Budget { messages: policy.session_messages, octets: policy.session_octets };
    let newest_from = match policy.leave {
        Leave::Newest(count) => listing.len().saturating_sub(count as usize),
        _ => listing.len(),
    };
    for number in 0..u32::try_from(listing.len()).unwrap_or(u32::MAX) {
        let index = number as usize;
        let octets = listing.octets(index);
        let (key, doubt) = match listing.id(index) {
            None if policy.leave != Leave::Never => {
                plan.nameless += 1;
                continue;
            }
            None => ("", Doubt::Nameless),
            Some(id) if ids.is_shared(id) => (id, Doubt::Shared),
            Some(id) => match seen.entries.get(id) {
                Some(entry) if is_same(&entry, octets) => {
                    let due = match policy.leave {
                        Leave::Never => true,
                        Leave::Forever => false,
                        Leave::Days(days) => entry.seconds.saturating_add(u64::from(days) * 86_400) <= now,
                        Leave::Newest(_) => index < newest_from,
                    };
                    if due {
                        plan.steps.push(Step::Remove(number));
                    }
                    continue;
                }
                Some(entry) => {
                    plan.returned += usize::from(entry.fate == Fate::Deleted);
                    (id, Doubt::Changed)
                }
                None if orphans.suspected() => (id, Doubt::Renamed),
                None => (id, Doubt::None),
            },
        };
        if seen.failures.get(key).is_some_and(|times| *times >= FAILURES_MAX) && !planted("fetch.never-gives-up") {
            plan.given_up.push(index);
        } else if policy.octets_max.is_some_and(|max| octets.is_some_and(|octets| octets > max)) {
            plan.too_large.push(index);
        } else if !budget.takes(octets.unwrap_or_default()) {
            plan.postponed += 1;
        } else {
            let may_be_known = doubt == Doubt::Renamed && octets.is_some_and(|octets| orphans.sizes.contains(&octets));
            let look = may_be_known || (policy.by_header && doubt != Doubt::Changed);
            plan.steps.push(if look { Step::Look(number, doubt) } else { Step::Fetch(number, doubt) });
        }
    }
    plan
}

/// Whether the message listed is the one that was delivered: the unique-id is the same, and the size has not changed.
fn is_same(entry: &Entry, octets: Option<u64>) -> bool {
    if planted("fetch.believes-a-reused-unique-id") {
        return true;
    }
    let same_size = entry.prints.is_none_or(|prints| octets.is_none_or(|octets| octets == prints.listed));
    entry.fate != Fate::Deleted && same_size
}

/// What may still be fetched in this session. One message always may.
struct Budget {
    messages: Option<u32>,
    octets: Option<u64>,
}

impl Budget {
    fn takes(&mut self, octets: u64) -> bool {
        if self.messages == Some(0) || self.octets == Some(0) {
            return false;
        }
        self.messages = self.messages.map(|messages| messages - 1);
        self.octets = self.octets.map(|left| left.saturating_sub(octets));
        true
    }
}

#[cfg(test)]
mod tests {
    use watchpost_proto::{MessageNumber, Octets};

    use super::super::fingerprint::{Fingerprint, Fingerprinter};
    use super::*;

    const NOW: u64 = 100 * 86_400;

    fn prints(text: &str, listed: u64) -> Fingerprint {
        let mut prints = Fingerprinter::default();
        prints.push(text.as_bytes());
        prints.finish(listed)
    }

    /// "id:octets", an id of "-" being none.
    fn listing(messages: &[&str]) -> Listing {
        let mut listing = Listing::of(messages.len());
        for (index, message) in messages.iter().enumerate() {
            let (id, octets) = message.split_once(':').unwrap();
            let number = MessageNumber::from_index(index).unwrap();
            listing.size(number, Octets(octets.parse().unwrap())).unwrap();
            if id != "-" {
                listing.unique_id(number, id).unwrap();
            }
        }
        listing
    }

    /// Delivered so many days ago.
    fn seen(messages: &[(&str, u64, u64, Fate)]) -> Seen {
        let mut seen = Seen::default();
        for (id, octets, days, fate) in messages {
            let entry = Entry { prints: Some(prints(id, *octets)), seconds: NOW - days * 86_400, fate: *fate };
            seen.entries.insert(id, &entry);
        }
        seen
    }

    fn policy(leave: Leave) -> Policy {
        Policy { leave, octets_max: None, session_messages: None, session_octets: None, by_header: false }
    }

    fn planned(listed: &[&str], seen: &Seen, policy: &Policy) -> Plan {
        let listing = listing(listed);
        let orphans = Orphans::of(seen, &listing.ids());
        plan(&listing, seen, &orphans, policy, NOW)
    }

    fn steps_of(plan: &Plan) -> Vec<Step> {
        plan.steps.iter().collect()
    }

    #[test]
    fn steps_come_as_they_were_added_and_like_ones_take_no_room() {
        let kinds = |number| match number % 7 {
            0 => Step::Look(number, Doubt::None),
            1 => Step::Remove(number),
            2 => Step::Fetch(number, Doubt::Changed),
            _ => Step::Fetch(number, Doubt::None),
        };
        let all: Vec<Step> =
            (0..70).map(kinds).chain((200..100_000).map(|number| Step::Fetch(number, Doubt::None))).collect();
        let mut steps = Steps::default();
        for step in &all {
            steps.push(*step);
        }
        assert_eq!(steps.iter().collect::<Vec<_>>(), all);
        assert!(steps.0.len() < 50, "{}", steps.0.len());
        for step in &all {
            assert_eq!(steps.front(), Some(*step));
            // One that turns out to need another step first.
            let taken = steps.pop_front().unwrap();
            steps.push_front(taken);
            assert_eq!(steps.pop_front(), Some(*step));
        }
        assert!(steps.is_empty() && steps.pop_front().is_none());
    }

    #[test]
    fn what_was_delivered_stays_or_goes_as_the_policy_says() {
        // C-060, C-062, C-065
        let known = seen(&[("a", 1, 9, Fate::Listed), ("b", 1, 2, Fate::Listed)]);
        let listed = ["a:1", "b:1", "c:1"];
        for (leave, steps) in [
            (Leave::Forever, vec![Step::Fetch(2, Doubt::None)]),
            (Leave::Never, vec![Step::Remove(0), Step::Remove(1), Step::Fetch(2, Doubt::None)]),
            (Leave::Days(7), vec![Step::Remove(0), Step::Fetch(2, Doubt::None)]),
            (Leave::Days(10), vec![Step::Fetch(2, Doubt::None)]),
            (Leave::Newest(2), vec![Step::Remove(0), Step::Fetch(2, Doubt::None)]),
            (Leave::Newest(9), vec![Step::Fetch(2, Doubt::None)]),
        ] {
            assert_eq!(steps_of(&planned(&listed, &known, &policy(leave))), steps, "{leave:?}");
        }
    }

    #[test]
    fn a_unique_id_is_believed_only_with_its_size_and_never_behind_a_removal() {
        // C-034, C-062: what looks reused is compared octet for octet before anything is removed.
        let known = seen(&[("a", 1, 9, Fate::Listed), ("b", 1, 2, Fate::Deleted), ("s", 1, 2, Fate::Listed)]);
        let plan = planned(&["a:2", "b:1", "s:1", "s:1"], &known, &policy(Leave::Never));
        let expected = [(0, Doubt::Changed), (1, Doubt::Changed), (2, Doubt::Shared), (3, Doubt::Shared)];
        assert_eq!(steps_of(&plan), expected.map(|(index, doubt)| Step::Fetch(index, doubt)));
        assert_eq!(plan.returned, 1);
    }

    #[test]
    fn new_unique_ids_for_everything_are_noticed() {
        // C-061, G9: half of the known is missing; same sizes are looked at, the others fetched and compared.
        let known = seen(&[("a", 1, 9, Fate::Listed), ("b", 2, 2, Fate::Listed)]);
        let plan = planned(&["x:1", "y:3"], &known, &policy(Leave::Forever));
        assert_eq!(steps_of(&plan), [Step::Look(0, Doubt::Renamed), Step::Fetch(1, Doubt::Renamed)]);
        let one_gone = seen(&[("a", 1, 9, Fate::Listed), ("b", 2, 2, Fate::Listed), ("c", 3, 2, Fate::Listed)]);
        let plan = planned(&["a:1", "b:2", "x:3"], &one_gone, &policy(Leave::Forever));
        assert_eq!(steps_of(&plan), [Step::Fetch(2, Doubt::None)]);
    }

    #[test]
    fn without_unique_ids_mail_can_only_be_taken_away() {
        // C-064
        let none = Seen::default();
        assert_eq!(planned(&["-:1", "-:2"], &none, &policy(Leave::Forever)).nameless, 2);
        let plan = planned(&["-:1"], &none, &policy(Leave::Never));
        assert_eq!(steps_of(&plan), [Step::Fetch(0, Doubt::Nameless)]);
    }

    #[test]
    fn budgets_sizes_and_failures_hold_messages_back() {
        // C-071
        let mut none = Seen::default();
        none.failures.insert("bad".into(), FAILURES_MAX);
        let limited = Policy {
            octets_max: Some(50),
            session_messages: Some(3),
            session_octets: Some(60),
            ..policy(Leave::Forever)
        };
        let plan = planned(&["a:40", "bad:1", "big:51", "b:40", "c:1", "d:1"], &none, &limited);
        assert_eq!(steps_of(&plan), [Step::Fetch(0, Doubt::None), Step::Fetch(3, Doubt::None)]);
        assert_eq!((plan.given_up, plan.too_large, plan.postponed), (vec![1], vec![2], 2));
        let by_header = Policy { by_header: true, ..policy(Leave::Forever) };
        assert_eq!(steps_of(&planned(&["a:1"], &Seen::default(), &by_header)), [Step::Look(0, Doubt::None)]);
    }

    #[test]
    fn listings_that_contradict_themselves_are_refused() {
        // C-030
        let number = |index| MessageNumber::from_index(index).unwrap();
        let mut listing = Listing::of(2);
        assert_eq!(listing.size(number(0), Octets(1)), Ok(()));
        assert_eq!(listing.size(number(0), Octets(1)), Err(super::super::listing::Contradiction));
        assert_eq!(listing.size(number(2), Octets(1)), Err(super::super::listing::Contradiction));
        assert_eq!(listing.unique_id(number(1), "x"), Ok(()));
        assert!(listing.unique_id(number(1), "y").is_err() && listing.unique_id(number(2), "y").is_err());
        assert_eq!((listing.id(1), listing.id(0)), (Some("x"), None));
    }
}
