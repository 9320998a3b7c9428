//! A view as a table of FROM.

use std::sync::Arc;

use super::View;
use crate::account::AccountId;
use crate::account::Privilege;
use crate::ast::Statement;
use crate::authorization::{Authorization, Needs, Requirement, Source, tables};
use crate::bind::Binder;
use crate::catalog::Catalog;
use crate::execute::ResultColumn;
use crate::plan::QueryPlan;
use crate::plan::query::plan_query;
use crate::session::SessionState;
use crate::{Error, Result};

/// Plans a view's query, in a world of its own: no temporary table and no name of the query around is in sight.
///
/// # Errors
/// 1356 when the query cannot be bound any more, or whose rights count has not enough of them; 1449, 1462.
pub fn plan(binder: &Binder<'_>, view: &View) -> Result<(QueryPlan, Vec<ResultColumn>)> {
    let name = (view.table.database.clone(), view.table.name.clone());
    if binder.views.contains(&name) {
        let message = format!("`{}`.`{}` contains view recursion", name.0, name.1);
        return Err(Error { code: 1462, state: *b"HY000", message });
    }
    binder.needs().add(Requirement::AllColumns {
        privilege: Privilege::Select,
        source: Source::Stored(Arc::clone(&view.table)),
    });
    // Under LOCK TABLES the tables of a view are locked with it.
    let session = SessionState {
        temporary: None,
        locked_tables: None,
        database: Some(name.0.clone()),
        ..binder.session.clone()
    };
    let statement = Statement::Query(Box::new((*view.query).clone()));
    let needs = Needs::new(tables::of_planned(&statement, &session));
    let mut inner = Binder::new(binder.catalog, &session, &needs);
    inner.views.clone_from(&binder.views);
    inner.views.push(name);
    let planned = plan_query(&inner, &view.query, None).map_err(|error| as_invalid(view, error))?;
    binder.add_tables(inner);
    let needed = needs.take();
    if view.invoker {
        needed.as_slice().iter().for_each(|need| binder.needs().add(need.clone()));
    } else {
        let session = acting_as(&view.definer, binder.catalog, &session)?;
        needed.check(&session).map_err(|_| invalid(view))?;
    }
    let columns = shown(view, &planned).ok_or_else(|| invalid(view))?;
    Ok((planned, columns))
}

/// The columns as those of a table of the view's name.
fn shown(view: &View, plan: &QueryPlan) -> Option<Vec<ResultColumn>> {
    if plan.columns.len() != view.table.columns.len() {
        return None;
    }
    let named = plan
        .columns
        .iter()
        .zip(&view.table.columns)
        .map(|(column, own)| ResultColumn { name: own.name.clone(), ..column.clone() });
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
fn invalid(view: &View) -> Error {
    let message = format!(
        "View '{}.{}' references invalid table(s) or column(s) or function(s) or definer/invoker of view lack rights to use them",
        view.table.database, view.table.name
    );
    Error { code: 1356, state: *b"HY000", message }
}
