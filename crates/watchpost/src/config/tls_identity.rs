//! The certificate and its key: read, fitted to each other, and known by what they promise.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SigningKey};
use rustls::{Error as TlsError, InconsistentKeys};
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};
use zeroize::Zeroizing;

use super::check::Check;
use super::folder::{file_trouble, shown};
use super::raw::RawTls;

/// No certificate chain and no key is larger.
const OCTETS_MAX: u64 = 1 << 20;

/// Who the server is to a client: a certificate chain and the key that fits it.
#[derive(Clone)]
pub struct TlsIdentity {
    /// The file of the certificate and those between it and a root.
    pub certificate: PathBuf,
    /// The file of the key.
    pub key: PathBuf,
    /// For rustls.
    pub certified_key: Arc<CertifiedKey>,
    /// The DNS names and addresses that the certificate speaks for (RFC 7817 §3).
    pub names: Vec<String>,
    /// Before this moment the certificate does not hold.
    pub not_before: SystemTime,
    /// After this moment the certificate does not hold.
    pub not_after: SystemTime,
}

/// The key itself is shown to nobody.
impl fmt::Debug for TlsIdentity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TlsIdentity")
            .field("certificate", &self.certificate)
            .field("key", &self.key)
            .field("names", &self.names)
            .field("not_before", &self.not_before)
            .field("not_after", &self.not_after)
            .finish_non_exhaustive()
    }
}

/// Which of the two files is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsFile {
    /// The certificate.
    Certificate,
    /// The key.
    Key,
}

/// Why a certificate and a key cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} ({help})")]
pub struct TlsIdentityError {
    /// Which file.
    pub file: TlsFile,
    /// What is wrong with it.
    pub message: String,
    /// What to do.
    pub help: String,
}

fn refuse(check: &mut Check<'_>, error: &TlsIdentityError) {
    let key = match error.file {
        TlsFile::Certificate => "tls.certificate",
        TlsFile::Key => "tls.key",
    };
    check.refuse(key, &error.message, &error.help);
}

impl TlsIdentity {
    /// Checks what was written; both files are looked at before giving up.
    pub(super) fn checked(check: &mut Check<'_>, raw: &RawTls) -> Option<Self> {
        let help = "write the path of the certificate: certificate = \"cert.pem\"";
        let certificate = check.required("tls.certificate", raw.certificate.as_ref(), help);
        let certificate = certificate.and_then(|written| check.plain_path("tls.certificate", written));
        let key = check.required("tls.key", raw.key.as_ref(), "write the path of its private key: key = \"key.pem\"");
        let key = key.and_then(|written| check.plain_path("tls.key", written));
        let chain = certificate.as_deref().map(|path| read_chain(path).map_err(|error| refuse(check, &error)));
        let signing_key = key.as_deref().map(|path| read_key(path).map_err(|error| refuse(check, &error)));
        let identity = Self::new(&certificate?, &key?, chain?.ok()?, signing_key?.ok()?);
        identity.map_err(|error| refuse(check, &error)).ok()
    }

    /// Reads both files: when the server starts, and again when they change.
    pub fn load(certificate: &Path, key: &Path) -> Result<Self, TlsIdentityError> {
        Self::new(certificate, key, read_chain(certificate)?, read_key(key)?)
    }

    fn new(
        certificate: &Path,
        key: &Path,
        chain: Vec<CertificateDer<'static>>,
        signing_key: Arc<dyn SigningKey>,
    ) -> Result<Self, TlsIdentityError> {
        let certified_key = CertifiedKey::new(chain, signing_key);
        match certified_key.keys_match() {
            // A key that does not tell its public half cannot be compared.
            Ok(()) | Err(TlsError::InconsistentKeys(InconsistentKeys::Unknown)) => {}
            Err(TlsError::InconsistentKeys(_)) => {
                let message = format!("the key in {} does not fit the certificate", shown(key));
                let first = shown(certificate);
                let help = format!("the first certificate in {first} must be the one that was issued for this key");
                return Err(TlsIdentityError { file: TlsFile::Key, message, help });
            }
            Err(error) => return Err(damaged(certificate, &error)),
        }
        let leaf = certified_key.end_entity_cert().map_err(|error| damaged(certificate, &error))?;
        let (_, leaf) = X509Certificate::from_der(leaf).map_err(|error| damaged(certificate, &error))?;
        Ok(Self {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            names: names(&leaf),
            not_before: moment(leaf.validity().not_before.timestamp()),
            not_after: moment(leaf.validity().not_after.timestamp()),
            certified_key: Arc::new(certified_key),
        })
    }

    /// What somebody should look at: the certificate has expired or does not hold yet. A warning and its remedy.
    pub fn warning(&self, now: SystemTime) -> Option<(String, &'static str)> {
        if now > self.not_after {
            let message = format!("the certificate expired on {}: clients will refuse it", date(self.not_after));
            Some((message, "renew it; a running server takes the new one when the file changes"))
        } else if now < self.not_before {
            let message = format!("the certificate holds only from {}: clients will refuse it", date(self.not_before));
            Some((message, "check the clock of this machine, or wait"))
        } else {
            None
        }
    }
}

/// The names and addresses that the certificate speaks for.
fn names(leaf: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = leaf.subject_alternative_name() else { return Vec::new() };
    let names = extension.value.general_names.iter();
    names
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            GeneralName::IPAddress(octets) => address(octets).map(|address| address.to_string()),
            _ => None,
        })
        .collect()
}

fn address(octets: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(octets).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from)).ok()
}

/// Seconds since 1970, also before.
fn moment(seconds: i64) -> SystemTime {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    let moment = if seconds < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) };
    moment.unwrap_or(UNIX_EPOCH)
}

/// The day, in UTC.
fn date(moment: SystemTime) -> String {
    jiff::Timestamp::try_from(moment)
        .map_or_else(|_| "an unknown day".to_owned(), |moment| moment.strftime("%F").to_string())
}

/// The certificates of the file, the first of which is the server's own.
fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsIdentityError> {
    let (octets, _) = read(path).map_err(|error| unreadable(TlsFile::Certificate, path, &error))?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&octets).collect();
    let chain = chain.map_err(|error| damaged(path, &error))?;
    if chain.is_empty() {
        return Err(TlsIdentityError {
            file: TlsFile::Certificate,
            message: format!("there is no certificate in {}", shown(path)),
            help: "write the path of a PEM file: it has a line -----BEGIN CERTIFICATE-----".to_owned(),
        });
    }
    Ok(chain)
}

/// The key of the file, if nobody else can read or write it.
fn read_key(path: &Path) -> Result<Arc<dyn SigningKey>, TlsIdentityError> {
    let refused = |message: String, help: String| TlsIdentityError { file: TlsFile::Key, message, help };
    let (octets, metadata) = read(path).map_err(|error| unreadable(TlsFile::Key, path, &error))?;
    let mode = metadata.mode() & 0o7777;
    if mode & 0o007 != 0 {
        let message = format!("every user of this machine can use the key {}: its mode is {mode:04o}", shown(path));
        return Err(refused(message, format!("chmod 640 {}", path.display())));
    }
    let key = PrivateKeyDer::from_pem_slice(&octets).map_err(|_| {
        let encrypted = octets.windows(ENCRYPTED.len()).any(|window| window == ENCRYPTED);
        let help = if encrypted {
            "the key is under a passphrase, and nobody is there to type it: store it without"
        } else {
            "write the path of a PEM file: it has a line -----BEGIN PRIVATE KEY-----"
        };
        refused(format!("there is no usable private key in {}", shown(path)), help.to_owned())
    })?;
    aws_lc_rs::default_provider().key_provider.load_private_key(key).map_err(|error| {
        let message = format!("the key in {} is of no use: {error}", shown(path));
        refused(message, "make a key of a common kind: ECDSA P-256, Ed25519, or RSA with 2048 bits or more".to_owned())
    })
}

const ENCRYPTED: &[u8] = b"ENCRYPTED";

/// The whole file and what is known about it, from one handle.
fn read(path: &Path) -> io::Result<(Zeroizing<Vec<u8>>, fs::Metadata)> {
    // Looked at before it is opened: opening a pipe waits for its other end.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    // All at once, so that no copy of a key stays behind where a buffer grew.
    let size = usize::try_from(metadata.len().min(OCTETS_MAX)).unwrap_or_default();
    let mut octets = Zeroizing::new(Vec::with_capacity(size + 1));
    file.take(OCTETS_MAX + 1).read_to_end(&mut octets)?;
    if u64::try_from(octets.len()).is_ok_and(|length| length > OCTETS_MAX) {
        return Err(io::Error::other("it is larger than 1 MiB"));
    }
    Ok((octets, metadata))
}

fn unreadable(file: TlsFile, path: &Path, error: &io::Error) -> TlsIdentityError {
    let trouble = file_trouble(path, error);
    TlsIdentityError { file, message: trouble.message, help: trouble.help }
}

fn damaged(path: &Path, error: &dyn fmt::Display) -> TlsIdentityError {
    TlsIdentityError {
        file: TlsFile::Certificate,
        message: format!("the certificate in {} is damaged: {error}", shown(path)),
        help: "write the path of a PEM file, unchanged as it was issued".to_owned(),
    }
}
