//! JSON_STORAGE_SIZE: the bytes that a document takes in MySQL's own form, which is larger than the one stored here
//! ([`encode`](super::encode)). Applications compare such numbers, so they are MySQL's.

use crate::json::view::{Node, View};
use crate::types::Decimal;

/// Bytes of a document in MySQL.
#[must_use]
pub fn storage_bytes(root: View<'_>) -> usize {
    1 + node_bytes(root)
}

/// A node without its type byte.
fn node_bytes(view: View<'_>) -> usize {
    match view.node() {
        Node::Null | Node::Bool(_) => 1,
        Node::Int(number) => integer_bytes(i128::from(number)),
        Node::UInt(number) => integer_bytes(i128::from(number)),
        Node::Double(_) => 8,
        Node::Text(text) => string_bytes(text.len()),
        Node::Decimal(number) => 1 + string_bytes(2 + decimal_bytes(&number)),
        Node::Date(_) | Node::Time(_) | Node::DateTime(_) => 1 + string_bytes(8),
        Node::Opaque(_, bytes) => 1 + string_bytes(bytes.len()),
        Node::Array(array) => container(&|large| {
            let width = if large { 4 } else { 2 };
            let elements = array.iter().map(|element| 1 + width + outside_bytes(element, large));
            2 * width + elements.sum::<usize>()
        }),
        Node::Object(object) => container(&|large| {
            let width = if large { 4 } else { 2 };
            let members = object
                .iter()
                .map(|(name, value)| (width + 2) + (1 + width) + name.len() + outside_bytes(value, large));
            2 * width + members.sum::<usize>()
        }),
    }
}

fn container(measure: &dyn Fn(bool) -> usize) -> usize {
    let small = measure(false);
    if small <= usize::from(u16::MAX) { small } else { measure(true) }
}

/// What of an element is not in its entry of the table.
fn outside_bytes(view: View<'_>, large: bool) -> usize {
    match view.node() {
        Node::Null | Node::Bool(_) => 0,
        Node::Int(number) if fits(i128::from(number), large) => 0,
        Node::UInt(number) if fits(i128::from(number), large) => 0,
        _ => node_bytes(view),
    }
}

fn fits(number: i128, large: bool) -> bool {
    integer_bytes(number) <= if large { 4 } else { 2 }
}

/// 2, 4 or 8: numbers from 0 on may use the unsigned forms.
fn integer_bytes(number: i128) -> usize {
    if i16::try_from(number).is_ok() || u16::try_from(number).is_ok() {
        2
    } else if i32::try_from(number).is_ok() || u32::try_from(number).is_ok() {
        4
    } else {
        8
    }
}

fn string_bytes(length: usize) -> usize {
    let bits = usize::BITS - (length | 1).leading_zeros();
    length + bits.div_ceil(7) as usize
}

fn decimal_bytes(number: &Decimal) -> usize {
    let digits = |count: usize| count / 9 * 4 + [0, 1, 1, 2, 2, 3, 3, 4, 4][count % 9];
    digits(number.integer_digits().max(u32::from(number.scale() == 0)) as usize)
        + digits(usize::from(number.scale()))
}
