//! How long recordings stay, how much of them, and what goes first.

use std::time::Duration;

use watchpost_observatory::capture::{Budget, Track};
use watchpost_observatory::pcapng::Side;

use super::*;
use crate::config::{Capture, CaptureMode};

const HOUR: Duration = Duration::from_hours(1);

/// A moment long ago: whatever a test writes without giving it an age is younger.
fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(400_000)
}

fn terms(disk_max: u64) -> Capture {
    Capture {
        mode: CaptureMode::Redacted,
        session_max: 1 << 20,
        memory_max: 1 << 24,
        include_authenticated: false,
        retention: 24 * HOUR,
        disk_max,
        recipient: None,
    }
}

fn recording(number: u128, octets: usize) -> Recording {
    let budget = Budget::new(1 << 24);
    let mut plain = Track::new(&budget, 1 << 24);
    plain.push(1, Side::Client, &vec![b'x'; octets]);
    let address = "127.0.0.1:1".parse().unwrap();
    Recording {
        connection: ConnectionId(number),
        peer: address,
        local: address,
        accepted: 0,
        ended: 0,
        is_open: false,
        plain,
        wire: Track::new(&budget, 0),
        keys: Zeroizing::default(),
    }
}

/// Writes one, and lets it be so old.
fn write_aged(folder: &mut Folder, number: u128, octets: usize, now: SystemTime, age: Duration) {
    folder.write(&recording(number, octets), now).unwrap();
    let file = fs::File::options().write(true).open(path(&folder.path, ConnectionId(number), WHOLE[0])).unwrap();
    file.set_modified(now - age).unwrap();
}

fn held(folder: &Folder) -> Vec<u128> {
    let mut held: Vec<u128> =
        files(&folder.path).iter().filter_map(|file| file.connection().map(|connection| connection.0)).collect();
    held.sort_unstable();
    held
}

#[test]
fn what_is_too_old_goes_and_nothing_younger() {
    let dir = tempfile::tempdir().unwrap();
    let now = now();
    let mut folder = Folder::open(dir.path(), &terms(1 << 20)).unwrap();
    write_aged(&mut folder, 1, 100, now, 24 * HOUR);
    write_aged(&mut folder, 2, 100, now, Duration::from_secs(86_399));
    write_aged(&mut folder, 3, 100, now, Duration::ZERO);
    folder.tend(0, now);
    assert_eq!(held(&folder), [2, 3]);
    folder.tend(0, now + Duration::from_secs(1));
    assert_eq!(held(&folder), [3]);
    // A clock that was set back makes nothing old.
    folder.tend(0, now - 240 * HOUR);
    assert_eq!(held(&folder), [3]);
}

#[test]
fn there_is_never_more_than_disk_max_and_the_oldest_go_first() {
    let dir = tempfile::tempdir().unwrap();
    let now = now();
    let mut folder = Folder::open(dir.path(), &terms(10_000)).unwrap();
    // Three are written in the wrong order of age, then one after the other comes and each takes the oldest's place.
    for (number, age) in [(3_u128, 1_u32), (1, 3), (2, 2)] {
        write_aged(&mut folder, number, 2_000, now, age * HOUR);
    }
    assert_eq!(held(&folder), [1, 2, 3]);
    for (number, left) in [(4, [2, 3, 4]), (5, [3, 4, 5])] {
        folder.write(&recording(number, 2_000), now).unwrap();
        let octets: u64 = files(&folder.path).iter().map(|file| file.octets).sum();
        assert!(octets <= 10_000, "{octets}");
        assert_eq!(held(&folder), left);
    }
    // What others made smaller, a server that begins counts anew.
    let folder = Folder::open(dir.path(), &terms(10_000)).unwrap();
    assert_eq!(folder.held, files(&folder.path).iter().map(|file| file.octets).sum::<u64>());
}

#[test]
fn one_that_is_larger_than_all_may_be_is_refused_and_takes_nothing_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let now = now();
    let mut folder = Folder::open(dir.path(), &terms(10_000)).unwrap();
    folder.write(&recording(1, 2_000), now).unwrap();
    assert!(folder.write(&recording(2, 20_000), now).is_err());
    assert_eq!(held(&folder), [1]);
}

#[test]
fn half_a_recording_never_stays() {
    let dir = tempfile::tempdir().unwrap();
    let now = now();
    let mut folder = Folder::open(dir.path(), &terms(1 << 20)).unwrap();
    // Something that cannot be replaced stands in its place.
    fs::create_dir(path(&folder.path, ConnectionId(1), WHOLE[0])).unwrap();
    assert!(folder.write(&recording(1, 100), now).is_err());
    assert!(files(&folder.path).is_empty(), "half of it is left");
    fs::write(path(&folder.path, ConnectionId(2), PART), b"half").unwrap();
    Folder::open(dir.path(), &terms(1 << 20)).unwrap();
    assert!(files(&folder.path).is_empty(), "what a dead server left");
}

#[test]
fn the_end_of_a_session_takes_the_place_of_what_was_written_before_it() {
    let dir = tempfile::tempdir().unwrap();
    let now = now();
    let mut folder = Folder::open(dir.path(), &terms(1 << 20)).unwrap();
    folder.write(&Recording { is_open: true, ..recording(1, 100) }, now).unwrap();
    let id = ConnectionId(1);
    assert!(exists(dir.path(), id) && !is_whole(dir.path(), id) && !folder.has(id));
    assert!(read(dir.path(), id, &[]).unwrap().unwrap().is_open);
    folder.write(&recording(1, 200), now).unwrap();
    assert!(is_whole(dir.path(), id));
    assert!(!read(dir.path(), id, &[]).unwrap().unwrap().is_open);
    assert_eq!(files(&folder.path).len(), 1);
}
