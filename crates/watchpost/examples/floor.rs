//! The floor: a null POP3 server, which does only what no server can avoid. It is a bound, not a peer.
//!
//! One thread: accept, TLS, readdir, open, read, LF to CRLF, dot-stuffing, send. There is no password check, no lock, no
//! log, no limit, no deadline and no deletion, so it is for `bench/compare` and loopback alone. The listing of each
//! maildrop stays in memory and is compared with the mtimes of `cur/` and `new/`.
//!
//! ```text
//! floor MAILDIR [--plain ADDRESS] [--tls ADDRESS --certificate FILE --key FILE]
//! ```
//!
//! In MAILDIR, `{user}` stands for the name of the user. It prints one JSON line with its addresses, then serves.

#![allow(clippy::print_stdout, reason = "its addresses are data")]

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::Context as _;
use memchr::{memchr, memchr_iter};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Replies are sent when so much of them is ready, or when no command waits.
const SEND_OCTETS: usize = 128 * 1024;

/// Buffers that a large message has made larger than this are given back.
const KEPT_OCTETS: usize = 1024 * 1024;

struct Message {
    path: PathBuf,
    octets: u64,
}

struct Listing {
    changed: [SystemTime; 2],
    messages: Vec<Message>,
    octets: u64,
}

struct Floor {
    maildir: String,
    listings: RefCell<HashMap<String, Rc<Listing>>>,
}

impl Floor {
    fn listing(&self, user: &str) -> io::Result<Rc<Listing>> {
        let root = PathBuf::from(self.maildir.replace("{user}", user));
        let folders = [root.join("cur"), root.join("new")];
        let changed = [fs::metadata(&folders[0])?.modified()?, fs::metadata(&folders[1])?.modified()?];
        if let Some(known) = self.listings.borrow().get(user).filter(|known| known.changed == changed) {
            return Ok(Rc::clone(known));
        }
        let mut names = Vec::new();
        for (place, folder) in folders.iter().enumerate() {
            for entry in fs::read_dir(folder)? {
                names.push((entry?.file_name(), place));
            }
        }
        names.sort_unstable();
        let (mut messages, mut buffer, mut octets) = (Vec::with_capacity(names.len()), Vec::new(), 0);
        for (name, place) in names {
            let path = folders[place].join(&name);
            let size = match size_in(&name.to_string_lossy()) {
                Some(size) => size,
                None => counted(&path, &mut buffer)?,
            };
            octets += size;
            messages.push(Message { path, octets: size });
        }
        let listing = Rc::new(Listing { changed, messages, octets });
        self.listings.borrow_mut().insert(user.to_owned(), Rc::clone(&listing));
        Ok(listing)
    }
}

/// The size on the wire that a name tells: `,W=`.
fn size_in(name: &str) -> Option<u64> {
    let digits = name.split_once(",W=")?.1;
    let end = digits.find(|character: char| !character.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().ok()
}

fn counted(path: &PathBuf, buffer: &mut Vec<u8>) -> io::Result<u64> {
    read(path, buffer)?;
    let bare = memchr_iter(b'\n', buffer).filter(|feed| *feed == 0 || buffer[feed - 1] != b'\r').count();
    let end = if buffer.is_empty() || buffer.ends_with(b"\n") { 0 } else { 2 };
    Ok((buffer.len() + bare + end) as u64)
}

fn read(path: &PathBuf, buffer: &mut Vec<u8>) -> io::Result<()> {
    buffer.clear();
    File::open(path)?.read_to_end(buffer).map(drop)
}

/// Every line with CRLF, a dot before each dot that begins one, and the lone dot at the end.
fn send_message(message: &[u8], output: &mut Vec<u8>) {
    output.reserve(message.len() + message.len() / 16 + 16);
    let mut rest = message;
    while !rest.is_empty() {
        if rest[0] == b'.' {
            output.push(b'.');
        }
        let end = memchr(b'\n', rest).unwrap_or(rest.len());
        let line = &rest[..end];
        output.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
        output.extend_from_slice(b"\r\n");
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    output.extend_from_slice(b".\r\n");
}

#[derive(Default)]
struct Session {
    user: String,
    listing: Option<Rc<Listing>>,
    buffer: Vec<u8>,
    /// A listing as text, made in one piece.
    text: String,
}

enum Next {
    Command,
    Close,
    StartTls,
}

impl Session {
    fn obey(&mut self, floor: &Floor, line: &str, output: &mut Vec<u8>) -> io::Result<Next> {
        let (verb, argument) = line.split_once(' ').unwrap_or((line, ""));
        match (verb, &self.listing) {
            ("USER", None) => {
                argument.clone_into(&mut self.user);
                output.extend_from_slice(b"+OK\r\n");
            }
            ("PASS", None) => {
                self.listing = Some(floor.listing(&self.user)?);
                output.extend_from_slice(b"+OK logged in\r\n");
            }
            ("STLS", None) => {
                output.extend_from_slice(b"+OK begin TLS\r\n");
                return Ok(Next::StartTls);
            }
            ("CAPA", _) => output.extend_from_slice(b"+OK\r\nUSER\r\nUIDL\r\nSTLS\r\nPIPELINING\r\n.\r\n"),
            ("STAT", Some(listing)) => {
                let reply = format!("+OK {} {}\r\n", listing.messages.len(), listing.octets);
                output.extend_from_slice(reply.as_bytes());
            }
            ("LIST", Some(listing)) => {
                self.text.clear();
                for (number, message) in (1..).zip(&listing.messages) {
                    let _ = write!(self.text, "{number} {}\r\n", message.octets);
                }
                [b"+OK\r\n", self.text.as_bytes(), b".\r\n"].iter().for_each(|part| output.extend_from_slice(part));
            }
            ("UIDL", Some(listing)) => {
                self.text.clear();
                for (number, message) in (1..).zip(&listing.messages) {
                    let name = message.path.file_name().unwrap_or_default().to_string_lossy();
                    let id = name.split([',', ':']).next().unwrap_or_default();
                    let _ = write!(self.text, "{number} {id}\r\n");
                }
                [b"+OK\r\n", self.text.as_bytes(), b".\r\n"].iter().for_each(|part| output.extend_from_slice(part));
            }
            ("RETR", Some(listing)) => {
                let number = argument.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
                let Some(message) = number.and_then(|index| listing.messages.get(index)) else {
                    output.extend_from_slice(b"-ERR no such message\r\n");
                    return Ok(Next::Command);
                };
                read(&message.path, &mut self.buffer)?;
                output.extend_from_slice(b"+OK\r\n");
                send_message(&self.buffer, output);
            }
            ("QUIT", _) => {
                output.extend_from_slice(b"+OK\r\n");
                return Ok(Next::Close);
            }
            ("NOOP", _) => output.extend_from_slice(b"+OK\r\n"),
            _ => output.extend_from_slice(b"-ERR\r\n"),
        }
        Ok(Next::Command)
    }

    /// Serves until the client leaves or wants TLS, which is what `true` says.
    async fn serve<S: AsyncRead + AsyncWrite + Unpin>(&mut self, floor: &Floor, stream: &mut S) -> io::Result<bool> {
        let (mut input, mut output) = (Vec::with_capacity(4096), Vec::new());
        loop {
            let mut used = 0;
            while let Some(feed) = memchr(b'\n', &input[used..]) {
                let line = String::from_utf8_lossy(&input[used..used + feed]);
                let next = self.obey(floor, line.trim_end_matches('\r'), &mut output)?;
                used += feed + 1;
                if !matches!(next, Next::Command) {
                    stream.write_all(&output).await?;
                    stream.flush().await?;
                    return Ok(matches!(next, Next::StartTls));
                }
                if output.len() >= SEND_OCTETS {
                    stream.write_all(&output).await?;
                    output.clear();
                }
            }
            input.drain(..used);
            if !output.is_empty() {
                stream.write_all(&output).await?;
                stream.flush().await?;
                output.clear();
                // What was needed for a large message is not kept while the client is idle.
                output.shrink_to(KEPT_OCTETS);
            }
            if input.is_empty() && self.buffer.capacity() > KEPT_OCTETS {
                self.buffer = Vec::new();
            }
            if stream.read_buf(&mut input).await? == 0 {
                return Ok(false);
            }
        }
    }
}

async fn plain(floor: Rc<Floor>, listener: TcpListener, tls: Option<TlsAcceptor>) -> io::Result<()> {
    loop {
        let (mut stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (floor, tls) = (Rc::clone(&floor), tls.clone());
        tokio::task::spawn_local(async move {
            stream.write_all(b"+OK floor\r\n").await?;
            let mut session = Session::default();
            if session.serve(&floor, &mut stream).await?
                && let Some(tls) = tls
            {
                let mut stream = tls.accept(stream).await?;
                session.serve(&floor, &mut stream).await?;
                stream.shutdown().await?;
            }
            io::Result::Ok(())
        });
    }
}

async fn implicit(floor: Rc<Floor>, listener: TcpListener, tls: TlsAcceptor) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (floor, tls) = (Rc::clone(&floor), tls.clone());
        tokio::task::spawn_local(async move {
            let mut stream = tls.accept(stream).await?;
            stream.write_all(b"+OK floor\r\n").await?;
            stream.flush().await?;
            Session::default().serve(&floor, &mut stream).await?;
            stream.shutdown().await
        });
    }
}

fn acceptor(certificate: &str, key: &str) -> anyhow::Result<TlsAcceptor> {
    let certificates = CertificateDer::pem_file_iter(certificate)?.collect::<Result<_, _>>()?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(certificates, PrivateKeyDer::from_pem_file(key)?)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let maildir = arguments.first().context("usage: floor MAILDIR [--plain A] [--tls A --certificate F --key F]")?;
    let option = |name: &str| {
        let place = arguments.iter().position(|argument| argument == name)?;
        arguments.get(place + 1).map(String::as_str)
    };
    let tls = match (option("--certificate"), option("--key")) {
        (Some(certificate), Some(key)) => Some(acceptor(certificate, key)?),
        _ => None,
    };
    let floor = Rc::new(Floor { maildir: maildir.clone(), listings: RefCell::default() });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let bind = async |name: &str| match option(name) {
            Some(address) => Ok::<_, io::Error>(Some(TcpListener::bind(address).await?)),
            None => Ok(None),
        };
        let (clear, secured) = (bind("--plain").await?, bind("--tls").await?);
        let address = |listener: &Option<TcpListener>| -> Option<SocketAddr> { listener.as_ref()?.local_addr().ok() };
        println!("{}", serde_json::json!({ "plain": address(&clear), "tls": address(&secured) }));
        if let Some(listener) = clear {
            tokio::task::spawn_local(plain(Rc::clone(&floor), listener, tls.clone()));
        }
        if let Some(listener) = secured {
            let tls = tls.context("--tls needs --certificate and --key")?;
            tokio::task::spawn_local(implicit(Rc::clone(&floor), listener, tls));
        }
        std::future::pending::<anyhow::Result<()>>().await
    })
}
