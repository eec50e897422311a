//! What comes before and inside TLS.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};

use watchpost_observatory::{Ending, EventKind, Foreign, Hello, TlsFailure};
use watchpost_proto::pop3::Verb;

use crate::watched::{ALICE, Watched, Witnessing, summary};

fn hello(events: &[EventKind]) -> &Hello {
    let hello = events.iter().find_map(|event| match event {
        EventKind::Hello(hello) => Some(hello),
        _ => None,
    });
    hello.unwrap_or_else(|| panic!("no ClientHello: {events:?}"))
}

fn openssl(address: SocketAddr, arguments: &[&str]) {
    let mut command = Command::new("openssl");
    command.args(["s_client", "-connect", &address.to_string(), "-quiet"]).args(arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // It may have ended already, which is the point of some of these.
    let _ = child.stdin.take().unwrap().write_all(b"QUIT\r\n");
    child.wait().unwrap();
}

#[test]
fn curl_is_told_with_its_fingerprint() {
    // S-060
    let server = Watched::start(Witnessing::On);
    let url = format!("pop3s://localhost:{}/1", server.pop3s.port());
    let output = Command::new("curl").args(["-sk", "--ipv4", "-u", &format!("alice:{ALICE}"), &url]).output().unwrap();
    assert!(output.status.success());
    let events = server.session();
    let hello = hello(&events);
    assert_eq!(hello.server_name.as_ref().unwrap().as_octets(), b"localhost");
    assert!(hello.ja4.starts_with("t13d") && hello.ja3.len() == 32, "{hello:?}");
    let verbs: Vec<Option<Verb>> = events
        .iter()
        .filter_map(|event| match event {
            EventKind::Command(spoken) => Some(spoken.verb),
            _ => None,
        })
        .collect();
    assert_eq!(verbs[..2], [Some(Verb::Capa), Some(Verb::Auth)]);
    assert_eq!(verbs.last(), Some(&Some(Verb::Quit)));
    let summary = summary(&events);
    assert_eq!(summary.tls.as_ref().unwrap().version, "TLSv1.3");
    assert!(!format!("{events:?}").contains(ALICE));
}

#[test]
fn the_same_client_has_the_same_fingerprint_with_stls() {
    let server = Watched::start(Witnessing::On);
    openssl(server.pop3s, &["-servername", "a.example"]);
    let direct = server.session();
    openssl(server.pop3, &["-starttls", "pop3", "-servername", "b.example"]);
    let upgraded = server.session();
    assert_eq!(hello(&direct).ja4, hello(&upgraded).ja4);
    assert!(matches!(upgraded.last(), Some(EventKind::Closed(summary)) if summary.ending == Ending::Quit));
}

#[test]
pub fn a_handshake_that_fails_is_told_with_its_reason() {
    // S-016, S-062
    let server = Watched::start(Witnessing::On);
    let failure = |events: &[EventKind]| {
        let failure = events.iter().find_map(|event| match event {
            EventKind::TlsFailed(failure) => Some(*failure),
            _ => None,
        });
        failure.unwrap_or_else(|| panic!("{events:?}"))
    };
    openssl(server.pop3s, &["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]);
    let events = server.session();
    assert_eq!(failure(&events), TlsFailure::Version);
    assert!(hello(&events).ja4.starts_with("t11"), "{events:?}");

    openssl(server.pop3s, &["-alpn", "http/1.1"]);
    let events = server.session();
    assert_eq!(failure(&events), TlsFailure::Alpn);
    assert_eq!(hello(&events).alpn.as_ref().unwrap().as_octets(), b"http/1.1");

    openssl(server.pop3s, &["-groups", "X448"]);
    assert_eq!(failure(&server.session()), TlsFailure::NothingInCommon);

    openssl(server.pop3s, &["-verify_return_error", "-verify", "1"]);
    assert!(matches!(failure(&server.session()), TlsFailure::PeerAlert(_)));

    drop(TcpStream::connect(server.pop3s).unwrap());
    let events = server.session();
    assert_eq!(failure(&events), TlsFailure::Closed);
    assert_eq!(summary(&events).first_octet, None);
}

#[test]
fn other_protocols_where_tls_must_begin_are_told() {
    // S-016
    let server = Watched::start(Witnessing::On);
    for (octets, language) in [
        (&b"USER alice\r\nPASS sesame\r\n"[..], Foreign::ClearPop3),
        (b"PASS sesame\r\n", Foreign::ClearPop3),
        (b"GET / HTTP/1.0\r\n\r\n", Foreign::Http),
        (b"hello there\r\n", Foreign::Text),
        (b"\x00\x01\x02", Foreign::Binary),
    ] {
        let mut stream = TcpStream::connect(server.pop3s).unwrap();
        stream.write_all(octets).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let events = server.session();
        let told =
            events.iter().any(|event| matches!(event, EventKind::Foreign { language: told, .. } if *told == language));
        assert!(told, "{language:?}: {events:?}");
        assert!(events.contains(&EventKind::TlsFailed(TlsFailure::NotTls)), "{events:?}");
        assert!(!format!("{events:?}").contains("sesame"), "{events:?}");
    }
}
