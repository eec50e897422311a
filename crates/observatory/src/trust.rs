//! Where the owners of accounts are at home: learned from their logins, forgotten after a while.

use serde::{Deserialize, Serialize};
use watchpost_proto::planted::planted;

use crate::address::Network;
use crate::sketch::Seconds;
use crate::table::{Few, HashKey, Table};

/// An owner who logged in from a network is trusted there for so long.
const TRUSTED: Seconds = 30 * 86_400;
/// And the network is known for so long.
const KNOWN: Seconds = 90 * 86_400;
/// Networks remembered of an account.
const NETS: usize = 16;

/// From where an account's owner logged in, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Home {
    /// The account, canonical.
    pub account: String,
    /// The network.
    pub net: Network,
    /// The first login, in seconds since 1970.
    pub first: u32,
    /// The last login, in seconds since 1970.
    pub last: u32,
    /// How many logins.
    pub times: u32,
    /// How many of them inside TLS.
    pub inside_tls: u32,
    /// A number that stands for the last program used.
    pub tool: u64,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    net: Network,
    first: Seconds,
    last: Seconds,
    times: u32,
    inside_tls: u32,
    tool: u64,
}

#[derive(Clone, Debug, Default)]
struct Owner {
    name: String,
    nets: Few<Known, NETS>,
}

impl Owner {
    fn homes(&self) -> Vec<Home> {
        let home = |known: &Known| Home {
            account: self.name.clone(),
            net: known.net,
            first: known.first,
            last: known.last,
            times: known.times,
            inside_tls: known.inside_tls,
            tool: known.tool,
        };
        self.nets.iter().map(home).collect()
    }
}

/// What was known before a login.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Before {
    /// The owner was at home there.
    pub(crate) trusted: bool,
    /// The network was known.
    pub(crate) net: bool,
    /// The program was known.
    pub(crate) tool: bool,
    /// Anything was known of the account.
    pub(crate) history: bool,
}

/// How a login was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) net: Network,
    pub(crate) tool: u64,
    pub(crate) tls: bool,
}

/// The trust store.
#[derive(Clone, Debug)]
pub(crate) struct Trust {
    owners: Table<u64, Owner>,
    /// The last accounts whose owners are at home there.
    nets: Table<Network, Few<u64, 4>>,
}

impl Trust {
    pub(crate) fn new(accounts: usize, key: &HashKey) -> Self {
        Self { owners: Table::new(accounts, key), nets: Table::new(accounts * 2, key) }
    }

    /// Whether the account's owner is at home there.
    pub(crate) fn trusts(&self, account: u64, net: Network, now: Seconds) -> bool {
        if planted("observatory.trust-ignored") {
            return false;
        }
        self.known(account, net).is_some_and(|known| now.saturating_sub(known.last) <= TRUSTED)
    }

    /// Whether any owner is at home there.
    pub(crate) fn anyone(&self, net: Network, now: Seconds) -> bool {
        self.nets.peek(&net).is_some_and(|accounts| accounts.iter().any(|account| self.trusts(*account, net, now)))
    }

    /// How many logins inside TLS each owner who is at home there made, and how many outside.
    pub(crate) fn tls_habits(&self, net: Network) -> impl Iterator<Item = (u32, u32)> {
        let accounts = self.nets.peek(&net).into_iter().flat_map(Few::iter);
        accounts
            .filter_map(move |account| self.known(*account, net))
            .map(|known| (known.inside_tls, known.times - known.inside_tls))
    }

    fn known(&self, account: u64, net: Network) -> Option<&Known> {
        self.owners.peek(&account)?.nets.iter().find(|known| known.net == net)
    }

    /// What is known of an account before a login.
    pub(crate) fn before(&self, account: u64, entry: Entry, now: Seconds) -> Before {
        let fresh = |known: &&Known| now.saturating_sub(known.last) <= KNOWN;
        let nets = self.owners.peek(&account).into_iter().flat_map(|owner| owner.nets.iter()).filter(fresh);
        let mut before = Before { trusted: self.trusts(account, entry.net, now), ..Before::default() };
        for known in nets {
            before.history = true;
            before.net |= known.net == entry.net;
            before.tool |= known.tool == entry.tool;
        }
        before
    }

    /// The owner logged in. Says who made room for him, if anybody did.
    pub(crate) fn learn(&mut self, account: u64, name: &str, entry: Entry, now: Seconds) -> Option<(u64, String)> {
        let (owner, gone) = self.owners.entry(account, || Owner { name: name.to_owned(), nets: Few::default() });
        let fresh = Known { net: entry.net, first: now, last: now, times: 0, inside_tls: 0, tool: entry.tool };
        let mut known = owner.nets.iter().find(|known| known.net == entry.net).copied().unwrap_or(fresh);
        known.last = known.last.max(now);
        known.times = known.times.saturating_add(1);
        known.inside_tls = known.inside_tls.saturating_add(u32::from(entry.tls));
        known.tool = entry.tool;
        owner.nets.retain(|known| known.net != entry.net);
        owner.nets.push(known);
        let gone = gone.map(|(mark, owner)| (mark, owner.name));
        self.remember(account, entry.net);
        gone
    }

    fn remember(&mut self, account: u64, net: Network) {
        let (accounts, _) = self.nets.entry(net, Few::default);
        if !accounts.iter().any(|known| *known == account) {
            accounts.push(account);
        }
    }

    /// The password is another: who knew the old one is at home nowhere.
    pub(crate) fn forget(&mut self, account: u64) {
        self.owners.remove(&account);
    }

    /// A rule doubts that this was the owner.
    pub(crate) fn doubt(&mut self, account: u64, net: Network) {
        if let Some(owner) = self.owners.get_mut(&account) {
            owner.nets.retain(|known| known.net != net);
        }
    }

    /// Everything, for a file.
    pub(crate) fn homes(&self) -> Vec<Home> {
        self.owners.iter().flat_map(|(_, owner)| owner.homes()).collect()
    }

    /// What is known of one account.
    pub(crate) fn homes_of(&self, account: u64, name: &str) -> Vec<Home> {
        self.owners.peek(&account).filter(|owner| owner.name == name).map(Owner::homes).unwrap_or_default()
    }

    /// Takes back what [`Trust::homes`] gave.
    pub(crate) fn restore(&mut self, account: u64, home: &Home) {
        let Home { net, first, last, times, inside_tls, tool, .. } = *home;
        let (owner, _) = self.owners.entry(account, || Owner { name: home.account.clone(), nets: Few::default() });
        owner.nets.push(Known { net, first, last, times, inside_tls: inside_tls.min(times), tool });
        self.remember(account, net);
    }

    pub(crate) fn octets(&self) -> usize {
        let owners: usize = self.owners.iter().map(|(_, owner)| owner.name.capacity() + owner.nets.octets()).sum();
        let nets: usize = self.nets.iter().map(|(_, accounts)| accounts.octets()).sum();
        self.owners.octets() + self.nets.octets() + owners + nets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Seconds = 86_400;

    fn net(text: &str) -> Network {
        text.parse().expect("a network")
    }

    #[test]
    fn trust_is_of_one_account_in_one_net_for_thirty_days_and_ends_with_the_password() {
        let mut trust = Trust::new(16, &HashKey::new([3; 16]));
        let home = Entry { net: net("192.0.2.0/24"), tool: 7, tls: true };
        let abroad = Entry { net: net("198.51.100.0/24"), ..home };
        assert_eq!(trust.before(1, home, DAY), Before::default());
        trust.learn(1, "alice@example.org", home, DAY);
        assert!(trust.trusts(1, home.net, 31 * DAY) && !trust.trusts(1, home.net, 32 * DAY));
        assert!(trust.anyone(home.net, DAY) && !trust.anyone(abroad.net, DAY));
        assert!(!trust.trusts(2, home.net, DAY), "another account from the same net is not trusted");
        let known = Before { trusted: false, net: true, tool: true, history: true };
        assert_eq!(trust.before(1, home, 60 * DAY), known);
        assert!(!trust.before(1, abroad, 60 * DAY).net);
        trust.forget(1);
        assert!(!trust.trusts(1, home.net, DAY) && !trust.anyone(home.net, DAY));
    }

    #[test]
    fn what_a_file_kept_is_trusted_again() {
        let key = HashKey::new([3; 16]);
        let mut trust = Trust::new(16, &key);
        let home = Entry { net: net("192.0.2.0/24"), tool: 7, tls: true };
        for day in 0..12 {
            trust.learn(1, "alice@example.org", home, day * DAY);
        }
        let mut again = Trust::new(16, &key);
        trust.homes().iter().for_each(|home| again.restore(1, home));
        assert_eq!(again.homes(), trust.homes());
        assert_eq!(again.tls_habits(home.net).collect::<Vec<_>>(), [(12, 0)]);
        assert!(again.anyone(home.net, 12 * DAY));
    }
}
