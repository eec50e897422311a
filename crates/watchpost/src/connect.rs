//! The way to a POP3 server: TCP, TLS from the first octet or by STLS, and a deadline on everything.
//!
//! [`Connector::connect`] gives a [`Client`] whose session is ready for commands; [`Connector::dial`] a bare [`Link`]
//! for whoever must say what no client may say.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use watchpost_observatory::Untrusted;
use watchpost_proto::pop3::client::{Channel, Command, Event, Limits, Negative, Refused, Session, Ticket, Violation};

/// Octets read at once.
const READ_OCTETS: usize = 64 * 1024;
/// The ALPN name of POP3 (RFC 7301; IANA).
pub const ALPN: &[u8] = b"pop3";
/// Where systems keep the certificates that they trust.
const SYSTEM_ROOTS: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
];

/// What protects the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// Nothing (C-001: by explicit choice alone).
    Clear,
    /// TLS begun by STLS; without it there is no session (S-006).
    Stls,
    /// TLS from the first octet.
    Tls,
}

/// Which certificates are believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// What the system trusts, for the name of the host.
    System,
    /// These: the server shows one of them, or one that they signed for the name of the host.
    Certificates(Vec<CertificateDer<'static>>),
    /// Any. Somebody on the path may read and change everything.
    Anything,
}

/// How long to wait.
#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    /// For each address of the host, and for finding them.
    pub address: Duration,
    /// For the TLS handshake.
    pub handshake: Duration,
    /// For the next octets of the server, and for it to take ours.
    pub reply: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self { address: Duration::from_secs(15), handshake: Duration::from_secs(30), reply: Duration::from_mins(1) }
    }
}

/// Where to, and how.
#[derive(Clone, Debug)]
pub struct Target {
    /// A name or an address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// What protects the connection.
    pub security: Security,
    /// Which certificates are believed.
    pub trust: Trust,
}

/// Why there is no connection, or no longer.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The name has no address.
    #[error("{0} has no address: {1}")]
    Resolve(String, io::Error),
    /// No address answers.
    #[error("cannot connect to {0}: {1}")]
    Connect(SocketAddr, io::Error),
    /// The handshake failed.
    #[error("TLS cannot begin: {0}")]
    Handshake(io::Error),
    /// The certificates to trust cannot be used.
    #[error("certificates to trust: {0}")]
    Trust(String),
    /// Too long without an octet.
    #[error("no answer in time")]
    Deadline,
    /// The server broke the protocol.
    #[error(transparent)]
    Violation(#[from] Violation),
    /// We must not say that now.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The server said no.
    #[error("the server refuses: {0}")]
    Negative(Untrusted),
    /// The server has closed the connection.
    #[error("the server has closed the connection")]
    Closed,
    /// Reading or writing failed.
    #[error("the connection broke: {0}")]
    Broken(#[from] io::Error),
}

/// Reads certificates from a PEM file.
pub fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, ConnectError> {
    let named = |error: &dyn std::fmt::Display| ConnectError::Trust(format!("{}: {error}", path.display()));
    let found: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).map_err(|error| named(&error))?.collect();
    let found = found.map_err(|error| named(&error))?;
    if found.is_empty() { Err(named(&"no certificate in it")) } else { Ok(found) }
}

/// Makes connections to one server.
pub struct Connector {
    target: Target,
    deadlines: Deadlines,
    tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
    source: Option<IpAddr>,
}

impl Connector {
    /// Prepares everything that connections share.
    pub fn new(target: Target, deadlines: Deadlines) -> Result<Self, ConnectError> {
        let tls = match target.security {
            Security::Clear => None,
            Security::Stls | Security::Tls => {
                let name = ServerName::try_from(target.host.clone())
                    .map_err(|error| ConnectError::Trust(format!("{}: {error}", target.host)))?;
                Some((Arc::new(client_config(&target.trust)?), name))
            }
        };
        Ok(Self { target, deadlines, tls, source: None })
    }

    /// Every handshake is a whole one, as if each connection came from another client.
    #[must_use]
    pub fn without_resumption(mut self) -> Self {
        if let Some((config, _)) = &mut self.tls {
            Arc::make_mut(config).resumption = Resumption::disabled();
        }
        self
    }

    /// Connections come from this address of ours.
    #[must_use]
    pub fn speaking_from(mut self, source: IpAddr) -> Self {
        self.source = Some(source);
        self
    }

    /// Where to, and how.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// A TCP connection to the first address that answers, nothing said yet.
    pub async fn dial(&self) -> Result<Link, ConnectError> {
        let host = || self.target.host.clone();
        let lookup = tokio::net::lookup_host((self.target.host.as_str(), self.target.port));
        let addresses =
            within(self.deadlines.address, lookup).await?.map_err(|error| ConnectError::Resolve(host(), error))?;
        let mut last = ConnectError::Resolve(host(), io::ErrorKind::NotFound.into());
        for address in addresses {
            match within(self.deadlines.address, stream_to(address, self.source)).await {
                Ok(Ok(stream)) => {
                    stream.set_nodelay(true)?;
                    return Ok(Link { stream: Stream::Clear(stream), deadline: self.deadlines.reply });
                }
                Ok(Err(error)) => last = ConnectError::Connect(address, error),
                Err(_) => last = ConnectError::Connect(address, io::ErrorKind::TimedOut.into()),
            }
        }
        Err(last)
    }

    /// TLS over a link that has none, offering POP3.
    pub async fn handshake(&self, link: Link) -> Result<Link, ConnectError> {
        self.handshake_offering(link, &[ALPN]).await
    }

    /// TLS over a link that has none, offering these application protocols.
    pub async fn handshake_offering(&self, link: Link, protocols: &[&[u8]]) -> Result<Link, ConnectError> {
        let Stream::Clear(stream) = link.stream else { return Ok(link) };
        let (config, name) = self.tls.as_ref().ok_or_else(|| ConnectError::Trust("no TLS was asked for".into()))?;
        let mut config = config.as_ref().clone();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        let connecting = TlsConnector::from(Arc::new(config)).connect(name.clone(), stream);
        let stream = within(self.deadlines.handshake, connecting).await?.map_err(ConnectError::Handshake)?;
        Ok(Link { stream: Stream::Tls(Box::new(stream)), ..link })
    }

    /// Connects, takes the greeting, and begins TLS where that is asked for. No password has been sent.
    pub async fn connect(&self) -> Result<Client, ConnectError> {
        let mut link = self.dial().await?;
        let channel = match self.target.security {
            // Asking for a connection in the clear is what allows it.
            Security::Clear => Channel::ClearForPasswords,
            Security::Stls => Channel::Clear,
            Security::Tls => {
                link = self.handshake(link).await?;
                Channel::Tls
            }
        };
        let mut client =
            Client { session: Session::new(Limits::default(), channel), link: Some(link), buffer: Vec::new(), used: 0 };
        client
            .event(|event| match event {
                Event::Greeting(Ok(_)) => Ok(()),
                Event::Greeting(Err(negative)) => Err(refusal(&negative)),
                _ => Err(Violation::Unsolicited.into()),
            })
            .await??;
        if self.target.security == Security::Stls {
            self.start_tls(&mut client).await?;
        }
        Ok(client)
    }

    async fn start_tls(&self, client: &mut Client) -> Result<(), ConnectError> {
        client.submit(&Command::Stls)?;
        client
            .event(|event| match event {
                Event::StartTls(_) => Ok(()),
                Event::Done(_, Err(negative)) => Err(refusal(&negative)),
                _ => Err(Violation::Unsolicited.into()),
            })
            .await??;
        let behind = client.buffer.split_off(client.used);
        client.session.tls_established(&behind)?;
        let link = client.link.take().ok_or(ConnectError::Closed)?;
        client.link = Some(self.handshake(link).await?);
        Ok(())
    }
}

async fn stream_to(address: SocketAddr, source: Option<IpAddr>) -> io::Result<TcpStream> {
    let Some(source) = source else { return TcpStream::connect(address).await };
    let socket = if source.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.bind(SocketAddr::new(source, 0))?;
    socket.connect(address).await
}

fn refusal(negative: &Negative<'_>) -> ConnectError {
    ConnectError::Negative(Untrusted::new(negative.text))
}

async fn within<T>(deadline: Duration, doing: impl Future<Output = T>) -> Result<T, ConnectError> {
    tokio::time::timeout(deadline, doing).await.map_err(|_| ConnectError::Deadline)
}

enum Stream {
    Clear(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// Octets to a server and back, each step within its deadline.
pub struct Link {
    stream: Stream,
    deadline: Duration,
}

impl Link {
    /// Appends what comes next; `0`: the server has closed.
    pub async fn read(&mut self, into: &mut Vec<u8>) -> Result<usize, ConnectError> {
        self.read_within(self.deadline, into).await
    }

    /// Appends what comes next within another deadline than the usual one.
    pub async fn read_within(&mut self, deadline: Duration, into: &mut Vec<u8>) -> Result<usize, ConnectError> {
        into.reserve(READ_OCTETS);
        let read = async {
            match &mut self.stream {
                Stream::Clear(stream) => stream.read_buf(into).await,
                Stream::Tls(stream) => stream.read_buf(into).await,
            }
        };
        Ok(within(deadline, read).await??)
    }

    /// Writes all of it.
    pub async fn write(&mut self, octets: &[u8]) -> Result<(), ConnectError> {
        let write = async {
            match &mut self.stream {
                Stream::Clear(stream) => stream.write_all(octets).await,
                Stream::Tls(stream) => {
                    stream.write_all(octets).await?;
                    stream.flush().await
                }
            }
        };
        Ok(within(self.deadline, write).await??)
    }

    /// Says that nothing more will be written; reading goes on.
    pub async fn shut_down(&mut self) -> Result<(), ConnectError> {
        let shut = async {
            match &mut self.stream {
                Stream::Clear(stream) => stream.shutdown().await,
                Stream::Tls(stream) => stream.shutdown().await,
            }
        };
        Ok(within(self.deadline, shut).await??)
    }

    /// Whether TLS protects it.
    pub fn is_tls(&self) -> bool {
        matches!(self.stream, Stream::Tls(_))
    }

    /// Whether the server is this very machine.
    pub fn is_loopback(&self) -> bool {
        let stream = match &self.stream {
            Stream::Clear(stream) => stream,
            Stream::Tls(stream) => stream.get_ref().0,
        };
        stream.peer_addr().is_ok_and(|peer| peer.ip().to_canonical().is_loopback())
    }
}

/// A session and the link it speaks over.
pub struct Client {
    session: Session,
    /// Away only while its handshake goes on.
    link: Option<Link>,
    buffer: Vec<u8>,
    used: usize,
}

impl Client {
    /// Queues a command; it goes out with the next call of [`Client::event`].
    pub fn submit(&mut self, command: &Command) -> Result<Ticket, ConnectError> {
        Ok(self.session.submit(command)?)
    }

    /// Sends what waits, and takes what the server says next.
    pub async fn event<R>(&mut self, take: impl FnOnce(Event<'_>) -> R) -> Result<R, ConnectError> {
        let link = self.link.as_mut().ok_or(ConnectError::Closed)?;
        loop {
            let waiting = self.session.output().len();
            if waiting > 0 {
                link.write(self.session.output()).await?;
                self.session.wrote(waiting);
            }
            let step = self.session.input(&self.buffer[self.used..])?;
            self.used += step.used;
            match step.event {
                Some(event) => return Ok(take(event)),
                None if step.used > 0 => {}
                None => {
                    self.buffer.drain(..self.used);
                    self.used = 0;
                    if link.read(&mut self.buffer).await? == 0 {
                        self.session.end_of_input()?;
                        return Err(ConnectError::Closed);
                    }
                }
            }
        }
    }

    /// The session.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The link alone, and octets that were read and not yet looked at.
    pub fn into_link(mut self) -> Result<(Link, Vec<u8>), ConnectError> {
        let behind = self.buffer.split_off(self.used);
        Ok((self.link.ok_or(ConnectError::Closed)?, behind))
    }
}

fn client_config(trust: &Trust) -> Result<ClientConfig, ConnectError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = match trust {
        Trust::System => web_pki(&system_roots()?, &provider)?,
        Trust::Certificates(known) => Arc::new(Known { known: known.clone(), by_name: web_pki(known, &provider)? }),
        Trust::Anything => Arc::new(Anything(Arc::clone(&provider))),
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ConnectError::Trust(error.to_string()))?;
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

fn system_roots() -> Result<Vec<CertificateDer<'static>>, ConnectError> {
    let found = SYSTEM_ROOTS.iter().map(Path::new).find(|path| path.exists());
    certificates(found.ok_or_else(|| ConnectError::Trust("this system keeps none where they are usually kept".into()))?)
}

fn web_pki(
    roots: &[CertificateDer<'static>],
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, ConnectError> {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(roots.iter().cloned());
    WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider))
        .build()
        .map_err(|error| ConnectError::Trust(error.to_string()))
}

/// Believes a certificate that it knows, whatever names are in it, and what such a certificate has signed.
#[derive(Debug)]
struct Known {
    known: Vec<CertificateDer<'static>>,
    by_name: Arc<WebPkiServerVerifier>,
}

impl ServerCertVerifier for Known {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if self.known.iter().any(|known| known == shown) {
            return Ok(ServerCertVerified::assertion());
        }
        self.by_name.verify_server_cert(shown, intermediates, name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.by_name.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.by_name.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.by_name.supported_verify_schemes()
    }
}

/// Believes any certificate; only its key must be at hand.
#[derive(Debug)]
struct Anything(Arc<CryptoProvider>);

impl ServerCertVerifier for Anything {
    fn verify_server_cert(
        &self,
        _shown: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
