//! Checkers of values: registers, a counter, a set, ids, accounts.

use jepsen::checkers::{self, Staleness};
use jepsen::edn::Value;
use jepsen::history::Kind;

use super::{Case, Plant, last, ok_values};
use crate::generate::{elements, simulate};
use crate::stores::{Bank, Counter, Ids, Registers, Set};

fn read_of(value: &mut Value) -> &mut Vec<(Value, Value)> {
    match value {
        Value::Map(pairs) => pairs,
        other => panic!("{other} is no map"),
    }
}

pub fn registers() -> Case {
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

pub fn counter() -> Case {
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

pub fn set() -> Case {
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

pub fn unique_ids() -> Case {
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

pub fn bank() -> Case {
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
