//! Reading documents: JSON_EXTRACT, `->`, `->>`, JSON_CONTAINS, JSON_SEARCH and their like.

use bytes::Bytes;

use super::{argument_scalar, document, gives, json, one_or_all, path, text_of};
use crate::error::Error;
use crate::execute::{Context, Run};
use crate::expression::{Expression, LikePattern};
use crate::function::{Call, Function, returns};
use crate::json::path::{Cell, Leg, Path};
use crate::json::print::{pretty, type_name};
use crate::json::seek::{seek, seek_one};
use crate::json::{Node, Tree, View, contains, encode, parse, size};
use crate::types::text::as_str;
use crate::types::{Collation, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("JSON_EXTRACT", 2, usize::MAX, gives::json, extract).takes_null(),
    Function::new("JSON_UNQUOTE", 1, 1, gives::unquoted, unquote).nullable_result().checked(check_unquote),
    Function::new("JSON_TYPE", 1, 1, gives::type_name, type_of).nullable_result(),
    Function::new("JSON_VALID", 1, 1, returns::bigint, valid),
    Function::new("JSON_LENGTH", 1, 2, returns::bigint, length).nullable_result(),
    Function::new("JSON_DEPTH", 1, 1, returns::bigint, depth).nullable_result(),
    Function::new("JSON_KEYS", 1, 2, gives::json, keys).nullable_result(),
    Function::new("JSON_PRETTY", 1, 1, gives::text, prettied).nullable_result(),
    Function::new("JSON_STORAGE_SIZE", 1, 1, returns::bigint, storage_size).nullable_result(),
    Function::new("JSON_STORAGE_FREE", 1, 1, returns::bigint, storage_free).nullable_result(),
    Function::new("JSON_CONTAINS", 2, 3, returns::bigint, contains_document).takes_null(),
    Function::new("JSON_CONTAINS_PATH", 3, usize::MAX, returns::bigint, contains_path).takes_null(),
    Function::new("JSON_OVERLAPS", 2, 2, returns::bigint, overlaps).nullable_result(),
    Function::new("JSON_SEARCH", 3, usize::MAX, gives::json, search).takes_null(),
    Function::new("MEMBER OF", 2, 2, returns::bigint, member_of).nullable_result(),
];

fn count(number: usize) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

fn extract(call: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    let Some(document) = document(call, values, 0)? else { return Ok(Value::Null) };
    let root = View::of_document(&document);
    if let [_, _] = values {
        let Some(path) = path(call, values, 1)? else { return Ok(Value::Null) };
        if !path.has_wildcard() {
            return Ok(seek_one(root, &path).map_or(Value::Null, json));
        }
        return found(seek(root, &path));
    }
    let mut all = Vec::new();
    for position in 1..values.len() {
        let Some(path) = path(call, values, position)? else { return Ok(Value::Null) };
        all.extend(seek(root, &path));
    }
    found(all)
}

/// What several paths, or one with wildcards, found: an array, NULL when it is nothing.
fn found(views: Vec<View<'_>>) -> Run<Value> {
    if views.is_empty() {
        return Ok(Value::Null);
    }
    Ok(Tree::Array(views.iter().map(View::to_tree).collect()).into_value()?)
}

fn check_unquote(arguments: &[Expression]) -> crate::Result<()> {
    super::make::check_text_of("json_unquote", arguments, true)
}

/// A string's content; text that does not begin and end with a double quote stays.
fn unquote(_: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    match &values[0] {
        Value::Json(document) => {
            let text = crate::json::convert::to_unquoted(View::of_document(document));
            Ok(Value::Text(Bytes::from(text)))
        }
        Value::Text(text) | Value::Blob(text) => {
            if text.len() < 2 || text.first() != Some(&b'"') || text.last() != Some(&b'"') {
                return Ok(Value::Text(text.clone()));
            }
            match parse(text) {
                Ok(Tree::Text(text)) => Ok(Value::text(text)),
                Ok(_) => Ok(Value::Text(text.clone())),
                Err(invalid) => Err(invalid.in_argument(1, "json_unquote").into()),
            }
        }
        _ => Ok(Value::Null),
    }
}

fn type_of(call: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    let Some(document) = document(call, values, 0)? else { return Ok(Value::Null) };
    Ok(Value::text(type_name(View::of_document(&document))))
}

fn valid(_: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    Ok(match &values[0] {
        Value::Json(_) => Value::Int(1),
        Value::Text(text) => match parse(text) {
            Ok(_) => Value::Int(1),
            Err(too_deep @ crate::json::parse::Invalid::TooDeep) => {
                return Err(too_deep.in_argument(1, "json_valid").into());
            }
            Err(_) => Value::Int(0),
        },
        _ => Value::Int(0),
    })
}

/// The document, or the node of it that the path at the second place names.
fn with_node(
    call: &Call<'_>,
    values: &[Value],
    path_position: usize,
    give: impl FnOnce(View<'_>) -> Run<Value>,
) -> Run<Value> {
    let Some(document) = document(call, values, 0)? else { return Ok(Value::Null) };
    let root = View::of_document(&document);
    if values.len() <= path_position {
        return give(root);
    }
    let Some(path) = path(call, values, path_position)? else { return Ok(Value::Null) };
    path.check_single()?;
    match seek_one(root, &path) {
        Some(view) => give(view),
        None => Ok(Value::Null),
    }
}

fn length(call: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    let Some(document) = document(call, values, 0)? else { return Ok(Value::Null) };
    let root = View::of_document(&document);
    let of = |view: View<'_>| match view.node() {
        Node::Array(array) => array.len(),
        Node::Object(object) => object.len(),
        _ => 1,
    };
    if values.len() == 1 {
        return Ok(count(of(root)));
    }
    let Some(path) = path(call, values, 1)? else { return Ok(Value::Null) };
    if !path.has_wildcard() {
        return Ok(seek_one(root, &path).map_or(Value::Null, |view| count(of(view))));
    }
    // What several nodes match is the length of the array of them.
    match seek(root, &path).len() {
        0 => Ok(Value::Null),
        matches => Ok(count(matches)),
    }
}

fn depth(call: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    with_node(call, values, 1, |view| Ok(count(view.depth())))
}

fn keys(call: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    let Some(document) = document(call, values, 0)? else { return Ok(Value::Null) };
    let mut view = View::of_document(&document);
    if values.len() == 2 {
        let Some(path) = path(call, values, 1)? else { return Ok(Value::Null) };
        path.check_single()?;
        // Unlike elsewhere, what is no array has no cells here.
        for leg in &path.legs {
            let step = Path { legs: vec![leg.clone()] };
            let is_cell = matches!(leg, Leg::Cell(_)) && view.as_array().is_none();
            match seek_one(view, &step) {
                Some(found) if !is_cell => view = found,
                _ => return Ok(Value::Null),
            }
        }
    }
    match view.as_object() {
        Some(object) => {
            let names = object.iter().map(|(name, _)| Tree::Text(name.to_owned())).collect();
            Ok(Tree::Array(names).into_value()?)
        }
        None => Ok(Value::Null),
    }
}

fn prettied(call: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    with_node(call, values, 1, |view| {
        let mut out = Vec::new();
        pretty(view, 0, &mut out);
        Ok(Value::Text(Bytes::from(out)))
    })
}

fn storage_size(call: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    with_node(call, values, 1, |view| Ok(count(size::storage_bytes(view))))
}

/// Documents are always written whole: nothing in them is free.
fn storage_free(call: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    with_node(call, values, 1, |_| Ok(Value::Int(0)))
}

fn contains_document(call: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    let Some(target) = document(call, values, 0)? else { return Ok(Value::Null) };
    let Some(candidate) = document(call, values, 1)? else { return Ok(Value::Null) };
    let mut view = View::of_document(&target);
    if values.len() == 3 {
        let Some(path) = path(call, values, 2)? else { return Ok(Value::Null) };
        path.check_single()?;
        match seek_one(view, &path) {
            Some(found) => view = found,
            None => return Ok(Value::Null),
        }
    }
    Ok(Value::bool(contains::contains(view, View::of_document(&candidate))))
}

fn contains_path(call: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    let Some(document) = document(call, values, 0)? else { return Ok(Value::Null) };
    let Some(one) = one_or_all(call, values, 1)? else { return Ok(Value::Null) };
    let root = View::of_document(&document);
    for position in 2..values.len() {
        let Some(path) = path(call, values, position)? else { return Ok(Value::Null) };
        if seek_one(root, &path).is_some() == one {
            return Ok(Value::bool(one));
        }
    }
    Ok(Value::bool(!one))
}

fn overlaps(call: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    let (Some(left), Some(right)) = (document(call, values, 0)?, document(call, values, 1)?) else {
        return Ok(Value::Null);
    };
    Ok(Value::bool(contains::overlaps(View::of_document(&left), View::of_document(&right))))
}

fn member_of(call: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    let value = match &values[0] {
        Value::Json(document) => document.clone(),
        _ => encode::encode(&argument_scalar(call, values, 0))?,
    };
    let of = Call { name: "member of", ..*call };
    let Some(document) = document(&of, values, 1)? else { return Ok(Value::Null) };
    Ok(Value::bool(contains::is_member(View::of_document(&value), View::of_document(&document))))
}

/// What JSON_SEARCH looks for, and what it has found.
struct Search {
    pattern: LikePattern,
    one: bool,
    found: Vec<String>,
}

impl Search {
    /// Looks in a node and everything inside; `legs` is the way to it.
    fn look(&mut self, view: View<'_>, legs: &mut Vec<Leg>) {
        if self.one && !self.found.is_empty() {
            return;
        }
        match view.node() {
            Node::Text(text) if self.pattern.matches(text.as_bytes()) => {
                let path = Path { legs: legs.clone() }.to_string();
                if !self.found.contains(&path) {
                    self.found.push(path);
                }
            }
            Node::Array(array) => {
                for (position, element) in array.iter().enumerate() {
                    let offset = u32::try_from(position).unwrap_or(u32::MAX);
                    legs.push(Leg::Cell(Cell { offset, from_end: false }));
                    self.look(element, legs);
                    legs.pop();
                }
            }
            Node::Object(object) => {
                for (name, value) in object.iter() {
                    legs.push(Leg::Member(name.to_owned()));
                    self.look(value, legs);
                    legs.pop();
                }
            }
            _ => {}
        }
    }
}

/// The escape character of JSON_SEARCH.
fn escape(call: &Call<'_>, values: &[Value]) -> Run<Option<char>> {
    let Some(value) = values.get(3).filter(|value| !value.is_null()) else { return Ok(Some('\\')) };
    let text = text_of(value, &call.arguments[3]);
    let mut characters = as_str(&text).chars();
    let escape = characters.next();
    if characters.next().is_some() {
        return Err(Error::wrong_arguments("ESCAPE").into());
    }
    Ok(escape.or(Some('\\')))
}

fn search(call: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    let Some(document) = document(call, values, 0)? else { return Ok(Value::Null) };
    let Some(one) = one_or_all(call, values, 1)? else { return Ok(Value::Null) };
    let escape = escape(call, values)?;
    let mut paths = Vec::new();
    for position in 4..values.len() {
        let Some(path) = path(call, values, position)? else { return Ok(Value::Null) };
        paths.push(path);
    }
    if values[2].is_null() {
        return Ok(Value::Null);
    }
    let wanted = text_of(&values[2], &call.arguments[2]);
    let pattern = LikePattern::new(&wanted, escape, Collation::Utf8mb4Bin);
    let mut search = Search { pattern, one, found: Vec::new() };
    let root = View::of_document(&document);
    if paths.is_empty() {
        search.look(root, &mut Vec::new());
    }
    for path in &paths {
        for (view, mut legs) in crate::json::seek::seek_places(root, path) {
            search.look(view, &mut legs);
        }
    }
    let mut found = search.found;
    Ok(match found.len() {
        0 => Value::Null,
        1 => Tree::Text(found.remove(0)).into_value()?,
        _ => Tree::Array(found.into_iter().map(Tree::Text).collect()).into_value()?,
    })
}
