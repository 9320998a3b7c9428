//! SHOW CREATE VIEW and information_schema.VIEWS.

use std::sync::Arc;

use crate::account::{Privilege, PrivilegeSet};
use crate::ast::{TableName, ViewCheck};
use crate::authorization::{Requirement, Requirements};
use crate::error::Error;
use crate::execute::{Context, Run};
use crate::show::spec::{ColumnSpec, Row, fixed, string, text};
use crate::types::Value;
use crate::view::{View, print};

pub(super) const CREATE_VIEW: &[ColumnSpec] = &[
    text("View", 64),
    text("Create View", 1024),
    text("character_set_client", 32),
    text("collation_connection", 32),
];

/// The text of a value, to sort by.
pub(super) fn text_of(value: &Value) -> Vec<u8> {
    match value {
        Value::Text(text) => text.to_vec(),
        _ => Vec::new(),
    }
}

/// The first value of a row, to sort by.
pub(super) fn name_of(row: &Row) -> Option<Vec<u8>> {
    row.first().map(text_of)
}

/// Whether a name is that of a view.
pub(super) fn is_one(name: &TableName, ctx: &Context) -> bool {
    let database = name.database.as_deref().or(ctx.session.database.as_deref());
    database.is_some_and(|database| {
        ctx.session.temporary_table(database, &name.table).is_none()
            && ctx.catalog.view(database, &name.table).is_some()
    })
}

/// SHOW CREATE VIEW.
///
/// # Errors
/// 1046, 1049, 1146, 1347.
pub(super) fn create_view(name: &TableName, ctx: &Context) -> Run<Vec<Row>> {
    let current = ctx.session.database.as_deref();
    let database = name.database.as_deref().or(current).ok_or_else(Error::no_database)?;
    let Some(view) = ctx.catalog.view(database, &name.table) else {
        ctx.catalog.table(database, &name.table)?;
        return Err(crate::view::statement::not_a_view(database, &name.table).into());
    };
    let text = print::create_view(view, current);
    Ok(vec![vec![
        string(&view.table.name),
        Value::Text(text.into()),
        string(&view.character_set),
        string(&view.collation),
    ]])
}

/// The rows of information_schema.VIEWS.
pub(super) fn rows(ctx: &mut Context) -> Run<Vec<Row>> {
    let authorization = &ctx.session.authorization;
    let views = ctx.catalog.databases.values().flat_map(|database| database.views.values());
    let seen = views.filter(|view| authorization.sees_table(&view.table.database, &view.table.name));
    Ok(seen.map(|view| row(view, ctx)).collect())
}

fn row(view: &Arc<View>, ctx: &Context) -> Row {
    let table = TableName { database: Some(view.table.database.clone()), table: view.table.name.clone() };
    let mut needed = Requirements::none();
    needed.add(Requirement::Table { privileges: PrivilegeSet::of(&[Privilege::ShowView]), table });
    let definition = match needed.check(ctx.session) {
        Ok(()) => print::query(&view.query, None),
        Err(_) => String::new(),
    };
    vec![
        fixed("def"),
        string(&view.table.database),
        string(&view.table.name),
        Value::Text(definition.into()),
        fixed(match view.check {
            ViewCheck::None => "NONE",
            ViewCheck::Local => "LOCAL",
            ViewCheck::Cascaded => "CASCADED",
        }),
        fixed(if view.updatable { "YES" } else { "NO" }),
        string(&format!("{}@{}", view.definer.user, view.definer.host)),
        fixed(if view.invoker { "INVOKER" } else { "DEFINER" }),
        string(&view.character_set),
        string(&view.collation),
    ]
}
