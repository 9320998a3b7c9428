//! The sample histories are read and are valid, each by its workload's checker, and there is one of each workload.

use std::collections::BTreeSet;
use std::path::Path;

use jepsen::checkers::Checker;
use jepsen::history::{History, Process};
use jepsen::verdict::Valid;
use jepsen::workloads;

/// As `jepsen check --model` takes it.
fn checker(workload: &str) -> &str {
    match workload {
        "append" => "list-append:strict-serializable",
        "wr" => "rw-register:strict-serializable",
        "register" | "cas-register" => "registers",
        "counter" | "hot-row" => "counter",
        "set" | "ddl" => "set",
        "bank" | "xa" => "bank",
        "sessions" => "sessions:monotonic-reads,read-your-writes,real-time",
        "locks" => "mutex",
        "long-fork" => "long-fork:3",
        // The rest are called as their checkers.
        other => other,
    }
}

#[test]
fn every_sample_is_valid() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "edn") {
            continue;
        }
        let workload = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let history = History::read_edn(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let nemesis =
            history.operations.iter().filter(|operation| operation.process == Process::Nemesis).count();
        assert!(nemesis > 0 && history.operations.len() > 100, "{workload}: {}", history.operations.len());
        let checker: Checker = checker(&workload).parse().unwrap();
        let verdict = checker.judge(&history);
        assert_eq!(verdict.valid, Valid::Yes, "{workload}: {verdict:?}");
        found.insert(workload);
    }
    let wanted: BTreeSet<String> = workloads::ALL.iter().map(|workload| workload.name.to_owned()).collect();
    assert_eq!(found, wanted);
}
