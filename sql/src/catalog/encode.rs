//! The bytes of databases and tables as the catalog's keys hold them.
//!
//! Numbers are LEB128 (signed ones zigzag), strings a length in bytes and then UTF-8. The first byte is the version,
//! [`DEFINITION_VERSION`]; another one is refused by name, so that an older program does not misread a newer catalog.
//!
//! ```text
//! database  version, name, collation
//! table     version, database, name, collation, comment, flags (1: hidden row id), created_us,
//!           column count, columns, index count, indexes (the first is the primary), then parts that not every
//!           table has, each a tag, a length and its bytes (L: see [`Layout`]; C: check count, checks;
//!           F: foreign key count, foreign keys; J: index count, indexes that are being built, user, text, then, if rows are
//!           written anew, a table's bytes, source count, sources (0, column; or 1, value), whether rows are counted, sql_mode, time zone;
//!           P: partitions, see [`partition::encode`]; T: trigger count, triggers, see [`trigger`];
//!           O: options, see [`TableOptions`])
//! column    name, type, flags (1: nullable, 2: ON UPDATE now, 4: AUTO_INCREMENT, 8: invisible, 16: hidden, 32: generated,
//!           64: stored), default, comment, the expression of a generated one
//! check     name, flags (1: enforced), expression
//! foreign   name, column count, column names, parent's database, parent, names of its columns, ON DELETE, ON UPDATE
//!           (1 byte each)
//! type      kind (1 byte), its one or two numbers if it has any, flags (1: unsigned), collation, display width
//! default   0: none; 1: now; 2: constant, then a value; 3: an expression
//! value     kind (1 byte), then its bytes
//! index     id, name, flags (1: unique, 2: invisible, 4: made for a foreign key, 8: options), column count, for each: position, flags (1: descending, 2: prefix), prefix;
//!           then, if it has options, its comment, whether USING BTREE was said, and KEY_BLOCK_SIZE
//! ```
//!
//! Collations are MySQL's collation ids. A TIMESTAMP default is in UTC.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use bytes::Bytes;

use super::{
    Check, Column, ColumnDefault, Database, ForeignKey, Generated, Index, IndexColumn, IndexId, Layout,
    OnlineJob, ReferenceAction, Table, TableId, TableOptions, partition,
};
use crate::Result;
use crate::ast::KeyOptions;
use crate::codec::{Input, damaged, write_varint};
use crate::limits::{ENUM_MEMBERS_MAX, SET_MEMBERS_MAX};
use crate::program::trigger;
use crate::types::datetime::Time;
use crate::types::{Attributes, Collation, DataType, Date, DateTime, Decimal, MemberSet, TypeKind, Value};

/// The version that definitions are written in.
pub const DEFINITION_VERSION: u8 = 1;

/// Tag of the part that says where columns stand in rows.
const SECTION_LAYOUT: u8 = b'L';
/// Tag of the part that has the CHECK constraints.
const SECTION_CHECKS: u8 = b'C';
/// Tag of the part that has the partitions.
const SECTION_PARTITIONS: u8 = b'P';
/// Tag of the part that has the foreign keys.
const SECTION_FOREIGN_KEYS: u8 = b'F';
/// Tag of the part that has the triggers.
const SECTION_TRIGGERS: u8 = b'T';
/// Tag of the part that has the options that are kept to be shown.
const SECTION_OPTIONS: u8 = b'O';
/// Tag of the part that has the job that builds indexes.
const SECTION_JOB: u8 = b'J';

const NULLABLE: u8 = 1;
const ON_UPDATE_NOW: u8 = 2;
const AUTO_INCREMENT: u8 = 4;
/// In the byte that says UNSIGNED: a byte of attributes follows the type.
const HAS_ATTRIBUTES: u8 = 2;
const INVISIBLE: u8 = 8;
const HIDDEN: u8 = 16;
const GENERATED: u8 = 32;
const STORED: u8 = 64;
const HIDDEN_ROW_ID: u8 = 1;
const UNIQUE: u8 = 1;
const INVISIBLE_INDEX: u8 = 2;
const GENERATED_INDEX: u8 = 4;
const INDEX_OPTIONS: u8 = 8;
const DESCENDING: u8 = 1;
const PREFIX: u8 = 2;

/// The bytes of a database, without its tables.
#[must_use]
pub fn write_database(database: &Database) -> Bytes {
    let mut out = vec![DEFINITION_VERSION];
    write_string(&database.name, &mut out);
    write_collation(database.collation, &mut out);
    Bytes::from(out)
}

/// A database from its bytes, without tables.
///
/// # Errors
/// 1105 when they are no such bytes.
pub fn read_database(bytes: &[u8]) -> Result<Database> {
    let mut input = Input::new(bytes);
    read_version(&mut input)?;
    let name = read_string(&mut input)?;
    let collation = read_collation(&mut input)?;
    read_end(&input)?;
    Ok(Database { name, collation, ..Database::default() })
}

/// The bytes of a table, without its id and counters.
#[must_use]
pub fn write_table(table: &Table) -> Bytes {
    let mut out = Vec::with_capacity(64 + 48 * table.columns.len());
    out.push(DEFINITION_VERSION);
    write_string(&table.database, &mut out);
    write_string(&table.name, &mut out);
    write_collation(table.collation, &mut out);
    write_string(&table.comment, &mut out);
    out.push(if table.hidden_row_id { HIDDEN_ROW_ID } else { 0 });
    write_varint(table.created_us, &mut out);
    write_varint(table.columns.len() as u64, &mut out);
    for column in &table.columns {
        write_column(column, &mut out);
    }
    write_varint(table.indexes.len() as u64, &mut out);
    for index in &table.indexes {
        write_index(index, &mut out);
    }
    if !table.checks.is_empty() {
        write_section(SECTION_CHECKS, |out| write_checks(&table.checks, out), &mut out);
    }
    if !table.foreign_keys.is_empty() {
        let write = |out: &mut Vec<u8>| write_foreign_keys(&table.foreign_keys, out);
        write_section(SECTION_FOREIGN_KEYS, write, &mut out);
    }
    if table.layout.slots().is_some() {
        write_section(SECTION_LAYOUT, |out| table.layout.write(out), &mut out);
    }
    if table.options != TableOptions::default() {
        write_section(SECTION_OPTIONS, |out| table.options.write(out), &mut out);
    }
    if let Some(job) = &table.job {
        write_section(SECTION_JOB, |out| job.write(out), &mut out);
    }
    if let Some(partitioned) = &table.partitioned {
        write_section(
            SECTION_PARTITIONS,
            |out| partition::encode::write(&partitioned.definition, out),
            &mut out,
        );
    }
    if !table.triggers.is_empty() {
        write_section(SECTION_TRIGGERS, |out| trigger::write(&table.triggers, out), &mut out);
    }
    Bytes::from(out)
}

/// A part that not every table has: its tag, its length and its bytes.
fn write_section(tag: u8, write: impl FnOnce(&mut Vec<u8>), out: &mut Vec<u8>) {
    let mut bytes = Vec::new();
    write(&mut bytes);
    out.push(tag);
    write_bytes(&bytes, out);
}

/// A table from its bytes, its counters at their start.
///
/// # Errors
/// 1105 when they are no such bytes.
pub fn read_table(id: TableId, bytes: &[u8]) -> Result<Table> {
    let mut input = Input::new(bytes);
    read_version(&mut input)?;
    let database = read_string(&mut input)?;
    let name = read_string(&mut input)?;
    let collation = read_collation(&mut input)?;
    let comment = read_string(&mut input)?;
    let flags = input.byte()?;
    let hidden_row_id = flags & HIDDEN_ROW_ID != 0;
    let created_us = input.varint()?;
    let columns = read_list(&mut input, read_column)?;
    let indexes = read_list(&mut input, read_index)?;
    let (mut layout, mut checks, mut foreign_keys) = (Layout::default(), Vec::new(), Vec::new());
    let mut job = None;
    let mut partitioned = None;
    let mut triggers = Vec::new();
    let mut options = TableOptions::default();
    while !input.bytes.is_empty() {
        let tag = input.byte()?;
        let mut section = Input::new(read_bytes(&mut input)?);
        match tag {
            SECTION_LAYOUT => layout = Layout::read(&mut section, columns.len())?,
            SECTION_CHECKS => checks = read_list(&mut section, read_check)?,
            SECTION_FOREIGN_KEYS => foreign_keys = read_list(&mut section, read_foreign_key)?,
            SECTION_OPTIONS => options = TableOptions::read(&mut section)?,
            SECTION_JOB => job = Some(Arc::new(OnlineJob::read(&mut section, id, columns.len())?)),
            SECTION_PARTITIONS => {
                let definition = Arc::new(partition::encode::read(&mut section)?);
                partitioned = Some(Box::new(partition::Partitioned::new(definition)));
            }
            SECTION_TRIGGERS => triggers = read_list(&mut section, trigger::read)?,
            tag => return Err(damaged(&format!("a table's definition has a part {tag} that is unknown"))),
        }
        read_end(&section)?;
    }
    if indexes.is_empty() || columns.is_empty() {
        return Err(damaged("a table has no columns or no primary index"));
    }
    if indexes.iter().flat_map(|index| &index.columns).any(|part| part.column >= columns.len()) {
        return Err(damaged("an index has a column that the table has not"));
    }
    let auto_increment_column = columns.iter().position(|column: &Column| column.auto_increment);
    Ok(Table {
        id,
        database,
        name,
        columns,
        indexes,
        hidden_row_id,
        collation,
        comment,
        options,
        auto_increment_column,
        auto_increment: Arc::new(AtomicU64::new(1)),
        row_id: Arc::new(AtomicU64::new(1)),
        row_estimate: Arc::new(AtomicU64::new(0)),
        statistics: crate::catalog::StatisticsCell::default(),
        checks,
        foreign_keys,
        rules: crate::constraint::RulesCell::default(),
        created_us,
        layout,
        job,
        partitioned,
        triggers,
    })
}

fn write_checks(checks: &[Check], out: &mut Vec<u8>) {
    write_varint(checks.len() as u64, out);
    for check in checks {
        write_string(&check.name, out);
        out.push(u8::from(check.enforced));
        write_string(&check.expression, out);
    }
}

fn read_check(input: &mut Input<'_>) -> Result<Check> {
    let name = read_string(input)?;
    let enforced = input.byte()? & 1 != 0;
    Ok(Check { name, enforced, expression: read_string(input)? })
}

fn write_foreign_keys(keys: &[ForeignKey], out: &mut Vec<u8>) {
    write_varint(keys.len() as u64, out);
    for key in keys {
        write_string(&key.name, out);
        write_names(&key.columns, out);
        write_string(&key.parent_database, out);
        write_string(&key.parent_table, out);
        write_names(&key.parent_columns, out);
        for action in [key.on_delete, key.on_update] {
            out.push(match action {
                ReferenceAction::NoAction => 0,
                ReferenceAction::Restrict => 1,
                ReferenceAction::Cascade => 2,
                ReferenceAction::SetNull => 3,
                ReferenceAction::SetDefault => 4,
            });
        }
    }
}

fn write_names(names: &[String], out: &mut Vec<u8>) {
    write_varint(names.len() as u64, out);
    for name in names {
        write_string(name, out);
    }
}

fn read_foreign_key(input: &mut Input<'_>) -> Result<ForeignKey> {
    let name = read_string(input)?;
    let columns = read_list(input, read_string)?;
    let (parent_database, parent_table) = (read_string(input)?, read_string(input)?);
    let parent_columns = read_list(input, read_string)?;
    if columns.is_empty() || columns.len() != parent_columns.len() {
        return Err(damaged("a foreign key has other columns than its parent"));
    }
    let (on_delete, on_update) = (read_action(input)?, read_action(input)?);
    Ok(ForeignKey { name, columns, parent_database, parent_table, parent_columns, on_delete, on_update })
}

fn read_action(input: &mut Input<'_>) -> Result<ReferenceAction> {
    Ok(match input.byte()? {
        0 => ReferenceAction::NoAction,
        1 => ReferenceAction::Restrict,
        2 => ReferenceAction::Cascade,
        3 => ReferenceAction::SetNull,
        4 => ReferenceAction::SetDefault,
        _ => return Err(damaged("a foreign key has an unknown action")),
    })
}

fn write_column(column: &Column, out: &mut Vec<u8>) {
    write_string(&column.name, out);
    write_type(&column.data_type, out);
    let mut flags = 0;
    if column.nullable {
        flags |= NULLABLE;
    }
    if column.on_update_now {
        flags |= ON_UPDATE_NOW;
    }
    if column.auto_increment {
        flags |= AUTO_INCREMENT;
    }
    if column.invisible {
        flags |= INVISIBLE;
    }
    if column.hidden {
        flags |= HIDDEN;
    }
    match &column.generated {
        Some(generated) if generated.stored => flags |= GENERATED | STORED,
        Some(_) => flags |= GENERATED,
        None => {}
    }
    out.push(flags);
    match &column.default {
        ColumnDefault::None => out.push(0),
        ColumnDefault::Now => out.push(1),
        ColumnDefault::Constant(value) => {
            out.push(2);
            write_value(value, out);
        }
        ColumnDefault::Expression(text) => {
            out.push(3);
            write_string(text, out);
        }
    }
    write_string(&column.comment, out);
    if let Some(generated) = &column.generated {
        write_string(&generated.expression, out);
    }
}

fn read_column(input: &mut Input<'_>) -> Result<Column> {
    let name = read_string(input)?;
    let (data_type, members) = read_type(input)?;
    let flags = input.byte()?;
    let default = match input.byte()? {
        0 => ColumnDefault::None,
        1 => ColumnDefault::Now,
        2 => ColumnDefault::Constant(read_value(input)?),
        3 => ColumnDefault::Expression(read_string(input)?.into()),
        _ => return Err(damaged("a column has an unknown default")),
    };
    Ok(Column {
        name,
        data_type,
        members,
        nullable: flags & NULLABLE != 0,
        default,
        on_update_now: flags & ON_UPDATE_NOW != 0,
        auto_increment: flags & AUTO_INCREMENT != 0,
        comment: read_string(input)?,
        generated: match flags & GENERATED != 0 {
            true => Some(Generated { expression: read_string(input)?.into(), stored: flags & STORED != 0 }),
            false => None,
        },
        invisible: flags & INVISIBLE != 0,
        hidden: flags & HIDDEN != 0,
    })
}

pub(crate) fn write_index(index: &Index, out: &mut Vec<u8>) {
    write_varint(u64::from(index.id.0), out);
    write_string(&index.name, out);
    let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
    out.push(
        flag(index.unique, UNIQUE)
            | flag(index.invisible, INVISIBLE_INDEX)
            | flag(index.generated, GENERATED_INDEX)
            | flag(index.options != KeyOptions::default(), INDEX_OPTIONS),
    );
    write_varint(index.columns.len() as u64, out);
    for part in &index.columns {
        write_varint(part.column as u64, out);
        let descending = if part.descending { DESCENDING } else { 0 };
        match part.prefix {
            Some(prefix) => {
                out.push(descending | PREFIX);
                write_varint(u64::from(prefix), out);
            }
            None => out.push(descending),
        }
    }
    if index.options != KeyOptions::default() {
        write_string(&index.options.comment, out);
        out.push(u8::from(index.options.using_btree));
        write_varint(u64::from(index.options.block_size), out);
    }
}

pub(crate) fn read_index(input: &mut Input<'_>) -> Result<Index> {
    let id = IndexId(read_u32(input)?);
    let name = read_string(input)?;
    let flags = input.byte()?;
    let columns = read_list(input, |input| {
        let column = read_u32(input)? as usize;
        let flags = input.byte()?;
        let prefix = if flags & PREFIX != 0 { Some(read_u32(input)?) } else { None };
        Ok(IndexColumn { column, prefix, descending: flags & DESCENDING != 0 })
    })?;
    let (unique, invisible) = (flags & UNIQUE != 0, flags & INVISIBLE_INDEX != 0);
    let generated = flags & GENERATED_INDEX != 0;
    let mut options = KeyOptions::default();
    if flags & INDEX_OPTIONS != 0 {
        let comment = read_string(input)?;
        options = KeyOptions { comment, using_btree: input.byte()? != 0, block_size: read_u32(input)? };
    }
    Ok(Index { id, name, unique, columns, invisible, generated, options })
}

pub(crate) fn write_type(data_type: &DataType, out: &mut Vec<u8>) {
    let (kind, numbers): (u8, [Option<u32>; 2]) = match data_type.kind {
        TypeKind::Null => (0, [None, None]),
        TypeKind::TinyInt => (1, [None, None]),
        TypeKind::SmallInt => (2, [None, None]),
        TypeKind::MediumInt => (3, [None, None]),
        TypeKind::Int => (4, [None, None]),
        TypeKind::BigInt => (5, [None, None]),
        TypeKind::Float => (6, [None, None]),
        TypeKind::Double => (7, [None, None]),
        TypeKind::Decimal { precision, scale } => (8, [Some(u32::from(precision)), Some(u32::from(scale))]),
        TypeKind::Char(length) => (9, [Some(length), None]),
        TypeKind::VarChar(length) => (10, [Some(length), None]),
        TypeKind::TinyText => (11, [None, None]),
        TypeKind::Text => (12, [None, None]),
        TypeKind::MediumText => (13, [None, None]),
        TypeKind::LongText => (14, [None, None]),
        TypeKind::Binary(length) => (15, [Some(length), None]),
        TypeKind::VarBinary(length) => (16, [Some(length), None]),
        TypeKind::TinyBlob => (17, [None, None]),
        TypeKind::Blob => (18, [None, None]),
        TypeKind::MediumBlob => (19, [None, None]),
        TypeKind::LongBlob => (20, [None, None]),
        TypeKind::Date => (21, [None, None]),
        TypeKind::Time(fraction) => (22, [Some(u32::from(fraction)), None]),
        TypeKind::DateTime(fraction) => (23, [Some(u32::from(fraction)), None]),
        TypeKind::Timestamp(fraction) => (24, [Some(u32::from(fraction)), None]),
        TypeKind::Year => (25, [None, None]),
        TypeKind::Bit(bits) => (40, [Some(u32::from(bits)), None]),
        TypeKind::Enum(_) => (41, [None, None]),
        TypeKind::Set(_) => (42, [None, None]),
        TypeKind::Json => (43, [None, None]),
    };
    out.push(kind);
    for number in numbers.into_iter().flatten() {
        write_varint(u64::from(number), out);
    }
    if let Some(members) = MemberSet::of_kind(data_type.kind) {
        write_varint(members.members().len() as u64, out);
        for member in members.members() {
            write_bytes(member, out);
        }
    }
    let has_attributes = data_type.attributes != Attributes::NONE;
    out.push(u8::from(data_type.unsigned) | if has_attributes { HAS_ATTRIBUTES } else { 0 });
    write_collation(data_type.collation, out);
    out.push(data_type.display_width);
    if has_attributes {
        out.push(data_type.attributes.byte());
    }
}

/// The members of an ENUM or SET, as many as it may have.
fn read_members(input: &mut Input<'_>, most: usize) -> Result<Arc<MemberSet>> {
    let members = read_list(input, |input| read_string(input).map(Bytes::from))?;
    if members.is_empty() || members.len() > most {
        return Err(damaged("an ENUM or SET has too many members, or none"));
    }
    Ok(MemberSet::intern(members))
}

pub(crate) fn read_type(input: &mut Input<'_>) -> Result<(DataType, Option<Arc<MemberSet>>)> {
    let mut members = None;
    let kind = match input.byte()? {
        0 => TypeKind::Null,
        1 => TypeKind::TinyInt,
        2 => TypeKind::SmallInt,
        3 => TypeKind::MediumInt,
        4 => TypeKind::Int,
        5 => TypeKind::BigInt,
        6 => TypeKind::Float,
        7 => TypeKind::Double,
        8 => {
            let (precision, scale) = (read_u8(input, 65)?, read_u8(input, 30)?);
            if precision == 0 || scale > precision {
                return Err(damaged("a DECIMAL has a bad precision"));
            }
            TypeKind::Decimal { precision, scale }
        }
        9 => TypeKind::Char(read_u32(input)?),
        10 => TypeKind::VarChar(read_u32(input)?),
        11 => TypeKind::TinyText,
        12 => TypeKind::Text,
        13 => TypeKind::MediumText,
        14 => TypeKind::LongText,
        15 => TypeKind::Binary(read_u32(input)?),
        16 => TypeKind::VarBinary(read_u32(input)?),
        17 => TypeKind::TinyBlob,
        18 => TypeKind::Blob,
        19 => TypeKind::MediumBlob,
        20 => TypeKind::LongBlob,
        21 => TypeKind::Date,
        22 => TypeKind::Time(read_u8(input, 6)?),
        23 => TypeKind::DateTime(read_u8(input, 6)?),
        24 => TypeKind::Timestamp(read_u8(input, 6)?),
        25 => TypeKind::Year,
        40 => match read_u8(input, 64)? {
            0 => return Err(damaged("a BIT has no bits")),
            bits => TypeKind::Bit(bits),
        },
        41 => TypeKind::Enum(members.insert(read_members(input, ENUM_MEMBERS_MAX)?).id()),
        42 => TypeKind::Set(members.insert(read_members(input, SET_MEMBERS_MAX)?).id()),
        43 => TypeKind::Json,
        _ => return Err(damaged("a column has an unknown type")),
    };
    let flags = input.byte()?;
    let collation = read_collation(input)?;
    let display_width = input.byte()?;
    let attributes = if flags & HAS_ATTRIBUTES != 0 { input.byte()? } else { 0 };
    let attributes = Attributes::from_byte(attributes)
        .ok_or_else(|| damaged("a column has attributes that are unknown to this program"))?;
    Ok((DataType { kind, unsigned: flags & 1 != 0, collation, display_width, attributes }, members))
}

pub(crate) fn write_value(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.push(0),
        Value::Int(number) => {
            out.push(1);
            write_varint(((number << 1) ^ (number >> 63)) as u64, out);
        }
        Value::UInt(number) => {
            out.push(2);
            write_varint(*number, out);
        }
        Value::Double(number) => {
            out.push(3);
            out.extend_from_slice(&number.to_be_bytes());
        }
        Value::Decimal(number) => {
            out.push(4);
            out.push(number.scale());
            write_bytes(&number.unscaled_bytes(), out);
        }
        Value::Text(text) => {
            out.push(5);
            write_bytes(text, out);
        }
        Value::Blob(bytes) => {
            out.push(6);
            write_bytes(bytes, out);
        }
        Value::Date(date) => {
            out.push(7);
            write_varint(u64::from(date.packed()), out);
        }
        Value::Time(time) => {
            out.push(8);
            out.extend_from_slice(&time.microseconds().to_be_bytes());
        }
        Value::DateTime(time) => {
            out.push(9);
            write_varint(time.packed(), out);
        }
        Value::Json(document) => {
            out.push(20);
            write_bytes(document, out);
        }
    }
}

pub(crate) fn read_value(input: &mut Input<'_>) -> Result<Value> {
    let bad = || damaged("a column has a bad default");
    Ok(match input.byte()? {
        0 => Value::Null,
        1 => {
            let number = input.varint()?;
            Value::Int((number >> 1) as i64 ^ -((number & 1) as i64))
        }
        2 => Value::UInt(input.varint()?),
        3 => Value::Double(f64::from_bits(input.big_endian(8)?)),
        4 => {
            let scale = input.byte()?;
            Value::Decimal(Decimal::from_unscaled_bytes(read_bytes(input)?, scale).ok_or_else(bad)?)
        }
        5 => Value::Text(Bytes::from(read_string(input)?)),
        6 => Value::Blob(Bytes::copy_from_slice(read_bytes(input)?)),
        7 => Value::Date(Date::from_packed(read_u32(input)?).ok_or_else(bad)?),
        8 => Value::Time(Time::from_microseconds(input.big_endian(8)? as i64).ok_or_else(bad)?),
        9 => Value::DateTime(DateTime::from_packed(input.varint()?).ok_or_else(bad)?),
        20 => {
            let document = read_bytes(input)?;
            crate::json::view::check(document)?;
            Value::Json(Bytes::copy_from_slice(document))
        }
        _ => return Err(bad()),
    })
}

fn write_collation(collation: Collation, out: &mut Vec<u8>) {
    write_varint(collation.id().into(), out);
}

fn read_collation(input: &mut Input<'_>) -> Result<Collation> {
    let id = input.varint()?;
    let known = u16::try_from(id).ok().and_then(Collation::from_id);
    known.ok_or_else(|| damaged(&format!("collation {id} is unknown to this program")))
}

pub(crate) fn read_version(input: &mut Input<'_>) -> Result<()> {
    match input.byte()? {
        DEFINITION_VERSION => Ok(()),
        version => Err(damaged(&format!(
            "a definition has version {version}, this program reads {DEFINITION_VERSION}"
        ))),
    }
}

pub(crate) fn read_end(input: &Input<'_>) -> Result<()> {
    if input.bytes.is_empty() { Ok(()) } else { Err(damaged("a definition has bytes after its end")) }
}

pub(crate) fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    write_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

pub(crate) fn read_bytes<'a>(input: &mut Input<'a>) -> Result<&'a [u8]> {
    let length = usize::try_from(input.varint()?).unwrap_or(usize::MAX);
    input.take(length)
}

pub(crate) fn write_string(text: &str, out: &mut Vec<u8>) {
    write_bytes(text.as_bytes(), out);
}

pub(crate) fn read_string(input: &mut Input<'_>) -> Result<String> {
    match std::str::from_utf8(read_bytes(input)?) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => Err(damaged("a name is not UTF-8")),
    }
}

pub(crate) fn read_u32(input: &mut Input<'_>) -> Result<u32> {
    u32::try_from(input.varint()?).map_err(|_| damaged("a number is too large"))
}

fn read_u8(input: &mut Input<'_>, max: u8) -> Result<u8> {
    match u8::try_from(input.varint()?) {
        Ok(number) if number <= max => Ok(number),
        _ => Err(damaged("a number is too large")),
    }
}

pub(crate) fn read_list<T>(
    input: &mut Input<'_>,
    mut item: impl FnMut(&mut Input<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let count = input.varint()?;
    // Every item takes at least a byte: a damaged count ends in an error, not in a huge allocation.
    if count > input.bytes.len() as u64 {
        return Err(damaged("a list is longer than its bytes"));
    }
    (0..count).map(|_| item(input)).collect()
}
