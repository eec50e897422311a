//! What is refused, key by key.

use std::fs;
use std::net::IpAddr;
use std::time::Duration;

use watchpost::config::{ConfigError, ListenerProtocol, LogFormat, LogLevel, PlaintextLogin};

use crate::site::{SOUND, Site, with};

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
    let lines: Vec<usize> = errors.iter().filter_map(ConfigError::place).map(|place| place.line).collect();
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
    site.refuses(&login("{ networks = [\"::/0\", \"10.1.2.3/8\"] }"), "11:41", "bits set behind", "\"10.0.0.0/8\"");
    site.refuses(&login("{ networks = [\"ten\"] }"), "11:33", "`ten` is no network", "\"2001:db8::/32\"");
    let tls_anyway = with("address = \"[::]:995\"", "address = \"[::]:995\"\nplaintext_login = \"never\"");
    site.refuses(&tls_anyway, "7:19", "means nothing for pop3s", "remove the line");
}

#[test]
fn the_accounts_are_in_a_file_that_can_be_made() {
    let site = Site::new();
    let path = |path: &str| with("# The rest", &format!("[directory]\npath = \"{path}\""));
    assert_eq!(site.sound().directory.path, site.path("accounts.sqlite"));
    site.refuses(&path("."), "18:8", "is a folder", "accounts.sqlite");
    site.refuses(&path("absent/accounts"), "18:8", "absent` does not exist", "install -d");
    site.refuses(&path("{home}/accounts"), "18:8", "not known here", "only `{data_dir}`");
    site.refuses(&path("{data_dir}x"), "18:8", "a slash is missing", "{data_dir}/");
    site.refuses(&path("x{data_dir}"), "18:8", "does not begin the path", "nothing can stand before it");
    site.refuses(&with("# The rest", "[directory]\nkind = \"ldap\""), "18:8", "cannot be `ldap`", "`sqlite`");
    let other = |lines: &str| with("# The rest", &format!("[directory]\nkind = \"passwd-file\"\n{lines}"));
    site.refuses(&other(""), "17:1", "`path` is missing", "/etc/dovecot/users");
    site.refuses(&other("path = \".\""), "19:8", "is a folder", "/etc/dovecot/users");
    site.refuses(&other("path = \"absent\""), "19:8", "cannot read", "a file that exists");
    site.refuses(&other("path = \"{home}/passwd\""), "19:8", "not known here", "only `{data_dir}`");
    site.write("passwd", "alice:{PLAIN}x\n", 0o600);
    let directory = site.config(&other("path = \"passwd\"")).unwrap().directory;
    assert_eq!((directory.kind, directory.path), (watchpost::config::DirectoryKind::PasswdFile, site.path("passwd")));
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
    assert_eq!((defaults.idle_time, defaults.login_time), (Duration::from_mins(10), Duration::from_mins(3)));
    assert_eq!((defaults.handshake_time, defaults.shutdown_grace), (Duration::from_secs(30), Duration::from_secs(30)));
    assert_eq!((defaults.bad_commands_before_login, defaults.bad_commands_after_login), (10, 20));
    assert_eq!((defaults.failed_logins, defaults.failed_login_delay), (3, Duration::from_secs(2)));
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
        ("failed_login_delay = \"11s\"", "cannot be `11s`", "clients give up"),
        ("failed_login_delay = \"long\"", "`long` is no duration", "numbers with their units"),
        ("password_checks = 1025", "cannot be 1025", "0 is the number of cores"),
    ] {
        let column = line.find("= ").unwrap() + 3;
        site.refuses(&limits(line), &format!("18:{column}"), message, help);
    }
    let config = site.config(&limits("idle_time = \"1h30m\"\nshutdown_grace = \"0s\"\npassword_checks = 7")).unwrap();
    assert_eq!(config.limits.session().idle_time, Duration::from_mins(90));
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
fn a_mistake_in_the_observatory_is_shown_at_its_place() {
    let site = Site::new();
    for (line, message, help) in [
        ("retention = \"500d\"", "retention cannot be", "1d"),
        ("journal_max = \"2GB\"", "journal_max cannot be", "\"16MiB\" to \"1TiB\""),
        ("answers = \"enforced\"", "answers cannot be", "did you mean `enforce`?"),
        ("allow = [\"10.0.0.1/8\"]", "is no network", "10.0.0.0/8"),
        ("geoip = \"nowhere\"", "is no folder", "leave the key out"),
        ("journal = \"{data_dir}\"", "is a folder", "journal.sqlite"),
    ] {
        let place = format!("18:{}", line.find('=').unwrap() + 3);
        site.refuses(&with("# The rest", &format!("[observatory]\n{line}")), &place, message, help);
    }
    let unknown = with("# The rest", "[observatory]\njournl = \"x\"");
    site.refuses(&unknown, "18:1", "unknown key `journl`", "did you mean `journal`?");
}

#[test]
fn a_number_of_the_rules_has_its_bounds_and_its_place() {
    let site = Site::new();
    let numbers = |table: &str, line: &str| with("# The rest", &format!("[observatory.{table}]\n{line}"));
    for (table, line, message, help) in [
        ("rules.B1", "share = 0", "share cannot be `0`", "write a number from 1 to 10000. The account's share"),
        ("rules.B1", "share = \"ten\"", "share cannot be `ten`", "write a number from"),
        ("rules.B1", "share = nan", "share cannot be `nan`", "write a number from"),
        ("rules.P1", "accounts = 32", "accounts cannot be `32`", "write a whole number from 2 to 16"),
        ("rules.B2", "nets = 2.5", "nets cannot be `2.5`", "write a whole number from 1 to 64"),
        ("rules.F1", "silent_time = 30", "silent_time cannot be `30`", "from \"1s\" to \"1h\""),
        ("rules.H4", "age = \"1500ms\"", "age cannot be `1500ms`", "a duration in whole seconds"),
        ("weights", "exploit = -1", "exploit cannot be `-1`", "0 to 1000"),
        ("capacity", "sources = 1", "sources cannot be `1`", "64 to 1000000"),
        ("ladder", "throttle = 5", "throttle (5) is less than tarpit (15)", "must ascend"),
        ("ladder", "ban_first = \"30d\"", "ban_longest is shorter", "ban_first up to ban_longest"),
    ] {
        let place = format!("18:{}", line.find('=').unwrap() + 3);
        let place = if message.starts_with("ban_longest") { "17:1".to_owned() } else { place };
        site.refuses(&numbers(table, line), &place, message, help);
    }
    site.refuses(&numbers("rules.B1", "shares = 5"), "18:1", "unknown key `shares`", "did you mean `share`?");
    site.refuses(&numbers("rules.b1", "share = 5"), "17:20", "unknown key `b1`", "did you mean `B1`?");
    site.refuses(&numbers("rules.X1", "lines = 5"), "17:20", "unknown key `X1`", "the keys here are `A1`");
    site.refuses(&numbers("weight", "ntlm = 5"), "17:14", "unknown key `weight`", "did you mean `weights`?");
    let misplaced = with("# The rest", "[observatory]\nban_fast = 50");
    site.refuses(&misplaced, "18:1", "unknown key `ban_fast`", "belongs into [observatory.ladder]");
    let off = |line: &str| with("# The rest", &format!("[observatory]\n{line}"));
    site.refuses(&off("off = [\"T1\", \"B9\"]"), "18:14", "there is no rule `B9`", "what it can be: `W1`");
    site.refuses(&off("gate = \"on\""), "18:8", "gate cannot be `on`", "`observe` and `enforce`");
}

#[test]
fn captures_that_cannot_be_are_refused_where_they_are_written() {
    let site = Site::new();
    let capture = |lines: &str| with("# The rest", &format!("[capture]\n{lines}"));
    site.refuses(&capture("mode = \"ful\""), "18:8", "mode cannot be `ful`", "did you mean `full`?");
    site.refuses(&capture("session_max = \"64\""), "18:15", "session_max cannot be `64`", "\"4KiB\" to \"256MiB\"");
    site.refuses(&capture("session_max = \"32MiB\""), "18:15", "do not fit into memory_max", "\"64MiB\" or more");
    site.refuses(&capture("memory_max = \"1GB\""), "18:14", "memory_max cannot be `1GB`", "with its unit");
    site.refuses(&capture("retention = \"1y\""), "18:13", "retention cannot be `1y`", "\"1h\" to \"90d\"");
    site.refuses(&capture("include_authenticated = \"yes\""), "18:25", "expected a boolean", "= true");
    site.refuses(&capture("recipient = \"age1nobody\""), "18:13", "is no age public key", "`age-keygen`");
    let nothing = with("# The rest", "[observatory]\nrecord = \"nothing\"\n[capture]\nmode = \"redacted\"");
    site.refuses(&nothing, "20:8", "sessions that are not written down", "record = \"sessions\"");
    let secret = "AGE-SECRET-KEY-1QQPQYX6Z";
    let errors = site.config(&capture(&format!("recipient = \"{secret}\""))).unwrap_err();
    assert!(errors.plain().contains("the secret half of a key") && !errors.plain().contains("QQPQYX6Z"), "{errors}");
}
