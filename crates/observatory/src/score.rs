//! How much a source has offended: two scores that fade, each account's share of them, and what they lead to.

use serde::{Deserialize, Serialize};
use watchpost_proto::planted::planted;

use crate::event::{Foreign, Sequence};
use crate::sketch::{Seconds, faded};
use crate::table::Few;

/// What each offence weighs. Banners, CAPA and repeats of the same wrong password weigh nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Weights {
    /// A guess on an account that does not exist: owners hardly ever mistype their own name.
    pub unknown_account: f32,
    /// A guess on an account that exists.
    pub known_account: f32,
    /// A password that devices and guides ship, or made of the name.
    pub default_password: f32,
    /// A wrong password where the account's owner is at home: people mistype.
    pub trusted: f32,
    /// Another protocol than POP3.
    pub foreign: f32,
    /// AUTH NTLM to learn the names of machines, once a day.
    pub ntlm: f32,
    /// USER with a new name and no PASS.
    pub user_only: f32,
    /// A line no honest client sends, though it can do no harm.
    pub oddity: f32,
    /// An exploit, or commands slipped in behind STLS.
    pub exploit: f32,
    /// What guesses from Tor and from hosting companies are multiplied by.
    pub anonymous_factor: f32,
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            unknown_account: 3.0,
            known_account: 2.0,
            default_password: 4.0,
            trusted: 0.5,
            foreign: 4.0,
            ntlm: 6.0,
            user_only: 1.0,
            oddity: 4.0,
            exploit: 100.0,
            anonymous_factor: 1.5,
        }
    }
}

/// Where each answer begins.
///
/// Two scores: with a half-life of an hour alone, one try every fourteen minutes levels off below any threshold and is
/// never answered; with a day alone, a person who mistyped in the morning is still suspect in the evening.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ladder {
    /// The fast score from which refusals are delayed.
    pub tarpit: f32,
    /// The fast score from which attempts are spaced.
    pub throttle: f32,
    /// The fast score from which the source is banned.
    pub ban_fast: f32,
    /// The slow score from which the source is banned.
    pub ban_slow: f32,
    /// Half of the fast score fades in so many seconds.
    pub fast_half_life: Seconds,
    /// Half of the slow score fades in so many seconds.
    pub slow_half_life: Seconds,
    /// The first ban in seconds; each next one is four times as long.
    pub ban_first: Seconds,
    /// The longest ban in seconds.
    pub ban_longest: Seconds,
    /// The shortest ban after an exploit, in seconds.
    pub ban_exploit: Seconds,
    /// A ban so many seconds ago no longer makes the next one longer.
    pub ban_remembered: Seconds,
    /// So many banned sources in a network, and nobody at home there: the network is banned.
    pub net_offenders: u32,
    /// New bans a minute that a firewall is told of; beyond them the server alone refuses.
    pub bans_per_minute: u32,
}

impl Default for Ladder {
    fn default() -> Self {
        Self {
            tarpit: 15.0,
            throttle: 25.0,
            ban_fast: 40.0,
            ban_slow: 60.0,
            fast_half_life: 3600,
            slow_half_life: 86_400,
            ban_first: 900,
            ban_longest: 7 * 86_400,
            ban_exploit: 86_400,
            ban_remembered: 30 * 86_400,
            net_offenders: 4,
            bans_per_minute: 60,
        }
    }
}

impl Ladder {
    /// How long the next ban is after so many.
    pub fn ban_seconds(&self, before: u8) -> Seconds {
        let factor = 4_u32.checked_pow(u32::from(before)).unwrap_or(u32::MAX);
        self.ban_first.saturating_mul(factor).min(self.ban_longest)
    }
}

/// Accounts remembered of a source.
const ACCOUNTS: usize = 32;

/// An account that a source tried.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tried {
    pub(crate) mark: u32,
    /// Its share of the fast score.
    pub(crate) fast: f32,
    slow: f32,
    pub(crate) last: Seconds,
    pub(crate) guesses: u16,
    pub(crate) kind: TriedKind,
}

/// What sort of account it was to this source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TriedKind {
    /// It does not exist.
    Unknown,
    /// It exists.
    Known,
    /// Its owner is at home where the source is.
    Trusted,
}

/// Something a source did, for evidence.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recent {
    pub(crate) sequence: Sequence,
    pub(crate) account: u32,
    pub(crate) at: Seconds,
}

/// What is remembered of a source that did something that weighs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Offender {
    fast: f32,
    slow: f32,
    guesses: f32,
    at: Seconds,
    pub(crate) accounts: Vec<Tried>,
    pub(crate) recent: Few<Recent, 16>,
    pub(crate) foreign: Few<(Foreign, Seconds), 16>,
    pub(crate) named: Few<Recent, 16>,
    pub(crate) guesses_since: Seconds,
    pub(crate) bans: u8,
    pub(crate) banned_until: Seconds,
    pub(crate) ntlm_at: Seconds,
    /// Oddities that have been weighed.
    pub(crate) oddities: u16,
}

/// A guess, as scores see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offence {
    pub(crate) account: u32,
    pub(crate) kind: TriedKind,
    pub(crate) weight: f32,
    pub(crate) sequence: Sequence,
}

impl Offender {
    /// Lets everything fade up to now.
    fn fade(&mut self, now: Seconds, ladder: &Ladder) {
        let elapsed = now.saturating_sub(self.at);
        if elapsed == 0 {
            return;
        }
        self.at = now;
        let fast = faded(1.0, elapsed, ladder.fast_half_life);
        let slow = faded(1.0, elapsed, ladder.slow_half_life);
        self.fast *= fast;
        self.slow *= slow;
        self.guesses *= slow;
        for tried in &mut self.accounts {
            tried.fast *= fast;
            tried.slow *= slow;
        }
    }

    /// Something that concerns no account.
    pub(crate) fn offend(&mut self, weight: f32, sequence: Sequence, now: Seconds, ladder: &Ladder) {
        self.fade(now, ladder);
        self.fast += weight;
        self.slow += weight;
        self.recent.push(Recent { sequence, account: 0, at: now });
    }

    /// A guess on an account.
    pub(crate) fn guess(&mut self, offence: Offence, now: Seconds, ladder: &Ladder) {
        let Offence { account, kind, weight, sequence } = offence;
        self.fade(now, ladder);
        self.fast += weight;
        self.slow += weight;
        if kind != TriedKind::Trusted {
            if self.guesses < 1.0 {
                self.guesses_since = now;
            }
            self.guesses += 1.0;
        }
        self.recent.push(Recent { sequence, account, at: now });
        let tried = self.tried(account, kind, now);
        tried.kind = kind;
        tried.last = now;
        tried.fast += weight;
        tried.slow += weight;
        tried.guesses = tried.guesses.saturating_add(1);
    }

    fn tried(&mut self, mark: u32, kind: TriedKind, now: Seconds) -> &mut Tried {
        let place = self.accounts.iter().position(|tried| tried.mark == mark).unwrap_or_else(|| {
            if self.accounts.len() >= ACCOUNTS {
                let oldest = (0..ACCOUNTS).min_by_key(|place| self.accounts[*place].last).unwrap_or(0);
                self.accounts.swap_remove(oldest);
            }
            self.accounts.push(Tried { mark, fast: 0.0, slow: 0.0, last: now, guesses: 0, kind });
            self.accounts.len() - 1
        });
        &mut self.accounts[place]
    }

    /// Who logs in is forgiven what he did to this account, and nothing else: an intruder who owns one account must
    /// not wash off his guesses on others.
    pub(crate) fn forgive(&mut self, account: u32, now: Seconds, ladder: &Ladder) {
        self.fade(now, ladder);
        let all = planted("observatory.success-forgives-everything");
        self.accounts.retain(|tried| {
            let forgiven = all || tried.mark == account;
            if forgiven {
                self.fast = (self.fast - tried.fast).max(0.0);
                self.slow = (self.slow - tried.slow).max(0.0);
                if tried.kind != TriedKind::Trusted {
                    self.guesses = (self.guesses - f32::from(tried.guesses)).max(0.0);
                }
            }
            !forgiven
        });
    }

    /// The ban began: what led to it is paid for.
    pub(crate) fn ban(&mut self, until: Seconds) {
        self.bans = self.bans.saturating_add(1);
        self.banned_until = until;
        self.fast = 0.0;
        self.slow = 0.0;
        for tried in &mut self.accounts {
            tried.fast = 0.0;
            tried.slow = 0.0;
        }
    }

    /// The fast score now.
    pub(crate) fn fast(&self, now: Seconds, ladder: &Ladder) -> f32 {
        faded(self.fast, now.saturating_sub(self.at), ladder.fast_half_life)
    }

    /// The slow score now.
    pub(crate) fn slow(&self, now: Seconds, ladder: &Ladder) -> f32 {
        faded(self.slow, now.saturating_sub(self.at), ladder.slow_half_life)
    }

    /// Guesses where nobody is at home, half of them forgotten each day.
    pub(crate) fn guesses(&self, now: Seconds, ladder: &Ladder) -> f32 {
        faded(self.guesses, now.saturating_sub(self.at), ladder.slow_half_life)
    }

    /// What it did lately to the account, or at all.
    pub(crate) fn evidence(&self, account: Option<u32>) -> Vec<Sequence> {
        let mine = |recent: &&Recent| account.is_none_or(|account| recent.account == account);
        self.recent.iter().filter(mine).map(|recent| recent.sequence).collect()
    }

    /// Octets it has taken beside itself.
    pub(crate) fn octets(&self) -> usize {
        self.accounts.capacity() * size_of::<Tried>()
            + self.recent.octets()
            + self.foreign.octets()
            + self.named.octets()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(offender: &mut Offender, account: u32, now: Seconds) {
        let offence = Offence { account, kind: TriedKind::Known, weight: 2.0, sequence: Sequence(u64::from(now)) };
        offender.guess(offence, now, &Ladder::default());
    }

    #[test]
    fn bans_grow_fourfold_up_to_a_week() {
        let ladder = Ladder::default();
        let hours: Vec<f32> = (0..8).map(|before| ladder.ban_seconds(before) as f32 / 3600.0).collect();
        assert_eq!(hours, [0.25, 1.0, 4.0, 16.0, 64.0, 168.0, 168.0, 168.0]);
        assert_eq!(ladder.ban_seconds(u8::MAX), 7 * 86_400);
    }

    #[test]
    fn a_success_forgives_what_was_done_to_that_account_alone() {
        let ladder = Ladder::default();
        let mut offender = Offender::default();
        for second in 0..10 {
            guess(&mut offender, 1, 1_000 + second);
            guess(&mut offender, 2, 1_000 + second);
        }
        offender.forgive(1, 1_010, &ladder);
        let fast = offender.fast(1_010, &ladder);
        assert!((19.0..20.5).contains(&fast), "{fast}");
        offender.forgive(2, 1_010, &ladder);
        assert!(offender.fast(1_010, &ladder) < 0.1);
    }

    #[test]
    fn scores_fade_by_their_half_lives() {
        let ladder = Ladder::default();
        let mut offender = Offender::default();
        (0..8).for_each(|_| guess(&mut offender, 1, 1_000));
        assert!((offender.fast(1_000 + 3600, &ladder) - 8.0).abs() < 0.01);
        assert!((offender.slow(1_000 + 86_400, &ladder) - 8.0).abs() < 0.01);
        assert!(offender.fast(0, &ladder) <= 16.0, "a clock that goes back adds nothing");
    }

    #[test]
    fn accounts_of_a_source_are_bounded() {
        let mut offender = Offender::default();
        (0..10_000).for_each(|account| guess(&mut offender, account, account));
        assert_eq!(offender.accounts.len(), ACCOUNTS);
        assert!(offender.octets() < 2_048);
    }
}
