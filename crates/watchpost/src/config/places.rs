//! Where the keys of the file stand, for complaints that point at them.

use std::collections::BTreeMap;
use std::ops::Range;

/// Where the keys of a file stand, by names such as `listener[0].address`.
#[derive(Clone, Debug, Default)]
pub(super) struct Places(BTreeMap<String, Range<usize>>);

impl Places {
    /// Notes where a key stands.
    pub(super) fn note(&mut self, key: String, span: Range<usize>) {
        self.0.insert(key, span);
    }

    /// Where the value stands; else where its table begins.
    pub(super) fn of(&self, key: &str) -> Option<Range<usize>> {
        let mut key = key;
        loop {
            if let Some(span) = self.0.get(key) {
                return Some(span.clone());
            }
            key = key.rsplit_once('.')?.0;
        }
    }

    /// The key whose value stands exactly here.
    pub(super) fn at(&self, span: &Range<usize>) -> Option<&str> {
        self.0.iter().filter(|(_, place)| *place == span).map(|(key, _)| key.as_str()).max_by_key(|key| key.len())
    }
}
