//! A small POP3 server with switches for the slips that servers have been seen to make. Correct with none.
//!
//! It shares no code with Watchpost's server, so that what one of them misreads the other does not.
#![allow(clippy::unwrap_used, reason = "a test may fail here")]

mod session;
mod text;

use std::collections::HashMap;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

pub const NAME: &str = "alice";
/// With a space, which some servers refuse.
pub const PASSWORD: &str = "open sesame";

/// When TLS begins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    ByStls,
    AtOnce,
}

/// What all sessions of one server share.
pub struct House {
    slip: &'static str,
    tls: Tls,
    config: Arc<ServerConfig>,
    maildir: PathBuf,
    locked: AtomicBool,
    asked_auth: AtomicUsize,
    began_tls: AtomicUsize,
    stopping: AtomicBool,
    /// Numbers that stand in for file names where the slip wants it.
    ids: Mutex<HashMap<String, usize>>,
}

impl House {
    pub fn slips(&self, name: &str) -> bool {
        self.slip == name
    }
}

/// A running server. Stops when dropped.
pub struct Server {
    pub address: SocketAddr,
    pub certificate: PathBuf,
    house: Arc<House>,
    listening: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves the Maildir in this folder, making it if need be.
    pub fn start(dir: &Path, slip: &'static str, tls: Tls) -> Self {
        let maildir = dir.join("Maildir");
        for folder in ["tmp", "new", "cur"] {
            fs::create_dir_all(maildir.join(folder)).unwrap();
        }
        let made = watchpost::certificate::self_signed(&["localhost".into()], std::time::SystemTime::now()).unwrap();
        let certificate = dir.join("certificate.pem");
        fs::write(&certificate, &made.certificate).unwrap();
        let house = Arc::new(House {
            slip,
            tls,
            config: server_config(&made.certificate, &made.key),
            maildir,
            locked: AtomicBool::new(false),
            asked_auth: AtomicUsize::new(0),
            began_tls: AtomicUsize::new(0),
            stopping: AtomicBool::new(false),
            ids: Mutex::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, shared) = (listener.local_addr().unwrap(), Arc::clone(&house));
        let listening = std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if shared.stopping.load(Ordering::SeqCst) {
                    return;
                }
                let house = Arc::clone(&shared);
                std::thread::spawn(move || serve(stream, &house));
            }
        });
        Self { address, certificate, house, listening: Some(listening) }
    }

    pub fn maildir(&self) -> &Path {
        &self.house.maildir
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.house.stopping.store(true, Ordering::SeqCst);
        // Wakes the listener, which then sees that it shall stop.
        let _ = TcpStream::connect(self.address);
        if let Some(listening) = self.listening.take() {
            let _ = listening.join();
        }
    }
}

fn server_config(certificate: &str, key: &str) -> Arc<ServerConfig> {
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap())
        .unwrap();
    config.alpn_protocols = vec![b"pop3".to_vec()];
    Arc::new(config)
}

/// The octets of one connection.
pub enum Stream {
    Clear(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

impl Stream {
    pub fn socket(&self) -> &TcpStream {
        match self {
            Self::Clear(socket) => socket,
            Self::Tls(stream) => stream.get_ref(),
        }
    }

    pub fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Clear(socket) => socket.read(into),
            Self::Tls(stream) => stream.read(into),
        }
    }

    pub fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        match self {
            Self::Clear(socket) => socket.write_all(octets),
            Self::Tls(stream) => {
                stream.write_all(octets)?;
                stream.flush()
            }
        }
    }

    /// The handshake, in full.
    pub fn begin_tls(self, config: &Arc<ServerConfig>) -> io::Result<Self> {
        let Self::Clear(mut socket) = self else { return Ok(self) };
        let mut connection = ServerConnection::new(Arc::clone(config)).unwrap();
        while connection.is_handshaking() {
            if let Err(error) = connection.complete_io(&mut socket) {
                // The alert, if there is one.
                let _ = connection.write_tls(&mut socket);
                end(&mut Self::Clear(socket));
                return Err(error);
            }
        }
        Ok(Self::Tls(Box::new(StreamOwned::new(connection, socket))))
    }
}

/// Ends a connection so that what was sent last arrives.
fn end(stream: &mut Stream) {
    if let Stream::Tls(tls) = stream {
        tls.conn.send_close_notify();
        let _ = tls.flush();
    }
    let socket = stream.socket();
    let _ = socket.shutdown(Shutdown::Write);
    let _ = socket.set_read_timeout(Some(Duration::from_secs(1)));
    let mut rest = [0; 4096];
    let mut socket = socket;
    while socket.read(&mut rest).is_ok_and(|octets| octets > 0) {}
}

fn serve(socket: TcpStream, house: &House) {
    let _ = socket.set_nodelay(true);
    let mut stream = Stream::Clear(socket);
    if house.tls == Tls::AtOnce {
        match stream.begin_tls(&house.config) {
            Ok(tls) => stream = tls,
            Err(_) => return,
        }
    }
    if let Some(mut stream) = session::run(stream, house) {
        end(&mut stream);
    }
}
