//! Binding one query block.

use crate::account::Privilege;
use crate::ast::{Expr, Locking, OrderItem, Select, SelectItem};
use crate::bind::block::{Aggregate, AggregateList, Aliases, BlockScope, Clause, column_expression};
use crate::bind::from::BoundFrom;
use crate::bind::scope::{FromScope, Lookup, Names};
use crate::bind::{Binder, from, full_group_by, order};
use crate::error::{Error, Result};
use crate::execute::ResultColumn;
use crate::expression::Expression;
use crate::limits::SELECT_COLUMNS_MAX;
use crate::variables::SqlMode;

/// One item of a select list.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its value.
    pub expression: Expression,
    /// What the client is told about it.
    pub column: ResultColumn,
}

/// One key of ORDER BY.
#[derive(Clone, Debug)]
pub struct OrderKey {
    /// Its value.
    pub expression: Expression,
    /// DESC.
    pub descending: bool,
    /// The item of the select list it names by alias or position, whose value is then used as computed.
    pub item: Option<usize>,
}

/// GROUP BY and the aggregates.
#[derive(Clone, Debug, Default)]
pub struct Aggregation {
    /// GROUP BY; empty for one group over all rows.
    pub keys: Vec<Expression>,
    /// The calls, by slot.
    pub aggregates: Vec<Aggregate>,
}

/// A bound query block.
#[derive(Debug)]
pub struct BoundSelect {
    /// Tables and names.
    pub scope: FromScope,
    /// The joins; none without FROM.
    pub from: Option<BoundFrom>,
    /// WHERE, as conjuncts.
    pub filter: Vec<Expression>,
    /// Grouping, if the block is an aggregated one.
    pub aggregation: Option<Aggregation>,
    /// HAVING, as conjuncts.
    pub having: Vec<Expression>,
    /// Select list.
    pub items: Vec<Item>,
    /// DISTINCT.
    pub distinct: bool,
    /// SQL_CALC_FOUND_ROWS.
    pub calc_found_rows: bool,
    /// ORDER BY.
    pub order: Vec<OrderKey>,
    /// LIMIT.
    pub limit: Option<Expression>,
    /// OFFSET.
    pub offset: Option<Expression>,
    /// FOR UPDATE, FOR SHARE.
    pub locking: Option<Locking>,
    /// Slots that subqueries of this block read.
    pub read_from_inside: Vec<usize>,
    /// Whether this block reads rows of a block around it.
    pub correlated: bool,
}

/// What belongs to a query around its SELECT.
#[derive(Clone, Copy, Default)]
pub struct Tail<'q> {
    /// ORDER BY.
    pub order_by: &'q [OrderItem],
    /// LIMIT.
    pub limit: Option<&'q Expr>,
    /// OFFSET.
    pub offset: Option<&'q Expr>,
    /// FOR UPDATE, FOR SHARE.
    pub locking: Option<&'q Locking>,
}

/// The slot of an expression that is nothing but a column of this block's row.
#[must_use]
pub fn plain_column(expression: &Expression) -> Option<usize> {
    crate::plan::slots::plain_slot(expression)
}

/// Binds a SELECT with what stands around it.
///
/// # Errors
/// MySQL's errors of name resolution and grouping.
pub fn bind_select(
    binder: &Binder,
    select: &Select,
    tail: Tail,
    parent: Option<&Names>,
) -> Result<BoundSelect> {
    // Where the columns of `*` can be told apart, by their names or as values, they are read.
    let is_bare = select.having.is_none() && select.group_by.is_empty() && tail.order_by.is_empty();
    let star_is_nothing = binder.take_exists() && is_bare && !select.distinct;
    let (draft, scope) = match &select.from {
        Some(tables) => {
            let (draft, scope) = from::draft(binder, tables)?;
            (Some(draft), scope)
        }
        None => (None, FromScope::default()),
    };
    let names = Names::new(&scope, parent);
    let mut list = AggregateList { base: scope.width, calls: Vec::new() };
    let items = bind_items(binder, &names, select, &mut list, star_is_nothing)?;
    let filter = match &select.filter {
        Some(filter) => BlockScope::new(binder, &names, Clause::Where).bind(filter)?.into_conjuncts(),
        None => Vec::new(),
    };
    let from = draft.map(|draft| draft.bind_conditions(binder, &names)).transpose()?;
    let keys = order::bind_group_by(binder, &names, &select.group_by, &items)?;
    let group_slots: Vec<usize> = keys.iter().filter_map(plain_column).collect();
    let aliases = Aliases { items: &items, group_slots: &group_slots };
    let having = match &select.having {
        Some(having) => {
            bind_with(binder, &names, Clause::Having, &mut list, aliases, having)?.into_conjuncts()
        }
        None => Vec::new(),
    };
    let order = order::bind_order_by(binder, &names, tail.order_by, &mut list, aliases)?;
    let aggregated = !keys.is_empty() || !list.calls.is_empty();
    if binder.session.variables.sql_mode.has(SqlMode::ONLY_FULL_GROUP_BY) {
        if aggregated {
            full_group_by::check(&names, select, tail.order_by, &keys)?;
        }
        if select.distinct {
            full_group_by::check_distinct(&scope, &items, &order)?;
        }
    }
    let (limit, offset) = (bind_limit(binder, &names, tail.limit)?, bind_limit(binder, &names, tail.offset)?);
    check_lock_targets(&scope, tail.locking)?;
    let read_from_inside = names.read_from_inside.take();
    let correlated = names.correlated.get();
    Ok(BoundSelect {
        from,
        filter,
        aggregation: aggregated.then_some(Aggregation { keys, aggregates: list.calls }),
        having,
        items,
        distinct: select.distinct,
        calc_found_rows: select.calc_found_rows,
        order,
        limit,
        offset,
        locking: tail.locking.cloned(),
        read_from_inside,
        correlated,
        scope,
    })
}

/// Binds an expression in a clause that sees aggregates and the select list.
///
/// # Errors
/// Those of binding.
pub fn bind_with(
    binder: &Binder,
    names: &Names,
    clause: Clause,
    list: &mut AggregateList,
    aliases: Aliases,
    expr: &Expr,
) -> Result<Expression> {
    let mut scope = BlockScope::new(binder, names, clause);
    scope.aggregates = Some(list);
    scope.aliases = Some(aliases);
    scope.bind(expr)
}

/// Binds LIMIT or OFFSET: a literal or a parameter.
///
/// # Errors
/// 1064-like refusals of anything else.
pub fn bind_limit(binder: &Binder, names: &Names, expr: Option<&Expr>) -> Result<Option<Expression>> {
    expr.map(|expr| BlockScope::new(binder, names, Clause::Limit).bind(expr)).transpose()
}

fn bind_items(
    binder: &Binder,
    names: &Names,
    select: &Select,
    list: &mut AggregateList,
    star_is_nothing: bool,
) -> Result<Vec<Item>> {
    let mut items = Vec::with_capacity(select.items.len());
    for item in &select.items {
        // At most one table's columns past the bound: a short text of stars stands for many columns.
        if items.len() > SELECT_COLUMNS_MAX {
            break;
        }
        match item {
            SelectItem::Wildcard => {
                if names.from.tables.is_empty() {
                    let message = "No tables used".to_owned();
                    return Err(Error { code: 1096, state: *b"HY000", message });
                }
                if !star_is_nothing {
                    names
                        .from
                        .tables
                        .iter()
                        .for_each(|table| binder.use_all_columns(Privilege::Select, table));
                }
                for visible in &names.from.visible {
                    items.push(column_item(names.from, visible.slot)?);
                }
            }
            SelectItem::TableWildcard { database, table } => {
                let matches = |bound: &&crate::bind::scope::BoundTable| {
                    bound.alias == *table && database.as_ref().is_none_or(|name| *name == bound.database)
                };
                let bound = names.from.tables.iter().find(matches);
                let bound = bound.ok_or_else(|| Error::unknown_table(table))?;
                if !star_is_nothing {
                    binder.use_all_columns(Privilege::Select, bound);
                }
                for slot in bound.slots() {
                    items.push(column_item(names.from, slot)?);
                }
            }
            SelectItem::Expression { expr, alias, text } => {
                let mut scope = BlockScope::new(binder, names, Clause::FieldList);
                scope.aggregates = Some(&mut *list);
                let expression = scope.bind(expr)?;
                items.push(expression_item(names, expr, expression, alias.as_deref(), text));
            }
        }
    }
    if items.len() > SELECT_COLUMNS_MAX {
        return Err(Error::too_many_columns());
    }
    Ok(items)
}

fn column_item(scope: &FromScope, slot: usize) -> Result<Item> {
    let column = scope.column(slot).ok_or_else(|| Error::internal("a visible column without slot"))?;
    Ok(Item { expression: column_expression(slot, column), column: column.clone() })
}

/// Metadata of an expression of the select list: a plain column, of this block or of one around it, keeps its own.
fn expression_item(
    names: &Names,
    written: &Expr,
    expression: Expression,
    alias: Option<&str>,
    text: &str,
) -> Item {
    let own = plain_column(&expression).and_then(|slot| names.from.column(slot));
    let mut column = match (own, written) {
        (Some(own), Expr::Column { .. }) => own.clone(),
        (None, Expr::Column { column, .. }) => {
            ResultColumn::computed(column.as_str(), expression.data_type(), expression.nullable())
        }
        _ => ResultColumn::computed(text, expression.data_type(), expression.nullable()),
    };
    if let Some(alias) = alias {
        column.name = alias.to_owned();
    }
    Item { expression, column }
}

/// FOR UPDATE OF names tables of this block, each of which is in one clause.
fn check_lock_targets(scope: &FromScope, locking: Option<&Locking>) -> Result<()> {
    let clauses: Vec<&Locking> = locking.into_iter().flat_map(Locking::clauses).collect();
    for (position, clause) in clauses.iter().enumerate() {
        for target in &clause.of {
            if !scope.tables.iter().any(|table| table.alias == *target) {
                let message = format!("Unresolved table name `{target}` in locking clause.");
                return Err(Error { code: 3568, state: *b"HY000", message });
            }
        }
        let again = |alias: &String| {
            clause.is_of(alias) && clauses[..position].iter().any(|before| before.is_of(alias))
        };
        if let Some(table) = scope.tables.iter().find(|table| again(&table.alias)) {
            let quote = if clause.of.is_empty() { "" } else { "`" };
            let message = format!("Table {quote}{}{quote} appears in multiple locking clauses.", table.alias);
            return Err(Error { code: 3569, state: *b"HY000", message });
        }
    }
    Ok(())
}

/// Looks a column of `names` up by its syntax; columns of enclosing blocks and aliases are `None`.
#[must_use]
pub fn own_slot(names: &Names, expr: &Expr) -> Option<usize> {
    let Expr::Column { database, table, column } = expr else {
        return None;
    };
    match names.from.lookup(None, database.as_deref(), table.as_deref(), column) {
        Lookup::Found(slot) => Some(slot),
        Lookup::Ambiguous | Lookup::Missing => None,
    }
}
