//! Attackers made by hand: each says what programs of its kind say.

use std::net::Ipv4Addr;
use std::process::Command;

use crate::premises::{Premises, home, password_of, source, wrong};
use crate::talk::Talk;

/// An NTLM message of type 1.
const NTLM_NEGOTIATE: &str = "TlRMTVNTUAABAAAAB4IIogAAAAAAAAAAAAAAAAAAAAAGAbEdAAAADw==";

/// `GET / HTTP/1.1` on the plain port.
pub fn web_browser(premises: &Premises, network: u16) {
    let mut talk = Talk::open(source(network), premises.pop3());
    talk.send(b"GET / HTTP/1.1\r\nHost: mail.example.org\r\n\r\n");
    talk.rest();
}

/// One protocol after another: what scanners of ports do.
pub fn tongues(premises: &Premises, network: u16) {
    let says: [&[u8]; 4] = [
        b"GET /login.php HTTP/1.0\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"EHLO mail.example.net\r\n",
        b"\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x03\x00\x00\x00\r\n",
    ];
    for octets in says {
        let mut talk = Talk::open(source(network), premises.pop3());
        talk.line();
        talk.send(octets);
        talk.hang_up();
    }
}

/// A survey of the internet: HELP and NOOP are no words of POP3 before login.
pub fn survey(premises: &Premises, network: u16) {
    let mut talk = Talk::greeted(source(network), premises.pop3());
    talk.say("HELP");
    talk.say("NOOP");
    talk.quit();
}

/// A ClientHello on the plain port.
pub fn tls_on_plain(premises: &Premises, network: u16) {
    let mut talk = Talk::open(source(network), premises.pop3());
    talk.send(&[&[0x16, 3, 1, 0, 0x2f, 1, 0, 0, 0x2b, 3, 3][..], &[7; 41]].concat());
    talk.rest();
}

/// Commands in the clear behind STLS, to be obeyed inside TLS.
pub fn stls_injection(premises: &Premises, network: u16) {
    let mut talk = Talk::greeted(source(network), premises.pop3());
    talk.send(b"STLS\r\nUSER victim\r\nPASS injected-4711\r\n");
    talk.rest();
}

/// A user name of three thousand octets.
pub fn overlong_user(premises: &Premises, network: u16) {
    let mut talk = Talk::greeted(source(network), premises.pop3());
    talk.say(&format!("USER {}", "A".repeat(3000)));
    talk.hang_up();
}

/// NUL in a name.
pub fn nul(premises: &Premises, network: u16) {
    let mut talk = Talk::greeted(source(network), premises.pop3());
    talk.say("USER root\0x");
    talk.hang_up();
}

/// A format string in a name.
pub fn format_string(premises: &Premises, network: u16) {
    let mut talk = Talk::greeted(source(network), premises.pop3());
    talk.say("USER %n%n%n%n");
    talk.hang_up();
}

/// AUTH NTLM to learn the names of machines, in the clear.
pub fn ntlm(premises: &Premises, network: u16) {
    let mut talk = Talk::greeted(source(network), premises.pop3());
    talk.say("AUTH NTLM");
    talk.say(NTLM_NEGOTIATE);
    talk.hang_up();
}

/// Mechanisms that nobody offered.
pub fn mechanisms(premises: &Premises, network: u16) {
    let mut talk = Talk::greeted(source(network), premises.pop3());
    for mechanism in ["CRAM-MD5", "DIGEST-MD5", "GSSAPI", "KERBEROS_V4"] {
        talk.say(&format!("AUTH {mechanism}"));
    }
    talk.hang_up();
}

/// Names without passwords.
pub fn enumeration(premises: &Premises, network: u16) {
    for name in ["anna", "ben", "carla", "david", "emma", "felix"] {
        let mut talk = Talk::greeted(source(network), premises.pop3());
        talk.say(&format!("USER {name}"));
        talk.quit();
    }
}

/// Tries these, three on each connection, written as `style` has it.
fn guess(premises: &Premises, from: Ipv4Addr, style: Style, pairs: &[(String, String)]) {
    for some in pairs.chunks(3) {
        let mut talk = Talk::greeted(from, premises.pop3());
        for (name, password) in some {
            style.log_in(&mut talk, name, password);
        }
        talk.hang_up();
    }
}

/// How a guesser writes: each sort of guesser otherwise, so that rules do not take them for one tool.
#[derive(Clone, Copy)]
enum Style {
    Upper,
    Lower,
    Mixed,
    LowerWithLineFeed,
    AskingFirst,
    MixedWithLineFeed,
}

impl Style {
    fn log_in(self, talk: &mut Talk, name: &str, password: &str) {
        let (user, pass, end) = match self {
            Self::Upper => ("USER", "PASS", "\r\n"),
            Self::Lower => ("user", "pass", "\r\n"),
            Self::Mixed => ("User", "Pass", "\r\n"),
            Self::LowerWithLineFeed => ("user", "pass", "\n"),
            Self::MixedWithLineFeed => ("User", "Pass", "\n"),
            Self::AskingFirst => {
                talk.ask("CAPA");
                ("USER", "PASS", "\r\n")
            }
        };
        talk.send(format!("{user} {name}{end}").as_bytes());
        talk.line();
        talk.send(format!("{pass} {password}{end}").as_bytes());
        talk.line();
    }
}

fn pairs(count: usize, pair: impl Fn(usize) -> (String, String)) -> Vec<(String, String)> {
    (1..=count).map(pair).collect()
}

/// Many passwords on one account.
pub fn brute_force(premises: &Premises, network: u16) {
    let tries = pairs(9, |number| ("brute".into(), wrong(100 + number)));
    guess(premises, source(network), Style::Lower, &tries);
}

/// One password on many accounts that exist.
pub fn spray(premises: &Premises, network: u16) {
    let tries = pairs(9, |number| (format!("staff{number}"), "Winter-Sprayed-2026".into()));
    guess(premises, source(network), Style::Mixed, &tries);
}

/// Pairs out of a stolen list.
pub fn stuffing(premises: &Premises, network: u16) {
    let tries = pairs(10, |number| (format!("person{number}@shop{number}.example"), wrong(200 + number)));
    guess(premises, source(network), Style::AskingFirst, &tries);
}

/// What devices ship.
pub fn defaults(premises: &Premises, network: u16) {
    let tries: Vec<_> = ["admin", "root", "test"].iter().map(|name| ((*name).to_owned(), (*name).to_owned())).collect();
    guess(premises, source(network), Style::Upper, &tries);
}

/// Networks of the distributed guessers.
pub const DISTRIBUTED: u16 = 11;

/// One account, guessed at from many networks.
pub fn distributed(premises: &Premises, network: u16) {
    for member in 0..DISTRIBUTED {
        let tries = pairs(2, |number| ("besieged".into(), wrong(300 + usize::from(member) * 2 + number)));
        guess(premises, source(network + member), Style::MixedWithLineFeed, &tries);
    }
}

/// Networks of the botnet.
pub const BOTS: u16 = 12;

/// Many addresses, few guesses each, names from one list: below every counter of addresses.
pub fn botnet(premises: &Premises, network: u16) {
    for bot in 0..BOTS {
        let tries = pairs(5, |number| {
            let number = usize::from(bot) * 5 + number;
            (["fax", "office", "helpdesk", "sales", "hr", "it"][number % 6].into(), wrong(400 + number))
        });
        guess(premises, source(network + bot), Style::LowerWithLineFeed, &tries);
    }
}

/// The owner of an account, at home: what an intruder's visit is unlike.
fn owner_at_home(premises: &Premises, account: &str, network: u16) {
    let mut talk = Talk::greeted(home(network), premises.pop3());
    talk.ask("CAPA");
    assert!(talk.log_in(account, &password_of(account)), "{account} is let in at home");
    talk.ask("UIDL");
    talk.quit();
}

/// Somebody who guesses thrice and then comes in.
pub fn intruder(premises: &Premises, network: u16) {
    owner_at_home(premises, "entered", network);
    let tries = pairs(3, |number| ("entered".into(), wrong(500 + number)));
    guess(premises, source(network), Style::Upper, &tries);
    let mut talk = Talk::greeted(source(network), premises.pop3());
    assert!(talk.log_in("entered", &password_of("entered")));
    talk.quit();
}

/// Somebody with the password who takes everything.
pub fn harvest(premises: &Premises, network: u16) {
    owner_at_home(premises, "harvested", network);
    let mut talk = Talk::greeted(source(network), premises.pop3());
    assert!(talk.log_in("harvested", &password_of("harvested")));
    for number in 1..=crate::premises::MESSAGES {
        talk.ask(&format!("RETR {number}"));
    }
    talk.quit();
}

/// Somebody with the password who reads the headers of everything.
pub fn top_scan(premises: &Premises, network: u16) {
    owner_at_home(premises, "searched", network);
    let mut talk = Talk::greeted(source(network), premises.pop3());
    assert!(talk.log_in("searched", &password_of("searched")));
    for number in 1..=crate::premises::MESSAGES {
        talk.ask(&format!("TOP {number} 0"));
    }
    talk.quit();
}

/// Somebody with the password who empties the maildrop.
pub fn wipe(premises: &Premises, network: u16) {
    owner_at_home(premises, "wiped", network);
    let mut talk = Talk::greeted(source(network), premises.pop3());
    assert!(talk.log_in("wiped", &password_of("wiped")));
    for number in 1..=crate::premises::MESSAGES {
        talk.say(&format!("DELE {number}"));
    }
    talk.quit();
}

/// Somebody with the password who looks for codes and resets.
pub fn reset_hunt(premises: &Premises, network: u16) {
    owner_at_home(premises, "hunted", network);
    let mut talk = Talk::greeted(source(network), premises.pop3());
    assert!(talk.log_in("hunted", &password_of("hunted")));
    for number in 1..=10 {
        talk.ask(&format!("TOP {number} 0"));
    }
    for number in (1..=10).filter(|number| crate::premises::is_sensitive(*number)) {
        talk.ask(&format!("RETR {number}"));
    }
    talk.quit();
}

/// Handshakes by the dozen, and no login.
pub fn handshakes(premises: &Premises, network: u16) {
    let relay = crate::relay::Relay::start(premises.pop3s(), source(network));
    python(
        "for _ in range(24):\n with context.wrap_socket(socket.create_connection(('127.0.0.1', port))) as s: s.recv(99)",
        relay.address.port(),
        "",
    );
    relay.finish();
}

/// Somebody on the path takes TLS away from a network that always used it.
pub fn stripping(premises: &Premises, network: u16) {
    let relay = crate::relay::Relay::start(premises.pop3s(), source(network));
    python(
        "for _ in range(11):\n m = poplib.POP3_SSL('127.0.0.1', port, context=context)\n m.user('stripped')\n \
         m.pass_(input_)\n m.quit()",
        relay.address.port(),
        &password_of("stripped"),
    );
    relay.finish();
    let mut talk = Talk::greeted(source(network), premises.pop3());
    assert!(talk.log_in("stripped", &password_of("stripped")));
    talk.quit();
}

/// A few lines of Python, with a password on standard input.
fn python(lines: &str, port: u16, input: &str) {
    let script = format!(
        "import poplib, socket, ssl, sys\ncontext = ssl._create_unverified_context()\nport = {port}\n\
         input_ = sys.stdin.readline().strip()\n{lines}\n"
    );
    let output = crate::process::run(Command::new("python3").args(["-c", &script]), input.as_bytes(), "python3");
    assert!(output.status.success(), "{}", crate::process::said(&output));
}

/// Connections that never finish a line: an octet, and then silence.
pub fn drip(premises: &Premises, network: u16) {
    let talks = (0..6).map(|_| {
        let mut talk = Talk::greeted(source(network), premises.pop3());
        talk.send(b"U");
        talk
    });
    // The server ends each of them.
    for talk in talks.collect::<Vec<_>>() {
        talk.rest();
    }
}

/// Somebody with a password who asks for a message that no maildrop has.
pub fn negative_number(premises: &Premises, network: u16) {
    let mut talk = Talk::greeted(source(network), premises.pop3());
    assert!(talk.log_in("mdaemon", &password_of("mdaemon")));
    talk.say("UIDL -1");
    talk.quit();
}
