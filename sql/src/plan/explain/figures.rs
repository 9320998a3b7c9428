//! Costs and rows as EXPLAIN shows them: rough, in MySQL's scale of costs (a row that is looked at costs a tenth).

use std::sync::atomic::Ordering;

use crate::plan::node::{Body, JoinMethod, Node, QueryPlan, RowsPlan, ScanPlan, SelectPlan};

/// MySQL's guess of how many rows a condition without index lets through.
const FILTER_SHARE: f64 = 0.3333;
/// Rows that a virtual table or a step of a recursion is taken to have.
const UNKNOWN_ROWS: f64 = 2.0;

/// What a part of a plan costs and gives, each time that it runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Figures {
    pub cost: f64,
    pub rows: f64,
}

impl Figures {
    /// `(cost=… rows=…)`.
    pub fn text(self) -> String {
        if self.cost == 0.0 {
            // It costs nothing, and nothing until its first row.
            return format!("(cost=0..0 rows={})", number(self.rows));
        }
        format!("(cost={} rows={})", number(self.cost), number(self.rows))
    }

    /// After conditions.
    pub fn filtered(self, conditions: usize) -> Figures {
        let share = FILTER_SHARE.powi(i32::try_from(conditions).unwrap_or(i32::MAX));
        Figures { cost: self.cost, rows: self.rows * share }
    }
}

/// Three digits, as MySQL prints figures.
pub(super) fn number(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return "0".to_owned();
    }
    let exponent = value.abs().log10().floor() as i32;
    if !(-2..6).contains(&exponent) {
        // The exponent is a multiple of three.
        let engineering = exponent.div_euclid(3) * 3;
        let scaled = value / 10f64.powi(engineering);
        let sign = if engineering >= 0 { "+" } else { "" };
        return format!("{}e{sign}{engineering}", short(scaled));
    }
    short(value)
}

fn short(value: f64) -> String {
    let exponent = if value == 0.0 { 0 } else { value.abs().log10().floor() as i32 };
    let decimals = usize::try_from(2 - exponent).unwrap_or(0);
    let text = format!("{value:.decimals$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

pub(super) fn of_scan(scan: &ScanPlan) -> Figures {
    if scan.access.point {
        return Figures { cost: 0.35, rows: 1.0 };
    }
    // Plans are made for tables that grow; what is there now is less, or nothing.
    let there = scan.table.row_estimate.load(Ordering::Relaxed).max(1);
    let rows = scan.rows.min(there) as f64;
    let is_lookup = scan.access.index > 0 && !scan.access.covering;
    Figures { cost: 0.25 + rows * if is_lookup { 0.35 } else { 0.1 }, rows }
}

/// Of a derived or virtual table, before its conditions.
pub(super) fn of_query_or_virtual(rows: &RowsPlan) -> Figures {
    let unknown = Figures { cost: 2.5, rows: UNKNOWN_ROWS };
    let made = rows.source.plan().map_or(unknown, of_query);
    Figures { cost: made.cost + 2.5 + made.rows * 0.1, rows: made.rows }
}

pub(super) fn of_node(node: &Node) -> Figures {
    match node {
        Node::Scan(scan) => of_scan(scan).filtered(scan.filter.len()),
        Node::Rows(rows) => of_query_or_virtual(rows).filtered(rows.filter.len()),
        Node::Filter(filter) => of_node(&filter.input).filtered(filter.conditions.len()),
        Node::Join(join) => {
            let (outer, inner) = (of_node(&join.outer), of_node(&join.inner));
            let cost = match &join.method {
                JoinMethod::Loop => outer.cost + outer.rows * inner.cost,
                JoinMethod::Buffered { .. } => outer.cost + inner.cost + outer.rows.max(join.rows) * 0.1,
            };
            Figures { cost, rows: join.rows }
        }
    }
}

pub(super) fn of_select(select: &SelectPlan) -> Figures {
    let source = select.source.as_ref().map_or(Figures { cost: 0.0, rows: 1.0 }, of_node);
    match &select.aggregate {
        Some(aggregate) if aggregate.keys.is_empty() => Figures { rows: 1.0, ..source },
        Some(_) | None => source,
    }
}

pub(super) fn of_query(query: &QueryPlan) -> Figures {
    match &query.body {
        Body::Select(select) => of_select(select),
        Body::Values(values) => Figures { cost: 0.0, rows: values.rows.len() as f64 },
        Body::Set(_) | Body::Recursive(_) => {
            query.operands().map(of_query).fold(Figures { cost: 0.0, rows: 0.0 }, |sum, part| Figures {
                cost: sum.cost + part.cost,
                rows: sum.rows + part.rows,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn figures_have_three_digits() {
        for (value, text) in [
            (0.0, "0"),
            (1.0, "1"),
            (0.35, "0.35"),
            (4.456, "4.46"),
            (18186.4, "18186"),
            (27_700_000.0, "27.7e+6"),
            (0.00006, "60e-6"),
        ] {
            assert_eq!(number(value), text);
        }
    }
}
