//! Which views rows can be changed through, by the words of their queries.
//!
//! MySQL has two answers: what `IS_UPDATABLE` says, which is decided when the view is made, and whether a statement may change its rows. A
//! view of a derived table is updatable by the first and not by the second; one whose columns are all computed the other way round.

use crate::ast::{Expr, JoinKind, Query, QueryBody, Select, SelectItem, TableExpr, ViewAlgorithm};
use crate::bind::merge;
use crate::bind::walk::operands;
use crate::catalog::Catalog;
use crate::view::statement::tables_of;

/// What `IS_UPDATABLE` says of a view of this query.
#[must_use]
pub fn is_updatable(query: &Query, catalog: &Catalog) -> bool {
    let Some(select) = flat(query) else { return false };
    let is_column =
        |item: &SelectItem| matches!(item, SelectItem::Expression { expr: Expr::Column { .. }, .. });
    select.from.as_ref().is_some_and(|from| is_updatable_from(from, catalog))
        && !reads_itself(select, catalog)
        && select.items.iter().any(is_column)
}

fn is_updatable_from(from: &TableExpr, catalog: &Catalog) -> bool {
    match from {
        TableExpr::Table { database, table, .. } => {
            let database = database.as_deref().unwrap_or_default();
            match catalog.view(database, table) {
                Some(view) => view.updatable,
                None => !catalog.is_system_table(database, table),
            }
        }
        TableExpr::Derived { json_table, .. } => json_table.is_none(),
        TableExpr::Join { left, right, kind, .. } => {
            *kind == JoinKind::Inner
                && (is_updatable_from(left, catalog) || is_updatable_from(right, catalog))
        }
    }
}

/// Whether the rows of a view of this query can be changed: those of a table that it names, itself or through other views.
#[must_use]
pub fn is_changeable(query: &Query, catalog: &Catalog) -> bool {
    let Some(select) = flat(query) else { return false };
    select.from.as_ref().is_some_and(|from| is_changeable_from(from, catalog))
        && !reads_itself(select, catalog)
}

fn is_changeable_from(from: &TableExpr, catalog: &Catalog) -> bool {
    match from {
        TableExpr::Table { database, table, .. } => {
            let database = database.as_deref().unwrap_or_default();
            match catalog.view(database, table) {
                Some(view) => {
                    view.algorithm != ViewAlgorithm::TempTable && is_changeable(&view.query, catalog)
                }
                None => !catalog.is_system_table(database, table),
            }
        }
        TableExpr::Derived { .. } => false,
        TableExpr::Join { left, right, kind, .. } => {
            *kind == JoinKind::Inner
                && (is_changeable_from(left, catalog) || is_changeable_from(right, catalog))
        }
    }
}

/// The block of a query that gives the rows of its FROM, each once.
fn flat(query: &Query) -> Option<&Select> {
    let QueryBody::Select(select) = &query.body else { return None };
    let is_bare = query.with.is_none() && query.limit.is_none() && query.locking.is_none();
    (is_bare && merge::is_flat(select, true)).then_some(select)
}

/// Whether a subquery reads a table of FROM.
fn reads_itself(select: &Select, catalog: &Catalog) -> bool {
    let mut own = Vec::new();
    if let Some(from) = &select.from {
        stored_of(from, catalog, &mut own);
    }
    let mut read = false;
    let items = select.items.iter().filter_map(|item| match item {
        SelectItem::Expression { expr, .. } => Some(expr),
        SelectItem::Wildcard | SelectItem::TableWildcard { .. } => None,
    });
    for expr in items.chain(&select.filter) {
        each_subquery(expr, &mut |query| {
            tables_of(query, &mut |database, table, _| {
                let name = (database.unwrap_or_default().to_owned(), table.to_owned());
                read |= own.contains(&name);
            });
        });
    }
    read
}

/// Calls `visit` with the subqueries of an expression.
pub fn each_subquery(expr: &Expr, visit: &mut dyn FnMut(&Query)) {
    match expr {
        Expr::Exists { query, .. }
        | Expr::Subquery(query)
        | Expr::InSubquery { query, .. }
        | Expr::Quantified { query, .. } => visit(query),
        _ => {}
    }
    operands(expr, &mut |operand| each_subquery(operand, visit));
}

/// The stored tables that a FROM names, itself or through views; their names are complete.
fn stored_of(from: &TableExpr, catalog: &Catalog, found: &mut Vec<(String, String)>) {
    match from {
        TableExpr::Table { database, table, .. } => {
            let database = database.as_deref().unwrap_or_default();
            match catalog.view(database, table) {
                Some(view) => {
                    if let QueryBody::Select(select) = &view.query.body
                        && let Some(from) = &select.from
                    {
                        stored_of(from, catalog, found);
                    }
                }
                None => found.push((database.to_owned(), table.clone())),
            }
        }
        TableExpr::Derived { .. } => {}
        TableExpr::Join { left, right, .. } => {
            stored_of(left, catalog, found);
            stored_of(right, catalog, found);
        }
    }
}

/// The stored tables behind a view, each as often as it is named.
#[must_use]
pub fn stored_behind(view: &super::View, catalog: &Catalog) -> Vec<(String, String)> {
    let mut found = Vec::new();
    if let QueryBody::Select(select) = &view.query.body
        && let Some(from) = &select.from
    {
        stored_of(from, catalog, &mut found);
    }
    found
}
