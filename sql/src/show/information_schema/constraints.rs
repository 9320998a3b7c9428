//! TABLE_CONSTRAINTS, KEY_COLUMN_USAGE and CHECK_CONSTRAINTS: primary and unique keys, foreign keys, and checks.

use std::sync::Arc;

use crate::authorization::Authorization;
use crate::catalog::{Catalog, Check, Index, Table};
use crate::execute::{Context, Run};
use crate::show::definition;
use crate::show::information_schema::{CATALOG, referential};
use crate::show::spec::{ColumnSpec, Row, exact, fixed, string, text, unsigned};
use crate::types::{TypeKind, Value};

pub(super) const TABLE_CONSTRAINTS: &[ColumnSpec] = &[
    exact("CONSTRAINT_CATALOG", 64),
    exact("CONSTRAINT_SCHEMA", 64),
    text("CONSTRAINT_NAME", 64).or_null(),
    exact("TABLE_SCHEMA", 64),
    exact("TABLE_NAME", 64),
    exact("CONSTRAINT_TYPE", 11),
    exact("ENFORCED", 3),
];

pub(super) const KEY_COLUMN_USAGE: &[ColumnSpec] = &[
    exact("CONSTRAINT_CATALOG", 64),
    exact("CONSTRAINT_SCHEMA", 64),
    text("CONSTRAINT_NAME", 64).or_null(),
    exact("TABLE_CATALOG", 64),
    exact("TABLE_SCHEMA", 64),
    exact("TABLE_NAME", 64),
    text("COLUMN_NAME", 64).or_null(),
    unsigned("ORDINAL_POSITION", TypeKind::Int),
    unsigned("POSITION_IN_UNIQUE_CONSTRAINT", TypeKind::Int).or_null(),
    exact("REFERENCED_TABLE_SCHEMA", 64).or_null(),
    exact("REFERENCED_TABLE_NAME", 64).or_null(),
    text("REFERENCED_COLUMN_NAME", 64).or_null(),
];

/// The primary and unique keys of the tables that the account sees.
fn constraints<'a>(
    catalog: &'a Catalog,
    authorization: &'a Authorization,
) -> impl Iterator<Item = (&'a Arc<Table>, &'a Index)> {
    let seen = catalog.tables().filter(|table| authorization.sees_table(&table.database, &table.name));
    seen.flat_map(|table| {
        definition::keys(table).into_iter().filter(|index| index.unique).map(move |index| (table, index))
    })
}

/// TABLE_CONSTRAINTS.
pub(super) fn table_constraints(ctx: &mut Context) -> Run<Vec<Row>> {
    let row = |(table, index): (&Arc<Table>, &Index)| {
        vec![
            fixed(CATALOG),
            string(&table.database),
            string(&index.name),
            string(&table.database),
            string(&table.name),
            fixed(if index.name == "PRIMARY" { "PRIMARY KEY" } else { "UNIQUE" }),
            fixed("YES"),
        ]
    };
    let mut rows: Vec<Row> = constraints(ctx.catalog, &ctx.session.authorization).map(row).collect();
    rows.extend(referential::keys(ctx.catalog, &ctx.session.authorization).map(|(table, key)| {
        vec![
            fixed(CATALOG),
            string(&table.database),
            string(&key.name),
            string(&table.database),
            string(&table.name),
            fixed("FOREIGN KEY"),
            fixed("YES"),
        ]
    }));
    rows.extend(checks(ctx.catalog, &ctx.session.authorization).map(|(table, check)| {
        vec![
            fixed(CATALOG),
            string(&table.database),
            string(&check.name),
            string(&table.database),
            string(&table.name),
            fixed("CHECK"),
            fixed(if check.enforced { "YES" } else { "NO" }),
        ]
    }));
    Ok(rows)
}

/// The checks of the tables that the account sees.
fn checks<'a>(
    catalog: &'a Catalog,
    authorization: &'a Authorization,
) -> impl Iterator<Item = (&'a Arc<Table>, &'a Check)> {
    let seen = catalog.tables().filter(|table| authorization.sees_table(&table.database, &table.name));
    seen.flat_map(|table| definition::checks(table).into_iter().map(move |check| (table, check)))
}

/// CHECK_CONSTRAINTS.
pub(super) fn check_constraints(ctx: &mut Context) -> Run<Vec<Row>> {
    let row = |(table, check): (&Arc<Table>, &Check)| {
        vec![
            fixed(CATALOG),
            string(&table.database),
            string(&check.name),
            string(&definition::escaped(&check.expression)),
        ]
    };
    Ok(checks(ctx.catalog, &ctx.session.authorization).map(row).collect())
}

/// KEY_COLUMN_USAGE.
pub(super) fn key_column_usage(ctx: &mut Context) -> Run<Vec<Row>> {
    let mut rows = Vec::new();
    let authorization = &ctx.session.authorization;
    for (table, index) in constraints(ctx.catalog, authorization) {
        for (position, part) in index.columns.iter().enumerate() {
            let Some(column) = table.columns.get(part.column) else { continue };
            if column.hidden || !authorization.sees_column(&table.database, &table.name, &column.name) {
                continue;
            }
            rows.push(vec![
                fixed(CATALOG),
                string(&table.database),
                string(&index.name),
                fixed(CATALOG),
                string(&table.database),
                string(&table.name),
                string(&column.name),
                Value::UInt(position as u64 + 1),
                Value::Null,
                Value::Null,
                Value::Null,
                Value::Null,
            ]);
        }
    }
    referential::add_usage(ctx, &mut rows);
    Ok(rows)
}
