//! The ways to a server: a SOCKS proxy, an HTTP proxy, a command.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread::JoinHandle;

use watchpost::connect::ConnectError;
use watchpost::fetch::session::SessionError;

use crate::house::House;
use crate::server::Server;

const MAIL: [(&str, &[u8]); 1] = [("one", b"A: 1\r\n\r\n")];

/// Takes one connection: hears so much, says this, and then carries octets to the port.
fn proxy(talk: Vec<(usize, Vec<u8>)>, port: Option<u16>) -> (u16, JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap().port();
    let thread = std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let mut heard = Vec::new();
        for (octets, said) in talk {
            let mut asked = vec![0; octets];
            client.read_exact(&mut asked).unwrap();
            heard.extend(asked);
            client.write_all(&said).unwrap();
        }
        if let Some(port) = port {
            let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
            let (mut up, mut down) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            let back = std::thread::spawn(move || {
                let _ = std::io::copy(&mut down, &mut client);
                let _ = client.shutdown(Shutdown::Both);
            });
            let mut server = server;
            let _ = std::io::copy(&mut up, &mut server);
            let _ = server.shutdown(Shutdown::Write);
            back.join().unwrap();
        }
        heard
    });
    (at, thread)
}

#[test]
fn by_way_of_socks_the_proxy_finds_the_address() {
    let server = Server::start(&MAIL);
    let granted = vec![5, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    // Greeting, then the request with "127.0.0.1" as a name.
    let (at, thread) = proxy(vec![(3, vec![5, 0]), (16, granted)], Some(server.port));
    let house = House::new(server.port, &format!("proxy = \"socks5://127.0.0.1:{at}\""));
    assert_eq!(house.fetch_well().report.delivered, 1);
    let heard = thread.join().unwrap();
    assert_eq!(heard[..8], [5, 1, 0, 5, 1, 0, 3, 9]);
    assert_eq!(heard[8..17], *b"127.0.0.1");
    assert_eq!(heard[17..], server.port.to_be_bytes());
    let (at, thread) = proxy(vec![(3, vec![5, 0xff])], None);
    let house = House::new(server.port, &format!("proxy = \"socks5://127.0.0.1:{at}\""));
    assert!(matches!(house.fetch().error, Some(SessionError::Connect(ConnectError::Proxy(_)))));
    thread.join().unwrap();
}

#[test]
fn by_way_of_http_connect_nothing_of_the_server_is_lost() {
    let server = Server::start(&MAIL);
    let ask = format!("CONNECT 127.0.0.1:{0} HTTP/1.1\r\nHost: 127.0.0.1:{0}\r\n\r\n", server.port);
    let granted = b"HTTP/1.1 200 Connection established\r\nX: y\r\n\r\n".to_vec();
    let (at, thread) = proxy(vec![(ask.len(), granted)], Some(server.port));
    let house = House::new(server.port, &format!("proxy = \"http://127.0.0.1:{at}\""));
    assert_eq!(house.fetch_well().report.delivered, 1);
    assert_eq!(thread.join().unwrap(), ask.as_bytes());
    let (at, thread) = proxy(vec![(ask.len(), b"HTTP/1.1 407 Who are you\r\n\r\n".to_vec())], None);
    let house = House::new(server.port, &format!("proxy = \"http://127.0.0.1:{at}\""));
    let error = house.fetch().error.unwrap().to_string();
    assert!(error.contains("407 Who are you"), "{error}");
    thread.join().unwrap();
}

#[test]
fn a_command_can_be_the_connection() {
    let server = Server::start(&MAIL);
    let command = "proxy = \"command:exec bash -c 'exec 3<>/dev/tcp/$POP3_HOST/$POP3_PORT; cat <&3 & cat >&3'\"";
    assert_eq!(House::new(server.port, command).fetch_well().report.delivered, 1);
}
