//! Questions about a [`DataType`]: its family, its size, its names; and the types that occur everywhere as constants.

use crate::types::{Attributes, Collation, DataType, MemberSet, TypeKind, Value};

impl DataType {
    /// Whether it is one of the TEXTs or BLOBs.
    #[must_use]
    pub fn is_long_string(&self) -> bool {
        matches!(
            self.kind,
            TypeKind::TinyText
                | TypeKind::Text
                | TypeKind::MediumText
                | TypeKind::LongText
                | TypeKind::TinyBlob
                | TypeKind::Blob
                | TypeKind::MediumBlob
                | TypeKind::LongBlob
        )
    }

    /// The `display_width` of a YEAR that YEAR() gives: it is shown without zeros in front.
    pub const SHORT_YEAR: u8 = 1;

    /// The `display_width` of a text that an operand was made where a text is wanted, without a CAST that says so: it holds on to
    /// its collation no more than a literal does.
    pub const IMPLICIT_TEXT: u8 = 1;

    /// The `display_width` of the DATETIME that a function of dates sees of a text that is made of one: what it makes of it is a text.
    pub const DATE_OF_TEXT: u8 = 1;

    /// The DATE that LAST_DAY gives a function that wants a whole date: the day that it is of has to be one too.
    pub const WHOLE_DATE: DataType = DataType { display_width: 1, ..DataType::DATE };
    /// The same where `sql_mode` refuses months and days that are zero.
    pub const WHOLE_DATE_BY_MODE: DataType = DataType { display_width: 2, ..DataType::DATE };

    /// The type of a choice among numbers and years of which a function of dates sees the branch that holds, as it is.
    pub const BARE_NUMBER: DataType = DataType { display_width: 1, ..DataType::NULL };

    /// A DOUBLE that becomes a text as long as there is room for, not as an expression makes one of it.
    pub const STORED_DOUBLE: DataType = DataType { display_width: 1, ..DataType::DOUBLE };

    /// The `display_width` of the DECIMAL that IF and CASE give: a branch keeps the digits after the point that it has.
    pub const OWN_SCALE: u8 = 1;

    /// The type of a bare NULL.
    pub const NULL: DataType = DataType::of(TypeKind::Null);
    /// TINYINT.
    pub const TINYINT: DataType = DataType::of(TypeKind::TinyInt);
    /// INT.
    pub const INT: DataType = DataType::of(TypeKind::Int);
    /// BIGINT.
    pub const BIGINT: DataType = DataType::of(TypeKind::BigInt);
    /// BIGINT UNSIGNED.
    pub const BIGINT_UNSIGNED: DataType = DataType { unsigned: true, ..DataType::of(TypeKind::BigInt) };
    /// FLOAT.
    pub const FLOAT: DataType = DataType::of(TypeKind::Float);
    /// DOUBLE.
    pub const DOUBLE: DataType = DataType::of(TypeKind::Double);
    /// DATE.
    pub const DATE: DataType = DataType::of(TypeKind::Date);
    /// YEAR; its values are [`Value::Int`].
    pub const YEAR: DataType = DataType::of(TypeKind::Year);
    /// JSON; its text is utf8mb4_bin.
    pub const JSON: DataType = DataType::of(TypeKind::Json).with_collation(Collation::Utf8mb4Bin);
    /// LONGBLOB.
    pub const LONGBLOB: DataType = DataType::of(TypeKind::LongBlob);

    /// A signed type without text or width.
    #[must_use]
    pub const fn of(kind: TypeKind) -> DataType {
        DataType {
            kind,
            unsigned: false,
            collation: Collation::Binary,
            display_width: 0,
            attributes: Attributes::NONE,
        }
    }

    /// The UNSIGNED form.
    #[must_use]
    pub const fn with_unsigned(self, unsigned: bool) -> DataType {
        DataType { unsigned, ..self }
    }

    /// The same with another collation.
    #[must_use]
    pub const fn with_collation(self, collation: Collation) -> DataType {
        DataType { collation, ..self }
    }

    /// DECIMAL(precision, scale), within the limits of the type.
    #[must_use]
    pub fn decimal(precision: u32, scale: u32) -> DataType {
        let scale = u8::try_from(scale.min(30)).unwrap_or(30);
        let precision = u8::try_from(precision.clamp(1, 65)).unwrap_or(65).max(scale.max(1));
        DataType::of(TypeKind::Decimal { precision, scale })
    }

    /// VARCHAR(n), or the text type that is long enough.
    #[must_use]
    pub fn varchar(characters: u32, collation: Collation) -> DataType {
        if collation == Collation::Binary {
            return DataType::varbinary(characters);
        }
        let kind = match characters {
            0..=16_383 => TypeKind::VarChar(characters),
            16_384..=4_194_303 => TypeKind::MediumText,
            _ => TypeKind::LongText,
        };
        DataType::of(kind).with_collation(collation)
    }

    /// VARBINARY(n), or the blob type that is long enough.
    #[must_use]
    pub fn varbinary(bytes: u32) -> DataType {
        DataType::of(match bytes {
            0..=65_535 => TypeKind::VarBinary(bytes),
            65_536..=16_777_215 => TypeKind::MediumBlob,
            _ => TypeKind::LongBlob,
        })
    }

    /// TIME(fsp).
    #[must_use]
    pub fn time(fsp: u8) -> DataType {
        DataType::of(TypeKind::Time(fsp.min(6)))
    }

    /// DATETIME(fsp).
    #[must_use]
    pub fn datetime(fsp: u8) -> DataType {
        DataType::of(TypeKind::DateTime(fsp.min(6)))
    }

    /// The natural type of a literal.
    #[must_use]
    pub fn of_value(value: &Value, collation: Collation) -> DataType {
        match value {
            Value::Null => DataType::NULL,
            Value::Int(_) => DataType::BIGINT,
            Value::UInt(_) => DataType::BIGINT_UNSIGNED,
            Value::Double(_) => DataType::DOUBLE,
            Value::Decimal(decimal) => DataType::decimal(
                decimal.integer_digits().max(u32::from(decimal.scale() == 0)) + u32::from(decimal.scale()),
                u32::from(decimal.scale()),
            ),
            Value::Text(text) => DataType::varchar(crate::types::text::character_count(text), collation),
            Value::Blob(bytes) => DataType::varbinary(u32::try_from(bytes.len()).unwrap_or(u32::MAX)),
            Value::Date(_) => DataType::DATE,
            Value::Time(time) => DataType::time(fraction_digits(time.microsecond())),
            Value::DateTime(datetime) => DataType::datetime(fraction_digits(datetime.microsecond())),
            Value::Json(_) => DataType::JSON,
        }
    }

    /// TINYINT to BIGINT, YEAR and BIT.
    #[must_use]
    pub fn is_integer(&self) -> bool {
        matches!(
            self.kind,
            TypeKind::TinyInt
                | TypeKind::SmallInt
                | TypeKind::MediumInt
                | TypeKind::Int
                | TypeKind::BigInt
                | TypeKind::Year
                | TypeKind::Bit(_)
        )
    }

    /// The type of what can only be NULL.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.kind == TypeKind::Null
    }

    /// FLOAT or DOUBLE.
    #[must_use]
    pub fn is_float(&self) -> bool {
        matches!(self.kind, TypeKind::Float | TypeKind::Double)
    }

    /// DECIMAL.
    #[must_use]
    pub fn is_decimal(&self) -> bool {
        matches!(self.kind, TypeKind::Decimal { .. })
    }

    /// A number.
    #[must_use]
    pub fn is_numeric(&self) -> bool {
        self.is_integer() || self.is_float() || self.is_decimal()
    }

    /// ENUM or SET.
    #[must_use]
    pub fn has_members(&self) -> bool {
        matches!(self.kind, TypeKind::Enum(_) | TypeKind::Set(_))
    }

    /// The type without what only says how a column's values look: ZEROFILL and the width that it fills.
    #[must_use]
    pub fn without_fill(self) -> DataType {
        if self.attributes.zerofill() {
            let attributes = self.attributes.with_zerofill(false);
            let display_width = if attributes.decimals().is_some() { self.display_width } else { 0 };
            return DataType { attributes, display_width, ..self };
        }
        // A literal's bytes are announced as UNSIGNED.
        DataType { unsigned: self.unsigned && !self.is_string(), ..self }
    }

    /// The text of an expression that holds on to its collation no more than a literal does.
    #[must_use]
    pub fn with_weak_collation(self) -> DataType {
        DataType { display_width: DataType::IMPLICIT_TEXT, ..self }
    }

    /// Whether it is [`with_weak_collation`](DataType::with_weak_collation).
    #[must_use]
    pub fn has_weak_collation(&self) -> bool {
        self.display_width == DataType::IMPLICIT_TEXT && self.is_text()
    }

    /// CHAR, VARCHAR, TEXT of any size, ENUM and SET.
    #[must_use]
    pub fn is_text(&self) -> bool {
        matches!(
            self.kind,
            TypeKind::Char(_)
                | TypeKind::VarChar(_)
                | TypeKind::TinyText
                | TypeKind::Text
                | TypeKind::MediumText
                | TypeKind::LongText
                | TypeKind::Enum(_)
                | TypeKind::Set(_)
        )
    }

    /// BINARY, VARBINARY, BLOB of any size.
    #[must_use]
    pub fn is_binary(&self) -> bool {
        matches!(
            self.kind,
            TypeKind::Binary(_)
                | TypeKind::VarBinary(_)
                | TypeKind::TinyBlob
                | TypeKind::Blob
                | TypeKind::MediumBlob
                | TypeKind::LongBlob
        )
    }

    /// JSON.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.kind == TypeKind::Json
    }

    /// Text or binary string.
    #[must_use]
    pub fn is_string(&self) -> bool {
        self.is_text() || self.is_binary()
    }

    /// DATE, TIME, DATETIME, TIMESTAMP.
    #[must_use]
    pub fn is_temporal(&self) -> bool {
        matches!(
            self.kind,
            TypeKind::Date | TypeKind::Time(_) | TypeKind::DateTime(_) | TypeKind::Timestamp(_)
        )
    }

    /// DATE, DATETIME, TIMESTAMP.
    #[must_use]
    pub fn has_date(&self) -> bool {
        matches!(self.kind, TypeKind::Date | TypeKind::DateTime(_) | TypeKind::Timestamp(_))
    }

    /// Digits after the point of numbers (31 for FLOAT and DOUBLE, "not fixed"), of the second for temporal types, else 0.
    #[must_use]
    pub fn scale(&self) -> u8 {
        match self.kind {
            TypeKind::Decimal { scale, .. } => scale,
            TypeKind::Float | TypeKind::Double => self.attributes.decimals().unwrap_or(31),
            _ => self.fsp(),
        }
    }

    /// Fractional digits of the second; 0 for types without.
    #[must_use]
    pub fn fsp(&self) -> u8 {
        match self.kind {
            TypeKind::Time(fsp) | TypeKind::DateTime(fsp) | TypeKind::Timestamp(fsp) => fsp,
            _ => 0,
        }
    }

    /// Decimal digits that the largest value has: what the type counts for in a DECIMAL's precision.
    #[must_use]
    pub fn digits(&self) -> u32 {
        match self.kind {
            TypeKind::TinyInt => 3,
            TypeKind::SmallInt => 5,
            TypeKind::MediumInt => 8 - u32::from(!self.unsigned),
            TypeKind::Int => 10,
            TypeKind::BigInt => 19 + u32::from(self.unsigned),
            TypeKind::Year => 4,
            // Digits of the largest number of so many bits.
            TypeKind::Bit(bits) => u32::from(bits) * 30_103 / 100_000 + 1,
            TypeKind::Decimal { precision, .. } => u32::from(precision),
            TypeKind::Date => 8,
            TypeKind::Time(fsp) => 7 + u32::from(fsp),
            TypeKind::DateTime(fsp) | TypeKind::Timestamp(fsp) => 14 + u32::from(fsp),
            _ => 65,
        }
    }

    /// Length in characters (bytes for binary strings) that a value's text can have; [`u32::MAX`] for the LONG types.
    #[must_use]
    pub fn characters(&self) -> u32 {
        match self.kind {
            TypeKind::Null => 0,
            TypeKind::TinyInt => 3 + u32::from(!self.unsigned),
            TypeKind::SmallInt => 5 + u32::from(!self.unsigned),
            TypeKind::MediumInt => 8,
            TypeKind::Int => 10 + u32::from(!self.unsigned),
            TypeKind::BigInt => 20,
            TypeKind::Float => 12,
            TypeKind::Double => 22,
            TypeKind::Decimal { precision, scale } => {
                u32::from(precision)
                    + u32::from(scale > 0)
                    + u32::from(!self.unsigned)
                    + u32::from(precision == scale)
            }
            TypeKind::Char(n) | TypeKind::VarChar(n) | TypeKind::Binary(n) | TypeKind::VarBinary(n) => n,
            // As many as there are bytes, which is what MySQL makes room for.
            TypeKind::TinyText | TypeKind::TinyBlob => 255,
            TypeKind::Text | TypeKind::Blob => 65_535,
            // Of the longest characters: what functions make of a TEXT has less.
            TypeKind::MediumText => 4_194_303,
            TypeKind::MediumBlob => 16_777_215,
            TypeKind::LongText | TypeKind::Json => 1_073_741_823,
            TypeKind::LongBlob => u32::MAX,
            TypeKind::Date => 10,
            TypeKind::Time(fsp) => 10 + fraction_length(fsp),
            TypeKind::DateTime(fsp) | TypeKind::Timestamp(fsp) => 19 + fraction_length(fsp),
            TypeKind::Year => 4,
            TypeKind::Bit(bits) => u32::from(bits).div_ceil(8),
            TypeKind::Enum(_) | TypeKind::Set(_) => {
                MemberSet::of_kind(self.kind).map_or(0, |members| members.characters(self.kind))
            }
        }
    }

    /// Longest value in bytes for the types that are bounded in bytes (TEXT and BLOB); None for the others.
    #[must_use]
    pub fn bytes_max(&self) -> Option<u64> {
        Some(match self.kind {
            TypeKind::TinyText | TypeKind::TinyBlob => 255,
            TypeKind::Text | TypeKind::Blob => 65_535,
            TypeKind::MediumText | TypeKind::MediumBlob => 16_777_215,
            TypeKind::LongText | TypeKind::LongBlob | TypeKind::Json => u64::from(u32::MAX),
            _ => return None,
        })
    }

    /// Range of an integer type, both ends inclusive.
    #[must_use]
    pub fn integer_range(&self) -> Option<(i128, i128)> {
        let bits = match self.kind {
            TypeKind::TinyInt => 8,
            TypeKind::SmallInt => 16,
            TypeKind::MediumInt => 24,
            TypeKind::Int => 32,
            TypeKind::BigInt => 64,
            TypeKind::Bit(bits) => u32::from(bits),
            _ => return None,
        };
        Some(if self.unsigned { (0, (1 << bits) - 1) } else { (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) })
    }
}

fn fraction_length(fsp: u8) -> u32 {
    if fsp == 0 { 0 } else { u32::from(fsp) + 1 }
}

/// Fractional digits that a literal's microseconds need.
#[must_use]
fn fraction_digits(microsecond: u32) -> u8 {
    if microsecond == 0 {
        return 0;
    }
    let mut digits = 6;
    let mut rest = microsecond;
    while rest.is_multiple_of(10) {
        rest /= 10;
        digits -= 1;
    }
    digits
}

impl Value {
    /// SQL NULL.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// A text value.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Value {
        Value::Text(bytes::Bytes::from(text.into()))
    }

    /// 1 or 0.
    #[must_use]
    pub fn bool(value: bool) -> Value {
        Value::Int(i64::from(value))
    }
}
