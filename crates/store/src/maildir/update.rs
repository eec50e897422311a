//! The UPDATE state (RFC 1939 §6): removals, made durable; then flags, which are not.

use std::io;

use watchpost_proto::Outcome;
use watchpost_proto::planted::planted;

use super::folders::Folders;
use super::session::Session;
use super::snapshot::Subfolder;
use super::{is_lasting, name};
use crate::{Cause, UpdateError};

/// Whether there is nothing to change on the disk.
pub(super) fn is_done(session: &Session, outcome: &Outcome) -> bool {
    let is_marked = |index: &usize| {
        let (subfolder, name) = session.snapshot.place(*index);
        subfolder == Subfolder::Cur && name::is_seen(name)
    };
    outcome.removed.is_empty() && outcome.seen.iter().all(is_marked)
}

/// Removes what is marked, makes that durable, and flags what was retrieved (P-166, P-190, P-191).
pub(super) fn update(session: &Session, outcome: &Outcome) -> Result<(), UpdateError> {
    let folders = match session.folders() {
        Ok(folders) => folders,
        Err(_) if outcome.removed.is_empty() => return Ok(()),
        Err(error) if is_lasting(&error) => return Err(UpdateError::Impossible(error.into())),
        Err(error) => return Err(UpdateError::Incomplete(error.into())),
    };
    let mut removals = Removals::new(session, folders);
    let missing: Vec<usize> = outcome.removed.iter().copied().filter(|index| removals.remove(*index)).collect();
    if !missing.is_empty() {
        removals.remove_moved(&missing);
    }
    if !planted("store.answers-before-removals-are-durable") {
        removals.sync();
    }
    mark_seen(session, folders, &outcome.seen);
    session.removed(removals.done.clone());
    removals.result()
}

struct Removals<'a> {
    session: &'a Session,
    folders: &'a Folders,
    /// What a crash could still undo.
    unsynced: Vec<Subfolder>,
    /// Messages that are gone.
    done: Vec<usize>,
    errors: Vec<io::Error>,
}

impl<'a> Removals<'a> {
    fn new(session: &'a Session, folders: &'a Folders) -> Self {
        Self { session, folders, unsynced: Vec::new(), done: Vec::new(), errors: Vec::new() }
    }

    /// Removes one message. True: it is not where it was.
    fn remove(&mut self, index: usize) -> bool {
        let place = self.session.place(index);
        match self.folders.subfolder(place.subfolder).unlink(&place.name) {
            Ok(()) => {
                self.done.push(index);
                // A message in cur/ may have come from new/ by a rename that is durable only when both are synced.
                if place.subfolder == Subfolder::Cur && !planted("store.forgets-the-other-folder") {
                    self.touch(Subfolder::New);
                }
                self.touch(place.subfolder);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return true,
            Err(error) => self.errors.push(error),
        }
        false
    }

    /// Looks once for messages that are not where they were. One that is nowhere has been removed.
    fn remove_moved(&mut self, missing: &[usize]) {
        if let Err(error) = self.session.look_again() {
            self.errors.push(error);
            return;
        }
        for index in missing {
            if self.remove(*index) {
                self.done.push(*index);
                // Whoever removed it may not have made that durable.
                self.touch(Subfolder::New);
                self.touch(Subfolder::Cur);
            }
        }
    }

    fn touch(&mut self, subfolder: Subfolder) {
        if !self.unsynced.contains(&subfolder) {
            self.unsynced.push(subfolder);
        }
    }

    fn sync(&mut self) {
        for subfolder in std::mem::take(&mut self.unsynced) {
            if let Err(error) = self.folders.subfolder(subfolder).sync() {
                self.errors.push(error);
            }
        }
    }

    fn result(self) -> Result<(), UpdateError> {
        let impossible = self.done.is_empty() && self.errors.iter().all(is_lasting);
        match self.errors.into_iter().next() {
            None => Ok(()),
            Some(_) if planted("store.hides-failed-removals") => Ok(()),
            Some(error) if impossible => Err(UpdateError::Impossible(Cause::from(error))),
            Some(error) => Err(UpdateError::Incomplete(Cause::from(error))),
        }
    }
}

/// Gives messages the flag `S` and moves them out of new/. Nothing depends on it, so nothing fails by it.
fn mark_seen(session: &Session, folders: &Folders, seen: &[usize]) {
    for index in seen {
        let place = session.place(*index);
        let name = match name::with_seen(&place.name) {
            Some(name) => name,
            None if place.subfolder == Subfolder::New => place.name.clone(),
            None => continue,
        };
        let folder = folders.subfolder(place.subfolder);
        if let Err(error) = folder.rename(&place.name, &folders.cur, &name) {
            tracing::debug!(%error, "cannot mark a message as seen");
        }
    }
}
