//! The program ended at every point that matters, and at points of chance: nothing is lost, nothing comes twice.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::checks;
use crate::house::{House, messages_of, messages_of_mbox};
use crate::kill::{self, Origin};
use crate::kill_relays::{self, Piped, Taker};
use crate::power::{self, Effort, Past};
use crate::server::Server;
use crate::support::{Demo, PATIENCE, PROGRAM};

/// In the order in which a session comes past them.
const POINTS: [&str; 6] = [
    "fetch.crash-before-intent",
    "fetch.crash-behind-intent",
    "fetch.crash-amid-renames",
    "fetch.crash-before-done",
    "fetch.crash-before-quit",
    "fetch.crash-behind-quit",
];

fn mail(count: usize) -> Vec<(String, Vec<u8>)> {
    let message = |number: usize| {
        let body = "text \r\n".repeat(number * 37 % 900);
        (format!("id{number}"), format!("Subject: {number}\r\n\r\n{body}").into_bytes())
    };
    (0..count).map(message).collect()
}

fn program(house: &House, fault: Option<&str>) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(["fetch", "--json", "--config"]).arg(house.path("watchpost.toml"));
    command.env("XDG_STATE_HOME", house.path("xdg")).env("LC_ALL", "C");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    if let Some(fault) = fault {
        command.env("WATCHPOST_PLANTED_FAULT", fault);
    }
    command
}

/// Every kind of destination that promises exactly once, with mail that stays and mail that goes.
const KINDS: [(&str, &str); 4] = [
    ("maildir", "to = \"maildir:{dir}/md\""),
    ("maildir", "to = \"maildir:{dir}/md\"\nleave = \"never\""),
    ("mbox", "to = \"mbox:{dir}/mb\""),
    ("mbox", "to = \"mbox:{dir}/mb\"\nleave = \"never\""),
];

fn arrived(kind: &str, folder: &Path) -> Vec<Vec<u8>> {
    if kind == "mbox" { messages_of_mbox(&folder.join("mb")) } else { messages_of(&folder.join("md")) }
}

#[track_caller]
fn finishes_exactly(house: &House, server: &Server, kind: &str, what: &str, mail: &[(String, Vec<u8>)], goes: bool) {
    let output = program(house, None).output().unwrap();
    assert!(output.status.success(), "{what}: {}", String::from_utf8_lossy(&output.stdout));
    let mut expected: Vec<Vec<u8>> = mail.iter().map(|(_, octets)| octets.clone()).collect();
    expected.sort();
    let found = arrived(kind, house.folder.path());
    assert_eq!(found.len(), expected.len(), "{what}: lost or twice");
    assert!(found == expected, "{what}: not what was sent");
    assert_eq!(server.ids().is_empty(), goes, "{what}");
}

#[test]
fn a_crash_at_any_step_of_a_delivery_loses_nothing_and_repeats_nothing() {
    // C-061, C-060, C-062
    let mail = mail(12);
    for (kind, more) in KINDS {
        for point in POINTS {
            let server = Server::start(&[]);
            server.state.lock().unwrap().mail.clone_from(&mail);
            let house = House::new(server.port, more);
            let what = format!("{more} {point}");
            let crashed = program(&house, Some(point)).output().unwrap();
            assert!(!crashed.status.success(), "{what}: it did not crash");
            finishes_exactly(&house, &server, kind, &what, &mail, more.contains("never"));
        }
    }
}

#[test]
fn killed_at_any_moment_it_goes_on_where_it_was() {
    // C-061
    let mail = mail(150);
    for (kind, more) in KINDS {
        for kill in 0..5 {
            let server = Server::start(&[]);
            server.state.lock().unwrap().mail.clone_from(&mail);
            let house = House::new(server.port, more);
            let mut child = program(&house, None).spawn().unwrap();
            let end = Instant::now() + PATIENCE;
            // From before the first delivery to behind the last.
            while arrived_about(kind, house.folder.path()) < kill * 40 && child.try_wait().unwrap().is_none() {
                assert!(Instant::now() < end, "nothing arrives");
                std::thread::yield_now();
            }
            let _ = child.kill();
            child.wait().unwrap();
            finishes_exactly(&house, &server, kind, &format!("{more} {kill}"), &mail, more.contains("never"));
        }
    }
}

/// How many messages are there already, more or less.
fn arrived_about(kind: &str, folder: &Path) -> usize {
    if kind == "mbox" {
        let text = std::fs::read(folder.join("mb")).unwrap_or_default();
        return text.windows(6).filter(|six| six == b"\nFrom ").count();
    }
    std::fs::read_dir(folder.join("md/new")).map_or(0, Iterator::count)
}

/// The journal without everything behind the last line that has this word: what a power cut takes when it was not synced.
fn cut_journal_behind(house: &House, word: &str) -> String {
    let path = house.path("xdg/watchpost/fetch/a.journal");
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let last = lines.iter().rposition(|line| line.split(' ').nth(1) == Some(word)).unwrap();
    let kept = lines[..=last].join("\n") + "\n";
    std::fs::write(&path, &kept).unwrap();
    kept
}

#[test]
fn a_power_cut_may_take_whatever_was_not_synced() {
    // C-061: renames that no folder was synced behind, and lines that the journal was not.
    let mail = mail(12);
    for (more, goes) in [(KINDS[0].1, false), (KINDS[1].1, true)] {
        for point in ["fetch.crash-amid-renames", "fetch.crash-before-done", "fetch.crash-before-quit"] {
            let server = Server::start(&[]);
            server.state.lock().unwrap().mail.clone_from(&mail);
            let house = House::new(server.port, more);
            assert!(!program(&house, Some(point)).output().unwrap().status.success());
            let journal = cut_journal_behind(&house, "intent");
            if point == "fetch.crash-amid-renames" {
                let intents = journal.lines().filter(|line| line.contains(" intent "));
                for intent in intents {
                    let words: Vec<&str> = intent.split(' ').collect();
                    let [.., temporary, name] = words.as_slice() else { panic!("{intent}") };
                    let renamed = house.path("md/new").join(name);
                    if renamed.exists() {
                        std::fs::rename(renamed, house.path("md/watchpost-incoming/a").join(temporary)).unwrap();
                    }
                }
                assert!(messages_of(&house.path("md")).is_empty(), "the rename is undone");
            }
            // Octets of a message that never was whole.
            std::fs::write(house.path("md/watchpost-incoming/a/half"), b"Subject: ha").unwrap();
            finishes_exactly(&house, &server, "maildir", &format!("{more} {point}"), &mail, goes);
            assert_eq!(std::fs::read_dir(house.path("md/watchpost-incoming/a")).unwrap().count(), 0);
        }
    }
}

#[test]
fn what_cannot_be_known_after_a_crash_comes_again_and_is_named() {
    // C-061: a command may have taken the message.
    let mail = mail(3);
    let server = Server::start(&[]);
    server.state.lock().unwrap().mail.clone_from(&mail);
    let house = House::new(server.port, "to = \"pipe:cat >> {dir}/all\"");
    assert!(!program(&house, Some("fetch.crash-before-done")).output().unwrap().status.success());
    let output = program(&house, None).output().unwrap();
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((told["delivered"].as_u64(), &told["in_doubt"]), (Some(3), &serde_json::json!(["id0"])));
    let text = std::fs::read_to_string(house.path("all")).unwrap();
    assert_eq!(text.matches("Subject: ").count(), 4, "one of them twice, none missing");
}

#[test]
fn a_power_cut_at_any_operation_loses_nothing_and_repeats_nothing() {
    // C-060, C-061, C-062: also while a killed run is being recovered from.
    let kinds = [
        (power::MAILDIR, Past::None),
        (power::MAILDIR_KEPT, Past::Long),
        (power::MBOX, Past::Long),
        (power::MBOX_KEPT, Past::None),
        (power::OWN, Past::Long),
        (power::OWN_KEPT, Past::None),
    ];
    for (kind, past) in kinds {
        let figures = power::no_power_cut_loses_or_repeats(kind, past, &Effort::SMALL);
        // All the mail may be one batch: the fewer batches, the fewer moments.
        assert!(figures.moments > 30 && figures.crashes > 50, "{kind:?} {past:?}: {figures:?}");
    }
}

#[test]
fn a_destination_that_fails_half_way_loses_nothing() {
    checks::a_destination_that_fails_half_way_loses_nothing();
}

#[test]
fn runs_that_are_killed_lose_nothing_and_repeat_nothing() {
    // C-061: a sample of what `./check --long` does by the thousand.
    let dir = tempfile::tempdir().unwrap();
    let demo = Demo::start(dir.path(), &[]);
    for way in [kill::MAILDIR, kill::MAILDIR_KEPT, kill::MBOX, kill::MBOX_KEPT] {
        kill::no_kill_loses_or_repeats("watchpost", &Origin::ours(&demo), way, 15, 61);
    }
}

#[test]
fn the_checkers_see_a_loss_and_a_copy() {
    // C-061: in a Maildir, in an mbox, and wherever nobody can look but by what was taken.
    let dir = tempfile::tempdir().unwrap();
    let demo = Demo::start(dir.path(), &[]);
    kill::the_checker_sees_a_loss_and_a_copy(&Origin::ours(&demo));
    kill_relays::the_checker_sees_a_loss_and_a_copy();
}

#[test]
fn runs_that_are_killed_lose_nothing_on_its_way_elsewhere_and_name_what_may_be_there_twice() {
    // C-061: a sample of what `./check --long` does at length.
    for protocol in ["lmtp", "smtp"] {
        kill_relays::no_kill_loses_and_copies_are_named(protocol, &Taker::start(protocol), 25, 62);
    }
    kill_relays::no_kill_loses_and_copies_are_named("pipe", &Piped, 25, 63);
}

#[test]
fn a_doubt_is_named_until_somebody_was_told() {
    checks::a_doubt_is_named_until_somebody_was_told();
}
