//! How octets leave: in pieces that real clients understand, and to the last one.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use watchpost_observatory::Ending;
use watchpost_proto::pop3::server::OUTPUT_OCTETS;

/// Octets of one TLS record at the most (RFC 8446 §5.1).
const RECORD_OCTETS: usize = 16 * 1024;
/// How long a client may take to close after us, so that our last reply is not lost to a reset (P-016).
const LINGER: Duration = Duration::from_secs(2);
/// What it may still send meanwhile.
const LINGER_OCTETS: usize = 64 * 1024;

/// What to hand to the stream at once: whole TLS records, and never a cut through the terminating dot, which some
/// clients only recognise in one piece (P-048).
pub(super) fn next_piece(rest: &[u8]) -> &[u8] {
    let piece = &rest[..rest.len().min(OUTPUT_OCTETS)];
    let behind = rest.len() - piece.len();
    let in_last_record = piece.len() % RECORD_OCTETS;
    if (1..3).contains(&behind) || (behind == 0 && piece.len() > RECORD_OCTETS && (1..3).contains(&in_last_record)) {
        return &piece[..piece.len() - 3];
    }
    piece
}

/// The end of a connection: close_notify, then FIN, then whatever the client still sends is read and forgotten, so
/// that our last reply is not lost to a reset (RFC 8314 §3.4; P-016). An intruder gets no such courtesy.
pub(super) async fn finish<T: AsyncRead + AsyncWrite + Unpin>(stream: &mut T, ending: Ending) -> Ending {
    if matches!(ending, Ending::Dropped | Ending::Broken) {
        return ending;
    }
    let farewell = async {
        stream.shutdown().await?;
        let mut octets = [0; 1024];
        let mut drained = 0;
        while drained < LINGER_OCTETS {
            match stream.read(&mut octets).await? {
                0 => break,
                count => drained += count,
            }
        }
        io::Result::Ok(())
    };
    // Nothing is left to say to a client that does not close.
    let _ = tokio::time::timeout(LINGER, farewell).await;
    ending
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_terminating_dot_is_never_cut() {
        // P-048
        for length in (1..5).chain(16_370..16_400).chain(65_500..65_600).chain(131_000..131_100) {
            let mut output = vec![b'x'; length];
            output.extend_from_slice(b".\r\n");
            let mut rest = output.as_slice();
            let mut last_record = 0;
            while !rest.is_empty() {
                let piece = next_piece(rest);
                last_record = match piece.len() % RECORD_OCTETS {
                    0 => RECORD_OCTETS,
                    odd => odd,
                };
                rest = &rest[piece.len()..];
            }
            assert!(last_record >= 3, "{length}");
        }
    }
}
