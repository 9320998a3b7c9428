//! SHOW of databases and of what is in them: DATABASES, TABLES, TABLE STATUS, CREATE TABLE, CREATE DATABASE.

use crate::ast::TableName;
use crate::catalog::is_system_database;
use crate::error::Error;
use crate::execute::{Context, Run};
use crate::show::information_schema::tables as all_tables;
use crate::show::spec::{ColumnSpec, Row, exact, fixed, integer, long, of, string, text, unsigned};
use crate::show::{Found, database_of, definition, project, system_table, table_of, view};
use crate::types::{Collation, TypeKind, Value};
use crate::variables::SqlMode;

pub(super) const CREATE_TABLE: &[ColumnSpec] = &[text("Table", 64), text("Create Table", 1024)];
pub(super) const CREATE_DATABASE: &[ColumnSpec] = &[text("Database", 64), text("Create Database", 1024)];
pub(super) const TABLE_STATUS: &[ColumnSpec] = &[
    exact("Name", 64),
    text("Engine", 64).or_null(),
    integer("Version", TypeKind::Int).or_null(),
    exact("Row_format", 10).or_null(),
    unsigned("Rows", TypeKind::BigInt).or_null(),
    unsigned("Avg_row_length", TypeKind::BigInt).or_null(),
    unsigned("Data_length", TypeKind::BigInt).or_null(),
    unsigned("Max_data_length", TypeKind::BigInt).or_null(),
    unsigned("Index_length", TypeKind::BigInt).or_null(),
    unsigned("Data_free", TypeKind::BigInt).or_null(),
    unsigned("Auto_increment", TypeKind::BigInt).or_null(),
    of("Create_time", TypeKind::Timestamp(0)),
    of("Update_time", TypeKind::DateTime(0)).or_null(),
    of("Check_time", TypeKind::DateTime(0)).or_null(),
    text("Collation", 64).or_null(),
    integer("Checksum", TypeKind::BigInt).or_null(),
    text("Create_options", 256).or_null(),
    long("Comment", TypeKind::Text).or_null(),
];

/// SHOW DATABASES.
pub(super) fn databases(ctx: &Context) -> Vec<Row> {
    let authorization = &ctx.session.authorization;
    let seen = ctx.catalog.database_names().into_iter().filter(|name| authorization.sees_database(name));
    seen.map(|name| vec![string(name)]).collect()
}

/// Under LOCK TABLES: SHOW CREATE TABLE is for locked tables only.
///
/// # Errors
/// 1046, 1100.
pub(super) fn check_locked(name: &TableName, ctx: &Context) -> Run<()> {
    let Some(locked) = &ctx.session.locked_tables else { return Ok(()) };
    let database = database_of(name.database.as_deref(), ctx)?;
    if !ctx.catalog.is_system_table(&database, &name.table) {
        locked.check_definition(&database, &name.table, false)?;
    }
    Ok(())
}

/// `SHOW [FULL] TABLES`.
///
/// # Errors
/// 1046, 1049.
pub(super) fn tables(database: Option<&str>, full: bool, ctx: &Context) -> Run<Vec<Row>> {
    let database = database_of(database, ctx)?;
    let sees = |table: &str| ctx.session.authorization.sees_table(&database, table);
    let stored = ctx.catalog.databases.get(&database).into_iter().flat_map(|found| found.tables.keys());
    let stored = stored.filter(|name| sees(name));
    let mut rows: Vec<Row> = stored.map(|name| vec![string(name), fixed("BASE TABLE")]).collect();
    let views = ctx.catalog.databases.get(&database).into_iter().flat_map(|found| found.views.keys());
    let views = views.filter(|name| sees(name)).map(|name| vec![string(name), fixed("VIEW")]);
    let stored_count = rows.len();
    rows.extend(views);
    let system = system_table::tables_of(&database).filter(|table| sees(&table.name));
    let system = system.filter(|table| ctx.catalog.is_system_table(&database, &table.name));
    rows.extend(system.map(|table| vec![string(&table.name), fixed(all_tables::system_type(table))]));
    if rows.len() > stored_count {
        rows.sort_by_key(view::name_of);
    }
    if !full {
        rows.iter_mut().for_each(|row| row.truncate(1));
    }
    Ok(rows)
}

/// SHOW TABLE STATUS.
///
/// # Errors
/// 1046, 1049; 1105 when the store cannot be read.
pub(super) fn table_status(database: Option<&str>, ctx: &mut Context) -> Run<Vec<Row>> {
    let database = database_of(database, ctx)?;
    let catalog = std::sync::Arc::clone(ctx.catalog);
    let authorization = std::sync::Arc::clone(&ctx.session.authorization);
    let sees = |table: &str| authorization.sees_table(&database, table);
    let mut rows = Vec::new();
    let stored = catalog.databases.get(&database).into_iter().flat_map(|found| found.tables.values());
    for table in stored.filter(|table| sees(&table.name)) {
        rows.push(all_tables::of_table(table, ctx)?);
    }
    let views = catalog.databases.get(&database).into_iter().flat_map(|found| found.views.values());
    rows.extend(views.filter(|view| sees(&view.table.name)).map(|view| all_tables::of_view(view, ctx)));
    let name = |row: &Row| row.get(2).map(view::text_of);
    let system = system_table::tables_of(&database).filter(|table| sees(&table.name));
    let system = system.filter(|table| ctx.catalog.is_system_table(&database, &table.name));
    rows.extend(system.map(|table| all_tables::of_system_table(table)));
    rows.sort_by_key(name);
    // Positions in information_schema.TABLES.
    Ok(project(rows, &[2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]))
}

/// SHOW CREATE TABLE.
///
/// # Errors
/// 1046, 1049, 1146; 1235 for a system table of any database but `mysql`.
pub(super) fn create_table(name: &TableName, ctx: &Context) -> Run<Vec<Row>> {
    match table_of(name, ctx)? {
        Found::Base(table) => {
            let text = definition::create_table(&table, quote(ctx), ctx);
            Ok(vec![vec![string(&table.name), Value::Text(text.into())]])
        }
        Found::System(table) if let Some(text) = system_table::definition(&table) => {
            let text = if quote(ctx) == '"' { text.replace('`', "\"") } else { text.to_owned() };
            Ok(vec![vec![string(&table.name), Value::Text(text.into())]])
        }
        Found::System(table) => {
            let what = format!("SHOW CREATE TABLE of {}.{}", table.database, table.name);
            Err(Error::not_supported(what).into())
        }
    }
}

/// SHOW CREATE DATABASE.
///
/// # Errors
/// 1049.
pub(super) fn create_database(name: &str, if_not_exists: bool, ctx: &Context) -> Run<Vec<Row>> {
    let collation = match ctx.catalog.databases.get(name) {
        Some(database) => database.collation,
        None if is_system_database(name) => Collation::default(),
        None => return Err(Error::unknown_database(name).into()),
    };
    let text = definition::create_database(name, collation, if_not_exists, quote(ctx));
    Ok(vec![vec![string(name), Value::Text(text.into())]])
}

/// What names are quoted with.
fn quote(ctx: &Context) -> char {
    if ctx.session.variables.sql_mode.has(SqlMode::ANSI_QUOTES) { '"' } else { '`' }
}
