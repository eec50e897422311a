//! What a shell, a manual page and `--help` know of `talk`: every option, in both languages.

use std::fs;
use std::process::Command;

use clap::CommandFactory;
use watchpost::cli::Cli;
use watchpost::i18n::{Language, Texts, localize};

use crate::support::PROGRAM;

/// The options of `talk`, as they are typed.
fn options() -> Vec<String> {
    let cli = Cli::command();
    let talk = cli.find_subcommand("talk").expect("talk is a command");
    let options: Vec<String> =
        talk.get_arguments().filter_map(|argument| Some(format!("--{}", argument.get_long()?))).collect();
    assert!(options.len() >= 12 && options.contains(&"--record".to_owned()), "{options:?}");
    options
}

fn said(arguments: &[&str]) -> String {
    let output = Command::new(PROGRAM).args(arguments).env("COLUMNS", "80").output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn help_and_the_manual_page_say_what_every_option_is_for() {
    for (language, word) in [(Language::English, "en"), (Language::Japanese, "ja")] {
        let help = said(&["talk", "--help", "--lang", word]);
        let folder = tempfile::tempdir().unwrap();
        said(&["man", "--dir", folder.path().to_str().unwrap(), "--lang", word]);
        let page = folder.path().join("watchpost-talk.1");
        let manual = fs::read_to_string(&page).unwrap().replace("\\-", "-");
        let mut command = localize(Cli::command(), &Texts::new(language));
        command.build();
        let talk = command.find_subcommand("talk").unwrap();
        for option in options() {
            let argument = talk.get_arguments().find(|argument| argument.get_long() == option.get(2..)).unwrap();
            let purpose = argument.get_help().expect("every option has a purpose").to_string();
            let begin: String = purpose.lines().next().unwrap().chars().take(20).collect();
            for (what, text) in [("help", &help), ("manual", &manual)] {
                assert!(text.contains(&option), "{word}: {what} lacks {option}:\n{text}");
                assert!(text.contains(&begin), "{word}: {what} does not say {begin:?} of {option}:\n{text}");
            }
        }
        for example in ["--script session.pop3", "--record session.pcapng"] {
            assert!(manual.contains(example), "{word}: the manual lacks {example}");
        }
        if language == Language::Japanese {
            // Its lines have no spaces at which troff could break them, of which it complains.
            continue;
        }
        // A page that a manual reader complains about is none.
        let read = Command::new("man").args(["--warnings", "-l"]).arg(&page).env("MANWIDTH", "80").output();
        if let Ok(read) = read {
            let complaints = String::from_utf8_lossy(&read.stderr).into_owned();
            assert!(read.status.success() && complaints.is_empty(), "{word}: {complaints}");
        }
    }
}

#[test]
fn shells_complete_every_option() {
    let bash = format!(
        "source <({PROGRAM} completions bash); COMP_WORDS=(watchpost talk --); COMP_CWORD=2; \
         _watchpost watchpost -- talk; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    );
    let output = Command::new("bash").args(["-c", &bash]).output().expect("bash");
    let completed = String::from_utf8(output.stdout).unwrap();
    let completed: Vec<&str> = completed.lines().collect();
    let scripts: Vec<String> =
        ["zsh", "fish", "elvish", "powershell"].map(|shell| said(&["completions", shell])).into();
    for option in options() {
        assert!(completed.contains(&option.as_str()), "bash lacks {option}: {completed:?}");
        let bare = option.trim_start_matches('-');
        for script in &scripts {
            assert!(script.contains("talk") && script.contains(bare), "{option}");
        }
    }
    // What belongs to others is not offered.
    assert!(!completed.contains(&"--with-keys"), "{completed:?}");
}
