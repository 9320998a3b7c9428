//! Real client programs: the mariadb command line, sysbench, Python scripts.

use std::io::Read;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Runs a program and returns what it printed; fails the test when the program is missing.
#[must_use]
pub fn run(command: &mut Command) -> Output {
    match command.output() {
        Ok(output) => output,
        Err(error) => panic!("cannot run {command:?}: {error}; .ci/run installs what the tests need"),
    }
}

/// As [`run`], of a program that has to end by itself in this time: such as a node that must not start.
///
/// # Panics
/// When it does not; it is killed then.
#[must_use]
pub fn run_for(command: &mut Command, timeout: Duration) -> Output {
    let spawned = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let mut process = spawned.unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    let mut pipe = process.stderr.take();
    let said = std::thread::spawn(move || {
        let mut said = Vec::new();
        // What was said until the pipe broke is all there is.
        let _ = pipe.as_mut().map(|pipe| pipe.read_to_end(&mut said));
        said
    });
    let started = Instant::now();
    let status = loop {
        match process.try_wait() {
            Ok(Some(status)) => break Some(status),
            Ok(None) if started.elapsed() < timeout => std::thread::sleep(Duration::from_millis(10)),
            Ok(None) | Err(_) => break None,
        }
    };
    if status.is_none() {
        let _ = process.kill();
        let _ = process.wait();
    }
    let stderr = said.join().unwrap_or_default();
    let Some(status) = status else {
        panic!("{command:?} goes on running: {}", String::from_utf8_lossy(&stderr))
    };
    Output { status, stdout: Vec::new(), stderr }
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
