//! Function calls: looking the function up, checking its arguments, the forms that become operators.

use crate::ast::{Expr, UnaryOp};
use crate::error::{Error, Result};
use crate::expression::bind::{Binder, choice, kinds, needs_text, number_operand, text};
use crate::expression::collate::{Wanted, agree};
use crate::expression::member::member_text;
use crate::expression::{CompareOp, Expression};
use crate::function;
use crate::types::{Attributes, Collation, DataType, TypeKind, Value};

/// Whether a function takes a long text or long bytes as they are.
fn takes_long(function: &str, argument: &Expression) -> bool {
    takes_any_kind(function)
        || matches!(function, "SEC_TO_TIME" | "ELT" | "CHAR" | "EXPORT_SET" | "FORMAT" | "MAKE_SET")
        || (function == "BIT_COUNT" && argument.data_type().is_binary())
}

/// Functions whose arguments are neither text nor numbers for good: a member is text there.
fn takes_any_kind(name: &str) -> bool {
    !matches!(
        name,
        "ABS"
            | "ACOS"
            | "ASIN"
            | "ATAN"
            | "ATAN2"
            | "BIT_COUNT"
            | "CEIL"
            | "CEILING"
            | "CHAR"
            | "COS"
            | "COT"
            | "DEGREES"
            | "ELT"
            | "EXP"
            | "EXPORT_SET"
            | "FLOOR"
            | "FORMAT"
            | "FORMAT_BYTES"
            | "FORMAT_PICO_TIME"
            | "FROM_UNIXTIME"
            | "INTERVAL"
            | "LEFT"
            | "LN"
            | "LOG"
            | "LOG10"
            | "LOG2"
            | "LPAD"
            | "MAKETIME"
            | "MAKE_SET"
            | "PERIOD_ADD"
            | "PERIOD_DIFF"
            | "RANDOM_BYTES"
            | "POW"
            | "POWER"
            | "RADIANS"
            | "RAND"
            | "REPEAT"
            | "RIGHT"
            | "ROUND"
            | "RPAD"
            | "SEC_TO_TIME"
            | "SIGN"
            | "SIN"
            | "SPACE"
            | "SQRT"
            | "SUBSTR"
            | "SUBSTRING"
            | "TAN"
            | "TRUNCATE"
    )
}

/// Functions that take a number at a position: a hexadecimal literal is one there.
fn takes_number(name: &str, position: usize) -> bool {
    match name {
        "INTERVAL" | "BIT_COUNT" => false,
        "CHAR" => true,
        "ELT" | "MAKE_SET" => position == 0,
        "EXPORT_SET" => position == 0 || position == 4,
        "LPAD" | "RPAD" => position == 1,
        "BIN" | "OCT" | "FROM_DAYS" | "INET_NTOA" | "LAST_INSERT_ID" | "MAKEDATE" | "SLEEP" => true,
        "CONV" | "INSERT" | "MID" => position < 3,
        "SHA2" | "WEEK" | "YEARWEEK" => position == 1,
        "LOCATE" | "SUBSTRING_INDEX" => position == 2,
        name => !takes_any_kind(name),
    }
}

/// Functions of dates that give a part of one, whatever the rest is.
fn gives_number(name: &str) -> bool {
    const NAMES: [&str; 10] =
        ["YEAR", "MONTH", "DAY", "DAYOFMONTH", "QUARTER", "HOUR", "MINUTE", "SECOND", "TIME", "TIME_TO_SEC"];
    NAMES.contains(&name) || name.starts_with("EXTRACT_")
}

/// Functions of dates that take no date whose month or day is zero, and tell a function within them.
fn wants_whole_day(name: &str) -> bool {
    const NAMES: [&str; 11] = [
        "CONVERT_TZ",
        "DATEDIFF",
        "DAYNAME",
        "DAYOFWEEK",
        "DAYOFYEAR",
        "TO_DAYS",
        "TO_SECONDS",
        "WEEK",
        "WEEKDAY",
        "WEEKOFYEAR",
        "YEARWEEK",
    ];
    let starts = ["DATE_ADD_", "DATE_SUB_", "TIMESTAMPDIFF"];
    NAMES.contains(&name) || starts.iter().any(|start| name.starts_with(start))
}

/// Functions that want one if `sql_mode` does.
fn wants_whole_day_by_mode(name: &str) -> bool {
    matches!(name, "DATE" | "TIMESTAMP")
}

/// Functions whose result is of their argument's type.
fn keeps_type(name: &str) -> bool {
    matches!(name, "ABS" | "CEIL" | "CEILING" | "FLOOR" | "ROUND" | "TRUNCATE")
}

/// BIT_COUNT's argument: bytes as they are, and the integer that anything else is.
fn bit_count_operand(argument: Expression) -> Expression {
    match argument.data_type() {
        own if own.is_binary() => argument,
        own if own.is_string() => argument.chosen_whole().quiet_integer(),
        own if own.is_temporal() => argument.chosen_whole(),
        _ => argument.chosen_decimal(),
    }
}

/// A hexadecimal literal as a number. Functions whose result is of their argument's type give a DOUBLE for it.
fn literal_number(function: &str, position: usize, literal: &Expression) -> Option<Expression> {
    let number = literal.as_hex_number()?;
    let keeps_type = keeps_type(function);
    match number.as_constant() {
        Some(Value::UInt(value)) if keeps_type && position == 0 => {
            let attributes = match function {
                // The absolute value is one without digits after the point.
                "ABS" => Attributes::NONE.with_decimals(0),
                _ => Attributes::NONE,
            };
            let data_type = DataType { attributes, ..DataType::DOUBLE };
            Some(Expression::constant(Value::Double(*value as f64), data_type))
        }
        Some(Value::UInt(value)) if matches!(function, "ROUND" | "TRUNCATE") => {
            Some(i64::try_from(*value).map_or(number, Expression::integer))
        }
        _ => Some(number),
    }
}

/// Functions whose result has the digits of the fraction of a second that a text among their arguments has.
fn shows_digits_of_text(name: &str) -> bool {
    matches!(name, "ADDTIME" | "CONVERT_TZ" | "SUBTIME" | "TIME" | "TIMEDIFF" | "TIMESTAMP")
}

/// The argument that the others are searched in, or that is searched for among them.
fn searched_place(name: &str) -> usize {
    usize::from(matches!(name, "LOCATE" | "POSITION"))
}

/// Whether the argument that is searched in is text, and bytes that are the same in every row are searched for.
fn searches_constant(name: &str, arguments: &[Expression]) -> bool {
    let mut others = arguments.iter().enumerate().filter(|(place, _)| *place != searched_place(name));
    let is_bytes = |argument: &Expression| argument.data_type().is_binary();
    arguments.get(searched_place(name)).is_some_and(|searched| searched.data_type().is_text())
        && arguments.iter().any(is_bytes)
        && others.all(|(place, other)| match name {
            "FIELD" => other.data_type().is_text() || is_bytes(other) && other.is_fixed(),
            _ => place > 1 || is_bytes(other) && other.is_fixed(),
        })
}

/// Text of a character set whose bytes are not those that it is held in, for what looks at bytes.
pub(super) fn as_bytes(argument: &mut Expression) {
    let data_type = argument.data_type();
    if !data_type.is_text() || data_type.collation.set().is_held_as_is() {
        return;
    }
    let most = data_type.characters().saturating_mul(data_type.collation.set().bytes_max());
    let taken = std::mem::replace(argument, Expression::integer(0));
    *argument = Expression::Cast { operand: Box::new(taken), to: DataType::varbinary(most) };
}

/// ELT of a literal reads only the argument that it chooses: the others can neither fail nor warn.
fn only_chosen(arguments: &mut [Expression]) {
    let Some(Value::Int(chosen)) = arguments.first().and_then(Expression::as_constant) else { return };
    let chosen = usize::try_from(*chosen).unwrap_or(0);
    for (_, other) in arguments.iter_mut().enumerate().skip(1).filter(|(place, _)| *place != chosen) {
        // It keeps its say about the collation.
        let data_type = other.data_type();
        let unread = std::mem::replace(other, Expression::integer(0));
        let null = Box::new(Expression::constant(Value::Null, data_type));
        *other =
            Expression::Case { branches: vec![(Expression::integer(0), unread)], otherwise: null, data_type };
    }
}

impl Binder<'_> {
    pub(super) fn function(&mut self, name: &str, arguments: &[Expr]) -> Result<Expression> {
        if let Some(position) = arguments.iter().position(|argument| matches!(argument, Expr::Row(_))) {
            let _ = position;
            return Err(Error::operand_columns(1));
        }
        match (name, arguments) {
            ("IF", [condition, yes, no]) => {
                let branches = vec![(self.bind(condition)?.into_condition(), self.bind(yes)?)];
                let otherwise = self.bind(no)?;
                return self.make_case(branches, otherwise);
            }
            ("NULLIF", [left, right]) => {
                let (left, right) = (self.bind(left)?, self.bind(right)?);
                // A constant is what a TIME, a YEAR or a DATE column next to it has of it, and stays that.
                let left = self.known_beside(left, &right);
                let left = match right.data_type().kind {
                    TypeKind::Year => kinds::stored(left, &right, self.reading()),
                    TypeKind::Time(_) if !matches!(left.data_type().kind, TypeKind::Time(_)) => {
                        kinds::stored(left, &right, self.reading())
                    }
                    TypeKind::Date if left.data_type().is_numeric() => {
                        kinds::stored(left, &right, self.reading())
                    }
                    TypeKind::BigInt if right.is_column() => self.whole_beside(left, &right),
                    _ => left,
                };
                let data_type = match left.data_type() {
                    members if members.has_members() => member_text(&members),
                    data_type => data_type.without_fill(),
                };
                let agreed = agree([&left, &right], self.connection(), "=", Wanted::Comparison);
                let data_type = match agreed {
                    Ok(agreed)
                        if data_type.is_text()
                            && right.data_type().is_text()
                            && left.as_constant().is_some()
                            && agreed.set() == data_type.collation.set() =>
                    {
                        data_type.with_collation(agreed)
                    }
                    _ => data_type,
                };
                let is_beside_year = right.is_column() && right.data_type().kind == TypeKind::Year;
                let equal = self.compare_bound(CompareOp::Eq, left.clone(), right)?;
                let null = Expression::constant(Value::Null, DataType::NULL);
                let (left, data_type) = match left {
                    // The year that the column has of it.
                    Expression::Constant { value: Value::Int(year @ (0 | 1901..=2155)), .. }
                        if is_beside_year =>
                    {
                        let data_type = DataType { display_width: DataType::SHORT_YEAR, ..DataType::YEAR };
                        (Expression::constant(Value::Int(year), data_type), data_type)
                    }
                    left => (left, data_type),
                };
                return Ok(Expression::Case {
                    branches: vec![(equal, null)],
                    otherwise: Box::new(left),
                    data_type,
                });
            }
            ("STRCMP", [left, right]) => {
                if let Some(order) = self.order_of_dates(left, right)? {
                    return Ok(order);
                }
            }
            ("NAME_CONST", [name, value]) => return self.name_const(name, value),
            ("NAME_CONST", _) => return Err(Error::parameter_count("name_const")),
            ("IFNULL" | "COALESCE", _) => return self.coalesce(name, arguments),
            ("ISNULL", [operand]) => {
                return Ok(Expression::IsNull { operand: Box::new(self.bind(operand)?), negated: false });
            }
            ("MOD", [left, right]) => {
                let whole = Expr::Binary(
                    crate::ast::BinaryOp::Modulo,
                    Box::new(left.clone()),
                    Box::new(right.clone()),
                );
                return self.bind(&whole);
            }
            _ => {}
        }
        if let ("JSON_VALUE", [.., Expr::Cast { to, .. }]) = (name, arguments)
            && arguments.len() == 7
        {
            return self.json_value(arguments, *to);
        }
        let function = match function::find(name) {
            Some(function) => function,
            None => return Err(self.unknown_function(name)),
        };
        if !function.takes(arguments.len()) {
            return Err(Error::parameter_count(name));
        }
        let mut arguments = self.bind_all(arguments)?;
        let connection = self.connection();
        for (position, argument) in arguments.iter_mut().enumerate() {
            let is_text = function.wants_text(position) && !matches!(function.name, "BIN" | "CONV" | "OCT");
            let number = match argument {
                Expression::Constant { .. } if !is_text && takes_number(function.name, position) => {
                    literal_number(function.name, position, argument)
                }
                _ => None,
            };
            if let Some(number) = number {
                *argument = number;
            }
            if function.wants_text(position) && needs_text(argument) {
                let taken = std::mem::replace(argument, Expression::integer(0));
                *argument = text(taken, connection);
            } else if argument.data_type().kind == TypeKind::Year
                && (argument.is_column() || argument.is_branch())
                && function.takes_day(position)
            {
                let operand = Box::new(std::mem::replace(argument, Expression::integer(0)));
                *argument = Expression::Cast { operand, to: choice::date_of_text(0) };
            } else if function.takes_day(position) && argument.data_type().kind != TypeKind::Null {
                let taken = std::mem::replace(argument, Expression::integer(0));
                *argument = taken.with_years_as_days().chosen_day();
                if wants_whole_day(function.name) {
                    let taken = std::mem::replace(argument, Expression::integer(0));
                    *argument = taken.strict_last_day(DataType::WHOLE_DATE);
                }
                if wants_whole_day_by_mode(function.name) {
                    let taken = std::mem::replace(argument, Expression::integer(0));
                    *argument = taken.strict_last_day(DataType::WHOLE_DATE_BY_MODE);
                }
                if gives_number(function.name) {
                    *argument = std::mem::replace(argument, Expression::integer(0)).cast_day();
                }
            } else if function.name == "INTERVAL" {
                *argument = number_operand(std::mem::replace(argument, Expression::integer(0)));
            } else if argument.data_type().is_long_string() && function.name == "MAKEDATE" {
                *argument = std::mem::replace(argument, Expression::integer(0)).quiet_integer();
            } else if argument.data_type().is_temporal()
                && !function.wants_text(position)
                && takes_number(function.name, position)
                && argument.is_mixed_choice()
            {
                let taken = std::mem::replace(argument, Expression::integer(0));
                *argument =
                    if keeps_type(function.name) { taken.chosen_number() } else { taken.chosen_whole() };
            } else if function.name == "BIT_COUNT" && !argument.data_type().has_members() {
                *argument = bit_count_operand(std::mem::replace(argument, Expression::integer(0)));
            } else if argument.data_type().is_long_string()
                && !function.wants_text(position)
                && !takes_long(function.name, argument)
            {
                *argument =
                    std::mem::replace(argument, Expression::integer(0)).chosen_number().quiet_number();
            } else if !function.wants_text(position)
                && argument.data_type().is_string()
                && !argument.data_type().has_members()
                && (takes_number(function.name, position) || function.name == "BIT_COUNT")
            {
                let taken = std::mem::replace(argument, Expression::integer(0));
                *argument =
                    if keeps_type(function.name) { taken.chosen_number() } else { taken.chosen_whole() };
            } else if argument.data_type().has_members() {
                let taken = std::mem::replace(argument, Expression::integer(0));
                *argument = if takes_any_kind(function.name) {
                    text(taken, connection)
                } else {
                    taken.member_number(DataType::DOUBLE)
                };
            }
        }
        if function.name == "FIELD" {
            arguments = kinds::field(arguments, connection);
        }
        if function.sees_bytes() {
            arguments.iter_mut().for_each(as_bytes);
        }
        let texts = arguments.iter().enumerate().filter(|(position, _)| function.wants_text(*position));
        let collation = if function.takes_text() {
            let wanted = if function.compares() { Wanted::Comparison } else { Wanted::Result };
            agree(texts.map(|(_, argument)| argument), connection, &name.to_lowercase(), wanted)?
        } else if matches!(function.name, "GREATEST" | "LEAST") {
            agree(&arguments, connection, &name.to_lowercase(), Wanted::Result)?
        } else {
            connection
        };
        let is_of_nulls = function.takes_text() && function.gives_text_of_arguments() && {
            let is_null = |own: &Expression| own.data_type().is_null();
            let mut texts = arguments.iter().enumerate();
            match function.name {
                "INSERT" | "LPAD" | "REPLACE" | "RPAD" | "SUBSTRING_INDEX" => {
                    arguments.first().is_some_and(is_null)
                }
                _ => texts.all(|(place, own)| !function.wants_text(place) || is_null(own)),
            }
        };
        let collation = match (function.name, arguments.first()) {
            // Bytes that are the same in every row are text in the collation of what they are searched in.
            ("LOCATE" | "INSTR" | "POSITION" | "FIELD", _)
                if searches_constant(function.name, &arguments) =>
            {
                let searched = &arguments[searched_place(function.name)];
                let own = searched.data_type().collation;
                arguments = arguments.into_iter().map(|argument| kinds::as_text_of(argument, own)).collect();
                own
            }
            // The text that is changed says what the result is.
            ("INSERT" | "LPAD" | "REPLACE" | "RPAD", Some(first)) if first.data_type().is_binary() => {
                Collation::Binary
            }
            ("INSERT" | "LPAD" | "REPLACE" | "RPAD", Some(first))
                if first.data_type().is_text() && collation == Collation::Binary && first.is_fixed() =>
            {
                first.data_type().collation
            }
            // Texts that do not agree are searched for by the first one's collation.
            ("LOCATE" | "INSTR" | "POSITION", Some(first))
                if first.data_type().is_text()
                    && arguments.iter().all(|argument| argument.data_type().collation != collation) =>
            {
                first.data_type().collation
            }
            _ => collation,
        };
        if matches!(function.name, "STRCMP" | "LOCATE" | "INSTR" | "POSITION") {
            let text = |argument| kinds::in_collation(argument, collation);
            arguments = arguments.into_iter().map(text).collect();
        }
        function.check(&arguments)?;
        // A result has no ZEROFILL, nor the digits of a FLOAT(M,D).
        let data_type = match shows_digits_of_text(function.name) {
            true => function.result_type(&self.known_texts(&arguments), collation),
            false => function.result_type(&arguments, collation),
        }
        .without_fill();
        if matches!(function.name, "GREATEST" | "LEAST") && data_type.is_string() {
            // A choice is the text of its branch.
            arguments = arguments.into_iter().map(Expression::with_own_scale).collect();
        }
        let data_type = match (function.name, connection) {
            ("QUOTE", connection) if collation == Collation::Binary && connection != Collation::Binary => {
                data_type.with_collation(connection)
            }
            _ => data_type,
        };
        // NULLs are bytes.
        let data_type = match data_type.is_text() && is_of_nulls && function.name != "QUOTE" {
            true => DataType::varbinary(data_type.characters()),
            false => data_type,
        };
        // An absolute value keeps its digits.
        let keeps = function.name == "ABS" && data_type.is_float()
            || matches!(function.name, "GREATEST" | "LEAST")
                && data_type.is_float()
                && !arguments.iter().any(|own| own.is_column() && own.data_type().is_float());
        let attributes = if keeps { data_type.attributes } else { Attributes::NONE };
        let data_type = DataType { attributes, ..data_type };
        if function.name == "ELT" {
            only_chosen(&mut arguments);
        }
        Ok(Expression::Call { function, arguments, data_type, collation })
    }

    pub(super) fn stored_function(
        &mut self,
        database: Option<&str>,
        name: &str,
        arguments: &[Expr],
    ) -> Result<Expression> {
        if arguments.iter().any(|argument| matches!(argument, Expr::Row(_))) {
            return Err(Error::operand_columns(1));
        }
        let function = self.scope.stored_function(database, name, arguments.len())?;
        let arguments = self.bind_all(arguments)?;
        let label = function.name().into();
        Ok(Expression::Stored { function, arguments, label })
    }

    /// STRCMP of a YEAR column with a constant: they are compared as `<` compares them.
    fn order_of_dates(&mut self, left: &Expr, right: &Expr) -> Result<Option<Expression>> {
        let (left, right) = (self.bind(left)?, self.bind(right)?);
        let (left, right) = (self.known_beside(left, &right), right);
        let (right, left) = (self.known_beside(right, &left), left);
        let types = (left.data_type(), right.data_type());
        let is_year = |own: &DataType, other: &Expression| {
            let is_number = other.data_type().is_numeric();
            other.as_constant().is_some_and(|value| match own.kind {
                TypeKind::Year => !value.is_null() && kinds::year_of(value).is_some(),
                TypeKind::Date => is_number && kinds::datetime_of(value).is_some(),
                _ => false,
            })
        };
        self.warn_of_misfits(&left, &right);
        if let Some(order) = self.order_of_stored(&left, &right)? {
            return Ok(Some(order));
        }
        // A date is compared by its text, but the text beside it has to be a date.
        for (text, other) in [(&left, types.1), (&right, types.0)] {
            if other.has_date() && text.is_fixed() {
                let day = kinds::as_day(text.clone(), &other, kinds::Invalid::Refused, self.reading())?;
                self.check_day(&day);
            }
        }
        let is_beside_year = |own: &Expression, other: &Expression| {
            is_year(&own.data_type(), other) && (own.is_column() || own.data_type().kind != TypeKind::Year)
        };
        if !is_beside_year(&left, &right) && !is_beside_year(&right, &left) {
            return Ok(None);
        }
        let null = Expression::constant(Value::Null, DataType::NULL);
        let is_null =
            |operand: &Expression| Expression::IsNull { operand: Box::new(operand.clone()), negated: false };
        let unknown = Expression::Or(vec![is_null(&left), is_null(&right)]);
        let equal = self.compare_bound(CompareOp::Eq, left.clone(), right.clone())?;
        let less = self.compare_bound(CompareOp::Less, left, right)?;
        let branches =
            vec![(unknown, null), (equal, Expression::integer(0)), (less, Expression::integer(-1))];
        self.make_case(branches, Expression::integer(1)).map(Some)
    }

    /// STRCMP of a BIGINT column with a constant text, or of a TIME column with any constant: it is the text of what the column has of it.
    fn order_of_stored(&self, left: &Expression, right: &Expression) -> Result<Option<Expression>> {
        let is_stored = |column: &Expression, constant: &Expression| {
            column.is_column()
                && column.data_type().kind == TypeKind::BigInt
                && constant.data_type().is_string()
                && constant.is_fixed()
                && !matches!(constant.as_constant(), Some(Value::Null))
        };
        let connection = self.connection();
        for (time, constant, is_first) in [(left, right, true), (right, left, false)] {
            if !time.is_column() || !matches!(time.data_type().kind, TypeKind::Time(_)) {
                continue;
            }
            let stored = kinds::stored(constant.clone(), time, self.reading());
            if matches!(stored.as_constant(), Some(Value::Time(_))) {
                let (time, stored) = (text(time.clone(), connection), text(stored, connection));
                return self
                    .text_order(if is_first { vec![time, stored] } else { vec![stored, time] })
                    .map(Some);
            }
        }
        let integer = |constant: &Expression, column: &Expression| {
            text(self.whole_beside(constant.clone(), column), connection)
        };
        let arguments = if is_stored(left, right) {
            vec![text(left.clone(), connection), integer(right, left)]
        } else if is_stored(right, left) {
            vec![integer(left, right), text(right.clone(), connection)]
        } else {
            return Ok(None);
        };
        self.text_order(arguments).map(Some)
    }

    fn text_order(&self, arguments: Vec<Expression>) -> Result<Expression> {
        let function = function::find("STRCMP").ok_or_else(|| Error::internal("STRCMP"))?;
        let collation = self.connection();
        let data_type = function.result_type(&arguments, collation);
        Ok(Expression::Call { function, arguments, data_type, collation })
    }

    /// NAME_CONST(name, value): a literal, whose name in a select list is the other.
    fn name_const(&mut self, name: &Expr, value: &Expr) -> Result<Expression> {
        let is_literal = |expr: &Expr| {
            matches!(expr, Expr::Literal(_) | Expr::Introduced(..) | Expr::HexLiteral(_) | Expr::Truth(_))
        };
        let is_value = match value {
            Expr::Unary(UnaryOp::Minus, operand) => {
                matches!(
                    operand.as_ref(),
                    Expr::Literal(value) if !matches!(value, Value::Text(_) | Value::Int(..0))
                )
            }
            Expr::Unary(UnaryOp::Plus, operand) | Expr::Collate(operand, _) => is_literal(operand),
            other => is_literal(other),
        };
        if is_value && matches!(name, Expr::Literal(Value::Null)) {
            let message =
                "The 'NAME_CONST' syntax is reserved for purposes internal to the MySQL server".to_owned();
            return Err(Error { code: 1382, state: *b"HY000", message });
        }
        if !is_value || !is_literal(name) {
            return Err(Error::wrong_arguments("NAME_CONST"));
        }
        self.bind(value)
    }

    /// JSON_VALUE: its last argument is a NULL of the type that it returns.
    fn json_value(&mut self, arguments: &[Expr], to: DataType) -> Result<Expression> {
        let function = function::find("JSON_VALUE").ok_or_else(|| Error::internal("JSON_VALUE"))?;
        let mut bound = self.bind_all(&arguments[..6])?;
        if bound[1].as_constant().is_none() && !matches!(bound[1], Expression::Parameter { .. }) {
            let message = "The path expression is not a string literal.".to_owned();
            return Err(Error { code: 3143, state: *b"42000", message });
        }
        let to = if to.is_text() { to.with_collation(Collation::default()) } else { to };
        bound.push(Expression::constant(Value::Null, to));
        let collation = self.connection();
        Ok(Expression::Call { function, arguments: bound, data_type: to, collation })
    }

    /// The first argument that is not NULL; as a CASE, so that the others are not evaluated.
    fn coalesce(&mut self, name: &str, arguments: &[Expr]) -> Result<Expression> {
        if arguments.is_empty() || (name == "IFNULL" && arguments.len() != 2) {
            return Err(Error::parameter_count(name));
        }
        let mut bound = self.bind_all(arguments)?;
        let Some(last) = bound.pop() else { return Err(Error::parameter_count(name)) };
        let branches = bound
            .into_iter()
            .map(|argument| {
                let known = Expression::IsNull { operand: Box::new(argument.clone()), negated: true };
                // It is asked for once.
                let own = function::find(function::OWN_RESULT)
                    .filter(|_| !crate::plan::slots::is_steady(&argument));
                let known = match own {
                    Some(function) => Expression::Call {
                        function,
                        arguments: vec![known],
                        data_type: DataType::BIGINT,
                        collation: Collation::Binary,
                    },
                    None => known,
                };
                (known, argument)
            })
            .collect();
        self.make_case(branches, last)
    }

    fn unknown_function(&self, name: &str) -> Error {
        if function::manual::is_internal(name) {
            let message = format!("Access to native function '{}' is rejected.", name.to_lowercase());
            return Error { code: 3566, state: *b"HY000", message };
        }
        if function::is_refused(name) {
            return Error::not_supported(format!("the function {name}"));
        }
        match &self.scope.session().database {
            Some(database) => Error::unknown_function(format!("{database}.{}", name.to_lowercase())),
            None => Error::no_database(),
        }
    }
}
