//! MySQL's functions by the chapters of its manual, and which of them are here: the source of `docs/functions.md`.
//!
//! What is listed and not built is refused by name (1235); the functions of MySQL's own views are refused as MySQL refuses them (3566).

use std::fmt::Write;

use super::find;

/// A chapter: its name, and the functions in it.
type Chapter = (&'static str, &'static [&'static str]);

/// MySQL 8.4 Reference Manual, chapter 14.
const CHAPTERS: &[Chapter] = &[
    ("Comparison", &["COALESCE", "GREATEST", "INTERVAL", "ISNULL", "LEAST", "STRCMP"]),
    ("Control flow", &["IF", "IFNULL", "NULLIF"]),
    (
        "Numeric",
        &[
            "ABS", "ACOS", "ASIN", "ATAN", "ATAN2", "CEIL", "CEILING", "CONV", "COS", "COT", "CRC32",
            "DEGREES", "EXP", "FLOOR", "LN", "LOG", "LOG10", "LOG2", "MOD", "PI", "POW", "POWER", "RADIANS",
            "RAND", "ROUND", "SIGN", "SIN", "SQRT", "TAN", "TRUNCATE",
        ],
    ),
    (
        "Date and time",
        &[
            "ADDDATE",
            "ADDTIME",
            "CONVERT_TZ",
            "CURDATE",
            "CURRENT_DATE",
            "CURRENT_TIME",
            "CURRENT_TIMESTAMP",
            "CURTIME",
            "DATE",
            "DATEDIFF",
            "DATE_ADD",
            "DATE_FORMAT",
            "DATE_SUB",
            "DAY",
            "DAYNAME",
            "DAYOFMONTH",
            "DAYOFWEEK",
            "DAYOFYEAR",
            "EXTRACT",
            "FROM_DAYS",
            "FROM_UNIXTIME",
            "GET_FORMAT",
            "HOUR",
            "LAST_DAY",
            "LOCALTIME",
            "LOCALTIMESTAMP",
            "MAKEDATE",
            "MAKETIME",
            "MICROSECOND",
            "MINUTE",
            "MONTH",
            "MONTHNAME",
            "NOW",
            "PERIOD_ADD",
            "PERIOD_DIFF",
            "QUARTER",
            "SECOND",
            "SEC_TO_TIME",
            "STR_TO_DATE",
            "SUBDATE",
            "SUBTIME",
            "SYSDATE",
            "TIME",
            "TIMEDIFF",
            "TIMESTAMP",
            "TIMESTAMPADD",
            "TIMESTAMPDIFF",
            "TIME_FORMAT",
            "TIME_TO_SEC",
            "TO_DAYS",
            "TO_SECONDS",
            "UNIX_TIMESTAMP",
            "UTC_DATE",
            "UTC_TIME",
            "UTC_TIMESTAMP",
            "WEEK",
            "WEEKDAY",
            "WEEKOFYEAR",
            "YEAR",
            "YEARWEEK",
        ],
    ),
    (
        "String",
        &[
            "ASCII",
            "BIN",
            "BIT_LENGTH",
            "CHAR",
            "CHARACTER_LENGTH",
            "CHAR_LENGTH",
            "CONCAT",
            "CONCAT_WS",
            "ELT",
            "EXPORT_SET",
            "FIELD",
            "FIND_IN_SET",
            "FORMAT",
            "FROM_BASE64",
            "HEX",
            "INSERT",
            "INSTR",
            "LCASE",
            "LEFT",
            "LENGTH",
            "LOAD_FILE",
            "LOCATE",
            "LOWER",
            "LPAD",
            "LTRIM",
            "MAKE_SET",
            "MID",
            "OCT",
            "OCTET_LENGTH",
            "ORD",
            "POSITION",
            "QUOTE",
            "REGEXP_INSTR",
            "REGEXP_LIKE",
            "REGEXP_REPLACE",
            "REGEXP_SUBSTR",
            "REPEAT",
            "REPLACE",
            "REVERSE",
            "RIGHT",
            "RPAD",
            "RTRIM",
            "SOUNDEX",
            "SPACE",
            "SUBSTR",
            "SUBSTRING",
            "SUBSTRING_INDEX",
            "TO_BASE64",
            "TRIM",
            "UCASE",
            "UNHEX",
            "UPPER",
            "WEIGHT_STRING",
        ],
    ),
    ("Full-text search", &["MATCH"]),
    ("Cast", &["BINARY", "CAST", "CONVERT"]),
    ("XML", &["EXTRACTVALUE", "UPDATEXML"]),
    ("Bit", &["BIT_COUNT"]),
    (
        "Encryption and compression",
        &[
            "AES_DECRYPT",
            "AES_ENCRYPT",
            "COMPRESS",
            "MD5",
            "RANDOM_BYTES",
            "SHA",
            "SHA1",
            "SHA2",
            "STATEMENT_DIGEST",
            "STATEMENT_DIGEST_TEXT",
            "UNCOMPRESS",
            "UNCOMPRESSED_LENGTH",
            "VALIDATE_PASSWORD_STRENGTH",
        ],
    ),
    ("Locking", &["GET_LOCK", "IS_FREE_LOCK", "IS_USED_LOCK", "RELEASE_ALL_LOCKS", "RELEASE_LOCK"]),
    (
        "Information",
        &[
            "BENCHMARK",
            "CHARSET",
            "COERCIBILITY",
            "COLLATION",
            "CONNECTION_ID",
            "CURRENT_ROLE",
            "CURRENT_USER",
            "DATABASE",
            "FOUND_ROWS",
            "ICU_VERSION",
            "LAST_INSERT_ID",
            "ROLES_GRAPHML",
            "ROW_COUNT",
            "SCHEMA",
            "SESSION_USER",
            "SYSTEM_USER",
            "USER",
            "VERSION",
        ],
    ),
    (
        "JSON",
        &[
            "JSON_ARRAY",
            "JSON_ARRAY_APPEND",
            "JSON_ARRAY_INSERT",
            "JSON_CONTAINS",
            "JSON_CONTAINS_PATH",
            "JSON_DEPTH",
            "JSON_EXTRACT",
            "JSON_INSERT",
            "JSON_KEYS",
            "JSON_LENGTH",
            "JSON_MERGE",
            "JSON_MERGE_PATCH",
            "JSON_MERGE_PRESERVE",
            "JSON_OBJECT",
            "JSON_OVERLAPS",
            "JSON_PRETTY",
            "JSON_QUOTE",
            "JSON_REMOVE",
            "JSON_REPLACE",
            "JSON_SCHEMA_VALID",
            "JSON_SCHEMA_VALIDATION_REPORT",
            "JSON_SEARCH",
            "JSON_SET",
            "JSON_STORAGE_FREE",
            "JSON_STORAGE_SIZE",
            "JSON_TABLE",
            "JSON_TYPE",
            "JSON_UNQUOTE",
            "JSON_VALID",
            "JSON_VALUE",
            "MEMBER OF",
        ],
    ),
    (
        "Replication",
        &[
            "ASYNCHRONOUS_CONNECTION_FAILOVER_ADD_MANAGED",
            "ASYNCHRONOUS_CONNECTION_FAILOVER_ADD_SOURCE",
            "ASYNCHRONOUS_CONNECTION_FAILOVER_DELETE_MANAGED",
            "ASYNCHRONOUS_CONNECTION_FAILOVER_DELETE_SOURCE",
            "ASYNCHRONOUS_CONNECTION_FAILOVER_RESET",
            "GROUP_REPLICATION_DISABLE_MEMBER_ACTION",
            "GROUP_REPLICATION_ENABLE_MEMBER_ACTION",
            "GROUP_REPLICATION_GET_COMMUNICATION_PROTOCOL",
            "GROUP_REPLICATION_GET_WRITE_CONCURRENCY",
            "GROUP_REPLICATION_RESET_MEMBER_ACTIONS",
            "GROUP_REPLICATION_SET_AS_PRIMARY",
            "GROUP_REPLICATION_SET_COMMUNICATION_PROTOCOL",
            "GROUP_REPLICATION_SET_WRITE_CONCURRENCY",
            "GROUP_REPLICATION_SWITCH_TO_MULTI_PRIMARY_MODE",
            "GROUP_REPLICATION_SWITCH_TO_SINGLE_PRIMARY_MODE",
            "GTID_SUBSET",
            "GTID_SUBTRACT",
            "MASTER_POS_WAIT",
            "SOURCE_POS_WAIT",
            "WAIT_FOR_EXECUTED_GTID_SET",
        ],
    ),
    (
        "Aggregate",
        &[
            "ANY_VALUE",
            "AVG",
            "BIT_AND",
            "BIT_OR",
            "BIT_XOR",
            "COUNT",
            "GROUPING",
            "GROUP_CONCAT",
            "JSON_ARRAYAGG",
            "JSON_OBJECTAGG",
            "MAX",
            "MIN",
            "STD",
            "STDDEV",
            "STDDEV_POP",
            "STDDEV_SAMP",
            "SUM",
            "VARIANCE",
            "VAR_POP",
            "VAR_SAMP",
        ],
    ),
    (
        "Window",
        &[
            "CUME_DIST",
            "DENSE_RANK",
            "FIRST_VALUE",
            "LAG",
            "LAST_VALUE",
            "LEAD",
            "NTH_VALUE",
            "NTILE",
            "PERCENT_RANK",
            "RANK",
            "ROW_NUMBER",
        ],
    ),
    ("Performance schema", &["FORMAT_BYTES", "FORMAT_PICO_TIME", "PS_CURRENT_THREAD_ID", "PS_THREAD_ID"]),
    (
        "Miscellaneous",
        &[
            "BIN_TO_UUID",
            "DEFAULT",
            "INET6_ATON",
            "INET6_NTOA",
            "INET_ATON",
            "INET_NTOA",
            "IS_IPV4",
            "IS_IPV4_COMPAT",
            "IS_IPV4_MAPPED",
            "IS_IPV6",
            "IS_UUID",
            "NAME_CONST",
            "SLEEP",
            "UUID",
            "UUID_SHORT",
            "UUID_TO_BIN",
            "VALUES",
        ],
    ),
    (
        "Spatial",
        &[
            "GEOMETRYCOLLECTION",
            "GEOMCOLLECTION",
            "LINESTRING",
            "MULTILINESTRING",
            "MULTIPOINT",
            "MULTIPOLYGON",
            "POINT",
            "POLYGON",
            "MBR…",
            "ST_…",
        ],
    ),
    ("Vectors", &["DISTANCE", "STRING_TO_VECTOR", "VECTOR_DIM", "VECTOR_TO_STRING"]),
];

/// Functions that are no rows of the tables of functions: operators and syntax of the parser, aggregates, windows.
const FORMS: &[&str] = &[
    "ADDDATE",
    "BINARY",
    "CAST",
    "COALESCE",
    "CONVERT",
    "DATE_ADD",
    "DATE_SUB",
    "DEFAULT",
    "EXTRACT",
    "GROUPING",
    "IF",
    "IFNULL",
    "ISNULL",
    "JSON_TABLE",
    "MOD",
    "NAME_CONST",
    "NULLIF",
    "POSITION",
    "SUBDATE",
    "TIMESTAMPADD",
    "TIMESTAMPDIFF",
    "VALUES",
];

/// Functions of MySQL's own views, which no client may call.
const INTERNAL: &[&str] = &[
    "CAN_ACCESS_COLUMN",
    "CAN_ACCESS_DATABASE",
    "CAN_ACCESS_TABLE",
    "CAN_ACCESS_USER",
    "CAN_ACCESS_VIEW",
    "GET_DD_COLUMN_PRIVILEGES",
    "GET_DD_CREATE_OPTIONS",
    "GET_DD_INDEX_SUB_PART_LENGTH",
    "INTERNAL_AUTO_INCREMENT",
    "INTERNAL_AVG_ROW_LENGTH",
    "INTERNAL_CHECKSUM",
    "INTERNAL_CHECK_TIME",
    "INTERNAL_DATA_FREE",
    "INTERNAL_DATA_LENGTH",
    "INTERNAL_DD_CHAR_LENGTH",
    "INTERNAL_GET_COMMENT_OR_ERROR",
    "INTERNAL_GET_ENABLED_ROLE_JSON",
    "INTERNAL_GET_HOSTNAME",
    "INTERNAL_GET_USERNAME",
    "INTERNAL_GET_VIEW_WARNING_OR_ERROR",
    "INTERNAL_INDEX_COLUMN_CARDINALITY",
    "INTERNAL_INDEX_LENGTH",
    "INTERNAL_IS_ENABLED_ROLE",
    "INTERNAL_IS_MANDATORY_ROLE",
    "INTERNAL_KEYS_DISABLED",
    "INTERNAL_MAX_DATA_LENGTH",
    "INTERNAL_TABLE_ROWS",
    "INTERNAL_UPDATE_TIME",
    "IS_VISIBLE_DD_OBJECT",
];

/// Whether a call of the name can be bound.
fn is_there(name: &str) -> bool {
    find(name).is_some()
        || FORMS.contains(&name)
        || crate::parse::is_aggregate(name)
        || crate::parse::is_window_function(name)
}

/// Whether MySQL has a function of the name, and this server has not.
#[must_use]
pub fn is_refused(name: &str) -> bool {
    CHAPTERS.iter().any(|(_, names)| names.contains(&name)) && !is_there(name)
}

/// Whether it is a function that MySQL keeps for its own views.
#[must_use]
pub fn is_internal(name: &str) -> bool {
    INTERNAL.contains(&name)
}

/// The page of the manual.
#[must_use]
pub fn page() -> String {
    let mut out = String::from(
        "# Functions\n\nMySQL's functions by the chapters of its manual. This page is made from the table of functions \
         ([sql/src/function](../sql/src/function)), and a\ntest fails when it is not what that says \
         (`QUORATE_BLESS=1` writes it anew). What is refused is error 1235 with the function's name. How each answers\n\
         is held to a real MySQL by [tests/sql/cases](../tests/sql/cases); what differs is in \
         [compatibility.md](compatibility.md#deviations).\n\n| | there | refused |\n|---|---|---|\n",
    );
    for (chapter, names) in CHAPTERS {
        let list = |wanted: bool| {
            let found = names.iter().filter(|name| is_there(name) == wanted);
            found.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        };
        let _ = writeln!(out, "| {chapter} | {} | {} |", list(true), list(false));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_what_the_tables_say() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/functions.md");
        if std::env::var_os("QUORATE_BLESS").is_some() {
            std::fs::write(path, page()).unwrap();
        }
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert_eq!(written, page(), "docs/functions.md is old: run this test with QUORATE_BLESS=1");
    }

    #[test]
    fn every_function_is_in_a_chapter() {
        let is_own = |name: &str| name.starts_with("QUORATE_") || name.contains(' ');
        // Forms that the parser makes of the functions of the manual.
        let is_made = |name: &str| {
            ["DATE_ADD_", "DATE_SUB_", "EXTRACT_", "TIMESTAMPADD_", "TIMESTAMPDIFF_", "TRIM_"]
                .iter()
                .any(|prefix| name.starts_with(prefix))
        };
        for function in super::super::all() {
            let name = function.name;
            let listed = CHAPTERS.iter().any(|(_, names)| names.contains(&name));
            assert!(listed || is_own(name) || is_made(name), "{name} is in no chapter");
        }
    }
}
