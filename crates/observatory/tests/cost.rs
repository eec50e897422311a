//! What an event costs. Alone in its process: it measures the processor that the process had.
#![allow(clippy::print_stdout, reason = "the figures are what this test reports")]

mod simulator;

use simulator::checks::{gated, played, row};
use simulator::key;
use watchpost_observatory::Classifier;

/// Nanoseconds that this process had a processor: other processes do not count.
fn on_processor() -> u64 {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let spent = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("schedstat")).ok());
    spent.filter_map(|text| text.split(' ').next()?.parse::<u64>().ok()).sum()
}

/// Aim: below 2 µs an event in a release, whatever comes; builds with checks are given ten times as much.
#[test]
fn an_event_costs_little() {
    let aim = if cfg!(debug_assertions) { 20_000 } else { 2_000 };
    for begins in ["office NAT", "hub #283", "mailcow", "uptime monitor", "stuffing: 150"] {
        let world = played(row(begins), 1);
        let mut classifier = Classifier::new(gated(), &key());
        let began = on_processor();
        for (sequence, event) in &world.events {
            classifier.observe(*sequence, event);
        }
        let each = (on_processor() - began) / world.events.len() as u64;
        println!("{begins}: {} events, {each} ns each", world.events.len());
        assert!(each < aim, "{begins}: {each} ns");
    }
}
