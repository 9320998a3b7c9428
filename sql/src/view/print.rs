//! Queries as MySQL prints them back: the statement around what [`crate::ast::print`](mod@crate::ast::print) does for expressions.
//!
//! Left out: what MySQL's optimizer has put into a query before it prints it.

use super::View;
use crate::ast::print::{Style, is_truth, print, write_name};
use crate::ast::{
    Expr, JoinCondition, JoinKind, OrderItem, Over, Query, QueryBody, Select, SelectItem, SetOperator,
    TableExpr, ViewAlgorithm, ViewCheck, With,
};

/// How names are printed in a view.
struct Names<'n> {
    /// The database that is left out.
    current: Option<&'n str>,
    /// In a subquery of an expression, whose columns' names nobody asks for: those not given are left out, as MySQL does.
    in_expression: bool,
}

impl Style for Names<'_> {
    fn column(&self, database: Option<&str>, table: Option<&str>, column: &str, out: &mut String) {
        if let Some(database) = database.filter(|name| self.current != Some(*name)) {
            write_name(database, out);
            out.push('.');
        }
        if let Some(table) = table {
            write_name(table, out);
            out.push('.');
        }
        write_name(column, out);
    }

    fn query(&self, query: &Query, out: &mut String) {
        Names { in_expression: true, ..*self }.write(query, out);
    }

    fn introduces_strings(&self) -> bool {
        false
    }
}

/// The text of a query whose names are complete; `current` is the database that need not be named.
#[must_use]
pub fn query(query: &Query, current: Option<&str>) -> String {
    let mut out = String::new();
    Names { current, in_expression: false }.write(query, &mut out);
    out
}

/// What SHOW CREATE VIEW says.
#[must_use]
pub fn create_view(view: &View, current: Option<&str>) -> String {
    let algorithm = match view.algorithm {
        ViewAlgorithm::Undefined => "UNDEFINED",
        ViewAlgorithm::Merge => "MERGE",
        ViewAlgorithm::TempTable => "TEMPTABLE",
    };
    let mut out = format!("CREATE ALGORITHM={algorithm} DEFINER=");
    write_name(&view.definer.user, &mut out);
    out.push('@');
    write_name(&view.definer.host, &mut out);
    out.push_str(if view.invoker { " SQL SECURITY INVOKER VIEW " } else { " SQL SECURITY DEFINER VIEW " });
    if current != Some(view.table.database.as_str()) {
        write_name(&view.table.database, &mut out);
        out.push('.');
    }
    write_name(&view.table.name, &mut out);
    if !view.column_names.is_empty() {
        out.push_str(" (");
        names(&view.column_names, &mut out);
        out.push(')');
    }
    out.push_str(" AS ");
    out.push_str(&query(&view.query, current));
    out.push_str(match view.check {
        ViewCheck::None => "",
        ViewCheck::Local => " WITH LOCAL CHECK OPTION",
        ViewCheck::Cascaded => " WITH CASCADED CHECK OPTION",
    });
    out
}

fn names(list: &[String], out: &mut String) {
    for (position, name) in list.iter().enumerate() {
        if position > 0 {
            out.push(',');
        }
        write_name(name, out);
    }
}

impl Names<'_> {
    fn write(&self, query: &Query, out: &mut String) {
        if let Some(with) = &query.with {
            self.with(with, out);
        }
        match &query.body {
            QueryBody::Select(select) => self.select(select, out),
            QueryBody::SetOperation { operator, left, right, all } => {
                self.left_operand(*operator, left, out);
                out.push_str(match operator {
                    SetOperator::Union => " union ",
                    SetOperator::Intersect => " intersect ",
                    SetOperator::Except => " except ",
                });
                out.push_str(if *all { "all " } else { "" });
                self.right_operand(right, out);
            }
            QueryBody::Values(rows) => {
                out.push_str("values ");
                for (position, row) in rows.iter().enumerate() {
                    out.push_str(if position > 0 { ",row(" } else { "row(" });
                    self.list(row, out);
                    out.push(')');
                }
            }
            QueryBody::Nested(inner) => {
                out.push('(');
                self.write(inner, out);
                out.push(')');
            }
        }
        self.order(&query.order_by, out);
        if let Some(limit) = &query.limit {
            out.push_str(" limit ");
            if let Some(offset) = &query.offset {
                out.push_str(&self.expr(offset));
                out.push(',');
            }
            out.push_str(&self.expr(limit));
        }
    }

    /// An operand of a set operation.
    fn operand(&self, query: &Query, out: &mut String) {
        if query.is_bare() {
            self.write(query, out);
        } else {
            out.push('(');
            self.write(query, out);
            out.push(')');
        }
    }

    /// The left one: INTERSECT would take the right end of another operation for its own.
    fn left_operand(&self, operator: SetOperator, query: &Query, out: &mut String) {
        let is_taken = operator == SetOperator::Intersect
            && matches!(query.body, QueryBody::SetOperation { operator, .. } if operator != SetOperator::Intersect);
        if query.is_bare() && is_taken {
            out.push('(');
            self.write(query, out);
            out.push(')');
        } else {
            self.operand(query, out);
        }
    }

    /// The right one, which is in parentheses also where it is a set operation.
    fn right_operand(&self, query: &Query, out: &mut String) {
        let is_operation = matches!(query.body, QueryBody::SetOperation { .. });
        if query.is_bare() && is_operation {
            out.push('(');
            self.write(query, out);
            out.push(')');
        } else {
            self.operand(query, out);
        }
    }

    fn with(&self, with: &With, out: &mut String) {
        out.push_str(if with.recursive { "with recursive " } else { "with " });
        for (position, table) in with.tables.iter().enumerate() {
            out.push_str(if position > 0 { "," } else { "" });
            write_name(&table.name, out);
            if !table.columns.is_empty() {
                out.push_str(" (");
                names(&table.columns, out);
                out.push(')');
            }
            out.push_str(" as (");
            self.write(&table.query, out);
            out.push(')');
        }
        out.push(' ');
    }

    fn select(&self, select: &Select, out: &mut String) {
        out.push_str(if select.distinct { "select distinct " } else { "select " });
        for (position, item) in select.items.iter().enumerate() {
            out.push_str(if position > 0 { "," } else { "" });
            self.item(item, out);
        }
        if let Some(from) = &select.from {
            out.push_str(" from ");
            self.from(from, out);
        }
        self.condition(" where ", select.filter.as_ref(), out);
        if !select.group_by.is_empty() {
            out.push_str(" group by ");
            self.list(&select.group_by, out);
            out.push_str(if select.rollup { " with rollup" } else { "" });
        }
        self.condition(" having ", select.having.as_ref(), out);
        for (position, window) in select.windows.iter().enumerate() {
            out.push_str(if position > 0 { "," } else { " window " });
            write_name(&window.name, out);
            out.push_str(" AS (");
            let spec = crate::ast::print::window(&window.spec, self);
            out.push_str(&spec);
            out.push_str(") ");
        }
    }

    fn item(&self, item: &SelectItem, out: &mut String) {
        match item {
            SelectItem::Wildcard => out.push('*'),
            SelectItem::TableWildcard { database, table } => {
                if let Some(database) = database {
                    write_name(database, out);
                    out.push('.');
                }
                write_name(table, out);
                out.push_str(".*");
            }
            SelectItem::Expression { expr, alias, text } => {
                out.push_str(&self.expr(expr));
                // As MySQL has it after a window.
                if matches!(expr, Expr::Window(call) if matches!(call.over, Over::Spec(_))) {
                    out.push(' ');
                }
                if alias.is_some() || !self.in_expression {
                    out.push_str(" AS ");
                    write_name(alias.as_ref().unwrap_or(text), out);
                }
            }
        }
    }

    fn condition(&self, word: &str, condition: Option<&Expr>, out: &mut String) {
        let Some(condition) = condition else { return };
        out.push_str(word);
        self.truth(condition, out);
    }

    fn truth(&self, condition: &Expr, out: &mut String) {
        if is_truth(condition) {
            out.push_str(&self.expr(condition));
        } else {
            out.push_str("(0 <> ");
            out.push_str(&self.expr(condition));
            out.push(')');
        }
    }

    fn order(&self, items: &[OrderItem], out: &mut String) {
        for (position, item) in items.iter().enumerate() {
            out.push_str(if position > 0 { "," } else { " order by " });
            out.push_str(&self.expr(&item.expr));
            out.push_str(if item.descending { " desc" } else { "" });
        }
    }

    fn from(&self, from: &TableExpr, out: &mut String) {
        match from {
            TableExpr::Table { database, table, alias, hints: _, partitions: _ } => {
                if let Some(database) = database.as_deref().filter(|name| self.current != Some(*name)) {
                    write_name(database, out);
                    out.push('.');
                }
                write_name(table, out);
                if let Some(alias) = alias {
                    out.push(' ');
                    write_name(alias, out);
                }
            }
            TableExpr::Derived { query, alias, columns, lateral, json_table: _ } => {
                out.push_str(if *lateral { "lateral (" } else { "(" });
                Names { in_expression: false, ..*self }.write(query, out);
                out.push_str(") ");
                write_name(alias.as_deref().unwrap_or_default(), out);
                if !columns.is_empty() {
                    out.push_str(" (");
                    names(columns, out);
                    out.push(')');
                }
            }
            TableExpr::Join { left, right, kind, condition } => {
                // As MySQL turns it.
                let (left, right) = if *kind == JoinKind::Right { (right, left) } else { (left, right) };
                out.push('(');
                self.from(left, out);
                out.push_str(if *kind == JoinKind::Inner { " join " } else { " left join " });
                self.from(right, out);
                if let JoinCondition::On(condition) = condition {
                    out.push_str(" on(");
                    self.truth(condition, out);
                    out.push(')');
                }
                out.push(')');
            }
        }
    }

    fn list(&self, items: &[Expr], out: &mut String) {
        let items: Vec<String> = items.iter().map(|item| self.expr(item)).collect();
        out.push_str(&items.join(","));
    }

    fn expr(&self, expr: &Expr) -> String {
        print(expr, self)
    }
}
