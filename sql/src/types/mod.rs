//! Values and types as SQL sees them.
//!
//! A [`Value`] is what an expression yields; a [`DataType`] is what a column or expression is declared or inferred to
//! be. Collation, signedness and scale live in the type, never in the value. Conversions, comparison and arithmetic
//! are in the submodules.

use bytes::Bytes;

pub mod compare;
pub mod convert;
pub mod datetime;
pub mod decimal;
mod describe;
#[cfg(test)]
mod golden;
pub mod group_key;
pub mod number;
pub mod store;
pub mod temporal_text;
pub mod text;

pub use datetime::{Date, DateTime, Time};
pub use decimal::Decimal;

/// One SQL value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// SQL NULL.
    Null,
    /// Signed integer of any width.
    Int(i64),
    /// Unsigned integer of any width; used only where the type is UNSIGNED or the value needs it.
    UInt(u64),
    /// FLOAT or DOUBLE (a FLOAT column's value is rounded to f32 when stored).
    Double(f64),
    /// Exact decimal.
    Decimal(Decimal),
    /// Text; always valid UTF-8.
    Text(Bytes),
    /// Binary string.
    Blob(Bytes),
    /// DATE.
    Date(Date),
    /// TIME, signed, with microseconds.
    Time(Time),
    /// DATETIME, and TIMESTAMP in the session's time zone.
    DateTime(DateTime),
}

/// The family and size of a type, as declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TypeKind {
    /// The type of a bare NULL.
    Null,
    /// TINYINT; BOOL is TINYINT(1).
    TinyInt,
    /// SMALLINT.
    SmallInt,
    /// MEDIUMINT.
    MediumInt,
    /// INT.
    Int,
    /// BIGINT.
    BigInt,
    /// FLOAT.
    Float,
    /// DOUBLE.
    Double,
    /// DECIMAL(precision, scale).
    Decimal {
        /// Digits in all, 1 to 65.
        precision: u8,
        /// Digits after the point, 0 to 30.
        scale: u8,
    },
    /// CHAR(n), n in characters.
    Char(u32),
    /// VARCHAR(n), n in characters.
    VarChar(u32),
    /// TINYTEXT.
    TinyText,
    /// TEXT.
    Text,
    /// MEDIUMTEXT.
    MediumText,
    /// LONGTEXT.
    LongText,
    /// BINARY(n), n in bytes.
    Binary(u32),
    /// VARBINARY(n), n in bytes.
    VarBinary(u32),
    /// TINYBLOB.
    TinyBlob,
    /// BLOB.
    Blob,
    /// MEDIUMBLOB.
    MediumBlob,
    /// LONGBLOB.
    LongBlob,
    /// DATE.
    Date,
    /// TIME(fsp), fsp 0 to 6.
    Time(u8),
    /// DATETIME(fsp).
    DateTime(u8),
    /// TIMESTAMP(fsp); stored as UTC.
    Timestamp(u8),
    /// YEAR.
    Year,
}

/// A collation this version knows. Utf8mb4 and its subset names (utf8mb3) share the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Collation {
    /// utf8mb4_0900_ai_ci, MySQL 8's default: accents and case do not count, no padding.
    #[default]
    Utf8mb4_0900AiCi,
    /// utf8mb4_general_ci: one weight a character, trailing spaces do not count.
    Utf8mb4GeneralCi,
    /// utf8mb4_bin: code point order, trailing spaces do not count.
    Utf8mb4Bin,
    /// utf8mb4_0900_bin: byte order, no padding.
    Utf8mb4_0900Bin,
    /// binary: bytes.
    Binary,
}

/// A type: kind, signedness, collation and display width.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DataType {
    /// Family and size.
    pub kind: TypeKind,
    /// UNSIGNED, for numbers.
    pub unsigned: bool,
    /// Collation, for text; [`Collation::Binary`] for everything that is not text.
    pub collation: Collation,
    /// TINYINT(1)'s width, which clients take for BOOL; 0 when none was given.
    pub display_width: u8,
}
