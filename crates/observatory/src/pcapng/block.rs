//! The blocks of a pcapng file, little-endian, each padded to four octets, its length at both ends.

use std::io::{self, Write};

use super::Section;
use super::tcp::Packet;

const SECTION_HEADER: u32 = 0x0A0D_0D0A;
const INTERFACE: u32 = 1;
const ENHANCED_PACKET: u32 = 6;
const DECRYPTION_SECRETS: u32 = 0x0A;
/// Tells the order of octets.
const MAGIC: u32 = 0x1A2B_3C4D;
/// Frames begin with the IP header.
const LINKTYPE_RAW: u16 = 101;
/// `TLSK`: lines of a key log.
const TLS_KEY_LOG: u32 = 0x544C_534B;
/// Times are counted in powers of ten below the second.
const NANOSECONDS: u8 = 9;

const END_OF_OPTIONS: u16 = 0;
const COMMENT: u16 = 1;
const APPLICATION: u16 = 4;
const INTERFACE_NAME: u16 = 2;
const INTERFACE_DESCRIPTION: u16 = 3;
const RESOLUTION: u16 = 9;
const PACKET_FLAGS: u16 = 2;

/// Octets of a comment at the most: a page of text, well below what an option may hold.
const COMMENT_MAX: usize = 8 * 1024;

/// Writes blocks.
pub(super) struct Blocks<W> {
    output: W,
    body: Vec<u8>,
}

impl<W: Write> Blocks<W> {
    /// Begins a file.
    pub(super) fn begin(output: W, section: Section<'_>) -> io::Result<Self> {
        let mut blocks = Self { output, body: Vec::new() };
        blocks.number(MAGIC);
        blocks.body.extend_from_slice(&[1, 0, 0, 0]);
        // The length of the section is not known.
        blocks.body.extend_from_slice(&(-1_i64).to_le_bytes());
        blocks.text(APPLICATION, section.application);
        blocks.text(COMMENT, section.comment);
        blocks.option(END_OF_OPTIONS, b"");
        blocks.block(SECTION_HEADER)?;
        blocks.body.extend_from_slice(&LINKTYPE_RAW.to_le_bytes());
        blocks.body.extend_from_slice(&[0; 6]);
        blocks.text(INTERFACE_NAME, "watchpost");
        blocks.text(INTERFACE_DESCRIPTION, section.interface);
        blocks.option(RESOLUTION, &[NANOSECONDS]);
        blocks.option(END_OF_OPTIONS, b"");
        blocks.block(INTERFACE)?;
        Ok(blocks)
    }

    /// Lines of a key log, before the packets they open.
    pub(super) fn secrets(&mut self, key_log: &[u8]) -> io::Result<()> {
        self.number(TLS_KEY_LOG);
        self.number(length(key_log)?);
        self.padded(key_log);
        self.block(DECRYPTION_SECRETS)
    }

    /// A packet.
    pub(super) fn packet(&mut self, packet: &Packet) -> io::Result<()> {
        let length = length(&packet.frame)?;
        self.number(0);
        self.body.extend_from_slice(&packet.at.to_le_bytes()[4..]);
        self.body.extend_from_slice(&packet.at.to_le_bytes()[..4]);
        self.number(length);
        self.number(length);
        self.padded(&packet.frame);
        for comment in &packet.comments {
            self.text(COMMENT, comment);
        }
        let direction: u32 = if packet.is_inbound { 1 } else { 2 };
        self.option(PACKET_FLAGS, &direction.to_le_bytes());
        self.option(END_OF_OPTIONS, b"");
        self.block(ENHANCED_PACKET)
    }

    /// The end of the file.
    pub(super) fn end(mut self) -> io::Result<()> {
        self.output.flush()
    }

    fn number(&mut self, number: u32) {
        self.body.extend_from_slice(&number.to_le_bytes());
    }

    fn padded(&mut self, octets: &[u8]) {
        self.body.extend_from_slice(octets);
        self.body.resize(self.body.len().next_multiple_of(4), 0);
    }

    fn text(&mut self, code: u16, text: &str) {
        if !text.is_empty() {
            self.option(code, &text.as_bytes()[..text.floor_char_boundary(COMMENT_MAX)]);
        }
    }

    /// `value` is never longer than [`COMMENT_MAX`].
    fn option(&mut self, code: u16, value: &[u8]) {
        self.body.extend_from_slice(&code.to_le_bytes());
        let length = u16::try_from(value.len()).unwrap_or_default();
        self.body.extend_from_slice(&length.to_le_bytes());
        self.padded(value);
    }

    /// Writes what has been gathered as a block of this type.
    fn block(&mut self, kind: u32) -> io::Result<()> {
        let total = length(&self.body)?.saturating_add(12);
        self.output.write_all(&kind.to_le_bytes())?;
        self.output.write_all(&total.to_le_bytes())?;
        self.output.write_all(&self.body)?;
        self.output.write_all(&total.to_le_bytes())?;
        zeroize::Zeroize::zeroize(&mut self.body);
        Ok(())
    }
}

fn length(octets: &[u8]) -> io::Result<u32> {
    u32::try_from(octets.len()).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))
}
