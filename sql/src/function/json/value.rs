//! JSON_VALUE, and the columns of JSON_TABLE, which convert alike: a node becomes a value of a type, or what ON EMPTY and ON ERROR say.

use bytes::Bytes;

use super::{document, path};
use crate::error::Error;
use crate::execute::{Context, Run};
use crate::expression::Expression;
use crate::function::{Call, Function};
use crate::json::convert::{Target, to_number, to_temporal, to_unquoted};
use crate::json::seek::seek;
use crate::json::{Node, View};
use crate::session::WarningLevel;
use crate::types::convert::{Number, Temporal, as_datetime, as_time, date_rules};
use crate::types::{Collation, DataType, TypeKind, Value};

/// Arguments: document, path, what ON EMPTY says and its default, what ON ERROR says and its default, NULL of the type.
pub(super) const FUNCTIONS: &[Function] =
    &[Function::new("JSON_VALUE", 7, 7, returned, json_value).takes_null()];

/// Where the type stands among the arguments.
const TYPE: usize = 6;

fn returned(arguments: &[Expression], _: Collation) -> DataType {
    arguments.get(TYPE).map_or(DataType::NULL, Expression::data_type)
}

/// Why a node is no value of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// It is no scalar.
    NotScalar,
    /// It cannot be converted.
    Invalid,
    /// It is too large for the type.
    OutOfRange,
    /// It is too long for the type.
    TooLong,
}

/// A node as a value of a type: strictly, without warnings.
pub fn json_table_value(view: View<'_>, to: &DataType, ctx: &mut Context<'_>) -> Result<Value, Unfit> {
    match view.node() {
        Node::Null => return Ok(Value::Null),
        _ if to.is_json() => return Ok(Value::Json(view.to_document())),
        Node::Array(_) | Node::Object(_) => return Err(Unfit::NotScalar),
        _ => {}
    }
    let source = match to.kind {
        TypeKind::TinyInt | TypeKind::SmallInt | TypeKind::MediumInt | TypeKind::Int | TypeKind::BigInt => {
            return integer(view, to, ctx);
        }
        TypeKind::Year => number(view, Target::Integer)?,
        TypeKind::Float | TypeKind::Double => number(view, Target::Double)?,
        TypeKind::Decimal { .. } => number(view, Target::Decimal)?,
        TypeKind::Date => temporal(view, Target::Date, to.fsp(), ctx)?,
        TypeKind::Time(_) => temporal(view, Target::Time, to.fsp(), ctx)?,
        TypeKind::DateTime(_) | TypeKind::Timestamp(_) => temporal(view, Target::DateTime, to.fsp(), ctx)?,
        _ => Value::Text(Bytes::from(to_unquoted(view))),
    };
    stored(source, to, ctx)
}

/// Stores as a column of the type would in strict mode; what warns is unfit.
pub(super) fn stored(value: Value, to: &DataType, ctx: &mut Context<'_>) -> Result<Value, Unfit> {
    let strict = std::mem::replace(&mut ctx.strict, true);
    let mark = ctx.session.warnings_mark();
    let stored = crate::types::store::store(value, to, "", 1, ctx);
    ctx.session.forget_warnings(mark);
    ctx.strict = strict;
    stored.map_err(|error| match error.code {
        1264 | 1690 => Unfit::OutOfRange,
        1406 => Unfit::TooLong,
        _ => Unfit::Invalid,
    })
}

fn number(view: View<'_>, target: Target) -> Result<Value, Unfit> {
    if target == Target::Double && matches!(view.node(), Node::Text("")) {
        return Ok(Value::Double(0.0));
    }
    match to_number(&view.to_document(), target) {
        (number, true) => Ok(match number {
            Number::Int(number) => Value::Int(number),
            Number::UInt(number) => Value::UInt(number),
            Number::Decimal(number) => Value::Decimal(number),
            Number::Double(number) => Value::Double(number),
        }),
        (_, false) => Err(Unfit::Invalid),
    }
}

fn integer(view: View<'_>, to: &DataType, ctx: &mut Context<'_>) -> Result<Value, Unfit> {
    let value = number(view, Target::Integer)?;
    let in_range = match (&value, to.unsigned) {
        (Value::Int(number), true) => *number >= 0,
        (Value::UInt(number), false) => i64::try_from(*number).is_ok(),
        _ => true,
    };
    if in_range { stored(value, to, ctx) } else { Err(Unfit::OutOfRange) }
}

/// A date or time; text must be one whole, with a time where a DATETIME is wanted. Digits of the second that the type lacks go.
fn temporal(view: View<'_>, target: Target, fsp: u8, ctx: &Context<'_>) -> Result<Value, Unfit> {
    let value = match view.node() {
        Node::Text(text) => {
            let has_colon = text.contains(':');
            let text = Value::text(text);
            let offset = ctx.session.variables.time_zone;
            if target == Target::Time {
                match as_time(&text) {
                    Temporal::Valid(parsed) if has_colon && !parsed.truncated => Value::Time(parsed.value),
                    _ => return Err(Unfit::Invalid),
                }
            } else {
                match as_datetime(&text, date_rules(ctx.session), offset, 0) {
                    Temporal::Valid(parsed) if parsed.has_time || target == Target::Date => {
                        Value::DateTime(parsed.value)
                    }
                    _ => return Err(Unfit::Invalid),
                }
            }
        }
        _ => to_temporal(&view.to_document(), target, ctx.session).ok_or(Unfit::Invalid)?,
    };
    Ok(match value {
        Value::DateTime(datetime) if target == Target::Date => Value::Date(datetime.date()),
        Value::DateTime(datetime) => Value::DateTime(datetime.round(fsp, true).unwrap_or(datetime)),
        Value::Time(time) => Value::Time(time.round(fsp, true)),
        other => other,
    })
}

/// What is to be done where there is no value.
enum Otherwise {
    Null,
    Raise,
    Default(Value),
}

fn otherwise(mode: &Value, default: &Value) -> Otherwise {
    match mode {
        Value::Int(1) => Otherwise::Raise,
        Value::Int(2) => Otherwise::Default(default.clone()),
        _ => Otherwise::Null,
    }
}

fn json_value(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let (empty, error) = (otherwise(&values[2], &values[3]), otherwise(&values[4], &values[5]));
    let document = match document(call, values, 0) {
        Ok(Some(document)) => document,
        Ok(None) => return Ok(Value::Null),
        Err(crate::execute::Interrupt::Error(refused)) if matches!(refused.code, 3141 | 3157) => {
            if !matches!(error, Otherwise::Raise) {
                ctx.session.warn(WarningLevel::Warning, refused.code, refused.message.clone());
            }
            return give(call, error, refused, ctx);
        }
        Err(interrupt) => return Err(interrupt),
    };
    let Some(path) = path(call, values, 1)? else { return Ok(Value::Null) };
    let found = seek(View::of_document(&document), &path);
    match found.as_slice() {
        [] => {
            let message = "No value was found by 'json_value' on the specified path.".to_owned();
            give(call, empty, Error { code: 3966, state: *b"22035", message }, ctx)
        }
        [view] => {
            let to = call.data_type;
            // Without RETURNING an array or object is its text.
            let converted = match view.node() {
                Node::Array(_) | Node::Object(_) if to.is_string() => {
                    stored(Value::Text(Bytes::from(to_unquoted(*view))), &to, ctx)
                }
                _ => json_table_value(*view, &to, ctx),
            };
            match converted {
                Ok(value) => Ok(value),
                Err(unfit) => give(call, error, unfit_error(unfit, &to), ctx),
            }
        }
        _ => {
            let message = "More than one value was found by 'json_value' on the specified path.".to_owned();
            give(call, error, Error { code: 3967, state: *b"22034", message }, ctx)
        }
    }
}

fn unfit_error(unfit: Unfit, to: &DataType) -> Error {
    let name = match to.kind {
        TypeKind::Decimal { .. } => "DECIMAL",
        TypeKind::Date => "DATE",
        TypeKind::Time(_) => "TIME",
        TypeKind::DateTime(_) => "DATETIME",
        TypeKind::Year => "YEAR",
        TypeKind::Float => "FLOAT",
        TypeKind::Double => "DOUBLE",
        TypeKind::BigInt if to.unsigned => "UNSIGNED",
        TypeKind::BigInt => "SIGNED",
        _ => "STRING",
    };
    match unfit {
        Unfit::NotScalar | Unfit::Invalid | Unfit::OutOfRange | Unfit::TooLong => {
            Error::data_out_of_range(name, "json_value")
        }
    }
}

fn give(call: &Call<'_>, otherwise: Otherwise, error: Error, ctx: &mut Context<'_>) -> Run<Value> {
    match otherwise {
        Otherwise::Null => Ok(Value::Null),
        Otherwise::Raise => Err(error.into()),
        Otherwise::Default(value) => {
            let to = call.data_type;
            if to.is_json() {
                let Value::Text(text) = &value else { return Ok(value) };
                let tree =
                    crate::json::parse(text).map_err(|invalid| invalid.in_argument(1, "json_value"))?;
                return Ok(tree.into_value()?);
            }
            Ok(crate::types::convert::cast(value, &DataType::NULL, &to, ctx.session, ctx.now_us))
        }
    }
}
