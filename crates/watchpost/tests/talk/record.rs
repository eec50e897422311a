//! `--record`: what tshark, with its preferences at their defaults, makes of the file.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::peers::{dovecot, with_dovecot};
use crate::support::Demo;
use crate::tool::{talk, talk_with};

/// One line for each packet that passes the filter: these fields, separated by bars.
fn tshark(file: &Path, filter: &str, fields: &[&str]) -> Vec<String> {
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

#[test]
fn wireshark_opens_a_recording_and_reads_what_tls_hid() {
    let dir = tempfile::tempdir().unwrap();
    let demo = Demo::start(&dir.path().join("demo"), &[]);
    let (pop3, pop3s, password) = (demo.pop3().to_string(), demo.pop3s().to_string(), demo.password());
    for (host, option, port) in [(&pop3s, "--tls", "995"), (&pop3, "--stls", "110")] {
        let file = dir.path().join(format!("{port}.pcapng"));
        let arguments = [host.as_str(), option, "--insecure", "--record", file.to_str().unwrap()];
        let script = "USER alice\nPASS ${password}\nSTAT\nRETR 1\nQUIT\n";
        let said = talk_with(&arguments, script, &[("WATCHPOST_PASSWORD", &password)]);
        assert_eq!(said.code, Some(0), "{said}");
        said.has(&["Recorded ", "for test accounts"]).never(&password);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let trouble = "tcp.analysis.flags || _ws.malformed || tcp.checksum.status == 0 || ip.checksum.status == 0";
        assert_eq!(tshark(&file, trouble, &["frame.number", "_ws.expert.message"]), [""; 0]);
        let commands = tshark(&file, "pop.request", &["pop.request.command"]);
        let spoken = ["STLS", "USER", "PASS", "STAT", "RETR", "QUIT"];
        assert_eq!(commands, spoken[usize::from(option == "--tls")..], "{option}");
        assert_eq!(tshark(&file, "pop.request.command == PASS", &["pop.request.parameter"]), [password.as_str()]);
        assert_eq!(tshark(&file, "imf", &["tcp.srcport", "imf.subject"]), [format!("{port}|Welcome to Watchpost")]);
        assert_eq!(tshark(&file, "tls.handshake.type == 1", &["tcp.dstport"]), [port]);
        // Comments explain what Wireshark shows, and hide what must not be read over a shoulder.
        let comments = tshark(&file, "frame.comment", &["frame.comment"]).join("\n");
        assert!(comments.contains("C: PASS •••••• — PASS: Gives the password"), "{comments}");
        assert!(comments.contains("S: +OK") && !comments.contains(&password), "{comments}");
    }
    demo.stop();
}

/// Messages in a recording, with nothing to complain about: their subjects.
fn subjects(file: &Path) -> Vec<String> {
    let trouble = "tcp.analysis.flags || _ws.malformed || tcp.checksum.status == 0 || ip.checksum.status == 0";
    assert_eq!(tshark(file, trouble, &["frame.number", "_ws.expert.message"]), [""; 0]);
    tshark(file, "imf", &["imf.subject"])
}

#[test]
fn a_message_is_shown_as_one_whatever_a_server_puts_into_one_record() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("session.pcapng");
    let record = ["--record", file.to_str().unwrap()];
    let running = dovecot();
    fs::write(running.folder().join("Maildir/new/3.c"), format!("Subject: 3.c\n\n{}", "long\n".repeat(20_000)))
        .unwrap();
    let script = "USER mrose\n< +OK\nPASS ${password}\n< +OK\nCAPA\nRETR 9\n< -ERR\nRETR 2\n< +OK\nRETR 1\n< +OK\n\
                  RETR 3\n< +OK\nTOP 1 0\n< +OK\nSTAT\n< +OK 3 \nQUIT\n< +OK\n";
    for (port, options) in [(running.pop3, "--allow-clear"), (running.pop3, "--stls"), (running.pop3s, "--tls")] {
        with_dovecot(&running, port, &[&[options], &record[..]].concat(), script);
        assert_eq!(subjects(&file), ["2.b", "1.a", "3.c", "1.a"], "Dovecot, {options}");
        assert_eq!(tshark(&file, "pop.request.command == QUIT", &["tcp.stream"]), ["0"], "all is decrypted");
    }
    let dir = tempfile::tempdir().unwrap();
    let demo = Demo::start(&dir.path().join("demo"), &[]);
    let password = demo.password();
    for (server, option) in [(demo.pop3(), "--allow-clear"), (demo.pop3(), "--stls"), (demo.pop3s(), "--tls")] {
        let server = server.to_string();
        let script = "login alice\nRETR 1\n< +OK\nRETR 9\n< +OK\nRETR 1\n< +OK\nQUIT\n< +OK\n";
        let arguments = [&[server.as_str(), option, "--insecure"], &record[..]].concat();
        let said = talk_with(&arguments, script, &[("WATCHPOST_PASSWORD", &password)]);
        assert_eq!(said.code, Some(0), "{said}");
        let subjects = subjects(&file);
        assert!(subjects.len() == 3 && subjects[0] == "Welcome to Watchpost", "Watchpost, {option}: {subjects:?}");
    }
    demo.stop();
}

#[test]
fn a_message_is_shown_as_one_under_tls_1_2_too() {
    for suite in ["ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305"] {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("session.pcapng");
        let mut server = Command::new("python3");
        let mut server = server.args(["-c", TWELVE, suite]).stdout(Stdio::piped()).spawn().unwrap();
        let mut port = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut port).unwrap();
        let host = format!("127.0.0.1:{}", port.trim());
        let arguments = [host.as_str(), "--tls", "--insecure", "--record", file.to_str().unwrap()];
        let said = talk(&arguments, "RETR 1\n< +OK\nRETR 2\n< +OK\nQUIT\n< +OK\n");
        assert!(server.wait().unwrap().success(), "{said}");
        assert_eq!(said.code, Some(0), "{said}");
        assert!(said.out.contains("TLS 1.2") || said.out.contains("TLSv1.2"), "{said}");
        assert_eq!(subjects(&file), ["in one record", "in one record"], "{suite}");
        assert_eq!(tshark(&file, "pop.request.command == QUIT", &["tcp.stream"]), ["0"], "{suite}");
    }
}

/// A server of TLS 1.2 with one suite, for one visitor.
const TWELVE: &str = r#"
import os, socket, ssl, subprocess, sys, tempfile
folder = tempfile.mkdtemp()
key, certificate = os.path.join(folder, "key"), os.path.join(folder, "certificate")
subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=twelve", "-keyout", key, "-out",
                certificate], check=True, stderr=subprocess.DEVNULL)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.maximum_version = ssl.TLSVersion.TLSv1_2
context.set_ciphers(sys.argv[1])
context.load_cert_chain(certificate, key)
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
client = context.wrap_socket(listener.accept()[0], server_side=True)
client.sendall(b"+OK ready\r\n")
message = b"Subject: in one record\r\n\r\nAll of it.\r\n"
for line in client.makefile("rb"):
    if line.startswith(b"QUIT"):
        client.sendall(b"+OK bye\r\n")
        break
    client.sendall(b"+OK %d octets\r\n" % len(message) + message + b".\r\n")
client.close()
"#;

#[test]
fn a_recording_that_cannot_be_written_is_refused_before_anything_is_said() {
    let said = talk_with(&["127.0.0.1:1", "--record", "/nowhere/session.pcapng"], "QUIT\n", &[]);
    assert_eq!(said.code, Some(73), "{said}");
    assert!(said.err.contains("/nowhere/session.pcapng"), "{said}");
}
