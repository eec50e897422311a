//! The journal of a running server: how the configuration wants it kept, what judges it, and who hears of trouble.

use std::fs;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use aws_lc_rs::rand;
use watchpost_observatory::journal::{Clocks, Journal, JournalSink, Judge, Said, Terms, Trouble};
use watchpost_observatory::{
    BootKey, Classifier, Event, EventSink, HashKey, InstallationKey, Lists, Network, PasswordTables, Settings, Standing,
};

use crate::clock::{Clock as _, SystemClock};
use crate::config::{Answers, Config};
use crate::log::SessionLog;

/// The secret of this installation, in `data_dir`: marks in the journal mean nothing without it.
const KEY_FILE: &str = "observatory.key";
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
    let settings = Settings { answers, domain: config.domain.as_str().to_owned(), lists, ..Settings::default() };
    Classifier::new(settings, &secret.tables())
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
    let mut classifier = classifier(config, secret);
    let judge: Judge = Box::new(move |sequence, event| Said::from(&classifier.observe(sequence, event)));
    Journal::begin(terms, clocks, judge, Box::new(report))
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
}
