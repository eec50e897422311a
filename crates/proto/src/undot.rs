//! From the wire back to the message: takes one leading dot from each line and finds the lone dot that ends it.

use memchr::memmem;

/// Where in a line the next octet stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Position {
    LineStart,
    /// A dot stood first. It is stuffing, or the beginning of the end.
    AfterDot,
    /// A dot and a CR stood first.
    AfterDotCr,
    Inside,
    AfterCr,
}

/// What comes next of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unstuffed<'a> {
    /// Octets of the message, most often a slice of the input.
    Octets(&'a [u8]),
    /// The line with the lone dot: the message is complete.
    End,
}

/// Undoes [`crate::DotStuffer`], wherever the input is cut (RFC 1939 §3; P-043, C-027). Only CRLF ends a line (C-028).
#[derive(Clone, Debug)]
pub struct DotUnstuffer {
    position: Position,
}

impl Default for DotUnstuffer {
    fn default() -> Self {
        Self { position: Position::LineStart }
    }
}

impl DotUnstuffer {
    /// How many octets of the input are used up, and what they are; `None`: more input is needed.
    ///
    /// After [`Unstuffed::End`] the next octet is no longer part of the message.
    pub fn next<'a>(&mut self, wire: &'a [u8]) -> (usize, Option<Unstuffed<'a>>) {
        let mut used = 0;
        loop {
            let Some(octet) = wire.get(used) else { return (used, None) };
            match (self.position, octet) {
                (Position::LineStart, b'.') => self.position = Position::AfterDot,
                (Position::AfterDot, b'\r') => self.position = Position::AfterDotCr,
                (Position::AfterDotCr, b'\n') => {
                    self.position = Position::LineStart;
                    return (used + 1, Some(Unstuffed::End));
                }
                (Position::AfterDotCr, _) => {
                    // The line was no terminator: its dot is stuffing, and its CR is data.
                    self.position = Position::AfterCr;
                    return (used, Some(Unstuffed::Octets(b"\r")));
                }
                _ => {
                    let length = self.text(&wire[used..]);
                    return (used + length, Some(Unstuffed::Octets(&wire[used..used + length])));
                }
            }
            used += 1;
        }
    }

    /// How many octets go out as they are: up to the first line that begins with a dot, or all of them.
    fn text(&mut self, wire: &[u8]) -> usize {
        // The CR was at the end of the last input, and only what follows its LF can tell.
        if self.position == Position::AfterCr && matches!(wire, [b'\n'] | [b'\n', b'.', ..]) {
            self.position = Position::LineStart;
            return 1;
        }
        if let Some(place) = memmem::find(wire, b"\r\n.") {
            self.position = Position::LineStart;
            return place + 2;
        }
        self.position = match wire {
            [.., b'\r', b'\n'] => Position::LineStart,
            [.., b'\r'] => Position::AfterCr,
            _ => Position::Inside,
        };
        wire.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{DotStuffer, Extent};

    fn unstuff(wire: &[u8], cut: usize) -> (Vec<u8>, Vec<u8>) {
        let (mut unstuffer, mut message, mut chunks) = (DotUnstuffer::default(), Vec::new(), wire.chunks(cut));
        while let Some(mut chunk) = chunks.next() {
            while !chunk.is_empty() {
                let (used, piece) = unstuffer.next(chunk);
                chunk = &chunk[used..];
                match piece {
                    Some(Unstuffed::Octets(octets)) => message.extend_from_slice(octets),
                    Some(Unstuffed::End) => {
                        let rest: Vec<u8> = chunks.flatten().copied().collect();
                        return (message, [chunk, &rest].concat());
                    }
                    None => assert!(chunk.is_empty(), "all input is used up when more is wanted"),
                }
            }
        }
        panic!("no terminator");
    }

    #[test]
    fn exactly_one_leading_dot_is_taken_and_only_a_whole_line_ends_the_message() {
        // P-041, P-042, C-027, C-028
        for (wire, message) in [
            (&b".\r\n+OK"[..], &b""[..]),
            (b"..\r\n...\r\n..x\r\ny.\r\n.\r\n+OK", b".\r\n..\r\n.x\r\ny.\r\n"),
            (b".\rx\r\n.\r\r\n.\r\n+OK", b"\rx\r\n\r\r\n"),
            (b"a\n.\r\nb\r.\r\n\r\n.\r\n+OK", b"a\n.\r\nb\r.\r\n\r\n"),
            (b"+OK\r\n-ERR\r\n.\r\n+OK", b"+OK\r\n-ERR\r\n"),
        ] {
            for cut in 1..=wire.len() {
                assert_eq!(unstuff(wire, cut), (message.to_vec(), b"+OK".to_vec()), "{cut}");
            }
        }
    }

    proptest! {
        #[test]
        fn what_was_stuffed_comes_back_for_every_cutting(
            message in prop::collection::vec(
                prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'.'), Just(0), any::<u8>()], 0..200),
            cut in 1_usize..12,
        ) {
            // P-043, C-027: un-stuffing the stuffed form twice over is the same as once.
            let mut wire = Vec::new();
            let mut stuffer = DotStuffer::new(Extent::Whole);
            stuffer.push(&message, &mut wire);
            stuffer.finish(&mut wire);
            let (canonical, rest) = unstuff(&wire, cut);
            prop_assert!(rest.is_empty());
            let mut again = Vec::new();
            let mut stuffer = DotStuffer::new(Extent::Whole);
            stuffer.push(&canonical, &mut again);
            stuffer.finish(&mut again);
            prop_assert_eq!(&again, &wire);
            prop_assert_eq!(crate::OctetCounter::of(&message).0, canonical.len() as u64);
        }
    }
}
