//! Changes to packets, made with knowledge of what is in them.

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use wire::mysql::constant::command_code;

/// Numbers at which things go wrong.
const NUMBERS: [u64; 14] = [
    0,
    1,
    2,
    0x7f,
    0x80,
    0xff,
    0xfffe,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x7fff_ffff_ffff_ffff,
    0x8000_0000_0000_0000,
    u64::MAX,
];

/// Pieces of text that are something to a lexer, a parser or a function.
const PIECES: [&str; 44] = [
    "'",
    "\"",
    "`",
    "\\",
    "--",
    "-- ",
    "#",
    "/*",
    "*/",
    "/*!",
    "/*!99999 ",
    "/*+",
    ";",
    ";;",
    "?",
    "@",
    "@@",
    ":=",
    "0x",
    "0b",
    "x'",
    "b'",
    "N'",
    "_utf8mb4",
    "_binary'",
    "NULL",
    "(",
    ")",
    ",",
    ".",
    "..",
    "*",
    "-",
    "18446744073709551616",
    "-9223372036854775809",
    "1e999",
    "1e-999",
    "99999999999999999999999999999999999999999999999999999999999999999999.9",
    "'\u{1F600}\u{300}'",
    "UNION SELECT",
    "LIMIT 18446744073709551615",
    "FROM dual",
    "IS NULL",
    "COLLATE utf8mb4_bin",
];

/// A packet changed in one to four places.
pub fn payload(packet: &[u8], others: &[&[u8]], random: &mut StdRng) -> Vec<u8> {
    let mut changed = packet.to_vec();
    for _ in 0..random.random_range(1..=4) {
        match changed.first().copied() {
            Some(command_code::QUERY | command_code::STMT_PREPARE) if random.random_ratio(2, 3) => {
                text(&mut changed, random)
            }
            Some(command_code::STMT_EXECUTE) if random.random_ratio(2, 3) => execute(&mut changed, random),
            Some(_) | None => bytes(&mut changed, others, random),
        }
    }
    // What is large is rare: it would only be slow.
    if changed.len() > 64 << 10 && !random.random_ratio(1, 50) {
        changed.truncate(64 << 10);
    }
    changed
}

/// Somewhere in a buffer, its end included.
fn place(length: usize, random: &mut StdRng) -> usize {
    random.random_range(0..=length)
}

/// Any bytes.
fn bytes(changed: &mut Vec<u8>, others: &[&[u8]], random: &mut StdRng) {
    let at = place(changed.len(), random);
    match random.random_range(0..10) {
        0 => flip(changed, random),
        1 => set_number(changed, at, random),
        2 => changed.truncate(at),
        3 => {
            let count = random.random_range(1..=32);
            changed.extend((0..count).map(|_| random.random::<u8>()));
        }
        4 => {
            let end = (at + random.random_range(1..=16)).min(changed.len());
            changed.drain(at..end);
        }
        5 => {
            let end = (at + random.random_range(1..=64)).min(changed.len());
            let piece = changed[at..end].to_vec();
            let to = place(changed.len(), random);
            changed.splice(to..to, piece);
        }
        6 => splice(changed, others, random),
        7 => {
            // The first byte of a length-encoded number, which says how long the rest is.
            let code = *[0xfb, 0xfc, 0xfd, 0xfe, 0xff].choose(random).unwrap();
            changed.insert(at, code);
        }
        8 => {
            let zeroes = random.random_range(1..=8);
            changed.splice(at..at, std::iter::repeat_n(0, zeroes));
        }
        _ => {
            if let Some(first) = changed.first_mut() {
                *first = random.random_range(0..0x24);
            }
        }
    }
}

fn flip(changed: &mut [u8], random: &mut StdRng) {
    if let Some(byte) = changed.choose_mut_index(random) {
        changed[byte] ^= 1 << random.random_range(0..8);
    }
}

/// An index into a slice.
trait ChooseIndex {
    fn choose_mut_index(&self, random: &mut StdRng) -> Option<usize>;
}

impl ChooseIndex for [u8] {
    fn choose_mut_index(&self, random: &mut StdRng) -> Option<usize> {
        (!self.is_empty()).then(|| random.random_range(0..self.len()))
    }
}

/// Writes an interesting number of 1, 2, 4 or 8 bytes over what is there.
fn set_number(changed: &mut [u8], at: usize, random: &mut StdRng) {
    let number = NUMBERS.choose(random).unwrap().to_le_bytes();
    let width = *[1, 2, 4, 8].choose(random).unwrap();
    for (byte, new) in changed.iter_mut().skip(at).zip(&number[..width]) {
        *byte = *new;
    }
}

/// A piece of another packet in the place of some of this one.
fn splice(changed: &mut Vec<u8>, others: &[&[u8]], random: &mut StdRng) {
    let Some(other) = others.choose(random).filter(|other| !other.is_empty()) else { return };
    let from = random.random_range(0..other.len());
    let to = (from + random.random_range(1..=64)).min(other.len());
    let start = place(changed.len(), random);
    let end = (start + random.random_range(0..=32)).min(changed.len());
    changed.splice(start..end, other[from..to].iter().copied());
}

/// COM_STMT_EXECUTE: id, flags, count, null bitmap, whether types follow, types, values.
fn execute(changed: &mut [u8], random: &mut StdRng) {
    match random.random_range(0..6) {
        0 => set_number(changed, 1, random),
        1 => {
            // Most often a statement that exists.
            if let Some(id) = changed.get_mut(1..5) {
                id.copy_from_slice(&random.random_range(1..6u32).to_le_bytes());
            }
        }
        2 => set_at(changed, 5, random),
        3 => set_at(changed, 10, random),
        4 => set_at(changed, 11, random),
        _ => {
            let at = 10 + random.random_range(0..=changed.len().saturating_sub(10).min(40));
            set_at(changed, at, random);
        }
    }
}

fn set_at(changed: &mut [u8], at: usize, random: &mut StdRng) {
    if let Some(byte) = changed.get_mut(at) {
        *byte = random.random();
    }
}

/// SQL behind the command's byte.
fn text(changed: &mut Vec<u8>, random: &mut StdRng) {
    let words = words(changed);
    match random.random_range(0..8) {
        0 => {
            // A word away.
            if let Some(word) = words.choose(random) {
                changed.drain(word.clone());
            }
        }
        1 => {
            // A word twice, or in the place of another.
            if let (Some(one), Some(other)) = (words.choose(random), words.choose(random)) {
                let piece = changed[one.clone()].to_vec();
                changed.splice(other.clone(), piece);
            }
        }
        2 | 3 => {
            let piece = PIECES.choose(random).unwrap();
            if let Some(word) = words.choose(random) {
                let at = if random.random() { word.clone() } else { word.start..word.start };
                changed.splice(at, piece.bytes());
            }
        }
        4 => {
            let number = NUMBERS.choose(random).unwrap();
            let digits = words.iter().filter(|word| changed[(*word).clone()].iter().all(u8::is_ascii_digit));
            let digits: Vec<_> = digits.cloned().collect();
            if let Some(word) = digits.choose(random) {
                let sign = if random.random() { "-" } else { "" };
                changed.splice(word.clone(), format!("{sign}{number}").into_bytes());
            }
        }
        5 => nest(changed, &words, random),
        6 => {
            // Bytes that are no text.
            let at = place(changed.len().saturating_sub(1), random) + 1;
            let count = random.random_range(1..=4);
            changed.splice(
                at.min(changed.len())..at.min(changed.len()),
                (0..count).map(|_| random.random::<u8>()).collect::<Vec<_>>(),
            );
        }
        _ => {
            if let Some(word) = words.choose(random) {
                let longer = changed[word.clone()].repeat(random.random_range(2..=200));
                changed.splice(word.clone(), longer);
            }
        }
    }
}

/// Something deep around a word.
fn nest(changed: &mut Vec<u8>, words: &[std::ops::Range<usize>], random: &mut StdRng) {
    let depth = *[3, 30, 300, 3000].choose(random).unwrap();
    let (open, close) = *[
        ("(", ")"),
        ("NOT ", ""),
        ("-", ""),
        ("(SELECT ", ")"),
        ("ABS(", ")"),
        ("CASE WHEN 1 THEN ", " END"),
        ("/*", "*/"),
        ("1+", ""),
    ]
    .choose(random)
    .unwrap();
    let Some(word) = words.choose(random) else { return };
    let inner = changed[word.clone()].to_vec();
    let mut nested = open.repeat(depth).into_bytes();
    nested.extend(inner);
    nested.extend(close.repeat(depth).into_bytes());
    changed.splice(word.clone(), nested);
}

/// The words of a text, and what is between them and no space, behind the command's byte.
fn words(text: &[u8]) -> Vec<std::ops::Range<usize>> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80;
    let mut words = Vec::new();
    let mut at = 1;
    while at < text.len() {
        let start = at;
        at += 1;
        if text[start].is_ascii_whitespace() {
            continue;
        }
        while is_word(text[start]) && at < text.len() && is_word(text[at]) {
            at += 1;
        }
        words.push(start..at);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn words_of_a_text() {
        let text = b"\x03SELECT a_1,'x' FROM t";
        let words: Vec<&[u8]> = words(text).into_iter().map(|range| &text[range]).collect();
        assert_eq!(words, [&b"SELECT"[..], b"a_1", b",", b"'", b"x", b"'", b"FROM", b"t"]);
        assert!(super::words(b"\x03").is_empty());
        assert!(super::words(b"").is_empty());
    }

    #[test]
    fn a_seed_is_a_sequence_of_changes() {
        let packets: [&[u8]; 4] = [
            b"\x03SELECT 1 + (2)",
            b"\x17\x01\0\0\0\0\x01\0\0\0\0\x01\x08\0\x01\0\0\0\0\0\0\0",
            b"\x0e",
            b"",
        ];
        let run = |seed| {
            let mut random = StdRng::seed_from_u64(seed);
            (0..4_000).map(|number| payload(packets[number % 4], &packets, &mut random)).collect::<Vec<_>>()
        };
        let one = run(1);
        assert_eq!(one, run(1));
        assert_ne!(one, run(2));
        let unchanged =
            one.iter().enumerate().filter(|(number, changed)| *changed == packets[number % 4]).count();
        assert!(unchanged < one.len() / 4, "{unchanged} are as they were");
    }
}
