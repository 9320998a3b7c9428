//! The smallest statement that still differs.

use crate::node::Node;

/// Statements that are tried for one difference, at most.
const TRIES_MAX: usize = 600;

/// Takes parts away as long as `differs` says that it still does.
pub fn shrink(node: &Node, mut differs: impl FnMut(&Node) -> bool) -> Node {
    let mut smallest = node.clone();
    let mut tries = 0;
    'again: loop {
        let mut candidates = smallest.smaller();
        candidates.sort_by_key(Node::count);
        for candidate in candidates {
            tries += 1;
            if tries > TRIES_MAX {
                return smallest;
            }
            let is_smaller = (candidate.count(), candidate.to_string().len())
                < (smallest.count(), smallest.to_string().len());
            if is_smaller && differs(&candidate) {
                smallest = candidate;
                continue 'again;
            }
        }
        return smallest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::Kind;

    #[test]
    fn what_is_left_is_what_matters() {
        let bad = Node::call("BAD({})", vec![Node::value("c1")]);
        let deep = Node::call("({} + {})", vec![Node::call("ABS({})", vec![bad]), Node::value("2")]);
        let query = Node::of(Kind::Fixed, "SELECT {}{}", vec![deep, Node::text(Kind::Optional, " WHERE x")]);
        let small = shrink(&query, |node| node.to_string().contains("BAD"));
        assert_eq!(small.to_string(), "SELECT BAD(c1)");
    }
}
