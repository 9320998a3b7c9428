//! The order of documents.
//!
//! Kinds have a precedence (null, numbers, strings, objects, arrays, booleans, dates, times, datetimes, binary strings, from the least);
//! numbers compare by value, strings by their bytes, arrays by their first difference and then by length, objects by the number of
//! members, then by names and values in turn. (MySQL 8.4 Reference Manual, "Comparison and Ordering of JSON Values".)

use std::cmp::Ordering;

use crate::json::view::{Node, View};
use crate::types::Decimal;
use crate::types::compare::compare_numbers;
use crate::types::convert::Number;

/// The precedence of a kind.
fn rank(node: &Node<'_>) -> u8 {
    match node {
        Node::Null => 0,
        Node::Int(_) | Node::UInt(_) | Node::Double(_) | Node::Decimal(_) => 1,
        Node::Text(_) => 2,
        Node::Object(_) => 3,
        Node::Array(_) => 4,
        Node::Bool(_) => 5,
        Node::Date(_) => 6,
        Node::Time(_) => 7,
        Node::DateTime(_) => 8,
        Node::Opaque(..) => 9,
    }
}

fn number(node: &Node<'_>) -> Option<Number> {
    Some(match node {
        Node::Int(number) => Number::Int(*number),
        Node::UInt(number) => Number::UInt(*number),
        Node::Double(number) => Number::Double(*number),
        Node::Decimal(number) => Number::Decimal(number.clone()),
        _ => return None,
    })
}

/// Numbers by their value: a double with an integer or decimal exactly, as MySQL does inside JSON.
fn compare_exactly(left: &Number, right: &Number) -> Ordering {
    let (double, other, mirrored) = match (left, right) {
        (Number::Double(_), Number::Double(_)) => return compare_numbers(left, right),
        (Number::Double(double), other) => (*double, other, false),
        (other, Number::Double(double)) => (*double, other, true),
        _ => return compare_numbers(left, right),
    };
    let order = match Decimal::from_f64(double) {
        Some(decimal) => decimal.compare(&other.to_decimal()),
        None => double.partial_cmp(&0.0).unwrap_or(Ordering::Equal),
    };
    if mirrored { order.reverse() } else { order }
}

/// The order of two nodes.
#[must_use]
pub fn compare(left: View<'_>, right: View<'_>) -> Ordering {
    let (left, right) = (left.node(), right.node());
    if let (Some(left), Some(right)) = (number(&left), number(&right)) {
        return compare_exactly(&left, &right);
    }
    match (&left, &right) {
        (Node::Text(left), Node::Text(right)) => left.as_bytes().cmp(right.as_bytes()),
        (Node::Bool(left), Node::Bool(right)) => left.cmp(right),
        (Node::Date(left), Node::Date(right)) => left.cmp(right),
        (Node::Time(left), Node::Time(right)) => left.cmp(right),
        (Node::DateTime(left), Node::DateTime(right)) => left.cmp(right),
        (Node::Opaque(left_type, left), Node::Opaque(right_type, right)) => {
            left_type.cmp(right_type).then_with(|| left.cmp(right))
        }
        (Node::Array(left), Node::Array(right)) => {
            let first = left.iter().zip(right.iter()).map(|(left, right)| compare(left, right));
            first.into_iter().find(|order| order.is_ne()).unwrap_or_else(|| left.len().cmp(&right.len()))
        }
        (Node::Object(left), Node::Object(right)) => left.len().cmp(&right.len()).then_with(|| {
            let members = left.iter().zip(right.iter());
            let mut orders = members.map(|((left_name, left), (right_name, right))| {
                crate::json::tree::compare_names(left_name, right_name).then_with(|| compare(left, right))
            });
            orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
        }),
        _ => rank(&left).cmp(&rank(&right)),
    }
}

/// Appends bytes that are the same for two documents exactly if they are equal: for GROUP BY, DISTINCT and hash joins.
pub fn write_group_key(view: View<'_>, out: &mut Vec<u8>) {
    let node = view.node();
    out.push(rank(&node));
    let mut delimited = |bytes: &[u8]| {
        out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
        out.extend_from_slice(bytes);
    };
    if let Some(number) = number(&node) {
        let decimal = match &number {
            Number::Double(double) => Decimal::from_f64(*double),
            other => Some(other.to_decimal()),
        };
        match decimal {
            Some(decimal) => {
                let text = decimal.to_string();
                let text =
                    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
                delimited(if text == "-0" { b"0" } else { text.as_bytes() });
            }
            None => delimited(&number.to_f64().to_be_bytes()),
        }
        return;
    }
    match node {
        Node::Text(text) => delimited(text.as_bytes()),
        Node::Opaque(field_type, bytes) => {
            delimited(&[field_type]);
            delimited(bytes);
        }
        Node::Bool(value) => out.push(u8::from(value)),
        Node::Date(date) => out.extend_from_slice(&date.packed().to_le_bytes()),
        Node::Time(time) => out.extend_from_slice(&time.microseconds().to_le_bytes()),
        Node::DateTime(datetime) => out.extend_from_slice(&datetime.packed().to_le_bytes()),
        Node::Array(array) => {
            out.extend_from_slice(&u32::try_from(array.len()).unwrap_or(u32::MAX).to_le_bytes());
            array.iter().for_each(|element| write_group_key(element, out));
        }
        Node::Object(object) => {
            out.extend_from_slice(&u32::try_from(object.len()).unwrap_or(u32::MAX).to_le_bytes());
            for (name, value) in object.iter() {
                out.extend_from_slice(&u32::try_from(name.len()).unwrap_or(u32::MAX).to_le_bytes());
                out.extend_from_slice(name.as_bytes());
                write_group_key(value, out);
            }
        }
        Node::Null | Node::Int(_) | Node::UInt(_) | Node::Double(_) | Node::Decimal(_) => {}
    }
}
