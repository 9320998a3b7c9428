//! Reading and setting system variables.

use bytes::Bytes;

use crate::ast::{AssignmentTarget, VariableScope};
use crate::error::Error;
use crate::execute::Host;
use crate::function::locale::Locale;
use crate::session::{SessionState, WarningLevel};
use crate::types::datetime::clock_us;
use crate::types::{Attributes, CharacterSet, Collation, DataType, TimeZone, Value};
use crate::variables::registry::{Effect, Kind, Scope, VARIABLES, Variable, find};
use crate::variables::{Isolation, ReadConsistency, SessionVariables, SqlMode, character_set, time_zone};

fn text(text: impl Into<String>) -> Value {
    Value::Text(Bytes::from(text.into()))
}

/// The session variables of a new connection: the global values.
#[must_use]
pub fn new_session(host: &dyn Host) -> SessionVariables {
    let mut variables = SessionVariables::default();
    for variable in VARIABLES.iter().filter(|variable| variable.scope == Scope::Both) {
        if let Some(value) = host.global_override(variable.name) {
            store(&mut variables, variable.name, value);
        }
    }
    variables
}

/// The type that `@@name` has in a SELECT.
///
/// # Errors
/// 1193 unknown variable, 1238 wrong scope.
pub fn data_type(name: &str, scope: Option<VariableScope>) -> crate::Result<DataType> {
    let kind = match find(name) {
        Some(variable) => {
            check_read_scope(variable, scope)?;
            variable.kind
        }
        None if is_of_node(name) => Kind::Text,
        None => return Err(Error::unknown_variable(name)),
    };
    Ok(match kind {
        Kind::Bool => DataType::BIGINT,
        Kind::Unsigned(..) => DataType { unsigned: true, ..DataType::BIGINT },
        // Six digits, as a variable of fractions of seconds is printed.
        Kind::Double(..) => DataType { attributes: Attributes::NONE.with_decimals(6), ..DataType::DOUBLE },
        Kind::Enum(_)
        | Kind::Text
        | Kind::SqlMode
        | Kind::Locale
        | Kind::TimeZone
        | Kind::CharacterSet
        | Kind::Collation => DataType::varchar(1024, Collation::Utf8mb4GeneralCi),
    })
}

/// Whether there is such a variable.
#[must_use]
pub fn is_known(name: &str) -> bool {
    find(name).is_some() || is_of_node(name)
}

/// Variables of the node that the table need not know.
fn is_of_node(name: &str) -> bool {
    name.starts_with("quorate_")
}

/// `@@session.x` of a global variable and the reverse are error 1238.
fn check_read_scope(variable: &Variable, scope: Option<VariableScope>) -> crate::Result<()> {
    let other = match (variable.scope, scope) {
        (Scope::Global, Some(VariableScope::Session)) => "GLOBAL",
        (Scope::Session, Some(VariableScope::Global)) => "SESSION",
        _ => return Ok(()),
    };
    Err(Error {
        code: 1238,
        state: *b"HY000",
        message: format!("Variable '{}' is a {other} variable", variable.name),
    })
}

/// The value of `@@name`.
///
/// # Errors
/// 1193 unknown variable, 1238 wrong scope.
pub fn get(
    session: &SessionState,
    host: &dyn Host,
    scope: Option<VariableScope>,
    name: &str,
) -> crate::Result<Value> {
    let Some(variable) = find(name) else {
        return match host.variable(name) {
            Some(value) if is_of_node(name) => Ok(text(printed(Kind::Text, &value))),
            _ => Err(Error::unknown_variable(name)),
        };
    };
    check_read_scope(variable, scope)?;
    let is_global = variable.scope == Scope::Global || scope == Some(VariableScope::Global);
    let value = if is_global { global(variable, host) } else { Some(of_session(variable, session)) };
    value.map(|value| typed(variable.kind, value)).ok_or_else(|| Error::unknown_variable(name))
}

/// The global value; None when only the host knows it and does not say.
fn global(variable: &Variable, host: &dyn Host) -> Option<Value> {
    if matches!(variable.effect, Effect::Host | Effect::Cluster) {
        return host.variable(variable.name);
    }
    Some(host.global_override(variable.name).unwrap_or_else(|| default(variable)))
}

/// A number or a switch (0 or 1) that holds for the whole node; 0 when there is no such variable.
#[must_use]
pub fn global_number(host: &dyn Host, name: &str) -> u64 {
    match find(name).and_then(|variable| global(variable, host)) {
        Some(Value::Int(value)) => value.unsigned_abs(),
        Some(Value::UInt(value)) => value,
        _ => 0,
    }
}

/// `activate_all_roles_on_login`.
#[must_use]
pub fn activates_all_roles(host: &dyn Host) -> bool {
    global_number(host, "activate_all_roles_on_login") != 0
}

/// The value compiled in.
pub(super) fn default(variable: &Variable) -> Value {
    match variable.kind {
        Kind::Bool => Value::Int(i64::from(variable.default == "ON")),
        Kind::Unsigned(..) => Value::UInt(variable.default.parse().unwrap_or(0)),
        Kind::Double(..) => Value::Double(variable.default.parse().unwrap_or(0.0)),
        Kind::Enum(_)
        | Kind::Text
        | Kind::SqlMode
        | Kind::Locale
        | Kind::TimeZone
        | Kind::CharacterSet
        | Kind::Collation => Value::Text(Bytes::from_static(variable.default.as_bytes())),
    }
}

/// A host's value in the variable's type.
fn typed(kind: Kind, value: Value) -> Value {
    match (kind, value) {
        (Kind::Unsigned(..), Value::Int(value)) => Value::UInt(value.unsigned_abs()),
        (_, value) => value,
    }
}

/// The session's value.
pub(super) fn of_session(variable: &Variable, session: &SessionState) -> Value {
    let variables = &session.variables;
    let bool = |value: bool| Value::Int(i64::from(value));
    match variable.name {
        "autocommit" => bool(variables.autocommit),
        "connection_memory_chunk_size" => Value::UInt(variables.connection_memory_chunk_size),
        "connection_memory_limit" => Value::UInt(variables.connection_memory_limit),
        "global_connection_memory_tracking" => bool(variables.global_connection_memory_tracking),
        "div_precision_increment" => Value::UInt(variables.div_precision_increment.into()),
        "error_count" => {
            let errors =
                session.warnings.iter().filter(|warning| warning.level == WarningLevel::Error).count();
            Value::UInt(errors as u64)
        }
        "group_concat_max_len" => Value::UInt(variables.group_concat_max_len),
        "identity" | "last_insert_id" => Value::UInt(session.last_insert_id),
        "group_replication_consistency" => text(variables.read_consistency.group_name()),
        "innodb_lock_wait_timeout" => Value::UInt(variables.innodb_lock_wait_timeout),
        "insert_id" => Value::UInt(variables.insert_id),
        "lock_wait_timeout" => Value::UInt(variables.lock_wait_timeout),
        "max_allowed_packet" => Value::UInt(variables.max_allowed_packet_bytes),
        "max_error_count" => Value::UInt(variables.max_error_count),
        "max_execution_time" => Value::UInt(variables.max_execution_time_ms),
        "net_read_timeout" => Value::UInt(variables.net_read_timeout),
        "net_write_timeout" => Value::UInt(variables.net_write_timeout),
        "pseudo_thread_id" => Value::UInt(session.connection_id),
        "quorate_operation_memory" => Value::UInt(variables.operation_memory_bytes as u64),
        "quorate_read_consistency" => text(variables.read_consistency.name()),
        "quorate_read_timeout" => Value::UInt(variables.read_timeout_seconds),
        "quorate_snapshot_conflict" => bool(variables.snapshot_conflict),
        "quorate_write_forwarding" => bool(variables.write_forwarding),
        "sql_mode" => text(variables.sql_mode.to_string()),
        "sql_notes" => bool(variables.sql_notes),
        "foreign_key_checks" => bool(variables.foreign_key_checks),
        "sql_safe_updates" => bool(variables.sql_safe_updates),
        "cte_max_recursion_depth" => Value::UInt(variables.cte_max_recursion_depth),
        "sql_select_limit" => Value::UInt(variables.sql_select_limit),
        "max_join_size" => Value::UInt(variables.max_join_size),
        "sql_big_selects" => bool(variables.sql_big_selects),
        "timestamp" => Value::Double(variables.timestamp_us.unwrap_or_else(clock_us) as f64 / 1e6),
        "transaction_isolation" if !variables.others.contains_key("transaction_isolation") => {
            text(match variables.isolation {
                Isolation::ReadCommitted => "READ-COMMITTED",
                Isolation::RepeatableRead => "REPEATABLE-READ",
                Isolation::Serializable => "SERIALIZABLE",
            })
        }
        "transaction_read_only" => bool(variables.transaction_read_only),
        "wait_timeout" => Value::UInt(variables.wait_timeout),
        "quorate_last_gtid" => text(session.last_gtid.map_or_else(String::new, |gtid| gtid.to_string())),
        "warning_count" => Value::UInt(session.warning_count),
        "character_set_client" => text(variables.character_set_client.name()),
        "character_set_results" => {
            variables.results.map_or(Value::Null, |collation| text(collation.character_set()))
        }
        "character_set_connection" => text(variables.collation_connection.character_set()),
        "collation_connection" => text(variables.collation_connection.name()),
        "character_set_database" => text(variables.collation_database.character_set()),
        "collation_database" => text(variables.collation_database.name()),
        "character_set_server" => text(variables.collation_server.character_set()),
        "collation_server" => text(variables.collation_server.name()),
        name => variables.others.get(name).cloned().unwrap_or_else(|| default(variable)),
    }
}

/// Puts a checked value into the session's variables.
pub(super) fn store(variables: &mut SessionVariables, name: &'static str, value: Value) {
    let number = match &value {
        Value::Int(value) => value.unsigned_abs(),
        Value::UInt(value) => *value,
        _ => 0,
    };
    let word = match &value {
        Value::Text(text) => String::from_utf8_lossy(text).into_owned(),
        _ => String::new(),
    };
    match name {
        "autocommit" => variables.autocommit = number != 0,
        "connection_memory_chunk_size" => variables.connection_memory_chunk_size = number,
        "connection_memory_limit" => variables.connection_memory_limit = number,
        "global_connection_memory_tracking" => variables.global_connection_memory_tracking = number != 0,
        "div_precision_increment" => variables.div_precision_increment = u8::try_from(number).unwrap_or(30),
        "group_concat_max_len" => variables.group_concat_max_len = number,
        "group_replication_consistency" => {
            variables.read_consistency = ReadConsistency::of_group(&word).unwrap_or_default();
        }
        "innodb_lock_wait_timeout" => variables.innodb_lock_wait_timeout = number,
        "insert_id" => variables.insert_id = number,
        "lock_wait_timeout" => variables.lock_wait_timeout = number,
        "max_allowed_packet" => variables.max_allowed_packet_bytes = number,
        "max_error_count" => variables.max_error_count = number,
        "max_execution_time" => variables.max_execution_time_ms = number,
        "net_read_timeout" => variables.net_read_timeout = number,
        "net_write_timeout" => variables.net_write_timeout = number,
        "quorate_operation_memory" => {
            variables.operation_memory_bytes = usize::try_from(number).unwrap_or(usize::MAX);
        }
        "quorate_read_consistency" => {
            variables.read_consistency = ReadConsistency::parse(&word).unwrap_or_default();
        }
        "quorate_read_timeout" => variables.read_timeout_seconds = number,
        "quorate_snapshot_conflict" => variables.snapshot_conflict = number != 0,
        "quorate_write_forwarding" => variables.write_forwarding = number != 0,
        // 0, which is also DEFAULT, goes back to the clock.
        "timestamp" => {
            let Value::Double(seconds) = value else { return };
            variables.timestamp_us = (seconds > 0.0).then_some((seconds * 1e6).round() as i64);
        }
        "sql_mode" => variables.sql_mode = SqlMode::parse(&word).unwrap_or_default(),
        "sql_notes" => variables.sql_notes = number != 0,
        "foreign_key_checks" => variables.foreign_key_checks = number != 0,
        "sql_safe_updates" => variables.sql_safe_updates = number != 0,
        "cte_max_recursion_depth" => variables.cte_max_recursion_depth = number,
        "sql_select_limit" => variables.sql_select_limit = number,
        // Each value of it says anew whether it counts.
        "max_join_size" => {
            (variables.max_join_size, variables.sql_big_selects) = (number, number == u64::MAX);
        }
        "sql_big_selects" => variables.sql_big_selects = number != 0,
        "transaction_read_only" => variables.transaction_read_only = number != 0,
        "wait_timeout" => variables.wait_timeout = number,
        // What follows has a name besides its effect, which `others` keeps for display.
        "transaction_isolation" => {
            variables.isolation = parse_isolation(&word).unwrap_or_default();
            variables.others.insert(name.to_owned(), value);
        }
        "time_zone" => {
            variables.time_zone = time_zone::parse(&word).map_or(TimeZone::UTC, |(zone, _)| zone);
            variables.others.insert(name.to_owned(), value);
        }
        "character_set_client" => {
            variables.character_set_client = CharacterSet::from_name(&word).unwrap_or(CharacterSet::Utf8mb4);
        }
        "character_set_results" => {
            variables.results = CharacterSet::from_name(&word).map(CharacterSet::default_collation);
        }
        "character_set_connection" => variables.collation_connection = default_of(&word),
        "collation_connection" => variables.collation_connection = named(&word),
        "character_set_database" => variables.collation_database = default_of(&word),
        "collation_database" => variables.collation_database = named(&word),
        "character_set_server" => variables.collation_server = default_of(&word),
        "collation_server" => variables.collation_server = named(&word),
        _ => {
            variables.others.insert(name.to_owned(), value);
        }
    }
}

/// SET of one target; `value` None is DEFAULT.
///
/// # Errors
/// Those of [`set_session`] and [`set_global`].
pub fn assign(
    target: &AssignmentTarget,
    value: Option<Value>,
    session: &mut SessionState,
    host: &dyn Host,
) -> crate::Result<()> {
    match target {
        AssignmentTarget::User(name) => {
            let value = crate::json::convert::in_variable(value.unwrap_or(Value::Null));
            session.user_variables.insert(name.to_lowercase(), value);
            session.note_state();
            Ok(())
        }
        AssignmentTarget::System(Some(VariableScope::Global), name) => set_global(session, host, name, value),
        // Which session values the next transaction is to have: the caller gives a state to find that out with.
        AssignmentTarget::System(_, name) | AssignmentTarget::NextTransaction(name) => {
            set_session(session, host, name, value)
        }
    }
}

/// SET SESSION; `value` None is DEFAULT, the global value.
///
/// # Errors
/// 1193 unknown, 1229 only global, 1238 read only, 1231 and 1232 wrong value and type, 1235 not built, 1298 time zone.
pub fn set_session(
    session: &mut SessionState,
    host: &dyn Host,
    name: &str,
    value: Option<Value>,
) -> crate::Result<()> {
    let variable = settable(name)?;
    if variable.scope == Scope::Global {
        return Err(Error::variable_global(name));
    }
    let value = match value {
        Some(value) => checked(variable, value, session)?,
        None => global(variable, host).unwrap_or_else(|| default(variable)),
    };
    match variable.name {
        "max_allowed_packet" => {
            return Err(Error {
                code: 1621,
                state: *b"HY000",
                message: format!(
                    "SESSION variable '{name}' is read-only. Use SET GLOBAL to assign the value"
                ),
            });
        }
        "identity" | "last_insert_id" => {
            session.last_insert_id = match value {
                Value::UInt(value) => value,
                _ => 0,
            };
        }
        name => store(&mut session.variables, name, value),
    }
    session.note_variable(variable.name);
    Ok(())
}

/// A session value as SHOW VARIABLES prints it; none when there is no such variable of sessions.
#[must_use]
pub fn shown_in_session(session: &SessionState, name: &str) -> Option<String> {
    let variable = find(name).filter(|variable| variable.scope != Scope::Global)?;
    Some(printed(variable.kind, &of_session(variable, session)))
}

/// The value of `session_track_system_variables`: names that are none are kept, and warned of.
fn warn_of_unknown(list: &str, session: &mut SessionState) {
    for name in list.split(',').map(str::trim).filter(|name| !name.is_empty() && *name != "*") {
        if find(&name.to_ascii_lowercase()).is_none() {
            let message = format!("{name} is not a valid system variable and will be ignored.");
            session.warn(WarningLevel::Warning, 1231, message);
        }
    }
}

/// SET GLOBAL; `value` None is DEFAULT, the value compiled in. `session` is the one that sets, for modes and warnings.
///
/// # Errors
/// As [`set_session`], and 1228 for a variable of sessions.
pub fn set_global(
    session: &mut SessionState,
    host: &dyn Host,
    name: &str,
    value: Option<Value>,
) -> crate::Result<()> {
    let variable = settable(name)?;
    if variable.scope == Scope::Session {
        return Err(Error {
            code: 1228,
            state: *b"HY000",
            message: format!("Variable '{name}' is a SESSION variable and can't be used with SET GLOBAL"),
        });
    }
    if variable.effect == Effect::Cluster {
        // Not one statement among others: of a stored program, for example.
        return Err(Error::not_supported(format_args!("SET GLOBAL {name} here")));
    }
    let value = match value {
        Some(value) => checked(variable, value, session)?,
        None => default(variable),
    };
    host.check_global(variable.name, &value)?;
    host.set_global(variable.name, value.clone());
    match variable.name {
        "group_replication_consistency" => {
            let level = ReadConsistency::of_group(&printed(variable.kind, &value)).unwrap_or_default();
            host.set_global("quorate_read_consistency", text(level.name()));
        }
        "quorate_read_consistency" => {
            let level = ReadConsistency::parse(&printed(variable.kind, &value)).unwrap_or_default();
            host.set_global("group_replication_consistency", text(level.group_name()));
        }
        // Each of these moves together with another.
        name if name.starts_with("character_set_") => {
            if let Some(collation) = name.strip_prefix("character_set_").and_then(collation_variable) {
                host.set_global(collation, text(default_of(&printed(variable.kind, &value)).name()));
            }
        }
        name if name.starts_with("collation_") => {
            if let Some(set) = name.strip_prefix("collation_").and_then(set_variable) {
                host.set_global(set, text(named(&printed(variable.kind, &value)).character_set()));
            }
        }
        _ => {}
    }
    Ok(())
}

/// Whether the target is a variable that all nodes have in common.
#[must_use]
pub fn is_of_cluster(target: &AssignmentTarget) -> bool {
    let AssignmentTarget::System(Some(VariableScope::Global), name) = target else { return false };
    find(name).is_some_and(|variable| variable.effect == Effect::Cluster)
}

/// Whether the target is a variable that an open transaction forbids to set, by error 1694.
#[must_use]
pub fn is_fixed_in_transaction(target: &AssignmentTarget) -> bool {
    matches!(target, AssignmentTarget::System(None | Some(VariableScope::Session), name) if name.eq_ignore_ascii_case("sql_log_bin"))
}

/// Whether SET GLOBAL, or SET SESSION, of a variable is possible at all, whoever says it.
#[must_use]
pub fn is_settable(name: &str, is_global: bool) -> bool {
    let other = if is_global { Scope::Session } else { Scope::Global };
    settable(name).is_ok_and(|variable| variable.scope != other)
}

fn settable(name: &str) -> crate::Result<&'static Variable> {
    match find(name) {
        Some(variable) if !matches!(variable.effect, Effect::Fixed | Effect::Host) => Ok(variable),
        Some(_) => Err(Error::variable_read_only(name)),
        None if is_of_node(name) => Err(Error::variable_read_only(name)),
        None => Err(Error::unknown_variable(name)),
    }
}

/// Checks a value's type and range and brings it to the variable's form.
fn checked(variable: &Variable, value: Value, session: &mut SessionState) -> crate::Result<Value> {
    let checked = match variable.kind {
        Kind::Bool => bool_value(variable, &value)?,
        Kind::Unsigned(from, to, step) => unsigned_value(variable, &value, (from, to, step), session)?,
        Kind::Double(from, to) => double_value(variable, &value, (from, to), session)?,
        Kind::Enum(words) => enum_value(variable, &value, words)?,
        Kind::SqlMode => text(sql_mode_value(variable, &value)?.to_string()),
        Kind::Locale => text(locale_value(variable, &value)?),
        Kind::TimeZone => text(time_zone::parse(&text_value(variable, &value)?)?.1),
        Kind::CharacterSet => character_set_value(variable, &value)?,
        Kind::Collation => text(character_set::collation(&text_value(variable, &value)?)?.name()),
        Kind::Text => text(text_value(variable, &value)?),
    };
    if variable.name == "transaction_isolation" {
        parse_isolation(&printed(variable.kind, &checked))?;
    }
    match (variable.name, &checked) {
        ("session_track_system_variables", Value::Text(list)) => {
            warn_of_unknown(&String::from_utf8_lossy(list), session);
        }
        ("resultset_metadata", Value::Text(word))
            if &word[..] == b"NONE" && !session.client_takes_no_metadata =>
        {
            let message = "The client doesn't support optional metadata transfer".to_owned();
            return Err(Error { code: 3640, state: *b"HY000", message });
        }
        ("session_track_gtids", Value::Text(word)) if &word[..] == b"ALL_GTIDS" => {
            return Err(Error::not_supported("session_track_gtids = ALL_GTIDS"));
        }
        ("group_replication_consistency", _) => {
            let shown = printed(variable.kind, &checked);
            if ReadConsistency::of_group(&shown).is_none() {
                return Err(Error::not_supported(format_args!("{} = {shown}", variable.name)));
            }
        }
        _ => {}
    }
    let is_default = printed(variable.kind, &checked).eq_ignore_ascii_case(variable.default);
    if variable.effect == Effect::Only && !is_default {
        let shown = printed(variable.kind, &checked);
        return Err(Error::not_supported(format_args!("{} = {shown}", variable.name)));
    }
    Ok(checked)
}

/// A value as an error message shows it.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        value => printed(Kind::Text, value),
    }
}

fn wrong_value(variable: &Variable, value: &Value) -> Error {
    Error::wrong_value_for_variable(variable.name, shown(value))
}

fn wrong_type(variable: &Variable) -> Error {
    Error::wrong_type_for_variable(variable.name)
}

fn text_value(variable: &Variable, value: &Value) -> crate::Result<String> {
    match value {
        Value::Text(text) | Value::Blob(text) => Ok(String::from_utf8_lossy(text).into_owned()),
        Value::Null => Err(wrong_value(variable, value)),
        _ => Err(wrong_type(variable)),
    }
}

/// The name of a locale, which may be given by its number.
fn locale_value(variable: &Variable, value: &Value) -> crate::Result<&'static str> {
    let (found, shown) = match value {
        Value::Int(number) => (Locale::numbered(*number), number.to_string()),
        Value::UInt(number) => (i64::try_from(*number).ok().and_then(Locale::numbered), number.to_string()),
        other => {
            let name = text_value(variable, other)?;
            (Locale::find(&name), name)
        }
    };
    let unknown = || Error { code: 1649, state: *b"HY000", message: format!("Unknown locale: '{shown}'") };
    found.map(|locale| locale.name).ok_or_else(unknown)
}

fn bool_value(variable: &Variable, value: &Value) -> crate::Result<Value> {
    let is_word =
        |text: &[u8], words: [&str; 2]| words.iter().any(|word| text.eq_ignore_ascii_case(word.as_bytes()));
    match value {
        Value::Int(0) | Value::UInt(0) => Ok(Value::Int(0)),
        Value::Int(1) | Value::UInt(1) => Ok(Value::Int(1)),
        Value::Text(text) if is_word(text, ["ON", "TRUE"]) => Ok(Value::Int(1)),
        Value::Text(text) if is_word(text, ["OFF", "FALSE"]) => Ok(Value::Int(0)),
        Value::Double(_) | Value::Decimal(_) => Err(wrong_type(variable)),
        _ => Err(wrong_value(variable, value)),
    }
}

/// A warning that the value was brought into its range; an error under STRICT_ALL_TABLES.
fn clamped(variable: &Variable, value: &Value, session: &mut SessionState) -> crate::Result<()> {
    if session.variables.sql_mode.has(SqlMode::STRICT_ALL_TABLES) {
        return Err(wrong_value(variable, value));
    }
    let warning = Error::truncated_wrong_value(variable.name, shown(value));
    session.warn(WarningLevel::Warning, warning.code, warning.message);
    Ok(())
}

fn unsigned_value(
    variable: &Variable,
    value: &Value,
    (from, to, step): (u64, u64, u64),
    session: &mut SessionState,
) -> crate::Result<Value> {
    let number = match value {
        Value::Int(number) => i128::from(*number),
        Value::UInt(number) => i128::from(*number),
        _ => return Err(wrong_type(variable)),
    };
    let bounded = u64::try_from(number.clamp(i128::from(from), i128::from(to))).unwrap_or(from);
    if i128::from(bounded) != number {
        clamped(variable, value, session)?;
    }
    Ok(Value::UInt((bounded - bounded % step).max(from)))
}

fn double_value(
    variable: &Variable,
    value: &Value,
    (from, to): (f64, f64),
    session: &mut SessionState,
) -> crate::Result<Value> {
    let number = match value {
        Value::Int(number) => *number as f64,
        Value::UInt(number) => *number as f64,
        Value::Double(number) => *number,
        Value::Decimal(number) => number.to_f64(),
        _ => return Err(wrong_type(variable)),
    };
    if variable.name == "timestamp" && number > to {
        return Err(wrong_value(variable, value));
    }
    let bounded = number.clamp(from, to);
    if bounded != number {
        clamped(variable, value, session)?;
    }
    Ok(Value::Double(bounded))
}

fn enum_value(variable: &Variable, value: &Value, words: &[&'static str]) -> crate::Result<Value> {
    let found = match value {
        Value::Text(text) => words.iter().find(|word| text.eq_ignore_ascii_case(word.as_bytes())),
        Value::Int(index) => usize::try_from(*index).ok().and_then(|index| words.get(index)),
        Value::UInt(index) => usize::try_from(*index).ok().and_then(|index| words.get(index)),
        Value::Double(_) | Value::Decimal(_) => return Err(wrong_type(variable)),
        _ => None,
    };
    if found.is_none() && variable.name.ends_with("_storage_engine") {
        let message = format!("Unknown storage engine '{}'", shown(value));
        return Err(Error { code: 1286, state: *b"42000", message });
    }
    found.map(|word| text(*word)).ok_or_else(|| wrong_value(variable, value))
}

fn sql_mode_value(variable: &Variable, value: &Value) -> crate::Result<SqlMode> {
    match value {
        Value::Text(text) | Value::Blob(text) => SqlMode::parse(&String::from_utf8_lossy(text)),
        Value::Int(number) => SqlMode::from_number(u64::try_from(*number).unwrap_or(u64::MAX)),
        Value::UInt(number) => SqlMode::from_number(*number),
        _ => Err(wrong_value(variable, value)),
    }
}

fn character_set_value(variable: &Variable, value: &Value) -> crate::Result<Value> {
    if *value == Value::Null && variable.name == "character_set_results" {
        return Ok(Value::Null);
    }
    let name = text_value(variable, value)?;
    let set = character_set::character_set(&name)?;
    if variable.name == "character_set_client" && !set.is_for_clients() {
        return Err(Error::wrong_value_for_variable(variable.name, set.name()));
    }
    if variable.name == "character_set_results" && !set.is_for_clients() {
        return Err(Error::not_supported(format_args!("results in the character set {}", set.name())));
    }
    Ok(text(set.name()))
}

/// The default collation of a character set that was checked.
fn default_of(set: &str) -> Collation {
    CharacterSet::from_name(set).map_or_else(Collation::default, CharacterSet::default_collation)
}

/// A collation that was checked.
fn named(collation: &str) -> Collation {
    crate::collation::from_name(collation).unwrap_or_default()
}

/// The collation's variable that goes with that of a character set, by what comes after `character_set_`.
fn collation_variable(which: &str) -> Option<&'static str> {
    match which {
        "connection" => Some("collation_connection"),
        "database" => Some("collation_database"),
        "server" => Some("collation_server"),
        _ => None,
    }
}

/// The character set's variable that goes with that of a collation.
fn set_variable(which: &str) -> Option<&'static str> {
    match which {
        "connection" => Some("character_set_connection"),
        "database" => Some("character_set_database"),
        "server" => Some("character_set_server"),
        _ => None,
    }
}

/// SET NAMES, and with `is_names` false SET CHARACTER SET, which leaves the connection the database's; "default" is utf8mb4.
///
/// # Errors
/// 1115 and 1273 unknown, 1231 a set that clients cannot speak, 1253 collation of another character set, 1235 not built.
pub fn set_names(
    set: &str,
    collation: Option<&str>,
    is_names: bool,
    session: &mut SessionState,
) -> crate::Result<()> {
    let set = match set.eq_ignore_ascii_case("default") {
        true => CharacterSet::Utf8mb4,
        false => character_set::character_set(set)?,
    };
    let collation = match collation {
        None => set.default_collation(),
        Some(collation) => character_set::collation_of(set, character_set::collation(collation)?)?,
    };
    if !set.is_for_clients() {
        return Err(Error::wrong_value_for_variable("character_set_client", set.name()));
    }
    let variables = &mut session.variables;
    variables.character_set_client = set;
    variables.results = Some(set.default_collation());
    variables.collation_connection = if is_names { collation } else { variables.collation_database };
    for name in ["character_set_client", "character_set_connection", "character_set_results"] {
        session.note_variable(name);
    }
    Ok(())
}

/// An isolation level by the name that `transaction_isolation` has for it.
///
/// # Errors
/// 1231 for an unknown level.
pub fn parse_isolation(name: &str) -> crate::Result<Isolation> {
    match name.to_ascii_uppercase().as_str() {
        "READ-UNCOMMITTED" | "READ-COMMITTED" => Ok(Isolation::ReadCommitted),
        "REPEATABLE-READ" => Ok(Isolation::RepeatableRead),
        "SERIALIZABLE" => Ok(Isolation::Serializable),
        _ => Err(Error::wrong_value_for_variable("transaction_isolation", name)),
    }
}

/// A value as SHOW VARIABLES prints it.
fn printed(kind: Kind, value: &Value) -> String {
    match (kind, value) {
        (Kind::Bool, Value::Int(0)) => "OFF".to_owned(),
        (Kind::Bool, Value::Int(_)) => "ON".to_owned(),
        (Kind::Double(..), Value::Double(value)) => format!("{value:.6}"),
        (_, Value::Null) => String::new(),
        (_, Value::Int(value)) => value.to_string(),
        (_, Value::UInt(value)) => value.to_string(),
        (_, Value::Double(value)) => {
            let mut out = Vec::new();
            crate::types::number::write_double(*value, &mut out);
            String::from_utf8_lossy(&out).into_owned()
        }
        (_, Value::Text(text) | Value::Blob(text)) => String::from_utf8_lossy(text).into_owned(),
        (_, Value::Decimal(value)) => {
            let mut out = Vec::new();
            value.write(&mut out);
            String::from_utf8_lossy(&out).into_owned()
        }
        (_, Value::Date(_) | Value::Time(_) | Value::DateTime(_) | Value::Json(_)) => {
            crate::types::convert::message_text(value)
        }
    }
}

/// All variables with their values as SHOW VARIABLES prints them, ascending by name; with `global` the global values.
#[must_use]
pub fn iter_all(session: &SessionState, host: &dyn Host, global_values: bool) -> Vec<(String, String)> {
    let of_host = host.variables();
    let mut all: Vec<(String, String)> = Vec::with_capacity(VARIABLES.len() + of_host.len());
    for variable in VARIABLES {
        let value = match (variable.scope, variable.effect) {
            // Of the host's variables only those are listed that it lists.
            (_, Effect::Host | Effect::Cluster) => {
                of_host.iter().find(|(name, _)| name == variable.name).map(|(_, value)| value.clone())
            }
            (Scope::Session, _) if global_values => None,
            (Scope::Both, _) if !global_values => Some(of_session(variable, session)),
            (Scope::Session, _) => Some(of_session(variable, session)),
            _ => global(variable, host),
        };
        if let Some(value) = value {
            all.push((variable.name.to_owned(), printed(variable.kind, &value)));
        }
    }
    for (name, value) in of_host {
        if find(&name).is_none() {
            let shown = printed(Kind::Text, &value);
            all.push((name, shown));
        }
    }
    all.sort();
    all
}
