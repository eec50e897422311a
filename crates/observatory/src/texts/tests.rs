use watchpost_proto::catalogue::Language;

use super::*;
use crate::ground::FactName;
use crate::rules::RULES;

fn texts(text: &RuleText) -> [Said; 6] {
    [text.name, text.what, text.why, text.false_positives, text.response, text.sentence]
}

fn places(sentence: &str) -> Vec<&str> {
    let inside = sentence.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
    inside.map(|(place, _)| place.split(':').next().unwrap_or(place)).collect()
}

#[test]
fn every_rule_has_every_text_in_both_languages() {
    assert_eq!(rule_texts().count(), RULES.len());
    for text in rule_texts() {
        for said in texts(text) {
            assert!(!said.english.is_empty() && !said.japanese.is_empty(), "{}", text.rule);
            assert!(said.english.is_ascii(), "{}: {}", text.rule, said.english);
            assert!(!said.japanese.is_ascii(), "{}: {}", text.rule, said.japanese);
        }
    }
}

#[test]
fn sentences_ask_for_facts_that_exist_and_the_same_in_both_languages() {
    for text in rule_texts() {
        let mut english = places(text.sentence.english);
        let mut japanese = places(text.sentence.japanese);
        english.sort_unstable();
        japanese.sort_unstable();
        assert_eq!(english, japanese, "{}", text.rule);
        for place in english {
            assert!(FactName::ALL.iter().any(|name| name.word() == place), "{}: {place}", text.rule);
        }
    }
}

#[test]
fn what_a_peer_chose_is_shown_harmlessly_in_a_sentence() {
    // S-044
    let facts = [Fact::name(FactName::Account, "a\x1b[2J\u{202e}b"), Fact::count(FactName::Guesses, 1_u64)];
    let sentence = "tried {guesses:password|passwords} on {account}[ in {time}]";
    let text = filled(sentence, &facts, Language::English);
    assert_eq!(text, "tried 1 password on a\\u{1b}[2J\\u{202e}b");
}

#[test]
fn numbers_get_their_words() {
    assert_eq!(Ground::DifferentPasswords(1).sentence(Language::English), "1 different password");
    assert_eq!(Ground::DifferentPasswords(14).sentence(Language::English), "14 different passwords");
    assert_eq!(
        Ground::MachineTiming(4).sentence(Language::English),
        "as regular as a clock (the intervals vary by 4 %)"
    );
    assert_eq!(Ground::DifferentPasswords(14).sentence(Language::Japanese), "14 個の異なるパスワード");
    assert_eq!((span(40, Language::English).as_str(), span(9_000, Language::Japanese).as_str()), ("40 s", "3 時間"));
}
