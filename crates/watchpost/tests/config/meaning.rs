//! What a configuration says, said again: the effective file, the template, the reference page, a reload.

use std::fs;
use std::path::Path;

use watchpost::config::{COMPLETE_EXAMPLE, Config, Listener, ListenerProtocol, PlaintextLogin, reference, template};
use watchpost_observatory::RuleId;

use crate::site::{Site, with};

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
    let many = with("example.org", "example.net")
        .replace("# The rest", "[limits]\nconnections = 9\npassword_checks = 99\n[log]\nlevel = \"warn\"");
    assert_eq!(changes(&many), ["domain", "limits.password_checks", "log.level"]);
    let moved = "[directory]\npath = \"other.sqlite\"\n[store]\npath = \"{home}/Maildir\"";
    assert_eq!(changes(&with("# The rest", moved)), ["directory.path", "store.path"]);
    site.write("passwd", "", 0o600);
    let elsewhere = "[directory]\nkind = \"passwd-file\"\npath = \"passwd\"";
    assert_eq!(changes(&with("# The rest", elsewhere)), ["directory.kind", "directory.path"]);
    fs::create_dir(site.path("data")).unwrap();
    let moved = ["journal", "geoip", "lists"].map(|key| format!("observatory.{key}"));
    let held = ["data_dir", "directory.path", "store.path"].map(str::to_owned);
    assert_eq!(changes(&with("\".\"", "\"data\"")), [&held[..], &moved].concat());
    let watched = "[observatory]\nretention = \"90d\"\nanswers = \"observe\"";
    assert_eq!(changes(&with("# The rest", watched)), ["observatory.retention", "observatory.answers"]);
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
        let everything = text.lines().map(uncommented).collect::<Vec<_>>().join("\n");
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

#[test]
fn the_numbers_of_the_rules_are_taken_shown_and_named_when_they_change() {
    let site = Site::new();
    let numbers = "[observatory]\ngate = \"enforce\"\noff = [\"T1\", \"w1\", \"T1\"]\n\
        [observatory.rules.B1]\nshare = 20\n[observatory.rules.H2]\nshare = 0.85\noctets = 1000000000\n\
        [observatory.rules.F1]\nsilent_time = \"45s\"\n[observatory.ladder]\nban_first = \"30m\"\ntarpit = 15.0\n";
    let config = site.config(&with("# The rest", numbers)).unwrap();
    let settings = &config.observatory.settings;
    assert_eq!(
        (settings.rules.b1.share, settings.rules.h2.share, settings.rules.h2.octets),
        (20.0, 0.85, 1_000_000_000)
    );
    assert_eq!((settings.rules.f1.silent_time, settings.ladder.ban_first), (45, 1800));
    assert_eq!(settings.off, [RuleId::T1, RuleId::W1]);
    let effective = config.effective();
    for line in [
        "gate = \"enforce\"\noff = [\"T1\", \"W1\"]\n",
        "[observatory.rules.B1]\nshare = 20\n",
        "[observatory.rules.H2]\nshare = 0.85\noctets = 1000000000\n",
        "[observatory.rules.F1]\nsilent_time = \"45s\"\n",
        "[observatory.ladder]\nban_first = \"30m\"\n\n",
    ] {
        assert!(effective.contains(line), "{line}\nin\n{effective}");
    }
    assert!(!effective.contains("tarpit"), "a default is no change:\n{effective}");
    let again = site.config(&effective).unwrap();
    assert_eq!((again.effective(), &again.observatory.settings), (effective, settings));
    let changes = site.sound().restart_only_changes(&config);
    let expected = ["gate", "off", "rules.B1.share", "rules.F1.silent_time", "rules.H2.share", "rules.H2.octets"];
    let expected: Vec<String> = expected.iter().map(|key| format!("observatory.{key}")).collect();
    assert_eq!(changes, [expected, vec!["observatory.ladder.ban_first".to_owned()]].concat());
}

#[test]
fn tables_that_are_larger_than_usual_are_a_warning_at_their_place() {
    let site = Site::new();
    let now = std::time::SystemTime::UNIX_EPOCH;
    let memory = |text: &str| {
        let warnings = site.config(text).unwrap().warnings(now);
        warnings.into_iter().find(|warning| warning.message().contains("memory"))
    };
    assert!(memory(&with("# The rest", "[observatory.capacity]\nsources = 4096")).is_none());
    let warning = memory(&with("# The rest", "[observatory.capacity]\nsources = 1000000")).unwrap();
    assert!(warning.message().contains("usual are 32 MiB"), "{}", warning.plain());
    assert_eq!(warning.place().map(|place| place.line), Some(17), "{}", warning.plain());
}
