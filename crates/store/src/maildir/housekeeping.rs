//! What can wait until a session has its answer: writing indexes, and removing what crashes have left.
//!
//! Two threads at most do it, and a bounded number of Maildirs waits for them. Nothing depends on it: what cannot be
//! done, or is dropped because too much waits, is done after a later session.

use std::collections::BTreeMap;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use rustix::fs::FileType;
use tokio::sync::Notify;
use watchpost_proto::planted::planted;

use super::Shared;
use super::file::Facts;
use super::folders::Folders;
use super::name::Identity;
use super::scan::each_entry;
use super::snapshot::Snapshot;
use super::survey::Sweep;
use super::{delivery, index};
use crate::disk::Folder;

/// How many Maildirs are looked after at a time.
const WORKERS_MAX: usize = 2;

/// How many Maildirs wait at most. Each keeps a folder open and a listing in memory.
const WAITING_MAX: usize = 64;

/// What lies in tmp/ this long was given up: the rule of Maildir.
const ABANDONED: Duration = Duration::from_hours(36);

/// How many names a sweep looks at.
const SWEPT_MAX: usize = 10_000;

/// How many names of the spool are looked at: with one folder for each user, it may be a large place.
const SPOOL_MAX: usize = 100_000;

/// What waits to be done.
#[derive(Debug, Default)]
pub(super) struct Housekeeping {
    work: Mutex<Work>,
    done: Notify,
}

#[derive(Debug, Default)]
struct Work {
    waiting: BTreeMap<PathBuf, Chore>,
    workers: usize,
}

/// What one Maildir needs.
#[derive(Debug)]
pub(super) struct Chore {
    pub(super) root: Arc<Folder>,
    /// The newest listing, if the index lacks something of it.
    pub(super) unsaved: Option<Arc<Snapshot>>,
    pub(super) sweep: Sweep,
}

/// One thread's permission to work. It ends even when the runtime drops the work before it begins.
struct Worker(Arc<Shared>);

impl Housekeeping {
    fn work(&self) -> MutexGuard<'_, Work> {
        // One insertion or removal: nothing can be half-done.
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until nothing is left to do.
    pub(super) async fn finish(&self) {
        loop {
            let done = self.done.notified();
            if self.work().workers == 0 {
                return;
            }
            done.await;
        }
    }
}

/// Does the chore when the caller has gone on.
pub(super) fn put_off(shared: &Arc<Shared>, chore: Chore) {
    let mut work = shared.housekeeping.work();
    let path = chore.root.path().to_owned();
    if work.waiting.len() >= WAITING_MAX && !work.waiting.contains_key(&path) {
        tracing::debug!("too much housekeeping waits: a Maildir is left as it is");
        return;
    }
    let sweep = match work.waiting.get(&path) {
        Some(Chore { sweep: Sweep::Due, .. }) => Sweep::Due,
        _ => chore.sweep,
    };
    work.waiting.insert(path, Chore { sweep, ..chore });
    if work.workers == WORKERS_MAX {
        return;
    }
    work.workers += 1;
    drop(work);
    let worker = Worker(Arc::clone(shared));
    match tokio::runtime::Handle::try_current() {
        Ok(runtime) => drop(runtime.spawn_blocking(move || worker.run())),
        Err(_) => worker.run(),
    }
}

impl Worker {
    fn run(self) {
        while let Some(chore) = self.next() {
            if let Err(error) = self.finish(&chore) {
                tracing::debug!(%error, "cannot write an index or look through tmp/");
            }
        }
    }

    fn finish(&self, chore: &Chore) -> io::Result<()> {
        let folders = Folders::within(Arc::clone(&chore.root))?;
        let saved = chore.unsaved.as_ref().map(|snapshot| index::save(&folders, &self.0.names, snapshot));
        if chore.sweep == Sweep::Due {
            sweep(&folders.tmp, SystemTime::now())?;
        }
        saved.unwrap_or(Ok(()))
    }

    fn next(&self) -> Option<Chore> {
        self.0.housekeeping.work().waiting.pop_first().map(|(_, chore)| chore)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.0.housekeeping.work().workers -= 1;
        self.0.housekeeping.done.notify_waiters();
    }
}

/// Removes what was given up in tmp/, whoever put it there. No link is followed, and folders stay.
pub(super) fn sweep(tmp: &Folder, now: SystemTime) -> io::Result<usize> {
    let mut abandoned = Vec::new();
    let mut seen = 0;
    each_entry(tmp, |name, kind| {
        seen += 1;
        if kind != FileType::Directory && name != b"." && name != b".." && is_abandoned(tmp, name, now) {
            abandoned.push(name.to_vec());
        }
        if seen < SWEPT_MAX { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    if planted("store.leaves-tmp") {
        return Ok(0);
    }
    Ok(abandoned.iter().filter(|name| tmp.unlink(name).is_ok()).count())
}

/// By the time that nobody can set: a copy keeps the other times of its original.
fn is_abandoned(tmp: &Folder, name: &[u8], now: SystemTime) -> bool {
    let now = now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    let (Ok(facts), Ok(now)) = (Facts::of(tmp, name), i128::try_from(now)) else { return false };
    let age = now - facts.changed.0;
    u128::try_from(age).is_ok_and(|age| age > ABANDONED.as_nanos())
}

/// Removes messages that never got recipients, because the process that took them has ended.
pub(super) fn clear_spool(path: &Path) -> io::Result<()> {
    let spool = match Folder::open_existing(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        opened => opened?,
    };
    let mut left = Vec::new();
    let mut seen = 0;
    each_entry(&spool, |name, _| {
        seen += 1;
        if let Some(rest) = name.strip_prefix(delivery::SPOOLED)
            && matches!(Identity::of(rest), Identity::Own(_))
        {
            left.push(name.to_vec());
        }
        if seen < SPOOL_MAX { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    for name in left {
        // Whoever still writes it holds its lock.
        let abandoned = spool.append(&name).and_then(|file| {
            let ours = Facts::of_open(file.file())?.owner == rustix::process::geteuid().as_raw();
            if ours { file.lock().map(|()| true) } else { Ok(false) }
        });
        if matches!(abandoned, Ok(true)) && !planted("store.leaves-the-spool") {
            spool.unlink(&name)?;
        }
    }
    Ok(())
}
