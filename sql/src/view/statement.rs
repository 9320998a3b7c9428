//! CREATE VIEW, ALTER VIEW and DROP VIEW.

use std::sync::Arc;

use super::View;
use super::qualify::qualify;
use crate::ast::{
    CreateSelect, CreateTable, CreateView, Expr, Query, QueryBody, SelectItem, TableExpr, TableName,
    UserName, ViewAlgorithm, ViewCheck, ViewMode,
};
use crate::bind::walk::operands;
use crate::catalog::store::CatalogKey;
use crate::catalog::{Database, Table};
use crate::ddl::definition;
use crate::execute::{Context, Outcome, Run};
use crate::session::{SessionState, WarningLevel};
use crate::{Error, Result};

/// CREATE VIEW and ALTER VIEW, in a step of a job; gives whether the catalog is changed.
///
/// # Errors
/// 1049, 1050, 1060, 1146, 1347, 1351, 1352, 1353, 1368, 1462, those of the query, and 1235.
pub fn create(ctx: &mut Context<'_>, statement: &CreateView) -> Run<bool> {
    let (database, name) = (statement.name.database.as_deref().unwrap_or_default(), &statement.name.table);
    let Some(found) = ctx.catalog.databases.get(database) else {
        return Err(Error::unknown_database(database).into());
    };
    if !is_free(found, statement)? {
        let error = Error::table_exists(name);
        ctx.session.warn(WarningLevel::Note, error.code, error.message);
        return Ok(false);
    }
    let view = build(ctx, statement, database, found)?;
    let key = CatalogKey::View { database, name }.to_bytes();
    ctx.txn.put(key, super::encode::write_view(&view));
    Ok(true)
}

/// Whether the view is to be written.
fn is_free(database: &Database, statement: &CreateView) -> Result<bool> {
    let name = &statement.name.table;
    let (is_table, is_view) = (database.tables.contains_key(name), database.views.contains_key(name));
    match statement.mode {
        ViewMode::CreateIfNotExists if is_table || is_view => Ok(false),
        ViewMode::Create if is_table || is_view => Err(Error::table_exists(name)),
        ViewMode::Replace | ViewMode::Alter if is_table => Err(not_a_view(&database.name, name)),
        ViewMode::Alter if !is_view => Err(Error::no_such_table(&database.name, name)),
        _ => Ok(true),
    }
}

/// Error 1347.
#[must_use]
pub fn not_a_view(database: &str, name: &str) -> Error {
    Error { code: 1347, state: *b"HY000", message: format!("'{database}.{name}' is not VIEW") }
}

/// Gives the columns of the query the names that they have when it is run: those of system tables are not as they are written.
fn name_columns(query: &mut Query, names: &[String]) {
    let mut first = query;
    loop {
        match &mut first.body {
            QueryBody::SetOperation { left, .. } | QueryBody::Nested(left) => first = left,
            QueryBody::Select(select) if select.items.len() == names.len() => {
                for (item, name) in select.items.iter_mut().zip(names) {
                    if let SelectItem::Expression { alias: Some(alias), .. } = item {
                        alias.clone_from(name);
                    }
                }
                return;
            }
            QueryBody::Select(_) | QueryBody::Values(_) => return,
        }
    }
}

fn build(ctx: &mut Context<'_>, statement: &CreateView, database: &str, found: &Database) -> Result<View> {
    let mut query = statement.query.clone();
    refuse_temporary(&query, ctx.session)?;
    let named = qualify(&mut query, ctx.catalog, ctx.session);
    let select = CreateSelect { query: statement.query.clone(), ignore: false, replace: false };
    // A query that is wrong is told so in the terms of any other.
    let selected = select.select(ctx.catalog, ctx.session)?;
    named?;
    name_columns(&mut query, selected.names());
    // What is kept is what is bound: in names as in meaning.
    let kept = super::encode::parse(&super::print::query(&query, None))
        .map_err(|_| Error::not_supported("a view whose query cannot be printed"))?;
    // The catalog has the text of what is kept, and every node must be able to read it, now and when it starts.
    let stored = super::print::query(&kept, None);
    let is_readable =
        super::encode::parse(&stored).is_ok_and(|query| super::print::query(&query, None) == stored);
    if !is_readable {
        return Err(Error::not_supported("a view whose query cannot be printed"));
    }
    let names = selected.names().to_vec();
    let kept_select = CreateSelect { query: kept.clone(), ignore: false, replace: false };
    let session = SessionState { temporary: None, ..ctx.session.clone() };
    let bound = kept_select
        .select(ctx.catalog, &session)
        .map_err(|_| Error::not_supported("a view whose query cannot be printed"))?;
    if bound.names() != names.as_slice() {
        return Err(Error::not_supported("a view whose columns have no names that can be printed"));
    }
    refuse_recursion(ctx, statement, &kept)?;
    let table = columns(ctx, statement, database, found, &bound)?;
    let (is_mergeable, updatable) = (is_mergeable(&kept), super::updatable::is_updatable(&kept, ctx.catalog));
    if statement.check != ViewCheck::None && !updatable {
        let message = format!("CHECK OPTION on non-updatable view '{database}.{}'", table.name);
        return Err(Error { code: 1368, state: *b"HY000", message });
    }
    let mut algorithm = statement.algorithm;
    if algorithm == ViewAlgorithm::Merge && !is_mergeable {
        let message = "View merge algorithm can't be used here for now (assumed undefined algorithm)";
        ctx.session.warn(WarningLevel::Warning, 1354, message.to_owned());
        algorithm = ViewAlgorithm::Undefined;
    }
    let definer = match &statement.definer {
        None | Some(UserName::Current) => ctx.session.account.clone(),
        Some(UserName::Named(account)) => account.clone(),
    };
    if ctx.catalog.accounts.get(&definer).is_none() {
        let message =
            format!("The user specified as a definer ('{}'@'{}') does not exist", definer.user, definer.host);
        ctx.session.warn(WarningLevel::Note, 1449, message);
    }
    Ok(View {
        table: Arc::new(table),
        column_names: statement.columns.clone(),
        query: Arc::new(kept),
        definer,
        invoker: statement.invoker,
        algorithm,
        check: statement.check,
        updatable: updatable && algorithm != ViewAlgorithm::TempTable,
        character_set: ctx.session.variables.collation_connection.character_set().to_owned(),
        collation: ctx.session.variables.collation_connection.name().to_owned(),
    })
}

/// The columns, as a table has them.
fn columns(
    ctx: &mut Context<'_>,
    statement: &CreateView,
    database: &str,
    found: &Database,
    selected: &crate::ddl::create_select::Selected,
) -> Result<Table> {
    let empty = CreateTable {
        name: statement.name.clone(),
        temporary: false,
        if_not_exists: false,
        columns: Vec::new(),
        keys: Vec::new(),
        checks: Vec::new(),
        foreign_keys: Vec::new(),
        collation: None,
        auto_increment: None,
        substituted_engine: None,
        comment: String::new(),
        options: crate::catalog::TableOptions::default(),
        like: None,
        select: None,
        partition_by: None,
    };
    let mut defined = selected.define(&empty, ctx)?;
    if !statement.columns.is_empty() {
        if statement.columns.len() != defined.columns.len() {
            let message = "In definition of view, derived table or common table expression, SELECT list and column names list have different column counts";
            return Err(Error { code: 1353, state: *b"HY000", message: message.to_owned() });
        }
        for (column, name) in defined.columns.iter_mut().zip(&statement.columns) {
            column.name.clone_from(name);
        }
    }
    let mut table = definition::build(&defined, database, found.collation, ctx).map_err(|error| {
        // A view's row has no bound in MySQL.
        if error.code == 1118 {
            Error::not_supported("a view whose row is longer than a table's")
        } else {
            error
        }
    })?;
    table.created_us = u64::try_from(ctx.now_us).unwrap_or(0);
    Ok(table)
}

/// Calls `visit` with each table that a query names, as far down as subqueries go.
pub fn tables_of(query: &Query, visit: &mut dyn FnMut(Option<&str>, &str, &str)) {
    for table in query.common_tables() {
        tables_of(&table.query, visit);
    }
    match &query.body {
        QueryBody::Select(select) => {
            if let Some(from) = &select.from {
                tables_of_from(from, visit);
            }
            let items = select.items.iter().filter_map(|item| match item {
                SelectItem::Expression { expr, .. } => Some(expr),
                SelectItem::Wildcard | SelectItem::TableWildcard { .. } => None,
            });
            let rest = select.filter.iter().chain(&select.group_by).chain(&select.having);
            items.chain(rest).for_each(|expr| tables_of_expr(expr, visit));
        }
        QueryBody::SetOperation { left, right, .. } => {
            tables_of(left, visit);
            tables_of(right, visit);
        }
        QueryBody::Values(rows) => rows.iter().flatten().for_each(|expr| tables_of_expr(expr, visit)),
        QueryBody::Nested(inner) => tables_of(inner, visit),
    }
    query.order_by.iter().for_each(|item| tables_of_expr(&item.expr, visit));
}

fn tables_of_from(from: &TableExpr, visit: &mut dyn FnMut(Option<&str>, &str, &str)) {
    match from {
        TableExpr::Table { database, table, alias, .. } => {
            visit(database.as_deref(), table, alias.as_ref().unwrap_or(table));
        }
        TableExpr::Derived { query, .. } => tables_of(query, visit),
        TableExpr::Join { left, right, condition, .. } => {
            tables_of_from(left, visit);
            tables_of_from(right, visit);
            if let crate::ast::JoinCondition::On(on) = condition {
                tables_of_expr(on, visit);
            }
        }
    }
}

fn tables_of_expr(expr: &Expr, visit: &mut dyn FnMut(Option<&str>, &str, &str)) {
    match expr {
        Expr::Exists { query, .. }
        | Expr::Subquery(query)
        | Expr::InSubquery { query, .. }
        | Expr::Quantified { query, .. } => tables_of(query, visit),
        _ => {}
    }
    operands(expr, &mut |operand| tables_of_expr(operand, visit));
}

/// Error 1352 for a query that names a temporary table.
fn refuse_temporary(query: &Query, session: &SessionState) -> Result<()> {
    let mut met = None;
    tables_of(query, &mut |database, table, _| {
        let name = TableName { database: database.map(str::to_owned), table: table.to_owned() };
        if met.is_none() && crate::ddl::temporary::find(&name, session).is_some() {
            met = Some(table.to_owned());
        }
    });
    match met {
        Some(table) => {
            let message = format!("View's SELECT refers to a temporary table '{table}'");
            Err(Error { code: 1352, state: *b"HY000", message })
        }
        None => Ok(()),
    }
}

/// Error 1146 for a view that would read itself.
fn refuse_recursion(ctx: &Context<'_>, statement: &CreateView, query: &Query) -> Result<()> {
    let own = (statement.name.database.clone().unwrap_or_default(), statement.name.table.clone());
    let mut seen: Vec<(String, String)> = Vec::new();
    let mut queries = vec![Arc::new(query.clone())];
    while let Some(query) = queries.pop() {
        tables_of(&query, &mut |database, table, _| {
            let name = (database.unwrap_or_default().to_owned(), table.to_owned());
            if !seen.contains(&name) {
                if let Some(view) = ctx.catalog.view(&name.0, &name.1) {
                    queries.push(Arc::clone(&view.query));
                }
                seen.push(name);
            }
        });
    }
    if seen.contains(&own) {
        // As MySQL, to which the view is gone by then.
        return Err(Error::no_such_table(&own.0, &own.1));
    }
    Ok(())
}

/// Whether MySQL could merge the query into one that uses it.
fn is_mergeable(query: &Query) -> bool {
    let QueryBody::Select(select) = &query.body else { return false };
    let has_calls = select.items.iter().any(|item| match item {
        SelectItem::Expression { expr, .. } => is_collective(expr),
        SelectItem::Wildcard | SelectItem::TableWildcard { .. } => false,
    });
    !select.distinct
        && select.group_by.is_empty()
        && select.having.is_none()
        && select.windows.is_empty()
        && query.limit.is_none()
        && select.from.is_some()
        && !has_calls
}

/// Whether there is an aggregate or a window function in an expression.
fn is_collective(expr: &Expr) -> bool {
    if matches!(expr, Expr::Aggregate(_) | Expr::Window(_)) {
        return true;
    }
    let mut found = false;
    operands(expr, &mut |operand| found |= is_collective(operand));
    found
}

/// DROP VIEW; gives whether the catalog is changed.
///
/// # Errors
/// 1051 naming all that are not there, 1347; none is dropped then.
pub fn drop(ctx: &mut Context<'_>, names: &[TableName], if_exists: bool) -> Run<(bool, Outcome)> {
    let mut found = Vec::with_capacity(names.len());
    let mut missing = Vec::new();
    for name in names {
        let (database, view) = (name.database.as_deref().unwrap_or_default(), name.table.as_str());
        let entry = ctx.catalog.databases.get(database);
        if entry.is_some_and(|entry| entry.tables.contains_key(view)) {
            return Err(not_a_view(database, view).into());
        }
        if !entry.is_some_and(|entry| entry.views.contains_key(view)) {
            missing.push(format!("{database}.{view}"));
        } else if found.contains(&(database, view)) {
            return Err(Error::nonunique_table(view).into());
        } else {
            found.push((database, view));
        }
    }
    if !missing.is_empty() && !if_exists {
        return Err(Error::unknown_table(missing.join(",")).into());
    }
    for view in missing {
        let note = Error::unknown_table(view);
        ctx.session.warn(WarningLevel::Note, note.code, note.message);
    }
    for (database, name) in &found {
        ctx.txn.delete(CatalogKey::View { database, name }.to_bytes());
    }
    Ok((!found.is_empty(), Outcome::default()))
}
