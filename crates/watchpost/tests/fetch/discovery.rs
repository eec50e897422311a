//! `fetch init`: from an address to an account.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use crate::checks;
use crate::doors::PASSWORD;
use crate::world::{Answer, WebServer, World, nothing_in_the_clear, said, settings};

#[test]
fn srv_records_are_followed_in_their_order() {
    checks::srv_records_are_followed_in_their_order();
}

#[test]
fn a_service_that_is_not_offered_is_not_looked_for() {
    checks::a_service_that_is_not_offered_is_not_looked_for();
}

#[test]
fn a_host_of_another_gets_no_password_unasked() {
    checks::a_host_of_another_gets_no_password_unasked();
}

#[test]
fn the_whole_address_is_the_first_user_name() {
    checks::the_whole_address_is_the_first_user_name();
}

#[test]
fn settings_under_tls_name_any_host_and_its_user_name() {
    // C-001, C-004, C-005: the domain vouches for what its own web server says.
    let world = World::new();
    let door = world.door(1, "pop.host.test", |manners| manners.users = vec!["alice"]);
    let web = world.at(2, "autoconfig.example.test");
    let listener = TcpListener::bind((web, world.port(2))).unwrap();
    let text = settings("pop.host.test", world.pop3s());
    let tls = world.pki.server(&["autoconfig.example.test"]);
    let web = WebServer::start(listener, Some(tls), "/mail/config-v1.1.xml", Answer::Text(text));
    let (output, told) = world.told(&[]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!((told["by"].as_str(), told["user"].as_str()), (Some("autoconfig"), Some("alice")));
    assert_eq!((&told["messages"], &told["vouched"]), (&3.into(), &true.into()));
    let asked = web.heard.lock().unwrap().clone();
    assert_eq!(asked, ["GET /mail/config-v1.1.xml?emailaddress=alice%40example.test HTTP/1.1"]);
    assert_eq!(door.heard().iter().filter(|line| line.contains("PASS")).count(), 1);
    assert!(!said(&output).contains(PASSWORD), "S-029");
}

#[test]
fn settings_in_the_clear_vouch_for_nobody() {
    // C-004: and a web server under TLS whose certificate is another's says nothing at all.
    let world = World::new();
    let door = world.door(1, "pop.host.test", |_| {});
    let web = world.at(2, "autoconfig.example.test");
    let text = settings("pop.host.test", world.pop3s());
    let secure = TcpListener::bind((web, world.port(2))).unwrap();
    let tls = world.pki.server(&["other.test"]);
    let secure = WebServer::start(secure, Some(tls), "/mail/config-v1.1.xml", Answer::Text(text.clone()));
    let clear = TcpListener::bind((web, world.port(3))).unwrap();
    let clear = WebServer::start(clear, None, "/mail/config-v1.1.xml", Answer::Text(text));
    let (output, told) = world.told(&[]);
    assert_eq!(output.status.code(), Some(77), "{}", said(&output));
    assert!(told["error"].as_str().unwrap().contains("pop.host.test"), "{told}");
    assert!(secure.heard.lock().unwrap().is_empty());
    assert_eq!(clear.heard.lock().unwrap()[0], "GET /mail/config-v1.1.xml HTTP/1.1", "the address is not said");
    assert_eq!(door.heard(), ["tls CAPA", "tls QUIT"], "no name, no password");
}

#[test]
fn settings_that_never_end_or_lead_elsewhere_are_left() {
    checks::settings_that_never_end_are_left();
    let world = World::new();
    let door = world.door(1, "pop.example.test", |_| {});
    let web = world.at(2, "autoconfig.example.test");
    let listener = TcpListener::bind((web, world.port(2))).unwrap();
    let away = Answer::Moved("http://autoconfig.example.test/mail/config-v1.1.xml".into());
    let tls = world.pki.server(&["autoconfig.example.test"]);
    let _web = WebServer::start(listener, Some(tls), "/mail/config-v1.1.xml", away);
    let (output, told) = world.told(&[]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!((told["by"].as_str(), told["server"].as_str()), (Some("guess"), Some("pop.example.test")));
    assert!(told["steps"].to_string().contains("redirected to an address without TLS"), "{told}");
    assert_eq!(door.heard().iter().filter(|line| line.contains("PASS")).count(), 1);
}

#[test]
fn usual_names_are_tried_under_tls_with_their_certificate() {
    // C-001, C-002, C-006: a certificate of another name is no server; STLS comes last, and nothing before TLS.
    let world = World::new();
    let wrong = world.pki.server(&["other.test"]);
    let impostor = world.door(1, "pop.example.test", |manners| manners.tls = wrong);
    let stls = world.door(2, "mail.example.test", |manners| {
        manners.implicit = false;
        manners.capabilities = vec!["SASL PLAIN", "UIDL"];
    });
    world.names.mx("example.test", "mail.example.test");
    let (output, told) = world.told(&[]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!((told["server"].as_str(), told["tls"].as_str()), (Some("mail.example.test"), Some("stls")));
    assert_eq!(told["method"], "plain");
    nothing_in_the_clear(&stls);
    assert!(impostor.heard().is_empty());
    let nobody = World::new();
    let (output, _) = nobody.told(&[]);
    assert_eq!(output.status.code(), Some(69), "{}", said(&output));
    assert!(nobody.names.asked().iter().any(|asked| asked == "example.test MX"));
}

#[test]
fn the_account_is_written_once_and_what_was_there_stays() {
    // C-004: the server's name is in the file, and no record is asked for again.
    let world = World::new();
    let _door = world.door(1, "pop.example.test", |_| {});
    world.names.srv("_pop3s._tcp.example.test", 0, world.pop3s(), "pop.example.test");
    let config = world.folder.path().join("mine.toml");
    let before = "# mine\n[[fetch]] # one\nname = 'x'\nserver = \"h\"\nuser = \"u\"\nto = \"mbox:m\"\n";
    fs::write(&config, before).unwrap();
    let file = config.to_str().unwrap();
    let dry = world.init(&["--config", file, "--dry-run", "--no-login"]);
    assert!(dry.status.success(), "{}", said(&dry));
    assert_eq!(fs::read_to_string(&config).unwrap(), before);
    let block = String::from_utf8(dry.stdout).unwrap();
    assert!(block.contains("[[fetch]]\nname = \"alice-example.test\"\nserver = \"pop.example.test:"), "{block}");
    let command = world.init_command(&["--write", "--password-stdin", "--keep", "file", "--config", file]);
    let written = World::with_input(command, PASSWORD);
    assert!(written.status.success(), "{}", said(&written));
    assert!(!said(&written).contains(PASSWORD), "S-029");
    let after = fs::read_to_string(&config).unwrap();
    assert!(
        before.lines().all(|line| after.lines().any(|now| now == line)) && after.contains("by an SRV record"),
        "{after}"
    );
    let kept = world.folder.path().join("alice-example.test.password");
    assert_eq!(fs::read_to_string(&kept).unwrap(), format!("{PASSWORD}\n"));
    assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    let accounts = watchpost::config::FetchConfig::load(&config).unwrap().accounts;
    assert_eq!((accounts.len(), accounts[1].host.as_str()), (2, "pop.example.test"));
    let asked = world.names.asked().len();
    let again = world.init(&["--config", file, "--write", "--no-login"]);
    assert_eq!(again.status.code(), Some(73), "{}", said(&again));
    assert_eq!(fs::read_to_string(&config).unwrap(), after);
    assert!(world.names.asked().len() > asked, "init asks; nothing else does");
}

#[test]
fn every_step_is_explained_in_both_languages() {
    let world = World::new();
    let _door = world.door(1, "pop.example.test", |manners| manners.capabilities = vec!["USER"]);
    world.names.srv("_pop3s._tcp.example.test", 0, world.pop3s(), "pop.example.test");
    let password = format!("file:{}", world.folder.path().join("password").display());
    for (language, words) in [
        ("en", ["(RFC 6186)", "names pop.example.test", "let in, with user; 3 messages wait", "RFC 8314 §3"]),
        ("ja", ["(RFC 6186)", "pop.example.test", "3 通", "RFC 8314 §3"]),
    ] {
        let output = world.init(&["--lang", language, "--password", &password]);
        assert!(output.status.success(), "{}", said(&output));
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(words.iter().all(|word| told.contains(word)), "{told}");
        assert!(String::from_utf8_lossy(&output.stdout).starts_with("# "), "the table alone is data");
    }
    let wrong = world.init(&["--password", "command:echo wrong"]);
    assert_eq!(wrong.status.code(), Some(77), "{}", said(&wrong));
    for bad in ["alice", "alice@", "@example.test"] {
        let mut command = world.command();
        let output = command.args(["fetch", "init", bad]).output().unwrap();
        assert_eq!(output.status.code(), Some(64), "{bad}: {}", said(&output));
    }
}
