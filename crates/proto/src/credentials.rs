//! Who a client says it is. Nothing here can be printed by accident.

use std::fmt;

use zeroize::Zeroizing;

use crate::apop::{ApopDigest, Timestamp};

/// A name or password as it is compared: ASCII as it is, UTF-8 prepared with SASLprep, so that two ways to type the same
/// characters are one (RFC 4013, RFC 6856 §2.2; P-207). `None`: ill-formed, prohibited, or nothing left of it.
pub fn prepared(octets: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    if octets.is_ascii() {
        return Some(Zeroizing::new(octets.to_vec()));
    }
    let text = std::str::from_utf8(octets).ok()?;
    let prepared = stringprep::saslprep(text).ok().filter(|prepared| !prepared.is_empty())?;
    Some(Zeroizing::new(prepared.as_bytes().to_vec()))
}

/// A secret offered by a client: never shown, wiped from memory when dropped (S-023, S-029).
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<Vec<u8>>);

impl Password {
    /// Takes the octets over; the caller's copy should be wiped too.
    pub fn new(octets: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(octets.into()))
    }

    /// The octets, for whoever verifies them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Password(…)")
    }
}

/// An identity and what shall prove it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// USER and PASS (RFC 1939 §7), PLAIN (RFC 4616) and LOGIN.
    Password {
        /// As the client sent it: any octets but controls.
        name: Vec<u8>,
        /// As the client sent it, spaces included (P-026).
        password: Password,
        /// As whom the client wants to act, if it said so (RFC 4616 §2; P-104).
        acting_as: Option<Vec<u8>>,
    },
    /// APOP (RFC 1939 §7).
    Apop {
        /// As the client sent it.
        name: Vec<u8>,
        /// What was in the greeting.
        timestamp: Timestamp,
        /// What proves that the client knows the secret.
        digest: ApopDigest,
    },
}

impl Credentials {
    /// The name the client gave, not yet looked up or made canonical.
    pub fn name(&self) -> &[u8] {
        match self {
            Self::Password { name, .. } | Self::Apop { name, .. } => name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_ways_to_type_the_same_name_are_one() {
        // P-207, P-085
        let composed = prepared("J\u{fc}rgen".as_bytes()).unwrap();
        assert_eq!(*composed, *prepared("Ju\u{308}rgen".as_bytes()).unwrap());
        assert_eq!(*prepared("ｙｕｋｉ".as_bytes()).unwrap(), b"yuki");
        assert_eq!(*prepared(b" spaces stay ").unwrap(), b" spaces stay ");
        for wrong in [&b"\xff"[..], "a\u{200e}b".as_bytes(), "\u{ad}".as_bytes(), "a\u{e000}".as_bytes()] {
            assert!(prepared(wrong).is_none(), "{wrong:?}");
        }
    }
}
