//! fetchmail and mpop: they deliver elsewhere, and remember unique-ids.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::alterations::Alteration::{self, BlankLineBehindHeader, LineFeeds, NoFromLine, Pieces, Trace};
use crate::cell::{Authentication, Cell, Client, Columns, Deleted, Failure, Fetched, Listed, Transport};
use crate::process;

/// The files of a folder that were not there before: what one run delivered.
pub fn delivered<T>(folder: &Path, run: impl FnOnce() -> T) -> (T, Vec<PathBuf>) {
    let names = || -> Vec<PathBuf> { fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect() };
    let before = names();
    let told = run();
    let mut new = names();
    new.retain(|name| !before.contains(name));
    (told, new)
}

pub fn contents(files: &[PathBuf]) -> Vec<Vec<u8>> {
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

pub struct Fetchmail;

/// How many messages fetchmail takes when it deletes.
const FETCHMAIL_LIMIT: usize = 5;

impl Fetchmail {
    /// Never to an MTA: each message becomes a file.
    fn run(cell: &Cell, options: &str, arguments: &[&str]) -> Output {
        let (home, mail) = (cell.place("fetchmail"), cell.place("mail"));
        let security = match cell.transport {
            Transport::Plain => "sslproto ''".to_owned(),
            Transport::Stls => format!("sslproto 'tls1.2+' sslcertck sslcertfile '{}'", cell.certificate),
            Transport::Pop3s => format!("ssl sslproto 'tls1.2+' sslcertck sslcertfile '{}'", cell.certificate),
        };
        let (port, password, mail) = (cell.port(), &cell.password, mail.display());
        let text = format!(
            "set idfile \"{home}/ids\"\nset no bouncemail\nset no syslog\n\
             poll localhost service {port} protocol pop3 auth password uidl timeout 50\n  \
             user \"alice\" password \"{password}\" is \"alice\" here\n  no rewrite {options} {security}\n  \
             mda \"cat >$(mktemp {mail}/XXXXXXXXXX)\"\n",
            home = home.display(),
        );
        process::private_file(&home.join("rc"), &text);
        let mut command = Command::new("fetchmail");
        command.arg("--fetchmailrc").arg(home.join("rc")).args(arguments).env("FETCHMAILHOME", &home);
        process::run(command.env("LC_ALL", "C"), b"", "fetchmail")
    }

    /// Exit code 1 is its word for `no mail`.
    fn fetched(output: &Output) -> Result<(), Failure> {
        if output.status.code() == Some(1) { Ok(()) } else { process::succeeded(output).map(drop) }
    }
}

impl Client for Fetchmail {
    fn name(&self) -> &'static str {
        "fetchmail"
    }

    fn package(&self) -> &'static str {
        "fetchmail"
    }

    fn version(&self) -> String {
        let version = process::version("fetchmail", &["--version"], self.package());
        let release = version.split(' ').nth(4).and_then(|release| release.split('+').next());
        format!("fetchmail {}", release.unwrap_or(&version))
    }

    fn unable(&self, _: Transport, login: Authentication) -> Option<&'static str> {
        (login != Authentication::UserPass).then_some("fetchmail has neither PLAIN nor LOGIN on POP3.")
    }

    fn columns(&self) -> Columns {
        Columns {
            list: "count and octets (`--check`)",
            fetch: "equal but for what stands below",
            leave: "a second run fetches nothing; by TOP, so nothing counts as seen",
            delete: "the fetched messages (`fetchlimit 5`)",
            refusal: "exit status: 3",
        }
    }

    fn alterations(&self) -> &'static [(Alteration, &'static str)] {
        &[
            (LineFeeds, "an MDA gets the line ends of its system"),
            (NoFromLine, "fetchmail takes it for the head of an mbox entry: 5 real mails have one"),
            (BlankLineBehindHeader, "12-header-only has no body, and fetchmail ends every header"),
            (Trace("with POP3 (fetchmail-"), "the Received field, documented under `invisible`"),
            (Pieces(8191), "09-long-lines: it reads 8,191 octets of a line at most, and ends each piece as a line"),
        ]
    }

    fn list(&self, cell: &Cell) -> Result<Listed, Failure> {
        let said = process::succeeded(&Self::run(cell, "keep", &["--check"]))?;
        // 42 messages for alice at localhost (399102 octets).
        let line = said.lines().find(|line| line.contains(" messages for alice")).ok_or_else(|| said.clone())?;
        let count = line.split(' ').next().unwrap().parse().unwrap();
        let octets = line.split_once('(').unwrap().1.split(' ').next().unwrap().parse().unwrap();
        Ok(Listed::Total(count, octets))
    }

    fn fetch(&self, cell: &Cell) -> Result<Fetched, Failure> {
        let (output, files) = delivered(&cell.place("mail"), || Self::run(cell, "keep", &[]));
        Self::fetched(&output)?;
        Ok(Fetched::Delivered(contents(&files)))
    }

    fn delete(&self, cell: &Cell, _: &[usize]) -> Result<Deleted, Failure> {
        let options = format!("fetchall no keep fetchlimit {FETCHMAIL_LIMIT}");
        let (output, files) = delivered(&cell.place("mail"), || Self::run(cell, &options, &[]));
        // 13 says that the limit was reached.
        if output.status.code() != Some(13) {
            Self::fetched(&output)?;
        }
        Ok(Deleted { gone: (0..FETCHMAIL_LIMIT).collect(), delivered: Some(contents(&files)) })
    }

    fn remembers(&self) -> bool {
        true
    }

    fn tops(&self) -> bool {
        true
    }
}

pub struct Mpop;

/// What mpop deletes is no larger than this; no message has exactly this size.
const MPOP_LIMIT: usize = 2000;

impl Mpop {
    fn run(cell: &Cell, options: &str, arguments: &[&str]) -> Output {
        let home = cell.place("mpop");
        let mail = cell.place("mail");
        for part in ["cur", "new", "tmp"] {
            cell.place(&format!("mail/{part}"));
        }
        let security = match cell.transport {
            Transport::Plain => "tls off".to_owned(),
            Transport::Stls => format!("tls on\ntls_starttls on\ntls_trust_file {}", cell.certificate),
            Transport::Pop3s => format!("tls on\ntls_starttls off\ntls_trust_file {}", cell.certificate),
        };
        let text = format!(
            "account default\nhost 127.0.0.1\nport {}\ntimeout 50\nuser alice\nauth {}\npassword {}\n\
             uidls_file {}/uidls\ndelivery maildir {}\n{security}\n{options}\n",
            cell.port(),
            cell.login.to_string().to_lowercase(),
            cell.password,
            home.display(),
            mail.display(),
        );
        process::private_file(&home.join("rc"), &text);
        let mut command = Command::new("mpop");
        command.arg("--file").arg(home.join("rc")).args(arguments).env("HOME", &home).env("LC_ALL", "C");
        process::run(&mut command, b"", "mpop")
    }
}

impl Client for Mpop {
    fn name(&self) -> &'static str {
        "mpop"
    }

    fn package(&self) -> &'static str {
        "mpop"
    }

    fn version(&self) -> String {
        process::version("mpop", &["--version"], self.package()).replace(" version", "")
    }

    fn unable(&self, _: Transport, _: Authentication) -> Option<&'static str> {
        None
    }

    fn columns(&self) -> Columns {
        Columns {
            list: "count and octets (`--status-only`)",
            fetch: "equal but for what stands below, pipelined",
            leave: "a second run fetches nothing",
            delete: "the fetched messages (`keep off`, `skipsize 2000`)",
            refusal: "exit status: 77",
        }
    }

    fn alterations(&self) -> &'static [(Alteration, &'static str)] {
        &[
            (LineFeeds, "a Maildir has the line ends of its system"),
            (Trace("(mpop-"), "the Received field, documented under `received_header`"),
        ]
    }

    fn list(&self, cell: &Cell) -> Result<Listed, Failure> {
        let said = process::succeeded(&Self::run(cell, "keep on", &["--status-only"]))?;
        // new: 42 messages in 389.75 KiB, total: 42 messages in 389.75 KiB
        let (_, total) = said.split_once("total: ").ok_or_else(|| said.clone())?;
        let (count, octets) = total.trim().split_once(" messages in ").ok_or_else(|| said.clone())?;
        Ok(Listed::Shown(count.parse().unwrap(), octets.to_owned()))
    }

    fn fetch(&self, cell: &Cell) -> Result<Fetched, Failure> {
        let (output, files) = delivered(&cell.place("mail/new"), || Self::run(cell, "keep on", &[]));
        process::succeeded(&output)?;
        Ok(Fetched::Delivered(contents(&files)))
    }

    fn delete(&self, cell: &Cell, sizes: &[usize]) -> Result<Deleted, Failure> {
        fs::remove_file(cell.place("mpop").join("uidls")).unwrap();
        let options = format!("keep off\nskipsize {MPOP_LIMIT}");
        let (output, files) = delivered(&cell.place("mail/new"), || Self::run(cell, &options, &[]));
        process::succeeded(&output)?;
        let gone = sizes.iter().enumerate().filter(|(_, size)| **size < MPOP_LIMIT).map(|(at, _)| at).collect();
        Ok(Deleted { gone, delivered: Some(contents(&files)) })
    }

    fn remembers(&self) -> bool {
        true
    }
}
