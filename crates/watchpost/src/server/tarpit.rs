//! A failed login waits for its answer, on its own connection: guessing costs the guesser time, and nobody else.
//!
//! The wait begins when the password arrived, so that it also hides how long that took to verify (S-021). It holds no
//! lock and no turn at hashing; it ends when the client has left or the server stops, and it never changes the order
//! of replies (S-024, S-025).

use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, Interest};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use watchpost_proto::planted::planted;

use crate::server::tap::Tap;

/// Connections that wait at the same time; one more is answered at once and closed.
const PLACES: usize = 256;

/// Counts who waits.
#[derive(Clone, Debug, Default)]
pub(super) struct Tarpit {
    taken: Arc<AtomicUsize>,
}

/// A place to wait in. Dropping it gives it back.
#[derive(Debug)]
pub(super) struct Place(Arc<AtomicUsize>);

impl Tarpit {
    /// A place, if one is free.
    pub(super) fn enter(&self) -> Option<Place> {
        let enter = |taken: usize| (taken < PLACES).then_some(taken + 1);
        let entered = self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, enter);
        entered.is_ok().then(|| Place(Arc::clone(&self.taken)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How long a failed login waits when so many have failed before it on its connection: the first, twice, four times, at
/// last seven and a half times as long (2, 4, 8, 15 s), and up to a fifth more or less, so that nobody can tell the
/// time of verifying from it. Where much has failed from an address, its connections begin further up: whoever begins
/// a new connection for every guess wins nothing by it.
pub(crate) fn delay(first: Duration, failed_before: u32, chance: u8) -> Duration {
    if planted("server.failed-login-does-not-wait") {
        return Duration::ZERO;
    }
    let halves = match failed_before {
        0 => 2,
        1 => 4,
        2 => 8,
        _ => 15,
    };
    first * halves / 2 * (4 * 255 + 2 * u32::from(chance)) / (5 * 255)
}

/// A number for [`delay`].
pub(super) fn chance() -> u8 {
    let mut octet = [0];
    // Without chance the delay is only easier to measure.
    let _ = aws_lc_rs::rand::fill(&mut octet);
    octet[0]
}

/// A stream that lies on a socket, with or without TLS between.
pub(super) trait OnSocket: AsyncRead + AsyncWrite + Unpin {
    /// The socket, for looking at it.
    fn socket(&self) -> &TcpStream;
}

impl OnSocket for Tap {
    fn socket(&self) -> &TcpStream {
        self.inner()
    }
}

impl OnSocket for TlsStream<&mut Tap> {
    fn socket(&self) -> &TcpStream {
        let (tap, _) = self.get_ref();
        tap.inner()
    }
}

/// Waits until the peer sends no more: it has closed, or its half of the connection. Takes nothing from what it sent.
pub(super) async fn left(socket: &TcpStream) {
    // The second descriptor has a readiness of its own: what is cleared there is not missed by the session's reads.
    let copy = socket.as_fd().try_clone_to_owned();
    let copy = copy.and_then(|copy| TcpStream::from_std(std::net::TcpStream::from(copy)));
    let Ok(copy) = copy else { return std::future::pending().await };
    while let Ok(ready) = copy.ready(Interest::READABLE).await {
        if ready.is_read_closed() {
            return;
        }
        let _ = copy.try_io(Interest::READABLE, || io::Result::<()>::Err(io::ErrorKind::WouldBlock.into()));
    }
    std::future::pending::<()>().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_waits_longer_up_to_an_end() {
        // S-024
        let (least, most) =
            (|failed| delay(Duration::from_secs(2), failed, 0), |failed| delay(Duration::from_secs(2), failed, 255));
        for (failed, milliseconds) in [(0, 2000), (1, 4000), (2, 8000), (3, 15_000), (1000, 15_000)] {
            let middle = Duration::from_millis(milliseconds);
            assert_eq!((least(failed), most(failed)), (middle * 4 / 5, middle * 6 / 5), "{failed}");
        }
        assert_eq!(delay(Duration::ZERO, 7, 200), Duration::ZERO);
    }

    #[test]
    fn so_many_wait_and_no_more() {
        let tarpit = Tarpit::default();
        let mut places: Vec<Place> = (0..PLACES).map(|_| tarpit.enter().unwrap()).collect();
        assert!(tarpit.enter().is_none());
        places.pop();
        assert!(tarpit.enter().is_some());
    }

    #[tokio::test]
    async fn a_peer_that_leaves_is_noticed_and_one_that_talks_has_not_left() {
        use tokio::io::AsyncWriteExt as _;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        client.write_all(b"NOOP\r\n").await.unwrap();
        server.readable().await.unwrap();
        let watching = left(&server);
        tokio::pin!(watching);
        let early = tokio::time::timeout(Duration::from_millis(20), &mut watching).await;
        assert!(early.is_err(), "it is still there");
        client.shutdown().await.unwrap();
        watching.await;
        let mut octets = [0; 16];
        assert_eq!(server.try_read(&mut octets).unwrap(), 6, "nothing was taken from what it sent");
    }
}
