//! Weights and orders held to MySQL's, by digests that were recorded from MySQL 9.7 (`tables/recorded.txt`).

use std::fmt::Write as _;

use crate::collation::{CharacterSet, Collation, compare, from_name, weight_string};

/// What the texts are made of: letters of which sequences count as one, expansions, ignorables, scripts, planes.
const ALPHABET: &str = "aAbBcCdDhHlLnNyYjJsSzZtTgGeEoOuUiIdDzZsScChHáéäåæøößñÑçžŽđšłœŒþðıİ  \t\u{1}\u{300}\u{301}\u{303}\u{307}\u{308}\u{30a}\u{30c}αΑωаАяЯҐאایกเ가각ᄀ中一𠀀あアー😀ﷺ\u{fffd}कකǆŉﬁ½²ªⅣ";
const TEXTS: usize = 400;

fn alphabet(set: CharacterSet) -> Vec<char> {
    if set.is_unicode() {
        return ALPHABET.chars().filter(|each| set.has(*each)).collect();
    }
    let characters = (0x20..=u8::MAX).filter_map(|byte| {
        let text = set.decode(&[byte]).ok()?.into_owned();
        String::from_utf8(text).ok()?.chars().next()
    });
    characters.chain([' '; 20]).collect()
}

/// The texts, by the generator that the recording used.
fn texts(alphabet: &[char]) -> Vec<String> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap()
    };
    (0..TEXTS)
        .map(|_| {
            let length = next() % 8;
            (0..length).map(|_| alphabet[next() % alphabet.len()]).collect()
        })
        .collect()
}

fn weights(collation: Collation, text: &str) -> String {
    let mut weights = Vec::new();
    weight_string(collation, text.as_bytes(), &mut weights);
    weights.iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02X}").unwrap();
        out
    })
}

fn crc32(text: &str) -> u32 {
    crc32fast::hash(text.as_bytes())
}

/// The sum over code points; those of surrogates are none.
fn sum(collation: Collation, codes: impl Iterator<Item = u32>) -> u64 {
    codes
        .filter_map(char::from_u32)
        .map(|each| {
            let text = each.to_string();
            u64::from(crc32(&format!("{}:{}", u32::from(each), weights(collation, &text))))
        })
        .sum()
}

fn recorded() -> impl Iterator<Item = (Collation, [u64; 4])> {
    include_str!("tables/recorded.txt").lines().filter(|line| !line.starts_with('#')).map(|line| {
        let (name, numbers) = line.split_once(' ').unwrap();
        let numbers: Vec<u64> = numbers.split(' ').map(|number| number.parse().unwrap()).collect();
        (from_name(name).unwrap(), numbers.try_into().unwrap())
    })
}

#[test]
fn texts_weigh_and_compare_as_in_mysql() {
    let mut wrong = Vec::new();
    for (collation, [of_weights, of_orders, ..]) in recorded() {
        let texts = texts(&alphabet(collation.set()));
        let found: Vec<String> = texts.iter().map(|text| weights(collation, text)).collect();
        let orders: Vec<String> = (0..TEXTS)
            .map(|at| {
                let (left, right) = (&texts[at], &texts[(at * 7 + 1) % TEXTS]);
                (compare(collation, left.as_bytes(), right.as_bytes()) as i8).to_string()
            })
            .collect();
        // Lithuanian has weights of 0 in MySQL, see `tailored.rs`.
        let is_known = collation.name().starts_with("utf8mb4_lt_0900");
        if u64::from(crc32(&found.join(","))) != of_weights && !is_known {
            wrong.push(format!("{}: weights", collation.name()));
        }
        if u64::from(crc32(&orders.join(","))) != of_orders {
            wrong.push(format!("{}: order", collation.name()));
        }
    }
    assert!(recorded().count() > 170, "{}", recorded().count());
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn code_points_weigh_as_in_mysql() {
    let mut wrong = Vec::new();
    for (collation, [.., some, all]) in recorded() {
        let point = |code: &u32| *code < 0x3400 || code.is_multiple_of(61);
        if some != 0 && sum(collation, (0..=0x10_ffff).filter(point)) != some {
            wrong.push(format!("{}: some", collation.name()));
        }
        if all != 0 && sum(collation, 0..=0x10_ffff) != all {
            wrong.push(format!("{}: all", collation.name()));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}
