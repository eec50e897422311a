//! `watchpost bench`: a load generator for any POP3 server, which compares every answer with every other.
//!
//! ```text
//! logins   connect, USER, PASS, STAT, QUIT          one after the other, or when due
//! drain    STAT, UIDL, LIST, RETR of every message  nothing is deleted
//! idle     sessions held open                       so that their memory can be looked at
//! storm    good logins, then beside wrong passwords
//! big      STAT, UIDL, LIST                         for maildrops of 100 000 messages
//! ```
//!
//! One thread does everything, so that a server beside it on two cores has one for itself. It talks to loopback alone
//! unless somebody says that the server is theirs.

mod accounts;
mod course;
mod drain;
mod fault;
mod idle;
mod logins;
mod report;
mod storm;
mod tally;
mod visit;

use std::net::{IpAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use indicatif::ProgressBar;
use serde_json::json;

use crate::cli::{BenchArgs, BenchMode, ConformTls, ExitCode};
use crate::clock::{Clock, SystemClock};
use crate::conform::host_and_port;
use crate::connect::{self, Connector, Deadlines, Security, Target, Trust};
use crate::console::{Failure, Talk};
use crate::descriptors;

use accounts::Accounts;
use course::Course;
use logins::Schedule;
use report::{Outcome, Phase};
use tally::Tally;
use visit::Reading;

/// For how long, unless it is said.
const TIME: Duration = Duration::from_secs(10);
/// For how long at the most.
const TIME_MAX: Duration = Duration::from_hours(1);
/// Good logins per second in a storm, unless it is said.
const STORM_RATE: u32 = 50;

/// Runs the command.
pub fn run(arguments: &BenchArgs, talk: &Talk) -> Result<(), Failure> {
    let before_login = arguments.mode == BenchMode::Idle && arguments.before_login;
    let connector = connector(arguments, talk)?;
    if !arguments.i_own_this_server {
        only_this_machine(connector.target(), talk)?;
    }
    let accounts = Accounts::named(arguments, talk)?;
    if accounts.len() == 0 && !before_login {
        return Err(Failure::new(ExitCode::Usage, talk.texts.text("error-bench-accounts")));
    }
    // Every session is a file descriptor. Where more cannot be had, the faults say so.
    descriptors::raise();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(ExitCode::OsError, error.to_string()))?;
    let outcome = runtime.block_on(measure(&Run { connector: Arc::new(connector), accounts, arguments, talk }));
    conclude(&outcome, arguments, talk)
}

fn connector(arguments: &BenchArgs, talk: &Talk) -> Result<Connector, Failure> {
    let security = match arguments.tls {
        ConformTls::None => Security::Clear,
        ConformTls::Stls => Security::Stls,
        ConformTls::Implicit => Security::Tls,
    };
    let (host, port) = host_and_port(&arguments.host, if security == Security::Tls { 995 } else { 110 });
    let failed = |error: connect::ConnectError| Failure::new(ExitCode::NoInput, error.to_string());
    let trust = match &arguments.certificate {
        Some(path) => Trust::Certificates(connect::certificates(path).map_err(failed)?),
        None if arguments.insecure => Trust::Anything,
        None => Trust::System,
    };
    if arguments.insecure {
        talk.say(&talk.texts.text("talk-conform-insecure"));
    }
    let step = Duration::from_secs(arguments.timeout.into());
    let deadlines = Deadlines { address: step, handshake: step, reply: step };
    let connector = Connector::new(Target { host, port, security, trust }, deadlines).map_err(failed)?;
    // Each session pays for its whole handshake, as sessions of many clients do.
    Ok(if arguments.resume { connector } else { connector.without_resumption() })
}

/// Load is for one's own servers.
fn only_this_machine(target: &Target, talk: &Talk) -> Result<(), Failure> {
    let found = (target.host.as_str(), target.port).to_socket_addrs();
    let addresses: Vec<IpAddr> = found.into_iter().flatten().map(|address| address.ip().to_canonical()).collect();
    if !addresses.is_empty() && addresses.iter().all(IpAddr::is_loopback) {
        return Ok(());
    }
    let text = talk.texts.format("error-bench-elsewhere", &[("host", target.host.as_str().into())]);
    Err(Failure::new(ExitCode::Usage, text))
}

async fn measure(run: &Run<'_>) -> Outcome {
    match run.arguments.mode {
        BenchMode::Logins => run.logins().await,
        BenchMode::Drain => run.maildrops(drain::Depth::Messages).await,
        BenchMode::Big => run.maildrops(drain::Depth::Listings).await,
        BenchMode::Idle => run.idle().await,
        BenchMode::Storm => run.storm().await,
    }
}

/// What was asked for, ready to begin.
struct Run<'a> {
    connector: Arc<Connector>,
    accounts: Accounts,
    arguments: &'a BenchArgs,
    talk: &'a Talk,
}

impl Run<'_> {
    fn time(&self) -> Option<Duration> {
        self.arguments.duration.map(|seconds| Duration::from_secs(seconds.into()))
    }

    /// Logins that come whenever they are due.
    fn schedule(&self, rate: u32) -> Schedule {
        let patience = Duration::from_secs(self.arguments.patience.into());
        Schedule { rate, time: self.time().unwrap_or(TIME), patience }
    }

    /// A course of so many sessions in this time, as many at once as asked for.
    fn course(&self, connections: u32, sessions: u64, time: Duration) -> Arc<Course> {
        let reading = Reading { in_flight: self.arguments.in_flight.into(), verify: self.arguments.verify };
        let bar = if sessions == u64::MAX { ProgressBar::no_length() } else { ProgressBar::new(sessions) };
        let connections = self.arguments.connections.unwrap_or(connections);
        let connections = usize::try_from(connections).unwrap_or(usize::MAX);
        let (connector, accounts) = (Arc::clone(&self.connector), self.accounts.clone());
        let course = Course::new(connector, accounts, connections, reading, Tally::new(bar));
        Arc::new(course.ending(sessions, time))
    }

    async fn logins(&self) -> Outcome {
        let time = self.time().unwrap_or(if self.arguments.count.is_some() { TIME_MAX } else { TIME });
        let course = self.course(8, self.arguments.count.unwrap_or(u64::MAX), time);
        let begun = SystemClock.now();
        let offered = match self.arguments.rate {
            None => {
                logins::one_after_the_other(&course).await;
                None
            }
            Some(rate) => Some(logins::when_due(&course, self.schedule(rate)).await),
        };
        Outcome::One(phase(&course, begun, offered))
    }

    async fn maildrops(&self, depth: drain::Depth) -> Outcome {
        let (connections, usual) = match depth {
            drain::Depth::Messages => (4, self.accounts.len() as u64),
            drain::Depth::Listings => (1, 1),
        };
        let sessions = self.arguments.count.unwrap_or(if self.time().is_some() { u64::MAX } else { usual });
        let course = self.course(connections, sessions, self.time().unwrap_or(TIME_MAX));
        let begun = SystemClock.now();
        drain::run(&course, depth).await;
        Outcome::One(phase(&course, begun, None))
    }

    async fn idle(&self) -> Outcome {
        let stage = if self.arguments.before_login { idle::Stage::BeforeLogin } else { idle::Stage::LoggedIn };
        let course = self.course(100, u64::MAX, TIME_MAX);
        let begun = SystemClock.now();
        let held = idle::run(&course, stage, self.time().unwrap_or(TIME), |held| self.say_held(held)).await;
        Outcome::Held(phase(&course, begun, None), held)
    }

    async fn storm(&self) -> Outcome {
        let schedule = self.schedule(self.arguments.rate.unwrap_or(STORM_RATE));
        let attack = storm::Attack { connections: self.arguments.attackers, tries: self.arguments.tries };
        let mut phases = Vec::with_capacity(2);
        for attack in [None, Some(attack)] {
            let course = self.course(1, u64::MAX, TIME_MAX);
            let begun = SystemClock.now();
            let offered = storm::phase(&course, schedule, attack).await;
            phases.push(Box::new(phase(&course, begun, Some(offered))));
        }
        let storm = phases.pop().expect("there were two phases");
        Outcome::Storm { calm: phases.pop().expect("there were two phases"), storm }
    }

    /// Now is the time to look. A program that waits for it gets a line of its own.
    fn say_held(&self, held: u64) {
        if self.arguments.json {
            self.talk.print(&json!({ "held": held }).to_string());
        } else {
            self.talk.say(&self.talk.texts.format("talk-bench-holding", &[("connections", held.into())]));
        }
    }
}

fn phase(course: &Course, begun: std::time::Instant, offered: Option<u64>) -> Phase {
    let time = SystemClock.now().duration_since(begun);
    course.tally.finish();
    Phase { counts: course.tally.counts(), time, offered }
}

fn conclude(outcome: &Outcome, arguments: &BenchArgs, talk: &Talk) -> Result<(), Failure> {
    if arguments.json {
        let asked = json!({
            "mode": arguments.mode,
            "host": arguments.host,
            "tls": arguments.tls,
            "connections": arguments.connections,
            "in_flight": arguments.in_flight,
            "rate": arguments.rate,
        });
        talk.print(&outcome.to_json(&asked).to_string());
    } else {
        talk.print(&outcome.to_text(&talk.texts));
    }
    if outcome.errors() == 0 { Ok(()) } else { Err(Failure::new(ExitCode::DataError, "")) }
}
