//! What tshark says of our files, its checksums on and its preferences at their defaults.

use std::net::SocketAddr;
use std::process::Command;

use watchpost_observatory::pcapng::{Conversation, Finish, Piece, Section, Side, write};

/// One line for each packet that passes the filter: these fields, separated by bars.
fn tshark(file: &std::path::Path, filter: &str, fields: &[&str]) -> Vec<String> {
    let mut command = Command::new("tshark");
    command.args(["-n", "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", "-r"]).arg(file);
    command.args(["-Y", filter, "-T", "fields", "-E", "separator=|"]);
    for field in fields {
        command.args(["-e", field]);
    }
    let output = command.output().expect("tshark: apt-get install tshark");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

fn spoken(client: SocketAddr, server: SocketAddr, message: usize) -> Conversation {
    let mut conversation = Conversation::new(client, server, 1_700_000_000_000_000_000);
    let body = format!("Subject: a long letter\r\n\r\n{}\r\n.\r\n", "All is well.\r\n".repeat(message));
    let said = [
        (Side::Server, "+OK ready\r\n".to_owned()),
        (Side::Client, "USER alice\r\n".to_owned()),
        (Side::Server, "+OK\r\n".to_owned()),
        (Side::Client, "RETR 1\r\n".to_owned()),
        (Side::Server, format!("+OK {} octets\r\n", body.len() - 3)),
        (Side::Server, body),
        (Side::Client, "QUIT\r\n".to_owned()),
        (Side::Server, "+OK\r\n".to_owned()),
    ];
    for (at, (from, text)) in (0..).zip(said) {
        let at = conversation.accepted + at * 1_000_000;
        let comments = vec![format!("step {at}")];
        conversation.pieces.push(Piece { at, from, octets: text.into_bytes(), comments });
    }
    conversation.finished = conversation.accepted + 20_000_000;
    conversation.finish = Finish::Closed(Side::Server);
    conversation
}

#[test]
fn tshark_finds_nothing_to_complain_about() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("test.pcapng");
    let conversations: Vec<Conversation> = [
        ("192.0.2.7:40000", "198.51.100.1:110", 10),
        ("[2001:db8::7]:40001", "[2001:db8::1]:110", 2_000),
        ("192.0.2.8:40002", "198.51.100.1:110", 800_000),
    ]
    .into_iter()
    .map(|(client, server, message)| spoken(client.parse().unwrap(), server.parse().unwrap(), message))
    .collect();
    let section = Section { application: "watchpost test", comment: "a test", interface: "synthesised" };
    let written = write(std::fs::File::create(&path).unwrap(), section, &conversations).unwrap();
    assert_eq!((written.sessions, written.secrets), (3, 0));
    let trouble = "tcp.analysis.flags || _ws.malformed || tcp.checksum.status == 0 || ip.checksum.status == 0 || \
                   _ws.unreassembled";
    assert_eq!(tshark(&path, trouble, &["frame.number", "_ws.expert.message"]), [""; 0]);
    assert_eq!(tshark(&path, "tcp.checksum.status == 1", &["frame.number"]).len(), written.packets);
    assert_eq!(
        tshark(&path, "pop.request", &["pop.request.command"]),
        ["USER", "RETR", "QUIT"].map(|word| [word; 3]).concat()
    );
    assert_eq!(tshark(&path, "imf", &["imf.subject"]), ["a long letter"; 3]);
    assert_eq!(tshark(&path, "tcp.flags.fin == 1", &["tcp.stream"]).len(), 6);
    assert_eq!(tshark(&path, "frame.comment contains \"step\"", &["frame.number"]).len(), 24);
    assert_eq!(tshark(&path, "frame.packet_flags_direction == 1", &["tcp.dstport"])[0], "110");
}
