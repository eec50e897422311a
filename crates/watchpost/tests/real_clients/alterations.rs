//! What clients do to mail: each alteration by name, with its reason beside the client that makes it.

/// One thing a client does to every message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alteration {
    /// Lines end with LF.
    LineFeeds,
    /// Lines end with LF or CRLF.
    LineEnds,
    /// Header fields are folded elsewhere (RFC 5322 §2.2.3), with more or less white space there.
    Folding,
    /// A first line `From …` is taken for the beginning of an mbox entry and dropped.
    NoFromLine,
    /// A message that is all header gets the blank line behind it.
    BlankLineBehindHeader,
    /// A dot that the server stuffed stays.
    Stuffed,
    /// The line end of the last line goes with the terminator.
    NoLastLineEnd,
    /// A line is stored in pieces of this many octets, with NUL, another octet and LF between.
    Pieces(usize),
    /// A header field that contains this is added: the trace the client leaves.
    Trace(&'static str),
    /// Header fields of this name are written anew or dropped.
    Field(&'static str),
}

use std::fmt;

use Alteration::{
    BlankLineBehindHeader, Field, Folding, LineEnds, LineFeeds, NoFromLine, NoLastLineEnd, Pieces, Stuffed, Trace,
};

impl fmt::Display for Alteration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LineFeeds => f.write_str("lines end with LF"),
            Folding => f.write_str("header fields are folded elsewhere, with more or less white space there"),
            LineEnds => f.write_str("lines end with LF or CRLF"),
            NoFromLine => f.write_str("a first line `From …` is dropped"),
            BlankLineBehindHeader => f.write_str("a message that is all header gets a blank line"),
            Stuffed => f.write_str("stuffed dots stay"),
            NoLastLineEnd => f.write_str("the last line end is dropped"),
            Pieces(octets) => write!(f, "a line of more than {octets} octets is cut, with NUL and a stray octet there"),
            Trace(words) => write!(f, "a header field with `{}` is added", words.trim_end()),
            Field(name) => write!(f, "the header field `{name}` is written anew or dropped"),
        }
    }
}

impl Alteration {
    /// What the client makes of a message that came over the wire.
    pub fn of_sent(self, message: Vec<u8>) -> Vec<u8> {
        match self {
            LineFeeds | LineEnds => with_line_feeds(&message),
            Folding => unfolded(&message),
            NoFromLine if message.starts_with(b"From ") => lines(&message).skip(1).collect::<Vec<_>>().concat(),
            BlankLineBehindHeader if !lines(&message).any(is_blank) => [message, b"\n".to_vec()].concat(),
            Stuffed => lines(&message)
                .flat_map(|line| [if line.starts_with(b".") { b"." } else { &b""[..] }, line])
                .collect::<Vec<_>>()
                .concat(),
            NoLastLineEnd => message.strip_suffix(b"\r\n").unwrap_or(&message).to_vec(),
            Field(name) => without_fields(&message, |field| is_named(field, name)),
            NoFromLine | BlankLineBehindHeader | Pieces(_) | Trace(_) => message,
        }
    }

    /// The message without what the client added.
    pub fn of_received(self, message: Vec<u8>) -> Vec<u8> {
        match self {
            LineEnds => with_line_feeds(&message),
            Folding => unfolded(&message),
            Pieces(length) => joined(&message, length),
            Trace(words) => without_fields(&message, |field| contains(field, words.as_bytes())),
            Field(name) => without_fields(&message, |field| is_named(field, name)),
            _ => message,
        }
    }
}

fn lines(message: &[u8]) -> impl Iterator<Item = &[u8]> {
    message.split_inclusive(|octet| *octet == b'\n')
}

fn is_blank(line: &[u8]) -> bool {
    line == b"\n" || line == b"\r\n"
}

fn contains(text: &[u8], words: &[u8]) -> bool {
    text.windows(words.len()).any(|window| window == words)
}

fn is_named(field: &[u8], name: &str) -> bool {
    let colon = field.iter().position(|octet| *octet == b':').unwrap_or(0);
    field[..colon].eq_ignore_ascii_case(name.as_bytes())
}

/// Every CRLF as LF; a CR alone stays.
fn with_line_feeds(message: &[u8]) -> Vec<u8> {
    let line = |line: &[u8]| match line.strip_suffix(b"\r\n") {
        Some(text) => [text, b"\n"].concat(),
        None => line.to_vec(),
    };
    lines(message).flat_map(line).collect()
}

/// The fields of the header, each with its folds, and what stands behind it.
fn split(message: &[u8]) -> (Vec<Vec<u8>>, Vec<u8>) {
    let mut fields: Vec<Vec<u8>> = Vec::new();
    let mut rest = lines(message).peekable();
    while let Some(line) = rest.next_if(|line| !is_blank(line)) {
        match fields.last_mut() {
            Some(field) if line.starts_with(b" ") || line.starts_with(b"\t") => field.extend_from_slice(line),
            _ => fields.push(line.to_vec()),
        }
    }
    (fields, rest.collect::<Vec<_>>().concat())
}

fn without_fields(message: &[u8], is_unwanted: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let (mut fields, rest) = split(message);
    fields.retain(|field| !is_unwanted(field));
    [fields.concat(), rest].concat()
}

/// Every field of the header in one line, its words one space apart.
fn unfolded(message: &[u8]) -> Vec<u8> {
    let (fields, rest) = split(message);
    let words = |field: &Vec<u8>| {
        field.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(&b' ')
    };
    let fields: Vec<u8> = fields.iter().flat_map(|field| [words(field), b"\n".to_vec()].concat()).collect();
    [fields, rest].concat()
}

/// Takes out NUL, one octet and LF behind a piece of a line. No NUL comes over the wire (P-240).
fn joined(message: &[u8], length: usize) -> Vec<u8> {
    let mut whole = Vec::new();
    let mut line_start = 0;
    let mut place = 0;
    while place < message.len() {
        if message[place] == 0 && place == line_start + length && message.get(place + 2) == Some(&b'\n') {
            place += 3;
            line_start = place;
            continue;
        }
        whole.push(message[place]);
        place += 1;
        if message[place - 1] == b'\n' {
            line_start = place;
        }
    }
    whole
}

#[test]
fn nothing_but_the_named_alteration_is_forgiven() {
    let message = b"From x\r\nA: 1\r\nReceived: by me\r\n\tthere\r\n\r\n.dot\r\n".to_vec();
    assert_eq!(LineFeeds.of_sent(b"a\r\n\r\n".to_vec()), b"a\n\n");
    assert_eq!(NoFromLine.of_sent(message.clone()), &message[8..]);
    assert_eq!(NoFromLine.of_sent(message[8..].to_vec()), &message[8..]);
    assert_eq!(Trace("by me").of_received(message.clone()), b"From x\r\nA: 1\r\n\r\n.dot\r\n");
    assert_eq!(Trace("dot").of_received(message.clone()), message, "a trace is in the header");
    assert_eq!(Field("a").of_sent(b"A: 1\n 2\nAB: 3\n\nA: 4\n".to_vec()), b"AB: 3\n\nA: 4\n");
    assert_eq!(Folding.of_sent(b"A: 1\n\t2\nB:  3\n\n 4\n".to_vec()), b"A: 1 2\nB: 3\n\n 4\n");
    assert_eq!(BlankLineBehindHeader.of_sent(b"A: 1\n".to_vec()), b"A: 1\n\n");
    assert_eq!(BlankLineBehindHeader.of_sent(b"A: 1\n\n".to_vec()), b"A: 1\n\n");
    assert_eq!(Stuffed.of_sent(b".\r\na.\r\n".to_vec()), b"..\r\na.\r\n");
    assert_eq!(Pieces(3).of_received(b"abc\0\x03\nde\nabc\n\0\x03\n".to_vec()), b"abcde\nabc\n\0\x03\n");
}
