//! Test hosts: network namespaces joined by a bridge or by a switch that delays, as the scripts of the peers' folder make them.
//!
//! Node i of every system runs on host i, and the load on host 1, beside the leader: this server serves clients on loopback only, so
//! all systems are reached that way.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What joins the hosts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Link {
    /// A bridge.
    Lan,
    /// A switch in user space that can delay.
    Wan,
}

/// See the module.
pub struct Hosts {
    scripts: PathBuf,
    folder: PathBuf,
    wanswitch: PathBuf,
}

impl Hosts {
    /// By the scripts in `scripts`; what they and the servers write goes to `folder`. `wanswitch` is the switch that delays.
    #[must_use]
    pub fn new(scripts: &Path, folder: &Path, wanswitch: &Path) -> Hosts {
        Hosts { scripts: scripts.into(), folder: folder.into(), wanswitch: wanswitch.into() }
    }

    /// The folder of the run.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the peers have their folders: `PEER/NODE` each.
    #[must_use]
    pub fn peers_folder(&self) -> PathBuf {
        self.folder.join("peers")
    }

    /// A file beside the scripts.
    #[must_use]
    pub fn script(&self, name: &str) -> PathBuf {
        self.scripts.join(name)
    }

    /// Makes `count` hosts.
    ///
    /// # Errors
    /// When the script fails.
    pub fn up(&self, count: usize, link: Link) -> Result<(), String> {
        let link = match link {
            Link::Lan => "lan",
            Link::Wan => "wan",
        };
        self.run("hosts.sh", &["up", &count.to_string(), link])
    }

    /// Removes the hosts; what ran on them must have been stopped.
    ///
    /// # Errors
    /// When the script fails.
    pub fn down(&self) -> Result<(), String> {
        self.run("hosts.sh", &["down"])
    }

    /// Sets the round-trip time between any two of the first `count` hosts.
    ///
    /// # Errors
    /// When the script fails.
    pub fn set_rtt(&self, count: usize, rtt_ms: f64) -> Result<(), String> {
        for from in 1..=count {
            for to in from + 1..=count {
                self.run("hosts.sh", &["say", &format!("delay n{from} n{to} {}", rtt_ms / 2.0)])?;
            }
        }
        Ok(())
    }

    /// Runs a script of the peers' folder.
    ///
    /// # Errors
    /// The last lines it printed, when it fails.
    pub fn run(&self, script: &str, arguments: &[&str]) -> Result<(), String> {
        let mut command = Command::new(self.script(script));
        command.args(arguments).stdin(Stdio::null());
        command
            .env("PEER_HOSTS", "1")
            .env("PEER_ADDR_PREFIX", "10.77.0.")
            .env("PEER_RUN", self.peers_folder());
        command.env("HOSTS_RUN", self.folder.join("hosts")).env("WANSWITCH", &self.wanswitch);
        // To a file and not to a pipe: servers that it starts may hold on to it for ever.
        let path = self.folder.join("scripts.log");
        let open = || -> std::io::Result<(File, File)> {
            let file = OpenOptions::new().create(true).append(true).open(&path)?;
            Ok((file.try_clone()?, file))
        };
        let (output, errors) = open().map_err(|error| format!("{}: {error}", path.display()))?;
        let status = command.stdout(output).stderr(errors).status();
        let status = status.map_err(|error| format!("cannot run {script}: {error}"))?;
        if status.success() {
            return Ok(());
        }
        let said = std::fs::read_to_string(&path).unwrap_or_default();
        let lines: Vec<&str> = said.lines().collect();
        let last = lines[lines.len().saturating_sub(5)..].join("\n");
        Err(format!("{script} {} failed ({status}):\n{last}", arguments.join(" ")))
    }

    /// A command that runs on a host, from 1 on. The process has the id of the one that is started.
    #[must_use]
    pub fn command(&self, host: usize, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &format!("n{host}")]).arg(program).stdin(Stdio::null());
        command
    }
}
