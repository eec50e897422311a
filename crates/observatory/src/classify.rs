//! Evidence becomes verdicts: one event after another, in bounded memory, without a clock.
//!
//! ```text
//!   Event ──► memory (sessions · sources · accounts · trust · campaigns) ──► rules ──► episodes ──► Verdict
//!                          └──► ladder ──► Ban
//! ```
//!
//! The same events under the same key and settings give the same verdicts, whenever and wherever they are replayed.

mod judging;
mod logins;
mod visiting;

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use watchpost_proto::planted::planted;

use crate::account::{Account, Neighbourhood, Pair, Visits};
use crate::address::Network;
use crate::answers::Ban;
use crate::campaign::Campaigns;
use crate::carried::{Habit, Unkept};
use crate::episode::{Episodes, Firing};
use crate::event::{ConnectionId, Event, EventKind, Sequence};
use crate::fingerprint::{Class, Fingerprint, Tool};
use crate::origin::{Origin, Origins};
use crate::rules::{Happening, Roll, Shared};
use crate::score::Offender;
use crate::session::Session;
use crate::settings::Settings;
use crate::sketch::Seconds;
use crate::table::{Few, HashKey, Table};
use crate::trust::Trust;
use crate::verdict::Verdict;

/// What an event led to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings {
    /// New verdicts, and old ones with more to tell: each replaces what was known of its episode.
    pub verdicts: Vec<Verdict>,
    /// New bans.
    pub bans: Vec<Ban>,
    /// What sort of visitor a session was, when it ends.
    pub session: Option<Visitor>,
}

/// What sort of visitor a session was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visitor {
    /// What sort.
    pub class: Class,
    /// What its program looks like, where its shape is its own.
    pub tool: Option<Tool>,
    /// How it speaks ([`crate::Shape::p3f`]).
    pub p3f: String,
    /// The campaign that uses its tool, if it guessed.
    pub campaign: Option<String>,
}

/// What was learned of an owner's tool.
pub(crate) type LastUse = Seconds;

/// Makes verdicts of events.
pub struct Classifier {
    pub(crate) settings: Settings,
    key: HashKey,
    origins: Option<Origins>,
    sessions: Table<u128, Session>,
    pub(crate) visitors: Table<Network, Visits>,
    pub(crate) sources: Table<Network, Offender>,
    pub(crate) nets: Table<Network, Neighbourhood>,
    pub(crate) accounts: Table<u64, Account>,
    devices: Table<u64, Pair>,
    pub(crate) tools: Table<u64, LastUse>,
    pub(crate) habits: Table<u64, Habit>,
    pub(crate) unkept: Unkept,
    pub(crate) trust: Trust,
    pub(crate) campaigns: Campaigns,
    episodes: Episodes,
    pub(crate) shared: Few<Shared, 32>,
    complaints: Few<(Network, Seconds), 16>,
    new_bans: (Seconds, u32),
    roll: Roll,
}

/// Seconds since 1970 of a moment.
pub(crate) fn seconds(at: SystemTime) -> Seconds {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    Seconds::try_from(since.as_secs()).unwrap_or(Seconds::MAX)
}

/// An event on its way through the classifier.
#[derive(Debug)]
struct Stage {
    firing: Firing,
    findings: Findings,
}

impl Classifier {
    /// A classifier that has seen nothing. The key is secret and kept: [`crate::Carried`] and replays need it.
    pub fn new(mut settings: Settings, key: &HashKey) -> Self {
        if planted("observatory.thresholds-ignored") {
            settings.rules = crate::rules::Thresholds::default();
        }
        let capacity = &settings.capacity;
        Self {
            origins: None,
            sessions: Table::new(capacity.sessions, key),
            visitors: Table::new(capacity.visitors, key),
            sources: Table::new(capacity.sources, key),
            nets: Table::new(capacity.nets, key),
            accounts: Table::new(capacity.accounts, key),
            devices: Table::new(capacity.devices, key),
            tools: Table::new(capacity.tools, key),
            habits: Table::new(capacity.owners, key),
            unkept: Unkept::default(),
            trust: Trust::new(capacity.owners, key),
            campaigns: Campaigns::new(capacity.campaigns, key),
            episodes: Episodes::new(capacity.episodes, key),
            shared: Few::default(),
            complaints: Few::default(),
            new_bans: (0, 0),
            roll: Roll::without(&settings.off),
            key: key.clone(),
            settings,
        }
    }

    /// With the operator's lists of where addresses belong.
    #[must_use]
    pub fn with_origins(mut self, origins: Origins) -> Self {
        self.origins = Some(origins);
        self
    }

    /// Whether anything may follow from the event: replies that carry no message concern no rule, and most do not.
    pub(crate) fn heeds(event: &Event) -> bool {
        !matches!(&event.kind, EventKind::Reply(answered) if answered.message.is_none())
    }

    /// Takes an event. Events come in the order of their sequences.
    pub fn observe(&mut self, sequence: Sequence, event: &Event) -> Findings {
        if !Self::heeds(event) {
            return Findings::default();
        }
        let since = event.at.duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = Seconds::try_from(since.as_secs()).unwrap_or(Seconds::MAX);
        let milliseconds = since.as_secs().saturating_mul(1000).saturating_add(since.subsec_millis().into());
        let firing = Firing { sequence, connection: event.connection, at: event.at, now, milliseconds };
        let mut stage = Stage { firing, findings: Findings::default() };
        match &event.kind {
            EventKind::Started => self.begin_again(),
            EventKind::AccountChanged { account, change } => self.account_changed(account, *change),
            EventKind::Opened { peer, port, .. } => self.opened(&mut stage, peer.ip(), *port),
            EventKind::Hello(hello) => self.hello(&stage, hello),
            EventKind::Tls(_) => self.handshake(&mut stage, None),
            EventKind::TlsFailed(failure) => self.handshake(&mut stage, Some(*failure)),
            EventKind::Command(spoken) => self.said(&mut stage, spoken),
            EventKind::Reply(answered) => {
                if let Some(session) = self.sessions.get_mut(&event.connection.0) {
                    session.answer(answered, sequence);
                    self.judge(&mut stage, Happening::Answered(answered));
                }
            }
            EventKind::Lost { .. } => {}
            EventKind::Login(attempt) => self.login(&mut stage, attempt),
            EventKind::PreviousPassword { account } => self.old_password(&mut stage, account),
            EventKind::Foreign { language, .. } => self.foreign(&mut stage, *language),
            EventKind::Notice(notice) => self.noticed(&mut stage, *notice),
            EventKind::Closed(summary) => self.closed(&mut stage, summary),
        }
        stage.findings
    }

    /// The process began again: what lived in memory is gone, as it is for a classifier that is new.
    fn begin_again(&mut self) {
        let carried = self.carried();
        self.forget_everything();
        self.restore(&carried);
    }

    pub(crate) fn forget_everything(&mut self) {
        let origins = self.origins.take();
        *self = Self::new(self.settings.clone(), &self.key);
        self.origins = origins;
    }

    /// What a client on an open connection is known by, from its first login on.
    pub fn fingerprint(&self, connection: ConnectionId) -> Option<Fingerprint> {
        self.sessions.peek(&connection.0).filter(|session| session.fingerprint.is_some()).map(Session::who)
    }

    /// Octets of memory that are taken: below 32 MiB, whatever strangers do.
    pub fn octets(&self) -> usize {
        let sessions: usize = self.sessions.iter().map(|(_, session)| session.octets()).sum();
        let visitors: usize = self.visitors.iter().map(|(_, visits)| visits.octets()).sum();
        let sources: usize = self.sources.iter().map(|(_, offender)| offender.octets()).sum();
        let accounts: usize = self.accounts.iter().map(|(_, account)| account.octets_taken()).sum();
        let nets: usize = self.nets.iter().map(|(_, net)| net.offenders.octets()).sum();
        let tables = self.sessions.octets()
            + self.visitors.octets()
            + self.sources.octets()
            + self.nets.octets()
            + self.accounts.octets()
            + self.devices.octets()
            + self.tools.octets();
        let others = self.octets_of_habits() + self.trust.octets() + self.campaigns.octets() + self.episodes.octets();
        tables + others + sessions + visitors + sources + accounts + nets
    }

    /// The mark of an account, by its canonical name.
    pub(crate) fn account_mark(&self, name: &str) -> u64 {
        self.key.mark(name.as_bytes())
    }

    /// The mark of a tool.
    pub(crate) fn tool_mark(&self, fingerprint: &Fingerprint) -> u64 {
        self.key.mark(fingerprint.ja4.as_bytes()) ^ self.key.mark(fingerprint.script.as_bytes()).rotate_left(1)
    }

    /// The mark of the tool that a client has shown so far.
    pub(crate) fn tool_of(&self, session: &Session) -> u64 {
        let ja4 = session.ja4_mark.unwrap_or_else(|| self.key.mark(b""));
        ja4 ^ self.key.mark(session.shape.script_so_far().as_octets()).rotate_left(1)
    }

    /// Whether an owner used the tool within ninety days.
    pub(crate) fn owners_use(&self, tool: u64, now: Seconds) -> bool {
        self.tools.peek(&tool).is_some_and(|last| now.saturating_sub(*last) <= 90 * 86_400)
    }

    /// The same wrong password from the same place on an account.
    pub(crate) fn device(&self, source: Network, account: u64) -> Option<&Pair> {
        self.devices.peek(&self.pair_mark(source, account))
    }

    /// Where a source belongs, as the operator's lists say.
    pub(crate) fn origin(&self, source: Network) -> Option<Origin> {
        self.origins.as_ref().and_then(|origins| origins(source.address()))
    }

    /// Networks whose clients complained of our certificate within an hour.
    pub(crate) fn complaining_nets(&self, now: Seconds) -> usize {
        self.complaints.iter().filter(|(_, at)| now.saturating_sub(*at) <= 3600).count()
    }
}
