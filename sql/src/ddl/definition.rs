//! CREATE TABLE as written → [`Table`]: MySQL's checks, in about MySQL's order, and what it fills in.
//!
//! Filled in: NOT NULL of primary key and AUTO_INCREMENT columns, collations, names of keys, the hidden primary index of a
//! table without PRIMARY KEY. Defaults are converted to their columns' types here, once (a TIMESTAMP's to UTC).
//!
//! Foreign keys are for [`foreign_key`](super::foreign_key), when the table is made. Expressions are for [`crate::constraint`].

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::ast::{ColumnDefinition, CreateTable, Expr, KeyDefinition, KeyKind, UnaryOp};
use crate::catalog::{Column, ColumnDefault, Index, IndexId, Layout, RowFormat, Table, TableId, same_name};
use crate::execute::Context;
use crate::limits::{
    COLUMN_COMMENT_CHARACTERS_MAX, NAME_CHARACTERS_MAX, ROW_BYTES_MAX, TABLE_COLUMNS_MAX,
    TABLE_COMMENT_CHARACTERS_MAX,
};
use crate::session::{SessionState, WarningLevel};
use crate::types::{Collation, DataType, DateTime, Decimal, MemberSet, TimeZone, TypeKind, Value, convert};
use crate::{Error, Result};

/// The table that a CREATE TABLE describes; ids are 0 still.
///
/// # Errors
/// 1059, 1060, 1061, 1063, 1067 to 1075, 1089, 1101, 1103, 1113, 1117, 1118, 1166, 1170, 1171, 1280, 1294, 1425 to 1427,
/// 1628, 1629.
pub fn build(
    create: &CreateTable,
    database: &str,
    database_collation: Collation,
    ctx: &mut Context<'_>,
) -> Result<Table> {
    check_table_name(&create.name.table)?;
    if create.columns.is_empty() {
        return Err(mysql(1113, b"42000", "A table must have at least 1 column".to_owned()));
    }
    if create.columns.len() > TABLE_COLUMNS_MAX {
        return Err(Error::too_many_columns());
    }
    check_table_comment(&create.comment, &create.name.table)?;
    for definition in &create.columns {
        for (code, message) in definition.warnings.iter().map(|warning| warning.message()) {
            ctx.session.warn(WarningLevel::Warning, code, message);
        }
    }
    let collation = create.collation.unwrap_or(database_collation);
    let mut columns: Vec<Column> = Vec::with_capacity(create.columns.len());
    for definition in &create.columns {
        if columns.iter().any(|other| same_name(&other.name, &definition.name)) {
            return Err(Error::duplicate_column(&definition.name));
        }
        columns.push(build_column(definition, collation, ctx)?);
    }
    if columns.iter().all(|column| column.invisible) {
        let message = "A table must have at least one visible column.".to_owned();
        return Err(mysql(4028, b"HY000", message));
    }
    check_row_bytes(&columns)?;
    build_expressions(&create.columns, 0, &mut columns)?;
    require_primary_not_null(create, &mut columns)?;
    let indexes = build_indexes(&create.keys, &mut columns)?;
    let hidden_row_id = indexes.first().is_none_or(|index| index.name != super::key::PRIMARY);
    let auto_increment_column = check_auto_increment(&columns, &indexes)?;
    let mut table = Table {
        id: TableId(0),
        database: database.to_owned(),
        name: create.name.table.clone(),
        columns,
        indexes,
        hidden_row_id,
        collation,
        comment: super::comment::kept(&create.comment, ctx),
        options: create.options.clone(),
        auto_increment_column,
        auto_increment: Arc::new(AtomicU64::new(1)),
        row_id: Arc::new(AtomicU64::new(1)),
        row_estimate: Arc::new(AtomicU64::new(0)),
        statistics: crate::catalog::StatisticsCell::default(),
        checks: Vec::new(),
        foreign_keys: Vec::new(),
        rules: crate::constraint::RulesCell::default(),
        created_us: 0,
        partitioned: None,
        triggers: Vec::new(),
        layout: Layout::default(),
        job: None,
    };
    if hidden_row_id {
        let hidden = Index {
            id: IndexId(0),
            name: String::new(),
            unique: true,
            columns: Vec::new(),
            invisible: false,
            generated: false,
            options: crate::ast::KeyOptions::default(),
        };
        table.indexes.insert(0, hidden);
    }
    check_options(ctx, &mut table, true)?;
    crate::constraint::definition::add_checks(&create.checks, &mut table)?;
    super::key::check_count(&table)?;
    super::key::sort(&mut table);
    Ok(table)
}

/// That InnoDB would take the table's options; numbers of rows that are too large are bounded, with a warning.
///
/// # Errors
/// 1031 of a new table, 1478 of one that is altered, with a warning that says why.
pub(super) fn check_options(ctx: &mut Context<'_>, table: &mut Table, is_new: bool) -> Result<()> {
    const ROWS_MAX: u64 = u32::MAX as u64;
    let options = &mut table.options;
    for (name, rows) in [("max_rows", &mut options.max_rows), ("min_rows", &mut options.min_rows)] {
        if *rows > ROWS_MAX {
            let message =
                format!("{name}={rows} is outside the valid range [0,{ROWS_MAX}]. {ROWS_MAX} will be used.");
            ctx.session.warn(WarningLevel::Warning, 4074, message);
            *rows = ROWS_MAX;
        }
    }
    let Some(why) = options.refusal() else { return Ok(()) };
    let is_about_format = options.row_format == Some(RowFormat::Fixed);
    ctx.session.warn(WarningLevel::Warning, 1478, why);
    if is_new {
        let message = format!("Table storage engine for '{}' doesn't have this option", table.name);
        return Err(mysql(1031, b"HY000", message));
    }
    let option = if is_about_format { "ROW_TYPE" } else { "KEY_BLOCK_SIZE" };
    let message = format!("Table storage engine 'InnoDB' does not support the create option '{option}'");
    Err(mysql(1478, b"HY000", message))
}

fn mysql(code: u16, state: &[u8; 5], message: String) -> Error {
    Error { code, state: *state, message }
}

/// Checks a table's name.
///
/// # Errors
/// 1059, 1103.
pub fn check_table_name(name: &str) -> Result<()> {
    check_identifier_length(name)?;
    if is_bad_name(name) {
        return Err(mysql(1103, b"42000", format!("Incorrect table name '{name}'")));
    }
    Ok(())
}

/// Checks a database's name.
///
/// # Errors
/// 1059, 1102.
pub fn check_database_name(name: &str) -> Result<()> {
    check_identifier_length(name)?;
    if is_bad_name(name) {
        return Err(mysql(1102, b"42000", format!("Incorrect database name '{name}'")));
    }
    Ok(())
}

/// Bounds a name's length.
///
/// # Errors
/// 1059.
pub fn check_identifier_length(name: &str) -> Result<()> {
    if name.chars().count() > NAME_CHARACTERS_MAX {
        return Err(mysql(1059, b"42000", format!("Identifier name '{name}' is too long")));
    }
    Ok(())
}

/// Checks a column's name.
///
/// # Errors
/// 1059, 1166.
pub(super) fn check_column_name(name: &str) -> Result<()> {
    check_identifier_length(name)?;
    if is_bad_name(name) {
        return Err(mysql(1166, b"42000", format!("Incorrect column name '{name}'")));
    }
    Ok(())
}

/// Bounds a table's comment.
///
/// # Errors
/// 1628.
pub(super) fn check_table_comment(comment: &str, name: &str) -> Result<()> {
    if comment.chars().count() > TABLE_COMMENT_CHARACTERS_MAX {
        let message =
            format!("Comment for table '{name}' is too long (max = {TABLE_COMMENT_CHARACTERS_MAX})");
        return Err(mysql(1628, b"HY000", message));
    }
    Ok(())
}

fn is_bad_name(name: &str) -> bool {
    name.is_empty() || name.ends_with(' ') || name.contains('\0')
}

/// The type of a program's variable, whose name no error of its type tells.
///
/// # Errors
/// Those of columns' types.
pub fn build_variable(
    definition: &ColumnDefinition,
    collation: Collation,
    session: &mut SessionState,
) -> Result<Column> {
    let (name, mut data_type) = ("", definition.data_type);
    if data_type.is_text() && !definition.collation_given {
        let is_binary = data_type.collation == Collation::Utf8mb4Bin;
        let collation = if is_binary { collation.set().binary_collation() } else { collation };
        crate::parse::set_collation(&mut data_type, collation);
    }
    long_as_text(name, &mut data_type, session);
    check_type(name, &data_type)?;
    let members = super::member::build(definition, &mut data_type, session)?;
    Ok(Column {
        name: definition.name.clone(),
        data_type,
        members,
        nullable: true,
        default: ColumnDefault::None,
        on_update_now: false,
        auto_increment: false,
        comment: String::new(),
        generated: None,
        invisible: false,
        hidden: false,
    })
}

pub(super) fn build_column(
    definition: &ColumnDefinition,
    collation: Collation,
    ctx: &mut Context<'_>,
) -> Result<Column> {
    let name = &definition.name;
    check_column_name(name)?;
    if definition.comment.chars().count() > COLUMN_COMMENT_CHARACTERS_MAX {
        let message =
            format!("Comment for field '{name}' is too long (max = {COLUMN_COMMENT_CHARACTERS_MAX})");
        return Err(mysql(1629, b"HY000", message));
    }
    let mut data_type = definition.data_type;
    if data_type.is_text() && !definition.collation_given {
        // The attribute BINARY has left that of utf8mb4.
        let is_binary = data_type.collation == Collation::Utf8mb4Bin;
        let collation = if is_binary { collation.set().binary_collation() } else { collation };
        crate::parse::set_collation(&mut data_type, collation);
    }
    long_as_text(name, &mut data_type, ctx.session);
    check_type(name, &data_type)?;
    let members = super::member::build(definition, &mut data_type, ctx.session)?;
    let counts = data_type.is_integer() && !matches!(data_type.kind, TypeKind::Year | TypeKind::Bit(_));
    if definition.auto_increment && !counts {
        return Err(mysql(1063, b"42000", format!("Incorrect column specifier for column '{name}'")));
    }
    if definition.on_update_now && !is_datetime(&data_type) {
        return Err(mysql(1294, b"HY000", format!("Invalid ON UPDATE clause for '{name}' column")));
    }
    let nullable = definition.nullable.unwrap_or(true) && !definition.auto_increment;
    let default = match &definition.default {
        None => ColumnDefault::None,
        // Made of when all columns are known.
        Some(_) if definition.default_is_expression => ColumnDefault::Expression("".into()),
        Some(_) if definition.auto_increment => return Err(Error::invalid_default(name)),
        Some(default) => build_default(name, default, &data_type, nullable, ctx)?,
    };
    Ok(Column {
        name: name.clone(),
        data_type,
        members,
        nullable,
        default,
        on_update_now: definition.on_update_now,
        auto_increment: definition.auto_increment,
        comment: super::comment::kept(&definition.comment, ctx),
        // Likewise.
        generated: definition
            .generated
            .as_ref()
            .map(|generated| crate::catalog::Generated { expression: "".into(), stored: generated.stored }),
        invisible: definition.invisible,
        hidden: false,
    })
}

/// Checks and prints the expressions of columns, which may name any of the table: `definitions` are those of `columns` from `first` on.
///
/// # Errors
/// Those of [`crate::constraint::definition`].
pub fn build_expressions(
    definitions: &[ColumnDefinition],
    first: usize,
    columns: &mut [Column],
) -> Result<()> {
    for (position, definition) in (first..).zip(definitions) {
        if let Some(generated) = &definition.generated {
            let built = crate::constraint::definition::generated(
                &generated.expression,
                generated.stored,
                position,
                columns,
            )?;
            columns[position].generated = Some(built);
        }
        if let (true, Some(default)) = (definition.default_is_expression, &definition.default) {
            columns[position].default = crate::constraint::definition::default(default, position, columns)?;
        }
    }
    Ok(())
}

fn is_datetime(data_type: &DataType) -> bool {
    matches!(data_type.kind, TypeKind::DateTime(_) | TypeKind::Timestamp(_))
}

/// A VARCHAR or VARBINARY that is too long becomes a TEXT or BLOB, with a note. In a strict mode it is refused by [`check_type`].
fn long_as_text(name: &str, data_type: &mut DataType, session: &mut SessionState) {
    if session.variables.sql_mode.is_strict() {
        return;
    }
    let bytes_max = data_type.collation.set().bytes_max();
    let (kind, from, to) = match data_type.kind {
        TypeKind::VarChar(length) => match u64::from(length) * u64::from(bytes_max) {
            0..=65_535 => return,
            65_536..=16_777_215 => (TypeKind::MediumText, "VARCHAR", "TEXT"),
            _ => (TypeKind::LongText, "VARCHAR", "TEXT"),
        },
        TypeKind::VarBinary(65_536..=16_777_215) => (TypeKind::MediumBlob, "VARBINARY", "BLOB"),
        TypeKind::VarBinary(16_777_216..) => (TypeKind::LongBlob, "VARBINARY", "BLOB"),
        _ => return,
    };
    data_type.kind = kind;
    let message = format!("Converting column '{name}' from {from} to {to}");
    session.warn(WarningLevel::Note, 1246, message);
}

/// Lengths and precisions.
fn check_type(name: &str, data_type: &DataType) -> Result<()> {
    let too_long = |length: u32, max: u32| {
        if length > max { Err(Error::column_too_big(name, max)) } else { Ok(()) }
    };
    let fraction = |digits: u8| {
        if digits > 6 {
            let message = format!("Too-big precision {digits} specified for '{name}'. Maximum is 6.");
            return Err(mysql(1426, b"42000", message));
        }
        Ok(())
    };
    match data_type.kind {
        TypeKind::Char(length) | TypeKind::Binary(length) => too_long(length, 255),
        TypeKind::VarChar(length) => too_long(length, 65_535 / data_type.collation.set().bytes_max()),
        TypeKind::VarBinary(length) => too_long(length, 65_535),
        TypeKind::Decimal { precision, scale } => {
            if scale > 30 {
                let message = format!("Too big scale {scale} specified for column '{name}'. Maximum is 30.");
                return Err(mysql(1425, b"42000", message));
            }
            if precision > 65 {
                let message = format!("Too-big precision {precision} specified for '{name}'. Maximum is 65.");
                return Err(mysql(1426, b"42000", message));
            }
            if scale > precision || precision == 0 {
                let message =
                    format!("For float(M,D), double(M,D) or decimal(M,D), M must be >= D (column '{name}').");
                return Err(mysql(1427, b"42000", message));
            }
            Ok(())
        }
        TypeKind::Time(digits) | TypeKind::DateTime(digits) | TypeKind::Timestamp(digits) => fraction(digits),
        TypeKind::Null => Err(Error::internal("a column of type NULL")),
        TypeKind::TinyInt
        | TypeKind::SmallInt
        | TypeKind::MediumInt
        | TypeKind::Int
        | TypeKind::BigInt
        | TypeKind::Float
        | TypeKind::Double
        | TypeKind::TinyText
        | TypeKind::Text
        | TypeKind::MediumText
        | TypeKind::LongText
        | TypeKind::TinyBlob
        | TypeKind::Blob
        | TypeKind::MediumBlob
        | TypeKind::LongBlob
        | TypeKind::Date
        | TypeKind::Bit(_)
        | TypeKind::Enum(_)
        | TypeKind::Set(_)
        | TypeKind::Year
        | TypeKind::Json => Ok(()),
    }
}

pub(super) fn build_default(
    name: &str,
    default: &Expr,
    data_type: &DataType,
    nullable: bool,
    ctx: &mut Context<'_>,
) -> Result<ColumnDefault> {
    if let Expr::Function { name: function, arguments } = default {
        let digits = match arguments.as_slice() {
            [] => Some(0),
            [Expr::Literal(Value::Int(digits))] => u8::try_from(*digits).ok(),
            [Expr::Literal(Value::UInt(digits))] => u8::try_from(*digits).ok(),
            _ => None,
        };
        if function == "NOW" && is_datetime(data_type) && digits == Some(data_type.fsp()) {
            return Ok(ColumnDefault::Now);
        }
        return Err(Error::invalid_default(name));
    }
    let Some(value) = constant(default) else {
        return Err(Error::not_supported(format_args!("an expression as the default of column '{name}'")));
    };
    if value == Value::Null {
        return if nullable {
            Ok(ColumnDefault::Constant(Value::Null))
        } else {
            Err(Error::invalid_default(name))
        };
    }
    let has_no_default = data_type.kind != TypeKind::Null
        && matches!(
            data_type.kind,
            TypeKind::TinyText
                | TypeKind::Text
                | TypeKind::MediumText
                | TypeKind::LongText
                | TypeKind::TinyBlob
                | TypeKind::Blob
                | TypeKind::MediumBlob
                | TypeKind::LongBlob
                | TypeKind::Json
        );
    if has_no_default {
        let message = format!("BLOB, TEXT, GEOMETRY or JSON column '{name}' can't have a default value");
        return Err(mysql(1101, b"42000", message));
    }
    let strict = std::mem::replace(&mut ctx.strict, true);
    let stored = convert::store(value, data_type, name, 1, ctx);
    ctx.strict = strict;
    let stored = stored.map_err(|_| Error::invalid_default(name))?;
    if data_type.has_members() && !matches!(constant(default), Some(Value::Text(_) | Value::Blob(_))) {
        // The default of an ENUM or SET is written as text, not as a number.
        return Err(Error::invalid_default(name));
    }
    Ok(ColumnDefault::Constant(in_utc(stored, data_type, ctx)))
}

/// A TIMESTAMP default is kept in UTC.
fn in_utc(value: Value, data_type: &DataType, ctx: &Context<'_>) -> Value {
    let offset = ctx.session.variables.time_zone;
    match (data_type.kind, &value) {
        (TypeKind::Timestamp(_), Value::DateTime(time))
            if offset != TimeZone::UTC && *time != DateTime::ZERO =>
        {
            DateTime::from_epoch(time.to_epoch(offset), 0).map_or(value, Value::DateTime)
        }
        _ => value,
    }
}

/// The value of a literal, maybe with a sign.
fn constant(expr: &Expr) -> Option<Value> {
    match expr {
        Expr::Literal(value) | Expr::Introduced(value, _) => Some(value.clone()),
        Expr::Truth(value) => Some(Value::Int(i64::from(*value))),
        Expr::HexLiteral(bytes) => Some(Value::Blob(bytes.clone())),
        Expr::Unary(UnaryOp::Plus, operand) => constant(operand),
        Expr::Unary(UnaryOp::Minus, operand) => match constant(operand)? {
            Value::Int(number) => number.checked_neg().map(Value::Int),
            // The smallest BIGINT is written as a minus before a number that only fits unsigned.
            Value::UInt(number) => Some(
                0i64.checked_sub_unsigned(number)
                    .map_or_else(|| Value::Decimal(Decimal::from(number).negate()), Value::Int),
            ),
            Value::Double(number) => Some(Value::Double(-number)),
            Value::Decimal(number) => Some(Value::Decimal(number.negate())),
            _ => None,
        },
        _ => None,
    }
}

/// Bytes of a type that has a fixed size.
pub(super) fn fixed_bytes(data_type: &DataType) -> u64 {
    match data_type.kind {
        TypeKind::TinyInt | TypeKind::Year => 1,
        TypeKind::Bit(bits) => u64::from(bits.div_ceil(8)),
        TypeKind::Enum(_) | TypeKind::Set(_) => MemberSet::of_kind(data_type.kind)
            .map_or(1, |members| members.number_bytes(data_type.kind) as u64),
        TypeKind::SmallInt => 2,
        TypeKind::MediumInt | TypeKind::Date => 3,
        TypeKind::Int | TypeKind::Float => 4,
        TypeKind::BigInt | TypeKind::Double => 8,
        TypeKind::Decimal { precision, scale } => {
            let digits = |count: u8| {
                let rest = [0, 1, 1, 2, 2, 3, 3, 4, 4][usize::from(count % 9)];
                u64::from(count / 9) * 4 + rest
            };
            digits(precision.saturating_sub(scale)) + digits(scale)
        }
        TypeKind::Time(fraction) => 3 + u64::from(fraction.div_ceil(2)),
        TypeKind::Timestamp(fraction) => 4 + u64::from(fraction.div_ceil(2)),
        TypeKind::DateTime(fraction) => 5 + u64::from(fraction.div_ceil(2)),
        _ => 0,
    }
}

/// The row's size as MySQL counts it: strings at their longest, BLOBs and TEXTs by their length and pointer.
pub(super) fn check_row_bytes(columns: &[Column]) -> Result<()> {
    let length_bytes = |bytes: u64| if bytes > 255 { bytes + 2 } else { bytes + 1 };
    let mut bytes = columns.iter().filter(|column| column.nullable).count().div_ceil(8) as u64;
    for column in columns {
        let character_bytes = u64::from(column.data_type.collation.set().bytes_max());
        bytes += match column.data_type.kind {
            TypeKind::Char(length) => u64::from(length) * character_bytes,
            TypeKind::VarChar(length) => length_bytes(u64::from(length) * character_bytes),
            TypeKind::Binary(length) => u64::from(length),
            TypeKind::VarBinary(length) => length_bytes(u64::from(length)),
            TypeKind::TinyText | TypeKind::TinyBlob => 9,
            TypeKind::Text | TypeKind::Blob => 10,
            TypeKind::MediumText | TypeKind::MediumBlob => 11,
            TypeKind::LongText | TypeKind::LongBlob | TypeKind::Json => 12,
            _ => fixed_bytes(&column.data_type),
        };
    }
    if bytes > ROW_BYTES_MAX {
        let message = format!(
            "Row size too large. The maximum row size for the used table type, not counting BLOBs, is \
             {ROW_BYTES_MAX}. This includes storage overhead, check the manual. You have to change some columns \
             to TEXT or BLOBs"
        );
        return Err(mysql(1118, b"42000", message));
    }
    Ok(())
}

/// The primary key's columns are NOT NULL, written or not.
fn require_primary_not_null(create: &CreateTable, columns: &mut [Column]) -> Result<()> {
    let mut primary = create.keys.iter().filter(|key| key.kind == KeyKind::Primary);
    let Some(key) = primary.next() else { return Ok(()) };
    if primary.next().is_some() {
        return Err(Error::multiple_primary_key());
    }
    for part in &key.columns {
        // A missing column is reported when the key is built.
        let Some(position) = columns.iter().position(|column| same_name(&column.name, &part.column)) else {
            continue;
        };
        let column = &mut columns[position];
        if column.generated.as_ref().is_some_and(|generated| !generated.stored) {
            let message = "'Defining a virtual generated column as primary key' is not supported for generated \
                           columns.";
            return Err(mysql(3106, b"HY000", message.to_owned()));
        }
        let says_null = create.columns[position].nullable == Some(true)
            || column.default == ColumnDefault::Constant(Value::Null);
        if says_null {
            let message =
                "All parts of a PRIMARY KEY must be NOT NULL; if you need NULL in a key, use UNIQUE instead";
            return Err(mysql(1171, b"42000", message.to_owned()));
        }
        column.nullable = false;
    }
    Ok(())
}

/// The indexes as written, the primary first.
fn build_indexes(keys: &[KeyDefinition], columns: &mut Vec<Column>) -> Result<Vec<Index>> {
    let mut indexes: Vec<Index> = Vec::with_capacity(keys.len());
    let mut names: Vec<String> = Vec::with_capacity(keys.len());
    let all: Vec<&KeyDefinition> = keys.iter().collect();
    let kept = super::foreign_key::kept_keys(&all);
    let keys: Vec<&KeyDefinition> =
        all.into_iter().zip(kept).filter_map(|(key, kept)| kept.then_some(key)).collect();
    let declared: Vec<String> = keys.iter().filter_map(|key| key.name.clone()).collect();
    for key in keys {
        let taken: Vec<String> = declared.iter().chain(&names).cloned().collect();
        let plain = crate::constraint::key::hide_expressions(key, columns, &taken)?;
        let index = super::key::build(plain.as_ref().unwrap_or(key), columns, &names)?;
        names.push(index.name.clone());
        if key.kind == KeyKind::Primary {
            indexes.insert(0, index);
        } else {
            indexes.push(index);
        }
    }
    Ok(indexes)
}

/// At most one AUTO_INCREMENT column, and it begins a key.
pub(super) fn check_auto_increment(columns: &[Column], indexes: &[Index]) -> Result<Option<usize>> {
    let mut found = columns.iter().enumerate().filter(|(_, column)| column.auto_increment);
    let Some((position, _)) = found.next() else { return Ok(None) };
    let begins_a_key =
        indexes.iter().any(|index| index.columns.first().is_some_and(|part| part.column == position));
    if found.next().is_some() || !begins_a_key {
        return Err(Error::wrong_auto_key());
    }
    Ok(Some(position))
}
