//! Mathematical functions. Where the argument is exact (an integer, a decimal) ABS, CEILING, FLOOR, ROUND and TRUNCATE are
//! exact; all else is done in doubles, NULL where the result is not defined.

use crate::error::Error;
use crate::execute::{Context, Run};
use crate::expression::Expression;
use crate::function::argument::{double, integer};
use crate::function::{Call, Function, returns};
use crate::session::WarningLevel;
use crate::types::convert::{Number, to_number};
use crate::types::number::round_double;
use crate::types::{Attributes, Collation, DataType, Decimal, TypeKind, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("ABS", 1, 1, same_number, abs),
    Function::new("SIGN", 1, 1, returns::bigint, sign),
    Function::new("CEIL", 1, 1, whole_number, ceiling),
    Function::new("CEILING", 1, 1, whole_number, ceiling),
    Function::new("FLOOR", 1, 1, whole_number, floor),
    Function::new("ROUND", 1, 2, rounded_number, round),
    Function::new("TRUNCATE", 2, 2, rounded_number, truncate),
    Function::new("POW", 2, 2, returns::double, power),
    Function::new("POWER", 2, 2, returns::double, power),
    Function::new("SQRT", 1, 1, returns::double, sqrt).nullable_result(),
    Function::new("EXP", 1, 1, returns::double, exp),
    Function::new("LN", 1, 1, returns::double, ln).nullable_result(),
    Function::new("LOG", 1, 2, returns::double, log).nullable_result(),
    Function::new("LOG2", 1, 1, returns::double, log2).nullable_result(),
    Function::new("LOG10", 1, 1, returns::double, log10).nullable_result(),
    Function::new("SIN", 1, 1, returns::double, |_, v, ctx| real(v, ctx, f64::sin)),
    Function::new("COS", 1, 1, returns::double, |_, v, ctx| real(v, ctx, f64::cos)),
    Function::new("TAN", 1, 1, returns::double, |_, v, ctx| real(v, ctx, f64::tan)),
    Function::new("ASIN", 1, 1, returns::double, |_, v, ctx| real(v, ctx, f64::asin)).nullable_result(),
    Function::new("ACOS", 1, 1, returns::double, |_, v, ctx| real(v, ctx, f64::acos)).nullable_result(),
    Function::new("ATAN", 1, 2, returns::double, atan),
    Function::new("ATAN2", 1, 2, returns::double, atan),
    Function::new("COT", 1, 1, returns::double, cot),
    Function::new("RADIANS", 1, 1, returns::double, |_, v, ctx| {
        real(v, ctx, |x| x * (std::f64::consts::PI / 180.0))
    }),
    Function::new("DEGREES", 1, 1, returns::double, |_, v, ctx| {
        real(v, ctx, |x| x * (180.0 / std::f64::consts::PI))
    }),
    Function::new("PI", 0, 0, returns::double, |_, _, _| Ok(Value::Double(std::f64::consts::PI))),
    Function::new("RAND", 0, 1, returns::double, rand).takes_null().volatile(),
    Function::new("CRC32", 1, 1, returns::bigint_unsigned, crc32).text(1),
    Function::new("BIT_COUNT", 1, 1, returns::bigint, bit_count),
];

fn same_number(arguments: &[Expression], _: Collation) -> DataType {
    let own = arguments[0].data_type();
    if own.is_integer() {
        DataType::BIGINT.with_unsigned(own.unsigned || own.kind == TypeKind::Year)
    } else if own.is_decimal() {
        own
    } else if own.is_float() {
        DataType { attributes: own.attributes, ..DataType::DOUBLE }
    } else if own.kind == TypeKind::Null || own.is_temporal() {
        let attributes = Attributes::NONE.with_decimals(own.fsp());
        DataType { attributes, ..DataType::DOUBLE }
    } else {
        DataType::DOUBLE
    }
}

fn whole_number(arguments: &[Expression], _: Collation) -> DataType {
    let own = arguments[0].data_type();
    match own.kind {
        TypeKind::Decimal { precision, scale } if precision - scale >= 18 => {
            DataType::decimal(u32::from(precision - scale) + 1, 0)
        }
        TypeKind::Decimal { .. } => DataType::BIGINT,
        _ if own.is_integer() => DataType::BIGINT.with_unsigned(own.unsigned || own.kind == TypeKind::Year),
        _ => DataType::DOUBLE,
    }
}

fn rounded_number(arguments: &[Expression], _: Collation) -> DataType {
    let own = arguments[0].data_type();
    let TypeKind::Decimal { precision, scale } = own.kind else {
        return same_number(arguments, Collation::Binary);
    };
    let places = match arguments.get(1).map(Expression::as_constant) {
        None => Some(0),
        Some(Some(Value::Int(places))) => Some(*places),
        Some(Some(Value::Null)) => Some(0),
        Some(_) => None,
    };
    let kept = match places {
        Some(places) => u32::try_from(places.clamp(0, i64::from(scale))).unwrap_or(0),
        None => u32::from(scale),
    };
    DataType::decimal(u32::from(precision - scale) + 1 + kept, kept)
}

/// A value that the argument's declared type calls for; a text, a date and a time is a double.
fn number(values: &[Value], ctx: &mut Context<'_>) -> Number {
    let number = to_number(&values[0], ctx.session).unwrap_or(Number::Int(0));
    match &values[0] {
        Value::Date(_) | Value::Time(_) | Value::DateTime(_) => Number::Double(number.to_f64()),
        _ => number,
    }
}

fn out_of_range(kind: &str, call: &Call<'_>, name: &str) -> Error {
    Error::data_out_of_range(kind, format!("{name}({})", call.arguments[0]))
}

fn abs(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    Ok(match number(values, ctx) {
        Number::Int(value) => {
            Value::Int(value.checked_abs().ok_or_else(|| out_of_range("BIGINT", call, "abs"))?)
        }
        Number::UInt(value) => Value::UInt(value),
        Number::Decimal(value) => Value::Decimal(if value.is_negative() { value.negate() } else { value }),
        Number::Double(value) => Value::Double(value.abs()),
    })
}

fn sign(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    Ok(Value::Int(match number(values, ctx) {
        Number::Int(value) => value.signum(),
        Number::UInt(value) => i64::from(value > 0),
        Number::Decimal(value) => {
            if value.is_zero() {
                0
            } else if value.is_negative() {
                -1
            } else {
                1
            }
        }
        Number::Double(value) => i64::from(value > 0.0) - i64::from(value < 0.0),
    }))
}

fn to_whole(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>, up: bool) -> Value {
    match number(values, ctx) {
        Number::Int(value) => Value::Int(value),
        Number::UInt(value) => Value::UInt(value),
        Number::Double(value) => Value::Double(if up { value.ceil() } else { value.floor() }),
        Number::Decimal(value) => {
            let whole = value.to_integer_towards(up);
            match whole.unscaled().and_then(|whole| i64::try_from(whole).ok()) {
                Some(integer) if call.data_type.is_integer() => Value::Int(integer),
                _ => Value::Decimal(whole),
            }
        }
    }
}

fn ceiling(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    Ok(to_whole(call, values, ctx, true))
}

fn floor(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    Ok(to_whole(call, values, ctx, false))
}

fn round_to(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>, cut: bool) -> Run<Value> {
    let places = values.get(1).map_or(0, |places| integer(places, ctx));
    let digits = u32::try_from(places.unsigned_abs().min(100)).unwrap_or(100);
    Ok(match number(values, ctx) {
        Number::Double(value) => Value::Double(round_double(value, places, cut)),
        Number::Decimal(value) if places < 0 => Value::Decimal(value.round_integer(digits, cut)),
        Number::Decimal(value) => {
            let scale = value.scale().min(u8::try_from(digits).unwrap_or(u8::MAX));
            Value::Decimal(if cut { value.truncate(scale) } else { value.rescale(scale) })
        }
        Number::Int(value) if places >= 0 => Value::Int(value),
        Number::UInt(value) if places >= 0 => Value::UInt(value),
        Number::Int(value) => {
            let rounded = Decimal::from(value).round_integer(digits, cut).unscaled();
            let result = rounded.and_then(|rounded| i64::try_from(rounded).ok());
            Value::Int(result.ok_or_else(|| out_of_range("BIGINT", call, "round"))?)
        }
        Number::UInt(value) => {
            let rounded = Decimal::from(value).round_integer(digits, cut).unscaled();
            let result = rounded.and_then(|rounded| u64::try_from(rounded).ok());
            Value::UInt(result.ok_or_else(|| out_of_range("BIGINT UNSIGNED", call, "round"))?)
        }
    })
}

fn round(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    round_to(call, values, ctx, false)
}

fn truncate(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    round_to(call, values, ctx, true)
}

/// A function of one double; NULL where it is not a number.
fn real(values: &[Value], ctx: &mut Context<'_>, function: impl Fn(f64) -> f64) -> Run<Value> {
    let result = function(double(&values[0], ctx));
    Ok(if result.is_nan() { Value::Null } else { Value::Double(result) })
}

fn finite(value: f64, call: &Call<'_>, name: &str) -> Run<Value> {
    if value.is_finite() {
        return Ok(Value::Double(value));
    }
    let arguments: Vec<String> = call.arguments.iter().map(ToString::to_string).collect();
    Err(Error::data_out_of_range("DOUBLE", format!("{name}({})", arguments.join(","))).into())
}

fn power(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let (base, exponent) = (double(&values[0], ctx), double(&values[1], ctx));
    finite(base.powf(exponent), call, "pow")
}

fn sqrt(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    real(values, ctx, f64::sqrt)
}

fn exp(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    finite(double(&values[0], ctx).exp(), call, "exp")
}

/// A logarithm; of a number that has none NULL with warning 3020.
fn logarithm(value: f64, ctx: &mut Context<'_>, function: impl Fn(f64) -> f64) -> Value {
    if value <= 0.0 {
        ctx.session.warn(WarningLevel::Warning, 3020, "Invalid argument for logarithm");
        return Value::Null;
    }
    Value::Double(function(value))
}

fn ln(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let value = double(&values[0], ctx);
    Ok(logarithm(value, ctx, f64::ln))
}

/// LOG(x), LOG(base, x).
fn log(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let first = double(&values[0], ctx);
    let Some(second) = values.get(1) else { return Ok(logarithm(first, ctx, f64::ln)) };
    let second = double(second, ctx);
    if first <= 0.0 || first.ln() == 0.0 {
        return Ok(logarithm(0.0, ctx, f64::ln));
    }
    Ok(logarithm(second, ctx, |value| value.ln() / first.ln()))
}

fn log2(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let value = double(&values[0], ctx);
    Ok(logarithm(value, ctx, f64::log2))
}

fn log10(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let value = double(&values[0], ctx);
    Ok(logarithm(value, ctx, f64::log10))
}

fn atan(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let first = double(&values[0], ctx);
    Ok(Value::Double(match values.get(1) {
        Some(second) => first.atan2(double(second, ctx)),
        None => first.atan(),
    }))
}

fn cot(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    finite(1.0 / double(&values[0], ctx).tan(), call, "cot")
}

/// RAND() is random; RAND(n) is the first number of MySQL's generator seeded with n.
///
/// MySQL goes on with the sequence from row to row when n is a constant; here each row gets the first number.
fn rand(call: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    let Some(seed) = values.first() else {
        return Ok(Value::Double(rand::random::<f64>()));
    };
    let seed = if seed.is_null() { 0 } else { integer(seed, ctx) };
    let seed = u64::from(u32::try_from(seed & 0xffff_ffff).unwrap_or(0));
    let first = ((seed * 0x10001 + 55_555_555) & 0xffff_ffff) % RANDOM_MODULUS;
    let second = ((seed * 0x1000_0001) & 0xffff_ffff) % RANDOM_MODULUS;
    // A seed that is the same in all rows begins one sequence a statement; any other one a new sequence for each row.
    let mut state = (first, second);
    let is_fixed = call.arguments.first().is_some_and(is_of_statement);
    let known = is_fixed.then(|| call.arguments.as_ptr().addr());
    if let Some(before) = known.and_then(|address| ctx.subqueries.random(address)) {
        state = before;
    }
    state.0 = (state.0 * 3 + state.1) % RANDOM_MODULUS;
    state.1 = (state.0 + state.1 + 33) % RANDOM_MODULUS;
    if let Some(address) = known {
        ctx.subqueries.keep_random(address, state);
    }
    #[expect(clippy::cast_precision_loss, reason = "both are below 2^30")]
    let value = state.0 as f64 / RANDOM_MODULUS as f64;
    Ok(Value::Double(value))
}

/// Whether a value is the same in all rows: parameters are, among them literals that were taken out of a text.
fn is_of_statement(argument: &Expression) -> bool {
    match argument {
        Expression::Parameter { .. } => true,
        Expression::Cast { operand, .. } => is_of_statement(operand),
        other => other.is_fixed(),
    }
}

/// Of MySQL's generator.
const RANDOM_MODULUS: u64 = 0x3fff_ffff;

fn crc32(_: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    Ok(Value::UInt(u64::from(crc32fast::hash(crate::function::argument::bytes(&values[0])))))
}

fn bit_count(_: &Call<'_>, values: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
    if let Value::Blob(bytes) = &values[0] {
        return Ok(Value::Int(bytes.iter().map(|byte| i64::from(byte.count_ones())).sum()));
    }
    let bits = match &values[0] {
        Value::UInt(bits) => *bits,
        other => {
            let wide = crate::types::convert::to_integer(other, ctx.session).unwrap_or(0);
            crate::types::convert::warn_beyond(ctx.session, other, wide);
            match other {
                // Exact and approximate numbers stop at the bounds of a BIGINT, texts at those of an unsigned one.
                Value::Decimal(_) | Value::Double(_) => {
                    crate::types::convert::clamp_i64(wide).cast_unsigned()
                }
                _ if wide > 0 => u64::try_from(wide).unwrap_or(u64::MAX),
                _ => crate::types::convert::clamp_i64(wide).cast_unsigned(),
            }
        }
    };
    Ok(Value::Int(i64::from(bits.count_ones())))
}
