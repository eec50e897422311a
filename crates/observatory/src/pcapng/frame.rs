//! IP and TCP headers around octets.

use std::io;
use std::net::{IpAddr, SocketAddr};

use etherparse::{PacketBuilder, PacketBuilderStep, TcpOptionElement, ip_number};

/// What a link of 1500 octets leaves beside an IPv4 and a TCP header, and beside an IPv6 one.
const SEGMENT_IPV4: u16 = 1460;
const SEGMENT_IPV6: u16 = 1440;
/// Hops that a packet may still make.
const HOPS: u8 = 64;
/// The largest window, and how often it is doubled: 8 MiB are never full before they are acknowledged.
const WINDOW: u16 = u16::MAX;
const WINDOW_SCALE: u8 = 7;

/// What a TCP header says beside its ports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) sequence: u32,
    /// `None` in the first segment alone.
    pub(super) acknowledged: Option<u32>,
    pub(super) flags: Flags,
}

/// The flags that are used here, but for ACK.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Flags {
    #[default]
    None,
    Syn,
    Push,
    Finish,
    Reset,
}

/// Two addresses of one family. What came over IPv6 from an IPv4 address is IPv4.
pub(super) fn of_one_family(client: SocketAddr, server: SocketAddr) -> (SocketAddr, SocketAddr) {
    let plain = |address: SocketAddr| SocketAddr::new(address.ip().to_canonical(), address.port());
    let mapped = |address: SocketAddr| match address.ip() {
        IpAddr::V4(ip) => SocketAddr::new(ip.to_ipv6_mapped().into(), address.port()),
        IpAddr::V6(_) => address,
    };
    let (client, server) = (plain(client), plain(server));
    if client.is_ipv4() == server.is_ipv4() { (client, server) } else { (mapped(client), mapped(server)) }
}

/// Octets of one segment at the most.
pub(super) fn segment_octets(address: SocketAddr) -> u16 {
    if address.is_ipv4() { SEGMENT_IPV4 } else { SEGMENT_IPV6 }
}

/// A whole packet, checksums included.
pub(super) fn frame(from: SocketAddr, to: SocketAddr, segment: Segment, octets: &[u8]) -> io::Result<Vec<u8>> {
    let ip = match (from.ip(), to.ip()) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            let length = u16::try_from(octets.len()).map_err(io::Error::other)?;
            let header =
                etherparse::Ipv4Header::new(length, HOPS, ip_number::TCP, source.octets(), destination.octets());
            let header = etherparse::Ipv4Header { dont_fragment: true, ..header.map_err(io::Error::other)? };
            PacketBuilder::ip(etherparse::IpHeaders::Ipv4(header, etherparse::Ipv4Extensions::default()))
        }
        (source, destination) => PacketBuilder::ipv6(v6(source), v6(destination), HOPS),
    };
    let mut builder = ip.tcp(from.port(), to.port(), segment.sequence, WINDOW);
    if let Some(acknowledged) = segment.acknowledged {
        builder = builder.ack(acknowledged);
    }
    builder = match segment.flags {
        Flags::None => builder,
        Flags::Syn => with_options(builder.syn(), segment_octets(from))?,
        Flags::Push => builder.psh(),
        Flags::Finish => builder.fin(),
        Flags::Reset => builder.rst(),
    };
    let mut frame = Vec::with_capacity(builder.size(octets.len()));
    builder.write(&mut frame, octets).map_err(io::Error::other)?;
    Ok(frame)
}

fn v6(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}

type Builder = PacketBuilderStep<etherparse::TcpHeader>;

fn with_options(builder: Builder, segment_octets: u16) -> io::Result<Builder> {
    let options = [
        TcpOptionElement::MaximumSegmentSize(segment_octets),
        TcpOptionElement::Noop,
        TcpOptionElement::WindowScale(WINDOW_SCALE),
    ];
    builder.options(&options).map_err(|error| io::Error::other(format!("{error:?}")))
}
