//! sql_mode ONLY_FULL_GROUP_BY.
//!
//! In an aggregated block the select list, HAVING and ORDER BY may use: aggregates, expressions spelled like one of GROUP BY,
//! and columns that depend on those of GROUP BY. Dependence is closed over: a primary or unique key without NULLs whose
//! columns are all determined determines its table; `a = b` in WHERE or in an inner join's ON carries from one side to
//! the other; `a = constant` determines `a` (MySQL manual, 14.19.4 "Detection of Functional Dependence").
//!
//! Left out, so refused where MySQL would allow it: dependence through the keys of derived tables.

use crate::ast::{BinaryOp, Expr, JoinCondition, JoinKind, OrderItem, Select, SelectItem, TableExpr};
use crate::bind::scope::{FromScope, Names, TableSource};
use crate::bind::select::{Item, OrderKey, own_slot, plain_column};
use crate::bind::walk;
use crate::error::{Error, Result};
use crate::expression::Expression;
use crate::types::Value;

/// Checks an aggregated block.
///
/// # Errors
/// 1055 with GROUP BY, 1140 without.
pub fn check(names: &Names, select: &Select, order_by: &[OrderItem], keys: &[Expression]) -> Result<()> {
    let determined = determined_slots(names, select, keys);
    let grouped: Vec<&Expr> = select.group_by.iter().map(|expr| written_key(select, expr)).collect();
    let rules = Rules { names, grouped: &grouped, determined: &determined };
    let mut position = 0;
    for item in &select.items {
        match item {
            SelectItem::Expression { expr, .. } => {
                position += 1;
                if let Some(slot) = rules.offender(expr) {
                    return Err(refusal(names, select, position, "SELECT list", slot));
                }
            }
            SelectItem::Wildcard => {
                for visible in &names.from.visible {
                    position += 1;
                    if !determined[visible.slot] {
                        return Err(refusal(names, select, position, "SELECT list", visible.slot));
                    }
                }
            }
            SelectItem::TableWildcard { table, .. } => {
                let bound = names.from.tables.iter().find(|bound| bound.alias == *table);
                for slot in bound.into_iter().flat_map(crate::bind::BoundTable::slots) {
                    position += 1;
                    if !determined[slot] {
                        return Err(refusal(names, select, position, "SELECT list", slot));
                    }
                }
            }
        }
    }
    for (position, item) in order_by.iter().enumerate() {
        if is_alias(select, &item.expr) {
            continue;
        }
        if let Some(slot) = rules.offender(&item.expr) {
            return Err(refusal(names, select, position + 1, "ORDER BY clause", slot));
        }
    }
    Ok(())
}

/// An expression of GROUP BY as written where its position or alias points to.
fn written_key<'q>(select: &'q Select, expr: &'q Expr) -> &'q Expr {
    let items = || {
        select.items.iter().filter_map(|item| match item {
            SelectItem::Expression { expr, alias, .. } => Some((expr, alias)),
            SelectItem::Wildcard | SelectItem::TableWildcard { .. } => None,
        })
    };
    match expr {
        Expr::Literal(Value::Int(number)) => usize::try_from(*number)
            .ok()
            .and_then(|number| match select.items.get(number.wrapping_sub(1)) {
                Some(SelectItem::Expression { expr, .. }) => Some(expr),
                _ => None,
            })
            .unwrap_or(expr),
        Expr::Column { table: None, column, .. } => items()
            .find(|(_, alias)| alias.as_ref().is_some_and(|alias| alias.eq_ignore_ascii_case(column)))
            .map_or(expr, |(item, _)| item),
        _ => expr,
    }
}

/// Whether an ORDER BY expression is a position or an alias: then it was checked with the select list.
fn is_alias(select: &Select, expr: &Expr) -> bool {
    match expr {
        Expr::Literal(_) | Expr::HexLiteral(_) => true,
        Expr::Column { table: None, column, .. } => select.items.iter().any(|item| match item {
            SelectItem::Expression { alias: Some(alias), .. } => alias.eq_ignore_ascii_case(column),
            SelectItem::Expression { alias: None, .. }
            | SelectItem::Wildcard
            | SelectItem::TableWildcard { .. } => false,
        }),
        _ => false,
    }
}

struct Rules<'r> {
    names: &'r Names<'r>,
    grouped: &'r [&'r Expr],
    determined: &'r [bool],
}

impl Rules<'_> {
    /// The first column that is neither aggregated nor determined.
    fn offender(&self, expr: &Expr) -> Option<usize> {
        if self.grouped.contains(&expr) || matches!(expr, Expr::Aggregate(_)) {
            return None;
        }
        if let Some(slot) = own_slot(self.names, expr) {
            return (!self.determined[slot]).then_some(slot);
        }
        let mut found = None;
        walk::operands(expr, &mut |operand| {
            if found.is_none() {
                found = self.offender(operand);
            }
        });
        found
    }
}

fn refusal(names: &Names, select: &Select, position: usize, clause: &str, slot: usize) -> Error {
    let column = names.from.column(slot).map_or_else(String::new, |column| {
        let parts = [column.database.as_str(), column.table.as_str(), column.original_name.as_str()];
        parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(".")
    });
    let mut error = if select.group_by.is_empty() {
        Error::mixed_aggregate(position, column)
    } else {
        Error::not_in_group_by(position, column)
    };
    if clause != "SELECT list" {
        error.message = error.message.replacen("SELECT list", clause, 1);
    }
    error
}

/// By slot: whether its value is the same in all rows of a group.
fn determined_slots(names: &Names, select: &Select, keys: &[Expression]) -> Vec<bool> {
    let mut determined = vec![false; names.from.width];
    for slot in keys.iter().filter_map(plain_column).filter(|slot| *slot < names.from.width) {
        determined[slot] = true;
    }
    let mut equalities: Vec<(usize, Option<usize>)> = Vec::new();
    if let Some(filter) = &select.filter {
        collect_equalities(names, filter, &mut equalities);
    }
    if let Some(from) = &select.from {
        collect_from(names, from, &mut equalities);
    }
    loop {
        let before = determined.iter().filter(|known| **known).count();
        for (slot, other) in &equalities {
            match other {
                None => determined[*slot] = true,
                Some(other) => {
                    let known = determined[*slot] || determined[*other];
                    (determined[*slot], determined[*other]) = (known, known);
                }
            }
        }
        close_over_keys(names.from, &mut determined);
        if determined.iter().filter(|known| **known).count() == before {
            return determined;
        }
    }
}

fn close_over_keys(scope: &FromScope, determined: &mut [bool]) {
    for bound in &scope.tables {
        let TableSource::Base(table) = &bound.source else {
            continue;
        };
        let unique = table.indexes.iter().any(|index| {
            index.unique
                && !index.columns.is_empty()
                && index.columns.iter().all(|part| {
                    part.prefix.is_none()
                        && !table.columns[part.column].nullable
                        && determined[bound.base + part.column]
                })
        });
        if unique {
            determined[bound.slots()].fill(true);
        }
    }
}

/// Inner joins' equalities; those of outer joins do not hold for null-extended rows.
fn collect_from(names: &Names, from: &TableExpr, equalities: &mut Vec<(usize, Option<usize>)>) {
    let TableExpr::Join { left, right, kind, condition } = from else {
        return;
    };
    if *kind != JoinKind::Right {
        collect_from(names, left, equalities);
    }
    if *kind != JoinKind::Left {
        collect_from(names, right, equalities);
    }
    if let (JoinKind::Inner, JoinCondition::On(expr)) = (kind, condition) {
        collect_equalities(names, expr, equalities);
    }
}

fn collect_equalities(names: &Names, expr: &Expr, equalities: &mut Vec<(usize, Option<usize>)>) {
    let Expr::Binary(op, left, right) = expr else {
        return;
    };
    match op {
        BinaryOp::And => {
            collect_equalities(names, left, equalities);
            collect_equalities(names, right, equalities);
        }
        BinaryOp::Eq => {
            let constant =
                |expr: &Expr| matches!(expr, Expr::Literal(_) | Expr::HexLiteral(_) | Expr::Parameter(_));
            match (own_slot(names, left), own_slot(names, right)) {
                (Some(left), Some(right)) => equalities.push((left, Some(right))),
                (Some(slot), None) if constant(right) => equalities.push((slot, None)),
                (None, Some(slot)) if constant(left) => equalities.push((slot, None)),
                _ => {}
            }
        }
        _ => {}
    }
}

/// SELECT DISTINCT may be ordered only by what it selects: by other columns the order would not be determined.
///
/// # Errors
/// 3065.
pub fn check_distinct(scope: &FromScope, items: &[Item], order: &[OrderKey]) -> Result<()> {
    let selected: Vec<usize> = items.iter().filter_map(|item| plain_column(&item.expression)).collect();
    for (position, key) in order.iter().enumerate().filter(|(_, key)| key.item.is_none()) {
        let used = crate::plan::slots::slots_of(&key.expression);
        let offender = used.iter().find(|slot| **slot < scope.width && !selected.contains(slot));
        if let Some(column) = offender.and_then(|slot| scope.column(*slot)) {
            let message = format!(
                "Expression #{} of ORDER BY clause is not in SELECT list, references column '{}.{}.{}' which is not in SELECT list; this is incompatible with DISTINCT",
                position + 1,
                column.database,
                column.table,
                column.original_name
            );
            return Err(Error { code: 3065, state: *b"HY000", message });
        }
    }
    Ok(())
}
