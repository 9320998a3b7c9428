//! Operators of bits on bytes: `a & b` and its like where both are binary strings, `a << n` and `~a` where `a` is one.
//!
//! The binder calls these functions; no statement can name them. A hexadecimal literal is a number among them, unless the other
//! operand is bytes. (MySQL 8.4 Reference Manual, "Bit Functions and Operators".)

use crate::ast::BinaryOp;
use crate::error::Error;
use crate::execute::{Context, Run};
use crate::expression::Expression;
use crate::function::argument::{bytes, integer};
use crate::function::{Call, Function};
use crate::types::{Collation, DataType, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("BYTES AND", 2, 2, longest, |_, values, _| pairwise(values, |a, b| a & b)),
    Function::new("BYTES OR", 2, 2, longest, |_, values, _| pairwise(values, |a, b| a | b)),
    Function::new("BYTES XOR", 2, 2, longest, |_, values, _| pairwise(values, |a, b| a ^ b)),
    Function::new("BYTES LEFT", 2, 2, same, |_, values, ctx| shift(values, ctx, true)),
    Function::new("BYTES RIGHT", 2, 2, same, |_, values, ctx| shift(values, ctx, false)),
    Function::new("BYTES NOT", 1, 1, same, not),
];

fn length(argument: &Expression) -> u32 {
    argument.data_type().characters()
}

fn longest(arguments: &[Expression], _: Collation) -> DataType {
    DataType::varbinary(arguments.iter().map(length).max().unwrap_or(0))
}

fn same(arguments: &[Expression], _: Collation) -> DataType {
    DataType::varbinary(arguments.first().map_or(0, length))
}

fn is_bytes(operand: &Expression) -> bool {
    operand.data_type().is_binary() && operand.as_hex_number().is_none()
}

fn call(name: &str, arguments: Vec<Expression>) -> Option<Expression> {
    let function = super::find(name)?;
    let data_type = function.result_type(&arguments, Collation::Binary);
    Some(Expression::Call { function, arguments, data_type, collation: Collation::Binary })
}

/// `left op right` on bytes; none where it is one on numbers.
#[must_use]
pub fn operation(op: BinaryOp, left: &Expression, right: &Expression) -> Option<Expression> {
    let is_null = |operand: &Expression| matches!(operand.as_constant(), Some(Value::Null));
    let can_be = |operand: &Expression| operand.data_type().is_binary() || is_null(operand);
    let name = match op {
        BinaryOp::BitAnd => "BYTES AND",
        BinaryOp::BitOr => "BYTES OR",
        BinaryOp::BitXor => "BYTES XOR",
        BinaryOp::ShiftLeft if is_bytes(left) => "BYTES LEFT",
        BinaryOp::ShiftRight if is_bytes(left) => "BYTES RIGHT",
        _ => return None,
    };
    let is_shift = matches!(op, BinaryOp::ShiftLeft | BinaryOp::ShiftRight);
    let applies = is_shift || (is_bytes(left) || is_bytes(right)) && can_be(left) && can_be(right);
    applies.then(|| call(name, vec![left.clone(), right.clone()])).flatten()
}

/// `~operand` on bytes; none where it is one on numbers.
#[must_use]
pub fn inversion(operand: &Expression) -> Option<Expression> {
    is_bytes(operand).then(|| call("BYTES NOT", vec![operand.clone()])).flatten()
}

fn pairwise(values: &[Value], op: fn(u8, u8) -> u8) -> Run<Value> {
    let (left, right) = (bytes(&values[0]), bytes(&values[1]));
    if left.len() != right.len() {
        let message = "Binary operands of bitwise operators must be of equal length".to_owned();
        return Err(Error { code: 3513, state: *b"HY000", message }.into());
    }
    let out: Vec<u8> = left.iter().zip(right).map(|(left, right)| op(*left, *right)).collect();
    Ok(Value::Blob(out.into()))
}

fn not(_: &Call<'_>, values: &[Value], _: &mut Context<'_>) -> Run<Value> {
    let out: Vec<u8> = bytes(&values[0]).iter().map(|byte| !byte).collect();
    Ok(Value::Blob(out.into()))
}

fn shift(values: &[Value], ctx: &mut Context<'_>, left: bool) -> Run<Value> {
    let from = bytes(&values[0]);
    let by = integer(&values[1], ctx).cast_unsigned();
    let mut out = vec![0; from.len()];
    let whole = usize::try_from(by / 8).unwrap_or(usize::MAX);
    let rest = u32::try_from(by % 8).unwrap_or(0);
    for (place, byte) in from.iter().enumerate() {
        // The byte falls on two: its bits after the move, as 16.
        let moved = if left { u16::from(*byte) << rest } else { u16::from(*byte) << (8 - rest) };
        let [high, low] = moved.to_be_bytes();
        let mut put = |at: Option<usize>, bits: u8| {
            if let Some(byte) = at.and_then(|at| out.get_mut(at)) {
                *byte |= bits;
            }
        };
        if left {
            let at = place.checked_sub(whole);
            put(at, low);
            put(at.and_then(|at| at.checked_sub(1)), high);
        } else {
            let at = place.checked_add(whole);
            put(at, high);
            put(at.and_then(|at| at.checked_add(1)), low);
        }
    }
    Ok(Value::Blob(out.into()))
}
