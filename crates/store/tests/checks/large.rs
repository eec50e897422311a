//! Large maildrops, measured in what they cost: reads and memory, not seconds.

use std::fs;
use std::path::Path;

use watchpost_proto::Octets;
use watchpost_store::conformance::{open, user};
use watchpost_store::{Maildrop, Store};

use super::crash::scratch;
use super::store_at;

/// Whether the names of the messages say their sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    WithSizes,
    WithoutSizes,
}

/// Octets of memory that one message may cost while its maildrop is listed for the first time.
const PEAK_PER_MESSAGE: u64 = 400;

/// And what may stay of it: unique-id and name are 32 and 35 of these.
const KEPT_PER_MESSAGE: u64 = 32 + 35 + 40;

fn number(file: &str, key: &str) -> u64 {
    let text = fs::read_to_string(file).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(key)).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// How often this process has read from files.
fn reads() -> u64 {
    number("/proc/self/io", "syscr:")
}

/// The most memory this process had since the last call, in octets.
fn memory_peak() -> u64 {
    let peak = number("/proc/self/status", "VmHWM:") * 1024;
    fs::write("/proc/self/clear_refs", "5").unwrap();
    peak
}

fn fill(maildir: &Path, count: u64, names: Names) {
    for folder in ["tmp", "new", "cur"] {
        fs::create_dir_all(maildir.join(folder)).unwrap();
    }
    for number in 0..count {
        let name = format!("cur/{}.M{}P1.h", 1_700_000_000 + number / 10, number % 10);
        match names {
            Names::WithSizes => fs::write(maildir.join(name + ",S=1,W=3:2,S"), b"").unwrap(),
            Names::WithoutSizes => fs::write(maildir.join(name + ":2,S"), b"x").unwrap(),
        }
    }
}

/// P-224: after the first time, no message file is opened to list a maildrop; memory is bounded by its size. Alone in its
/// process, for the counts are those of the process.
pub async fn a_large_maildrop_is_listed_without_reading_it(count: u64, names: Names) {
    let root = scratch();
    fill(&root.path().join("alice@example.org/Maildir"), count, names);
    let (alice, store) = (user("alice"), store_at(root.path()));
    let mut spent = Vec::new();
    memory_peak();
    let before = memory_peak();
    for (store, reads_max) in [
        (&store, if names == Names::WithSizes { 100 } else { count * 2 }),
        // From the index: some reads of 64 KiB.
        (&store_at(root.path()), 100 + count / 1000),
    ] {
        let start = reads();
        let maildrop = open(store, &alice).await;
        spent.push(reads() - start);
        assert!(spent[spent.len() - 1] <= reads_max, "{spent:?} reads for {count} messages");
        assert_eq!(maildrop.listing().len() as u64, count);
        assert_eq!(maildrop.listing().total(), Octets(3 * count));
        drop(maildrop);
        store.finish_housekeeping().await;
    }
    let peak = memory_peak().saturating_sub(before);
    // The second store has the listing as well.
    let bound = 4_000_000 + count * (PEAK_PER_MESSAGE + KEPT_PER_MESSAGE);
    assert!(peak <= bound, "{peak} octets for {count} messages are more than {bound}");
    let start = reads();
    assert!(store.open(&alice).await.is_ok());
    assert!(reads() - start <= 100, "a listing in memory reads nothing");
    report(&format!("{count} messages {names:?}: {spent:?} reads, {} octets a message at the most", peak / count));
}

#[allow(clippy::print_stdout, reason = "the figures are what the long lane keeps")]
fn report(line: &str) {
    println!("{line}");
}
