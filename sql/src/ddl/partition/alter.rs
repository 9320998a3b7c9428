//! ALTER TABLE on partitions.
//!
//! What only adds, drops or empties partitions is a change of the catalog; what moves rows is a build ([`Build`]) that
//! reads the partitions that are to go and writes those that are new.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use storage::engine::Direction;
use storage::txn::View;

use super::{check, define, fill_ids, mysql, partition, unnamed, values};
use crate::ast::{
    Algorithm, AlterAction, AlterLock, AlterTable, PartitionAction, PartitionDefinition, PartitionNames,
    TableName,
};
use crate::catalog::online::Source;
use crate::catalog::partition::{Limit, Method, Partition, Partitioned, Partitioning, Values};
use crate::catalog::store::CatalogKey;
use crate::catalog::{Index, IndexId, Table, TableId};
use crate::codec::{ColumnSet, Zone, key, row};
use crate::ddl::alter::build::Build;
use crate::ddl::alter::{Begun, Plan, Work, outcome, write};
use crate::ddl::qualified;
use crate::execute::{Context, Run};
use crate::limits::{KILL_CHECK_ROWS, PARTITIONS_MAX};
use crate::types::{Collation, Value};
use crate::{Error, Result};

/// The action on partitions of an ALTER TABLE.
///
/// # Errors
/// 1235 when there is anything else to be done.
pub fn action_of(alter: &AlterTable) -> Result<Option<&PartitionAction>> {
    let found = alter.actions.iter().find_map(|action| match action {
        AlterAction::Partition(action) => Some(action),
        _ => None,
    });
    if found.is_some() && alter.actions.len() > 1 {
        return Err(Error::not_supported("partitions and other changes in one ALTER TABLE"));
    }
    if found.is_some() && (alter.algorithm, alter.lock) != (Algorithm::Default, AlterLock::Default) {
        return Err(Error::not_supported("ALGORITHM and LOCK where partitions are altered"));
    }
    Ok(found)
}

/// Does the action, or begins to.
///
/// # Errors
/// 1146, 1505 to 1517, 1520, 1526, 1731 to 1740, those of a definition; suspends.
pub fn begin(ctx: &mut Context<'_>, alter: &AlterTable, action: &PartitionAction) -> Run<Begun> {
    let (database, name) = qualified(&alter.table);
    let old = Arc::clone(ctx.catalog.table(database, name)?);
    if let PartitionAction::By(by) = action {
        let mut target = Table::clone(&old);
        let is_parent = ctx.catalog.links.of_table(old.id).is_some_and(|links| !links.children.is_empty());
        if is_parent {
            return Err(super::foreign_keys().into());
        }
        define(by, &mut target, ctx)?;
        return rebuild(ctx, old, target);
    }
    let Some(partitioned) = &old.partitioned else {
        return Err(mysql(1505, "Partition management on a not partitioned table is not possible").into());
    };
    let mut definition = Partitioning::clone(&partitioned.definition);
    match action {
        PartitionAction::By(_) => Err(Error::internal("PARTITION BY is done by now").into()),
        PartitionAction::Remove => {
            let target = Table { partitioned: None, ..Table::clone(&old) };
            rebuild(ctx, old, target)
        }
        PartitionAction::Add(definitions) => {
            add(ctx, &old, &mut definition, definitions)?;
            definition.is_listed = true;
            match definition.by.method {
                Method::Hash { .. } | Method::Key { .. } => repartition(ctx, old, definition),
                _ => publish(ctx, old, definition),
            }
        }
        PartitionAction::AddCount(count) => {
            refuse_listed(&definition)?;
            add_count(ctx, &old, &mut definition, *count)?;
            repartition(ctx, old, definition)
        }
        PartitionAction::Coalesce(count) => {
            coalesce(&mut definition, *count)?;
            repartition(ctx, old, definition)
        }
        PartitionAction::Drop(names) => {
            drop(&mut definition, names)?;
            publish(ctx, old, definition)
        }
        PartitionAction::Truncate(names) => {
            for position in positions(&definition, names, &old)? {
                for leaf in &mut definition.partitions[position].leaves {
                    leaf.indexes.fill(IndexId(0));
                }
            }
            publish(ctx, old, definition)?;
            Ok(Begun::Done(crate::execute::Outcome::default()))
        }
        PartitionAction::Rebuild(names) => {
            // Partitions are never in need of it.
            positions(&definition, names, &old).map_err(|_| in_list("REBUILD"))?;
            Ok(Begun::Done(outcome(ctx, 0, false)))
        }
        PartitionAction::Reorganize { from, into } => {
            reorganize(ctx, &old, &mut definition, from, into)?;
            build(ctx, old, definition, true)
        }
        PartitionAction::Exchange { partition, table, validates } => {
            exchange(ctx, &old, definition, (partition, table), *validates)
        }
    }
}

fn refuse_listed(definition: &Partitioning) -> Result<()> {
    let kind = match definition.by.method {
        Method::Range | Method::RangeColumns => "RANGE",
        Method::List | Method::ListColumns => "LIST",
        Method::Hash { .. } | Method::Key { .. } => return Ok(()),
    };
    Err(mysql(1492, format!("For {kind} partitions each partition must be defined")))
}

/// Writes a definition that needs no rows to be moved.
fn publish(ctx: &mut Context<'_>, old: Arc<Table>, mut definition: Partitioning) -> Run<Begun> {
    fill_ids(ctx, &mut definition)?;
    let partitioned = Some(Box::new(Partitioned::new(Arc::new(definition))));
    let target = Table { partitioned, ..Table::clone(&old) };
    write(ctx, &old, &target, None, &[])?;
    Ok(Begun::Done(outcome(ctx, 0, false)))
}

/// Writes all rows anew, by a definition whose partitions have other rows now.
fn repartition(ctx: &mut Context<'_>, old: Arc<Table>, mut definition: Partitioning) -> Run<Begun> {
    definition.leaves_mut().for_each(|leaf| leaf.indexes.fill(IndexId(0)));
    build(ctx, old, definition, false)
}

/// Writes the rows anew of the partitions whose ids are not in the definition.
fn build(
    ctx: &mut Context<'_>,
    old: Arc<Table>,
    mut definition: Partitioning,
    leaves_out: bool,
) -> Run<Begun> {
    fill_ids(ctx, &mut definition)?;
    let partitioned = Some(Box::new(Partitioned::new(Arc::new(definition))));
    let target = Table { partitioned, ..Table::clone(&old) };
    let mut build = begin_build(ctx, old, target, false);
    build.leaves_out = leaves_out;
    Ok(Begun::Build(Box::new(build)))
}

/// Writes all rows anew under new ids.
fn rebuild(ctx: &mut Context<'_>, old: Arc<Table>, mut target: Table) -> Run<Begun> {
    let first = crate::ddl::take_ids(ctx, u32::try_from(target.indexes.len()).unwrap_or(u32::MAX))?;
    for (index, id) in target.indexes.iter_mut().zip(first..) {
        index.id = IndexId(id);
    }
    super::give_ids(ctx, &mut target)?;
    let build = begin_build(ctx, old, target, true);
    Ok(Begun::Build(Box::new(build)))
}

fn begin_build(ctx: &mut Context<'_>, old: Arc<Table>, mut target: Table, counts_rows: bool) -> Build {
    // Rows that stay are as they are stored: only a table that is written as a whole may have its columns in another order.
    let kept = target.index_ids().any(|id| old.index_ids().any(|before| before == id));
    if !kept {
        target.layout = crate::catalog::Layout::default();
    }
    let sources = (0..target.columns.len()).map(Source::Column).collect();
    let plan = Plan {
        old,
        target,
        work: Work::Rows(sources),
        counts_rows,
        is_silent: false,
        auto_increment: None,
        related: Vec::new(),
    };
    Build::new(ctx, plan)
}

fn add(
    ctx: &mut Context<'_>,
    old: &Table,
    definition: &mut Partitioning,
    added: &[PartitionDefinition],
) -> Run<()> {
    let each = definition.leaves_each() as u64;
    for added in added {
        let partition = partition(added, &definition.by, each, definition.sub.is_some(), old, ctx)?;
        if partition.leaves.len() as u64 != each {
            return Err(
                mysql(1500, "Wrong number of subpartitions defined, mismatch with previous setting").into()
            );
        }
        definition.partitions.push(partition);
    }
    check_count(definition)?;
    check(definition, old)?;
    Ok(())
}

fn check_count(definition: &Partitioning) -> Result<()> {
    if definition.leaves().count() as u64 > PARTITIONS_MAX {
        return Err(mysql(1499, "Too many partitions (including subpartitions) were defined"));
    }
    Ok(())
}

fn add_count(ctx: &mut Context<'_>, old: &Table, definition: &mut Partitioning, count: u64) -> Run<()> {
    if count == 0 {
        return Err(mysql(1514, "At least one partition must be added").into());
    }
    if count > PARTITIONS_MAX {
        return Err(mysql(1499, "Too many partitions (including subpartitions) were defined").into());
    }
    let first = definition.partitions.len() as u64;
    definition.shows_count = true;
    let added: Vec<_> = (first..first + count).map(|number| unnamed(format!("p{number}"))).collect();
    add(ctx, old, definition, &added)
}

fn coalesce(definition: &mut Partitioning, count: u64) -> Result<()> {
    if refuse_listed(definition).is_err() {
        return Err(mysql(1509, "COALESCE PARTITION can only be used on HASH/KEY partitions"));
    }
    if count == 0 {
        return Err(mysql(1515, "At least one partition must be coalesced"));
    }
    let have = definition.partitions.len() as u64;
    if count >= have {
        return Err(mysql(1508, "Cannot remove all partitions, use DROP TABLE instead"));
    }
    definition.shows_count = true;
    definition.partitions.truncate(usize::try_from(have - count).unwrap_or(1));
    Ok(())
}

fn drop(definition: &mut Partitioning, names: &[String]) -> Result<()> {
    if refuse_listed(definition).is_ok() {
        return Err(mysql(1512, "DROP PARTITION can only be used on RANGE/LIST partitions"));
    }
    if names.len() >= definition.partitions.len() {
        return Err(mysql(1508, "Cannot remove all partitions, use DROP TABLE instead"));
    }
    for name in names {
        match definition.position(name) {
            Some(position) => drop_at(definition, position),
            None => return Err(in_list("DROP")),
        }
    }
    Ok(())
}

fn drop_at(definition: &mut Partitioning, position: usize) {
    definition.partitions.remove(position);
}

/// Error 1507.
fn in_list(what: &str) -> Error {
    mysql(1507, format!("Error in list of partitions to {what}"))
}

/// The positions of the named partitions.
fn positions(definition: &Partitioning, names: &PartitionNames, table: &Table) -> Result<Vec<usize>> {
    let names = match names {
        PartitionNames::All => return Ok((0..definition.partitions.len()).collect()),
        PartitionNames::Named(names) => names,
    };
    let position = |name: &String| {
        definition
            .position(name)
            .ok_or_else(|| mysql(1735, format!("Unknown partition '{name}' in table '{}'", table.name)))
    };
    names.iter().map(position).collect()
}

fn reorganize(
    ctx: &mut Context<'_>,
    old: &Table,
    definition: &mut Partitioning,
    from: &[String],
    into: &[PartitionDefinition],
) -> Run<()> {
    if from.len() > definition.partitions.len() {
        return Err(mysql(1510, "More partitions to reorganize than there are partitions").into());
    }
    let mut at = Vec::with_capacity(from.len());
    for name in from {
        let position = definition.position(name).ok_or_else(|| in_list("REORGANIZE"))?;
        if at.contains(&position) {
            return Err(in_list("REORGANIZE").into());
        }
        at.push(position);
    }
    at.sort_unstable();
    let (Some(first), Some(last)) = (at.first().copied(), at.last().copied()) else {
        return Err(in_list("REORGANIZE").into());
    };
    let is_hashed = refuse_listed(definition).is_ok();
    if is_hashed && from.len() != into.len() {
        return Err(mysql(
            1510,
            "REORGANIZE PARTITION can only be used to reorganize partitions not to change their numbers",
        )
        .into());
    }
    let is_range = matches!(definition.by.method, Method::Range | Method::RangeColumns);
    if !is_hashed && last - first + 1 != at.len() {
        let message = "When reorganizing a set of partitions they must be in consecutive order";
        return Err(mysql(1519, message).into());
    }
    let (is_last, limit) =
        (last + 1 == definition.partitions.len(), definition.partitions[last].values.clone());
    let each = definition.leaves_each() as u64;
    let mut made = Vec::with_capacity(into.len());
    for into in into {
        made.push(partition(into, &definition.by, each, definition.sub.is_some(), old, ctx)?);
    }
    if made.iter().any(|partition| partition.leaves.len() as u64 != each) {
        return Err(
            mysql(1500, "Wrong number of subpartitions defined, mismatch with previous setting").into()
        );
    }
    let made_limit = made.last().map(|partition: &Partition| partition.values.clone());
    at.iter().rev().for_each(|position| drop_at(definition, *position));
    definition.partitions.splice(first..first, made);
    check_count(definition)?;
    check(definition, old)?;
    if is_range && !keeps_range(&limit, made_limit.as_ref(), is_last, definition, old)? {
        let message = "Reorganize of range partitions cannot change total ranges except for last partition where it can extend the range";
        return Err(mysql(1520, message).into());
    }
    Ok(())
}

/// Whether partitions that take the place of others end where those ended; the last of all may end later.
fn keeps_range(
    before: &Values,
    after: Option<&Values>,
    is_last: bool,
    definition: &Partitioning,
    table: &Table,
) -> Result<bool> {
    let (Values::LessThan(before), Some(Values::LessThan(after))) = (before, after) else { return Ok(true) };
    let columns = super::columns_of(&definition.by, table)?;
    let collations: Vec<Collation> = match definition.by.expression {
        Some(_) => Vec::new(),
        None => columns.iter().map(|column| table.columns[*column].data_type.collation).collect(),
    };
    let order = values::compare(before, after, &collations);
    Ok(order.is_eq()
        || is_last
            && order.is_lt()
            && after.iter().all(|limit| !matches!(limit, Limit::Value(Value::Null, _))))
}

/// Exchanges a partition's rows and a table's.
fn exchange(
    ctx: &mut Context<'_>,
    old: &Arc<Table>,
    mut definition: Partitioning,
    (name, with): (&str, &TableName),
    validates: bool,
) -> Run<Begun> {
    let (database, table) = qualified(with);
    if database == old.database && table == old.name {
        return Err(Error::nonunique_table(table).into());
    }
    if ctx.session.temporary_table(database, table).is_some() {
        let message = format!("Table to exchange with partition is temporary: '{table}'");
        return Err(mysql(1733, message).into());
    }
    let other = Arc::clone(ctx.catalog.table(database, table)?);
    if other.partitioned.is_some() {
        let message = format!("Table to exchange with partition is partitioned: '{}'", other.name);
        return Err(mysql(1732, message).into());
    }
    if definition.sub.is_some() && definition.position(name).is_some() {
        return Err(mysql(1734, "Subpartitioned table, use subpartition instead of partition").into());
    }
    let Some(at) = leaf_position(&definition, name) else {
        return Err(mysql(1735, format!("Unknown partition '{name}' in table '{}'", old.name)).into());
    };
    let is_parent = ctx.catalog.links.of_table(other.id).is_some_and(|links| !links.children.is_empty());
    if !other.foreign_keys.is_empty() || is_parent {
        let message =
            format!("Table to exchange with partition has foreign key references: '{}'", other.name);
        return Err(mysql(1740, message).into());
    }
    if !is_same_definition(old, &other) {
        return Err(mysql(1736, "Tables have different definitions").into());
    }
    if old.layout != other.layout {
        return Err(
            Error::not_supported("EXCHANGE PARTITION of tables that were altered in other ways").into()
        );
    }
    if validates {
        validate(ctx, old, &other, at)?;
    }
    let mut theirs = Table::clone(&other);
    let Some(leaf) = definition.leaves_mut().nth(at) else {
        return Err(Error::internal("a partition is missing").into());
    };
    for (mine, index) in leaf.indexes.iter_mut().zip(&mut theirs.indexes) {
        std::mem::swap(mine, &mut index.id);
    }
    let partitioned = Some(Box::new(Partitioned::new(Arc::new(definition))));
    let mine = Table { partitioned, ..Table::clone(old) };
    exchange_counters(ctx, old, &other);
    // No id is dropped: all are in one of the two still.
    ctx.txn.put(CatalogKey::Table(mine.id).to_bytes(), crate::catalog::encode::write_table(&mine));
    ctx.txn.put(CatalogKey::Table(theirs.id).to_bytes(), crate::catalog::encode::write_table(&theirs));
    crate::ddl::bump_version(ctx)?;
    Ok(Begun::Done(crate::execute::Outcome::default()))
}

fn leaf_position(definition: &Partitioning, name: &str) -> Option<usize> {
    definition.leaves().position(|leaf| crate::catalog::same_name(&leaf.name, name))
}

/// Both tables have rows of both from now on.
fn exchange_counters(ctx: &mut Context<'_>, one: &Table, other: &Table) {
    type ToKey = fn(TableId) -> CatalogKey<'static>;
    let counters: [(ToKey, [&std::sync::atomic::AtomicU64; 2]); 2] = [
        (CatalogKey::AutoIncrement, [&one.auto_increment, &other.auto_increment]),
        (CatalogKey::RowId, [&one.row_id, &other.row_id]),
    ];
    for (key, [mine, theirs]) in counters {
        let next = mine.load(Ordering::Relaxed).max(theirs.load(Ordering::Relaxed));
        if next > 1 {
            for id in [one.id, other.id] {
                ctx.txn.put(key(id).to_bytes(), Bytes::copy_from_slice(&next.to_be_bytes()));
            }
        }
    }
}

fn is_same_definition(one: &Table, other: &Table) -> bool {
    let is_same_index = |(one, other): (&Index, &Index)| {
        one.name == other.name && one.unique == other.unique && one.columns == other.columns
    };
    one.hidden_row_id == other.hidden_row_id
        && one.columns == other.columns
        && one.indexes.len() == other.indexes.len()
        && one.indexes.iter().zip(&other.indexes).all(is_same_index)
        && one.checks.len() == other.checks.len()
}

/// Looks whether all rows of a table are of a partition.
fn validate(ctx: &mut Context<'_>, table: &Table, rows_of: &Table, leaf: usize) -> Run<()> {
    let Some(partitioned) = &table.partitioned else { return Ok(()) };
    let range = key::index_range(rows_of.primary().id);
    let mut cursor = ctx.txn.scan(range, Direction::Forward, View::Latest);
    let wanted = ColumnSet::all(rows_of.columns.len());
    let zone = Zone::of(ctx.session);
    let (mut values, mut rows) = (Vec::new(), 0);
    while let Some((row_key, stored)) = cursor.next(ctx.txn)? {
        row::decode(rows_of, &row_key, &stored, &wanted, zone, &mut values)?;
        let is_there = match partitioned.leaf_of_row(table, &values, ctx) {
            Ok(place) => place == leaf,
            Err(crate::execute::Interrupt::Error(error)) if error.code == 1526 => false,
            Err(interrupt) => return Err(interrupt),
        };
        if !is_there {
            return Err(mysql(1737, "Found a row that does not match the partition").into());
        }
        rows += 1;
        if rows % KILL_CHECK_ROWS == 0 {
            ctx.check()?;
        }
    }
    Ok(())
}
