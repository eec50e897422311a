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
