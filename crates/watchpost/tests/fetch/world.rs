//! A loopback that has its own DNS, web and mail servers, and an authority that vouches for them.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;

use crate::doors::{Door, Manners, PASSWORD};
use crate::names::Names;
use crate::pki::Pki;
use crate::support::{PATIENCE, PROGRAM, with_fault};

/// Each world has its own network, so that all servers of a world have the same port.
static WORLDS: AtomicU32 = AtomicU32::new(0);

pub struct World {
    pub pki: Pki,
    pub names: Names,
    pub folder: tempfile::TempDir,
    network: u32,
    /// Of POP3S, POP3, https and http. Nobody else gets them while these are open.
    reserved: [TcpListener; 4],
}

impl World {
    pub fn new() -> Self {
        let world = WORLDS.fetch_add(1, Ordering::SeqCst);
        let network = (127 << 24) | ((std::process::id() % 60_000 + 1_000) << 8) | ((world % 16) << 4);
        let own = Ipv4Addr::from(network);
        let reserved = [(); 4].map(|()| TcpListener::bind((own, 0)).unwrap());
        let pki = Pki::new();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.pem"), pki.pem()).unwrap();
        fs::write(folder.path().join("password"), PASSWORD).unwrap();
        fs::set_permissions(folder.path().join("password"), fs::Permissions::from_mode(0o600)).unwrap();
        Self { pki, names: Names::start(), folder, network, reserved }
    }

    pub fn port(&self, place: usize) -> u16 {
        self.reserved[place].local_addr().unwrap().port()
    }

    pub fn pop3s(&self) -> u16 {
        self.port(0)
    }

    /// The address of a host of this world; the name has it from now on.
    pub fn at(&self, number: u32, name: &str) -> Ipv4Addr {
        let address = Ipv4Addr::from(self.network + number);
        self.names.host(name, address);
        address
    }

    /// A server of POP3S.
    pub fn door(&self, number: u32, name: &str, change: impl FnOnce(&mut Manners)) -> Door {
        let mut manners = Manners::new(self.pki.server(&[name]));
        change(&mut manners);
        let port = if manners.implicit { self.port(0) } else { self.port(1) };
        Door::start(TcpListener::bind((self.at(number, name), port)).unwrap(), manners)
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(PROGRAM);
        command.env("SSL_CERT_FILE", self.folder.path().join("ca.pem")).env_remove("SSL_CERT_DIR");
        command.env("HOME", self.folder.path()).env_remove("XDG_CONFIG_HOME").env_remove("XDG_STATE_HOME");
        command.env("LC_ALL", "C").current_dir(self.folder.path());
        with_fault(&mut command);
        command
    }

    pub fn init_command(&self, more: &[&str]) -> Command {
        let ports: Vec<String> = (0..4).map(|place| self.port(place).to_string()).collect();
        let mut command = self.command();
        command.args(["fetch", "init", "alice@example.test", "--ports", &ports.join(",")]);
        command.args(["--resolver", &self.names.address.to_string()]).args(more);
        command
    }

    pub fn init(&self, more: &[&str]) -> Output {
        self.init_command(more).output().unwrap()
    }

    /// Runs a command that reads this.
    pub fn with_input(mut command: Command, input: &str) -> Output {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    /// With a password, and what is told to programs.
    pub fn told(&self, more: &[&str]) -> (Output, Value) {
        let password = format!("file:{}", self.folder.path().join("password").display());
        let output = self.init(&[&["--json", "--password", &password], more].concat());
        let told = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(&output)));
        (output, told)
    }
}

pub fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// No name and no password came before TLS (C-002).
#[track_caller]
pub fn nothing_in_the_clear(door: &Door) {
    let clear = door.heard().into_iter().filter(|line| line.starts_with("clear ")).collect::<Vec<_>>();
    assert!(clear.iter().all(|line| line == "clear STLS" || line == "clear CAPA"), "{clear:?}");
}

/// A web server that says one thing at one path, and 404 elsewhere.
pub struct WebServer {
    pub heard: Arc<Mutex<Vec<String>>>,
    stopping: Arc<std::sync::atomic::AtomicBool>,
    address: std::net::SocketAddr,
    thread: Option<JoinHandle<()>>,
}

impl WebServer {
    pub fn start(listener: TcpListener, tls: Option<Arc<ServerConfig>>, path: &'static str, answer: Answer) -> Self {
        let address = listener.local_addr().unwrap();
        let heard = Arc::<Mutex<Vec<String>>>::default();
        let stopping = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let (shared, stop) = (Arc::clone(&heard), Arc::clone(&stopping));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let stream = stream.unwrap();
                stream.set_read_timeout(Some(PATIENCE)).unwrap();
                // However a client ends, it is none of our business.
                let _ = match &tls {
                    None => one(stream, path, &answer, &shared),
                    Some(tls) => {
                        let connection = ServerConnection::new(Arc::clone(tls)).unwrap();
                        one(StreamOwned::new(connection, stream), path, &answer, &shared)
                    }
                };
            }
        });
        Self { heard, stopping, address, thread: Some(thread) }
    }
}

impl Drop for WebServer {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        drop(std::net::TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

pub enum Answer {
    Text(String),
    Endless,
    Moved(String),
}

fn one(mut stream: impl Read + Write, path: &str, answer: &Answer, heard: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut octet = [0];
        stream.read_exact(&mut octet)?;
        request.push(octet[0]);
    }
    let line = String::from_utf8_lossy(&request).lines().next().unwrap_or_default().to_owned();
    heard.lock().unwrap().push(line.clone());
    if !line.contains(path) {
        return stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").and_then(|()| stream.flush());
    }
    match answer {
        Answer::Text(text) => {
            // In pieces, as many servers send it.
            stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
            for piece in text.as_bytes().chunks(100) {
                stream.write_all(format!("{:x}\r\n", piece.len()).as_bytes())?;
                stream.write_all(piece)?;
                stream.write_all(b"\r\n")?;
            }
            stream.write_all(b"0\r\n\r\n")?;
        }
        Answer::Endless => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n<clientConfig>")?;
            loop {
                stream.write_all(&[b' '; 4096])?;
            }
        }
        Answer::Moved(to) => {
            stream
                .write_all(format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n").as_bytes())?;
        }
    }
    stream.flush()
}

pub fn settings(host: &str, port: u16) -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<clientConfig version=\"1.1\"><emailProvider id=\"example.test\">\
         <incomingServer type=\"pop3\"><hostname>{host}</hostname><port>{port}</port><socketType>SSL</socketType>\
         <username>%EMAILLOCALPART%</username><authentication>password-cleartext</authentication></incomingServer>\
         </emailProvider></clientConfig>"
    )
}

pub fn endless_settings(world: &World) -> impl Drop + use<> {
    let web = world.at(2, "autoconfig.example.test");
    let listener = TcpListener::bind((web, world.port(2))).unwrap();
    let tls = world.pki.server(&["autoconfig.example.test"]);
    WebServer::start(listener, Some(tls), "/mail/config-v1.1.xml", Answer::Endless)
}
