//! A server in this process whose events a test can read.

use std::fs;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Instant, SystemTime};

use arc_swap::ArcSwap;
use tokio::sync::watch;
use watchpost::certificate::self_signed;
use watchpost::clock::SystemClock;
use watchpost::config::Config;
use watchpost::house::{House, Live, Watch};
use watchpost::server::{ConnectionIds, Gate, Stop, Workers, listen, server_config};
use watchpost_observatory::{BootKey, Event, EventKind, EventSink, InstallationKey, PasswordTables, SessionSummary};
use watchpost_proto::Password;
use watchpost_store::memory::MemoryStore;
use watchpost_store::{AccountState, AuthError, Directory, Login, StaticDirectory, User, UserName};

use crate::support::PATIENCE;

pub const ALICE: &str = "tanstaaf-4711";
pub const MAIL: [&[u8]; 3] = [
    b"Subject: Lunch\r\n\r\n.dot\r\nWhere?\r\n",
    b"Subject: Your password reset code\r\n\r\n1234\r\n",
    b"Subject: Third\r\n\r\nx\r\n",
];

/// Keeps events for a test.
#[derive(Clone, Default)]
pub struct Collector(Arc<(Mutex<Vec<Event>>, Condvar)>);

impl EventSink for Collector {
    fn record(&self, event: Event) {
        self.0.0.lock().unwrap().push(event);
        self.0.1.notify_all();
    }
}

impl Collector {
    /// Waits until events are as they should be, and hands them over.
    pub fn until(&self, enough: impl Fn(&[Event]) -> bool) -> Vec<Event> {
        let end = Instant::now() + PATIENCE;
        let mut events = self.0.0.lock().unwrap();
        while !enough(&events) {
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "these events are not all:\n{events:#?}");
            events = self.0.1.wait_timeout(events, left).unwrap().0;
        }
        std::mem::take(&mut events)
    }
}

/// Alice and her password before this one.
pub const PREVIOUS: &str = "Spring-2026";

struct Accounts(StaticDirectory);

impl Directory for Accounts {
    async fn authenticate(&self, login: Login<'_>) -> Result<User, AuthError> {
        self.0.authenticate(login).await
    }

    async fn was_previous(&self, account: &UserName, password: &Password) -> bool {
        account.as_str() == "alice@example.org" && password.expose() == PREVIOUS.as_bytes()
    }
}

/// Whether more than the summary is reported.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Witnessing {
    On,
    Off,
}

/// A server with alice, three messages, and both ports on loopback.
pub struct Watched {
    pub pop3: SocketAddr,
    pub pop3s: SocketAddr,
    pub collector: Collector,
    stop: watch::Sender<Stop>,
    _folder: tempfile::TempDir,
}

impl Watched {
    pub fn start(witnessing: Witnessing) -> Self {
        Self::with_limits(witnessing, "")
    }

    pub fn with_limits(witnessing: Witnessing, limits: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let made = self_signed(&["localhost".to_owned()], SystemTime::now()).unwrap();
        fs::write(path("cert.pem"), made.certificate).unwrap();
        fs::write(path("key.pem"), made.key).unwrap();
        fs::set_permissions(path("key.pem"), fs::Permissions::from_mode(0o600)).unwrap();
        let listener = |protocol: &str| format!("[[listener]]\nprotocol = \"{protocol}\"\naddress = \"127.0.0.1:0\"\n");
        let text = format!(
            "domain = \"example.org\"\ndata_dir = \".\"\n{}plaintext_login = \"loopback\"\n{}\
             [tls]\ncertificate = \"cert.pem\"\nkey = \"key.pem\"\n[limits]\nfailed_login_delay = \"0s\"\n{limits}",
            listener("pop3"),
            listener("pop3s"),
        );
        let config =
            Config::from_text(text, &path("watchpost.toml")).unwrap_or_else(|error| panic!("{}", error.plain()));
        let mut directory = StaticDirectory::new("example.org");
        let alice = directory.add("alice", ALICE, AccountState::Enabled).unwrap();
        let store = MemoryStore::new();
        store.fill(&alice, MAIL);
        let collector = Collector::default();
        let tls = config.tls.as_ref().map(|identity| server_config(Arc::clone(&identity.certified_key)));
        let passwords = PasswordTables::new(&BootKey::new([1; 32]), &InstallationKey::new([2; 32]));
        let house = House {
            store,
            directory: Accounts(directory),
            events: Box::new(collector.clone()),
            watch: (witnessing == Witnessing::On).then_some(Watch { passwords }),
            captures: None,
            clock: Box::new(SystemClock),
            gate: Gate::default(),
            connections: ConnectionIds::new(7),
            live: ArcSwap::from_pointee(Live { limits: config.limits.clone(), quirks: config.quirks, tls }),
        };
        let bound = listen(&config.listeners, NonZeroUsize::MIN).unwrap();
        let (pop3, pop3s) = (bound[0].address, bound[1].address);
        let (stop, stopping) = watch::channel(Stop::Not);
        Workers::start(&Arc::new(house), bound, &stopping).unwrap();
        Self { pop3, pop3s, collector, stop, _folder: folder }
    }

    /// The events of the next session that ends.
    pub fn session(&self) -> Vec<EventKind> {
        let ends = |events: &[Event]| events.iter().any(|event| matches!(event.kind, EventKind::Closed(_)));
        self.collector.until(ends).into_iter().map(|event| event.kind).collect()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.stop.send_replace(Stop::Now);
    }
}

/// The summary that ends these events.
pub fn summary(events: &[EventKind]) -> &SessionSummary {
    match events.last() {
        Some(EventKind::Closed(summary)) => summary,
        other => panic!("{other:?}"),
    }
}
