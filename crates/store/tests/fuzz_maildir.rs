//! Fuzz targets: whatever lies in a Maildir, it is listed truly or refused, and nothing panics.
//!
//! Under `cargo test` each runs for a second on random input; `BOLERO_RANDOM_TEST_TIME_MS` gives it longer.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod checks;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use checks::crash::scratch;
use checks::kept::{INDEX, RECORDS};
use checks::{removing, store_at};
use watchpost_proto::planted::plant;
use watchpost_store::conformance::{read, received, user};
use watchpost_store::{Maildrop, OpenError, Store};

/// Parts of names in which the rare becomes frequent.
const PARTS: [&[u8]; 16] = [
    b"1700000000",
    b".",
    b"M1P1",
    b".W06dk7gks0hs7hbh4q4pk9tq2lo.",
    b"host",
    b",S=3",
    b",W=3",
    b",W=",
    b",U=9",
    b":2,",
    b":",
    b"S",
    b"\xff",
    b"18446744073709551616",
    b" ",
    b"%",
];

/// Opens the maildrop twice, reads all of it, and removes half.
async fn live(root: &Path) {
    for _ in 0..2 {
        let store = store_at(root);
        let maildrop = match store.open(&user("alice")).await {
            Err(OpenError::Damaged(_)) => return,
            opened => opened.unwrap(),
        };
        let listing = maildrop.listing();
        let ids: BTreeSet<&str> = (0..listing.len()).map(|index| listing.unique_id(index)).collect();
        assert_eq!(ids.len(), listing.len(), "no unique-id stands twice (P-183)");
        for index in 0..listing.len() {
            let (octets, stored) = read(&maildrop, index).await;
            assert_eq!(octets.0, received(&stored).len() as u64, "RETR tells the truth (P-162)");
        }
        let removed: Vec<usize> = (0..listing.len()).step_by(2).collect();
        maildrop.update(removing(&removed)).await.unwrap();
        store.finish_housekeeping().await;
    }
}

fn run(fill: impl Fn(&Path, &[u8]) + std::panic::RefUnwindSafe) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let runtime = std::panic::AssertUnwindSafe(runtime);
    bolero::check!().for_each(|seed: &[u8]| {
        let root = scratch();
        let maildir = root.path().join("alice@example.org/Maildir");
        for folder in ["tmp", "new", "cur"] {
            fs::create_dir_all(maildir.join(folder)).unwrap();
        }
        fill(&maildir, seed);
        runtime.block_on(live(root.path()));
    });
}

#[test]
fn names() {
    // P-162, P-180, P-183
    run(|maildir, seed| {
        for name in seed.chunks(9).take(12) {
            let folder = if name[0] % 2 == 0 { "new" } else { "cur" };
            let parts: Vec<&[u8]> = name.iter().map(|octet| PARTS[usize::from(octet % 16)]).collect();
            let name: std::ffi::OsString = std::os::unix::ffi::OsStringExt::from_vec(parts.concat());
            // Some are no names.
            drop(fs::write(maildir.join(folder).join(name), b"x\n"));
        }
    });
}

#[test]
fn index_and_records() {
    // P-181, P-182: even an index that proves itself with a checksum is read with suspicion.
    plant(Some("store.believes-a-torn-index"));
    run(|maildir, seed| {
        for number in 0..3 {
            fs::write(maildir.join(format!("cur/170000000{number}.M1P1.host")), b"x\n").unwrap();
        }
        let (index, records) = seed.split_at(seed.len() / 2);
        let length = u32::try_from(index.len()).unwrap().to_le_bytes();
        let index = [b"watchpost-idx-1\n", &length[..], &[0; 16], index, &length[..], index].concat();
        fs::write(maildir.join(INDEX), index).unwrap();
        fs::write(maildir.join(RECORDS), [b"watchpost uidl 1\n", records].concat()).unwrap();
    });
}
