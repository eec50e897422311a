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
