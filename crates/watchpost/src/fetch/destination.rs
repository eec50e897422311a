//! Where mail goes. An enumeration: the keeper has to know what a crash leaves behind of each.

mod command;
mod maildir;
mod mbox;
mod relay;
mod text;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use watchpost_store::disk::Folder;

pub use self::relay::{Protocol, Relay, RelayAddress};
pub use self::text::{LineEnds, Spool};

use watchpost_proto::planted::planted;

use self::command::Command;
use self::maildir::Maildir;
use self::mbox::Mbox;
use super::crash_point;
use super::fingerprint::Fingerprint;
use super::journal::{Intent, Journal, JournalError, Place, Record};
use crate::descriptors;

/// How long a relay or a command may take for one message.
const PATIENCE: Duration = Duration::from_mins(5);

/// Where the mail of an account goes, as the configuration says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A Maildir: that of an account of ours, or any other.
    Maildir {
        /// Its folder.
        path: PathBuf,
        /// What ends lines there.
        line_ends: LineEnds,
    },
    /// One file, lines that could begin a message quoted so that they can be unquoted (mboxrd).
    Mbox {
        /// The file.
        path: PathBuf,
        /// What ends lines there.
        line_ends: LineEnds,
    },
    /// Another mail server.
    Relay(Relay),
    /// A command of the shell, the message on its standard input.
    Command {
        /// The command.
        command: String,
        /// What ends lines for it.
        line_ends: LineEnds,
    },
}

/// An open destination.
pub enum Destination {
    /// Exactly once, whatever happens.
    Maildir(Maildir),
    /// Exactly once, whatever happens.
    Mbox(Mbox),
    /// Never lost; one may arrive twice after a crash, and is named.
    Relay(relay::Connection),
    /// Never lost; one may arrive twice after a crash, and is named.
    Command(Command),
}

/// What has arrived of a message.
pub struct Arrived {
    /// Which.
    pub key: String,
    /// What it is known by.
    pub prints: Fingerprint,
    /// Its octets.
    pub spool: Spool,
}

/// What a crash has left of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// It was delivered, or has been now.
    Delivered,
    /// It was not delivered, and nothing is left of it.
    Nothing,
    /// Nobody can tell. It is delivered again: better twice than never.
    InDoubt,
}

/// Why a message is not delivered.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// This message is refused; others may not be.
    #[error("{0}")]
    Refused(String),
    /// This message is not taken now; others may be.
    #[error("{0}")]
    Later(String),
    /// No message is taken, and none of them is to blame: somebody must act.
    #[error("{0}")]
    Unwelcome(String),
    /// Whoever was to take it ended without a word: it may have been delivered.
    #[error("{0}")]
    InDoubt(String),
    /// Nothing can be delivered until somebody has done something about it.
    #[error("{0}")]
    Unavailable(String),
    /// Nothing can be delivered now; later it may.
    #[error("{0}")]
    Away(String),
    /// The system gives this process no more open files.
    #[error("{0}")]
    NoDescriptors(String),
    /// The journal cannot be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl DeliveryError {
    fn disk(path: &Path, error: &io::Error) -> Self {
        Self::system(format_args!("cannot write to {}", path.display()), error)
    }

    /// What could not be done, and what the system says of it.
    pub(super) fn system(what: impl std::fmt::Display, error: &io::Error) -> Self {
        let text = format!("{what}: {error}");
        if descriptors::are_missing(error) { Self::NoDescriptors(text) } else { Self::Unavailable(text) }
    }
}

impl Target {
    /// Opens it for an account. `spool`: a folder of ours for messages that outgrow memory.
    pub fn open(&self, account: &str, spool: &Path) -> Result<Destination, DeliveryError> {
        // Nothing in there is of use to another run: whoever left it was killed.
        let swept = |opened: io::Result<Folder>| {
            let swept = opened.and_then(|folder| sweep(&folder).map(|()| Arc::new(folder)));
            swept.map_err(|error| DeliveryError::disk(spool, &error))
        };
        let swept_spool = || swept(Folder::make(spool));
        Ok(match self {
            Self::Maildir { path, line_ends } => {
                // It has a folder of its own; what the account had before it may have been killed.
                if spool.exists() {
                    swept(Folder::open_existing(spool))?;
                }
                Destination::Maildir(Maildir::open(path, *line_ends, account)?)
            }
            Self::Mbox { path, line_ends } => Destination::Mbox(Mbox::open(path, *line_ends, &swept_spool()?)?),
            Self::Relay(relay) => Destination::Relay(relay::Connection::new(relay.clone(), &swept_spool()?)),
            Self::Command { command, line_ends } => {
                Destination::Command(Command::new(command, *line_ends, &swept_spool()?))
            }
        })
    }

    /// Whether a crash can leave a message of which nobody knows whether it was delivered.
    pub fn can_be_in_doubt(&self) -> bool {
        matches!(self, Self::Relay(_) | Self::Command { .. })
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Maildir { path, .. } => write!(formatter, "maildir:{}", path.display()),
            Self::Mbox { path, .. } => write!(formatter, "mbox:{}", path.display()),
            Self::Relay(relay) => relay.fmt(formatter),
            Self::Command { command, .. } => write!(formatter, "pipe:{command}"),
        }
    }
}

impl Destination {
    /// Where the next message is written until it is whole.
    pub fn spool(&self) -> Spool {
        match self {
            Self::Maildir(maildir) => maildir.spool(),
            Self::Mbox(mbox) => mbox.spool(),
            Self::Relay(relay) => relay.spool(),
            Self::Command(command) => command.spool(),
        }
    }

    /// How many messages are made durable together.
    pub fn batch_max(&self) -> usize {
        match self {
            Self::Maildir(_) | Self::Mbox(_) => 256,
            Self::Relay(_) | Self::Command(_) => 1,
        }
    }

    /// A message is whole: what can be written of it already is.
    pub fn arrived(&mut self, arrived: &mut Arrived) -> Result<(), DeliveryError> {
        match self {
            Self::Maildir(maildir) => maildir.arrived(arrived),
            Self::Mbox(_) | Self::Relay(_) | Self::Command(_) => Ok(()),
        }
    }

    /// What became of deliveries that were begun before a crash. Only a Maildir can complete them.
    pub fn recover(&mut self, intents: &[Intent]) -> Result<Vec<Found>, DeliveryError> {
        if intents.is_empty() {
            return Ok(Vec::new());
        }
        if planted("fetch.forgets-its-intents") {
            return Ok(vec![Found::Nothing; intents.len()]);
        }
        if planted("fetch.believes-its-intents") {
            return Ok(vec![Found::Delivered; intents.len()]);
        }
        match self {
            Self::Maildir(maildir) => maildir.recover(intents),
            Self::Mbox(mbox) => mbox.recover(intents),
            Self::Relay(_) | Self::Command(_) => Ok(vec![Found::InDoubt; intents.len()]),
        }
    }

    /// Everything that a crash left and no intent names is removed.
    pub fn sweep(&mut self) -> Result<(), DeliveryError> {
        match self {
            Self::Maildir(maildir) => maildir.sweep(),
            Self::Mbox(_) | Self::Relay(_) | Self::Command(_) => Ok(()),
        }
    }

    /// Delivers them all; the first that cannot be ends it. Says how many messages are durable where they belong by now,
    /// the oldest first: those that [`Destination::settle`] will make durable are not among them. These are in the journal.
    pub fn commit(&mut self, batch: Vec<Arrived>, journal: &mut Journal, seconds: u64) -> Result<usize, DeliveryError> {
        let done: Vec<Record> = batch
            .iter()
            .map(|arrived| Record::Done { key: arrived.key.clone(), prints: Some(arrived.prints), seconds })
            .collect();
        match self {
            Self::Maildir(maildir) => return maildir.commit(batch, done, journal),
            Self::Mbox(mbox) => mbox.commit(batch, journal, seconds)?,
            Self::Relay(relay) => {
                journal.intend(&elsewhere(&batch))?;
                batch.into_iter().try_for_each(|arrived| relay.send(arrived.spool))?;
            }
            Self::Command(command) => {
                journal.intend(&elsewhere(&batch))?;
                batch.into_iter().try_for_each(|arrived| command.run(arrived.spool))?;
            }
        }
        crash_point("fetch.crash-before-done");
        journal.append(&done)?;
        // Where the deed itself cannot be seen later, the journal must know of it.
        journal.sync()?;
        Ok(done.len())
    }

    /// Nothing follows at once: makes durable what the next batch would have made durable. Says how many messages.
    pub fn settle(&mut self, journal: &mut Journal) -> Result<usize, DeliveryError> {
        match self {
            Self::Maildir(maildir) => maildir.settle(journal),
            Self::Mbox(_) | Self::Relay(_) | Self::Command(_) => Ok(0),
        }
    }
}

/// What is about to leave our hands.
fn elsewhere(batch: &[Arrived]) -> Vec<Record> {
    let intent = |arrived: &Arrived| {
        let (key, prints) = (arrived.key.clone(), arrived.prints);
        Record::Intent(Intent { key, prints, place: Place::Elsewhere })
    };
    batch.iter().map(intent).collect()
}

/// Removes the files of a folder that is ours alone.
fn sweep(folder: &Folder) -> io::Result<()> {
    for entry in fs::read_dir(folder.path())? {
        folder.unlink(entry?.file_name().as_encoded_bytes())?;
    }
    Ok(())
}
