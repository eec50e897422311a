//! Session after session: what is fetched once, removed when, and believed how far.

use std::fs;

use watchpost::fetch::session::SessionError;

use crate::checks;
use crate::house::House;
use crate::server::Server;

const MAIL: [(&str, &[u8]); 3] = [
    ("one", b"Subject: 1\r\n\r\n.dot\r\n..\r\n.\r\nFrom me\r\n"),
    ("two", b"Subject: 2\r\n\r\n"),
    ("three", b"Subject: 3\r\n\r\nlast\r\n"),
];

fn expected() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = MAIL.iter().map(|(_, octets)| octets.to_vec()).collect();
    all.sort();
    all
}

#[test]
fn what_was_fetched_is_not_fetched_again_and_stays_where_it_is() {
    // C-060, C-065, C-072
    let server = Server::start(&MAIL);
    let house = House::new(server.port, "");
    let report = house.fetch_well().report;
    assert_eq!((report.delivered, report.listed, report.removed, report.pipelined), (3, 3, 0, true));
    assert_eq!(house.messages(), expected());
    server.heard();
    assert_eq!(house.fetch_well().report.delivered, 0);
    assert_eq!(server.heard_verb("RETR"), 0);
    assert_eq!(server.ids(), ["one", "two", "three"]);
    assert_eq!(fs::read_dir(house.path("md/watchpost-incoming/a")).unwrap().count(), 0);
}

#[test]
fn mail_is_removed_only_when_quit_says_so_and_never_fetched_again_meanwhile() {
    checks::mail_is_removed_only_when_quit_says_so_and_never_fetched_again_meanwhile();
}

#[test]
fn a_server_that_says_removed_and_keeps_is_found_out_and_nothing_arrives_twice() {
    checks::a_server_that_says_removed_and_keeps_is_found_out_and_nothing_arrives_twice();
}

#[test]
fn new_unique_ids_for_everything_bring_nothing_again() {
    checks::new_unique_ids_for_everything_bring_nothing_again();
}

#[test]
fn without_uidl_mail_is_taken_away_or_the_account_says_why_not() {
    // C-064
    let server = Server::start(&MAIL);
    server.manners(|manners| manners.no_uidl = true);
    let stays = House::new(server.port, "");
    assert!(matches!(stays.fetch().error, Some(SessionError::NoUniqueIds)));
    let goes = House::new(server.port, "leave = \"never\"");
    server.manners(|manners| manners.keeps = true);
    assert_eq!(goes.fetch().report.delivered, 3);
    server.manners(|manners| manners.keeps = false);
    let report = goes.fetch_well().report;
    assert_eq!((report.delivered, report.known, report.removed), (0, 3, 3), "not even then twice");
    assert_eq!(goes.messages(), expected());
}

#[test]
fn one_message_that_cannot_be_read_blocks_no_other_and_is_given_up_in_the_end() {
    checks::one_message_that_cannot_be_read_blocks_no_other_and_is_given_up_in_the_end();
}

#[test]
fn headers_decide_before_anything_is_fetched() {
    let server = Server::start(&[
        ("spam", b"X-Spam-Flag: YES\r\n\r\nbuy\r\n"),
        ("list", b"List-Id: <x>\r\n\r\n"),
        ("mail", b"Subject: hello\r\n\r\n"),
    ]);
    let rules = "rules = [{ field = \"x-spam-flag\", contains = \"yes\", action = \"delete\" }, \
        { field = \"List-Id\", action = \"skip\" }]";
    let house = House::new(server.port, rules);
    let report = house.fetch_well().report;
    assert_eq!((report.delivered, report.skipped), (1, 2));
    assert_eq!(server.heard_verb("RETR"), 1);
    assert_eq!(server.ids(), ["list", "mail"]);
}

#[test]
fn budgets_end_a_session_and_the_run_goes_on_with_the_next() {
    let server = Server::start(&MAIL);
    let house = House::new(server.port, "session_messages = 1\nmessage_octets = 30");
    let report = house.fetch_well().report;
    assert_eq!((report.delivered, report.too_large), (2, 1), "{report:?}");
    assert!(server.state.lock().unwrap().sessions >= 2);
}

#[test]
fn a_unique_id_that_comes_back_with_another_message_loses_nothing() {
    checks::a_unique_id_that_comes_back_with_another_message_loses_nothing();
}

#[test]
fn messages_that_share_a_unique_id_are_all_fetched_once() {
    checks::messages_that_share_a_unique_id_are_all_fetched_once();
}

#[test]
fn nothing_is_marked_before_it_is_durable() {
    checks::nothing_is_marked_before_it_is_durable();
}
