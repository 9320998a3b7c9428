//! Columns of CREATE TABLE: types and attributes.

use sqlparser::tokenizer::{Token, Word};

use crate::ast::{ColumnDefinition, Expr, KeyDefinition, KeyKind, KeyPart};
use crate::error::Error;
use crate::parse::create_table::comment_too_long;
use crate::parse::cursor::Cursor;
use crate::parse::lower::data_type::{decimal_kind, plain};
use crate::types::{Collation, DataType, TypeKind};
use crate::variables::{SqlMode, character_set};

/// Types of MySQL that are not built, and what they are called in the refusal.
const REFUSED_TYPES: &[(&str, &str)] = &[
    ("BIT", "the type BIT"),
    ("ENUM", "the type ENUM"),
    ("GEOMCOLLECTION", "spatial types"),
    ("GEOMETRY", "spatial types"),
    ("GEOMETRYCOLLECTION", "spatial types"),
    ("JSON", "JSON"),
    ("LINESTRING", "spatial types"),
    ("MULTILINESTRING", "spatial types"),
    ("MULTIPOINT", "spatial types"),
    ("MULTIPOLYGON", "spatial types"),
    ("POINT", "spatial types"),
    ("POLYGON", "spatial types"),
    ("SET", "the type SET"),
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
        collation_given: declared.collation_given,
        nullable: declared.serial.then_some(false),
        default: None,
        on_update_now: false,
        auto_increment: declared.serial,
        comment: String::new(),
    };
    let mut keys = Vec::new();
    if declared.serial {
        keys.push(column_key(&column.name, KeyKind::Unique));
    }
    while attribute(cursor, &mut column, &mut keys, declared.binary)? {}
    Ok((column, keys))
}

fn column_key(name: &str, kind: KeyKind) -> KeyDefinition {
    let part = KeyPart { column: name.to_owned(), prefix: None, descending: false };
    KeyDefinition { kind, name: None, columns: vec![part] }
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

fn declared_type(cursor: &mut Cursor<'_, '_>, column: &str) -> crate::Result<Declared> {
    let start = cursor.unexpected();
    let word = type_word(cursor)?;
    if let Some((_, feature)) = REFUSED_TYPES.iter().find(|(name, _)| *name == word) {
        return Err(Error::not_supported(feature));
    }
    let plain_declared =
        |kind| Declared { data_type: plain(kind), collation_given: false, binary: false, serial: false };
    if let Some(data_type) = number_type(cursor, &word, column)? {
        return Ok(Declared { data_type, ..plain_declared(TypeKind::Null) });
    }
    let kind = match word.as_str() {
        "SERIAL" => {
            let data_type = DataType { unsigned: true, ..plain(TypeKind::BigInt) };
            return Ok(Declared { data_type, serial: true, ..plain_declared(TypeKind::Null) });
        }
        "DATE" => TypeKind::Date,
        "TIME" => TypeKind::Time(fsp(cursor, column)?),
        "DATETIME" => TypeKind::DateTime(fsp(cursor, column)?),
        "TIMESTAMP" => TypeKind::Timestamp(fsp(cursor, column)?),
        "YEAR" => match one_number(cursor)? {
            None | Some(4) => TypeKind::Year,
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
    Ok(plain_declared(kind))
}

/// Numeric types with UNSIGNED and its like; None for another type.
fn number_type(cursor: &mut Cursor<'_, '_>, word: &str, column: &str) -> crate::Result<Option<DataType>> {
    let integer = match word {
        "TINYINT" | "INT1" => Some(TypeKind::TinyInt),
        "SMALLINT" | "INT2" => Some(TypeKind::SmallInt),
        "MEDIUMINT" | "MIDDLEINT" | "INT3" => Some(TypeKind::MediumInt),
        "INT" | "INTEGER" | "INT4" => Some(TypeKind::Int),
        "BIGINT" | "INT8" => Some(TypeKind::BigInt),
        _ => None,
    };
    let mut display_width = 0;
    let kind = match (integer, word) {
        (Some(kind), _) => {
            let width = one_number(cursor)?;
            if width.is_some_and(|width| width > 255) {
                return Err(Error {
                    code: 1439,
                    state: *b"42000",
                    message: format!("Display width out of range for column '{column}' (max = 255)"),
                });
            }
            // The one width that clients still read: TINYINT(1) is BOOL.
            if kind == TypeKind::TinyInt && width == Some(1) {
                display_width = 1;
            }
            kind
        }
        (None, "BOOL" | "BOOLEAN") => {
            return Ok(Some(DataType { display_width: 1, ..plain(TypeKind::TinyInt) }));
        }
        (None, "DECIMAL" | "DEC" | "NUMERIC" | "FIXED") => {
            let (precision, scale) = numbers(cursor)?;
            let number =
                |number: Option<u64>, default| u32::try_from(number.unwrap_or(default)).unwrap_or(u32::MAX);
            let precision = match number(precision, 10) {
                0 => 10,
                precision => precision,
            };
            decimal_kind(precision, number(scale, 0), column)?
        }
        (None, "FLOAT" | "FLOAT4" | "DOUBLE" | "REAL" | "FLOAT8") => float_kind(cursor, word, column)?,
        _ => return Ok(None),
    };
    let mut unsigned = false;
    while let Some(word) = cursor.one_of(&["UNSIGNED", "SIGNED", "ZEROFILL"]) {
        match word {
            "UNSIGNED" => unsigned = true,
            "ZEROFILL" => return Err(Error::not_supported("ZEROFILL")),
            _ => {}
        }
    }
    if unsigned {
        display_width = 0;
    }
    Ok(Some(DataType { unsigned, display_width, ..plain(kind) }))
}

/// FLOAT and DOUBLE by their names and precision.
fn float_kind(cursor: &mut Cursor<'_, '_>, word: &str, column: &str) -> crate::Result<TypeKind> {
    if word == "DOUBLE" {
        cursor.word("PRECISION");
    }
    let (precision, scale) = numbers(cursor)?;
    let is_float = match word {
        "FLOAT" | "FLOAT4" => match (precision, scale) {
            (None | Some(0..=24), None) => true,
            (Some(25..=53), None) => false,
            (_, None) => {
                let message = format!("Incorrect column specifier for column '{column}'");
                return Err(Error { code: 1063, state: *b"42000", message });
            }
            _ => return Err(Error::not_supported("FLOAT(M,D) and DOUBLE(M,D)")),
        },
        _ if precision.is_some() => return Err(Error::not_supported("FLOAT(M,D) and DOUBLE(M,D)")),
        _ => word == "REAL" && cursor.source().mode.has(SqlMode::REAL_AS_FLOAT),
    };
    Ok(if is_float { TypeKind::Float } else { TypeKind::Double })
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
        Ok(length) if length <= max => Ok(length),
        _ => Err(Error::column_too_big(column, max)),
    }
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
    let mut declared = Declared {
        data_type: DataType { kind, unsigned: false, collation: Collation::default(), display_width: 0 },
        collation_given: false,
        binary: false,
        serial: false,
    };
    if national {
        declared.data_type.collation = character_set::default_collation("utf8mb3")?;
        declared.collation_given = true;
    }
    text_attributes(cursor, &mut declared)?;
    if let TypeKind::VarChar(length) = declared.data_type.kind {
        // 65,535 bytes of four-byte characters.
        if length > 16_383 {
            return Err(Error::column_too_big(column, 16_383));
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
            return Err(Error::not_supported("the character set latin1"));
        } else if cursor.word("UNICODE") {
            return Err(Error::not_supported("the character set ucs2"));
        } else if cursor.word("BYTE") {
            set_collation(&mut declared.data_type, Collation::Binary);
        } else if cursor.word("BINARY") {
            declared.binary = true;
        } else {
            break;
        }
    }
    if declared.binary && declared.data_type.collation != Collation::Binary {
        declared.data_type.collation = Collation::Utf8mb4Bin;
        declared.collation_given = true;
    }
    Ok(())
}

/// Gives a text type its collation; with the character set binary it becomes the binary type of its size.
fn set_collation(data_type: &mut DataType, collation: Collation) {
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
    } else if cursor.word("DEFAULT") {
        column.default = Some(default(cursor)?);
    } else if cursor.words(&["ON", "UPDATE"]) {
        match now(cursor)? {
            Some(_) => column.on_update_now = true,
            None => return Err(cursor.unexpected()),
        }
    } else if cursor.word("AUTO_INCREMENT") {
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
            set_collation(&mut column.data_type, collation);
            column.collation_given = true;
        }
    } else if cursor.word("VISIBLE") {
        // Columns are visible unless said otherwise.
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
        ("AS", "generated columns"),
        ("GENERATED", "generated columns"),
        ("REFERENCES", "foreign keys"),
        ("CHECK", "CHECK constraints"),
        ("CONSTRAINT", "CHECK constraints"),
        ("INVISIBLE", "invisible columns"),
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

/// A default: a literal with its sign, NULL, or CURRENT_TIMESTAMP under any of its names.
fn default(cursor: &mut Cursor<'_, '_>) -> crate::Result<Expr> {
    if *cursor.peek() == Token::LParen {
        return Err(Error::not_supported("expressions as defaults"));
    }
    if let Some(now) = now(cursor)? {
        return Ok(now);
    }
    let start = cursor.unexpected();
    match cursor.operand()? {
        literal @ (Expr::Literal(_) | Expr::HexLiteral(_)) => Ok(literal),
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
