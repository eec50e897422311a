//! Cuts lines out of a stream, bounds them, and never resumes inside a bad one (P-022, S-042).

use memchr::memchr;
use zeroize::Zeroize;

/// What ends a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEnd {
    /// CRLF alone (RFC 1939 §3). A lone LF is a character like another, and an invalid one.
    Strict,
    /// CRLF, or a lone LF: telnet-like clients and hand-typed sessions send it (P-027).
    Lenient,
}

/// One line of input, without its end.
#[derive(Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// A complete line. May hold a CR that ended nothing.
    Complete(&'a [u8]),
    /// A line longer than allowed, reported once. Its octets are gone, and so is what is still to come of it.
    TooLong {
        /// What was allowed.
        limit: usize,
    },
}

/// How input was cut, for whoever watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// A line whose end has this many octets.
    Whole {
        /// One or two.
        end: usize,
    },
    /// Octets of a line that is too long, each shown once.
    Lost {
        /// What they are, the line's end included.
        octets: &'a [u8],
        /// Whether the line ended with them.
        ended: bool,
    },
}

/// Input that waits to be cut. Holds one unfinished line at most, beside what was handed over last.
#[derive(Debug)]
pub struct LineBuffer {
    octets: Vec<u8>,
    /// Octets before this have been handed out as lines.
    start: usize,
    line_end: LineEnd,
    discarding: bool,
}

impl LineBuffer {
    /// An empty buffer.
    pub const fn new(line_end: LineEnd) -> Self {
        Self { octets: Vec::new(), start: 0, line_end, discarding: false }
    }

    /// Takes input over.
    pub fn extend(&mut self, input: &[u8]) {
        self.forget_handed_out();
        self.octets.extend_from_slice(input);
    }

    /// Octets that no line has been cut from yet.
    pub fn waiting(&self) -> &[u8] {
        &self.octets[self.start..]
    }

    /// Throws everything away, an unfinished line included.
    pub fn clear(&mut self) {
        self.octets.zeroize();
        self.start = 0;
        self.discarding = false;
    }

    /// The next line. `limit` says of its beginning how many octets it may have, its end counted.
    pub fn next_line(&mut self, limit: impl Fn(&[u8]) -> usize) -> Option<Line<'_>> {
        self.next_line_watched(limit, |_| {})
    }

    /// The next line, and to `watch` how it was cut, and what is thrown away of lines that are too long.
    pub(crate) fn next_line_watched(
        &mut self,
        limit: impl Fn(&[u8]) -> usize,
        mut watch: impl FnMut(Piece<'_>),
    ) -> Option<Line<'_>> {
        loop {
            let end = self.end_of_line();
            if self.discarding {
                let lost = &self.octets[self.start..end.map_or(self.octets.len(), |end| end.after)];
                watch(Piece::Lost { octets: lost, ended: end.is_some() });
                let Some(end) = end else {
                    self.clear();
                    self.discarding = true;
                    return None;
                };
                self.start = end.after;
                self.discarding = false;
                continue;
            }
            let limit = limit(self.waiting());
            let length = end.map_or(self.octets.len() - self.start, |end| end.after - self.start);
            if length > limit || (end.is_none() && length == limit) {
                match end {
                    Some(end) => {
                        watch(Piece::Lost { octets: &self.octets[self.start..end.after], ended: true });
                        self.start = end.after;
                    }
                    None => self.discarding = true,
                }
                return Some(Line::TooLong { limit });
            }
            let end = end?;
            watch(Piece::Whole { end: end.after - end.text });
            let from = std::mem::replace(&mut self.start, end.after);
            return Some(Line::Complete(&self.octets[from..end.text]));
        }
    }

    fn end_of_line(&self) -> Option<End> {
        let mut from = self.start;
        loop {
            let feed = from + memchr(b'\n', &self.octets[from..])?;
            if feed > self.start && self.octets[feed - 1] == b'\r' {
                return Some(End { text: feed - 1, after: feed + 1 });
            }
            if self.line_end == LineEnd::Lenient {
                return Some(End { text: feed, after: feed + 1 });
            }
            from = feed + 1;
        }
    }

    /// Lines that were handed out may have held a password (S-023).
    fn forget_handed_out(&mut self) {
        if self.start == 0 {
            return;
        }
        let waiting = self.octets.len() - self.start;
        self.octets.copy_within(self.start.., 0);
        self.octets[waiting..].zeroize();
        self.octets.truncate(waiting);
        self.start = 0;
        if waiting == 0 && self.octets.capacity() > 4096 {
            self.octets = Vec::new();
        }
    }
}

#[derive(Clone, Copy)]
struct End {
    /// Where the text of the line ends.
    text: usize,
    /// Where the next line begins.
    after: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(line_end: LineEnd, limit: usize, input: &[u8]) -> Vec<Option<Vec<u8>>> {
        let mut buffer = LineBuffer::new(line_end);
        let mut found = Vec::new();
        for octet in input {
            buffer.extend(&[*octet]);
            while let Some(line) = buffer.next_line(|_| limit) {
                found.push(match line {
                    Line::Complete(text) => Some(text.to_vec()),
                    Line::TooLong { .. } => None,
                });
            }
        }
        found
    }

    #[test]
    fn a_lone_line_feed_ends_a_line_only_when_lenient() {
        // P-027
        assert_eq!(lines(LineEnd::Lenient, 99, b"a\nb\r\n"), [Some(b"a".to_vec()), Some(b"b".to_vec())]);
        assert_eq!(lines(LineEnd::Strict, 99, b"a\nb\r\n"), [Some(b"a\nb".to_vec())]);
        assert_eq!(lines(LineEnd::Lenient, 99, b"a\rb\r\n"), [Some(b"a\rb".to_vec())]);
    }

    #[test]
    fn the_tail_of_a_line_that_is_too_long_is_no_line() {
        // P-022: 300 × "A", then QUIT in the same line.
        let mut input = vec![b'A'; 300];
        input.extend_from_slice(b"QUIT\r\nNOOP\r\n");
        assert_eq!(lines(LineEnd::Lenient, 255, &input), [None, Some(b"NOOP".to_vec())]);
    }

    #[test]
    fn the_limit_counts_the_line_end() {
        // P-021
        let line = |length: usize| [vec![b'A'; length], b"\r\n".to_vec()].concat();
        assert_eq!(lines(LineEnd::Lenient, 255, &line(253)), [Some(vec![b'A'; 253])]);
        assert_eq!(lines(LineEnd::Lenient, 255, &line(254)), [None]);
    }

    #[test]
    fn an_endless_line_is_not_kept() {
        // S-045
        let mut buffer = LineBuffer::new(LineEnd::Lenient);
        for _ in 0..1000 {
            buffer.extend(&[b'A'; 1000]);
            while buffer.next_line(|_| 255).is_some() {}
            assert!(buffer.waiting().len() <= 1000);
        }
    }
}
