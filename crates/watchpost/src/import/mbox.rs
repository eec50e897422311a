//! mbox, as RFC 4155 describes it and as mboxo and mboxrd write it.
//!
//! A message begins behind a line that starts with `From ` and stands at the beginning of the file or behind a blank
//! line. The blank line before the next separator, or at the end, is not part of the message. A line of the message
//! that matches `^>*From ` was written with one `>` more, which reading takes away.

use std::io::{self, BufRead, Read};
use std::ops::Range;

const SEPARATOR: &[u8] = b"From ";
/// How much of a line is needed to know what it is.
const HEAD: usize = SEPARATOR.len();

/// Where the messages of an mbox lie, or `None` if it does not begin with a separator. An empty file holds none.
pub(super) fn cut(mut input: impl BufRead) -> io::Result<Option<Vec<Range<u64>>>> {
    let mut messages = Vec::new();
    let mut begun: Option<u64> = None;
    let mut position = 0;
    // The blank line that the line before was, as the octets it takes up.
    let mut blank: Option<u64> = Some(0);
    while let Some(line) = next_line(&mut input)? {
        let separates = blank.is_some() && line.starts_with(SEPARATOR);
        if begun.is_none() && !separates {
            return Ok(None);
        }
        if separates {
            let end = position - blank.unwrap_or_default();
            messages.extend(begun.map(|begin| begin..end));
            begun = Some(position + line.octets);
            blank = None;
        } else {
            blank = line.is_blank().then_some(line.octets);
        }
        position += line.octets;
    }
    let end = position - blank.unwrap_or_default();
    messages.extend(begun.map(|begin| begin..end));
    Ok(Some(messages))
}

/// A line that was read past: its first octets and its length, line end included.
struct Line {
    head: [u8; HEAD],
    octets: u64,
}

impl Line {
    fn starts_with(&self, text: &[u8]) -> bool {
        self.octets >= text.len() as u64 && self.head.starts_with(text)
    }

    fn is_blank(&self) -> bool {
        match self.octets {
            1 => self.head[0] == b'\n',
            2 => self.head.starts_with(b"\r\n"),
            _ => false,
        }
    }
}

/// Reads past one line without holding it: lines may be as long as they like.
fn next_line(input: &mut impl BufRead) -> io::Result<Option<Line>> {
    let mut line = Line { head: [0; HEAD], octets: 0 };
    let mut held = 0;
    loop {
        let chunk = input.fill_buf()?;
        if chunk.is_empty() {
            return Ok((line.octets > 0).then_some(line));
        }
        let end = chunk.iter().position(|octet| *octet == b'\n').map(|at| at + 1);
        let length = end.unwrap_or(chunk.len());
        let taken = length.min(HEAD - held);
        line.head[held..held + taken].copy_from_slice(&chunk[..taken]);
        held += taken;
        input.consume(length);
        line.octets += length as u64;
        if end.is_some() {
            return Ok(Some(line));
        }
    }
}

/// Reads a message out of an mbox: one `>` less in front of each quoted `From `.
#[derive(Debug)]
pub(super) struct Unquoted<R> {
    input: R,
    place: Place,
}

/// Where in a line the reader is. The quotes at its beginning are counted, not kept: there may be any number.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// Counting `>`.
    Quotes(u64),
    /// Comparing with `From `, so many octets of which are the same already.
    Word { quotes: u64, same: usize },
    /// Known: so many `>`, then so many octets of `From `, have still to be given out.
    Owed { quotes: u64, given: usize, same: usize },
    /// In the rest of the line, which goes out as it is.
    Rest,
}

impl<R: BufRead> Unquoted<R> {
    /// `input` begins where the message begins and ends where it ends.
    pub(super) fn new(input: R) -> Self {
        Self { input, place: Place::Quotes(0) }
    }

    /// Looks at the beginning of a line until it is known what to give out.
    fn look(&mut self) -> io::Result<()> {
        while let Place::Quotes(quotes) | Place::Word { quotes, .. } = self.place {
            let next = self.input.fill_buf()?.first().copied();
            let (place, taken) = match self.place {
                Place::Word { same: HEAD, .. } => (Place::Owed { quotes: quotes - 1, given: 0, same: HEAD }, 0),
                Place::Word { same, .. } if next == Some(SEPARATOR[same]) => {
                    (Place::Word { quotes, same: same + 1 }, 1)
                }
                Place::Word { same, .. } => (Place::Owed { quotes, given: 0, same }, 0),
                _ if next == Some(b'>') => (Place::Quotes(quotes + 1), 1),
                // Only quoted lines matter; the others need no comparing.
                _ if quotes == 0 => (Place::Rest, 0),
                _ => (Place::Word { quotes, same: 0 }, 0),
            };
            self.place = place;
            self.input.consume(taken);
        }
        Ok(())
    }
}

impl<R: BufRead> Read for Unquoted<R> {
    fn read(&mut self, output: &mut [u8]) -> io::Result<usize> {
        if output.is_empty() {
            return Ok(0);
        }
        self.look()?;
        match self.place {
            Place::Owed { quotes: 0, given, same } => {
                let length = (same - given).min(output.len());
                output[..length].copy_from_slice(&SEPARATOR[given..given + length]);
                let given = given + length;
                self.place = if given == same { Place::Rest } else { Place::Owed { quotes: 0, given, same } };
                // Quotes without a word behind them owe no octets of it.
                if length > 0 { Ok(length) } else { self.read(output) }
            }
            Place::Owed { quotes, given, same } => {
                let length = usize::try_from(quotes).unwrap_or(usize::MAX).min(output.len());
                output[..length].fill(b'>');
                self.place = Place::Owed { quotes: quotes - length as u64, given, same };
                Ok(length)
            }
            _ => {
                let chunk = self.input.fill_buf()?;
                let end = chunk.iter().position(|octet| *octet == b'\n').map(|at| at + 1);
                let length = end.unwrap_or(chunk.len()).min(output.len());
                output[..length].copy_from_slice(&chunk[..length]);
                self.input.consume(length);
                if end == Some(length) {
                    self.place = Place::Quotes(0);
                }
                Ok(length)
            }
        }
    }
}
