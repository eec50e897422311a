//! The generated pages of the textbook, compared with those that stand in `docs/textbook`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::support::{PROGRAM, with_fault};

pub const LANGUAGES: [&str; 2] = ["en", "ja"];
/// What somebody who changed the catalogue, a rule or a session does.
const BLESS: &str = "WATCHPOST_BLESS=1 cargo test -p watchpost --test textbook";

pub fn book() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/textbook").canonicalize().expect("the textbook is there")
}

/// The pages below a folder, by their names from `root`.
pub fn files(folder: &Path, into: &mut BTreeMap<String, String>, root: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, into, root);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            let name = path.strip_prefix(root).unwrap().display().to_string();
            into.insert(name, fs::read_to_string(&path).expect("pages are text"));
        }
    }
}

/// What is generated below a folder.
fn generated(root: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for language in LANGUAGES {
        files(&root.join(language).join("src/generated"), &mut found, root);
    }
    for name in ["theme/drawings.css", "en/src/SUMMARY.md", "ja/src/SUMMARY.md"] {
        found.insert(name.to_owned(), fs::read_to_string(root.join(name)).unwrap_or_default());
    }
    found
}

pub fn the_program_writes_the_textbook_as_it_stands() {
    let folder = tempfile::TempDir::new().unwrap();
    let mut command = Command::new(PROGRAM);
    command.args(["explain", "--book"]).arg(folder.path());
    with_fault(&mut command);
    let output = command.output().expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stdout.is_empty() && output.stderr.is_empty(), "nothing went wrong, so nothing is said");
    let (fresh, committed) = (generated(folder.path()), generated(&book()));
    assert!(fresh.len() > 80, "{}", fresh.len());
    let names: BTreeSet<&String> = fresh.keys().chain(committed.keys()).collect();
    for name in names {
        assert!(fresh.get(name) == committed.get(name), "docs/textbook/{name} is not what is generated: {BLESS}");
    }
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left.len(), 3, "nothing else is left behind: {left:?}");
}
