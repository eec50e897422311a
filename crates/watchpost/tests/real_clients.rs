//! Real clients as a matrix: client × transport × login × list, fetch all, leave on the server, delete, wrong password.
//!
//! What each client can do stands in `docs/clients.md`, which is written from what runs here: `WATCHPOST_BLESS=1`
//! rewrites it, otherwise it is compared. A client that is not installed fails its test by the name of its package.
#![allow(clippy::unwrap_used, reason = "a test may fail here")]

mod support;

#[path = "real_clients/alterations.rs"]
mod alterations;
#[path = "real_clients/cell.rs"]
mod cell;
#[path = "real_clients/fetchers.rs"]
mod fetchers;
#[path = "real_clients/getmail.rs"]
mod getmail;
#[path = "real_clients/mail.rs"]
mod mail;
#[path = "real_clients/matrix.rs"]
mod matrix;
#[path = "real_clients/neomutt.rs"]
mod neomutt;
#[path = "real_clients/process.rs"]
mod process;
#[path = "real_clients/scripts.rs"]
mod scripts;
#[path = "real_clients/table.rs"]
mod table;
#[path = "real_clients/wire.rs"]
mod wire;

use cell::Client;

/// Every client, in the order of the table.
fn all() -> Vec<Box<dyn Client>> {
    vec![
        Box::new(wire::Curl),
        Box::new(scripts::POPLIB),
        Box::new(wire::OpenSsl),
        Box::new(fetchers::Fetchmail),
        Box::new(getmail::Getmail),
        Box::new(fetchers::Mpop),
        Box::new(neomutt::Neomutt),
        Box::new(scripts::NET_POP3),
        Box::new(scripts::NET_POP),
        Box::new(scripts::PHP_IMAP),
        Box::new(scripts::NODE_POP3),
    ]
}

#[test]
fn curl_gets_every_octet() {
    // P-243: curl sends AUTH PLAIN and AUTH LOGIN without an initial response.
    matrix::run(&wire::Curl);
}

#[test]
fn poplib_gets_every_octet() {
    matrix::run(&scripts::POPLIB);
}

#[test]
fn openssl_s_client_gets_every_octet() {
    // P-100, P-244: AUTH alone; the whole session in one packet.
    matrix::run(&wire::OpenSsl);
}

#[test]
fn fetchmail_gets_every_message() {
    // P-166, P-172: keeping mail it says `TOP n 99999999`, and nothing counts as seen.
    matrix::run(&fetchers::Fetchmail);
}

#[test]
fn getmail6_gets_every_message() {
    matrix::run(&getmail::Getmail);
}

#[test]
fn mpop_gets_every_message() {
    matrix::run(&fetchers::Mpop);
}

#[test]
fn neomutt_gets_every_message() {
    matrix::run(&neomutt::Neomutt);
}

#[test]
fn perls_net_pop3_gets_every_message() {
    matrix::run(&scripts::NET_POP3);
}

#[test]
fn rubys_net_pop_gets_every_message() {
    matrix::run(&scripts::NET_POP);
}

#[test]
fn phps_imap_gets_every_message() {
    matrix::run(&scripts::PHP_IMAP);
}

#[test]
fn node_pop3_gets_every_message() {
    matrix::run(&scripts::NODE_POP3);
}

#[test]
fn the_table_of_clients_says_what_is_tested() {
    table::compare(&all());
}
