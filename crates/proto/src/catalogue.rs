//! Every command, reply and error of the protocol, once: what goes over the wire and what explains it come from here.

mod assents;
mod commands;
mod errors;
pub mod explain;

pub use assents::Assent;
pub use commands::{CommandRow, TABLE_A};
pub use errors::{End, ErrorRow, Refusal, TABLE_B};

/// A language that protocol texts exist in (RFC 6856 §3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// `en`: what every session begins with.
    #[default]
    English,
    /// `ja`.
    Japanese,
}

impl Language {
    /// Every one of them, the default first.
    pub const ALL: &[Self] = &[Self::English, Self::Japanese];

    /// Its tag (RFC 5646).
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Japanese => "ja",
        }
    }

    /// What it calls itself (RFC 6856 §3.2).
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Japanese => "日本語",
        }
    }

    /// The language for a range: lookup with fallback, so that `ja-JP` finds `ja` (RFC 4647 §3.4; P-210). `*` is the
    /// default (P-211).
    pub(crate) fn lookup(range: &[u8]) -> Option<Self> {
        if range == b"*" {
            return Some(Self::default());
        }
        let subtags: Vec<&[u8]> = range.split(|octet| *octet == b'-').collect();
        let well_formed =
            subtags.iter().all(|tag| (1..=8).contains(&tag.len()) && tag.iter().all(u8::is_ascii_alphanumeric));
        let first = subtags.first().filter(|_| well_formed)?;
        Self::ALL.iter().copied().find(|language| first.eq_ignore_ascii_case(language.tag().as_bytes()))
    }
}
