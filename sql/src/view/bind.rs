//! A view as a table of FROM.

use std::sync::Arc;

use super::View;
use crate::account::AccountId;
use crate::account::Privilege;
use crate::ast::{QueryBody, Statement};
use crate::authorization::{Authorization, Requirement, Source, tables};
use crate::bind::from::{Merges, Space};
use crate::bind::select::{BoundSelect, Tail, bind_select};
use crate::bind::{Binder, merge};
use crate::catalog::Catalog;
use crate::execute::ResultColumn;
use crate::plan::QueryPlan;
use crate::plan::query::plan_query;
use crate::session::SessionState;
use crate::{Error, Result};

/// A view's query.
#[derive(Debug)]
pub enum Inside {
    /// Planned.
    Plan(QueryPlan),
    /// Bound, and to be merged if it can be.
    Bound(Box<BoundSelect>),
}

/// Binds a view's query, in a world of its own: no temporary table and no name of the query around is in sight.
///
/// # Errors
/// 1356 when the query cannot be bound any more, or whose rights count has not enough of them; 1449, 1462.
pub fn bind(binder: &Binder<'_>, view: &View, space: Option<Space>) -> Result<(Inside, Vec<ResultColumn>)> {
    let name = (view.table.database.clone(), view.table.name.clone());
    if binder.views.contains(&name) {
        let message = format!("`{}`.`{}` contains view recursion", name.0, name.1);
        return Err(Error { code: 1462, state: *b"HY000", message });
    }
    // Under LOCK TABLES the tables of a view are locked with it.
    let session = SessionState {
        temporary: None,
        locked_tables: None,
        database: Some(name.0.clone()),
        ..binder.session.clone()
    };
    let statement = Statement::Query(Box::new((*view.query).clone()));
    let acting = if view.invoker { binder.needs().acting() } else { Some(view.definer.clone()) };
    let needs = binder.needs().of_view(tables::of_planned(&statement, &session), acting);
    let mut inner = Binder::new(binder.catalog, &session, &needs);
    inner.views.clone_from(&binder.views);
    inner.views.push(name);
    let inside = inside(&inner, view, space).map_err(|error| as_invalid(view, error))?;
    needs.take_functions().iter().for_each(|function| binder.needs().note_function(function));
    binder.note_dependence_of(inner.take_dependence());
    binder.add_tables(inner, matches!(inside, Inside::Bound(_)));
    let needed = needs.take();
    if view.invoker {
        needed.check(binder.session).map_err(|_| invalid(view))?;
        needed.as_slice().iter().for_each(|need| binder.needs().add(need.clone()));
    } else {
        let session = acting_as(&view.definer, binder.catalog, &session)?;
        needed.check(&session).map_err(|_| invalid(view))?;
    }
    let columns = match &inside {
        Inside::Plan(plan) => plan.columns.clone(),
        Inside::Bound(bound) => bound.items.iter().map(|item| item.column.clone()).collect(),
    };
    let columns = shown(view, columns).ok_or_else(|| invalid(view))?;
    Ok((inside, columns))
}

fn inside(inner: &Binder<'_>, view: &View, space: Option<Space>) -> Result<Inside> {
    if let QueryBody::Select(select) = &view.query.body {
        inner.bind_derived();
        let is_target = |space: &Space| space.merges == Merges::Targets;
        if let Some(space) = space.filter(|space| merge::may_merge(&view.query, is_target(space))) {
            let tail = Tail { order_by: &view.query.order_by, space, ..Tail::default() };
            return Ok(Inside::Bound(Box::new(bind_select(inner, select, tail, None)?)));
        }
    }
    plan_query(inner, &view.query, None).map(Inside::Plan)
}

/// Notes that all columns of a view are read.
pub fn use_all(binder: &Binder<'_>, view: &View) {
    binder.needs().add(Requirement::AllColumns {
        privilege: Privilege::Select,
        source: Source::Stored(Arc::clone(&view.table)),
    });
}

/// The columns as those of a table of the view's name.
fn shown(view: &View, columns: Vec<ResultColumn>) -> Option<Vec<ResultColumn>> {
    if columns.len() != view.table.columns.len() {
        return None;
    }
    let named = columns
        .into_iter()
        .zip(&view.table.columns)
        .map(|(column, own)| ResultColumn { name: own.name.clone(), ..column });
    Some(named.collect())
}

/// The session as one of another account, with the roles that are active in it from the start.
///
/// # Errors
/// 1449.
pub fn acting_as(account: &AccountId, catalog: &Catalog, session: &SessionState) -> Result<SessionState> {
    if catalog.accounts.get(account).is_none() {
        let AccountId { user, host } = account;
        let message = format!("The user specified as a definer ('{user}'@'{host}') does not exist");
        return Err(Error { code: 1449, state: *b"HY000", message });
    }
    let authorization = Arc::new(Authorization::of(catalog, account, &[]));
    Ok(SessionState { authorization, account: account.clone(), active_roles: Vec::new(), ..session.clone() })
}

/// What is told of a view whose query cannot be bound.
fn as_invalid(view: &View, error: Error) -> Error {
    match error.code {
        1044 | 1049 | 1054 | 1142 | 1143 | 1146 | 1305 | 1353 | 1356 => invalid(view),
        _ => error,
    }
}

/// Error 1356.
#[must_use]
pub fn invalid(view: &View) -> Error {
    let message = format!(
        "View '{}.{}' references invalid table(s) or column(s) or function(s) or definer/invoker of view lack rights to use them",
        view.table.database, view.table.name
    );
    Error { code: 1356, state: *b"HY000", message }
}
