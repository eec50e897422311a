//! One thread for each core, each with an event loop and listening sockets of its own.
//!
//! A session never leaves the thread that accepted it: nothing of it is shared, and no thread wakes another to carry a
//! command on. The kernel deals the connections out among the sockets of one port.

use std::io;
use std::net::TcpListener;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::{self, available_parallelism};

use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use watchpost_store::{Directory, Store};

use crate::config::Listener;
use crate::house::House;
use crate::server::accept::accept;
use crate::server::connection::Stop;
use crate::server::listen::Bound;

/// Threads that a worker may have for disks and hashes.
const BLOCKING_THREADS_MAX: usize = 64;

/// How many workers this machine has use for.
pub fn workers() -> NonZeroUsize {
    available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// The threads that serve. They end when they are told to stop and every session has ended.
#[derive(Debug)]
pub struct Workers {
    /// Closed when the last worker has ended.
    finished: mpsc::Receiver<()>,
}

impl Workers {
    /// Starts a thread for every socket of the ports.
    pub fn start<S: Store, D: Directory>(
        house: &Arc<House<S, D>>,
        bound: Vec<Bound>,
        stop: &watch::Receiver<Stop>,
    ) -> io::Result<Self> {
        let (alive, finished) = mpsc::channel(1);
        for (number, sockets) in deal(bound).into_iter().enumerate() {
            let runtime = Builder::new_current_thread()
                .enable_all()
                .max_blocking_threads(BLOCKING_THREADS_MAX)
                .thread_name(format!("disk-{number}"))
                .build()?;
            let (house, stop, alive) = (Arc::clone(house), stop.clone(), alive.clone());
            thread::Builder::new().name(format!("session-{number}")).spawn(move || {
                work(runtime, &house, sockets, &stop);
                drop(alive);
            })?;
        }
        Ok(Self { finished })
    }

    /// Waits for the last worker.
    pub async fn finished(mut self) {
        while self.finished.recv().await.is_some() {}
    }
}

/// One socket of every port for each worker.
fn deal(bound: Vec<Bound>) -> Vec<Vec<(Arc<Listener>, TcpListener)>> {
    let mut hands: Vec<Vec<_>> = Vec::new();
    for Bound { listener, sockets, .. } in bound {
        let listener = Arc::new(listener);
        hands.resize_with(hands.len().max(sockets.len()), Vec::new);
        for (hand, socket) in hands.iter_mut().zip(sockets) {
            hand.push((Arc::clone(&listener), socket));
        }
    }
    hands
}

fn work<S: Store, D: Directory>(
    runtime: Runtime,
    house: &Arc<House<S, D>>,
    sockets: Vec<(Arc<Listener>, TcpListener)>,
    stop: &watch::Receiver<Stop>,
) {
    runtime.block_on(async {
        let mut ports = JoinSet::new();
        for (listener, socket) in sockets {
            ports.spawn(accept(Arc::clone(house), listener, socket, stop.clone()));
        }
        while ports.join_next().await.is_some() {}
    });
    // A disk that does not answer must not keep the program from ending.
    runtime.shutdown_background();
}
