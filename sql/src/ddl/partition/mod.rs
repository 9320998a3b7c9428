//! PARTITION BY as written → [`Partitioning`]: MySQL's checks, in about MySQL's order, and what it fills in.
//!
//! [`function`] has what may stand in the expression, [`values`] what VALUES come to, [`alter`] is ALTER TABLE on partitions.

pub mod alter;
mod function;
pub mod keep;
mod values;

use std::collections::HashSet;
use std::sync::Arc;

use crate::ast::{PartitionBy, PartitionDefinition, PartitionMethod, PartitionOptions};
use crate::catalog::partition::place::key_columns;
use crate::catalog::partition::{By, Leaf, Method, Partition, Partitioned, Partitioning};
use crate::catalog::{IndexId, Table};
use crate::error::{Error, Result};
use crate::execute::{Context, Run};
use crate::limits::PARTITIONS_MAX;

pub(super) fn mysql(code: u16, message: impl Into<String>) -> Error {
    Error { code, state: *b"HY000", message: message.into() }
}

/// Gives a table its partitions; their ids are 0 still.
///
/// # Errors
/// 1054, 1480 to 1517, 1563, 1564, 1566, 1652 to 1659, 1697, 1740.
pub fn define(by: &PartitionBy, table: &mut Table, ctx: &mut Context<'_>) -> Run<()> {
    table.partitioned = None;
    let (kind, is_hashed) = match &by.method {
        PartitionMethod::Range(_) | PartitionMethod::RangeColumns(_) => ("RANGE", false),
        PartitionMethod::List(_) | PartitionMethod::ListColumns(_) => ("LIST", false),
        PartitionMethod::Hash { .. } | PartitionMethod::Key { .. } => ("", true),
    };
    let has_sub = by.definitions.iter().any(|definition| !definition.subpartitions.is_empty());
    if is_hashed && by.sub.is_some() || has_sub && by.sub.is_none() {
        let message = "It is only possible to mix RANGE/LIST partitioning with HASH/KEY partitioning for subpartitioning";
        return Err(mysql(1500, message).into());
    }
    if !is_hashed && by.definitions.is_empty() {
        return Err(mysql(1492, format!("For {kind} partitions each partition must be defined")).into());
    }
    let definitions = counted(by);
    let subs = definitions.first().map_or(0, |definition| definition.subpartitions.len()) as u64;
    let each = if by.sub.is_some() { by.sub_count.unwrap_or(subs).max(1) } else { 1 };
    if (definitions.len() as u64).saturating_mul(each) > PARTITIONS_MAX {
        return Err(mysql(1499, "Too many partitions (including subpartitions) were defined").into());
    }
    let main = method(&by.method, table)?;
    let sub = by.sub.as_ref().map(|sub| method(sub, table)).transpose()?;
    let mut partitions = Vec::with_capacity(definitions.len());
    for definition in &definitions {
        partitions.push(partition(definition, &main, each, sub.is_some(), table, ctx)?);
    }
    let definition = Partitioning {
        by: main,
        sub,
        is_listed: !by.definitions.is_empty(),
        is_sub_listed: has_sub,
        shows_count: by.count.is_some(),
        shows_sub_count: by.sub_count.is_some(),
        partitions,
    };
    check(&definition, table)?;
    table.partitioned = Some(Box::new(Partitioned::new(Arc::new(definition))));
    Ok(())
}

/// The partitions that are counted, as if they were listed.
fn counted(by: &PartitionBy) -> Vec<PartitionDefinition> {
    if !by.definitions.is_empty() {
        return by.definitions.clone();
    }
    let count = by.count.unwrap_or(1).min(PARTITIONS_MAX + 1);
    (0..count).map(|number| unnamed(format!("p{number}"))).collect()
}

/// A partition of HASH or KEY that nothing is said of.
pub(super) fn unnamed(name: String) -> PartitionDefinition {
    PartitionDefinition {
        name,
        values: crate::ast::PartitionValues::None,
        options: PartitionOptions::default(),
        subpartitions: Vec::new(),
    }
}

fn method(method: &PartitionMethod, table: &Table) -> Result<By> {
    let columns = |method, columns: &[String]| -> Result<By> {
        let positions = key_columns(columns, table)?;
        let mut seen = HashSet::new();
        for position in &positions {
            let column = &table.columns[*position];
            if !seen.insert(*position) {
                return Err(mysql(1652, format!("Duplicate partition field name '{}'", column.name)));
            }
            function::check_column(column, matches!(method, Method::Key { .. }))?;
        }
        Ok(By { method, expression: None, columns: columns.to_vec() })
    };
    let expression = |method, expr| -> Result<By> {
        let expression = Some(function::text(expr, table)?.into());
        Ok(By { method, expression, columns: Vec::new() })
    };
    match method {
        PartitionMethod::Range(expr) => expression(Method::Range, expr),
        PartitionMethod::List(expr) => expression(Method::List, expr),
        PartitionMethod::Hash { linear, expression: expr } => {
            expression(Method::Hash { linear: *linear }, expr)
        }
        PartitionMethod::RangeColumns(names) => columns(Method::RangeColumns, names),
        PartitionMethod::ListColumns(names) => columns(Method::ListColumns, names),
        PartitionMethod::Key { linear, algorithm, columns: names } => {
            columns(Method::Key { linear: *linear, is_old: *algorithm == Some(1) }, names)
        }
    }
}

/// A partition of its definition.
///
/// # Errors
/// Those of its VALUES.
pub(super) fn partition(
    definition: &PartitionDefinition,
    by: &By,
    each: u64,
    has_sub: bool,
    table: &Table,
    ctx: &mut Context<'_>,
) -> Run<Partition> {
    let ids = vec![IndexId(0); table.indexes.len()];
    let name = &definition.name;
    check_name(name)?;
    let leaf = |name: String, options: PartitionOptions| Leaf { name, options, indexes: ids.clone() };
    let leaves = if !has_sub {
        vec![leaf(name.clone(), PartitionOptions::default())]
    } else if definition.subpartitions.is_empty() {
        (0..each).map(|at| leaf(format!("{name}sp{at}"), PartitionOptions::default())).collect()
    } else {
        let subs = definition.subpartitions.iter();
        subs.map(|(name, options)| leaf(name.clone(), options.clone())).collect()
    };
    for leaf in &leaves {
        check_name(&leaf.name)?;
    }
    let values = values::of(definition, by, table, ctx)?;
    Ok(Partition { name: name.clone(), values, options: definition.options.clone(), leaves })
}

fn check_name(name: &str) -> Result<()> {
    super::definition::check_identifier_length(name)?;
    if name.is_empty() || name.ends_with(' ') {
        return Err(mysql(1567, "Incorrect partition name"));
    }
    Ok(())
}

/// What must hold of all partitions together: names, VALUES, keys.
///
/// # Errors
/// 1481, 1493, 1495, 1503, 1506, 1517.
pub(super) fn check(definition: &Partitioning, table: &Table) -> Result<()> {
    check_names(definition)?;
    values::check(definition, table)?;
    check_keys(definition, table)?;
    if !table.foreign_keys.is_empty() {
        return Err(foreign_keys());
    }
    Ok(())
}

fn check_names(definition: &Partitioning) -> Result<()> {
    let mut seen = HashSet::new();
    let partitions = definition.partitions.iter();
    let leaves = partitions.flat_map(|partition| {
        let leaves = partition.leaves.iter().filter(|_| definition.sub.is_some());
        std::iter::once(&partition.name).chain(leaves.map(|leaf| &leaf.name))
    });
    for name in leaves {
        if !seen.insert(name.to_lowercase()) {
            return Err(mysql(1517, format!("Duplicate partition name {name}")));
        }
    }
    Ok(())
}

/// Error 1506.
#[must_use]
pub fn foreign_keys() -> Error {
    mysql(1506, "Foreign keys are not yet supported in conjunction with partitioning")
}

/// Every unique key has all columns that say where a row is: so a key's rows are all in one partition.
///
/// # Errors
/// 1503.
pub fn check_keys(definition: &Partitioning, table: &Table) -> Result<()> {
    let mut columns = Vec::new();
    for by in std::iter::once(&definition.by).chain(&definition.sub) {
        columns.extend(columns_of(by, table)?);
    }
    for index in table.indexes.iter().filter(|index| index.unique && !index.columns.is_empty()) {
        let has =
            |column: &usize| index.columns.iter().any(|part| part.column == *column && part.prefix.is_none());
        if !columns.iter().all(has) {
            let kind = if index.name == super::key::PRIMARY { "PRIMARY KEY" } else { "UNIQUE INDEX" };
            return Err(mysql(
                1503,
                format!(
                    "A {kind} must include all columns in the table's partitioning function (prefixed columns are not considered)."
                ),
            ));
        }
    }
    Ok(())
}

/// The columns that PARTITION BY or SUBPARTITION BY reads.
///
/// # Errors
/// 1488, and those of binding the expression.
pub fn columns_of(by: &By, table: &Table) -> Result<Vec<usize>> {
    match &by.expression {
        Some(text) => crate::constraint::definition::columns_of(text, &table.columns),
        None => key_columns(&by.columns, table),
    }
}

/// New ids for all partitions of a table that is made.
///
/// # Errors
/// Suspends.
pub fn give_ids(ctx: &mut Context<'_>, table: &mut Table) -> Run<()> {
    let Some(partitioned) = &mut table.partitioned else { return Ok(()) };
    let mut definition = Partitioning::clone(&partitioned.definition);
    definition.leaves_mut().for_each(|leaf| leaf.indexes = vec![IndexId(0); table.indexes.len()]);
    fill_ids(ctx, &mut definition)?;
    **partitioned = Partitioned::new(Arc::new(definition));
    Ok(())
}

/// Ids for the indexes of partitions that have the id 0.
///
/// # Errors
/// Suspends.
pub(super) fn fill_ids(ctx: &mut Context<'_>, definition: &mut Partitioning) -> Run<()> {
    let new = definition.leaves_mut().flat_map(|leaf| &mut leaf.indexes).filter(|id| **id == IndexId(0));
    let new: Vec<&mut IndexId> = new.collect();
    if new.is_empty() {
        return Ok(());
    }
    let first = super::take_ids(ctx, u32::try_from(new.len()).unwrap_or(u32::MAX))?;
    new.into_iter().zip(first..).for_each(|(to, id)| *to = IndexId(id));
    Ok(())
}
