//! `cargo run -p connectors -- --help`: the matrix by hand.

use std::process::ExitCode;

use connectors::connector::{CONNECTORS, Connector};
use connectors::environment::Server;
use connectors::{failover, matrix, results};

const USAGE: &str = "\
connectors [OPTIONS] [CONNECTOR…]
  runs the connectors' programs (all, or those named) and prints what came of each cell
  --address A[,B…]   against servers that run, the one to write to first; without it a cluster of three nodes is started,
                     of the binary QUORATE_BIN or the one beside this program. `failover` needs such a cluster
  --cell NAME        this cell only (again for more)
  --bless            write tests/connectors/results.txt and the table in docs/compatibility.md
  --diff             also say what differs from results.txt";

/// What was asked for.
#[derive(Default)]
struct Request {
    addresses: Vec<String>,
    connectors: Vec<Connector>,
    cells: Vec<String>,
    is_blessing: bool,
    is_comparing: bool,
}

fn main() -> ExitCode {
    let Some(request) = request() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let (ready, absent) = matrix::prepare(&request.connectors);
    for (connector, why) in &absent {
        eprintln!("connectors: {}: {}: {why}", connector.name, matrix::ABSENT);
    }
    let found = run(&request, &ready);
    print!("{}", results::text(&found));
    let failed = found.values().flat_map(|row| row.cells.values());
    let (mut passed, mut failures, mut skipped) = (0, 0, 0);
    for outcome in failed {
        match outcome {
            results::Outcome::Ok => passed += 1,
            results::Outcome::Fail(_) => failures += 1,
            results::Outcome::Skip(_) => skipped += 1,
        }
    }
    println!(
        "connectors: {} run, {} absent; cells: {passed} ok, {failures} failed, {skipped} skipped",
        found.len(),
        absent.len()
    );
    if request.is_comparing {
        let differences = results::differences(&results::load(), &found);
        println!("{} differences\n{}", differences.len(), differences.join("\n"));
    }
    if request.is_blessing
        && let Err(error) = bless(&found)
    {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    if failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run(request: &Request, ready: &[Connector]) -> results::Results {
    let folder = match tempfile::tempdir() {
        Ok(folder) => folder,
        Err(error) => panic!("no temporary folder: {error}"),
    };
    let wants_failover =
        request.cells.is_empty() || request.cells.iter().any(|cell| cell == matrix::FAILOVER);
    if !request.addresses.is_empty() {
        let server = Server { addresses: request.addresses.clone() };
        return server.with_local_infile(|| matrix::run(&server, ready, &request.cells, folder.path()));
    }
    let mut cluster = matrix::cluster();
    let leader = cluster.wait_for_leader(cluster_tests::LEADER_TIMEOUT);
    let server = Server::of(&cluster, leader);
    let mut found = results::Results::new();
    if request.cells.iter().any(|cell| cell != matrix::FAILOVER) || request.cells.is_empty() {
        found = server.with_local_infile(|| matrix::run(&server, ready, &request.cells, folder.path()));
    }
    if wants_failover {
        failover::run(&mut cluster, ready, folder.path(), &mut found);
    }
    found
}

/// Puts what was found in place of what was kept of those connectors and cells, and writes file and document.
fn bless(found: &results::Results) -> Result<(), String> {
    let mut kept = results::load();
    for (connector, row) in found {
        let before = kept.entry(connector).or_default();
        if !row.version.is_empty() {
            before.version.clone_from(&row.version);
        }
        before.cells.extend(row.cells.clone());
    }
    std::fs::write(results::file(), results::text(&kept)).map_err(|error| error.to_string())?;
    results::write_document(&kept)
}

fn request() -> Option<Request> {
    let mut request = Request::default();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--address" => request.addresses = arguments.next()?.split(',').map(str::to_owned).collect(),
            "--cell" => request.cells.push(arguments.next()?),
            "--bless" => request.is_blessing = true,
            "--diff" => request.is_comparing = true,
            "--help" => return None,
            name => request.connectors.push(Connector::named(name)?),
        }
    }
    if request.connectors.is_empty() {
        request.connectors = CONNECTORS.to_vec();
    }
    Some(request)
}
