//! Framing: received bytes to whole packets, and packets to one output buffer.
//!
//! A *packet* here is what the protocol calls a payload: fragments of 16 MiB − 1 are joined completely before a
//! packet is handed out, and split on the way out, with the empty fragment after an exact multiple.
//!
//! [`PacketReader`] and [`PacketWriter`] each state their invariants.

mod reader;
mod writer;

use bytes::Bytes;

pub use self::reader::PacketReader;
pub use self::writer::PacketWriter;

/// One whole packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// The joined payload, without headers. A slice of the input buffer, not a copy, unless it was fragmented.
    pub payload: Bytes,
    /// The sequence id of its last fragment. The answer starts with the one after it.
    pub sequence: u8,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;
    use crate::limits::{self, PACKET_FRAGMENT_BYTES};
    use proptest::prelude::*;

    const MEBI: usize = 1 << 20;

    fn reader() -> PacketReader {
        PacketReader::new(limits::MAX_ALLOWED_PACKET_DEFAULT_BYTES)
    }

    fn patterned(length: usize) -> Vec<u8> {
        (0..length).map(|i| (i % 251) as u8).collect()
    }

    #[test]
    fn packets_around_16_mebibytes() {
        let fragment = PACKET_FRAGMENT_BYTES;
        let cases: [(usize, &[usize]); 7] = [
            (fragment - 1, &[fragment - 1]),
            (fragment, &[fragment, 0]),
            (fragment + 1, &[fragment, 1]),
            (16 * MEBI + 1, &[fragment, 2]),
            (2 * fragment - 1, &[fragment, fragment - 1]),
            (2 * fragment, &[fragment, fragment, 0]),
            (2 * fragment + 5, &[fragment, fragment, 5]),
        ];
        for (length, fragments) in cases {
            let payload = patterned(length);
            let mut writer = PacketWriter::new();
            writer.put_packet(b"before");
            let before = writer.len();
            writer.put_packet(&payload);
            let after = writer.len();
            writer.put_packet(b"after");
            let mut position = before;
            for (number, size) in fragments.iter().enumerate() {
                let header = &writer.as_slice()[position..position + 4];
                let [low, middle, high, _] = (*size as u32).to_le_bytes();
                assert_eq!(header, [low, middle, high, number as u8 + 1], "{length} fragment {number}");
                position += 4 + size;
            }
            assert_eq!(position, after, "{length}");

            let mut reader = reader();
            let mut packets = Vec::new();
            for chunk in writer.as_slice().chunks(1_000_003) {
                reader.buffer_mut().extend_from_slice(chunk);
                while let Some(packet) = reader.next().unwrap() {
                    packets.push(packet);
                }
            }
            assert_eq!(packets.len(), 3, "{length}");
            assert!(packets[1].payload == payload, "{length}");
            assert_eq!(packets[1].sequence, fragments.len() as u8);
            assert_eq!(&packets[2].payload[..], b"after");
            assert!(reader.is_drained());
        }
    }

    #[test]
    fn a_large_packet_is_refused_by_its_header_alone() {
        let mut reader = PacketReader::new(1000);
        reader.buffer_mut().extend_from_slice(&[0xe9, 3, 0, 0]);
        let expected = Error::PacketTooLarge { size_bytes: 1001, max_bytes: 1000 };
        assert_eq!(reader.next(), Err(expected.clone()));
        assert_eq!(expected.errno(), 1153);
        reader.buffer_mut().extend_from_slice(&[0; 4]);
        assert_eq!(reader.next(), Err(expected), "the stream stays broken");

        let mut reader = PacketReader::new(1000);
        reader.buffer_mut().extend_from_slice(&[0xe8, 3, 0, 0]);
        assert_eq!(reader.next(), Ok(None), "1000 is allowed");
    }

    #[test]
    fn what_is_taken_out_unread_is_never_a_packet() {
        let mut reader = reader();
        let mut writer = PacketWriter::new();
        writer.put_packet(b"request");
        writer.put_packet(b"behind");
        reader.buffer_mut().extend_from_slice(writer.as_slice());
        assert_eq!(&reader.next().unwrap().unwrap().payload[..], b"request");
        assert_eq!(&reader.take_unread()[..], b"\x06\0\0\x01behind");
        assert!(reader.is_drained());
        assert_eq!(reader.next(), Ok(None));
        // The sequence goes on behind what was read.
        writer.clear();
        writer.set_sequence(1);
        writer.put_packet(b"inside");
        reader.buffer_mut().extend_from_slice(writer.as_slice());
        assert_eq!(&reader.next().unwrap().unwrap().payload[..], b"inside");
    }

    #[test]
    fn fragments_together_are_bounded() {
        let mut reader = PacketReader::new(PACKET_FRAGMENT_BYTES + 10);
        reader.buffer_mut().extend_from_slice(&[0xff, 0xff, 0xff, 0]);
        for _ in 0..PACKET_FRAGMENT_BYTES / 255 {
            reader.buffer_mut().extend_from_slice(&[7; 255]);
            assert_eq!(reader.next(), Ok(None));
        }
        reader.buffer_mut().extend_from_slice(&[11, 0, 0, 1]);
        assert!(matches!(reader.next(), Err(Error::PacketTooLarge { .. })));
    }

    #[test]
    fn memory_follows_what_was_sent_not_what_was_announced() {
        let mut reader = reader();
        reader.buffer_mut().extend_from_slice(&[0xfe, 0xff, 0xff, 0, 1, 2, 3]);
        assert_eq!(reader.next(), Ok(None));
        assert!(reader.buffer_mut().capacity() <= 2 * limits::INPUT_AHEAD_BYTES_MAX);
    }

    #[test]
    fn sequence_ids_are_checked() {
        let mut reader = reader();
        reader.buffer_mut().extend_from_slice(&[1, 0, 0, 0, 9, 1, 0, 0, 1, 8]);
        assert_eq!(reader.next().unwrap().unwrap().sequence, 0);
        assert_eq!(reader.sequence_next(), 1);
        reader.reset_sequence();
        assert_eq!(reader.next(), Err(Error::OutOfOrder { expected: 0, received: 1 }));
    }

    #[test]
    fn sequence_ids_can_be_ignored() {
        let mut reader = reader();
        reader.ignore_sequence();
        reader.buffer_mut().extend_from_slice(&[1, 0, 0, 7, 9, 1, 0, 0, 3, 8]);
        assert_eq!(reader.next().unwrap().unwrap().sequence, 7);
        assert_eq!(reader.next().unwrap().unwrap().sequence, 3);
        assert_eq!(reader.sequence_next(), 4);
    }

    #[test]
    fn the_input_buffer_is_reused() {
        let mut reader = reader();
        let mut addresses = std::collections::BTreeSet::new();
        for _ in 0..10_000 {
            reader.reset_sequence();
            let buffer = reader.buffer_mut();
            addresses.insert(buffer.as_ptr() as usize / limits::INPUT_KEEP_BYTES);
            buffer.extend_from_slice(&[5, 0, 0, 0, 3, b'B', b'E', b'G', b'I']);
            assert!(reader.next().unwrap().is_some());
        }
        assert!(addresses.len() < 4, "{} buffers", addresses.len());
        assert!(reader.buffer_mut().capacity() <= 4 * limits::INPUT_READ_BYTES);
    }

    #[test]
    fn a_writer_keeps_bounded_capacity_and_its_sequence() {
        let mut writer = PacketWriter::new();
        writer.put_packet(&vec![1; 5 * MEBI]);
        assert!(writer.should_flush());
        writer.clear();
        assert!(writer.is_empty());
        assert!(writer.payload_mut().capacity() <= limits::OUTPUT_KEEP_BYTES);
        assert_eq!(writer.sequence(), 1);
        writer.begin_packet();
        writer.put_bytes(b"half a row");
        writer.abandon_packet();
        assert!(writer.as_slice().is_empty());
        writer.put_packet(&[0]);
        assert_eq!(writer.as_slice(), [1, 0, 0, 1, 0]);
        let mark = (writer.len(), writer.sequence());
        writer.put_packet(&[1, 2, 3]);
        writer.rewind(mark.0, mark.1);
        writer.put_packet(&[4]);
        assert_eq!(writer.as_slice(), [1, 0, 0, 1, 0, 1, 0, 0, 2, 4]);
    }

    proptest! {
        #[test]
        fn round_trip(
            payloads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 0..20),
            chunk in 1usize..50,
        ) {
            let mut writer = PacketWriter::new();
            for payload in &payloads {
                writer.put_packet(payload);
            }
            let mut reader = reader();
            let mut received = Vec::new();
            for piece in writer.as_slice().chunks(chunk) {
                reader.buffer_mut().extend_from_slice(piece);
                while let Some(packet) = reader.next().unwrap() {
                    received.push(packet.payload.to_vec());
                }
            }
            prop_assert_eq!(received, payloads);
        }

        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
            let mut reader = PacketReader::new(500);
            reader.buffer_mut().extend_from_slice(&bytes);
            let mut taken = 0;
            while let Ok(Some(packet)) = reader.next() {
                taken += packet.payload.len();
            }
            prop_assert!(taken <= bytes.len());
        }
    }
}
