//! Planning set operations, VALUES, and queries in parentheses that are sorted or cut once more.
//!
//! An operation has two operands; a chain of UNIONs leans to the left, and all of it takes the types that hold every operand's
//! values. What is sorted and cut is the outcome of the operation, by its columns.

use crate::ast::{self, Expr, SetOperator};
use crate::bind::block::{AggregateList, Aliases, column_expression};
use crate::bind::scope::{TableSource, VisibleColumn};
use crate::bind::{Binder, BlockScope, Clause, FromScope, Names, order, origin, select, walk};
use crate::error::{Error, Result};
use crate::execute::ResultColumn;
use crate::expression::Expression;
use crate::expression::announce::{Announced, Form};
use crate::plan::node::{Body, QueryPlan, SortKey};
use crate::plan::query::plan_query;
use crate::types::{Collation, DataType, TypeKind};

/// The plan of a set operation.
#[derive(Debug)]
pub struct SetPlan {
    /// First operand.
    pub first: QueryPlan,
    /// The operator, whether it keeps duplicates (ALL), and the second operand. None: a query in parentheses that is sorted or cut once
    /// more.
    pub second: Option<(SetOperator, bool, QueryPlan)>,
    /// Types that the operands' columns are converted to.
    pub types: Vec<DataType>,
    /// Expressions over the result's columns: these first, then keys of ORDER BY that are computed.
    pub project: Vec<Expression>,
    /// ORDER BY.
    pub sort: Vec<SortKey>,
    /// LIMIT.
    pub limit: Option<Expression>,
    /// OFFSET.
    pub offset: Option<Expression>,
    /// SQL_CALC_FOUND_ROWS in the first block.
    pub calc_found_rows: bool,
}

/// `VALUES ROW(…), …`.
#[derive(Debug)]
pub struct ValuesPlan {
    /// The rows.
    pub rows: Vec<Vec<Expression>>,
    /// Types that their values are converted to.
    pub types: Vec<DataType>,
}

/// WITH RECURSIVE.
#[derive(Debug)]
pub struct RecursivePlan {
    /// Which of the statement's it is.
    pub number: usize,
    /// The blocks that begin.
    pub anchors: Vec<QueryPlan>,
    /// The blocks that read the rows of the step before.
    pub members: Vec<QueryPlan>,
    /// UNION DISTINCT: a row that was there is none of the next step.
    pub distinct: bool,
    /// The columns, whose types and names the values of all blocks are stored by.
    pub columns: Vec<ResultColumn>,
    /// LIMIT: the recursion ends with that many rows.
    pub limit: Option<Expression>,
    /// OFFSET.
    pub offset: Option<Expression>,
}

/// Plans the operation of a query.
///
/// # Errors
/// 1222, 1250, 3028 and those of the operands.
pub fn plan_operation(
    binder: &Binder,
    query: &ast::Query,
    (operator, all): (SetOperator, bool),
    (left, right): (&ast::Query, &ast::Query),
    parent: Option<&Names>,
) -> Result<QueryPlan> {
    let first = plan_query(binder, left, parent)?;
    let second = plan_query(binder, right, parent)?;
    let mut operands = [first, second];
    let mut columns = merged_columns(binder, &operands)?;
    origin::agree_columns(&operands, &mut columns, binder.session.variables.collation_connection)?;
    let types: Vec<DataType> = columns.iter().map(|column| column.data_type).collect();
    operands.iter_mut().for_each(|operand| origin::write_as_they_are(operand, &types));
    let [first, second] = operands;
    finish(binder, query, (first, Some((operator, all, second))), columns, parent)
}

/// Plans a query in parentheses, with ORDER BY and LIMIT after them.
///
/// # Errors
/// As [`plan_operation`].
pub fn plan_nested(
    binder: &Binder,
    query: &ast::Query,
    inner: &ast::Query,
    parent: Option<&Names>,
) -> Result<QueryPlan> {
    let first = plan_query(binder, inner, parent)?;
    let of = |column: &ResultColumn| {
        ResultColumn::computed(column.name.as_str(), column.data_type, column.nullable)
    };
    // What is only cut stays what it was; what is sorted passes a temporary table.
    let columns = match query.order_by.is_empty() {
        true => first.columns.clone(),
        false => first.columns.iter().map(of).collect(),
    };
    finish(binder, query, (first, None), columns, parent)
}

/// Plans VALUES.
///
/// # Errors
/// 1136, 3942, 3943 and those of binding the values.
pub fn plan_values(
    binder: &Binder,
    query: &ast::Query,
    rows: &[Vec<Expr>],
    parent: Option<&Names>,
) -> Result<QueryPlan> {
    let scope = FromScope::default();
    let names = Names::new(&scope, parent);
    let width = rows.first().map_or(0, Vec::len);
    let mut bound = Vec::with_capacity(rows.len());
    for (number, row) in rows.iter().enumerate() {
        if row.is_empty() {
            let message = "Each row of a VALUES clause must have at least one column, unless when used as source in an INSERT statement.";
            return Err(Error { code: 3942, state: *b"HY000", message: message.to_owned() });
        }
        if row.len() != width {
            return Err(Error::value_count(number + 1));
        }
        if row.iter().any(|expr| matches!(expr, Expr::Default(None))) {
            let message =
                "A VALUES clause cannot use DEFAULT values, unless used as a source in an INSERT statement.";
            return Err(Error { code: 3943, state: *b"HY000", message: message.to_owned() });
        }
        let mut scope = BlockScope::new(binder, &names, Clause::FieldList);
        bound.push(row.iter().map(|expr| scope.bind(expr)).collect::<Result<Vec<_>>>()?);
    }
    let mut columns = Vec::with_capacity(width);
    for position in 0..width {
        let types = bound.iter().map(|row| row[position].data_type());
        let data_type =
            types.reduce(|left, right| merged_type(binder, left, right)).unwrap_or(DataType::NULL);
        let nullable = bound.iter().any(|row| row[position].nullable());
        columns.push(ResultColumn::computed(format!("column_{position}"), data_type, nullable));
    }
    let types = columns.iter().map(|column| column.data_type).collect();
    let body = Body::Values(Box::new(ValuesPlan { rows: bound, types }));
    let values = QueryPlan { body, columns: columns.clone(), correlated: names.correlated.get() };
    if query.order_by.is_empty() && query.limit.is_none() {
        return Ok(values);
    }
    finish(binder, query, (values, None), columns, parent)
}

/// The columns of an operation: names of the first operand, types that hold the values of all.
///
/// # Errors
/// 1222.
pub fn merged_columns(binder: &Binder, operands: &[QueryPlan]) -> Result<Vec<ResultColumn>> {
    let Some((first, rest)) = operands.split_first() else { return Ok(Vec::new()) };
    if rest.iter().any(|operand| operand.columns.len() != first.columns.len()) {
        return Err(Error::set_operation_columns());
    }
    let connection = binder.session.variables.collation_connection;
    let merge = |(position, column): (usize, &ResultColumn)| {
        let others = || rest.iter().map(|operand| &operand.columns[position]);
        let mixed = origin::text_of_mixture(operands, position, connection);
        let as_text = |own: DataType| match mixed {
            Some(collation) if own.is_binary() => DataType::varchar(own.characters(), collation),
            _ => own,
        };
        let merge = |known, other: &ResultColumn| merged_type(binder, known, as_text(other.data_type));
        let data_type = match others().fold(as_text(column.data_type), merge) {
            // NULLs alone are empty binary strings.
            DataType { kind: TypeKind::Null, .. } => DataType::varbinary(0),
            // A DECIMAL may be negative, whatever it is made of, and bytes have no sign.
            data_type if data_type.is_decimal() || data_type.is_string() => data_type.with_unsigned(false),
            data_type => data_type,
        };
        let nullable = column.nullable || others().any(|other| other.nullable);
        let width = |column: &ResultColumn| match column.announced.width {
            0 => column.data_type.characters(),
            width => width,
        };
        let is_integer = std::iter::once(column).chain(others()).all(|own| own.data_type.is_integer());
        let width = if is_integer { others().map(width).fold(width(column), u32::max) } else { 0 };
        let announced = Announced { form: Form::Temporary, width };
        ResultColumn { announced, ..ResultColumn::computed(column.name.as_str(), data_type, nullable) }
    };
    Ok(first.columns.iter().enumerate().map(merge).collect())
}

/// The type of a column of a set operation.
fn merged_type(binder: &Binder, left: DataType, right: DataType) -> DataType {
    let collation = match (left.is_text(), right.is_text()) {
        _ if left.is_binary() || right.is_binary() => Collation::Binary,
        // No character may be lost: a set that has all of them, of either operand or the usual one.
        (true, true) if left.collation.set() != right.collation.set() => {
            let either = [left.collation, right.collation];
            let full = either.into_iter().find(|collation| collation.set().holds_everything());
            full.unwrap_or_default()
        }
        (true, _) => left.collation,
        (false, true) => right.collation,
        (false, false) => binder.session.variables.collation_connection,
    };
    // ENUM and SET columns give their members' names.
    let plain = |data_type: DataType| match data_type.has_members() {
        true => DataType::varchar(data_type.characters(), data_type.collation),
        false => data_type,
    };
    crate::expression::common_type(&[plain(left), plain(right)], collation)
}

/// ORDER BY and LIMIT of an operation.
fn finish(
    binder: &Binder,
    query: &ast::Query,
    (mut first, second): (QueryPlan, Option<(SetOperator, bool, QueryPlan)>),
    columns: Vec<ResultColumn>,
    parent: Option<&Names>,
) -> Result<QueryPlan> {
    if query.locking.is_some() {
        return Err(Error::not_supported("a locking clause after a set operation or a query in parentheses"));
    }
    let scope = result_scope(&columns)?;
    let names = Names::new(&scope, parent);
    if second.is_some() {
        query.order_by.iter().try_for_each(|item| check_order(&item.expr))?;
    }
    let items: Vec<select::Item> = columns
        .iter()
        .enumerate()
        .map(|(slot, column)| select::Item {
            expression: column_expression(slot, column),
            column: column.clone(),
        })
        .collect();
    let mut list = AggregateList::new(columns.len());
    let aliases = Aliases { items: &items, group_slots: &[] };
    let order = order::bind_order_by(binder, &names, &query.order_by, &mut list, aliases)?;
    if !list.calls.is_empty() || !list.windows.calls.is_empty() {
        let message = "Expression #1 of ORDER BY contains aggregate function and applies to a UNION, EXCEPT or INTERSECT";
        return Err(Error { code: 3028, state: *b"HY000", message: message.to_owned() });
    }
    let mut project: Vec<Expression> = items.into_iter().map(|item| item.expression).collect();
    let mut sort = Vec::with_capacity(order.len());
    for key in order {
        let position = key.item.unwrap_or_else(|| {
            project.push(key.expression.clone());
            project.len() - 1
        });
        let collation = key.expression.data_type().collation;
        sort.push(SortKey { position, descending: key.descending, collation });
    }
    let limit = select::bind_limit(binder, &names, query.limit.as_ref())?;
    let offset = select::bind_limit(binder, &names, query.offset.as_ref())?;
    let correlated = first.correlated
        || second.as_ref().is_some_and(|(_, _, second)| second.correlated)
        || names.correlated.get();
    let types: Vec<DataType> = columns.iter().map(|column| column.data_type).collect();
    widen(&mut first, &types);
    let calc_found_rows = second.is_some() && takes_found_rows(&mut first);
    let plan = SetPlan { first, second, types, project, sort, limit, offset, calc_found_rows };
    Ok(QueryPlan { body: Body::Set(Box::new(plan)), columns, correlated })
}

/// The outcome of an operation, as its ORDER BY sees it.
fn result_scope(columns: &[ResultColumn]) -> Result<FromScope> {
    let mut scope = FromScope::default();
    scope.add(crate::bind::BoundTable {
        source: TableSource::Derived(std::sync::Arc::new(empty_query())),
        database: String::new(),
        alias: String::new(),
        base: 0,
        columns: columns.to_vec(),
        hints: Vec::new(),
        outer_joined: false,
    })?;
    let visible = columns.iter().enumerate();
    scope.visible = visible
        .map(|(slot, column)| VisibleColumn { name: column.name.clone(), slot, invisible: false })
        .collect();
    Ok(scope)
}

/// ORDER BY of an operation knows columns of the outcome, not tables.
fn check_order(expr: &Expr) -> Result<()> {
    if let Expr::Column { table: Some(table), .. } = expr {
        let message =
            format!("Table '{table}' from one of the SELECTs cannot be used in global ORDER clause");
        return Err(Error { code: 1250, state: *b"42000", message });
    }
    let mut checked = Ok(());
    walk::operands(expr, &mut |operand| {
        if checked.is_ok() {
            checked = check_order(operand);
        }
    });
    checked
}

/// SQL_CALC_FOUND_ROWS in the first block of a chain counts the rows of the whole.
fn takes_found_rows(query: &mut QueryPlan) -> bool {
    match &mut query.body {
        Body::Select(select) => select.limit.is_none() && std::mem::take(&mut select.calc_found_rows),
        Body::Set(set) => set.limit.is_none() && std::mem::take(&mut set.calc_found_rows),
        Body::Values(_) | Body::Recursive(_) => false,
    }
}

/// In a chain of operations all operands' values become the types of the whole at once: `1 UNION 2.5 UNION 'x'` is text.
fn widen(query: &mut QueryPlan, types: &[DataType]) {
    let Body::Set(set) = &mut query.body else {
        return;
    };
    if !set.sort.is_empty() || set.limit.is_some() {
        return;
    }
    set.types = types.to_vec();
    for (column, data_type) in query.columns.iter_mut().zip(types) {
        column.data_type = *data_type;
    }
    widen(&mut set.first, types);
}

/// Stands for the outcome of an operation in the scope of its ORDER BY; never run.
pub(super) fn empty_query() -> QueryPlan {
    let body = Body::Values(Box::new(ValuesPlan { rows: Vec::new(), types: Vec::new() }));
    QueryPlan { body, columns: Vec::new(), correlated: false }
}
