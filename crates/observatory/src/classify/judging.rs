//! Every rule is asked, what it finds becomes a verdict, and scores become bans.

use super::{Classifier, Stage};
use crate::account::{DAY, Neighbourhood};
use crate::address::Network;
use crate::answers::{Answer, Ban};
use crate::rules::{Case, Finding, Happening, RULES, Rule, RuleId};
use crate::sketch::Seconds;
use crate::verdict::Subject;

impl Classifier {
    pub(super) fn judge(&mut self, stage: &mut Stage, happening: Happening<'_>) {
        let session = self.sessions.peek(&stage.firing.connection.0);
        let account = session.and_then(|session| session.account.as_ref()).map(|(mark, _)| *mark);
        self.judge_about(stage, happening, account);
    }

    /// Asks the rules about what happened, which concerns this account.
    pub(super) fn judge_about(&mut self, stage: &mut Stage, happening: Happening<'_>, account: Option<u64>) {
        let found = self.found(stage, happening, account);
        if found.is_empty() {
            return;
        }
        for (rule, finding) in found {
            let severity = finding.severity.unwrap_or(rule.severity);
            self.heed(stage, rule.id, severity, account);
            if let Some(verdict) = self.episodes.fire(rule, finding, stage.firing) {
                stage.findings.verdicts.push(verdict);
            }
        }
        self.state_answers(stage);
    }

    fn found(&self, stage: &Stage, happening: Happening<'_>, account: Option<u64>) -> Vec<(&'static Rule, Finding)> {
        let firing = stage.firing;
        let Some(session) = self.sessions.peek(&firing.connection.0) else { return Vec::new() };
        let case = Case {
            sequence: firing.sequence,
            now: firing.now,
            happening,
            thresholds: &self.settings.rules,
            ladder: &self.settings.ladder,
            session,
            memory: self,
            mark: account,
        };
        let kind = happening.kind();
        let deaf = |rule: &&Rule| !rule.hears.has(kind);
        debug_assert!(
            RULES.iter().filter(deaf).all(|rule| (rule.judge)(&case).is_none()),
            "a rule finds something in what it says it does not hear"
        );
        let asked = self.roll.of(kind).iter();
        asked.filter_map(|rule| Some((*rule, (rule.judge)(&case)?))).collect()
    }

    /// Writes down in each verdict what its source gets from now on.
    fn state_answers(&self, stage: &mut Stage) {
        let now = stage.firing.now;
        let source = self.sessions.peek(&stage.firing.connection.0).map(|session| session.source);
        for verdict in &mut stage.findings.verdicts {
            verdict.answer = match (&verdict.subject, source) {
                (Subject::Source(_) | Subject::Net(_), Some(source)) => self.standing(source, now),
                (Subject::Campaign(_), _) if self.settings.enforces_gate() => Answer::Gate,
                (Subject::Account(_), _) if verdict.rule == RuleId::B2 => Answer::Tarpit { seconds: 5 },
                _ => Answer::None,
            };
        }
    }

    fn standing(&self, source: Network, now: Seconds) -> Answer {
        let keyhole = self.trust.anyone(source.net(), now);
        let banned = self.banned_until(source, now);
        let banned = banned.map(|until| if keyhole { Answer::Keyhole { until } } else { Answer::Ban { until } });
        banned.or_else(|| self.rung(source, now)).unwrap_or_default()
    }

    /// Bans the source if its score is high enough, and its network if that has enough of them.
    pub(super) fn climb(&mut self, stage: &mut Stage, source: Network, attack: bool) {
        let now = stage.firing.now;
        let ladder = &self.settings.ladder;
        let Some(offender) = self.sources.peek(&source) else { return };
        let high = offender.fast(now, ladder) >= ladder.ban_fast || offender.slow(now, ladder) >= ladder.ban_slow;
        if offender.banned_until > now || !self.settings.lists.bannable(source) {
            return;
        }
        if !high {
            return self.ban_net(stage, source, None);
        }
        let forgotten = now.saturating_sub(offender.banned_until) > ladder.ban_remembered;
        let before = if forgotten { 0 } else { offender.bans };
        let seconds = ladder.ban_seconds(before).max(if attack { ladder.ban_exploit } else { 0 });
        let until = now.saturating_add(seconds);
        let offender = self.offender(source, now);
        offender.bans = before;
        offender.ban(until);
        let times = offender.bans;
        self.tell_ban(stage, source, until, times);
        self.ban_net(stage, source, Some(source));
        self.state_answers(stage);
    }

    /// Bans the network around a source, if enough of its sources were banned, or left their score to it.
    fn ban_net(&mut self, stage: &mut Stage, source: Network, banned: Option<Network>) {
        let now = stage.firing.now;
        let ladder = &self.settings.ladder;
        let around = source.net();
        let at_home = self.trust.anyone(around, now);
        if banned.is_some() {
            self.nets.entry(around, Neighbourhood::default);
        }
        let Some(net) = self.nets.get_mut(&around) else { return };
        if let Some(banned) = banned {
            net.offenders.retain(|(offender, at)| *offender != banned && now.saturating_sub(*at) <= DAY);
            net.offenders.push((banned, now));
        }
        let inherited = net.inherited.now(now, ladder.slow_half_life) / ladder.ban_fast;
        let lately = net.offenders.iter().filter(|(_, at)| now.saturating_sub(*at) <= DAY).count();
        if at_home || net.banned_until > now || lately as f32 + inherited.floor() < ladder.net_offenders as f32 {
            return;
        }
        let until = now.saturating_add(ladder.ban_seconds(net.bans));
        net.bans = net.bans.saturating_add(1);
        net.banned_until = until;
        let times = net.bans;
        self.tell_ban(stage, around, until, times);
    }

    fn tell_ban(&mut self, stage: &mut Stage, network: Network, until: Seconds, times: u8) {
        let now = stage.firing.now;
        let (minute, new) = &mut self.new_bans;
        if *minute != now / 60 {
            (*minute, *new) = (now / 60, 0);
        }
        *new += 1;
        let keyhole = self.trust.anyone(network.net(), now);
        let exported = !keyhole && *new <= self.settings.ladder.bans_per_minute;
        let enforced = self.settings.enforces();
        let ban = Ban { network, since: now, until, times, keyhole, exported, enforced };
        self.unkept.ban(ban.clone());
        stage.findings.bans.push(ban);
    }
}
