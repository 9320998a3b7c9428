//! How a connection goes: in the clear, compressed, with a password.
//!
//! A compressed one sends its packets in frames that do not follow the packets' ends, some of them damaged: lengths that are not so, streams that are
//! cut or changed, numbers out of order, and few bytes that say that they inflate to many. What comes back is inflated again, so that
//! answers are looked at as everywhere.
//!
//! One with a password proves it by the salt of its greeting, rightly or not, and may send what only a longer login asks for.

use bytes::BytesMut;
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use wire::mysql::auth::Plugin;
use wire::mysql::compression::{Compression, Frames};
use wire::mysql::handshake::Salt;

/// The account without a password.
pub const USER: &str = "fuzz";
/// Accounts that have the password [`PASSWORD`], and the plugin of each.
pub const USERS_WITH_PASSWORD: [(&str, Plugin); 2] =
    [("fuzz_sha2", Plugin::CachingSha2), ("fuzz_native", Plugin::Native)];
/// Their password.
pub const PASSWORD: &str = "a password of the fuzzing";

/// Bytes of a compressed frame's header.
const FRAME_HEADER_BYTES: usize = 7;
/// Bytes of a frame, before they are compressed, at most.
const FRAME_BYTES_MAX: usize = 4_096;
/// What an RSA answer has.
const RSA_BYTES: usize = 256;

/// What the ways are called in a report.
pub const NAMES: [&str; 5] = ["plain", "zlib", "zstd", "caching_sha2_password", "mysql_native_password"];

/// How one connection goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Nothing special.
    Plain,
    /// Frames from the login on.
    Compressed(Compression),
    /// Logs in as this one of [`USERS_WITH_PASSWORD`].
    Password(usize),
}

impl Way {
    /// Mostly plain.
    pub fn choose(random: &mut StdRng) -> Way {
        match random.random_range(0..8) {
            0 => Way::Compressed(Compression::Zlib),
            1 => Way::Compressed(Compression::Zstd { level: random.random_range(1..=4) }),
            2 => Way::Password(random.random_range(0..USERS_WITH_PASSWORD.len())),
            _ => Way::Plain,
        }
    }

    /// What it is called in a report.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Way::Plain => "plain",
            Way::Compressed(compression) => compression.name(),
            Way::Password(place) => USERS_WITH_PASSWORD[place].1.name(),
        }
    }

    /// Who logs in.
    #[must_use]
    pub fn user(self) -> &'static str {
        match self {
            Way::Password(place) => USERS_WITH_PASSWORD[place].0,
            Way::Plain | Way::Compressed(_) => USER,
        }
    }

    /// The plugin and its first answer; the second is whether it is the right one.
    pub fn answer(self, salt: &Salt, random: &mut StdRng) -> Option<(Plugin, Vec<u8>, bool)> {
        let Way::Password(place) = self else { return None };
        let plugin = USERS_WITH_PASSWORD[place].1;
        let mut answer = plugin.answer(PASSWORD.as_bytes(), salt);
        let is_right = random.random_ratio(3, 4);
        if !is_right {
            match random.random_range(0..3) {
                0 => answer.truncate(random.random_range(0..answer.len())),
                1 => answer.extend((0..random.random_range(1..64)).map(|_| random.random::<u8>())),
                _ => answer.iter_mut().for_each(|byte| *byte = random.random()),
            }
        }
        Some((plugin, answer, is_right))
    }
}

/// What a client sends when it is asked for more than its first answer: the wish for a key, a password, what should be one that is encrypted.
pub fn more_answer(random: &mut StdRng) -> Vec<u8> {
    match random.random_range(0..5) {
        0 => vec![2],
        1 => [PASSWORD.as_bytes(), &[0]].concat(),
        2 => Vec::new(),
        3 => (0..RSA_BYTES).map(|_| random.random()).collect(),
        _ => (0..random.random_range(1..2 * RSA_BYTES)).map(|_| random.random()).collect(),
    }
}

/// Frames of a client, each as if it began a command; false when one of them is damaged.
pub fn frames(compression: Compression, packets: &[u8], random: &mut StdRng) -> (Vec<u8>, bool) {
    let mut client = Frames::client(compression);
    let (mut bytes, mut rest, mut is_whole) = (Vec::new(), packets, true);
    while !rest.is_empty() {
        let (part, behind) = rest.split_at(random.random_range(1..=FRAME_BYTES_MAX).min(rest.len()));
        rest = behind;
        let start = bytes.len();
        client.begin_command();
        client.deflate(part, &mut bytes);
        if random.random_ratio(1, 100) {
            is_whole = false;
            damage(&mut bytes, start, random);
        }
    }
    (bytes, is_whole)
}

fn damage(bytes: &mut Vec<u8>, start: usize, random: &mut StdRng) {
    let frame_bytes = bytes.len() - start;
    match random.random_range(0..5) {
        // Its header: a length, the number, what it inflates to.
        0 => bytes[start + random.random_range(0..FRAME_HEADER_BYTES)] = random.random(),
        1 => {
            let edge: [u8; 3] = *[[0; 3], [1, 0, 0], [0xff; 3], [0xfe, 0xff, 0xff]].choose(random).unwrap();
            let field = start + *[0, 4].choose(random).unwrap();
            bytes[field..field + 3].copy_from_slice(&edge);
        }
        // Its stream.
        2 => {
            let place = start + random.random_range(0..frame_bytes);
            bytes[place] ^= 1 << random.random_range(0..8);
        }
        3 => bytes.truncate(start + random.random_range(0..frame_bytes)),
        // Few bytes that become many.
        _ => {
            let bomb = vec![0xff; 1 << 20];
            let mut client = Frames::client(Compression::Zlib);
            client.deflate(&bomb, bytes);
        }
    }
}

/// What a server sent after its greeting, without the frames that begin behind its answer to the login.
///
/// # Errors
/// When a frame that is whole does not inflate to what it says.
pub fn inflated(compression: Compression, bytes: &[u8]) -> Result<Vec<u8>, String> {
    let Some((header, behind)) = bytes.split_first_chunk::<4>() else { return Ok(bytes.to_vec()) };
    let length = usize::from(header[0]) | usize::from(header[1]) << 8 | usize::from(header[2]) << 16;
    if behind.len() < length || behind.first() != Some(&0) {
        // No login: all of it is in the clear.
        return Ok(bytes.to_vec());
    }
    let (login, mut framed) = bytes.split_at(4 + length);
    let mut plain = BytesMut::from(login);
    let mut frames = Frames::client(compression);
    while let Some(header) = framed.first_chunk::<FRAME_HEADER_BYTES>() {
        let length = usize::from(header[0]) | usize::from(header[1]) << 8 | usize::from(header[2]) << 16;
        let Some(frame) = framed.get(..FRAME_HEADER_BYTES + length) else { break };
        let received = frames.received_mut();
        received.extend_from_slice(frame);
        // Many commands were sent at once, so that the numbers of answers are not looked at here.
        let number = received.len() - frame.len() + 3;
        received[number] = 0;
        while frames.inflate(&mut plain).map_err(|error| format!("a frame of an answer: {error}"))? > 0 {}
        if !frames.is_drained() {
            return Err("a frame of an answer has bytes that belong to nothing".to_owned());
        }
        framed = &framed[frame.len()..];
    }
    Ok(plain.to_vec())
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    const WAYS: [Compression; 2] = [Compression::Zlib, Compression::Zstd { level: 3 }];

    #[test]
    fn frames_that_are_whole_inflate_to_their_packets() {
        for compression in WAYS {
            let mut random = StdRng::seed_from_u64(5);
            let packets: Vec<u8> = (0..20_000_u32).map(|number| (number / 7) as u8).collect();
            let found = (0..50).filter(|_| {
                let (framed, is_whole) = frames(compression, &packets, &mut random);
                let login = [&[1, 0, 0, 2, 0][..], &framed].concat();
                let plain = inflated(compression, &login);
                assert!(!is_whole || plain.as_deref() == Ok(&[&[1, 0, 0, 2, 0][..], &packets].concat()[..]));
                is_whole
            });
            let whole = found.count();
            assert!((10..50).contains(&whole), "{whole} of 50 are whole");
        }
    }

    #[test]
    fn answers_to_a_refused_login_are_as_they_are() {
        let refused = [3, 0, 0, 2, 0xff, 0x15, 0x04];
        assert_eq!(inflated(Compression::Zlib, &refused).unwrap(), refused);
    }
}
