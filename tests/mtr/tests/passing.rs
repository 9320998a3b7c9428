//! The scripts that passed still pass.

use std::fmt::Write as _;

use mtr_tests::package::Package;
use mtr_tests::run::{self, Outcome};

#[test]
fn what_passed_still_passes() {
    let Some(package) = Package::find() else {
        assert!(std::env::var_os("CI").is_none(), "run tests/mtr/install.sh first");
        eprintln!("skipped: tests/mtr/install.sh was not run");
        return;
    };
    let names = run::passing();
    assert!(!names.is_empty());
    let scripts: Vec<_> = names.iter().map(|name| package.script(name)).collect();
    let mut message = String::new();
    for (name, outcome) in run::all(&package, &scripts, 2) {
        match outcome {
            Outcome::Passed => {}
            Outcome::Skipped => writeln!(message, "{name}: skipped itself").unwrap(),
            Outcome::Failed(why) => writeln!(message, "{name}:\n{why}").unwrap(),
        }
    }
    assert!(message.is_empty(), "{message}");
}
