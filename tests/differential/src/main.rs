//! `cargo run --release -p differential -- --against HOST:PORT --queries 1000000`.

use std::process::ExitCode;

use clap::Parser;
use cluster_tests::TestCluster;
use differential::campaign::{self, Report, Settings};

#[derive(Parser)]
#[command(about = "Differential fuzzing of SQL")]
struct Arguments {
    /// A real MySQL, to compare with; without it only the oracles run.
    #[arg(long)]
    against: Option<String>,
    /// Our server; one is started without it.
    #[arg(long)]
    address: Option<String>,
    /// Statements.
    #[arg(long, default_value_t = 1_000_000)]
    queries: u64,
    /// Where the randomness begins.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Differences after which the run ends.
    #[arg(long, default_value_t = 10)]
    differences: usize,
    /// Compare the types of columns too.
    #[arg(long)]
    types: bool,
    /// Go on to the end, and count the differences of each kind.
    #[arg(long)]
    count: bool,
    /// Compare warnings too.
    #[arg(long)]
    warnings: bool,
    /// How many of a hundred statements change rows.
    #[arg(long, default_value_t = 10)]
    changes: u32,
    /// Threads, each with seeds of its own.
    #[arg(long, default_value_t = 2)]
    threads: u64,
}

/// Seeds of one thread are so far from the next one's.
const THREAD_SEEDS: u64 = 1 << 32;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let cluster = arguments.address.is_none().then(|| TestCluster::start(1));
    let address = match (&arguments.address, &cluster) {
        (Some(address), _) => address.clone(),
        (None, Some(cluster)) => cluster.node(1).client_address.clone(),
        (None, None) => return ExitCode::FAILURE,
    };
    let results: Vec<Result<Report, String>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..arguments.threads)
            .map(|thread| {
                let settings = Settings {
                    address: address.clone(),
                    against: arguments.against.clone(),
                    queries: arguments.queries / arguments.threads,
                    seed: arguments.seed + thread * THREAD_SEEDS,
                    has_types: arguments.types,
                    has_warnings: arguments.warnings,
                    differences_max: arguments.differences,
                    counts: arguments.count,
                    changes: arguments.changes.min(100),
                };
                scope.spawn(move || campaign::run(&settings))
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| Err("a thread panicked".to_owned())))
            .collect()
    });
    let mut is_clean = true;
    for result in results {
        match result {
            Ok(report) => {
                is_clean &= report.kinds.is_empty();
                println!("{report}");
            }
            Err(error) => {
                is_clean = false;
                println!("{error}");
            }
        }
    }
    if is_clean { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
