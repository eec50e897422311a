//! The nouns of RFC 1939: how messages are numbered, named and measured.

use std::fmt;
use std::iter::Sum;
use std::num::NonZeroU32;
use std::ops::AddAssign;

/// How a client names a message within one session (RFC 1939 §4): 1 for the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageNumber(NonZeroU32);

impl MessageNumber {
    /// The number of the message at `index`, counted from zero; `None` past 2³²−2.
    pub fn from_index(index: usize) -> Option<Self> {
        u32::try_from(index).ok()?.checked_add(1).and_then(NonZeroU32::new).map(Self)
    }

    /// Where the message stands, counted from zero: the only conversion there is.
    pub fn index(self) -> usize {
        usize::try_from(self.0.get() - 1).expect("a usize holds a u32 on every platform this is built for")
    }

    /// `1*DIGIT`, not zero, within 32 bits (P-030): no sign, no space, no wrapping.
    pub fn parse(text: &[u8]) -> Option<Self> {
        decimal(text).and_then(|value| u32::try_from(value).ok()).and_then(NonZeroU32::new).map(Self)
    }
}

impl fmt::Display for MessageNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// `1*DIGIT` as a number, saturating at `u64::MAX`; `None` for anything else.
pub(crate) fn decimal(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |value, octet| {
        octet.is_ascii_digit().then(|| value.saturating_mul(10).saturating_add(u64::from(octet - b'0')))
    })
}

/// A size as POP3 counts it (RFC 1939 §11): every line ends with CRLF, and dot-stuffing is not counted.
///
/// 64 bits throughout (P-163). Not a position in a file, and not a size on disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Octets(pub u64);

impl AddAssign for Octets {
    fn add_assign(&mut self, other: Self) {
        self.0 = self.0.saturating_add(other.0);
    }
}

impl Sum for Octets {
    fn sum<I: Iterator<Item = Self>>(sizes: I) -> Self {
        sizes.fold(Self(0), |mut total, size| {
            total += size;
            total
        })
    }
}

impl fmt::Display for Octets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// What RETR sends of one message: as it is stored, and as the surrogate of a client without UTF8 mode (RFC 6856 §2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Of the message as it is stored.
    pub stored: Octets,
    /// Of its surrogate, if it has one.
    pub surrogate: Option<Octets>,
}

impl From<Octets> for Sizes {
    fn from(stored: Octets) -> Self {
        Self { stored, surrogate: None }
    }
}

/// How much of a message a client asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// RETR.
    Whole,
    /// TOP: the header, the blank line and `lines` lines of the body.
    Top {
        /// May be zero, which is not the same as [`Extent::Whole`]. Saturates (P-172).
        lines: u64,
    },
}

/// What UIDL says of a message (RFC 1939 §7): 1 to 70 octets from 0x21 to 0x7E (P-180).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UniqueId(Box<str>);

/// The text is no unique-id: empty, longer than 70 octets, or with an octet outside 0x21 to 0x7E.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a unique-id is 1 to 70 octets from 0x21 to 0x7E (RFC 1939 §7)")]
pub struct NotAUniqueId;

impl UniqueId {
    /// Takes the text as it will stand in UIDL.
    pub fn new(text: impl Into<Box<str>>) -> Result<Self, NotAUniqueId> {
        let text = text.into();
        let legal = (1..=70).contains(&text.len()) && text.bytes().all(|octet| (0x21..=0x7e).contains(&octet));
        if legal { Ok(Self(text)) } else { Err(NotAUniqueId) }
    }

    /// The text as UIDL shows it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UniqueId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_number_is_digits_and_never_wraps() {
        // P-030
        for wrong in ["", "0", "-1", "+1", "0x1", "1.5", "1a", " 1", "4294967296", "4294967297", "18446744073709551617"]
        {
            assert_eq!(MessageNumber::parse(wrong.as_bytes()), None, "{wrong:?}");
        }
        assert_eq!(MessageNumber::parse(&[b'9'; 400]), None);
        assert_eq!(MessageNumber::parse(b"1").map(MessageNumber::index), Some(0));
        assert_eq!(MessageNumber::parse(b"007").map(MessageNumber::index), Some(6));
        assert_eq!(MessageNumber::from_index(41).map(|number| number.to_string()), Some("42".to_owned()));
    }

    #[test]
    fn a_unique_id_is_printable_and_at_most_seventy_octets() {
        // P-180
        assert!(UniqueId::new("!~").is_ok());
        assert!(UniqueId::new("x".repeat(70)).is_ok());
        for wrong in [String::new(), "x".repeat(71), "a b".into(), "a\r".into(), "é".into(), "\u{7f}".into()] {
            assert_eq!(UniqueId::new(wrong), Err(NotAUniqueId));
        }
    }

    #[test]
    fn sizes_add_up_past_four_gibibytes() {
        // P-163
        let total: Octets = [Octets(u64::from(u32::MAX)), Octets(5 << 30)].into_iter().sum();
        assert_eq!(total, Octets(u64::from(u32::MAX) + (5 << 30)));
    }
}
