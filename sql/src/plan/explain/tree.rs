//! EXPLAIN FORMAT=TREE, and with what was measured, EXPLAIN ANALYZE.
//!
//! Each line is a step of our plan in MySQL's words, indented below the step that takes its rows. Names of columns have their table
//! before them. Subqueries follow the steps of their block.

use std::collections::HashMap;

use storage::engine::Direction;

use crate::ast::SetOperator;
use crate::execute::decorrelated;
use crate::execute::measure::{self, Measure, Measures};
use crate::expression::{CompareOp, Expression, Subquery};
use crate::plan::explain::figures::{self, Figures, number};
use crate::plan::explain::{collect_conditions, name_columns, subqueries};
use crate::plan::node::{
    Body, JoinMethod, JoinPlan, Node, QueryPlan, RowsPlan, RowsSource, ScanPlan, SelectPlan, SortKey,
};
use crate::plan::predicate::{Interval, TermKind};
use crate::plan::set::SetPlan;
use crate::plan::{ChangePlan, JoinedChange};

/// A step and those below it.
pub(super) struct Branch {
    text: String,
    figures: Option<Figures>,
    /// The part of the plan that was measured.
    address: Option<usize>,
    children: Vec<Branch>,
}

impl Branch {
    fn new(text: impl Into<String>, children: Vec<Branch>) -> Branch {
        Branch { text: text.into(), figures: None, address: None, children }
    }

    fn with(self, figures: Figures) -> Branch {
        Branch { figures: Some(figures), ..self }
    }

    fn at(self, address: usize) -> Branch {
        Branch { address: Some(address), ..self }
    }

    /// The lines, with what was measured of them.
    pub fn write(&self, depth: usize, measures: Option<&Measures>, out: &mut String) {
        for _ in 0..depth {
            out.push_str("    ");
        }
        out.push_str("-> ");
        out.push_str(&self.text);
        let figures = self.figures.map(Figures::text);
        // What a scan reads before its conditions is not counted apart: that line has none.
        let measured = measures.zip(self.address).map(|(measures, address)| {
            let known = measures.get(&address).filter(|known| known.loops > 0);
            known.map_or("(never executed)".to_owned(), actual)
        });
        let parts: Vec<String> = figures.into_iter().chain(measured).collect();
        if !parts.is_empty() {
            out.push_str("  ");
            out.push_str(&parts.join(" "));
        }
        out.push('\n');
        self.children.iter().for_each(|child| child.write(depth + 1, measures, out));
    }
}

fn actual(measure: &Measure) -> String {
    let loops = measure.loops as f64;
    let milliseconds = |time: std::time::Duration| number(time.as_secs_f64() * 1e3 / loops);
    format!(
        "(actual time={}..{} rows={} loops={})",
        milliseconds(measure.first),
        milliseconds(measure.total),
        number(measure.rows as f64 / loops),
        measure.loops
    )
}

/// Makes branches of plans.
#[derive(Default)]
pub(super) struct Planter {
    /// Names of the slots of the block.
    names: HashMap<usize, String>,
    /// Blocks so far.
    blocks: usize,
}

impl Planter {
    fn text(&self, expression: &Expression) -> String {
        let mut named = expression.clone();
        self.name(&mut named);
        named.to_string().replace('`', "")
    }

    fn name(&self, expression: &mut Expression) {
        if let Expression::Column { index, name, .. } = expression
            && let Some(full) = self.names.get(index)
        {
            *name = full.as_str().into();
        }
        expression.for_each_operand_mut(&mut |operand| self.name(operand));
    }

    fn all(&self, conditions: &[Expression]) -> String {
        match conditions {
            [one] => self.text(one),
            _ => {
                let parts: Vec<String> = conditions.iter().map(|condition| self.text(condition)).collect();
                format!("({})", parts.join(" and "))
            }
        }
    }

    fn filter(&self, conditions: &[Expression], input: Branch) -> Branch {
        if conditions.is_empty() {
            return input;
        }
        let figures = input.figures.map(|figures| figures.filtered(conditions.len()));
        let text = format!("Filter: {}", self.all(conditions));
        Branch { text, figures, address: None, children: vec![input] }
    }

    /// A query.
    pub fn query(&mut self, query: &QueryPlan) -> Branch {
        match &query.body {
            Body::Select(select) => self.select(select),
            Body::Set(set) => self.set(set),
            Body::Values(values) => {
                self.blocks += 1;
                let rows = values.rows.len() as f64;
                Branch::new("Rows fetched before execution", Vec::new()).with(Figures { cost: 0.0, rows })
            }
            Body::Recursive(recursive) => {
                let anchors = recursive.anchors.iter().map(|anchor| self.query(anchor)).collect::<Vec<_>>();
                let members: Vec<Branch> = recursive.members.iter().map(|part| self.query(part)).collect();
                let repeated = Branch::new("Repeat until convergence", members);
                let children = anchors.into_iter().chain([repeated]).collect();
                let word = if recursive.distinct { "Materialize with deduplication" } else { "Materialize" };
                let kind = word.replacen("Materialize", "Materialize recursive CTE", 1);
                Branch::new(kind, children).with(figures::of_query(query))
            }
        }
    }

    fn set(&mut self, set: &SetPlan) -> Branch {
        let first = self.query(&set.first);
        let Some((operator, all, second)) = &set.second else { return self.tail_of_set(set, first) };
        let second = self.query(second);
        let word = match operator {
            SetOperator::Union => "Union",
            SetOperator::Intersect => "Intersect",
            SetOperator::Except => "Except",
        };
        let branch = if *operator == SetOperator::Union && *all {
            let stream = |branch: Branch| {
                let figures = branch.figures;
                Branch { figures, ..Branch::new("Stream results", vec![branch]) }
            };
            Branch::new("Append", vec![stream(first), stream(second)])
        } else {
            let how = if *all { "" } else { " with deduplication" };
            let made = Branch::new(format!("{word} materialize{how}"), vec![first, second]);
            Branch::new(format!("Table scan on <{} temporary>", word.to_lowercase()), vec![made])
        };
        self.tail_of_set(set, branch)
    }

    fn tail_of_set(&self, set: &SetPlan, branch: Branch) -> Branch {
        let branch = self.sort(&set.sort, &set.project, set.limit.as_ref(), branch);
        self.limit(set.limit.as_ref(), set.offset.as_ref(), branch)
    }

    fn select(&mut self, select: &SelectPlan) -> Branch {
        self.blocks += 1;
        let outer = std::mem::take(&mut self.names);
        if let Some(node) = &select.source {
            name_columns(node, &mut self.names);
        }
        let branch = self.stages(select);
        let mut children = Vec::new();
        self.block_subqueries(select, &mut children);
        self.names = outer;
        let mut branch = branch.at(measure::block_address(select));
        branch.children.extend(children);
        branch
    }

    fn stages(&mut self, select: &SelectPlan) -> Branch {
        let ends = select.aggregate.as_ref().is_some_and(|aggregate| !aggregate.index_ends.is_empty());
        let mut branch = match &select.source {
            Some(node) if !ends => self.node(node),
            Some(_) | None => Branch::new("Rows fetched before execution", Vec::new())
                .with(Figures { cost: 0.0, rows: 1.0 }),
        };
        if !select.constant_conditions.is_empty() {
            branch = self.filter(&select.constant_conditions, branch);
        }
        if let Some(aggregate) = select.aggregate.as_ref().filter(|_| !ends) {
            let calls = aggregate.aggregates.iter().map(|call| {
                let arguments: Vec<String> = call.arguments.iter().map(|value| self.text(value)).collect();
                let all = if arguments.is_empty() { "0".to_owned() } else { arguments.join(",") };
                let distinct = if call.call.distinct { "distinct " } else { "" };
                format!("{}({distinct}{all})", crate::ast::print::aggregate_name(call.call.function))
            });
            let calls: Vec<String> = calls.collect();
            for (position, call) in calls.iter().enumerate() {
                self.names.insert(aggregate.base + position, call.clone());
            }
            branch = if aggregate.keys.is_empty() {
                let figures = branch.figures.map(|figures| Figures { rows: 1.0, ..figures });
                Branch { figures, ..Branch::new(format!("Aggregate: {}", calls.join(", ")), vec![branch]) }
            } else if aggregate.rollup.as_ref().is_some_and(|rollup| rollup.is_rollup) {
                Branch::new(format!("Group aggregate with rollup: {}", calls.join(", ")), vec![branch])
            } else {
                let made = Branch::new("Aggregate using temporary table", vec![branch]);
                Branch::new("Table scan on <temporary>", vec![made])
            };
        }
        branch = self.filter(&select.having, branch);
        for step in select.window.iter().flat_map(|window| &window.steps) {
            branch = Branch::new("Window aggregate", vec![branch]);
            if !step.partition.is_empty() || !step.order.is_empty() {
                branch.children = vec![Branch::new("Sort", std::mem::take(&mut branch.children))];
            }
        }
        if select.distinct {
            let made = Branch::new("Temporary table with deduplication", vec![branch]);
            branch = Branch::new("Table scan on <temporary>", vec![made]);
        }
        if !select.source_ordered {
            branch = self.sort(&select.sort, &select.project, select.limit.as_ref(), branch);
        }
        self.limit(select.limit.as_ref(), select.offset.as_ref(), branch)
    }

    fn sort(
        &self,
        keys: &[SortKey],
        project: &[Expression],
        limit: Option<&Expression>,
        input: Branch,
    ) -> Branch {
        if keys.is_empty() {
            return input;
        }
        let key = |key: &SortKey| {
            let value = project.get(key.position).map_or_else(String::new, |value| self.text(value));
            if key.descending { format!("{value} DESC") } else { value }
        };
        let keys: Vec<String> = keys.iter().map(key).collect();
        let limit = limit.map_or_else(String::new, |limit| {
            format!(", limit input to {} row(s) per chunk", self.text(limit))
        });
        let figures = input.figures;
        Branch { figures, ..Branch::new(format!("Sort: {}{limit}", keys.join(", ")), vec![input]) }
    }

    fn limit(&self, limit: Option<&Expression>, offset: Option<&Expression>, input: Branch) -> Branch {
        let Some(limit) = limit.map(|limit| self.text(limit)) else { return input };
        let text = match offset {
            Some(offset) => format!("Limit/Offset: {limit}/{} row(s)", self.text(offset)),
            None => format!("Limit: {limit} row(s)"),
        };
        let most = limit.parse::<f64>().unwrap_or(f64::INFINITY);
        let figures = input.figures.map(|figures| Figures { rows: figures.rows.min(most), ..figures });
        Branch { figures, ..Branch::new(text, vec![input]) }
    }

    fn block_subqueries(&mut self, select: &SelectPlan, out: &mut Vec<Branch>) {
        let mut conditions: Vec<&Expression> =
            select.constant_conditions.iter().chain(&select.having).collect();
        if let Some(node) = &select.source {
            collect_conditions(node, &mut conditions);
        }
        let of_conditions = subqueries(&conditions);
        let projected: Vec<&Expression> = select.project.iter().collect();
        for subquery in &of_conditions {
            out.push(self.subquery(subquery, "condition"));
        }
        for subquery in subqueries(&projected) {
            if !of_conditions.iter().any(|known| std::ptr::eq(*known, subquery)) {
                out.push(self.subquery(subquery, "projection"));
            }
        }
    }

    /// Conditions over the rows of a block.
    fn of_block(&mut self, plan: &QueryPlan, conditions: &[Expression]) -> String {
        let mut names = HashMap::new();
        if let Body::Select(select) = &plan.body
            && let Some(node) = &select.source
        {
            name_columns(node, &mut names);
        }
        let outer = std::mem::replace(&mut self.names, names);
        let text = self.all(conditions);
        self.names = outer;
        text
    }

    fn subquery(&mut self, subquery: &Subquery, place: &str) -> Branch {
        let number = self.blocks + 1;
        let by_hash = decorrelated::of_subquery(subquery);
        let (how, plan) = match by_hash {
            Some(decorrelated) => ("run only once, looked up by hash", &decorrelated.plan),
            None if subquery.correlated => ("dependent", &subquery.plan),
            None if subquery.dependence.is_volatile => ("uncacheable", &subquery.plan),
            None => ("run only once", &subquery.plan),
        };
        let residual = by_hash.map_or(&[][..], |decorrelated| &decorrelated.residual);
        let extra = match residual {
            [] => String::new(),
            residual => format!(", extra conditions: {}", self.of_block(plan, residual)),
        };
        let text = format!("Select #{number} (subquery in {place}; {how}{extra})");
        let child = self.query(plan);
        Branch::new(text, vec![child])
    }

    /// A source of rows.
    fn node(&mut self, node: &Node) -> Branch {
        let branch = match node {
            Node::Scan(scan) => self.scan(scan),
            Node::Rows(rows) => self.rows(rows),
            Node::Filter(filter) => {
                let input = self.node(&filter.input);
                self.filter(&filter.conditions, input)
            }
            Node::Join(join) => self.join(join).with(figures::of_node(node)),
        };
        branch.at(measure::node_address(node))
    }

    fn join(&mut self, join: &JoinPlan) -> Branch {
        let (outer, inner) = (self.node(&join.outer), self.node(&join.inner));
        let kind = if join.left { "left" } else { "inner" };
        match &join.method {
            JoinMethod::Loop => {
                let inner = self.filter(&join.on, inner);
                Branch::new(format!("Nested loop {kind} join"), vec![outer, inner])
            }
            JoinMethod::Buffered { keys, .. } => {
                let kind = if join.left { "Left" } else { "Inner" };
                let keys: Vec<String> = keys
                    .iter()
                    .map(|key| {
                        let op = if key.null_safe { "<=>" } else { "=" };
                        format!("({} {op} {})", self.text(&key.inner), self.text(&key.outer))
                    })
                    .collect();
                let keys = if keys.is_empty() { "(no condition)".to_owned() } else { keys.join(", ") };
                let extra = match join.on.is_empty() {
                    true => String::new(),
                    false => format!(", extra conditions: {}", self.all(&join.on)),
                };
                let hash = Branch::new("Hash", vec![inner]);
                Branch::new(format!("{kind} hash join {keys}{extra}"), vec![outer, hash])
            }
        }
    }

    fn rows(&mut self, rows: &RowsPlan) -> Branch {
        let mut children = Vec::new();
        if let Some(plan) = rows.source.plan() {
            let word = match &rows.source {
                RowsSource::Derived(_) | RowsSource::Virtual(_) => "Materialize",
                RowsSource::Dependent(_) => "Materialize (invalidate on row)",
            };
            let child = self.query(plan);
            let figures = child.figures;
            children.push(Branch { figures, ..Branch::new(word, vec![child]) });
        }
        let scan = Branch::new(format!("Table scan on {}", rows.alias), children);
        let figures = figures::of_query_or_virtual(rows);
        self.filter(&rows.filter, scan.with(figures))
    }

    /// A table, with its conditions.
    fn scan(&self, scan: &ScanPlan) -> Branch {
        let index = &scan.table.indexes[scan.access.index];
        let terms = &scan.access.terms;
        let (alias, covering) = (&scan.alias, if scan.access.covering { "Covering i" } else { "I" });
        let reverse = if scan.access.direction == Direction::Backward { " (reverse)" } else { "" };
        let text = if terms.is_empty() {
            match scan.access.index > 0 || scan.access.ordered {
                true => format!("{covering}ndex scan on {alias} using {}{reverse}", index.name),
                false => format!("Table scan on {alias}"),
            }
        } else if terms.iter().all(|term| term.kind.is_single()) {
            let equalities: Vec<String> = terms
                .iter()
                .map(|term| {
                    let column = &scan.table.columns[term.column].name;
                    match &term.kind {
                        TermKind::Equal(value) => format!("{column}={}", self.text(value)),
                        TermKind::NullSafeEqual(value) => format!("{column}<=>{}", self.text(value)),
                        _ => format!("{column}=NULL"),
                    }
                })
                .collect();
            let word = match (scan.access.point, scan.access.covering) {
                (true, true) => "Single-row covering index lookup".to_owned(),
                (true, false) => "Single-row index lookup".to_owned(),
                (false, _) => format!("{covering}ndex lookup"),
            };
            format!("{word} on {alias} using {} ({}){reverse}", index.name, equalities.join(", "))
        } else {
            let parts: Vec<String> = terms
                .iter()
                .map(|term| self.range(&scan.table.columns[term.column].name, &term.kind))
                .collect();
            let name = &index.name;
            format!("{covering}ndex range scan on {alias} using {name} over {}{reverse}", parts.join(" AND "))
        };
        let scanned = Branch::new(text, Vec::new()).with(figures::of_scan(scan));
        self.filter(&scan.filter, scanned)
    }

    fn range(&self, column: &str, kind: &TermKind) -> String {
        let interval = |interval: &Interval| {
            let mut text = String::new();
            if let Some((low, included)) = &interval.low {
                text = format!("{} {} ", self.text(low), if *included { "<=" } else { "<" });
            }
            text.push_str(column);
            if let Some((high, included)) = &interval.high {
                text.push_str(&format!(" {} {}", if *included { "<=" } else { "<" }, self.text(high)));
            }
            format!("({text})")
        };
        let parts: Vec<String> = match kind {
            TermKind::Equal(value) => vec![format!("({column} = {})", self.text(value))],
            TermKind::NullSafeEqual(value) => {
                vec![format!("({column} {} {})", CompareOp::NullSafeEq, self.text(value))]
            }
            TermKind::IsNull => vec![format!("({column} = NULL)")],
            TermKind::In(list) => {
                list.iter().map(|value| format!("({column} = {})", self.text(value))).collect()
            }
            TermKind::InSubquery(_) => vec![format!("({column} in (subquery))")],
            TermKind::Intervals(intervals) => intervals.iter().map(interval).collect(),
            TermKind::LikePrefix { pattern, .. } => {
                vec![format!("({column} like {})", self.text(pattern))]
            }
        };
        parts.join(" OR ")
    }

    /// UPDATE or DELETE of one table.
    pub fn change(&mut self, verb: &str, change: &ChangePlan) -> Branch {
        let scan = &change.scan;
        for (position, column) in scan.table.columns.iter().enumerate() {
            self.names.insert(scan.base + position, format!("{}.{}", scan.alias, column.name));
        }
        let mut branch = self.filter(&change.constant_conditions, self.scan(scan));
        if !change.order.is_empty() && !change.ordered {
            let key = |(value, descending): &(Expression, bool)| {
                format!("{}{}", self.text(value), if *descending { " DESC" } else { "" })
            };
            let keys: Vec<String> = change.order.iter().map(key).collect();
            branch = Branch::new(format!("Sort: {}", keys.join(", ")), vec![branch]);
        }
        branch = self.limit(change.limit.as_ref(), None, branch);
        let how = if change.collect { "buffered" } else { "immediate" };
        Branch::new(format!("{verb} {} ({how})", scan.alias), vec![branch])
    }

    /// UPDATE or DELETE of the rows of a join.
    pub fn joined(&mut self, change: &JoinedChange) -> Branch {
        name_columns(&change.source, &mut self.names);
        let node = self.node(&change.source);
        let branch = self.filter(&change.constant_conditions, node);
        let targets: Vec<String> = change
            .targets
            .iter()
            .map(|target| {
                format!("{} ({})", target.alias, if target.leads { "immediate" } else { "buffered" })
            })
            .collect();
        let verb = if change.is_update { "Update" } else { "Delete from" };
        Branch::new(format!("{verb} {}", targets.join(", ")), vec![branch])
    }

    /// INSERT, with its query.
    pub fn insert(&mut self, table: &str, query: Option<&QueryPlan>) -> Branch {
        let rows = || Branch::new("Rows fetched before execution", Vec::new());
        let child = query.map_or_else(rows, |query| self.query(query));
        Branch::new(format!("Insert into {table}"), vec![child])
    }
}

/// The whole tree as text.
pub(super) fn text(branch: &Branch, measures: Option<&Measures>) -> String {
    let mut out = String::new();
    branch.write(0, measures, &mut out);
    out
}

/// A statement without tables.
pub(super) fn nothing() -> Branch {
    Branch::new("Rows fetched before execution", Vec::new()).with(Figures { cost: 0.0, rows: 1.0 })
}
