//! Making documents: JSON_ARRAY, JSON_OBJECT, JSON_QUOTE, CAST AS JSON, and the merges.

use bytes::Bytes;

use super::{argument_scalar, gives, member_name, tree};
use crate::error::Error;
use crate::execute::{Context, Run};
use crate::expression::Expression;
use crate::function::{Call, Function};
use crate::json::tree::{Members, Tree};
use crate::json::{merge, quote};
use crate::session::WarningLevel;
use crate::types::Value;
use crate::types::text::as_str;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("JSON_ARRAY", 0, usize::MAX, gives::json, array).never_null(),
    Function::new("JSON_OBJECT", 0, usize::MAX, gives::json, object).never_null().checked(check_pairs),
    Function::new("JSON_QUOTE", 1, 1, gives::quoted, quoted).checked(check_text),
    Function::new(CAST_AS_JSON, 1, 1, gives::json, cast).nullable_result(),
    Function::new("JSON_MERGE", 2, usize::MAX, gives::json, merge_old).takes_null(),
    Function::new("JSON_MERGE_PRESERVE", 2, usize::MAX, gives::json, merge_preserve).takes_null(),
    Function::new("JSON_MERGE_PATCH", 2, usize::MAX, gives::json, merge_patch).takes_null(),
];

/// The call that `CAST(x AS JSON)` is; no name that could be written.
pub(super) const CAST_AS_JSON: &str = "CAST AS JSON";

fn array(call: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    let elements = (0..values.len()).map(|position| argument_scalar(call, values, position)).collect();
    Ok(Tree::Array(elements).into_value()?)
}

fn check_pairs(arguments: &[Expression]) -> crate::Result<()> {
    if arguments.len().is_multiple_of(2) { Ok(()) } else { Err(Error::parameter_count("JSON_OBJECT")) }
}

fn object(call: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    let mut members = Vec::with_capacity(values.len() / 2);
    for position in (0..values.len()).step_by(2) {
        let name = member_name(&values[position], &call.arguments[position].data_type())?;
        members.push((name, argument_scalar(call, values, position + 1)));
    }
    Ok(Tree::Object(Members::from_pairs(members)).into_value()?)
}

/// JSON_QUOTE and JSON_UNQUOTE take text only.
pub(super) fn check_text_of(name: &str, arguments: &[Expression], json: bool) -> crate::Result<()> {
    let data_type = arguments[0].data_type();
    let takes = match &arguments[0] {
        Expression::Constant { value: Value::Null, .. } | Expression::Parameter { .. } => true,
        _ => {
            data_type.is_string()
                || json && data_type.is_json()
                || data_type.kind == crate::types::TypeKind::Null
        }
    };
    if takes {
        return Ok(());
    }
    let message = format!("Incorrect type for argument 1 in function {name}.");
    Err(Error { code: 3064, state: *b"HY000", message })
}

fn check_text(arguments: &[Expression]) -> crate::Result<()> {
    check_text_of("json_quote", arguments, false)
}

fn quoted(_: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    let (Value::Text(text) | Value::Blob(text)) = &values[0] else { return Ok(Value::Null) };
    let mut out = Vec::with_capacity(text.len() + 2);
    quote(as_str(text), &mut out);
    Ok(Value::Text(Bytes::from(out)))
}

/// Text is parsed; any other value is the scalar that it is.
fn cast(call: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    match &values[0] {
        Value::Json(document) => Ok(Value::Json(document.clone())),
        Value::Text(_) => match tree(call, values, 0)? {
            Some(tree) => Ok(tree.into_value()?),
            None => Ok(Value::Null),
        },
        _ => Ok(argument_scalar(call, values, 0).into_value()?),
    }
}

fn merge_old(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let message = "'JSON_MERGE' is deprecated and will be removed in a future release. Please use \
                   JSON_MERGE_PRESERVE/JSON_MERGE_PATCH instead";
    ctx.session.warn(WarningLevel::Warning, 1287, message);
    merge_preserve(call, values, ctx)
}

fn merge_preserve(call: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    let mut merged: Option<Tree> = None;
    let mut has_null = false;
    for position in 0..values.len() {
        match (tree(call, values, position)?, merged.take()) {
            (None, _) => has_null = true,
            (Some(next), None) => merged = Some(next),
            (Some(next), Some(before)) => merged = Some(merge::preserve(before, next)),
        }
    }
    match merged {
        Some(merged) if !has_null => Ok(merged.into_value()?),
        _ => Ok(Value::Null),
    }
}

/// A NULL makes everything before it unknown, until a patch that is no object replaces all of it.
fn merge_patch(call: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    let mut merged = tree(call, values, 0)?;
    for position in 1..values.len() {
        merged = match (merged, tree(call, values, position)?) {
            (_, None) => None,
            (None, Some(Tree::Object(_))) => None,
            (None, Some(patch)) => Some(patch),
            (Some(target), Some(patch)) => Some(merge::patch(target, patch)),
        };
    }
    match merged {
        Some(merged) => Ok(merged.into_value()?),
        None => Ok(Value::Null),
    }
}
