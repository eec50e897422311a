//! Mail servers that take, refuse and break off: what they did not take stays where it is, and holds up nothing else.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use watchpost::fetch::session::{Report, SessionError};

use crate::house::House;
use crate::server::Server;

const MAIL: [(&str, &[u8]); 3] =
    [("one", b"Subject: one\r\n\r\n.dot\r\n"), ("two", b"Subject: two\r\n\r\n"), ("three", b"Subject: three\r\n\r\n")];

/// What a receiver does about a message once it has seen its first line.
#[derive(Clone, Copy, Debug)]
pub enum Deed {
    /// Takes it and says this.
    Take(&'static str),
    /// Says this, and has not taken it.
    Refuse(&'static str),
    /// Ends the connection in the midst of it.
    Break,
    /// Takes it, and ends the connection without a word.
    TakeSilently,
}

/// How it behaves.
#[derive(Clone, Copy)]
pub struct Script {
    /// What it says to the so many-th RCPT.
    pub rcpt: fn(usize) -> &'static str,
    /// What it does about a message with this first line.
    pub data: fn(&str) -> Deed,
}

pub const FINE: Script = Script { rcpt: |_| "250 fine\r\n", data: |_| Deed::Take("250 2.0.0 taken\r\n") };

pub struct Receiver {
    pub port: u16,
    script: Arc<Mutex<Script>>,
    taken: Arc<Mutex<Vec<String>>>,
    stopping: Arc<Mutex<bool>>,
    thread: Option<JoinHandle<()>>,
}

impl Receiver {
    pub fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (taken, stopping) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(false)));
        let script = Arc::new(Mutex::new(script));
        let (shared, stop, behaviour) = (Arc::clone(&taken), Arc::clone(&stopping), Arc::clone(&script));
        let thread = std::thread::spawn(move || {
            let mut recipients = 0;
            for stream in listener.incoming() {
                if *stop.lock().unwrap() {
                    return;
                }
                // However a connection ends, the next one is served.
                let script = *behaviour.lock().unwrap();
                let _ = serve(stream.unwrap(), script, &mut recipients, &shared);
            }
        });
        Self { port, script, taken, stopping, thread: Some(thread) }
    }

    /// From the next connection on.
    fn behave(&self, script: Script) {
        *self.script.lock().unwrap() = script;
    }

    /// First lines of what was taken, since this was asked last.
    fn taken(&self) -> Vec<String> {
        std::mem::take(&mut self.taken.lock().unwrap())
    }

    pub fn house(&self, protocol: &str, server: &Server) -> House {
        let more = format!(
            "to = \"{protocol}:127.0.0.1:{}\"\nrecipient = \"alice@example.org\"\nleave = \"never\"",
            self.port
        );
        House::new(server.port, &more)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        *self.stopping.lock().unwrap() = true;
        // Wakes the thread, unless it is gone already.
        drop(TcpStream::connect(("127.0.0.1", self.port)));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(stream: TcpStream, script: Script, recipients: &mut usize, taken: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut writer = stream.try_clone()?;
    let mut lines = BufReader::new(stream).lines();
    writer.write_all(b"220 here\r\n")?;
    while let Some(line) = lines.next().transpose()? {
        let reply = match line.split([' ', ':']).next().unwrap_or_default() {
            "LHLO" | "EHLO" => "250-here\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n",
            "RCPT" => {
                *recipients += 1;
                (script.rcpt)(*recipients)
            }
            "DATA" => {
                writer.write_all(b"354 go on\r\n")?;
                let first = lines.next().transpose()?.unwrap_or_default();
                let deed = (script.data)(&first);
                if matches!(deed, Deed::Break) {
                    return Ok(());
                }
                while lines.next().transpose()?.is_some_and(|line| line != ".") {}
                match deed {
                    Deed::Take(reply) => {
                        taken.lock().unwrap().push(first);
                        reply
                    }
                    Deed::TakeSilently => {
                        taken.lock().unwrap().push(first);
                        return Ok(());
                    }
                    Deed::Refuse(reply) => reply,
                    Deed::Break => unreachable!("the connection has ended"),
                }
            }
            _ => "250 fine\r\n",
        };
        writer.write_all(reply.as_bytes())?;
        if reply.starts_with("421") {
            return Ok(());
        }
    }
    Ok(())
}

fn failed(report: &Report) -> Vec<&str> {
    report.failed.iter().map(|failed| failed.id.as_str()).collect()
}

/// What becomes of the second message, by name; the others are taken.
const TROUBLES: [(&str, Script); 8] = [
    ("554 of the message", of_two(|line| second(line, Deed::Refuse("554 5.7.1 it looks like spam\r\n")))),
    ("451 of the message", of_two(|line| second(line, Deed::Refuse("451 4.3.0 not now\r\n")))),
    ("452 in two lines", of_two(|line| second(line, Deed::Refuse("452-4.2.2 it is\r\n452 4.2.2 full\r\n")))),
    ("421 of the message", of_two(|line| second(line, Deed::Refuse("421 4.3.2 going down\r\n")))),
    ("550 of the recipient", Script { rcpt: |number| say(number, "550 5.1.1 unknown\r\n"), ..FINE }),
    ("450 of the recipient", Script { rcpt: |number| say(number, "450 4.2.0 greylisted\r\n"), ..FINE }),
    // All of a short message has left us before we can know.
    ("gone in DATA", of_two(|line| second(line, Deed::Break))),
    (GONE_BEHIND, of_two(|line| second(line, Deed::TakeSilently))),
];
const GONE_BEHIND: &str = "gone behind DATA";

const fn of_two(data: fn(&str) -> Deed) -> Script {
    Script { data, ..FINE }
}

fn second(line: &str, deed: Deed) -> Deed {
    if line.ends_with("two") { deed } else { (FINE.data)(line) }
}

fn say(number: usize, reply: &'static str) -> &'static str {
    if number == 2 { reply } else { (FINE.rcpt)(number) }
}

#[test]
fn a_refusal_of_any_kind_leaves_one_message_and_blocks_no_other() {
    // C-060, C-061, C-071
    for protocol in ["lmtp", "smtp"] {
        for (name, script) in TROUBLES {
            let (server, receiver) = (Server::start(&MAIL), Receiver::start(script));
            let house = receiver.house(protocol, &server);
            let report = house.fetch_well().report;
            let what = format!("{protocol}, {name}: {report:?}");
            assert_eq!((report.delivered, report.removed, failed(&report)), (2, 2, vec!["two"]), "{what}");
            assert_eq!(server.ids(), ["two"], "{what}");
            let mut taken = receiver.taken();
            taken.retain(|line| !line.ends_with("two"));
            assert_eq!(taken, ["Subject: one", "Subject: three"], "{what}");
            // Only a receiver that went away behind our last octet leaves a doubt, and it is named at once.
            let doubtful = if name.starts_with("gone") { vec!["two"] } else { Vec::new() };
            assert_eq!(report.in_doubt, doubtful, "{what}");
            receiver.behave(FINE);
            let report = house.fetch_well().report;
            assert_eq!((report.delivered, report.in_doubt.len()), (1, 0), "{what}: {report:?}");
            assert_eq!(receiver.taken(), ["Subject: two"], "{what}");
            assert!(server.ids().is_empty(), "{what}");
        }
    }
}

#[test]
fn what_is_refused_for_good_is_given_up_and_what_is_refused_for_now_is_not() {
    // C-071: three times is enough of a refusal, and of a receiver that dies of a message; nothing else counts.
    for (name, script) in TROUBLES {
        let counts = name.starts_with("554") || name.starts_with("gone");
        let server = Server::start(&MAIL);
        let receiver = Receiver::start(script);
        let house = receiver.house("lmtp", &server);
        for _ in 0..4 {
            house.fetch();
        }
        let report = house.fetch().report;
        assert_eq!(report.given_up.len(), usize::from(counts), "{name}: {report:?}");
        if counts {
            let copies = if name == GONE_BEHIND { 3 } else { 0 };
            assert_eq!((receiver.taken().len(), server.ids()), (2 + copies, vec!["two".to_owned()]), "{name}");
        }
    }
}

#[test]
fn a_receiver_that_goes_before_the_last_octet_leaves_no_doubt() {
    // C-061: what is larger than every buffer on the way cannot have been taken.
    let large = [b"Subject: two\r\n\r\n".to_vec(), b"a line of text\r\n".repeat(1 << 20)].concat();
    let server = Server::start(&[MAIL[0], ("two", &large), MAIL[2]]);
    let receiver = Receiver::start(of_two(|line| second(line, Deed::Break)));
    let house = receiver.house("lmtp", &server);
    for round in 0..4 {
        let report = house.fetch_well().report;
        assert_eq!((report.delivered, failed(&report)), (if round == 0 { 2 } else { 0 }, vec!["two"]), "{report:?}");
        assert!(report.in_doubt.is_empty() && report.given_up.is_empty(), "{report:?}");
    }
    receiver.behave(FINE);
    assert_eq!(house.fetch_well().report.delivered, 1);
    assert_eq!(receiver.taken(), ["Subject: one", "Subject: three", "Subject: two"]);
}

#[test]
fn a_receiver_that_takes_nothing_is_not_asked_for_ever() {
    // C-061: nothing is lost, nothing is given up, and the maildrop is not fetched in vain again and again.
    let mail: Vec<(String, Vec<u8>)> =
        (0..60).map(|number| (format!("id{number}"), format!("Subject: {number}\r\n\r\n").into_bytes())).collect();
    let server = Server::start(&[]);
    server.state.lock().unwrap().mail.clone_from(&mail);
    let receiver = Receiver::start(Script { rcpt: |_| "452 4.2.2 mailbox full\r\n", ..FINE });
    let house = receiver.house("lmtp", &server);
    for _ in 0..4 {
        let outcome = house.fetch();
        assert!(matches!(outcome.error, Some(SessionError::Delivery(_))), "{:?}", outcome.report);
        assert_eq!((outcome.report.delivered, outcome.report.given_up.len()), (0, 0));
        assert!(outcome.report.failed.len() < 30, "it stops early: {}", outcome.report.failed.len());
    }
    drop(receiver);
    let nobody = House::new(server.port, "to = \"lmtp:127.0.0.1:1\"\nrecipient = \"a@example.org\"\nleave = \"never\"");
    for _ in 0..2 {
        let outcome = nobody.fetch();
        assert!(matches!(outcome.error, Some(SessionError::Delivery(_))));
        assert!(outcome.report.in_doubt.is_empty(), "nothing left our hands: nothing is in doubt");
    }
    assert_eq!(server.ids().len(), 60);
}

#[test]
fn a_command_that_dies_of_one_message_gets_all_others() {
    // C-061, C-071: it may have taken it, so it is named; three times, and it is left alone.
    let server = Server::start(&MAIL);
    let house = House::new(server.port, "to = \"pipe:grep -q two && kill -9 $$; true\"\nleave = \"never\"");
    for round in 0..3 {
        let report = house.fetch_well().report;
        assert_eq!((report.delivered, failed(&report)), (if round == 0 { 2 } else { 0 }, vec!["two"]), "{report:?}");
        assert_eq!(report.in_doubt, ["two"]);
    }
    assert_eq!(house.fetch_well().report.given_up, ["two"]);
    assert_eq!(server.ids(), ["two"]);
}
