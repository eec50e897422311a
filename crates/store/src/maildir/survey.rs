//! Reads a Maildir and puts in order what is there.

use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustix::fs::fstatfs;

use super::draft::Draft;
use super::folders::Folders;
use super::listing::{Listed, State, while_it_changes};
use super::name::NameMaker;
use super::scan::Found;
use crate::disk::Folder;

/// How often tmp/ is looked through at most.
const SWEEP_EVERY: Duration = Duration::from_hours(12);

/// Whether it is time to look through tmp/.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sweep {
    Due,
    NotYet,
}

/// Reads new/ and cur/ and puts what is there in order; nobody has been counted yet.
pub(super) fn take(folders: &Folders, names: &NameMaker, earlier: Option<Arc<Listed>>) -> io::Result<(Draft, Sweep)> {
    let now = SystemTime::now();
    let mut found = Found::default();
    let before = while_it_changes(folders, || {
        found = Found::scan(folders)?;
        Ok(())
    })?;
    let mut state = earlier.as_ref().map_or_else(State::default, |earlier| earlier.state.clone());
    state.settled = before.is_settled(now).then_some(before);
    state.local = is_local(&folders.root);
    let since = state.swept.and_then(|swept| now.duration_since(swept).ok());
    let sweep = if since.is_some_and(|since| since < SWEEP_EVERY) { Sweep::NotYet } else { Sweep::Due };
    if sweep == Sweep::Due {
        state.swept = Some(now);
    }
    Ok((Draft::of(found, folders, names, earlier, state)?, sweep))
}

/// Whether a file system answers from memory what it has in memory. A network may have to be asked all the same.
fn is_local(folder: &Folder) -> bool {
    /// ext4, XFS, Btrfs, tmpfs, ZFS, F2FS, overlayfs and bcachefs, as statfs(2) numbers them.
    const LOCAL: [u32; 8] =
        [0xEF53, 0x5846_5342, 0x9123_683E, 0x0102_1994, 0x2FC1_2FC1, 0xF2F5_2010, 0x794C_7630, 0xCA45_1A4E];
    fstatfs(folder).is_ok_and(|found| u32::try_from(found.f_type).is_ok_and(|kind| LOCAL.contains(&kind)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tmp_is_looked_through_by_the_first_session_and_twice_a_day() {
        let root = tempfile::TempDir::new().unwrap();
        let folders = Folders::make(&root.path().join("Maildir")).unwrap();
        let names = NameMaker::new("host");
        let finished = |draft: Draft| Arc::new(draft.finish(&folders).unwrap());
        let (draft, sweep) = take(&folders, &names, None).unwrap();
        assert_eq!(sweep, Sweep::Due);
        let (draft, sweep) = take(&folders, &names, Some(finished(draft))).unwrap();
        assert_eq!(sweep, Sweep::NotYet);
        let mut listed = draft.finish(&folders).unwrap();
        listed.state.swept = listed.state.swept.map(|swept| swept - SWEEP_EVERY);
        assert_eq!(take(&folders, &names, Some(Arc::new(listed))).unwrap().1, Sweep::Due);
    }
}
