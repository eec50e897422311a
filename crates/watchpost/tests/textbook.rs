//! The textbook: its generated pages are those of this program, nothing is missing in either language, and every link
//! leads somewhere.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use watchpost::textbook;
use watchpost_observatory::RuleId;
use watchpost_proto::catalogue::explain;
use watchpost_proto::catalogue::{TABLE_A, TABLE_B};

const LANGUAGES: [&str; 2] = ["en", "ja"];
/// What somebody who changed the catalogue, a rule or a session does.
const BLESS: &str = "WATCHPOST_BLESS=1 cargo test -p watchpost --test textbook";

fn book() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/textbook").canonicalize().expect("the textbook is there")
}

fn files(folder: &Path, into: &mut BTreeMap<String, String>, root: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, into, root);
        } else {
            let name = path.strip_prefix(root).unwrap().display().to_string();
            into.insert(name, fs::read_to_string(&path).expect("pages are text"));
        }
    }
}

/// The generated files below a folder.
fn generated(root: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for language in LANGUAGES {
        files(&root.join(language).join("src/generated"), &mut found, root);
        let contents = format!("{language}/src/SUMMARY.md");
        let text = fs::read_to_string(root.join(&contents)).unwrap_or_default();
        found.insert(contents, text);
    }
    let colours = root.join("theme/drawings.css");
    found.insert("theme/drawings.css".to_owned(), fs::read_to_string(colours).unwrap_or_default());
    found
}

#[test]
fn generated_pages_are_those_of_this_program_and_the_same_each_time() {
    if std::env::var_os("WATCHPOST_BLESS").is_some() {
        textbook::write(&book()).unwrap();
    }
    let folder = tempfile::TempDir::new().unwrap();
    textbook::write(folder.path()).unwrap();
    let (fresh, committed) = (generated(folder.path()), generated(&book()));
    assert!(fresh.len() > 80, "{}", fresh.len());
    let names: BTreeSet<&String> = fresh.keys().chain(committed.keys()).collect();
    for name in names {
        assert!(fresh.get(name) == committed.get(name), "docs/textbook/{name} is not what is generated: {BLESS}");
    }
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left.len(), 3, "nothing else is left behind: {left:?}");
}

/// A book: its pages with everything that they include, by name, and its table of contents.
struct Book {
    pages: BTreeMap<String, String>,
    summary: String,
}

impl Book {
    fn read(language: &str) -> Self {
        let source = book().join(language).join("src");
        let mut raw = BTreeMap::new();
        files(&source, &mut raw, &source);
        let summary = raw["SUMMARY.md"].clone();
        let listed = targets(&summary).into_iter().map(|(target, _)| target);
        let pages = listed.map(|name| {
            let text = raw.get(&name).unwrap_or_else(|| panic!("{language}: SUMMARY.md lists {name}"));
            (name, included(text, &raw))
        });
        Self { pages: pages.collect(), summary }
    }

    fn text(&self) -> String {
        self.pages.values().map(String::as_str).collect()
    }
}

/// Puts in what `{{#include …}}` names.
fn included(text: &str, raw: &BTreeMap<String, String>) -> String {
    let mut parts = text.split("{{#include ");
    let mut whole = parts.next().unwrap().to_owned();
    for part in parts {
        let (name, rest) = part.split_once("}}").expect("a directive ends");
        whole.push_str(raw.get(name).unwrap_or_else(|| panic!("{name} is included, and is not there")));
        whole.push_str(rest);
    }
    whole
}

/// Links to pages of the book: file and anchor.
fn targets(text: &str) -> Vec<(String, String)> {
    let links = text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap());
    let links = links.filter(|link| !link.contains("://") && (link.contains(".md") || link.starts_with('#')));
    links
        .map(|link| {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            (file.to_owned(), anchor.to_owned())
        })
        .collect()
}

/// The places that a page can be entered at.
fn anchors(page: &str) -> BTreeSet<&str> {
    page.split("{#").skip(1).map(|rest| rest.split('}').next().unwrap()).collect()
}

#[test]
fn every_link_leads_to_a_page_and_a_place_in_it() {
    for language in LANGUAGES {
        let book = Book::read(language);
        let mut links = 0;
        for (name, page) in &book.pages {
            for (file, anchor) in targets(page) {
                links += 1;
                // Where a page stands in a folder, its links begin there.
                let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
                let target = match (file.as_str(), file.strip_prefix("../"), folder) {
                    ("", ..) => name.clone(),
                    (_, Some(file), _) => file.to_owned(),
                    (file, None, "") => file.to_owned(),
                    (file, None, folder) => format!("{folder}/{file}"),
                };
                let page = book.pages.get(&target).unwrap_or_else(|| panic!("{language}: {name} links to {file}"));
                assert!(
                    anchor.is_empty() || anchors(page).contains(anchor.as_str()),
                    "{language}: {name}: {file}#{anchor}"
                );
            }
        }
        assert!(links > 300, "{links}");
    }
}

#[test]
fn every_word_error_and_rule_stands_in_both_languages() {
    for language in LANGUAGES {
        let book = Book::read(language);
        let text = book.text();
        for row in TABLE_A {
            assert!(
                text.contains(&format!("{{#command-{}}}", row.command.to_lowercase())),
                "{language}: {}",
                row.command
            );
        }
        for row in TABLE_B {
            let (english, japanese) = (row.english, row.japanese);
            assert!(text.contains(&format!("{} {} {{#error-", row.id, row.name)), "{language}: {}", row.id);
            for line in [english, japanese] {
                let line = line.split("{}").next().unwrap();
                assert!(text.contains(line), "{language}: {}: {line}", row.id);
            }
        }
        let headings = text.matches("\n### ").count();
        assert!(headings >= explain::all().count(), "{language}: {headings}");
        for rule in RuleId::ALL {
            let page = format!("generated/rule-{}.md", rule.word().to_lowercase());
            assert!(book.pages.contains_key(&page), "{language}: SUMMARY.md does not list {page}");
            assert!(book.pages[&page].contains('●'), "{language}: {rule} shows no evidence");
        }
    }
}

#[test]
fn both_books_have_the_same_pages_and_each_names_its_sources() {
    let [english, japanese] = LANGUAGES.map(Book::read);
    let names = |book: &Book| book.pages.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&english), names(&japanese));
    assert_eq!(targets(&english.summary), targets(&japanese.summary), "in the same order");
    for book in [&english, &japanese] {
        for (name, page) in book.pages.iter().filter(|(name, _)| !name.starts_with("generated/")) {
            assert!(page.contains("RFC ") || name == "index.md", "{name} names no source");
            assert_eq!(page.matches("```").count() % 2, 0, "{name}");
        }
        let first = &book.pages["index.md"];
        for part in ["CC BY 4.0", "@version@", "@date@"] {
            assert!(first.contains(part), "{part}");
        }
    }
    // A page of Japanese is written in Japanese.
    for (name, page) in &japanese.pages {
        let wide = page.chars().filter(|character| ('\u{3040}'..'\u{a000}').contains(character)).count();
        assert!(wide > 100, "{name}: {wide}");
    }
}
