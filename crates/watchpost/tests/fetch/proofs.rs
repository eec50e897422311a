//! What proves who we are: client certificates, SCRAM bound to its connection, the keyring of the desktop.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rcgen::ExtendedKeyUsagePurpose::{ClientAuth, ServerAuth};
use rustls::version::{TLS12, TLS13};
use watchpost::config::FetchConfig;
use watchpost::fetch::login::LoginError;
use watchpost::fetch::session::SessionError;

use crate::doors::{Door, Manners, PASSWORD};
use crate::house::House;
use crate::pki::{Clients, Pki};
use crate::world::{World, said};

/// An account at a door: `more` are further keys.
fn house(pki: &Pki, door: &Door, password: &str, more: &str) -> House {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().display();
    fs::write(folder.path().join("ca.pem"), pki.pem()).unwrap();
    let text = format!(
        "[[fetch]]\nname = \"a\"\nserver = \"localhost:{}\"\nuser = \"alice\"\npassword = \"{password}\"\n\
         trust = \"file:{place}/ca.pem\"\nto = \"maildir:{place}/md\"\n{}\n",
        door.address.port(),
        more.replace("{dir}", &place.to_string())
    );
    let path = folder.path().join("watchpost.toml");
    let account = FetchConfig::of_text(&path, text).unwrap_or_else(|errors| panic!("{errors}")).accounts.remove(0);
    House { folder, account, drain: false }
}

fn door(manners: Manners) -> Door {
    Door::start(TcpListener::bind("127.0.0.1:0").unwrap(), manners)
}

fn write_identity(folder: &Path, pki: &Pki) {
    let me = pki.make(&["alice.test"], ClientAuth);
    fs::write(folder.join("me.pem"), me.pem).unwrap();
    fs::write(folder.join("me.key"), me.key_pem).unwrap();
}

const IDENTITY: &str = "client_certificate = \"{dir}/me.pem\"\nclient_key = \"{dir}/me.key\"";

#[test]
fn a_client_certificate_is_shown_to_who_asks_and_only_where_it_is_configured() {
    // C-009
    let pki = Pki::new();
    let server = pki.make(&["localhost"], ServerAuth);
    for asks in [Clients::ShowCertificates, Clients::Unknown] {
        let mut manners = Manners::new(pki.server_of(&server, rustls::ALL_VERSIONS, asks));
        manners.users = vec!["alice"];
        manners.capabilities = vec!["SASL EXTERNAL", "UIDL", "PIPELINING"];
        let door = door(manners);
        let shown = house(&pki, &door, "certificate", IDENTITY);
        write_identity(shown.folder.path(), &pki);
        let outcome = shown.fetch();
        if matches!(asks, Clients::ShowCertificates) {
            assert!(outcome.error.is_none() && outcome.report.delivered == 3, "{:?}", outcome.error);
            assert!(door.heard().contains(&"tls AUTH EXTERNAL YWxpY2U=".to_owned()), "{:?}", door.heard());
            let without = house(&pki, &door, "certificate", "");
            assert!(matches!(without.fetch().error, Some(SessionError::Login(LoginError::Credentials(_)))));
        } else {
            assert!(
                matches!(outcome.error, Some(SessionError::Login(LoginError::Credentials(_)))),
                "{:?}",
                outcome.error
            );
        }
    }
}

#[test]
fn scram_is_bound_to_its_connection() {
    // C-040, C-045, C-046, RFC 9266, RFC 5929: over both versions of TLS; a login that was bound to another connection fails.
    let pki = Pki::new();
    for version in [&TLS13, &TLS12] {
        let server = pki.make(&["localhost"], ServerAuth);
        let mut manners = Manners::new(pki.server_of(&server, &[version], Clients::Unknown));
        manners.users = vec!["alice"];
        manners.capabilities = vec!["SASL PLAIN SCRAM-SHA-256 SCRAM-SHA-256-PLUS", "UIDL"];
        manners.end_point =
            aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &server.certificate).as_ref().to_vec();
        let password = format!("command:echo {PASSWORD}");
        let bound = door(manners.clone());
        assert_eq!(house(&pki, &bound, &password, "").fetch_well().report.delivered, 3);
        let auth: Vec<String> = bound.heard().into_iter().filter(|line| line.contains("AUTH")).collect();
        assert!(auth.len() == 1 && auth[0].starts_with("tls AUTH SCRAM-SHA-256-PLUS "), "{auth:?}");
        let between = door(Manners { other_binding: true, ..manners.clone() });
        let error = house(&pki, &between, &password, "").fetch().error;
        assert!(matches!(error, Some(SessionError::Login(LoginError::Credentials(_)))), "{error:?}");
        // A server that does not offer it is told that we could have.
        let plain = Manners { capabilities: vec!["SASL PLAIN SCRAM-SHA-256", "UIDL"], ..manners.clone() };
        assert_eq!(house(&pki, &door(plain.clone()), &password, "").fetch_well().report.delivered, 3);
        // Somebody on the path has taken -PLUS out of the list, and the server knows what it had said.
        let hidden = Manners { hides_plus: true, ..plain };
        let error = house(&pki, &door(hidden), &password, "").fetch().error;
        assert!(matches!(error, Some(SessionError::Login(LoginError::Credentials(_)))), "{error:?}");
        let named = door(manners);
        assert!(house(&pki, &named, &password, "auth = \"scram-sha-256\"").fetch_well().report.complete);
        let wrong = house(&pki, &named, "command:echo wrong", "").fetch().error;
        assert!(matches!(wrong, Some(SessionError::Login(LoginError::Credentials(_)))), "{wrong:?}");
    }
}

/// A keyring of one file a password, and what it was asked.
const SECRET_TOOL: &str = "#!/bin/sh\necho \"$@\" >> \"$KEYRING/asked\"\ncase \"$1\" in\n\
    store) shift 2; name=$(echo \"$@\" | tr ' /' '__'); cat > \"$KEYRING/$name\" ;;\n\
    lookup) shift; name=$(echo \"$@\" | tr ' /' '__'); cat \"$KEYRING/$name\" 2>/dev/null ;;\nesac\n";

#[test]
fn the_keyring_keeps_a_password_and_gives_it_back() {
    let world = World::new();
    let mut manners = Manners::new(world.pki.server(&["localhost"]));
    manners.users = vec!["alice@localhost"];
    let door = door(manners);
    let folder = world.folder.path();
    fs::create_dir(folder.join("bin")).unwrap();
    fs::create_dir(folder.join("keyring")).unwrap();
    fs::write(folder.join("bin/secret-tool"), SECRET_TOOL).unwrap();
    fs::set_permissions(folder.join("bin/secret-tool"), fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", folder.join("bin").display(), std::env::var("PATH").unwrap());
    let port = door.address.port().to_string();
    // pop.localhost and the others are 127.0.0.1 to many systems, but their certificate is not theirs.
    let text = format!(
        "[[fetch]]\nname = \"a\"\nserver = \"localhost:{port}\"\nuser = \"alice@localhost\"\npassword = \"secret-service\"\n\
         to = \"maildir:md\"\n"
    );
    fs::write(folder.join("watchpost.toml"), text).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = world.command();
        command.env("PATH", &path).env("KEYRING", folder.join("keyring")).args(arguments).output().unwrap()
    };
    let missing = run(&["fetch", "check", "a"]);
    assert_eq!(missing.status.code(), Some(77), "{}", said(&missing));
    assert!(said(&missing).contains("the keyring has no password"), "{}", said(&missing));
    let account = FetchConfig::load(&folder.join("watchpost.toml")).unwrap().accounts.remove(0);
    assert!(door.heard().is_empty());
    fs::write(folder.join("keyring").join(format!("host_localhost_service_pop3_user_{}", account.user)), PASSWORD)
        .unwrap();
    let found = run(&["fetch", "check", "a"]);
    assert!(found.status.success(), "{}", said(&found));
    assert!(!said(&found).contains(PASSWORD), "S-029");
    let mut without = world.command();
    let none = without.env("PATH", "/nonexistent").args(["fetch", "check", "a"]).output().unwrap();
    assert!(said(&none).contains("cannot run secret-tool"), "{}", said(&none));
}

#[test]
fn init_puts_a_password_into_the_keyring_and_never_into_arguments() {
    let world = World::new();
    let _door = world.door(1, "pop.example.test", |_| {});
    let folder = world.folder.path();
    fs::create_dir(folder.join("bin")).unwrap();
    fs::create_dir(folder.join("keyring")).unwrap();
    fs::write(folder.join("bin/secret-tool"), SECRET_TOOL).unwrap();
    fs::set_permissions(folder.join("bin/secret-tool"), fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", folder.join("bin").display(), std::env::var("PATH").unwrap());
    let mut command = world.init_command(&["--write", "--password-stdin", "--keep", "secret-service"]);
    command.env("PATH", path).env("KEYRING", folder.join("keyring"));
    let output = World::with_input(command, PASSWORD);
    assert!(output.status.success(), "{}", said(&output));
    let kept = folder.join("keyring/host_pop.example.test_service_pop3_user_alice@example.test");
    assert_eq!(fs::read_to_string(kept).unwrap(), PASSWORD);
    let asked = fs::read_to_string(folder.join("keyring/asked")).unwrap();
    assert!(asked.contains("store --label=Watchpost: alice-example.test host pop.example.test"), "{asked}");
    assert!(!asked.contains(PASSWORD) && !said(&output).contains(PASSWORD), "S-029");
    let config = fs::read_to_string(folder.join(".config/watchpost/watchpost.toml")).unwrap();
    assert!(config.contains("password = \"secret-service\""), "{config}");
}
