//! Following paths: in stored documents to all nodes that match, in trees to the one node that may be changed.
//!
//! What is no array counts as an array of itself where a path asks for a cell by number.

use std::collections::HashSet;

use crate::json::path::{Cell, Leg, Path};
use crate::json::tree::Tree;
use crate::json::view::{Node, View};

/// All nodes that a path matches, in document order, each once.
#[must_use]
pub fn seek<'a>(root: View<'a>, path: &Path) -> Vec<View<'a>> {
    let mut found = vec![root];
    let mut repeats = false;
    for leg in &path.legs {
        let mut next = Vec::new();
        for view in &found {
            follow(*view, leg, &mut next);
        }
        repeats |= *leg == Leg::Anywhere;
        if repeats {
            let mut seen = HashSet::new();
            next.retain(|view: &View<'_>| seen.insert(view.place()));
        }
        found = next;
        if found.is_empty() {
            break;
        }
    }
    found
}

/// The first node that a path matches.
#[must_use]
pub fn seek_one<'a>(root: View<'a>, path: &Path) -> Option<View<'a>> {
    if path.has_wildcard() {
        return seek(root, path).into_iter().next();
    }
    path.legs.iter().try_fold(root, |view, leg| step(view, leg))
}

/// The node behind a leg that matches at most one.
fn step<'a>(view: View<'a>, leg: &Leg) -> Option<View<'a>> {
    match (leg, view.node()) {
        (Leg::Member(name), Node::Object(object)) => object.get(name),
        (Leg::Cell(cell), Node::Array(array)) => match cell.position(array.len()) {
            (position, true) => array.get(position),
            (_, false) => None,
        },
        (Leg::Cell(cell), _) => (cell.offset == 0).then_some(view),
        _ => None,
    }
}

fn follow<'a>(view: View<'a>, leg: &Leg, found: &mut Vec<View<'a>>) {
    match leg {
        Leg::Member(_) | Leg::Cell(_) => found.extend(step(view, leg)),
        Leg::AnyMember => {
            found.extend(view.as_object().iter().flat_map(|object| object.iter()).map(|(_, value)| value));
        }
        Leg::AnyCell => found.extend(view.as_array().iter().flat_map(|array| array.iter())),
        Leg::Range(from, to) => match view.as_array() {
            Some(array) => {
                let (first, end) = range(*from, *to, array.len());
                found.extend((first..end).filter_map(|position| array.get(position)));
            }
            None => {
                let (first, end) = range(*from, *to, 1);
                if first < end {
                    found.push(view);
                }
            }
        },
        Leg::Anywhere => anywhere(view, found),
    }
}

fn range(from: Cell, to: Cell, count: usize) -> (usize, usize) {
    let first = from.position(count).0;
    let end = match to.position(count) {
        (position, true) => position + 1,
        // Past the end of the array, or before its begin.
        (position, false) => position,
    };
    (first, end)
}

/// The node and everything inside, outer nodes first.
fn anywhere<'a>(view: View<'a>, found: &mut Vec<View<'a>>) {
    found.push(view);
    match view.node() {
        Node::Array(array) => array.iter().for_each(|element| anywhere(element, found)),
        Node::Object(object) => object.iter().for_each(|(_, value)| anywhere(value, found)),
        _ => {}
    }
}

/// The node of a tree behind legs without wildcards.
#[must_use]
pub fn seek_mut<'t>(tree: &'t mut Tree, legs: &[Leg]) -> Option<&'t mut Tree> {
    let mut tree = tree;
    for leg in legs {
        tree = match (leg, tree) {
            (Leg::Member(name), Tree::Object(members)) => members.get_mut(name)?,
            (Leg::Cell(cell), Tree::Array(elements)) => match cell.position(elements.len()) {
                (position, true) => elements.get_mut(position)?,
                (_, false) => return None,
            },
            (Leg::Cell(cell), other) if cell.offset == 0 => other,
            _ => return None,
        };
    }
    Some(tree)
}

/// Which of the nodes that are there and that are not JSON_SET and its like touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Nodes that are there get the value.
    pub replaces: bool,
    /// Nodes that are not there are made.
    pub inserts: bool,
}

/// JSON_SET, JSON_INSERT and JSON_REPLACE of one path without wildcards.
pub fn set(tree: &mut Tree, path: &Path, value: Tree, change: Change) {
    if let Some(found) = seek_mut(tree, &path.legs) {
        if change.replaces {
            *found = value;
        }
        return;
    }
    let Some((last, parents)) = path.legs.split_last() else { return };
    if !change.inserts {
        return;
    }
    let Some(parent) = seek_mut(tree, parents) else { return };
    match (last, parent) {
        (Leg::Member(name), Tree::Object(members)) => members.insert(name.clone(), value),
        (Leg::Cell(cell), Tree::Array(elements)) => {
            let place = cell.position(elements.len()).0;
            elements.insert(place, value);
        }
        (Leg::Cell(cell), other) => {
            let taken = std::mem::replace(other, Tree::Null);
            *other = Tree::Array(if cell.from_end { vec![value, taken] } else { vec![taken, value] });
        }
        _ => {}
    }
}

/// JSON_ARRAY_APPEND of one path without wildcards.
pub fn append(tree: &mut Tree, path: &Path, value: Tree) {
    match seek_mut(tree, &path.legs) {
        Some(Tree::Array(elements)) => elements.push(value),
        Some(other) => {
            let taken = std::mem::replace(other, Tree::Null);
            *other = Tree::Array(vec![taken, value]);
        }
        None => {}
    }
}

/// JSON_ARRAY_INSERT before `cell` of the array behind `parents`.
pub fn insert_cell(tree: &mut Tree, parents: &[Leg], cell: Cell, value: Tree) {
    if let Some(Tree::Array(elements)) = seek_mut(tree, parents) {
        let place = cell.position(elements.len()).0;
        elements.insert(place, value);
    }
}

/// JSON_REMOVE of one path without wildcards that is not the root.
pub fn remove(tree: &mut Tree, path: &Path) {
    let Some((last, parents)) = path.legs.split_last() else { return };
    match (last, seek_mut(tree, parents)) {
        (Leg::Member(name), Some(Tree::Object(members))) => {
            members.remove(name);
        }
        // What is no array is the only cell of itself.
        (Leg::Cell(cell), Some(other)) if cell.offset == 0 && !matches!(other, Tree::Array(_)) => {
            remove(tree, &Path { legs: parents.to_vec() });
        }
        (Leg::Cell(cell), Some(Tree::Array(elements))) => {
            if let (position, true) = cell.position(elements.len()) {
                elements.remove(position);
            }
        }
        _ => {}
    }
}

/// All nodes that a path matches with the ways to them, for JSON_SEARCH.
#[must_use]
pub fn seek_places<'a>(root: View<'a>, path: &Path) -> Vec<(View<'a>, Vec<Leg>)> {
    let mut found = vec![(root, Vec::new())];
    for leg in &path.legs {
        let mut next = Vec::new();
        for (view, way) in &found {
            follow_with_way(*view, way, leg, &mut next);
        }
        let mut seen = HashSet::new();
        next.retain(|(view, _)| seen.insert(view.place()));
        found = next;
    }
    found
}

fn follow_with_way<'a>(view: View<'a>, way: &[Leg], leg: &Leg, found: &mut Vec<(View<'a>, Vec<Leg>)>) {
    let further = |leg: Leg| way.iter().cloned().chain([leg]).collect::<Vec<Leg>>();
    let cell = |position: usize| {
        Leg::Cell(Cell { offset: u32::try_from(position).unwrap_or(u32::MAX), from_end: false })
    };
    match (leg, view.node()) {
        (Leg::Member(name), Node::Object(object)) => {
            found.extend(object.get(name).map(|value| (value, further(leg.clone()))));
        }
        (Leg::AnyMember, Node::Object(object)) => {
            found.extend(object.iter().map(|(name, value)| (value, further(Leg::Member(name.to_owned())))));
        }
        (Leg::AnyCell, Node::Array(array)) => {
            found.extend(
                array.iter().enumerate().map(|(position, element)| (element, further(cell(position)))),
            );
        }
        (Leg::Cell(at), Node::Array(array)) => {
            if let (position, true) = at.position(array.len()) {
                found.extend(array.get(position).map(|element| (element, further(cell(position)))));
            }
        }
        (Leg::Range(from, to), Node::Array(array)) => {
            let (first, end) = range(*from, *to, array.len());
            for position in first..end {
                found.extend(array.get(position).map(|element| (element, further(cell(position)))));
            }
        }
        (Leg::Cell(at), _) if at.offset == 0 => found.push((view, way.to_vec())),
        (Leg::Range(from, to), _) => {
            let (first, end) = range(*from, *to, 1);
            if first < end {
                found.push((view, way.to_vec()));
            }
        }
        (Leg::Anywhere, node) => {
            found.push((view, way.to_vec()));
            match node {
                Node::Array(array) => {
                    for (position, element) in array.iter().enumerate() {
                        follow_with_way(element, &further(cell(position)), leg, found);
                    }
                }
                Node::Object(object) => {
                    for (name, value) in object.iter() {
                        follow_with_way(value, &further(Leg::Member(name.to_owned())), leg, found);
                    }
                }
                _ => {}
            }
        }
        _ => {}
    }
}
