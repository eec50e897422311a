//! `--record`: what tshark, with its preferences at their defaults, makes of the file.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::support::Demo;
use crate::tool::talk_with;

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
        assert_eq!(tshark(&file, "pop contains \"Subject: Welcome to Watchpost\"", &["tcp.srcport"]), [port]);
        assert_eq!(tshark(&file, "tls.handshake.type == 1", &["tcp.dstport"]), [port]);
        // Comments explain what Wireshark shows, and hide what must not be read over a shoulder.
        let comments = tshark(&file, "frame.comment", &["frame.comment"]).join("\n");
        assert!(comments.contains("C: PASS •••••• — PASS: Gives the password"), "{comments}");
        assert!(comments.contains("S: +OK") && !comments.contains(&password), "{comments}");
    }
    demo.stop();
}

#[test]
fn a_recording_that_cannot_be_written_is_refused_before_anything_is_said() {
    let said = talk_with(&["127.0.0.1:1", "--record", "/nowhere/session.pcapng"], "QUIT\n", &[]);
    assert_eq!(said.code, Some(73), "{said}");
    assert!(said.err.contains("/nowhere/session.pcapng"), "{said}");
}
