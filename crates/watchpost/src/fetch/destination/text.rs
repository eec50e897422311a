//! A message on its way: line ends as they are wanted, in memory while it is small, in a file of ours when it is not.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use aws_lc_rs::digest::{Context, SHA256};
use rustix::fs::{MemfdFlags, memfd_create};
use uuid::Uuid;
use watchpost_proto::Sizer;
use watchpost_proto::planted::planted;
use watchpost_store::disk::{Folder, OutFile};

use crate::fetch::fingerprint::Print;

/// Octets of a message that wait in memory.
const MEMORY_MAX: usize = 256 * 1024;

/// What ends lines at the destination. On the wire it is CRLF (RFC 1939 §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEnds {
    /// LF, as Unix stores mail, unless a CR or LF stands alone in the message: then all of it stays as it came. So a
    /// text without any CR had CRLF where it has LF, any other is octet for octet what came, and nothing is lost (C-072).
    Exact,
    /// LF, as Unix stores mail. A CR or LF that stands alone stays what it is.
    Lf,
    /// CRLF: octet for octet what came over the wire.
    Crlf,
}

impl LineEnds {
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Exact | Self::Lf => "\n",
            Self::Crlf => "\r\n",
        }
    }
}

/// How a text is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quoting {
    /// As it is.
    None,
    /// Lines that begin with `From `, or with `>` before that, get one more `>` (mboxrd).
    FromLines,
}

/// A message on its way.
pub struct Spool {
    folder: Arc<Folder>,
    line_ends: LineEnds,
    quoting: Quoting,
    memory: Vec<u8>,
    file: Option<SpoolFile>,
    after_cr: bool,
    /// How much of `From ` stands at the start of this line, behind any `>`; `None`: the line begins otherwise.
    from: Option<usize>,
    octets: u64,
    sizer: Sizer,
    /// Of what is stored, where the destination must recognise it.
    stored: Option<Context>,
}

/// A file that goes unless somebody keeps it.
pub(super) struct SpoolFile {
    pub(super) out: OutFile,
    pub(super) name: String,
    pub(super) kept: bool,
    folder: Arc<Folder>,
}

impl Drop for SpoolFile {
    fn drop(&mut self) {
        if !self.kept {
            // Whatever is left here is swept at the next start.
            let _ = self.folder.unlink(self.name.as_bytes());
        }
    }
}

impl SpoolFile {
    fn create(folder: &Arc<Folder>) -> io::Result<Self> {
        // One name for this run, and a number for the file: what other runs have left has other names.
        static RUN: LazyLock<Uuid> = LazyLock::new(Uuid::now_v7);
        static FILES: AtomicU64 = AtomicU64::new(0);
        let name = format!("{}-{}", RUN.simple(), FILES.fetch_add(1, Ordering::Relaxed));
        let out = folder.create(name.as_bytes())?;
        Ok(Self { out, name, kept: false, folder: Arc::clone(folder) })
    }
}

impl Spool {
    pub(super) fn new(folder: &Arc<Folder>, line_ends: LineEnds, quoting: Quoting) -> Self {
        Self {
            folder: Arc::clone(folder),
            line_ends,
            quoting,
            memory: Vec::new(),
            file: None,
            after_cr: false,
            from: Some(0),
            octets: 0,
            sizer: Sizer::default(),
            stored: (quoting == Quoting::FromLines).then(|| Context::new(&SHA256)),
        }
    }

    /// The next octets of the message, as they came over the wire, without stuffing.
    pub fn push(&mut self, octets: &[u8]) -> io::Result<()> {
        if self.line_ends == LineEnds::Exact && self.quoting == Quoting::None {
            let from = self.memory.len();
            if self.converted_if_none_is_alone(octets) {
                self.account_for(from);
                return if self.memory.len() > MEMORY_MAX { self.spill() } else { Ok(()) };
            }
            self.memory.truncate(from);
        }
        if self.line_ends == LineEnds::Exact && self.has_one_alone(octets) && !planted("fetch.converts-what-it-cannot")
        {
            self.revert()?;
        }
        let from = self.memory.len();
        if self.line_ends == LineEnds::Crlf && self.quoting == Quoting::None {
            self.memory.extend_from_slice(octets);
        } else {
            self.converted(octets);
        }
        self.account_for(from);
        if self.memory.len() > MEMORY_MAX { self.spill() } else { Ok(()) }
    }

    /// Nearly every message, in one pass: converts, unless a CR or LF stands alone.
    fn converted_if_none_is_alone(&mut self, octets: &[u8]) -> bool {
        let (mut after_cr, mut rest) = (self.after_cr, octets);
        self.memory.reserve(octets.len() + 1);
        while let Some(octet) = rest.first() {
            if after_cr {
                if *octet != b'\n' {
                    return false;
                }
                self.memory.push(b'\n');
                rest = &rest[1..];
            }
            let end = memchr::memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
            let (text, behind) = rest.split_at(end);
            self.memory.extend_from_slice(text);
            after_cr = match behind.first() {
                Some(b'\n') => return false,
                line_end => line_end.is_some(),
            };
            rest = behind.get(1..).unwrap_or_default();
        }
        self.after_cr = after_cr;
        true
    }

    /// Whether a CR or LF stands alone in what comes next.
    fn has_one_alone(&self, octets: &[u8]) -> bool {
        let mut after_cr = self.after_cr;
        let mut rest = octets;
        while let Some(octet) = rest.first() {
            if after_cr != (*octet == b'\n') {
                return true;
            }
            if after_cr {
                rest = &rest[1..];
            }
            let Some(end) = memchr::memchr2(b'\r', b'\n', rest) else { return false };
            if rest[end] == b'\n' {
                return true;
            }
            (after_cr, rest) = (true, &rest[end + 1..]);
        }
        false
    }

    /// What was converted becomes what it was, and what follows stays what it is.
    fn revert(&mut self) -> io::Result<()> {
        let anew = Self::new(&self.folder, LineEnds::Crlf, self.quoting);
        let converted = std::mem::replace(self, anew);
        (self.after_cr, self.from) = (converted.after_cr, converted.from);
        converted.read(|piece| {
            for line in piece.split_inclusive(|octet| *octet == b'\n') {
                let from = self.memory.len();
                match line.strip_suffix(b"\n") {
                    Some(text) => {
                        self.memory.extend_from_slice(text);
                        self.memory.extend_from_slice(b"\r\n");
                    }
                    None => self.memory.extend_from_slice(line),
                }
                self.account_for(from);
            }
            if self.memory.len() > MEMORY_MAX { self.spill() } else { Ok(()) }
        })?;
        if self.quoting == Quoting::None && std::mem::take(&mut self.after_cr) {
            let from = self.memory.len();
            self.memory.push(b'\r');
            self.account_for(from);
        }
        Ok(())
    }

    /// Whole runs between line ends go as they are.
    fn converted(&mut self, mut octets: &[u8]) {
        while let Some(octet) = octets.first().copied() {
            if self.after_cr {
                self.after_cr = false;
                if octet != b'\n' || self.line_ends == LineEnds::Crlf {
                    self.memory.push(b'\r');
                }
                if octet == b'\n' {
                    self.memory.push(b'\n');
                    self.from = Some(0);
                    octets = &octets[1..];
                }
                continue;
            }
            if self.from.is_some() && self.quoting == Quoting::FromLines {
                octets = self.line_start(octets);
                continue;
            }
            let run = memchr::memchr2(b'\r', b'\n', octets).unwrap_or(octets.len());
            self.memory.extend_from_slice(&octets[..run]);
            octets = &octets[run..];
            match octets.first() {
                Some(b'\r') => self.after_cr = true,
                Some(_) => {
                    self.memory.push(b'\n');
                    self.from = Some(0);
                }
                None => {}
            }
            octets = octets.get(1..).unwrap_or_default();
        }
    }

    /// At the start of a line, as long as it may become a `From ` line: its octets wait here.
    fn line_start<'a>(&mut self, octets: &'a [u8]) -> &'a [u8] {
        const FROM: &[u8] = b"From ";
        let matched = self.from.unwrap_or_default();
        match octets[0] {
            b'>' if matched == 0 => {
                self.memory.push(b'>');
                &octets[1..]
            }
            octet if octet == FROM[matched] => {
                self.from = Some(matched + 1);
                if matched + 1 == FROM.len() {
                    self.memory.push(b'>');
                    self.memory.extend_from_slice(FROM);
                    self.from = None;
                }
                &octets[1..]
            }
            _ => {
                self.memory.extend_from_slice(&FROM[..matched]);
                self.from = None;
                octets
            }
        }
    }

    /// Nothing follows: what waited for its continuation goes as it is.
    pub fn finish(&mut self) {
        let from = self.memory.len();
        if let Some(matched) = self.from.take().filter(|_| self.quoting == Quoting::FromLines) {
            self.memory.extend_from_slice(&b"From "[..matched]);
        }
        if std::mem::take(&mut self.after_cr) {
            self.memory.push(b'\r');
        }
        self.account_for(from);
    }

    fn account_for(&mut self, from: usize) {
        self.octets += (self.memory.len() - from) as u64;
        self.sizer.push(&self.memory[from..]);
        if let Some(stored) = &mut self.stored {
            stored.update(&self.memory[from..]);
        }
    }

    /// Writes to its file what waits in memory.
    pub(super) fn spill(&mut self) -> io::Result<()> {
        if self.file.is_none() {
            self.file = Some(SpoolFile::create(&self.folder)?);
        }
        let file = self.file.as_mut().expect("it has just been made where it was missing");
        file.out.write(&self.memory)?;
        self.memory.clear();
        Ok(())
    }

    /// Memory to begin with, so that not every message asks for its own.
    pub fn lend(&mut self, memory: Vec<u8>) {
        if self.memory.is_empty() {
            self.memory = memory;
        }
    }

    /// The memory, if the message is in its file: a batch of files need not keep it.
    pub fn give_back(&mut self) -> Vec<u8> {
        if self.memory.is_empty() { std::mem::take(&mut self.memory) } else { Vec::new() }
    }

    /// How many octets are stored.
    pub fn octets(&self) -> u64 {
        self.octets
    }

    /// How long the message is on the wire.
    pub(super) fn sizes(&self) -> watchpost_proto::Sizes {
        self.sizer.clone().finish()
    }

    /// What it is known by as it is stored, once nothing follows.
    pub(super) fn stored(&self) -> Print {
        Print::of(self.stored.clone().unwrap_or_else(|| Context::new(&SHA256)))
    }

    /// Everything in its file.
    pub(super) fn into_file(mut self) -> io::Result<SpoolFile> {
        self.spill()?;
        self.file.take().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// As the standard input of a program: a file that is whole before the program begins. Of a pipe that ends because we
    /// were killed it would take half a message for a whole one.
    pub(super) fn into_input(self) -> io::Result<File> {
        let mut input = if self.file.is_some() {
            // Its name goes, the file stays as long as somebody has it open.
            self.into_file()?.out.file().try_clone()?
        } else {
            let mut file = File::from(memfd_create("message", MemfdFlags::CLOEXEC)?);
            file.write_all(&self.memory)?;
            file
        };
        input.seek(SeekFrom::Start(0))?;
        Ok(input)
    }

    /// How much of it is in memory.
    #[cfg(test)]
    fn in_memory(&self) -> usize {
        self.memory.len()
    }

    /// Hands it over piece by piece.
    pub(super) fn read(self, mut take: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        if let Some(file) = &self.file {
            let mut piece = vec![0; MEMORY_MAX];
            let mut position = 0;
            loop {
                match file.out.file().read_at(&mut piece, position)? {
                    0 => break,
                    octets => {
                        take(&piece[..octets])?;
                        position += octets as u64;
                    }
                }
            }
        }
        take(&self.memory)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use std::fs;
    use std::path::Path;

    use super::*;

    fn folder(path: &Path) -> Arc<Folder> {
        Arc::new(Folder::open_existing(path).unwrap())
    }

    fn stored(line_ends: LineEnds, quoting: Quoting, wire: &[u8], cut: usize) -> Vec<u8> {
        let mut spool = Spool::new(&folder(Path::new("/")), line_ends, quoting);
        wire.chunks(cut).for_each(|piece| spool.push(piece).unwrap());
        spool.finish();
        let mut all = Vec::new();
        let octets = spool.octets();
        spool
            .read(|piece| {
                all.extend_from_slice(piece);
                Ok(())
            })
            .unwrap();
        assert_eq!(all.len() as u64, octets);
        all
    }

    #[test]
    fn line_ends_change_and_nothing_else_does_however_the_wire_is_cut() {
        // C-072
        let wire = b"A: 1\r\n\r\n\rlone\nfeed\r\r\n\xff\0x\r\nFrom me\r\n>From\r\n>>From you\r\n\r\r\nFro\r\n\r";
        for cut in 1..=wire.len() {
            assert_eq!(stored(LineEnds::Crlf, Quoting::None, wire, cut), wire);
            let lf = stored(LineEnds::Lf, Quoting::None, wire, cut);
            assert_eq!(lf, b"A: 1\n\n\rlone\nfeed\r\n\xff\0x\nFrom me\n>From\n>>From you\n\r\nFro\n\r", "{cut}");
            let quoted = stored(LineEnds::Lf, Quoting::FromLines, wire, cut);
            assert_eq!(quoted, b"A: 1\n\n\rlone\nfeed\r\n\xff\0x\n>From me\n>From\n>>>From you\n\r\nFro\n\r", "{cut}");
            assert_eq!(stored(LineEnds::Crlf, Quoting::FromLines, b"From \r\nFrom", cut), b">From \r\nFrom");
        }
    }

    /// What came, of what is stored.
    fn came(stored: &[u8]) -> Vec<u8> {
        if stored.contains(&b'\r') {
            return stored.to_vec();
        }
        stored.split(|octet| *octet == b'\n').collect::<Vec<_>>().join(&b"\r\n"[..])
    }

    proptest! {
        #[test]
        fn what_came_can_be_told_from_what_is_stored(
            text in "([a-zF>]|\r\n|\r\n\r\n|From |\r|\n){0,40}", cut in 1_usize..50,
        ) {
            // C-072: a message ends with a line, as the wire makes sure.
            let wire = format!("{text}\r\n").into_bytes();
            let stored = stored(LineEnds::Exact, Quoting::None, &wire, cut);
            prop_assert_eq!(came(&stored), wire.clone());
            let alone = String::from_utf8(wire.clone()).unwrap().replace("\r\n", "").contains(['\r', '\n']);
            prop_assert_eq!(stored.contains(&b'\r'), alone, "LF wherever that loses nothing");
            // Quoting is undone line by line, whatever ends them.
            let quoted = super::tests::stored(LineEnds::Exact, Quoting::FromLines, &wire, cut);
            let mut unquoted = Vec::new();
            for line in quoted.split_inclusive(|octet| *octet == b'\n') {
                let quotes = line.iter().take_while(|octet| **octet == b'>').count();
                let quoted = quotes > 0 && line[quotes..].starts_with(b"From ");
                unquoted.extend_from_slice(&line[usize::from(quoted)..]);
            }
            prop_assert_eq!(came(&unquoted), wire);
        }
    }

    #[test]
    fn a_large_message_that_must_stay_as_it_came_is_written_anew() {
        // C-072
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::new(&self::folder(folder.path()), LineEnds::Exact, Quoting::None);
        let wire =
            [b"A: 1\r\n\r\n".to_vec(), b"fourteen octets\r\n".repeat(MEMORY_MAX / 8), b"alone\n\r\n".to_vec()].concat();
        wire.chunks(1000).for_each(|piece| spool.push(piece).unwrap());
        spool.finish();
        assert_eq!((spool.octets(), fs::read_dir(folder.path()).unwrap().count()), (wire.len() as u64, 1));
        let mut all = Vec::new();
        spool
            .read(|piece| {
                all.extend_from_slice(piece);
                Ok(())
            })
            .unwrap();
        assert!(all == wire);
    }

    #[test]
    fn a_large_message_waits_in_a_file_that_goes_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::new(&self::folder(folder.path()), LineEnds::Lf, Quoting::None);
        spool.push(b"A: 1\r\n\r\n").unwrap();
        for _ in 0..MEMORY_MAX / 8 {
            spool.push(b"fourteen octets\r\n").unwrap();
        }
        spool.finish();
        assert!(spool.in_memory() <= MEMORY_MAX);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let mut octets = 0;
        assert_eq!(spool.octets(), 6 + 2 * MEMORY_MAX as u64);
        spool
            .read(|piece| {
                octets += piece.len();
                Ok(())
            })
            .unwrap();
        assert_eq!(octets, 6 + 2 * MEMORY_MAX);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
