//! Changes of rows with all that their foreign keys ask for.

use std::sync::Arc;

use bytes::Bytes;

use super::children::{child_keys, has_child, lock_child};
use super::parent::{check_parents, values_of};
use super::{CASCADE_DEPTH_MAX, violated};
use crate::Error;
use crate::catalog::foreign_key::Link;
use crate::catalog::{ReferenceAction, Table, TableLinks};
use crate::codec::{Zone, key};
use crate::dml::write;
use crate::execute::{Context, Interrupt, Run};
use crate::types::text::to_text;
use crate::types::{Value, convert};

/// What happens to a parent row.
#[derive(Clone, Copy)]
enum Event<'r> {
    Deleted,
    Updated(&'r [Value]),
    /// REPLACE puts this row in its place: a key that stays is as if nothing happened.
    Replaced(&'r [Value]),
}

impl Event<'_> {
    fn action(self, link: &Link) -> ReferenceAction {
        let key = link.foreign_key();
        match self {
            Event::Deleted | Event::Replaced(_) => key.on_delete,
            // To itself MySQL refuses what would change other rows of the statement's table.
            Event::Updated(_) if is_to_itself(link) => ReferenceAction::Restrict,
            Event::Updated(_) => key.on_update,
        }
    }

    /// Whether the row's key that a foreign key refers to goes.
    fn takes_away(self, columns: &[usize], old: &[Value]) -> bool {
        match self {
            Event::Deleted => true,
            Event::Updated(new) | Event::Replaced(new) => {
                columns.iter().any(|column| old.get(*column) != new.get(*column))
            }
        }
    }
}

fn is_to_itself(link: &Link) -> bool {
    link.parent.as_ref().is_some_and(|parent| parent.table.id == link.child.id)
}

/// Deletes a row whose lock is held; `old` as read under that lock.
///
/// # Errors
/// 1451, 3008, 1213, 1105, those of the children; suspends.
pub fn delete_row(
    ctx: &mut Context<'_>,
    links: Option<&TableLinks>,
    table: &Table,
    row_key: &[u8],
    old: &[Value],
) -> Run<()> {
    delete(ctx, links, table, (row_key, old), 0)
}

/// As [`delete_row`], for a row that `new` takes the place of.
///
/// # Errors
/// As [`delete_row`].
pub fn replace_row(
    ctx: &mut Context<'_>,
    links: Option<&TableLinks>,
    table: &Table,
    row_key: &[u8],
    old: &[Value],
    new: &[Value],
) -> Run<()> {
    let Some(links) = links.filter(|links| !links.children.is_empty()) else {
        return write::delete_row(ctx, table, row_key, old);
    };
    let event = Event::Replaced(new);
    restrict(ctx, links, old, event)?;
    write::delete_row(ctx, table, row_key, old)?;
    cascade(ctx, links, old, event, 0)
}

/// Changes a row whose lock is held, from `old` (as read under that lock) to `new`. False when nothing differs: then nothing is written.
///
/// # Errors
/// 1062, 1451, 1452, 3008, 1213, 1105, those of the children; suspends.
pub fn update_row(
    ctx: &mut Context<'_>,
    links: Option<&TableLinks>,
    table: &Table,
    row_key: &[u8],
    old: &[Value],
    new: Vec<Value>,
) -> Run<bool> {
    match links {
        None => write::update_row(ctx, table, row_key, old, new),
        Some(links) => update(ctx, (links, None), table, (row_key, old), new, 0),
    }
}

fn delete(
    ctx: &mut Context<'_>,
    links: Option<&TableLinks>,
    table: &Table,
    (row_key, old): (&[u8], &[Value]),
    depth: u32,
) -> Run<()> {
    let Some(links) = links.filter(|links| !links.children.is_empty()) else {
        return write::delete_row(ctx, table, row_key, old);
    };
    restrict(ctx, links, old, Event::Deleted)?;
    write::delete_row(ctx, table, row_key, old)?;
    cascade(ctx, links, old, Event::Deleted, depth)
}

/// `by` is the foreign key that brought the change.
fn update(
    ctx: &mut Context<'_>,
    (links, by): (&TableLinks, Option<&Link>),
    table: &Table,
    (row_key, old): (&[u8], &[Value]),
    new: Vec<Value>,
    depth: u32,
) -> Run<bool> {
    if old == new {
        return Ok(false);
    }
    check_parents(ctx, links, &new, Some(old), by)?;
    if links.children.is_empty() {
        return write::update_row(ctx, table, row_key, old, new);
    }
    restrict(ctx, links, old, Event::Updated(&new))?;
    write::update_row(ctx, table, row_key, old, new.clone())?;
    cascade(ctx, links, old, Event::Updated(&new), depth)?;
    Ok(true)
}

/// Takes the keys that go away, and refuses the change if one has children that do not go along.
fn restrict(ctx: &mut Context<'_>, links: &TableLinks, old: &[Value], event: Event<'_>) -> Run<()> {
    for link in &links.children {
        let Some(parent) = &link.parent else { continue };
        if !event.takes_away(&parent.columns, old) {
            continue;
        }
        let Some(values) = values_of(&parent.columns, old) else { continue };
        // Children lock it before they come. The primary key is the row's own lock.
        let index = &parent.table.indexes[parent.index];
        if let Some(key) = key::prefix(&parent.table, index, &values, Zone::of(ctx.session))? {
            write::lock_exclusive(ctx, &key)?;
        }
        if !event.action(link).cascades() && has_child(ctx, link, &values)? {
            return Err(violated(1451, link).into());
        }
    }
    Ok(())
}

/// Changes the children that go along.
fn cascade(
    ctx: &mut Context<'_>,
    links: &TableLinks,
    old: &[Value],
    event: Event<'_>,
    depth: u32,
) -> Run<()> {
    for link in &links.children {
        let Some(parent) = &link.parent else { continue };
        let action = event.action(link);
        if !action.cascades() || !event.takes_away(&parent.columns, old) {
            continue;
        }
        let Some(values) = values_of(&parent.columns, old) else { continue };
        let of_child = ctx.catalog.links.of_table(link.child.id).map(Arc::clone);
        for row_key in child_keys(ctx, link, &values)? {
            ctx.check()?;
            let Some(row) = lock_child(ctx, link, &row_key, &values)? else { continue };
            // Subqueries of the statement may read the child.
            ctx.subqueries.forget_readers(link.child.id);
            if depth + 1 >= CASCADE_DEPTH_MAX {
                return Err(too_deep().into());
            }
            let new: Option<Vec<Value>> = match (action, event) {
                (ReferenceAction::Cascade, Event::Deleted | Event::Replaced(_)) => None,
                (ReferenceAction::Cascade, Event::Updated(new)) => {
                    Some(parent.columns.iter().filter_map(|column| new.get(*column).cloned()).collect())
                }
                _ => Some(vec![Value::Null; link.columns.len()]),
            };
            match (new, &of_child) {
                (None, of_child) => {
                    delete(ctx, of_child.as_deref(), &link.child, (&row_key, &row), depth + 1)?;
                }
                (Some(new), Some(of_child)) => {
                    let new = changed_row(ctx, link, &row, new)?;
                    let changed =
                        update(ctx, (of_child, Some(link)), &link.child, (&row_key, &row), new, depth + 1);
                    changed.map_err(|interrupt| duplicate_child(interrupt, link, event))?;
                }
                (Some(_), None) => return Err(Error::internal("a child without foreign keys").into()),
            }
        }
    }
    Ok(())
}

/// A child row with other values in the columns of a foreign key, and what is computed from them.
fn changed_row(ctx: &mut Context<'_>, link: &Link, row: &[Value], values: Vec<Value>) -> Run<Vec<Value>> {
    let table = &link.child;
    let mut new = row.to_vec();
    for (position, value) in link.columns.iter().zip(values) {
        let column = &table.columns[*position];
        new[*position] = match value {
            Value::Null => Value::Null,
            value => {
                let strict = std::mem::replace(&mut ctx.strict, true);
                let stored = convert::store(value, &column.data_type, &column.name, 1, ctx);
                ctx.strict = strict;
                // One that the child's column cannot hold keeps the parent from getting it.
                stored.map_err(|_| violated(1451, link))?
            }
        };
    }
    if let Some(rules) = table.rules()? {
        rules.compute(table, &mut new, 1, false, ctx)?;
    }
    Ok(new)
}

/// Error 1761 for a child that cannot go along because its new key is taken.
fn duplicate_child(interrupt: Interrupt, link: &Link, event: Event<'_>) -> Interrupt {
    let (Interrupt::Error(error), Some(parent)) = (&interrupt, &link.parent) else { return interrupt };
    let named = error.message.rsplit_once(" for key '").and_then(|(_, name)| name.strip_suffix('\''));
    let index = named.and_then(|name| name.strip_prefix(link.child.name.as_str())?.strip_prefix('.'));
    let (1062, Some(index), Event::Updated(new)) = (error.code, index, event) else { return interrupt };
    let value = |column: &usize| {
        let text = to_text(new.get(*column)?, &parent.table.columns[*column].data_type);
        Some(text.map_or_else(|| "NULL".to_owned(), |text| String::from_utf8_lossy(&text).into_owned()))
    };
    let record: Vec<String> = parent.columns.iter().filter_map(value).collect();
    let message = format!(
        "Foreign key constraint for table '{}', record '{}' would lead to a duplicate entry in table '{}', key '{index}'",
        parent.table.name,
        record.join("-"),
        link.child.name
    );
    Error { code: 1761, state: *b"23000", message }.into()
}

/// Error 3008.
fn too_deep() -> Error {
    let message = format!("Foreign key cascade delete/update exceeds max depth of {CASCADE_DEPTH_MAX}.");
    Error { code: 3008, state: *b"HY000", message }
}

/// A row as it is now, for statements that have found it before they changed others; none when it is gone.
///
/// # Errors
/// 1105.
pub fn newest(ctx: &mut Context<'_>, table: &Table, row_key: &Bytes) -> Run<Option<Vec<Value>>> {
    super::children::read(ctx, table, row_key)
}
