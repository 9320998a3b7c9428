//! Changing rows through a view: which stored table is meant, what its rights are, and what CHECK OPTION asks of a changed row.
//!
//! A view that is changed is [merged](crate::bind::merge) into the statement: its face has the names, and the row is that of the stored
//! table behind it.
//!
//! Left out: CHECK OPTION where a condition over several tables reads what is changed (1235).

use std::sync::Arc;

use crate::account::Privilege;
use crate::ast::{Expr, QueryBody, SelectItem, TableExpr, ViewCheck};
use crate::authorization::{Needs, Requirement, Source};
use crate::bind::merge::Merged;
use crate::bind::{Binder, FromScope, TableSource};
use crate::catalog::{Catalog, Table};
use crate::execute::operator::all_true;
use crate::execute::{Context, Run};
use crate::expression::Expression;
use crate::plan::slots;
use crate::session::WarningLevel;
use crate::types::Value;
use crate::view::View;
use crate::view::bind::acting_as;
use crate::view::updatable;
use crate::{Error, Result};

/// What a view asks of the rows that are written through it.
#[derive(Debug)]
pub struct ThroughView {
    /// Its name, with its database.
    pub name: String,
    /// CHECK OPTION: all must hold of the row of the stored table.
    pub conditions: Vec<Expression>,
    /// All conditions of the view and of those in it, for REPLACE: it takes no row away that is not in the view.
    pub members: Vec<Expression>,
}

impl ThroughView {
    /// Whether REPLACE may take a row away.
    ///
    /// # Errors
    /// 3059, and those of the conditions.
    pub fn gives_up(&self, row: &[Value], ctx: &mut Context<'_>) -> Run<()> {
        if all_true(&self.members, row, ctx)? {
            return Ok(());
        }
        let message = "REPLACE cannot be executed as it requires deleting rows that are not in the view";
        Err(Error { code: 3059, state: *b"HY000", message: message.to_owned() }.into())
    }

    /// Whether a row may be written; with IGNORE one that may not is warned of.
    ///
    /// # Errors
    /// 1369, and those of the conditions.
    pub fn admits(&self, row: &[Value], ignore: bool, ctx: &mut Context<'_>) -> Run<bool> {
        if self.conditions.is_empty() || all_true(&self.conditions, row, ctx)? {
            return Ok(true);
        }
        let message = format!("CHECK OPTION failed '{}'", self.name);
        if !ignore {
            return Err(Error { code: 1369, state: *b"HY000", message }.into());
        }
        ctx.session.warn(WarningLevel::Warning, 1369, message);
        Ok(false)
    }
}

/// The name of a view as messages have it.
#[must_use]
pub fn full_name(view: &View) -> String {
    format!("{}.{}", view.table.database, view.table.name)
}

/// The places of the stored tables that are inside a merged view, itself or through other views; none when its rows cannot be changed.
#[must_use]
pub fn stored_inside(scope: &FromScope, face: &Merged, catalog: &Catalog) -> Vec<usize> {
    let is_changeable = face.view.as_ref().is_some_and(|view| updatable::is_changeable(&view.query, catalog));
    if !is_changeable {
        return Vec::new();
    }
    let is_stored = |place: &usize| match &scope.tables[*place].source {
        TableSource::Base(_) => {
            scope.merged.iter().all(|merged| !merged.tables.contains(place) || merged.view.is_some())
        }
        TableSource::Derived(_)
        | TableSource::Virtual(_)
        | TableSource::Dependent(_)
        | TableSource::Merged(_) => false,
    };
    face.tables.clone().filter(is_stored).collect()
}

/// Error 1395.
#[must_use]
pub fn cannot_delete(view: &View) -> Error {
    let message = format!("Can not delete from join view '{}'", full_name(view));
    Error { code: 1395, state: *b"HY000", message }
}

/// Error 1393.
#[must_use]
pub fn several_tables(view: &View) -> Error {
    let message =
        format!("Can not modify more than one base table through a join view '{}'", full_name(view));
    Error { code: 1393, state: *b"HY000", message }
}

/// Error 1348.
#[must_use]
pub fn column_not_updatable(column: &str) -> Error {
    Error { code: 1348, state: *b"HY000", message: format!("Column '{column}' is not updatable") }
}

/// Error 1471.
#[must_use]
pub fn not_insertable(alias: &str) -> Error {
    let message = format!("The target table {alias} of the INSERT is not insertable-into");
    Error { code: 1471, state: *b"HY000", message }
}

/// How many tables a view joins, those of views in it counted one by one.
#[must_use]
pub fn is_join(view: &View, catalog: &Catalog) -> bool {
    let QueryBody::Select(select) = &view.query.body else { return false };
    match &select.from {
        Some(TableExpr::Join { .. }) => true,
        Some(TableExpr::Table { database, table, .. }) => catalog
            .view(database.as_deref().unwrap_or_default(), table)
            .is_some_and(|inner| is_join(inner, catalog)),
        Some(TableExpr::Derived { .. }) | None => false,
    }
}

/// Whether a statement's FROM is a view of a join.
#[must_use]
pub fn names_join(binder: &Binder, from: &TableExpr, is_common: bool) -> bool {
    let TableExpr::Table { database, table, .. } = from else { return false };
    let Ok(name) = binder.database(database.as_deref()) else { return false };
    !is_common
        && binder.session.temporary_table(name, table).is_none()
        && binder.catalog.view(name, table).is_some_and(|view| is_join(view, binder.catalog))
}

/// What CHECK OPTION of a view, and of those in it, asks (with `around` CASCADED, what all their conditions ask) of the row of a table at `position`, of which `changed` says which slots are written.
///
/// # Errors
/// 1235 where a condition over several tables would have to be looked at.
pub fn checked(
    scope: &FromScope,
    face: &Merged,
    position: usize,
    changed: &dyn Fn(usize) -> bool,
    around: ViewCheck,
) -> Result<ThroughView> {
    let mut all = Vec::new();
    collect(scope, face, around, &mut all);
    let bound = &scope.tables[position];
    let own = bound.slots();
    let mut conditions = Vec::with_capacity(all.len());
    for mut condition in all {
        let read = slots::slots_of(&condition);
        let is_own = read.iter().all(|slot| own.contains(slot));
        if is_own && (bound.base == 0 || !slots::has_subquery(&condition)) {
            condition.remap_columns(&|slot| slot - bound.base);
            conditions.push(condition);
        } else if read.iter().any(|slot| own.contains(slot) && changed(*slot))
            || slots::has_subquery(&condition)
        {
            return Err(Error::not_supported("CHECK OPTION over several tables"));
        }
        // What is not changed was true when the row was read.
    }
    let name = face.view.as_ref().map(|view| full_name(view)).unwrap_or_default();
    Ok(ThroughView { name, conditions, members: Vec::new() })
}

/// LOCAL asks for a view's own conditions, CASCADED for those of the views in it too, whatever they say themselves.
fn collect(scope: &FromScope, face: &Merged, around: ViewCheck, all: &mut Vec<Expression>) {
    let own = face.view.as_ref().map_or(around, |view| view.check);
    let inside = match (around, own) {
        (ViewCheck::Cascaded, _) | (_, ViewCheck::Cascaded) => ViewCheck::Cascaded,
        _ => ViewCheck::None,
    };
    if inside == ViewCheck::Cascaded || own == ViewCheck::Local {
        all.extend(face.conditions.iter().cloned());
    }
    let nested: Vec<&Merged> =
        scope.merged.iter().filter(|merged| face.tables.contains(&merged.position)).collect();
    let is_direct = |merged: &&&Merged| !nested.iter().any(|other| other.tables.contains(&merged.position));
    nested.iter().filter(is_direct).for_each(|merged| collect(scope, merged, inside, all));
}

/// Notes that a column of a view is written: whose rights count in the view needs the privilege for what the column stands for.
///
/// # Errors
/// 1356, 1449.
pub fn write_column(binder: &Binder, view: &View, column: usize, privilege: Privilege) -> Result<()> {
    let QueryBody::Select(select) = &view.query.body else { return Ok(()) };
    let Some(SelectItem::Expression { expr: Expr::Column { table: Some(table), column: name, .. }, .. }) =
        select.items.get(column)
    else {
        return Ok(());
    };
    let Some(from) = select.from.as_ref().and_then(|from| named(from, table)) else { return Ok(()) };
    let (source, inner) = source_of(binder.catalog, from)?;
    let Some(position) = source.column_position(name) else { return Ok(()) };
    let need =
        Requirement::Column { privilege, source: Source::Stored(Arc::clone(&source)), column: position };
    require(binder, view, need)?;
    match inner {
        Some(inner) => write_column(binder, inner, position, privilege),
        None => Ok(()),
    }
}

/// Notes that rows are deleted through a view of one table.
///
/// # Errors
/// 1356, 1449.
pub fn delete_rows(binder: &Binder, view: &View) -> Result<()> {
    let QueryBody::Select(select) = &view.query.body else { return Ok(()) };
    let Some(from @ TableExpr::Table { .. }) = &select.from else { return Ok(()) };
    let (source, inner) = source_of(binder.catalog, from)?;
    let table = crate::ast::TableName { database: Some(source.database.clone()), table: source.name.clone() };
    require(binder, view, Requirement::Table { privileges: Privilege::Delete.into(), table })?;
    match inner {
        Some(inner) => delete_rows(binder, inner),
        None => Ok(()),
    }
}

/// Has the account whose rights count in a view need something.
fn require(binder: &Binder, view: &View, need: Requirement) -> Result<()> {
    let needs = Needs::default();
    needs.add(need.clone());
    let needed = needs.take();
    if !view.invoker {
        let session = acting_as(&view.definer, binder.catalog, binder.session)?;
        return needed.check(&session).map_err(|_| crate::view::bind::invalid(view));
    }
    needed.check(binder.session).map_err(|_| crate::view::bind::invalid(view))?;
    // Who runs the plan later needs it too.
    binder.needs().add(need);
    Ok(())
}

/// The table that a FROM gives a name.
fn named<'f>(from: &'f TableExpr, name: &str) -> Option<&'f TableExpr> {
    match from {
        TableExpr::Table { table, alias, .. } => (alias.as_ref().unwrap_or(table) == name).then_some(from),
        TableExpr::Derived { .. } => None,
        TableExpr::Join { left, right, .. } => named(left, name).or_else(|| named(right, name)),
    }
}

/// The columns of a table or view, and the view that it is.
fn source_of<'b>(catalog: &'b Catalog, from: &TableExpr) -> Result<(Arc<Table>, Option<&'b View>)> {
    let TableExpr::Table { database, table, .. } = from else {
        return Err(Error::internal("a view's column of no table"));
    };
    let database = database.as_deref().unwrap_or_default();
    match catalog.view(database, table) {
        Some(view) => Ok((Arc::clone(&view.table), Some(view))),
        None => Ok((Arc::clone(catalog.table(database, table)?), None)),
    }
}

/// Error 1093 in its words where a view is between: 1443.
#[must_use]
pub fn prevented(
    binder: &Binder,
    scope: &FromScope,
    table: &Table,
    (expressions, operation): (Vec<&Expr>, &'static str),
    error: Error,
) -> Error {
    if error.code != 1093 {
        return error;
    }
    let target = &scope.tables[0];
    let view = scope.merged_at(0).and_then(|face| face.view.as_deref());

    reading_view(binder, &target.alias, view, table, expressions, operation).unwrap_or(error)
}

/// Error 1443, if one of the two is a view: `view` that is changed, or one that a subquery reads the changed table through.
#[must_use]
pub fn reading_view(
    binder: &Binder,
    alias: &str,
    view: Option<&View>,
    table: &Table,
    expressions: Vec<&Expr>,
    operation: &'static str,
) -> Option<Error> {
    let changed = (table.database.clone(), table.name.clone());
    let mut through: Option<(String, Option<Arc<View>>)> = None;
    for expr in expressions {
        updatable::each_subquery(expr, &mut |query| {
            crate::view::statement::tables_of(query, &mut |database, name, shown| {
                let Ok(database) = binder.database(database) else { return };
                let inner = binder.catalog.view(database, name);
                let is_it = match inner {
                    Some(inner) => updatable::stored_behind(inner, binder.catalog).contains(&changed),
                    None => (database, name) == (changed.0.as_str(), changed.1.as_str()),
                };
                if is_it && through.is_none() {
                    through = Some((shown.to_owned(), inner.cloned()));
                }
            });
        });
    }
    let (name, inner) = through?;
    let by = match (view, &inner) {
        (None, None) => return None,
        (Some(one), Some(other)) if full_name(one) == full_name(other) => return None,
        (_, Some(_)) => name.as_str(),
        (Some(_), None) => alias,
    };
    let message =
        format!("The definition of table '{by}' prevents operation {operation} on table '{alias}'.");
    Some(Error { code: 1443, state: *b"HY000", message })
}
