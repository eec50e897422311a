//! What is remembered of accounts that exist, of visits, and of a device that repeats a wrong password.

use crate::address::Network;
use crate::event::Sequence;
use crate::sketch::{Fading, Milliseconds, Rhythm, Seconds};
use crate::table::Few;

/// Half of what is known of guesses is forgotten in a day.
pub(crate) const DAY: Seconds = 86_400;

/// Connections that one visit opens at once.
const TOGETHER: Milliseconds = 500;

/// A guess on an account, for evidence.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guessed {
    pub(crate) sequence: Sequence,
    pub(crate) at: Seconds,
    pub(crate) net: u32,
    /// Tells the same password from another.
    pub(crate) tag: Option<u16>,
}

/// An account of ours, as strangers and owners treat it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    guesses: Fading,
    nets: Few<(u32, Seconds), 64>,
    pub(crate) recent: Few<Guessed, 24>,
    /// Rule B2 saw it: who is not at home there waits.
    pub(crate) besieged_until: Seconds,
    /// Quick visits of strangers: from where, the last one, how many within half a minute of the one before.
    pub(crate) polls: (u32, Seconds, u16),
}

impl Account {
    /// Whether this password was tried on it within a day, from anywhere: a device on its way through many networks
    /// takes its old password along.
    pub(crate) fn has_met(&self, tag: Option<u16>, now: Seconds) -> bool {
        tag.is_some() && self.within_a_day(now).any(|guessed| guessed.tag == tag)
    }

    /// A guess by somebody who is not at home there.
    pub(crate) fn guess(&mut self, guessed: Guessed) {
        self.guesses.add(1.0, guessed.at, DAY);
        self.recent.push(guessed);
        if let Some(net) = self.nets.iter_mut().find(|(net, _)| *net == guessed.net) {
            net.1 = guessed.at;
        } else {
            self.nets.push((guessed.net, guessed.at));
        }
    }

    /// Guesses within a day, as far as each is remembered; beyond that half of them are forgotten each day.
    pub(crate) fn guesses(&self, now: Seconds) -> f32 {
        self.guesses.now(now, DAY).max(self.within_a_day(now).count() as f32)
    }

    /// Networks that guessed within a day.
    pub(crate) fn nets(&self, now: Seconds) -> usize {
        self.nets.iter().filter(|(_, at)| now.saturating_sub(*at) <= DAY).count()
    }

    /// Guesses within a day, as far as they are remembered.
    pub(crate) fn within_a_day(&self, now: Seconds) -> impl Iterator<Item = &Guessed> {
        self.recent.iter().filter(move |guessed| now.saturating_sub(guessed.at) <= DAY)
    }

    /// A stranger came in again.
    pub(crate) fn poll(&mut self, source: u32, now: Seconds) {
        let (from, last, quick) = self.polls;
        let again = from == source && now.saturating_sub(last) <= 30;
        self.polls = (source, now, if again { quick.saturating_add(1) } else { 0 });
    }

    pub(crate) fn octets_taken(&self) -> usize {
        self.nets.octets() + self.recent.octets()
    }
}

/// The same wrong password from the same place on the same account.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pair {
    pub(crate) rhythm: Rhythm,
    pub(crate) repeats: u32,
    pub(crate) first: Seconds,
    pub(crate) recent: [Sequence; 4],
}

impl Pair {
    pub(crate) fn again(&mut self, sequence: Sequence, now: Seconds, at: Milliseconds) {
        self.rhythm.beat(at, 60_000);
        self.recent[self.repeats as usize % self.recent.len()] = sequence;
        self.repeats = self.repeats.saturating_add(1);
        if self.first == 0 {
            self.first = now;
        }
    }
}

/// Visits of a source, whatever they were.
#[derive(Clone, Debug, Default)]
pub(crate) struct Visits {
    pub(crate) rhythm: Rhythm,
    /// Visits one after another that read no mail and tried no wrong password.
    pub(crate) quiet: u32,
    /// The one account used in them; zero for none.
    pub(crate) account: u32,
    /// Sessions that have said nothing so far.
    pub(crate) waiting: Few<(u64, Seconds), 16>,
    minute: Seconds,
    handshakes: u32,
    /// Visits that ended after long silence: when.
    pub(crate) silent: Few<(Sequence, Seconds), 8>,
    /// TLS alerts about our certificate: when.
    pub(crate) complaints: Few<(Sequence, Seconds), 8>,
    pub(crate) recent: [Sequence; 4],
    pub(crate) labelled: bool,
}

impl Visits {
    pub(crate) fn open(&mut self, connection: u64, sequence: Sequence, now: Seconds, at: Milliseconds) {
        self.rhythm.beat(at, TOGETHER);
        self.waiting.push((connection, now));
        self.recent.rotate_right(1);
        self.recent[0] = sequence;
    }

    pub(crate) fn speaks(&mut self, connection: u64) {
        self.waiting.retain(|(waiting, _)| *waiting != connection);
    }

    /// A handshake, whatever became of it: how many within this minute.
    pub(crate) fn handshake(&mut self, now: Seconds) {
        if now / 60 == self.minute {
            self.handshakes += 1;
        } else {
            self.minute = now / 60;
            self.handshakes = 1;
        }
    }

    /// Somebody logs in, whatever comes of it: the handshakes before were for that.
    pub(crate) fn logs_in(&mut self) {
        self.handshakes = 0;
    }

    pub(crate) fn handshakes(&self, now: Seconds) -> u32 {
        if now / 60 == self.minute { self.handshakes } else { 0 }
    }

    /// Visits that have been silent for so long.
    pub(crate) fn silent_for(&self, seconds: Seconds, now: Seconds) -> usize {
        self.waiting.iter().filter(|(_, since)| now.saturating_sub(*since) >= seconds).count()
    }

    pub(crate) fn octets(&self) -> usize {
        self.waiting.octets() + self.silent.octets() + self.complaints.octets()
    }
}

/// A network, as its sources treat us.
#[derive(Clone, Debug, Default)]
pub(crate) struct Neighbourhood {
    /// Its sources that were banned within a day.
    pub(crate) offenders: Few<(Network, Seconds), 8>,
    /// What was left of sources that made room for others.
    pub(crate) inherited: Fading,
    pub(crate) bans: u8,
    pub(crate) banned_until: Seconds,
}
