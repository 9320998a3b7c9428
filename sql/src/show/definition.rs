//! The text of types, defaults, names and keys, as SHOW CREATE TABLE, SHOW COLUMNS and information_schema print them.

use crate::catalog::{Check, Column, ColumnDefault, Index, Table};
use crate::ddl::key::has_virtual_column;
use crate::dml::default;
use crate::execute::Context;
use crate::types::text::write_text;
use crate::types::{Collation, DataType, MemberSet, TypeKind, Value};

/// The name of a type without its length and attributes: `DATA_TYPE` of information_schema.COLUMNS.
pub(super) fn type_name(data_type: &DataType) -> &'static str {
    match data_type.kind {
        TypeKind::Null => "null",
        TypeKind::TinyInt => "tinyint",
        TypeKind::SmallInt => "smallint",
        TypeKind::MediumInt => "mediumint",
        TypeKind::Int => "int",
        TypeKind::BigInt => "bigint",
        TypeKind::Float => "float",
        TypeKind::Double => "double",
        TypeKind::Decimal { .. } => "decimal",
        TypeKind::Char(_) => "char",
        TypeKind::VarChar(_) => "varchar",
        TypeKind::TinyText => "tinytext",
        TypeKind::Text => "text",
        TypeKind::MediumText => "mediumtext",
        TypeKind::LongText => "longtext",
        TypeKind::Binary(_) => "binary",
        TypeKind::VarBinary(_) => "varbinary",
        TypeKind::TinyBlob => "tinyblob",
        TypeKind::Blob => "blob",
        TypeKind::MediumBlob => "mediumblob",
        TypeKind::LongBlob => "longblob",
        TypeKind::Date => "date",
        TypeKind::Time(_) => "time",
        TypeKind::DateTime(_) => "datetime",
        TypeKind::Timestamp(_) => "timestamp",
        TypeKind::Year => "year",
        TypeKind::Bit(_) => "bit",
        TypeKind::Enum(_) => "enum",
        TypeKind::Set(_) => "set",
        TypeKind::Json => "json",
    }
}

/// A type as declared, without collation: `decimal(10,2) unsigned`. Of the display widths only TINYINT(1)'s and those that
/// ZEROFILL fills are kept, as MySQL 8 does.
pub(crate) fn type_text(data_type: &DataType) -> String {
    let name = type_name(data_type);
    let mut text = match data_type.kind {
        TypeKind::TinyInt if data_type.display_width == 1 && !data_type.unsigned => "tinyint(1)".to_owned(),
        TypeKind::Decimal { precision, scale } => format!("decimal({precision},{scale})"),
        TypeKind::Char(length)
        | TypeKind::VarChar(length)
        | TypeKind::Binary(length)
        | TypeKind::VarBinary(length) => format!("{name}({length})"),
        TypeKind::Time(fsp) | TypeKind::DateTime(fsp) | TypeKind::Timestamp(fsp) if fsp > 0 => {
            format!("{name}({fsp})")
        }
        TypeKind::Null => "binary(0)".to_owned(),
        TypeKind::Bit(bits) => format!("bit({bits})"),
        TypeKind::Float | TypeKind::Double => match data_type.attributes.decimals() {
            Some(decimals) => format!("{name}({},{decimals})", data_type.display_width),
            None => name.to_owned(),
        },
        TypeKind::Enum(_) | TypeKind::Set(_) => member_list(name, data_type),
        _ if data_type.is_integer() && data_type.attributes.zerofill() => {
            format!("{name}({})", data_type.display_width)
        }
        _ => name.to_owned(),
    };
    if data_type.unsigned && !matches!(data_type.kind, TypeKind::Year | TypeKind::Bit(_)) {
        text.push_str(" unsigned");
    }
    if data_type.attributes.zerofill() {
        text.push_str(" zerofill");
    }
    text
}

/// `enum('a','b')`.
fn member_list(name: &str, data_type: &DataType) -> String {
    let members = MemberSet::of_kind(data_type.kind);
    let mut out = name.as_bytes().to_vec();
    out.push(b'(');
    for (position, member) in members.iter().flat_map(|members| members.members()).enumerate() {
        if position > 0 {
            out.push(b',');
        }
        write_quoted(member, &mut out);
    }
    out.push(b')');
    String::from_utf8_lossy(&out).into_owned()
}

/// `CURRENT_TIMESTAMP` with the type's fraction.
fn current_timestamp(data_type: &DataType) -> String {
    match data_type.fsp() {
        0 => "CURRENT_TIMESTAMP".to_owned(),
        fsp => format!("CURRENT_TIMESTAMP({fsp})"),
    }
}

/// The default of a column as a value without quotes; `None` is NULL or no default. A TIMESTAMP is in the session's
/// time zone, as in SHOW CREATE TABLE (MySQL keeps the text in the zone of the session that declared it). Binary strings are hexadecimal and end at their first zero byte, as MySQL's do.
pub(super) fn default_text(column: &Column, ctx: &Context) -> Option<Vec<u8>> {
    match &column.default {
        ColumnDefault::None => None,
        ColumnDefault::Now => Some(current_timestamp(&column.data_type).into_bytes()),
        ColumnDefault::Expression(text) => Some(escaped(text).into_bytes()),
        ColumnDefault::Constant(_) => match constant_text(column, ctx)? {
            bytes if column.data_type.is_binary() && !bytes.is_empty() => {
                let shown = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
                Some(hexadecimal(shown))
            }
            _ if matches!(column.data_type.kind, TypeKind::Bit(_)) => bit_default(column),
            bytes => Some(bytes),
        },
    }
}

/// `b'101'`: the default of a BIT column.
fn bit_default(column: &Column) -> Option<Vec<u8>> {
    match (&column.default, column.data_type.kind) {
        (ColumnDefault::Constant(Value::UInt(number)), TypeKind::Bit(_)) => {
            Some(format!("b'{number:b}'").into_bytes())
        }
        _ => None,
    }
}

/// The text of a constant default; `None` for NULL.
fn constant_text(column: &Column, ctx: &Context) -> Option<Vec<u8>> {
    let value = default::declared(column, ctx).filter(|value| *value != Value::Null)?;
    let mut text = Vec::new();
    write_text(&value, &column.data_type, &mut text);
    Some(text)
}

/// An expression as information_schema shows it: with the quotes and backslashes escaped once more.
pub(super) fn escaped(expression: &str) -> String {
    expression.replace('\\', "\\\\").replace('\'', "\\'")
}

fn hexadecimal(bytes: &[u8]) -> Vec<u8> {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    format!("0x{digits}").into_bytes()
}

/// `Extra` of SHOW COLUMNS.
pub(super) fn extra(column: &Column) -> String {
    let mut words = Vec::new();
    if column.auto_increment {
        words.push("auto_increment".to_owned());
    }
    if matches!(column.default, ColumnDefault::Now | ColumnDefault::Expression(_)) {
        words.push("DEFAULT_GENERATED".to_owned());
    }
    if column.on_update_now {
        words.push(format!("on update {}", current_timestamp(&column.data_type)));
    }
    if let Some(generated) = &column.generated {
        words.push(if generated.stored { "STORED GENERATED" } else { "VIRTUAL GENERATED" }.to_owned());
    }
    if column.invisible {
        words.push("INVISIBLE".to_owned());
    }
    words.join(" ")
}

/// `Key` of SHOW COLUMNS: PRI, UNI, MUL or nothing. Without a PRIMARY KEY, MySQL calls the first unique key whose columns
/// are all NOT NULL primary.
pub(super) fn key_word(table: &Table, position: usize) -> &'static str {
    let keys = keys(table);
    let is_primary = |index: &&&Index| {
        index.unique
            && index
                .columns
                .iter()
                .all(|part| table.columns.get(part.column).is_some_and(|column| !column.nullable))
    };
    // `keys` begins with PRIMARY and the unique keys without NULLs.
    if keys
        .first()
        .filter(is_primary)
        .is_some_and(|index| index.columns.iter().any(|part| part.column == position))
    {
        return "PRI";
    }
    let leads = |index: &&Index| index.columns.first().is_some_and(|part| part.column == position);
    if keys.iter().any(|index| index.unique && index.columns.len() == 1 && leads(index)) {
        "UNI"
    } else if keys.iter().any(leads) {
        "MUL"
    } else {
        ""
    }
}

/// The declared keys in MySQL's order: PRIMARY, unique ones without NULLs, unique ones, others; each kind as declared.
pub(super) fn keys(table: &Table) -> Vec<&Index> {
    let mut keys: Vec<&Index> = table.indexes.iter().skip(usize::from(table.hidden_row_id)).collect();
    let may_be_null = |index: &Index| {
        index.columns.iter().any(|part| table.columns.get(part.column).is_some_and(|column| column.nullable))
    };
    keys.sort_by_key(|index| {
        let kind = match (index.name == "PRIMARY", index.unique) {
            (true, _) => 0,
            (false, true) => 1 + u8::from(may_be_null(index)),
            (false, false) => 3,
        };
        (kind, has_virtual_column(index, &table.columns))
    });
    keys
}

/// SHOW CREATE TABLE.
pub(super) fn create_table(table: &Table, quote: char, ctx: &Context) -> Vec<u8> {
    let mut out =
        if table.is_temporary() { b"CREATE TEMPORARY TABLE ".to_vec() } else { b"CREATE TABLE ".to_vec() };
    write_name(&table.name, quote, &mut out);
    out.extend_from_slice(b" (\n");
    for (position, column) in table.named_columns() {
        if position > 0 {
            out.extend_from_slice(b",\n");
        }
        write_column(table, column, quote, ctx, &mut out);
    }
    for index in keys(table) {
        out.extend_from_slice(b",\n");
        write_key(table, index, quote, &mut out);
    }
    for key in &table.foreign_keys {
        out.extend_from_slice(b",\n  CONSTRAINT ");
        write_name(&key.name, quote, &mut out);
        out.push(b' ');
        out.extend_from_slice(key.clause(&table.database, quote, false).as_bytes());
    }
    for check in checks(table) {
        out.extend_from_slice(b",\n  CONSTRAINT ");
        write_name(&check.name, quote, &mut out);
        out.extend_from_slice(format!(" CHECK ({})", check.expression).as_bytes());
        if !check.enforced {
            out.extend_from_slice(b" /*!80016 NOT ENFORCED */");
        }
    }
    // The engine presents itself as InnoDB: tools read the definition and expect an engine they know, and a dump must load
    // into MySQL as well.
    out.extend_from_slice(b"\n) ENGINE=InnoDB");
    let next = table.auto_increment.load(std::sync::atomic::Ordering::Relaxed);
    if table.auto_increment_column.is_some() && next > 1 {
        out.extend_from_slice(format!(" AUTO_INCREMENT={next}").as_bytes());
    }
    out.extend_from_slice(format!(" DEFAULT CHARSET={}", table.collation.character_set()).as_bytes());
    if !table.collation.is_default()
        || table.collation.character_set() == Collation::default().character_set()
    {
        out.extend_from_slice(format!(" COLLATE={}", table.collation.name()).as_bytes());
    }
    out.extend_from_slice(table.options.clause().as_bytes());
    if !table.comment.is_empty() {
        out.extend_from_slice(b" COMMENT=");
        write_quoted(table.comment.as_bytes(), &mut out);
    }
    if let Some(partitioned) = &table.partitioned {
        super::partition::clause(&partitioned.definition, quote, &mut out);
    }
    out
}

/// The checks by name, as MySQL lists them.
pub(super) fn checks(table: &Table) -> Vec<&Check> {
    let mut checks: Vec<&Check> = table.checks.iter().collect();
    checks.sort_by_key(|check| check.name.to_lowercase());
    checks
}

/// One column. A column whose collation is the table's says nothing of it when that is the character set's default: the
/// catalog does not keep whether the column said it itself.
fn write_column(table: &Table, column: &Column, quote: char, ctx: &Context, out: &mut Vec<u8>) {
    let data_type = &column.data_type;
    out.extend_from_slice(b"  ");
    write_name(&column.name, quote, out);
    out.push(b' ');
    out.extend_from_slice(type_text(data_type).as_bytes());
    if data_type.is_text() {
        let collation = data_type.collation;
        if collation != table.collation {
            out.extend_from_slice(format!(" CHARACTER SET {}", collation.character_set()).as_bytes());
        }
        if collation != table.collation || !collation.is_default() {
            out.extend_from_slice(format!(" COLLATE {}", collation.name()).as_bytes());
        }
    }
    if let Some(generated) = &column.generated {
        let kind = if generated.stored { "STORED" } else { "VIRTUAL" };
        out.extend_from_slice(format!(" GENERATED ALWAYS AS ({}) {kind}", generated.expression).as_bytes());
    }
    if !column.nullable {
        out.extend_from_slice(b" NOT NULL");
    } else if matches!(data_type.kind, TypeKind::Timestamp(_)) {
        out.extend_from_slice(b" NULL");
    }
    write_default(column, ctx, out);
    if column.on_update_now {
        out.extend_from_slice(b" ON UPDATE ");
        out.extend_from_slice(current_timestamp(data_type).as_bytes());
    }
    if column.auto_increment {
        out.extend_from_slice(b" AUTO_INCREMENT");
    }
    if column.invisible {
        out.extend_from_slice(b" /*!80023 INVISIBLE */");
    }
    if !column.comment.is_empty() {
        out.extend_from_slice(b" COMMENT ");
        write_quoted(column.comment.as_bytes(), out);
    }
}

fn write_default(column: &Column, ctx: &Context, out: &mut Vec<u8>) {
    if column.generated.is_some() {
        return;
    }
    if let ColumnDefault::Expression(text) = &column.default {
        out.extend_from_slice(format!(" DEFAULT ({text})").as_bytes());
    } else if column.default == ColumnDefault::Now {
        out.extend_from_slice(b" DEFAULT ");
        out.extend_from_slice(current_timestamp(&column.data_type).as_bytes());
    } else if let Some(bits) = bit_default(column) {
        out.extend_from_slice(b" DEFAULT ");
        out.extend_from_slice(&bits);
    } else if column.default != ColumnDefault::None
        && let Some(text) = constant_text(column, ctx)
    {
        out.extend_from_slice(b" DEFAULT ");
        if std::str::from_utf8(&text).is_ok() {
            write_quoted(&text, out);
        } else {
            out.extend_from_slice(&hexadecimal(&text));
        }
    } else if column.nullable
        && !column.auto_increment
        && (column.data_type.bytes_max().is_none() || column.data_type.is_json())
    {
        // TEXT and BLOB cannot have a constant default, so MySQL does not print their NULL.
        out.extend_from_slice(b" DEFAULT NULL");
    }
}

fn write_key(table: &Table, index: &Index, quote: char, out: &mut Vec<u8>) {
    if index.name == "PRIMARY" {
        out.extend_from_slice(b"  PRIMARY KEY ");
    } else {
        out.extend_from_slice(if index.unique { b"  UNIQUE KEY " } else { b"  KEY " });
        write_name(&index.name, quote, out);
        out.push(b' ');
    }
    out.push(b'(');
    for (position, part) in index.columns.iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        match table.columns.get(part.column) {
            Some(Column { hidden: true, generated: Some(generated), .. }) => {
                out.extend_from_slice(format!("({})", generated.expression).as_bytes());
            }
            Some(column) => write_name(&column.name, quote, out),
            None => {}
        }
        if let Some(prefix) = part.prefix {
            out.extend_from_slice(format!("({prefix})").as_bytes());
        }
        if part.descending {
            out.extend_from_slice(b" DESC");
        }
    }
    out.push(b')');
    if index.options.using_btree {
        out.extend_from_slice(b" USING BTREE");
    }
    // A size that differs from the table's, where that has one.
    if ![0, table.options.key_block_size].contains(&index.options.block_size)
        && table.options.key_block_size > 0
    {
        out.extend_from_slice(format!(" KEY_BLOCK_SIZE={}", index.options.block_size).as_bytes());
    }
    if !index.options.comment.is_empty() {
        out.extend_from_slice(b" COMMENT ");
        write_quoted(index.options.comment.as_bytes(), out);
    }
    if index.invisible {
        out.extend_from_slice(b" /*!80000 INVISIBLE */");
    }
}

/// SHOW CREATE DATABASE.
pub(super) fn create_database(name: &str, collation: Collation, if_not_exists: bool, quote: char) -> Vec<u8> {
    let mut out = b"CREATE DATABASE ".to_vec();
    if if_not_exists {
        out.extend_from_slice(b"/*!32312 IF NOT EXISTS*/ ");
    }
    write_name(name, quote, &mut out);
    out.extend_from_slice(
        format!(" /*!40100 DEFAULT CHARACTER SET {}", collation.character_set()).as_bytes(),
    );
    if collation != Collation::Binary {
        out.extend_from_slice(format!(" COLLATE {}", collation.name()).as_bytes());
    }
    out.extend_from_slice(b" */ /*!80016 DEFAULT ENCRYPTION='N' */");
    out
}

/// A name in quotes, quotes in it doubled.
pub(super) fn write_name(name: &str, quote: char, out: &mut Vec<u8>) {
    let mut bytes = [0; 4];
    let quote = quote.encode_utf8(&mut bytes);
    out.extend_from_slice(quote.as_bytes());
    out.extend_from_slice(name.replace(&*quote, &quote.repeat(2)).as_bytes());
    out.extend_from_slice(quote.as_bytes());
}

/// A text as [`write_quoted`] writes it.
pub(super) fn quoted(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len() + 2);
    write_quoted(text.as_bytes(), &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// A string literal, escaped as MySQL does in definitions, whatever the sql_mode.
fn write_quoted(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'\'');
    for byte in text {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            0 => out.extend_from_slice(b"\\0"),
            b'\'' => out.extend_from_slice(b"''"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            other => out.push(*other),
        }
    }
    out.push(b'\'');
}
