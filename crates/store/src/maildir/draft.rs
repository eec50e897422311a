//! From the files of a Maildir to numbered messages: order, unique-ids, sizes.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use watchpost_proto::planted::planted;
use watchpost_proto::{Octets, UniqueId};

use super::earlier::Earlier;
use super::file::{Facts, Inode, MessageFile, PIECE, count_with};
use super::folders::Folders;
use super::imported::Imported;
use super::index::Index;
use super::listing::{Listed, State};
use super::name::{self, Claim, Identity, NameMaker, claimed};
use super::scan::{File, Found};
use super::snapshot::{Size, SnapshotBuilder, Subfolder};

/// How many threads count one Maildir, however many cores there are: others want to read too.
const THREADS_MAX: usize = 4;

/// How many files a thread takes at a time.
const SHARE: usize = 64;

/// A listing that lacks the sizes which neither names nor earlier listings tell.
#[derive(Debug)]
pub(super) struct Draft {
    found: Found,
    /// In the order of their numbers.
    files: Vec<File>,
    sizes: Vec<Told>,
    /// Messages that could not be set apart from another one of the same unique-id, by where their names start.
    twins: HashSet<usize>,
    earlier: Earlier,
    imported: Imported,
    state: State,
}

/// What is known of a size without opening the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Size(Size),
    /// The file must be read.
    Nothing,
    /// The file has vanished, or is no message.
    Gone,
}

impl Draft {
    /// Order and unique-ids. Whatever vanishes meanwhile is left out.
    pub(super) fn of(
        mut found: Found,
        folders: &Folders,
        names: &NameMaker,
        listed: Option<Arc<Listed>>,
        state: State,
    ) -> io::Result<Self> {
        let imported = Imported::of(folders, state.imported.as_ref())?;
        let earlier = match listed {
            Some(listed) => Earlier::listed(listed),
            None => Index::load(folders).map_or_else(Earlier::nothing, Earlier::index),
        };
        let files = std::mem::take(&mut found.files);
        let (sizes, twins) = (Vec::new(), HashSet::new());
        let mut draft = Self { found, files, sizes, twins, earlier, imported, state };
        draft.number(folders, names)?;
        draft.sizes = draft.files.iter().map(|file| draft.told(folders, file)).collect();
        Ok(draft)
    }

    fn number(&mut self, folders: &Folders, names: &NameMaker) -> io::Result<()> {
        let mut files = std::mem::take(&mut self.files);
        files.retain_mut(|file| {
            let name = self.found.name(file);
            file.known = self.earlier.place(name::stem(name));
            let seconds = arrival(folders, file, name);
            file.seconds = seconds.unwrap_or(0);
            seconds.is_some()
        });
        self.sort(&mut files);
        self.one_entry_per_file(folders, &mut files);
        self.look_up_imported(folders, &files)?;
        self.set_twins_apart(folders, names, &mut files);
        // Once listed, a message keeps its place before all that were not (P-067).
        if !planted("store.forgets-the-order") {
            files.sort_by_key(|file| file.known.unwrap_or(u32::MAX));
        }
        self.files = files;
        Ok(())
    }

    /// P-067: by arrival, then by name.
    fn sort(&self, files: &mut [File]) {
        fn rest<'a>(found: &'a Found, file: &File) -> (&'a [u8], &'a [u8], Subfolder, &'a [u8]) {
            let name = found.name(file);
            (name::stem(name), name::base(name), file.subfolder, name)
        }
        // Names are looked into only where two messages came in the same second.
        files.sort_unstable_by(|one, other| {
            one.seconds.cmp(&other.seconds).then_with(|| rest(&self.found, one).cmp(&rest(&self.found, other)))
        });
    }

    /// One file can be found under two names while its flags or its folder change.
    fn one_entry_per_file(&self, folders: &Folders, files: &mut Vec<File>) {
        let base = |file: &File| name::base(self.found.name(file));
        let same = |one: &File, other: &File| base(one) == base(other);
        if !files.windows(2).any(|pair| same(&pair[0], &pair[1])) {
            return;
        }
        let mut kept: Vec<File> = Vec::with_capacity(files.len());
        let mut inodes: Vec<Inode> = Vec::new();
        for group in files.chunk_by(same) {
            inodes.clear();
            for file in group {
                let inode =
                    || Facts::of(folders.subfolder(file.subfolder), self.found.name(file)).map(|facts| facts.inode);
                match if group.len() == 1 { None } else { Some(inode()) } {
                    None => kept.push(*file),
                    Some(Ok(inode)) if !inodes.contains(&inode) => {
                        inodes.push(inode);
                        kept.push(*file);
                    }
                    Some(_) => {}
                }
            }
        }
        *files = kept;
    }

    /// The file of imported unique-ids is read again only when it may say something of a message that is new here.
    fn look_up_imported(&mut self, folders: &Folders, files: &[File]) -> io::Result<()> {
        let Imported::AsBefore(remembered) = &self.imported else { return Ok(()) };
        let mut new = files.iter().filter(|file| file.known.is_none()).map(|file| self.found.name(file));
        if new.any(|name| remembered.may_name(&Identity::of(name).unique_id())) {
            self.imported = Imported::of(folders, None)?;
        }
        Ok(())
    }

    /// Gives every message whose unique-id another one has a name with one of its own (P-183). Only a name outlives
    /// both this process and the other copy: a unique-id derived from there being two would change, or be used again,
    /// when one of them is removed (P-181, P-182).
    fn set_twins_apart(&mut self, folders: &Folders, maker: &NameMaker, files: &mut [File]) {
        let mut identities = HashSet::with_capacity(files.len());
        let twins: Vec<usize> = (0..files.len())
            .filter(|at| {
                let identity = Identity::of(self.found.name(&files[*at]));
                !identities.insert(identity) || self.imported.has_given_to_another(identity)
            })
            .collect();
        drop(identities);
        for at in &twins {
            let file = &mut files[*at];
            let name = self.found.name(file).to_vec();
            let apart = maker.apart(&name, file.seconds);
            let folder = folders.subfolder(file.subfolder);
            match folder.rename(&name, folder, &apart).and_then(|()| folder.sync()) {
                Ok(()) => {
                    file.known = None;
                    self.found.rename(file, &apart);
                }
                Err(error) => {
                    tracing::debug!(%error, "cannot rename a message whose unique-id another one has");
                    self.twins.insert(file.start);
                }
            }
        }
        if !twins.is_empty() {
            self.sort(files);
        }
    }

    /// What LIST will say, as far as it is known. Never fails for what cannot be read.
    fn told(&self, folders: &Folders, file: &File) -> Told {
        let (folder, name) = (folders.subfolder(file.subfolder), self.found.name(file));
        let claimed = claimed(name);
        let known = file.known.and_then(|place| self.earlier.size(place));
        match (known, claimed) {
            (Some(known), Some(claimed)) if known.sizes == claimed => return Told::Size(known),
            (None, Some(sizes)) => return Told::Size(Size { sizes, counted: None }),
            (None, None) => return Told::Nothing,
            _ => {}
        }
        let facts = match Facts::of(folder, name) {
            Ok(facts) => facts,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Told::Gone,
            Err(_) => return Told::Size(uncounted(name, 0)),
        };
        if !facts.kind.is_message() {
            return Told::Gone;
        }
        let same = |known: &Size| known.counted == Some(facts.stamp()) || planted("store.believes-a-stale-index");
        match (known.filter(same), claimed) {
            (Some(known), _) => Told::Size(known),
            (None, Some(sizes)) => Told::Size(Size { sizes, counted: None }),
            (None, None) => Told::Nothing,
        }
    }

    /// How many files must be read.
    pub(super) fn uncounted(&self) -> usize {
        self.sizes.iter().filter(|told| **told == Told::Nothing).count()
    }

    /// Reads what must be read, on as many threads as that is worth.
    fn count(&mut self, folders: &Folders) {
        let wanted: Vec<usize> = (0..self.sizes.len()).filter(|index| self.sizes[*index] == Told::Nothing).collect();
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let helpers = cores.min(THREADS_MAX).min(wanted.len().div_ceil(SHARE)).saturating_sub(1);
        let next = AtomicUsize::new(0);
        let work = || self.count_shares(folders, &wanted, &next);
        let counted = thread::scope(|scope| {
            // Where no thread can be had, this one does it all.
            let spawn = |_| thread::Builder::new().name("watchpost-count".into()).spawn_scoped(scope, work).ok();
            let helpers: Vec<_> = (0..helpers).filter_map(spawn).collect();
            let mut counted = work();
            for helper in helpers {
                counted.extend(helper.join().expect("counting does not panic"));
            }
            counted
        });
        for (index, told) in counted {
            self.sizes[index] = told;
        }
    }

    /// Takes shares of what is wanted until nothing is left.
    fn count_shares(&self, folders: &Folders, wanted: &[usize], next: &AtomicUsize) -> Vec<(usize, Told)> {
        let mut piece = vec![0; PIECE];
        let mut counted = Vec::new();
        loop {
            let start = next.fetch_add(SHARE, Ordering::Relaxed).min(wanted.len());
            let share = &wanted[start..(start + SHARE).min(wanted.len())];
            if share.is_empty() {
                return counted;
            }
            counted.extend(share.iter().map(|index| (*index, self.count_one(folders, *index, &mut piece))));
        }
    }

    fn count_one(&self, folders: &Folders, index: usize, piece: &mut [u8]) -> Told {
        let file = &self.files[index];
        let (folder, name) = (folders.subfolder(file.subfolder), self.found.name(file));
        let counted = MessageFile::open(folder, name).and_then(|open| {
            let sizes = count_with(&open.file, open.facts.octets, piece)?;
            Ok(Size { sizes, counted: Some(open.facts.stamp()) })
        });
        match counted {
            Ok(size) => Told::Size(size),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Told::Gone,
            Err(_) => match Facts::of(folder, name) {
                Ok(facts) if !facts.kind.is_message() => Told::Gone,
                facts => Told::Size(uncounted(name, facts.map_or(0, |facts| facts.octets))),
            },
        }
    }

    /// The finished listing.
    pub(super) fn finish(mut self, folders: &Folders) -> io::Result<Listed> {
        self.count(folders);
        let mut builder = SnapshotBuilder::with_capacity(self.files.len(), self.found.names_length());
        let mut places = Vec::with_capacity(self.files.len());
        for (file, told) in self.files.iter().zip(&self.sizes) {
            let Told::Size(size) = told else { continue };
            let name = self.found.name(file);
            builder.push(file.subfolder, name, *size, &self.unique_id(file, name)).map_err(io::Error::other)?;
            places.push(file.known);
        }
        let snapshot = Arc::new(builder.finish(self.earlier.saved(&places)));
        let mut state = self.state;
        state.imported = self.imported.remembered();
        Ok(Listed { snapshot, state })
    }

    fn unique_id(&self, file: &File, name: &[u8]) -> UniqueId {
        if self.twins.contains(&file.start) {
            return twin_unique_id(file, name);
        }
        if let Some(id) = self.imported.unique_id(|| Identity::of(name).unique_id()) {
            return id;
        }
        let seen = file.known.filter(|_| !self.imported.is_read()).and_then(|place| self.earlier.unique_id(place));
        seen.unwrap_or_else(|| Identity::of(name).unique_id())
    }
}

/// When the message came: by its name, else by its file; nothing if it has vanished.
fn arrival(folders: &Folders, file: &File, name: &[u8]) -> Option<u64> {
    name::seconds(name).or_else(|| {
        let facts = Facts::of(folders.subfolder(file.subfolder), name).ok()?;
        Some(u64::try_from(facts.modified.0 / 1_000_000_000).unwrap_or(0))
    })
}

/// The unique-id of a message that could not be set apart from another one with the same.
fn twin_unique_id(file: &File, name: &[u8]) -> UniqueId {
    let subfolder: &[u8] = match file.subfolder {
        Subfolder::Cur => b"cur/",
        Subfolder::New => b"new/",
    };
    name::hashed(&[subfolder, name].concat())
}

/// The best guess for a message that cannot be read.
fn uncounted(name: &[u8], stored: u64) -> Size {
    let stored = Octets(name::claim(name, Claim::Stored).unwrap_or(stored));
    Size { sizes: claimed(name).unwrap_or(stored.into()), counted: None }
}
