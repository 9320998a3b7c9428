//! Reading and setting variables, with MySQL's errors, as recorded from a server.

use std::collections::BTreeMap;

use parking_lot::Mutex;

use super::*;
use crate::ast::VariableScope;
use crate::execute::{Host, Process};
use crate::session::{SessionState, WarningLevel};
use crate::types::{Collation, TypeKind, Value};

#[derive(Default)]
struct TestHost {
    globals: Mutex<BTreeMap<String, Value>>,
}

impl Host for TestHost {
    fn processes(&self) -> Vec<Process> {
        Vec::new()
    }
    fn status(&self, _session: bool, _connection_id: u64) -> Vec<(String, String)> {
        Vec::new()
    }
    fn variable(&self, name: &str) -> Option<Value> {
        self.variables().into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }
    fn variables(&self) -> Vec<(String, Value)> {
        vec![
            ("port".into(), Value::Int(3306)),
            ("quorate_new".into(), Value::UInt(7)),
            ("read_only".into(), Value::Int(1)),
            ("socket".into(), Value::text("/run/mysqld.sock")),
        ]
    }
    fn global_override(&self, name: &str) -> Option<Value> {
        self.globals.lock().get(name).cloned()
    }
    fn set_global(&self, name: &str, value: Value) {
        self.globals.lock().insert(name.to_owned(), value);
    }
    fn kill(&self, _connection_id: u64, _query_only: bool) -> bool {
        false
    }
}

fn session(host: &TestHost) -> SessionState {
    SessionState {
        parameter_types: Vec::new(),
        parameters_are_variables: false,
        connection_id: 5,
        user: "root".into(),
        host: "localhost".into(),
        database: None,
        variables: new_session(host),
        user_variables: std::collections::HashMap::new(),
        warnings: Vec::new(),
        warning_count: 0,
        unkept: None,
        last_insert_id: 0,
        last_gtid: None,
        row_count: 0,
        found_rows: 0,
        in_transaction: false,
        client_found_rows: false,
        client_takes_no_metadata: false,
        is_forwarded: false,
        locked_tables: None,
        account: crate::account::AccountId::root(),
        active_roles: Vec::new(),
        authorization: std::sync::Arc::new(crate::authorization::Authorization::exempt()),
        memory: std::sync::Arc::default(),
        temporary: None,
        tracked: None,
        raised: None,
    }
}

/// Runs SET text and says how it ended: the error's code, or 0.
fn set(text: &str, session: &mut SessionState, host: &TestHost) -> u16 {
    use crate::ast::{Expr, Statement};
    let parsed = crate::parse::parse_statement(text.as_bytes(), SqlMode(0)).unwrap();
    let result = match parsed.statement {
        Statement::SetNames { character_set, collation, is_names } => {
            set_names(&character_set, collation.as_deref(), is_names, session)
        }
        Statement::Set(assignments) => assignments.into_iter().try_for_each(|assignment| {
            let value = match assignment.value {
                Expr::Default(None) => None,
                Expr::Literal(value) => Some(value),
                Expr::Truth(value) => Some(Value::Int(i64::from(value))),
                other => panic!("{other:?}"),
            };
            assign(&assignment.target, value, session, host)
        }),
        other => panic!("{other:?}"),
    };
    result.map_or_else(|error| error.code, |()| 0)
}

fn shown(name: &str, session: &SessionState, host: &TestHost) -> String {
    let all = iter_all(session, host, false);
    all.into_iter().find(|(known, _)| known == name).map(|(_, value)| value).unwrap()
}

#[test]
fn set_ends_as_in_mysql() {
    let host = TestHost::default();
    let mut session = session(&host);
    for (text, code) in [
        ("SET foo = 1", 1193),
        ("SET port = 1", 1238),
        ("SET GLOBAL port = 1", 1238),
        ("SET version = 'x'", 1238),
        ("SET connect_timeout = 5", 1229),
        ("SET require_secure_transport = 1", 1229),
        ("SET GLOBAL require_secure_transport = 1", 0),
        ("SET GLOBAL tls_version = 'TLSv1.3'", 1238),
        ("SET GLOBAL insert_id = 5", 1228),
        ("SET autocommit = 2", 1231),
        ("SET autocommit = 'maybe'", 1231),
        ("SET autocommit = 1.5", 1232),
        ("SET autocommit = 'off', autocommit = TRUE, autocommit = ON", 0),
        ("SET max_error_count = 'abc'", 1232),
        ("SET max_error_count = NULL", 1232),
        ("SET sql_mode = 'FOO'", 1231),
        ("SET sql_mode = NULL", 1231),
        ("SET sql_mode = ''", 0),
        ("SET time_zone = '+25:00'", 1298),
        ("SET time_zone = 'Europe/Nowhere'", 1298),
        ("SET time_zone = NULL", 1231),
        ("SET NAMES klingon", 1115),
        ("SET NAMES latin1", 0),
        ("SET NAMES utf8mb4 COLLATE binary", 1253),
        ("SET NAMES binary", 0),
        ("SET NAMES ascii", 0),
        ("SET character_set_results = NULL", 0),
        ("SET character_set_client = latin1", 0),
        ("SET collation_connection = 'foo'", 1273),
        ("SET transaction_isolation = 'FOO'", 1231),
        ("SET max_allowed_packet = 5", 1621),
        ("SET GLOBAL max_allowed_packet = 16777216", 0),
        ("SET long_query_time = 'x'", 1232),
        ("SET default_storage_engine = 'foo'", 1286),
        ("SET default_storage_engine = innodb", 0),
        ("SET sql_auto_is_null = ON", 1235),
        ("SET sql_auto_is_null = 0", 0),
        ("SET foreign_key_checks = 0, unique_checks = OFF, sql_notes = 0", 0),
        ("SET tmp_table_size = 2097152", 0),
        ("SET quorate_new = 1", 1238),
        ("SET quorate_read_consistency = 'sometimes'", 1231),
        ("SET quorate_read_consistency = session, quorate_read_timeout = 3", 0),
        ("SET quorate_read_timeout = 'x'", 1232),
        ("SET GLOBAL consensus_election_timeout = 1", 1238),
        ("SET quorate_membership = 'x'", 1238),
    ] {
        assert_eq!(set(text, &mut session, &host), code, "{text}");
    }
}

#[test]
fn values_are_clamped_with_a_warning() {
    let host = TestHost::default();
    let mut session = session(&host);
    assert_eq!(set("SET max_error_count = 100000", &mut session, &host), 0);
    assert_eq!(shown("max_error_count", &session, &host), "65535");
    assert_eq!(set("SET wait_timeout = -5", &mut session, &host), 0);
    assert_eq!(session.variables.wait_timeout, 1);
    let messages: Vec<_> =
        session.warnings.iter().map(|warning| (warning.code, warning.message.as_str())).collect();
    assert_eq!(
        messages,
        [
            (1292, "Truncated incorrect max_error_count value: '100000'"),
            (1292, "Truncated incorrect wait_timeout value: '-5'")
        ]
    );
    assert_eq!(set("SET sql_mode = 'STRICT_ALL_TABLES', wait_timeout = 0", &mut session, &host), 1231);
}

#[test]
fn typed_fields_and_shown_values_agree() {
    let host = TestHost::default();
    let mut session = session(&host);
    set(
        "SET time_zone = '+5:30', transaction_isolation = 'read-committed', sql_safe_updates = 1",
        &mut session,
        &host,
    );
    assert_eq!(
        (session.variables.time_zone, session.variables.isolation),
        (crate::types::TimeZone::Fixed(19_800), Isolation::ReadCommitted)
    );
    assert_eq!(shown("time_zone", &session, &host), "+05:30");
    assert_eq!(shown("transaction_isolation", &session, &host), "READ-COMMITTED");
    assert_eq!(shown("sql_safe_updates", &session, &host), "ON");
    set("SET NAMES utf8 COLLATE utf8_bin", &mut session, &host);
    assert_eq!(session.variables.collation_connection, Collation::Utf8mb3Bin);
    for (name, value) in [
        ("character_set_client", "utf8mb3"),
        ("character_set_connection", "utf8mb3"),
        ("character_set_results", "utf8mb3"),
        ("collation_connection", "utf8mb3_bin"),
    ] {
        assert_eq!(shown(name, &session, &host), value);
    }
    set("SET character_set_connection = utf8mb4", &mut session, &host);
    assert_eq!(shown("collation_connection", &session, &host), "utf8mb4_0900_ai_ci");
    set("SET sql_notes = 0", &mut session, &host);
    session.warn(WarningLevel::Note, 1, "dropped");
    assert!(session.warnings.is_empty());
    set("SET @A = 3, last_insert_id = 9", &mut session, &host);
    assert_eq!((session.user_variables.get("a"), session.last_insert_id), (Some(&Value::Int(3)), 9));
}

#[test]
fn read_consistency_is_one_of_four_words() {
    let host = TestHost::default();
    let mut session = session(&host);
    assert_eq!(session.variables.read_consistency, ReadConsistency::Strong);
    assert_eq!(session.variables.read_timeout_seconds, 10);
    assert_eq!(shown("quorate_read_consistency", &session, &host), "STRONG");
    for (number, level) in ReadConsistency::ALL.into_iter().enumerate() {
        set("SET quorate_read_consistency = DEFAULT", &mut session, &host);
        assert_eq!(set(&format!("SET quorate_read_consistency = {number}"), &mut session, &host), 0);
        assert_eq!(session.variables.read_consistency, level);
        assert_eq!(shown("quorate_read_consistency", &session, &host), level.name());
        assert_eq!(ReadConsistency::parse(&level.name().to_lowercase()), Some(level));
    }
    set(
        "SET GLOBAL quorate_read_consistency = 'session', GLOBAL quorate_read_timeout = 0",
        &mut session,
        &host,
    );
    assert_eq!(session.variables.read_consistency, ReadConsistency::Strong);
    let later = new_session(&host);
    assert_eq!((later.read_consistency, later.read_timeout_seconds), (ReadConsistency::Session, 1));
}

#[test]
fn global_values_reach_sessions_that_begin_later() {
    let host = TestHost::default();
    let mut first = session(&host);
    for text in [
        "SET GLOBAL autocommit = OFF, GLOBAL sql_mode = 'ANSI_QUOTES', GLOBAL tmp_table_size = 4096",
        "SET GLOBAL transaction_isolation = 'READ-COMMITTED', GLOBAL time_zone = '-01:00'",
    ] {
        assert_eq!(set(text, &mut first, &host), 0);
    }
    assert!(first.variables.autocommit);
    let get_of = |session: &SessionState, scope, name| get(session, &host, scope, name).unwrap();
    assert_eq!(get_of(&first, None, "autocommit"), Value::Int(1));
    assert_eq!(get_of(&first, Some(VariableScope::Global), "autocommit"), Value::Int(0));
    let mut second = session(&host);
    assert!(!second.variables.autocommit && second.variables.sql_mode.has(SqlMode::ANSI_QUOTES));
    assert_eq!(
        (second.variables.isolation, second.variables.time_zone),
        (Isolation::ReadCommitted, crate::types::TimeZone::Fixed(-3600))
    );
    assert_eq!(get_of(&second, None, "tmp_table_size"), Value::UInt(4096));
    assert_eq!(get_of(&first, None, "tmp_table_size"), Value::UInt(16_777_216));
    assert_eq!(set("SET GLOBAL autocommit = DEFAULT, SESSION tmp_table_size = 8192", &mut second, &host), 0);
    assert_eq!(set("SET SESSION tmp_table_size = DEFAULT", &mut second, &host), 0);
    assert_eq!(get_of(&second, None, "tmp_table_size"), Value::UInt(4096));
    assert_eq!(get_of(&second, Some(VariableScope::Global), "autocommit"), Value::Int(1));
}

#[test]
fn reading_checks_name_and_scope() {
    let host = TestHost::default();
    let session = session(&host);
    let code = |scope, name: &str| get(&session, &host, scope, name).map_or_else(|error| error.code, |_| 0);
    assert_eq!(code(None, "no_such"), 1193);
    assert_eq!(code(Some(VariableScope::Session), "port"), 1238);
    assert_eq!(code(Some(VariableScope::Global), "insert_id"), 1238);
    assert_eq!(code(None, "server_uuid"), 1193, "the host does not say");
    assert_eq!(get(&session, &host, None, "port").unwrap(), Value::UInt(3306));
    assert_eq!(get(&session, &host, None, "pseudo_thread_id").unwrap(), Value::UInt(5));
    assert_eq!(get(&session, &host, None, "quorate_new").unwrap(), Value::text("7"));
    assert_eq!(data_type("autocommit", None).unwrap().kind, TypeKind::BigInt);
    assert!(data_type("max_allowed_packet", None).unwrap().unsigned);
    assert!(matches!(data_type("sql_mode", None).unwrap().kind, TypeKind::VarChar(_)));
    assert_eq!(data_type("port", Some(VariableScope::Session)).unwrap_err().code, 1238);
}

#[test]
fn the_list_is_complete_and_ascends() {
    let host = TestHost::default();
    let session = session(&host);
    let all = iter_all(&session, &host, false);
    assert!(all.windows(2).all(|pair| pair[0].0 < pair[1].0));
    for name in ["autocommit", "port", "quorate_new", "sql_mode", "read_only", "version", "warning_count"] {
        assert!(all.iter().any(|(known, _)| known == name), "{name}");
    }
    let global = iter_all(&session, &host, true);
    assert!(!global.iter().any(|(name, _)| name == "insert_id" || name == "server_uuid"));
    assert_eq!(shown("read_only", &session, &host), "ON");
    assert_eq!(shown("long_query_time", &session, &host), "10.000000");
}

/// What clients ask when they connect, one by one (ecosystem report, 5.2).
#[test]
fn what_clients_ask_at_connect_is_there() {
    let host = TestHost::default();
    let session = session(&host);
    for name in [
        "auto_increment_increment",
        "character_set_client",
        "character_set_connection",
        "character_set_results",
        "character_set_server",
        "collation_server",
        "collation_connection",
        "init_connect",
        "interactive_timeout",
        "license",
        "lower_case_table_names",
        "max_allowed_packet",
        "net_write_timeout",
        "performance_schema",
        "sql_mode",
        "system_time_zone",
        "time_zone",
        "transaction_isolation",
        "wait_timeout",
        "version_comment",
        "version",
        "sql_auto_is_null",
        "default_storage_engine",
        "socket",
        "autocommit",
        "character_set_database",
        "collation_database",
    ] {
        assert!(get(&session, &host, None, name).is_ok(), "{name}");
    }
}
