//! The way to a POP3 server: TCP, TLS from the first octet or by STLS, and a deadline on everything.
//!
//! [`Connector::connect`] gives a [`Client`] whose session is ready for commands; [`Connector::dial`] a bare [`Link`]
//! for whoever must say what no client may say.

mod client;
mod deadlines;
mod error;
mod pace;
mod proxy;
mod tape;
pub(crate) mod trust;

use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::pin::Pin as Pinned;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, ReadBuf};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use watchpost_observatory::Untrusted;
use watchpost_proto::pop3::client::{Channel, Command, Event, Limits, Negative, Session, Violation};
use watchpost_proto::sasl::scram::{BindingType, ChannelBinding};

use self::pace::Pace;
use self::proxy::Carrier;

/// Octets read at once.
const READ_OCTETS: usize = 64 * 1024;
/// Octets of a TLS record, at most (RFC 8446 §5.1).
const RECORD_OCTETS: usize = 16 * 1024;
/// The ALPN name of POP3 (RFC 7301; IANA).
pub const ALPN: &[u8] = b"pop3";
/// How long one address is tried before the next one is tried beside it (RFC 8305 §5).
const STAGGER: Duration = Duration::from_millis(250);

pub use self::client::Client;
pub use self::deadlines::Deadlines;
pub use self::error::ConnectError;
pub use self::proxy::Proxy;
pub use self::tape::Tape;
pub use self::trust::{Identity, Pin, Trust};

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
    limits: Limits,
    proxy: Option<Proxy>,
    tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
    source: Option<IpAddr>,
    tape: Option<Tape>,
    addresses: Option<Vec<IpAddr>>,
}

impl Connector {
    /// Prepares everything that connections share.
    pub fn new(target: Target, deadlines: Deadlines) -> Result<Self, ConnectError> {
        Self::with_identity(target, deadlines, None)
    }

    /// The same, with a certificate of ours for servers that ask for one (C-009).
    pub fn with_identity(
        target: Target,
        deadlines: Deadlines,
        identity: Option<Identity>,
    ) -> Result<Self, ConnectError> {
        let tls = match target.security {
            Security::Clear => None,
            Security::Stls | Security::Tls => {
                let name = ServerName::try_from(target.host.clone())
                    .map_err(|error| ConnectError::Trust(format!("{}: {error}", target.host)))?;
                Some((Arc::new(trust::client_config(&target.trust, identity)?), name))
            }
        };
        Ok(Self {
            target,
            deadlines,
            limits: Limits::default(),
            proxy: None,
            tls,
            source: None,
            tape: None,
            addresses: None,
        })
    }

    /// Connections come from this address of ours.
    #[must_use]
    pub fn speaking_from(mut self, source: IpAddr) -> Self {
        self.source = Some(source);
        self
    }

    /// What goes over the connection is kept, and the keys that open it: for one connection, of one's own.
    #[must_use]
    pub fn recording(self, tape: Option<Tape>) -> Self {
        Self { tape, ..self }
    }

    /// By way of a proxy.
    #[must_use]
    pub fn through(self, proxy: Option<Proxy>) -> Self {
        Self { proxy, ..self }
    }

    /// The host has these addresses: its name is for its certificate alone.
    #[must_use]
    pub fn found_at(self, addresses: Option<Vec<IpAddr>>) -> Self {
        Self { addresses, ..self }
    }

    /// With other limits than the usual ones.
    #[must_use]
    pub fn limited(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Every handshake is a whole one, as if each connection came from another client.
    #[must_use]
    pub fn without_resumption(mut self) -> Self {
        if let Some((config, _)) = &mut self.tls {
            Arc::make_mut(config).resumption = Resumption::disabled();
        }
        self
    }

    /// Where to, and how.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// A connection to the first address that answers, nothing said yet.
    pub async fn dial(&self) -> Result<Link, ConnectError> {
        let (host, port) = (self.target.host.as_str(), self.target.port);
        let carrier = match &self.proxy {
            None => Carrier::Tcp(self.tcp(host, port).await?),
            Some(Proxy::Command(command)) => Carrier::command(command, host, port)?,
            Some(Proxy::Socks5 { host: by, port: at }) => {
                let mut stream = self.tcp(by, *at).await?;
                within(self.deadlines.address, proxy::socks5(&mut stream, host, port)).await??;
                Carrier::Tcp(stream)
            }
            Some(Proxy::Http { host: by, port: at }) => {
                let mut stream = self.tcp(by, *at).await?;
                within(self.deadlines.address, proxy::http(&mut stream, host, port)).await??;
                Carrier::Tcp(stream)
            }
        };
        let carrier = match &self.tape {
            None => carrier,
            Some(tape) => {
                tape.begin();
                Carrier::Taped(Box::new(carrier), tape.clone())
            }
        };
        Ok(Link { stream: Stream::Clear(carrier), deadline: self.deadlines.reply, late: None })
    }

    /// Addresses of both families, each a little after the one before it, not after its failure (RFC 8305 §5; C-010).
    async fn tcp(&self, host: &str, port: u16) -> Result<TcpStream, ConnectError> {
        let named = |error| ConnectError::Resolve(host.to_owned(), error);
        let addresses: Vec<SocketAddr> = if let Some(found) = &self.addresses {
            found.iter().map(|address| SocketAddr::new(*address, port)).collect()
        } else {
            let lookup = tokio::net::lookup_host((host, port));
            within(self.deadlines.address, lookup).await?.map_err(named)?.collect()
        };
        let mut last = named(io::ErrorKind::NotFound.into());
        let (mut waiting, mut trying) = (interleaved(addresses).into_iter(), JoinSet::new());
        let (deadline, source) = (self.deadlines.address, self.source);
        loop {
            if let Some(address) = waiting.next() {
                trying.spawn(async move {
                    let connected = tokio::time::timeout(deadline, stream_to(address, source)).await;
                    (address, connected.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())))
                });
            }
            let next = async {
                if waiting.len() > 0 { tokio::time::sleep(STAGGER).await } else { std::future::pending().await }
            };
            let joined = tokio::select! {
                joined = trying.join_next() => joined,
                () = next => continue,
            };
            match joined {
                None => return Err(last),
                Some(Ok((_, Ok(stream)))) => {
                    stream.set_nodelay(true)?;
                    return Ok(stream);
                }
                Some(Ok((address, Err(error)))) => last = ConnectError::Connect(address, error),
                Some(Err(_)) => {}
            }
        }
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
        if let Some(tape) = &self.tape {
            config.key_log = Arc::new(tape.clone());
        }
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        let stream = BufReader::with_capacity(READ_OCTETS, stream);
        let connecting = TlsConnector::from(Arc::new(config)).connect(name.clone(), stream);
        let stream = within(self.deadlines.handshake, connecting).await?.map_err(ConnectError::Handshake)?;
        Ok(Link { stream: Stream::Tls(Box::new(stream)), ..link })
    }

    /// What this trust, which need not be the target's, says at `now` of the certificates that the server showed.
    pub fn verdict(&self, link: &Link, trust: &Trust, now: SystemTime) -> Result<(), ConnectError> {
        let shown = link.tls().and_then(|tls| tls.peer_certificates()).unwrap_or_default();
        let (_, name) = self.tls.as_ref().ok_or_else(|| ConnectError::Trust("no TLS was asked for".into()))?;
        trust::verdict(trust, shown, name, now)
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
        let mut client = Client {
            session: Session::new(self.limits.clone(), channel),
            link: Some(link),
            buffer: Vec::new(),
            used: 0,
            pace: Pace::default(),
        };
        client
            .event(|event| match event {
                Event::Greeting(Ok(_)) => Ok(()),
                Event::Greeting(Err(negative)) => Err(refused_on(self.target.security, &negative)),
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
                Event::Done(_, Err(negative)) => Err(refused_on(Security::Stls, &negative)),
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

/// What is said before TLS may come from anybody on the path, and is not shown (S-008).
fn refused_on(security: Security, negative: &Negative<'_>) -> ConnectError {
    match security {
        Security::Stls => {
            ConnectError::Negative { meaning: negative.meaning, text: Untrusted::new(b"(not shown: said without TLS)") }
        }
        Security::Clear | Security::Tls => refusal(negative),
    }
}

/// What a refusal is to the caller.
pub fn refusal(negative: &Negative<'_>) -> ConnectError {
    ConnectError::Negative { meaning: negative.meaning, text: Untrusted::new(negative.text) }
}

async fn within<T>(deadline: Duration, doing: impl Future<Output = T>) -> Result<T, ConnectError> {
    tokio::time::timeout(deadline, doing).await.map_err(|_| ConnectError::Deadline)
}

/// The families in turn, the order of the resolver kept within each.
fn interleaved(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) = addresses.into_iter().partition(|address| address.is_ipv6() == first_is_v6);
    let (mut second, mut all) = (second.into_iter(), Vec::new());
    for address in first {
        all.push(address);
        all.extend(second.next());
    }
    all.extend(second);
    all
}

enum Stream {
    Clear(Carrier),
    /// What rustls reads comes by way of a buffer: by itself it asks for 4 KiB at a time, four times for each record.
    Tls(Box<TlsStream<BufReader<Carrier>>>),
}

impl AsyncRead for Stream {
    fn poll_read(self: Pinned<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Clear(stream) => Pinned::new(stream).poll_read(context, into),
            Self::Tls(stream) => Pinned::new(stream).poll_read(context, into),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pinned<&mut Self>, context: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Clear(stream) => Pinned::new(stream).poll_write(context, octets),
            Self::Tls(stream) => Pinned::new(stream).poll_write(context, octets),
        }
    }

    fn poll_flush(self: Pinned<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Clear(stream) => Pinned::new(stream).poll_flush(context),
            Self::Tls(stream) => Pinned::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pinned<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Clear(stream) => Pinned::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pinned::new(stream).poll_shutdown(context),
        }
    }
}

/// Octets to a server and back, each step within its deadline.
pub struct Link {
    stream: Stream,
    deadline: Duration,
    /// An error behind octets that had come before it.
    late: Option<io::Error>,
}

impl Link {
    /// Appends what comes next; `0`: the server has closed.
    pub async fn read(&mut self, into: &mut Vec<u8>) -> Result<usize, ConnectError> {
        self.read_within(self.deadline, into).await
    }

    /// Appends what comes next within another deadline than the usual one.
    pub async fn read_within(&mut self, deadline: Duration, into: &mut Vec<u8>) -> Result<usize, ConnectError> {
        into.reserve(READ_OCTETS);
        Ok(within(deadline, self.stream.read_buf(into)).await??)
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

    /// Its octets, for whoever keeps its own deadlines.
    pub(crate) fn into_stream(self) -> impl AsyncRead + AsyncWrite + Send + Unpin {
        self.stream
    }

    /// Whether TLS protects it.
    pub fn is_tls(&self) -> bool {
        matches!(self.stream, Stream::Tls(_))
    }

    /// What TLS has agreed on. `None`: nothing protects the link.
    pub fn tls(&self) -> Option<&rustls::ClientConnection> {
        match &self.stream {
            Stream::Clear(_) => None,
            Stream::Tls(stream) => Some(stream.get_ref().1),
        }
    }

    /// Where the connection comes from.
    pub fn local(&self) -> Option<SocketAddr> {
        match &self.stream {
            Stream::Clear(carrier) => carrier.local(),
            Stream::Tls(stream) => stream.get_ref().0.get_ref().local(),
        }
    }

    /// Where the server, or the proxy before it, is. `None`: a command speaks with it.
    pub fn peer(&self) -> Option<SocketAddr> {
        match &self.stream {
            Stream::Clear(carrier) => carrier.peer(),
            Stream::Tls(stream) => stream.get_ref().0.get_ref().peer(),
        }
    }

    /// Whether the server is this very machine.
    pub fn is_loopback(&self) -> bool {
        self.peer().is_some_and(|peer| peer.ip().to_canonical().is_loopback())
    }

    /// What ties SCRAM to this connection: the keys of TLS 1.3 (RFC 9266 §3), the certificate below that (RFC 5929 §4).
    pub fn channel_binding(&self) -> Option<ChannelBinding> {
        let Stream::Tls(stream) = &self.stream else { return None };
        let connection = stream.get_ref().1;
        if connection.protocol_version() == Some(rustls::ProtocolVersion::TLSv1_3) {
            let data = connection.export_keying_material(vec![0; 32], b"EXPORTER-Channel-Binding", Some(b"")).ok()?;
            return Some(ChannelBinding { kind: BindingType::TlsExporter, data });
        }
        let data = trust::end_point(connection.peer_certificates()?.first()?)?;
        Some(ChannelBinding { kind: BindingType::TlsServerEndPoint, data })
    }

    /// The key of the certificate that the server showed.
    pub fn pin(&self) -> Option<Pin> {
        let Stream::Tls(stream) = &self.stream else { return None };
        Pin::of(stream.get_ref().1.peer_certificates()?.first()?)
    }

    /// Writes and reads whatever is possible first; both at once, since a server that cannot get rid of its replies
    /// takes no commands (C-067). What was done is told even if the caller waits for something else as well.
    async fn transfer(&mut self, session: &mut Session, into: &mut Vec<u8>) -> Result<Transfer, ConnectError> {
        if let Some(error) = self.late.take() {
            return Err(error.into());
        }
        into.reserve(READ_OCTETS);
        let full = into.len() + READ_OCTETS - RECORD_OCTETS;
        let (stream, late) = (&mut self.stream, &mut self.late);
        let mut unflushed = true;
        let moving = poll_fn(|context| {
            let mut written = false;
            while !session.output().is_empty() {
                match Pinned::new(&mut *stream).poll_write(context, session.output()) {
                    Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    Poll::Ready(Ok(octets)) => {
                        session.wrote(octets);
                        written = true;
                        unflushed = true;
                    }
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                    Poll::Pending => break,
                }
            }
            if unflushed {
                match Pinned::new(&mut *stream).poll_flush(context) {
                    Poll::Ready(flushed) => {
                        flushed?;
                        unflushed = false;
                    }
                    Poll::Pending => {}
                }
            }
            let mut read = false;
            loop {
                match std::pin::pin!(stream.read_buf(into)).poll(context) {
                    Poll::Ready(Ok(0)) if !read => return Poll::Ready(Ok(Transfer::End)),
                    // TLS gives one record at a time: the next one may be here too.
                    Poll::Ready(Ok(octets)) if octets > 0 && into.len() < full => read = true,
                    // What came before the end or the error is looked at first.
                    Poll::Ready(Err(error)) if read => {
                        *late = Some(error);
                        return Poll::Ready(Ok(Transfer::Moved));
                    }
                    Poll::Ready(moved) => return Poll::Ready(moved.map(|_| Transfer::Moved)),
                    Poll::Pending if written || read => return Poll::Ready(Ok(Transfer::Moved)),
                    Poll::Pending => return Poll::Pending,
                }
            }
        });
        Ok(within(self.deadline, moving).await??)
    }
}

/// What came of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Transfer {
    Moved,
    End,
}
