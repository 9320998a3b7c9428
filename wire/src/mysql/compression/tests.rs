use super::*;
use crate::limits::COMPRESSED_FRAME_BYTES_MAX;
use proptest::prelude::*;

const BOTH: [Compression; 2] = [Compression::Zlib, Compression::Zstd { level: 3 }];

fn framed(compression: Compression, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    Frames::client(compression).deflate(payload, &mut out);
    out
}

/// Gives `bytes` to a server in pieces of `chunk` and returns what they inflate to.
fn inflated(compression: Compression, bytes: &[u8], chunk: usize) -> Result<Vec<u8>> {
    let mut frames = Frames::server(compression);
    let mut all = Vec::new();
    for piece in bytes.chunks(chunk) {
        frames.received_mut().extend_from_slice(piece);
        let mut plain = BytesMut::new();
        loop {
            plain.clear();
            let count = frames.inflate(&mut plain)?;
            assert_eq!(count, plain.len());
            assert!(count <= INFLATED_PART_BYTES_MAX, "{count}");
            if count == 0 {
                break;
            }
            all.extend_from_slice(&plain);
        }
    }
    Ok(all)
}

/// A frame of this header with these bytes behind it.
fn frame(length: usize, sequence: u8, stated: usize, body: &[u8]) -> Vec<u8> {
    let ([a, b, c, _], [d, e, f, _]) = ((length as u32).to_le_bytes(), (stated as u32).to_le_bytes());
    [&[a, b, c, sequence, d, e, f], body].concat()
}

fn deflated(compression: Compression, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0; payload.len() + 1000];
    let length = codec::deflate(compression, payload, &mut out).unwrap();
    out.truncate(length);
    out
}

#[test]
fn what_is_short_or_random_is_sent_as_it_is() {
    // From the protocol documentation: COM_QUERY "select "…" of 9 bytes in a frame that is not compressed.
    let payload = b"\x09\0\0\0\x03SELECT 1";
    assert_eq!(framed(Compression::Zlib, payload), [&b"\x0d\0\0\0\0\0\0"[..], payload].concat());
    for compression in BOTH {
        let at_bound = [7; COMPRESSED_PAYLOAD_BYTES_MIN];
        assert_eq!(framed(compression, &at_bound[1..])[4..7], [0; 3]);
        assert_eq!(framed(compression, &at_bound)[4..7], [COMPRESSED_PAYLOAD_BYTES_MIN as u8, 0, 0]);
        let random: Vec<u8> = (0..100_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        assert_eq!(framed(compression, &random), frame(100, 0, 0, &random));
    }
}

#[test]
fn large_payloads_are_several_frames_with_their_own_numbers() {
    for compression in BOTH {
        let payload: Vec<u8> = (0..3 * DEFLATED_PART_BYTES_MAX + 5).map(|i| (i / 1000) as u8).collect();
        let mut frames = Frames::server(compression);
        let mut out = Vec::new();
        frames.deflate(&payload, &mut out);
        let mut sequences = Vec::new();
        let mut rest = &out[..];
        while let Some(header) = rest.first_chunk::<COMPRESSED_HEADER_BYTES>() {
            sequences.push(header[3]);
            let length = u32::from_le_bytes([header[0], header[1], header[2], 0]) as usize;
            rest = &rest[COMPRESSED_HEADER_BYTES + length..];
        }
        assert_eq!(sequences, [1, 2, 3, 4]);
        assert!(out.len() < payload.len() / 10);
        assert!(inflated(compression, &framed(compression, &payload), 70_001).unwrap() == payload);
    }
}

#[test]
fn a_frame_gives_what_it_says_or_nothing() {
    for compression in BOTH {
        let body = deflated(compression, &[9; 10_000]);
        let whole = |stated| inflated(compression, &frame(body.len(), 0, stated, &body), 1 << 20);
        assert_eq!(whole(10_000).unwrap(), [9; 10_000]);
        for stated in [1, 9_999, 10_001, 20_000] {
            assert_eq!(whole(stated), Err(Error::Uncompress), "{stated}");
        }
        // A stream that is cut, one with something behind it, and one that is damaged.
        let cut = &body[..body.len() - 1];
        assert_eq!(inflated(compression, &frame(cut.len(), 0, 10_000, cut), 7), Err(Error::Uncompress));
        let behind = [&body[..], b"x"].concat();
        assert_eq!(
            inflated(compression, &frame(behind.len(), 0, 10_000, &behind), 7),
            Err(Error::Uncompress)
        );
        assert_eq!(inflated(compression, &frame(0, 0, 10, &[]), 7), Err(Error::Uncompress));
        assert_eq!(inflated(compression, &frame(4, 0, 10, b"\xff\xff\xff\xff"), 7), Err(Error::Uncompress));
    }
    assert_eq!(Error::Uncompress.errno(), 1157);
}

#[test]
fn a_bomb_takes_no_more_memory_than_a_part() {
    for compression in BOTH {
        // 16 MiB - 1 of zeros, the most that a frame may claim, in some KiB; one that claims less than it gives, and one that claims more.
        let most = COMPRESSED_FRAME_BYTES_MAX;
        let body = deflated(compression, &vec![0; most]);
        assert!(body.len() < 20_000, "{}", body.len());
        for (stated, fits) in [(most, true), (100_000, false), (most - 1, false)] {
            let mut frames = Frames::server(compression);
            frames.received_mut().extend_from_slice(&frame(body.len(), 0, stated, &body));
            let (mut plain, mut total) = (BytesMut::new(), 0);
            let outcome = loop {
                plain.clear();
                match frames.inflate(&mut plain) {
                    Ok(0) => break Ok(total),
                    Ok(count) => total += count,
                    Err(error) => break Err(error),
                }
                assert!(plain.capacity() <= 4 * INFLATED_PART_BYTES_MAX, "{}", plain.capacity());
            };
            assert_eq!(
                outcome,
                if fits { Ok(stated) } else { Err(Error::Uncompress) },
                "{compression:?} {stated}"
            );
        }
    }
}

#[test]
fn a_window_larger_than_a_frame_is_refused() {
    // A zstd frame whose header asks for a window of 2 GiB (exponent 21 above 1 KiB): no memory is taken for it.
    let body = b"\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00";
    assert_eq!(
        inflated(Compression::Zstd { level: 3 }, &frame(body.len(), 0, 100, body), 100),
        Err(Error::Uncompress)
    );
}

#[test]
fn numbers_count_both_directions_and_begin_anew() {
    let mut frames = Frames::server(Compression::Zlib);
    let mut plain = BytesMut::new();
    let mut out = Vec::new();
    frames.received_mut().extend_from_slice(&[frame(1, 0, 0, b"a"), frame(1, 1, 0, b"b")].concat());
    assert_eq!((frames.inflate(&mut plain), frames.inflate(&mut plain)), (Ok(1), Ok(1)));
    frames.deflate(b"answer", &mut out);
    assert_eq!(out[3], 2);
    // The next command begins anew, and so may one that was not waited for.
    frames.await_command();
    frames.received_mut().extend_from_slice(&frame(1, 0, 0, b"c"));
    assert_eq!(frames.inflate(&mut plain), Ok(1));
    out.clear();
    frames.deflate(b"answer", &mut out);
    assert_eq!(out[3], 1);
    frames.await_command();
    frames.received_mut().extend_from_slice(&frame(1, 9, 0, b"d"));
    assert_eq!(frames.inflate(&mut plain), Err(Error::OutOfOrder { expected: 0, received: 9 }));
}

proptest! {
    #[test]
    fn round_trip(
        payload in proptest::collection::vec(0u8..4, 0..3000), chunk in 1usize..3000, times in 1usize..100, which in 0usize..2,
    ) {
        let compression = BOTH[which];
        let payload = payload.repeat(times);
        prop_assert_eq!(inflated(compression, &framed(compression, &payload), chunk), Ok(payload));
    }

    #[test]
    fn random_bytes_never_panic(
        mut bytes in proptest::collection::vec(any::<u8>(), 8..400), which in 0usize..2, flip in 0usize..400, payload in 50usize..3000,
    ) {
        bytes[3] = 0;
        bytes[1..3].copy_from_slice(&[0, 0]);
        let _ = inflated(BOTH[which], &bytes, 50);
        // A bit that flipped in a frame as it should be: an error, or, where the bit does not count, what was sent.
        let sent: Vec<u8> = (0..payload).map(|i| (i / 7) as u8).collect();
        let mut frame = framed(BOTH[which], &sent);
        let at = 7 + flip % (frame.len() - 7);
        frame[at] ^= 1 << (flip % 8);
        let _ = inflated(BOTH[which], &frame, 50);
    }
}
