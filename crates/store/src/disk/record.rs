//! What was done to the file system, in order, for tests that judge it or end it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Weak};

/// One change of the file system that succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A folder was made.
    MakeFolder {
        /// The new folder.
        path: PathBuf,
    },
    /// A file was created, empty.
    CreateFile {
        /// The new file.
        path: PathBuf,
    },
    /// Octets were written into a file.
    WriteFile {
        /// The file, by the name it was created or opened under.
        path: PathBuf,
        /// How many octets of the file are before them.
        position: u64,
        /// What was written.
        octets: Vec<u8>,
    },
    /// A file lost what stood behind its first octets.
    CutFile {
        /// The file, by the name it was created or opened under.
        path: PathBuf,
        /// How many octets are left.
        length: u64,
    },
    /// The octets of a file became durable.
    SyncFile {
        /// The file, by the name it was created or opened under.
        path: PathBuf,
    },
    /// A file changed its name, in one step; one that had the new name is gone.
    Rename {
        /// Its old name.
        from: PathBuf,
        /// Its new name.
        to: PathBuf,
    },
    /// A file got a second name.
    Link {
        /// Its first name.
        from: PathBuf,
        /// Its second name.
        to: PathBuf,
    },
    /// A file lost a name.
    Unlink {
        /// The name.
        path: PathBuf,
    },
    /// The names within a folder became durable.
    SyncFolder {
        /// The folder.
        path: PathBuf,
    },
}

impl Operation {
    /// The path that decides which recordings hear of it.
    fn path(&self) -> &Path {
        match self {
            Self::MakeFolder { path }
            | Self::CreateFile { path }
            | Self::WriteFile { path, .. }
            | Self::CutFile { path, .. }
            | Self::SyncFile { path }
            | Self::Unlink { path }
            | Self::SyncFolder { path }
            | Self::Rename { to: path, .. }
            | Self::Link { to: path, .. } => path,
        }
    }
}

type Operations = Mutex<Vec<Operation>>;

static RECORDINGS: Mutex<Vec<(PathBuf, Weak<Operations>)>> = Mutex::new(Vec::new());

/// A running recording of everything that changes beneath one folder. Tests side by side do not hear each other.
#[derive(Debug)]
pub struct Recording {
    operations: Arc<Operations>,
}

impl Recording {
    /// Begins to record what changes at or beneath `root`.
    pub fn start(root: &Path) -> Self {
        let operations = Arc::new(Operations::default());
        let mut recordings = RECORDINGS.lock().expect("nothing panics while it holds this");
        recordings.retain(|(_, recording)| recording.strong_count() > 0);
        recordings.push((root.to_owned(), Arc::downgrade(&operations)));
        Self { operations }
    }

    /// How many changes there have been so far.
    pub fn len(&self) -> usize {
        self.operations.lock().expect("nothing panics while it holds this").len()
    }

    /// Whether nothing has changed yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What was done since the start, in order.
    pub fn finish(self) -> Vec<Operation> {
        std::mem::take(&mut *self.operations.lock().expect("nothing panics while it holds this"))
    }
}

/// How many changes this process may still live to see.
static CHANGES_LEFT: Mutex<Option<usize>> = Mutex::new(None);

/// Ends this process by SIGKILL behind its `changes`-th change of the file system from now on.
pub fn kill_after(changes: usize) {
    *CHANGES_LEFT.lock().expect("nothing panics while it holds this") = Some(changes);
    die_when_due(0);
}

/// Counts `changes` more, and ends the process with the last one it was given.
fn die_when_due(changes: usize) {
    let mut left = CHANGES_LEFT.lock().expect("nothing panics while it holds this");
    *left = left.map(|left| left.saturating_sub(changes));
    if *left == Some(0) {
        let end = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        end.expect("a process may end itself");
        // The signal may take a moment: nothing else happens in it, for the lock is held.
        loop {
            std::thread::park();
        }
    }
}

/// Adds one change to every recording it concerns.
pub(super) fn note(operation: &Operation) {
    let recordings = RECORDINGS.lock().expect("nothing panics while it holds this");
    for (_, recording) in recordings.iter().filter(|(root, _)| operation.path().starts_with(root)) {
        if let Some(operations) = recording.upgrade() {
            operations.lock().expect("nothing panics while it holds this").push(operation.clone());
        }
    }
    drop(recordings);
    die_when_due(1);
}
