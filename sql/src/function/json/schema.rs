//! JSON_SCHEMA_VALID and JSON_SCHEMA_VALIDATION_REPORT.

use super::{document, gives};
use crate::error::Error;
use crate::execute::{Context, Run};
use crate::function::{Call, Function, returns};
use crate::json::schema::{Failure, check_schema, valid_report, validate};
use crate::json::{Node, View};
use crate::types::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("JSON_SCHEMA_VALID", 2, 2, returns::bigint, valid).nullable_result(),
    Function::new("JSON_SCHEMA_VALIDATION_REPORT", 2, 2, gives::json, report).nullable_result(),
];

/// None when an argument is NULL.
fn check(call: &Call<'_>, values: &[Value]) -> Run<Option<Result<(), Failure>>> {
    let Some(schema) = document(call, values, 0)? else { return Ok(None) };
    let schema = View::of_document(&schema);
    if !matches!(schema.node(), Node::Object(_)) {
        let message = format!(
            "Invalid JSON type in argument 1 to function {}; an object is required.",
            super::name_of(call)
        );
        return Err(Error { code: 3853, state: *b"22032", message }.into());
    }
    let Some(document) = document(call, values, 1)? else { return Ok(None) };
    check_schema(schema)?;
    Ok(Some(validate(schema, View::of_document(&document))))
}

fn valid(call: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    Ok(check(call, values)?.map_or(Value::Null, |outcome| Value::bool(outcome.is_ok())))
}

fn report(call: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    Ok(match check(call, values)? {
        None => Value::Null,
        Some(Ok(())) => Value::Json(valid_report()?),
        Some(Err(failure)) => failure.report().into_value()?,
    })
}
