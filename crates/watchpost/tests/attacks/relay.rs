//! Gives a tool that cannot choose its source an address of its own, and writes down what it says.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use socket2::{Domain, SockRef, Socket, Type};

use crate::support::PATIENCE;

/// Connections that a relay takes. A tool that wants more is out of bounds.
const CONNECTIONS_MAX: usize = 200;

/// Who spoke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Client,
    Server,
}

/// What one side sent at once, or how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    Octets(Vec<u8>),
    /// It will say no more.
    End,
    /// It broke the connection.
    Reset,
}

/// One entry of a transcript.
#[derive(Clone, Debug)]
pub struct Turn {
    /// Since the connection.
    pub at: Duration,
    pub side: Side,
    pub said: Said,
}

/// What was said on one connection, in the order in which it passed.
pub type Transcript = Vec<Turn>;

/// A socket that will speak from this address.
pub fn socket_from(source: Ipv4Addr) -> Socket {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::new(IpAddr::V4(source), 0).into()).unwrap();
    socket
}

/// Connects from this address.
pub fn connect_from(source: Ipv4Addr, server: SocketAddr) -> TcpStream {
    let socket = socket_from(source);
    socket.connect(&server.into()).unwrap_or_else(|error| panic!("{source} to {server}: {error}"));
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// Listens on loopback, and passes on what comes, from one source.
pub struct Relay {
    pub address: SocketAddr,
    is_over: Arc<AtomicBool>,
    acceptor: JoinHandle<Vec<Arc<Mutex<Transcript>>>>,
}

impl Relay {
    pub fn start(server: SocketAddr, source: Ipv4Addr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let is_over = Arc::new(AtomicBool::new(false));
        let shared = Arc::clone(&is_over);
        let acceptor = std::thread::spawn(move || accept(&listener, server, source, &shared));
        Self { address, is_over, acceptor }
    }

    pub fn port(&self) -> String {
        self.address.port().to_string()
    }

    /// Waits for the end of every connection; the tool must have ended. What was said, in the order of connections.
    pub fn finish(self) -> Vec<Transcript> {
        self.is_over.store(true, Ordering::Release);
        // Wakes the acceptor.
        drop(TcpStream::connect(self.address).unwrap());
        let transcripts = self.acceptor.join().unwrap();
        transcripts.iter().map(|transcript| transcript.lock().unwrap().clone()).collect()
    }
}

fn accept(
    listener: &TcpListener,
    server: SocketAddr,
    source: Ipv4Addr,
    is_over: &AtomicBool,
) -> Vec<Arc<Mutex<Transcript>>> {
    let (mut transcripts, mut pumps) = (Vec::new(), Vec::new());
    loop {
        let (client, _) = listener.accept().unwrap();
        if is_over.load(Ordering::Acquire) {
            break;
        }
        assert!(transcripts.len() < CONNECTIONS_MAX, "a tool connects without end");
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        client.set_nodelay(true).unwrap();
        let upstream = connect_from(source, server);
        let transcript = Arc::new(Mutex::new(Vec::new()));
        transcripts.push(Arc::clone(&transcript));
        let began = Instant::now();
        let (client_again, upstream_again) = (client.try_clone().unwrap(), upstream.try_clone().unwrap());
        let other = Arc::clone(&transcript);
        pumps.push(std::thread::spawn(move || pump(client, upstream, Side::Client, &transcript, began)));
        pumps.push(std::thread::spawn(move || pump(upstream_again, client_again, Side::Server, &other, began)));
    }
    for pump in pumps {
        pump.join().unwrap();
    }
    transcripts
}

/// Passes on what one side says until it ends. What was said is written down before the other side hears it.
fn pump(mut from: TcpStream, mut to: TcpStream, side: Side, transcript: &Mutex<Transcript>, began: Instant) {
    let note = |said: Said| transcript.lock().unwrap().push(Turn { at: began.elapsed(), side, said });
    let mut buffer = vec![0; 16 * 1024];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => {
                note(Said::End);
                // The other side may be gone already.
                let _ = to.shutdown(Shutdown::Write);
                return;
            }
            Ok(octets) => {
                note(Said::Octets(buffer[..octets].to_vec()));
                if to.write_all(&buffer[..octets]).is_err() {
                    let _ = from.shutdown(Shutdown::Both);
                    return;
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => {
                note(Said::Reset);
                // A reset goes on as a reset.
                let _ = SockRef::from(&to).set_linger(Some(Duration::ZERO));
                let _ = to.shutdown(Shutdown::Both);
                return;
            }
        }
    }
}
