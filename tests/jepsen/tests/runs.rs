//! Every workload, shortly, on nodes that are partitioned and killed: the harness' own program, as a person would start it.
//!
//! Some minutes in all. The long run is `cargo xtask jepsen`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests: what fails here fails the test")]

use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// One at a time: two cores are few.
static ALONE: Mutex<()> = Mutex::new(());

/// Runs `jepsen test` with these arguments beside those that all runs here have; a verdict other than *valid* fails the test, with all that it printed.
///
/// The choices come from one seed. What the nodes do with them differs from run to run.
fn test(arguments: &str) {
    if std::env::var_os("QUORATE_NO_NETNS").is_some() {
        eprintln!("left out: QUORATE_NO_NETNS is set, so no network namespaces are made");
        return;
    }
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let store = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_jepsen"));
    command.args(["test", "--seed", "5", "--rate", "25", "--concurrency", "5", "--timeout", "4", "--store"]);
    command.arg(store.path()).args(arguments.split_whitespace());
    let output = command.output().unwrap();
    let printed =
        format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    println!("{printed}");
    if !output.status.success() {
        let kept = store.keep();
        panic!("{}; the store is kept in {}\n{printed}", output.status, kept.display());
    }
}

#[test]
fn partitions_under_serializable() {
    test("--workload all --nemesis partition --time 75 --isolation serializable");
}

#[test]
fn kills_that_lose_what_was_not_synced_under_repeatable_read() {
    test("--workload all --nemesis kill --disk --time 75 --isolation repeatable-read");
}

#[test]
fn kills_under_serializable() {
    test("--workload append,wr,predicate,bank,register,xa --nemesis kill --time 45 --isolation serializable");
}

#[test]
fn partitions_and_reads_that_may_be_old() {
    test("--workload all --nemesis partition --time 30 --isolation read-committed --consistency session");
}

#[test]
fn a_workload_that_claims_nothing_is_refused() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jepsen"));
    command.args(["test", "--workload", "predicate", "--isolation", "read-committed"]);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("predicate is not run under read-committed, strong"), "{said}");
}
