//! A record and its line: words without spaces, behind a checksum.

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;

use super::{Intent, Place, Record};
use crate::fetch::fingerprint::{Fingerprint, Print};

fn checksum(text: &str) -> String {
    HEXLOWER.encode(&digest(&SHA256, text.as_bytes()).as_ref()[..4])
}

/// A record as its line.
pub(super) fn line(record: &Record) -> String {
    let prints = |prints: &Fingerprint| format!("{} {} {}", prints.listed, prints.header, prints.whole);
    let text = match record {
        Record::Account(account) => format!("account {}", escaped(account)),
        Record::Intent(Intent { key, prints: known, place }) => {
            let place = match place {
                Place::Maildir { folder, temporary, name } => {
                    format!("maildir {} {} {}", escaped(folder), escaped(temporary), escaped(name))
                }
                Place::Mbox { offset, octets, stored, start, before } => {
                    format!("mbox {offset} {octets} {stored} {start} {before}")
                }
                Place::Elsewhere => "elsewhere".to_owned(),
            };
            format!("intent {} {} {place}", escaped(key), prints(known))
        }
        Record::Done { key, prints: Some(known), seconds } => {
            format!("done {} {} {seconds}", escaped(key), prints(known))
        }
        Record::Done { key, prints: None, seconds } => format!("imported {} {seconds}", escaped(key)),
        Record::Deleted { key, seconds } => format!("deleted {} {seconds}", escaped(key)),
        Record::Gone { key, seconds } => format!("gone {} {seconds}", escaped(key)),
        Record::Forgotten { key } => format!("forgotten {}", escaped(key)),
        Record::Failed { key, times } => format!("failed {} {times}", escaped(key)),
        Record::Doubtful { key } => format!("doubtful {}", escaped(key)),
        Record::Told => "told".to_owned(),
        Record::NoPipelining => "no-pipelining".to_owned(),
        Record::Pin(pin) => format!("pin {}", escaped(pin)),
        Record::Renaming => "renaming".to_owned(),
        Record::Settled => "settled".to_owned(),
    };
    format!("{} {text}\n", checksum(&text))
}

/// What a line says; `None` if it is damaged.
pub(super) fn parse(line: &str) -> Option<Record> {
    let (sum, text) = line.strip_suffix('\n')?.split_once(' ')?;
    if checksum(text) != sum {
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
                    folder: unescaped(folder)?,
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
fn escaped(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for octet in text.bytes() {
        if octet.is_ascii_graphic() && octet != b'%' {
            written.push(char::from(octet));
        } else {
            written.push('%');
            written.push_str(&HEXLOWER.encode(&[octet]));
        }
    }
    written
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
