//! What is chosen among values of several kinds, where the choice is asked for something else than its text.
//!
//! `IF(x, time, text)` is a text to clients. Asked for its number, MySQL asks the branch that holds for its number, not the text
//! for the one that it begins with; so it is with CASE, NULLIF and ELT, but not with COALESCE and IFNULL. GREATEST and LEAST compare their
//! arguments as numbers then. Asked for its date, IF and CASE ask the branch, while the others read their text.
//!
//! [`Expression::bare`] is such a choice without the conversion to its type: whoever works on it looks at the value.

use crate::ast::BinaryOp;
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
        || own.has_date()
            && whole.has_date()
            && (own.kind == TypeKind::Date) == (whole.kind == TypeKind::Date)
        || own.kind == whole.kind
}

/// A DATETIME that is the value of a text.
pub(super) fn date_of_text(fsp: u8) -> DataType {
    DataType { display_width: DataType::DATE_OF_TEXT, ..DataType::datetime(fsp) }
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

/// Whether it is a YEAR column, or may choose one.
fn is_year(branch: &Expression) -> bool {
    match branch {
        Expression::Case { branches, otherwise, .. } if !is_coalesce(branches) => {
            branches.iter().map(|(_, result)| result).chain([otherwise.as_ref()]).any(is_year)
        }
        other => other.is_column() && other.data_type().kind == TypeKind::Year,
    }
}

/// Whether a CASE is what COALESCE or IFNULL is made of.
fn is_coalesce(conditions: &[(Expression, Expression)]) -> bool {
    conditions.iter().all(|(condition, _)| {
        matches!(condition, Expression::IsNull { negated: true, .. }) || condition.asks_own_result()
    })
}

/// Functions whose text is a date.
fn gives_date(name: &str) -> bool {
    const NAMES: [&str; 4] = ["ADDDATE", "SUBDATE", "ADDTIME", "SUBTIME"];
    NAMES.contains(&name) || name.starts_with("DATE_ADD_") || name.starts_with("DATE_SUB_")
}

/// Whether it is a function whose text is a date, or may choose one.
fn is_text_of_date(own: &Expression) -> bool {
    match own {
        Expression::Call { function, data_type, .. } => data_type.is_string() && gives_date(function.name),
        Expression::Case { branches, otherwise, data_type } if data_type.is_string() => {
            !is_coalesce(branches)
                && branches.iter().map(|(_, own)| own).chain([otherwise.as_ref()]).any(is_text_of_date)
        }
        _ => false,
    }
}

/// Whether GREATEST and LEAST are of another type than VARCHAR, as with a TEXT, a BLOB or a CHAR among their arguments: asked for a
/// number, they are their text's then.
fn is_no_varchar(arguments: &[Expression]) -> bool {
    #[derive(Clone, Copy, PartialEq)]
    enum Kind {
        Number,
        Clock,
        Time,
        Char,
        VarChar,
        Long,
    }
    let kind = |own: &Expression| match own.data_type() {
        data_type if data_type.is_long_string() => Kind::Long,
        data_type if matches!(data_type.kind, TypeKind::Char(_) | TypeKind::Binary(_)) => Kind::Char,
        data_type if data_type.is_string() => Kind::VarChar,
        data_type if matches!(data_type.kind, TypeKind::Time(_)) => Kind::Clock,
        data_type if data_type.is_temporal() => Kind::Time,
        _ => Kind::Number,
    };
    let merged = |left: Kind, right: Kind| match (left, right) {
        (Kind::Long, _) | (_, Kind::Long) => Kind::Long,
        (left, right) if left == right => left,
        (Kind::VarChar, _) | (_, Kind::VarChar) => Kind::VarChar,
        // MySQL's table of merged types, which is not the same both ways.
        (Kind::Char, Kind::Clock | Kind::Time) | (Kind::Clock, Kind::Char) => Kind::VarChar,
        (Kind::Char, _) | (_, Kind::Char) => Kind::Char,
        (Kind::Clock, Kind::Time) | (Kind::Time, Kind::Clock) => Kind::Time,
        _ => Kind::VarChar,
    };
    let known = arguments.iter().filter(|own| own.data_type().kind != TypeKind::Null);
    matches!(known.map(kind).reduce(merged), Some(Kind::Long | Kind::Char))
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
            Expression::Case { branches, otherwise, data_type }
                if !is_coalesce(&branches)
                    && branches
                        .iter()
                        .map(|(_, own)| own)
                        .chain([otherwise.as_ref()])
                        .any(is_text_of_date) =>
            {
                let number = |(condition, own): (Expression, Expression)| (condition, own.chosen_number());
                let bare = Expression::Case {
                    branches: branches.into_iter().map(number).collect(),
                    otherwise: Box::new(otherwise.chosen_number()),
                    data_type: DataType::NULL,
                };
                Expression::Cast { operand: Box::new(bare), to: infer::number_of(&data_type) }
            }
            Expression::Call { function, arguments, data_type, collation } => match function.name {
                "GREATEST" | "LEAST" if data_type.is_string() && is_no_varchar(&arguments) => {
                    Expression::Call { function, arguments, data_type, collation }
                }
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
            Expression::Call { function, data_type, .. }
                if data_type.is_temporal() && data_type.fsp() > 0 && gives_date(function.name) =>
            {
                // Rounded as a number, not as a time: 59.9 seconds are 60.
                Expression::Cast { to: infer::number_of(&data_type), operand: Box::new(self) }
            }
            Expression::Call { function, arguments, collation, .. }
                if function.name == "ELT" && arguments.iter().any(is_written) =>
            {
                let arguments = arguments.into_iter().map(written).collect();
                Expression::Call { function, arguments, data_type: DataType::NULL, collation }
            }
            Expression::Call { function, arguments, data_type, collation }
                if matches!(function.name, "GREATEST" | "LEAST")
                    && data_type.is_string()
                    && function::compares_dates(&arguments)
                    && !is_no_varchar(&arguments) =>
            {
                // Without the fraction of a second.
                Expression::Call { function, arguments, data_type: DataType::BIGINT_UNSIGNED, collation }
            }
            other => other.chosen_number(),
        }
    }

    /// Whether it is a bare choice that a date or a time is among.
    pub(crate) fn is_bare_time(&self) -> bool {
        match self {
            Expression::Case { data_type, .. } => {
                data_type.kind == TypeKind::Null
                    && self.branches().any(|own| own.data_type().is_temporal() || own.is_bare_time())
            }
            _ => false,
        }
    }

    /// What it may choose, if it is a choice.
    pub(crate) fn branches(&self) -> impl Iterator<Item = &Expression> {
        let parts = match self {
            Expression::Case { branches, otherwise, .. } => Some((branches, otherwise)),
            _ => None,
        };
        parts.into_iter().flat_map(|(branches, otherwise)| {
            branches.iter().map(|(_, result)| result).chain([otherwise.as_ref()])
        })
    }

    /// Whether it is a date or a time with another sign.
    pub(crate) fn negates_time(&self) -> bool {
        matches!(self, Expression::Negate { data_type, .. } if data_type.attributes.decimals().is_some())
    }

    /// The same number, without -0.
    pub(crate) fn without_sign_of_zero(self) -> Expression {
        let data_type = self.data_type();
        let zero = Expression::constant(crate::types::Value::Double(0.0), DataType::DOUBLE);
        Expression::Arithmetic { op: BinaryOp::Add, left: Box::new(self), right: Box::new(zero), data_type }
    }

    /// Whether it is IF, CASE or NULLIF.
    pub(crate) fn is_branch(&self) -> bool {
        matches!(self, Expression::Case { branches, .. } if !is_coalesce(branches))
    }

    /// What CAST AS SIGNED sees: a date's number of GREATEST and LEAST among dates, the branch of a choice of dates and times, and else
    /// what it shows.
    pub(super) fn cast_whole(self) -> Expression {
        let is_of_dates = match &self {
            Expression::Call { function, arguments, .. } if matches!(function.name, "GREATEST" | "LEAST") => {
                function::compares_dates(arguments)
            }
            other => other.data_type().is_temporal(),
        };
        if is_of_dates { self.chosen_whole() } else { self }
    }

    /// What a DECIMAL is made of: as [`Expression::chosen_number`], but ELT is its text.
    pub(super) fn chosen_exact(self) -> Expression {
        match self {
            Expression::Call { function, .. } if function.name == "ELT" => self,
            other => other.chosen_number(),
        }
    }

    /// What an operator of bits sees of a choice among decimals: the branch that holds.
    pub(super) fn chosen_decimal(self) -> Expression {
        match self {
            Expression::Case { branches, otherwise, data_type }
                if data_type.is_decimal() && !is_coalesce(&branches) =>
            {
                Expression::Case { branches, otherwise, data_type: DataType::NULL }
            }
            other => other,
        }
    }

    /// A choice among numbers of floating point as the text that its branch is, not that of its type.
    pub(super) fn chosen_texts(self, to: &DataType) -> Expression {
        let text = |operand: Expression| {
            let own = operand.data_type();
            let display_width = DataType::IMPLICIT_TEXT;
            let length = own.characters().max(to.characters());
            let to = DataType { display_width, ..DataType::varchar(length, to.collation) };
            match operand.is_float_choice() {
                true => operand.chosen_texts(&to),
                false => Expression::Cast { operand: Box::new(operand), to },
            }
        };
        match self {
            Expression::Case { branches, otherwise, .. } => Expression::Case {
                branches: branches.into_iter().map(|(when, result)| (when, text(result))).collect(),
                otherwise: Box::new(text(*otherwise)),
                data_type: *to,
            },
            other => other,
        }
    }

    /// Whether it is a condition that stands for its own result not being NULL.
    pub(crate) fn asks_own_result(&self) -> bool {
        matches!(self, Expression::Call { function, .. } if function.name == function::OWN_RESULT)
    }

    /// Whether it is an IF or a CASE of floating point.
    pub(super) fn is_float_choice(&self) -> bool {
        matches!(self, Expression::Case { branches, data_type, .. } if data_type.is_float() && !is_coalesce(branches))
    }

    /// LAST_DAY next to a function that wants a whole date, which reaches the day of which it is the month.
    pub(super) fn strict_last_day(self, data_type: DataType) -> Expression {
        match self {
            Expression::Call { function, arguments, collation, .. } if function.name == "LAST_DAY" => {
                Expression::Call { function, arguments, data_type, collation }
            }
            other => other,
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
                let has_year =
                    branches.iter().map(|(_, result)| result).chain([otherwise.as_ref()]).any(is_year);
                let day = |(when, result): (Expression, Expression)| (when, first_day(result));
                // A date is no number, and more than a small one holds.
                let data_type =
                    if has_year && data_type.is_numeric() { DataType::BARE_NUMBER } else { data_type };
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
            Expression::Call { function, arguments, data_type, collation }
                if data_type.is_string() && gives_date(function.name) =>
            {
                let data_type = date_of_text(6);
                Expression::Call { function, arguments, data_type, collation }
            }
            other
                if other.is_branch()
                    && (other.data_type().is_string() || other.data_type().is_temporal()) =>
            {
                other.bare()
            }
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
        let is_double = own.kind == TypeKind::Double && own.attributes.decimals().is_none();
        is_double && !self.is_column() && self.as_constant().is_none()
            || (own.is_decimal() || own.is_float() && own.attributes.decimals().is_some())
                && match self {
                    Expression::Arithmetic { .. } | Expression::Negate { .. } | Expression::Case { .. } => {
                        true
                    }
                    Expression::Call { function, .. } => {
                        matches!(function.name, "ABS" | "GREATEST" | "LEAST")
                    }
                    _ => false,
                }
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
            other if other.data_type().is_float() => {
                Expression::Cast { operand: Box::new(other), to: DataType::STORED_DOUBLE }
            }
            // What is exactly zero has no digits after its point, what is rounded to it has.
            Expression::Arithmetic { op: BinaryOp::Divide, left, right, data_type } => {
                let is_zero = Expression::Not(left.clone());
                let whole = Expression::Arithmetic { op: BinaryOp::Divide, left, right, data_type };
                Expression::Case {
                    branches: vec![(is_zero, Expression::integer(0))],
                    otherwise: Box::new(whole),
                    data_type: DataType::NULL,
                }
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
