//! Who visits the recordings of the rules. Each does what programs of its kind do, and no more than the rule needs.

use std::net::Ipv4Addr;
use std::time::Duration;

use watchpost_observatory::RuleId;
use watchpost_proto::pop3::server::ClearLogin::{Allowed, Refused};

use super::letters;
use super::shaking::Shake;
use super::stage::{Letter, Stage};
use super::visit::Visit;

/// Where owners are at home, and a stranger (RFC 5737).
const HOME: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 7);
const STRANGER: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 9);
const TOR: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 66);

const MINUTE: Duration = Duration::from_mins(1);

/// What people use and programs try. None opens a recording's maildrop.
const COMMON: [&str; 9] =
    ["123456", "password", "qwerty", "letmein", "dragon", "monkey", "sunshine", "iloveyou", "welcome1"];
const STAFF: [&str; 9] = ["anna", "ben", "carla", "david", "emma", "felix", "greta", "hugo", "ida"];
/// Pairs as they stand in lists of stolen accounts.
const STOLEN: [(&str, &str); 9] = [
    ("lena@example.com", "Sommer2019!"),
    ("m.huber@example.net", "fussball11"),
    ("tanaka@example.com", "sakura88"),
    ("olivier@example.net", "azerty2020"),
    ("j.smith@example.com", "Liverpool1"),
    ("nina@example.org", "katze123"),
    ("paulo@example.com", "flamengo10"),
    ("sofia@example.net", "juventus7"),
    ("kim@example.com", "pokemon25"),
];

/// The recording in which a rule fires.
pub(super) fn scene(rule: RuleId) -> (Vec<Letter>, fn(&mut Stage)) {
    match rule {
        RuleId::H2 => (letters::many(60), harvest),
        RuleId::H3 => (letters::many(60), reads_headers),
        RuleId::H4 => (letters::with_codes(), hunts_codes),
        RuleId::H5 => (letters::many(25), empties),
        rule => (letters::two(), before_mail(rule)),
    }
}

fn before_mail(rule: RuleId) -> fn(&mut Stage) {
    match rule {
        RuleId::W1 => looks_at_the_greeting,
        RuleId::W2 => surveys,
        RuleId::W3 => speaks_otherwise,
        RuleId::N1 => asks_for_ntlm,
        RuleId::A1 => tries_mechanisms,
        RuleId::E1 => walks_names,
        RuleId::DC => tries_defaults,
        RuleId::B1 => guesses,
        RuleId::B2 => besiege,
        RuleId::B3 => guesses_slowly,
        RuleId::P1 => sprays,
        RuleId::C1 => stuffs,
        RuleId::D1 => botnet,
        RuleId::S1 => injects,
        RuleId::S2 => strips,
        RuleId::X1 => exploits,
        RuleId::F1 => wears_out,
        RuleId::T1 => comes_by_tor,
        RuleId::M1 => monitors,
        RuleId::M2 => keeps_an_old_password,
        RuleId::O1 => has_an_old_password,
        RuleId::H1 | RuleId::H2 | RuleId::H3 | RuleId::H4 | RuleId::H5 => comes_in_after_guessing,
    }
}

/// The owner reads mail at home, so that the rules know where that is.
fn at_home(stage: &mut Stage, name: &str, password: &str) {
    let mut visit = Visit::pop3s(stage, HOME, Shake::Mailer);
    visit.log_in(name, password);
    visit.say("STAT");
    visit.quit();
    stage.wait(MINUTE * 60 * 24);
}

fn looks_at_the_greeting(stage: &mut Stage) {
    Visit::pop3(stage, STRANGER, Refused).at_pace(300).hang_up();
}

fn surveys(stage: &mut Stage) {
    let mut visit = Visit::pop3(stage, STRANGER, Refused);
    visit.say("HELP");
    visit.say("NOOP");
    visit.quit();
}

fn speaks_otherwise(stage: &mut Stage) {
    let says: [&[u8]; 3] = [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"EHLO scanner.example.net\r\n",
        b"GET /login.php HTTP/1.1\r\nHost: 192.0.2.1\r\n\r\n",
    ];
    for octets in says {
        let mut visit = Visit::pop3(stage, STRANGER, Refused);
        visit.send(octets);
        visit.hang_up();
        stage.wait(Duration::from_secs(3));
    }
}

fn asks_for_ntlm(stage: &mut Stage) {
    let mut visit = Visit::pop3(stage, STRANGER, Allowed);
    visit.say("AUTH NTLM");
    visit.say("TlRMTVNTUAABAAAAB4IIogAAAAAAAAAAAAAAAAAAAAAGAbEdAAAADw==");
    visit.hang_up();
}

fn tries_mechanisms(stage: &mut Stage) {
    let mut visit = Visit::pop3s(stage, STRANGER, Shake::Nameless);
    for mechanism in ["CRAM-MD5", "DIGEST-MD5", "GSSAPI", "KERBEROS_V4"] {
        visit.say(&format!("AUTH {mechanism}"));
    }
    visit.hang_up();
}

fn walks_names(stage: &mut Stage) {
    for name in &STAFF[..6] {
        let mut visit = Visit::pop3s(stage, STRANGER, Shake::Nameless);
        visit.say(&format!("USER {name}"));
        visit.quit();
        stage.wait(Duration::from_secs(2));
    }
}

fn tries_defaults(stage: &mut Stage) {
    let mut visit = Visit::pop3s(stage, STRANGER, Shake::Nameless);
    visit.log_in("admin", "admin");
    visit.log_in("scan", "scan");
    visit.hang_up();
}

/// Three on each connection: then the server closes.
fn guesses_at(stage: &mut Stage, from: Ipv4Addr, pairs: &[(&str, &str)]) {
    for some in pairs.chunks(3) {
        let mut visit = Visit::pop3s(stage, from, Shake::Nameless);
        for (name, password) in some {
            visit.log_in(name, password);
        }
        visit.hang_up();
        stage.wait(Duration::from_secs(1));
    }
}

fn guesses(stage: &mut Stage) {
    let pairs = COMMON.map(|password| ("alice", password));
    guesses_at(stage, STRANGER, &pairs);
}

fn besiege(stage: &mut Stage) {
    at_home(stage, "alice", "correct horse");
    for number in 0..24_u8 {
        let password = format!("summer{}", 1990 + u16::from(number));
        guesses_at(stage, Ipv4Addr::new(100, 64 + number % 12, 3, 3), &[("alice", &password)]);
        stage.wait(MINUTE * 3);
    }
}

fn guesses_slowly(stage: &mut Stage) {
    for number in 0..16 {
        let (name, password) = (STAFF[number % 9], format!("Winter{}", 2000 + number));
        guesses_at(stage, STRANGER, &[(name, &password)]);
        stage.wait(MINUTE * 50);
    }
}

fn sprays(stage: &mut Stage) {
    let pairs = STAFF.map(|name| (name, "Winter2026!"));
    guesses_at(stage, STRANGER, &pairs);
}

fn stuffs(stage: &mut Stage) {
    guesses_at(stage, STRANGER, &STOLEN);
}

/// Twelve addresses, five guesses each; all write as one program does.
fn botnet(stage: &mut Stage) {
    for number in 0..60_u8 {
        let mut visit = Visit::pop3(stage, Ipv4Addr::new(100, 64 + number % 12, 9, 9), Allowed);
        visit
            .send(format!("user {}{}\n", ["fax", "office", "backup"][usize::from(number % 3)], number / 30).as_bytes());
        visit.send(format!("pass Spring-{}!\n", 1980 + u16::from(number)).as_bytes());
        visit.hang_up();
        stage.wait(MINUTE * 4);
    }
}

fn injects(stage: &mut Stage) {
    let mut visit = Visit::pop3(stage, STRANGER, Refused);
    visit.send(b"STLS\r\nUSER alice\r\nPASS anything\r\n");
    visit.hang_up();
}

fn strips(stage: &mut Stage) {
    for _ in 0..11 {
        at_home(stage, "alice", "correct horse");
        stage.wait(MINUTE);
    }
    let mut visit = Visit::pop3(stage, HOME, Allowed);
    visit.log_in("alice", "correct horse");
    visit.quit();
}

fn exploits(stage: &mut Stage) {
    let mut visit = Visit::pop3(stage, STRANGER, Allowed);
    visit.say("USER admin");
    visit.say(&format!("PASS {}", "A".repeat(2606)));
    visit.hang_up();
}

fn wears_out(stage: &mut Stage) {
    for _ in 0..24 {
        Visit::pop3s(stage, STRANGER, Shake::Nameless).hang_up();
        stage.wait(Duration::from_secs(1));
    }
}

fn comes_by_tor(stage: &mut Stage) {
    guesses_at(stage, TOR, &[("alice", "qwerty123")]);
}

fn comes_in_after_guessing(stage: &mut Stage) {
    at_home(stage, "alice", "correct horse");
    for (number, password) in (0..4).zip(COMMON) {
        guesses_at(stage, Ipv4Addr::new(100, 64 + number, 3, 3), &[("alice", password)]);
        stage.wait(MINUTE * 2);
    }
    let mut visit = Visit::pop3s(stage, STRANGER, Shake::Nameless);
    visit.log_in("alice", "correct horse");
    visit.say("STAT");
    visit.say("LIST");
    visit.hang_up();
}

/// Somebody who has the password, elsewhere than its owner.
fn enters(stage: &mut Stage) -> Visit<'_> {
    at_home(stage, "alice", "correct horse");
    let mut visit = Visit::pop3s(stage, STRANGER, Shake::Nameless).at_pace(15);
    visit.log_in("alice", "correct horse");
    visit
}

fn harvest(stage: &mut Stage) {
    let mut visit = enters(stage);
    for number in 1..=60 {
        visit.say(&format!("RETR {number}"));
    }
    visit.quit();
}

fn reads_headers(stage: &mut Stage) {
    let mut visit = enters(stage);
    for number in 1..=55 {
        visit.say(&format!("TOP {number} 0"));
    }
    visit.quit();
}

fn hunts_codes(stage: &mut Stage) {
    let mut visit = enters(stage);
    for number in 1..=12 {
        visit.say(&format!("TOP {number} 0"));
    }
    visit.say("RETR 4");
    visit.say("RETR 9");
    visit.quit();
}

fn empties(stage: &mut Stage) {
    let mut visit = enters(stage);
    for number in 1..=25 {
        visit.say(&format!("DELE {number}"));
    }
    visit.quit();
}

fn monitors(stage: &mut Stage) {
    for _ in 0..23 {
        Visit::pop3(stage, Ipv4Addr::new(192, 0, 2, 77), Refused).quit();
        stage.wait(MINUTE);
    }
}

fn keeps_an_old_password(stage: &mut Stage) {
    at_home(stage, "bob", "battery staple");
    for _ in 0..7 {
        let mut visit = Visit::pop3s(stage, HOME, Shake::Mailer);
        visit.log_in("bob", "the one before");
        visit.quit();
        stage.wait(MINUTE * 5);
    }
}

fn has_an_old_password(stage: &mut Stage) {
    at_home(stage, "alice", "correct horse");
    guesses_at(stage, STRANGER, &[("alice", "blue monday")]);
}
