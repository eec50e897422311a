//! The mail domain.

use std::fmt;
use std::ops::Deref;

use serde::Serialize;

/// A domain name in lower case (RFC 1035 §2.3.1, RFC 1123 §2.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Domain(Box<str>);

/// Why a text is no domain name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotADomain {
    /// Nothing at all, or nothing between two dots, or a dot at the end.
    #[error("a part of it is empty")]
    Empty,
    /// More than 253 characters, or 63 in one part.
    #[error("it has more than 253 characters, or 63 in one part")]
    TooLong,
    /// Something else than letters, digits, hyphens and dots.
    #[error("it has other characters than letters, digits, hyphens and dots")]
    Character,
    /// A hyphen at the beginning or end of a part.
    #[error("a part of it begins or ends with a hyphen")]
    Hyphen,
    /// An IP address, or something like it.
    #[error("its last part is a number")]
    Number,
}

impl Domain {
    /// Reads a domain name, in whatever case.
    pub fn parse(text: &str) -> Result<Self, NotADomain> {
        const OCTETS_MAX: usize = 253;
        const PART_OCTETS_MAX: usize = 63;
        for part in text.split('.') {
            if part.is_empty() {
                return Err(NotADomain::Empty);
            }
            if !part.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-') {
                return Err(NotADomain::Character);
            }
            if part.len() > PART_OCTETS_MAX {
                return Err(NotADomain::TooLong);
            }
            if part.starts_with('-') || part.ends_with('-') {
                return Err(NotADomain::Hyphen);
            }
        }
        if text.len() > OCTETS_MAX {
            return Err(NotADomain::TooLong);
        }
        let last = text.rsplit('.').next().unwrap_or_default();
        if last.bytes().all(|octet| octet.is_ascii_digit()) {
            return Err(NotADomain::Number);
        }
        Ok(Self(text.to_ascii_lowercase().into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for Domain {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_name_is_letters_digits_and_hyphens_in_lower_case() {
        for right in ["example.org", "EXAMPLE.ORG", "a-b.example", "localhost", "xn--bcher-kva.example", "3com.com"] {
            assert_eq!(Domain::parse(right).unwrap().as_str(), right.to_lowercase());
        }
        for (wrong, reason) in [
            ("", NotADomain::Empty),
            ("example..org", NotADomain::Empty),
            ("example.org.", NotADomain::Empty),
            (".org", NotADomain::Empty),
            ("a b", NotADomain::Character),
            ("bücher.example", NotADomain::Character),
            ("a@b.example", NotADomain::Character),
            ("{user}", NotADomain::Character),
            ("-a.example", NotADomain::Hyphen),
            ("a-.example", NotADomain::Hyphen),
            ("192.0.2.1", NotADomain::Number),
        ] {
            assert_eq!(Domain::parse(wrong), Err(reason), "{wrong:?}");
        }
        assert_eq!(Domain::parse(&"a".repeat(64)), Err(NotADomain::TooLong));
        assert_eq!(Domain::parse(&["a"; 128].join(".")), Err(NotADomain::TooLong));
    }
}
