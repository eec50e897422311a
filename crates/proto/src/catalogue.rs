//! Every command, reply and error of the protocol, once: what goes over the wire and what explains it come from here.

mod commands;
mod errors;

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
