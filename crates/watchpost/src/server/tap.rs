//! The tee below TLS: sees the octets as they cross the wire, and costs two additions when nobody listens.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use watchpost_observatory::pcapng::Side;

use crate::server::recorder::WireTrack;

/// Octets kept of a ClientHello at the most: the largest a TLS record can hold.
const HELLO_MAX: usize = 16 * 1024 + 5;

/// A TCP stream that is listened to.
#[derive(Debug)]
pub(super) struct Tap {
    inner: TcpStream,
    octets_in: u64,
    octets_out: u64,
    hello: Option<FirstOctets>,
    /// Where everything goes that passes, if somebody wants it.
    wire: Option<WireTrack>,
}

/// What came first, for whoever asks after the stream has been handed on.
#[derive(Clone, Debug, Default)]
pub(super) struct FirstOctets(Arc<Mutex<Vec<u8>>>);

impl FirstOctets {
    /// The octets so far.
    pub(super) fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks at the octets so far, and leaves them.
    pub(super) fn look<T>(&self, look: impl FnOnce(&[u8]) -> T) -> T {
        look(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn extend(&self, read: &[u8]) {
        let mut octets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = HELLO_MAX - octets.len();
        octets.extend_from_slice(&read[..read.len().min(room)]);
    }
}

impl Tap {
    pub(super) fn new(inner: TcpStream) -> Self {
        Self { inner, octets_in: 0, octets_out: 0, hello: None, wire: None }
    }

    /// From now on everything goes there, if somewhere.
    pub(super) fn record(&mut self, wire: Option<WireTrack>) {
        self.wire = wire;
    }

    /// What is being kept of the ClientHello.
    pub(super) const fn hello(&self) -> Option<&FirstOctets> {
        self.hello.as_ref()
    }

    /// The socket that is listened to.
    pub(super) const fn inner(&self) -> &TcpStream {
        &self.inner
    }

    /// From now on keeps what comes in, until [`Tap::hello_is_over`]: the ClientHello, and what comes with it.
    pub(super) fn keep_hello(&mut self) -> FirstOctets {
        self.hello.insert(FirstOctets::default()).clone()
    }

    /// Keeps no more of what comes in.
    pub(super) fn hello_is_over(&mut self) {
        self.hello = None;
    }

    /// So many octets of these left.
    fn left(&mut self, pieces: &[io::IoSlice<'_>], count: usize) {
        self.octets_out += count as u64;
        if let Some(wire) = &self.wire {
            wire.left(pieces, count);
        }
    }

    pub(super) const fn octets(&self) -> (u64, u64) {
        (self.octets_in, self.octets_out)
    }

    /// The next octet, left where it is. `None`: the peer has closed.
    pub(super) async fn peek_octet(&self) -> io::Result<Option<u8>> {
        let mut octet = [0];
        let count = self.inner.peek(&mut octet).await?;
        Ok((count == 1).then_some(octet[0]))
    }
}

impl AsyncRead for Tap {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(context, buffer);
        let read = &buffer.filled()[before..];
        self.octets_in += read.len() as u64;
        if let Some(hello) = &self.hello {
            hello.extend(read);
        }
        if let Some(wire) = &self.wire {
            wire.passed(Side::Client, read);
        }
        polled
    }
}

impl AsyncWrite for Tap {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write(context, octets);
        if let Poll::Ready(Ok(count)) = polled {
            self.left(&[io::IoSlice::new(octets)], count);
        }
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write_vectored(context, pieces);
        if let Poll::Ready(Ok(count)) = polled {
            self.left(pieces, count);
        }
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}
