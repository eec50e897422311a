//! The mail of the matrix: the demo's own messages, real ones with something about each, and three that are hostile.

use std::fs;
use std::path::Path;

use crate::support::{canonical, corpus};

/// Leading dots, `From ` lines, 8-bit headers, lines of up to 2,420 octets, no final line end, 50 KB.
const REAL: [&str; 25] = [
    "005", "010", "031", "060", "077", "114", "120", "132", "147", "154", "167", "180", "204", "240", "250", "283",
    "284", "289", "293", "295", "296", "297", "298", "299", "300",
];

/// Bare CR (P-044), NUL (P-240), octets that are no text, lone dots, lines that look like a new message.
const HOSTILE: [(&str, &[u8]); 3] = [
    ("bare-cr", b"From: a@example.org\nSubject: bare CR\nX-Odd: a\rX-Other: b\n\none\rtwo\r\rthree\n"),
    ("nul", b"From: a@example.org\nSubject: NUL\n\none\0two\0\n"),
    ("octets", b"From: a@example.org\nSubject: \xe9\xe8\n\n\xff\xfe\x80\n.\n..\nFrom here\n>From there\n\n\n"),
];

/// Name and octets as they are stored, in the order of message-numbers.
fn stored() -> Vec<(String, Vec<u8>)> {
    let samples = watchpost::import::samples().iter().map(|(name, octets)| ((*name).to_string(), octets.to_vec()));
    let mut real: Vec<_> = fs::read_dir(corpus()).unwrap().map(|entry| entry.unwrap().path()).collect();
    real.sort();
    let name = |file: &Path| file.file_name().unwrap().to_string_lossy().into_owned();
    real.retain(|file| REAL.iter().any(|number| name(file).starts_with(&format!("{number}-"))));
    assert_eq!(real.len(), REAL.len(), "the corpus is not the one that was chosen from");
    let real = real.iter().map(|file| (name(file), fs::read(file).unwrap()));
    let hostile = HOSTILE.iter().map(|(name, octets)| ((*name).to_owned(), octets.to_vec()));
    samples.chain(real).chain(hostile).collect()
}

/// Writes all mail into a folder for `watchpost demo --mail`.
pub fn write(folder: &Path) {
    for (number, (name, octets)) in (1..).zip(stored()) {
        fs::write(folder.join(format!("{number:02}-{}.eml", name.trim_end_matches(".eml"))), octets).unwrap();
    }
}

/// Name, and the octets that go over the wire.
pub fn sent() -> Vec<(String, Vec<u8>)> {
    stored().into_iter().map(|(name, octets)| (name, canonical(&octets))).collect()
}
