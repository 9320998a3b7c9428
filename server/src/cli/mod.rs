//! The command line: what can be said, and who carries it out.

mod login;
mod member;
mod nodes;
mod outcome;
mod play;
mod recover;
mod sql;
mod start;
mod status;
mod table;
mod transfer;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::Settings;

/// What `--version` says; a build that must never serve says so.
const VERSION: &str = if cfg!(feature = "seeded-bugs") {
    concat!(env!("CARGO_PKG_VERSION"), " WITH SEEDED BUGS, for testing the tests only")
} else {
    env!("CARGO_PKG_VERSION")
};

/// A MySQL-compatible database server whose transaction log is its consensus log
#[derive(Debug, Parser)]
#[command(name = "quorate", version = VERSION)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start a cluster of several nodes on this machine, say how to connect, and run until Ctrl-C
    Play(play::Play),
    /// Run one node of a cluster
    Start(Box<Start>),
    /// Say how each node of a cluster is
    Status(status::Status),
    /// Print the client address of the leader
    Leader(status::Leader),
    /// Say who belongs to a cluster, or change it
    Member(member::Member),
    /// Hand the leadership over to another voter
    Transfer(transfer::Transfer),
    /// Compare the logs of stopped nodes after the majority was lost for good, and form a new cluster from one of them
    Recover(recover::Recover),
    /// Run SQL statements, or a simple prompt when none are given
    Sql(sql::Sql),
}

/// Settings come from flags first, then from the file, then from defaults.
#[derive(Debug, clap::Args)]
struct Start {
    /// TOML file with the same options (as `node_id = 1`, and `[[peers]]` tables); the same file serves every node
    #[arg(long)]
    config: Option<PathBuf>,
    #[command(flatten)]
    settings: Settings,
}

/// Carries out a command.
///
/// # Errors
/// The message for the user.
pub fn run(arguments: Arguments) -> Result<ExitCode, String> {
    match arguments.command {
        Command::Play(play) => play.run(),
        Command::Start(start) => start::run(start.config.as_deref(), start.settings),
        Command::Status(status) => status.run(),
        Command::Leader(leader) => leader.run(),
        Command::Member(member) => member.run(),
        Command::Transfer(transfer) => transfer.run(),
        Command::Recover(recover) => recover.run(),
        Command::Sql(sql) => sql.run(),
    }
}
