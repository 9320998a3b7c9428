//! The columns of the grant tables of `mysql`, recorded from MySQL 9.7 with `golden/record_columns.py`.

use crate::show::spec::{ColumnSpec, exact, exact_long, integer, long, of, text, unsigned};
use crate::types::{Collation, TypeKind};

/// CHAR, compared without case. ENUM and SET are shown so too.
const fn letters(name: &'static str, characters: u32) -> ColumnSpec {
    of(name, TypeKind::Char(characters)).collate(Collation::Utf8mb3GeneralCi)
}

/// CHAR, compared by bytes.
const fn bytes(name: &'static str, characters: u32) -> ColumnSpec {
    of(name, TypeKind::Char(characters)).collate(Collation::Utf8mb3Bin)
}

pub(super) const USER: &[ColumnSpec] = &[
    letters("Host", 255),
    bytes("User", 32),
    letters("Select_priv", 1),
    letters("Insert_priv", 1),
    letters("Update_priv", 1),
    letters("Delete_priv", 1),
    letters("Create_priv", 1),
    letters("Drop_priv", 1),
    letters("Reload_priv", 1),
    letters("Shutdown_priv", 1),
    letters("Process_priv", 1),
    letters("File_priv", 1),
    letters("Grant_priv", 1),
    letters("References_priv", 1),
    letters("Index_priv", 1),
    letters("Alter_priv", 1),
    letters("Show_db_priv", 1),
    letters("Super_priv", 1),
    letters("Create_tmp_table_priv", 1),
    letters("Lock_tables_priv", 1),
    letters("Execute_priv", 1),
    letters("Repl_slave_priv", 1),
    letters("Repl_client_priv", 1),
    letters("Create_view_priv", 1),
    letters("Show_view_priv", 1),
    letters("Create_routine_priv", 1),
    letters("Alter_routine_priv", 1),
    letters("Create_user_priv", 1),
    letters("Event_priv", 1),
    letters("Trigger_priv", 1),
    letters("Create_tablespace_priv", 1),
    letters("ssl_type", 9),
    of("ssl_cipher", TypeKind::Blob),
    of("x509_issuer", TypeKind::Blob),
    of("x509_subject", TypeKind::Blob),
    unsigned("max_questions", TypeKind::Int),
    unsigned("max_updates", TypeKind::Int),
    unsigned("max_connections", TypeKind::Int),
    unsigned("max_user_connections", TypeKind::Int),
    bytes("plugin", 64),
    exact_long("authentication_string", TypeKind::Text).or_null(),
    letters("password_expired", 1),
    of("password_last_changed", TypeKind::Timestamp(0)).or_null(),
    unsigned("password_lifetime", TypeKind::SmallInt).or_null(),
    letters("account_locked", 1),
    letters("Create_role_priv", 1),
    letters("Drop_role_priv", 1),
    unsigned("Password_reuse_history", TypeKind::SmallInt).or_null(),
    unsigned("Password_reuse_time", TypeKind::SmallInt).or_null(),
    letters("Password_require_current", 1).or_null(),
    exact_long("User_attributes", TypeKind::LongText).or_null(),
];

pub(super) const DB: &[ColumnSpec] = &[
    letters("Host", 255),
    bytes("Db", 64),
    bytes("User", 32),
    letters("Select_priv", 1),
    letters("Insert_priv", 1),
    letters("Update_priv", 1),
    letters("Delete_priv", 1),
    letters("Create_priv", 1),
    letters("Drop_priv", 1),
    letters("Grant_priv", 1),
    letters("References_priv", 1),
    letters("Index_priv", 1),
    letters("Alter_priv", 1),
    letters("Create_tmp_table_priv", 1),
    letters("Lock_tables_priv", 1),
    letters("Create_view_priv", 1),
    letters("Show_view_priv", 1),
    letters("Create_routine_priv", 1),
    letters("Alter_routine_priv", 1),
    letters("Execute_priv", 1),
    letters("Event_priv", 1),
    letters("Trigger_priv", 1),
];

pub(super) const TABLES_PRIV: &[ColumnSpec] = &[
    letters("Host", 255),
    bytes("Db", 64),
    bytes("User", 32),
    bytes("Table_name", 64),
    exact("Grantor", 288),
    of("Timestamp", TypeKind::Timestamp(0)),
    letters("Table_priv", 98),
    letters("Column_priv", 31),
];

pub(super) const COLUMNS_PRIV: &[ColumnSpec] = &[
    letters("Host", 255),
    bytes("Db", 64),
    bytes("User", 32),
    bytes("Table_name", 64),
    bytes("Column_name", 64),
    of("Timestamp", TypeKind::Timestamp(0)),
    letters("Column_priv", 31),
];

pub(super) const ROLE_EDGES: &[ColumnSpec] = &[
    letters("FROM_HOST", 255),
    bytes("FROM_USER", 32),
    letters("TO_HOST", 255),
    bytes("TO_USER", 32),
    letters("WITH_ADMIN_OPTION", 1),
];

pub(super) const DEFAULT_ROLES: &[ColumnSpec] = &[
    letters("HOST", 255),
    bytes("USER", 32),
    letters("DEFAULT_ROLE_HOST", 255),
    bytes("DEFAULT_ROLE_USER", 32),
];

pub(super) const GLOBAL_GRANTS: &[ColumnSpec] =
    &[bytes("USER", 32), letters("HOST", 255), letters("PRIV", 32), letters("WITH_GRANT_OPTION", 1)];

pub(super) const PROCS_PRIV: &[ColumnSpec] = &[
    letters("Host", 255),
    bytes("Db", 64),
    bytes("User", 32),
    letters("Routine_name", 64),
    bytes("Routine_type", 9),
    exact("Grantor", 288),
    letters("Proc_priv", 27),
    of("Timestamp", TypeKind::Timestamp(0)),
];

pub(super) const PASSWORD_HISTORY: &[ColumnSpec] = &[
    letters("Host", 255),
    bytes("User", 32),
    of("Password_timestamp", TypeKind::Timestamp(6)),
    exact_long("Password", TypeKind::Text).or_null(),
];

pub(super) const PROXIES_PRIV: &[ColumnSpec] = &[
    letters("Host", 255),
    bytes("User", 32),
    letters("Proxied_host", 255),
    bytes("Proxied_user", 32),
    integer("With_grant", TypeKind::TinyInt),
    exact("Grantor", 288),
    of("Timestamp", TypeKind::Timestamp(0)),
];

pub(super) const GENERAL_LOG: &[ColumnSpec] = &[
    of("event_time", TypeKind::Timestamp(6)),
    long("user_host", TypeKind::MediumText),
    unsigned("thread_id", TypeKind::BigInt),
    unsigned("server_id", TypeKind::Int),
    text("command_type", 64),
    of("argument", TypeKind::MediumBlob),
];

pub(super) const SLOW_LOG: &[ColumnSpec] = &[
    of("start_time", TypeKind::Timestamp(6)),
    long("user_host", TypeKind::MediumText),
    of("query_time", TypeKind::Time(6)),
    of("lock_time", TypeKind::Time(6)),
    integer("rows_sent", TypeKind::Int),
    integer("rows_examined", TypeKind::Int),
    text("db", 512),
    integer("last_insert_id", TypeKind::Int),
    integer("insert_id", TypeKind::Int),
    unsigned("server_id", TypeKind::Int),
    of("sql_text", TypeKind::MediumBlob),
    unsigned("thread_id", TypeKind::BigInt),
];
