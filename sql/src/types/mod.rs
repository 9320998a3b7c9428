//! Values and types as SQL sees them.
//!
//! A [`Value`] is what an expression yields; a [`DataType`] is what a column or expression is declared or inferred to
//! be. Collation, signedness and scale live in the type, never in the value. Conversions, comparison and arithmetic
//! are in the submodules.

use bytes::Bytes;

pub mod compare;
pub mod convert;
pub mod datetime;
pub mod day;
pub mod decimal;
mod describe;
#[cfg(test)]
mod golden;
pub mod group_key;
pub mod member;
pub mod number;
pub mod store;
mod store_member;
pub mod temporal_text;
pub mod text;
pub mod time_zone;
mod tzif;

pub use crate::collation::{CharacterSet, Collation};
pub use datetime::{Date, DateTime, Time};
pub use decimal::Decimal;
pub use member::{MemberId, MemberSet};
pub use time_zone::TimeZone;

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
    /// A JSON document as stored ([`crate::json`]).
    Json(Bytes),
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
    /// BIT(n), 1 to 64 bits; its values are [`Value::UInt`].
    Bit(u8),
    /// ENUM; its values are the texts of members.
    Enum(MemberId),
    /// SET; its values are the texts of members with commas between them.
    Set(MemberId),
    /// JSON.
    Json,
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
    /// TINYINT(1)'s width, which clients take for BOOL, the width that ZEROFILL fills, or FLOAT(M,D)'s M; 0 for none.
    pub display_width: u8,
    /// ZEROFILL, and the D of FLOAT(M,D) and DOUBLE(M,D).
    pub attributes: Attributes,
}

/// What a numeric type says of how its values look: ZEROFILL, and digits after a floating point. One byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Attributes(u8);

impl Attributes {
    /// Nothing said.
    pub const NONE: Attributes = Attributes(0);
    const ZEROFILL: u8 = 0x80;
    const DECIMALS: u8 = 0x1F;

    /// With or without ZEROFILL.
    #[must_use]
    pub const fn with_zerofill(self, zerofill: bool) -> Attributes {
        Attributes(if zerofill { self.0 | Attributes::ZEROFILL } else { self.0 & !Attributes::ZEROFILL })
    }

    /// With digits after the point of FLOAT and DOUBLE, 0 to 30.
    #[must_use]
    pub const fn with_decimals(self, decimals: u8) -> Attributes {
        // 0 is "none given".
        Attributes(self.0 & Attributes::ZEROFILL | ((decimals + 1) & Attributes::DECIMALS))
    }

    /// Whether values are filled up with zeros on the left.
    #[must_use]
    pub const fn zerofill(self) -> bool {
        self.0 & Attributes::ZEROFILL != 0
    }

    /// The digits after the point of FLOAT(M,D) and DOUBLE(M,D).
    #[must_use]
    pub const fn decimals(self) -> Option<u8> {
        (self.0 & Attributes::DECIMALS).checked_sub(1)
    }

    /// As stored in the catalog.
    pub(crate) const fn byte(self) -> u8 {
        self.0
    }

    /// Of a byte of the catalog; None when it is no such byte.
    pub(crate) const fn from_byte(byte: u8) -> Option<Attributes> {
        if byte & !(Attributes::ZEROFILL | Attributes::DECIMALS) == 0 { Some(Attributes(byte)) } else { None }
    }
}

const _: () = assert!(size_of::<DataType>() == 12, "a type is copied with every expression");
