//! What was done to the file system, in order, for tests that judge it.

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
    /// Octets were appended to a file.
    WriteFile {
        /// The file, by the name it was created under.
        path: PathBuf,
        /// What was appended.
        octets: Vec<u8>,
    },
    /// The octets of a file became durable.
    SyncFile {
        /// The file, by the name it was created under.
        path: PathBuf,
    },
    /// A file changed its name, in one step.
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

    /// What was done since the start, in order.
    pub fn finish(self) -> Vec<Operation> {
        std::mem::take(&mut *self.operations.lock().expect("nothing panics while it holds this"))
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
}
