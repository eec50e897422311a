//! Takes one client through every cell it can do.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::cell::{Authentication, Cell, Client, Fetched, Listed, Transport};
use crate::mail;
use crate::support::{Demo, PATIENCE, Typist};
use crate::wire::base64;

/// Never the password of anyone.
const WRONG: &str = "open-sesame-75";

/// Why a cell does not exist, whatever the client.
const LOGIN_IN_THE_CLEAR: &str = "Watchpost offers AUTH LOGIN only inside TLS (P-120).";

/// Why there is no such cell, by the server or by the client.
pub fn unable(client: &dyn Client, transport: Transport, login: Authentication) -> Option<&'static str> {
    let by_server = (transport == Transport::Plain && login == Authentication::Login).then_some(LOGIN_IN_THE_CLEAR);
    client.unable(transport, login).or(by_server)
}

/// The cells that exist.
pub fn cells(client: &dyn Client) -> Vec<(Transport, Authentication)> {
    let all = Transport::ALL.into_iter().flat_map(|transport| Authentication::ALL.map(|login| (transport, login)));
    all.filter(|(transport, login)| unable(client, *transport, *login).is_none()).collect()
}

/// Every cell of a client, each with a server of its own.
pub fn run(client: &dyn Client) {
    client.version();
    let mail = tempfile::tempdir().unwrap();
    mail::write(mail.path());
    let sent = mail::sent();
    for (transport, login) in cells(client) {
        let (dir, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let demo = Demo::start(dir.path(), &["--mail", mail.path().to_str().unwrap()]);
        // A client that must not run as root looks into its part of this.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
        let (password, folder) = (demo.password(), folder.path().to_owned());
        let (ports, certificate) = ([demo.pop3().port(), demo.pop3s().port()], demo.text("certificate"));
        let cell = Cell { transport, login, ports, certificate, password, folder };
        let mut trial = Trial { client, demo: &demo, cell, sent: &sent };
        trial.run(dir.path());
        let secrets = [trial.cell.password, WRONG.to_owned()];
        let log = demo.stop();
        assert!(!log.contains("ERROR"), "{log}");
        for secret in secrets {
            // S-029, in the clear and as AUTH LOGIN and AUTH PLAIN send it.
            for form in [base64(secret.as_bytes()), base64(format!("\0alice\0{secret}").as_bytes()), secret] {
                assert!(!log.contains(&form), "{}: a password is in the log", client.name());
            }
        }
    }
}

struct Trial<'a> {
    client: &'a dyn Client,
    demo: &'a Demo,
    cell: Cell,
    sent: &'a [(String, Vec<u8>)],
}

impl Trial<'_> {
    fn name(&self) -> String {
        format!("{} over {} with {}", self.client.name(), self.cell.transport, self.cell.login)
    }

    fn run(&mut self, dir: &Path) {
        let before = uids(self.demo);
        assert_eq!(before.len(), self.sent.len());
        self.wrong_password();
        assert_eq!(uids(self.demo), before, "{}: a wrong password removed mail", self.name());
        self.list(&before);
        self.fetch(dir);
        assert_eq!(uids(self.demo), before, "{}: left on the server, and another (P-181)", self.name());
        self.fetch_again(&before);
        assert_eq!(uids(self.demo), before, "{}", self.name());
        self.delete(&before);
    }

    /// The client says that it failed, and does not say the password.
    fn wrong_password(&mut self) {
        let password = std::mem::replace(&mut self.cell.password, WRONG.to_owned());
        let report = self.client.list(&self.cell).expect_err(&format!("{} got in", self.name()));
        self.cell.password = password;
        let refusal = self.client.columns().refusal;
        assert!(report.contains(refusal), "{} says not {refusal:?}: {report}", self.name());
        assert!(!report.contains(WRONG), "{} shows the password", self.name());
    }

    /// P-161, P-162
    fn list(&self, uids: &[String]) {
        let listed = self.client.list(&self.cell).unwrap_or_else(|report| panic!("{}: {report}", self.name()));
        let sizes: Vec<u64> = self.sent.iter().map(|(_, message)| message.len() as u64).collect();
        let (count, octets) = (sizes.len(), sizes.iter().sum::<u64>());
        match listed {
            Listed::Sizes(told) => {
                let told_sizes: Vec<u64> = told.iter().map(|(size, _)| *size).collect();
                assert_eq!(told_sizes, sizes, "{}", self.name());
                for ((_, told), uid) in told.iter().zip(uids) {
                    assert!(told.as_ref().is_none_or(|told| told == uid), "{}: {told:?} is {uid}", self.name());
                }
            }
            listed @ Listed::Total(..) => assert_eq!(listed, Listed::Total(count, octets), "{}", self.name()),
            listed @ Listed::Shown(..) => {
                let hundredths = (octets * 100 + 512) / 1024;
                let shown = format!("{}.{:02} KiB", hundredths / 100, hundredths % 100);
                assert_eq!(listed, Listed::Shown(count, shown), "{}", self.name());
            }
            listed @ Listed::Count(_) => assert_eq!(listed, Listed::Count(count), "{}", self.name()),
        }
    }

    /// P-165: each message, to the octet or but for what the client is known to do.
    fn fetch(&self, dir: &Path) {
        let fetched = self.client.fetch(&self.cell).unwrap_or_else(|report| panic!("{}: {report}", self.name()));
        let all: Vec<usize> = (0..self.sent.len()).collect();
        match fetched {
            Fetched::Numbered(received) => {
                assert_eq!(received.len(), self.sent.len(), "{}", self.name());
                for (place, received) in received.into_iter().enumerate() {
                    self.same(&[place], vec![received]);
                }
            }
            Fetched::Delivered(received) => self.same(&all, received),
        }
        // Its session may still be in UPDATE; once there is another, it is not.
        uids(self.demo);
        let seen = if self.client.tops() { 0 } else { self.sent.len() };
        assert_eq!(seen_messages(dir), seen, "{}: RETR marks as seen, TOP does not (P-166)", self.name());
        if self.client.tops() {
            self.demo.running.logged(&format!("topped={}", self.sent.len()));
        }
    }

    fn fetch_again(&self, uids: &[String]) {
        if !self.client.remembers() {
            return self.list(uids);
        }
        let fetched = self.client.fetch(&self.cell).unwrap_or_else(|report| panic!("{}: {report}", self.name()));
        let (Fetched::Numbered(received) | Fetched::Delivered(received)) = fetched;
        assert_eq!(received.len(), 0, "{}: unique-ids that stay are not fetched twice", self.name());
    }

    /// P-012, P-190: exactly these, and no other.
    fn delete(&self, before: &[String]) {
        let sizes: Vec<usize> = self.sent.iter().map(|(_, message)| message.len()).collect();
        let deleted = self.client.delete(&self.cell, &sizes);
        let deleted = deleted.unwrap_or_else(|report| panic!("{}: {report}", self.name()));
        assert!(!deleted.gone.is_empty() && deleted.gone.len() < before.len());
        let kept: Vec<String> = before
            .iter()
            .enumerate()
            .filter(|(at, _)| !deleted.gone.contains(at))
            .map(|(_, uid)| uid.clone())
            .collect();
        assert_eq!(uids(self.demo), kept, "{}", self.name());
        if let Some(delivered) = deleted.delivered {
            self.same(&deleted.gone, delivered);
        }
    }

    /// What was received is these messages, each once, in any order.
    fn same(&self, places: &[usize], received: Vec<Vec<u8>>) {
        let alterations = self.client.alterations();
        let mut left: Vec<Vec<u8>> = received
            .into_iter()
            .map(|message| alterations.iter().fold(message, |message, (each, _)| each.of_received(message)))
            .collect();
        assert_eq!(left.len(), places.len(), "{}", self.name());
        for place in places {
            let (name, message) = &self.sent[*place];
            let expected = alterations.iter().fold(message.clone(), |message, (each, _)| each.of_sent(message));
            let found = left.iter().position(|received| *received == expected);
            let found =
                found.unwrap_or_else(|| panic!("{}: {name} differs {}", self.name(), nearest(&left, &expected)));
            left.swap_remove(found);
        }
    }
}

/// Where the likeliest of these begins to differ.
fn nearest(received: &[Vec<u8>], expected: &[u8]) -> String {
    let common = |other: &Vec<u8>| other.iter().zip(expected).take_while(|(one, other)| one == other).count();
    let Some(best) = received.iter().max_by_key(|other| common(other)) else { return "and is nowhere".to_owned() };
    let at = common(best);
    let around = |octets: &[u8]| {
        octets[at.saturating_sub(20).min(octets.len())..(at + 40).min(octets.len())].escape_ascii().to_string()
    };
    format!("at octet {at}: {:?} instead of {:?}", around(best), around(expected))
}

/// The unique-ids as they are now. Waits for the session before this one to end (P-063).
fn uids(demo: &Demo) -> Vec<String> {
    let end = std::time::Instant::now() + PATIENCE;
    loop {
        let mut typist = Typist::connect(demo.pop3());
        typist.ok("USER alice");
        let reply = typist.say(&format!("PASS {}", demo.password()));
        if reply.starts_with("+OK") {
            let uids = typist.lines("UIDL").iter().map(|line| line.split(' ').nth(1).unwrap().to_owned()).collect();
            typist.ok("QUIT");
            typist.rest();
            return uids;
        }
        assert!(reply.starts_with("-ERR [IN-USE]") && std::time::Instant::now() < end, "{reply}");
        std::thread::yield_now();
    }
}

/// Messages of alice's Maildir with the flag that says seen.
fn seen_messages(dir: &Path) -> usize {
    let cur = dir.join("mail/alice@example.org/Maildir/cur");
    let names = fs::read_dir(cur).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name.rsplit_once(":2,").is_some_and(|(_, flags)| flags.contains('S'))).count()
}
