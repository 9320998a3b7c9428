//! `jepsen test|check|serve`: see the library.

use std::process::ExitCode;

use clap::Parser;

#[derive(Parser)]
enum Command {
    /// Serves a disk that forgets and fails: what a run mounts below the data folders.
    #[command(hide = true)]
    Disk(jepsen::disk::Arguments),
}

fn main() -> ExitCode {
    match Command::parse() {
        Command::Disk(arguments) => jepsen::disk::serve(&arguments),
    }
}
