//! `watchpost conform` against POP3 servers that are not ours: `./check --long`.
//!
//! Each is started from a temporary folder, in namespaces of its own, and ends with the test. What it passes is written
//! to `target/conform`, is asserted by nobody, and is said nowhere: a slip is its maintainers' to hear of first.
#![allow(clippy::unwrap_used, reason = "a test may fail here")]

#[path = "peers/conform.rs"]
mod conform;
#[path = "peers/courier.rs"]
mod courier;
#[path = "peers/cyrus.rs"]
mod cyrus;
#[path = "peers/dovecot.rs"]
mod dovecot;
#[path = "peers/peer.rs"]
mod peer;

#[test]
fn dovecot_is_examined_to_the_end() {
    conform::over_every_transport(&dovecot::DOVECOT);
}

#[test]
fn courier_is_examined_to_the_end() {
    conform::over_every_transport(&courier::COURIER);
}

#[test]
fn cyrus_is_examined_to_the_end() {
    conform::over_every_transport(&cyrus::CYRUS);
}
