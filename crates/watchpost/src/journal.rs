//! The journal of a running server: how the configuration wants it kept, what judges it, and who hears of trouble.

use std::fs;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use aws_lc_rs::rand;
use watchpost_observatory::journal::{
    Clocks, Journal, JournalSink, Judge, Judging, Reader, Said, Terms, Trouble, judge_heard,
};
use watchpost_observatory::{
    BootKey, Carried, Classifier, Event, EventKind, EventSink, HashKey, InstallationKey, Learned, Lists, Network,
    PasswordTables, Sequence, Settings, Standing,
};
use watchpost_proto::planted::planted;

use crate::captures::Captures;
use crate::clock::{Clock as _, SystemClock};
use crate::config::{Answers, Config};
use crate::known::Lookup;
use crate::log::{self, SessionLog};

/// The secret of this installation, in `data_dir`: marks in the journal mean nothing without it.
const KEY_FILE: &str = "observatory.key";
/// In which older versions kept where owners are at home, and who is banned. The journal keeps it now.
const OLD_STATE_FILE: &str = "observatory.state";
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
/// Verdicts ask `captures` for the sessions they cite.
pub fn begin(config: &Config, secret: &Secret, captures: Option<Captures>) -> io::Result<Journal> {
    let observatory = &config.observatory;
    let terms = Terms {
        sessions: observatory.retention,
        octets_max: observatory.journal_max,
        ..Terms::new(&observatory.journal)
    };
    let clocks = Clocks { wall: || SystemClock.wall(), now: || SystemClock.now() };
    let mut classifier = classifier(config, secret);
    let old = config.data_dir.join(OLD_STATE_FILE);
    let carried = carried(&observatory.journal, &old);
    classifier.restore(&carried);
    let judge = judge_heard(classifier, move |verdict| {
        if let Some(captures) = &captures {
            captures.judged(verdict);
        }
    });
    let journal = Journal::begin(terms, clocks, Box::new(Logged(judge)), Box::new(report))?;
    take_over(&journal, &observatory.journal, &old, &carried);
    Ok(journal)
}

/// What earlier runs learned: rows of the journal, or the file in which older versions kept it. What cannot be read is
/// learned again; the journal says itself what is wrong with it.
fn carried(journal: &Path, old: &Path) -> Carried {
    let kept = Reader::open(journal).and_then(|reader| reader.carried()).unwrap_or_default();
    if !kept.is_empty() {
        return kept;
    }
    fs::read(old).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
}

/// The file of an older version goes as soon as the journal has what was in it.
fn take_over(kept: &Journal, journal: &Path, old: &Path, carried: &Carried) {
    if !old.exists() {
        return;
    }
    kept.flush();
    let has = Reader::open(journal).and_then(|reader| reader.carried()).unwrap_or_default();
    if has.homes.len() < carried.homes.len() || has.bans.len() < carried.bans.len() {
        tracing::warn!(path = %old.display(), "what an older version learned is not in the journal yet: the file stays");
    } else if let Err(error) = fs::remove_file(old) {
        tracing::warn!(path = %old.display(), %error, "the file of an older version cannot be removed");
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

/// Writes the end of each session into the log on the way to whoever judges it: many lines at once, in the journal's
/// thread, where they cost the sessions nothing.
struct Logged(Judge);

impl Judging for Logged {
    fn judge(&mut self, sequence: Sequence, event: &Event) -> Said {
        if matches!(event.kind, EventKind::Closed(_)) {
            log::hold();
            SessionLog.record_borrowed(event);
        }
        self.0.judge(sequence, event)
    }

    fn rest(&mut self) {
        if !planted("log.lines-are-held-for-ever") {
            log::let_go();
        }
        self.0.rest();
    }

    fn learned(&mut self) -> Option<Learned> {
        self.0.learned()
    }
}

/// Every event goes to the journal, which writes the end of each session into the log too. What it cannot take is
/// logged here.
#[derive(Debug)]
pub struct LogAndJournal {
    /// The journal's end of it.
    pub journal: JournalSink,
}

impl EventSink for LogAndJournal {
    fn record(&self, event: Event) {
        self.record_all(vec![event]);
    }

    fn record_all(&self, events: Vec<Event>) {
        if let Err(lost) = self.journal.offer(events) {
            for event in &lost {
                SessionLog.record_borrowed(event);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use watchpost_observatory::journal::judge_with;
    use watchpost_observatory::{
        ConnectionId, EventKind, LoginAttempt, LoginMechanism, LoginOutcome, Port, Sequence, Untrusted,
    };

    /// What is learned of an owner's login.
    fn learned(secret: &Secret) -> Carried {
        let mut classifier = Classifier::new(Settings::default(), &secret.tables());
        let (at, connection) = (SystemClock.wall() - Duration::from_hours(24), ConnectionId(7));
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
        for (number, kind) in (1..).zip([opened, login]) {
            classifier.observe(Sequence(number), &Event { at, connection, kind });
        }
        classifier.carried()
    }

    fn begun(folder: &Path, secret: &Secret) -> (Journal, Carried) {
        let (journal, old) = (folder.join("journal.sqlite"), folder.join(OLD_STATE_FILE));
        let mut classifier = Classifier::new(Settings::default(), &secret.tables());
        let carried = carried(&journal, &old);
        classifier.restore(&carried);
        let clocks = Clocks { wall: || SystemClock.wall(), now: || SystemClock.now() };
        let kept = Journal::begin(Terms::new(&journal), clocks, judge_with(classifier), Box::new(|_| {}));
        let kept = kept.expect("a journal");
        take_over(&kept, &journal, &old, &carried);
        (kept, carried)
    }

    #[test]
    fn what_an_older_version_learned_is_taken_over_once() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let secret = Secret::keep(folder.path()).expect("a secret");
        let learned = learned(&secret);
        assert_eq!(learned.homes.len(), 1);
        let old = folder.path().join(OLD_STATE_FILE);
        fs::write(&old, serde_json::to_string(&learned).expect("text")).expect("a file");
        let (journal, first) = begun(folder.path(), &secret);
        assert_eq!(first.homes, learned.homes);
        assert!(!old.exists(), "the journal has it now");
        drop(journal);
        // A copy that comes back says nothing any more.
        fs::write(&old, serde_json::to_string(&Carried::default()).expect("text")).expect("a file");
        let (_journal, second) = begun(folder.path(), &secret);
        assert_eq!((second.homes, old.exists()), (learned.homes, false));
    }

    #[test]
    fn an_old_file_that_is_none_is_no_reason_not_to_begin() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let secret = Secret::keep(folder.path()).expect("a secret");
        fs::write(folder.path().join(OLD_STATE_FILE), "no state").expect("a file");
        let (_journal, carried) = begun(folder.path(), &secret);
        assert!(carried.is_empty() && !folder.path().join(OLD_STATE_FILE).exists());
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
