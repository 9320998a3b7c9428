//! What an ALTER TABLE that is of something else does to partitions: they keep their rows, or are built anew with the table.

use std::sync::Arc;

use super::{columns_of, fill_ids, mysql};
use crate::catalog::partition::{Method, Partitioned, Partitioning};
use crate::catalog::{IndexId, Table, same_name};
use crate::ddl::alter::columns::Planned;
use crate::error::{Error, Result};
use crate::execute::{Context, Run};

/// Refuses to drop, rename or change a column that says where rows are.
///
/// # Errors
/// 1235, 3855.
pub(in crate::ddl) fn check_columns(old: &Table, planned: &[Planned]) -> Result<()> {
    let Some(partitioned) = &old.partitioned else { return Ok(()) };
    for by in std::iter::once(&partitioned.definition.by).chain(&partitioned.definition.sub) {
        for position in columns_of(by, old)? {
            let was = &old.columns[position];
            let Some(is) = planned.iter().find(|planned| planned.source == Some(position)) else {
                return Err(dependency(&was.name));
            };
            if !same_name(&is.column.name, &was.name) {
                return Err(dependency(&was.name));
            }
            if is.column.data_type != was.data_type || is.column.generated != was.generated {
                return Err(Error::not_supported("changing the type of a partitioning column"));
            }
        }
    }
    Ok(())
}

/// Error 3855.
fn dependency(name: &str) -> Error {
    mysql(
        3855,
        format!("Column '{name}' has a partitioning function dependency and cannot be dropped or renamed."),
    )
}

/// Gives the partitions of `target`, whose own indexes have their ids, the ids of theirs: those that they had for an index
/// that is kept, and new ones.
///
/// # Errors
/// 1235, 1503, 1506; suspends.
pub fn carry(ctx: &mut Context<'_>, old: &Table, target: &mut Table) -> Run<()> {
    let Some(partitioned) = &old.partitioned else { return Ok(()) };
    if !target.foreign_keys.is_empty() {
        return Err(super::foreign_keys().into());
    }
    let mut definition = Partitioning::clone(&partitioned.definition);
    for by in std::iter::once(&definition.by).chain(&definition.sub) {
        let names = |table: &Table| -> Result<Vec<String>> {
            Ok(columns_of(by, table)?.iter().map(|at| table.columns[*at].name.to_lowercase()).collect())
        };
        if matches!(by.method, Method::Key { .. }) && by.columns.is_empty() && names(old)? != names(target)? {
            let feature = "another primary key of a table that is partitioned by it";
            return Err(Error::not_supported(feature).into());
        }
    }
    super::check_keys(&definition, target)?;
    let positions: Vec<Option<usize>> = target
        .indexes
        .iter()
        .map(|index| old.indexes.iter().position(|before| before.id == index.id))
        .collect();
    for leaf in definition.leaves_mut() {
        let id = |position: &Option<usize>| position.and_then(|position| leaf.indexes.get(position).copied());
        leaf.indexes = positions.iter().map(|position| id(position).unwrap_or(IndexId(0))).collect();
    }
    fill_ids(ctx, &mut definition)?;
    target.partitioned = Some(Box::new(Partitioned::new(Arc::new(definition))));
    Ok(())
}
