//! What statements are counted as: MySQL's `Com_…` status variables, of what there is here.

use crate::ast::{
    AccountStatement, EventStatement, InsertSource, MaintenanceKind, ProgramStatement, RoutineKind, ShowKind,
    Statement, TableExpr, ViewStatement, Xa,
};

macro_rules! counted {
    ($($kind:ident $name:literal,)*) => {
        /// A `Com_…` status variable.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        #[expect(missing_docs, reason = "each variant is the status variable of its name")]
        pub enum Counted { $($kind,)* }

        impl Counted {
            /// The names without `Com_`, by the variants' numbers.
            pub const NAMES: &[&str] = &[$($name,)*];
        }
    };
}

counted! {
    AlterDb "alter_db", AlterEvent "alter_event", AlterFunction "alter_function", AlterInstance "alter_instance", AlterProcedure "alter_procedure", AlterTable "alter_table", AlterUser "alter_user", AlterUserDefaultRole "alter_user_default_role", Analyze "analyze", Begin "begin",
    CallProcedure "call_procedure", ChangeDb "change_db", Check "check", Checksum "checksum", Commit "commit", CreateDb "create_db", CreateEvent "create_event",
    CreateFunction "create_function", CreateIndex "create_index", CreateProcedure "create_procedure", CreateRole "create_role", CreateTable "create_table", CreateTrigger "create_trigger", CreateUser "create_user", CreateView "create_view",
    DeallocSql "dealloc_sql", Delete "delete", DeleteMulti "delete_multi", Do "do", DropDb "drop_db", DropEvent "drop_event", DropFunction "drop_function", DropIndex "drop_index",
    DropProcedure "drop_procedure", DropRole "drop_role", DropTable "drop_table", DropTrigger "drop_trigger", DropUser "drop_user", DropView "drop_view", ExecuteSql "execute_sql", Flush "flush",
    Grant "grant", GrantRoles "grant_roles", Insert "insert", InsertSelect "insert_select", Kill "kill", Load "load",
    LockTables "lock_tables", Optimize "optimize", PrepareSql "prepare_sql", ReleaseSavepoint "release_savepoint",
    RenameTable "rename_table", RenameUser "rename_user", Repair "repair", Replace "replace", ReplaceSelect "replace_select",
    Revoke "revoke", RevokeAll "revoke_all", RevokeRoles "revoke_roles", Rollback "rollback", RollbackToSavepoint "rollback_to_savepoint", Savepoint "savepoint",
    Select "select", SetOption "set_option", SetPassword "set_password", SetRole "set_role",
    ShowBinaryLogStatus "show_binary_log_status", ShowBinlogs "show_binlogs", ShowCharsets "show_charsets",
    ShowCollations "show_collations", ShowCreateDb "show_create_db", ShowCreateEvent "show_create_event", ShowCreateFunc "show_create_func", ShowCreateProc "show_create_proc", ShowCreateTable "show_create_table", ShowCreateTrigger "show_create_trigger",
    ShowCreateUser "show_create_user", ShowDatabases "show_databases", ShowEngineStatus "show_engine_status", ShowErrors "show_errors",
    ShowEvents "show_events", ShowFields "show_fields", ShowFunctionStatus "show_function_status", ShowGrants "show_grants",
    ShowKeys "show_keys", ShowOpenTables "show_open_tables", ShowPlugins "show_plugins", ShowPrivileges "show_privileges",
    ShowProcedureStatus "show_procedure_status", ShowProcesslist "show_processlist", ShowReplicaStatus "show_replica_status",
    ShowStatus "show_status", ShowStorageEngines "show_storage_engines", ShowTableStatus "show_table_status", ShowTables "show_tables",
    ShowTriggers "show_triggers", ShowVariables "show_variables", ShowWarnings "show_warnings", StmtClose "stmt_close",
    StmtExecute "stmt_execute", StmtFetch "stmt_fetch", StmtPrepare "stmt_prepare", StmtReset "stmt_reset",
    StmtSendLongData "stmt_send_long_data", Truncate "truncate", UnlockTables "unlock_tables", Update "update",
    UpdateMulti "update_multi", XaCommit "xa_commit", XaEnd "xa_end", XaPrepare "xa_prepare", XaRecover "xa_recover",
    XaRollback "xa_rollback", XaStart "xa_start",
}

impl Statement {
    /// What it is counted as; none for what no client can say.
    #[must_use]
    pub fn counted(&self) -> Option<Counted> {
        Some(match self {
            Statement::Query(_) | Statement::SelectInto(_) | Statement::Explain(_) => Counted::Select,
            Statement::Insert(insert) => match (&insert.source, insert.replace) {
                (InsertSource::Values(_), false) => Counted::Insert,
                (InsertSource::Values(_), true) => Counted::Replace,
                (InsertSource::Query(_), false) => Counted::InsertSelect,
                (InsertSource::Query(_), true) => Counted::ReplaceSelect,
            },
            Statement::Update(update) if is_one_table(&update.from) => Counted::Update,
            Statement::Update(_) => Counted::UpdateMulti,
            Statement::Delete(delete) if delete.targets.is_empty() => Counted::Delete,
            Statement::Delete(_) => Counted::DeleteMulti,
            Statement::Load(_) => Counted::Load,
            Statement::Begin { .. } => Counted::Begin,
            Statement::Commit | Statement::CommitAndChain => Counted::Commit,
            Statement::Rollback | Statement::RollbackAndChain => Counted::Rollback,
            Statement::Savepoint(_) => Counted::Savepoint,
            Statement::RollbackTo(_) => Counted::RollbackToSavepoint,
            Statement::ReleaseSavepoint(_) => Counted::ReleaseSavepoint,
            Statement::Set(_)
            | Statement::GtidPurged(_)
            | Statement::SetNames { .. }
            | Statement::SetTransaction { .. } => Counted::SetOption,
            Statement::SetRole(_) => Counted::SetRole,
            Statement::Use(_) => Counted::ChangeDb,
            Statement::Show(show) => of_show(&show.kind),
            Statement::Kill { .. } => Counted::Kill,
            Statement::Do(_) => Counted::Do,
            Statement::Call(_) => Counted::CallProcedure,
            Statement::PrepareText { .. } => Counted::PrepareSql,
            Statement::ExecutePrepared { .. } => Counted::ExecuteSql,
            Statement::Deallocate(_) => Counted::DeallocSql,
            Statement::LockTables(_) => Counted::LockTables,
            Statement::UnlockTables => Counted::UnlockTables,
            Statement::FlushTables { .. } | Statement::Flush(_) => Counted::Flush,
            Statement::ReloadTls => Counted::AlterInstance,
            Statement::Account(account) => return of_account(account),
            Statement::Xa(xa) => of_xa(xa),
            definition => of_definition(definition)?,
        })
    }
}

/// Statements that define what there is, or look after it.
fn of_definition(statement: &Statement) -> Option<Counted> {
    Some(match statement {
        Statement::AlterDatabase { .. } => Counted::AlterDb,
        Statement::CreateDatabase { .. } => Counted::CreateDb,
        Statement::DropDatabase { .. } => Counted::DropDb,
        Statement::CreateTable(_) => Counted::CreateTable,
        Statement::DropTable { .. } | Statement::DropTemporary { .. } => Counted::DropTable,
        Statement::Program(program) => match &**program {
            ProgramStatement::Event(event) => match **event {
                EventStatement::Create(_) => Counted::CreateEvent,
                EventStatement::Alter(_) => Counted::AlterEvent,
                EventStatement::Drop { .. } => Counted::DropEvent,
                EventStatement::Begin { .. } | EventStatement::End { .. } => return None,
            },
            ProgramStatement::CreateTrigger(_) => Counted::CreateTrigger,
            ProgramStatement::DropTrigger { .. } => Counted::DropTrigger,
            ProgramStatement::CreateRoutine(create) => match create.kind {
                RoutineKind::Procedure => Counted::CreateProcedure,
                RoutineKind::Function => Counted::CreateFunction,
            },
            ProgramStatement::AlterRoutine { kind: RoutineKind::Procedure, .. } => Counted::AlterProcedure,
            ProgramStatement::AlterRoutine { kind: RoutineKind::Function, .. } => Counted::AlterFunction,
            ProgramStatement::DropRoutine { kind: RoutineKind::Procedure, .. } => Counted::DropProcedure,
            ProgramStatement::DropRoutine { kind: RoutineKind::Function, .. } => Counted::DropFunction,
        },
        Statement::View(ViewStatement::Create(_)) => Counted::CreateView,
        Statement::View(ViewStatement::Drop { .. }) => Counted::DropView,
        Statement::TruncateTable(_) => Counted::Truncate,
        Statement::AlterTable(_) => Counted::AlterTable,
        Statement::CreateIndex(_) => Counted::CreateIndex,
        Statement::DropIndex(_) => Counted::DropIndex,
        Statement::RenameTable(_) => Counted::RenameTable,
        Statement::AnalyzeTable(_) => Counted::Analyze,
        Statement::Maintenance(maintenance) => match maintenance.kind {
            MaintenanceKind::Check => Counted::Check,
            MaintenanceKind::Checksum { .. } => Counted::Checksum,
            MaintenanceKind::Optimize => Counted::Optimize,
            MaintenanceKind::Repair => Counted::Repair,
        },
        _ => return None,
    })
}

fn is_one_table(from: &TableExpr) -> bool {
    matches!(from, TableExpr::Table { .. })
}

fn of_show(kind: &ShowKind) -> Counted {
    match kind {
        ShowKind::Databases => Counted::ShowDatabases,
        ShowKind::Tables { .. } => Counted::ShowTables,
        ShowKind::Columns { .. } => Counted::ShowFields,
        ShowKind::Index { .. } => Counted::ShowKeys,
        ShowKind::CreateTable(_) | ShowKind::CreateView(_) => Counted::ShowCreateTable,
        ShowKind::CreateDatabase { .. } => Counted::ShowCreateDb,
        ShowKind::TableStatus { .. } => Counted::ShowTableStatus,
        ShowKind::Variables { .. } => Counted::ShowVariables,
        ShowKind::Status { .. } => Counted::ShowStatus,
        ShowKind::ProcessList { .. } => Counted::ShowProcesslist,
        ShowKind::Warnings { .. } | ShowKind::CountWarnings => Counted::ShowWarnings,
        ShowKind::Errors { .. } | ShowKind::CountErrors => Counted::ShowErrors,
        ShowKind::Engines => Counted::ShowStorageEngines,
        ShowKind::CharacterSet => Counted::ShowCharsets,
        ShowKind::Collation => Counted::ShowCollations,
        ShowKind::Plugins => Counted::ShowPlugins,
        ShowKind::Privileges => Counted::ShowPrivileges,
        ShowKind::Grants { .. } => Counted::ShowGrants,
        ShowKind::CreateUser(_) => Counted::ShowCreateUser,
        ShowKind::Triggers { .. } => Counted::ShowTriggers,
        ShowKind::Events { .. } => Counted::ShowEvents,
        ShowKind::ProcedureStatus => Counted::ShowProcedureStatus,
        ShowKind::CreateProcedure(_) => Counted::ShowCreateProc,
        ShowKind::CreateEvent(_) => Counted::ShowCreateEvent,
        ShowKind::CreateFunction(_) => Counted::ShowCreateFunc,
        ShowKind::CreateTrigger(_) => Counted::ShowCreateTrigger,
        ShowKind::FunctionStatus => Counted::ShowFunctionStatus,
        ShowKind::OpenTables { .. } => Counted::ShowOpenTables,
        ShowKind::BinaryLogStatus => Counted::ShowBinaryLogStatus,
        ShowKind::BinaryLogs => Counted::ShowBinlogs,
        ShowKind::ReplicaStatus => Counted::ShowReplicaStatus,
        ShowKind::EngineStatus(_) => Counted::ShowEngineStatus,
    }
}

fn of_account(statement: &AccountStatement) -> Option<Counted> {
    Some(match statement {
        AccountStatement::CreateUser { .. } => Counted::CreateUser,
        AccountStatement::AlterUser { .. } => Counted::AlterUser,
        AccountStatement::SetPassword(_) => Counted::SetPassword,
        AccountStatement::DropUser { .. } => Counted::DropUser,
        AccountStatement::RenameUser(_) => Counted::RenameUser,
        AccountStatement::CreateRole { .. } => Counted::CreateRole,
        AccountStatement::DropRole { .. } => Counted::DropRole,
        AccountStatement::Grant(_) => Counted::Grant,
        AccountStatement::Revoke(_) => Counted::Revoke,
        AccountStatement::GrantRoles { .. } => Counted::GrantRoles,
        AccountStatement::RevokeRoles { .. } => Counted::RevokeRoles,
        AccountStatement::RevokeAll { .. } => Counted::RevokeAll,
        AccountStatement::SetDefaultRole { .. } => Counted::AlterUserDefaultRole,
        AccountStatement::Form(_) | AccountStatement::Reload => return None,
    })
}

fn of_xa(xa: &Xa) -> Counted {
    match xa {
        Xa::Start { .. } => Counted::XaStart,
        Xa::End { .. } => Counted::XaEnd,
        Xa::Prepare(_) => Counted::XaPrepare,
        Xa::Commit { .. } => Counted::XaCommit,
        Xa::Rollback(_) => Counted::XaRollback,
        Xa::Recover { .. } => Counted::XaRecover,
    }
}
