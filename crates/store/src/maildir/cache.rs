//! Snapshots of Maildirs that were opened lately. To lose them costs time, never a unique-id (P-182).

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::listing::Listed;

/// What an empty Maildir counts, so that empty ones are bounded too.
const MESSAGES_PER_MAILDIR: usize = 16;

/// Bounded by messages, not by Maildirs: the least recently used goes first.
#[derive(Debug)]
pub(super) struct Cache {
    entries: HashMap<PathBuf, Entry>,
    /// The paths by their last use.
    uses: BTreeMap<u64, PathBuf>,
    clock: u64,
    messages: usize,
    messages_max: usize,
}

#[derive(Debug)]
struct Entry {
    listed: Arc<Listed>,
    used: u64,
}

impl Cache {
    /// An empty one that keeps at most so many messages.
    pub(super) fn new(messages_max: usize) -> Self {
        Self { entries: HashMap::new(), uses: BTreeMap::new(), clock: 0, messages: 0, messages_max }
    }

    /// What was last seen of this Maildir.
    pub(super) fn find(&mut self, path: &Path) -> Option<Arc<Listed>> {
        let entry = self.entries.get_mut(path)?;
        self.clock += 1;
        self.uses.remove(&entry.used);
        self.uses.insert(self.clock, path.to_owned());
        entry.used = self.clock;
        Some(Arc::clone(&entry.listed))
    }

    /// Keeps what is now known of this Maildir, and forgets others until the bound holds.
    pub(super) fn keep(&mut self, path: &Path, listed: &Arc<Listed>) {
        self.forget(path);
        let weight = weight(listed);
        if weight > self.messages_max {
            return;
        }
        while self.messages + weight > self.messages_max {
            let Some((_, oldest)) = self.uses.pop_first() else { break };
            self.forget(&oldest);
        }
        self.clock += 1;
        self.uses.insert(self.clock, path.to_owned());
        self.entries.insert(path.to_owned(), Entry { listed: Arc::clone(listed), used: self.clock });
        self.messages += weight;
    }

    fn forget(&mut self, path: &Path) {
        if let Some(entry) = self.entries.remove(path) {
            self.uses.remove(&entry.used);
            self.messages -= weight(&entry.listed);
        }
    }
}

fn weight(listed: &Listed) -> usize {
    listed.snapshot.len() + MESSAGES_PER_MAILDIR
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_is_bounded_and_forgets_what_was_used_longest_ago() {
        let mut cache = Cache::new(3 * MESSAGES_PER_MAILDIR);
        let listed = Arc::new(Listed::default());
        for path in ["a", "b", "c"] {
            cache.keep(Path::new(path), &listed);
        }
        assert!(cache.find(Path::new("a")).is_some());
        cache.keep(Path::new("d"), &listed);
        assert!(cache.find(Path::new("b")).is_none());
        assert!(["a", "c", "d"].iter().all(|path| cache.find(Path::new(path)).is_some()));
        cache.keep(Path::new("d"), &listed);
        assert_eq!((cache.entries.len(), cache.uses.len(), cache.messages), (3, 3, cache.messages_max));
    }
}
