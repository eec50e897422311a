//! Accepts connections, lets in as many as the limits allow, and ends them in order when the server stops.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use watchpost_observatory::{Ending, Event, EventKind, SessionSummary};
use watchpost_proto::catalogue::Refusal;
use watchpost_proto::pop3::Greeting;
use watchpost_store::{Directory, Store};

use crate::config::{Listener, ListenerProtocol};
use crate::house::House;
use crate::server::connection::{Connection, Stop};
use crate::server::pop3;

/// An event loop interrupts itself for every deadline that comes before all others: two system calls. With a tick that
/// comes sooner than any deadline of a session, no session causes them.
const TICK: Duration = Duration::from_secs(1);

/// Serves one socket until `stop` says otherwise and every session has ended.
pub(super) async fn accept<S: Store, D: Directory>(
    house: Arc<House<S, D>>,
    listener: Arc<Listener>,
    socket: std::net::TcpListener,
    stop: watch::Receiver<Stop>,
) {
    let socket = match TcpListener::from_std(socket) {
        Ok(socket) => socket,
        Err(error) => {
            tracing::error!(%error, address = %listener.address, "cannot wait for connections");
            return;
        }
    };
    let mut stopping = stop.clone();
    let mut sessions = JoinSet::new();
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            accepted = socket.accept() => match accepted {
                Ok((stream, peer)) => admit(&house, &listener, stream, peer, &stop, &mut sessions),
                Err(error) => accept_failed(&error).await,
            },
            Some(ended) = sessions.join_next() => report(ended),
            _ = tick.tick(), if !sessions.is_empty() => {}
            () = Stop::reached(&mut stopping, Stop::Draining) => break,
        }
    }
    drop(socket);
    while let Some(ended) = sessions.join_next().await {
        report(ended);
    }
}

/// Running out of descriptors must not become a busy loop; everything else concerns one connection alone.
async fn accept_failed(error: &io::Error) {
    tracing::warn!(%error, "cannot accept a connection");
    if !matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset) {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// A panic ends one session, not the server; its text may hold anything, so it is counted, not shown.
fn report(ended: Result<(), tokio::task::JoinError>) {
    if ended.is_err_and(|error| error.is_panic()) {
        tracing::error!("a session ended by a fault of the server; please report it");
    }
}

fn admit<S: Store, D: Directory>(
    house: &Arc<House<S, D>>,
    listener: &Arc<Listener>,
    stream: TcpStream,
    peer: SocketAddr,
    stop: &watch::Receiver<Stop>,
    sessions: &mut JoinSet<()>,
) {
    let accepted = house.clock.wall();
    let id = house.connections.next(accepted);
    let local = local_address(&stream, listener);
    let limits = &house.live.load().limits;
    let Ok(permit) = house.gate.enter(peer.ip(), limits.connections, limits.connections_per_address) else {
        let closed = EventKind::Closed(Box::new(refused(peer, local)));
        let kinds = [EventKind::Opened { peer, local, port: listener.protocol.port() }, closed];
        house.events.record_all(kinds.map(|kind| Event { at: accepted, connection: id, kind }).into());
        if listener.protocol == ListenerProtocol::Pop3 {
            sessions.spawn(turn_away(stream));
        }
        return;
    };
    let connection =
        Connection { id, accepted, peer, local, listener: Arc::clone(listener), stop: stop.clone(), _permit: permit };
    let house = Arc::clone(house);
    sessions.spawn(async move { pop3::run(&house, connection, stream).await });
}

/// Where the client has come: known without asking unless the port is open on every address.
fn local_address(stream: &TcpStream, listener: &Listener) -> SocketAddr {
    if listener.address.ip().is_unspecified() || listener.address.port() == 0 {
        return stream.local_addr().unwrap_or(listener.address);
    }
    listener.address
}

/// One line, then the end (P-004). On POP3S silence: a handshake is what the limit is to spare.
async fn turn_away(mut stream: TcpStream) {
    let mut line = Vec::new();
    Greeting::Refused(Refusal::TooManyConnections).write(&mut line);
    let farewell = async {
        stream.write_all(&line).await?;
        stream.shutdown().await
    };
    // A client that does not take even this line is not worth a word in the log.
    let _ = tokio::time::timeout(Duration::from_secs(1), farewell).await;
}

fn refused(peer: SocketAddr, local: SocketAddr) -> SessionSummary {
    SessionSummary {
        peer,
        local,
        tls: None,
        user: None,
        state: None,
        tally: watchpost_proto::pop3::server::Tally::default(),
        messages: 0,
        removed_unread: 0,
        commands_dropped: 0,
        octets_in: 0,
        octets_out: 0,
        duration: Duration::ZERO,
        first_octet: None,
        ending: Ending::Refused,
        notice: None,
    }
}
