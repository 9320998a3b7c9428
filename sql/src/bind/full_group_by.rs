//! sql_mode ONLY_FULL_GROUP_BY.
//!
//! In an aggregated block the select list, HAVING and ORDER BY may use: aggregates, expressions spelled like one of GROUP BY,
//! and columns that depend on those of GROUP BY. Dependence is closed over: a primary or unique key without NULLs whose
//! columns are all determined determines its table; `a = b` in WHERE or in an inner join's ON carries from one side to
//! the other; `a = constant` determines `a` (MySQL manual, 14.19.4 "Detection of Functional Dependence").
//!
//! What the columns of a derived table say of each other is in [`super::dependence`].

use crate::ast::{
    BinaryOp, Expr, JoinCondition, JoinKind, OrderItem, Over, Select, SelectItem, TableExpr, WindowSpec,
};
use crate::bind::same::same;
use crate::bind::scope::{FromScope, Names, TableSource};
use crate::bind::select::{Item, OrderKey, own_slot, plain_column};
use crate::bind::walk;
use crate::bind::window::window_name;
use crate::error::{Error, Result};
use crate::expression::Expression;
use crate::plan::slots::subquery_of;
use crate::types::Value;

/// Checks a block: `keys` are those of GROUP BY, none where nothing is aggregated.
///
/// # Errors
/// 1055 with GROUP BY, 1140 without; 3065.
pub fn check_block(
    names: &Names,
    select: &Select,
    order_by: &[OrderItem],
    keys: Option<&[Expression]>,
    (items, order): (&[Item], &[OrderKey]),
) -> Result<()> {
    if let Some(keys) = keys {
        check(names, select, order_by, keys, (items, order))?;
    }
    if select.distinct {
        check_distinct(names.from, items, order)?;
    }
    Ok(())
}

/// Checks an aggregated block.
///
/// # Errors
/// 1055 with GROUP BY, 1140 without.
fn check(
    names: &Names,
    select: &Select,
    order_by: &[OrderItem],
    keys: &[Expression],
    (items, order): (&[Item], &[OrderKey]),
) -> Result<()> {
    // The sums over keys determine nothing.
    let determined =
        if select.rollup { key_slots(names, keys) } else { determined_slots(names, select, keys) };
    let grouped: Vec<&Expr> = select.group_by.iter().map(|expr| written_key(select, expr)).collect();
    let rules = Rules { names, grouped: &grouped, keys, determined: &determined };
    let mut position = 0;
    for item in &select.items {
        match item {
            SelectItem::Expression { expr, .. } => {
                position += 1;
                let bound = items.get(position - 1).map(|item| &item.expression);
                if let Some(slot) = rules.whole(expr, bound) {
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
                let mut named = names.from.tables.iter().enumerate();
                let bound =
                    named.find(|(place, bound)| bound.alias == *table && !names.from.is_inside(*place));
                let bound = bound.map(|(_, bound)| bound);
                for slot in bound.into_iter().flat_map(crate::bind::BoundTable::slots) {
                    position += 1;
                    if !determined[slot] {
                        return Err(refusal(names, select, position, "SELECT list", slot));
                    }
                }
            }
        }
    }
    // One row needs no order.
    let has_groups = !select.group_by.is_empty();
    for (position, item) in order_by.iter().enumerate().filter(|_| has_groups) {
        if is_alias(select, &item.expr) {
            continue;
        }
        if let Some(slot) = rules.whole(&item.expr, order.get(position).map(|key| &key.expression)) {
            return Err(refusal(names, select, position + 1, "ORDER BY clause", slot));
        }
    }
    check_windows(&rules, select, order_by)
}

/// The keys of all windows.
fn check_windows(rules: &Rules, select: &Select, order_by: &[OrderItem]) -> Result<()> {
    let check = |spec: &WindowSpec, name: &str| {
        let order = spec.order_by.iter().map(|item| &item.expr).enumerate();
        for (position, expr) in spec.partition_by.iter().enumerate().chain(order) {
            if let Some(slot) = rules.whole(expr, None) {
                let clause = format!("PARTITION BY or ORDER BY clause of window '{name}'");
                return Err(refusal(rules.names, select, position + 1, &clause, slot));
            }
        }
        Ok(())
    };
    select.windows.iter().try_for_each(|window| check(&window.spec, &window.name))?;
    let items = select.items.iter().filter_map(|item| match item {
        SelectItem::Expression { expr, .. } => Some(expr),
        SelectItem::Wildcard | SelectItem::TableWildcard { .. } => None,
    });
    for expr in items.chain(order_by.iter().map(|item| &item.expr)) {
        let mut specs = Vec::new();
        collect_specs(expr, &mut specs);
        specs.into_iter().try_for_each(|(spec, name)| check(spec, name))?;
    }
    Ok(())
}

fn collect_specs<'e>(expr: &'e Expr, specs: &mut Vec<(&'e WindowSpec, &'e str)>) {
    if let Expr::Window(call) = expr
        && let Over::Spec(spec) = &call.over
    {
        specs.push((&**spec, window_name(&call.over)));
    }
    walk::operands(expr, &mut |operand| collect_specs(operand, specs));
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
        Expr::Literal(_) | Expr::Truth(_) | Expr::Introduced(..) | Expr::HexLiteral(_) => true,
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
    /// GROUP BY as written.
    grouped: &'r [&'r Expr],
    /// GROUP BY.
    keys: &'r [Expression],
    determined: &'r [bool],
}

impl Rules<'_> {
    /// The first column of an expression that is neither aggregated nor determined, unless all of it is one of GROUP BY. As in MySQL a
    /// part that is one counts for nothing.
    fn whole(&self, expr: &Expr, bound: Option<&Expression>) -> Option<usize> {
        let is_key = |bound: &Expression| self.keys.iter().any(|key| same(key, bound));
        if self.grouped.contains(&expr) || bound.is_some_and(is_key) {
            return None;
        }
        self.offender(expr).or_else(|| bound.and_then(|bound| self.read_by_subqueries(bound)))
    }

    /// The first column that a subquery of an expression reads and that is not determined.
    fn read_by_subqueries(&self, bound: &Expression) -> Option<usize> {
        let mut found = None;
        bound.visit(&mut |part| {
            if let Some(subquery) = subquery_of(part) {
                let offends = |slot: &&usize| self.determined.get(**slot) == Some(&false);
                found = found.or(subquery.outer_names.iter().find(offends).copied());
            }
        });
        found
    }

    /// The first column that is neither aggregated nor determined.
    fn offender(&self, expr: &Expr) -> Option<usize> {
        if matches!(expr, Expr::Aggregate(_)) {
            return None;
        }
        if let Expr::Window(call) = expr {
            // Its window is looked at by itself.
            return call.arguments.iter().find_map(|argument| self.whole(argument, None));
        }
        if let Expr::Function { name, .. } = expr
            && name == "GROUPING"
        {
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
    // Nobody has written the names of what is inside a merged table.
    let mut faces = names.from.merged.iter().flat_map(|merged| merged.slots.clone());
    let is_inside = names.from.table_of(slot).is_some_and(|(table, _)| names.from.is_inside(table));
    let slot = match is_inside {
        true => faces.find(|face| names.from.filled_for(*face).contains(&slot)).unwrap_or(slot),
        false => slot,
    };
    let bound = names.from.table_of(slot).map(|(table, _)| &names.from.tables[table]);
    let column = names.from.column(slot).map_or_else(String::new, |column| {
        let database = match bound.map(|bound| (&bound.source, bound.database.as_str())) {
            Some((TableSource::Derived(_), _)) => "",
            Some((TableSource::Merged(_), database)) => database,
            _ => column.database.as_str(),
        };
        let parts = [database, column.table.as_str(), column.original_name.as_str()];
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

/// By slot: whether it is grouped by.
fn key_slots(names: &Names, keys: &[Expression]) -> Vec<bool> {
    let mut slots = vec![false; names.from.width];
    for slot in keys.iter().filter_map(plain_column).filter(|slot| *slot < names.from.width) {
        slots[slot] = true;
    }
    slots
}

/// By slot: whether its value is the same in all rows of a group.
fn determined_slots(names: &Names, select: &Select, keys: &[Expression]) -> Vec<bool> {
    let mut determined = key_slots(names, keys);
    let mut equalities: Vec<(usize, Option<usize>)> = Vec::new();
    if let Some(filter) = &select.filter {
        collect_equalities(names, filter, &mut equalities);
    }
    if let Some(from) = &select.from {
        collect_from(names, from, &mut equalities);
    }
    let mut not_null = vec![false; names.from.width];
    if let Some(filter) = &select.filter {
        collect_not_null(names, filter, &mut not_null);
    }
    let mut outer_joins = Vec::new();
    if let Some(from) = &select.from {
        collect_outer_joins(names, from, &mut outer_joins);
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
        close_over_keys(names.from, &not_null, &mut determined);
        close_over_outer_joins(&outer_joins, &mut determined);
        close_over_faces(names.from, &mut determined);
        for (base, dependence) in &names.from.dependences {
            if let Some((table, _)) = names.from.table_of(*base) {
                dependence.close(&mut determined[names.from.tables[table].slots()]);
            }
        }
        if determined.iter().filter(|known| **known).count() == before {
            return determined;
        }
    }
}

/// A column of a merged table is what it stands for.
fn close_over_faces(scope: &FromScope, determined: &mut [bool]) {
    for slot in scope.merged.iter().flat_map(|merged| merged.slots.clone()) {
        match scope.filled(slot) {
            Some(filled) => {
                let known = determined[slot] || determined[filled];
                (determined[slot], determined[filled]) = (known, known);
            }
            None => determined[slot] |= scope.filled_for(slot).into_iter().all(|filled| determined[filled]),
        }
    }
}

fn close_over_keys(scope: &FromScope, not_null: &[bool], determined: &mut [bool]) {
    for bound in &scope.tables {
        let TableSource::Base(table) = &bound.source else {
            continue;
        };
        let unique = table.indexes.iter().any(|index| {
            index.unique
                && !index.columns.is_empty()
                && index.columns.iter().all(|part| {
                    part.prefix.is_none()
                        && (!table.columns[part.column].nullable || not_null[bound.base + part.column])
                        && determined[bound.base + part.column]
                })
        });
        if unique {
            determined[bound.slots()].fill(true);
        }
    }
}

/// The condition of an outer join: once all columns of the preserved side in it are determined, those that they are equal to are
/// too, be it that there is no partner.
struct OuterJoin {
    preserved: Vec<usize>,
    equal: Vec<usize>,
}

fn close_over_outer_joins(joins: &[OuterJoin], determined: &mut [bool]) {
    for join in joins {
        if join.preserved.iter().all(|slot| determined[*slot]) {
            join.equal.iter().for_each(|slot| determined[*slot] = true);
        }
    }
}

fn collect_outer_joins(names: &Names, from: &TableExpr, joins: &mut Vec<OuterJoin>) {
    let TableExpr::Join { left, right, kind, condition } = from else {
        return;
    };
    collect_outer_joins(names, left, joins);
    collect_outer_joins(names, right, joins);
    let inner = match kind {
        JoinKind::Inner => return,
        JoinKind::Left => right,
        JoinKind::Right => left,
    };
    let (JoinCondition::On(expr), TableExpr::Table { table, alias, .. }) = (condition, &**inner) else {
        return;
    };
    let alias = alias.as_ref().unwrap_or(table);
    let Some(bound) = names.from.tables.iter().find(|bound| bound.alias == *alias) else { return };
    let mut used = Vec::new();
    collect_slots(names, expr, &mut used);
    let mut equalities = Vec::new();
    collect_equalities(names, expr, &mut equalities);
    let is_inner = |slot: &usize| bound.slots().contains(slot);
    let equal = equalities.iter().filter_map(|(one, other)| match other {
        Some(other) if is_inner(one) && !is_inner(other) => Some(*one),
        Some(other) if is_inner(other) && !is_inner(one) => Some(*other),
        None if is_inner(one) => Some(*one),
        _ => None,
    });
    let join = OuterJoin {
        equal: equal.collect(),
        preserved: used.into_iter().filter(|slot| !is_inner(slot)).collect(),
    };
    joins.push(join);
}

/// The columns of this block in an expression.
fn collect_slots(names: &Names, expr: &Expr, slots: &mut Vec<usize>) {
    slots.extend(own_slot(names, expr));
    walk::operands(expr, &mut |operand| collect_slots(names, operand, slots));
}

/// `a IS NOT NULL`, among what must all be true.
fn collect_not_null(names: &Names, expr: &Expr, not_null: &mut [bool]) {
    match expr {
        Expr::Binary(BinaryOp::And, left, right) => {
            collect_not_null(names, left, not_null);
            collect_not_null(names, right, not_null);
        }
        Expr::IsNull { operand, negated: true } => {
            if let Some(slot) = own_slot(names, operand) {
                not_null[slot] = true;
            }
        }
        _ => {}
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
    if let Expr::InList { operand, list, negated: false } = expr
        && let ([Expr::Literal(_) | Expr::HexLiteral(_) | Expr::Parameter(_)], Some(slot)) =
            (list.as_slice(), own_slot(names, operand))
    {
        equalities.push((slot, None));
    }
    let Expr::Binary(op, left, right) = expr else {
        return;
    };
    match op {
        BinaryOp::And => {
            collect_equalities(names, left, equalities);
            collect_equalities(names, right, equalities);
        }
        BinaryOp::Eq => {
            let constant = |expr: &Expr| {
                matches!(
                    expr,
                    Expr::Literal(_)
                        | Expr::Truth(_)
                        | Expr::Introduced(..)
                        | Expr::HexLiteral(_)
                        | Expr::Parameter(_)
                )
            };
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
fn check_distinct(scope: &FromScope, items: &[Item], order: &[OrderKey]) -> Result<()> {
    let is_item = |key: &OrderKey| items.iter().any(|item| same(&item.expression, &key.expression));
    let selected: Vec<usize> = items.iter().filter_map(|item| plain_column(&item.expression)).collect();
    for (position, key) in order.iter().enumerate().filter(|(_, key)| key.item.is_none() && !is_item(key)) {
        let used = crate::plan::slots::named_slots_of(&key.expression);
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
