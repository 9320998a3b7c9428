//! The [`Scope`] of a query block: what a column, a subquery or an aggregate means in one of its clauses.

use std::sync::Arc;

use crate::account::Privilege;
use crate::ast::{AggregateCall, AggregateFunction, Expr, Query, QueryBody, WindowCall};
use crate::bind::rollup::{self, GROUPING_SLOTS};
use crate::bind::scope::{Lookup, Names, TableSource, View};
use crate::bind::select::{Item, plain_column};
use crate::bind::window::{WindowList, Windowing};
use crate::bind::{Binder, merge};
use crate::catalog::ColumnDefault;
use crate::error::{Error, Result};
use crate::execute::ResultColumn;
use crate::expression::{Coercibility, Expression, Scope, Subquery, SubqueryKind};
use crate::program::within::function::{FunctionPlan, Site};
use crate::session::{SessionState, Warning};
use crate::types::{DataType, DateTime, TypeKind, Value};

/// A clause of a query block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clause {
    /// The select list, or the assignments of UPDATE.
    FieldList,
    /// WHERE.
    Where,
    /// ON.
    On,
    /// GROUP BY.
    GroupBy,
    /// HAVING.
    Having,
    /// ORDER BY.
    OrderBy,
    /// LIMIT and OFFSET, where no column may stand.
    Limit,
    /// PARTITION BY of a window.
    WindowPartition,
    /// ORDER BY of a window.
    WindowOrder,
}

impl Clause {
    /// MySQL's name of the clause in error messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Clause::FieldList => "field list",
            Clause::Where => "where clause",
            Clause::On => "on clause",
            Clause::GroupBy => "group statement",
            Clause::Having => "having clause",
            Clause::OrderBy => "order clause",
            Clause::Limit => "limit clause",
            Clause::WindowPartition => "window partition by",
            Clause::WindowOrder => "window order by",
        }
    }
}

/// One aggregate call of a block, bound.
#[derive(Clone, Debug)]
pub struct Aggregate {
    /// The call as written: equal calls share a slot.
    pub call: AggregateCall,
    /// Arguments; empty for COUNT(*).
    pub arguments: Vec<Expression>,
    /// GROUP_CONCAT's ORDER BY.
    pub order_by: Vec<(Expression, bool)>,
    /// Type of the result.
    pub data_type: DataType,
    /// Whether the result may be NULL.
    pub nullable: bool,
}

/// The aggregate calls of a block; call `i` has slot `base + i`.
#[derive(Debug, Default)]
pub struct AggregateList {
    /// The first slot.
    pub base: usize,
    /// The calls.
    pub calls: Vec<Aggregate>,
    /// The window functions.
    pub windows: WindowList,
    /// The arguments of the calls of GROUPING(); call `i` has slot `GROUPING_SLOTS + i`.
    pub groupings: Vec<Vec<Expression>>,
}

impl AggregateList {
    /// No calls yet; the first aggregate takes slot `base`.
    #[must_use]
    pub fn new(base: usize) -> AggregateList {
        AggregateList { base, ..AggregateList::default() }
    }
}

/// What HAVING and ORDER BY see of the select list and of GROUP BY.
#[derive(Clone, Copy)]
pub struct Aliases<'s> {
    /// The select list.
    pub items: &'s [Item],
    /// Slots of the columns in GROUP BY.
    pub group_slots: &'s [usize],
}

/// The scope of a clause.
pub struct BlockScope<'s> {
    binder: &'s Binder<'s>,
    names: &'s Names<'s>,
    clause: Clause,
    /// Restricts the tables seen, in ON.
    pub view: Option<&'s View>,
    /// Where aggregates go; none where they may not stand.
    pub aggregates: Option<&'s mut AggregateList>,
    /// Select list, for HAVING and ORDER BY.
    pub aliases: Option<Aliases<'s>>,
    /// What the columns of this block are used for: SELECT, or what they are written by.
    pub privilege: Privilege,
    inside_aggregate: bool,
    pub(super) windowing: Windowing,
}

impl<'s> BlockScope<'s> {
    /// A scope without aggregates and aliases.
    #[must_use]
    pub fn new(binder: &'s Binder<'s>, names: &'s Names<'s>, clause: Clause) -> BlockScope<'s> {
        BlockScope {
            binder,
            names,
            clause,
            view: None,
            aggregates: None,
            aliases: None,
            privilege: Privilege::Select,
            inside_aggregate: false,
            windowing: Windowing::Outside,
        }
    }

    /// The clause that it is for.
    pub(super) fn clause(&self) -> Clause {
        self.clause
    }

    pub(super) fn set_clause(&mut self, clause: Clause) {
        self.clause = clause;
    }

    /// Whether the arguments of an aggregate are being bound.
    pub(super) fn is_inside_aggregate(&self) -> bool {
        self.inside_aggregate
    }

    /// The scope of a window's expressions. It takes the list of aggregates with it.
    pub(super) fn within_window(&mut self, name: &str) -> BlockScope<'s> {
        let mut inner = BlockScope::new(self.binder, self.names, Clause::WindowPartition);
        inner.aggregates = self.aggregates.take();
        inner.windowing = Windowing::Window(name.to_owned());
        inner
    }

    /// Binds an expression here.
    ///
    /// # Errors
    /// Those of `expression::bind`.
    pub fn bind(&mut self, expr: &Expr) -> Result<Expression> {
        crate::expression::bind(expr, self)
    }

    /// A key of GROUP_CONCAT's ORDER BY; a number is the place of an argument.
    fn bind_concat_key(&mut self, key: &Expr, call: &AggregateCall) -> Result<Expression> {
        let Expr::Literal(Value::Int(number @ 0..)) = key else { return self.bind(key) };
        let place = usize::try_from(*number).ok().and_then(|number| number.checked_sub(1));
        match place.and_then(|place| call.arguments.get(place)) {
            Some(argument) => self.bind(argument),
            None => Err(Error::unknown_column(number, Clause::OrderBy.name())),
        }
    }

    /// Notes that a column of the first table is read, by its position.
    pub fn use_own_column(&self, column: usize) {
        if let Some(table) = self.names.from.tables.first() {
            self.binder.use_column(Privilege::Select, table, column);
        }
    }

    fn slot(&self, slot: usize) -> Result<Expression> {
        let from = self.names.from;
        let found = from.table_of(slot).map(|(table, position)| (&from.tables[table], position));
        let (table, position) = found.ok_or_else(|| Error::internal("a slot without column"))?;
        self.binder.use_column(self.privilege, table, position);
        Ok(column_expression(slot, &table.columns[position]))
    }

    /// An item of the select list by its name. Several items of that name are ambiguous unless they are one column.
    fn alias(&self, aliases: Aliases<'s>, name: &str) -> Result<Option<Expression>> {
        let mut found: Option<&Item> = None;
        for item in aliases.items {
            if !item.column.name.eq_ignore_ascii_case(name) {
                continue;
            }
            if let Some(other) = found {
                let same = plain_column(&other.expression).is_some()
                    && plain_column(&other.expression) == plain_column(&item.expression);
                if !same {
                    return Err(Error::ambiguous_column(name, self.clause.name()));
                }
            }
            found = Some(item);
        }
        if self.clause == Clause::Having
            && let Some(item) = found
            && rollup::has_window_function(&item.expression)
        {
            let message = format!(
                "You cannot use the alias '{name}' of an expression containing a window function in this context.'"
            );
            return Err(Error { code: 3594, state: *b"HY000", message });
        }
        Ok(found.map(|item| item.expression.clone()))
    }

    fn unknown(&self, database: Option<&str>, table: Option<&str>, column: &str) -> Error {
        let is_read = self.privilege == Privilege::Select && self.names.parent.is_none();
        if is_read
            && !matches!(self.clause, Clause::Having | Clause::Limit)
            && let Some(first) = self.names.from.tables.first()
        {
            // As MySQL: who may not read all of it does not hear what there is not.
            self.binder.miss_column(first, column);
        }
        let mut name = String::new();
        for part in [database, table].into_iter().flatten() {
            name.push_str(part);
            name.push('.');
        }
        name.push_str(column);
        Error::unknown_column(name, self.clause.name())
    }

    /// HAVING sees columns of GROUP BY, the select list, and columns outside, in this order.
    fn having_column(
        &self,
        aliases: Aliases<'s>,
        database: Option<&str>,
        table: Option<&str>,
        column: &str,
    ) -> Result<Option<Expression>> {
        let found = self.names.from.lookup(None, database, table, column);
        if let Lookup::Found(slot) = found
            && aliases.group_slots.contains(&slot)
        {
            return self.slot(slot).map(Some);
        }
        if table.is_none()
            && let Some(expression) = self.alias(aliases, column)?
        {
            return Ok(Some(expression));
        }
        if let Lookup::Found(slot) = found
            && aliases.items.iter().any(|item| plain_column(&item.expression) == Some(slot))
        {
            return self.slot(slot).map(Some);
        }
        Ok(None)
    }

    fn outside(
        &self,
        database: Option<&str>,
        table: Option<&str>,
        column: &str,
    ) -> Result<Option<Expression>> {
        let found = self.names.lookup_outside(database, table, column, self.clause.name())?;
        if let Some((depth, slot, _)) = &found
            && let Some(names) = self.names.outward(*depth)
            && let Some((table, position)) = names.from.table_of(*slot)
        {
            self.binder.use_column(Privilege::Select, &names.from.tables[table], position);
        }
        Ok(found.map(|(depth, slot, column)| {
            let behind = self.names.outward(depth).and_then(|names| names.from.behind(slot));
            let slot = match behind {
                Some(Expression::Column { index, .. }) => *index,
                Some(item) => return merge::seen_from_inside(item, depth),
                None => slot,
            };
            Expression::outer(depth, slot, column.data_type, column.nullable, column.name.as_str())
        }))
    }
}

/// A reference to a slot of the executing row.
#[must_use]
pub fn column_expression(slot: usize, column: &ResultColumn) -> Expression {
    Expression::column(slot, column.data_type, column.nullable, column.name.as_str())
}

impl Scope for BlockScope<'_> {
    fn stored_function(
        &self,
        database: Option<&str>,
        name: &str,
        argument_count: usize,
    ) -> Result<Arc<FunctionPlan>> {
        let Binder { catalog, session, .. } = *self.binder;
        Site { catalog, session, needs: self.binder.needs() }.find(database, name, argument_count)
    }

    fn warn(&self, warning: Warning) {
        self.binder.needs().warn(warning);
    }

    fn warn_of_constant(&self, beside: &Expression, constant: &Expression) {
        self.binder.needs().warn_of_constant(beside.clone(), constant.clone());
    }

    fn column(&mut self, database: Option<&str>, table: Option<&str>, column: &str) -> Result<Expression> {
        if self.clause == Clause::Limit {
            return Err(self.unknown(database, table, column));
        }
        if let (Clause::Having, Some(aliases), false) = (self.clause, self.aliases, self.inside_aggregate) {
            if let Some(found) = self.having_column(aliases, database, table, column)? {
                return Ok(found);
            }
            let outside = self.outside(database, table, column)?;
            return outside.ok_or_else(|| self.unknown(database, table, column));
        }
        match self.names.from.lookup(self.view, database, table, column) {
            Lookup::Found(slot) => return self.slot(slot),
            Lookup::Ambiguous => return Err(Error::ambiguous_column(column, self.clause.name())),
            Lookup::Missing => {}
        }
        if let (None, Some(aliases)) = (table, self.aliases)
            && let Some(found) = self.alias(aliases, column)?
        {
            return Ok(found);
        }
        let outside = self.outside(database, table, column)?;
        outside.ok_or_else(|| self.unknown(database, table, column))
    }

    fn subquery(&mut self, query: &Query, kind: SubqueryKind) -> Result<Arc<Subquery>> {
        let noted = self.names.read_from_inside.borrow().len();
        let named = self.names.named_from_inside.borrow().len();
        if kind == SubqueryKind::Exists && matches!(query.body, QueryBody::Select(_)) {
            self.binder.bind_exists();
        }
        let is_searched = matches!(kind, SubqueryKind::In | SubqueryKind::Quantified(_));
        if is_searched && query.limit.is_some() {
            return Err(Error::not_supported_by_mysql("LIMIT & IN/ALL/ANY/SOME subquery"));
        }
        let before = self.names.takes_aggregates.replace(self.aggregates.is_some());
        let plan = crate::plan::query::plan_query(self.binder, query, Some(self.names));
        self.names.takes_aggregates.set(before);
        let plan = plan?;
        let columns = crate::bind::origin::column_types(&plan);
        if kind == SubqueryKind::Scalar && columns.len() != 1 {
            return Err(Error::operand_columns(1));
        }
        let mut outer_columns = self.names.read_from_inside.borrow()[noted..].to_vec();
        outer_columns.sort_unstable();
        outer_columns.dedup();
        let correlated = plan.correlated;
        let dependence = crate::plan::dependence::of_query(&plan);
        let outer_names = self.names.named_from_inside.borrow()[named..].to_vec();
        Ok(Arc::new(Subquery { kind, plan, correlated, dependence, columns, outer_columns, outer_names }))
    }

    fn aggregate(&mut self, call: &AggregateCall) -> Result<Expression> {
        // A group keeps its first row, so ANY_VALUE(x) is x.
        if let (AggregateFunction::AnyValue, [argument]) = (call.function, call.arguments.as_slice()) {
            return self.bind(argument);
        }
        if self.inside_aggregate || self.aggregates.is_none() {
            let may_be_outer = self.names.parent.is_some_and(|parent| parent.takes_aggregates.get());
            let arguments =
                call.arguments.iter().map(|argument| self.bind(argument)).collect::<Result<Vec<_>>>();
            return Err(match arguments {
                Ok(arguments) if may_be_outer && refers_outside_only(&arguments) => outer_aggregate(),
                _ => Error::invalid_group_function(),
            });
        }
        if let Some(list) = &self.aggregates
            && let Some(position) = list.calls.iter().position(|known| known.call == *call)
        {
            return Ok(aggregate_slot(list, position));
        }
        self.inside_aggregate = true;
        let arguments = call.arguments.iter().map(|argument| self.bind(argument)).collect::<Result<Vec<_>>>();
        let order_by = call
            .order_by
            .iter()
            .map(|(key, descending)| Ok((self.bind_concat_key(key, call)?.sort_key(), *descending)))
            .collect::<Result<Vec<_>>>();
        self.inside_aggregate = false;
        let (mut arguments, order_by) = (arguments?, order_by?);
        crate::expression::aggregate::prepare_arguments(call.function, call.distinct, &mut arguments)?;
        if refers_outside_only(&arguments) {
            return Err(outer_aggregate());
        }
        let arguments: Vec<Expression> = arguments
            .into_iter()
            .map(|argument| crate::expression::member::aggregate_argument(call.function, argument))
            .collect();
        let (data_type, nullable) = crate::expression::aggregate::result_type(call.function, &arguments);
        let list = self.aggregates.as_mut().ok_or_else(Error::invalid_group_function)?;
        list.calls.push(Aggregate { call: call.clone(), arguments, order_by, data_type, nullable });
        Ok(aggregate_slot(list, list.calls.len() - 1))
    }

    fn window(&mut self, call: &WindowCall) -> Result<Expression> {
        self.bind_window(call)
    }

    fn grouping(&mut self, arguments: &[Expr]) -> Result<Expression> {
        if self.inside_aggregate {
            return Ok(Expression::integer(0));
        }
        if self.aggregates.is_none() {
            return Err(Error::invalid_group_function());
        }
        let arguments = arguments.iter().map(|argument| self.bind(argument)).collect::<Result<Vec<_>>>()?;
        let list = self.aggregates.as_mut().ok_or_else(Error::invalid_group_function)?;
        list.groupings.push(arguments);
        let slot = GROUPING_SLOTS + list.groupings.len() - 1;
        Ok(Expression::column(slot, DataType::BIGINT, true, "grouping"))
    }

    fn inserted_value(&mut self, column: &str) -> Result<Expression> {
        Err(self.unknown(None, None, column))
    }

    fn default_value(&mut self, column: &str) -> Result<Expression> {
        let Expression::Column { index, data_type, nullable, .. } = self.column(None, None, column)? else {
            return Err(Error::not_supported("DEFAULT() of a column of another query"));
        };
        let from = self.names.from;
        let found = from.table_of(index).map(|(table, position)| (&from.tables[table], position));
        let Some((table, position)) = found else {
            return Err(Error::internal("a slot without column"));
        };
        let TableSource::Base(stored) = &table.source else {
            return Err(Error::not_supported("DEFAULT() of a column of a derived table"));
        };
        crate::dml::insert::check_default_call(stored, position)?;
        let own = &stored.columns[position];
        match &own.default {
            ColumnDefault::Constant(Value::DateTime(_))
                if matches!(data_type.kind, TypeKind::Timestamp(_))
                    && self.binder.session.variables.time_zone != crate::types::TimeZone::UTC =>
            {
                Err(Error::not_supported("DEFAULT() of a TIMESTAMP in another time zone than UTC"))
            }
            ColumnDefault::Constant(value) => Ok(Expression::constant(value.clone(), data_type)),
            // As in MySQL, which does not call the function here.
            ColumnDefault::Now if nullable => Ok(Expression::constant(Value::Null, data_type)),
            ColumnDefault::Now => Ok(Expression::constant(Value::DateTime(DateTime::ZERO), data_type)),
            ColumnDefault::None if own.auto_increment => {
                Ok(Expression::constant(crate::dml::default::implicit(&data_type), data_type))
            }
            ColumnDefault::None if nullable => Ok(Expression::constant(Value::Null, data_type)),
            ColumnDefault::None | ColumnDefault::Expression(_) => Err(Error::no_default(&own.name)),
        }
    }

    fn session(&self) -> &SessionState {
        self.binder.session
    }

    fn check_at_start(&self, expression: &Expression) {
        self.binder.check_at_start(expression);
    }
}

fn outer_aggregate() -> Error {
    Error::not_supported("an aggregate of an enclosing query's columns in a subquery")
}

fn aggregate_slot(list: &AggregateList, position: usize) -> Expression {
    let aggregate = &list.calls[position];
    let name = format!("{:?}", aggregate.call.function).to_ascii_lowercase();
    // MIN and MAX hold on to the collation as much as what they are chosen from.
    let is_weak = matches!(aggregate.call.function, AggregateFunction::Min | AggregateFunction::Max)
        && aggregate.data_type.is_text()
        && aggregate
            .arguments
            .first()
            .is_some_and(|argument| argument.coercibility() >= Coercibility::Coercible);
    let data_type = if is_weak { aggregate.data_type.with_weak_collation() } else { aggregate.data_type };
    Expression::column(list.base + position, data_type, aggregate.nullable, name.as_str())
}

/// Whether the arguments read rows of enclosing queries and none of this one: SQL then aggregates in the enclosing query.
fn refers_outside_only(arguments: &[Expression]) -> bool {
    let mut outside = false;
    let mut inside = false;
    for argument in arguments {
        outside |= crate::plan::slots::reads_outside(argument);
        inside |= !crate::plan::slots::slots_of(argument).is_empty();
    }
    outside && !inside
}
