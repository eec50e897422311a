//! SCRAM (RFC 5802, RFC 7677): both sides prove that they know the password, and neither says it.
//!
//! ```text
//!   client                                         server
//!   ScramClient::first ── gs2,n=name,r=nonce ─────► ScramServer::begin
//!   respond            ◄─ r=nonce+,s=salt,i=count ── challenge
//!                      ── c=binding,r=nonce+,p=proof ► finish
//!   respond            ◄─ v=signature ──────────────
//!   is_verified: only now is `+OK` to be believed (C-045)
//! ```
//!
//! Nonces, salts and channel bindings come from outside: there is no randomness here, and no TLS.

mod client;
mod server;

use std::fmt;
use std::num::NonZeroU32;

use aws_lc_rs::{constant_time, digest, hmac, pbkdf2};
use zeroize::Zeroizing;

pub use self::client::{Binding, ScramClient};
pub use self::server::{Offer, ScramServer};

use crate::credentials::Password;

/// The fewest iterations that are accepted (RFC 7677 §4; S-032).
pub const ITERATIONS_MIN: u32 = 4096;
/// The most: above it, a server would make its clients compute for seconds (RFC 5802 §9; S-032).
pub const ITERATIONS_MAX: u32 = 1_000_000;
/// Octets of a message from the other side.
const MESSAGE_MAX: usize = 4096;

/// Which hash function the exchange uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScramHash {
    /// SCRAM-SHA-1 (RFC 5802).
    Sha1,
    /// SCRAM-SHA-256 (RFC 7677).
    Sha256,
}

impl ScramHash {
    /// The registered name of the mechanism without channel binding.
    pub const fn mechanism(self) -> &'static str {
        match self {
            Self::Sha1 => "SCRAM-SHA-1",
            Self::Sha256 => "SCRAM-SHA-256",
        }
    }

    /// The registered name of the mechanism with channel binding.
    pub const fn mechanism_plus(self) -> &'static str {
        match self {
            Self::Sha1 => "SCRAM-SHA-1-PLUS",
            Self::Sha256 => "SCRAM-SHA-256-PLUS",
        }
    }

    fn digest(self, octets: &[u8]) -> Vec<u8> {
        let algorithm = match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
        };
        digest::digest(algorithm, octets).as_ref().to_vec()
    }

    fn hmac(self, key: &[u8], octets: &[u8]) -> Zeroizing<Vec<u8>> {
        let algorithm = match self {
            Self::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => hmac::HMAC_SHA256,
        };
        Zeroizing::new(hmac::sign(&hmac::Key::new(algorithm, key), octets).as_ref().to_vec())
    }

    /// `Hi` of RFC 5802 §2.2, which is PBKDF2.
    fn salted_password(self, password: &[u8], salt: &[u8], iterations: NonZeroU32) -> Zeroizing<Vec<u8>> {
        let (algorithm, length) = match self {
            Self::Sha1 => (pbkdf2::PBKDF2_HMAC_SHA1, digest::SHA1_OUTPUT_LEN),
            Self::Sha256 => (pbkdf2::PBKDF2_HMAC_SHA256, digest::SHA256_OUTPUT_LEN),
        };
        let mut salted = Zeroizing::new(vec![0; length]);
        pbkdf2::derive(algorithm, iterations, salt, password, &mut salted);
        salted
    }
}

/// Why an exchange ends. Nothing in it comes from a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScramError {
    /// A message does not follow the grammar of RFC 5802 §7.
    #[error("a SCRAM message cannot be read (RFC 5802 §7)")]
    Malformed,
    /// The other side's nonce does not begin with ours (RFC 5802 §5.1).
    #[error("the nonce of a SCRAM message is not the one of this exchange (RFC 5802 §5.1)")]
    WrongNonce,
    /// Fewer iterations than 4,096, or more than a million (S-032).
    #[error("the iteration count of SCRAM is too low or too high (RFC 7677 §4)")]
    Iterations,
    /// An extension that must be understood, and is not (RFC 5802 §5.1).
    #[error("a SCRAM message demands an extension that is not known (RFC 5802 §5.1)")]
    Extension,
    /// The channel binding is not that of this connection, or somebody hid that it was offered (RFC 5802 §6).
    #[error("the channel binding of SCRAM does not fit this connection (RFC 5802 §6)")]
    Binding,
    /// The proof is wrong: the password is.
    #[error("the proof of SCRAM is wrong")]
    WrongProof,
    /// The server says that it does not accept the proof, or has not proved that it knows the password (C-045).
    #[error("the server has not proved that it knows the password (RFC 5802 §5)")]
    NotVerified,
    /// A name or password with characters that SASLprep prohibits (RFC 4013).
    #[error("the name or password has characters that SCRAM cannot carry (RFC 4013)")]
    Prohibited,
}

/// What a channel binding is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BindingType {
    /// From the keys of the TLS connection; the one for TLS 1.3 (RFC 9266).
    TlsExporter,
    /// A hash of the server's certificate (RFC 5929 §4).
    TlsServerEndPoint,
}

impl BindingType {
    /// Its registered name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TlsExporter => "tls-exporter",
            Self::TlsServerEndPoint => "tls-server-end-point",
        }
    }
}

/// What ties an exchange to one TLS connection (RFC 5056).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelBinding {
    /// What it is made of.
    pub kind: BindingType,
    /// For `tls-exporter` 32 octets of exported key (RFC 9266 §2), for `tls-server-end-point` the hash.
    pub data: Vec<u8>,
}

/// What a server keeps of a password (RFC 5802 §3): enough to check a proof, not enough to make one.
#[derive(Clone, PartialEq, Eq)]
pub struct ScramVerifier {
    /// The hash function it was made with.
    pub hash: ScramHash,
    /// The salt.
    pub salt: Vec<u8>,
    /// How often the hash was applied.
    pub iterations: NonZeroU32,
    /// `StoredKey`.
    pub stored_key: Vec<u8>,
    /// `ServerKey`.
    pub server_key: Vec<u8>,
}

impl ScramVerifier {
    /// Makes it from a password, which is prepared first (RFC 4013). Takes as long as the iterations ask for.
    pub fn derive(
        hash: ScramHash,
        password: &Password,
        salt: impl Into<Vec<u8>>,
        iterations: NonZeroU32,
    ) -> Result<Self, ScramError> {
        let salt = salt.into();
        let password = crate::credentials::prepared(password.expose()).ok_or(ScramError::Prohibited)?;
        let salted = hash.salted_password(&password, &salt, iterations);
        let stored_key = hash.digest(&hash.hmac(&salted, b"Client Key"));
        let server_key = hash.hmac(&salted, b"Server Key").to_vec();
        Ok(Self { hash, salt, iterations, stored_key, server_key })
    }
}

impl fmt::Debug for ScramVerifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ScramVerifier").field("hash", &self.hash).finish_non_exhaustive()
    }
}

/// Takes the same time for every answer.
fn equal(one: &[u8], other: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(one, other).is_ok()
}

fn xor(one: &[u8], other: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(one.iter().zip(other).map(|(one, other)| one ^ other).collect())
}

/// A message as text without control characters, not too long.
fn text(message: &[u8]) -> Result<&str, ScramError> {
    let text = std::str::from_utf8(message).map_err(|_| ScramError::Malformed)?;
    let legal = !text.is_empty() && text.len() <= MESSAGE_MAX && !text.contains(char::is_control);
    if legal { Ok(text) } else { Err(ScramError::Malformed) }
}

/// The value of the attribute that must stand here (RFC 5802 §5.1). `m` here is always an extension.
fn attribute<'a>(part: Option<&'a str>, name: &str) -> Result<&'a str, ScramError> {
    let (found, value) = part.and_then(|part| part.split_once('=')).ok_or(ScramError::Malformed)?;
    match found {
        _ if found == name && !value.is_empty() => Ok(value),
        "m" => Err(ScramError::Extension),
        _ => Err(ScramError::Malformed),
    }
}

/// `1*(%x21-2B / %x2D-7E)`: printable, no comma.
fn is_nonce(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|octet| (0x21..=0x7e).contains(&octet) && octet != b',')
}

/// A name as it stands in a message: `=` and `,` are written in other words.
fn escaped(name: &str) -> String {
    name.replace('=', "=3D").replace(',', "=2C")
}

/// A name as it was meant; `None` for an `=` that begins neither `=2C` nor `=3D`.
fn unescaped(text: &str) -> Option<String> {
    let mut pieces = text.split('=');
    let mut name = pieces.next()?.to_owned();
    for piece in pieces {
        let (letter, rest) = match (piece.strip_prefix("2C"), piece.strip_prefix("3D")) {
            (Some(rest), _) => (',', rest),
            (_, Some(rest)) => ('=', rest),
            _ => return None,
        };
        name.push(letter);
        name.push_str(rest);
    }
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_survive_their_escapes() {
        for name in ["tim", "a=b,c", "=,=", "=3D", "=2C", "ゆき"] {
            assert_eq!(unescaped(&escaped(name)).as_deref(), Some(name));
        }
        for wrong in ["=", "a=3", "=3d", "x=2"] {
            assert_eq!(unescaped(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_verifier_shows_nothing() {
        // S-029
        let verifier = ScramVerifier::derive(
            ScramHash::Sha1,
            &Password::new("pencil"),
            *b"salt",
            NonZeroU32::new(4096).expect("not zero"),
        );
        let shown = format!("{:?}", verifier.expect("ASCII"));
        assert_eq!(shown, "ScramVerifier { hash: Sha1, .. }");
    }
}
