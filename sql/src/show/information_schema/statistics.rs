//! STATISTICS: the columns of indexes.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::catalog::{Index, Table};
use crate::execute::{Context, Run};
use crate::show::definition;
use crate::show::information_schema::CATALOG;
use crate::show::spec::{
    ColumnSpec, Row, exact, exact_long, fixed, integer, null, string, text, unsigned, yes_or,
};
use crate::types::{TypeKind, Value};

pub(super) const STATISTICS: &[ColumnSpec] = &[
    exact("TABLE_CATALOG", 64),
    exact("TABLE_SCHEMA", 64),
    exact("TABLE_NAME", 64),
    integer("NON_UNIQUE", TypeKind::BigInt),
    exact("INDEX_SCHEMA", 64),
    text("INDEX_NAME", 64).or_null(),
    unsigned("SEQ_IN_INDEX", TypeKind::Int),
    text("COLUMN_NAME", 64).or_null(),
    text("COLLATION", 1).or_null(),
    integer("CARDINALITY", TypeKind::BigInt).or_null(),
    integer("SUB_PART", TypeKind::BigInt).or_null(),
    null("PACKED"),
    text("NULLABLE", 3),
    exact("INDEX_TYPE", 11),
    text("COMMENT", 8),
    exact("INDEX_COMMENT", 2048),
    text("IS_VISIBLE", 3),
    exact_long("EXPRESSION", TypeKind::LongText).or_null(),
];

/// The index columns of the tables that the account sees.
pub(super) fn rows(ctx: &mut Context) -> Run<Vec<Row>> {
    let catalog = Arc::clone(ctx.catalog);
    let authorization = &ctx.session.authorization;
    let seen = catalog.tables().filter(|table| authorization.sees_table(&table.database, &table.name));
    Ok(seen.flat_map(|table| of_table(table)).collect())
}

/// The index columns of a table, its keys in MySQL's order.
pub(in crate::show) fn of_table(table: &Table) -> Vec<Row> {
    let mut rows = Vec::new();
    for index in definition::keys(table) {
        for (position, part) in index.columns.iter().enumerate() {
            let Some(column) = table.columns.get(part.column) else { continue };
            rows.push(vec![
                fixed(CATALOG),
                string(&table.database),
                string(&table.name),
                Value::Int(i64::from(!index.unique)),
                string(&table.database),
                string(&index.name),
                Value::UInt(position as u64 + 1),
                if column.hidden { Value::Null } else { string(&column.name) },
                fixed(if part.descending { "D" } else { "A" }),
                cardinality(table, index, position),
                part.prefix.map_or(Value::Null, |prefix| Value::Int(prefix.into())),
                Value::Null,
                yes_or("", column.nullable),
                fixed("BTREE"),
                fixed(""),
                string(&index.options.comment),
                fixed(if index.invisible { "NO" } else { "YES" }),
                match &column.generated {
                    Some(generated) if column.hidden => string(&definition::escaped(&generated.expression)),
                    Some(_) | None => Value::Null,
                },
            ]);
        }
    }
    rows
}

/// How many different values the columns up to this one have, as far as it is known: the rows for a whole unique
/// key, none for an empty table, what [`statistics`](crate::catalog::statistics) say, or NULL.
fn cardinality(table: &Table, index: &Index, position: usize) -> Value {
    let rows = table.row_estimate.load(Ordering::Relaxed);
    if rows == 0 || (index.unique && position + 1 == index.columns.len()) {
        return Value::Int(i64::try_from(rows).unwrap_or(i64::MAX));
    }
    let known = table.statistics.get();
    let distinct = known.as_ref().and_then(|known| known.index(index)?.distinct.get(position));
    distinct.map_or(Value::Null, |distinct| Value::Int(i64::try_from(*distinct).unwrap_or(i64::MAX)))
}
