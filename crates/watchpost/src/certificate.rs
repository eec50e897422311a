//! Self-signed certificates for `demo` and `init`: enough to begin with, and easily replaced.

use std::time::{Duration, SystemTime};

use anyhow::Context;
use rcgen::{CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose};

/// How long a self-signed certificate is valid. A demo should not expire before its reader's interest does.
const VALIDITY: Duration = Duration::from_hours(24 * 3650);

/// A certificate and its key, both PEM.
pub struct SelfSigned {
    /// The certificate.
    pub certificate: String,
    /// Its key: keep it away from others.
    pub key: String,
}

/// Makes a certificate for these names and addresses, the first of which is its subject.
pub fn self_signed(names: &[String], now: SystemTime) -> anyhow::Result<SelfSigned> {
    let key = KeyPair::generate().context("cannot make a key")?;
    let mut parameters = CertificateParams::new(names).context("cannot name a certificate so")?;
    parameters.distinguished_name = DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, names.first().map_or("localhost", String::as_str));
    parameters.not_before = (now - Duration::from_hours(1)).into();
    parameters.not_after = (now + VALIDITY).into();
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let certificate = parameters.self_signed(&key).context("cannot sign a certificate")?;
    Ok(SelfSigned { certificate: certificate.pem(), key: key.serialize_pem() })
}
