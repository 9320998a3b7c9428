//! MySQL's hash of the columns of KEY (`calculate_key_hash_value` of its `sql_partition`/`ha_partition`), so that rows lie where MySQL's do.
//!
//! It goes over what a record has in memory for each column, by the collation of text, as Latin-1 text of numbers (ALGORITHM = 1: as
//! bytes).

use crate::catalog::Column;
use crate::codec::Zone;
use crate::collation;
use crate::error::Result;
use crate::maintenance::record::Field;
use crate::types::{Collation, TypeKind, Value};

/// The weights of latin1_swedish_ci past 0xbf; before that only small letters weigh other than their byte.
const LATIN1_HIGH: [u8; 64] = [
    65, 65, 65, 65, 92, 91, 92, 67, 69, 69, 69, 69, 73, 73, 73, 73, 68, 78, 79, 79, 79, 79, 93, 215, 216, 85,
    85, 85, 89, 89, 222, 223, 65, 65, 65, 65, 92, 91, 92, 67, 69, 69, 69, 69, 73, 73, 73, 73, 68, 78, 79, 79,
    79, 79, 93, 247, 216, 85, 85, 85, 89, 89, 222, 255,
];

/// The state of the hash.
struct Hash {
    first: u64,
    second: u64,
}

impl Hash {
    fn byte(&mut self, weight: u8) {
        let product = ((self.first & 63).wrapping_add(self.second)).wrapping_mul(u64::from(weight));
        self.first ^= product.wrapping_add(self.first << 8);
        self.second = self.second.wrapping_add(3);
    }

    fn null(&mut self) {
        self.first ^= (self.first << 1) | 1;
    }

    fn latin1(&mut self, bytes: &[u8]) {
        let end = bytes.iter().rposition(|byte| *byte != b' ').map_or(0, |last| last + 1);
        for byte in &bytes[..end] {
            self.byte(match byte {
                0..=0xbf => byte.to_ascii_uppercase(),
                _ => LATIN1_HIGH[usize::from(byte - 0xc0)],
            });
        }
    }

    fn text(&mut self, collation: Collation, text: &[u8]) {
        let trimmed = || {
            let end = text.iter().rposition(|byte| *byte != b' ').map_or(0, |last| last + 1);
            &text[..end]
        };
        if collation.is_binary() {
            let text = if collation.pads_space() { trimmed() } else { text };
            collation.set().encode(text).iter().for_each(|byte| self.byte(*byte));
            return;
        }
        let mut weights = Vec::new();
        if !collation.pads_space() {
            // Version 9.0 of the Unicode collations: FNV-1a over the weights.
            collation::weight_string(collation, text, &mut weights);
            let mut hash = self.first ^ 14_695_981_039_346_656_037;
            for weight in weights.as_chunks::<2>().0 {
                hash = (hash ^ u64::from(u16::from_be_bytes(*weight))).wrapping_mul(1_099_511_628_211);
            }
            self.first = hash;
            return;
        }
        collation::weight_string(collation, trimmed(), &mut weights);
        if collation.set().bytes_max() == 1 {
            weights.iter().for_each(|weight| self.byte(*weight));
        } else if collation.name().contains("general") {
            for weight in weights.as_chunks::<2>().0 {
                self.byte(weight[1]);
                self.byte(weight[0]);
            }
        } else {
            weights.iter().for_each(|weight| self.byte(*weight));
        }
    }
}

/// The hash of the values of `columns` in a row.
///
/// # Errors
/// 1105 when a value is none of its column's type.
pub fn key_hash(columns: &[&Column], values: &[&Value], is_old: bool, zone: Zone) -> Result<u32> {
    let mut hash = Hash { first: 1, second: 4 };
    let mut bytes = Vec::new();
    for (column, value) in columns.iter().zip(values) {
        let kind = column.data_type.kind;
        match value {
            Value::Null => hash.null(),
            Value::Text(text) if column.data_type.is_text() && !column.data_type.has_members() => {
                match kind {
                    TypeKind::Char(characters) => {
                        // The record has it filled up with spaces, to the bytes that its characters may take.
                        let collation = column.data_type.collation;
                        let width = (characters * collation.set().bytes_max()) as usize;
                        let mut padded = text.to_vec();
                        if !collation.pads_space() {
                            padded.resize(padded.len().max(width), b' ');
                        }
                        hash.text(collation, &padded);
                    }
                    _ => hash.text(column.data_type.collation, text),
                }
            }
            Value::Int(_) | Value::UInt(_) if matches!(kind, TypeKind::Bit(_)) => {
                let number = super::place::number_of(value).unwrap_or(0) as u64;
                number.to_be_bytes().iter().for_each(|byte| hash.byte(*byte));
            }
            value => {
                bytes.clear();
                Field::of(column).write(value, zone, &mut bytes)?;
                let is_number = matches!(
                    kind,
                    TypeKind::TinyInt
                        | TypeKind::SmallInt
                        | TypeKind::MediumInt
                        | TypeKind::Int
                        | TypeKind::BigInt
                        | TypeKind::Float
                        | TypeKind::Double
                        | TypeKind::Decimal { .. }
                        | TypeKind::Year
                        | TypeKind::Date
                );
                match is_number && !is_old {
                    true => hash.latin1(&bytes),
                    false => bytes.iter().for_each(|byte| hash.byte(*byte)),
                }
            }
        }
    }
    Ok(hash.first as u32)
}
