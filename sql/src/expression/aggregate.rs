//! Aggregate functions: their result types, and the accumulators that take in a group's values.
//!
//! COUNT, SUM (exact for integers and decimals), AVG, MIN, MAX, GROUP_CONCAT, BIT_AND/OR/XOR, STDDEV and VARIANCE in their
//! population and sample forms, ANY_VALUE. DISTINCT keeps a set of keys. NULLs are left out, but by COUNT(*) and
//! ANY_VALUE. The caller bounds how many groups there are; [`Accumulator::memory_bytes`] says what one holds.

use std::collections::HashSet;
use std::ops::{BitAnd, BitOr, BitXor};
use std::sync::Arc;

use bytes::Bytes;

use crate::ast::AggregateFunction;
use crate::error::Error;
use crate::execute::group_key::value_bytes;
use crate::execute::{Context, Run};
use crate::expression::collate::illegal_mix;
use crate::expression::{Coercibility, Expression, arithmetic, infer, length};
use crate::function::{json_member_name, json_scalar_of_type};
use crate::json::Tree;
use crate::json::tree::Members;
use crate::limits::{BIT_AGGREGATE_BYTES_MAX, GROUP_BYTES_MAX};
use crate::session::WarningLevel;
use crate::types::convert::{Number, to_f64, to_number};
use crate::types::group_key::write_group_key;
use crate::types::text::to_text;
use crate::types::{Collation, DataType, Decimal, TypeKind, Value};

/// The result's type, and whether it may be NULL.
#[must_use]
pub fn result_type(function: AggregateFunction, arguments: &[Expression]) -> (DataType, bool) {
    let argument = arguments.first().map_or(DataType::NULL, Expression::data_type);
    let exact = is_exact(&argument);
    let (digits, scale) = (argument.digits(), u32::from(argument.scale()));
    let data_type = match function {
        AggregateFunction::Count => return (DataType::BIGINT, false),
        AggregateFunction::BitAnd | AggregateFunction::BitOr | AggregateFunction::BitXor
            if argument.is_binary() =>
        {
            return (DataType::varbinary(argument.characters()).with_unsigned(true), false);
        }
        AggregateFunction::BitAnd | AggregateFunction::BitOr | AggregateFunction::BitXor => {
            return (DataType::BIGINT_UNSIGNED, false);
        }
        AggregateFunction::Sum if argument.is_null() => infer::with_decimals(DataType::DOUBLE, 0),
        AggregateFunction::Avg if argument.is_null() => infer::with_decimals(DataType::DOUBLE, 4),
        AggregateFunction::Sum if exact => DataType::decimal(digits + 22, scale),
        AggregateFunction::Avg if exact => DataType::decimal(digits + 4, scale + 4),
        AggregateFunction::Sum if argument.attributes.decimals().is_some() => {
            infer::with_decimals(DataType::DOUBLE, scale)
        }
        AggregateFunction::Avg if argument.attributes.decimals().is_some() => {
            infer::with_decimals(DataType::DOUBLE, scale + 4)
        }
        AggregateFunction::Sum
        | AggregateFunction::Avg
        | AggregateFunction::StddevPop
        | AggregateFunction::StddevSamp
        | AggregateFunction::VarPop
        | AggregateFunction::VarSamp => DataType::DOUBLE,
        AggregateFunction::Min | AggregateFunction::Max | AggregateFunction::AnyValue => {
            // Bytes as a literal has them stay what they are announced as.
            argument.without_fill().with_unsigned(argument.unsigned)
        }
        AggregateFunction::JsonArrayAgg | AggregateFunction::JsonObjectAgg => DataType::JSON,
        AggregateFunction::GroupConcat => {
            let texts = arguments.iter().map(Expression::data_type).filter(DataType::is_string);
            let collation = texts
                .map(|text| text.collation)
                .reduce(|left, right| if left == Collation::Binary { left } else { right });
            match collation.unwrap_or_default() {
                Collation::Binary => DataType::of(TypeKind::Blob),
                text => DataType::of(TypeKind::Text).with_collation(text),
            }
        }
    };
    (data_type, true)
}

/// Makes arguments those that the function calculates with: hexadecimal literals are numbers where numbers are wanted.
///
/// # Errors
/// 3514 for binary strings that are too long for BIT_AND() and its like.
pub fn prepare_arguments(
    function: AggregateFunction,
    distinct: bool,
    arguments: &mut [Expression],
) -> crate::Result<()> {
    use AggregateFunction as F;
    if let (F::Min | F::Max, [argument]) = (function, &*arguments)
        && argument.coercibility() == Coercibility::None
    {
        let name = if function == F::Min { "min" } else { "max" };
        return Err(illegal_mix(&[argument, argument], name));
    }
    let is_bits = matches!(function, F::BitAnd | F::BitOr | F::BitXor);
    let is_number =
        matches!(function, F::Sum | F::Avg | F::StddevPop | F::StddevSamp | F::VarPop | F::VarSamp);
    for argument in arguments.iter_mut().filter(|_| is_bits || is_number) {
        if let Some(number) = argument.as_hex_number() {
            *argument = number;
        }
        let is_text = argument.data_type().is_string() && !argument.data_type().has_members();
        if is_number && distinct && is_text {
            // The numbers that the texts are, which are told apart.
            let operand = Box::new(std::mem::replace(argument, Expression::integer(0)));
            *argument = Expression::Cast { operand, to: DataType::DOUBLE };
        } else if is_number {
            let taken = std::mem::replace(argument, Expression::integer(0));
            *argument = taken.chosen_number().quiet_number();
        }
        if is_bits
            && (is_text_of_nulls(argument) || argument.data_type().kind == TypeKind::Null)
            && !is_plain_null(argument)
        {
            // As in MySQL, a NULL that is not written as one is bytes.
            let length = if argument.data_type().is_text() { argument.data_type().characters() } else { 0 };
            let operand = Box::new(std::mem::replace(argument, Expression::integer(0)));
            *argument = Expression::Cast { operand, to: DataType::varbinary(length) };
        }
        if is_bits && (argument.data_type().is_text() || argument.data_type().is_temporal()) {
            *argument = std::mem::replace(argument, Expression::integer(0)).chosen_whole();
        }
        if is_bits && argument.data_type().is_numeric() {
            *argument = std::mem::replace(argument, Expression::integer(0)).chosen_decimal();
        }
        if !is_bits || !argument.data_type().is_binary() {
            continue;
        }
        let longest = length::bytes(argument);
        if longest > BIT_AGGREGATE_BYTES_MAX {
            let message = format!(
                "Aggregate bitwise functions cannot accept arguments longer than {BIT_AGGREGATE_BYTES_MAX} bytes; consider using the SUBSTRING() function"
            );
            return Err(Error { code: 3514, state: *b"HY000", message });
        }
        if longest != argument.data_type().characters()
            && let Some(function) = crate::function::find(crate::function::AS_IT_IS)
        {
            let arguments = vec![std::mem::replace(argument, Expression::integer(0))];
            let data_type = DataType::varbinary(longest);
            *argument = Expression::Call { function, arguments, data_type, collation: Collation::Binary };
        }
    }
    Ok(())
}

/// Whether it is NULL, also in a subquery that reads nothing, or negated.
fn is_plain_null(argument: &Expression) -> bool {
    match argument {
        Expression::Constant { .. } | Expression::Negate { .. } => true,
        Expression::ScalarSubquery(subquery) => subquery.plan.reads_nothing(),
        _ => false,
    }
}

/// Whether it is a function of texts all of which are NULL: its own text, if it had one, would be bytes.
fn is_text_of_nulls(argument: &Expression) -> bool {
    let Expression::Call { function, arguments, .. } = argument else { return false };
    match (function.name, arguments.first()) {
        ("QUOTE", _) => return false,
        // The text that is filled up says what the result is.
        ("LPAD" | "RPAD", Some(text)) => return text.data_type().kind == TypeKind::Null,
        _ => {}
    }
    let mut texts = arguments.iter().enumerate().filter(|(place, _)| function.wants_text(*place)).peekable();
    argument.data_type().is_text()
        && texts.peek().is_some()
        && texts.all(|(_, text)| text.data_type().kind == TypeKind::Null)
}

/// Whether values of a type are added up exactly.
fn is_exact(data_type: &DataType) -> bool {
    data_type.is_integer()
        || data_type.is_decimal()
        || data_type.is_temporal()
        || data_type.kind == TypeKind::Null
}

/// A running sum.
#[derive(Clone, Debug)]
enum Sum {
    Integer(i128),
    Decimal(Decimal),
    Double(f64),
}

impl Sum {
    fn add(&mut self, number: &Number) {
        match (&mut *self, number) {
            (Sum::Integer(sum), Number::Int(value)) => *sum += i128::from(*value),
            (Sum::Integer(sum), Number::UInt(value)) => *sum += i128::from(*value),
            (Sum::Double(sum), number) => *sum += number.to_f64(),
            (Sum::Integer(sum), Number::Decimal(value)) => {
                *self = Sum::Decimal(Decimal::from_i128(*sum, 0).add(value));
            }
            (Sum::Decimal(sum), Number::Int(_) | Number::UInt(_) | Number::Decimal(_)) => {
                *sum = sum.add(&number.to_decimal());
            }
            (Sum::Integer(_) | Sum::Decimal(_), Number::Double(value)) => {
                *self = Sum::Double(self.to_decimal().to_f64() + value);
            }
        }
    }

    /// Exact numbers only.
    fn subtract(&mut self, number: &Number) {
        match (&mut *self, number) {
            (Sum::Integer(sum), Number::Int(value)) => *sum -= i128::from(*value),
            (Sum::Integer(sum), Number::UInt(value)) => *sum -= i128::from(*value),
            (Sum::Double(sum), number) => *sum -= number.to_f64(),
            (Sum::Integer(_) | Sum::Decimal(_), number) => {
                *self = Sum::Decimal(self.to_decimal().subtract(&number.to_decimal()));
            }
        }
    }

    fn to_decimal(&self) -> Decimal {
        match self {
            Sum::Integer(sum) => Decimal::from_i128(*sum, 0),
            Sum::Decimal(sum) => sum.clone(),
            Sum::Double(sum) => Decimal::from_f64(*sum).unwrap_or(Decimal::ZERO),
        }
    }
}

/// What has been gathered.
#[derive(Clone, Debug)]
enum State {
    Count(u64),
    Sum {
        sum: Option<Sum>,
        count: u64,
    },
    Extreme(Option<Value>),
    Any(Option<Value>),
    Bits(u64),
    /// Bits of binary strings, which are of one length; none before the first.
    BitString(Option<Vec<u8>>),
    /// Welford's running mean and sum of squared distances.
    Variance {
        count: u64,
        mean: f64,
        squares: f64,
    },
    Concat(Vec<Piece>),
    /// JSON_ARRAYAGG: the elements.
    Elements(Vec<Tree>),
    /// JSON_OBJECTAGG: the members, of which the last of a name counts.
    Members(Vec<(String, Tree)>),
}

/// One row of GROUP_CONCAT.
#[derive(Clone, Debug)]
struct Piece {
    text: Bytes,
    keys: Vec<Value>,
}

/// What all groups of an aggregate have in common.
#[derive(Debug)]
struct Shape {
    function: AggregateFunction,
    arguments: Vec<DataType>,
    /// Types and directions of GROUP_CONCAT's ORDER BY.
    order_by: Vec<(DataType, bool)>,
    separator: Bytes,
}

/// One aggregate over one group. A clone of an empty one is one for another group.
#[derive(Clone, Debug)]
pub struct Accumulator {
    shape: Arc<Shape>,
    /// Keys met, with DISTINCT.
    seen: Option<HashSet<Vec<u8>>>,
    state: State,
    memory_bytes: usize,
}

impl Accumulator {
    /// An empty group. `arguments` are the arguments' types; `order_by` and `separator` are GROUP_CONCAT's (a comma when
    /// None).
    #[must_use]
    pub fn new(
        function: AggregateFunction,
        arguments: &[DataType],
        distinct: bool,
        order_by: &[(DataType, bool)],
        separator: Option<&str>,
    ) -> Accumulator {
        let is_bit_string = arguments.first().is_some_and(DataType::is_binary);
        let state = match function {
            AggregateFunction::BitAnd | AggregateFunction::BitOr | AggregateFunction::BitXor
                if is_bit_string =>
            {
                State::BitString(None)
            }
            AggregateFunction::Count => State::Count(0),
            AggregateFunction::Sum | AggregateFunction::Avg => State::Sum { sum: None, count: 0 },
            AggregateFunction::Min | AggregateFunction::Max => State::Extreme(None),
            AggregateFunction::AnyValue => State::Any(None),
            AggregateFunction::BitAnd => State::Bits(u64::MAX),
            AggregateFunction::BitOr | AggregateFunction::BitXor => State::Bits(0),
            AggregateFunction::StddevPop
            | AggregateFunction::StddevSamp
            | AggregateFunction::VarPop
            | AggregateFunction::VarSamp => State::Variance { count: 0, mean: 0.0, squares: 0.0 },
            AggregateFunction::GroupConcat => State::Concat(Vec::new()),
            AggregateFunction::JsonArrayAgg => State::Elements(Vec::new()),
            AggregateFunction::JsonObjectAgg => State::Members(Vec::new()),
        };
        let shape = Shape {
            function,
            arguments: arguments.to_vec(),
            order_by: order_by.to_vec(),
            separator: Bytes::copy_from_slice(separator.unwrap_or(",").as_bytes()),
        };
        Accumulator { shape: Arc::new(shape), seen: distinct.then(HashSet::new), state, memory_bytes: 0 }
    }

    /// Bytes held by what grows with the group: DISTINCT's keys and GROUP_CONCAT's texts.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.memory_bytes
    }

    /// Takes in one row: the arguments' values, for GROUP_CONCAT followed by those of its ORDER BY.
    ///
    /// # Errors
    /// 1038 when DISTINCT or GROUP_CONCAT would hold more than [`GROUP_BYTES_MAX`].
    pub fn update(&mut self, values: &[Value], ctx: &mut Context<'_>) -> Run<()> {
        let count = self.shape.arguments.len();
        let arguments = &values[..count.min(values.len())];
        if let State::Elements(_) | State::Members(_) = &self.state {
            return self.gather(arguments);
        }
        if self.shape.function != AggregateFunction::AnyValue && arguments.iter().any(Value::is_null) {
            return Ok(());
        }
        if self.is_repeated(arguments)? {
            return Ok(());
        }
        match &mut self.state {
            State::Count(count) => *count += 1,
            State::Sum { sum, count } => {
                let Some(number) = arguments.first().and_then(|value| to_number(value, ctx.session)) else {
                    return Ok(());
                };
                *count += 1;
                sum.get_or_insert(Sum::Integer(0)).add(&number);
            }
            State::Extreme(best) => {
                let Some(value) = arguments.first() else { return Ok(()) };
                let collation = self.shape.arguments[0].collation;
                let better = best.as_ref().is_none_or(|best| {
                    let order = value.compare(best, collation);
                    if self.shape.function == AggregateFunction::Min { order.is_lt() } else { order.is_gt() }
                });
                if better {
                    *best = Some(value.clone());
                }
            }
            State::Any(first) => {
                if first.is_none() {
                    *first = arguments.first().cloned();
                }
            }
            State::Bits(bits) => {
                let Some(value) = arguments.first().and_then(|value| arithmetic::as_bits(value, ctx.session))
                else {
                    return Ok(());
                };
                *bits = combined(self.shape.function, *bits, value);
            }
            State::BitString(bits) => {
                if let Some(Value::Blob(bytes) | Value::Text(bytes)) = arguments.first() {
                    combine_strings(self.shape.function, bits, bytes)?;
                }
            }
            State::Variance { count, mean, squares } => {
                let Some(value) = arguments.first().and_then(|value| to_f64(value, ctx.session)) else {
                    return Ok(());
                };
                *count += 1;
                let distance = value - *mean;
                #[expect(clippy::cast_precision_loss, reason = "a count of rows")]
                let rows = *count as f64;
                *mean += distance / rows;
                *squares += distance * (value - *mean);
            }
            State::Elements(_) | State::Members(_) => {}
            State::Concat(pieces) => {
                let text = joined(arguments, &self.shape.arguments);
                self.memory_bytes += text.len() + 64 * (1 + self.shape.order_by.len());
                pieces.push(Piece {
                    text: Bytes::from(text),
                    keys: values[count.min(values.len())..].to_vec(),
                });
                if self.memory_bytes > GROUP_BYTES_MAX {
                    return Err(Error::too_large("GROUP_CONCAT").into());
                }
            }
        }
        Ok(())
    }

    /// One row of a JSON aggregate, in which NULL is a value.
    fn gather(&mut self, arguments: &[Value]) -> Run<()> {
        let types = &self.shape.arguments;
        match (&mut self.state, arguments) {
            (State::Elements(elements), [value]) => {
                self.memory_bytes += value_bytes(value) + size_of::<Tree>();
                elements.push(json_scalar_of_type(value, &types[0]));
            }
            (State::Members(members), [name, value]) => {
                let name = json_member_name(name, &types[0])?;
                self.memory_bytes += name.len() + value_bytes(value) + size_of::<(String, Tree)>();
                members.push((name, json_scalar_of_type(value, &types[1])));
            }
            _ => {}
        }
        if self.memory_bytes > GROUP_BYTES_MAX {
            return Err(Error::too_large("JSON_ARRAYAGG or JSON_OBJECTAGG").into());
        }
        Ok(())
    }

    /// Whether rows can be taken back out without a trace: of counts and exact sums.
    #[must_use]
    pub fn retracts(&self) -> bool {
        match self.shape.function {
            AggregateFunction::Count => self.seen.is_none(),
            AggregateFunction::Sum | AggregateFunction::Avg => {
                self.seen.is_none() && self.shape.arguments.first().is_some_and(is_exact)
            }
            _ => false,
        }
    }

    /// Takes a row back out that was taken in; only where it [retracts](Accumulator::retracts).
    pub fn retract(&mut self, values: &[Value], ctx: &mut Context<'_>) {
        if values.iter().any(Value::is_null) {
            return;
        }
        match &mut self.state {
            State::Count(count) => *count = count.saturating_sub(1),
            State::Sum { sum, count } => {
                let number = values.first().and_then(|value| to_number(value, ctx.session));
                if let (Some(known), Some(number)) = (sum.as_mut(), number) {
                    known.subtract(&number);
                    *count = count.saturating_sub(1);
                    if *count == 0 {
                        *sum = None;
                    }
                }
            }
            _ => {}
        }
    }

    /// The result so far; more rows can come.
    ///
    /// # Errors
    /// As [`finish`](Accumulator::finish).
    pub fn peek(&mut self, ctx: &mut Context<'_>) -> Run<Value> {
        match &self.state {
            State::Count(_) | State::Sum { .. } | State::Bits(_) | State::Variance { .. } => self.finish(ctx),
            _ => self.clone().finish(ctx),
        }
    }

    /// With DISTINCT: whether these values were there already.
    fn is_repeated(&mut self, arguments: &[Value]) -> Run<bool> {
        let Some(seen) = &mut self.seen else { return Ok(false) };
        let mut key = Vec::with_capacity(16);
        for (value, data_type) in arguments.iter().zip(&self.shape.arguments) {
            write_group_key(value, data_type.collation, &mut key);
        }
        let size = key.len() + 48;
        if !seen.insert(key) {
            return Ok(true);
        }
        self.memory_bytes += size;
        if self.memory_bytes > GROUP_BYTES_MAX {
            return Err(Error::too_large("DISTINCT in an aggregate function").into());
        }
        Ok(false)
    }

    /// The group's result.
    ///
    /// # Errors
    /// 1690 when a sum has more than 65 digits.
    pub fn finish(&mut self, ctx: &mut Context<'_>) -> Run<Value> {
        let increment = ctx.session.variables.div_precision_increment;
        Ok(match &mut self.state {
            State::Count(count) => Value::Int(i64::try_from(*count).unwrap_or(i64::MAX)),
            State::Sum { sum: None, .. } => Value::Null,
            State::Sum { sum: Some(Sum::Double(sum)), count } => {
                #[expect(clippy::cast_precision_loss, reason = "a count of rows")]
                let rows = *count as f64;
                Value::Double(if self.shape.function == AggregateFunction::Avg { *sum / rows } else { *sum })
            }
            State::Sum { sum: Some(sum), count } => {
                let sum = sum.to_decimal();
                let result = if self.shape.function == AggregateFunction::Avg {
                    let scale = sum.scale().saturating_add(increment).min(30);
                    sum.divide(&Decimal::from(*count), scale).unwrap_or(Decimal::ZERO)
                } else {
                    sum
                };
                if !result.fits() {
                    return Err(Error::data_out_of_range("DECIMAL", "sum").into());
                }
                Value::Decimal(result)
            }
            State::Extreme(best) => best.take().unwrap_or(Value::Null),
            State::Any(first) => first.take().unwrap_or(Value::Null),
            State::Bits(bits) => Value::UInt(*bits),
            State::BitString(Some(bits)) => Value::Blob(std::mem::take(bits).into()),
            State::BitString(None) => {
                let length = self.shape.arguments.first().map_or(0, DataType::characters);
                let byte = if self.shape.function == AggregateFunction::BitAnd { u8::MAX } else { 0 };
                Value::Blob(vec![byte; length as usize].into())
            }
            State::Variance { count, squares, .. } => variance(self.shape.function, *count, *squares),
            State::Elements(elements) if elements.is_empty() => Value::Null,
            State::Elements(elements) => Tree::Array(std::mem::take(elements)).into_value()?,
            State::Members(members) if members.is_empty() => Value::Null,
            State::Members(members) => {
                Tree::Object(Members::from_pairs(std::mem::take(members))).into_value()?
            }
            State::Concat(pieces) => {
                if pieces.is_empty() {
                    return Ok(Value::Null);
                }
                let mut pieces = std::mem::take(pieces);
                sort(&mut pieces, &self.shape.order_by);
                self.concat(&pieces, ctx)
            }
        })
    }

    /// The texts in a row, cut at `group_concat_max_len` with warning 1260.
    fn concat(&self, pieces: &[Piece], ctx: &mut Context<'_>) -> Value {
        let longest = usize::try_from(ctx.session.variables.group_concat_max_len).unwrap_or(usize::MAX);
        let mut out = Vec::new();
        for (position, piece) in pieces.iter().enumerate() {
            if position > 0 {
                out.extend_from_slice(&self.shape.separator);
            }
            out.extend_from_slice(&piece.text);
            if out.len() > longest {
                let message = format!("Row {} was cut by GROUP_CONCAT()", position + 1);
                ctx.session.warn(WarningLevel::Warning, 1260, message);
                let end = (0..=longest).rev().find(|at| out[*at] & 0xc0 != 0x80).unwrap_or(0);
                out.truncate(end);
                break;
            }
        }
        if self.shape.arguments.iter().any(DataType::is_binary) {
            Value::Blob(out.into())
        } else {
            Value::Text(out.into())
        }
    }
}

/// The texts of values, one behind the other.
fn joined(values: &[Value], types: &[DataType]) -> Vec<u8> {
    let mut text = Vec::new();
    for (value, data_type) in values.iter().zip(types) {
        if let Some(part) = to_text(value, data_type) {
            text.extend_from_slice(&part);
        }
    }
    text
}

fn sort(pieces: &mut [Piece], order_by: &[(DataType, bool)]) {
    if order_by.is_empty() {
        return;
    }
    pieces.sort_by(|left, right| {
        for (position, (data_type, descending)) in order_by.iter().enumerate() {
            let (Some(a), Some(b)) = (left.keys.get(position), right.keys.get(position)) else { break };
            let order = a.compare(b, data_type.collation);
            if order.is_ne() {
                return if *descending { order.reverse() } else { order };
            }
        }
        std::cmp::Ordering::Equal
    });
}

#[expect(clippy::cast_precision_loss, reason = "a count of rows")]
fn variance(function: AggregateFunction, count: u64, squares: f64) -> Value {
    let sample = matches!(function, AggregateFunction::StddevSamp | AggregateFunction::VarSamp);
    let divisor = if sample { count.saturating_sub(1) } else { count };
    if divisor == 0 {
        return Value::Null;
    }
    let variance = squares / divisor as f64;
    let deviation = matches!(function, AggregateFunction::StddevPop | AggregateFunction::StddevSamp);
    Value::Double(if deviation { variance.sqrt() } else { variance })
}

/// What BIT_AND, BIT_OR or BIT_XOR makes of two.
fn combined<T>(function: AggregateFunction, left: T, right: T) -> T
where
    T: BitAnd<Output = T> + BitOr<Output = T> + BitXor<Output = T>,
{
    match function {
        AggregateFunction::BitAnd => left & right,
        AggregateFunction::BitOr => left | right,
        _ => left ^ right,
    }
}

/// The same of binary strings, byte for byte; 3513 when they are not of one length.
fn combine_strings(function: AggregateFunction, so_far: &mut Option<Vec<u8>>, bytes: &[u8]) -> Run<()> {
    let Some(so_far) = so_far else {
        *so_far = Some(bytes.to_vec());
        return Ok(());
    };
    if so_far.len() != bytes.len() {
        let message = "Binary operands of bitwise operators must be of equal length".to_owned();
        return Err(Error { code: 3513, state: *b"HY000", message }.into());
    }
    for (bits, byte) in so_far.iter_mut().zip(bytes) {
        *bits = combined(function, *bits, *byte);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::test_support::{TestNode, session};

    /// What a function makes of one column of values, and the warnings.
    fn aggregate(function: AggregateFunction, distinct: bool, values: &[Value]) -> (Value, Vec<u16>) {
        let mut node = TestNode::new();
        let (mut txn, mut session) = (node.begin(), session());
        session.variables.group_concat_max_len = 8;
        let data_type = values
            .iter()
            .find(|value| !value.is_null())
            .map_or(DataType::NULL, |value| DataType::of_value(value, Collation::default()));
        let value = node.with_context(&mut txn, &mut session, &[], |ctx| {
            let mut accumulator =
                Accumulator::new(function, &[data_type], distinct, &[(data_type, true)], Some("-"));
            for value in values {
                // The second value is GROUP_CONCAT's sort key.
                accumulator.update(&[value.clone(), value.clone()], ctx).unwrap();
            }
            accumulator.finish(ctx).unwrap()
        });
        (value, session.warnings.iter().map(|warning| warning.code).collect())
    }

    fn shown(function: AggregateFunction, distinct: bool, values: &[Value]) -> String {
        crate::types::convert::message_text(&aggregate(function, distinct, values).0)
    }

    #[test]
    fn aggregate_numbers() {
        use AggregateFunction as F;
        let values = [Value::Int(1), Value::Int(2), Value::Null, Value::Int(2)];
        assert_eq!(shown(F::Count, false, &values), "3");
        assert_eq!(shown(F::Count, true, &values), "2");
        assert_eq!(shown(F::Sum, false, &values), "5");
        assert_eq!(shown(F::Sum, true, &values), "3");
        assert_eq!(shown(F::Avg, false, &values), "1.6667");
        assert_eq!(shown(F::Min, false, &values), "1");
        assert_eq!(shown(F::Max, false, &values), "2");
        assert_eq!(shown(F::BitOr, false, &values), "3");
        assert_eq!(shown(F::BitXor, false, &values), "1");
        assert_eq!(shown(F::VarSamp, false, &[Value::Int(1), Value::Int(3)]), "2");
        assert_eq!(shown(F::StddevPop, false, &[Value::Int(1), Value::Int(3)]), "1");
        assert_eq!(
            shown(F::Sum, false, &[Value::Int(i64::MAX), Value::Int(i64::MAX)]),
            "18446744073709551614"
        );
    }

    #[test]
    fn aggregate_of_nothing() {
        use AggregateFunction as F;
        for function in [F::Sum, F::Avg, F::Min, F::Max, F::GroupConcat, F::VarPop, F::AnyValue] {
            assert_eq!(shown(function, false, &[]), "NULL", "{function:?}");
        }
        assert_eq!(shown(F::Count, false, &[]), "0");
        assert_eq!(shown(F::BitAnd, false, &[]), "18446744073709551615");
        assert_eq!(shown(F::VarSamp, false, &[Value::Int(1)]), "NULL");
    }

    #[test]
    fn aggregate_texts() {
        use AggregateFunction as F;
        let values = [Value::text("b"), Value::text("A"), Value::text("a"), Value::Null];
        assert_eq!(shown(F::GroupConcat, true, &values), "b-A");
        assert_eq!(shown(F::Max, false, &values), "b");
        assert_eq!(shown(F::Count, true, &values), "2");
        let long = [Value::text("abcdé"), Value::text("fghi")];
        let (value, warnings) = aggregate(F::GroupConcat, false, &long);
        assert_eq!(value, Value::text("fghi-abc"));
        assert_eq!(warnings, [1260]);
    }
}
