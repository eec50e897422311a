//! Open files: as many as the system gives, and what happens when it gives few.

use std::fmt::Write as _;
use std::fs;
use std::process::{Command, Output};

use crate::house::{House, messages_of, messages_of_mbox};
use crate::server::Server;
use crate::support::PROGRAM;
use crate::world::said;

/// Runs `fetch` under a limit of the shell.
fn fetch(house: &House, limit: &str) -> Output {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", &format!("ulimit {limit} && exec \"$0\" fetch --config \"$1\""), PROGRAM]);
    command.arg(house.path("watchpost.toml")).env("XDG_STATE_HOME", house.path("xdg")).env("LC_ALL", "C");
    command.output().unwrap()
}

fn mail(count: usize) -> Vec<(String, Vec<u8>)> {
    (0..count).map(|number| (format!("id{number:03}"), format!("A: {number:03}\r\n\r\n").into_bytes())).collect()
}

fn server(count: usize) -> Server {
    let server = Server::start(&[]);
    server.state.lock().unwrap().mail = mail(count);
    server
}

#[test]
fn as_many_open_files_are_taken_as_the_system_gives() {
    // A command has what we have.
    let server = server(1);
    let house = House::new(server.port, "to = \"pipe:ulimit -n > {dir}/limit\"");
    let output = fetch(&house, "-n 4000 && ulimit -S -n 64");
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(fs::read_to_string(house.path("limit")).unwrap().trim(), "4000");
}

#[test]
fn few_open_files_make_batches_smaller_and_lose_nothing() {
    // Twelve accounts of a hundred messages: all batches together would be 1,200 open files.
    let servers: Vec<Server> = (0..12).map(|_| server(100)).collect();
    let house = House::new(1, "");
    let mut text = String::new();
    for (number, server) in servers.iter().enumerate() {
        let place = house.folder.path().display();
        let _ = writeln!(
            text,
            "[[fetch]]\nname = \"a{number}\"\nserver = \"127.0.0.1:{}\"\ntls = \"none\"\nuser = \"alice\"\n\
             password = \"variable:HOME\"\nto = \"maildir:{place}/md{number}\"\nleave = \"never\"\n",
            server.port
        );
    }
    fs::write(house.path("watchpost.toml"), text).unwrap();
    let output = fetch(&house, "-n 256");
    assert!(output.status.success(), "{}", said(&output));
    for (number, server) in servers.iter().enumerate() {
        assert_eq!(messages_of(&house.path(&format!("md{number}"))).len(), 100);
        assert!(server.ids().is_empty());
    }
}

#[test]
fn where_open_files_run_out_the_run_says_what_to_do_and_nothing_is_lost() {
    // C-060, C-061: from too few to begin with to enough.
    let large = [b"A: large\r\n\r\n".to_vec(), b"a line of text\r\n".repeat(40_000)].concat();
    for (more, place) in [("", "md"), ("to = \"mbox:{dir}/mb\"", "mb"), ("to = \"pipe:cat >> {dir}/all\"", "all")] {
        let mut told = 0;
        for limit in (12..33).step_by(4) {
            let server = server(30);
            server.state.lock().unwrap().mail.push(("large".into(), large.clone()));
            let house = House::new(server.port, &format!("{more}\nleave = \"never\"\npassword = \"variable:HOME\""));
            let output = fetch(&house, &format!("-n {limit}"));
            let code = output.status.code();
            let text = said(&output);
            assert!(matches!(code, Some(0 | 71)), "{place} {limit}: {code:?} {text}");
            assert!(!text.contains("panic"), "{place} {limit}: {text}");
            if code == Some(71) {
                told += usize::from(text.contains("ulimit -n") && text.contains("nothing is lost"));
            }
            let output = fetch(&house, "-n 1024");
            assert!(output.status.success(), "{place} {limit}: {}", said(&output));
            let mut expected: Vec<Vec<u8>> = mail(30).into_iter().map(|(_, octets)| octets).collect();
            expected.push(large.clone());
            let path = house.path(place);
            let octets: usize = expected.iter().map(Vec::len).sum();
            match place {
                "md" => assert!(messages_of(&path) == expected, "{limit}"),
                "mb" => assert!(messages_of_mbox(&path) == expected, "{limit}"),
                // A command stores LF, and each message once.
                _ => {
                    let text = fs::read(&path).unwrap();
                    let lines = text.split(|octet| *octet == b'\n').count() - 1;
                    assert_eq!(text.len() + lines, octets, "{limit}");
                }
            }
            assert!(server.ids().is_empty(), "{place} {limit}");
        }
        assert!(told >= 1, "{place}: told {told} times: it must run out somewhere");
    }
}
