//! The journal of a running server: how the configuration wants it kept, what judges it, and who hears of trouble.

use std::fs;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use aws_lc_rs::rand;
use watchpost_observatory::journal::{Clocks, Journal, JournalSink, Judge, Said, Terms, Trouble};
use watchpost_observatory::{
    BootKey, Carried, Classifier, Event, EventKind, EventSink, HashKey, InstallationKey, Lists, Network, PasswordTables, Sequence,
    Settings, Standing,
};

use crate::clock::{Clock as _, SystemClock};
use crate::config::{Answers, Config};
use crate::known::Lookup;
use crate::log::SessionLog;
use crate::private_file::write_private;

/// The secret of this installation, in `data_dir`: marks in the journal mean nothing without it.
const KEY_FILE: &str = "observatory.key";
/// Where owners are at home, and who is banned.
const STATE_FILE: &str = "observatory.state";
/// How old that file may be.
const KEEP_TIME: Duration = Duration::from_mins(1);
/// The first octets make the daily keys of password tags, the others the key of the classifier's tables.
const KEY_OCTETS: usize = 48;

/// The secret of an installation.
pub struct Secret([u8; KEY_OCTETS]);

impl Secret {
    /// Reads the secret, and makes it if there is none.
    pub fn keep(data_dir: &Path) -> io::Result<Self> {
        match Self::read(data_dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::make(data_dir),
            read => read,
        }
    }

    /// Reads the secret.
    pub fn read(data_dir: &Path) -> io::Result<Self> {
        let octets = fs::read(data_dir.join(KEY_FILE))?;
        let octets = octets.try_into().map_err(|_| io::Error::other(format!("{KEY_FILE} is damaged: remove it")))?;
        Ok(Self(octets))
    }

    fn make(data_dir: &Path) -> io::Result<Self> {
        let octets = random()?;
        let path = data_dir.join(KEY_FILE);
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        io::Write::write_all(&mut file, &octets)?;
        file.sync_all()?;
        Ok(Self(octets))
    }

    fn installation(&self) -> InstallationKey {
        let mut key = [0; 32];
        key.copy_from_slice(&self.0[..32]);
        InstallationKey::new(key)
    }

    fn tables(&self) -> HashKey {
        let mut key = [0; 16];
        key.copy_from_slice(&self.0[32..]);
        HashKey::new(key)
    }
}

fn random<const COUNT: usize>() -> io::Result<[u8; COUNT]> {
    let mut octets = [0; COUNT];
    rand::fill(&mut octets).map_err(|_| io::Error::other("the operating system gives no random numbers"))?;
    Ok(octets)
}

/// The wrong passwords of the last day, as keyed hashes that die with this process.
pub fn password_tables(secret: &Secret) -> io::Result<PasswordTables> {
    Ok(PasswordTables::new(&BootKey::new(random()?), &secret.installation()))
}

/// Judges as this configuration wants it. A replay with the same configuration says the same.
pub fn classifier(config: &Config, secret: &Secret) -> Classifier {
    let observatory = &config.observatory;
    let networks = |networks: &[crate::config::Network]| {
        networks.iter().map(|network| Network::of(network.address(), network.prefix())).collect()
    };
    let own = config.listeners.iter().map(|listener| listener.address.ip());
    let own = own.filter(|address| !address.is_unspecified()).map(Network::source).collect();
    let lists =
        Lists { allow: networks(&observatory.allow), own, public_networks: networks(&observatory.public_networks) };
    let answers = match observatory.answers {
        Answers::Enforce => Standing::Enforce,
        Answers::Observe => Standing::Observe,
    };
    let domain = config.domain.as_str().to_owned();
    let settings = Settings { answers, domain, lists, ..observatory.settings.clone() };
    let classifier = Classifier::new(settings, &secret.tables());
    match Lookup::read(observatory) {
        Ok(lookup) => classifier.with_origins(Box::new(move |address| lookup.origin(address))),
        Err((path, error)) => {
            tracing::warn!(path = %path.display(), %error, "the list cannot be read: rules know no origins");
            classifier
        }
    }
}

/// Begins to keep the journal of this configuration.
pub fn begin(config: &Config, secret: &Secret) -> io::Result<Journal> {
    let observatory = &config.observatory;
    let terms = Terms {
        sessions: observatory.retention,
        octets_max: observatory.journal_max,
        ..Terms::new(&observatory.journal)
    };
    let clocks = Clocks { wall: || SystemClock.wall(), now: || SystemClock.now() };
    let mut bench = Bench::take(classifier(config, secret), config.data_dir.join(STATE_FILE));
    let judge: Judge = Box::new(move |sequence, event| bench.judge(sequence, event));
    Journal::begin(terms, clocks, judge, Box::new(report))
}

/// The classifier, and the file in which what it learned outlives a restart.
struct Bench {
    classifier: Classifier,
    path: PathBuf,
    kept: SystemTime,
}

impl Bench {
    /// Goes on with what an earlier run learned. What cannot be read is learned again.
    fn take(mut classifier: Classifier, path: PathBuf) -> Self {
        let carried = fs::read(&path).ok().and_then(|text| serde_json::from_slice::<Carried>(&text).ok());
        if let Some(carried) = carried {
            classifier.restore(&carried);
        }
        Self { classifier, path, kept: SystemTime::UNIX_EPOCH }
    }

    fn judge(&mut self, sequence: Sequence, event: &Event) -> Said {
        let said = Said::from(self.classifier.observe(sequence, event));
        let teaches = matches!(event.kind, EventKind::Login(_) | EventKind::Closed(_));
        if teaches && event.at.duration_since(self.kept).is_ok_and(|since| since >= KEEP_TIME) {
            self.kept = event.at;
            self.keep();
        }
        said
    }

    fn keep(&self) {
        let text = serde_json::to_string(&self.classifier.carried()).unwrap_or_default();
        if let Err((path, error)) = write_private(&self.path, &text) {
            tracing::warn!(path = %path.display(), %error, "what was learned of visitors is not kept");
        }
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.keep();
    }
}

/// Trouble of the journal is the operator's, and none of the mail's.
#[allow(clippy::needless_pass_by_value, reason = "the journal gives it away")]
fn report(trouble: Trouble) {
    match trouble {
        Trouble::WritesAgain { .. } => tracing::warn!("{trouble}"),
        Trouble::SetAside { .. } | Trouble::CannotWrite { .. } => tracing::error!("{trouble}"),
    }
}

/// Every event goes to the log, where people see the end of each session, and to the journal.
#[derive(Debug)]
pub struct LogAndJournal {
    /// The journal's end of it.
    pub journal: JournalSink,
}

impl EventSink for LogAndJournal {
    fn record(&self, event: Event) {
        SessionLog.record_borrowed(&event);
        self.journal.record(event);
    }

    fn record_all(&self, events: Vec<Event>) {
        for event in &events {
            SessionLog.record_borrowed(event);
        }
        self.journal.record_all(events);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchpost_observatory::{ConnectionId, EventKind, LoginAttempt, LoginMechanism, LoginOutcome, Port, Untrusted};

    fn login() -> [Event; 2] {
        let (at, connection) = (SystemTime::UNIX_EPOCH + Duration::from_hours(24 * 365), ConnectionId(7));
        let opened = EventKind::Opened {
            peer: "192.0.2.7:40000".parse().expect("an address"),
            local: "198.51.100.1:995".parse().expect("an address"),
            port: Port::Pop3s,
        };
        let login = EventKind::Login(Box::new(LoginAttempt {
            name: Untrusted::new(*b"alice"),
            account: Some("alice@example.org".to_owned()),
            mechanism: LoginMechanism::User,
            outcome: LoginOutcome::Accepted,
            password: None,
        }));
        [opened, login].map(|kind| Event { at, connection, kind })
    }

    #[test]
    fn where_owners_are_at_home_outlives_a_restart() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let secret = Secret::keep(folder.path()).expect("a secret");
        let path = folder.path().join(STATE_FILE);
        let fresh = || Classifier::new(Settings::default(), &secret.tables());
        let mut bench = Bench::take(fresh(), path.clone());
        for (number, event) in (1..).zip(login()) {
            bench.judge(Sequence(number), &event);
        }
        let homes = bench.classifier.carried().homes;
        assert_eq!(homes.len(), 1);
        drop(bench);
        assert_eq!(Bench::take(fresh(), path.clone()).classifier.carried().homes, homes);
        // A file that is none is no reason not to begin.
        fs::write(&path, "no state").expect("a file");
        assert!(Bench::take(fresh(), path).classifier.carried().homes.is_empty());
    }

    #[test]
    fn the_secret_is_made_once_and_for_its_owner_alone() {
        // S-061
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::TempDir::new().expect("a folder");
        let first = Secret::keep(folder.path()).expect("a secret");
        let again = Secret::keep(folder.path()).expect("a secret");
        assert!(first.0 == again.0 && first.0 != [0; KEY_OCTETS]);
        let mode = fs::metadata(folder.path().join(KEY_FILE)).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::write(folder.path().join(KEY_FILE), "short").expect("a file");
        assert!(Secret::keep(folder.path()).is_err());
    }
}
