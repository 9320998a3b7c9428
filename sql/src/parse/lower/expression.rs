//! Expressions.

use bytes::Bytes;
use sqlparser::ast::{
    BinaryOperator, CaseWhen, Expr as Parsed, Ident, TypedString, UnaryOperator, Value as ParsedValue,
    ValueWithSpan,
};

use crate::ast::{BinaryOp, Expr, UnaryOp, VariableScope};
use crate::error::Error;
use crate::parse::literal;
use crate::parse::lower::data_type::plain;
use crate::parse::lower::{Lower, place};
use crate::parse::tokens::{SYSTEM_VARIABLE, VARIABLE};
use crate::types::temporal_text::{DateRules, parse_datetime, parse_time};
use crate::types::{Decimal, TimeZone, TypeKind, Value};
use crate::variables::{SqlMode, character_set};

impl Lower<'_, '_> {
    /// Lowers an expression.
    pub(crate) fn expr(&self, expr: Parsed) -> crate::Result<Expr> {
        match expr {
            Parsed::Identifier(ident) => self.identifier(ident),
            Parsed::CompoundIdentifier(parts) => self.column(parts),
            Parsed::Value(value) => self.value(value),
            Parsed::Nested(inner) => self.expr(*inner),
            Parsed::BinaryOp { left, op, right } => self.binary(*left, op, *right),
            Parsed::UnaryOp { op, expr } => self.unary(op, *expr),
            Parsed::Function(call) => self.function(call),
            Parsed::IsNull(_)
            | Parsed::IsNotNull(_)
            | Parsed::IsTrue(_)
            | Parsed::IsNotTrue(_)
            | Parsed::IsFalse(_)
            | Parsed::IsNotFalse(_)
            | Parsed::IsUnknown(_)
            | Parsed::IsNotUnknown(_) => self.is_predicate(expr),
            Parsed::Between { expr, negated, low, high } => Ok(Expr::Between {
                operand: self.boxed(*expr)?,
                low: self.boxed(*low)?,
                high: self.boxed(*high)?,
                negated,
            }),
            Parsed::InList { expr, list, negated } => {
                Ok(Expr::InList { operand: self.boxed(*expr)?, list: self.exprs(list)?, negated })
            }
            Parsed::InSubquery { expr, subquery, negated } => Ok(Expr::InSubquery {
                operand: self.boxed(*expr)?,
                query: Box::new(self.query(*subquery)?),
                negated,
            }),
            Parsed::Exists { subquery, negated } => {
                Ok(Expr::Exists { query: Box::new(self.query(*subquery)?), negated })
            }
            Parsed::Subquery(query) => Ok(Expr::Subquery(Box::new(self.query(*query)?))),
            Parsed::Like { negated, expr, pattern, escape_char, .. } => Ok(Expr::Like {
                operand: self.boxed(*expr)?,
                pattern: self.boxed(*pattern)?,
                escape: escape_char.map(|escape| self.boxed(*escape)).transpose()?,
                negated,
            }),
            Parsed::RLike { negated, expr, pattern, .. } => {
                Ok(Expr::Regexp { operand: self.boxed(*expr)?, pattern: self.boxed(*pattern)?, negated })
            }
            Parsed::Case { operand, conditions, else_result, .. } => {
                self.case(operand, conditions, else_result)
            }
            Parsed::Cast { expr, data_type, .. } => {
                let using = matches!(&data_type, sqlparser::ast::DataType::Custom(name, _) if name.to_string() == "USING");
                let to = self.cast_type(data_type)?;
                Ok(Expr::Cast { operand: self.boxed(*expr)?, to, using })
            }
            Parsed::Collate { expr, collation } => {
                let name = collation.0.last().map(|part| part.to_string()).unwrap_or_default();
                Ok(Expr::Collate(
                    self.boxed(*expr)?,
                    character_set::collation(name.trim_matches(['`', '\'']))?,
                ))
            }
            Parsed::Tuple(members) => Ok(Expr::Row(self.exprs(members)?)),
            Parsed::TypedString(typed) => self.typed(typed),
            Parsed::AnyOp { left, compare_op, right, .. } => {
                self.quantified(*left, &compare_op, *right, false)
            }
            Parsed::AllOp { left, compare_op, right } => self.quantified(*left, &compare_op, *right, true),
            Parsed::Extract { .. }
            | Parsed::Trim { .. }
            | Parsed::Substring { .. }
            | Parsed::Position { .. } => self.special_call(expr),
            Parsed::MatchAgainst { .. } => Err(Error::not_supported("full-text search (MATCH … AGAINST)")),
            Parsed::CompoundFieldAccess { .. } => Err(Error::not_supported("stored functions")),
            other => Err(self.source.syntax_span(place(&other))),
        }
    }

    pub(super) fn boxed(&self, expr: Parsed) -> crate::Result<Box<Expr>> {
        self.expr(expr).map(Box::new)
    }

    pub(super) fn exprs(&self, list: Vec<Parsed>) -> crate::Result<Vec<Expr>> {
        list.into_iter().map(|expr| self.expr(expr)).collect()
    }

    /// `x IS …`.
    fn is_predicate(&self, expr: Parsed) -> crate::Result<Expr> {
        match expr {
            Parsed::IsNull(operand) => Ok(Expr::IsNull { operand: self.boxed(*operand)?, negated: false }),
            Parsed::IsNotNull(operand) => Ok(Expr::IsNull { operand: self.boxed(*operand)?, negated: true }),
            Parsed::IsTrue(operand) => self.truth(*operand, Some(true), false),
            Parsed::IsNotTrue(operand) => self.truth(*operand, Some(true), true),
            Parsed::IsFalse(operand) => self.truth(*operand, Some(false), false),
            Parsed::IsNotFalse(operand) => self.truth(*operand, Some(false), true),
            Parsed::IsUnknown(operand) => self.truth(*operand, None, false),
            Parsed::IsNotUnknown(operand) => self.truth(*operand, None, true),
            other => Err(self.source.syntax_span(place(&other))),
        }
    }

    fn truth(&self, operand: Parsed, value: Option<bool>, negated: bool) -> crate::Result<Expr> {
        Ok(Expr::IsTruth { operand: self.boxed(operand)?, value, negated })
    }

    fn identifier(&self, ident: Ident) -> crate::Result<Expr> {
        match ident.quote_style {
            Some(VARIABLE) => match ident.value.strip_prefix(SYSTEM_VARIABLE) {
                Some(text) => {
                    let (scope, name) = system_variable(text);
                    if self.source.locals.is_some() && !crate::variables::is_known(&name) {
                        // A program is refused when it is made.
                        return Err(crate::Error::unknown_variable(&name));
                    }
                    Ok(Expr::SystemVariable { scope, name })
                }
                None => Ok(Expr::UserVariable(ident.value.get(1..).unwrap_or_default().to_lowercase())),
            },
            _ => {
                let column = self.name(ident)?;
                match self.source.local(&column) {
                    Some(variable) => Ok(variable),
                    None => Ok(Expr::Column { database: None, table: None, column }),
                }
            }
        }
    }

    /// `t.c`, `db.t.c`.
    fn column(&self, parts: Vec<Ident>) -> crate::Result<Expr> {
        let span = parts[0].span;
        let mut names = parts.into_iter().map(|part| self.name(part)).collect::<crate::Result<Vec<_>>>()?;
        match (names.pop(), names.pop(), names.pop(), names.is_empty()) {
            (Some(column), Some(row), None, true)
                if let Some(variable) = self.source.row_column(&row, &column)? =>
            {
                Ok(variable)
            }
            (Some(column), table, database, true) => Ok(Expr::Column { database, table, column }),
            _ => Err(self.source.syntax_span(span)),
        }
    }

    fn value(&self, value: ValueWithSpan) -> crate::Result<Expr> {
        Ok(Expr::Literal(match value.value {
            ParsedValue::Boolean(value) => return Ok(Expr::Truth(value)),
            ParsedValue::Number(number, _) => literal::number(&number)?,
            ParsedValue::SingleQuotedString(text) => Value::Text(Bytes::from(text)),
            ParsedValue::NationalStringLiteral(introduced) => {
                // The set's name, a blank, the text.
                let (set, text) = introduced.split_once(' ').unwrap_or_default();
                let text = Value::Text(Bytes::copy_from_slice(text.as_bytes()));
                return Ok(Expr::Introduced(text, character_set::default_collation(set)?));
            }
            ParsedValue::HexStringLiteral(digits) => {
                return Ok(Expr::HexLiteral(Bytes::from(hex_digits(&digits))));
            }
            ParsedValue::SingleQuotedByteStringLiteral(digits) => {
                Value::Blob(Bytes::from(hex_digits(&digits)))
            }
            ParsedValue::Null => Value::Null,
            ParsedValue::Placeholder(name) => {
                let index = name.get(1..).and_then(|index| index.parse().ok());
                return index.map(Expr::Parameter).ok_or_else(|| self.source.syntax_span(value.span));
            }
            _ => return Err(self.source.syntax_span(value.span)),
        }))
    }

    /// An operand where MySQL takes a hexadecimal or bit literal for a number.
    fn numeric(&self, expr: Parsed) -> crate::Result<Expr> {
        if let Parsed::Value(ValueWithSpan { value: ParsedValue::HexStringLiteral(digits), .. }) = &expr {
            let digits = digits.trim_start_matches('0');
            if digits.len() > 16 {
                return Err(Error::not_supported("numbers of more than 64 bits as hexadecimal literals"));
            }
        }
        self.expr(expr)
    }

    fn binary(&self, left: Parsed, op: BinaryOperator, right: Parsed) -> crate::Result<Expr> {
        let op = match op {
            BinaryOperator::And => return self.chain(left, BinaryOperator::And, right),
            BinaryOperator::Or => return self.chain(left, BinaryOperator::Or, right),
            BinaryOperator::Plus => BinaryOp::Add,
            BinaryOperator::Minus => BinaryOp::Subtract,
            BinaryOperator::Multiply => BinaryOp::Multiply,
            BinaryOperator::Divide => BinaryOp::Divide,
            BinaryOperator::MyIntegerDivide => BinaryOp::IntDivide,
            BinaryOperator::Modulo => BinaryOp::Modulo,
            BinaryOperator::BitwiseAnd => BinaryOp::BitAnd,
            BinaryOperator::BitwiseOr => BinaryOp::BitOr,
            BinaryOperator::BitwiseXor => BinaryOp::BitXor,
            BinaryOperator::PGBitwiseShiftLeft => BinaryOp::ShiftLeft,
            BinaryOperator::PGBitwiseShiftRight => BinaryOp::ShiftRight,
            BinaryOperator::Xor => return self.plain_binary(BinaryOp::Xor, left, right),
            BinaryOperator::Eq => return self.plain_binary(BinaryOp::Eq, left, right),
            BinaryOperator::NotEq => return self.plain_binary(BinaryOp::NotEq, left, right),
            BinaryOperator::Lt => return self.plain_binary(BinaryOp::Less, left, right),
            BinaryOperator::LtEq => return self.plain_binary(BinaryOp::LessEq, left, right),
            BinaryOperator::Gt => return self.plain_binary(BinaryOp::Greater, left, right),
            BinaryOperator::GtEq => return self.plain_binary(BinaryOp::GreaterEq, left, right),
            BinaryOperator::Spaceship => return self.plain_binary(BinaryOp::NullSafeEq, left, right),
            BinaryOperator::Arrow | BinaryOperator::LongArrow => return self.arrow(left, &op, right),
            BinaryOperator::StringConcat => {
                let arguments = vec![self.expr(left)?, self.expr(right)?];
                return Ok(Expr::Function { name: "CONCAT".to_owned(), arguments });
            }
            BinaryOperator::Assignment => {
                return match self.expr(left)? {
                    Expr::UserVariable(name) => Ok(Expr::AssignVariable(name, self.boxed(right)?)),
                    _ => Err(self.source.syntax_span(place(&right))),
                };
            }
            _ => return Err(self.source.syntax_span(place(&right))),
        };
        match (left, op, right) {
            (left, BinaryOp::Add, Parsed::Interval(interval)) => self.shift_date("DATE_ADD", left, interval),
            (Parsed::Interval(interval), BinaryOp::Add, right) => {
                self.shift_date("DATE_ADD", right, interval)
            }
            (left, BinaryOp::Subtract, Parsed::Interval(interval)) => {
                self.shift_date("DATE_SUB", left, interval)
            }
            (left, op, right) => {
                Ok(Expr::Binary(op, Box::new(self.numeric(left)?), Box::new(self.numeric(right)?)))
            }
        }
    }

    /// `column -> 'path'`, `column ->> 'path'`.
    fn arrow(&self, left: Parsed, op: &BinaryOperator, right: Parsed) -> crate::Result<Expr> {
        let is_column = matches!(&left, Parsed::Identifier(_) | Parsed::CompoundIdentifier(_));
        let is_text = matches!(&right, Parsed::Value(value) if matches!(value.value, ParsedValue::SingleQuotedString(_)));
        if !is_column || !is_text {
            return Err(self.source.syntax_span(place(&right)));
        }
        let arguments = vec![self.expr(left)?, self.expr(right)?];
        let extract = Expr::Function { name: "JSON_EXTRACT".to_owned(), arguments };
        Ok(match op {
            BinaryOperator::Arrow => extract,
            _ => Expr::Function { name: "JSON_UNQUOTE".to_owned(), arguments: vec![extract] },
        })
    }

    fn plain_binary(&self, op: BinaryOp, left: Parsed, right: Parsed) -> crate::Result<Expr> {
        Ok(Expr::Binary(op, self.boxed(left)?, self.boxed(right)?))
    }

    /// `a AND b AND …` (or OR): the left-leaning chain becomes a balanced tree, which later passes can recurse into however
    /// long the chain is. The operands keep their order.
    fn chain(&self, left: Parsed, op: BinaryOperator, right: Parsed) -> crate::Result<Expr> {
        let mut operands = vec![right];
        let mut rest = left;
        loop {
            match rest {
                Parsed::BinaryOp { left, op: inner, right } if inner == op => {
                    operands.push(*right);
                    rest = *left;
                }
                first => {
                    operands.push(first);
                    break;
                }
            }
        }
        let operands = operands
            .into_iter()
            .rev()
            .map(|operand| self.expr(operand))
            .collect::<crate::Result<Vec<_>>>()?;
        let op = if op == BinaryOperator::And { BinaryOp::And } else { BinaryOp::Or };
        let count = operands.len();
        Ok(balanced(op, &mut operands.into_iter(), count))
    }

    fn unary(&self, op: UnaryOperator, operand: Parsed) -> crate::Result<Expr> {
        let op = match op {
            UnaryOperator::Minus => UnaryOp::Minus,
            UnaryOperator::Plus => UnaryOp::Plus,
            UnaryOperator::BitwiseNot => UnaryOp::BitNot,
            UnaryOperator::Not => {
                return Ok(match self.expr(operand)? {
                    Expr::Exists { query, negated } => Expr::Exists { query, negated: !negated },
                    operand => Expr::Unary(UnaryOp::Not, Box::new(operand)),
                });
            }
            UnaryOperator::BangNot => UnaryOp::Not,
            _ => return Err(self.source.syntax_span(place(&operand))),
        };
        let operand = if op == UnaryOp::Not { self.expr(operand)? } else { self.numeric(operand)? };
        if op == UnaryOp::Minus
            && let Expr::Literal(value) = &operand
            && let Some(negated) = negate(value)
        {
            return Ok(Expr::Literal(negated));
        }
        Ok(Expr::Unary(op, Box::new(operand)))
    }

    fn case(
        &self,
        operand: Option<Box<Parsed>>,
        conditions: Vec<CaseWhen>,
        otherwise: Option<Box<Parsed>>,
    ) -> crate::Result<Expr> {
        Ok(Expr::Case {
            operand: operand.map(|operand| self.boxed(*operand)).transpose()?,
            branches: conditions
                .into_iter()
                .map(|branch| Ok((self.expr(branch.condition)?, self.expr(branch.result)?)))
                .collect::<crate::Result<_>>()?,
            otherwise: otherwise.map(|otherwise| self.boxed(*otherwise)).transpose()?,
        })
    }

    /// `= ANY (SELECT …)` is IN, `<> ALL (SELECT …)` is NOT IN.
    fn quantified(&self, left: Parsed, op: &BinaryOperator, right: Parsed, all: bool) -> crate::Result<Expr> {
        let Parsed::Subquery(query) = right else { return Err(self.source.syntax_span(place(&right))) };
        let op = match op {
            BinaryOperator::Eq => BinaryOp::Eq,
            BinaryOperator::NotEq => BinaryOp::NotEq,
            BinaryOperator::Lt => BinaryOp::Less,
            BinaryOperator::LtEq => BinaryOp::LessEq,
            BinaryOperator::Gt => BinaryOp::Greater,
            BinaryOperator::GtEq => BinaryOp::GreaterEq,
            _ => return Err(self.source.syntax_span(place(&left))),
        };
        let (operand, query) = (self.boxed(left)?, Box::new(self.query(*query)?));
        Ok(match (op, all) {
            (BinaryOp::Eq, false) => Expr::InSubquery { operand, query, negated: false },
            (BinaryOp::NotEq, true) => Expr::InSubquery { operand, query, negated: true },
            _ => Expr::Quantified { operand, op, all, query },
        })
    }

    /// `DATE '…'`, `TIME '…'`, `TIMESTAMP '…'`.
    fn typed(&self, typed: TypedString) -> crate::Result<Expr> {
        let ParsedValue::SingleQuotedString(text) = typed.value.value else {
            return Err(self.source.syntax_span(typed.value.span));
        };
        let kind = typed.data_type.to_string();
        let mode = self.source.mode;
        let rules = DateRules {
            no_zero_in_date: mode.has(SqlMode::NO_ZERO_IN_DATE),
            no_zero_date: mode.has(SqlMode::NO_ZERO_DATE),
            allow_invalid: mode.has(SqlMode::ALLOW_INVALID_DATES),
        };
        let datetime = |zone| parse_datetime(text.as_bytes(), rules, zone).filter(|parsed| !parsed.truncated);
        let value = match kind.as_str() {
            "DATE" => datetime(TimeZone::UTC)
                .filter(|parsed| !parsed.has_time)
                .map(|parsed| Value::Date(parsed.value.date())),
            "TIME" => parse_time(text.as_bytes())
                .filter(|parsed| !parsed.truncated)
                .map(|parsed| Value::Time(parsed.value)),
            _ => {
                let parsed = datetime(TimeZone::UTC).filter(|parsed| parsed.has_time);
                if parsed != datetime(TimeZone::Fixed(3600)).filter(|parsed| parsed.has_time) {
                    // It names an offset of its own, so its value depends on the session's time zone.
                    let fraction = text.split_once('.').map_or("", |(_, fraction)| fraction);
                    let digits = fraction.bytes().take_while(u8::is_ascii_digit).count().min(6);
                    let operand = Box::new(Expr::Literal(Value::Text(Bytes::from(text))));
                    let fsp = u8::try_from(digits).unwrap_or(6);
                    return Ok(Expr::Cast { operand, to: plain(TypeKind::DateTime(fsp)), using: false });
                }
                parsed.map(|parsed| Value::DateTime(parsed.value))
            }
        };
        let name = if kind == "TIMESTAMP" { "DATETIME" } else { &kind };
        value.map(Expr::Literal).ok_or_else(|| Error {
            code: 1525,
            state: *b"HY000",
            message: format!("Incorrect {name} value: '{text}'"),
        })
    }
}

/// The scope and lower-case name of what follows `@@`.
pub(crate) fn system_variable(text: &str) -> (Option<VariableScope>, String) {
    let (scope, name) = match text.split_once('.') {
        Some((scope, name)) if scope.eq_ignore_ascii_case("global") => (Some(VariableScope::Global), name),
        Some((scope, name))
            if scope.eq_ignore_ascii_case("session") || scope.eq_ignore_ascii_case("local") =>
        {
            (Some(VariableScope::Session), name)
        }
        _ => (None, text),
    };
    (scope, name.to_ascii_lowercase())
}

/// A tree of the next `count` operands, as flat as can be.
fn balanced(op: BinaryOp, operands: &mut std::vec::IntoIter<Expr>, count: usize) -> Expr {
    if count <= 1 {
        return operands.next().unwrap_or(Expr::Literal(Value::Null));
    }
    let left = balanced(op, operands, count / 2);
    let right = balanced(op, operands, count - count / 2);
    Expr::Binary(op, Box::new(left), Box::new(right))
}

/// A number literal with its sign turned; None for what is no number.
fn negate(value: &Value) -> Option<Value> {
    match value {
        Value::Int(value) => value.checked_neg().map(Value::Int),
        Value::UInt(value) => Some(match 0i64.checked_sub_unsigned(*value) {
            Some(negated) => Value::Int(negated),
            None => Value::Decimal(Decimal::from_i128(-i128::from(*value), 0)),
        }),
        Value::Double(value) => Some(Value::Double(-value)),
        Value::Decimal(value) => Some(Value::Decimal(value.negate())),
        _ => None,
    }
}

fn hex_digits(digits: &str) -> Vec<u8> {
    let nibble = |byte: u8| (byte as char).to_digit(16).unwrap_or(0) as u8;
    digits.as_bytes().chunks_exact(2).map(|pair| nibble(pair[0]) << 4 | nibble(pair[1])).collect()
}
