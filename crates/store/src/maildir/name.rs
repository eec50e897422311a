//! What the name of a message file says: when it came, how long it is, what was done with it, and its unique-id.
//!
//! ```text
//! 1785000000.W06dk7gks0hs7hbh4q4pk9tq2lo.mail.example.org,S=2031,W=2084:2,RS
//! └ seconds  └ unique-id                 └ host           └ sizes       └ flags
//! └────────────────────────── stem ─────────────────────┘
//! └────────────────────────────── base ───────────────────────────────┘
//! ```

use std::io::Write;
use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::{Encoding, Specification};
use uuid::{NoContext, Timestamp, Uuid, Variant};
use watchpost_proto::planted::planted;
use watchpost_proto::{Octets, Sizes, UniqueId};

/// RFC 4648 §7 in lower case: unlike the alphabet of §6, its text sorts as the numbers do.
static SORTED: LazyLock<Encoding> = LazyLock::new(|| alphabet("0123456789abcdefghijklmnopqrstuv"));

/// RFC 4648 §6 in lower case.
static PLAIN: LazyLock<Encoding> = LazyLock::new(|| alphabet("abcdefghijklmnopqrstuvwxyz234567"));

fn alphabet(symbols: &str) -> Encoding {
    let mut specification = Specification::new();
    specification.symbols.push_str(symbols);
    specification.encoding().expect("thirty-two different characters are an alphabet")
}

/// What stays the same whatever flags the message gets: everything up to the first `:`.
pub(super) fn base(name: &[u8]) -> &[u8] {
    name.split(|octet| *octet == b':').next().unwrap_or(name)
}

/// What stays the same whatever other software appends: everything up to the first `,` or `:`.
pub(super) fn stem(name: &[u8]) -> &[u8] {
    name.split(|octet| matches!(octet, b',' | b':')).next().unwrap_or(name)
}

/// The flags, with the `:` before them; empty if there are none.
pub(super) fn info(name: &[u8]) -> &[u8] {
    &name[base(name).len()..]
}

/// The decimal seconds that begin the name (P-067).
pub(super) fn seconds(name: &[u8]) -> Option<u64> {
    let end = name.iter().position(|octet| *octet == b'.')?;
    number(&name[..end])
}

/// Digits as a number, if a signed one of 64 bits can hold it.
fn number(digits: &[u8]) -> Option<u64> {
    let legal = !digits.is_empty() && digits.len() <= 18 && digits.iter().all(u8::is_ascii_digit);
    legal.then(|| digits.iter().fold(0, |value, digit| value * 10 + u64::from(digit - b'0')))
}

/// A size that the name claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// `,S=`: octets of the file.
    Stored,
    /// `,W=`: octets on the wire, every line end counted as CRLF.
    Wire,
    /// `,U=`: the same of its surrogate, if its header is UTF-8 (RFC 6856 §2.1).
    Surrogate,
}

/// What the name says of a size; nothing of it has been proved.
pub(super) fn claim(name: &[u8], claim: Claim) -> Option<u64> {
    let key: &[u8] = match claim {
        Claim::Stored => b"S=",
        Claim::Wire => b"W=",
        Claim::Surrogate => b"U=",
    };
    base(name).split(|octet| *octet == b',').skip(1).find_map(|field| number(field.strip_prefix(key)?))
}

/// The sizes that a name claims.
pub(super) fn claimed(name: &[u8]) -> Option<Sizes> {
    let stored = Octets(claim(name, Claim::Wire)?);
    Some(Sizes { stored, surrogate: claim(name, Claim::Surrogate).map(Octets) })
}

/// Whether the name has the flag `S`, or no place for it.
pub(super) fn is_seen(name: &[u8]) -> bool {
    match info(name) {
        b"" | b":" => false,
        known => known.strip_prefix(b":2,").is_none_or(|flags| flags.contains(&b'S')),
    }
}

/// The name with the flag `S`, or nothing when it has it already or its flags are of an unknown kind.
pub(super) fn with_seen(name: &[u8]) -> Option<Vec<u8>> {
    let flags = match info(name) {
        b"" | b":" => b"",
        known => known.strip_prefix(b":2,")?,
    };
    if flags.contains(&b'S') {
        return None;
    }
    // Dovecot's keywords are small letters: they sort behind the standard flags.
    let position = flags.iter().position(|flag| *flag > b'S').unwrap_or(flags.len());
    let (before, behind) = flags.split_at(position);
    Some([base(name), b":2,", before, b"S", behind].concat())
}

/// Makes names that no other delivery has.
#[derive(Clone, Debug)]
pub(super) struct NameMaker {
    host: String,
}

impl NameMaker {
    /// For this host. What a file name cannot carry is replaced.
    pub(super) fn new(host: &str) -> Self {
        let legal = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_');
        let host: String = host.chars().take(64).map(|letter| if legal(letter) { letter } else { '_' }).collect();
        Self { host: if host.is_empty() { "localhost".to_owned() } else { host } }
    }

    /// The stem for a message with this UUID; the same for the same UUID, except for the host.
    pub(super) fn stem(&self, uuid: Uuid) -> String {
        format!("{}{}", own_prefix(uuid), self.host)
    }

    /// The same name with a fresh unique-id of the same second: sizes and flags stay.
    pub(super) fn apart(&self, name: &[u8], seconds: u64) -> Vec<u8> {
        let uuid = Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, 0));
        [self.stem(uuid).as_bytes(), &name[stem(name).len()..]].concat()
    }

    /// The base for a message with this UUID and these sizes.
    pub(super) fn base(&self, uuid: Uuid, stored: u64, wire: Sizes) -> Vec<u8> {
        let mut base = self.stem(uuid).into_bytes();
        write!(base, ",S={stored},W={}", wire.stored).expect("a vector takes what is written");
        if let Some(surrogate) = wire.surrogate {
            write!(base, ",U={surrogate}").expect("a vector takes what is written");
        }
        base
    }
}

/// How every name begins that was made for this UUID, on whatever host.
pub(super) fn own_prefix(uuid: Uuid) -> String {
    format!("{}.W{}.", uuid_seconds(uuid), SORTED.encode(uuid.as_bytes()))
}

/// A UUID that sorts behind all before it: the only place where this crate asks for one.
pub(crate) fn fresh() -> Uuid {
    Uuid::now_v7()
}

/// The second that a UUIDv7 was made in; zero for other kinds.
fn uuid_seconds(uuid: Uuid) -> u64 {
    uuid.get_timestamp().map_or(0, |timestamp| timestamp.to_unix().0)
}

/// The unique-id of a message that was delivered under this UUID (P-184).
pub(crate) fn unique_id_of(uuid: Uuid) -> UniqueId {
    UniqueId::new(SORTED.encode(uuid.as_bytes())).expect("base32 is printable, and 26 characters are not 70")
}

/// What makes a message's unique-id: two messages with the same are duplicates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Identity<'a> {
    /// Watchpost wrote it: the unique-id stands in the name.
    Own(&'a [u8]),
    /// Other software wrote it: the unique-id is a hash of this.
    Foreign(&'a [u8]),
}

impl<'a> Identity<'a> {
    /// Reads it off the name. Only a name exactly as we write it counts as ours.
    pub(super) fn of(name: &'a [u8]) -> Self {
        let stem = if planted("store.uid-changes-with-flags") { name } else { stem(name) };
        own(stem).map_or(Self::Foreign(stem), Self::Own)
    }

    /// The unique-id: stable whatever happens to flags, folders and caches (P-181).
    pub(super) fn unique_id(self) -> UniqueId {
        match self {
            Self::Own(text) => {
                let text = String::from_utf8_lossy(text).into_owned();
                UniqueId::new(text).expect("it was decoded as base32")
            }
            Self::Foreign(stem) => hashed(stem),
        }
    }
}

/// The first 160 bits of SHA-256 as 32 characters.
pub(super) fn hashed(text: &[u8]) -> UniqueId {
    let digest = digest(&SHA256, text);
    UniqueId::new(PLAIN.encode(&digest.as_ref()[..20])).expect("base32 is printable, and 32 characters are not 70")
}

fn own(stem: &[u8]) -> Option<&[u8]> {
    let written = seconds(stem)?;
    let rest = stem.split(|octet| *octet == b'.').nth(1)?;
    let text = rest.strip_prefix(b"W").filter(|text| text.len() == 26)?;
    let uuid = Uuid::from_slice(&SORTED.decode(text).ok()?).ok()?;
    let ours = uuid.get_version_num() == 7 && uuid.get_variant() == Variant::RFC4122 && uuid_seconds(uuid) == written;
    let host = &stem[own_prefix(uuid).len().min(stem.len())..];
    (ours && stem.starts_with(own_prefix(uuid).as_bytes()) && !host.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(name: &[u8]) -> String {
        Identity::of(name).unique_id().to_string()
    }

    #[test]
    fn a_name_of_ours_carries_its_unique_id() {
        // P-181, P-184
        let uuid = fresh();
        let name = NameMaker::new("mail.example.org").base(uuid, 10, watchpost_proto::Octets(12).into());
        assert_eq!(id(&name), unique_id_of(uuid).as_str());
        assert_eq!(id(&name).len(), 26);
        assert_eq!((claim(&name, Claim::Stored), claim(&name, Claim::Wire)), (Some(10), Some(12)));
        assert_eq!(id(&[&name, b":2,FS".as_slice()].concat()), unique_id_of(uuid).as_str());
        assert_eq!(id(&[&name, b",U=7:2,".as_slice()].concat()), unique_id_of(uuid).as_str());
    }

    #[test]
    fn a_name_that_only_looks_like_ours_is_foreign() {
        let uuid = fresh();
        let text = unique_id_of(uuid);
        let seconds = uuid_seconds(uuid);
        for wrong in [
            format!("{seconds}.W{text}"),
            format!("{seconds}.W{text}."),
            format!("{}.W{text}.host", seconds + 1),
            format!("0{seconds}.W{text}.host"),
            format!("{seconds}.W{}.host", text.as_str().to_uppercase()),
            format!("{seconds}.W{text}x.host"),
            format!("{seconds}.V{text}.host"),
            format!("0.W{}.host", SORTED.encode(Uuid::nil().as_bytes())),
        ] {
            assert_eq!(id(wrong.as_bytes()).len(), 32, "{wrong}");
        }
    }

    #[test]
    fn a_foreign_name_is_hashed_up_to_its_first_comma_or_colon() {
        // P-181; the value is that of `printf %s 1700000000.M1P2.host | sha256sum`, its first 20 octets in base32.
        assert_eq!(id(b"1700000000.M1P2.host"), "r5ursaqmgv5tehemuos7sk3hfeqfmx3n");
        assert_eq!(id(b"1700000000.M1P2.host,S=5,W=6:2,RS"), id(b"1700000000.M1P2.host"));
        assert_ne!(id(b"1700000000.M1P3.host"), id(b"1700000000.M1P2.host"));
    }

    #[test]
    fn the_seen_flag_is_put_in_its_place() {
        // P-166
        let seen = |name: &str| with_seen(name.as_bytes()).map(|name| String::from_utf8(name).unwrap());
        assert_eq!(seen("1.a.b"), Some("1.a.b:2,S".into()));
        assert_eq!(seen("1.a.b:2,"), Some("1.a.b:2,S".into()));
        assert_eq!(seen("1.a.b,S=3:2,FRTab"), Some("1.a.b,S=3:2,FRSTab".into()));
        assert_eq!(seen("1.a.b:2,S"), None);
        assert_eq!(seen("1.a.b:1,x"), None);
    }

    #[test]
    fn sizes_and_seconds_are_digits_or_nothing() {
        assert_eq!(seconds(b"1700000000.x"), Some(1_700_000_000));
        for wrong in ["x", "17x.y", ".1", "-1.x", "1234567890123456789.x", "99999999999999999999999.x"] {
            assert_eq!(seconds(wrong.as_bytes()), None, "{wrong}");
        }
        for wrong in ["1.a,W=", "1.a,W=-1", "1.a,W=1x", "1.aW=1", "1.a:2,W=1", "1.a,W=1234567890123456789"] {
            assert_eq!(claim(wrong.as_bytes(), Claim::Wire), None, "{wrong}");
        }
    }

    #[test]
    fn a_host_name_cannot_end_a_name_early() {
        assert_eq!(NameMaker::new("a/b:c,d").host, "a_b_c_d");
        assert_eq!(NameMaker::new("").host, "localhost");
    }

    proptest! {
        #[test]
        fn names_sort_as_their_uuids_do(first in any::<u128>(), second in any::<u128>()) {
            let [one, other] = [first, second].map(|value| SORTED.encode(&value.to_be_bytes()));
            prop_assert_eq!(first.cmp(&second), one.cmp(&other));
        }

        #[test]
        fn any_name_has_a_legal_unique_id_and_flags_do_not_change_it(name in "[!-9;-~]{1,80}", flags in "[A-Za-z]{0,9}") {
            // P-180, P-181
            let flagged = format!("{name}:2,{flags}");
            prop_assert_eq!(id(name.as_bytes()), id(flagged.as_bytes()));
            let seen = with_seen(flagged.as_bytes()).unwrap_or_else(|| flagged.clone().into_bytes());
            prop_assert_eq!(id(name.as_bytes()), id(&seen));
            prop_assert!(with_seen(&seen).is_none());
        }
    }
}
