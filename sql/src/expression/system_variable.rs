//! `@@name`: the types and values of system variables inside expressions.

use crate::ast::VariableScope;
use crate::error::{Error, Result};
use crate::execute::Host;
use crate::session::SessionState;
use crate::types::{Collation, DataType, Value};

/// The type of a variable.
///
/// # Errors
/// 1193 when there is no such variable.
pub(super) fn data_type(name: &str, scope: Option<VariableScope>) -> Result<DataType> {
    let _ = scope;
    match name {
        "version" | "sql_mode" => Ok(DataType::varchar(255, Collation::default())),
        "autocommit" => Ok(DataType::BIGINT),
        "max_allowed_packet" | "group_concat_max_len" | "wait_timeout" => Ok(DataType::BIGINT_UNSIGNED),
        _ => Err(Error::unknown_variable(name)),
    }
}

/// The value of a variable.
///
/// # Errors
/// 1193 when there is no such variable.
pub(super) fn get(
    session: &SessionState,
    host: &dyn Host,
    scope: Option<VariableScope>,
    name: &str,
) -> Result<Value> {
    let _ = scope;
    let variables = &session.variables;
    Ok(match name {
        "version" => Value::text(crate::variables::VERSION),
        "autocommit" => Value::bool(variables.autocommit),
        "max_allowed_packet" => Value::UInt(variables.max_allowed_packet_bytes),
        "group_concat_max_len" => Value::UInt(variables.group_concat_max_len),
        "wait_timeout" => Value::UInt(variables.wait_timeout),
        _ => host.variable(name).ok_or_else(|| Error::unknown_variable(name))?,
    })
}
