//! The index: what names do not say of messages, kept on the disk so that a restart need not count again (P-224).
//!
//! ```text
//! .watchpost.index = "watchpost-idx-1\n" block…
//! block  = length of the payload (4) · checksum (16) · payload
//! record = hash of the stem (8) · kind (1) · size (8) · stamp (8) · size of the surrogate (8)
//!                                           └ kinds 1 and 2 ──┘   └ kind 2 ──────────┘
//! ```
//!
//! Records stand in the order in which messages were first listed, which is the order of their numbers (P-067). A later
//! record of a message says its size anew. Each checksum covers the one before it, so that nothing but a prefix of what
//! was written can be read back, whatever a crash has left; that is why nothing here is synced. A size is believed only
//! for the very file it was counted from; unique-ids do not stand here at all, so the loss of the file changes none
//! (P-182).

use std::io::{self, BufReader, Read};

use aws_lc_rs::digest::{Context, SHA256};
use watchpost_proto::planted::planted;
use watchpost_proto::{Octets, Sizes};

use super::delivery::TemporaryFile;
use super::file::{Facts, MessageFile, Stamp};
use super::fnv::fnv;
use super::folders::Folders;
use super::name::{self, NameMaker, claimed};
use super::snapshot::{Checksum, IndexFile, Size, Snapshot};
use crate::disk::OutFile;

const FILE: &[u8] = b".watchpost.index";

/// The version is part of it: an index of another version is none.
const HEADER: &[u8; 16] = b"watchpost-idx-1\n";

/// How many records a block has at most: about a mebibyte.
const BLOCK_RECORDS: usize = 1 << 15;

const RECORD_MAX: usize = 33;

/// Records of messages that are gone are tolerated up to this many, or to as many as there are messages.
const DEAD_MAX: u64 = 1024;

/// An index that was read.
#[derive(Debug)]
pub(super) struct Index {
    file: IndexFile,
    records: Vec<Record>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Record {
    stem: u64,
    size: Option<Size>,
}

impl Index {
    /// Reads the index of a Maildir, up to the first octet that is not as it was written. None, if there is nothing.
    pub(super) fn load(folders: &Folders) -> Option<Self> {
        match Self::read(folders) {
            Ok(index) => Some(index),
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    tracing::debug!(%error, "cannot read an index, and does without it");
                }
                None
            }
        }
    }

    fn read(folders: &Folders) -> io::Result<Self> {
        let open = MessageFile::open(&folders.root, FILE)?;
        let mut input = BufReader::with_capacity(super::file::PIECE, open.file);
        let mut header = [0; HEADER.len()];
        input.read_exact(&mut header)?;
        if header != *HEADER {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the index is of another version"));
        }
        let file = IndexFile {
            inode: open.facts.inode,
            length: HEADER.len() as u64,
            last: checksum(&Checksum::default(), HEADER),
            records: 0,
        };
        let mut index = Self { file, records: Vec::new() };
        while let Some(payload) = index.next_block(&mut input) {
            index.records.extend(decoded(&payload));
        }
        index.file.records = index.records.len() as u64;
        index.say_sizes_anew();
        Ok(index)
    }

    /// The payload of the next block, if the file has another whole one.
    fn next_block(&mut self, input: &mut impl Read) -> Option<Vec<u8>> {
        let (mut length, mut sum) = ([0; 4], Checksum::default());
        input.read_exact(&mut length).ok()?;
        input.read_exact(&mut sum).ok()?;
        let length = usize::try_from(u32::from_le_bytes(length)).ok()?;
        if length > BLOCK_RECORDS * RECORD_MAX {
            return None;
        }
        let mut payload = vec![0; length];
        input.read_exact(&mut payload).ok()?;
        if sum != checksum(&self.file.last, &payload) && !planted("store.believes-a-torn-index") {
            return None;
        }
        self.file.last = sum;
        self.file.length += (size_of::<u32>() + sum.len() + length) as u64;
        Some(payload)
    }

    /// Gives the first record of each message the size that its last one says.
    fn say_sizes_anew(&mut self) {
        let mut order: Vec<usize> = (0..self.records.len()).collect();
        order.sort_by_key(|index| self.records[*index].stem);
        let records = self.records.clone();
        for same in order.chunk_by(|one, other| records[*one].stem == records[*other].stem) {
            self.records[same[0]].size = same.iter().rev().find_map(|index| records[*index].size);
        }
    }

    /// The hash of each stem, in the order of the messages. Where one stands twice, the first place holds.
    pub(super) fn stems(&self) -> impl Iterator<Item = u64> {
        self.records.iter().map(|record| record.stem)
    }

    /// What was counted of the message at this place.
    pub(super) fn size(&self, place: u32) -> Option<Size> {
        self.records[place as usize].size
    }

    /// The file it was read from.
    pub(super) fn file(&self) -> &IndexFile {
        &self.file
    }
}

fn decoded(payload: &[u8]) -> Vec<Record> {
    let mut records = Vec::with_capacity(payload.len() / 9);
    let mut rest = payload;
    while let Some(record) = Record::decode(&mut rest) {
        records.push(record);
    }
    records
}

impl Record {
    fn of(snapshot: &Snapshot, index: usize) -> Self {
        let (_, name) = snapshot.place(index);
        let size = snapshot.size(index);
        let news = size.counted.is_some() && claimed(name) != Some(size.sizes);
        Self { stem: fnv(name::stem(name)), size: news.then_some(size) }
    }

    fn encode(&self, payload: &mut Vec<u8>) {
        payload.extend_from_slice(&self.stem.to_le_bytes());
        let Some(Size { sizes, counted: Some(stamp) }) = self.size else {
            payload.push(0);
            return;
        };
        payload.push(if sizes.surrogate.is_some() { 2 } else { 1 });
        payload.extend_from_slice(&sizes.stored.0.to_le_bytes());
        payload.extend_from_slice(&stamp.number().to_le_bytes());
        if let Some(surrogate) = sizes.surrogate {
            payload.extend_from_slice(&surrogate.0.to_le_bytes());
        }
    }

    fn decode(rest: &mut &[u8]) -> Option<Self> {
        let stem = number(rest)?;
        let (kind, behind) = rest.split_first()?;
        *rest = behind;
        if *kind == 0 {
            return Some(Self { stem, size: None });
        }
        let stored = Octets(number(rest)?);
        let counted = Stamp::from_number(number(rest)?);
        let surrogate = if *kind == 2 { Some(Octets(number(rest)?)) } else { None };
        Some(Self { stem, size: Some(Size { sizes: Sizes { stored, surrogate }, counted }) })
    }
}

fn number(rest: &mut &[u8]) -> Option<u64> {
    let (octets, behind) = rest.split_first_chunk::<8>()?;
    *rest = behind;
    Some(u64::from_le_bytes(*octets))
}

fn checksum(before: &Checksum, payload: &[u8]) -> Checksum {
    let mut context = Context::new(&SHA256);
    context.update(before);
    context.update(payload);
    let mut sum = Checksum::default();
    sum.copy_from_slice(&context.finish().as_ref()[..16]);
    sum
}

/// Writes what the index does not say of this listing yet: behind its end where that will do, else anew.
pub(super) fn save(folders: &Folders, names: &NameMaker, snapshot: &Snapshot) -> io::Result<()> {
    let saved = std::mem::take(&mut *snapshot.saved());
    let news = saved.news(snapshot.len());
    if news.is_empty() {
        *snapshot.saved() = saved;
        return Ok(());
    }
    let file = match saved.file.as_ref().filter(|file| !file.is_mostly_dead(news.len(), snapshot.len())) {
        Some(file) => append(folders, file, snapshot, &news)?,
        None => None,
    };
    let file = if let Some(file) = file {
        file
    } else {
        let all: Vec<usize> = (0..snapshot.len()).filter(|index| !saved.is_gone(*index)).collect();
        rewrite(folders, names, snapshot, &all)?
    };
    let mut now = snapshot.saved();
    now.file = Some(file);
    now.listed = snapshot.len();
    now.gone.extend(saved.gone);
    Ok(())
}

impl IndexFile {
    fn is_mostly_dead(&self, news: usize, messages: usize) -> bool {
        self.records + news as u64 > 2 * messages as u64 + DEAD_MAX
    }
}

/// None: the file is not the one we know.
fn append(folders: &Folders, known: &IndexFile, snapshot: &Snapshot, news: &[usize]) -> io::Result<Option<IndexFile>> {
    let mut file = match folders.root.append(FILE) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    if file.length() != known.length || Facts::of_open(file.file())?.inode != known.inode {
        return Ok(None);
    }
    write(&mut file, known, snapshot, news).map(Some)
}

fn rewrite(folders: &Folders, names: &NameMaker, snapshot: &Snapshot, all: &[usize]) -> io::Result<IndexFile> {
    let mut file = TemporaryFile::within(folders, names)?;
    file.file.write(HEADER)?;
    let inode = Facts::of_open(file.file.file())?.inode;
    let last = checksum(&Checksum::default(), HEADER);
    let empty = IndexFile { inode, length: HEADER.len() as u64, last, records: 0 };
    let written = write(&mut file.file, &empty, snapshot, all)?;
    file.replace(&folders.root, FILE)?;
    Ok(written)
}

fn write(file: &mut OutFile, before: &IndexFile, snapshot: &Snapshot, indexes: &[usize]) -> io::Result<IndexFile> {
    let mut written = before.clone();
    let mut block = Vec::new();
    for indexes in indexes.chunks(BLOCK_RECORDS) {
        block.clear();
        block.resize(size_of::<u32>() + size_of::<Checksum>(), 0);
        for index in indexes {
            Record::of(snapshot, *index).encode(&mut block);
        }
        let payload = &block[size_of::<u32>() + size_of::<Checksum>()..];
        let length = u32::try_from(payload.len()).map_err(io::Error::other)?;
        written.last = checksum(&written.last, payload);
        block[..4].copy_from_slice(&length.to_le_bytes());
        block[4..20].copy_from_slice(&written.last);
        file.write(&block)?;
    }
    written.length = file.length();
    written.records += indexes.len() as u64;
    Ok(written)
}
