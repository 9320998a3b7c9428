//! GROUP BY and ORDER BY: positions, aliases and columns.
//!
//! MySQL's rules: an integer literal is a position in the select list. A plain name means, in ORDER BY, an item of the select list
//! before a column of FROM, and in GROUP BY the other way round. Inside of an expression a name means a column of FROM, and
//! an item of the select list only when there is no such column.

use crate::ast::{Expr, OrderItem};
use crate::bind::Binder;
use crate::bind::block::{AggregateList, Aliases, BlockScope, Clause};
use crate::bind::scope::{Lookup, Names};
use crate::bind::select::{Item, OrderKey, bind_with, plain_column};
use crate::error::{Error, Result};
use crate::expression::Expression;
use crate::types::Value;

/// Binds GROUP BY.
///
/// # Errors
/// 1054, 1052, 1056 for a position that is an aggregate.
pub fn bind_group_by(
    binder: &Binder,
    names: &Names,
    group_by: &[Expr],
    items: &[Item],
) -> Result<Vec<Expression>> {
    let mut keys = Vec::with_capacity(group_by.len());
    for expr in group_by {
        let key = if let Some(position) = position(expr, items.len(), Clause::GroupBy)? {
            items[position].expression.clone()
        } else {
            match named_item(names, expr, items, Clause::GroupBy)? {
                Some(item) => items[item].expression.clone(),
                None => {
                    let mut scope = BlockScope::new(binder, names, Clause::GroupBy);
                    scope.aliases = Some(Aliases { items, group_slots: &[] });
                    scope.bind(expr)?
                }
            }
        };
        let past_tables = |slot: &usize| *slot >= names.from.width;
        if crate::plan::slots::slots_of(&key).iter().any(past_tables) {
            let name = items.iter().find(|item| item.expression.columns_used() == key.columns_used());
            let name = name.map_or_else(String::new, |item| item.column.name.clone());
            let message = format!("Can't group on '{name}'");
            return Err(Error { code: 1056, state: *b"42000", message });
        }
        keys.push(key);
    }
    Ok(keys)
}

/// Binds ORDER BY.
///
/// # Errors
/// 1054, 1052.
pub fn bind_order_by(
    binder: &Binder,
    names: &Names,
    order_by: &[OrderItem],
    list: &mut AggregateList,
    aliases: Aliases,
) -> Result<Vec<OrderKey>> {
    let mut keys = Vec::with_capacity(order_by.len());
    for OrderItem { expr, descending } in order_by {
        let position = position(expr, aliases.items.len(), Clause::OrderBy)?;
        let item = match position {
            Some(position) => Some(position),
            None => named_item(names, expr, aliases.items, Clause::OrderBy)?,
        };
        let expression = match item {
            Some(item) => aliases.items[item].expression.clone(),
            None => bind_with(binder, names, Clause::OrderBy, list, aliases, expr)?,
        };
        keys.push(OrderKey { expression, descending: *descending, item });
    }
    Ok(keys)
}

/// The item that an integer literal means.
fn position(expr: &Expr, count: usize, clause: Clause) -> Result<Option<usize>> {
    // A negative number is a constant like any other.
    let Expr::Literal(Value::Int(number @ 0..)) = expr else {
        return Ok(None);
    };
    match usize::try_from(*number) {
        Ok(position) if (1..=count).contains(&position) => Ok(Some(position - 1)),
        _ => Err(Error::unknown_column(number, clause.name())),
    }
}

/// The item that a plain name means. A qualified name means an item that is that very column.
fn named_item(names: &Names, expr: &Expr, items: &[Item], clause: Clause) -> Result<Option<usize>> {
    let Expr::Column { database, table, column } = expr else {
        return Ok(None);
    };
    let own = names.from.lookup(None, database.as_deref(), table.as_deref(), column);
    if table.is_some() || (clause == Clause::GroupBy && own != Lookup::Missing) {
        return Ok(match own {
            Lookup::Found(slot) => items.iter().position(|item| plain_column(&item.expression) == Some(slot)),
            Lookup::Ambiguous | Lookup::Missing => None,
        });
    }
    let mut found: Option<usize> = None;
    for (position, item) in items.iter().enumerate() {
        if !item.column.name.eq_ignore_ascii_case(column) {
            continue;
        }
        if let Some(other) = found {
            let slot = plain_column(&items[other].expression);
            if slot.is_none() || slot != plain_column(&item.expression) {
                return Err(Error::ambiguous_column(column, clause.name()));
            }
            continue;
        }
        found = Some(position);
    }
    Ok(found)
}
