//! `watchpost serve`: from a configuration to open ports, through signals and reloads, to an orderly end.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use watchpost_observatory::EventSink;
use watchpost_observatory::journal::Journal;
use watchpost_store::maildir::{MaildirPath, MaildirStore};
use watchpost_store::{AnyDirectory, Directory, Store};

use crate::accounts;
use crate::captures::Keeper;
use crate::clock::SystemClock;
use crate::config::{Config, Record, TlsIdentity};
use crate::descriptors;
use crate::house::{House, Live, Watch};
use crate::journal::{self, LogAndJournal, Secret};
use crate::log::SessionLog;
pub use crate::server::Bound;
use crate::server::{self, ConnectionIds, Gate, ListenError, Stop, Workers};

/// How often the certificate's files are looked at.
const CERTIFICATE_INTERVAL: Duration = Duration::from_mins(1);
/// What sessions get after the grace period to close in order.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// A server whose ports are open and whose sessions have not begun.
pub struct Ready {
    house: Arc<House<MaildirStore, AnyDirectory>>,
    bound: Vec<Bound>,
    config: Config,
    journal: Option<Journal>,
    captures: Option<Keeper>,
}

/// Why a server cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A port cannot be opened.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The accounts cannot be opened.
    #[error("cannot open the accounts: {0}")]
    Directory(#[source] watchpost_store::Cause),
    /// The store cannot be opened.
    #[error("cannot open the store: {0}")]
    Store(#[source] watchpost_store::Cause),
    /// The journal cannot begin: its key cannot be kept, say.
    #[error("cannot begin the journal: {0}")]
    Journal(#[source] std::io::Error),
    /// The folder of recordings cannot be made.
    #[error("cannot keep recordings of sessions: {0}")]
    Captures(#[source] std::io::Error),
    /// The operating system gives no threads.
    #[error("cannot start threads: {0}")]
    Threads(#[source] std::io::Error),
    /// The operating system refused something.
    #[error("cannot watch for signals: {0}")]
    Signals(#[source] std::io::Error),
}

/// Opens accounts, store and ports.
pub fn prepare(config: Config) -> Result<Ready, StartError> {
    let directory = accounts::open(&config).map_err(StartError::Directory)?;
    let store = open_store(&config).map_err(StartError::Store)?;
    let bound = server::listen(&config.listeners, server::workers())?;
    let keeper = Keeper::begin(&config).map_err(StartError::Captures)?;
    let captures = keeper.as_ref().map(Keeper::captures);
    let (journal, watch) = match config.observatory.record {
        Record::Sessions => {
            let secret = Secret::keep(&config.data_dir).map_err(StartError::Journal)?;
            let passwords = journal::password_tables(&secret).map_err(StartError::Journal)?;
            let journal = journal::begin(&config, &secret, captures.clone()).map_err(StartError::Journal)?;
            (Some(journal), Some(Watch::new(passwords)))
        }
        Record::Nothing => (None, None),
    };
    let events: Box<dyn EventSink> = match &journal {
        Some(journal) => Box::new(LogAndJournal { journal: journal.sink() }),
        None => Box::new(SessionLog),
    };
    let house = House {
        store,
        directory,
        events,
        watch,
        captures,
        clock: Box::new(SystemClock),
        gate: Gate::default(),
        connections: ConnectionIds::new(uuid::Uuid::now_v7().as_u64_pair().1),
        live: ArcSwap::from_pointee(live(&config)),
    };
    Ok(Ready { house: Arc::new(house), bound, config, journal, captures: keeper })
}

/// Descriptors that a session with an open maildrop has at the most: its socket, its Maildir, the lock, and a message.
const DESCRIPTORS_PER_SESSION: u64 = 4;

/// Takes as many descriptors as the system gives, and says so where they are too few for the connections allowed.
fn raise_descriptors(connections: usize) {
    let wanted = connections as u64 * DESCRIPTORS_PER_SESSION;
    if let Some(given) = descriptors::raise().filter(|given| *given < wanted) {
        tracing::warn!(
            given,
            wanted,
            "the system gives fewer open files than limits.connections may need: raise LimitNOFILE of the service, or \
             lower limits.connections"
        );
    }
}

/// Opens the store of this configuration.
pub fn open_store(config: &Config) -> Result<MaildirStore, watchpost_store::Cause> {
    Ok(MaildirStore::new(MaildirPath::parse(&config.store.path)?, config.domain.as_str()))
}

fn live(config: &Config) -> Live {
    let tls = config.tls.as_ref().map(|identity| server::server_config(Arc::clone(&identity.certified_key)));
    Live { limits: config.limits.clone(), quirks: config.quirks, tls }
}

impl Ready {
    /// The ports that are open, in the order of the configuration.
    pub fn bound(&self) -> &[Bound] {
        &self.bound
    }

    /// What it was started with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Serves until SIGTERM or SIGINT; SIGHUP reloads.
    pub async fn run(self) -> Result<(), StartError> {
        raise_descriptors(self.config.limits.connections);
        let signals = Signals::new().map_err(StartError::Signals)?;
        for bound in &self.bound {
            tracing::info!(address = %bound.address, protocol = bound.listener.protocol.word(), "listening");
        }
        let (stop, stopping) = watch::channel(Stop::Not);
        let workers = Workers::start(&self.house, self.bound, &stopping).map_err(StartError::Threads)?;
        let sessions = tokio::spawn(workers.finished());
        let house = Arc::clone(&self.house);
        let server = Running { house: self.house, config: self.config };
        server.keep(signals, stop, sessions).await;
        let _ = tokio::time::timeout(LAST_WORDS, house.store.finish_housekeeping()).await;
        // What is left is written before the program ends.
        drop(self.journal);
        drop(self.captures);
        tracing::info!("stopped");
        Ok(())
    }
}

struct Signals {
    stop: StopSignals,
    hang_up: Signal,
}

/// SIGTERM and SIGINT: both ask for an orderly end, and a second one for a quick one.
struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        let stop =
            StopSignals { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? };
        Ok(Self { stop, hang_up: signal(SignalKind::hangup())? })
    }
}

impl StopSignals {
    async fn arrived(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// A running server: reloads it, and ends it.
struct Running<S, D> {
    house: Arc<House<S, D>>,
    config: Config,
}

impl<S: Store, D: Directory> Running<S, D> {
    async fn keep(
        mut self,
        mut signals: Signals,
        stop: watch::Sender<Stop>,
        mut sessions: tokio::task::JoinHandle<()>,
    ) {
        let mut certificate = Seen::now(&self.config);
        let mut look = tokio::time::interval(CERTIFICATE_INTERVAL);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = signals.stop.arrived() => break,
                _ = signals.hang_up.recv() => {
                    self.reload();
                    certificate = Seen::now(&self.config);
                }
                _ = look.tick() => {
                    let seen = Seen::now(&self.config);
                    if seen != certificate {
                        certificate = seen;
                        self.reload_certificate();
                    }
                }
                _ = &mut sessions => return,
            }
        }
        let grace = self.house.live.load().limits.shutdown_grace;
        stop.send_replace(Stop::Draining);
        tracing::info!(?grace, "stopping: no new connections, sessions may finish");
        tokio::select! {
            _ = &mut sessions => return,
            () = tokio::time::sleep(grace) => tracing::warn!("sessions did not finish in time and are closed"),
            () = signals.stop.arrived() => tracing::warn!("told to stop again: sessions are closed"),
        }
        stop.send_replace(Stop::Now);
        let _ = tokio::time::timeout(LAST_WORDS, sessions).await;
    }

    /// A configuration that is refused leaves everything as it is.
    fn reload(&mut self) {
        let new = match Config::load(&self.config.path) {
            Ok(new) => new,
            Err(errors) => {
                tracing::error!("configuration not reloaded, the old one stays in force:\n{}", errors.plain());
                return;
            }
        };
        let restart = self.config.restart_only_changes(&new);
        if !restart.is_empty() {
            tracing::warn!(keys = restart.join(", "), "changed, but only a restart puts these into force");
        }
        self.house.live.store(Arc::new(live(&new)));
        self.config.tls = new.tls;
        self.config.limits = new.limits;
        self.config.quirks = new.quirks;
        tracing::info!("configuration reloaded");
    }

    fn reload_certificate(&mut self) {
        let Some(identity) = &self.config.tls else { return };
        match TlsIdentity::load(&identity.certificate, &identity.key) {
            Ok(identity) => {
                self.config.tls = Some(identity);
                self.house.live.store(Arc::new(live(&self.config)));
                tracing::info!("certificate reloaded");
            }
            Err(error) => tracing::error!(%error, "certificate not reloaded, the old one stays in force"),
        }
    }
}

/// When certificate and key were last changed.
#[derive(PartialEq, Eq)]
struct Seen(Vec<Option<SystemTime>>);

impl Seen {
    fn now(config: &Config) -> Self {
        let files: Vec<PathBuf> =
            config.tls.iter().flat_map(|tls| [tls.certificate.clone(), tls.key.clone()]).collect();
        Self(files.iter().map(|file| changed(file)).collect())
    }
}

fn changed(file: &Path) -> Option<SystemTime> {
    file.metadata().and_then(|metadata| metadata.modified()).ok()
}
