//! Attackers and honest people at one server: what the observatory says of each.
//!
//! Every visitor has a network of its own, for one /24 is one network to the rules; tools that cannot choose their
//! source go through a relay. The table of what is expected stands in `attacks/table.rs`.
#![allow(clippy::unwrap_used, reason = "a test may fail here")]

mod support;

#[path = "real_clients/alterations.rs"]
#[allow(dead_code, reason = "real_clients.rs uses it")]
mod alterations;
#[path = "real_clients/cell.rs"]
#[allow(dead_code, reason = "real_clients.rs uses the rest")]
mod cell;
#[path = "real_clients/fetchers.rs"]
mod fetchers;
#[path = "real_clients/getmail.rs"]
mod getmail;
#[path = "attacks/hand.rs"]
mod hand;
#[path = "attacks/honest.rs"]
mod honest;
#[path = "real_clients/neomutt.rs"]
mod neomutt;
#[path = "attacks/premises.rs"]
mod premises;
#[path = "real_clients/process.rs"]
#[allow(dead_code, reason = "real_clients.rs uses the rest")]
mod process;
#[path = "attacks/relay.rs"]
mod relay;
#[path = "real_clients/scripts.rs"]
mod scripts;
#[path = "attacks/seen.rs"]
mod seen;
#[path = "attacks/shape.rs"]
mod shape;
#[path = "attacks/table.rs"]
mod table;
#[path = "attacks/talk.rs"]
mod talk;
#[path = "attacks/tools.rs"]
mod tools;
#[path = "real_clients/wire.rs"]
mod wire;

use std::collections::BTreeSet;

use premises::Premises;
use seen::Seen;
use table::{ATTACKERS, Comes, DRIP, Expected, HONEST, TESTER, Visitor};

/// The network of the first attacker; honest people come after them all.
const FIRST: u16 = 16;
/// Networks of the real clients.
const CLIENTS: u16 = 1000;

/// Every visitor with its first network.
fn visitors() -> Vec<(u16, &'static Visitor)> {
    let mut network = FIRST;
    let mut visitors = Vec::new();
    for visitor in ATTACKERS.iter().chain(HONEST) {
        visitors.push((network, visitor));
        network += visitor.networks;
    }
    visitors
}

fn come(premises: &Premises, network: u16, visitor: &Visitor) {
    match visitor.comes {
        Comes::Hand(deed) => deed(premises, network),
        Comes::Tool(tool) => {
            let transcripts = tool.run(premises, premises::source(network));
            tool.shape(&transcripts).compare();
        }
    }
}

/// Every account, and messages in its maildrop.
fn accounts() -> Vec<(String, usize)> {
    let named = ["victim", "brute", "besieged", "entered", "mdaemon", "phone", "typist", "traveller", "phones"];
    let more = ["roamer", "poet", "bench", "stripped", "guessed-nmap-twice"];
    let mut accounts: Vec<String> = named.iter().chain(&more).map(|name| (*name).to_owned()).collect();
    accounts.extend(tools::ALL.iter().map(|tool| tool.account()));
    accounts.extend((1..=9).map(|number| format!("staff{number}")));
    accounts.extend((1..=12).map(|number| format!("worker{number}")));
    let mut accounts: Vec<(String, usize)> = accounts.into_iter().map(|name| (name, 0)).collect();
    accounts.push(("alice".to_owned(), 4));
    accounts.extend(FULL.map(|name| (name.to_owned(), premises::MESSAGES)));
    accounts
}

/// Accounts with much mail.
const FULL: [&str; 6] = ["harvested", "searched", "wiped", "hunted", "collector", "newcomer"];

#[test]
fn attackers_are_named_with_proof_and_the_honest_are_not() {
    let mut premises = Premises::open(&accounts(), "");
    let all = visitors();
    std::thread::scope(|scope| {
        let premises = &premises;
        let (tools, hands): (Vec<_>, Vec<_>) =
            all.iter().partition(|(_, visitor)| matches!(visitor.comes, Comes::Tool(_)));
        for (network, visitor) in tools {
            scope.spawn(move || come(premises, network, visitor));
        }
        scope.spawn(move || hands.into_iter().for_each(|(network, visitor)| come(premises, network, visitor)));
        scope.spawn(move || {
            for ((client, transport, login), network) in honest::clients().into_iter().zip(CLIENTS..) {
                honest::fetches(premises, network, client.as_ref(), transport, login);
            }
        });
    });
    premises.close();
    let seen = seen::verdicts(&premises.folder().join("journal.sqlite"));
    let replayed = seen::Replayed::of(&premises.config(), premises.folder());
    let mut wrong: Vec<String> = replayed.differences(&seen);
    for (network, visitor) in &all {
        let networks = *network..*network + visitor.networks;
        let of_visitor = |seen: &&Seen| seen.networks.iter().any(|network| networks.contains(network));
        wrong.extend(difference(visitor, &seen.iter().filter(of_visitor).collect::<Vec<_>>()));
        wrong.extend(replayed.of_networks(&networks).difference(visitor));
    }
    let of_client = |seen: &&Seen| seen.networks.iter().any(|network| *network >= CLIENTS);
    wrong.extend(seen.iter().filter(of_client).map(|seen| format!("a real client: {} {}", seen.rule, seen.severity)));
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn who_holds_connections_is_named() {
    let mut premises = Premises::open(&[], "login_time = \"300ms\"");
    come(&premises, FIRST, DRIP);
    premises.close();
    let seen = seen::verdicts(&premises.folder().join("journal.sqlite"));
    let wrong = difference(DRIP, &seen.iter().collect::<Vec<_>>());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_old_password_from_elsewhere_has_leaked() {
    let mut premises = Premises::open(&[], "");
    let log_in = |source, password: &str| {
        let mut talk = talk::Talk::greeted(source, premises.pop3());
        let is_in = talk.log_in("postmaster", password);
        talk.quit();
        is_in
    };
    let old = premises::password_of("postmaster");
    assert!(log_in(premises::home(FIRST), &old));
    premises.change_password("a new one for postmaster");
    assert!(log_in(premises::home(FIRST), "a new one for postmaster"));
    // The owner's forgotten phone, at home, and then somebody else.
    assert!(!log_in(premises::home(FIRST), &old));
    assert!(!log_in(premises::source(FIRST), &old));
    premises.close();
    let seen = seen::verdicts(&premises.folder().join("journal.sqlite"));
    let leaked: Vec<_> = seen.iter().filter(|seen| seen.rule == "O1").collect();
    assert_eq!(leaked.len(), 1, "{seen:?}");
    assert_eq!(leaked[0].severity, "high");
    let cites = |part: &str| leaked[0].evidence.iter().any(|octets| contains(octets, part.as_bytes()));
    assert!(cites("opened") && cites("PreviousPassword"), "{leaked:?}");
}

#[test]
fn rules_that_are_broken_are_noticed() {
    for (fault, name) in [
        ("observatory.b1-never-fires", "many passwords"),
        ("observatory.evidence-is-empty", "one password"),
        ("observatory.stale-retry-is-a-guess", "a phone with an old password"),
        ("observatory.trust-ignored", "a person hunting for the password at home"),
    ] {
        let (network, visitor) = visitors().into_iter().find(|(_, visitor)| visitor.name == name).expect(name);
        for (planted, is_sound) in [(None, true), (Some(fault), false)] {
            let mut premises = Premises::with_fault(planted, &accounts(), "");
            come(&premises, network, visitor);
            premises.close();
            let seen = seen::verdicts(&premises.folder().join("journal.sqlite"));
            let wrong = difference(visitor, &seen.iter().collect::<Vec<_>>());
            assert_eq!(wrong.is_empty(), is_sound, "{planted:?}: {}", wrong.join("\n"));
        }
    }
}

#[test]
fn who_tests_servers_is_taken_for_no_guesser() {
    let mut premises = Premises::open(&[], "");
    honest::conform(&premises, FIRST);
    premises.close();
    let seen = seen::verdicts(&premises.folder().join("journal.sqlite"));
    let rules: BTreeSet<&str> = seen.iter().map(|seen| seen.rule.as_str()).collect();
    assert!(rules.iter().all(|rule| TESTER.contains(rule)) && rules.contains("X1"), "{rules:?}");
}

/// What differs between what a visitor must get and what it got.
fn difference(visitor: &Visitor, seen: &[&Seen]) -> Vec<String> {
    let mut wrong = Vec::new();
    for expected in visitor.expected {
        let Expected { rule, severity, proof } = *expected;
        let found: Vec<_> = seen.iter().filter(|seen| seen.rule == rule && seen.severity == severity).collect();
        if found.is_empty() {
            wrong.push(format!("{}: no {rule} of severity {severity}", visitor.name));
        } else if !found.iter().any(|seen| seen.evidence.iter().any(|octets| contains(octets, proof.as_bytes()))) {
            let cited: Vec<_> =
                found.iter().flat_map(|seen| &seen.evidence).map(|o| o.escape_ascii().to_string()).collect();
            wrong.push(format!("{}: {rule} does not cite {proof:?}, but {cited:?}", visitor.name));
        }
    }
    for seen in seen {
        let is_expected = |expected: &&Expected| expected.rule == seen.rule && expected.severity == seen.severity;
        if !visitor.expected.iter().any(|expected| is_expected(&expected)) {
            wrong
                .push(format!("{}: unexpected {} {} {}", visitor.name, seen.rule, seen.severity, seen.verdict.subject));
        }
    }
    wrong
}

fn contains(octets: &[u8], part: &[u8]) -> bool {
    octets.windows(part.len()).any(|window| window == part)
}
