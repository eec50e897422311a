//! What carries the octets: TCP, by way of a proxy or not, or a command that has them on its standard input and output.

use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::process::{Child, Command, Stdio};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use watchpost_observatory::Untrusted;

use super::ConnectError;

/// Octets of the head of an HTTP answer.
const HTTP_HEAD_MAX: usize = 16 * 1024;

/// What stands between us and the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proxy {
    /// SOCKS 5 (RFC 1928): the proxy finds the address, so that our own resolver learns nothing.
    Socks5 {
        /// Where it is.
        host: String,
        /// Its port.
        port: u16,
    },
    /// HTTP CONNECT (RFC 9110 §9.3.6).
    Http {
        /// Where it is.
        host: String,
        /// Its port.
        port: u16,
    },
    /// A command of the shell that speaks with the server on its standard input and output.
    Command(String),
}

/// A connection below TLS.
pub(super) enum Carrier {
    Tcp(TcpStream),
    Command { stream: UnixStream, _running: Running },
}

/// A command that ends with its connection.
pub(super) struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Carrier {
    /// Starts a command; `host` and `port` are in its environment as `POP3_HOST` and `POP3_PORT`.
    pub(super) fn command(command: &str, host: &str, port: u16) -> io::Result<Self> {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let child = Command::new("/bin/sh")
            .args(["-c", command])
            .env("POP3_HOST", host)
            .env("POP3_PORT", port.to_string())
            .stdin(Stdio::from(OwnedFd::from(theirs.try_clone()?)))
            .stdout(Stdio::from(OwnedFd::from(theirs)))
            .spawn()?;
        Ok(Self::Command { stream: UnixStream::from_std(ours)?, _running: Running(child) })
    }

    pub(super) fn peer(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(stream) => stream.peer_addr().ok(),
            Self::Command { .. } => None,
        }
    }
}

impl AsyncRead for Carrier {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(context, into),
            Self::Command { stream, .. } => Pin::new(stream).poll_read(context, into),
        }
    }
}

impl AsyncWrite for Carrier {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(context, octets),
            Self::Command { stream, .. } => Pin::new(stream).poll_write(context, octets),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(context),
            Self::Command { stream, .. } => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Command { stream, .. } => Pin::new(stream).poll_shutdown(context),
        }
    }
}

/// RFC 1928 with a domain name, without a login at the proxy.
pub(super) async fn socks5(stream: &mut TcpStream, host: &str, port: u16) -> Result<(), ConnectError> {
    let refused = |what: &str| ConnectError::Proxy(what.to_owned());
    stream.write_all(&[5, 1, 0]).await?;
    let mut chosen = [0; 2];
    stream.read_exact(&mut chosen).await?;
    if chosen != [5, 0] {
        return Err(refused("it wants a login, which we do not do"));
    }
    let length = u8::try_from(host.len()).map_err(|_| refused("the name of the host is too long"))?;
    let mut ask = vec![5, 1, 0, 3, length];
    ask.extend_from_slice(host.as_bytes());
    ask.extend_from_slice(&port.to_be_bytes());
    stream.write_all(&ask).await?;
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).await?;
    let rest = match (answer[1], answer[3]) {
        (0, 1) => 4,
        (0, 4) => 16,
        (0, 3) => usize::from(stream.read_u8().await?),
        (code, _) => return Err(ConnectError::Proxy(format!("it cannot connect to {host}:{port} (code {code})"))),
    };
    stream.read_exact(&mut vec![0; rest + 2]).await?;
    Ok(())
}

/// RFC 9110 §9.3.6; the answer is read octet by octet, so that nothing of the server is taken for it.
pub(super) async fn http(stream: &mut TcpStream, host: &str, port: u16) -> Result<(), ConnectError> {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    stream.write_all(format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n").as_bytes()).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= HTTP_HEAD_MAX {
            return Err(ConnectError::Proxy("its answer has no end".into()));
        }
        head.push(stream.read_u8().await?);
    }
    let line = head.split(|octet| *octet == b'\r').next().unwrap_or_default();
    let mut words = line.split(|octet| *octet == b' ');
    let granted = words.next().is_some_and(|version| version.starts_with(b"HTTP/1."))
        && words.next().is_some_and(|status| status.len() == 3 && status.starts_with(b"2"));
    if granted { Ok(()) } else { Err(ConnectError::Proxy(format!("it says {}", Untrusted::new(line)))) }
}
