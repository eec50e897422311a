//! The locks of an mbox, and what a killed process has left of them.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::house::{House, messages_of_mbox};
use crate::server::Server;
use crate::support::{PATIENCE, PROGRAM};

const MAIL: [(&str, &[u8]); 2] = [("one", b"A: 1\r\n\r\n"), ("two", b"B: 2\r\n\r\n")];
const TO: &str = "to = \"mbox:{dir}/mb\"";

/// The number of a process that has ended.
fn gone() -> u32 {
    let mut child = Command::new("true").spawn().unwrap();
    child.wait().unwrap();
    child.id()
}

fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

fn boot() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap().trim().to_owned()
}

#[track_caller]
fn fetches_both(house: &House) {
    assert_eq!(house.fetch_well().report.delivered, 2);
    assert_eq!(messages_of_mbox(&house.path("mb")), [MAIL[0].1.to_vec(), MAIL[1].1.to_vec()]);
    assert!(!house.path("mb.lock").exists(), "it is gone afterwards");
}

#[test]
fn what_a_killed_process_has_left_of_making_a_lock_goes_and_nothing_else_does() {
    // C-061
    let server = Server::start(&MAIL);
    let house = House::new(server.port, TO);
    let mut command = Command::new(PROGRAM);
    command.args(["fetch", "--config"]).arg(house.path("watchpost.toml")).stdout(Stdio::null()).stderr(Stdio::null());
    command.env("XDG_STATE_HOME", house.path("xdg")).env("WATCHPOST_PLANTED_FAULT", "fetch.crash-amid-lock");
    let mut child = command.spawn().unwrap();
    let number = child.id();
    assert!(!child.wait().unwrap().success(), "it did not crash");
    let left = house.path(&format!("mb.lock.{number}"));
    assert!(left.exists(), "nothing was left, so nothing is shown");
    let dead = house.path(&format!("mb.lock.{}", gone()));
    fs::write(&dead, "").unwrap();
    let own = std::process::id();
    // Of this process, of another machine, of nobody knows whom, and other people's files.
    let elsewhere = house.path(&format!("mb.lock.{}", gone()));
    fs::write(&elsewhere, format!("{}\n{}\nelsewhere.example\n", gone(), boot())).unwrap();
    let kept: Vec<PathBuf> =
        [format!("mb.lock.{own}0x"), "mb.lock.0".into(), "mb.lock.-1".into(), "mb.lock.old".into(), "mb.locks".into()]
            .iter()
            .map(|name| house.path(name))
            .collect();
    for path in &kept {
        fs::write(path, "").unwrap();
    }
    let living = house.path("mb.lock.1");
    fs::write(&living, "1\n").unwrap();
    fetches_both(&house);
    assert!(!left.exists() && !dead.exists(), "they are gone");
    for path in kept.iter().chain([&living, &elsewhere]) {
        assert!(path.exists(), "{} is not ours", path.display());
    }
}

#[test]
fn a_lock_of_a_process_that_is_gone_holds_nobody_up() {
    let (boot, host) = (boot(), host());
    let own = std::process::id();
    for text in [
        // As Watchpost writes it; as others do; and one of before the machine was started, whoever has the number now.
        format!("{}\n{boot}\n{host}\n", gone()),
        format!("{}\n{boot}", gone()),
        format!("{}", gone()),
        format!("{own}\n00000000-0000-0000-0000-000000000000\n{host}\n"),
    ] {
        let server = Server::start(&MAIL);
        let house = House::new(server.port, TO);
        fs::write(house.path("mb.lock"), &text).unwrap();
        let start = Instant::now();
        fetches_both(&house);
        // The longest that a lock is waited for is half a minute, and then nothing comes.
        assert!(start.elapsed() < Duration::from_secs(25), "{text:?}");
    }
}

#[test]
fn a_lock_that_may_be_held_is_waited_for() {
    let (boot, host) = (boot(), host());
    for text in [
        format!("{}\n{boot}\n{host}\n", std::process::id()),
        // No such process here, but it is not of here.
        format!("{}\n00000000-0000-0000-0000-000000000000\nelsewhere.example\n", gone()),
        // procmail writes no number that means anything.
        "0".to_owned(),
    ] {
        let server = Server::start(&MAIL);
        let mut house = House::new(server.port, TO);
        house.account.silence = Duration::from_millis(50);
        fs::write(house.path("mb.lock"), &text).unwrap();
        let (state, lock, mbox, held) =
            (Arc::clone(&server.state), house.path("mb.lock"), house.path("mb"), text.clone());
        let watching = std::thread::spawn(move || {
            let end = Instant::now() + PATIENCE;
            // Everything has come, and the server hears of us while the mbox is held.
            while state.lock().unwrap().heard.iter().filter(|line| *line == "NOOP").count() < 8 {
                assert!(Instant::now() < end, "nobody waits");
                std::thread::yield_now();
            }
            assert_eq!(fs::read_to_string(&lock).unwrap(), held, "it is still theirs");
            assert_eq!(fs::metadata(&mbox).unwrap().len(), 0, "nothing is written meanwhile");
            fs::remove_file(lock).unwrap();
        });
        fetches_both(&house);
        watching.join().unwrap();
    }
}
