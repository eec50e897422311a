use super::*;
use crate::catalogue::Refusal;
use crate::pop3::{Command, Verb};
use std::collections::BTreeSet;

fn words(kind: Kind) -> BTreeSet<&'static str> {
    all().filter(|lesson| lesson.kind == kind).map(|lesson| lesson.word).collect()
}

fn is_japanese(text: &str) -> bool {
    text.chars().any(|letter| matches!(letter, '\u{3041}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}'))
}

#[test]
fn every_command_error_code_and_state_has_its_lesson() {
    let commands = words(Kind::Command);
    for word in Verb::ALL.iter().map(|verb| verb.word()).chain(TABLE_A.iter().map(|row| row.command)) {
        assert!(commands.contains(word), "{word}");
    }
    assert_eq!(words(Kind::Error), TABLE_B.iter().map(|row| row.id).collect(), "one lesson for each row of Table B");
    let codes: BTreeSet<_> = TABLE_B.iter().filter_map(|row| row.code).map(ResponseCode::word).collect();
    assert_eq!(words(Kind::ResponseCode), codes);
    for state in [State::Authorization, State::Transaction, State::Update] {
        assert!(words(Kind::State).contains(format!("{state:?}").to_uppercase().as_str()), "{state:?}");
    }
    for kind in Kind::ALL {
        assert!(words(*kind).len() >= 3, "{kind:?}");
    }
    assert_eq!(find(Refusal::MaildropInUse.row().id).len(), 1);
}

#[test]
fn no_word_is_explained_twice_in_one_kind() {
    let names: Vec<_> = all().map(|lesson| (lesson.kind, lesson.word)).collect();
    let distinct: std::collections::HashSet<_> = names.iter().collect();
    assert_eq!(names.len(), distinct.len());
    assert_eq!(names.len(), command_lessons().count() + error_lessons().count() + others());
}

fn others() -> usize {
    replies::REPLIES.len() + capabilities::CAPABILITIES.len() + words::WORDS.len()
}

#[test]
fn every_text_is_there_in_both_languages_and_each_in_its_own() {
    for lesson in all() {
        let texts = [Some(lesson.summary), Some(lesson.text), lesson.takes(), lesson.answers()];
        for text in texts.into_iter().flatten() {
            assert!(!text.english.trim().is_empty() && !is_japanese(text.english), "{}: {}", lesson.word, text.english);
            let formula = lesson.takes() == Some(text) || lesson.answers() == Some(text);
            assert!(!text.japanese.is_empty(), "{}", lesson.word);
            assert!(formula || is_japanese(text.japanese), "{}: {}", lesson.word, text.japanese);
            for said in [text.english, text.japanese] {
                assert!(!said.contains(['\n', '\t']) && !said.contains("  ") && said.trim() == said, "{said:?}");
            }
        }
        let Said { english, japanese } = lesson.text;
        assert!((80..=900).contains(&english.len()), "{}: {} octets", lesson.word, english.len());
        assert!(english.ends_with('.'), "{}", lesson.word);
        assert!(japanese.ends_with('。'), "{}", lesson.word);
        for sentence in japanese.split('。').filter(|sentence| !sentence.is_empty()) {
            // What stands in brackets at the end is beside the sentence.
            let sentence = if sentence.ends_with(')') { sentence.rsplit_once(" (").unwrap().0 } else { sentence };
            assert!(["す", "ん", "い", "た"].iter().any(|end| sentence.ends_with(end)), "{sentence}");
        }
    }
}

#[test]
fn every_lesson_says_where_it_is_written_and_where_it_is_met() {
    for lesson in all() {
        assert!(!lesson.source.is_empty() && !lesson.states.is_empty(), "{}", lesson.word);
        let standard = lesson.source.starts_with("RFC") || lesson.source.contains("de facto");
        assert!(standard || lesson.source.starts_with("draft"), "{}", lesson.source);
        if lesson.kind == Kind::Command {
            assert!(lesson.takes().is_some() && lesson.answers().is_some());
        }
    }
}

#[test]
fn what_to_see_also_can_be_seen() {
    for lesson in all() {
        assert!(!lesson.see_also.is_empty(), "{}", lesson.word);
        for word in lesson.see_also {
            assert!(find(word).iter().any(|found| found.kind != Kind::Error || *word == found.word), "{word}");
            let mut other = find(word).into_iter().filter(|found| *found != lesson);
            assert!(other.next().is_some(), "{} sends its reader to itself", lesson.word);
        }
    }
}

#[test]
fn every_line_of_an_example_has_its_speaker_and_commands_are_commands() {
    for lesson in all() {
        let example = lesson.example();
        assert!(example.len() < 14, "{}: an example is short", lesson.word);
        for line in &example {
            assert!(["C: ", "S: ", "   <"].iter().any(|start| line.starts_with(start)), "{}: {line}", lesson.word);
        }
        // The last thing a client says before an error is often what is wrong.
        let said: Vec<&str> = example.iter().filter_map(|line| line.strip_prefix("C: ")).collect();
        let wrong = usize::from(example.last().is_some_and(|line| line.starts_with("S: -ERR")));
        for line in &said[..said.len() - wrong.min(said.len())] {
            let word = line.split(' ').next().unwrap_or_default();
            if Verb::ALL.iter().any(|verb| verb.word() == word) {
                assert!(Command::parse(line.as_bytes()).command.is_ok(), "{}: {line}", lesson.word);
            }
        }
    }
}

fn found(asked: &str) -> Vec<&'static str> {
    find(asked).iter().map(|lesson| lesson.word).collect()
}

#[test]
fn words_are_found_however_they_are_written() {
    for asked in ["E-31", "e31", "E31", "maildrop-in-use", "MaildropInUse", "MAILDROPINUSE"] {
        assert_eq!(found(asked), ["E-31"], "{asked}");
    }
    assert_eq!(found("e-1"), ["E-01"]);
    assert_eq!(found("retr"), ["RETR"]);
    assert_eq!(found("dot stuffing"), ["dot-stuffing"]);
    assert_eq!(found("bare auth"), ["AUTH"]);
    assert_eq!(found("+"), ["+"]);
    assert_eq!(found("+ok"), ["+OK"]);
    for asked in ["sys temp", "[sys/temp]", "SYS/TEMP"] {
        assert_eq!(found(asked), ["SYS/TEMP"], "{asked}");
    }
    assert_eq!(find("USER").iter().map(|lesson| lesson.kind).collect::<Vec<_>>(), [Kind::Command, Kind::Capability]);
    assert_eq!(find("[AUTH]").iter().map(|lesson| lesson.kind).collect::<Vec<_>>(), [Kind::ResponseCode]);
    assert_eq!(find("auth").len(), 2);
    for asked in ["", " ", "E-62", "E-0", "xy", "retrieve everything", "-", "[]", "-ERR"] {
        assert!(found(asked).iter().all(|word| *word == "-ERR"), "{asked}: {:?}", found(asked));
    }
}

#[test]
fn an_error_is_found_by_its_text_with_any_number_in_it() {
    for row in TABLE_B {
        for language in Language::ALL {
            let line = line_of(row, *language).replace('2', "1234");
            assert!(found(&line).contains(&row.id), "{line}");
            assert!(found(line.rsplit(']').next().unwrap()).contains(&row.id), "{line}");
        }
        assert!(found(row.situation).contains(&row.id), "{}", row.situation);
    }
    assert_eq!(found("locked by another session"), ["E-31"]);
    assert_eq!(found("-ERR [IN-USE] Maildrop is locked by another session, please wait"), ["E-31"]);
    assert_eq!(found("別のセッションで使用中"), ["E-31"]);
    assert_eq!(found("IN-USE"), ["IN-USE"]);
    let [code] = find("[IN-USE]").try_into().unwrap();
    assert_eq!(code.errors().map(|row| row.id).collect::<Vec<_>>(), ["E-31", "E-32"]);
    assert_eq!(find("RETR")[0].errors().count(), 0);
}
