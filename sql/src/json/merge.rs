//! JSON_MERGE_PRESERVE and JSON_MERGE_PATCH.

use crate::json::tree::{Members, Tree};

/// Both documents: objects member by member, anything else as arrays one behind the other.
#[must_use]
pub fn preserve(left: Tree, right: Tree) -> Tree {
    match (left, right) {
        (Tree::Object(left), Tree::Object(right)) => {
            let mut merged = left;
            for (name, value) in right.into_vec() {
                let value = match merged.get_mut(&name) {
                    Some(known) => preserve(std::mem::replace(known, Tree::Null), value),
                    None => value,
                };
                merged.insert(name, value);
            }
            Tree::Object(merged)
        }
        (left, right) => {
            let mut elements = left.into_elements();
            elements.extend(right.into_elements());
            Tree::Array(elements)
        }
    }
}

/// RFC 7396: members of the patch replace those of the target, a null takes one away; what is no object replaces it whole.
#[must_use]
pub fn patch(target: Tree, patch_with: Tree) -> Tree {
    let Tree::Object(changes) = patch_with else { return patch_with };
    let mut patched = match target {
        Tree::Object(members) => members,
        _ => Members::default(),
    };
    for (name, change) in changes.into_vec() {
        if change == Tree::Null {
            patched.remove(&name);
            continue;
        }
        let known = patched.remove(&name).unwrap_or(Tree::Null);
        patched.insert(name, patch(known, change));
    }
    Tree::Object(patched)
}
