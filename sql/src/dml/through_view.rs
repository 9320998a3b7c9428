//! Rows that are inserted through a view.
//!
//! The row is one of the stored table behind the view, at whose slots everything is bound. The statement's names are those of the view: they
//! come from a copy of the table's definition in which the columns are called as in the view, and those that are not in it have no name.
//!
//! Left out: the row's alias in ON DUPLICATE KEY UPDATE is about the view's columns too, where MySQL finds none (`view-row-alias`).

use std::sync::Arc;

use crate::account::Privilege;
use crate::ast::{Expr, Insert, InsertSource, TableExpr, ViewCheck};
use crate::authorization::Needs;
use crate::bind::from::{Merges, Space, draft};
use crate::bind::merge::Merged;
use crate::bind::{Binder, FromScope, TableSource};
use crate::catalog::{Catalog, Column, Table};
use crate::dml::default::implicit;
use crate::execute::Context;
use crate::plan::slots;
use crate::plan::through_view::{
    ThroughView, checked, column_not_updatable, full_name, is_join, not_insertable, reading_view,
    several_tables, stored_inside, write_column,
};
use crate::session::{SessionState, WarningLevel};
use crate::types::Value;
use crate::view::View;
use crate::{Error, Result};

/// A view that rows are inserted into.
pub(super) struct Target {
    /// The table that has the rows.
    pub table: Arc<Table>,
    /// Its definition with the names of the view.
    pub named: Arc<Table>,
    /// The table's columns in the order of the view.
    pub order: Vec<usize>,
    /// What the view asks of a row.
    pub through: Box<ThroughView>,
    /// The view.
    pub view: Arc<View>,
    /// All tables that it reads, for their metadata locks.
    pub tables: Vec<Arc<Table>>,
}

impl Target {
    /// Whether CHECK OPTION reads other tables.
    pub(super) fn reads_snapshot(&self) -> bool {
        self.through.conditions.iter().any(slots::has_subquery)
    }
}

/// The target of a statement, if its name is that of a view; `columns` are those listed, and `replaces` says whether it takes rows away.
///
/// # Errors
/// 1348, 1393, 1394, 1471; those of the view.
pub(super) fn target(
    (catalog, session, needs): (&std::sync::Arc<Catalog>, &SessionState, &Needs),
    (database, name): (&str, &str),
    columns: &[&str],
    replaces: bool,
) -> Result<Option<Target>> {
    if session.temporary_table(database, name).is_some() {
        return Ok(None);
    }
    let Some(view) = catalog.view(database, name) else { return Ok(None) };
    let binder = Binder::new(catalog, session, needs);
    let from = TableExpr::Table {
        database: Some(database.to_owned()),
        table: name.to_owned(),
        alias: None,
        hints: Vec::new(),
        partitions: Vec::new(),
    };
    let space = Space { start: 0, merges: Merges::Targets };
    let (_, scope) = draft(&binder, &from, None, space)?;
    let Some(face) = scope.merged_at(0) else { return Err(not_insertable(name)) };
    let stored = stored_inside(&scope, face, catalog);
    if stored.is_empty() || !view.updatable {
        return Err(not_insertable(name));
    }
    if columns.is_empty() && is_join(view, catalog) {
        let message = format!("Can not insert into join view '{}' without fields list", full_name(view));
        return Err(Error { code: 1394, state: *b"HY000", message });
    }
    let written = written_columns(&scope, face, columns)?;
    let position = table_of_columns(&scope, view, &written)?.unwrap_or(stored[0]);
    check_insertable(&scope, face, &stored).map_err(|()| not_insertable(name))?;
    for column in &written {
        write_column(&binder, view, *column, Privilege::Insert)?;
    }
    let TableSource::Base(table) = &scope.tables[position].source else {
        return Err(not_insertable(name));
    };
    let table = Arc::clone(table);
    let mut through = checked(&scope, face, position, &|_| true, ViewCheck::None)?;
    if replaces {
        through.members = checked(&scope, face, position, &|_| true, ViewCheck::Cascaded)?.conditions;
    }
    let (named, order) = renamed(&scope, face, position, &table, view);
    let tables = binder.into_tables();
    let (named, view) = (Arc::new(named), Arc::clone(view));
    Ok(Some(Target { table, named, order, through: Box::new(through), view, tables }))
}

/// The columns of the view that are written: those listed, as far as there are such, or all.
fn written_columns(scope: &FromScope, face: &Merged, listed: &[&str]) -> Result<Vec<usize>> {
    let columns = &scope.tables[face.position].columns;
    let positions: Vec<usize> = match listed {
        [] => (0..columns.len()).collect(),
        names => {
            let find = |name: &&str| columns.iter().position(|column| column.name.eq_ignore_ascii_case(name));
            names.iter().filter_map(find).collect()
        }
    };
    for position in &positions {
        if scope.filled(face.slots.start + position).is_none() {
            return Err(column_not_updatable(&columns[*position].name));
        }
    }
    Ok(positions)
}

/// The place of the one table that columns of a view are of.
fn table_of_columns(scope: &FromScope, view: &View, written: &[usize]) -> Result<Option<usize>> {
    let Some(face) = scope.merged_at(0) else { return Ok(None) };
    let mut found = None;
    for column in written {
        let slot = scope.filled(face.slots.start + column);
        let place = slot.and_then(|slot| scope.table_of(slot)).map(|(place, _)| place);
        match (found, place) {
            (Some(before), Some(place)) if before != place => return Err(several_tables(view)),
            (_, place) => found = place,
        }
    }
    Ok(found)
}

/// Rows are inserted through views all columns of which are columns, none of them twice, of stored tables, none of them twice.
fn check_insertable(scope: &FromScope, face: &Merged, stored: &[usize]) -> std::result::Result<(), ()> {
    let mut filled: Vec<Option<usize>> = face.slots.clone().map(|slot| scope.filled(slot)).collect();
    filled.sort_unstable();
    let is_single = filled.windows(2).all(|pair| pair[0] != pair[1]) && filled.iter().all(Option::is_some);
    let is_stored = |place: usize| {
        stored.contains(&place) || matches!(scope.tables[place].source, TableSource::Merged(_))
    };
    let ids: Vec<_> = stored
        .iter()
        .filter_map(|place| match &scope.tables[*place].source {
            TableSource::Base(table) => Some(table.id),
            _ => None,
        })
        .collect();
    let is_once = ids.iter().enumerate().all(|(at, id)| !ids[..at].contains(id));
    (is_single && is_once && face.tables.clone().all(is_stored)).then_some(()).ok_or(())
}

/// The definition of a table with the names of a view, and its columns in the view's order.
fn renamed(
    scope: &FromScope,
    face: &Merged,
    position: usize,
    table: &Arc<Table>,
    view: &View,
) -> (Table, Vec<usize>) {
    let bound = &scope.tables[position];
    let mut named = Table::clone(table);
    named.name.clone_from(&view.table.name);
    named.database.clone_from(&view.table.database);
    let mut order = Vec::new();
    named.columns.iter_mut().for_each(|column| column.hidden = true);
    for (slot, own) in face.slots.clone().zip(&view.table.columns) {
        let Some(filled) = scope.filled(slot).filter(|filled| bound.slots().contains(filled)) else {
            continue;
        };
        let at = filled - bound.base;
        if let Some(column) = named.columns.get_mut(at) {
            column.name.clone_from(&own.name);
            (column.hidden, column.invisible) = (false, false);
            order.push(at);
        }
    }
    (named, order)
}

/// Error 1443 for an INSERT whose subqueries read the table that is written, if a view is between.
pub(super) fn prevented(
    binder: &Binder<'_>,
    insert: &Insert,
    table: &Table,
    view: Option<&Target>,
) -> Option<Error> {
    let values: Vec<&Expr> = match &insert.source {
        InsertSource::Values(rows) => rows.iter().flatten().collect(),
        InsertSource::Query(_) => Vec::new(),
    };
    let updates = insert.on_duplicate.iter().map(|(_, value)| value);
    let expressions = values.into_iter().chain(updates).collect();
    let view = view.map(|view| &*view.view);
    reading_view(binder, &insert.table.table, view, table, expressions, "INSERT")
}

/// Error 1423 in strict mode, else its warning and the implicit default.
///
/// # Errors
/// 1423.
pub(super) fn missing(through: &ThroughView, column: &Column, ctx: &mut Context<'_>) -> Result<Value> {
    let message = format!("Field of view '{}' underlying table doesn't have a default value", through.name);
    if ctx.strict {
        return Err(Error { code: 1423, state: *b"HY000", message });
    }
    ctx.session.warn(WarningLevel::Warning, 1423, message);
    Ok(implicit(&column.data_type))
}
