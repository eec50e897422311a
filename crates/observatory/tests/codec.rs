//! The codec of blobs: what is written comes back, and whatever octets come, nothing breaks.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod checks;
mod support;

use watchpost_observatory::Sequence;
use watchpost_observatory::journal::{Encoder, Micros, decode};

#[test]
fn every_event_comes_back_as_it_was() {
    checks::every_event_comes_back_as_it_was();
}

#[test]
fn whatever_octets_come_nothing_breaks() {
    // S-046
    bolero::check!().for_each(|octets: &[u8]| {
        let mut text = |number: u64| (number < 9).then(|| format!("word {number}"));
        let Ok(entries) = decode(Sequence(1), Micros(1), octets, &mut text) else { return };
        // What is no damage can be written, and read, again.
        let mut encoder = Encoder::new(Sequence(1), Micros(1));
        for entry in &entries {
            encoder.push(entry.sequence, entry.at, &entry.kind, &mut |_| None);
        }
        let again = decode(Sequence(1), Micros(1), encoder.octets(), &mut |_| None);
        assert_eq!(again.as_ref(), Ok(&entries));
    });
}

#[test]
fn a_blob_cut_anywhere_is_damaged_or_ends_at_an_event() {
    let mut encoder = Encoder::new(Sequence(1), Micros(0));
    let visit = support::Visit::new(1, support::midnight()).over_tls();
    for (sequence, event) in (1..).zip(visit.events()) {
        encoder.push(Sequence(sequence), Micros::of(event.at), &event.kind, &mut |_| None);
    }
    let whole = decode(Sequence(1), Micros(0), encoder.octets(), &mut |_| None).unwrap();
    for length in 0..encoder.octets().len() {
        if let Ok(part) = decode(Sequence(1), Micros(0), &encoder.octets()[..length], &mut |_| None) {
            assert_eq!(part, whole[..part.len()]);
        }
    }
    assert!(encoder.octets().len() < 400, "{} octets", encoder.octets().len());
}

#[test]
fn a_version_that_nobody_knows_is_damaged() {
    assert!(decode(Sequence(1), Micros(0), &[250, 0, 0, 0], &mut |_| None).is_err());
    assert!(decode(Sequence(1), Micros(0), &[], &mut |_| None).is_err());
}

#[test]
fn a_recording_is_cut_at_its_end_alone() {
    checks::capture::a_recording_is_cut_at_its_end_alone();
}
