//! Logins: guesses, repeats, mistakes at home, and successes.

use std::net::IpAddr;

use watchpost_proto::planted::planted;

use super::visiting::low_mark;
use super::{Classifier, Stage};
use crate::account::{Account, DAY, Guessed, Pair};
use crate::address::Network;
use crate::campaign::Try;
use crate::event::{LoginAttempt, LoginOutcome, PasswordAccounts, SessionSummary};
use crate::rules::{Entered, Guess, Happening, RuleId, Shared};
use crate::score::{Offence, TriedKind};
use crate::sketch::{Milliseconds, Seconds};
use crate::trust::Entry;
use crate::verdict::Severity;

/// Without facts about the password (APOP), another try within so many seconds counts as a guess.
const AT_ONCE: Seconds = 20;
/// Repeats within so many seconds are one poll of a device with several connections.
const TOGETHER: Milliseconds = 60_000;

impl Classifier {
    pub(super) fn login(&mut self, stage: &mut Stage, attempt: &LoginAttempt) {
        match attempt.outcome {
            LoginOutcome::Accepted => self.entered(stage, attempt),
            LoginOutcome::Refused => self.refused(stage, attempt),
            // The password was right, or nothing is known: no guess, and nobody came in.
            LoginOutcome::Disabled
            | LoginOutcome::NotAuthorizedAs
            | LoginOutcome::InUse
            | LoginOutcome::Unavailable => {}
        }
    }

    fn refused(&mut self, stage: &mut Stage, attempt: &LoginAttempt) {
        let firing = stage.firing;
        let Some(session) = self.sessions.peek(&firing.connection.0) else { return };
        let (source, net) = (session.source, session.net);
        let mark = match &attempt.account {
            Some(account) => self.account_mark(account),
            None => self.offered_mark(attempt.name.as_octets()),
        };
        let kind = match attempt.account {
            Some(_) if self.trust.trusts(mark, net, firing.now) => TriedKind::Trusted,
            Some(_) => TriedKind::Known,
            None => TriedKind::Unknown,
        };
        let offered = String::from_utf8_lossy(attempt.name.as_octets());
        let guess = Guess {
            account: attempt.account.as_deref(),
            name: attempt.account.as_deref().unwrap_or(&offered),
            mark: low_mark(mark),
            facts: attempt.password,
            kind,
            repeat: self.is_repeat(attempt, source, low_mark(mark), firing.now),
        };
        self.remember(stage, &guess, mark);
        self.judge_about(stage, Happening::Refused(guess), Some(mark));
        self.climb(stage, source, false);
    }

    /// Whether the source tried this password on this account before.
    fn is_repeat(&self, attempt: &LoginAttempt, source: Network, mark: u32, now: Seconds) -> bool {
        if planted("observatory.repeats-are-guesses") {
            return false;
        }
        if let Some(facts) = attempt.password {
            return facts.repeat;
        }
        let tried = self.sources.peek(&source).map_or(&[][..], |offender| &offender.accounts);
        let before = tried.iter().find(|tried| tried.mark == mark);
        before.is_some_and(|tried| now.saturating_sub(tried.last) > AT_ONCE)
    }

    fn remember(&mut self, stage: &Stage, guess: &Guess<'_>, mark: u64) {
        let firing = stage.firing;
        let Some(session) = self.sessions.get_mut(&firing.connection.0) else { return };
        let source = session.source;
        let count = match (guess.repeat, guess.kind) {
            (true, _) => &mut session.repeats,
            (false, TriedKind::Trusted) => &mut session.mistyped,
            (false, _) => &mut session.guesses,
        };
        *count = count.saturating_add(1);
        let pair = self.pair_mark(source, mark);
        let (pair, _) = self.devices.entry(pair, Pair::default);
        if guess.repeat {
            pair.again(firing.sequence, firing.now, firing.milliseconds);
        } else {
            // The first time is where repeats count from.
            *pair = Pair::default();
            pair.rhythm.beat(firing.milliseconds, TOGETHER);
            let weight = self.weight(guess, source);
            let offence = Offence { account: guess.mark, kind: guess.kind, weight, sequence: firing.sequence };
            let ladder = self.settings.ladder.clone();
            self.offender(source, firing.now).guess(offence, firing.now, &ladder);
        }
        let shared = guess.facts.is_some_and(|facts| facts.password_accounts >= PasswordAccounts::TwoOrMore);
        if shared && !guess.repeat {
            self.shared.push(Shared { sequence: firing.sequence, at: firing.now, strange: guess.counts() });
        }
        if guess.counts() {
            self.remember_guess(stage, guess, mark);
        }
    }

    /// A guess where nobody is at home: against the account, and for the campaign of the tool.
    fn remember_guess(&mut self, stage: &Stage, guess: &Guess<'_>, mark: u64) {
        let firing = stage.firing;
        let Some(session) = self.sessions.peek(&firing.connection.0) else { return };
        let (fingerprint, tool) = (session.who(), self.tool_of(session));
        let (source, net) = (self.network_mark(session.source), self.network_mark(session.net));
        if guess.account.is_some() {
            let (account, _) = self.accounts.entry(mark, Account::default);
            let tag = guess.facts.map(|facts| facts.tag);
            if account.has_met(tag, firing.now) {
                return;
            }
            account.guess(Guessed { sequence: firing.sequence, at: firing.now, net: low_mark(net), tag });
        }
        // The fingerprint of the first login is that of the session: later ones look the same to the gate.
        let one = Try { source, net, name: mark, sequence: firing.sequence, now: firing.now };
        self.campaigns.guess(tool, &fingerprint, one);
        if let Some(session) = self.sessions.get_mut(&firing.connection.0) {
            session.fingerprint = Some(tool);
        }
    }

    fn weight(&self, guess: &Guess<'_>, source: Network) -> f32 {
        let weights = &self.settings.weights;
        let weight = match guess.kind {
            TriedKind::Trusted => return weights.trusted,
            // Nothing tells whether this is an old password or a new guess.
            _ if guess.facts.is_none() && self.was_tried(source, guess.mark) => return weights.trusted,
            _ if guess.facts.is_some_and(|facts| facts.default) => weights.default_password,
            TriedKind::Known => weights.known_account,
            TriedKind::Unknown => weights.unknown_account,
        };
        let origin = self.origins.as_ref().and_then(|origins| origins(source.address()));
        if origin.is_some_and(|origin| origin.is_anonymous()) { weight * weights.anonymous_factor } else { weight }
    }

    fn was_tried(&self, source: Network, mark: u32) -> bool {
        self.sources.peek(&source).is_some_and(|offender| offender.accounts.iter().any(|tried| tried.mark == mark))
    }

    fn entered(&mut self, stage: &mut Stage, attempt: &LoginAttempt) {
        let Some(name) = attempt.account.as_deref() else { return };
        let firing = stage.firing;
        let mark = self.account_mark(name);
        let Some(session) = self.sessions.peek(&firing.connection.0) else { return };
        let (source, net, tls) = (session.source, session.net, session.tls);
        let tool = self.tool_of(session);
        let entry = Entry { net, tool, tls };
        let before = self.trust.before(mark, entry, firing.now);
        let flagged = self.is_flagged(source, tool, firing.now);
        let poll = low_mark(self.network_mark(source));
        let (account, _) = self.accounts.entry(mark, Account::default);
        if !before.net {
            account.poll(poll, firing.now);
        }
        if let Some(session) = self.sessions.get_mut(&firing.connection.0) {
            session.account = Some((mark, name.to_owned()));
            session.before = before;
            session.fingerprint = Some(tool);
        }
        self.judge_about(stage, Happening::Entered(Entered { account: name, flagged }), Some(mark));
        let doubted = self.sessions.peek(&firing.connection.0).is_some_and(|session| session.doubted);
        if !doubted {
            if let Some((gone, name)) = self.trust.learn(mark, name, entry, firing.now) {
                self.unkept.home(gone, &name);
            }
            self.unkept.home(mark, name);
            if !flagged {
                *self.tools.entry(tool, Default::default).0 = firing.now;
                self.unkept.tool(tool, firing.now);
            }
        }
        if let Some(offender) = self.sources.get_mut(&source) {
            offender.forgive(low_mark(mark), firing.now, &self.settings.ladder);
        }
    }

    /// Whether the source has offended, or uses the tool of a campaign that no owner uses.
    fn is_flagged(&self, source: Network, tool: u64, now: Seconds) -> bool {
        let offends = self.rung(source, now).is_some() || self.banned_until(source, now).is_some();
        let hot = self.campaigns.find(tool).is_some_and(|campaign| campaign.is_hot(now));
        offends || (hot && !self.owners_use(tool, now))
    }

    pub(super) fn old_password(&mut self, stage: &mut Stage, account: &str) {
        let mark = self.account_mark(account);
        let Some(session) = self.sessions.get_mut(&stage.firing.connection.0) else { return };
        session.before.trusted = self.trust.trusts(mark, session.net, stage.firing.now);
        self.judge_about(stage, Happening::OldPassword(account), Some(mark));
    }

    /// What an owner's session teaches.
    pub(super) fn learn_habits(&mut self, stage: &Stage, summary: &SessionSummary) {
        let Some(session) = self.sessions.peek(&stage.firing.connection.0) else { return };
        let Some((mark, name)) = session.account.as_ref().filter(|_| !session.doubted) else { return };
        let all_read = summary.tally.removed > 0 && summary.removed_unread == 0;
        let octets = session.retrieved.octets;
        if !all_read && octets == 0 {
            return;
        }
        let (mark, name) = (*mark, name.clone());
        let habit = self.habit(mark, &name);
        habit.removals = habit.removals.saturating_add(u16::from(all_read));
        habit.volume.add(octets, stage.firing.now);
    }

    /// What a rule's finding changes: doubt of a login, siege of an account, heat of a campaign.
    pub(super) fn heed(&mut self, stage: &Stage, rule: RuleId, severity: Severity, account: Option<u64>) {
        let firing = stage.firing;
        match rule {
            RuleId::H1 | RuleId::H2 | RuleId::H3 | RuleId::H4 | RuleId::H5 if severity >= Severity::High => {
                let Some(session) = self.sessions.get_mut(&firing.connection.0) else { return };
                session.doubted = true;
                let net = session.net;
                if let Some((account, name)) = &session.account {
                    self.trust.doubt(*account, net);
                    self.unkept.less_home(*account, name);
                }
            }
            RuleId::B2 => {
                if let Some(account) = account.and_then(|account| self.accounts.get_mut(&account)) {
                    account.besieged_until = firing.now.saturating_add(DAY);
                }
            }
            RuleId::D1 => {
                let session = self.sessions.peek(&firing.connection.0);
                if let Some(mark) = session.and_then(|session| session.fingerprint) {
                    self.campaigns.see(mark);
                }
            }
            RuleId::M1 => {
                let source = self.sessions.peek(&firing.connection.0).map(|session| session.source);
                if let Some(visits) = source.and_then(|source| self.visitors.get_mut(&source)) {
                    visits.labelled = true;
                }
            }
            _ => {}
        }
    }

    /// The mark of a name as it was offered: in small letters, with our domain where it has none.
    pub(super) fn offered_mark(&self, name: &[u8]) -> u64 {
        let name = name.trim_ascii();
        let domain = if name.contains(&b'@') { "" } else { &self.settings.domain };
        let at = (!name.contains(&b'@')).then_some(b'@');
        self.key.mark_of(name.iter().map(u8::to_ascii_lowercase).chain(at).chain(domain.bytes()))
    }

    fn network_mark(&self, network: Network) -> u64 {
        match network.address() {
            IpAddr::V4(address) => self.key.mark(&address.octets()),
            IpAddr::V6(address) => self.key.mark(&address.octets()),
        }
    }

    pub(super) fn pair_mark(&self, source: Network, account: u64) -> u64 {
        self.network_mark(source) ^ account.rotate_left(17)
    }
}
