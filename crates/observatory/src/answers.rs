//! Decides what a login gets: the ladder of scores, and the gate for the tool of a campaign. Others enforce it.

use std::net::IpAddr;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use watchpost_proto::planted::planted;

use crate::account::Account;
use crate::address::Network;
use crate::classify::Classifier;
use crate::fingerprint::Fingerprint;
use crate::score::Ladder;
use crate::sketch::Seconds;

/// What a source gets when it tries to log in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// What everybody gets.
    #[default]
    None,
    /// A refusal comes so many seconds late. A success is never delayed.
    Tarpit {
        /// How late.
        seconds: u32,
    },
    /// Attempts are looked at no faster than this.
    Throttle {
        /// Seconds between attempts.
        seconds: u32,
    },
    /// Only owners who are at home there come in; anybody else is refused, unseen and late.
    Keyhole {
        /// Until when, in seconds since 1970.
        until: u32,
    },
    /// Refused: the source is banned.
    Ban {
        /// Until when, in seconds since 1970.
        until: u32,
    },
    /// Refused: a campaign uses this tool, and no owner does.
    Gate,
}

impl Answer {
    /// Whether a right password is refused too.
    pub const fn refuses(self) -> bool {
        matches!(self, Self::Keyhole { .. } | Self::Ban { .. } | Self::Gate)
    }

    /// One word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Tarpit { .. } => "tarpit",
            Self::Throttle { .. } => "throttle",
            Self::Keyhole { .. } => "keyhole",
            Self::Ban { .. } => "ban",
            Self::Gate => "gate",
        }
    }
}

/// Who asks to be let in.
#[derive(Clone, Copy, Debug)]
pub struct Visitor<'a> {
    /// From where.
    pub address: IpAddr,
    /// The account that is named, canonical, if it exists.
    pub account: Option<&'a str>,
    /// How it speaks; `None` where that is not known.
    pub fingerprint: Option<&'a Fingerprint>,
}

/// What the visitor gets, and whether it is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What.
    pub answer: Answer,
    /// Whether it is carried out; else only written down, what would have been.
    pub enforced: bool,
}

/// A ban of a source or a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ban {
    /// Whom.
    pub network: Network,
    /// Since when, in seconds since 1970.
    pub since: u32,
    /// Until when, in seconds since 1970.
    pub until: u32,
    /// The how-manieth ban it is, from 1 on.
    pub times: u8,
    /// Whether owners are at home there: they come in through a keyhole, and no firewall may be told.
    pub keyhole: bool,
    /// Whether a firewall may be told: nobody is at home there, and not too many bans are new.
    pub exported: bool,
    /// Whether it is carried out; else only written down.
    pub enforced: bool,
}

/// Hard lists, looked at before anything else.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lists {
    /// Never answered with anything, and never scored.
    pub allow: Vec<Network>,
    /// Our own addresses, the gateway, the administrator's: never banned.
    pub own: Vec<Network>,
    /// Private networks that count as public: for tests, and behind address translation.
    pub public_networks: Vec<Network>,
}

impl Lists {
    /// Whether the source is allowed whatever it does.
    pub fn allows(&self, source: Network) -> bool {
        within(&self.allow, source)
    }

    /// Whether it may be banned by itself: no network of ours, and none that is private.
    pub fn bannable(&self, source: Network) -> bool {
        if planted("observatory.lists-ignored") {
            return true;
        }
        let public = !source.is_private() || within(&self.public_networks, source);
        public && !within(&self.own, source) && !self.allows(source)
    }
}

fn within(networks: &[Network], source: Network) -> bool {
    networks.iter().any(|network| network.contains(source))
}

/// Seconds a refusal waits when a campaign's tool is an owner's too.
const GATE_TARPIT: u32 = 15;
/// Seconds strangers wait at an account that many networks guess at.
const BESIEGED_TARPIT: u32 = 5;
/// Seconds between attempts on the second rung.
const THROTTLE: u32 = 6;

impl Classifier {
    /// What a login gets, decided before its password is looked at.
    ///
    /// The order is the law: lists first, then owners who are at home, then bans, then the gate, then delays.
    pub fn answer(&self, visitor: Visitor<'_>, at: SystemTime) -> Decision {
        let now = crate::classify::seconds(at);
        let source = Network::source(visitor.address);
        let enforced = self.settings.enforces();
        let none = Decision { answer: Answer::None, enforced };
        if self.settings.lists.allows(source) && !planted("observatory.lists-ignored") {
            return none;
        }
        let net = source.net();
        let account = visitor.account.map(|name| self.account_mark(name));
        if account.is_some_and(|account| self.trust.trusts(account, net, now)) {
            return none;
        }
        if let Some(until) = self.banned_until(source, now) {
            let keyhole = self.trust.anyone(net, now);
            let answer = if keyhole { Answer::Keyhole { until } } else { Answer::Ban { until } };
            return Decision { answer, enforced };
        }
        let mark = visitor.fingerprint.map(|fingerprint| self.tool_mark(fingerprint));
        if let Some(decision) = mark.and_then(|mark| self.gate(mark, now)) {
            return decision;
        }
        let besieged = account.and_then(|account| self.accounts.peek(&account)).is_some_and(|account| {
            let Account { besieged_until, .. } = account;
            *besieged_until > now
        });
        let delay = if besieged { Answer::Tarpit { seconds: BESIEGED_TARPIT } } else { Answer::None };
        Decision { answer: self.rung(source, now).unwrap_or(delay), enforced }
    }

    /// Until when the source, or the network around it, is banned.
    pub(crate) fn banned_until(&self, source: Network, now: Seconds) -> Option<u32> {
        if !self.settings.lists.bannable(source) {
            return None;
        }
        let own = self.sources.peek(&source).map_or(0, |offender| offender.banned_until);
        let around = self.nets.peek(&source.net()).map_or(0, |net| net.banned_until);
        Some(own.max(around)).filter(|until| *until > now)
    }

    /// The gate: while a campaign is hot, its tool is refused, unless an owner uses it.
    fn gate(&self, mark: u64, now: Seconds) -> Option<Decision> {
        self.campaigns.find(mark).filter(|campaign| campaign.is_hot(now))?;
        if self.owners_use(mark, now) && !planted("observatory.gate-refuses-owners") {
            let answer = Answer::Tarpit { seconds: GATE_TARPIT };
            return Some(Decision { answer, enforced: self.settings.enforces() });
        }
        Some(Decision { answer: Answer::Gate, enforced: self.settings.enforces_gate() })
    }

    /// The rung of the ladder below a ban.
    pub(crate) fn rung(&self, source: Network, now: Seconds) -> Option<Answer> {
        let ladder = &self.settings.ladder;
        let fast = self.sources.peek(&source)?.fast(now, ladder);
        (fast >= ladder.tarpit).then(|| {
            if fast >= ladder.throttle {
                Answer::Throttle { seconds: THROTTLE }
            } else {
                Answer::Tarpit { seconds: tarpit(fast, ladder) }
            }
        })
    }
}

/// 2, 4, 8 and 15 seconds, evenly between the first rung and the second.
fn tarpit(fast: f32, ladder: &Ladder) -> u32 {
    let height = (fast - ladder.tarpit) / (ladder.throttle - ladder.tarpit).max(0.1);
    match height {
        height if height < 0.25 => 2,
        height if height < 0.5 => 4,
        height if height < 0.75 => 8,
        _ => 15,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        text.parse().expect("a network")
    }

    #[test]
    fn private_networks_and_our_own_are_banned_only_where_the_operator_says_so() {
        let mut lists = Lists { own: vec![network("203.0.113.1")], ..Lists::default() };
        assert!(lists.bannable(network("203.0.113.2")));
        assert!(!lists.bannable(network("203.0.113.1")));
        assert!(!lists.bannable(network("127.0.0.9")));
        lists.public_networks.push(network("127.0.0.0/8"));
        assert!(lists.bannable(network("127.0.0.9")));
        lists.allow.push(network("127.0.0.0/24"));
        assert!(!lists.bannable(network("127.0.0.9")) && lists.bannable(network("127.0.1.9")));
    }

    #[test]
    fn refusals_wait_two_four_eight_and_fifteen_seconds() {
        let ladder = Ladder::default();
        assert_eq!([15.0, 18.0, 21.0, 24.0].map(|fast| tarpit(fast, &ladder)), [2, 4, 8, 15]);
    }
}
