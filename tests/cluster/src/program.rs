//! Real client programs: the mariadb command line, sysbench, Python scripts.

use std::process::{Command, Output};

/// Runs a program and returns what it printed; fails the test when the program is missing.
#[must_use]
pub fn run(command: &mut Command) -> Output {
    match command.output() {
        Ok(output) => output,
        Err(error) => panic!("cannot run {command:?}: {error}; .ci/run installs what the tests need"),
    }
}

/// Runs a program that has to succeed; its standard output.
pub fn succeed(command: &mut Command) -> String {
    let output = run(command);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{command:?} failed: {}\n{}\n{}",
        output.status,
        text(&output.stdout),
        text(&output.stderr)
    );
    text(&output.stdout)
}

/// The mariadb command line, connected to `address` as root.
#[must_use]
pub fn mariadb(address: &str) -> Command {
    let (host, port) = split(address);
    let mut command = Command::new("mariadb");
    command.args(["--no-defaults", "-uroot", "-h", host, "-P", port, "--protocol=tcp"]);
    command
}

/// sysbench with a test and an address.
#[must_use]
pub fn sysbench(test: &str, address: &str) -> Command {
    let (host, port) = split(address);
    let mut command = Command::new("sysbench");
    command.arg(test).args(["--db-driver=mysql", "--mysql-user=root", "--mysql-db=sbtest"]);
    command.arg(format!("--mysql-host={host}")).arg(format!("--mysql-port={port}"));
    command
}

/// A Python script with arguments.
#[must_use]
pub fn python(script: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("python3");
    command.args(["-c", script]).args(arguments);
    command
}

/// Host and port of an address.
#[must_use]
pub fn split(address: &str) -> (&str, &str) {
    address.rsplit_once(':').unwrap_or((address, "3306"))
}
