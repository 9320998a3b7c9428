//! EXPLAIN in its traditional form; as a [`tree`] and as [`json`].
//!
//! The columns and words are MySQL's ("EXPLAIN Output Format", MySQL manual 10.8.2). The figures are this planner's
//! own estimates. `partitions` are found out when it runs, as a scan does ([`Pruned`]).

mod figures;
mod json;
mod tree;

use std::collections::HashMap;
use std::sync::Arc;

use storage::engine::Direction;

use crate::ast::SetOperator;
use crate::catalog::{Column, Index, Table};
use crate::execute::ResultColumn;
use crate::expression::{Expression, Subquery};
use crate::plan::node::{Body, JoinMethod, Node, QueryPlan, RowsSource, ScanPlan, SelectPlan};
use crate::plan::predicate::{Term, TermKind};
use crate::plan::set::SetPlan;
use crate::plan::{ChangePlan, JoinedChange, Plan, Planned, slots};
use crate::types::{Collation, DataType, Decimal, TypeKind, Value};

/// MySQL's guess of how many rows a condition without index lets through, in hundredths of a percent.
const FILTERED: i64 = 3_333;
/// All rows, in hundredths of a percent.
const UNFILTERED: i64 = 10_000;

/// The columns of EXPLAIN's result.
#[must_use]
pub fn columns() -> Vec<ResultColumn> {
    let text = |length| DataType::varchar(length, Collation::default());
    let unsigned = DataType::BIGINT_UNSIGNED;
    [
        ("id", unsigned, true),
        ("select_type", text(19), false),
        ("table", text(64), true),
        ("partitions", text(16_383), true),
        ("type", text(10), true),
        ("possible_keys", text(4096), true),
        ("key", text(64), true),
        ("key_len", text(4096), true),
        ("ref", text(1024), true),
        ("rows", unsigned, true),
        ("filtered", DataType::decimal(10, 2), true),
        ("Extra", text(255), true),
    ]
    .into_iter()
    .map(|(name, data_type, nullable)| ResultColumn::computed(name, data_type, nullable))
    .collect()
}

/// One row of EXPLAIN.
#[derive(Default)]
struct Line {
    id: Option<u64>,
    select_type: &'static str,
    table: Option<String>,
    access: Option<&'static str>,
    possible: Option<String>,
    key: Option<String>,
    key_len: Option<String>,
    reference: Option<String>,
    rows: Option<u64>,
    /// Hundredths of a percent.
    filtered: Option<i64>,
    extra: Vec<&'static str>,
    /// Overrides `extra`.
    message: Option<String>,
    /// The table, if it has partitions, and the conditions that say which are read.
    pruned: Option<(Arc<Table>, Vec<Term>)>,
}

impl Line {
    fn values(self) -> Vec<Value> {
        let text = |value: Option<String>| value.map_or(Value::Null, |value| Value::Text(value.into()));
        let extra = self.message.unwrap_or_else(|| self.extra.join("; "));
        vec![
            self.id.map_or(Value::Null, Value::UInt),
            Value::Text(self.select_type.into()),
            text(self.table),
            Value::Null,
            text(self.access.map(str::to_owned)),
            text(self.possible),
            text(self.key),
            text(self.key_len),
            text(self.reference),
            self.rows.map_or(Value::Null, Value::UInt),
            self.filtered.map_or(Value::Null, |percent| Value::Decimal(Decimal::new(percent, 2))),
            if extra.is_empty() { Value::Null } else { text(Some(extra)) },
        ]
    }
}

/// What a query costs, in MySQL's scale.
#[must_use]
pub fn cost_of_query(query: &QueryPlan) -> f64 {
    figures::of_query(query).cost
}

/// What the rows of a change of several tables cost.
#[must_use]
pub fn cost_of_source(source: &Node) -> f64 {
    figures::of_node(source).cost
}

/// The rows of EXPLAIN for a plan; `inserted` is the query of an INSERT … SELECT.
#[must_use]
pub fn rows(plan: &Plan, inserted: Option<&QueryPlan>) -> (Vec<Vec<Value>>, Vec<Pruned>) {
    let mut explainer = Explainer { lines: Vec::new(), next_id: 1, slots: HashMap::new() };
    match &plan.statement {
        Planned::Query(query) => {
            explainer.query(query, None);
        }
        Planned::Update(change) => explainer.change("UPDATE", change),
        Planned::Delete(change) => explainer.change("DELETE", change),
        Planned::Joined(change) => explainer.joined(change),
        Planned::Insert(insert) => {
            explainer.lines.push(Line {
                id: Some(1),
                select_type: "INSERT",
                table: Some(insert.table.name.clone()),
                access: Some("ALL"),
                pruned: insert.table.partitioned.as_ref().map(|_| (Arc::clone(&insert.table), Vec::new())),
                ..Line::default()
            });
            if let Some(query) = inserted {
                explainer.query(query, Some("SIMPLE"));
            }
        }
        Planned::Explain(_) | Planned::Do(_) | Planned::Load(_) => {
            let message = Some("No tables used".to_owned());
            explainer.lines.push(Line { id: Some(1), select_type: "SIMPLE", message, ..Line::default() });
        }
    }
    let mut pruned = Vec::new();
    for (row, line) in explainer.lines.iter_mut().enumerate() {
        pruned.extend(line.pruned.take().map(|(table, terms)| Pruned { row, table, terms }));
    }
    (explainer.lines.into_iter().map(Line::values).collect(), pruned)
}

/// The partitions that a row of EXPLAIN tells of.
#[derive(Debug)]
pub struct Pruned {
    /// The row.
    pub row: usize,
    /// The table.
    pub table: Arc<Table>,
    /// The conditions on its partitions' columns whose values are known before any row is read.
    pub terms: Vec<Term>,
}

/// Where `partitions` is among the columns.
pub const PARTITIONS_COLUMN: usize = 3;

/// What EXPLAIN answers with.
#[derive(Debug)]
pub enum Explanation {
    /// Rows that are known when it is planned, but for the partitions that are read.
    Rows(Vec<Vec<Value>>, Vec<Pruned>),
    /// ANALYZE: the query is run, and its tree is shown with what was measured.
    Analyze(QueryPlan),
}

/// The one column of the other forms than the traditional one.
#[must_use]
pub fn text_column() -> Vec<ResultColumn> {
    vec![ResultColumn::computed("EXPLAIN", DataType::varchar(16_383, Collation::default()), false)]
}

/// The tree of a plan; `inserted` is the query of an INSERT … SELECT.
#[must_use]
pub fn as_tree(plan: &Plan, inserted: Option<&QueryPlan>) -> String {
    let mut planter = tree::Planter::default();
    let branch = match &plan.statement {
        Planned::Query(query) => planter.query(query),
        Planned::Update(change) => planter.change("Update", change),
        Planned::Delete(change) => planter.change("Delete from", change),
        Planned::Joined(change) => planter.joined(change),
        Planned::Insert(insert) => planter.insert(&insert.table.name, inserted),
        Planned::Explain(_) | Planned::Do(_) | Planned::Load(_) => tree::nothing(),
    };
    tree::text(&branch, None)
}

/// The tree of a query that has run.
#[must_use]
pub fn as_measured_tree(query: &QueryPlan, measures: &crate::execute::measure::Measures) -> String {
    tree::text(&tree::Planter::default().query(query), Some(measures))
}

/// The document of a plan.
#[must_use]
pub fn as_json(plan: &Plan, inserted: Option<&QueryPlan>) -> String {
    let mut writer = json::Writer::new();
    let block = match &plan.statement {
        Planned::Query(query) => writer.query(query),
        Planned::Update(change) => writer.change("update", change),
        Planned::Delete(change) => writer.change("delete", change),
        Planned::Joined(change) => writer.joined(change),
        Planned::Insert(insert) => writer.insert(&insert.table.name, inserted),
        Planned::Explain(_) | Planned::Do(_) | Planned::Load(_) => json::nothing(),
    };
    json::text(block)
}

struct Explainer {
    lines: Vec<Line>,
    next_id: u64,
    /// Full names of the slots of the block that is being explained.
    slots: HashMap<usize, String>,
}

/// What a block's first stage shows in Extra.
struct Stages {
    temporary: bool,
    filesort: bool,
}

impl Explainer {
    /// Explains a query; returns its first id.
    fn query(&mut self, query: &QueryPlan, select_type: Option<&'static str>) -> u64 {
        match &query.body {
            Body::Select(select) => self.select(select, select_type),
            Body::Set(set) => self.set(set, select_type),
            Body::Values(_) => {
                let (id, message) = (self.next_id, Some("No tables used".to_owned()));
                self.next_id += 1;
                let select_type = select_type.unwrap_or("SIMPLE");
                self.lines.push(Line { id: Some(id), select_type, message, ..Line::default() });
                id
            }
            Body::Recursive(recursive) => {
                let id = self.next_id;
                for anchor in &recursive.anchors {
                    self.query(anchor, select_type);
                }
                for member in &recursive.members {
                    self.query(member, Some("UNION"));
                }
                id
            }
        }
    }

    /// A set operation: its operands, those of a chain of one operator beside each other, then where their rows meet.
    fn set(&mut self, set: &SetPlan, select_type: Option<&'static str>) -> u64 {
        let outermost = select_type.unwrap_or("PRIMARY");
        let Some((operator, all, second)) = &set.second else {
            return self.query(&set.first, select_type);
        };
        let start = self.next_id;
        let mut operands = vec![(second, *all)];
        let mut first = &set.first;
        while let Body::Set(inner) = &first.body
            && let Some((other, all, second)) = &inner.second
            && other == operator
            && inner.limit.is_none()
            && inner.sort.is_empty()
        {
            operands.push((second, *all));
            first = &inner.first;
        }
        let mut ids = vec![self.query(first, Some(outermost))];
        let (word, result) = match operator {
            SetOperator::Union => ("UNION", "UNION RESULT"),
            SetOperator::Intersect => ("INTERSECT", "INTERSECT RESULT"),
            SetOperator::Except => ("EXCEPT", "EXCEPT RESULT"),
        };
        let dependent = matches!(outermost, "DEPENDENT SUBQUERY");
        let word = if dependent && *operator == SetOperator::Union { "DEPENDENT UNION" } else { word };
        let streams = *operator == SetOperator::Union && operands.iter().all(|(_, all)| *all);
        for (operand, _) in operands.into_iter().rev() {
            ids.push(self.query(operand, Some(word)));
        }
        if !streams || !set.sort.is_empty() {
            let mut extra = vec!["Using temporary"];
            if !set.sort.is_empty() {
                extra.push("Using filesort");
            }
            let ids: Vec<String> = ids.iter().map(u64::to_string).collect();
            let id = self.next_id;
            self.next_id += 1;
            self.lines.push(Line {
                id: Some(id),
                select_type: result,
                table: Some(format!(
                    "<{}{}>",
                    word.to_lowercase().trim_start_matches("dependent "),
                    ids.join(",")
                )),
                access: Some("ALL"),
                extra,
                ..Line::default()
            });
        }
        start
    }

    fn select(&mut self, select: &SelectPlan, select_type: Option<&'static str>) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        let expressions = expressions(select);
        let subqueries = subqueries(&expressions);
        let mut derived = Vec::new();
        if let Some(node) = &select.source {
            collect_derived(node, &mut derived);
        }
        let nested = !subqueries.is_empty() || !derived.is_empty();
        let select_type = select_type.unwrap_or(if nested { "PRIMARY" } else { "SIMPLE" });
        let ends = select.aggregate.as_ref().is_some_and(|aggregate| !aggregate.index_ends.is_empty());
        match &select.source {
            Some(node) if !ends => {
                let grouped = select.aggregate.as_ref().is_some_and(|aggregate| !aggregate.keys.is_empty());
                let sorts_windows = select.window.as_ref().is_some_and(|window| {
                    window.steps.iter().any(|step| !step.partition.is_empty() || !step.order.is_empty())
                });
                let filesort = (!select.sort.is_empty() && !select.source_ordered) || sorts_windows;
                let start = self.lines.len();
                self.slots.clear();
                name_slots(node, &mut self.slots);
                // Derived tables are numbered in the order in which they are joined, after this block.
                let mut next_derived = id + 1;
                self.node(node, id, select_type, None, &mut next_derived);
                let stages =
                    Stages { temporary: grouped || select.distinct || select.window.is_some(), filesort };
                if let Some(first) = self.lines.get_mut(start) {
                    if stages.temporary {
                        first.extra.push("Using temporary");
                    }
                    if stages.filesort {
                        first.extra.push("Using filesort");
                    }
                }
            }
            source => {
                let message =
                    if source.is_some() { "Select tables optimized away" } else { "No tables used" };
                let message = Some(message.to_owned());
                self.lines.push(Line { id: Some(id), select_type, message, ..Line::default() });
            }
        }
        for (query, is_lateral) in derived {
            self.query(query, Some(if is_lateral { "DEPENDENT DERIVED" } else { "DERIVED" }));
        }
        for subquery in subqueries {
            let kind = match subquery.correlated {
                true => "DEPENDENT SUBQUERY",
                false if subquery.dependence.is_volatile => "UNCACHEABLE SUBQUERY",
                false => "SUBQUERY",
            };
            self.query(&subquery.plan, Some(kind));
        }
        id
    }

    fn node(
        &mut self,
        node: &Node,
        id: u64,
        select_type: &'static str,
        buffer: Option<&'static str>,
        next_derived: &mut u64,
    ) {
        match node {
            Node::Scan(scan) => {
                let mut line = scan_line(scan, id, select_type, &self.slots);
                line.extra.extend(buffer);
                self.lines.push(line);
            }
            Node::Rows(rows) => {
                let table = match &rows.source {
                    RowsSource::Virtual(_) => rows.alias.clone(),
                    RowsSource::Dependent(dependent) if dependent.plan().is_none() => rows.alias.clone(),
                    RowsSource::Derived(_) | RowsSource::Dependent(_) => {
                        *next_derived += 1;
                        format!("<derived{}>", *next_derived - 1)
                    }
                };
                let mut extra = if rows.filter.is_empty() { Vec::new() } else { vec!["Using where"] };
                extra.extend(buffer);
                self.lines.push(Line {
                    id: Some(id),
                    select_type,
                    table: Some(table),
                    access: Some("ALL"),
                    rows: Some(2),
                    filtered: Some(UNFILTERED),
                    extra,
                    ..Line::default()
                });
            }
            Node::Filter(filter) => {
                self.node(&filter.input, id, select_type, buffer, next_derived);
                if let Some(last) = self.lines.last_mut()
                    && !last.extra.contains(&"Using where")
                {
                    last.extra.insert(0, "Using where");
                }
            }
            Node::Join(join) => {
                self.node(&join.outer, id, select_type, buffer, next_derived);
                let kept = match &join.method {
                    JoinMethod::Loop => None,
                    JoinMethod::Buffered { .. } => Some("Using join buffer (hash join)"),
                };
                let start = self.lines.len();
                self.node(&join.inner, id, select_type, kept, next_derived);
                let across = !join.on.is_empty()
                    || matches!(&join.method, JoinMethod::Buffered { keys, .. } if !keys.is_empty());
                if let Some(line) = self.lines.get_mut(start)
                    && across
                    && !line.extra.contains(&"Using where")
                {
                    line.extra.insert(0, "Using where");
                }
            }
        }
    }

    fn joined(&mut self, change: &JoinedChange) {
        let verb = if change.is_update { "UPDATE" } else { "DELETE" };
        name_slots(&change.source, &mut self.slots);
        self.next_id = 2;
        let mut next_derived = 2;
        self.node(&change.source, 1, "SIMPLE", None, &mut next_derived);
        for line in &mut self.lines {
            if change.targets.iter().any(|target| line.table.as_ref() == Some(&target.alias)) {
                line.select_type = verb;
            }
        }
    }

    fn change(&mut self, verb: &'static str, change: &ChangePlan) {
        let mut line = scan_line(&change.scan, 1, verb, &self.slots);
        self.next_id = 2;
        if change.collect {
            line.extra.push("Using temporary");
        }
        if !change.order.is_empty() && !change.ordered {
            line.extra.push("Using filesort");
        }
        self.lines.push(line);
    }
}

/// The expressions of a block that may hold subqueries.
fn expressions(select: &SelectPlan) -> Vec<&Expression> {
    let mut all: Vec<&Expression> = select.project.iter().chain(&select.having).collect();
    all.extend(&select.constant_conditions);
    if let Some(aggregate) = &select.aggregate {
        all.extend(&aggregate.keys);
        all.extend(aggregate.aggregates.iter().flat_map(|call| &call.arguments));
    }
    if let Some(window) = &select.window {
        all.extend(&window.inputs);
    }
    if let Some(node) = &select.source {
        collect_conditions(node, &mut all);
    }
    all
}

fn collect_conditions<'n>(node: &'n Node, all: &mut Vec<&'n Expression>) {
    match node {
        Node::Scan(scan) => all.extend(scan.filter.iter().chain(&scan.implied)),
        Node::Rows(rows) => all.extend(&rows.filter),
        Node::Filter(filter) => {
            collect_conditions(&filter.input, all);
            all.extend(&filter.conditions);
        }
        Node::Join(join) => {
            collect_conditions(&join.outer, all);
            collect_conditions(&join.inner, all);
            all.extend(&join.on);
        }
    }
}

fn subqueries<'e>(expressions: &[&'e Expression]) -> Vec<&'e Subquery> {
    let mut found: Vec<&'e Subquery> = Vec::new();
    for expression in expressions {
        expression.visit(&mut |part| {
            if let Some(subquery) = slots::subquery_of(part)
                && !found.iter().any(|known| std::ptr::eq(*known, subquery.as_ref()))
            {
                found.push(subquery);
            }
        });
    }
    found
}

/// `database.table.column` for the slots of base tables, `table.column` for others.
fn name_slots(node: &Node, names: &mut HashMap<usize, String>) {
    match node {
        Node::Scan(scan) => {
            for (position, column) in scan.table.columns.iter().enumerate() {
                let name = format!("{}.{}.{}", scan.table.database, scan.alias, column.name);
                names.insert(scan.base + position, name);
            }
        }
        Node::Rows(_) => {}
        Node::Filter(filter) => name_slots(&filter.input, names),
        Node::Join(join) => {
            name_slots(&join.outer, names);
            name_slots(&join.inner, names);
        }
    }
}

/// `table.column` for all slots.
fn name_columns(node: &Node, names: &mut HashMap<usize, String>) {
    each_table(node, &mut |slot, _, alias, column| {
        names.insert(slot, format!("{alias}.{column}"));
    });
}

/// `` database`.`table`.`column `` for all slots, to stand in backticks.
fn quote_columns(node: &Node, names: &mut HashMap<usize, String>) {
    each_table(node, &mut |slot, database, alias, column| {
        let database = database.map_or_else(String::new, |database| format!("{database}`.`"));
        names.insert(slot, format!("{database}{alias}`.`{column}"));
    });
}

/// Takes a slot, its table's database and alias, and the column.
type Visit<'v> = dyn FnMut(usize, Option<&str>, &str, &str) + 'v;

/// Calls `visit` with each slot of a source's tables.
fn each_table(node: &Node, visit: &mut Visit<'_>) {
    match node {
        Node::Scan(scan) => {
            for (position, column) in scan.table.columns.iter().enumerate() {
                visit(scan.base + position, Some(&scan.table.database), &scan.alias, &column.name);
            }
        }
        Node::Rows(rows) => {
            for (position, column) in rows.source.plan().iter().flat_map(|plan| &plan.columns).enumerate() {
                visit(rows.base + position, None, &rows.alias, &column.name);
            }
        }
        Node::Filter(filter) => each_table(&filter.input, visit),
        Node::Join(join) => {
            each_table(&join.outer, visit);
            each_table(&join.inner, visit);
        }
    }
}

fn collect_derived<'n>(node: &'n Node, found: &mut Vec<(&'n QueryPlan, bool)>) {
    match node {
        Node::Scan(_) => {}
        Node::Rows(rows) => found.extend(rows.source.plan().map(|plan| (plan, rows.source.depends_on_row()))),
        Node::Filter(filter) => collect_derived(&filter.input, found),
        Node::Join(join) => {
            collect_derived(&join.outer, found);
            collect_derived(&join.inner, found);
        }
    }
}

fn scan_line(scan: &ScanPlan, id: u64, select_type: &'static str, names: &HashMap<usize, String>) -> Line {
    let index = &scan.table.indexes[scan.access.index];
    let kind = access_type(scan, index);
    let used = kind != "ALL";
    let terms = &scan.access.terms;
    let key_len: u64 = if terms.is_empty() {
        index.columns.iter().map(|part| key_length(&scan.table.columns[part.column], part.prefix)).sum()
    } else {
        let lengths = index.columns.iter().take(terms.len());
        lengths.map(|part| key_length(&scan.table.columns[part.column], part.prefix)).sum()
    };
    let references: Vec<String> = terms.iter().filter_map(|term| reference(&term.kind, names)).collect();
    let is_ref = matches!(kind, "const" | "eq_ref" | "ref");
    let mut extra = Vec::new();
    let range = kind == "range" && scan.access.index > 0;
    if range && !scan.access.covering && scan.lock.is_none() {
        extra.push("Using index condition");
    }
    let implied_shown = kind == "range" && (scan.access.index == 0 || scan.access.covering);
    if !scan.filter.is_empty() || implied_shown || (range && scan.lock.is_some()) {
        extra.push("Using where");
    }
    if scan.access.direction == Direction::Backward {
        extra.push("Backward index scan");
    }
    if scan.access.covering {
        extra.push("Using index");
    }
    let filtered = if scan.filter.is_empty() { UNFILTERED } else { FILTERED };
    Line {
        id: Some(id),
        select_type,
        table: Some(scan.alias.clone()),
        access: Some(kind),
        possible: (!scan.possible.is_empty()).then(|| scan.possible.join(",")),
        key: used.then(|| index.name.clone()),
        key_len: used.then(|| key_len.to_string()),
        reference: (is_ref && !references.is_empty()).then(|| references.join(",")),
        rows: Some(if scan.access.point { 1 } else { scan.rows }),
        filtered: Some(filtered),
        extra,
        message: None,
        pruned: scan.table.partitioned.as_ref().map(|_| (Arc::clone(&scan.table), constant_terms(scan))),
    }
}

/// The conditions on partitions that read no other table.
fn constant_terms(scan: &ScanPlan) -> Vec<Term> {
    let is_constant = |term: &&Term| {
        let mut is_constant = true;
        term.kind.each_value(&mut |value| is_constant &= slots::slots_of(value).is_empty());
        is_constant
    };
    scan.access.pruning.iter().filter(is_constant).cloned().collect()
}

fn access_type(scan: &ScanPlan, index: &Index) -> &'static str {
    let terms = &scan.access.terms;
    if terms.is_empty() {
        let by_index = scan.access.index > 0 || scan.access.ordered;
        return if by_index { "index" } else { "ALL" };
    }
    if scan.access.point {
        let mut constant = true;
        terms.iter().for_each(|term| {
            term.kind.each_value(&mut |value| constant &= slots::slots_of(value).is_empty())
        });
        return if constant { "const" } else { "eq_ref" };
    }
    debug_assert!(terms.len() <= index.columns.len());
    if terms.iter().all(|term| term.kind.is_single()) { "ref" } else { "range" }
}

/// What an equality compares with, as MySQL shows it.
fn reference(kind: &TermKind, names: &HashMap<usize, String>) -> Option<String> {
    match kind {
        TermKind::Equal(value) | TermKind::NullSafeEqual(value) => Some(match value {
            Expression::Column { index, name, .. } => {
                names.get(index).cloned().unwrap_or_else(|| name.to_string())
            }
            Expression::Outer { name, .. } => name.to_string(),
            _ if slots::slots_of(value).is_empty() => "const".to_owned(),
            _ => "func".to_owned(),
        }),
        TermKind::IsNull => Some("const".to_owned()),
        TermKind::In(_) | TermKind::InSubquery(_) | TermKind::Intervals(_) | TermKind::LikePrefix { .. } => {
            None
        }
    }
}

/// MySQL's length of a key column in bytes: a NULL flag, and two length bytes for variable lengths.
fn key_length(column: &Column, prefix: Option<u32>) -> u64 {
    let fraction = |fsp: u8| u64::from(fsp.div_ceil(2));
    let length = match column.data_type.kind {
        TypeKind::Null => 0,
        TypeKind::TinyInt | TypeKind::Year => 1,
        TypeKind::Bit(bits) => u64::from(bits.div_ceil(8)),
        TypeKind::Enum(_) | TypeKind::Set(_) => {
            column.members.as_ref().map_or(1, |members| members.number_bytes(column.data_type.kind) as u64)
        }
        TypeKind::SmallInt => 2,
        TypeKind::MediumInt | TypeKind::Date => 3,
        TypeKind::Int | TypeKind::Float => 4,
        TypeKind::BigInt | TypeKind::Double => 8,
        TypeKind::Decimal { precision, scale } => decimal_length(precision - scale) + decimal_length(scale),
        TypeKind::Time(fsp) => 3 + fraction(fsp),
        TypeKind::DateTime(fsp) => 5 + fraction(fsp),
        TypeKind::Timestamp(fsp) => 4 + fraction(fsp),
        TypeKind::Char(n) => 4 * u64::from(prefix.unwrap_or(n)),
        TypeKind::VarChar(n) => 4 * u64::from(prefix.unwrap_or(n)) + 2,
        TypeKind::Binary(n) => u64::from(prefix.unwrap_or(n)),
        TypeKind::VarBinary(n) => u64::from(prefix.unwrap_or(n)) + 2,
        TypeKind::TinyText | TypeKind::Text | TypeKind::MediumText | TypeKind::LongText => {
            4 * u64::from(prefix.unwrap_or(0)) + 2
        }
        TypeKind::TinyBlob | TypeKind::Blob | TypeKind::MediumBlob | TypeKind::LongBlob => {
            u64::from(prefix.unwrap_or(0)) + 2
        }
        TypeKind::Json => 0,
    };
    length + u64::from(column.nullable)
}

/// Bytes of so many decimal digits: nine digits take four bytes.
fn decimal_length(digits: u8) -> u64 {
    const REST: [u64; 9] = [0, 1, 1, 2, 2, 3, 3, 4, 4];
    u64::from(digits / 9) * 4 + REST[usize::from(digits % 9)]
}
