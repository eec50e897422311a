//! How much a source has offended: two scores that fade, each account's share of them, and what they lead to.

use watchpost_proto::planted::planted;

use crate::event::{Foreign, Sequence};
use crate::sketch::{Seconds, faded};
use crate::table::Few;

crate::dial::dials! {
    /// What each offence weighs. Banners, CAPA and repeats of the same wrong password weigh nothing.
    pub struct Weights {
        /// A guess on an account that does not exist: owners hardly ever mistype their own name.
        unknown_account: f32 = 3.0, in 0.0..=1_000.0;
        /// A guess on an account that exists.
        known_account: f32 = 2.0, in 0.0..=1_000.0;
        /// A password that devices and guides ship, or made of the name.
        default_password: f32 = 4.0, in 0.0..=1_000.0;
        /// A wrong password where the account's owner is at home: people mistype.
        trusted: f32 = 0.5, in 0.0..=1_000.0;
        /// Another protocol than POP3.
        foreign: f32 = 4.0, in 0.0..=1_000.0;
        /// AUTH NTLM to learn the names of machines, once a day.
        ntlm: f32 = 6.0, in 0.0..=1_000.0;
        /// USER with a new name and no PASS.
        user_only: f32 = 1.0, in 0.0..=1_000.0;
        /// A line no honest client sends, though it can do no harm.
        oddity: f32 = 4.0, in 0.0..=1_000.0;
        /// An exploit, or commands slipped in behind STLS.
        exploit: f32 = 100.0, in 0.0..=1_000.0;
        /// What guesses from Tor and from hosting companies are multiplied by.
        anonymous_factor: f32 = 1.5, in 1.0..=100.0;
    }
}

crate::dial::dials! {
    /// Where each answer begins.
    ///
    /// Two scores: with a half-life of an hour alone, one try every fourteen minutes levels off below any threshold and is
    /// never answered; with a day alone, a person who mistyped in the morning is still suspect in the evening.
    pub struct Ladder {
        /// The fast score from which refusals are delayed.
        tarpit: f32 = 15.0, in 0.1..=10_000.0;
        /// The fast score from which attempts are spaced.
        throttle: f32 = 25.0, in 0.1..=10_000.0;
        /// The fast score from which the source is banned.
        ban_fast: f32 = 40.0, in 0.1..=10_000.0;
        /// The slow score from which the source is banned.
        ban_slow: f32 = 60.0, in 0.1..=10_000.0;
        /// Half of the fast score fades in so many seconds.
        fast_half_life: Seconds = 3600, in 60.0..=604_800.0;
        /// Half of the slow score fades in so many seconds.
        slow_half_life: Seconds = 86_400, in 60.0..=2_592_000.0;
        /// The first ban in seconds; each next one is four times as long.
        ban_first: Seconds = 900, in 60.0..=34_560_000.0;
        /// The longest ban in seconds.
        ban_longest: Seconds = 7 * 86_400, in 60.0..=34_560_000.0;
        /// The shortest ban after an exploit, in seconds.
        ban_exploit: Seconds = 86_400, in 60.0..=34_560_000.0;
        /// A ban so many seconds ago no longer makes the next one longer.
        ban_remembered: Seconds = 30 * 86_400, in 60.0..=34_560_000.0;
        /// So many banned sources in a network, and nobody at home there: the network is banned.
        net_offenders: u32 = 4, in 2.0..=8.0;
        /// New bans a minute that a firewall is told of; beyond them the server alone refuses.
        bans_per_minute: u32 = 60, in 0.0..=10_000.0;
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
