//! Certificates that are not what they should be: everything that is wrong is said at once.

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::tool::{Liar, talk};

/// A server with TLS from the first octet, which greets and hangs up.
fn server(names: &[&str], from: SystemTime, until: SystemTime) -> Liar {
    let key = KeyPair::generate().unwrap();
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut parameters = CertificateParams::new(names).unwrap();
    parameters.not_before = from.into();
    parameters.not_after = until.into();
    let certificate = parameters.self_signed(&key).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    Liar::start(move |visitor| {
        let stream = visitor.stream().try_clone().unwrap();
        let mut stream = StreamOwned::new(ServerConnection::new(Arc::new(config)).unwrap(), stream);
        // Who does not believe us goes away.
        let _ = stream.write_all(b"+OK ready\r\n");
        visitor.rest();
    })
}

const DAY: Duration = Duration::from_hours(24);

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    // S-010
    let now = SystemTime::now();
    let expired = server(&["pop.example.org"], now - 30 * DAY, now - 10 * DAY);
    let said = talk(&[&expired.port(), "--tls", "--no-times"], "QUIT\n");
    assert_eq!(said.code, Some(69), "{said}");
    said.has(&[
        "for pop.example.org",
        "! The certificate expired on 20",
        "! The certificate has signed itself.",
        "! The certificate is not for 127.0.0.1, but for: pop.example.org",
    ]);
    said.never("S: +OK");
    expired.heard();
    let early = server(&["127.0.0.1"], now + 10 * DAY, now + 20 * DAY);
    let said = talk(&[&early.port(), "--tls", "--json"], "QUIT\n");
    assert!(said.out.contains(r#""troubles":["not-yet-valid","self-signed"]"#), "{said}");
    early.heard();
}

#[test]
fn one_session_goes_on_if_somebody_says_so() {
    let now = SystemTime::now();
    let odd = server(&["pop.example.org"], now - DAY, now + DAY);
    let said = talk(&[&odd.port(), "--tls", "--insecure", "--no-times"], "< +OK\n");
    assert_eq!(said.code, Some(0), "{said}");
    said.has(&["TLS 1.3, a full handshake", "Key exchange X25519MLKEM768", "SNI): none", "sha256/", "S: +OK ready"]);
    odd.heard();
}
