//! `watchpost explain`, as somebody at a shell meets it.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

use std::process::{Command, Output};

use serde_json::Value;
use unicode_width::UnicodeWidthStr;
use watchpost_proto::catalogue::explain::{Kind, all};

fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchpost"));
    command.arg("explain").args(arguments).env_clear().envs(variables.iter().copied());
    command.output().expect("the program starts")
}

/// Standard output of a run that went well and said nothing else.
fn said(arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let output = run(arguments, variables);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no {part:?} in\n{text}");
    }
}

#[test]
fn a_command_is_explained_with_its_state_its_answer_and_an_example() {
    let text = said(&["RETR"], &[]);
    assert!(text.starts_with("RETR (command)\n  Sends a whole message.\n\n"), "{text}");
    has(&text, &["TRANSACTION", "message-number", "+OK nnn octets", "RFC 1939 §5", "TOP, DELE"]);
    has(&text, &["\n    C: RETR 1\n    S: +OK 81 octets\n", "\n    S:\n", "\n    S: .\n"]);
    assert!(!text.contains('\u{1b}'), "no colours where nobody looks");
}

#[test]
fn an_error_is_explained_with_its_lines_and_what_becomes_of_the_connection() {
    let text = said(&["E-31"], &[]);
    has(&text, &["E-31 MaildropInUse (error)", "no reason to ask for the password", "stays open", "RFC 2449 §8.1.2"]);
    has(&text, &["-ERR [IN-USE] Maildrop is locked by another session, please wait"]);
    has(&text, &["-ERR [IN-USE] メールボックスは別のセッションで使用中です。"]);
    for asked in [&["e31"][..], &["maildrop-in-use"], &["locked", "by", "another", "session"]] {
        assert_eq!(said(asked, &[]), text, "{asked:?}");
    }
    let line = "-ERR [IN-USE] Maildrop is locked by another session, please wait";
    assert_eq!(said(&[line], &[]), text, "a line as a server sent it");
    has(&said(&["E-35"], &[]), &["is closed by the server"]);
}

#[test]
fn words_are_found_in_any_case_and_all_that_they_mean_is_shown() {
    has(&said(&["update"], &[]), &["UPDATE (state)", "RFC 1939 §6", "QUIT"]);
    has(&said(&["auth-resp-code"], &[]), &["AUTH-RESP-CODE (capability)", "[AUTH]", "RFC 3206 §6"]);
    has(&said(&["user"], &[]), &["USER (command)", "\n\nUSER (capability)"]);
    has(&said(&["[in-use]"], &[]), &["IN-USE (response code)", "E-31, E-32"]);
    has(&said(&["scan", "listing"], &[]), &["scan listing (word)"]);
    has(&said(&["-ERR"], &[]), &["-ERR (reply)"]);
    has(&said(&["+"], &[]), &["+ (reply)"]);
}

#[test]
fn japanese_is_spoken_when_asked_for_by_option_or_locale() {
    let text = said(&["RETR", "--lang", "ja"], &[]);
    has(&text, &["RETR (コマンド)\n  メッセージ全体を送信します。", "メッセージ番号", "C: RETR 1", "関連"]);
    assert_eq!(said(&["RETR"], &[("LC_ALL", "ja_JP.UTF-8")]), text);
    has(&said(&["--lang", "ja", "別のセッションで使用中"], &[]), &["E-31 MaildropInUse (エラー)"]);
}

#[test]
fn a_page_is_as_wide_as_the_terminal_and_a_japanese_character_takes_two_columns() {
    for (columns, variables) in [(80, &[][..]), (60, &[("COLUMNS", "60")]), (120, &[("COLUMNS", "120")])] {
        for language in ["en", "ja"] {
            let text = said(&["PASS", "--lang", language], variables);
            let widest = text.lines().map(UnicodeWidthStr::width).max().unwrap();
            assert!(widest <= columns && widest > columns - 20, "{language}, {columns}: {widest}\n{text}");
        }
    }
}

#[test]
fn without_a_word_every_word_is_listed_by_kind() {
    let text = said(&[], &[]);
    has(&text, &["command\n  CAPA", "\n\nerror\n  E-01", "watchpost explain WORD"]);
    for lesson in all() {
        assert!(text.contains(&format!("  {} ", lesson.word)), "{}", lesson.word);
    }
    let listed: Value = serde_json::from_str(&said(&["--json"], &[])).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), all().count());
}

#[test]
fn a_program_gets_json() {
    let found: Value = serde_json::from_str(&said(&["E-31", "--json"], &[])).unwrap();
    assert_eq!(found[0]["word"], "E-31");
    assert_eq!(found[0]["name"], "MaildropInUse");
    assert_eq!(found[0]["code"], "IN-USE");
    assert_eq!(found[0]["connection"], "continues");
    assert_eq!(
        found[0]["example"].as_array().unwrap().last().unwrap(),
        &found[0]["line"].as_str().map(|l| format!("S: {l}")).unwrap()
    );
    let found: Value = serde_json::from_str(&said(&["user", "--json", "--lang", "ja"], &[])).unwrap();
    assert_eq!(found.as_array().unwrap().len(), 2);
    assert_eq!(found[0]["kind"], "command");
    assert_eq!(found[0]["takes"], "ユーザー名");
    assert_eq!(found[1]["kind"], Kind::Capability.name());
}

#[test]
fn an_unknown_word_gets_proposals_on_standard_error() {
    let output = run(&["RTER"], &[]);
    assert_eq!(output.status.code(), Some(65));
    assert!(output.stdout.is_empty());
    has(&String::from_utf8_lossy(&output.stderr), &["RTER", "Did you mean", "RETR"]);
    let output = run(&["qqqqqqqq", "--lang", "ja"], &[]);
    assert_eq!(output.status.code(), Some(65));
    has(&String::from_utf8_lossy(&output.stderr), &["qqqqqqqq の解説はありません"]);
}
