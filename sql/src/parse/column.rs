//! Columns of CREATE TABLE: types and attributes.

use bytes::Bytes;
use sqlparser::tokenizer::{Token, Word};

use crate::ast::{ColumnDefinition, Expr, KeyDefinition, KeyKind, KeyPart, TypeWarning};
use crate::error::Error;
use crate::parse::constraint;
use crate::parse::create_table::comment_too_long;
use crate::parse::cursor::Cursor;
use crate::parse::lower::data_type::{decimal_kind, plain};
use crate::types::{Attributes, Collation, DataType, MemberId, TypeKind, Value};
use crate::variables::{SqlMode, character_set};

/// Types of MySQL that are not built, and what they are called in the refusal.
const REFUSED_TYPES: &[(&str, &str)] = &[
    ("GEOMCOLLECTION", "spatial types"),
    ("GEOMETRY", "spatial types"),
    ("GEOMETRYCOLLECTION", "spatial types"),
    ("LINESTRING", "spatial types"),
    ("MULTILINESTRING", "spatial types"),
    ("MULTIPOINT", "spatial types"),
    ("MULTIPOLYGON", "spatial types"),
    ("POINT", "spatial types"),
    ("POLYGON", "spatial types"),
    ("VECTOR", "the type VECTOR"),
];

/// A type on its way: what the words after it may still change.
struct Declared {
    data_type: DataType,
    collation_given: bool,
    /// BINARY after a text type: its character set's binary collation.
    binary: bool,
    /// The column is SERIAL.
    serial: bool,
    /// The members of an ENUM or SET.
    members: Vec<Bytes>,
    /// What is to be warned of.
    warnings: Vec<TypeWarning>,
}

impl Declared {
    fn of(data_type: DataType) -> Declared {
        Declared {
            data_type,
            collation_given: false,
            binary: false,
            serial: false,
            members: Vec::new(),
            warnings: Vec::new(),
        }
    }
}

/// Parses a column, and the keys that stand with it.
pub(crate) fn definition(
    cursor: &mut Cursor<'_, '_>,
) -> crate::Result<(ColumnDefinition, Vec<KeyDefinition>)> {
    let name = cursor.name()?;
    let declared = declared_type(cursor, &name)?;
    let mut column = ColumnDefinition {
        name,
        data_type: declared.data_type,
        members: declared.members,
        warnings: declared.warnings,
        collation_given: declared.collation_given,
        nullable: declared.serial.then_some(false),
        default: None,
        on_update_now: false,
        auto_increment: declared.serial,
        comment: String::new(),
        default_is_expression: false,
        generated: None,
        invisible: false,
        checks: Vec::new(),
    };
    let mut keys = Vec::new();
    if declared.serial {
        keys.push(column_key(&column.name, KeyKind::Unique));
    }
    // COLLATE is the one attribute that may stand before the expression.
    if cursor.peek_word(0, "COLLATE") {
        attribute(cursor, &mut column, &mut keys, declared.binary)?;
    }
    column.generated = constraint::generated(cursor)?;
    while attribute(cursor, &mut column, &mut keys, declared.binary)? {}
    Ok((column, keys))
}

/// Parses the type of a variable, a parameter or a function's value.
pub(crate) fn variable(cursor: &mut Cursor<'_, '_>, name: &str) -> crate::Result<ColumnDefinition> {
    let declared = declared_type(cursor, name)?;
    let mut column = ColumnDefinition {
        name: name.to_owned(),
        data_type: declared.data_type,
        members: declared.members,
        warnings: declared.warnings,
        collation_given: declared.collation_given,
        nullable: None,
        default: None,
        on_update_now: false,
        auto_increment: false,
        comment: String::new(),
        default_is_expression: false,
        generated: None,
        invisible: false,
        checks: Vec::new(),
    };
    if cursor.peek_word(0, "COLLATE") {
        attribute(cursor, &mut column, &mut Vec::new(), declared.binary)?;
    }
    Ok(column)
}

fn column_key(name: &str, kind: KeyKind) -> KeyDefinition {
    let part = KeyPart { column: name.to_owned(), expression: None, prefix: None, descending: false };
    KeyDefinition {
        kind,
        name: None,
        columns: vec![part],
        invisible: false,
        generated: false,
        options: crate::ast::KeyOptions::default(),
    }
}

fn type_word(cursor: &mut Cursor<'_, '_>) -> crate::Result<String> {
    match cursor.peek() {
        Token::Word(Word { value, quote_style: None, .. }) => {
            let word = value.to_ascii_uppercase();
            cursor.skip();
            Ok(word)
        }
        _ => Err(cursor.unexpected()),
    }
}

/// `(n)`, `(n, m)`: up to two numbers.
fn numbers(cursor: &mut Cursor<'_, '_>) -> crate::Result<(Option<u64>, Option<u64>)> {
    if !cursor.eat(&Token::LParen) {
        return Ok((None, None));
    }
    let first = cursor.unsigned()?;
    let second = if cursor.eat(&Token::Comma) { Some(cursor.unsigned()?) } else { None };
    cursor.expect(&Token::RParen)?;
    Ok((Some(first), second))
}

fn one_number(cursor: &mut Cursor<'_, '_>) -> crate::Result<Option<u64>> {
    let place = cursor.unexpected();
    match numbers(cursor)? {
        (number, None) => Ok(number),
        _ => Err(place),
    }
}

/// A type alone, up to the last token.
pub(crate) fn bare_type(cursor: &mut Cursor<'_, '_>, column: &str) -> crate::Result<DataType> {
    let declared = declared_type(cursor, column)?;
    match cursor.peek() {
        Token::EOF if declared.members.is_empty() && !declared.serial => Ok(declared.data_type),
        Token::EOF => Err(Error::not_supported("ENUM, SET and BIT columns of JSON_TABLE")),
        _ => Err(cursor.unexpected()),
    }
}

fn declared_type(cursor: &mut Cursor<'_, '_>, column: &str) -> crate::Result<Declared> {
    let start = cursor.unexpected();
    let word = type_word(cursor)?;
    if let Some((_, feature)) = REFUSED_TYPES.iter().find(|(name, _)| *name == word) {
        return Err(Error::not_supported(feature));
    }
    if let Some(declared) = number_type(cursor, &word, column)? {
        return Ok(declared);
    }
    let kind = match word.as_str() {
        "SERIAL" => {
            let data_type = DataType { unsigned: true, ..plain(TypeKind::BigInt) };
            return Ok(Declared { serial: true, ..Declared::of(data_type) });
        }
        "BIT" => return Ok(Declared::of(bit_type(cursor, column)?)),
        "ENUM" | "SET" => return member_type(cursor, &word),
        "DATE" => TypeKind::Date,
        "JSON" => return Ok(Declared::of(DataType::JSON)),
        "TIME" => TypeKind::Time(fsp(cursor, column)?),
        "DATETIME" => TypeKind::DateTime(fsp(cursor, column)?),
        "TIMESTAMP" => TypeKind::Timestamp(fsp(cursor, column)?),
        "YEAR" => match one_number(cursor)? {
            None => TypeKind::Year,
            Some(4) => {
                let warnings = vec![TypeWarning::YearWidth];
                return Ok(Declared { warnings, ..Declared::of(plain(TypeKind::Year)) });
            }
            Some(_) => {
                let message = "Supports only YEAR or YEAR(4) column.".to_owned();
                return Err(Error { code: 1818, state: *b"HY000", message });
            }
        },
        "BINARY" => TypeKind::Binary(char_length(column, one_number(cursor)?)?),
        "VARBINARY" => TypeKind::VarBinary(varying_length(cursor, column, 65_535)?),
        "TINYBLOB" => TypeKind::TinyBlob,
        "BLOB" => match one_number(cursor)? {
            None => TypeKind::Blob,
            Some(bytes) => {
                sized(bytes, [TypeKind::TinyBlob, TypeKind::Blob, TypeKind::MediumBlob, TypeKind::LongBlob])
            }
        },
        "MEDIUMBLOB" => TypeKind::MediumBlob,
        "LONGBLOB" => TypeKind::LongBlob,
        "LONG" if cursor.word("VARBINARY") => TypeKind::MediumBlob,
        _ => return text_type(cursor, &word, column, start),
    };
    Ok(Declared::of(plain(kind)))
}

/// Error 1439.
fn width_out_of_range(column: &str, max: u64) -> Error {
    let message = format!("Display width out of range for column '{column}' (max = {max})");
    Error { code: 1439, state: *b"42000", message }
}

/// BIT with its bits, 1 unless given.
fn bit_type(cursor: &mut Cursor<'_, '_>, column: &str) -> crate::Result<DataType> {
    match one_number(cursor)?.unwrap_or(1) {
        0 => Err(Error {
            code: 3013,
            state: *b"HY000",
            message: format!("Invalid size for column '{column}'."),
        }),
        bits @ 1..=64 => Ok(DataType { unsigned: true, ..plain(TypeKind::Bit(bits as u8)) }),
        _ => Err(width_out_of_range(column, 64)),
    }
}

/// ENUM and SET with their members, character set and collation.
fn member_type(cursor: &mut Cursor<'_, '_>, word: &str) -> crate::Result<Declared> {
    let members = cursor.parenthesized(|cursor| {
        let start = cursor.unexpected();
        match cursor.operand()? {
            Expr::Literal(Value::Text(text) | Value::Blob(text)) | Expr::HexLiteral(text) => Ok(text),
            _ => Err(start),
        }
    })?;
    let kind = match word {
        "ENUM" => TypeKind::Enum(MemberId::NONE),
        _ => TypeKind::Set(MemberId::NONE),
    };
    let data_type = DataType { collation: Collation::default(), ..plain(kind) };
    let mut declared = Declared { members, ..Declared::of(data_type) };
    text_attributes(cursor, &mut declared)?;
    Ok(declared)
}

/// Numeric types with UNSIGNED and its like; None for another type.
fn number_type(cursor: &mut Cursor<'_, '_>, word: &str, column: &str) -> crate::Result<Option<Declared>> {
    let integer = match word {
        "TINYINT" | "INT1" => Some(TypeKind::TinyInt),
        "SMALLINT" | "INT2" => Some(TypeKind::SmallInt),
        "MEDIUMINT" | "MIDDLEINT" | "INT3" => Some(TypeKind::MediumInt),
        "INT" | "INTEGER" | "INT4" => Some(TypeKind::Int),
        "BIGINT" | "INT8" => Some(TypeKind::BigInt),
        _ => None,
    };
    let mut width = None;
    let mut data_type = match (integer, word) {
        (Some(kind), _) => {
            width = one_number(cursor)?;
            if width.is_some_and(|width| width > 255) {
                return Err(width_out_of_range(column, 255));
            }
            plain(kind)
        }
        (None, "BOOL" | "BOOLEAN") => {
            return Ok(Some(Declared::of(DataType { display_width: 1, ..plain(TypeKind::TinyInt) })));
        }
        (None, "DECIMAL" | "DEC" | "NUMERIC" | "FIXED") => {
            let (precision, scale) = numbers(cursor)?;
            let number =
                |number: Option<u64>, default| u32::try_from(number.unwrap_or(default)).unwrap_or(u32::MAX);
            let precision = match number(precision, 10) {
                0 => 10,
                precision => precision,
            };
            plain(decimal_kind(precision, number(scale, 0), column)?)
        }
        (None, "FLOAT" | "FLOAT4" | "DOUBLE" | "REAL" | "FLOAT8") => float_type(cursor, word, column)?,
        _ => return Ok(None),
    };
    let (mut unsigned, mut zerofill) = (false, false);
    while let Some(word) = cursor.one_of(&["UNSIGNED", "SIGNED", "ZEROFILL"]) {
        unsigned |= word == "UNSIGNED";
        zerofill |= word == "ZEROFILL";
    }
    data_type.unsigned = unsigned || zerofill;
    let is_bool = data_type.kind == TypeKind::TinyInt && width == Some(1) && !data_type.unsigned;
    let mut warnings = Vec::new();
    let mut warn = |on: bool, warning| {
        if on {
            warnings.push(warning);
        }
    };
    warn(zerofill, TypeWarning::Zerofill);
    warn(width.is_some() && !is_bool, TypeWarning::DisplayWidth);
    warn(data_type.attributes.decimals().is_some(), TypeWarning::FloatDigits);
    warn(unsigned && !data_type.is_integer(), TypeWarning::UnsignedFraction);
    if zerofill {
        data_type.attributes = data_type.attributes.with_zerofill(true);
        data_type.display_width = fill_width(&data_type, width);
    } else if is_bool {
        // The one width that clients still read: TINYINT(1) is BOOL.
        data_type.display_width = 1;
    }
    Ok(Some(Declared { warnings, ..Declared::of(data_type) }))
}

/// How long ZEROFILL makes a number.
fn fill_width(data_type: &DataType, width: Option<u64>) -> u8 {
    let natural = match data_type.kind {
        TypeKind::TinyInt => 3,
        TypeKind::SmallInt => 5,
        TypeKind::MediumInt => 8,
        TypeKind::Int => 10,
        TypeKind::BigInt => 20,
        TypeKind::Decimal { precision, scale } => precision + u8::from(scale > 0),
        _ if data_type.attributes.decimals().is_some() => data_type.display_width,
        TypeKind::Float => 12,
        _ => 22,
    };
    // A width of 0 is none.
    width.filter(|width| *width > 0).and_then(|width| u8::try_from(width).ok()).unwrap_or(natural)
}

/// FLOAT and DOUBLE by their names and precision.
fn float_type(cursor: &mut Cursor<'_, '_>, word: &str, column: &str) -> crate::Result<DataType> {
    if word == "DOUBLE" {
        cursor.word("PRECISION");
    }
    if word == "DOUBLE" || word == "REAL" || word == "FLOAT8" {
        // DOUBLE(M) is no syntax of MySQL: there must be a D.
        if *cursor.peek() == Token::LParen && *cursor.peek_at(2) == Token::RParen {
            cursor.skip();
            cursor.unsigned()?;
            return Err(cursor.unexpected());
        }
    }
    let (precision, scale) = numbers(cursor)?;
    let real_is_float = word == "REAL" && cursor.source().mode.has(SqlMode::REAL_AS_FLOAT);
    if let (Some(width), Some(decimals)) = (precision, scale) {
        let is_float = matches!(word, "FLOAT" | "FLOAT4") || real_is_float;
        let data_type = plain(if is_float { TypeKind::Float } else { TypeKind::Double });
        return fixed_float(data_type, width, decimals, column);
    }
    let is_float = match word {
        "FLOAT" | "FLOAT4" => match precision {
            None | Some(0..=24) => true,
            Some(25..=53) => false,
            Some(_) => {
                let message = format!("Incorrect column specifier for column '{column}'");
                return Err(Error { code: 1063, state: *b"42000", message });
            }
        },
        _ => real_is_float,
    };
    Ok(plain(if is_float { TypeKind::Float } else { TypeKind::Double }))
}

/// FLOAT(M,D) and DOUBLE(M,D).
fn fixed_float(data_type: DataType, width: u64, decimals: u64, column: &str) -> crate::Result<DataType> {
    let wrong = |code, state: &[u8; 5], message| Err(Error { code, state: *state, message });
    let Ok(decimals) = u8::try_from(decimals.min(255)) else { return Ok(data_type) };
    if decimals > 30 {
        let message = format!("Too big scale {decimals} specified for column '{column}'. Maximum is 30.");
        return wrong(1425, b"42000", message);
    }
    let Ok(width) = u8::try_from(width) else { return Err(width_out_of_range(column, 255)) };
    if decimals > width {
        let message =
            format!("For float(M,D), double(M,D) or decimal(M,D), M must be >= D (column '{column}').");
        return wrong(1427, b"42000", message);
    }
    Ok(DataType { display_width: width, attributes: Attributes::NONE.with_decimals(decimals), ..data_type })
}

/// The digits of a second's fraction.
fn fsp(cursor: &mut Cursor<'_, '_>, column: &str) -> crate::Result<u8> {
    match one_number(cursor)? {
        None => Ok(0),
        Some(fsp @ 0..=6) => Ok(fsp as u8),
        Some(fsp) => Err(Error {
            code: 1426,
            state: *b"42000",
            message: format!("Too-big precision {fsp} specified for '{column}'. Maximum is 6."),
        }),
    }
}

/// The length of CHAR and BINARY, 1 unless given.
fn char_length(column: &str, length: Option<u64>) -> crate::Result<u32> {
    match length.unwrap_or(1) {
        length @ 0..=255 => Ok(length as u32),
        _ => Err(Error::column_too_big(column, 255)),
    }
}

/// The length of VARCHAR and VARBINARY, which must be given.
fn varying_length(cursor: &mut Cursor<'_, '_>, column: &str, max: u32) -> crate::Result<u32> {
    if *cursor.peek() != Token::LParen {
        return Err(cursor.unexpected());
    }
    let length = one_number(cursor)?.unwrap_or(0);
    match u32::try_from(length) {
        Ok(length) if length <= max || !strict(cursor) => Ok(length),
        Ok(_) => Err(Error::column_too_big(column, max)),
        Err(_) => Err(width_out_of_range(column, u64::from(u32::MAX))),
    }
}

/// Whether the session's mode refuses a VARCHAR that is too long, rather than making it a TEXT.
fn strict(cursor: &Cursor<'_, '_>) -> bool {
    cursor.source().mode.is_strict()
}

/// The smallest of the four sizes that holds `bytes`.
fn sized(bytes: u64, kinds: [TypeKind; 4]) -> TypeKind {
    match bytes {
        0..=255 => kinds[0],
        256..=65_535 => kinds[1],
        65_536..=16_777_215 => kinds[2],
        _ => kinds[3],
    }
}

const TEXTS: [TypeKind; 4] = [TypeKind::TinyText, TypeKind::Text, TypeKind::MediumText, TypeKind::LongText];

/// CHAR, VARCHAR, TEXT and their other names, with character set and collation.
fn text_type(cursor: &mut Cursor<'_, '_>, word: &str, column: &str, start: Error) -> crate::Result<Declared> {
    let national = matches!(word, "NATIONAL" | "NCHAR" | "NVARCHAR");
    let varying = match word {
        "NATIONAL" => {
            if cursor.word("VARCHAR") || cursor.word("VARCHARACTER") {
                true
            } else if cursor.one_of(&["CHAR", "CHARACTER"]).is_some() {
                cursor.word("VARYING")
            } else {
                return Err(cursor.unexpected());
            }
        }
        "CHAR" | "CHARACTER" | "NCHAR" => {
            cursor.word("VARYING")
                || (word == "NCHAR" && cursor.one_of(&["VARCHAR", "VARCHARACTER"]).is_some())
        }
        "VARCHAR" | "VARCHARACTER" | "NVARCHAR" => true,
        _ => false,
    };
    let kind = match word {
        "TINYTEXT" => TypeKind::TinyText,
        "TEXT" => match one_number(cursor)? {
            None => TypeKind::Text,
            // The length is in characters of up to four bytes.
            Some(length) => sized(length.saturating_mul(4), TEXTS),
        },
        "MEDIUMTEXT" => TypeKind::MediumText,
        "LONGTEXT" => TypeKind::LongText,
        "LONG" => {
            cursor.one_of(&["VARCHAR", "VARCHARACTER"]);
            TypeKind::MediumText
        }
        // The bound depends on the character set, which comes later.
        _ if varying => TypeKind::VarChar(varying_length(cursor, column, u32::MAX)?),
        "CHAR" | "CHARACTER" | "NCHAR" | "NATIONAL" => {
            TypeKind::Char(char_length(column, one_number(cursor)?)?)
        }
        _ => return Err(start),
    };
    let mut declared = Declared::of(DataType { collation: Collation::default(), ..plain(kind) });
    if national {
        declared.warnings.push(TypeWarning::National);
        declared.data_type.collation = character_set::default_collation("utf8mb3")?;
        declared.collation_given = true;
    }
    text_attributes(cursor, &mut declared)?;
    if let TypeKind::VarChar(length) = declared.data_type.kind {
        // In the table's character set, if none is written, which is known later.
        let longest = 65_535 / declared.data_type.collation.set().bytes_max();
        if declared.collation_given && length > longest && strict(cursor) {
            return Err(Error::column_too_big(column, longest));
        }
    }
    Ok(declared)
}

/// Character set and BINARY after a text type. (COLLATE is an attribute of any column, read with the others.)
fn text_attributes(cursor: &mut Cursor<'_, '_>, declared: &mut Declared) -> crate::Result<()> {
    loop {
        if cursor.word("CHARSET") || cursor.words(&["CHARACTER", "SET"]) || cursor.words(&["CHAR", "SET"]) {
            let collation = character_set::default_collation(&cursor.name_or_string()?)?;
            set_collation(&mut declared.data_type, collation);
            declared.collation_given = true;
        } else if cursor.word("ASCII") {
            declared.data_type.collation = Collation::Latin1SwedishCi;
            declared.collation_given = true;
        } else if cursor.word("UNICODE") {
            declared.data_type.collation = Collation::Ucs2GeneralCi;
            declared.collation_given = true;
        } else if cursor.word("BYTE") {
            set_collation(&mut declared.data_type, Collation::Binary);
        } else if cursor.word("BINARY") {
            declared.binary = true;
            declared.warnings.push(TypeWarning::BinaryAttribute);
        } else {
            break;
        }
    }
    if declared.binary && declared.data_type.collation != Collation::Binary {
        if declared.collation_given {
            declared.data_type.collation = declared.data_type.collation.set().binary_collation();
        } else {
            // Of the table's character set, see `ddl::definition`.
            declared.data_type.collation = Collation::Utf8mb4Bin;
        }
    }
    Ok(())
}

/// Gives a text type its collation; with the character set binary it becomes the binary type of its size.
pub(crate) fn set_collation(data_type: &mut DataType, collation: Collation) {
    data_type.collation = collation;
    if collation == Collation::Binary {
        data_type.kind = match data_type.kind {
            TypeKind::Char(length) => TypeKind::Binary(length),
            TypeKind::VarChar(length) => TypeKind::VarBinary(length),
            TypeKind::TinyText => TypeKind::TinyBlob,
            TypeKind::Text => TypeKind::Blob,
            TypeKind::MediumText => TypeKind::MediumBlob,
            TypeKind::LongText => TypeKind::LongBlob,
            kind => kind,
        };
    }
}

/// One attribute of a column; false when none is next.
fn attribute(
    cursor: &mut Cursor<'_, '_>,
    column: &mut ColumnDefinition,
    keys: &mut Vec<KeyDefinition>,
    binary: bool,
) -> crate::Result<bool> {
    if cursor.words(&["NOT", "NULL"]) {
        column.nullable = Some(false);
    } else if cursor.word("NULL") {
        column.nullable = Some(true);
    } else if cursor.peek_word(0, "CHECK") || cursor.peek_word(0, "CONSTRAINT") {
        match constraint::check(cursor, Some(&column.name))? {
            Some(check) => column.checks.push(check),
            None => return Err(cursor.unexpected()),
        }
    } else if cursor.word("DEFAULT") {
        if column.generated.is_some() {
            return Err(constraint::not_of_generated("DEFAULT"));
        }
        column.default_is_expression = *cursor.peek() == Token::LParen;
        column.default = Some(match column.default_is_expression {
            true => constraint::in_parentheses(cursor)?,
            false => default(cursor)?,
        });
    } else if cursor.words(&["ON", "UPDATE"]) {
        if column.generated.is_some() {
            return Err(constraint::not_of_generated("ON UPDATE"));
        }
        match now(cursor)? {
            Some(_) => column.on_update_now = true,
            None => return Err(cursor.unexpected()),
        }
    } else if cursor.word("AUTO_INCREMENT") {
        if column.generated.is_some() {
            return Err(constraint::not_of_generated("AUTO_INCREMENT"));
        }
        column.auto_increment = true;
    } else if cursor.words(&["SERIAL", "DEFAULT", "VALUE"]) {
        column.auto_increment = true;
        column.nullable = Some(false);
        keys.push(column_key(&column.name, KeyKind::Unique));
    } else if cursor.word("UNIQUE") {
        cursor.word("KEY");
        keys.push(column_key(&column.name, KeyKind::Unique));
    } else if cursor.words(&["PRIMARY", "KEY"]) || cursor.word("KEY") {
        keys.push(column_key(&column.name, KeyKind::Primary));
    } else if cursor.word("COMMENT") {
        column.comment = cursor.string()?;
        if column.comment.chars().count() > 1024 {
            return Err(comment_too_long("field", &column.name, 1024));
        }
    } else if cursor.word("COLLATE") {
        let collation = character_set::collation(&cursor.name_or_string()?)?;
        if !binary {
            if column.collation_given {
                character_set::collation_of(column.data_type.collation.set(), collation)?;
            }
            set_collation(&mut column.data_type, collation);
            column.collation_given = true;
        }
    } else if cursor.word("VISIBLE") {
        column.invisible = false;
    } else if cursor.word("INVISIBLE") {
        column.invisible = true;
    } else if cursor.word("COLUMN_FORMAT") || cursor.word("STORAGE") {
        // Only NDB reads these.
        cursor.any_word()?;
    } else {
        return refused_attribute(cursor);
    }
    Ok(true)
}

fn refused_attribute(cursor: &Cursor<'_, '_>) -> crate::Result<bool> {
    for (word, feature) in [
        ("SRID", "spatial types"),
        ("ENGINE_ATTRIBUTE", "ENGINE_ATTRIBUTE"),
        ("SECONDARY_ENGINE_ATTRIBUTE", "ENGINE_ATTRIBUTE"),
    ] {
        if cursor.peek_word(0, word) {
            return Err(Error::not_supported(feature));
        }
    }
    Ok(false)
}

/// A default as ALTER COLUMN SET DEFAULT takes it: a literal with its sign, or NULL.
pub(crate) fn literal_default(cursor: &mut Cursor<'_, '_>) -> crate::Result<Expr> {
    let start = cursor.unexpected();
    match default(cursor)? {
        Expr::Function { .. } => Err(start),
        literal => Ok(literal),
    }
}

/// A default: a literal with its sign, NULL, or CURRENT_TIMESTAMP under any of its names.
fn default(cursor: &mut Cursor<'_, '_>) -> crate::Result<Expr> {
    if let Some(now) = now(cursor)? {
        return Ok(now);
    }
    let start = cursor.unexpected();
    match cursor.operand()? {
        literal @ (Expr::Literal(_) | Expr::Truth(_) | Expr::Introduced(..) | Expr::HexLiteral(_)) => {
            Ok(literal)
        }
        _ => Err(start),
    }
}

/// `CURRENT_TIMESTAMP[(n)]`, `NOW([n])` and their like as the call NOW; None when something else is next.
fn now(cursor: &mut Cursor<'_, '_>) -> crate::Result<Option<Expr>> {
    let Some(word) = cursor.one_of(&["CURRENT_TIMESTAMP", "NOW", "LOCALTIME", "LOCALTIMESTAMP"]) else {
        return Ok(None);
    };
    let mut arguments = Vec::new();
    if cursor.eat(&Token::LParen) {
        if *cursor.peek() != Token::RParen {
            arguments.push(Expr::Literal(crate::types::Value::Int(cursor.unsigned()?.min(99) as i64)));
        }
        cursor.expect(&Token::RParen)?;
    } else if word == "NOW" {
        return Err(cursor.unexpected());
    }
    Ok(Some(Expr::Function { name: "NOW".to_owned(), arguments }))
}
