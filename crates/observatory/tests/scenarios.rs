//! Scenarios on a simulated clock: what is seen, when, and that no owner is ever refused.

mod simulator;

use simulator::own::OWN;
use simulator::published::{PUBLISHED, Row};
use simulator::{Dice, Report, World, settings};
use watchpost_observatory::{RuleId, Settings, Standing};

const SEEDS: u64 = 20;

fn gated() -> Settings {
    Settings { gate: Standing::Enforce, ..settings() }
}

fn run(row: &Row, seed: u64, settings: Settings) -> Report {
    let mut world = World::new(settings);
    world.run((row.plan)(&mut Dice::new(seed)));
    world.report
}

/// The first seed that does not show what the row asks. Without a campaign the gate changes nothing.
fn failure(row: &Row) -> Option<String> {
    let campaign = row.seen.iter().any(|(rule, _)| *rule == RuleId::D1);
    (0..SEEDS).find_map(|seed| {
        let gates = if campaign { &[false, true][..] } else { &[true] };
        gates.iter().find_map(|gate| {
            let settings = if *gate { gated() } else { settings() };
            let why = row.check(&run(row, seed, settings), *gate).err()?;
            Some(format!("{} (seed {seed}, gate {gate}): {why}", row.name))
        })
    })
}

fn check(rows: &[Row]) {
    let failures: Vec<String> = rows.iter().filter_map(failure).collect();
    assert!(failures.is_empty(), "{} failures: {failures:#?}", failures.len());
}

/// S-062, and promise 5: the detection times of the design, or better.
#[test]
fn the_published_scenarios_are_seen_in_time_and_no_owner_is_refused() {
    check(PUBLISHED);
}

/// S-062.
#[test]
fn our_own_scenarios_are_seen_in_time_and_no_owner_is_refused() {
    check(OWN);
}

/// A row whose visitors are harmless: no rule must fire but labels, and nobody is banned.
fn is_benign(row: &Row) -> bool {
    row.banned.is_none() && row.refused == (0.0, 0.0) && row.seen.iter().all(|(rule, _)| HARMLESS.contains(rule))
}

const HARMLESS: [RuleId; 7] = [RuleId::M1, RuleId::M2, RuleId::B1, RuleId::H1, RuleId::S2, RuleId::W2, RuleId::W3];

fn scaled(factor: f32) -> Settings {
    let mut settings = gated();
    let ladder = &mut settings.ladder;
    for threshold in [&mut ladder.tarpit, &mut ladder.throttle, &mut ladder.ban_fast, &mut ladder.ban_slow] {
        *threshold *= factor;
    }
    settings.rules.b1.share *= factor;
    settings.rules.b2.guesses *= factor;
    settings.rules.b3.guesses *= factor;
    settings.rules.d1.guesses *= factor;
    settings
}

/// The thresholds are not tuned to these rows: halved or doubled, no harmless visitor is banned or refused.
#[test]
fn halved_or_doubled_thresholds_refuse_no_harmless_visitor() {
    let benign: Vec<&Row> = PUBLISHED.iter().chain(OWN).filter(|row| is_benign(row)).collect();
    assert!(benign.len() >= 16, "{}", benign.len());
    for row in benign {
        for seed in 0..3 {
            for factor in [0.5, 2.0] {
                let report = run(row, seed, scaled(factor));
                assert!(report.bans.is_empty(), "{} x{factor}: {:?}", row.name, report.bans);
                assert_eq!(report.honest_refused, 0, "{} x{factor}", row.name);
            }
        }
    }
}
