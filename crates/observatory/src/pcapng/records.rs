//! The records of TLS (RFC 8446 §5, RFC 5246 §6.2) that a server sent, sealed once more so that the first line of a
//! reply stands alone.
//!
//! Readers of captures show a message as one only where the status line before it is a record of its own, and most
//! servers put both into one. The octets of the session stay the server's, and so does every record before the first
//! that is parted; what comes behind has other numbers, and is sealed anew with the same keys.

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, Algorithm, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::{hkdf, tls_prf};
use zeroize::{Zeroize as _, Zeroizing};

use super::{Piece, Side};

const HEADER: usize = 5;
const CHANGE_CIPHER_SPEC: u8 = 20;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;
const SERVER_HELLO: u8 = 2;
/// Octets of a nonce, and of its part that GCM of TLS 1.2 sends along (RFC 5288 §3).
const NONCE: usize = 12;
const EXPLICIT: usize = 8;
const TAG: usize = 16;

/// Lets the first line of each of these replies stand alone: those that begin with the first octets which the server
/// sent in piece `openings` or behind it. What cannot be read is left as it is.
pub(super) fn part_replies(pieces: &mut Vec<Piece>, openings: &[usize], secrets: &[u8]) {
    let is_hello = |piece: &Piece| piece.from == Side::Client && piece.octets.starts_with(&[HANDSHAKE, 3]);
    let sealed_from = pieces.iter().position(is_hello).unwrap_or(pieces.len());
    let sealed: Vec<usize> = openings.iter().copied().filter(|opening| *opening > sealed_from).collect();
    if !sealed.is_empty()
        && let Some(parted) = part_records(&pieces[sealed_from..], sealed_from, &sealed, secrets)
    {
        pieces.truncate(sealed_from);
        pieces.extend(parted);
    }
    for opening in openings.iter().rev().filter(|opening| **opening < sealed_from) {
        part_plain(pieces, *opening, sealed_from);
    }
}

/// Where the first line of a reply ends, if more comes behind it.
fn first_line(octets: &[u8]) -> Option<usize> {
    let end = octets.windows(2).position(|pair| pair == b"\r\n")? + 2;
    (octets.starts_with(b"+OK") && end < octets.len()).then_some(end)
}

fn part_plain(pieces: &mut Vec<Piece>, opening: usize, before: usize) {
    let first = pieces[opening.min(before)..before].iter().position(|piece| piece.from == Side::Server);
    let Some(place) = first.map(|first| opening + first) else { return };
    let Some(end) = first_line(&pieces[place].octets) else { return };
    let octets = pieces[place].octets.split_off(end);
    let message = Piece { octets, comments: Vec::new(), ..pieces[place] };
    pieces.insert(place + 1, message);
}

/// The pieces with these replies parted, each record of the session a piece of its own: some readers know but one of a
/// packet. `None`: there was nothing to part, or something is not as it is expected.
fn part_records(pieces: &[Piece], offset: usize, openings: &[usize], secrets: &[u8]) -> Option<Vec<Piece>> {
    let mut stream = Vec::new();
    let mut ends = Vec::new();
    for (number, piece) in pieces.iter().enumerate().filter(|(_, piece)| piece.from == Side::Server) {
        stream.extend_from_slice(&piece.octets);
        ends.push((stream.len(), number));
    }
    let keys = Keys::of(&stream, secrets)?;
    let mut parting = Parting { keys, has_begun: false, read: 0, written: 0 };
    // A record stands where its last octet came.
    let mut records: Vec<Vec<Vec<u8>>> = vec![Vec::new(); pieces.len()];
    let mut openings = openings.iter().map(|opening| opening - offset).peekable();
    let mut rest = stream.as_slice();
    while let Some((record, behind)) = next_record(rest) {
        let end = stream.len() - behind.len();
        let (_, piece) = ends.iter().find(|(piece_end, _)| *piece_end >= end)?;
        let is_opening = openings.peek().is_some_and(|opening| opening <= piece);
        if parting.record(record, is_opening, &mut records[*piece])? {
            openings.next_if(|opening| opening <= piece);
        }
        rest = behind;
    }
    if parting.written == parting.read {
        return None;
    }
    // What is no whole record stays at the end.
    let (_, last) = ends.last()?;
    records[*last].push(rest.to_vec());
    let mut parted = Vec::with_capacity(pieces.len());
    for (piece, records) in pieces.iter().zip(records) {
        if piece.from == Side::Client {
            parted.push(piece.clone());
            continue;
        }
        // Without a record its comments are still there.
        parted.push(Piece { octets: Vec::new(), ..piece.clone() });
        let first = parted.len() - 1;
        for octets in records.into_iter().filter(|octets| !octets.is_empty()) {
            if parted[first].octets.is_empty() {
                parted[first].octets = octets;
            } else {
                parted.push(Piece { octets, comments: Vec::new(), ..*piece });
            }
        }
    }
    Some(parted)
}

/// The next whole record, and what is behind it.
fn next_record(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = u16::from_be_bytes([*octets.get(3)?, *octets.get(4)?]);
    octets.split_at_checked(HEADER + usize::from(length))
}

/// One pass over the records of a server.
struct Parting {
    keys: Keys,
    /// The keys are in use.
    has_begun: bool,
    /// Numbers of the next record that is read, and of the next that is written.
    read: u64,
    written: u64,
}

impl Parting {
    /// Puts a record into the output, in two where its first line shall stand alone. Whether it is the one that was
    /// waited for: the next of application data.
    fn record(&mut self, record: &[u8], is_opening: bool, out: &mut Vec<Vec<u8>>) -> Option<bool> {
        if self.keys.is_before_keys(record, self.has_begun) {
            self.has_begun |= record[0] == CHANGE_CIPHER_SPEC && !self.keys.is_tls13();
            Self::keep(record, out);
            return Some(false);
        }
        let Some(opened) = self.keys.open(record, self.read) else {
            // In TLS 1.3 the records of the handshake, which other keys open, look the same.
            Self::keep(record, out);
            return (!self.has_begun && self.keys.is_tls13()).then_some(false);
        };
        self.has_begun = true;
        self.read += 1;
        let (kind, octets) = opened;
        let is_data = kind == APPLICATION_DATA;
        match first_line(&octets).filter(|_| is_data && is_opening) {
            Some(end) => {
                let (line, message) = octets.split_at(end);
                for part in [line, message] {
                    out.push(self.keys.seal(kind, part, self.written)?);
                    self.written += 1;
                }
            }
            None if self.read == self.written + 1 => {
                self.written += 1;
                out.push(record.to_vec());
            }
            None => {
                out.push(self.keys.seal(kind, &octets, self.written)?);
                self.written += 1;
            }
        }
        Some(is_data && is_opening)
    }

    /// A record of the handshake stays with what came with it.
    fn keep(record: &[u8], out: &mut Vec<Vec<u8>>) {
        match out.first_mut() {
            Some(before) => before.extend_from_slice(record),
            None => out.push(record.to_vec()),
        }
    }
}

/// Octets that are wiped when they are dropped.
type Wiped = Zeroizing<Vec<u8>>;

/// With what a server's records are sealed.
struct Keys {
    key: LessSafeKey,
    iv: Wiped,
    layout: Layout,
}

/// How a record is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// The kind is inside, the number is not sent (RFC 8446 §5.2).
    Tls13,
    /// The number stands before the octets (RFC 5288 §3).
    Tls12Gcm,
    /// The number is not sent (RFC 7905 §2).
    Tls12ChaCha,
}

/// The suites that `rustls` speaks.
fn suite(number: u16) -> Option<(&'static Algorithm, Layout, Hash)> {
    Some(match number {
        0x1301 => (&AES_128_GCM, Layout::Tls13, Hash::Sha256),
        0x1302 => (&AES_256_GCM, Layout::Tls13, Hash::Sha384),
        0x1303 => (&CHACHA20_POLY1305, Layout::Tls13, Hash::Sha256),
        0xc02b | 0xc02f => (&AES_128_GCM, Layout::Tls12Gcm, Hash::Sha256),
        0xc02c | 0xc030 => (&AES_256_GCM, Layout::Tls12Gcm, Hash::Sha384),
        0xcca8 | 0xcca9 => (&CHACHA20_POLY1305, Layout::Tls12ChaCha, Hash::Sha256),
        _ => return None,
    })
}

#[derive(Clone, Copy)]
enum Hash {
    Sha256,
    Sha384,
}

impl Keys {
    /// Those that the key log and the ServerHello lead to.
    fn of(stream: &[u8], secrets: &[u8]) -> Option<Self> {
        let hello = Hello::read(stream)?;
        let (algorithm, layout, hash) = suite(hello.suite)?;
        let label = if layout == Layout::Tls13 { "SERVER_TRAFFIC_SECRET_0" } else { "CLIENT_RANDOM" };
        let (client_random, secret) = logged(secrets, label)?;
        let (key, iv) = match layout {
            Layout::Tls13 => {
                let key = expanded(hash, &secret, b"key", algorithm.key_len())?;
                (key, expanded(hash, &secret, b"iv", NONCE)?)
            }
            Layout::Tls12Gcm => {
                master(hash, &secret, (hello.random, &client_random), algorithm.key_len(), NONCE - EXPLICIT)?
            }
            Layout::Tls12ChaCha => master(hash, &secret, (hello.random, &client_random), algorithm.key_len(), NONCE)?,
        };
        let key = LessSafeKey::new(UnboundKey::new(algorithm, &key).ok()?);
        Some(Self { key, iv, layout })
    }

    fn is_tls13(&self) -> bool {
        self.layout == Layout::Tls13
    }

    /// Whether no key of these can have sealed it.
    fn is_before_keys(&self, record: &[u8], has_begun: bool) -> bool {
        match self.layout {
            Layout::Tls13 => record[0] != APPLICATION_DATA,
            _ => !has_begun,
        }
    }

    /// The nonce of a record: the number in it, beside what both sides know.
    fn nonce(&self, number: u64, explicit: Option<&[u8]>) -> Option<Nonce> {
        let mut nonce = [0; NONCE];
        if let Some(explicit) = explicit {
            nonce[..NONCE - EXPLICIT].copy_from_slice(&self.iv);
            nonce[NONCE - EXPLICIT..].copy_from_slice(explicit);
        } else {
            nonce[NONCE - EXPLICIT..].copy_from_slice(&number.to_be_bytes());
            nonce.iter_mut().zip(self.iv.iter()).for_each(|(octet, iv)| *octet ^= iv);
        }
        Nonce::try_assume_unique_for_key(&nonce).ok()
    }

    /// What is sealed along with a record: of so many octets inside, and sealed.
    fn header(&self, kind: u8, number: u64, inside: usize, sealed: usize) -> Option<Vec<u8>> {
        let length = |octets: usize| u16::try_from(octets).ok().map(u16::to_be_bytes);
        Some(match self.layout {
            Layout::Tls13 => [&[APPLICATION_DATA, 3, 3][..], &length(sealed)?].concat(),
            _ => [&number.to_be_bytes()[..], &[kind, 3, 3], &length(inside)?].concat(),
        })
    }

    /// The kind of a record and its octets.
    fn open(&self, record: &[u8], number: u64) -> Option<(u8, Wiped)> {
        let (header, sealed) = record.split_at_checked(HEADER)?;
        let before = if self.layout == Layout::Tls12Gcm { EXPLICIT } else { 0 };
        let (explicit, octets) = sealed.split_at_checked(before)?;
        let inside = octets.len().checked_sub(TAG)?;
        let aad = self.header(header[0], number, inside, sealed.len())?;
        let mut octets = Zeroizing::new(octets.to_vec());
        let nonce = self.nonce(number, (before > 0).then_some(explicit))?;
        let length = self.key.open_in_place(nonce, Aad::from(aad), &mut octets).ok()?.len();
        octets.truncate(length);
        if self.layout != Layout::Tls13 {
            return Some((header[0], octets));
        }
        // Zeros may pad it behind its kind.
        let kind = octets.iter().rposition(|octet| *octet != 0)?;
        let kind_octet = octets[kind];
        octets.truncate(kind);
        Some((kind_octet, octets))
    }

    fn seal(&self, kind: u8, octets: &[u8], number: u64) -> Option<Vec<u8>> {
        let is_gcm12 = self.layout == Layout::Tls12Gcm;
        let mut sealed = Vec::with_capacity(octets.len() + 1 + TAG);
        sealed.extend_from_slice(octets);
        if self.is_tls13() {
            sealed.push(kind);
        }
        let explicit = number.to_be_bytes();
        let before = if is_gcm12 { EXPLICIT } else { 0 };
        let length = before + sealed.len() + TAG;
        let aad = self.header(kind, number, octets.len(), length)?;
        let nonce = self.nonce(number, is_gcm12.then_some(&explicit[..]))?;
        if self.key.seal_in_place_append_tag(nonce, Aad::from(aad), &mut sealed).is_err() {
            sealed.zeroize();
            return None;
        }
        let outside = if self.is_tls13() { APPLICATION_DATA } else { kind };
        let length = u16::try_from(length).ok()?.to_be_bytes();
        Some([&[outside, 3, 3][..], &length, &explicit[..before], &sealed].concat())
    }
}

/// What a ServerHello says (RFC 8446 §4.1.3; RFC 5246 §7.4.1.3).
struct Hello<'a> {
    random: &'a [u8],
    suite: u16,
}

impl<'a> Hello<'a> {
    /// The first of a stream: a second one, behind a HelloRetryRequest, names the same suite.
    fn read(stream: &'a [u8]) -> Option<Self> {
        let (record, _) = next_record(stream).filter(|(record, _)| record[0] == HANDSHAKE)?;
        let message = record.get(HEADER..)?;
        if *message.first()? != SERVER_HELLO {
            return None;
        }
        // The type, its length, and the version.
        let random = message.get(6..38)?;
        let session = usize::from(*message.get(38)?);
        let suite = message.get(39 + session..41 + session)?;
        Some(Self { random, suite: u16::from_be_bytes([suite[0], suite[1]]) })
    }
}

/// The random of the client and the secret of this label in a key log.
fn logged(log: &[u8], label: &str) -> Option<(Vec<u8>, Wiped)> {
    let mut lines = std::str::from_utf8(log).ok()?.lines().map(|line| line.split(' '));
    let mut words = lines.find(|words| words.clone().next() == Some(label))?.skip(1);
    let mut octets = || data_encoding::HEXLOWER_PERMISSIVE.decode(words.next()?.as_bytes()).ok();
    Some((octets()?, Zeroizing::new(octets()?)))
}

/// A number of octets as `hkdf` wants it.
struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// HKDF-Expand-Label without a context (RFC 8446 §7.1).
fn expanded(hash: Hash, secret: &[u8], label: &[u8], octets: usize) -> Option<Wiped> {
    let algorithm = match hash {
        Hash::Sha256 => hkdf::HKDF_SHA256,
        Hash::Sha384 => hkdf::HKDF_SHA384,
    };
    let length = u16::try_from(octets).ok()?.to_be_bytes();
    let label_length = [u8::try_from(label.len() + 6).ok()?];
    let parts: [&[u8]; 5] = [&length, &label_length, b"tls13 ", label, &[0]];
    let mut out = Zeroizing::new(vec![0; octets]);
    hkdf::Prk::new_less_safe(algorithm, secret).expand(&parts, Length(octets)).ok()?.fill(&mut out).ok()?;
    Some(out)
}

/// The server's key and its fixed part of nonces, of the master secret (RFC 5246 §6.3).
fn master(
    hash: Hash,
    secret: &[u8],
    (server, client): (&[u8], &[u8]),
    key: usize,
    iv: usize,
) -> Option<(Wiped, Wiped)> {
    let algorithm = match hash {
        Hash::Sha256 => &tls_prf::P_SHA256,
        Hash::Sha384 => &tls_prf::P_SHA384,
    };
    let secret = tls_prf::Secret::new(algorithm, secret).ok()?;
    let block = secret.derive(b"key expansion", &[server, client].concat(), 2 * (key + iv)).ok()?;
    // Client's key, server's key, client's part, server's part.
    let part = |from: usize, octets: usize| Zeroizing::new(block.as_ref()[from..from + octets].to_vec());
    Some((part(key, key), part(2 * key + iv, iv)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPLY: &[u8] = b"+OK 12 octets\r\nSubject: x\r\n.\r\n";

    fn log(suite: u16) -> String {
        let label = if suite < 0x2000 { "SERVER_TRAFFIC_SECRET_0" } else { "CLIENT_RANDOM" };
        format!("EARLIER 00 00\n{label} {} {}\n", "11".repeat(32), "ab".repeat(48))
    }

    /// A server that said hello with this suite.
    fn hello(suite: u16) -> Vec<u8> {
        let mut message = vec![SERVER_HELLO, 0, 0, 38, 3, 3];
        message.extend([0x22; 32]);
        message.push(0);
        message.extend(suite.to_be_bytes());
        message.push(0);
        [&[HANDSHAKE, 3, 3, 0, 42][..], &message].concat()
    }

    fn piece(from: Side, octets: Vec<u8>) -> Piece {
        Piece { at: 7, from, octets, comments: Vec::new() }
    }

    /// What stands in the records of a server, from the first that these keys open.
    fn opened(pieces: &[Piece], keys: &Keys) -> Vec<Vec<u8>> {
        let server = pieces.iter().filter(|piece| piece.from == Side::Server);
        let stream: Vec<u8> = server.flat_map(|piece| piece.octets.clone()).collect();
        let (mut rest, mut opened) = (stream.as_slice(), Vec::new());
        while let Some((record, behind)) = next_record(rest) {
            if let Some((_, octets)) = keys.open(record, opened.len() as u64) {
                opened.push(octets.to_vec());
            }
            rest = behind;
        }
        opened
    }

    fn session(suite: u16, keys: &Keys) -> Vec<Piece> {
        let mut begin = hello(suite);
        if !keys.is_tls13() {
            begin.extend([CHANGE_CIPHER_SPEC, 3, 3, 0, 1, 1]);
        }
        begin.extend(keys.seal(HANDSHAKE, b"finished", 0).expect("sealed"));
        let mut said = Vec::new();
        for (number, octets) in [(1, REPLY), (2, b"+OK not a message\r\nbut like one\r\n"), (3, REPLY)] {
            said.extend(keys.seal(APPLICATION_DATA, octets, number).expect("sealed"));
        }
        // Records come in two reads, cut in their midst.
        let late = said.split_off(said.len() - 20);
        vec![
            piece(Side::Client, vec![HANDSHAKE, 3, 1, 0, 0]),
            piece(Side::Server, begin),
            piece(Side::Client, vec![1]),
            piece(Side::Server, said),
            piece(Side::Client, vec![2]),
            piece(Side::Server, late),
        ]
    }

    #[test]
    fn the_first_line_stands_alone_in_every_suite_and_nothing_else_changes() {
        for suite in [0x1301, 0x1302, 0x1303, 0xc02f, 0xc030, 0xcca8] {
            let keys = Keys::of(&hello(suite), log(suite).as_bytes()).expect("keys");
            let mut pieces = session(suite, &keys);
            let before = opened(&pieces, &keys);
            part_replies(&mut pieces, &[3, 5], log(suite).as_bytes());
            let line = b"+OK 12 octets\r\n";
            let parted = [&before[0], &line[..], &REPLY[line.len()..], &before[2], line, &REPLY[line.len()..]];
            assert_eq!(opened(&pieces, &keys), parted, "{suite:04x}");
            let said: Vec<usize> =
                pieces.iter().filter(|piece| piece.from == Side::Server).map(|piece| piece.octets.len()).collect();
            assert_eq!(said.len(), 7, "one record of the session in each: {said:?}");
        }
    }

    #[test]
    fn what_the_secrets_do_not_open_is_left_as_it_is() {
        let suite = 0x1301;
        let keys = Keys::of(&hello(suite), log(suite).as_bytes()).expect("keys");
        let untouched = session(suite, &keys);
        let mut damaged = session(suite, &keys);
        damaged[3].octets[9] ^= 1;
        for (mut pieces, secrets) in
            [(untouched.clone(), log(suite).replace("ab", "cd")), (untouched, String::new()), (damaged, log(suite))]
        {
            let before = pieces.clone();
            part_replies(&mut pieces, &[3], secrets.as_bytes());
            assert_eq!(pieces, before);
        }
    }

    #[test]
    fn in_clear_text_the_first_line_becomes_a_piece_of_its_own() {
        let mut pieces = vec![
            piece(Side::Server, b"+OK ready\r\n".to_vec()),
            piece(Side::Client, b"RETR 1\r\n".to_vec()),
            piece(Side::Server, REPLY.to_vec()),
            piece(Side::Client, b"RETR 2\r\n".to_vec()),
            piece(Side::Server, b"-ERR no such message\r\n".to_vec()),
        ];
        part_replies(&mut pieces, &[2, 4, 9], b"");
        let server: Vec<&[u8]> =
            pieces.iter().filter(|piece| piece.from == Side::Server).map(|piece| piece.octets.as_slice()).collect();
        assert_eq!(server, [&b"+OK ready\r\n"[..], &REPLY[..15], &REPLY[15..], b"-ERR no such message\r\n"]);
    }
}
