//! Opens the ports, and says clearly why one cannot be opened.

use std::io;
use std::net::SocketAddr;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

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
    /// The socket.
    pub socket: TcpListener,
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

/// Opens every port, or none. Must be called inside the runtime.
pub fn listen(listeners: &[Listener]) -> Result<Vec<Bound>, ListenError> {
    listeners
        .iter()
        .enumerate()
        .map(|(place, listener)| {
            let address = listener.address;
            let (socket, address) = open(address).map_err(|cause| ListenError { place, address, cause })?;
            Ok(Bound { listener: listener.clone(), address, socket })
        })
        .collect()
}

fn open(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        // `[::]` serves IPv4 too unless an IPv4 listener of its own is configured on that port.
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    let socket = TcpListener::from_std(socket.into())?;
    let address = socket.local_addr()?;
    Ok((socket, address))
}
