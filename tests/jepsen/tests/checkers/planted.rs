//! Every checker passes what a store that is right did, and refuses what is planted into it: one anomaly of each kind, at several seeds.
//!
//! Which model refuses which anomaly is a table; it is written to `expected/models.md`, for people, and compared with it. `BLESS=1` writes it anew.

use std::fmt::Write as _;
use std::path::Path;

use jepsen::checkers::{self, Guarantee, Model, Staleness};
use jepsen::history::History;
use jepsen::verdict::{Valid, Verdict};

use crate::anomalies::{Anomaly, LIST_APPEND, RW_REGISTER};
use crate::cases::{Plant, cases};
use crate::generate::{history, lines, plant, simulate};
use crate::stores::Transactions;

const SEEDS: std::ops::Range<u64> = 0..6;

/// By which models of [`Model::ALL`] a history is refused.
fn refusals(judge: fn(&History, Model) -> Verdict, history: &History) -> String {
    let mark = |model: Model| match judge(history, model).valid {
        Valid::Yes => '.',
        Valid::No => 'x',
        Valid::Unknown => '?',
    };
    Model::ALL.into_iter().map(mark).collect()
}

/// A workload of transactions: its name, how it writes, its judge, what is planted.
type Workload = (&'static str, &'static str, fn(&History, Model) -> Verdict, &'static [Anomaly]);

fn workloads() -> [Workload; 2] {
    [
        ("list-append", "append", checkers::list_append, &LIST_APPEND),
        ("rw-register", "w", checkers::rw_register, &RW_REGISTER),
    ]
}

#[test]
fn no_model_refuses_what_a_store_that_is_right_did() {
    for (name, write, judge, _) in workloads() {
        for seed in SEEDS {
            let good = simulate(seed, 500, &mut Transactions::new(write), &[]);
            assert_eq!(refusals(judge, &good), "........", "{name}, seed {seed}");
        }
    }
}

#[test]
fn models_refuse_by_table_what_is_planted() {
    for (name, write, judge, anomalies) in workloads() {
        for (anomaly, expected, cycle_len, planted) in anomalies {
            for seed in SEEDS {
                let good = simulate(seed, 200, &mut Transactions::new(write), &[]);
                let bad = plant(seed, &good, planted);
                assert_eq!(refusals(judge, &bad), *expected, "{name}: {anomaly}, seed {seed}");
                let verdict = judge(&bad, Model::StrictSerializable);
                let smallest = format!("a cycle of {cycle_len} transactions");
                if *cycle_len > 0 {
                    assert!(verdict.findings.iter().any(|text| text.contains(&smallest)), "{verdict:#?}");
                    assert!(!verdict.drawings.is_empty());
                }
            }
        }
    }
}

#[test]
fn checkers_pass_what_a_store_that_is_right_did() {
    for case in cases() {
        for seed in SEEDS {
            let verdict = (case.judge)(&(case.good)(seed));
            assert_eq!(verdict.valid, Valid::Yes, "{}, seed {seed}: {:#?}", case.checker, verdict.findings);
        }
    }
}

#[test]
fn checkers_refuse_what_is_planted() {
    for case in cases() {
        for (anomaly, kind, planted) in &case.bad {
            for seed in SEEDS {
                let good = (case.good)(seed);
                let bad = match planted {
                    Plant::Lines(text) => plant(seed, &good, text),
                    Plant::Change(change) => {
                        let mut operations = good.operations;
                        change(&mut operations);
                        history(operations)
                    }
                };
                let verdict = (case.judge)(&bad);
                let name = format!("{}: {anomaly}, seed {seed}", case.checker);
                assert_eq!(verdict.valid, Valid::No, "{name}: {verdict:#?}");
                let prefix = format!("{kind}:");
                assert!(
                    verdict.findings.iter().any(|text| text.starts_with(&prefix)),
                    "{name}: {verdict:#?}"
                );
            }
        }
    }
}

#[test]
fn what_is_allowed_is_not_refused() {
    let text = "
        0 invoke add 1
        0 ok add 1
        1 invoke read nil
        1 ok read []
        1 invoke read nil
        1 ok read [1]";
    let stale = history(lines(text));
    assert_eq!(checkers::set(&stale, Staleness::Allowed).valid, Valid::Yes);
    assert_eq!(checkers::set(&stale, Staleness::Forbidden).valid, Valid::No);
    let text = "
        0 invoke acquire [:a nil]
        0 ok acquire [:a nil]
        1 invoke acquire [:a nil]
        1 ok acquire [:a nil]
        1 invoke release [:a nil]
        1 ok release [:a nil]
        0 invoke hold [:a nil]
        0 fail hold [:a nil]";
    assert_eq!(
        checkers::mutex(&history(lines(text))).valid,
        Valid::Yes,
        "the first may have been lost with a leadership"
    );
    let guarantees = [Guarantee::MonotonicReads];
    let text = "
        0 invoke add [:a nil]
        0 ok add [:a 1]
        0 invoke read [:a nil]
        0 ok read [:a 1]
        0 invoke read [:a nil] :session 2
        0 ok read [:a 0]";
    assert_eq!(checkers::sessions(&history(lines(text)), &guarantees).valid, Valid::Yes, "another session");
}

#[test]
fn what_was_seen_once_stays_though_nobody_acknowledged_it() {
    let text = "
        0 invoke add 1
        0 info add 1
        1 invoke read nil
        1 ok read [1]
        1 invoke read nil
        1 ok read []";
    let verdict = checkers::set(&history(lines(text)), Staleness::Allowed);
    assert_eq!(verdict.valid, Valid::No, "{verdict:?}");
    assert!(verdict.findings[0].starts_with("lost:"), "{verdict:?}");
}

#[test]
fn little_is_unknown_and_not_valid() {
    let empty = History::default();
    for case in cases() {
        assert_eq!((case.judge)(&empty).valid, Valid::Unknown, "{}", case.checker);
    }
    assert_eq!(checkers::list_append(&empty, Model::StrictSerializable).valid, Valid::Unknown);
    let malformed = history(lines("0 invoke read [1 nil]\n0 ok read [1 :what]"));
    assert_eq!(checkers::linearizable_registers(&malformed).valid, Valid::Unknown);
    let good = checkers::counter(&history(lines("0 invoke read nil\n0 ok read 0")));
    assert_eq!(checkers::with_floor(good.clone(), 5, 5).valid, Valid::Yes);
    assert_eq!(checkers::with_floor(good, 4, 5).valid, Valid::Unknown);
    let bad = checkers::counter(&history(lines("0 invoke read nil\n0 ok read 1")));
    assert_eq!(checkers::with_floor(bad, 0, 5).valid, Valid::No);
}

#[test]
fn the_table_for_people_is_that_of_the_tests() {
    let mut table = String::from("| planted | workload |");
    for model in Model::ALL {
        let _ = write!(table, " {} |", model.name());
    }
    table.push_str("\n|---|---|");
    table.push_str(&"---|".repeat(Model::ALL.len()));
    table.push('\n');
    for (name, _, _, anomalies) in workloads() {
        for (anomaly, expected, ..) in anomalies {
            let _ = write!(table, "| {anomaly} | {name} |");
            for mark in expected.chars() {
                table.push_str(if mark == 'x' { " refused |" } else { " allowed |" });
            }
            table.push('\n');
        }
    }
    table.push_str("\n| checker | refuses | as |\n|---|---|---|\n");
    for case in cases() {
        for (anomaly, kind, _) in &case.bad {
            let _ = writeln!(table, "| `{}` | {anomaly} | `{kind}` |", case.checker);
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expected/models.md");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), table, "BLESS=1 writes it anew");
}
