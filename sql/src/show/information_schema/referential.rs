//! REFERENTIAL_CONSTRAINTS, and the foreign keys among the rows of KEY_COLUMN_USAGE.

use std::sync::Arc;

use crate::authorization::Authorization;
use crate::catalog::foreign_key::{positions, unique_index};
use crate::catalog::{Catalog, ForeignKey, Table};
use crate::execute::{Context, Run};
use crate::show::information_schema::CATALOG;
use crate::show::spec::{Row, fixed, string};
use crate::types::Value;

/// The foreign keys of the tables that the account sees.
pub(super) fn keys<'a>(
    catalog: &'a Catalog,
    authorization: &'a Authorization,
) -> impl Iterator<Item = (&'a Arc<Table>, &'a ForeignKey)> {
    let seen = catalog.tables().filter(|table| authorization.sees_table(&table.database, &table.name));
    seen.flat_map(|table| table.foreign_keys.iter().map(move |key| (table, key)))
}

/// The name of the parent's key; none while there is no such table.
fn unique_name(catalog: &Catalog, key: &ForeignKey) -> Option<String> {
    let parent = catalog.databases.get(&key.parent_database)?.tables.get(&key.parent_table)?;
    let index = unique_index(parent, &positions(parent, &key.parent_columns)?)?;
    Some(parent.indexes[index].name.clone())
}

/// REFERENTIAL_CONSTRAINTS.
pub(super) fn rows(ctx: &mut Context) -> Run<Vec<Row>> {
    let row = |(table, key): (&Arc<Table>, &ForeignKey)| {
        vec![
            fixed(CATALOG),
            string(&table.database),
            string(&key.name),
            fixed(CATALOG),
            string(&key.parent_database),
            unique_name(ctx.catalog, key).map_or(Value::Null, |name| string(&name)),
            fixed("NONE"),
            fixed(key.on_update.words()),
            fixed(key.on_delete.words()),
            string(&table.name),
            string(&key.parent_table),
        ]
    };
    Ok(keys(ctx.catalog, &ctx.session.authorization).map(row).collect())
}

/// Adds the columns of foreign keys to KEY_COLUMN_USAGE.
pub(super) fn add_usage(ctx: &Context, rows: &mut Vec<Row>) {
    let authorization = &ctx.session.authorization;
    for (table, key) in keys(ctx.catalog, authorization) {
        for (position, (column, of_parent)) in key.columns.iter().zip(&key.parent_columns).enumerate() {
            if !authorization.sees_column(&table.database, &table.name, column) {
                continue;
            }
            rows.push(vec![
                fixed(CATALOG),
                string(&table.database),
                string(&key.name),
                fixed(CATALOG),
                string(&table.database),
                string(&table.name),
                string(column),
                Value::UInt(position as u64 + 1),
                Value::UInt(position as u64 + 1),
                string(&key.parent_database),
                string(&key.parent_table),
                string(of_parent),
            ]);
        }
    }
}
