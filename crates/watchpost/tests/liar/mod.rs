//! A POP3 server that tells one lie at a time, and what `watchpost bench` makes of it.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test may fail here")]

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use super::support::{PROGRAM, with_fault};

pub const PASSWORD: &str = "truth-be-told";
const MESSAGES: [&str; 2] = ["Subject: a\r\n\r\n.dot\r\n", "Subject: b\r\n\r\nsome text\r\n"];

/// What is not true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    None,
    /// LIST says one octet more than RETR gives.
    Size,
    /// STAT says one octet more than LIST.
    Sum,
    /// UIDL has a line less.
    Count,
    /// LIST begins with 2.
    Numbers,
    /// The second session finds another message.
    Message,
    /// Every password is right.
    Password,
    /// PIPELINING is not announced.
    Pipelining,
    /// Every third session ends without a word.
    Silence,
}

/// Serves for as long as the test runs.
pub fn serve(lie: Lie) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let sessions = Arc::new(AtomicUsize::new(0));
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let number = sessions.fetch_add(1, Ordering::SeqCst);
            if lie == Lie::Silence && number % 3 == 2 {
                continue;
            }
            std::thread::spawn(move || session(stream, lie, number));
        }
    });
    address
}

fn session(stream: TcpStream, lie: Lie, number: usize) {
    stream.set_nodelay(true).unwrap();
    let mut writer = stream.try_clone().unwrap();
    let mut say = |text: String| writer.write_all(text.as_bytes()).is_ok();
    say("+OK liar\r\n".into());
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        let (verb, argument) = line.split_once(' ').unwrap_or((&line, ""));
        if !say(reply(verb, argument, lie, number)) || verb == "QUIT" {
            return;
        }
    }
}

fn reply(verb: &str, argument: &str, lie: Lie, number: usize) -> String {
    let sizes = MESSAGES.map(str::len);
    let lies = |this: Lie| usize::from(lie == this);
    match verb {
        "PASS" if argument != PASSWORD && lie != Lie::Password => "-ERR [AUTH] no\r\n".into(),
        "CAPA" if lie == Lie::Pipelining => "+OK\r\nUIDL\r\n.\r\n".into(),
        "CAPA" => "+OK\r\nUIDL\r\nPIPELINING\r\n.\r\n".into(),
        "STAT" => format!("+OK 2 {}\r\n", sizes[0] + sizes[1] + lies(Lie::Size) + lies(Lie::Sum)),
        "UIDL" if lie == Lie::Count => "+OK\r\n1 a\r\n.\r\n".into(),
        "UIDL" => "+OK\r\n1 a\r\n2 b\r\n.\r\n".into(),
        "LIST" => {
            let first = 1 + lies(Lie::Numbers);
            format!("+OK\r\n{first} {}\r\n{} {}\r\n.\r\n", sizes[0] + lies(Lie::Size), first + 1, sizes[1])
        }
        "RETR" => {
            let message = MESSAGES[argument.parse::<usize>().unwrap() - 1].replace("\r\n.", "\r\n..");
            let message = if lie == Lie::Message && number == 1 { message.replace('b', "c") } else { message };
            format!("+OK\r\n{message}.\r\n")
        }
        _ => "+OK\r\n".into(),
    }
}

/// Runs bench with a password on its standard input: its last line of JSON, its exit code, and all that it wrote.
pub fn bench(mode: &str, address: SocketAddr, password: &str, arguments: &[&str]) -> (Value, i32, String) {
    let mut command = Command::new(PROGRAM);
    command.args(["bench", mode, &address.to_string(), "--lang", "en", "--json"]).args(arguments);
    if !arguments.contains(&"--users") {
        command.arg("--password-stdin");
    }
    with_fault(&mut command);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // It may end before it has read anything.
    let _ = child.stdin.take().unwrap().write_all(format!("{password}\n").as_bytes());
    let output = child.wait_with_output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(!said.contains(password), "S-029");
    let last = String::from_utf8_lossy(&output.stdout).lines().last().unwrap_or("null").to_owned();
    (serde_json::from_str(&last).unwrap(), output.status.code().unwrap(), said)
}

/// The kinds of faults that a run against this lie finds.
pub fn found(lie: Lie, mode: &str, arguments: &[&str]) -> (Vec<String>, i32) {
    let mut all = vec!["--tls", "none", "--user", "alice"];
    all.extend(arguments);
    let (json, code, _) = bench(mode, serve(lie), PASSWORD, &all);
    let phase = if mode == "storm" { &json["storm"] } else { &json };
    let kinds = phase["faults"].as_array().unwrap().iter().map(|fault| fault["kind"].as_str().unwrap().to_owned());
    (kinds.collect(), code)
}

/// A server whose LIST and RETR differ is caught, and one that tells the truth is not.
pub fn sizes_that_differ_are_errors() {
    assert_eq!(found(Lie::None, "drain", &[]), (vec![], 0));
    assert_eq!(found(Lie::Size, "drain", &[]), (vec!["size".to_owned()], 65));
}

/// A maildrop that changes between two sessions is caught.
pub fn messages_that_change_are_errors() {
    let twice = ["--verify", "--count", "2", "--connections", "1"];
    assert_eq!(found(Lie::None, "drain", &twice), (vec![], 0));
    assert_eq!(found(Lie::Message, "drain", &twice), (vec!["digest".to_owned()], 65));
}
