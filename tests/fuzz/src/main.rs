//! `cargo run --release -p protocol-fuzz -- run --inputs 10000000`: fuzzing for long. `… -- record`: the corpus.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, Subcommand};
use protocol_fuzz::{campaign, corpus, parsers, record, way};

#[derive(Parser)]
#[command(about = "Fuzzing of what a client can send")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Sends inputs to a server that it starts (`QUORATE_BIN` names another program than the one beside this).
    Run(campaign::Settings),
    /// Gives inputs to the parsers in this process.
    Parsers {
        /// How many inputs.
        #[arg(long, default_value_t = 10_000_000)]
        inputs: u64,
        /// Where the randomness begins.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Writes down what a client sends through this relay to a server, until it has gone.
    Record {
        /// Where to listen.
        #[arg(long)]
        listen: String,
        /// The server.
        #[arg(long)]
        to: String,
        /// What the sessions are called.
        #[arg(long)]
        name: String,
        /// Where they go; the corpus by default.
        #[arg(long)]
        folder: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Run(settings) => run(&settings),
        Task::Parsers { inputs, seed } => {
            let begun = Instant::now();
            let taken = parsers::run(&corpus::load(&corpus::folder()), seed, inputs);
            println!("{inputs} inputs, {taken} taken, {:.1} s, seed {seed}", begun.elapsed().as_secs_f64());
            Ok(())
        }
        Task::Record { listen, to, name, folder } => {
            let folder = folder.unwrap_or_else(corpus::folder);
            TcpListener::bind(listen)
                .and_then(|listener| record::relay(&listener, &to, &name))
                .and_then(|sessions| record::write(&sessions, &folder))
                .map_err(|error| error.to_string())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            eprintln!("{what}");
            ExitCode::FAILURE
        }
    }
}

fn run(settings: &campaign::Settings) -> Result<(), String> {
    if settings.way.as_deref().is_some_and(|name| !way::NAMES.contains(&name)) {
        return Err(format!("--way is one of {}", way::NAMES.join(", ")));
    }
    let begun = Instant::now();
    let report = campaign::run(settings)?;
    println!("{report}\n{:.1} s, seed {}", begun.elapsed().as_secs_f64(), settings.seed);
    Ok(())
}
