//! The textbook: its generated pages are those of this program, nothing is missing in either language, and every link
//! leads somewhere.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

mod checks;
#[path = "textbook/commands.rs"]
mod commands;
#[path = "pcap/site.rs"]
mod site;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use checks::textbook::{LANGUAGES, book, files};
use watchpost::textbook;
use watchpost_observatory::RuleId;
use watchpost_proto::catalogue::explain;
use watchpost_proto::catalogue::{TABLE_A, TABLE_B};

#[test]
fn generated_pages_are_those_of_this_program_and_the_same_each_time() {
    if std::env::var_os("WATCHPOST_BLESS").is_some() {
        textbook::write(&book()).unwrap();
    }
    checks::textbook::the_program_writes_the_textbook_as_it_stands();
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

/// The blocks of a page: in which language each is, and what stands in it.
fn blocks(page: &str) -> Vec<(&str, &str)> {
    page.split("```").skip(1).step_by(2).map(|block| block.split_once('\n').unwrap_or((block, ""))).collect()
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
                let from_the_top = file.strip_prefix("../").or(folder.is_empty().then_some(file.as_str()));
                let target = match from_the_top {
                    _ if file.is_empty() => name.clone(),
                    Some(file) => file.to_owned(),
                    None => format!("{folder}/{file}"),
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

/// The session as a file, and what the chapter about Wireshark does with it.
mod wireshark {
    use super::*;
    use std::process::Command;

    /// The commands of a chapter, each with what it is said to print, if that is said.
    fn commands(language: &str) -> Vec<(String, Option<String>)> {
        let page = &Book::read(language).pages["wireshark.md"];
        let mut blocks = page.split("```").skip(1).step_by(2).peekable();
        let mut commands = Vec::new();
        while let Some(block) = blocks.next() {
            let Some(command) = block.strip_prefix("sh\n") else { continue };
            let printed = blocks.next_if(|next| next.starts_with("text\n"));
            commands.push((command.to_owned(), printed.map(|text| text["text\n".len()..].to_owned())));
        }
        commands
    }

    /// Runs a block in a folder.
    fn run(block: &str, folder: &Path) -> String {
        let mut command = Command::new("sh");
        command.args(["-e", "-u", "-c", block]).current_dir(folder).env("HOME", folder).env("TZ", "UTC");
        let output = command.output().expect("a shell");
        assert!(output.status.success(), "{block}\n{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("tshark prints UTF-8")
    }

    /// The lines without the spaces that only set them in columns.
    fn lines(text: &str) -> Vec<String> {
        let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        lines.filter(|line| !line.is_empty()).collect()
    }

    /// A folder with the file in it, and its keys beside it.
    fn folder(file: &Path) -> tempfile::TempDir {
        let folder = tempfile::TempDir::new().unwrap();
        fs::copy(file, folder.path().join("session.pcapng")).unwrap();
        let octets = fs::read(file).unwrap();
        // The block of secrets holds the key log as it is (draft-ietf-opsawg-pcapng §4.7).
        let text = String::from_utf8_lossy(&octets);
        let keys = text.split(['\0', '\u{fffd}']).find(|part| part.contains("CLIENT_HANDSHAKE_TRAFFIC_SECRET "));
        let keys = keys.expect("the file has its keys");
        let start = keys.find("CLIENT_").or_else(|| keys.find("SERVER_")).unwrap();
        fs::write(folder.path().join("keys.log"), &keys[start.min(keys.find("SERVER_").unwrap_or(start))..]).unwrap();
        folder
    }

    #[test]
    fn every_command_of_the_chapter_prints_what_stands_below_it() {
        for language in LANGUAGES {
            let folder = folder(&book().join("files/session.pcapng"));
            let commands = commands(language);
            assert!(commands.len() >= 10, "{language}: {}", commands.len());
            for (command, printed) in commands {
                let output = lines(&run(&command, folder.path()));
                let Some(printed) = printed else { continue };
                for line in lines(&printed).iter().filter(|line| *line != "…") {
                    assert!(output.contains(line), "{language}: {command}\nprints no {line}, but\n{output:#?}");
                }
            }
        }
    }

    #[test]
    fn every_filter_of_the_chapter_is_one() {
        let folder = folder(&book().join("files/session.pcapng"));
        for language in LANGUAGES {
            let page = &Book::read(language).pages["wireshark.md"];
            let rows =
                page.lines().skip_while(|line| !line.starts_with("| `pop` ")).take_while(|line| !line.is_empty());
            let filters: Vec<&str> = rows.map(|row| row.split('`').nth(1).unwrap()).collect();
            assert!(filters.len() >= 10, "{filters:?}");
            for filter in filters {
                run(&format!("tshark -n -r session.pcapng -Y '{}'", filter.replace("\\|", "|")), folder.path());
            }
        }
    }

    #[test]
    fn a_fresh_file_opens_in_three_phases() {
        let place = tempfile::TempDir::new().unwrap();
        let fresh = place.path().join("session.pcapng");
        textbook::trace(&fresh).unwrap();
        if std::env::var_os("WATCHPOST_BLESS").is_some() && !book().join("files/session.pcapng").exists() {
            fs::create_dir_all(book().join("files")).unwrap();
            fs::copy(&fresh, book().join("files/session.pcapng")).unwrap();
        }
        for file in [&fresh, &book().join("files/session.pcapng")] {
            let folder = folder(file);
            let said = |filter: &str, field: &str| {
                let command = format!("tshark -n -r session.pcapng -Y '{filter}' -T fields -e {field}");
                lines(&run(&command, folder.path()))
            };
            assert_eq!(said("tcp.flags.syn == 1", "tcp.dstport"), ["995", "50007"]);
            assert_eq!(said("tls.handshake.type == 1", "tls.handshake.extensions_server_name"), ["mail.example.org"]);
            let commands = ["USER", "PASS", "STAT", "UIDL", "LIST", "RETR", "RETR", "DELE", "QUIT"];
            assert_eq!(said("pop.request", "pop.request.command"), commands);
            assert_eq!(said("imf.subject", "imf.subject"), ["Lunch?", "Notes on dots"]);
            let trouble = "tcp.analysis.flags || _ws.malformed || tcp.checksum.status == 0 || ip.checksum.status == 0";
            assert_eq!(said(trouble, "frame.number"), [""; 0]);
        }
    }
}
