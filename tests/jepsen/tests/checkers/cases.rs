//! What each checker of ours must refuse.

use jepsen::checkers::{self, Guarantee, Staleness};
use jepsen::edn::Value;
use jepsen::history::{History, Kind, Operation};
use jepsen::verdict::Verdict;

use crate::generate::{elements, lines, simulate};
use crate::stores::{Bank, Counter, Ids, Locks, Once, Predicates, Registers, Rows, Set};

/// A checker of ours: a name, histories that are right by seed, the judge, and what is planted by name, each with the kind of finding it must lead to.
pub struct Case {
    pub checker: &'static str,
    pub good: fn(u64) -> History,
    pub judge: fn(&History) -> Verdict,
    pub bad: Vec<(&'static str, &'static str, Plant)>,
}

/// How something is planted.
pub enum Plant {
    /// Operations somewhere.
    Lines(&'static str),
    /// A change of what is there.
    Change(fn(&mut Vec<Operation>)),
}

/// The last operation that ended well.
fn last<'o>(operations: &'o mut [Operation], function: &str) -> &'o mut Operation {
    operations
        .iter_mut()
        .rev()
        .find(|operation| operation.kind == Kind::Ok && operation.function == function)
        .unwrap()
}

fn ok_values(operations: &[Operation], function: &str) -> Vec<Value> {
    let ok = operations.iter().filter(|one| one.kind == Kind::Ok && one.function == function);
    ok.map(|operation| operation.value.clone()).collect()
}

fn read_of(value: &mut Value) -> &mut Vec<(Value, Value)> {
    match value {
        Value::Map(pairs) => pairs,
        other => panic!("{other} is no map"),
    }
}

fn registers() -> Case {
    Case {
        checker: "linearizable_registers",
        good: |seed| simulate(seed, 300, &mut Registers::default(), &[]),
        judge: checkers::linearizable_registers,
        bad: vec![
            (
                "stale read",
                "nonlinearizable",
                Plant::Lines(
                    "
                0 invoke write [:a 1]
                0 ok write [:a 1]
                1 invoke write [:a 2]
                1 ok write [:a 2]
                2 invoke read [:a nil]
                2 ok read [:a 1]",
                ),
            ),
            (
                "acknowledged and lost",
                "nonlinearizable",
                Plant::Lines(
                    "
                0 invoke write [:a 1]
                0 ok write [:a 1]
                1 invoke read [:a nil]
                1 ok read [:a nil]",
                ),
            ),
            (
                "read of what failed",
                "nonlinearizable",
                Plant::Lines(
                    "
                0 invoke write [:a 1]
                1 invoke read [:a nil]
                0 fail write [:a 1]
                1 ok read [:a 1]",
                ),
            ),
            (
                "two compare-and-set of the same",
                "nonlinearizable",
                Plant::Lines(
                    "
                0 invoke write [:a 1]
                0 ok write [:a 1]
                1 invoke cas [:a [1 2]]
                2 invoke cas [:a [1 3]]
                1 ok cas [:a [1 2]]
                2 ok cas [:a [1 3]]",
                ),
            ),
            (
                "compare that fails where it must not",
                "nonlinearizable",
                Plant::Lines(
                    "
                0 invoke write [:a 1]
                0 ok write [:a 1]
                1 invoke cas [:a [1 2]]
                1 fail cas [:a [1 2]], :error :precondition",
                ),
            ),
            (
                "a value that comes back",
                "nonlinearizable",
                Plant::Lines(
                    "
                0 invoke write [:a 1]
                1 invoke write [:a 2]
                1 info write [:a 2]
                0 ok write [:a 1]
                2 invoke read [:a nil]
                2 ok read [:a 2]
                2 invoke read [:a nil]
                2 ok read [:a 1]
                2 invoke read [:a nil]
                2 ok read [:a 2]",
                ),
            ),
        ],
    }
}

fn counter() -> Case {
    Case {
        checker: "counter",
        good: |seed| simulate(seed, 300, &mut Counter::default(), &[("read", Value::Nil)]),
        judge: checkers::counter,
        bad: vec![
            (
                "more than was added",
                "too-high",
                Plant::Change(|all| last(all, "read").value = Value::Integer(1 << 20)),
            ),
            (
                "acknowledged and lost",
                "too-low",
                Plant::Change(|all| last(all, "read").value = Value::Integer(-(1 << 20))),
            ),
        ],
    }
}

fn set() -> Case {
    Case {
        checker: "set",
        good: |seed| simulate(seed, 300, &mut Set::new("add"), &[("read", Value::Nil)]),
        judge: |history| checkers::set(history, Staleness::Forbidden),
        bad: vec![
            (
                "acknowledged and lost",
                "lost",
                Plant::Change(|all| {
                    let added = ok_values(all, "add");
                    elements(&mut last(all, "read").value)
                        .retain(|element| *element != added[added.len() / 2]);
                }),
            ),
            (
                "stale read",
                "stale",
                Plant::Change(|all| {
                    let first = ok_values(all, "add")[0].clone();
                    let reads = all.iter_mut().filter(|one| one.kind == Kind::Ok && one.function == "read");
                    let count = reads.count();
                    let mut reads =
                        all.iter_mut().filter(|one| one.kind == Kind::Ok && one.function == "read");
                    elements(&mut reads.nth(count - 2).unwrap().value).retain(|element| *element != first);
                }),
            ),
            (
                "an element of nobody",
                "unexpected",
                Plant::Change(|all| elements(&mut last(all, "read").value).push(Value::Integer(-1))),
            ),
            (
                "an element whose addition failed",
                "unexpected",
                Plant::Change(|all| {
                    let failed = all
                        .iter()
                        .find(|one| one.kind == Kind::Fail && one.function == "add")
                        .unwrap()
                        .value
                        .clone();
                    elements(&mut last(all, "read").value).push(failed);
                }),
            ),
            (
                "an element twice",
                "duplicated",
                Plant::Change(|all| {
                    let elements = elements(&mut last(all, "read").value);
                    elements.push(elements[0].clone());
                }),
            ),
        ],
    }
}

fn unique_ids() -> Case {
    Case {
        checker: "unique_ids",
        good: |seed| simulate(seed, 200, &mut Ids::default(), &[]),
        judge: checkers::unique_ids,
        bad: vec![(
            "an id twice",
            "duplicated",
            Plant::Change(|all| {
                let given = ok_values(all, "generate");
                last(all, "generate").value = given[3].clone();
            }),
        )],
    }
}

fn bank() -> Case {
    Case {
        checker: "bank",
        good: |seed| simulate(seed, 300, &mut Bank::new(), &[("read", Value::Nil)]),
        judge: |history| checkers::bank(history, &[0, 1, 2, 3, 4], 50),
        bad: vec![
            (
                "half of a transfer",
                "wrong-total",
                Plant::Change(|all| {
                    read_of(&mut last(all, "read").value)[1].1 = Value::Integer(99);
                }),
            ),
            (
                "debt",
                "negative",
                Plant::Change(|all| {
                    let pairs = read_of(&mut last(all, "read").value);
                    let sum = pairs[0].1.as_integer().unwrap() + pairs[1].1.as_integer().unwrap();
                    pairs[0].1 = Value::Integer(-1);
                    pairs[1].1 = Value::Integer(sum + 1);
                }),
            ),
            (
                "an account is missing",
                "missing-account",
                Plant::Change(|all| {
                    read_of(&mut last(all, "read").value).remove(2);
                }),
            ),
            (
                "an account too many",
                "unexpected-account",
                Plant::Change(|all| {
                    read_of(&mut last(all, "read").value).push((Value::Integer(9), Value::Integer(0)));
                }),
            ),
            (
                "an account without balance",
                "no-balance",
                Plant::Change(|all| {
                    read_of(&mut last(all, "read").value)[1].1 = Value::Nil;
                }),
            ),
        ],
    }
}

fn long_fork() -> Case {
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

fn predicate() -> Case {
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

fn sessions() -> Case {
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

fn mutex() -> Case {
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

fn outcomes() -> Case {
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

pub fn cases() -> [Case; 10] {
    [
        registers(),
        counter(),
        set(),
        unique_ids(),
        bank(),
        long_fork(),
        predicate(),
        sessions(),
        mutex(),
        outcomes(),
    ]
}
