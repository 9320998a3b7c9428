//! Containment and overlap of documents: JSON_CONTAINS, JSON_OVERLAPS, MEMBER OF.

use std::collections::HashSet;

use crate::json::compare::{compare, write_group_key};
use crate::json::view::{Array, Node, View};

/// Pairs of elements from which on elements are looked up by key rather than compared one by one.
const PAIRS_COMPARED_MAX: usize = 256;

fn is_equal(left: View<'_>, right: View<'_>) -> bool {
    compare(left, right).is_eq()
}

fn key(view: View<'_>) -> Vec<u8> {
    let mut key = Vec::new();
    write_group_key(view, &mut key);
    key
}

/// The elements of an array, keyed.
fn keys(array: Array<'_>) -> HashSet<Vec<u8>> {
    array.iter().map(key).collect()
}

/// JSON_CONTAINS: a scalar contains its equals; an array contains what one of its elements contains, and an array all of whose
/// elements it contains; an object contains one whose members are contained in its own.
#[must_use]
pub fn contains(target: View<'_>, candidate: View<'_>) -> bool {
    match (target.node(), candidate.node()) {
        (Node::Array(elements), Node::Array(wanted)) => {
            let known =
                (elements.len().saturating_mul(wanted.len()) > PAIRS_COMPARED_MAX).then(|| keys(elements));
            wanted.iter().all(|wanted| {
                known.as_ref().is_some_and(|known| known.contains(&key(wanted)))
                    || elements.iter().any(|element| contains(element, wanted))
            })
        }
        (Node::Array(elements), _) => elements.iter().any(|element| contains(element, candidate)),
        (Node::Object(members), Node::Object(wanted)) => {
            wanted.len() <= members.len()
                && wanted
                    .iter()
                    .all(|(name, wanted)| members.get(name).is_some_and(|member| contains(member, wanted)))
        }
        (Node::Object(_), _) | (_, Node::Array(_) | Node::Object(_)) => false,
        _ => is_equal(target, candidate),
    }
}

/// JSON_OVERLAPS: arrays with a common element, objects with a common member, equal scalars.
#[must_use]
pub fn overlaps(left: View<'_>, right: View<'_>) -> bool {
    match (left.node(), right.node()) {
        (Node::Array(left), Node::Array(right)) => {
            if left.len().saturating_mul(right.len()) > PAIRS_COMPARED_MAX {
                let known = keys(left);
                return right.iter().any(|element| known.contains(&key(element)));
            }
            left.iter().any(|left| right.iter().any(|right| is_equal(left, right)))
        }
        (Node::Object(left), Node::Object(right)) => {
            left.iter().any(|(name, left)| right.get(name).is_some_and(|right| is_equal(left, right)))
        }
        _ => is_member(left, right) || is_member(right, left),
    }
}

/// `value MEMBER OF (document)`: an element of an array, or the document itself.
#[must_use]
pub fn is_member(value: View<'_>, document: View<'_>) -> bool {
    match document.as_array() {
        Some(elements) => elements.iter().any(|element| is_equal(element, value)),
        None => is_equal(document, value),
    }
}
