//! Laws of the classifier: replay, restart, lists, keyholes, the gate.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "the numbers of simulations are small"
)]

mod simulator;

use simulator::checks::{self, gated, played, row};
use simulator::published::PUBLISHED;
use simulator::{Dice, Password, World, home, ip, key, moment, settings, stranger};
use watchpost_observatory::{
    AccountChange, Answer, Ban, Carried, Classifier, ConnectionId, Event, EventKind, Findings, LoginVisitor, RuleId,
    Sequence, Settings, Verdict,
};

fn replayed(classifier: &mut Classifier, events: &[(Sequence, Event)]) -> Vec<Findings> {
    events.iter().map(|(sequence, event)| classifier.observe(*sequence, event)).collect()
}

/// Promise 5: the same journal gives the same verdicts.
#[test]
fn the_same_events_give_the_same_verdicts() {
    for begins in ["CGNAT", "hub #283", "takeover", "a stranger comes in and looks"] {
        let world = played(row(begins), 3);
        let first = replayed(&mut Classifier::new(gated(), &key()), &world.events);
        let again = replayed(&mut Classifier::new(gated(), &key()), &world.events);
        assert_eq!(first, again);
        let verdicts: usize = first.iter().map(|findings| findings.verdicts.len()).sum();
        assert!(verdicts >= world.report.verdicts.len(), "{begins}: the live run saw more");
    }
}

/// What is said twice is said alike: a verdict survives its journal.
#[test]
fn verdicts_bans_and_settings_survive_being_written() {
    for row in PUBLISHED {
        let world = played(row, 2);
        for (_, verdict) in &world.report.verdicts {
            let text = serde_json::to_string(verdict).expect("a verdict can be written");
            assert_eq!(&serde_json::from_str::<Verdict>(&text).expect("and read"), verdict);
        }
        for (_, ban) in &world.report.bans {
            let text = serde_json::to_string(ban).expect("a ban can be written");
            assert_eq!(&serde_json::from_str::<Ban>(&text).expect("and read"), ban);
        }
    }
    let text = serde_json::to_string(&settings()).expect("settings can be written");
    assert_eq!(serde_json::from_str::<Settings>(&text).expect("and read"), settings());
}

/// A process that begins again with what was carried sees what the running one sees.
#[test]
fn after_a_restart_a_new_classifier_sees_what_the_old_one_sees() {
    let world = played(row("CGNAT"), 5);
    let (before, after) = world.events.split_at(world.events.len() / 2);
    let mut old = Classifier::new(gated(), &key());
    replayed(&mut old, before);
    let carried = serde_json::to_string(&old.carried()).expect("it can be written");
    let carried: Carried = serde_json::from_str(&carried).expect("and read");
    let mut new = Classifier::new(gated(), &key());
    new.restore(&carried);
    let (last, _) = before.last().expect("events");
    let started = Event { at: before[before.len() - 1].1.at, connection: ConnectionId(0), kind: EventKind::Started };
    let rest: Vec<(Sequence, Event)> = [(*last, started)].into_iter().chain(after.iter().cloned()).collect();
    let (old, new) = (replayed(&mut old, &rest), replayed(&mut new, &rest));
    assert_eq!(old, new);
    assert!(old.iter().any(|findings| !findings.verdicts.is_empty()));
    assert!(!carried.homes.is_empty() && !carried.bans.is_empty());
}

#[test]
fn an_episode_is_one_verdict_that_is_updated() {
    let world = played(row("mailcow"), 1);
    let b1: Vec<&Verdict> =
        world.report.verdicts.iter().map(|(_, verdict)| verdict).filter(|verdict| verdict.rule == RuleId::B1).collect();
    assert!(b1.len() > 1 && b1.len() < 12, "{}", b1.len());
    assert!(b1.iter().all(|verdict| verdict.episode == b1[0].episode && verdict.since == b1[0].since));
    assert!(b1.is_sorted_by_key(|verdict| verdict.count));
}

#[test]
fn a_changed_password_ends_trust() {
    let from = ip(198, 51, 100, 7);
    let mut world = World::new(settings());
    world.make(&home(from, "alice"));
    let ask = |world: &World| {
        world.classifier.answer(
            LoginVisitor { address: from, account: Some("alice@example.org"), fingerprint: None },
            moment(200.0),
        )
    };
    world.run((0..100).map(|number| stranger(f64::from(number), from, "u1", Password::Wrong(number))).collect());
    assert_eq!(ask(&world).answer, Answer::None);
    world.tell(
        ConnectionId(0),
        EventKind::AccountChanged { account: "alice@example.org".to_owned(), change: AccountChange::Password },
    );
    assert!(matches!(ask(&world).answer, Answer::Ban { .. }));
}

#[test]
fn the_gate_observes_until_it_is_switched_on() {
    let mut world = World::new(settings());
    world.run((row("hub #283").plan)(&mut Dice::new(1)));
    assert_eq!(world.report.strange_refused, 0);
    let mut world = World::new(gated());
    world.run((row("hub #283").plan)(&mut Dice::new(1)));
    assert!(world.report.strange_refused > 1_300);
}

#[test]
fn nothing_is_enforced_where_answers_observe() {
    let observing = Settings { answers: watchpost_observatory::Standing::Observe, ..gated() };
    let mut world = World::new(observing);
    world.run((row("mailcow").plan)(&mut Dice::new(1)));
    assert!(world.report.strange_refused == 0 && world.report.bans.iter().all(|(_, ban)| !ban.enforced));
    assert!(!world.report.bans.is_empty());
}

/// Delays and bans follow the scores: the rungs of the ladder are met in their order.
#[test]
fn the_ladder_is_climbed_rung_by_rung() {
    let from = ip(203, 0, 113, 9);
    let mut world = World::new(settings());
    let mut words = Vec::new();
    for number in 0..30_u32 {
        world.make(&stranger(f64::from(number), from, "u1", Password::Wrong(number)));
        let visitor = LoginVisitor { address: from, account: None, fingerprint: None };
        let rung = world.classifier.answer(visitor, moment(f64::from(number))).answer.word();
        if words.last() != Some(&rung) {
            words.push(rung);
        }
    }
    assert_eq!(words, ["none", "tarpit", "throttle", "ban"]);
}

#[test]
fn a_source_that_makes_room_leaves_its_score_to_its_network() {
    let mut crowded = settings();
    crowded.capacity.sources = 16;
    let mut world = World::new(crowded);
    // Eighteen guesses each, below a ban; then others crowd them out, and the sixth address pays for all.
    for address in 0..6_u32 {
        let at = f64::from(address) * 100.0;
        let from = ip(203, 0, 113, address as u8 + 1);
        world
            .run((0..18).map(|number| stranger(at + f64::from(number), from, "u1", Password::Wrong(number))).collect());
        let crowd =
            |other: u32| stranger(at + 50.0, ip(100, address as u8 + 20, other as u8, 1), "x", Password::Wrong(other));
        world.run((0..16).map(crowd).collect());
    }
    let net = "203.0.113.0/24".parse().expect("a network");
    assert!(world.report.bans.iter().any(|(_, ban)| ban.network == net), "{:?}", world.report.bans);
}

#[test]
fn rules_that_are_off_say_nothing() {
    let mut world = World::new(Settings { off: vec![RuleId::B1, RuleId::F1], ..settings() });
    world.run((row("mailcow").plan)(&mut Dice::new(1)));
    assert!(world.report.first(RuleId::B1).is_none() && world.report.first(RuleId::B3).is_some());
}

#[test]
fn lists_come_first() {
    checks::lists_come_first();
}

#[test]
fn a_ban_has_a_keyhole() {
    checks::a_ban_has_a_keyhole();
}

#[test]
fn verdicts_cite_their_evidence() {
    checks::verdicts_cite_their_evidence();
}
