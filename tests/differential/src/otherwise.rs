//! MySQL asked again in other words, or with another plan: where it then answers as we do, it contradicts itself.
//!
//! That explains a difference without a guess: nothing that MySQL always answers in its own way is explained by it.

use crate::compare::{Outcome, Rules, Side, Verdict, verdict};
use crate::node::Node;

/// How MySQL was brought to answer as we do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Otherwise {
    /// With IFNULL(…, NULL) around functions that give a value for NULL: it takes them for NULL when it makes inner joins
    /// of outer ones.
    Unsimplified,
    /// With `IS TRUE` behind GREATEST and LEAST as the condition of an IF or a CASE: it takes the NULL of one with a date for true there.
    Truthful,
    /// Without indexes, ranges of indexes, or other ways to run a query.
    Replanned,
}

/// Functions and operators that give a value for NULL, and are taken for such that do not.
const TAKEN_FOR_NULL: [&str; 7] =
    ["QUOTE(", "ELT(", "FIELD(", "INTERVAL(", "CONCAT_WS(", "MAKE_SET(", "CHAR("];
const NULL_SAFE: &str = " <=> ";
/// IS TRUE, IS NOT TRUE and IS FALSE, which are never NULL, below XOR and their like.
const TRUTHS: [&str; 2] = ["TRUE)", "FALSE)"];

/// What takes ranges of indexes and ways to run a query away, and what gives them back.
const PLANS: [(&[&str], &[&str]); 2] = [
    (&["SET range_optimizer_max_mem_size = 1"], &["SET range_optimizer_max_mem_size = DEFAULT"]),
    (
        &[
            "SET range_optimizer_max_mem_size = 1",
            "SET optimizer_switch = 'semijoin=off,materialization=off,derived_merge=off,block_nested_loop=off,\
             index_condition_pushdown=off,index_merge=off'",
        ],
        &["SET range_optimizer_max_mem_size = DEFAULT", "SET optimizer_switch = DEFAULT"],
    ),
];

/// The statement with IFNULL(…, NULL) around what is taken for NULL; none if there is nothing of that.
#[must_use]
pub fn unsimplified(node: &Node) -> Option<Node> {
    let mut is_other = false;
    let copy = wrapped(node, &mut is_other);
    is_other.then_some(copy)
}

/// The statement with `IS TRUE` behind each GREATEST and LEAST that is the condition of an IF or a CASE; none if there is nothing of that.
#[must_use]
pub fn truthful(node: &Node) -> Option<Node> {
    let mut is_other = false;
    let copy = with_truths(node, &mut is_other);
    is_other.then_some(copy)
}

fn with_truths(node: &Node, is_other: &mut bool) -> Node {
    let mut copy = node.clone();
    let first = node.texts.first().map_or("", String::as_str);
    // IF(…, and CASE WHEN … THEN … WHEN ….
    let is_condition = |place: usize| match first {
        "IF(" => place == 0,
        "CASE WHEN " => place.is_multiple_of(2),
        _ => false,
    };
    for (place, child) in copy.children.iter_mut().enumerate() {
        let other = with_truths(child, is_other);
        let name = child.texts.first().map_or("", String::as_str);
        let is_extreme = matches!(name, "GREATEST(" | "LEAST(");
        *child = match is_condition(place) && is_extreme {
            true => {
                *is_other = true;
                Node::call("({} IS TRUE)", vec![other])
            }
            false => other,
        };
    }
    copy
}

/// The statement with the hint that its tables' indexes are not to be used.
#[must_use]
pub fn without_indexes(node: &Node) -> Node {
    let aliases = (0..4).chain(20..24).chain(30..34).chain(40..44);
    let hints: Vec<String> = aliases.map(|alias| format!("NO_INDEX(a{alias})")).collect();
    hinted(node, &format!("SELECT /*+ {} */ ", hints.join(" ")))
}

fn hinted(node: &Node, select: &str) -> Node {
    let mut copy = node.clone();
    copy.texts.iter_mut().for_each(|text| *text = text.replace("SELECT ", select));
    copy.children.iter_mut().for_each(|child| *child = hinted(child, select));
    copy
}

fn wrapped(node: &Node, is_other: &mut bool) -> Node {
    let mut copy = node.clone();
    for child in &mut copy.children {
        *child = wrapped(child, is_other);
    }
    let first = copy.texts.first().map_or("", String::as_str);
    let is_taken = TAKEN_FOR_NULL.iter().any(|name| first.starts_with(name))
        || copy.texts.iter().any(|text| text == NULL_SAFE)
        || copy
            .texts
            .iter()
            .any(|text| text.contains(" IS ") && TRUTHS.iter().any(|end| text.ends_with(end)));
    if !is_taken {
        return copy;
    }
    *is_other = true;
    Node::call("IFNULL({}, NULL)", vec![copy])
}

/// Whether MySQL, asked otherwise, answers as we did.
pub fn agree(
    theirs: &mut Side,
    node: &Node,
    ours: &Outcome,
    rules: Rules,
    ask: impl Fn(&mut Side, &Node) -> Result<Outcome, String>,
) -> Option<Otherwise> {
    let is_same = |theirs: &mut Side, node: &Node| {
        let answer = ask(theirs, node);
        answer.is_ok_and(|answer| verdict(&ours.answer, &answer.answer, rules) == Verdict::Same)
    };
    let other = unsimplified(node);
    if other.as_ref().is_some_and(|other| is_same(theirs, other)) {
        return Some(Otherwise::Unsimplified);
    }
    if truthful(node).is_some_and(|other| is_same(theirs, &other)) {
        return Some(Otherwise::Truthful);
    }
    let bare = without_indexes(node);
    if is_same(theirs, &bare) || other.as_ref().is_some_and(|other| is_same(theirs, &without_indexes(other)))
    {
        return Some(Otherwise::Replanned);
    }
    PLANS.iter().find_map(|(without, with)| {
        let is_set = without.iter().all(|setting| theirs.run(setting).is_ok());
        let agrees =
            is_set && (is_same(theirs, node) || other.as_ref().is_some_and(|other| is_same(theirs, other)));
        let is_reset =
            with.iter().map(|setting| theirs.run(setting).is_ok()).fold(true, |all, one| all & one);
        (agrees && is_reset).then_some(Otherwise::Replanned)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::Kind;

    #[test]
    fn only_conditions_are_asked_for_their_truth() {
        let least = Node::call("LEAST({}, {})", vec![Node::value("a"), Node::value("b")]);
        let choice = Node::call("IF({}, {}, {})", vec![least.clone(), least.clone(), Node::value("c")]);
        let other = truthful(&choice).map(|other| other.to_string());
        assert_eq!(other.as_deref(), Some("IF((LEAST(a, b) IS TRUE), LEAST(a, b), c)"));
        assert_eq!(truthful(&least), None);
    }

    #[test]
    fn what_is_taken_for_null_is_wrapped() {
        let quote = Node::call("QUOTE({})", vec![Node::value("a.c1")]);
        let query = Node::of(Kind::Fixed, "SELECT 1 WHERE {}", vec![quote]);
        let other = unsimplified(&query).map(|other| other.to_string());
        assert_eq!(other.as_deref(), Some("SELECT 1 WHERE IFNULL(QUOTE(a.c1), NULL)"));
        assert_eq!(unsimplified(&Node::value("a.c1")), None);
    }
}
