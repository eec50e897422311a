//! The law: any text gives either a configuration or errors that lie within it, and never a panic.

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use watchpost::config::COMPLETE_EXAMPLE;

use crate::site::{SOUND, Site};

/// A text near a configuration: pieces of it cut, doubled, and mixed with others.
fn near_toml() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => (0..SOUND.len(), 0..60_usize).prop_map(|(start, length)| {
            SOUND.chars().skip(start).take(length).collect::<String>()
        }),
        4 => prop::sample::select(COMPLETE_EXAMPLE.lines().map(|line| format!("{line}\n")).collect::<Vec<_>>()),
        2 => prop::sample::select(vec![
            "\"", "'", "\"\"\"", "[", "]", "{", "}", "=", ".", ",", "\n", "\r\n", "\r", "\t", "#", "\u{feff}", "\0", "\u{1b}",
            "{user}", "{data_dir}", "9999999999999999999", "-1", "nan", "1979-05-27", "[limits]\n", "idle_time", "ü", "か",
            "\u{e0001}", "\u{202e}", "\\u0000", "[[listener]]\n", "[listener]\n", "[[tls]]\n", "tls.key = 1\n", "{ a = [ {} ] }",
        ]).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Whatever the text is: a configuration, or errors at places that exist, shown there.
fn is_config_or_errors(site: &Site, text: &str) {
    match site.config(text) {
        Ok(config) => {
            let effective = config.effective();
            let again = site.config(&effective).expect("the effective file loads");
            assert_eq!(again.effective(), effective);
        }
        Err(errors) => {
            assert!(errors.iter().count() > 0);
            for error in &errors {
                assert!(!error.help().is_empty() && !error.message().is_empty());
                let shown = error.plain();
                assert!(shown.chars().all(|character| character == '\n' || !character.is_control()), "{shown:?}");
                let (Some(place), Some(span)) = (error.place(), error.span()) else { continue };
                assert!(span.start <= span.end && text.get(span).is_some(), "{error}");
                let line = text.split('\n').nth(place.line - 1).expect("the line exists");
                assert!((1..=line.chars().count() + 1).contains(&place.column), "{error}");
                let shown_place = format!("watchpost.toml:{}:{}", place.line, place.column);
                assert!(shown.contains(&shown_place), "{shown_place} in\n{shown}");
            }
            serde_json::from_str::<serde_json::Value>(&errors.to_json()).expect("JSON");
        }
    }
}

#[test]
fn any_text_gives_a_configuration_or_errors_within_it() {
    let site = Site::new();
    let config = ProptestConfig::default();
    let cases = config.cases.max(2000);
    let mut runner = TestRunner::new(ProptestConfig { cases, failure_persistence: None, ..config });
    let texts =
        prop_oneof![3 => near_toml(), 2 => near_toml().prop_map(|text| format!("{SOUND}{text}")), 1 => any::<String>()];
    let law = |text: String| {
        is_config_or_errors(&site, &text);
        Ok(())
    };
    runner.run(&texts, law).unwrap();
}
