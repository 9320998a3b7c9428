//! The session inside of a program.

use std::sync::Arc;

use crate::account::AccountId;
use crate::authorization::Authorization;
use crate::catalog::Catalog;
use crate::session::{SessionState, Warning};
use crate::types::Collation;
use crate::variables::SqlMode;

/// What a program has otherwise than the statement around it, as it was.
pub(super) struct Outside {
    database: Option<String>,
    sql_mode: SqlMode,
    collation_connection: Collation,
    collation_database: Collation,
    sql_select_limit: u64,
    account: AccountId,
    active_roles: Vec<AccountId>,
    insert_id: u64,
    last_insert_id: u64,
    row_count: i64,
    found_rows: u64,
    warnings: Vec<Warning>,
    warning_count: u64,
    unkept: Option<Warning>,
}

/// What a program has of its own.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    /// Whose rights count, with the roles; none: those of who is there.
    pub account: Option<(AccountId, Vec<AccountId>)>,
    /// Its database.
    pub database: String,
    /// The mode that it is read and run by.
    pub sql_mode: SqlMode,
    /// `collation_connection` when it was made.
    pub collation: Collation,
    /// The collation of its database when it was made.
    pub database_collation: Collation,
}

/// The settings of a program, for its plans.
pub(super) fn inside(session: &mut SessionState, settings: &Settings, catalog: &Arc<Catalog>) {
    set(session, settings);
    if let Some((account, roles)) = &settings.account {
        // Who is denied something is the definer.
        session.host.clone_from(&account.host);
        session.authorization = Arc::new(Authorization::of(catalog, account, roles));
    }
}

fn set(session: &mut SessionState, settings: &Settings) {
    if let Some((account, roles)) = &settings.account
        && session.account != *account
    {
        session.account = account.clone();
        session.active_roles = roles.clone();
    }
    if session.database.as_deref() != Some(settings.database.as_str()) {
        session.database = Some(settings.database.clone());
    }
    let variables = &mut session.variables;
    variables.sql_mode = settings.sql_mode;
    variables.collation_connection = settings.collation;
    variables.enter_database(settings.database_collation);
    variables.sql_select_limit = u64::MAX;
}

/// Puts the session into a program.
pub(super) fn enter(session: &mut SessionState, settings: &Settings) -> Outside {
    let variables = &session.variables;
    let outside = Outside {
        database: session.database.clone(),
        sql_mode: variables.sql_mode,
        collation_connection: variables.collation_connection,
        collation_database: variables.collation_database,
        sql_select_limit: variables.sql_select_limit,
        account: session.account.clone(),
        active_roles: session.active_roles.clone(),
        insert_id: variables.insert_id,
        last_insert_id: session.last_insert_id,
        row_count: session.row_count,
        found_rows: session.found_rows,
        warnings: std::mem::take(&mut session.warnings),
        warning_count: std::mem::take(&mut session.warning_count),
        unkept: session.unkept.take(),
    };
    set(session, settings);
    session.variables.insert_id = 0;
    outside
}

/// Puts it back. What the program was warned of is nobody's, as in MySQL.
pub(super) fn leave(session: &mut SessionState, outside: Outside) {
    let variables = &mut session.variables;
    variables.sql_mode = outside.sql_mode;
    variables.collation_connection = outside.collation_connection;
    variables.enter_database(outside.collation_database);
    variables.sql_select_limit = outside.sql_select_limit;
    variables.insert_id = outside.insert_id;
    session.database = outside.database;
    session.account = outside.account;
    session.active_roles = outside.active_roles;
    session.last_insert_id = outside.last_insert_id;
    session.row_count = outside.row_count;
    session.found_rows = outside.found_rows;
    session.warnings = outside.warnings;
    session.warning_count = outside.warning_count;
    session.unkept = outside.unkept;
}
