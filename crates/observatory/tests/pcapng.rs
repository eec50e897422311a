//! Files for Wireshark: read back by another's parser, and judged by tshark.
#![allow(clippy::unwrap_used, reason = "a test may fail here")]

mod tshark;

use std::collections::HashMap;
use std::net::SocketAddr;

use etherparse::{NetSlice, SlicedPacket, TransportSlice};
use pcap_parser::pcapng::parse_block_le;
use pcap_parser::{Block, PcapNGOption};
use proptest::prelude::*;
use watchpost_observatory::pcapng::{Conversation, Finish, Piece, Section, Side, write};

/// A packet as it stands in a file.
struct Read {
    at: u64,
    is_inbound: bool,
    from: SocketAddr,
    to: SocketAddr,
    sequence: u32,
    flags: [bool; 4],
    octets: Vec<u8>,
    comments: Vec<String>,
    /// Secrets that stand before it.
    secrets: usize,
}

const SECTION: Section<'_> =
    Section { application: "watchpost test", comment: "made by a test", interface: "synthesised" };

fn file(conversations: &[Conversation]) -> Vec<u8> {
    let mut file = Vec::new();
    write(&mut file, SECTION, conversations).unwrap();
    file
}

fn options(options: &[PcapNGOption<'_>], code: u16) -> Vec<Vec<u8>> {
    let wanted = options.iter().filter(|option| option.code.0 == code);
    wanted.map(|option| option.value[..usize::from(option.len)].to_vec()).collect()
}

fn read(file: &[u8]) -> Vec<Read> {
    let (mut rest, mut packets, mut secrets) = (file, Vec::new(), 0);
    let mut kinds = Vec::new();
    while !rest.is_empty() {
        let (next, block) = parse_block_le(rest).expect("a block");
        match block {
            Block::SectionHeader(header) => {
                assert_eq!(options(&header.options, 4), [b"watchpost test"]);
                assert_eq!(options(&header.options, 1), [b"made by a test"]);
                kinds.push('S');
            }
            Block::InterfaceDescription(interface) => {
                assert_eq!((interface.linktype.0, interface.if_tsresol), (101, 9));
                kinds.push('I');
            }
            Block::DecryptionSecrets(block) => {
                assert_eq!(block.secrets_type.0, 0x544c_534b);
                secrets += 1;
            }
            Block::EnhancedPacket(block) => {
                assert_eq!((block.if_id, block.caplen), (0, block.origlen));
                let frame = &block.data[..block.caplen as usize];
                let comments = options(&block.options, 1).into_iter().map(|text| String::from_utf8(text).unwrap());
                let flags = options(&block.options, 2);
                let at = (u64::from(block.ts_high) << 32) | u64::from(block.ts_low);
                packets.push(packet(at, flags[0][0] == 1, frame, comments.collect(), secrets));
            }
            _ => panic!("an unknown block"),
        }
        rest = next;
    }
    assert_eq!(kinds, ['S', 'I']);
    packets
}

fn packet(at: u64, is_inbound: bool, frame: &[u8], comments: Vec<String>, secrets: usize) -> Read {
    let sliced = SlicedPacket::from_ip(frame).expect("IP and TCP");
    let Some(TransportSlice::Tcp(tcp)) = &sliced.transport else { panic!("TCP") };
    let (source, destination, checksum) = match sliced.net.as_ref().unwrap() {
        NetSlice::Ipv4(ip) => {
            let header = ip.header().to_header();
            assert_eq!(header.calc_header_checksum(), header.header_checksum);
            let checksum = tcp.calc_checksum_ipv4(header.source, header.destination).unwrap();
            (ip.header().source_addr().into(), ip.header().destination_addr().into(), checksum)
        }
        NetSlice::Ipv6(ip) => {
            let header = ip.header().to_header();
            let checksum = tcp.calc_checksum_ipv6(header.source, header.destination).unwrap();
            (ip.header().source_addr().into(), ip.header().destination_addr().into(), checksum)
        }
        NetSlice::Arp(_) => panic!("IP"),
    };
    assert_eq!(tcp.checksum(), checksum);
    assert!(frame.len() <= 1500);
    Read {
        at,
        is_inbound,
        from: SocketAddr::new(source, tcp.source_port()),
        to: SocketAddr::new(destination, tcp.destination_port()),
        sequence: tcp.sequence_number(),
        flags: [tcp.syn(), tcp.ack(), tcp.fin(), tcp.rst()],
        octets: tcp.payload().to_vec(),
        comments,
        secrets,
    }
}

/// What one side said, put together by sequence number as a receiver does it.
fn stream(packets: &[&Read], from: SocketAddr) -> Vec<u8> {
    let mut expected = None;
    let mut octets = Vec::new();
    for packet in packets.iter().filter(|packet| packet.from == from) {
        let next = *expected.get_or_insert(packet.sequence);
        assert_eq!(packet.sequence, next, "a gap");
        octets.extend_from_slice(&packet.octets);
        let taken = u32::try_from(packet.octets.len()).unwrap() + u32::from(packet.flags[0] || packet.flags[2]);
        expected = Some(next.wrapping_add(taken));
    }
    octets
}

fn address() -> impl Strategy<Value = (SocketAddr, SocketAddr)> {
    (any::<bool>(), 1_u16.., 1_u8..250).prop_map(|(is_v6, port, host)| {
        let client = if is_v6 { format!("[2001:db8::{host:x}]:{port}") } else { format!("192.0.2.{host}:{port}") };
        let server = if is_v6 { "[2001:db8:1::1]:995" } else { "[::ffff:198.51.100.1]:995" };
        (client.parse().unwrap(), server.parse().unwrap())
    })
}

fn side() -> impl Strategy<Value = Side> {
    any::<bool>().prop_map(|is_client| if is_client { Side::Client } else { Side::Server })
}

fn finish() -> impl Strategy<Value = Finish> {
    (0..3, side()).prop_map(|(kind, side)| match kind {
        0 => Finish::Unseen,
        1 => Finish::Closed(side),
        _ => Finish::Reset(side),
    })
}

prop_compose! {
    fn conversation()(
        (client, server) in address(),
        accepted in 1_700_000_000_000_000_000_u64..1_700_000_001_000_000_000,
        pieces in prop::collection::vec((0_u64..100_000, side(), 0_usize..5000, 0_usize..3), 0..12),
        finish in finish(),
        has_secrets in any::<bool>(),
    ) -> Conversation {
        let mut at = accepted;
        let mut conversation = Conversation::new(client, server, accepted);
        for (number, (wait, from, octets, comments)) in pieces.into_iter().enumerate() {
            at += wait;
            let octets = (0..octets).map(|place| u8::try_from((place + number) % 251).unwrap()).collect();
            let comments = (0..comments).map(|comment| format!("手順 {number}.{comment}")).collect();
            conversation.pieces.push(Piece { at, from, octets, comments });
        }
        conversation.finish = finish;
        conversation.finished = at;
        conversation.opening = vec!["① TCP".to_owned()];
        if has_secrets {
            conversation.secrets.extend_from_slice(b"CLIENT_RANDOM 00 00\n");
        }
        conversation
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn whatever_was_said_stands_in_the_file(mut conversations in prop::collection::vec(conversation(), 1..5)) {
        // Each from a port of its own, as they are at any one time.
        for (number, conversation) in (1024_u16..).zip(&mut conversations) {
            conversation.client.set_port(number);
        }
        let packets = read(&file(&conversations));
        prop_assert!(packets.is_sorted_by_key(|packet| packet.at));
        let mut secrets = 0;
        for conversation in &conversations {
            let port = conversation.client.port();
            let ours: Vec<&Read> =
                packets.iter().filter(|packet| [packet.from.port(), packet.to.port()].contains(&port)).collect();
            let client = ours[0].from;
            let said = |side| {
                let pieces = conversation.pieces.iter().filter(|piece| piece.from == side);
                pieces.flat_map(|piece| piece.octets.clone()).collect::<Vec<u8>>()
            };
            prop_assert_eq!(stream(&ours, client), said(Side::Client));
            prop_assert_eq!(stream(&ours, ours[0].to), said(Side::Server));
            prop_assert!(ours.iter().all(|packet| packet.is_inbound == (packet.from == client)));
            prop_assert!(ours.windows(2).all(|two| two[0].at + 1000 <= two[1].at), "packets a microsecond apart");
            let comments = ours.iter().flat_map(|packet| packet.comments.clone()).collect::<Vec<String>>();
            let expected = conversation.pieces.iter().flat_map(|piece| piece.comments.clone());
            let expected: Vec<String> = conversation.opening.iter().cloned().chain(expected).collect();
            prop_assert_eq!(comments, expected);
            let resets = ours.iter().filter(|packet| packet.flags[3]).count();
            let fins = ours.iter().filter(|packet| packet.flags[2]).count();
            let ends = match conversation.finish {
                Finish::Unseen => (0, 0),
                Finish::Closed(_) => (0, 2),
                Finish::Reset(_) => (1, 0),
            };
            prop_assert_eq!((resets, fins), ends);
            if !conversation.secrets.is_empty() {
                secrets += 1;
            }
        }
        prop_assert_eq!(packets.last().unwrap().secrets, secrets);
        // Secrets stand before the first packet of their conversation.
        let mut begun: HashMap<u16, usize> = HashMap::new();
        for packet in &packets {
            begun.entry(packet.from.port().max(packet.to.port())).or_insert(packet.secrets);
        }
        let with_secrets = conversations.iter().filter(|one| !one.secrets.is_empty());
        for conversation in with_secrets {
            prop_assert!(begun[&conversation.client.port()] > 0);
        }
    }
}

#[test]
fn a_port_that_is_used_again_is_another_stream() {
    let mut first = Conversation::new("192.0.2.1:4000".parse().unwrap(), "198.51.100.1:110".parse().unwrap(), 1 << 60);
    first.finish = Finish::Closed(Side::Client);
    let second = Conversation { accepted: first.accepted + 1_000_000, ..first.clone() };
    let packets = read(&file(&[first, second]));
    let starts: Vec<u32> = packets
        .iter()
        .filter(|packet| packet.flags == [true, false, false, false])
        .map(|packet| packet.sequence)
        .collect();
    assert_eq!(starts.len(), 2);
    assert_ne!(starts[0], starts[1]);
}
