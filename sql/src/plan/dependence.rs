//! What a subquery's result depends on: how far out the rows are that it reads, and whether it may differ from run to run.

use crate::bind::scope::Dependent;
use crate::catalog::TableId;
use crate::expression::Expression;
use crate::plan::node::{Body, JoinMethod, Node, QueryPlan, RowsSource, SelectPlan};
use crate::plan::slots;

/// What the result of a subquery depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dependence {
    /// It calls RAND() or the like, or has to do with user variables: MySQL calls it uncacheable, and runs it whenever it is asked for.
    pub is_volatile: bool,
    /// How many blocks out the farthest row is that it reads; 0 for none, 1 for the row of the block it stands in.
    pub reach: usize,
    /// It reads what is not known here: rows of another WITH, of the step of a recursion, of the server, or rows that it locks.
    pub is_opaque: bool,
    /// The tables that it reads.
    pub tables: Vec<TableId>,
}

impl Dependence {
    /// Whether the row of the block it stands in determines the result.
    #[must_use]
    pub fn is_on_row_alone(&self) -> bool {
        !self.is_volatile && !self.is_opaque && self.reach <= 1
    }

    fn note_table(&mut self, table: TableId) {
        if !self.tables.contains(&table) {
            self.tables.push(table);
        }
    }
}

/// What the result of a query depends on.
#[must_use]
pub fn of_query(plan: &QueryPlan) -> Dependence {
    let mut found = Dependence { is_opaque: plan.locks_rows(), ..Dependence::default() };
    note_query(plan, 0, &mut found);
    found
}

/// Notes a query that stands `level` blocks inside of the one that is asked about.
fn note_query(plan: &QueryPlan, level: usize, found: &mut Dependence) {
    plan.operands().for_each(|operand| note_query(operand, level, found));
    match &plan.body {
        Body::Select(select) => note_select(select, level, found),
        Body::Values(values) => note_all(values.rows.iter().flatten(), level, found),
        Body::Set(set) => {
            note_all(set.project.iter().chain(&set.limit).chain(&set.offset), level, found);
        }
        Body::Recursive(recursive) => {
            note_all(recursive.limit.iter().chain(&recursive.offset), level, found);
        }
    }
}

fn note_select(select: &SelectPlan, level: usize, found: &mut Dependence) {
    let stages = select.constant_conditions.iter().chain(&select.checks).chain(&select.having);
    let stages = stages.chain(&select.project).chain(&select.limit).chain(&select.offset);
    note_all(stages, level, found);
    if let Some(aggregate) = &select.aggregate {
        note_all(&aggregate.keys, level, found);
        for call in &aggregate.aggregates {
            note_all(call.arguments.iter().chain(call.order_by.iter().map(|(key, _)| key)), level, found);
        }
    }
    if let Some(window) = &select.window {
        note_all(&window.inputs, level, found);
        let functions = window.steps.iter().flat_map(|step| &step.functions);
        note_all(functions.filter_map(|function| function.number.as_ref()), level, found);
    }
    if let Some(source) = &select.source {
        note_node(source, level, found);
    }
}

fn note_node(node: &Node, level: usize, found: &mut Dependence) {
    match node {
        Node::Scan(scan) => {
            found.note_table(scan.table.id);
            note_all(scan.filter.iter().chain(&scan.implied), level, found);
            for term in scan.access.terms.iter().chain(&scan.access.pruning) {
                term.kind.each_value(&mut |value| note(value, level, found));
            }
        }
        Node::Filter(filter) => {
            note_all(&filter.conditions, level, found);
            note_node(&filter.input, level, found);
        }
        Node::Join(join) => {
            note_all(&join.on, level, found);
            if let JoinMethod::Buffered { keys, .. } = &join.method {
                note_all(keys.iter().flat_map(|key| [&key.outer, &key.inner]), level, found);
            }
            note_node(&join.outer, level, found);
            note_node(&join.inner, level, found);
        }
        Node::Rows(rows) => {
            note_all(&rows.filter, level, found);
            match &rows.source {
                RowsSource::Derived(plan) => note_query(plan, level, found),
                RowsSource::Virtual(_) => found.is_opaque = true,
                RowsSource::Dependent(dependent) => match dependent.as_ref() {
                    // Its own outer row is that of the block it stands in.
                    Dependent::Lateral { plan, .. } => note_query(plan, level + 1, found),
                    Dependent::Common { .. } | Dependent::Working { .. } => found.is_opaque = true,
                },
            }
        }
    }
}

fn note_all<'e>(expressions: impl IntoIterator<Item = &'e Expression>, level: usize, found: &mut Dependence) {
    expressions.into_iter().for_each(|expression| note(expression, level, found));
}

fn note(expression: &Expression, level: usize, found: &mut Dependence) {
    expression.visit(&mut |part| {
        found.is_volatile |= slots::is_volatile_part(part);
        if let Expression::Outer { depth, .. } = part {
            found.reach = found.reach.max(depth.saturating_sub(level));
        }
        if let Some(subquery) = slots::subquery_of(part) {
            let inner = &subquery.dependence;
            inner.tables.iter().for_each(|table| found.note_table(*table));
            found.is_opaque |= inner.is_opaque;
            found.reach = found.reach.max(inner.reach.saturating_sub(1).saturating_sub(level));
        }
    });
}
