//! Messages on their way out: small ones in one piece without a thread, large ones piece by piece.

use std::fs::File;
use std::io::{self, Cursor, IoSliceMut};
use std::os::unix::fs::FileExt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use rustix::io::{ReadWriteFlags, preadv2};
use tokio::io::{AsyncBufRead, AsyncRead, ReadBuf};
use tokio::task::{JoinHandle, spawn_blocking};
use watchpost_proto::{Sizer, Sizes};

use super::file::{MessageFile, PIECE, count};
use super::is_lasting;
use super::session::Session;
use crate::{Message, ReadError};

/// Opens a message and says what RETR will send of it, counted from the file itself (P-162).
pub(super) async fn read(session: &Arc<Session>, index: usize) -> Result<Message<Reader>, ReadError> {
    if index >= session.snapshot.len() {
        return Err(ReadError::Gone);
    }
    let file = open(session, index).await?;
    let stamp = file.facts.stamp();
    let arrived = file.facts.arrived();
    let length = file.facts.octets;
    if let Ok(length) = usize::try_from(length)
        && length <= PIECE
    {
        let body = read_whole(file.file, length).await?;
        let known = session.snapshot.size(index);
        let sizes = if known.counted == Some(stamp) {
            known.sizes
        } else {
            let sizes = Sizer::of(&body);
            session.snapshot.counted(index, sizes, stamp);
            sizes
        };
        return Ok(Message { sizes, arrived, body: Reader::whole(body) });
    }
    let known = session.snapshot.size(index);
    let file = Arc::new(file.file);
    let sizes = if known.counted == Some(stamp) {
        known.sizes
    } else {
        let counted = Arc::clone(&file);
        let sizes: Sizes = blocking(move || count(&counted, length)).await?;
        session.snapshot.counted(index, sizes, stamp);
        sizes
    };
    Ok(Message { sizes, arrived, body: Reader::pieces(file, length) })
}

async fn open(session: &Arc<Session>, index: usize) -> Result<MessageFile, ReadError> {
    let place = session.place(index);
    if let Ok(file) = MessageFile::open_cached(&session.root, place.subfolder.name(), &place.name) {
        return Ok(file);
    }
    let session = Arc::clone(session);
    blocking(move || {
        let again = || {
            let place = session.place(index);
            MessageFile::open(session.folders()?.subfolder(place.subfolder), &place.name)
        };
        match again() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                session.look_again_if_changed()?;
                again()
            }
            opened => opened,
        }
    })
    .await
}

async fn read_whole(file: File, length: usize) -> Result<Vec<u8>, ReadError> {
    let mut body = vec![0; length];
    match read_cached(&file, &mut body, 0) {
        // It was never longer, or is shorter now: what is there is the message.
        Ok(Cached::UpTo(end)) => {
            body.truncate(end);
            Ok(body)
        }
        Ok(Cached::NotBeyond(start)) => {
            blocking(move || {
                let end = start + read_blocking(&file, &mut body[start..], start as u64)?;
                body.truncate(end);
                Ok(body)
            })
            .await
        }
        Err(error) => Err(unread(error)),
    }
}

/// How much of a piece was in memory.
enum Cached {
    /// All of it up to here, which is the end of the piece or of the file.
    UpTo(usize),
    /// Nothing from here on.
    NotBeyond(usize),
}

/// Reads what needs no waiting for the disk.
fn read_cached(file: &File, piece: &mut [u8], position: u64) -> io::Result<Cached> {
    use rustix::io::Errno;
    let mut filled = 0;
    while filled < piece.len() {
        let mut slices = [IoSliceMut::new(&mut piece[filled..])];
        match preadv2(file, &mut slices, position + filled as u64, ReadWriteFlags::NOWAIT) {
            Ok(0) => return Ok(Cached::UpTo(filled)),
            Ok(octets) => filled += octets,
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN | Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => return Ok(Cached::NotBeyond(filled)),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Cached::UpTo(filled))
}

/// Reads until the piece is full or the file ends.
fn read_blocking(file: &File, piece: &mut [u8], position: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < piece.len() {
        match file.read_at(&mut piece[filled..], position + filled as u64) {
            Ok(0) => break,
            Ok(octets) => filled += octets,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T, ReadError> {
    let worked = spawn_blocking(work).await.map_err(|error| ReadError::Unavailable(error.into()))?;
    worked.map_err(unread)
}

fn unread(error: io::Error) -> ReadError {
    if error.kind() == io::ErrorKind::NotFound {
        ReadError::Gone
    } else if is_lasting(&error) {
        ReadError::Damaged(error.into())
    } else {
        ReadError::Unavailable(error.into())
    }
}

/// The stored octets of one message.
#[derive(Debug)]
pub struct Reader(Source);

#[derive(Debug)]
enum Source {
    Whole(Cursor<Vec<u8>>),
    Pieces(Pieces),
}

impl Reader {
    fn whole(body: Vec<u8>) -> Self {
        Self(Source::Whole(Cursor::new(body)))
    }

    fn pieces(file: Arc<File>, length: u64) -> Self {
        Self(Source::Pieces(Pieces { file, length, position: 0, piece: Cursor::default(), next: None }))
    }
}

impl AsyncBufRead for Reader {
    fn poll_fill_buf(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        match &mut self.get_mut().0 {
            Source::Whole(body) => Pin::new(body).poll_fill_buf(context),
            Source::Pieces(pieces) => {
                ready!(pieces.poll_piece(context))?;
                Pin::new(&mut pieces.piece).poll_fill_buf(context)
            }
        }
    }

    fn consume(mut self: Pin<&mut Self>, octets: usize) {
        match &mut self.0 {
            Source::Whole(body) => Pin::new(body).consume(octets),
            Source::Pieces(pieces) => Pin::new(&mut pieces.piece).consume(octets),
        }
    }
}

impl AsyncRead for Reader {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let available = ready!(self.as_mut().poll_fill_buf(context))?;
        let octets = available.len().min(into.remaining());
        into.put_slice(&available[..octets]);
        self.consume(octets);
        Poll::Ready(Ok(()))
    }
}

/// A file, a piece at a time: a slow client costs one piece of memory.
#[derive(Debug)]
struct Pieces {
    file: Arc<File>,
    /// How long the file was when it was opened. A shorter one is not taken for the whole message.
    length: u64,
    /// Where the next piece begins.
    position: u64,
    piece: Cursor<Vec<u8>>,
    /// A piece that the disk has to bring, and how much of it there was.
    next: Option<JoinHandle<io::Result<Piece>>>,
}

/// Memory for a piece, and where it ends there.
type Piece = (Vec<u8>, usize);

impl Pieces {
    /// Makes sure that there are octets at hand, unless the message ends here.
    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.piece.position() < self.piece.get_ref().len() as u64 || self.position == self.length {
            return Poll::Ready(Ok(()));
        }
        if self.next.is_none() {
            let mut piece = std::mem::take(&mut self.piece).into_inner();
            let wanted = (self.length - self.position).min(PIECE as u64);
            piece.resize(usize::try_from(wanted).expect("a piece fits into memory"), 0);
            match read_cached(&self.file, &mut piece, self.position)? {
                Cached::UpTo(end) => return Poll::Ready(self.take(piece, end)),
                Cached::NotBeyond(start) => {
                    let (file, position) = (Arc::clone(&self.file), self.position + start as u64);
                    self.next = Some(spawn_blocking(move || {
                        let end = start + read_blocking(&file, &mut piece[start..], position)?;
                        Ok((piece, end))
                    }));
                }
            }
        }
        let next = self.next.as_mut().expect("it has just been begun where there was none");
        let read = ready!(Pin::new(next).poll(context));
        self.next = None;
        let (piece, end) = read.map_err(io::Error::other)??;
        Poll::Ready(self.take(piece, end))
    }

    /// A piece as long as it must be: a file that became shorter is an error, not the end of the message.
    fn take(&mut self, piece: Vec<u8>, end: usize) -> io::Result<()> {
        if end < piece.len() {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file became shorter while it was read"));
        }
        self.position += piece.len() as u64;
        self.piece = Cursor::new(piece);
        Ok(())
    }
}
