//! A record and its line: words without spaces, behind a checksum.

use std::fmt::{self, Write};

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;

use super::{Intent, Place, Record};
use crate::fetch::fingerprint::{Fingerprint, Print};

/// Letters of a checksum.
const SUM: usize = 8;

fn checksum(text: &str) -> [u8; SUM] {
    let mut sum = [0; SUM];
    HEXLOWER.encode_mut(&digest(&SHA256, text.as_bytes()).as_ref()[..SUM / 2], &mut sum);
    sum
}

/// Adds a record as its line. Nothing else asks for memory here: there are two lines for each message.
pub(super) fn add_line(record: &Record, lines: &mut String) {
    let start = lines.len();
    lines.extend(std::iter::repeat_n('0', SUM));
    lines.push(' ');
    // A string takes whatever is written to it.
    let _ = write_text(record, lines);
    let sum = checksum(&lines[start + SUM + 1..]);
    lines.replace_range(start..start + SUM, std::str::from_utf8(&sum).unwrap_or_default());
    lines.push('\n');
}

/// A record as its line.
#[cfg(test)]
pub(super) fn line(record: &Record) -> String {
    let mut line = String::new();
    add_line(record, &mut line);
    line
}

fn write_text(record: &Record, text: &mut String) -> fmt::Result {
    match record {
        Record::Account(account) => write!(text, "account {}", Word(account)),
        Record::Intent(Intent { key, prints, place }) => {
            write!(text, "intent {} {} ", Word(key), Prints(prints))?;
            match place {
                Place::Maildir { folder, temporary, name } => {
                    write!(text, "maildir {} {} {}", Word(folder), Word(temporary), Word(name))
                }
                Place::Mbox { offset, octets, stored, start, before } => {
                    write!(text, "mbox {offset} {octets} {stored} {start} {before}")
                }
                Place::Elsewhere => text.write_str("elsewhere"),
            }
        }
        Record::Done { key, prints: Some(prints), seconds } => {
            write!(text, "done {} {} {seconds}", Word(key), Prints(prints))
        }
        Record::Done { key, prints: None, seconds } => write!(text, "imported {} {seconds}", Word(key)),
        Record::Deleted { key, seconds } => write!(text, "deleted {} {seconds}", Word(key)),
        Record::Gone { key, seconds } => write!(text, "gone {} {seconds}", Word(key)),
        Record::Forgotten { key } => write!(text, "forgotten {}", Word(key)),
        Record::Failed { key, times } => write!(text, "failed {} {times}", Word(key)),
        Record::Doubtful { key } => write!(text, "doubtful {}", Word(key)),
        Record::Told => text.write_str("told"),
        Record::NoPipelining => text.write_str("no-pipelining"),
        Record::Pin(pin) => write!(text, "pin {}", Word(pin)),
        Record::Renaming => text.write_str("renaming"),
        Record::Settled => text.write_str("settled"),
    }
}

struct Prints<'a>(&'a Fingerprint);

impl fmt::Display for Prints<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {} {}", self.0.listed, self.0.header, self.0.whole)
    }
}

/// What a line says; `None` if it is damaged.
pub(super) fn parse(line: &str) -> Option<Record> {
    let (sum, text) = line.strip_suffix('\n')?.split_once(' ')?;
    if checksum(text) != sum.as_bytes() {
        return None;
    }
    let words: Vec<&str> = text.split(' ').collect();
    let number = |text: &str| text.parse::<u64>().ok();
    let prints = |octets: &str, header: &str, whole: &str| {
        Some(Fingerprint { listed: number(octets)?, header: Print::parse(header)?, whole: Print::parse(whole)? })
    };
    Some(match words.as_slice() {
        ["account", account] => Record::Account(unescaped(account)?),
        ["intent", key, octets, header, whole, place @ ..] => {
            let place = match place {
                ["maildir", folder, temporary, name] => Place::Maildir {
                    folder: unescaped(folder)?.into(),
                    temporary: unescaped(temporary)?,
                    name: unescaped(name)?,
                },
                ["mbox", offset, octets, stored, start, before] => Place::Mbox {
                    offset: number(offset)?,
                    octets: number(octets)?,
                    stored: Print::parse(stored)?,
                    start: number(start)?,
                    before: Print::parse(before)?,
                },
                ["elsewhere"] => Place::Elsewhere,
                _ => return None,
            };
            Record::Intent(Intent { key: unescaped(key)?, prints: prints(octets, header, whole)?, place })
        }
        ["done", key, octets, header, whole, seconds] => Record::Done {
            key: unescaped(key)?,
            prints: Some(prints(octets, header, whole)?),
            seconds: number(seconds)?,
        },
        ["imported", key, seconds] => Record::Done { key: unescaped(key)?, prints: None, seconds: number(seconds)? },
        ["deleted", key, seconds] => Record::Deleted { key: unescaped(key)?, seconds: number(seconds)? },
        ["gone", key, seconds] => Record::Gone { key: unescaped(key)?, seconds: number(seconds)? },
        ["forgotten", key] => Record::Forgotten { key: unescaped(key)? },
        ["failed", key, times] => Record::Failed { key: unescaped(key)?, times: times.parse().ok()? },
        ["doubtful", key] => Record::Doubtful { key: unescaped(key)? },
        ["told"] => Record::Told,
        ["no-pipelining"] => Record::NoPipelining,
        ["renaming"] => Record::Renaming,
        ["settled"] => Record::Settled,
        ["pin", pin] => Record::Pin(unescaped(pin)?),
        _ => return None,
    })
}

/// Without spaces, controls and anything beyond ASCII, so that a line is a line and a word a word.
struct Word<'a>(&'a str);

impl fmt::Display for Word<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_plain = |octet: u8| octet.is_ascii_graphic() && octet != b'%';
        let mut rest = self.0;
        while let Some(place) = rest.bytes().position(|octet| !is_plain(octet)) {
            let (plain, behind) = rest.split_at(place);
            let letter = behind.chars().next().map_or(0, char::len_utf8);
            let (escaped, behind) = behind.split_at(letter);
            formatter.write_str(plain)?;
            escaped.bytes().try_for_each(|octet| write!(formatter, "%{octet:02x}"))?;
            rest = behind;
        }
        formatter.write_str(rest)
    }
}

fn unescaped(text: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((octet, behind)) = rest.split_first() {
        rest = behind;
        if *octet == b'%' {
            octets.extend(HEXLOWER.decode(rest.get(..2)?).ok()?);
            rest = &rest[2..];
        } else {
            octets.push(*octet);
        }
    }
    String::from_utf8(octets).ok()
}
