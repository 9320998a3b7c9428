//! Binding one query block.

use crate::account::Privilege;
use crate::ast::{Expr, Locking, OrderItem, Select, SelectItem};
use crate::bind::block::{Aggregate, AggregateList, Aliases, BlockScope, Clause, column_expression};
use crate::bind::dependence::{Block, Dependence};
use crate::bind::from::{BoundFrom, Merges, Space};
use crate::bind::rollup::{Clauses, Rollup};
use crate::bind::scope::{FromScope, Lookup, Names};
use crate::bind::window::WindowFunctionCall;
use crate::bind::{Binder, from, full_group_by, merge, order, rollup, temporary, window};
use crate::error::{Error, Result};
use crate::execute::ResultColumn;
use crate::expression::Expression;
use crate::expression::announce::Announced;
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
    /// WITH ROLLUP and GROUPING(); none without both.
    pub rollup: Option<Rollup>,
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
    /// How many of its first conditions are those of merged tables.
    pub merged_conditions: usize,
    /// Grouping, if the block is an aggregated one.
    pub aggregation: Option<Aggregation>,
    /// The window functions, in the order of their slots, the last of the row.
    pub windows: Vec<WindowFunctionCall>,
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
    /// Where its tables stand: not at slot 0 where the block may be merged into one that has tables before it.
    pub space: Space,
}

impl Default for Space {
    fn default() -> Space {
        Space { start: 0, merges: Merges::All }
    }
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
    let is_derived = binder.takes_derived();
    let star_is_nothing = binder.take_exists() && is_bare && !select.distinct;
    let (draft, scope) = match &select.from {
        Some(tables) => {
            let space = match select.rollup {
                // It puts NULL into the slots of its columns.
                true => Space { merges: Merges::Nothing, ..tail.space },
                false => tail.space,
            };
            let (draft, scope) = from::draft(binder, tables, parent, space)?;
            (Some(draft), scope)
        }
        None => (None, FromScope::default()),
    };
    let names = Names::new(&scope, parent);
    if draft.as_ref().is_some_and(|draft| draft.correlated) {
        names.correlated.set(true);
    }
    let mut list = AggregateList::new(scope.width);
    window::check_named(&select.windows)?;
    list.windows.named.clone_from(&select.windows);
    let mut items = bind_items(binder, &names, select, &mut list, star_is_nothing)?;
    items = temporary::shown(select, &scope, &list, items);
    let mut filter = match &select.filter {
        Some(filter) => {
            let filter = BlockScope::new(binder, &names, Clause::Where).bind(filter)?;
            binder.check_condition(&filter)?;
            filter.settled(&mut |warning| binder.needs().warn(warning)).into_conjuncts()
        }
        None => Vec::new(),
    };
    crate::constraint::substitute::substitute(&mut filter, &scope)?;
    let (mut from, merged_filter) =
        draft.map(|draft| draft.bind_conditions(binder, &names)).transpose()?.unzip();
    let mut keys = order::bind_group_by(binder, &names, &select.group_by, &items)?;
    let group_slots: Vec<usize> = keys.iter().filter_map(plain_column).collect();
    let aliases = Aliases { items: &items, group_slots: &group_slots };
    let mut having = match &select.having {
        Some(having) => {
            let having = bind_with(binder, &names, Clause::Having, &mut list, aliases, having)?;
            binder.check_condition(&having)?;
            having.into_conjuncts()
        }
        None => Vec::new(),
    };
    let mut order = order::bind_order_by(binder, &names, tail.order_by, &mut list, aliases)?;
    bind_windows(binder, &names, select, &mut list)?;
    let aggregated = !keys.is_empty() || !list.calls.is_empty();
    if binder.session.variables.sql_mode.has(SqlMode::ONLY_FULL_GROUP_BY) {
        let keys = aggregated.then_some(&keys[..]);
        full_group_by::check_block(&names, select, tail.order_by, keys, (&items, &order))?;
    }
    let clauses = Clauses { items: &mut items, having: &mut having, order: &mut order };
    let rollup = rollup::settle(&keys, select.rollup, &mut list, clauses)?;
    let merged_conditions = merged_filter.as_ref().map_or(0, Vec::len);
    if !scope.merged.is_empty() {
        let mut parts =
            Parts { filter: &mut filter, items: &mut items, having: &mut having, order: &mut order };
        parts.settle(&scope, merged_filter.unwrap_or_default());
        settle_calls(&mut keys, &mut list, &scope);
        from.iter_mut().for_each(|from| merge::settle_from(from, &scope));
        if order.is_empty()
            && parent.is_none()
            && !aggregated
            && !select.distinct
            && list.windows.calls.is_empty()
        {
            order.extend_from_slice(scope.order_handed_on());
        }
        crate::constraint::substitute::substitute(&mut filter, &scope)?;
    }
    let aggregation = aggregated.then_some(Aggregation { keys, aggregates: list.calls, rollup });
    if is_derived {
        let mut conditions = filter.iter().collect();
        from.iter().for_each(|from| inner_conditions(from, &mut conditions));
        let aggregation = aggregation.as_ref();
        let block = Block { scope: &scope, conditions, aggregation, items: &items };
        binder.note_dependence(Dependence::of(&block));
    }
    let (limit, offset) = (bind_limit(binder, &names, tail.limit)?, bind_limit(binder, &names, tail.offset)?);
    check_lock_targets(&scope, tail.locking)?;
    let read_from_inside = names.read_from_inside.take();
    let correlated = names.correlated.get();
    Ok(BoundSelect {
        from,
        filter,
        merged_conditions,
        aggregation,
        windows: list.windows.calls,
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

/// The parts of a block that are bound over the faces of merged tables.
struct Parts<'p> {
    filter: &'p mut Vec<Expression>,
    items: &'p mut [Item],
    having: &'p mut [Expression],
    order: &'p mut [OrderKey],
}

impl Parts<'_> {
    /// Puts what is merged into the place of the faces' slots. Conditions of merged tables come before those of the block: they keep rows away
    /// that those may not be asked of.
    fn settle(&mut self, scope: &FromScope, merged_filter: Vec<Expression>) {
        let own = std::mem::replace(self.filter, merged_filter);
        self.filter.extend(own);
        let items = self.items.iter_mut().map(|item| &mut item.expression);
        let order = self.order.iter_mut().map(|key| &mut key.expression);
        let all = self.filter.iter_mut().chain(items).chain(self.having.iter_mut()).chain(order);
        all.for_each(|expression| merge::settle(expression, scope));
    }
}

/// The same for grouping and windows.
fn settle_calls(keys: &mut [Expression], list: &mut AggregateList, scope: &FromScope) {
    keys.iter_mut().for_each(|key| merge::settle(key, scope));
    for call in &mut list.calls {
        let order = call.order_by.iter_mut().map(|(key, _)| key);
        call.arguments.iter_mut().chain(order).for_each(|part| merge::settle(part, scope));
    }
    for call in &mut list.windows.calls {
        let order = call.order_by.iter_mut().map(|(key, _)| key);
        let parts = call.arguments.iter_mut().chain(&mut call.partition_by).chain(order);
        parts.for_each(|part| merge::settle(part, scope));
    }
}

/// Binds the windows of the WINDOW clause, for the errors of those that nobody uses.
fn bind_windows(binder: &Binder, names: &Names, select: &Select, list: &mut AggregateList) -> Result<()> {
    for named in &select.windows {
        let mut scope = BlockScope::new(binder, names, Clause::WindowOrder);
        scope.aggregates = Some(&mut *list);
        scope.bind_unused(&select.windows, named)?;
    }
    Ok(())
}

/// The conditions of inner joins that are not inside of outer ones.
fn inner_conditions<'f>(from: &'f BoundFrom, conditions: &mut Vec<&'f Expression>) {
    if let BoundFrom::Join(join) = from {
        inner_conditions(&join.left, conditions);
        if !join.outer {
            inner_conditions(&join.right, conditions);
            conditions.extend(&join.on);
        }
    }
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
                        .enumerate()
                        .filter(|(place, _)| !names.from.is_inside(*place))
                        .for_each(|(_, table)| binder.use_all_columns(Privilege::Select, table));
                }
                for visible in names.from.visible.iter().filter(|visible| !visible.invisible) {
                    items.push(column_item(names.from, visible.slot)?);
                }
            }
            SelectItem::TableWildcard { database, table } => {
                let matches = |bound: &&crate::bind::scope::BoundTable| {
                    bound.alias == *table && database.as_ref().is_none_or(|name| *name == bound.database)
                };
                let mut named = names.from.tables.iter().enumerate();
                let bound = named.find(|(place, bound)| !names.from.is_inside(*place) && matches(bound));
                let bound = bound.map(|(_, bound)| bound).ok_or_else(|| Error::unknown_table(table))?;
                if !star_is_nothing {
                    binder.use_all_columns(Privilege::Select, bound);
                }
                let in_star = |slot: &usize| {
                    let own = bound.stored_column(slot - bound.base);
                    !own.is_some_and(|own| own.hidden || own.invisible)
                };
                for slot in bound.slots().filter(in_star) {
                    items.push(column_item(names.from, slot)?);
                }
            }
            SelectItem::Expression { expr, alias, text } => {
                let mut scope = BlockScope::new(binder, names, Clause::FieldList);
                scope.aggregates = Some(&mut *list);
                let expression = scope.bind(expr)?;
                let mut item = expression_item(names, expr, expression, alias.as_deref(), text);
                if item.column.table.is_empty() {
                    item.column.announced = Announced::of(expr, &item.expression, argument(list, &item));
                }
                items.push(item);
            }
        }
    }
    if items.len() > SELECT_COLUMNS_MAX {
        return Err(Error::too_many_columns());
    }
    Ok(items)
}

/// The argument of the aggregate that an item is.
fn argument<'l>(list: &'l AggregateList, item: &Item) -> Option<&'l Expression> {
    let Expression::Column { index, .. } = &item.expression else { return None };
    list.calls.get(index.checked_sub(list.base)?)?.arguments.first()
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
        // DEFAULT(c) is told as its column, by another name.
        (None, Expr::Default(Some(column))) => match names.from.lookup(None, None, None, column) {
            Lookup::Found(slot) => match names.from.column(slot) {
                Some(own) => ResultColumn { name: text.to_owned(), ..own.clone() },
                None => ResultColumn::computed(text, expression.data_type(), expression.nullable()),
            },
            Lookup::Ambiguous | Lookup::Missing => {
                ResultColumn::computed(text, expression.data_type(), expression.nullable())
            }
        },
        _ => ResultColumn::computed(text, expression.data_type(), expression.nullable()),
    };
    if let Some(alias) = alias {
        column.name = alias.to_owned();
    }
    let expression = match expression {
        // Errors about what the function returns name the column.
        Expression::Stored { function, arguments, .. } if !column.name.is_empty() => {
            Expression::Stored { function, arguments, label: column.name.as_str().into() }
        }
        other => other,
    };
    Item { expression, column }
}

/// FOR UPDATE OF names tables of this block, each of which is in one clause.
fn check_lock_targets(scope: &FromScope, locking: Option<&Locking>) -> Result<()> {
    let clauses: Vec<&Locking> = locking.into_iter().flat_map(Locking::clauses).collect();
    for (position, clause) in clauses.iter().enumerate() {
        for target in &clause.of {
            let is_it = |(place, table): (usize, &crate::bind::BoundTable)| {
                table.alias == *target && !scope.is_inside(place)
            };
            if !scope.tables.iter().enumerate().any(is_it) {
                let message = format!("Unresolved table name `{target}` in locking clause.");
                return Err(Error { code: 3568, state: *b"HY000", message });
            }
        }
        let again = |alias: &String| {
            clause.is_of(alias) && clauses[..position].iter().any(|before| before.is_of(alias))
        };
        let mut shown = scope.tables.iter().enumerate().filter(|(place, _)| !scope.is_inside(*place));
        if let Some((_, table)) = shown.find(|(_, table)| again(&table.alias)) {
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
