//! `sys.schema_redundant_indexes` and `sys.schema_auto_increment_columns`: what is worth a look in the definitions of tables.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::catalog::{Index, Table};
use crate::execute::{Context, Run};
use crate::show::definition;
use crate::show::spec::{ColumnSpec, Row, exact, integer, long, of, string, text, unsigned};
use crate::types::{Decimal, TypeKind, Value};

/// `sys.schema_redundant_indexes`.
pub(super) const REDUNDANT_INDEXES: &[ColumnSpec] = &[
    exact("table_schema", 64),
    exact("table_name", 64),
    text("redundant_index_name", 64).or_null(),
    long("redundant_index_columns", TypeKind::Text).or_null(),
    integer("redundant_index_non_unique", TypeKind::Int).or_null(),
    text("dominant_index_name", 64).or_null(),
    long("dominant_index_columns", TypeKind::Text).or_null(),
    integer("dominant_index_non_unique", TypeKind::Int).or_null(),
    integer("subpart_exists", TypeKind::Int),
    text("sql_drop_index", 223).or_null(),
];

const RATIO: TypeKind = TypeKind::Decimal { precision: 25, scale: 4 };

/// `sys.schema_auto_increment_columns`.
pub(super) const AUTO_INCREMENT_COLUMNS: &[ColumnSpec] = &[
    exact("table_schema", 64),
    exact("table_name", 64),
    text("column_name", 64).or_null(),
    long("data_type", TypeKind::LongText).or_null(),
    long("column_type", TypeKind::MediumText),
    integer("is_signed", TypeKind::Int),
    integer("is_unsigned", TypeKind::Int),
    unsigned("max_value", TypeKind::BigInt).or_null(),
    unsigned("auto_increment", TypeKind::BigInt).or_null(),
    of("auto_increment_ratio", RATIO).or_null(),
];

/// An index as the names of its columns.
struct Key<'t> {
    index: &'t Index,
    columns: String,
    has_prefix: bool,
}

impl<'t> Key<'t> {
    fn of(table: &Table, index: &'t Index) -> Key<'t> {
        let columns: Vec<_> =
            index.columns.iter().filter_map(|part| table.columns.get(part.column)).collect();
        // One with an expression in it is compared with no other.
        let is_named = columns.iter().all(|column| !column.hidden);
        let names: Vec<&str> = match is_named {
            true => columns.iter().map(|column| column.name.as_str()).collect(),
            false => Vec::new(),
        };
        let has_prefix = index.columns.iter().any(|part| part.prefix.is_some());
        Key { index, columns: names.join(","), has_prefix }
    }

    /// Where it stands among indexes of the same columns.
    fn name(&self) -> &str {
        if self.index.name == "PRIMARY" { "" } else { &self.index.name }
    }

    /// Whether the other does all that this one does, or forbids more: by the columns' names, as MySQL's view has it.
    fn is_redundant_to(&self, other: &Key<'_>) -> bool {
        if self.columns.is_empty() || other.columns.is_empty() {
            return false;
        }
        if self.columns == other.columns {
            return match (self.index.unique, other.index.unique) {
                (true, false) => false,
                (false, true) => true,
                _ => self.name() > other.name(),
            };
        }
        let begins =
            |whole: &str, start: &str| whole.strip_prefix(start).is_some_and(|rest| rest.starts_with(','));
        (begins(&other.columns, &self.columns) && !self.index.unique)
            || (begins(&self.columns, &other.columns) && other.index.unique)
    }
}

/// Rows of `sys.schema_redundant_indexes`.
pub(super) fn redundant_indexes(ctx: &mut Context) -> Run<Vec<Row>> {
    let authorization = Arc::clone(&ctx.session.authorization);
    let mut rows = Vec::new();
    let tables = ctx.catalog.tables();
    for table in tables.filter(|table| authorization.sees_table(&table.database, &table.name)) {
        let keys: Vec<Key<'_>> =
            definition::keys(table).into_iter().map(|index| Key::of(table, index)).collect();
        for redundant in &keys {
            rows.extend(keys.iter().filter(|other| redundant.is_redundant_to(other)).map(|dominant| {
                let (database, name) = (&table.database, &table.name);
                let drop = format!("ALTER TABLE `{database}`.`{name}` DROP INDEX `{}`", redundant.index.name);
                vec![
                    string(database),
                    string(name),
                    string(&redundant.index.name),
                    string(&redundant.columns),
                    Value::Int(i64::from(!redundant.index.unique)),
                    string(&dominant.index.name),
                    string(&dominant.columns),
                    Value::Int(i64::from(!dominant.index.unique)),
                    Value::Int(i64::from(redundant.has_prefix || dominant.has_prefix)),
                    string(&drop),
                ]
            }));
        }
    }
    Ok(rows)
}

/// Rows of `sys.schema_auto_increment_columns`: those that are nearest to their end first.
pub(super) fn auto_increment_columns(ctx: &mut Context) -> Run<Vec<Row>> {
    let authorization = Arc::clone(&ctx.session.authorization);
    let mut rows = Vec::new();
    let tables = ctx.catalog.tables();
    for table in tables.filter(|table| authorization.sees_table(&table.database, &table.name)) {
        let Some(column) = table.auto_increment_column.and_then(|place| table.columns.get(place)) else {
            continue;
        };
        let Some(largest) = column.data_type.integer_range().and_then(|(_, max)| u64::try_from(max).ok())
        else {
            continue;
        };
        let next = table.auto_increment.load(Ordering::Relaxed);
        let scaled = u128::from(next) * 10_000;
        let ratio = (scaled + u128::from(largest) / 2) / u128::from(largest.max(1));
        let full = definition::type_text(&column.data_type);
        let base = full.split(['(', ' ']).next().unwrap_or_default().to_owned();
        let row = vec![
            string(&table.database),
            string(&table.name),
            string(&column.name),
            string(&base),
            string(&full),
            Value::Int(i64::from(!column.data_type.unsigned)),
            Value::Int(i64::from(column.data_type.unsigned)),
            Value::UInt(largest),
            Value::UInt(next),
            Value::Decimal(Decimal::from_i128(i128::try_from(ratio).unwrap_or(i128::MAX), 4)),
        ];
        rows.push((ratio, largest, row));
    }
    rows.sort_by(|one, other| (other.0, one.1).cmp(&(one.0, other.1)));
    Ok(rows.into_iter().map(|(_, _, row)| row).collect())
}
