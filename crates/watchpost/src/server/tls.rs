//! TLS 1.2 and 1.3 by rustls: full handshakes and resumption, no early data, no renegotiation (S-009 … S-012).

use std::io;
use std::sync::Arc;

use rustls::server::{ClientHello, ProducesTickets, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::server::TlsStream;
use tokio_rustls::{LazyConfigAcceptor, TlsAcceptor};
use watchpost_observatory::{TlsFacts, TlsFailure, Untrusted, read_hello};
use watchpost_proto::planted::planted;

use crate::server::recorder::SessionKeys;
use crate::server::tap::Tap;

/// The ALPN name of POP3 (RFC 7301; IANA). A client that offers others alone is turned away (S-012).
const ALPN: &[u8] = b"pop3";

#[derive(Debug)]
struct OneCertificate(Arc<CertifiedKey>);

impl ResolvesServerCert for OneCertificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

/// What all handshakes with this certificate share.
pub fn server_config(identity: Arc<CertifiedKey>) -> Arc<rustls::ServerConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider knows TLS 1.2 and 1.3")
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(OneCertificate(identity)));
    config.alpn_protocols = vec![ALPN.to_vec()];
    // Clients that poll resume with a ticket: nothing is kept here for each of them. They use one at a time.
    if let Ok(ticketer) = rustls::crypto::aws_lc_rs::Ticketer::new() {
        config.ticketer = ticketer;
        config.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
    }
    config.send_tls13_tickets = 1;
    Arc::new(config)
}

/// The handshake; its keys go where they are wanted.
pub(super) async fn handshake(
    config: Arc<rustls::ServerConfig>,
    tap: &mut Tap,
    keys: Option<Arc<SessionKeys>>,
) -> io::Result<(TlsStream<&mut Tap>, TlsFacts)> {
    let mut stream = match keys {
        None => TlsAcceptor::from(config).accept(tap).await?,
        Some(keys) => accept_with_keys(&config, tap, keys).await?,
    };
    let (tap, connection) = stream.get_mut();
    tap.hello_is_over();
    // Records begin where the driver's pieces begin; the driver bounds and flushes them.
    connection.set_buffer_limit(None);
    let facts = facts(&stream);
    Ok((stream, facts))
}

/// TLS 1.3: its keys open one connection alone. What TLS 1.2 logs is the master secret, which a resumed session has in
/// common with the one before it: while keys are kept, it is not resumed.
const TLS_1_3: u16 = 0x0304;

async fn accept_with_keys<'t>(
    config: &rustls::ServerConfig,
    tap: &'t mut Tap,
    keys: Arc<SessionKeys>,
) -> io::Result<TlsStream<&'t mut Tap>> {
    let hello = tap.hello().cloned();
    let start = LazyConfigAcceptor::new(rustls::server::Acceptor::default(), tap).await?;
    let hello = hello.and_then(|hello| hello.look(read_hello));
    let mut config = config.clone();
    config.key_log = keys;
    if hello.is_none_or(|hello| hello.version < TLS_1_3) && !planted("capture.resumes-tls-1.2") {
        config.ticketer = Arc::new(NoTickets);
    }
    start.into_stream(Arc::new(config)).await
}

/// Neither gives tickets nor takes them.
#[derive(Debug)]
struct NoTickets;

impl ProducesTickets for NoTickets {
    fn enabled(&self) -> bool {
        false
    }

    fn lifetime(&self) -> u32 {
        0
    }

    fn encrypt(&self, _plain: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn decrypt(&self, _cipher: &[u8]) -> Option<Vec<u8>> {
        None
    }
}

/// Why there is no TLS.
pub(super) fn failure(error: &io::Error) -> TlsFailure {
    use rustls::{Error, PeerIncompatible};
    match error.get_ref().and_then(|cause| cause.downcast_ref::<Error>()) {
        Some(Error::AlertReceived(alert)) => TlsFailure::PeerAlert(u8::from(*alert)),
        Some(Error::NoApplicationProtocol) => TlsFailure::Alpn,
        Some(Error::PeerIncompatible(
            PeerIncompatible::Tls12NotOffered
            | PeerIncompatible::Tls12NotOfferedOrEnabled
            | PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::SupportedVersionsExtensionRequired,
        )) => TlsFailure::Version,
        Some(Error::PeerIncompatible(_)) => TlsFailure::NothingInCommon,
        Some(_) => TlsFailure::Other,
        None => TlsFailure::Closed,
    }
}

fn facts(stream: &TlsStream<&mut Tap>) -> TlsFacts {
    let connection = stream.get_ref().1;
    TlsFacts {
        version: connection.protocol_version().and_then(|version| version.as_str()).unwrap_or("?").replace('_', "."),
        suite: connection.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str()).unwrap_or("?").to_owned(),
        server_name: connection.server_name().map(Untrusted::new),
        alpn: connection.alpn_protocol().map(Untrusted::new),
        resumed: connection.handshake_kind() == Some(rustls::HandshakeKind::Resumed),
    }
}
