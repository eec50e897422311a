//! The texts: complete in both languages, and the help made of them.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

use std::collections::{BTreeMap, BTreeSet};

use clap::{ArgAction, Command, CommandFactory, Parser};
use watchpost::cli::{Cli, Command as Asked, LanguageChoice};
use watchpost::i18n::{Language, Texts, localize};

const SOURCES: [(Language, &str, &str); 2] = [
    (
        Language::English,
        include_str!("../src/i18n/en/cli.ftl"),
        concat!(
            include_str!("../src/i18n/en/talk.ftl"),
            "\n",
            include_str!("../src/i18n/en/watch.ftl"),
            "\n",
            include_str!("../src/i18n/en/fetch.ftl"),
            "\n",
            include_str!("../src/i18n/en/conversation.ftl")
        ),
    ),
    (
        Language::Japanese,
        include_str!("../src/i18n/ja/cli.ftl"),
        concat!(
            include_str!("../src/i18n/ja/talk.ftl"),
            "\n",
            include_str!("../src/i18n/ja/watch.ftl"),
            "\n",
            include_str!("../src/i18n/ja/fetch.ftl"),
            "\n",
            include_str!("../src/i18n/ja/conversation.ftl")
        ),
    ),
];

/// The ids of a Fluent file, each with the text of its entry.
fn entries(source: &str) -> BTreeMap<&str, String> {
    let mut entries = BTreeMap::new();
    let mut last = None;
    for line in source.lines() {
        if line.starts_with(|character: char| character.is_ascii_alphabetic()) {
            let (id, text) = line.split_once('=').expect("an entry has an equals sign");
            assert!(entries.insert(id.trim(), text.to_owned()).is_none(), "{id} stands there twice");
            last = Some(id.trim());
        } else if let Some(text) = last.and_then(|id| entries.get_mut(id)).filter(|_| !line.starts_with('#')) {
            text.push_str(line);
        }
    }
    entries
}

fn variables(text: &str) -> BTreeSet<&str> {
    let starts = text.match_indices('$').filter(|(at, _)| text[..*at].ends_with("{ "));
    starts.map(|(at, _)| text[at + 1..].split([' ', ')', '}']).next().unwrap()).collect()
}

/// Every command of the tree, with the beginning of its ids.
fn tree(command: &Command, prefix: &str, into: &mut Vec<(String, Command)>) {
    into.push((prefix.to_owned(), command.clone().term_width(80)));
    for subcommand in command.get_subcommands() {
        tree(subcommand, &format!("{prefix}-{}", subcommand.get_name()), into);
    }
}

fn commands(language: Language) -> Vec<(String, Command)> {
    let mut command = localize(Cli::command(), &Texts::new(language));
    command.build();
    let mut into = Vec::new();
    tree(&command, "cli", &mut into);
    into
}

/// The ids that the tree asks for.
fn ids_of_the_tree() -> BTreeSet<String> {
    let mut ids: BTreeSet<String> = ["usage", "commands", "arguments", "options", "examples"]
        .map(|heading| format!("cli-heading-{heading}"))
        .into_iter()
        .collect();
    ids.extend(
        ["cli-default", "cli-possible-values", "cli-possible-values-heading", "cli-arg-help", "cli-arg-version"]
            .map(String::from),
    );
    let mut into = Vec::new();
    tree(&Cli::command(), "cli", &mut into);
    for (prefix, command) in into {
        ids.extend([format!("{prefix}-about"), format!("{prefix}-examples")]);
        for argument in command.get_arguments() {
            let id = format!("{prefix}-arg-{}", argument.get_id().as_str().replace('_', "-"));
            if matches!(argument.get_action(), ArgAction::Set | ArgAction::Append) {
                let values = argument.get_possible_values();
                ids.extend(values.iter().map(|value| format!("{id}-value-{}", value.get_name())));
            }
            ids.insert(id);
        }
    }
    ids
}

fn columns(line: &str) -> usize {
    line.chars().map(|character| if character < '\u{1100}' { 1 } else { 2 }).sum()
}

#[test]
fn every_command_argument_and_value_has_its_text_and_no_text_is_left_over() {
    let wanted = ids_of_the_tree();
    let long: BTreeSet<String> = commands(Language::English)
        .iter()
        .filter(|(_, command)| command.get_long_about().is_some())
        .map(|(prefix, _)| format!("{prefix}-long-about"))
        .collect();
    for (language, cli, _) in SOURCES {
        let there: BTreeSet<String> = entries(cli).into_keys().map(String::from).collect();
        let missing: Vec<_> = wanted.difference(&there).collect();
        assert!(missing.is_empty(), "{language:?} lacks {missing:?}");
        let left: Vec<_> = there.difference(&wanted).filter(|id| !long.contains(*id)).collect();
        assert!(left.is_empty(), "{language:?} has more than the tree asks for: {left:?}");
    }
    assert!(wanted.len() > 60, "the tree was walked: {}", wanted.len());
}

#[test]
fn both_languages_have_the_same_texts_with_the_same_variables() {
    let [(_, english_cli, english_talk), (_, japanese_cli, japanese_talk)] = SOURCES;
    for (english, japanese) in [(english_cli, japanese_cli), (english_talk, japanese_talk)] {
        let (english, japanese) = (entries(english), entries(japanese));
        assert_eq!(english.keys().collect::<Vec<_>>(), japanese.keys().collect::<Vec<_>>());
        for (id, text) in english {
            assert_eq!(variables(&text), variables(&japanese[id]), "{id}");
        }
    }
}

#[test]
fn every_text_takes_its_variables_and_bears_no_isolation_marks() {
    for (language, _, talk) in SOURCES {
        let texts = Texts::new(language);
        for (id, source) in entries(talk) {
            let counts = [
                "messages",
                "files",
                "pages",
                "mistakes",
                "octets",
                "port",
                "sessions",
                "sources",
                "guesses",
                "names",
                "existing",
                "logins",
                "banned",
                "lost",
                "count",
                "strangers",
                "typos",
                "lists",
                "addresses",
                "verdicts",
                "same",
                "severe",
                "homes",
                "bans",
                "entered",
                "others",
                "lines",
                "seconds",
            ];
            for count in [0, 1, 2, 1995] {
                let put_in: Vec<_> = variables(&source)
                    .into_iter()
                    .map(|name| (name, if counts.contains(&name) { count.into() } else { "<put in>".into() }))
                    .collect();
                let text = texts.format(id, &put_in);
                assert!(!text.trim().is_empty(), "{id}");
                assert!(!text.contains(['\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}', '{', '}']), "{id}: {text}");
            }
        }
    }
}

/// The parser drops the indentation of a line that begins with a variable; the texts put it in quotes.
#[test]
fn lines_that_begin_with_a_variable_keep_their_indentation() {
    for (language, _, _) in SOURCES {
        let names = ["config", "certificate", "key", "accounts", "domain"];
        let said = Texts::new(language).format("talk-init-written", &names.map(|name| (name, "PATH".into())));
        assert!(said.lines().skip(1).all(|line| line.starts_with("  PATH  ")), "{said}");
    }
}

#[test]
fn numbers_and_passwords_go_out_as_they_are() {
    let texts = Texts::new(Language::English);
    let said = texts.format("talk-user-generated", &[("name", "alice".into()), ("password", "00120".into())]);
    assert_eq!(said, "Password of alice, shown only this once: 00120");
    let said = texts.format("talk-demo-imported", &[("messages", 12_345_usize.into()), ("dir", "/m".into())]);
    assert_eq!(said, "12345 messages taken in from /m.");
    let said = texts.format("talk-demo-imported", &[("messages", 1_u64.into()), ("dir", "/m".into())]);
    assert_eq!(said, "One message taken in from /m.");
}

#[test]
fn the_demo_says_what_to_try_next_in_commands_that_can_be_copied() {
    for language in [Language::English, Language::Japanese] {
        let said = Texts::new(language).format(
            "talk-demo-next",
            &[
                ("pop3", "127.0.0.1:1110".into()),
                ("pop3s", "127.0.0.1:1995".into()),
                ("host", "127.0.0.1".into()),
                ("port", 1995.into()),
                ("alice", "s3cret".into()),
            ],
        );
        for command in [
            "curl -k pop3s://127.0.0.1:1995/1 --user 'alice:s3cret'",
            "curl --ssl-reqd -k pop3://127.0.0.1:1110/ --user 'alice:s3cret'",
            "openssl s_client -quiet -crlf -connect 127.0.0.1:1995",
            "openssl s_client -quiet -crlf -starttls pop3 -connect 127.0.0.1:1110",
            "poplib.POP3_SSL('127.0.0.1', 1995,",
        ] {
            assert!(said.contains(command), "{command}");
        }
    }
}

#[test]
fn help_of_every_command_has_its_examples_and_fits_a_terminal() {
    for language in [Language::English, Language::Japanese] {
        let texts = Texts::new(language);
        for (prefix, command) in commands(language) {
            let examples = texts.text(&format!("{prefix}-examples"));
            assert!(examples.contains("watchpost "), "{prefix}");
            // Not left to wrapping, which would break lines that are broken already.
            let long_about = command.get_long_about().map(ToString::to_string).unwrap_or_default();
            for line in examples.lines().chain(long_about.lines()) {
                assert!(columns(line) <= 78, "{prefix}: {line}");
            }
            for (name, help) in [
                ("-h", command.clone().render_help().to_string()),
                ("--help", command.clone().render_long_help().to_string()),
            ] {
                assert!(help.contains(&texts.text(&format!("{prefix}-about"))), "{prefix} {name}:\n{help}");
                for line in examples.lines().filter(|line| line.trim_start().starts_with("watchpost ")) {
                    assert!(help.contains(line.trim()), "{prefix} {name} lacks {line}:\n{help}");
                }
                for line in help.lines() {
                    assert!(columns(line) <= 80, "{prefix} {name}: {line}");
                }
            }
        }
    }
}

#[test]
fn japanese_help_has_no_english_headings() {
    for (prefix, command) in commands(Language::Japanese) {
        for help in [command.clone().render_help(), command.clone().render_long_help()] {
            let help = help.to_string();
            for english in
                ["Usage:", "Options:", "Commands:", "Arguments:", "Examples:", "Print ", "default", "ossible"]
            {
                assert!(!help.contains(english), "{prefix} says {english}:\n{help}");
            }
            assert!(help.contains("使い方:"), "{prefix}:\n{help}");
        }
    }
}

#[test]
fn values_defaults_and_headings_are_said_in_the_language_asked_for() {
    let said = |language, name: &str| {
        let mut command = localize(Cli::command(), &Texts::new(language));
        command.build();
        command.find_subcommand_mut(name).unwrap().render_long_help().to_string()
    };
    let english = said(Language::English, "completions");
    assert!(english.contains("Usage: watchpost completions"), "{english}");
    for words in ["- zsh:        Zsh", "- ja: Japanese", "Arguments:", "Options:", "Examples:"] {
        assert!(english.contains(words), "{words} in\n{english}");
    }
    let japanese = said(Language::Japanese, "completions");
    for words in ["- zsh: Zsh", "- ja: 日本語", "引数:", "オプション:", "例:", "指定できる値:"] {
        assert!(japanese.contains(words), "{words} in\n{japanese}");
    }
    assert!(said(Language::English, "demo").contains("[default: 127.0.0.1:1110]"));
    assert!(said(Language::Japanese, "demo").contains("[既定値：127.0.0.1:1110]"));
}

#[test]
fn every_example_is_a_command_that_parses() {
    let mut seen = 0;
    for (language, cli, _) in SOURCES {
        let texts = Texts::new(language);
        for id in entries(cli).into_keys().filter(|id| id.ends_with("-examples")) {
            let examples = texts.text(id);
            for line in examples.lines().map(str::trim).filter(|line| line.starts_with("watchpost ")) {
                let command = line.split(['<', '>', '|']).next().unwrap();
                // A sentence that begins with a command's name ends in a colon.
                if command.ends_with(':') {
                    continue;
                }
                let parsed = Cli::try_parse_from(command.split_whitespace());
                assert!(parsed.is_ok(), "{id}: {command}");
                seen += 1;
            }
        }
    }
    assert!(seen >= 2 * 30, "{seen} examples");
}

#[test]
fn a_localized_command_line_still_parses() {
    for language in [Language::English, Language::Japanese] {
        let parse = |line: &str| {
            let command = localize(Cli::command(), &Texts::new(language));
            let matches = command.try_get_matches_from(line.split_whitespace())?;
            <Cli as clap::FromArgMatches>::from_arg_matches(&matches)
        };
        let cli = parse("watchpost completions fish --lang ja").unwrap();
        assert_eq!(cli.lang, Some(LanguageChoice::Ja));
        assert!(matches!(cli.command, Asked::Completions(asked) if asked.shell == clap_complete::Shell::Fish));
        assert!(parse("watchpost completions tcsh").is_err());
        assert_eq!(parse("watchpost user add --help").unwrap_err().kind(), clap::error::ErrorKind::DisplayHelp);
        assert_eq!(parse("watchpost demo -h").unwrap_err().kind(), clap::error::ErrorKind::DisplayHelp);
        assert_eq!(parse("watchpost -V").unwrap_err().kind(), clap::error::ErrorKind::DisplayVersion);
        localize(Cli::command(), &Texts::new(language)).debug_assert();
    }
}

#[test]
fn the_first_locale_variable_that_says_anything_decides() {
    let spoken = |variables: &[(&str, &str)]| {
        Language::from_locale(|name| {
            variables.iter().find(|(variable, _)| *variable == name).map(|(_, value)| (*value).to_owned())
        })
    };
    assert_eq!(spoken(&[]), Language::English);
    assert_eq!(spoken(&[("LANG", "ja_JP.UTF-8")]), Language::Japanese);
    assert_eq!(spoken(&[("LANG", "ja")]), Language::Japanese);
    assert_eq!(spoken(&[("LANG", "ja_JP.UTF-8"), ("LC_ALL", "C")]), Language::English);
    assert_eq!(spoken(&[("LANG", "de_DE.UTF-8"), ("LC_MESSAGES", "ja_JP.UTF-8")]), Language::Japanese);
    assert_eq!(spoken(&[("LANG", "ja_JP.UTF-8"), ("LC_ALL", "")]), Language::Japanese);
    assert_eq!(spoken(&[("LANG", "jam_JM")]), Language::English);
}

#[test]
fn the_language_is_found_before_the_command_line_is_parsed() {
    let asked = |line: &str| Language::of_arguments(line.split(' '));
    assert_eq!(asked("watchpost --lang ja --help"), Some(Language::Japanese));
    assert_eq!(asked("watchpost user add --lang=ja --help"), Some(Language::Japanese));
    assert_eq!(asked("watchpost --help --lang=en"), Some(Language::English));
    assert_eq!(asked("watchpost --help"), None);
    assert_eq!(asked("watchpost --lang tlh --help"), None);
    assert_eq!(asked("watchpost -- --lang ja"), None);
    assert_eq!(asked("watchpost --lang"), None);
}

#[cfg(debug_assertions)]
#[test]
#[should_panic(expected = "there is no text talk-nothing-of-the-kind")]
fn a_missing_text_is_our_mistake() {
    Texts::new(Language::Japanese).text("talk-nothing-of-the-kind");
}

/// Every `"talk-…"` and `"error-…"` in the program is the id of a text: a missing one is found here, not by a user.
#[test]
fn every_text_that_the_program_asks_for_exists() {
    let known = entries(SOURCES[0].2);
    let mut waiting = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut seen = 0;
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|suffix| suffix == "rs") {
            let source = std::fs::read_to_string(&path).unwrap();
            let ids = source.split('"').filter(|text| text.starts_with("talk-") || text.starts_with("error-"));
            for id in ids.filter(|id| !id.contains(' ')) {
                // `talk-report-{column}` is one of several texts.
                let (begin, rest) = id.split_once('{').map_or((id, None), |(begin, rest)| (begin, Some(rest)));
                let found = match rest {
                    None => known.contains_key(id),
                    Some(_) => known.keys().any(|known| known.starts_with(begin)),
                };
                assert!(found, "{} asks for {id}", path.display());
                seen += 1;
            }
        }
    }
    assert!(seen >= 5, "the import alone asks for five");
}
