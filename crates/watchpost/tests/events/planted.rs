//! A fault planted in what is reported, and the check that catches it. In a process of its own: the switch is global.
#![allow(clippy::print_stdout, reason = "the count is what this test reports")]

use std::panic::catch_unwind;
use std::process::Command;

use watchpost_proto::planted::plant;

use crate::{tls, told};

/// The fault, and the check that must fail while it is there.
const FAULTS: [(&str, fn()); 3] = [
    ("server.facts-of-right-passwords", told::wrong_passwords_become_facts_and_right_ones_do_not),
    ("server.name-that-may-be-a-password", told::a_password_in_the_place_of_a_name_is_hidden),
    ("server.failed-handshakes-are-not-told", tls::a_handshake_that_fails_is_told_with_its_reason),
];

#[test]
fn planted_faults_are_caught() {
    const SWITCH: &str = "WATCHPOST_TEST_FAULT";
    if let Ok(fault) = std::env::var(SWITCH) {
        let (_, check) = FAULTS.iter().find(|(name, _)| *name == fault).unwrap();
        plant(Some(&fault));
        assert!(catch_unwind(check).is_err(), "{fault} is not caught");
        return;
    }
    for (fault, check) in FAULTS {
        check();
        let mut alone = Command::new(std::env::current_exe().unwrap());
        let output = alone.args(["planted::planted_faults_are_caught", "--exact"]).env(SWITCH, fault).output().unwrap();
        assert!(output.status.success(), "{fault}: {}", String::from_utf8_lossy(&output.stdout));
        assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
    }
    println!("watchpost: {} planted, {} caught", FAULTS.len(), FAULTS.len());
}
