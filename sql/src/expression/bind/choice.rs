//! What is chosen among values of several kinds, where the choice is asked for something else than its text.
//!
//! `IF(x, time, text)` is a text to clients. Asked for its number, MySQL asks the branch that holds for its number, not the text
//! for the one that it begins with; so it is with CASE, NULLIF and ELT, but not with COALESCE and IFNULL. GREATEST and LEAST compare their
//! arguments as numbers then. Asked for its date, IF and CASE ask the branch, while the others read their text.
//!
//! [`Expression::bare`] is such a choice without the conversion to its type: whoever works on it looks at the value.

use crate::expression::bind::number_operand;
use crate::expression::{Expression, infer};
use crate::function;
use crate::types::{DataType, TypeKind};

/// What [`text`](super::text) has put around a value that is none.
fn written(argument: Expression) -> Expression {
    match argument {
        Expression::Cast { operand, to } if to.display_width == DataType::IMPLICIT_TEXT => *operand,
        other => other,
    }
}

fn is_written(argument: &Expression) -> bool {
    matches!(argument, Expression::Cast { to, .. } if to.display_width == DataType::IMPLICIT_TEXT)
}

/// Whether two types are of one kind, so that nothing is lost by the conversion of one to the other.
fn is_alike(own: &DataType, whole: &DataType) -> bool {
    own.kind == TypeKind::Null
        || own.is_string() && whole.is_string()
        || own.has_date() && whole.has_date()
        || own.kind == whole.kind
}

fn branches(expression: &Expression) -> Option<impl Iterator<Item = &Expression>> {
    match expression {
        Expression::Case { branches, otherwise, data_type }
            if (data_type.is_string() || data_type.is_temporal()) && !is_coalesce(branches) =>
        {
            Some(branches.iter().map(|(_, result)| result).chain([otherwise.as_ref()]))
        }
        _ => None,
    }
}

/// A YEAR column as its first day.
fn first_day(branch: Expression) -> Expression {
    match branch.data_type().kind {
        TypeKind::Year if branch.is_column() => {
            Expression::Cast { operand: Box::new(branch), to: DataType::datetime(0) }
        }
        _ => branch.with_years_as_days(),
    }
}

/// Whether a CASE is what COALESCE or IFNULL is made of.
fn is_coalesce(conditions: &[(Expression, Expression)]) -> bool {
    conditions.iter().all(|(condition, _)| matches!(condition, Expression::IsNull { negated: true, .. }))
}

/// Functions whose text is a date.
fn gives_date(name: &str) -> bool {
    const NAMES: [&str; 4] = ["ADDDATE", "SUBDATE", "ADDTIME", "SUBTIME"];
    NAMES.contains(&name) || name.starts_with("DATE_ADD_") || name.starts_with("DATE_SUB_")
}

/// Whether GREATEST and LEAST, asked for their number, compare their arguments as numbers.
fn compares_numbers(arguments: &[Expression]) -> bool {
    let mut types = arguments.iter().map(Expression::data_type);
    let is_time = |own: DataType| own.is_temporal() || own.kind == TypeKind::Year;
    types.clone().any(is_time) || types.all(|own| !own.is_string())
}

impl Expression {
    /// Whether its branches are of several kinds, one of which it shows.
    pub(super) fn is_mixed_choice(&self) -> bool {
        let whole = self.data_type();
        branches(self).is_some_and(|mut branches| {
            branches.any(|branch| {
                !is_alike(&branch.data_type(), &whole)
                    || branch.as_hex_number().is_some()
                    || branch.is_mixed_choice()
            })
        })
    }

    /// Whether it is an IF or a CASE, which ask the branch that holds for its date.
    pub(super) fn is_dated_choice(&self) -> bool {
        match self {
            Expression::Case { branches, data_type, otherwise } => {
                let is_known = |branch: &Expression| branch.as_constant().is_some();
                (data_type.is_string() || data_type.is_temporal())
                    && !is_coalesce(branches)
                    && !(is_known(otherwise) && branches.iter().all(|(_, branch)| is_known(branch)))
            }
            _ => false,
        }
    }

    /// The branch that holds, as it is.
    pub(super) fn bare(self) -> Expression {
        if !self.is_mixed_choice() {
            return self.as_hex_number().unwrap_or(self);
        }
        match self {
            Expression::Case { branches, otherwise, .. } => Expression::Case {
                branches: branches
                    .into_iter()
                    .map(|(condition, result)| (condition, result.bare()))
                    .collect(),
                otherwise: Box::new(otherwise.bare()),
                data_type: DataType::NULL,
            },
            other => other,
        }
    }

    /// The number of a choice that shows a text or a date; anything else as it is.
    pub(crate) fn chosen_number(self) -> Expression {
        let whole = self.data_type();
        if !whole.is_string() && !whole.is_temporal() {
            return self;
        }
        if self.is_mixed_choice() {
            return Expression::Cast { operand: Box::new(self.bare()), to: infer::number_of(&whole) };
        }
        match self {
            Expression::Call { function, arguments, data_type, collation } => match function.name {
                "GREATEST" | "LEAST" if function::compares_dates(&arguments) => {
                    let whole = DataType::BIGINT;
                    let number = Expression::Call { function, arguments, data_type: whole, collation };
                    Expression::Cast { operand: Box::new(number), to: DataType::DOUBLE }
                }
                // Asked for a number they are texts still, if one is, unless there is a time or a year among them.
                "GREATEST" | "LEAST" if data_type.is_string() && compares_numbers(&arguments) => {
                    let number = |argument| Expression::Cast {
                        operand: Box::new(number_operand(argument)),
                        to: DataType::DOUBLE,
                    };
                    let arguments = arguments.into_iter().map(number).collect();
                    Expression::Call { function, arguments, data_type: DataType::DOUBLE, collation }
                }
                "ELT" if arguments.iter().any(is_written) => {
                    let arguments = arguments.into_iter().map(written).collect();
                    let bare = Expression::Call { function, arguments, data_type: DataType::NULL, collation };
                    Expression::Cast { operand: Box::new(bare), to: DataType::DOUBLE }
                }
                name if data_type.is_string() && gives_date(name) => {
                    let date = Expression::Call { function, arguments, data_type, collation };
                    match function::find(function::AS_DATE_NUMBER) {
                        Some(function) => Expression::Call {
                            function,
                            arguments: vec![date],
                            data_type: DataType::DOUBLE,
                            collation,
                        },
                        None => date,
                    }
                }
                _ => Expression::Call { function, arguments, data_type, collation },
            },
            other => other,
        }
    }

    /// What a function of integers sees of a choice: the branch, which is an integer in its own way.
    pub(crate) fn chosen_whole(self) -> Expression {
        if self.is_mixed_choice() {
            return self.bare();
        }
        match self {
            Expression::Call { function, arguments, collation, .. }
                if function.name == "ELT" && arguments.iter().any(is_written) =>
            {
                let arguments = arguments.into_iter().map(written).collect();
                Expression::Call { function, arguments, data_type: DataType::NULL, collation }
            }
            other => other.chosen_number(),
        }
    }

    /// What a function of dates sees of `CAST(x AS DOUBLE)`: as in MySQL, the number 0 if it is NULL.
    pub(super) fn cast_day(self) -> Expression {
        match self {
            Expression::Cast { to, .. } if to.is_float() => {
                let known = Expression::IsNull { operand: Box::new(self.clone()), negated: true };
                let zero = Expression::constant(crate::types::Value::Double(0.0), DataType::DOUBLE);
                let data_type = DataType::DOUBLE;
                Expression::Case { branches: vec![(known, self)], otherwise: Box::new(zero), data_type }
            }
            other => other,
        }
    }

    /// A choice of which a function of dates sees the first day of a YEAR column, where that is the branch that holds.
    pub(super) fn with_years_as_days(self) -> Expression {
        match self {
            Expression::Case { branches, otherwise, data_type }
                if !is_coalesce(&branches) && data_type.kind != TypeKind::Year =>
            {
                let day = |(when, result): (Expression, Expression)| (when, first_day(result));
                // Long enough for a date with a time.
                let data_type = if data_type.is_integer() { DataType::BIGINT } else { data_type };
                Expression::Case {
                    branches: branches.into_iter().map(day).collect(),
                    otherwise: Box::new(first_day(*otherwise)),
                    data_type,
                }
            }
            other => other,
        }
    }

    /// What a function of dates sees of a choice.
    pub(super) fn chosen_day(self) -> Expression {
        match self {
            Expression::Call { function, arguments, collation, .. }
                if matches!(function.name, "GREATEST" | "LEAST") && function::compares_dates(&arguments) =>
            {
                Expression::Call { function, arguments, data_type: DataType::datetime(6), collation }
            }
            other if other.is_dated_choice() => other.bare(),
            other => other,
        }
    }

    /// Whether it is a time that is chosen, or comes out of a subquery.
    pub(crate) fn is_chosen_time(&self) -> bool {
        matches!(self.data_type().kind, TypeKind::Time(_))
            && match self {
                Expression::Case { branches, .. } => !is_coalesce(branches),
                Expression::ScalarSubquery(_) => true,
                _ => false,
            }
    }

    /// The zero date, or NULL.
    pub(crate) fn into_zero_day(self, data_type: DataType) -> Expression {
        let known = Expression::IsNull { operand: Box::new(self), negated: true };
        let zero =
            Expression::constant(crate::types::Value::DateTime(crate::types::DateTime::ZERO), data_type);
        let null = Box::new(Expression::constant(crate::types::Value::Null, data_type));
        Expression::Case { branches: vec![(known, zero)], otherwise: null, data_type }
    }

    /// Whether it is calculated or chosen, so that a number among its values may have fewer digits after the point than its type.
    pub(crate) fn is_calculated(&self) -> bool {
        let own = self.data_type();
        let has_digits = own.is_decimal() || own.is_float() && own.attributes.decimals().is_some();
        has_digits
            && matches!(
                self,
                Expression::Arithmetic { .. } | Expression::Negate { .. } | Expression::Case { .. }
            )
    }

    /// The value of what [is calculated](Expression::is_calculated) as it comes out, in no type: a zero has no digits after
    /// the point, a choice those of its branch.
    pub(crate) fn into_plain(self) -> Expression {
        match self {
            Expression::Case { branches, otherwise, data_type } if data_type.is_decimal() => {
                Expression::Case {
                    branches: branches
                        .into_iter()
                        .map(|(when, result)| (when, result.into_plain()))
                        .collect(),
                    otherwise: Box::new(otherwise.into_plain()),
                    data_type: DataType::NULL,
                }
            }
            other if other.data_type().is_float() && other.data_type().attributes.decimals().is_some() => {
                Expression::Cast { operand: Box::new(other), to: DataType::DOUBLE }
            }
            other if other.is_calculated() => match function::find(function::AS_IT_IS) {
                Some(function) => Expression::Call {
                    function,
                    arguments: vec![other],
                    data_type: DataType::NULL,
                    collation: crate::types::Collation::Binary,
                },
                None => other,
            },
            other => other,
        }
    }

    /// Whether it is a condition: a number of one digit.
    pub(crate) fn is_condition(&self) -> bool {
        matches!(
            self,
            Expression::Not(_)
                | Expression::And(_)
                | Expression::Or(_)
                | Expression::Xor(..)
                | Expression::Compare { .. }
                | Expression::IsNull { .. }
                | Expression::IsTruth { .. }
                | Expression::Between { .. }
                | Expression::InList { .. }
                | Expression::InSubquery { .. }
                | Expression::Quantified { .. }
                | Expression::Exists { .. }
                | Expression::Like { .. }
                | Expression::Regexp { .. }
        )
    }

    /// The decimals of IF and CASE as a client sees them: with the digits after the point that the branch has.
    #[must_use]
    pub(crate) fn with_own_scale(mut self) -> Expression {
        if let Expression::Case { branches, otherwise, data_type } = &mut self
            && data_type.is_decimal()
            && !is_coalesce(branches)
        {
            data_type.display_width = DataType::OWN_SCALE;
            for result in branches.iter_mut().map(|(_, result)| result).chain([otherwise.as_mut()]) {
                *result = std::mem::replace(result, Expression::integer(0)).with_own_scale();
            }
        }
        self
    }
}
