//! Retrieval at length: thousands of kills, power cuts at every operation, misdeeds at every octet, receivers that are not
//! ours: `./check --long`.
#![allow(clippy::unwrap_used, reason = "a test may fail here")]
#![allow(clippy::print_stdout, reason = "figures are what these tests report")]
#![allow(dead_code, reason = "the tests use a part of what is here")]

#[path = "peers/dovecot.rs"]
mod dovecot;
#[path = "fetch/house.rs"]
mod house;
#[path = "fetch/kill.rs"]
mod kill;
#[path = "fetch/kill_relays.rs"]
mod kill_relays;
#[path = "peers/peer.rs"]
mod peer;
#[path = "fetch/power.rs"]
mod power;
#[path = "fetch/real_receivers.rs"]
mod real_receivers;
#[path = "fetch/server.rs"]
mod server;
mod support;
#[path = "fetch/sweep.rs"]
mod sweep;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::sync::Mutex;

use kill::{Origin, Way, no_kill_loses_or_repeats};
use kill_relays::{Piped, Receiving, Taker};
use power::{Effort, Figures, Past};
use real_receivers::{Kind, Receiver};

/// Kills for each server, destination and policy; with two servers, more than a thousand for each destination and policy.
const KILLS: usize = 520;
/// Kills for each of five receivers that nobody can look into: each message is a conversation or a command of its own.
const KILLS_ELSEWHERE: usize = 200;
const SEED: u64 = 20_261_127;
/// Stories of power cuts side by side.
const STORIES_AT_ONCE: usize = 4;

/// C-061
fn kills_before_our_server(way: Way) {
    let dir = tempfile::tempdir().unwrap();
    let demo = support::Demo::start(dir.path(), &[]);
    no_kill_loses_or_repeats("watchpost", &Origin::ours(&demo), way, KILLS, SEED);
}

/// C-061
fn kills_before_dovecot(way: Way) {
    let running = peer::Running::start(&dovecot::DOVECOT);
    let (folder, user) = (running.folder(), peer::NAME.to_owned());
    let password = fs::read_to_string(folder.join("password")).unwrap().trim().to_owned();
    let maildir = folder.join("Maildir");
    let owner = Some(fs::metadata(&maildir).unwrap().uid());
    let origin = Origin { port: running.pop3, user, password, maildir, owner };
    no_kill_loses_or_repeats("dovecot", &origin, way, KILLS, SEED);
}

#[test]
fn mail_that_stays_comes_to_a_maildir_once_from_our_server_however_often_it_is_killed() {
    kills_before_our_server(kill::MAILDIR_KEPT);
}

#[test]
fn mail_that_goes_comes_to_a_maildir_once_from_our_server_however_often_it_is_killed() {
    kills_before_our_server(kill::MAILDIR);
}

#[test]
fn mail_that_stays_comes_to_an_mbox_once_from_our_server_however_often_it_is_killed() {
    kills_before_our_server(kill::MBOX_KEPT);
}

#[test]
fn mail_that_goes_comes_to_an_mbox_once_from_our_server_however_often_it_is_killed() {
    kills_before_our_server(kill::MBOX);
}

#[test]
fn mail_that_stays_comes_to_a_maildir_once_from_dovecot_however_often_it_is_killed() {
    kills_before_dovecot(kill::MAILDIR_KEPT);
}

#[test]
fn mail_that_goes_comes_to_a_maildir_once_from_dovecot_however_often_it_is_killed() {
    kills_before_dovecot(kill::MAILDIR);
}

#[test]
fn mail_that_stays_comes_to_an_mbox_once_from_dovecot_however_often_it_is_killed() {
    kills_before_dovecot(kill::MBOX_KEPT);
}

#[test]
fn mail_that_goes_comes_to_an_mbox_once_from_dovecot_however_often_it_is_killed() {
    kills_before_dovecot(kill::MBOX);
}

/// C-061
fn kills_on_the_way_elsewhere(name: &str, receiver: &dyn Receiving) {
    kill_relays::no_kill_loses_and_copies_are_named(name, receiver, KILLS_ELSEWHERE, SEED);
}

#[test]
fn kills_on_the_way_by_lmtp_lose_nothing_and_name_the_doubtful_one() {
    kills_on_the_way_elsewhere("lmtp", &Taker::start("lmtp"));
}

#[test]
fn kills_on_the_way_by_smtp_lose_nothing_and_name_the_doubtful_one() {
    kills_on_the_way_elsewhere("smtp", &Taker::start("smtp"));
}

#[test]
fn kills_on_the_way_to_a_command_lose_nothing_and_name_the_doubtful_one() {
    kills_on_the_way_elsewhere("pipe", &Piped);
}

#[test]
fn kills_on_the_way_to_dovecot_lose_nothing_and_name_the_doubtful_one() {
    kills_on_the_way_elsewhere("dovecot", &Receiver::start(Kind::Dovecot));
}

#[test]
fn kills_on_the_way_to_postfix_lose_nothing_and_name_the_doubtful_one() {
    kills_on_the_way_elsewhere("postfix", &Receiver::start(Kind::Postfix));
}

#[test]
fn power_cuts_at_length_lose_nothing_and_repeat_nothing() {
    // C-060, C-061, C-062
    let kinds = [power::MAILDIR, power::MAILDIR_KEPT, power::MBOX, power::MBOX_KEPT, power::OWN, power::OWN_KEPT];
    let stories = (1..).zip(kinds).flat_map(|(seed, kind)| [Past::None, Past::Long].map(|past| (seed, kind, past)));
    let (stories, all) = (Mutex::new(stories), Mutex::new(Figures::default()));
    // Each story has folders and a server of its own.
    std::thread::scope(|scope| {
        for _ in 0..STORIES_AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some((seed, kind, past)) = stories.lock().unwrap().next() else { return };
                    let effort = Effort { seed, messages: 3, states: 32, kills: 8, states_of_recovery: 2 };
                    let figures = power::no_power_cut_loses_or_repeats(kind, past, &effort);
                    println!("power cuts: {kind:?} {past:?} seed {seed}: {figures:?}");
                    *all.lock().unwrap() += figures;
                }
            });
        }
    });
    let all = all.into_inner().unwrap();
    println!("power cuts: all {all:?}");
    assert!(all.crashes > 5_000);
}

#[test]
fn misdeeds_at_every_octet_end_in_time_and_are_made_good() {
    // C-010, C-022, C-029, C-060, C-061
    println!("misdeeds: {}", sweep::misdeeds_at_every_octet(1));
}
