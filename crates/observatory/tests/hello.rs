//! ClientHellos, put together by hand: what is read of them, against published fingerprints.
#![allow(clippy::unwrap_used, reason = "a test may fail here")]

use watchpost_observatory::{Hello, Hellos, read_hello};

/// A ClientHello to be.
#[derive(Clone, Default)]
struct Offer {
    version: u16,
    suites: Vec<u16>,
    /// Kind and data, in order.
    extensions: Vec<(u16, Vec<u8>)>,
    without_extensions: bool,
}

fn numbers(numbers: &[u16]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

/// Octets behind their length in two octets.
fn vector(octets: &[u8]) -> Vec<u8> {
    [&u16::try_from(octets.len()).unwrap().to_be_bytes(), octets].concat()
}

/// Octets behind their length in one octet.
fn short(octets: &[u8]) -> Vec<u8> {
    [&[u8::try_from(octets.len()).unwrap()], octets].concat()
}

fn server_name(name: &str) -> (u16, Vec<u8>) {
    (0, vector(&[&[0], vector(name.as_bytes()).as_slice()].concat()))
}

fn alpn(protocols: &[&[u8]]) -> (u16, Vec<u8>) {
    (16, vector(&protocols.iter().flat_map(|protocol| short(protocol)).collect::<Vec<u8>>()))
}

impl Offer {
    fn message(&self) -> Vec<u8> {
        let mut body = self.version.to_be_bytes().to_vec();
        body.extend([7; 32]);
        body.extend(short(&[1; 32]));
        body.extend(vector(&numbers(&self.suites)));
        body.extend(short(&[0]));
        if !self.without_extensions {
            let extensions = self.extensions.iter();
            body.extend(vector(
                &extensions.flat_map(|(kind, data)| [numbers(&[*kind]), vector(data)].concat()).collect::<Vec<u8>>(),
            ));
        }
        let length = u32::try_from(body.len()).unwrap().to_be_bytes();
        [&[1], &length[1..], body.as_slice()].concat()
    }

    /// In records of at most so many octets.
    fn records(&self, octets_max: usize) -> Vec<u8> {
        self.message().chunks(octets_max).flat_map(|piece| [&[22, 3, 1], vector(piece).as_slice()].concat()).collect()
    }

    fn read(&self) -> Hello {
        read_hello(&self.records(16_384)).unwrap()
    }
}

/// The example of JA4's description: Chrome, with GREASE in every list.
fn chrome() -> Offer {
    let signatures = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601];
    let data = |kind: u16| match kind {
        0x0000 => server_name("mail.example.org").1,
        0x0010 => alpn(&[b"h2", b"http/1.1"]).1,
        0x002b => short(&numbers(&[0x3a3a, 0x0304, 0x0303])),
        0x000d => vector(&numbers(&signatures)),
        0x000a => vector(&numbers(&[0x9a9a, 29, 23, 24])),
        0x000b => short(&[0]),
        _ => Vec::new(),
    };
    let kinds = [
        0x6a6a, 0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d, 0x0005, 0x0023, 0x0012, 0x002b, 0xff01,
        0x000b, 0x000a, 0x0015, 0xfafa,
    ];
    Offer {
        version: 0x0303,
        suites: vec![
            0x2a2a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c,
            0x009d, 0x002f, 0x0035,
        ],
        extensions: kinds.map(|kind| (kind, data(kind))).to_vec(),
        without_extensions: false,
    }
}

#[test]
fn ja4_of_the_published_example() {
    let hello = chrome().read();
    assert_eq!(hello.ja4, "t13d1516h2_8daaf6152771_e5627efa2ab1");
    assert_eq!(hello.version, 0x0304);
    assert_eq!(hello.server_name.unwrap().as_octets(), b"mail.example.org");
    assert_eq!(hello.alpn.unwrap().as_octets(), b"h2,http/1.1");
}

#[test]
fn ja4_without_signature_algorithms_has_no_underscore_in_its_last_hash() {
    // The description gives 6d807ffa2a79 for these extensions; 000d itself stays among them.
    let mut offer = chrome();
    offer.extensions.iter_mut().filter(|(kind, _)| *kind == 0x000d).for_each(|(_, data)| *data = vector(&[]));
    assert!(offer.read().ja4.ends_with("_6d807ffa2a79"), "{}", offer.read().ja4);
}

#[test]
fn what_is_remembered_of_others_changes_no_fingerprint() {
    let changed = |change: &dyn Fn(&mut Offer)| {
        let mut offer = chrome();
        change(&mut offer);
        offer
    };
    let shuffled = changed(&|offer| offer.extensions.reverse());
    let offers = [
        chrome(),
        shuffled.clone(),
        changed(&|offer| offer.suites.reverse()),
        changed(&|offer| offer.suites.truncate(3)),
        changed(&|offer| offer.extensions.truncate(4)),
        changed(&|offer| offer.extensions.retain(|(kind, _)| *kind != 16)),
        changed(&|offer| offer.version = 0x0302),
    ];
    let hellos = Hellos::default();
    for offer in offers.iter().chain(&offers) {
        let octets = offer.records(1 << 14);
        assert_eq!(hellos.read(&octets), read_hello(&octets), "{:?}", offer.extensions);
    }
    let (first, second) = (chrome().read(), shuffled.read());
    assert!(first.ja4 == second.ja4 && first.ja3 != second.ja3);
}

#[test]
fn ja3_of_the_published_examples() {
    let first = Offer {
        version: 769,
        suites: vec![47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4],
        extensions: vec![server_name("example.org"), (10, vector(&numbers(&[23, 24, 25]))), (11, short(&[0]))],
        without_extensions: false,
    };
    assert_eq!(first.read().ja3, "ada70206e40642a3e4461f35503241d5");
    let second = Offer {
        version: 769,
        suites: vec![4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99],
        without_extensions: true,
        ..Offer::default()
    };
    assert_eq!(second.read().ja3, "de350869b8c85de67a350c8d186f11e6");
    assert_eq!(second.read().version, 0x0301);
    let ja4 = second.read().ja4;
    assert!(ja4.starts_with("t10i110000_") && ja4.ends_with("_000000000000"), "{ja4}");
}

#[test]
fn tls_1_2_without_a_name_says_so() {
    let mut offer = chrome();
    offer.extensions.retain(|(kind, _)| !matches!(kind, 0x0000 | 0x002b | 0x0010));
    let hello = offer.read();
    assert!(hello.ja4.starts_with("t12i151300_8daaf6152771_"), "{}", hello.ja4);
    assert_eq!((hello.version, hello.server_name, hello.alpn), (0x0303, None, None));
    let nothing = Offer { version: 0x0300, ..Offer::default() };
    assert_eq!(nothing.read().ja4, "ts3i000000_000000000000_000000000000");
}

#[test]
fn ja4_takes_the_first_and_last_character_of_the_first_protocol() {
    let cases: [(&[u8], &str); 9] = [
        (b"h2", "h2"),
        (b"http/1.1", "h1"),
        (b"x", "xx"),
        (b"\xab", "ab"),
        (b"\xab\xcd", "ad"),
        (b"0\xab", "3b"),
        (b"01\xab\xcd", "3d"),
        (b"0\xab\xcd1", "01"),
        (b"", "00"),
    ];
    for (protocol, expected) in cases {
        let offer = Offer { extensions: vec![alpn(&[protocol])], ..chrome() };
        assert_eq!(offer.read().ja4[8..10], *expected, "{protocol:?}");
    }
}

#[test]
fn a_hello_in_many_records_is_the_same_hello() {
    let whole = chrome().read();
    for octets_max in [1, 2, 3, 5, 64, 100] {
        assert_eq!(read_hello(&chrome().records(octets_max)), Some(whole.clone()), "{octets_max}");
    }
    let behind = [chrome().records(16_384), b"whatever follows".to_vec()].concat();
    assert_eq!(read_hello(&behind), Some(whole));
}

#[test]
fn what_is_no_hello_or_not_a_whole_one_is_none() {
    let whole = chrome().records(100);
    for length in 0..whole.len() {
        assert_eq!(read_hello(&whole[..length]), None, "{length}");
    }
    for octets in [&b"GET / HTTP/1.1\r\n"[..], b"\x15\x03\x01\x00\x02\x02\x28", b"\x16\x03\x01\x00\x04\x02\0\0\0", b""]
    {
        assert_eq!(read_hello(octets), None);
    }
}

#[test]
fn long_names_are_cut() {
    let offer =
        Offer { extensions: vec![server_name(&"x".repeat(9000)), alpn(&[&[b'y'; 255], &[b'z'; 255]])], ..chrome() };
    let hello = offer.read();
    assert_eq!(hello.server_name.unwrap().as_octets().len(), 255);
    assert_eq!(hello.alpn.unwrap().as_octets().len(), 255);
}

#[test]
fn no_octets_make_the_reader_panic_or_a_fingerprint_of_another_shape() {
    // S-046
    let seed = chrome().records(16_384);
    bolero::check!().with_type::<(Vec<(u16, u8)>, u16, Vec<u8>)>().for_each(|(changes, cut, whole)| {
        let mut octets = seed.clone();
        for (place, octet) in changes {
            let place = usize::from(*place) % octets.len();
            octets[place] = *octet;
        }
        octets.truncate(octets.len().saturating_sub(usize::from(*cut % 8)));
        for octets in [octets.as_slice(), whole.as_slice()] {
            if let Some(hello) = read_hello(octets) {
                assert_eq!(hello.ja3.len(), 32);
                assert_eq!(hello.ja4.len(), 36);
                assert!(hello.ja4.is_ascii() && hello.ja4.starts_with('t'));
            }
        }
    });
}
