//! Targets of CAST and CONVERT.

use sqlparser::ast::DataType as ParsedType;

use crate::error::Error;
use crate::parse::lower::Lower;
use crate::types::{Collation, DataType, TypeKind};
use crate::variables::character_set;

/// A type that is not text, signed and without display width.
pub(crate) fn plain(kind: TypeKind) -> DataType {
    DataType::of(kind)
}

impl Lower<'_, '_> {
    /// A cast's target, as the dialect wrote it down: the first word, then the numbers and words after it.
    pub(super) fn cast_type(&self, data_type: ParsedType) -> crate::Result<DataType> {
        let ParsedType::Custom(name, modifiers) = data_type else {
            return Err(Error::not_supported("a cast to this type"));
        };
        let name = name.to_string();
        let numbers: Vec<u32> = modifiers.iter().map_while(|modifier| modifier.parse().ok()).collect();
        let words: Vec<&str> = modifiers[numbers.len()..].iter().map(String::as_str).collect();
        let unknown = || {
            let spelled = words.first().copied().unwrap_or(&name);
            Error::not_supported(format_args!("a cast to {name} {spelled}"))
        };
        let fsp = || match numbers.as_slice() {
            [] => Ok(0),
            [fsp @ 0..=6] => Ok(*fsp as u8),
            [fsp, ..] => Err(too_big_precision(*fsp, "CAST", 6)),
        };
        if name == "USING" {
            let collation = character_set::default_collation(&modifiers.join(" "))?;
            return Ok(text_or_bytes(TypeKind::LongText, TypeKind::LongBlob, collation));
        }
        let kind = match (name.as_str(), words.as_slice()) {
            ("SIGNED", [] | ["int" | "integer"]) => TypeKind::BigInt,
            ("UNSIGNED", [] | ["int" | "integer"]) => {
                return Ok(DataType { unsigned: true, ..plain(TypeKind::BigInt) });
            }
            ("CHAR" | "CHARACTER", words) => return cast_to_text(&numbers, words).ok_or_else(unknown)?,
            ("NCHAR", []) | ("NATIONAL", ["char" | "character"]) => {
                return cast_to_text(&numbers, &["charset", "utf8mb3"]).ok_or_else(unknown)?;
            }
            ("BINARY", []) => match numbers.as_slice() {
                [] => TypeKind::LongBlob,
                [length] => TypeKind::Binary(*length),
                _ => return Err(unknown()),
            },
            ("DATE", []) if numbers.is_empty() => TypeKind::Date,
            ("TIME", []) => TypeKind::Time(fsp()?),
            ("DATETIME", []) => TypeKind::DateTime(fsp()?),
            ("DECIMAL" | "DEC" | "NUMERIC", []) => decimal(&numbers)?,
            ("FLOAT", []) => match numbers.as_slice() {
                [] | [0..=24] => TypeKind::Float,
                [25..=53] => TypeKind::Double,
                _ => return Err(too_big_precision(numbers[0], "CAST", 53)),
            },
            ("DOUBLE", [] | ["precision"]) | ("REAL", []) => TypeKind::Double,
            ("YEAR", []) => TypeKind::Year,
            ("JSON", []) if numbers.is_empty() => return Ok(DataType::JSON),
            _ => return Err(unknown()),
        };
        Ok(plain(kind))
    }
}

/// Error 1426.
fn too_big_precision(precision: u32, of: &str, max: u32) -> Error {
    Error {
        code: 1426,
        state: *b"42000",
        message: format!("Too-big precision {precision} specified for '{of}'. Maximum is {max}."),
    }
}

fn decimal(numbers: &[u32]) -> crate::Result<TypeKind> {
    let (precision, scale) = match numbers {
        [] | [0] => (10, 0),
        [precision] => (*precision, 0),
        [precision, scale, ..] => (*precision, *scale),
    };
    decimal_kind(precision, scale, "CAST")
}

/// DECIMAL(precision, scale) of a column or cast named `of`.
///
/// # Errors
/// 1425, 1426, 1427 for digits that no DECIMAL has.
pub(crate) fn decimal_kind(precision: u32, scale: u32, of: &str) -> crate::Result<TypeKind> {
    if scale > 30 {
        return Err(Error {
            code: 1425,
            state: *b"42000",
            message: format!("Too big scale {scale} specified for column '{of}'. Maximum is 30."),
        });
    }
    if precision > 65 {
        return Err(Error {
            code: 1426,
            state: *b"42000",
            message: format!("Too-big precision {precision} specified for '{of}'. Maximum is 65."),
        });
    }
    if scale > precision {
        return Err(Error {
            code: 1427,
            state: *b"42000",
            message: format!("For float(M,D), double(M,D) or decimal(M,D), M must be >= D (column '{of}')."),
        });
    }
    Ok(TypeKind::Decimal { precision: precision as u8, scale: scale as u8 })
}

fn text_or_bytes(text: TypeKind, bytes: TypeKind, collation: Collation) -> DataType {
    match collation {
        Collation::Binary => plain(bytes),
        collation => plain(text).with_collation(collation),
    }
}

/// CHAR with its length and character set; None for words that do not belong there.
fn cast_to_text(numbers: &[u32], words: &[&str]) -> Option<crate::Result<DataType>> {
    let set = match words {
        [] => None,
        ["character", "set", set] | ["charset", set] => Some(*set),
        ["ascii"] => Some("latin1"),
        ["unicode"] => Some("ucs2"),
        ["binary"] => return Some(Ok(plain(TypeKind::LongBlob))),
        _ => return None,
    };
    let collation = match set.map(character_set::default_collation) {
        // None written: the connection's, which the binder knows. See `Expr::Cast`.
        None => Collation::Binary,
        Some(Ok(collation)) => collation,
        Some(Err(error)) => return Some(Err(error)),
    };
    let (text, bytes) = match numbers {
        [] => (TypeKind::LongText, TypeKind::LongBlob),
        [length] => (TypeKind::VarChar(*length), TypeKind::Binary(*length)),
        _ => return None,
    };
    Some(Ok(match set {
        None => plain(text),
        Some(_) => text_or_bytes(text, bytes, collation),
    }))
}
