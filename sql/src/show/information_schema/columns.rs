//! COLUMNS.

use std::sync::Arc;

use crate::bind::virtual_table::VirtualTable;
use crate::catalog::Table;
use crate::execute::{Context, Run};
use crate::show::definition;
use crate::show::information_schema::CATALOG;
use crate::show::information_schema::described::{self, Described};
use crate::show::spec::{ColumnSpec, Row, exact, exact_long, fixed, integer, string, text, unsigned, yes_or};
use crate::show::system_table;
use crate::types::{DataType, TypeKind, Value};

pub(super) const COLUMNS: &[ColumnSpec] = &[
    exact("TABLE_CATALOG", 64),
    exact("TABLE_SCHEMA", 64),
    exact("TABLE_NAME", 64),
    text("COLUMN_NAME", 64).or_null(),
    unsigned("ORDINAL_POSITION", TypeKind::Int),
    exact_long("COLUMN_DEFAULT", TypeKind::Text).or_null(),
    text("IS_NULLABLE", 3),
    exact_long("DATA_TYPE", TypeKind::LongText).or_null(),
    integer("CHARACTER_MAXIMUM_LENGTH", TypeKind::BigInt).or_null(),
    integer("CHARACTER_OCTET_LENGTH", TypeKind::BigInt).or_null(),
    unsigned("NUMERIC_PRECISION", TypeKind::Int).or_null(),
    unsigned("NUMERIC_SCALE", TypeKind::Int).or_null(),
    unsigned("DATETIME_PRECISION", TypeKind::Int).or_null(),
    text("CHARACTER_SET_NAME", 64).or_null(),
    text("COLLATION_NAME", 64).or_null(),
    exact_long("COLUMN_TYPE", TypeKind::MediumText),
    exact("COLUMN_KEY", 3),
    text("EXTRA", 256).or_null(),
    text("PRIVILEGES", 154).or_null(),
    exact("COLUMN_COMMENT", 2048),
    exact_long("GENERATION_EXPRESSION", TypeKind::LongText),
    unsigned("SRS_ID", TypeKind::Int).or_null(),
];

/// The columns that the account sees, by database, table and position.
pub(super) fn rows(ctx: &mut Context) -> Run<Vec<Row>> {
    let catalog = Arc::clone(ctx.catalog);
    let mut rows = Vec::new();
    for table in catalog.tables() {
        ctx.check()?;
        rows.extend(of_table(table, ctx));
    }
    for view in catalog.databases.values().flat_map(|database| database.views.values()) {
        rows.extend(of_table(&view.table, ctx));
    }
    let authorization = &ctx.session.authorization;
    let system = system_table::all().iter();
    let system = system.filter(|table| authorization.sees_table(&table.database, &table.name));
    let system = system.filter(|table| catalog.is_system_table(&table.database, &table.name));
    rows.extend(system.flat_map(|table| of_system_table(table)));
    Ok(rows)
}

/// What is said of a column besides its type.
struct Facts<'a> {
    database: &'a str,
    table: &'a str,
    name: &'a str,
    position: usize,
    data_type: &'a DataType,
    nullable: bool,
    default: Value,
    key: &'static str,
    extra: String,
    privileges: String,
    comment: &'a str,
    generation: String,
    described: Option<Described>,
}

/// The columns of a stored table that the account sees.
pub(in crate::show) fn of_table(table: &Table, ctx: &Context) -> Vec<Row> {
    let authorization = &ctx.session.authorization;
    let sees = |name: &str| authorization.sees_column(&table.database, &table.name, name);
    let seen = table.named_columns().filter(|(_, column)| sees(&column.name));
    let facts = seen.map(|(position, column)| Facts {
        database: &table.database,
        table: &table.name,
        name: &column.name,
        position,
        data_type: &column.data_type,
        nullable: column.nullable,
        default: definition::default_text(column, ctx).map_or(Value::Null, |text| Value::Text(text.into())),
        key: definition::key_word(table, position),
        extra: definition::extra(column),
        privileges: authorization.column_privileges(&table.database, &table.name, &column.name),
        comment: &column.comment,
        generation: column
            .generated
            .as_ref()
            .map_or_else(String::new, |generated| definition::escaped(&generated.expression)),
        described: None,
    });
    facts.map(row).collect()
}

/// The columns of a system table.
pub(in crate::show) fn of_system_table(table: &VirtualTable) -> Vec<Row> {
    let facts = table.columns.iter().enumerate().map(|(position, column)| Facts {
        database: &table.database,
        table: &table.name,
        name: &column.name,
        position,
        data_type: &column.data_type,
        nullable: column.nullable,
        default: Value::Null,
        key: "",
        extra: String::new(),
        privileges: "select".to_owned(),
        comment: "",
        generation: String::new(),
        described: described::find(&table.name, &column.name)
            .filter(|_| table.database == system_table::INFORMATION_SCHEMA),
    });
    facts.map(row).collect()
}

fn row(facts: Facts<'_>) -> Row {
    let data_type = facts.data_type;
    let mut length = character_length(data_type);
    let (mut precision, mut scale) = numeric(data_type);
    let mut type_name = definition::type_name(data_type);
    let mut column_type = definition::type_text(data_type);
    if let Some(described) = &facts.described {
        length = described.characters.map(|characters| (characters, length.map_or(0, |(_, bytes)| bytes)));
        (precision, scale) = (described.precision, described.scale);
        type_name = described.data_type();
        column_type = described.column_type.to_owned();
    }
    let (character_set, collation) = if data_type.is_text() {
        (fixed(data_type.collation.character_set()), fixed(data_type.collation.name()))
    } else {
        (Value::Null, Value::Null)
    };
    vec![
        fixed(CATALOG),
        string(facts.database),
        string(facts.table),
        string(facts.name),
        Value::UInt(facts.position as u64 + 1),
        facts.default,
        yes_or("NO", facts.nullable),
        fixed(type_name),
        length.map_or(Value::Null, |(characters, _)| integer_value(characters)),
        length.map_or(Value::Null, |(_, bytes)| integer_value(bytes)),
        precision.map_or(Value::Null, Value::UInt),
        scale.map_or(Value::Null, Value::UInt),
        match data_type.kind {
            TypeKind::Time(fsp) | TypeKind::DateTime(fsp) | TypeKind::Timestamp(fsp) => {
                Value::UInt(fsp.into())
            }
            _ => Value::Null,
        },
        character_set,
        collation,
        string(&column_type),
        fixed(facts.key),
        string(&facts.extra),
        string(&facts.privileges),
        string(facts.comment),
        string(&facts.generation),
        Value::Null,
    ]
}

/// DATA_TYPE to COLLATION_NAME and the type as it is written: what ROUTINES and PARAMETERS say of a type.
pub(in crate::show) fn type_values(data_type: &DataType) -> [Value; 9] {
    let length = character_length(data_type);
    let (precision, scale) = numeric(data_type);
    let (character_set, collation) = match data_type.is_text() {
        true => (fixed(data_type.collation.character_set()), fixed(data_type.collation.name())),
        false => (Value::Null, Value::Null),
    };
    let fraction = match data_type.kind {
        TypeKind::Time(digits) | TypeKind::DateTime(digits) | TypeKind::Timestamp(digits) => {
            Value::UInt(digits.into())
        }
        _ => Value::Null,
    };
    [
        fixed(definition::type_name(data_type)),
        length.map_or(Value::Null, |(characters, _)| integer_value(characters)),
        length.map_or(Value::Null, |(_, bytes)| integer_value(bytes)),
        precision.map_or(Value::Null, Value::UInt),
        scale.map_or(Value::Null, integer_value),
        fraction,
        character_set,
        collation,
        string(&definition::type_text(data_type)),
    ]
}

fn integer_value(number: u64) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

/// CHARACTER_MAXIMUM_LENGTH and CHARACTER_OCTET_LENGTH. MySQL gives the bytes of the TEXT types as both.
fn character_length(data_type: &DataType) -> Option<(u64, u64)> {
    if let Some(bytes) = data_type.bytes_max().filter(|_| !data_type.is_json()) {
        return Some((bytes / u64::from(data_type.collation.set().bytes_min()), bytes));
    }
    match data_type.kind {
        TypeKind::Char(characters) | TypeKind::VarChar(characters) => {
            let bytes = u64::from(characters) * u64::from(data_type.collation.set().bytes_max());
            Some((characters.into(), bytes))
        }
        TypeKind::Enum(_) | TypeKind::Set(_) => {
            let characters = u64::from(data_type.characters());
            Some((characters, characters * 4))
        }
        TypeKind::Binary(bytes) | TypeKind::VarBinary(bytes) => Some((bytes.into(), bytes.into())),
        _ => None,
    }
}

/// NUMERIC_PRECISION and NUMERIC_SCALE.
fn numeric(data_type: &DataType) -> (Option<u64>, Option<u64>) {
    match data_type.kind {
        TypeKind::TinyInt => (Some(3), Some(0)),
        TypeKind::SmallInt => (Some(5), Some(0)),
        TypeKind::MediumInt => (Some(7), Some(0)),
        TypeKind::Int => (Some(10), Some(0)),
        TypeKind::BigInt => (Some(19 + u64::from(data_type.unsigned)), Some(0)),
        TypeKind::Bit(bits) => (Some(bits.into()), None),
        TypeKind::Float | TypeKind::Double if data_type.attributes.decimals().is_some() => {
            (Some(data_type.display_width.into()), data_type.attributes.decimals().map(u64::from))
        }
        TypeKind::Float => (Some(12), None),
        TypeKind::Double => (Some(22), None),
        TypeKind::Decimal { precision, scale } => (Some(precision.into()), Some(scale.into())),
        _ => (None, None),
    }
}
