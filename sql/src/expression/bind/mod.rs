//! From written to bound expressions.
//!
//! Names go to the [`Scope`]; operators get their result types; text operands agree on a collation; functions are looked
//! up in [`crate::function`]. Row operands are taken apart here (`(a, b) = (c, d)` is `a = c AND b = d`), as are NULLIF,
//! IF, and CASE with an operand, so that evaluation knows only the simple forms.
//!
//! Left out: `DEFAULT` and `DEFAULT(c)`, which the binder of INSERT and UPDATE takes before it comes here.

mod call;
mod choice;
mod comparison;
mod kinds;
mod known;
mod members;
mod misfit;
mod stored;

use std::sync::Arc;

use crate::ast;
use crate::ast::{BinaryOp, Expr, UnaryOp};
use crate::error::{Error, Result};
use crate::expression::collate::{Wanted, agree};
use crate::expression::{
    Coercibility, CompareOp, Expression, LikePattern, RegexpPattern, Scope, Subquery, SubqueryKind,
    chosen_type, infer,
};
use crate::function::bits;
use crate::limits::EXPRESSION_DEPTH_MAX;
use crate::types::{Collation, DataType, Decimal, TypeKind, Value};
use crate::variables::{SqlMode, character_set};

pub(super) use comparison::comparison;
pub(crate) use comparison::days_of_members;
pub(crate) use kinds::{no_date, stored_value, year_of};
pub(crate) use misfit::misfit;

/// Binds an expression in a scope.
///
/// # Errors
/// Unknown names (1054, 1305), wrong counts of arguments or columns (1582, 1241), collations that do not go together
/// (1267), malformed literals next to dates (1525), and forms that are not built (1235).
pub fn bind(expr: &Expr, scope: &mut dyn Scope) -> Result<Expression> {
    Binder { scope, depth: 0 }.bind(expr)
}

/// The state of one binding.
struct Binder<'a> {
    scope: &'a mut dyn Scope,
    /// Nesting so far, bounded by [`EXPRESSION_DEPTH_MAX`].
    depth: usize,
}

impl Binder<'_> {
    fn connection(&self) -> Collation {
        self.scope.session().variables.collation_connection
    }

    fn bind(&mut self, expr: &Expr) -> Result<Expression> {
        if self.depth >= EXPRESSION_DEPTH_MAX {
            return Err(Error::too_large("an expression is nested too deeply"));
        }
        self.depth += 1;
        let bound = self.bind_inner(expr);
        self.depth -= 1;
        bound
    }

    fn bind_all(&mut self, exprs: &[Expr]) -> Result<Vec<Expression>> {
        exprs.iter().map(|expr| self.bind(expr)).collect()
    }

    fn bind_inner(&mut self, expr: &Expr) -> Result<Expression> {
        match expr {
            Expr::Literal(value) => Ok(literal(value, self.connection())),
            Expr::Introduced(value, collation) => {
                let data_type = DataType::of_value(value, *collation);
                Ok(Expression::Constant { value: value.clone(), data_type })
            }
            // A number that documents take for a boolean: its width says so.
            Expr::Truth(value) => {
                let data_type = DataType { display_width: 1, ..DataType::BIGINT };
                Ok(Expression::constant(Value::bool(*value), data_type))
            }
            Expr::HexLiteral(bytes) => {
                let value = Value::Blob(bytes.clone());
                let data_type = DataType::of_value(&value, self.connection()).with_unsigned(true);
                Ok(Expression::Constant { value, data_type })
            }
            Expr::Parameter(index) => {
                let known = self.scope.session().parameter_types.get(*index).copied();
                let is_variable = self.scope.session().parameters_are_variables;
                let data_type =
                    known.filter(|data_type| data_type.kind != TypeKind::Null).map(
                        |data_type| match data_type.is_text() && !is_variable {
                            true => data_type.with_collation(self.connection()),
                            false => data_type,
                        },
                    );
                Ok(Expression::Parameter {
                    index: *index,
                    data_type: data_type.unwrap_or(DataType::varchar(16_383, self.connection())),
                    guessed: data_type.is_none(),
                    is_variable: is_variable && data_type.is_some(),
                })
            }
            Expr::Column { database, table, column } => {
                self.scope.column(database.as_deref(), table.as_deref(), column)
            }
            Expr::Unary(op, operand) => self.unary(*op, operand),
            Expr::Binary(op, left, right) => self.binary(*op, expr, left, right),
            Expr::IsNull { operand, negated } => {
                Ok(Expression::IsNull { operand: Box::new(self.bind(operand)?), negated: *negated })
            }
            Expr::IsTruth { operand, value, negated } => {
                let operand = self.bind(operand)?;
                let operand = Box::new(if value.is_some() { operand.into_condition() } else { operand });
                Ok(match value {
                    Some(value) => Expression::IsTruth { operand, value: *value, negated: *negated },
                    None => Expression::IsNull { operand, negated: *negated },
                })
            }
            Expr::Between { operand, low, high, negated } => self.between(operand, low, high, *negated),
            Expr::InList { operand, list, negated } => self.in_list(operand, list, *negated),
            Expr::InSubquery { operand, query, negated } => self.in_subquery(operand, query, *negated),
            Expr::Quantified { operand, op, all, query } => self.quantified(operand, *op, *all, query),
            Expr::Exists { query, negated } => {
                let subquery = self.scope.subquery(query, SubqueryKind::Exists)?;
                Ok(Expression::Exists { subquery, negated: *negated })
            }
            Expr::Subquery(query) => {
                let subquery = self.scope.subquery(query, SubqueryKind::Scalar)?;
                if subquery.columns.len() != 1 {
                    return Err(Error::operand_columns(1));
                }
                Ok(Expression::ScalarSubquery(subquery))
            }
            Expr::Like { operand, pattern, escape, negated } => {
                self.like(operand, pattern, escape.as_deref(), *negated)
            }
            Expr::Regexp { operand, pattern, negated } => self.regexp(operand, pattern, *negated),
            Expr::Case { operand, branches, otherwise } => {
                self.case(operand.as_deref(), branches, otherwise.as_deref())
            }
            Expr::Cast { operand, to, .. } => {
                if to.is_json() {
                    return self.function("CAST AS JSON", std::slice::from_ref(operand));
                }
                let operand = self.bind(operand)?;
                Ok(cast(operand, self.cast_target(*to)))
            }
            Expr::Collate(operand, collation) => self.collate(operand, *collation),
            Expr::Function { name, arguments } if name == "GROUPING" => self.scope.grouping(arguments),
            Expr::Function { name, arguments } => self.function(name, arguments),
            Expr::Stored { database, name, arguments } => {
                self.stored_function(database.as_deref(), name, arguments)
            }
            Expr::Aggregate(call) => self.scope.aggregate(call),
            Expr::Window(call) => self.scope.window(call),
            Expr::InsertedValue(column) => self.scope.inserted_value(column),
            Expr::UserVariable(name) => Ok(self.user_variable(name)),
            Expr::AssignVariable(name, operand) => {
                let operand = Box::new(self.bind(operand)?);
                Ok(Expression::AssignVariable { name: name.to_lowercase().into(), operand })
            }
            Expr::SystemVariable { scope, name } => {
                let data_type = crate::variables::data_type(name, *scope)?;
                Ok(Expression::SystemVariable { scope: *scope, name: name.as_str().into(), data_type })
            }
            Expr::Row(_) => Err(Error::operand_columns(1)),
            Expr::Default(Some(column)) => self.scope.default_value(column),
            Expr::Default(None) => Err(Error::not_supported("DEFAULT inside an expression")),
        }
    }

    /// A user variable has the type of the value that it holds now.
    fn user_variable(&self, name: &str) -> Expression {
        let name = name.to_lowercase();
        let value = self.scope.session().user_variables.get(&name);
        let data_type = value.map_or(DataType::LONGBLOB, |value| variable_type(value, self.connection()));
        Expression::UserVariable { name: name.into(), data_type }
    }

    fn unary(&mut self, op: UnaryOp, operand: &Expr) -> Result<Expression> {
        let operand = self.bind(operand)?;
        if op == UnaryOp::BitNot
            && let Some(bytes) = bits::inversion(&operand)
        {
            return Ok(bytes);
        }
        Ok(match op {
            UnaryOp::Plus => operand,
            UnaryOp::Not => Expression::Not(Box::new(operand.into_condition())),
            UnaryOp::BitNot if operand.data_type().is_temporal() => {
                Expression::BitNot(Box::new(operand.bare()))
            }
            UnaryOp::BitNot => Expression::BitNot(Box::new(number_operand(operand.chosen_decimal()))),
            UnaryOp::Minus => match &operand {
                Expression::Constant { value: Value::Int(value), .. }
                    if *value != i64::MIN && *value != 0 =>
                {
                    Expression::integer(-value)
                }
                Expression::Constant { value: Value::UInt(value), .. } if *value == 1 << 63 => {
                    Expression::integer(i64::MIN)
                }
                Expression::Constant { value: Value::Int(i64::MIN), .. } => {
                    let value = Value::Decimal(Decimal::from(i64::MIN).negate());
                    let data_type = DataType::of_value(&value, Collation::Binary);
                    Expression::Constant { value, data_type }
                }
                Expression::Constant { value: Value::UInt(value), .. } => {
                    let value = Value::Decimal(Decimal::from(*value).negate());
                    let data_type = DataType::of_value(&value, Collation::Binary);
                    Expression::Constant { value, data_type }
                }
                Expression::Constant { value: Value::Decimal(value), data_type } => {
                    Expression::Constant { value: Value::Decimal(value.negate()), data_type: *data_type }
                }
                Expression::Constant { value: Value::Double(value), .. } => {
                    Expression::constant(Value::Double(-value), DataType::DOUBLE)
                }
                _ if operand.data_type().is_temporal() => {
                    let own = operand.data_type();
                    let data_type = infer::with_decimals(DataType::DOUBLE, u32::from(own.fsp()));
                    let operand =
                        Expression::Cast { operand: Box::new(operand.bare()), to: DataType::DOUBLE };
                    Expression::Negate { operand: Box::new(operand), data_type }
                }
                _ => {
                    let operand = number_operand(operand);
                    let data_type = infer::negation(&operand);
                    Expression::Negate { operand: Box::new(operand), data_type }
                }
            },
        })
    }

    fn binary(&mut self, op: BinaryOp, whole: &Expr, left: &Expr, right: &Expr) -> Result<Expression> {
        if let Some(op) = CompareOp::from_binary(op) {
            return self.compare(op, left, right);
        }
        match op {
            BinaryOp::And | BinaryOp::Or => {
                let parts = self.bind_chain(op, whole)?;
                Ok(if op == BinaryOp::And { Expression::And(parts) } else { Expression::Or(parts) })
            }
            BinaryOp::Xor => {
                let (left, right) = (self.bind(left)?.into_condition(), self.bind(right)?.into_condition());
                Ok(Expression::Xor(Box::new(left), Box::new(right)))
            }
            _ => {
                let number = |operand: Expression| match op {
                    BinaryOp::BitAnd
                    | BinaryOp::BitOr
                    | BinaryOp::BitXor
                    | BinaryOp::ShiftLeft
                    | BinaryOp::ShiftRight => bits_operand(operand),
                    // It goes by decimals, which warn.
                    BinaryOp::IntDivide if operand.data_type().is_long_string() => operand,
                    BinaryOp::IntDivide if operand.data_type().is_string() && is_elt(&operand) => operand,
                    _ => number_operand(operand),
                };
                let (left, right) = (self.bind(left)?, self.bind(right)?);
                if let Some(bytes) = bits::operation(op, &left, &right) {
                    return Ok(bytes);
                }
                let (left, right) = (number(left), number(right));
                let variables = &self.scope.session().variables;
                let mut data_type = infer::arithmetic(op, &left, &right, variables.div_precision_increment);
                if op == BinaryOp::Subtract && variables.sql_mode.has(SqlMode::NO_UNSIGNED_SUBTRACTION) {
                    data_type = data_type.with_unsigned(false);
                }
                Ok(Expression::Arithmetic { op, left: Box::new(left), right: Box::new(right), data_type })
            }
        }
    }

    /// The operands of a chain of one logical operator, however long, without recursion down its left side.
    fn bind_chain(&mut self, op: BinaryOp, whole: &Expr) -> Result<Vec<Expression>> {
        let mut parts = Vec::new();
        let mut pending = vec![whole];
        while let Some(next) = pending.pop() {
            match next {
                Expr::Binary(found, left, right) if *found == op => {
                    pending.push(right);
                    pending.push(left);
                }
                other => parts.push(self.bind(other)?.into_condition()),
            }
        }
        Ok(parts)
    }

    fn like(
        &mut self,
        operand: &Expr,
        pattern: &Expr,
        escape: Option<&Expr>,
        negated: bool,
    ) -> Result<Expression> {
        let operand = self.text_operand(operand)?;
        let pattern = self.text_operand(pattern)?;
        let collation = agree([&operand, &pattern], self.connection(), "like", Wanted::Comparison)?;
        let escape = match escape {
            None if self.scope.session().variables.sql_mode.has(SqlMode::NO_BACKSLASH_ESCAPES) => None,
            None => Some('\\'),
            Some(expr) => match self.bind(expr)?.as_constant() {
                Some(Value::Text(text) | Value::Blob(text)) => {
                    let mut characters = crate::types::text::as_str(text).chars();
                    let escape = characters.next();
                    if characters.next().is_some() {
                        return Err(Error::wrong_arguments("ESCAPE"));
                    }
                    escape
                }
                Some(Value::Null) => Some('\\'),
                _ => return Err(Error::wrong_arguments("ESCAPE")),
            },
        };
        let compiled = match pattern.as_constant() {
            Some(Value::Text(text) | Value::Blob(text)) => {
                Some(Arc::new(LikePattern::new(text, escape, collation)))
            }
            _ => None,
        };
        Ok(Expression::Like {
            operand: Box::new(operand),
            pattern: Box::new(pattern),
            escape,
            negated,
            collation,
            compiled,
        })
    }

    fn regexp(&mut self, operand: &Expr, pattern: &Expr, negated: bool) -> Result<Expression> {
        let operand = self.text_operand(operand)?;
        let pattern = self.text_operand(pattern)?;
        let collation = agree([&operand, &pattern], self.connection(), "regexp_like", Wanted::Comparison)?;
        let compiled = match pattern.as_constant() {
            Some(Value::Text(text) | Value::Blob(text)) => Some(RegexpPattern::cached(text, collation)?),
            _ => None,
        };
        Ok(Expression::Regexp {
            operand: Box::new(operand),
            pattern: Box::new(pattern),
            negated,
            collation,
            compiled,
        })
    }

    fn case(
        &mut self,
        operand: Option<&Expr>,
        branches: &[(Expr, Expr)],
        otherwise: Option<&Expr>,
    ) -> Result<Expression> {
        let operand = operand.map(|operand| self.bind(operand)).transpose()?;
        if branches.len() > 1 && operand.as_ref().is_some_and(changes_each_time) {
            // Each WHEN would ask it anew.
            return Err(Error::not_supported("CASE of RAND(), a variable that is set, or their like"));
        }
        let mut bound = Vec::with_capacity(branches.len());
        for (condition, result) in branches {
            let condition = self.bind(condition)?;
            let condition = match &operand {
                Some(operand) => self.compare_case(operand.clone(), condition)?,
                None => condition.into_condition(),
            };
            bound.push((condition, self.bind(result)?));
        }
        let otherwise = match otherwise {
            Some(otherwise) => self.bind(otherwise)?,
            None => Expression::constant(Value::Null, DataType::NULL),
        };
        self.make_case(bound, otherwise)
    }

    /// A CASE over bound parts: its type holds all results.
    fn make_case(
        &mut self,
        branches: Vec<(Expression, Expression)>,
        otherwise: Expression,
    ) -> Result<Expression> {
        let results: Vec<&Expression> =
            branches.iter().map(|(_, result)| result).chain([&otherwise]).collect();
        let collation = agree(results.iter().copied(), self.connection(), "case", Wanted::Result)?;
        let types: Vec<DataType> = results.iter().map(|result| result.data_type()).collect();
        let data_type = literal_fitting(chosen_type(&types, collation), &results);
        let (branches, otherwise) = match data_type.is_string() {
            true => {
                let own =
                    |(condition, result): (Expression, Expression)| (condition, result.with_own_scale());
                (branches.into_iter().map(own).collect(), otherwise.with_own_scale())
            }
            false => (branches, otherwise),
        };
        Ok(Expression::Case { branches, otherwise: Box::new(otherwise), data_type })
    }

    /// The target of a cast to text without a character set is the connection's.
    fn cast_target(&self, to: DataType) -> DataType {
        if !to.is_text() || to.collation != Collation::Binary {
            return to;
        }
        match (self.connection(), to.kind) {
            (Collation::Binary, TypeKind::VarChar(length)) => DataType::of(TypeKind::VarBinary(length)),
            (Collation::Binary, _) => DataType::LONGBLOB,
            (collation, _) => to.with_collation(collation),
        }
    }

    fn collate(&mut self, operand: &Expr, collation: Collation) -> Result<Expression> {
        let operand = self.bind(operand)?;
        let operand =
            if operand.data_type().is_string() { operand } else { text(operand, self.connection()) };
        let data_type = operand.data_type();
        let is_null = matches!(operand.as_constant(), Some(Value::Null));
        if !is_null && data_type.collation.set() != collation.set() {
            return Err(character_set::mismatch(collation, data_type.collation.set()));
        }
        let data_type = if collation == Collation::Binary {
            DataType::varbinary(data_type.characters().saturating_mul(4))
        } else {
            data_type.with_collation(collation)
        };
        Ok(Expression::Collate { operand: Box::new(operand), data_type })
    }

    fn text_operand(&mut self, expr: &Expr) -> Result<Expression> {
        let bound = self.bind(expr)?;
        Ok(if needs_text(&bound) { text(bound, self.connection()) } else { bound })
    }
}

/// A literal, in the connection's character set: bytes where that is `binary`, with `?` for what it has not.
fn literal(value: &Value, connection: Collation) -> Expression {
    let value = match value {
        Value::Text(text) if connection == Collation::Binary => Value::Blob(text.clone()),
        Value::Text(text) if connection.set().first_lost(text).is_some() => {
            Value::Text(connection.set().replace_lost(text).into_owned().into())
        }
        value => value.clone(),
    };
    let data_type = DataType::of_value(&value, connection);
    Expression::Constant { value, data_type }
}

/// The type of a user variable of this value.
fn variable_type(value: &Value, collation: Collation) -> DataType {
    match value {
        Value::Text(_) => DataType::varchar(16_383, collation),
        Value::Blob(_) => DataType::LONGBLOB,
        Value::Decimal(decimal) => DataType::decimal(65, u32::from(decimal.scale())),
        _ => DataType::of_value(value, collation),
    }
}

/// A CAST, with the length that text keeps when none was given.
fn cast(operand: Expression, to: DataType) -> Expression {
    let number = if to.is_numeric() { operand.as_hex_number() } else { None };
    let operand = match number.unwrap_or(operand) {
        operand if to.is_float() => operand.chosen_number().quiet_number(),
        operand if to.is_decimal() && (!operand.data_type().is_temporal() || operand.is_branch()) => {
            operand.chosen_exact()
        }
        operand if to.is_temporal() && is_computed_year(&operand) => {
            Expression::Cast { operand: Box::new(operand), to: DataType::BIGINT }
        }
        operand if matches!(to.kind, TypeKind::Time(_)) => {
            operand.with_years_as_days().chosen_day().cast_day()
        }
        operand if to.is_temporal() => {
            operand.with_years_as_days().chosen_day().strict_last_day(DataType::WHOLE_DATE_BY_MODE)
        }
        operand if to.is_integer() => operand.cast_whole(),
        operand if to.is_string() => operand.with_own_scale(),
        operand => operand,
    };
    Expression::Cast { operand: Box::new(operand), to }
}

/// Whether an operand is a YEAR that comes from no column: a number where a date is wanted.
fn is_computed_year(operand: &Expression) -> bool {
    operand.data_type().kind == TypeKind::Year
        && matches!(
            operand,
            Expression::Call { .. } | Expression::Cast { .. } | Expression::ScalarSubquery(_)
        )
}

/// Whether an operand must be converted before a function of text can take it. A parameter may come as a number.
fn needs_text(operand: &Expression) -> bool {
    match operand {
        Expression::Parameter { is_variable: false, .. } | Expression::UserVariable { .. } => true,
        Expression::Constant { value: Value::Null, .. } => false,
        _ => !operand.data_type().is_string() || operand.data_type().has_members(),
    }
}

/// Characters of a FLOAT that is calculated as a DOUBLE.
const FLOAT_CHARACTERS: u32 = 22;

/// The operand as text of the connection's collation.
fn text(operand: Expression, collation: Collation) -> Expression {
    let operand = operand.with_own_scale();
    let data_type = operand.data_type();
    if data_type.is_binary() {
        return Expression::Cast { operand: Box::new(operand), to: data_type };
    }
    if data_type.has_members() {
        let to = DataType::varchar(data_type.characters(), data_type.collation);
        return Expression::Cast { operand: Box::new(operand), to };
    }
    if matches!(data_type.kind, TypeKind::Bit(_)) {
        let to = DataType::varbinary(data_type.characters());
        return Expression::Cast { operand: Box::new(operand), to };
    }
    let length = match data_type.is_string() {
        true => 1 << 22,
        false if operand.is_condition() => 1,
        false if data_type.is_float() => data_type.characters().max(FLOAT_CHARACTERS),
        false => data_type.characters().max(1),
    };
    let collation = if data_type.is_json() { data_type.collation } else { collation };
    let to = DataType::varchar(length, collation);
    let display_width =
        if data_type.is_string() || data_type.is_json() { 0 } else { DataType::IMPLICIT_TEXT };
    let to = DataType { display_width, ..to };
    match &operand {
        choice if choice.is_float_choice() => operand.chosen_texts(&to),
        // What is calculated is a DOUBLE, though its type is FLOAT.
        Expression::Case { .. } | Expression::Call { .. } if data_type.kind == TypeKind::Float => {
            let double = Expression::Cast { operand: Box::new(operand), to: DataType::DOUBLE };
            Expression::Cast { operand: Box::new(double), to }
        }
        _ => Expression::Cast { operand: Box::new(operand), to },
    }
}

/// An operand of arithmetic: a date or time becomes the number that MySQL takes it for; `0x41` is a number there.
fn number_operand(operand: Expression) -> Expression {
    let data_type = operand.data_type();
    if let Some(number) = operand.as_hex_number() {
        return number;
    }
    if data_type.has_members() {
        return operand.member_number(DataType::DOUBLE);
    }
    if data_type.is_json() {
        return Expression::Cast { operand: Box::new(operand), to: DataType::DOUBLE };
    }
    let operand = operand.chosen_number();
    if !operand.data_type().is_temporal() {
        return operand.quiet_number();
    }
    let to = infer::number_of(&data_type);
    Expression::Cast { operand: Box::new(operand), to }
}

/// An operand of an operator of bits: a text is the integer that it begins with, bytes are what they are.
fn bits_operand(operand: Expression) -> Expression {
    match operand.data_type() {
        // Rounded to a second as the date or time that it is.
        own if own.is_temporal() => operand.chosen_whole(),
        own if own.is_string() && operand.is_mixed_choice() => operand.bare(),
        own if own.is_string() && operand.as_hex_number().is_none() => {
            number_operand(operand.chosen_whole().quiet_integer())
        }
        _ => number_operand(operand.chosen_decimal()),
    }
}

fn is_elt(operand: &Expression) -> bool {
    matches!(operand, Expression::Call { function, .. } if function.name == "ELT")
}

/// The digits of integer literals among decimals count as written, not as those of a BIGINT.
fn literal_fitting(data_type: DataType, results: &[&Expression]) -> DataType {
    if !data_type.is_decimal() {
        return data_type;
    }
    let scale = u32::from(data_type.scale());
    let whole = results.iter().map(|result| {
        let own = result.data_type();
        match result.as_constant() {
            Some(Value::Int(value)) => value.unsigned_abs().checked_ilog10().map_or(1, |log| log + 1),
            _ if own.is_numeric() => own.digits() - u32::from(own.scale()),
            _ => 0,
        }
    });
    DataType::decimal(whole.max().unwrap_or(1) + scale, scale)
}

/// Whether what a query selects is made of literals alone: it holds on to a collation no more than they do.
fn selects_no_column(query: &ast::Query) -> bool {
    let ast::QueryBody::Select(select) = &query.body else { return false };
    let [ast::SelectItem::Expression { expr, .. }] = select.items.as_slice() else { return false };
    match expr {
        Expr::Aggregate(call) => call.arguments.iter().all(is_of_literals),
        expr => is_of_literals(expr),
    }
}

/// Whether what a query selects there has a collation that was written with COLLATE.
fn selects_collate(query: &ast::Query, position: usize) -> bool {
    fn is_collated(expr: &Expr) -> bool {
        match expr {
            Expr::Collate(..) => true,
            Expr::Function { arguments, .. } => arguments.iter().any(is_collated),
            _ => false,
        }
    }
    let ast::QueryBody::Select(select) = &query.body else { return false };
    matches!(select.items.get(position), Some(ast::SelectItem::Expression { expr, .. }) if is_collated(expr))
}

fn is_of_literals(expr: &Expr) -> bool {
    match expr {
        Expr::Literal(_) | Expr::HexLiteral(_) => true,
        Expr::Function { arguments, .. } => arguments.iter().all(is_of_literals),
        Expr::Case { branches, otherwise, .. } => {
            branches.iter().all(|(_, result)| is_of_literals(result))
                && otherwise.as_deref().is_none_or(is_of_literals)
        }
        _ => false,
    }
}

/// The subquery of IN must have as many columns as there are operands.
fn check_columns(operands: usize, columns: usize) -> Result<()> {
    if operands == columns { Ok(()) } else { Err(Error::operand_columns(operands)) }
}

impl Binder<'_> {
    fn in_subquery(&mut self, operand: &Expr, query: &ast::Query, negated: bool) -> Result<Expression> {
        let mut operands = match operand {
            Expr::Row(parts) => self.bind_all(parts)?,
            other => vec![self.bind(other)?],
        };
        let mut subquery = self.scope.subquery(query, SubqueryKind::In)?;
        check_columns(operands.len(), subquery.columns.len())?;
        // A condition that is IN of what selects nothing is not looked at.
        let is_dropped = !negated && self.depth == 1 && comparison::gives_nothing(&subquery.plan);
        if let ([operand], [column]) = (operands.as_slice(), subquery.columns.as_slice())
            && !is_dropped
        {
            kinds::check_dates(operand, column, query, self.reading())?;
        }
        if let [operand] = operands.as_mut_slice()
            && let Some(subquery) = Arc::get_mut(&mut subquery)
        {
            self.pair_members(operand, subquery)?;
        }
        let mut collations = Vec::with_capacity(operands.len());
        for (position, operand) in operands.iter().enumerate() {
            collations.push(self.member_collation(operand, &subquery, position, query)?);
        }
        // Members are compared by the collations of the subquery's columns: nobody else has it yet.
        if let Some(subquery) = Arc::get_mut(&mut subquery) {
            for (column, collation) in subquery.columns.iter_mut().zip(collations) {
                column.collation = collation.unwrap_or(column.collation);
            }
        }
        Ok(Expression::InSubquery { operands, subquery, negated })
    }

    /// The collation by which an operand of IN is compared with its column of the subquery, if both are texts.
    fn member_collation(
        &self,
        operand: &Expression,
        subquery: &Arc<Subquery>,
        position: usize,
        query: &ast::Query,
    ) -> Result<Option<Collation>> {
        let column = Expression::SubqueryColumn { subquery: Arc::clone(subquery), position };
        let texts = operand.data_type().is_text() && column.data_type().is_text();
        if selects_no_column(query) && texts && operand.coercibility() < Coercibility::Coercible {
            return Ok(Some(operand.data_type().collation));
        }
        // It comes before any column's, and is the subquery's column's own.
        if operand.coercibility() > Coercibility::Explicit && selects_collate(query, position) {
            return Ok(None);
        }
        let agreed = agree([operand, &column], self.connection(), "=", Wanted::Comparison);
        match agreed {
            Err(error) if texts && !comparison::gives_nothing(&subquery.plan) => Err(error),
            agreed => Ok(agreed.ok().filter(|_| texts)),
        }
    }

    /// `x > ANY (SELECT …)` and its like, of single values.
    fn quantified(
        &mut self,
        operand: &Expr,
        op: BinaryOp,
        all: bool,
        query: &ast::Query,
    ) -> Result<Expression> {
        let op = CompareOp::from_binary(op).ok_or_else(|| Error::internal("ANY without a comparison"))?;
        let count = if let Expr::Row(parts) = operand { parts.len() } else { 1 };
        let operand = match operand {
            Expr::Row(_) => Expression::constant(Value::Null, DataType::NULL),
            operand => self.bind(operand)?,
        };
        let subquery = self.scope.subquery(query, SubqueryKind::Quantified(all))?;
        check_columns(count, subquery.columns.len())?;
        if count != 1 {
            return Err(Error::operand_columns(1));
        }
        let column = Expression::SubqueryColumn { subquery: Arc::clone(&subquery), position: 0 };
        self.check_quantified(op, &operand, &subquery)?;
        let collation = agree([&operand, &column], self.connection(), &op.to_string(), Wanted::Comparison)?;
        Ok(Expression::Quantified { operand: Box::new(operand), op, all, subquery, collation })
    }
}

/// Whether an operand calls RAND() or its like, or sets a variable.
fn changes_each_time(operand: &Expression) -> bool {
    let mut changes = false;
    operand.visit(&mut |part| {
        changes |= matches!(part, Expression::AssignVariable { .. })
            || matches!(part, Expression::Call { function, .. } if function.is_volatile());
    });
    changes
}
