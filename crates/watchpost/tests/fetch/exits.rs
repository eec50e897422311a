//! What the shell is told: each row of the table of `docs/fetch.md`.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};

use watchpost::fetch::journal::Journal;

use crate::house::House;
use crate::receivers::{Deed, FINE, Receiver, Script};
use crate::server::{Manners, Server};
use crate::support::PROGRAM;
use crate::world::said;

const MAIL: [(&str, &[u8]); 2] = [("one", b"A: 1\r\n\r\n"), ("two", b"B: 2\r\n\r\n")];

fn program(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.arg("fetch").args(arguments).current_dir(folder).env("HOME", folder).env("LC_ALL", "C");
    command.env_remove("XDG_CONFIG_HOME").env("XDG_STATE_HOME", folder.join("xdg")).output().unwrap()
}

#[track_caller]
fn ends_with(code: i32, house: &House, arguments: &[&str]) -> String {
    let output = program(house.folder.path(), arguments);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", said(&output));
    said(&output)
}

/// A server of two messages that behaves so, and an account of it with these further keys.
fn account(more: &str, change: impl FnOnce(&mut Manners)) -> (Server, House) {
    let server = Server::start(&MAIL);
    server.manners(change);
    let house = House::new(server.port, more);
    (server, house)
}

/// The codes of a table: the first word of each of its lines that is a number.
fn codes(text: &str) -> BTreeSet<u8> {
    let first = |line: &str| line.trim_start_matches(['|', ' ']).split([' ', '|']).next().unwrap_or_default().parse();
    text.lines().filter_map(|line| first(line).ok()).filter(|code| *code == 0 || *code >= 64).collect()
}

#[test]
fn the_table_is_the_same_in_help_and_manual() {
    let manual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/fetch.md");
    let manual = codes(&fs::read_to_string(manual).unwrap());
    assert_eq!(manual, [0, 64, 65, 66, 67, 69, 71, 73, 75, 77, 78].into());
    let folder = tempfile::tempdir().unwrap();
    for language in ["en", "ja"] {
        let help = said(&program(folder.path(), &["--help", "--lang", language]));
        assert_eq!(codes(&help), manual, "{help}");
    }
}

#[test]
fn code_0_all_went_well_also_without_mail() {
    let (_server, house) = account("", |_| {});
    ends_with(0, &house, &[]);
    ends_with(0, &house, &[]);
    let (_server, house) = account("", |manners| manners.listed = Some(1));
    let said = ends_with(0, &house, &[]);
    assert!(said.contains("message one has 8 octets; LIST had announced 1"), "C-031: {said}");
    assert!(!ends_with(0, &house, &["--quiet"]).contains("LIST"));
}

#[test]
fn code_64_the_command_line_is_wrong() {
    let (_server, house) = account("", |_| {});
    ends_with(64, &house, &["--every", "often"]);
    ends_with(64, &house, &["--no-such-option"]);
}

#[test]
fn code_65_a_message_was_refused_for_good() {
    // C-071
    let (_server, house) = account("to = \"pipe:grep -q '^A'\"", |_| {});
    ends_with(65, &house, &[]);
    let (_server, house) = account("", |manners| {
        (manners.refuses, manners.refusal) = (Some("two"), Some("[SYS/PERM] its file is gone"));
    });
    ends_with(65, &house, &[]);
    let refuses: [Script; 2] = [
        Script { data: |_| Deed::Refuse("554 5.7.1 it looks like spam\r\n"), ..FINE },
        Script { rcpt: |_| "550 5.1.1 unknown\r\n", ..FINE },
    ];
    for script in refuses {
        let (server, receiver) = (Server::start(&MAIL), Receiver::start(script));
        ends_with(65, &receiver.house("lmtp", &server), &[]);
    }
}

#[test]
fn a_poison_message_is_for_later_until_it_is_given_up() {
    // C-071: two runs say 75; from the third on somebody must look.
    let (server, house) = account("", |manners| manners.refuses = Some("two"));
    for code in [75, 75, 65, 65] {
        let said = ends_with(code, &house, &[]);
        assert!(said.contains("two"), "{said}");
    }
    server.manners(|manners| manners.refuses = None);
    ends_with(0, &house, &["--retry"]);
}

#[test]
fn code_66_there_is_no_configuration() {
    let folder = tempfile::tempdir().unwrap();
    assert!(!Path::new("/etc/watchpost/watchpost.toml").exists(), "this machine has a configuration");
    let output = program(folder.path(), &[]);
    assert_eq!(output.status.code(), Some(66), "{}", said(&output));
}

#[test]
fn code_67_there_is_no_such_account() {
    let (_server, house) = account("", |_| {});
    ends_with(67, &house, &["nobody"]);
}

#[test]
fn code_69_the_server_does_not_work() {
    // C-048, C-008: [SYS/PERM] needs its administrator; a port without TLS does not begin it.
    let (_server, house) = account("", |manners| manners.pass = Some("[SYS/PERM] disk gone"));
    ends_with(69, &house, &[]);
    let (_server, house) = account("tls = \"implicit\"", |_| {});
    ends_with(69, &house, &[]);
}

#[test]
fn code_73_the_destination_cannot_be_written() {
    let (_server, house) = account("to = \"maildir:{dir}/file/md\"", |_| {});
    fs::write(house.path("file"), "").unwrap();
    ends_with(73, &house, &[]);
    let (_server, house) = account("to = \"pipe:/no/such/command\"", |_| {});
    ends_with(73, &house, &[]);
    // A receiver that wants nothing of us, ever.
    let receiver = Receiver::start(Script { rcpt: |_| "550 5.7.1 no\r\n", ..FINE });
    let server = Server::start(&[]);
    server.state.lock().unwrap().mail = (0..30).map(|id| (format!("id{id}"), b"A: 1\r\n\r\n".to_vec())).collect();
    ends_with(73, &receiver.house("lmtp", &server), &[]);
}

#[test]
fn code_75_for_whatever_passes_by_itself() {
    // C-048, C-066
    for pass in ["[IN-USE] wait", "[LOGIN-DELAY] too soon", "[SYS/TEMP/DISK] x"] {
        let (_server, house) = account("", |manners| manners.pass = Some(pass));
        ends_with(75, &house, &[]);
    }
    ends_with(75, &House::new(1, ""), &[]);
    let (_server, house) = account("", |_| {});
    let journal = Journal::open(&house.path("xdg/watchpost/fetch"), "a", 0).unwrap();
    ends_with(75, &house, &[]);
    drop(journal);
    ends_with(0, &house, &[]);
}

#[test]
fn code_75_for_messages_that_were_only_deferred() {
    // C-060, C-071
    let (server, house) = account("", |manners| {
        (manners.refuses, manners.refusal) = (Some("two"), Some("[SYS/TEMP] its disk is busy"));
    });
    for _ in 0..4 {
        ends_with(75, &house, &[]);
    }
    server.manners(|manners| manners.refuses = None);
    ends_with(0, &house, &[]);
    ends_with(75, &account("to = \"pipe:exit 75\"", |_| {}).1, &[]);
    let defers: [Script; 4] = [
        Script { data: |_| Deed::Refuse("451 4.3.0 not now\r\n"), ..FINE },
        Script { data: |_| Deed::Refuse("421 4.3.2 going down\r\n"), ..FINE },
        Script { rcpt: |_| "450 4.2.0 greylisted\r\n", ..FINE },
        Script { data: |_| Deed::Break, ..FINE },
    ];
    for protocol in ["lmtp", "smtp"] {
        for script in defers {
            let (server, receiver) = (Server::start(&MAIL), Receiver::start(script));
            ends_with(75, &receiver.house(protocol, &server), &[]);
        }
        // Nobody is there, and somebody who takes nothing now.
        let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let to = format!("to = \"{protocol}:127.0.0.1:{gone}\"\nrecipient = \"alice@example.org\"");
        let said = ends_with(75, &account(&to, |_| {}).1, &[]);
        assert!(said.contains("the next run tries again"), "{said}");
        let receiver = Receiver::start(Script { rcpt: |_| "452 4.2.2 mailbox full\r\n", ..FINE });
        let server = Server::start(&[]);
        server.state.lock().unwrap().mail = (0..30).map(|id| (format!("id{id}"), b"A: 1\r\n\r\n".to_vec())).collect();
        ends_with(75, &receiver.house(protocol, &server), &[]);
    }
}

#[test]
fn code_77_the_server_does_not_accept_the_password() {
    let (_server, house) = account("", |manners| manners.pass = Some("[AUTH] no"));
    ends_with(77, &house, &[]);
    let (_server, house) = account("password = \"variable:NO_SUCH_VARIABLE\"", |_| {});
    ends_with(77, &house, &[]);
}

#[test]
fn code_78_the_configuration_is_wrong_or_cannot_work() {
    // C-064
    let (_server, house) = account("", |manners| manners.no_uidl = true);
    ends_with(78, &house, &[]);
    fs::write(house.path("watchpost.toml"), "[[fetch]]\nnane = \"a\"\n").unwrap();
    ends_with(78, &house, &[]);
}

#[test]
fn of_several_accounts_the_worst_counts() {
    let (well, house) = account("", |_| {});
    let (later, _) = account("", |manners| manners.pass = Some("[IN-USE] wait"));
    let (refused, _) = account("", |_| {});
    let (wrong, _) = account("", |manners| manners.pass = Some("[AUTH] no"));
    let servers = [("well", &well, "true"), ("later", &later, "true"), ("refused", &refused, "false")];
    let table = |(name, server, command): (&str, &Server, &str)| {
        format!(
            "[[fetch]]\nname = \"{name}\"\nserver = \"127.0.0.1:{}\"\ntls = \"none\"\nuser = \"alice\"\n\
             password = \"command:echo secret\"\nto = \"pipe:{command}\"\n\n",
            server.port
        )
    };
    let tables: Vec<String> = servers.into_iter().chain([("wrong", &wrong, "true")]).map(table).collect();
    fs::write(house.path("watchpost.toml"), tables.concat()).unwrap();
    ends_with(75, &house, &["well", "later"]);
    ends_with(65, &house, &["later", "refused", "well"]);
    ends_with(77, &house, &["wrong", "later", "well"]);
}
