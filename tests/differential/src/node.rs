//! A piece of a statement: text with smaller pieces in it.

use std::fmt;

/// What a piece stands for, so that shrinking puts only a piece of the same kind in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A value; any other value may stand there.
    Value,
    /// Tables in FROM; one of its parts may stand for a join.
    Source,
    /// A query; one of its parts may stand for a UNION.
    Query,
    /// Something that may be left out: a WHERE clause, a column of a list that has others.
    Optional,
    /// Nothing else may stand there.
    Fixed,
}

/// A piece of a statement. Printing goes through the texts and the children in turn: `texts[0] children[0] texts[1] …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// What it stands for.
    pub kind: Kind,
    /// One more than children.
    pub texts: Vec<String>,
    /// The pieces between.
    pub children: Vec<Node>,
}

impl Node {
    /// Text alone.
    pub fn text(kind: Kind, text: impl Into<String>) -> Node {
        Node { kind, texts: vec![text.into()], children: Vec::new() }
    }

    /// A value without parts: a literal, a column.
    pub fn value(text: impl Into<String>) -> Node {
        Node::text(Kind::Value, text)
    }

    /// A piece whose `{}` are its children.
    ///
    /// # Panics
    /// When there are not as many `{}` as children.
    #[must_use]
    pub fn of(kind: Kind, template: &str, children: Vec<Node>) -> Node {
        let texts: Vec<String> = template.split("{}").map(str::to_owned).collect();
        assert!(texts.len() == children.len() + 1, "{template}");
        Node { kind, texts, children }
    }

    /// A value with parts.
    #[must_use]
    pub fn call(template: &str, children: Vec<Node>) -> Node {
        Node::of(Kind::Value, template, children)
    }

    /// A list, with a comma between.
    #[must_use]
    pub fn list(kind: Kind, children: Vec<Node>) -> Node {
        let mut texts = vec![", ".to_owned(); children.len() + 1];
        texts[0] = String::new();
        *texts.last_mut().unwrap() = String::new();
        Node { kind, texts, children }
    }

    /// How many pieces it has, itself included.
    #[must_use]
    pub fn count(&self) -> usize {
        1 + self.children.iter().map(Node::count).sum::<usize>()
    }

    /// Every statement with one piece less, or a smaller one in its place; the largest steps first.
    #[must_use]
    pub fn smaller(&self) -> Vec<Node> {
        let mut found = Vec::new();
        for (place, child) in self.children.iter().enumerate() {
            match child.kind {
                Kind::Optional => found.push(self.without(place)),
                Kind::Value => {
                    let inner = child.children.iter().filter(|grandchild| grandchild.kind == Kind::Value);
                    found.extend(inner.map(|grandchild| self.with(place, grandchild.clone())));
                    for simple in ["NULL", "1", "''"] {
                        if !child.children.is_empty() {
                            found.push(self.with(place, Node::value(simple)));
                        }
                    }
                }
                Kind::Source | Kind::Query => {
                    let inner = child.children.iter().filter(|grandchild| grandchild.kind == child.kind);
                    found.extend(inner.map(|grandchild| self.with(place, grandchild.clone())));
                }
                Kind::Fixed => {}
            }
            found.extend(child.smaller().into_iter().map(|smaller| self.with(place, smaller)));
        }
        found
    }

    fn with(&self, place: usize, child: Node) -> Node {
        let mut copy = self.clone();
        copy.children[place] = child;
        copy
    }

    /// Without a child, and the text in front of it; in front of the first, the text behind it.
    fn without(&self, place: usize) -> Node {
        let mut copy = self.clone();
        copy.children.remove(place);
        let is_list = self.texts[1..self.texts.len() - 1].iter().all(|text| text == ", ");
        if is_list && place == 0 && !copy.children.is_empty() {
            copy.texts.remove(1);
        } else {
            let gone = copy.texts.remove(place + usize::from(!is_list));
            if !is_list {
                copy.texts[place].push_str(&gone);
            } else if place == 0 {
                copy.texts[0].clone_from(&gone);
            }
        }
        copy
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.texts[0])?;
        for (child, text) in self.children.iter().zip(&self.texts[1..]) {
            write!(f, "{child}{text}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_prints_its_parts_and_shrinks_to_them() {
        let sum =
            Node::call("({} + {})", vec![Node::value("a"), Node::call("ABS({})", vec![Node::value("b")])]);
        let list = Node::list(
            Kind::Fixed,
            vec![sum, Node::text(Kind::Optional, "c"), Node::text(Kind::Optional, "d")],
        );
        let where_ = Node::of(Kind::Optional, " WHERE {}", vec![Node::value("a")]);
        let query = Node::of(Kind::Fixed, "SELECT {} FROM t{}", vec![list, where_]);
        assert_eq!(query.to_string(), "SELECT (a + ABS(b)), c, d FROM t WHERE a");
        let smaller: Vec<String> = query.smaller().iter().map(Node::to_string).collect();
        for expected in [
            "SELECT (a + ABS(b)), c, d FROM t",
            "SELECT a, c, d FROM t WHERE a",
            "SELECT (a + ABS(b)), d FROM t WHERE a",
            "SELECT (a + ABS(b)), c FROM t WHERE a",
            "SELECT (a + b), c, d FROM t WHERE a",
        ] {
            assert!(smaller.iter().any(|text| text == expected), "{expected}: {smaller:#?}");
        }
    }
}
