//! `jepsen test|check|serve|list`: see the library.
//!
//! The exit code of `test` and `check` is 0 for valid, 1 for invalid, 2 for unknown, or when it could not be run at all.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use jepsen::run::options::Options;
use jepsen::run::rotate::Rotation;
use jepsen::run::seeded::Check;
use jepsen::verdict::Valid;
use jepsen::{checkers, report, run, workloads};

/// Hurts Quorate clusters while clients work, and judges what they saw.
#[derive(Parser)]
#[command(name = "jepsen")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs a workload under a nemesis and judges its history.
    Test(Box<Options>),
    /// Runs everything, one after the other, for some hours, and prints the table of it.
    Rotate(Box<Rotation>),
    /// Checks the harness: a server with a bug on purpose has to be caught, for each of its seeded bugs.
    SeededBugs(Check),
    /// Judges histories that are there already, in EDN or JSON.
    Check {
        /// The model: list-append or rw-register models such as strict-serializable, or another checker's name.
        #[arg(long)]
        model: String,
        /// The histories.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Shows the runs of a store in a browser.
    Serve {
        /// Folder of all runs.
        #[arg(long, default_value = "store")]
        store: PathBuf,
        /// Where to listen.
        #[arg(long, default_value = "127.0.0.1:8080")]
        address: SocketAddr,
    },
    /// Keeps a file system that forgets and fails, below the data folder of a node; the harness starts it.
    #[command(hide = true)]
    Disk(jepsen::disk::Arguments),
    /// Lists workloads, and the levels under which each claims something.
    List,
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Test(options) => test(&options),
        Command::Rotate(rotation) => match run::rotate::rotate(&rotation) {
            Ok(valid) => code(valid),
            Err(error) => refused(&error),
        },
        Command::SeededBugs(check) => match run::seeded::check(&check) {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            Err(error) => refused(&error),
        },
        Command::Check { model, files } => match checkers::command(&model, &files) {
            Ok(valid) => code(valid),
            Err(error) => refused(&error),
        },
        Command::Serve { store, address } => match report::serve(&store, address) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => refused(&error),
        },
        Command::Disk(arguments) => jepsen::disk::serve(&arguments),
        Command::List => {
            list();
            ExitCode::SUCCESS
        }
    }
}

fn test(options: &Options) -> ExitCode {
    let outcome = match run::test(options) {
        Ok(outcome) => outcome,
        Err(error) => return refused(&error),
    };
    for part in &outcome.each {
        let (committed, floor) = part.committed;
        println!("# {}: {}; claimed: {}", part.workload, part.valid.name(), part.claim);
        println!(
            "  {committed} operations of a floor of {floor}; history {}; {}",
            part.hash,
            part.folder.display()
        );
        for verdict in &part.verdicts {
            println!("  {}: {}", verdict.checker, verdict.valid.name());
            for finding in &verdict.findings {
                println!("    {finding}");
            }
        }
    }
    println!("{}: {}", outcome.valid().name(), outcome.command);
    code(outcome.valid())
}

fn list() {
    for workload in workloads::ALL {
        println!("{:14} {}", workload.name, workload.about);
        let levels: Vec<String> = workload.levels().iter().map(|levels| format!("({levels})")).collect();
        println!("{:14}   under {}", "", levels.join(" "));
    }
}

fn refused(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("jepsen: {error}");
    ExitCode::from(2)
}

fn code(valid: Valid) -> ExitCode {
    match valid {
        Valid::Yes => ExitCode::SUCCESS,
        Valid::No => ExitCode::from(1),
        Valid::Unknown => ExitCode::from(2),
    }
}
