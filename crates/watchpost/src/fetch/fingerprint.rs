//! What a message is known by when its unique-id is not to be trusted: hashes of what came over the wire.

use std::fmt;

use aws_lc_rs::digest::{Context, SHA256};
use data_encoding::HEXLOWER;

/// Octets of a hash that are kept: 96 bits, so that two messages of one account never share them by chance.
const KEPT: usize = 12;

/// A hash, cut to 96 bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Print([u8; KEPT]);

impl Print {
    /// That of nothing.
    pub(super) const NONE: Self = Self([0; KEPT]);

    pub(super) fn of(context: Context) -> Self {
        let hash = context.finish();
        let mut kept = [0; KEPT];
        kept.copy_from_slice(&hash.as_ref()[..KEPT]);
        Self(kept)
    }

    /// As it stands in the journal.
    pub fn parse(text: &str) -> Option<Self> {
        HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok().map(Self)
    }
}

impl fmt::Display for Print {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; 2 * KEPT];
        HEXLOWER.encode_mut(&self.0, &mut text);
        formatter.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Debug for Print {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Print({self})")
    }
}

/// Hashes of a message: of its header with the empty line behind it, and of everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// What TOP with no lines gives, too.
    pub header: Print,
    /// What RETR gives.
    pub whole: Print,
    /// How many octets LIST announced, right or wrong.
    pub listed: u64,
}

/// Where in the header the next octet stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    LineStart,
    /// A CR stood at the start of a line.
    EmptyLine,
    Inside,
    AfterCr,
    Body,
}

/// Takes a message as it comes, however it is cut.
pub struct Fingerprinter {
    whole: Context,
    /// That of the header, when its end has come.
    header: Option<Print>,
    place: Place,
}

impl Default for Fingerprinter {
    fn default() -> Self {
        Self { whole: Context::new(&SHA256), header: None, place: Place::LineStart }
    }
}

impl Fingerprinter {
    /// The next octets, without stuffing.
    pub fn push(&mut self, octets: &[u8]) {
        let header = if self.place == Place::Body { 0 } else { self.header_of(octets) };
        let (header, body) = octets.split_at(header);
        if !header.is_empty() {
            self.whole.update(header);
            if self.place == Place::Body {
                self.header = Some(Print::of(self.whole.clone()));
            }
        }
        self.whole.update(body);
    }

    /// How many of the octets belong to the header.
    fn header_of(&mut self, octets: &[u8]) -> usize {
        let mut used = 0;
        while let Some(octet) = octets.get(used) {
            self.place = match (self.place, octet) {
                (Place::EmptyLine, b'\n') => {
                    self.place = Place::Body;
                    return used + 1;
                }
                (Place::LineStart, b'\r') => Place::EmptyLine,
                (Place::EmptyLine, b'\r') => Place::AfterCr,
                (Place::LineStart | Place::EmptyLine, _) => Place::Inside,
                (before, _) => {
                    let rest = &octets[used..];
                    let Some(feed) = memchr::memchr(b'\n', rest) else {
                        self.place = if rest.ends_with(b"\r") { Place::AfterCr } else { Place::Inside };
                        return octets.len();
                    };
                    let after_cr = if feed == 0 { before == Place::AfterCr } else { rest[feed - 1] == b'\r' };
                    used += feed;
                    if after_cr { Place::LineStart } else { Place::Inside }
                }
            };
            used += 1;
        }
        used
    }

    /// Nothing follows. `listed`: what LIST announced.
    pub fn finish(self, listed: u64) -> Fingerprint {
        let whole = Print::of(self.whole);
        Fingerprint { header: self.header.unwrap_or(whole), whole, listed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(message: &[u8], cut: usize) -> Fingerprint {
        let mut prints = Fingerprinter::default();
        message.chunks(cut).for_each(|piece| prints.push(piece));
        prints.finish(message.len() as u64)
    }

    #[test]
    fn the_header_ends_with_its_empty_line_however_the_message_is_cut() {
        let message = b"A: 1\r\nB: \r2\r\n\r\nbody\r\n\r\nmore\r\n";
        for cut in 1..40 {
            assert_eq!(of(message, cut), of(message, 99));
            assert_eq!(of(message, cut).header, of(b"A: 1\r\nB: \r2\r\n\r\n", 99).whole);
        }
        assert_ne!(of(message, 9).header, of(b"A: 1\r\nB: \r2\r\n", 99).header);
        assert_eq!(of(b"\r\nbody", 1).header, of(b"\r\n", 9).whole);
        let print = of(message, 9).whole;
        assert_eq!(Print::parse(&print.to_string()), Some(print));
    }
}
