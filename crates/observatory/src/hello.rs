//! Reads a ClientHello from the octets as they crossed the wire: what it offers, and its JA3 and JA4 fingerprints.
//!
//! The TLS library does not show the order of extensions, so the octets are read here, by hand. JA4 is FoxIO's client
//! fingerprint (the one part of JA4+ under the BSD licence).

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};
use md5::{Digest, Md5};
use smallvec::SmallVec;

use crate::event::Hello;
use crate::untrusted::Untrusted;

/// Programs whose fingerprints are remembered.
const REMEMBERED: usize = 8;
/// One that offers more than this is remembered by nobody.
const REMEMBERED_NUMBERS: usize = 512;
/// Octets of the text that a fingerprint is made of, mostly.
const TEXT_USUAL: usize = 512;
const DIGITS: &[u8; 16] = b"0123456789abcdef";
/// Octets kept of a name or of all ALPN protocols together.
const NAME_MAX: usize = 255;

/// What a ClientHello holds that fingerprints are made of. Lists are in the order of the wire, GREASE left out
/// (RFC 8701).
#[derive(Debug, Default)]
struct Offer {
    legacy_version: u16,
    suites: Vec<u16>,
    extensions: Vec<u16>,
    groups: Vec<u16>,
    point_formats: Vec<u8>,
    signatures: Vec<u16>,
    versions: Vec<u16>,
    /// The first protocol of ALPN, by its two characters in JA4.
    alpn: [u8; 2],
}

/// A ClientHello, as far as it tells something. The octets hold what fingerprints are made of, and equal octets have
/// equal fingerprints: the version, the two characters of ALPN in JA4, the suites, and each extension with what counts
/// of it, all as on the wire, GREASE left out.
struct Outline<'a> {
    octets: Vec<u8>,
    server_name: Option<&'a [u8]>,
    alpn: SmallVec<[&'a [u8]; 2]>,
}

/// Octets of an outline, mostly.
const OUTLINE_USUAL: usize = 256;

/// Extensions of which more counts than that they are there.
mod extension {
    pub(super) const SERVER_NAME: u16 = 0x0000;
    pub(super) const GROUPS: u16 = 0x000a;
    pub(super) const POINT_FORMATS: u16 = 0x000b;
    pub(super) const SIGNATURES: u16 = 0x000d;
    pub(super) const ALPN: u16 = 0x0010;
    pub(super) const VERSIONS: u16 = 0x002b;
}

/// What these first octets of a connection tell, if they are TLS records that hold a whole ClientHello. What may
/// follow it is not looked at.
pub fn read_hello(octets: &[u8]) -> Option<Hello> {
    Hellos::default().read(octets)
}

/// Reads ClientHellos, and remembers the fingerprints of the last ones: the same few programs come again and again.
#[derive(Debug, Default)]
pub struct Hellos(Mutex<VecDeque<Known>>);

/// What a program offers, and its fingerprints.
#[derive(Debug)]
struct Known {
    outline: Box<[u8]>,
    version: u16,
    offer: Offer,
    /// Its extensions in the order of their numbers.
    ascending: Vec<u16>,
    ja3: String,
    ja4: String,
}

impl Hellos {
    /// As [`read_hello`] does, which remembers nothing.
    pub fn read(&self, octets: &[u8]) -> Option<Hello> {
        let handshake = handshake(octets)?;
        let outline = Outline::read(&handshake)?;
        let (version, ja3, ja4) = match self.known(&outline) {
            Some(known) => known,
            None => self.fingerprints(Offer::of(&outline)?, &outline),
        };
        let alpn: Vec<u8> = outline.alpn.join(&b',');
        Some(Hello {
            version,
            server_name: outline.server_name.map(|name| Untrusted::new(&name[..name.len().min(NAME_MAX)])),
            alpn: (!alpn.is_empty()).then(|| Untrusted::new(&alpn[..alpn.len().min(NAME_MAX)])),
            ja3,
            ja4,
        })
    }

    /// Version and fingerprints of an offer that came before.
    fn known(&self, outline: &Outline<'_>) -> Option<(u16, String, String)> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.iter().find(|known| *known.outline == outline.octets[..])?;
        Some((known.version, known.ja3.clone(), known.ja4.clone()))
    }

    fn fingerprints(&self, offer: Offer, outline: &Outline<'_>) -> (u16, String, String) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let version = offer.version();
        let mut text = Vec::with_capacity(TEXT_USUAL);
        let ja3 = offer.ja3(&mut text);
        let mut ascending = offer.extensions.clone();
        ascending.sort_unstable();
        // JA4 does not look at the order of extensions, and many programs shuffle them.
        if let Some(known) = known.iter().find(|known| known.is_shuffled(&offer, &ascending)) {
            return (version, ja3, known.ja4.clone());
        }
        let ja4 = offer.ja4(&mut text);
        if offer.numbers() <= REMEMBERED_NUMBERS {
            known.truncate(REMEMBERED - 1);
            let outline = outline.octets.as_slice().into();
            known.push_front(Known { outline, version, offer, ascending, ja3: ja3.clone(), ja4: ja4.clone() });
        }
        (version, ja3, ja4)
    }
}

impl Known {
    /// Whether this offer, with extensions that are these in their order, differs in the order of extensions alone.
    fn is_shuffled(&self, offer: &Offer, ascending: &[u16]) -> bool {
        let Offer { legacy_version, suites, extensions: _, groups, point_formats, signatures, versions, alpn } = offer;
        let known = &self.offer;
        self.ascending == ascending
            && known.legacy_version == *legacy_version
            && known.suites == *suites
            && known.groups == *groups
            && known.point_formats == *point_formats
            && known.signatures == *signatures
            && known.versions == *versions
            && known.alpn == *alpn
    }
}

/// The body of the first handshake message, put together from as many records as it takes (RFC 8446 §5.1).
fn handshake(octets: &[u8]) -> Option<Cow<'_, [u8]>> {
    let mut rest = Octets(octets);
    let mut message = Cow::Borrowed(&[][..]);
    loop {
        let [content_type, major, _minor] = *rest.take(3)? else { return None };
        if content_type != 22 || major != 3 {
            return None;
        }
        // A record that has not come whole may hold the end of the message all the same.
        let length = usize::from(rest.u16()?);
        let record = rest.up_to(length);
        if message.is_empty() {
            message = Cow::Borrowed(record);
        } else {
            message.to_mut().extend_from_slice(record);
        }
        let Some(([1, a, b, c], body)) = message.split_first_chunk() else {
            if message.len() >= 4 {
                return None;
            }
            continue;
        };
        let length = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
        if body.len() >= length {
            return Some(match message {
                Cow::Borrowed(message) => Cow::Borrowed(&message[4..4 + length]),
                Cow::Owned(message) => Cow::Owned(message[4..4 + length].to_vec()),
            });
        }
    }
}

impl<'a> Outline<'a> {
    /// RFC 8446 §4.1.2; RFC 5246 §7.4.1.2, where extensions may be missing.
    fn read(body: &'a [u8]) -> Option<Self> {
        let mut rest = Octets(body);
        let mut outline = Self { octets: Vec::with_capacity(OUTLINE_USUAL), server_name: None, alpn: SmallVec::new() };
        outline.octets.extend_from_slice(rest.take(2)?);
        outline.octets.extend_from_slice(b"00");
        rest.take(32)?;
        let session = usize::from(rest.u8()?);
        rest.take(session)?;
        outline.put_numbers(rest.vector()?);
        let compressions = usize::from(rest.u8()?);
        rest.take(compressions)?;
        if rest.0.is_empty() {
            return Some(outline);
        }
        let mut extensions = rest.vector()?;
        while !extensions.0.is_empty() {
            let kind = extensions.u16()?;
            let data = extensions.vector()?;
            if !is_grease(kind) {
                outline.octets.extend_from_slice(&kind.to_be_bytes());
                outline.extension(kind, data)?;
            }
        }
        let alpn = ja4_alpn(outline.alpn.first().copied().unwrap_or_default());
        outline.octets[2..4].copy_from_slice(&alpn);
        Some(outline)
    }

    fn extension(&mut self, kind: u16, mut data: Octets<'a>) -> Option<()> {
        match kind {
            extension::SERVER_NAME => {
                let mut names = data.vector()?;
                while !names.0.is_empty() {
                    let kind = names.u8()?;
                    let name = names.vector()?;
                    if kind == 0 {
                        self.server_name.get_or_insert(name.0);
                    }
                }
                self.put(b"");
            }
            extension::GROUPS | extension::SIGNATURES => self.put_numbers(data.vector()?),
            extension::POINT_FORMATS => {
                let length = usize::from(data.u8()?);
                self.put(data.take(length)?);
            }
            extension::ALPN => {
                let mut protocols = data.vector()?;
                while !protocols.0.is_empty() {
                    let length = usize::from(protocols.u8()?);
                    self.alpn.push(protocols.take(length)?);
                }
                self.put(b"");
            }
            extension::VERSIONS => {
                let length = usize::from(data.u8()?);
                self.put_numbers(Octets(data.take(length)?));
            }
            _ => self.put(b""),
        }
        Some(())
    }

    /// Octets behind their length, as they came.
    fn put(&mut self, octets: &[u8]) {
        let length = u16::try_from(octets.len()).expect("a length of two octets was read");
        self.octets.extend_from_slice(&length.to_be_bytes());
        self.octets.extend_from_slice(octets);
    }

    /// Numbers of two octets behind their length, without GREASE.
    fn put_numbers(&mut self, numbers: Octets<'_>) {
        let pairs = numbers.0.as_chunks::<2>().0;
        let is_grease = |pair: &&[u8; 2]| is_grease(u16::from_be_bytes(**pair));
        if !pairs.iter().any(|pair| is_grease(&pair)) {
            return self.put(pairs.as_flattened());
        }
        let place = self.octets.len();
        self.put(b"");
        pairs.iter().filter(|pair| !is_grease(pair)).for_each(|pair| self.octets.extend_from_slice(pair));
        let length = u16::try_from(self.octets.len() - place - 2).expect("no more came than two octets can count");
        self.octets[place..place + 2].copy_from_slice(&length.to_be_bytes());
    }
}

impl Offer {
    /// Takes an outline apart.
    fn of(outline: &Outline<'_>) -> Option<Self> {
        let mut rest = Octets(&outline.octets);
        let legacy_version = rest.u16()?;
        let [first, last] = *rest.take(2)? else { return None };
        let mut offer =
            Self { legacy_version, suites: rest.vector()?.numbers(), alpn: [first, last], ..Self::default() };
        while !rest.0.is_empty() {
            let kind = rest.u16()?;
            let data = rest.vector()?;
            offer.extensions.push(kind);
            match kind {
                extension::GROUPS => offer.groups = data.numbers(),
                extension::POINT_FORMATS => offer.point_formats = data.0.to_vec(),
                extension::SIGNATURES => offer.signatures = data.numbers(),
                extension::VERSIONS => offer.versions = data.numbers(),
                _ => {}
            }
        }
        Some(offer)
    }

    /// Numbers in all lists.
    fn numbers(&self) -> usize {
        let lists = [&self.suites, &self.extensions, &self.groups, &self.signatures, &self.versions];
        lists.iter().map(|list| list.len()).sum::<usize>() + self.point_formats.len()
    }

    /// The highest version it offers.
    fn version(&self) -> u16 {
        self.versions.iter().copied().max().unwrap_or(self.legacy_version)
    }

    /// MD5 over five lists of decimal numbers.
    fn ja3(&self, text: &mut Vec<u8>) -> String {
        text.clear();
        put_decimal(text, self.legacy_version);
        for numbers in [&self.suites, &self.extensions, &self.groups] {
            text.push(b',');
            put_list(text, b'-', numbers.iter().copied(), put_decimal);
        }
        text.push(b',');
        put_list(text, b'-', self.point_formats.iter().map(|format| u16::from(*format)), put_decimal);
        hexadecimal(&Md5::digest(text))
    }

    fn ja4(&self, text: &mut Vec<u8>) -> String {
        let mut suites = self.suites.clone();
        suites.sort_unstable();
        text.clear();
        put_list(text, b',', suites.into_iter(), put_hexadecimal);
        let suites = ja4_hash(text);
        let mut extensions: Vec<u16> = self
            .extensions
            .iter()
            .copied()
            .filter(|kind| !matches!(*kind, extension::SERVER_NAME | extension::ALPN))
            .collect();
        extensions.sort_unstable();
        let has_extensions = !extensions.is_empty();
        text.clear();
        put_list(text, b',', extensions.into_iter(), put_hexadecimal);
        if !self.signatures.is_empty() && has_extensions {
            text.push(b'_');
            put_list(text, b',', self.signatures.iter().copied(), put_hexadecimal);
        }
        let mut ja4 = String::with_capacity(36);
        ja4.push('t');
        ja4.push_str(self.ja4_version());
        ja4.push(if self.extensions.contains(&extension::SERVER_NAME) { 'd' } else { 'i' });
        put_two_digits(&mut ja4, self.suites.len());
        put_two_digits(&mut ja4, self.extensions.len());
        ja4.extend(self.alpn.map(char::from));
        ja4.push('_');
        ja4.push_str(&suites);
        ja4.push('_');
        ja4.push_str(&ja4_hash(text));
        ja4
    }

    fn ja4_version(&self) -> &'static str {
        match self.version() {
            0x0304 => "13",
            0x0303 => "12",
            0x0302 => "11",
            0x0301 => "10",
            0x0300 => "s3",
            0x0002 => "s2",
            _ => "00",
        }
    }
}

/// The first and the last character of a protocol, or of its hexadecimal form.
fn ja4_alpn(protocol: &[u8]) -> [u8; 2] {
    let ([first, ..], [.., last]) = (protocol, protocol) else { return *b"00" };
    if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() {
        return [*first, *last];
    }
    [DIGITS[usize::from(first >> 4)], DIGITS[usize::from(last & 15)]]
}

fn ja4_hash(text: &[u8]) -> String {
    if text.is_empty() {
        return "000000000000".to_owned();
    }
    hexadecimal(&digest(&SHA256, text).as_ref()[..6])
}

/// Numbers with something between them. Written by hand: each handshake has a hundred.
fn put_list(text: &mut Vec<u8>, between: u8, numbers: impl Iterator<Item = u16>, put: impl Fn(&mut Vec<u8>, u16)) {
    for (place, number) in numbers.enumerate() {
        if place > 0 {
            text.push(between);
        }
        put(text, number);
    }
}

fn put_decimal(text: &mut Vec<u8>, number: u16) {
    let digits = [10_000, 1_000, 100, 10, 1].map(|power| DIGITS[usize::from(number / power % 10)]);
    let zeros = digits[..4].iter().take_while(|digit| **digit == b'0').count();
    text.extend_from_slice(&digits[zeros..]);
}

fn put_hexadecimal(text: &mut Vec<u8>, number: u16) {
    text.extend_from_slice(&[12, 8, 4, 0].map(|bits| DIGITS[usize::from(number >> bits & 15)]));
}

/// 99 and more are 99.
fn put_two_digits(text: &mut String, number: usize) {
    let number = number.min(99);
    text.extend([DIGITS[number / 10], DIGITS[number % 10]].map(char::from));
}

fn hexadecimal(octets: &[u8]) -> String {
    let digits = octets.iter().flat_map(|octet| [DIGITS[usize::from(octet >> 4)], DIGITS[usize::from(octet & 15)]]);
    let mut text = String::with_capacity(2 * octets.len());
    text.extend(digits.map(char::from));
    text
}

/// `0x0a0a`, `0x1a1a` … `0xfafa` (RFC 8701 §2).
const fn is_grease(number: u16) -> bool {
    number & 0x0f0f == 0x0a0a && number >> 8 == number & 0xff
}

/// Octets that are read from their beginning.
#[derive(Clone, Copy)]
struct Octets<'a>(&'a [u8]);

impl<'a> Octets<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// As many as there are, up to this many.
    fn up_to(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }

    fn u8(&mut self) -> Option<u8> {
        let [octet] = *self.take(1)? else { return None };
        Some(octet)
    }

    fn u16(&mut self) -> Option<u16> {
        let [high, low] = *self.take(2)? else { return None };
        Some(u16::from_be_bytes([high, low]))
    }

    /// Octets behind a length of two octets.
    fn vector(&mut self) -> Option<Octets<'a>> {
        let length = usize::from(self.u16()?);
        self.take(length).map(Octets)
    }

    /// Numbers of two octets.
    fn numbers(self) -> Vec<u16> {
        self.0.as_chunks::<2>().0.iter().map(|pair| u16::from_be_bytes(*pair)).collect()
    }
}
