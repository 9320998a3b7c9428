//! ENUM, SET and BIT in expressions: where MySQL takes a member's number rather than its text.
//!
//! A value of ENUM or SET is text; here the binder puts a CAST around it where arithmetic, a comparison with a number, a truth
//! value or the order of rows asks for the number. The cast finds the members by the operand's type.

use crate::ast::AggregateFunction as Aggregate;
use crate::expression::Expression;
use crate::function;
use crate::types::{Collation, DataType, TypeKind, Value};

impl Expression {
    /// The number of a member, in a type; anything else as it is.
    #[must_use]
    pub(crate) fn member_number(self, to: DataType) -> Expression {
        if self.data_type().has_members() { Expression::Cast { operand: Box::new(self), to } } else { self }
    }

    /// As a condition: a member is true when its number is not 0.
    #[must_use]
    pub(crate) fn into_condition(self) -> Expression {
        match self.as_hex_number() {
            Some(number) => number,
            None => self.member_number(DataType::BIGINT_UNSIGNED).chosen_number().quiet_number(),
        }
    }

    /// A column of TEXT or BLOB as a number: unlike other texts, none that is no number is warned of. COALESCE, GREATEST and LEAST of
    /// texts are read as quietly.
    #[must_use]
    pub(crate) fn quiet_number(self) -> Expression {
        self.quietly(function::AS_NUMBER, DataType::DOUBLE)
    }

    /// The same for operators of bits.
    #[must_use]
    pub(crate) fn quiet_integer(self) -> Expression {
        self.quietly(function::AS_INTEGER, DataType::BIGINT)
    }

    fn quietly(self, name: &str, data_type: DataType) -> Expression {
        let is_string = self.data_type().is_string();
        let is_quiet = match &self {
            Expression::Column { .. } | Expression::Outer { .. } => self.data_type().is_long_string(),
            Expression::Case { branches, .. } => {
                is_string && branches.iter().all(|(condition, _)| is_known(condition))
            }
            Expression::Call { function, .. } => is_string && matches!(function.name, "GREATEST" | "LEAST"),
            _ => false,
        };
        match (self, function::find(name)) {
            (whole, Some(function)) if is_quiet => {
                Expression::Call { function, arguments: vec![whole], data_type, collation: Collation::Binary }
            }
            // CASE is the number that its result is: of a time the time's, not that of its text.
            (Expression::Case { branches, otherwise, .. }, _) if is_string => {
                let quiet = |result: Expression| result.quietly(name, data_type);
                let branches =
                    branches.into_iter().map(|(condition, result)| (condition, quiet(result))).collect();
                Expression::Case { branches, otherwise: Box::new(quiet(*otherwise)), data_type }
            }
            // ELT(2, …) too is the number that its argument is.
            (Expression::Call { function, arguments, .. }, _) if is_plain_elt(function.name, &arguments) => {
                let chosen = arguments.first().and_then(chosen_place);
                let argument = chosen.and_then(|place| arguments.into_iter().nth(place));
                let Some(argument) = argument else { return Expression::constant(Value::Null, data_type) };
                let argument = match argument {
                    Expression::Cast { operand, to } if to.display_width == DataType::IMPLICIT_TEXT => {
                        *operand
                    }
                    argument => argument,
                };
                let operand = Box::new(argument.quietly(name, data_type));
                Expression::Cast { operand, to: data_type }
            }
            (other, _) => other,
        }
    }

    /// What rows are sorted by: members by their numbers.
    #[must_use]
    pub(crate) fn sort_key(self) -> Expression {
        self.member_number(DataType::BIGINT_UNSIGNED)
    }

    /// The column below [`member_number`](Expression::member_number).
    #[must_use]
    pub(crate) fn numbered_column(&self) -> Option<&Expression> {
        match self {
            Expression::Cast { operand, to } if to.is_numeric() && operand.data_type().has_members() => {
                matches!(operand.as_ref(), Expression::Column { .. }).then_some(operand)
            }
            _ => None,
        }
    }
}

fn is_plain_elt(name: &str, arguments: &[Expression]) -> bool {
    name == "ELT" && arguments.first().is_some_and(|first| chosen_place(first).is_some())
}

fn chosen_place(first: &Expression) -> Option<usize> {
    match first.as_constant() {
        Some(Value::Int(place)) => usize::try_from(*place).ok().filter(|place| *place > 0),
        _ => None,
    }
}

/// Whether a branch is one of COALESCE, which reads the text that it gives without a warning.
fn is_known(condition: &Expression) -> bool {
    matches!(condition, Expression::IsNull { negated: true, .. })
}

/// The argument of an aggregate: sums are of numbers, the extremes of texts.
#[must_use]
pub(crate) fn aggregate_argument(function: Aggregate, argument: Expression) -> Expression {
    let data_type = argument.data_type();
    if !data_type.has_members() {
        return argument;
    }
    match function {
        Aggregate::Sum
        | Aggregate::Avg
        | Aggregate::BitAnd
        | Aggregate::BitOr
        | Aggregate::BitXor
        | Aggregate::StddevPop
        | Aggregate::StddevSamp
        | Aggregate::VarPop
        | Aggregate::VarSamp => argument.member_number(DataType::DOUBLE),
        Aggregate::Min | Aggregate::Max => {
            let to = member_text(&data_type);
            Expression::Cast { operand: Box::new(argument), to }
        }
        Aggregate::Count
        | Aggregate::AnyValue
        | Aggregate::GroupConcat
        | Aggregate::JsonArrayAgg
        | Aggregate::JsonObjectAgg => argument,
    }
}

/// The CHAR that holds all texts of a type with members.
#[must_use]
pub(crate) fn member_text(data_type: &DataType) -> DataType {
    DataType::of(TypeKind::Char(data_type.characters())).with_collation(data_type.collation)
}
