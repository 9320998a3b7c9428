//! The rows of JSON_TABLE.
//!
//! A row of a path has a number, the values of its columns, and for each nested path the rows below: those of one nested path after those of
//! the other, with NULLs in the columns of the others; where no nested path has any, one row with NULLs.

use super::value::{Unfit, json_table_value, stored};
use crate::ast::{JsonColumn, JsonOtherwise, JsonTable};
use crate::error::Error;
use crate::execute::{Context, Run};
use crate::json::seek::seek;
use crate::json::tree::{Tree, binary_text};
use crate::json::{Node, View, encode, parse};
use crate::types::{DataType, TypeKind, Value};

/// The rows of a document; none of NULL.
///
/// # Errors
/// 3141, 3144 and 3146 for what is no document, 3156, 3665, 3666 and 3669 of ON EMPTY and ON ERROR, 1067 for a bad default; those of `row`,
/// which gets each row.
pub fn json_table_rows(
    table: &JsonTable,
    document: &Value,
    ctx: &mut Context<'_>,
    row: &mut dyn FnMut(Vec<Value>) -> Run<()>,
) -> Run<()> {
    check_defaults(table, ctx)?;
    let document = match document {
        Value::Null => return Ok(()),
        Value::Json(document) => document.clone(),
        Value::Text(text) => {
            encode::encode(&parse(text).map_err(|invalid| invalid.in_argument(1, "json_table"))?)?
        }
        Value::Blob(_) => return Err(binary_text().into()),
        _ => return Err(super::not_json(1, "json_table").into()),
    };
    let mut made = vec![Value::Null; table.flat().len()];
    rows(table, View::of_document(&document), 0, &mut made, ctx, row).map(|_| ())
}

/// Gives the rows of a path below a node; how many there were. The columns from `base` on are this path's.
fn rows(
    table: &JsonTable,
    below: View<'_>,
    base: usize,
    made: &mut Vec<Value>,
    ctx: &mut Context<'_>,
    row: &mut dyn FnMut(Vec<Value>) -> Run<()>,
) -> Run<usize> {
    let width = table.flat().len();
    let found = seek(below, &table.path);
    let mut given = 0;
    for (position, view) in found.iter().enumerate() {
        ctx.check()?;
        let mut nested: Vec<(usize, &JsonTable)> = Vec::new();
        let mut at = base;
        for column in &table.columns {
            made[at] = match column {
                JsonColumn::Ordinality(_) => Value::Int(i64::try_from(position + 1).unwrap_or(i64::MAX)),
                JsonColumn::Exists { name, data_type, path } => {
                    let found = Value::Int(i64::from(!seek(*view, path).is_empty()));
                    stored(found, data_type, ctx).map_err(|unfit| refused(unfit, data_type, name))?
                }
                JsonColumn::Value { name, data_type, path, on_empty, on_error } => {
                    value(*view, (name, data_type), path, (on_empty, on_error), ctx)?
                }
                JsonColumn::Nested(below) => {
                    nested.push((at, below));
                    at += below.flat().len();
                    continue;
                }
            };
            at += 1;
        }
        let mut from_nested = 0;
        for (start, below) in nested {
            from_nested += rows(below, *view, start, made, ctx, row)?;
            made[start..start + below.flat().len()].fill(Value::Null);
        }
        if from_nested == 0 {
            row(made.clone())?;
        }
        given += from_nested.max(1);
    }
    made[base..base + width].fill(Value::Null);
    Ok(given)
}

fn value(
    view: View<'_>,
    (name, to): (&str, &DataType),
    path: &crate::json::Path,
    (on_empty, on_error): (&JsonOtherwise, &JsonOtherwise),
    ctx: &mut Context<'_>,
) -> Run<Value> {
    let found = seek(view, path);
    let converted = match found.as_slice() {
        [] => {
            return match on_empty {
                JsonOtherwise::Null => Ok(Value::Null),
                JsonOtherwise::Default(text) => default(text, to, name, ctx),
                JsonOtherwise::Error => {
                    let message = format!("Missing value for JSON_TABLE column '{name}'");
                    Err(Error { code: 3665, state: *b"22035", message }.into())
                }
            };
        }
        [only] => converted(*only, to, ctx),
        several if to.is_json() => {
            let elements = several.iter().map(View::to_tree).collect();
            return Ok(Tree::Array(elements).into_value()?);
        }
        _ => Err(Unfit::NotScalar),
    };
    match (converted, on_error) {
        (Ok(value), _) => Ok(value),
        (Err(_), JsonOtherwise::Null) => Ok(Value::Null),
        (Err(_), JsonOtherwise::Default(text)) => default(text, to, name, ctx),
        (Err(unfit), JsonOtherwise::Error) => Err(refused(unfit, to, name).into()),
    }
}

/// A node as a value of the type. Dates and times are read as the column would read the scalar.
fn converted(view: View<'_>, to: &DataType, ctx: &mut Context<'_>) -> Result<Value, Unfit> {
    let is_temporal = to.is_temporal() && to.kind != TypeKind::Year;
    let scalar = match view.node() {
        Node::Text(text) if is_temporal => Value::text(text),
        Node::Int(number) if is_temporal => Value::Int(number),
        Node::UInt(number) if is_temporal => Value::UInt(number),
        Node::Double(number) if is_temporal => Value::Double(number),
        Node::Decimal(number) if is_temporal => Value::Decimal(number),
        Node::Bool(_) if is_temporal => return Err(Unfit::Invalid),
        _ => return json_table_value(view, to, ctx),
    };
    stored(scalar, to, ctx)
}

fn refused(unfit: Unfit, to: &DataType, name: &str) -> Error {
    let (code, state, message) = match unfit {
        Unfit::NotScalar => {
            let what = "Can't store an array or an object in the scalar JSON_TABLE column";
            (3666, *b"2203F", format!("{what} '{name}'"))
        }
        Unfit::Invalid if to.is_integer() => {
            (3156, *b"22018", format!("Invalid JSON value for CAST to INTEGER from column {name} at row 1"))
        }
        Unfit::Invalid | Unfit::OutOfRange | Unfit::TooLong => {
            (3669, *b"22003", format!("Value is out of range for JSON_TABLE's column '{name}'"))
        }
    };
    Error { code, state, message }
}

/// A default as a value of the column.
fn default(text: &str, to: &DataType, name: &str, ctx: &mut Context<'_>) -> Run<Value> {
    let tree = parse(text.as_bytes()).map_err(|invalid| invalid.in_argument(1, "JSON_TABLE"))?;
    let document = encode::encode(&tree)?;
    converted(View::of_document(&document), to, ctx).map_err(|_| Error::invalid_default(name).into())
}

/// Error 1067 for a default that is none, though it may not be wanted.
fn check_defaults(table: &JsonTable, ctx: &mut Context<'_>) -> Run<()> {
    for column in &table.columns {
        match column {
            JsonColumn::Value { name, data_type, on_empty, on_error, .. } => {
                for otherwise in [on_empty, on_error] {
                    if let JsonOtherwise::Default(text) = otherwise {
                        default(text, data_type, name, ctx)?;
                    }
                }
            }
            JsonColumn::Nested(nested) => check_defaults(nested, ctx)?,
            JsonColumn::Ordinality(_) | JsonColumn::Exists { .. } => {}
        }
    }
    Ok(())
}
