//! Every published attack, octet by octet, and what looks like one and is none.

mod simulator;

use simulator::{Doing, World, ip, settings, visit};
use watchpost_observatory::signatures::SIGNATURES;
use watchpost_observatory::{FactName, RuleId, Severity, Value};

fn filled(begin: &str, fill: &str, times: usize) -> Vec<u8> {
    format!("{begin}{}\r\n", fill.repeat(times)).into_bytes()
}

fn examples() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("CVE-2003-0264", filled("PASS ", "A", 2_606)),
        ("CVE-2003-0264", filled("PASS ", "A", 4_654)),
        ("CVE-1999-0006", filled("PASS ", "\u{90}", 400)),
        ("CVE-2006-4364", filled("USER ", "@", 120)),
        ("CVE-2006-2502", filled("USER user.", "x", 300)),
        ("NetcPlus SmartServer3 USER overflow", filled("USER ", "b", 820)),
        ("CVE-2001-1046", filled("USER ", "b", 300)),
        ("CVE-1999-0822", filled("AUTH ", "C", 300)),
        ("CVE-2003-0143", filled("MDEF ", "x()", 4)),
        ("CVE-2004-2375", filled("APOP user ", "d", 300)),
        ("Snort 1:1938 / 1:2110", filled("XTND ", "e", 300)),
        ("Snort 1:1938 / 1:2110", filled("STAT ", "e", 300)),
        ("CVE-2002-1539", b"UIDL -1\r\n".to_vec()),
        ("CVE-2002-1539", b"DELE -1\r\n".to_vec()),
        ("BID 10976", b"USER %n%n%n%n\r\n".to_vec()),
        ("CVE-2017-2669", b"USER %{a}\r\n".to_vec()),
        ("CVE-2020-12674", b"AUTH RPA =\r\n".to_vec()),
        ("POP3.Invalid.Message.Number", b"RETR 4294967297\r\n".to_vec()),
        ("PROXY / XCLIENT", b"PROXY TCP4 127.0.0.1 127.0.0.1 1 110\r\n".to_vec()),
        ("PROXY / XCLIENT", b"XCLIENT ADDR=127.0.0.1\r\n".to_vec()),
    ]
}

fn world_that_hears(line: &[u8]) -> World {
    let mut world = World::new(settings());
    world.make(&visit(0.0, ip(203, 0, 113, 9), Doing::Says(vec![line.to_vec()])));
    world
}

/// S-062.
#[test]
fn every_published_attack_is_known_by_its_octets() {
    let examples = examples();
    for signature in SIGNATURES {
        assert!(examples.iter().any(|(name, _)| *name == signature.name), "{} has an example", signature.name);
        assert!(!signature.target.is_empty() && !signature.source.is_empty());
    }
    for (name, line) in examples {
        let world = world_that_hears(&line);
        let verdict = world.report.last(RuleId::X1).unwrap_or_else(|| panic!("{name}"));
        let exploit = verdict.reason.iter().find(|fact| fact.name == FactName::Exploit).map(|fact| &fact.value);
        assert_eq!(exploit, Some(&Value::Name(name.to_owned())), "{:?}", String::from_utf8_lossy(&line));
        let spoofs = name.starts_with("PROXY");
        assert_eq!(world.report.bans.is_empty(), spoofs, "{name}");
        assert!(spoofs || verdict.severity == Severity::High);
        if let Some((_, ban)) = world.report.bans.first() {
            assert_eq!(ban.until - ban.since, 86_400, "an attack is banned for a day");
        }
    }
}

/// S-062: octets that are an attack without a name, and lines that are only strange.
#[test]
fn what_no_honest_client_sends_is_seen_by_how_bad_it_is() {
    for line in
        [b"USER a\0b\r\n".to_vec(), filled("NOOP ", "z", 600), [b"NOOP ", [0x90; 20].as_slice(), b"\r\n"].concat()]
    {
        let world = world_that_hears(&line);
        assert_eq!(world.report.last(RuleId::X1).map(|verdict| verdict.severity), Some(Severity::High));
        assert_eq!(world.report.bans.len(), 1);
    }
    for line in
        [&b"USER a\x07b\r\n"[..], b"LIST 0\r\n", b"USER ../../etc/passwd\r\n", b"USER a`id`\r\n", b"NOOP %s%s\r\n"]
    {
        let world = world_that_hears(line);
        assert_eq!(world.report.last(RuleId::X1).map(|verdict| verdict.severity), Some(Severity::Low), "{line:?}");
        assert!(world.report.bans.is_empty());
    }
}

#[test]
fn a_strange_line_again_weighs_nothing_more() {
    let mut world = World::new(settings());
    for number in 0..100 {
        world.make(&visit(f64::from(number), ip(203, 0, 113, 9), Doing::Says(vec![b"LIST 0\r\n".to_vec()])));
    }
    assert!(world.report.bans.is_empty());
}
