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

    /// Asks every rule about what happened, which concerns this account.
    pub(super) fn judge_about(&mut self, stage: &mut Stage, happening: Happening<'_>, account: Option<u64>) {
        for (rule, finding) in self.found(stage, happening, account) {
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
        let refused = matches!(happening, Happening::Refused(_));
        let ends = matches!(happening, Happening::Closed(_));
        let after_login = ends || matches!(happening, Happening::Answered(_));
        let tool = session.fingerprint.filter(|_| refused);
        let device = account.filter(|_| refused).map(|account| self.pair_mark(session.source, account));
        let origins = self.origins.as_ref().filter(|_| refused || ends);
        let origin = origins.and_then(|origins| origins(session.source.address()));
        let lately = |(_, at): &&(Network, Seconds)| firing.now.saturating_sub(*at) <= 3600;
        let case = Case {
            sequence: firing.sequence,
            now: firing.now,
            happening,
            thresholds: &self.settings.rules,
            ladder: &self.settings.ladder,
            session,
            source: self.sources.peek(&session.source),
            visits: self.visitors.peek(&session.source),
            account: account.and_then(|account| self.accounts.peek(&account)),
            habit: account.filter(|_| after_login).and_then(|account| self.habits.peek(&account)),
            pair: device.and_then(|device| self.devices.peek(&device)),
            campaign: tool.and_then(|tool| self.campaigns.find(tool)),
            origin: origin.as_ref(),
            trust: &self.trust,
            complaining_nets: self.complaints.iter().filter(lately).count(),
            owners_use_tool: tool.is_some_and(|tool| self.owners_use(tool, firing.now)),
            shared: &self.shared,
        };
        let on = RULES.iter().filter(|rule| !self.settings.off.contains(&rule.id));
        on.filter_map(|rule| Some((rule, (rule.judge)(&case)?))).collect()
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
