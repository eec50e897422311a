//! Messages with UTF-8 in their header (RFC 6532), and the surrogates that clients without UTF8 mode get of them
//! (RFC 6856 §2.1, RFC 6858).
//!
//! A header that is well-formed UTF-8 beyond ASCII has a surrogate; any other 8-bit header is legacy and goes out as it
//! is stored (P-201). The surrogate depends on the message alone, so that it is the same in every session (P-206).

use std::borrow::Cow;
use std::ops::Range;

use data_encoding::BASE64;

use crate::dot::OctetCounter;
use crate::types::{Octets, Sizes};

/// A longer header is not looked into: nobody writes one, and it would have to be held in memory.
const HEADER_MAX: usize = 256 * 1024;

/// Stands for an address that a client without UTF8 mode could not write to (RFC 6858 §2.1). `.invalid` belongs to
/// nobody (RFC 2606).
const NOBODY: &str = "<invalid@internationalized-address.invalid>";

/// How messages with UTF-8 in their header go out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Headers {
    /// The client has not said UTF8: it gets surrogates.
    #[default]
    Surrogates,
    /// The client has not said UTF8, and the operator wants it to be told (P-201).
    Refused,
    /// The client has said UTF8.
    AsStored,
}

/// Holds a message back until its header is complete, and lets a surrogate header through in its place.
#[derive(Clone, Debug, Default)]
pub(crate) struct HeaderGate {
    held: Vec<u8>,
    is_open: bool,
    is_surrogate: bool,
}

/// What the gate lets through: first the header, if it was held, then this part of the chunk.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Through<'a> {
    pub(crate) header: Option<Vec<u8>>,
    pub(crate) chunk: &'a [u8],
}

impl HeaderGate {
    pub(crate) fn push<'a>(&mut self, chunk: &'a [u8]) -> Through<'a> {
        if self.is_open {
            return Through { header: None, chunk };
        }
        let before = self.held.len();
        let header_end = if before == 0 {
            end_of_header(chunk)
        } else {
            self.held.extend_from_slice(chunk);
            end_of_header(&self.held)
        };
        match header_end {
            Some(end) if before == 0 => {
                self.is_open = true;
                match surrogate(&chunk[..end]) {
                    None => Through { header: None, chunk },
                    Some(header) => {
                        self.is_surrogate = true;
                        Through { header: Some(header), chunk: &chunk[end..] }
                    }
                }
            }
            Some(end) => {
                self.held.truncate(end);
                Through { header: Some(self.release()), chunk: &chunk[end - before..] }
            }
            None => {
                if before == 0 {
                    self.held.extend_from_slice(chunk);
                }
                let overlong = self.held.len() > HEADER_MAX;
                self.is_open = overlong;
                Through { header: overlong.then(|| std::mem::take(&mut self.held)), chunk: &[] }
            }
        }
    }

    /// The message is over: a header without a body may still be held.
    pub(crate) fn finish(&mut self) -> Option<Vec<u8>> {
        (!self.is_open && !self.held.is_empty()).then(|| self.release())
    }

    fn release(&mut self) -> Vec<u8> {
        self.is_open = true;
        let held = std::mem::take(&mut self.held);
        match surrogate(&held) {
            Some(header) => {
                self.is_surrogate = true;
                header
            }
            None => held,
        }
    }
}

/// Counts what RETR will send of a message, as it is stored and as its surrogate.
#[derive(Clone, Debug, Default)]
pub struct Sizer {
    stored: OctetCounter,
    gate: HeaderGate,
    surrogate: OctetCounter,
}

impl Sizer {
    /// Counts the next stored octets.
    pub fn push(&mut self, chunk: &[u8]) {
        self.stored.push(chunk);
        let Through { header, chunk } = self.gate.push(chunk);
        if self.gate.is_surrogate {
            self.surrogate.push(&header.unwrap_or_default());
            self.surrogate.push(chunk);
        }
    }

    /// The sizes of the whole message.
    pub fn finish(mut self) -> Sizes {
        if let Some(header) = self.gate.finish() {
            self.surrogate.push(&header);
        }
        let surrogate = self.gate.is_surrogate.then(|| self.surrogate.finish());
        Sizes { stored: self.stored.finish(), surrogate }
    }

    /// The sizes of a message that is at hand as a whole.
    pub fn of(message: &[u8]) -> Sizes {
        let mut sizer = Self::default();
        sizer.push(message);
        sizer.finish()
    }
}

/// Where the header ends, its blank line included; `None` while that has not come, or might go on.
fn end_of_header(octets: &[u8]) -> Option<usize> {
    // A lone CR at the very end may be half of a CRLF.
    blank_line(octets).filter(|end| octets[end - 1] == b'\n' || *end < octets.len())
}

/// Where the first blank line ends.
fn blank_line(octets: &[u8]) -> Option<usize> {
    let mut start = 0;
    loop {
        let line = next_line(octets, start)?;
        if line.text.is_empty() {
            return Some(line.end);
        }
        start = line.end;
    }
}

struct Line {
    text: Range<usize>,
    /// Where the next one begins.
    end: usize,
}

fn next_line(octets: &[u8], start: usize) -> Option<Line> {
    let stop = start + memchr::memchr2(b'\r', b'\n', &octets[start..])?;
    let length = if octets[stop..].starts_with(b"\r\n") { 2 } else { 1 };
    Some(Line { text: start..stop, end: stop + length })
}

/// The header that goes out instead, its lines ended by CRLF; `None` if this one goes out as it is.
fn surrogate(header: &[u8]) -> Option<Vec<u8>> {
    if header.is_ascii() {
        return None;
    }
    let text = std::str::from_utf8(header).ok()?;
    let mut output = String::with_capacity(text.len() + text.len() / 2);
    for field in fields(text) {
        if field.is_ascii() {
            output.push_str(&field);
            output.push_str("\r\n");
        } else if let Some(field) = replaced(&field) {
            output.push_str(&field);
            output.push_str("\r\n");
        }
    }
    if blank_line(header).is_some() {
        output.push_str("\r\n");
    }
    // A NUL would go out as 0x80 (P-240), and a surrogate header is ASCII.
    output.retain(|character| character != '\0');
    Some(output.into_bytes())
}

/// The fields of a header, each with its folding as it is, without its last line end.
fn fields(text: &str) -> Vec<Cow<'_, str>> {
    let mut fields: Vec<Cow<'_, str>> = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let stop = rest.find(['\r', '\n']).unwrap_or(rest.len());
        let (line, behind) = rest.split_at(stop);
        rest = behind.strip_prefix("\r\n").or_else(|| behind.get(1..)).unwrap_or_default();
        if line.is_empty() {
            break;
        }
        match fields.last_mut() {
            Some(field) if line.starts_with([' ', '\t']) => {
                let field = field.to_mut();
                field.push_str("\r\n");
                field.push_str(line);
            }
            _ => fields.push(Cow::Borrowed(line)),
        }
    }
    fields
}

/// What goes out for a field that is not ASCII; `None`: nothing (RFC 6858 §2).
fn replaced(field: &str) -> Option<String> {
    let (name, value) = field.split_once(':')?;
    let value = value.replace("\r\n", "");
    match name.trim_end().to_ascii_lowercase().as_str() {
        "subject" => Some(format!("{name}: {}", encoded_words(value.trim(), name.len() + 2))),
        "from" | "sender" | "reply-to" | "to" | "cc" | "bcc" | "resent-from" | "resent-sender" | "resent-to"
        | "resent-cc" | "resent-bcc" | "resent-reply-to" => {
            let addresses: Vec<String> = addresses(&value).into_iter().map(address).collect();
            Some(format!("{name}: {}", addresses.join(",\r\n ")))
        }
        "content-type" | "content-disposition" => parameters(&value).map(|value| format!("{name}: {value}")),
        _ => None,
    }
}

/// RFC 2047 encoded-words of at most 75 characters, one a line, cut between characters.
fn encoded_words(text: &str, used: usize) -> String {
    const FRAME: usize = "=?UTF-8?B??=".len();
    let mut words = Vec::new();
    let mut word = String::new();
    // Three octets become four characters.
    let room = |words: &Vec<String>| (75 - FRAME - if words.is_empty() { used.min(30) } else { 0 }) / 4 * 3;
    for character in text.chars() {
        if word.len() + character.len_utf8() > room(&words) {
            words.push(std::mem::take(&mut word));
        }
        word.push(character);
    }
    words.push(word);
    let words: Vec<String> =
        words.iter().map(|word| format!("=?UTF-8?B?{}?=", BASE64.encode(word.as_bytes()))).collect();
    words.join("\r\n ")
}

/// The addresses of a list, cut at the commas that stand in no quotes, comments or angle brackets.
fn addresses(value: &str) -> Vec<&str> {
    split_outside_quotes(value, ',')
}

fn split_outside_quotes(value: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut quoted, mut depth, mut escaped, mut start) = (false, 0_usize, false, 0);
    for (place, character) in value.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            '(' | '<' if !quoted => depth += 1,
            ')' | '>' if !quoted => depth = depth.saturating_sub(1),
            _ if character == separator && !quoted && depth == 0 => {
                parts.push(value[start..place].trim());
                start = place + character.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(value[start..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

/// One address that anybody can read, even if nobody can write to it.
fn address(written: &str) -> String {
    if written.is_ascii() {
        return written.to_owned();
    }
    let Some((name, address)) = written.rsplit_once('<').filter(|(_, address)| address.ends_with('>')) else {
        return NOBODY.to_owned();
    };
    let address = if address.is_ascii() { format!("<{address}") } else { NOBODY.to_owned() };
    let name = name.trim();
    let name = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name).replace('\\', "");
    match name.as_str() {
        "" => address,
        name => format!("{} {address}", encoded_words(name, 0)),
    }
}

/// A value without the parameters that are not ASCII; `None` if what stands before them is not.
fn parameters(value: &str) -> Option<String> {
    let parts = split_outside_quotes(value, ';');
    let main = parts.first().filter(|main| main.is_ascii())?;
    let kept: Vec<&str> =
        std::iter::once(*main).chain(parts.iter().skip(1).copied().filter(|part| part.is_ascii())).collect();
    Some(kept.join("; "))
}

impl Sizes {
    /// What a session gets that takes headers so.
    pub fn of(self, headers: Headers) -> Octets {
        match (headers, self.surrogate) {
            (Headers::Surrogates, Some(surrogate)) => surrogate,
            _ => self.stored,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = "Received: by x; Mon, 1 Jan 2024\nDKIM-Signature: v=1; a=b;\n bh=c\nFrom: \"山田 太郎\" <yamada@example.jp>\n\
        To: 花子@例え.jp, bob@example.org\nSubject: ようこそ、\n Watchpost へ\nX-Mood: 嬉しい\nContent-Type: text/plain; charset=utf-8;\n name=\"手紙.txt\"\n\
        \nほん文\n";

    fn shown(message: &str) -> String {
        let mut gate = HeaderGate::default();
        let Through { header, chunk } = gate.push(message.as_bytes());
        let mut output = header.unwrap_or_default();
        output.extend_from_slice(chunk);
        output.extend(gate.finish().unwrap_or_default());
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn a_surrogate_keeps_what_ascii_can_say() {
        // P-204
        let surrogate = shown(MESSAGE);
        let (header, body) = surrogate.split_once("\r\n\r\n").unwrap();
        assert!(header.is_ascii(), "{header}");
        assert_eq!(body, "ほん文\n", "the body goes out as it is stored");
        let expected = "Received: by x; Mon, 1 Jan 2024\r\nDKIM-Signature: v=1; a=b;\r\n bh=c\r\n\
            From: =?UTF-8?B?5bGx55SwIOWkqumDjg==?= <yamada@example.jp>\r\n\
            To: <invalid@internationalized-address.invalid>,\r\n bob@example.org\r\n\
            Subject: =?UTF-8?B?44KI44GG44GT44Gd44CBIFdhdGNocG9zdCDjgbg=?=\r\n\
            Content-Type: text/plain; charset=utf-8";
        assert_eq!(header, expected);
    }

    #[test]
    fn ascii_and_legacy_headers_go_out_as_they_are() {
        // P-201
        for message in ["Subject: x\n\n本文\n", "Subject: x\r\n\r\n", "", "\n", "no header at all"] {
            assert_eq!(shown(message), message);
            assert_eq!(Sizer::of(message.as_bytes()).surrogate, None);
        }
        assert_eq!(Sizer::of(b"Subject: caf\xe9\n\n").surrogate, None);
    }

    #[test]
    fn a_header_without_a_body_has_a_surrogate_too() {
        assert_eq!(shown("Subject: é\nX: é"), "Subject: =?UTF-8?B?w6k=?=\r\n");
        assert_eq!(shown("Subject: é\r\ré"), "Subject: =?UTF-8?B?w6k=?=\r\n\r\né");
        assert_eq!(shown("Subject: é\r\n\r\n"), "Subject: =?UTF-8?B?w6k=?=\r\n\r\n");
    }

    #[test]
    fn any_cutting_gives_the_same_surrogate_and_the_same_sizes() {
        // P-043, P-203, P-206
        let crlf = MESSAGE.replace('\n', "\r\n");
        for message in [MESSAGE, &crlf] {
            let expected = shown(message);
            for cut in 1..40 {
                let (mut gate, mut sizer, mut output) = (HeaderGate::default(), Sizer::default(), Vec::new());
                for chunk in message.as_bytes().chunks(cut) {
                    let Through { header, chunk: rest } = gate.push(chunk);
                    output.extend(header.unwrap_or_default());
                    output.extend_from_slice(rest);
                    sizer.push(chunk);
                }
                output.extend(gate.finish().unwrap_or_default());
                assert_eq!(String::from_utf8_lossy(&output), expected, "cut every {cut}");
                assert_eq!(sizer.finish().surrogate, Some(OctetCounter::of(expected.as_bytes())));
            }
        }
    }

    #[test]
    fn encoded_words_are_short_and_cut_between_characters() {
        let subject = format!("Subject: {}\n\n", "日本語".repeat(40));
        for line in shown(&subject).lines() {
            assert!(line.len() <= 78, "{line}");
        }
    }

    #[test]
    fn an_endless_header_is_not_held() {
        // P-225
        let mut gate = HeaderGate::default();
        for _ in 0..100 {
            gate.push(&[0xc3; 8192]);
            assert!(gate.held.len() <= HEADER_MAX + 8192);
        }
        assert!(gate.is_open);
    }
}
