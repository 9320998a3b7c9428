//! What SHOW needs.
//!
//! SHOW TABLES and its like say that a database or a table is not there before they say that it may not be seen, as in MySQL 8: so the
//! catalog is asked first.

use super::requirement::{Grant, Requirement, Requirements};
use super::tables::{canonical, qualified};
use crate::account::{Privilege, PrivilegeSet};
use crate::ast::{Show, ShowKind, TableName};
use crate::catalog::Catalog;
use crate::session::SessionState;
use crate::show::system_table::INFORMATION_SCHEMA;

/// What MySQL asks for of those who look at replication.
const REPLICATION: &[Grant] = &[Grant::Static(Privilege::Super), Grant::Static(Privilege::ReplicationClient)];

/// What a SHOW statement needs.
#[must_use]
pub fn of_show(show: &Show, session: &SessionState, catalog: &Catalog) -> Requirements {
    let current = session.database.as_deref();
    let mut needed = Requirements::none();
    match &show.kind {
        ShowKind::Tables { database, .. }
        | ShowKind::TableStatus { database }
        | ShowKind::Triggers { database } => {
            let database = database.as_deref().or(current);
            if let Some(database) = database.filter(|name| catalog.has_database(name)) {
                needed.append(use_of(database));
            }
        }
        ShowKind::Events { database } => {
            if let Some(database) = database.as_deref().or(current) {
                let database = canonical(database);
                needed.add(Requirement::Database { privilege: Privilege::Event, database });
            }
        }
        ShowKind::CreateEvent(name) => {
            if let Some(database) = name.database.as_deref().or(current) {
                let database = canonical(database);
                needed.add(Requirement::Database { privilege: Privilege::Event, database });
            }
        }
        ShowKind::Columns { table, .. } | ShowKind::Index { table } | ShowKind::CreateTable(table)
            if crate::ddl::temporary::find(table, session).is_some() => {}
        ShowKind::Columns { table, .. } | ShowKind::Index { table } => {
            let name = qualified(table.database.as_deref(), &table.table, current);
            if let Some(name) = name.filter(|name| is_there(name, catalog)) {
                needed.add(Requirement::ShowColumns(name));
            }
        }
        ShowKind::CreateView(table) | ShowKind::CreateTable(table)
            if is_view(table, current, catalog) =>
        {
            if let Some(table) = qualified(table.database.as_deref(), &table.table, current) {
                let privileges = PrivilegeSet::of(&[Privilege::Select, Privilege::ShowView]);
                needed.add(Requirement::Table { privileges, table });
            }
        }
        ShowKind::CreateTable(table) | ShowKind::CreateView(table) => {
            if let Some(name) = qualified(table.database.as_deref(), &table.table, current) {
                needed.add(Requirement::ShowTable(name));
            }
        }
        ShowKind::CreateDatabase { name, .. } => {
            needed.add(Requirement::AnyInDatabase { database: canonical(name), names_client: true });
        }
        ShowKind::BinaryLogStatus | ShowKind::BinaryLogs | ShowKind::ReplicaStatus => {
            needed.append(Requirements::global(REPLICATION, "SUPER, REPLICATION CLIENT"));
        }
        ShowKind::EngineStatus(_) => {
            needed.append(Requirements::global(&[Grant::Static(Privilege::Process)], "PROCESS"));
        }
        // What is not for the account to see is left out of these.
        ShowKind::Databases
        | ShowKind::ProcessList { .. }
        | ShowKind::OpenTables { .. }
        // `show::account` looks whose these are.
        | ShowKind::Grants { .. }
        | ShowKind::CreateUser(_)
        | ShowKind::CreateProcedure(_)
        | ShowKind::CreateFunction(_)
        | ShowKind::CreateTrigger(_)
        | ShowKind::Variables { .. }
        | ShowKind::Status { .. }
        | ShowKind::Warnings { .. }
        | ShowKind::Errors { .. }
        | ShowKind::CountWarnings
        | ShowKind::CountErrors
        | ShowKind::Engines
        | ShowKind::CharacterSet
        | ShowKind::Collation
        | ShowKind::Plugins
        | ShowKind::Privileges
        | ShowKind::ProcedureStatus
        | ShowKind::FunctionStatus => {}
    }
    needed
}

fn is_view(name: &TableName, current: Option<&str>, catalog: &Catalog) -> bool {
    let database = name.database.as_deref().or(current);
    database.is_some_and(|database| catalog.view(database, &name.table).is_some())
}

/// To be told the columns of a table, when it is there.
#[must_use]
pub fn columns_of(table: &str, session: &SessionState, catalog: &Catalog) -> Requirements {
    let table = TableName { database: None, table: table.to_owned() };
    let show = Show { kind: ShowKind::Columns { table, full: false }, like: None, filter: None };
    of_show(&show, session, catalog)
}

/// To use a database, or to look into it: anything in it. Everybody may use information_schema.
#[must_use]
pub fn use_of(database: &str) -> Requirements {
    let mut needed = Requirements::none();
    let database = canonical(database);
    if database != INFORMATION_SCHEMA {
        needed.add(Requirement::AnyInDatabase { database, names_client: false });
    }
    needed
}

/// Whether a table is there; its database is written.
fn is_there(name: &TableName, catalog: &Catalog) -> bool {
    let database = name.database.as_deref().unwrap_or_default();
    // Of the tables of `mysql` and its like, which are there is no secret, and looking them up may be refused.
    crate::catalog::is_system_database(database) || catalog.table(database, &name.table).is_ok()
}
