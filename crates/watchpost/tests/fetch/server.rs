//! A POP3 server of a few lines that can be told to misbehave. It keeps its mail between sessions.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// What a server does behind its last good octet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum After {
    /// It closes.
    #[default]
    Close,
    /// It says nothing more.
    Silence,
    /// Some octets of chance, and it closes.
    Garbage,
    /// One line that never ends.
    EndlessLine,
    /// Lines that could be part of a listing or a message, without end.
    EndlessLines,
    /// One octet now and then, for ever.
    Drip,
}

/// Does it until the client has had enough.
pub fn misbehave(stream: &mut TcpStream, after: After) {
    let mut flood = |octets: &[u8]| while stream.write_all(octets).is_ok() {};
    match after {
        After::Close | After::Silence => {}
        After::Garbage => {
            let mut chance = 0x9e37_79b9_u32;
            let mut octet = || {
                chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                chance.to_be_bytes()[0]
            };
            let babble: Vec<u8> = std::iter::repeat_with(&mut octet).take(20_000).collect();
            // The client may have closed already.
            let _ = stream.write_all(&babble);
        }
        After::EndlessLine => flood(&[b'x'; 8 * 1024]),
        After::EndlessLines => flood(&b"1 100\r\n".repeat(4 * 1024)),
        After::Drip => {
            let (_never, pause) = std::sync::mpsc::channel::<()>();
            while stream.write_all(b"x").is_ok() {
                // Nobody says anything: that is a pause.
                let _ = pause.recv_timeout(std::time::Duration::from_millis(50));
            }
        }
    }
    if matches!(after, After::Close | After::Garbage) {
        let _ = stream.shutdown(Shutdown::Write);
    }
}

/// How a server misbehaves.
#[derive(Clone, Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a misdeed of its own")]
pub struct Manners {
    /// It says this of itself; PIPELINING among them unless told otherwise.
    pub capabilities: Vec<&'static str>,
    /// It closes once it has sent so many octets in a session.
    pub octets: Option<usize>,
    /// What it does then.
    pub after: After,
    /// It forgets what came with a command in the same packet.
    pub loses_pipelined: bool,
    /// RETR of this message is refused.
    pub refuses: Option<&'static str>,
    /// With these words.
    pub refusal: Option<&'static str>,
    /// QUIT is answered with -ERR, and nothing is removed.
    pub keeps: bool,
    /// QUIT is answered with +OK, and nothing is removed.
    pub lies: bool,
    /// UIDL is refused.
    pub no_uidl: bool,
    /// LIST says this of every message.
    pub listed: Option<usize>,
    /// STAT says that there are so many messages.
    pub counted: Option<u64>,
    /// PASS is refused with this.
    pub pass: Option<&'static str>,
    /// What it says first, and what it says that it is (IMPLEMENTATION).
    pub banner: (String, String),
    /// It shows so many messages to a session, and hides those that were fetched.
    pub portion: Option<usize>,
    /// RETR of this message needs UTF8 mode.
    pub needs_utf8: Option<&'static str>,
    /// TOP leaves out the end of what was asked for.
    pub cuts_top: bool,
}

/// Unique-ids and messages.
type Messages = Vec<(String, Vec<u8>)>;

#[derive(Default)]
pub struct State {
    pub mail: Messages,
    pub manners: Manners,
    /// Every command that came, without arguments of PASS.
    pub heard: Vec<String>,
    pub sessions: usize,
    /// Octets sent in the last session.
    pub sent: usize,
    /// When each session began.
    pub begun: Vec<std::time::Instant>,
    /// What time it is, for [`State::updates`].
    pub clock: Option<Box<dyn Fn() -> usize + Send>>,
    /// When QUIT was obeyed, and the mail there was from then on.
    pub updates: Vec<(usize, Messages)>,
    /// Done before the next RETR is answered.
    pub before_retr: Option<Box<dyn FnOnce() + Send>>,
}

pub struct Server {
    pub port: u16,
    pub state: Arc<Mutex<State>>,
    stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub fn start(mail: &[(&str, &[u8])]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let mail = mail.iter().map(|(id, octets)| ((*id).to_owned(), octets.to_vec())).collect();
        let manners = Manners { capabilities: vec!["PIPELINING", "UIDL", "TOP", "USER"], ..Manners::default() };
        let state = Arc::new(Mutex::new(State { mail, manners, ..State::default() }));
        let stopping = Arc::new(AtomicBool::new(false));
        let (shared, stop) = (Arc::clone(&state), Arc::clone(&stopping));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                session(stream.unwrap(), &shared);
            }
        });
        Self { port, state, stopping, thread: Some(thread) }
    }

    pub fn manners(&self, change: impl FnOnce(&mut Manners)) {
        change(&mut self.state.lock().unwrap().manners);
    }

    /// Commands heard since this was asked last.
    pub fn heard(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap().heard)
    }

    pub fn heard_verb(&self, verb: &str) -> usize {
        self.heard().iter().filter(|line| line.starts_with(verb)).count()
    }

    /// How many octets the last session had. Its last may still be on its way out.
    pub fn sent(&self) -> usize {
        loop {
            match self.state.lock().unwrap().sent {
                0 => {}
                sent => return sent,
            }
            std::thread::yield_now();
        }
    }

    pub fn ids(&self) -> Vec<String> {
        self.state.lock().unwrap().mail.iter().map(|(id, _)| id.clone()).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        // Wakes the thread, unless it is gone already.
        drop(TcpStream::connect(("127.0.0.1", self.port)));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Wire {
    stream: TcpStream,
    left: usize,
    sent: usize,
}

impl Wire {
    /// `false`: that was the last octet.
    fn send(&mut self, octets: &[u8]) -> bool {
        let part = &octets[..octets.len().min(self.left)];
        self.left -= part.len();
        self.sent += part.len();
        self.stream.write_all(part).is_ok() && part.len() == octets.len()
    }
}

fn session(stream: TcpStream, shared: &Mutex<State>) {
    let (manners, mut mail) = {
        let mut state = shared.lock().unwrap();
        state.sessions += 1;
        state.sent = 0;
        state.begun.push(std::time::Instant::now());
        let shown = state.manners.portion.unwrap_or(usize::MAX);
        (state.manners.clone(), state.mail.clone().into_iter().take(shown).map(Some).collect::<Vec<_>>())
    };
    let mut utf8 = false;
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut wire = Wire { stream, left: manners.octets.unwrap_or(usize::MAX), sent: 0 };
    let mut going = wire.send(format!("+OK {}ready\r\n", manners.banner.0).as_bytes());
    while going {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            break;
        }
        let line = line.trim_end().to_owned();
        if manners.loses_pipelined {
            let waiting = reader.buffer().len();
            reader.consume(waiting);
        }
        let shown = line.strip_prefix("PASS").map_or(line.clone(), |_| "PASS".into());
        shared.lock().unwrap().heard.push(shown);
        utf8 |= line == "UTF8";
        let refused = manners.needs_utf8.filter(|_| !utf8 && line.starts_with("RETR"));
        let deed = shared.lock().unwrap().before_retr.take_if(|_| line.starts_with("RETR"));
        if let Some(deed) = deed {
            deed();
        }
        let (mut reply, over) = answer(&line, &manners, &mut mail, shared);
        if refused.is_some_and(|id| wanted(&line, &mail) == Some(id.to_owned())) {
            reply = b"-ERR [UTF8] not without it\r\n".to_vec();
        }
        if manners.portion.is_some() && line.starts_with("RETR") {
            let fetched = wanted(&line, &mail);
            shared.lock().unwrap().mail.retain(|(id, _)| Some(id) != fetched.as_ref());
        }
        going = wire.send(&reply) && !over;
    }
    shared.lock().unwrap().sent = wire.sent;
    if manners.octets.is_some() && wire.left == 0 {
        misbehave(&mut wire.stream, manners.after);
        if manners.after != After::Close {
            // Until the client has had enough.
            let _ = reader.read_to_end(&mut Vec::new());
        }
    }
    let _ = wire.stream.shutdown(Shutdown::Both);
}

type Mail = Vec<Option<(String, Vec<u8>)>>;

/// The unique-id of the message that a command is about.
fn wanted(line: &str, mail: &Mail) -> Option<String> {
    let number: usize = line.split(' ').nth(1)?.parse().ok()?;
    Some(mail.get(number.checked_sub(1)?)?.as_ref()?.0.clone())
}

fn answer(line: &str, manners: &Manners, mail: &mut Mail, shared: &Mutex<State>) -> (Vec<u8>, bool) {
    let mut words = line.split(' ');
    let verb = words.next().unwrap_or_default();
    let index = words.next().and_then(|word| word.parse::<usize>().ok()).map(|number| number - 1);
    let message = index.and_then(|index| mail.get(index).cloned().flatten());
    let ok = || b"+OK\r\n".to_vec();
    let lines = |lines: Vec<String>| format!("+OK\r\n{}.\r\n", lines.concat()).into_bytes();
    let each = |say: &dyn Fn(&str, usize) -> String, mail: &Mail| {
        let present = mail.iter().enumerate().filter_map(|(index, message)| Some((index, message.as_ref()?)));
        let said = present.map(|(index, (id, octets))| format!("{} {}\r\n", index + 1, say(id, octets.len())));
        said.collect::<Vec<_>>()
    };
    let reply = match (verb, message) {
        ("AUTH", _) if line == "AUTH XOAUTH2" => b"+ \r\n".to_vec(),
        (token, _) if token.starts_with("dXNlcj1") => {
            let said = data_encoding::BASE64.decode(token.as_bytes()).unwrap();
            if said == b"user=alice\x01auth=Bearer good\x01\x01" { ok() } else { b"+ e30=\r\n".to_vec() }
        }
        // What a client says that was told of its failure (C-047).
        ("", _) => b"-ERR [AUTH] expired\r\n".to_vec(),
        ("CAPA", _) => {
            let implementation = Some(&manners.banner.1).filter(|text| !text.is_empty());
            let implementation = implementation.map(|text| format!("IMPLEMENTATION {text}\r\n"));
            lines(manners.capabilities.iter().map(|line| format!("{line}\r\n")).chain(implementation).collect())
        }
        ("PASS", _) if manners.pass.is_some() => format!("-ERR {}\r\n", manners.pass.unwrap()).into_bytes(),
        ("USER" | "PASS" | "NOOP" | "UTF8", _) => ok(),
        ("STAT", _) => {
            let count = manners.counted.unwrap_or(mail.len() as u64);
            format!("+OK {count} 0\r\n").into_bytes()
        }
        ("LIST", None) => lines(each(&|_, octets| manners.listed.unwrap_or(octets).to_string(), mail)),
        ("UIDL", None) if manners.no_uidl => b"-ERR what\r\n".to_vec(),
        ("UIDL", None) => lines(each(&|id, _| id.to_owned(), mail)),
        ("LIST", Some((_, octets))) => format!("+OK {} {}\r\n", index.unwrap() + 1, octets.len()).into_bytes(),
        ("UIDL", Some((id, _))) => format!("+OK {} {id}\r\n", index.unwrap() + 1).into_bytes(),
        ("RETR", Some((id, _))) if manners.refuses == Some(id.as_str()) => {
            format!("-ERR {}\r\n", manners.refusal.unwrap_or("cannot read it")).into_bytes()
        }
        ("RETR", Some((_, octets))) => [b"+OK\r\n", stuffed(&octets).as_slice(), b".\r\n"].concat(),
        ("TOP", Some((_, octets))) => {
            let end = octets.windows(4).position(|four| four == b"\r\n\r\n").map_or(octets.len(), |end| end + 4);
            let end = if manners.cuts_top { 0 } else { end };
            [b"+OK\r\n", stuffed(&octets[..end]).as_slice(), b".\r\n"].concat()
        }
        ("DELE", Some(_)) => {
            mail[index.unwrap()] = None;
            ok()
        }
        ("QUIT", _) if manners.keeps => b"-ERR [SYS/TEMP] not removed\r\n".to_vec(),
        ("QUIT", _) => {
            if !manners.lies && manners.portion.is_none() {
                let mut state = shared.lock().unwrap();
                state.mail = mail.iter().flatten().cloned().collect();
                if let Some(now) = state.clock.as_ref().map(|clock| clock()) {
                    let mail = state.mail.clone();
                    state.updates.push((now, mail));
                }
            }
            ok()
        }
        _ => b"-ERR what\r\n".to_vec(),
    };
    (reply, verb == "QUIT")
}

fn stuffed(message: &[u8]) -> Vec<u8> {
    let mut wire = Vec::new();
    for line in message.split_inclusive(|octet| *octet == b'\n') {
        if line.starts_with(b".") {
            wire.push(b'.');
        }
        wire.extend_from_slice(line);
    }
    wire
}
