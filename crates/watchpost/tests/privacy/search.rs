//! Looks for secrets, however they may be written.

use std::fmt::Write as _;

/// A secret and every form that it is looked for in.
pub struct Secret {
    pub name: String,
    forms: Vec<(&'static str, Vec<u8>)>,
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const FOR_ADDRESSES: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Whole base64, with its padding.
pub fn base64(octets: &[u8]) -> String {
    let mut text = digits(octets, STANDARD);
    text.truncate((octets.len() * 8).div_ceil(6));
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

fn digits(octets: &[u8], alphabet: &[u8; 64]) -> String {
    let mut text = String::new();
    for group in octets.chunks(3) {
        let number = group.iter().chain([&0, &0]).take(3).fold(0_usize, |sum, octet| sum << 8 | usize::from(*octet));
        text.extend((0..4).map(|place| char::from(alphabet[number >> (18 - 6 * place) & 63])));
    }
    text
}

/// The digits of base64 that hold nothing but these octets when so many stand before them.
fn base64_behind(before: usize, octets: &[u8], alphabet: &[u8; 64]) -> Vec<u8> {
    let whole = digits(&[&vec![0; before][..], octets].concat(), alphabet);
    let (first, end) = ((before * 8).div_ceil(6), (before + octets.len()) * 8 / 6);
    whole.as_bytes()[first..end].to_vec()
}

impl Secret {
    /// A secret of a run. Short ones would be found by chance.
    pub fn new(name: &str, octets: impl AsRef<[u8]>) -> Self {
        let octets = octets.as_ref();
        assert!(octets.len() >= 8, "{name} is too short to be looked for");
        let each = |form: fn(&mut String, u8)| {
            let mut text = String::new();
            for octet in octets {
                form(&mut text, *octet);
            }
            text.into_bytes()
        };
        let mut forms = vec![
            ("in clear", octets.to_vec()),
            ("in clear, reversed", octets.iter().rev().copied().collect()),
            ("hexadecimal", each(|text, octet| _ = write!(text, "{octet:02x}"))),
            ("HEXADECIMAL", each(|text, octet| _ = write!(text, "{octet:02X}"))),
            ("hexadecimal with spaces", each(|text, octet| _ = write!(text, "{octet:02x} "))),
            ("percent escapes", each(|text, octet| _ = write!(text, "%{octet:02x}"))),
            ("PERCENT ESCAPES", each(|text, octet| _ = write!(text, "%{octet:02X}"))),
            (
                "percent escapes where needed",
                each(|text, octet| {
                    let _ = if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) {
                        write!(text, "{}", char::from(octet))
                    } else {
                        write!(text, "%{octet:02X}")
                    };
                }),
            ),
            ("JSON escapes", each(|text, octet| _ = write!(text, "\\u{octet:04x}"))),
            ("JSON ESCAPES", each(|text, octet| _ = write!(text, "\\u{octet:04X}"))),
            ("escapes of a debugger", each(|text, octet| _ = write!(text, "\\x{octet:02x}"))),
            ("escaped where needed", octets.escape_ascii().to_string().into_bytes()),
            ("a list of numbers", each(|text, octet| _ = write!(text, "{octet}, ")).trim_ascii_end().to_vec()),
            ("UTF-16", octets.iter().flat_map(|octet| [*octet, 0]).collect()),
        ];
        if let Ok(text) = std::str::from_utf8(octets) {
            let json = serde_json::to_string(text).unwrap();
            forms.push(("a JSON string", json.trim_matches('"').as_bytes().to_vec()));
        }
        for (before, name) in ["base64", "base64 behind one octet", "base64 behind two octets"].into_iter().enumerate()
        {
            forms.push((name, base64_behind(before, octets, STANDARD)));
            forms.push((name, base64_behind(before, octets, FOR_ADDRESSES)));
        }
        forms.sort_by(|one, other| one.1.cmp(&other.1));
        forms.dedup_by(|one, other| one.1 == other.1);
        Self { name: name.to_owned(), forms }
    }

    /// The forms in which it stands in these octets.
    pub fn found_in(&self, octets: &[u8]) -> Vec<&'static str> {
        let stands = |form: &&(&str, Vec<u8>)| memchr::memmem::find(octets, &form.1).is_some();
        self.forms.iter().filter(stands).map(|(name, _)| *name).collect()
    }

    /// Every form.
    pub fn forms(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        self.forms.iter().map(|(name, form)| (*name, form.as_slice()))
    }
}

#[test]
fn base64_is_that_of_the_rfc() {
    // RFC 4648 §10
    for (octets, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
        assert_eq!(base64(octets.as_bytes()), text);
    }
}

#[test]
fn a_secret_is_found_in_every_form_and_nowhere_else() {
    let secret = Secret::new("a password", "p\u{e4}ss \"w\\rd%1");
    for (name, form) in secret.forms() {
        let planted = [b"before ", form, b" behind"].concat();
        assert!(!secret.found_in(&planted).is_empty(), "{name}");
    }
    for before in ["", "x", "xy", "xyz"] {
        let whole = base64(format!("{before}\0alice\0p\u{e4}ss \"w\\rd%1\0").as_bytes());
        assert!(!secret.found_in(whole.as_bytes()).is_empty(), "behind {before:?}: {whole}");
    }
    assert_eq!(secret.found_in(b"p\xc3\xa4ss w\\rd%1 and its neighbours"), [""; 0]);
}
