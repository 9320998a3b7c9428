//! Checkers of orders: forks, predicates, sessions, locks, outcomes.

use jepsen::checkers::{self, Guarantee};
use jepsen::edn::Value;
use jepsen::history::Kind;

use super::{Case, Plant, last, ok_values};
use crate::generate::{elements, lines, simulate};
use crate::stores::{Locks, Once, Predicates, Rows, Set};

pub fn long_fork() -> Case {
    Case {
        checker: "long_fork",
        good: |seed| simulate(seed, 300, &mut Once::default(), &[]),
        judge: |history| checkers::long_fork(history, 2),
        bad: vec![
            (
                "long fork",
                "fork",
                Plant::Lines(
                    "
                0 invoke write [[:w 1000 1]]
                1 invoke write [[:w 1001 1]]
                2 invoke read [[:r 1000 nil] [:r 1001 nil]]
                3 invoke read [[:r 1000 nil] [:r 1001 nil]]
                2 ok read [[:r 1000 1] [:r 1001 nil]]
                3 ok read [[:r 1000 nil] [:r 1001 1]]
                0 ok write [[:w 1000 1]]
                1 ok write [[:w 1001 1]]",
                ),
            ),
            (
                "a read of nobody's write",
                "unexpected",
                Plant::Lines(
                    "
                2 invoke read [[:r 1000 nil] [:r 1001 nil]]
                2 ok read [[:r 1000 1] [:r 1001 nil]]",
                ),
            ),
        ],
    }
}

pub fn predicate() -> Case {
    Case {
        checker: "predicate",
        good: |seed| simulate(seed, 300, &mut Predicates::default(), &[]),
        judge: checkers::predicate,
        bad: vec![
            (
                "both insert (G2)",
                "both",
                Plant::Lines(
                    "
                0 invoke insert [1000 [1 nil]]
                1 invoke insert [1000 [nil 2]]
                0 ok insert [1000 [1 nil]]
                1 ok insert [1000 [nil 2]]",
                ),
            ),
            (
                "both rows are there",
                "both",
                Plant::Lines(
                    "
                0 invoke insert [1000 [-1 nil]]
                1 invoke insert [1000 [nil -2]]
                0 info insert [1000 [-1 nil]]
                1 info insert [1000 [nil -2]]
                2 invoke read [1000 nil]
                2 ok read [1000 [[-1 -2] [-1 -2]]]",
                ),
            ),
            (
                "phantom",
                "phantom",
                Plant::Lines(
                    "
                0 invoke insert [1000 [-1 nil]]
                1 invoke read [1000 nil]
                0 ok insert [1000 [-1 nil]]
                1 ok read [1000 [[] [-1]]]",
                ),
            ),
            (
                "a row of nobody stands in the way",
                "dirty",
                Plant::Lines(
                    "
                0 invoke insert [1000 [-1 nil]]
                0 fail insert [1000 [-1 nil]], :error :too-late",
                ),
            ),
            (
                "acknowledged and lost",
                "lost",
                Plant::Lines(
                    "
                0 invoke insert [1000 [-1 nil]]
                0 ok insert [1000 [-1 nil]]
                1 invoke read [1000 nil]
                1 ok read [1000 [[] []]]",
                ),
            ),
            (
                "a row whose insertion failed",
                "unexpected",
                Plant::Lines(
                    "
                0 invoke insert [1000 [-1 nil]]
                0 fail insert [1000 [-1 nil]]
                1 invoke read [1000 nil]
                1 ok read [1000 [[-1] [-1]]]",
                ),
            ),
        ],
    }
}

pub fn sessions() -> Case {
    Case {
        checker: "sessions",
        good: |seed| simulate(seed, 300, &mut Rows::default(), &[]),
        judge: |history| checkers::sessions(history, &Guarantee::ALL),
        bad: vec![
            (
                "a read that goes back",
                "monotonic-reads",
                Plant::Lines(
                    "
                0 invoke add [:a nil]
                1 invoke read [:a nil]
                1 ok read [:a 1]
                1 invoke read [:a nil]
                1 ok read [:a 0]
                0 ok add [:a 1]",
                ),
            ),
            (
                "own addition missed",
                "read-your-writes",
                Plant::Lines(
                    "
                0 invoke add [:a nil]
                0 ok add [:a 1]
                0 invoke snapshot [[:a nil]]
                0 ok snapshot [[:a 0]]",
                ),
            ),
            (
                "a later addition without an earlier one",
                "monotonic-writes",
                Plant::Lines(
                    "
                0 invoke add [:a nil]
                0 ok add [:a 1]
                0 invoke add [:b nil]
                1 invoke snapshot [[:a nil] [:b nil]]
                0 ok add [:b 1]
                1 ok snapshot [[:a 0] [:b 1]]",
                ),
            ),
            (
                "an answer without its question",
                "writes-follow-reads",
                Plant::Lines(
                    "
                0 invoke add [:a nil]
                1 invoke read [:a nil]
                1 ok read [:a 1]
                1 invoke add [:b nil]
                1 ok add [:b 1]
                2 invoke snapshot [[:a nil] [:b nil]]
                2 ok snapshot [[:a 0] [:b 1]]
                0 ok add [:a 1]",
                ),
            ),
            (
                "two orders",
                "consistent-prefix",
                Plant::Lines(
                    "
                0 invoke add [:a nil]
                1 invoke add [:b nil]
                2 invoke snapshot [[:a nil] [:b nil]]
                3 invoke snapshot [[:a nil] [:b nil]]
                2 ok snapshot [[:a 0] [:b 1]]
                3 ok snapshot [[:a 1] [:b 0]]
                0 ok add [:a 1]
                1 ok add [:b 1]",
                ),
            ),
            (
                "a read behind another's",
                "real-time",
                Plant::Lines(
                    "
                0 invoke add [:a nil]
                1 invoke read [:a nil]
                1 ok read [:a 1]
                2 invoke read [:a nil]
                2 ok read [:a 0]
                0 ok add [:a 1]",
                ),
            ),
            (
                "lost update",
                "lost-update",
                Plant::Lines(
                    "
                0 invoke add [:a nil]
                1 invoke add [:a nil]
                0 ok add [:a 1]
                1 ok add [:a 1]",
                ),
            ),
            (
                "more than was added",
                "unexpected",
                Plant::Lines(
                    "
                0 invoke read [:a nil]
                0 ok read [:a 1]",
                ),
            ),
        ],
    }
}

pub fn mutex() -> Case {
    Case {
        checker: "mutex",
        good: |seed| simulate(seed, 200, &mut Locks::default(), &[]),
        judge: checkers::mutex,
        bad: vec![
            (
                "two holders",
                "two-holders",
                Plant::Lines(
                    "
                0 invoke acquire [:a nil]
                0 ok acquire [:a nil]
                1 invoke acquire [:a nil]
                1 ok acquire [:a nil]
                0 invoke release [:a nil]
                0 ok release [:a nil]",
                ),
            ),
            (
                "two holders, of which one asks again",
                "two-holders",
                Plant::Lines(
                    "
                0 invoke acquire [:a nil]
                0 ok acquire [:a nil]
                1 invoke acquire [:a nil]
                1 ok acquire [:a nil]
                0 invoke hold [:a nil]
                0 ok hold [:a nil]",
                ),
            ),
            (
                "got in another's lease",
                "two-holders",
                Plant::Lines(
                    "
                0 invoke acquire [:a nil]
                0 ok acquire [:a 5000]
                1 invoke acquire [:a nil]
                1 ok acquire [:a 5000]",
                ),
            ),
            (
                "released without having it",
                "not-held",
                Plant::Lines(
                    "
                0 invoke release [:a nil]
                0 ok release [:a nil]",
                ),
            ),
        ],
    }
}

pub fn outcomes() -> Case {
    Case {
        checker: "outcomes",
        good: |seed| simulate(seed, 300, &mut Set::new("insert"), &[("read", Value::Nil)]),
        judge: checkers::outcomes,
        bad: vec![
            (
                "acknowledged and lost",
                "lost",
                Plant::Change(|all| {
                    let inserted = ok_values(all, "insert");
                    elements(&mut last(all, "read").value).retain(|element| *element != inserted[7]);
                }),
            ),
            (
                "failed and there",
                "contradiction",
                Plant::Change(|all| {
                    let failed = all
                        .iter()
                        .find(|one| one.kind == Kind::Fail && one.function == "insert")
                        .unwrap()
                        .value
                        .clone();
                    elements(&mut last(all, "read").value).push(failed);
                }),
            ),
            (
                "told to be committed, and is not there",
                "lost",
                Plant::Lines(
                    "
                0 invoke insert 100000
                0 info insert 100000
                1 invoke outcome [100000 nil]
                1 ok outcome [100000 :committed]",
                ),
            ),
            (
                "told to be committed and not to be",
                "contradiction",
                Plant::Lines(
                    "
                0 invoke insert 100000
                0 info insert 100000
                1 invoke outcome [100000 nil]
                1 ok outcome [100000 :not-committed]
                2 invoke outcome [100000 nil]
                2 ok outcome [100000 :committed]",
                ),
            ),
            (
                "acknowledged, and told not to be committed",
                "contradiction",
                Plant::Change(|all| {
                    let inserted = ok_values(all, "insert")[0].clone();
                    all.extend(lines(&format!(
                        "9000 invoke outcome [{inserted} nil]\n9000 ok outcome [{inserted} :not-committed]"
                    )));
                }),
            ),
            (
                "a row of nobody",
                "unexpected",
                Plant::Change(|all| elements(&mut last(all, "read").value).push(Value::Integer(-1))),
            ),
            (
                "a row twice",
                "duplicated",
                Plant::Change(|all| {
                    let elements = elements(&mut last(all, "read").value);
                    elements.push(elements[0].clone());
                }),
            ),
        ],
    }
}
