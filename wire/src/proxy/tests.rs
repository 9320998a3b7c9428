//! Golden headers, refused ones, and a seeded fuzzer of both.

use std::net::{IpAddr, SocketAddr};

use super::*;
use crate::limits::{PROXY_HEADER_BYTES_MAX, PROXY_LINE_BYTES_MAX};

fn at(address: &str) -> Header {
    Header::PassedOn(address.parse().unwrap())
}

/// A header of version 2.
fn version_2(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap().to_be_bytes();
    [&version_2::SIGNATURE[..], &[command, family], &length, body].concat()
}

const IPV4: [u8; 12] = [192, 0, 2, 1, 198, 51, 100, 7, 0xdc, 0x04, 0x0c, 0xea];

/// Version 2's body of a client `2001:db8::1` port 4711.
fn ipv6() -> Vec<u8> {
    let mut body = vec![0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    body.extend_from_slice(&[0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
    body.extend_from_slice(&[0x12, 0x67, 0x0c, 0xea]);
    body
}

/// Additional fields: an empty NOOP, and a unique id of three bytes.
const FIELDS: [u8; 9] = [4, 0, 0, 5, 0, 3, b'a', b'b', b'c'];

fn sound() -> Vec<(Vec<u8>, Header)> {
    let mapped = b"PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n";
    vec![
        (b"PROXY TCP4 192.0.2.1 198.51.100.7 56324 3306\r\n".to_vec(), at("192.0.2.1:56324")),
        (b"PROXY TCP4 255.255.255.255 255.255.255.255 65535 0\r\n".to_vec(), at("255.255.255.255:65535")),
        (b"PROXY TCP6 2001:db8::1 2001:db8::2 4711 3306\r\n".to_vec(), at("[2001:db8::1]:4711")),
        (mapped.to_vec(), at("192.0.2.1:1")),
        (b"PROXY UNKNOWN\r\n".to_vec(), Header::Own),
        (b"PROXY UNKNOWN ffff::1 whatever 99999\r\n".to_vec(), Header::Own),
        (version_2(0x21, 0x11, &IPV4), at("192.0.2.1:56324")),
        (version_2(0x21, 0x11, &[&IPV4[..], &FIELDS].concat()), at("192.0.2.1:56324")),
        (version_2(0x21, 0x21, &ipv6()), at("[2001:db8::1]:4711")),
        (version_2(0x21, 0x21, &[&ipv6()[..], &FIELDS].concat()), at("[2001:db8::1]:4711")),
        (version_2(0x20, 0x00, &[]), Header::Own),
        (version_2(0x20, 0x11, &IPV4), Header::Own),
        (version_2(0x20, 0xff, b"what this is matters to nobody"), Header::Own),
        (version_2(0x21, 0x00, &[]), Header::Own),
        (version_2(0x21, 0x00, b"nor this"), Header::Own),
        (version_2(0x21, 0x31, &[7; 216]), Header::Own),
        (version_2(0x20, 0x00, &[0; PROXY_HEADER_BYTES_MAX - 16]), Header::Own),
    ]
}

#[test]
fn sound_headers_are_understood_however_they_arrive() {
    for (bytes, expected) in sound() {
        assert!(is_start(*bytes.first_chunk().unwrap()), "{bytes:?}");
        let followed = [&bytes[..], b"\x20\0\0\x01packet"].concat();
        assert_eq!(parse(&followed), Ok(Some((expected, bytes.len()))), "{bytes:?}");
        for end in START_BYTES..bytes.len() {
            assert_eq!(parse(&bytes[..end]), Ok(None), "{end} bytes of {bytes:?}");
        }
    }
}

#[test]
fn damaged_headers_are_refused() {
    let long = [b"PROXY UNKNOWN ".to_vec(), vec![b'x'; PROXY_LINE_BYTES_MAX]].concat();
    let cut = |bytes: usize| version_2(0x21, 0x11, &IPV4[..bytes]);
    let fields = |bytes: usize| version_2(0x21, 0x11, &[&IPV4[..], &FIELDS[..bytes]].concat());
    let refused: Vec<Vec<u8>> = vec![
        b"PROXYTCP4 192.0.2.1 198.51.100.7 1 2\r\n".to_vec(),
        b"PROXY \r\n".to_vec(),
        b"PROXY  TCP4 192.0.2.1 198.51.100.7 1 2\r\n".to_vec(),
        b"PROXY tcp4 192.0.2.1 198.51.100.7 1 2\r\n".to_vec(),
        b"PROXY UDP4 192.0.2.1 198.51.100.7 1 2\r\n".to_vec(),
        b"PROXY TCP4 192.0.2.1 198.51.100.7 1\r\n".to_vec(),
        b"PROXY TCP4 192.0.2.1 198.51.100.7 1 2 3\r\n".to_vec(),
        b"PROXY TCP4 192.0.2.1 198.51.100.7 1 2 \r\n".to_vec(),
        b"PROXY TCP4 192.0.2.1 198.51.100.7 +1 2\r\n".to_vec(),
        b"PROXY TCP4 192.0.2.1 198.51.100.7 01 2\r\n".to_vec(),
        b"PROXY TCP4 192.0.2.1 198.51.100.7 65536 2\r\n".to_vec(),
        b"PROXY TCP4 192.0.2.256 198.51.100.7 1 2\r\n".to_vec(),
        b"PROXY TCP4 192.0.02.1 198.51.100.7 1 2\r\n".to_vec(),
        b"PROXY TCP4 ::1 198.51.100.7 1 2\r\n".to_vec(),
        b"PROXY TCP6 192.0.2.1 ::1 1 2\r\n".to_vec(),
        b"PROXY TCP6 fe80::1%1 ::1 1 2\r\n".to_vec(),
        b"PROXY TCP4 192.0.2.\xff 198.51.100.7 1 2\r\n".to_vec(),
        b"PROXY TCP4 192.0.2.1 198.51.100.7 1 2\n".repeat(4),
        long,
        b"\r\n\r\n\0\r\nQUIX\n".to_vec(),
        version_2(0x11, 0x11, &IPV4),
        version_2(0x31, 0x11, &IPV4),
        version_2(0x22, 0x11, &IPV4),
        version_2(0x21, 0x12, &IPV4),
        version_2(0x21, 0x13, &IPV4),
        version_2(0x21, 0x41, &IPV4),
        version_2(0x21, 0x01, &IPV4),
        version_2(0x20, 0x00, &[0; PROXY_HEADER_BYTES_MAX - 15]),
        version_2(0x21, 0x21, &IPV4),
        version_2(0x21, 0x31, &[7; 215]),
        cut(0),
        cut(11),
        fields(1),
        fields(2),
        fields(8),
    ];
    for bytes in refused {
        let answer = parse(&bytes);
        assert!(matches!(answer, Err(Error::ProxyHeader { .. })), "{answer:?}: {bytes:?}");
    }
}

#[test]
fn no_first_packet_is_taken_for_a_header() {
    for length in 0..0x0100_0000_u32 {
        let [low, middle, high, _] = length.to_le_bytes();
        // Of the packet that answers a greeting, with TLS or without.
        assert!(!is_start([low, middle, high, 1]));
    }
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}

/// Sound headers with some bytes changed, cut out or put in: what comes out is a header within the bytes, a refusal, or a wait that ends
/// before the bound; and more bytes never change an answer.
#[test]
fn changed_headers_never_panic_and_never_wait_for_ever() {
    const HEADERS: usize = 200_000;
    let mut random = Random(0x5eed_9e0c);
    let sound = sound();
    let mut counts = [0; 3];
    for _ in 0..HEADERS {
        let mut bytes = sound[random.below(sound.len())].0.clone();
        for _ in 0..=random.below(4) {
            let at = random.below(bytes.len());
            match random.below(4) {
                0 => bytes[at] = random.next() as u8,
                1 => bytes[at] ^= 1 << random.below(8),
                2 if bytes.len() > START_BYTES + 1 => drop(bytes.remove(at)),
                _ => bytes.insert(at, random.next() as u8),
            }
        }
        match parse(&bytes) {
            Ok(Some((_, length))) => {
                assert!(length <= bytes.len() && length <= PROXY_HEADER_BYTES_MAX);
                assert_eq!(parse(&bytes[..length]), parse(&bytes), "{bytes:?}");
                counts[0] += 1;
            }
            Ok(None) => {
                let more = [&bytes[..], &[0; PROXY_HEADER_BYTES_MAX]].concat();
                assert!(!matches!(parse(&more), Ok(None)), "{bytes:?}");
                counts[1] += 1;
            }
            Err(error) => {
                bytes.extend_from_slice(b"\r\n more");
                assert_eq!(parse(&bytes), Err(error), "{bytes:?}");
                counts[2] += 1;
            }
        }
    }
    assert!(counts.iter().all(|count| *count > HEADERS / 50), "each is met: {counts:?}");
}

#[test]
fn networks_hold_what_their_bits_say() {
    let holds = |networks: &str, address: &str| {
        let networks = Networks::parse(networks.split(',').filter(|text| !text.is_empty())).unwrap();
        networks.contain(address.parse::<IpAddr>().unwrap())
    };
    assert!(!holds("", "127.0.0.1"));
    assert!(holds("*", "127.0.0.1") && holds("*", "2001:db8::1"));
    assert!(holds("10.0.0.0/8", "10.255.0.1") && !holds("10.0.0.0/8", "11.0.0.1"));
    assert!(holds("10.1.2.3/8", "10.9.9.9"), "bits past the prefix say nothing");
    assert!(holds("192.0.2.1", "192.0.2.1") && !holds("192.0.2.1", "192.0.2.0"));
    assert!(holds("192.0.2.0/31", "192.0.2.1") && !holds("192.0.2.0/31", "192.0.2.2"));
    assert!(holds("0.0.0.0/0", "203.0.113.1") && !holds("0.0.0.0/0", "::1"));
    assert!(holds("::/0", "::1") && !holds("::/0", "127.0.0.1"));
    assert!(holds("127.0.0.0/8", "::ffff:127.0.0.1"), "as a socket for both families shows it");
    assert!(holds("::1, 2001:db8::/33", "2001:db8:7fff::") && !holds("2001:db8::/33", "2001:db8:8000::"));
    for refused in
        ["localhost", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/+8", "10.0.0", "/8", "10.0.0.0/8/8"]
    {
        assert!(Networks::parse([refused]).unwrap_err().contains(refused), "{refused}");
    }
    let port: SocketAddr = "[::ffff:192.0.2.1]:7".parse().unwrap();
    assert_eq!(canonical(port).to_string(), "192.0.2.1:7");
}
