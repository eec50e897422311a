//! Checks of what a session tells: `told.rs` runs them, `planted.rs` shows that they can fail.

use watchpost_proto::Timestamp;
use watchpost_proto::pop3::server::{Channel, Heard, Oddities, Replied, Told};

use super::CLEAR;
use crate::driver::Driver;

/// A secret that occurs in nothing that is honestly told.
pub const SECRET: &str = "Zq8vXk3w";

/// Everything told of a client that says this, inside TLS, with APOP offered.
pub fn told(input: &[u8]) -> Vec<Told> {
    let timestamp = Timestamp::new(1896, "example.org");
    let mut driver = Driver::new(Channel::Tls, &[b"A: 1\n\n.one\n", b"B: 2\n\n"]).with_apop(timestamp).with_witness();
    driver.hear(input);
    driver.told()
}

pub fn heard(told: &[Told]) -> Vec<&Heard> {
    let mut lines = Vec::new();
    for told in told {
        if let Told::Heard(heard) = told {
            lines.push(heard);
        }
    }
    lines
}

pub fn answered(told: &[Told]) -> Vec<&Replied> {
    let mut replies = Vec::new();
    for told in told {
        if let Told::Answered(replied) = told {
            replies.push(replied);
        }
    }
    replies
}

/// Ways in which a secret may be said, in the right place and in wrong ones. `{}` stands for it.
pub const PLACES: [&str; 33] = [
    "PASS {}\r\n",
    "pass {}\r\n",
    "USER alice\r\nPASS {}\r\n",
    "USER alice\r\n{}\r\n",
    "USER alice\r\nPASS\t{}\r\n",
    "USER alice {}\r\n",
    "USER alice\r\nPASSWORD {}\r\n",
    "PASS{}\r\n",
    " PASS {}\r\n",
    "\0PASS {}\r\n",
    "APOP alice {}\r\n",
    "APOP alice x {}\r\n",
    "AUTH PLAIN {}\r\n",
    "AUTH {}\r\n",
    "AUTH\t{}\r\n",
    "AUTH PLAIN\r\n{}\r\n",
    "AUTH LOGIN\r\n{}\r\n{}\r\n",
    "AUTH LOGIN\r\nYWxpY2U=\r\n{}\r\n",
    "AUTH PLAIN\r\n*\r\n{}\r\n",
    "AUTH CRAM-MD5\r\n{}\r\n",
    "AUTH NTLM {}\r\n",
    "AUTH NTLM\r\nTlRMTVNTUAADAAAA{}\r\n",
    "AUTH PLAIN TlRMTVNTUAADAAAA{}\r\n",
    "A001 LOGIN alice {}\r\n",
    "a AUTHENTICATE PLAIN {}\r\n",
    "Authorization: Basic {}\r\n",
    "{\"method\":\"login\",\"params\":{\"pass\":\"{}\"}}\r\n",
    "ＰＡＳＳ {}\r\n",
    "USER alice\r\nPASS wrong\r\nUSER {}&1aA\r\n",
    "USER alice\r\nPASS wrong\r\nUSERX {}\r\n",
    "LOGIN alice {}\r\n",
    "USER mrose\r\nPASS tanstaaf\r\nPASS {}\r\n",
    "APOP alice\r\n{}\r\n",
];

pub fn no_secret_is_told() {
    // S-029, S-061
    let long = SECRET.repeat(40);
    let very_long = SECRET.repeat(8000);
    for place in PLACES {
        for secret in [SECRET, &long, &very_long] {
            let input = place.replace("{}", secret);
            let shown = shown(&told(input.as_bytes()));
            assert!(!shown.contains(SECRET), "{place}: {shown}");
            // A line whose end never comes.
            let shown = self::shown(&told(input.trim_end().as_bytes()));
            assert!(!shown.contains(SECRET), "{place}: {shown}");
        }
    }
}

/// Everything that was told, its octets as text.
pub fn shown(told: &[Told]) -> String {
    let text = told.iter().map(|told| match told {
        Told::Heard(heard) => String::from_utf8_lossy(&heard.text).into_owned(),
        Told::Opening(octets) => String::from_utf8_lossy(octets).into_owned(),
        other => format!("{other:?}"),
    });
    text.collect::<Vec<_>>().join("\n")
}

pub fn honest_clients_are_never_odd() {
    // S-062: rule X1 must not call these exploits
    let token = "a".repeat(9000);
    let long_plain = format!("AUTH PLAIN {token}\r\nAUTH PLAIN\r\n{token}\r\n");
    for input in [
        "CAPA\r\nUSER ゆき@example.org\r\nPASS 合言葉は%nと../です|\r\nQUIT\r\n",
        &long_plain,
        "AUTH PLAIN\r\n\r\nAUTH PLAIN =\r\nAUTH LOGIN\r\n\r\n",
        "AUTH\r\nUSER mrose\r\nPASS tanstaaf\r\nLIST\r\nUIDL\r\nTOP 1 0\r\nRETR 1\r\nDELE 1\r\nQUIT\r\n",
    ] {
        for heard in heard(&told(input.as_bytes())) {
            assert_eq!(heard.oddities, Oddities::default(), "{heard:?}");
        }
    }
    let told = told(b"AUTH NTLM =\r\nAUTH NTLM\r\n\r\nAUTH RPA\r\n\r\nCAPA\r\n\r\n");
    let empty: Vec<bool> = heard(&told).iter().map(|heard| heard.oddities.has(Oddities::EMPTY_SASL)).collect();
    assert_eq!(empty, [true, false, true, false, true, false, false]);
}

pub fn clear() -> Driver {
    Driver::new(CLEAR, &[]).with_witness()
}
