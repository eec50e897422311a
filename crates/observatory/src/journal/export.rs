//! Sessions and verdicts as the Elastic Common Schema names them: JSON Lines that Filebeat, Graylog, Wazuh and their
//! like take as they come.
//!
//! One document for a session (`event.kind` is `event`), one for a verdict (`alert`). Arrays are bounded; what a peer
//! chose is one line of harmless text, 128 characters at most (S-044); nothing stands here that is not in the journal,
//! so no password does (S-061).

mod session;
mod verdict;

use std::net::SocketAddr;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use serde_json::Value;
use watchpost_proto::planted::planted;

use super::codec::Micros;
use crate::untrusted::Untrusted;

pub use self::session::{foreign_word, session_document};
pub use self::verdict::verdict_document;

/// The version of the schema.
pub const ECS: &str = "8.11.0";
/// Commands and replies in a document at the most: the first of them, then the last.
const SPOKEN_MAX: usize = 256;
/// Of these, how many are the last.
const SPOKEN_LAST: usize = 64;
/// Logins in a document at the most.
const LOGINS_MAX: usize = 64;

/// Who exports.
#[derive(Clone, Debug)]
pub struct Observer {
    /// The name of this machine.
    pub hostname: String,
    /// The version of Watchpost.
    pub version: String,
}

/// What others know of an address: lists and databases that the operator supplied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Its country, `NL` say.
    pub country: Option<String>,
    /// The number of its autonomous system.
    pub system: Option<u32>,
    /// The name of its autonomous system.
    pub organization: Option<String>,
    /// The lists that name it: `tor`, say.
    pub lists: Vec<String>,
}

/// A time as RFC 3339 writes it, in UTC, to the microsecond.
pub fn timestamp(at: Micros) -> String {
    let (days, rest) = (at.0.div_euclid(86_400_000_000), at.0.rem_euclid(86_400_000_000));
    let (year, month, day) = civil(days);
    let (seconds, micros) = (rest / 1_000_000, rest % 1_000_000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
}

/// The civil date of a day since 1970, in the Gregorian calendar: eras of 400 years of 146 097 days, each beginning in
/// March so that the leap day is the last of a year.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

/// The Community ID of a TCP connection, version 1, seed 0: what Zeek, Suricata and Arkime call the same connection.
pub fn community_id(one: SocketAddr, other: SocketAddr) -> String {
    let key = |end: SocketAddr| {
        let address = match end.ip().to_canonical() {
            std::net::IpAddr::V4(address) => address.octets().to_vec(),
            std::net::IpAddr::V6(address) => address.octets().to_vec(),
        };
        (address, end.port())
    };
    let (mut low, mut high) = (key(one), key(other));
    if low > high {
        std::mem::swap(&mut low, &mut high);
    }
    let mut octets = vec![0, 0];
    octets.extend_from_slice(&low.0);
    octets.extend_from_slice(&high.0);
    // 6 is TCP; a zero pads.
    octets.extend([6, 0]);
    octets.extend(low.1.to_be_bytes());
    octets.extend(high.1.to_be_bytes());
    format!("1:{}", base64(digest(&SHA1_FOR_LEGACY_USE_ONLY, &octets).as_ref()))
}

fn base64(octets: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in octets.chunks(3) {
        let number = group
            .iter()
            .chain(std::iter::repeat(&0))
            .take(3)
            .fold(0_usize, |sum, octet| sum << 8 | usize::from(*octet));
        for place in 0..4 {
            let letter = if place <= group.len() { LETTERS[number >> (18 - 6 * place) & 63] } else { b'=' };
            text.push(char::from(letter));
        }
    }
    text
}

/// What a peer chose, harmless.
fn shown(octets: &Untrusted) -> Value {
    if planted("journal.export-shows-a-raw-escape") {
        return String::from_utf8_lossy(octets.as_octets()).into_owned().into();
    }
    octets.to_string().into()
}

/// A text that may hold what a peer chose, harmless.
fn harmless(text: &str) -> Value {
    shown(&Untrusted::new(text.as_bytes()))
}

/// Leaves out what says nothing.
fn without_nulls(value: &mut Value) {
    if let Value::Object(map) = value {
        map.retain(|_, value| {
            without_nulls(value);
            !(value.is_null() || value.as_object().is_some_and(serde_json::Map::is_empty))
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_calendar() {
        for (micros, text) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (951_782_400_000_001, "2000-02-29T00:00:00.000001Z"),
            (1_780_272_000_000_000, "2026-06-01T00:00:00.000000Z"),
            (4_107_542_399_999_999, "2100-02-28T23:59:59.999999Z"),
        ] {
            assert_eq!(timestamp(Micros(micros)), text);
        }
    }

    #[test]
    fn a_community_id_is_that_of_the_specification() {
        // The TCP examples of the reference implementation's baseline.
        let id = |one: &str, other: &str| community_id(one.parse().expect("an end"), other.parse().expect("an end"));
        assert_eq!(id("128.232.110.120:34855", "66.35.250.204:80"), "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
        assert_eq!(id("66.35.250.204:80", "128.232.110.120:34855"), "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
    }

    #[test]
    fn base64_is_padded() {
        assert_eq!([&b""[..], b"f", b"fo", b"foo"].map(base64), ["", "Zg==", "Zm8=", "Zm9v"]);
    }
}
