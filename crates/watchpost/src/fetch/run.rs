//! Accounts side by side, each session after session until there is nothing more to fetch.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::Semaphore;
use watchpost_proto::planted::planted;
use watchpost_proto::pop3::client::Limits;

use super::SESSIONS_MAX;
use super::account::{Account, TrustChoice};
use super::journal::{Journal, JournalError, Record, Seen};
use super::login::{LoginError, Utf8};
use super::progress::Board;
use super::schedule::{Ended, History};
use super::secret::{Finder, Secret, Source};
use super::session::{self, Needs, Report, SessionError};
use crate::clock::Clock;
use crate::connect::{self, ConnectError, Connector, Identity, Pin, Target, Trust};

/// Sessions at the same time with one server.
const SESSIONS_PER_HOST_MAX: usize = 4;
/// Sessions in a row with a server that shows its mail in portions.
const PORTIONS_MAX: usize = 500;
/// The longest that a server can make a run wait between two sessions, in seconds.
const LOGIN_DELAY_MAX: u64 = 86_400;
/// However small the limit is, a message may have so many octets when it comes.
const OCTETS_MIN: u64 = 64 * 1024;
/// Beyond its time, a session that does not end by itself is ended.
const GRACE: Duration = Duration::from_mins(2);

/// What all accounts share.
pub struct Fetcher {
    /// Where the journals are.
    pub folder: PathBuf,
    /// Where passwords are found.
    pub finder: Finder,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where to show how far each is.
    pub board: Board,
    /// Whether to wait as long as a server wants between logins, until nothing is left.
    pub drain: bool,
}

/// An account, what came of its last session, and how it ended.
pub struct Outcome {
    /// Which account.
    pub account: String,
    /// All sessions of this run together.
    pub report: Report,
    /// Why the last one ended early.
    pub error: Option<SessionError>,
}

impl Outcome {
    /// What it means for the next time.
    pub fn ended(&self) -> Ended {
        match &self.error {
            None => Ended::Well,
            Some(SessionError::Login(LoginError::Credentials(_) | LoginError::NothingOffered(_))) => Ended::Refused,
            Some(_) => Ended::Troubled,
        }
    }
}

impl Fetcher {
    /// Fetches from all of them, side by side, and tells of each as soon as it is done.
    pub async fn all(self: &Arc<Self>, accounts: &[Account], mut tell: impl FnMut(&Outcome)) -> Vec<Outcome> {
        let sessions = Arc::new(Semaphore::new(SESSIONS_MAX));
        let mut hosts: HashMap<&str, Arc<Semaphore>> = HashMap::new();
        let mut running = tokio::task::JoinSet::new();
        for account in accounts {
            let host = hosts.entry(&account.host).or_insert_with(|| Arc::new(Semaphore::new(SESSIONS_PER_HOST_MAX)));
            let (sessions, host) = (Arc::clone(&sessions), Arc::clone(host));
            let (fetcher, account) = (Arc::clone(self), account.clone());
            running.spawn(async move {
                let _host = host.acquire_owned().await;
                let _session = sessions.acquire_owned().await;
                fetcher.one(&account).await
            });
        }
        let mut outcomes = Vec::new();
        while let Some(joined) = running.join_next().await {
            let outcome = joined.expect("a session does not panic");
            tell(&outcome);
            outcomes.push(outcome);
        }
        outcomes
    }

    /// All sessions of one account: until nothing is left, or nothing more comes.
    pub async fn one(&self, account: &Account) -> Outcome {
        let mut report = Report::default();
        let (mut slow, mut renewed) = (false, false);
        let gauge = self.board.gauge(&account.name);
        for _ in 0..PORTIONS_MAX {
            let before = (report.delivered, report.known, report.removed);
            report.more = false;
            report.complete = false;
            let result = self.session(account, &gauge, &mut report).await;
            match result {
                Ok(()) => {
                    let moved = before != (report.delivered, report.known, report.removed);
                    let delay = Duration::from_secs(report.login_delay.unwrap_or_default().min(LOGIN_DELAY_MAX));
                    // C-052: in the next session, they come as they are.
                    let in_utf8 = report.utf8 == Utf8::Wanted;
                    if !in_utf8 && !(report.more && moved && (delay.is_zero() || self.drain)) {
                        return Outcome { account: account.name.clone(), report, error: None };
                    }
                    if in_utf8 {
                        report.utf8 = Utf8::Insisted;
                    }
                    // C-066, C-070: the server has said how long it wants to be left alone.
                    if !planted("fetch.ignores-login-delay") {
                        tokio::time::sleep(delay).await;
                    }
                }
                // A token that has expired is renewed once (C-047).
                Err(SessionError::Login(LoginError::Credentials(_)))
                    if matches!(account.secret, Source::TokenCommand(_)) && !renewed =>
                {
                    renewed = true;
                }
                Err(error) => {
                    let now_slow = Journal::glance(&self.folder, &account.name).is_ok_and(|seen| seen.no_pipelining);
                    if now_slow
                        && !slow
                        && report.pipelined
                        && before == (report.delivered, report.known, report.removed)
                    {
                        slow = true;
                        continue;
                    }
                    return Outcome { account: account.name.clone(), report, error: Some(error) };
                }
            }
        }
        Outcome { account: account.name.clone(), report, error: None }
    }

    async fn session(
        &self,
        account: &Account,
        gauge: &super::progress::Gauge,
        report: &mut Report,
    ) -> Result<(), SessionError> {
        let seen = Journal::glance(&self.folder, &account.name)?;
        let secret = self.secret(account)?;
        let connector = connector(account, &seen)?;
        let spool = self.folder.join(format!("{}.spool", account.name));
        let clock = Arc::clone(&self.clock);
        let needs = Needs { account, connector: &connector, secret: &secret, clock, gauge, spool: &spool };
        let whole =
            tokio::time::timeout(account.session_time + GRACE.min(account.session_time), session::run(&needs, report));
        whole.await.unwrap_or(Err(SessionError::TooLong))
    }

    /// The secret of an account. Commands and people may take their time: other sessions go on meanwhile.
    pub fn secret(&self, account: &Account) -> Result<Secret, SessionError> {
        let find = || self.finder.find(&account.secret, &account.name, &account.host, &account.user);
        Ok(tokio::task::block_in_place(find)?)
    }

    /// Somebody has been told of what is doubtful: it is not named again. Where that cannot be written down, it is.
    pub fn told(&self, outcome: &Outcome) {
        if outcome.report.in_doubt.is_empty() {
            return;
        }
        let journal = Journal::open(&self.folder, &outcome.account, self.clock.seconds());
        let _ = journal.and_then(|mut journal| {
            journal.append(&[Record::Told])?;
            journal.sync()
        });
    }

    /// Lets messages be tried again that were given up.
    pub fn forgive(&self, account: &Account) -> Result<(), JournalError> {
        let mut journal = Journal::open(&self.folder, &account.name, self.clock.seconds())?;
        let failed: Vec<Record> =
            journal.seen().failures.keys().map(|key| Record::Failed { key: key.to_string(), times: 0 }).collect();
        journal.append(&failed)?;
        journal.sync()
    }
}

/// The way to the server of an account, as far as it is known what it can.
pub fn connector(account: &Account, seen: &Seen) -> Result<Connector, ConnectError> {
    let trust = match &account.trust {
        TrustChoice::System => Trust::System,
        TrustChoice::File(path) => Trust::Certificates(connect::certificates(path)?),
        TrustChoice::Pins(pins) => Trust::Pins(pins.clone()),
        TrustChoice::FirstUse => match seen.pin.as_deref().and_then(Pin::parse) {
            Some(pin) => Trust::Pins(vec![pin]),
            None => Trust::FirstUse(Arc::new(OnceLock::new())),
        },
    };
    let identity = account.identity.as_ref().map(|(certificate, key)| Identity::read(certificate, key)).transpose()?;
    let target = Target { host: account.host.clone(), port: account.port, security: account.security, trust };
    let window = if seen.no_pipelining { 1 } else { account.window };
    let mut limits = Limits { window, ..Limits::default() };
    // Sizes that LIST gives may be wrong, some by the line ends: twice what is wanted is no mistake any more.
    if let Some(wanted) = account.policy.octets_max {
        limits.message_octets = limits.message_octets.min(wanted.saturating_mul(2).saturating_add(OCTETS_MIN));
    }
    let connector = Connector::with_identity(target, account.deadlines, identity)?;
    Ok(connector.through(account.proxy.clone()).limited(limits))
}

/// Fetches again and again until the future `stop` is done.
pub async fn every(
    fetcher: &Arc<Fetcher>,
    accounts: &[Account],
    every: Duration,
    stop: impl Future<Output = ()>,
    mut tell: impl FnMut(&Outcome),
) {
    let (told, mut outcomes) = tokio::sync::mpsc::channel(SESSIONS_MAX);
    let mut running = tokio::task::JoinSet::new();
    let sessions = Arc::new(Semaphore::new(SESSIONS_MAX));
    let mut hosts: HashMap<String, Arc<Semaphore>> = HashMap::new();
    for account in accounts {
        let host = hosts.entry(account.host.clone()).or_insert_with(|| Arc::new(Semaphore::new(SESSIONS_PER_HOST_MAX)));
        let (sessions, host) = (Arc::clone(&sessions), Arc::clone(host));
        let (fetcher, account, told) = (Arc::clone(fetcher), account.clone(), told.clone());
        running.spawn(async move {
            let mut history = History::default();
            loop {
                let outcome = {
                    let _host = Arc::clone(&host).acquire_owned().await;
                    let _session = Arc::clone(&sessions).acquire_owned().await;
                    fetcher.one(&account).await
                };
                history.note(outcome.ended(), outcome.report.login_delay);
                if told.send(outcome).await.is_err() {
                    return;
                }
                let mut random = [0; 2];
                // Without random numbers, sessions are merely less spread.
                let _ = aws_lc_rs::rand::fill(&mut random);
                tokio::time::sleep(history.pause(every, u16::from_ne_bytes(random))).await;
            }
        });
    }
    drop(told);
    tokio::pin!(stop);
    loop {
        tokio::select! {
            outcome = outcomes.recv() => match outcome {
                Some(outcome) => tell(&outcome),
                None => return,
            },
            () = &mut stop => return,
        }
    }
}
