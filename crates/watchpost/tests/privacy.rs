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
    let mut site = Site::open();
    let typed = typed::everything(&site);
    let mut places = site.places("while it runs");
    site.close();
    places.extend(site.places("afterwards"));
    places.push(("the log".to_owned(), site.log().into_bytes()));

    // The search is shown to work: a name that was offered is no secret, and is found where names must stand.
    let name = Secret::new("a name that was offered", typed::OFFERED);
    for place in ["journal.sqlite", "sessions export", "--explain"] {
        let found = |(what, octets): &&(String, Vec<u8>)| what.contains(place) && !name.found_in(octets).is_empty();
        assert!(places.iter().any(|place| found(&place)), "{:?} is not found in {place}", typed::OFFERED);
    }

    let mut leaks = Vec::new();
    for (what, octets) in &places {
        for secret in &typed {
            leaks.extend(secret.found_in(octets).iter().map(|form| format!("{what}: {}, {form}", secret.name)));
        }
    }
    assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n"));
}
