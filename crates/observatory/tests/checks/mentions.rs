//! Sessions share rows of the tables in which names and sources are looked for.

use std::time::Duration;

use rusqlite::Connection;
use watchpost_observatory::journal::{Clocks, Filter, Micros, Reader, Span, Terms};

use crate::support::{CLOCKS, DAY, Desk, Visit, begin, midnight, no_judge, until};

const FAX: &str = "fax";
const SOURCE: &str = "203.0.113.77";

fn fax() -> Filter {
    Filter { names: vec![FAX.to_owned()], ..Filter::default() }
}

fn from_there() -> Filter {
    Filter { network: Some((SOURCE.parse().unwrap(), 32)), ..Filter::default() }
}

/// Three hundred sessions with one name from one place, among others, in an hour each.
fn record(desk: &Desk) {
    for number in 0..300 {
        let at = midnight() + Duration::from_hours(number / 100) + Duration::from_secs(number);
        desk.record(Visit::new(number * 2, at).named(FAX).from(SOURCE).events());
        desk.record(Visit::new(number * 2 + 1, at).from("198.51.100.4").events());
    }
    desk.flush();
}

fn rows(path: &std::path::Path, table: &str) -> i64 {
    let file = Connection::open(path).unwrap();
    file.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

pub fn sessions_that_share_a_row_are_found_one_by_one() {
    let desk = Desk::new();
    record(&desk);
    assert!(rows(&desk.path(), "attempt") < 60 && rows(&desk.path(), "visit") < 60, "they share rows");
    let reader = desk.reader();
    let found = |filter: &Filter| reader.sessions(filter).unwrap().len();
    assert_eq!((found(&fax()), found(&from_there())), (300, 300));
    assert_eq!(found(&Filter { names: vec![FAX.to_owned()], ..from_there() }), 300);
    assert_eq!(found(&Filter { limit: 7, ..fax() }), 7);
    // An hour begins in the middle of a row.
    let hour = |hour| Micros::of(midnight() + Duration::from_hours(hour));
    let span = Span { since: hour(1), until: hour(2) };
    assert_eq!((found(&Filter { span, ..fax() }), found(&Filter { span, ..from_there() })), (100, 100));
    assert_eq!(reader.attempts(&[FAX.to_owned()], span).unwrap().len(), 100);
    assert_eq!(reader.attempts(&[FAX.to_owned()], Span::ALL).unwrap().len(), 300);
}

/// A row outlives its first session, and not its last one.
pub fn a_row_is_there_as_long_as_its_sessions() {
    fn day(days: u32) -> std::time::SystemTime {
        midnight() + (30 + days) * DAY + Duration::from_hours(1)
    }
    let desk = Desk::new();
    for number in 0..6_u32 {
        // Two a day.
        desk.record(Visit::new(number.into(), midnight() + DAY * (number / 2)).named(FAX).from(SOURCE).events());
    }
    desk.flush();
    let path = desk.path();
    let Desk { folder, journal, .. } = desk;
    drop(journal);
    assert_eq!(rows(&path, "attempt"), 1);
    let left = |filter: &Filter| Reader::open(&path).unwrap().sessions(filter).unwrap().len();
    let clocks: [fn() -> std::time::SystemTime; 3] = [|| day(1), || day(2), || day(3)];
    for (wall, stay) in clocks.into_iter().zip([4, 2, 0]) {
        let (journal, _troubles) = begin(Terms::new(&path), Clocks { wall, ..CLOCKS }, no_judge());
        until(|| left(&Filter::default()) == stay);
        drop(journal);
        assert_eq!((left(&fax()), left(&from_there())), (stay, stay));
    }
    assert_eq!((rows(&path, "attempt"), rows(&path, "visit")), (0, 0));
    let names = "word WHERE text = CAST(X'01' || 'fax' AS BLOB)";
    assert_eq!(rows(&path, names), 0, "the name is gone with its last session");
    drop(folder);
}
