//! Expressions as MySQL prints them back: in SHOW CREATE TABLE, SHOW CREATE VIEW and `information_schema`.
//!
//! What is printed is not what was written, but what MySQL made of it: names in backticks, parentheses around every operator, functions
//! under one name (`SUBSTRING(a, 1)` is `` substr(`a`,1) ``), a NOT pushed down to the comparisons (`NOT (a = 1)` is
//! `` (`a` <> 1) ``), and `0 <>` before a number that stands where a truth is wanted. The text means what the expression meant, and
//! can be parsed again under the default `sql_mode`: the catalog keeps expressions as this text.
//!
//! Left out: what the tree does not keep. `CONVERT(x USING utf8mb4)` is printed as the cast that it is, `TRIM('x' FROM a)` with
//! its BOTH, `1.5E3` and `1500e0` as one number, and fractions of seconds without the zeros at their end.

use crate::ast::{
    AggregateCall, AggregateFunction, BinaryOp, Expr, FrameBound, FrameUnit, Over, Query, UnaryOp,
    VariableScope, WindowCall, WindowFunction, WindowSpec,
};
use crate::types::convert::message_text;
use crate::types::{Collation, DataType, TypeKind, Value};

/// What the place of an expression decides.
pub trait Style {
    /// Writes a column's name, quoted.
    fn column(&self, database: Option<&str>, table: Option<&str>, column: &str, out: &mut String);
    /// Writes a subquery, without parentheses.
    fn query(&self, query: &Query, out: &mut String);
    /// Whether strings have their character set before them (`_utf8mb4'x'`): in tables, not in views.
    fn introduces_strings(&self) -> bool;
}

/// The expression's text.
#[must_use]
pub fn print(expr: &Expr, style: &dyn Style) -> String {
    let mut printer = Printer { style, out: String::new() };
    printer.expr(expr);
    printer.out
}

/// What stands between the parentheses of a window.
#[must_use]
pub fn window(spec: &WindowSpec, style: &dyn Style) -> String {
    let mut printer = Printer { style, out: String::new() };
    printer.window_spec(spec);
    printer.out
}

/// Writes a name in backticks.
pub fn write_name(name: &str, out: &mut String) {
    out.push('`');
    out.push_str(&name.replace('`', "``"));
    out.push('`');
}

/// Writes a string's bytes in quotes, with MySQL's escapes.
pub fn write_string(text: &str, out: &mut String) {
    out.push('\'');
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '\'' => out.push_str("\\'"),
            '\0' => out.push_str("\\0"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\x1a' => out.push_str("\\Z"),
            other => out.push(other),
        }
    }
    out.push('\'');
}

/// Whether the result is a truth by its form: what a CHECK must be, and what stands as it is under AND and NOT.
#[must_use]
pub fn is_truth(expr: &Expr) -> bool {
    match expr {
        Expr::Binary(op, ..) => matches!(
            op,
            BinaryOp::Eq
                | BinaryOp::NullSafeEq
                | BinaryOp::NotEq
                | BinaryOp::Less
                | BinaryOp::LessEq
                | BinaryOp::Greater
                | BinaryOp::GreaterEq
                | BinaryOp::And
                | BinaryOp::Or
                | BinaryOp::Xor
        ),
        Expr::Unary(UnaryOp::Not, _)
        | Expr::Truth(_)
        | Expr::IsNull { .. }
        | Expr::IsTruth { .. }
        | Expr::Between { .. }
        | Expr::InList { .. }
        | Expr::InSubquery { .. }
        | Expr::Quantified { .. }
        | Expr::Exists { .. }
        | Expr::Like { .. }
        | Expr::Regexp { .. } => true,
        Expr::Unary(UnaryOp::Plus, operand) => is_truth(operand),
        Expr::Function { name, .. } => matches!(
            name.as_str(),
            "ISNULL"
                | "STRCMP"
                | "REGEXP_LIKE"
                | "IS_UUID"
                | "IS_IPV4"
                | "IS_IPV6"
                | "IS_IPV4_COMPAT"
                | "IS_IPV4_MAPPED"
                | "JSON_VALID"
                | "JSON_CONTAINS"
                | "JSON_CONTAINS_PATH"
                | "JSON_OVERLAPS"
                | "JSON_SCHEMA_VALID"
                | "MEMBER OF"
        ),
        _ => false,
    }
}

fn operator(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "+",
        BinaryOp::Subtract => "-",
        BinaryOp::Multiply => "*",
        BinaryOp::Divide => "/",
        BinaryOp::IntDivide => "DIV",
        BinaryOp::Modulo => "%",
        BinaryOp::Eq => "=",
        BinaryOp::NullSafeEq => "<=>",
        BinaryOp::NotEq => "<>",
        BinaryOp::Less => "<",
        BinaryOp::LessEq => "<=",
        BinaryOp::Greater => ">",
        BinaryOp::GreaterEq => ">=",
        BinaryOp::And => "and",
        BinaryOp::Or => "or",
        BinaryOp::Xor => "xor",
        BinaryOp::BitAnd => "&",
        BinaryOp::BitOr => "|",
        BinaryOp::BitXor => "^",
        BinaryOp::ShiftLeft => "<<",
        BinaryOp::ShiftRight => ">>",
    }
}

/// The comparison that is true where this one is false; none for `<=>` and what is no comparison.
fn negated(op: BinaryOp) -> Option<BinaryOp> {
    Some(match op {
        BinaryOp::Eq => BinaryOp::NotEq,
        BinaryOp::NotEq => BinaryOp::Eq,
        BinaryOp::Less => BinaryOp::GreaterEq,
        BinaryOp::LessEq => BinaryOp::Greater,
        BinaryOp::Greater => BinaryOp::LessEq,
        BinaryOp::GreaterEq => BinaryOp::Less,
        _ => return None,
    })
}

fn not(is_negated: bool) -> &'static str {
    if is_negated { "not " } else { "" }
}

/// The name that MySQL prints a function under.
fn function_name(name: &str) -> String {
    match name {
        "CEIL" => "ceiling".to_owned(),
        "DAY" => "dayofmonth".to_owned(),
        "SUBSTRING" | "MID" => "substr".to_owned(),
        "ATAN2" => "atan".to_owned(),
        "SHA1" => "sha".to_owned(),
        other => other.to_ascii_lowercase(),
    }
}

/// An aggregate as MySQL prints its name.
#[must_use]
pub(crate) fn aggregate_name(function: AggregateFunction) -> &'static str {
    match function {
        AggregateFunction::Count => "count",
        AggregateFunction::Sum => "sum",
        AggregateFunction::Avg => "avg",
        AggregateFunction::Min => "min",
        AggregateFunction::Max => "max",
        AggregateFunction::GroupConcat => "group_concat",
        AggregateFunction::BitAnd => "bit_and",
        AggregateFunction::BitOr => "bit_or",
        AggregateFunction::BitXor => "bit_xor",
        AggregateFunction::StddevPop => "std",
        AggregateFunction::StddevSamp => "stddev_samp",
        AggregateFunction::VarPop => "variance",
        AggregateFunction::VarSamp => "var_samp",
        AggregateFunction::AnyValue => "any_value",
        AggregateFunction::JsonArrayAgg => "json_arrayagg",
        AggregateFunction::JsonObjectAgg => "json_objectagg",
    }
}

pub(super) struct Printer<'s> {
    style: &'s dyn Style,
    out: String,
}

impl Printer<'_> {
    pub(super) fn put(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn list(&mut self, items: &[Expr]) {
        for (position, item) in items.iter().enumerate() {
            if position > 0 {
                self.out.push(',');
            }
            self.expr(item);
        }
    }

    pub(super) fn expr(&mut self, expr: &Expr) {
        match expr {
            Expr::Literal(value) => self.literal(value),
            Expr::Introduced(value, collation) => self.introduced(value, *collation),
            Expr::Truth(value) => self.put(if *value { "true" } else { "false" }),
            Expr::HexLiteral(bytes) => self.hexadecimal(bytes),
            Expr::Parameter(_) => self.put("?"),
            Expr::Column { database, table, column } => {
                self.style.column(database.as_deref(), table.as_deref(), column, &mut self.out);
            }
            Expr::Unary(op, operand) => self.unary(*op, operand),
            Expr::Binary(op, left, right) => self.binary(*op, left, right, false),
            Expr::IsNull { .. }
            | Expr::IsTruth { .. }
            | Expr::Between { .. }
            | Expr::InList { .. }
            | Expr::Like { .. }
            | Expr::Regexp { .. }
            | Expr::InSubquery { .. }
            | Expr::Exists { .. } => self.predicate(expr, false),
            Expr::Quantified { operand, op, all, query } => {
                let quantifier = if *all { "all" } else { "any" };
                self.put("(");
                self.expr(operand);
                self.put(&format!(" {} {quantifier} (", operator(*op)));
                self.style.query(query, &mut self.out);
                self.put("))");
            }
            Expr::Subquery(query) => {
                self.put("(");
                self.style.query(query, &mut self.out);
                self.put(")");
            }
            Expr::Case { operand, branches, otherwise } => {
                self.case(operand.as_deref(), branches, otherwise.as_deref());
            }
            Expr::Cast { operand, to, using: true } => {
                self.put("convert(");
                self.expr(operand);
                self.put(" using ");
                self.put(if to.is_binary() { Collation::Binary } else { to.collation }.character_set());
                self.put(")");
            }
            Expr::Cast { operand, to, using: false } => {
                self.put("cast(");
                self.expr(operand);
                self.put(" as ");
                self.cast_type(to);
                self.put(")");
            }
            Expr::Collate(operand, collation) => {
                self.put("(");
                self.expr(operand);
                self.put(" collate ");
                self.put(collation.name());
                self.put(")");
            }
            Expr::Function { name, arguments } => self.function(name, arguments),
            Expr::Stored { database, name, arguments } => {
                if let Some(database) = database {
                    write_name(database, &mut self.out);
                    self.put(".");
                }
                write_name(name, &mut self.out);
                self.put("(");
                self.list(arguments);
                self.put(")");
            }
            Expr::Aggregate(call) => self.aggregate(call),
            Expr::Window(call) => self.window(call),
            Expr::InsertedValue(column) => self.call_of_column("values", column),
            Expr::Default(Some(column)) => self.call_of_column("default", column),
            Expr::Default(None) => self.put("default"),
            Expr::UserVariable(name) => {
                self.put("@");
                write_name(name, &mut self.out);
            }
            Expr::AssignVariable(name, operand) => {
                self.put("(@");
                write_name(name, &mut self.out);
                self.put(":=");
                self.expr(operand);
                self.put(")");
            }
            Expr::SystemVariable { scope, name } => {
                self.put(match scope {
                    None => "@@",
                    Some(VariableScope::Session) => "@@session.",
                    Some(VariableScope::Global) => "@@global.",
                });
                self.put(name);
            }
            Expr::Row(items) => {
                self.put("(");
                self.list(items);
                self.put(")");
            }
        }
    }

    fn window(&mut self, call: &WindowCall) {
        self.put(call.function.name());
        self.put("(");
        match (call.function, call.arguments.as_slice()) {
            (WindowFunction::Aggregate(AggregateFunction::Count), []) => self.put("*"),
            (_, arguments) => self.list(arguments),
        }
        self.put(") OVER ");
        match &call.over {
            Over::Named(name) => write_name(name, &mut self.out),
            Over::Spec(spec) => {
                self.put("(");
                self.window_spec(spec);
                self.put(")");
            }
        }
    }

    /// What stands between the parentheses of a window.
    fn window_spec(&mut self, spec: &WindowSpec) {
        if let Some(base) = &spec.base {
            write_name(base, &mut self.out);
            self.put(" ");
        }
        if !spec.partition_by.is_empty() {
            self.put("PARTITION BY ");
            self.list(&spec.partition_by);
            self.put(" ");
        }
        for (position, item) in spec.order_by.iter().enumerate() {
            self.put(if position == 0 { "ORDER BY " } else { "," });
            self.expr(&item.expr);
            self.put(if item.descending { " desc" } else { "" });
        }
        self.put(if spec.order_by.is_empty() { "" } else { " " });
        if let Some(frame) = &spec.frame {
            self.put(match frame.unit {
                FrameUnit::Rows => "ROWS BETWEEN ",
                FrameUnit::Range => "RANGE BETWEEN ",
            });
            self.frame_bound(&frame.start);
            self.put(" AND ");
            self.frame_bound(&frame.end);
        }
    }

    fn frame_bound(&mut self, bound: &FrameBound) {
        let (offset, direction) = match bound {
            FrameBound::UnboundedPreceding => return self.put("UNBOUNDED PRECEDING"),
            FrameBound::UnboundedFollowing => return self.put("UNBOUNDED FOLLOWING"),
            FrameBound::CurrentRow => return self.put("CURRENT ROW"),
            FrameBound::Preceding(offset) => (offset, " PRECEDING"),
            FrameBound::Following(offset) => (offset, " FOLLOWING"),
        };
        self.put(if offset.unit.is_some() { "INTERVAL " } else { "" });
        self.expr(&offset.value);
        if let Some(unit) = &offset.unit {
            self.put(" ");
            self.put(&unit.to_ascii_lowercase());
        }
        self.put(direction);
    }

    fn call_of_column(&mut self, function: &str, column: &str) {
        self.put(function);
        self.put("(");
        self.style.column(None, None, column, &mut self.out);
        self.put(")");
    }

    fn literal(&mut self, value: &Value) {
        let text = message_text(value);
        // A sign is an operator in MySQL's text.
        let number = |text: &str| match text.strip_prefix('-') {
            Some(rest) => format!("-({rest})"),
            None => text.to_owned(),
        };
        match value {
            Value::Null => self.put("NULL"),
            Value::Int(_) | Value::UInt(_) | Value::Decimal(_) => self.put(&number(&text)),
            Value::Double(value) => self.put(&number(&format!("{value:e}"))),
            Value::Text(bytes) => {
                if self.style.introduces_strings() {
                    self.put("_utf8mb4");
                }
                write_string(&String::from_utf8_lossy(bytes), &mut self.out);
            }
            Value::Blob(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => {
                    self.put("_binary");
                    write_string(text, &mut self.out);
                }
                Err(_) => self.hexadecimal(bytes),
            },
            Value::Json(_) => {
                self.put("cast(");
                write_string(&text, &mut self.out);
                self.put(" as json)");
            }
            Value::Date(_) => self.put(&format!("DATE'{text}'")),
            Value::Time(_) => self.put(&format!("TIME'{}'", without_zeros(&text))),
            Value::DateTime(_) => self.put(&format!("TIMESTAMP'{}'", without_zeros(&text))),
        }
    }

    /// A literal with its character set; one whose bytes are not those that it is held in, by these.
    fn introduced(&mut self, value: &Value, collation: Collation) {
        let Value::Text(text) = value else { return self.literal(value) };
        self.put("_");
        self.put(collation.character_set());
        if text.is_ascii() && collation.set().bytes_min() == 1 || collation.set().is_held_as_is() {
            write_string(&String::from_utf8_lossy(text), &mut self.out);
        } else {
            self.put(" ");
            self.hexadecimal(&collation.set().encode(text));
        }
    }

    fn hexadecimal(&mut self, bytes: &[u8]) {
        self.put("0x");
        for byte in bytes {
            self.put(&format!("{byte:02x}"));
        }
    }

    fn unary(&mut self, op: UnaryOp, operand: &Expr) {
        match op {
            UnaryOp::Plus => self.expr(operand),
            UnaryOp::Not => self.negation(operand),
            UnaryOp::Minus | UnaryOp::BitNot => {
                self.put(if op == UnaryOp::Minus { "-(" } else { "~(" });
                self.expr(operand);
                self.put(")");
            }
        }
    }

    /// An operand of AND, OR, XOR and IS TRUE.
    fn truth(&mut self, expr: &Expr, is_negated: bool) {
        if is_negated {
            self.negation(expr);
        } else if is_truth(expr) {
            self.expr(expr);
        } else {
            self.put("(0 <> ");
            self.expr(expr);
            self.put(")");
        }
    }

    /// `NOT expr`.
    fn negation(&mut self, expr: &Expr) {
        match expr {
            Expr::Unary(UnaryOp::Not, operand) => self.truth(operand, false),
            Expr::Unary(UnaryOp::Plus, operand) => self.negation(operand),
            Expr::Binary(op, left, right)
                if negated(*op).is_some() || matches!(op, BinaryOp::And | BinaryOp::Or | BinaryOp::Xor) =>
            {
                self.binary(*op, left, right, true);
            }
            Expr::IsNull { .. }
            | Expr::IsTruth { .. }
            | Expr::Between { .. }
            | Expr::InList { .. }
            | Expr::Like { .. }
            | Expr::Regexp { .. }
            | Expr::InSubquery { .. }
            | Expr::Exists { .. } => self.predicate(expr, true),
            other if is_truth(other) => {
                self.put("(not(");
                self.expr(other);
                self.put("))");
            }
            other => {
                self.put("(0 = ");
                self.expr(other);
                self.put(")");
            }
        }
    }

    fn binary(&mut self, op: BinaryOp, left: &Expr, right: &Expr, is_negated: bool) {
        match op {
            BinaryOp::And | BinaryOp::Or => {
                let mut operands = Vec::new();
                flatten(op, left, &mut operands);
                flatten(op, right, &mut operands);
                let is_and = (op == BinaryOp::And) != is_negated;
                self.put("(");
                for (position, operand) in operands.into_iter().enumerate() {
                    if position > 0 {
                        self.put(if is_and { " and " } else { " or " });
                    }
                    self.truth(operand, is_negated);
                }
                self.put(")");
            }
            BinaryOp::Xor => {
                self.put("(");
                self.truth(left, is_negated);
                self.put(" xor ");
                self.truth(right, false);
                self.put(")");
            }
            BinaryOp::Eq | BinaryOp::NotEq | BinaryOp::NullSafeEq => {
                let op = if is_negated { negated(op).unwrap_or(op) } else { op };
                match (left, right) {
                    (Expr::Row(lefts), Expr::Row(rights)) if lefts.len() == rights.len() => {
                        self.row_comparison(op, lefts, rights);
                    }
                    _ => self.infix(op, left, right),
                }
            }
            _ => self.infix(if is_negated { negated(op).unwrap_or(op) } else { op }, left, right),
        }
    }

    fn infix(&mut self, op: BinaryOp, left: &Expr, right: &Expr) {
        self.put("(");
        self.expr(left);
        self.put(" ");
        self.put(operator(op));
        self.put(" ");
        self.expr(right);
        self.put(")");
    }

    /// `(a, b) = (c, d)`: column by column.
    fn row_comparison(&mut self, op: BinaryOp, lefts: &[Expr], rights: &[Expr]) {
        self.put("(");
        for (position, (left, right)) in lefts.iter().zip(rights).enumerate() {
            if position > 0 {
                self.put(if op == BinaryOp::NotEq { " or " } else { " and " });
            }
            self.binary(op, left, right, false);
        }
        self.put(")");
    }

    /// Predicates that have their own NOT; `flip` is one more before them.
    fn predicate(&mut self, expr: &Expr, flip: bool) {
        match expr {
            Expr::IsNull { operand, negated } => {
                self.put("(");
                self.expr(operand);
                self.put(&format!(" is {}null)", not(*negated != flip)));
            }
            Expr::IsTruth { operand, value, negated } => {
                self.put("(");
                match value {
                    Some(value) => {
                        self.truth(operand, false);
                        self.put(&format!(" is {}{value})", not(*negated != flip)));
                    }
                    None => {
                        self.expr(operand);
                        self.put(&format!(" is {}null)", not(*negated != flip)));
                    }
                }
            }
            Expr::Between { operand, low, high, negated } => {
                self.put("(");
                self.expr(operand);
                self.put(&format!(" {}between ", not(*negated != flip)));
                self.expr(low);
                self.put(" and ");
                self.expr(high);
                self.put(")");
            }
            Expr::InList { operand, list, negated } => match list.as_slice() {
                [only] => self.binary(BinaryOp::Eq, operand, only, *negated != flip),
                list => {
                    self.put("(");
                    self.expr(operand);
                    self.put(&format!(" {}in (", not(*negated != flip)));
                    self.list(list);
                    self.put("))");
                }
            },
            Expr::Exists { query, negated } => {
                let is_negated = *negated != flip;
                self.put(if is_negated { "(not exists(" } else { "exists(" });
                self.style.query(query, &mut self.out);
                self.put(if is_negated { "))" } else { ")" });
            }
            Expr::Like { negated, .. } | Expr::Regexp { negated, .. } | Expr::InSubquery { negated, .. } => {
                let is_negated = *negated != flip;
                if is_negated {
                    self.put("(not(");
                }
                self.matching(expr);
                if is_negated {
                    self.put("))");
                }
            }
            other => self.expr(other),
        }
    }

    /// LIKE, REGEXP and IN of a subquery, without their NOT.
    fn matching(&mut self, expr: &Expr) {
        match expr {
            Expr::Like { operand, pattern, escape, .. } => {
                self.put("(");
                self.expr(operand);
                self.put(" like ");
                self.expr(pattern);
                if let Some(escape) = escape {
                    self.put(" escape ");
                    self.expr(escape);
                }
                self.put(")");
            }
            Expr::Regexp { operand, pattern, .. } => {
                self.put("regexp_like(");
                self.expr(operand);
                self.put(",");
                self.expr(pattern);
                self.put(")");
            }
            Expr::InSubquery { operand, query, .. } => {
                self.expr(operand);
                self.put(" in (");
                self.style.query(query, &mut self.out);
                self.put(")");
            }
            other => self.expr(other),
        }
    }

    fn case(&mut self, operand: Option<&Expr>, branches: &[(Expr, Expr)], otherwise: Option<&Expr>) {
        self.put("(case ");
        if let Some(operand) = operand {
            self.expr(operand);
            self.put(" ");
        }
        for (when, then) in branches {
            self.put("when ");
            self.expr(when);
            self.put(" then ");
            self.expr(then);
            self.put(" ");
        }
        if let Some(otherwise) = otherwise {
            self.put("else ");
            self.expr(otherwise);
            self.put(" ");
        }
        self.put("end)");
    }

    pub(super) fn cast_type(&mut self, to: &DataType) {
        // Text of the connection's character set, see `Expr::Cast`.
        let is_open = to.is_text() && to.collation == Collation::Binary;
        let to = &if is_open { to.with_collation(Collation::default()) } else { *to };
        let length = |length: u32| format!("char({length})");
        let (name, set) = match to.kind {
            TypeKind::BigInt if to.unsigned => ("unsigned".to_owned(), None),
            TypeKind::BigInt => ("signed".to_owned(), None),
            TypeKind::Decimal { precision, scale } => (format!("decimal({precision},{scale})"), None),
            TypeKind::Double => ("double".to_owned(), None),
            TypeKind::Float => ("float".to_owned(), None),
            TypeKind::Date => ("date".to_owned(), None),
            TypeKind::Year => ("year".to_owned(), None),
            TypeKind::Json => ("json".to_owned(), None),
            TypeKind::Time(0) => ("time".to_owned(), None),
            TypeKind::Time(fraction) => (format!("time({fraction})"), None),
            TypeKind::DateTime(0) => ("datetime".to_owned(), None),
            TypeKind::DateTime(fraction) => (format!("datetime({fraction})"), None),
            TypeKind::Char(count) | TypeKind::VarChar(count) => (length(count), Some(to.collation)),
            TypeKind::Binary(count) | TypeKind::VarBinary(count) => (length(count), Some(Collation::Binary)),
            _ if to.is_binary() => ("char".to_owned(), Some(Collation::Binary)),
            _ => ("char".to_owned(), Some(to.collation)),
        };
        self.put(&name);
        if let Some(set) = set {
            self.put(" charset ");
            self.put(set.character_set());
        }
    }

    fn function(&mut self, name: &str, arguments: &[Expr]) {
        if self.json_function(name, arguments)
            || self.special_function(name, arguments)
            || self.interval_function(name, arguments)
        {
            return;
        }
        self.put(&function_name(name));
        self.put("(");
        self.list(arguments);
        // Arguments that MySQL fills in.
        self.put(match (name, arguments.len()) {
            ("ROUND" | "WEEK" | "YEARWEEK", 1) => ",0",
            _ => "",
        });
        self.put(")");
    }

    /// Functions that are printed as something else; false for all others.
    fn special_function(&mut self, name: &str, arguments: &[Expr]) -> bool {
        let cast = |kind| DataType { kind, ..DataType::DATE };
        match (name, arguments) {
            ("ISNULL", [operand]) => {
                self.put("(");
                self.expr(operand);
                self.put(" is null)");
            }
            ("INSTR", [text, part]) => {
                self.put("locate(");
                self.expr(part);
                self.put(",");
                self.expr(text);
                self.put(")");
            }
            ("BIN" | "OCT", [number]) => {
                self.put("conv(");
                self.expr(number);
                self.put(if name == "BIN" { ",10,2)" } else { ",10,8)" });
            }
            ("WEEKOFYEAR", [date]) => {
                self.put("week(");
                self.expr(date);
                self.put(",3)");
            }
            ("DATE" | "TIME" | "TIMESTAMP", [operand]) => {
                let kind = match name {
                    "DATE" => TypeKind::Date,
                    "TIME" => TypeKind::Time(0),
                    _ => TypeKind::DateTime(0),
                };
                self.put("cast(");
                self.expr(operand);
                self.put(" as ");
                self.cast_type(&cast(kind));
                self.put(")");
            }
            ("DATEDIFF", [left, right]) => {
                self.put("(to_days(");
                self.expr(left);
                self.put(") - to_days(");
                self.expr(right);
                self.put("))");
            }
            ("TRIM_BOTH" | "TRIM_LEADING" | "TRIM_TRAILING", [text, part]) => {
                self.put("trim(");
                self.put(&name["TRIM_".len()..].to_ascii_lowercase());
                self.put(" ");
                self.expr(part);
                self.put(" from ");
                self.expr(text);
                self.put(")");
            }
            _ => return false,
        }
        true
    }

    /// Functions whose name ends with a unit of time; false for all others.
    fn interval_function(&mut self, name: &str, arguments: &[Expr]) -> bool {
        let unit_after = |prefix: &str| name.strip_prefix(prefix).filter(|unit| !unit.is_empty());
        if let (Some(unit), [operand]) = (unit_after("EXTRACT_"), arguments) {
            self.put(&format!("extract({} from ", unit.to_ascii_lowercase()));
            self.expr(operand);
            self.put(")");
        } else if let (Some(unit), [left, right]) = (unit_after("TIMESTAMPDIFF_"), arguments) {
            self.put(&format!("timestampdiff({unit},"));
            self.expr(left);
            self.put(",");
            self.expr(right);
            self.put(")");
        } else if let (Some(unit), [date, count]) = (unit_after("DATE_ADD_"), arguments) {
            self.shift(date, '+', count, unit);
        } else if let (Some(unit), [date, count]) = (unit_after("DATE_SUB_"), arguments) {
            self.shift(date, '-', count, unit);
        } else if let (Some(unit), [count, date]) = (unit_after("TIMESTAMPADD_"), arguments) {
            self.shift(date, '+', count, unit);
        } else {
            return false;
        }
        true
    }

    fn shift(&mut self, date: &Expr, sign: char, count: &Expr, unit: &str) {
        self.put("(");
        self.expr(date);
        self.put(&format!(" {sign} interval "));
        self.expr(count);
        self.put(&format!(" {})", unit.to_ascii_lowercase()));
    }

    fn aggregate(&mut self, call: &AggregateCall) {
        self.put(aggregate_name(call.function));
        self.put("(");
        if call.distinct {
            self.put("distinct ");
        }
        if call.arguments.is_empty() {
            self.put("0");
        }
        self.list(&call.arguments);
        for (position, (key, descending)) in call.order_by.iter().enumerate() {
            self.put(if position == 0 { " order by " } else { "," });
            self.expr(key);
            self.put(if *descending { " DESC" } else { "" });
        }
        if call.function == AggregateFunction::GroupConcat {
            self.put(" separator ");
            write_string(call.separator.as_deref().unwrap_or(","), &mut self.out);
        }
        self.put(")");
    }
}

/// The operands of a chain of AND or OR, in order.
fn flatten<'e>(op: BinaryOp, expr: &'e Expr, operands: &mut Vec<&'e Expr>) {
    match expr {
        Expr::Binary(inner, left, right) if *inner == op => {
            flatten(op, left, operands);
            flatten(op, right, operands);
        }
        other => operands.push(other),
    }
}

/// A time's text without the zeros at the end of its fraction.
fn without_zeros(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

#[cfg(test)]
#[path = "print_tests.rs"]
mod tests;
