//! Which certificates are believed, and what is shown in return.

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use ::aws_lc_rs::digest::{SHA256, SHA384, SHA512, digest};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_platform_verifier::Verifier as SystemVerifier;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::ConnectError;

/// The SHA-256 of a SubjectPublicKeyInfo: it outlives the renewal of a certificate as long as the key stays (RFC 7469 §2.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pin(pub [u8; 32]);

impl Pin {
    /// Of a certificate. `None`: it cannot be read.
    pub fn of(certificate: &CertificateDer<'_>) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
        let hash = digest(&SHA256, certificate.public_key().raw);
        hash.as_ref().try_into().ok().map(Self)
    }

    /// `sha256/` and base64, as curl and others write it; the prefix may be missing.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix("sha256/").or_else(|| text.strip_prefix("sha256//")).unwrap_or(text);
        let octets = data_encoding::BASE64.decode(text.trim_start_matches('/').as_bytes()).ok()?;
        octets.try_into().ok().map(Self)
    }
}

impl std::fmt::Display for Pin {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "sha256/{}", data_encoding::BASE64.encode(&self.0))
    }
}

/// Which certificates are believed.
#[derive(Clone, Debug)]
pub enum Trust {
    /// What the system trusts, for the name of the host; `SSL_CERT_FILE` and `SSL_CERT_DIR` name other places.
    System,
    /// These: the server shows one of them, or one that they signed for the name of the host.
    Certificates(Vec<CertificateDer<'static>>),
    /// Those of one of these keys, whatever names are in them and whoever signed them.
    Pins(Vec<Pin>),
    /// Any, once: what was shown is kept here for the next time.
    FirstUse(Arc<OnceLock<Pin>>),
    /// Any. Somebody on the path may read and change everything.
    Anything,
}

/// A certificate of ours, shown to servers that ask for one (RFC 8314 §5.5; C-009).
pub struct Identity {
    /// The certificate, and those between it and a root.
    pub chain: Vec<CertificateDer<'static>>,
    /// Its key.
    pub key: PrivateKeyDer<'static>,
}

impl Identity {
    /// Reads both from PEM files.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, ConnectError> {
        let chain = super::certificates(certificate)?;
        let key = PrivateKeyDer::from_pem_file(key)
            .map_err(|error| ConnectError::Trust(format!("{}: {error}", key.display())))?;
        Ok(Self { chain, key })
    }
}

/// What `tls-server-end-point` binds to: the hash of the certificate with the hash function of its signature, SHA-256 at
/// the least (RFC 5929 §4.1).
pub(super) fn end_point(certificate: &CertificateDer<'_>) -> Option<Vec<u8>> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let algorithm = match parsed.signature_algorithm.algorithm.to_id_string().as_str() {
        "1.2.840.113549.1.1.12" | "1.2.840.10045.4.3.3" => &SHA384,
        "1.2.840.113549.1.1.13" | "1.2.840.10045.4.3.4" => &SHA512,
        // PSS and EdDSA leave it open, or have no hash at all.
        "1.2.840.113549.1.1.10" | "1.3.101.112" | "1.3.101.113" => return None,
        _ => &SHA256,
    };
    Some(digest(algorithm, certificate).as_ref().to_vec())
}

/// What all connections with this trust share.
pub(crate) fn client_config(trust: &Trust, identity: Option<Identity>) -> Result<ClientConfig, ConnectError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = match trust {
        Trust::System => system(&provider)?,
        Trust::Certificates(known) => Arc::new(Known { known: known.clone(), by_name: web_pki(known, &provider)? }),
        Trust::Pins(pins) => Arc::new(ByKey { belief: Belief::Pins(pins.clone()), provider: Arc::clone(&provider) }),
        Trust::FirstUse(shown) => {
            Arc::new(ByKey { belief: Belief::FirstUse(Arc::clone(shown)), provider: Arc::clone(&provider) })
        }
        Trust::Anything => Arc::new(ByKey { belief: Belief::Anything, provider: Arc::clone(&provider) }),
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ConnectError::Trust(error.to_string()))?;
    let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
    match identity {
        None => Ok(builder.with_no_client_auth()),
        Some(Identity { chain, key }) => {
            builder.with_client_auth_cert(chain, key).map_err(|error| ConnectError::Trust(error.to_string()))
        }
    }
}

/// What this trust says at `now` of certificates that were shown, that of the server first.
pub(super) fn verdict(
    trust: &Trust,
    shown: &[CertificateDer<'_>],
    name: &ServerName<'_>,
    now: SystemTime,
) -> Result<(), ConnectError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = match trust {
        Trust::System => system(&provider)?,
        Trust::Certificates(known) => Arc::new(Known { known: known.clone(), by_name: web_pki(known, &provider)? }),
        Trust::Pins(_) | Trust::FirstUse(_) | Trust::Anything => return Ok(()),
    };
    let (first, rest) = shown.split_first().ok_or_else(|| ConnectError::Trust("the server showed none".into()))?;
    let since_1970 = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let result = verifier.verify_server_cert(first, rest, name, &[], UnixTime::since_unix_epoch(since_1970));
    result.map(|_| ()).map_err(|error| ConnectError::Certificate(Box::new(error)))
}

fn system(provider: &Arc<CryptoProvider>) -> Result<Arc<SystemVerifier>, ConnectError> {
    let verifier = SystemVerifier::new(Arc::clone(provider));
    let named = |error| ConnectError::Trust(format!("those of this system cannot be read: {error}"));
    verifier.map(Arc::new).map_err(named)
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

/// Believes by the key alone; that the server has the key is proved by the handshake.
#[derive(Debug)]
struct ByKey {
    belief: Belief,
    provider: Arc<CryptoProvider>,
}

#[derive(Debug)]
enum Belief {
    Pins(Vec<Pin>),
    FirstUse(Arc<OnceLock<Pin>>),
    Anything,
}

impl ServerCertVerifier for ByKey {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let pin = || Pin::of(shown).ok_or(rustls::Error::InvalidCertificate(CertificateError::BadEncoding));
        let believed = match &self.belief {
            Belief::Anything => true,
            Belief::Pins(pins) => pins.contains(&pin()?),
            Belief::FirstUse(first) => {
                let pin = pin()?;
                *first.get_or_init(|| pin) == pin
            }
        };
        if believed {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(rustls::Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
