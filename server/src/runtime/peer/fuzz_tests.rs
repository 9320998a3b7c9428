//! A seeded fuzzer for everything that reads bytes of a peer: streams of good frames with one thing wrong.
//!
//! 200,000 frames, or as many as `QUORATE_FUZZ_FRAMES` says. What must hold: nothing panics; memory stays within what has arrived plus
//! the bound; no frame comes out that was not put in, unless its checksum was made right on purpose; what is refused is refused as
//! what it is.

use std::io::Read;

use bytes::Bytes;
use consensus::{Entry, EntryKind, LogIndex, Message, NodeId, Term};
use wire::limits::{PEER_AHEAD_BYTES_MAX, PEER_FRAME_HEADER_BYTES, PEER_READ_BYTES};
use wire::peer::{
    ClusterId, Frame, FrameHeader, FrameKind, FrameReader, Hello, Lane, PROTOCOL_VERSION, Refusal,
    RefusalReason, SnapshotChunk, SnapshotEnd, SnapshotHead, SnapshotRequest, Welcome, compress,
};

use super::counters::RefusedKind;
use super::incoming::{Arrival, Incoming, message};
use super::test_node::CLUSTER;
use super::{LinkError, PeerCounters};

const FRAMES_DEFAULT: u64 = 200_000;
const SEED: u64 = 0x5eed_0ff4_a3e5;
const READ_BYTES: usize = 4 << 10;

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

/// Gives bytes in pieces of random size, and counts them.
struct Pieces<'a> {
    bytes: &'a [u8],
    random: u64,
    arrived: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let mut random = Random(self.random);
        self.random = random.next();
        let count = buffer.len().min(self.bytes.len()).min(1 + random.below(3_000));
        buffer[..count].copy_from_slice(&self.bytes[..count]);
        self.bytes = &self.bytes[count..];
        self.arrived += count;
        Ok(count)
    }
}

fn framed(cluster: ClusterId, kind: FrameKind, payload: &[u8]) -> Vec<u8> {
    let header = FrameHeader::encode(kind, cluster.tag(), &[payload]).unwrap();
    [&header[..], payload].concat()
}

/// Payloads of every kind.
fn payloads() -> Vec<(FrameKind, Vec<u8>)> {
    let make = |encode: &dyn Fn(&mut Vec<u8>)| {
        let mut out = Vec::new();
        encode(&mut out);
        out
    };
    let (term, index) = (Term::new(7), LogIndex::new(5));
    let entry = |index, bytes: usize| Entry {
        index: LogIndex::new(index),
        term,
        kind: EntryKind::Data,
        payload: vec![index as u8; bytes].into(),
    };
    let entries = vec![entry(6, 10), entry(7, 3_000)];
    let append =
        Message::Append { term, prev_index: index, prev_term: term, entries: entries.clone(), commit: index };
    let messages = [
        append.clone(),
        Message::Feed { term, prev_index: index, prev_term: term, entries, commit: LogIndex::new(7) },
        Message::Heartbeat { term, commit: index, seq: 3, floor: index, is_learner: false },
        Message::Vote { term, last_index: index, last_term: Term::new(6), is_transfer: true },
        Message::ReadIndexReply { term, ticket: 4, index: Some(index) },
        Message::SnapshotNeeded { term, from: NodeId::new(3), at_least: index },
    ];
    let mut all: Vec<(FrameKind, Vec<u8>)> = messages
        .iter()
        .map(|message| (FrameKind::Consensus, make(&|out| consensus::encode(message, out))))
        .collect();
    let mut compressed = Vec::new();
    assert!(compress(&make(&|out| consensus::encode(&append, out)), &mut compressed));
    all.push((FrameKind::CompressedConsensus, compressed));
    let text = "10.0.0.1:7000".to_owned();
    let hello = Hello {
        version: PROTOCOL_VERSION,
        cluster_id: CLUSTER,
        node_id: 1,
        incarnation: 2,
        target_id: 3,
        lane: Lane::Data,
        peer_address: text.clone(),
        sql_address: text.clone(),
    };
    all.push((FrameKind::Hello, make(&|out| hello.encode(out))));
    let welcome =
        Welcome { node_id: 3, incarnation: 4, peer_address: text.clone(), sql_address: text.clone() };
    all.push((FrameKind::Welcome, make(&|out| welcome.encode(out))));
    let refusal = Refusal { reason: RefusalReason::Removed, message: text };
    all.push((FrameKind::Refusal, make(&|out| refusal.encode(out))));
    let request = SnapshotRequest { snapshot_id: 1, offset_chunk: 2, at_least: 3, is_log_only: false };
    all.push((FrameKind::SnapshotRequest, make(&|out| request.encode(out))));
    let membership = Bytes::from_static(b"members");
    let head = SnapshotHead { snapshot_id: 1, index: 2, term: 3, membership_index: 1, membership };
    all.push((FrameKind::SnapshotHead, make(&|out| head.encode(out))));
    all.push((FrameKind::SnapshotChunk, make(&|out| SnapshotChunk::encode_header(3, out))));
    let end = SnapshotEnd { chunk_count: 3, checksum: 4 };
    all.push((FrameKind::SnapshotEnd, make(&|out| end.encode(out))));
    all.push((FrameKind::Session, crate::forward::message::sample()));
    all
}

/// What is wrong with a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Damage {
    None,
    BitFlipped,
    Cut,
    BytesLost,
    BytesReplayed,
    FrameReplayed,
    Noise,
    OtherCluster,
    NewerVersion,
    WrongChecksum,
    AbsurdLength,
    UnknownKind,
    /// The payload is changed and the checksum fits: as from a peer that is itself wrong.
    WrongPayload,
}

const DAMAGES: [Damage; 13] = [
    Damage::None,
    Damage::BitFlipped,
    Damage::Cut,
    Damage::BytesLost,
    Damage::BytesReplayed,
    Damage::FrameReplayed,
    Damage::Noise,
    Damage::OtherCluster,
    Damage::NewerVersion,
    Damage::WrongChecksum,
    Damage::AbsurdLength,
    Damage::UnknownKind,
    Damage::WrongPayload,
];

impl Damage {
    /// What the stream must be refused as; none: something, or nothing at all.
    fn expected(self) -> Option<RefusedKind> {
        match self {
            Damage::OtherCluster => Some(RefusedKind::OtherCluster),
            Damage::NewerVersion => Some(RefusedKind::Version),
            Damage::WrongChecksum => Some(RefusedKind::Checksum),
            Damage::AbsurdLength => Some(RefusedKind::Length),
            Damage::UnknownKind => Some(RefusedKind::UnknownKind),
            Damage::Cut => Some(RefusedKind::Cut),
            Damage::None
            | Damage::BitFlipped
            | Damage::BytesLost
            | Damage::BytesReplayed
            | Damage::FrameReplayed
            | Damage::Noise
            | Damage::WrongPayload => None,
        }
    }
}

/// Puts `frame` at the end of `stream`, with something wrong.
fn put_damaged(stream: &mut Vec<u8>, damage: Damage, kind: FrameKind, payload: &[u8], random: &mut Random) {
    let start = stream.len();
    stream.extend_from_slice(&framed(CLUSTER, kind, payload));
    let length = stream.len() - start;
    let checksum_again = |frame: &mut [u8]| {
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&frame[..16]);
        hasher.update(&frame[PEER_FRAME_HEADER_BYTES..]);
        frame[16..20].copy_from_slice(&hasher.finalize().to_le_bytes());
    };
    match damage {
        Damage::None => {}
        Damage::BitFlipped => stream[start + random.below(length)] ^= 1 << random.below(8),
        Damage::Cut => stream.truncate(start + 1 + random.below(length - 1)),
        Damage::BytesLost => {
            let at = start + random.below(length);
            let lost = 1 + random.below(stream.len() - at);
            stream.drain(at..at + lost);
        }
        Damage::BytesReplayed => {
            let at = random.below(stream.len());
            let again = stream[at..at + 1 + random.below(stream.len() - at)].to_vec();
            stream.extend_from_slice(&again);
        }
        Damage::FrameReplayed => stream.extend_from_within(start..),
        Damage::Noise => {
            let noise: Vec<u8> = (0..1 + random.below(60)).map(|_| random.next() as u8).collect();
            let at = start + random.below(length);
            stream.splice(at..at, noise);
        }
        Damage::OtherCluster => {
            stream.truncate(start);
            stream.extend_from_slice(&framed(ClusterId::new(u128::from(random.next())), kind, payload));
        }
        Damage::NewerVersion => {
            stream[start + 4] += 1 + random.below(200) as u8;
            checksum_again(&mut stream[start..]);
        }
        Damage::WrongChecksum => stream[start + 16 + random.below(4)] ^= 1 << random.below(8),
        Damage::AbsurdLength => {
            let absurd = (64 << 20) + 1 + (random.next() as u32 >> 1);
            stream[start + 12..start + 16].copy_from_slice(&absurd.to_le_bytes());
            checksum_again(&mut stream[start..]);
        }
        Damage::UnknownKind => {
            stream[start + 5] = 11 + random.below(239) as u8;
            checksum_again(&mut stream[start..]);
        }
        Damage::WrongPayload => {
            let mut payload = payload.to_vec();
            for _ in 0..=random.below(3) {
                match random.below(3) {
                    0 if !payload.is_empty() => {
                        let at = random.below(payload.len());
                        payload[at] = random.next() as u8;
                    }
                    1 => payload.truncate(random.below(payload.len() + 1)),
                    _ => payload.extend_from_slice(&random.next().to_le_bytes()[..1 + random.below(8)]),
                }
            }
            stream.truncate(start);
            stream.extend_from_slice(&framed(CLUSTER, kind, &payload));
        }
    }
}

/// Reads the payload as whoever is to take such a frame does.
fn take(frame: Frame) -> Result<(), LinkError> {
    match frame.kind {
        FrameKind::Consensus | FrameKind::CompressedConsensus => {
            // Only asked: it must not panic on what no replica says.
            let _ = message(frame)?.is_well_formed();
        }
        FrameKind::Hello => drop(Hello::parse(&frame.payload)?),
        FrameKind::Welcome => drop(Welcome::parse(&frame.payload)?),
        FrameKind::Refusal => drop(Refusal::parse(&frame.payload)?),
        FrameKind::SnapshotRequest => {
            SnapshotRequest::parse(&frame.payload)?;
        }
        FrameKind::SnapshotHead => drop(SnapshotHead::parse(&frame.payload)?),
        FrameKind::SnapshotChunk => drop(SnapshotChunk::parse(&frame.payload)?),
        FrameKind::SnapshotEnd => {
            SnapshotEnd::parse(&frame.payload)?;
        }
        FrameKind::Session => {
            use crate::forward::message::{Event, Request, decode};
            // As either end would: there is nothing else to tell them apart.
            let is_one =
                decode::<Request>(&frame.payload).is_some() || decode::<Event>(&frame.payload).is_some();
            if !is_one {
                return Err(LinkError::Refused(RefusedKind::Malformed, "no message".into()));
            }
        }
    }
    Ok(())
}

/// Reads a stream to its end or its first error, which is given.
fn read(
    stream: &[u8],
    damage: Damage,
    good: &[(FrameKind, Vec<u8>)],
    random: &mut Random,
) -> Option<RefusedKind> {
    let counters = PeerCounters::default();
    let pieces = Pieces { bytes: stream, random: random.next(), arrived: 0 };
    let reader = FrameReader::new(Some(CLUSTER.tag()));
    let mut incoming = Incoming::with_read_bytes(pieces, reader, READ_BYTES);
    loop {
        let arrival = incoming.next(&counters);
        let arrived = incoming.stream_mut().arrived;
        let bound = arrived + PEER_AHEAD_BYTES_MAX + 2 * PEER_READ_BYTES;
        assert!(
            incoming.capacity_bytes() <= bound,
            "{damage:?}: {} for {arrived}",
            incoming.capacity_bytes()
        );
        let taken = match arrival {
            Ok(Arrival::Frame(frame)) => {
                let is_known =
                    good.iter().any(|(kind, payload)| *kind == frame.kind && frame.payload == payload[..]);
                assert!(is_known || damage == Damage::WrongPayload, "{damage:?}: a frame that nobody sent");
                take(frame)
            }
            Ok(Arrival::End) => return None,
            Ok(Arrival::Quiet) => panic!("bytes do not run out of time"),
            Err(error) => Err(error),
        };
        match taken {
            Ok(()) => {}
            Err(LinkError::Refused(kind, what)) => {
                counters.refuse(kind, &what);
                assert_eq!(counters.refused_count(kind), 1);
                return Some(kind);
            }
            Err(other) => panic!("{damage:?}: {other}"),
        }
    }
}

#[test]
fn no_bytes_of_a_peer_panic_or_take_memory_they_do_not_bring() {
    let wanted = std::env::var("QUORATE_FUZZ_FRAMES").ok().and_then(|text| text.parse().ok());
    let wanted: u64 = wanted.unwrap_or(FRAMES_DEFAULT);
    let good = payloads();
    let mut random = Random(SEED);
    let mut frames = 0;
    let mut refused = std::collections::BTreeMap::<String, u64>::new();
    let mut stream = Vec::new();
    while frames < wanted {
        stream.clear();
        let count = 1 + random.below(6);
        for _ in 1..count {
            let (kind, payload) = &good[random.below(good.len())];
            stream.extend_from_slice(&framed(CLUSTER, *kind, payload));
        }
        let damage = DAMAGES[random.below(DAMAGES.len())];
        let (kind, payload) = &good[random.below(good.len())];
        put_damaged(&mut stream, damage, *kind, payload, &mut random);
        if random.below(2) == 0 && damage != Damage::Cut {
            let (kind, payload) = &good[random.below(good.len())];
            stream.extend_from_slice(&framed(CLUSTER, *kind, payload));
            frames += 1;
        }
        frames += count as u64;
        let outcome = read(&stream, damage, &good, &mut random);
        if let Some(expected) = damage.expected() {
            assert_eq!(outcome, Some(expected), "{damage:?}");
        }
        if matches!(damage, Damage::None | Damage::FrameReplayed) {
            assert_eq!(outcome, None, "{damage:?}");
        }
        if let Some(kind) = outcome {
            *refused.entry(format!("{kind:?}")).or_default() += 1;
        }
    }
    for kind in ["Cut", "Checksum", "OtherCluster", "Version", "Length", "UnknownKind", "Malformed"] {
        assert!(refused.contains_key(kind), "{kind} never happened: {refused:?}");
    }
    println!("{frames} frames; refused streams: {refused:?}");
}
