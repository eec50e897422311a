//! Handshakes of recordings: both sides are rustls, in memory. Only what a handshake tells is kept, which is the same
//! each time.

use std::io;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConnection, KeyLog, NoKeyLog, ServerConnection};
use watchpost_observatory::{TlsFacts, TlsFailure, Untrusted};

use crate::certificate::self_signed;
use crate::clock::{Clock as _, SystemClock};
use crate::connect::trust::{Trust, client_config};

/// The name the textbook's server is asked for.
const SERVER: &str = "mail.example.org";
/// A full handshake has three flights; the alert of a client that refuses is one more.
const FLIGHTS: usize = 4;

/// Who shakes hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shake {
    /// A mail program: it names the server.
    Mailer,
    /// A program that connects to an address, and names nobody.
    Nameless,
    /// A mail program that does not trust the certificate.
    Distrustful,
}

/// What came of it.
pub(super) struct Shaken {
    /// The record with the ClientHello.
    pub(super) hello: Vec<u8>,
    pub(super) result: Result<TlsFacts, TlsFailure>,
}

/// Shakes hands.
pub(super) fn shake(shake: Shake) -> Shaken {
    let mut hands = Hands::new(shake, Arc::new(NoKeyLog));
    let mut hello = Vec::new();
    let mut result = Ok(());
    for _ in 0..FLIGHTS {
        let (asked, taken) = hands.asks();
        if hello.is_empty() {
            hello = asked;
        }
        result = result.and(taken);
        hands.answers();
    }
    Shaken { hello, result: result.map(|()| facts(&hands.server)) }
}

/// Both ends of a connection.
pub(super) struct Hands {
    pub(super) client: ClientConnection,
    pub(super) server: ServerConnection,
}

impl Hands {
    /// Before the first octet. The server tells its secrets to `keys`.
    pub(super) fn new(shake: Shake, keys: Arc<dyn KeyLog>) -> Self {
        let (chain, key) = identity(SERVER);
        Self { client: client(shake), server: server(chain, key, keys) }
    }

    /// What the client has to say crosses the wire, and the server takes it.
    pub(super) fn asks(&mut self) -> (Vec<u8>, Result<(), TlsFailure>) {
        let octets = said(|octets| self.client.write_tls(octets));
        let result = heard(&octets, |octets| self.server.read_tls(octets)).and_then(|()| taken(&mut self.server));
        (octets, result)
    }

    /// What the server has to say crosses the wire. What the client thinks of it, it says with an alert.
    pub(super) fn answers(&mut self) -> Vec<u8> {
        let octets = said(|octets| self.server.write_tls(octets));
        let _ = heard(&octets, |octets| self.client.read_tls(octets)).map(|()| self.client.process_new_packets());
        octets
    }
}

fn said(mut write: impl FnMut(&mut Vec<u8>) -> io::Result<usize>) -> Vec<u8> {
    let mut octets = Vec::new();
    while write(&mut octets).is_ok_and(|count| count > 0) {}
    octets
}

fn heard(mut octets: &[u8], mut read: impl FnMut(&mut &[u8]) -> io::Result<usize>) -> Result<(), TlsFailure> {
    while !octets.is_empty() {
        read(&mut octets).map_err(|_| TlsFailure::Other)?;
    }
    Ok(())
}

fn taken(server: &mut ServerConnection) -> Result<(), TlsFailure> {
    server.process_new_packets().map(|_| ()).map_err(|error| match error {
        rustls::Error::AlertReceived(alert) => TlsFailure::PeerAlert(u8::from(alert)),
        _ => TlsFailure::Other,
    })
}

fn facts(server: &ServerConnection) -> TlsFacts {
    let suite = server.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str());
    TlsFacts {
        version: server.protocol_version().and_then(|version| version.as_str()).unwrap_or("?").replace('_', "."),
        suite: suite.unwrap_or("?").to_owned(),
        server_name: server.server_name().map(Untrusted::new),
        alpn: server.alpn_protocol().map(Untrusted::new),
        resumed: false,
    }
}

/// A certificate of its own for this name.
fn identity(name: &str) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
    let made = self_signed(&[name.to_owned()], SystemClock.wall()).expect("such a certificate can be made");
    let certificate = CertificateDer::from_pem_slice(made.certificate.as_bytes()).expect("it was written as PEM");
    let key = PrivateKeyDer::from_pem_slice(made.key.as_bytes()).expect("it was written as PEM");
    (certificate, key)
}

fn server(
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
    keys: Arc<dyn KeyLog>,
) -> ServerConnection {
    let mut config = rustls::ServerConfig::builder_with_provider(rustls::crypto::aws_lc_rs::default_provider().into())
        .with_safe_default_protocol_versions()
        .expect("the provider knows TLS 1.2 and 1.3")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("key and certificate belong together");
    config.key_log = keys;
    ServerConnection::new(Arc::new(config)).expect("such a configuration is one")
}

fn client(shake: Shake) -> ClientConnection {
    let trust = match shake {
        Shake::Mailer | Shake::Nameless => Trust::Anything,
        Shake::Distrustful => Trust::Certificates(vec![identity("elsewhere.example.net").0]),
    };
    let mut config = client_config(&trust, None).expect("such a configuration is one");
    config.enable_sni = shake != Shake::Nameless;
    let name = ServerName::try_from(SERVER).expect("a name");
    ClientConnection::new(Arc::new(config), name).expect("such a configuration is one")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_hand_shakes_as_it_should() {
        let version = |hand| shake(hand).result.map(|facts| (facts.version, facts.server_name.is_some()));
        assert_eq!(version(Shake::Mailer), Ok(("TLSv1.3".to_owned(), true)));
        assert_eq!(version(Shake::Nameless), Ok(("TLSv1.3".to_owned(), false)));
        assert_eq!(version(Shake::Distrustful), Err(TlsFailure::PeerAlert(48)), "unknown_ca");
    }
}
