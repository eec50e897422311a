//! Opens the ports, and says clearly why one cannot be opened.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroUsize;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, TcpKeepalive, Type};

use crate::config::Listener;

/// Connections that wait to be accepted.
const BACKLOG: i32 = 1024;

/// A port that is open.
#[derive(Debug)]
pub struct Bound {
    /// What the configuration says of it.
    pub listener: Listener,
    /// Where it really listens: the port is known even where the configuration says 0.
    pub address: SocketAddr,
    /// The sockets that share it, one for each worker.
    pub(super) sockets: Vec<TcpListener>,
}

/// A port cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {cause}")]
pub struct ListenError {
    /// Which of the listeners, counted from zero.
    pub place: usize,
    /// Where.
    pub address: SocketAddr,
    /// Why.
    #[source]
    pub cause: io::Error,
}

/// Opens every port, or none, for this many workers.
pub fn listen(listeners: &[Listener], workers: NonZeroUsize) -> Result<Vec<Bound>, ListenError> {
    listeners
        .iter()
        .enumerate()
        .map(|(place, listener)| {
            let address = listener.address;
            let (address, sockets) = open(address, workers).map_err(|cause| ListenError { place, address, cause })?;
            Ok(Bound { listener: listener.clone(), address, sockets })
        })
        .collect()
}

fn open(address: SocketAddr, workers: NonZeroUsize) -> io::Result<(SocketAddr, Vec<TcpListener>)> {
    let first = socket(address)?;
    // The first one shares its port only after it has got it, so that a port somebody else listens on is noticed.
    first.bind(&address.into())?;
    first.set_reuse_port(true)?;
    first.listen(BACKLOG)?;
    let mut sockets = vec![TcpListener::from(first)];
    let address = sockets[0].local_addr()?;
    while sockets.len() < workers.get() {
        let another = socket(address)?;
        another.set_reuse_port(true)?;
        another.bind(&address.into())?;
        another.listen(BACKLOG)?;
        sockets.push(another.into());
    }
    Ok((address, sockets))
}

/// Connections inherit what is set here: replies go out at once, and a peer that is gone is noticed within five minutes
/// (P-064).
fn socket(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        // `[::]` serves IPv4 too unless an IPv4 listener of its own is configured on that port.
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.set_tcp_nodelay(true)?;
    let keepalive =
        TcpKeepalive::new().with_time(Duration::from_mins(2)).with_interval(Duration::from_secs(30)).with_retries(4);
    socket.set_tcp_keepalive(&keepalive)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpStream};

    use socket2::SockRef;

    use super::*;

    fn anywhere() -> SocketAddr {
        (Ipv4Addr::LOCALHOST, 0).into()
    }

    #[test]
    fn workers_share_a_port_that_nobody_else_gets() {
        let workers = NonZeroUsize::new(3).unwrap();
        let (address, sockets) = open(anywhere(), workers).unwrap();
        assert!(sockets.iter().all(|socket| socket.local_addr().unwrap() == address));
        assert_eq!(sockets.len(), 3);
        assert_eq!(open(address, workers).unwrap_err().kind(), io::ErrorKind::AddrInUse);
    }

    #[test]
    fn connections_inherit_what_is_set_on_the_port() {
        // P-064
        let (address, sockets) = open(anywhere(), NonZeroUsize::MIN).unwrap();
        let _client = TcpStream::connect(address).unwrap();
        sockets[0].set_nonblocking(false).unwrap();
        let (stream, _) = sockets[0].accept().unwrap();
        let socket = SockRef::from(&stream);
        assert!(socket.tcp_nodelay().unwrap() && socket.keepalive().unwrap());
        let noticed = socket.tcp_keepalive_time().unwrap()
            + socket.tcp_keepalive_interval().unwrap() * socket.tcp_keepalive_retries().unwrap();
        assert!(noticed <= Duration::from_mins(5), "{noticed:?}");
    }
}
