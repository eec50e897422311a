//! A POP3 server behind TLS, from the first octet or by STLS, with SASL and channel binding. It writes down what it hears,
//! and whether TLS was up.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use data_encoding::BASE64;
use rustls::{ProtocolVersion, ServerConfig, ServerConnection, StreamOwned};
use watchpost_proto::Password;
use watchpost_proto::sasl::scram::{BindingType, ChannelBinding, Offer, ScramHash, ScramServer, ScramVerifier};

pub const PASSWORD: &str = "sesame-3141";
/// Longer than anything here takes.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

#[derive(Clone)]
#[allow(clippy::struct_excessive_bools, reason = "each is a way of its own")]
pub struct Manners {
    pub tls: Arc<ServerConfig>,
    pub implicit: bool,
    pub capabilities: Vec<&'static str>,
    /// Who may log in.
    pub users: Vec<&'static str>,
    /// Messages, one line each.
    pub messages: usize,
    /// The hash of the certificate, for bindings below TLS 1.3.
    pub end_point: Vec<u8>,
    /// It ties the login to another connection, as somebody between the two would.
    pub other_binding: bool,
    /// It has offered -PLUS, and somebody on the path has hidden that.
    pub hides_plus: bool,
}

impl Manners {
    pub fn new(tls: Arc<ServerConfig>) -> Self {
        Self {
            tls,
            implicit: true,
            capabilities: vec!["USER", "UIDL", "TOP", "PIPELINING"],
            users: vec!["alice@example.test"],
            messages: 3,
            end_point: Vec::new(),
            other_binding: false,
            hides_plus: false,
        }
    }
}

pub struct Door {
    pub address: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
    stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

enum Stream {
    Clear(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

impl Stream {
    fn line(&mut self) -> io::Result<String> {
        let mut line = Vec::new();
        while !line.ends_with(b"\n") {
            let mut octet = [0];
            match self {
                Self::Clear(stream) => stream.read_exact(&mut octet)?,
                Self::Tls(stream) => stream.read_exact(&mut octet)?,
            }
            line.push(octet[0]);
        }
        Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
    }

    fn say(&mut self, text: &str) -> io::Result<()> {
        match self {
            Self::Clear(stream) => stream.write_all(text.as_bytes()),
            Self::Tls(stream) => {
                stream.write_all(text.as_bytes())?;
                stream.flush()
            }
        }
    }
}

impl Door {
    pub fn start(listener: TcpListener, manners: Manners) -> Self {
        let address = listener.local_addr().unwrap();
        let heard = Arc::<Mutex<Vec<String>>>::default();
        let stopping = Arc::new(AtomicBool::new(false));
        let (shared, stop) = (Arc::clone(&heard), Arc::clone(&stopping));
        let thread = std::thread::spawn(move || {
            let mut sessions = Vec::new();
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    break;
                }
                let (stream, manners, heard) = (stream.unwrap(), manners.clone(), Arc::clone(&shared));
                stream.set_read_timeout(Some(PATIENCE)).unwrap();
                // However a client ends, it is none of our business.
                sessions.push(std::thread::spawn(move || drop(session(stream, &manners, &heard))));
            }
            for session in sessions {
                session.join().unwrap();
            }
        });
        Self { address, heard, stopping, thread: Some(thread) }
    }

    /// Every line that came: `clear` or `tls`, and the line without its password.
    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        // Wakes the thread, unless it is gone already.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn over_tls(stream: TcpStream, manners: &Manners) -> Stream {
    Stream::Tls(Box::new(StreamOwned::new(ServerConnection::new(Arc::clone(&manners.tls)).unwrap(), stream)))
}

fn session(stream: TcpStream, manners: &Manners, heard: &Mutex<Vec<String>>) -> io::Result<()> {
    let mut stream = if manners.implicit { over_tls(stream, manners) } else { Stream::Clear(stream) };
    stream.say("+OK ready\r\n")?;
    let mut name = String::new();
    loop {
        let line = stream.line()?;
        let channel = if matches!(stream, Stream::Tls(_)) { "tls" } else { "clear" };
        let shown = if line.starts_with("PASS") { "PASS" } else { line.as_str() };
        heard.lock().unwrap().push(format!("{channel} {shown}"));
        let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
        let messages = 1..=manners.messages;
        let listing = |of: &dyn Fn(usize) -> String| {
            let lines: Vec<String> = messages.clone().map(|number| format!("{number} {}\r\n", of(number))).collect();
            let lines = lines.concat();
            format!("+OK\r\n{lines}.\r\n")
        };
        let reply = match verb {
            "CAPA" => {
                let more = if channel == "clear" { "STLS\r\n" } else { "" };
                let lines: Vec<&str> = manners.capabilities.iter().flat_map(|line| [*line, "\r\n"]).collect();
                let lines = lines.concat();
                format!("+OK\r\n{more}{lines}.\r\n")
            }
            "STLS" => {
                stream.say("+OK begin\r\n")?;
                let Stream::Clear(plain) = stream else { return Ok(()) };
                stream = over_tls(plain, manners);
                continue;
            }
            "USER" => {
                rest.clone_into(&mut name);
                "+OK\r\n".into()
            }
            "PASS" => verdict(manners.users.contains(&name.as_str()) && rest == PASSWORD),
            "AUTH" => sasl(&mut stream, rest, manners)?,
            "STAT" => format!("+OK {} {}\r\n", manners.messages, manners.messages * 8),
            "LIST" => listing(&|_| "8".into()),
            "UIDL" => listing(&|number| format!("id{number}")),
            "RETR" => format!("+OK\r\nA: {:02}\r\n\r\n.\r\n", rest.parse::<usize>().unwrap_or(0)),
            "QUIT" => {
                stream.say("+OK\r\n")?;
                return Ok(());
            }
            _ => "+OK\r\n".into(),
        };
        stream.say(&reply)?;
    }
}

fn verdict(good: bool) -> String {
    if good { "+OK in\r\n".into() } else { "-ERR [AUTH] no\r\n".into() }
}

fn decoded(text: &str) -> Vec<u8> {
    BASE64.decode(text.trim_start_matches('=').as_bytes()).unwrap_or_default()
}

fn sasl(stream: &mut Stream, rest: &str, manners: &Manners) -> io::Result<String> {
    let (mechanism, initial) = rest.split_once(' ').unwrap_or((rest, ""));
    let mut initial = initial.to_owned();
    if initial.is_empty() {
        stream.say("+ \r\n")?;
        initial = stream.line()?;
    }
    let first = decoded(&initial);
    match mechanism {
        "PLAIN" => {
            let text = String::from_utf8_lossy(&first).into_owned();
            let parts: Vec<&str> = text.split('\0').collect();
            Ok(verdict(parts.len() == 3 && manners.users.contains(&parts[1]) && parts[2] == PASSWORD))
        }
        "EXTERNAL" => {
            let Stream::Tls(tls) = &*stream else { return Ok(verdict(false)) };
            let shown = tls.conn.peer_certificates().is_some_and(|certificates| !certificates.is_empty());
            let user = String::from_utf8_lossy(&first).into_owned();
            Ok(verdict(shown && manners.users.contains(&user.as_str())))
        }
        "SCRAM-SHA-256-PLUS" => {
            let offer = Offer::Chosen(binding(stream, manners));
            scram(stream, &offer, &first)
        }
        "SCRAM-SHA-256" => {
            let plus = manners.hides_plus || manners.capabilities.iter().any(|line| line.contains("-PLUS"));
            scram(stream, if plus { &Offer::Beside } else { &Offer::None }, &first)
        }
        _ => Ok("-ERR what\r\n".into()),
    }
}

fn binding(stream: &Stream, manners: &Manners) -> ChannelBinding {
    let Stream::Tls(tls) = stream else { panic!("nothing to bind to") };
    let mut bound = if tls.conn.protocol_version() == Some(ProtocolVersion::TLSv1_3) {
        let key = tls.conn.export_keying_material([0; 32], b"EXPORTER-Channel-Binding", Some(b"")).unwrap();
        ChannelBinding { kind: BindingType::TlsExporter, data: key.to_vec() }
    } else {
        ChannelBinding { kind: BindingType::TlsServerEndPoint, data: manners.end_point.clone() }
    };
    if manners.other_binding {
        bound.data[0] ^= 1;
    }
    bound
}

fn scram(stream: &mut Stream, offer: &Offer, first: &[u8]) -> io::Result<String> {
    let Ok(mut server) = ScramServer::begin(ScramHash::Sha256, offer, first) else { return Ok(verdict(false)) };
    let iterations = NonZeroU32::new(4096).unwrap();
    let verifier = ScramVerifier::derive(ScramHash::Sha256, &Password::new(PASSWORD.as_bytes()), *b"salt", iterations);
    let challenge = server.challenge(verifier.unwrap(), "a-nonce-of-the-server");
    stream.say(&format!("+ {}\r\n", BASE64.encode(&challenge)))?;
    let proof = decoded(&stream.line()?);
    match server.finish(&proof) {
        Err(_) => Ok(verdict(false)),
        Ok(signature) => {
            stream.say(&format!("+ {}\r\n", BASE64.encode(&signature)))?;
            stream.line()?;
            Ok(verdict(true))
        }
    }
}
