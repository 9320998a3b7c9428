//! Changing documents: JSON_SET, JSON_INSERT, JSON_REPLACE, JSON_REMOVE, JSON_ARRAY_APPEND, JSON_ARRAY_INSERT.

use super::{argument_scalar, gives, path, tree};
use crate::error::Error;
use crate::execute::{Context, Run};
use crate::expression::Expression;
use crate::function::{Call, Function};
use crate::json::seek::{self, Change};
use crate::json::{Leg, Path, Tree};
use crate::types::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("JSON_SET", 3, usize::MAX, gives::json, set).takes_null().checked(check_set),
    Function::new("JSON_INSERT", 3, usize::MAX, gives::json, insert).takes_null().checked(check_insert),
    Function::new("JSON_REPLACE", 3, usize::MAX, gives::json, replace).takes_null().checked(check_replace),
    Function::new("JSON_REMOVE", 2, usize::MAX, gives::json, remove).takes_null(),
    Function::new("JSON_ARRAY_APPEND", 3, usize::MAX, gives::json, append).takes_null().checked(check_append),
    Function::new("JSON_ARRAY_INSERT", 3, usize::MAX, gives::json, insert_cells)
        .takes_null()
        .checked(check_insert_cells),
];

fn pairs(name: &str, arguments: &[Expression]) -> crate::Result<()> {
    if arguments.len() % 2 == 1 { Ok(()) } else { Err(Error::parameter_count(name)) }
}

fn check_set(arguments: &[Expression]) -> crate::Result<()> {
    pairs("JSON_SET", arguments)
}

fn check_insert(arguments: &[Expression]) -> crate::Result<()> {
    pairs("JSON_INSERT", arguments)
}

fn check_replace(arguments: &[Expression]) -> crate::Result<()> {
    pairs("JSON_REPLACE", arguments)
}

fn check_append(arguments: &[Expression]) -> crate::Result<()> {
    pairs("JSON_ARRAY_APPEND", arguments)
}

fn check_insert_cells(arguments: &[Expression]) -> crate::Result<()> {
    pairs("JSON_ARRAY_INSERT", arguments)
}

fn set(call: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    put(call, values, Change { replaces: true, inserts: true })
}

fn insert(call: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    put(call, values, Change { replaces: false, inserts: true })
}

fn replace(call: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    put(call, values, Change { replaces: true, inserts: false })
}

/// Changes the document, the first argument, by each pair of path and value in turn. A NULL document or path makes NULL.
fn each_pair(
    call: &Call<'_>,
    values: &[Value],
    mut change: impl FnMut(&mut Tree, &Path, Tree) -> crate::Result<()>,
) -> Run<Value> {
    let Some(mut document) = tree(call, values, 0)? else { return Ok(Value::Null) };
    for position in (1..values.len()).step_by(2) {
        let Some(path) = path(call, values, position)? else { return Ok(Value::Null) };
        path.check_single()?;
        change(&mut document, &path, argument_scalar(call, values, position + 1))?;
    }
    Ok(document.into_value()?)
}

fn put(call: &Call<'_>, values: &[Value], change: Change) -> Run<Value> {
    each_pair(call, values, |document, path, value| {
        seek::set(document, path, value, change);
        Ok(())
    })
}

fn append(call: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    each_pair(call, values, |document, path, value| {
        seek::append(document, path, value);
        Ok(())
    })
}

fn insert_cells(call: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    each_pair(call, values, |document, path, value| match path.legs.split_last() {
        Some((Leg::Cell(cell), parents)) => {
            seek::insert_cell(document, parents, *cell, value);
            Ok(())
        }
        _ => Err(Error {
            code: 3165,
            state: *b"42000",
            message: "A path expression is not a path to a cell in an array.".to_owned(),
        }),
    })
}

fn remove(call: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    let mut paths = Vec::with_capacity(values.len() - 1);
    for position in 1..values.len() {
        let Some(path) = path(call, values, position)? else { return Ok(Value::Null) };
        path.check_single()?;
        if path.legs.is_empty() {
            let message = "The path expression '$' is not allowed in this context.".to_owned();
            return Err(Error { code: 3153, state: *b"42000", message }.into());
        }
        paths.push(path);
    }
    let Some(mut document) = tree(call, values, 0)? else { return Ok(Value::Null) };
    for path in &paths {
        seek::remove(&mut document, path);
    }
    Ok(document.into_value()?)
}
