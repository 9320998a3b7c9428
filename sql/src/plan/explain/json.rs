//! EXPLAIN FORMAT=JSON, with the keys of MySQL's first version of it (`explain_json_format_version` = 1).
//!
//! Left out: `used_columns` of derived tables, `data_read_per_join`, and the subqueries of GROUP BY and ORDER BY apart from those of
//! the select list.

use std::collections::HashMap;

use crate::expression::{Expression, Subquery};
use crate::plan::explain::figures::{self, Figures};
use crate::plan::explain::{Line, collect_conditions, quote_columns, scan_line, subqueries};
use crate::plan::node::{Body, JoinMethod, Node, QueryPlan, RowsPlan, ScanPlan, SelectPlan};
use crate::plan::set::SetPlan;
use crate::plan::{ChangePlan, JoinedChange};

/// A value of a document.
pub(super) enum Json {
    Object(Vec<(&'static str, Json)>),
    Array(Vec<Json>),
    Text(String),
    Number(u64),
    Truth(bool),
}

impl Json {
    fn text(text: impl Into<String>) -> Json {
        Json::Text(text.into())
    }

    /// Writes it as MySQL does: a member a line, two blanks a level.
    pub fn write(&self, depth: usize, out: &mut String) {
        let line = |depth: usize, out: &mut String| {
            out.push('\n');
            out.push_str(&"  ".repeat(depth));
        };
        match self {
            Json::Object(members) => {
                out.push('{');
                for (position, (name, value)) in members.iter().enumerate() {
                    out.push_str(if position > 0 { "," } else { "" });
                    line(depth + 1, out);
                    out.push_str(&format!("\"{name}\": "));
                    value.write(depth + 1, out);
                }
                line(depth, out);
                out.push('}');
            }
            Json::Array(values) => {
                out.push('[');
                for (position, value) in values.iter().enumerate() {
                    out.push_str(if position > 0 { "," } else { "" });
                    line(depth + 1, out);
                    value.write(depth + 1, out);
                }
                line(depth, out);
                out.push(']');
            }
            Json::Text(text) => write_text(text, out),
            Json::Number(number) => out.push_str(&number.to_string()),
            Json::Truth(truth) => out.push_str(if *truth { "true" } else { "false" }),
        }
    }
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            control if (control as u32) < 0x20 => {
                out.push_str(&format!("\\u{:04x}", control as u32));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

fn cost(cost: f64) -> Json {
    Json::Text(format!("{cost:.2}"))
}

fn query_cost(figures: Figures) -> (&'static str, Json) {
    ("cost_info", Json::Object(vec![("query_cost", cost(figures.cost))]))
}

/// A nested block beside the one around it.
fn nested(block: Json, dependent: bool) -> Json {
    Json::Object(vec![
        ("dependent", Json::Truth(dependent)),
        ("cacheable", Json::Truth(!dependent)),
        ("query_block", block),
    ])
}

/// A nested block that is run whenever it is asked for.
fn uncacheable(block: Json, dependent: bool) -> Json {
    Json::Object(vec![
        ("dependent", Json::Truth(dependent)),
        ("cacheable", Json::Truth(false)),
        ("query_block", block),
    ])
}

/// Makes documents of plans.
pub(super) struct Writer {
    /// The next block's number.
    next_id: u64,
    /// Names of the slots of the block: as `ref` shows them, and quoted for conditions.
    names: HashMap<usize, String>,
    quoted: HashMap<usize, String>,
    /// Rows and cost of the tables so far.
    prefix: Figures,
    /// Pairs expected of the join that the next table is added to.
    expected: Option<f64>,
}

impl Writer {
    pub fn new() -> Writer {
        let prefix = Figures { cost: 0.0, rows: 1.0 };
        Writer { next_id: 1, names: HashMap::new(), quoted: HashMap::new(), prefix, expected: None }
    }

    /// The value of `query_block`.
    pub fn query(&mut self, query: &QueryPlan) -> Json {
        match &query.body {
            Body::Select(select) => self.select(select),
            Body::Set(set) => self.set(set),
            Body::Values(_) => {
                let id = self.take_id();
                Json::Object(vec![("select_id", Json::Number(id)), ("message", Json::text("No tables used"))])
            }
            Body::Recursive(recursive) => {
                let parts: Vec<&QueryPlan> = recursive.anchors.iter().chain(&recursive.members).collect();
                let blocks = parts.into_iter().map(|part| nested(self.query(part), false)).collect();
                let result = vec![
                    ("using_temporary_table", Json::Truth(true)),
                    ("query_specifications", Json::Array(blocks)),
                ];
                Json::Object(vec![("recursive_union", Json::Object(result))])
            }
        }
    }

    fn take_id(&mut self) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    fn set(&mut self, set: &SetPlan) -> Json {
        let Some((_, all, second)) = &set.second else { return self.query(&set.first) };
        let first_id = self.next_id;
        let first = nested(self.query(&set.first), false);
        let second_id = self.next_id;
        let second = nested(self.query(second), false);
        let mut result = vec![("using_temporary_table", Json::Truth(!all || !set.sort.is_empty()))];
        if !all {
            let id = self.take_id();
            result.push(("select_id", Json::Number(id)));
            result.push(("table_name", Json::Text(format!("<union{first_id},{second_id}>"))));
            result.push(("access_type", Json::text("ALL")));
        }
        result.push(("query_specifications", Json::Array(vec![first, second])));
        Json::Object(vec![("union_result", Json::Object(result))])
    }

    fn select(&mut self, select: &SelectPlan) -> Json {
        let id = self.take_id();
        let around = (std::mem::take(&mut self.names), std::mem::take(&mut self.quoted), self.prefix);
        self.prefix = Figures { cost: 0.0, rows: 1.0 };
        let mut block = vec![("select_id", Json::Number(id))];
        let ends = select.aggregate.as_ref().is_some_and(|aggregate| !aggregate.index_ends.is_empty());
        match &select.source {
            Some(node) if !ends => {
                block.push(query_cost(figures::of_select(select)));
                super::name_slots(node, &mut self.names);
                quote_columns(node, &mut self.quoted);
                let tables = self.tables(node);
                block.extend(stages(select, tables));
            }
            Some(_) => block.push(("message", Json::text("Select tables optimized away"))),
            None => block.push(("message", Json::text("No tables used"))),
        }
        self.block_subqueries(select, &mut block);
        (self.names, self.quoted, self.prefix) = around;
        Json::Object(block)
    }

    fn block_subqueries(&mut self, select: &SelectPlan, block: &mut Vec<(&'static str, Json)>) {
        let mut conditions: Vec<&Expression> =
            select.constant_conditions.iter().chain(&select.having).collect();
        if let Some(node) = &select.source {
            collect_conditions(node, &mut conditions);
        }
        let attached = subqueries(&conditions);
        let projected: Vec<&Expression> = select.project.iter().collect();
        let listed = subqueries(&projected).into_iter();
        let listed: Vec<&Subquery> =
            listed.filter(|one| !attached.iter().any(|known| std::ptr::eq(*known, *one))).collect();
        for (name, found) in [("attached_subqueries", attached), ("select_list_subqueries", listed)] {
            if !found.is_empty() {
                let blocks = found.into_iter().map(|one| match one.dependence.is_volatile {
                    true => uncacheable(self.query(&one.plan), one.correlated),
                    false => nested(self.query(&one.plan), one.correlated),
                });
                block.push((name, Json::Array(blocks.collect())));
            }
        }
    }

    fn conditions(&self, conditions: &[&Expression]) -> Option<(&'static str, Json)> {
        let text = |expression: &Expression| {
            let mut named = expression.clone();
            self.name(&mut named);
            named.to_string()
        };
        let parts: Vec<String> = conditions.iter().map(|condition| text(condition)).collect();
        match parts.as_slice() {
            [] => None,
            [one] => Some(("attached_condition", Json::text(one.as_str()))),
            _ => Some(("attached_condition", Json::Text(format!("({})", parts.join(" and "))))),
        }
    }

    fn name(&self, expression: &mut Expression) {
        if let Expression::Column { index, name, .. } = expression
            && let Some(full) = self.quoted.get(index)
        {
            *name = full.as_str().into();
        }
        expression.for_each_operand_mut(&mut |operand| self.name(operand));
    }

    /// The tables in the order in which they are joined.
    fn tables(&mut self, node: &Node) -> Vec<Json> {
        let mut out = Vec::new();
        self.add_tables(node, &[], false, &mut out);
        out.into_iter().map(Json::Object).collect()
    }

    fn add_tables(
        &mut self,
        node: &Node,
        above: &[&Expression],
        kept: bool,
        out: &mut Vec<Vec<(&'static str, Json)>>,
    ) {
        match node {
            Node::Scan(scan) => {
                let table = self.scan(scan, above, kept);
                out.push(vec![("table", Json::Object(table))]);
            }
            Node::Rows(rows) => {
                let table = self.rows(rows, above, kept);
                out.push(vec![("table", Json::Object(table))]);
            }
            Node::Filter(filter) => {
                let all: Vec<&Expression> = filter.conditions.iter().chain(above.iter().copied()).collect();
                self.add_tables(&filter.input, &all, kept, out);
            }
            Node::Join(join) => {
                self.add_tables(&join.outer, &[], kept, out);
                let keys: Vec<Expression> = match &join.method {
                    JoinMethod::Loop => Vec::new(),
                    JoinMethod::Buffered { keys, .. } => {
                        let both = keys.iter().filter_map(|key| {
                            let (inner, outer) = (key.inner.clone(), key.outer.clone());
                            let op = match key.null_safe {
                                true => crate::expression::CompareOp::NullSafeEq,
                                false => crate::expression::CompareOp::Eq,
                            };
                            Expression::compare(op, inner, outer).ok()
                        });
                        both.collect()
                    }
                };
                let kept = kept || matches!(join.method, JoinMethod::Buffered { .. });
                let all: Vec<&Expression> =
                    keys.iter().chain(&join.on).chain(above.iter().copied()).collect();
                let is_table = matches!(join.inner, Node::Scan(_) | Node::Rows(_));
                self.expected = is_table.then_some(join.rows);
                self.add_tables(&join.inner, &all, kept, out);
            }
        }
    }

    fn scan(&mut self, scan: &ScanPlan, above: &[&Expression], kept: bool) -> Vec<(&'static str, Json)> {
        let line = scan_line(scan, 0, "", &self.names);
        let conditions: Vec<&Expression> = scan.filter.iter().chain(above.iter().copied()).collect();
        let mut table = self.line(&line);
        if !scan.access.terms.is_empty() {
            let parts = scan.access.terms.iter().map(|term| &scan.table.columns[term.column].name);
            let parts =
                ("used_key_parts", Json::Array(parts.map(|name| Json::text(name.as_str())).collect()));
            let after = table.iter().position(|(name, _)| *name == "key").map_or(table.len(), |at| at + 1);
            table.insert(after, parts);
        }
        self.add_figures(&mut table, figures::of_scan(scan), conditions.len());
        if scan.access.covering {
            table.push(("using_index", Json::Truth(true)));
        }
        if kept {
            table.push(("using_join_buffer", Json::text("hash join")));
        }
        self.add_costs(&mut table, figures::of_scan(scan), conditions.len());
        let wanted = |column: &usize| scan.wanted.contains(*column);
        let used = (0..scan.table.columns.len()).filter(wanted);
        let used = used.map(|column| Json::text(scan.table.columns[column].name.as_str()));
        table.push(("used_columns", Json::Array(used.collect())));
        table.extend(self.conditions(&conditions));
        table
    }

    fn rows(&mut self, rows: &RowsPlan, above: &[&Expression], kept: bool) -> Vec<(&'static str, Json)> {
        let line =
            Line { table: Some(rows.alias.clone()), access: Some("ALL"), filtered: None, ..Line::default() };
        let conditions: Vec<&Expression> = rows.filter.iter().chain(above.iter().copied()).collect();
        let mut table = self.line(&line);
        let figures = figures::of_query_or_virtual(rows);
        self.add_figures(&mut table, figures, conditions.len());
        if kept {
            table.push(("using_join_buffer", Json::text("hash join")));
        }
        self.add_costs(&mut table, figures, conditions.len());
        table.extend(self.conditions(&conditions));
        if let Some(plan) = rows.source.plan() {
            let dependent = rows.source.depends_on_row();
            let block = self.query(plan);
            let made = vec![
                ("using_temporary_table", Json::Truth(true)),
                ("dependent", Json::Truth(dependent)),
                ("cacheable", Json::Truth(!dependent)),
                ("query_block", block),
            ];
            table.push(("materialized_from_subquery", Json::Object(made)));
        }
        table
    }

    /// What the traditional form says of a table.
    fn line(&self, line: &Line) -> Vec<(&'static str, Json)> {
        let mut table = Vec::new();
        let list = |text: &str| Json::Array(text.split(',').map(Json::text).collect());
        table.extend(line.table.as_deref().map(|name| ("table_name", Json::text(name))));
        table.extend(line.access.map(|access| ("access_type", Json::text(access))));
        table.extend(line.possible.as_deref().map(|names| ("possible_keys", list(names))));
        table.extend(line.key.as_deref().map(|name| ("key", Json::text(name))));
        table.extend(line.key_len.as_deref().map(|length| ("key_length", Json::text(length))));
        table.extend(line.reference.as_deref().map(|names| ("ref", list(names))));
        table
    }

    fn add_figures(&mut self, table: &mut Vec<(&'static str, Json)>, read: Figures, conditions: usize) {
        let (before, passing) = (self.prefix.rows, read.filtered(conditions));
        self.prefix.rows = self.expected.take().unwrap_or(before * passing.rows);
        table.push(("rows_examined_per_scan", Json::Number(read.rows.round() as u64)));
        table.push(("rows_produced_per_join", Json::Number(self.prefix.rows.round() as u64)));
        let share = if read.rows > 0.0 { 100.0 * passing.rows / read.rows } else { 100.0 };
        table.push(("filtered", Json::Text(format!("{share:.2}"))));
    }

    fn add_costs(&mut self, table: &mut Vec<(&'static str, Json)>, read: Figures, conditions: usize) {
        let share = read.filtered(conditions).rows.max(1e-9);
        let loops = (self.prefix.rows / share).max(1.0);
        let eval = self.prefix.rows * 0.1;
        self.prefix.cost += loops * read.cost;
        let costs = vec![
            ("read_cost", cost((loops * read.cost - eval).max(0.0))),
            ("eval_cost", cost(eval)),
            ("prefix_cost", cost(self.prefix.cost)),
        ];
        table.push(("cost_info", Json::Object(costs)));
    }

    /// UPDATE or DELETE of one table.
    pub fn change(&mut self, verb: &'static str, change: &ChangePlan) -> Json {
        let scan = &change.scan;
        let name = |position: usize| {
            let column = &scan.table.columns[position].name;
            format!("{}`.`{}`.`{column}", scan.table.database, scan.alias)
        };
        self.quoted.extend((0..scan.table.columns.len()).map(|column| (scan.base + column, name(column))));
        let mut table = vec![(verb, Json::Truth(true))];
        let kept = |(name, _): &(&'static str, Json)| {
            !matches!(*name, "rows_produced_per_join" | "cost_info" | "used_columns")
        };
        table.extend(self.scan(scan, &[], false).into_iter().filter(kept));
        let block = vec![("select_id", Json::Number(1)), ("table", Json::Object(table))];
        Json::Object(block)
    }

    /// UPDATE or DELETE of the rows of a join.
    pub fn joined(&mut self, change: &JoinedChange) -> Json {
        super::name_slots(&change.source, &mut self.names);
        quote_columns(&change.source, &mut self.quoted);
        let mut tables = Vec::new();
        self.add_tables(&change.source, &[], false, &mut tables);
        let verb = if change.is_update { "update" } else { "delete" };
        for table in &mut tables {
            let Some((_, Json::Object(table))) = table.first_mut() else { continue };
            let is_target = |alias: &str| change.targets.iter().any(|target| target.alias == alias);
            if matches!(table.first(), Some(("table_name", Json::Text(alias))) if is_target(alias)) {
                table.insert(0, (verb, Json::Truth(true)));
            }
        }
        let tables = tables.into_iter().map(Json::Object).collect();
        Json::Object(vec![
            ("select_id", Json::Number(1)),
            query_cost(figures::of_node(&change.source)),
            ("nested_loop", Json::Array(tables)),
        ])
    }

    /// INSERT, with its query.
    pub fn insert(&mut self, table: &str, query: Option<&QueryPlan>) -> Json {
        let target = vec![
            ("insert", Json::Truth(true)),
            ("table_name", Json::text(table)),
            ("access_type", Json::text("ALL")),
        ];
        let mut block = vec![("select_id", Json::Number(1)), ("table", Json::Object(target))];
        if let Some(query) = query {
            let from = self.query(query);
            let mut members = match from {
                Json::Object(members) => members,
                _ => Vec::new(),
            };
            members.retain(|(name, _)| *name != "select_id");
            block.push(("insert_from", Json::Object(members)));
        }
        Json::Object(block)
    }
}

/// What is done with the tables' rows, around them.
fn stages(select: &SelectPlan, mut tables: Vec<Json>) -> Vec<(&'static str, Json)> {
    let mut inside = match tables.len() {
        1 => match tables.pop() {
            Some(Json::Object(members)) => members,
            _ => Vec::new(),
        },
        _ => vec![("nested_loop", Json::Array(tables))],
    };
    let around = |name: &'static str, flags: &[(&'static str, bool)], inside: Vec<(&'static str, Json)>| {
        let flags = flags.iter().map(|(name, flag)| (*name, Json::Truth(*flag)));
        vec![(name, Json::Object(flags.chain(inside).collect()))]
    };
    if select.aggregate.as_ref().is_some_and(|aggregate| !aggregate.keys.is_empty()) {
        let flags = [("using_temporary_table", true), ("using_filesort", false)];
        inside = around("grouping_operation", &flags, inside);
    }
    if select.window.is_some() {
        inside = around("windowing", &[("using_temporary_table", true)], inside);
    }
    if select.distinct {
        let flags = [("using_temporary_table", true), ("using_filesort", false)];
        inside = around("duplicates_removal", &flags, inside);
    }
    if !select.sort.is_empty() {
        inside = around("ordering_operation", &[("using_filesort", !select.source_ordered)], inside);
    }
    inside
}

/// The whole document as text.
pub(super) fn text(block: Json) -> String {
    let mut out = String::new();
    Json::Object(vec![("query_block", block)]).write(0, &mut out);
    out
}

/// The block of a statement without tables.
pub(super) fn nothing() -> Json {
    Json::Object(vec![("select_id", Json::Number(1)), ("message", Json::text("No tables used"))])
}
