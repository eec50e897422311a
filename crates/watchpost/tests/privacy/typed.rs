//! What people type that nobody may keep, in every place where they type it.

use std::process::Command;

use crate::search::{Secret, base64};
use crate::site::{CAROL, DAVE, Site};
use crate::support::{Typist, client};

/// A name that was offered: no secret, and shown.
pub const OFFERED: &str = "offered-name-5150";

/// Says all of it, and returns what was secret.
pub fn everything(site: &Site) -> Vec<Secret> {
    let mut secrets = vec![Secret::new("carol's password", CAROL), Secret::new("dave's password", DAVE)];
    let mut number = 0;
    let mut secret = |name: &str| {
        number += 1;
        let password = format!("Typed{number}-Geheimnis!{}", 9000 + number * 7);
        secrets.push(Secret::new(name, &password));
        password
    };
    right_ones(site);
    with_user(site, &mut secret);
    in_wrong_places(site, &mut secret);
    in_other_protocols(site, &mut secret);
    with_sasl(site, &mut secret);
    secrets.extend(sasl_messages());
    secrets
}

/// One connection in the clear, on which these lines are said; what it answers does not matter.
fn say(site: &Site, lines: &[&str]) {
    let mut typist = Typist::connect(site.pop3);
    for line in lines {
        typist.say(line);
    }
    typist.send(b"QUIT\r\n");
    typist.rest();
}

/// Octets at once, the greeting not awaited.
fn send(site: &Site, octets: &[u8]) {
    let mut typist = Typist::connect(site.pop3);
    typist.send(octets);
    let _ = typist.stream().shutdown(std::net::Shutdown::Write);
    typist.rest();
}

/// The same inside TLS.
fn send_in_tls(site: &Site, octets: &[u8]) {
    let mut openssl = Command::new("openssl");
    openssl.args(["s_client", "-quiet", "-verify_quiet", "-connect", &site.pop3s.to_string()]);
    client(&mut openssl, octets);
}

fn right_ones(site: &Site) {
    say(site, &["USER carol", &format!("PASS {CAROL}"), "STAT"]);
    say(site, &["USER dave@example.org", &format!("pass {DAVE}"), &format!("PASS {CAROL}"), "NOOP"]);
    say(site, &[&format!("AUTH PLAIN {}", plain("carol", CAROL)), "STAT"]);
    say(site, &["AUTH PLAIN", &plain("dave", DAVE), "STAT"]);
    // The right password of somebody else.
    say(site, &["USER carol", &format!("PASS {DAVE}")]);
}

fn plain(name: &str, password: &str) -> String {
    base64(format!("\0{name}\0{password}").as_bytes())
}

fn with_user(site: &Site, secret: &mut impl FnMut(&str) -> String) {
    say(site, &[&format!("USER {OFFERED}"), &format!("PASS {}", secret("for a name that does not exist"))]);
    let wrong = secret("wrong, said twice");
    say(site, &["USER carol", &format!("PASS {wrong}"), "USER carol", &format!("PASS {wrong}")]);
    say(site, &["USER carol", &format!("pass   {}", secret("behind many spaces"))]);
    say(site, &["USER carol", &format!("PASS\t{}", secret("behind a tab"))]);
    say(site, &["USER carol", &format!("PASS{}", secret("without a space"))]);
    say(site, &["USER carol", &format!(" PASS {}", secret("behind a space before PASS"))]);
    say(site, &["USER carol", &format!("PASS {} {}", secret("in two words, the first"), secret("the second"))]);
    say(site, &[&format!("PASS {}", secret("before USER"))]);
    let long = format!("PASS {}{}", secret("at the beginning of a line too long"), "x".repeat(400));
    say(site, &["USER carol", &long]);
    send(site, format!("USER carol\r\nPASS {}\0\r\n", secret("with NUL behind it")).as_bytes());
    send(site, format!("USER carol\nPASS {}\n", secret("with line feeds alone")).as_bytes());
    send(site, format!("USER carol\r\nPASS {}", secret("without a line end")).as_bytes());
}

fn in_wrong_places(site: &Site, secret: &mut impl FnMut(&str) -> String) {
    say(site, &[&format!("USER carol {}", secret("behind the name"))]);
    say(site, &["USER carol", &secret("alone in its line, behind USER")]);
    say(site, &["USER carol", "PASS no-such-1", &secret("alone in its line, behind a refusal")]);
    say(site, &["USER carol", "PASS no-such-2", &format!("USER {}", secret("as a name, behind a refusal"))]);
    let name = format!("USER {}", secret("as a name, behind a refusal, with a password"));
    say(site, &["USER carol", "PASS no-such-3", &name, "PASS no-such-4"]);
    say(site, &[&format!("LOGIN carol {}", secret("behind LOGIN"))]);
    say(site, &[&format!("AUTH {}", secret("as a mechanism"))]);
    say(site, &[&format!("APOP carol {}", secret("as APOP's digest"))]);
    say(site, &[&format!("APOP carol {} {}", secret("as APOP's digest, first"), secret("behind APOP's digest"))]);
    say(site, &["USER carol", &format!("PSAS {}", secret("behind PASS, mistyped"))]);
    say(site, &["USER carol", &format!("PASS {CAROL}"), &format!("PASS {}", secret("after the login"))]);
    send(site, format!("STLS\r\nUSER carol\r\nPASS {}\r\n", secret("behind STLS")).as_bytes());
}

fn in_other_protocols(site: &Site, secret: &mut impl FnMut(&str) -> String) {
    send(site, format!("A001 LOGIN carol {}\r\n", secret("in IMAP")).as_bytes());
    let basic = base64(format!("carol:{}", secret("in HTTP")).as_bytes());
    send(site, format!("GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {basic}\r\n\r\n").as_bytes());
    send(site, format!("POST /login?password={} HTTP/1.1\r\n\r\n", secret("in an address")).as_bytes());
    send(site, format!("EHLO x\r\nAUTH PLAIN {}\r\n", plain("carol", &secret("in SMTP"))).as_bytes());
    send(site, format!("{{\"user\":\"carol\",\"password\":\"{}\"}}\r\n", secret("in JSON")).as_bytes());
}

fn with_sasl(site: &Site, secret: &mut impl FnMut(&str) -> String) {
    say(site, &[&format!("AUTH PLAIN {}", plain("carol", &secret("AUTH PLAIN at once")))]);
    say(site, &["AUTH PLAIN", &plain("carol", &secret("AUTH PLAIN when asked"))]);
    say(site, &["AUTH PLAIN", &format!("{}!", plain("carol", &secret("AUTH PLAIN, damaged")))]);
    say(site, &["AUTH PLAIN", &secret("AUTH PLAIN, in clear instead of base64")]);
    say(site, &[&format!("AUTH PLAIN {}", secret("AUTH PLAIN at once, in clear"))]);
    let with_authorization = format!("carol\0carol\0{}", secret("AUTH PLAIN with an authorization identity"));
    say(site, &[&format!("AUTH PLAIN {}", base64(with_authorization.as_bytes()))]);
    let bearer = format!("n,a=carol,\x01auth=Bearer {}\x01\x01", secret("a bearer token"));
    say(site, &[&format!("AUTH OAUTHBEARER {}", base64(bearer.as_bytes()))]);
    let bearer = format!("user=carol\x01auth=Bearer {}\x01\x01", secret("a bearer token, the older way"));
    say(site, &["AUTH XOAUTH2", &base64(bearer.as_bytes())]);
    let (at_once, asked) = (secret("AUTH LOGIN at once"), secret("AUTH LOGIN when asked"));
    let name = base64(b"carol");
    send_in_tls(site, format!("AUTH LOGIN {name}\r\n{}\r\nQUIT\r\n", base64(at_once.as_bytes())).as_bytes());
    send_in_tls(site, format!("AUTH LOGIN\r\n{name}\r\n{}\r\nQUIT\r\n", base64(asked.as_bytes())).as_bytes());
    send_in_tls(site, format!("AUTH LOGIN\r\n{name}\r\n{}\r\nSTAT\r\nQUIT\r\n", base64(CAROL.as_bytes())).as_bytes());
    let in_tls = secret("USER and PASS inside TLS");
    send_in_tls(site, format!("USER carol\r\nPASS {in_tls}\r\nQUIT\r\n").as_bytes());
}

/// Whole messages: not even what is harmless in them stands anywhere.
fn sasl_messages() -> Vec<Secret> {
    vec![
        Secret::new("carol's PLAIN message", format!("\0carol\0{CAROL}")),
        Secret::new("dave's PLAIN message", format!("\0dave\0{DAVE}")),
    ]
}
