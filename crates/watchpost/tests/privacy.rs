//! No password that anybody typed, right or wrong, and no token is kept anywhere (S-029, S-061; the credential policy
//! keeps sixteen bits of a keyed hash and the rough shape of wrong ones, and no more).
#![allow(clippy::unwrap_used, reason = "a test may fail here")]

mod support;

#[path = "privacy/search.rs"]
mod search;
#[path = "privacy/site.rs"]
mod site;
#[path = "privacy/typed.rs"]
mod typed;

use search::Secret;
use site::Site;

#[test]
fn no_secret_of_a_run_is_kept_anywhere() {
    let mut site = Site::open(None);
    let typed = typed::everything(&site);
    // The journal's log is there while it is written.
    let mut places = site.files("while it runs");
    assert!(places.iter().any(|(what, _)| what.contains("journal.sqlite-wal")));
    site.close();
    // Only now: the last sessions may have been on their way to the journal.
    places.extend(site.said());
    places.extend(site.files("afterwards"));
    places.push(("the log".to_owned(), site.log().into_bytes()));

    // The search is shown to work: a name that was offered is no secret, and is found where names must stand.
    let name = Secret::new("a name that was offered", typed::OFFERED);
    for place in ["journal.sqlite", "sessions export", "--explain"] {
        let found = |(what, octets): &&(String, Vec<u8>)| what.contains(place) && !name.found_in(octets).is_empty();
        assert!(places.iter().any(|place| found(&place)), "{:?} is not found in {place}", typed::OFFERED);
    }
    let leaks = leaks(&places, &typed);
    assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n"));
}

#[test]
fn what_leaks_is_found() {
    for (fault, place) in [
        ("server.password-in-the-log", "the log"),
        ("proto.tells-sasl-data", "journal.sqlite"),
        ("proto.tells-what-follows-user", "sessions export"),
        ("server.name-that-may-be-a-password", "journal.sqlite"),
    ] {
        let mut site = Site::open(Some(fault));
        let typed = typed::everything(&site);
        site.close();
        let mut places = site.files("afterwards");
        places.push(site.exported());
        places.push(("the log".to_owned(), site.log().into_bytes()));
        let leaks = leaks(&places, &typed);
        assert!(leaks.iter().any(|leak| leak.contains(place)), "{fault} is not found in {place}: {leaks:#?}");
    }
}

/// Where which secret stands in which form.
fn leaks(places: &[(String, Vec<u8>)], secrets: &[Secret]) -> Vec<String> {
    let in_place = |(what, octets): &(String, Vec<u8>)| -> Vec<String> {
        let of_secret = |secret: &Secret| -> Vec<String> {
            secret.found_in(octets).iter().map(|form| format!("{what}: {}, {form}", secret.name)).collect()
        };
        secrets.iter().flat_map(of_secret).collect()
    };
    places.iter().flat_map(in_place).collect()
}
