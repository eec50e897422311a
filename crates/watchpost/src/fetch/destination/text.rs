//! A message on its way: line ends as they are wanted, in memory while it is small, in a file of ours when it is not.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use uuid::Uuid;
use watchpost_proto::Sizer;
use watchpost_proto::planted::planted;

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
    folder: PathBuf,
    line_ends: LineEnds,
    quoting: Quoting,
    memory: Vec<u8>,
    file: Option<SpoolFile>,
    after_cr: bool,
    /// How much of `From ` stands at the start of this line, behind any `>`; `None`: the line begins otherwise.
    from: Option<usize>,
    octets: u64,
    sizer: Sizer,
}

/// A file that goes when nobody has renamed it.
pub(super) struct SpoolFile {
    pub(super) file: File,
    pub(super) path: PathBuf,
    pub(super) kept: bool,
}

impl Drop for SpoolFile {
    fn drop(&mut self) {
        if !self.kept {
            // Whatever is left here is swept at the next start.
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl SpoolFile {
    fn create(folder: &Path) -> io::Result<Self> {
        let path = folder.join(Uuid::now_v7().simple().to_string());
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
        Ok(Self { file, path, kept: false })
    }
}

impl Spool {
    pub(super) fn new(folder: &Path, line_ends: LineEnds, quoting: Quoting) -> Self {
        Self {
            folder: folder.to_owned(),
            line_ends,
            quoting,
            memory: Vec::new(),
            file: None,
            after_cr: false,
            from: Some(0),
            octets: 0,
            sizer: Sizer::default(),
        }
    }

    /// The next octets of the message, as they came over the wire, without stuffing.
    pub fn push(&mut self, octets: &[u8]) -> io::Result<()> {
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
            let run = octets.iter().position(|octet| matches!(octet, b'\r' | b'\n')).unwrap_or(octets.len());
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
    }

    /// Writes to its file what waits in memory.
    pub(super) fn spill(&mut self) -> io::Result<()> {
        if self.file.is_none() {
            self.file = Some(SpoolFile::create(&self.folder)?);
        }
        let file = self.file.as_mut().expect("it has just been made where it was missing");
        file.file.write_all(&self.memory)?;
        self.memory.clear();
        Ok(())
    }

    /// How many octets are stored.
    pub fn octets(&self) -> u64 {
        self.octets
    }

    /// How long the message is on the wire.
    pub(super) fn sizes(&self) -> watchpost_proto::Sizes {
        self.sizer.clone().finish()
    }

    /// Everything in its file.
    pub(super) fn into_file(mut self) -> io::Result<SpoolFile> {
        self.spill()?;
        self.file.take().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// How much of it is in memory.
    #[cfg(test)]
    fn in_memory(&self) -> usize {
        self.memory.len()
    }

    /// Hands it over piece by piece.
    pub(super) fn read(mut self, mut take: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        if let Some(file) = &mut self.file {
            file.file.seek(SeekFrom::Start(0))?;
            let mut piece = vec![0; MEMORY_MAX];
            loop {
                match file.file.read(&mut piece)? {
                    0 => break,
                    octets => take(&piece[..octets])?,
                }
            }
        }
        take(&self.memory)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stored(line_ends: LineEnds, quoting: Quoting, wire: &[u8], cut: usize) -> Vec<u8> {
        let mut spool = Spool::new(Path::new("/nowhere"), line_ends, quoting);
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
        let mut spool = Spool::new(folder.path(), LineEnds::Exact, Quoting::None);
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
        let mut spool = Spool::new(folder.path(), LineEnds::Lf, Quoting::None);
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
