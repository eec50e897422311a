//! Checks that a planted fault must break.

use watchpost::fetch::session::SessionError;

use crate::house::House;
use crate::server::Server;

const MAIL: [(&str, &[u8]); 2] = [("one", b"Subject: 1\r\n\r\n"), ("two", b"Subject: 2\r\n\r\n")];

pub fn a_unique_id_that_comes_back_with_another_message_loses_nothing() {
    // C-034, C-070
    let server = Server::start(&MAIL);
    let house = House::new(server.port, "leave = \"never\"");
    house.fetch_well();
    let other: &[u8] = b"Subject: 9\r\n\r\n";
    server.state.lock().unwrap().mail = vec![("two".into(), other.to_vec())];
    assert_eq!(house.fetch_well().report.delivered, 1);
    assert!(house.messages().contains(&other.to_vec()));
    assert!(server.ids().is_empty());
}

pub fn messages_that_share_a_unique_id_are_all_fetched_once() {
    // C-034
    let server = Server::start(&[("x", b"A: 1\r\n\r\n"), ("x", b"A: 2\r\n\r\n"), ("y", b"A: 3\r\n\r\n")]);
    let house = House::new(server.port, "");
    assert_eq!(house.fetch_well().report.delivered, 3);
    let report = house.fetch_well().report;
    assert_eq!((report.delivered, report.known), (0, 2));
    server.state.lock().unwrap().mail.push(("x".into(), b"A: 4\r\n\r\n".to_vec()));
    assert_eq!(house.fetch_well().report.delivered, 1);
    assert_eq!(house.messages().len(), 4);
}

pub fn nothing_is_marked_before_it_is_durable() {
    // C-060
    let server = Server::start(&MAIL);
    let house = House::new(server.port, "to = \"pipe:exit 75\"\nleave = \"never\"");
    assert_eq!(house.fetch_well().report.failed.len(), 2);
    assert_eq!(server.heard_verb("DELE"), 0);
    assert_eq!(server.ids(), ["one", "two"]);
}

pub fn a_destination_that_fails_half_way_loses_nothing() {
    // C-060, C-061: the intents are durable, and no rename works.
    let server = Server::start(&MAIL);
    let house = House::new(server.port, "leave = \"never\"");
    let new = house.path("md/new");
    let folder = new.clone();
    server.state.lock().unwrap().before_retr = Some(Box::new(move || std::fs::remove_dir(folder).unwrap()));
    let outcome = house.fetch();
    assert!(matches!(outcome.error, Some(SessionError::Delivery(_))), "{:?}", outcome.error);
    assert!(!new.exists() && server.ids() == ["one", "two"]);
    house.fetch_well();
    assert_eq!(house.messages(), [MAIL[0].1.to_vec(), MAIL[1].1.to_vec()]);
    assert!(server.ids().is_empty());
}

const THREE: [(&str, &[u8]); 3] = [
    ("one", b"Subject: 1\r\n\r\n.dot\r\n..\r\n.\r\nFrom me\r\n"),
    ("two", b"Subject: 2\r\n\r\n"),
    ("three", b"Subject: 3\r\n\r\nlast\r\n"),
];

fn all_three() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = THREE.iter().map(|(_, octets)| octets.to_vec()).collect();
    all.sort();
    all
}

pub fn mail_is_removed_only_when_quit_says_so_and_never_fetched_again_meanwhile() {
    // C-060, C-062
    let server = Server::start(&THREE);
    let house = House::new(server.port, "leave = \"never\"");
    server.manners(|manners| manners.keeps = true);
    let outcome = house.fetch();
    assert!(matches!(outcome.error, Some(SessionError::Refused("QUIT", _))), "{:?}", outcome.error);
    assert_eq!((outcome.report.delivered, outcome.report.removed), (3, 0));
    server.manners(|manners| manners.keeps = false);
    let report = house.fetch_well().report;
    assert_eq!((report.delivered, report.removed), (0, 3));
    assert_eq!(house.messages(), all_three());
    assert!(server.ids().is_empty());
}

pub fn a_server_that_says_removed_and_keeps_is_found_out_and_nothing_arrives_twice() {
    // C-062
    let server = Server::start(&THREE);
    let house = House::new(server.port, "leave = \"never\"");
    server.manners(|manners| manners.lies = true);
    assert_eq!(house.fetch_well().report.removed, 3);
    let report = house.fetch_well().report;
    assert_eq!((report.returned, report.delivered, report.known), (3, 0, 3));
    assert_eq!(house.messages(), all_three());
}

pub fn new_unique_ids_for_everything_bring_nothing_again() {
    // C-061: a migration; known by header and size without a RETR, and by the whole where TOP is missing.
    for (top, listed) in [(true, None), (false, None), (true, Some(7))] {
        let server = Server::start(&THREE);
        let house = House::new(server.port, "");
        house.fetch_well();
        {
            let mut state = server.state.lock().unwrap();
            state.mail.iter_mut().for_each(|(id, _)| *id = format!("new-{id}"));
            state.mail.push(("fresh".into(), b"Subject: 4\r\n\r\n".to_vec()));
            state.heard.clear();
            state.manners.listed = listed;
        }
        if !top {
            server.manners(|manners| manners.capabilities = vec!["PIPELINING", "UIDL", "USER"]);
        }
        let report = house.fetch_well().report;
        assert_eq!((report.delivered, report.known), (1, 3), "{top} {listed:?}");
        if listed.is_none() {
            assert_eq!(server.heard_verb("RETR"), 1);
        }
        assert_eq!(house.fetch_well().report.delivered, 0);
        assert_eq!(house.messages().len(), 4);
    }
}

pub fn one_message_that_cannot_be_read_blocks_no_other_and_is_given_up_in_the_end() {
    // C-071
    let server = Server::start(&THREE);
    server.manners(|manners| manners.refuses = Some("two"));
    let house = House::new(server.port, "leave = \"never\"");
    for _ in 0..3 {
        let report = house.fetch_well().report;
        assert_eq!(report.failed.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["two"]);
    }
    assert_eq!(house.messages().len(), 2);
    server.heard();
    let report = house.fetch_well().report;
    assert_eq!((report.given_up.as_slice(), server.heard_verb("RETR")), (["two".to_owned()].as_slice(), 0));
    assert_eq!(server.ids(), ["two"], "it is left where it is");
}
