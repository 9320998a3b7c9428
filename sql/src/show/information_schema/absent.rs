//! Tables about what the server does not have, or does not keep: always empty.

use crate::show::spec::{ColumnSpec, exact, exact_long, integer, null, of, text, unsigned};
use crate::types::TypeKind;

pub(super) const CHECK_CONSTRAINTS: &[ColumnSpec] = &[
    exact("CONSTRAINT_CATALOG", 64),
    exact("CONSTRAINT_SCHEMA", 64),
    text("CONSTRAINT_NAME", 64),
    exact_long("CHECK_CLAUSE", TypeKind::LongText),
];

pub(super) const COLUMN_PRIVILEGES: &[ColumnSpec] = &[
    text("GRANTEE", 292),
    text("TABLE_CATALOG", 512),
    text("TABLE_SCHEMA", 64),
    text("TABLE_NAME", 64),
    text("COLUMN_NAME", 64),
    text("PRIVILEGE_TYPE", 64),
    text("IS_GRANTABLE", 3),
];

pub(super) const COLUMN_STATISTICS: &[ColumnSpec] = &[
    exact("SCHEMA_NAME", 64),
    exact("TABLE_NAME", 64),
    text("COLUMN_NAME", 64),
    exact_long("HISTOGRAM", TypeKind::LongText),
];

pub(super) const EVENTS: &[ColumnSpec] = &[
    exact("EVENT_CATALOG", 64),
    exact("EVENT_SCHEMA", 64),
    text("EVENT_NAME", 64),
    exact("DEFINER", 288),
    exact("TIME_ZONE", 64),
    text("EVENT_BODY", 3),
    exact_long("EVENT_DEFINITION", TypeKind::LongText),
    text("EVENT_TYPE", 9),
    of("EXECUTE_AT", TypeKind::DateTime(0)).or_null(),
    text("INTERVAL_VALUE", 256).or_null(),
    exact("INTERVAL_FIELD", 18).or_null(),
    exact("SQL_MODE", 546),
    of("STARTS", TypeKind::DateTime(0)).or_null(),
    of("ENDS", TypeKind::DateTime(0)).or_null(),
    exact("STATUS", 21),
    text("ON_COMPLETION", 12),
    of("CREATED", TypeKind::Timestamp(0)),
    of("LAST_ALTERED", TypeKind::Timestamp(0)),
    of("LAST_EXECUTED", TypeKind::DateTime(0)).or_null(),
    exact("EVENT_COMMENT", 2048),
    unsigned("ORIGINATOR", TypeKind::Int),
    text("CHARACTER_SET_CLIENT", 64),
    text("COLLATION_CONNECTION", 64),
    text("DATABASE_COLLATION", 64),
];

pub(super) const FILES: &[ColumnSpec] = &[
    integer("FILE_ID", TypeKind::BigInt).or_null(),
    exact("FILE_NAME", 514).or_null(),
    text("FILE_TYPE", 256).or_null(),
    exact("TABLESPACE_NAME", 268),
    text("TABLE_CATALOG", 0),
    null("TABLE_SCHEMA"),
    null("TABLE_NAME"),
    text("LOGFILE_GROUP_NAME", 256).or_null(),
    integer("LOGFILE_GROUP_NUMBER", TypeKind::BigInt).or_null(),
    text("ENGINE", 64),
    null("FULLTEXT_KEYS"),
    null("DELETED_ROWS"),
    null("UPDATE_COUNT"),
    integer("FREE_EXTENTS", TypeKind::BigInt).or_null(),
    integer("TOTAL_EXTENTS", TypeKind::BigInt).or_null(),
    integer("EXTENT_SIZE", TypeKind::BigInt).or_null(),
    integer("INITIAL_SIZE", TypeKind::BigInt).or_null(),
    integer("MAXIMUM_SIZE", TypeKind::BigInt).or_null(),
    integer("AUTOEXTEND_SIZE", TypeKind::BigInt).or_null(),
    null("CREATION_TIME"),
    null("LAST_UPDATE_TIME"),
    null("LAST_ACCESS_TIME"),
    null("RECOVER_TIME"),
    null("TRANSACTION_COUNTER"),
    integer("VERSION", TypeKind::BigInt).or_null(),
    text("ROW_FORMAT", 256).or_null(),
    null("TABLE_ROWS"),
    null("AVG_ROW_LENGTH"),
    null("DATA_LENGTH"),
    null("MAX_DATA_LENGTH"),
    null("INDEX_LENGTH"),
    integer("DATA_FREE", TypeKind::BigInt).or_null(),
    null("CREATE_TIME"),
    null("UPDATE_TIME"),
    null("CHECK_TIME"),
    null("CHECKSUM"),
    text("STATUS", 256).or_null(),
    text("EXTRA", 256).or_null(),
];

pub(super) const REFERENTIAL_CONSTRAINTS: &[ColumnSpec] = &[
    exact("CONSTRAINT_CATALOG", 64),
    exact("CONSTRAINT_SCHEMA", 64),
    text("CONSTRAINT_NAME", 64).or_null(),
    exact("UNIQUE_CONSTRAINT_CATALOG", 64),
    exact("UNIQUE_CONSTRAINT_SCHEMA", 64),
    text("UNIQUE_CONSTRAINT_NAME", 64).or_null(),
    exact("MATCH_OPTION", 7),
    exact("UPDATE_RULE", 11),
    exact("DELETE_RULE", 11),
    exact("TABLE_NAME", 64),
    exact("REFERENCED_TABLE_NAME", 64),
];

pub(super) const SCHEMA_PRIVILEGES: &[ColumnSpec] = &[
    text("GRANTEE", 292),
    text("TABLE_CATALOG", 512),
    text("TABLE_SCHEMA", 64),
    text("PRIVILEGE_TYPE", 64),
    text("IS_GRANTABLE", 3),
];

pub(super) const TABLE_PRIVILEGES: &[ColumnSpec] = &[
    text("GRANTEE", 292),
    text("TABLE_CATALOG", 512),
    text("TABLE_SCHEMA", 64),
    text("TABLE_NAME", 64),
    text("PRIVILEGE_TYPE", 64),
    text("IS_GRANTABLE", 3),
];

pub(super) const TRIGGERS: &[ColumnSpec] = &[
    exact("TRIGGER_CATALOG", 64),
    exact("TRIGGER_SCHEMA", 64),
    text("TRIGGER_NAME", 64),
    exact("EVENT_MANIPULATION", 6),
    exact("EVENT_OBJECT_CATALOG", 64),
    exact("EVENT_OBJECT_SCHEMA", 64),
    exact("EVENT_OBJECT_TABLE", 64),
    unsigned("ACTION_ORDER", TypeKind::Int),
    null("ACTION_CONDITION"),
    exact_long("ACTION_STATEMENT", TypeKind::LongText),
    text("ACTION_ORIENTATION", 3),
    exact("ACTION_TIMING", 6),
    null("ACTION_REFERENCE_OLD_TABLE"),
    null("ACTION_REFERENCE_NEW_TABLE"),
    text("ACTION_REFERENCE_OLD_ROW", 3),
    text("ACTION_REFERENCE_NEW_ROW", 3),
    of("CREATED", TypeKind::Timestamp(2)),
    exact("SQL_MODE", 546),
    exact("DEFINER", 288),
    text("CHARACTER_SET_CLIENT", 64),
    text("COLLATION_CONNECTION", 64),
    text("DATABASE_COLLATION", 64),
];

pub(super) const VIEWS: &[ColumnSpec] = &[
    exact("TABLE_CATALOG", 64),
    exact("TABLE_SCHEMA", 64),
    exact("TABLE_NAME", 64),
    exact_long("VIEW_DEFINITION", TypeKind::LongText).or_null(),
    exact("CHECK_OPTION", 8).or_null(),
    exact("IS_UPDATABLE", 3).or_null(),
    exact("DEFINER", 288).or_null(),
    exact("SECURITY_TYPE", 7).or_null(),
    text("CHARACTER_SET_CLIENT", 64),
    text("COLLATION_CONNECTION", 64),
];
