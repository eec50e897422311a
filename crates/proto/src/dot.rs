//! From stored octets to the wire: one pass that ends every line with CRLF and stuffs leading dots.
//!
//! A message may lie in the store with CRLF, LF or lone CR line ends, without a last line end, with NULs and
//! with lines of any length (P-044, P-045, P-047). [`OctetCounter`] and [`DotStuffer`] read it through the
//! same small machine, so that what LIST says is what RETR sends, to the octet (P-162).

use memchr::{memchr, memchr_iter, memchr2, memchr3, memmem};

use crate::planted::planted;
use crate::types::{Extent, Octets};

/// Where in a line the next octet stands. Kept as state: never read back from the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Position {
    LineStart,
    Inside,
    /// A CR has been read and its LF may follow in the next chunk. `blank`: nothing stood before it.
    AfterCr {
        blank: bool,
    },
}

/// What goes out for NULs, which come in runs where a file has a hole.
static REPLACED: [u8; 4096] = [0x80; 4096];

/// What the machine finds.
enum Piece<'a> {
    /// Octets without line end or NUL.
    Text { octets: &'a [u8], first: bool },
    /// CRLF, LF or a lone CR. `blank`: the line was empty.
    LineEnd { blank: bool },
}

/// How the lines of a chunk end, where all of them end alike and there is no NUL: nearly every chunk of real mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LineEnds {
    Lf { count: u64 },
    CrLf,
}

impl LineEnds {
    /// Of a chunk that begins at the start of a line or within one. `None`: each line has to be looked at.
    fn of(chunk: &[u8]) -> Option<Self> {
        match memchr2(b'\r', 0, chunk).map(|at| chunk[at]) {
            None => Some(Self::Lf { count: memchr_iter(b'\n', chunk).count() as u64 }),
            Some(0) => None,
            Some(_) if memchr(0, chunk).is_some() => None,
            Some(_) => {
                let pairs = pairs(chunk);
                let alike = memchr_iter(b'\n', chunk).count() == pairs && memchr_iter(b'\r', chunk).count() == pairs;
                alike.then_some(Self::CrLf)
            }
        }
    }
}

/// How many CRLFs there are.
fn pairs(chunk: &[u8]) -> usize {
    let behind = chunk.get(1..).unwrap_or_default();
    // Blocks whose count fits into an octet: compilers make vectors of that.
    let blocks = chunk.chunks(128).zip(behind.chunks(128));
    let count = |(first, second): (&[u8], &[u8])| {
        first.iter().zip(second).fold(0_u8, |count, (one, next)| count + u8::from(*one == b'\r' && *next == b'\n'))
    };
    blocks.map(|block| usize::from(count(block))).sum()
}

/// Whether whoever receives the pieces wants more of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Go on with the next chunk.
    More,
    /// TOP has its lines; the rest of the message is not needed.
    Enough,
}

/// Cuts stored octets into lines, whatever their line ends are and wherever the chunks are cut (P-043).
#[derive(Clone, Debug)]
struct Lines {
    position: Position,
}

impl Lines {
    const fn new() -> Self {
        // The first line counts too: a message may begin with a dot.
        Self { position: Position::LineStart }
    }

    /// How all lines of the chunk end, if they end alike. Then the chunk is taken as read.
    fn take_alike(&mut self, chunk: &[u8]) -> Option<(Position, LineEnds)> {
        let before = self.position;
        if matches!(before, Position::AfterCr { .. }) {
            return None;
        }
        let ends = LineEnds::of(chunk)?;
        match chunk.last() {
            None => {}
            Some(b'\n') => self.position = Position::LineStart,
            Some(_) => self.position = Position::Inside,
        }
        Some((before, ends))
    }

    fn push<'a>(&mut self, chunk: &'a [u8], mut take: impl FnMut(Piece<'a>) -> Progress) -> Progress {
        let mut rest = chunk;
        if let (Position::AfterCr { blank }, [first, ..]) = (self.position, rest) {
            if *first == b'\n' {
                rest = &rest[1..];
            }
            if self.line_end(blank, &mut take) == Progress::Enough {
                return Progress::Enough;
            }
        }
        while !rest.is_empty() {
            let stop = memchr3(b'\r', b'\n', 0, rest).unwrap_or(rest.len());
            let (text, behind) = rest.split_at(stop);
            if !text.is_empty() && self.text(text, &mut take) == Progress::Enough {
                return Progress::Enough;
            }
            let blank = self.position == Position::LineStart;
            let (progress, used) = match behind {
                [] => return Progress::More,
                // Clients written in C stop at a NUL (P-240); the size stays the same.
                [0, ..] => {
                    let run = behind.iter().take(REPLACED.len()).take_while(|octet| **octet == 0).count();
                    (self.text(&REPLACED[..run], &mut take), run)
                }
                [b'\r', b'\n', ..] => (self.line_end(blank, &mut take), 2),
                [b'\r'] => {
                    self.position = Position::AfterCr { blank };
                    return Progress::More;
                }
                [_, ..] => (self.line_end(blank, &mut take), 1),
            };
            if progress == Progress::Enough {
                return Progress::Enough;
            }
            rest = &behind[used..];
        }
        Progress::More
    }

    /// The end of the message: a line without its end gets one (P-045).
    fn finish(&mut self, mut take: impl FnMut(Piece<'static>) -> Progress) {
        match self.position {
            Position::LineStart => {}
            Position::Inside => {
                self.line_end(false, &mut take);
            }
            Position::AfterCr { blank } => {
                self.line_end(blank, &mut take);
            }
        }
    }

    fn text<'a>(&mut self, octets: &'a [u8], take: &mut impl FnMut(Piece<'a>) -> Progress) -> Progress {
        let first = self.position == Position::LineStart;
        self.position = Position::Inside;
        take(Piece::Text { octets, first })
    }

    fn line_end<'a>(&mut self, blank: bool, take: &mut impl FnMut(Piece<'a>) -> Progress) -> Progress {
        self.position = Position::LineStart;
        take(Piece::LineEnd { blank })
    }
}

/// Counts what RETR will deliver after un-stuffing (RFC 1939 §11; P-046, P-162).
#[derive(Clone, Debug)]
pub struct OctetCounter {
    lines: Lines,
    octets: u64,
}

impl Default for OctetCounter {
    fn default() -> Self {
        Self { lines: Lines::new(), octets: 0 }
    }
}

impl OctetCounter {
    /// Counts the next stored octets.
    pub fn push(&mut self, chunk: &[u8]) {
        self.octets += match self.lines.take_alike(chunk) {
            Some((_, LineEnds::Lf { count })) => chunk.len() as u64 + count,
            Some((_, LineEnds::CrLf)) => chunk.len() as u64,
            None => {
                let octets = &mut self.octets;
                self.lines.push(chunk, |piece| count(octets, &piece));
                0
            }
        };
    }

    /// The size of the whole message.
    pub fn finish(mut self) -> Octets {
        let octets = &mut self.octets;
        self.lines.finish(|piece| count(octets, &piece));
        if planted("proto.size-without-last-line-end") && self.octets > 2 {
            return Octets(self.octets - 2);
        }
        Octets(self.octets)
    }

    /// The size of a message that is at hand as a whole.
    pub fn of(message: &[u8]) -> Octets {
        let mut counter = Self::default();
        counter.push(message);
        counter.finish()
    }
}

fn count(octets: &mut u64, piece: &Piece<'_>) -> Progress {
    *octets += match piece {
        Piece::Text { octets, .. } => octets.len() as u64,
        Piece::LineEnd { .. } => 2,
    };
    Progress::More
}

/// How much of the message TOP still wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    /// Everything.
    Whole,
    /// The header and its blank line, then this many lines.
    Header { lines: u64 },
    /// This many lines of the body.
    Body { lines: u64 },
}

/// Turns stored octets into the lines behind `+OK` of RETR and TOP (RFC 1939 §3, §5, §7).
#[derive(Clone, Debug)]
pub struct DotStuffer {
    lines: Lines,
    wanted: Wanted,
}

impl DotStuffer {
    /// For the whole message, or for its top.
    pub fn new(extent: Extent) -> Self {
        let wanted = match extent {
            Extent::Whole => Wanted::Whole,
            Extent::Top { lines } => Wanted::Header { lines },
        };
        Self { lines: Lines::new(), wanted }
    }

    /// Appends the wire form of the next stored octets.
    pub fn push(&mut self, chunk: &[u8], output: &mut Vec<u8>) -> Progress {
        // Line ends grow by one octet at the most; an average line has more than sixteen.
        output.reserve(chunk.len() + chunk.len() / 16 + 8);
        if self.wanted == Wanted::Whole
            && let Some((position, ends)) = self.lines.take_alike(chunk)
        {
            stuff_alike(chunk, position, ends, output);
            return Progress::More;
        }
        let wanted = &mut self.wanted;
        self.lines.push(chunk, |piece| stuff(&piece, wanted, output))
    }

    /// Appends what ends the message: a missing line end, and the line with the lone dot (P-045, P-048).
    pub fn finish(&mut self, output: &mut Vec<u8>) {
        let wanted = &mut self.wanted;
        self.lines.finish(|piece| stuff(&piece, wanted, output));
        output.extend_from_slice(b".\r\n");
    }
}

/// Whole lines at a time: half of what it costs to send a message in clear is this loop.
fn stuff_alike(chunk: &[u8], position: Position, ends: LineEnds, output: &mut Vec<u8>) {
    let stuff_dot = |start: usize, output: &mut Vec<u8>| {
        if chunk.get(start) == Some(&b'.') && !planted("proto.dot-not-stuffed") {
            output.push(b'.');
        }
    };
    if position == Position::LineStart {
        stuff_dot(0, output);
    }
    let mut start = 0;
    match ends {
        LineEnds::Lf { .. } => {
            for end in memchr_iter(b'\n', chunk) {
                output.extend_from_slice(&chunk[start..end]);
                output.extend_from_slice(b"\r\n");
                start = end + 1;
                stuff_dot(start, output);
            }
        }
        LineEnds::CrLf => {
            for end in memmem::find_iter(chunk, b"\n.") {
                output.extend_from_slice(&chunk[start..=end]);
                start = end + 1;
                stuff_dot(start, output);
            }
        }
    }
    output.extend_from_slice(&chunk[start..]);
}

fn stuff(piece: &Piece<'_>, wanted: &mut Wanted, output: &mut Vec<u8>) -> Progress {
    match piece {
        Piece::Text { octets, first } => {
            if *first && octets.first() == Some(&b'.') && !planted("proto.dot-not-stuffed") {
                output.push(b'.');
            }
            output.extend_from_slice(octets);
            Progress::More
        }
        Piece::LineEnd { blank } => {
            output.extend_from_slice(b"\r\n");
            match wanted {
                Wanted::Whole => return Progress::More,
                Wanted::Header { lines } if *blank => *wanted = Wanted::Body { lines: *lines },
                Wanted::Header { .. } => {}
                Wanted::Body { lines } => *lines = lines.saturating_sub(1),
            }
            if *wanted == (Wanted::Body { lines: 0 }) { Progress::Enough } else { Progress::More }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(message: &[u8], extent: Extent) -> Vec<u8> {
        let mut stuffer = DotStuffer::new(extent);
        let mut output = Vec::new();
        stuffer.push(message, &mut output);
        stuffer.finish(&mut output);
        output
    }

    #[test]
    fn every_leading_dot_is_stuffed_the_first_too() {
        // P-041, P-042
        assert_eq!(wire(b".\n..\n.x\ny.\n.", Extent::Whole), b"..\r\n...\r\n..x\r\ny.\r\n..\r\n.\r\n");
    }

    #[test]
    fn every_kind_of_line_end_becomes_one_crlf() {
        // P-044
        assert_eq!(wire(b"a\nb\r\nc\rd\r\r\n", Extent::Whole), b"a\r\nb\r\nc\r\nd\r\n\r\n.\r\n");
    }

    #[test]
    fn an_empty_message_is_a_lone_terminator() {
        assert_eq!(wire(b"", Extent::Whole), b".\r\n");
        assert_eq!(OctetCounter::of(b""), Octets(0));
    }

    #[test]
    fn a_nul_goes_out_as_0x80_and_counts_as_one() {
        // P-240
        assert_eq!(wire(b"a\0\0b\n\0", Extent::Whole), b"a\x80\x80b\r\n\x80\r\n.\r\n");
        assert_eq!(OctetCounter::of(b"a\0\0b\n\0"), Octets(9));
    }

    #[test]
    fn top_counts_body_lines_only() {
        // P-170, P-171, P-172
        let message = b"A: 1\nB: 2\n\none\n.two\nthree";
        assert_eq!(wire(message, Extent::Top { lines: 0 }), b"A: 1\r\nB: 2\r\n\r\n.\r\n");
        assert_eq!(wire(message, Extent::Top { lines: 2 }), b"A: 1\r\nB: 2\r\n\r\none\r\n..two\r\n.\r\n");
        assert_eq!(wire(message, Extent::Top { lines: u64::MAX }), wire(message, Extent::Whole));
        assert_eq!(wire(b"A: 1\nB: 2", Extent::Top { lines: 0 }), b"A: 1\r\nB: 2\r\n.\r\n");
    }
}
