//! How mistakes are told.

use std::fs;

use watchpost::config::{Config, ConfigKey};

use crate::site::{SOUND, Site, with};

#[test]
fn a_file_that_cannot_be_read_says_why() {
    let site = Site::new();
    let absent = Config::load(&site.path("watchpost.toml")).unwrap_err();
    assert!(absent.plain().contains("No such file") && absent.plain().contains("watchpost init"), "{absent}");
    fs::write(site.path("watchpost.toml"), b"domain = \"caf\xe9\"\n").unwrap();
    let latin = Config::load(&site.path("watchpost.toml")).unwrap_err();
    assert!(latin.plain().contains("watchpost.toml:1:14") && latin.plain().contains("not UTF-8"), "{latin}");
    fs::write(site.path("watchpost.toml"), "#".repeat((1 << 20) + 1)).unwrap();
    let large = Config::load(&site.path("watchpost.toml")).unwrap_err();
    assert!(large.plain().contains("too large"), "{large}");
    fs::write(site.path("watchpost.toml"), format!("\u{feff}{}", SOUND.replace('\n', "\r\n"))).unwrap();
    assert!(Config::load(&site.path("watchpost.toml")).is_ok(), "as some editors store it");
}

#[test]
fn errors_are_data_for_programs() {
    let errors = Site::new().config(&with("domain", "domian")).unwrap_err();
    let json: serde_json::Value = serde_json::from_str(&errors.to_json()).unwrap();
    assert_eq!(json["valid"], false);
    let finding = &json["findings"][0];
    assert_eq!((&finding["line"], &finding["column"]), (&1.into(), &1.into()));
    assert_eq!(finding["message"], "unknown key `domian`");
    assert!(finding["help"].as_str().unwrap().starts_with("did you mean `domain`?"));
    assert!(finding["file"].as_str().unwrap().ends_with("watchpost.toml"));
}

#[test]
fn what_only_shows_in_use_is_told_at_its_place() {
    let config = Site::new().sound();
    let taken = config.refuse(ConfigKey::ListenerAddress(1), "the port is taken", "stop the other program");
    assert!(taken.plain().contains("watchpost.toml:10:11") && taken.plain().contains("stop the other"), "{taken}");
    let said_in_one = config.refuse(ConfigKey::ListenerAddress(0), "the port is taken", "");
    assert!(!said_in_one.plain().contains("help"), "{}", said_in_one.plain());
    // A default stands nowhere: the file as a whole is meant.
    assert_eq!(config.refuse(ConfigKey::StorePath, "no room", "make some").place(), None);
}

#[test]
fn control_characters_of_the_file_come_out_escaped() {
    let site = Site::new();
    let text = with("\"pop3s\"", "\"\\u001b[2J\u{202e}\u{85}\" # \u{9b}2J");
    let errors = site.config(&text).unwrap_err();
    for shown in [errors.plain(), errors.to_json()] {
        assert!(!shown.contains(['\u{1b}', '\u{85}', '\u{9b}', '\u{202e}']), "{shown:?}");
    }
}
