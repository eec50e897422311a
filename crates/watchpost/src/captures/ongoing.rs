//! What is kept of a session that goes on, where whoever asks for it finds it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use watchpost_observatory::ConnectionId;
use watchpost_observatory::capture::{Budget, Recording, Track};
use zeroize::Zeroizing;

/// A session that goes on.
#[derive(Debug)]
pub struct Ongoing {
    /// Which.
    pub connection: ConnectionId,
    /// Who connected.
    pub peer: SocketAddr,
    /// Where.
    pub local: SocketAddr,
    /// When, in nanoseconds since 1970.
    pub accepted: u64,
    plain: Mutex<Track>,
    /// Whether a file was made of it.
    is_written: AtomicBool,
}

impl Ongoing {
    /// One in which nothing was said yet.
    pub fn new(connection: ConnectionId, (peer, local): (SocketAddr, SocketAddr), accepted: u64, plain: Track) -> Self {
        Self { connection, peer, local, accepted, plain: Mutex::new(plain), is_written: AtomicBool::new(false) }
    }

    /// Lines and replies, without TLS and without secrets.
    pub fn plain(&self) -> MutexGuard<'_, Track> {
        locked(&self.plain)
    }

    /// As far as it has come, without what crossed the wire and without keys: it may yet log in, and then they are
    /// nobody's. `None`: nothing was said, or nothing of it may be kept.
    pub(super) fn so_far(&self, now: u64) -> Option<Recording> {
        let plain = self.plain();
        if plain.is_empty() {
            return None;
        }
        // Under the lock: whoever forgets the track next finds out that there is a file.
        self.is_written.store(true, Ordering::Relaxed);
        Some(Recording {
            connection: self.connection,
            peer: self.peer,
            local: self.local,
            accepted: self.accepted,
            ended: now,
            is_open: true,
            plain: plain.copied(),
            wire: Track::new(&Budget::new(0), 0),
            keys: Zeroizing::default(),
        })
    }

    /// Nothing of it may be kept. Whether there is a file already.
    pub(super) fn forget(&self) -> bool {
        self.plain().close();
        self.is_written.load(Ordering::Relaxed)
    }
}

/// All sessions that go on.
#[derive(Debug, Default)]
pub(super) struct AllOngoing(Mutex<HashMap<ConnectionId, Arc<Ongoing>>>);

impl AllOngoing {
    pub(super) fn enter(&self, ongoing: &Arc<Ongoing>) {
        locked(&self.0).insert(ongoing.connection, Arc::clone(ongoing));
    }

    pub(super) fn leave(&self, connection: ConnectionId) {
        locked(&self.0).remove(&connection);
    }

    pub(super) fn find(&self, connection: ConnectionId) -> Option<Arc<Ongoing>> {
        locked(&self.0).get(&connection).map(Arc::clone)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
