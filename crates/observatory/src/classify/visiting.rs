//! Connections, handshakes, commands, and what is no POP3.

use std::net::IpAddr;

use watchpost_proto::Mechanism;
use watchpost_proto::pop3::server::Notice;
use watchpost_proto::pop3::{State, Verb};

use super::{Classifier, Stage, Visitor};
use crate::account::{DAY, Neighbourhood, Visits};
use crate::address::Network;
use crate::event::{Ending, Foreign, Hello, Port, SessionSummary, Spoken, TlsFailure};
use crate::fingerprint::Class;
use crate::rules::{Happening, is_mistake};
use crate::score::{Offender, Recent};
use crate::session::{Named, Session};
use crate::signatures;
use crate::sketch::Seconds;

/// Octets of a JA4 at the most; an honest one has 36.
const JA4_MAX: usize = 64;
/// A name that was left without PASS counts once in this time.
const NAMED: Seconds = 600;

impl Classifier {
    pub(super) fn opened(&mut self, stage: &mut Stage, address: IpAddr, port: Port) {
        let source = Network::source(address);
        if self.settings.lists.allows(source) {
            return;
        }
        let firing = stage.firing;
        self.sessions.entry(firing.connection.0, || Session::new(source, port, firing.sequence));
        let (visits, _) = self.visitors.entry(source, Visits::default);
        visits.open(low(firing.connection.0), firing.sequence, firing.now, firing.milliseconds);
        self.judge(stage, Happening::Opened);
    }

    pub(super) fn hello(&mut self, stage: &Stage, hello: &Hello) {
        if let Some(session) = self.sessions.get_mut(&stage.firing.connection.0) {
            session.names_server = hello.server_name.is_some();
            session.ja4 =
                if hello.ja4.len() > JA4_MAX { hello.ja4.chars().take(JA4_MAX).collect() } else { hello.ja4.clone() };
            session.ja4_mark = Some(self.key.mark(session.ja4.as_bytes()));
        }
    }

    pub(super) fn handshake(&mut self, stage: &mut Stage, failure: Option<TlsFailure>) {
        let firing = stage.firing;
        let Some(session) = self.sessions.get_mut(&firing.connection.0) else { return };
        session.tls |= failure.is_none();
        let (source, net) = (session.source, session.net);
        let (visits, _) = self.visitors.entry(source, Visits::default);
        visits.handshake(firing.now);
        if let Some(TlsFailure::PeerAlert(42 | 46 | 48)) = failure {
            visits.complaints.push((firing.sequence, firing.now));
            self.complaints.retain(|(known, _)| *known != net);
            self.complaints.push((net, firing.now));
        }
        self.judge(stage, failure.map_or(Happening::HandshakeDone, Happening::HandshakeFailed));
    }

    pub(super) fn said(&mut self, stage: &mut Stage, spoken: &Spoken) {
        let firing = stage.firing;
        let Some(session) = self.sessions.get_mut(&firing.connection.0) else { return };
        let first = session.shape.commands() == 0;
        session.hear(spoken, firing.sequence, firing.milliseconds);
        let (source, after_ntlm, foreign) = (session.source, session.after_ntlm, session.speaks_something_else());
        if first && let Some(visits) = self.visitors.get_mut(&source) {
            visits.speaks(low(firing.connection.0));
        }
        if spoken.state == State::Authorization {
            self.said_before_login(stage, spoken);
        }
        let signature = signatures::find(spoken);
        let attack = signature.is_some_and(|signature| signature.is_attack) || signatures::harmful(spoken).is_some();
        let attack = attack && !foreign;
        if foreign {
            // What other protocols begin with weighs as that, and holds octets that no line of ours has.
        } else if attack {
            self.attacked(stage, source);
        } else if signature.is_some() || signatures::doubtful(spoken, after_ntlm).is_some() {
            self.strange(stage, spoken);
        }
        self.judge(stage, Happening::Said { spoken, signature });
        self.climb(stage, source, attack);
    }

    /// Names left, logins begun, mechanisms tried.
    fn said_before_login(&mut self, stage: &Stage, spoken: &Spoken) {
        let firing = stage.firing;
        let name = spoken.text.as_octets().get(5..).filter(|_| spoken.verb == Some(Verb::User));
        let mark = name.map(|name| low_mark(self.offered_mark(name)));
        let Some(session) = self.sessions.get_mut(&firing.connection.0) else { return };
        let left = session.named.take().filter(|_| spoken.verb != Some(Verb::Pass));
        session.named = mark.map(|mark| Named { mark, sequence: firing.sequence });
        if spoken.verb == Some(Verb::Auth)
            && let Some(mechanism) = unknown_mechanism(spoken)
            && !session.mechanisms.iter().any(|(known, _)| *known == mechanism)
        {
            session.mechanisms.push((mechanism, firing.sequence));
        }
        let begins = matches!(spoken.verb, Some(Verb::Pass | Verb::Auth | Verb::Apop));
        if begins && let Some(visits) = self.visitors.get_mut(&session.source) {
            visits.logs_in();
        }
        if begins && session.fingerprint.is_none() {
            self.shows_its_tool(stage);
        }
        if let Some(left) = left.filter(|left| mark != Some(left.mark)) {
            self.left(stage, left);
        }
    }

    /// The first login of a session: its tool is known from here on.
    fn shows_its_tool(&mut self, stage: &Stage) {
        let firing = stage.firing;
        let Some(session) = self.sessions.peek(&firing.connection.0) else { return };
        let mark = self.tool_of(session);
        if let Some(session) = self.sessions.get_mut(&firing.connection.0) {
            session.fingerprint = Some(mark);
        }
        self.campaigns.renew(mark, firing.now);
    }

    /// A name was said and left without PASS.
    fn left(&mut self, stage: &Stage, left: Named) {
        let firing = stage.firing;
        let Some(source) = self.sessions.peek(&firing.connection.0).map(|session| session.source) else { return };
        let offender = self.offender(source, firing.now);
        let lately = |named: &Recent| named.account == left.mark && firing.now.saturating_sub(named.at) <= NAMED;
        if !offender.named.iter().any(lately) {
            offender.named.push(Recent { sequence: left.sequence, account: left.mark, at: firing.now });
            self.offend(stage, source, self.settings.weights.user_only);
        }
    }

    /// An attack on the program, or commands behind STLS.
    fn attacked(&mut self, stage: &Stage, source: Network) {
        if let Some(session) = self.sessions.get_mut(&stage.firing.connection.0) {
            session.exploited = true;
        }
        self.offend(stage, source, self.settings.weights.exploit);
    }

    /// A line that no honest client sends: each sort weighs once a source, for a strange program repeats itself.
    fn strange(&mut self, stage: &Stage, spoken: &Spoken) {
        let Some(session) = self.sessions.peek(&stage.firing.connection.0) else { return };
        let (source, at_home) = (session.source, session.before.trusted);
        let oddities = spoken.oddities.0 | 1 << 15;
        let offender = self.offender(source, stage.firing.now);
        let new = oddities & !offender.oddities != 0;
        offender.oddities |= oddities;
        if new && !at_home {
            self.offend(stage, source, self.settings.weights.oddity);
        }
    }

    fn offend(&mut self, stage: &Stage, source: Network, weight: f32) {
        let ladder = self.settings.ladder.clone();
        let firing = stage.firing;
        self.offender(source, firing.now).offend(weight, firing.sequence, firing.now, &ladder);
    }

    /// What is remembered of the source. Who makes room for it leaves his score to his network.
    pub(super) fn offender(&mut self, source: Network, now: Seconds) -> &mut Offender {
        let ladder = &self.settings.ladder;
        let (offender, gone) = self.sources.entry(source, Offender::default);
        if let Some((network, gone)) = gone {
            let slow = gone.slow(now, ladder) * ladder.ban_fast / ladder.ban_slow;
            let left = gone.fast(now, ladder).max(slow);
            if left > 0.5 * ladder.ban_fast {
                let (net, _) = self.nets.entry(network.net(), Neighbourhood::default);
                net.inherited.add(left, now, ladder.slow_half_life);
            }
        }
        offender
    }

    pub(super) fn foreign(&mut self, stage: &mut Stage, foreign: Foreign) {
        let Some(session) = self.sessions.get_mut(&stage.firing.connection.0) else { return };
        session.foreign = Some(foreign);
        let (source, now) = (session.source, stage.firing.now);
        if let Some(visits) = self.visitors.get_mut(&source) {
            visits.speaks(low(stage.firing.connection.0));
        }
        if !is_mistake(foreign) {
            self.offender(source, now).foreign.push((foreign, now));
            self.offend(stage, source, self.settings.weights.foreign);
        }
        self.judge(stage, Happening::Foreign(foreign));
        self.climb(stage, source, false);
    }

    pub(super) fn noticed(&mut self, stage: &mut Stage, notice: Notice) {
        let Some(source) = self.sessions.peek(&stage.firing.connection.0).map(|session| session.source) else { return };
        let attack = matches!(notice, Notice::ClearTextBehindStls { .. });
        if attack {
            self.attacked(stage, source);
        }
        self.judge(stage, Happening::Noticed(notice));
        self.climb(stage, source, attack);
    }

    pub(super) fn closed(&mut self, stage: &mut Stage, summary: &SessionSummary) {
        let firing = stage.firing;
        let Some(session) = self.sessions.get_mut(&firing.connection.0) else { return };
        let (source, named, ntlm) = (session.source, session.named.take(), session.ntlm);
        let quiet = is_quiet(session, summary);
        let account = session.account.as_ref().map_or(0, |(mark, _)| low_mark(*mark));
        if let Some(named) = named {
            self.left(stage, named);
        }
        if ntlm.is_some() && summary.user.is_none() && summary.tally.failed_logins == 0 {
            self.asked_for_ntlm(stage, source);
        }
        let (visits, _) = self.visitors.entry(source, Visits::default);
        visits.speaks(low(firing.connection.0));
        if ended_in_silence(summary) {
            visits.silent.push((firing.sequence, firing.now));
        }
        let same = visits.account == account || visits.quiet == 0;
        visits.quiet = if quiet && same { visits.quiet.saturating_add(1) } else { u32::from(quiet) };
        visits.account = account;
        self.judge(stage, Happening::Closed(summary));
        self.climb(stage, source, false);
        self.learn_habits(stage, summary);
        stage.findings.session = self.visitor(stage, quiet);
        self.sessions.remove(&firing.connection.0);
    }

    /// What sort of visitor it was.
    fn visitor(&self, stage: &Stage, quiet: bool) -> Option<Visitor> {
        let session = self.sessions.peek(&stage.firing.connection.0)?;
        let monitor = quiet && self.visitors.peek(&session.source).is_some_and(|visits| visits.labelled);
        let campaign = session.fingerprint.filter(|_| session.guesses > 0);
        let campaign = campaign.and_then(|mark| self.campaigns.find(mark)).filter(|campaign| campaign.seen);
        Some(Visitor {
            class: if monitor { Class::Monitor } else { session.class() },
            tool: session.tool(),
            p3f: session.shape.p3f(),
            campaign: campaign.map(|campaign| campaign.name.clone()),
        })
    }

    /// Once a day: a mail program with "secure password authentication" ticked asks at each poll.
    fn asked_for_ntlm(&mut self, stage: &Stage, source: Network) {
        let now = stage.firing.now;
        let offender = self.offender(source, now);
        if offender.ntlm_at == 0 || now.saturating_sub(offender.ntlm_at) > DAY {
            offender.ntlm_at = now.max(1);
            self.offend(stage, source, self.settings.weights.ntlm);
        }
    }
}

/// Whether the visit read no mail and tried no wrong password.
fn is_quiet(session: &Session, summary: &SessionSummary) -> bool {
    if session.foreign.is_some() || session.exploited {
        return false;
    }
    let failed = session.guesses > 0 || session.repeats > 0 || session.mistyped > 0 || summary.tally.failed_logins > 0;
    let reads = session.retrieved.whole > 0 || session.retrieved.tops > 0 || summary.tally.removed > 0;
    // Who named somebody and did not come in was refused unseen, or only looked whether the name exists.
    let named = summary.user.is_none() && !session.shape.only(b"CTSNQ8G");
    !failed && !reads && !named && !ended_in_silence(summary) && session.shape.only(b"UPAOCTSNQ8G")
}

/// Whether it was held without a word.
fn ended_in_silence(summary: &SessionSummary) -> bool {
    let waited = summary.ending == Ending::Timeout || summary.duration.as_secs() >= 30;
    let timed_out = matches!(summary.notice, Some(Notice::LoginTimeout));
    summary.user.is_none() && summary.tally.commands == 0 && (waited || timed_out)
}

/// The mark of a mechanism that is none of ours.
fn unknown_mechanism(spoken: &Spoken) -> Option<u32> {
    let mut words = spoken.text.as_octets().split(|octet| *octet == b' ').skip(1);
    let name = words.next().filter(|name| !name.is_empty())?;
    let ours = Mechanism::ALL.iter().any(|known| known.name().as_bytes().eq_ignore_ascii_case(name));
    let fold = |hash: u32, octet: &u8| (hash ^ u32::from(octet.to_ascii_uppercase())).wrapping_mul(0x0100_0193);
    (!ours).then(|| name.iter().fold(0x811c_9dc5, fold))
}

#[expect(clippy::cast_possible_truncation, reason = "half of the bits are enough within a source")]
pub(super) const fn low(connection: u128) -> u64 {
    connection as u64
}

#[expect(clippy::cast_possible_truncation, reason = "half of the bits are enough within a source")]
pub(super) const fn low_mark(mark: u64) -> u32 {
    mark as u32
}
