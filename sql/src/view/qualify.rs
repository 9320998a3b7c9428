//! Completing the names of a query: every table with its database, every column with its table, every item with its name, `*` written out,
//! USING and NATURAL as conditions. So the query means the same wherever, and under whatever names, it is read again.
//!
//! Whether a name is right is found out by binding, before: what cannot be found here is left as it is, as an alias of the select list.
//!
//! Left out: locking clauses.

mod expression;
mod from;

use std::sync::Arc;

use crate::ast::{Expr, OrderItem, Query, QueryBody, Select, SelectItem, With};
use crate::catalog::{Catalog, same_name};
use crate::session::SessionState;
use crate::types::Value;
use crate::{Error, Result};

/// Completes the names of a query; gives those of its columns.
///
/// # Errors
/// 1235 for what is left out, 1351, and those of names that are not there.
pub fn qualify(query: &mut Query, catalog: &Catalog, session: &SessionState) -> Result<Vec<String>> {
    Qualifier { catalog, session, common: Vec::new(), in_expression: false }.query(query, None)
}

/// The walk over a query.
struct Qualifier<'a> {
    catalog: &'a Catalog,
    session: &'a SessionState,
    /// Common table expressions in sight, with the names of their columns.
    common: Vec<(String, Vec<String>)>,
    /// What is looked at is the query of an operand.
    in_expression: bool,
}

/// The names of a block, and of those around it.
#[derive(Default)]
struct Scope<'p> {
    tables: Vec<Named>,
    visible: Vec<Visible>,
    parent: Option<&'p Scope<'p>>,
    /// Names that the select list gives.
    aliases: Vec<String>,
}

/// A table of FROM.
#[derive(Clone)]
struct Named {
    /// None for one that has an alias, or is derived.
    database: Option<String>,
    /// The database in which a name that says one finds it.
    found_in: Option<String>,
    name: String,
    /// Columns, and whether `*` shows them.
    columns: Vec<(String, bool)>,
}

/// What a name alone can mean.
#[derive(Clone)]
struct Visible {
    name: String,
    shown: bool,
    table: usize,
}

impl Scope<'_> {
    /// The complete name of a column of a table of this block.
    fn complete(&self, table: usize, column: &str) -> Expr {
        let named = self.tables.get(table);
        Expr::Column {
            database: named.and_then(|table| table.database.clone()),
            table: named.map(|table| table.name.clone()),
            column: column.to_owned(),
        }
    }

    /// What a name alone means in this block, if it means one thing.
    fn find(&self, column: &str) -> Option<Expr> {
        let mut found = self.visible.iter().filter(|visible| same_name(&visible.name, column));
        match (found.next(), found.next()) {
            (Some(visible), None) => Some(self.complete(visible.table, &visible.name)),
            _ => None,
        }
    }

    /// What a name with a table means in this block.
    fn find_in(&self, database: Option<&str>, table: &str, column: &str) -> Option<Expr> {
        let is_it = |named: &Named| {
            named.name == table && database.is_none_or(|database| named.found_in.as_deref() == Some(database))
        };
        let position = self.tables.iter().position(is_it)?;
        let (name, _) = self.tables[position].columns.iter().find(|(name, _)| same_name(name, column))?;
        Some(self.complete(position, name))
    }
}

impl Qualifier<'_> {
    fn query(&mut self, query: &mut Query, parent: Option<&Scope<'_>>) -> Result<Vec<String>> {
        if query.locking.is_some() {
            return Err(Error::not_supported("FOR UPDATE and FOR SHARE in a view"));
        }
        let before = self.common.len();
        if let Some(with) = &mut query.with {
            self.with(with, parent)?;
        }
        let names = match &mut query.body {
            QueryBody::Select(select) => self.select(select, &mut query.order_by, parent)?,
            QueryBody::SetOperation { left, right, .. } => {
                let names = self.query(left, parent)?;
                self.query(right, parent)?;
                // ORDER BY names columns of the result.
                names
            }
            QueryBody::Values(rows) => {
                let scope = Scope { parent, ..Scope::default() };
                for expr in rows.iter_mut().flatten() {
                    self.expr(expr, &scope)?;
                }
                let count = rows.first().map_or(0, Vec::len);
                (0..count).map(|position| format!("column_{position}")).collect()
            }
            QueryBody::Nested(inner) => self.query(inner, parent)?,
        };
        for expr in query.limit.iter_mut().chain(&mut query.offset) {
            self.expr(expr, &Scope::default())?;
        }
        self.common.truncate(before);
        Ok(names)
    }

    fn with(&mut self, with: &mut With, parent: Option<&Scope<'_>>) -> Result<()> {
        for table in &mut with.tables {
            let table = Arc::make_mut(table);
            let outside = self.common.len();
            if with.recursive {
                // The names are those of the first part, which does not read the table itself.
                let names = match table.columns.is_empty() {
                    true => self.table_query(&mut first_part(&table.query), parent)?,
                    false => table.columns.clone(),
                };
                self.common.push((table.name.clone(), names));
            }
            let mut names = self.table_query(&mut table.query, parent)?;
            self.common.truncate(outside);
            if !table.columns.is_empty() {
                names.clone_from(&table.columns);
            }
            self.common.push((table.name.clone(), names));
        }
        Ok(())
    }

    fn select(
        &mut self,
        select: &mut Select,
        order_by: &mut [OrderItem],
        parent: Option<&Scope<'_>>,
    ) -> Result<Vec<String>> {
        if select.calc_found_rows {
            return Err(Error::not_supported("SQL_CALC_FOUND_ROWS in a view"));
        }
        let mut scope = Scope { parent, ..Scope::default() };
        if let Some(from) = &mut select.from {
            let view = self.from(from, &mut scope, parent)?;
            scope.visible = view.visible;
        }
        self.items(&mut select.items, &scope)?;
        let names = select.items.iter().map(|item| match item {
            SelectItem::Expression { alias, text, .. } => alias.as_ref().unwrap_or(text).clone(),
            SelectItem::Wildcard | SelectItem::TableWildcard { .. } => String::new(),
        });
        let names: Vec<String> = names.collect();
        if let Some(filter) = &mut select.filter {
            self.expr(filter, &scope)?;
        }
        for window in &mut select.windows {
            self.window(&mut window.spec, &scope)?;
        }
        scope.aliases.clone_from(&names);
        for expr in &mut select.group_by {
            substitute_position(expr, &select.items)?;
            self.expr(expr, &scope)?;
        }
        if let Some(having) = &mut select.having {
            self.expr(having, &scope)?;
        }
        for item in order_by {
            substitute_position(&mut item.expr, &select.items)?;
            substitute_alias(&mut item.expr, &select.items);
            self.expr(&mut item.expr, &scope)?;
        }
        Ok(names)
    }

    /// Writes `*` out and completes the names of a select list.
    fn items(&mut self, items: &mut Vec<SelectItem>, scope: &Scope<'_>) -> Result<()> {
        let mut complete = Vec::with_capacity(items.len());
        for item in items.drain(..) {
            match item {
                SelectItem::Wildcard => {
                    let shown = scope.visible.iter().filter(|visible| visible.shown);
                    complete.extend(shown.map(|visible| {
                        self.named(scope.complete(visible.table, &visible.name), &visible.name)
                    }));
                }
                SelectItem::TableWildcard { database, table } => {
                    let is_it = |named: &Named| {
                        let found_in = named.found_in.as_deref();
                        named.name == table && (database.is_none() || found_in == database.as_deref())
                    };
                    let Some(position) = scope.tables.iter().position(is_it) else { continue };
                    let shown = scope.tables[position].columns.iter().filter(|(_, shown)| *shown);
                    let named = |name: &String| self.named(scope.complete(position, name), name);
                    complete.extend(shown.map(|(name, _)| named(name)));
                }
                SelectItem::Expression { mut expr, alias, text } => {
                    let name = match (&alias, &expr) {
                        (Some(alias), _) => alias.clone(),
                        (None, Expr::Column { column, .. }) => column.clone(),
                        (None, _) => text.clone(),
                    };
                    self.expr(&mut expr, scope)?;
                    // In a subquery of an expression nobody asks for a name that was not given.
                    let (alias, text) = match self.in_expression {
                        true => (alias, name),
                        false => (Some(name), text),
                    };
                    complete.push(SelectItem::Expression { expr, alias, text });
                }
            }
        }
        *items = complete;
        Ok(())
    }

    fn named(&self, expr: Expr, name: &str) -> SelectItem {
        SelectItem::Expression {
            expr,
            alias: (!self.in_expression).then(|| name.to_owned()),
            text: name.to_owned(),
        }
    }

    /// A query that is an operand.
    fn subquery(&mut self, query: &mut Query, scope: &Scope<'_>) -> Result<()> {
        let around = std::mem::replace(&mut self.in_expression, true);
        let result = self.query(query, Some(scope)).map(|_| ());
        self.in_expression = around;
        result
    }

    /// A query that is a table.
    fn table_query(&mut self, query: &mut Query, parent: Option<&Scope<'_>>) -> Result<Vec<String>> {
        let around = std::mem::replace(&mut self.in_expression, false);
        let names = self.query(query, parent);
        self.in_expression = around;
        names
    }
}

/// The part of a recursive query that stands first, under the same WITH.
fn first_part(query: &Query) -> Query {
    let mut first = query;
    while let QueryBody::SetOperation { left, .. } = &first.body {
        first = left;
    }
    Query { with: query.with.clone(), ..first.clone() }
}

/// Puts an item in the place of its position.
fn substitute_position(expr: &mut Expr, items: &[SelectItem]) -> Result<()> {
    let position = match expr {
        Expr::Literal(Value::Int(position)) => usize::try_from(*position).ok(),
        Expr::Literal(Value::UInt(position)) => usize::try_from(*position).ok(),
        _ => return Ok(()),
    };
    match position.and_then(|position| items.get(position.checked_sub(1)?)) {
        Some(SelectItem::Expression { expr: Expr::Literal(_), .. }) => {
            Err(Error::not_supported("the position of a constant in GROUP BY or ORDER BY of a view"))
        }
        Some(SelectItem::Expression { expr: item, .. }) => {
            expr.clone_from(item);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Puts an item in the place of its name, where that is all that is said.
fn substitute_alias(expr: &mut Expr, items: &[SelectItem]) {
    let Expr::Column { database: None, table: None, column } = &*expr else { return };
    let found = items.iter().find_map(|item| match item {
        SelectItem::Expression { expr, alias: Some(alias), .. } if same_name(alias, column) => Some(expr),
        _ => None,
    });
    // A constant would be taken for a position.
    if let Some(item) = found.filter(|item| !matches!(item, Expr::Literal(_))) {
        *expr = item.clone();
    }
}
