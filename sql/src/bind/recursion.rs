//! WITH RECURSIVE: a definition that reads itself.
//!
//! Its query is a UNION whose first blocks do not mention the name (the anchors) and whose further blocks each mention it once, in FROM
//! (MySQL manual, 15.2.20 "Recursive Common Table Expressions"). The anchors give the columns their types; all of them may be NULL.

use std::sync::Arc;

use crate::ast::{
    self, Expr, JoinCondition, JoinKind, Query, QueryBody, Select, SelectItem, SetOperator, TableExpr,
};
use crate::bind::common_table::rename;
use crate::bind::scope::Names;
use crate::bind::walk::operands;
use crate::bind::{Binder, select};
use crate::error::{Error, Result};
use crate::execute::ResultColumn;
use crate::plan::query::plan_query;
use crate::plan::set::merged_columns;
use crate::plan::{Body, QueryPlan, RecursivePlan};

/// What a query says of a name.
#[derive(Clone, Copy, Debug, Default)]
struct Mentions {
    /// In FROM of the block itself.
    direct: usize,
    /// Of those, as the side of an outer join that may be missing.
    optional: usize,
    /// In subqueries and derived tables.
    nested: usize,
}

/// Whether a query mentions a name anywhere.
#[must_use]
pub fn mentions(query: &Query, name: &str) -> bool {
    let found = in_query(query, name);
    found.direct + found.nested > 0
}

/// Plans a recursive definition; `begin` is told the columns when the anchors are bound, and gives the definition's number.
///
/// # Errors
/// 3573 to 3577, 1235, 1222, 1353, and those of binding the blocks.
pub fn plan(
    binder: &Binder,
    table: &ast::CommonTable,
    parent: Option<&Names>,
    begin: &mut dyn FnMut(Arc<[ResultColumn]>) -> usize,
) -> Result<QueryPlan> {
    let (query, name) = (&table.query, table.name.as_str());
    if query.with.is_some() {
        return Err(Error::not_supported("WITH inside of a recursive common table expression"));
    }
    let blocks = blocks(query, name)?;
    if !query.order_by.is_empty() {
        return Err(Error::not_supported_by_mysql(
            "ORDER BY over UNION in recursive Common Table Expression",
        ));
    }
    let anchor_count = blocks.iter().take_while(|block| !mentions(block.query, name)).count();
    let (anchors, members) = blocks.split_at(anchor_count);
    if anchors.is_empty() || members.is_empty() || members.iter().any(|block| !mentions(block.query, name)) {
        let text =
            "should have one or more non-recursive query blocks followed by one or more recursive ones";
        return Err(refusal(3574, format_args!("Recursive Common Table Expression '{name}' {text}")));
    }
    let anchors: Vec<QueryPlan> =
        anchors.iter().map(|block| plan_query(binder, block.query, parent)).collect::<Result<_>>()?;
    let mut columns = merged_columns(binder, &anchors)?;
    columns.iter_mut().for_each(|column| column.nullable = true);
    if table.columns.len() == columns.len() {
        rename(&mut columns, &table.columns)?;
    }
    let number = begin(columns.as_slice().into());
    let mut planned = Vec::with_capacity(members.len());
    for block in members {
        check_mentions(block.query, name)?;
        let plan = plan_query(binder, block.query, parent)?;
        if plan.columns.len() != columns.len() {
            return Err(Error::set_operation_columns());
        }
        check_member(&plan, name)?;
        planned.push(plan);
    }
    // What is wrong with the names is said after what is wrong with the blocks.
    rename(&mut columns, &table.columns)?;
    let scope = crate::bind::FromScope::default();
    let names = Names::new(&scope, parent);
    let limit = select::bind_limit(binder, &names, query.limit.as_ref())?;
    let offset = select::bind_limit(binder, &names, query.offset.as_ref())?;
    let correlated = anchors.iter().chain(&planned).any(|plan| plan.correlated);
    let recursive = RecursivePlan {
        number,
        distinct: blocks.iter().any(|block| block.distinct),
        anchors,
        members: planned,
        columns: columns.clone(),
        limit,
        offset,
    };
    Ok(QueryPlan { body: Body::Recursive(Box::new(recursive)), columns, correlated })
}

/// One block of the UNION.
struct Block<'q> {
    query: &'q Query,
    /// The operator before it removes duplicates.
    distinct: bool,
}

/// The operands of a chain of UNIONs.
fn blocks<'q>(query: &'q Query, name: &str) -> Result<Vec<Block<'q>>> {
    let mut blocks = Vec::new();
    let mut rest = query;
    while let QueryBody::SetOperation { operator: SetOperator::Union, left, right, all } = &rest.body {
        blocks.push(Block { query: right, distinct: !all });
        rest = left;
        if !rest.is_bare() {
            break;
        }
    }
    if blocks.is_empty() {
        let text = format_args!("Recursive Common Table Expression '{name}' should contain a UNION");
        return Err(refusal(3573, text));
    }
    blocks.push(Block { query: rest, distinct: false });
    blocks.reverse();
    Ok(blocks)
}

/// How a recursive block may mention its name.
fn check_mentions(query: &Query, name: &str) -> Result<()> {
    let found = in_query(query, name);
    let block = format!(
        "In recursive query block of Recursive Common Table Expression '{name}', the recursive table must"
    );
    if found.nested > 0 || found.direct != 1 {
        return Err(refusal(3577, format_args!("{block} be referenced only once, and not in any subquery")));
    }
    if found.optional > 0 {
        let text = "neither be in the right argument of a LEFT JOIN, nor be forced to be non-first with join order hints";
        return Err(refusal(3576, format_args!("{block} {text}")));
    }
    Ok(())
}

/// What a recursive block may do.
fn check_member(plan: &QueryPlan, name: &str) -> Result<()> {
    let Body::Select(select) = &plan.body else {
        return Err(Error::not_supported("set operations in a recursive query block"));
    };
    if select.aggregate.is_some() || select.window.is_some() {
        let text = "can contain neither aggregation nor window functions in recursive query block";
        return Err(refusal(3575, format_args!("Recursive Common Table Expression '{name}' {text}")));
    }
    if select.distinct || !select.sort.is_empty() || select.limit.is_some() {
        return Err(Error::not_supported_by_mysql(
            "ORDER BY / LIMIT / SELECT DISTINCT in recursive query block of Common Table Expression",
        ));
    }
    Ok(())
}

fn refusal(code: u16, message: std::fmt::Arguments<'_>) -> Error {
    Error { code, state: *b"HY000", message: message.to_string() }
}

fn in_query(query: &Query, name: &str) -> Mentions {
    let mut found = Mentions::default();
    if query.common_tables().any(|table| table.name == name) {
        // The name means another definition in there.
        return found;
    }
    for table in query.common_tables() {
        found.nest(in_query(&table.query, name));
    }
    match &query.body {
        QueryBody::Select(select) => in_select(select, name, &mut found),
        QueryBody::SetOperation { left, right, .. } => {
            for side in [left, right] {
                let side = in_query(side, name);
                found.direct += side.direct;
                found.optional += side.optional;
                found.nested += side.nested;
            }
        }
        QueryBody::Values(rows) => rows.iter().flatten().for_each(|expr| in_expr(expr, name, &mut found)),
        QueryBody::Nested(inner) => found.nest(in_query(inner, name)),
    }
    query.order_by.iter().for_each(|item| in_expr(&item.expr, name, &mut found));
    found
}

fn in_select(select: &Select, name: &str, found: &mut Mentions) {
    if let Some(from) = &select.from {
        in_from(from, name, false, found);
    }
    for item in &select.items {
        if let SelectItem::Expression { expr, .. } = item {
            in_expr(expr, name, found);
        }
    }
    let conditions = select.filter.iter().chain(&select.group_by).chain(&select.having);
    conditions.for_each(|expr| in_expr(expr, name, found));
}

fn in_from(from: &TableExpr, name: &str, is_optional: bool, found: &mut Mentions) {
    match from {
        TableExpr::Table { database: None, table, .. } if table == name => {
            found.direct += 1;
            found.optional += usize::from(is_optional);
        }
        TableExpr::Table { .. } => {}
        TableExpr::Derived { query, .. } => found.nest(in_query(query, name)),
        TableExpr::Join { left, right, kind, condition } => {
            in_from(left, name, is_optional || *kind == JoinKind::Right, found);
            in_from(right, name, is_optional || *kind == JoinKind::Left, found);
            if let JoinCondition::On(expr) = condition {
                in_expr(expr, name, found);
            }
        }
    }
}

fn in_expr(expr: &Expr, name: &str, found: &mut Mentions) {
    if let Some(query) = expr.subquery() {
        found.nest(in_query(query, name));
    }
    operands(expr, &mut |operand| in_expr(operand, name, found));
}

impl Mentions {
    /// Adds what is said in a query inside.
    fn nest(&mut self, inner: Mentions) {
        self.nested += inner.direct + inner.nested;
    }
}
