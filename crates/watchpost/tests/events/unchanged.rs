//! The same octets leave whether anybody watches or not.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::support::PATIENCE;
use crate::watched::{ALICE, Watched, Witnessing};

#[test]
fn replies_are_the_same_whoever_watches() {
    // S-060
    let sessions: Vec<Vec<u8>> = vec![
        format!(
            "USER alice\r\nPASS {ALICE}\r\nSTAT\r\nRETR 1\r\nTOP 2 0\r\nLIST\r\nUIDL 9\r\nDELE 1\r\nRSET\r\nQUIT\r\n"
        )
        .into(),
        b"CAPA\r\nAUTH\r\nAUTH PLAIN\r\nAGFsaWNlAHg=\r\nLANG ja\r\nXTND\r\nQUIT\r\n".to_vec(),
        b"STLS\r\nNOOP\r\n".to_vec(),
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        b"\x16\x03\x01\x00\x00".to_vec(),
        [b"USER ".as_slice(), &[b'A'; 9000], b"\r\nQUIT\r\n"].concat(),
        b"x\r\n".repeat(30),
        b"USER a\r\nPASS b\r\n".repeat(5),
        b"".to_vec(),
    ];
    let (on, off) = (Watched::start(Witnessing::On), Watched::start(Witnessing::Off));
    for input in sessions {
        let answers = [&on, &off].map(|server| {
            let answer = answer(server.pop3, &input);
            server.session();
            answer
        });
        assert_eq!(answers[0], answers[1], "{:?}", String::from_utf8_lossy(&input));
    }
    for input in [&b"USER alice\r\n"[..], b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x00\x05hello", b"\x16", b""] {
        assert_eq!(answer(on.pop3s, input), answer(off.pop3s, input), "{input:?}");
    }
}

#[test]
fn nobody_watching_still_gets_a_summary() {
    let server = Watched::start(Witnessing::Off);
    answer(server.pop3, b"USER alice\r\nPASS x\r\nQUIT\r\n");
    assert_eq!(server.session().len(), 1);
}

fn answer(address: std::net::SocketAddr, input: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(input).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    // A server that closes with octets unread resets the connection: what came before counts.
    let _ = stream.read_to_end(&mut answer);
    answer
}
