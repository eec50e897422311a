//! Servers that stop, lie, and break the protocol.

use watchpost::connect::ConnectError;
use watchpost::fetch::login::LoginError;
use watchpost::fetch::session::SessionError;

use crate::checks;
use crate::house::House;
use crate::server::{After, Server};

const MAIL: [(&str, &[u8]); 2] = [("one", b"A: 1\r\n\r\n.x\r\n"), ("two", b"B: 2\r\n\r\n")];

#[test]
fn a_server_that_ends_at_any_octet_costs_neither_a_message_nor_a_second_copy() {
    // C-029, C-060, C-061, C-062, C-063
    let server = Server::start(&MAIL);
    for (leave, step) in [("never", 1), ("forever", 3)] {
        let refill = |octets| {
            let mut state = server.state.lock().unwrap();
            state.mail = MAIL.iter().map(|(id, octets)| ((*id).to_owned(), octets.to_vec())).collect();
            state.manners.octets = octets;
        };
        refill(None);
        let whole = House::new(server.port, &format!("leave = \"{leave}\""));
        whole.fetch_well();
        let length = server.sent();
        assert!(length > 100);
        for octets in (0..length).step_by(step) {
            refill(Some(octets));
            let house = House::new(server.port, &format!("leave = \"{leave}\""));
            let outcome = house.fetch();
            assert!(outcome.error.is_some(), "{leave} {octets}");
            let left = server.ids().len();
            assert!(left == 2 || house.messages().len() == 2, "{leave} {octets}: removed before it was here");
            server.manners(|manners| manners.octets = None);
            house.fetch_well();
            let found = house.messages();
            assert_eq!(found, [MAIL[0].1.to_vec(), MAIL[1].1.to_vec()], "{leave} {octets}");
            assert_eq!(server.ids().len(), if leave == "never" { 0 } else { 2 });
        }
    }
}

#[test]
fn a_server_that_falls_silent_is_left_in_time() {
    // C-010: in the greeting, a listing, a message, and behind QUIT.
    let server = Server::start(&MAIL);
    House::new(server.port, "").fetch_well();
    let length = server.sent();
    for octets in [0, 5, length / 2, length - 30, length - 4] {
        server.manners(|manners| {
            manners.octets = Some(octets);
            manners.after = After::Silence;
        });
        let house = House::new(server.port, "reply_time = \"1s\"");
        let outcome = house.fetch();
        assert!(
            matches!(
                outcome.error,
                Some(
                    SessionError::Connect(ConnectError::Deadline)
                        | SessionError::Login(LoginError::Connect(ConnectError::Deadline))
                )
            ),
            "{octets}: {:?}",
            outcome.error
        );
    }
}

#[test]
fn a_server_that_announces_pipelining_and_cannot_do_it_is_asked_one_thing_at_a_time() {
    // C-067: noticed, remembered, and the mail comes in the same run.
    let server = Server::start(&MAIL);
    server.manners(|manners| manners.loses_pipelined = true);
    let house = House::new(server.port, "reply_time = \"1s\"");
    let report = house.fetch_well().report;
    assert_eq!((report.delivered, server.state.lock().unwrap().sessions), (2, 2), "{report:?}");
    assert_eq!(house.fetch_well().report.delivered, 0);
    assert_eq!(server.state.lock().unwrap().sessions, 3, "remembered");
    assert_eq!(house.messages().len(), 2);
}

#[test]
fn a_refusal_is_told_apart_by_its_code() {
    // C-048, C-049
    let server = Server::start(&MAIL);
    let house = House::new(server.port, "");
    let refused = |pass, capabilities: &[&'static str]| {
        server.manners(|manners| {
            manners.pass = Some(pass);
            manners.capabilities = capabilities.to_vec();
        });
        match house.fetch().error {
            Some(SessionError::Login(error)) => error,
            other => panic!("{other:?}"),
        }
    };
    assert!(matches!(refused("[AUTH] no", &["USER"]), LoginError::Credentials(_)));
    assert!(matches!(refused("no", &["USER"]), LoginError::Credentials(_)));
    assert!(matches!(refused("no", &["USER", "AUTH-RESP-CODE"]), LoginError::Later(_)));
    assert!(matches!(refused("[in-use] wait", &["USER"]), LoginError::Later(_)));
    assert!(matches!(refused("[SYS/TEMP/DISK] x", &["USER"]), LoginError::Later(_)));
    assert!(matches!(refused("[SYS/PERM] x", &["USER"]), LoginError::Server(_)));
    assert!(matches!(refused("x", &["SASL GSSAPI"]), LoginError::NothingOffered(_)));
}

#[test]
fn a_token_that_has_expired_is_renewed_once() {
    // C-043, C-047
    let server = Server::start(&MAIL);
    server.manners(|manners| manners.capabilities = vec!["SASL XOAUTH2", "PIPELINING", "UIDL"]);
    let command = |next: &str| format!("password = \"token-command:cat {{dir}}/token; echo {next} > {{dir}}/token\"");
    let house = House::new(server.port, &command("good"));
    std::fs::write(house.path("token"), "old\n").unwrap();
    assert_eq!(house.fetch_well().report.delivered, 2);
    assert_eq!(server.heard_verb("AUTH XOAUTH2"), 2, "always in two steps, and once more");
    let house = House::new(server.port, &command("bad"));
    std::fs::write(house.path("token"), "old\n").unwrap();
    assert!(matches!(house.fetch().error, Some(SessionError::Login(LoginError::Credentials(_)))));
    assert_eq!(server.heard_verb("AUTH XOAUTH2"), 2);
}

#[test]
fn a_server_without_capa_and_one_without_pipelining_are_served_too() {
    // C-024
    let server = Server::start(&MAIL);
    server.manners(|manners| manners.capabilities = vec!["UIDL", "USER"]);
    let house = House::new(server.port, "");
    let report = house.fetch_well().report;
    assert_eq!((report.delivered, report.pipelined), (2, false));
}

#[test]
fn nothing_listens_and_stls_is_missing() {
    // S-006, C-002
    let server = Server::start(&MAIL);
    let stls = House::new(server.port, "").folder;
    let text = std::fs::read_to_string(stls.path().join("watchpost.toml")).unwrap().replace("\"none\"", "\"stls\"");
    std::fs::write(stls.path().join("watchpost.toml"), text).unwrap();
    let account = watchpost::config::FetchConfig::load(&stls.path().join("watchpost.toml")).unwrap().accounts.remove(0);
    let house = House { folder: stls, account, drain: false };
    let outcome = house.fetch();
    assert!(matches!(outcome.error, Some(SessionError::Connect(ConnectError::Negative { .. }))), "{:?}", outcome.error);
    assert_eq!(server.heard(), ["STLS"], "neither name nor password has left");
    let nobody = House::new(1, "");
    assert!(matches!(nobody.fetch().error, Some(SessionError::Connect(ConnectError::Connect(..)))));
}

#[test]
fn counts_that_no_maildrop_has_are_not_believed() {
    // C-030: neither memory nor time for them.
    let server = Server::start(&MAIL);
    for count in [1, 2_000_001, u64::from(u32::MAX), u64::MAX] {
        server.manners(|manners| manners.counted = Some(count));
        let house = House::new(server.port, "");
        assert!(matches!(house.fetch().error, Some(SessionError::Contradiction(_))), "{count}");
        assert!(house.messages().is_empty());
    }
}

#[test]
fn sizes_that_list_announces_wrongly_hinder_nothing_and_are_told_once() {
    checks::sizes_that_list_announces_wrongly_hinder_nothing_and_are_told_once();
}
