//! What window functions make of a partition.

use crate::ast::{AggregateFunction, WindowFunction};
use crate::error::Error;
use crate::execute::window::frame::{Frames, Offsets};
use crate::execute::window::sliding::{Aggregate, Extreme, FrameFunction};
use crate::execute::window::{Partition, check_at};
use crate::execute::{Context, Run};
use crate::expression::Expression;
use crate::plan::window::WindowFunctionPlan;
use crate::types::{DataType, Value, convert};

/// What a function is told, as it is in this run.
pub(super) struct Numbers {
    /// The number of NTILE, NTH_VALUE, LAG and LEAD.
    number: u64,
    offsets: Offsets,
}

impl Numbers {
    /// Evaluates them.
    ///
    /// # Errors
    /// 1210 and 3586 for what they cannot be.
    pub(super) fn evaluate(function: &WindowFunctionPlan, ctx: &mut Context) -> Run<Numbers> {
        let offsets = Offsets::evaluate(function, ctx)?;
        let least = match function.function {
            WindowFunction::Lag | WindowFunction::Lead => 0,
            _ => 1,
        };
        let number = match &function.number {
            None => 1,
            Some(expression) => {
                let value = expression.eval(&[], ctx)?;
                let number = match &value {
                    Value::Int(number) => u64::try_from(*number).ok(),
                    Value::UInt(number) => Some(*number),
                    Value::Null => None,
                    _ if matches!(expression, Expression::Parameter { .. }) => {
                        return Err(Error::wrong_arguments("EXECUTE").into());
                    }
                    _ => None,
                };
                let name = function.function.name();
                number.filter(|number| *number >= least).ok_or_else(|| Error::wrong_arguments(name))?
            }
        };
        Ok(Numbers { number, offsets })
    }
}

/// Computes a function for the rows of a partition.
///
/// # Errors
/// Those of its frames and of the function.
pub(super) fn run(
    partition: &Partition,
    function: &WindowFunctionPlan,
    numbers: &Numbers,
    results: &mut [Value],
    ctx: &mut Context,
) -> Run<()> {
    match function.function {
        WindowFunction::RowNumber => {
            for (position, result) in results.iter_mut().enumerate() {
                *result = Value::UInt(position as u64 + 1);
            }
            Ok(())
        }
        WindowFunction::Rank
        | WindowFunction::DenseRank
        | WindowFunction::PercentRank
        | WindowFunction::CumeDist => rank(partition, function.function, results, ctx),
        WindowFunction::Ntile => {
            ntile(numbers.number, results);
            Ok(())
        }
        WindowFunction::Lag | WindowFunction::Lead => {
            offset(partition, function, numbers.number, results, ctx)
        }
        WindowFunction::FirstValue | WindowFunction::LastValue | WindowFunction::NthValue => {
            value_of_frame(partition, function, numbers, results, ctx)
        }
        WindowFunction::Aggregate(AggregateFunction::Min | AggregateFunction::Max) => {
            let extreme = Extreme::new(partition, function);
            slide(partition, function, numbers, extreme, results, ctx)
        }
        WindowFunction::Aggregate(aggregate) => {
            let aggregate = Aggregate::new(partition, function, aggregate);
            slide(partition, function, numbers, aggregate, results, ctx)
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of rows")]
fn rank(partition: &Partition, function: WindowFunction, results: &mut [Value], ctx: &Context) -> Run<()> {
    let length = partition.len();
    let (mut start, mut group) = (0, 0_u64);
    while start < length {
        ctx.check()?;
        let end = partition.peers_end(start);
        group += 1;
        let result = match function {
            WindowFunction::Rank => Value::UInt(start as u64 + 1),
            WindowFunction::DenseRank => Value::UInt(group),
            WindowFunction::PercentRank if length == 1 => Value::Double(0.0),
            WindowFunction::PercentRank => Value::Double(start as f64 / (length - 1) as f64),
            _ => Value::Double(end as f64 / length as f64),
        };
        results[start..end].fill(result);
        start = end;
    }
    Ok(())
}

/// The first buckets have a row more when the rows do not divide evenly.
fn ntile(buckets: u64, results: &mut [Value]) {
    let length = results.len() as u64;
    let (each, more) = (length / buckets, length % buckets);
    for (position, result) in results.iter_mut().enumerate() {
        let position = position as u64;
        let large = more * (each + 1);
        let bucket = match position.checked_sub(large) {
            None => position / (each + 1),
            Some(rest) => more + rest / each.max(1),
        };
        *result = Value::UInt(bucket + 1);
    }
}

/// LAG and LEAD.
fn offset(
    partition: &Partition,
    function: &WindowFunctionPlan,
    number: u64,
    results: &mut [Value],
    ctx: &mut Context,
) -> Run<()> {
    let number = usize::try_from(number).unwrap_or(usize::MAX);
    let [value, rest @ ..] = function.arguments.as_slice() else {
        return Err(Error::internal("LAG without a value").into());
    };
    for (position, result) in results.iter_mut().enumerate() {
        check_at(position, ctx)?;
        let other = match function.function {
            WindowFunction::Lag => position.checked_sub(number),
            _ => position.checked_add(number).filter(|other| *other < partition.len()),
        };
        let (value, from) = match (other, rest) {
            (Some(other), _) => (partition.input(other, *value), &function.argument_types[0]),
            (None, [default, ..]) => (partition.input(position, *default), &function.argument_types[1]),
            (None, []) => (&Value::Null, &function.argument_types[0]),
        };
        *result = converted(value, from, &function.data_type, ctx);
    }
    Ok(())
}

fn converted(value: &Value, from: &DataType, to: &DataType, ctx: &mut Context) -> Value {
    let is_same = value.is_null() || from == to || (from.is_integer() && to.is_integer());
    if is_same { value.clone() } else { convert::cast(value.clone(), from, to, ctx.session, ctx.now_us) }
}

/// FIRST_VALUE, LAST_VALUE and NTH_VALUE.
fn value_of_frame(
    partition: &Partition,
    function: &WindowFunctionPlan,
    numbers: &Numbers,
    results: &mut [Value],
    ctx: &mut Context,
) -> Run<()> {
    let [value, ..] = function.arguments.as_slice() else {
        return Err(Error::internal("a window function without a value").into());
    };
    let nth = usize::try_from(numbers.number - 1).unwrap_or(usize::MAX);
    let mut frames = Frames::new(partition, function, numbers.offsets);
    for (position, result) in results.iter_mut().enumerate() {
        check_at(position, ctx)?;
        let frame = frames.at(position, ctx)?;
        let row = match function.function {
            WindowFunction::FirstValue => Some(frame.start),
            WindowFunction::LastValue => frame.end.checked_sub(1),
            _ => frame.start.checked_add(nth),
        };
        *result = match row.filter(|row| frame.contains(row)) {
            Some(row) => partition.input(row, *value).clone(),
            None => Value::Null,
        };
    }
    Ok(())
}

/// A function over frames, as they move.
fn slide(
    partition: &Partition,
    function: &WindowFunctionPlan,
    numbers: &Numbers,
    mut over: impl FrameFunction,
    results: &mut [Value],
    ctx: &mut Context,
) -> Run<()> {
    let mut frames = Frames::new(partition, function, numbers.offsets);
    let mut last = None;
    for position in 0..results.len() {
        check_at(position, ctx)?;
        let frame = frames.at(position, ctx)?;
        results[position] = match &last {
            Some(last) if *last == frame => results[position - 1].clone(),
            _ => over.result(frame.clone(), ctx)?,
        };
        last = Some(frame);
    }
    Ok(())
}
