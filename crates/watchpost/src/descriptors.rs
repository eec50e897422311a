//! Open files: as many as the system gives, and how to tell that it gives no more.

use std::io;

use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Takes as many descriptors as the system gives. Returns how many these are; `None`: as many as one likes.
pub fn raise() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        tracing::debug!(%error, "cannot raise the limit of open files");
    }
    getrlimit(Resource::Nofile).current
}

/// How many one of so many sessions may have for what it collects: half of what there is, and never so few that it
/// comes to nothing.
pub fn share(sessions: usize) -> usize {
    let all = getrlimit(Resource::Nofile).current.and_then(|all| usize::try_from(all).ok()).unwrap_or(usize::MAX);
    (all / 2 / sessions).max(4)
}

/// Whether it failed because this process, or the whole system, has too many open files.
pub fn are_missing(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE))
}
