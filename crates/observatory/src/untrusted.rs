//! Octets that a peer chose.

use std::fmt::{self, Write};

use watchpost_proto::planted::planted;
use watchpost_proto::pop3::server::Text;

/// Octets a peer chose. Shown, they are one line of harmless text: controls, escape sequences, bidi marks and
/// octets that are no UTF-8 come out escaped, and what is too long is cut (S-044).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Untrusted(Text);

/// Characters shown of an [`Untrusted`] at the most.
const SHOWN_MAX: usize = 128;

impl Untrusted {
    /// Takes octets as they came.
    pub fn new(octets: impl Into<Vec<u8>>) -> Self {
        let octets = octets.into();
        if planted("observatory.texts-are-copied") {
            return Self(Text::from_vec(octets.clone()));
        }
        let is_long = octets.len() > Text::new().inline_size();
        Self(if is_long { Text::from_vec(octets) } else { Text::from_slice(&octets) })
    }

    /// Takes a line as the session tells it.
    pub fn line(text: Text) -> Self {
        if planted("observatory.texts-are-copied") { Self::new(text.to_vec()) } else { Self(text) }
    }

    /// The octets as they came, for whoever compares or stores them.
    pub fn as_octets(&self) -> &[u8] {
        &self.0
    }

    /// As harmless as ever, on a line of its own and longer: quotes stay, since there are none around it.
    pub fn as_line(&self, characters: usize) -> String {
        let mut line = String::new();
        let shown = self.show(&mut line, characters, |character| character == '"' || is_harmless(character));
        shown.expect("a String takes everything");
        line
    }

    fn show(&self, into: &mut impl Write, characters: usize, stays: impl Fn(char) -> bool) -> fmt::Result {
        let mut shown = 0;
        for chunk in self.0.utf8_chunks() {
            for character in chunk.valid().chars() {
                shown += 1;
                if shown > characters {
                    return into.write_char('…');
                }
                if stays(character) {
                    into.write_char(character)?;
                } else {
                    write!(into, "{}", character.escape_unicode())?;
                }
            }
            for octet in chunk.invalid() {
                shown += 1;
                write!(into, "\\x{octet:02x}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Untrusted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.show(formatter, SHOWN_MAX, is_harmless)
    }
}

impl fmt::Debug for Untrusted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "\"{self}\"")
    }
}

/// Neither a control, nor something that turns, hides or forges text, nor a quote of the escapes themselves.
fn is_harmless(character: char) -> bool {
    !(character.is_control()
        || matches!(character, '\\' | '"' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}')
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(character, '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(octets: &[u8]) -> String {
        Untrusted::new(octets).to_string()
    }

    #[test]
    fn what_a_peer_chose_is_shown_harmlessly() {
        // S-044
        assert_eq!(shown(b"alice"), "alice");
        assert_eq!(shown("ゆき".as_bytes()), "ゆき");
        assert_eq!(shown(b"a\x1b[2Jb\r\nc\0"), "a\\u{1b}[2Jb\\u{d}\\u{a}c\\u{0}");
        assert_eq!(shown("x\u{202e}y\u{2066}\u{feff}".as_bytes()), "x\\u{202e}y\\u{2066}\\u{feff}");
        assert_eq!(shown(b"\xff\xfe\"\\"), "\\xff\\xfe\\u{22}\\u{5c}");
        assert_eq!(shown(&[b'x'; 1000]).chars().count(), 129);
        assert_eq!(Untrusted::new(b"\x1b]0;\"x\"\\\xc2\x9b").as_line(9), "\\u{1b}]0;\"x\"\\u{5c}\\u{9b}");
        assert_eq!(Untrusted::new([b'x'; 1000]).as_line(512).chars().count(), 513);
    }
}
