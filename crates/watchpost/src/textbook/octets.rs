//! What crossed the wire, line by line, as RFCs write it; and what stands in base64 there.

use std::num::NonZeroU32;

use data_encoding::BASE64;
use watchpost_proto::Password;
use watchpost_proto::sasl::Initiator;
use watchpost_proto::sasl::scram::{Binding, Offer, ScramClient, ScramHash, ScramServer, ScramVerifier};

use super::markdown::listing;
use super::visit::Octets;

/// A dialogue as it crossed the wire. Octets that cannot be printed are shown as `\x00`.
pub(super) fn dialogue(heard: &[Octets]) -> String {
    let mut lines = Vec::new();
    for part in heard {
        let (side, octets) = match part {
            Octets::Client(octets) => ("C", octets),
            Octets::Server(octets) => ("S", octets),
        };
        let text = octets.strip_suffix(b"\r\n").unwrap_or(octets);
        for line in text.split(|octet| *octet == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            lines.push(format!("{side}: {}", shown(line)));
        }
    }
    listing(&lines)
}

fn shown(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).replace('\0', "\\x00").replace('\u{1}', "\\x01")
}

/// One exchange of AUTH: what is said, and what stands behind the base64.
struct Said {
    lines: Vec<String>,
}

impl Said {
    fn push(&mut self, side: &str, before: &str, octets: &[u8]) {
        let encoded = BASE64.encode(octets);
        self.lines.push(format!("{side}: {before}{encoded}").trim_end().to_owned());
        if !octets.is_empty() {
            self.lines.push(format!("   ({})", shown(octets)));
        }
    }
}

/// SCRAM-SHA-256, with name, password, salt and nonces of RFC 7677 §3: both sides are the program's own.
pub(super) fn scram() -> String {
    let password = Password::new(*b"pencil");
    let hash = ScramHash::Sha256;
    let salt = BASE64.decode(b"W22ZaJ0SNY7soEsUEjb6gQ==").expect("RFC 7677 has it");
    let iterations = NonZeroU32::new(4096).expect("it is not zero");
    let verifier = ScramVerifier::derive(hash, &password, salt, iterations).expect("such a password is allowed");
    let mut client =
        ScramClient::new(hash, "user", &password, "rOprNGfwEbeRWgbNEkqO", Binding::Unable).expect("a nonce");
    let first = client.first();
    let mut server = ScramServer::begin(hash, &Offer::None, &first).expect("it is well-formed");
    let challenge = server.challenge(verifier, "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0");
    let proof = client.respond(&challenge).expect("the server is the right one");
    let last = server.finish(&proof).expect("the client is the right one");
    let mut said = Said { lines: Vec::new() };
    said.push("C", "AUTH SCRAM-SHA-256 ", &first);
    said.push("S", "+ ", &challenge);
    said.push("C", "", &proof);
    said.push("S", "+ ", &last);
    said.lines.extend(["C:".to_owned(), "S: +OK maildrop has 2 messages (368 octets)".to_owned()]);
    listing(&said.lines)
}

/// XOAUTH2 in two steps, with a token that opens nothing.
pub(super) fn xoauth2() -> String {
    let token = Password::new(*b"ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg");
    let mut client = Initiator::XOauth2 { name: "someuser@example.com".to_owned(), token, failure: None };
    let mut said = Said { lines: vec!["C: AUTH XOAUTH2".to_owned(), "S: +".to_owned()] };
    let answer = client.respond(b"").expect("the first challenge is empty");
    said.push("C", "", &answer);
    said.lines.push("S: +OK maildrop has 2 messages (368 octets)".to_owned());
    listing(&said.lines)
}
