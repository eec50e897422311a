//! The three folders of a Maildir.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::snapshot::Subfolder;
use crate::disk::Folder;

/// A Maildir, open. Everything in it is reached from here, never by a path again (S-041, S-047).
#[derive(Debug)]
pub(super) struct Folders {
    pub(super) root: Arc<Folder>,
    /// Shared with the temporary files in it.
    pub(super) tmp: Arc<Folder>,
    pub(super) new: Folder,
    pub(super) cur: Folder,
}

impl Folders {
    /// Opens a Maildir and makes what is missing of it, for its owner alone.
    pub(super) fn make(path: &Path) -> io::Result<Self> {
        Self::within(Arc::new(Folder::make(path)?))
    }

    /// Opens what is in the Maildir and makes what is missing of it, for its owner alone.
    pub(super) fn within(root: Arc<Folder>) -> io::Result<Self> {
        let tmp = Arc::new(root.make_beneath(b"tmp")?);
        let new = root.make_beneath(b"new")?;
        let cur = root.make_beneath(b"cur")?;
        Ok(Self { root, tmp, new, cur })
    }

    /// The folder that this is.
    pub(super) fn subfolder(&self, subfolder: Subfolder) -> &Folder {
        match subfolder {
            Subfolder::New => &self.new,
            Subfolder::Cur => &self.cur,
        }
    }
}
