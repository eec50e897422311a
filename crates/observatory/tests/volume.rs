//! What a session costs: octets on disk, time to find it again. The lane long does it with ten million.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::print_stdout, reason = "the figures are what this test reports")]

mod support;

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use serde_json::Value;
use support::{CLOCKS, Visit, begin, midnight};
use watchpost_observatory::journal::{Filter, Journal, Micros, Reader, Span, Terms, judge_with};
use watchpost_observatory::{Classifier, EventSink, HashKey, Settings};

/// Octets of a session at the most, indices and dictionary counted.
const OCTETS_MAX: u64 = 300;
/// Processor time of the journal's thread for a session at the most, judged, written, and its pages in the file: a storm
/// of two thousand logins a second, each of another name from another address, takes a tenth of a core.
#[cfg(feature = "long")]
const WRITER_MAX: Duration = Duration::from_micros(50);

/// Numbers that look like chance and are the same each time (SplitMix64).
fn mixed(number: u64) -> u64 {
    let mut number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// A visit among many: two thousand owners at home, and some tens of thousands of strangers who guess at them and at two
/// thousand names of nobody; one in four in TLS.
fn visit(number: u64, spread: Duration, of: u64) -> Visit {
    let chance = mixed(number);
    let share = u32::try_from(number * 1_000_000 / of).unwrap();
    let at = midnight() + spread * share / 1_000_000 + Duration::from_micros(number % 1000);
    let person = u32::try_from(chance >> 40 & 2047).unwrap();
    let owner = chance >> 30 & 15 < 3;
    // One in eight strangers is one of a few hundred who do not stop: rules speak of them.
    let strangers = if (chance >> 12).is_multiple_of(8) { 600 } else { 60_000 };
    let stranger = u32::try_from(chance % strangers).unwrap();
    let address = if owner { 0x0c00_0000 | person << 8 } else { 0x0b00_0000 | (stranger * 131) };
    let mut visit = Visit::new(number, at).from(&IpAddr::from(Ipv4Addr::from_bits(address)).to_string());
    visit.tls = (chance >> 20).is_multiple_of(4);
    visit.name = format!("owner{person}");
    visit.account = Some(format!("owner{person}@example.org"));
    match chance >> 30 & 15 {
        _ if owner => visit.owner(),
        3..6 => visit,
        _ => visit.named(&format!("name{person}")),
    }
}

/// How much processor time the journal's thread took. Linux says it.
fn journal_thread_time() -> Duration {
    for task in std::fs::read_dir("/proc/self/task").unwrap() {
        let path = task.unwrap().path();
        let stat = std::fs::read_to_string(path.join("schedstat")).unwrap_or_default();
        if std::fs::read_to_string(path.join("comm")).is_ok_and(|name| name.trim() == "journal") {
            let nanoseconds = stat.split(' ').next().unwrap_or_default().parse().unwrap_or(0);
            return Duration::from_nanos(nanoseconds);
        }
    }
    Duration::ZERO
}

fn fill(journal: &Journal, count: u64, spread: Duration) {
    let sink = journal.sink();
    for number in 0..count {
        sink.record_all(visit(number, spread, count).events());
        if number % 2000 == 1999 {
            journal.flush();
        }
    }
    journal.flush();
}

struct Figures {
    octets: u64,
    writer: Duration,
    report: Duration,
    one: Duration,
}

/// What `report` reads: every session of the time, its verdicts, which of the names exist, the worst verdict's session.
fn report(reader: &Reader, span: Span) -> Duration {
    let begun = Instant::now();
    let (mut sessions, mut sources, mut names) = (0_u64, HashSet::new(), HashSet::new());
    reader
        .count(span, |session| {
            sessions += 1;
            sources.extend(session.source);
            if session.failed > 0 {
                names.extend(session.names);
            }
        })
        .unwrap();
    let lost: u64 = reader.hours(span).unwrap().iter().map(|hour| hour.lost).sum();
    let verdicts = reader.verdicts(span).unwrap();
    // It looks into each of them for what its source gets.
    let told = verdicts.iter().filter(|verdict| serde_json::from_slice::<Value>(&verdict.detail).is_ok()).count();
    let counted = names.len() as u64;
    let accounts = reader.accounts_among(names).unwrap();
    let worst = verdicts.iter().max_by_key(|verdict| verdict.severity).unwrap();
    assert_eq!(reader.sessions_of_verdict(worst.id, 1).unwrap().len(), 1);
    assert!(reader.key_exports(span).unwrap().is_empty());
    let taken = begun.elapsed();
    println!(
        "a report of {sessions} sessions from {} sources, {accounts} of {counted} names, {told} verdicts",
        sources.len()
    );
    assert_eq!((lost, told), (0, verdicts.len()));
    assert!(sessions > 1000 && accounts > 0 && accounts < counted);
    taken
}

fn measure(count: u64, spread: Duration) -> Figures {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("journal.sqlite");
    let terms = Terms { octets_max: 1 << 40, ..Terms::new(&path) };
    let settings = Settings { domain: "example.org".to_owned(), ..Settings::default() };
    let classifier = Classifier::new(settings, &HashKey::new([7; 16]));
    let (journal, troubles) = begin(terms, CLOCKS, judge_with(classifier));
    fill(&journal, count, spread);
    let writer = journal_thread_time();
    drop(journal);
    assert!(troubles.try_recv().is_err());
    let octets = std::fs::metadata(&path).unwrap().len();
    let reader = Reader::open(&path).unwrap();
    assert!(reader.carried().unwrap().homes.len() > 1000);
    let until = Micros::of(midnight() + spread + Duration::from_secs(1));
    let since = Micros((until.0 - 86_400_000_000).max(0));
    let report = report(&reader, Span { since, until });
    let sought = visit(count / 2, spread, count);
    let begun = Instant::now();
    let found = Reader::open(&path).unwrap().find(&sought.connection().to_string()).unwrap().unwrap();
    let events = reader.events(&found[0]).unwrap();
    let verdicts = reader.verdicts_of_session(found[0].row.first).unwrap();
    let one = begun.elapsed();
    assert_eq!((found.len(), events.len()), (1, sought.events().len()));
    assert!(verdicts.len() < 10);
    let address = sought.peer.ip();
    let filter = Filter { network: Some((address, 32)), limit: 50, ..Filter::default() };
    assert!(reader.sessions(&filter).unwrap().iter().all(|session| session.row.source() == Some(address)));
    Figures { octets: octets / count, writer: writer / u32::try_from(count).unwrap(), report, one }
}

#[test]
fn a_session_takes_less_than_three_hundred_octets_and_is_found_at_once() {
    let count = 100_000;
    let Figures { octets, writer, report, one } = measure(count, Duration::from_hours(12));
    println!(
        "{count} sessions: {octets} octets and {writer:?} of the writer each; a day's report in {report:?}, one in {one:?}"
    );
    assert!(octets <= OCTETS_MAX, "{octets} octets");
    // Ten times what the lane long demands: the machine may be busy, and a test is not optimised.
    assert!(report < Duration::from_secs(20), "{report:?}");
    assert!(one < Duration::from_secs(1), "{one:?}");
}

#[cfg(feature = "long")]
#[test]
fn ten_million_sessions_of_thirty_days_fit_into_three_gigabytes() {
    let count = 10_000_000;
    let Figures { octets, writer, report, one } = measure(count, Duration::from_hours(24 * 29));
    println!(
        "{count} sessions: {octets} octets and {writer:?} of the writer each; a day's report in {report:?}, one in {one:?}"
    );
    assert!(octets <= OCTETS_MAX, "{octets} octets");
    assert!(writer <= WRITER_MAX, "{writer:?}");
    assert!(report <= Duration::from_secs(2), "{report:?}");
    assert!(one <= Duration::from_millis(50), "{one:?}");
}
