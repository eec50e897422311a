//! Checks that tests run, and that `planted.rs` shows to fail when the thing is broken.

use std::collections::HashMap;
use std::net::IpAddr;

use watchpost_observatory::{ConnectionId, EventKind, Network, RuleId, Sequence, Settings, Standing, Subject, Verdict};

use super::own::OWN;
use super::published::{PUBLISHED, Row};
use super::{After, DAY, Dice, Doing, Password, Visit, World, home, ip, owner, settings, stranger};

/// The row of this name, run with the gate closed.
pub fn row(begins: &str) -> &'static Row {
    PUBLISHED.iter().chain(OWN).find(|row| row.name.starts_with(begins)).expect("a row of this name")
}

pub fn gated() -> Settings {
    Settings { gate: Standing::Enforce, ..settings() }
}

/// The world after a row, its events kept.
pub fn played(row: &Row, seed: u64) -> World {
    let mut world = World::new(gated());
    world.keep_events = true;
    world.run((row.plan)(&mut Dice::new(seed)));
    world
}

fn holds(begins: &str) {
    let row = row(begins);
    let world = played(row, 1);
    if let Err(why) = row.check(&world.report, true) {
        panic!("{begins}: {why}");
    }
}

pub fn a_guesser_is_seen() {
    holds("human: 8 guesses");
}

pub fn an_old_password_is_no_guess() {
    holds("phone, old password");
}

pub fn owners_at_home_are_trusted() {
    holds("human: 12 different guesses");
}

pub fn an_account_of_his_own_washes_nobody_clean() {
    holds("attacker resets");
}

pub fn a_tool_of_owners_is_not_refused() {
    holds("the campaign's tool is an owner's too");
}

/// Every verdict cites events that were there, in order, the one it fired on among them, and about its subject.
pub fn verdicts_cite_their_evidence() {
    for begins in ["human: 8 guesses", "spray from", "survey", "takeover", "STLS injection"] {
        let world = played(row(begins), 1);
        assert!(!world.report.verdicts.is_empty(), "{begins}");
        let events: HashMap<Sequence, _> = world.events.iter().map(|(sequence, event)| (*sequence, event)).collect();
        let peers = peers(&world);
        for (_, verdict) in &world.report.verdicts {
            assert!(!verdict.evidence.is_empty(), "{begins}: {verdict:?}");
            assert!(verdict.evidence.is_sorted() && verdict.evidence.len() <= 32);
            assert!(verdict.evidence[0] == verdict.episode.began, "{begins}: {verdict:?}");
            for sequence in &verdict.evidence {
                let event = events.get(sequence).expect("an event that was there");
                concerns(verdict, peers[&event.connection]);
            }
            assert!(!verdict.connections.is_empty() && verdict.connections.len() <= 16);
        }
    }
}

fn peers(world: &World) -> HashMap<ConnectionId, IpAddr> {
    let opened = world.events.iter().filter_map(|(_, event)| match event.kind {
        EventKind::Opened { peer, .. } => Some((event.connection, peer.ip())),
        _ => None,
    });
    opened.collect()
}

fn concerns(verdict: &Verdict, peer: IpAddr) {
    if let Subject::Source(source) = verdict.subject {
        assert_eq!(source, Network::source(peer), "{verdict:?}");
    }
}

/// Lists come before everything: who is allowed is not scored, our own and private addresses are not banned.
pub fn lists_come_first() {
    let attack = |from: IpAddr, settings: Settings| {
        let mut world = World::new(settings);
        world.run((0..100).map(|number| stranger(f64::from(number), from, "u1", Password::Wrong(number))).collect());
        world.report
    };
    let office = "203.0.113.0/24".parse().expect("a network");
    let mut allowed = settings();
    allowed.lists.allow.push(office);
    let report = attack(ip(203, 0, 113, 9), allowed);
    assert!(report.bans.is_empty() && report.verdicts.is_empty() && report.strange_refused == 0);

    let mut own = settings();
    own.lists.own.push(office);
    let report = attack(ip(203, 0, 113, 9), own);
    assert!(report.bans.is_empty() && report.first(RuleId::B1).is_some() && report.strange_refused == 0);

    let report = attack(ip(127, 3, 3, 3), settings());
    assert!(report.bans.is_empty() && report.first(RuleId::B1).is_some(), "private addresses are not banned");

    let mut public = settings();
    public.lists.public_networks.push("127.0.0.0/8".parse().expect("a network"));
    assert_eq!(attack(ip(127, 3, 3, 3), public).bans.len(), 1);
}

/// A banned address lets the owners in who are at home there, and nobody else.
pub fn a_ban_has_a_keyhole() {
    let from = ip(198, 51, 100, 7);
    let mut world = World::new(settings());
    let mut visits = vec![home(from, "alice"), owner(200.0, from, "alice", Password::Right)];
    visits.extend((0..100).map(|number| stranger(f64::from(number), from, "u1", Password::Wrong(number))));
    visits.push(stranger(201.0, from, "u1", Password::Right));
    world.run(visits);
    let (_, ban) = world.report.bans.first().expect("a ban");
    assert!(ban.keyhole && !ban.exported, "no firewall may be told");
    assert_eq!((world.report.honest, world.report.honest_refused, world.report.strange_entered), (1, 0, 0));
}

/// Ten times what the account retrieves in a day is too much for a stranger, and nothing to ask of its owner at home.
pub fn much_more_than_usual_is_seen() {
    let at_home = ip(192, 0, 2, 7);
    let reads = |at: f64, from: IpAddr, octets: u64| {
        let then = After { messages: 100, retrieves: 10, octets_each: octets / 10, ..After::default() };
        let doing = Doing::Login { name: "alice".to_owned(), password: Password::Right, then };
        Visit { doing, ..owner(at, from, "alice", Password::Right) }
    };
    let fires = |from: IpAddr, octets: u64| {
        let mut world = World::new(settings());
        for day in -8..0 {
            world.make(&reads(f64::from(day) * DAY, at_home, 1_000_000));
        }
        world.make(&reads(0.0, from, octets));
        world.report.verdicts.iter().any(|(_, verdict)| verdict.rule == RuleId::H2)
    };
    let elsewhere = ip(203, 0, 113, 9);
    assert!(fires(elsewhere, 12_000_000));
    assert!(!fires(elsewhere, 8_000_000));
    assert!(!fires(at_home, 40_000_000));
}
