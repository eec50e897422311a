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
use std::fs::{self, File};
use std::future::poll_fn;
use std::io::{self, Read as _, Write as _};
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Poll, ready};
use std::time::SystemTime;

use anyhow::Context as _;
use memchr::{memchr, memchr_iter};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Replies are sent when so much of them is ready, or when no command waits.
const SEND_OCTETS: usize = 128 * 1024;

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
    /// Buffers that nobody needs now: an idle session has none.
    spare: RefCell<Vec<Buffers>>,
}

#[derive(Default)]
struct Buffers {
    file: Vec<u8>,
    output: Vec<u8>,
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
                None => counted(read(&path, &mut buffer)?),
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

fn counted(message: &[u8]) -> u64 {
    let bare = memchr_iter(b'\n', message).filter(|feed| *feed == 0 || message[feed - 1] != b'\r').count();
    let end = if message.is_empty() || message.ends_with(b"\n") { 0 } else { 2 };
    (message.len() + bare + end) as u64
}

/// Reads a whole file into a buffer that only grows.
fn read<'a>(path: &Path, buffer: &'a mut Vec<u8>) -> io::Result<&'a [u8]> {
    let mut file = File::open(path)?;
    let expected = usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?;
    if buffer.len() <= expected {
        buffer.resize(expected + 1, 0);
    }
    let mut filled = 0;
    loop {
        match file.read(&mut buffer[filled..])? {
            0 => return Ok(&buffer[..filled]),
            octets => filled += octets,
        }
    }
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
}

enum Next {
    Command,
    Close,
    StartTls,
}

impl Session {
    fn obey(&mut self, floor: &Floor, line: &str, buffers: &mut Buffers) -> io::Result<Next> {
        let output = &mut buffers.output;
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
                write!(output, "+OK {} {}\r\n", listing.messages.len(), listing.octets)?;
            }
            ("LIST", Some(listing)) => {
                output.extend_from_slice(b"+OK\r\n");
                for (number, message) in (1..).zip(&listing.messages) {
                    write!(output, "{number} {}\r\n", message.octets)?;
                }
                output.extend_from_slice(b".\r\n");
            }
            ("UIDL", Some(listing)) => {
                output.extend_from_slice(b"+OK\r\n");
                for (number, message) in (1..).zip(&listing.messages) {
                    let name = message.path.file_name().unwrap_or_default().to_string_lossy();
                    let id = name.split([',', ':']).next().unwrap_or_default();
                    write!(output, "{number} {id}\r\n")?;
                }
                output.extend_from_slice(b".\r\n");
            }
            ("RETR", Some(listing)) => {
                let number = argument.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
                let Some(message) = number.and_then(|index| listing.messages.get(index)) else {
                    output.extend_from_slice(b"-ERR no such message\r\n");
                    return Ok(Next::Command);
                };
                let text = read(&message.path, &mut buffers.file)?;
                output.extend_from_slice(b"+OK\r\n");
                send_message(text, output);
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
        let mut input = Vec::new();
        while receive(stream, &mut input).await? > 0 {
            let mut buffers = floor.spare.borrow_mut().pop().unwrap_or_default();
            let next = self.answer(floor, stream, &mut input, &mut buffers).await?;
            buffers.output.clear();
            floor.spare.borrow_mut().push(buffers);
            match next {
                Next::Command if input.is_empty() => input = Vec::new(),
                Next::Command => {}
                Next::Close => return Ok(false),
                Next::StartTls => return Ok(true),
            }
        }
        Ok(false)
    }

    /// Answers every whole command that is there.
    async fn answer<S: AsyncWrite + Unpin>(
        &mut self,
        floor: &Floor,
        stream: &mut S,
        input: &mut Vec<u8>,
        buffers: &mut Buffers,
    ) -> io::Result<Next> {
        let (mut used, mut next) = (0, Next::Command);
        while let (Next::Command, Some(feed)) = (&next, memchr(b'\n', &input[used..])) {
            let line = String::from_utf8_lossy(&input[used..used + feed]);
            next = self.obey(floor, line.trim_end_matches('\r'), buffers)?;
            used += feed + 1;
            if buffers.output.len() >= SEND_OCTETS {
                stream.write_all(&buffers.output).await?;
                buffers.output.clear();
            }
        }
        input.drain(..used);
        stream.write_all(&buffers.output).await?;
        stream.flush().await?;
        Ok(next)
    }
}

/// Appends what comes next. What it is read into stands on the stack, so that waiting costs no memory.
async fn receive<S: AsyncRead + Unpin>(stream: &mut S, input: &mut Vec<u8>) -> io::Result<usize> {
    poll_fn(|context| {
        let mut scratch = [MaybeUninit::uninit(); 16 * 1024];
        let mut scratch = ReadBuf::uninit(&mut scratch);
        ready!(Pin::new(&mut *stream).poll_read(context, &mut scratch))?;
        input.extend_from_slice(scratch.filled());
        Poll::Ready(Ok(scratch.filled().len()))
    })
    .await
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
    let floor = Rc::new(Floor { maildir: maildir.clone(), listings: RefCell::default(), spare: RefCell::default() });
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
