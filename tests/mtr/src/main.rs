//! `cargo run --release -p mtr-tests -- [FOLDER…]`: how many scripts pass, a folder a line. `--bless` writes `passing.txt`.

use std::collections::BTreeSet;
use std::process::ExitCode;

use clap::Parser;
use mtr_tests::package::{FOLDERS, Package};
use mtr_tests::run::{self, Outcome};

#[derive(Parser)]
#[command(about = "MySQL's own tests, as the package mariadb-test has them")]
struct Arguments {
    /// Folders below `mysql-test`, or scripts (`main/select`); all that are looked at by default.
    folders: Vec<String>,
    /// Write the names of those that pass; what passed before and does not now is named, and stays written.
    #[arg(long)]
    bless: bool,
    /// Say why each of the others fails.
    #[arg(long)]
    why: bool,
    /// Servers at once.
    #[arg(long, default_value_t = 2)]
    servers: usize,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let Some(package) = Package::find() else {
        eprintln!("run tests/mtr/install.sh first");
        return ExitCode::FAILURE;
    };
    let folders = match arguments.folders.is_empty() {
        true => FOLDERS.map(str::to_owned).to_vec(),
        false => arguments.folders.clone(),
    };
    let before = run::passing();
    let (mut passing, mut lost) = (before.clone(), Vec::new());
    for folder in &folders {
        let found = match package.folder.join(folder).is_dir() {
            true => package.scripts(folder),
            false => vec![package.script(folder)],
        };
        let (can, cannot): (Vec<_>, Vec<_>) = found.into_iter().partition(|script| package.can_run(script));
        let outcomes = run::all(&package, &can, arguments.servers);
        let passed: BTreeSet<String> = of(&outcomes, &Outcome::Passed);
        let skipped = of(&outcomes, &Outcome::Skipped).len();
        let failed = outcomes.len() - passed.len() - skipped;
        println!(
            "{folder}: {} passed, {failed} failed, {skipped} skipped, {} not run",
            passed.len(),
            cannot.len()
        );
        for (name, outcome) in &outcomes {
            if let Outcome::Failed(why) = outcome {
                if arguments.why {
                    println!("--- {name}\n{}", why.trim_end());
                }
                if before.contains(name) {
                    lost.push(name.clone());
                }
            }
        }
        passing.extend(passed);
    }
    lost.iter().for_each(|name| println!("passed before: {name}"));
    if arguments.bless {
        let names: Vec<&str> = passing.iter().map(String::as_str).collect();
        let text =
            format!("# Scripts of mariadb-test 10.11 that pass; see src/lib.rs.\n{}\n", names.join("\n"));
        if let Err(error) = std::fs::write(run::passing_path(), text) {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    }
    if lost.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn of(outcomes: &run::Outcomes, wanted: &Outcome) -> BTreeSet<String> {
    outcomes.iter().filter(|(_, outcome)| outcome == wanted).map(|(name, _)| name.clone()).collect()
}
