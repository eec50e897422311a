//! What an operator does: init, user, check-config, serve, signals, a second start.

#![allow(clippy::unwrap_used, reason = "a test may fail here")]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use support::{Demo, PROGRAM, Running, Typist, client};

fn watchpost(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(["--lang", "en"]).args(arguments).stdin(Stdio::null()).output().unwrap()
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

/// A folder made by `init`, listening on ports of the system's choice, with plain logins from loopback.
struct Installed {
    dir: tempfile::TempDir,
}

impl Installed {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut init = Command::new(PROGRAM);
        init.args(["--lang", "en", "init", "--domain", "example.net", "--user", "carol", "--password-stdin", "--dir"]);
        client(init.arg(dir.path()), b"correct horse\n");
        let installed = Self { dir };
        installed.configure("");
        installed
    }

    fn config(&self) -> String {
        self.dir.path().join("watchpost.toml").to_str().unwrap().to_owned()
    }

    fn configure(&self, more: &str) {
        let text = format!(
            "domain = \"example.net\"\ndata_dir = \".\"\n\n[[listener]]\nprotocol = \"pop3\"\naddress = \"127.0.0.1:0\"\n\
             plaintext_login = \"loopback\"\n\n[[listener]]\nprotocol = \"pop3s\"\naddress = \"127.0.0.1:0\"\n\n\
             [tls]\ncertificate = \"cert.pem\"\nkey = \"key.pem\"\n\n{more}\n"
        );
        fs::write(self.config(), text).unwrap();
    }

    fn serve(&self) -> Running {
        let running = Running::start(Command::new(PROGRAM).args(["serve", "--config", &self.config()]));
        running.logged("protocol=\"pop3s\"");
        running
    }
}

/// The addresses in the order of the configuration, as the log tells them.
fn addresses(running: &Running) -> Vec<std::net::SocketAddr> {
    let log = running.log();
    let lines = log.lines().filter(|line| line.contains("listening"));
    lines.map(|line| line.split("address=").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap()).collect()
}

fn subject(address: std::net::SocketAddr) -> String {
    let mut command = Command::new("openssl");
    command.args(["s_client", "-connect", &address.to_string()]).stdin(Stdio::null());
    let shown = text(&command.output().unwrap().stdout);
    shown.lines().find(|line| line.starts_with("subject=")).expect("a certificate").to_owned()
}

#[test]
fn init_makes_a_server_that_serves() {
    let installed = Installed::new();
    for (file, mode) in [("key.pem", 0o600), ("watchpost.toml", 0o600)] {
        let metadata = fs::metadata(installed.dir.path().join(file)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, mode, "{file}");
    }
    let running = installed.serve();
    let mut typist = Typist::connect(addresses(&running)[0]);
    typist.ok("USER carol@example.net");
    typist.ok("PASS correct horse");
    assert_eq!(typist.ok("STAT"), "+OK 0 0\r\n");
    typist.ok("QUIT");
}

#[test]
fn init_offers_pop3s_first_and_says_what_to_publish() {
    // P-001, P-245
    let dir = tempfile::tempdir().unwrap();
    let output = watchpost(&["init", "--domain", "example.net", "--dir", dir.path().to_str().unwrap()]);
    let said = text(&output.stdout);
    assert!(said.contains("_pop3s._tcp.example.net. SRV 0 1 995 mail.example.net."), "{said}");
    let config = fs::read_to_string(dir.path().join("watchpost.toml")).unwrap();
    let (pop3s, pop3) = (config.find("protocol = \"pop3s\""), config.find("protocol = \"pop3\""));
    assert!(pop3s.is_some() && pop3s < pop3 && config.contains("[::]:995") && config.contains("\"never\""), "{config}");
}

#[test]
fn init_overwrites_nothing() {
    let installed = Installed::new();
    let before = fs::read(installed.dir.path().join("key.pem")).unwrap();
    let output = watchpost(&["init", "--domain", "example.net", "--dir", installed.dir.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(73));
    assert!(text(&output.stderr).contains("is there already"), "{}", text(&output.stderr));
    assert_eq!(fs::read(installed.dir.path().join("key.pem")).unwrap(), before);
}

#[test]
fn what_init_writes_is_a_configuration() {
    let dir = tempfile::tempdir().unwrap();
    let output = watchpost(&["init", "--domain", "example.net", "--json", "--dir", dir.path().to_str().unwrap()]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["account"], "postmaster@example.net");
    assert_eq!(report["password"].as_str().unwrap().len(), 19);
    let checked = watchpost(&["check-config", "--config", report["config"].as_str().unwrap()]);
    assert!(checked.status.success(), "{}", text(&checked.stderr));
    let effective = text(&checked.stdout);
    assert!(effective.contains("domain") && effective.contains("idle_time") && !effective.contains("PRIVATE KEY"));
}

#[test]
fn accounts_come_and_go_beside_a_running_server() {
    // P-060, S-020
    let installed = Installed::new();
    let config = installed.config();
    let running = installed.serve();
    let address = addresses(&running)[0];
    let login = |name: &str, password: &str| {
        let mut typist = Typist::connect(address);
        typist.ok(&format!("USER {name}"));
        let reply = typist.say(&format!("PASS {password}"));
        typist.ok("QUIT");
        typist.rest();
        reply
    };
    let user = |arguments: &[&str]| watchpost(&[&["user", "--config", &config], arguments].concat());
    let added = user(&["add", "Dave", "--generate"]);
    assert!(added.status.success(), "{}", text(&added.stderr));
    let password = text(&added.stdout).trim().rsplit(' ').next().unwrap().to_owned();
    assert!(login("dave", &password).starts_with("+OK"));
    assert_eq!(user(&["add", "dave", "--generate"]).status.code(), Some(73));
    assert!(user(&["disable", "dave"]).status.success());
    assert_eq!(login("dave", &password), "-ERR [AUTH] Account disabled, contact your administrator\r\n");
    assert_eq!(login("dave", "wrong"), "-ERR [AUTH] Authentication failed\r\n");
    assert!(user(&["enable", "dave"]).status.success());
    let mut passwd = Command::new(PROGRAM);
    passwd.args(["user", "--config", &config, "passwd", "dave", "--password-stdin"]);
    client(&mut passwd, b"new secret\n");
    assert!(login("dave", "new secret").starts_with("+OK"));
    assert!(login("dave", &password).starts_with("-ERR [AUTH]"));
    let listed: serde_json::Value = serde_json::from_slice(&user(&["list", "--json"]).stdout).unwrap();
    let names: Vec<&str> = listed.as_array().unwrap().iter().map(|account| account["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["carol@example.net", "dave@example.net"]);
    assert!(text(&user(&["show", "dave"]).stdout).contains("dave@example.net"));
    assert!(user(&["remove", "dave"]).status.success());
    assert_eq!(user(&["remove", "dave"]).status.code(), Some(67));
    assert_eq!(login("dave", "new secret"), "-ERR [AUTH] Authentication failed\r\n");
    assert_eq!(user(&["add", "../etc", "--generate"]).status.code(), Some(65));
}

#[test]
fn sigterm_lets_sessions_finish() {
    // P-014
    let installed = Installed::new();
    let mut running = installed.serve();
    let address = addresses(&running)[0];
    let mut typist = Typist::connect(address);
    typist.ok("USER carol");
    typist.ok("PASS correct horse");
    running.signal("-TERM");
    running.logged("sessions may finish");
    // Each worker closes its own socket.
    let end = Instant::now() + Duration::from_secs(30);
    while std::net::TcpStream::connect(address).is_ok() {
        assert!(Instant::now() < end, "no new connections");
        std::thread::yield_now();
    }
    typist.ok("NOOP");
    typist.ok("QUIT");
    assert_eq!(typist.rest(), b"");
    assert!(running.wait().success());
    assert!(running.log().contains("ending=\"quit\""));
}

#[test]
fn what_does_not_finish_in_the_grace_period_is_closed_without_a_line() {
    // P-014, P-012
    let installed = Installed::new();
    installed.configure("[limits]\nshutdown_grace = \"1s\"");
    let mut running = installed.serve();
    let mut typist = Typist::connect(addresses(&running)[0]);
    typist.ok("USER carol");
    typist.ok("PASS correct horse");
    running.signal("-TERM");
    assert_eq!(typist.rest(), b"");
    assert!(running.wait().success());
    assert!(running.log().contains("ending=\"shutdown\""));
}

#[test]
fn sighup_reloads_certificate_and_limits_and_names_what_needs_a_restart() {
    // S-013 (reload without restart)
    let installed = Installed::new();
    let running = installed.serve();
    let pop3s = addresses(&running)[1];
    let before = subject(pop3s);
    let mut session = Typist::connect(addresses(&running)[0]);

    fs::write(installed.config(), "domain = 7\n").unwrap();
    running.signal("-HUP");
    running.logged("the old one stays in force");
    running.logged("watchpost.toml:1:10");
    assert_eq!(subject(pop3s), before);

    let other = tempfile::tempdir().unwrap();
    let output = watchpost(&["init", "--domain", "example.com", "--dir", other.path().to_str().unwrap()]);
    assert!(output.status.success());
    for file in ["key.pem", "cert.pem"] {
        fs::copy(other.path().join(file), installed.dir.path().join(file)).unwrap();
    }
    installed.configure(
        "[limits]\nfailed_logins = 1\nfailed_login_delay = \"1ms\"\n\n[store]\npath = \"{data_dir}/elsewhere/{user}\"",
    );
    running.signal("-HUP");
    let log = running.logged("configuration reloaded");
    assert!(log.contains("store.path"), "{log}");
    assert_ne!(subject(pop3s), before);
    session.ok("USER carol");
    session.ok("PASS correct horse");
    session.ok("QUIT");

    let mut limited = Typist::connect(addresses(&running)[0]);
    limited.ok("USER carol");
    assert!(limited.say("PASS wrong").starts_with("-ERR [AUTH]"));
    assert_eq!(limited.rest(), b"", "one failed login is now the limit");
}

#[test]
fn an_address_has_so_many_connections_and_no_more() {
    // P-226, P-004, E-35
    let installed = Installed::new();
    installed.configure("[limits]\nconnections_per_address = 2");
    let running = installed.serve();
    let address = addresses(&running)[0];
    let (first, _second) = (Typist::connect(address), Typist::connect(address));
    let mut refused = std::net::TcpStream::connect(address).unwrap();
    let mut said = String::new();
    std::io::Read::read_to_string(&mut refused, &mut said).unwrap();
    assert_eq!(said, "-ERR [SYS/TEMP] Too many connections, please wait and try again\r\n");
    drop(first);
    running.logged("ending=\"peer-closed\"");
    Typist::connect(address).ok("QUIT");
}

#[test]
fn who_says_nothing_before_login_or_in_a_handshake_is_closed() {
    // S-015, S-045, P-010: no line, whatever dribbles in
    let installed = Installed::new();
    installed.configure("[limits]\nlogin_time = \"1s\"\nhandshake_time = \"1s\"");
    let running = installed.serve();
    let [pop3, pop3s] = addresses(&running)[..] else { panic!("two listeners") };
    let mut dribbling = Typist::connect(pop3);
    dribbling.send(b"US");
    assert_eq!(dribbling.rest(), b"");
    let mut silent = std::net::TcpStream::connect(pop3s).unwrap();
    let mut said = Vec::new();
    std::io::Read::read_to_end(&mut silent, &mut said).unwrap();
    assert_eq!(said, b"");
    let ended = running.logged_times("ending=\"timeout\"", 2);
    assert!(ended.contains("notice=LoginTimeout"), "{ended}");
}

#[test]
fn a_second_start_on_the_same_ports_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let demo = Demo::start(dir.path(), &[]);
    let other = tempfile::tempdir().unwrap();
    let (pop3, pop3s) = (demo.text("pop3"), demo.text("pop3s"));
    let other_dir = other.path().to_str().unwrap();
    let output = watchpost(&["demo", "--dir", other_dir, "--pop3", &pop3, "--pop3s", &pop3s]);
    assert_eq!(output.status.code(), Some(69));
    let said = text(&output.stderr);
    assert!(said.contains("is already in use") && said.contains("--pop3"), "{said}");
}

#[test]
fn a_port_that_is_taken_is_named_at_its_place() {
    let installed = Installed::new();
    let running = installed.serve();
    let taken = addresses(&running)[0].to_string();
    let text_before = fs::read_to_string(installed.config()).unwrap();
    fs::write(installed.config(), text_before.replacen("127.0.0.1:0", &taken, 1)).unwrap();
    let output = watchpost(&["serve", "--config", &installed.config()]);
    assert_eq!(output.status.code(), Some(69));
    let said = text(&output.stderr);
    assert!(said.contains("watchpost.toml:6:11") && said.contains("is already in use"), "{said}");
}

#[test]
fn a_wrong_configuration_is_refused_with_its_place_and_a_remedy() {
    let installed = Installed::new();
    let refused = |more: &str, words: &[&str]| {
        installed.configure(more);
        for command in ["serve", "check-config"] {
            let output = watchpost(&[command, "--config", &installed.config()]);
            assert_eq!(output.status.code(), Some(78), "{command}: {more}");
            let said = text(&output.stderr);
            for word in words {
                assert!(said.contains(word), "{word:?} in\n{said}");
            }
        }
    };
    refused("[limits]\nidle_tiem = \"10m\"", &["watchpost.toml:18:1", "idle_time"]);
    refused("[limits]\nidle_time = 600", &["watchpost.toml:18:13"]);
    refused("[limits]\nidle_time = \"1m\"", &["watchpost.toml:18:13", "RFC 1939"]);
    fs::set_permissions(installed.dir.path().join("key.pem"), fs::Permissions::from_mode(0o644)).unwrap();
    refused("", &["watchpost.toml:15:7", "chmod"]);
    fs::remove_file(installed.dir.path().join("key.pem")).unwrap();
    refused("", &["watchpost.toml:15:7"]);
}

#[test]
fn no_configuration_says_where_it_was_looked_for() {
    let nowhere = tempfile::tempdir().unwrap();
    let mut command = Command::new(PROGRAM);
    let output = command.args(["--lang", "en", "serve"]).current_dir(nowhere.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(66));
    assert!(text(&output.stderr).contains("watchpost init"), "{}", text(&output.stderr));
}

#[test]
fn help_speaks_both_languages_and_a_wrong_command_line_is_64() {
    let help = |arguments: &[&str]| text(&Command::new(PROGRAM).args(arguments).output().unwrap().stdout);
    assert!(help(&["--lang", "en", "demo", "--help"]).contains("--mail"));
    assert!(help(&["--lang=ja", "demo", "--help"]).contains("メール"));
    let mut japanese = Command::new(PROGRAM);
    let output = japanese.arg("--help").env("LC_ALL", "ja_JP.UTF-8").output().unwrap();
    assert!(text(&output.stdout).contains("サーバー"));
    let wrong = watchpost(&["demo", "--colour"]);
    assert_eq!(wrong.status.code(), Some(64));
    assert!(!help(&["completions", "bash"]).is_empty());
    let pages = tempfile::tempdir().unwrap();
    assert!(watchpost(&["man", "--dir", pages.path().to_str().unwrap()]).status.success());
    assert!(
        pages.path().join("watchpost-user-add.1").exists() && Path::new(&pages.path().join("watchpost.1")).exists()
    );
}
