//! What each statement needs, besides those that are planned ([`tables`](super::tables)).
//!
//! Every statement has its rule here: there is no default, so that a new one does not compile without.

use super::requirement::{Grant, Requirement, Requirements};
use super::show;
use super::tables::{canonical, of_expressions, qualified};
use crate::account::{Privilege, PrivilegeSet};
use crate::ast::{
    AlterAction, AlterTable, AssignmentTarget, Call, EventStatement, FlushOption, ForeignKeyDefinition,
    IntoTarget, MaintenanceKind, PartitionAction, ProgramStatement, RoutineKind, Statement, TableName,
    UserName, VariableScope, ViewMode, ViewStatement, Xa,
};
use crate::catalog::Catalog;
use crate::execute::procedure::{self, SCHEMA as CONSENSUS};
use crate::session::SessionState;

/// To set a global variable.
const GLOBAL_VARIABLES: &[Grant] =
    &[Grant::Static(Privilege::Super), Grant::Dynamic("SYSTEM_VARIABLES_ADMIN")];
/// To set a restricted variable of the session.
const SESSION_VARIABLES: &[Grant] = &[
    Grant::Static(Privilege::Super),
    Grant::Dynamic("SYSTEM_VARIABLES_ADMIN"),
    Grant::Dynamic("SESSION_VARIABLES_ADMIN"),
];
/// To set a variable of the session that belongs to replication.
const APPLIER_VARIABLES: &[Grant] = &[
    Grant::Static(Privilege::Super),
    Grant::Dynamic("SYSTEM_VARIABLES_ADMIN"),
    Grant::Dynamic("SESSION_VARIABLES_ADMIN"),
    Grant::Dynamic("REPLICATION_APPLIER"),
];
/// How the names of procedures begin that only show something.
const SHOWING: &str = "show_";
/// To flush tables.
const FLUSH_TABLES: &[Grant] = &[Grant::Static(Privilege::Reload), Grant::Dynamic("FLUSH_TABLES")];
const FLUSH_STATUS: &[Grant] = &[Grant::Static(Privilege::Reload), Grant::Dynamic("FLUSH_STATUS")];
const FLUSH_USER_RESOURCES: &[Grant] =
    &[Grant::Static(Privilege::Reload), Grant::Dynamic("FLUSH_USER_RESOURCES")];
/// To make something that runs with the rights of another account.
const ANY_DEFINER: &[Grant] = &[Grant::Static(Privilege::Super), Grant::Dynamic("SET_ANY_DEFINER")];
/// To administer the cluster: what MySQL asks for of those who administer Group Replication.
const CLUSTER: &[Grant] = &[Grant::Static(Privilege::Super), Grant::Dynamic("GROUP_REPLICATION_ADMIN")];

/// To set a session variable that SUPER is no longer enough for.
const ADMIN_VARIABLES: &[Grant] =
    &[Grant::Dynamic("SYSTEM_VARIABLES_ADMIN"), Grant::Dynamic("SESSION_VARIABLES_ADMIN")];
/// To look at the cluster from inside.
const CLUSTER_VIEW: &[Grant] = &[
    Grant::Static(Privilege::Process),
    Grant::Static(Privilege::ReplicationClient),
    Grant::Static(Privilege::Super),
    Grant::Dynamic("GROUP_REPLICATION_ADMIN"),
];

/// What a statement needs that is not planned; nothing for one that is.
#[must_use]
#[deny(clippy::wildcard_enum_match_arm)]
pub fn of_statement(statement: &Statement, session: &SessionState, catalog: &Catalog) -> Requirements {
    let current = session.database.as_deref();
    match statement {
        // What these need is kept with their plan.
        Statement::Query(_)
        | Statement::Insert(_)
        | Statement::Update(_)
        | Statement::Delete(_)
        | Statement::Explain(_)
        | Statement::Load(_)
        | Statement::Do(_) => Requirements::none(),
        Statement::CreateDatabase { name, .. } => on_database(Privilege::Create, name),
        Statement::AlterDatabase { name, .. } => {
            on_database(Privilege::Alter, name.as_deref().or(current).unwrap_or_default())
        }
        Statement::DropDatabase { name, .. } => on_database(Privilege::Drop, name),
        Statement::CreateTable(create) => {
            let mut needed = if create.temporary {
                let database = create.name.database.as_deref().or(current);
                let privilege = Privilege::CreateTemporaryTables;
                database.map_or_else(Requirements::none, |name| on_database(privilege, name))
            } else {
                // A stored table in front of a view of the accounts takes its place.
                let database = create.name.database.as_deref().or(current).unwrap_or_default();
                let stands_before = crate::show::shows_accounts(catalog, database, &create.name.table);
                match stands_before && !create.if_not_exists {
                    true => on_table(&[Privilege::Create, Privilege::Drop], &create.name, current),
                    false => on_table(&[Privilege::Create], &create.name, current),
                }
            };
            if let Some(like) = create.like.as_ref().filter(|like| !is_own(like, session)) {
                needed.append(on_table(&[Privilege::Select], like, current));
            }
            if let Some(select) = &create.select {
                let into = qualified(create.name.database.as_deref(), &create.name.table, current);
                needed.append(select.needs(into.filter(|_| !create.temporary), session));
            }
            let database = create.name.database.as_deref().or(current);
            needed.append(of_parents(create.foreign_keys.iter(), database));
            needed
        }
        Statement::View(statement) => of_view(statement, session),
        Statement::Program(statement) => of_program(statement, session, catalog),
        // Whoever has made a temporary table may do everything with it.
        Statement::DropTemporary { .. } => Requirements::none(),
        Statement::TruncateTable(name) if is_own(name, session) => Requirements::none(),
        Statement::AlterTable(alter) | Statement::CreateIndex(alter) | Statement::DropIndex(alter)
            if is_own(&alter.table, session) =>
        {
            Requirements::none()
        }
        Statement::DropTable { names, .. } => each(names, &[Privilege::Drop], session),
        Statement::TruncateTable(name) => on_table(&[Privilege::Drop], name, current),
        Statement::CreateIndex(alter) | Statement::DropIndex(alter) => {
            on_table(&[Privilege::Index], &alter.table, current)
        }
        Statement::AlterTable(alter) => of_alter(alter, current),
        Statement::RenameTable(pairs) => {
            let mut needed = Requirements::none();
            for (from, to) in pairs {
                needed.append(on_table(&[Privilege::Drop, Privilege::Alter], from, current));
                needed.append(on_table(&[Privilege::Insert, Privilege::Create], to, current));
            }
            needed
        }
        Statement::Maintenance(maintenance) => {
            let privileges: &[Privilege] = match maintenance.kind {
                MaintenanceKind::Check | MaintenanceKind::Checksum { .. } => &[Privilege::Select],
                MaintenanceKind::Optimize | MaintenanceKind::Repair => {
                    &[Privilege::Select, Privilege::Insert]
                }
            };
            each(&maintenance.names, privileges, session)
        }
        Statement::AnalyzeTable(names) => each(names, &[Privilege::Select, Privilege::Insert], session),
        Statement::Use(name) => show::use_of(name),
        Statement::Show(shown) => show::of_show(shown, session, catalog),
        Statement::Set(assignments) => {
            let values = assignments.iter().map(|assignment| &assignment.value);
            let mut needed = of_expressions(values, session);
            for assignment in assignments {
                needed.append(of_target(&assignment.target));
            }
            needed
        }
        Statement::SetTransaction { scope, .. } => match scope {
            Some(VariableScope::Global) => global_variables(),
            Some(VariableScope::Session) | None => Requirements::none(),
        },
        Statement::Call(call) => of_call(call, session, catalog),
        Statement::LockTables(locks) => {
            let mut needed = Requirements::none();
            for lock in locks {
                if let Some(name) = qualified(lock.name.database.as_deref(), &lock.name.table, current) {
                    let database = name.database.unwrap_or_default();
                    needed.add(Requirement::Database { privilege: Privilege::LockTables, database });
                }
                if !is_own(&lock.name, session) {
                    needed.append(on_table(&[Privilege::Select], &lock.name, current));
                }
            }
            needed
        }
        Statement::FlushTables { .. } => Requirements::global(FLUSH_TABLES, "RELOAD or FLUSH_TABLES"),
        Statement::Xa(Xa::Recover { .. }) => {
            let mut needed = Requirements::none();
            needed.add(Requirement::XaRecover);
            needed
        }
        Statement::Xa(
            Xa::Start { .. } | Xa::End { .. } | Xa::Prepare(_) | Xa::Commit { .. } | Xa::Rollback(_),
        ) => Requirements::none(),
        // The query inside of it is planned.
        Statement::SelectInto(into) => match into.target {
            IntoTarget::File { .. } | IntoTarget::Dump { .. } => {
                Requirements::global(&[Grant::Static(Privilege::File)], "FILE")
            }
            IntoTarget::Variables(_) | IntoTarget::Program(_) => Requirements::none(),
        },
        Statement::ReloadTls => {
            Requirements::global(&[Grant::Dynamic("CONNECTION_ADMIN")], "CONNECTION_ADMIN")
        }
        // Who may say these is a matter of the accounts they are about: `ddl::account` looks.
        Statement::Account(_) | Statement::SetRole(_) => Requirements::none(),
        // SET was looked at.
        Statement::GtidPurged(_) => Requirements::none(),
        Statement::Flush(options) => of_flush(options),
        Statement::LockInstance | Statement::UnlockInstance => {
            Requirements::global(&[Grant::Dynamic("BACKUP_ADMIN")], "BACKUP_ADMIN")
        }
        // Whose connection it is, is looked at when it is known.
        Statement::Kill { .. }
        // The statement inside of it is looked at.
        | Statement::PrepareText { .. }
        | Statement::ExecutePrepared { .. }
        | Statement::Deallocate(_)
        | Statement::SetNames { .. }
        | Statement::Begin { .. }
        | Statement::Commit
        | Statement::Rollback
        | Statement::CommitAndChain
        | Statement::RollbackAndChain
        | Statement::Savepoint(_)
        | Statement::RollbackTo(_)
        | Statement::ReleaseSavepoint(_)
        | Statement::UnlockTables
        | Statement::Signal(_)
        | Statement::GetDiagnostics(_) => Requirements::none(),
    }
}

fn on_database(privilege: Privilege, name: &str) -> Requirements {
    let mut needed = Requirements::none();
    needed.add(Requirement::Database { privilege, database: canonical(name) });
    needed
}

/// CREATE, ALTER and DROP VIEW. What the query needs is looked at when it is bound.
fn of_view(statement: &ViewStatement, session: &SessionState) -> Requirements {
    let current = session.database.as_deref();
    let view = match statement {
        ViewStatement::Create(view) => view,
        ViewStatement::Drop { names, .. } => {
            let mut needed = Requirements::none();
            for name in names {
                needed.append(on_table(&[Privilege::Drop], name, current));
            }
            return needed;
        }
    };
    let privileges: &[Privilege] = match view.mode {
        ViewMode::Create | ViewMode::CreateIfNotExists => &[Privilege::CreateView],
        ViewMode::Replace | ViewMode::Alter => &[Privilege::CreateView, Privilege::Drop],
    };
    let mut needed = on_table(privileges, &view.name, current);
    if let Some(UserName::Named(definer)) = &view.definer
        && *definer != session.account
    {
        needed.append(Requirements::global(ANY_DEFINER, "SUPER or SET_ANY_DEFINER"));
    }
    needed
}

/// CREATE, ALTER and DROP of routines.
fn of_program(statement: &ProgramStatement, session: &SessionState, catalog: &Catalog) -> Requirements {
    let current = session.database.as_deref();
    match statement {
        ProgramStatement::CreateRoutine(create) => {
            let mut needed = match create.name.database.as_deref().or(current) {
                Some(database) => on_database(Privilege::CreateRoutine, database),
                None => Requirements::none(),
            };
            if let Some(UserName::Named(definer)) = &create.definer
                && *definer != session.account
            {
                needed.append(Requirements::global(ANY_DEFINER, "SUPER or SET_ANY_DEFINER"));
            }
            needed
        }
        ProgramStatement::Event(event) => of_event(event, session),
        ProgramStatement::CreateTrigger(create) => {
            let mut needed = Requirements::none();
            let written = create.table.database.as_deref().or(create.name.database.as_deref());
            let database = written.or(current);
            if let Some(table) = super::tables::qualified(database, &create.table.table, current) {
                needed.add(Requirement::Table { privileges: PrivilegeSet::of(&[Privilege::Trigger]), table });
            }
            if let Some(UserName::Named(definer)) = &create.definer
                && *definer != session.account
            {
                needed.append(Requirements::global(ANY_DEFINER, "SUPER or SET_ANY_DEFINER"));
            }
            needed
        }
        ProgramStatement::DropTrigger { name, .. } => {
            let mut needed = Requirements::none();
            let qualified = super::tables::qualified(name.database.as_deref(), &name.table, current);
            let table = qualified
                .and_then(|name| crate::program::trigger_statement::table_of(catalog, &name).cloned());
            if let Some(table) = table {
                let table = TableName { database: Some(table.database.clone()), table: table.name.clone() };
                needed.add(Requirement::Table { privileges: PrivilegeSet::of(&[Privilege::Trigger]), table });
            }
            needed
        }
        ProgramStatement::AlterRoutine { kind, name, .. }
        | ProgramStatement::DropRoutine { kind, name, .. } => {
            let mut needed = Requirements::none();
            if let Some(database) = name.database.as_deref().or(current)
                && !defines(session, catalog, database, *kind, &name.table)
            {
                needed.add(Requirement::Routine {
                    privilege: Privilege::AlterRoutine,
                    kind: *kind,
                    database: canonical(database),
                    name: name.table.clone(),
                });
            }
            needed
        }
    }
}

/// CREATE, ALTER and DROP EVENT.
fn of_event(event: &EventStatement, session: &SessionState) -> Requirements {
    let current = session.database.as_deref();
    let (define, name) = match event {
        EventStatement::Create(define) | EventStatement::Alter(define) => (Some(define), &define.name),
        EventStatement::Drop { name, .. } => (None, name),
        // The server's own.
        EventStatement::Begin { .. } | EventStatement::End { .. } => return Requirements::none(),
    };
    let to = define.and_then(|define| define.rename.as_ref());
    let mut needed = Requirements::none();
    if let Some(UserName::Named(definer)) = define.and_then(|define| define.definer.as_ref())
        && *definer != session.account
    {
        needed.append(Requirements::global(ANY_DEFINER, "SUPER or SET_ANY_DEFINER"));
    }
    for name in std::iter::once(name).chain(to) {
        if let Some(database) = name.database.as_deref().or(current) {
            needed.append(on_database(Privilege::Event, database));
        }
    }
    needed
}

/// Whether the account is the definer of a procedure: whoever makes one may call, alter and drop it. Of a function it is granted that.
fn defines(session: &SessionState, catalog: &Catalog, database: &str, kind: RoutineKind, name: &str) -> bool {
    if kind == RoutineKind::Function {
        return false;
    }
    let routine = catalog.databases.get(database).and_then(|found| found.routine(kind, name));
    routine.is_some_and(|routine| routine.definer == session.account)
}

/// ALTER TABLE; one that renames the table needs what RENAME TABLE does, too.
fn of_alter(alter: &AlterTable, current: Option<&str>) -> Requirements {
    let of_partitions = alter.actions.iter().find_map(|action| match action {
        AlterAction::Partition(action) => Some(action),
        _ => None,
    });
    if let Some(action) = of_partitions {
        return of_partition(action, &alter.table, current);
    }
    let renamed = alter.actions.iter().rev().find_map(|action| match action {
        AlterAction::Rename(to) => Some(to),
        _ => None,
    });
    let foreign_keys = alter.actions.iter().filter_map(|action| match action {
        AlterAction::AddForeignKey(key) => Some(key),
        _ => None,
    });
    let of_parents = of_parents(foreign_keys, alter.table.database.as_deref().or(current));
    let Some(to) = renamed else {
        let mut needed = on_table(&[Privilege::Alter], &alter.table, current);
        needed.append(of_parents);
        return needed;
    };
    let mut needed = on_table(&[Privilege::Drop, Privilege::Alter], &alter.table, current);
    needed.append(on_table(&[Privilege::Insert, Privilege::Create], to, current));
    needed.append(of_parents);
    needed
}

/// ALTER TABLE on partitions: what takes rows away needs DROP, what takes them from another table all that RENAME does.
fn of_partition(action: &PartitionAction, table: &TableName, current: Option<&str>) -> Requirements {
    match action {
        PartitionAction::Drop(_) => on_table(&[Privilege::Alter, Privilege::Drop], table, current),
        PartitionAction::Truncate(_) => on_table(&[Privilege::Drop], table, current),
        PartitionAction::Exchange { table: with, .. } => {
            let all = [Privilege::Alter, Privilege::Drop, Privilege::Insert, Privilege::Create];
            let mut needed = on_table(&all, table, current);
            needed.append(on_table(&all, with, current));
            needed
        }
        PartitionAction::By(_)
        | PartitionAction::Remove
        | PartitionAction::Add(_)
        | PartitionAction::AddCount(_)
        | PartitionAction::Coalesce(_)
        | PartitionAction::Reorganize { .. }
        | PartitionAction::Rebuild(_) => on_table(&[Privilege::Alter], table, current),
    }
}

/// The parents of foreign keys, which are in the database of their child unless they say another.
fn of_parents<'k>(
    keys: impl Iterator<Item = &'k ForeignKeyDefinition>,
    database: Option<&str>,
) -> Requirements {
    let mut needed = Requirements::none();
    for key in keys {
        if let Some(parent) = qualified(key.parent.database.as_deref(), &key.parent.table, database) {
            needed.add(Requirement::Parent(parent));
        }
    }
    needed
}

fn on_table(privileges: &[Privilege], name: &TableName, current: Option<&str>) -> Requirements {
    let mut needed = Requirements::none();
    if let Some(table) = qualified(name.database.as_deref(), &name.table, current) {
        needed.add(Requirement::Table { privileges: PrivilegeSet::of(privileges), table });
    }
    needed
}

fn each(names: &[TableName], privileges: &[Privilege], session: &SessionState) -> Requirements {
    let mut needed = Requirements::none();
    for name in names.iter().filter(|name| !is_own(name, session)) {
        needed.append(on_table(privileges, name, session.database.as_deref()));
    }
    needed
}

/// Whether a name is that of a temporary table of the session.
fn is_own(name: &TableName, session: &SessionState) -> bool {
    crate::ddl::temporary::find(name, session).is_some()
}

fn global_variables() -> Requirements {
    Requirements::global(GLOBAL_VARIABLES, "SUPER or SYSTEM_VARIABLES_ADMIN")
}

/// What it needs to set something. A variable that is not there, or cannot be set so, is refused as such, by everybody.
fn of_target(target: &AssignmentTarget) -> Requirements {
    match target {
        AssignmentTarget::User(_) | AssignmentTarget::NextTransaction(_) => Requirements::none(),
        AssignmentTarget::System(Some(VariableScope::Global), name) => {
            if crate::variables::is_settable(name, true) { global_variables() } else { Requirements::none() }
        }
        AssignmentTarget::System(Some(VariableScope::Session) | None, name) => of_session_variable(name),
    }
}

/// The session variables that are restricted, as MySQL 9.7 has them.
fn of_session_variable(name: &str) -> Requirements {
    match name {
        "gtid_next" | "pseudo_replica_mode" | "pseudo_slave_mode" => Requirements::global(
            APPLIER_VARIABLES,
            "SUPER, SYSTEM_VARIABLES_ADMIN, SESSION_VARIABLES_ADMIN or REPLICATION_APPLIER",
        ),
        "binlog_format"
        | "binlog_row_image"
        | "bulk_insert_buffer_size"
        | "character_set_database"
        | "character_set_filesystem"
        | "connection_memory_chunk_size"
        | "connection_memory_limit"
        | "global_connection_memory_tracking"
        | "histogram_generation_max_mem_size"
        | "pseudo_thread_id"
        // Ours: it is memory of the node.
        | "quorate_operation_memory"
        | "sql_generate_invisible_primary_key"
        | "sql_log_bin"
        | "sql_log_off"
        | "sql_require_primary_key" => Requirements::global(
            SESSION_VARIABLES,
            "SUPER, SYSTEM_VARIABLES_ADMIN or SESSION_VARIABLES_ADMIN",
        ),
        "innodb_strict_mode"
        | "internal_tmp_mem_storage_engine"
        | "max_error_count"
        | "min_examined_row_limit" => {
            Requirements::global(ADMIN_VARIABLES, "SYSTEM_VARIABLES_ADMIN or SESSION_VARIABLES_ADMIN")
        }
        _ => Requirements::none(),
    }
}

/// To look at what information_schema says of the cluster's inside.
pub(super) fn cluster_view() -> Requirements {
    Requirements::global(CLUSTER_VIEW, "PROCESS or REPLICATION CLIENT")
}

/// A procedure of the cluster needs what Group Replication's administration needs; one of another database EXECUTE there, before it is
/// said that there is none.
fn of_call(call: &Call, session: &SessionState, catalog: &Catalog) -> Requirements {
    let current = session.database.as_deref();
    let named = if call.schema.is_empty() { current.unwrap_or_default() } else { &call.schema };
    let kind = RoutineKind::Procedure;
    let stored = catalog.databases.get(named).and_then(|found| found.routine(kind, &call.name));
    if let Some(routine) = stored {
        let mut needed = of_expressions(&call.arguments, session);
        if routine.definer != session.account {
            needed.add(Requirement::Routine {
                privilege: Privilege::Execute,
                kind,
                database: named.to_owned(),
                name: routine.name.clone(),
            });
        }
        return needed;
    }
    let schema = if call.schema.is_empty() { CONSENSUS } else { &call.schema };
    let mut needed = Requirements::none();
    let is_known = procedure::signatures().iter().any(|known| known.name.eq_ignore_ascii_case(&call.name));
    if schema.eq_ignore_ascii_case(CONSENSUS) && (is_known || !call.schema.is_empty()) {
        needed.append(match call.name.to_ascii_lowercase().as_str() {
            // Changes and tells nothing; drivers read their own writes by it.
            "wait_apply_index" => Requirements::none(),
            name if name.starts_with(SHOWING) => cluster_view(),
            _ => Requirements::global(CLUSTER, "SUPER or GROUP_REPLICATION_ADMIN"),
        });
    } else {
        let database = if call.schema.is_empty() { current } else { Some(schema) };
        if let Some(database) = database.map(canonical) {
            needed.add(Requirement::Routine {
                privilege: Privilege::Execute,
                kind: RoutineKind::Procedure,
                database,
                name: call.name.clone(),
            });
        }
    }
    needed.append(of_expressions(&call.arguments, session));
    needed
}

/// Each option asks for RELOAD, or a privilege of its own.
fn of_flush(options: &[FlushOption]) -> Requirements {
    let mut needed = Requirements::none();
    for option in options {
        needed.append(match option {
            // As one account statement among others, which looks itself.
            FlushOption::Privileges => Requirements::none(),
            FlushOption::Status => Requirements::global(FLUSH_STATUS, "RELOAD or FLUSH_STATUS"),
            FlushOption::UserResources => {
                Requirements::global(FLUSH_USER_RESOURCES, "RELOAD or FLUSH_USER_RESOURCES")
            }
            FlushOption::Logs => Requirements::global(&[Grant::Static(Privilege::Reload)], "RELOAD"),
        });
    }
    needed
}
