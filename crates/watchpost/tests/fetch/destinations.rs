//! Where mail goes: each kind takes it whole, and says so when it does not.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use watchpost::fetch::session::SessionError;

use crate::checks;
use crate::house::{House, messages_of_mbox};
use crate::server::Server;

const MAIL: [(&str, &[u8]); 2] = [("one", b"A: 1\r\n\r\n.dot\r\nFrom me\r\n>From you\r\n"), ("two", b"B: 2\r\n\r\n")];

#[test]
fn an_mbox_quotes_what_could_begin_a_message() {
    // C-072
    let server = Server::start(&MAIL);
    let house = House::new(server.port, "to = \"mbox:{dir}/mb\"");
    house.fetch_well();
    assert_eq!(messages_of_mbox(&house.path("mb")), [MAIL[0].1.to_vec(), MAIL[1].1.to_vec()]);
    let text = std::fs::read_to_string(house.path("mb")).unwrap();
    assert!(text.contains("\n>From me\n>>From you\n\nFrom MAILER-DAEMON "), "{text}");
    assert!(!house.path("mb.lock").exists());
}

#[test]
fn line_ends_stay_as_they_came_where_that_is_wanted() {
    // C-072
    let server = Server::start(&MAIL);
    for (ends, octets) in [("crlf", MAIL[1].1.to_vec()), ("lf", b"B: 2\n\n".to_vec()), ("exact", b"B: 2\n\n".to_vec())]
    {
        let house = House::new(server.port, &format!("line_ends = \"{ends}\""));
        house.fetch_well();
        let files = std::fs::read_dir(house.path("md/new")).unwrap();
        let stored: Vec<Vec<u8>> = files.map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect();
        assert!(stored.contains(&octets), "{ends}");
    }
}

#[test]
fn what_came_is_stored_so_that_nothing_is_lost() {
    checks::what_came_is_stored_so_that_nothing_is_lost();
}

#[test]
fn a_command_decides_by_its_exit_code() {
    // C-060, C-071
    let server = Server::start(&MAIL);
    let takes = House::new(server.port, "to = \"pipe:cat >> {dir}/all\"\nleave = \"never\"");
    assert_eq!(takes.fetch_well().report.removed, 2);
    assert_eq!(std::fs::read(takes.path("all")).unwrap(), b"A: 1\n\n.dot\nFrom me\n>From you\nB: 2\n\n");
    let server = Server::start(&MAIL);
    let later = House::new(server.port, "to = \"pipe:exit 75\"\nleave = \"never\"");
    assert_eq!(later.fetch_well().report.failed.len(), 2);
    let missing = House::new(server.port, "to = \"pipe:exit 127\"\nleave = \"never\"");
    assert!(matches!(missing.fetch().error, Some(SessionError::Delivery(_))), "no message is to blame for that");
    assert_eq!(server.ids().len(), 2);
    let picky = House::new(server.port, "to = \"pipe:grep -q '^B'\"\nleave = \"never\"");
    let report = picky.fetch_well().report;
    assert_eq!((report.delivered, report.failed.len(), report.removed), (1, 1, 1), "{report:?}");
    assert_eq!(server.ids(), ["one"]);
}

#[test]
fn a_relay_gets_every_line_with_its_dots_and_decides_by_its_reply() {
    // C-073, C-060
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = Arc::new(Mutex::new(Vec::<String>::new()));
    let lines = Arc::clone(&heard);
    let relay = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let (mut writer, mut data) = (stream.try_clone().unwrap(), false);
        writer.write_all(b"220 here\r\n").unwrap();
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let reply: &str = match line.as_str() {
                "." if data => {
                    data = false;
                    "250 2.0.0 taken\r\n"
                }
                _ if data => "",
                "DATA" => {
                    data = true;
                    "354 go on\r\n"
                }
                line if line.starts_with("LHLO") => "250-here\r\n250 8BITMIME\r\n",
                _ => "250 fine\r\n",
            };
            lines.lock().unwrap().push(line);
            writer.write_all(reply.as_bytes()).unwrap();
        }
    });
    let server = Server::start(&MAIL);
    let more = format!("to = \"lmtp:127.0.0.1:{port}\"\nrecipient = \"alice@example.org\"\nleave = \"never\"");
    let report = House::new(server.port, &more).fetch_well().report;
    assert_eq!((report.delivered, report.removed), (2, 2));
    relay.join().unwrap();
    let heard = heard.lock().unwrap().join("\n");
    assert!(
        heard.contains("MAIL FROM:<>\nRCPT TO:<alice@example.org>\nDATA\nA: 1\n\n..dot\nFrom me\n>From you\n.\n"),
        "{heard}"
    );
    assert_eq!(heard.matches("LHLO").count(), 1, "one connection for both");
}
