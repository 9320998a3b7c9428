//! Network namespaces, and work done inside of them by threads of this process.
//!
//! A socket belongs to the namespace of the thread that makes it, and a child process begins in that of the thread that starts it. So a
//! short-lived thread that enters a namespace is all it takes; the main thread never leaves its own.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::Error;

/// Where `ip netns` keeps the names.
const NAMES_FOLDER: &str = "/run/netns";

/// A namespace that this process made. It goes with this value.
#[derive(Debug)]
pub(super) struct Namespace {
    name: String,
    handle: File,
}

impl Namespace {
    /// Makes one without any link but its loopback, which is up, and without IPv6.
    pub(super) fn create(name: String) -> Result<Namespace, Error> {
        ip(&["netns", "add", &name])?;
        let opened = File::open(Path::new(NAMES_FOLDER).join(&name));
        let handle = opened.map_err(|source| {
            remove(&name);
            Error::System { what: format!("opening the namespace {name}"), source }
        })?;
        let namespace = Namespace { name, handle };
        namespace.set("net/ipv6/conf/all/disable_ipv6", "1")?;
        namespace.set("net/ipv6/conf/default/disable_ipv6", "1")?;
        namespace.ip("link set lo up\n")?;
        Ok(namespace)
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Moves the calling thread into it, for good; the threads that it starts begin there.
    pub(super) fn enter(&self) -> io::Result<()> {
        Ok(move_into_link_name_space(self.handle.as_fd(), Some(LinkNameSpaceType::Network))?)
    }

    /// Does something inside, on a thread of its own.
    pub(super) fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T, Error> {
        let inside = || -> io::Result<T> {
            self.enter()?;
            Ok(work())
        };
        let done = thread::scope(|scope| scope.spawn(inside).join());
        match done {
            Ok(result) => result.map_err(Error::system(format!("entering the namespace {}", self.name))),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }

    /// Sets a variable of the kernel that each namespace has for itself.
    pub(super) fn set(&self, variable: &str, value: &str) -> Result<(), Error> {
        let path = Path::new("/proc/sys").join(variable);
        let written = self.run(|| match std::fs::write(&path, value) {
            // A kernel without IPv6 has none to turn off.
            Err(error) if error.kind() == io::ErrorKind::NotFound && variable.contains("ipv6") => Ok(()),
            written => written,
        })?;
        written.map_err(Error::system(format!("setting {variable} in {}", self.name)))
    }

    /// Lines for `ip -batch`.
    pub(super) fn ip(&self, lines: &str) -> Result<(), Error> {
        let command = format!("ip -n {} -batch -", self.name);
        feed(Command::new("ip").args(["-n", &self.name, "-batch", "-"]), &command, lines)
    }

    /// A script for `nft`: one transaction.
    pub(super) fn nft(&self, script: &str) -> Result<(), Error> {
        let command = format!("nft -f - in {}", self.name);
        self.run(|| feed(Command::new("nft").args(["-f", "-"]), &command, script))?
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        remove(&self.name);
    }
}

/// Removes a name; the links in it go with the last process in it.
pub(super) fn remove(name: &str) {
    if let Err(error) = ip(&["netns", "delete", name]) {
        eprintln!("a namespace is left: {error}");
    }
}

/// Runs `ip`; what it prints.
pub(super) fn ip(arguments: &[&str]) -> Result<String, Error> {
    let output = Command::new("ip").args(arguments).stdin(Stdio::null()).output();
    let output = output.map_err(Error::system("running ip"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(Error::Command { command: format!("ip {}", arguments.join(" ")), said })
}

/// Runs a program that reads what to do from its standard input.
fn feed(program: &mut Command, name: &str, input: &str) -> Result<(), Error> {
    let child = program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.map_err(Error::system(format!("running {name}")))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that does not read to the end says why below.
        let _ = stdin.write_all(input.as_bytes());
    }
    let output = child.wait_with_output().map_err(Error::system(format!("running {name}")))?;
    if output.status.success() {
        return Ok(());
    }
    let said = format!("{} for:\n{}", String::from_utf8_lossy(&output.stderr).trim(), input.trim());
    Err(Error::Command { command: name.to_owned(), said })
}
