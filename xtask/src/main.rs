//! Tasks of the project, as `cargo xtask TASK`. Scripts are Rust, so that they run wherever the project builds.

use std::path::Path;
use std::process::{Command, ExitCode};

const USAGE: &str = "\
cargo xtask TASK
  test [FILTER…]   build the server and run all tests (arguments go to cargo nextest run)
  bless            run the golden tests and rewrite what they expect; read the diff afterwards
  sim --seed N [--steps M]      run one seed of the simulator; one that fails is shrunk
  sim --seeds A..B [--steps M]  run many on all processors; without arguments, 0..20000 of 5000 steps
  jepsen --hours H [--help]     every workload of tests/jepsen under every nemesis, in turn; the table of it (docs/jepsen.md)
  jepsen --seeded-bugs [--help] builds of the server with one bug each: whether the harness catches it
  fuzz [run|parsers] [--help]   what a client can send, changed at random: ten million inputs to a server, or to the parsers alone
  connectors [--help]           real connectors against a cluster: install what they need, run the matrix (tests/connectors)
  bench peers [--help]          this server beside MariaDB, MySQL, Galera and Group Replication: the table of aims
  bench curves [--help]         what a transaction costs over clients, rows, nodes and distance
  bench failover | NAME=HOST:PORT:USER…   time without a commit after a kill | servers started by hand";

/// The option of `jepsen` that is not passed on.
const SEEDED_BUGS: &str = "--seeded-bugs";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rest = arguments.get(1..).unwrap_or_default();
    let done = match arguments.first().map(String::as_str) {
        Some("test") => test(rest),
        Some("bless") => run(cargo(&["nextest", "run", "--workspace", "-E", "test(script) | test(golden)"])
            .env("UPDATE_GOLDENFILES", "1")),
        Some("sim") => sim(rest),
        Some("jepsen") => jepsen(rest),
        Some("fuzz") => fuzz(rest),
        Some("connectors") => connectors(rest),
        Some("bench") => bench(rest),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    if done { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The tests start real server processes, so the server is built with them: as part of the workspace, since dependencies of the server alone have
/// other features, and half of everything would be compiled twice.
fn test(filters: &[String]) -> bool {
    run(&mut cargo(&["build", "--workspace", "--tests", "--bin", "quorate"]))
        && run(cargo(&["nextest", "run", "--workspace"]).args(filters))
}

/// One seed or many of the simulator, as a program of its own and not as a test.
fn sim(arguments: &[String]) -> bool {
    let mut command = cargo(&["run", "--release", "--quiet", "--package", "sim-tests", "--bin", "sim", "--"]);
    match arguments {
        [] => run(command.args(["--seeds", "0..20000", "--steps", "5000"])),
        _ => run(command.args(arguments)),
    }
}

/// The long run of the Jepsen harness, on a release build of the server (unless `QUORATE_BIN` names another program); or, with `--seeded-bugs`,
/// whether it catches the bugs of a build that has them.
fn jepsen(arguments: &[String]) -> bool {
    let has_bugs = arguments.iter().any(|argument| argument == SEEDED_BUGS);
    let rest = arguments.iter().filter(|argument| *argument != SEEDED_BUGS);
    let (build, profile): (&[&str], _) = if has_bugs {
        (&["build", "--quiet", "--package", "server", "--features", "seeded-bugs"], "debug")
    } else {
        (&["build", "--quiet", "--package", "server", "--release"], "release")
    };
    let subcommand = if has_bugs { "seeded-bugs" } else { "rotate" };
    let mut harness = cargo(&["run", "--quiet", "--package", "jepsen", "--", subcommand]);
    if std::env::var_os("QUORATE_BIN").is_none() {
        if !run(&mut cargo(build)) {
            return false;
        }
        let folder = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
        harness.env("QUORATE_BIN", Path::new(&folder).join(profile).join("quorate"));
    }
    run(harness.args(rest))
}

/// Fuzzing of the protocol, for long, by release builds of the server (unless `QUORATE_BIN` names another) and of the program that fuzzes.
fn fuzz(arguments: &[String]) -> bool {
    let has_server = std::env::var_os("QUORATE_BIN").is_some()
        || run(&mut cargo(&["build", "--release", "--quiet", "--package", "server"]));
    has_server
        && run(cargo(&["run", "--release", "--quiet", "--package", "protocol-fuzz", "--"]).args(arguments))
}

/// The matrix of real connectors, on a build of the server for development (unless `QUORATE_BIN` names another program).
fn connectors(arguments: &[String]) -> bool {
    let wants_help = arguments.iter().any(|argument| argument == "--help");
    let is_ready = wants_help
        || run(Command::new("tests/connectors/install.sh").arg("--all"))
            && (std::env::var_os("QUORATE_BIN").is_some()
                || run(&mut cargo(&["build", "--quiet", "--package", "server"])));
    is_ready && run(cargo(&["run", "--quiet", "--package", "connectors", "--"]).args(arguments))
}

/// A measurement, by release builds of the server (unless `QUORATE_BIN` names another) and of the program that measures.
fn bench(arguments: &[String]) -> bool {
    let has_server = std::env::var_os("QUORATE_BIN").is_some()
        || run(&mut cargo(&["build", "--release", "--quiet", "--package", "server"]));
    has_server && run(cargo(&["run", "--release", "--quiet", "--package", "benches", "--"]).args(arguments))
}

fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments);
    command
}

fn run(command: &mut Command) -> bool {
    match command.status() {
        Ok(status) => status.success(),
        Err(error) => {
            eprintln!("cannot run {command:?}: {error}");
            false
        }
    }
}
