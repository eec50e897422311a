//! Messages that servers have tripped over, and how they get into the maildrop.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use crate::conform::stop::Stop;

/// How long a delivery command may take for one message.
const COMMAND_TIME: Duration = Duration::from_secs(30);
const COMMAND_LOOK: Duration = Duration::from_millis(10);
/// More than some servers have ever listed.
const MANY: usize = 110;

/// One kind of message.
pub struct Item {
    /// What it is called.
    pub name: &'static str,
    /// How often it is delivered.
    count: usize,
    /// Whether a delivery command may be given it: it has a header to put more lines into.
    by_command: bool,
    content: fn(&str) -> Vec<u8>,
}

/// How messages get into the maildrop.
#[derive(Clone, Debug)]
pub enum Delivery {
    /// Into this Maildir.
    Maildir(PathBuf),
    /// By this command of the shell, which takes a message on its standard input.
    Command(String),
}

/// The messages of one run.
pub struct Corpus {
    delivery: Delivery,
    /// Tells this run's messages from those of others.
    run: String,
    now: SystemTime,
}

const ITEMS: &[Item] = &[
    Item { name: "plain", count: 1, by_command: true, content: |mark| with_body(mark, b"one\ntwo\nthree\n") },
    Item { name: "twin", count: 2, by_command: true, content: |mark| with_body(mark, b"the same twice\n") },
    Item {
        name: "dots",
        count: 1,
        by_command: true,
        content: |mark| with_body(mark, b".\n..\n.x\n...y\n.\n.\n.+OK\nend.\n"),
    },
    Item {
        name: "first-dot",
        count: 1,
        by_command: false,
        content: |mark| format!(".{mark}: x\n.\n\nbody\n").into_bytes(),
    },
    Item {
        name: "last-dot",
        count: 1,
        by_command: true,
        content: |mark| with_body(mark, b"the last line is a dot\n."),
    },
    Item { name: "no-end", count: 1, by_command: true, content: |mark| with_body(mark, b"no line end behind this") },
    Item {
        name: "ends",
        count: 1,
        by_command: true,
        content: |mark| with_body(mark, b"lf\ncrlf\r\ncr\rcrcr\r\rlf\n\n.dot\r.dot\n"),
    },
    Item {
        name: "nul",
        count: 1,
        by_command: false,
        content: |mark| with_body(mark, b"a\0b\0\0c\n\0\nbehind the NULs\n"),
    },
    Item { name: "long", count: 1, by_command: false, content: |mark| with_body(mark, &long_lines()) },
    Item { name: "empty", count: 1, by_command: false, content: |_| Vec::new() },
    Item {
        name: "header-only",
        count: 1,
        by_command: false,
        content: |mark| format!("Subject: {mark}\nX-Other: y\n").into_bytes(),
    },
    Item {
        name: "eight-bit",
        count: 1,
        by_command: true,
        content: |mark| with_body(mark, b"\xe3\x82\x86\xe3\x81\x8d\n\xfc\xff\x80\x1b\x7f\n"),
    },
    Item { name: "x-uidl", count: 1, by_command: true, content: x_uidl },
    Item { name: "top", count: 1, by_command: true, content: top },
    Item { name: "removed", count: 1, by_command: true, content: |mark| with_body(mark, b"to be removed\n") },
    Item { name: "marked", count: 1, by_command: true, content: |mark| with_body(mark, b"to be marked\n") },
    Item { name: "many", count: MANY, by_command: true, content: |mark| with_body(mark, b"one of many\n") },
];

fn with_body(mark: &str, body: &[u8]) -> Vec<u8> {
    let header = format!("From: conform@example.org\nTo: you@example.org\nSubject: {mark}\n\n");
    [header.as_bytes(), body].concat()
}

/// What the sender would like its unique-id to be (P-188).
pub(super) fn chosen_uid(mark: &str) -> String {
    format!("chosen-{mark}").chars().take(60).collect()
}

fn x_uidl(mark: &str) -> Vec<u8> {
    let header = format!("X-UIDL: {}\n", chosen_uid(mark));
    [header.as_bytes(), &with_body(mark, b"the sender chooses no unique-id\n")].concat()
}

fn top(mark: &str) -> Vec<u8> {
    let header = format!("Subject: {mark}\nA: 1\nB: 2\n three\nC: 4\nD: 5\n\n");
    let body: Vec<String> = (1..=12).map(|line| format!(".{line}\n")).collect();
    [header, body.concat()].concat().into_bytes()
}

/// Lines above every buffer, with dots where buffers end.
fn long_lines() -> Vec<u8> {
    let mut body = Vec::new();
    for length in [998_usize, 4095, 4096, 8192, 65_536, 70_000] {
        body.extend(std::iter::repeat_n(b'x', length - 1));
        body.extend_from_slice(b".\n.");
    }
    body.extend(std::iter::repeat_n(b'.', 70_000));
    body.push(b'\n');
    body.extend(std::iter::repeat_n(b'y', 1 << 20));
    body.extend_from_slice(b"\n.\n");
    body
}

/// What a message is on the wire without stuffing, written down naively (P-044, P-045, P-240).
pub(super) fn canonical(message: &[u8]) -> Vec<u8> {
    let mut wire = Vec::with_capacity(message.len() + message.len() / 8);
    let mut octets = message.iter().copied().peekable();
    while let Some(octet) = octets.next() {
        match octet {
            b'\r' => {
                octets.next_if_eq(&b'\n');
                wire.extend_from_slice(b"\r\n");
            }
            b'\n' => wire.extend_from_slice(b"\r\n"),
            0 => wire.push(0x80),
            octet => wire.push(octet),
        }
    }
    if !wire.is_empty() && !wire.ends_with(b"\r\n") {
        wire.extend_from_slice(b"\r\n");
    }
    wire
}

impl Corpus {
    /// The messages of a run with this name.
    pub fn new(delivery: Delivery, run: &str, now: SystemTime) -> Self {
        Self { delivery, run: run.to_owned(), now }
    }

    fn by_command(&self) -> bool {
        matches!(self.delivery, Delivery::Command(_))
    }

    fn items(&self) -> impl Iterator<Item = &'static Item> {
        let by_command = self.by_command();
        ITEMS.iter().filter(move |item| item.by_command || !by_command)
    }

    /// How many messages are delivered.
    pub(super) fn len(&self) -> usize {
        self.items().map(|item| item.count).sum()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.items().any(|item| item.name == name)
    }

    fn mark(&self, item: &Item) -> String {
        format!("conform-{}-{}", self.run, item.name)
    }

    /// What the sender of "x-uidl" has chosen.
    pub(super) fn chosen_uid(&self) -> String {
        chosen_uid(&format!("conform-{}-x-uidl", self.run))
    }

    /// Which message this is, even if not all of it has come.
    pub(super) fn recognise(&self, octets: &[u8]) -> Option<&'static Item> {
        self.items().find(|item| {
            let mark = self.mark(item);
            if item.name == "empty" { octets.is_empty() } else { begins_with_mark(octets, mark.as_bytes()) }
        })
    }

    /// What RETR must give, and whether something may stand in front of it: a command may add trace headers.
    pub(super) fn expected(&self, item: &Item) -> Vec<u8> {
        canonical(&(item.content)(&self.mark(item)))
    }

    /// Whether what came is what was delivered.
    pub(super) fn is_whole(&self, item: &Item, octets: &[u8]) -> bool {
        let expected = self.expected(item);
        if self.by_command() {
            let body = expected.windows(4).position(|end| end == b"\r\n\r\n").unwrap_or(0);
            return octets.ends_with(&expected[body..]);
        }
        // A separator behind a lone header does no harm (P-173).
        octets == expected || (item.name == "header-only" && octets == [expected.as_slice(), b"\r\n"].concat())
    }

    /// Puts all of them into the maildrop.
    pub(super) async fn deliver(&self) -> Result<(), Stop> {
        let mut place = 0;
        for item in self.items() {
            let content = (item.content)(&self.mark(item));
            for _ in 0..item.count {
                place += 1;
                let delivered = match &self.delivery {
                    Delivery::Maildir(folder) => self.put_into(folder, place, &content),
                    Delivery::Command(command) => by_command(command, &content).await,
                };
                delivered.map_err(|error| Stop::Skipped(format!("the messages could not be delivered: {error}")))?;
            }
        }
        Ok(())
    }

    fn put_into(&self, folder: &Path, place: usize, content: &[u8]) -> io::Result<()> {
        let seconds = self.now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let name = format!("{seconds}.M{place:06}R{}.conform", self.run);
        let (part, whole) = (folder.join("tmp").join(&name), folder.join("new").join(&name));
        fs::write(&part, content)?;
        fs::rename(part, whole)
    }
}

fn begins_with_mark(octets: &[u8], mark: &[u8]) -> bool {
    octets.windows(mark.len()).take(4096).any(|window| window == mark)
}

async fn by_command(command: &str, content: &[u8]) -> io::Result<()> {
    let mut child = Command::new("sh").args(["-c", command]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    let (mut stdin, content) = (child.stdin.take(), content.to_vec());
    let writing = tokio::task::spawn_blocking(move || stdin.as_mut().map_or(Ok(()), |stdin| stdin.write_all(&content)));
    let mut waited = Duration::ZERO;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if waited > COMMAND_TIME {
            child.kill()?;
            child.wait()?;
            return Err(io::Error::other("the command does not end"));
        }
        tokio::time::sleep(COMMAND_LOOK).await;
        waited += COMMAND_LOOK;
    };
    // A command that reads less than everything breaks the pipe; its exit code tells.
    let _ = writing.await;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("the command says {status}"))) }
}
