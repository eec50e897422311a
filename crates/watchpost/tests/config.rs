//! The configuration: what is refused, where, with which remedy; and that what is accepted says the same again.

use std::fs;
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use watchpost::config::{
    COMPLETE_EXAMPLE, Config, ConfigErrors, ConfigKey, Listener, ListenerProtocol, LogFormat, LogLevel, PlaintextLogin,
    Severity, TlsFile, TlsIdentity, reference, template,
};

/// Seventeen lines that load.
const SOUND: &str = r#"domain = "example.org"
data_dir = "."

[[listener]]
protocol = "pop3s"
address = "[::]:995"

[[listener]]
protocol = "pop3"
address = "127.0.0.1:0"
plaintext_login = "loopback"

[tls]
certificate = "cert.pem"
key = "key.pem"

# The rest
"#;

/// A folder with a certificate and its key.
struct Site {
    folder: tempfile::TempDir,
}

impl Site {
    fn new() -> Self {
        let site = Self { folder: tempfile::tempdir().unwrap() };
        let made = rcgen::generate_simple_self_signed(["mail.example.org".to_owned(), "192.0.2.1".to_owned()]).unwrap();
        site.write("cert.pem", &made.cert.pem(), 0o644);
        site.write("key.pem", &made.signing_key.serialize_pem(), 0o600);
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str, mode: u32) {
        fs::write(self.path(name), text).unwrap();
        self.permit(name, mode);
    }

    fn permit(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn config(&self, text: &str) -> Result<Config, ConfigErrors> {
        Config::from_text(text.to_owned(), &self.path("watchpost.toml"))
    }

    fn sound(&self) -> Config {
        self.config(SOUND).unwrap()
    }

    /// The text is refused once, at that place, with that message and that remedy.
    #[track_caller]
    fn refuses(&self, text: &str, place: &str, message: &str, help: &str) {
        let errors = self.config(text).expect_err(message);
        assert_eq!(errors.iter().count(), 1, "{errors}");
        let error = errors.iter().next().unwrap();
        let found = error.place().map_or_else(String::new, |place| format!("{}:{}", place.line, place.column));
        assert_eq!(found, place, "{errors}");
        assert!(error.message().contains(message), "{message:?} in\n{errors}");
        assert!(error.help().contains(help), "{help:?} in\n{errors}");
        let shown = errors.plain();
        assert!(shown.contains(&format!("watchpost.toml:{place}")) && shown.contains("help: "), "{shown}");
    }
}

/// The sound text with one part of it replaced.
#[track_caller]
fn with(from: &str, to: &str) -> String {
    assert!(SOUND.contains(from), "{from:?}");
    SOUND.replace(from, to)
}

#[test]
fn what_is_not_toml_is_refused_where_it_stands() {
    let site = Site::new();
    site.refuses(&with("\"example.org\"", "example.org"), "1:10", "must be quoted", "double quotes");
    site.refuses(&with("data_dir", "domain"), "2:1", "duplicate key", "merge");
    site.refuses(&with("[tls]", "[tls"), "13:5", "unclosed table", "the file is TOML");
    let both = with("\"example.org\"", "example.org").replace("[tls]", "[tls");
    assert_eq!(site.config(&both).unwrap_err().iter().count(), 2, "both are told at once");
}

#[test]
fn an_unknown_key_is_refused_with_the_one_that_was_meant() {
    let site = Site::new();
    site.refuses(&with("domain", "domian"), "1:1", "unknown key `domian`", "did you mean `domain`?");
    site.refuses(&with("certificate", "certificat"), "14:1", "in `tls`", "the keys here are `certificate` and `key`");
    site.refuses(
        &with("plaintext_login", "plaintext-login"),
        "11:1",
        "plaintext-login",
        "did you mean `plaintext_login`?",
    );
    site.refuses(
        &with("# The rest", "idle_time = \"10m\""),
        "17:1",
        "unknown key `idle_time` in `tls`",
        "into [limits]",
    );
    site.refuses(&with("# The rest", "[limitz]"), "17:2", "unknown key `limitz`", "did you mean `limits`?");
    site.refuses(&format!("frobnicate = 1\n{SOUND}"), "1:1", "frobnicate", "`domain`, `data_dir`, `listener`, `tls`");
    let networks = with("\"loopback\"", "{ network = [\"::/0\"] }");
    let errors = site.config(&networks).unwrap_err();
    assert!(errors.plain().contains("did you mean `networks`?"), "{errors}");
}

#[test]
fn a_value_of_the_wrong_type_is_refused_with_an_example() {
    let site = Site::new();
    site.refuses(&with("\"example.org\"", "5"), "1:10", "expected a string", "domain = \"example.org\"");
    site.refuses(&with("\"example.org\"", "{ a = 1 }"), "1:10", "expected a string", "domain = \"example.org\"");
    let limits = |line: &str| with("# The rest", &format!("[limits]\n{line}"));
    site.refuses(&limits("idle_time = 600"), "18:13", "expected a string", "idle_time = \"15m\"");
    site.refuses(&limits("connections = \"many\""), "18:15", "expected i64", "connections = 10000");
    site.refuses(&with("\"loopback\"", "true"), "11:19", "expected \"never\", \"loopback\"", "networks = [");
    site.refuses(&with("# The rest", "[[store]]"), "17:1", "invalid type", "write [store]");
    let two = limits("idle_time = 600\nconnections = \"many\"\nline_octets = 100");
    assert_eq!(site.config(&two).unwrap_err().iter().count(), 3, "types and meanings are told at once");
}

#[test]
fn every_mistake_is_told_at_once_and_in_the_order_of_the_file() {
    let text = "domain = \"-\"\n[[listener]]\nprotocol = \"imap\"\naddress = \"995\"\nx = 1\n[limits]\nline_octets = 1\n[log]\nlevel = \"loud\"\n";
    let errors = Site::new().config(text).unwrap_err();
    let lines: Vec<usize> = errors.iter().filter_map(|error| error.place()).map(|place| place.line).collect();
    assert_eq!(lines, [1, 3, 4, 5, 7, 9], "{errors}");
    let last = errors.iter().last().unwrap();
    assert_eq!((last.place(), last.message()), (None, "`data_dir` is missing"));
}

#[test]
fn the_domain_is_a_domain_name() {
    let site = Site::new();
    assert_eq!(site.config(&with("example.org", "EXAMPLE.Org")).unwrap().domain.as_str(), "example.org");
    let remedy = "what stands behind the @";
    site.refuses(&with("example.org", "alice@example.org"), "1:10", "other characters than letters", remedy);
    site.refuses(&with("example.org", "192.0.2.1"), "1:10", "its last part is a number", remedy);
    site.refuses(&with("example.org", "bücher.example"), "1:10", "no domain name", "xn--");
    let missing = site.config(&with("domain = \"example.org\"\n", "")).unwrap_err();
    assert_eq!(missing.iter().next().unwrap().message(), "`domain` is missing");
    assert!(missing.plain().contains("watchpost.toml: `domain` is missing"), "{missing}");
    assert!(missing.plain().contains("domain = \"example.org\""), "{missing}");
}

#[test]
fn data_dir_is_a_folder_that_exists() {
    let site = Site::new();
    site.write("file", "", 0o600);
    site.refuses(&with("\".\"", "\"absent/data\""), "2:12", "absent/data` does not exist", "install -d -m 700 -o ");
    site.refuses(&with("\".\"", "\"file\""), "2:12", "file` is not a folder", "path of a folder");
    site.refuses(&with("\".\"", "\"\""), "2:12", "it is empty", "write a path");
    site.refuses(&with("\".\"", "\"a\\u0000b\""), "2:12", "control character", "write a path");
    site.refuses(&with("\".\"", "\"{data_dir}\""), "2:12", "within itself", "/var/lib/watchpost");
    fs::create_dir(site.path("{user}")).unwrap();
    site.refuses(&with("\".\"", "\"{user}\""), "2:12", "brace in its name", "braces stand for variables");
    assert_eq!(site.sound().data_dir, site.folder.path(), "no `.` is left");
}

#[test]
fn a_listener_says_what_it_speaks_and_where() {
    let site = Site::new();
    let listeners = site.sound().listeners;
    assert_eq!(listeners[0].protocol, ListenerProtocol::Pop3s);
    assert_eq!(listeners[1].plaintext_login, PlaintextLogin::Loopback);
    site.refuses(&with("\"pop3s\"", "\"POP3S\""), "5:12", "cannot be `POP3S`", "did you mean `pop3s`?");
    site.refuses(&with("protocol = \"pop3s\"\n", ""), "4:1", "`protocol` is missing", "protocol = \"pop3s\"");
    site.refuses(&with("\"[::]:995\"", "\"995\""), "6:11", "`995` is no IP address", "\"[::]:995\"");
    site.refuses(&with("\"[::]:995\"", "\"localhost:1995\""), "6:11", "`localhost:1995`", "\"127.0.0.1:1995\"");
    site.refuses(&with("\"[::]:995\"", "\"*\""), "6:11", "`*` is no IP address", "\"[::]:995\"");
    site.refuses(&with("127.0.0.1:0", "[::]:995"), "10:11", "[::]:995 already", "a port of its own");
    let none = "domain = \"example.org\"\ndata_dir = \".\"\n";
    site.refuses(none, "", "there is no listener", "[[listener]]");
}

#[test]
fn a_port_where_nobody_could_log_in_is_refused() {
    // P-060
    let site = Site::new();
    let without_tls = |protocol: &str| {
        format!(
            "domain = \"example.org\"\ndata_dir = \".\"\n[[listener]]\nprotocol = \"{protocol}\"\naddress = \"[::]:0\"\n"
        )
    };
    site.refuses(&without_tls("pop3s"), "4:12", "pop3s needs a certificate", "[tls]");
    site.refuses(&without_tls("pop3"), "4:12", "nobody could log in here", "plaintext_login = \"loopback\"");
    let allowed = without_tls("pop3") + "plaintext_login = { networks = [\"10.0.0.0/8\"] }\n";
    let config = site.config(&allowed).unwrap();
    assert!(config.tls.is_none());
    let allows = |address: &str| config.listeners[0].plaintext_login.allows(address.parse::<IpAddr>().unwrap());
    assert!(allows("10.9.8.7") && allows("::ffff:10.9.8.7") && !allows("127.0.0.1"));
}

#[test]
fn plaintext_login_is_a_word_or_networks() {
    let site = Site::new();
    let login = |value: &str| with("\"loopback\"", value);
    site.refuses(&login("\"nevre\""), "11:19", "cannot be `nevre`", "did you mean `never`?");
    site.refuses(&login("{ networks = [] }"), "11:19", "no network", "\"never\"");
    site.refuses(&login("{ networks = [\"::/0\", \"10.1.2.3/8\"] }"), "11:42", "bits set behind", "\"10.0.0.0/8\"");
    site.refuses(&login("{ networks = [\"ten\"] }"), "11:34", "`ten` is no network", "\"2001:db8::/32\"");
    let tls_anyway = with("address = \"[::]:995\"", "address = \"[::]:995\"\nplaintext_login = \"never\"");
    site.refuses(&tls_anyway, "7:19", "means nothing for pop3s", "remove the line");
}

#[test]
fn a_certificate_and_its_key_are_read_at_once() {
    let site = Site::new();
    let tls = site.sound().tls.unwrap();
    assert_eq!(tls.names, ["mail.example.org", "192.0.2.1"]);
    assert!(!format!("{tls:?}").contains("PRIVATE"));

    let place = "14:15";
    site.refuses(&with("cert.pem", "absent.pem"), place, "absent.pem`: No such file", "relative paths begin");
    site.refuses(&with("cert.pem", "."), place, "it is not a file", "path of a file");
    site.refuses(&with("cert.pem", "key.pem"), place, "there is no certificate in", "BEGIN CERTIFICATE");
    site.write("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", 0o600);
    site.refuses(&with("cert.pem", "broken.pem"), place, "is damaged", "unchanged as it was issued");
    site.refuses(&with("cert.pem", "{user}.pem"), place, "a variable that is not known here", "{data_dir}");
    site.refuses(&with("certificate = \"cert.pem\"\n", ""), "13:1", "`certificate` is missing", "cert.pem");
    assert!(site.config(&with("cert.pem", "{data_dir}/cert.pem")).is_ok());
}

#[test]
fn a_key_is_for_us_alone_and_fits_its_certificate() {
    let site = Site::new();
    let place = "15:7";
    for mode in [0o604, 0o602, 0o644, 0o601] {
        site.permit("key.pem", mode);
        site.refuses(SOUND, place, &format!("its mode is 0{mode:o}"), "chmod 640 ");
    }
    site.permit("key.pem", 0o640);
    assert!(site.config(SOUND).is_ok());
    let other = Site::new();
    site.write("other.pem", &fs::read_to_string(other.path("key.pem")).unwrap(), 0o600);
    site.refuses(&with("key.pem", "other.pem"), place, "does not fit the certificate", "issued for this key");
    site.write("none.pem", "", 0o600);
    site.refuses(&with("key.pem", "none.pem"), place, "no usable private key", "BEGIN PRIVATE KEY");
    let locked = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    site.write("locked.pem", locked, 0o600);
    site.refuses(&with("key.pem", "locked.pem"), place, "no usable private key", "passphrase");
    let odd = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    site.write("odd.pem", odd, 0o600);
    site.refuses(&with("key.pem", "odd.pem"), place, "is of no use", "ECDSA P-256");
    let both = with("cert.pem", "absent.pem").replace("key.pem", "absent.pem");
    assert_eq!(site.config(&both).unwrap_err().iter().count(), 2, "both files are told at once");
}

#[test]
fn an_expired_certificate_is_a_warning() {
    let site = Site::new();
    let mut wanted = rcgen::CertificateParams::new(["mail.example.org".to_owned()]).unwrap();
    wanted.not_before = rcgen::date_time_ymd(2020, 1, 1);
    wanted.not_after = rcgen::date_time_ymd(2020, 3, 31);
    let key = rcgen::KeyPair::generate().unwrap();
    site.write("cert.pem", &wanted.self_signed(&key).unwrap().pem(), 0o644);
    site.write("key.pem", &key.serialize_pem(), 0o600);
    let config = site.sound();
    let at = |day: &str| SystemTime::try_from(day.parse::<jiff::Timestamp>().unwrap()).unwrap();

    assert!(config.warnings(at("2020-02-01T00:00:00Z")).is_empty());
    for (now, said) in
        [("2020-05-01T00:00:00Z", "expired on 2020-03-31"), ("2019-05-01T00:00:00Z", "only from 2020-01-01")]
    {
        let warnings = config.warnings(at(now));
        let [warning] = warnings.as_slice() else { panic!("one warning") };
        assert_eq!(warning.severity(), Severity::Warning);
        assert_eq!(warning.place().map(|place| place.line), Some(14));
        assert!(warning.plain().starts_with("warning") && warning.message().contains(said), "{}", warning.plain());
        let json: serde_json::Value = serde_json::from_str(&config.to_json(at(now))).unwrap();
        assert_eq!(json["findings"][0]["severity"], "warning");
        assert_eq!(json["effective"]["limits"]["idle_time"], "10m");
    }
}

#[test]
fn a_certificate_is_read_again_when_it_was_replaced() {
    let site = Site::new();
    let old = site.sound().tls.unwrap();
    let other = Site::new();
    fs::copy(other.path("cert.pem"), site.path("cert.pem")).unwrap();
    let half = TlsIdentity::load(&old.certificate, &old.key).unwrap_err();
    assert_eq!(half.file, TlsFile::Key, "only one of the two was replaced: {half}");
    fs::copy(other.path("key.pem"), site.path("key.pem")).unwrap();
    let new = TlsIdentity::load(&old.certificate, &old.key).unwrap();
    assert_ne!(new.certified_key.cert, old.certified_key.cert);
}

#[test]
fn the_accounts_are_in_a_file_that_can_be_made() {
    let site = Site::new();
    let path = |path: &str| with("# The rest", &format!("[directory]\npath = \"{path}\""));
    assert_eq!(site.sound().directory.path, site.path("accounts.sqlite"));
    site.refuses(&path("."), "18:8", "is a folder", "accounts.sqlite");
    site.refuses(&path("absent/accounts"), "18:8", "absent` does not exist", "install -d");
    site.refuses(&path("{home}/accounts"), "18:8", "not known here", "only `{data_dir}`");
    site.refuses(&path("x{data_dir}"), "18:8", "does not begin the path", "nothing can stand before it");
    site.refuses(&with("# The rest", "[directory]\nkind = \"ldap\""), "18:8", "cannot be `ldap`", "`sqlite`");
}

#[test]
fn the_mail_is_where_each_user_has_a_place() {
    let site = Site::new();
    let path = |path: &str| with("# The rest", &format!("[store]\npath = \"{path}\""));
    let base = site.folder.path().display().to_string();
    assert_eq!(site.sound().store.path, format!("{base}/mail/{{user}}/Maildir"));
    assert_eq!(site.config(&path("./mail/{local}")).unwrap().store.path, format!("{base}/mail/{{local}}"));
    assert_eq!(site.config(&path("{home}/Maildir")).unwrap().store.path, "{home}/Maildir");
    site.refuses(&path("mail"), "18:8", "does not tell one user from another", "`{user}`");
    site.refuses(&path("{domain}/mail"), "18:8", "does not tell one user from another", "`{local}`");
    site.refuses(&path("{usr}"), "18:8", "`{usr}` is no variable", "did you mean `{user}`?");
    site.refuses(&path("mail/{user"), "18:8", "has no partner", "as in {user}");
    site.refuses(&path("mail/{home}"), "18:8", "does not begin the path", "nothing can stand before it");
    site.refuses(&path("cert.pem/{user}"), "18:8", "cert.pem` is not a folder", "path of a folder");
    site.refuses(&path("cert.pem/x/{user}"), "18:8", "cert.pem` is not a folder", "path of a folder");
    site.refuses(&with("# The rest", "[store]\nkind = \"mbox\""), "18:8", "cannot be `mbox`", "`maildir`");
}

#[test]
fn a_limit_has_a_default_and_a_range() {
    let site = Site::new();
    let defaults = site.sound().limits;
    assert_eq!((defaults.connections, defaults.connections_per_address, defaults.line_octets), (4096, 64, 255));
    assert_eq!((defaults.idle_time, defaults.login_time), (Duration::from_secs(600), Duration::from_secs(180)));
    assert_eq!((defaults.handshake_time, defaults.shutdown_grace), (Duration::from_secs(30), Duration::from_secs(30)));
    assert_eq!((defaults.bad_commands_before_login, defaults.bad_commands_after_login), (10, 20));
    assert_eq!(defaults.failed_logins, 3);
    assert_eq!(defaults.password_checks, std::thread::available_parallelism().unwrap());
    assert_eq!(defaults.session(), watchpost_proto::pop3::server::Limits::default());

    let limits = |line: &str| with("# The rest", &format!("[limits]\n{line}"));
    for (line, message, help) in [
        ("idle_time = \"599s\"", "cannot be `599s`", "RFC 1939 §3 demands ten minutes"), // P-009
        ("idle_time = \"2d\"", "cannot be `2d`", "\"10m\" to \"24h\""),
        ("line_octets = 254", "line_octets cannot be 254", "RFC 2449 §4 demands 255"), // P-021
        ("connections = 0", "connections cannot be 0", "nobody gets in"),
        ("connections_per_address = -1", "cannot be -1", "1 to 1000000"),
        ("login_time = \"0s\"", "cannot be `0s`", "must not stay"),
        ("handshake_time = \"soon\"", "`soon` is no duration", "\"1h30m\""),
        ("shutdown_grace = \"30\"", "`30` is no duration", "numbers with their units"),
        ("bad_commands_before_login = 0", "cannot be 0", "1 to 10000"),
        ("bad_commands_after_login = 9223372036854775807", "cannot be 9223372036854775807", "1 to 10000"),
        ("failed_logins = 101", "cannot be 101", "guessing"),
        ("password_checks = 1025", "cannot be 1025", "0 is the number of cores"),
    ] {
        let column = line.find("= ").unwrap() + 3;
        site.refuses(&limits(line), &format!("18:{column}"), message, help);
    }
    let config = site.config(&limits("idle_time = \"1h30m\"\nshutdown_grace = \"0s\"\npassword_checks = 7")).unwrap();
    assert_eq!(config.limits.session().idle_time, Duration::from_secs(5400));
    assert_eq!((config.limits.shutdown_grace, config.limits.password_checks.get()), (Duration::ZERO, 7));
}

#[test]
fn the_log_is_for_people_unless_it_says_otherwise() {
    let site = Site::new();
    let log = |lines: &str| with("# The rest", &format!("[log]\n{lines}"));
    assert_eq!((site.sound().log.format, site.sound().log.level), (LogFormat::Text, LogLevel::Info));
    let config = site.config(&log("format = \"json\"\nlevel = \"debug\"")).unwrap();
    assert_eq!((config.log.format, config.log.level), (LogFormat::Json, LogLevel::Debug));
    site.refuses(&log("level = \"warning\""), "18:9", "level cannot be `warning`", "did you mean `warn`?");
    site.refuses(&log("format = \"xml\""), "18:10", "format cannot be `xml`", "`text` and `json`");
}

#[test]
fn a_file_that_cannot_be_read_says_why() {
    let site = Site::new();
    let absent = Config::load(&site.path("watchpost.toml")).unwrap_err();
    assert!(absent.plain().contains("No such file") && absent.plain().contains("watchpost init"), "{absent}");
    fs::write(site.path("watchpost.toml"), b"domain = \"caf\xe9\"\n").unwrap();
    let latin = Config::load(&site.path("watchpost.toml")).unwrap_err();
    assert!(latin.plain().contains("watchpost.toml:1:14") && latin.plain().contains("not UTF-8"), "{latin}");
    fs::write(site.path("watchpost.toml"), "#".repeat((1 << 20) + 1)).unwrap();
    let large = Config::load(&site.path("watchpost.toml")).unwrap_err();
    assert!(large.plain().contains("too large"), "{large}");
    fs::write(site.path("watchpost.toml"), format!("\u{feff}{}", SOUND.replace('\n', "\r\n"))).unwrap();
    assert!(Config::load(&site.path("watchpost.toml")).is_ok(), "as some editors store it");
}

#[test]
fn errors_are_data_for_programs() {
    let errors = Site::new().config(&with("domain", "domian")).unwrap_err();
    let json: serde_json::Value = serde_json::from_str(&errors.to_json()).unwrap();
    assert_eq!(json["valid"], false);
    let finding = &json["findings"][0];
    assert_eq!((&finding["line"], &finding["column"]), (&1.into(), &1.into()));
    assert_eq!(finding["message"], "unknown key `domian`");
    assert!(finding["help"].as_str().unwrap().starts_with("did you mean `domain`?"));
    assert!(finding["file"].as_str().unwrap().ends_with("watchpost.toml"));
}

#[test]
fn what_only_shows_in_use_is_told_at_its_place() {
    let config = Site::new().sound();
    let taken = config.refuse(ConfigKey::ListenerAddress(1), "the port is taken", "stop the other program");
    assert!(taken.plain().contains("watchpost.toml:10:11") && taken.plain().contains("stop the other"), "{taken}");
    // A default stands nowhere: the file as a whole is meant.
    assert_eq!(config.refuse(ConfigKey::StorePath, "no room", "make some").place(), None);
}

#[test]
fn control_characters_of_the_file_come_out_escaped() {
    let site = Site::new();
    let text = with("\"pop3s\"", "\"\\u001b[2J\u{202e}\u{85}\" # \u{9b}2J");
    let errors = site.config(&text).unwrap_err();
    for shown in [errors.plain(), errors.to_json()] {
        assert!(!shown.contains(['\u{1b}', '\u{85}', '\u{9b}', '\u{202e}']), "{shown:?}");
    }
}

#[test]
fn the_effective_file_says_the_same_again() {
    let site = Site::new();
    let more = "[limits]\nidle_time = \"1h30m\"\nhandshake_time = \"1500ms\"\n[log]\nformat = \"json\"\n";
    let text = with("\"loopback\"", "{ networks = [\"10.0.0.0/8\", \"fe80::1\"] }") + more;
    let config = site.config(&text).unwrap();
    let effective = config.effective();
    let again = Config::from_text(effective.clone(), Path::new("/elsewhere/watchpost.toml")).unwrap();
    assert_eq!(again.effective(), effective);
    assert_eq!(config.restart_only_changes(&again), Vec::<String>::new());
    assert_eq!((&config.listeners, &config.limits), (&again.listeners, &again.limits));
    assert!(effective.contains("failed_logins = 3\n"), "defaults are spelled out:\n{effective}");
    assert!(!effective.contains("BEGIN"), "no key is shown:\n{effective}");
}

#[test]
fn a_reload_names_what_needs_a_restart() {
    let site = Site::new();
    let old = site.sound();
    let changes = |text: &str| old.restart_only_changes(&site.config(text).unwrap());
    assert_eq!(changes(&with("# The rest", "[limits]\nidle_time = \"20m\"\nfailed_logins = 1")), Vec::<String>::new());
    assert_eq!(changes(&with("127.0.0.1:0", "127.0.0.2:0")), ["listener[1].address"]);
    assert_eq!(changes(&with("\"loopback\"", "\"never\"")), ["listener[1].plaintext_login"]);
    assert_eq!(changes(&with("\"pop3s\"", "\"pop3\"")), ["listener[0].protocol"]);
    assert_eq!(
        changes(&with("# The rest", "[[listener]]\nprotocol = \"pop3\"\naddress = \"[::]:0\"")),
        ["listener[2]"]
    );
    let many =
        with("example.org", "example.net").replace("# The rest", "[limits]\nconnections = 9\n[log]\nlevel = \"warn\"");
    assert_eq!(changes(&many), ["domain", "limits.connections", "log.level"]);
    let moved = "[directory]\npath = \"other.sqlite\"\n[store]\npath = \"{home}/Maildir\"";
    assert_eq!(changes(&with("# The rest", moved)), ["directory.path", "store.path"]);
    fs::create_dir(site.path("data")).unwrap();
    assert_eq!(changes(&with("\".\"", "\"data\"")), ["data_dir", "directory.path", "store.path"]);
}

#[test]
fn the_template_loads() {
    let site = Site::new();
    let loopback = Listener {
        protocol: ListenerProtocol::Pop3,
        address: "127.0.0.1:1110".parse().unwrap(),
        plaintext_login: PlaintextLogin::Loopback,
    };
    for listeners in [Listener::usual().to_vec(), vec![loopback]] {
        let text = template("example.net", Path::new("."), &listeners);
        let config = site.config(&text).unwrap();
        assert_eq!(config.domain.as_str(), "example.net");
        assert_eq!(config.listeners, listeners);
        let everything: String = text.lines().map(|line| format!("{}\n", uncommented(line))).collect();
        let config = site.config(&everything).unwrap();
        assert_eq!(config.effective(), site.config(&text).unwrap().effective(), "what is commented out is the default");
    }
    let odd = site.path("a \"quoted\" ünd \\folder");
    fs::create_dir(&odd).unwrap();
    assert_eq!(site.config(&template("example.net", &odd, &Listener::usual())).unwrap().data_dir, odd);
}

/// The line without the mark in front of what could be written there.
fn uncommented(line: &str) -> &str {
    let bare = line.strip_prefix("# ").unwrap_or(line);
    let name = bare.split(' ').next().unwrap_or_default();
    let is_key = bare[name.len()..].starts_with(" = ");
    if is_key || bare.starts_with('[') { bare } else { line }
}

#[test]
fn the_complete_example_has_every_key_and_its_defaults() {
    let site = Site::new();
    let text = COMPLETE_EXAMPLE.replace("/var/lib/watchpost", site.folder.path().to_str().unwrap());
    let config = site.config(&text).unwrap();
    let sound = site.sound();
    assert_eq!((&config.limits, config.log), (&sound.limits, sound.log));
    assert_eq!((&config.store, &config.directory), (&sound.store, &sound.directory));
    let page = reference();
    let keys: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`')).collect();
    assert!(keys.len() > 20, "the keys are gone");
    for key in keys {
        let written = |line: &str| line.split('=').next().is_some_and(|name| name.trim() == key);
        assert!(COMPLETE_EXAMPLE.lines().any(written), "{key} is not in the example");
    }
    for line in page.lines().filter_map(|line| line.strip_prefix("- Example: `")?.strip_suffix('`')) {
        toml::from_str::<toml::Table>(line).expect(line);
    }
}

#[test]
fn the_reference_page_is_the_one_in_the_manual() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/config.md");
    if std::env::var_os("WATCHPOST_BLESS").is_some() {
        fs::write(&path, reference()).unwrap();
    }
    let page = fs::read_to_string(&path).unwrap_or_default();
    assert!(page == reference(), "docs/config.md is old: run this test with WATCHPOST_BLESS=1");
}

/// Runs the body as a user who is nobody: root may do everything, and would see no refusal.
fn as_nobody(test: &str, body: impl FnOnce()) {
    const NOBODY: u32 = 65534;
    if !rustix::process::geteuid().is_root() {
        return body();
    }
    // The test program may lie where nobody can reach it.
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = folder.path().join("test");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new(&program);
    command.args(["--exact", test, "--nocapture"]).current_dir("/").gid(NOBODY).uid(NOBODY);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_folder_we_cannot_use_is_refused_with_uid_and_mode() {
    as_nobody("a_folder_we_cannot_use_is_refused_with_uid_and_mode", || {
        let site = Site::new();
        let uid = rustix::process::geteuid().as_raw();
        for folder in ["data", "mail", "closed", "closed/inner"] {
            fs::create_dir(site.path(folder)).unwrap();
        }
        site.permit("data", 0o555);
        let who = format!("we (uid {uid}) cannot read, write and search");
        let data = with("\".\"", "\"data\"");
        site.refuses(&data, "2:12", &who, "chmod u+rwx");
        site.refuses(&data, "2:12", &format!("belongs to uid {uid} and has mode 0555"), "chmod u+rwx");

        let path = |path: &str| with("# The rest", &format!("[store]\npath = \"{path}\""));
        for mode in [0o500, 0o600, 0o300] {
            site.permit("mail", mode);
            site.refuses(&path("mail/{user}/Maildir"), "18:8", &format!("has mode 0{mode:o}"), "chmod u+rwx");
        }
        site.permit("mail", 0o500);
        site.refuses(&path("mail/new/deep/{user}"), "18:8", "cannot be made: we (uid", "install -d -m 700 -o");
        site.permit("mail", 0o700);
        assert!(site.config(&path("mail/new/deep/{user}")).is_ok());

        site.permit("closed", 0o000);
        site.refuses(&path("closed/inner/{user}"), "18:8", "cannot reach", "search every folder above");
        site.refuses(&with("\".\"", "\"closed/inner\""), "2:12", "cannot reach", "search every folder above");
        // What belongs to root is not ours to write into.
        site.refuses(&path("/etc/{user}"), "18:8", "`/etc`: it belongs to uid 0", &format!("chown {uid} /etc"));
        site.permit("closed", 0o700);
    });
}

#[test]
fn a_file_we_cannot_read_is_refused_with_uid() {
    as_nobody("a_file_we_cannot_read_is_refused_with_uid", || {
        let site = Site::new();
        let uid = rustix::process::geteuid().as_raw();
        site.permit("key.pem", 0o000);
        site.refuses(SOUND, "15:7", "Permission denied", &format!("let uid {uid} read it"));
        site.permit("key.pem", 0o600);
        site.permit("cert.pem", 0o000);
        site.refuses(SOUND, "14:15", "Permission denied", "it belongs to uid");
        site.write("watchpost.toml", SOUND, 0o000);
        let closed = Config::load(&site.path("watchpost.toml")).unwrap_err();
        assert!(closed.plain().contains(&format!("we (uid {uid}) cannot read it: Permission denied")), "{closed}");
    });
}

/// A text near a configuration: pieces of it cut, doubled, and mixed with others.
fn near_toml() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => (0..SOUND.len(), 0..60_usize).prop_map(|(start, length)| {
            SOUND.chars().skip(start).take(length).collect::<String>()
        }),
        4 => prop::sample::select(COMPLETE_EXAMPLE.lines().map(|line| format!("{line}\n")).collect::<Vec<_>>()),
        2 => prop::sample::select(vec![
            "\"", "'", "\"\"\"", "[", "]", "{", "}", "=", ".", ",", "\n", "\r\n", "\r", "\t", "#", "\u{feff}", "\0", "\u{1b}",
            "{user}", "{data_dir}", "9999999999999999999", "-1", "nan", "1979-05-27", "[limits]\n", "idle_time", "ü", "か",
            "\u{e0001}", "\u{202e}", "\\u0000", "[[listener]]\n", "[listener]\n", "[[tls]]\n", "tls.key = 1\n", "{ a = [ {} ] }",
        ]).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Whatever the text is: a configuration, or errors at places that exist, shown there.
fn is_config_or_errors(site: &Site, text: &str) {
    match site.config(text) {
        Ok(config) => {
            let effective = config.effective();
            let again = site.config(&effective).expect("the effective file loads");
            assert_eq!(again.effective(), effective);
        }
        Err(errors) => {
            assert!(errors.iter().count() > 0);
            for error in &errors {
                assert!(!error.help().is_empty() && !error.message().is_empty());
                let shown = error.plain();
                assert!(shown.chars().all(|character| character == '\n' || !character.is_control()), "{shown:?}");
                let (Some(place), Some(span)) = (error.place(), error.span()) else { continue };
                assert!(span.start <= span.end && text.get(span).is_some(), "{error}");
                let line = text.split('\n').nth(place.line - 1).expect("the line exists");
                assert!((1..=line.chars().count() + 1).contains(&place.column), "{error}");
                let shown_place = format!("watchpost.toml:{}:{}", place.line, place.column);
                assert!(shown.contains(&shown_place), "{shown_place} in\n{shown}");
            }
            serde_json::from_str::<serde_json::Value>(&errors.to_json()).expect("JSON");
        }
    }
}

#[test]
fn any_text_gives_a_configuration_or_errors_within_it() {
    let site = Site::new();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 2000,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let texts =
        prop_oneof![3 => near_toml(), 2 => near_toml().prop_map(|text| format!("{SOUND}{text}")), 1 => any::<String>()];
    let law = |text: String| {
        is_config_or_errors(&site, &text);
        Ok(())
    };
    runner.run(&texts, law).unwrap();
}
