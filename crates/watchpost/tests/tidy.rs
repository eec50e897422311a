//! Holds the house to its style: which room may know which, how long things may be, what must be cited.

use std::fs;
use std::path::{Path, PathBuf};

struct Source {
    path: String,
    text: String,
}

impl Source {
    /// Everything before the unit tests.
    fn program(&self) -> &str {
        self.text.split("#[cfg(test)]\nmod tests").next().expect("split gives at least one part")
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace")
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The sources below `crates/`, in these folders of each crate.
fn sources(folders: &[&str]) -> Vec<Source> {
    let root = root();
    let mut files = Vec::new();
    for crate_name in ["proto", "store", "observatory", "watchpost"] {
        for folder in folders {
            rust_files(&root.join("crates").join(crate_name).join(folder), &mut files);
        }
    }
    assert!(files.len() > 30, "the sources are gone");
    files.sort();
    files
        .into_iter()
        .map(|path| Source {
            text: fs::read_to_string(&path).expect("a source is text"),
            path: path.strip_prefix(&root).expect("below the root").display().to_string(),
        })
        .collect()
}

/// Nothing in files below `place` says any of `words`, except in `except`.
fn never_says(place: &str, words: &[&str], except: &[&str]) {
    let files = sources(&["src"]);
    let room: Vec<&Source> = files.iter().filter(|file| file.path.starts_with(place)).collect();
    assert!(!room.is_empty(), "{place} is gone");
    for file in room.into_iter().filter(|file| !except.contains(&file.path.as_str())) {
        for (number, line) in (1..).zip(file.program().lines()) {
            let code = line.split("//").next().unwrap_or_default();
            for word in words {
                assert!(!code.contains(word), "{}:{number}: {place} must not know {word}", file.path);
            }
        }
    }
}

#[test]
fn the_protocol_does_no_io_and_reads_no_clock() {
    let io = ["tokio", "std::net", "std::fs", "std::env", "std::thread", "Instant::now", "SystemTime", "println!"];
    never_says("crates/proto/src", &io, &[]);
    let manifest = fs::read_to_string(root().join("crates/proto/Cargo.toml")).expect("a manifest");
    let dependencies = manifest.split("[dependencies]").nth(1).and_then(|rest| rest.split("\n[").next());
    let dependencies: Vec<&str> =
        dependencies.expect("dependencies").lines().filter_map(|line| line.split(['.', ' ']).next()).collect();
    for name in dependencies.into_iter().filter(|name| !name.is_empty()) {
        assert!(
            ["aws-lc-rs", "data-encoding", "md-5", "memchr", "smallvec", "stringprep", "thiserror", "zeroize"]
                .contains(&name),
            "{name}: can it do I/O?"
        );
    }
}

#[test]
fn the_store_knows_no_session_and_the_observatory_no_store() {
    never_says("crates/store/src", &["Refusal", "Reply", "pop3::", "ResponseCode", "watchpost_observatory"], &[]);
    never_says("crates/observatory/src", &["watchpost_store", "tokio", "SystemTime::now", "Instant::now"], &[]);
    never_says("crates/watchpost/src/server", &["crate::demo", "crate::init", "crate::user", "crate::run"], &[]);
    never_says("crates/watchpost/src/import", &["crate::server", "crate::config", "watchpost_store"], &[]);
    never_says("crates/watchpost/src/config", &["crate::server", "crate::run", "watchpost_store"], &[]);
}

#[test]
fn only_the_clock_asks_the_time_and_only_main_the_environment() {
    never_says("crates/watchpost/src", &["SystemTime::now", "Instant::now"], &["crates/watchpost/src/clock.rs"]);
    never_says("crates/watchpost/src", &["env::var", "env::args", "current_exe"], &["crates/watchpost/src/main.rs"]);
}

#[test]
fn every_edge_between_crates_is_one_of_the_five() {
    let edges = [
        ("proto", &[][..]),
        ("store", &["watchpost-proto"][..]),
        ("observatory", &["watchpost-proto"][..]),
        ("watchpost", &["watchpost-observatory", "watchpost-proto", "watchpost-store"][..]),
    ];
    for (name, expected) in edges {
        let manifest = fs::read_to_string(root().join("crates").join(name).join("Cargo.toml")).expect("a manifest");
        let section = manifest.split("[dependencies]").nth(1).and_then(|rest| rest.split("\n[").next());
        let mut ours: Vec<&str> = section
            .expect("dependencies")
            .lines()
            .filter_map(|line| line.split(['.', ' ']).next())
            .filter(|name| name.starts_with("watchpost"))
            .collect();
        ours.sort_unstable();
        assert_eq!(ours, expected, "{name}");
    }
}

#[test]
fn files_and_functions_fit_their_ceilings() {
    for file in sources(&["src", "tests"]) {
        let lines: Vec<&str> = file.text.lines().collect();
        assert!(lines.len() <= 600, "{}: {} lines: split it by idea", file.path, lines.len());
        for (start, line) in lines.iter().enumerate().filter(|(_, line)| begins_function(line)) {
            let indent = line.len() - line.trim_start().len();
            let end = format!("{}}}", " ".repeat(indent));
            let length = lines[start..].iter().position(|line| *line == end).map_or(1, |length| length + 1);
            assert!(length <= 70, "{}:{}: {length} lines in one function", file.path, start + 1);
        }
    }
}

fn begins_function(line: &str) -> bool {
    let line = line.trim_start();
    let line = line.strip_prefix("pub").map_or(line, |rest| rest.trim_start_matches(|c| c != ' ').trim_start());
    ["fn ", "const fn ", "async fn "].iter().any(|start| line.starts_with(start)) && !line.ends_with(['}', ';'])
}

#[test]
fn every_verb_cites_where_it_is_written() {
    // Each command is a method of its name in the file of its state, and its comment names the RFC.
    let files = sources(&["src"]);
    let file = |name: &str| files.iter().find(|file| file.path.ends_with(name)).expect(name);
    let states = [
        ("pop3/server/authorization.rs", &["capa", "pass", "quit", "stls", "user"][..]),
        ("pop3/server/transaction.rs", &["capa", "dele", "last", "noop", "quit", "retr", "rset", "stat", "top"][..]),
    ];
    for (name, verbs) in states {
        let lines: Vec<&str> = file(name).text.lines().map(str::trim).collect();
        for verb in verbs {
            let place = lines.iter().position(|line| line.starts_with(&format!("fn {verb}(")));
            let place = place.unwrap_or_else(|| panic!("{name} has no fn {verb}"));
            let comment = lines[..place].iter().rev().take_while(|line| line.starts_with("///"));
            assert!(comment.into_iter().any(|line| line.contains("RFC ")), "{name}: {verb} cites no RFC");
        }
    }
}

#[test]
fn nothing_is_left_undone_and_every_exception_has_its_reason() {
    let unfinished = ["todo!(", "unimplemented!(", concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X ")];
    for file in sources(&["src", "tests"]) {
        if file.path.ends_with("tests/tidy.rs") {
            continue;
        }
        let mut lines = (1..).zip(file.text.lines()).peekable();
        while let Some((number, line)) = lines.next() {
            for mark in unfinished {
                assert!(!line.contains(mark), "{}:{number}: {mark}", file.path);
            }
            assert!(!line.contains("#[ignore"), "{}:{number}: a test that never runs proves nothing", file.path);
            let allows = line.contains("#[allow(") || line.contains("#![allow(") || line.contains("#[expect(");
            let next = lines.peek().map_or("", |(_, next)| *next);
            assert!(
                !allows || line.contains("reason") || next.contains("reason") || !line.contains(']'),
                "{}:{number}: an exception without its reason",
                file.path
            );
        }
    }
}

#[test]
fn documents_speak_of_the_tree_as_it_is() {
    // Every path in ARCHITECTURE.md that looks like one of ours exists.
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let paths: Vec<&str> = text.split('`').skip(1).step_by(2).filter(|word| word.starts_with("crates/")).collect();
    assert!(paths.len() >= 20, "ARCHITECTURE.md names the rooms");
    for path in paths {
        assert!(root().join(path).exists(), "ARCHITECTURE.md names {path}, which is not there");
    }
    let readme = fs::read_to_string(root().join("README.md")).expect("README.md");
    assert!(readme.contains("cargo run --release -- demo") && readme.contains("./check"));
}
