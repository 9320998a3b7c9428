//! That the rows of a table that gets a foreign key have parents.
//!
//! Both tables are locked exclusively by then, so that rows need no locks.

use storage::engine::Direction;
use storage::txn::View;

use crate::Error;
use crate::catalog::foreign_key::{Referenced, unique_index};
use crate::catalog::{ForeignKey, Table};
use crate::codec::{ColumnSet, Zone, key, row};
use crate::dml::foreign_key::violation;
use crate::execute::{Context, Run};
use crate::limits::KILL_CHECK_ROWS;
use crate::types::Value;

/// Where a column of the foreign key has its value from.
#[derive(Clone, Debug)]
pub enum Origin {
    /// A column of the rows.
    Column(usize),
    /// The same in all rows: the column is new.
    Value(Value),
}

/// Looks for the parent of every row of `table`, as it is stored.
///
/// # Errors
/// 1452; 1317.
pub fn check(
    ctx: &mut Context<'_>,
    table: &Table,
    foreign_key: &ForeignKey,
    origins: &[Origin],
    parent: &Referenced,
) -> Run<()> {
    let zone = Zone::of(ctx.session);
    let column = |origin: &Origin| match origin {
        Origin::Column(column) => Some(*column),
        Origin::Value(_) => None,
    };
    let wanted: ColumnSet = origins.iter().filter_map(column).collect();
    let mut cursor = ctx.txn.scan(key::index_range(table.primary().id), Direction::Forward, View::Latest);
    let (mut row, mut count) = (Vec::new(), 0usize);
    while let Some((row_key, value)) = cursor.next(ctx.txn)? {
        count += 1;
        if count % KILL_CHECK_ROWS == 0 {
            ctx.check()?;
        }
        row::decode(table, &row_key, &value, &wanted, zone, &mut row)?;
        let values: Vec<Value> = origins
            .iter()
            .map(|origin| match origin {
                Origin::Column(column) => row[*column].clone(),
                Origin::Value(value) => value.clone(),
            })
            .collect();
        if values.contains(&Value::Null) {
            continue;
        }
        let index = &parent.table.indexes[parent.index];
        let found = match key::prefix(&parent.table, index, &values, zone)? {
            Some(key) => ctx.txn.get(&key, View::Latest)?.is_some(),
            None => false,
        };
        if !found {
            return Err(violation(1452, &table.database, &table.name, foreign_key).into());
        }
    }
    Ok(())
}

/// A table as the parent of a foreign key.
///
/// # Errors
/// 1235 when the unique key does not stand yet.
pub fn referenced(table: &std::sync::Arc<Table>, foreign_key: &ForeignKey) -> crate::Result<Referenced> {
    let columns = crate::catalog::foreign_key::positions(table, &foreign_key.parent_columns);
    let found = columns.and_then(|columns| Some((unique_index(table, &columns)?, columns)));
    match found {
        Some((index, columns)) => Ok(Referenced { table: std::sync::Arc::clone(table), index, columns }),
        None => Err(Error::not_supported("adding a foreign key together with the key that it refers to")),
    }
}
