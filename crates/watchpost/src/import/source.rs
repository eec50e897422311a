//! One message in a file, which can be read as often as wanted.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Take};
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::digest;
use rustix::fs::{Mode, OFlags};

use super::error::{ImportError, shown};
use super::mbox::Unquoted;

/// A message that was found. It costs a few words of memory, however large the message is.
#[derive(Clone, Debug)]
pub struct Source {
    path: Arc<Path>,
    /// The path inside the folder that was searched.
    relative: Arc<Path>,
    part: Part,
}

/// Which part of the file is the message.
#[derive(Clone, Debug)]
enum Part {
    Eml,
    Maildir,
    Mbox { ordinal: usize, range: Range<u64> },
}

impl Source {
    pub(super) fn eml(path: &Path, relative: &Path) -> Self {
        Self { path: path.into(), relative: relative.into(), part: Part::Eml }
    }

    pub(super) fn maildir(path: &Path, relative: &Path) -> Self {
        Self { path: path.into(), relative: relative.into(), part: Part::Maildir }
    }

    /// All messages of one mbox, from the ranges they take up.
    pub(super) fn mbox(path: &Path, relative: &Path, ranges: Vec<Range<u64>>) -> impl Iterator<Item = Self> {
        let path: Arc<Path> = path.into();
        let relative: Arc<Path> = relative.into();
        ranges.into_iter().zip(1..).map(move |(range, ordinal)| Self {
            path: Arc::clone(&path),
            relative: Arc::clone(&relative),
            part: Part::Mbox { ordinal, range },
        })
    }

    /// The message, to be read bit by bit.
    pub fn open(&self) -> Result<SourceReader, ImportError> {
        let file = open(&self.path)?;
        let octets = match &self.part {
            Part::Eml | Part::Maildir => Octets::Whole(file),
            Part::Mbox { range, .. } => Octets::Part(Unquoted::new(part_of(file, range, &self.path)?)),
        };
        Ok(SourceReader { octets })
    }

    /// The message at once.
    pub fn read(&self) -> Result<Vec<u8>, ImportError> {
        let mut octets = Vec::new();
        self.open()?.read_to_end(&mut octets).map_err(|cause| ImportError::unreadable(&self.path, cause))?;
        Ok(octets)
    }

    /// What to call the message while it is imported: its path in the folder, safe for a terminal.
    pub fn label(&self) -> String {
        match &self.part {
            Part::Eml | Part::Maildir => shown(&self.relative),
            Part::Mbox { ordinal, .. } => format!("{}#{ordinal}", shown(&self.relative)),
        }
    }

    /// Names this message at this place, in hexadecimal digits: who keeps the keys of what was imported imports nothing
    /// twice. `octets` is the message, as [`Source::read`] gives it.
    ///
    /// The same message in two places has two keys, and a message of a Maildir keeps its key when it is seen, flagged
    /// or moved from `new` to `cur`.
    pub fn key(&self, octets: &[u8]) -> String {
        let mut context = digest::Context::new(&digest::SHA256);
        let mut part = |octets: &[u8]| {
            context.update(&(octets.len() as u64).to_be_bytes());
            context.update(octets);
        };
        match &self.part {
            Part::Eml => {
                part(b"eml");
                part(self.relative.as_os_str().as_bytes());
            }
            Part::Maildir => {
                part(b"maildir");
                let maildir = self.relative.ancestors().nth(2).unwrap_or(Path::new(""));
                part(maildir.as_os_str().as_bytes());
                part(self.base_name());
            }
            Part::Mbox { ordinal, .. } => {
                part(b"mbox");
                part(self.relative.as_os_str().as_bytes());
                part(&(*ordinal as u64).to_be_bytes());
            }
        }
        part(octets);
        context.finish().as_ref().iter().fold(String::new(), |mut key, octet| {
            let _ = write!(key, "{octet:02x}");
            key
        })
    }

    /// What a Maildir name keeps when flags and sizes change.
    fn base_name(&self) -> &[u8] {
        let name = self.relative.file_name().map_or(&b""[..], OsStrExt::as_bytes);
        name.split(|octet| matches!(octet, b':' | b',')).next().unwrap_or(name)
    }
}

/// Reads one message; of an mbox, without its quoting.
#[derive(Debug)]
pub struct SourceReader {
    octets: Octets,
}

#[derive(Debug)]
enum Octets {
    Whole(File),
    Part(Unquoted<Take<BufReader<File>>>),
}

impl Read for SourceReader {
    fn read(&mut self, output: &mut [u8]) -> std::io::Result<usize> {
        match &mut self.octets {
            Octets::Whole(file) => file.read(output),
            Octets::Part(part) => part.read(output),
        }
    }
}

/// Opens a regular file. Between finding and reading it may have become a link, which is not followed, or a pipe,
/// which is not waited for.
pub(super) fn open(path: &Path) -> Result<File, ImportError> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let opened = rustix::fs::open(path, flags, Mode::empty());
    let file = match opened {
        Ok(file) => File::from(file),
        Err(rustix::io::Errno::LOOP) => return Err(ImportError::Changed { path: path.to_owned() }),
        Err(cause) => return Err(ImportError::unreadable(path, cause.into())),
    };
    let metadata = file.metadata().map_err(|cause| ImportError::unreadable(path, cause))?;
    if metadata.is_file() { Ok(file) } else { Err(ImportError::Changed { path: path.to_owned() }) }
}

fn part_of(mut file: File, range: &Range<u64>, path: &Path) -> Result<Take<BufReader<File>>, ImportError> {
    let octets = file.metadata().map_err(|cause| ImportError::unreadable(path, cause))?.len();
    if octets < range.end {
        return Err(ImportError::Changed { path: path.to_owned() });
    }
    file.seek(SeekFrom::Start(range.start)).map_err(|cause| ImportError::unreadable(path, cause))?;
    Ok(BufReader::new(file).take(range.end - range.start))
}
