//! `jepsen test|check|serve|list`: see the library.
//!
//! The exit code of `test` and `check` is 0 for valid, 1 for invalid, 2 for unknown, or when it could not be run at all.

use std::io::Write as _;
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
            print(&list());
            ExitCode::SUCCESS
        }
    }
}

fn test(options: &Options) -> ExitCode {
    let outcome = match run::test(options) {
        Ok(outcome) => outcome,
        Err(error) => return refused(&error),
    };
    print(&outcome.to_string());
    code(outcome.valid())
}

fn list() -> String {
    let mut text = String::new();
    for workload in workloads::ALL {
        let levels: Vec<String> = workload.levels().iter().map(|levels| format!("({levels})")).collect();
        text += &format!("{:14} {}\n{:14}   under {}\n", workload.name, workload.about, "", levels.join(" "));
    }
    text
}

/// Prints; whoever has closed the output has seen enough, and what is printed is in the store as well.
fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
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
