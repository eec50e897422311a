//! getmail6: never as root, in batches, and started again when it hangs.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::alterations::Alteration::{self, BlankLineBehindHeader, Field, Folding, LineFeeds, NoFromLine, Trace};
use crate::cell::{Authentication, Cell, Client, Columns, Deleted, Failure, Fetched, Listed, Transport};
use crate::fetchers::{contents, delivered};
use crate::process;

/// `nobody` and `nogroup`, or whoever runs the tests.
const NOBODY: u32 = 65534;
/// It waits for a child in a way that can miss the child's end; fewer children, fewer misses.
const BATCH: usize = 20;
const RESTARTS_MAX: usize = 3;

pub struct Getmail;

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

fn give(path: &Path) {
    if is_root() {
        chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    }
}

impl Getmail {
    /// Its folder: state, certificate and a Maildir, all its own.
    fn home(cell: &Cell, name: &str) -> PathBuf {
        let home = cell.place(name);
        give(&home);
        for part in ["mail", "mail/cur", "mail/new", "mail/tmp"] {
            give(&cell.place(&format!("{name}/{part}")));
        }
        fs::copy(&cell.certificate, home.join("ca.pem")).unwrap();
        give(&home.join("ca.pem"));
        home
    }

    fn run(cell: &Cell, home: &Path, options: &str) -> Output {
        let kind = if cell.transport == Transport::Pop3s { "SimplePOP3SSLRetriever" } else { "SimplePOP3Retriever" };
        let trust = format!("ca_certs = {}\n", home.join("ca.pem").display());
        let text = format!(
            "[retriever]\ntype = {kind}\nserver = 127.0.0.1\nport = {}\nusername = alice\npassword = {}\n\
             timeout = 10\n{}\n[destination]\ntype = Maildir\npath = {}/mail/\n\n\
             [options]\nread_all = false\nverbose = 2\nmessage_log_syslog = false\n{options}\n",
            cell.port(),
            cell.password,
            if cell.transport == Transport::Pop3s { &trust } else { "" },
            home.display(),
        );
        process::private_file(&home.join("rc"), &text);
        give(&home.join("rc"));
        let mut command = Command::new("getmail");
        command.arg("--getmaildir").arg(home).args(["--rcfile", "rc"]).env("HOME", home).current_dir(home);
        if is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        process::run(&mut command, b"", "getmail6")
    }

    /// One batch. What a run delivered before it failed is fetched again, so it does not count.
    fn batch(cell: &Cell, home: &Path, options: &str, restarts: &mut usize) -> Result<Vec<Vec<u8>>, Failure> {
        loop {
            let (output, files) = delivered(&home.join("mail/new"), || Self::run(cell, home, options));
            match process::succeeded(&output) {
                Ok(_) => return Ok(contents(&files)),
                Err(report) if *restarts == RESTARTS_MAX => return Err(report),
                Err(_) => {
                    *restarts += 1;
                    for file in &files {
                        fs::remove_file(file).unwrap();
                    }
                }
            }
        }
    }
}

impl Client for Getmail {
    fn name(&self) -> &'static str {
        "getmail6"
    }

    fn package(&self) -> &'static str {
        "getmail6"
    }

    fn version(&self) -> String {
        process::version("getmail", &["--version"], self.package())
    }

    fn unable(&self, transport: Transport, login: Authentication) -> Option<&'static str> {
        match (transport, login) {
            (Transport::Stls, _) => Some("getmail6 has no STLS."),
            (_, Authentication::UserPass) => None,
            _ => Some("getmail6 as Debian packages it has no SASL on POP3."),
        }
    }

    fn columns(&self) -> Columns {
        Columns {
            list: "sizes (`max_message_size = 1`)",
            fetch: "equal but for what stands below; 20 messages a run",
            leave: "another run fetches nothing",
            delete: "the fetched messages (`max_messages_per_session = 20`)",
            refusal: "[AUTH] Authentication failed",
        }
    }

    fn alterations(&self) -> &'static [(Alteration, &'static str)] {
        &[
            (LineFeeds, "a Maildir has the line ends of its system"),
            (NoFromLine, "Python's parser takes it for the head of an mbox entry: 5 real mails have one"),
            (BlankLineBehindHeader, "12-header-only has no body, and Python's generator ends every header"),
            (Folding, "Python's generator folds long header fields anew"),
            (Trace("getmail6"), "the Received field, documented under `received`"),
            (Trace("Delivered-To: unknown\n"), "documented under `delivered_to`"),
            (Field("Return-Path"), "it moves to the top, in angle brackets, whatever it was"),
        ]
    }

    fn list(&self, cell: &Cell) -> Result<Listed, Failure> {
        let home = Self::home(cell, "list");
        let said = process::succeeded(&Self::run(cell, &home, "delete = false\nmax_message_size = 1"))?;
        // msg  1/42 (7365 bytes) …
        let lines = said.lines().filter(|line| line.trim_start().starts_with("msg "));
        let size = |line: &str| line.split_once('(')?.1.split_once(" bytes")?.0.parse().ok();
        Ok(Listed::Sizes(lines.map(|line| (size(line).expect("a size"), None)).collect()))
    }

    fn fetch(&self, cell: &Cell) -> Result<Fetched, Failure> {
        let home = Self::home(cell, "getmail");
        let (mut messages, mut restarts) = (Vec::new(), 0);
        loop {
            let options = format!("delete = false\nmax_messages_per_session = {BATCH}");
            let batch = Self::batch(cell, &home, &options, &mut restarts)?;
            let is_last = batch.len() < BATCH;
            messages.extend(batch);
            if is_last {
                return Ok(Fetched::Delivered(messages));
            }
        }
    }

    fn delete(&self, cell: &Cell, _: &[usize]) -> Result<Deleted, Failure> {
        let home = Self::home(cell, "delete");
        let options = format!("delete = true\nmax_messages_per_session = {BATCH}");
        let batch = Self::batch(cell, &home, &options, &mut 0)?;
        Ok(Deleted { gone: (0..BATCH).collect(), delivered: Some(batch) })
    }

    fn remembers(&self) -> bool {
        true
    }
}
