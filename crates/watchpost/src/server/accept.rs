//! Accepts connections, lets in as many as the limits allow, and ends them in order when the server stops.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use watchpost_observatory::{ConnectionId, Ending, EventKind, Port, SessionSummary};
use watchpost_proto::catalogue::Refusal;
use watchpost_proto::pop3::Greeting;
use watchpost_store::{Directory, Store};

use crate::config::{Listener, ListenerProtocol};
use crate::house::House;
use crate::server::connection::{Connection, Stop};
use crate::server::listen::Bound;
use crate::server::pop3;

/// Serves until `stop` says otherwise and every session has ended.
pub async fn serve<S: Store, D: Directory>(house: Arc<House<S, D>>, bound: Vec<Bound>, stop: watch::Receiver<Stop>) {
    let mut listeners = JoinSet::new();
    for bound in bound {
        listeners.spawn(accept(Arc::clone(&house), bound, stop.clone()));
    }
    while listeners.join_next().await.is_some() {}
}

async fn accept<S: Store, D: Directory>(house: Arc<House<S, D>>, bound: Bound, stop: watch::Receiver<Stop>) {
    let mut stopping = stop.clone();
    let listener = Arc::new(bound.listener);
    let mut sessions = JoinSet::new();
    loop {
        tokio::select! {
            accepted = bound.socket.accept() => match accepted {
                Ok((stream, peer)) => admit(&house, &listener, stream, peer, &stop, &mut sessions),
                Err(error) => accept_failed(&error).await,
            },
            Some(ended) = sessions.join_next() => report(ended),
            () = Stop::reached(&mut stopping, Stop::Draining) => break,
        }
    }
    drop(bound.socket);
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
    let id = ConnectionId(uuid::Uuid::now_v7().as_u128());
    let local = stream.local_addr().unwrap_or(listener.address);
    let port = match listener.protocol {
        ListenerProtocol::Pop3 => Port::Pop3,
        ListenerProtocol::Pop3s => Port::Pop3s,
    };
    house.record(id, EventKind::Opened { peer, local, port });
    let limits = &house.live.load().limits;
    let Ok(permit) = house.gate.enter(peer.ip(), limits.connections, limits.connections_per_address) else {
        house.record(id, EventKind::Closed(Box::new(refused(peer, local))));
        if listener.protocol == ListenerProtocol::Pop3 {
            sessions.spawn(turn_away(stream));
        }
        return;
    };
    prepare(&stream);
    let connection =
        Connection { id, peer, local, listener: Arc::clone(listener), stop: stop.clone(), _permit: permit };
    let house = Arc::clone(house);
    sessions.spawn(async move { pop3::run(&house, connection, stream).await });
}

/// Replies go out at once, and a peer that is gone is noticed within five minutes (P-064).
fn prepare(stream: &TcpStream) {
    let keepalive =
        TcpKeepalive::new().with_time(Duration::from_mins(2)).with_interval(Duration::from_secs(30)).with_retries(4);
    let prepared = stream.set_nodelay(true).and_then(|()| SockRef::from(stream).set_tcp_keepalive(&keepalive));
    if let Err(error) = prepared {
        tracing::debug!(%error, "cannot set socket options");
    }
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
