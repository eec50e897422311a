//! What a client of POP3 owes to servers, and what no server can make it do.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use watchpost::connect::{ConnectError, Security};
use watchpost::fetch::account::{Account, TrustChoice};
use watchpost::fetch::session::SessionError;

use crate::checks;
use crate::house::{House, messages_of_mbox};
use crate::server::Server;
use crate::support::PATIENCE;

const MAIL: [(&str, &[u8]); 2] = [("one", b"A: 1\r\n\r\nx\r\n"), ("two", b"B: 2\r\n\r\n")];

/// What a client says to a server that says this of itself.
fn said_to(server: &Server, greeting: &str, implementation: &str) -> (Vec<String>, usize, usize) {
    server.manners(|manners| manners.banner = (greeting.to_owned(), implementation.to_owned()));
    {
        let mut state = server.state.lock().unwrap();
        state.mail = MAIL.iter().map(|(id, octets)| ((*id).to_owned(), octets.to_vec())).collect();
    }
    let report = House::new(server.port, "leave = \"never\"").fetch_well().report;
    let mut heard = server.heard();
    // When a message is durable is chance: DELE stands anywhere behind its RETR.
    heard.sort();
    (heard, report.delivered, report.removed)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_depends_on_what_a_server_calls_itself(
        greeting in "(Gpop |Microsoft Exchange |Dovecot |Qpopper |<1896\\.697@h> |)[ -~]{0,40}",
        implementation in "(Cyrus|Gpop|Maillennium|Microsoft|Zimbra|Qpopper-4|)[!-~ ]{0,40}",
    ) {
        // C-025, RFC 2449 §6.9
        let server = Server::start(&MAIL);
        let plain = said_to(&server, "", "");
        prop_assert_eq!(said_to(&server, &greeting, &implementation), plain);
    }
}

/// Unique-ids of RFC 1939 §7 that would do harm as a name, in a shell, in SQL, in a format, as an option.
const HOSTILE: [&str; 14] = [
    "../../../pwned",
    "/tmp/pwned",
    "..",
    ".",
    "-rf",
    "--help",
    ";touch${IFS}pwned;",
    "$(touch${IFS}pwned)",
    "`touch${IFS}pwned`",
    "'||(SELECT/**/1)--",
    "\"&&>pwned",
    "%s%n%x",
    "a/../b\\..\\c",
    "~root/*?[x]{a,b}|!#",
];

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut waiting = vec![folder.to_owned()];
    let mut found = Vec::new();
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path.clone());
            }
            found.push(path);
        }
    }
    found
}

#[test]
fn a_unique_id_never_becomes_a_name_or_a_command() {
    // C-033, C-032: into every kind of destination; they are remembered as they are.
    let kinds = [
        "",
        "to = \"mbox:{dir}/mb\"",
        "to = \"pipe:cat >> {dir}/all; env >> {dir}/env; echo \\\"$0 $*\\\" >> {dir}/env\"",
    ];
    for more in kinds {
        let server = Server::start(&[]);
        let longest = "~".repeat(70);
        let ids: Vec<&str> = HOSTILE.iter().copied().chain([longest.as_str()]).collect();
        let message = |place: usize| format!("A: {place:02}\r\n\r\n").into_bytes();
        server.state.lock().unwrap().mail =
            ids.iter().enumerate().map(|(place, id)| ((*id).to_owned(), message(place))).collect();
        let house = House::new(server.port, more);
        assert_eq!(house.fetch_well().report.delivered, ids.len(), "{more}");
        assert_eq!(house.fetch_well().report.delivered, 0, "{more}");
        let mut expected: Vec<Vec<u8>> = (0..ids.len()).map(message).collect();
        expected.sort();
        let all = fs::read_to_string(house.path("all")).unwrap_or_default();
        let found = match more {
            "" => house.messages(),
            more if more.contains("mbox") => messages_of_mbox(&house.path("mb")),
            _ => all.split_inclusive("\n\n").map(|text| text.replace('\n', "\r\n").into_bytes()).collect(),
        };
        assert_eq!(found, expected, "{more}");
        let root = house.folder.path();
        for path in files_below(root) {
            let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            let first = name.split('/').next().unwrap();
            assert!(["watchpost.toml", "md", "mb", "all", "env", "state"].contains(&first), "{more}: {name}");
            assert!(
                !ids.iter().any(|id| id.len() > 3 && name.contains(id)) && !name.contains("pwned"),
                "{more}: {name}"
            );
        }
        let environment = fs::read_to_string(house.path("env")).unwrap_or_default();
        assert!(!environment.contains("pwned") && !environment.contains("SELECT"), "{environment}");
    }
    assert!(!Path::new("/tmp/pwned").exists() && !Path::new("pwned").exists());
}

#[test]
fn a_message_that_needs_utf8_mode_is_fetched_in_another_session() {
    checks::a_message_that_needs_utf8_mode_is_fetched_in_another_session();
}

#[test]
fn a_server_that_wants_what_it_does_not_offer_is_asked_twice_and_reported() {
    // C-052, C-071: UTF8 is not announced.
    let server = Server::start(&MAIL);
    server.manners(|manners| manners.needs_utf8 = Some("two"));
    let house = House::new(server.port, "");
    let report = house.fetch_well().report;
    assert_eq!((report.delivered, report.failed.len(), server.state.lock().unwrap().sessions), (1, 1, 2));
    assert!(!server.heard().contains(&"UTF8".to_owned()));
}

#[test]
fn what_is_kept_comes_by_retr() {
    // C-068: TOP is for a look, and some servers cut it short.
    let server = Server::start(&MAIL);
    server.manners(|manners| manners.cuts_top = true);
    let house = House::new(server.port, "rules = [{ field = \"X-Spam\", action = \"skip\" }]");
    assert_eq!(house.fetch_well().report.delivered, 2);
    assert_eq!(house.messages(), [MAIL[0].1.to_vec(), MAIL[1].1.to_vec()]);
    let heard = server.heard();
    for number in 1..=2 {
        assert!(heard.contains(&format!("TOP {number} 0")) && heard.contains(&format!("RETR {number}")), "{heard:?}");
    }
    House::new(server.port, "").fetch_well();
    assert_eq!(server.heard_verb("TOP"), 0, "without rules there is nothing to look at");
}

#[test]
fn a_server_hears_of_us_while_our_own_disk_is_slow() {
    // C-069
    let server = Server::start(&MAIL[..1]);
    let mut house =
        House::new(server.port, "to = \"pipe:while [ ! -e {dir}/go ]; do sleep 0.02; done; cat > {dir}/all\"");
    house.account.silence = Duration::from_millis(30);
    let go = house.path("go");
    let state = Arc::clone(&server.state);
    let watching = std::thread::spawn(move || {
        let end = Instant::now() + PATIENCE;
        loop {
            let noops = state.lock().unwrap().heard.iter().filter(|line| *line == "NOOP").count();
            if noops >= 3 || Instant::now() > end {
                fs::write(&go, "").unwrap();
                return noops;
            }
            std::thread::yield_now();
        }
    });
    assert_eq!(house.fetch_well().report.delivered, 1);
    assert!(watching.join().unwrap() >= 3);
}

#[test]
fn a_server_that_shows_its_mail_in_portions_is_asked_until_there_is_no_more() {
    checks::a_server_that_shows_its_mail_in_portions_is_asked_until_there_is_no_more();
}

#[test]
fn a_server_that_speaks_drop_by_drop_is_left() {
    checks::a_server_that_speaks_drop_by_drop_is_left();
}

#[test]
fn a_handshake_that_never_ends_is_left() {
    // C-010
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut house = House::new(listener.local_addr().unwrap().port(), "");
    house.account.security = Security::Tls;
    house.account.trust = TrustChoice::FirstUse;
    house.account.deadlines.handshake = Duration::from_millis(200);
    let error = house.fetch().error;
    assert!(matches!(error, Some(SessionError::Connect(ConnectError::Deadline))), "{error:?}");
    drop(listener);
}

/// How many sessions each host has, and had at most.
#[derive(Default)]
struct Crowd {
    now: [usize; 3],
    most: [usize; 3],
    /// Everybody has been there at once.
    met: bool,
}

/// A server that lets nobody in before so many are there.
fn host(place: usize, crowd: Arc<(Mutex<Crowd>, Condvar)>, all: usize) -> u16 {
    let listener = TcpListener::bind((format!("127.0.0.{}", place + 1), 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let crowd = Arc::clone(&crowd);
            std::thread::spawn(move || {
                let (state, changed) = &*crowd;
                let mut crowd = state.lock().unwrap();
                crowd.now[place] += 1;
                crowd.most[place] = crowd.most[place].max(crowd.now[place]);
                crowd.met |= crowd.now.iter().sum::<usize>() >= all;
                changed.notify_all();
                let crowd = changed.wait_timeout_while(crowd, PATIENCE, |crowd| !crowd.met).unwrap().0;
                drop(crowd);
                let mut writer = stream.try_clone().unwrap();
                let _ = writer.write_all(b"+OK\r\n");
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    let reply: &[u8] = match line.split(' ').next().unwrap_or_default() {
                        "STAT" => b"+OK 0 0\r\n",
                        "CAPA" | "LIST" | "UIDL" => b"+OK\r\n.\r\n",
                        "QUIT" => {
                            // Counted out before the client can know, so that its next session is not one too many.
                            state.lock().unwrap().now[place] -= 1;
                            b"+OK\r\n"
                        }
                        _ => b"+OK\r\n",
                    };
                    let _ = writer.write_all(reply);
                }
            });
        }
    });
    port
}

#[test]
fn accounts_are_fetched_side_by_side_and_no_host_has_more_than_four_at_once() {
    // G13: 3 hosts of 7 accounts; 12 sessions must be there before any of them goes on.
    let crowd = Arc::<(Mutex<Crowd>, Condvar)>::default();
    let ports = [0, 1, 2].map(|place| host(place, Arc::clone(&crowd), 12));
    let house = House::new(ports[0], "");
    let account = |number: usize| Account {
        name: format!("a{number}"),
        host: format!("127.0.0.{}", number % 3 + 1),
        port: ports[number % 3],
        ..house.account.clone()
    };
    let accounts: Vec<Account> = (0..21).map(account).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let outcomes = runtime.block_on(house.fetcher().all(&accounts, |_| {}));
    assert_eq!(outcomes.len(), 21);
    for outcome in outcomes {
        assert!(outcome.error.is_none() && outcome.report.complete, "{}: {:?}", outcome.account, outcome.error);
    }
    let crowd = crowd.0.lock().unwrap();
    assert!(crowd.met, "they were never there at once");
    assert_eq!(crowd.most, [4, 4, 4]);
}
