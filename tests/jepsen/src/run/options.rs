//! What a run is asked to be, on the command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::library::Libraries;
use crate::workloads::levels::{Consistency, Isolation, Levels};

/// `jepsen test`.
#[derive(Args, Clone, PartialEq, Debug)]
pub struct Options {
    /// What clients do: see `jepsen list`. Several, with commas between them, or `all` that claim something under the levels, are run side by side,
    /// each with its own database, clients and history.
    #[arg(long, short, value_delimiter = ',', default_value = "all")]
    pub workload: Vec<String>,
    /// What hurts the cluster: none, partition, kill, pause, clock, disk, membership, all.
    #[arg(long, short = 'm', default_value = "none")]
    pub nemesis: String,
    /// Seconds that clients work.
    #[arg(long, default_value_t = 60)]
    pub time: u64,
    /// Nodes, each on a test host of its own.
    #[arg(long, default_value_t = 3)]
    pub nodes: usize,
    /// 1, or 3 regions with 30 ms of round trip between them.
    #[arg(long, default_value_t = 1)]
    pub regions: usize,
    /// What all choices come from; a random one unless given. It repeats the choices of clients and nemesis, not the order in which the machine runs them.
    #[arg(long)]
    pub seed: Option<u64>,
    /// `transaction_isolation` of the clients.
    #[arg(long, value_enum, default_value_t = Isolation::Serializable)]
    pub isolation: Isolation,
    /// `quorate_read_consistency` of the clients.
    #[arg(long, value_enum, default_value_t = Consistency::Strong)]
    pub consistency: Consistency,
    /// Operations that all clients of a workload together begin in a second, at most.
    #[arg(long, default_value_t = 200.0)]
    pub rate: f64,
    /// Clients of a workload that work at a time.
    #[arg(long, default_value_t = 12)]
    pub concurrency: usize,
    /// Their library.
    #[arg(long, value_enum, default_value_t = Libraries::Both)]
    pub client: Libraries,
    /// Seconds that a client waits for an answer; every fourth waits three times as long.
    #[arg(long, default_value_t = 5)]
    pub timeout: u64,
    /// Folder of all runs.
    #[arg(long, default_value = "store")]
    pub store: PathBuf,
    /// The server's program, for test hosts; `quorate` beside this program unless given.
    #[arg(long, env = "QUORATE_BIN")]
    pub binary: Option<PathBuf>,
    /// Data folders are on a file system that loses what was not synced. On whenever the nemesis is disk or all.
    #[arg(long)]
    pub disk: bool,
    /// Nodes run under a clock of their own. On whenever the nemesis is clock or all.
    #[arg(long)]
    pub clock: bool,
    /// Further flags of the server, in one argument: `--server-flags="--engine redb"`.
    #[arg(long, default_value = "", allow_hyphen_values = true)]
    pub server_flags: String,
    /// Works on servers that are there already, HOST:PORT with commas between them, also of MySQL or MariaDB. It DROPs their database
    /// `jepsen`. Only with the nemesis none.
    #[arg(long, value_delimiter = ',')]
    pub address: Vec<String>,
    /// Whom clients log in as.
    #[arg(long, default_value = "root")]
    pub user: String,
    /// With which password.
    #[arg(long, default_value = "", hide_default_value = true)]
    pub password: String,
}

impl Options {
    /// Isolation and consistency.
    #[must_use]
    pub fn levels(&self) -> Levels {
        Levels { isolation: self.isolation, consistency: self.consistency }
    }

    /// How long clients work.
    #[must_use]
    pub fn duration(&self) -> Duration {
        Duration::from_secs(self.time)
    }

    /// The command that asks for the same, with its seed, as one line for a shell.
    #[must_use]
    pub fn command(&self, seed: u64) -> String {
        let mut words = vec![
            "cargo run -p jepsen -- test".to_owned(),
            format!("--workload {} --nemesis {} --time {}", self.workload.join(","), self.nemesis, self.time),
            format!("--seed {seed}"),
            format!("--isolation {} --consistency {}", self.isolation.name(), self.consistency.name()),
            format!("--rate {} --concurrency {} --timeout {}", self.rate, self.concurrency, self.timeout),
        ];
        match self.client {
            Libraries::Both => {}
            Libraries::Mysql => words.push("--client mysql".to_owned()),
            Libraries::Quorate => words.push("--client quorate".to_owned()),
        }
        if !self.address.is_empty() {
            words.push(format!("--address {} --user {}", self.address.join(","), self.user));
            return words.join(" ");
        }
        words.push(format!("--nodes {} --regions {}", self.nodes, self.regions));
        if let Some(binary) = &self.binary {
            words.push(format!("--binary {}", binary.display()));
        }
        if self.disk {
            words.push("--disk".to_owned());
        }
        if self.clock {
            words.push("--clock".to_owned());
        }
        if !self.server_flags.is_empty() {
            words.push(format!("--server-flags=\"{}\"", self.server_flags));
        }
        words.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    /// As a person types it.
    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    fn parse(line: &str) -> Options {
        Line::try_parse_from(line.split_whitespace()).expect("the line is right").options
    }

    #[test]
    fn the_command_that_repeats_a_run_asks_for_the_same() {
        let lines = [
            "test",
            "test -w append,bank -m kill --time 9 --nodes 5 --regions 3 --seed 4 --isolation read-committed --consistency session --disk --clock --client mysql --binary ./quorate",
            "test -w set --address 10.0.0.1:3306,10.0.0.2:3306 --user me --rate 33 --concurrency 2 --timeout 7",
        ];
        for line in lines {
            let options = Options { seed: Some(4), ..parse(line) };
            let command = options.command(4);
            let (_, arguments) = command.split_once("-- ").expect("cargo's own arguments end so");
            assert_eq!(parse(arguments), options, "{command}");
        }
    }
}
