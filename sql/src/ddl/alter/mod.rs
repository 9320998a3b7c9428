//! ALTER TABLE, CREATE INDEX and DROP INDEX.
//!
//! The statement is worked out against the table's definition at once ([`columns`], [`keys`]), which gives the definition that it is to have. How
//! it comes to that depends on what is stored otherwise then ([`form`]):
//!
//! * **Nothing.** The new definition is written, in one entry of the log. Columns are added (anywhere), dropped, moved and renamed so, defaults
//!   and comments changed, and types widened where their values keep their bytes: rows stay as they are, and the
//!   table's [`Layout`] says what stands where in them.
//! * **Some indexes.** They are built from the rows, and come with the definition: under the table's lock ([`build`]), or, if nothing else changes
//!   and the table is large, while it is written ([`online`]).
//! * **Rows.** All rows are written anew, with all indexes, under new ids ([`build`]), which take the place of the old ones with the definition.
//!
//! What the client is told, and which ALGORITHM and LOCK are taken, is as in MySQL, which does some of these in another way
//! ([`algorithm`]).

mod algorithm;
pub mod build;
pub(in crate::ddl) mod columns;
mod expressions;
mod foreign_keys;
mod form;
mod keys;
pub mod online;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use storage::engine::Direction;
use storage::txn::View;

use self::algorithm::Way;
use self::build::Build;
use self::columns::Planned;
use self::keys::PlannedKey;
use super::{bump_version, definition, key as key_definition, partition, qualified};
use crate::ast::{Algorithm, AlterAction, AlterTable};
use crate::catalog::online::Source;
use crate::catalog::store::CatalogKey;
use crate::catalog::{Column, ColumnDefault, Holds, Index, IndexId, Layout, Slot, Table, encode};
use crate::codec::{Zone, key, row};
use crate::dml::default;
use crate::execute::{Context, Interrupt, Outcome, Run};
use crate::limits::{ANALYZE_ROWS_MAX, KILL_CHECK_ROWS, LAYOUT_SLOTS_MAX, TABLE_COLUMNS_MAX};
use crate::session::WarningLevel;
use crate::types::{DataType, TypeKind, Value};
use crate::variables::SqlMode;
use crate::{Error, Result};

/// What an ALTER TABLE has come to.
pub enum Begun {
    /// It is done.
    Done(Outcome),
    /// Rows or indexes are to be written first.
    Build(Box<Build>),
    /// Indexes are to be built while the table is written: the definition says so already. What the client is told at the end.
    Online(Box<online::Begun>, Outcome),
}

/// What is to be written before the new definition.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::ddl) enum Work {
    Nothing,
    /// Indexes at these positions of the new definition.
    Indexes(Vec<usize>),
    /// All rows: where each column comes from.
    Rows(Vec<Source>),
}

/// An ALTER TABLE that is worked out.
pub(in crate::ddl) struct Plan {
    pub(in crate::ddl) old: Arc<Table>,
    /// The definition that the table is to have; new indexes have the id 0.
    pub(in crate::ddl) target: Table,
    pub(in crate::ddl) work: Work,
    /// The rows are counted for the client, as MySQL copies them.
    pub(in crate::ddl) counts_rows: bool,
    /// Nothing but the table's name changes: MySQL says nothing of rows then.
    pub(in crate::ddl) is_silent: bool,
    pub(in crate::ddl) auto_increment: Option<u64>,
    /// Other tables, whose foreign keys change with the table's names.
    pub(in crate::ddl) related: Vec<Table>,
}

/// Works an ALTER TABLE out, and does it, if nothing is to be built. The table's exclusive metadata lock is held.
///
/// # Errors
/// 1049, 1050, 1054, 1060, 1061, 1068, 1069, 1072, 1075, 1090, 1091, 1146, 1171, 1176, 1221, 1845, 1846, those of a column's and
/// a key's definition; suspends.
pub fn begin(ctx: &mut Context<'_>, alter: &AlterTable) -> Run<Begun> {
    algorithm::check_words(alter)?;
    let mark = ctx.session.warnings_mark();
    let begun = begin_once(ctx, alter);
    if matches!(begun, Err(Interrupt::Suspend(_))) {
        // It runs again from its start, and warns again.
        ctx.session.forget_warnings(mark);
    }
    begun
}

fn begin_once(ctx: &mut Context<'_>, alter: &AlterTable) -> Run<Begun> {
    if let Some(action) = partition::alter::action_of(alter)? {
        return partition::alter::begin(ctx, alter, action);
    }
    let mut plan = plan(ctx, alter)?;
    let is_online = online::is_online(ctx, alter, &plan)?;
    give_ids(ctx, &mut plan)?;
    if is_online {
        let begun = online::begin(ctx, &plan)?;
        return Ok(Begun::Online(Box::new(begun), outcome(ctx, 0, false)));
    }
    partition::keep::carry(ctx, &plan.old, &mut plan.target)?;
    if plan.work != Work::Nothing {
        return Ok(Begun::Build(Box::new(Build::new(ctx, plan))));
    }
    let is_changed =
        !plan.is_silent || plan.target.name != plan.old.name || plan.target.database != plan.old.database;
    let rows = if plan.counts_rows { count_rows(ctx, &plan.old)? } else { 0 };
    if is_changed {
        write(ctx, &plan.old, &plan.target, plan.auto_increment, &plan.related)?;
    }
    Ok(Begun::Done(outcome(ctx, rows, plan.is_silent)))
}

/// What the client is told.
pub(in crate::ddl) fn outcome(ctx: &Context<'_>, rows: u64, is_silent: bool) -> Outcome {
    if is_silent {
        return Outcome::default();
    }
    let warnings = ctx.session.warning_count;
    let info = format!("Records: {rows}  Duplicates: 0  Warnings: {warnings}");
    Outcome { affected: rows, info, ..Outcome::default() }
}

/// Puts the new definition in place of the old one; indexes that it does not have are left to be deleted.
pub(in crate::ddl) fn write(
    ctx: &mut Context<'_>,
    old: &Table,
    target: &Table,
    auto_increment: Option<u64>,
    related: &[Table],
) -> Run<()> {
    bump_version(ctx)?;
    for table in related {
        ctx.txn.put(CatalogKey::Table(table.id).to_bytes(), encode::write_table(table));
    }
    for id in old.index_ids() {
        if !target.index_ids().any(|kept| kept == id) {
            ctx.txn.put(CatalogKey::Dropped(id).to_bytes(), Bytes::new());
        }
    }
    ctx.txn.put(CatalogKey::Table(target.id).to_bytes(), encode::write_table(target));
    if let Some(next) = auto_increment.filter(|next| *next > old.auto_increment.load(Ordering::Relaxed)) {
        let key = CatalogKey::AutoIncrement(target.id).to_bytes();
        ctx.txn.put(key, Bytes::copy_from_slice(&next.to_be_bytes()));
    }
    Ok(())
}

fn plan(ctx: &mut Context<'_>, alter: &AlterTable) -> Run<Plan> {
    let (database, name) = qualified(&alter.table);
    let old = Arc::clone(ctx.catalog.table(database, name)?);
    let alter = &*foreign_keys::constraints(alter, &old)?;
    let mut target = Table::clone(&old);
    expressions::drop_checks(alter, &mut target)?;
    foreign_keys::drop(alter, &mut target)?;
    rename(ctx, alter, &mut target)?;
    let (auto_increment, convert) = options(ctx, alter, &mut target)?;
    let (mut planned, missing) = columns::plan(&old, &alter.actions, target.collation, ctx)?;
    if let Some(collation) = convert {
        columns::convert(&mut planned, &old, collation);
    }
    if planned.len() > TABLE_COLUMNS_MAX {
        return Err(Error::too_many_columns().into());
    }
    expressions::drop_hidden(&old, alter, &mut planned);
    expressions::check_needed(&old, &mut target, &planned)?;
    let (alter, mut effects) = expressions::build(&old, alter, &mut planned)?;
    let alter = &*alter;
    let keys = keys::plan(&old, &mut planned, &missing, &alter.actions)?;
    partition::keep::check_columns(&old, &planned)?;
    foreign_keys::check_needed(ctx.catalog, &old, &target, &planned, &keys)?;
    let related = foreign_keys::rename_columns(ctx.catalog, &old, &mut target, &planned);
    target.columns = planned.iter().map(|planned| planned.column.clone()).collect();
    expressions::checks(ctx, alter, &mut target, &mut effects)?;
    definition::check_row_bytes(&target.columns)?;
    let indexes: Vec<Index> = keys.iter().map(|key| key.index.clone()).collect();
    target.auto_increment_column = definition::check_auto_increment(&target.columns, &indexes)?;
    let is_strict = ctx.session.variables.sql_mode.has(SqlMode::STRICT);
    let adds_checked = foreign_keys::adds_checked(ctx, alter);
    let way =
        effects.way(algorithm::way(&old, &planned, &keys, alter, is_strict)).with_foreign_keys(adds_checked);
    let adds_counter =
        planned.iter().any(|planned| planned.source.is_none() && planned.column.auto_increment);
    algorithm::check(way, adds_counter, alter)?;
    keys::warn_duplicates(&keys, &old, ctx.session);
    warn_of_actions(ctx, alter, &old)?;
    check_zero_dates(ctx, &old, &planned)?;
    let must_rebuild = effects.must_rebuild
        || alter.algorithm == Algorithm::Copy
        || alter.actions.contains(&AlterAction::Rebuild);
    let work = work(ctx, &old, &mut target, &planned, keys, must_rebuild)?;
    key_definition::check_count(&target)?;
    let related = foreign_keys::finish(ctx, alter, &old, &mut target, related)?;
    foreign_keys::check_kept(ctx, alter, &old, &planned)?;
    if adds_checked {
        foreign_keys::check_rows(ctx, alter, &old, &target, &planned)?;
    }
    let counts_rows = alter.algorithm == Algorithm::Copy || matches!(way, Way::Copy(_));
    let is_silent = way == Way::Nothing && alter.algorithm != Algorithm::Copy;
    Ok(Plan { old, target, work, counts_rows, is_silent, auto_increment, related })
}

/// RENAME TO: the last one counts.
fn rename(ctx: &Context<'_>, alter: &AlterTable, target: &mut Table) -> Result<()> {
    for action in alter.actions.iter().rev() {
        let AlterAction::Rename(to) = action else { continue };
        let (database, name) = qualified(to);
        let Some(found) = ctx.catalog.databases.get(database) else {
            return Err(Error::unknown_database(database));
        };
        definition::check_table_name(name)?;
        let is_same = target.database == database && target.name == name;
        if !is_same && (found.tables.contains_key(name) || found.views.contains_key(name)) {
            return Err(Error::table_exists(name));
        }
        if target.database != database && !target.triggers.is_empty() {
            return Err(crate::program::trigger_statement::wrong_schema());
        }
        database.clone_into(&mut target.database);
        let before = std::mem::replace(&mut target.name, name.to_owned());
        crate::constraint::definition::rename_checks(target, &before);
        super::foreign_key::rename::rename_generated(target, &before);
        break;
    }
    Ok(())
}

/// COMMENT and the default collation go into `target`; AUTO_INCREMENT and the collation of CONVERT TO are given back.
fn options(
    ctx: &mut Context<'_>,
    alter: &AlterTable,
    target: &mut Table,
) -> Result<(Option<u64>, Option<crate::types::Collation>)> {
    let mut auto_increment = None;
    let mut convert: Option<crate::types::Collation> = None;
    let mut sets_options = false;
    for action in &alter.actions {
        match action {
            AlterAction::Comment(comment) => {
                definition::check_table_comment(comment, &target.name)?;
                target.comment = super::comment::kept(comment, ctx);
            }
            AlterAction::Option(option) => {
                target.options.set(*option);
                sets_options = true;
            }
            AlterAction::DefaultCollation(collation) => target.collation = *collation,
            AlterAction::AutoIncrement(next) => auto_increment = Some(*next),
            AlterAction::Convert(collation) => {
                let of_database = ctx.catalog.databases.get(&target.database).map(|found| found.collation);
                let to = collation.or(of_database).unwrap_or_default();
                if let Some(earlier) = convert
                    && earlier.character_set() != to.character_set()
                {
                    let message = format!(
                        "Conflicting declarations: 'CHARACTER SET {}' and 'CHARACTER SET {}'",
                        earlier.character_set(),
                        to.character_set()
                    );
                    return Err(Error { code: 1302, state: *b"HY000", message });
                }
                convert = Some(to);
                target.collation = to;
            }
            _ => {}
        }
    }
    if sets_options {
        definition::check_options(ctx, target, false)?;
    }
    Ok((auto_increment, convert))
}

/// What MySQL tells of actions that do nothing.
fn warn_of_actions(ctx: &mut Context<'_>, alter: &AlterTable, table: &Table) -> Result<()> {
    for action in &alter.actions {
        match action {
            AlterAction::SwitchKeys => {
                let message = format!("Table storage engine for '{}' doesn't have this option", table.name);
                ctx.session.warn(WarningLevel::Note, 1031, message);
            }
            AlterAction::OrderBy(_) if table.hidden_row_id => {
                return Err(Error::not_supported("ALTER TABLE … ORDER BY of a table without a primary key"));
            }
            AlterAction::OrderBy(_) => {
                let message = format!(
                    "ORDER BY ignored as there is a user-defined clustered index in the table '{}'",
                    table.name
                );
                ctx.session.warn(WarningLevel::Warning, 1105, message);
            }
            _ => {}
        }
    }
    Ok(())
}

/// In strict mode with NO_ZERO_DATE rows cannot be given the zero date of a new NOT NULL column.
fn check_zero_dates(ctx: &mut Context<'_>, table: &Table, planned: &[Planned]) -> Run<()> {
    let mode = ctx.session.variables.sql_mode;
    if !mode.has(SqlMode::STRICT) || !mode.has(SqlMode::NO_ZERO_DATE) {
        return Ok(());
    }
    for planned in planned.iter().filter(|planned| planned.source.is_none()) {
        let column = &planned.column;
        if column.nullable || column.default != ColumnDefault::None {
            continue;
        }
        let (kind, zero) = match column.data_type.kind {
            TypeKind::Date => ("date", "0000-00-00"),
            TypeKind::DateTime(_) => ("datetime", "0000-00-00 00:00:00"),
            _ => continue,
        };
        for stored in table.stored()? {
            let range = key::index_range(stored.primary().id);
            let mut rows = ctx.txn.scan(range, Direction::Forward, View::Latest);
            if rows.next(ctx.txn)?.is_some() {
                return Err(Error::incorrect_datetime(kind, zero, &column.name, 1).into());
            }
        }
    }
    Ok(())
}

/// Puts the indexes and the layout into `target`, and says what is to be written.
fn work(
    ctx: &Context<'_>,
    old: &Table,
    target: &mut Table,
    planned: &[Planned],
    keys: Vec<PlannedKey>,
    must_rebuild: bool,
) -> Result<Work> {
    let slots = slots(ctx, old, planned)?;
    let has_primary = keys.first().is_some_and(|key| key.index.name == key_definition::PRIMARY);
    let keeps_primary = match keys.first() {
        Some(key) if has_primary => !old.hidden_row_id && is_same_index(old, target, key, planned),
        _ => old.hidden_row_id,
    };
    let is_rebuilt = must_rebuild
        || !keeps_primary
        || !planned.iter().all(|planned| keeps_rows(old, planned))
        || slots.as_ref().is_some_and(|slots| slots.len() > LAYOUT_SLOTS_MAX);
    target.hidden_row_id = !has_primary;
    let mut indexes = Vec::with_capacity(keys.len() + 1);
    if !has_primary {
        let id = if is_rebuilt { IndexId(0) } else { old.primary().id };
        indexes.push(Index {
            id,
            name: String::new(),
            unique: true,
            columns: Vec::new(),
            invisible: false,
            generated: false,
            options: crate::ast::KeyOptions::default(),
        });
    }
    for planned_key in keys {
        let is_kept = !is_rebuilt && is_same_index(old, target, &planned_key, planned);
        let id = match planned_key.source {
            Some(source) if is_kept => old.indexes[source].id,
            _ => IndexId(0),
        };
        indexes.push(Index { id, ..planned_key.index });
    }
    target.indexes = indexes;
    key_definition::sort(target);
    if is_rebuilt {
        target.layout = Layout::default();
        return Ok(Work::Rows(planned.iter().map(|planned| source(ctx, planned)).collect()));
    }
    if let Some(slots) = slots {
        target.layout = Layout::new(slots);
    }
    let new: Vec<usize> =
        (0..target.indexes.len()).filter(|at| target.indexes[*at].id == IndexId(0)).collect();
    Ok(if new.is_empty() { Work::Nothing } else { Work::Indexes(new) })
}

/// Whether the column needs nothing written in the rows.
fn keeps_rows(old: &Table, planned: &Planned) -> bool {
    let column = &planned.column;
    let Some(source) = planned.source else { return !column.auto_increment };
    let was = &old.columns[source];
    form::same_row_form(&was.data_type, &column.data_type)
        && (column.nullable || !was.nullable)
        && (was.auto_increment || !column.auto_increment)
}

/// Whether the entries of the index that a key was are those that it needs.
fn is_same_index(old: &Table, target: &Table, planned_key: &PlannedKey, planned: &[Planned]) -> bool {
    let Some(source) = planned_key.source else { return false };
    let (was, is) = (&old.indexes[source], &planned_key.index);
    was.unique == is.unique
        && was.columns.len() == is.columns.len()
        && was.columns.iter().zip(&is.columns).all(|(was, is)| {
            planned[is.column].source == Some(was.column)
                && was.prefix == is.prefix
                && was.descending == is.descending
                && form::same_key_form(&old.columns[was.column], &target.columns[is.column])
        })
}

/// Where a column of a row that is written anew comes from.
fn source(ctx: &Context<'_>, planned: &Planned) -> Source {
    match planned.source {
        Some(column) => Source::Column(column),
        None if planned.column.auto_increment => Source::Counter,
        None if matches!(planned.column.default, ColumnDefault::Expression(_)) => Source::Default,
        None => Source::Value(added(ctx, &planned.column)),
    }
}

/// The value that rows have in a new column that is not computed.
fn added(ctx: &Context<'_>, column: &Column) -> Value {
    if column.is_computed() {
        return if column.nullable { Value::Null } else { default::implicit(&column.data_type) };
    }
    default::declared(column, ctx).unwrap_or_else(|| default::implicit(&column.data_type))
}

/// The slots of the rows from now on; None if the columns are where they were.
fn slots(ctx: &Context<'_>, old: &Table, planned: &[Planned]) -> Result<Option<Vec<Slot>>> {
    let stays = planned.len() == old.columns.len()
        && planned.iter().enumerate().all(|(position, planned)| planned.source == Some(position));
    if stays {
        return Ok(None);
    }
    let mut slots = old.layout.to_slots(old.columns.len());
    for slot in &mut slots {
        if let Holds::Column(column) = slot.holds {
            slot.holds = match planned.iter().position(|planned| planned.source == Some(column)) {
                Some(position) => Holds::Column(position),
                None => Holds::Dropped(passed_by(old.columns[column].data_type)),
            };
        }
    }
    let zone = Zone::of(ctx.session);
    for (position, planned) in planned.iter().enumerate().filter(|(_, planned)| planned.source.is_none()) {
        let value = added(ctx, &planned.column);
        let added = row::encode_added(&value, &planned.column, zone)?;
        slots.push(Slot { holds: Holds::Column(position), added });
    }
    Ok(Some(slots))
}

/// Ids for the new indexes.
fn give_ids(ctx: &mut Context<'_>, plan: &mut Plan) -> Run<()> {
    let new = plan.target.indexes.iter_mut().filter(|index| index.id == IndexId(0));
    let new: Vec<&mut Index> = new.collect();
    if new.is_empty() {
        return Ok(());
    }
    let first = super::take_ids(ctx, u32::try_from(new.len()).unwrap_or(u32::MAX))?;
    for (index, id) in new.into_iter().zip(first..) {
        index.id = IndexId(id);
    }
    Ok(())
}

/// The rows of a table; of a large one, about.
fn count_rows(ctx: &mut Context<'_>, table: &Table) -> Run<u64> {
    let mut rows = 0u64;
    for stored in table.stored()? {
        let range = key::index_range(stored.primary().id);
        let mut cursor = ctx.txn.scan(range, Direction::Forward, View::Latest);
        while cursor.next(ctx.txn)?.is_some() {
            rows += 1;
            if rows.is_multiple_of(KILL_CHECK_ROWS as u64) {
                ctx.check()?;
            }
            if rows == ANALYZE_ROWS_MAX {
                return Ok(rows.max(table.row_estimate.load(Ordering::Relaxed)));
            }
        }
    }
    Ok(rows)
}

/// The type that readers pass a dropped column by with: what looks the same in a row, and needs nothing that goes with the column.
fn passed_by(data_type: DataType) -> DataType {
    if data_type.has_members() { DataType::BIGINT_UNSIGNED } else { data_type }
}
