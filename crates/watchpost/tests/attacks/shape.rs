//! The shape of a tool on the wire: its words in order, without names, passwords and times, which differ between runs.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use crate::relay::{Said, Side, Transcript};

/// What is known of a tool, for `crates/observatory/tests/shapes`.
pub struct Shape<'a> {
    pub name: &'a str,
    /// The command, with PORT for the port.
    pub command: &'a str,
    /// What a reader should notice.
    pub remarks: &'a str,
    pub transcripts: &'a [Transcript],
}

/// The distinct connections of these transcripts, each as its words.
pub fn words_of_all(transcripts: &[Transcript]) -> BTreeSet<String> {
    transcripts.iter().map(words).collect()
}

/// The words of one connection: `(USER PASS)+ close`, say.
pub fn words(transcript: &Transcript) -> String {
    let mut words = Vec::new();
    let mut line = Vec::new();
    let mut is_data = false;
    for turn in transcript {
        match (&turn.said, turn.side) {
            (Said::Octets(octets), Side::Server) => is_data = octets.starts_with(b"+ "),
            (Said::Octets(octets), Side::Client) if is_tls(octets) && line.is_empty() => {
                words.push("TLS".to_owned());
                break;
            }
            (Said::Octets(octets), Side::Client) => {
                for octet in octets {
                    line.push(*octet);
                    if *octet == b'\n' {
                        words.push(word(&line, is_data));
                        line.clear();
                        is_data = false;
                    }
                }
            }
            _ => {}
        }
    }
    if !line.is_empty() {
        words.push(format!("{} without-end", word(&line, is_data)));
    }
    // Who closes first, and whether by a reset, is a matter of microseconds.
    if words.is_empty() {
        words.push("silence".to_owned());
    }
    folded(&words)
}

fn is_tls(octets: &[u8]) -> bool {
    matches!(octets, [0x16, 3, ..])
}

/// `USER`, `AUTH-PLAIN`, `data`; the case as it was written; `-lf` where the line ended so.
fn word(line: &[u8], is_data: bool) -> String {
    let end = if line.ends_with(b"\r\n") {
        ""
    } else if line.ends_with(b"\n") {
        "-lf"
    } else {
        ""
    };
    let line = line.trim_ascii_end();
    if is_data {
        return format!("data{end}");
    }
    let mut parts = line.split(|octet| *octet == b' ').map(|word| word.escape_ascii().to_string());
    let first = parts.next().unwrap_or_default();
    let word = match (first.as_str(), parts.next()) {
        ("", _) => "empty".to_owned(),
        ("AUTH", Some(mechanism)) => format!("AUTH-{mechanism}"),
        _ if first.len() > 40 => "octets".to_owned(),
        _ => first,
    };
    format!("{word}{end}")
}

/// What is repeated, once.
fn folded(words: &[String]) -> String {
    let mut folded: Vec<String> = Vec::new();
    let mut rest = words;
    while !rest.is_empty() {
        let repeated = (1..=4).find(|length| rest.len() >= 2 * length && rest[..*length] == rest[*length..2 * length]);
        let Some(length) = repeated else {
            folded.push(rest[0].clone());
            rest = &rest[1..];
            continue;
        };
        let unit = &rest[..length];
        folded.push(format!("({})+", unit.join(" ")));
        while rest.starts_with(unit) {
            rest = &rest[length..];
        }
    }
    folded.join(" ")
}

/// Whether a known shape is that of these words: what may be repeated may stand once.
fn covers(known: &str, words: &str) -> bool {
    let plain = |words: &str| words.replace('(', "").replace(")+", "");
    known == words || (known.contains(")+") && plain(known) == plain(words))
}

impl Shape<'_> {
    fn path(&self) -> PathBuf {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        root.join("../observatory/tests/shapes").join(format!("{}.txt", self.name))
    }

    /// Compares with what was written down; `WATCHPOST_BLESS=1` writes it down.
    pub fn compare(&self) {
        let path = self.path();
        if std::env::var_os("WATCHPOST_BLESS").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, self.text()).unwrap();
        }
        let known = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let known: BTreeSet<String> =
            known.lines().filter_map(|line| line.strip_prefix("shape: ")).map(str::to_owned).collect();
        let seen = words_of_all(self.transcripts);
        let is_known = |words: &String| known.iter().any(|known| covers(known, words));
        assert!(
            seen.iter().all(is_known) && !seen.is_empty(),
            "{} speaks otherwise than {} says: {seen:#?}",
            self.name,
            path.display()
        );
    }

    fn text(&self) -> String {
        let mut text = format!("# {}\n", self.command);
        for line in self.remarks.lines() {
            let _ = writeln!(text, "# {line}");
        }
        for words in words_of_all(self.transcripts) {
            let _ = writeln!(text, "shape: {words}");
        }
        text.push_str("# Below: milliseconds since the connection, C for the client, S for the server, octets.\n");
        for (number, transcript) in self.transcripts.iter().enumerate() {
            let _ = writeln!(text, "\n== connection {}", number + 1);
            for turn in transcript {
                let side = if turn.side == Side::Client { 'C' } else { 'S' };
                let at = turn.at.as_millis();
                let _ = match &turn.said {
                    Said::Octets(octets) => writeln!(text, "{at:6} {side} {}", shown(octets)),
                    Said::End => writeln!(text, "{at:6} {side} -- end"),
                    Said::Reset => writeln!(text, "{at:6} {side} -- reset"),
                };
            }
        }
        text
    }
}

/// One line; of TLS the kind and length alone.
fn shown(octets: &[u8]) -> String {
    match octets {
        [kind @ 0x14..=0x17, 3, minor @ 0..=4, ..] => {
            format!("<TLS record, type {kind}, version 3.{minor}, {} octets>", octets.len())
        }
        octets => octets.escape_ascii().to_string(),
    }
}

#[test]
fn a_shape_has_words_and_no_secrets() {
    let said = |side, octets: &[u8]| crate::relay::Turn {
        at: std::time::Duration::ZERO,
        side,
        said: Said::Octets(octets.to_vec()),
    };
    let transcript = vec![
        said(Side::Server, b"+OK\r\n"),
        said(Side::Client, b"AUTH PLAIN\r\n"),
        said(Side::Server, b"+ \r\n"),
        said(Side::Client, b"c2Vj\r\n"),
        said(Side::Server, b"-ERR\r\n"),
        said(Side::Client, b"USER a\r\nPASS b\r\nUSER a\r\nPASS b\nquit"),
    ];
    assert_eq!(words(&transcript), "AUTH-PLAIN data USER PASS USER PASS-lf quit without-end");
    let twice = ["USER", "PASS", "USER", "PASS", "QUIT"].map(str::to_owned);
    assert_eq!(folded(&twice), "(USER PASS)+ QUIT");
    assert!(covers("(USER PASS)+ QUIT", "USER PASS QUIT") && !covers("USER PASS", "(USER PASS)+"));
}
